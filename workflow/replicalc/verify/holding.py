"""Counts that are tied to each other are put together, and each such component is held together by ``sums``."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from replicalc.errors import ReplicalcError
from replicalc.records import Claim
from replicalc.verify.component import Component, neighbours, without
from replicalc.verify.printed import Printed
from replicalc.verify.sums import Cell, Sum, SumCheck, check_sums

#: A printed percentage: its count, its whole, its print and its claim.
Share = tuple[str, str, Printed, Claim]


@dataclass(frozen=True, slots=True)
class Entries:
    """All that a paper says of its counts, each called by one of its names.

    counts: a count, its print and its claim (None where no claim stands). sums: a total and its parts. bounds: a part
    and what it cannot exceed. names, ranks: how a count is called, and which of several names is shown (the lowest).
    find: the one name that stands for all names of a count. short: the id of a claim as it is told.
    """

    counts: Sequence[tuple[str, Printed, Claim | None]]
    shares: Sequence[Share]
    sums: Sequence[tuple[str, tuple[str, ...]]]
    bounds: Sequence[tuple[str, str]]
    names: Mapping[str, str]
    ranks: Mapping[str, int]
    find: Callable[[str], str]
    short: Callable[[str], str]


@dataclass(slots=True)
class _Tied:
    """What is known of counts that are tied to each other, before it is held together."""

    nodes: list[str] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    counts: list = field(default_factory=list)
    shares: list = field(default_factory=list)
    sums: list = field(default_factory=list)
    bounds: list = field(default_factory=list)


def held(entries: Entries) -> tuple[dict[str, Component], dict[str, str]]:
    """The component of each count, and the cell in it that is this count; counts without any print have none."""
    components: dict[str, Component] = {}
    cell_of: dict[str, str] = {}
    for tied in _tied(entries):
        names = _shown(entries, tied)
        component = _component(entries, tied, names)
        if component is not None:
            components |= dict.fromkeys(tied.nodes, component)
            cell_of |= names
    return components, cell_of


def _tied(entries: Entries) -> list[_Tied]:
    """Counts that stand in a percentage, a sum or a bound together, with all that is said of them."""
    nodes, links = _links(entries)
    number: dict[str, int] = {}
    tied: list[_Tied] = []
    for start in nodes:
        if start in number:
            continue
        tied.append(_Tied())
        todo = [start]
        while todo:
            node = todo.pop()
            if node not in number:
                number[node] = len(tied) - 1
                tied[-1].nodes.append(node)
                todo += links[node]
    for name in sorted(entries.names, key=lambda each: (entries.ranks[each], len(entries.names[each]), each)):
        if (root := entries.find(name)) in number:
            tied[number[root]].names.append(name)
    for kind, first, given in (
        ("counts", 0, entries.counts),
        ("shares", 0, entries.shares),
        ("sums", 0, entries.sums),
        ("bounds", 1, entries.bounds),
    ):
        for entry in given:
            getattr(tied[number[entries.find(entry[first])]], kind).append(entry)
    return tied


def _links(entries: Entries) -> tuple[list[str], dict[str, set[str]]]:
    links: dict[str, set[str]] = defaultdict(set)
    groups = [[node] for node, _, _ in entries.counts]
    groups += [[part, whole] for part, whole, _, _ in entries.shares]
    groups += [[total, *parts] for total, parts in entries.sums] + [list(pair) for pair in entries.bounds]
    for group in groups:
        roots = [entries.find(node) for node in group]
        for root in roots:
            links[root] |= set(roots)
    return sorted(links), links


def _shown(entries: Entries, tied: _Tied) -> dict[str, str]:
    """How each count is called in its component; two that would be called the same are numbered."""
    names: dict[str, str] = {}
    often: Counter[str] = Counter()
    for node in tied.names:
        root, plain = entries.find(node), entries.names[node]
        if root not in names:
            often[plain] += 1  # two rests of one relation, say
            names[root] = plain + (f", {often[plain]}" if often[plain] > 1 else "")
    return names


def _component(entries: Entries, tied: _Tied, names: Mapping[str, str]) -> Component | None:
    """Cells, sums and their check; None if nothing of them is printed."""
    find = entries.find
    cells: dict[str, Cell] = {name: Cell() for name in names.values()}
    sums: list[Sum] = []
    if not tied.counts and not tied.shares:
        return None
    prints = _place(entries, tied, names, cells, sums)
    for total, parts in dict.fromkeys((find(t), tuple(map(find, p))) for t, p in tied.sums):
        if len(set(parts)) < len(parts) or total in parts:
            raise ReplicalcError(f"a sum to {names[total]} names one count twice; read its relation again")
        sums.append(Sum(names[total], tuple(names[part] for part in parts)))
    for part, bound in dict.fromkeys((find(p), find(b)) for p, b in tied.bounds):
        if part != bound and cells[names[part]].of != names[bound]:
            rest = f"{names[bound]} without {names[part]}"
            cells[rest] = Cell()
            sums.append(Sum(names[bound], (names[part], rest)))
    try:
        check = check_sums(cells, sums)
    except ReplicalcError as error:  # too much for the search: nothing is said of these numbers, rather than guessed
        check = SumCheck((), "", f"not settled: {error}")
    firm, roundings = _firm(cells, check)
    given = {key: tuple(claims) for key, claims in prints.items()}
    return Component(cells, tuple(sums), check, given, firm, roundings, neighbours(cells, sums))


def _place(
    entries: Entries, tied: _Tied, names: Mapping[str, str], cells: dict[str, Cell], sums: list[Sum]
) -> dict[tuple[str, str], list[Claim]]:
    """Put every print into its cell, and tell the claims of each print.

    A count with several unlike prints has a cell of its own for each, held equal by a sum.
    """
    prints: dict[tuple[str, str], list[Claim]] = {}
    where: dict[tuple[str, str, str], str] = {}

    def place(node: str, kind: str, printed: Printed, whole: str, claim: Claim | None) -> None:
        base = names[entries.find(node)]
        key = (base, f"{kind} of {whole}" if whole else kind, printed.text)
        if key not in where:
            taken = cells[base].count if kind == "count" else cells[base].percent
            name = base
            if taken is not None:
                name = f"{base} ({entries.short(claim.claim_id) if claim else printed.text})"
                cells[name] = Cell()
                sums.append(Sum(base, (name,)))
            where[key] = name
            cells[name] = (
                replace(cells[name], count=printed)
                if kind == "count"
                else replace(cells[name], percent=printed, of=whole)
            )
        if claim is not None:
            prints.setdefault((where[key], kind), []).append(claim)

    for node, printed, claim in tied.counts:
        place(node, "count", printed, "", claim)
    for part, whole, printed, claim in tied.shares:
        place(part, "percent", printed, names[entries.find(whole)], claim)
    return prints


def _firm(cells: Mapping[str, Cell], check: SumCheck) -> tuple[dict[str, Cell], tuple[str, ...]]:
    """The cells and roundings from which counts are told.

    Whichever of the nearest repairs is the right one: what follows without all these numbers, by each of their
    roundings, is known.
    """
    firm, roundings = dict(cells), check.roundings
    chosen = check.nearest or check.uncommon
    if chosen:
        roundings = tuple(dict.fromkeys(repair.rounding for repair in chosen))
    for change in dict.fromkeys((c.cell, c.kind) for repair in chosen for c in repair.changes):
        firm[change[0]] = without(firm[change[0]], change[1])
    return firm, roundings
