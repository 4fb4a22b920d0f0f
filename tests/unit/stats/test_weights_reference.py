"""Weights and large tables against R, on the rows repeated one by one (tests/reference/weights.R)."""

import numpy as np
import pytest

from replicalc.stats import contingency, describe, odds_ratio, rank, survival, two_groups
from replicalc.stats.cox import cox, schoenfeld_test
from replicalc.stats.logistic import logistic
from replicalc.stats.two_by_two import fisher

from .reference import closed, iterated, load

CASES = load("weights")
BY_NAME = pytest.mark.parametrize("case", [CASES["small"], CASES["registry"]], ids=["small", "registry"])
TABLES = pytest.mark.parametrize("case", CASES["tables"], ids=lambda case: "-".join(map(str, case["cells"])))


def read(case):
    """The distinct rows by name, and how many patients each stands for."""
    rows = {name: np.array(values, dtype=float) for name, values in case["rows"].items()}
    return rows, rows.pop("weight")


@BY_NAME
def test_descriptions(case):
    rows, w = read(case)
    found = describe.mean_sd(rows["age"], weights=w)
    assert (found.n, found.mean, found.sd) == (case["n"], closed(case["mean"]), closed(case["sd"]))
    interval = describe.mean_interval(rows["score"], 0.95, weights=w)
    assert [interval.lo, interval.hi] == closed(case["interval"])
    x = rows["age"] + rows["score"] / 3
    for definition, expected in case["quantiles"].items():
        found = [describe.quantile(x, q, definition, weights=w).value for q in (0.1, 0.25, 0.5, 0.9)]
        assert found == closed(expected)
    assert [describe.quantile(x, q, "tukey hinges", weights=w).value for q in (0.25, 0.5, 0.75)] == closed(
        case["hinges"]
    )


@BY_NAME
def test_ranks(case):
    rows, w = read(case)
    group = rows["reader"] > 2
    apart = two_groups.mann_whitney(
        rows["score"][group], rows["score"][~group],
        continuity=False, method="asymptotic", x_weights=w[group], y_weights=w[~group],
    )  # fmt: skip
    assert apart.p == closed(case["mann_whitney"])
    options = dict(zeros="wilcox", continuity=False, method="asymptotic", weights=w)
    assert rank.wilcoxon_signed_rank(rows["score"], rows["reader"], **options).p == iterated(case["wilcoxon"])


@BY_NAME
def test_logistic_regression(case):
    rows, w = read(case)
    fit = logistic(rows["event"], np.column_stack([rows["casting"], rows["age"]]), ["casting", "age"], weights=w)
    assert [term.coefficient for term in fit.terms] == closed(case["logistic"]["coefficient"])
    assert [term.se for term in fit.terms] == closed(case["logistic"]["se"])
    assert fit.log_likelihood == closed(case["logistic"]["loglik"])
    smaller = logistic(rows["event"], rows["age"][:, None], ["age"], weights=w)
    assert 2 * (fit.log_likelihood - smaller.log_likelihood) == iterated(case["logistic"]["lr"])


@BY_NAME
@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_cox_regression(case, ties):
    rows, w = read(case)
    data = rows["time"], rows["event"], np.column_stack([rows["casting"], rows["age"]]), ["casting", "age"], ties
    expected, fit = case[ties], cox(*data, weights=w)
    assert [term.coefficient for term in fit.terms] == closed(expected["coefficient"])
    assert [term.se for term in fit.terms] == closed(expected["se"])
    assert [fit.log_likelihood_null, fit.log_likelihood] == closed(expected["loglik"])
    assert (fit.score.statistic, fit.wald.statistic) == iterated((expected["score"], expected["wald"]))
    test = schoenfeld_test(*data, "km", weights=w)
    found = [test.terms["casting"].statistic, test.terms["age"].statistic, test.overall.statistic]
    assert found == iterated(expected["zph"])


@BY_NAME
def test_survival(case):
    rows, w = read(case)
    curve, expected = survival.kaplan_meier(rows["time"], rows["event"], weights=w), case["curve"]
    for name in ("times", "at_risk", "events"):
        assert list(getattr(curve, name)) == expected[name]
    for name in ("survival", "se", "lo", "hi"):
        known = [value is not None for value in expected[name]]  # R has none where the curve has come down to 0
        assert known == [True] * len(known) or expected["survival"][known.index(False)] == 0
        ours, theirs = (np.array(each, dtype=float)[known] for each in (getattr(curve, name), expected[name]))
        np.testing.assert_allclose(ours, theirs, rtol=1e-8, atol=1e-12)
    test = survival.logrank(rows["time"], rows["event"], rows["age"], weights=w)
    assert test.statistic == closed(case["logrank"])


@TABLES
def test_exact_tests_of_large_tables(case):
    a, b, c, d = case["cells"]
    table = [[a, b], [c, d]]
    assert case["by_r"] == iterated(case["fisher"])  # R's own, less exact
    assert fisher(table, "point probability").p == closed(case["fisher"])
    assert contingency.fisher_freeman_halton(table).p == closed(case["fisher"])
    assert two_groups.fisher_mid_p(table).p == closed(case["mid"])
    for side in ("greater", "less"):
        assert fisher(table, side).p == iterated(case[side])
    assert odds_ratio.tail(a, b, c, d, 1.0, "at least") == iterated(case["greater"])


@TABLES
def test_exact_odds_ratios_of_large_tables(case):
    found = odds_ratio.interval(*case["cells"], "exact conditional")
    assert (found.value, found.lo, found.hi) == closed((case["conditional"], case["lo"], case["hi"]))
