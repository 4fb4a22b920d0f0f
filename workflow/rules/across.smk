# Published against every cohort of the run: one table for each study and, once there is a real cohort, a forest plot
# for each claim. The wildcard is the study. Criteria of replication: docs/methods/across.md.
from replicalc.across import forests, table as across_table


rule across:
    """Every claim of a study: the paper against every cohort, the difference, three criteria of replication."""
    input:
        claims="config/studies/{study}/claims.csv",
        study="config/studies/{study}/study.yaml",
        results=lambda wildcards: across_results(wildcards.study),
    output:
        table=shown("results/{study}/across.csv", "across"),
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
