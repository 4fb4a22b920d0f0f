"""A sentence of a paper that says something without a number of its own: does it hold on a cohort's results?"""

from __future__ import annotations

import math
import operator
from pathlib import Path

from replicalc.errors import ReplicalcError
from replicalc.job import job
from replicalc.table import Lookup, ResultTable, read_result

OPERATORS = {
    ">": operator.gt,
    "<": operator.lt,
    ">=": operator.ge,
    "<=": operator.le,
    "=": operator.eq,
    "!=": operator.ne,
}


@job
def statement(first, second, out, *, relations):
    """Judge whether every relation between statistics of one or two results holds.

    A relation is (left, sign, right); a side is a number or (file, group, variable, stat) with file 'first' or
    'second'. ``holds`` is 1 or 0; the two sides of each relation stand in the table.
    """
    rows = {"first": read_result(first), "second": read_result(second)}
    table = ResultTable(Path(out).stem, rows["first"][0].cohort, rows["first"][0].kind)
    _judge(table, {name: Lookup(found) for name, found in rows.items()}, relations)
    return table.write(out)


def judge(table: ResultTable, relations) -> None:
    """Add to a result whether relations between its own statistics hold; a place is (group, variable, stat)."""
    files = {"": Lookup(list(table.rows))}
    own = [tuple(side if isinstance(side, int | float | str) else ("", *side) for side in each) for each in relations]
    _judge(table, files, own)


def _judge(table: ResultTable, files: dict[str, Lookup], relations) -> None:
    holds, sides_told = True, []
    for number, (left, sign, right) in enumerate(relations, start=1):
        if sign not in OPERATORS:
            raise ReplicalcError(f"{table.result}: '{sign}' is no relation. Allowed: {', '.join(OPERATORS)}")
        sides = []
        for side, place in (("left", left), ("right", right)):
            value, n, reason = _value(files, place)
            if reason:
                table.add("holds", warning=reason)
                return
            sides_told.append((side, value, dict(variable=_name(number, place), n=n)))
            sides.append(value)
        holds = holds and OPERATORS[sign](*sides)
    for side, value, more in sides_told:
        table.add(side, value, **more)
    table.add("holds", float(holds), method=" and ".join(f"{_tell(a)} {s} {_tell(b)}" for a, s, b in relations))


def _value(files: dict[str, Lookup], place) -> tuple[float, int | None, str]:
    if isinstance(place, int | float):
        return float(place), None, ""
    file, group, variable, stat = place
    row = files[file](group, variable, stat)
    if row is None or math.isnan(row.value):
        why = (row.warning if row else "") or files[file].reason(group, variable)
        return math.nan, None, why or f"no {stat} of {variable} for {group}"
    return row.value, row.n, ""


def _tell(place) -> str:
    return f"{place:g}" if isinstance(place, int | float) else f"{place[3]}({place[2]}; {place[1]})"


def _name(number: int, place) -> str:
    return f"{number}: {_tell(place)}"
