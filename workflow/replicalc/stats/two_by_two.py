"""Fisher's exact test of a 2 x 2 table in all its conventions, and Wald's test of the log odds ratio.

Every function takes [[a, b], [c, d]], whole counts; anything else raises ``ValueError``. A row or column without
patients gives ``nan`` and a warning.
"""

from __future__ import annotations

from math import log, nan, sqrt
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from replicalc.stats import hypergeometric
from replicalc.stats.base import TestResult, check_choice, numbers

Convention = Literal["point probability", "doubling", "Blaker", "greater", "less"]
CONVENTIONS: tuple[Convention, ...] = Convention.__args__
_SAME = 1 + 1e-7  # tables this close in probability count as equally probable, as in R
_NOTHING = "a row or column holds no patient: nothing to test"


def fisher(table: ArrayLike, convention: Convention, *, mid_p: bool = False) -> TestResult:
    """Fisher's exact test, given both margins; the statistic is none.

    convention: what two-sided means. "point probability" sums the tables at most as probable as the observed one (R,
        SPSS, SAS); "doubling" is twice the smaller one-sided P, at most 1 (also called central); "Blaker" adds to the
        smaller one-sided P the largest opposite tail that does not exceed it. "greater" and "less" are one-sided:
        the probability of an a, and so an odds ratio, at least or at most as large as the observed one.
    mid_p: count only half of the observed table's probability (for "point probability": of all tables as probable).
        Not defined here for "Blaker", which raises ValueError.

    Tables of some 1e9 patients and more give ``nan`` and a warning (``hypergeometric.MOST_VALUES``).

    References: Fay 2010, doi:10.1093/biostatistics/kxp050; Lancaster 1961, doi:10.1080/01621459.1961.10482105; Blaker
    2000, doi:10.2307/3315916.

    >>> [round(fisher([[3, 1], [1, 3]], c).p, 4) for c in ("point probability", "doubling", "greater")]
    [0.4857, 0.4857, 0.2429]
    """
    check_choice(convention, CONVENTIONS, "the convention of Fisher's test")
    if mid_p and convention == "Blaker":
        raise ValueError("mid-P is not defined for Blaker's convention")
    side = f"one-sided ({convention})" if convention in ("greater", "less") else "two-sided"
    if convention in ("doubling", "Blaker"):
        side += f" by {'doubling' if convention == 'doubling' else 'Blaker'}"
    method = f"Fisher exact{' with mid-P' if mid_p else ''}, {side}"
    (a, b), (c, d) = (map(int, row) for row in _counts(table))
    if not min(a + b, c + d, a + c, b + d):
        return TestResult(method, nan, warning=_NOTHING)
    distribution = hypergeometric.null((a, b, c, d))
    if distribution is None:
        return TestResult(method, nan, warning=hypergeometric.TOO_LARGE)
    p, seen = distribution
    half = p[seen] / 2 if mid_p else 0.0
    less, greater = p[: seen + 1].sum() - half, p[seen:].sum() - half
    if convention == "point probability":
        as_probable = np.abs(p - p[seen]) <= p[seen] * (_SAME - 1)
        value = p[p <= p[seen] * _SAME].sum() - (p[as_probable].sum() / 2 if mid_p else 0.0)
    elif convention == "doubling":
        value = 2 * min(less, greater)
    elif convention == "Blaker":
        tail = min(less, greater)
        opposite = np.cumsum(p[::-1] if less <= greater else p)  # the tails on the other side, smallest first
        value = tail + opposite[opposite <= tail * _SAME].max(initial=0.0)
    else:
        value = greater if convention == "greater" else less
    return TestResult(method, float(min(1.0, value)))


def pearson_one_sided(table: ArrayLike, alternative: Literal["greater", "less"]) -> TestResult:
    """The z test behind Pearson's chi-squared, one-sided: "greater" means a larger share of the first column in row 1.

    No continuity correction. Reference: Fleiss, Levin & Paik 2003, doi:10.1002/0471445428.

    >>> round(pearson_one_sided([[12, 5], [6, 11]], "greater").p, 4)
    0.0196
    """
    from scipy.special import ndtr

    check_choice(alternative, ("greater", "less"), "alternative")
    method = f"Pearson chi-squared, one-sided ({alternative})"
    a, b, c, d = _counts(table).ravel().tolist()
    spread = (a + b) * (c + d) * (a + c) * (b + d)
    if not spread:
        return TestResult(method, nan, warning=_NOTHING)
    z = (a * d - b * c) * sqrt((a + b + c + d) / spread)
    return TestResult(method, float(ndtr(-z if alternative == "greater" else z)), z)


def wald_log_odds(table: ArrayLike) -> TestResult:
    """Wald's test of the log odds ratio, two-sided: what a logistic regression on one binary covariate prints.

    z = log(a d / (b c)) / sqrt(1/a + 1/b + 1/c + 1/d). Nothing is added to an empty cell: it gives ``nan`` and a
    warning. The score test of the same regression is Pearson's chi-squared, its likelihood-ratio test the G test.
    Reference: Woolf 1955, doi:10.1111/j.1469-1809.1955.tb01348.x.

    >>> round(wald_log_odds([[12, 5], [6, 11]]).p, 4)
    0.044
    """
    from scipy.special import ndtr

    method = "Wald test of the log odds ratio"
    counts = _counts(table)
    if not counts.all():
        return TestResult(method, nan, warning="an empty cell: the log odds ratio is infinite")
    a, b, c, d = map(float, counts.ravel())
    z = log(a * d / (b * c)) / sqrt(1 / a + 1 / b + 1 / c + 1 / d)
    return TestResult(method, float(2 * ndtr(-abs(z))), z)


def _counts(table: ArrayLike) -> np.ndarray:
    values = numbers(table, "the counts of a table", ndim=2)
    if values.shape != (2, 2):
        raise ValueError(f"the table must be 2 x 2, not {values.shape[0]} x {values.shape[1]}")
    if (values < 0).any() or (values != np.rint(values)).any():
        raise ValueError("the counts of a table must be whole numbers of at least 0")
    return values.astype(np.int64)
