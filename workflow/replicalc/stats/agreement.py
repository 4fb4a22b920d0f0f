"""Agreement of readers and of methods of measurement: intraclass correlation, Bland and Altman's limits."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, nan, sqrt
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from replicalc.stats.base import ICC, Interval, check_choice, check_level, counted, numbers, pair

_SPSS_NAMES = {
    "ICC(1,1)": "One-way random, single measures",
    "ICC(A,1)": "Two-way random, absolute agreement, single measures",
    "ICC(C,1)": "Two-way mixed, consistency, single measures",
    "ICC(1,k)": "One-way random, average measures",
    "ICC(A,k)": "Two-way random, absolute agreement, average measures",
    "ICC(C,k)": "Two-way mixed, consistency, average measures",
}
Floats = NDArray[np.float64]
#: Subjects up to which pingouin computes the coefficients; it takes no weights, and its table has a row a rating.
MOST_SUBJECTS = 100_000
_HUGE = 1e9  # a coefficient below minus this divides by a sum of mean squares that is 0 but for rounding
_NOISE = 1e-13  # a mean square this small beside the squared size of the ratings is rounding, not variance


def icc(ratings: ArrayLike, level: float = 0.95, *, weights: ArrayLike | None = None) -> tuple[ICC, ...]:
    """All six intraclass correlations of McGraw and Wong, with F tests and limits, unrounded.

    ratings: shape (n, k), n subjects (lesions) by k raters (or k readings of one rater), complete, in one
        unit.
    level: confidence level of the two-sided limits.
    weights: shape (n,), how many subjects have these ratings; 1 each if None.

    F tests the coefficient against 0, and the limits come from F.

    Returns ICC(1,1), ICC(A,1), ICC(C,1), ICC(1,k), ICC(A,k), ICC(C,k): one-way, absolute agreement and
    consistency, for a single rating and for the mean of k. *Consistency ignores systematic differences
    between raters*: a reader who always measures 5 mm more, or reads on another scale zero, is perfectly
    consistent with the others. To call two readers interchangeable needs absolute agreement. SPSS prints the
    same numbers for the two-way random and the two-way mixed model; only the wording about the raters
    differs, so a paper's "two-way mixed, absolute agreement" is ICC(A,.) here.

    Values, F and P are pingouin's (analysis of variance) up to ``MOST_SUBJECTS``, each subject standing in the table
    as often as its weight says; of more subjects they come from the mean squares, the moments of distinct ratings and
    their counts. Pingouin's limits are for 95 % only and come rounded to two places, so limits always come from the
    mean squares. Pingouin switches its own rounding options while it runs: threads need a lock.

    Negative estimates are kept. Fewer than two subjects or raters, fewer than five ratings, or
    subjects whose means do not differ, give ``nan``; without any error variance F is infinite, and limits and
    P are ``nan``.

    Raises ValueError for NaN, wrong weights or another shape: incomplete subjects are left out, and counted, by the
    caller.
    Reference: McGraw & Wong 1996, doi:10.1037/1082-989X.1.1.30.

    >>> ratings = [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]]
    >>> [(r.form, round(r.value, 3), round(r.lo, 3), round(r.hi, 3)) for r in icc(ratings)[:3]]
    [('ICC(1,1)', 0.166, -0.133, 0.723), ('ICC(A,1)', 0.29, 0.019, 0.761), ('ICC(C,1)', 0.715, 0.342, 0.946)]
    """
    check_level(level)
    w, (ratings,) = counted(weights, ratings)
    x = numbers(ratings, "the ratings", ndim=2)
    n, k = int(w.sum()), x.shape[1]
    if n < 2 or k < 2:
        return _undefined(n, k, level, "fewer than two subjects or two raters")
    if n * k < 5:
        return _undefined(n, k, level, "fewer than five ratings")
    by_library = n <= MOST_SUBJECTS
    if by_library and weights is not None:
        x, w = np.repeat(x, w.astype(np.int64), axis=0), np.ones(n)
    ms = _mean_squares(x, w, n)
    if ms.subjects == 0:
        return _undefined(n, k, level, "the mean ratings of the subjects do not differ")
    found = _pingouin(x) if by_library else _from_mean_squares(ms, n, k)
    limits = _limits(ms, n, k, found["ICC(A,1)"].value, level)
    results = []
    for form, name in _SPSS_NAMES.items():
        value, f, p = found[form]
        df2 = n * (k - 1) if form.startswith("ICC(1") else (n - 1) * (k - 1)
        lo, hi = limits.get(form, (nan, nan))
        warning = ""
        if form not in limits:
            f = p = nan
            warning = "no error variance: F is infinite and there are no limits"
        if not -_HUGE < value < 1 + 1e-9:
            value = lo = hi = nan
            warning = "not defined: the variance it divides by is not estimated as positive"
        elif lo == -inf:
            warning = "raters and subjects differ so little that there is no lower limit"
        elif not warning and (lo != lo or hi != hi):
            lo = hi = nan
            warning = "no limits: subjects differ so little beside the error that their degrees of freedom vanish"
        results.append(ICC(form, name, value, lo, hi, level, f, n - 1.0, float(df2), p, n, k, warning))
    return tuple(results)


class _Found(NamedTuple):
    value: float
    f: float
    p: float


def _pingouin(x: Floats) -> dict[str, _Found]:
    """Pingouin's table of the six forms; its ICC, F and pval are unrounded, its CI95 is not and unused."""
    import pandas as pd
    import pingouin

    n, k = x.shape
    long = pd.DataFrame({"subject": np.repeat(np.arange(n), k), "rater": np.tile(np.arange(k), n), "rating": x.ravel()})
    with np.errstate(all="ignore"):
        table = pingouin.intraclass_corr(long, targets="subject", raters="rater", ratings="rating", nan_policy="raise")
    return {row.Type: _Found(float(row.ICC), float(row.F), float(row.pval)) for row in table.itertuples()}


class _MeanSquares(NamedTuple):
    subjects: float
    raters: float
    error: float
    within: float


def _mean_squares(x: Floats, w: Floats, n: int) -> _MeanSquares:
    """Mean squares of ``n`` subjects, of whom ``w`` have each row of ratings ``x``."""
    k, count = x.shape[1], w[:, None]
    subject, rater = x.mean(1, keepdims=True), (count * x).sum(0, keepdims=True) / n
    mean = (count * x).sum() / (n * k)
    noise = _NOISE**2 * float(np.abs(x).max()) ** 2
    between = k * float((count * (subject - mean) ** 2).sum()) / (n - 1)
    raters = n * float(((rater - mean) ** 2).sum()) / (k - 1)
    error = float((count * (x - subject - rater + mean) ** 2).sum()) / ((n - 1) * (k - 1))
    within = float((count * (x - subject) ** 2).sum()) / (n * (k - 1))
    return _MeanSquares(*(ms if ms > noise * x.size else 0.0 for ms in (between, raters, error, within)))


def _from_mean_squares(ms: _MeanSquares, n: int, k: int) -> dict[str, _Found]:
    """The six coefficients (McGraw and Wong's table 4) with F and P; ``nan`` where one would divide by 0."""
    from scipy.special import fdtrc

    between, raters, error, within = ms
    parts = {
        "ICC(1,1)": (between - within, between + (k - 1) * within),
        "ICC(A,1)": (between - error, between + (k - 1) * error + k / n * (raters - error)),
        "ICC(C,1)": (between - error, between + (k - 1) * error),
        "ICC(1,k)": (between - within, between),
        "ICC(A,k)": (between - error, between + (raters - error) / n),
        "ICC(C,k)": (between - error, between),
    }
    found = {}
    for form, (above, below) in parts.items():
        noise, df2 = (within, n * (k - 1)) if form.startswith("ICC(1") else (error, (n - 1) * (k - 1))
        f = between / noise if noise else nan
        found[form] = _Found(above / below if below else nan, f, float(fdtrc(n - 1, df2, f)))
    return found


def limits_of(
    form: str, value: ArrayLike, n: ArrayLike, k: int, level: float, rater_ratio: ArrayLike = 1.0
) -> tuple[Floats, Floats]:
    """F-based limits of an intraclass correlation from its value alone: McGraw and Wong's table 7, no data needed.

    form: "ICC(1,1)", "ICC(A,1)", "ICC(C,1)" or the same with k. value: the coefficient, below 1. n, k: subjects and
        raters. rater_ratio: mean square of the raters over that of error, at least 0; only absolute agreement
        depends on it (of two raters it is the squared paired t statistic of their difference). Arrays are broadcast.

    ``nan`` where no data can give the value: below -1 / (k - 1) for a single rating by one way or consistency, which
    would take a negative F, or where absolute agreement would. An average form below what its single form can reach
    is ``nan`` too. A lower limit without bound is ``-inf``.

    Raises ValueError for an unknown form or level, n or k below 2, and a value of 1 or more.
    Reference: McGraw & Wong 1996, doi:10.1037/1082-989X.1.1.30.

    >>> lo, hi = limits_of("ICC(C,1)", 0.7148, 6, 4, 0.95)
    >>> round(float(lo), 3), round(float(hi), 3)
    (0.342, 0.946)
    """
    check_choice(form, tuple(_SPSS_NAMES), "the form of an intraclass correlation")
    check_level(level)
    rho, size, ratio = np.broadcast_arrays(*(np.asarray(a, dtype=float) for a in (value, n, rater_ratio)))
    if k < 2 or (size < 2).any() or (rho >= 1).any() or (ratio < 0).any():
        raise ValueError("an interval needs two subjects, two raters, a coefficient below 1 and a ratio of at least 0")
    average = form.endswith("k)")
    with np.errstate(all="ignore"):
        single = rho / (k - (k - 1) * rho) if average else rho
        if "A" in form:
            f = (1 + (k - 1) * single + single * k * (ratio - 1) / size) / (1 - single)
            low, high = _agreement_limits(f, ratio, size, k, single, level)
        else:
            f = (1 + (k - 1) * single) / (1 - single)
            df2 = size * (k - 1) if form.startswith("ICC(1") else (size - 1) * (k - 1)
            low, high = ((g - 1) / (g + k - 1) for g in _f_limits(f, size - 1, df2, level))
        low, high = (np.where(f >= 0, limit, nan) for limit in (low, high))
    return (_stepped_up(low, k), _stepped_up(high, k)) if average else (low, high)


def _limits(ms: _MeanSquares, n: int, k: int, agreement: float, level: float) -> dict[str, tuple[float, float]]:
    """F-based limits of every form that has them: McGraw and Wong's table 7."""
    limits: dict[str, tuple[float, float]] = {}
    if ms.within > 0:
        low, high = _f_limits(ms.subjects / ms.within, n - 1, n * (k - 1), level)
        limits["ICC(1,1)"], limits["ICC(1,k)"] = _from_f(low, high, k)
    if ms.error > 0:
        f = ms.subjects / ms.error
        low, high = _f_limits(f, n - 1, (n - 1) * (k - 1), level)
        limits["ICC(C,1)"], limits["ICC(C,k)"] = _from_f(low, high, k)
        with np.errstate(all="ignore"):  # degrees of freedom that vanish, by 0 divided by 0
            lo, hi = _agreement_limits(f, ms.raters / ms.error, n, k, agreement, level)
        limits["ICC(A,1)"] = float(lo), float(hi)
        limits["ICC(A,k)"] = float(_stepped_up(lo, k)), float(_stepped_up(hi, k))
    return limits


def _f_limits(f: ArrayLike, df1: ArrayLike, df2: ArrayLike, level: float) -> tuple[Any, Any]:
    from scipy.special import fdtri

    upper = (1 + level) / 2
    return f / fdtri(df1, df2, upper), f * fdtri(df2, df1, upper)


def _from_f(low: float, high: float, k: int) -> tuple[tuple[float, float], tuple[float, float]]:
    """Limits for a single rating and for the mean of k, from the limits of F."""
    low, high = float(low), float(high)
    return ((low - 1) / (low + k - 1), (high - 1) / (high + k - 1)), (1 - 1 / low, 1 - 1 / high)


def _agreement_limits(f, ratio, n, k: int, value, level: float) -> tuple[Any, Any]:
    """Limits of ICC(A,1), with Satterthwaite's degrees of freedom for raters and error together.

    f, ratio: mean squares of subjects and of raters over that of error. Numbers or arrays.
    """
    from scipy.special import fdtri

    a, b = k * value * ratio, n * (1 + (k - 1) * value) - k * value
    df = (a + b) ** 2 / (a**2 / (k - 1) + b**2 / ((n - 1) * (k - 1)))
    upper = (1 + level) / 2
    low, high = fdtri(n - 1, df, upper), fdtri(df, n - 1, upper)
    rest = k * ratio + (k * n - k - n)
    return n * (f - low) / (low * rest + n * f), n * (high * f - 1) / (rest + n * high * f)


def _stepped_up(single: ArrayLike, k: int) -> Floats:
    """A limit for the mean of k ratings from that for one; the mean of k has no limit below -1 / (k - 1)."""
    single = np.asarray(single, dtype=float)
    unbounded = single <= -1 / (k - 1)
    return np.where(unbounded, -inf, k * single / np.where(unbounded, 1.0, 1 + (k - 1) * single))


def _undefined(n: int, k: int, level: float, warning: str) -> tuple[ICC, ...]:
    return tuple(
        ICC(form, name, nan, nan, nan, level, nan, nan, nan, nan, n, k, warning) for form, name in _SPSS_NAMES.items()
    )


@dataclass(frozen=True, slots=True)
class BlandAltman:
    """Bias and limits of agreement of two methods, in the unit of the readings."""

    n: int
    bias: float
    sd: float
    loa_lo: float
    loa_hi: float
    bias_interval: Interval
    loa_lo_interval: Interval
    loa_hi_interval: Interval
    warning: str = ""


def bland_altman(
    x: ArrayLike, y: ArrayLike, level: float = 0.95, coverage: float = 0.95, *, weights: ArrayLike | None = None
) -> BlandAltman:
    """Bias of ``x`` against ``y`` (mean of x - y) and limits of agreement bias +- z SD, each with its
    interval.

    x, y: shape (n,), readings of the same subjects by two methods, one pair a subject, in one unit.
    level: confidence level of the intervals. coverage: share of differences between the limits; z = 1.95996
        for 0.95. weights: shape (n,), how many subjects have this pair; 1 each if None.

    The interval of the bias is Student's; that of a limit is Bland and Altman's approximation, limit +- t SE
    with SE^2 = SD^2 (1 / n + z^2 / (2 (n - 1))) and n - 1 degrees of freedom. Fewer than two pairs give
    ``nan``. The limits assume that differences are about normal, and as large for small readings as for large
    ones.

    Raises ValueError for NaN, unequal lengths or wrong weights. Reference: Bland & Altman 1999,
    doi:10.1177/096228029900800204.

    >>> result = bland_altman([10, 12, 9, 15, 11], [9, 12, 10, 12, 10])
    >>> result.bias, round(result.loa_lo, 3), round(result.loa_hi, 3)
    (0.8, -2.107, 3.707)
    """
    check_level(level)
    check_level(coverage)
    w, (x, y) = counted(weights, x, y)
    a, b = pair(x, y)
    n = int(w.sum())
    names = ("Student t interval for the bias", *["approximate interval for a limit of agreement (1999)"] * 2)
    if n < 2:
        empty = [Interval(name, nan, nan, level, "fewer than two pairs: no interval") for name in names]
        bias = float(a[0] - b[0]) if n else nan
        return BlandAltman(n, bias, nan, nan, nan, *empty, warning="fewer than two pairs: no limits of agreement")
    from scipy.special import ndtri, stdtrit

    d = a - b
    bias = float((w * d).sum() / n)
    sd = float(np.sqrt((w * (d - bias) ** 2).sum() / (n - 1)))
    z, t = float(ndtri((1 + coverage) / 2)), float(stdtrit(n - 1, (1 + level) / 2))
    at_limit = sd * sqrt(1 / n + z**2 / (2 * (n - 1)))
    centres = (bias, bias - z * sd, bias + z * sd)
    errors = (sd / sqrt(n), at_limit, at_limit)
    intervals = [
        Interval(name, centre - t * error, centre + t * error, level)
        for name, centre, error in zip(names, centres, errors, strict=True)
    ]
    warning = "" if sd > 0 else "all differences are equal"
    return BlandAltman(n, bias, sd, centres[1], centres[2], *intervals, warning=warning)
