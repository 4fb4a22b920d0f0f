"""Files of every kind for the tests of the doors: whole ones, and the tools that damage them."""

from __future__ import annotations

import ctypes
import glob
import re
import struct
import zipfile
from pathlib import Path

import pytest

HEADER = ["ID", "ER", "Size", "Op"]
ROWS = [["A", "1", "2.5", "01.02.2015"], ["B", "0", "n/a", "03.04.2016"], ["C", "", "4.0", "05.06.2017"]]


def csv_of(rows=ROWS, header=HEADER, delimiter=",", end="\n") -> str:
    return "".join(delimiter.join(cells) + end for cells in ([header] if header else []) + list(rows))


def xlsx(path: Path, fill=None, sheets=("Data",)) -> Path:
    """Write a workbook; ``fill(sheet, book)`` adds to, or changes, the first sheet after the usual rows."""
    import xlsxwriter

    with xlsxwriter.Workbook(str(path)) as book:
        made = [book.add_worksheet(name) for name in sheets]
        for number, cells in enumerate([HEADER, *ROWS]):
            for place, cell in enumerate(cells):
                made[0].write_string(number, place, cell) if cell else None
        if fill:
            fill(made[0], book)
    return path


def change_part(path: Path, part: str, change, packed: int = zipfile.ZIP_DEFLATED) -> Path:
    """Rewrite one part of a ZIP archive (or add it) with ``change(bytes)``."""
    with zipfile.ZipFile(path) as archive:
        parts = {entry.filename: archive.read(entry) for entry in archive.infolist()}
    parts[part] = change(parts.get(part, b""))
    with zipfile.ZipFile(path, "w", packed) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return path


def without_values(path: Path) -> Path:
    """Take the computed values of all formulas out, as programs leave them that write workbooks without computing."""
    change = lambda xml: re.sub(rb"(<f>[^<]*</f>)<v>[^<]*</v>", rb"\1", xml)  # noqa: E731
    return change_part(path, "xl/worksheets/sheet1.xml", change)


ODS = """<?xml version="1.0" encoding="UTF-8"?><office:document-content
 xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0"
 xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"
 xmlns:calcext="urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0"><office:body><office:spreadsheet>
 <table:table table:name="Data">{rows}</table:table></office:spreadsheet></office:body></office:document-content>"""
MANIFEST = """<?xml version="1.0"?><manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">
 <manifest:file-entry manifest:full-path="content.xml" manifest:media-type="text/xml">{more}</manifest:file-entry>
 </manifest:manifest>"""


def ods_cell(text: str, more: str = "") -> str:
    return f'<table:table-cell office:value-type="string"{more}><text:p>{text}</text:p></table:table-cell>'


def ods(path: Path, rows: list[list[str]] | None = None, row_more: str = "", manifest: str = "") -> Path:
    """Write an ODS file; the cells of ``rows`` are XML."""
    rows = rows or [[ods_cell(cell) if cell else "<table:table-cell/>" for cell in cells] for cells in [HEADER, *ROWS]]
    xml = "".join(f"<table:table-row{row_more}>{''.join(cells)}</table:table-row>" for cells in rows)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("META-INF/manifest.xml", MANIFEST.format(more=manifest))
        archive.writestr("content.xml", ODS.format(rows=xml))
    return path


def frame(n: int = 400):
    """The usual columns, typed, ``n`` rows long so that a cut falls among the rows."""
    import pandas as pd

    return pd.DataFrame(
        {
            "ID": [f"P{i:04d}" for i in range(n)],
            "ER": [float(i % 2) for i in range(n)],
            "Size": [i % 50 / 10 for i in range(n)],
            "Op": ["01.02.2015"] * n,
        }
    )


def statistics_file(path: Path, columns=None, **how) -> Path:
    import pyreadstat

    columns = frame() if columns is None else columns
    if path.suffix == ".parquet":
        columns.to_parquet(path, **how)
    elif path.suffix == ".dta":
        pyreadstat.write_dta(columns, str(path), **how)
    elif path.suffix == ".xpt":
        pyreadstat.write_xport(columns, str(path), table_name="T", **how)
    else:
        pyreadstat.write_sav(columns, str(path), **how)
    return path


def cut(path: Path, share: float) -> Path:
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    return path


def ole(path: Path, stream: str) -> Path:
    """Write what a password-protected workbook looks like from outside: an OLE container with a named stream."""
    path.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504) + stream.encode("utf-16-le") + bytes(600))
    return path


def xls(path: Path, rows: list[list] | None = None, name: str = "Data", password: bool = False) -> Path:
    """Write an old Excel file: BIFF8 records ([MS-XLS]) as the only stream of an OLE container ([MS-CFB]).

    Cells are texts, numbers, ``("error", code)``, or ``("formula", code)`` for a formula that ended in an error.
    """

    def record(number: int, content: bytes = b"") -> bytes:
        return struct.pack("<HH", number, len(content)) + content

    def cell(row: int, place: int, value) -> bytes:
        where = struct.pack("<HHH", row, place, 0)
        if isinstance(value, str):
            text = value.encode("utf-16-le")
            return record(0x0204, where + struct.pack("<HB", len(text) // 2, 1) + text)
        if isinstance(value, float):
            return record(0x0203, where + struct.pack("<d", value))
        kind, code = value
        if kind == "error":
            return record(0x0205, where + bytes([code, 1]))
        return record(0x0006, where + bytes([2, 0, code, 0, 0, 0, 255, 255]) + bytes(8))

    rows = [HEADER, *ROWS] if rows is None else rows
    begin = struct.pack("<HHHHII", 0x0600, 5, 0, 0, 0, 0)
    title = name.encode("latin-1")
    locked = record(0x002F, struct.pack("<HHH", 1, 1, 1) + bytes(48)) if password else b""
    size = 4 + len(begin) + len(locked) + 4 + 8 + len(title) + 4
    book = (
        record(0x0809, begin)
        + locked
        + record(0x0085, struct.pack("<IHBB", size, 0, len(title), 0) + title)
        + record(0x000A)
    )
    cells = [cell(r, c, value) for r, line in enumerate(rows) for c, value in enumerate(line) if value != ""]
    stream = book + record(0x0809, struct.pack("<HHHHII", 0x0600, 0x10, 0, 0, 0, 0)) + b"".join(cells) + record(0x000A)
    stream += bytes(-len(stream) % 512 if len(stream) >= 4096 else 4096 - len(stream))  # shorter ones lie elsewhere
    n = len(stream) // 512
    chain = [0xFFFFFFFD, 0xFFFFFFFE, *range(3, n + 2), 0xFFFFFFFE]
    table = struct.pack(f"<{len(chain)}I", *chain).ljust(512, b"\xff")
    assert len(table) == 512, "one sector of the table is enough for the files of the tests"

    def entry(label: str, kind: int, child: int, start: int, length: int) -> bytes:
        text = (label + "\0").encode("utf-16-le")
        links = struct.pack("<III", 0xFFFFFFFF, 0xFFFFFFFF, child)
        return (
            text.ljust(64, b"\0")
            + struct.pack("<HBB", len(text), kind, 1)
            + links
            + bytes(36)
            + struct.pack("<IQ", start, length)
        )

    unused = bytes(68) + b"\xff" * 12 + bytes(48)
    directory = entry("Root Entry", 5, 1, 0xFFFFFFFE, 0) + entry("Workbook", 2, 0xFFFFFFFF, 2, len(stream)) + unused * 2
    head = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16) + struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6) + bytes(6)
    head += (
        struct.pack("<IIIIIIIII", 0, 1, 1, 0, 4096, 0xFFFFFFFE, 0, 0xFFFFFFFE, 0) + struct.pack("<I", 0) + b"\xff" * 432
    )
    path.write_bytes(head + table + directory + stream)
    return path


class Sas:
    """Writes SAS files through the C library that pyreadstat carries, which has no Python door for that.

    The functions are those of readstat.h (ReadStat 1.1.9, https://github.com/WizardMac/ReadStat).
    """

    STRING, DOUBLE = 0, 5

    def __init__(self):
        import pyreadstat

        (file,) = glob.glob(str(Path(pyreadstat.__file__).parent / "_readstat_writer*.so")) or [None]
        self.lib = ctypes.CDLL(file) if file else None
        if self.lib is None or not hasattr(self.lib, "readstat_begin_writing_sas7bdat"):
            pytest.skip("pyreadstat's library does not show its functions here")
        for name in ("readstat_writer_init", "readstat_add_variable", "readstat_add_label_set"):
            getattr(self.lib, name).restype = ctypes.c_void_p
        self.content = bytearray()
        kind = ctypes.CFUNCTYPE(ctypes.c_ssize_t, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_void_p)
        self.sink = kind(self._keep)
        self.writer = ctypes.c_void_p(self.lib.readstat_writer_init())
        self.lib.readstat_set_data_writer(self.writer, self.sink)

    def _keep(self, data, size, _) -> int:
        self.content += ctypes.string_at(data, size)
        return size

    def _done(self, path: Path) -> Path:
        path.write_bytes(bytes(self.content))
        self.lib.readstat_writer_free(self.writer)
        return path

    def data(self, path: Path, columns: dict[str, list], formats: dict[str, str]) -> Path:
        lib, n = self.lib, len(next(iter(columns.values())))
        made = {}
        for name, cells in columns.items():
            text = isinstance(cells[0], str)
            kind = self.STRING if text else self.DOUBLE
            made[name] = ctypes.c_void_p(
                lib.readstat_add_variable(self.writer, name.encode(), kind, ctypes.c_size_t(16 if text else 8))
            )
            if name in formats:
                lib.readstat_variable_set_format(made[name], formats[name].encode())
        assert lib.readstat_begin_writing_sas7bdat(self.writer, None, ctypes.c_long(n)) == 0
        for row in range(n):
            assert lib.readstat_begin_row(self.writer) == 0
            for name, cells in columns.items():
                value = cells[row]
                if isinstance(value, str):
                    done = lib.readstat_insert_string_value(self.writer, made[name], value.encode())
                elif value is None:
                    done = lib.readstat_insert_missing_value(self.writer, made[name])
                else:
                    done = lib.readstat_insert_double_value(self.writer, made[name], ctypes.c_double(value))
                assert done == 0
            assert lib.readstat_end_row(self.writer) == 0
        assert lib.readstat_end_writing(self.writer) == 0
        return self._done(path)

    def catalog(self, path: Path, formats: dict[str, dict[float, str]]) -> Path:
        lib = self.lib
        for name, labels in formats.items():
            group = ctypes.c_void_p(lib.readstat_add_label_set(self.writer, self.DOUBLE, name.encode()))
            for value, label in labels.items():
                lib.readstat_label_double_value(group, ctypes.c_double(value), label.encode())
        assert lib.readstat_begin_writing_sas7bcat(self.writer, None) == 0
        assert lib.readstat_end_writing(self.writer) == 0
        return self._done(path)
