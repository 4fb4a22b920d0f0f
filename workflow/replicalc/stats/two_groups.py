"""Two independent groups: differences and ratios of proportions, 2 x 2 tests, and the Mann-Whitney test.

In every table the rows are the groups and the columns the outcome: [[a, b], [c, d]]. Counts that are not whole,
negative or NaN raise ``ValueError``. All tests are two-sided unless ``alternative`` says otherwise.
"""

from __future__ import annotations

from math import nan, sqrt
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from replicalc.stats import hypergeometric
from replicalc.stats.base import TestResult, check_choice, check_level, counted, join, numbers
from replicalc.stats.effect import Effect, count_of, normal, on_log_scale, undefined, wilson

Alternative = Literal["two-sided", "greater", "less"]
_NOTHING = "a row or column holds no patient: nothing to test"
#: Pairs of readings, n1 n2, up to which the permutation distribution of U is computed: about a second of work.
MOST_PAIRS = 40_000
#: Tables, (n1 + 1) (n2 + 1), up to which the unconditional tests are computed: some seconds of work and 100 MB.
MOST_TABLES = 500_000


def risk_difference(a: int, n1: int, b: int, n2: int, level: float, method: Literal["Wald", "Newcombe"]) -> Effect:
    """Difference a / n1 - b / n2 of two independent proportions with its limits; no continuity correction.

    "Wald" is the textbook interval, clipped to [-1, 1] (a point where both proportions are 0 or 1);
    "Newcombe" squares and adds the distances to Wilson's limits of each proportion (his method 10). A group
    without patients gives ``nan`` and a warning.

    Raises ValueError for a count above its total or an unknown method.
    Reference: Newcombe 1998, doi:10.1002/(SICI)1097-0258(19980430)17:8<873::AID-SIM779>3.0.CO;2-I.

    >>> result = risk_difference(56, 70, 48, 80, 0.95, "Newcombe")
    >>> round(result.value, 4), round(result.lo, 4), round(result.hi, 4)
    (0.2, 0.0524, 0.3339)
    """
    check_choice(method, ("Wald", "Newcombe"), "the method of a difference")
    check_level(level)
    (a, n1), (b, n2) = count_of(a, n1), count_of(b, n2)
    if not n1 * n2:
        return undefined(method, level, "a group has no patient: no difference")
    p1, p2 = a / n1, b / n2
    d = p1 - p2
    if method == "Wald":
        half = normal(level) * sqrt(p1 * (1 - p1) / n1 + p2 * (1 - p2) / n2)
        note = "" if half else "both proportions are 0 or 1: Wald's interval is a point"
        return Effect(method, d, max(-1.0, d - half), min(1.0, d + half), level, note)
    (l1, u1), (l2, u2) = wilson(p1, n1, level), wilson(p2, n2, level)
    lo, hi = d - sqrt((p1 - l1) ** 2 + (u2 - p2) ** 2), d + sqrt((u1 - p1) ** 2 + (p2 - l2) ** 2)
    return Effect(method, d, lo, hi, level)


def risk_ratio(a: int, n1: int, b: int, n2: int, level: float) -> Effect:
    """Ratio (a / n1) / (b / n2) of two independent proportions with limits by the log method (Katz).

    The standard error of the log ratio is sqrt(1/a - 1/n1 + 1/b - 1/n2). Nothing is added to a count: without
    events in the second group the ratio is ``nan``, without events in the first it is 0 and has no limits.

    Raises ValueError for a count above its total.
    Reference: Katz, Baptista, Azen & Pike 1978, doi:10.2307/2530610.

    >>> result = risk_ratio(56, 70, 48, 80, 0.95)
    >>> round(result.value, 4), round(result.lo, 4), round(result.hi, 4)
    (1.3333, 1.0766, 1.6512)
    """
    check_level(level)
    (a, n1), (b, n2) = count_of(a, n1), count_of(b, n2)
    method = "log method (Katz)"
    if not n1 * n2:
        return undefined(method, level, "a group has no patient: no ratio")
    if not b:
        return undefined(method, level, "not defined: no event in the second group")
    if not a:
        return undefined(method, level, "a ratio of 0 has no interval", 0.0)
    se = sqrt(max(0.0, 1 / a - 1 / n1 + 1 / b - 1 / n2))
    return on_log_scale(method, (a / n1) / (b / n2), se, level, "" if se else "every patient has the event")


def mann_whitney(
    x: ArrayLike,
    y: ArrayLike,
    *,
    continuity: bool,
    method: Literal["asymptotic", "exact"],
    alternative: Alternative = "two-sided",
    x_weights: ArrayLike | None = None,
    y_weights: ArrayLike | None = None,
) -> TestResult:
    """Mann-Whitney U (Wilcoxon rank-sum) test of two independent samples ``x`` (n1,) and ``y`` (n2,), in one unit.

    method: "asymptotic", the normal approximation with the variance corrected for ties; "exact", the
        permutation distribution, which refuses ties with P = ``nan`` and has no continuity correction; so it does
        more than ``MOST_PAIRS`` pairs n1 n2.
    continuity: whether the normal approximation moves U by 1/2 towards its mean.
    alternative: "greater" means that ``x`` tends to exceed ``y``.
    x_weights, y_weights: shapes (n1,) and (n2,), how many patients each reading stands for; None is one each.

    SPSS is asymptotic with continuity=False; R's ``wilcox.test(exact=FALSE)`` corrects for continuity. The
    statistic is z (positive where ``x`` tends to be larger) if asymptotic, and U of ``x``, the number of
    pairs in which ``x`` is larger, if exact. An empty group, or readings that are all equal, give ``nan``.

    Raises ValueError for NaN, wrong weights or an unknown option.
    Reference: Mann & Whitney 1947, doi:10.1214/aoms/1177730491.

    >>> result = mann_whitney([23, 31, 18, 40], [20, 32, 11, 30, 27], continuity=False, method="asymptotic")
    >>> round(result.statistic, 4), round(result.p, 4)
    (0.4899, 0.6242)
    """
    check_choice(method, ("asymptotic", "exact"), "method")
    check_choice(alternative, ("two-sided", "greater", "less"), "alternative")
    (w1, (x,)), (w2, (y,)) = counted(x_weights, x), counted(y_weights, y)
    a, b = numbers(x, "the first readings"), numbers(y, "the second readings")
    name = f"Mann-Whitney, {method}"
    if method == "asymptotic":
        name += f", {'with' if continuity else 'no'} continuity correction"
    name += "" if alternative == "two-sided" else f", one-sided ({alternative})"
    n1, n2 = int(w1.sum()), int(w2.sum())
    if not n1 * n2:
        return TestResult(name, nan, warning="a group has no reading: nothing to test")
    code = np.unique(np.concatenate([a, b]), return_inverse=True)[1]
    first, sizes = np.bincount(code[: a.size], w1, int(code.max()) + 1), np.bincount(code, np.concatenate([w1, w2]))
    n, n_tied = n1 + n2, int(sizes[sizes > 1].sum())
    if sizes.size == 1:
        return TestResult(name, nan, warning="all readings are equal: nothing to test")
    notes = f"{n_tied} of {n} readings tied" if n_tied else ""
    from scipy.special import ndtr
    from scipy.stats import mannwhitneyu

    if method == "exact":
        if n_tied:
            return TestResult(name, nan, warning=join(notes, "the exact distribution needs readings without ties"))
        if n1 * n2 > MOST_PAIRS:
            why = f"exact P value not computed: {n1 * n2:,} pairs of readings, more than {MOST_PAIRS:,}"
            return TestResult(name, nan, warning=why)
        result = mannwhitneyu(a, b, alternative=alternative, method="exact")
        return TestResult(name, float(result.pvalue), float(result.statistic))
    ranks = np.cumsum(sizes) - (sizes - 1) / 2 - (n + 1) / 2  # the middle one of each value, less the mean rank
    excess = float((first * ranks).sum())
    variance = n1 / n * n2 / (n - 1) * float((sizes * ranks**2).sum())  # corrects for ties by itself
    shift = {"two-sided": np.sign(excess), "greater": 1, "less": -1}[alternative] * 0.5 * continuity
    z = float((excess - shift) / sqrt(variance))
    p = {"two-sided": 2 * ndtr(-abs(z)), "greater": ndtr(-z), "less": ndtr(z)}[alternative]
    return TestResult(name, float(p), z, warning=notes)


def n_minus_1(table: ArrayLike) -> TestResult:
    """ "N - 1" chi-squared test of a 2 x 2 table: (N - 1) / N times Pearson's, without correction, 1 degree of freedom.

    A row or column without patients gives ``nan`` and a warning; the smallest expected count below 1 is
    noted, for which Campbell recommends Fisher's test. Reference: Campbell 2007, doi:10.1002/sim.2832.

    >>> round(n_minus_1([[12, 5], [6, 11]]).p, 4)
    0.0423
    """
    from scipy.special import chdtrc

    method = '"N - 1" chi-squared'
    t = _two_by_two(table)
    if not _testable(t):
        return TestResult(method, nan, warning=_NOTHING)
    (a, b), (c, d) = t.astype(float)
    n = float(t.sum())
    statistic = (n - 1) * (a * d - b * c) ** 2 / ((a + b) * (c + d) * (a + c) * (b + d))
    smallest = float(np.outer(t.sum(1).astype(float), t.sum(0)).min() / n)
    doubt = f"the smallest expected count is {smallest:.2g}: the P value is doubtful" if smallest < 1 else ""
    return TestResult(method, float(chdtrc(1, statistic)), float(statistic), 1.0, doubt)


def fisher_mid_p(table: ArrayLike) -> TestResult:
    """Fisher's exact test with mid-P, two-sided: the probability of the less probable tables with the same
    margins, plus half that of the tables as probable as the observed one (relative tolerance 1e-7).

    A row or column without patients gives ``nan`` and a warning; so do some 1e9 patients and more.
    Reference: Lydersen, Fagerland & Laake 2009, doi:10.1002/sim.3531.

    >>> round(fisher_mid_p([[3, 1], [1, 3]]).p, 6)
    0.257143
    """
    method = "Fisher exact with mid-P, two-sided"
    t = _two_by_two(table)
    if not _testable(t):
        return TestResult(method, nan, warning=_NOTHING)
    distribution = hypergeometric.null(tuple(t.ravel().tolist()))
    if distribution is None:
        return TestResult(method, nan, warning=hypergeometric.TOO_LARGE)
    p, seen = distribution
    observed = p[seen]
    less, same = p < observed * (1 - 1e-7), np.abs(p - observed) <= observed * 1e-7
    return TestResult(method, float(min(1.0, p[less].sum() + p[same].sum() / 2)))


def barnard(table: ArrayLike) -> TestResult:
    """Barnard's unconditional exact test of a 2 x 2 table, two-sided, with the pooled z statistic (Suissa & Shuster).

    The rows are the groups, whose sizes are fixed. P is the largest probability, over the proportion common to
    both, of the tables with a z at least as large in size (relative tolerance 1e-7). scipy's ``barnard_exact``
    compares z without tolerance, and so loses tables that tie with the observed one. A row or column without
    patients, or more than ``MOST_TABLES`` tables, give ``nan`` and a warning.
    References: Barnard 1947, doi:10.1093/biomet/34.1-2.123; Suissa & Shuster 1985, doi:10.2307/2981892.

    >>> round(barnard([[12, 5], [6, 11]]).p, 4)
    0.0577
    """
    method = "Barnard exact unconditional, pooled z"
    t = _two_by_two(table)
    if not _testable(t):
        return TestResult(method, nan, warning=_NOTHING)
    n1, n2 = t.sum(1)
    if too_many := _too_many(n1, n2):
        return TestResult(method, nan, warning=too_many)
    x1, x2 = np.arange(n1 + 1)[:, None], np.arange(n2 + 1)[None, :]
    share = (x1 + x2) / (n1 + n2)
    spread = np.sqrt(share * (1 - share) * (1 / n1 + 1 / n2))
    z = (x1 / n1 - x2 / n2) / np.where(spread > 0, spread, 1.0)
    seen = float(z[t[0, 0], t[1, 0]])
    return TestResult(method, _largest(np.abs(z) >= abs(seen) * (1 - 1e-7)), seen)


def boschloo(table: ArrayLike) -> TestResult:
    """Boschloo's unconditional exact test of a 2 x 2 table, two-sided: twice the smaller one-sided P, at most 1.

    The rows are the groups, whose sizes are fixed. The statistic is Fisher's one-sided P; P is maximised over
    the common proportion as in ``barnard``. R's ``Exact`` orders tables by Fisher's two-sided P instead and can
    give another two-sided P. A row or column without patients, or more than ``MOST_TABLES`` tables, give ``nan`` and a
    warning.
    Reference: Boschloo 1970, doi:10.1111/j.1467-9574.1970.tb00104.x.

    >>> round(boschloo([[12, 5], [6, 11]]).p, 4)
    0.0576
    """
    method = "Boschloo exact unconditional"
    t = _two_by_two(table)
    if not _testable(t):
        return TestResult(method, nan, warning=_NOTHING)
    if too_many := _too_many(*t.sum(1)):
        return TestResult(method, nan, warning=too_many)
    lower, upper = _fisher_tails(*t.sum(1))
    sides = []
    for tail in (lower, upper):
        seen = float(tail[t[0, 0], t[1, 0]])
        sides.append((_largest(tail <= seen * (1 + 1e-7)), seen))
    p, seen = min(sides)
    return TestResult(method, min(1.0, 2 * p), seen)


def _too_many(n1: int, n2: int) -> str:
    tables = (int(n1) + 1) * (int(n2) + 1)
    if tables <= MOST_TABLES:
        return ""
    return f"exact P value not computed: {tables:.3g} tables, more than the {MOST_TABLES:,} allowed"


def _fisher_tails(n1: int, n2: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """One-sided P of Fisher's test for every table, shape (n1 + 1, n2 + 1): few, and many, events in group 1.

    Tables with the same number of events lie on an antidiagonal; there the hypergeometric probabilities are summed.
    """
    from scipy.special import gammaln

    x1, x2 = np.arange(n1 + 1)[:, None], np.arange(n2 + 1)[None, :]

    def ways(n, x):
        return gammaln(n + 1) - gammaln(x + 1) - gammaln(n - x + 1)

    share = np.exp(ways(n1, x1) + ways(n2, x2) - ways(n1 + n2, x1 + x2))
    by_events = np.zeros((n1 + n2 + 1, n1 + 1))
    by_events[x1 + x2, np.broadcast_to(x1, share.shape)] = share
    lower = np.cumsum(by_events, axis=1)[x1 + x2, np.broadcast_to(x1, share.shape)]
    upper = np.cumsum(by_events[:, ::-1], axis=1)[:, ::-1][x1 + x2, np.broadcast_to(x1, share.shape)]
    return lower, upper


def _largest(extreme: NDArray[np.bool_]) -> float:
    """Largest probability of the marked tables over the common proportion: a fine grid, then each peak by itself."""
    from scipy.optimize import minimize_scalar
    from scipy.stats import binom

    n1, n2 = (size - 1 for size in extreme.shape)

    def probability(p: float) -> float:
        return float(binom.pmf(np.arange(n1 + 1), n1, p) @ extreme @ binom.pmf(np.arange(n2 + 1), n2, p))

    grid = np.sin(np.linspace(0, np.pi / 2, 401)) ** 2  # denser towards 0 and 1, where the peaks are narrow
    values = np.array([probability(p) for p in grid])
    best = float(values.max())
    inner = np.flatnonzero((values[1:-1] >= values[:-2]) & (values[1:-1] >= values[2:]) & (values[1:-1] > 0.9 * best))
    for i in inner + 1:
        peak = minimize_scalar(
            lambda p: -probability(p), bounds=(grid[i - 1], grid[i + 1]), method="bounded", options={"xatol": 1e-10}
        )
        best = max(best, -float(peak.fun))
    return min(1.0, best)


def _two_by_two(table: ArrayLike) -> NDArray[np.int64]:
    values = numbers(table, "the counts of a table", ndim=2)
    if values.shape != (2, 2):
        raise ValueError(f"the table must be 2 x 2, not {values.shape[0]} x {values.shape[1]}")
    if (values < 0).any() or (values != np.rint(values)).any():
        raise ValueError("the counts of a table must be whole numbers of at least 0")
    return values.astype(np.int64)


def _testable(t: NDArray[np.int64]) -> bool:
    return bool(t.sum(0).all() and t.sum(1).all())
