"""Describing one numeric variable: quantiles by their definition, mean and SD, and their intervals.

Every function takes the n values of one variable, shape (n,), in any unit; results are in that unit. NaN or
infinite values raise ``ValueError``: what is missing is counted and left out by the caller, not here. Too few
values give ``nan`` and a warning.

``weights``, shape (n,), says how many patients each value stands for: the distinct values of a large cohort with their
counts give what its rows give. Wrong weights raise ``ValueError`` (``base.counted``).
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from math import nan, sqrt
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from replicalc.stats.base import Estimate, Interval, binomial_at_most, check_choice, check_level, counted, numbers

Definition = Literal["type 6", "type 7", "type 2", "tukey hinges"]
DEFINITIONS = ("type 6", "type 7", "type 2", "tukey hinges")
_NEAR = 1e-2  # a position is never moved further than this to a whole number, however many the patients


@dataclass(frozen=True, slots=True)
class MeanSD:
    """Mean and sample standard deviation (divisor n - 1) of n values."""

    n: int
    mean: float
    sd: float
    warning: str = ""


def quantile(x: ArrayLike, q: float, definition: Definition, *, weights: ArrayLike | None = None) -> Estimate:
    """The quantile ``q`` (0 to 1) by a named definition.

    "type 6": position (n + 1) q, interpolated: SPSS (HAVERAGE), Minitab. "type 7": position (n - 1) q + 1: R,
    numpy and Excel's QUARTILE.INC. "type 2": inverse distribution function, averaged at steps: SAS. "tukey
    hinges": medians
    of the two halves, each with the middle value if n is odd: SPSS boxplots; q = 0.25, 0.5, 0.75 only.

    No value gives ``nan``. Raises ValueError for another q or definition.
    Reference: Hyndman & Fan 1996, doi:10.1080/00031305.1996.10473566.

    >>> [quantile([1, 2, 4, 8, 16, 32], 0.25, d).value for d in DEFINITIONS]
    [1.75, 2.5, 2.0, 2.0]
    """
    check_choice(definition, DEFINITIONS, "the definition of a quantile")
    if not 0 <= q <= 1:
        raise ValueError(f"a quantile must lie between 0 and 1, not {q}")
    if definition == "tukey hinges" and q not in (0.25, 0.5, 0.75):
        raise ValueError(f"Tukey's hinges are defined for 0.25, 0.5 and 0.75, not {q}")
    values = _Sorted(x, weights)
    n = values.n
    method = f"quantile {q:g}, {definition}"
    if n == 0:
        return Estimate(method, nan, 0, "no value")
    if definition == "tukey hinges":
        half = (n + 1) // 2
        first, last = {0.25: (1, half), 0.5: (1, n), 0.75: (n - half + 1, n)}[q]
        return Estimate(method, float(values[(first + last) // 2] + values[(first + last + 1) // 2]) / 2, n)
    position = {"type 6": (n + 1) * q, "type 7": (n - 1) * q + 1, "type 2": n * q}[definition]
    if abs(position - round(position)) < min(1e-12 * n, _NEAR):  # 0.1 * 30 is 3, whatever binary fractions make of it
        position = float(round(position))
    below = int(np.floor(position))
    share = position - below
    if definition == "type 2":
        share = 0.5 if share == 0 else 1.0
    low, high = (values[min(max(i, 1), n)] for i in (below, below + 1))
    return Estimate(method, float(min(high, low + share * (high - low))), n)


class _Sorted:
    """Values in their order; an index is a rank from 1 to n, the patients being counted one by one."""

    def __init__(self, x: ArrayLike, weights: ArrayLike | None) -> None:
        w, (x,) = counted(weights, x)
        values = numbers(x, "the values")
        order = np.argsort(values, kind="stable")
        self._values: NDArray[np.float64] = values[order]
        self._up_to = np.cumsum(w[order])
        self.n = int(self._up_to[-1]) if values.size else 0

    def __getitem__(self, rank: int) -> np.float64:
        return self._values[np.searchsorted(self._up_to, rank)]


def mean_sd(x: ArrayLike, *, weights: ArrayLike | None = None) -> MeanSD:
    """Mean and sample standard deviation (divisor n - 1); one value has no SD, and no value has neither.

    >>> mean_sd([2, 4, 6])
    MeanSD(n=3, mean=4.0, sd=2.0, warning='')
    >>> mean_sd([2, 4], weights=[1_000_000, 1_000_000]).n
    2000000
    """
    w, (x,) = counted(weights, x)
    values = numbers(x, "the values")
    n = int(w.sum())
    if n < 2:
        mean, lacks = (float(values[0]), "one value: no standard deviation") if n else (nan, "no value")
        return MeanSD(n, mean, nan, lacks)
    if values.min() == values.max():
        return MeanSD(n, float(values[0]), 0.0, "all values are equal")
    mean = (w * values).sum() / n
    return MeanSD(n, float(mean), float(np.sqrt((w * (values - mean) ** 2).sum() / (n - 1))))


def mean_interval(x: ArrayLike, level: float, *, weights: ArrayLike | None = None) -> Interval:
    """Student's t interval for the mean, two-sided: mean +- t SD / sqrt(n), n - 1 degrees of freedom.

    Reference: Student 1908, doi:10.1093/biomet/6.1.1.

    >>> interval = mean_interval([2, 4, 6], 0.95)
    >>> round(interval.lo, 4), round(interval.hi, 4)
    (-0.9683, 8.9683)
    """
    check_level(level)
    s = mean_sd(x, weights=weights)
    method = "Student t interval for the mean"
    if s.n < 2:
        return Interval(method, nan, nan, level, "fewer than two values: no interval")
    from scipy.special import stdtrit

    half = float(stdtrit(s.n - 1, (1 + level) / 2)) * s.sd / sqrt(s.n)
    return Interval(method, s.mean - half, s.mean + half, level, s.warning)


def median_interval(x: ArrayLike, level: float, q: float = 0.5, *, weights: ArrayLike | None = None) -> Interval:
    """Interval for the median, or for the quantile ``q``, between two of the values; no distribution assumed.

    Each limit is the order statistic with at most (1 - level) / 2 beyond it by the binomial distribution, so
    the interval is conservative; the method text says which values it runs between and the coverage attained.
    Ties need no care (they only raise the coverage). With too few values a limit does not exist and is
    ``nan``.

    Raises ValueError unless 0 < q < 1. Reference: Conover 1999, Practical Nonparametric Statistics, section
    3.2; Hahn & Meeker 1991, doi:10.1002/9780470316771.

    >>> interval = median_interval(range(1, 21), 0.95)
    >>> interval.lo, interval.hi
    (6.0, 15.0)
    >>> interval.method
    'order-statistic interval for the quantile 0.5, values 6 to 15 of 20, coverage 95.86 %'
    """
    check_level(level)
    if not 0 < q < 1:
        raise ValueError(f"a quantile with an interval must lie between 0 and 1, not {q}")
    values = _Sorted(x, weights)
    n = values.n
    method = f"order-statistic interval for the quantile {q:g}"

    def below(i: int) -> float:  # P(at most i values lie below)
        return binomial_at_most(i, n, q)

    tail = (1 - level) / 2
    lower = bisect_left(range(n), True, key=lambda i: below(i) > tail)  # rank: P(fewer than lower) <= tail
    upper = bisect_left(range(n), True, key=lambda i: below(i) >= 1 - tail) + 1  # rank: P(upper or more) <= tail
    if lower < 1 or upper > n:
        lo = float(values[lower]) if lower else nan
        hi = float(values[upper]) if upper <= n else nan
        return Interval(method, lo, hi, level, f"{n} values are too few for a limit on either side")
    coverage = below(upper - 1) - below(lower - 1)
    method += f", values {lower} to {upper} of {n}, coverage {coverage:.2%}".replace("%", " %")
    return Interval(method, float(values[lower]), float(values[upper]), level)


def sd_interval(x: ArrayLike, level: float, *, weights: ArrayLike | None = None) -> Interval:
    """Chi-squared interval for the standard deviation, two-sided with equal tails; needs normal data.

    Reference: Hahn & Meeker 1991, doi:10.1002/9780470316771.

    >>> interval = sd_interval([2, 4, 6, 8], 0.95)
    >>> round(interval.lo, 4), round(interval.hi, 4)
    (1.4627, 9.6271)
    """
    check_level(level)
    s = mean_sd(x, weights=weights)
    method = "chi-squared interval for the SD, assumes normality"
    if s.n < 2:
        return Interval(method, nan, nan, level, "fewer than two values: no interval")
    from scipy.special import chdtri

    tail, df = (1 - level) / 2, s.n - 1
    lo, hi = (s.sd * sqrt(df / chdtri(df, share)) for share in (tail, 1 - tail))
    return Interval(method, lo, hi, level, s.warning)
