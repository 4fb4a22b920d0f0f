# Published against every cohort of the run: one table for each study and, once there is a real cohort, a forest plot
# for each claim. The wildcard is the study. Criteria of replication: docs/methods/across.md.
from replicalc.across import forests, table as across_table


def cohorts_of(study):
    """The cohorts of the run that speak to a study, in the order of the configuration."""
    return [cohort for name, cohort in registry.pairs if name == study]


def across_results(study):
    return [f"results/{study}/{cohort}/{name}.csv" for cohort in cohorts_of(study) for name in registry.results[study]]


def across_files():
    """The tables; with a real cohort also the page with the forest plots, for synthetic patients can replicate nothing."""
    studies = list(dict.fromkeys(study for study, _ in registry.pairs))
    drawn = [study for study in studies if not all(map(is_synthetic, cohorts_of(study)))]
    return [f"results/{study}/across.csv" for study in studies] + [f"results/{study}/across.html" for study in drawn]


rule across:
    """Every claim of a study: the paper against every cohort, the difference, three criteria of replication."""
    input:
        claims="config/studies/{study}/claims.csv",
        study="config/studies/{study}/study.yaml",
        results=lambda wildcards: across_results(wildcards.study),
    output:
        table="results/{study}/across.csv",
    log:
        "logs/{study}/across.log",
    params:
        cohorts=lambda wildcards: cohorts_of(wildcards.study),
        code=digest("across.table:across"),
    run:
        across_table.across(input.claims, input.study, list(input.results), output.table, log[0], **params)


rule forests:
    """A forest plot for each claim: the paper, the synthetic patients and every real cohort; a page that shows them all."""
    input:
        table="results/{study}/across.csv",
    output:
        page="results/{study}/across.html",
        forests=directory("results/{study}/forests"),
    log:
        "logs/{study}/forests.log",
    params:
        study=lambda wildcards: wildcards.study,
        code=digest("across.forests:draw_forests"),
    run:
        forests.draw_forests(input.table, output.page, output.forests, log[0], **params)
