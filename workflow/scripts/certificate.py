"""A process of its own: a convex problem for each box of coefficients, half a minute and more."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(snakemake.scriptdir).parent))  # noqa: F821 (an environment of its own has no replicalc)

from replicalc.plainly import plainly
from replicalc.verify import study

with plainly():
    study.certificate(
        snakemake.input.claims,  # noqa: F821
        snakemake.input.study,  # noqa: F821
        snakemake.output.certificate,  # noqa: F821
        snakemake.log[0],  # noqa: F821
        model=snakemake.wildcards.model,  # noqa: F821
    )
