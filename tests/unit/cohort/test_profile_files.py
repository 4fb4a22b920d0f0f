"""The helper and whole files: hostile headings, workbooks, SPSS, two files, what the person says of a column."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from project import ROOT
from proposals import VARIABLES, WORDS, ids, proposed

from replicalc.cohort.open_points import open_points
from replicalc.cohort.profile import describe, profile, shown
from replicalc.cohort.profile_draft import draft
from replicalc.cohort.profile_yaml import scalar
from replicalc.errors import ReplicalcError
from replicalc.records import load_checked, load_yaml

HOSTILE = [
    "x" * 10_000,
    "a: b # c",
    "- x",
    "[a]",
    "{b: 1}",
    "&anchor",
    "*alias",
    "!tag",
    "|",
    ">",
    "'",
    '"',
    "%",
    "@at",
    "`tick",
    "? key",
    "line\nbreak: TODO",
    "tab\there",
    '=HYPERLINK("http://x","y")',
    "+1+cmd|' /C x'!A0",
    "TODO: x",
    "TODO",
    "null",
    "yes",
    "~",
    "1e3",
    "0x10",
    "2015-01-01",
    "<<",
    "\x1b[31mred",
    "\u2028line",
    "\ufeffmark",
    "Größe ß 乳腺 🩺",
    "\\back\\slash",
    "---",
    "...",
]


def workbook(tmp_path: Path, header: list[str], rows: list[list]) -> Path:
    import xlsxwriter

    path = tmp_path / "x.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet()
        for at, row in enumerate([["Export of the breast unit"], ["January"], header, *rows]):
            sheet.write_row(at, 0, row)
    return path


@pytest.mark.parametrize(
    ("cells", "decimal"),
    [
        (["2,5", "3,1", "4"], ","),  # numbers that somebody typed as text
        ([2.5, 3.1, 4], None),
        (["2,5", 3.1, 4], ","),
        (["2,500", "3,100", 4], "TODO"),
    ],
)
def test_the_decimal_sign_of_numbers_that_are_text_in_a_workbook(tmp_path, cells, decimal):
    rows = [[f"P-{i}", cell] for i, cell in enumerate(cells * 5)]
    table = profile(workbook(tmp_path, ["Patient ID", "Tumour size MRI before (cm)"], rows))
    found = draft("x", [table], ["x.xlsx"], VARIABLES, WORDS)
    (tmp_path / "x.yaml").write_text(found.text, encoding="utf-8")
    told = load_yaml(tmp_path / "x.yaml").get("decimal")
    assert told == decimal or (decimal == "TODO" and told.startswith("TODO"))


def said(tmp_path: Path, *said_so: tuple[str, str]) -> dict:
    path = tmp_path / "x.csv"
    rows = [[f"P-{i}", "ab"[i % 2], f"{i % 28 + 1:02d}.03.2015", str(10 + i)] for i in range(40)]
    with path.open("w", encoding="utf-8", newline="") as handle:
        csv.writer(handle).writerows([["K1", "K2", "K3", "K4"], *rows])
    found = draft("x", [profile(path)], ["x.csv"], VARIABLES, WORDS, said_so)
    (tmp_path / "x.yaml").write_text(found.text, encoding="utf-8")
    return load_yaml(tmp_path / "x.yaml")


def test_what_the_person_says_of_a_column_is_written_with_its_codes(tmp_path):
    """Headings that tell nothing are the usual case of a hospital's own abbreviations."""
    assert set(said(tmp_path)["variables"]) == {"patient_id"} and len(said(tmp_path)["unused_columns"]) == 4
    found = said(
        tmp_path,
        ("K1", "patient_id"),
        ("K2", "histology"),
        ("K2", "er_status"),
        ("K3", "surgery_date"),
        ("K4", "mri_pre_mm"),
    )
    variables = found["variables"]
    assert variables["patient_id"] == {"column": "K1"}
    assert variables["surgery_date"] == {"column": "K3", "format": "%d.%m.%Y"}
    assert variables["mri_pre_mm"] == {"column": "K4", "unit": "mm"}
    for name, code in (("histology", "idc"), ("er_status", "positive")):
        assert variables[name]["column"] == "K2" and set(variables[name]["codes"]) == {"a", "b"}
        assert all(text.startswith("TODO") and code in text for text in variables[name]["codes"].values())
    assert found["unit_of_analysis"] == "patient" and "unused_columns" not in found


@pytest.mark.parametrize(
    ("heading", "variable", "told"),
    [
        ("K9", "histology", "the export has no column 'K9'"),
        ("K2", "histolgy", "'histolgy' is no variable that an export can give. Did you mean 'histology'?"),
        (
            "K1",
            "birth_date",
            "the column 'K1' cannot be birth_date: it holds text, 40 values, and dates of one form are",
        ),
        ("K3", "histology", "cannot be histology: it holds date, 40 values, and a few codes are needed"),
        ("K2", "mri_pre_mm", "cannot be mri_pre_mm: it holds 2 different values, 40 values, and numbers are needed"),
    ],
)
def test_what_a_column_cannot_be_is_told(tmp_path, heading, variable, told):
    with pytest.raises(ReplicalcError) as refused:
        said(tmp_path, (heading, variable))
    assert told in str(refused.value)


def test_a_variable_is_said_of_one_column_alone(tmp_path):
    with pytest.raises(ReplicalcError, match="histology is said of two columns, 'K2' and 'K1'"):
        said(tmp_path, ("K2", "histology"), ("K2", "er_status"), ("K1", "patient_id"), ("K1", "histology"))


def test_hostile_headings_come_back_as_they_are(tmp_path):
    header = ["ID", *HOSTILE]
    rows = [[i, *(["v"] * len(HOSTILE))] for i in ids(6)]
    found, path, config = proposed(tmp_path, header, rows)
    assert set(config["unused_columns"]) | {"ID"} == {column.name for column in found.columns}
    renamed = config["sources"][0].get("rename", {})
    for heading in HOSTILE:
        plain = heading.strip()
        assert plain in config["unused_columns"] or renamed[plain] in config["unused_columns"], repr(heading)
    assert open_points(path) == []  # a heading is no question
    assert load_checked(path, "cohort")["sources"][0]["file"] == "export.csv"
    for column in found.columns:
        assert shown(column.name).isprintable() and len(shown(column.name)) <= 60


@pytest.mark.parametrize(
    "text", [*HOSTILE, "", " ", "no", "1", "-1", ".5", "a #b", "a:", "a: ", "é", "\x00", "\x85", "\ud7ff", "a  b"]
)
def test_every_text_survives_yaml(tmp_path, text):
    path = tmp_path / "x.yaml"
    path.write_text(f"list:\n  - {scalar(text)}\nkey: {scalar(text)}\n", encoding="utf-8")
    assert load_yaml(path) == {"list": [text], "key": text}


def test_doubled_headings_are_told_and_columns_without_a_name_get_one(tmp_path):
    with pytest.raises(ReplicalcError, match="'ER' stands twice"):
        proposed(tmp_path, ["ID", "ER", "ER"], [["a", "1", "0"]])
    found, *_ = proposed(tmp_path, ["ID", "", "ER"], [["a", "z", "pos"], ["b", "z", "neg"]])
    assert [column.name for column in found.columns] == ["ID", "(column B)", "ER"]


def test_one_row(tmp_path):
    _, path, config = proposed(tmp_path, ["ID", "ER", "Tumor size (mm)"], [["a", "pos", "12"]])
    assert config["unit_of_analysis"] == "patient" and config["sources"][0]["records"] == 1
    load_checked(path, "cohort")


def test_a_thousand_columns(tmp_path):
    header = ["ID", *(f"col{i}" for i in range(999))]
    _, path, config = proposed(tmp_path, header, [[i, *(["7"] * 999)] for i in ids(5)])
    assert len(config["unused_columns"]) == 999 and list(config["variables"]) == ["patient_id"]
    load_checked(path, "cohort")


def test_columns_without_a_value_are_unused_and_say_so(tmp_path):
    found, *_ = proposed(tmp_path, ["ID", "ER", "PR"], [[i, "", "unknown"] for i in ids(4)])
    assert "- ER   # no value at all" in found.text and "- PR   # no value at all" in found.text


def test_a_file_without_a_patient_asks_for_one(tmp_path):
    _, path, _ = proposed(tmp_path, ["Foo", "Bar"], [["x", "y"], ["x", "z"]])
    keys = [key for _, key, _ in open_points(path)]
    assert "variables.patient_id.column" in keys and "unit_of_analysis" in keys


def test_identifiers_and_many_values_are_never_written(tmp_path):
    secret = [f"Geheim{i}" for i in range(40)]
    rows = [[s, f"Frau {s}", f"{s}@x.org", "pos"] for s in secret]
    found, *_ = proposed(tmp_path, ["Pat.-Nr.", "Nachname", "E-Mail", "ER"], rows)
    told = found.text + "".join(column.told() for column in found.columns)
    assert not [s for s in secret if s in told]


def test_what_is_shown_of_a_column_counts_nobody_alone():
    column = describe("ER", ["pos"] * 20 + ["neg"] * 3 + [""] * 2)
    assert column.told() == "2 different values, nearly all filled"
    assert describe("ER", [""] * 20 + ["neg"] * 3).told() == "1 different value, nearly all missing"
    assert describe("ER", ["pos"] * 20 + [""] * 6).told() == "1 different value, 20 values, 6 missing"


def test_a_workbook_with_several_sheets_is_asked_about(tmp_path):
    import xlsxwriter

    path = tmp_path / "two.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        for name in ("A", "B"):
            sheet = book.add_worksheet(name)
            sheet.write_row(0, 0, ["Export of 2024"])
            sheet.write_row(2, 0, ["ID", "ER"])
            sheet.write_row(3, 0, ["x1", "pos"])
    with pytest.raises(ReplicalcError, match="2 sheets: 'A', 'B'"):
        profile(path)
    found = profile(path, "B")
    assert found.source == {"sheet": "B", "header_row": 3} and len(found.records) == 1


def test_labels_of_spss_say_what_codes_mean(tmp_path):
    import pandas as pd
    import pyreadstat

    path = tmp_path / "x.sav"
    frame = pd.DataFrame({"V1": ["a", "b", "c"], "V2": [1.0, 2.0, 9.0], "V3": [1.0, 2.0, 2.0]})
    pyreadstat.write_sav(
        frame,
        str(path),
        column_labels={"V1": "Patienten-ID", "V2": "Östrogenrezeptor", "V3": "Seite"},
        variable_value_labels={"V2": {1.0: "positiv", 2.0: "negativ", 9.0: "unbekannt"}, "V3": {1.0: "li", 2.0: "re"}},
    )
    table = profile(path)
    found = draft("x", [table], ["x.sav"], VARIABLES, WORDS)
    assert found.entries["er_status"] == {"column": "V2", "codes": {"1": "positive", "2": "negative"}, "missing": ["9"]}
    assert found.entries["laterality"]["codes"] == {"1": "left", "2": "right"}


def test_two_files_are_joined_by_the_column_that_fits_or_refused(tmp_path):
    one, two = tmp_path / "a.csv", tmp_path / "b.csv"
    one.write_text("ID,ER\n1,pos\n2,neg\n3,neg\n")
    two.write_text("ID,PR\n3,pos\n1,neg\n2,neg\n")
    found = draft("x", [profile(one), profile(two)], ["a.csv", "b.csv"], VARIABLES, WORDS)
    assert "join_on: ID" in found.text and found.entries["pr_status"]["column"] == "PR"
    two.write_text("Nr,PR\n3,pos\n1,neg\n")
    with pytest.raises(ReplicalcError, match="no column by which every record"):
        draft("x", [profile(one), profile(two)], ["a.csv", "b.csv"], VARIABLES, WORDS)


def test_every_word_list_names_what_the_dictionary_has():
    assert {pattern.variable for pattern in WORDS.patterns} == {n for n, v in VARIABLES.items() if v.role != "derived"}
    known = set(WORDS.concept.values())
    assert not {c for p in WORDS.patterns for c in p.required | p.optional} - known
    for name, words in WORDS.codes.items():
        if name in VARIABLES:
            assert set(words.values()) <= set(VARIABLES[name].code_list), name


def test_the_schema_describes_every_key_for_editors():
    import json

    from jsonschema import Draft202012Validator

    schema = json.loads((ROOT / "workflow/schemas/cohort.schema.json").read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)

    def bare(node: dict, place: str):
        for name, each in node.get("properties", {}).items():
            if not each.get("description"):
                yield f"{place}{name}"
            for inner in (each, each.get("items"), each.get("additionalProperties")):
                if isinstance(inner, dict):
                    yield from bare(inner, f"{place}{name}.")

    assert list(bare(schema, "")) == []


def test_the_examples_in_the_docstrings_run():
    import doctest
    import importlib

    for name in ("profile_words", "profile_yaml"):
        result = doctest.testmod(importlib.import_module(f"replicalc.cohort.{name}"))
        assert result.attempted and not result.failed, name
