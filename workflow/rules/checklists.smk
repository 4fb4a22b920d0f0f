# Reporting guidelines: what each paper's record holds of STROBE, STARD 2015 and REMARK, item by item. No cohort is needed.
# The wildcard is the study. What the states mean and how some are derived: docs/methods/checklists.md.
from replicalc.report import checklists

# The answers of every study that has some, as a table and as a page; a new study may do without.
checklist_files = [
    f"results/{study}/checklists.{kind}"
    for study in registry.studies
    if Path(f"config/studies/{study}/checklists.yaml").is_file()
    for kind in ("csv", "md")
]


rule checklists:
    """Reporting guidelines of a study: each item reported, partly, not found, not applicable, or not to be told."""
    input:
        answers="config/studies/{study}/checklists.yaml",
        claims="config/studies/{study}/claims.csv",
        verification="results/{study}/verification.csv",
        dictionary="data/dictionary.csv",
        lists=[f"{checklists.FOLDER}/{name}.yaml" for name in checklists.LISTS],
    output:
        table="results/{study}/checklists.csv",
        page="results/{study}/checklists.md",
    log:
        "logs/{study}/checklists.log",
    params:
        code=digest("report.checklists:write_checklists"),
    run:
        checklists.write_checklists(
            input.answers,
            input.claims,
            input.verification,
            input.dictionary,
            list(input.lists),
            output.table,
            output.page,
            log[0],
            **params,
        )
