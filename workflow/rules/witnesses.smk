# Several synthetic cohorts of a study ("witnesses"): each is made to have the printed numbers, so what differs between them
# is what the paper leaves open. How many: `witnesses` in config/config.yaml. The wildcard is the study.
from replicalc import witnesses


rule witness_range:
    """Every statistic of a study over its synthetic cohorts: least, median and most, and whether the conclusion differs."""
    input:
        claims="config/studies/{study}/claims.csv",
        study="config/studies/{study}/study.yaml",
        results=lambda wildcards: witness_results(wildcards.study),
    output:
        table="results/{study}/witnesses.csv",
        page="results/{study}/witnesses.md",
    log:
        "logs/{study}/witnesses.log",
    params:
        seeds={cohort: registry.seed_of(cohort) for cohort in registry.witnesses},
        code=digest("witnesses:witness_range"),
    run:
        witnesses.witness_range(
            input.claims, input.study, list(input.results), output.table, output.page, log[0], **params
        )


rule witnesses:
    """What each paper leaves open, from several synthetic cohorts: make witnesses K=5."""
    input:
        witness_files(),
