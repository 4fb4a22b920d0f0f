"""REDCap: a raw CSV export held against the data dictionary of its project.

The data dictionary is the CSV file that REDCap offers under "Data Dictionary". Of it are used the name of a field, its
form, its type and its choices ("1, Left | 2, Right"). In a raw export a field of check boxes is one column for each
choice, named ``field___code`` (code in small letters, with _ for -), with 1 for ticked and 0 for not.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from replicalc.cohort.doors.cells import ROW, tidied
from replicalc.cohort.doors.texts import open_text
from replicalc.errors import ReplicalcError, did_you_mean, fail_with_all

#: What the columns of a data dictionary are called in the file from the web page, and in the one from the interface.
HEADINGS = {
    "name": ("Variable / Field Name", "field_name"),
    "form": ("Form Name", "form_name"),
    "type": ("Field Type", "field_type"),
    "choices": ("Choices, Calculations, OR Slider Labels", "select_choices_or_calculations"),
}
EVENT, INSTRUMENT, INSTANCE = "redcap_event_name", "redcap_repeat_instrument", "redcap_repeat_instance"
#: Columns that REDCap adds to an export, beside one ``<form>_complete`` and ``<form>_timestamp`` for each form.
ADDED = (EVENT, INSTRUMENT, INSTANCE, "redcap_data_access_group", "redcap_survey_identifier")
COMPLETE = {"0": "Incomplete", "1": "Unverified", "2": "Complete"}
YES_NO = {"yesno": {"1": "Yes", "0": "No"}, "truefalse": {"1": "True", "0": "False"}}
#: Types of fields that hold nothing.
EMPTY = ("descriptive",)


@dataclass
class Project:
    """What a data dictionary says: the columns that an export may have, and the codes of those that have choices."""

    columns: set[str] = field(default_factory=set)
    labels: dict[str, dict[str, str]] = field(default_factory=dict)


def read_project(path: Path) -> Project:
    """Read a data dictionary. Raises ReplicalcError listing every fault with its row."""
    if not path.is_file():
        raise ReplicalcError(f"{path}: the data dictionary is not there. Put it beside the export")
    rows = iter(open_text(path, {}).rows)
    _, header = next(rows, (1, []))
    header = [name.strip() for name in header]
    places = {}
    for key, names in HEADINGS.items():
        place = next((header.index(name) for name in names if name in header), None)
        if place is None:
            raise ReplicalcError(
                f"{path}, row 1: no column '{names[0]}', so this is no data dictionary of REDCap "
                "(Project Setup, Data Dictionary, Download)"
            )
        places[key] = place
    project, problems = Project(), []
    for number, cells in rows:
        if not any(cells):
            continue
        if len(cells) != len(header):
            problems.append(f"row {number}: {len(cells)} cells, but the header has {len(header)} columns")
            continue
        entry = {key: tidied(cells[place]) for key, place in places.items()}
        name = entry["name"]
        project.columns |= {f"{entry['form']}_complete", f"{entry['form']}_timestamp"}
        project.labels[f"{entry['form']}_complete"] = COMPLETE
        if entry["type"] in EMPTY:
            continue
        if name in project.columns:
            problems.append(f"row {number}: the field '{name}' stands twice")
        if entry["type"] == "checkbox":
            for code, label in _choices(entry["choices"], f"row {number}, field '{name}'", problems).items():
                column = f"{name}___{re.sub('[^a-z0-9_]', '_', code.lower())}"
                project.columns.add(column)
                project.labels[column] = {"0": f"not: {label}", "1": label}
            continue
        project.columns.add(name)
        if entry["type"] in ("radio", "dropdown"):
            project.labels[name] = _choices(entry["choices"], f"row {number}, field '{name}'", problems)
        elif entry["type"] in YES_NO:
            project.labels[name] = YES_NO[entry["type"]]
    fail_with_all(f"{path}:", problems)
    if not project.columns:
        raise ReplicalcError(f"{path}: the data dictionary has no fields")
    return project


def _choices(text: str, where: str, problems: list[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for part in filter(None, (each.strip() for each in text.split("|"))):
        code, comma, label = part.partition(",")
        if not comma:
            problems.append(f"{where}: the choice '{part}' should be a code, a comma and a label")
        elif code.strip() in found:
            problems.append(f"{where}: the code '{code.strip()}' stands twice")
        else:
            found[code.strip()] = label.strip()
    if not found:
        problems.append(f"{where}: has no choices")
    return found


def check_export(
    table: list[Mapping[str, str]], own: Mapping[str, str], project: Project, path: Path, missing: Collection[str]
) -> dict[str, dict[str, str]]:
    """Hold an export against its project; return the labels of its columns.

    ``own`` maps a column to its name in the file. ``missing`` are codes that the cohort file declares missing. Raises
    ReplicalcError listing columns that the project does not have, and values that are no choice of their field.
    """
    problems, labels = [], {}
    for column, name in own.items():
        if name not in project.columns and name not in ADDED:
            problems.append(
                f"the column '{name}' is no field of the data dictionary.{did_you_mean(name, sorted(project.columns))} "
                "Is it the one of this project, and of the same day?"
            )
            continue
        if name not in project.labels:
            continue
        labels[column] = known = project.labels[name]
        allowed = {*known, *missing, ""}
        strange = Counter(record[column] for record in table if record[column] not in allowed)
        texts = {*known.values(), "Checked", "Unchecked"}
        for value in list(strange)[:5]:
            row = next(record[ROW] for record in table if record[column] == value)
            told = ", ".join(f"{code} ({label})" for code, label in known.items())
            advice = "this is the label. Export the raw data, not the labels" if value in texts else f"Allowed: {told}"
            more = f" and {strange[value] - 1} more" if strange[value] > 1 else ""
            problems.append(f"row {row}{more}, column '{name}': value '{value}' is no choice of the field; {advice}")
    fail_with_all(f"{path}, against its data dictionary:", problems)
    return labels


def check_rows_chosen(table: list[Mapping[str, str]], own: Mapping[str, str], where: Mapping, path: Path) -> None:
    """A longitudinal or repeating export has several rows a patient: the cohort file must say which ones it takes.

    ``own`` maps a column to its name in the file, ``where`` is that key of the source (columns by their new names).
    """
    chosen = {own.get(column, column) for column in where}
    for name, what in ((EVENT, "events"), (INSTRUMENT, "repeating instruments")):
        column = next((column for column, original in own.items() if original == name), None)
        if column is None or chosen & {name, INSTANCE if name == INSTRUMENT else name}:
            continue
        found = Counter(record[column] for record in table)
        if len(found) > 1:
            told = ", ".join(f"'{value}' ({count} rows)" for value, count in sorted(found.items()))
            example = sorted(found)[0]
            raise ReplicalcError(
                f"{path}, column '{name}': the export has rows of several {what}: {told}. Say which rows this source "
                f'takes, for example  where: {{{column}: "{example}"}}  (a list takes several)'
            )
