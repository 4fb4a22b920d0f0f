"""Every archetype gives the same from rows, from counts of rows alike, and from rows that say how many they stand for."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pandas as pd
import pytest
from both_ways import CLOSED, ITERATIVE, compute, differences
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from project import ROOT

from replicalc import results
from replicalc.cohort import frame
from replicalc.cohort.frame import Cohort, read_cohort, typed, write_cohort
from replicalc.cohort.grouped import PATIENTS, UNITS
from replicalc.cohort.source import ROW
from replicalc.records import load_dictionary

VARIABLES = load_dictionary(ROOT / "data" / "dictionary.csv")
COPIES = 50
NEVER = 10**9
#: The values that the columns of a made-up cohort take; the empty text is a missing value.
YES_NO = ("yes", "no", "")
VALUES = {
    "pcr": YES_NO,
    "calcified": YES_NO,
    "malignant": YES_NO,
    "subtype": ("tn", "hrpos_her2neg", "hrpos_her2pos", ""),
    "grade": ("1", "2", "3", ""),
    "us_assessment": ("positive", "negative", ""),
    "mri_assessment": ("positive", "negative", ""),
    "vital_status": ("alive", "dead_of_breast_cancer", "dead_of_other_cause"),
    "follow_up_days": ("10", "20", "400", "1000", "3000", ""),
    "calc_extent_pre_mm": ("0", "2.3", "11", "40", ""),
    "calc_extent_post_mm": ("0", "2.3", "12", "35", ""),
}
SIZES = {"before": "calc_extent_pre_mm", "after": "calc_extent_post_mm"}
US, MRI, CANCER = ("us_assessment", "positive"), ("mri_assessment", "positive"), ("malignant", "yes")
ARCHETYPES = {
    "distribution": (results.distribution, {"variables": ["grade", "subtype", "surgery"]}, CLOSED),
    "subset": (results.distribution, {"variables": ["grade"], "subset": {"pcr": "no or not recorded"}}, CLOSED),
    "numeric": (
        results.numeric,
        {"variables": dict.fromkeys(SIZES.values(), "mm"), "unit": "cm", "by": "pcr", "extremes": True},
        CLOSED,
    ),
    "association": (
        results.association,
        {
            "rows": ["pcr", "grade"],
            "columns": "calcified",
            "test": "pearson",
            "order": {"grade": ["1", "2", "3"], "calcified": ["no", "yes"]},
        },
        CLOSED,
    ),
    "before_after": (results.before_after, {**SIZES, "unit": "cm", "canonical": "mm"}, CLOSED),
    "logistic": (
        results.logistic,
        {"outcome": ("pcr", "yes"), "factors": {"grade": "each against 1", "calc_extent_pre_mm": "per 10 mm"}},
        ITERATIVE,
    ),
    "hazard": (
        results.hazard,
        {
            "time": "follow_up_days",
            "event": ("vital_status", "dead_of_breast_cancer"),
            "unit": "year",
            "factors": {"grade": "each against 1", "calcified": "yes"},
        },
        ITERATIVE,
    ),
    "survival": (
        results.survival,
        {
            "time": "follow_up_days",
            "event": ("vital_status", "dead_of_breast_cancer|dead_of_other_cause"),
            "unit": "year",
            "times": [1, 5],
            "by": ["grade", "pcr+calcified"],
        },
        CLOSED,
    ),
    "accuracy": (
        results.accuracy,
        {
            "index": US,
            "target": CANCER,
            "by": "subtype",
            "pooled": [["tn", "hrpos_her2pos"]],
            "both_targets": True,
        },
        CLOSED,
    ),
    "misses": (results.misses, {"index": US, "target": CANCER, "described_by": ["grade", "subtype"]}, CLOSED),
    "two_tests": (results.two_tests, {"first": US, "second": MRI, "target": CANCER}, CLOSED),
    "ppv": (results.predictive_values, {"first": US, "second": MRI, "target": CANCER}, CLOSED),
    "npv": (
        results.predictive_values,
        {"first": US, "second": MRI, "target": CANCER, "measure": "npv"},
        CLOSED,
    ),
    "work_up": (results.work_up, {"steps": [US, MRI], "target": CANCER}, CLOSED),
    "agreement": (
        results.agreement,
        {"x": SIZES["before"], "y": SIZES["after"], "unit": "cm", "canonical": "mm", "form": "ICC(C,1)", "by": "pcr"},
        CLOSED,
    ),
}


@st.composite
def cells(draw) -> dict[str, list[str]]:
    """Columns of text: up to 14 rows of a few patients, with values and identifiers missing."""
    n = draw(st.integers(1, 14))
    columns = {name: draw(st.lists(st.sampled_from(values), min_size=n, max_size=n)) for name, values in VALUES.items()}
    known = draw(st.booleans())
    women = [f"SYN-{number:04d}" for number in range(1, 6)] + ([] if known else [""])
    return {"patient_id": draw(st.lists(st.sampled_from(women), min_size=n, max_size=n)), **columns}


def cohort(columns: dict[str, list[str]], unit: str, copies: int = 1) -> Cohort:
    """A cohort of these rows; each copy of a patient is a patient."""
    n = len(columns["patient_id"])
    many = {name: values * copies for name, values in columns.items()}
    many["patient_id"] = [who and f"{who}-{i // n}" for i, who in enumerate(many["patient_id"])]
    rows = pd.DataFrame({ROW: [str(i) for i in range(n * copies)], **many})
    return Cohort(typed(rows, VARIABLES), "study", "tiny", "synthetic", unit, "none")


@pytest.mark.parametrize("archetype", ARCHETYPES)
@pytest.mark.parametrize("unit", ["patient", "lesion"])
@given(columns=cells())
@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
def test_rows_and_counts_agree(archetype, unit, columns):
    function, params, tolerance = ARCHETYPES[archetype]
    with tempfile.TemporaryDirectory() as folder:
        file, out = Path(folder) / "cohort.parquet", Path(folder) / "tiny_result.csv"
        write_cohort(cohort(columns, unit), file)
        by_row = compute(function, file, out, params, most_rows=NEVER)
        assert differences(by_row, compute(function, file, out, params, most_rows=0), tolerance) == []


@pytest.mark.parametrize("archetype", ARCHETYPES)
@pytest.mark.parametrize("unit", ["patient", "lesion"])
@given(columns=cells())
@settings(max_examples=3, deadline=None, suppress_health_check=list(HealthCheck))
def test_fifty_copies_of_a_row_are_a_row_that_stands_for_fifty(archetype, unit, columns):
    function, params, tolerance = ARCHETYPES[archetype]
    with tempfile.TemporaryDirectory() as folder:
        file, out = Path(folder) / "cohort.parquet", Path(folder) / "tiny_result.csv"
        write_cohort(cohort(columns, unit, COPIES), file)
        by_row = compute(function, file, out, params, most_rows=NEVER)
        grouped = compute(function, file, out, params, most_rows=0)
        once = cohort(columns, unit)
        write_cohort(Cohort(once.frame.assign(**{UNITS: COPIES, PATIENTS: COPIES}), *_about(once)), file)
        counted = compute(function, file, out, params, most_rows=0)
    assert differences(by_row, grouped, tolerance) == []
    assert differences(by_row, counted, tolerance) == []


def _about(one: Cohort) -> list:
    return [one.study, one.name, one.kind, one.unit_of_analysis, one.clustering]


COLUMNS = {
    "patient_id": ["SYN-1", "SYN-1", "SYN-2", "SYN-2", "SYN-3", ""],
    "grade": ["3", "1", "1", "3", "", "2"],
    "calc_extent_pre_mm": ["1", "1", "1", "1", "", "1"],
}


@pytest.fixture
def forced(monkeypatch):
    monkeypatch.setattr(frame, "MOST_ROWS", 0)


def test_alike_rows_are_one_row_in_the_order_of_the_dictionary(tmp_path, forced):
    file = tmp_path / "a [folder]" / "cohort.parquet"  # signs that a pattern of file names would take for its own
    write_cohort(cohort(COLUMNS, "patient", copies=3), file)
    found = read_cohort(file, ["grade", "calc_extent_pre_mm", "grade", "surgery"])
    assert list(found.frame.columns) == ["grade", "calc_extent_pre_mm", UNITS]
    assert found.frame["grade"].cat.categories.to_list() == VARIABLES["grade"].code_list
    assert not found.frame["grade"].cat.ordered
    assert found.frame["grade"].astype("object").fillna("missing").to_list() == ["1", "2", "3", "missing"]
    assert found.units.tolist() == [6, 3, 6, 3] and found.size == 18
    assert found.frame["calc_extent_pre_mm"].isna().to_list() == [False, False, False, True]
    assert found.missing_variables("grade", "surgery") == ["surgery"]
    assert read_cohort(file).frame.shape[0] == 18, "who names no variables gets the rows as they are"


def test_women_alike_are_one_kind_and_who_has_no_identifier_stays_unknown(tmp_path, forced):
    write_cohort(cohort(COLUMNS, "lesion", copies=2), tmp_path / "cohort.parquet")
    found = read_cohort(tmp_path / "cohort.parquet", ["grade"])
    kinds = found.frame.groupby("patient_id", dropna=False)
    assert sorted(tuple(rows["grade"].dropna()) for _, rows in kinds) == [(), ("1", "3"), ("2",)]
    assert found.size == 12 and not found.patients_known
    whose = found.part(found.frame["patient_id"].notna())
    (ones,), sizes, alike = whose.per_patient(whose.frame["grade"] == "1")
    assert sorted(zip(ones, sizes, alike, strict=True)) == [(0, 1, 2), (1, 2, 4)]


def test_codes_and_names_are_taken_literally(tmp_path, forced):
    odd = pd.DataFrame({'a "b"': pd.Categorical(["o'x", "%s", "o'x"], categories=["o'x", "never", "%s"])})
    write_cohort(Cohort(odd, "study", "tiny", "synthetic", "patient", "none"), tmp_path / "cohort.parquet")
    found = read_cohort(tmp_path / "cohort.parquet", ['a "b"'])
    assert found.counts('a "b"') == {"o'x": 2, "never": 0, "%s": 1}


def test_any_number_of_threads_gives_the_same_rows(tmp_path, forced, monkeypatch):
    write_cohort(cohort(COLUMNS, "lesion", copies=40), tmp_path / "cohort.parquet")
    frames = []
    for threads in (1, 4):
        monkeypatch.setattr("replicalc.cohort.grouped.THREADS", threads)
        frames.append(read_cohort(tmp_path / "cohort.parquet", ["grade", "calc_extent_pre_mm"]).frame)
    pd.testing.assert_frame_equal(*frames)


@pytest.mark.parametrize("unit, patients", [("patient", 12), ("lesion", None)])
def test_gaps_are_those_of_the_rows(tmp_path, monkeypatch, unit, patients):
    write_cohort(cohort(COLUMNS, unit, copies=2), tmp_path / "cohort.parquet")
    small = frame.read_gaps(tmp_path / "cohort.parquet")
    monkeypatch.setattr(frame, "MOST_ROWS", 0)
    assert frame.read_gaps(tmp_path / "cohort.parquet") == small
    assert small[0] == 12 and small[1]["grade"] == 2 and small[2] == patients


def test_patients_of_lesions_are_counted_where_all_are_known(tmp_path, forced):
    known = {name: values[:5] for name, values in COLUMNS.items()}
    write_cohort(cohort(known, "lesion", copies=2), tmp_path / "cohort.parquet")
    assert frame.read_gaps(tmp_path / "cohort.parquet")[2] == 6
