"""Predictive values of two binary tests on the same subjects: is one larger, and by how much?"""

from __future__ import annotations

from math import nan, sqrt
from typing import Literal

from numpy.typing import ArrayLike

from replicalc.stats.base import TestResult, check_choice, check_level, numbers, whole_number
from replicalc.stats.effect import Effect, normal, undefined

Measure = Literal["ppv", "npv"]
_MEASURES = ("ppv", "npv")
SCORE = "Weighted generalised score (Kosinski)"
WALD = "Wald, paired"

#: Of those whom both tests call so, the first only, the second only: (with what the measure counts, without it).
_Called = tuple[tuple[int, int], tuple[int, int], tuple[int, int]]


def weighted_generalised_score(diseased: ArrayLike, healthy: ArrayLike, measure: Measure) -> TestResult:
    """Test, two-sided, whether two tests on the same subjects have the same predictive value.

    diseased, healthy: 2 x 2 counts [[a, b], [c, d]] of the subjects with and without the condition, rows the first
        test, columns the second, positive before negative: ``b`` are positive by the first test only.
    measure: "ppv", the diseased among those positive; "npv", the healthy among those negative.

    With n1 and n2 subjects called so by the tests, of whom n12 by both, and p the share of all n1 + n2 calls that are
    right, the statistic is (p1 - p2)^2 / ({p (1 - p) - 2 C} (1 / n1 + 1 / n2)) on 1 degree of freedom, where
    C (n1 + n2) is the sum of (right - p)^2 over the n12. Tests that never agree in calling anybody so are
    independent samples: it is then Pearson's chi-squared. A test that is positive in everybody is allowed.

    P is ``nan`` with a warning where a test calls nobody so, where both call the same subjects, or where every call is
    right or every one wrong. Fewer than 5 right or wrong calls by a test are noted.

    Raises ValueError for counts that are not whole or negative, another shape, or an unknown measure.
    Reference: Kosinski 2013, doi:10.1002/sim.5587.

    >>> result = weighted_generalised_score([[319, 78], [22, 32]], [[31, 53], [22, 155]], "ppv")
    >>> round(result.statistic, 4), round(result.p, 4)
    (5.4659, 0.0194)
    """
    both, first, second = called = _called(diseased, healthy, measure)
    right1, n1, right2, n2 = _totals(called)
    if not (n1 and n2):
        return TestResult(SCORE, nan, warning=_nobody(n1, n2, measure))
    if not (sum(first) or sum(second)):
        return TestResult(SCORE, nan, warning="both tests call the same subjects so: nothing to test")
    p = (right1 + right2) / (n1 + n2)
    if p in (0.0, 1.0):
        return TestResult(SCORE, nan, warning=f"every call is {'right' if p else 'wrong'}: nothing to test")
    shared = (both[0] * (1 - p) ** 2 + both[1] * p**2) / (n1 + n2)
    variance = (p * (1 - p) - 2 * shared) * (1 / n1 + 1 / n2)
    if variance <= 1e-12 * p * (1 - p) * (1 / n1 + 1 / n2):
        return TestResult(SCORE, nan, warning="no variation between subjects: nothing to test")
    from scipy.special import chdtrc

    statistic = (right1 / n1 - right2 / n2) ** 2 / variance
    least = min(right1, n1 - right1, right2, n2 - right2)
    doubt = f"only {least} calls of one kind: the large-sample P value is doubtful" if least < 5 else ""
    return TestResult(SCORE, float(chdtrc(1, statistic)), statistic, 1.0, doubt)


def predictive_difference(diseased: ArrayLike, healthy: ArrayLike, measure: Measure, level: float) -> Effect:
    """Difference of the predictive values of two tests on the same subjects (first minus second), with Wald's limits.

    Counts and ``measure`` as in ``weighted_generalised_score``. The variance is that of the multinomial distribution
    by the delta method, which respects the pairing: the sum over all subjects of
    {(right - p1) / n1 where the first test calls so, less (right - p2) / n2 where the second does}^2. Limits are
    clipped to [-1, 1].

    A test that calls nobody so gives ``nan`` and a warning; so is told where the interval is a point.

    Raises ValueError for counts that are not whole or negative, another shape, or an unknown measure.
    References: Wang, Davis & Soong 2006, doi:10.1002/sim.2332; Kosinski 2013, doi:10.1002/sim.5587.

    >>> result = predictive_difference([[319, 78], [22, 32]], [[31, 53], [22, 155]], "ppv", 0.95)
    >>> round(result.value, 4), round(result.lo, 4), round(result.hi, 4)
    (-0.0401, -0.0731, -0.0072)
    """
    check_level(level)
    both, first, second = called = _called(diseased, healthy, measure)
    right1, n1, right2, n2 = _totals(called)
    if not (n1 and n2):
        return undefined(WALD, level, _nobody(n1, n2, measure))
    p1, p2 = right1 / n1, right2 / n2
    variance = 0.0
    for counts, by_first, by_second in ((both, 1, 1), (first, 1, 0), (second, 0, 1)):
        for count, right in zip(counts, (1, 0), strict=True):
            variance += count * (by_first * (right - p1) / n1 - by_second * (right - p2) / n2) ** 2
    half, value = normal(level) * sqrt(variance), p1 - p2
    note = "" if half else "no variation between subjects: Wald's interval is a point"
    return Effect(WALD, value, max(-1.0, value - half), min(1.0, value + half), level, note)


def _called(diseased: ArrayLike, healthy: ArrayLike, measure: Measure) -> _Called:
    """Check the counts; give those called positive (or, for the NPV, negative) by both tests, and by one only."""
    check_choice(measure, _MEASURES, "the predictive value")
    (a, b, c, d), (e, f, g, h) = _counts(diseased), _counts(healthy)
    if measure == "ppv":
        return (a, e), (b, f), (c, g)
    return (h, d), (g, c), (f, b)


def _counts(table: ArrayLike) -> list[int]:
    counts = numbers(table, "the counts of a table", ndim=2)
    if counts.shape != (2, 2):
        raise ValueError(f"the table must be 2 x 2, not {counts.shape[0]} x {counts.shape[1]}")
    return [whole_number(count, "a count of a table") for count in counts.ravel()]


def _totals(called: _Called) -> tuple[int, int, int, int]:
    both, first, second = called
    return both[0] + first[0], sum(both) + sum(first), both[0] + second[0], sum(both) + sum(second)


def _nobody(n1: int, n2: int, measure: str) -> str:
    which = "neither test is" if not (n1 or n2) else "the second test is" if n1 else "the first test is"
    if n1 or n2:
        which = which.replace(" is", " is never")
        return f"{which} {'positive' if measure == 'ppv' else 'negative'}: it has no {measure.upper()}"
    return f"{which} ever {'positive' if measure == 'ppv' else 'negative'}: there is no {measure.upper()}"
