# make results | cohort | summary | federated | witnesses | archive | test | lint | bench: each sets up what it needs. Needs Python 3.11 or newer, git and make, nothing else.
# DEFECTS is what `make bench` passes to the seeded-defect benchmark; DEFECTS= alone runs its 1,000 papers (about an hour).
# LARGE is what it passes to that of large cohorts, for example LARGE="--sizes 10000 100000"; without it, up to ten million rows (half an hour).
# COHORTS="synthetic ispy1 cmmd cbis_ddsm" chooses the cohorts of a run; CORES the number of cores.
# K=5 is the number of synthetic cohorts that `make witnesses` holds against each other.
# DATE=2026-01-31 is what `make archive` writes as the date of publication; without it that of the release, or of the last commit.
CORES ?= 4
K ?= 5
PYTHON ?= python3
DEFECTS ?= --quick
export UV_PYTHON_DOWNLOADS = never
BIN := .venv/bin

.PHONY: results cohort summary federated witnesses archive test cluster-test lint format bench unlock clean
.DELETE_ON_ERROR:

results: .venv/.ready
	@$(BIN)/snakemake --cores $(CORES) $(if $(COHORTS),--config cohorts="$(COHORTS)") && $(BIN)/replicalc summary

# Proposes config/cohorts/NAME.yaml from an export: make cohort FILE=data/raw/export.xlsx [NAME=centre_x] [FILE2=...] [SHEET=...]
# [IS='heading=variable; heading=variable'] [FORCE=1]
# (docs/new-cohort.md). The names go through the environment, so blanks and signs in them do no harm.
cohort: .venv/.ready
	@test -n "$$FILE" || { echo 'Say which file, for example: make cohort FILE=data/raw/export.xlsx NAME=centre_x'; exit 2; }
	@$(BIN)/replicalc new-cohort "$$FILE" $${FILE2:+"$$FILE2"} $${NAME:+--name "$$NAME"} $${SHEET:+--sheet "$$SHEET"} $${SHEET2:+--sheet "$$SHEET2"} $${DICTIONARY:+--data-dictionary "$$DICTIONARY"} $${IS:+--is "$$IS"} $${FORCE:+--force}

# What a site of a federated run shares, results/summary/<cohort>: make summary COHORT=centre_x (docs/federated.md).
summary: .venv/.ready
	@test -n "$(COHORT)" || { echo 'Say of which cohort, for example: make summary COHORT=centre_x'; exit 2; }
	@$(BIN)/snakemake --cores $(CORES) summary --config cohorts="$(COHORT)"
	@echo "results/summary/$(COHORT): read the tables and manifest.json before the folder leaves (docs/federated.md)"

# The federated example: the synthetic patients of STUDY as three sites in FOLDER, which must not be there yet; pooled from
# summaries and from rows. THRESHOLD=off switches disclosure control off.
FOLDER ?= three_sites
STUDY ?= nact_bone
THRESHOLD ?= 5
federated: .venv/.ready
	@test ! -e "$(FOLDER)" || { echo '$(FOLDER) is there already. Take another: make federated FOLDER=somewhere'; exit 2; }
	@PYTHONPATH=workflow:tests $(BIN)/python tests/federation.py "$(FOLDER)" "$(STUDY)" "$(THRESHOLD)"

# What each paper leaves open, from K synthetic cohorts of each study.
witnesses: .venv/.ready
	@$(BIN)/snakemake --cores $(CORES) witnesses --config witnesses=$(K)

# One zip to upload with a paper: results/replicalc-archive.zip (docs/archive.md).
archive: export DATE := $(DATE)
archive: .venv/.ready
	@$(BIN)/snakemake --cores $(CORES) archive $(if $(COHORTS),--config cohorts="$(COHORTS)")
	@echo "results/replicalc-archive.zip: look through it before it leaves; ARCHIVE.md in it says what was left out"

test: .venv/.ready
	$(BIN)/python -m pytest -n auto --dist loadfile

# Starts a Slurm of one node on this machine, for as long as the test lasts: root, and apt-get install slurm-wlm munge (docs/scale.md).
cluster-test: .venv/.ready
	$(BIN)/uv sync --locked --quiet --extra cluster
	REPLICALC_SLURM=1 $(BIN)/python -m pytest -rs tests/cluster

lint: .venv/.ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/snakefmt --check Snakefile workflow/rules
	$(BIN)/snakemake --lint

format: .venv/.ready
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/snakefmt Snakefile workflow/rules

bench: .venv/.ready
	$(BIN)/python benchmarks/run.py
	$(BIN)/python benchmarks/changes.py
	$(BIN)/python -m benchmarks.large.run $(LARGE)
	$(BIN)/python -m benchmarks.many_cohorts
	$(BIN)/python -m benchmarks.defects.run $(DEFECTS)

# After a run that was killed: gives the folder free again.
unlock: .venv/.ready
	$(BIN)/snakemake --unlock

clean:
	rm -rf results logs .snakemake

# The locked environment; made again only when the lock changes, so that a second run needs no network.
.venv/.ready: uv.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("replicalc needs Python 3.11 or newer; this is " + sys.version.split()[0] + ". Set PYTHON=/path/to/python3.11" if sys.version_info < (3, 11) else 0)'
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/python -c 'import uv' 2>/dev/null || $(BIN)/python -m pip install --quiet --disable-pip-version-check "uv==$$(sed -n 's/.*"uv==\([0-9.]*\)".*/\1/p' pyproject.toml)"
	@$(BIN)/uv sync --locked --quiet --compile-bytecode
	@touch $@
