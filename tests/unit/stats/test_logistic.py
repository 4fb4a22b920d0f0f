import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from replicalc.stats.logistic import _penalised, firth, logistic, odds_ratio

from .reference import closed, iterated, load

R = load("logistic")
FITS = R["fits"]
SEPARATED = {"quasi_binary": "calcified", "quasi_adjusted": "node", "complete": "(intercept), size"}


@pytest.fixture(params=FITS, ids=str)
def case(request):
    return FITS[request.param]


@pytest.mark.parametrize("name", [name for name in FITS if name not in SEPARATED])
def test_logistic_against_glm(name):
    case, expected = FITS[name], FITS[name]["maximum"]
    fit = logistic(case["y"], case["X"], case["names"], case["level"])
    assert fit.converged and not fit.separation and not fit.warning
    assert (fit.n, fit.events) == (len(case["y"]), sum(case["y"]))
    assert fit.log_likelihood == iterated(expected["log_likelihood"])
    assert [t.name for t in fit.terms] == ["(intercept)", *case["names"]]
    for field in ("coefficient", "se", "lo", "hi", "z", "p_wald", "p_lr"):
        assert [getattr(t, field) for t in fit.terms] == iterated(expected[field]), field


def test_firth_against_the_penalised_likelihood_and_brglm2(case):
    expected = case["firth"]
    fit = firth(case["y"], case["X"], case["names"], case["level"])
    assert fit.converged
    assert [t.coefficient for t in fit.terms] == iterated(expected["brglm2"])
    assert fit.log_likelihood == iterated(expected["log_likelihood"])
    for field in ("coefficient", "se", "lo", "hi", "p_lr"):
        assert [getattr(t, field) for t in fit.terms] == iterated(expected[field]), field


@pytest.mark.parametrize("name", SEPARATED)
def test_separation_is_found_and_the_affected_terms_are_nan(name):
    case, lost = FITS[name], SEPARATED[name]
    kind = "complete" if name == "complete" else "quasi-complete"
    fit = logistic(case["y"], case["X"], case["names"])
    assert fit.separation == fit.warning == f"{kind} separation: no finite estimate for {lost}"
    assert firth(case["y"], case["X"], case["names"]).separation.startswith(f"{kind} separation")
    # glm walks towards infinity: the likelihood and the other terms are what it tends to
    expected = case["maximum"]
    assert fit.log_likelihood == pytest.approx(expected["log_likelihood"], rel=1e-6, abs=1e-8)
    for j, term in enumerate(fit.terms):
        assert term.p_lr == pytest.approx(expected["p_lr"][j], rel=1e-6, abs=1e-7)
        if term.name in lost:
            assert all(map(math.isnan, (term.coefficient, term.se, term.odds_ratio, term.lo, term.hi, term.p_wald)))
        else:
            assert (term.coefficient, term.se) == iterated((expected["coefficient"][j], expected["se"][j]))


def test_separation_through_a_combination_of_covariates():
    # no covariate separates by itself; a + b does
    a, b = [0, 1, 2, 3, 0, 1, 2, 3], [3, 1, 1, -1, 4, 4, 2, 2]
    y = [0, 0, 0, 0, 1, 1, 1, 1]
    for one in (a, b):
        assert not logistic(y, np.c_[one], ["one"]).separation.startswith("complete")
    fit = logistic(y, np.c_[a, b], ["a", "b"])
    assert fit.separation == "complete separation: no finite estimate for (intercept), a, b"
    assert fit.log_likelihood == 0


def test_firth_of_one_indicator_adds_a_half_to_each_cell():
    y, x = np.repeat([1, 0, 1, 0], [9, 0, 14, 20]), np.repeat([1, 0], [9, 34])
    term = firth(y, x[:, None], ["calcified"]).term("calcified")
    assert term.odds_ratio == iterated((9.5 * 20.5) / (0.5 * 14.5))


@settings(max_examples=30, deadline=None)
@given(st.tuples(*[st.integers(1, 40)] * 4))
def test_one_indicator_is_the_odds_ratio_of_its_table(cells):
    a, b, c, d = cells
    y, x = np.repeat([1, 0, 1, 0], cells), np.repeat([1, 0], [a + b, c + d])
    term = logistic(y, x[:, None], ["calcified"]).term("calcified")
    ratio = odds_ratio(a, b, c, d)
    assert (term.odds_ratio, term.lo, term.hi) == iterated((ratio.value, ratio.lo, ratio.hi))


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000), st.floats(0.01, 100), st.floats(-50, 50), st.sampled_from([logistic, firth]))
def test_units_and_zero_of_a_covariate_change_only_its_own_unit(seed, unit, zero, fit):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(30, 2))
    y = rng.random(30) < 0.4
    before, after = fit(y, x, ["a", "b"]), fit(y, x * [unit, 1] + [zero, 0], ["a", "b"])
    assert after.separation == before.separation
    for term, other in zip(before.terms[1:], after.terms[1:], strict=True):
        scale = unit if term.name == "a" else 1
        assert other.coefficient == pytest.approx(term.coefficient / scale, rel=1e-6, abs=1e-7, nan_ok=True)
        assert other.p_lr == pytest.approx(term.p_lr, rel=1e-5, abs=1e-7)


@pytest.mark.parametrize("fit", [logistic, firth])
@pytest.mark.parametrize(
    ("y", "X", "why"),
    [
        ([1, 1, 1, 1], [[1], [2], [3], [4]], "all patients have the same outcome: nothing to fit"),
        ([0, 1, 0, 1], [[1], [1], [1], [1]], "x does not vary: the model is not identified"),
        ([], np.zeros((0, 1)), "no patient: nothing to fit"),
    ],
)
def test_degenerate_data_give_nan_and_a_reason(fit, y, X, why):
    result = fit(y, X, ["x"])
    assert result.warning == why and not result.converged
    assert [t.name for t in result.terms] == ["(intercept)", "x"]
    assert all(math.isnan(t.coefficient) and math.isnan(t.p_lr) for t in result.terms)


@pytest.mark.parametrize("fit", [logistic, firth])
def test_dependent_covariates_are_named(fit):
    x = np.array([1.0, 2, 4, 3, 7, 6])
    result = fit([0, 1, 0, 1, 0, 1], np.c_[x, [1, 0, 0, 1, 1, 0], 3 - 2 * x], ["size", "node", "again"])
    assert result.warning == "size, again are linearly dependent: the model is not identified"


@pytest.mark.parametrize("fit", [logistic, firth])
def test_nonsense_is_refused(fit):
    with pytest.raises(ValueError, match="the outcome must be 0 or 1"):
        fit([0, 1, 2], [[1], [2], [3]], ["x"])
    with pytest.raises(ValueError, match="no missing or infinite value"):
        fit([0, 1, 1], [[1], [math.nan], [3]], ["x"])
    with pytest.raises(ValueError, match="one row of covariates for each patient"):
        fit([0, 1], [[1], [2], [3]], ["x"])
    with pytest.raises(ValueError, match="one name for each covariate"):
        fit([0, 1, 1], [[1], [2], [3]], ["x", "y"])
    with pytest.raises(ValueError, match="names of the covariates must differ"):
        fit([0, 1, 1], [[1, 2], [2, 2], [3, 1]], ["x", "x"])
    with pytest.raises(ValueError, match=r"0\.95 for 95 %"):
        fit([0, 1, 1], [[1], [2], [3]], ["x"], 95)


def test_events_per_variable_count_the_rarer_outcome():
    y, x = [1, 1, 1, 1, 0, 0, 1, 1], np.random.default_rng(1).normal(size=(8, 2))
    assert logistic(y, x, ["a", "b"]).events_per_variable == 1
    with pytest.raises(ValueError, match="no term is called 'c'"):
        logistic(y, x, ["a", "b"]).term("c")


@pytest.mark.parametrize("case", R["odds_ratios"], ids=lambda c: str(c["cells"]))
def test_odds_ratio_against_epir(case):
    ratio = odds_ratio(*case["cells"], case["level"])
    assert (ratio.value, ratio.lo, ratio.hi) == closed((case["value"], case["lo"], case["hi"]))


def test_odds_ratio_with_an_empty_cell():
    assert math.isnan(odds_ratio(3, 0, 2, 5).value) and "divided by" in odds_ratio(3, 0, 2, 5).warning
    zero = odds_ratio(0, 3, 2, 5)
    assert zero.value == 0 and math.isnan(zero.lo) and zero.warning == "a ratio of 0 has no interval"
    with pytest.raises(ValueError, match="whole number"):
        odds_ratio(1.5, 2, 3, 4)


@pytest.mark.parametrize("function", [logistic, firth])
def test_the_order_of_the_patients_shows_in_no_bit(function):
    rng = np.random.default_rng(3)
    x = np.column_stack([rng.normal(60, 11, 90), rng.integers(0, 2, 90)])
    y = rng.integers(0, 2, 90)
    found = function(y, x, ["age", "calcified"])
    for _ in range(8):
        order = rng.permutation(90)
        assert function(y[order], x[order], ["age", "calcified"]) == found


def test_firth_starts_anew_where_the_profile_before_points_far_from_the_data():
    """At so steep a start every share is 0 or 1 and no step can be computed; the maximum is the one from 0."""
    y, w = np.array([0.0, 1.0, 0.0, 1.0]), np.array([3.0, 5.0, 7.0, 2.0])
    z = np.array([[1.0, -1.0, 0.3], [1.0, 0.5, -2.0], [1.0, 1.5, 0.1], [1.0, -0.2, 1.0]])
    far, near = (_penalised(y, z, w, start) for start in (np.array([1e3, -1e3, 1e3]), np.zeros(3)))
    assert far.converged and near.converged
    np.testing.assert_allclose(far.beta, near.beta, rtol=1e-9)
