"""A sequential work-up as a tree with counts: who would be biopsied under which rule, and which cancers missed."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

from replicalc.job import job
from replicalc.results.common import absent, add_clustered, open_cohort, remark, with_warning
from replicalc.results.statement import judge
from replicalc.table import ResultTable

if TYPE_CHECKING:
    from replicalc.cohort.frame import Cohort


@job
def work_up(cohort, out, *, steps, target, subset=None, holds=None):
    """Count the branches of a sequence of tests, and what each rule for a biopsy would spare and miss.

    ``steps`` is a list of (variable, code that counts as positive) in the order of the work-up, ``target`` the same for
    the condition. A branch is a group 'first=positive;second=negative': n, how many have the condition, their share
    with Wilson's interval, among those with all tests and the condition known. A rule is a group 'strategy=...':
    biopsies done and spared, cancers found and missed, and the share of cancers among those spared with Wilson's
    interval; a rule that looks at one test is judged by all who have it. Everybody was biopsied: misses are known.
    """
    import numpy as np

    names = [name for name, _ in (*steps, target)]
    data, table = open_cohort(cohort, subset, out, names)
    if absent(data, table, *names):
        return table.write(out)
    known = data.known(*names)
    missing = data.size - known.size
    _branch(table, known, "all", target, missing)
    for depth in range(1, len(steps) + 1):
        for signs in product((True, False), repeat=depth):
            part, path = known, []
            for (name, code), sign in zip(steps, signs, strict=False):
                other = code if sign else _other(data.frame, name, code)
                path.append(f"{name}={other}")
                part = part.part(part.frame[name] == other)
            _branch(table, part, ";".join(path), target, missing)
    rules = {"biopsy all": ([], np.all)}
    rules |= {f"biopsy if {name} is {code}": ([(name, code)], np.all) for name, code in steps}
    rules |= {"biopsy if any is positive": (steps, np.any), "biopsy if all are positive": (steps, np.all)}
    for told, (tests, rule) in rules.items():
        judged = data.known(*(name for name, _ in tests), target[0])
        positive = [(judged.frame[name] == code).to_numpy() for name, code in tests]
        biopsy = rule(np.reshape(positive, (len(tests), len(judged.frame))), axis=0)  # without a test: everybody
        _strategy(table, judged, biopsy.astype(bool), told, target, data.size - judged.size)
    if holds:
        judge(table, holds)
    return table.write(out)


def _strategy(table: ResultTable, judged: Cohort, biopsy, told: str, target, missing: int) -> None:
    from replicalc.stats.proportion import interval

    place = dict(group=f"strategy={told}", variable=f"{target[0]}={target[1]}", n=judged.size, n_missing=missing)
    condition = (judged.frame[target[0]] == target[1]).to_numpy()
    spared, missed = judged.count(~biopsy), judged.count(~biopsy & condition)
    counts = {
        "biopsies": judged.size - spared,
        "biopsies_spared": spared,
        "found": judged.count(biopsy & condition),
        "missed": missed,
    }
    for stat, count in counts.items():
        table.add(stat, count, **place)
    if not spared:
        return
    left = judged.part(~biopsy)
    note, share = remark(left), dict(unit="percent", **{**place, "n": spared})
    table.add("missed_percent", 100 * missed / spared, warning=note, method="of those spared", **share)
    limits = with_warning(interval(missed, spared, "Wilson", left.conf_level), note)
    table.add_interval("missed_percent", limits, scale=100, **share)
    del share["unit"]
    add_clustered(table, left, left.frame[target[0]] == target[1], "missed_percent", note, share)


def _other(frame, name: str, code: str) -> str:
    (other,) = (each for each in frame[name].cat.categories if each != code)
    return other


def _branch(table: ResultTable, part: Cohort, group: str, target, missing: int) -> None:
    from replicalc.stats.proportion import interval

    condition = part.frame[target[0]] == target[1]
    n, count = part.size, part.count(condition)
    place = dict(group=group, variable=f"{target[0]}={target[1]}", n=n, n_missing=missing)
    table.add("n", n, **{**place, "variable": target[0]})
    table.add("count", count, **place)
    if not n:
        table.not_evaluable("nobody is on this branch", group=group, variable=place["variable"])
        return
    note = remark(part)
    table.add("percent", 100 * (count / n), unit="percent", warning=note, **place)
    limits = with_warning(interval(count, n, "Wilson", part.conf_level), note)
    table.add_interval("percent", limits, scale=100, unit="percent", **place)
    add_clustered(table, part, condition, "percent", note, place)
