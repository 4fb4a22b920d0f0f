"""Which of many counts can have a printed interval, without computing the limits that need iteration.

A limit found by iteration lies beyond a proportion exactly if the method's own equation, evaluated at that proportion,
says so; that is one evaluation for each count instead of a search. Pairs are kept on the safe side: whatever is left
out cannot print the interval, what is kept must still be computed.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from replicalc.stats.effect import normal

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Span = tuple[float, float]
_SLACK = 1e-9  # of a probability or a proportion: far above rounding errors, far below anything printed


def may_print(method: str, k: NDArray, n: NDArray, lo: Span, hi: Span, level: float) -> Bools:
    """Whether the interval of ``k`` of ``n`` by ``method`` can have its limits within the spans ``lo`` and ``hi``.

    k, n: shape (m,), 0 <= k <= n, n > 0. lo, hi: the fractions that print as each limit, lower and upper end. A limit
    that leaves [0, 1] is looked at as it is and as it would be if cut there. Returns shape (m,).

    >>> may_print("Wilson", np.array([7, 8, 9]), np.array([10, 10, 10]), (0.485, 0.495), (0.94, 0.95), 0.95).tolist()
    [False, True, False]
    """
    kept = np.arange(k.size)
    for count, (low, high) in ((k, lo), (n - k, (1 - hi[1], 1 - hi[0]))):  # an upper limit is 1 - that of the others
        x, size = count[kept].astype(float), n[kept].astype(float)
        low, high = low - _SLACK, high + _SLACK
        with np.errstate(all="ignore"):
            if method in _FORMULAS:
                limit = _FORMULAS[method](x, size, normal(level))
                within = (limit >= low) & (limit <= high)
                within |= (limit <= _SLACK) & (low <= 0 <= high)
            else:
                within = _reached(method, x, size, low, level) & ~_passed(method, x, size, high, level)
        kept = kept[within]
    out = np.zeros(k.shape, dtype=bool)
    out[kept] = True
    return out


def _wilson_corrected(k: Floats, n: Floats, z: float) -> Floats:
    root = z * np.sqrt(np.maximum(0.0, z * z - 2 - 1 / n + 4 * k / n * (n - k + 1)))
    return np.where(k > 0, np.maximum(0.0, (2 * k + z * z - 1 - root) / (2 * (n + z * z))), 0.0)


def _arcsine(p: Floats, n: Floats, z: float) -> Floats:
    return np.sin(np.maximum(0.0, np.arcsin(np.sqrt(p)) - z / (2 * np.sqrt(n)))) ** 2


def _wald(p: Floats, n: Floats, z: float) -> Floats:
    return p - z * np.sqrt(np.maximum(0.0, p * (1 - p)) / n)


def _logit(k: Floats, n: Floats, z: float) -> Floats:
    from scipy.special import expit

    return expit(np.log(k / (n - k)) - z / np.sqrt(k * (n - k) / n))  # nan for none and all: never within


def _wilson(k: Floats, n: Floats, z: float) -> Floats:
    p, z2 = k / n, z * z
    return (p + z2 / (2 * n) - z * np.sqrt((p * (1 - p) + z2 / (4 * n)) / n)) / (1 + z2 / n)


#: Lower limits in closed form, not cut.
_FORMULAS = {
    "Wald": lambda k, n, z: _wald(k / n, n, z),
    "Wald with continuity correction": lambda k, n, z: _wald(k / n, n, z) - 1 / (2 * n),
    "Wilson": _wilson,
    "Wilson with continuity correction": _wilson_corrected,
    "Agresti-Coull": lambda k, n, z: _wald((k + z * z / 2) / (n + z * z), n + z * z, z),
    "logit": _logit,
    "arcsine": lambda k, n, z: _arcsine(k / n, n, z),
    "arcsine (Anscombe)": lambda k, n, z: _arcsine((k + 0.375) / (n + 0.75), n, z),
}


def _reached(method: str, k: Floats, n: Floats, x: float, level: float) -> Bools:
    """Whether the lower limit may be ``x`` or more."""
    if x <= 0 or x >= 1:
        return np.full(k.shape, x <= 0)
    if method == "likelihood ratio":
        return (k / n >= x) & (_deviance(k, n, x) >= normal(level) ** 2 - _SLACK)
    # Blaker's limit is at most Clopper and Pearson's at twice the error: there a tail alone is accepted
    error = (1 - level) / (1 if method == "Blaker" else 2)
    return _tail(method, k, n, x) <= error + _SLACK


def _passed(method: str, k: Floats, n: Floats, x: float, level: float) -> Bools:
    """Whether the lower limit is surely above ``x``."""
    if x <= 0 or x >= 1:
        return np.full(k.shape, x < 0)
    if method == "likelihood ratio":
        return (k / n > x) & (_deviance(k, n, x) > normal(level) ** 2 + _SLACK)
    return _tail(method, k, n, x) < (1 - level) / 2 - _SLACK


def _tail(method: str, k: Floats, n: Floats, x: float) -> Floats:
    """The probability that the lower limit makes as small as half of what the level leaves; rises with ``x``."""
    from scipy.special import bdtr, betainc

    if method == "Jeffreys":
        return betainc(k + 0.5, n - k + 0.5, x)
    tail = np.where(k > 0, betainc(np.maximum(k, 1), n - k + 1, x), 1.0)
    if method == "mid-P":
        tail = (tail + 1 - bdtr(k, n.astype(int), x)) / 2  # P(X >= k) and P(X > k)
        tail = np.where(k > 0, tail, 1.0)
    return tail


def _deviance(k: Floats, n: Floats, x: float) -> Floats:
    from scipy.special import rel_entr

    p = k / n
    return 2 * n * (rel_entr(p, x) + rel_entr(1 - p, 1 - x))
