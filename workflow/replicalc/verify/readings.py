"""What rests on a reading of ours, where the paper leaves another one open: told as such, and never impossible."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace

from replicalc.verify import counting
from replicalc.verify.judged import Judged
from replicalc.verify.ledger import Ledger
from replicalc.verify.opinion import Opinion, joined
from replicalc.verify.paper import Paper, Relation


def as_read(relation: Relation, judged: Judged) -> Judged:
    """What a relation says under its reading: nothing is impossible, and what comes out comes out if read so."""
    reading = relation.get("reading")
    if reading:
        judged.line(f"Reading: {reading}.")
        judged.opinions = [_left_open(o, reading) for o in judged.opinions]
    return judged


def _left_open(opinion: Opinion, reading: str) -> Opinion:
    if opinion.verdict == "impossible":
        note = joined(f"impossible only if read so: {reading}", opinion.note)
        return replace(opinion, verdict="underdetermined", solutions="", note=note)
    if opinion.verdict in ("exact", "rounding", "unstated_method"):
        return replace(opinion, note=joined(f"if read so: {reading}", opinion.note))
    return opinion


def as_counted(paper: Paper, ledger: Ledger, built: Callable[[Collection[str]], Ledger]) -> list[Opinion]:
    """What the counts say of each number, with the readings where they say something else without these.

    built: the ledger without the relations of the given ids.
    """
    opinions = list(counting.opinions(paper, ledger))
    readings = {r.id: r["reading"] for r in paper.relations.values() if r.get("reading") and r.kind != "statement"}

    def verdicts(aside: Collection[str]) -> dict[str, str]:
        other = built(aside)
        same = [each for each in ledger.settle() if each in other.settle()]  # nothing else is said of these
        ids = {claim.claim_id for each in same for claims in each.prints.values() for claim in claims}
        known = {o.claim_id: o.verdict for o in opinions if o.claim_id in ids or o.claim_id in ledger.absurd}
        return known | {o.claim_id: o.verdict for o in counting.opinions(paper, other, same)}

    without = {each: verdicts([each]) for each in readings}
    neither = verdicts(readings) if len(readings) > 1 else {}  # two may each be enough
    found = []
    for opinion in opinions:
        name, verdict = opinion.claim_id, opinion.verdict
        told = [text for each, text in readings.items() if without[each].get(name) != verdict]
        if not told and neither and neither.get(name) != verdict:
            told = list(readings.values())
        found.append(_left_open(opinion, "; ".join(dict.fromkeys(told))) if told else opinion)
    return found
