"""Results on accuracy and agreement: an index test against a reference, two measurements of the same size."""

from __future__ import annotations

import dataclasses
import math
from typing import TYPE_CHECKING

from replicalc.job import job
from replicalc.results.common import absent, add_clustered, groups, open_cohort, open_each, remark, with_warning
from replicalc.results.describe import add_shares, in_unit
from replicalc.table import ResultTable

if TYPE_CHECKING:
    from replicalc.cohort.frame import Cohort

INTERVALS = ("Wilson", "Clopper-Pearson", "Wald", "Agresti-Coull", "Jeffreys")


@job
def accuracy(cohort, out, *, index, target, by=None, pooled=(), both_targets=False, subset=None):
    """Hold an index test against a reference standard.

    ``index`` and ``target`` are (variable, code that counts as positive). Measures with Wilson intervals, and the other
    interval methods beside them, for everybody, for each group of ``by`` and for the ``pooled`` lists of its codes.
    ``both_targets`` gives the measures also with the opposite code of the target as the condition to be found.
    """
    data, table = open_cohort(cohort, subset, out, [index[0], target[0], by])
    if absent(data, table, index[0], target[0]):
        return table.write(out)
    parts = list(groups(data, table, by))
    for codes in pooled if not data.missing_variables(by) else ():
        parts.append((f"{by}={'|'.join(codes)}", data.part(data.frame[by].isin(codes))))
    for group, part in parts:
        _measures(table, part, index, target, group)
        if both_targets:
            _measures(table, part, _opposite(data, index), _opposite(data, target), group)
    return table.write(out)


def _opposite(data: Cohort, pair) -> tuple[str, str]:
    (other,) = (code for code in data.frame[pair[0]].cat.categories if code != pair[1])
    return pair[0], other


def _measures(table: ResultTable, part: Cohort, index, target, group) -> None:
    from replicalc.stats import accuracy as measures
    from replicalc.stats.proportion import interval

    known = part.known(index[0], target[0])
    test, condition = (known.frame[name] == code for name, code in (index, target))
    cells = {
        "tp": known.count(test & condition),
        "fp": known.count(test & ~condition),
        "fn": known.count(~test & condition),
        "tn": known.count(~test & ~condition),
    }
    n = known.size
    variable = f"{index[0]}={index[1]}~{target[0]}={target[1]}"
    place = dict(group=group, variable=variable, n_missing=part.size - n)
    for stat, count in cells.items():
        table.add(stat, count, n=n, **place)
    if not n:
        table.not_evaluable("nobody in this group has both variables", group=group, variable=variable)
        return
    note = remark(known)
    for measure in measures.accuracy(**cells, level=part.conf_level).values():
        if measure.denominator is None:
            table.add(measure.name, measure.value, n=n, warning=measure.warning or note, **place)
            if measure.interval:
                table.add_interval(measure.name, with_warning(measure.interval, note), n=n, **place)
            continue
        k, of = measure.numerator, measure.denominator
        if of:
            rows, right = _of_measure(measure.name, test, condition)
            add_clustered(table, known.part(rows), right[rows], measure.name, note, {**place, "n": of})
        share = 100 * k / of if of else math.nan
        table.add(measure.name, share, unit="percent", n=of, warning=measure.warning or note, **place)
        for method in INTERVALS if of else ():
            stat = measure.name if method == INTERVALS[0] else f"{measure.name}_{method.lower().replace('-', '_')}"
            limits = with_warning(interval(k, of, method, part.conf_level), note)
            table.add_interval(stat, limits, scale=100, unit="percent", n=of, **place)


def _of_measure(name: str, test, condition):
    """Say which rows a measure is about, and which of them count, as two columns of True and False."""
    right, everybody = test == condition, test | True
    return {
        "sensitivity": (condition, test),
        "false_negative_rate": (condition, ~test),
        "specificity": (~condition, ~test),
        "false_positive_rate": (~condition, test),
        "ppv": (test, condition),
        "npv": (~test, ~condition),
        "accuracy": (everybody, right),
        "prevalence": (everybody, condition),
    }[name]


@job
def misses(cohort, out, *, index, target, described_by, subset=None):
    """Describe the patients whom the index test got wrong: false negatives and false positives by each variable."""
    names = [index[0], target[0]]
    cohorts, table = open_each(cohort, subset, out, [names, *([*names, name] for name in described_by)])
    data = next(cohorts)
    if absent(data, table, *names):
        return table.write(out)
    described = list(zip(described_by, cohorts, strict=True))
    for group, positive in (("false_negative", False), ("false_positive", True)):
        known, wrong = _wrong(data, index, target, positive)
        place = dict(group=f"error={group}", n=known.size, n_missing=data.size - known.size)
        table.add("n", wrong.size, **place)
        for name, cohort_by_name in described:
            if not absent(cohort_by_name, table, name):
                _, wrong = _wrong(cohort_by_name, index, target, positive)
                told = wrong.known(name)
                add_shares(table, told, name, wrong.size - told.size, group=f"error={group}")
    return table.write(out)


def _wrong(data: Cohort, index, target, positive: bool) -> tuple[Cohort, Cohort]:
    """Give those in whom both are known, and among them those whom the test calls positive, or negative, wrongly."""
    known = data.known(index[0], target[0])
    test, condition = (known.frame[name] == code for name, code in (index, target))
    return known, known.part((test == positive) & (condition != positive))


@job
def agreement(cohort, out, *, x, y, unit, canonical, form, by=None, subset=None):
    """Agreement of two measurements of the same patients: all six ICCs with F-based intervals, and Bland-Altman limits.

    ``form`` is the form that the study's numbers are read as (``icc``); the other five stand beside it
    (``icc_alternative``). For everybody and for each group of ``by``.
    """
    from replicalc.stats import agreement as stats

    data, table = open_cohort(cohort, subset, out, [x, y, by])
    if absent(data, table, x, y):
        return table.write(out)
    for group, part in groups(data, table, by):
        pairs = part.known(x, y)
        pairs = dataclasses.replace(pairs, frame=pairs.frame.sort_values([x, y]))
        ratings, n = in_unit(pairs.frame[[x, y]], canonical, unit), pairs.size
        place = dict(group=group, variable=f"{x}~{y}", n=n, n_missing=part.size - n)
        if n < 2:
            table.not_evaluable(f"an ICC needs at least 2 patients with both sizes; here {n}", group=group)
            continue
        note = remark(pairs)
        for icc in stats.icc(ratings, data.conf_level, weights=pairs.weights):
            named = icc.form == form
            suffix = "" if named else "_alternative"
            more = dict(method=f"{icc.form}: {icc.spss_name}", warning=icc.warning or note, **place)
            table.add(f"icc{suffix}", icc.value, **more)
            table.add(f"icc_lo{suffix}", icc.lo, conf_level=icc.level, **more)
            table.add(f"icc_hi{suffix}", icc.hi, conf_level=icc.level, **more)
            table.add(f"icc_p{suffix}", icc.p, **more)
        limits = stats.bland_altman(*ratings.T, data.conf_level, weights=pairs.weights)
        for stat in ("bias", "loa_lo", "loa_hi"):
            table.add(stat, getattr(limits, stat), unit=unit, method="Bland-Altman, x - y", warning=note, **place)
            table.add_interval(stat, with_warning(getattr(limits, f"{stat}_interval"), note), unit=unit, **place)
    return table.write(out)
