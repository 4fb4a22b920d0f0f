"""Doors and mapping together: labels beside values, several key columns, codes that became dates, a project's missing codes."""

from __future__ import annotations

import pandas as pd
import pytest
from making_files import csv_of, statistics_file, xlsx
from project import ROOT

from replicalc.cohort.mapping import map_export
from replicalc.errors import ReplicalcError
from replicalc.records import read_csv

TOP = "cohort: mini\nkind: real\ntitle: a few\nunit_of_analysis: patient\nclustering: none\nunit_id: [patient_id]\n"


@pytest.fixture
def run(tmp_path):
    def go(files: list[str], text: str) -> list[dict[str, str]]:
        (tmp_path / "mini.yaml").write_text(TOP + text)
        out = tmp_path / "mapped.csv"
        exports = [str(tmp_path / file) for file in files]
        map_export(exports, tmp_path / "mini.yaml", ROOT / "data" / "dictionary.csv", out, tmp_path / "log")
        return read_csv(out)

    go.folder = tmp_path
    return go


def test_a_message_shows_the_label_beside_the_code(run):
    data = pd.DataFrame({"id": ["a", "b"], "er": [1.0, 9.0]})
    statistics_file(run.folder / "a.sav", data, variable_value_labels={"er": {1.0: "positive", 9.0: "not asked"}})
    text = "sources: [{file: a.sav}]\nvariables: {patient_id: {column: id}, er_status: {column: er, codes: {1: positive}}}\n"
    with pytest.raises(
        ReplicalcError, match=r"row 3, column 'er': value '9' \(not asked\) is not a known code. Allowed: 1"
    ):
        run(["a.sav"], text)


def test_two_columns_are_the_key_of_two_files(run):
    (run.folder / "a.csv").write_text("id,side,er\n1,L,1\n1,R,0\n")
    (run.folder / "b.csv").write_text("nr;side;size\n1;R;2.5\n1;L;1.5\n")
    text = """
sources: [{file: a.csv}, {file: b.csv, delimiter: ";", rename: {nr: id}, join: left}]
join_on: [id, side]
variables:
  patient_id: {columns: [id, side]}
  er_status: {column: er, codes: {1: positive, 0: negative}}
  mri_pre_mm: {column: size, unit: mm}
"""
    rows = run(["a.csv", "b.csv"], text)
    assert [(r["patient_id"], r["er_status"], r["mri_pre_mm"]) for r in rows] == [
        ("1/L", "positive", "1.5"),
        ("1/R", "negative", "2.5"),
    ]


def test_an_identifier_that_became_a_date(run):
    import datetime

    def fill(sheet, book):
        sheet.write_datetime(2, 0, datetime.datetime(2015, 1, 3), book.add_format({"num_format": "d-mmm"}))

    xlsx(run.folder / "a.xlsx", fill)
    text = "sources: [{file: a.xlsx}]\nvariables: {patient_id: {column: ID}}\nunused_columns: [ER, Size, Op]\n"
    with pytest.raises(ReplicalcError, match=r"row 3, column 'ID'.*this is an identifier; .* the code '3-1' or '1-3'"):
        run(["a.xlsx"], text)


def test_a_code_that_became_a_date_is_told_as_one(run):
    (run.folder / "a.csv").write_text(csv_of([["A", "3-Jan", "", ""]]))
    text = "sources: [{file: a.csv}]\nvariables: {patient_id: {column: ID}, er_status: {column: ER, codes: {3-1: positive}}}\nunused_columns: [Size, Op]\n"
    with pytest.raises(
        ReplicalcError, match=r"value '3-Jan' is not a known code. Allowed: 3-1; a spreadsheet may have made"
    ):
        run(["a.csv"], text)


def test_codes_declared_missing_need_not_be_choices_of_the_project(run):
    (run.folder / "a.csv").write_text("record_id,er\n1,1\n2,-99\n")
    (run.folder / "p.csv").write_text(
        'field_name,form_name,field_type,select_choices_or_calculations\nrecord_id,f,text,\ner,f,radio,"1, Positive | 0, Negative"\n'
    )
    text = """
sources: [{file: a.csv, data_dictionary: p.csv}]
missing: ["", -99]
variables: {patient_id: {column: record_id}, er_status: {column: er, codes: {1: positive, 0: negative}}}
"""
    assert [row["er_status"] for row in run(["a.csv"], text)] == ["positive", ""]


def test_a_text_that_a_spreadsheet_would_run_is_written_inert_and_read_back(run):
    from replicalc.cohort.frame import read_text_table, write_step

    (run.folder / "a.csv").write_text("id\n=1+1\n'=2\n-3\n")
    text = "sources: [{file: a.csv}]\nvariables: {patient_id: {column: id}}\n"
    assert [row["patient_id"] for row in run(["a.csv"], text)] == ["=1+1", "'=2", "-3"]
    assert (run.folder / "mapped.csv").read_text().split() == ["source_row,patient_id", "2,'=1+1", "3,''=2", "4,-3"]
    frame = read_text_table(run.folder / "mapped.csv")
    assert list(frame["patient_id"]) == ["=1+1", "'=2", "-3"]
    write_step(frame, run.folder / "derived.csv")
    assert (run.folder / "derived.csv").read_text().split()[1] == "2,'=1+1"
    assert read_text_table(run.folder / "derived.csv").equals(frame)
