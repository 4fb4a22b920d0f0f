"""Hold a cohort file against the dictionary before any file is read: variables, codes, units, rules; all faults."""

from __future__ import annotations

import re
from pathlib import Path

from replicalc.cohort.collapse import check_rules
from replicalc.cohort.implausible import IMPLAUSIBLE
from replicalc.cohort.rule_checks import faults_of_case, faults_of_piece, faults_of_rule, in_order, several_ways
from replicalc.cohort.rules import raw_parts, rule_of
from replicalc.cohort.units import convertible
from replicalc.errors import did_you_mean, fail_with_all
from replicalc.records import Variable

#: 'distinct variable', the same 'where variable=code', or 'variable=code'.
TOTAL = re.compile(r"distinct (\w+)(?: where (\w+)=(.+))?|(\w+)=(.+)")
#: What may happen to a value that a check of cells finds; the run stops if nothing is said.
CELL_CHECKS = ("unparsable", "unknown_code", "out_of_range", "negative_duration")
TREATMENTS = ("stop", "set_missing")
#: Values that cannot be together may also be kept and only counted.
KEEP = "keep"


def check_mapping(config: dict, variables: dict[str, Variable], path: str | Path) -> None:
    """Hold the mapping against the dictionary: variables known, units convertible, codes canonical, rules in order."""
    problems: list[str] = []
    for name, entry in config["variables"].items():
        variable = variables.get(name)
        if variable is None:
            problems.append(
                f"variables.{name}: no such variable in data/dictionary.csv.{did_you_mean(name, list(variables))}"
            )
            continue
        if variable.role == "derived":
            problems.append(f"variables.{name}: is derived by the workflow and cannot be mapped; map {_raw_of(name)}")
        if len(several_ways(entry)) != 1:
            problems.append(
                f"variables.{name}: give either 'column' or 'constant' or one rule (an id may have 'columns')"
            )
        elif rule_of(entry):
            problems += faults_of_rule(name, entry, config, variables)
        else:
            problems += _faults_of_entry(name, entry, variable)
        for where, piece in (("", entry), *((f".{part}", piece) for part, piece in raw_parts(entry).items())):
            problems += faults_of_piece(f"variables.{name}{where}", piece)
    circle = in_order(config["variables"])[1]
    if circle:
        problems.append(f"variables: {', '.join(circle)} are computed from each other in a circle")
    for key in config["unit_id"]:
        if key not in config["variables"]:
            problems.append(f"unit_id: '{key}' is not mapped under 'variables'")
    for name in config.get("totals", {}):
        parts = TOTAL.fullmatch(name)
        if not parts or not {parts[1], parts[2], parts[4]} - {None} <= set(config["variables"]):
            problems.append(
                f"totals: '{name}' should be 'variable=code', 'distinct variable' or 'distinct variable where "
                "variable=code' of mapped variables"
            )
    problems += _faults_of_sources(config) + _faults_of_treatment(config) + check_rules(config, variables)
    fail_with_all(f"{path}:", problems)


def _faults_of_entry(name: str, entry: dict, variable: Variable) -> list[str]:
    """What is wrong with a variable that is read from a column or is the same for everybody."""
    problems = []
    if "columns" in entry and variable.type != "id":
        problems.append(f"variables.{name}: is a {variable.type}; only an id is put together from 'columns'")
    if variable.type == "category":
        if len([way for way in ("codes", "starts_with", "constant") if way in entry]) != 1:
            codes = ", ".join(variable.code_list)
            problems.append(f"variables.{name}: needs 'codes' or 'starts_with' (text of the export: one of {codes})")
        given = [*entry.get("codes", {}).values(), *entry.get("starts_with", {}).values()]
        given += [entry["constant"]] if "constant" in entry else []
        starts = list(map(str, entry.get("starts_with", {})))
        problems += [
            f"variables.{name}: starts_with '{a}' and '{b}' overlap"
            for a in starts
            for b in starts
            if a != b and b.startswith(a)
        ]
        problems += [
            f"variables.{name}: '{code}' is no code of this variable. Allowed: {', '.join(variable.code_list)}"
            for code in map(str, given)
            if code not in variable.code_list
        ]
        if "any_case" in entry and ("codes" not in entry or "split" in entry):
            problems.append(f"variables.{name}: 'any_case' is for 'codes', and not for several in a cell ('split')")
        problems += faults_of_case(f"variables.{name}", entry)
    elif {"codes", "starts_with", "any_case"} & set(entry):
        problems.append(f"variables.{name}: is a {variable.type}; it takes no codes")
    if variable.type in ("number", "integer"):
        unit = entry.get("unit", "" if not variable.unit else None)
        allowed = convertible(variable.unit)
        if unit not in allowed:
            problems.append(
                f"variables.{name}: unit {unit!r} cannot be turned into {variable.unit or 'a plain number'}. "
                f"Allowed: {', '.join(u or 'none' for u in allowed)}"
            )
        problems += [
            f"variables.{name}: 'units_in_cells' names {given!r}, which cannot be turned into "
            f"{variable.unit or 'a plain number'}. Allowed: {', '.join(filter(None, allowed)) or 'none'}"
            for given in entry.get("units_in_cells", [])
            if given not in allowed
        ]
    elif "unit" in entry or "units_in_cells" in entry:
        problems.append(f"variables.{name}: is a {variable.type}; it takes no 'unit'")
    if (variable.type == "date") != ("format" in entry):
        problems.append(f"variables.{name}: 'format' (such as %d.%m.%Y) is for dates, and dates need it")
    if "part" in entry and "column" not in entry:
        problems.append(f"variables.{name}: 'part' is for the text of one 'column'")
    return problems


def _faults_of_sources(config: dict) -> list[str]:
    problems = []
    if config.get("stack") and "join_on" in config:
        problems.append("'stack' puts sources below each other, 'join_on' beside each other; give one of them")
    if config.get("stack") and len(config["sources"]) == 1:
        problems.append("'stack' is for several sources, but there is one")
    if not config.get("stack"):
        problems += [
            f"sources, {source['file']}: 'without' is for sources that are stacked ('stack: true')"
            for source in config["sources"]
            if "without" in source
        ]
    if "identical_rows" in config and "join_on" in config:
        problems.append("'identical_rows' counts rows of one table; it cannot be used with 'join_on'")
    if "identical_rows" in config and "collapse" in config:
        problems.append("'identical_rows' is not needed with 'collapse', which takes rows together and counts them")
    return problems


def _faults_of_treatment(config: dict) -> list[str]:
    """``on_problem`` names checks that exist, and says of each what that check allows."""
    combinations = {each.name: each for each in IMPLAUSIBLE}
    problems = []
    for check, treatment in config.get("on_problem", {}).items():
        known = [*CELL_CHECKS, *combinations]
        if check not in known:
            problems.append(f"on_problem: there is no check '{check}'.{did_you_mean(check, known)} docs/mapping.md "
                            "lists them")  # fmt: skip
        elif treatment == KEEP and check in CELL_CHECKS:
            problems.append(f"on_problem: what '{check}' finds cannot be kept. Allowed: {', '.join(TREATMENTS)}")
        elif check in combinations and set(combinations[check].needs) & set(config["unit_id"]):
            problems.append(f"on_problem: '{check}' looks at a variable of 'unit_id', which cannot be set missing")
    return problems


def _raw_of(name: str) -> str:
    """Name what a derived variable is derived from."""
    from replicalc.cohort.derivations import DERIVATIONS

    return " and ".join(next(each.needs for each in DERIVATIONS if each.variable == name))
