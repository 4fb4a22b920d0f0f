"""Hold the declared rules of a cohort file against the dictionary: each fault is a sentence, all are told at once."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping
from fractions import Fraction

from replicalc.cohort.cells import fold
from replicalc.cohort.rules import LENGTHS, LIMITS, RULES, own_kind, parts_of, raw_parts, rule_of
from replicalc.cohort.units import FACTORS, convertible
from replicalc.errors import did_you_mean
from replicalc.records import Variable

NUMERIC = ("number", "integer")
#: What a rule can give.
GIVES = {
    **dict.fromkeys(("duration", "sum", "difference", "mean"), NUMERIC),
    **dict.fromkeys(("maximum", "minimum"), (*NUMERIC, "date")),
    "count_yes": NUMERIC,
    "coalesce": (*NUMERIC, "date", "category", "id"),
    **dict.fromkeys(("cut", "threshold", "when", "any_yes", "all_yes"), ("category",)),
}
#: Keys that say how a column is read; an entry that is a rule has them on its parts.
READING = ("codes", "starts_with", "any_case", "split", "of_several", "unit", "units_in_cells", "format", "part")


def faults_of_rule(name: str, entry: dict, config: dict, variables: Mapping[str, Variable]) -> list[str]:
    """Return what is wrong with the rule of one variable; the schema has seen its keys already."""
    rule, target = rule_of(entry), variables[name]
    told, at = entry[rule], f"variables.{name}.{rule}"
    if target.type not in GIVES[rule]:
        gives = dict.fromkeys("number" if kind == "integer" else kind for kind in GIVES[rule])
        return [f"{at}: gives a {' or a '.join(gives)}, but {name} is a {target.type}"]
    problems = [f"{at}: '{key}' belongs to the parts of the rule, not beside it" for key in READING if key in entry]
    problems += [f"variables.{name}: 'missing' belongs to the parts of the rule, not beside it"] * ("missing" in entry)
    for part_name, part in raw_parts(entry).items():
        problems += _faults_of_source(f"{at}.{part_name}", part, name, config, variables)
    if problems:
        return problems
    for part in parts_of(target, entry, variables):
        where = f"{at}.{part.name}"
        if part.variable:
            problems += _faults_of_variable(where, part.variable, part.kind, variables)
        else:
            problems += _faults_of_column(where, part.entry, part.kind)
    return problems + CHECKS.get(rule, lambda *_: [])(at, told, target, entry, variables)


def _faults_of_source(at: str, part: dict, name: str, config: dict, variables: Mapping[str, Variable]) -> list[str]:
    if ("column" in part) == ("variable" in part):
        return [f"{at}: give either 'column' or 'variable'"]
    other = part.get("variable")
    if other is None:
        return []
    if other == name:
        return [f"{at}: {name} cannot be computed from itself"]
    if other not in config["variables"] or other not in variables:
        known = list(config["variables"])
        return [f"{at}: '{other}' is not mapped under 'variables'.{did_you_mean(other, known)}"]
    more = [key for key in part if key != "variable"]
    return [f"{at}: '{key}' is said where {other} is mapped, not here" for key in more]


def _faults_of_variable(at: str, other: str, kind: Variable, variables: Mapping[str, Variable]) -> list[str]:
    given = variables[other]
    if (given.type in NUMERIC) != (kind.type in NUMERIC) or (given.type != kind.type and given.type not in NUMERIC):
        return [f"{at}: {other} is a {given.type}, but a {kind.type} is needed"]
    if kind.type in NUMERIC and (given.unit, kind.unit) not in FACTORS:
        return [f"{at}: {other} is in {given.unit or 'no unit'}, which cannot be turned into {_unit(kind.unit)}"]
    strange = [code for code in given.code_list if code not in kind.code_list]
    if kind.type == "category" and strange:
        return [f"{at}: {other} has the code '{strange[0]}'. Allowed here: {', '.join(kind.code_list)}"]
    return []


def _unit(unit: str) -> str:
    return unit or "a plain number"


def _faults_of_column(at: str, part: dict, kind: Variable) -> list[str]:
    problems = []
    if kind.type == "category":
        given = [*part.get("codes", {}).values(), *part.get("starts_with", {}).values()]
        if ("codes" in part) == ("starts_with" in part):
            problems.append(f"{at}: needs 'codes' or 'starts_with' (text of the export: code)")
        problems += [
            f"{at}: '{code}' is no code here. Allowed: {', '.join(kind.code_list)}"
            for code in map(str, given)
            if code not in kind.code_list
        ]
        wrong = ("unit", "units_in_cells", "format")
    elif kind.type == "date":
        if "format" not in part:
            problems.append(f"{at}: a date needs its 'format' (such as %d.%m.%Y)")
        wrong = ("unit", "units_in_cells", "codes", "starts_with")
    elif kind.type in NUMERIC:
        allowed = convertible(kind.unit)
        for unit in [part.get("unit", "" if not kind.unit else None), *part.get("units_in_cells", [])]:
            if unit not in allowed:
                told = ", ".join(each or "none" for each in allowed)
                problems.append(f"{at}: unit {unit!r} cannot be turned into {_unit(kind.unit)}. Allowed: {told}")
        wrong = ("format", "codes", "starts_with")
    else:
        wrong = ("format", "codes", "starts_with", "unit", "units_in_cells")
    problems += [f"{at}: a {kind.type} takes no '{key}'" for key in wrong if key in part]
    if "any_case" in part and "codes" not in part:
        problems.append(f"{at}: 'any_case' is for 'codes'")
    return problems + faults_of_case(at, part)


def faults_of_case(at: str, entry: dict) -> list[str]:
    """Codes that are the same but for capital letters and blanks must mean the same where ``any_case`` is said."""
    meant: dict[str, dict[str, str]] = {}
    for text, code in entry.get("codes", {}).items() if entry.get("any_case") else ():
        meant.setdefault(fold(str(text)), {}).setdefault(str(code), str(text))
    return [
        f"{at}: with 'any_case', {' and '.join(map(repr, codes.values()))} are the same text, but mean "
        f"{' and '.join(codes)}"
        for codes in meant.values()
        if len(codes) > 1
    ]


def faults_of_piece(at: str, entry: dict) -> list[str]:
    """A slice has two ends, in their order; a piece has what stands between the pieces, and its number."""
    part = entry.get("part", {})
    if set(part) not in ({"from", "to"}, {"between", "number"}, set()):
        return [f"{at}: 'part' is either 'from' and 'to' (characters) or 'between' and 'number' (a piece)"]
    if "from" in part and part["from"] > part["to"]:
        return [f"{at}: 'part' begins at character {part['from']} and ends before it, at {part['to']}"]
    return []


def _duration(at: str, told: dict, target: Variable, entry: dict, variables) -> list[str]:
    unit = told["in"]
    if (unit, target.unit) not in FACTORS:
        return [f"{at}: {unit}s cannot be turned into {_unit(target.unit)}"]
    problems = []
    length, completed = LENGTHS.get(unit), told.get("completed", False)
    if completed and not length:
        problems.append(f"{at}: 'completed' is for months and years")
    if length and completed == (length in told):
        problems.append(f"{at}: for {unit}s give either 'completed: true' or how many days each has ('{length}')")
    problems += [
        f"{at}: '{key}' is for {other}s, but 'in' is {unit}"
        for other, key in LENGTHS.items()
        if key in told and other != unit
    ]
    if target.type == "integer" and (FACTORS[(unit, target.unit)].denominator != 1 or (length and not completed)):
        problems.append(f"{at}: {target.variable} is counted in whole {target.unit}s; give 'in: day'")
    return problems


def _difference(at: str, told: dict, target, entry, variables) -> list[str]:
    if len(told["of"]) != 2:
        return [f"{at}: is the first of two parts less the second, but there are {len(told['of'])}"]
    if told.get("ignore_missing"):
        return [f"{at}: a difference needs both parts, so 'ignore_missing' has no meaning"]
    return []


def _mean(at: str, told: dict, target: Variable, entry, variables) -> list[str]:
    whole = target.type == "integer"
    return [f"{at}: {target.variable} is counted in whole numbers, and a mean seldom is one"] if whole else []


def _coalesce(at: str, told: dict, target, entry, variables) -> list[str]:
    useless = "ignore_missing" in told
    return [f"{at}: takes the first part that is there, so 'ignore_missing' has no meaning"] if useless else []


def _codes(at: str, target: Variable, codes) -> list[str]:
    return [
        f"{at}: '{code}' is no code of {target.variable}. Allowed: {', '.join(target.code_list)}"
        for code in dict.fromkeys(map(str, codes))
        if code not in target.code_list
    ]


def _cut(at: str, told: dict, target: Variable, entry, variables) -> list[str]:
    problems = _codes(at, target, told["codes"])
    points = [Fraction(str(point)) for point in told["points"]]
    if points != sorted(set(points)):
        problems.append(f"{at}: the cut points must rise, each once: {', '.join(map(str, told['points']))}")
    if len(told["codes"]) != len(points) + 1:
        problems.append(f"{at}: {len(points)} cut points make {len(points) + 1} classes, but there are "
                        f"{len(told['codes'])} codes")  # fmt: skip
    return problems


def _threshold(at: str, told: dict, target: Variable, entry, variables) -> list[str]:
    problems = _codes(at, target, [told["then"], told["otherwise"]])
    return problems + _limits(at, told, Variable("", "number", *[""] * 9))


def _limits(at: str, told: dict, kind: Variable) -> list[str]:
    """A range has one end or two that do not exclude each other, numbers for numbers, dates for dates."""
    given = {name: told[name] for name in LIMITS if name in told}
    if not given or {"at_least", "above"} <= set(given) or {"at_most", "below"} <= set(given):
        return [f"{at}: give 'at_least' or 'above', 'at_most' or 'below', or one of each"]
    try:
        read = datetime.date.fromisoformat if kind.type == "date" else Fraction
        limits = {name: read(str(limit)) for name, limit in given.items()}
    except ValueError:
        wanted = "dates such as 2015-12-31" if kind.type == "date" else "numbers"
        return [f"{at}: {', '.join(map(repr, given.values()))}: should be {wanted}"]
    lower = [limit for name, limit in limits.items() if name in ("at_least", "above")]
    upper = [limit for name, limit in limits.items() if name in ("at_most", "below")]
    open_ended = set(limits) & {"above", "below"}
    if lower and upper and (lower[0] > upper[0] or (lower[0] == upper[0] and open_ended)):
        return [f"{at}: no value lies between {lower[0]} and {upper[0]}"]
    return []


def _when(at: str, told: dict, target: Variable, entry: dict, variables: Mapping[str, Variable]) -> list[str]:
    given = [case["then"] for case in told["cases"]] + ([told["otherwise"]] if told["otherwise"] != "" else [])
    problems = _codes(at, target, given)
    kinds = {str(name): own_kind(part, variables) for name, part in told["of"].items()}
    used = set()
    for number, case in enumerate(told["cases"], start=1):
        for name, condition in case["if"].items():
            used.add(str(name))
            where = f"{at}, case {number}, '{name}'"
            if str(name) not in kinds:
                problems.append(f"{where}: is no part of 'of'.{did_you_mean(name, list(kinds))}")
                continue
            problems += _faults_of_condition(where, condition, kinds[str(name)], told)
    problems += [f"{at}: no case asks for the part '{name}'" for name in kinds if name not in used]
    return problems


def _faults_of_condition(at: str, condition, kind: Variable, told: dict) -> list[str]:
    if isinstance(condition, dict):
        if "missing" in condition:
            needless = not told.get("ignore_missing")
            return [f"{at}: 'missing: true' needs 'ignore_missing: true'"] if needless else []
        if kind.type == "category":
            return [f"{at}: has codes ({', '.join(kind.code_list)}); a range is for numbers and dates"]
        return _limits(at, condition, kind)
    if kind.type != "category":
        return [f"{at}: is a {kind.type}; give a range such as {{at_least: 10}}"]
    codes = condition if isinstance(condition, list) else [condition]
    return [
        f"{at}: '{code}' is no code of it. Allowed: {', '.join(kind.code_list)}"
        for code in map(str, codes)
        if code not in kind.code_list
    ]


def _yes_no(at: str, told: dict, target: Variable, entry, variables) -> list[str]:
    fits = {"yes", "no"} <= set(target.code_list)
    return [] if fits else [f"{at}: gives yes or no, but {target.variable} has {', '.join(target.code_list)}"]


def _count(at: str, told: dict, target: Variable, entry, variables) -> list[str]:
    return [f"{at}: gives a plain number, but {target.variable} is in {target.unit}"] if target.unit else []


CHECKS = {
    "duration": _duration,
    "difference": _difference,
    "mean": _mean,
    "coalesce": _coalesce,
    "cut": _cut,
    "threshold": _threshold,
    "when": _when,
    "any_yes": _yes_no,
    "all_yes": _yes_no,
    "count_yes": _count,
}


def in_order(entries: Mapping[str, dict]) -> tuple[list[str], list[str]]:
    """Order the variables so that each comes after those that it is computed from; also return those in a circle.

    >>> in_order({"a": {"sum": {"of": [{"variable": "b"}]}}, "b": {"column": "B"}})
    (['b', 'a'], [])
    """
    waiting = {
        name: {part["variable"] for part in raw_parts(entry).values() if part.get("variable") in entries}
        for name, entry in entries.items()
    }
    ordered: list[str] = []
    while ready := [name for name, needs in waiting.items() if needs <= set(ordered)]:
        ordered += ready
        for name in ready:
            del waiting[name]
    return ordered, list(waiting)


def computed_from(names: Iterable[str], entries: Mapping[str, dict]) -> list[str]:
    """Name the variables that are computed from any of these, or from one that is.

    >>> computed_from(["a"], {"a": {"column": "A"}, "b": {"sum": {"of": [{"variable": "a"}, {"column": "B"}]}}})
    ['b']
    """
    reached, found = set(names), []
    for name in in_order(entries)[0]:
        if name not in reached and any(part.get("variable") in reached for part in raw_parts(entries[name]).values()):
            reached.add(name)
            found.append(name)
    return found


def several_ways(entry: dict) -> list[str]:
    """Name every way in which an entry says where its values come from; there should be one."""
    return [way for way in ("column", "columns", "constant", *RULES) if way in entry]
