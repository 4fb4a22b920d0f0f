"""Two binary tests on the same subjects: McNemar's test and intervals for the difference of proportions."""

from __future__ import annotations

from math import nan, sqrt
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from replicalc.stats.base import TestResult, check_choice, check_level, numbers, whole_number
from replicalc.stats.effect import Effect, normal, undefined, wilson

McNemar = Literal["exact", "asymptotic", "asymptotic with continuity", "mid-p"]
_MCNEMAR = {
    "exact": "McNemar, exact conditional",
    "asymptotic": "McNemar, asymptotic, no continuity correction",
    "asymptotic with continuity": "McNemar, asymptotic, with continuity correction",
    "mid-p": "McNemar, mid-P",
}


def mcnemar(b: int, c: int, method: McNemar) -> TestResult:
    """McNemar's test, two-sided, from the discordant pairs alone.

    b: subjects positive by the first test only. c: by the second only.
    method: "asymptotic", (b - c)^2 / (b + c) on 1 degree of freedom; "asymptotic with continuity",
        (|b - c| - 1)^2 / (b + c), 0 where b = c (Edwards); "exact", the binomial test of b among b + c, whose
        statistic is the smaller of the two; "mid-p", the exact P less the probability of the observed b (half of it
        where b = c), as Fagerland et al.

    Without discordant pairs P is ``nan`` with a warning (R says 1 in the exact test). Fewer than 25
    discordant pairs are noted with the asymptotic forms.

    Raises ValueError for counts that are not whole or negative, and for an unknown method.
    References: McNemar 1947, doi:10.1007/BF02295996; Fagerland, Lydersen & Laake 2013,
    doi:10.1186/1471-2288-13-91.

    >>> [round(mcnemar(9, 3, method).p, 4) for method in ("exact", "asymptotic", "mid-p")]
    [0.146, 0.0833, 0.0923]
    """
    check_choice(method, tuple(_MCNEMAR), "the method of McNemar's test")
    b, c = whole_number(b, "a count of discordant pairs"), whole_number(c, "a count of discordant pairs")
    name, n = _MCNEMAR[method], b + c
    if not n:
        return TestResult(name, nan, warning="no discordant pair: nothing to test")
    if method.startswith("asymptotic"):
        from scipy.special import chdtrc

        excess = max(0, abs(b - c) - 1) if method != "asymptotic" else abs(b - c)
        doubt = f"only {n} discordant pairs: the large-sample P value is doubtful" if n < 25 else ""
        return TestResult(name, float(chdtrc(1, excess**2 / n)), excess**2 / n, 1.0, doubt)
    from scipy.stats import binom

    fewer = min(b, c)
    p = 1.0 if b == c else 2 * float(binom.cdf(fewer, n, 0.5))
    if method == "mid-p":
        p -= float(binom.pmf(b, n, 0.5)) / (2 if b == c else 1)
    return TestResult(name, min(1.0, p), float(fewer))


def paired_difference(table: ArrayLike, level: float, method: Literal["Wald", "Newcombe", "Tango"]) -> Effect:
    """Difference of the proportions positive by two tests on the same subjects, with its limits.

    table: [[a, b], [c, d]], rows the first test, columns the second, positive before negative: ``b`` subjects
        are positive by the first test only. The difference is (a + b) / n - (a + c) / n = (b - c) / n.
    method: "Wald", se^2 = (b + c - (b - c)^2 / n) / n^2, clipped to [-1, 1]; "Newcombe", his method 10: Wilson
        limits of both proportions, squared and added with the correlation phi, from whose numerator n / 2 is
        taken where it is positive (down to 0), and which is 0 where a margin is empty; "Tango", the score
        interval.

    No subject gives ``nan`` and a warning. For a difference of sensitivities the table holds the diseased
    only, for one of specificities the healthy, tests turned round.

    Raises ValueError for counts that are not whole or negative, another shape, or an unknown method.
    References: Newcombe 1998,
    doi:10.1002/(SICI)1097-0258(19981130)17:22<2635::AID-SIM954>3.0.CO;2-C; Tango 1998,
    doi:10.1002/(SICI)1097-0258(19980430)17:8<891::AID-SIM780>3.0.CO;2-B.

    >>> result = paired_difference([[14, 5], [0, 22]], 0.95, "Newcombe")
    >>> round(result.value, 3), round(result.lo, 3), round(result.hi, 3)
    (0.122, 0.011, 0.226)
    """
    check_choice(method, ("Wald", "Newcombe", "Tango"), "the method of a paired difference")
    check_level(level)
    counts = numbers(table, "the counts of a table", ndim=2)
    if counts.shape != (2, 2):
        raise ValueError(f"the table must be 2 x 2, not {counts.shape[0]} x {counts.shape[1]}")
    (a, b), (c, d) = [[whole_number(count, "a count of a table") for count in row] for row in counts]
    n = a + b + c + d
    if not n:
        return undefined(method, level, "no subject: no difference")
    value = (b - c) / n
    if method == "Wald":
        half = normal(level) * sqrt(b + c - (b - c) ** 2 / n) / n
        note = "" if half else "no variation between subjects: Wald's interval is a point"
        return Effect(method, value, max(-1.0, value - half), min(1.0, value + half), level, note)
    limits = _newcombe(a, b, c, d, level) if method == "Newcombe" else _tango(b, c, n, level)
    return Effect(method, value, *limits, level)


def _newcombe(a: int, b: int, c: int, d: int, level: float) -> tuple[float, float]:
    n = a + b + c + d
    p1, p2 = (a + b) / n, (a + c) / n
    (l1, u1), (l2, u2) = wilson(p1, n, level), wilson(p2, n, level)
    margins = (a + b) * (c + d) * (a + c) * (b + d)
    cross = a * d - b * c
    cross = max(0.0, cross - n / 2) if cross > 0 else cross
    phi = cross / sqrt(margins) if margins else 0.0

    def added(below: float, above: float) -> float:
        return sqrt(max(0.0, below**2 - 2 * phi * below * above + above**2))

    d0 = (b - c) / n
    return max(-1.0, d0 - added(p1 - l1, u2 - p2)), min(1.0, d0 + added(u1 - p1, p2 - l2))


def _tango(b: int, c: int, n: int, level: float) -> tuple[float, float]:
    """Where the score of a difference delta is +-z, the discordant share being estimated under delta."""
    from scipy.optimize import brentq

    z = normal(level)

    def excess(delta: float, sign: int) -> float:
        linear, constant = (2 * n - b + c) * delta - b - c, -c * delta * (1 - delta)
        q = (sqrt(max(0.0, linear**2 - 8 * n * constant)) - linear) / (4 * n)
        return b - c - n * delta - sign * z * sqrt(max(0.0, n * (2 * q + delta * (1 - delta))))

    d0 = (b - c) / n

    def limit(sign: int) -> float:
        end, start = (
            -float(sign),
            d0 - sign * 1e-12,
        )  # the lower limit has the positive score; at d0 itself it may be 0/0
        if abs(d0 - end) < 1e-9:
            return end
        return float(brentq(excess, *sorted((end, start)), args=(sign,), xtol=1e-15, rtol=8 * np.finfo(float).eps))

    return limit(1), limit(-1)
