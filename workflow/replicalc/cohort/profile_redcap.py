"""What a REDCap export adds to a profile: labels from the data dictionary, and rows of several events, a question."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from replicalc.cohort.doors.cells import ROW, tidied
from replicalc.cohort.doors.redcap import EVENT, INSTRUMENT, check_export, read_project
from replicalc.cohort.doors.texts import open_text
from replicalc.cohort.open_points import TODO
from replicalc.errors import ReplicalcError

if TYPE_CHECKING:
    from replicalc.cohort.profile import Column

Records = Sequence[Mapping[str, str]]
#: What the column with the labels of fields is called in a data dictionary, from the web page and from the interface.
LABELS = ("Field Label", "field_label")
#: Events or instruments that are named in a question.
MOST_NAMED = 8


def rows_apart(path: Path, source: dict) -> dict[str, list[str]]:
    """Find the columns by which REDCap tells rows of one patient apart, and the several things that stand in them.

    Those rows cannot be read together (``check_rows_chosen``): a cohort file says which ones it takes.
    """
    rows = open_text(path, source).rows
    names = next(([tidied(cell) for cell in cells] for n, cells in rows if n >= source.get("header_row", 1)), [])
    places = {name: names.index(name) for name in (EVENT, INSTRUMENT) if name in names}
    if not places:
        return {}
    found: dict[str, dict[str, None]] = {name: {} for name in places}
    for _, cells in rows:
        for name, place in places.items():
            if any(cells) and place < len(cells):
                found[name][tidied(cells[place])] = None
    return {name: list(values) for name, values in found.items() if len(values) > 1}


def events_of(records: Records, asked: Mapping[str, list[str]]) -> dict[str, list[Mapping[str, str]]]:
    """Part the records by what tells them apart; nothing where nothing does."""
    parted: dict[str, list[Mapping[str, str]]] = {}
    for record in records if asked else ():
        parted.setdefault(", ".join(filter(None, (record[name] for name in asked))), []).append(record)
    return parted


def fullest(events: Mapping[str, Records], column: str) -> str:
    """Name the event in which a column has most values, the first of equals; '' where there are no events."""
    return max(events, key=lambda event: sum(bool(record[column]) for record in events[event]), default="")


def questions(events: Mapping[str, Records], asked: Mapping[str, list[str]], columns: list[Column]) -> dict[str, str]:
    """Ask which rows a cohort file takes, one question for each column that tells them apart."""
    filled = {event: sum(column.event == event and column.kind != "empty" for column in columns) for event in events}
    told = {}
    for name, values in asked.items():
        each = [
            f"'{value}' ({sum(filled[event] for event in events if value in event.split(', '))} columns)" if value
            else "'' (the rows of no repeating instrument)"
            for value in islice(values, MOST_NAMED)
        ]  # fmt: skip
        more = f" and {len(values) - MOST_NAMED} more" if len(values) > MOST_NAMED else ""
        told[name] = (
            f"{TODO}: which rows hold the patients: {', '.join(each)}{more}? What other rows hold is not read; it "
            "needs an entry of its own under 'sources' (docs/new-cohort.md, REDCap)."
        )
    return told


def labels_of(
    path: Path, dictionary: Path, records: Records, own: Mapping[str, str]
) -> tuple[dict[str, str], dict[str, dict[str, str]]]:
    """Labels of fields (by their name in the file) and of choices (by column) from a data dictionary.

    A value that is no choice of its field is left to be asked about. Raises ReplicalcError where the dictionary is
    not beside the export or not of this project, and where the export holds labels instead of codes.
    """
    if dictionary.is_file() and dictionary.resolve().parent != path.resolve().parent:
        raise ReplicalcError(f"{dictionary}: put the data dictionary into the folder of the export, {path.parent}")
    choices = check_export([], own, read_project(dictionary), path, ())
    for column, known in choices.items():
        texts = {record[column] for record in records} - {""}
        if texts and not texts & set(known) and texts <= {*known.values(), "Checked", "Unchecked"}:
            raise ReplicalcError(
                f"{path}, column '{own[column]}': holds the labels of its choices, not their codes. Export the raw "
                "data, not the labels; or leave the data dictionary out"
            )
    return _field_labels(dictionary, choices, own), choices


def _field_labels(dictionary: Path, choices: Mapping[str, dict[str, str]], own: Mapping[str, str]) -> dict:
    """The label of each column: of its field, and of a check box its choice too; without what HTML it is written in."""
    rows = iter(open_text(dictionary, {}).rows)
    header = [name.strip() for name in next(rows, (1, []))[1]]
    place = next((header.index(name) for name in LABELS if name in header), None)
    if place is None:
        return {}
    label = {cells[0].strip(): _plain(cells[place]) for _, cells in rows if any(cells) and len(cells) == len(header)}
    found = {}
    for column, name in own.items():
        field, box, _ = name.partition("___")
        if field in label and column != ROW:
            choice = choices.get(column, {}).get("1", "") if box else ""
            found[name] = f"{label[field]} {choice}".strip()
    return found


def _plain(text: str) -> str:
    return tidied(re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", text)))
