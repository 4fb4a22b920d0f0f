# The locked environment in one image, for Kubernetes or for a machine without Python (docs/scale.md).
# docker build --tag replicalc .
FROM python:3.11-slim-bookworm AS environment
ENV UV_PYTHON_DOWNLOADS=never UV_LINK_MODE=copy UV_PROJECT_ENVIRONMENT=/opt/replicalc
WORKDIR /build
RUN pip install --no-cache-dir "uv==0.13.9"
COPY pyproject.toml uv.lock README.md LICENSE ./
RUN uv sync --locked --no-dev --no-install-project --compile-bytecode --extra cluster --extra kubernetes
COPY workflow workflow
RUN uv sync --locked --no-dev --no-editable --compile-bytecode --extra cluster --extra kubernetes

FROM python:3.11-slim-bookworm
COPY --from=environment /opt/replicalc /opt/replicalc
# Matplotlib and Snakemake keep files in the home folder; the user is nobody in particular, and not root.
RUN useradd --create-home --uid 10001 replicalc
ENV PATH=/opt/replicalc/bin:$PATH OMP_NUM_THREADS=1 PYTHONUNBUFFERED=1
USER replicalc
WORKDIR /home/replicalc/work
CMD ["snakemake", "--help"]
