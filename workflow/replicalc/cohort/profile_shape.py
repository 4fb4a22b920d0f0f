"""Whether a table is one of records at all: not turned by a quarter, not without names, no row of units or of sums.

What is refused here would be read without an error, with wrong patients in it. No sentence repeats a value.
"""

from __future__ import annotations

from statistics import fmean

from replicalc.cohort.profile import Column, Table
from replicalc.cohort.profile_words import Words
from replicalc.cohort.source import ROW
from replicalc.errors import ReplicalcError


def check_shape(table: Table, words: Words) -> None:
    """Raise ReplicalcError where rows and columns are not records and variables."""
    path, names = table.path, [column.name for column in table.columns]
    spoken = {name for name in names if _speaks(name, words) or any(c.name == name and c.label for c in table.columns)}
    first = table.columns[0]
    turned = [text for text in first.texts if _speaks(text, words)]
    if len(turned) >= 2 and len(turned) >= 0.5 * len(first.texts) and len(spoken - {first.name}) <= 0.1 * len(names):
        raise ReplicalcError(
            f"{path}: the first column holds names of variables, so the table is turned: patients are columns. Turn it "
            "(in a spreadsheet: copy, paste special, transpose), so that each row is a patient"
        )
    alike = [column for column in table.columns if not column.label and _is_a_value(column)]
    if len(alike) >= 2 and len(alike) >= 0.5 * len(names):
        raise ReplicalcError(
            f"{path}, row {table.source.get('header_row', 1)}: the names of the columns look like values of a record. "
            "The first row must have the names; insert a row with them"
        )
    if len(table.records) >= 3:
        _check_ends(table)


def _speaks(text: str, words: Words) -> bool:
    """Whether a text is understood as a heading, in full and of more than a word for 'patient' or 'number'."""
    heading = words.heading(text)
    return bool(heading.concepts) and not heading.unknown


def _is_a_value(column: Column) -> bool:
    """Whether the name of a column is a number above numbers, or one of its own codes."""
    name = column.name.replace(",", ".")
    if column.numbers and name.replace(".", "", 1).isdigit():
        return True
    return column.is_coded and len(column.texts) < 0.5 * column.n_values and column.name in column.counts


def _check_ends(table: Table) -> None:
    start, end = table.records[0], table.records[-1]
    units = [
        column
        for column in table.columns
        if column.kind in ("number", "date")
        and column.odd == (start[column.name],)
        and column.counts[column.odd[0]] == 1
    ]
    if len(units) >= 2:
        raise ReplicalcError(
            f"{table.path}, row {start[ROW]}: holds texts where all other rows hold numbers or dates, in "
            f"{len(units)} columns. It seems to be a second row of the header; write it into the names and delete it"
        )
    if sum(_sums_up(column, table, end[column.name]) for column in table.columns) >= 2:
        raise ReplicalcError(
            f"{table.path}, row {end[ROW]}: holds the sums or means of the rows above, so it is no record. Delete it"
        )


def _sums_up(column: Column, table: Table, text: str) -> bool:
    """Whether the last cell of a column of numbers is the sum or the mean of those above, which are not all alike."""
    if text not in column.numbers:
        return False
    above = [column.numbers[r[column.name]] for r in table.records[:-1] if r[column.name] in column.numbers]
    if len(above) < 2 or len(set(above)) < 2:
        return False
    digits = len(text.replace(",", ".").partition(".")[2])
    value, near = column.numbers[text], 0.5001 * 10**-digits
    is_mean = abs(value - fmean(above)) <= near and (digits > 0 or fmean(above) == value)
    return abs(value - sum(above)) <= near or is_mean
