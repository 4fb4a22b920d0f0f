"""Confidence intervals for one proportion."""

from __future__ import annotations

from math import nan
from typing import Literal

from replicalc.stats.base import Interval, check_choice, check_level, whole_number

Method = Literal["Wald", "Wilson", "Clopper-Pearson", "Agresti-Coull", "Jeffreys"]
_STATSMODELS = {
    "Wald": "normal",
    "Wilson": "wilson",
    "Clopper-Pearson": "beta",
    "Agresti-Coull": "agresti_coull",
    "Jeffreys": "jeffreys",
}
ALL_METHODS = tuple(_STATSMODELS)


def interval(count: int, n: int, method: Method, level: float) -> Interval:
    """Two-sided confidence interval, clipped to [0, 1], for a proportion of ``count`` among ``n``.

    No continuity correction anywhere. "Wald" is the textbook normal interval (a point at 0 and n of n);
    "Clopper-Pearson" the exact one; "Jeffreys" the equal-tailed beta interval as it stands, without the end
    correction that puts its lower limit at 0 for none and its upper one at 1 for all. n = 0 gives ``nan`` and
    a warning.

    Raises ValueError for counts that are not whole, negative or above n, and for an unknown method.
    References: Brown, Cai & DasGupta 2001, doi:10.1214/ss/1009213286; Clopper & Pearson 1934,
    doi:10.1093/biomet/26.4.404.

    >>> wilson = interval(8, 10, "Wilson", 0.95)
    >>> round(wilson.lo, 4), round(wilson.hi, 4)
    (0.4902, 0.9433)
    """
    check_choice(method, ALL_METHODS, "the method of an interval")
    check_level(level)
    count, n = whole_number(count, "the count"), whole_number(n, "the total")
    if count > n:
        raise ValueError(f"a count of {count} cannot exceed its total of {n}")
    if n == 0:
        return Interval(method, nan, nan, level, "no patient: no interval")
    from statsmodels.stats.proportion import proportion_confint

    limits = proportion_confint(count, n, alpha=1 - level, method=_STATSMODELS[method])
    lo, hi = (min(1.0, max(0.0, float(limit))) for limit in limits)
    if method != "Jeffreys":  # the ends are reached exactly, whatever the last binary digit says
        lo, hi = (0.0 if count == 0 else lo), (1.0 if count == n else hi)
    return Interval(method, lo, hi, level)
