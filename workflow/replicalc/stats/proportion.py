"""Confidence intervals for one proportion."""

from __future__ import annotations

from bisect import bisect_left
from math import asin, nan, pi, sin, sqrt
from typing import Literal

from replicalc.stats.base import Interval, check_choice, check_level, deviance, whole_number
from replicalc.stats.effect import normal

Method = Literal[
    "Wald",
    "Wald with continuity correction",
    "Wilson",
    "Wilson with continuity correction",
    "Clopper-Pearson",
    "mid-P",
    "Blaker",
    "Agresti-Coull",
    "Jeffreys",
    "logit",
    "arcsine",
    "arcsine (Anscombe)",
    "likelihood ratio",
]
_STATSMODELS = {
    "Wald": "normal",
    "Wilson": "wilson",
    "Clopper-Pearson": "beta",
    "Agresti-Coull": "agresti_coull",
    "Jeffreys": "jeffreys",
}
ALL_METHODS: tuple[Method, ...] = Method.__args__
#: Methods whose formula can leave [0, 1]; programs differ in whether they cut it there.
CAN_LEAVE_0_TO_1 = ("Wald", "Wald with continuity correction", "Agresti-Coull")
#: Methods whose limit at none and at all is 0 and 1, or is not defined.
_ENDS_AS_COMPUTED = ("Jeffreys", "logit", "arcsine (Anscombe)")
_ITERATED = ("mid-P", "Blaker", "likelihood ratio")
#: Patients up to which limits are iterated: as a share of more, one patient is too near 1 to keep eight digits.
MOST_ITERATED = 100_000_000
#: The two tails that a limit found by iteration may be off by, relative to the proportion.
_XTOL = 1e-14


def interval(count: int, n: int, method: Method, level: float, *, cut: bool = True) -> Interval:
    """Two-sided confidence interval for a proportion of ``count`` among ``n``.

    method: a continuity correction only where the name says so. "Wald" is the textbook normal interval (a point at
        0 and n of n), its correction 1 / (2 n); "Wilson with continuity correction" is Newcombe's method 4 (R's
        ``prop.test`` corrects less where the proportion is within 1 / (2 n) of one half). "Clopper-Pearson" is the
        exact one, "mid-P" counts half of the observed outcome's probability, "Blaker" adds to a tail the largest
        opposite tail that does not exceed it, and takes all between the outermost accepted proportions. "Jeffreys"
        is the equal-tailed beta interval as it stands, without the end correction that puts its lower limit at 0 for
        none and its upper one at 1 for all. "logit" is Wald's on the log odds, not defined for none and all;
        "arcsine" sin^2(asin(sqrt(p)) -+ z / (2 sqrt(n))), with Anscombe's p = (count + 3/8) / (n + 3/4) in the other
        of that name; "likelihood ratio" inverts the deviance.
    level: 0.95 for 95 %.
    cut: whether limits beyond 0 and 1 are cut there; only ``CAN_LEAVE_0_TO_1`` have any.

    n = 0, and "logit" for none and all, give ``nan`` and a warning; so do more than ``MOST_ITERATED`` patients where
    the limits are iterated ("mid-P", "Blaker", "likelihood ratio").

    Raises ValueError for counts that are not whole, negative or above n, and for an unknown method.
    References: Brown, Cai & DasGupta 2001, doi:10.1214/ss/1009213286; Clopper & Pearson 1934,
    doi:10.1093/biomet/26.4.404; Newcombe 1998, doi:10.1002/(SICI)1097-0258(19980430)17:8<857::AID-SIM777>3.0.CO;2-E;
    Blaker 2000, doi:10.2307/3315916; Anscombe 1948, doi:10.1093/biomet/35.3-4.246.

    >>> wilson = interval(8, 10, "Wilson", 0.95)
    >>> round(wilson.lo, 4), round(wilson.hi, 4)
    (0.4902, 0.9433)
    >>> blaker = interval(8, 10, "Blaker", 0.95)
    >>> round(blaker.lo, 4), round(blaker.hi, 4)
    (0.4444, 0.9632)
    """
    check_choice(method, ALL_METHODS, "the method of an interval")
    check_level(level)
    count, n = whole_number(count, "the count"), whole_number(n, "the total")
    if count > n:
        raise ValueError(f"a count of {count} cannot exceed its total of {n}")
    if n == 0:
        return Interval(method, nan, nan, level, "no patient: no interval")
    if method in _ITERATED and n > MOST_ITERATED:
        return Interval(method, nan, nan, level, f"not computed for {n:,} patients, more than {MOST_ITERATED:,}")
    if method == "logit" and count in (0, n):
        return Interval(method, nan, nan, level, "none or all: the log odds are infinite")
    lo, hi = _limits(count, n, method, level)
    if cut or method not in CAN_LEAVE_0_TO_1:
        lo, hi = min(1.0, max(0.0, lo)), min(1.0, max(0.0, hi))
        if method not in _ENDS_AS_COMPUTED:  # the ends are reached exactly, whatever the last binary digit says
            lo, hi = (0.0 if count == 0 else lo), (1.0 if count == n else hi)
    return Interval(method, lo, hi, level)


def _limits(count: int, n: int, method: str, level: float) -> tuple[float, float]:
    z, p = normal(level), count / n
    if method == "Wald":
        half = z * sqrt(p * (1 - p) / n)
        return p - half, p + half
    if method == "Agresti-Coull":
        centre = (count + z * z / 2) / (n + z * z)
        half = z * sqrt(centre * (1 - centre) / (n + z * z))
        return centre - half, centre + half
    if method in _STATSMODELS:
        from statsmodels.stats.proportion import proportion_confint

        lo, hi = proportion_confint(count, n, alpha=1 - level, method=_STATSMODELS[method])
        return float(lo), float(hi)
    if method == "Wald with continuity correction":
        half = z * sqrt(p * (1 - p) / n) + 1 / (2 * n)
        return p - half, p + half
    if method == "Wilson with continuity correction":
        return _wilson_corrected(n - count, n, z, mirrored=True), _wilson_corrected(count, n, z)
    if method == "logit":
        from scipy.special import expit, logit

        half = z / sqrt(n * p * (1 - p))
        return float(expit(logit(p) - half)), float(expit(logit(p) + half))
    if method.startswith("arcsine"):
        p = p if method == "arcsine" else (count + 0.375) / (n + 0.75)
        angle, half = asin(sqrt(p)), z / (2 * sqrt(n))
        return sin(max(0.0, angle - half)) ** 2, sin(min(pi / 2, angle + half)) ** 2
    lower = {"mid-P": _mid_p, "Blaker": _blaker, "likelihood ratio": _likelihood}[method]
    return lower(count, n, level), 1 - lower(n - count, n, level)


def _wilson_corrected(count: int, n: int, z: float, mirrored: bool = False) -> float:
    """Upper limit of Newcombe's method 4; the lower one is 1 minus that of the other patients."""
    p = count / n
    root = z * sqrt(max(0.0, z * z + 2 - 1 / n + 4 * p * (n - count - 1)))
    upper = min(1.0, (2 * count + z * z + 1 + root) / (2 * (n + z * z))) if count < n else 1.0
    return 1 - upper if mirrored else upper


def _mid_p(count: int, n: int, level: float) -> float:
    """Lower limit: P(X > count) + P(X = count) / 2 is half of what the level leaves."""
    from scipy.special import betainc
    from scipy.stats import binom

    if count == 0:
        return 0.0
    return _root(
        lambda p: float(betainc(count, n - count + 1, p)) - float(binom.pmf(count, n, p)) / 2 - (1 - level) / 2,
        0.0,
        1.0,
    )


def _likelihood(count: int, n: int, level: float) -> float:
    """Lower limit: where the deviance reaches the quantile of chi-squared with 1 degree of freedom."""
    if count == 0:
        return 0.0
    p, z = count / n, normal(level)

    def excess(x: float) -> float:
        return z * z - deviance([count, n - count], [n * x, n - n * x])

    return _root(excess, 1e-300, p)


def _blaker(count: int, n: int, level: float) -> float:
    """Lower limit: the smallest proportion that Blaker's test accepts.

    From Clopper and Pearson's limit upwards, P(X >= count) plus the largest lower tail P(X <= j) that does not
    exceed it changes smoothly, first falling, then rising, until the next tail j + 1 is let in; there both tails are
    equal and at least half of what the level leaves, so the proportion is accepted. The limit is therefore at that
    step or, if the level is reached on the way there, before it.
    """
    from scipy.special import bdtr, betainc, betaincinv

    if count == 0:
        return 0.0
    alpha = 1 - level
    start = float(betaincinv(count, n - count + 1, alpha / 2))

    def upper_tail(p: float) -> float:
        return float(betainc(count, n - count + 1, p))

    # the last lower tail that small; -1 if there is none
    j = bisect_left(range(count), True, key=lambda each: float(bdtr(each, n, start)) > alpha / 2) - 1
    step = _root(lambda p: upper_tail(p) - float(bdtr(j + 1, n, p)), start, 1.0)

    def excess(p: float) -> float:
        return upper_tail(p) + (float(bdtr(j, n, p)) if j >= 0 else 0.0) - alpha

    return _root(excess, start, step) if excess(step) > 0 > excess(start) else step


def _root(function, low: float, high: float) -> float:
    from scipy.optimize import brentq

    return float(brentq(function, low, high, xtol=1e-300, rtol=_XTOL, maxiter=1000))
