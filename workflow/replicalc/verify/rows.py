"""From opinions to one row a claim: the heaviest, held against the other prints of the same number."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from replicalc.records import Claim
from replicalc.verify.opinion import ORDER, Opinion, heaviest, joined
from replicalc.verify.paper import COUNTS, EXTERNAL, SHARES, Paper, Relation
from replicalc.verify.printed import Printed, printed_number, rounding_needed


@dataclass(frozen=True, slots=True)
class Row:
    """One row of verification.csv."""

    claim_id: str
    result: str
    reported: str
    recomputed: str
    verdict: str
    method: str
    solutions: str
    evidence: str
    repair: str
    note: str


def rows_of(paper: Paper, opinions: Sequence[Opinion], owning: Collection[str]) -> tuple[Row, ...]:
    """One row a claim, in the order of the claims.

    owning: the kinds of relation that judge a number by more than arithmetic.
    """
    by_claim: dict[str, list[Opinion]] = {}
    for opinion in opinions:
        by_claim.setdefault(opinion.claim_id, []).append(opinion)
    chosen = {name: heaviest(mine) for name, mine in by_claim.items()}
    for group in _repeated(paper, _owners(paper, by_claim, owning)):
        _spread(paper, group, chosen)
    return tuple(
        Row(
            claim.claim_id,
            claim.result,
            claim.reported,
            o.recomputed,
            o.verdict,
            o.method,
            o.solutions,
            o.evidence,
            o.repair,
            joined(o.note, f"evidence: {o.relation}" if o.relation else ""),
        )
        for claim in paper.claims.values()
        for o in [chosen.get(claim.claim_id) or _nothing(claim)]
    )


def _owners(
    paper: Paper, by_claim: Mapping[str, Sequence[Opinion]], owning: Collection[str]
) -> dict[str, frozenset[str]]:
    """The relations that judge each claim by more than arithmetic."""
    own = {relation.id for relation in paper.of_kind(*owning)}
    return {name: frozenset(o.relation for o in mine) & own for name, mine in by_claim.items()}


def _repeated(paper: Paper, owners: Mapping[str, frozenset[str]]) -> list[list[Claim]]:
    """Claims that are one number printed at several places: the same place of one result, or a relation says so.

    At one place may also stand two numbers, P by two tests or a crude and an adjusted ratio: where different relations
    own them, they are two.
    """
    places: dict[tuple[str, ...], list[Claim]] = {}
    for claim in paper.claims.values():
        if claim.stat not in ("holds", "wording"):
            places.setdefault((claim.result, claim.group, claim.variable, claim.stat), []).append(claim)
    groups = []
    for mine in places.values():
        apart: dict[frozenset[str], list[Claim]] = {}
        for claim in mine:
            apart.setdefault(owners.get(claim.claim_id, frozenset()), []).append(claim)
        owned = [claims for owner, claims in apart.items() if owner]
        groups += [mine] if len(owned) < 2 else owned
    groups += [paper.many(relation["claims"], relation) for relation in paper.of_kind("repeats")]
    parent: dict[str, str] = {}

    def find(name: str) -> str:
        while parent.get(name, name) != name:
            name = parent[name]
        return name

    for group in groups:
        for claim in group[1:]:
            a, b = find(group[0].claim_id), find(claim.claim_id)
            parent[max(a, b)] = min(a, b)
    together: dict[str, list[Claim]] = {}
    for claim in paper.claims.values():
        together.setdefault(find(claim.claim_id), []).append(claim)
    return [group for group in together.values() if len(group) > 1]


def _spread(paper: Paper, group: Sequence[Claim], chosen: dict[str, Opinion]) -> None:
    """One number at several places has one verdict where the print is the same; where it differs, both prints stand.

    Two different prints of one number (counts and percentages apart, which the ledger compares) cannot both be right.
    """
    texts = dict.fromkeys(claim.reported for claim in group)
    counted = any(c.stat in COUNTS or c.stat in SHARES for c in group)
    for text in texts:
        mine = [claim for claim in group if claim.reported == text]
        known = [chosen[c.claim_id] for c in mine if c.claim_id in chosen]
        if known and len(mine) > 1:
            best = heaviest(known)
            places = ", ".join(paper.short(c.claim_id) for c in mine)
            for claim in mine:
                own = chosen.get(claim.claim_id)
                if own is None or own.verdict != best.verdict:
                    note = f"the same number as {places}"
                    chosen[claim.claim_id] = replace(best, claim_id=claim.claim_id, note=joined(best.note, note))
        elif len(mine) > 1 and len(texts) == 1 and mine[0].kind != EXTERNAL:
            for claim in mine:
                chosen[claim.claim_id] = Opinion(
                    claim.claim_id,
                    "underdetermined",
                    text,
                    "printed at several places",
                    "many",
                    f"{text} at {len(mine)} places",
                    "",
                    "the number itself cannot be recomputed",
                    "repeats",
                )
    prints = {t: p for t in texts if (p := printed_number(t)) is not None and p.sign == "="}
    plain = list(prints)
    if len(plain) < 2 or counted or _one_value(list(prints.values())):
        return
    every = ", ".join(f"{c.reported} ({paper.short(c.claim_id)})" for c in group if c.reported in plain)
    sure = {c.reported for c in group if c.claim_id in chosen and chosen[c.claim_id].verdict == "exact"} & set(plain)
    often = {text: sum(c.reported == text for c in group) for text in plain}
    most = [text for text in plain if often[text] == max(often.values())]
    reading = next((r["reading"] for r in paper.of_kind("repeats") if r.get("reading") and _same(paper, r, group)), "")
    # What comes out stands, however often the other is printed; if nothing does, what is printed most often.
    right = next(iter(sure)) if len(sure) == 1 else most[0] if len(most) == 1 and not sure else ""
    for claim in group:
        if claim.reported in plain and claim.reported != right:
            chosen[claim.claim_id] = Opinion(
                claim.claim_id,
                "underdetermined" if reading else "impossible",
                right,
                "one number at several places",
                "" if reading else "0",
                f"one number is printed as {every}",
                right,
                joined(
                    f"impossible only if read so: {reading}" if reading else "",
                    _why(right, sure) if right else "this or another print of it",
                ),
                "repeats",
            )


def _same(paper: Paper, relation: Relation, group: Sequence[Claim]) -> bool:
    """Whether a relation says that these claims are one number."""
    return not {c.claim_id for c in paper.many(relation["claims"], relation)}.isdisjoint(c.claim_id for c in group)


def _why(right: str, sure: Collection[str]) -> str:
    """Why one of several prints of a number is taken as the right one."""
    return f"{right} is taken as right because it {'comes out' if right in sure else 'is printed most often'}"


def _one_value(prints: Sequence[Printed]) -> bool:
    """Whether one value can print as all of these: 0.03 and 0.031, say."""
    finest = max(prints, key=lambda each: each.decimals)
    return all(rounding_needed(float(finest.value), each) is not None for each in prints)


def _nothing(claim: Claim) -> Opinion:
    if claim.kind == EXTERNAL:
        note = "external: another publication's number; that publication is not among the studies of the registry"
    elif claim.stat in ("holds", "wording"):
        note = "a sentence without a number that could be held against it"
    else:
        note = "no relation ties it to another number: a count, a share or a test of the same patients would be needed"
    return Opinion(claim.claim_id, "not_checkable", note=note)


def coverage(rows: Sequence[Row]) -> dict[str, int]:
    """How many claims there are, how many could be held against something, and how many of each verdict."""
    counts = {verdict: sum(row.verdict == verdict for row in rows) for verdict in ORDER}
    return {"claims": len(rows), "checkable": len(rows) - counts["not_checkable"], **counts}
