"""Several rows become one unit of analysis, several codes in a cell become one, by rules that the cohort file declares.

Nothing is chosen in silence: a variable without a rule must be the same in all rows of a unit, and where a rule chose,
``mapped.csv`` carries what it chose from; validation counts it. Everything here is text of canonical variables.

=========  ==========================================================================================================
highest    the largest number, the latest date, the last code in the order of the dictionary (or of the key ``order``);
           empty cells do not count
lowest     the opposite
any_yes    of yes|no: yes if any row says yes; no only if every row says no; otherwise not known
recorded   the value that is there; empty cells do not count, and two different values are an error
first      the value of the first row that has one
=========  ==========================================================================================================
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction

from replicalc.cohort.audit import Problem, sentences
from replicalc.cohort.rules import raw_parts, rule_of
from replicalc.cohort.source import ROW
from replicalc.errors import did_you_mean, fail_with_all
from replicalc.records import Variable

#: Columns of ``mapped.csv`` that say where a unit comes from; they are no variables. Only stacked and collapsed cohorts
#: have them: the place in words, the number of rows, the values that differed between them, the codes in one cell.
#: Those that drop identical rows have the number of rows that were alike.
PLACE, N_ROWS, DIFFERED, SEVERAL = "source_place", "source_rows", "values_differed", "several_codes"
ALIKE = "identical_rows"
#: The check that finds rows of one unit that do not fit together.
ROWS_DIFFER = "rows_differ"
BOOKKEEPING = (PLACE, N_ROWS, DIFFERED, SEVERAL, ALIKE)
RANKED = ("highest", "lowest")


@dataclass(frozen=True, slots=True)
class Unit:
    """The canonical values of one row or unit, the (file, row) places they are from, and what was chosen from.

    ``values`` maps variable to text ('' is missing). ``differed`` and ``several`` map a variable to the values of which
    one was chosen: between the rows of the unit, and within a cell. The file is '' where there is only one table.
    ``alike`` counts the rows of the export that were the same in every column and of which the unit is the first.
    """

    values: dict[str, str]
    places: tuple[tuple[str, str], ...]
    differed: dict[str, tuple[str, ...]] = field(default_factory=dict)
    several: dict[str, tuple[str, ...]] = field(default_factory=dict)
    alike: int = 1


def check_rules(config: dict, variables: dict[str, Variable]) -> list[str]:
    """Hold ``collapse``, ``split``, ``of_several`` and ``order`` against the dictionary; return what is wrong."""
    problems = []
    rules = config.get("collapse", {})
    mapped = config["variables"]
    if "collapse_over" in config and "collapse" not in config:
        problems.append("collapse_over: is for the key 'collapse', which is not there")
    for name, rule in rules.items():
        if name not in mapped or name not in variables:
            problems.append(f"collapse: '{name}' is not mapped under 'variables'.{did_you_mean(name, list(mapped))}")
        elif name in config["unit_id"]:
            problems.append(f"collapse: '{name}' is part of 'unit_id'; it is the same in all rows of a unit")
        elif rule not in (allowed := _rules_for(variables[name])):
            problems.append(
                f"collapse: '{rule}' cannot be used for {name}, {_kind(variables[name])}. Allowed: {', '.join(allowed)}"
            )
    for name, entry in mapped.items():
        if name not in variables:
            continue
        if ("split" in entry) != ("of_several" in entry):
            problems.append(f"variables.{name}: 'split' and 'of_several' need each other")
        if "split" in entry and (variables[name].type != "category" or "codes" not in entry):
            problems.append(f"variables.{name}: 'split' is for categories with 'codes'")
        if "order" in entry:
            problems += _faults_of_order(name, entry, variables[name], rules.get(name))
    return problems


def _rules_for(variable: Variable) -> list[str]:
    if set(variable.code_list) == {"yes", "no"}:
        return ["any_yes", "recorded", "first"]
    return ["recorded", "first"] if variable.type == "id" else [*RANKED, "recorded", "first"]


def _kind(variable: Variable) -> str:
    if variable.type != "category":
        return f"{'an' if variable.type in ('id', 'integer') else 'a'} {variable.type}"
    return f"a category with the codes {', '.join(variable.code_list)}"


def _faults_of_order(name: str, entry: dict, variable: Variable, rule: str | None) -> list[str]:
    order = [str(code) for code in entry["order"]]
    given = [*entry.get("codes", {}).values(), *entry.get("starts_with", {}).values()]
    given += [entry["constant"]] if "constant" in entry else []
    problems = [
        f"variables.{name}: the 'order' names '{code}', which is no code of this variable. "
        f"Allowed: {', '.join(variable.code_list)}"
        for code in order
        if code not in variable.code_list
    ]
    problems += [
        f"variables.{name}: '{code}' has no place in the 'order'"
        for code in dict.fromkeys(map(str, given))
        if code not in order and code in variable.code_list
    ]
    if "of_several" not in entry and rule not in RANKED:
        problems.append(f"variables.{name}: the 'order' is used by nothing; 'of_several' or 'collapse' would use it")
    return problems


def order_of(variable: Variable, entry: dict) -> list[str]:
    """Return the codes from the lowest to the highest: as declared, otherwise as in the dictionary."""
    return [str(code) for code in entry.get("order", variable.code_list)]


def choose(rule: str, values: Sequence[str], variable: Variable, order: Sequence[str]) -> str:
    """Return the text that counts of ``values`` ('' is missing). Raises ValueError where the rule cannot decide."""
    known = [value for value in values if value]
    if rule == "any_yes":
        return "yes" if "yes" in known else "no" if len(known) == len(values) else ""
    if not known or rule == "first":
        return known[0] if known else ""
    if rule == "recorded":
        if len(set(known)) > 1:
            raise ValueError("two different values are recorded")
        return known[0]
    return sorted_values(known, variable, order)[0 if rule == "lowest" else -1]


def sorted_values(values: Sequence[str], variable: Variable, order: Sequence[str]) -> list[str]:
    """Sort texts by what they mean: numbers, dates, codes in their order. Missing comes first."""
    if variable.type == "category":
        rank = {code: number for number, code in enumerate(order)}
        return sorted(values, key=lambda value: rank.get(value, -1))
    if variable.type in ("number", "integer"):
        return sorted(values, key=lambda value: (bool(value), Fraction(value or 0)))
    return sorted(values)


def split_codes(text: str, codes: dict[str, str], separator: str) -> list[str]:
    """Return the different codes that a cell holds, in its order.

    ``codes`` maps texts of the export to canonical codes. A text that contains the separator is taken whole where it
    is known, the longest first: with 'A-B' and 'C' known, 'A-B-C' holds two codes. An unknown part: ValueError.
    """
    parts = text.split(separator)
    found: list[str] = []
    start = 0
    while start < len(parts):
        for end in range(len(parts), start, -1):
            whole = separator.join(parts[start:end])
            if whole in codes:
                found.append(codes[whole])
                start = end
                break
        else:
            raise ValueError(f"holds '{parts[start]}', which is not a known code. Allowed: {', '.join(codes)}")
    return list(dict.fromkeys(found))


def collapse(
    units: list[Unit],
    over: list[tuple[str, ...]],
    config: dict,
    variables: dict[str, Variable],
    problems: list[Problem] | None = None,
) -> list[Unit]:
    """Take together the rows that share ``unit_id``, in the order of their first rows.

    ``over`` holds, for each row, the texts of the columns under ``collapse_over``; two rows of a unit with the same
    ones are an error (with no such columns, nothing is checked). A row without a complete identifier stays alone, for
    the validation to name. What cannot be taken together is added to ``problems``, its value missing; without such a
    list it raises ReplicalcError naming rows, columns and, except for identifiers, values.
    """
    groups: dict[tuple, list[int]] = {}
    for number, unit in enumerate(units):
        key = tuple(unit.values[name] for name in config["unit_id"])
        groups.setdefault(key if all(key) else ("", number), []).append(number)
    told = config["unit_of_analysis"]
    faults: list[Problem] = []
    merged = []
    for numbers in groups.values():
        rows = [units[number] for number in numbers]
        if len(rows) == 1:
            merged.append(rows[0])
            continue
        places = tuple(place for row in rows for place in row.places)
        if config.get("collapse_over") and len({over[number] for number in numbers}) < len(rows):
            columns = " and ".join(f"'{column}'" for column in config["collapse_over"])
            fault = f"rows of one {told} with the same {columns}"
            faults.append(_fault("", place_told(places), "", "", fault, "the columns tell its rows apart"))
        merged.append(_merge(rows, places, config, variables, faults))
    if problems is None:
        fail_with_all(f"cohort {config['cohort']}: rows that cannot be taken together:", sentences(faults))
    else:
        problems += faults
    return merged


def _fault(column: str, place: str, variable: str, value: str, fault: str, right: str) -> Problem:
    return Problem("", place, column, variable, value, ROWS_DIFFER, fault, f"Allowed: {right}", "stop")


def _merge(
    rows: list[Unit], places: tuple, config: dict, variables: dict[str, Variable], faults: list[Problem]
) -> Unit:
    values, differed, several = {}, {}, {}
    told = config["unit_of_analysis"]
    for name, entry in config["variables"].items():
        order = order_of(variables[name], entry)
        found = [row.values[name] for row in rows]
        held = dict.fromkeys(code for row in rows for code in row.several.get(name, ()))
        if held:
            several[name] = tuple(sorted_values(list(held), variables[name], order))
        values[name] = found[0]
        if len(set(found)) == 1:
            continue
        differed[name] = tuple(sorted_values(list(set(found)), variables[name], order))
        rule = config["collapse"].get(name)
        try:
            if rule is None:
                raise ValueError("no rule under 'collapse' says which value counts")
            values[name] = choose(rule, found, variables[name], order)
        except ValueError as why:
            values[name] = ""
            shown = "" if variables[name].type == "id" else _shown(differed[name], ", ")
            fault = f"{column_told(entry)} ({name}) differs between the rows of one {told}, and {why}"
            right = f"the same in all rows, or a rule for {name} under 'collapse'"
            faults.append(_fault(column_told(entry), place_told(places), name, shown, fault, right))
    return replace(rows[0], values=values, places=places, differed=differed, several=several)


def columns_of(entry: dict) -> list[str]:
    """Name the columns of the export that an entry under ``variables`` reads; a rule may read none itself."""
    if rule_of(entry):
        return list(dict.fromkeys(part["column"] for part in raw_parts(entry).values() if "column" in part))
    return entry.get("columns", [entry["column"]] if "column" in entry else [])


def column_told(entry: dict) -> str:
    """Name the column or columns that a variable is read from, or what it is computed from."""
    columns = columns_of(entry)
    others = [part["variable"] for part in raw_parts(entry).values() if "variable" in part]
    told = [f"column{'s' * (len(columns) > 1)} {', '.join(map(repr, columns))}"] if columns else []
    return f"{' and '.join([*told, *others])}" if told or others else "constant"


def _shown(values: Sequence[str], joint: str) -> str:
    return joint.join(value or "(empty)" for value in values)


def place_told(places: Sequence[tuple[str, str]]) -> str:
    """Say in words where a unit comes from, such as 'a.csv, rows 2 and 3 and b.csv, row 7'."""
    files: dict[str, list[str]] = {}
    for file, row in places:
        files.setdefault(file, []).append(row)
    told = []
    for file, rows in files.items():
        listed = " and ".join(filter(None, [", ".join(rows[:-1]), rows[-1]]))
        told.append(f"{f'{file}, ' if file else ''}{'row' if len(rows) == 1 else 'rows'} {listed}")
    return " and ".join(told)


def lines(units: list[Unit], config: dict, variables: dict[str, Variable]) -> tuple[list[str], list[list[str]]]:
    """Lay out ``mapped.csv``: header and rows. What was chosen from reads 'birads=3|4;calc_type=punctate|amorphous'."""
    extra = {}
    if config.get("stack") or "collapse" in config:
        extra[PLACE] = lambda unit: place_told(unit.places)
    if "collapse" in config:
        extra[N_ROWS] = lambda unit: str(len(unit.places))
        extra[DIFFERED] = lambda unit: _noted(unit.differed, variables)
    if any("split" in entry for entry in config["variables"].values()):
        extra[SEVERAL] = lambda unit: _noted(unit.several, variables)
    if "identical_rows" in config:
        extra[ALIKE] = lambda unit: str(unit.alike)
    header = [ROW, *extra, *config["variables"]]
    return header, [
        [unit.places[0][1], *(tell(unit) for tell in extra.values()), *(unit.values[n] for n in config["variables"])]
        for unit in units
    ]


def _noted(chosen: dict[str, tuple[str, ...]], variables: dict[str, Variable]) -> str:
    return ";".join(
        name if variables[name].type == "id" else f"{name}={_shown(values, '|')}" for name, values in chosen.items()
    )


def noted_variables(text: str) -> list[str]:
    """Read back which variables a note of ``values_differed`` or ``several_codes`` names."""
    return [part.partition("=")[0] for part in text.split(";") if part]
