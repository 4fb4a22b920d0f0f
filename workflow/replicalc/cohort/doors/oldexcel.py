"""What is inside an old Excel file (XLS), looked at before it is read: cells that hold an error, which read as empty.

An XLS file is a stream of records (BIFF8) in an OLE container. Layouts: [MS-XLS] 2.4.28 BoundSheet8, 2.4.24 BoolErr,
the Formula record; [MS-CFB] 2.2 header, 2.3 FAT, 2.6 directory. What does not follow them is left to the reader, which
refuses it.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path

from replicalc.cohort.doors.packages import ERRORS, MOST_FAULTS

#: Numbers of records.
FORMULA, BOUNDSHEET, BOOLERR, BOF, EOF = 0x0006, 0x0085, 0x0205, 0x0809, 0x000A
CODES = {0x00: "#NULL!", 0x07: "#DIV/0!", 0x0F: "#VALUE!", 0x17: "#REF!", 0x1D: "#NAME?", 0x24: "#NUM!", 0x2A: "#N/A"}
#: Bytes of an entry of the directory.
ENTRY = 128
#: Sectors from this number on are marks (end of a chain, free), not places.
MARKS = 0xFFFFFFFA


def inside_xls(path: Path, sheet: str) -> list[tuple[int, int, str]]:
    """Find the cells of a sheet that hold an error: (row from 1, column from 0, what is wrong)."""
    try:
        stream = _stream(path.read_bytes())
        place = next((at for name, at in _sheets(stream) if name == sheet), None)
        return list(_errors(stream, place)) if place is not None else []
    except (struct.error, IndexError, UnicodeDecodeError):
        return []


def _stream(content: bytes) -> bytes:
    """Put the stream of the workbook together from its sectors; an empty one where there is none."""
    size = 1 << struct.unpack_from("<H", content, 30)[0]
    first_directory = struct.unpack_from("<I", content, 48)[0]
    n_tables, first_difat = struct.unpack_from("<I", content, 44)[0], struct.unpack_from("<I", content, 68)[0]
    tables = list(struct.unpack_from("<109I", content, 76))
    while first_difat < MARKS and len(tables) < n_tables:
        numbers = struct.unpack_from(f"<{size // 4}I", content, (first_difat + 1) * size)
        tables += numbers[:-1]
        first_difat = numbers[-1]
    chain: list[int] = []
    for table in tables[:n_tables]:
        if table < MARKS:
            chain += struct.unpack_from(f"<{size // 4}I", content, (table + 1) * size)

    def sectors(at: int) -> bytes:
        found, seen = [], 0
        while at < MARKS and seen <= len(chain):  # a chain in a circle ends, too
            found.append(content[(at + 1) * size : (at + 2) * size])
            at, seen = chain[at], seen + 1
        return b"".join(found)

    directory = sectors(first_directory)
    for start in range(0, len(directory) - ENTRY + 1, ENTRY):
        entry = directory[start : start + ENTRY]
        name = entry[: max(struct.unpack_from("<H", entry, 64)[0] - 2, 0)].decode("utf-16-le", "replace")
        if name in ("Workbook", "Book"):
            return sectors(struct.unpack_from("<I", entry, 116)[0])
    return b""


def _records(stream: bytes, at: int = 0) -> Iterator[tuple[int, bytes]]:
    while at + 4 <= len(stream):
        number, size = struct.unpack_from("<HH", stream, at)
        yield number, stream[at + 4 : at + 4 + size]
        at += 4 + size


def _sheets(stream: bytes) -> Iterator[tuple[str, int]]:
    """Name the sheets and where in the stream each begins."""
    for number, content in _records(stream):
        if number == EOF:
            return
        if number == BOUNDSHEET:
            wide = content[7] & 1
            name = content[8 : 8 + content[6] * (2 if wide else 1)]
            yield name.decode("utf-16-le" if wide else "latin-1"), struct.unpack_from("<I", content)[0]


def _errors(stream: bytes, at: int) -> Iterator[tuple[int, int, str]]:
    depth = found = 0
    for number, content in _records(stream, at):
        depth += (number == BOF) - (number == EOF)  # a chart within the sheet has a beginning and an end of its own
        if depth <= 0 or found >= MOST_FAULTS:
            return
        code = None
        if number == BOOLERR and content[7]:
            code = content[6]
        elif number == FORMULA and content[12:14] == b"\xff\xff" and content[6] == 2:
            code = content[8]
        if code is not None:
            row, column = struct.unpack_from("<HH", content)
            found += 1
            yield row + 1, column, f"the cell holds the error {CODES.get(code, code)}{ERRORS}"
