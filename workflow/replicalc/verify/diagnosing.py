"""Diagnostic measures and proportions: the 2x2 tables behind them, and the method of their intervals."""

from __future__ import annotations

from collections.abc import Sequence

from replicalc.errors import ReplicalcError, did_you_mean
from replicalc.records import Claim
from replicalc.verify.judged import Judged
from replicalc.verify.ledger import Ledger
from replicalc.verify.opinion import Opinion
from replicalc.verify.paper import SHARES, Paper, Relation
from replicalc.verify.printed import Printed, as_printed, double_rounding, parse
from replicalc.verify.recovery import MAX_N, NEAREST, counts_from_percent, print_share, roundings_of, share_bounds

#: A tail beyond which a limit is called impossible whatever the method: no interval of a usual level reaches so far.
ABSURD = 1e-6
#: What a measure is called by the search for tables.
MEASURE = {"false_positive_rate": "fpr", "false_negative_rate": "fnr"}
#: Tables over which intervals are tried, and the largest group that another denominator is looked for in.
FEW_TABLES, OTHER_SIZES = 200, 600
_METHODS = "a proof for the 13 methods tried and their uncut forms, not for other methods"


def measures_of(paper: Paper, ledger: Ledger, relation: Relation) -> dict[str, Claim]:
    """The printed measures of an accuracy relation, by the name that the search for tables has for them."""
    found: dict[str, Claim] = {}
    for claim in paper.many(relation["claims"], relation):
        if SHARES.get(claim.stat) and claim.claim_id not in ledger.absurd and paper.printed(claim) is not None:
            found.setdefault(MEASURE.get(claim.stat, claim.stat), claim)
    return found


def _tables(paper: Paper, ledger: Ledger, relation: Relation, claims: dict[str, Claim]):
    """All 2x2 tables of the measures, given what is known of n and the margins. Raises ReplicalcError if too many."""
    from replicalc.verify.two_by_two import MAX_KNOWN, MAX_UNKNOWN, two_by_two

    printed = {name: paper.printed(claim) for name, claim in claims.items()}
    known = {}
    for part in ("tp", "fp", "fn", "tn", "diseased", "healthy", "positive", "negative"):
        value = _given(ledger, relation, part)
        if value is not None:
            known[part] = value
    size = ledger.range(ledger.cell(relation.id, "n"))
    n: int | tuple[int, int] = (1, MAX_UNKNOWN)
    bounded = size is not None and size[1] is not None
    if bounded:
        if size[1] > (MAX_KNOWN if size[0] == size[1] else MAX_UNKNOWN):
            raise ReplicalcError(f"2x2 tables of up to {size[1]:,} patients are too many to try")
        n = size[0] if size[0] == size[1] else (max(1, size[0]), size[1])
    # With an unknown n the search for repairs grows with the tables that fit the rest.
    fine = isinstance(n, int) or (bounded and all(p.decimals for p in printed.values()))
    found = two_by_two(printed, n, known, repair=fine)
    if not bounded:  # with more patients than are searched, nothing is proven by finding no table, or only one
        number = f"{len(found.tables)} 2x2 tables print" if found.tables else "no 2x2 table prints"
        raise ReplicalcError(
            f"{number} all measures with at most {MAX_UNKNOWN:,} patients; how many there are is not printed"
        )
    return found


def without_table(paper: Paper, ledger: Ledger, relation: Relation) -> list[str]:
    """The measures that the smallest repair changes, where no table has them all; all of them if none is known."""
    claims = measures_of(paper, ledger, relation)
    if not claims:
        return []
    try:
        found = _tables(paper, ledger, relation, claims)
    except ReplicalcError:
        return [claim.claim_id for claim in claims.values()]
    if found.tables:
        return []
    changed = {name for repair in found.repairs for name in repair.names if name in claims} or set(claims)
    return [claims[name].claim_id for name in sorted(changed)]


def judge_accuracy(paper: Paper, ledger: Ledger, relation: Relation) -> Judged:
    """All fourfold tables behind the measures of a diagnostic test, and the method of their intervals."""
    judged = Judged(relation.id, relation.kind)
    claims = measures_of(paper, ledger, relation)
    if not claims:
        judged.line("No measure is printed.")
        return judged
    try:
        found = _tables(paper, ledger, relation, claims)
    except ReplicalcError as error:
        judged.line(str(error))
        judged.say(list(claims.values()), "underdetermined", solutions="many", evidence=f"not searched: {error}")
        return judged
    judged.line(f"{found.method}: {found.evidence}.")
    tables = found.tables
    if not tables:
        _say_repairs(judged, claims, found)
    best = tables or tuple(t for repair in found.repairs[:1] for t in repair.tables) or found.nearest
    judged.show(
        "2x2 tables" if tables else "2x2 tables nearest to the print",
        ("tp", "fp", "fn", "tn", "n"),
        [(t.tp, t.fp, t.fn, t.tn, t.n) for t in best],
    )
    kept = _intervals(judged, paper, ledger, relation, claims, best, bool(tables) and found.complete)
    if tables:
        _say_tables(judged, paper, claims, kept, found)
    tables = kept if tables else ()
    judged.facts = {"tables": tables, "nearest": best, "measures": claims}
    return judged


def _say_tables(judged: Judged, paper: Paper, claims: dict[str, Claim], tables, found) -> None:
    """The measures of the tables that are left after the intervals."""
    for name, claim in claims.items():
        printed = paper.printed(claim)
        if len(tables) == 1 and found.complete:
            over, under = tables[0].share(name)
            roundings = (*roundings_of(over, under, printed), "half-up")
            rounded = print_share(over, under, printed.decimals)
            # Cut off, while the paper's other percentages are rounded: one unit too low.
            tie = share_bounds(printed, NEAREST).holds(over, under)
            cut = roundings[0] == "truncation" and not paper.cuts and not tie
            judged.say(
                claim,
                "rounding" if cut else "exact",
                recomputed=rounded if cut else print_share(over, under, printed.decimals, roundings[0]),
                method="the only 2x2 table that prints all measures" + (", cut off" if cut else ""),
                solutions="1",
                evidence=f"{over} of {under}; {tables[0]}",
                repair=rounded if cut else "",
            )
        else:
            judged.say(
                claim,
                "underdetermined",
                recomputed=printed.text,
                method="2x2 tables by exhaustion",
                solutions=str(len(tables)) if found.complete else "many",
                evidence=f"{len(tables)} tables print all measures, such as {tables[0]}",
            )


def _given(ledger: Ledger, relation: Relation, part: str) -> int | None:
    """A cell or margin, where it is printed or follows from numbers other than the measures themselves."""
    if relation.get(part) is not None:
        return ledger.value(ledger.ref(relation[part], relation))
    node = ledger.cell(relation.id, part)
    return ledger.value(node) if ledger.counted(node) else None


def _say_repairs(judged: Judged, claims: dict[str, Claim], found) -> None:
    """The measures that must change for a table to exist."""
    always = set.intersection(*(set(r.names) for r in found.repairs)) if found.repairs else set()
    for name, claim in claims.items():
        mine = [repair for repair in found.repairs if name in repair.names]
        if not mine:
            continue
        reading = dict(mine[0].changes)[name][0]
        only = name in always
        over, under = mine[0].tables[0].share(name)
        twice = double_rounding(100 * over / under, parse(claim.reported)) if under and only else None
        notes = (
            "" if only else "one of several measures, of which not all can hold",
            f"as if rounded {twice}" if twice else "",
        )
        judged.say(
            claim,
            "rounding" if only and len(mine[0].names) == 1 and _one_unit(reading, claim) else "impossible",
            recomputed=reading,
            method="2x2 tables by exhaustion",
            solutions="0",
            evidence=found.evidence,
            repair=reading,
            note="; ".join(text for text in notes if text),
        )
    held = [claim for name, claim in claims.items() if not any(name in r.names for r in found.repairs)]
    if len(found.repairs) == 1 and found.repairs[0].n_tables == 1:
        table = found.repairs[0].tables[0]
        names = found.repairs[0].names
        changed = f"{' and '.join(names)} {'is' if len(names) == 1 else 'are'}"
        for name, claim in claims.items():
            if claim in held:
                over, under = table.share(name)
                judged.say(
                    claim,
                    "exact",
                    recomputed=claim.reported,
                    method="the only 2x2 table after the smallest repair",
                    solutions="1",
                    evidence=f"{over} of {under}; {table}",
                    note=f"only if {changed} changed",
                )
    elif found.repairs:
        judged.say(
            held,
            "underdetermined",
            method="2x2 tables by exhaustion",
            solutions="many",
            evidence="several tables after the smallest repair",
        )


def _one_unit(reading: str, claim: Claim) -> bool:
    from decimal import Decimal

    printed, now = parse(claim.reported), parse(reading)
    return (
        printed is not None
        and now is not None
        and abs(now.value - printed.value) == Decimal(1).scaleb(-printed.decimals)
    )


def _intervals(
    judged: Judged,
    paper: Paper,
    ledger: Ledger,
    relation: Relation,
    claims: dict[str, Claim],
    tables: Sequence,
    fits: bool,
):
    """The limits of each measure over each table that is possible (or nearest); the tables that print all limits.

    Where several tables are possible, the limits tell them apart: only those that print an interval are kept for the
    next one. Limits that no table prints keep all.
    """
    limits = {c.stat: c for c in paper.many(relation["claims"], relation) if c.stat.endswith(("_lo", "_hi"))}
    scale = 1 if relation.get("limits_as") == "fraction" else 100
    named = _named(relation, "intervals")
    kept = tuple(tables)
    for name, claim in claims.items():
        lo, hi = limits.get(f"{claim.stat}_lo"), limits.get(f"{claim.stat}_hi")
        if lo is None or hi is None:
            continue
        if not kept or len(kept) > FEW_TABLES:
            judged.say(
                [lo, hi], "underdetermined", solutions="many", note="the counts behind the measure are not known"
            )
            continue
        counts = list(dict.fromkeys(table.share(name) for table in kept))
        note = "" if fits else "the counts are those of the nearest table, so nothing is proven"
        margin = SHARES[claim.stat].split()[1]
        whole = ledger.value(ledger.cell(relation.id, "n")) if margin == "n" else _given(ledger, relation, margin)
        if not fits and whole and whole <= MAX_N:
            # Of a whole that is known without the measures, the measure alone tells its count.
            alone = [(c.k, c.n) for c in counts_from_percent(paper.printed(claim), whole).solutions]
            if 0 < len(alone) <= FEW_TABLES:
                counts, note = alone, ""
        printing = judge_limits(judged, paper, claim, lo, hi, counts, scale, named, note)
        kept = tuple(table for table in kept if table.share(name) in printing) or kept
    return kept


def _named(relation: Relation, key: str) -> tuple[str, ...]:
    from replicalc.stats.proportion import ALL_METHODS

    given = relation.get(key) or ()
    names = (given,) if isinstance(given, str) else tuple(given)
    unknown = [name for name in names if name not in ALL_METHODS]
    if unknown:
        raise ReplicalcError(
            f"relation {relation.id}: there is no interval method '{unknown[0]}'."
            f"{did_you_mean(unknown[0], ALL_METHODS)} Methods: {', '.join(ALL_METHODS)}"
        )
    return names


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
            judged.say([lo, hi], "impossible", method="any interval", solutions="0", evidence=str(error))
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
        said = "" if right or named else "the paper names no method"
        for claim, shown, side in ((lo, chosen.prints_lo, "prints_lo"), (hi, chosen.prints_hi, "prints_hi")):
            judged.say(
                claim,
                "exact" if right else "unstated_method",
                recomputed=shown,
                method=", ".join(right or fits),
                solutions=str(len(printing)),
                evidence=f"{chosen.count} of {chosen.n}",
                repair=getattr(mine, side) if mine else "",
                note="; ".join(text for text in (said, note) if text),
            )
        return printing
    value = _as_scale(paper.printed(estimate), scale) if estimate is not None else None
    elsewhere = any_denominator(low, high, paper.level, value=value, max_n=OTHER_SIZES, scale=scale)
    judged.line(elsewhere.evidence + ".")
    nearest = _nearest(tried, low, high, scale, named)
    reads = ((lo, low, nearest.prints_lo, nearest.lo), (hi, high, nearest.prints_hi, nearest.hi))
    off = [round(abs(float(shown) - float(printed.value)) * 10**printed.decimals) for _, printed, shown, _ in reads]
    for (claim, printed, shown, _), units in zip(reads, off, strict=True):
        more = dict(recomputed=shown, solutions="0", evidence=f"{tried[0].evidence}; {elsewhere.evidence}")
        if units == 0:
            verdict = "exact" if nearest.method.removesuffix(NOT_CUT) in named else "unstated_method"
            judged.say(
                claim,
                verdict,
                recomputed=shown,
                method=nearest.method,
                solutions="1",
                evidence=tried[0].evidence,
                note="the other limit does not come out by the same method",
            )
            continue
        if units == 1 and (min(off) == 0 or nearest.method.removesuffix(NOT_CUT) in named):
            judged.say(claim, "rounding", method=nearest.method, repair=shown, **more)
            continue
        tail = _tail(counts, float(printed.value) / scale, upper=claim is hi, level=paper.level)
        far = tail and not note and f"at {claim.reported} the chance of what was seen, or further away, is {tail}"
        more["evidence"] = "; ".join(text for text in (far or "", more["evidence"]) if text)
        notes = "; ".join(text for text in (_METHODS, note) if text)
        judged.say(
            claim,
            "impossible" if (named or far) and not note else "unstated_method",
            method="none of 13 interval methods",
            repair=f"{shown} ({nearest.method})",
            note=notes,
            **more,
        )
    return set()


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
    if k is None or n is None or k[1] is None or n[0] != n[1] or k[1] - k[0] > FEW_TABLES:
        judged.say([lo, hi], "underdetermined", solutions="many", note="the counts behind the proportion are not known")
        return judged
    scale = 1 if relation.get("limits_as") == "fraction" else 100
    counts = [(count, n[0]) for count in range(k[0], k[1] + 1)]
    judge_limits(judged, paper, estimate, lo, hi, counts, scale, _named(relation, "methods"))
    return judged


__all__ = ["Opinion", "as_printed", "judge_accuracy", "judge_interval", "judge_limits", "measures_of"]
