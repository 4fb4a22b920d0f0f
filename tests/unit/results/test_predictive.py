"""Predictive values of two tests on the same lesions: counted by hand, and where something is lacking."""

from __future__ import annotations

import math

import pytest

from replicalc.errors import ReplicalcError
from replicalc.results.predictive import predictive_values

MRI, ULTRASOUND, CANCER = ("mri_assessment", "positive"), ("us_assessment", "positive"), ("malignant", "yes")
#: Malignant: 6 by both, 3 by MRI only, 1 by ultrasound only. Benign: 2, 2, 4 and 7 by neither. One of unknown histology.
LESIONS = {
    "mri_assessment": ["positive"] * 9 + ["negative"] + ["positive"] * 4 + ["negative"] * 11 + ["positive"],
    "us_assessment": ["positive"] * 6
    + ["negative"] * 3
    + ["positive"] * 3
    + ["negative"] * 2
    + ["positive"] * 4
    + ["negative"] * 7
    + ["negative"],
    "malignant": ["yes"] * 10 + ["no"] * 15 + [""],
}


def test_both_values_and_their_difference(make):
    found = make(predictive_values, LESIONS, first=MRI, second=ULTRASOUND, target=CANCER)
    mri, us = "mri_assessment=positive~malignant=yes", "us_assessment=positive~malignant=yes"
    assert [found("all", name, stat).value for name in (mri, us) for stat in ("tp", "fp")] == [9, 4, 7, 6]
    assert found("all", mri, "ppv").value == pytest.approx(100 * 9 / 13)
    assert found("all", us, "ppv").value == pytest.approx(100 * 7 / 13)
    assert (found("all", mri, "ppv").n, found("all", mri, "ppv").n_missing) == (13, 1)
    assert found("all", mri, "ppv_lo").method == "Wilson"
    place = ("measure=ppv", "mri_assessment=positive - us_assessment=positive")
    assert found(*place, "difference").value == pytest.approx(100 * 2 / 13)
    # p = 16/26, C = (6 (10/26)^2 + 2 (16/26)^2) / 26; variance = (p q - 2 C) (2 / 13)
    shared = (6 * (10 / 26) ** 2 + 2 * (16 / 26) ** 2) / 26
    variance = (16 * 10 / 26**2 - 2 * shared) * 2 / 13
    assert found(*place, "statistic").value == pytest.approx((2 / 13) ** 2 / variance)
    row = found(*place, "p")
    assert row.method.startswith("Weighted generalised score") and (row.n, row.n_missing) == (25, 1)
    assert found(*place, "difference_lo").value < 100 * 2 / 13 < found(*place, "difference_hi").value
    assert found(*place, "difference_hi").conf_level == 0.95


def test_negative_predictive_values(make):
    found = make(predictive_values, LESIONS, first=MRI, second=ULTRASOUND, target=CANCER, measure="npv")
    place = "mri_assessment=positive~malignant=yes"
    assert [found("all", place, stat).value for stat in ("tn", "fn")] == [11, 1]
    assert found("all", place, "npv").value == pytest.approx(100 * 11 / 12)
    place = ("measure=npv", "mri_assessment=positive - us_assessment=positive")
    assert found(*place, "difference").value == pytest.approx(100 * (11 / 12 - 9 / 12))


def test_against_a_test_that_indicated_every_biopsy(make):
    found = make(predictive_values, LESIONS, first=MRI, second=None, target=CANCER)
    assert found("all", "everybody~malignant=yes", "ppv").value == 40  # 10 of the 25 with a histology
    place = ("measure=ppv", "mri_assessment=positive - everybody")
    assert found(*place, "difference").value == pytest.approx(100 * (9 / 13 - 10 / 25))
    assert 0 < found(*place, "p").value < 0.05
    nobody = make(predictive_values, LESIONS, first=MRI, second=None, target=CANCER, measure="npv")
    assert nobody("all", "everybody~malignant=yes", "npv").warning == "nobody is negative by this test"
    row = nobody("measure=npv", place[1], "p")
    assert math.isnan(row.value) and row.warning == "the second test is never negative: it has no NPV"


def test_lesions_of_one_woman_are_told(make):
    columns = {"patient_id": ["a", "a", *map(str, range(24))], **LESIONS}
    found = make(predictive_values, columns, "lesion", first=MRI, second=None, target=CANCER)
    place = ("measure=ppv", "mri_assessment=positive - everybody")
    for row in (found(*place, "p"), found(*place, "difference"), found("all", "everybody~malignant=yes", "ppv")):
        assert "of the patients analysed 1 contribute more than one" in row.warning


def test_a_subset_and_what_is_lacking(make):
    columns = {**LESIONS, "mri_enhancement": ["mass"] * 20 + ["non_mass"] * 6}
    found = make(predictive_values, columns, first=MRI, second=None, target=CANCER, subset={"mri_enhancement": "mass"})
    assert found("all", "everybody~malignant=yes", "ppv").n == 20
    lacking = {name: cells for name, cells in LESIONS.items() if name != "us_assessment"}
    found = make(predictive_values, lacking, first=MRI, second=ULTRASOUND, target=CANCER)
    assert found.reason() == "variable us_assessment not in cohort tiny" and len(found.rows) == 1
    with pytest.raises(ReplicalcError, match="there is no predictive value 'accuracy'"):
        make(predictive_values, LESIONS, first=MRI, second=None, target=CANCER, measure="accuracy")
