"""Mapping: the columns, codes and units of an export become canonical variables. All problems are told at once."""

from __future__ import annotations

import datetime
import re
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

from replicalc.cohort.collapse import (
    Unit,
    check_rules,
    choose,
    collapse,
    column_told,
    lines,
    order_of,
    sorted_values,
    split_codes,
)
from replicalc.cohort.source import (
    ROW,
    STACKED,
    check_bytes,
    is_typed,
    join_sources,
    own_name,
    place_of,
    read_table,
    source_of,
    stack_sources,
    without_identical,
)
from replicalc.errors import ReplicalcError, did_you_mean, fail_with_all
from replicalc.job import job, write_text
from replicalc.records import Variable, load_checked, load_dictionary
from replicalc.table import to_csv

#: How many canonical units one given unit is.
FACTORS = {
    ("mm", "mm"): "1",
    ("cm", "mm"): "10",
    ("inch", "mm"): "25.4",
    ("year", "year"): "1",
    ("month", "year"): "1/12",
    ("percent", "percent"): "1",
    ("fraction", "percent"): "100",
    ("day", "day"): "1",
    ("month", "day"): "30.4375",
    ("", ""): "1",
}


@job
def map_export(exports, cohort_file, dictionary_file, out):
    """Read the export named in a cohort file and write one row a unit of analysis, canonical variables as text.

    A unit is a record, or several of them where the cohort file has ``collapse``. Raises ReplicalcError listing every
    fault with file, row, column, value and what is allowed.
    """
    config = load_checked(cohort_file, "cohort")
    variables = load_dictionary(dictionary_file)
    check_mapping(config, variables, cohort_file)
    tables, names = [], []
    for path, source in zip(map(Path, exports), config["sources"], strict=True):
        if "sha256" in source:
            check_bytes(path, source["sha256"])
        table = read_table(path, source)
        _check_total(config, path, source, len(table))
        tables.append(table)
        names.append(str(path) + (f" [{source['sheet']}]" if "sheet" in source else ""))
    stacked = config.get("stack", False)
    if stacked:
        records, origin = stack_sources(tables, names, config["sources"])
    else:
        records, origin = join_sources(tables, names, config.get("join_on"))
    _check_columns(list(origin), config, names)
    typed = [is_typed(path) for path in exports]
    alike = [1] * len(records)
    if "identical_rows" in config:
        records, alike = without_identical(records)
    units = _map_records(records, config, variables, origin, names, typed)
    units = [replace(unit, alike=count) for unit, count in zip(units, alike, strict=True)]
    if "collapse" in config:
        over = [tuple(record[column] for column in config.get("collapse_over", [])) for record in records]
        units = collapse(units, over, config, variables)
    header, rows = lines(units, config, variables)
    write_text(out, to_csv(rows, header))


#: 'distinct variable', the same 'where variable=code', or 'variable=code'.
TOTAL = re.compile(r"distinct (\w+)(?: where (\w+)=(.+))?|(\w+)=(.+)")


def check_mapping(config: dict, variables: dict[str, Variable], path: str | Path) -> None:
    """Hold the mapping against the dictionary: variables known, units convertible, codes canonical."""
    problems = []
    for name, entry in config["variables"].items():
        variable = variables.get(name)
        if variable is None:
            problems.append(
                f"variables.{name}: no such variable in data/dictionary.csv.{did_you_mean(name, list(variables))}"
            )
            continue
        if variable.role == "derived":
            problems.append(f"variables.{name}: is derived by the workflow and cannot be mapped; map {_raw_of(name)}")
        if len([way for way in ("column", "columns", "constant") if way in entry]) != 1:
            problems.append(f"variables.{name}: give either 'column' or 'constant' (an id may have 'columns')")
        if "columns" in entry and variable.type != "id":
            problems.append(f"variables.{name}: is a {variable.type}; only an id is put together from 'columns'")
        if variable.type == "category":
            if len([way for way in ("codes", "starts_with", "constant") if way in entry]) != 1:
                codes = ", ".join(variable.code_list)
                problems.append(
                    f"variables.{name}: needs 'codes' or 'starts_with' (text of the export: one of {codes})"
                )
            given = [*entry.get("codes", {}).values(), *entry.get("starts_with", {}).values()]
            given += [entry["constant"]] if "constant" in entry else []
            starts = list(map(str, entry.get("starts_with", {})))
            problems += [
                f"variables.{name}: starts_with '{a}' and '{b}' overlap"
                for a in starts
                for b in starts
                if a != b and b.startswith(a)
            ]
            for code in given:
                if str(code) not in variable.code_list:
                    allowed = ", ".join(variable.code_list)
                    problems.append(f"variables.{name}: '{code}' is no code of this variable. Allowed: {allowed}")
        elif "codes" in entry or "starts_with" in entry:
            problems.append(f"variables.{name}: is a {variable.type}; it takes no codes")
        if variable.type in ("number", "integer"):
            unit = entry.get("unit", "" if not variable.unit else None)
            allowed = [given for given, target in FACTORS if target == variable.unit]
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
    problems += _faults_of_sources(config) + check_rules(config, variables)
    fail_with_all(f"{path}:", problems)


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


def _raw_of(name: str) -> str:
    """Name what a derived variable is derived from."""
    from replicalc.cohort.derivations import DERIVATIONS

    return " and ".join(next(each.needs for each in DERIVATIONS if each.variable == name))


def _check_total(config: dict, path: Path, source: dict, found: int) -> None:
    expected = source.get("records")
    if expected is not None and expected != found:
        raise ReplicalcError(
            f"{path}: {found} records, but the published total of cohort {config['cohort']} is {expected}"
        )


def _check_columns(found: list[str], config: dict, names: list[str]) -> None:
    used = {column for entry in config["variables"].values() for column in _columns_of(entry)}
    used |= set(config.get("collapse_over", []))
    unused = set(config.get("unused_columns", []))
    problems = [
        f"column '{column}' is missing.{did_you_mean(column, found)} Columns of the file: {', '.join(found)}"
        for column in sorted((used | unused) - set(found))
    ]
    problems += [
        f"column '{column}' is neither mapped nor listed under 'unused_columns'"
        for column in found
        if column not in used | unused | {config.get("join_on")}
    ]
    fail_with_all(f"{' + '.join(names)}:", problems)


def _columns_of(entry: dict) -> list[str]:
    return entry.get("columns", [entry["column"]] if "column" in entry else [])


def _map_records(
    records: list[dict[str, str]],
    config: dict,
    variables: dict[str, Variable],
    origin: dict[str, int],
    names: list[str],
    typed: list[bool],
) -> list[Unit]:
    """Turn each record into a unit of its own. A file is named in its place only if the sources are stacked."""
    faults: dict[tuple[str, ...], list[str]] = {}
    general = {str(code) for code in config.get("missing", [""])} | {""}
    decimal = config.get("decimal", ".")
    told = [source["file"] + (f" [{source['sheet']}]" if "sheet" in source else "") for source in config["sources"]]
    units = [Unit({}, ((told[int(record[STACKED])] if STACKED in record else "", record[ROW]),)) for record in records]
    for target, entry in config["variables"].items():
        missing = general | {str(code) for code in entry.get("missing", [])}
        by_type = {kind: _converter(variables[target], entry, decimal, kind) for kind in set(typed)}
        order = order_of(variables[target], entry)
        for record, unit in zip(records, units, strict=True):
            if "constant" in entry:
                unit.values[target] = str(entry["constant"])
                continue
            columns = _columns_of(entry)
            texts = [record[column] for column in columns]
            if missing.intersection(texts):
                unit.values[target] = ""
                continue
            index = source_of(record, columns[0], origin)
            try:
                if "columns" in entry:
                    unit.values[target] = _joined(texts)
                elif "split" in entry:
                    codes = by_type[typed[index]](texts[0])
                    if len(codes) > 1:
                        unit.several[target] = tuple(sorted_values(codes, variables[target], order))
                    unit.values[target] = choose(entry["of_several"], codes, variables[target], order)
                else:
                    unit.values[target] = by_type[typed[index]](texts[0])
            except ValueError as error:
                file, row_number = place_of(record, columns[0], origin, names)
                if "columns" in entry:
                    fault = (file, column_told(entry), "", str(error))
                else:
                    column = f"column '{own_name(columns[0], config['sources'][index])}'"
                    fault = (file, column, f"value '{texts[0]}' ", str(error))
                faults.setdefault(fault, []).append(row_number)
    fail_with_all(
        f"cohort {config['cohort']}: values that the cohort file does not explain:",
        [
            f"{file}, {rows_told(where)}, {column}: {value}{error}"
            for (file, column, value, error), where in faults.items()
        ],
    )
    return units


def _joined(texts: list[str]) -> str:
    """Put an identifier together so that no two combinations of parts give the same one."""
    if any("/" in text for text in texts):
        raise ValueError("a part of the identifier contains '/', which would join the parts")
    return "/".join(texts)


def rows_told(rows: list) -> str:
    """Name up to five rows, and count the rest."""
    noun = "row" if len(rows) == 1 else "rows"
    more = f" and {len(rows) - 5} more" if len(rows) > 5 else ""
    return f"{noun} {', '.join(map(str, rows[:5]))}{more}"


def _converter(variable: Variable, entry: dict, decimal: str, typed: bool):
    """Make the function that turns a text into a canonical one (with ``split``: into a list of codes).

    A workbook's dates and numbers are ``typed``. The function raises ValueError with what is wrong.
    """
    if variable.type == "category":
        codes = {str(given): str(code) for given, code in entry.get("codes", {}).items()}
        starts = {str(given): str(code) for given, code in entry.get("starts_with", {}).items()}

        def convert(text: str) -> str | list[str]:
            if "split" in entry:
                return split_codes(text, codes, entry["split"])
            if text in codes:
                return codes[text]
            found = [code for start, code in starts.items() if text.startswith(start)]
            if len(found) == 1:
                return found[0]
            if starts:
                raise ValueError(f"does not begin with one of {', '.join(starts)}")
            raise ValueError(f"is not a known code. Allowed: {', '.join(codes)}")

    elif variable.type == "date":
        form = entry.get("format", "%Y-%m-%d")

        def convert(text: str) -> str:
            for each in (form, "%Y-%m-%d") if typed else (form,):
                try:
                    return datetime.datetime.strptime(text, each).date().isoformat()
                except ValueError:
                    continue
            raise ValueError(f"is not a date of the form {form}")

    elif variable.type in ("number", "integer"):
        point = f"[.{decimal}]" if typed else re.escape(decimal)
        pattern = re.compile(rf"[+-]?(\d{{1,15}}({point}\d{{0,15}})?|{point}\d{{1,15}})([eE][+-]?\d{{1,2}})?")
        factor = Fraction(FACTORS[(entry.get("unit", ""), variable.unit)])
        told = {unit: Fraction(FACTORS[(unit, variable.unit)]) for unit in entry.get("units_in_cells", [])}

        def convert(text: str) -> str:
            unit = next((unit for unit in told if text.endswith(unit)), "")
            text = text.removesuffix(unit).rstrip()
            if not pattern.fullmatch(text):
                allowed = f", alone or before {' or '.join(told)}" if told else ""
                raise ValueError(f"is not a number (decimal sign '{decimal}'){allowed}")
            number = Fraction(text.replace(",", ".")) * told.get(unit, factor)
            if variable.type == "integer" and number.denominator != 1:
                raise ValueError("is not a whole number")
            return str(number.numerator) if number.denominator == 1 else repr(float(number))

    else:

        def convert(text: str) -> str:
            return text

    return convert
