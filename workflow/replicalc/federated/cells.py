"""Which counts of its tables a protected site may share: planned like its result tables, and together with them.

A table of counts tells more than a page of results, and the two can be subtracted from each other. So the attack of
``disclosure`` is run once more, on what the released results show and on every cell of every table. What the results
show cannot be taken back; where that would be needed, no cell is shared.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product

from replicalc.disclosure.people import FLOW, INCLUDED, MISSING, Condition, People, conjunction
from replicalc.disclosure.plan import Table
from replicalc.disclosure.protect import Protection
from replicalc.disclosure.reader import Told, counted
from replicalc.disclosure.release import NUMBERS

#: Most cells that a table may have: more combinations of codes are near to single patients.
MOST_CELLS = 2_000
SINGLE = "a number or a date in it is the value of a single patient"
WIDE = f"more than {MOST_CELLS:,} combinations of codes are near to single patients"
#: What of a cohort a table is about: the patients that a study includes, or all before any study leaves somebody out.
INSIDE, EVERYBODY = "cohort", "everybody"


@dataclass(frozen=True, slots=True)
class Cell:
    """A combination of codes (empty: not recorded; one for each variable of the table), and whom it counts."""

    codes: tuple[str, ...]
    told: Told


def base(study: str, of: str) -> list[Condition]:
    """The condition that a patient is included in a study; none for everybody."""
    return [(f"{FLOW}{study}", frozenset([INCLUDED]))] if of == INSIDE else []


def cells(people: People, study: str, of: str, names: list[str]) -> tuple[list[Cell], str]:
    """List the cells of a table, those in which nobody is too; none, and why, where cells would be single patients."""
    frame, axes = people.frames[study], []
    if any(name in frame and frame[name].notna().any() and frame[name].dtype.name != "category" for name in names):
        return [], SINGLE
    size = 1
    for name in names:
        axis = people.axis(study, name)
        levels = sorted(people.all_levels(axis)) if axis else [MISSING]
        axes.append((axis, levels))
        size *= len(levels)
    if size > MOST_CELLS:
        return [], WIDE
    found = []
    for codes in product(*(levels for _, levels in axes)):
        conditions = [(axis, frozenset([code])) for (axis, _), code in zip(axes, codes, strict=True) if axis]
        found.append(Cell(tuple(codes), (conjunction(base(study, of), conditions), None)))
    return found, ""


def missing(people: People, study: str, name: str) -> Told | None:
    """Tell those included of whom a variable is not known; None where the study does not have it."""
    axis = people.axis(study, name)
    return (conjunction(base(study, INSIDE), [(axis, frozenset([MISSING]))]), None) if axis else None


def steps(study: str, criteria: list[dict]) -> Iterator[tuple[Told, Told, Told]]:
    """Tell, for each criterion of a study, who is there before it, who is left out by it, and who is left."""
    axis, ids = f"{FLOW}{study}", [each["id"] for each in criteria]
    for at, name in enumerate(ids):
        before, after = (frozenset([(axis, frozenset([*ids[place:], INCLUDED]))]) for place in (at, at + 1))
        yield (before, None), (frozenset([(axis, frozenset([name]))]), None), (after, None)


def shareable(
    people: People,
    tables: list[Table],
    hidden: set[tuple[str, str, str, str]],
    wanted: Sequence[Sequence[Told]],
    threshold: int,
) -> set[Told]:
    """Choose which counts may be shared.

    ``tables`` are the results with what each number tells, and ``hidden`` the places (study, result, line, column) that
    the plan of the results does not show as they are. ``wanted`` holds counts, those without which the others are of no
    use first: where no plan is found for all of them, the last ones are left out, and so on.
    """
    for asked in range(len(wanted), 0, -1):
        allowed = _allowed(people, tables, hidden, wanted[:asked], threshold)
        if wanted[0] and allowed & set(wanted[0]):
            return allowed
    return set()


def _allowed(people: People, tables: list[Table], hidden: set, wanted, threshold: int) -> set[Told]:
    protection = Protection(people, threshold)
    public: set[Told] = set()
    for table in tables:
        for number, (row, line) in enumerate(zip(table.rows, table.lines, strict=True)):
            for column in NUMBERS if table.clear else ():
                value, telling = getattr(row, column), getattr(line, column)
                if value is not None and value == value:
                    protection.tell(telling)
                    if (table.study, table.result, str(number), column) not in hidden:
                        public |= {told for told in telling.counts if telling.kind != "model" or telling.about}
    kept_back = set(protection.counts) - public
    flat = list(dict.fromkeys(told for some in wanted for told in some))
    for told in flat:
        protection.tell(counted(told))
    for told in wanted[0]:
        protection.uses[told] += len(flat)  # withheld last
    withheld = protection.withheld(shown=frozenset(public), kept_back=frozenset(kept_back))
    return {told for told in flat if told[0] is not None and told in protection.counts and told not in withheld}
