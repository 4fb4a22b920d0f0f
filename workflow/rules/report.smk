# All studies together: one table of claims, one summary, one page.
from replicalc.report import page, summary


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
    """Overview: a page that lists every claim with its verdict and leads to result, log and rule."""
    input:
        claims="results/claims.csv",
        summary="results/summary.json",
        results=all_results(),
        figures=all_figures() + study_results(),
        verifications=all_verifications(),
        template="workflow/report/report.html.j2",
        rules=rule_files(),
    output:
        page="results/report.html",
    log:
        "logs/report.log",
    params:
        pairs=registry.pairs,
        titles=registry.titles,
        code=digest("report.page:report"),
    run:
        page.report(dict(input.items()), output.page, log[0], **params)
