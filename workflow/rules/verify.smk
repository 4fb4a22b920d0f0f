# What came out, held against what is printed. One rule for all studies; the wildcards are the study and the cohort.
from replicalc import compare


rule comparison:
    """Every claim of a study against a cohort: same print, same conclusion, same direction, different, or not evaluable."""
    input:
        claims="config/studies/{study}/claims.csv",
        study="config/studies/{study}/study.yaml",
        cohort="results/{study}/{cohort}/cohort.parquet",
        results=lambda wildcards: [
            f"results/{wildcards.study}/{wildcards.cohort}/{name}.csv" for name in registry.results[wildcards.study]
        ],
    output:
        comparison="results/{study}/{cohort}/comparison.csv",
    log:
        "logs/{study}/{cohort}/comparison.log",
    params:
        code=digest("compare:comparison"),
    run:
        compare.comparison(
            input.claims, input.study, input.cohort, list(input.results), output.comparison, log[0], **params
        )
