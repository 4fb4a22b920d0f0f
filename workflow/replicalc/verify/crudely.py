"""Odds ratios against all 2x2 tables with the counts that are known: called adjusted, or called unadjusted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import exp, log, sqrt

from replicalc.errors import ReplicalcError
from replicalc.records import Claim
from replicalc.verify.judged import Judged
from replicalc.verify.opinion import joined
from replicalc.verify.paper import Paper, Relation
from replicalc.verify.printed import Printed, as_printed

#: The counts of the table that a relation may name.
COUNTS = ("n", "events", "exposed", "exposed_events")
_COLUMNS = ("exposed with event", "exposed without", "unexposed with event", "unexposed without")
_WOOLF = "a proof for Woolf's limits of an unadjusted odds ratio, not for other methods"
#: Exposed with and without the event, unexposed with and without it.
Cells = tuple[int, int, int, int]


def cells_of(table) -> Cells:
    return table.exposed_events, table.exposed_others, table.unexposed_events, table.unexposed_others


def transposed(table: Cells) -> Cells:
    return table[0], table[2], table[1], table[3]


def margins(counts: Mapping[str, int | None]) -> str:
    words = {"n": "patients", "events": "events", "exposed": "exposed", "exposed_events": "exposed with the event"}
    return ", ".join(f"{value} {words[key]}" for key, value in counts.items() if value is not None)


def tables(
    judged: Judged,
    printed: tuple[Printed | None, ...],
    counts: Mapping[str, int | None],
    named: tuple[str, ...],
    level: float,
) -> list[Cells] | None:
    """Every table with the known counts that gives ratio and limits by Woolf; None where they cannot be looked for."""
    from replicalc.verify.crude import MOST_PATIENTS, tables_of
    from replicalc.verify.ratio_print import check_counts

    n, events, exposed, both = (counts[key] for key in COUNTS)
    if n is None or (events is None and exposed is None):
        return None
    if named and "Woolf" not in named:
        judged.line("Tables are looked for by Woolf's limits alone, and other ones are named.")
        return None
    try:
        check_counts(events, n, exposed, "odds")
    except ReplicalcError as error:
        judged.line(f"{error}.")
        return None
    if n > MOST_PATIENTS:
        judged.line(f"Tables of more than {MOST_PATIENTS} patients are not searched; there are {n}.")
        return None
    if events is None:  # the odds ratio is the same with rows and columns in each other's place
        found = [transposed(cells_of(t)) for t in tables_of(printed, n, exposed, None, level)]
    else:
        found = [cells_of(t) for t in tables_of(printed, n, events, exposed, level)]
    return [table for table in found if both is None or table[0] == both]


def say_tables(
    judged: Judged,
    paper: Paper,
    claims: Mapping[str, Claim],
    printed: tuple[Printed, ...],
    counts: Mapping[str, int | None],
    found: Sequence[Cells],
    named: tuple[str, ...],
    wald: bool,
) -> None:
    """Opinions on ratio and limits where the known counts leave several tables, or none."""
    triple = [claims[key] for key in ("ratio", "lo", "hi")]
    many = f"{len(found)} 2x2 tables" if found else "no 2x2 table"
    evidence = f"{many} of {margins(counts)} {'give' if found else 'gives'} ratio and limits by Woolf"
    judged.line(evidence[0].upper() + evidence[1:] + ".")
    if found:
        judged.show("2x2 tables that give ratio and limits", _COLUMNS, found)
        for claim in triple:
            judged.say(
                claim,
                "exact",
                recomputed=claim.reported,
                method="crude odds ratio with Woolf's limits",
                solutions=str(len(found)),
                evidence=evidence,
                note="which of these tables is left open",
            )
        return
    if not wald:  # the limits are not Woolf's to begin with, which is said elsewhere
        return
    near = _nearest(judged, printed, counts, named, paper.level)
    for i, claim in enumerate(triple):
        others = [f"{texts} for {triple[j].reported}" for j, (texts, _) in near.items() if j != i]
        note = f"one of several numbers, of which not all can hold: this or {' or '.join(others)}" if others else ""
        if near and i not in near and all(units == 1 for _, units in near.values()):
            continue
        repair, units = near.get(i, ("", 0))
        rounding = units == 1
        judged.say(
            claim,
            "rounding" if rounding else "impossible" if set(named) == {"Woolf"} else "unstated_method",
            recomputed=repair if " or " not in repair else "",
            method="crude odds ratio with Woolf's limits" if rounding else "none of the tables, by Woolf's limits",
            solutions="0",
            evidence=evidence,
            repair=repair,
            note=joined(note, _WOOLF),
        )


def _nearest(judged, printed, counts, named, level: float) -> dict[int, tuple[str, int]]:
    """For each number by which alone some table would come out: what it would read at the nearest, and units off.

    Only the nearest changes are kept: if one unit does anywhere, what takes more is left out.
    """
    from replicalc.verify.ratio_print import quantile

    found: dict[int, tuple[str, int]] = {}
    for i, p in enumerate(printed):
        reads: dict[str, int] = {}
        for a, b, c, d in tables(judged, (*printed[:i], None, *printed[i + 1 :]), counts, named, level) or ():
            beta, half = log(a * d / (b * c)), quantile(level) * sqrt(1 / a + 1 / b + 1 / c + 1 / d)
            text = as_printed(exp(beta + (0, -half, half)[i]), p)
            reads[text] = round(abs(float(text) - float(p.value)) * 10**p.decimals)
        if reads:
            least = min(reads.values())
            found[i] = (" or ".join(sorted(text for text, units in reads.items() if units == least)), least)
    least = min((units for _, units in found.values()), default=0)
    return {i: each for i, each in found.items() if least > 1 or each[1] <= 1}


def seek_crude(judged: Judged, paper: Paper, relation: Relation, texts, n: int, events: int, exposed) -> None:
    """Every 2x2 table that gives a ratio called adjusted without adjustment."""
    from replicalc.verify.ratios import crude_tables

    try:
        crude = crude_tables(*texts, n, events, exposed, paper.level)
    except ReplicalcError as error:
        judged.line(f"{error}.")
        return
    judged.facts["crude"] = crude
    if exposed is not None:
        judged.line(_exposed_agree(crude_tables(*texts, n, events, None, paper.level), exposed, relation))
    judged.line(crude.evidence)
    judged.show(
        "2x2 tables that give ratio and limits without adjustment",
        _COLUMNS,
        [(t.exposed_events, t.exposed_others, t.unexposed_events, t.unexposed_others) for t in crude.tables],
    )


def _exposed_agree(free, exposed: int, relation: Relation) -> str:
    """Whether tables that give a ratio crudely, found without it, have the number of exposed that is known."""
    sizes = sorted({t.exposed_events + t.exposed_others for t in free.tables})
    told = ", ".join(map(str, sizes[:5])) + (", ..." if len(sizes) > 5 else "") if sizes else "none"
    agree = "among them" if exposed in sizes else "not among them"
    return (
        f"Without using the number of exposed, {len(free.tables)} tables give the ratio crudely; exposed: {told}; "
        f"{exposed} is known from elsewhere ({relation['exposed']}) and is {agree}."
    )
