"""Results that describe: categories with shares, numbers with location and spread, who was left out, what is cited."""

from __future__ import annotations

import math

from replicalc.job import job
from replicalc.records import load_checked, load_claims, read_csv
from replicalc.results.common import SCALE, absent, clustered, groups, open_cohort
from replicalc.table import ResultTable

QUANTILES = (("q1", 0.25), ("median", 0.5), ("q3", 0.75))
#: Other definitions of a quantile, shown beside the one that the study's software uses.
OTHER_DEFINITIONS = ("type 7", "type 2", "tukey hinges")


@job
def distribution(cohort, out, *, variables, subset=None, conf_level=0.95):
    """Count every code of each variable among the patients where it is known, with share and Wilson interval."""
    data, table = open_cohort(cohort, subset, out)
    for name in variables:
        if absent(data, table, name):
            continue
        values = data.frame[name]
        known, missing = int(values.notna().sum()), int(values.isna().sum())
        table.add("n", known, variable=name, n=known, n_missing=missing)
        table.add("n_levels", values.nunique(), variable=name, n=known, n_missing=missing)
        counts = values.value_counts()
        for code in values.cat.categories:
            add_share(
                table,
                int(counts.get(code, 0)),
                known,
                missing,
                variable=f"{name}={code}",
                conf_level=conf_level,
                warning=clustered(data),
            )
    table.write(out)


def add_share(table: ResultTable, count, n, missing, *, variable, conf_level, group="all", warning="") -> None:
    """Add a count, its percentage and the Wilson interval of the percentage."""
    from replicalc.stats.proportion import interval

    place = dict(group=group, variable=variable, n=n, n_missing=missing)
    table.add("count", count, **place)
    empty = "" if n else "nobody in this group"
    share = 100 * count / n if n else math.nan
    table.add("percent", share, unit="percent", warning=empty or warning, **place)
    if n:
        table.add_interval("percent", interval(count, n, "Wilson", conf_level), scale=100, unit="percent", **place)


@job
def numeric(cohort, out, *, variables, unit, by=None, subset=None, extremes=False, quantiles="type 6", conf_level=0.95):
    """Describe numbers: n, mean, SD, median and quartiles with intervals, for everybody and for each group of ``by``.

    Quantiles follow ``quantiles`` ('type 6' is SPSS); the other common definitions stand beside them. Extremes are
    single patients' values and are given only where the study prints them.
    """
    data, table = open_cohort(cohort, subset, out)
    for name, canonical in variables.items():
        if absent(data, table, name):
            continue
        for group, part in groups(data, by):
            add_number(
                table,
                part.frame[name],
                canonical,
                unit,
                group=group,
                extremes=extremes,
                quantiles=quantiles,
                conf_level=conf_level,
            )
    table.write(out)


def in_unit(values, canonical: str, unit: str):
    """Turn a column into an array of the unit in which the study prints; 0.1 x 23 is exactly 2.3."""
    import numpy as np

    return np.round(values.to_numpy(dtype=float) * SCALE[canonical, unit], 6)


def add_number(
    table: ResultTable, values, canonical, unit, *, group="all", extremes=False, quantiles="type 6", conf_level=0.95
) -> None:
    """Add n, mean, SD, median and quartiles of one column, with intervals and the other definitions of a quantile."""
    import numpy as np

    from replicalc.stats import describe

    x = np.sort(in_unit(values.dropna(), canonical, unit))
    name = values.name
    place = dict(group=group, variable=name, n=len(x), n_missing=int(values.isna().sum()))
    table.add("n", len(x), **place)
    if not len(x):
        table.not_evaluable("nobody in this group has a value", group=group, variable=name)
        return
    found = describe.mean_sd(x)
    table.add("mean", found.mean, unit=unit, **place)
    table.add("sd", found.sd, unit=unit, method="n - 1 in the denominator", **place)
    if len(x) > 1:
        table.add_interval("mean", describe.mean_interval(x, conf_level), unit=unit, **place)
        table.add_interval("sd", describe.sd_interval(x, conf_level), unit=unit, **place)
    for stat, q in QUANTILES:
        table.add(stat, describe.quantile(x, q, quantiles), unit=unit, method=quantiles, **place)
        table.add_interval(stat, describe.median_interval(x, conf_level, q=q), unit=unit, **place)
        for other in OTHER_DEFINITIONS:
            if other != quantiles:
                value = describe.quantile(x, q, other)
                table.add(f"{stat}_alternative", value, unit=unit, method=other, **place)
    if extremes:
        table.add("min", x[0], unit=unit, **place)
        table.add("max", x[-1], unit=unit, **place)


@job
def patient_flow(flow, cohort, out):
    """Turn the flow of patients into a result: assessed, excluded for each reason, included."""
    steps = read_csv(flow)
    _, table = open_cohort(cohort, None, out)
    table.add("n_assessed", int(steps[0]["n_before"]))
    for step in steps:
        note = step["note"]
        place = dict(variable=step["criterion"], n=int(step["n_before"]), warning=note)
        table.add("n_excluded", int(step["n_excluded"]), **place)
        table.add("n_left", int(step["n_after"]), **place)
        table.add("applied", float(step["applied"] == "yes"), **place)
    table.add("n_included", int(steps[-1]["n_after"]), n=int(steps[0]["n_before"]))
    table.write(out)


@job
def cited(cohort, claims_file, study_file, out):
    """List the numbers that the paper cites from elsewhere; patients of this study cannot confirm or refute them."""
    study = load_checked(study_file, "study")
    _, table = open_cohort(cohort, None, out)
    for claim in load_claims(claims_file):
        if claim.kind == "external" and claim.result == table.result:
            table.not_evaluable(
                f"a number of another publication ({study['cited'].get(claim.variable, 'source not named')}); "
                "it would need that publication's data",
                variable=claim.variable,
            )
    table.write(out)
