"""Every count behind a paper's numbers, and what ties them: percentages, sums, repeats, margins of 2x2 tables.

A printed count, the count behind a percentage, a whole, a cell of a table: each is an unknown whole number here. What
the relations say of them is linear, so that all that is tied together is settled at once (``holding``): whether all
printed numbers can hold together, which must change if not, and what each count can be.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from functools import cached_property

from replicalc.errors import ReplicalcError
from replicalc.records import Claim
from replicalc.verify.component import Component, near, searched
from replicalc.verify.holding import Entries, Share, held
from replicalc.verify.paper import COUNTS, EXTERNAL, PARTS, SHARES, Paper, Relation
from replicalc.verify.printed import Printed
from replicalc.verify.recovery import MAX_DECIMALS
from replicalc.verify.sums import MAX_COUNT

#: The solver's work limit where it is only asked whether a printed count follows from the others as well.
MAX_ASIDE = 0.3


class Ledger:
    """All counts of a paper. Build it, tie counts by ``same``, ``add_sum`` and the relations, then ask."""

    def __init__(self, paper: Paper, released: Collection[str] = ()) -> None:
        self.paper = paper
        self._parent: dict[str, str] = {}
        self._counts: list[tuple[str, Printed, Claim | None]] = []
        self._shares: list[Share] = []
        self._sums: list[tuple[str, tuple[str, ...]]] = []
        #: The id of the relation that speaks, and of the one that has told each sum.
        self.telling = ""
        self._sum_told_by: list[str] = []
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
        self._sum_told_by.append(self.telling)

    def at_most(self, part: str, bound: str) -> None:
        """The part is no larger than the bound."""
        self._bounds.append((part, bound))

    def add_share(self, claim: Claim, part: str, whole: str) -> None:
        """A claim prints part / whole in per cent."""
        printed = self.paper.printed(claim)
        if printed is None or claim.claim_id in self.released:
            return
        if not 0 <= printed.value <= 100:
            self.absurd[claim.claim_id] = f"{claim.reported} is no percentage: it must lie from 0 to 100"
            return
        if printed.decimals > MAX_DECIMALS:
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
                self._counts.append((node, Printed(str(given), Decimal(given), 0), None))
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
            self._name(self.node(claim), self.paper.short(claim.claim_id), 3)  # of another publication, or worded
            return self.node(claim)
        name, _, part = str(given).rpartition(".")
        if part in PARTS and (of := self.paper.relations.get(name)) is not None and of.kind == "accuracy":
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
        root = node
        while (parent := self._parent.get(root, root)) != root:
            root = parent
        while node != root:  # so that the next search is short
            self._parent[node], node = root, self._parent[node]
        return root

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
                if printed.value < 0 or printed.value % 1:
                    self.absurd[claim.claim_id] = f"{claim.reported} is no number of patients"
                elif printed.sign == "=" and not printed.decimals and printed.value <= MAX_COUNT:
                    self._counts.append((self.node(claim), printed, claim))  # "<5" hides a count, 12.0 is none printed
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
            above = self.paper.claims.get(claim.of)
            if claim.stat not in COUNTS or above is None or self.node(above) not in self._names:
                continue  # another publication's patients, or no number of patients at all
            whole = self.node(above)
            place = places.get((claim.result, claim.group, claim.variable, "count whole"))
            if place is not None and claim.stat == "count":
                self.same(self.whole(place), whole)
            else:
                self.at_most(self.node(claim), whole)

    # Asking

    @property
    def shares(self) -> list[Share]:
        """Every printed percentage: its count, its whole, its print and its claim."""
        return self._shares

    def shares_of(self, node: str) -> list[Share]:
        """The percentages whose count this is."""
        return self._indexed["part"].get(self.find(node), [])

    def shares_out_of(self, node: str) -> list[Share]:
        """The percentages whose whole this is."""
        return self._indexed["whole"].get(self.find(node), [])

    def sums_of(self, node: str) -> list[tuple[str, tuple[str, ...]]]:
        """The sums that this count is the total or a part of."""
        return self._indexed["sum"].get(self.find(node), [])

    def printed(self, node: str) -> bool:
        """Whether the paper prints this count, in a claim or where no claim stands."""
        return any(self.find(n) == self.find(node) for n, _, _ in self._counts)

    def counted(self, node: str) -> bool:
        """Whether a claim prints this count."""
        return self.find(node) in self._indexed["count"]

    @cached_property
    def _indexed(self) -> dict[str, dict[str, list]]:
        """Percentages, sums and printed counts by the count that they speak of. All relations must be in."""
        found: dict[str, dict[str, list]] = {key: defaultdict(list) for key in ("part", "whole", "sum", "count")}
        for share in self._shares:
            found["part"][self.find(share[0])].append(share)
            found["whole"][self.find(share[1])].append(share)
        for total, parts in self._sums:
            for root in dict.fromkeys(map(self.find, (total, *parts))):
                found["sum"][root].append((total, parts))
        for node, _, claim in self._counts:
            if claim is not None:
                found["count"][self.find(node)].append(claim)
        return found

    def of(self, node: str) -> Component | None:
        """The component of a count; None where nothing printed is tied to it."""
        self.settle()
        return self._components.get(self.find(node)) if self._components is not None else None

    def settle(self) -> list[Component]:
        """Hold all printed numbers together, component by component. Call it when all relations are in."""
        if self._components is not None:
            return list({id(c): c for c in self._components.values()}.values())
        try:
            self._components, self._cell_of = held(
                Entries(
                    self._counts,
                    self._shares,
                    self._sums,
                    self._bounds,
                    self._names,
                    self._ranks,
                    self.find,
                    self.paper.short,
                )
            )
        except ReplicalcError as error:
            for number, (total, parts) in enumerate(self._sums):
                if len({self.find(node) for node in (total, *parts)}) <= len(parts):
                    raise ReplicalcError(f"relation {self._sum_told_by[number]}: {error}") from None
            raise
        return self.settle()

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
            self._ranges[cell] = searched(component, component.firm, cell)
        return self._ranges[cell]

    def learn(self, node: str, value: int) -> None:
        """A count that was recovered from more than percentages and sums: known from now on, but not printed."""
        component = self.of(node)
        if component is not None and self.value(node) is None:
            component.learn(self._cell_of[self.find(node)], value)
            self._ranges.clear()

    def value(self, node: str) -> int | None:
        """The only number that a count can be; None if there are several or nothing is known."""
        found = self.range(node)
        return found[0] if found is not None and found[0] == found[1] else None

    def without(self, node: str) -> Callable[[str], int | None]:
        """What ``value`` says of any count if this one were not printed: does a number follow from the others?"""
        component = self.of(node)
        if component is None:
            return self.value
        own = self._cell_of[self.find(node)]
        firm = dict(component.firm)
        for name in (own, *(s.parts[0] for s in component.sums if s.total == own and len(s.parts) == 1)):
            firm[name] = replace(firm[name], count=None)
        around = set(near(component, firm, own))

        def value(other: str) -> int | None:
            cell = self._cell_of.get(self.find(other), "")
            if cell not in around or firm[cell].count is not None:
                return self.value(other)
            found = searched(component, firm, cell, MAX_ASIDE)
            return found[0] if found[0] == found[1] else None

        return value

    def shaken(self, node: str) -> bool:
        """Whether a count is not printed and is told from numbers that a nearest repair changes."""
        component = self.of(node)
        if component is None:
            return False
        cell = self._cell_of[self.find(node)]
        if component.firm[cell].count is not None:
            return False
        around = near(component, component.firm, cell)
        return any(component.repaired(name) for name in around)

    def disputed(self, node: str) -> bool:
        """Whether a count, printed or told, rests on a number that some smallest repair changes, the nearest or not."""
        component = self.of(node)
        if component is None or not component.check.repairs:
            return False
        cell = self._cell_of[self.find(node)]
        changed = {change.cell for repair in component.check.repairs for change in repair.changes}
        return not changed.isdisjoint({cell, *near(component, component.firm, cell)})
