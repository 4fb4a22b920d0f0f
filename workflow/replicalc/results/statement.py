"""A sentence of a paper that says something without a number of its own: does it hold on a cohort's results?"""

from __future__ import annotations

import math
import operator
from pathlib import Path

from replicalc.errors import ReplicalcError
from replicalc.job import job
from replicalc.table import Lookup, ResultTable, Row, read_result

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
    """Add to a result whether relations between its own statistics hold; a place is (group, variable, stat).

    A relation that begins with "given" must be fulfilled for the sentence to be about anybody: where it is not, nothing
    is judged. (That no lesion of a kind is malignant is no finding where there is no such lesion.)
    """
    files = {"": Lookup(list(table.rows))}
    own = [tuple(side if isinstance(side, int | float | str) else ("", *side) for side in each) for each in relations]
    _judge(table, files, own)


def _judge(table: ResultTable, files: dict[str, Lookup], relations) -> None:
    holds, told, seen, warnings = True, [], [], []
    for number, relation in enumerate(relations, start=1):
        given, (left, sign, right) = relation[0] == "given", relation[-3:]
        if sign not in OPERATORS:
            raise ReplicalcError(f"{table.result}: '{sign}' is no relation. Allowed: {', '.join(OPERATORS)}")
        sides = []
        for side, place in (("left", left), ("right", right)):
            row, reason = _value(files, place)
            if reason:
                table.add("holds", warning=reason)
                return
            told.append((side, row.value, dict(variable=_name(number, place), n=row.n)))
            sides.append(row.value)
            seen += [row.n] if row.n is not None else []
            warnings += [part for part in row.warning.split("; ") if part and part not in warnings]
        fulfilled = OPERATORS[sign](*sides)
        if given and not fulfilled:
            table.add(
                "holds", warning=f"nothing to judge: {_tell(left)} is {sides[0]:g} here, not {sign} {_tell(right)}"
            )
            return
        holds = holds and fulfilled
    for side, value, more in told:
        table.add(side, value, **more)
    words = [f"{_tell(left)} {sign} {_tell(right)}" for *given, left, sign, right in relations if not given]
    more = dict(n=max(seen, default=None), warning="; ".join(warnings))
    table.add("holds", float(holds), method=" and ".join(words), **more)


def _value(files: dict[str, Lookup], place) -> tuple[Row, str]:
    if isinstance(place, int | float):
        return Row("", "", "", "", float(place)), ""
    file, group, variable, stat = place
    row = files[file](group, variable, stat)
    if row is None or math.isnan(row.value):
        why = (row.warning if row else "") or files[file].reason(group, variable)
        return Row("", "", "", ""), why or f"no {stat} of {variable} for {group}"
    return row, ""


def _tell(place) -> str:
    return f"{place:g}" if isinstance(place, int | float) else f"{place[3]}({place[2]}; {place[1]})"


def _name(number: int, place) -> str:
    return f"{number}: {_tell(place)}"
