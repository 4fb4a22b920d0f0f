"""Each implausible combination is found where it is, and nowhere else; the table itself fits the dictionary."""

from __future__ import annotations

import pandas as pd
import pytest
from declared import run_declared, variables
from project import ROOT

from replicalc.cohort.frame import typed
from replicalc.cohort.implausible import IMPLAUSIBLE, applicable
from replicalc.cohort.source import ROW
from replicalc.errors import ReplicalcError
from replicalc.records import load_dictionary, read_csv

VARIABLES = load_dictionary(ROOT / "data/dictionary.csv")
BY_NAME = {each.name: each for each in IMPLAUSIBLE}
#: Of each combination: values in which it is found, and values next to them in which it is not.
CASES = {
    "age_against_nat_start": (["45", "1980-01-01", "2015-06-01"], ["36", "1980-01-01", "2015-06-01"]),
    "age_against_diagnosis": (["33", "1980-01-01", "2015-06-01"], ["34", "1980-01-01", "2015-06-01"]),
    "age_against_surgery": (["38", "1980-01-01", "2015-06-01"], ["37", "1980-01-01", "2015-06-01"]),
    "follow_up_against_dates": (["100", "2015-01-01", "2015-03-01"], ["60", "2015-01-01", "2015-03-01"]),
    "relapse_free_longer_than_follow_up": (["101", "100"], ["100", "100"]),
    "premenopausal_above_65": (["66", "premenopausal"], ["65", "premenopausal"]),
    "mri_complete_response_with_residual": (["4", "yes"], ["0", "yes"]),
    "mri_residual_without_size": (["0", "no"], ["3", "no"]),
    "mri_residual_without_lesion": (["0", "5"], ["0", "0"]),
    "pcr_with_residual_invasive": (["yes", "yes"], ["no", "yes"]),
    "pcr_with_invasive_size": (["3", "yes"], ["0", "yes"]),
    "miller_payne_5_with_residual_invasive": (["5", "yes"], ["4", "yes"]),
    "miller_payne_below_5_without_residual": (["3", "no", "no"], ["3", "no", "yes"]),
    "invasive_size_without_residual_invasive": (["3", "no"], ["0", "no"]),
    "residual_invasive_of_size_0": (["0", "yes"], ["1", "yes"]),
    "breast_conserved_though_not_eligible": (["breast_conserving", "no"], ["mastectomy", "no"]),
    "calcification_and_mass_without_mass": (["calcification_and_mass", "no"], ["calcification_only", "no"]),
    "tumour_feature_without_calcified": (["casting", "no"], ["stellate", "no"]),
    "us_finding_not_visible": (["isolated_dots", "no"], ["invisible", "no"]),
    "er_negative_with_stained_cells": (["10", "negative"], ["9", "negative"]),
    "pr_negative_with_stained_cells": (["50", "negative"], ["50", "positive"]),
    "er_positive_without_stained_cells": (["0", "positive"], ["1", "positive"]),
    "pr_positive_without_stained_cells": (["0", "positive"], ["0", "negative"]),
    "her2_positive_with_low_score": (["positive", "1+", "not_amplified"], ["positive", "1+", "amplified"]),
    "her2_negative_with_score_3": (["negative", "3+"], ["negative", "2+"]),
    "triple_negative_with_er": (["triple_negative", "positive"], ["luminal_a", "positive"]),
    "luminal_without_receptor": (["luminal_b", "negative", "negative"], ["luminal_b", "negative", "positive"]),
    "metastasis_below_stage_iv": (["yes", "III"], ["yes", "IV"]),
    "stage_iv_without_metastasis": (["IV", "no"], ["III", "no"]),
    "stage_0_with_nodes": (["0", "yes"], ["I", "yes"]),
    "malignant_without_work_up": (["yes", "no"], ["no", "no"]),
}
SAMPLE = {"number": "10", "integer": "10", "date": "2015-01-01"}


def cases(each) -> tuple[list[str], list[str]]:
    if each.name in CASES:
        return CASES[each.name]
    if "_before_" in each.name:  # later, earlier
        return ["2015-01-01", "2015-01-02"], ["2015-01-02", "2015-01-02"]
    described, _ = each.needs
    value = SAMPLE.get(VARIABLES[described].type) or VARIABLES[described].code_list[0]
    return [value, "no"], [value, "yes"]


def found(each, *rows: list[str]) -> list[bool]:
    table = pd.DataFrame([[str(i), *row] for i, row in enumerate(rows)], columns=[ROW, *each.needs])
    frame = typed(table, VARIABLES)
    assert each in applicable(frame)
    holds = each.holds(frame)
    assert len(holds) == len(rows)
    return [bool(value) for value in holds]


@pytest.mark.parametrize("each", IMPLAUSIBLE, ids=lambda each: each.name)
def test_it_is_found_where_it_is_and_nowhere_else(each):
    wrong, right = cases(each)
    blanks = [[*wrong[:place], "", *wrong[place + 1 :]] for place in range(len(wrong))]
    assert found(each, wrong, right, *blanks) == [True, False, *[False] * len(blanks)]
    assert each not in applicable(pd.DataFrame({name: [1] for name in each.needs[1:]}))


def test_the_table_fits_the_dictionary():
    assert len(BY_NAME) == len(IMPLAUSIBLE) and set(CASES) <= set(BY_NAME)
    assert {need for each in IMPLAUSIBLE for need in each.needs} <= set(VARIABLES)
    stopping = [each for each in IMPLAUSIBLE if each.stops]
    assert stopping and all(VARIABLES[need].type == "date" for each in stopping for need in each.needs)


COHORT = variables(
    'nat_start_date: {column: Start, format: "%Y-%m-%d"}',
    'surgery_date: {column: Op, format: "%Y-%m-%d"}',
    'pcr: {column: ypT0, codes: {1: "yes", 0: "no"}}',
    'residual_invasive: {column: Residual, codes: {1: "yes", 0: "no"}}',
)
EXPORT = "ID,Start,Op,ypT0,Residual\nA,2015-03-01,2015-02-01,1,0\nB,2015-03-01,2015-09-01,1,1\nC,2015-03-01,,0,1\n"


def counted(folder, name: str) -> tuple[str, str]:
    told = f"on_problem: {{{name}: "
    (row,) = [row for row in read_csv(folder / "validation.csv") if row["note"].startswith(told)]
    return row["n_found"], row["stops_the_run"]


def test_its_severity_says_whether_the_run_stops(tmp_path):
    with pytest.raises(
        ReplicalcError, match=r"row 2, column 'Op' .* surgery_date before nat_start_date, which cannot be"
    ):
        run_declared(tmp_path, COHORT, EXPORT)
    rows = read_csv(tmp_path / "problems.csv")
    assert [(row["row"], row["check"], row["value"], row["stops_the_run"]) for row in rows] == [
        ("2", "surgery_before_nat_start", "2015-02-01; 2015-03-01", "yes"),
        ("3", "pcr_with_residual_invasive", "yes; yes", "no"),
    ]


def test_a_cohort_file_may_decide_otherwise(tmp_path):
    keep = "on_problem: {surgery_before_nat_start: keep, pcr_with_residual_invasive: set_missing}\n"
    rows = run_declared(tmp_path, COHORT + keep, EXPORT)
    assert [(row["surgery_date"], row["pcr"], row["residual_invasive"]) for row in rows] == [
        ("2015-02-01", "yes", "no"),
        ("2015-09-01", "", ""),
        ("", "no", "yes"),
    ]
    assert counted(tmp_path, "surgery_before_nat_start") == ("1", "no")
    assert counted(tmp_path, "pcr_with_residual_invasive") == ("1", "no")
    changes = [tuple(row.values())[1:7] for row in read_csv(tmp_path / "changes.csv")]
    assert changes == [
        ("3", "column 'ypT0'", "pcr", "yes", "", "implausible_set_missing"),
        ("3", "column 'Residual'", "residual_invasive", "yes", "", "implausible_set_missing"),
    ]
    with pytest.raises(ReplicalcError, match="pathologic complete response with residual invasive carcinoma"):
        run_declared(tmp_path, COHORT + "on_problem: {pcr_with_residual_invasive: stop}\n", EXPORT)


@pytest.mark.parametrize(
    ("said", "word"),
    [
        (
            "{pcr_with_residual: stop}",
            "there is no check 'pcr_with_residual'. Did you mean 'pcr_with_residual_invasive'",
        ),
        ("{out_of_range: keep}", "what 'out_of_range' finds cannot be kept. Allowed: stop, set_missing"),
        ("{out_of_range: drop}", "'drop' is not allowed. Allowed: stop, set_missing, keep"),
    ],
)
def test_what_on_problem_may_say(tmp_path, said, word):
    with pytest.raises(ReplicalcError) as error:
        run_declared(tmp_path, COHORT + f"on_problem: {said}\n", EXPORT)
    assert word in str(error.value)


def test_what_was_computed_from_an_emptied_value_goes_with_it(tmp_path):
    rule = "follow_up_days: {duration: {from: {column: Start, format: '%Y-%m-%d'}, until: {variable: surgery_date}, in: day}}"
    more = COHORT.replace("  pcr:", f"  {rule}\n  pcr:")
    more += "on_problem: {surgery_before_nat_start: set_missing, negative_duration: set_missing}\n"
    first, second, _ = run_declared(tmp_path, more, EXPORT)
    assert (first["surgery_date"], first["nat_start_date"], first["follow_up_days"]) == ("", "", "")
    assert second["follow_up_days"] == "184"
    late = more.replace("column: Start, format: '%Y-%m-%d'}, until", "column: Ward, format: '%Y-%m-%d'}, until")
    export = "".join(f"{line},{'Ward' if i == 0 else '2015-01-01'}\n" for i, line in enumerate(EXPORT.splitlines()))
    first, *_ = run_declared(tmp_path, late, export)
    assert first["follow_up_days"] == ""
    emptied = [(row["variable"], row["from"]) for row in read_csv(tmp_path / "changes.csv")]
    assert emptied == [("surgery_date", "2015-02-01"), ("nat_start_date", "2015-03-01"), ("follow_up_days", "31")]


def test_a_value_in_two_combinations_is_emptied_once_and_told_twice(tmp_path):
    cohort = variables(
        'pcr: {column: A, codes: {1: "yes"}}',
        'residual_invasive: {column: B, codes: {1: "yes"}}',
        "miller_payne: {column: C, codes: {5: 5}}",
    )
    both = "on_problem: {pcr_with_residual_invasive: set_missing, miller_payne_5_with_residual_invasive: set_missing}\n"
    (row,) = run_declared(tmp_path, cohort + both, "ID,A,B,C\nx,1,1,5\n")
    assert (row["pcr"], row["residual_invasive"], row["miller_payne"]) == ("", "", "")
    assert [(p["check"], p["value"]) for p in read_csv(tmp_path / "problems.csv")] == [
        ("pcr_with_residual_invasive", "yes; yes"),
        ("miller_payne_5_with_residual_invasive", "5; yes"),
    ]
    changed = [change["variable"] for change in read_csv(tmp_path / "changes.csv")]
    assert changed == ["pcr", "residual_invasive", "miller_payne"]
