"""Intraclass correlations: the form and the number of subjects that give a printed value with its limits."""

from __future__ import annotations

from decimal import Decimal

from replicalc.errors import ReplicalcError, did_you_mean
from replicalc.records import Claim
from replicalc.verify.judged import Judged
from replicalc.verify.ledger import Ledger
from replicalc.verify.measuring import odd_number, say_error, size_of
from replicalc.verify.opinion import joined
from replicalc.verify.paper import Paper, Relation


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
    n = size_of(ledger, relation, relation.get("n"))
    odd = odd_number(paper, triple)
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
        say_error(judged, triple, str(error), low.value > high.value or outside)
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
        said = "" if own is not None else "the text read names no form"
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
