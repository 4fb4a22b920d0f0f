"""The large way from an export to the analysis file leaves what the way row by row leaves, to the byte."""

from __future__ import annotations

import pandas as pd
import pytest
from cleaning import cleaned, large, same
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from project import ROOT, STUDY

from replicalc.cohort.large import limits
from replicalc.cohort.large.columns import Coded, coded, combined, joined, tidy
from replicalc.errors import ReplicalcError
from replicalc.records import read_csv

DICTIONARY = ROOT / "data" / "dictionary.csv"
HEAD = """cohort: mini
kind: real
title: a few patients
unit_of_analysis: patient
clustering: none
sources: [{file: FILE, constants: {Ward: "7"}}]
unit_id: [patient_id]
missing: ["", n/a]
unused_columns: [Ward]
"""
VARIABLES = """variables:
  patient_id: {column: ID}
  er_status: {column: ER, codes: {pos: positive, neg: negative}, any_case: true}
  birads: {column: BI-RADS, codes: {3: "3", 4: "4", 5: "5"}, split: "+", of_several: highest}
  birth_date: {column: Born, format: "%d.%m.%Y"}
  surgery_date: {column: Operated, format: "%d.%m.%Y", missing: [never]}
  age_years: {duration: {from: {variable: birth_date}, until: {column: Operated, format: "%d.%m.%Y", missing: [never]}, in: year, completed: true}}
  tumour_diameter_mm: {column: Size, unit: mm, units_in_cells: [cm]}
  surgery: {constant: mastectomy}
  mri_pre_mm: {column: MRI, unit: cm}
  er_percent: {column: Stained, unit: percent}
"""
COLUMNS = ("ID", "ER", "BI-RADS", "Born", "Operated", "Size", "MRI", "Stained")
MISSING = "on_problem: {unparsable: set_missing, unknown_code: set_missing, out_of_range: set_missing, negative_duration: set_missing, surgery_before_birth: set_missing}\n"
KEEP = "identical_rows: keep_first\n"
GOOD = ("A1", "pos", "3+4", "01.02.1960", "03.04.2015", "2.5cm", "2", "0")
CELLS = (
    st.sampled_from(["A1", "a1", "A2", "A3", "A4", "Ä5", "ä5", "B-6", "", "n/a", "=7", "3-Jan"]),
    st.sampled_from(["pos", "neg", "POS", " neg", "?", "", "n/a"]),
    st.sampled_from(["3", "4+5", "3+3", "5+x", "7", ""]),
    st.sampled_from(["01.02.1960", "28.02.1985", "1.1.1890", "31.02.1970", "never", ""]),
    st.sampled_from(["03.04.2015", "01.01.1950", "never", "soon", ""]),
    st.sampled_from(["12", "1.5cm", "1,5", "-3", "9000", "x", "0", ""]),
    st.sampled_from(["0", "2", "2.25", "500", "small", ""]),
    st.sampled_from(["0", "60", "101", ""]),
)


def write(folder, rows, kind="csv", more="", sign=","):
    """Write an export and its cohort file; return both."""
    export, cohort = folder / f"export.{kind}", folder / "mini.yaml"
    if kind == "csv":
        export.write_text("".join(f"{sign.join(row)}\n" for row in (COLUMNS, *rows)), encoding="utf-8")
    else:
        pd.DataFrame([[cell or None for cell in row] for row in rows], columns=COLUMNS).to_parquet(export)
    cohort.write_text(HEAD.replace("FILE", export.name) + VARIABLES + more, encoding="utf-8")
    return export, cohort


def both(folder, export, cohort, at_once=3):
    """Clean an export both ways, hold them against each other, and return what the way row by row left."""
    files = (export, cohort, STUDY / "study.yaml", DICTIONARY)
    by_row = cleaned(folder / "steps", *files)
    with large(at_once):
        same(by_row, cleaned(folder / "steps", *files))
    return by_row


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(st.tuples(*CELLS), min_size=1, max_size=12),
    kind=st.sampled_from(["csv", "parquet"]),
    more=st.sampled_from(["", KEEP, MISSING, MISSING + KEEP]),
    at_once=st.integers(1, 5),
)
def test_any_export_leaves_the_same_both_ways(tmp_path, rows, kind, more, at_once):
    both(tmp_path, *write(tmp_path, rows, kind, more), at_once)


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_the_same_from_a_clean_export(tmp_path, kind):
    rows = [(f"P{n}", *GOOD[1:]) for n in range(10)]
    left = both(tmp_path, *write(tmp_path, [*rows, rows[4]], kind, KEEP))
    assert left["stopped"] == ""
    assert len(left["cohort"]) > 0


def test_typed_columns_are_read_as_the_door_reads_them(tmp_path):
    frame = pd.DataFrame(
        {
            "ID": [100, 20, 3000],
            "ER": pd.Categorical(["pos", "neg", None], categories=["neg", "pos", "?"]),
            "BI-RADS": [3.0, None, 5.0],
            "Born": pd.to_datetime(["1960-02-01", "1970-01-01", None]),
            "Operated": pd.to_datetime(["2015-04-03", "2016-01-01", "2017-01-01"]).date,
            "Size": pd.array([1.1, 2.7, 30], dtype="float32"),
            "MRI": [2.25, 1e-3, None],
            "Stained": [None, None, None],
        }
    )
    export, cohort = write(tmp_path, [GOOD], "parquet")
    frame.to_parquet(export)
    left = both(tmp_path, export, cohort, at_once=2)
    assert left["mapped"]["patient_id"].tolist() == ["100", "20", "3000"]
    assert left["mapped"]["tumour_diameter_mm"].tolist() == ["1.1", "2.7", "30"]


FAULTS = {
    "a row too long": ",".join((*GOOD, "x")),
    "a row too short": "A2,pos",
    "the last row cut off": "A2,pos,3",
    "a quotation mark never closed": 'A2,"pos',
    "a quotation mark after which the cell goes on": 'A2,"pos"x,3,,,,,',
    "nothing wrong, but quoted line breaks": 'A2,"po\ns",3,,,,,',
    "a blank line": "\n" + ",".join(("A2", *GOOD[1:])),
    "a row of blanks": " , ,,,,,,",
    "a cell that is too long": f"A2,{'x' * 140_000},,,,,,",
    "a return within a cell": "A2,po\rs,,,,,,",
}


@pytest.mark.parametrize("row", FAULTS.values(), ids=FAULTS)
@pytest.mark.parametrize("last", [True, False])
def test_a_malformed_text_file_is_refused_with_the_same_words(tmp_path, row, last):
    export, cohort = write(tmp_path, [GOOD])
    after = "" if last else f"\n{','.join(('A9', *GOOD[1:]))}\n"
    export.write_text(export.read_text() + row + after, encoding="utf-8", newline="")
    both(tmp_path, export, cohort)


def test_other_faults_of_a_file_have_the_same_words(tmp_path):
    export, cohort = write(tmp_path, [GOOD] * 5, "parquet")
    whole = export.read_bytes()
    export.write_bytes(whole[:200] + bytes(150) + whole[350:])
    assert "not a readable Parquet file" in both(tmp_path, export, cohort)["stopped"]
    export, cohort = write(tmp_path, [GOOD])
    export.write_bytes(export.read_bytes() + b"A2,p\xe4s\n")
    assert "is not utf-8 text" in both(tmp_path, export, cohort)["stopped"]
    export, cohort = write(tmp_path, [], "csv")
    assert "no records below the header" in both(tmp_path, export, cohort)["stopped"]
    export, cohort = write(tmp_path, [GOOD])
    cohort.write_text(cohort.read_text().replace("column: ER", "column: PR"))
    assert "column 'PR' is missing" in both(tmp_path, export, cohort)["stopped"]
    export, cohort = write(tmp_path, [GOOD] * 3)
    cohort.write_text(cohort.read_text().replace("file: export.csv", "file: export.csv, records: 4"))
    assert "published total of cohort mini is 4" in both(tmp_path, export, cohort)["stopped"]


def test_columns_without_a_name(tmp_path):
    export, cohort = write(tmp_path, [GOOD] * 2)
    lines = export.read_text().splitlines()
    export.write_text("".join(f"{line},,\n" for line in lines))
    assert "no identifier" not in both(tmp_path, export, cohort)["stopped"]
    export.write_text("".join(f"{line},,{'x' * (line != lines[0])}\n" for line in lines))
    assert "'(column J)' is neither mapped nor listed" in both(tmp_path, export, cohort)["stopped"]


def test_columns_of_choice_and_other_names(tmp_path):
    export, cohort = write(tmp_path, [(f"P{n}", *GOOD[1:]) for n in range(4)])
    export.write_text(export.read_text().replace("Stained", "ER %"))
    only = "only: [ID, ER, BI-RADS, Born, Operated, Size, Stained, MRI], rename: {ER %: Stained}"
    cohort.write_text(cohort.read_text().replace("file: export.csv", f"file: export.csv, {only}"))
    assert both(tmp_path, export, cohort)["stopped"] == ""
    cohort.write_text(cohort.read_text().replace("only: [ID", "only: [Age, ID"))
    assert "'only' names the column 'Age'" in both(tmp_path, export, cohort)["stopped"]


def test_published_totals_and_semicolons(tmp_path):
    rows = [(f"P{n}", *GOOD[1:]) for n in range(5)]
    totals = (
        "totals: {distinct patient_id: 5, er_status=positive: 4, distinct birth_date where er_status=positive: 1}\n"
    )
    export, cohort = write(tmp_path, rows, more=totals, sign=";")
    cohort.write_text(cohort.read_text().replace("file: export.csv", 'file: export.csv, delimiter: ";"'))
    assert "published total 'er_status=positive' is 4, but the file has 5" in both(tmp_path, export, cohort)["stopped"]


def test_a_derived_variable_that_is_empty_throughout_is_lacking_for_the_next(tmp_path):
    (tmp_path / "export.csv").write_text("ID,CC,MLO,After\n" + "A,10,,5\nB,,10,5\n" * 3)
    cohort = tmp_path / "mini.yaml"
    extents = "".join(
        f"  {name}: {{column: {column}, unit: mm}}\n"
        for name, column in (
            ("calc_cc_pre_mm", "CC"),
            ("calc_mlo_pre_mm", "MLO"),
            ("calc_cc_post_mm", "After"),
            ("calc_mlo_post_mm", "After"),
        )
    )
    head = HEAD.replace('FILE, constants: {Ward: "7"}', "export.csv").replace("unused_columns: [Ward]\n", KEEP)
    cohort.write_text(head + "variables:\n  patient_id: {column: ID}\n" + extents)
    (tmp_path / "export.csv").write_text("ID,CC,MLO,After\nA,10,,5\nB,,10,5\nC,,,5\nD,7,,5\n")
    left = both(tmp_path, tmp_path / "export.csv", cohort, at_once=2)
    assert "not derived: the cohort has no calc_extent_pre_mm" in left["derivations"].decode()


def test_what_is_not_listed_is_counted(tmp_path):
    rows = [(f"P{n}", "?" if n % 3 else "POS", *GOOD[2:5], "x", *GOOD[6:]) for n in range(30)]
    export, cohort = write(tmp_path, rows, more=MISSING)
    files = (export, cohort, STUDY / "study.yaml", DICTIONARY)
    by_row = cleaned(tmp_path / "steps", *files)
    with large(at_once=4, listed=2):
        capped = cleaned(tmp_path / "steps", *files)
    assert by_row["validation"] == capped["validation"]
    pd.testing.assert_frame_equal(by_row["cohort"], capped["cohort"])
    with large(at_once=4, listed=2):
        cleaned(tmp_path / "steps", *files)
        problems = read_csv(tmp_path / "steps" / "problems.csv")
        changes = read_csv(tmp_path / "steps" / "changes.csv")
    assert [row["row"] for row in problems if row["variable"] == "er_status"] == ["3", "4", "and 18 more rows"]
    assert [row["row"] for row in problems if row["variable"] == "tumour_diameter_mm"] == ["2", "3", "and 28 more rows"]
    spelled = [row["row"] for row in changes if (row["variable"], row["rule"]) == ("er_status", "spelling")]
    assert spelled == ["2", "5", "and 8 more rows"]


def test_a_message_counts_what_is_not_listed(tmp_path):
    rows = [(f"P{n}", "?", *GOOD[2:]) for n in range(30)]
    export, cohort = write(tmp_path, rows)
    with large(at_once=4, listed=8):
        stopped = cleaned(tmp_path / "steps", export, cohort, STUDY / "study.yaml", DICTIONARY)["stopped"]
    assert "rows 2, 3, 4, 5, 6 and at least 3 more" in stopped
    assert "In all 30 problems stop the run" in stopped


def test_many_rows_with_one_identifier(tmp_path):
    rows = [("P1", "pos", *GOOD[2:])] * 3 + [("P1", "neg", *GOOD[2:])] * 300 + [("P2", *GOOD[1:]), ("p2", *GOOD[1:])]
    export, cohort = write(tmp_path, rows)
    with large(at_once=50):
        stopped = cleaned(tmp_path / "steps", export, cohort, STUDY / "study.yaml", DICTIONARY)["stopped"]
    assert "and 203 more" in stopped and "the rows differ in er_status" in stopped


def test_patients_that_are_not_where_a_step_says_are_missed(tmp_path):
    step = tmp_path / "mapped.csv"
    limits.point(step, 3)
    with pytest.raises(ReplicalcError, match=r"its 3 rows should be in .*mapped\.parquet, which is not there"):
        limits.pointed(step)
    pd.DataFrame({"a": [1, 2]}).to_parquet(tmp_path / "mapped.parquet")
    with pytest.raises(ReplicalcError, match="made by another run"):
        limits.pointed(step)


def test_a_cohort_that_has_become_small_leaves_no_large_files(tmp_path):
    files = (*write(tmp_path, [(f"P{n}", *GOOD[1:]) for n in range(5)]), STUDY / "study.yaml", DICTIONARY)
    with large():
        cleaned(tmp_path / "steps", *files)
    assert (tmp_path / "steps" / "mapped.parquet").exists()
    export, cohort, _, dictionary = files
    from replicalc.cohort.mapping import map_export

    map_export([str(export)], cohort, dictionary, tmp_path / "steps" / "mapped.csv", tmp_path / "log")
    assert not (tmp_path / "steps" / "mapped.parquet").exists()


TEXT = st.sampled_from(["", "a", "b", " c", "ä", "d"])


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(TEXT, TEXT, TEXT), max_size=40))
def test_combinations_are_those_of_the_rows(rows):
    import pyarrow as pa

    columns = [coded(pa.array([row[place] for row in rows], pa.string())) for place in range(3)]
    number, some_row = combined(columns, len(rows))
    keys = [tuple(column.at(row) for column in columns) for row in some_row]
    assert [keys[n] for n in number] == [tuple(cell.strip() for cell in row) for row in rows]
    assert len(set(keys)) == len(keys)
    halves = [Coded(columns[0].codes[:7], columns[0].dictionary), Coded(columns[0].codes[7:], columns[0].dictionary)]
    assert joined(halves).to_texts() == columns[0].to_texts()


@given(st.lists(st.text(max_size=4), max_size=6))
def test_texts_are_tidied_as_by_every_door(texts):
    import pyarrow as pa

    from replicalc.cohort.doors.cells import tidied

    texts = [text for text in texts if text.isprintable() or text.isspace()]
    assert tidy(pa.array(texts, pa.string())).to_pylist() == [tidied(text) for text in texts]
