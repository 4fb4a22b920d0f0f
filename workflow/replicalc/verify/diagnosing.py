"""Diagnostic measures: the 2x2 tables behind them, told apart by the limits that are printed with them."""

from __future__ import annotations

from collections.abc import Sequence

from replicalc.errors import ReplicalcError
from replicalc.records import Claim
from replicalc.verify.judged import Judged
from replicalc.verify.ledger import Ledger
from replicalc.verify.limits import MANY_COUNTS, judge_limits, named_methods
from replicalc.verify.opinion import joined
from replicalc.verify.paper import PARTS, SHARES, Paper, Relation
from replicalc.verify.printed import double_rounding, parse
from replicalc.verify.recovery import MAX_N, NEAREST, counts_from_percent, print_share, roundings_of, share_bounds

#: What a measure is called by the search for tables.
MEASURE = {"false_positive_rate": "fpr", "false_negative_rate": "fnr"}


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
        judged.say(list(claims.values()), "underdetermined", solutions="many", evidence=f"not settled: {error}")
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
            note=joined(*notes),
        )
    if not found.repairs:
        _say_no_repair(judged, claims, found)
        return
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
    else:
        judged.say(
            held,
            "underdetermined",
            method="2x2 tables by exhaustion",
            solutions="many",
            evidence="several tables after the smallest repair",
        )


def _say_no_repair(judged: Judged, claims: dict[str, Claim], found) -> None:
    """Measures that no table has, where no smaller set than all of them would do, or none was looked for."""
    printed = [parse(claim.reported) for claim in claims.values()]
    if all(p.value <= 1 and p.decimals > 1 for p in printed) and any(p.value for p in printed):
        why = "measures are read as percentages, and these seem to be fractions; as percentages no table has them"
        judged.say(list(claims.values()), "not_checkable", evidence=found.evidence, note=why)
        return
    for name, claim in claims.items():
        nearest = {print_share(*t.share(name), parse(claim.reported).decimals) for t in found.nearest}
        judged.say(
            claim,
            "impossible",
            method="2x2 tables by exhaustion",
            solutions="0",
            evidence=found.evidence,
            repair=f"{nearest.pop()} in the nearest table" if len(nearest) == 1 else "",
            note="one of several measures, of which not all can hold" if len(claims) > 1 else "",
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
    named = named_methods(relation, "intervals")
    kept = tuple(tables)
    disputed = any(ledger.disputed(ledger.cell(relation.id, part)) for part in PARTS)
    for name, claim in claims.items():
        lo, hi = limits.get(f"{claim.stat}_lo"), limits.get(f"{claim.stat}_hi")
        if lo is None or hi is None:
            continue
        if not kept or len(kept) > MANY_COUNTS:
            judged.say(
                [lo, hi], "underdetermined", solutions="many", note="the counts behind the measure are not known"
            )
            continue
        counts = list(dict.fromkeys(table.share(name) for table in kept))
        note = "" if fits else "the counts are those of the nearest table, so nothing is proven"
        if not note and disputed:
            note = "the counts rest on numbers of which not all can hold, so nothing is proven"
        margin = SHARES[claim.stat].split()[1]
        whole = ledger.value(ledger.cell(relation.id, "n")) if margin == "n" else _given(ledger, relation, margin)
        if not fits and not disputed and whole and whole <= MAX_N:
            # Of a whole that is known without the measures, the measure alone tells its count.
            alone = [(c.k, c.n) for c in counts_from_percent(paper.printed(claim), whole).solutions]
            if 0 < len(alone) <= MANY_COUNTS:
                counts, note = alone, ""
        printing = judge_limits(judged, paper, claim, lo, hi, counts, scale, named, note)
        kept = tuple(table for table in kept if table.share(name) in printing) or kept
    return kept
