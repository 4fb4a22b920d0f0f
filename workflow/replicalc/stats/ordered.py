"""Rank and trend tests of a table of counts, its columns (or rows) coded by their order: 1, 2, 3, ...

Every function takes an (r, c) array of whole counts, patients by row and column; anything else raises ``ValueError``.
Rows without patients are left out; fewer than two left, or patients who all have one code, give ``nan`` and a warning.
"""

from __future__ import annotations

from math import nan

import numpy as np
from numpy.typing import ArrayLike, NDArray

from replicalc.stats import contingency
from replicalc.stats.base import TestResult, numbers


def mann_whitney(table: ArrayLike, *, continuity: bool) -> TestResult:
    """Mann-Whitney test of two rows of patients whose value is the number of their column; asymptotic, ties corrected.

    continuity: as in ``two_groups.mann_whitney``; SPSS has none. With other than two rows that hold patients P is
    ``nan``. Reference: Mann & Whitney 1947, doi:10.1214/aoms/1177730491.

    >>> round(mann_whitney([[22, 15, 5], [8, 2, 5]], continuity=False).p, 4)
    0.5556
    """
    from replicalc.stats import two_groups

    groups = _groups(table)
    if len(groups) != 2:
        method = f"Mann-Whitney, asymptotic, {'with' if continuity else 'no'} continuity correction"
        return TestResult(method, nan, warning=f"{len(groups)} groups hold patients: it compares two")
    codes = np.arange(1.0, groups.shape[1] + 1)
    first, second = groups
    return two_groups.mann_whitney(
        codes, codes, continuity=continuity, method="asymptotic", x_weights=first, y_weights=second
    )


def kruskal_wallis(table: ArrayLike) -> TestResult:
    """Kruskal-Wallis test of rows of patients whose value is the number of their column; chi-squared, ties corrected.

    Degrees of freedom: one less than the rows that hold patients. Of two rows it is Mann-Whitney's without continuity
    correction. Reference: Kruskal & Wallis 1952, doi:10.1080/01621459.1952.10483441.

    >>> result = kruskal_wallis([[22, 15, 5], [26, 32, 12], [8, 2, 5]])
    >>> round(result.statistic, 4), result.df
    (2.222, 2.0)
    """
    method = "Kruskal-Wallis"
    groups = _groups(table)
    groups = groups[:, groups.any(0)]
    if len(groups) < 2 or groups.shape[1] < 2:
        return TestResult(method, nan, warning="fewer than two groups, or all values are equal: nothing to test")
    from scipy.special import chdtrc

    sizes, n = groups.sum(0), groups.sum()
    ranks = np.cumsum(sizes) - (sizes - 1) / 2 - (n + 1) / 2  # the middle one of each code, less the mean rank
    spread = float((sizes * ranks**2).sum())  # corrects for ties by itself
    between = float(((groups * ranks).sum(1) ** 2 / groups.sum(1)).sum())
    statistic, df = (n - 1) * between / spread, len(groups) - 1
    return TestResult(method, float(chdtrc(df, statistic)), float(statistic), float(df))


def cochran_armitage(table: ArrayLike) -> TestResult:
    """Cochran-Armitage test for trend of an r x 2 or 2 x c table: N r^2 with the codes as scores, 1 degree of freedom.

    Two-sided, no continuity correction; linear-by-linear association is (N - 1) r^2. Another shape gives ``nan``.
    Reference: Armitage 1955, doi:10.2307/3001775.

    >>> round(cochran_armitage([[22, 15, 5], [8, 2, 5]]).statistic, 4)
    0.8009
    """
    from scipy.special import chdtrc

    method = "Cochran-Armitage trend"
    linear = contingency.linear_by_linear(table)
    counts = np.asarray(table)
    if 2 not in (int(counts.any(1).sum()), int(counts.any(0).sum())):
        return TestResult(method, nan, warning="only defined where rows or columns are two")
    n = int(counts.sum())
    if not n > 1 or linear.p != linear.p:
        return TestResult(method, nan, warning=linear.warning or "nothing to test")
    statistic = linear.statistic * n / (n - 1)
    return TestResult(method, float(chdtrc(1, statistic)), statistic, 1.0, linear.warning)


def _groups(table: ArrayLike) -> NDArray[np.float64]:
    """The counts of every row that holds patients, as floats: they do not overflow when multiplied."""
    values = numbers(table, "the counts of a table", ndim=2)
    if (values < 0).any() or (values != np.rint(values)).any():
        raise ValueError("the counts of a table must be whole numbers of at least 0")
    return values[values.any(1)]
