# What of a protected cohort may leave the hospital. Its patients and unsuppressed tables lie on its private side
# (results/<study>/<cohort>.private); only what these rules release goes to results/<study>/<cohort>, and figures and statements
# are made from that. One plan for a cohort, over all its studies: a difference between two studies tells as much as one
# between two groups. Why and how: docs/disclosure.md. The wildcards are the study, the cohort and the result.
from replicalc.disclosure import pictures, plan as disclosure_plan, release

PROTECTED = any_of(registry.protected)


rule disclosure_plan:
    """Disclosure control: which numbers of a cohort are withheld, over all its studies at once."""
    input:
        everybody=lambda wildcards: [
            f"results/{study}/{private(wildcards.cohort)}/steps/everybody.parquet"
            for study in registry.recipes(wildcards.cohort)
        ],
        studies=lambda wildcards: [f"config/studies/{study}/study.yaml" for study in registry.recipes(wildcards.cohort)],
        results=lambda wildcards: [
            f"results/{study}/{private(wildcards.cohort)}/{result}.csv"
            for study, recipes in registry.recipes(wildcards.cohort).items()
            for result in recipes
        ],
    output:
        plan="results/disclosure/{cohort}.private/plan.csv",
    log:
        "logs/disclosure/{cohort}.private/plan.log",
    wildcard_constraints:
        cohort=PROTECTED,
    params:
        threshold=lambda wildcards: registry.protected[wildcards.cohort].threshold,
        round_to=lambda wildcards: registry.protected[wildcards.cohort].round_to,
        recipes=lambda wildcards: registry.recipes(wildcards.cohort),
        code=digest("disclosure.plan:plan"),
    run:
        disclosure_plan.plan(
            list(input.everybody), list(input.studies), list(input.results), output.plan, log[0], **params
        )


rule release_result:
    """Disclosure control: a result as it may be shared; what is withheld is empty and says so."""
    input:
        result="results/{study}/{cohort}.private/{result}.csv",
        plan="results/disclosure/{cohort}.private/plan.csv",
        mapping=lambda wildcards: ancient(registry.cohort_file(wildcards.study, wildcards.cohort)),
    output:
        result="results/{study}/{cohort}/{result}.csv",
    log:
        "logs/{study}/{cohort}/{result}.log",
    wildcard_constraints:
        cohort=PROTECTED,
        result=any_of(
            name
            for study in registry.studies
            for name in [*registry.results[study], *registry.cohort_results]
            if not registry.is_statement(name)
        ),
    params:
        study=lambda wildcards: wildcards.study,
        code=digest("disclosure.release:release"),
    run:
        release.release(input.result, input.plan, input.mapping, output.result, log[0], **params)


rule disclosure_summary:
    """Disclosure control: how many numbers of a study were withheld, by rule; counts only, so that it may be shared."""
    input:
        plan="results/disclosure/{cohort}.private/plan.csv",
        results=lambda wildcards: [
            f"results/{wildcards.study}/{private(wildcards.cohort)}/{result}.csv"
            for result in registry.recipes(wildcards.cohort)[wildcards.study]
        ],
    output:
        table="results/{study}/{cohort}/disclosure.csv",
    log:
        "logs/{study}/{cohort}/disclosure.log",
    wildcard_constraints:
        cohort=PROTECTED,
    params:
        study=lambda wildcards: wildcards.study,
        cohort=lambda wildcards: wildcards.cohort,
        threshold=lambda wildcards: registry.protected[wildcards.cohort].threshold,
        code=digest("disclosure.release:summary"),
    run:
        release.summary(input.plan, list(input.results), output.table, log[0], **params)


rule withheld_figure:
    """Disclosure control: in place of a figure that shows single patients, what is released of it, in words."""
    input:
        flow=lambda wildcards: [
            f"results/{wildcards.study}/{wildcards.cohort}/{result}.csv"
            for result in registry.results[wildcards.study]
            if wildcards.figure.endswith("_fig_flow") and result.endswith("_flow")
        ],
        study="config/studies/{study}/study.yaml",
    output:
        svg=shown("results/{study}/{cohort}/{figure}.svg", "withheld"),
        png="results/{study}/{cohort}/{figure}.png",
    log:
        "logs/{study}/{cohort}/{figure}.log",
    wildcard_constraints:
        cohort=any_of([*registry.protected, *registry.suppressed]),
        figure=any_of(name for study in registry.studies for name in registry.needs_rows(study)),
    params:
        cohort=lambda wildcards: wildcards.cohort,
        code=digest("disclosure.pictures:withheld_figure"),
    run:
        pictures.withheld_figure(list(input.flow), input.study, output.svg, output.png, log[0], **params)


rule private_readme:
    """Disclosure control: a word, in the folder itself, on what it holds and that it must not leave."""
    output:
        readme="results/{study}/{cohort}.private/README.txt",
    log:
        "logs/{study}/{cohort}.private/README.log",
    wildcard_constraints:
        cohort=PROTECTED,
    params:
        cohort=lambda wildcards: wildcards.cohort,
        confidential=lambda wildcards: registry.protected[wildcards.cohort].confidential,
        code=digest("disclosure.release:readme"),
    run:
        release.readme(output.readme, log[0], **params)
