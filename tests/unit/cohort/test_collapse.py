"""Rows per view become one row a lesion, files stand below each other, cells hold several codes: by declared rules only."""

from __future__ import annotations

import pytest
from project import ROOT
from refusals import refused

from replicalc.cohort.collapse import choose
from replicalc.cohort.mapping import check_mapping, map_export
from replicalc.cohort.validation import validate_cohort
from replicalc.errors import ReplicalcError
from replicalc.records import load_checked, load_dictionary, read_csv

VARIABLES = load_dictionary(ROOT / "data" / "dictionary.csv")
COHORT = """
cohort: mini
kind: real
title: a few lesions
unit_of_analysis: lesion
clustering: several lesions a woman
sources:
  - {{file: calc.csv{calc}}}
  - {{file: mass.csv{mass}}}
{stack}
missing: ["", N/A]
unit_id: [patient_id, lesion_id]
collapse: {collapse}
collapse_over: [view]
variables:
  patient_id: {{column: ID}}
  lesion_id: {{columns: [kind, number]}}
  calcified: {{column: kind, codes: {{calc: "yes", mass: "no"}}}}
  birads: {{column: BI, codes: {{0: 0, 3: 3, 4: 4, 5: 5}}}}
  calc_type:
    column: type
    codes: {{ROUND: round, PLEO: fine_pleomorphic, FINE-LINEAR: fine_linear, AMORPHOUS: amorphous}}
    split: "-"
    of_several: highest
{more}
"""
CALC = """ID,kind,number,view,BI,type
A,calc,1,CC,3,ROUND
A,calc,1,MLO,4,ROUND-FINE-LINEAR
A,calc,2,CC,4,N/A
B,calc,1,MLO,0,PLEO-AMORPHOUS-PLEO
"""
MASS = """ID,kind,number,view,assess
B,mass,1,CC,5
B,mass,1,MLO,5
A,mass,1,CC,4
"""
RIGHT = {
    "calc": "",
    "mass": ", rename: {assess: BI}, without: [type]",
    "stack": "stack: true",
    "collapse": "{birads: highest, calc_type: highest}",
    "more": "",
}


@pytest.fixture
def run(tmp_path):
    def go(calc_file=CALC, mass_file=MASS, dictionary=None, **how):
        (tmp_path / "calc.csv").write_text(calc_file)
        (tmp_path / "mass.csv").write_text(mass_file)
        (tmp_path / "mini.yaml").write_text(COHORT.format(**{**RIGHT, **how}))
        (tmp_path / "dictionary.csv").write_text(dictionary or (ROOT / "data" / "dictionary.csv").read_text())
        arguments = [tmp_path / "mini.yaml", tmp_path / "dictionary.csv"]
        mapped = tmp_path / "mapped.csv"
        exports = [str(tmp_path / name) for name in ("calc.csv", "mass.csv")]
        map_export(exports, *arguments, mapped, tmp_path / "log")
        validate_cohort(mapped, *arguments, tmp_path / "validation.csv", tmp_path / "log2")
        return read_csv(mapped)

    go.folder = tmp_path
    return go


def counted(run, variable, check) -> tuple[str, str, str]:
    (row,) = [r for r in read_csv(run.folder / "validation.csv") if (r["variable"], r["check"]) == (variable, check)]
    return row["n_checked"], row["n_found"], row["note"]


def test_two_files_and_rows_per_view_become_one_row_a_lesion(run):
    found = run()
    assert [(r["patient_id"], r["lesion_id"], r["calcified"], r["birads"], r["calc_type"]) for r in found] == [
        ("A", "calc/1", "yes", "4", "fine_linear"),
        ("A", "calc/2", "yes", "4", ""),
        ("B", "calc/1", "yes", "0", "fine_pleomorphic"),
        ("B", "mass/1", "no", "5", ""),
        ("A", "mass/1", "no", "4", ""),
    ]
    assert [(r["source_row"], r["source_place"], r["source_rows"]) for r in found] == [
        ("2", "calc.csv, rows 2 and 3", "2"),
        ("4", "calc.csv, row 4", "1"),
        ("5", "calc.csv, row 5", "1"),
        ("2", "mass.csv, rows 2 and 3", "2"),
        ("4", "mass.csv, row 4", "1"),
    ]
    assert [r["values_differed"] for r in found] == ["birads=3|4;calc_type=round|fine_linear", "", "", "", ""]
    assert [r["several_codes"] for r in found] == [
        "calc_type=round|fine_linear",
        "",
        "calc_type=amorphous|fine_pleomorphic",
        "",
        "",
    ]


def test_validation_counts_what_was_chosen(run):
    run()
    note = "7 rows became 5, at most 2 each"
    assert counted(run, "patient_id+lesion_id", "several rows of one lesion") == ("5", "2", note)
    assert counted(run, "birads", "rows of one lesion differ") == ("2", "1", "rule: highest")
    assert counted(run, "calc_type", "several codes in one cell") == ("5", "2", "rule: highest")


def test_a_declared_order_goes_before_that_of_the_dictionary(run):
    order = "    order: [fine_linear, fine_pleomorphic, amorphous, round]"
    found = run(more=order)
    assert [r["calc_type"] for r in found][:3] == ["round", "", "amorphous"]
    run(more=order)
    assert counted(run, "calc_type", "several codes in one cell")[2].endswith("amorphous, round")
    refused(run, "variables.calc_type: 'round' has no place in the 'order'", more=order.replace(", round", ""))
    refused(run, "'rund', which is no code", more=order.replace(", round", ", round, rund"))


def test_an_order_that_nothing_uses(run):
    more = "  us_birads: {column: BI, codes: {3: 3, 4: 4, 5: 5}, missing: [0], order: [5, 4, 3]}"
    refused(run, "variables.us_birads: the 'order' is used by nothing", more=more)
    rules = "{birads: highest, calc_type: highest, us_birads: highest}"
    assert [r["us_birads"] for r in run(more=more, collapse=rules)] == ["3", "4", "", "5", "4"]


def test_rows_that_differ_without_a_rule_are_named(run):
    said = refused(
        run,
        "column 'BI' (birads) differs between the rows of one lesion",
        "no rule under 'collapse' says which value counts: calc.csv, rows 2 and 3 (3, 4)",
        collapse="{calc_type: highest}",
    )
    assert "calc/1" not in said
    # An empty cell beside a value differs as well: nothing is filled in unless the cohort file says so.
    empty = CALC.replace("A,calc,1,MLO,4", "A,calc,1,MLO,")
    refused(run, "calc.csv, rows 2 and 3 ((empty), 3)", calc_file=empty, collapse="{calc_type: highest}")
    found = run(calc_file=empty, collapse="{calc_type: highest, birads: recorded}")
    assert found[0]["birads"] == "3"
    refused(run, "two different values are recorded", collapse="{calc_type: highest, birads: recorded}")


def test_a_differing_identifier_is_never_shown(run):
    how = dated("Meyer", "Huber")
    how["more"] = "  image_id: {column: day}"
    with_id = f"{(ROOT / 'data/dictionary.csv').read_text()}image_id,id,,,,,,,raw,Identifier of an image,local\n"
    said = refused(run, "column 'day' (image_id) differs", "calc.csv, rows 2 and 3", dictionary=with_id, **how)
    assert "Meyer" not in said and "Huber" not in said
    rules = "{birads: highest, calc_type: highest, image_id: first}"
    found = run(**how, dictionary=with_id, collapse=rules)
    assert (found[0]["image_id"], found[0]["values_differed"]) == ("Meyer", "image_id")
    assert counted(run, "image_id", "rows of one lesion differ") == ("2", "1", "rule: first")


def dated(*dates) -> dict:
    """Two views of one lesion with a date of their own."""
    rows = "".join(f"A,calc,1,{view},3,ROUND,{date}\n" for view, date in zip(("CC", "MLO"), dates, strict=True))
    return {
        "calc_file": "ID,kind,number,view,BI,type,day\n" + rows,
        "mass": ", rename: {assess: BI}, without: [type, day]",
        "more": "  diagnosis_date: {column: day, format: '%Y-%m-%d'}",
    }


def test_dates_and_numbers_have_a_highest_and_a_lowest(run):
    for rule, date in (("highest", "2002-01-01"), ("lowest", "2001-12-31"), ("first", "2002-01-01")):
        rules = f"{{birads: highest, calc_type: highest, diagnosis_date: {rule}}}"
        assert run(**dated("2002-01-01", "2001-12-31"), collapse=rules)[0]["diagnosis_date"] == date
    number = VARIABLES["mri_pre_mm"]
    assert choose("highest", ["9.5", "10", ""], number, []) == "10"
    assert choose("lowest", ["9.5", "10", ""], number, []) == "9.5"


def test_an_impossible_value_names_all_rows_of_the_unit(run):
    how = dated("1900-01-01", "2001-12-31")
    refused(
        run,
        "calc.csv, rows 2 and 3, column 'day' (diagnosis_date): value 1900-01-01 is impossible",
        **how,
        collapse="{birads: highest, calc_type: highest, diagnosis_date: lowest}",
    )


def test_the_same_view_twice_is_no_second_view(run):
    refused(
        run,
        "rows of one lesion with the same 'view': calc.csv, rows 2 and 3",
        calc_file=CALC.replace("A,calc,1,MLO", "A,calc,1,CC"),
    )


def test_a_unit_may_lie_in_two_files(run):
    found = run(mass_file=MASS.replace("A,mass,1,CC,4", "A,calc,2,MLO,5"))
    assert found[1]["source_place"] == "calc.csv, row 4 and mass.csv, row 4"
    assert (found[1]["birads"], found[1]["source_row"]) == ("5", "4")


def test_rows_without_a_complete_identifier_are_not_taken_together(run):
    export = CALC.replace("A,calc,1,CC", "A,calc,,CC").replace("A,calc,1,MLO", "A,calc,N/A,MLO")
    refused(
        run,
        "calc.csv, rows 2, 3, column 'ID' (patient_id) and columns 'kind', 'number' (lesion_id): the lesion has no id",
        calc_file=export,
    )


def test_parts_of_an_identifier_cannot_run_into_each_other(run):
    said = refused(
        run,
        "row 4, columns 'kind', 'number': a part of the identifier contains '/'",
        calc_file=CALC.replace("A,calc,2", "A,calc,2/x"),
    )
    assert "2/x" not in said
    refused(run, "only an id is put together", more="  us_birads: {columns: [BI, type], codes: {3: 3}}")


def test_without_collapse_the_same_lesion_twice_stops_the_run_and_says_what_would_help(run):
    text = COHORT.replace("collapse: {collapse}\ncollapse_over: [view]\n", "unused_columns: [view]\n")
    (run.folder / "calc.csv").write_text(CALC)
    (run.folder / "mass.csv").write_text(MASS)
    (run.folder / "mini.yaml").write_text(text.format(**RIGHT))
    arguments = [run.folder / "mini.yaml", ROOT / "data" / "dictionary.csv"]
    exports = [str(run.folder / name) for name in ("calc.csv", "mass.csv")]
    map_export(exports, *arguments, run.folder / "mapped.csv", run.folder / "log")
    with pytest.raises(ReplicalcError) as error:
        validate_cohort(run.folder / "mapped.csv", *arguments, run.folder / "validation.csv", run.folder / "log2")
    assert "calc.csv, row 2 and calc.csv, row 3, column 'ID' (patient_id)" in str(error.value)
    assert "say under 'collapse' how its rows become one" in str(error.value)


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ({"collapse": "{birad: highest}"}, "collapse: 'birad' is not mapped under 'variables'. Did you mean 'birads'"),
        ({"collapse": "{patient_id: first}"}, "collapse: 'patient_id' is part of 'unit_id'"),
        ({"collapse": "{calcified: highest}"}, "'highest' cannot be used for calcified, a category with the codes"),
        ({"collapse": "{birads: any_yes}"}, "'any_yes' cannot be used for birads"),
        ({"collapse": "{birads: best}"}, "'best' is not allowed. Allowed: highest, lowest, any_yes"),
        ({"stack": "join_on: ID\nstack: true"}, "give one of them"),
        ({"stack": "join_on: ID"}, "'without' is for sources that are stacked"),
        ({"stack": ""}, "'without' is for sources that are stacked"),
        ({"stack": "", "mass": ""}, "several sources need the key 'join_on' or 'stack'"),
        ({"more": "  grade: {column: BI, codes: {3: 3}, split: '-'}"}, "'split' and 'of_several' need each other"),
        (
            {"more": "  tumour_diameter_mm: {column: BI, unit: mm, split: '-', of_several: highest}"},
            "'split' is for categories with 'codes'",
        ),
        ({"more": "totals: {distinct patient_id where calcified=yes: 3}"}, "is 3, but the file has 2"),
        ({"more": "totals: {distinct patient_id where calc=yes: 3}"}, "should be 'variable=code'"),
    ],
)
def test_faults_of_the_cohort_file(run, how, words):
    refused(run, words, **how)


def test_one_source_cannot_be_stacked_and_columns_of_collapse_need_collapse():
    config = load_checked(ROOT / "config/cohorts/cbis_ddsm.yaml", "cohort")
    check_mapping(config, VARIABLES, "x.yaml")
    with pytest.raises(ReplicalcError, match="'stack' is for several sources, but there is one"):
        check_mapping({**config, "sources": config["sources"][:1]}, VARIABLES, "x.yaml")
    with pytest.raises(ReplicalcError, match="collapse_over: is for the key 'collapse'"):
        check_mapping({k: v for k, v in config.items() if k != "collapse"}, VARIABLES, "x.yaml")


def test_a_published_total_may_have_a_condition(run):
    assert run(more="totals: {distinct lesion_id: 3, distinct lesion_id where calcified=no: 1, calcified=no: 2}")


@pytest.mark.parametrize(
    ("mass", "words"),
    [
        (", without: [type]", "the column 'BI' of {calc} is missing"),
        (", without: [type]", "the column 'assess' of {mass} is missing"),
        (", rename: {assess: BI}", "{mass}: the column 'type' of {calc} is missing."),
        (", rename: {assess: BI}", "list it under 'without'"),
        (", rename: {assess: BI}, without: [type, view]", "'view' is listed under 'without', but the file has it"),
        (", rename: {assess: BI}, without: [type, tipe]", "'tipe', which no source has. Did you mean 'type'"),
        (", rename: {assessm: BI}, without: [type]", "'assessm', which the file does not have. Did you mean 'assess'"),
        (", rename: {assess: view}, without: [type]", "the column 'view' stands twice"),
        (", rename: {assess: source_row}, without: [type]", "a column cannot be called 'source_row'"),
        (", rename: {assess: BI}, constants: {view: CC}, without: [type]", "'constants' cannot give it a value"),
        (", rename: {assess: BI}, without: [type], records: 4", "3 records, but the published total"),
        (", rename: {assess: BI}, without: [type], sha256: " + 64 * "a", "mass.csv: its sha256 is"),
    ],
)
def test_sources_that_do_not_stack(run, mass, words):
    calc, mass_file = run.folder / "calc.csv", run.folder / "mass.csv"
    refused(run, words.replace("{calc}", str(calc)).replace("{mass}", str(mass_file)), mass=mass)


def test_a_fault_in_a_stacked_file_names_that_file_its_row_and_its_own_column(run):
    refused(
        run,
        f"{run.folder / 'mass.csv'}, row 3, column 'assess': value '7' is not a known code",
        mass_file=MASS.replace("MLO,5", "MLO,7"),
    )
    refused(
        run,
        f"{run.folder / 'calc.csv'}, row 5, column 'type': value 'PLEO-ROUNDISH' holds 'ROUNDISH'",
        calc_file=CALC.replace("PLEO-AMORPHOUS-PLEO", "PLEO-ROUNDISH"),
    )


def test_a_constant_stands_for_a_column_that_one_file_does_not_have(run):
    mass = MASS.replace(",kind", "").replace(",mass", "")
    found = run(mass_file=mass, mass=RIGHT["mass"] + ", constants: {kind: mass}")
    assert [r["calcified"] for r in found] == ["yes", "yes", "yes", "no", "no"]
