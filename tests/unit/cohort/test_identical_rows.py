"""A row that stands in the export twice is dropped where the cohort file says so, and counted; nothing else is."""

from __future__ import annotations

import pytest
from project import ROOT
from refusals import refused

from replicalc.cohort import derivation, flow
from replicalc.cohort.frame import read_cohort
from replicalc.cohort.mapping import map_export
from replicalc.cohort.validation import validate_cohort
from replicalc.records import read_csv

COHORT = """
cohort: mini
kind: real
title: three patients
unit_of_analysis: patient
clustering: none
sources: [{file: export.csv}]
unit_id: [patient_id]
variables:
  patient_id: {column: ID}
  er_status: {column: ER, codes: {1: positive, 0: negative}}
  malignant: {column: Ca, codes: {1: "yes", 0: "no"}}
unused_columns: [Ward]
"""
EXPORT = "ID,ER,Ca,Ward\nA,1,1,x\nB,0,1,x\nA,1,1,x\nC,,0,y\nB,0,1,x\nA,1,1,x\n"
DICTIONARY = ROOT / "data" / "dictionary.csv"
KEEP = "identical_rows: keep_first\n"


@pytest.fixture
def run(tmp_path):
    def go(export=EXPORT, more=KEEP):
        (tmp_path / "export.csv").write_text(export)
        how = tmp_path / "mini.yaml"
        how.write_text(COHORT + more)
        mapped, checks = tmp_path / "mapped.csv", tmp_path / "validation.csv"
        map_export([tmp_path / "export.csv"], how, DICTIONARY, mapped, tmp_path / "log")
        validate_cohort(mapped, how, DICTIONARY, checks, tmp_path / "log")
        return mapped, checks, how

    go.folder = tmp_path
    return go


def test_the_first_of_identical_rows_is_kept_and_the_others_counted(run):
    mapped, checks, _ = run()
    assert [(r["patient_id"], r["source_row"], r["identical_rows"]) for r in read_csv(mapped)] == [
        ("A", "2", "3"),
        ("B", "3", "2"),
        ("C", "5", "1"),
    ]
    found = next(row for row in read_csv(checks) if row["check"] == "identical rows")
    assert (found["n_checked"], found["n_found"], found["stops_the_run"]) == ("3", "2", "no")
    assert found["note"].startswith("6 rows in the export, 3 of them different")


def test_the_flow_begins_with_them(run, tmp_path):
    mapped, checks, how = run()
    study = ROOT / "config/studies/nact_bone/study.yaml"
    files = {
        name: tmp_path / name for name in ("derived.csv", "derivations.csv", "flow.csv", "c.parquet", "all.parquet")
    }
    log = tmp_path / "log"
    derivation.derive_cohort(
        mapped, checks, study, how, DICTIONARY, files["derived.csv"], files["derivations.csv"], log
    )
    outs = [files[name] for name in ("flow.csv", "c.parquet", "all.parquet")]
    flow.select_patients(files["derived.csv"], study, how, DICTIONARY, *outs, log)
    steps = [
        (s["step"], s["criterion"], s["n_before"], s["n_excluded"], s["n_after"]) for s in read_csv(files["flow.csv"])
    ]
    assert steps[:2] == [("1", "identical_rows", "6", "3", "3"), ("2", "breast_cancer", "3", "1", "2")]
    everybody = read_cohort(files["all.parquet"]).frame
    assert list(everybody["patient_id"]) == ["A", "B", "C"] and "identical_rows" not in everybody


def test_the_same_id_with_another_content_stops_the_run_and_names_what_differs(run):
    other = EXPORT.replace("A,1,1,x\nC", "A,0,1,x\nC")
    said = refused(run, "rows 2 and 4", "more than once", "differ in er_status;", export=other)
    assert "positive" not in said and "negative" not in said


def test_a_difference_in_a_column_that_is_not_mapped_is_a_difference(run):
    refused(run, "rows 2 and 4", "but not in every column", export=EXPORT.replace("A,1,1,x\nC", "A,1,1,z\nC"))


def test_without_the_key_identical_rows_stop_the_run_and_the_key_is_named(run):
    refused(run, "rows 2 and 4 and 7", "identical_rows: keep_first", more="")


def test_cells_are_compared_without_the_blanks_around_them(run):
    mapped, _, _ = run(export=EXPORT.replace("A,1,1,x\nC", "A, 1 ,1,x\nC"))
    assert [row["identical_rows"] for row in read_csv(mapped)] == ["3", "2", "1"]


@pytest.mark.parametrize(
    ("more", "word"),
    [
        ("join_on: ID\n", "cannot be used with 'join_on'"),
        ("collapse: {er_status: first}\n", "not needed with 'collapse'"),
    ],
)
def test_what_it_does_not_go_with(run, more, word):
    refused(run, word, more=KEEP + more)


def test_another_word_is_refused(run):
    refused(run, "identical_rows", "keep_first", more="identical_rows: drop\n")
