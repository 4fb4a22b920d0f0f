"""The paper's tables made again from its claims: rows and columns follow from where each printed number belongs.

A claim has a group (whom) and a variable (what). Where groups are classes of one variable they are the rows, and the
variables are the columns; a claim of everybody about such a class is the total of its row or column. Everything else
is a list: a row for each variable. Several numbers of one place (count and share, median and quartiles) share a cell.
"""

from __future__ import annotations

from collections.abc import Iterable

from replicalc.figures.labels import code_label
from replicalc.report.model import ClaimRow, Mark, Rebuilt
from replicalc.report.words import measure, named

ALL = "all"
#: The column of the totals of the rows.
TOTAL = (ALL, "")
#: How the numbers of one cell stand beside each other: what comes before and after each statistic.
_AROUND = {
    "percent": (" (", "\u202f%)"),
    "q1": (" (", ""),
    "q3": ("–", ")"),
    "sd": (" ± ", ""),
}


def is_table(location: str) -> bool:
    """Whether a place of the paper is a table: it says so."""
    return "table" in location.lower()


def rebuild(claims: Iterable[ClaimRow]) -> list[Rebuilt]:
    """Make every table of a paper again, in the order in which their first numbers are registered."""
    places: dict[str, list[ClaimRow]] = {}
    for claim in claims:
        if is_table(claim.location):
            places.setdefault(claim.location, []).append(claim)
    return [table for location, mine in places.items() for table in _tables(location, mine)]


def _family(name: str) -> str:
    return name.partition("=")[0]


#: Statistics that stand in one cell with another: share with count, quartiles with median, deviation with mean.
_WITH = {"percent": "count", "q1": "median", "q3": "median", "sd": "mean"}


def _measure(claim: ClaimRow) -> str:
    """The statistic that a claim belongs to: its own, or the one that it stands beside."""
    return _WITH.get(claim.stat, claim.stat.removesuffix("_lo").removesuffix("_hi"))


def _is_test(claim: ClaimRow) -> bool:
    return claim.kind in ("p", "qualitative") or " x " in claim.variable


def _tables(location: str, claims: list[ClaimRow]) -> list[Rebuilt]:
    grouped = [c for c in claims if c.group != ALL and not _is_test(c)]
    families = list(dict.fromkeys(_family(c.group) for c in grouped))
    left = [c for c in claims if c not in grouped]
    made = []
    for family in families:
        body = [c for c in grouped if _family(c.group) == family]
        rows = list(dict.fromkeys(c.group for c in body))
        columns = list(dict.fromkeys((c.variable, _measure(c)) for c in body))
        cells: dict[tuple[str, tuple[str, str]], list[ClaimRow]] = {}
        for claim in body:
            cells.setdefault((claim.group, (claim.variable, _measure(claim))), []).append(claim)
        below = []
        for claim in list(left):
            if claim.variable in rows:
                place = (claim.variable, TOTAL)
            elif (claim.variable, _measure(claim)) in columns and not _is_test(claim):
                place = (ALL, (claim.variable, _measure(claim)))
            elif _is_test(claim) and _touches(claim, family):
                below.append(claim)
                left.remove(claim)
                continue
            else:
                continue
            cells.setdefault(place, []).append(claim)
            left.remove(claim)
        across = ([TOTAL] if any(column == TOTAL for _, column in cells) else []) + columns
        down = ([ALL] if any(row == ALL for row, _ in cells) else []) + rows
        shared = {_family(variable) for variable, _ in columns}
        several = {variable for variable, what in columns if (variable, what) != _first(columns, variable)}
        corner = named(family) if len(shared) > 1 else f"{named(family)} by {named(next(iter(shared)))}"
        made.append(
            Rebuilt(
                f"{location}: {corner}" if len(families) > 1 else location,
                named(family),
                tuple(
                    f"{measure(what)} ({_head(variable, shared)})" if variable in several else _head(variable, shared)
                    for variable, what in across
                ),
                tuple((_head(row, {family}), tuple(_cell(cells.get((row, c), [])) for c in across)) for row in down),
                tuple(Mark(claim) for claim in below),
            )
        )
    if left:
        made.append(_list(location if not made else f"{location}: other numbers", left))
    return sorted(made, key=lambda table: table.title.endswith("other numbers"))


def _first(columns: list[tuple[str, str]], variable: str) -> tuple[str, str]:
    return next(each for each in columns if each[0] == variable)


def _touches(claim: ClaimRow, family: str) -> bool:
    return family in claim.variable.replace("~", " ").replace("=", " ").split()


def _head(name: str, families: set[str]) -> str:
    if name == ALL:
        return "all"
    variable, _, code = name.partition("=")
    alone = len(families) == 1 and code and not set(";~") & set(name)
    return code_label(variable, code) if alone else named(name)


def _list(title: str, claims: list[ClaimRow]) -> Rebuilt:
    tests = [c for c in claims if _is_test(c)]
    cells: dict[tuple[str, str, str], list[ClaimRow]] = {}
    for claim in claims:
        if claim not in tests:
            cells.setdefault((claim.group, claim.variable, _measure(claim)), []).append(claim)
    places = [(group, variable) for group, variable, _ in cells]
    rows = []
    for (group, variable, what), mine in cells.items():
        head = named(variable) if group == ALL else f"{named(group)}; {named(variable)}"
        rows.append((f"{head}: {measure(what)}" if places.count((group, variable)) > 1 else head, (_cell(mine),)))
    return Rebuilt(title, "", ("printed",), tuple(rows), tuple(Mark(claim) for claim in tests))


def _cell(claims: list[ClaimRow]) -> tuple[Mark, ...]:
    """Put the numbers of a place beside each other as papers print them: 7 (25.0 %), 2.0 (1.0–3.0)."""
    if len(claims) == 1:
        return (Mark(claims[0], "", "\u202f%" if claims[0].stat == "percent" else ""),)
    marks = []
    for number, claim in enumerate(claims):
        before, after = _AROUND.get(claim.stat, ("; " if number else "", ""))
        if number and claim.stat.endswith("_lo"):
            before, after = " (", ""
        elif number and claim.stat.endswith("_hi"):
            before, after = " to ", ")"
        elif not number:
            before, after = "", "\u202f%" if claim.stat == "percent" else ""
        marks.append(Mark(claim, before, after))
    return tuple(marks)
