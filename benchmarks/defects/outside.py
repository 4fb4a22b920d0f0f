"""P values, intervals and agreement by scipy and statsmodels or from their published formulas, not by the package.

What a paper prints comes from here; the package's own functions are what is tested.
"""

from __future__ import annotations

from collections.abc import Callable
from math import sqrt

import numpy as np
from numpy.typing import NDArray
from scipy import stats

Ints = NDArray[np.int64]


def _spread_out(table: Ints) -> tuple[Ints, Ints]:
    """Row and column number of each patient."""
    rows, columns = np.indices(table.shape)
    return np.repeat(rows.ravel(), table.ravel()), np.repeat(columns.ravel(), table.ravel())


def _pearson(table: Ints) -> float:
    return float(stats.chi2_contingency(table, correction=False).pvalue)


def _n_minus_1(table: Ints) -> float:
    n = table.sum()
    return float(stats.chi2.sf(stats.chi2_contingency(table, correction=False).statistic * (n - 1) / n, 1))


def _fisher(table: Ints) -> float:
    return float(stats.fisher_exact(table).pvalue)


def _fisher_mid_p(table: Ints) -> float:
    """Half of the probability of all tables as probable as the seen one (Lancaster 1961)."""
    (a, b), (c, d) = table.tolist()
    x = np.arange(max(0, a - d), min(a + b, a + c) + 1)
    p = stats.hypergeom.pmf(x, a + b + c + d, a + c, a + b)
    seen = p[a - x[0]]
    same = np.abs(p - seen) <= 1e-7 * seen
    return float(min(1.0, p[(p < seen) & ~same].sum() + p[same].sum() / 2))


def _linear_by_linear(table: Ints) -> float:
    x, y = _spread_out(table)
    return float(stats.chi2.sf((x.size - 1) * np.corrcoef(x, y)[0, 1] ** 2, 1))


def _cochran_armitage(table: Ints) -> float:
    x, y = _spread_out(table)
    return float(stats.chi2.sf(x.size * np.corrcoef(x, y)[0, 1] ** 2, 1))


def _kruskal_wallis(table: Ints) -> float:
    x, y = _spread_out(table)
    return float(stats.kruskal(*(y[x == row] for row in range(table.shape[0]))).pvalue)


def _mann_whitney(table: Ints) -> float:
    x, y = _spread_out(table)
    return float(stats.mannwhitneyu(y[x == 0], y[x == 1], use_continuity=False, method="asymptotic").pvalue)


#: By the key that ``docs/relations.md`` gives them.
FOURFOLD: dict[str, Callable[[Ints], float]] = {
    "pearson": _pearson,
    "yates": lambda table: float(stats.chi2_contingency(table, correction=True).pvalue),
    "n_minus_1": _n_minus_1,
    "likelihood_ratio": lambda t: float(stats.chi2_contingency(t, correction=False, lambda_="log-likelihood").pvalue),
    "fisher": _fisher,
    "fisher_mid_p": _fisher_mid_p,
}
#: Tests of a table of any size without order, and those that need an order of the columns, or of rows and columns.
ANY = {name: FOURFOLD[name] for name in ("pearson", "likelihood_ratio")}
TREND = {"linear_by_linear": _linear_by_linear}
RANKS = {"kruskal_wallis": _kruskal_wallis}
TWO_ROWS = {"mann_whitney": _mann_whitney, "cochran_armitage": _cochran_armitage}


def tests_of(shape: tuple[int, int], ordered: bool) -> dict[str, Callable[[Ints], float]]:
    """The tests that a table of this shape may be printed with; those of order only where both have one."""
    if shape == (2, 2):
        return FOURFOLD
    found = dict(ANY)
    if ordered:
        found |= TREND | RANKS
        if shape[0] == 2:
            found |= TWO_ROWS
    return found


#: The names in ``docs/relations.md`` and in statsmodels.
INTERVALS = {
    "Wilson": "wilson",
    "Wald": "normal",
    "Clopper-Pearson": "beta",
    "Agresti-Coull": "agresti_coull",
    "Jeffreys": "jeffreys",
    "Wilson with continuity correction": "wilsoncc",
}


def interval(count: int, n: int, method: str) -> tuple[float, float]:
    """95 % limits of a proportion, cut at 0 and 1."""
    if method == "Wilson with continuity correction":
        found = stats.binomtest(count, n).proportion_ci(0.95, "wilsoncc")
        return float(found.low), float(found.high)
    from statsmodels.stats.proportion import proportion_confint

    lo, hi = proportion_confint(count, n, alpha=0.05, method=INTERVALS[method])
    return max(0.0, float(lo)), min(1.0, float(hi))


def woolf(table: Ints) -> tuple[float, float, float]:
    """Odds ratio of a fourfold table with Woolf's 95 % limits."""
    (a, b), (c, d) = table.tolist()
    ratio, half = a * d / (b * c), stats.norm.ppf(0.975) * sqrt(1 / a + 1 / b + 1 / c + 1 / d)
    return ratio, ratio * float(np.exp(-half)), ratio * float(np.exp(half))


FORMS = ("ICC(1,1)", "ICC(A,1)", "ICC(C,1)", "ICC(1,k)", "ICC(A,k)", "ICC(C,k)")


def icc(x: NDArray[np.float64], form: str) -> tuple[float, float, float]:
    """Intraclass correlation of (n, k) ratings with 95 % limits, from the mean squares.

    Reference: McGraw & Wong 1996, tables 4 and 7, doi:10.1037/1082-989X.1.1.30.
    """
    n, k = x.shape
    between = k * x.mean(1).var(ddof=1)
    raters = n * x.mean(0).var(ddof=1)
    error = ((x - x.mean(0) - x.mean(1, keepdims=True) + x.mean()) ** 2).sum() / ((n - 1) * (k - 1))
    within = ((x - x.mean(1, keepdims=True)) ** 2).sum() / (n * (k - 1))
    if "A" in form:
        value = (between - error) / (between + (k - 1) * error + k / n * (raters - error))
        lo, hi = agreement_limits(value, between / error, raters / error, n, k)
    else:
        rest, df = (within, n * (k - 1)) if "1," in form else (error, (n - 1) * (k - 1))
        value = (between - rest) / (between + (k - 1) * rest)
        lo, hi = f_limits(between / rest, n - 1, df, k)
    if form.endswith("k)"):
        value, lo, hi = (k * v / (1 + (k - 1) * v) for v in (value, lo, hi))
    return float(value), float(lo), float(hi)


def f_limits(f, df1: int, df2: int, k: int):
    """Limits for one rating, one-way or consistency, from the ratio of mean squares."""
    low, high = f / stats.f.ppf(0.975, df1, df2), f * stats.f.ppf(0.975, df2, df1)
    return (low - 1) / (low + k - 1), (high - 1) / (high + k - 1)


def agreement_limits(value, f, j, n: int, k: int):
    """Limits for one rating, absolute agreement; f, j: mean squares of subjects and raters over that of error."""
    a, b = k * value / (n * (1 - value)), 1 + k * value * (n - 1) / (n * (1 - value))
    df = (a * j + b) ** 2 / ((a * j) ** 2 / (k - 1) + b**2 / ((n - 1) * (k - 1)))
    low, high = stats.f.ppf(0.975, n - 1, df), stats.f.ppf(0.975, df, n - 1)
    rest = k * j + (k * n - k - n)
    return n * (f - low) / (low * rest + n * f), n * (high * f - 1) / (rest + n * high * f)
