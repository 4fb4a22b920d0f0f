# One rule for each family of analysis. A study's results are heirs of these: they change parameters and their name,
# never the files. Read a rule from its `run:` line: it calls one function of the package with the files and params.
from replicalc import results
from replicalc.digest import digest


rule distribution:
    """How often each category of a variable occurs."""
    input:
        cohort="results/<study>/{cohort}/cohort.parquet",
    output:
        stats="results/<study>/{cohort}/<result>.csv",
    log:
        "logs/<study>/{cohort}/<result>.log",
    params:
        code=digest("results.describe:distribution"),
    run:
        results.distribution(input.cohort, output.stats, log[0], **params)


rule numeric:
    """Location and spread of numbers."""
    input:
        cohort="results/<study>/{cohort}/cohort.parquet",
    output:
        stats="results/<study>/{cohort}/<result>.csv",
    log:
        "logs/<study>/{cohort}/<result>.log",
    params:
        code=digest("results.describe:numeric"),
    run:
        results.numeric(input.cohort, output.stats, log[0], **params)


rule association:
    """Two categorical variables cross-tabulated, with every test side by side."""
    input:
        cohort="results/<study>/{cohort}/cohort.parquet",
    output:
        stats="results/<study>/{cohort}/<result>.csv",
    log:
        "logs/<study>/{cohort}/<result>.log",
    params:
        code=digest("results.association:association"),
    run:
        results.association(input.cohort, output.stats, log[0], **params)


rule logistic:
    """The odds of an outcome by several factors, each alone and all together."""
    input:
        cohort="results/<study>/{cohort}/cohort.parquet",
    output:
        stats="results/<study>/{cohort}/<result>.csv",
    log:
        "logs/<study>/{cohort}/<result>.log",
    params:
        code=digest("results.regression:logistic"),
    run:
        results.logistic(input.cohort, output.stats, log[0], **params)


rule hazard:
    """The hazard of an event by several factors, each alone and all together, with the test of proportional hazards."""
    input:
        cohort="results/<study>/{cohort}/cohort.parquet",
    output:
        stats="results/<study>/{cohort}/<result>.csv",
    log:
        "logs/<study>/{cohort}/<result>.log",
    params:
        code=digest("results.regression:hazard"),
    run:
        results.hazard(input.cohort, output.stats, log[0], **params)


rule survival:
    """Survival over time, by group: Kaplan-Meier, numbers at risk, follow-up, log-rank test."""
    input:
        cohort="results/<study>/{cohort}/cohort.parquet",
    output:
        stats="results/<study>/{cohort}/<result>.csv",
    log:
        "logs/<study>/{cohort}/<result>.log",
    params:
        code=digest("results.survival:survival"),
    run:
        results.survival(input.cohort, output.stats, log[0], **params)


rule before_after:
    """A measurement before and after treatment in the same patients."""
    input:
        cohort="results/<study>/{cohort}/cohort.parquet",
    output:
        stats="results/<study>/{cohort}/<result>.csv",
    log:
        "logs/<study>/{cohort}/<result>.log",
    params:
        code=digest("results.association:before_after"),
    run:
        results.before_after(input.cohort, output.stats, log[0], **params)


rule accuracy:
    """An index test against a reference standard."""
    input:
        cohort="results/<study>/{cohort}/cohort.parquet",
    output:
        stats="results/<study>/{cohort}/<result>.csv",
    log:
        "logs/<study>/{cohort}/<result>.log",
    params:
        code=digest("results.agreement:accuracy"),
    run:
        results.accuracy(input.cohort, output.stats, log[0], **params)


rule two_tests:
    """Two index tests on the same patients or lesions, against one reference standard."""
    input:
        cohort="results/<study>/{cohort}/cohort.parquet",
    output:
        stats="results/<study>/{cohort}/<result>.csv",
    log:
        "logs/<study>/{cohort}/<result>.log",
    params:
        code=digest("results.paired:two_tests"),
    run:
        results.two_tests(input.cohort, output.stats, log[0], **params)


rule predictive_values:
    """The predictive values of two index tests on the same patients or lesions."""
    input:
        cohort="results/<study>/{cohort}/cohort.parquet",
    output:
        stats="results/<study>/{cohort}/<result>.csv",
    log:
        "logs/<study>/{cohort}/<result>.log",
    params:
        code=digest("results.predictive:predictive_values"),
    run:
        results.predictive_values(input.cohort, output.stats, log[0], **params)


rule work_up:
    """A sequence of tests as a tree: who is on which branch, what each rule for a biopsy would spare and miss."""
    input:
        cohort="results/<study>/{cohort}/cohort.parquet",
    output:
        stats="results/<study>/{cohort}/<result>.csv",
    log:
        "logs/<study>/{cohort}/<result>.log",
    params:
        code=digest("results.work_up:work_up"),
    run:
        results.work_up(input.cohort, output.stats, log[0], **params)


rule misses:
    """Who the patients are whom an index test gets wrong."""
    input:
        cohort="results/<study>/{cohort}/cohort.parquet",
    output:
        stats="results/<study>/{cohort}/<result>.csv",
    log:
        "logs/<study>/{cohort}/<result>.log",
    params:
        code=digest("results.agreement:misses"),
    run:
        results.misses(input.cohort, output.stats, log[0], **params)


rule agreement:
    """Two measurements of the same size: intraclass correlation and limits of agreement."""
    input:
        cohort="results/<study>/{cohort}/cohort.parquet",
    output:
        stats="results/<study>/{cohort}/<result>.csv",
    log:
        "logs/<study>/{cohort}/<result>.log",
    params:
        code=digest("results.agreement:agreement"),
    run:
        results.agreement(input.cohort, output.stats, log[0], **params)


rule statement:
    """A sentence of the paper, judged by statistics of one or two other results."""
    input:
        first="results/<study>/{cohort}/<first>.csv",
        second="results/<study>/{cohort}/<second>.csv",
    output:
        stats="results/<study>/{cohort}/<result>.csv",
    log:
        "logs/<study>/{cohort}/<result>.log",
    params:
        code=digest("results.statement:statement"),
    run:
        results.statement(input.first, input.second, output.stats, log[0], **params)


rule patient_flow:
    """Who was assessed, left out and included."""
    input:
        flow="results/<study>/{cohort}/steps/flow.csv",
        cohort="results/<study>/{cohort}/cohort.parquet",
    output:
        stats="results/<study>/{cohort}/<result>.csv",
    log:
        "logs/<study>/{cohort}/<result>.log",
    params:
        code=digest("results.describe:patient_flow"),
    run:
        results.patient_flow(input.flow, input.cohort, output.stats, log[0], **params)


rule cited:
    """Numbers that the paper takes from other publications."""
    input:
        cohort="results/<study>/{cohort}/cohort.parquet",
        claims="config/studies/<study>/claims.csv",
        study="config/studies/<study>/study.yaml",
    output:
        stats="results/<study>/{cohort}/<result>.csv",
    log:
        "logs/<study>/{cohort}/<result>.log",
    params:
        code=digest("results.describe:cited"),
    run:
        results.cited(input.cohort, input.claims, input.study, output.stats, log[0], **params)
