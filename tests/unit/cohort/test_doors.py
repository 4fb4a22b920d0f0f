"""What comes through each door: the same patients whatever the file, and nothing of a cell lost on the way."""

from __future__ import annotations

import datetime
import json
import re

import making_files as make
import pandas as pd
import pytest
from making_files import HEADER, ROWS, csv_of, ods, ods_cell, statistics_file, xls, xlsx
from project import ROOT

from replicalc.cohort.doors.cells import Record, letters, of_letters
from replicalc.cohort.doors.joining import JOINS
from replicalc.cohort.source import read_table
from replicalc.errors import ReplicalcError

WHOLE = [dict(zip(["source_row", *HEADER], [str(i), *cells], strict=True)) for i, cells in enumerate(ROWS, start=2)]


@pytest.fixture
def read(tmp_path):
    def go(content, source: dict | None = None, file: str = "a.csv", encoding: str = "utf-8"):
        path = tmp_path / file
        if callable(content):
            content(path)
        else:
            path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
        return read_table(path, {"file": file, **(source or {})})

    go.folder = tmp_path
    return go


# Text files.


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_any_delimiter_and_any_line_end(read, delimiter, end):
    assert read(csv_of(delimiter=delimiter, end=end), {"delimiter": delimiter}) == WHOLE


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32", "cp1252", "latin-1", "cp1250"]
)
def test_any_declared_encoding(read, encoding):
    text = csv_of([["Jürgen Ö", "1", "2", ""]])
    source = {} if encoding.startswith("utf-8") else {"encoding": encoding}
    assert read(text, source, encoding=encoding)[0]["ID"] == "Jürgen Ö"


def test_a_tsv_file_has_tabs_if_nothing_else_is_said(read):
    assert read(csv_of(delimiter="\t"), file="a.tsv") == WHOLE
    assert read(csv_of(delimiter=";"), {"delimiter": ";"}, file="a.tsv") == WHOLE


def test_cells_of_a_text_file_are_kept_as_they_are(read):
    cells = ["007", "1e5", '=HYPERLINK("http://x","y")', "NA"]
    quoted = ['"a\nb"', '"say ""x"""', '"1;2,3"', " b "]
    found = read(csv_of([[c if '"' not in c else '"' + c.replace('"', '""') + '"' for c in cells], quoted]))
    assert [found[0][name] for name in HEADER] == cells
    assert [found[1][name] for name in HEADER] == ["a\nb", 'say "x"', "1;2,3", "b"]


def test_letters_made_of_two_signs_are_the_same_letters(read):
    """A Mac may write ö as o and two dots; the column is the one that the cohort file names."""
    found = read(csv_of([["Mu\u0308ller", "1", "2", ""]], ["ID", "ER", "Gro\u0308ße", "Op"]))
    assert (found[0]["ID"], found[0]["Größe"]) == ("Müller", "2")


def test_empty_rows_are_no_records_and_rows_keep_their_numbers(read):
    found = read("Report of 2024\n\n" + csv_of([ROWS[0], ["", "", "", ""], ROWS[1]]) + "\n\n", {"header_row": 3})
    assert [(row["source_row"], row["ID"]) for row in found] == [("4", "A"), ("6", "B")]


def test_a_column_without_name_and_content_is_none_and_one_with_content_is_named_by_its_letter(read, capsys):
    assert read("ID,,ER,\nA,,1,\nB,,0,\n") == [
        {"source_row": "2", "ID": "A", "ER": "1"},
        {"source_row": "3", "ID": "B", "ER": "0"},
    ]
    assert list(read("ID,,ER,\nA,,1,\nB,,0,x\n")[0]) == ["source_row", "ID", "ER", "(column D)"]
    assert "column D is filled but has no name" in capsys.readouterr().err
    assert read("ID,\nA,x\n", {"rename": {"(column B)": "left"}})[0]["left"] == "x"


def test_lost_letters_are_told(read, capsys):
    read(csv_of([["M\ufffdller", "1", "2", ""]]))
    assert "line 2: the sign \ufffd stands where a letter was lost" in capsys.readouterr().err


def test_letters_that_lie_across_two_pieces_of_the_file(read, monkeypatch):
    from replicalc.cohort.doors import texts

    monkeypatch.setattr(texts, "PIECE", 7)
    text = csv_of([["ÄÖÜäöüßé€" * 5, "1", "2", ""]])
    assert read(text)[0]["ID"] == "ÄÖÜäöüßé€" * 5
    with pytest.raises(ReplicalcError, match=r"line 3: byte 25 is not utf-8 text; .*'Ä'"):
        read(csv_of([["A", "1", "2.5", "x"], ["BÄ", "1", "2", ""]]).encode("cp1252"))


# Workbooks.


def test_a_table_that_does_not_begin_in_the_corner(read):
    def fill(path):
        import xlsxwriter

        with xlsxwriter.Workbook(str(path)) as book:
            sheet = book.add_worksheet("S")
            sheet.write_row(2, 1, ["ID", "ER"])
            sheet.write_row(3, 1, ["A", 1])

    assert read(fill, {"header_row": 3}, "a.xlsx") == [{"source_row": "4", "ID": "A", "ER": "1"}]


def test_dates_numbers_truths_and_formulas_of_a_workbook(read):
    def fill(sheet, book):
        day = book.add_format({"num_format": "dd.mm.yyyy"})
        sheet.write_row(0, 4, ["n", "d", "t", "f", "e", "link"])
        sheet.write_number(1, 4, 0.1 + 0.2)
        sheet.write_datetime(1, 5, datetime.datetime(2015, 2, 3), day)
        sheet.write_boolean(1, 6, True)
        sheet.write_formula(1, 7, "=1+1", None, 2)
        sheet.write_formula(1, 8, '=IF(1,"","x")', None, "")
        sheet.write_string(1, 9, '=HYPERLINK("http://x")')

    def as_excel_writes_an_empty_text(xml: bytes) -> bytes:
        assert b'<c r="I2"><f>' in xml
        return xml.replace(b'<c r="I2"><f>', b'<c r="I2" t="str"><f>')

    (row, *_) = read(
        lambda p: make.change_part(xlsx(p, fill), "xl/worksheets/sheet1.xml", as_excel_writes_an_empty_text),
        file="a.xlsx",
    )
    assert [row[name] for name in ["n", "d", "t", "f", "e", "link"]] == [
        "0.3",
        "2015-02-03",
        "True",
        "2",
        "",
        '=HYPERLINK("http://x")',
    ]


def test_zeros_before_an_identifier_are_kept_as_text_and_their_loss_is_told(read, capsys):
    def fill(numbers):
        def write(sheet, book):
            for row, number in enumerate(numbers, start=1):
                sheet.write(row, 0, number)

        return lambda path: xlsx(path, write)

    assert [row["ID"] for row in read(fill(["0987", "1204", "0033"]), file="a.xlsx")] == ["0987", "1204", "0033"]
    assert "zeros" not in capsys.readouterr().err
    assert [row["ID"] for row in read(fill([987, 1204, 33]), file="a.xlsx")] == ["987", "1204", "33"]
    assert (
        "column 'ID': numbers, all different, of 2 to 4 digits. If they are identifiers that began with zeros"
        in capsys.readouterr().err
    )


def test_a_name_merged_over_two_rows_of_a_header(read):
    def fill(sheet, book):
        sheet.merge_range("A1:A2", "ID", book.add_format({"bold": True}))
        sheet.merge_range("B1:D1", "MRI")
        sheet.write_row(1, 1, ["ER", "Size", "Op"])

    assert read(lambda p: xlsx(p, fill), {"header_row": 2}, "a.xlsx") == [
        {"source_row": str(i), **dict(zip(HEADER, cells, strict=True))} for i, cells in enumerate(ROWS[1:], start=3)
    ]


def test_the_other_sheets_are_told_where_none_is_named(read, capsys):
    read(lambda p: xlsx(p, sheets=("Data", "Notes")), file="a.xlsx")
    assert "the first of 2 sheets is read, 'Data'; 'sheet' chooses another: Notes" in capsys.readouterr().err
    read(lambda p: xlsx(p, sheets=("Data", "Notes")), {"sheet": "Data"}, "a.xlsx")
    assert not capsys.readouterr().err


def test_an_old_excel_file(read):
    assert read(xls, file="a.xls") == WHOLE
    found = read(lambda p: xls(p, [["ID", "n"], *[[f"P{i}", i / 4] for i in range(1500)]]), file="a.xls")
    assert len(found) == 1500 and found[1] == {"source_row": "3", "ID": "P1", "n": "0.25"}


def test_an_ods_file(read):
    assert read(ods, file="a.ods") == WHOLE
    day = '<table:table-cell office:value-type="date" office:date-value="2015-02-03"><text:p>3.2.</text:p></table:table-cell>'
    assert read(lambda p: ods(p, [[ods_cell("d")], [day]]), file="a.ods")[0]["d"] == "2015-02-03"


def test_a_fault_in_a_column_that_is_not_taken_stops_nothing(read):
    def fill(sheet, book):
        sheet.write_formula(1, 2, "=X!A1", None, "#REF!")

    with pytest.raises(ReplicalcError, match="#REF!"):
        read(lambda p: xlsx(p, fill), file="a.xlsx")
    assert read(lambda p: xlsx(p, fill), {"only": ["ID", "ER"]}, "a.xlsx")[0] == {
        "source_row": "2",
        "ID": "A",
        "ER": "1",
    }


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        ("<c r='C2' t='e'><v>#REF!</v></c>", r"row 2, column C \('Size'\): the cell holds the error #REF!"),
        ('<c t="e"><v>#REF!</v></c>', "in a cell of the sheet .*: the cell holds the error #REF!"),
        (
            '<c r="C2" s="1"><f t="shared" si="0"/></c>',
            r"row 2, column C \('Size'\): a formula whose value was never computed",
        ),
        ('<c r="C2"><f>1+1</f><v/></c>', "never computed"),
        ('<c r="C2" t="str"><f>""</f><v/></c>', None),
        ('<c r="C2"><f>1+1</f><v>2</v></c>', None),
    ],
)
def test_cells_without_a_value_however_a_program_writes_them(cell, words, read):
    def change(xml: bytes) -> bytes:
        found = re.search(rb'<c r="C2"[^>]*>.*?</c>', xml)[0]
        return xml.replace(found, cell.encode())

    def write(path):
        return make.change_part(xlsx(path), "xl/worksheets/sheet1.xml", change)

    if words is None:
        assert read(write, file="a.xlsx")[0]["Size"] in ("", "2")
        return
    with pytest.raises(ReplicalcError, match=words):
        read(write, file="a.xlsx")


# Files of statistics programs, and Parquet.


def test_a_stata_file_with_numbers_of_four_bytes_and_labels(read):
    data = pd.DataFrame({"id": ["007", "008"], "size": pd.Series([2.7, 0.1], dtype="float32"), "sex": [1, 2]})
    labels = {"id": "ID", "size": "Size (cm)", "sex": "Sex"}
    codes = {"sex": {1: "female", 2: "male"}}
    found = read(
        lambda p: data.to_stata(p, write_index=False, variable_labels=labels, value_labels=codes),
        {"column_names": "labels"},
        "a.dta",
    )
    assert found == [
        {"source_row": "2", "ID": "007", "Size (cm)": "2.7", "Sex": "1"},
        {"source_row": "3", "ID": "008", "Size (cm)": "0.1", "Sex": "2"},
    ]
    assert found.labels == {"Sex": {"1": "female", "2": "male"}}


def test_zeros_that_a_format_shows_are_read(read):
    data = pd.DataFrame({"id": [7.0, 123.0]})
    assert [r["id"] for r in read(lambda p: statistics_file(p, data, variable_format={"id": "N6"}), file="a.sav")] == [
        "000007",
        "000123",
    ]
    assert [
        r["id"] for r in read(lambda p: statistics_file(p, data, variable_format={"id": "%06.0f"}), file="a.dta")
    ] == ["000007", "000123"]


def test_a_sas_file_with_its_catalog(read):
    make.Sas().catalog(read.folder / "f.sas7bcat", {"SEXF": {1: "female", 2: "male"}})
    columns = {"ID": ["A", "B"], "SEX": [1.0, 2.0], "NR": [7.0, 123.0], "D": [20000.0, None]}
    formats = {"SEX": "SEXF", "NR": "Z5", "D": "DATE9"}
    found = read(
        lambda p: make.Sas().data(p, columns, formats),
        {"format_catalog": "f.sas7bcat", "rename": {"SEX": "sex"}},
        "a.sas7bdat",
    )
    assert found == [
        {"source_row": "2", "ID": "A", "sex": "1", "NR": "00007", "D": "2014-10-04"},
        {"source_row": "3", "ID": "B", "sex": "2", "NR": "00123", "D": ""},
    ]
    assert found.labels == {"sex": {"1": "female", "2": "male"}}


def test_a_sas_transport_file(read):
    assert len(read(statistics_file, file="a.xpt")) == 400
    assert read(statistics_file, file="a.xpt")[3] == {
        "source_row": "5",
        "ID": "P0003",
        "ER": "1",
        "Size": "0.3",
        "Op": "01.02.2015",
    }


def test_a_parquet_file_of_every_type(read):
    import decimal

    import pyarrow as pa

    def write(path):
        import pyarrow.parquet as pq

        columns = {
            "text": ["007", None],
            "code": pa.array(["a", "b"]).dictionary_encode(),
            "whole": pa.array([12345678901234567, None], pa.int64()),
            "four": pa.array([2.7, 0.1], pa.float32()),
            "eight": pa.array([0.1 + 0.2, float("nan")], pa.float64()),
            "exact": pa.array([decimal.Decimal("2.50"), None], pa.decimal128(5, 2)),
            "day": pa.array([datetime.date(2015, 2, 3), None]),
            "time": pa.array([datetime.datetime(2015, 2, 3), datetime.datetime(2015, 2, 3, 4, 5)], pa.timestamp("us")),
            "truth": [True, None],
        }
        pq.write_table(pa.table(columns), path)

    rows = read(write, file="a.parquet")
    assert list(rows[0].values()) == [
        "2",
        "007",
        "a",
        "12345678901234567",
        "2.7",
        "0.3",
        "2.50",
        "2015-02-03",
        "2015-02-03",
        "True",
    ]
    assert list(rows[1].values()) == ["3", "", "b", "", "0.1", "", "", "", "2015-02-03T04:05:00", ""]


# Rows and columns that a source takes.


def test_rows_that_are_left_out_are_counted_and_told(read, capsys):
    found = read(csv_of(), {"where": {"status": ["1", 0]}, "rename": {"ER": "status"}})
    assert [row["ID"] for row in found] == ["A", "B"] and found.left_out == [("status is not '1' or '0'", 1)]
    assert "a.csv: 1 rows left out (status is not '1' or '0')" in capsys.readouterr().err
    assert [row["ID"] for row in read(csv_of(), {"where": {"ER": ""}})] == ["C"]


def test_only_some_columns(read):
    found = read(csv_of(), {"only": ["Op", "ID"], "where": {"ER": 1}, "constants": {"site": "N"}})
    assert found == [{"source_row": "2", "Op": "01.02.2015", "ID": "A", "site": "N"}]


def test_a_record_is_like_a_dictionary():
    record = Record({"a": 0, "b": 1}, ("x", ""))
    assert record == {"a": "x", "b": ""} and dict(record) == {**record} and "c" not in record and len(record) == 2
    assert "'a': 'x'" in repr(record)
    with pytest.raises(KeyError):
        record["c"]


def test_columns_are_called_as_a_spreadsheet_calls_them():
    assert all(of_letters(letters(place)) == place for place in range(2000))


def test_the_template_explains_every_key_of_a_source_and_every_way_of_joining():
    schema = json.loads((ROOT / "workflow/schemas/cohort.schema.json").read_text())
    keys = schema["properties"]["sources"]["items"]["properties"]
    template = (ROOT / "config/cohorts/TEMPLATE.yaml").read_text()
    docs = (ROOT / "docs/cohort-files.md").read_text()
    assert [key for key in keys if not re.search(rf"^  .*\b{key}:", template, re.MULTILINE)] == []
    assert tuple(keys["join"]["enum"]) == JOINS
    assert [way for way in JOINS if f"`{way}`" not in docs] == []
