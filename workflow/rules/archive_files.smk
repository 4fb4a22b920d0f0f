# Which files archive.smk takes: only what is made of cohorts on their shared side.
DATA = "results/report/data"


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
