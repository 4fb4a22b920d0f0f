"""What a number that a sentence speaks of can be: exact where its counts are known, otherwise as it is rounded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from math import isnan

from replicalc.errors import ReplicalcError, did_you_mean
from replicalc.records import Claim
from replicalc.verify.judged import Judged
from replicalc.verify.ledger import Ledger
from replicalc.verify.paper import COUNTS, SHARES, Paper, Relation
from replicalc.verify.printed import Printed, printed_number

#: Least and greatest value of a number, and how it is told.
Span = tuple[Decimal, Decimal, str]


def reach(printed: Printed) -> tuple[Decimal, Decimal]:
    """Between what a printed number can have been before it was rounded or cut off (the outer end not included)."""
    unit = Decimal(1).scaleb(-printed.decimals)
    if printed.value.is_signed():
        return printed.value - unit, printed.value + unit / 2
    return printed.value - (unit / 2 if printed.value else 0), printed.value + unit


def ends_of(values: Sequence[float]) -> str:
    """The least and the greatest, or the one where they print alike."""
    return " to ".join(dict.fromkeys(f"{value:.4g}" for value in (min(values), max(values))))


class Numbers:
    """The numbers of one paper as a statement may speak of them, by claim or by relation."""

    def __init__(self, paper: Paper, ledger: Ledger, relation: Relation, judged: Mapping[str, Judged]) -> None:
        self.paper, self.ledger, self.relation, self.judged = paper, ledger, relation, judged

    def _facts(self, name) -> dict:
        """What another relation has found. Raises ReplicalcError if there is none, or if it is judged later."""
        if str(name) not in self.judged:
            hint = did_you_mean(str(name), list(self.judged))
            raise ReplicalcError(f"relation {self.relation.id}: there is no relation '{name}'.{hint}")
        return self.judged[str(name)].facts

    def _span(self, text) -> Span | None:
        """Least and greatest value of a claim's number, exact where its counts are known; None if it has none."""
        claim = self.paper.one(text, self.relation)
        printed = self.paper.printed(claim)
        short = self.paper.short(claim.claim_id)
        if claim.stat in COUNTS and printed is not None:
            return printed.value, printed.value, f"{short} {claim.reported}"
        if claim.stat in SHARES:
            k, n = self._counts(claim)
            if k is not None and n:
                value = Decimal(100 * k) / Decimal(n)
                return value, value, f"{short} {k}/{n} = {value:.2f} %"
        if printed is None or printed.sign != "=":
            return None
        return *reach(printed), f"{short} {claim.reported}"

    def _counts(self, claim: Claim) -> tuple[int | None, int | None]:
        for part, whole, _, other in self.ledger.shares:
            if other is claim:
                return self.ledger.value(part), self.ledger.value(whole)
        return None, None

    def p_span(self, name) -> tuple[float, float, str]:
        """Least and greatest P of a relation or claim, by the tests named (or all); nan if not known."""
        claim = self.paper.find(name)
        if claim is not None:
            if claim.stat != "p":
                what = f"'{name}' is of stat {claim.stat}; only a P or a relation is significant"
                raise ReplicalcError(f"relation {self.relation.id}: {what}")
            printed = self.paper.printed(claim)
            if printed is None:
                return float("nan"), float("nan"), f"{name} prints no P"
            value = float(printed.value)
            ends = {"<": (0.0, value - 1e-12), "<=": (0.0, value), ">": (value + 1e-12, 1.0), ">=": (value, 1.0)}
            least, most = reach(printed)  # 0.05 may have been 0.048
            lo, hi = ends.get(printed.sign) or (float(least), float(most) - 1e-12)
            return lo, hi, f"{self.paper.short(claim.claim_id)} {claim.reported}"
        facts = self._facts(name)
        if "tests" in facts:
            found = facts["found"]
            two_sided = [t.key for t in found.tests if t.sided == "two-sided" and not isnan(t.p)]
            own = [key for key in facts["named"] if key in two_sided]
            # Where a P is printed and comes out, the sentence rests on it as well.
            printing = [key for key in found.prints if key in two_sided] if facts.get("printed") else []
            plain = [t.key for t in found.tests if t.key in two_sided and not t.uses_order]
            keys = list(dict.fromkeys([*own, *printing])) or plain
            values = [facts["tests"][key] for key in keys]
            if values:
                words = [*(["the named tests"] if own else []), *(["tests that print its P"] if printing else [])]
                which = " and ".join(words) or f"{len(keys)} two-sided tests"
                return min(values), max(values), f"{name}: P {ends_of(values)} by {which}"
        if "splits" in facts:
            from replicalc.verify.fast_p import p_values
            from replicalc.verify.split import QUICK

            tables = [(k1, n1 - k1, k2, n2 - k2) for k1, n1, k2, n2 in facts["splits"]]
            keys = [key for key in facts["named"] if key in QUICK] or list(QUICK)
            values = [float(p) for key in keys for p in p_values(tables, key) if not isnan(p)]
            if values:
                return (
                    min(values),
                    max(values),
                    f"{name}: P {ends_of(values)} over {len(tables)} splits",
                )
        if "texts" in facts:
            texts = facts["texts"][1:]
            (lo, lo_most), (hi_least, hi) = (reach(number) for number in map(printed_number, texts) if number)
            beyond = 1 - self.paper.level  # what P is below if the interval excludes 1
            told = f"{name}: the interval {texts[0]} to {texts[1]}"
            if any(finding.flips for finding in facts["findings"]):  # either print may be the wrong one
                return 0.0, 1.0, f"{told} and its P, {facts['p'].reported}, disagree"
            if lo > 1 or hi <= 1:
                return 0.0, beyond * (1 - 1e-9), f"{told} excludes 1"
            if lo_most <= 1 <= hi_least:
                return beyond, 1.0, f"{told} holds 1"
            return 0.0, 1.0, f"{told} cannot be told from 1 as it is rounded"
        return float("nan"), float("nan"), f"{name}: P is not known"

    def _pairs(self, given) -> list[tuple[int, int]]:
        """All (count, whole) that can be; of an accuracy relation, those of its tables."""
        names = [str(each).rpartition(".") for each in given]
        if names[0][0] == names[1][0] and names[0][0] in self.judged:
            facts = self.judged[names[0][0]].facts
            from replicalc.verify.paper import MARGINS

            def value(table, part: str) -> int:
                return table.n if part == "n" else sum(getattr(table, c) for c in MARGINS.get(part, (part,)))

            tables = facts.get("tables") or facts.get("nearest") or ()
            return [(value(t, names[0][2]), value(t, names[1][2])) for t in tables]
        k, n = (self.ledger.range(self.ledger.ref(each, self.relation)) for each in given)
        if k is None or n is None or k[1] is None or n[1] is None or (k[1] - k[0] + 1) * (n[1] - n[0] + 1) > 2000:
            return []
        return [(x, y) for y in range(n[0], n[1] + 1) for x in range(k[0], min(k[1], y) + 1)]
