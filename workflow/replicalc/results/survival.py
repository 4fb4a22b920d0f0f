"""Results on survival: Kaplan-Meier by group at stated times, numbers at risk, median follow-up, log-rank test."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from replicalc.job import job
from replicalc.results.common import absent, missing_sentence, open_each, remark, with_warning
from replicalc.results.describe import in_unit
from replicalc.results.statement import judge
from replicalc.table import ResultTable

if TYPE_CHECKING:
    from replicalc.cohort.frame import Cohort


@job
def survival(cohort, out, *, time, event, unit, times, by=(), subset=None, holds=None):
    """Survival at ``times`` with log-log limits, for everybody and for each group of each entry of ``by``.

    ``time`` is a variable in days, analysed in ``unit``; ``event`` is (variable, code or codes 'a|b' that count; all
    others are censored). An entry of ``by`` is a variable, or several joined by '+', whose combinations are groups; its
    groups are compared by the log-rank test. Survival is given in percent, with how many are still under observation;
    follow-up is the reverse Kaplan-Meier median, in ``unit``.
    """
    from replicalc.stats.survival import logrank

    entries = [entry.split("+") for entry in by]
    needs = [[time, event[0], *names] for names in ([], *entries)]
    cohorts, table = open_each(cohort, subset, out, needs)
    data = next(cohorts)
    if absent(data, table, time, event[0]):
        return table.write(out)
    _curve(table, data, time, event, unit, times, "all")
    for entry, names, data in zip(by, entries, cohorts, strict=True):
        lacking = data.missing_variables(*names)
        if lacking:
            table.not_evaluable(missing_sentence(data, lacking), group=names[0])
            continue
        for group, part in _combinations(data, names):
            _curve(table, part, time, event, unit, times, group)
        known = data.known(time, event[0], *names)
        if not known.size:
            table.not_evaluable("nobody has a known follow-up and group", variable=f"{time} by {entry}")
            continue
        labels = known.frame[names].astype(str).agg(";".join, axis=1)
        length, seen = _times(known, time, event, unit)
        test = with_warning(logrank(length, seen, list(labels), weights=known.weights), remark(known))
        place = dict(variable=f"{time} by {entry}", n=known.size, n_missing=data.size - known.size)
        table.add_test(test, named=True, **place)
    if holds:
        judge(table, holds)
    return table.write(out)


def _combinations(data: Cohort, names: list[str]):
    """Give each combination of codes, in the order of the dictionary; many are empty."""
    from itertools import product

    for codes in product(*(data.frame[name].cat.categories for name in names)):
        part = data
        for name, code in zip(names, codes, strict=True):
            part = part.part(part.frame[name] == code)
        yield ";".join(f"{name}={code}" for name, code in zip(names, codes, strict=True)), part


def _times(known: Cohort, time: str, event, unit: str):
    frame = known.frame
    return in_unit(frame[time], "day", unit), frame[event[0]].isin(event[1].split("|")).to_numpy(dtype=float)


def _curve(table: ResultTable, data, time: str, event, unit: str, times, group: str) -> None:
    from replicalc.stats.survival import kaplan_meier, reverse_kaplan_meier_median, survival_at

    known = data.known(time, event[0])
    n, counted = known.size, dict(weights=known.weights)
    place = dict(group=group, n=n, n_missing=data.size - n)
    if not n:
        table.not_evaluable("nobody in this group has a known follow-up", group=group)
        return
    length, seen = _times(known, time, event, unit)
    note = remark(known)
    curve = kaplan_meier(length, seen, data.conf_level, **counted)
    table.add("n", n, variable=time, **place)
    table.add("events", curve.n_events, variable=time, warning=curve.warning, **place)
    for stat, found in (
        ("median_follow_up", reverse_kaplan_meier_median(length, seen, data.conf_level, **counted)),
        ("median_survival", curve.median),
    ):
        warning = "; ".join(filter(None, [found.warning, note]))
        table.add(stat, found.value, variable=time, unit=unit, method=found.method, warning=warning, **place)
        for side, limit in (("lo", found.lo), ("hi", found.hi)):
            more = dict(unit=unit, method=found.method, conf_level=found.level, warning=warning)
            table.add(f"{stat}_{side}", limit, variable=time, **more, **place)
    for point in survival_at(curve, times):
        more = dict(variable=f"time={point.time:g}", method=curve.method, **place)
        warning = "; ".join(filter(None, [point.warning, note]))
        table.add("at_risk", point.at_risk, **more)
        if math.isnan(point.survival):
            warning = warning or "not known"
        table.add("survival", 100 * point.survival, unit="percent", warning=warning, **more)
        if math.isnan(point.lo) and not math.isnan(point.survival):
            warning = "; ".join(filter(None, ["no limits where all or none survive", warning]))
        for side, limit in (("lo", point.lo), ("hi", point.hi)):
            limits = dict(unit="percent", conf_level=data.conf_level, warning=warning)
            table.add(f"survival_{side}", 100 * limit, **limits, **more)
