"""Exports that are no plain table, or that say less than they seem to: refused in a sentence or asked, never guessed."""

from __future__ import annotations

import csv
import io

import pytest
from project import ROOT

from replicalc.cohort.profile import profile
from replicalc.cohort.profile_draft import draft
from replicalc.cohort.profile_words import Words
from replicalc.errors import ReplicalcError
from replicalc.records import load_dictionary

WORDS, VARIABLES = Words(ROOT / "data"), load_dictionary(ROOT / "data" / "dictionary.csv")
IDS = [f"P{i:03d}" for i in range(30)]
ROWS = [[name, 40 + k, ("pos", "neg")[k % 2], f"{10 + k}.5"] for k, name in enumerate(IDS)]
HEADER = ["ID", "Alter", "ER", "Tumorgröße (mm)"]


def drafted(tmp_path, rows, delimiter=","):
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter).writerows(rows)
    path = tmp_path / "export.csv"
    path.write_text(text.getvalue(), encoding="utf-8")
    return draft("x", [profile(path)], ["export.csv"], VARIABLES, WORDS)


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        ([list(column) for column in zip(HEADER, *ROWS, strict=True)], "the table is turned: patients are columns"),
        (ROWS[:1] + [[r[0], *r[1:]] for r in ROWS], "look like values of a record"),
        ([["1", "2"], *([k % 3, k] for k in range(30))], "look like values of a record"),
        ([HEADER, ["", "Jahre", "", "mm"], *ROWS], "row 2: holds texts where all other rows hold numbers"),
        ([HEADER, *ROWS, ["Summe", sum(r[1] for r in ROWS), "", sum(float(r[3]) for r in ROWS)]], "row 32: holds the sums"),
        ([HEADER, *ROWS, ["", 54.5, "", "25.0"]], "row 32: holds the sums or means"),
    ],
)  # fmt: skip
def test_what_is_no_table_of_records_is_refused_without_a_value(tmp_path, rows, sentence):
    with pytest.raises(ReplicalcError) as refused:
        drafted(tmp_path, rows)
    assert sentence in str(refused.value)
    assert not any(name in str(refused.value) for name in IDS)


def test_a_plain_table_is_not_refused(tmp_path):
    assert set(drafted(tmp_path, [HEADER, *ROWS]).entries) == {
        "patient_id", "age_years", "er_status", "tumour_diameter_mm",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("heading", "cells", "variable"),
    [
        ("Age", ["45 y", "51 y", "60 y"], "age_years"),
        ("OP-Datum", ["3. März 2015", "4. April 2016", "1. Mai 2015"], "surgery_date"),
        ("OP-Datum", ["3.3.15", "4.4.16", "30.5.15"], "surgery_date"),
        ("OP-Datum", [str(day) for day in range(42005, 42035)], "surgery_date"),
    ],
)
def test_a_heading_whose_values_cannot_be_read_is_told(tmp_path, heading, cells, variable):
    found = drafted(tmp_path, [["ID", heading], *([name, cells[k % len(cells)]] for k, name in enumerate(IDS))])
    assert found.unfit == {heading: variable} and variable not in found.entries
    assert f"- {heading}   # its heading says {variable}" in found.text


@pytest.mark.parametrize(
    ("heading", "cells", "variable", "open_ones"),
    [
        ("Chemotherapie", ["ja", "nein", "o"], "chemotherapy", {"o"}),
        ("Chimiothérapie", ["o", "n"], "chemotherapy", set()),
        ("ER", ["pos", "neg", "-"], "er_status", {"-"}),
        ("ER", ["+", "-"], "er_status", set()),
        ("Chemotherapie", ["yes", "ja", "1", "nein"], "chemotherapy", {"1"}),
    ],
)
def test_letters_and_signs_mean_a_code_only_beside_their_partner(tmp_path, heading, cells, variable, open_ones):
    rows = [["ID", heading], *([name, cells[k % len(cells)]] for k, name in enumerate(IDS))]
    codes = drafted(tmp_path, rows).entries[variable]["codes"]
    missing = set(cells) - set(codes)  # a sign that stands for missing is no code
    assert {text for text, code in codes.items() if code.startswith("TODO")} | missing == open_ones


@pytest.mark.parametrize("sign", [".", ","])
def test_thousands_are_asked_about(tmp_path, sign):
    rows = [["ID", "Tumor size (cm)"], *([name, f"{1 + k % 3}{sign}{100 + k}"] for k, name in enumerate(IDS))]
    assert 'decimal: "TODO' in drafted(tmp_path, rows, ";").text


def test_decimal_commas_are_no_delimiter(tmp_path):
    rows = [["ID", "A (mm)", "B (mm)", "C (mm)"], *([k, f"{k},5", f"{k},25", f"1,{k}"] for k in range(30))]
    assert [column.name for column in drafted(tmp_path, rows, ";").columns] == rows[0]


DATES = ["ID", "Geburtsdatum", "OP-Datum", "Diagnosedatum", "Beginn NACT", "Datum X"]


@pytest.mark.parametrize(
    ("columns", "until"),
    [
        ((0, 1, 2), "surgery_date"),
        ((0, 1, 2, 3), "TODO: which is the first day of treatment"),
        ((0, 1, 2, 5), "TODO: which is the first day of treatment"),  # a date of which nobody knows what it is
        ((0, 1, 4), None),  # the studies derive it
        ((0, 1, 2, 4), None),
        ((0, 2), None),
    ],
)
def test_an_age_is_computed_from_dates_where_they_settle_it(tmp_path, columns, until):
    rows = [DATES, *([name, "25.03.1960", "26.03.2015", "27.02.2015", "28.02.2015", "29.05.2015"] for name in IDS)]
    entry = drafted(tmp_path, [[row[k] for k in columns] for row in rows]).entries.get("age_years")
    assert (entry is None) == (until is None)
    if until:
        assert entry["duration"]["until"]["variable"].startswith(until) and entry["duration"]["completed"] is True
