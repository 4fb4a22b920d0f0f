"""What the statistics functions return, and the checks they share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import nan
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

#: Below this a float64 counts every patient, so that sums of weights are exact in whatever order they are taken.
MOST_PATIENTS = 2**53


@dataclass(frozen=True, slots=True)
class TestResult:
    """One hypothesis test; ``nan`` is what is not defined, and ``warning`` says why."""

    __test__: ClassVar[bool] = False  # not a test class, whatever its name tells pytest
    method: str
    p: float
    statistic: float = nan
    df: float = nan
    warning: str = ""


@dataclass(frozen=True, slots=True)
class Interval:
    """A confidence interval from ``lo`` to ``hi`` at confidence ``level`` (0.95 for 95 %)."""

    method: str
    lo: float
    hi: float
    level: float
    warning: str = ""


@dataclass(frozen=True, slots=True)
class Estimate:
    """One number computed from ``n`` values, in the unit of the data; ``float()`` gives the bare value."""

    method: str
    value: float
    n: int
    warning: str = ""

    def __float__(self) -> float:
        return self.value


@dataclass(frozen=True, slots=True)
class ICC:
    """One form of the intraclass correlation of ``n`` subjects by ``k`` raters, with its F test against 0."""

    form: str
    spss_name: str
    value: float
    lo: float
    hi: float
    level: float
    f: float
    df1: float
    df2: float
    p: float
    n: int
    k: int
    warning: str = ""


def join(*warnings: str) -> str:
    """Join the warnings that are not empty: ``"a; b"``."""
    return "; ".join(w for w in warnings if w)


def numbers(values: ArrayLike, what: str, ndim: int = 1) -> NDArray[np.float64]:
    """Return ``values`` as a float array of ``ndim`` dimensions; ValueError if any is missing or infinite."""
    try:
        array = np.asarray(values, dtype=float)
    except (TypeError, ValueError):
        raise ValueError(f"{what} must be numbers") from None
    if array.ndim != ndim:
        raise ValueError(f"{what} must have {ndim} dimension{'s' * (ndim > 1)}, not {array.ndim}")
    if not np.isfinite(array).all():
        raise ValueError(f"{what} must have no missing or infinite value; drop or fill them first")
    return array


def counted(weights: ArrayLike | None, *columns: Any) -> tuple[NDArray[np.float64], tuple[Any, ...]]:
    """How many patients each row stands for (frequency weights), and the columns without the rows that stand for none.

    weights: shape (n,), whole numbers of at least 0; 1 for every row if None. columns: n entries (or rows) each; what
        stands in a row of weight 0, NaN included, is as if it were absent. The columns are checked by the caller.

    The weights come back as floats, in which sums below ``MOST_PATIENTS`` are exact.

    Raises ValueError for weights that are missing, negative or not whole, that are not as many as the rows, or that
    add up to ``MOST_PATIENTS`` or more.

    >>> counted([2, 0, 1], [5.0, float("nan"), 7.0])
    (array([2., 1.]), (array([5., 7.]),))
    """
    if weights is None:
        return np.ones(_rows(columns[0])), columns
    w = numbers(weights, "the weights")
    wrong = w[(w < 0) | (w != np.rint(w))]
    if wrong.size:
        raise ValueError(
            f"the weights must be whole numbers of at least 0 (how many patients a row stands for), not {wrong[0]:g}"
        )
    for column in columns:
        if _rows(column) != w.size:
            raise ValueError(f"there must be one weight for each row: {_rows(column)}, not {w.size}")
    if w.sum() >= MOST_PATIENTS:  # a sum that is less is exact
        raise ValueError(f"the weights add up to {MOST_PATIENTS:,} patients or more: they cannot be counted exactly")
    kept = w > 0
    if kept.all():
        return w, columns
    return w[kept], tuple(_chosen(column, kept) for column in columns)


def grouped(
    columns: Sequence[NDArray[np.float64]], weights: NDArray[np.float64]
) -> tuple[tuple[NDArray[np.float64], ...], NDArray[np.float64]]:
    """Count the rows alike in all ``columns``, shape (n,) each, once.

    Returns the distinct rows, sorted by the last column, then the one before it, and the sum of the weights of each.

    >>> grouped([np.array([1.0, 0.0, 1.0])], np.array([2.0, 1.0, 3.0]))
    ((array([0., 1.]),), array([1., 5.]))
    """
    order = np.lexsort(columns)
    new = np.arange(order.size) == 0
    for column in columns:
        new[1:] |= np.diff(column[order]) != 0
    first = np.flatnonzero(new)
    return tuple(column[order[first]] for column in columns), np.add.reduceat(weights[order], first)


def _rows(column: Any) -> int:
    try:
        return len(column)
    except TypeError:  # a single value: the check of its dimensions comes later, and names it
        return 1


def _chosen(column: Any, kept: NDArray[np.bool_]) -> Any:
    """The rows that are kept; labels in a list stay what they are, whatever numpy would make of them."""
    if isinstance(column, (list, tuple)) and not all(isinstance(each, (int, float)) for each in column):
        return [each for each, stays in zip(column, kept.tolist(), strict=True) if stays]
    return np.asarray(column)[kept]


def pair(x: ArrayLike, y: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return two checked 1-d arrays of one length, or raise ValueError."""
    a, b = numbers(x, "the first readings"), numbers(y, "the second readings")
    if a.size != b.size:
        raise ValueError(f"paired readings must be equally many, not {a.size} and {b.size}")
    return a, b


def whole_number(value: Any, what: str) -> int:
    """Return a whole number of at least 0 as int, or raise ValueError."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise ValueError(f"{what} must be a number") from None
    if not (number >= 0 and number.is_integer()):
        raise ValueError(f"{what} must be a whole number of at least 0, not {value}")
    return int(number)


def check_level(level: float) -> None:
    """Raise ValueError unless the confidence level lies strictly between 0 and 1."""
    if not 0 < level < 1:
        raise ValueError(f"the confidence level must lie between 0 and 1 (0.95 for 95 %), not {level}")


def check_choice(value: str, choices: tuple[str, ...], what: str) -> None:
    """Raise ValueError unless ``value`` is one of ``choices``."""
    if value not in choices:
        raise ValueError(f"{what} must be one of {', '.join(map(repr, choices))}, not {value!r}")


def deviance(observed: ArrayLike, expected: ArrayLike) -> float:
    """Twice the sum of o log(o / e), of counts o and expectations e that add up to the same; 0 counts add nothing.

    Summed as e ((1 + t) log(1 + t) - t) with t = o / e - 1, for small t by its series: no large numbers cancel, where a
    few patients of ten million tell.

    >>> round(deviance([12, 5, 6, 11], [9, 8, 9, 8]), 4)
    4.3447
    """
    o, e = np.asarray(observed, dtype=float), np.asarray(expected, dtype=float)
    t = np.divide(o - e, e, out=np.zeros(e.shape), where=e > 0)
    near = np.where(np.abs(t) < _SERIES, t, 0.0)
    series = sum((-1) ** k * near**k / (k * (k - 1)) for k in range(12, 1, -1))
    far = (1 + t) * np.log1p(np.where(o > 0, t, 0.0)) - t
    return 2 * float((e * np.where(np.abs(t) < _SERIES, series, far)).sum())


_SERIES = 0.02


def binomial_at_most(k: float, n: int, p: float) -> float:
    """P(at most k of n succeed), for any number of patients: scipy's ``bdtr`` counts to 2^31."""
    from scipy.special import bdtr, betaincc

    return float(bdtr(float(k), n, p) if n < 2**31 else betaincc(k + 1, n - k, p))
