"""Rows with weights give what the same rows repeated give: survival curves, log-rank, logistic and Cox regression."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from replicalc.stats import survival
from replicalc.stats.logistic import firth, logistic

from .weighting import CLOSED, ITERATED, LEVEL, assert_same, columns, fast, repeated

CODE = st.sampled_from([0, 1])
SOME = st.sampled_from([0.0, 1.0, 2.5])
TIME = st.sampled_from([0.5, 1.0, 2.0, 3.0, 4.0, 7.5])


@fast
@given(columns(TIME, CODE))
def test_curves_and_follow_up(rows):
    t, d, w = rows
    full = repeated(t, w), repeated(d, w)
    found, expected = survival.kaplan_meier(t, d, weights=w), survival.kaplan_meier(*full)
    assert_same(found, expected, CLOSED)
    times = [0, 1, 2.5, 9]
    assert_same(survival.survival_at(found, times), survival.survival_at(expected, times), CLOSED)
    follow_up = survival.reverse_kaplan_meier_median(t, d, weights=w)
    assert_same(follow_up, survival.reverse_kaplan_meier_median(*full), CLOSED)


@fast
@given(columns(TIME, CODE, st.sampled_from(["a", "b", "c"])))
def test_logrank(rows):
    t, d, group, w = rows
    found = survival.logrank(t, d, group, weights=w)
    assert_same(found, survival.logrank(repeated(t, w), repeated(d, w), repeated(group, w)), CLOSED)


@pytest.mark.parametrize("fit", [logistic, firth])
@fast
@given(rows=columns(CODE, CODE, SOME, least_rows=1))
def test_logistic_regression(rows, fit):
    """Separated outcomes, too few patients and covariates without variation are among them."""
    y, one, two, w = rows
    X = np.column_stack([one, two])
    found, expected = fit(y, X, ["one", "two"], weights=w), fit(repeated(y, w), repeated(X, w), ["one", "two"])
    assert_same(found, expected, ITERATED, 1e-9)


def by_statsmodels(y, X, w):
    """The binomial generalised linear model with frequency weights."""
    import statsmodels.api as sm

    model = sm.GLM(y, sm.add_constant(X), family=sm.families.Binomial(), freq_weights=w)
    return model.fit(tol=1e-12, tol_criterion="params")


def patterns(seed, n, counts):
    rng = np.random.default_rng(seed)
    X = np.column_stack([rng.integers(0, 2, n), rng.integers(0, 4, n), rng.normal(50, 12, n).round()])
    return rng.integers(0, 2, n).astype(float), X.astype(float), rng.integers(0, counts, n).astype(float)


@pytest.mark.parametrize("counts", [5, 200_000])
def test_logistic_regression_against_statsmodels(counts):
    y, X, w = patterns(11, 120, counts)
    ours, theirs = logistic(y, X, ["a", "b", "c"], weights=w), by_statsmodels(y, X, w)
    assert [term.coefficient for term in ours.terms] == pytest.approx(list(theirs.params), rel=1e-9)
    assert [term.se for term in ours.terms] == pytest.approx(list(theirs.bse), rel=1e-9)
    assert ours.log_likelihood == pytest.approx(theirs.llf, rel=1e-12)
    assert ours.n == w.sum()


def test_two_by_two_of_a_registry_is_woolfs():
    """One yes/no covariate: the odds ratio and Woolf's standard error, for 1e15 patients as for 34."""
    for scale in (1.0, 1e6, 2.5e13):
        a, b, c, d = (scale * count for count in (12, 5, 6, 11))
        term = logistic([1, 0, 1, 0], [[1], [1], [0], [0]], ["x"], weights=[a, b, c, d]).terms[1]
        assert term.odds_ratio == pytest.approx(4.4, rel=1e-12)
        assert term.se == pytest.approx(np.sqrt(1 / a + 1 / b + 1 / c + 1 / d), rel=1e-9)


def test_separation_by_one_category_among_many_patients():
    """More rows than the linear programme is asked about at once; one category without the outcome."""
    rng = np.random.default_rng(5)
    n = 30_000
    grade, age = rng.integers(0, 3, n), rng.normal(50, 12, n)
    y = (rng.random(n) < 1 / (1 + np.exp(2 - 0.03 * (age - 50)))) & (grade > 0)
    X = np.column_stack([grade == 0, grade == 2, age]).astype(float)
    found = logistic(y.astype(float), X, ["none", "high", "age"])
    assert found.separation == "quasi-complete separation: no finite estimate for none"
    kept = grade > 0
    rest = logistic(y[kept].astype(float), X[kept][:, 1:], ["high", "age"])
    for name in ("high", "age"):
        assert found.term(name).coefficient == pytest.approx(rest.term(name).coefficient, rel=1e-9)
    assert found.log_likelihood == pytest.approx(rest.log_likelihood, rel=1e-10)


def test_complete_separation_among_many_patients():
    rng = np.random.default_rng(6)
    x = rng.normal(size=(30_000, 2))
    y = (x @ [1.0, 2.0] > 0.3).astype(float)
    found = logistic(y, x, ["one", "two"])
    assert found.separation == "complete separation: no finite estimate for (intercept), one, two"
    assert found.log_likelihood == 0


def test_firth_says_when_there_are_too_many_patterns():
    rng = np.random.default_rng(7)
    n = 200_001
    found = firth(rng.integers(0, 2, n), rng.normal(size=(n, 1)), ["x"])
    assert np.isnan(found.terms[1].odds_ratio) and found.n == n
    assert found.warning == "not computed: 200,001 covariate patterns, more than 200,000"


@pytest.mark.parametrize("level", [LEVEL, 0.9])
def test_firth_of_a_table_has_half_a_patient_in_each_cell(level):
    """Saturated, the penalty adds 0.5 to each cell (Firth 1993), at any size of the table."""
    a, b, c, d = 10, 2_000_000, 4, 3_000_000
    term = firth([1, 0, 1, 0], [[1], [1], [0], [0]], ["x"], level, weights=[a, b, c, d]).terms[1]
    assert term.odds_ratio == pytest.approx((a + 0.5) * (d + 0.5) / (b + 0.5) / (c + 0.5), rel=1e-8)
