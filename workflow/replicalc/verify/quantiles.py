"""Quantiles of subgroups against those of the total, and quantiles of values that are known to be 0."""

from __future__ import annotations

from itertools import pairwise

from replicalc.errors import ReplicalcError
from replicalc.records import Claim
from replicalc.verify.judged import Judged
from replicalc.verify.ledger import Ledger
from replicalc.verify.measuring import OPEN, odd_number, size_of
from replicalc.verify.paper import Paper, Relation

#: Where a quantile of each stat lies.
PLACES = {"min": 0.0, "q1": 0.25, "median": 0.5, "q3": 0.75, "max": 1.0}


def judge_quantiles(paper: Paper, ledger: Ledger, relation: Relation) -> Judged:
    """Quantiles of subgroups against those of the total, in both directions."""
    from replicalc.verify.spread import Group, subgroups

    judged = Judged(relation.id, relation.kind)
    read: list[tuple[Group, dict[float, Claim]]] = []
    every = [relation["total"], *relation["groups"]]
    for number, given in enumerate(every):
        name = "the total" if number == 0 else str(given.get("name") or f"group {number}")
        claims = {PLACES[c.stat]: c for c in paper.many(given["claims"], relation) if c.stat in PLACES}
        n = size_of(ledger, relation, given.get("n"))
        told = odd_number(paper, list(claims.values())) or ("" if n is not None else f"the size of {name} is not known")
        if not claims or told:
            judged.line(f"{told or f'{name} has no quantiles'}.")
            mine = [c for g in every for c in paper.many(g["claims"], relation) if c.stat in PLACES]
            judged.say(mine, "not_checkable", note=told or f"{name} has no quantiles")
            return judged
        read.append((Group(name, n, {p: c.reported for p, c in claims.items()}), claims))
    claims = [c for _, mine in read for c in mine.values()]
    judged.show(
        "Quantiles",
        ("group", "n", *(f"{p:g}" for p in sorted({p for g, _ in read for p in g.quantiles}))),
        [
            (g.name, g.n, *(g.quantiles.get(p, "") for p in sorted({p for g, _ in read for p in g.quantiles})))
            for g, _ in read
        ],
    )
    sizes = [group.n for group, _ in read]
    if sum(sizes[1:]) != sizes[0]:
        told = f"the groups have {sum(sizes[1:])} values and the total has {sizes[0]}"
        judged.line(told + ".")
        judged.say(claims, "not_checkable", note=told)
        return judged
    for given, (group, mine) in zip(every, read, strict=True):
        zeros = size_of(ledger, relation, given.get("zeros"))
        if zeros is not None:
            _zeros(judged, paper, group, mine, zeros)
    if _disordered(judged, paper, read):
        told = "not compared, since quantiles of one group are not in order"
        said = {o.claim_id for o in judged.opinions}
        judged.say([c for c in claims if c.claim_id not in said], "not_checkable", note=told)
        return judged
    try:
        findings = subgroups(read[0][0], [group for group, _ in read[1:]])
    except ReplicalcError as error:
        judged.line(f"{error}.")
        judged.say(
            claims,
            "impossible",
            method="quantiles in order",
            solutions="0",
            evidence=str(error),
            note="one of these numbers, of which not all can hold",
        )
        return judged
    for finding in findings:
        judged.line(finding.evidence)
    for finding, (p, claim) in zip(findings, sorted(read[0][1].items()), strict=True):
        if finding.verdict in ("impossible", "rounding"):
            mine = [m[p] for _, m in read[1:] if p in m]
            judged.say(
                claim,
                finding.verdict,
                method=finding.method,
                solutions="0",
                evidence=finding.evidence,
                repair=finding.repair,
                note="this, or the quantiles of a subgroup",
            )
            judged.say(
                mine,
                finding.verdict,
                method=finding.method,
                solutions="0",
                evidence=finding.evidence,
                note="one of these numbers, of which not all can hold",
            )
    done = {o.claim_id for o in judged.opinions}
    for claim in claims:
        if claim.claim_id not in done:
            judged.say(
                claim,
                "underdetermined",
                recomputed=claim.reported,
                method="quantiles of subgroups against the total's",
                solutions="many",
                evidence="within what the other groups leave possible",
                note=OPEN,
            )
    return judged


def _disordered(judged: Judged, paper: Paper, read) -> bool:
    """Whether quantiles of one group are not in order; said of those alone without which the rest would be."""
    found = False
    for group, mine in read:
        values = [(claim, paper.printed(claim).value) for _, claim in sorted(mine.items())]
        down = [(one[0], other[0]) for one, other in pairwise(values) if other[1] < one[1]]
        if not down:
            continue
        found = True
        rest = {c.claim_id: [v for other, v in values if other is not c] for c, _ in values}
        alone = [c for c, _ in values if rest[c.claim_id] == sorted(rest[c.claim_id])]
        guilty = alone or list({c.claim_id: c for pair in down for c in pair}.values())
        told = f"{group.name}: the quantiles {' and '.join(c.reported for c in down[0])} are not in order"
        judged.line(told + ".")
        names = {c.claim_id: [paper.short(o.claim_id) for o in guilty if o is not c] for c in guilty}
        for claim in guilty:
            others = ", ".join(names[claim.claim_id])
            note = f"one of several numbers, of which not all can hold: this or {others}" if others else ""
            judged.say(claim, "impossible", method="quantiles in order", solutions="0", evidence=told, note=note)
    return found


def _zeros(judged: Judged, paper: Paper, group, claims: dict[float, Claim], zeros: int) -> None:
    """Quantiles of values of which so many are 0 and none is below: as many are 0 as the zeros reach."""
    from replicalc.verify.spread import places

    for p, claim in sorted(claims.items()):
        first, last = places(group.n, p)
        printed = paper.printed(claim)
        if printed is None:
            continue
        text = f"{zeros} of {group.n} values of {group.name} are 0, so the quantile {p:g} is "
        if last <= zeros:
            judged.line(f"{text}0; {claim.reported} is printed.")
            right = printed.value == 0
            if right:
                judged.say(
                    claim, "exact", recomputed="0", method="values known to be 0", solutions="1", evidence=f"{text}0"
                )
        elif first > zeros:
            judged.line(f"{text}above 0; {claim.reported} is printed.")
            right = printed.value > 0 or printed.decimals == 0
        else:
            continue
        if not right:
            what = f"{text}{'0' if last <= zeros else 'above 0'}; {claim.reported} is printed"
            judged.say(
                claim,
                "impossible" if last <= zeros else "unstated_method",
                method="values known to be 0",
                solutions="0",
                evidence=what,
                repair="0" if last <= zeros else "",
                note="" if last <= zeros else "only if the value is so small that it prints as 0",
            )
