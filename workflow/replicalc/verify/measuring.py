"""Measurements: means with their SD, quantiles of subgroups against the total's, intraclass correlations."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from itertools import pairwise

from replicalc.errors import ReplicalcError, did_you_mean
from replicalc.records import Claim
from replicalc.verify.judged import Judged
from replicalc.verify.ledger import Ledger
from replicalc.verify.opinion import joined
from replicalc.verify.paper import Paper, Relation

#: Where a quantile of each stat lies.
PLACES = {"min": 0.0, "q1": 0.25, "median": 0.5, "q3": 0.75, "max": 1.0}
OPEN = "many data sets fit: the values themselves are not printed"


def _odd(paper: Paper, claims: Sequence[Claim]) -> str:
    """A claim that prints no plain number, told; empty if all do."""
    for claim in claims:
        printed = paper.printed(claim)
        if printed is None or printed.sign != "=":
            return f"'{claim.reported}' ({paper.short(claim.claim_id)}) is no plain number"
    return ""


def _say_error(judged: Judged, claims: Sequence[Claim], error: str, proven: bool) -> None:
    """Numbers that no search could be made for: because they exclude each other, or for another reason."""
    if proven:
        judged.say(claims, "impossible", method="numbers in order", solutions="0", evidence=error)
    else:
        judged.say(claims, "not_checkable", evidence=error, note=error)


def _no_moments(paper: Paper, claims: dict[str, Claim], binary: bool) -> bool:
    """Whether mean, SD and range exclude each other at first sight."""
    value = {stat: paper.printed(claim).value for stat, claim in claims.items()}
    return (
        value.get("sd", 0) < 0
        or (binary and not 0 <= value["mean"] <= 1)
        or ("min" in value and "max" in value and value["min"] > value["max"])
    )


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
    odd = _odd(paper, [claims["mean"]])
    if odd:
        judged.say(list(claims.values()), "not_checkable", note=odd)
        return judged
    for stat in [stat for stat in claims if _odd(paper, [claims[stat]])]:
        claim = claims.pop(stat)
        judged.say(claim, "not_checkable", note=_odd(paper, [claim]))
    mean, sd = claims["mean"].reported, claims["sd"].reported if "sd" in claims else None
    pair = [claims[stat] for stat in ("mean", "sd") if stat in claims]
    items = int(relation.get("items", 1))
    ends = [paper.printed(claims[stat]) if stat in claims else None for stat in ("min", "max")]
    whole = items == 1 and not relation.get("binary")
    # Printed least and greatest values are the ends of the scale, as far as these values go.
    reach = [int(p.value) if whole and p and p.sign == "=" and not p.decimals else None for p in ends]
    scale = relation.get("scale") or reach
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
        _say_error(judged, pair, str(error), _no_moments(paper, claims, bool(relation.get("binary"))))
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
        told = _odd(paper, list(claims.values())) or ("" if n is not None else f"the size of {name} is not known")
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
        zeros = _size(ledger, relation, given.get("zeros"))
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


def judge_icc(paper: Paper, ledger: Ledger, relation: Relation) -> Judged:
    """Which form of the intraclass correlation, and which n, give the printed interval."""
    from replicalc.verify.which_icc import FORMS, MEANING, which_icc

    judged = Judged(relation.id, relation.kind)
    claims = paper.by_stat(paper.many(relation["claims"], relation), relation, "icc", "icc_lo", "icc_hi")
    triple = [claims[stat] for stat in ("icc", "icc_lo", "icc_hi")]
    printed = [paper.printed(claim) for claim in triple]
    given = relation.get("forms") or ()
    named = (given,) if isinstance(given, str) else tuple(given)
    strange = [name for name in named if name not in FORMS]
    if strange:
        hint = did_you_mean(strange[0], FORMS)
        raise ReplicalcError(
            f"relation {relation.id}: there is no form '{strange[0]}'.{hint} Forms: {', '.join(FORMS)}"
        )
    n = _size(ledger, relation, relation.get("n"))
    odd = _odd(paper, triple)
    if odd:
        judged.say(triple, "not_checkable", note=odd)
        return judged
    try:
        asked = dict(n=n, k=int(relation.get("raters", 2)), level=paper.level)
        found = which_icc(*printed, **asked)
        own = which_icc(*printed, **asked, forms=named) if named else None
    except ReplicalcError as error:
        judged.line(f"{error}.")
        value, low, high = printed
        # 0.8 between 0.82 and 0.9 may have been 0.84
        unit = max(Decimal(1).scaleb(-p.decimals) for p in printed)
        outside = value.value + unit <= low.value or value.value - unit >= high.value
        _say_error(judged, triple, str(error), low.value > high.value or outside)
        return judged
    judged.show(
        "Forms",
        ("form", "meaning", "numbers of subjects that fit"),
        [(form, MEANING[form], _runs(found.sizes(form))) for form in FORMS],
    )
    judged.facts = {"found": found}
    shown = dict.fromkeys([each.evidence for each in (own, found) if each is not None])
    for text in shown:
        judged.line(text + ".")
    _say_icc(judged, triple, own, found, n, named)
    return judged


def _say_icc(judged: Judged, triple: list[Claim], own, found, n: int | None, named: tuple[str, ...]) -> None:
    """One verdict on value and limits of an intraclass correlation; ``own``: the search by the named forms alone."""
    from replicalc.verify.which_icc import FORMS, MEANING

    if own is not None and own.fits:
        sizes = {fit.n for fit in own.fits}
        cut = ", cut off" if all(fit.rounding == "truncation" for fit in own.fits) else ""
        for claim in triple:
            judged.say(
                claim,
                "exact" if len(sizes) == 1 else "underdetermined",
                recomputed=claim.reported,
                method=", ".join(own.forms) + cut,
                solutions=str(len(sizes)),
                evidence=own.evidence,
            )
        return
    fewer = [fit for fit in (found.elsewhere if own is None else own.elsewhere) if n is not None and fit.n < n]
    if found.fits or fewer:
        forms = found.forms or tuple(form for form in FORMS if any(fit.form == form for fit in fewer))
        nearest = max((fit.n for fit in fewer), default=n)
        method = ", ".join(forms) + ("" if found.fits else f" with n = {nearest}")
        said = "" if own is not None else "the paper does not name the form"
        few = "" if found.fits else f"it comes out with {nearest} subjects and not with {n}, as if some were left out"
        for claim in triple:
            judged.say(
                claim,
                "unstated_method",
                recomputed=claim.reported,
                method=method,
                solutions=str(len(forms)),
                evidence=found.evidence if found.fits or own is None else own.evidence,
                note=joined(said, few, f"{forms[0]}: {MEANING[forms[0]]}"),
            )
        return
    least = own if own is not None else found
    repairs = [r for r in least.repairs if r.units == min(x.units for x in least.repairs)]
    proven = own is not None and not any("A" in form for form in named)
    # Where the answer is exact and a change of one number does, and of no other one, the other two come out.
    sole = proven and n is not None and len({r.number for r in least.repairs}) == 1
    alone = least.repairs[0] if sole else None
    several = "this or another of the three numbers" if len({r.number for r in repairs}) > 1 else ""
    for claim, name in zip(triple, ("value", "lower limit", "upper limit"), strict=True):
        mine = next((r for r in repairs if r.number == name), None)
        if alone is not None and mine is None:
            judged.say(
                claim,
                "exact",
                recomputed=claim.reported,
                method=alone.form,
                solutions="1",
                evidence=least.evidence,
                note=f"only if the {alone.number} is changed",
            )
        elif mine is not None and mine.units == 1:
            judged.say(
                claim,
                "rounding",
                recomputed=mine.reading,
                method=mine.form,
                solutions="0",
                evidence=least.evidence,
                repair=mine.reading,
                note=several,
            )
        else:
            judged.say(
                claim,
                "impossible" if proven else "unstated_method",
                method="none of the forms named" if proven else "none of six forms",
                solutions="0",
                evidence=least.evidence,
                repair=f"{mine.reading} ({mine.form}, n = {mine.n})" if mine else "",
                note="" if proven else "proven for one way and consistency; for absolute agreement none was found",
            )


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
