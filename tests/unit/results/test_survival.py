"""Survival by group, counted by hand; the tree of a work-up; several lesions of one woman; statements on other studies."""

from __future__ import annotations

import math

import pytest

from replicalc import results
from replicalc.stats.clustered import clustered_proportion
from replicalc.stats.survival import logrank

YEAR = 365.25
LIVES = {
    "follow_up_days": [str(round(years * YEAR * 4) // 4) for years in (1, 2, 3, 4, 5, 6, 7, 8)],
    "vital_status": [
        *("dead_of_breast_cancer", "alive", "dead_of_breast_cancer", "dead_of_other_cause"),
        *("dead_of_breast_cancer", "alive", "alive", "alive"),
    ],
    "tumour_feature": ["casting", "casting", "casting", "stellate", "stellate", "stellate", "stellate", ""],
    "tumour_diameter_mm": ["5"] * 8,
}
SURVIVAL = dict(time="follow_up_days", event=("vital_status", "dead_of_breast_cancer"), unit="year", times=[2, 4.5, 20])


def test_survival_at_times_is_the_product_of_its_steps(make):
    found = make(results.survival, LIVES, by=["tumour_feature"], **SURVIVAL)
    assert found("all", "time=2", "survival").value == pytest.approx(100 * 7 / 8)
    assert found("all", "time=4.5", "survival").value == pytest.approx(100 * 7 / 8 * 5 / 6)
    assert found("all", "time=4.5", "at_risk").value == 4
    casting = found("tumour_feature=casting", "time=2", "survival")
    assert casting.value == pytest.approx(100 * 2 / 3) and casting.n == 3 and casting.unit == "percent"
    assert math.isnan(found("tumour_feature=stellate", "time=20", "survival").value)
    assert "beyond the last follow-up" in found("tumour_feature=stellate", "time=20", "survival").warning
    assert found("all", "follow_up_days", "events").value == 3
    times = [round(int(days) / YEAR, 6) for days in LIVES["follow_up_days"][:7]]
    events = [1, 0, 1, 0, 1, 0, 0]
    expected = logrank(times, events, LIVES["tumour_feature"][:7]).p
    test = found("all", "follow_up_days by tumour_feature", "p")
    assert test.value == pytest.approx(expected) and (test.n, test.n_missing) == (7, 1)


def test_median_follow_up_is_the_reverse_estimate(make):
    found = make(results.survival, LIVES, **SURVIVAL)
    from replicalc.stats.survival import reverse_kaplan_meier_median

    times = [round(int(days) / YEAR, 6) for days in LIVES["follow_up_days"]]
    expected = reverse_kaplan_meier_median(times, [1, 0, 1, 0, 1, 0, 0, 0]).value
    row = found("all", "follow_up_days", "median_follow_up")
    assert row.value == pytest.approx(expected) and row.unit == "year"


def test_survival_by_two_variables_and_by_one_that_is_missing(make):
    cells = {**LIVES, "tumour_size_class": ["1_9", "10_14"] * 4}
    found = make(results.survival, cells, by=["tumour_feature+tumour_size_class", "grade"], **SURVIVAL)
    assert found("tumour_feature=casting;tumour_size_class=1_9", "time=2", "survival").value == pytest.approx(50)
    assert found("tumour_feature=powdery;tumour_size_class=1_9", "time=2", "survival") is None
    assert found.reason("grade=1", "time=2") == "variable grade not in cohort tiny"


def test_a_subset_that_only_some_cohorts_can_make(make):
    subset = {"primary_study": "tabar2004 or not recorded"}
    whole = make(results.survival, LIVES, subset=subset, **SURVIVAL)
    assert whole("all", "follow_up_days", "n").value == 8
    told_apart = {**LIVES, "primary_study": ["tabar2004"] * 3 + ["li2019"] * 4 + [""]}
    part = make(results.survival, told_apart, subset=subset, **SURVIVAL)
    assert part("all", "follow_up_days", "n").value == 4


LESIONS = {
    "patient_id": ["a", "a", "b", "c", "d", "d", "e", "f"],
    "us_assessment": ["positive", "positive", "negative", "negative", "positive", "negative", "negative", ""],
    "mri_assessment": ["positive", "negative", "positive", "negative", "positive", "positive", "negative", "positive"],
    "malignant": ["yes", "no", "yes", "no", "no", "yes", "yes", "yes"],
}
STEPS = [("us_assessment", "positive"), ("mri_assessment", "positive")]


def test_the_work_up_counts_branches_and_what_each_rule_spares_and_misses(make):
    found = make(
        results.work_up, LESIONS, unit_of_analysis="lesion", steps=STEPS, target=("malignant", "yes"),
        holds=[(("strategy=biopsy if mri_assessment is positive", "malignant=yes", "missed"), "=", 0)],
    )  # fmt: skip
    assert found("all", "malignant", "n").value == 7 and found("all", "malignant=yes", "count").n_missing == 1
    branch = "us_assessment=negative;mri_assessment=positive"
    assert found(branch, "malignant", "n").value == 2 and found(branch, "malignant=yes", "count").value == 2
    both = found("us_assessment=positive;mri_assessment=positive", "malignant=yes", "percent")
    assert both.value == pytest.approx(50)
    rule = "strategy=biopsy if mri_assessment is positive"
    counts = {
        stat: found(rule, "malignant=yes", stat).value for stat in ("biopsies", "biopsies_spared", "found", "missed")
    }
    # The rule looks at MRI alone: the lesion without ultrasound counts, too.
    assert counts == {"biopsies": 5, "biopsies_spared": 3, "found": 4, "missed": 1}
    assert found(rule, "malignant=yes", "missed_percent").value == pytest.approx(100 / 3)
    assert found(rule, "malignant=yes", "missed_percent_hi").value > 70
    assert found("strategy=biopsy all", "malignant=yes", "missed").value == 0
    assert found("strategy=biopsy if any is positive", "malignant=yes", "biopsies").value == 5
    assert found("all", "", "holds").value == 0


def test_an_empty_branch_is_told(make):
    cells = {name: values[:1] * 3 for name, values in LESIONS.items()}
    found = make(results.work_up, cells, unit_of_analysis="lesion", steps=STEPS, target=("malignant", "yes"))
    assert found.reason("us_assessment=negative", "malignant=yes") == "nobody is on this branch"


def test_shares_of_lesions_have_an_interval_that_respects_the_women(make):
    found = make(results.distribution, LESIONS, unit_of_analysis="lesion", variables=["malignant"])
    expected = clustered_proportion([1, 0, 1, 0, 0, 1, 1, 1], list("aabcddef"))
    place = ("all", "malignant=yes")
    assert found(*place, "percent_clustered_lo").value == pytest.approx(100 * expected.lo)
    assert found(*place, "percent_design_effect").value == pytest.approx(expected.design_effect)
    assert found(*place, "percent_lo").value != found(*place, "percent_clustered_lo").value
    plain = make(results.distribution, LESIONS, variables=["malignant"])
    assert plain(*place, "percent_clustered_lo") is None


def test_measures_of_accuracy_have_them_too(make):
    found = make(
        results.accuracy,
        LESIONS,
        unit_of_analysis="lesion",
        index=("mri_assessment", "positive"),
        target=("malignant", "yes"),
    )
    place = ("all", "mri_assessment=positive~malignant=yes")
    # Among test-positive lesions: women a, b, d (two lesions) and f.
    ppv = clustered_proportion([1, 1, 0, 1, 1], list("abddf"))
    assert found(*place, "ppv_clustered_hi").value == pytest.approx(100 * ppv.hi)
    # Nobody contributes two benign lesions: the specificity needs no second interval.
    assert found(*place, "specificity_clustered_lo") is None
    assert found(*place, "specificity_lo").value < 100


def test_the_flow_counts_women_beside_lesions(make, tmp_path):
    from replicalc.table import to_csv

    flow = tmp_path / "flow.csv"
    row = ["1", "mri", "no MRI", "9", "1", "8", "yes", "", "tiny", "synthetic"]
    from replicalc.cohort.flow import COLUMNS

    flow.write_text(to_csv([row], COLUMNS))

    def patient_flow(cohort, out, log):
        results.patient_flow(flow, cohort, out, log)

    found = make(patient_flow, LESIONS, unit_of_analysis="lesion")
    assert (found("all", "", "n_included").value, found("all", "", "n_patients").value) == (8, 6)
    # Values that lack are listed by name, whatever the order of the variables in the cohort file.
    gaps = {name: cells if name == "patient_id" else ["", *cells[1:]] for name, cells in LESIONS.items()}
    for order in (sorted(gaps), sorted(gaps, reverse=True)):
        found = make(patient_flow, {name: gaps[name] for name in order}, unit_of_analysis="lesion")
        lacking = [row.variable for row in found.rows if row.stat == "n_value_missing"]
        assert lacking == ["malignant", "mri_assessment", "us_assessment"]


def test_evidence_of_another_study_stands_beside_and_explains(make, tmp_path):
    other = tmp_path / "nat_residual" / "tiny" / "nat_residual_t1_surgery.csv"
    other.parent.mkdir(parents=True)
    cells = {"surgery": ["mastectomy"] * 3 + ["breast_conserving"]}

    def there(cohort, out, log, **params):
        results.distribution(cohort, other, log, **params)
        out.write_bytes(other.read_bytes())

    make(there, cells, variables=["surgery"])

    def evidence(cohort, out, log, **params):
        results.evidence(cohort, [str(other)], out, log, **params)

    sentence = ("calcified=yes", "surgery=mastectomy", "percent")
    params = dict(
        rows="calcified",
        columns="surgery",
        test="pearson",
        no_judgement="all calcified there",
        holds=[(sentence, ">", 50)],
    )
    found = make(evidence, cells, **params)
    copied = found("study=nat_residual", "surgery=mastectomy", "percent")
    assert copied.value == 75 and "from nat_residual_t1_surgery" in copied.method
    why = found("all", "", "holds")
    assert math.isnan(why.value) and why.warning == "variable calcified not in cohort tiny; all calcified there"
    judged = make(evidence, {**cells, "calcified": ["yes"] * 3 + ["no"]}, **params)
    assert judged("all", "", "holds").value == 1 and not judged("all", "", "holds").warning


def test_a_group_that_nobody_is_in_is_told(make):
    found = make(results.survival, LIVES, by=["tumour_feature"], **SURVIVAL)
    assert "nobody in this group" in found.reason("tumour_feature=powdery", "time=2")


def test_a_subset_of_nobody_gives_reasons_and_no_traceback(make):
    cells = {**LIVES, "tumour_size_class": ["over_20"] * 8}
    found = make(results.survival, cells, by=["tumour_feature"], subset={"tumour_size_class": "1_9"}, **SURVIVAL)
    assert "nobody" in found.reason("all", "time=2")
    assert found("all", "follow_up_days by tumour_feature", "p") is None


def test_lesions_without_their_women_are_told_and_counted_naively(make):
    for women in (["a", "a", "b", "c", "", "", "e", "f"], None):
        cells = {**LESIONS, "patient_id": women} if women else {k: v for k, v in LESIONS.items() if k != "patient_id"}
        found = make(results.distribution, cells, unit_of_analysis="lesion", variables=["malignant"])
        assert found("all", "malignant=yes", "percent_clustered_lo") is None
        assert "is not known" in found("all", "malignant=yes", "percent").warning


def test_where_all_lesions_agree_each_woman_counts_once(make):
    from replicalc.stats.effect import wilson

    cells = {**LESIONS, "malignant": ["yes"] * 8}
    found = make(results.distribution, cells, unit_of_analysis="lesion", variables=["malignant"])
    row = found("all", "malignant=yes", "percent_clustered_lo")
    assert row.value == pytest.approx(100 * wilson(1.0, 6, 0.95)[0]) and "6 patients counted once" in row.method


def test_a_sentence_about_nobody_is_not_judged(make):
    cells = {**LESIONS, "mri_assessment": ["positive"] * 8}
    rule = "strategy=biopsy if mri_assessment is positive"
    found = make(
        results.work_up, cells, unit_of_analysis="lesion", steps=STEPS, target=("malignant", "yes"),
        holds=[
            ("given", (rule, "malignant=yes", "biopsies_spared"), ">", 0),
            ((rule, "malignant=yes", "missed"), "=", 0),
        ],
    )  # fmt: skip
    row = found("all", "", "holds")
    assert math.isnan(row.value) and "nothing to judge" in row.warning


def test_two_tests_on_lesions_have_limits_that_respect_the_women(make):
    params = dict(first=STEPS[1], second=STEPS[0], target=("malignant", "yes"))
    found = make(results.two_tests, LESIONS, unit_of_analysis="lesion", **params)
    from replicalc.stats.clustered import clustered_difference

    # Malignant lesions with both tests: a, b, d, e.
    assert (
        found("measure=sensitivity", "mri_assessment=positive - us_assessment=positive", "difference_clustered_lo")
        is None
    )
    healthy = clustered_difference([1, 1, 0], [0, 1, 0], list("acd"))
    row = found("measure=specificity", "mri_assessment=positive - us_assessment=positive", "difference")
    assert row.value == pytest.approx(100 * healthy.value)
    twice = {**LESIONS, "patient_id": ["a", "b", "a", "c", "c", "d", "f", "g"]}
    found = make(results.two_tests, twice, unit_of_analysis="lesion", **params)
    expected = clustered_difference([1, 1, 1, 0], [1, 0, 0, 0], list("aadf"))
    place = ("measure=sensitivity", "mri_assessment=positive - us_assessment=positive")
    assert found(*place, "difference_clustered_hi").value == pytest.approx(100 * expected.hi)
