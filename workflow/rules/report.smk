# All studies together: one table of claims, one summary, the site that a reviewer opens.
from replicalc.report import site, summary


include: "checklists.smk"
include: "report_files.smk"


rule gather:
    """Overview: every claim of every study with its verdict from the paper alone and on each cohort, and the counts."""
    input:
        comparisons=all_comparisons(),
        claims=all_claims(),
        verifications=all_verifications(),
        disclosures=all_disclosures(),
    output:
        claims=shown("results/claims.csv", "claims"),
        summary="results/summary.json",
    log:
        "logs/gather.log",
    params:
        pairs=registry.pairs,
        seed=registry.seed,
        left_out=registry.left_out,
        code=digest("report.summary:gather"),
    run:
        summary.gather(dict(input.items()), output.claims, output.summary, log[0], **params)


rule report:
    """Overview: the site for reviewers, opened from disk: claims, studies, results with their audit trail, cohorts, certificates."""
    input:
        claims="results/claims.csv",
        summary="results/summary.json",
        results=all_results(),
        figures=all_figures() + study_results(),
        evidence=[f"results/{study}/evidence.json" for study in registry.studies],
        certificates=[file for study in registry.studies for file in certificates(study)],
        across=[file for file in across_files() if file.endswith(".csv")],
        forests=[file.replace("across.html", "forests") for file in across_files() if file.endswith(".html")],
        steps=report_steps(),
        assumptions=[
            f"results/{study}/{cohort}/assumptions.csv" for study, cohort in registry.pairs if is_synthetic(cohort)
        ],
        disclosures=all_disclosures(),
        records=[
            f"config/studies/{study}/{name}"
            for study in registry.studies
            for name in ("study.yaml", "claims.csv", "NOTES.md")
        ],
        mappings=sorted({registry.cohort_file(study, cohort) for study, cohort in registry.pairs}),
        sources="data/sources.csv",
        checklists=checklist_files,
        references=reference_files(),
        witnesses=[file for file in witness_files() if file.endswith(".csv")] if len(registry.witnesses) > 1 else [],
        rules=rule_files(),
        templates=sorted(str(path) for path in Path("workflow/report/templates").glob("*.j2")),
        static=sorted(str(path) for path in Path("workflow/report/static").iterdir()),
    output:
        # Folder by folder: results/report/data belongs to other rules.
        start="results/report/index.html",
        claims="results/report/claims.html",
        certificates="results/report/certificates.html",
        studies=directory("results/report/studies"),
        results=directory("results/report/results"),
        cohorts=directory("results/report/cohorts"),
        static=directory("results/report/static"),
        pointer="results/report.html",
    log:
        "logs/report.log",
    params:
        pairs=registry.pairs,
        titles=registry.titles,
        protected=report_settings(),
        code=digest("report.site:site"),
    run:
        site.site(dict(input.items()), output.start, output.pointer, log[0], **params)
