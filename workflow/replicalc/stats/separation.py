"""The design of a regression: is it identified, and does a finite maximum of the likelihood exist?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from replicalc.stats.base import numbers

Floats = NDArray[np.float64]
_ASKED = 5_000  # rows that a linear programme is first asked about
_DEPENDENT = 1e-9  # a standardised column (or a singular value) this small beside the others is a combination of them


class Design(NamedTuple):
    """Standardised columns, what undoes the standardisation, and in words what is not identified."""

    z: Floats
    centre: Floats
    scale: Floats
    fault: str


class Separation(NamedTuple):
    """Observations that stay informative, columns without a finite estimate, and whether separation is complete."""

    overlap: NDArray[np.bool_]
    unbounded: NDArray[np.bool_]
    complete: bool


def design(X: ArrayLike, names: Sequence[str], weights: Floats) -> Design:
    """Check an (n, p) matrix of covariates against its ``p`` names and standardise it.

    weights: shape (n,), how many patients each row stands for.

    Raises ValueError for another shape, missing values, or names that are missing or repeated.
    """
    x = numbers(X, "the covariates", ndim=2)
    if x.shape[0] != weights.size:
        raise ValueError(f"there must be one row of covariates for each patient: {weights.size}, not {x.shape[0]}")
    if isinstance(names, str) or len(names) != x.shape[1]:
        raise ValueError(f"there must be one name for each covariate: {x.shape[1]}, not {names!r}")
    if len(set(names)) != len(names):
        raise ValueError("the names of the covariates must differ")
    if not len(names):
        raise ValueError("there must be at least one covariate")
    n = int(weights.sum())
    if not n:
        return Design(x, np.zeros(len(names)), np.ones(len(names)), "no patient: nothing to fit")
    count, largest = weights[:, None], np.abs(x).max(0)
    centre = (count * x).sum(0) / n
    spread = np.sqrt((count * (x - centre) ** 2).sum(0) / n)
    constant = spread <= _DEPENDENT * np.maximum(largest, np.finfo(float).tiny)
    scale = np.where(constant, 1.0, spread)
    z = (x - centre) / scale
    if constant.any():
        fault = (
            f"{listed(names, constant)} {'do' if constant.sum() > 1 else 'does'} not vary: the model is not identified"
        )
        return Design(z, centre, scale, fault)
    dependent = _null_columns(z)
    if dependent.any():
        fault = f"{listed(names, dependent)} are linearly dependent: the model is not identified"
        return Design(z, centre, scale, fault)
    if n <= len(names):
        return Design(z, centre, scale, f"{n} patients are too few for {len(names)} covariates")
    return Design(z, centre, scale, "")


def overlapping(q: Floats, residual: Floats, weights: Floats) -> bool:
    """Whether the residuals of a fit prove that nothing separates the outcomes; False leaves it open.

    q: (n, p) columns with q' W q = n I. residual: y - p of a fit of y on them. weights: patients of each row.

    By Stiemke's lemma no direction separates where positive numbers m_i give sum w_i m_i s_i q_i = 0 (s_i as in
    ``binary``). At the maximum |y_i - p_i| are such numbers; short of it, those less s_i q_i g / n, g being the score,
    are, as long as they stay positive.
    """
    n = weights.sum()
    missing = np.abs(q.T @ (weights * residual)) / n + 1e-13  # with the rounding of the score itself
    return bool((np.abs(q) @ missing < 0.5 * np.abs(residual)).all())


def binary(y: Floats, z: Floats) -> Separation:
    """Separation in a binary regression of ``y`` on ``z``, whose first column is the constant.

    The linear programme maximises sum(m) under 0 <= m_i <= s_i z_i b, where s_i is +1 for an event and -1
    otherwise. Rows with m_i = 1 can be predicted without error along a direction in which no row gets worse:
    without any the estimates are finite, with all of them separation is complete. A coefficient is unbounded
    unless the other rows, the overlap, determine it (Albert & Anderson 1984, doi:10.1093/biomet/71.1.1;
    Konis 2007, Oxford thesis).
    """
    if not z.shape[1]:
        return Separation(np.ones(y.size, dtype=bool), np.zeros(0, dtype=bool), False)
    signed = np.where(y == 1, 1.0, -1.0)[:, None] * z
    rows, back = np.unique(signed, axis=0, return_inverse=True)
    won = _separable(rows, np.ones(len(rows), dtype=bool))[back.ravel()]
    return Separation(~won, _null_columns(z[~won]), bool(won.all()))


def monotone(z: Floats, d: Floats, first: NDArray[np.int64], events: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Columns whose Cox coefficient is unbounded (monotone partial likelihood).

    z: standardised covariates, sorted by time. d: 1 for rows with the event. first[k]: row at which the risk set of
    event time ``k`` begins. events[k]: a row that has its event at time ``k``.

    A direction b is one of them if at every event time those with the event have the highest z b of the risk set. It
    is enough to ask that of each row at the last event time at which it is at risk, and of the first event of the next
    risk set: each other comparison is a chain of these.
    """
    latest = np.searchsorted(first, np.arange(len(z)), side="right") - 1  # last event time at which the row is at risk
    seen = latest >= 0
    rows = np.concatenate([z[events[latest[seen]]] - z[seen], z[events[:-1]] - z[events[1:]]])
    loose = np.concatenate([d[seen] == 0, np.ones(len(events) - 1, dtype=bool)])
    kept = np.unique(np.column_stack([rows, loose])[rows.any(1)], axis=0)
    if not len(kept):
        return np.ones(z.shape[1], dtype=bool)
    rows, loose = kept[:, :-1], kept[:, -1] == 1
    return _null_columns(rows[~_separable(rows, loose)])


def _separable(rows: Floats, loose: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Which of the ``loose`` rows can be above 0 together in one direction, the others being 0 and none below.

    Of many rows a few are asked first, and those that their direction has below 0 are added, until it has none. What
    such a direction wins is won; then the rest is asked, for which any direction does that wins nothing more.
    """
    won = np.zeros(len(rows), dtype=bool)
    while True:
        left = np.flatnonzero(~won)
        asked = np.zeros(len(left), dtype=bool)
        asked[:: max(1, len(left) // _ASKED)] = True
        if left.size <= 2 * _ASKED:
            asked[:] = True
        while True:
            direction = _direction(rows[left[asked]], loose[left[asked]])
            height = rows[left] @ direction
            below = np.where(loose[left], -height, np.abs(height)) > 1e-7
            below &= ~asked
            if not direction.any() and not asked.all():  # nothing won: do those asked leave no direction at all?
                below = ~asked & (np.abs(rows[left] @ _null_space(rows[left[asked]])).max(1, initial=0) > 1e-7)
            if not below.any():
                break
            asked[np.flatnonzero(below)[:: max(1, int(below.sum()) // _ASKED)]] = True
        above = loose[left] & (height > 1e-6)
        won[left[above]] = True
        if not above.any() or left.size <= 2 * _ASKED:
            return won


def _direction(rows: Floats, loose: NDArray[np.bool_]) -> Floats:
    """A direction that has as many ``loose`` rows above 0 as possible, scaled so that these are at 1 or more."""
    from scipy.optimize import linprog
    from scipy.sparse import csr_array, eye_array, hstack

    n, p = int(loose.sum()), rows.shape[1]
    if not n:
        return np.zeros(p)
    tight = rows[~loose]
    equal = {"A_eq": hstack([csr_array(tight), csr_array((len(tight), n))]), "b_eq": np.zeros(len(tight))}
    result = linprog(
        np.concatenate([np.zeros(p), -np.ones(n)]),
        A_ub=hstack([csr_array(-rows[loose]), eye_array(n)]),
        b_ub=np.zeros(n),
        bounds=[(None, None)] * p + [(0, 1)] * n,
        method="highs",
        **(equal if len(tight) else {}),
    )
    return result.x[:p] if (result.x[p:] > 0.5).any() else np.zeros(p)


def _null_space(rows: Floats) -> Floats:
    """Directions, one a column, in which all rows are 0."""
    width = rows.shape[1]
    square = np.concatenate([np.linalg.qr(rows, mode="r"), np.zeros((max(0, width - len(rows)), width))])
    _, size, directions = np.linalg.svd(square)
    return directions[size <= _DEPENDENT * max(1.0, float(size.max()))].T


def _null_columns(rows: Floats) -> NDArray[np.bool_]:
    """Columns that the rows do not determine: those with a part in the null space."""
    return (np.abs(_null_space(rows)) > 1e-7).any(1)


def listed(names: Sequence[str], which: NDArray[np.bool_]) -> str:
    return ", ".join(name for name, hit in zip(names, which, strict=True) if hit)
