"""Rows with weights give what the same rows repeated give: survival curves, log-rank, logistic and Cox regression."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from replicalc.stats import binomial_likelihood, partial_likelihood, survival
from replicalc.stats import cox as hazards
from replicalc.stats.cox import cox, schoenfeld_test
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


def by_newton(y, X, names, weights=None):
    """The fit as it is made of more covariate patterns than statsmodels is asked about."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(binomial_likelihood, "MOST_PATTERNS", 0)
        return logistic(y, X, names, weights=weights)


def assert_same_fit(found, expected):
    """P near 1 is as the root of a deviance near 0, of whose rounding of 1e-15 it keeps 5e-8; all else agrees to 1e-8."""
    for one, other in zip(found.terms, expected.terms, strict=True):
        assert one.p_lr == pytest.approx(other.p_lr, rel=ITERATED, abs=2e-7 if other.p_lr > 0.99 else 0, nan_ok=True)
    alike = [replace(fit, terms=tuple(replace(term, p_lr=0.0) for term in fit.terms)) for fit in (found, expected)]
    assert_same(*alike, ITERATED, 1e-11)


def patterns(seed, n, counts):
    rng = np.random.default_rng(seed)
    X = np.column_stack([rng.integers(0, 2, n), rng.integers(0, 4, n), rng.normal(50, 12, n).round()])
    return rng.integers(0, 2, n).astype(float), X.astype(float), rng.integers(0, counts, n).astype(float)


@fast
@given(rows=columns(CODE, CODE, SOME, least_rows=1))
def test_newton_steps_find_what_statsmodels_finds(rows):
    """Separated outcomes, too few patients and covariates without variation are among them."""
    y, one, two, w = rows
    X, names = np.column_stack([one, two]), ["one", "two"]
    assert_same_fit(by_newton(y, X, names, w), logistic(y, X, names, weights=w))


@pytest.mark.parametrize("counts", [2, 5, 200_000])
def test_newton_steps_find_what_statsmodels_finds_of_many_covariate_patterns(counts):
    y, X, w = patterns(11, 1_200, counts)
    names = ["a", "b", "c"]
    found = by_newton(y, X, names, w)
    assert_same_fit(found, logistic(y, X, names, weights=w))
    assert found.n == w.sum() and found.converged


def test_statsmodels_fits_up_to_the_stated_number_of_patterns(monkeypatch):
    from statsmodels.genmod.generalized_linear_model import GLM

    y, X, w = patterns(13, 60, 9)
    asked, library = [], GLM.fit
    monkeypatch.setattr(GLM, "fit", lambda model, **how: asked.append(len(model.endog)) or library(model, **how))
    count = len(np.unique(np.column_stack([X, y])[w > 0], axis=0))
    monkeypatch.setattr(binomial_likelihood, "MOST_PATTERNS", count)
    logistic(y, X, ["a", "b", "c"], weights=w)
    assert asked == [count] * 5  # the model, and four without one of its terms
    monkeypatch.setattr(binomial_likelihood, "MOST_PATTERNS", count - 1)
    logistic(y, X, ["a", "b", "c"], weights=w)
    assert len(asked) == 5


@pytest.mark.parametrize("seed", range(40))
def test_covariates_with_outliers_and_very_unequal_counts(seed):
    """Statsmodels' steps diverge in some, and it cuts shares near 0 and 1: its estimate is kept where the score is 0."""
    rng = np.random.default_rng([17, seed])
    n = int(rng.integers(6, 40))
    X = rng.standard_t(1.2, (n, 2)) * 10 ** rng.uniform(0, 3)
    y, w = (rng.random(n) < 0.2).astype(float), np.floor(10 ** rng.uniform(0, 6, n))
    assert_same_fit(logistic(y, X, ["a", "b"], weights=w), by_newton(y, X, ["a", "b"], w))


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


@pytest.mark.parametrize("ties", ["efron", "breslow"])
@fast
@given(rows=columns(TIME, CODE, CODE, SOME, least_rows=1))
def test_cox_regression(rows, ties):
    """Ties in nearly all rows; monotone likelihoods, no event and covariates without variation are among them."""
    t, d, one, two, w = rows
    X, names = np.column_stack([one, two]), ["one", "two"]
    full = repeated(t, w), repeated(d, w), repeated(X, w)
    assert_same(cox(t, d, X, names, ties, weights=w), cox(*full, names, ties), ITERATED, 1e-8)
    found = schoenfeld_test(t, d, X, names, ties, "km", weights=w)
    assert_same(found, schoenfeld_test(*full, names, ties, "km"), ITERATED, 1e-7)


@pytest.mark.parametrize("ties", ["efron", "breslow"])
@fast
@given(rows=columns(TIME, CODE, CODE, SOME, least_rows=1))
def test_newton_steps_end_where_statsmodels_estimate_leads(rows, ties):
    t, d, one, two, w = rows
    X, names = np.column_stack([one, two]), ["one", "two"]
    found = cox(t, d, X, names, ties, weights=w)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(hazards, "MOST_PATIENTS", 0)
        assert_same(cox(t, d, X, names, ties, weights=w), found, ITERATED, 1e-8)


@pytest.mark.parametrize("extra", [0, 1])
@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_statsmodels_is_asked_up_to_the_stated_number_of_patients(monkeypatch, ties, extra):
    from statsmodels.duration.hazard_regression import PHReg

    rng = np.random.default_rng([19, extra])
    n = 100
    t, d, x = rng.integers(1, 40, n), rng.integers(0, 2, n), rng.normal(size=(n, 2)).round(1)
    w = np.full(n, 100)
    w[0] += extra
    asked, library = [], PHReg.fit
    monkeypatch.setattr(PHReg, "fit", lambda model, **how: asked.append(model.nobs) or library(model, **how))
    found = cox(t, d, x, ["a", "b"], ties, weights=w)
    assert hazards.MOST_PATIENTS == 10_000 and asked == ([] if extra else [10_000])
    monkeypatch.undo()
    theirs = PHReg(repeated(t, w), repeated(x, w), repeated(d, w), ties=ties).fit(disp=0)
    assert [term.coefficient for term in found.terms] == pytest.approx(list(theirs.params), rel=1e-6)
    assert [term.se for term in found.terms] == pytest.approx(list(theirs.bse), rel=1e-6)
    assert found.log_likelihood == pytest.approx(theirs.llf, rel=1e-10)


@pytest.mark.parametrize("died", [1, 2, 255, 256, 257, 300, 5_000, 100_000])
@pytest.mark.parametrize("share", [1.0, 0.9, 1e-3, 1e-9])
def test_efrons_terms_in_closed_form(died, share):
    """``died`` patients of a risk set of which they are this ``share``: the sums against every single term."""
    r0, step = 3.0, share * np.arange(died, dtype=np.longdouble) / died
    s = 1 - step
    terms = (np.log(r0 * s), 1 / s, step / s, 1 / s**2, step / s**2, step**2 / s**2)
    found = partial_likelihood._efron(np.array([float(died)]), np.array([r0]), np.array([r0 * share]))
    for part, each in zip(found, terms, strict=True):
        assert part[0] == pytest.approx(float(each.sum()), rel=1e-11, abs=1e-13 * died)


def test_ten_million_who_die_on_the_same_day_hang_nothing():
    """Nobody is censored and all die on one of two days: Efron's sums have millions of terms."""
    w = np.array([4e6, 1e6, 2e6, 3e6])
    fit = cox([1, 2, 1, 2], [1, 1, 1, 1], [[1], [1], [0], [0]], ["x"], "efron", weights=w)
    small = cox([1, 2, 1, 2], [1, 1, 1, 1], [[1], [1], [0], [0]], ["x"], "efron", weights=w / 1e4)
    assert fit.n == fit.events == 10_000_000
    assert fit.terms[0].coefficient == pytest.approx(small.terms[0].coefficient, rel=1e-3)
    assert fit.terms[0].se == pytest.approx(small.terms[0].se / 100, rel=1e-3)


def test_a_category_without_events_leaves_the_others_their_limits():
    t, d = [1, 2, 3, 4, 5, 6], [1, 1, 1, 0, 0, 1]
    X, w = [[0, 1], [0, 0], [0, 1], [1, 0], [1, 1], [0, 0]], [3, 1, 2, 4, 1, 2]
    found = cox(t, d, X, ["none", "some"], "efron", weights=w)
    full = repeated(t, w), repeated(d, w), repeated(X, w)
    assert_same(found, cox(*full, ["none", "some"], "efron"), ITERATED)
    assert found.warning == "nobody with none has the event: no finite hazard ratio"
    assert found.term("some").hazard_ratio > 1


def test_too_many_event_times_are_refused_with_the_remedy(monkeypatch):
    monkeypatch.setattr(hazards, "MOST_NUMBERS", 3)
    t, d, X = [1, 2, 3, 4, 5], [1, 1, 1, 1, 0], [[0], [1], [0], [1], [1]]
    fit = cox(t, d, X, ["x"], "efron")
    assert fit.warning == "not computed: 4 distinct event times of 1 covariates do not fit into memory; round the times"
    assert schoenfeld_test(t, d, X, ["x"], "efron", "km").warning == fit.warning


def test_monotone_likelihood_of_many_patients():
    """More rows than the linear programme is asked about at once: of each risk set the highest x has the event."""
    n = 20_000
    t, x = np.arange(1.0, n + 1), np.arange(n, 0, -1.0)
    other = np.random.default_rng(3).normal(size=n)
    fit = cox(t, np.ones(n), np.column_stack([x, other]), ["x", "other"], "breslow")
    assert fit.warning == "monotone likelihood: no finite hazard ratio for x, other"


def test_logistic_regression_of_rows_is_that_of_their_patterns_to_the_bit():
    y, X, w = patterns(12, 80, 9)
    rows = logistic(repeated(y, w), repeated(X, w), ["a", "b", "c"])
    assert logistic(y, X, ["a", "b", "c"], weights=w) == rows


@pytest.mark.parametrize("fit", [logistic, firth])
def test_wrong_weights_of_a_model(fit):
    with pytest.raises(ValueError, match="there must be one weight for each row: 2, not 3"):
        fit([0, 1], [[1], [2]], ["x"], weights=[1, 1, 1])
    with pytest.raises(ValueError, match=r"the weights must be whole numbers of at least 0 .* not 0\.5"):
        fit([0, 1], [[1], [2]], ["x"], weights=[1, 0.5])
