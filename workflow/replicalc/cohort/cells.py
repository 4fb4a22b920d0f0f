"""A cell of an export becomes a canonical text: codes, dates, numbers with their unit, a part of a longer text.

Whoever reads a cell learns whether cleaning changed it (``Read.rules``); a cell that cannot be read raises CellError
with what is wrong and what would be right.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

from replicalc.cohort.audit import CellError
from replicalc.cohort.collapse import choose, order_of, sorted_values, split_codes
from replicalc.cohort.doors.hints import mangled
from replicalc.cohort.units import FACTORS, number_text
from replicalc.records import Variable


@dataclass(frozen=True, slots=True)
class Read:
    """The canonical text of a cell ('' is missing), the rules that changed it, the codes of which one counts."""

    value: str
    rules: tuple[str, ...] = ()
    several: tuple[str, ...] = ()


#: How many different texts of a column are remembered, so that reading a code a million times is done once.
REMEMBERED = 10_000


def cell_reader(variable: Variable, entry: dict, missing: set[str], decimal: str, typed: bool) -> Callable[[str], Read]:
    """Make the function that reads the cells of one column as one variable.

    ``entry`` is what the cohort file says about the column, ``missing`` all texts that mean 'missing' there. The dates
    and numbers of a workbook are ``typed``. The function raises CellError.
    """
    convert = _converter(variable, entry, decimal, typed)
    known: dict[str, Read] = {}

    def read(text: str) -> Read:
        found = known.get(text)
        if found is None:
            found = _read(text, entry, missing, convert)
            if len(known) < REMEMBERED:
                known[text] = found
        return found

    return read


def _read(text: str, entry: dict, missing: set[str], convert: Callable[[str], Read]) -> Read:
    if text in missing:
        return Read("", ("missing_code",) if text else ())
    if "part" in entry:
        text = part_of(text, entry["part"])
        if text in missing:
            return Read("", ("missing_code",) if text else ())
    return convert(text)


def part_of(text: str, part: dict) -> str:
    """Cut out characters ``from`` to ``to`` (counted from 1, both included), or piece ``number`` between separators.

    Raises CellError where the text has no such part.

    >>> part_of("A-2015-007", {"from": 3, "to": 6}), part_of("left/2", {"between": "/", "number": 2})
    ('2015', '2')
    """
    if "between" in part:
        pieces = text.split(part["between"])
        if part["number"] > len(pieces):
            raise CellError(
                "unparsable",
                f"has no part {part['number']} between '{part['between']}'",
                f"Allowed: texts of {part['number']} parts or more",
            )
        return pieces[part["number"] - 1].strip()
    if len(text) < part["to"]:
        raise CellError(
            "unparsable", f"is shorter than {part['to']} characters", f"Allowed: texts of {part['to']} or more"
        )
    return text[part["from"] - 1 : part["to"]].strip()


def _converter(variable: Variable, entry: dict, decimal: str, typed: bool) -> Callable[[str], Read]:
    if variable.type == "category":
        return _codes(variable, entry)
    if variable.type == "date":
        return _dates(entry, typed)
    if variable.type in ("number", "integer"):
        return _numbers(variable, entry, decimal, typed)
    return _identifiers if typed else Read


def _identifiers(text: str) -> Read:
    """Take an identifier of a typed file as it is, unless a spreadsheet made a date of it."""
    if hint := mangled(text):
        raise CellError("unparsable", f"is a date or reads like one, but this is an identifier{hint}")
    return Read(text)


def _codes(variable: Variable, entry: dict) -> Callable[[str], Read]:
    codes = {str(given): str(code) for given, code in entry.get("codes", {}).items()}
    starts = {str(given): str(code) for given, code in entry.get("starts_with", {}).items()}
    folded = {fold(given): given for given in codes} if entry.get("any_case") else {}
    order = order_of(variable, entry)

    def convert(text: str) -> Read:
        if "split" in entry:
            try:
                found = split_codes(text, codes, entry["split"])
            except ValueError as why:
                problem, _, right = str(why).partition(". ")
                raise CellError("unknown_code", problem, right) from None
            value = choose(entry["of_several"], found, variable, order)
            several = len(found) > 1
            return Read(
                value,
                ("several_codes",) if several else (),
                tuple(sorted_values(found, variable, order)) if several else (),
            )
        if text in codes:
            return Read(codes[text])
        if fold(text) in folded:
            return Read(codes[folded[fold(text)]], ("spelling",))
        found = [code for start, code in starts.items() if text.startswith(start)]
        if len(found) == 1:
            return Read(found[0])
        if starts:
            raise CellError("unknown_code", f"does not begin with one of {', '.join(starts)}")
        raise CellError("unknown_code", "is not a known code", f"Allowed: {', '.join(codes)}")

    return convert


def fold(text: str) -> str:
    """Spell a text without capital letters and with single blanks.

    >>> fold(" Not  Seen")
    'not seen'
    """
    return " ".join(text.casefold().split())


def _dates(entry: dict, typed: bool) -> Callable[[str], Read]:
    form = entry.get("format", "%Y-%m-%d")
    example = datetime.date(2015, 12, 31).strftime(form)

    def convert(text: str) -> Read:
        for each in (form, "%Y-%m-%d") if typed else (form,):
            try:
                return Read(datetime.datetime.strptime(text, each).date().isoformat())
            except ValueError:
                continue
        raise CellError("unparsable", f"is not a date of the form {form}", f"Allowed: dates such as {example}")

    return convert


def _numbers(variable: Variable, entry: dict, decimal: str, typed: bool) -> Callable[[str], Read]:
    point = f"[.{decimal}]" if typed else re.escape(decimal)
    pattern = re.compile(rf"[+-]?(\d{{1,15}}({point}\d{{0,15}})?|{point}\d{{1,15}})([eE][+-]?\d{{1,2}})?")
    factor = FACTORS[(entry.get("unit", ""), variable.unit)]
    told = {unit: FACTORS[(unit, variable.unit)] for unit in entry.get("units_in_cells", [])}

    def convert(text: str) -> Read:
        unit = next((unit for unit in told if text.endswith(unit)), "")
        bare = text.removesuffix(unit).rstrip()
        if not pattern.fullmatch(bare):
            allowed = f", alone or before {' or '.join(told)}" if told else ""
            example = f"2{decimal}5" if variable.type == "number" else "25"
            raise CellError(
                "unparsable",
                f"is not a number (decimal sign '{decimal}'){allowed}",
                f"Allowed: numbers such as {example}{_other_sign(bare, decimal)}",
            )
        number = Fraction(bare.replace(",", ".")) * told.get(unit, factor)
        if variable.type == "integer" and number.denominator != 1:
            raise CellError("unparsable", "is not a whole number", f"Allowed: whole numbers{_in(variable)}")
        rules = [rule for rule, acts in (("unit_in_cell", unit), ("decimal_comma", "," in bare)) if acts]
        return Read(number_text(number), tuple(rules))

    return convert


def _other_sign(text: str, decimal: str) -> str:
    """What to write where a number has the other decimal sign, as in a workbook whose numbers are text."""
    other = {".": ",", ",": "."}.get(decimal, "")
    if not other or not re.fullmatch(rf"[+-]?[0-9]*{re.escape(other)}[0-9]+", text):
        return ""
    return f"; if '{other}' is the decimal sign of the export, write decimal: \"{other}\" in the cohort file"


def _in(variable: Variable) -> str:
    return f" of {variable.unit}s" if variable.unit in ("day", "year") else ""


def out_of_range(text: str, variable: Variable) -> bool:
    """Tell whether a canonical text lies outside the range of the dictionary; missing does not."""
    if not text or not (variable.min and variable.max) or variable.type not in ("number", "integer", "date"):
        return False
    if variable.type == "date":
        return not variable.min <= text <= variable.max
    return not float(variable.min) <= float(text) <= float(variable.max)
