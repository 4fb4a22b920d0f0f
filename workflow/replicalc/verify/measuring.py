"""Measurements: means with their SD, and what the judges of quantiles and intraclass correlations ask as well."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from replicalc.errors import ReplicalcError
from replicalc.records import Claim
from replicalc.verify.judged import Judged
from replicalc.verify.ledger import Ledger
from replicalc.verify.moments import Moments
from replicalc.verify.paper import Paper, Relation

OPEN = "many data sets fit: the values themselves are not printed"


def odd_number(paper: Paper, claims: Sequence[Claim]) -> str:
    """A claim that prints no plain number, told; empty if all do."""
    for claim in claims:
        printed = paper.printed(claim)
        if printed is None or printed.sign != "=":
            return f"'{claim.reported}' ({paper.short(claim.claim_id)}) is no plain number"
    return ""


def say_error(judged: Judged, claims: Sequence[Claim], error: str, proven: bool) -> None:
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


def size_of(ledger: Ledger, relation: Relation, given) -> int | None:
    return ledger.value(ledger.ref(given, relation)) if given is not None else None


def _say_misfit(judged: Judged, claims: dict[str, Claim], found, mean_alone: Callable[[], Moments]) -> None:
    """Mean and SD that do not go together: the one whose change is the smallest, or both where neither is smaller.

    found: GRIM, GRIMMER or DEBIT of both. mean_alone: GRIM of the mean, which says what is left of it without the SD.
    """
    words = {"mean": "mean", "standard deviation": "sd"}
    guilty = [words[what] for what in found.alone] or [stat for stat in words.values() if stat in claims]
    told = dict(method=found.method, solutions=str(len(found.sums)), evidence=found.evidence)
    judged.say([claims[stat] for stat in guilty if stat in claims], found.verdict, repair=found.repair, **told)
    if "mean" not in guilty:
        left = mean_alone()
        sums = "1 sum of the values fits" if len(left.sums) == 1 else f"{len(left.sums)} sums of the values fit"
        judged.say(
            claims["mean"],
            "exact" if len(left.sums) == 1 else "underdetermined",
            recomputed=claims["mean"].reported,
            method=left.method,
            solutions=str(len(left.sums)),
            evidence=left.evidence,
            note=f"{sums}; only if the standard deviation {claims['sd'].reported} is changed",
        )
    elif "sd" not in guilty and "sd" in claims:
        judged.say(
            claims["sd"],
            "underdetermined",
            recomputed=claims["sd"].reported,
            method=found.method,
            solutions="many",
            evidence=found.evidence,
            note=f"only if the mean {claims['mean'].reported} is changed",
        )


def judge_mean(paper: Paper, ledger: Ledger, relation: Relation) -> Judged:
    """GRIM, GRIMMER or DEBIT of a mean and its SD, and both against median and range."""
    from replicalc.verify.moments import debit, grim, grimmer
    from replicalc.verify.spread import within_range

    judged = Judged(relation.id, relation.kind)
    claims = paper.by_stat(paper.many(relation["claims"], relation), relation, "mean")
    n = size_of(ledger, relation, relation["n"])
    if n is None or n < 2:
        judged.say(list(claims.values()), "not_checkable", note="the number of values is not known")
        return judged
    odd = odd_number(paper, [claims["mean"]])
    if odd:
        judged.say(list(claims.values()), "not_checkable", note=odd)
        return judged
    for stat in [stat for stat in claims if odd_number(paper, [claims[stat]])]:
        claim = claims.pop(stat)
        judged.say(claim, "not_checkable", note=odd_number(paper, [claim]))
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
                _say_misfit(judged, claims, found, lambda: grim(mean, n, items))
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
        say_error(judged, pair, str(error), _no_moments(paper, claims, bool(relation.get("binary"))))
        return judged
    if relation.get("groups"):
        _judge_groups(judged, paper, ledger, relation, claims, n)
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


def _judge_groups(
    judged: Judged, paper: Paper, ledger: Ledger, relation: Relation, claims: dict[str, Claim], n: int
) -> None:
    """Means and SDs of the groups that make up the total, against the total's."""
    from replicalc.verify.pooled_means import Sample, pooled

    places: dict[tuple[int, str], Claim] = {(0, stat): claims[stat] for stat in ("mean", "sd") if stat in claims}
    samples, open_claims, missing = [Sample("the total", n, *_texts(claims))], [], ""
    for number, given in enumerate(relation["groups"], start=1):
        name = str(given.get("name") or f"group {number}")
        every = paper.by_stat(paper.many(given["claims"], relation), relation)
        mine = {stat: every[stat] for stat in ("mean", "sd") if stat in every}
        open_claims += mine.values()
        size = size_of(ledger, relation, given.get("n"))
        odd = odd_number(paper, list(mine.values()))
        missing = missing or odd or ("" if "mean" in mine else f"{name} has no mean")
        missing = missing or ("" if size is not None else f"the size of {name} is not known")
        if not missing:
            samples.append(Sample(name, size, *_texts(mine)))
            places |= {(number, stat): claim for stat, claim in mine.items()}
    try:
        if missing:
            raise ReplicalcError(missing)
        found = pooled(samples[0], samples[1:])
    except ReplicalcError as error:  # sizes that do not add up, say: nothing to hold the means against
        judged.line(f"{error}.")
        judged.say(open_claims, "not_checkable", note=str(error))
        return
    judged.show(
        "Means of the groups", ("group", "n", "mean", "sd"), [(s.name, s.n, s.mean, s.sd or "") for s in samples]
    )
    judged.line(found.evidence)
    more = dict(method=found.method, solutions="0", evidence=found.evidence)
    if found.verdict in ("consistent", "unstated_method"):
        fits = found.verdict == "consistent"
        for (_, stat), claim in places.items():
            judged.say(
                claim,
                "underdetermined" if fits or stat == "mean" else "unstated_method",
                recomputed=claim.reported,
                **{**more, "solutions": "many"},
                note=OPEN if fits else "",
            )
        return
    for place, claim in places.items():
        if found.repairs and place not in found.repairs:
            note = "only if another of these means and SDs is changed"
            judged.say(claim, "underdetermined", recomputed=claim.reported, **more, note=note)
            continue
        others = [
            f"{reads} for {places[at].reported} ({paper.short(places[at].claim_id)})"
            for at, (reads, _) in sorted(found.repairs.items(), key=lambda each: each[1][1])
            if at != place
        ]
        note = f"one of several numbers, of which not all can hold: this or {' or '.join(others)}" if others else ""
        if not found.repairs:
            note = "no change of one number alone does: more than one of these means and SDs cannot hold"
        judged.say(claim, found.verdict, repair=found.repairs.get(place, ("", 0))[0], note=note, **more)


def _texts(claims: dict[str, Claim]) -> tuple[str, str | None]:
    return claims["mean"].reported, claims["sd"].reported if "sd" in claims else None
