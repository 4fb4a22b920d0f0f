"""Arithmetic: what the ledger says of every printed count and percentage, and which relations feed it."""

from __future__ import annotations

from collections.abc import Iterator

from replicalc.errors import ReplicalcError
from replicalc.records import Claim
from replicalc.verify.ledger import COUNTS, MARGINS, SHARES, Component, Ledger
from replicalc.verify.opinion import Opinion
from replicalc.verify.paper import Paper, Relation
from replicalc.verify.printed import Printed
from replicalc.verify.recovery import counts_from_percent, print_share, roundings_of

ARITHMETIC = "whole numbers behind counts, percentages and sums"
#: Sets of numbers that are listed one by one where a conflict can be mended in several ways.
LISTED = 4


def tie(ledger: Ledger, relation: Relation) -> None:
    """Tell the ledger what a relation says of counts. Raises ReplicalcError for a claim or key that does not fit."""
    handler = {
        "shares": _shares,
        "sum": _sum,
        "repeats": _repeats,
        "table": _table,
        "two_groups": _two_groups,
        "accuracy": _accuracy,
    }.get(relation.kind)
    if handler:
        handler(ledger, relation)


def _counted(ledger: Ledger, relation: Relation, patterns) -> tuple[list[Claim], list[Claim]]:
    """Claims of counts and claims of percentages. Raises ReplicalcError for a claim that is neither."""
    claims = [c for c in ledger.paper.many(patterns, relation) if c.stat != "p"]
    counts = [c for c in claims if c.stat in COUNTS]
    shares = [c for c in claims if c.stat == "percent"]
    other = [c for c in claims if c not in counts and c not in shares]
    if other:
        raise ReplicalcError(
            f"relation {relation.id}: {ledger.paper.short(other[0].claim_id)} is of stat {other[0].stat}, "
            "neither a count nor a percentage"
        )
    return counts, shares


def _shares(ledger: Ledger, relation: Relation) -> None:
    counts, shares = _counted(ledger, relation, relation["claims"])
    whole = ledger.ref(relation["of"], relation) if relation.get("of") is not None else None
    if whole is None:
        whole = ledger.whole(shares[0]) if shares else None
        if whole is None:
            raise ReplicalcError(f"relation {relation.id}: counts without a percentage need 'of', their whole")
    for claim in shares:
        ledger.same(ledger.whole(claim), whole)
    for claim in counts:
        ledger.at_most(ledger.node(claim), whole)
    if relation.get("at_most") is not None:
        ledger.at_most(whole, ledger.ref(relation["at_most"], relation))
    if relation.get("count") is not None:
        for claim in shares:
            ledger.same(ledger.node(claim), ledger.ref(relation["count"], relation))
    if relation.get("exhaustive"):
        categories = {(c.group, c.variable): ledger.node(c) for c in (*shares, *counts)}
        ledger.add_sum(whole, list(categories.values()))


def _sum(ledger: Ledger, relation: Relation) -> None:
    total = ledger.ref(relation["total"], relation)
    parts = [ledger.ref(part, relation) for part in relation["parts"]]
    if relation.get("at_most"):  # the parts are not all there is
        parts.append(ledger.cell_node(relation.id, "others"))
    ledger.add_sum(total, parts)


def _repeats(ledger: Ledger, relation: Relation) -> None:
    """Counts are one count, percentages one percentage; what stands behind other numbers is compared elsewhere."""
    claims = ledger.paper.many(relation["claims"], relation)
    counted = [c for c in claims if c.stat in COUNTS or c.stat in SHARES]
    shares = [c for c in counted if c.stat not in COUNTS]
    for claim in counted[1:]:
        ledger.same(ledger.node(counted[0]), ledger.node(claim))
    for claim in shares[1:]:
        ledger.same(ledger.whole(shares[0]), ledger.whole(claim))


def _codes(relation: Relation, side: str) -> tuple[str, list[str]]:
    given = relation[side]
    try:
        return str(given["variable"]), [str(code) for code in given["codes"]]
    except (TypeError, KeyError):
        raise ReplicalcError(f"relation {relation.id}: '{side}' needs 'variable' and 'codes'") from None


def block(ledger: Ledger, relation: Relation) -> list[list[str]]:
    """The nodes of a table's cells, row by row."""
    return [
        [ledger.cell_node(relation.id, f"{row}, {column}") for column in _codes(relation, "columns")[1]]
        for row in _codes(relation, "rows")[1]
    ]


def _table(ledger: Ledger, relation: Relation) -> None:
    (rows, row_codes), (columns, column_codes) = _codes(relation, "rows"), _codes(relation, "columns")
    whole = ledger.cell_node(relation.id, "total")
    if relation.get("of") is not None:
        ledger.same(whole, ledger.ref(relation["of"], relation))
    cells = block(ledger, relation)
    margins = {
        "row": [ledger.cell_node(relation.id, f"row {code}") for code in row_codes],
        "column": [ledger.cell_node(relation.id, f"column {code}") for code in column_codes],
    }
    counts, shares = _counted(ledger, relation, relation["claims"])
    at = {f"{rows}={code}": ("row", i) for i, code in enumerate(row_codes)}
    at |= {f"{columns}={code}": ("column", i) for i, code in enumerate(column_codes)}
    per = relation.get("percent_of", "row")
    if per not in ("row", "column", "total"):
        raise ReplicalcError(f"relation {relation.id}: percent_of is row, column or total, not '{per}'")
    for claim in (*counts, *shares):
        places = [at[text] for text in (claim.group, claim.variable) if text in at]
        if len(places) == 2 and places[0][0] != places[1][0]:
            where = dict(places)
            node, bases = (
                cells[where["row"]][where["column"]],
                {**{s: margins[s][i] for s, i in places}, "total": whole},
            )
            base = bases[per]
        elif len(places) == 1 and claim.variable in at:
            side, index = places[0]
            node, base = margins[side][index], whole
        else:
            raise ReplicalcError(
                f"relation {relation.id}: {ledger.paper.short(claim.claim_id)} stands at {claim.group}, "
                f"{claim.variable}, which is no cell of {rows} by {columns} and no total of it"
            )
        ledger.same(ledger.node(claim), node)
        if claim.stat == "percent":
            ledger.same(ledger.whole(claim), base)
    for side, key in (("row", "rows"), ("column", "columns")):
        totals = relation[key].get("totals")
        if totals is not None:
            if len(totals) != len(margins[side]):
                raise ReplicalcError(
                    f"relation {relation.id}: {key} has {len(margins[side])} codes, {len(totals)} totals"
                )
            for node, given in zip(margins[side], totals, strict=True):
                ledger.same(node, ledger.ref(given, relation))
    if relation.get("exhaustive", True):
        for i, node in enumerate(margins["row"]):
            ledger.add_sum(node, cells[i])
        for j, node in enumerate(margins["column"]):
            ledger.add_sum(node, [row[j] for row in cells])
        ledger.add_sum(whole, margins["row"])


def groups_of(ledger: Ledger, relation: Relation) -> tuple[Claim, Claim]:
    """The percentages of the two groups."""
    a, b = (ledger.paper.one(relation[side], relation) for side in "ab")
    for claim in (a, b):
        if claim.stat not in SHARES:
            raise ReplicalcError(f"relation {relation.id}: {ledger.paper.short(claim.claim_id)} is no percentage")
    return a, b


def _two_groups(ledger: Ledger, relation: Relation) -> None:
    a, b = groups_of(ledger, relation)
    total = ledger.cell_node(relation.id, "total")
    ledger.add_sum(total, [ledger.whole(a), ledger.whole(b)])
    if relation.get("total") is not None:
        ledger.same(total, ledger.ref(relation["total"], relation))
    if relation.get("at_most") is not None:
        ledger.at_most(total, ledger.ref(relation["at_most"], relation))
    for key, claim in (("n_a", a), ("n_b", b)):
        if relation.get(key) is not None:
            ledger.same(ledger.whole(claim), ledger.ref(relation[key], relation))
        if relation.get(f"{key}_at_most") is not None:
            ledger.at_most(ledger.whole(claim), ledger.ref(relation[f"{key}_at_most"], relation))
    if relation.get("events") is not None:
        events = ledger.ref(relation["events"], relation)
        ledger.add_sum(events, [ledger.node(a), ledger.node(b)])


def _accuracy(ledger: Ledger, relation: Relation) -> None:
    cells = {part: ledger.cell(relation.id, part) for part in ("tp", "fp", "fn", "tn", *MARGINS)}
    for margin, parts in MARGINS.items():
        ledger.add_sum(cells[margin], [cells[part] for part in parts])
    ledger.add_sum(cells["n"], [cells["positive"], cells["negative"]])
    ledger.add_sum(cells["n"], [cells["correct"], cells["wrong"]])
    for claim in ledger.paper.many(relation["claims"], relation):
        if SHARES.get(claim.stat):
            part, whole = SHARES[claim.stat].split()
            ledger.same(ledger.node(claim), cells[part])
            ledger.same(ledger.whole(claim), cells[whole])
            ledger.add_share(claim, cells[part], cells[whole])
        elif claim.stat in cells:
            ledger.same(ledger.node(claim), cells[claim.stat])
        elif not claim.stat.endswith(("_lo", "_hi")):
            raise ReplicalcError(
                f"relation {relation.id}: {ledger.paper.short(claim.claim_id)} is of stat {claim.stat}, "
                "no measure of a 2x2 table"
            )
    for key in ("n", "tp", "fp", "fn", "tn", "diseased", "healthy", "positive", "negative"):
        if relation.get(key) is not None:
            ledger.same(cells[key], ledger.ref(relation[key], relation))
    if relation.get("at_most") is not None:
        ledger.at_most(cells["n"], ledger.ref(relation["at_most"], relation))


# What came of it


def opinions(paper: Paper, ledger: Ledger) -> Iterator[Opinion]:
    """One opinion for each printed count and percentage that the ledger holds."""
    for claim_id, why in ledger.absurd.items():
        yield Opinion(claim_id, "impossible", "", ARITHMETIC, "0", why, "", "", "arithmetic")
    for component in ledger.settle():
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
        if not odd:
            return None
        change = next(c for c in odd[0].changes if c.cell == cell)
        return Opinion(
            claim.claim_id,
            "rounding",
            change.reads,
            ARITHMETIC,
            "1",
            f"the others agree by {odd[0].rounding}, this one does not: {change.reads}, printed {claim.reported}",
            change.reads,
            "",
            "arithmetic",
        )
    change = next(c for c in sets[0].changes if (c.cell, c.kind) == (cell, kind))
    printed = paper.printed(claim)
    only = check.complete and all(
        (cell, kind) in {(c.cell, c.kind) for c in repair.changes} for repair in check.nearest
    )
    one_unit = kind == "percent" and printed.sign == "=" and _units(change.reads, printed) == 1
    touched = {(each.cell, each.kind) for repair in check.nearest for each in repair.changes}
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
    wide = "" if change.lo == change.hi else f" (or any number from {change.lo} to {change.hi} behind it)"
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

    def exact(method: str, evidence: str) -> Opinion:
        return Opinion(claim.claim_id, "exact", shown, method, "1", evidence, "", "", "arithmetic")

    for _, whole, printed, other in ledger.shares_of(node):
        n = ledger.value(whole)
        found = [c.k for c in counts_from_percent(printed, n).solutions] if n else []
        if value in found:
            only = "is the only count" if len(found) == 1 else f"is one of {len(found)} counts"
            return exact("count with its percentage", f"{value} {only} of {n} that print as {other.reported}")
    for total, parts in ledger.sums_of(node):
        values = [ledger.value(part) for part in parts]
        if ledger.find(total) == ledger.find(node) and None not in values:
            return exact("sum of its parts", f"{' + '.join(map(str, values))} = {value}")
        rest = [v for part, v in zip(parts, values, strict=True) if ledger.find(part) != ledger.find(node)]
        if ledger.value(total) is not None and None not in rest and len(rest) < len(parts):
            others = " - ".join(map(str, [ledger.value(total), *rest]))
            return exact("what the other parts leave of the total", f"{others} = {value}")
    for part, _, _, other in ledger.shares_out_of(node):
        k = ledger.value(part)
        if value and k is not None:
            return exact("whole of a percentage", f"{k} of {value} prints as {other.reported}")
    if len(claims) > 1:
        places = ", ".join(paper.short(c.claim_id) for c in claims)
        return exact("printed at several places", f"{value} at each of {places}")
    if len(component.prints) > 1 and component.sums:
        return Opinion(
            claim.claim_id,
            "underdetermined",
            shown,
            ARITHMETIC,
            "",
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
        if names == ("truncation",) and not paper.cuts:
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
