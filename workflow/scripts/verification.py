"""A process of its own: the searches take seconds and keep both cores busy beside the light jobs."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(snakemake.scriptdir).parent))  # noqa: F821 (an environment of its own has no replicalc)

from replicalc.plainly import plainly
from replicalc.verify import study

with plainly():
    study.verification(
        snakemake.input.claims,  # noqa: F821
        snakemake.input.study,  # noqa: F821
        list(snakemake.input.others),  # noqa: F821
        list(snakemake.input.certificates),  # noqa: F821
        snakemake.output.table,  # noqa: F821
        snakemake.output.evidence,  # noqa: F821
        snakemake.output.page,  # noqa: F821
        snakemake.log[0],  # noqa: F821
    )
