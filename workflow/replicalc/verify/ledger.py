"""Every count behind a paper's numbers, and what ties them: percentages, sums, repeats, margins of 2x2 tables.

A printed count, the count behind a percentage, a whole, a cell of a table: each is an unknown whole number here. What
the relations say of them is linear, so that whole components are settled at once by ``sums``: whether all printed
numbers can hold together, which must change if not, and what each count can be.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from replicalc.errors import ReplicalcError
from replicalc.records import Claim
from replicalc.verify.paper import COUNTS, EXTERNAL, PARTS, SHARES, Paper, Relation
from replicalc.verify.printed import Printed
from replicalc.verify.recovery import MAX_DECIMALS
from replicalc.verify.sums import LARGEST, MAX_COUNT, Cell, Sum, SumCheck, SumRepair, check_sums, ranges


@dataclass(frozen=True, slots=True)
class Component:
    """Counts that are tied to each other: what is printed of them, and what came of holding it together.

    prints: the claims behind each printed number, by (cell, "count" or "percent"). firm: cells and roundings without
    the numbers of the smallest repair, from which counts are still told where not all numbers can hold.
    """

    cells: Mapping[str, Cell]
    sums: tuple[Sum, ...]
    check: SumCheck
    prints: Mapping[tuple[str, str], tuple[Claim, ...]]
    firm: Mapping[str, Cell]
    roundings: tuple[str, ...]

    @property
    def settled(self) -> bool:
        """Whether it is known if the numbers can hold together."""
        return bool(self.check.roundings or self.check.repairs or self.check.conflict)

    def repairs_of(self, cell: str, kind: str) -> list[SumRepair]:
        return [r for r in self.check.nearest if (cell, kind) in {(c.cell, c.kind) for c in r.changes}]


class Ledger:
    """All counts of a paper. Build it, tie counts by ``same``, ``add_sum`` and the relations, then ask."""

    def __init__(self, paper: Paper, released: Collection[str] = ()) -> None:
        self.paper = paper
        self._parent: dict[str, str] = {}
        self._counts: list[tuple[str, Printed, Claim | None]] = []
        self._shares: list[tuple[str, str, Printed, Claim]] = []
        self._sums: list[tuple[str, tuple[str, ...]]] = []
        self._bounds: list[tuple[str, str]] = []
        self._names: dict[str, str] = {}
        self._ranks: dict[str, int] = {}
        self._components: dict[str, Component] | None = None
        self._cell_of: dict[str, str] = {}
        self._ranges: dict[str, tuple[int, int | None]] = {}
        #: Measures of 2x2 tables that no table has: they are judged by their own relation, and tie no counts here.
        self.released = frozenset(released)
        #: Claims that print what no count or share can be, with the reason.
        self.absurd: dict[str, str] = {}
        self._read_claims()

    # Building

    def node(self, claim: Claim) -> str:
        """The count that a claim prints, or that stands behind its percentage."""
        return f"# {claim.claim_id}"

    def whole(self, claim: Claim) -> str:
        """The count out of which a percentage is."""
        return f"% {claim.claim_id}"

    def same(self, one: str, other: str) -> None:
        """Two names of one count."""
        a, b = self.find(one), self.find(other)
        if a != b:
            self._parent[max(a, b)] = min(a, b)

    def add_sum(self, total: str, parts: Sequence[str]) -> None:
        """Each patient of the total is in exactly one part."""
        self._sums.append((total, tuple(parts)))

    def at_most(self, part: str, bound: str) -> None:
        """The part is no larger than the bound."""
        self._bounds.append((part, bound))

    def add_share(self, claim: Claim, part: str, whole: str) -> None:
        """A claim prints part / whole in per cent."""
        printed = self.paper.printed(claim)
        if printed is None or claim.claim_id in self.released:
            return
        if not 0 <= printed.value <= 100 or printed.decimals > MAX_DECIMALS:
            self.absurd[claim.claim_id] = f"{claim.reported} is no percentage: it must lie from 0 to 100"
            return
        self._shares.append((part, whole, printed, claim))

    def ref(self, given, relation: Relation) -> str:
        """The count that a relation names. Raises ReplicalcError, with the relation's id, for what is none."""
        if isinstance(given, bool) or given is None:
            raise ReplicalcError(f"relation {relation.id}: '{given}' names no count")
        if isinstance(given, int):
            node = f"= {given} ({relation.id})"
            if node not in self._names:
                self._name(node, str(given))
                self._counts.append((node, Printed(str(given), *_whole(given)), None))
            return node
        if isinstance(given, Mapping):
            keys = set(given)
            if keys == {"whole_of"}:
                return self.whole(self.paper.one(given["whole_of"], relation))
            if keys == {"sum"} or keys == {"total", "without"}:
                node = f"+ {relation.id} {given}"
                if node not in self._names:
                    if "sum" in keys:
                        self._name(node, f"sum in {relation.id}")
                        self.add_sum(node, [self.ref(each, relation) for each in given["sum"]])
                    else:
                        self._name(node, f"rest in {relation.id}")
                        rest = [self.ref(each, relation) for each in given["without"]]
                        self.add_sum(self.ref(given["total"], relation), [node, *rest])
                return node
            raise ReplicalcError(
                f"relation {relation.id}: a count is a claim, a cell, a number, whole_of, sum, or total with without; "
                f"not {given}"
            )
        claim = self.paper.find(given)
        if claim is not None:
            if claim.stat not in COUNTS and claim.stat not in SHARES:
                raise ReplicalcError(f"relation {relation.id}: '{given}' is of stat {claim.stat} and has no count")
            return self.node(claim)
        name, _, part = str(given).rpartition(".")
        if name in self.paper.relations and part in PARTS:
            return self.cell(name, part)
        self.paper.one(given, relation)  # says what there is
        raise AssertionError

    def cell(self, relation_id: str, part: str) -> str:
        """A cell or margin of an accuracy relation."""
        node = f". {relation_id}.{part}"
        self._name(node, f"{relation_id}.{part}", 1 if part in ("tp", "fp", "fn", "tn") else 2)
        return node

    def cell_node(self, relation_id: str, what: str) -> str:
        """A cell or margin of a relation that is not named in other relations."""
        node = f". {relation_id}: {what}"
        self._name(node, f"{relation_id} {what}")
        return node

    def _name(self, node: str, name: str, rank: int = 9) -> None:
        """Call a count by a name; of several names of one count, that of the lowest rank is shown."""
        self._names.setdefault(node, name)
        self._ranks.setdefault(node, rank)

    def find(self, node: str) -> str:
        """The one name that stands for all names of a count."""
        while (parent := self._parent.get(node, node)) != node:
            node = parent
        return node

    def _read_claims(self) -> None:
        """Counts and percentages of one result, group and variable are one number; ``of`` is the whole of a count.

        A number that a statement reads by its words ("nearly 40 %") is no exact percentage.
        """
        worded = {
            claim.claim_id
            for relation in self.paper.of_kind("statement")
            if relation.get("wording") and (claim := self.paper.find(relation["claim"]))
        }
        places: dict[tuple[str, str, str, str], Claim] = {}
        for claim in self.paper.claims.values():
            count = claim.stat in COUNTS
            if claim.claim_id in worded or claim.kind == EXTERNAL or (not count and claim.stat not in SHARES):
                continue  # another publication's patients
            short = self.paper.short(claim.claim_id)
            self._name(self.node(claim), short, 0 if count else 3)
            printed = self.paper.printed(claim)
            if count and printed is not None:
                if printed.decimals or printed.sign != "=" or not 0 <= printed.value <= MAX_COUNT:
                    self.absurd[claim.claim_id] = f"{claim.reported} is no number of patients"
                else:
                    self._counts.append((self.node(claim), printed, claim))
            if not count:
                self._name(self.whole(claim), f"whole of {short}")
            role = "count" if claim.stat in ("count", "percent") else claim.stat
            first = places.setdefault((claim.result, claim.group, claim.variable, role), claim)
            self.same(self.node(first), self.node(claim))
            if not count:
                before = places.setdefault((claim.result, claim.group, claim.variable, f"{role} whole"), claim)
                self.same(self.whole(before), self.whole(claim))
            if claim.stat == "percent":
                self.add_share(claim, self.node(claim), self.whole(claim))
        for claim in self.paper.claims.values():
            if claim.stat not in COUNTS or not claim.of or claim.of not in self.paper.claims:
                continue
            whole = self.node(self.paper.claims[claim.of])
            place = places.get((claim.result, claim.group, claim.variable, "count whole"))
            if place is not None and claim.stat == "count":
                self.same(self.whole(place), whole)
            else:
                self.at_most(self.node(claim), whole)

    # Asking

    @property
    def shares(self) -> list[tuple[str, str, Printed, Claim]]:
        """Every printed percentage: its count, its whole, its print and its claim."""
        return self._shares

    def shares_of(self, node: str) -> list[tuple[str, str, Printed, Claim]]:
        """The percentages whose count this is."""
        return [each for each in self._shares if self.find(each[0]) == self.find(node)]

    def shares_out_of(self, node: str) -> list[tuple[str, str, Printed, Claim]]:
        """The percentages whose whole this is."""
        return [each for each in self._shares if self.find(each[1]) == self.find(node)]

    def sums_of(self, node: str) -> list[tuple[str, tuple[str, ...]]]:
        """The sums that this count is the total or a part of."""
        root = self.find(node)
        return [(t, p) for t, p in self._sums if root in {self.find(each) for each in (t, *p)}]

    def printed(self, node: str) -> bool:
        """Whether the paper prints this count, in a claim or where no claim stands."""
        return any(self.find(n) == self.find(node) for n, _, _ in self._counts)

    def counted(self, node: str) -> bool:
        """Whether a claim prints this count."""
        return any(self.find(n) == self.find(node) for n, _, claim in self._counts if claim is not None)

    def of(self, node: str) -> Component | None:
        """The component of a count; None where nothing printed is tied to it."""
        self.settle()
        return self._components.get(self.find(node)) if self._components is not None else None

    def settle(self) -> list[Component]:
        """Hold all printed numbers together, component by component. Call it when all relations are in."""
        if self._components is not None:
            return list({id(c): c for c in self._components.values()}.values())
        self._components = {}
        nodes, links = self._links()
        seen: set[str] = set()
        for start in nodes:
            if start in seen:
                continue
            mine, todo = [], [start]
            while todo:
                node = todo.pop()
                if node not in seen:
                    seen.add(node)
                    mine.append(node)
                    todo += links[node]
            component = self._component(sorted(mine))
            if component is not None:
                self._components |= dict.fromkeys(mine, component)
        return self.settle()

    def _links(self) -> tuple[list[str], dict[str, set[str]]]:
        links: dict[str, set[str]] = defaultdict(set)
        groups = [[node] for node, _, _ in self._counts]
        groups += [[part, whole] for part, whole, _, _ in self._shares]
        groups += [[total, *parts] for total, parts in self._sums] + [list(pair) for pair in self._bounds]
        for group in groups:
            roots = [self.find(node) for node in group]
            for root in roots:
                links[root] |= set(roots)
        return sorted(links), links

    def _component(self, nodes: list[str]) -> Component | None:
        """Cells, sums and their check. A count with several prints has a cell of its own for each, held equal."""
        names: dict[str, str] = {}
        plain_names: list[str] = []
        inside = set(nodes)
        for node in sorted(self._names, key=lambda each: (self._ranks[each], len(self._names[each]), each)):
            root = self.find(node)
            if root in inside and root not in names:
                same = sum(self._names[node] == plain for plain in plain_names)  # two rests of one relation, say
                plain_names.append(self._names[node])
                names[root] = self._names[node] + (f", {same + 1}" if same else "")
        cells: dict[str, Cell] = {name: Cell() for name in names.values()}
        sums: list[Sum] = []
        prints: dict[tuple[str, str], list[Claim]] = defaultdict(list)
        where: dict[tuple[str, str, str], str] = {}

        def place(node: str, kind: str, printed: Printed, whole: str, claim: Claim | None) -> None:
            base = names[self.find(node)]
            key = (base, f"{kind} of {whole}" if whole else kind, printed.text)
            if key not in where:
                taken = cells[base].count if kind == "count" else cells[base].percent
                name = base
                if taken is not None:
                    name = f"{base} ({self.paper.short(claim.claim_id) if claim else printed.text})"
                    cells[name] = Cell()
                    sums.append(Sum(base, (name,)))
                where[key] = name
                cells[name] = (
                    replace(cells[name], count=printed)
                    if kind == "count"
                    else replace(cells[name], percent=printed, of=whole)
                )
            if claim is not None:
                prints[where[key], kind].append(claim)

        for node, printed, claim in self._counts:
            if self.find(node) in inside:
                place(node, "count", printed, "", claim)
        for part, whole, printed, claim in self._shares:
            if self.find(part) in inside:
                place(part, "percent", printed, names[self.find(whole)], claim)
        for total, parts in dict.fromkeys((self.find(t), tuple(map(self.find, p))) for t, p in self._sums):
            if total in inside:
                if len(set(parts)) < len(parts) or total in parts:
                    raise ReplicalcError(f"a sum to {names[total]} names one count twice; read its relation again")
                sums.append(Sum(names[total], tuple(names[part] for part in parts)))
        for part, bound in dict.fromkeys((self.find(p), self.find(b)) for p, b in self._bounds):
            if bound in inside and part != bound and cells[names[part]].of != names[bound]:
                rest = f"{names[bound]} without {names[part]}"
                cells[rest] = Cell()
                sums.append(Sum(names[bound], (names[part], rest)))
        if not prints:
            return None
        self._cell_of |= {node: names[node] for node in nodes if node in names}
        try:
            check = check_sums(cells, sums)
        except (
            ReplicalcError
        ) as error:  # too much for the search: nothing is said of these numbers, rather than guessed
            check = SumCheck((), "", f"not settled: {error}")
        firm, roundings = cells, check.roundings
        chosen = (check.repairs or check.uncommon)[:1]
        if chosen:
            firm, roundings = dict(cells), (chosen[0].rounding,)
            for change in chosen[0].changes:
                old = firm[change.cell]
                firm[change.cell] = (
                    replace(old, count=None) if change.kind == "count" else replace(old, percent=None, of="")
                )
        return Component(cells, tuple(sums), check, {k: tuple(v) for k, v in prints.items()}, firm, tuple(roundings))

    @property
    def cuts(self) -> bool:
        """Whether all percentages that agree also do so if they were cut off instead of rounded."""
        return all("truncation" in c.check.roundings for c in self.settle() if c.check.roundings)

    def name(self, node: str) -> str:
        self.settle()
        return self._cell_of.get(self.find(node), self._names.get(node, node))

    def range(self, node: str) -> tuple[int, int | None] | None:
        """Least and greatest whole number that a count can be (None: no upper end); None if nothing is known of it."""
        component = self.of(node)
        if component is None:
            return None
        cell = self._cell_of[self.find(node)]
        if cell not in self._ranges:
            printed = component.firm[cell].count
            if printed is not None:
                self._ranges[cell] = int(printed.value), int(printed.value)
            else:
                self._ranges[cell] = self._searched(component, cell)
        return self._ranges[cell]

    @staticmethod
    def _searched(component: Component, cell: str) -> tuple[int, int | None]:
        """The range of a count that is not printed; (0, None) where the search for it is given up."""
        try:
            found = ranges(component.firm, component.sums, [cell], component.roundings)
        except ReplicalcError:
            return 0, None
        lo, hi = found.get(cell, (0, LARGEST))
        return lo, hi if hi <= MAX_COUNT else None  # beyond any count: part of what nothing bounds

    def value(self, node: str) -> int | None:
        """The only number that a count can be; None if there are several or nothing is known."""
        found = self.range(node)
        return found[0] if found is not None and found[0] == found[1] else None


def _whole(value: int):
    from decimal import Decimal

    return Decimal(value), 0
