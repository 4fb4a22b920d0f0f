"""The fourfold table as whole numbers: its measures, and an exhaustive search for the tables that print them.

Every measure is a share of one set of cells in a larger one, so "prints as 86.1" is two linear inequalities in whole
numbers. The search walks over one measure's denominator and numerator; what remains is one free cell, bounded exactly
by all other claims. No table is skipped, and no floating-point number decides.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from replicalc.errors import ReplicalcError
from replicalc.verify.printed import ROUNDINGS, Printed
from replicalc.verify.recovery import MIXED, Bounds, roundings_of, share_bounds

Ints = NDArray[np.int64]
Sizes = tuple[int, int]

#: Cells in this order: true positive, false positive, false negative, true negative.
CELLS = ("tp", "fp", "fn", "tn")
#: Numerator and denominator of each measure, as cells.
MEASURES: dict[str, tuple[str, str]] = {
    "sensitivity": ("tp", "tp fn"),
    "specificity": ("tn", "fp tn"),
    "ppv": ("tp", "tp fp"),
    "npv": ("tn", "fn tn"),
    "accuracy": ("tp tn", "tp fp fn tn"),
    "prevalence": ("tp fn", "tp fp fn tn"),
    "positive_rate": ("tp fp", "tp fp fn tn"),
    "fpr": ("fp", "fp tn"),
    "fnr": ("fn", "tp fn"),
    "fdr": ("fp", "tp fp"),
    "for": ("fn", "fn tn"),
}
#: Numbers that may be known beside the measures, as sums of cells.
MARGINS: dict[str, str] = {
    **{cell: cell for cell in CELLS},
    "diseased": "tp fn",
    "healthy": "fp tn",
    "positive": "tp fp",
    "negative": "fn tn",
    "correct": "tp tn",
    "wrong": "fp fn",
}
#: How many (denominator, numerator) pairs one search may visit: half a minute of work at most.
MAX_PAIRS = 100_000_000
#: Tables that are kept one by one; beyond, they are counted.
MAX_TABLES = 10_000
_BLOCK = 500_000


@dataclass(frozen=True, slots=True)
class Table:
    """A fourfold table and the roundings by which it prints every measure."""

    tp: int
    fp: int
    fn: int
    tn: int
    roundings: tuple[str, ...] = ()

    @property
    def n(self) -> int:
        return self.tp + self.fp + self.fn + self.tn

    def share(self, measure: str) -> tuple[int, int]:
        """Numerator and denominator of a measure.

        >>> Table(48, 23, 0, 54).share("ppv")
        (48, 71)
        """
        over, under = MEASURES[measure]
        return sum(getattr(self, c) for c in over.split()), sum(getattr(self, c) for c in under.split())

    def __str__(self) -> str:
        return f"tp {self.tp}, fp {self.fp}, fn {self.fn}, tn {self.tn}"


class Axis(NamedTuple):
    """Positions in CELLS of the cells walked over, of the free and the last one; the measure that leads, if any."""

    first: int
    second: int
    free: int
    last: int
    leader: str | None


class Solved(NamedTuple):
    """Tables by a common rounding, those that need a rounding for each number, and how many by each rounding.

    The tables are all there are if ``complete``; the counts are exact in any case.
    """

    tables: tuple[Table, ...]
    mixed: tuple[Table, ...]
    counts: tuple[tuple[str, int], ...]
    complete: bool


def solve(
    measures: Mapping[str, Printed],
    sizes: Sizes,
    known: Mapping[str, int],
    scale: int,
    *,
    needed: tuple[str, ...] = (),
    widen: int = 0,
) -> Solved:
    """Search all tables of the sizes. Names and numbers must have been checked.

    needed: measures that must be defined (denominator above 0) whatever they print.
    widen: how many units of the last place each measure may be off, besides rounding; the tables are then 'mixed'.

    Raises ReplicalcError if more than MAX_PAIRS pairs would have to be visited.
    """
    cells, total = _collect(measures, MIXED, sizes, known, scale, needed, widen)
    if widen or total > MAX_TABLES:
        every = tuple(Table(*row) for row in cells)
        if widen:
            return Solved((), every, (), total <= MAX_TABLES)
        by_name = {name: _collect(measures, name, sizes, known, scale, needed) for name in ROUNDINGS}
        names: dict[tuple[int, ...], list[str]] = {}
        for name, (rows, _) in by_name.items():
            for row in rows:
                names.setdefault(row, []).append(name)
        counts = tuple((name, count) for name, (_, count) in by_name.items())
        complete = all(count <= MAX_TABLES for _, count in counts) and bool(names)
        return Solved(tuple(Table(*row, tuple(names[row])) for row in sorted(names)), every, counts, complete)
    tables, mixed = [], []
    for row in cells:
        table = Table(*row)
        common = set(ROUNDINGS)
        for name, printed in measures.items():
            if printed.sign == "=":
                common &= set(roundings_of(*table.share(name), printed, scale))
        if common:
            tables.append(Table(*row, tuple(name for name in ROUNDINGS if name in common)))
        else:
            mixed.append(Table(*row, (MIXED,)))
    counts = tuple((name, sum(name in t.roundings for t in tables)) for name in ROUNDINGS)
    return Solved(tuple(tables), tuple(mixed), counts, True)


def _vector(cells: str) -> Ints:
    return np.array([cell in cells.split() for cell in CELLS], dtype=np.int64)


def _collect(
    measures: Mapping[str, Printed],
    rounding: str,
    sizes: Sizes,
    known: Mapping[str, int],
    scale: int,
    needed: tuple[str, ...],
    widen: int = 0,
) -> tuple[list[tuple[int, ...]], int]:
    """At most MAX_TABLES tables by one rounding, in order, and how many there are."""
    bounds = {name: share_bounds(printed, rounding, scale, widen) for name, printed in sorted(measures.items())}
    kept: list[tuple[int, ...]] = []
    total = 0
    for part, count in _search(bounds, sizes, known, needed):
        total += count
        kept += map(tuple, part[: MAX_TABLES - len(kept)].tolist())
    return sorted(kept), total


def _search(
    bounds: Mapping[str, Bounds], sizes: Sizes, known: Mapping[str, int], needed: tuple[str, ...]
) -> Iterator[tuple[Ints, int]]:
    """Tables (m, 4) block by block, at most MAX_TABLES of each block, with the full number of the block."""
    axis = _axis(bounds)
    rules: list[tuple[Ints, int]] = []  # weights w and v: a table belongs to the solutions only if w @ cells >= v
    for name, share in bounds.items():
        over, under = (_vector(cells) for cells in MEASURES[name])
        rules.append((share.unit * over - share.lower * under, int(not share.lower_closed)))
        rules.append((share.upper * under - share.unit * over, int(not share.upper_closed)))
    for name in {*bounds, *needed}:
        rules.append((_vector(MEASURES[name][1]), 1))
    for name, count in known.items():
        rules += [(_vector(MARGINS[name]), count), (-_vector(MARGINS[name]), -count)]
    first, second, free, last, leader = axis
    visited = 0
    for n in range(sizes[0], sizes[1] + 1):
        wholes = np.arange(n + 1, dtype=np.int64)
        if leader is None:
            low, high = np.zeros_like(wholes), wholes
        else:
            share = bounds[leader]
            low = (
                -(-share.lower * wholes // share.unit) if share.lower_closed else share.lower * wholes // share.unit + 1
            )
            top = share.upper * wholes
            high = top // share.unit if share.upper_closed else -(-top // share.unit) - 1
            low, high = np.maximum(low, 0), np.minimum(high, wholes)
        width = np.maximum(high - low + 1, 0)
        for weight, least in rules:
            if weight[first] == weight[second] and weight[free] == weight[last]:  # a rule about the margin alone
                width[weight[first] * wholes + weight[free] * (n - wholes) < least] = 0
        visited += int(width.sum())
        if visited > MAX_PAIRS:
            raise ReplicalcError(
                f"more than {MAX_PAIRS:,} possibilities would have to be tried; give n, a margin or another measure."
            )
        # Blocks of denominators, so that memory stays bounded whatever the width.
        edges = np.searchsorted(np.cumsum(width), np.arange(_BLOCK, int(width.sum()) + _BLOCK, _BLOCK))
        start = 0
        for stop in [*(int(e) + 1 for e in edges if e + 1 < n + 1), n + 1]:
            if stop <= start:
                continue
            part = width[start:stop]
            whole = np.repeat(wholes[start:stop], part)
            a = np.arange(part.sum()) - np.repeat(np.cumsum(part) - part, part) + np.repeat(low[start:stop], part)
            start = stop
            c_low, c_high = np.zeros_like(a), n - whole
            for weight, least in rules:
                # w @ cells >= least, with the last two cells written as c and n - whole - c.
                rest = weight[first] * a + weight[second] * (whole - a) + weight[last] * (n - whole) - least
                slope = int(weight[free] - weight[last])
                if slope > 0:
                    np.maximum(c_low, -(rest // slope), out=c_low)
                elif slope < 0:
                    np.minimum(c_high, rest // -slope, out=c_high)
                else:
                    c_high[rest < 0] = -1
            number = np.maximum(c_high - c_low + 1, 0)
            total = int(number.sum())
            if total:
                yield _expand(n, axis, whole, a, c_low, number), total


def _expand(n: int, axis: Axis, whole: Ints, a: Ints, c_low: Ints, number: Ints) -> Ints:
    """Write out at most the first MAX_TABLES + 1 tables."""
    keep = number > 0
    whole, a, c_low, number = whole[keep], a[keep], c_low[keep], number[keep]
    last = int(np.searchsorted(np.cumsum(number), MAX_TABLES)) + 1
    whole, a, c_low, number = whole[:last], a[:last], c_low[:last], np.minimum(number[:last], MAX_TABLES + 1)
    index = np.repeat(np.arange(number.size), number)
    c = c_low[index] + np.arange(index.size) - np.repeat(np.cumsum(number) - number, number)
    cells = np.empty((index.size, 4), dtype=np.int64)
    first, second, free, other, _ = axis
    cells[:, first], cells[:, second] = a[index], (whole - a)[index]
    cells[:, free], cells[:, other] = c, n - whole[index] - c
    return cells[: MAX_TABLES + 1]


def _axis(bounds: Mapping[str, Bounds]) -> Axis:
    """The cells to walk over (numerator, rest of its denominator), the other two, and the measure that leads.

    The measure with the narrowest interval leads, for it leaves the fewest pairs. Where all are shares of all patients,
    the two cells of the narrowest are walked over instead.
    """
    narrow = sorted((Fraction(share.upper - share.lower, share.unit), name) for name, share in bounds.items())
    leader = next((name for _, name in narrow if len(MEASURES[name][1].split()) == 2), None)
    if leader:
        over, pair = MEASURES[leader][0], MEASURES[leader][1].split()
    else:
        pair = MEASURES[narrow[0][1] if narrow else "prevalence"][0].split()
        over = pair[0]
    second = next(cell for cell in pair if cell != over)
    free, last = (cell for cell in CELLS if cell not in pair)
    return Axis(*(CELLS.index(cell) for cell in (over, second, free, last)), leader)
