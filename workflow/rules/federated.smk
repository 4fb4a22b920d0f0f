# Many sites without one table of patients (docs/federated.md). A site writes counts to results/summary/<cohort>; the centre
# names these folders in a cohort file of `kind: summary`, and the rules of every study run on the counts added up. Where
# sites withheld counts, the results are made several times, with the withheld patients put otherwise (<cohort>.fill_<fill>),
# and only what does not depend on them is shown.
from replicalc.federated.fills import FILLS
from replicalc.federated import pool as federated_pool, settle as federated_settle, share as federated_share

SUPPRESSED = any_of(registry.suppressed)


rule summary:
    """Federated: tables of counts of each cohort of the run, for a centre that pools several sites."""
    input:
        [f"results/summary/{cohort}" for cohort in registry.cohorts if cohort not in registry.pooled],


rule share_summary:
    """Federated, at a site: one table of counts for each need of a result, under the site's disclosure control."""
    input:
        cohorts=lambda wildcards: summary_files(wildcards.cohort, "cohort.parquet"),
        everybody=lambda wildcards: summary_files(wildcards.cohort, "steps/everybody.parquet"),
        flows=lambda wildcards: summary_files(wildcards.cohort, "steps/flow.csv"),
        studies=lambda wildcards: [
            f"config/studies/{study}/study.yaml" for study in registry.shared_studies(wildcards.cohort)
        ],
        results=lambda wildcards: [
            f"results/{study}/{private(wildcards.cohort)}/{result}.csv"
            for study in registry.shared_studies(wildcards.cohort)
            for result in registry.made_by(study)
            if wildcards.cohort in registry.protected
        ],
        plan=lambda wildcards: (
            [f"results/disclosure/{private(wildcards.cohort)}/plan.csv"]
            if wildcards.cohort in registry.protected
            else []
        ),
    output:
        folder=directory("results/summary/{cohort}"),
    log:
        "logs/summary/{cohort}.log",
    wildcard_constraints:
        cohort=any_of(name for name in registry.cohorts if name not in registry.pooled),
    params:
        recipes=lambda wildcards: {
            study: registry.made_by(study) for study in registry.shared_studies(wildcards.cohort)
        },
        prints=lambda wildcards: {
            study: registry.study_prints(study) for study in registry.shared_studies(wildcards.cohort)
        },
        control=lambda wildcards: registry.control_of(wildcards.cohort),
        dictionary=registry.print_of("variables", ""),
        code=digest("federated.share:share"),
    run:
        federated_share.share(dict(input.items()), output.folder, log[0], **params)


rule pool_summaries:
    """Federated, at the centre: the counts of all sites added up; they take the place of a cohort's rows."""
    input:
        mapping=lambda wildcards: registry.cohort_file(wildcards.study, wildcards.cohort),
        study=ancient("config/studies/{study}/study.yaml"),
        dictionary=ancient("data/dictionary.csv"),
        manifests=lambda wildcards: registry.manifests(wildcards.cohort),
    output:
        cohort="results/{study}/{cohort}/cohort.parquet",
        everybody="results/{study}/{cohort}/steps/everybody.parquet",
        flow="results/{study}/{cohort}/steps/flow.csv",
        checks="results/{study}/{cohort}/steps/validation.csv",
    log:
        "logs/{study}/{cohort}/steps/pool_summaries.log",
    wildcard_constraints:
        cohort=any_of(registry.pooled_sides()),
    params:
        study=lambda wildcards: wildcards.study,
        fill=lambda wildcards: wildcards.cohort.partition(FILL)[2],
        recipes=lambda wildcards: registry.made_by(wildcards.study),
        prints=lambda wildcards: registry.study_prints(wildcards.study),
        dictionary=registry.print_of("variables", ""),
        code=digest("federated.pool:pool"),
    run:
        federated_pool.pool(*input[:3], *output, log[0], **params)


rule settle_result:
    """Federated, at the centre: of a result, what does not depend on the counts that sites withheld."""
    input:
        fills=[f"results/{{study}}/{{cohort}}{FILL}{fill}/{{result}}.csv" for fill in FILLS],
        mapping=lambda wildcards: ancient(registry.cohort_file(wildcards.study, wildcards.cohort)),
    output:
        result="results/{study}/{cohort}/{result}.csv",
    log:
        "logs/{study}/{cohort}/{result}.log",
    wildcard_constraints:
        cohort=SUPPRESSED,
        result=any_of(
            name
            for study in registry.studies
            for name in [*registry.results[study], *registry.cohort_results]
            if not registry.is_statement(name)
        ),
    params:
        code=digest("federated.settle:settle"),
    run:
        federated_settle.settle(list(input.fills), input.mapping, output.result, log[0], **params)
