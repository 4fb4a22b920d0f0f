"""What an export tells and what it does not: dates, decimals, units, codes, hostile headings, odd files."""

from __future__ import annotations

import pytest
from proposals import VARIABLES, entry, ids, proposed

from replicalc.cohort.open_points import check_answered, open_points
from replicalc.cohort.profile import describe
from replicalc.errors import ReplicalcError


@pytest.mark.parametrize(
    ("cells", "form"),
    [
        (["25.03.2015", "03.04.2015"], "%d.%m.%Y"),
        (["03/25/2015", "03/04/2015"], "%m/%d/%Y"),
        (["2015-03-25", "2015-04-03"], "%Y-%m-%d"),
        (["25-Mar-2015", "03-Apr-2015"], "%d-%b-%Y"),
        (["20150325", "20150403"], "%Y%m%d"),
    ],
)
def test_a_form_of_date_that_is_the_only_one_is_taken(tmp_path, cells, form):
    assert entry(tmp_path, "Date of surgery", cells, "surgery_date")["format"] == form


@pytest.mark.parametrize("sign", [".", "/", "-"])
def test_dates_that_can_be_read_both_ways_are_asked_about(tmp_path, sign):
    found = entry(tmp_path, "OP-Datum", [f"03{sign}04{sign}2015", f"12{sign}11{sign}2016"], "surgery_date")["format"]
    assert found.startswith("TODO") and f"%d{sign}%m{sign}%Y or %m{sign}%d{sign}%Y" in found


def test_years_of_two_digits_are_no_dates_and_a_cell_that_is_none_is_asked_about(tmp_path):
    assert describe("d", ["25.03.15", "26.03.15"]).kind != "date"
    found = entry(tmp_path, "OP-Datum", ["25.03.2015"] * 9 + ["bald"], "surgery_date")
    assert found["format"] == "%d.%m.%Y" and found["missing"][0].startswith("TODO: 'bald' is not a date")


@pytest.mark.parametrize(
    ("heading", "cells", "unit"),
    [
        ("Tumor size (cm)", ["1.2", "2.5", "3.1"], "cm"),
        ("Tumorgröße [mm]", ["12", "25", "31"], "mm"),
        ("Tumor size", ["12", "25", "31"], "mm"),
        ("Tumor size", ["0.8", "2.2", "3.1"], "cm"),
        ("Tumor size (mm)", ["0.8", "2.2", "3.1"], "TODO: the heading says mm, in which the numbers are not plausible"),
        ("Tumor size", ["6", "7", "8", "8.5"], "TODO: mm or cm?"),
        ("Tumor size (inch)", ["0.8", "1.2", "1.1"], "inch"),
    ],
)
def test_units_come_from_the_heading_or_the_range_or_are_asked_about(tmp_path, heading, cells, unit):
    assert entry(tmp_path, heading, cells, "tumour_diameter_mm")["unit"].startswith(unit)


def test_a_receptor_score_is_not_taken_for_a_percentage(tmp_path):
    assert entry(tmp_path, "ER (%)", ["0", "80", "95"], "er_percent")["unit"] == "percent"
    assert entry(tmp_path, "ER (%)", ["0", "0.8", "0.95"], "er_percent")["unit"].startswith("TODO: percent or fraction")
    assert "er_percent" not in entry(tmp_path, "ER", [str(i % 9) for i in range(40)], "er_percent")


@pytest.mark.parametrize(
    ("heading", "cells", "variable", "codes"),
    [
        ("Östrogenrezeptor", ["pos.", "neg"], "er_status", {"pos.": "positive", "neg": "negative"}),
        ("RE", ["positif", "négatif"], "er_status", {"positif": "positive", "négatif": "negative"}),
        ("PR positiv", ["ja", "nein"], "pr_status", {"ja": "positive", "nein": "negative"}),
        ("Lado", ["izquierda", "derecha"], "laterality", {"izquierda": "left", "derecha": "right"}),
        ("Lato", ["sin", "dx"], "laterality", {"sin": "left", "dx": "right"}),
        ("Côté", ["G", "D"], "laterality", {"G": "left", "D": "right"}),
        ("Zijde", ["links", "rechts"], "laterality", {"links": "left", "rechts": "right"}),
        ("Chemioterapia", ["sì", "no"], "chemotherapy", {"sì": "yes", "no": "no"}),
        ("Menopausa", ["premenopausa", "postmenopausa"], "menopausal_status",
         {"premenopausa": "premenopausal", "postmenopausa": "postmenopausal"}),
        ("Grading", ["G1", "II", "3"], "grade", {"G1": "1", "II": "2", "3": "3"}),
        ("HER2-Score (IHC)", ["0", "1", "2", "3"], "her2_ihc", {"0": "0", "1": "1+", "2": "2+", "3": "3+"}),
    ],
)  # fmt: skip
def test_codes_are_known_by_their_words(tmp_path, heading, cells, variable, codes):
    found = entry(tmp_path, heading, cells * 4, variable)
    assert found["column"] == heading and found["codes"] == codes


@pytest.mark.parametrize(
    ("heading", "cells", "variable"),
    [
        ("pCR", ["0", "1"], "pcr"),
        ("pCR", ["1", "2"], "pcr"),
        ("Seite", ["1", "2"], "laterality"),
        ("ER", ["0", "1"], "er_status"),
        ("ER", ["ja", "nein"], "er_status"),
        ("Dichte", ["1", "2", "3", "4"], "breast_density"),
        ("HER2 IHC", ["0", "1"], "her2_ihc"),
    ],
)
def test_numbers_that_are_no_codes_are_always_asked_about(tmp_path, heading, cells, variable):
    codes = entry(tmp_path, heading, cells * 4, variable)["codes"]
    assert list(codes) == sorted(cells)
    for text in cells:
        if VARIABLES[variable].code_list[0] != text:
            assert codes[text].startswith(f"TODO: is '{text}' ")


def test_two_columns_for_one_variable_are_asked_about(tmp_path):
    rows = [[i, "pos", "neg"] for i in ids(8)]
    _, path, config = proposed(tmp_path, ["ID", "ER", "ER-Status"], rows)
    (question,) = [q for _, key, q in open_points(path) if key == "variables.er_status.column"]
    assert "'ER'" in question and "'ER-Status'" in question
    assert not {"ER", "ER-Status"} & set(config.get("unused_columns", []))
    with pytest.raises(ReplicalcError, match=r"line \d+, variables\.er_status\.column: is it "):
        check_answered(path)


#: Headings of a breast unit that speak of what a variable is about and mean something else.
NEARLY = {
    "Age of husband": ["44", "51", "63", "70"],
    "Age at first birth": ["24", "28", "31", "26"],
    "Family history of breast cancer": ["yes", "no"],
    "Contralateral breast cancer": ["yes", "no"],
    "Calcification vascular": ["yes", "no"],
    "ER Metastase": ["pos", "neg"],
    "ER Allred": ["0", "3", "5", "8"],
    "PR H-score": ["0", "120", "250", "300"],
    "Ki-67 (%)": ["10", "25", "60", "80"],
    "Chemotherapy palliative": ["yes", "no"],
    "Histology 2nd tumour": ["IDC", "ILC"],
    "Grade DCIS": ["1", "2", "3"],
    "Side of sentinel": ["left", "right"],
    "Brain metastases": ["yes", "no"],
    "MRI LD mid (mm)": ["12", "25", "31", "8"],
    "MRI volume after (ml)": ["12", "25", "31", "8"],
    "US size (mm)": ["12", "25", "31", "8"],
    "Date of recall letter": ["25.03.2015", "13.04.2016"],
    "Date of death": ["25.03.2015", "13.04.2016"],
    "Positive nodes (n)": ["0", "1", "2", "5"],
    "Reader confidence": ["1", "2", "3"],
    "Geschlecht": ["w", "m"],
}


@pytest.mark.parametrize("heading", NEARLY)
def test_a_heading_that_means_something_else_is_never_taken_for_certain(tmp_path, heading):
    rows = [[i, NEARLY[heading][k % len(NEARLY[heading])]] for k, i in enumerate(ids(24))]
    found, *_ = proposed(tmp_path, ["ID", heading], rows)
    assert [each.variable for each in found.proposals if not each.question] == ["patient_id"]


def test_no_column_is_used_twice_without_a_word(tmp_path):
    rows = [[i, ("mass", "calcification", "both")[k % 3]] for k, i in enumerate(ids(9))]
    found, _, config = proposed(tmp_path, ["ID", "abnormality"], rows)
    columns = [str(e["column"]) for e in config["variables"].values()]
    assert len(columns) == len(set(columns))
    assert "It could also answer mass" in found.text


def test_what_may_mean_missing(tmp_path):
    cells = ["44", "51", "63", "999", "999", "k.A.", "57"]
    found = entry(tmp_path, "Alter", cells, "age_years")
    assert [m[:35] for m in found["missing"]] == ["TODO: does '999' mean missing? Then"]
    *_, config = proposed(tmp_path, ["ID", "Alter"], [list(r) for r in zip(ids(7), cells, strict=True)])
    assert config["missing"] == ["", "k.A."]


@pytest.mark.parametrize(
    ("cells", "decimal"),
    [(["1,25", "2,5"], ","), (["1.25", "2.5"], None), (["1,250", "2,500"], "TODO"), (["1,25", "2.5"], "TODO")],
)
def test_the_decimal_sign(tmp_path, cells, decimal):
    *_, config = proposed(
        tmp_path, ["ID", "Tumor size (cm)"], [list(r) for r in zip(ids(2), cells, strict=True)], delimiter=";"
    )
    assert config["sources"][0]["delimiter"] == ";"
    assert config.get("decimal") == decimal or str(config["decimal"]).startswith("TODO")
    assert (decimal == "TODO") == str(config.get("decimal")).startswith("TODO")
