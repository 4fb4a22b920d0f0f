# What a program reads beside the report (results/report/data/), and one archive to upload with a paper: make archive.
# What is in it, what is left out and why: docs/archive.md. Patients of a real cohort never are.
from replicalc.report.machine import archive as archive_zip, tables


include: "archive_files.smk"


# What Snakemake's own report begins with (snakemake --report report.zip).
report: "../report/captions/workflow.rst"


# The report lies beside the studies; it is none.
wildcard_constraints:
    study=r"(?!report(?:/|$))[^/]+",


rule data:
    """Report: all results, claims, verdicts and assumptions as tables for programs, with a data dictionary."""
    input:
        results=tables_of_results(),
        claims="results/claims.csv",
        records=all_claims(),
        verifications=all_verifications(),
        comparisons=all_comparisons(),
        across=[file for file in across_files() if file.endswith(".csv")],
        assumptions=all_assumptions(),
        dictionary="workflow/report/dictionary.yaml",
    output:
        **{
            f"{table}_{kind}": f"{DATA}/{tables.file_name(table, kind)}"
            for table in tables.TABLES
            for kind in tables.FORMATS
        },
        dictionary_csv=f"{DATA}/dictionary.csv",
        dictionary_json=f"{DATA}/dictionary.json",
    log:
        "logs/data.log",
    params:
        cohorts=registry.cohorts,
        code=digest("report.machine.tables:data_tables"),
    run:
        tables.data_tables(dict(input.items()), dict(output.items()), log[0], **params)


rule archive:
    """Report: one zip to upload with a paper, with everything that may be shared; make archive."""
    input:
        results=cohort_outputs(),
        study_results=paper_outputs(),
        overview=["results/claims.csv", "results/summary.json"],
        report=rules.data.output + site_files(),
        synthetic=[
            f"results/{study}/{cohort}/raw/export.csv" for study, cohort in registry.pairs if is_synthetic(cohort)
        ],
    output:
        archive="results/replicalc-archive.zip",
    log:
        "logs/archive.log",
    params:
        pairs=registry.pairs,
        protected=list(registry.protected),
        settings={
            "studies": ", ".join(registry.studies),
            "cohorts": ", ".join(registry.cohorts),
            "seed": registry.seed,
            "witnesses": len(registry.witnesses),
        },
        docs={each.name: each.docstring for each in workflow.rules if each.docstring},
        date=os.environ.get("DATE", ""),
        code=digest("report.machine.archive:archive"),
    run:
        archive_zip.archive({name: list(files) for name, files in input.items()}, output.archive, log[0], **params)
