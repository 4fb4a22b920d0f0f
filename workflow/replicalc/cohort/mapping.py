"""Mapping: the columns, codes and units of an export become canonical variables. All problems are told at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from replicalc.cohort.audit import Change, ChangeLog, Problem, change_log, sentences, write_problems
from replicalc.cohort.cells import out_of_range
from replicalc.cohort.collapse import Unit, collapse, column_told, columns_of, lines, place_told
from replicalc.cohort.doors.inert import inert
from replicalc.cohort.implausible import IMPLAUSIBLE, applicable, treatment_of
from replicalc.cohort.large import limits
from replicalc.cohort.mapping_checks import check_mapping
from replicalc.cohort.reading import Export, Found, impossible, read_units
from replicalc.cohort.rule_checks import computed_from
from replicalc.cohort.source import (
    ROW,
    STACKED,
    check_bytes,
    is_typed,
    join_sources,
    read_table,
    stack_sources,
    without_identical,
)
from replicalc.errors import ReplicalcError, did_you_mean, fail_with_all
from replicalc.job import job, write_text
from replicalc.records import Variable, load_cohort, load_dictionary
from replicalc.table import to_csv


@job
def map_export(exports, cohort_file, dictionary_file, out, unread_out=None, changes_out=None, *, cohort=None):
    """Read the export named in a cohort file and write one row a unit of analysis, canonical variables as text.

    A unit is a record, or several of them where the cohort file has ``collapse``. ``changes_out`` gets every value that
    cleaning changed. What could not be read goes to ``unread_out`` and stays empty here: validation adds what it finds
    and stops the run with everything at once. Without that file the run stops here. ``cohort`` is the name where it is
    not that of the cohort file. Raises ReplicalcError with file, row, column, value and what is allowed.
    """
    config = load_cohort(cohort_file, cohort)
    variables = load_dictionary(dictionary_file)
    check_mapping(config, variables, cohort_file)
    if limits.goes_large(exports, config):
        from replicalc.cohort.large.mapping import map_large

        names = [str(exports[0])]
        map_large(
            *(exports[0], config, variables, out, unread_out, changes_out),
            check_columns=lambda found: _check_columns(found, config, names),
        )
        return
    limits.forget(out)
    export = _read_export(exports, config)
    with change_log(changes_out, config) as changes:
        units, problems = _units(export, variables, changes)
        if not unread_out:
            stopping = [each for each in problems if each.stops]
            heading = f"cohort {config['cohort']}: values that the cohort file does not explain:"
            fail_with_all(heading, sentences(stopping))
    if unread_out:
        write_problems(unread_out, [*problems, *_left_out(export)], config)
    header, rows = lines(units, config, variables)
    write_text(out, to_csv([list(map(inert, row)) for row in rows], header))


def _left_out(export: Export) -> list[Problem]:
    """Carry to validation how many rows each declared rule left out ('where', a left join); it counts them."""
    told = [("", "", str(rows), "rows_left_out", f"{name}: {rule}") for name, rule, rows in export.left_out]
    return [Problem("", "", *each, "", "keep") for each in told]


def _units(export: Export, variables: dict[str, Variable], changes: ChangeLog) -> tuple[list[Unit], list[Problem]]:
    """Clean, read and collapse the records; return the units of analysis and what is wrong with them."""
    config, records, alike = export.config, export.records, [1] * len(export.records)
    if "identical_rows" in config:
        records, alike = without_identical(list(records))
        changes.extend(_dropped(export))
        export = replace(export, records=records)
    found = read_units(export, variables, changes)
    units = [replace(unit, alike=count) for unit, count in zip(found.units, alike, strict=True)]
    if "collapse" in config:
        units = _collapse(units, export, variables, found)
    _set_implausible_missing(units, config, variables, found)
    return units, found.problems


def _read_export(exports: Sequence[str | Path], config: dict) -> Export:
    """Read the files, join or stack them, and hold the columns against those that the cohort file uses."""
    tables, names = [], []
    codes = {str(code) for entry in (config, *config["variables"].values()) for code in entry.get("missing", [])}
    for path, source in zip(map(Path, exports), config["sources"], strict=True):
        if "sha256" in source:
            check_bytes(path, source["sha256"])
        table = read_table(path, source, codes)
        _check_total(config, path, source, len(table))
        tables.append(table)
        names.append(str(path) + (f" [{source['sheet']}]" if "sheet" in source else ""))
    if config.get("stack", False):
        records, origin = stack_sources(tables, names, config["sources"])
    else:
        records, origin = join_sources(tables, names, config.get("join_on"))
    _check_columns(list(origin), config, names)
    left_out = [(name, rule, rows) for name, table in zip(names, tables, strict=True) for rule, rows in table.left_out]
    return Export(
        records,
        origin,
        names,
        [is_typed(path) for path in exports],
        config,
        [table.labels for table in tables],
        left_out,
    )


def _dropped(export: Export) -> list[Change]:
    """Name every row that stands in the export once more, and the row that is kept instead."""
    first: dict[tuple[str, ...], str] = {}
    dropped = []
    some_column = next(iter(export.origin))
    for record in export.records:
        content = tuple(cell for column, cell in record.items() if column not in (ROW, STACKED))
        file, row, _ = export.changed_place(record, some_column)
        if content in first:
            kept = f"dropped; {first[content]} is kept"
            dropped.append(Change(file, row, "", "", "the whole row", kept, "identical_row_dropped"))
        first.setdefault(content, ", ".join(filter(None, [file, f"row {row}"])))
    return dropped


def _collapse(units: list[Unit], export: Export, variables: dict[str, Variable], found: Found) -> list[Unit]:
    """Take rows of one unit together; note what differed, and values out of range that another row hides."""
    config = export.config
    over = [tuple(record[column] for column in config.get("collapse_over", [])) for record in export.records]
    merged = collapse(units, over, config, variables, found.problems)
    whole = {place: unit for unit in merged for place in unit.places}
    for unit in merged:
        file, row = _place(unit)
        for name, values in unit.differed.items():
            if variables[name].type != "id":
                told = " | ".join(value or "(empty)" for value in values)
                where = (file, row, column_told(config["variables"][name]), name)
                found.changes.append(Change(*where, told, unit.values[name], "rows_collapsed"))
    for unit, record in zip(units, export.records, strict=True):
        for name, value in unit.values.items():
            if out_of_range(value, variables[name]) and whole[unit.places[0]].values[name] != value:
                entry, error = config["variables"][name], impossible(value, variables[name])
                file, row, _ = export.place(record, next(iter(columns_of(entry)), next(iter(export.origin))))
                where = (file, row, f"{column_told(entry)} ({name})", name, value)
                found.problems.append(Problem(*where, error.check, str(error), error.right, "stop"))
    return merged


def _place(unit: Unit) -> tuple[str, str]:
    """Name the file and the rows of a unit; the files of several stand with their rows."""
    files = list(dict.fromkeys(file for file, _ in unit.places))
    if len(files) > 1:
        return "", place_told(unit.places)
    return files[0], " and ".join(row for _, row in unit.places)


def _set_implausible_missing(units: list[Unit], config: dict, variables: dict[str, Variable], found: Found) -> None:
    """Empty all values of a combination that cannot be, where the cohort file says so; which is wrong nobody knows.

    What a rule computed from one of them is emptied with them.
    """
    if "set_missing" not in [treatment_of(each, config) for each in IMPLAUSIBLE]:
        return
    import pandas as pd

    from replicalc.cohort.frame import typed

    header, rows = lines(units, config, variables)
    table = pd.DataFrame(rows, columns=header)
    frame = typed(table, variables)
    for each in applicable(frame):
        if treatment_of(each, config) != "set_missing":
            continue
        for number in frame.index[each.holds(frame)]:
            unit = units[number]
            file, row = _place(unit)
            columns = " and ".join(f"{column_told(config['variables'][need])} ({need})" for need in each.needs)
            shown = "; ".join(table.at[number, need] for need in each.needs)
            where = (file, row, columns, "+".join(each.needs), shown)
            found.problems.append(Problem(*where, each.name, each.told, each.right, "set_missing"))
            for name in (*each.needs, *computed_from(each.needs, config["variables"])):
                before, column = unit.values[name], column_told(config["variables"][name])
                if before:
                    found.changes.append(Change(file, row, column, name, before, "", "implausible_set_missing"))
                unit.values[name] = ""


def _check_total(config: dict, path: Path, source: dict, found: int) -> None:
    expected = source.get("records")
    if expected is not None and expected != found:
        raise ReplicalcError(
            f"{path}: {found} records, but the published total of cohort {config['cohort']} is {expected}"
        )


def _check_columns(found: list[str], config: dict, names: list[str]) -> None:
    used = {column for entry in config["variables"].values() for column in columns_of(entry)}
    used |= set(config.get("collapse_over", []))
    unused = set(config.get("unused_columns", []))
    problems = [
        f"column '{column}' is missing.{did_you_mean(column, found)} Columns of the file: {', '.join(found)}"
        for column in sorted((used | unused) - set(found))
    ]
    key = config.get("join_on", [])
    joined = {key} if isinstance(key, str) else set(key)
    problems += [
        f"column '{column}' is neither mapped nor listed under 'unused_columns'"
        for column in found
        if column not in used | unused | joined
    ]
    fail_with_all(f"{' + '.join(names)}:", problems)
