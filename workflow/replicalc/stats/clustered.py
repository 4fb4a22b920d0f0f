"""A proportion of lesions, and a difference of two, when several of them belong to one woman.

The results depend on the women only through how many lesions each has and how many of these succeed.
``proportion_of_clusters`` and ``difference_of_clusters`` take just that, one entry a woman or, with ``weights``, one
entry for all women alike; ``clustered_proportion`` and ``clustered_difference`` take lesions and count them first.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from math import nan, sqrt
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from replicalc.stats.base import check_level, counted, numbers
from replicalc.stats.effect import Effect, normal, wilson

Floats = NDArray[np.float64]


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


def clustered_proportion(
    success: ArrayLike, cluster: Sequence[Hashable], level: float = 0.95, *, weights: ArrayLike | None = None
) -> ClusteredProportion:
    """Proportion p of successes with Wilson's interval at the effective sample size.

    success: shape (n,), 1 or 0 for each lesion. cluster: the n labels that say whose lesion it is, of any
        type that can be compared for equality; None and NaN are refused.
    weights: shape (n,), how many women the woman of this lesion stands for, the same for all her lesions; 1 if None.

    The variance is the ratio estimator's, v = m / (m - 1) sum((x_i - p n_i)^2) / n^2 over the m clusters with
    x_i successes in n_i lesions. The design effect is v / (p (1 - p) / n), the effective sample size n / design
    effect, which replaces n in Wilson's formula; it need not be whole, and exceeds n where lesions of one
    woman differ more than chance has it (with a warning). With one lesion a cluster the design effect is
    m / (m - 1), so the interval is Wilson's for n - 1: the factor is kept, as in Rao & Scott.

    Where the variance between clusters is 0 (all or none succeed) or there are fewer than two clusters the
    limits are ``nan`` with a warning; Wilson's interval for the number of clusters is then a cautious choice,
    but the caller's.

    Raises ValueError for values other than 0 and 1, missing labels, unequal lengths or wrong weights.
    Reference: Rao & Scott 1992, doi:10.2307/2532311.

    >>> result = clustered_proportion([1, 1, 0, 1, 0, 0, 1, 1], ["a", "a", "b", "c", "d", "d", "e", "f"])
    >>> [round(value, 3) for value in (result.value, result.design_effect, result.lo, result.hi)]
    [0.625, 1.88, 0.227, 0.904]
    """
    check_level(level)
    w, (success, cluster) = counted(weights, success, cluster)
    y = numbers(success, "the successes")
    if not np.isin(y, (0, 1)).all():
        raise ValueError("the successes must be 0 or 1")
    women = _women(cluster, w, y)
    return proportion_of_clusters(women.sums[0], women.sizes, level, weights=women.weights)


def proportion_of_clusters(
    successes: ArrayLike, sizes: ArrayLike, level: float = 0.95, *, weights: ArrayLike | None = None
) -> ClusteredProportion:
    """``clustered_proportion`` from what the clusters amount to.

    successes, sizes: shape (m,), how many lesions of each woman succeed and how many she has, at least 1.
    weights: shape (m,), how many women are like this; 1 each if None.

    Raises ValueError for counts that are not whole, negative or above their size, and for wrong weights.

    >>> result = proportion_of_clusters([2, 0, 1, 0], [2, 1, 1, 2], weights=[1, 1, 3, 1])
    >>> [round(value, 3) for value in (result.value, result.design_effect, result.lo, result.hi)]
    [0.625, 1.88, 0.227, 0.904]
    """
    check_level(level)
    w, (successes, sizes) = counted(weights, successes, sizes)
    each, size = _counts(sizes, successes)
    method = "Wilson at the effective sample size (ratio estimator, Rao & Scott 1992)"
    n, x, m = int((w * size).sum()), int((w * each).sum()), int(w.sum())

    def unknown(p: float, se: float, why: str) -> ClusteredProportion:
        return ClusteredProportion(method, x, n, m, p, se, nan, nan, nan, nan, level, why)

    if not n:
        return unknown(nan, nan, "no value: no proportion")
    p = x / n
    if m < 2:
        return unknown(p, nan, "fewer than two clusters: no interval")
    v = _ratio_variance(each, size, w)
    if x in (0, n) or v < _POINT * p * (1 - p) / n:
        return unknown(p, 0.0, "the proportion does not vary between clusters: no interval")
    effect = v / (p * (1 - p) / n)
    lo, hi = wilson(p, n / effect, level)
    note = "the clusters differ less than chance has it: the effective sample size exceeds n" if effect < 1 else ""
    return ClusteredProportion(method, x, n, m, p, sqrt(v), effect, n / effect, lo, hi, level, note)


def clustered_difference(
    first: ArrayLike,
    second: ArrayLike,
    cluster: Sequence[Hashable],
    level: float = 0.95,
    *,
    weights: ArrayLike | None = None,
) -> Effect:
    """Difference of two shares of the same lesions, first minus second, with Wald limits that respect the women.

    first, second: shape (n,), 1 or 0 for each lesion by the one and by the other test. cluster, weights: as for
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
    w, (first, second, cluster) = counted(weights, first, second, cluster)
    x, y = numbers(first, "the first test"), numbers(second, "the second test")
    if x.size != y.size or not np.isin(x, (0, 1)).all() or not np.isin(y, (0, 1)).all():
        raise ValueError("the tests must be 0 or 1, one value of each for every lesion")
    women = _women(cluster, w, x, y)
    return difference_of_clusters(*women.sums, women.sizes, level, weights=women.weights)


def difference_of_clusters(
    first: ArrayLike, second: ArrayLike, sizes: ArrayLike, level: float = 0.95, *, weights: ArrayLike | None = None
) -> Effect:
    """``clustered_difference`` from what the clusters amount to.

    first, second, sizes: shape (m,), how many lesions of each woman are positive by the first and by the second test,
        and how many she has, at least 1. weights: shape (m,), how many women are like this; 1 each if None.

    Raises ValueError for counts that are not whole, negative or above their size, and for wrong weights.

    >>> found = difference_of_clusters([2, 0, 1], [1, 0, 0], [2, 1, 1])
    >>> round(found.value, 3), round(found.lo, 3), round(found.hi, 3)
    (0.5, 0.076, 0.924)
    """
    check_level(level)
    w, (first, second, sizes) = counted(weights, first, second, sizes)
    (x, size), y = _counts(sizes, first), _counts(sizes, second)[0]
    method = "Wald, ratio estimator over clusters"
    if not size.size:
        return Effect(method, nan, nan, nan, level, "no value: no difference")
    d, n = x - y, (w * size).sum()
    value = float((w * d).sum() / n)
    if w.sum() < 2:
        return Effect(method, value, nan, nan, level, "fewer than two clusters: no interval")
    v = _ratio_variance(d, size, w)
    if v < _POINT / n:
        return Effect(method, value, nan, nan, level, "all lesions differ alike: no interval")
    half = normal(level) * sqrt(v)
    return Effect(method, value, value - half, value + half, level)


#: A variance this small beside that of independent lesions is 0 but for rounding.
_POINT = 1e-22


class _Women(NamedTuple):
    """What the clusters amount to: sums of each column, how many lesions, how many women they stand for."""

    sums: tuple[Floats, ...]
    sizes: Floats
    weights: Floats


def _women(cluster: Sequence[Hashable], weights: Floats, *columns: Floats) -> _Women:
    """Add up the lesions of each cluster, in the order of their first lesion."""
    labels = list(cluster)
    if len(labels) != weights.size:
        raise ValueError(f"there must be one cluster for each value: {weights.size}, not {len(labels)}")
    if any(label is None or label != label for label in labels):
        raise ValueError("the clusters must have no missing label")
    codes: dict[Hashable, int] = {}
    code = np.fromiter((codes.setdefault(label, len(codes)) for label in labels), np.int64, len(labels))
    stands = np.zeros(len(codes))
    stands[code] = weights
    if (stands[code] != weights).any():
        raise ValueError("all lesions of one cluster must have the same weight: how many women she stands for")
    return _Women(tuple(np.bincount(code, column, len(codes)) for column in columns), np.bincount(code) * 1.0, stands)


def _counts(sizes: ArrayLike, positive: ArrayLike) -> tuple[Floats, Floats]:
    size, each = numbers(sizes, "the sizes of the clusters"), numbers(positive, "the counts of the clusters")
    if size.size != each.size:
        raise ValueError(f"there must be one count for each size of a cluster: {size.size}, not {each.size}")
    if (size < 1).any() or (size != np.rint(size)).any():
        raise ValueError("the sizes of the clusters must be whole numbers of at least 1")
    if (each < 0).any() or (each > size).any() or (each != np.rint(each)).any():
        raise ValueError("the counts of the clusters must be whole numbers from 0 to the size")
    return each, size


def _ratio_variance(sums: Floats, sizes: Floats, weights: Floats) -> float:
    """Variance of the mean over lesions in clusters: the ratio estimator's.

    The squares are added up in the order of their size, so that the order of the rows shows in no bit.
    """
    n, m = (weights * sizes).sum(), weights.sum()
    squares = (sums - (weights * sums).sum() / n * sizes) ** 2
    order = np.argsort(squares, kind="stable")
    return float(m / (m - 1) * (weights * squares)[order].sum() / n**2)
