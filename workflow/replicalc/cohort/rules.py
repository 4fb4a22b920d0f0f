"""Variables that are put together from several columns, by rules that a cohort file declares (``docs/mapping.md``).

Nothing is evaluated as code: a rule is one of the names below with keys of its own. What it is computed from are parts:
a column of the export, read like any other (codes, unit, format), or another variable of the cohort file.

===========================  ========================================================================================
duration                     time from one date until another, in days, weeks, months or years
sum, difference, mean        of numbers in their own units
maximum, minimum             of numbers or dates
coalesce                     the first part that is there
cut                          a number becomes a class, by cut points
threshold                    a number becomes one of two codes
when                         conditions on several parts; the first that holds gives the code
any_yes, all_yes, count_yes  of parts that say yes or no
===========================  ========================================================================================

A missing part makes the result missing. With ``ignore_missing: true`` the others decide; the result is missing only
where all are. ``any_yes`` and ``all_yes`` are decided as soon as one part decides (one yes; one no), whatever else is
missing.
"""

from __future__ import annotations

import datetime
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from replicalc.cohort.audit import CellError
from replicalc.cohort.units import DIMENSIONS, FACTORS, number_text
from replicalc.records import Variable

#: What a part is read as: Fraction for numbers, date, or text for codes; None is missing.
Value = Fraction | datetime.date | str | None
Values = Mapping[str, Value]

RULES = (
    *("duration", "sum", "difference", "maximum", "minimum", "mean", "coalesce", "cut", "threshold", "when"),
    *("any_yes", "all_yes", "count_yes"),
)
LIST_RULES = ("sum", "difference", "maximum", "minimum", "mean", "coalesce", "any_yes", "all_yes", "count_yes")
#: Days of a month and of a year where a cohort file does not count completed ones.
LENGTHS = {"month": "month_days", "year": "year_days"}
LIMITS = {
    "at_least": lambda value, limit: value >= limit,
    "above": lambda value, limit: value > limit,
    "at_most": lambda value, limit: value <= limit,
    "below": lambda value, limit: value < limit,
}


@dataclass(frozen=True, slots=True)
class Part:
    """One of the things that a rule is computed from.

    ``entry`` is the cohort file's; ``kind`` says as what it is read: type, and the unit that the rule computes in.
    ``variable`` is the name of another variable of the cohort file, or '' for a column.
    """

    name: str
    entry: dict
    kind: Variable
    variable: str = ""


def rule_of(entry: dict) -> str:
    """Return the name of the rule of an entry under ``variables``, '' for a column.

    >>> rule_of({"sum": {"of": []}}), rule_of({"column": "Age"})
    ('sum', '')
    """
    return next((rule for rule in RULES if rule in entry), "")


def raw_parts(entry: dict) -> dict[str, dict]:
    """Return the parts of a rule as the cohort file has them, by name: 'from', 'until', 'of', 1, 2, own names."""
    rule = rule_of(entry)
    if not rule:
        return {}
    told = entry[rule]
    if rule == "duration":
        return {"from": told["from"], "until": told["until"]}
    if rule == "when":
        return {str(name): part for name, part in told["of"].items()}
    if rule in LIST_RULES:
        return {str(number): part for number, part in enumerate(told["of"], start=1)}
    return {"of": told["of"]}


def plain(kind: str, unit: str = "", codes: str = "") -> Variable:
    """Make a variable that is in no dictionary: what a part is read as."""
    return Variable("", kind, unit, codes, "", "", "", "", "raw", "", "")


def parts_of(target: Variable, entry: dict, variables: Mapping[str, Variable]) -> list[Part]:
    """Say of each part of a rule as what it is read. The entry has passed ``rule_checks``."""
    rule = rule_of(entry)
    return [
        Part(name, part, _kind(rule, entry[rule], target, part, variables), part.get("variable", ""))
        for name, part in raw_parts(entry).items()
    ]


def _kind(rule: str, told: dict, target: Variable, part: dict, variables: Mapping[str, Variable]) -> Variable:
    if rule == "duration":
        return plain("date")
    if rule in ("any_yes", "all_yes", "count_yes"):
        return plain("category", codes="yes|no")
    if rule in ("cut", "threshold"):
        return plain("number", told.get("in", ""))
    if rule == "when":
        return own_kind(part, variables)
    if rule == "coalesce" and target.type in ("category", "id"):
        return target
    return plain("date") if target.type == "date" else plain("number", target.unit)


def own_kind(part: dict, variables: Mapping[str, Variable]) -> Variable:
    """Say as what a part of ``when`` is read: as its own keys, or the dictionary, tell."""
    if "variable" in part:
        return variables[part["variable"]]
    if "codes" in part or "starts_with" in part:
        given = [*part.get("codes", {}).values(), *part.get("starts_with", {}).values()]
        return plain("category", codes="|".join(dict.fromkeys(map(str, given))))
    return plain("date") if "format" in part else plain("number", part.get("unit", ""))


def value_of(text: str, kind: Variable, unit: str | None = None) -> Value:
    """Turn canonical text into what rules compute with; ``unit`` is the one that the text is in, if another."""
    if text == "":
        return None
    if kind.type == "date":
        return datetime.date.fromisoformat(text)
    if kind.type in ("number", "integer"):
        return Fraction(text) * FACTORS[(kind.unit if unit is None else unit, kind.unit)]
    return text


def compile_rule(target: Variable, entry: dict, variables: Mapping[str, Variable]) -> Callable[[Values], str]:
    """Make the function that computes a variable from its parts' values and returns canonical text ('' is missing).

    The function raises CellError where no result can be right: a duration whose end lies before its beginning, a
    number that should be whole and is not.
    """
    rule = rule_of(entry)
    told = entry[rule]
    if rule == "duration":
        return _duration(target, told)
    if rule in ("cut", "threshold"):
        return _cut(told) if rule == "cut" else _threshold(told)
    if rule == "when":
        return _when(told, {part.name: part.kind for part in parts_of(target, entry, variables)})
    ignore = told.get("ignore_missing", False)
    combine = COMBINE[rule]

    def compute(values: Values) -> str:
        known = [value for value in values.values() if value is not None]
        complete = len(known) == len(values)
        if rule in DECIDED:
            return combine(known, complete or (ignore and bool(known)))
        if not known or (not complete and not ignore and rule != "coalesce"):
            return ""
        return _text(combine(known), target)

    return compute


def _text(value: Value, target: Variable) -> str:
    if isinstance(value, Fraction):
        if target.type == "integer" and value.denominator != 1:
            raise CellError(
                "unparsable",
                f"gives {float(value):g}, which is not a whole number",
                f"{target.variable} is counted in whole numbers",
            )
        return number_text(value)
    return value.isoformat() if isinstance(value, datetime.date) else str(value)


def _yes_if_any(known: list, whole: bool) -> str:
    return "yes" if "yes" in known else "no" if whole else ""


def _yes_if_all(known: list, whole: bool) -> str:
    return "no" if "no" in known else "yes" if whole else ""


#: Rules that a single part may decide.
DECIDED = ("any_yes", "all_yes")
COMBINE: dict[str, Callable] = {
    "sum": sum,
    "difference": lambda known: known[0] - known[1],
    "mean": lambda known: sum(known) / len(known),
    "maximum": max,
    "minimum": min,
    "coalesce": lambda known: known[0],
    "any_yes": _yes_if_any,
    "all_yes": _yes_if_all,
    "count_yes": lambda known: Fraction(sum(value == "yes" for value in known)),
}


def completed_months(start: datetime.date, end: datetime.date) -> int:
    """Count the months that are over between two dates; a month is over on the same day of a later month.

    Where a month has no such day, it is over on the first of the next: who is born on 29 February becomes a year older
    on 1 March.

    >>> completed_months(datetime.date(2020, 2, 29), datetime.date(2021, 2, 28)) // 12
    0
    """
    months = 12 * (end.year - start.year) + end.month - start.month
    return months - (end.day < start.day)


def _duration(target: Variable, told: dict) -> Callable[[Values], str]:
    unit = told["in"]
    factor = FACTORS[(unit, target.unit)]
    length = Fraction(str(told[LENGTHS[unit]])) if LENGTHS.get(unit) in told else Fraction(DIMENSIONS[1][unit])

    def compute(values: Values) -> str:
        start, end = values["from"], values["until"]
        if not isinstance(start, datetime.date) or not isinstance(end, datetime.date):
            return ""
        if end < start:
            raise CellError(
                "negative_duration", f"ends ({end}) before it begins ({start})", "Allowed: 'until' on 'from' or later"
            )
        if told.get("completed"):
            months = completed_months(start, end)
            return _text(Fraction(months // 12 if unit == "year" else months) * factor, target)
        return _text(Fraction((end - start).days) / length * factor, target)

    return compute


def _cut(told: dict) -> Callable[[Values], str]:
    points = [Fraction(str(point)) for point in told["points"]]
    codes = [str(code) for code in told["codes"]]
    # Closed on the left: a class holds its lower cut point. Closed on the right: its upper one.
    place = bisect_right if told["closed"] == "left" else bisect_left

    def compute(values: Values) -> str:
        value = values["of"]
        return "" if value is None else codes[place(points, value)]

    return compute


def _threshold(told: dict) -> Callable[[Values], str]:
    holds = _within(told, plain("number"))

    def compute(values: Values) -> str:
        value = values["of"]
        return "" if value is None else str(told["then"] if holds(value) else told["otherwise"])

    return compute


def _within(told: dict, kind: Variable) -> Callable[[Value], bool]:
    limits = [(LIMITS[name], value_of(str(told[name]), kind)) for name in LIMITS if name in told]
    return lambda value: all(compare(value, limit) for compare, limit in limits)


def _when(told: dict, kinds: Mapping[str, Variable]) -> Callable[[Values], str]:
    cases = [
        ({str(name): _condition(condition, kinds[str(name)]) for name, condition in case["if"].items()}, case["then"])
        for case in told["cases"]
    ]
    ignore = told.get("ignore_missing", False)

    def compute(values: Values) -> str:
        if not ignore and None in values.values():
            return ""
        if all(value is None for value in values.values()):
            return ""
        for conditions, then in cases:
            if all(holds(values[name]) for name, holds in conditions.items()):
                return str(then)
        return str(told["otherwise"])

    return compute


def _condition(condition, kind: Variable) -> Callable[[Value], bool]:
    """Make the test of one part: a code, one of several codes, a range, or that it is missing."""
    if isinstance(condition, dict):
        if "missing" in condition:
            return lambda value: value is None
        within = _within(condition, kind)
        return lambda value: value is not None and within(value)
    codes = {str(code) for code in (condition if isinstance(condition, list) else [condition])}
    return lambda value: value in codes
