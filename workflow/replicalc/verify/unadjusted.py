"""An odds ratio that the paper calls unadjusted, against the counts of its 2x2 table: ratio, limits and P."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from replicalc.errors import ReplicalcError
from replicalc.records import Claim
from replicalc.verify.comparing import REPAIRED, judge_p
from replicalc.verify.crudely import COUNTS, Cells, cells_of, margins, say_tables, tables, transposed
from replicalc.verify.judged import Judged
from replicalc.verify.ledger import Ledger
from replicalc.verify.limits import ABSURD
from replicalc.verify.opinion import joined
from replicalc.verify.paper import Paper, Relation
from replicalc.verify.printed import Printed, double_rounding

#: With more changes of a single count that would do, none of them is worth telling.
MANY_COUNTS = 3
#: What excludes a ratio, or limits, that no method gives.
_RATIO = "a proof for the sample, conditional and median-unbiased odds ratio and for 0.5 added, not for other estimates"
_METHODS = "a proof for the 7 methods tried, not for other methods"
#: The tests that go with each method; a logistic regression prints Wald's with Woolf's limits.
_TESTS = {
    "Woolf": ("wald_log_odds",),
    "Woolf with 0.5": ("wald_log_odds",),
    "exact conditional": ("fisher", "fisher_doubling"),
    "mid-P": ("fisher_mid_p", "fisher_doubling_mid_p"),
    "Cornfield": ("pearson",),
    "Miettinen-Nurminen": ("n_minus_1",),
    "profile likelihood": ("likelihood_ratio",),
}


def named_methods(relation: Relation) -> tuple[str, ...]:
    """The interval methods that the paper names for an unadjusted odds ratio.

    Raises ReplicalcError for one that is not known, and where the relation is of no unadjusted odds ratio.
    """
    from replicalc.stats.odds_ratio import ALL_METHODS

    odd = [key for key in ("methods", "exposed_events") if relation.get(key) is not None]
    if odd and (relation.get("adjusted") is not False or relation.get("measure") != "odds"):
        raise ReplicalcError(
            f"relation {relation.id}: '{odd[0]}' is for odds ratios that the paper calls unadjusted: adjusted: false"
        )
    return relation.named("methods", ALL_METHODS, "interval method {} for an odds ratio")


def judge_unadjusted(
    judged: Judged, paper: Paper, ledger: Ledger, relation: Relation, claims: Mapping[str, Claim], wald: bool
) -> bool:
    """An odds ratio called unadjusted against the counts of its table, as far as they are known.

    claims: ratio, lo, hi and, if it is printed, p. wald: whether ratio and limits agree as Wald's do.

    Opinions are given on all of them, and True is returned, where the counts leave one table; opinions on the ratio and
    its limits and False where they leave several, or none. Without enough counts there is nothing to say.
    """
    named = named_methods(relation)
    if relation.get("measure") != "odds" or relation.get("adjusted") is not False or relation.get("at_most") == "n":
        return False
    counts = {key: _count(ledger, relation, key) for key in COUNTS}
    printed = tuple(paper.printed(claims[key]) for key in ("ratio", "lo", "hi"))
    before = len(judged.opinions)
    if None not in counts.values():
        table = _table(**counts)
        if min(table) < 0:
            told = f"the counts {', '.join(f'{key} {value}' for key, value in counts.items())} make up no 2x2 table"
            judged.line(told + ".")
            judged.say(list(claims.values()), "not_checkable", note=told)
            return True
        if not all((table[0] + table[1], table[2] + table[3], table[0] + table[2], table[1] + table[3])):
            return False  # a factor, or an event, that everybody has: there is no odds ratio
        _judge_table(judged, paper, claims, printed, table, named, "")
    else:
        found = tables(judged, printed, counts, named, paper.level)
        if found is None:
            return False
        if len(found) == 1:
            told = f"the only 2x2 table of {margins(counts)} that gives ratio and limits"
            _judge_table(judged, paper, claims, printed, found[0], named, told)
        else:
            say_tables(judged, paper, claims, printed, counts, found, named, wald)
    nodes = [ledger.ref(relation[key], relation) for key in COUNTS if counts[key] is not None]
    if any(ledger.shaken(node) or ledger.disputed(node) for node in nodes):
        judged.line(REPAIRED[0].upper() + REPAIRED[1:] + ".")
        judged.opinions[before:] = [
            replace(
                each,
                verdict="underdetermined" if each.verdict == "impossible" else each.verdict,
                note=joined(each.note, REPAIRED),
            )
            for each in judged.opinions[before:]
        ]
    return None not in counts.values() or len(found) == 1


def _count(ledger: Ledger, relation: Relation, key: str) -> int | None:
    given = relation.get(key)
    return ledger.value(ledger.ref(given, relation)) if given is not None else None


def _table(n: int, events: int, exposed: int, exposed_events: int) -> Cells:
    """Exposed with and without the event, unexposed with and without it."""
    return exposed_events, exposed - exposed_events, events - exposed_events, n - events - exposed + exposed_events


def _told(table: Cells) -> str:
    a, b, c, d = table
    return f"{a} of {a + b} exposed and {c} of {c + d} unexposed with the event"


def _judge_table(
    judged: Judged,
    paper: Paper,
    claims: Mapping[str, Claim],
    printed: tuple[Printed, ...],
    table: Cells,
    named: tuple[str, ...],
    only: str,
) -> None:
    """Ratio, limits and P of a known table by every method. only: why it is known, where it is not printed."""
    from replicalc.verify.which_ratio import which_ratio

    tried = which_ratio(table, *printed, paper.level)
    triple = [claims[key] for key in ("ratio", "lo", "hi")]
    right = named or ("Woolf",)
    judged.line(f"{_told(table)}{f': {only}' if only else ''}.")
    judged.show(
        "Odds ratio and limits of the table by each method",
        ("method", "ratio", "lower", "upper", "prints"),
        [(x.name, *x.prints, ", ".join(_fitting(x, triple))) for x in tried],
    )
    full = [x for x in tried if all(x.fits)]
    # A method that is not Woolf's is preferred only where it gives more of the numbers; one that is named, always.
    best = min(
        [x for x in full if x.method in right] or full or tried,
        key=lambda x: (bool(named) and x.method not in right, -sum(x.fits), x.method not in right, sum(x.off)),
    )
    mine = next(x for x in tried if x.method == right[0])
    evidence = joined(_told(table), only)
    turned = [] if full else [x for x in which_ratio((*table[2:], *table[:2]), *printed, paper.level) if all(x.fits)]
    if turned:
        for i, claim in enumerate(triple):
            judged.say(
                claim,
                "unstated_method",
                recomputed=claim.reported,
                method=f"{turned[0].name}, of the unexposed against the exposed",
                solutions="1",
                evidence=evidence,
                repair=mine.prints[i],
                note="it is the odds ratio of those without the factor, or of having no event",
            )
    else:
        _say_numbers(judged, paper, triple, printed, table, (best, mine, tried), named, evidence)
    if "p" not in claims:
        return
    theirs = Judged(judged.relation, judged.kind)
    rows = [list(table[:2]), list(table[2:])]
    judge_p(theirs, paper, rows, [claims["p"]], tuple(dict.fromkeys(t for m in right for t in _TESTS[m])))
    if not named:  # with no method named a P is not Wald's by the paper's own word
        theirs.opinions = [
            replace(each, verdict="unstated_method") if each.solutions == "0" and each.verdict == "impossible" else each
            for each in theirs.opinions
            if each.method != "P value"
        ]
    judged.opinions += theirs.opinions
    judged.lines += theirs.lines
    judged.tables += theirs.tables


def _fitting(x, triple: Sequence[Claim]) -> list[str]:
    return [claim.reported for claim, fits in zip(triple, x.fits, strict=True) if fits]


def _say_numbers(judged, paper, triple, printed, table, found, named, evidence) -> None:
    """Opinions on a ratio and its two limits over a known table, each by itself where no method gives all three."""
    best, mine, tried = found
    right = named or ("Woolf",)
    whole = all(best.fits)
    said = "" if named or best.method in right else "the text read names no method"
    other = "" if whole else _other_count(printed, table, paper.level)
    methods = ", ".join(dict.fromkeys(x.name for x in tried if all(x.fits) and x.method not in right)) or best.name
    for i, (claim, p) in enumerate(zip(triple, printed, strict=True)):
        own = best if best.fits[i] else None
        if own is None and i and not (best.fits[1] or best.fits[2]):
            # A limit comes out by another method than the nearest only if its fellow comes out by none.
            alone = [[x for x in tried if x.fits[j]] for j in (1, 2)]
            own = alone[i - 1][0] if alone[i - 1] and not alone[2 - i] else None
        if i == 0 and (own is None or own.method not in right):  # the estimate of the named method, whatever the limits
            own = next((x for x in tried if x.method in right and x.fits[0]), own)
        if own is not None:
            exact = own.method in right
            judged.say(
                claim,
                "exact" if exact else "unstated_method",
                recomputed=claim.reported,
                method=own.name if exact or not whole else methods,
                solutions="1",
                evidence=evidence,
                repair="" if exact else mine.prints[i],
                note=joined("" if exact else said, "" if whole else "not all three numbers come out by one method"),
            )
            continue
        more = dict(recomputed=best.prints[i], solutions="0", evidence=evidence)
        if best.off[i] == 1 and (any(best.fits) or best.method in right):
            twice = double_rounding(best.values[i], p)
            note = f"as if rounded {twice}" if twice else ""
            judged.say(claim, "rounding", method=best.name, repair=best.prints[i], note=note, **more)
            continue
        far = _tail(table, float(p.value), i, paper.level)
        more["evidence"] = joined(far and f"at {claim.reported} the chance of what was seen, or further away, is {far}",
                                  evidence)  # fmt: skip
        judged.say(
            claim,
            "impossible" if named or far or i == 0 else "unstated_method",
            method="none of 7 interval methods" if i else "none of 4 estimates of the odds ratio",
            repair=best.prints[i] and f"{best.prints[i]} ({best.name})",
            note=joined(_METHODS if i else _RATIO, other),
            **more,
        )


def _tail(table: Cells, limit: float, side: int, level: float) -> str:
    """The exact tail at a printed limit (side 1: lower, 2: upper), if it is below a millionth: none has it as a limit.

    Empty for the ratio itself (side 0), and where the tail is not so small.
    """
    from replicalc.stats.odds_ratio import tail

    if not side or limit <= 0:
        return ""
    found = tail(*table, limit, "at least" if side == 1 else "at most")
    return f"{found:.2g}, and not about {(1 - level) / 2:g}" if found < ABSURD else ""


def _other_count(printed: Sequence[Printed], table: Cells, level: float) -> str:
    """The counts of which one alone, if changed, would give all three numbers by Woolf's limits; empty if too many."""
    from replicalc.verify.crude import MOST_PATIENTS, tables_of
    from replicalc.verify.ratio_print import triple

    a, b, c, _ = table
    n, events, exposed = sum(table), a + c, a + b
    if n > MOST_PATIENTS or not 0 < events < n or not 0 < exposed < n:
        return ""
    try:
        triple(*(p.text for p in printed))
    except ReplicalcError:
        return ""
    of_events = [cells_of(t) for t in tables_of(printed, n, events, None, level)]
    of_exposed = [transposed(cells_of(t)) for t in tables_of(printed, n, exposed, None, level)]
    found = [("exposed with the event", a, t[0]) for t in of_events if t[0] + t[1] == exposed]
    found += [("exposed", exposed, t[0] + t[1]) for t in of_events if t[0] == a]
    found += [("patients with the event", events, t[0] + t[2]) for t in of_exposed if t[0] == a]
    if not 0 < len(found) <= MANY_COUNTS:
        return ""
    counts = " or ".join(f"{new} for {old} {what}" for what, old, new in found)
    return f"this, or one of the counts: all three come out with {counts}"
