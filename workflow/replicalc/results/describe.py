"""Results that describe: categories with shares, numbers with location and spread, who was left out, what is cited."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from replicalc.cohort.collapse import ALIKE
from replicalc.cohort.frame import read_gaps
from replicalc.job import job
from replicalc.records import load_checked, load_claims, read_csv
from replicalc.results.common import SCALE, absent, add_clustered, groups, open_cohort, open_each, remark, with_warning
from replicalc.results.statement import judge
from replicalc.table import ResultTable

if TYPE_CHECKING:
    from replicalc.cohort.frame import Cohort

QUANTILES = (("q1", 0.25), ("median", 0.5), ("q3", 0.75))
#: Other definitions of a quantile, shown beside the one that the study's software uses.
OTHER_DEFINITIONS = ("type 7", "type 2", "tukey hinges")


@job
def distribution(cohort, out, *, variables, subset=None, holds=None):
    """Count every code of each variable among the patients where it is known, with share and Wilson interval.

    ``holds``: relations between these statistics that a sentence of the paper asserts (``statement.judge``).
    """
    cohorts, table = open_each(cohort, subset, out, [[name] for name in variables])
    for name, data in zip(variables, cohorts, strict=True):
        if absent(data, table, name):
            continue
        known = data.known(name)
        missing = data.size - known.size
        table.add("n", known.size, variable=name, n=known.size, n_missing=missing)
        table.add("n_levels", known.frame[name].nunique(), variable=name, n=known.size, n_missing=missing)
        add_shares(table, known, name, missing)
    if holds:
        judge(table, holds)
    table.write(out)


def add_shares(table: ResultTable, known: Cohort, name: str, missing: int, group: str = "all") -> None:
    """Add, for every code of a variable, its count, percentage and the Wilson interval of the percentage.

    ``known`` holds the patients in whom the variable is known; ``missing`` of the group have no value.
    """
    from replicalc.stats.proportion import interval

    note, n = remark(known), known.size
    for code, count in known.counts(name).items():
        place = dict(group=group, variable=f"{name}={code}", n=n, n_missing=missing)
        table.add("count", count, warning=note, **place)
        share = 100 * count / n if n else math.nan
        table.add("percent", share, unit="percent", warning=note if n else "nobody in this group", **place)
        if n:
            limits = with_warning(interval(count, n, "Wilson", known.conf_level), note)
            table.add_interval("percent", limits, scale=100, unit="percent", **place)
            add_clustered(table, known, known.frame[name] == code, "percent", note, place)


@job
def numeric(cohort, out, *, variables, unit, by=None, subset=None, extremes=False, quantiles="type 6"):
    """Describe numbers: n, mean, SD, median and quartiles with intervals, for everybody and for each group of ``by``.

    Quantiles follow ``quantiles`` ('type 6' is SPSS); the other common definitions stand beside them. Extremes are
    single patients' values and are given only where the study prints them.
    """
    cohorts, table = open_each(cohort, subset, out, [[name, by] for name in variables])
    for (name, canonical), data in zip(variables.items(), cohorts, strict=True):
        if absent(data, table, name):
            continue
        for group, part in groups(data, table, by):
            add_number(table, part, name, canonical, unit, group=group, extremes=extremes, quantiles=quantiles)
    table.write(out)


def in_unit(values, canonical: str, unit: str):
    """Turn a column into an array of the unit in which the study prints; 0.1 x 23 is exactly 2.3."""
    import numpy as np

    return np.round(values.to_numpy(dtype=float) * SCALE[canonical, unit], 6)


def add_number(
    table: ResultTable, cohort: Cohort, name, canonical, unit, *, group="all", extremes=False, quantiles="type 6"
) -> None:
    """Add n, mean, SD, median and quartiles of one column, with intervals and the other definitions of a quantile."""
    import numpy as np

    from replicalc.stats import describe

    known = cohort.known(name)
    x, weights, n = in_unit(known.frame[name], canonical, unit), known.weights, known.size
    order = np.argsort(x, kind="stable")
    x, weights = x[order], None if weights is None else weights[order]
    place = dict(group=group, variable=name, n=n, n_missing=cohort.size - n)
    table.add("n", n, **place)
    if not n:
        table.not_evaluable("nobody in this group has a value", group=group, variable=name)
        return
    note, level = remark(known), cohort.conf_level
    found = describe.mean_sd(x, weights=weights)
    table.add("mean", found.mean, unit=unit, method="arithmetic mean", warning=note, **place)
    table.add("sd", found.sd, unit=unit, method="n - 1 in the denominator", warning=found.warning or note, **place)
    if n > 1:
        for stat, interval in (("mean", describe.mean_interval), ("sd", describe.sd_interval)):
            table.add_interval(stat, with_warning(interval(x, level, weights=weights), note), unit=unit, **place)
    for stat, q in QUANTILES:
        value = describe.quantile(x, q, quantiles, weights=weights)
        table.add(stat, value, unit=unit, method=quantiles, warning=note, **place)
        limits = with_warning(describe.median_interval(x, level, q=q, weights=weights), note)
        table.add_interval(stat, limits, unit=unit, **place)
        for other in OTHER_DEFINITIONS:
            if other != quantiles:
                value = describe.quantile(x, q, other, weights=weights)
                table.add(f"{stat}_alternative", value, unit=unit, method=other, **place)
    if extremes:
        table.add("min", x[0], unit=unit, method="smallest value", **place)
        table.add("max", x[-1], unit=unit, method="largest value", **place)


@job
def patient_flow(flow, cohort, out):
    """Turn the flow of patients into a result: assessed, excluded for each reason, included, and whose values lack.

    Those included of whom a variable is not known are counted by variable (``n_value_missing``): results that need it
    leave them out. A row that the export repeats is nobody assessed; such rows are counted as a reason of their own.
    """
    data, table = open_cohort(cohort, None, out, [])
    steps = read_csv(flow)
    n, missing, patients = read_gaps(cohort)
    assessed = int(steps[0]["n_after" if steps[0]["criterion"] == ALIKE else "n_before"])
    table.add("n_assessed", assessed)
    for step in steps:
        note = step["note"]
        place = dict(variable=step["criterion"], n=int(step["n_before"]), warning=note)
        table.add("n_excluded", int(step["n_excluded"]), **place)
        table.add("n_left", int(step["n_after"]), **place)
        table.add("applied", float(step["applied"] == "yes"), **place)
    table.add("n_included", int(steps[-1]["n_after"]), n=assessed)
    if data.unit_of_analysis == "patient":
        table.add("n_patients", patients)
    elif patients is not None:
        table.add("n_patients", patients, method="different patients among those included")
    else:
        table.add("n_patients", warning=f"which {data.unit_of_analysis}s belong to one patient is not known")
    for name in sorted(missing):  # not in the order in which a cohort file happens to name them
        if 0 < missing[name] < n:
            table.add("n_value_missing", missing[name], variable=name, n=n, n_missing=missing[name])
    table.write(out)


@job
def cited(cohort, claims_file, study_file, out):
    """List the numbers that the paper cites from elsewhere; patients of this study cannot confirm or refute them."""
    _, table = open_cohort(cohort, None, out, [])
    study = load_checked(study_file, "study")
    for claim in load_claims(claims_file):
        if claim.kind == "external" and claim.result == table.result:
            table.not_evaluable(
                f"a number of another publication ({study['cited'].get(claim.variable, 'source not named')}); "
                "it would need that publication's data",
                variable=claim.variable,
            )
    table.write(out)
