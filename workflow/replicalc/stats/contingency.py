"""Tests of independence in r x c tables of counts.

Every function takes an (r, c) array of patients counted by row and column category. Counts are whole numbers
of at least 0; anything else, NaN included, raises ``ValueError``. Rows and columns without any patient are
left out and the warning says which; if fewer than two of either remain, there is nothing to test and P is
``nan``. All tests are two-sided (an r x c table has no direction), and each uses exactly the correction its
name says.
"""

from __future__ import annotations

from math import nan
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from replicalc.stats import exact, hypergeometric
from replicalc.stats.base import TestResult, deviance, join, numbers
from replicalc.stats.two_by_two import fisher

Ints = NDArray[np.int64]


class _Table(NamedTuple):
    """A checked table without empty rows and columns, and which of the original ones are kept."""

    counts: Ints
    rows: NDArray[np.bool_]
    columns: NDArray[np.bool_]
    warning: str

    @property
    def testable(self) -> bool:
        return min(self.counts.shape) >= 2


def pearson(table: ArrayLike) -> TestResult:
    """Pearson's chi-squared test without continuity correction, on (r - 1)(c - 1) degrees of freedom.

    A warning is added where the large-sample P value is doubtful by Cochran's rule: more than 20 % of the
    expected
    counts below 5, or any below 1. Reference: Pearson 1900, doi:10.1080/14786440009463897.

    >>> round(pearson([[22, 15, 5], [26, 32, 12], [8, 2, 5]]).statistic, 4)
    8.1351
    """
    return _chi_squared("Pearson chi-squared", table)


def yates(table: ArrayLike) -> TestResult:
    """Pearson's chi-squared test of a 2 x 2 table with Yates's continuity correction, 1 degree of freedom.

    The correction is 0.5 or, where smaller, the difference between observed and expected, as in R and SPSS.
    Any other shape gives ``nan``. Reference: Yates 1934, doi:10.2307/2983604.

    >>> round(yates([[12, 5], [6, 11]]).p, 4)
    0.0858
    """
    return _chi_squared("Pearson chi-squared with Yates correction", table, correction=True)


def likelihood_ratio(table: ArrayLike) -> TestResult:
    """Likelihood-ratio (G) test, uncorrected, on (r - 1)(c - 1) degrees of freedom; an empty cell adds 0.

    Warns by Cochran's rule as ``pearson`` does. Reference: Wilks 1938, doi:10.1214/aoms/1177732360.

    >>> round(likelihood_ratio([[12, 5], [6, 11]]).statistic, 4)
    4.3447
    """
    return _chi_squared("Likelihood-ratio chi-squared", table, likelihood=True)


def linear_by_linear(
    table: ArrayLike, row_scores: ArrayLike | None = None, col_scores: ArrayLike | None = None
) -> TestResult:
    """Linear-by-linear association (Mantel's test for trend): M^2 = (N - 1) r^2 on 1 degree of freedom, as
    SPSS.

    row_scores, col_scores: one number for each row (r,) and column (c,) of the table as given; 1, 2, 3, ...
        if left
    out. An empty category keeps its place: the others are not renumbered. Scores without spread give ``nan``.

    Raises ValueError if the number of scores is not that of the categories.
    Reference: Mantel 1963, doi:10.1080/01621459.1963.10500879.

    >>> round(linear_by_linear([[22, 15, 5], [26, 32, 12], [8, 2, 5]]).statistic, 4)
    1.636
    """
    from scipy.special import chdtrc

    method = "Linear-by-linear association"
    t = _read(table)
    row = _scores(row_scores, t.rows, "row")
    col = _scores(col_scores, t.columns, "column")
    if not t.testable:
        return TestResult(method, nan, warning=t.warning)
    n = t.counts.sum()
    row = row - t.counts.sum(1) @ row / n
    col = col - t.counts.sum(0) @ col / n
    spread = (t.counts.sum(1) @ row**2) * (t.counts.sum(0) @ col**2)
    if spread <= 0:
        return TestResult(method, nan, warning=join(t.warning, "the scores do not differ: no trend to test"))
    statistic = float((n - 1) * (row @ t.counts @ col) ** 2 / spread)
    return TestResult(method, float(chdtrc(1, statistic)), statistic, 1.0, t.warning)


def fisher_freeman_halton(table: ArrayLike, *, max_states: int = exact.MAX_STATES) -> TestResult:
    """Fisher's exact test, two-sided, and its extension to r x c tables; no statistic.

    P is the sum of the probabilities, given both margins, of all tables at most as probable as the observed
    one; tables within a relative 1e-7 count as equally probable, as in R. Above ``max_states`` partial tables
    P is ``nan``
    and the warning says how large the work would be; so it is of more than ``exact.MOST_PATIENTS`` in more than 2 x 2.
    Reference: Freeman & Halton 1951, doi:10.2307/2332323.

    >>> round(fisher_freeman_halton([[22, 15, 5], [26, 32, 12], [8, 2, 5]]).p, 6)
    0.077656
    """
    t = _read(table)
    two_by_two = t.counts.shape == (2, 2)
    method = "Fisher exact, two-sided" if two_by_two else "Fisher-Freeman-Halton exact"
    if not t.testable:
        return TestResult(method, nan, warning=t.warning)
    if two_by_two and t.counts.sum() > hypergeometric.SMALL:
        large = fisher(t.counts, "point probability")
        return TestResult(method, large.p, warning=join(t.warning, large.warning))
    p, warning = exact.tail(t.counts, "probability", max_states)
    return TestResult(method, p, warning=join(t.warning, warning))


def exact_pearson(table: ArrayLike, *, max_states: int = exact.MAX_STATES) -> TestResult:
    """Exact conditional Pearson chi-squared test, the "Exact Sig." of SPSS beside the Pearson chi-squared.

    P is the probability, given both margins, of a chi-squared at least as large as the observed one (relative
    tolerance 1e-7); the statistic and df are those of ``pearson``. Above ``max_states`` as
    ``fisher_freeman_halton``. Reference: Agresti 1992, doi:10.1214/ss/1177011454.

    >>> round(exact_pearson([[22, 15, 5], [26, 32, 12], [8, 2, 5]]).p, 6)
    0.084843
    """
    method = "Exact conditional Pearson chi-squared"
    t = _read(table)
    if not t.testable:
        return TestResult(method, nan, warning=t.warning)
    approximate = pearson(t.counts)
    if t.counts.shape == (2, 2) and t.counts.sum() > hypergeometric.SMALL:
        p, warning = _as_far(tuple(t.counts.ravel().tolist()))
        return TestResult(method, p, approximate.statistic, approximate.df, join(t.warning, warning))
    p, warning = exact.tail(t.counts, "pearson", max_states)
    return TestResult(method, p, approximate.statistic, approximate.df, join(t.warning, warning))


def _as_far(cells: hypergeometric.Cells) -> tuple[float, str]:
    """P of a first cell at least as far from its expectation as the observed one: in a 2 x 2 table, of as large a
    chi-squared.
    """
    distribution = hypergeometric.null(cells)
    if distribution is None:
        return nan, hypergeometric.TOO_LARGE
    a, b, c, d = cells
    p, seen = distribution
    excess = a - (a + b) * (a + c) / (a + b + c + d)
    distance = np.abs(np.arange(p.size) - seen + excess)
    return float(min(1.0, p[distance >= abs(excess) * (1 - 0.5e-7)].sum())), ""


def cochran_rule(table: ArrayLike) -> tuple[float, float]:
    """Return the share of cells expected to hold fewer than 5 patients, and the smallest expected count.

    Empty rows and columns are left out; both numbers are ``nan`` if fewer than two of either remain.
    Reference: Cochran 1954, doi:10.2307/3001616.

    >>> share, smallest = cochran_rule([[22, 15, 5], [26, 32, 12], [8, 2, 5]])
    >>> round(share, 3), round(smallest, 3)
    (0.111, 2.598)
    """
    t = _read(table)
    if not t.testable:
        return nan, nan
    expected = _expected(t.counts)
    return float((expected < 5).mean()), float(expected.min())


def _chi_squared(method: str, table: ArrayLike, *, correction: bool = False, likelihood: bool = False) -> TestResult:
    t = _read(table)
    if correction and t.counts.shape != (2, 2):
        return TestResult(method, nan, warning=join(t.warning, "only defined for 2 x 2"))
    if not t.testable:
        return TestResult(method, nan, warning=t.warning)
    from scipy.special import chdtrc
    from scipy.stats import chi2_contingency

    result = chi2_contingency(t.counts, correction=correction)
    statistic, p = float(result.statistic), float(result.pvalue)
    if likelihood:  # scipy's subtracts large numbers, which costs digits where the counts are large
        statistic = deviance(t.counts, result.expected_freq)
        p = float(chdtrc(result.dof, statistic))
    share, smallest = cochran_rule(t.counts)
    doubt = (
        f"{share:.0%} of the cells have an expected count below 5, the smallest is {smallest:.2g}: "
        "the large-sample P value is doubtful"
        if share > 0.2 or smallest < 1
        else ""
    )
    return TestResult(method, p, statistic, float(result.dof), join(t.warning, doubt))


def _read(table: ArrayLike) -> _Table:
    values = numbers(table, "the counts of a table", ndim=2)
    if (values < 0).any() or (values != np.rint(values)).any():
        raise ValueError("the counts of a table must be whole numbers of at least 0")
    counts = values.astype(np.int64)
    rows, columns = counts.any(1), counts.any(0)
    kept = counts[np.ix_(rows, columns)]
    few = "" if min(kept.shape) >= 2 else "fewer than two rows or columns hold any patient: nothing to test"
    return _Table(kept, rows, columns, join(_empty("row", rows), _empty("column", columns), few))


def _empty(what: str, kept: NDArray[np.bool_]) -> str:
    left_out = [str(i + 1) for i in np.flatnonzero(~kept)]
    return f"empty {what}{'s' * (len(left_out) > 1)} {', '.join(left_out)} left out" if left_out else ""


def _scores(scores: ArrayLike | None, kept: NDArray[np.bool_], what: str) -> NDArray[np.float64]:
    values = np.arange(1.0, kept.size + 1) if scores is None else numbers(scores, f"the {what} scores")
    if values.size != kept.size:
        raise ValueError(f"there must be one {what} score for each {what}: {kept.size}, not {values.size}")
    return values[kept]


def _expected(counts: Ints) -> NDArray[np.float64]:
    return np.outer(counts.sum(1).astype(float), counts.sum(0)) / counts.sum()
