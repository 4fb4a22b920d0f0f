"""Propose how a file is to be read: its kind, encoding, delimiter, decimal sign, header row, sheets.

A proposal only: what a cohort file declares is what is done, and every door holds the file against it. The same bytes
always give the same proposal. Of a text file the first two megabytes are looked at; a workbook must be opened whole.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from replicalc.cohort.doors.cells import suffix, tidied
from replicalc.cohort.doors.statistics import PARQUET, PROGRAMS
from replicalc.cohort.doors.texts import BEGINNINGS, MARKS
from replicalc.cohort.doors.workbooks import open_workbook, sheet_names
from replicalc.cohort.source import TEXTS, WORKBOOKS, check_readable
from replicalc.errors import ReplicalcError

#: As much of a text file is looked at.
FIRST_BYTES = 2 << 20
#: As many rows are looked at to find the header, and to count cells.
FIRST_ROWS = 200
DELIMITERS = (",", ";", "\t", "|")
#: Encodings of one byte a letter that exports come in, the likeliest first: Windows in the west, DOS, old Macs, Windows
#: in central Europe.
ONE_BYTE = ("cp1252", "cp850", "mac_roman", "cp1250")
#: Letters and signs that charts in western European languages are full of; a wrong encoding seldom makes them.
EXPECTED = frozenset("äöüÄÖÜßéèêëàâçñóòôíîáúùøåæØÅÆÉ°µ²±–’€")
EXCEL_NOTE = re.compile(r"sep=(.)", re.IGNORECASE)
NUMBER = re.compile(r"[+-]?\d+(?:[.,]\d+)?|[+-]?\d{1,3}(?:[.,]\d{3})+[.,]\d+")
DATE = re.compile(r"\d{1,4}[-./]\d{1,2}[-./]\d{1,4}(?:[T ].*)?")
KINDS = {".sav": "spss", ".zsav": "spss", ".dta": "stata", ".sas7bdat": "sas", ".xpt": "sas"}


@dataclass(frozen=True, slots=True)
class Sniffed:
    """How a file seems to be written.

    ``kind`` is 'text', 'workbook', 'spss', 'stata', 'sas' or 'parquet'. ``encoding`` and ``delimiter`` are for texts
    only. ``decimal`` is '.', ',' or None where no number of the file tells. ``header_row`` counts from 1; in a workbook
    it is that of the sheet that was asked for, or of the first. ``sheets`` are those of a workbook, in their order.
    """

    kind: str
    encoding: str | None = None
    delimiter: str | None = None
    decimal: str | None = None
    header_row: int = 1
    sheets: tuple[str, ...] = ()

    def source(self, file: str, sheet: str | None = None) -> dict:
        """Give the entry under ``sources`` of a cohort file; what is as usual is left out."""
        usual = "\t" if suffix(file) == ".tsv" else ","
        keys: dict = {"file": file}
        if self.kind == "workbook":
            keys["sheet"] = sheet or self.sheets[0]
        if self.encoding not in (None, "utf-8"):
            keys["encoding"] = self.encoding
        if self.delimiter not in (None, usual):
            keys["delimiter"] = self.delimiter
        if self.header_row != 1:
            keys["header_row"] = self.header_row
        return keys


def sniff(path: str | Path, sheet: str | None = None) -> Sniffed:
    """Look at a file and propose how to read it; of a workbook at ``sheet``, or at the first one.

    Raises ReplicalcError where the file is no table of a kind that is read, or is damaged.
    """
    path = Path(path)
    check_readable(path)
    ending = suffix(path)
    if ending in WORKBOOKS:
        sheets = tuple(sheet_names(path))
        opened = open_workbook(path, {"sheet": sheet or sheets[0]} if sheets else {})
        rows = [[tidied(cell) for cell in cells] for _, cells in islice(opened.rows, FIRST_ROWS)]
        header = _header_row(rows)
        return Sniffed("workbook", decimal=_decimal(rows[header:]), header_row=header, sheets=sheets)
    if ending in PARQUET:
        return Sniffed("parquet")
    if ending in PROGRAMS:
        return Sniffed(KINDS[ending])
    if ending not in TEXTS:
        raise ReplicalcError(f"{path}: files of type '{ending}' cannot be read; save it as CSV (UTF-8) or XLSX")
    with path.open("rb") as handle:
        content = handle.read(FIRST_BYTES + 1)
    for beginning, what in BEGINNINGS:
        if content.startswith(beginning):
            raise ReplicalcError(f"{path}: this is not a text file but {what}; end its name accordingly")
    if not content.strip():
        raise ReplicalcError(f"{path}: the file is empty")
    whole = len(content) <= FIRST_BYTES
    encoding, text = _encoding(content[:FIRST_BYTES], whole)
    return _of_text(text, encoding, whole)


def _encoding(content: bytes, whole: bool) -> tuple[str, str]:
    """Find the encoding and decode; the last letter of a part of a file may be cut."""
    for mark, name in MARKS:
        if content.startswith(mark):
            text = codecs.getincrementaldecoder(name)(errors="replace").decode(content, final=whole)
            return name, text.removeprefix("\ufeff")
    zeros = [content[place:2000:2].count(0) for place in (0, 1)]
    if max(zeros) * 4 > len(content[:2000]):  # most letters of a table are plain, so that every second byte is zero
        name = "utf-16-le" if zeros[1] > zeros[0] else "utf-16-be"
        return name, codecs.getincrementaldecoder(name)(errors="replace").decode(content, final=whole)
    try:
        return "utf-8", codecs.getincrementaldecoder("utf-8")().decode(content, final=whole)
    except UnicodeDecodeError:
        found = {name: content.decode(name, "replace") for name in ONE_BYTE}
        best = max(ONE_BYTE, key=lambda name: _likely(found[name]))  # the first of equals
        return best, found[best]


def _likely(text: str) -> int:
    """Score a decoded text: expected letters for it, what cannot stand in a table against it."""
    score = 0
    for sign, count in Counter(text).items():
        if sign.isascii():
            continue
        if sign in EXPECTED:
            score += 2 * count
        elif sign == "\ufffd" or not (sign.isprintable() or sign.isspace()):
            score -= 10 * count
        elif not sign.isalpha():
            score -= count
    return score


def _of_text(text: str, encoding: str, whole: bool) -> Sniffed:
    first, _, rest = text.partition("\n" if "\n" in text else "\r")
    note = EXCEL_NOTE.fullmatch(first.strip())
    if note:
        rows = _rows(rest, note[1], whole)
        header = _header_row(rows)
        return Sniffed("text", encoding, note[1], _decimal(rows[header:]), header + 1)
    best: tuple[float, ...] = (0.0,)
    delimiter, rows = ",", _rows(text, ",", whole)
    for place, sign in enumerate(DELIMITERS):
        found = _rows(text, sign, whole)
        widths = Counter(len(cells) for cells in found if any(cells))
        if not widths:
            continue
        width, times = max(widths.items(), key=lambda item: (item[1], item[0]))
        agree = round(times / widths.total(), 1)
        # Rows of one width speak for a delimiter, then a header that comes early (a decimal comma parts all rows but
        # the header), then how many columns it makes, then how usual it is.
        score = (agree, -_header_row(found), width, -place)
        if width > 1 and score > best:
            best, delimiter, rows = score, sign, found
    header = _header_row(rows)
    return Sniffed("text", encoding, delimiter, _decimal(rows[header:]), header)


def _rows(text: str, delimiter: str, whole: bool) -> list[list[str]]:
    """Split the first rows; the last one of a part of a file is left out, since it may be cut."""
    rows: list[list[str]] = []
    try:
        for cells in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter):
            rows.append([tidied(cell) for cell in cells])
            if len(rows) > FIRST_ROWS:
                break
    except csv.Error:  # a quotation mark that is never closed: the door will say where
        pass
    return rows[:FIRST_ROWS] if whole or len(rows) > FIRST_ROWS else rows[:-1]


def _header_row(rows: Sequence[Sequence[str]]) -> int:
    """Find the row with the names of the columns, counted from 1.

    It is the first that is about as wide as the table, names no column twice and is made of words, not of values.
    """
    widest = max((sum(map(bool, cells)) for cells in rows), default=0)
    for number, cells in enumerate(rows, start=1):
        names = [cell for cell in cells if cell]
        values = sum(bool(NUMBER.fullmatch(name) or DATE.fullmatch(name)) for name in names)
        if len(names) * 5 >= widest * 3 and names and len(set(names)) == len(names) and values * 2 <= len(names):
            return number
    return 1


def _decimal(rows: Sequence[Sequence[str]]) -> str | None:
    """Find the decimal sign: the one that stands last in most numbers with one; None where there is no such number."""
    count: Counter[str] = Counter()
    for cells in rows:
        for cell in cells:
            sign = re.search(r"[.,](?=\d+$)", cell) if NUMBER.fullmatch(cell) else None
            if sign:
                count[sign[0]] += 1
    return max(".,", key=lambda sign: count[sign]) if count else None
