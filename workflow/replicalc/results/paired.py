"""Results on two tests in the same patients: is one more sensitive, or more specific, than the other?"""

from __future__ import annotations

from replicalc.job import job
from replicalc.results.common import absent, clustered, open_cohort, remark, with_warning
from replicalc.results.statement import judge
from replicalc.table import ResultTable

DIFFERENCES = ("Newcombe", "Wald", "Tango")
MCNEMAR = ("exact", "asymptotic", "asymptotic with continuity", "mid-p")


@job
def two_tests(cohort, out, *, first, second, target, test="exact", subset=None, holds=None):
    """Compare two index tests on the same patients (or lesions), among those with the condition and those without.

    ``first``, ``second`` and ``target`` are (variable, code that counts as positive). Difference of sensitivity and of
    specificity (first minus second, in percent) with Newcombe's paired interval and others beside it, among them one
    that respects several lesions of one patient; McNemar's test on the discordant pairs in the form named by ``test``,
    the other forms beside it. Only those with all three are used. ``holds``: relations that a sentence of the paper
    asserts (``statement.judge``).
    """
    names = [first[0], second[0], target[0]]
    data, table = open_cohort(cohort, subset, out, names)
    if absent(data, table, *names):
        return table.write(out)
    known = data.known(*names)
    positive = {name: known.frame[name] == code for name, code in (first, second, target)}
    variable = f"{first[0]}={first[1]} - {second[0]}={second[1]}"
    for measure, sign, part in (
        ("sensitivity", True, positive[target[0]]),
        ("specificity", False, ~positive[target[0]]),
    ):
        right = [(positive[name[0]] == sign)[part] for name in (first, second)]
        _compare(table, known.part(part), right, measure, variable, test, data.size - known.size)
    if holds:
        judge(table, holds)
    return table.write(out)


def _compare(table: ResultTable, part, right, measure, variable, named, missing) -> None:
    from replicalc.stats.clustered import difference_of_clusters
    from replicalc.stats.paired import mcnemar, paired_difference

    one, two = right
    both, only_first, only_second, neither = (
        part.count(cell) for cell in (one & two, one & ~two, ~one & two, ~one & ~two)
    )
    place = dict(group=f"measure={measure}", variable=variable, n=part.size, n_missing=missing)
    counts = {"both_right": both, "only_first_right": only_first, "only_second_right": only_second}
    for stat, count in {**counts, "neither_right": neither}.items():
        table.add(stat, count, **place)
    note = remark(part)
    for method in DIFFERENCES:
        found = paired_difference([[both, only_first], [only_second, neither]], part.conf_level, method)
        stat = "difference" if method == DIFFERENCES[0] else f"difference_{method.lower()}"
        warning = "; ".join(filter(None, [found.warning, note]))
        more = dict(unit="percent", method=found.method, warning=warning, **place)
        if method == DIFFERENCES[0]:
            table.add(stat, 100 * found.value, **more)
        table.add(f"{stat}_lo", 100 * found.lo, conf_level=found.level, **more)
        table.add(f"{stat}_hi", 100 * found.hi, conf_level=found.level, **more)
    if clustered(part):
        counts, sizes, alike = part.per_patient(one, two)
        found = difference_of_clusters(*counts, sizes, part.conf_level, weights=alike)
        warning = "; ".join(filter(None, [found.warning, part.caveat]))
        more = dict(unit="percent", method=found.method, conf_level=found.level, warning=warning, **place)
        table.add("difference_clustered_lo", 100 * found.lo, **more)
        table.add("difference_clustered_hi", 100 * found.hi, **more)
    for method in MCNEMAR:
        test = with_warning(mcnemar(only_first, only_second, method), note)
        table.add_test(test, named=method == named, **place)
