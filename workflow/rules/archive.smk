# What a program reads beside the report (results/report/data/), and one archive to upload with a paper: make archive.
# What is in it, what is left out and why: docs/archive.md. Patients of a real cohort never are.
from replicalc.report.machine import archive as archive_zip, tables

DATA = "results/report/data"


# What Snakemake's own report begins with (snakemake --report report.zip).
report: "../report/captions/workflow.rst"


# The report lies beside the studies; it is none.
wildcard_constraints:
    study=r"(?!report(?:/|$))[^/]+",


def all_assumptions():
    return [f"results/{study}/{cohort}/assumptions.csv" for study, cohort in registry.pairs if is_synthetic(cohort)]


def tables_of_results():
    """The results that may be shared: of every pair on its shared side, and what is made from published numbers."""
    of_cohorts = [
        f"results/{study}/{cohort}/{result}.csv"
        for study, cohort in registry.pairs
        for result in [*registry.results[study], *registry.cohort_results]
    ]
    return of_cohorts + [file for file in study_results() if file.endswith(".csv")]


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
        **{f"{table}_{kind}": f"{DATA}/{table}.{kind}" for table in tables.TABLES for kind in tables.FORMATS},
        dictionary_csv=f"{DATA}/dictionary.csv",
        dictionary_json=f"{DATA}/dictionary.json",
    log:
        "logs/data.log",
    params:
        cohorts=registry.cohorts,
        code=digest("report.machine.tables:data_tables"),
    run:
        tables.data_tables(dict(input.items()), dict(output.items()), log[0], **params)


def site_files():
    """Whatever other rules write for the report: an archive waits for it."""
    return [
        str(file)
        for each in workflow.rules
        for file in each.output
        if str(file).startswith("results/report") and each.name not in ("data", "archive") and not each.has_wildcards()
    ]


def cohort_outputs():
    """What is made of each cohort on its shared side, but for the patients."""
    tables = [file for file in tables_of_results() if file.count("/") == 3]
    return tables + all_figures() + all_comparisons() + all_disclosures() + all_assumptions()


def paper_outputs():
    """What is made of each study without patients, and of all its cohorts together."""
    alone = [
        f"results/{study}/{file}"
        for study in registry.studies
        for file in ("verification.csv", "evidence.json", "evidence.md")
    ]
    models = [file for study in registry.studies for file in certificates(study)]
    forests = [file.replace("across.html", "forests") for file in across_files() if file.endswith(".html")]
    open_points = witness_files() if len(registry.witnesses) > 1 else []
    return [*alone, *models, *study_results(), *across_files(), *forests, *open_points]


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
