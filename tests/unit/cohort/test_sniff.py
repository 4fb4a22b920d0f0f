"""What is proposed for a file reads it: the same table comes out for any delimiter, encoding, decimal sign and title."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from making_files import csv_of, ods, statistics_file, xlsx

from replicalc.cohort import sniff as sniffing
from replicalc.cohort.sniff import Sniffed, sniff
from replicalc.cohort.source import read_table
from replicalc.errors import ReplicalcError

HEADER = ["Patient", "Größe (mm)", "Befund", "Datum"]


def rows_of(n: int, decimal: str) -> list[list[str]]:
    return [
        [f"{i:04d}", f"{i % 30}{decimal}{i % 10}", ("Müller", "früh, spät", "")[i % 3], f"{1 + i % 28:02d}.03.2015"]
        for i in range(n)
    ]


@settings(max_examples=60, deadline=None)
@given(
    delimiter=st.sampled_from([",", ";", "\t", "|"]),
    decimal=st.sampled_from([".", ","]),
    encoding=st.sampled_from(
        ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252", "cp850", "mac_roman"]
    ),
    title=st.sampled_from([0, 1, 3]),
    n=st.integers(3, 40),
    end=st.sampled_from(["\n", "\r\n", "\r"]),
)
def test_what_is_proposed_reads_the_file(delimiter, decimal, encoding, title, n, end, tmp_path_factory):
    rows = rows_of(n, decimal)
    written = [[f'"{cell}"' if delimiter in cell else cell for cell in cells] for cells in rows]
    text = f"Auswertung der Klinik{end}" * title + csv_of(written, HEADER, delimiter, end)
    path = tmp_path_factory.mktemp("sniff") / "a.csv"
    path.write_bytes(text.encode(encoding))
    found = sniff(path)
    assert (found.kind, found.delimiter, found.decimal, found.header_row) == ("text", delimiter, decimal, title + 1)
    assert found == sniff(path)
    table = read_table(path, found.source("a.csv"))
    assert [list(record.values())[1:] for record in table] == rows and list(table[0])[1:] == HEADER


def test_a_note_for_excel_tells_the_delimiter(tmp_path):
    (tmp_path / "a.csv").write_text("sep=;\n" + csv_of(delimiter=";"))
    found = sniff(tmp_path / "a.csv")
    assert found == Sniffed("text", "utf-8", ";", ".", 2)
    assert len(read_table(tmp_path / "a.csv", found.source("a.csv"))) == 3


def test_one_column_has_no_delimiter_to_be_found(tmp_path):
    (tmp_path / "a.csv").write_text("ID\nA\nB\n")
    assert sniff(tmp_path / "a.csv") == Sniffed("text", "utf-8", ",", None, 1)


def test_only_the_beginning_of_a_big_file_is_looked_at(tmp_path, monkeypatch):
    """A part ends anywhere: within a letter, a cell, a row."""
    path = tmp_path / "a.csv"
    path.write_text(csv_of(rows_of(400, ","), HEADER, ";"), encoding="utf-8")
    for size in range(900, 960):
        monkeypatch.setattr(sniffing, "FIRST_BYTES", size)
        assert sniff(path) == Sniffed("text", "utf-8", ";", ",", 1)


@pytest.mark.parametrize("make", [xlsx, ods])
def test_a_workbook(make, tmp_path):
    path = make(tmp_path / f"a.{make.__name__}")
    found = sniff(path)
    assert found == Sniffed("workbook", decimal=".", header_row=1, sheets=("Data",))
    assert found.source(path.name) == {"file": path.name, "sheet": "Data"}


def test_the_sheet_that_is_asked_for(tmp_path):
    def fill(sheet, book):
        other = book.add_worksheet("Other")
        other.write_string(0, 0, "a title")
        other.write_row(2, 0, ["ID", "Size"])
        other.write_row(3, 0, ["A", "2,5"])

    path = xlsx(tmp_path / "a.xlsx", fill)
    found = sniff(path, "Other")
    assert (found.header_row, found.decimal, found.sheets) == (3, ",", ("Data", "Other"))
    assert read_table(path, found.source("a.xlsx", "Other"))[0]["Size"] == "2,5"


@pytest.mark.parametrize(
    ("ending", "kind"), [("sav", "spss"), ("dta", "stata"), ("parquet", "parquet"), ("xpt", "sas")]
)
def test_files_of_statistics_programs_say_all_themselves(ending, kind, tmp_path):
    path = statistics_file(tmp_path / f"a.{ending}")
    assert sniff(path) == Sniffed(kind) and sniff(path).source(path.name) == {"file": path.name}


@pytest.mark.parametrize(
    ("file", "content", "words"),
    [
        ("a.csv", b"", "the file is empty"),
        ("a.csv", b"PK\x03\x04", "not a text file but a workbook"),
        ("a.docx", b"x", "files of type '.docx' cannot be read"),
        ("a.xlsx", b"ID,ER\n", "it is a text file"),
    ],
)
def test_what_is_no_table_is_refused(file, content, words, tmp_path):
    (tmp_path / file).write_bytes(content)
    with pytest.raises(ReplicalcError, match=words):
        sniff(tmp_path / file)
    with pytest.raises(ReplicalcError, match="no such file"):
        sniff(tmp_path / "none.csv")


def test_files_that_are_all_quotation_marks_or_noise_do_not_break_it(tmp_path):
    for number, content in enumerate(
        (b'"', b'"a;b\n' * 50_000, b"\xff" * 100, b";;;\n;;;\n", b"1;2\n3;4\n", b"\n\n\nx")
    ):
        path = tmp_path / f"{number}.csv"
        path.write_bytes(content)
        assert sniff(path).kind == "text"
