"""What is inside an XLSX or ODS file, looked at before it is read: is it whole, is it safe, which cells have no value.

Both are ZIP archives of XML. The reader of cells tells neither a formula that was never computed nor one that ended in
an error from an empty cell; here both are found, so that no value is lost in silence. Layouts: ECMA-376 part 1, section
18.3.1.4 (cells of a worksheet); OASIS OpenDocument 1.3 part 3, section 9.1.4 (table:table-cell).
"""

from __future__ import annotations

import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from replicalc.cohort.doors.cells import of_letters
from replicalc.errors import ReplicalcError

PIECE = 1 << 20
#: A workbook may unpack to as much; a ZIP bomb of a few kilobytes would fill the memory.
LARGEST_UNZIPPED = 4 << 30
#: A sheet is held in memory as a rectangle up to its last filled cell.
MOST_CELLS = 100_000_000
#: How many faults of single cells are kept; what follows is more of the same.
MOST_FAULTS = 1000
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
NEVER_COMPUTED = (
    "a formula whose value was never computed. Open the file in Excel or LibreOffice, save it and try again"
)
ERRORS = "; correct the formula, or empty the cell"


@dataclass
class Inside:
    """What the look inside found: (row, column, what is wrong) of single cells, and merged areas.

    The row is 0 where the file does not say which cell it is.
    """

    faults: list[tuple[int, int, str]] = field(default_factory=list)
    merged: list[tuple[int, int, int, int]] = field(default_factory=list)


@contextmanager
def opened(path: Path) -> Iterator[zipfile.ZipFile]:
    """Open the archive; what makes it unreadable is told as a sentence about a workbook."""
    try:
        with zipfile.ZipFile(path) as archive:
            yield archive
    except ReplicalcError:
        raise
    except (
        *(zipfile.BadZipFile, zlib.error, struct.error, EOFError, OSError, ValueError),
        *(NotImplementedError, RuntimeError),  # a way of packing that is not known; a password
    ) as error:
        why = "it needs a password" if "password" in str(error) else f"it is cut off or damaged: {error}"
        raise ReplicalcError(f"{path}: not a readable workbook; {why}. Export it again without a password") from error


def check_kind(path: Path) -> None:
    """Tell what a file is that is named like a workbook and is none, or that needs a password."""
    with path.open("rb") as handle:
        start = handle.read(4096)
        ole = start.startswith(OLE)
        encrypted = ole and "EncryptedPackage".encode("utf-16-le") in start + handle.read()
    old = path.suffix.lower() == ".xls"
    if not start:
        told = "it is empty (0 bytes). Export it again"
    elif encrypted:
        told = "it is protected by a password. Save it without one (in Excel: File, Info, Protect Workbook)"
    elif ole and not old:
        told = "it is an old Excel file; end its name in .xls"
    elif start.startswith(b"PK") and old:
        told = "it is a new Excel file; end its name in .xlsx"
    elif re.match(rb"(?i)\s*(<\?xml[^>]*>\s*)?(<!doctype html|<html|<table|<meta)", start):
        told = "it is a web page that is only named like one. Open it in Excel and save it as XLSX"
    elif not ole and not start.startswith(b"PK") and b"\0" not in start:
        told = "it is a text file that is only named like one; end its name in .csv and give its 'delimiter'"
    else:
        return
    raise ReplicalcError(f"{path}: not a readable workbook; {told}")


def check_archive(path: Path) -> None:
    """Unpack everything once, in pieces, without keeping it. Raises ReplicalcError if it is damaged, too big or unsafe.

    The declared sizes may lie; what counts is what comes out. An XML file of a workbook never declares entities: one
    that does is made to expand without end.
    """
    total = 0
    with opened(path) as archive:
        for entry in archive.infolist():
            if entry.filename == "META-INF/manifest.xml" and b"encryption-data" in archive.read(entry):
                raise ReplicalcError(
                    f"{path}: not a readable workbook; it is protected by a password. Save it without one"
                )
            if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                raise ReplicalcError(
                    f"{path}: not a readable workbook; its part {entry.filename} is packed in a way that no "
                    "spreadsheet program uses. Open the file and save it again"
                )
            tail = b""
            with archive.open(entry) as handle:
                while piece := handle.read(PIECE):
                    total += len(piece)
                    if total > LARGEST_UNZIPPED:
                        raise ReplicalcError(
                            f"{path}: unpacks to more than {LARGEST_UNZIPPED >> 20} MB, which no export of patients "
                            "does. Save the sheet alone, or as CSV"
                        )
                    if entry.filename.endswith((".xml", ".rels")) and b"<!ENTITY" in tail + piece:
                        raise ReplicalcError(
                            f"{path}: its part {entry.filename} declares entities (<!ENTITY), which no spreadsheet "
                            "program writes and which can fill the memory. It is not opened"
                        )
                    tail = piece[-8:]


def inside_xlsx(path: Path, sheet: str) -> Inside:
    """Look through the XML of one sheet of an XLSX file for cells that would be read as empty and are not."""
    found = Inside()
    with opened(path) as archive:
        part = _part_of(archive, sheet)
        if part is None:
            return found
        rest, first = b"", True
        widest, last_row = 0, 0
        with archive.open(part) as handle:
            while piece := handle.read(PIECE):
                text = rest + piece
                if first:
                    prefix = match[1] if (match := re.search(rb"<(\w+:)?worksheet\b", text)) and match[1] else b""
                    close, start, first = b"</" + prefix + b"c>", b"<" + prefix + b"c ", False
                end = text.rfind(close) + len(close) if close in text else 0
                done, rest = text[:end], text[end:]
                _look_at_cells(done, start, close, found)
                for name in set(re.findall(rb'<[\w:]*c r="([A-Z]{2,3})[0-9]', done)):
                    widest = max(widest, of_letters(name.decode()))
                if rows := re.findall(rb'<[\w:]*row\b[^>]*?\br="([0-9]{1,9})"', done):
                    last_row = max(last_row, int(rows[-1]))
                if last_row * (widest or 26) > MOST_CELLS:
                    raise ReplicalcError(
                        f"{path}, sheet '{sheet}': its last filled cell is in row {last_row}, {widest + 1} columns "
                        "wide; that is too far away. Delete what stands outside the table, or save it as CSV"
                    )
    return found


def _look_at_cells(done: bytes, start: bytes, close: bytes, found: Inside) -> None:
    """Find cells with an error or with a formula that has no value."""
    formula = b"<" + start[1:-2] + b"f"
    for sign in (b't="e"', b"t='e'", formula):
        at = done.find(sign)
        while at >= 0 and len(found.faults) < MOST_FAULTS:
            begin, end = done.rfind(start, 0, at), done.find(close, at)
            cell = done[begin:end] if 0 <= begin < end else b""
            head = cell[: cell.find(b">")]
            value = re.search(rb"<(?:\w+:)?v(?:\s[^>/]*)?(?:/>|>([^<]*)<)", cell)
            text = (value[1] or b"").decode("utf-8", "replace") if value else ""
            told = ""
            if sign != formula:
                told = f"the cell holds the error {text}{ERRORS}" if sign in head else ""
            # A formula may give an empty text: its cell has the type of a text, and a value that is empty.
            elif cell and not text and not (value and re.search(rb"\bt=[\"']str[\"']", head)):
                told = NEVER_COMPUTED
            if told:
                place = re.search(rb"\br=[\"']([A-Z]{1,3})([0-9]{1,7})[\"']", head)
                where = (int(place[2]), of_letters(place[1].decode())) if place else (0, 0)
                found.faults.append((*where, told))
            at = done.find(sign, max(at + 1, end))


def _part_of(archive: zipfile.ZipFile, sheet: str) -> str | None:
    """Name the part of the archive that holds a sheet; None if the workbook says it in a way that is not known."""
    from xml.etree import ElementTree

    try:
        book = ElementTree.fromstring(archive.read("xl/workbook.xml"))
        links = ElementTree.fromstring(archive.read("xl/_rels/workbook.xml.rels"))
    except (KeyError, ElementTree.ParseError):
        return None
    targets = {link.get("Id"): link.get("Target", "") for link in links}
    for each in book.iter():
        if each.tag.endswith("}sheet") and each.get("name") == sheet:
            key = next((value for name, value in each.attrib.items() if name.endswith("}id")), None)
            target = targets.get(key, "")
            part = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
            return part if part in archive.namelist() else None
    return None


def inside_ods(path: Path, sheet: str | None) -> Inside:
    """Look through one table of an ODS file: errors, formulas without a value, merged cells, endless repetition.

    Without a name, it is the first table. It is looked at before it is read, since the reader takes all tables at once.
    """
    from xml.etree import ElementTree

    found, row, filled = Inside(), 0, 0
    with opened(path) as archive:
        if "content.xml" not in archive.namelist():
            return found
        here = False
        try:
            with archive.open("content.xml") as handle:
                for event, each in ElementTree.iterparse(handle, ("start", "end")):
                    tag = each.tag.rpartition("}")[2]
                    if tag == "table" and event == "start":
                        name = _attribute(each, "name")
                        sheet = name if sheet is None else sheet
                        here = name == sheet
                    if event != "end":
                        continue
                    if tag == "table-row":
                        times = _number(each, "number-rows-repeated")
                        if here:
                            wide = _look_at_row(each, row + 1, found)
                            filled = max(filled, row + times if wide else 0) if wide else filled
                            if wide * times > MOST_CELLS or filled * max(wide, 1) > MOST_CELLS:
                                raise ReplicalcError(
                                    f"{path}, sheet '{sheet}', row {row + 1}: the row is repeated {times} times over "
                                    f"{wide} columns, which no table is. Delete what stands outside the table"
                                )
                            row += times
                        each.clear()
                    elif tag == "table":
                        each.clear()
        except ElementTree.ParseError as error:
            raise ReplicalcError(f"{path}: not a readable workbook; its XML is damaged ({error})") from error
    return found


def _look_at_row(row, number: int, found: Inside) -> int:
    """Look at the cells of one row; return how far it is filled."""
    place, filled = 0, 0
    for cell in row:
        if cell.tag.rpartition("}")[2] not in ("table-cell", "covered-table-cell"):
            continue
        times = _number(cell, "number-columns-repeated")
        kind = cell.attrib.get("{urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0}value-type")
        if kind == "error":
            shown = "".join(cell.itertext()).strip()
            found.faults.append((number, place, f"the cell holds the error {shown}{ERRORS}"))
        elif _attribute(cell, "formula") and _attribute(cell, "value-type") is None:
            found.faults.append((number, place, NEVER_COMPUTED))
        down, right = _number(cell, "number-rows-spanned"), _number(cell, "number-columns-spanned")
        if down > 1 or right > 1:
            found.merged.append((number, place, number + down - 1, place + right - 1))
        place += times
        if _attribute(cell, "value-type") is not None:
            filled = place
    return filled


def _attribute(element, name: str) -> str | None:
    return next((value for key, value in element.attrib.items() if key.rpartition("}")[2] == name), None)


def _number(element, name: str) -> int:
    text = _attribute(element, name) or "1"
    return max(int(text), 1) if text.isdecimal() else 1
