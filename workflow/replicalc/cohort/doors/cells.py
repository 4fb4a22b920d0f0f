"""What every door gives: records of text with the row they are from, in a table that says what it left out."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

#: Column that carries the row of every record, counted as a spreadsheet counts.
ROW = "source_row"
#: Which source a stacked record is from, as an index; no column of an export, since a header cannot hold it.
STACKED = f"{ROW}/stacked"
#: Equal cells of a column share one text as long as it has no more than this many different ones; then they would cost
#: more than they save.
MOST_SHARED = 5000


class Record(Mapping):
    """One row: column name to text. All records of a table share the places of the columns, which saves memory.

    A million rows of twenty columns take a third of what dictionaries would.
    """

    __slots__ = ("_cells", "_places")

    def __init__(self, places: dict[str, int], cells: tuple[str, ...]):
        self._places = places
        self._cells = cells

    def __getitem__(self, column: str) -> str:
        return self._cells[self._places[column]]

    def __contains__(self, column: object) -> bool:
        return column in self._places

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)

    def __repr__(self) -> str:
        return f"Record({dict(self)!r})"


class Table(list):
    """The records of one source.

    ``name`` is the file as messages call it, ``source`` its entry in the cohort file. ``labels`` maps a column to what
    the file itself says about its codes (code: label). ``left_out`` counts the rows that a declared rule left out, as
    (rule in words, rows). ``notes`` are sentences that a reader must see.
    """

    def __init__(self, records: Iterable[Mapping[str, str]] = (), name: str = "", source: dict | None = None):
        super().__init__(records)
        self.name = name
        self.source: dict = source or {}
        self.labels: dict[str, dict[str, str]] = {}
        self.left_out: list[tuple[str, int]] = []
        self.notes: list[str] = []


@dataclass
class Opened:
    """A file as its door gives it: ``rows`` of (number as a spreadsheet counts, cells), read as they are asked for.

    ``labels`` are by the file's own column names. ``exact`` says that every row has all its cells, so that a short one
    is a fault. ``faults`` are those of single cells: (row, place of the column, what is wrong); ``merged`` are areas of
    merged cells: (first row, first column, last row, last column). Rows count from 1, columns from 0.
    """

    rows: Iterable[tuple[int, list[str]]]
    labels: dict[str, dict[str, str]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    exact: bool = False
    faults: list[tuple[int, int, str]] = field(default_factory=list)
    merged: list[tuple[int, int, int, int]] = field(default_factory=list)


def cell_text(value: object) -> str:
    """Give the text of a typed cell: dates as YYYY-MM-DD, whole numbers without a point, nothing for a gap."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, float):
        if value != value:
            return ""
        if value.is_integer() and abs(value) < 1e15:
            return str(int(value))
        # What follows the 15th decimal is the noise of binary arithmetic; a spreadsheet does not show it either.
        return repr(value) if len(repr(value).partition(".")[2]) <= 15 else f"{value:.15g}"
    if hasattr(value, "isoformat"):
        return value.isoformat().removesuffix("T00:00:00")
    return str(value)


def single_precision(value: object) -> str:
    """Give the text of a number that the file keeps in four bytes: 2.7, not 2.7000000476837158.

    The shortest decimal that rounds to the same four bytes is what was typed (at most seven digits).
    """
    import numpy as np

    if value is None or value != value:
        return ""
    number = float(value)
    if number.is_integer() and abs(number) < 1e15:
        return str(int(number))
    return np.format_float_positional(np.float32(number), unique=True, trim="-")


def tidied(text: str) -> str:
    """Cut the blanks around a cell, and write what can be written in two ways (u + two dots, or u with dots) as one."""
    text = text.strip()
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def letters(place: int) -> str:
    """Name a column as a spreadsheet does.

    >>> [letters(place) for place in (0, 25, 26, 701, 702)]
    ['A', 'Z', 'AA', 'ZZ', 'AAA']
    """
    name = ""
    place += 1
    while place:
        place, rest = divmod(place - 1, 26)
        name = chr(ord("A") + rest) + name
    return name


def of_letters(name: str) -> int:
    """Give the place of a column that a spreadsheet names, counted from 0.

    >>> [of_letters(name) for name in ("A", "Z", "AA", "AAA")]
    [0, 25, 26, 702]
    """
    place = 0
    for sign in name:
        place = place * 26 + ord(sign) - ord("A") + 1
    return place - 1


def suffix(path: str | Path) -> str:
    """Give the ending of a file name in small letters."""
    return Path(path).suffix.lower()
