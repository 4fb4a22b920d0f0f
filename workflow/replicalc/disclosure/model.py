"""All patients that the released counts leave possible, as linear equations over numbers of patients.

Patients are divided by the step at which each study leaves them out (the *pattern*); within a pattern, by *features*:
axes that come from the same recorded variables, with the combinations that occur. Features that no table crosses do not
restrain each other, so the model holds one table for each clique of the (triangulated) graph of features that are
crossed, equal where cliques meet. On such a graph tables that agree where they meet can always be put together to
patients (decomposable models; Lauritzen 1996, Graphical Models, chapter 4), so every whole-number solution stands for
patients.

The combinations that occur are all that is allowed: that restrains the model more than an attacker is restrained by
what is known about the variables, so an interval found here is never wider than the attacker's.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from replicalc.disclosure.people import FLOW, Count, People
from replicalc.disclosure.reader import Told

if TYPE_CHECKING:
    import numpy as np

#: Cells of the largest table of a clique; a count that would need a larger one is withheld instead.
LARGEST = 2_000


@dataclass
class Pattern:
    """The patients left out (or not) at the same steps of all studies: their features, cliques and tables."""

    flow: dict[str, str]
    levels: dict[int, list[tuple[str, ...]]]
    cliques: list[tuple[int, ...]] = field(default_factory=list)
    starts: list[int] = field(default_factory=list)
    #: Where the table of each crossing of features begins, and its shape.
    tables: dict[tuple[int, ...], tuple[int, tuple[int, ...]]] = field(default_factory=dict)


class Model:
    """Equations of the possible patients, and each count as a sum over them. ``too_wide`` are counts it cannot hold."""

    def __init__(self, people: People, counts: list[Count]):
        self.people = people
        used = sorted({axis for each in counts for axis, _ in each if not axis.startswith(FLOW)})
        self.features = _features(people, used)
        self.place = {axis: (number, at) for number, axes in enumerate(self.features) for at, axis in enumerate(axes)}
        self.flows = sorted(axis for axis in people.levels if axis.startswith(FLOW))
        self.columns = 0
        self.equations: list[tuple[list[int], list[float]]] = []
        self.too_wide: set[Count] = set()
        self.patterns = [self._pattern(flow, members, counts) for flow, members in self._flows().items()]

    def _flows(self) -> dict[tuple[str, ...], list[int]]:
        found: dict[tuple[str, ...], list[int]] = {}
        for patient in range(self.people.size):
            found.setdefault(tuple(self.people.levels[axis][patient] for axis in self.flows), []).append(patient)
        return dict(sorted(found.items()))

    def _pattern(self, flow: tuple[str, ...], members: list[int], counts: list[Count]) -> Pattern:
        """Make the tables of one pattern."""
        people = self.people
        chosen = frozenset().union(*(people.raw[axis] for axis in self.flows)) if self.flows else frozenset()
        levels = {}
        for number, axes in enumerate(self.features):
            bound = any(people.raw[axis] & chosen for axis in axes)
            rows = members if bound else range(people.size)
            levels[number] = sorted({tuple(people.levels[axis][patient] for axis in axes) for patient in rows})
        pattern = Pattern(dict(zip(self.flows, flow, strict=True)), levels)
        scopes = {}
        for each in counts:
            if each not in self.too_wide and self._in(pattern, each):
                scopes[each] = self._scope(pattern, each)
        while True:
            pattern.cliques = _cliques(set(scopes.values()))
            large = [clique for clique in pattern.cliques if _size(pattern, clique) > LARGEST]
            if not large:
                break
            widest = max(len(scope) for scope in scopes.values() if set(scope) <= set(large[0]))
            gone = {each for each, scope in scopes.items() if len(scope) == widest and set(scope) <= set(large[0])}
            self.too_wide |= gone
            scopes = {each: scope for each, scope in scopes.items() if each not in gone}
        self._lay_out(pattern, sorted(set(scopes.values())))
        return pattern

    def _in(self, pattern: Pattern, each: Count) -> bool:
        return all(pattern.flow[axis] in levels for axis, levels in each if axis.startswith(FLOW))

    def _scope(self, pattern: Pattern, each: Count) -> tuple[int, ...]:
        """The features that divide the patients of a count from the others of the pattern."""
        found = set()
        for axis, levels in each:
            if not axis.startswith(FLOW):
                number, at = self.place[axis]
                if any(level[at] not in levels for level in pattern.levels[number]):
                    found.add(number)
        return tuple(sorted(found))

    def _lay_out(self, pattern: Pattern, scopes: list[tuple[int, ...]]) -> None:
        """Give every cell of every clique and every crossing a column, and tie them together."""
        import numpy as np

        grids = []
        for clique in pattern.cliques:
            shape = tuple(len(pattern.levels[number]) for number in clique)
            grids.append((clique, self.columns + np.arange(int(np.prod(shape))).reshape(shape)))
            self.columns += int(np.prod(shape))
        tables = set(scopes) | {()}
        for one, other in _tree(pattern.cliques):
            shared = tuple(sorted(set(pattern.cliques[one]) & set(pattern.cliques[other])))
            tables.add(shared)
            sides = (_margin(*grids[one], shared), _margin(*grids[other], shared))
            for left, right in zip(*sides, strict=True):
                self.equations.append(([*left, *right], [1.0] * len(left) + [-1.0] * len(right)))
        for scope in sorted(tables):
            shape = tuple(len(pattern.levels[number]) for number in scope)
            home = next(grid for grid in grids if set(scope) <= set(grid[0]))
            pattern.tables[scope] = self.columns, shape
            for cell, parts in enumerate(_margin(*home, scope)):
                self.equations.append(([self.columns + cell, *parts], [-1.0] + [1.0] * len(parts)))
            self.columns += int(np.prod(shape))

    def sum_of(self, told: Told) -> dict[int, float]:
        """Write a told set of patients as a sum of columns: {column: 1 or -1}."""
        found: dict[int, float] = {}
        for each, sign in zip(told, (1.0, -1.0), strict=True):
            for pattern in self.patterns if each is not None else ():
                if self._in(pattern, each):
                    for column in self._cells(pattern, each):
                        found[column] = found.get(column, 0.0) + sign
        return {column: value for column, value in found.items() if value}

    def _cells(self, pattern: Pattern, each: Count) -> np.ndarray:
        import numpy as np

        scope = self._scope(pattern, each)
        start, shape = pattern.tables[scope]
        inside = np.ones(shape, dtype=bool)
        for axis, levels in each:
            if not axis.startswith(FLOW) and self.place[axis][0] in scope:
                number, at = self.place[axis]
                one = np.array([level[at] in levels for level in pattern.levels[number]])
                inside &= one.reshape([-1 if other == number else 1 for other in scope])
        return start + np.flatnonzero(inside)


def _features(people: People, axes: list[str]) -> list[tuple[str, ...]]:
    """Put axes together that come from the same recorded variables."""
    groups: list[tuple[set[str], set[str]]] = []
    for axis in axes:
        joined, raw = {axis}, set(people.raw[axis])
        for group in [each for each in groups if each[1] & raw]:
            groups.remove(group)
            joined |= group[0]
            raw |= group[1]
        groups.append((joined, raw))
    return sorted(tuple(sorted(joined)) for joined, _ in groups)


def _size(pattern: Pattern, clique: tuple[int, ...]) -> int:
    size = 1
    for number in clique:
        size *= len(pattern.levels[number])
    return size


def _cliques(scopes: set[tuple[int, ...]]) -> list[tuple[int, ...]]:
    """The cliques of the graph of features that are crossed, after filling it in (fewest new edges first)."""
    near: dict[int, set[int]] = {}
    for scope in scopes:
        for number in scope:
            near.setdefault(number, set()).update(set(scope) - {number})
    found: list[tuple[int, ...]] = []
    while near:

        def cost(number: int) -> tuple[int, int, int]:
            mine = near[number]
            new = sum(other not in near[one] for one in mine for other in mine if one < other)
            return new, len(mine), number

        gone = min(near, key=cost)
        mine = near.pop(gone)
        clique = tuple(sorted({gone, *mine}))
        if not any(set(clique) <= set(other) for other in found):
            found.append(clique)
        for one in mine:
            near[one] |= mine - {one}
            near[one].discard(gone)
    return found or [()]


def _tree(cliques: list[tuple[int, ...]]) -> list[tuple[int, int]]:
    """Join the cliques to a tree along their largest meetings."""
    inside, edges = {0}, []
    while len(inside) < len(cliques):
        one, other = max(
            ((a, b) for a in sorted(inside) for b in range(len(cliques)) if b not in inside),
            key=lambda pair: (len(set(cliques[pair[0]]) & set(cliques[pair[1]])), -pair[0], -pair[1]),
        )
        edges.append((one, other))
        inside.add(other)
    return edges


def _margin(clique: tuple[int, ...], grid: np.ndarray, scope: tuple[int, ...]) -> list[list[int]]:
    """The columns of a clique's table that make up each cell of the crossing ``scope``."""
    import numpy as np

    order = [clique.index(number) for number in scope] + [at for at, number in enumerate(clique) if number not in scope]
    cells = int(np.prod([grid.shape[clique.index(number)] for number in scope]))
    return grid.transpose(order).reshape(cells, -1).tolist() if clique else [grid.ravel().tolist()]
