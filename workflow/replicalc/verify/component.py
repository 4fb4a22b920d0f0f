"""Counts that are tied to each other: what is printed of them, and what one of them can be.

A printed count that stands cuts off what lies behind it, so that a count is searched for among its neighbours alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

from replicalc.errors import ReplicalcError
from replicalc.records import Claim
from replicalc.verify.printed import Printed
from replicalc.verify.sums import MAX_WORK, Cell, Sum, SumCheck, SumRepair, ranges


@dataclass(frozen=True, slots=True)
class Component:
    """Counts that are tied to each other: what is printed of them, and what came of holding it together.

    prints: the claims behind each printed number, by (cell, "count" or "percent"). firm: cells and roundings without
    the numbers of all nearest repairs, from which counts are still told where not all numbers can hold. neighbours:
    the cells that stand in a sum or a percentage with each. learned: cells in ``firm`` whose count was recovered later.
    """

    cells: Mapping[str, Cell]
    sums: tuple[Sum, ...]
    check: SumCheck
    prints: Mapping[tuple[str, str], tuple[Claim, ...]]
    firm: dict[str, Cell]
    roundings: tuple[str, ...]
    neighbours: Mapping[str, Sequence[str]]
    learned: set[str] = field(default_factory=set)

    @property
    def settled(self) -> bool:
        """Whether it is known if the numbers can hold together."""
        return bool(self.check.roundings or self.check.repairs or self.check.conflict)

    def learn(self, cell: str, value: int) -> None:
        """Take a count as known from now on, as if it were printed."""
        self.firm[cell] = replace(self.firm[cell], count=Printed(str(value), Decimal(value), 0))
        self.learned.add(cell)

    def repaired(self, cell: str) -> bool:
        """Whether a nearest repair changes a number of this cell."""
        return self.firm[cell] != self.cells[cell] and cell not in self.learned

    def repairs_of(self, cell: str, kind: str) -> list[SumRepair]:
        return [r for r in self.check.nearest if (cell, kind) in {(c.cell, c.kind) for c in r.changes}]


def without(cell: Cell, kind: str) -> Cell:
    return replace(cell, count=None) if kind == "count" else replace(cell, percent=None, of="")


def neighbours(cells: Mapping[str, Cell], sums: Sequence[Sum]) -> dict[str, list[str]]:
    found: dict[str, dict[str, None]] = {name: {} for name in cells}
    for total in sums:
        for name in (total.total, *total.parts):
            found[name] |= dict.fromkeys((total.total, *total.parts))
    for name, cell in cells.items():
        if cell.of:
            found[name][cell.of] = None
            found[cell.of][name] = None
    return {name: list(others) for name, others in found.items()}


def near(component: Component, firm: Mapping[str, Cell], cell: str) -> dict[str, bool]:
    """The cells that bear on one: those tied to it, as far as the next printed count. True where the count is free."""
    found, todo = {}, [cell]
    while todo:
        name = todo.pop()
        if name not in found:
            found[name] = firm[name].count is None
            if found[name]:
                todo += component.neighbours[name]
    return found


def searched(
    component: Component, firm: Mapping[str, Cell], cell: str, work: float = MAX_WORK
) -> tuple[int, int | None]:
    """The range of a count; (0, None) where the search for it is given up."""
    printed = firm[cell].count
    if printed is not None:
        return int(printed.value), int(printed.value)
    if not component.roundings:  # nothing is known to hold together
        return 0, None
    around = near(component, firm, cell)
    free = {name for name, is_free in around.items() if is_free}
    cells = {name: firm[name] for name in around}
    for name in set(around) - free:
        if firm[name].of not in free:
            cells[name] = without(firm[name], "percent")
    sums = [each for each in component.sums if not free.isdisjoint((each.total, *each.parts))]
    shares = any(each.percent is not None for each in cells.values())
    try:
        return ranges(cells, sums, [cell], component.roundings if shares else component.roundings[:1], work=work)[cell]
    except ReplicalcError:
        return 0, None
