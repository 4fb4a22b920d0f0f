"""What a run says when it ends: every claim is counted in one line of each kind, and nobody's numbers twice."""

import re

import pytest

from replicalc.report.summary import PAPER_VERDICTS, VERDICTS, closing_line, cohort_lines, study_lines


def study(claims: int, paper: dict[str, int], cohorts: dict[str, dict[str, int]]) -> dict:
    return {
        "claims": claims,
        "paper": dict.fromkeys(PAPER_VERDICTS, 0) | paper,
        "cohorts": {name: dict.fromkeys(VERDICTS, 0) | counts for name, counts in cohorts.items()},
    }


@pytest.fixture
def summary() -> dict:
    return {
        "studies": {
            "first": study(3, {"exact": 2, "impossible": 1}, {"synthetic": {"same_print": 3}}),
            "second": study(
                4, {"exact": 4}, {"synthetic": {"same_print": 4}, "clinic": {"same_direction": 1, "not_evaluable": 3}}
            ),
        },
        "cohorts": {"synthetic": "synthetic", "clinic": "real"},
        "withheld": {"clinic": {"withheld": 7, "all": 90}},
    }


def test_several_cohorts_have_a_line_each_with_the_studies_they_speak_to(summary):
    assert cohort_lines(summary) == [
        "synthetic (synthetic) on all studies: 7 same_print",
        "clinic (real) on second: 1 same_direction, 3 not_evaluable; 7 of 90 numbers withheld by disclosure control",
    ]
    assert closing_line(summary) == "7 claims of 2 studies; from the paper alone: 6 exact, 1 impossible; 2 cohorts"
    assert study_lines(summary) == [
        "first: 3 claims; from the paper alone: 2 exact, 1 impossible; 1 cohort",
        "second: 4 claims; from the paper alone: 4 exact; 2 cohorts",
    ]


def test_one_cohort_alone_stands_in_the_line_of_each_study(summary):
    for each in summary["studies"].values():
        each["cohorts"].pop("synthetic")
    del summary["cohorts"]["synthetic"]
    assert cohort_lines(summary) == []
    assert study_lines(summary)[0].endswith("; no cohort of this run can speak to it")
    told = "clinic (real): 1 same_direction, 3 not_evaluable; 7 of 90 numbers withheld by disclosure control"
    assert study_lines(summary)[1].endswith(told) and closing_line(summary).endswith(told)


def test_the_lines_of_the_cohorts_count_every_claim_that_they_were_asked(summary):
    counted = [sum(map(int, re.findall(r"(\d+) [a-z_]+(?:[,;]|$)", line))) for line in cohort_lines(summary)]
    assert counted == [7, 4]
