"""The limits of a proportion: which interval method prints them, over the counts that may stand behind it."""

from __future__ import annotations

from collections.abc import Sequence

from replicalc.errors import ReplicalcError
from replicalc.records import Claim
from replicalc.verify.judged import Judged
from replicalc.verify.ledger import Ledger
from replicalc.verify.opinion import joined
from replicalc.verify.paper import Paper, Relation
from replicalc.verify.printed import Printed, as_printed

#: A tail beyond which a limit is called impossible whatever the method: no interval of a usual level reaches so far.
ABSURD = 1e-6
#: Counts over which intervals are tried, and the largest group that another denominator is looked for in.
MANY_COUNTS, OTHER_SIZES = 200, 600
_METHODS = "a proof for the 13 methods tried, their limits cut at 0 and 1 or not; not for other methods"


def named_methods(relation: Relation, key: str) -> tuple[str, ...]:
    from replicalc.stats.proportion import ALL_METHODS

    return relation.named(key, ALL_METHODS, "interval method {}")


def judge_limits(
    judged: Judged,
    paper: Paper,
    estimate: Claim | None,
    lo: Claim,
    hi: Claim,
    counts: Sequence[tuple[int, int]],
    scale: int,
    named: tuple[str, ...],
    note: str = "",
) -> set[tuple[int, int]]:
    """Opinions on the two printed limits of a proportion, over the counts that may stand behind it.

    Returns the counts that print both by a method that counts: one named, or any if none is.
    """
    from replicalc.verify.which_interval import NOT_CUT, any_denominator, which_interval

    low, high = paper.printed(lo), paper.printed(hi)
    if low is None or high is None or low.sign != "=" or high.sign != "=":
        judged.say([lo, hi], "not_checkable", note="the limits are no plain numbers")
        return set()
    try:
        tried = [which_interval(k, n, low, high, paper.level, scale=scale) for k, n in counts]
    except ReplicalcError as error:
        if low.value > high.value or high.value < 0 or low.value > scale:
            reads = _named_limits(counts, named, scale, paper.level, (low, high))
            for claim, other, read in ((lo, hi, reads[0]), (hi, lo, reads[1])):
                more = dict(solutions="0", evidence=str(error), repair=read and f"{read} ({named[0]})", note=note)
                if read == claim.reported:  # of the two it is the other one
                    more |= dict(solutions="1", recomputed=read, repair="", note=f"only if {other.reported} is changed")
                    judged.say(claim, "exact", method=named[0], **more)
                else:
                    judged.say(claim, "impossible", method="any interval", **more)
        else:
            judged.say([lo, hi], "not_checkable", evidence=str(error), note=str(error))
        return set()
    every = [x for each in tried for x in each.tried]
    good = [x for x in every if x.fits and (paper.cuts or "truncation" not in (x.rounding_lo, x.rounding_hi))]
    fits = list(dict.fromkeys(x.method for x in good))
    right = [m for m in fits if m.removesuffix(NOT_CUT) in named]
    printing = {(x.count, x.n) for x in good if x.method in (right or fits)}
    rows = [(f"{x.count}/{x.n}", x.method, x.prints_lo, x.prints_hi, "yes" if x in good else "") for x in every]
    name = paper.short(estimate.claim_id) if estimate else "the proportion"
    columns = ("counts", "method", "lower", "upper", f"prints {lo.reported} to {hi.reported}")
    judged.show(f"Limits of {name} by each method", columns, rows)
    judged.line(tried[0].evidence + ".")
    if fits:
        chosen = next(x for x in good if x.method == (right or fits)[0])
        mine = next((x for x in tried[0].tried if named and not right and x.method == named[0]), None)
        said = "" if right or named else "the text read names no method"
        for claim, shown, side in ((lo, chosen.prints_lo, "prints_lo"), (hi, chosen.prints_hi, "prints_hi")):
            judged.say(
                claim,
                "exact" if right else "unstated_method",
                recomputed=shown,
                method=", ".join(right or fits),
                solutions=str(len(printing)),
                evidence=f"{chosen.count} of {chosen.n}",
                repair=getattr(mine, side) if mine else "",
                note=joined(said, note),
            )
        return printing
    value = _as_scale(paper.printed(estimate), scale) if estimate is not None else None
    elsewhere = any_denominator(low, high, paper.level, value=value, max_n=OTHER_SIZES, scale=scale)
    judged.line(elsewhere.evidence + ".")
    evidence = f"{tried[0].evidence}; {elsewhere.evidence}"
    nearest = _nearest(tried, low, high, scale, named)
    _judge_apart(judged, paper, (lo, hi), counts, (nearest, *every), scale, named, note, evidence)
    return set()


def _judge_apart(judged, paper, limits, counts, tried, scale, named, note, evidence) -> None:
    """Two limits that no method prints together, each by itself.

    tried: what every method gives for every count, the nearest first. The rest as in ``judge_limits``. A limit comes
    out by the nearest method or, if that gives neither of the two and no method gives the other one, by any.
    """
    from replicalc.verify.which_interval import NOT_CUT

    nearest = tried[0]
    sides = ("lo", "hi")
    own = [_alone(paper, tried[:1], side, named) for side in sides]
    if own == [None, None]:
        own = [_alone(paper, tried, side, named) for side in sides]
        if None not in own:  # by two methods, one for each: together they come from none
            own = [None, None]
    shown = [getattr(nearest, f"prints_{side}") for side in sides]
    printed = [paper.printed(claim) for claim in limits]
    off = [round(abs(float(x) - float(p.value)) * 10**p.decimals) for x, p in zip(shown, printed, strict=True)]
    for i, claim in enumerate(limits):
        if own[i] is not None:
            judged.say(
                claim,
                "exact" if own[i].method.removesuffix(NOT_CUT) in named else "unstated_method",
                recomputed=getattr(own[i], f"prints_{sides[i]}"),
                method=own[i].method,
                solutions="1",
                evidence=evidence,
                note=joined("the other limit does not come out by the same method", note),
            )
            continue
        more = dict(recomputed=shown[i], solutions="0", evidence=evidence)
        if off[i] == 1 and (min(off) == 0 or nearest.method.removesuffix(NOT_CUT) in named):
            judged.say(claim, "rounding", method=nearest.method, repair=shown[i], **more)
            continue
        tail = _tail(counts, float(printed[i].value) / scale, upper=sides[i] == "hi", level=paper.level)
        far = tail and not note and f"at {claim.reported} the chance of what was seen, or further away, is {tail}"
        more["evidence"] = joined(far or "", evidence)
        judged.say(
            claim,
            "impossible" if (named or far) and not note else "unstated_method",
            method="none of 13 interval methods",
            repair=f"{shown[i]} ({nearest.method})",
            note=joined(_METHODS, note),
            **more,
        )


def _alone(paper: Paper, tried, side: str, named: tuple[str, ...]):
    """The first method that prints one limit by itself, one of those named if any is; None if there is none."""
    from replicalc.verify.which_interval import NOT_CUT

    for x in tried:
        rounding = getattr(x, f"rounding_{side}")
        if rounding is None or (rounding == "truncation" and not paper.cuts):
            continue
        if not named or x.method.removesuffix(NOT_CUT) in named:
            return x
    return None


def _named_limits(
    counts: Sequence[tuple[int, int]],
    named: tuple[str, ...],
    scale: int,
    level: float,
    printed: tuple[Printed, Printed],
) -> tuple[str, str]:
    """What the limits read by the only method that is named, over the only counts; empty where there are several."""
    from replicalc.stats.proportion import interval

    if len(named) != 1 or len(counts) != 1 or not counts[0][1]:
        return "", ""
    found = interval(*counts[0], named[0], level)
    return tuple(as_printed(scale * end, print_) for end, print_ in zip((found.lo, found.hi), printed, strict=True))


def _tail(counts: Sequence[tuple[int, int]], limit: float, *, upper: bool, level: float) -> str:
    """What no interval of any usual level would have as a limit: the binomial tail there, if it is below a millionth.

    A limit of 95 % has a tail of about 0.025, one of 99.999 % still five times a millionth. Empty if it is not so far.
    """
    from scipy.stats import binom

    if not 0 < limit < 1:
        return ""
    tails = [float(binom.cdf(k, n, limit) if upper else binom.sf(k - 1, n, limit)) for k, n in counts]
    return f"{max(tails):.2g}, and not about {(1 - level) / 2:g}" if max(tails) < ABSURD else ""


def _as_scale(printed: Printed | None, scale: int) -> Printed | None:
    """A printed percentage in the scale of the limits."""
    if printed is None or printed.sign != "=" or scale == 100:
        return printed
    return Printed(printed.text, printed.value / 100, printed.decimals + 2)


def _nearest(tried, low: Printed, high: Printed, scale: int, named: tuple[str, ...]):
    from math import inf, isfinite

    def off(x) -> tuple[bool, float]:
        if not isfinite(x.lo + x.hi):
            return True, inf
        pairs = ((scale * x.lo, low), (scale * x.hi, high))
        away = sum(abs(v - float(p.value)) * 10**p.decimals for v, p in pairs)
        return bool(named) and x.method not in named, away

    return min((x for each in tried for x in each.tried), key=off)


def judge_interval(paper: Paper, ledger: Ledger, relation: Relation) -> Judged:
    """A proportion with its interval outside of a 2x2 table."""
    judged = Judged(relation.id, relation.kind)
    lo, hi = (paper.one(each, relation) for each in relation["limits"])
    estimate = paper.one(relation["estimate"], relation) if relation.get("estimate") is not None else None
    k = ledger.range(ledger.ref(relation["count"], relation)) if relation.get("count") is not None else None
    if k is None and estimate is not None:
        k = ledger.range(ledger.node(estimate))
    n = ledger.range(ledger.ref(relation["n"], relation)) if relation.get("n") is not None else None
    if n is None and estimate is not None:
        n = ledger.range(ledger.whole(estimate))
    if k is None or n is None or k[1] is None or n[0] != n[1] or k[1] - k[0] > MANY_COUNTS:
        judged.say([lo, hi], "underdetermined", solutions="many", note="the counts behind the proportion are not known")
        return judged
    scale = 1 if relation.get("limits_as") == "fraction" else 100
    counts = [(count, n[0]) for count in range(k[0], k[1] + 1)]
    judge_limits(judged, paper, estimate, lo, hi, counts, scale, named_methods(relation, "methods"))
    return judged
