"""Files that are cut, mislabelled, mangled or hostile: each stops with the sentence that says where and what would be right.

Every file goes the way of the workflow: reading, mapping, validation. None may end in a traceback, and none may lose a
value in silence.
"""

from __future__ import annotations

import os
import random
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import making_files as make
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from making_files import HEADER, ROWS, change_part, csv_of, cut, frame, ods, ods_cell, ole, statistics_file, xls, xlsx
from project import ROOT

from replicalc.cohort.doors import packages
from replicalc.cohort.doors.inert import original
from replicalc.cohort.mapping import map_export
from replicalc.cohort.source import read_table
from replicalc.cohort.validation import validate_cohort
from replicalc.errors import ReplicalcError
from replicalc.records import read_csv

COHORT = """
cohort: mini
kind: real
title: a few patients
unit_of_analysis: patient
clustering: none
sources: [{{file: "{file}"{source}}}]
unit_id: [patient_id]
missing: ["", "n/a"]
decimal: "{decimal}"
variables:
  patient_id: {{column: ID}}
  er_status: {{column: ER, codes: {{1: positive, 0: negative}}}}
  mri_pre_mm: {{column: Size, unit: cm}}
  surgery_date: {{column: Op, format: "%d.%m.%Y"}}
{more}
"""


@dataclass(frozen=True)
class Case:
    """A file made by ``make`` (a function of its path), how the cohort file describes it, and what must be said."""

    name: str
    file: str
    make: Callable[[Path], object]
    words: tuple[str, ...]
    source: str = ""
    decimal: str = "."
    more: str = ""


def text(content: str | bytes, encoding: str = "utf-8") -> Callable[[Path], object]:
    return lambda path: path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))


def run(folder: Path, case: Case) -> list[dict[str, str]]:
    case.make(folder / case.file)
    how = folder / "mini.yaml"
    how.write_text(
        COHORT.format(file=case.file, source=case.source, decimal=case.decimal, more=case.more), encoding="utf-8"
    )
    arguments = [how, ROOT / "data" / "dictionary.csv"]
    map_export([str(folder / case.file)], *arguments, folder / "mapped.csv", folder / "log")
    validate_cohort(folder / "mapped.csv", *arguments, folder / "validation.csv", folder / "log2")
    return read_csv(folder / "mapped.csv")


def changed(row: int, place: int, cell: str) -> list[list[str]]:
    rows = [list(cells) for cells in ROWS]
    rows[row][place] = cell
    return rows


def cell_of(row: int, place: int, write: Callable) -> Callable[[Path], object]:
    """A workbook in which one cell is written by ``write(sheet, row, place, book)``."""
    return lambda path: xlsx(path, lambda sheet, book: write(sheet, row, place, book))


def a_date(sheet, row, place, book) -> None:
    import datetime

    sheet.write_datetime(row, place, datetime.datetime(2015, 1, 3), book.add_format({"num_format": "d-mmm"}))


def bomb(path: Path) -> Path:
    return change_part(xlsx(path), "xl/media/image1.bin", lambda _: bytes(40 << 20))


ENTITIES = b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>'
NESTED = lambda path: statistics_file(path, frame(3).assign(more=[[1], [2], [3]]))  # noqa: E731

TEXTS = [
    Case("wrong delimiter", "a.csv", text(csv_of(delimiter=";")), ("row 1", "one column", "';'", "is that the 'delimiter'")),
    Case("delimiter of the header only", "a.csv", text("ID;ER,Size;Op\n"), ("no records below the header in row 1",)),
    Case("unquoted decimal comma", "a.csv", text(csv_of(changed(0, 2, "2,5"))), ("row 2: 5 cells", "4 columns", "decimal comma")),
    Case("too many cells", "a.csv", text(csv_of([*ROWS[:2], [*ROWS[2], "x"]])), ("row 4: 5 cells", "must stand in quotation marks")),
    Case("too few cells", "a.csv", text(csv_of([ROWS[0], ["B", "0"], ROWS[2]])), ("row 3: 2 cells", "is this row a title or a sum?")),
    Case("cut in the last row", "a.csv", text(csv_of([*ROWS[:2], ["C", "1"]])), ("row 4: 2 cells", "the file was cut off")),
    Case("cut in a quoted cell", "a.csv", text(csv_of([*ROWS, ['"D']]).rstrip("\n")), ("row 5", "quotation mark that is never closed", "cut off")),
    Case("text after a quoted cell", "a.csv", text(csv_of(changed(1, 0, '"B"b'))), ("row 3", "the delimiter ','", "must be doubled")),
    Case("a quotation mark swallows the file", "a.csv", text(csv_of([['"A', *ROWS[0][1:]], *ROWS * 9000])), ("row 2", "more than 131072 signs", "never closed")),
    Case("Windows letters as UTF-8", "a.csv", text(csv_of(changed(0, 0, "Ä")), "cp1252"), ("line 2", "byte 14", "not utf-8 text", "it would be 'Ä'")),
    Case("UTF-8 as Windows letters", "a.csv", text(csv_of(changed(0, 0, "Ü"))), ("is in UTF-8", "says cp1252", "'Ü' would be read as 'Ãœ'"), ", encoding: cp1252"),
    Case("UTF-8 with a mark as latin-1", "a.csv", text("\ufeff" + csv_of()), ("is in UTF-8, not in iso8859-1",), ", encoding: latin-1"),
    Case("Windows signs as latin-1", "a.csv", text(csv_of(changed(1, 0, "B €")), "cp1252"), ("line 3", "it is '€'", "encoding: cp1252"), ", encoding: latin-1"),
    Case("UTF-16", "a.csv", text(csv_of(), "utf-16"), ("is in UTF-16, not in utf-8", "Write encoding: utf-16")),
    Case("UTF-16 without a mark", "a.csv", text(csv_of(), "utf-16-le"), ("byte 1 is zero", "write encoding: utf-16-le")),
    Case("UTF-8 as UTF-16", "a.csv", text(csv_of()), ("does not begin as UTF-16 does",), ", encoding: utf-16"),
    Case("UTF-16 cut within a letter", "a.csv", text(csv_of().encode("utf-16")[:-1]), ("line 4", "ends within a letter", "cut off"), ", encoding: utf-16"),
    Case("no such encoding", "a.csv", text(csv_of()), ("there is no encoding 'utf-9'", "cp1252"), ", encoding: utf-9"),
    Case("an encoding of names", "a.csv", text(csv_of()), ("there is no encoding 'punycode'",), ", encoding: punycode"),
    Case("an encoding of bytes", "a.csv", text(csv_of()), ("there is no encoding 'hex'",), ", encoding: hex"),
    Case("a zero byte", "a.csv", text(csv_of(changed(2, 0, "C\0"))), ("byte 53 is zero", "the file is damaged")),
    Case("no byte", "a.csv", text(b""), ("the file is empty (0 bytes)", "should hold the column names")),
    Case("blanks only", "a.csv", text(" \n\n \n"), ("row 1 should hold the column names",)),
    Case("header only", "a.csv", text(csv_of([])), ("no records below the header in row 1",)),
    Case("header beyond the end", "a.csv", text(csv_of()), ("row 99 should hold the column names", "the file has 4 rows"), ", header_row: 99"),
    Case("a note for Excel", "a.csv", text("sep=;\n" + csv_of(delimiter=";")), ("'sep=;' is a note for Excel", "header_row: 2", 'delimiter: ";"')),
    Case("column twice", "a.csv", text(csv_of(header=["ID", "ER", "Size", "ER"])), ("row 1: the column 'ER' stands twice", "columns B and D")),
    Case("column twice but for blanks", "a.csv", text(csv_of(header=["ID", "ER", " ER", "Op"])), ("the column 'ER' stands twice",)),
    Case("column without a name", "a.csv", text(csv_of(header=["ID", "", "Size", "Op"])), ("column 'ER' is missing", "'(column B)' is neither mapped")),
    Case("column called like the row number", "a.csv", text(csv_of([[*r, "1"] for r in ROWS], [*HEADER, "source_row"])), ("cannot be called 'source_row'", "'rename'")),
    Case("column misspelt", "a.csv", text(csv_of(header=["ID", "ER", "Größe", "Op"])), ("column 'Size' is missing", "Größe")),
    Case("workbook called CSV", "a.csv", xlsx, ("not a text file but a workbook", ".xlsx")),
    Case("SPSS file called CSV", "a.csv", lambda p: statistics_file(p.with_suffix(".sav")).rename(p), ("not a text file but an SPSS file",)),
    Case("compressed", "a.csv", text(b"\x1f\x8b\x08" + bytes(30)), ("a compressed file; unpack it",)),
    Case("PDF", "a.txt", text(b"%PDF-1.7\n"), ("not a text file but a PDF",)),
    Case("unknown ending", "a.docx", text(b"x"), ("files of type '.docx' cannot be read", "CSV", "XLSX")),
    Case("a folder", "a.csv", lambda p: p.mkdir(), ("this is a folder, not a file",)),
    Case("not there", "a.csv", lambda p: None, ("no such file",)),
    Case("sheet of a text file", "a.csv", text(csv_of()), ("'sheet' is for workbooks",), ", sheet: Data"),
    Case("other version of the file", "a.csv", text(csv_of()), ("its sha256 is", "another version"), f", sha256: {'a' * 64}"),
    Case("fewer records than published", "a.csv", text(csv_of()), ("3 records", "is 4"), ", records: 4"),
]  # fmt: skip

VALUES = [
    Case("mixed types", "a.csv", text(csv_of(changed(2, 2, "big"))), ("row 4", "column 'Size'", "value 'big' is not a number")),
    Case("decimal comma", "a.csv", text(csv_of(changed(0, 2, '"2,5"'))), ("row 2", "value '2,5'", "decimal sign '.'", 'write decimal: "," in the cohort file')),
    Case("decimal point", "a.csv", text(csv_of([["A", "1", "2.5", ""]], delimiter=";")), ("row 2", "value '2.5'", "decimal sign ','"), ', delimiter: ";"', ","),
    Case("thousands", "a.csv", text(csv_of([["A", "1", "1.234,5", ""]], delimiter=";")), ("value '1.234,5' is not a number",), ', delimiter: ";"', ","),
    Case("month before day", "a.csv", text(csv_of(changed(0, 3, "02.13.2015"))), ("row 2", "column 'Op'", "'02.13.2015' is not a date of the form %d.%m.%Y")),
    Case("dates in two orders", "a.csv", text(csv_of([[*r[:3], d] for r, d in zip(ROWS, ("03.02.2015", "12.31.2016", "31.12.2016"), strict=True)])), ("row 3", "'12.31.2016'")),
    Case("dates without a declared order", "a.csv", text(csv_of([[*r, "03/02/2015"] for r in ROWS], [*HEADER, "D"])), ("variables.nat_start_date", "'format'", "dates need it"), more="  nat_start_date: {column: D}"),
    Case("a code that became a date", "a.csv", text(csv_of(changed(1, 1, "3-Jan"))), ("row 3", "column 'ER'", "value '3-Jan'", "Allowed: 1, 0")),
    Case("a code that became a date of a workbook", "a.xlsx", cell_of(2, 1, a_date), ("row 3", "column 'ER'", "value '2015-01-03'", "Allowed: 1, 0")),
    Case("a formula for a number", "a.csv", text(csv_of(changed(0, 2, "=1+1"))), ("row 2", "value '=1+1' is not a number")),
    Case("labels where codes were declared", "a.csv", text(csv_of(changed(0, 1, "positive"))), ("value 'positive' is not a known code",)),
    Case("the same patient twice", "a.csv", text(csv_of(changed(1, 0, "A"))), ("rows 2 and 3", "column 'ID'", "stands more than once")),
]  # fmt: skip

WORKBOOKS = [
    Case("cut", "a.xlsx", lambda p: cut(xlsx(p), 0.6), ("not a readable workbook", "cut off or damaged")),
    Case("a flipped byte", "a.xlsx", lambda p: p.write_bytes(_flipped(xlsx(p).read_bytes())), ("not a readable workbook", "cut off or damaged")),
    Case("no byte", "a.xlsx", text(b""), ("not a readable workbook", "empty (0 bytes)")),
    Case("password", "a.xlsx", lambda p: ole(p, "EncryptedPackage"), ("not a readable workbook", "protected by a password", "Save it without one")),
    Case("password of an ODS file", "a.ods", lambda p: ods(p, manifest="<manifest:encryption-data/>"), ("protected by a password",)),
    Case("old file with a new name", "a.xlsx", lambda p: ole(p, "Workbook"), ("an old Excel file", "end its name in .xls")),
    Case("new file with an old name", "a.xls", xlsx, ("a new Excel file", "end its name in .xlsx")),
    Case("damaged old file", "a.xls", lambda p: ole(p, "Workbook"), ("a.xls: not a readable workbook",)),
    Case("web page", "a.xls", text("<html><table><tr><td>ID</td></tr></table>"), ("it is a web page", "save it as XLSX")),
    Case("text", "a.xlsx", text(csv_of()), ("it is a text file", "end its name in .csv")),
    Case("ZIP of something else", "a.xlsx", lambda p: change_part(xlsx(p), "xl/workbook.xml", lambda _: b"<x/>"), ("a.xlsx",)),
    Case("no such sheet", "a.xlsx", lambda p: xlsx(p, sheets=("Data", "Notes")), ("no sheet 'Dta'", "Did you mean 'Data'?", "Sheets: Data, Notes"), ", sheet: Dta"),
    Case("empty sheet", "a.xlsx", lambda p: xlsx(p, sheets=("Data", "Notes")), ("row 1 should hold the column names",), ", sheet: Notes"),
    Case("header merged over columns", "a.xlsx", lambda p: xlsx(p, lambda s, b: s.merge_range("C1:D1", "Size")), ("row 1", "C1 to D1 are merged", "column D has no name", "'header_row'")),
    Case("header merged in an ODS file", "a.ods", lambda p: ods(p, [[ods_cell("ID"), ods_cell("ER", ' table:number-columns-spanned="2"'), "<table:covered-table-cell/>"], *[[ods_cell("x")] * 3] * 2]), ("B1 to C1 are merged", "column C has no name")),
    Case("merged patients", "a.xlsx", lambda p: xlsx(p, lambda s, b: s.merge_range("D2:D3", "01.02.2015")), ("row 2", "D2 to D3 are merged", "only the first of them has a value")),
    Case("an error of a formula", "a.xlsx", cell_of(1, 2, lambda s, r, c, b: s.write_formula(r, c, "=X!A1", None, "#REF!")), ("row 2, column C ('Size')", "the error #REF!")),
    Case("an error in an ODS file", "a.ods", lambda p: ods(p, [[ods_cell(c) for c in HEADER], [ods_cell("A"), ods_cell("#DIV/0!", ' calcext:value-type="error" table:formula="of:=1/0"'), ods_cell("2.5"), ods_cell("01.02.2015")]]), ("row 2, column B ('ER')", "the error #DIV/0!")),
    Case("a formula never computed", "a.xlsx", lambda p: make.without_values(cell_of(2, 2, lambda s, r, c, b: s.write_formula(r, c, "=1+1", None, 2))(p)), ("row 3, column C ('Size')", "never computed", "save it")),
    Case("a formula never computed, of an ODS file", "a.ods", lambda p: ods(p, [[ods_cell(c) for c in HEADER], [ods_cell("A"), ods_cell("1"), '<table:table-cell table:formula="of:=1"/>', ods_cell("01.02.2015")]]), ("row 2, column C ('Size')", "never computed")),
    Case("a column beyond the header", "a.xlsx", cell_of(2, 5, lambda s, r, c, b: s.write_string(r, c, "late")), ("'(column F)' is neither mapped",)),
    Case("XML bomb", "a.xlsx", lambda p: change_part(xlsx(p), "xl/sharedStrings.xml", lambda xml: ENTITIES + xml), ("sharedStrings.xml declares entities", "not opened")),
    Case("packed in an unusual way", "a.xlsx", lambda p: change_part(xlsx(p), "xl/media/a.bin", lambda _: b"x", zipfile.ZIP_BZIP2), ("packed in a way that no spreadsheet program uses",)),
    Case("ZIP bomb", "a.xlsx", bomb, ("unpacks to more than 16 MB", "Save the sheet alone")),
    Case("a cell far away", "a.xlsx", lambda p: change_part(xlsx(p), "xl/worksheets/sheet1.xml", lambda x: x.replace(b"</sheetData>", b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>')), ("row 1048576", "16384 columns wide", "too far away")),
    Case("endless rows of an ODS file", "a.ods", lambda p: ods(p, [[ods_cell("x", ' table:number-columns-repeated="16384"')]], ' table:number-rows-repeated="1048576"'), ("row 1", "repeated 1048576 times")),
    Case("an error in an old file", "a.xls", lambda p: xls(p, [HEADER, ["A", "1", ("formula", 0x2A), "01.02.2015"]]), ("row 2, column C ('Size')", "the error #N/A")),
    Case("a cell with an error in an old file", "a.xls", lambda p: xls(p, [HEADER, ["A", ("error", 0x17), "1", "01.02.2015"]]), ("row 2, column B ('ER')", "the error #REF!")),
    Case("cut old file", "a.xls", lambda p: cut(xls(p), 0.3), ("a.xls: not a readable workbook",)),
    Case("password of an old file", "a.xls", lambda p: xls(p, password=True), ("protected by a password",)),
    Case("delimiter of a workbook", "a.xlsx", xlsx, ("'delimiter' is not for workbooks",), ', delimiter: ";"'),
]  # fmt: skip

STATISTICS = [
    *(
        Case(f"cut {kind}", f"a.{kind}", lambda p: cut(statistics_file(p), 0.7), (f"a.{kind}: not a readable", "cut off"))
        for kind in ("sav", "dta", "parquet")
    ),
    Case("cut transport file", "a.xpt", lambda p: cut(statistics_file(p), 0.7003), ("ends within a record", "cut off")),
    *(
        Case(f"no byte of {kind}", f"a.{kind}", text(b""), ("not a readable", "empty (0 bytes)"))
        for kind in ("sav", "dta", "parquet", "sas7bdat")
    ),
    *(
        Case(f"text called {kind}", f"a.{kind}", text(csv_of()), (f"a.{kind}: not a readable",))
        for kind in ("sav", "dta", "parquet", "sas7bdat", "xpt")
    ),
    Case("password of SPSS", "a.sav", text(b"\x1c" + bytes(7) + b"ENCRYPTEDSAV" + bytes(60)), ("protected by a password",)),
    Case("encrypted Parquet", "a.parquet", text(b"PARE" + bytes(60)), ("it is encrypted",)),
    Case("lists in cells", "a.parquet", NESTED, ("column 'more'", "holds list<")),
    Case("sheet of a Stata file", "a.dta", statistics_file, ("'sheet' is not for Stata files",), ", sheet: Data"),
    Case("labels of a Parquet file", "a.parquet", statistics_file, ("'column_names' is for",), ", column_names: labels"),
    Case("catalog of an SPSS file", "a.sav", statistics_file, ("'format_catalog' is for SAS files",), ", format_catalog: f.sas7bcat"),
    Case("catalog that is not there", "a.sas7bdat", lambda p: make.Sas().data(p, {"ID": ["A"], "ER": [1.0]}, {}), ("'f.sas7bcat' is not beside it",), ", format_catalog: f.sas7bcat"),
]  # fmt: skip

ROWS_AND_COLUMNS = [
    Case("rename of a column that is not there", "a.csv", text(csv_of()), ("'rename' names the column 'Sze'", "Did you mean 'Size'?"), ", rename: {Sze: x}"),
    Case("rename to a name that is taken", "a.csv", text(csv_of()), ("'ID' stands twice",), ", rename: {ER: ID}"),
    Case("rows of a value that no row has", "a.csv", text(csv_of()), ("column 'ER'", "'where' asks for '2'", "There are: '', '0', '1'"), ", where: {ER: 2}"),
    Case("rows by a column that is not there", "a.csv", text(csv_of()), ("'where' names the column 'Er'",), ", where: {Er: 1}"),
    Case("only columns that are not there", "a.csv", text(csv_of()), ("'only' names the column 'Ops'", "Did you mean 'Op'?"), ", only: [ID, Ops]"),
    Case("constant that is a column", "a.csv", text(csv_of()), ("has a column 'ER'", "'constants'"), ", constants: {ER: 1}"),
    Case("a way of joining that is none", "a.csv", text(csv_of()), ("'sideways' is not allowed", "many_to_one"), ", join: sideways"),
]  # fmt: skip

CASES = [
    pytest.param(case, id=f"{group}: {case.name}")
    for group, cases in (
        ("text", TEXTS), ("value", VALUES), ("workbook", WORKBOOKS), ("statistics", STATISTICS), ("rows", ROWS_AND_COLUMNS),
    )
    for case in cases
]  # fmt: skip


def _flipped(content: bytes) -> bytes:
    place = content.index(b"xl/worksheets/sheet1.xml") + 60
    return content[:place] + bytes([content[place] ^ 255]) + content[place + 1 :]


@pytest.mark.parametrize("case", CASES)
def test_a_bad_file_gets_its_sentence(case, tmp_path, monkeypatch):
    monkeypatch.setattr(packages, "LARGEST_UNZIPPED", 16 << 20)
    with pytest.raises(ReplicalcError) as error:
        run(tmp_path, case)
    message = str(error.value)
    for word in case.words:
        assert word in message, message
    for word in ("Traceback", "failed with", "Error:"):  # the last two are how the job tells a fault of the program
        assert word not in message, message
    assert not (tmp_path / "validation.csv").exists() and not list(tmp_path.glob("*.part"))


HANDLED = [
    Case("one patient", "a.csv", text(csv_of(ROWS[:1])), ()),
    Case("one group", "a.csv", text(csv_of([[r[0], "1", *r[2:]] for r in ROWS])), ()),
    Case("a column without any value", "a.csv", text(csv_of([[*r[:2], "", r[3]] for r in ROWS])), ()),
    Case("names in any script", "a.csv", text(csv_of([["Ωμέγα 患者", *ROWS[0][1:]]])), ()),
    Case("zeros before an identifier", "a.csv", text(csv_of([["007", *ROWS[0][1:]], ["7", *ROWS[1][1:]]])), ()),
    Case("a formula in a text", "a.csv", text(csv_of([['"=HYPERLINK(""http://x"",""y"")"', *ROWS[0][1:]]])), ()),
    Case("a formula in a text of a workbook", "a.xlsx", cell_of(1, 0, lambda s, r, c, b: s.write_string(r, c, '=HYPERLINK("http://x","y")')), ()),
    Case("Windows line ends and a mark", "a.csv", text("\ufeff" + csv_of(end="\r\n")), ()),
    Case("UTF-16", "a.csv", text(csv_of(), "utf-16"), (), ", encoding: utf-16"),
]  # fmt: skip


@pytest.mark.parametrize("case", HANDLED, ids=lambda case: case.name)
def test_what_is_unusual_but_sound_comes_through_whole(case, tmp_path):
    mapped = run(tmp_path, case)
    read = read_table(tmp_path / case.file, {"encoding": "utf-16"} if case.source else {})
    assert [original(row["patient_id"]) for row in mapped] == [row["ID"] for row in read] and len(mapped) >= 1
    assert [row["mri_pre_mm"] for row in mapped] == [{"2.5": "25", "4.0": "40"}.get(row["Size"], "") for row in read]
    checks = {(row["variable"], row["check"]): row["n_found"] for row in read_csv(tmp_path / "validation.csv")}
    assert checks["mri_pre_mm", "missing"] == str(sum(row["mri_pre_mm"] == "" for row in mapped))


def test_there_are_at_least_as_many_bad_files_as_promised():
    assert len(CASES) >= 80 and len({case.id for case in CASES}) == len(CASES)


@pytest.mark.skipif(os.geteuid() == 0, reason="the administrator may read everything")
def test_a_file_that_may_not_be_read(tmp_path):
    def locked(path: Path) -> None:
        path.write_text(csv_of())
        path.chmod(0)

    with pytest.raises(ReplicalcError, match="cannot be opened"):
        run(tmp_path, Case("locked", "a.csv", locked, ()))


def test_a_file_that_another_program_holds(tmp_path, monkeypatch):
    """Whatever the system answers when a file is opened becomes a sentence."""
    (tmp_path / "a.csv").write_text(csv_of())
    usual = Path.open

    def refuse(self, *how, **more):
        if self.name == "a.csv":
            raise PermissionError(13, "Permission denied")
        return usual(self, *how, **more)

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(ReplicalcError, match=r"a\.csv: the file cannot be opened \(Permission denied\)"):
        run(tmp_path, Case("locked", "a.csv", lambda path: None, ()))


@pytest.mark.parametrize("kind", ["xlsx", "ods", "xls"])
def test_any_damage_to_a_workbook_is_a_sentence_or_changes_nothing(kind, tmp_path):
    """Cut anywhere, or with any byte changed: never another exception, never other patients.

    An old Excel file has no checksum, so that a changed byte may be a changed letter; it is only cut.
    """
    draw = random.Random(5)
    content = {"xlsx": xlsx, "ods": ods, "xls": xls}[kind](tmp_path / f"whole.{kind}").read_bytes()
    good = run(tmp_path, Case("whole", f"a.{kind}", text(content), ()))
    refused = 0
    for _ in range(80):
        place = draw.randrange(len(content))
        cut_here = kind == "xls" or draw.random() < 0.5
        damaged = content[:place] + (b"" if cut_here else bytes([draw.randrange(256)]) + content[place + 1 :])
        try:
            assert run(tmp_path, Case("damaged", f"a.{kind}", text(damaged), ())) == good
        except ReplicalcError as error:
            assert "failed with" not in str(error)
            refused += 1
    assert refused > 20


@pytest.mark.parametrize("kind", ["sav", "dta", "parquet", "xpt"])
def test_a_cut_statistics_file_is_never_read_as_if_it_were_whole(kind, tmp_path):
    whole = statistics_file(tmp_path / f"w.{kind}")
    content, n = whole.read_bytes(), len(run_rows(tmp_path, whole.name))
    for share in (0.05, 0.3, 0.62, 0.9, 0.97):
        (tmp_path / f"c.{kind}").write_bytes(content[: int(len(content) * share) | 1])
        try:
            assert len(run_rows(tmp_path, f"c.{kind}")) == n
        except ReplicalcError as error:
            assert f"c.{kind}: not a readable" in str(error)


def run_rows(folder: Path, file: str):
    return read_table(folder / file, {"file": file})


def test_a_file_that_crashes_its_reader_does_not_take_the_run_with_it(tmp_path, monkeypatch):
    from replicalc.cohort.doors import statistics

    monkeypatch.setattr(statistics, "TRIAL", "import os, signal; os.kill(os.getpid(), signal.SIGSEGV)")
    statistics_file(tmp_path / "c.sav")
    with pytest.raises(
        ReplicalcError, match=r"c\.sav: not a readable SPSS file \(it is damaged, so that its reader crashes\)"
    ):
        run_rows(tmp_path, "c.sav")


PARTS = [b'"', b",", b";", b"\n", b"\r", b"a", b"\xc3", b"\xa4", b"\xff", b"\0", b"1", b"\xef\xbb\xbf"]


@settings(max_examples=300, deadline=None)
@given(
    parts=st.lists(st.sampled_from(PARTS), max_size=30),
    encoding=st.sampled_from([None, "utf-16", "cp1252", "latin-1", "utf-7", "shift_jis"]),
)
def test_no_bytes_break_the_door_of_texts(parts, encoding, tmp_path_factory):
    path = tmp_path_factory.mktemp("noise") / "a.csv"
    path.write_bytes(b"".join(parts))
    try:
        table = read_table(path, {"encoding": encoding} if encoding else {})
    except ReplicalcError as error:
        assert "a.csv" in str(error)
    else:
        assert all(set(record) == set(table[0]) for record in table)
