"""Arithmetic: what the ledger says of every printed count and percentage."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from replicalc.records import Claim
from replicalc.verify.component import Component
from replicalc.verify.ledger import Ledger
from replicalc.verify.opinion import Opinion
from replicalc.verify.paper import Paper
from replicalc.verify.printed import Printed, double_rounding
from replicalc.verify.recovery import MAX_N, NEAREST, counts_from_percent, print_share, roundings_of, share_bounds
from replicalc.verify.sums import LARGEST

ARITHMETIC = "whole numbers behind counts, percentages and sums"


def opinions(paper: Paper, ledger: Ledger, but_for: Sequence[Component] = ()) -> Iterator[Opinion]:
    """One opinion for each printed count and percentage that the ledger holds, but for the components given."""
    for claim_id, why in ledger.absurd.items():
        yield Opinion(claim_id, "impossible", "", ARITHMETIC, "0", why, "", "", "arithmetic")
    for component in ledger.settle():
        if component in but_for:
            continue
        for (cell, kind), claims in sorted(component.prints.items()):
            for claim in claims:
                yield _conflict(paper, ledger, component, cell, kind, claim, claims) or (
                    _count(paper, ledger, component, cell, claim, claims)
                    if kind == "count"
                    else _share(paper, ledger, component, cell, claim, claims)
                )


def _conflict(
    paper: Paper, ledger: Ledger, component: Component, cell: str, kind: str, claim: Claim, claims: tuple[Claim, ...]
) -> Opinion | None:
    """What is said of a number that must change, or that is one of several of which one must change."""
    sets = component.repairs_of(cell, kind)
    check = component.check
    if not component.settled:
        return Opinion(claim.claim_id, "underdetermined", "", ARITHMETIC, "", check.evidence, "", "", "arithmetic")
    if not check.roundings and not check.repairs:
        if (cell, kind) not in check.conflict:
            return None
        return Opinion(
            claim.claim_id,
            "impossible",
            "",
            ARITHMETIC,
            "0",
            check.evidence,
            "",
            f"one of {len(check.conflict)} numbers that exclude each other",
            "arithmetic",
        )
    if not sets:
        odd = [r for r in check.uncommon if (cell, kind) in {(c.cell, c.kind) for c in r.changes}]
        if odd:
            change = next(c for c in odd[0].changes if (c.cell, c.kind) == (cell, kind))
            every = all((cell, kind) in {(c.cell, c.kind) for c in r.changes} for r in check.uncommon)
            return Opinion(
                claim.claim_id,
                "rounding",
                change.reads,
                ARITHMETIC,
                "1",
                f"the others agree by {odd[0].rounding}, this one does not: {change.reads}, printed {claim.reported}",
                change.reads,
                "" if every else "this, or another percentage is rounded otherwise than the rest",
                "arithmetic",
            )
        if any((cell, kind) in {(c.cell, c.kind) for c in r.changes} for r in check.repairs):
            return Opinion(
                claim.claim_id,
                "underdetermined",
                "",
                ARITHMETIC,
                "many",
                check.evidence,
                "",
                "one of several numbers, of which not all can hold; another change takes fewer digits",
                "arithmetic",
            )
        return None
    change = next(c for c in sets[0].changes if (c.cell, c.kind) == (cell, kind))
    printed = paper.printed(claim)
    only = check.complete and all(
        (cell, kind) in {(c.cell, c.kind) for c in repair.changes} for repair in check.nearest
    )
    one_unit = kind == "percent" and printed.sign == "=" and _units(change.reads, printed) == 1
    touched = _instead((cell, kind), [{(each.cell, each.kind) for each in r.changes} for r in check.nearest])
    ids = {paper.short(c.claim_id) for place in touched for c in component.prints.get(place, ())}
    others = sorted(ids - {paper.short(c.claim_id) for c in claims})
    note = ""
    if not only and others:
        more = f" and {len(others) - 12} more" if len(others) > 12 else ""
        note = f"one of several numbers, of which not all can hold: this or {', '.join(others[:12])}{more}"
    if only and len(check.repairs) > len(check.nearest):
        rest = [r for r in check.repairs if r not in check.nearest]
        places = {(each.cell, each.kind) for repair in rest for each in repair.changes}
        ids = {paper.short(c.claim_id) for place in places for c in component.prints.get(place, ())}
        names = sorted(ids - {paper.short(claim.claim_id)})
        if names:
            note = f"told by the fewest digits; a change of more digits would do elsewhere ({', '.join(names[:6])})"
    if only and one_unit and (twice := _twice(ledger, claim, printed)):
        note = "; ".join(text for text in (note, f"as if rounded {twice}") if text)
    top = "on" if change.hi >= LARGEST else f"to {change.hi}"
    wide = "" if change.lo == change.hi else f" (the numbers behind it that do lie from {change.lo} {top})"
    return Opinion(
        claim.claim_id,
        "rounding" if only and one_unit else "impossible",
        change.reads if only else "",
        ARITHMETIC,
        "0",
        check.evidence,
        change.reads + wide,
        note,
        "arithmetic",
    )


def _instead(place: tuple[str, str], repairs: list[set[tuple[str, str]]]) -> set[tuple[str, str]]:
    """What other repairs change in place of this number, all else as nearly the same as it can be.

    In one block there may be several conflicts; what is at fault in another one is no alternative.
    """
    pairs = [(mine, other) for mine in repairs if place in mine for other in repairs if place not in other]
    fewest = min((len(mine - other) for mine, other in pairs), default=0)
    return set().union(*(other - mine for mine, other in pairs if len(mine - other) == fewest))


def _twice(ledger: Ledger, claim: Claim, printed: Printed) -> str | None:
    """How a percentage that is one unit off comes out if it was rounded twice, where its counts are known."""
    part, whole = next((p, w) for p, w, _, c in ledger.shares if c is claim)
    k, n = ledger.value(part), ledger.value(whole)
    return double_rounding(100 * k / n, printed) if k is not None and n else None


def _span(ends: tuple[int, int]) -> str:
    return str(ends[0]) if ends[0] == ends[1] else f"{ends[0]} to {ends[1]}"


def _units(reads: str, printed: Printed) -> int | None:
    from decimal import Decimal, InvalidOperation

    try:
        return int(abs(Decimal(reads) - printed.value).scaleb(printed.decimals))
    except InvalidOperation:
        return None


def _count(
    paper: Paper, ledger: Ledger, component: Component, cell: str, claim: Claim, claims: tuple[Claim, ...]
) -> Opinion:
    """A printed count: does it follow from the others?"""
    value = int(paper.printed(claim).value)
    shown = str(value)
    node = ledger.node(claim)
    known = ledger.without(node)  # a number that was told from this one does not speak for it

    def exact(method: str, evidence: str) -> Opinion:
        return Opinion(claim.claim_id, "exact", shown, method, "1", evidence, "", "", "arithmetic")

    several: tuple[str, str] | None = None
    for _, whole, printed, other in ledger.shares_of(node):
        n = known(whole)
        found = [c.k for c in counts_from_percent(printed, n).solutions] if n and n <= MAX_N else []
        if found == [value]:
            return exact(
                "count with its percentage", f"{value} is the only count of {n} that prints as {other.reported}"
            )
        if value in found:
            several = f"{value} is one of {len(found)} counts of {n} that print as {other.reported}", str(len(found))
    for total, parts in ledger.sums_of(node):
        values: list[int | None] = []
        for part in parts:
            values.append(known(part))
            if values[-1] is None and ledger.find(part) != ledger.find(node):
                break
        if len(values) < len(parts):
            continue
        if ledger.find(total) == ledger.find(node):
            if None not in values and sum(values) == value:
                return exact("sum of its parts", f"{' + '.join(map(str, values))} = {value}")
            continue
        rest = [v for part, v in zip(parts, values, strict=True) if ledger.find(part) != ledger.find(node)]
        top = known(total)
        if top is not None and None not in rest and top - sum(rest) == value:
            others = " - ".join(map(str, [top, *rest]))
            return exact("what the other parts leave of the total", f"{others} = {value}")
    for part, _, printed, other in ledger.shares_out_of(node):
        k = known(part)
        if value and k is not None and roundings_of(k, value, printed):
            sizes = _sizes(k, value, printed)
            if sizes == 1:
                return exact(
                    "whole of a percentage", f"{k} of {value}, and of no other number, prints as {other.reported}"
                )
            several = several or (f"{k} of {value} prints as {other.reported}, as of {sizes} sizes", str(sizes))
    if known(node) == value:
        return exact(ARITHMETIC, f"{value} is the only number that those tied to it allow")
    if len(claims) > 1:
        places = ", ".join(paper.short(c.claim_id) for c in claims)
        return exact("printed at several places", f"{value} at each of {places}")
    if several is not None:
        return Opinion(
            claim.claim_id,
            "underdetermined",
            shown,
            "count and percentage",
            several[1],
            several[0],
            "",
            "the percentage agrees with it, but is too coarse to tell it",
            "arithmetic",
        )
    if len(component.prints) > 1 and component.sums:
        return Opinion(
            claim.claim_id,
            "underdetermined",
            shown,
            ARITHMETIC,
            "many",
            f"{value} agrees with the numbers tied to it, which would allow others",
            "",
            "",
            "arithmetic",
        )
    return Opinion(
        claim.claim_id,
        "not_checkable",
        "",
        "",
        "",
        "",
        "",
        "printed once, and no other number follows from it: a second print, a share or the parts would be needed",
        "arithmetic",
    )


def _sizes(k: int, n: int, printed: Printed) -> int:
    """Of how many sizes k prints so: those next to n, in both directions."""
    found = 1
    for step in (-1, 1):
        size = n + step
        while size >= max(k, 1) and roundings_of(k, size, printed) and found < MAX_N:
            found += 1
            size += step
    return found if k else MAX_N  # none of any size is 0 %


def _share(
    paper: Paper, ledger: Ledger, component: Component, cell: str, claim: Claim, claims: tuple[Claim, ...]
) -> Opinion:
    """A printed percentage: is there one count behind it, or several?"""
    printed = paper.printed(claim)
    part, whole = next((p, w) for p, w, _, c in ledger.shares if c is claim)
    k, n = ledger.range(part), ledger.range(whole)
    if k is None or n is None or n[1] is None:
        why = "the size of the group is not printed and nothing bounds it"
        return Opinion(claim.claim_id, "underdetermined", claim.reported, ARITHMETIC, "many", why, "", "", "arithmetic")
    if k[0] == k[1] and n[0] == n[1]:
        names = roundings_of(k[0], n[0], printed)
        rounded = print_share(k[0], n[0], printed.decimals)
        # A tie may go either way; what is no tie is cut off.
        if names == ("truncation",) and not paper.cuts and not share_bounds(printed, NEAREST).holds(k[0], n[0]):
            return Opinion(
                claim.claim_id,
                "rounding",
                rounded,
                "percentage of whole numbers, cut off",
                "1",
                f"{k[0]} of {n[0]} is {rounded}; other percentages of the paper are rounded",
                rounded,
                "",
                "arithmetic",
            )
        how = "" if not names or "half-up" in names or "inequality" in names else f", by {names[0]}"
        reads = print_share(k[0], n[0], printed.decimals, names[0] if names else "half-up")
        passes = min(1.0, (n[0] + 1) / (100 * 10**printed.decimals + 1))
        return Opinion(
            claim.claim_id,
            "exact",
            reads if printed.sign == "=" else print_share(k[0], n[0], printed.decimals + 1),
            f"percentage of whole numbers{how}",
            "1",
            f"{k[0]} of {n[0]}",
            "",
            ""
            if ledger.counted(part)
            else f"the count is not printed; {passes:.0%} of all percentages have one out of {n[0]}",
            "arithmetic",
        )
    number = str(k[1] - k[0] + 1) if n[0] == n[1] else str(n[1] - n[0] + 1) if k[0] == k[1] else "many"
    evidence = f"{_span(k)} of {_span(n)} print as {claim.reported}"
    return Opinion(
        claim.claim_id, "underdetermined", claim.reported, ARITHMETIC, number, evidence, "", "", "arithmetic"
    )
