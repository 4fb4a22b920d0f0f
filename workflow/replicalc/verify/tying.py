"""What each relation tells the ledger of counts: which are one, which add up, which are shares of which."""

from __future__ import annotations

from replicalc.errors import ReplicalcError
from replicalc.records import Claim
from replicalc.verify.ledger import Ledger
from replicalc.verify.paper import COUNTS, MARGINS, SHARES, Relation


def tie(ledger: Ledger, relation: Relation) -> None:
    """Tell the ledger what a relation says of counts. Raises ReplicalcError for a claim or key that does not fit."""
    handler = {
        "shares": _shares,
        "sum": _sum,
        "repeats": _repeats,
        "table": _table,
        "two_groups": _two_groups,
        "accuracy": _accuracy,
        "interval": _interval,
        "ratio": _ratio,
    }.get(relation.kind)
    ledger.telling = relation.id
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
        elif len(places) == 1 and claim.variable in at and not claim.group.startswith((f"{rows}=", f"{columns}=")):
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


def _interval(ledger: Ledger, relation: Relation) -> None:
    """Count and size of a proportion, where they are given beside its percentage."""
    claim = ledger.paper.one(relation["estimate"], relation) if relation.get("estimate") is not None else None
    if claim is None or claim.stat not in SHARES:
        return
    for key, node in (("count", ledger.node(claim)), ("n", ledger.whole(claim))):
        if relation.get(key) is not None:
            ledger.same(node, ledger.ref(relation[key], relation))


def _ratio(ledger: Ledger, relation: Relation) -> None:
    """The 2x2 table of an odds ratio of which the exposed with the event are counted; else nothing adds up to tell."""
    if relation.get("exposed_events") is None or relation.get("at_most") == "n":
        return
    cells = [ledger.cell_node(relation.id, f"{who} {what} event") for who in ("exposed", "unexposed") for what in
             ("with", "without")]  # fmt: skip
    both = ledger.cell_node(relation.id, "unexposed")
    nodes = {key: ledger.cell_node(relation.id, key) for key in ("n", "events", "exposed")}
    ledger.same(cells[0], ledger.ref(relation["exposed_events"], relation))
    for key, node in nodes.items():
        if relation.get(key) is not None:
            ledger.same(node, ledger.ref(relation[key], relation))
    ledger.add_sum(nodes["exposed"], cells[:2])
    ledger.add_sum(nodes["events"], [cells[0], cells[2]])
    ledger.add_sum(both, cells[2:])
    ledger.add_sum(nodes["n"], [nodes["exposed"], both])
