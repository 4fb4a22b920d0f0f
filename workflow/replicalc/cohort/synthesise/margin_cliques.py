"""Tables of categories that belong together: only variables that printed numbers tie to each other share a table.

Variables are a graph with an edge where a printed number names two at once. The graph is filled up until it is
chordal (least fill first); its cliques form a tree in which each touches its parent in a separator. Tables of the
cliques that agree on the separators always belong to one table of all variables, also in whole numbers: patients of a
clique are matched to those of its parent who have the same separator (Lauritzen 1996, Graphical Models). So twelve
variables that are each crossed with one other need eleven tables of 4 cells and not one of 4,096.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations, product
from math import prod

import numpy as np

from replicalc.cohort.synthesise.restrictions import Conditions
from replicalc.errors import ReplicalcError

#: The most combinations of codes of one table, and of all tables together.
MOST_CELLS, MOST_CELLS_IN_ALL = 20_000, 60_000


@dataclass
class Clique:
    """One table. codes: by name, shape (cells,), the number of the code. shared: names in common with the parent."""

    names: tuple[str, ...]
    codes: dict[str, np.ndarray]
    parent: int | None = None
    shared: tuple[str, ...] = ()
    known: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def size(self) -> int:
        return len(next(iter(self.codes.values()))) if self.codes else 1

    def mask(self, places: Iterable[Conditions]) -> np.ndarray:
        """Tell which cells are in any of the places. Shape (cells,)."""
        found = np.zeros(self.size, dtype=bool)
        for place in places:
            inside = np.ones(self.size, dtype=bool)
            for name, codes in place.items():
                inside &= np.isin(self.codes[name], [self.known[name].index(code) for code in codes])
            found |= inside
        return found

    def places_shared(self) -> list[Conditions]:
        """Every combination of codes of the separator; none where nothing is shared."""
        if not self.shared:
            return []
        return [
            dict(zip(self.shared, ((code,) for code in each), strict=True))
            for each in product(*(self.known[name] for name in self.shared))
        ]


def cliques_of(codes: Mapping[str, tuple[str, ...]], ties: Sequence[frozenset[str]]) -> list[Clique]:
    """Make the tables; a parent stands before its children. Raises ReplicalcError if they would be too large.

    >>> made = cliques_of(dict(a="xy", b="xy", c="xy"), [frozenset("ab"), frozenset("bc")])
    >>> [each.names for each in made], made[1].shared
    ([('a', 'b'), ('b', 'c')], ('b',))
    """
    order = {name: i for i, name in enumerate(codes)}
    near: dict[str, set[str]] = {name: set() for name in codes}
    for tie in ties:
        for a, b in combinations(sorted(tie), 2):
            near[a].add(b)
            near[b].add(a)
    found: list[frozenset[str]] = []
    left = dict(near)

    def fill(name: str) -> int:
        return sum(b not in left[a] for a, b in combinations(sorted(left[name]), 2))

    while left:
        name = min(left, key=lambda each: (fill(each), prod(len(codes[o]) for o in left[each]), order[each]))
        clique = frozenset({name, *left[name]})
        if not any(clique <= other for other in found):
            found.append(clique)
        for a, b in combinations(sorted(left[name]), 2):
            left[a] = left[a] | {b}
            left[b] = left[b] | {a}
        for other in left.pop(name):
            left[other] = left[other] - {name}
    sizes = [prod(len(codes[name]) for name in clique) for clique in found]
    if sizes and (max(sizes) > MOST_CELLS or sum(sizes) > MOST_CELLS_IN_ALL):
        largest = found[int(np.argmax([float(s) for s in sizes]))]
        names = sorted(largest, key=order.__getitem__)
        some = ", ".join(names[:8]) + (", ..." if len(names) > 8 else "")
        raise ReplicalcError(
            f"the rows tie {len(names)} variables together ({some}), "
            f"{max(sizes):,} combinations of codes; at most {MOST_CELLS:,} are taken: leave out some cross-tables"
        )
    return [_clique(each, codes, order) for each in _as_tree(found, order)]


def _as_tree(found: list[frozenset[str]], order: Mapping[str, int]):
    """Order the cliques so that each comes after the one it shares most with (a tree of largest separators)."""
    first = sorted(range(len(found)), key=lambda i: sorted(order[name] for name in found[i]))
    placed: list[int] = []
    while len(placed) < len(found):
        options = [i for i in first if i not in placed]
        best = max(
            options,
            key=lambda i: (max((len(found[i] & found[j]) for j in placed), default=0), -first.index(i)),
        )
        parent = max(range(len(placed)), key=lambda k: (len(found[best] & found[placed[k]]), -k), default=None)
        shared = found[best] & found[placed[parent]] if parent is not None else frozenset()
        placed.append(best)
        yield found[best], parent if shared else None, shared


def _clique(each, codes: Mapping[str, tuple[str, ...]], order: Mapping[str, int]) -> Clique:
    names, parent, shared = each
    names = tuple(sorted(names, key=order.__getitem__))
    grid = np.indices([len(codes[name]) for name in names]).reshape(len(names), -1)
    return Clique(
        names,
        dict(zip(names, grid, strict=True)),
        parent,
        tuple(name for name in names if name in shared),
        {name: tuple(codes[name]) for name in names},
    )


def patients_of(
    cliques: Sequence[Clique], tables: Sequence[np.ndarray], rng: np.random.Generator
) -> dict[str, np.ndarray]:
    """Put patients together from tables (counts by cell) that agree on the separators; nothing else ties them.

    Returns by name, shape (n,), the codes. Given its separator a patient is matched at random: maximum entropy.
    """
    n = int(tables[0].sum()) if tables else 0
    numbers: dict[str, np.ndarray] = {}
    for clique, table in zip(cliques, tables, strict=True):
        cells = np.repeat(np.arange(clique.size), table)
        if len(cells) != n:
            raise ReplicalcError("the tables that belong together differ in their numbers of patients")
        cells = rng.permutation(cells)
        if clique.shared:
            # Both sides in the order of the separator; within it the order is random.
            here = np.lexsort([clique.codes[name][cells] for name in clique.shared])
            there = np.lexsort([numbers[name] for name in clique.shared])
            matched = np.empty(n, dtype=int)
            matched[there] = cells[here]
            cells = matched
        for name in clique.names:
            if name not in clique.shared:
                numbers[name] = clique.codes[name][cells]
    known = {name: codes for clique in cliques for name, codes in clique.known.items()}
    return {name: np.array(known[name], dtype=object)[number] for name, number in numbers.items()}
