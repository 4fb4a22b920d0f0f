# What a program reads beside the report (results/report/data/), and one archive to upload with a paper: make archive.
# What is in it, what is left out and why: docs/archive.md. Patients of a real cohort never are.
from replicalc.report.machine import tables

DATA = "results/report/data"


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
