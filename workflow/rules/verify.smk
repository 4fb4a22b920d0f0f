# The paper alone, without any patient: every printed number of a study verified from the relations that its study.yaml
# declares. Then what came out on a cohort, held against what is printed. One rule for all studies; the wildcards are the
# study, and the cohort or the model.
from replicalc import compare


rule certificate:
    """Whether any patients at all give a printed multivariable model: a proof, or the patients that come nearest."""
    input:
        claims=ancient("config/studies/{study}/claims.csv"),
        study=ancient("config/studies/{study}/study.yaml"),
    output:
        certificate="results/{study}/certificates/{model}.json",
    log:
        "logs/{study}/certificates/{model}.log",
    conda:
        "../envs/scripts.yml"
    params:
        uses=lambda wildcards: paper_parts(wildcards.study),
        code=digest("verify.study:certificate"),
    script:
        "../scripts/certificate.py"


rule verification:
    """Every printed number of a study from the paper alone: it comes out, it cannot be, or why that is not known."""
    input:
        claims=ancient("config/studies/{study}/claims.csv"),
        study=ancient("config/studies/{study}/study.yaml"),
        others=ancient(all_claims()),
        certificates=lambda wildcards: certificates(wildcards.study),
    output:
        table=shown("results/{study}/verification.csv", "verification"),
        evidence="results/{study}/evidence.json",
        page="results/{study}/evidence.md",
    log:
        "logs/{study}/verification.log",
    conda:
        "../envs/scripts.yml"
    params:
        uses=lambda wildcards: paper_parts(wildcards.study),
        code=digest("verify.study:verification"),
    script:
        "../scripts/verification.py"


rule comparison:
    """Every claim of a study against a cohort: same print, same conclusion, same direction, different, or not evaluable."""
    input:
        claims="config/studies/{study}/claims.csv",
        study="config/studies/{study}/study.yaml",
        cohort=lambda wildcards: f"results/{wildcards.study}/{registry.home(wildcards.cohort)}/cohort.parquet",
        results=lambda wildcards: [
            f"results/{wildcards.study}/{wildcards.cohort}/{name}.csv" for name in registry.results[wildcards.study]
        ],
        # What a misprinted digit should read; only synthetic patients are held against that.
        verification=lambda wildcards: (
            [f"results/{wildcards.study}/verification.csv"] if is_synthetic(wildcards.cohort) else []
        ),
    output:
        comparison="results/{study}/{cohort}/comparison.csv",
    log:
        "logs/{study}/{cohort}/comparison.log",
    params:
        code=digest("compare:comparison"),
    run:
        compare.comparison(
            input.claims,
            input.study,
            input.cohort,
            list(input.results),
            list(input.verification),
            output.comparison,
            log[0],
            **params,
        )
