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
    with Wilson's interval, among those with all tests and the condition known. A rule is a group 'strategy=...':
    biopsies done and spared, cancers found and missed, and the share of cancers among those spared with Wilson's
    interval; a rule that looks at one test is judged by all who have it. Everybody was biopsied: misses are known.
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
    rules = {"biopsy all": ([], any)}
    rules |= {f"biopsy if {name} is {code}": ([(name, code)], any) for name, code in steps}
    rules |= {"biopsy if any is positive": (steps, any), "biopsy if all are positive": (steps, all)}
    for told, (tests, rule) in rules.items():
        known = data.frame.dropna(subset=[*(name for name, _ in tests), target[0]])
        positive = [list(known[name] == code) for name, code in tests]
        biopsy = [rule(signs) for signs in zip(*positive, strict=True)] if tests else [True] * len(known)
        _strategy(table, data, known, biopsy, told, target)
    if holds:
        judge(table, holds)
    return table.write(out)


def _strategy(table: ResultTable, data, known, biopsy: list[bool], told: str, target) -> None:
    from replicalc.stats.proportion import interval

    place = dict(group=f"strategy={told}", variable=f"{target[0]}={target[1]}", n=len(known))
    place["n_missing"] = len(data.frame) - len(known)
    pairs = list(zip(biopsy, known[target[0]] == target[1], strict=True))
    spared, missed = sum(not b for b, _ in pairs), sum(c and not b for b, c in pairs)
    counts = {
        "biopsies": len(pairs) - spared,
        "biopsies_spared": spared,
        "found": sum(c and b for b, c in pairs),
        "missed": missed,
    }
    for stat, count in counts.items():
        table.add(stat, count, **place)
    if not spared:
        return
    left = known[[not b for b in biopsy]]
    note, share = remark(data, left), dict(unit="percent", **{**place, "n": spared})
    table.add("missed_percent", 100 * missed / spared, warning=note, method="of those spared", **share)
    limits = with_warning(interval(missed, spared, "Wilson", data.conf_level), note)
    table.add_interval("missed_percent", limits, scale=100, **share)
    del share["unit"]
    add_clustered(table, data, left, left[target[0]] == target[1], "missed_percent", note, share)


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
