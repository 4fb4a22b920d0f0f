"""A proportion of lesions, and a difference of two, when several of them belong to one woman."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from math import nan, sqrt

import numpy as np
from numpy.typing import ArrayLike

from replicalc.stats.base import check_level, numbers
from replicalc.stats.effect import Effect, normal, wilson


@dataclass(frozen=True, slots=True)
class ClusteredProportion:
    """A proportion of ``n`` lesions in ``clusters`` women; ``effective_n`` is how many independent ones they are."""

    method: str
    successes: int
    n: int
    clusters: int
    value: float
    se: float
    design_effect: float
    effective_n: float
    lo: float
    hi: float
    level: float
    warning: str = ""


def clustered_proportion(success: ArrayLike, cluster: Sequence[Hashable], level: float = 0.95) -> ClusteredProportion:
    """Proportion p of successes with Wilson's interval at the effective sample size.

    success: shape (n,), 1 or 0 for each lesion. cluster: the n labels that say whose lesion it is, of any
        type that can be compared for equality; None and NaN are refused.

    The variance is the ratio estimator's, v = m / (m - 1) sum((x_i - p n_i)^2) / n^2 over the m clusters with
    x_i successes in n_i lesions. The design effect is v / (p (1 - p) / n), the effective sample size n / design
    effect, which replaces n in Wilson's formula; it need not be whole, and exceeds n where lesions of one
    woman differ more than chance has it (with a warning). With one lesion a cluster the design effect is
    m / (m - 1), so the interval is Wilson's for n - 1: the factor is kept, as in Rao & Scott.

    Where the variance between clusters is 0 (all or none succeed) or there are fewer than two clusters the
    limits are ``nan`` with a warning; Wilson's interval for the number of clusters is then a cautious choice,
    but the caller's.

    Raises ValueError for values other than 0 and 1, missing labels or unequal lengths.
    Reference: Rao & Scott 1992, doi:10.2307/2532311.

    >>> result = clustered_proportion([1, 1, 0, 1, 0, 0, 1, 1], ["a", "a", "b", "c", "d", "d", "e", "f"])
    >>> [round(value, 3) for value in (result.value, result.design_effect, result.lo, result.hi)]
    [0.625, 1.88, 0.227, 0.904]
    """
    check_level(level)
    y = numbers(success, "the successes")
    if not np.isin(y, (0, 1)).all():
        raise ValueError("the successes must be 0 or 1")
    code, m = _codes(cluster, y.size)
    method = "Wilson at the effective sample size (ratio estimator, Rao & Scott 1992)"
    n, x = y.size, int(y.sum())

    def unknown(p: float, se: float, why: str) -> ClusteredProportion:
        return ClusteredProportion(method, x, n, m, p, se, nan, nan, nan, nan, level, why)

    if not n:
        return unknown(nan, nan, "no value: no proportion")
    p = x / n
    if m < 2:
        return unknown(p, nan, "fewer than two clusters: no interval")
    v = _ratio_variance(y, code, m)
    if v < 1e-24:
        return unknown(p, 0.0, "the proportion does not vary between clusters: no interval")
    effect = v / (p * (1 - p) / n)
    lo, hi = wilson(p, n / effect, level)
    note = "the clusters differ less than chance has it: the effective sample size exceeds n" if effect < 1 else ""
    return ClusteredProportion(method, x, n, m, p, sqrt(v), effect, n / effect, lo, hi, level, note)


def clustered_difference(
    first: ArrayLike, second: ArrayLike, cluster: Sequence[Hashable], level: float = 0.95
) -> Effect:
    """Difference of two shares of the same lesions, first minus second, with Wald limits that respect the women.

    first, second: shape (n,), 1 or 0 for each lesion by the one and by the other test. cluster: as for
        ``clustered_proportion``.

    The difference is the mean of the within-lesion differences; its variance is the ratio estimator's over the
    clusters, as ``survey::svymean`` in R. With fewer than two clusters, or where all lesions differ alike, the
    limits are ``nan`` with a warning.

    Raises ValueError as ``clustered_proportion``. Reference: Rao & Scott 1992, doi:10.2307/2532311.

    >>> found = clustered_difference([1, 1, 0, 1], [1, 0, 0, 0], ["a", "a", "b", "c"])
    >>> round(found.value, 3), round(found.lo, 3), round(found.hi, 3)
    (0.5, 0.076, 0.924)
    """
    check_level(level)
    x, y = numbers(first, "the first test"), numbers(second, "the second test")
    if x.size != y.size or not np.isin(x, (0, 1)).all() or not np.isin(y, (0, 1)).all():
        raise ValueError("the tests must be 0 or 1, one value of each for every lesion")
    method = "Wald, ratio estimator over clusters"
    code, m = _codes(cluster, x.size)
    if not x.size:
        return Effect(method, nan, nan, nan, level, "no value: no difference")
    d = x - y
    value = float(d.mean())
    if m < 2:
        return Effect(method, value, nan, nan, level, "fewer than two clusters: no interval")
    se = sqrt(_ratio_variance(d, code, m))
    if se < 1e-12:
        return Effect(method, value, nan, nan, level, "all lesions differ alike: no interval")
    return Effect(method, value, value - normal(level) * se, value + normal(level) * se, level)


def _codes(cluster: Sequence[Hashable], n: int) -> tuple[np.ndarray, int]:
    """Number the clusters in the order of their first lesion; return the code of each lesion and how many there are."""
    labels = list(cluster)
    if len(labels) != n:
        raise ValueError(f"there must be one cluster for each value: {n}, not {len(labels)}")
    if any(label is None or label != label for label in labels):
        raise ValueError("the clusters must have no missing label")
    codes: dict[Hashable, int] = {}
    return np.array([codes.setdefault(label, len(codes)) for label in labels], dtype=np.int64), len(codes)


def _ratio_variance(y: np.ndarray, code: np.ndarray, m: int) -> float:
    """Variance of the mean of ``y`` over lesions in ``m`` clusters: the ratio estimator's.

    The squares are added up in the order of their size, so that the order of the rows shows in no bit.
    """
    residual = np.bincount(code, weights=y) - y.mean() * np.bincount(code)
    return m / (m - 1) * float(np.sort(residual**2).sum()) / y.size**2
