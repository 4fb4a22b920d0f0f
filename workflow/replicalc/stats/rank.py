"""Tests of paired readings by rank and by sign.

``weights``, shape (n,), says how many pairs each row stands for; None is one each. Wrong weights raise ``ValueError``
(``base.counted``).
"""

from __future__ import annotations

from math import nan
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from replicalc.stats.base import TestResult, check_choice, counted, join, pair

Alternative = Literal["two-sided", "greater", "less"]
_ALTERNATIVES = ("two-sided", "greater", "less")
Floats = NDArray[np.float64]
#: Pairs up to which the permutation distribution is computed; its work grows with the third power.
MOST_EXACT = 1000


def wilcoxon_signed_rank(
    x: ArrayLike,
    y: ArrayLike,
    *,
    zeros: Literal["wilcox", "pratt"],
    continuity: bool,
    method: Literal["asymptotic", "exact"],
    alternative: Alternative = "two-sided",
    weights: ArrayLike | None = None,
) -> TestResult:
    """Wilcoxon's signed-rank test of paired readings ``x`` and ``y``, both of shape (n,) and in one unit.

    zeros: "wilcox" drops pairs without difference before ranking; "pratt" ranks them with the others, then
        drops them.
    continuity: whether the normal approximation moves the rank sum by 1/2 towards its mean.
    method: "asymptotic", the normal approximation with the variance corrected for ties and zeros; "exact",
        the permutation distribution, which refuses ties and zeros with P = ``nan`` and has no continuity
        correction; so it does more than ``MOST_EXACT`` pairs.
    alternative: "greater" means that ``x`` tends to exceed ``y``.

    SPSS is asymptotic, zeros="wilcox", continuity=False; R's ``wilcox.test(exact=FALSE)`` corrects for
    continuity. The statistic is z (positive where ``x`` exceeds ``y``) if asymptotic, the rank sum of the
    positive differences if exact. Differences are compared to 12 significant digits of the largest reading,
    so that 5.3 - 5.1 ties with 2.2 - 2.0. Numbers of zeros and ties are in the warning; without any
    difference P is ``nan``.

    Raises ValueError for NaN, unequal lengths or an unknown option.
    References: Wilcoxon 1945, doi:10.2307/3001968; Pratt 1959, doi:10.1080/01621459.1959.10501526.

    >>> test = dict(zeros="wilcox", continuity=False, method="asymptotic")
    >>> result = wilcoxon_signed_rank([23, 31, 18, 40, 27, 35], [20, 32, 11, 30, 27, 29], **test)
    >>> round(result.p, 4), result.warning
    (0.0796, '1 of 6 pairs without difference')
    """
    check_choice(zeros, ("wilcox", "pratt"), "zeros")
    check_choice(method, ("asymptotic", "exact"), "method")
    check_choice(alternative, _ALTERNATIVES, "alternative")
    name = f"Wilcoxon signed-rank, {_NAMES[method]}, {_NAMES[zeros]}"
    if method == "asymptotic":
        name += f", {'with' if continuity else 'no'} continuity correction"
    name += _sided(alternative)
    d, w = _differences(x, y, weights)
    n, n_zero = int(w.sum()), int(w[d == 0].sum())
    up, down, zero = _by_size(d, w)
    sizes = up + down
    n_tied = int(sizes[sizes > 1].sum())
    notes = join(_zero_note(n_zero, n), f"{n_tied} differences tied in size" if n_tied else "")
    if n_zero == n:
        return TestResult(name, nan, warning=join(notes, "no difference to test"))
    if method == "exact" and (n_zero or n_tied):
        return TestResult(name, nan, warning=join(notes, "the exact distribution needs pairs without zeros and ties"))
    if method == "exact" and n > MOST_EXACT:
        return TestResult(name, nan, warning=f"exact P value not computed: {n:,} pairs, more than {MOST_EXACT:,}")
    if method == "exact":
        from scipy.stats import wilcoxon

        p = wilcoxon(d, zero_method="wilcox", alternative=alternative, method="exact").pvalue
        return TestResult(name, float(p), float(np.flatnonzero(up).sum() + up.sum()))
    z, p = _asymptotic(up, down, zero if zeros == "pratt" else 0.0, continuity, alternative)
    return TestResult(name, p, z, warning=notes)


def sign_test(
    x: ArrayLike, y: ArrayLike, *, alternative: Alternative = "two-sided", weights: ArrayLike | None = None
) -> TestResult:
    """Exact binomial sign test of paired readings ``x`` and ``y``, both of shape (n,); zero differences drop.

    The statistic is the number of pairs in which ``x`` exceeds ``y``; differences are compared as in
    ``wilcoxon_signed_rank``. Without any difference P is ``nan``. Raises ValueError for NaN or unequal
    lengths.
    Reference: Dixon & Mood 1946, doi:10.1080/01621459.1946.10501898.

    >>> sign_test([5, 7, 8, 6, 9], [4, 6, 7, 5, 9]).p
    0.125
    """
    check_choice(alternative, _ALTERNATIVES, "alternative")
    name = f"Sign test, exact binomial, zeros dropped{_sided(alternative)}"
    d, w = _differences(x, y, weights)
    n, n_zero, n_up = int(w.sum()), int(w[d == 0].sum()), int(w[d > 0].sum())
    notes = _zero_note(n_zero, n)
    if n_zero == n:
        return TestResult(name, nan, warning=join(notes, "no difference to test"))
    from scipy.stats import binomtest

    p = binomtest(n_up, n - n_zero, alternative=alternative).pvalue
    return TestResult(name, float(p), float(n_up), warning=notes)


_NAMES = {
    "asymptotic": "asymptotic",
    "exact": "exact",
    "wilcox": "zeros dropped",
    "pratt": "zeros ranked (Pratt)",
}


def _by_size(d: Floats, w: Floats) -> tuple[Floats, Floats, float]:
    """How many differences of each size, smallest first, are positive and how many negative; and how many are 0."""
    size, code = np.unique(np.abs(d), return_inverse=True)
    up, down = (np.bincount(code, w * side, size.size) for side in (d > 0, d < 0))
    first = int(size.size > 0 and size[0] == 0)
    return up[first:], down[first:], float(w[d == 0].sum())


def _asymptotic(up: Floats, down: Floats, zero: float, continuity: bool, alternative: str) -> tuple[float, float]:
    """z and P of the signed-rank sum; ``zero`` differences of 0 are ranked first and take no sign (Pratt)."""
    from scipy.special import ndtr

    count = up + down
    ranks = zero + np.cumsum(count) - (count - 1) / 2  # the middle one of each size
    excess = ((up - down) * ranks).sum() / 2  # rank sum of the positive differences, less its mean
    shift = {"two-sided": np.sign(excess), "greater": 1, "less": -1}[alternative] * 0.5 * continuity
    error = np.sqrt((count * ranks**2).sum()) / 2  # the sum of squares corrects for ties by itself
    z = float((excess - shift) / error)
    p = {"two-sided": 2 * ndtr(-abs(z)), "greater": ndtr(-z), "less": ndtr(z)}[alternative]
    return z, float(p)


def _differences(x: ArrayLike, y: ArrayLike, weights: ArrayLike | None) -> tuple[Floats, Floats]:
    """x - y, freed of the noise of binary fractions, and how many pairs each stands for."""
    w, (x, y) = counted(weights, x, y)
    a, b = pair(x, y)
    largest = max(np.abs(a).max(initial=0), np.abs(b).max(initial=0))
    if largest == 0:
        return a - b, w
    decimals = 11 - int(np.floor(np.log10(largest)))
    return np.round(a - b, decimals), w


def _zero_note(n_zero: int, n: int) -> str:
    return f"{n_zero} of {n} pairs without difference" if n_zero else ""


def _sided(alternative: str) -> str:
    return "" if alternative == "two-sided" else f", one-sided ({alternative})"
