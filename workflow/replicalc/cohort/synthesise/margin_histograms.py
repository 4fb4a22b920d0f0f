"""Quantiles, means and SDs of a measurement as an integer programme: how many patients of each group have each value.

Patients are told apart only by the groups of which something is printed. Ranges, quantiles (type 6, also between two
patients) and means are linear in these counts, an SD is a quadratic inequality, so that CP-SAT either finds values or
proves that there are none, alone or together with the tables of categories.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor

import numpy as np

from replicalc.cohort.synthesise.margins import Row

QUANTILES = {
    "min": Fraction(0),
    "q1": Fraction(1, 4),
    "median": Fraction(1, 2),
    "q3": Fraction(3, 4),
    "max": Fraction(1),
}
#: Counts of one measurement (groups x values) that the programme takes.
MOST_COUNTS = 40_000
#: Patients up to whom sums of squares stay small enough for 64 bits.
MOST_WITH_SD = 5_000


@dataclass(frozen=True)
class Measured:
    """One measurement. rows: what is printed of it; step: of the grid; least, most: in steps, of any patient."""

    name: str
    rows: tuple[Row, ...]
    step: Fraction
    least: int
    most: int

    @property
    def groups(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(row.group for row in self.rows))

    def steps(self, row: Row) -> tuple[Fraction, Fraction]:
        """The values that print as the row, in grid steps."""
        lo, hi = row.interval
        return lo / self.step, hi / self.step


def strata(groups: Sequence[str], members: Mapping[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Tell patients apart by the groups they are in: the stratum of each, shape (n,), and who is in which group.

    The second, shape (strata, groups), says which groups a stratum is part of.
    """
    inside = np.column_stack([members[g] for g in groups])
    patterns, of = np.unique(inside, axis=0, return_inverse=True)
    return of.ravel(), patterns


class Histogram:
    """The counts of one measurement in a CP-SAT model.

    sizes: of each stratum, a number or a variable. patterns: shape (strata, groups). n: patients of each group.
    add: takes a row and a relation (a row may be droppable there).
    """

    def __init__(self, model, measured: Measured, sizes: Sequence, patterns: np.ndarray, n: Mapping[str, int], add):
        self.model, self.measured, self._add, self._n = model, measured, add, n
        self._total = max(n.values())
        self._span = measured.most - measured.least + 1
        self.counts = [
            [model.new_int_var(0, self._total, f"{measured.name}_{s}_{j}") for j in range(self._span)]
            for s in range(len(patterns))
        ]
        for counts, size in zip(self.counts, sizes, strict=True):
            model.add(sum(counts) == size)
        self._inside = {g: np.flatnonzero(patterns[:, k]) for k, g in enumerate(measured.groups)}
        self._below: dict[str, list] = {}
        self._order: dict[tuple[str, int], object] = {}
        for row in measured.rows:
            if row.stat in QUANTILES:
                self._quantile(row)
            else:
                self._moment(row)

    def cumulated(self, group: str) -> list:
        """How many of the group have at most each value."""
        if group not in self._below:
            made, before = [], 0
            for j in range(self._span):
                here = self.model.new_int_var(0, self._n[group], "")
                self.model.add(here == before + sum(self.counts[s][j] for s in self._inside[group]))
                made.append(here)
                before = here
            self._below[group] = made
        return self._below[group]

    def _at_most(self, group: str, value: int):
        """How many of the group have at most ``value`` (in steps)."""
        j = value - self.measured.least
        return 0 if j < 0 else self._n[group] if j >= self._span else self.cumulated(group)[j]

    def _ordered(self, group: str, k: int):
        """The value of the k-th patient of the group, from 0, in order of size."""
        if (group, k) not in self._order:
            reached = []
            for below in self.cumulated(group)[:-1]:
                there = self.model.new_bool_var("")
                self.model.add(below >= k + 1).only_enforce_if(there)
                self.model.add(below <= k).only_enforce_if(~there)
                reached.append(there)
            self._order[group, k] = self.measured.most - sum(reached)
        return self._order[group, k]

    def _quantile(self, row: Row) -> None:
        n = self._n[row.group]
        place = min(max((n + 1) * QUANTILES[row.stat], Fraction(1)), Fraction(n))
        k, between = floor(place) - 1, place - floor(place)
        lo, hi = self.measured.steps(row)
        if not between:
            self._add(row, self._at_most(row.group, ceil(lo) - 1), 0, k)
            self._add(row, self._at_most(row.group, floor(hi)), k + 1, n)
            return
        scale = between.denominator
        a, b = self._ordered(row.group, k), self._ordered(row.group, k + 1)
        weighed = (scale - between.numerator) * a + between.numerator * b
        self._add(row, weighed, ceil(lo * scale), floor(hi * scale))

    def _moment(self, row: Row) -> None:
        n = self._n[row.group]
        lo, hi = self.measured.steps(row)
        # Around the printed mean the square of the sum stays small, and the bounds of an SD nearly linear.
        mean = next((r for r in self.measured.rows if r.group == row.group and r.stat == "mean"), None)
        middle = self.measured.least + self.measured.most if mean is None else sum(self.measured.steps(mean))
        centre = round(Fraction(middle) / 2)
        values = [self.measured.least + j - centre for j in range(self._span)]
        who = self._inside[row.group]
        total = sum(v * self.counts[s][j] for s in who for j, v in enumerate(values))
        if row.stat == "mean":
            self._add(row, total, ceil((lo - centre) * n), floor((hi - centre) * n))
            return
        if n < 2 or n > MOST_WITH_SD:
            return
        bound = n * max(abs(values[0]), abs(values[-1]))
        of_all = self.model.new_int_var(-bound, bound, "")
        self.model.add(of_all == total)
        square = self.model.new_int_var(0, bound**2, "")
        self.model.add_multiplication_equality(square, [of_all, of_all])
        squares = sum(v * v * self.counts[s][j] for s in who for j, v in enumerate(values))
        least, most = max(lo, Fraction(0)) ** 2 * n * (n - 1), max(hi, Fraction(-1)) ** 2 * n * (n - 1)
        if hi < 0:
            least, most = Fraction(1), Fraction(0)
        self._add(row, n * squares - square, ceil(least), floor(most))

    def near(self, start: np.ndarray) -> list:
        """How far the counts are from the counts of a start, shape (strata, values)."""
        terms = []
        for counts, here in zip(self.counts, start, strict=True):
            for count, x in zip(counts, here, strict=True):
                more = self.model.new_int_var(0, self._total, "")
                self.model.add(count - int(x) <= more)
                terms.append(more)
        return terms

    def found(self, solver) -> list[np.ndarray]:
        """The values of each stratum, ascending, in steps."""
        values = np.arange(self.measured.least, self.measured.most + 1)
        return [np.repeat(values, [int(solver.value(count)) for count in counts]) for counts in self.counts]


def histogram_size(measured: Measured, patterns: np.ndarray) -> int:
    return (measured.most - measured.least + 1) * len(patterns)
