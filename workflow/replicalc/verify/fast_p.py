"""P values of very many 2 x 2 tables at once, by the formulas of ``replicalc.stats``; a test holds one to the other.

``stats`` checks, warns and explains each table; a search over thousands of splits needs the bare number.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


def p_values(tables: Ints, test: str) -> Floats:
    """Two-sided P of each table by ``test``; ``nan`` where a row or column is empty (Wald: where a cell is).

    tables: (m, 4) counts a, b, c, d of [[a, b], [c, d]].
    test: pearson, yates, n_minus_1, likelihood_ratio, wald_log_odds, fisher, fisher_mid_p, barnard or boschloo; the
        last two one table after the other, by ``stats.two_groups``. References: see these names in ``stats``.

    Raises KeyError for an unknown test.

    >>> np.round(p_values(np.array([[12, 5, 6, 11], [3, 1, 1, 3]]), "fisher"), 4).tolist()
    [0.0844, 0.4857]
    """
    from scipy.special import chdtrc, ndtr

    t = np.asarray(tables, dtype=np.float64).reshape(-1, 4)
    if test in ("fisher", "fisher_mid_p"):
        return np.array([_fisher(*row, mid=test == "fisher_mid_p") for row in np.asarray(tables).tolist()])
    if test in ("barnard", "boschloo"):
        from replicalc.stats import two_groups

        return np.array([getattr(two_groups, test)([row[:2], row[2:]]).p for row in np.asarray(tables).tolist()])
    a, b, c, d = t.T
    n, product = t.sum(1), (a + b) * (c + d) * (a + c) * (b + d)
    excess = np.abs(a * d - b * c)
    with np.errstate(divide="ignore", invalid="ignore"):
        if test == "wald_log_odds":
            z = np.log(a * d / (b * c)) / np.sqrt((1 / t).sum(1))
            return np.where((t > 0).all(1), 2 * ndtr(-np.abs(z)), np.nan)
        statistic = {
            "pearson": lambda: n * excess**2 / product,
            "yates": lambda: n * np.maximum(excess - n / 2, 0) ** 2 / product,
            "n_minus_1": lambda: (n - 1) * excess**2 / product,
            "likelihood_ratio": lambda: _g(t),
        }[test]()
    return np.where(product > 0, chdtrc(1, np.maximum(statistic, 0)), np.nan)


def _g(t: Floats) -> Floats:
    from scipy.special import xlogy

    rows, columns = t[:, [0, 2]] + t[:, [1, 3]], t[:, :2] + t[:, 2:]
    margins = xlogy(rows, rows).sum(1) + xlogy(columns, columns).sum(1)
    n = t.sum(1)
    return 2 * (xlogy(t, t).sum(1) - margins + xlogy(n, n))


def _fisher(a: int, b: int, c: int, d: int, *, mid: bool) -> float:
    from scipy.special import gammaln

    row, column, n = a + b, a + c, a + b + c + d
    if not (row * column * (n - row) * (n - column)):
        return float("nan")
    x = np.arange(max(0, row + column - n), min(row, column) + 1)
    log = -(gammaln(x + 1) + gammaln(row - x + 1) + gammaln(column - x + 1) + gammaln(n - row - column + x + 1))
    p = np.exp(log - log.max())
    seen = p[a - x[0]]
    if mid:
        less, same = p < seen * (1 - 1e-7), np.abs(p - seen) <= seen * 1e-7
        return float(min(1.0, (p[less].sum() + p[same].sum() / 2) / p.sum()))
    return float(min(1.0, p[p <= seen * (1 + 1e-7)].sum() / p.sum()))
