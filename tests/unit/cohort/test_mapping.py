"""Bad exports and bad cohort files: one message with file, row, column, value and what is allowed; no output."""

from __future__ import annotations

import pytest
from project import ROOT
from refusals import refused

from replicalc.cohort.mapping import map_export
from replicalc.cohort.validation import validate_cohort
from replicalc.errors import ReplicalcError
from replicalc.records import read_csv

COHORT = """
cohort: mini
kind: real
title: three patients
unit_of_analysis: patient
clustering: none
sources: [{{file: export.csv{source}}}]
unit_id: [patient_id]
missing: ["", "n/a"]
decimal: "{decimal}"
variables:
  patient_id: {{column: ID}}
  er_status: {{column: ER, codes: {{1: positive, 0: negative}}}}
  mri_pre_mm: {{column: Size, unit: {unit}}}
  surgery_date: {{column: Op, format: "%d.%m.%Y"}}
{more}
"""
EXPORT = "ID,ER,Size,Op\nA,1,2.5,01.02.2015\nB,0,n/a,03.04.2016\nC,,4.0,05.06.2017\n"


@pytest.fixture
def run(tmp_path):
    def go(export=EXPORT, unit="cm", decimal=".", more="", source="", encoding="utf-8"):
        (tmp_path / "export.csv").write_bytes(export.encode(encoding))
        text = COHORT.format(unit=unit, decimal=decimal, more=more, source=source)
        (tmp_path / "mini.yaml").write_text(text)
        arguments = [tmp_path / "mini.yaml", ROOT / "data" / "dictionary.csv"]
        mapped = tmp_path / "mapped.csv"
        map_export([str(tmp_path / "export.csv")], *arguments, mapped, tmp_path / "log")
        validate_cohort(mapped, *arguments, tmp_path / "validation.csv", tmp_path / "log2")
        return read_csv(mapped)

    go.folder = tmp_path
    return go


def test_a_good_export(run):
    rows = run()
    assert [row["mri_pre_mm"] for row in rows] == ["25", "", "40"]
    assert [row["er_status"] for row in rows] == ["positive", "negative", ""]
    assert [row["surgery_date"] for row in rows] == ["2015-02-01", "2016-04-03", "2017-06-05"]
    assert [row["source_row"] for row in rows] == ["2", "3", "4"]


def test_decimal_comma_and_delimiter(run):
    export = EXPORT.replace(".0,", ",0;").replace("2.5", "2,5")
    export = "ID;ER;Size;Op\nA;1;2,5;01.02.2015\nB;0;n/a;03.04.2016\n"
    rows = run(export=export, decimal=",", source=', delimiter: ";"')
    assert rows[0]["mri_pre_mm"] == "25"


def test_unknown_code(run):
    refused(
        run, "export.csv", "row 2", "column 'ER'", "value '2'", "Allowed: 1, 0", export=EXPORT.replace("A,1", "A,2")
    )


def test_every_fault_is_told_at_once(run):
    bad = EXPORT.replace("A,1", "A,2").replace("4.0", "big").replace("03.04.2016", "2016/04/03")
    refused(run, "'2'", "'big'", "2016/04/03", "%d.%m.%Y", export=bad)


def test_wrong_decimal_sign(run):
    refused(run, "row 2", "'2,5'", "not a number", export=EXPORT.replace("2.5", '"2,5"'))


@pytest.mark.parametrize("text", ["nan", "inf", "1e999", "1/2", "0x10", "=1+1"])
def test_things_that_only_look_like_numbers(run, text):
    refused(run, f"value '{text}'", "Size", export=EXPORT.replace("2.5", text))


def test_missing_column(run):
    refused(run, "column 'Size' is missing", "Did you mean 'Sizes'", export=EXPORT.replace("Size", "Sizes"))


def test_extra_column(run):
    export = "\n".join(line + ",x" for line in EXPORT.splitlines()).replace("Op,x", "Op,Extra")
    refused(run, "'Extra' is neither mapped nor listed under 'unused_columns'", export=export)
    assert run(export=export, more="unused_columns: [Extra]")


def test_impossible_value(run):
    message = refused(run, "row 4", "Size", "value 4000 mm", "0 to 300 mm", export=EXPORT.replace("4.0", "400"))
    assert "export.csv" in message


def test_a_cell_may_carry_its_unit_where_the_cohort_file_says_so(run):
    how = {"unit": "mm, units_in_cells: [cm, inch]"}
    rows = run(export=EXPORT.replace("2.5", "2.7 cm").replace("4.0", "2inch"), **how)
    assert [row["mri_pre_mm"] for row in rows] == ["27", "", "50.8"]
    rows = run(export=EXPORT.replace("2.5", '"2,7 cm"').replace("4.0", "27"), decimal=",", **how)
    assert [row["mri_pre_mm"] for row in rows] == ["27", "", "27"]


@pytest.mark.parametrize("text", ["2.7 m", "cm", "2.7 cm cm", "2.7 cm?", "cm 2.7"])
def test_a_unit_that_is_none_of_those_declared(run, text):
    said = refused(
        run,
        f"value '{text}'",
        "alone or before cm",
        unit="mm, units_in_cells: [cm]",
        export=EXPORT.replace("2.5", text),
    )
    assert "row 2" in said


def test_a_unit_in_a_cell_that_nobody_declared(run):
    refused(run, "value '2.7 cm'", "is not a number", export=EXPORT.replace("2.5", "2.7 cm"))


def test_units_in_cells_are_held_against_the_dictionary(run):
    refused(run, "units_in_cells", "'kg'", "Allowed: mm, cm, inch", unit="mm, units_in_cells: [kg]")


def test_wrong_unit_in_the_file(run):
    refused(run, "unit 'kg'", "Allowed: mm, cm", unit="kg")


def test_wrong_unit_seen_by_the_median(run):
    rows = "".join(f"P{i},1,{20 + i},01.02.2015\n" for i in range(10))
    refused(run, "Is the unit right?", "median is 245 mm", export="ID,ER,Size,Op\n" + rows)


def test_duplicate_patient(run):
    said = refused(run, "rows 2 and 3", "column 'ID'", "stands more than once", export=EXPORT.replace("B,0", "A,0"))
    assert "A" not in said.replace("A patient", "").split("rows 2 and 3")[1].split(":")[0]


def test_dates_in_an_impossible_order(run):
    more = '  nat_start_date: {column: Start, format: "%d.%m.%Y"}'
    export = (
        "\n".join(
            line + ("," + s if s else "")
            for line, s in zip(EXPORT.splitlines(), ("Start", "01.01.2015", "01.01.2017", "01.01.2017"), strict=True)
        )
        + "\n"
    )
    refused(run, "row 3", "column 'Op' (surgery_date)", "surgery_date before nat_start_date", export=export, more=more)


def test_identifiers_equal_but_for_capital_letters_are_counted(run):
    run(export=EXPORT.replace("B,0", "a,0"))
    (row,) = [r for r in read_csv(run.folder / "validation.csv") if r["check"] == "equal but for capital letters"]
    assert (row["n_found"], row["stops_the_run"]) == ("1", "no")


def test_empty_identifier(run):
    refused(run, "row 3", "column 'ID'", "no identifier", export=EXPORT.replace("B,0", ",0"))


def test_impossible_date(run):
    refused(run, "31.02.2015", "not a date", export=EXPORT.replace("01.02.2015", "31.02.2015"))


def test_unknown_variable_and_derived_variable(run):
    refused(run, "no such variable", "Did you mean 'er_status'", more="  er_statu: {column: ER, codes: {1: positive}}")
    refused(run, "is derived by the workflow", more="  recist: {column: ER, codes: {1: cr}}")


def test_code_that_the_variable_does_not_have(run):
    refused(
        run, "'maybe' is no code", "Allowed: positive, negative", more="  pr_status: {column: ER, codes: {1: maybe}}"
    )


def test_a_category_told_by_the_beginning_of_a_text(run):
    rows = run(more="  series: {column: ID, starts_with: {A: unselected, B: selected_for_cancer, C: unselected}}")
    assert [row["series"] for row in rows] == ["unselected", "selected_for_cancer", "unselected"]
    refused(
        run,
        "row 4",
        "value 'C' does not begin with one of A, B",
        more="  series: {column: ID, starts_with: {A: unselected, B: unselected}}",
    )


def test_unknown_key(run):
    refused(run, "unknown key 'colums'", more="  pr_status: {colums: ER}")


def test_a_key_given_twice(run):
    refused(run, "the key 'er_status' is given twice", more="  er_status: {column: ER, codes: {1: positive}}")


def test_ragged_and_empty_files(run):
    refused(run, "row 2", "5 cells", export=EXPORT.replace("A,1", "A,A,1"))
    refused(run, "row 3", "2 cells", export=EXPORT.replace("B,0,n/a,03.04.2016", "B,0"))
    refused(run, "one column", "contains ';'", export=EXPORT.replace(",", ";"))
    refused(run, "not a text file", export="PK" + EXPORT)
    refused(run, "no records", export="ID,ER,Size,Op\n")
    refused(run, "should hold the column names", export="")
    refused(run, "stands twice", export=EXPORT.replace("ID,ER", "ID,ID"))


def test_wrong_encoding(run):
    refused(run, "not utf-8", "encoding", export=EXPORT.replace("A,1", "Ä,1"), encoding="latin-1")


def test_a_mark_at_the_beginning_is_no_text(run):
    assert len(run(export="\ufeff" + EXPORT, source=", encoding: utf-8")) == 3


def test_rows_are_counted_as_a_spreadsheet_counts(run):
    export = 'ID,ER,Size,Op\nA,1,2.5,01.02.2015\n"B\nb",0,,03.04.2016\nC,2,,05.06.2017\n'
    refused(run, "row 4", "value '2'", export=export)


def test_files_stay_inside_the_raw_folders(run):
    for path in ("../../etc/passwd", "/etc/passwd"):
        (run.folder / "x.yaml").write_text(
            COHORT.format(unit="cm", decimal=".", more="", source="").replace("export.csv", path)
        )
        from replicalc.records import load_checked

        with pytest.raises(ReplicalcError, match="does not have the form"):
            load_checked(run.folder / "x.yaml", "cohort")


def test_workbook_dates_and_numbers_are_taken_as_they_are(tmp_path):
    from replicalc.cohort.cells import cell_reader
    from replicalc.records import load_dictionary

    variables = load_dictionary(ROOT / "data" / "dictionary.csv")
    date = cell_reader(variables["surgery_date"], {"format": "%d.%m.%Y"}, {""}, ",", typed=True)
    assert (date("2015-02-01").value, date("01.02.2015").value) == ("2015-02-01", "2015-02-01")
    number = cell_reader(variables["mri_pre_mm"], {"unit": "cm"}, {""}, ",", typed=True)
    assert (number("1.7").value, number("1,7").value) == ("17", "17")
    with pytest.raises(ValueError, match="not a number"):
        cell_reader(variables["mri_pre_mm"], {"unit": "cm"}, {""}, ",", typed=False)("1.7")


def test_overlapping_beginnings_and_two_ways_at_once(run):
    refused(
        run,
        "'A' and 'AB' overlap",
        more="  series: {column: ID, starts_with: {A: unselected, AB: selected_for_cancer}}",
    )
    refused(run, "either 'column' or 'constant'", more='  malignant: {column: ID, constant: "yes"}')


def test_published_total(run):
    refused(run, "published total 'er_status=positive' is 2", more="totals: {er_status=positive: 2}")
    refused(run, "3 records", "published total", "is 4", source=", records: 4")


def test_missing_file_says_where_it_was_looked_for(tmp_path, monkeypatch):
    from replicalc.cohort.source import locate

    monkeypatch.chdir(ROOT)
    with pytest.raises(ReplicalcError, match=r"data/raw.*cancerimagingarchive"):
        locate("I-SPY 1 All Patient Clinical and Outcome Data.xlsx", "ispy1", [str(tmp_path / "data/raw")])


def test_wrong_bytes(tmp_path):
    from replicalc.cohort.source import check_bytes

    (tmp_path / "x.csv").write_text("a")
    with pytest.raises(ReplicalcError, match=r"x\.csv: its sha256 is ca978112.*has 00"):
        check_bytes(tmp_path / "x.csv", "00")


def test_join_needs_partners():
    from replicalc.cohort.source import join_sources

    left = [{"source_row": "2", "id": "1", "a": "x"}, {"source_row": "3", "id": "2", "a": "y"}]
    right = [{"source_row": "2", "id": "2", "b": "q"}, {"source_row": "3", "id": "1", "b": "p"}]
    joined, origin = join_sources([left, right], ["L", "R"], "id")
    assert [(r["a"], r["b"], r["source_row"], r["source_row/1"]) for r in joined] == [
        ("x", "p", "2", "3"),
        ("y", "q", "3", "2"),
    ]
    assert origin == {"id": 0, "a": 0, "b": 1}
    with pytest.raises(ReplicalcError, match="no record for id 1"):
        join_sources([left, right[:1]], ["L", "R"], "id")
    with pytest.raises(ReplicalcError, match="R, row 3, column 'id': the value '2' stands twice"):
        join_sources([left, [right[0], {**right[0], "source_row": "3"}]], ["L", "R"], "id")
