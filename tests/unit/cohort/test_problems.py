"""Every problem of an export at once, every change on record, counts only in what is shared."""

from __future__ import annotations

import csv
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from declared import run_declared, variables
from hypothesis import given
from hypothesis import strategies as st
from project import ROOT

from replicalc.cohort.audit import CHANGE_COLUMNS, PROBLEM_COLUMNS, RULES
from replicalc.cohort.cells import out_of_range
from replicalc.cohort.frame import typed
from replicalc.cohort.schemas import failures
from replicalc.cohort.source import ROW
from replicalc.errors import ReplicalcError
from replicalc.records import load_dictionary, read_csv

VARIABLES = load_dictionary(ROOT / "data/dictionary.csv")
COHORT = variables(
    "er_status: {column: ER, codes: {1: positive, 0: negative}, any_case: true}",
    "mri_pre_mm: {column: Size, unit: mm, units_in_cells: [cm]}",
    'surgery_date: {column: Op, format: "%d.%m.%Y"}',
)
EXPORT = """ID,ER,Size,Op
A,1,25,01.02.2015
A,0,30,01.02.2015
C,2,400,31.02.2015
D,x,big,2015-01-01
,1,-3,01.02.1915
F,,=HYPERLINK("x"),01.02.2015
"""
MISSING = "on_problem: {unparsable: set_missing, unknown_code: set_missing, out_of_range: set_missing}\n"


def as_written(path: Path) -> list[dict]:
    """The cells of a file as a spreadsheet would see them."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_every_problem_of_the_whole_export_at_once(tmp_path):
    with pytest.raises(ReplicalcError) as error:
        run_declared(tmp_path, COHORT, EXPORT)
    rows = as_written(tmp_path / "problems.csv")
    assert tuple(rows[0]) == PROBLEM_COLUMNS
    assert sorted((row["row"], row["variable"], row["value"], row["check"]) for row in rows) == sorted(
        [
            ("rows 2 and 3", "patient_id", "", "duplicate"),
            ("4", "er_status", "2", "unknown_code"),
            ("4", "mri_pre_mm", "400", "out_of_range"),
            ("4", "surgery_date", "31.02.2015", "unparsable"),
            ("5", "er_status", "x", "unknown_code"),
            ("5", "mri_pre_mm", "big", "unparsable"),
            ("5", "surgery_date", "2015-01-01", "unparsable"),
            ("6", "patient_id", "", "no_identifier"),
            ("6", "mri_pre_mm", "-3", "out_of_range"),
            ("6", "surgery_date", "1915-02-01", "out_of_range"),
            ("7", "mri_pre_mm", '\'=HYPERLINK("x")', "unparsable"),
        ]
    )
    assert all(row["problem"] and row["stops_the_run"] == "yes" for row in rows)
    message = str(error.value)
    assert message.count("\n  - ") == 11 and "and 1 more of this kind" in message
    assert (
        f"In all 11 problems stop the run. Every one, with row, column and value, is in {tmp_path}/problems.csv"
        in message
    )
    assert "patients' data" in message and not (tmp_path / "validation.csv").exists()


def test_going_on_with_what_is_set_missing_is_counted_and_on_record(tmp_path):
    export = EXPORT.replace("A,0", "B,0").replace("\n,1", "\nE,1")
    rows = run_declared(tmp_path, COHORT + MISSING, export)
    assert [(row["er_status"], row["mri_pre_mm"], row["surgery_date"]) for row in rows] == [
        ("positive", "25", "2015-02-01"),
        ("negative", "30", "2015-02-01"),
        *[("", "", "")] * 2,
        ("positive", "", ""),
        ("", "", "2015-02-01"),
    ]
    counts = {(row["variable"], row["check"]): row for row in read_csv(tmp_path / "validation.csv")}
    assert {
        place: (row["n_checked"], row["n_found"], row["stops_the_run"])
        for place, row in counts.items()
        if row["check"] in ("unknown code", "unreadable", "out of range")
    } == {
        ("er_status", "unknown code"): ("5", "2", "no"),
        ("mri_pre_mm", "unreadable"): ("4", "2", "no"),
        ("mri_pre_mm", "out of range"): ("4", "2", "no"),
        ("surgery_date", "unreadable"): ("5", "2", "no"),
        ("surgery_date", "out of range"): ("4", "1", "no"),
    }
    changes = as_written(tmp_path / "changes.csv")
    assert tuple(changes[0]) == CHANGE_COLUMNS
    assert {(row["row"], row["variable"], row["from"], row["to"], row["rule"]) for row in changes} == {
        ("4", "er_status", "2", "", "unknown_code_set_missing"),
        ("5", "er_status", "x", "", "unknown_code_set_missing"),
        ("4", "mri_pre_mm", "400", "", "out_of_range_set_missing"),
        ("5", "mri_pre_mm", "big", "", "unparsable_set_missing"),
        ("6", "mri_pre_mm", "-3", "", "out_of_range_set_missing"),
        ("7", "mri_pre_mm", '\'=HYPERLINK("x")', "", "unparsable_set_missing"),
        ("4", "surgery_date", "31.02.2015", "", "unparsable_set_missing"),
        ("5", "surgery_date", "2015-01-01", "", "unparsable_set_missing"),
        ("6", "surgery_date", "01.02.1915", "", "out_of_range_set_missing"),
    }
    problems = read_csv(tmp_path / "problems.csv")
    assert len(problems) == 9 and {row["stops_the_run"] for row in problems} == {"no"}


def test_counts_only_in_what_is_shared(tmp_path):
    run_declared(tmp_path, COHORT + MISSING, EXPORT.replace("A,0", "B,0").replace("\n,1", "\nE,1"))
    shared = (tmp_path / "validation.csv").read_text()
    assert "31.02.2015" not in shared and "big" not in shared and "HYPERLINK" not in shared
    for row in read_csv(tmp_path / "validation.csv"):
        assert row["n_checked"].isdecimal() and row["n_found"].isdecimal()


def test_a_clean_export_leaves_an_empty_list_and_counts_of_zero(tmp_path):
    (tmp_path / "problems.csv").write_text("from an earlier run")
    run_declared(tmp_path, COHORT, "ID,ER,Size,Op\nA,1,25,01.02.2015\n")
    assert read_csv(tmp_path / "problems.csv") == [] and read_csv(tmp_path / "changes.csv") == []
    found = {(row["variable"], row["check"], row["n_found"]) for row in read_csv(tmp_path / "validation.csv")}
    assert {
        ("er_status", "unknown code", "0"),
        ("mri_pre_mm", "out of range", "0"),
        ("patient_id", "duplicate or empty", "0"),
    } <= found


def test_what_cleaning_changed_and_by_which_rule(tmp_path):
    cohort = variables(
        "er_status: {column: ER, codes: {Pos: positive, neg: negative}, any_case: true}",
        "tumour_diameter_mm: {column: Size, unit: mm, units_in_cells: [cm]}",
        "calc_type: {column: Type, codes: {ROUND: round, AMORPHOUS: amorphous}, split: '-', of_several: highest}",
        "birads: {column: BI, codes: {3: 3, 4: 4}}",
    )
    more = "missing: ['', n/a]\ndecimal: ','\ncollapse: {birads: highest}\n"
    export = (
        'ID,ER,Size,Type,BI\nA,POS,"2,5 cm",ROUND-AMORPHOUS,3\nA,Pos,"2,5 cm",AMORPHOUS-ROUND,4\nB,n/a,"7,5",ROUND,3\n'
    )
    run_declared(tmp_path, cohort + more, export)
    changes = as_written(tmp_path / "changes.csv")
    assert [(row["row"], row["variable"], row["from"], row["to"], row["rule"]) for row in changes] == [
        ("2", "er_status", "POS", "positive", "spelling"),
        ("4", "er_status", "n/a", "", "missing_code"),
        ("2", "tumour_diameter_mm", "2,5 cm", "25", "unit_in_cell+decimal_comma"),
        ("3", "tumour_diameter_mm", "2,5 cm", "25", "unit_in_cell+decimal_comma"),
        ("4", "tumour_diameter_mm", "7,5", "7.5", "decimal_comma"),
        ("2", "calc_type", "ROUND-AMORPHOUS", "amorphous", "several_codes"),
        ("3", "calc_type", "AMORPHOUS-ROUND", "amorphous", "several_codes"),
        ("2 and 3", "birads", "3 | 4", "4", "rows_collapsed"),
    ]
    assert {rule for row in changes for rule in row["rule"].split("+")} <= set(RULES)


def test_rows_that_stand_twice_are_named_with_the_row_that_is_kept(tmp_path):
    rows = "ID,ER,Size,Op\nA,1,25,01.02.2015\nB,1,25,01.02.2015\nA,1,25,01.02.2015\n"
    run_declared(tmp_path, COHORT + "identical_rows: keep_first\n", rows)
    (change,) = read_csv(tmp_path / "changes.csv")
    assert (change["row"], change["to"], change["rule"]) == ("4", "dropped; row 2 is kept", "identical_row_dropped")


def test_a_value_out_of_range_that_another_row_hides_is_still_a_problem(tmp_path):
    more = COHORT + "collapse: {mri_pre_mm: lowest}\n"
    export = "ID,ER,Size,Op\nA,1,25,01.02.2015\nA,1,999,01.02.2015\n"
    with pytest.raises(ReplicalcError, match=r"row 3, column 'Size' \(mri_pre_mm\): value 999 mm is impossible"):
        run_declared(tmp_path, more, export)
    rows = run_declared(tmp_path, more.replace("lowest", "highest") + MISSING, export)
    assert [row["mri_pre_mm"] for row in rows] == ["25"]  # set missing before the rows are taken together


def test_rows_that_do_not_fit_together_are_told_with_everything_else(tmp_path):
    export = "ID,ER,Size,Op\nA,1,25,01.02.2015\nA,0,25,01.02.2015\nB,1,1000,01.02.2015\n"
    with pytest.raises(ReplicalcError) as error:
        run_declared(tmp_path, COHORT + "collapse: {mri_pre_mm: highest}\n", export)
    assert "differs between the rows of one patient" in str(error.value) and "value 1000 mm" in str(error.value)
    assert [row["check"] for row in read_csv(tmp_path / "problems.csv")] == ["rows_differ", "out_of_range"]


def test_no_identifier_in_any_of_the_files(tmp_path):
    export = EXPORT.replace("A,", "Zappa,").replace("C,", "Quark,")
    with pytest.raises(ReplicalcError) as error:
        run_declared(tmp_path, COHORT, export)
    for text in (str(error.value), (tmp_path / "problems.csv").read_text(), (tmp_path / "changes.csv").read_text()):
        assert "Zappa" not in text and "Quark" not in text


@given(
    st.lists(
        st.tuples(st.floats(-10, 400, width=32), st.dates(), st.sampled_from(["1", "2", "3", ""])),
        min_size=1,
        max_size=20,
    )
)
def test_pandera_finds_what_a_comparison_value_by_value_finds(rows):
    table = pd.DataFrame(
        [[str(i), repr(float(size)), day.isoformat(), code] for i, (size, day, code) in enumerate(rows)],
        columns=[ROW, "mri_pre_mm", "surgery_date", "grade"],
    )
    dated = table["surgery_date"].str.slice(0, 4).astype(int).between(1700, 2200)
    table = table[dated].reset_index(drop=True)
    expected = [
        (name, row, "out_of_range")
        for name in ("mri_pre_mm", "surgery_date")
        for row, value in table[name].items()
        if out_of_range(value, VARIABLES[name])
    ]
    if len(table):
        assert failures(typed(table, VARIABLES), VARIABLES) == expected


def test_pandera_finds_a_code_that_the_dictionary_lacks():
    frame = pd.DataFrame({ROW: [2, 3, 4], "grade": ["1", "9", None]})
    assert failures(frame, VARIABLES) == [("grade", 1, "unknown_code")]


def test_a_dry_run_imports_neither_pandera_nor_pandas():
    code = (
        "import sys; from replicalc.cohort import derivation, flow, mapping, validation; "
        "print([m for m in ('pandas', 'pandera', 'numpy', 'scipy') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT / "workflow")
    assert done.stdout == "[]\n", done.stderr
