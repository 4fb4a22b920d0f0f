"""A sequential work-up as a tree with counts: who would be biopsied under which rule, and which cancers missed."""

from __future__ import annotations

from itertools import product

from replicalc.job import job
from replicalc.results.common import absent, add_clustered, open_cohort, remark, with_warning
from replicalc.results.statement import judge
from replicalc.table import ResultTable


@job
def work_up(cohort, out, *, steps, target, subset=None, holds=None):
    """Count the branches of a sequence of tests, and what each rule for a biopsy would spare and miss.

    ``steps`` is a list of (variable, code that counts as positive) in the order of the work-up, ``target`` the same for
    the condition. A branch is a group 'first=positive;second=negative': n, how many have the condition, their share
    with Wilson's interval. A rule is a group 'strategy=...': biopsies done and spared, cancers found and missed, among
    those with all tests and the condition known. Everybody was biopsied: what a rule misses is known.
    """
    data, table = open_cohort(cohort, subset, out)
    names = [name for name, _ in (*steps, target)]
    if absent(data, table, *names):
        return table.write(out)
    frame = data.frame.dropna(subset=names)
    missing = len(data.frame) - len(frame)
    _branch(table, data, frame, "all", target, missing)
    for depth in range(1, len(steps) + 1):
        for signs in product((True, False), repeat=depth):
            part, path = frame, []
            for (name, code), sign in zip(steps, signs, strict=False):
                other = code if sign else _other(data.frame, name, code)
                path.append(f"{name}={other}")
                part = part[part[name] == other]
            _branch(table, data, part, ";".join(path), target, missing)
    positive = [frame[name] == code for name, code in steps]
    anyone, everyone = positive[0].copy(), positive[0].copy()
    for each in positive[1:]:
        anyone, everyone = anyone | each, everyone & each
    rules = {"biopsy all": positive[0] | True}
    rules |= {f"biopsy if {name} is {code}": each for (name, code), each in zip(steps, positive, strict=True)}
    rules |= {"biopsy if any is positive": anyone, "biopsy if all are positive": everyone}
    condition = frame[target[0]] == target[1]
    for told, biopsy in rules.items():
        place = dict(group=f"strategy={told}", variable=f"{target[0]}={target[1]}", n=len(frame), n_missing=missing)
        counts = {
            "biopsies": biopsy,
            "biopsies_spared": ~biopsy,
            "found": biopsy & condition,
            "missed": ~biopsy & condition,
        }
        for stat, rows in counts.items():
            table.add(stat, int(rows.sum()), **place)
    if holds:
        judge(table, holds)
    return table.write(out)


def _other(frame, name: str, code: str) -> str:
    (other,) = (each for each in frame[name].cat.categories if each != code)
    return other


def _branch(table: ResultTable, data, part, group: str, target, missing: int) -> None:
    from replicalc.stats.proportion import interval

    condition = part[target[0]] == target[1]
    place = dict(group=group, variable=f"{target[0]}={target[1]}", n=len(part), n_missing=missing)
    table.add("n", len(part), **{**place, "variable": target[0]})
    table.add("count", int(condition.sum()), **place)
    if not len(part):
        table.not_evaluable("nobody is on this branch", group=group, variable=place["variable"])
        return
    note = remark(data, part)
    table.add("percent", 100 * condition.mean(), unit="percent", warning=note, **place)
    limits = with_warning(interval(int(condition.sum()), len(part), "Wilson", data.conf_level), note)
    table.add_interval("percent", limits, scale=100, unit="percent", **place)
    add_clustered(table, data, part, condition, "percent", note, place)
