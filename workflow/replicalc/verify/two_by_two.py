"""All fourfold tables behind printed diagnostic measures, and the smallest repair where there is none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations

from replicalc.errors import ReplicalcError, did_you_mean
from replicalc.verify.fourfold import MARGINS, MEASURES, Sizes, Solved, Table, solve
from replicalc.verify.printed import Printed
from replicalc.verify.recovery import MIXED, check_share, check_size, print_share

#: Largest known n and largest unknown n.
MAX_KNOWN, MAX_UNKNOWN = 10_000, 2_000


@dataclass(frozen=True, slots=True)
class Repair:
    """Numbers that must change together, and what they read in each table that fits all the others.

    changes: each name with its new print by table, in the order of ``tables``. n_tables: how many tables there are, at
    least; above MAX_TABLES only the first are kept. change: how far the nearest of them moves the numbers, in units of
    their last place (a known count: in patients), summed.
    """

    names: tuple[str, ...]
    tables: tuple[Table, ...]
    changes: tuple[tuple[str, tuple[str, ...]], ...]
    n_tables: int
    change: Fraction


@dataclass(frozen=True, slots=True)
class TableRecovery:
    """All tables; ``counts``: how many there are by each rounding, exact also where not all are kept.

    ``conflict``: the smallest set of measures that no table has together; ``repairs``: the smallest sets that must
    change; ``nearest``: the tables whose largest distance from the print, in units of the last place, is smallest. All
    three are empty if there is a table.
    """

    tables: tuple[Table, ...]
    counts: tuple[tuple[str, int], ...]
    complete: bool
    method: str
    evidence: str
    conflict: tuple[str, ...] = ()
    repairs: tuple[Repair, ...] = ()
    nearest: tuple[Table, ...] = ()

    @property
    def unique(self) -> bool:
        """Whether one table alone fits, by whatever common rounding."""
        return self.complete and len(self.tables) == 1


def two_by_two(
    measures: Mapping[str, Printed],
    n: int | Sizes | None = None,
    known: Mapping[str, int] | None = None,
    *,
    scale: int = 100,
    repair: bool = True,
) -> TableRecovery:
    """All tables (tp, fp, fn, tn) that print every measure, proven by exhaustion.

    measures: names of ``MEASURES`` with their printed shares. n: the number of patients (up to MAX_KNOWN), its smallest
        and largest possible value (up to MAX_UNKNOWN), or None for 1 to MAX_UNKNOWN.
    known: names of ``MARGINS`` with their counts. scale: 100 for percentages, 1 for fractions.
    repair: whether to look for the conflict, the smallest repairs and the nearest tables if there is no table.
    One rounding holds for all measures of a table; a rounding of its own for each is tried if none fits ('mixed').
    A measure whose denominator is 0 is not defined and never prints.

    Raises ReplicalcError for unknown names, shares outside 0 to 100, sizes outside the bounds, or too large a search.

    >>> from replicalc.verify.printed import parse
    >>> printed = {k: parse(v) for k, v in {"sensitivity": "100", "specificity": "70.1", "ppv": "67.6"}.items()}
    >>> found = two_by_two(printed, 125)
    >>> found.unique, str(found.tables[0])
    (True, 'tp 48, fp 23, fn 0, tn 54')
    """
    known = dict(known or {})
    sizes = _sizes(n)
    _check(measures, known, scale)
    found = solve(measures, sizes, known, scale)
    span = f"n = {sizes[0]}" if sizes[0] == sizes[1] else f"every n from {sizes[0]} to {sizes[1]}"
    method = f"all fourfold tables of {span}, by half-up, half-even and truncation, proven by exhaustion"
    if found.tables:
        return TableRecovery(found.tables, found.counts, found.complete, method, _found(found))
    if found.mixed:
        evidence = f"only if each number has a rounding of its own: {_listed(found.mixed)}"
        return TableRecovery(found.mixed, ((MIXED, len(found.mixed)),), found.complete, method, evidence)
    printed = ", ".join(f"{name} {measures[name].text}" for name in sorted(measures))
    beside = "".join(f", {name} {count}" for name, count in sorted(known.items()))
    evidence = f"no table of {span} has {printed}{beside}"
    if not repair:
        return TableRecovery((), found.counts, True, method, evidence)
    conflict = _conflict(measures, sizes, known, scale)
    repairs = smallest_repair(measures, n, known, scale=scale)
    if len(conflict) < len(measures):
        alone = f"{conflict[0]} cannot be" if len(conflict) == 1 else f"{' and '.join(conflict)} exclude each other"
        evidence += f"; already {alone}"
    evidence += "".join(f"; {_sentence(r, measures, known)}" for r in repairs[:3])
    nearest = _nearest(measures, sizes, known, scale)
    return TableRecovery((), found.counts, True, method, evidence, conflict, repairs, nearest)


def smallest_repair(
    measures: Mapping[str, Printed],
    n: int | Sizes | None = None,
    known: Mapping[str, int] | None = None,
    *,
    scale: int = 100,
) -> tuple[Repair, ...]:
    """All smallest sets of printed numbers (measures and known counts) that must change for a table to exist.

    The numbers outside a set stand as printed, by one common rounding (or by a rounding of their own, if no set of that
    size does with a common one); n stands. Empty if nothing must change. Those that change the print least come first.
    Every measure must stay defined, also one that changes.

    Raises ReplicalcError as ``two_by_two`` does.
    """
    known = dict(known or {})
    sizes = _sizes(n)
    _check(measures, known, scale)
    names = (*sorted(measures), *sorted(known))
    for size in range(len(names) + 1):
        found = []
        for out in combinations(names, size):
            rest = {k: v for k, v in measures.items() if k not in out}
            margins = {k: v for k, v in known.items() if k not in out}
            if rest or margins:
                found.append((out, solve(rest, sizes, margins, scale, needed=tuple(sorted(measures)))))
        common = [(out, solved.tables, max(n for _, n in solved.counts)) for out, solved in found if solved.tables]
        chosen = common or [(out, solved.mixed, len(solved.mixed)) for out, solved in found if solved.mixed]
        if chosen and size == 0:
            return ()
        if chosen:
            repairs = [_repair(out, tables, count, measures, known, scale) for out, tables, count in chosen]
            return tuple(sorted(repairs, key=lambda r: (r.change, r.names)))
    return ()


def _sizes(n: int | Sizes | None) -> Sizes:
    if n is None:
        return 1, MAX_UNKNOWN
    if isinstance(n, int):
        check_size(n, "n", MAX_KNOWN)
        return n, n
    lo, hi = n
    check_size(lo, "the smallest n", MAX_KNOWN)
    check_size(hi, "the largest n", MAX_KNOWN if lo == hi else MAX_UNKNOWN)
    if lo > hi:
        raise ReplicalcError(f"the smallest n, {lo}, is above the largest, {hi}: are they swapped?")
    return lo, hi


def _check(measures: Mapping[str, Printed], known: Mapping[str, int], scale: int) -> None:
    if not measures:
        raise ReplicalcError("at least one measure is needed to look for a fourfold table.")
    for name in measures:
        if name not in MEASURES:
            hint = did_you_mean(name, tuple(MEASURES))
            raise ReplicalcError(f"'{name}' is no measure of a fourfold table.{hint} Known: {', '.join(MEASURES)}.")
        check_share(measures[name], scale, name)
    for name, count in known.items():
        if name not in MARGINS:
            hint = did_you_mean(name, tuple(MARGINS))
            raise ReplicalcError(f"'{name}' is no count of a fourfold table.{hint} Known: {', '.join(MARGINS)}.")
        if isinstance(count, bool) or not isinstance(count, int) or count < 0:
            raise ReplicalcError(f"{name} must be a whole number of at least 0, not {count}.")


def _repair(
    out: tuple[str, ...],
    tables: tuple[Table, ...],
    count: int,
    measures: Mapping[str, Printed],
    known: Mapping[str, int],
    scale: int,
) -> Repair:
    tables = tuple(sorted(tables, key=lambda t: _distance(t, out, measures, known, scale)))
    changes = tuple((name, tuple(_reading(t, name, measures, scale) for t in tables)) for name in out)
    least = sum(_distance(tables[0], out, measures, known, scale), Fraction(0))
    return Repair(out, tables, changes, max(count, len(tables)), least)


def _reading(table: Table, name: str, measures: Mapping[str, Printed], scale: int) -> str:
    """What a measure or a margin reads in a table, in the table's first rounding."""
    if name not in measures:
        return str(_margin(table, name))
    rounding = table.roundings[0] if table.roundings else "half-up"
    return print_share(*table.share(name), measures[name].decimals, rounding, scale)


def _margin(table: Table, name: str) -> int:
    return sum(getattr(table, cell) for cell in MARGINS[name].split())


def _distance(
    table: Table, names: tuple[str, ...], measures: Mapping[str, Printed], known: Mapping[str, int], scale: int
) -> tuple[Fraction, ...]:
    """How far each number is from its print in units of its last place, largest first; 0 where an inequality holds."""
    off = []
    for name in names:
        if name in measures:
            printed = measures[name]
            over, under = table.share(name)
            away = Fraction(scale * over, under) - Fraction(printed.value)
            if (printed.sign[0] == "<" and away < 0) or (printed.sign[0] == ">" and away > 0):
                away = Fraction(0)
            off.append(abs(away) * 10**printed.decimals)
        else:
            off.append(Fraction(abs(_margin(table, name) - known[name])))
    return tuple(sorted(off, reverse=True))


def _conflict(measures: Mapping[str, Printed], sizes: Sizes, known: Mapping[str, int], scale: int) -> tuple[str, ...]:
    """The first of the smallest sets of measures that no table has together, the known counts standing."""
    names = sorted(measures)
    for size in range(1, len(names)):
        for some in combinations(names, size):
            found = solve({k: measures[k] for k in some}, sizes, known, scale, needed=tuple(names))
            if not (found.tables or found.mixed):
                return some
    return tuple(names)


def _nearest(measures: Mapping[str, Printed], sizes: Sizes, known: Mapping[str, int], scale: int) -> tuple[Table, ...]:
    """The tables whose largest distance from a measure is smallest; empty if the known counts exclude any table.

    The prints are widened until a table appears. All tables within that distance are then at hand, the nearest too.
    """
    names = tuple(sorted(measures))
    finest = max(printed.decimals for printed in measures.values())
    widen = 1
    while widen <= 2 * scale * 10**finest:
        found = solve(measures, sizes, known, scale, widen=widen).mixed
        if found:
            off = {table: _distance(table, names, measures, known, scale) for table in found}
            best = min(off.values())
            return tuple(table for table in found if off[table] == best)
        widen *= 2
    return ()


def _sentence(repair: Repair, measures: Mapping[str, Printed], known: Mapping[str, int]) -> str:
    """What would have to change, and a table to check it by."""
    printed = {**{k: v.text for k, v in measures.items()}, **{k: str(v) for k, v in known.items()}}
    parts = [f"{name} {new[0]} instead of {printed[name]}" for name, new in repair.changes]
    several = f", and {repair.n_tables - 1:,} more tables" if repair.n_tables > 1 else ", the only such table"
    return f"it takes {' and '.join(parts)} ({repair.tables[0]}{several})"


def _found(found: Solved) -> str:
    if not found.complete:
        return "; ".join(f"{count:,} tables by {name}" for name, count in found.counts)
    return _listed(found.tables)


def _listed(tables: tuple[Table, ...]) -> str:
    some = "; ".join(f"{t} ({', '.join(t.roundings)})" for t in tables[:5])
    head = "one table" if len(tables) == 1 else f"{len(tables)} tables"
    return f"{head}: {some}{'; ...' if len(tables) > 5 else ''}"
