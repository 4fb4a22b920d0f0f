"""Heavy job, in a process of its own: the synthetic patients of nat_residual."""

from replicalc.cohort.synthesise.nat_residual import synthesise

synthesise(*snakemake.input, *snakemake.output, snakemake.log[0], seed=snakemake.params.seed)  # noqa: F821
