"""The distribution of a 2 x 2 table given its margins, of any number of patients.

A table is known by its first cell a. Small tables have all their values; of large ones only those near the middle weigh
anything in double precision: 60 standard deviations to either side, with probabilities from the ratios of neighbours,
which lose no digits where logarithms of factorials do (at ten million patients, eight of sixteen).
"""

from __future__ import annotations

from math import sqrt

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Cells = tuple[int, int, int, int]

#: Patients up to which a table counts as small.
SMALL = 100_000
#: Values of a that are held at once; more are refused. Tables of about 1e9 patients have as many near the middle.
MOST_VALUES = 1_000_000
#: What to say where there are more.
TOO_LARGE = f"exact result not computed: the table has more than {MOST_VALUES:,} values that are not negligible"


def ends(cells: Cells) -> tuple[int, int]:
    """Smallest and largest first cell with the margins of ``cells``."""
    a, b, c, d = cells
    return max(0, a - d), min(a + b, a + c)


def reach(cells: tuple[float, ...]) -> int:
    """How far from the middle values can weigh, if ``cells`` is the table in the middle: 60 standard deviations.

    The constant is for tables so sparse that their tail is longer than a normal one.
    """
    return int(60 / sqrt(sum(1 / (cell + 0.5) for cell in cells))) + 800


def log_weights(cells: Cells, low: int, high: int) -> tuple[Floats, Floats]:
    """The values from ``low`` to ``high`` and the logarithms of how many tables each is, 0 for ``low``."""
    a, b, c, d = cells
    x = np.arange(low, high + 1, dtype=float)
    here = x[:-1]
    ratio = (a + b - here) / (here + 1) * ((a + c - here) / (d - a + here + 1))
    return x, np.concatenate([[0.0], np.cumsum(np.log(ratio))])


def null(cells: Cells) -> tuple[Floats, int] | None:
    """Probabilities of the values, given the margins and no association, and the place of the observed one among them.

    An observed table so far away that it weighs nothing has probability 0, beside the others. None where too many
    values weigh (``MOST_VALUES``).

    >>> null((3, 1, 1, 3))[0].round(3).tolist()
    [0.014, 0.229, 0.514, 0.229, 0.014]
    """
    a, b, c, d = cells
    first, last = ends(cells)
    n = a + b + c + d
    if n <= SMALL:
        from scipy.stats import hypergeom

        return hypergeom.pmf(np.arange(first, last + 1), n, a + c, a + b), a - first
    row, column = a + b, a + c
    middle = row * column // n
    width = reach((middle, row - middle, column - middle, n - row - column + middle))
    low, high = max(first, middle - width), min(last, middle + width)
    if high - low >= MOST_VALUES:
        return None
    logs = log_weights(cells, low, high)[1]
    p = np.exp(logs - logs.max())
    p /= p.sum()
    if a < low:
        return np.concatenate([[0.0], p]), 0
    if a > high:
        return np.concatenate([p, [0.0]]), p.size
    return p, a - low
