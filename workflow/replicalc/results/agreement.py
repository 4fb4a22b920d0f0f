"""Results on accuracy and agreement: an index test against a reference, two measurements of the same size."""

from __future__ import annotations

import math

from replicalc.job import job
from replicalc.results.common import absent, clustered, groups, open_cohort
from replicalc.results.describe import add_share, in_unit
from replicalc.table import ResultTable

INTERVALS = ("Wilson", "Clopper-Pearson", "Wald", "Agresti-Coull", "Jeffreys")


@job
def accuracy(cohort, out, *, index, target, by=None, pooled=(), both_targets=False, subset=None, conf_level=0.95):
    """Hold an index test against a reference standard.

    ``index`` and ``target`` are (variable, code that counts as positive). Measures with Wilson intervals, and the other
    interval methods beside them, for everybody, for each group of ``by`` and for the ``pooled`` lists of its codes.
    ``both_targets`` gives the measures also with the opposite code of the target as the condition to be found.
    """
    data, table = open_cohort(cohort, subset, out)
    names = [index[0], target[0]]
    if absent(data, table, *names):
        return table.write(out)
    note = clustered(data)
    parts = list(groups(data, by))
    for codes in pooled:
        inside = data.frame[by].isin(codes) if by in data.frame else data.frame.index != data.frame.index
        parts.append((f"{by}={'|'.join(codes)}", type(data)(data.frame[inside], *_about(data))))
    for group, part in parts:
        known = part.frame[names].dropna()
        missing = len(part.frame) - len(known)
        test, condition = (known[v] == code for v, code in (index, target))
        _measures(table, test, condition, f"{_eq(index)}~{_eq(target)}", group, missing, conf_level, note)
        if both_targets:
            other = (target[0], _opposite(data, target))
            flipped = (index[0], _opposite(data, index))
            _measures(table, ~test, ~condition, f"{_eq(flipped)}~{_eq(other)}", group, missing, conf_level, note)
    table.write(out)


def _about(data):
    return data.study, data.name, data.kind, data.unit_of_analysis, data.clustering


def _eq(pair) -> str:
    return f"{pair[0]}={pair[1]}"


def _opposite(data, pair) -> str:
    (other,) = (code for code in data.frame[pair[0]].cat.categories if code != pair[1])
    return other


def _measures(table: ResultTable, test, condition, variable, group, missing, conf_level, note) -> None:
    from replicalc.stats import accuracy as measures
    from replicalc.stats.proportion import interval

    cells = {
        "tp": int((test & condition).sum()),
        "fp": int((test & ~condition).sum()),
        "fn": int((~test & condition).sum()),
        "tn": int((~test & ~condition).sum()),
    }
    n = sum(cells.values())
    place = dict(group=group, variable=variable, n_missing=missing)
    for stat, count in cells.items():
        table.add(stat, count, n=n, **place)
    if not n:
        return table.not_evaluable("nobody in this group has both variables", group=group, variable=variable)
    for measure in measures.accuracy(**cells, level=conf_level).values():
        if measure.denominator is None:
            table.add(measure.name, measure.value, n=n, warning=measure.warning, **place)
            if measure.interval:
                table.add_interval(measure.name, measure.interval, n=n, **place)
            continue
        k, of = measure.numerator, measure.denominator
        share = 100 * k / of if of else math.nan
        table.add(measure.name, share, unit="percent", n=of, warning=measure.warning or note, **place)
        for method in INTERVALS if of else ():
            stat = measure.name if method == INTERVALS[0] else f"{measure.name}_{method.lower().replace('-', '_')}"
            found = interval(k, of, method, conf_level)
            table.add_interval(stat, found, scale=100, unit="percent", n=of, **place)
    return None


@job
def misses(cohort, out, *, index, target, described_by, subset=None, conf_level=0.95):
    """Describe the patients whom the index test got wrong: false negatives and false positives by each variable."""
    data, table = open_cohort(cohort, subset, out)
    if absent(data, table, index[0], target[0]):
        return table.write(out)
    frame = data.frame.dropna(subset=[index[0], target[0]])
    test, condition = (frame[v] == code for v, code in (index, target))
    for group, wrong in (("false_negative", frame[~test & condition]), ("false_positive", frame[test & ~condition])):
        table.add("n", len(wrong), group=f"error={group}", n=len(frame))
        for name in described_by:
            if data.missing_variables(name):
                table.not_evaluable(f"variable {name} not in cohort {data.name}", variable=name)
                continue
            values = wrong[name]
            known = int(values.notna().sum())
            for code in values.cat.categories:
                count = int((values == code).sum())
                add_share(table, count, known, len(values) - known, group=f"error={group}",
                          variable=f"{name}={code}", conf_level=conf_level)  # fmt: skip
    unique = {(r.group, r.variable, r.stat): r for r in table.rows}
    table.rows = list(unique.values())
    table.write(out)


@job
def agreement(cohort, out, *, x, y, unit, canonical, form, by=None, subset=None, conf_level=0.95):
    """Agreement of two measurements of the same patients: all six ICCs with F-based intervals, and Bland-Altman limits.

    ``form`` is the form that the study's numbers are read as (``icc``); the other five stand beside it
    (``icc_alternative``). For everybody and for each group of ``by``.
    """
    from replicalc.stats import agreement as stats

    data, table = open_cohort(cohort, subset, out)
    if absent(data, table, x, y):
        return table.write(out)
    for group, part in groups(data, by):
        pairs = part.frame[[x, y]].dropna()
        ratings = in_unit(pairs, canonical, unit)
        place = dict(group=group, variable=f"{x}~{y}", n=len(pairs), n_missing=len(part.frame) - len(pairs))
        if len(pairs) < 2:
            table.not_evaluable(f"an ICC needs at least 2 patients with both sizes; here {len(pairs)}", group=group)
            continue
        for icc in stats.icc(ratings, conf_level):
            named = icc.form == form
            suffix = "" if named else "_alternative"
            more = dict(method=f"{icc.form}: {icc.spss_name}", warning=icc.warning, **place)
            table.add(f"icc{suffix}", icc.value, **more)
            table.add(f"icc_lo{suffix}", icc.lo, conf_level=icc.level, **more)
            table.add(f"icc_hi{suffix}", icc.hi, conf_level=icc.level, **more)
            table.add(f"icc_p{suffix}", icc.p, **more)
        limits = stats.bland_altman(ratings[:, 0], ratings[:, 1], conf_level)
        for stat in ("bias", "loa_lo", "loa_hi"):
            table.add(stat, getattr(limits, stat), unit=unit, method="Bland-Altman, x - y", **place)
    table.write(out)
