"""Measurements: means with their SD, quantiles of subgroups against the total's, intraclass correlations."""

from __future__ import annotations

from replicalc.errors import ReplicalcError
from replicalc.records import Claim
from replicalc.verify.judged import Judged
from replicalc.verify.ledger import Ledger
from replicalc.verify.paper import Paper, Relation

#: Where a quantile of each stat lies.
PLACES = {"min": 0.0, "q1": 0.25, "median": 0.5, "q3": 0.75, "max": 1.0}
OPEN = "many data sets fit: the values themselves are not printed"


def _size(ledger: Ledger, relation: Relation, given) -> int | None:
    return ledger.value(ledger.ref(given, relation)) if given is not None else None


def judge_mean(paper: Paper, ledger: Ledger, relation: Relation) -> Judged:
    """GRIM, GRIMMER or DEBIT of a mean and its SD, and both against median and range."""
    from replicalc.verify.moments import debit, grim, grimmer
    from replicalc.verify.spread import within_range

    judged = Judged(relation.id, relation.kind)
    claims = paper.by_stat(paper.many(relation["claims"], relation), relation, "mean")
    n = _size(ledger, relation, relation["n"])
    if n is None or n < 2:
        judged.say(list(claims.values()), "not_checkable", note="the number of values is not known")
        return judged
    mean, sd = claims["mean"].reported, claims["sd"].reported if "sd" in claims else None
    pair = [claims[stat] for stat in ("mean", "sd") if stat in claims]
    items = int(relation.get("items", 1))
    scale = relation.get("scale") or (None, None)
    try:
        found = None
        if relation.get("binary") and sd is not None:
            found = debit(mean, sd, n)
        elif relation.get("whole_numbers") or items > 1:
            found = grimmer(mean, sd, n, items, *scale) if sd is not None else grim(mean, n, items)
        if found is not None:
            judged.line(f"{found.method}: {found.evidence}")
            number = str(len(found.sums)) if found.sums else "0"
            if found.verdict == "consistent":
                only = len(found.sums) == 1 and sd is None
                for claim in pair:
                    judged.say(
                        claim,
                        "exact" if only else "underdetermined",
                        recomputed=claim.reported,
                        method=found.method,
                        solutions=number,
                        evidence=found.evidence,
                        note="" if only else f"{number} sums of the values fit",
                    )
            else:
                judged.say(
                    pair,
                    found.verdict,
                    method=found.method,
                    solutions=number,
                    evidence=found.evidence,
                    repair=found.repair,
                )
        if sd is not None:
            ends = {stat: claims[stat].reported for stat in ("min", "max", "median") if stat in claims}
            checks = within_range(mean, sd, n, ends.get("min"), ends.get("max"), ends.get("median"))
            for check in checks:
                judged.line(check.evidence)
                if check.verdict == "impossible":
                    judged.say(
                        [*pair, *(claims[s] for s in ends)],
                        "impossible",
                        method=check.method,
                        solutions="0",
                        evidence=check.evidence,
                        repair=check.repair,
                        note="one of these numbers, of which not all can hold",
                    )
    except ReplicalcError as error:
        judged.line(f"{error}.")
        judged.say(pair, "impossible", method="mean and standard deviation", solutions="0", evidence=str(error))
        return judged
    for claim in claims.values():
        if claim.claim_id not in {o.claim_id for o in judged.opinions}:
            judged.say(
                claim,
                "underdetermined",
                solutions="many",
                recomputed=claim.reported,
                method="within its bounds",
                note=OPEN,
            )
    return judged


def judge_quantiles(paper: Paper, ledger: Ledger, relation: Relation) -> Judged:
    """Quantiles of subgroups against those of the total, in both directions."""
    from replicalc.verify.spread import Group, subgroups

    judged = Judged(relation.id, relation.kind)
    read: list[tuple[Group, dict[float, Claim]]] = []
    every = [relation["total"], *relation["groups"]]
    for number, given in enumerate(every):
        name = "the total" if number == 0 else str(given.get("name") or f"group {number}")
        claims = {PLACES[c.stat]: c for c in paper.many(given["claims"], relation) if c.stat in PLACES}
        n = _size(ledger, relation, given.get("n"))
        if not claims or n is None:
            judged.line(f"{name}: its quantiles or its size are not known.")
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


def judge_icc(paper: Paper, ledger: Ledger, relation: Relation) -> Judged:
    """Which form of the intraclass correlation, and which n, give the printed interval."""
    from replicalc.verify.which_icc import FORMS, MEANING, which_icc

    judged = Judged(relation.id, relation.kind)
    claims = paper.by_stat(paper.many(relation["claims"], relation), relation, "icc", "icc_lo", "icc_hi")
    triple = [claims[stat] for stat in ("icc", "icc_lo", "icc_hi")]
    printed = [paper.printed(claim) for claim in triple]
    given = relation.get("forms") or ()
    named = (given,) if isinstance(given, str) else tuple(given)
    n = _size(ledger, relation, relation.get("n"))
    if any(p is None for p in printed):
        judged.say(triple, "not_checkable", note="no plain numbers")
        return judged
    try:
        found = which_icc(*printed, n, int(relation.get("raters", 2)), paper.level)
    except ReplicalcError as error:
        judged.line(f"{error}.")
        judged.say(triple, "impossible", method="any form", solutions="0", evidence=str(error))
        return judged
    judged.line(found.evidence + ".")
    forms = [form for form in FORMS if form in found.forms]
    judged.show(
        "Forms",
        ("form", "meaning", "numbers of subjects that fit"),
        [(form, MEANING[form], _runs(found.sizes(form))) for form in FORMS],
    )
    judged.facts = {"found": found}
    if not forms:
        for claim, name in zip(triple, ("value", "lower limit", "upper limit"), strict=True):
            mine = [r for r in found.repairs if r.number == name and (not named or r.form in named)]
            least = min((r.units for r in found.repairs if not named or r.form in named), default=None)
            if mine and mine[0].units == least == 1:
                judged.say(
                    claim,
                    "rounding",
                    recomputed=mine[0].reading,
                    method=mine[0].form,
                    solutions="0",
                    evidence=found.evidence,
                    repair=mine[0].reading,
                    note="this or another of the three numbers"
                    if len({r.number for r in found.repairs if r.units == 1}) > 1
                    else "",
                )
            else:
                judged.say(
                    claim,
                    "impossible",
                    method="none of six forms",
                    solutions="0",
                    evidence=found.evidence,
                    repair=f"{mine[0].reading} ({mine[0].form}, n = {mine[0].n})" if mine else "",
                    note="proven for one way and consistency; for absolute agreement none was found",
                )
        return judged
    right = [form for form in forms if form in named]
    many = len(found.sizes((right or forms)[0])) if n is None else 1
    for claim in triple:
        if n is None and many > 1 and right:
            judged.say(
                claim,
                "underdetermined",
                recomputed=claim.reported,
                method=", ".join(right),
                solutions=str(many),
                evidence=found.evidence,
            )
        else:
            judged.say(
                claim,
                "exact" if right else "unstated_method",
                recomputed=claim.reported,
                method=", ".join(right or forms),
                solutions=str(len(right or forms)),
                evidence=found.evidence,
                note="" if right else ("" if named else "the paper does not name the form; ") + MEANING[forms[0]],
            )
    return judged


def _runs(sizes: tuple[int, ...]) -> str:
    if not sizes:
        return "none"
    runs: list[list[int]] = []
    for size in sizes:
        if runs and size == runs[-1][1] + 1:
            runs[-1][1] = size
        else:
            runs.append([size, size])
    return ", ".join(f"{a}" if a == b else f"{a} to {b}" for a, b in runs)
