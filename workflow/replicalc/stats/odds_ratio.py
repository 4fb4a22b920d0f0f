"""Intervals of the odds ratio of one 2 x 2 table: seven methods, and the four estimates that go with them.

Every function takes the counts a, b (first group, with and without the outcome) and c, d (second group); counts that
are not whole, or negative, raise ``ValueError``. A row or column without patients gives ``nan`` and a warning.
"""

from __future__ import annotations

from collections.abc import Callable
from math import exp, inf, lgamma, log, nan, sqrt

import numpy as np

from replicalc.stats import hypergeometric
from replicalc.stats.base import check_choice, check_level, deviance, whole_number
from replicalc.stats.effect import Effect, normal, on_log_scale, undefined

#: "Woolf" is Wald's interval of the log odds ratio, which a logistic regression on one yes/no factor prints.
ALL_METHODS = (
    "Woolf",
    "Woolf with 0.5",
    "exact conditional",
    "mid-P",
    "Cornfield",
    "Miettinen-Nurminen",
    "profile likelihood",
)
ESTIMATES = ("sample", "with 0.5", "conditional", "median-unbiased")
#: The estimate that each method has its limits around; the other methods have the sample odds ratio.
OWN_ESTIMATE = {"Woolf with 0.5": "with 0.5", "exact conditional": "conditional", "mid-P": "conditional"}
_NOTHING = "a row or column holds no patient: there is no odds ratio"
_FARTHEST = 300.0  # log odds ratios beyond it are none that patients have


def interval(a: int, b: int, c: int, d: int, method: str, level: float = 0.95) -> Effect:
    """The odds ratio a d / (b c) with limits by one of ``ALL_METHODS``.

    "Woolf": exp(log OR -+ z se), se^2 = 1/a + 1/b + 1/c + 1/d; not defined with an empty cell.
    "Woolf with 0.5": the same after adding 0.5 to each cell (Haldane 1956, Anscombe, Gart), estimate included.
    "exact conditional": given both margins, each tail at the limit is (1 - level) / 2 (Cornfield 1956, exact; R's
        ``fisher.test``), around the conditional maximum likelihood estimate.
    "mid-P": the same with half of the observed table's probability (Berry & Armitage 1995).
    "Cornfield": the limits at which the observed a is z standard errors from the one expected, without continuity
        correction (Cornfield 1956, approximate); it is the score interval.
    "Miettinen-Nurminen": the score interval with the variance times n / (n - 1) (1985).
    "profile likelihood": where the deviance reaches z^2, as ``confint`` of R has it for a logistic regression.

    An upper limit may be infinite and a lower one 0, where a cell is empty. "exact conditional" and "mid-P" of some 1e9
    patients and more are ``nan``, with a warning (``hypergeometric.MOST_VALUES``).
    References: Woolf 1955, doi:10.1111/j.1469-1809.1955.tb01348.x; Haldane 1956,
    doi:10.1111/j.1469-1809.1956.tb01285.x; Berry & Armitage 1995, doi:10.2307/2348891; Miettinen & Nurminen 1985,
    doi:10.1002/sim.4780040211; Venzon & Moolgavkar 1988, doi:10.2307/2347496.

    >>> found = interval(12, 5, 6, 11, "exact conditional")
    >>> [round(value, 3) for value in (found.value, found.lo, found.hi)]
    [4.195, 0.855, 23.871]
    """
    check_choice(method, ALL_METHODS, "the method")
    check_level(level)
    cells = _cells(a, b, c, d)
    name = {"Woolf with 0.5": "log method with 0.5 added to each cell"}.get(method, method)
    if _degenerate(cells):
        return undefined(name, level, _NOTHING)
    if method == "Woolf with 0.5":
        cells = tuple(x + 0.5 for x in cells)
    if method.startswith("Woolf"):
        if not all(cells):
            return undefined(name, level, "an empty cell: its standard error is infinite", _sample(cells))
        return on_log_scale(name, _sample(cells), sqrt(sum(1 / x for x in cells)), level)
    value = estimate(*cells, OWN_ESTIMATE.get(method, "sample"))
    if method in ("exact conditional", "mid-P"):
        if _too_large(cells):
            return undefined(name, level, hypergeometric.TOO_LARGE)
        tail, half = log((1 - level) / 2), 0.5 if method == "mid-P" else 1.0
        upper, lower = _tails(cells, half)
        at_most, at_least = not (cells[1] and cells[2]), not (cells[0] and cells[3])
        lo = 0.0 if at_least else _root(lambda t: upper(t) - tail, cells)
        hi = inf if at_most else _root(lambda t: tail - lower(t), cells)
        return Effect(name, value, lo, hi, level)
    z, distance = normal(level), _DISTANCES[method]
    lo = 0.0 if not (cells[0] and cells[3]) else _root(lambda t: z - distance(cells, _fitted(cells, t)), cells)
    hi = inf if not (cells[1] and cells[2]) else _root(lambda t: -z - distance(cells, _fitted(cells, t)), cells)
    return Effect(name, value, lo, hi, level)


def estimate(a: int, b: int, c: int, d: int, which: str) -> float:
    """One of ``ESTIMATES`` of the odds ratio; ``nan`` where a row or column holds no patient.

    The last two are ``nan`` where the table is too large for them as well (``interval``).

    "sample": a d / (b c). "with 0.5": the same after adding 0.5 to each cell. "conditional": maximum likelihood given
    both margins, as ``fisher.test`` prints it. "median-unbiased": where the observed a is the median by mid-P.

    >>> [round(estimate(12, 5, 6, 11, which), 3) for which in ESTIMATES]
    [4.4, 4.021, 4.195, 4.139]
    """
    check_choice(which, ESTIMATES, "the estimate")
    cells = _cells(a, b, c, d)
    if _degenerate(cells):
        return nan
    if which == "with 0.5":
        return _sample(tuple(x + 0.5 for x in cells))
    sample = _sample(cells)
    if which == "sample" or sample in (0.0, inf):
        return sample
    if _too_large(cells):
        return nan
    if which == "median-unbiased":
        upper, _ = _tails(cells, 0.5)
        return _root(lambda t: upper(t) - log(0.5), cells)
    values, weights = _support(cells)

    def excess(t: float) -> float:
        p = np.exp(_normalised(weights + values * t))
        return float((values * p).sum()) - cells[0]

    return _root(excess, cells)


def tail(a: int, b: int, c: int, d: int, ratio: float, side: str) -> float:
    """The chance of at least, or at most (``side``), the observed a given both margins, were ``ratio`` the odds ratio.

    ``nan`` where a row or column holds no patient, or some 1e9 patients and more. Raises ValueError for a ratio that is
    not above 0.

    >>> round(tail(12, 5, 6, 11, 1.0, "at least"), 4)
    0.0422
    """
    check_choice(side, ("at least", "at most"), "the side")
    cells = _cells(a, b, c, d)
    if not 0 < ratio < inf:
        raise ValueError(f"an odds ratio is above 0, not {ratio}")
    if _degenerate(cells):
        return nan
    if sum(cells) > hypergeometric.SMALL:
        middle = _fitted(cells, log(ratio))
        away = cells[0] - middle[0]
        if abs(away) > hypergeometric.reach(middle):  # beyond what a double can tell from 0 and 1
            return float((away < 0) == (side == "at least"))
        if _too_large(cells):
            return nan
    return exp(_tails(cells, 1.0)[side == "at most"](log(ratio)))


Cells = tuple[float, float, float, float]


def _cells(*counts: int) -> Cells:
    return tuple(whole_number(count, "a count of a table") for count in counts)


def _degenerate(cells: Cells) -> bool:
    a, b, c, d = cells
    return not min(a + b, c + d, a + c, b + d)


def _sample(cells: Cells) -> float:
    a, b, c, d = cells
    return a * d / (b * c) if b * c else inf


def _support(cells: Cells) -> tuple[np.ndarray, np.ndarray]:
    """The values of a with these margins, and the logarithm of how many tables each stands for, up to a constant.

    Of a large table it is those that can weigh at any odds ratio by which the observed one is not beyond belief.
    """
    a, b, c, d = whole = tuple(map(int, cells))
    low, high = hypergeometric.ends(whole)
    if sum(whole) > hypergeometric.SMALL:
        width = 2 * hypergeometric.reach(cells)
        return hypergeometric.log_weights(whole, max(low, a - width), min(high, a + width))
    values = np.arange(low, high + 1)
    rows = [[x, a + b - x, a + c - x, d - a + x] for x in map(int, values)]
    return values.astype(float), np.array([-sum(lgamma(x + 1) for x in row) for row in rows])


def _too_large(cells: Cells) -> bool:
    low, high = hypergeometric.ends(tuple(map(int, cells)))
    return min(high - low, 4 * hypergeometric.reach(cells)) >= hypergeometric.MOST_VALUES


def _normalised(logs: np.ndarray) -> np.ndarray:
    top = logs.max()
    return logs - top - np.log(np.exp(logs - top).sum())


def _tails(cells: Cells, share: float) -> tuple[Callable[[float], float], Callable[[float], float]]:
    """Logarithms of the chances of at least and of at most the observed a, of which ``share`` of its own counts."""
    values, weights = _support(cells)
    seen = int(cells[0] - values[0])

    def tail(t: float, part: slice) -> float:
        logs = _normalised(weights + values * t)
        logs[seen] += log(share)
        kept = logs[part]
        top = kept.max()
        return float(top + np.log(np.exp(kept - top).sum()))

    return (lambda t: tail(t, slice(seen, None))), (lambda t: tail(t, slice(None, seen + 1)))


def _fitted(cells: Cells, t: float) -> Cells:
    """The table with these margins and the odds ratio exp(t), in real numbers."""
    a, b, c, d = cells
    row, column, n, ratio = a + b, a + c, a + b + c + d, exp(t)
    linear = n - row - column + ratio * (row + column)
    root = sqrt(max(linear * linear + 4 * (1 - ratio) * ratio * row * column, 0.0))
    # Of the two forms of the same root, the one that does not subtract nearly equal numbers.
    first = 2 * ratio * row * column / (linear + root) if linear >= 0 else (root - linear) / (2 * (1 - ratio))
    return first, row - first, column - first, n - row - column + first


def _score(cells: Cells, fitted: Cells) -> float:
    """Standard errors from the fitted a to the observed one."""
    if min(fitted) <= 0:
        return nan
    return (cells[0] - fitted[0]) * sqrt(sum(1 / x for x in fitted))


def _score_over(cells: Cells, fitted: Cells) -> float:
    n = sum(cells)
    return _score(cells, fitted) * sqrt((n - 1) / n)


def _deviance(cells: Cells, fitted: Cells) -> float:
    """The signed root of the deviance."""
    if min(fitted) <= 0:
        return nan
    return sqrt(deviance(cells, fitted)) * (1 if cells[0] > fitted[0] else -1)


_DISTANCES = {"Cornfield": _score, "Miettinen-Nurminen": _score_over, "profile likelihood": _deviance}


def _root(rising: Callable[[float], float], cells: Cells) -> float:
    """exp(t) at which a function that rises with t is 0, sought outward from the odds ratio with 0.5 added."""
    from scipy.optimize import brentq

    start = log(_sample(tuple(x + 0.5 for x in cells)))
    step = 0.5
    if sum(cells) > hypergeometric.SMALL:  # half a step is then many standard errors
        step = min(step, 2 * sqrt(sum(1 / (x + 0.5) for x in cells)))
    sign = -1.0 if rising(start) > 0 else 1.0
    near = start
    while abs(near) < _FARTHEST:
        far = near + sign * step
        if rising(far) * sign >= 0:
            return exp(brentq(rising, *sorted((near, far)), xtol=1e-13, rtol=1e-14))
        near, step = far, step * 1.5
    return nan
