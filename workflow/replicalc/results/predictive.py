"""Results on two tests in the same patients: does one have the better predictive value?"""

from __future__ import annotations

import math

from replicalc.errors import ReplicalcError
from replicalc.job import job
from replicalc.results.common import absent, open_cohort, remark, with_warning

#: How a test that indicated every biopsy is named: it has a predictive value although nobody is negative by it.
EVERYBODY = "everybody"
#: Cells of each test's 2 x 2 table that its predictive value is made of: right and wrong calls.
CELLS = {"ppv": ("tp", "fp"), "npv": ("tn", "fn")}


@job
def predictive_values(cohort, out, *, first, second, target, measure="ppv", subset=None, holds=None):
    """Compare a predictive value of two index tests on the same patients (or lesions).

    ``first``, ``second`` and ``target`` are (variable, code that counts as positive); ``second`` may be None: everybody
    is positive by it. ``measure`` is "ppv" or "npv". Both values in percent with their counts and Wilson intervals; the
    difference (first minus second, in percent) with Wald limits that respect the pairing; P of the weighted generalised
    score statistic. Only those with all of the variables are used. With ``holds``, whether the statement holds.

    Raises ReplicalcError for another measure.
    """
    from replicalc.stats import predictive as stats
    from replicalc.stats.proportion import interval

    if measure not in CELLS:
        raise ReplicalcError(f"there is no predictive value '{measure}'. Known: {', '.join(CELLS)}")
    names = [pair[0] for pair in (first, second, target) if pair is not None]
    data, table = open_cohort(cohort, subset, out, names)
    if absent(data, table, *names):
        return table.write(out)
    known = data.known(*names)
    condition = known.frame[target[0]] == target[1]
    one = known.frame[first[0]] == first[1]
    two = known.frame[second[0]] == second[1] if second is not None else one | ~one
    tests = [f"{first[0]}={first[1]}", f"{second[0]}={second[1]}" if second is not None else EVERYBODY]
    missing, note, n = data.size - known.size, remark(known), known.size
    sign = measure == "ppv"
    for name, called in zip(tests, (one == sign, two == sign), strict=True):
        right, of = known.count(called & (condition == sign)), known.count(called)
        place = dict(variable=f"{name}~{target[0]}={target[1]}", n_missing=missing)
        for stat, count in zip(CELLS[measure], (right, of - right), strict=True):
            table.add(stat, count, n=n, **place)
        share = 100 * right / of if of else math.nan
        lacking = "" if of else f"nobody is {'positive' if sign else 'negative'} by this test"
        table.add(measure, share, unit="percent", n=of, warning=lacking or note, **place)
        if of:
            limits = with_warning(interval(right, of, "Wilson", data.conf_level), note)
            table.add_interval(measure, limits, scale=100, unit="percent", n=of, **place)
    diseased, healthy = (_two_by_two(known, one & part, two & part, part) for part in (condition, ~condition))
    place = dict(group=f"measure={measure}", variable=" - ".join(tests), n=n, n_missing=missing)
    found = with_warning(stats.predictive_difference(diseased, healthy, measure, data.conf_level), note)
    more = dict(unit="percent", method=found.method, warning=found.warning, **place)
    table.add("difference", 100 * found.value, **more)
    table.add("difference_lo", 100 * found.lo, conf_level=found.level, **more)
    table.add("difference_hi", 100 * found.hi, conf_level=found.level, **more)
    test = with_warning(stats.weighted_generalised_score(diseased, healthy, measure), note)
    table.add_test(test, named=True, **place)
    if holds is not None:
        from replicalc.results.statement import judge

        judge(table, holds)
    return table.write(out)


def _two_by_two(known, one, two, part) -> list[list[int]]:
    """Count [[both, first only], [second only, neither]] of those positive, among the ``part`` of the rows."""
    cells = ((one & two, one & ~two), (two & ~one, part & ~one & ~two))
    return [[known.count(cell) for cell in row] for row in cells]
