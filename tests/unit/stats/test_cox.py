import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from replicalc.stats.cox import cox, schoenfeld_test
from replicalc.stats.survival import logrank

from .reference import iterated, load

CASES = load("survival")
nan = math.nan


@pytest.fixture(params=CASES, ids=str)
def case(request):
    return CASES[request.param]


@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_cox_against_coxph(case, ties):
    fit, expected = cox(case["time"], case["event"], case["X"], case["names"], ties, case["level"]), case[ties]
    assert fit.converged and not fit.warning
    for field in ("coefficient", "se", "lo", "hi", "z", "p_wald"):
        assert [getattr(t, field) for t in fit.terms] == iterated(expected[field]), field
    assert [fit.log_likelihood_null, fit.log_likelihood] == iterated(expected["loglik"])
    for name in ("likelihood_ratio", "score", "wald"):
        assert getattr(fit, name).statistic == pytest.approx(expected[name], rel=1e-6, abs=1e-8), name
    assert fit.score.df == len(case["names"])


@pytest.mark.parametrize("ties", ["efron", "breslow"])
@pytest.mark.parametrize("transform", ["km", "identity"])
def test_schoenfeld_against_cox_zph(case, ties, transform):
    ours = schoenfeld_test(case["time"], case["event"], case["X"], case["names"], ties, transform)
    expected = case[ties][transform]
    results = [*(ours.terms[name] for name in case["names"]), ours.overall]
    for field in ("statistic", "df", "p"):
        assert [getattr(r, field) for r in results] == iterated(expected[field])


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000), st.floats(0.01, 100))
def test_the_unit_of_time_and_of_a_covariate_change_only_the_coefficient(seed, unit):
    rng = np.random.default_rng(seed)
    time, event, x = rng.exponential(5, 40), rng.random(40) < 0.6, rng.normal(size=(40, 1))
    before, after = cox(time, event, x, ["x"], "efron"), cox(time * unit, event, x * unit + 7, ["x"], "efron")
    assert after.terms[0].coefficient == pytest.approx(before.terms[0].coefficient / unit, rel=1e-6, abs=1e-9)
    assert after.log_likelihood == pytest.approx(before.log_likelihood, rel=1e-9)
    zph = [
        schoenfeld_test(*data, ["x"], "efron", "km").overall.p
        for data in ((time, event, x), (time * unit, event, x * unit))
    ]
    assert zph[1] == pytest.approx(zph[0], rel=1e-6)


def test_the_score_test_without_ties_is_the_log_rank_test():
    rng = np.random.default_rng(3)
    time, event, group = rng.exponential(5, 60), rng.random(60) < 0.7, rng.random(60) < 0.4
    assert cox(time, event, group[:, None], ["g"], "efron").score.p == pytest.approx(logrank(time, event, group).p)


def test_monotone_likelihood_is_found():
    time, event = [1, 2, 3, 4, 5, 6], [1, 1, 1, 0, 0, 0]
    fit = cox(time, event, np.c_[[1, 1, 1, 0, 0, 0], [3, 1, 2, 5, 1, 2]], ["casting", "size"], "efron")
    assert fit.warning == "monotone likelihood: no finite hazard ratio for casting"
    assert not fit.converged and all(math.isnan(t.hazard_ratio) for t in fit.terms)
    # no event among the exposed
    fit = cox(time, event, [[0], [0], [0], [1], [0], [1]], ["exposed"], "breslow")
    assert "no finite hazard ratio for exposed" in fit.warning
    # only together: each alone has an estimate
    a, b = [3, 1, 2, 0, 1, 2], [2, 4, 2, 3, 2, 0]
    assert cox(time, event, np.c_[a], ["a"], "efron").converged and cox(time, event, np.c_[b], ["b"], "efron").converged
    both = np.c_[a, b]
    order = (both.sum(1)[:3] >= both.sum(1)[3:].max()).all()
    assert order and "a, b" in cox(time, event, both, ["a", "b"], "efron").warning
    assert math.isnan(schoenfeld_test(time, event, both, ["a", "b"], "efron", "km").overall.p)


@pytest.mark.parametrize(
    ("time", "event", "X", "why"),
    [
        ([1, 2, 3], [0, 0, 0], [[1], [2], [0]], "no event: nothing to fit"),
        ([1, 2, 3], [1, 0, 1], [[1], [1], [1]], "x does not vary: the model is not identified"),
        ([], [], np.zeros((0, 1)), "no patient: nothing to fit"),
    ],
)
def test_degenerate_data_give_nan_and_a_reason(time, event, X, why):
    fit = cox(time, event, X, ["x"], "efron")
    assert fit.warning == fit.score.warning == why and math.isnan(fit.term("x").hazard_ratio)
    check = schoenfeld_test(time, event, X, ["x"], "efron", "km")
    assert check.warning == why and math.isnan(check.terms["x"].p)


def test_one_event_time_has_no_trend():
    check = schoenfeld_test([2, 2, 2, 3, 3], [1, 1, 0, 0, 0], [[1], [0], [0], [2], [1]], ["x"], "efron", "identity")
    assert check.warning == "fewer than two event times: nothing to test"


def test_a_covariate_that_differs_in_one_risk_set_only_has_no_trend():
    # after the first two deaths everybody left is alike
    time, event = [1, 1, 1, 1, 5, 6], [1, 1, 0, 0, 1, 1]
    check = schoenfeld_test(time, event, [[0], [2], [1], [3], [1], [1]], ["x"], "efron", "km")
    assert math.isnan(check.overall.p) and check.warning == check.terms["x"].warning
    assert check.warning == "too few risk sets in which the covariates differ: nothing to test"


def test_the_maximum_is_found_where_plain_newton_steps_go_astray():
    rng = np.random.default_rng(174)
    n, p = int(rng.integers(1, 30)), int(rng.integers(1, 4))
    X, event = rng.integers(0, 3, (n, p)), rng.random(n) < 0.35
    fit = cox(rng.integers(0, 12, n), event, X, ["a", "b", "c"], "efron")
    assert fit.converged and fit.log_likelihood > fit.log_likelihood_null


def test_nonsense_is_refused():
    with pytest.raises(ValueError, match="ties must be one of"):
        cox([1, 2], [1, 1], [[1], [2]], ["x"], "exact")
    with pytest.raises(ValueError, match="transform must be one of"):
        schoenfeld_test([1, 2], [1, 1], [[1], [2]], ["x"], "efron", "log")
    with pytest.raises(ValueError, match="at least one covariate"):
        cox([1, 2], [1, 1], np.zeros((2, 0)), [], "efron")
    with pytest.raises(ValueError, match="no missing"):
        cox([1, 2], [1, 1], [[1], [nan]], ["x"], "efron")
    with pytest.raises(ValueError, match="one row of covariates"):
        cox([1, 2], [1, 1], [[1], [2], [3]], ["x"], "efron")
    with pytest.raises(ValueError, match="no term is called"):
        cox([1, 2, 3], [1, 1, 1], [[1], [3], [2]], ["x"], "efron").term("y")


def test_a_maximum_to_which_the_first_steps_do_not_lead():
    """Newton's steps from 0 run off to where the information vanishes; the maximum is where a slower search has it."""
    from scipy.optimize import minimize

    rng = np.random.default_rng(234)
    x = (rng.random((40, 3)) < [0.5, 0.3, 0.15]).astype(float)
    days = rng.permutation(40) + 1
    died = rng.random(40) < 0.03 + 0.5 * x[:, 2]
    found = cox(days, died.astype(int), x, ["a", "b", "c"], "efron")

    def minus_log_likelihood(beta):
        risks = [np.exp(x[days >= day] @ beta).sum() for day in days[died]]
        return np.log(risks).sum() - (x[died] @ beta).sum()

    slowly = minimize(minus_log_likelihood, np.zeros(3), method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-13})
    assert found.converged and slowly.success
    assert [term.coefficient for term in found.terms] == pytest.approx(list(slowly.x), abs=1e-6)
    assert found.log_likelihood == pytest.approx(-slowly.fun, abs=1e-10)
