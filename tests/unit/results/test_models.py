"""Regressions as results: how factors enter, what a factor of several categories says, what a cohort lacks."""

from __future__ import annotations

import math

import numpy as np
import pytest

from replicalc import results
from replicalc.errors import ReplicalcError
from replicalc.stats.cox import cox, schoenfeld_test
from replicalc.stats.logistic import logistic


def draw(n=120, seed=5):
    rng = np.random.default_rng(seed)
    stage = rng.choice(["0", "I", "II", "III", "IV"], n, p=[0.1, 0.2, 0.3, 0.25, 0.15])
    grade = rng.choice(["1", "2", "3"], n)
    age = rng.integers(30, 80, n)
    risk = 0.8 * np.isin(stage, ["III", "IV"]) + 0.5 * (grade == "3") + 0.02 * (age - 50)
    poor = rng.random(n) < 1 / (1 + np.exp(0.7 - risk))
    days = rng.integers(100, 5000, n)
    return {
        "prognosis": ["poor" if p else "good" for p in poor],
        "stage": list(stage),
        "grade": list(grade),
        "age_years": [str(a) for a in age],
        "follow_up_days": [str(d) for d in days],
        "vital_status": ["dead_of_breast_cancer" if p else "alive" for p in poor],
    }


CELLS = draw()
FACTORS = {"stage": "I|II against III|IV", "grade": "each against 1", "age_years": "per 10 years"}


def arrays(cells):
    stage, grade = np.array(cells["stage"]), np.array(cells["grade"])
    rows = stage != "0"
    x = np.column_stack(
        [np.isin(stage, ["I", "II"]), grade == "2", grade == "3", np.array(cells["age_years"], dtype=float) / 10]
    )
    event = np.array(cells["prognosis"]) == "poor"
    return rows, x[rows].astype(float), event[rows].astype(float)


def test_each_kind_of_factor_enters_as_written(make):
    found = make(results.logistic, CELLS, outcome=("prognosis", "poor"), factors=FACTORS)
    rows, x, event = arrays(CELLS)
    names = ["stage=I|II", "grade=2", "grade=3", "age_years"]
    fit = logistic(event, x, names)
    for name in names:
        row = found("model=multivariable", name, "or")
        assert row.value == pytest.approx(fit.term(name).odds_ratio)
        assert (row.n, row.n_missing) == (rows.sum(), (~rows).sum())
        assert found("model=multivariable", name, "p").value == pytest.approx(fit.term(name).p_wald)
    # Stage 0 is on neither side of this comparison, but it is on the sides of the others.
    assert found("model=univariable", "stage=I|II", "or").n == rows.sum()
    assert found("model=univariable", "grade=3", "or").n == 120
    assert "against III or IV" in found("model=univariable", "stage=I|II", "or").method


def test_a_factor_of_several_categories_is_tested_as_a_whole(make):
    found = make(results.logistic, CELLS, outcome=("prognosis", "poor"), factors=FACTORS)
    _, x, event = arrays(CELLS)
    full, without = logistic(event, x, list("abcd")), logistic(event, x[:, [0, 3]], list("ad"))
    from scipy.stats import chi2

    expected = chi2.sf(2 * (full.log_likelihood - without.log_likelihood), 2)
    assert found("model=multivariable", "grade", "p").value == pytest.approx(expected, rel=1e-6)
    alone = found("model=univariable", "grade", "p")
    grade, poor = np.array(CELLS["grade"]), np.array(CELLS["prognosis"]) == "poor"
    table = np.array([[(poor & (grade == g)).sum(), (~poor & (grade == g)).sum()] for g in "123"])
    expected_counts = table.sum(1, keepdims=True) * table.sum(0) / table.sum()
    g2 = 2 * (table * np.log(table / expected_counts)).sum()
    assert alone.value == pytest.approx(chi2.sf(g2, 2), rel=1e-6)
    assert "2 categories of grade together, against 1" in alone.method


def test_models_that_a_rule_asks_for(make):
    found = make(results.logistic, CELLS, outcome=("prognosis", "poor"), factors=FACTORS, models=["univariable"])
    assert {row.group for row in found.rows} == {"model=univariable"}
    with pytest.raises(ReplicalcError, match="there is no model 'multivariate'"):
        make(results.logistic, CELLS, outcome=("prognosis", "poor"), factors=FACTORS, models=["multivariate"])


@pytest.mark.parametrize(
    ("factors", "told"),
    [
        ({"grade": "4"}, "'4' is no code of grade. Its codes: 1, 2, 3"),
        ({"grade": "each against 0"}, "'0' is no code of grade"),
        ({"grade": "per year"}, "'per year' is for numbers, but grade is a category"),
        ({"age_years": "yes"}, "age_years is a number; say 'per <unit>' instead of 'yes'"),
        ({"grade": "each against 1|2"}, "'each against' needs one code"),
    ],
)
def test_a_factor_that_cannot_be_read_is_told(make, factors, told):
    with pytest.raises(ReplicalcError, match=told.replace("|", r"\|")):
        make(results.logistic, CELLS, outcome=("prognosis", "poor"), factors=factors)


def test_a_factor_with_its_reference_alone_is_not_fitted(make):
    cells = {**CELLS, "grade": ["1"] * 120}
    found = make(results.logistic, cells, outcome=("prognosis", "poor"), factors={"grade": "each against 1"})
    assert found.reason("model=univariable", "grade=2") == "only one category of grade occurs"
    assert found.reason("model=multivariable", "grade=2") == "only one category of grade occurs"


def test_a_sentence_is_judged_by_the_model_that_it_is_about(make):
    place = ("model=multivariable", "grade=3", "or")
    for relations, expected in (([(place, ">", 1)], 1.0), ([(place, ">", 1), (place, "<", 0.5)], 0.0)):
        found = make(
            results.logistic, CELLS, outcome=("prognosis", "poor"), factors={"grade": "each against 1"}, holds=relations
        )
        assert found("all", "", "holds").value == expected
    found = make(results.logistic, {"prognosis": ["poor", "good"]}, outcome=("prognosis", "poor"), factors={"grade": "3"},
                 holds=[(("model=univariable", "grade=3", "or"), ">", 1)])  # fmt: skip
    row = found("all", "", "holds")
    assert math.isnan(row.value) and row.warning == "variable grade not in cohort tiny"


def test_hazard_is_cox_in_the_stated_unit_with_its_test_of_proportionality(make):
    found = make(
        results.hazard,
        CELLS,
        time="follow_up_days",
        event=("vital_status", "dead_of_breast_cancer"),
        unit="year",
        factors=FACTORS,
    )
    rows, x, event = arrays(CELLS)
    time = np.round(np.array(CELLS["follow_up_days"], dtype=float)[rows] / 365.25, 6)
    names = ["stage=I|II", "grade=2", "grade=3", "age_years"]
    fit, zph = cox(time, event, x, names, "efron"), schoenfeld_test(time, event, x, names, "efron", "km")
    for name in names:
        term = fit.term(name)
        assert found("model=multivariable", name, "hr").value == pytest.approx(term.hazard_ratio)
        assert found("model=multivariable", name, "hr_hi").value == pytest.approx(term.hi)
        shown = found("model=multivariable", name, "p_proportional_hazards").value
        assert shown == pytest.approx(zph.terms[name].p)
    assert found("model=multivariable", "", "p_proportional_hazards").value == pytest.approx(zph.overall.p)
    assert found("model=multivariable", "", "events").value == event.sum()
    assert found("model=univariable", "grade=3", "hr").n == 120
    assert found("model=multivariable, Firth", "grade=3", "hr") is None


def test_hazard_counts_only_the_named_events(make):
    cells = {
        "follow_up_days": ["365", "730", "1100", "1500", "2000", "2500"],
        "vital_status": [*("dead_of_breast_cancer", "dead_of_other_cause", "alive") * 2],
        "calcified": ["yes", "yes", "no", "no", "yes", "no"],
    }
    for event, count in (("dead_of_breast_cancer", 2), ("dead_of_breast_cancer|dead_of_other_cause", 4)):
        found = make(
            results.hazard,
            cells,
            time="follow_up_days",
            event=("vital_status", event),
            unit="year",
            factors={"calcified": "yes"},
        )
        assert found("model=univariable", "calcified=yes", "events").value == count


def test_a_category_that_nobody_has_is_told_and_the_rest_is_fitted(make):
    cells = {**CELLS, "grade": ["3" if g == "2" else g for g in CELLS["grade"]]}
    found = make(results.logistic, cells, outcome=("prognosis", "poor"), factors={"grade": "each against 1"})
    assert found.reason("model=univariable", "grade=2") == "nobody has grade=2"
    assert math.isfinite(found("model=univariable", "grade=3", "or").value)
    # With one category left the factor still has a P of its own.
    assert found("model=univariable", "grade", "p").value == pytest.approx(
        found("model=univariable", "grade=3", "p_likelihood_ratio").value
    )


def test_without_the_reference_another_category_takes_its_place_and_the_table_says_so(make):
    cells = {**CELLS, "grade": ["3" if g == "1" else g for g in CELLS["grade"]]}
    found = make(results.logistic, cells, outcome=("prognosis", "poor"), factors={"grade": "each against 1"})
    row = found("model=multivariable", "grade=3", "or")
    assert math.isfinite(row.value) and "against 2 (nobody has 1)" in row.method
    assert "it is the reference here" in found.reason("model=multivariable", "grade=2")


def test_no_p_where_nothing_could_be_fitted(make):
    cells = {**CELLS, "prognosis": ["poor"] * 120}
    found = make(results.logistic, cells, outcome=("prognosis", "poor"), factors={"grade": "each against 1"})
    row = found("model=univariable", "grade", "p")
    assert math.isnan(row.value) and "same outcome" in row.warning


def test_few_events_for_each_term_are_told(make):
    found = make(results.logistic, CELLS, outcome=("prognosis", "poor"), factors={"grade": "3"}, subset={"stage": "0"})
    row = found("model=univariable", "grade=3", "events_per_variable")
    assert row.value < 10 and "fewer than 10 events" in row.warning


HAZARD = dict(time="follow_up_days", event=("vital_status", "dead_of_breast_cancer"), unit="year")


def test_a_category_without_events_loses_its_own_hazard_ratio_only(make):
    dead = [g != "2" and v != "alive" for g, v in zip(CELLS["grade"], CELLS["vital_status"], strict=True)]
    cells = {**CELLS, "vital_status": ["dead_of_breast_cancer" if d else "alive" for d in dead]}
    found = make(results.hazard, cells, factors={"grade": "each against 1"}, **HAZARD)
    lost = found("model=univariable", "grade=2", "hr")
    assert math.isnan(lost.value) and "nobody with grade=2 has the event" in lost.warning
    without = {
        name: [v for v, g in zip(values, cells["grade"], strict=True) if g != "2"] for name, values in cells.items()
    }
    alone = make(results.hazard, without, factors={"grade": "3"}, **HAZARD)
    for stat in ("hr", "hr_lo", "hr_hi", "p"):
        kept = found("model=univariable", "grade=3", stat).value
        assert kept == pytest.approx(alone("model=univariable", "grade=3", stat).value)
    assert found("model=univariable", "grade=3", "hr").n == 120


def test_hazard_tests_a_factor_as_a_whole(make):
    found = make(results.hazard, CELLS, factors={"grade": "each against 1", "age_years": "per year"}, **HAZARD)
    time = np.round(np.array(CELLS["follow_up_days"], dtype=float) / 365.25, 6)
    event = (np.array(CELLS["vital_status"]) != "alive").astype(float)
    grade, age = np.array(CELLS["grade"]), np.array(CELLS["age_years"], dtype=float)
    x = np.column_stack([grade == "2", grade == "3", age]).astype(float)
    from scipy.stats import chi2

    gain = (
        cox(time, event, x, list("abc"), "efron").log_likelihood
        - cox(time, event, x[:, 2:], ["c"], "efron").log_likelihood
    )
    assert found("model=multivariable", "grade", "p").value == pytest.approx(chi2.sf(2 * gain, 2), rel=1e-6)
    assert 0 < found("model=multivariable", "grade", "p_proportional_hazards").value < 1
