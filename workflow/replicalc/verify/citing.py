"""A number that a paper attributes to another study of the registry, against what that study prints."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from replicalc.errors import ReplicalcError
from replicalc.records import Claim
from replicalc.verify.judged import Judged
from replicalc.verify.paper import Paper, Relation
from replicalc.verify.printed import rounding_needed


def judge_cited(paper: Paper, relation: Relation, elsewhere: Mapping[str, Sequence[Claim]]) -> Judged:
    """A number attributed to another study of the registry, against what that study prints."""
    judged = Judged(relation.id, relation.kind)
    claim = paper.one(relation["claim"], relation)
    study, number = str(relation["study"]), str(relation["number"])
    if study not in elsewhere:
        judged.say(claim, "not_checkable", note=f"the study {study} is not in the registry")
        return judged
    source = next((c for c in elsewhere[study] if c.claim_id in (number, f"{study}.{number}")), None)
    if source is None:
        raise ReplicalcError(f"relation {relation.id}: the study {study} has no claim '{number}'")
    told = f"{study} prints {source.reported} ({source.claim_id}, {source.location}); here {claim.reported} is printed"
    judged.line(told + ".")
    ours, theirs = paper.printed(claim), paper.printed(source)
    same = claim.reported == source.reported
    if not same and (ours is None or theirs is None or theirs.sign != "="):
        judged.say(claim, "not_checkable", evidence=told, note="not two numbers that could be compared")
        return judged
    if not same:  # one of the two may be a rounding of the other
        same = rounding_needed(float(theirs.value), ours) is not None
        same = same or (ours.sign == "=" and rounding_needed(float(ours.value), theirs) is not None)
    if same:
        judged.say(
            claim,
            "exact",
            recomputed=source.reported,
            method="the publication it is taken from",
            solutions="1",
            evidence=told,
        )
    else:
        judged.say(
            claim,
            "impossible",
            recomputed=source.reported,
            method="the publication it is taken from",
            solutions="0",
            evidence=told,
            repair=source.reported,
        )
    return judged
