import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from replicalc.stats import contingency as c

from .reference import closed, iterated, load

CASES = load("contingency")
EVERY_TEST = [
    c.pearson,
    c.yates,
    c.likelihood_ratio,
    c.linear_by_linear,
    c.fisher_freeman_halton,
    c.exact_pearson,
]


@pytest.fixture(params=CASES, ids=str)
def case(request):
    return CASES[request.param]


def test_pearson_against_r(case):
    result = c.pearson(case["table"])
    assert result.method == "Pearson chi-squared"
    for field, expected in case["pearson"].items():
        assert getattr(result, field) == closed(expected)


def test_likelihood_ratio_against_r_loglin(case):
    result = c.likelihood_ratio(case["table"])
    for field, expected in case["likelihood_ratio"].items():
        assert getattr(result, field) == closed(expected)


def test_yates_against_r_and_only_for_two_by_two(case):
    result = c.yates(case["table"])
    if "yates" in case:
        assert (result.statistic, result.p) == closed((case["yates"]["statistic"], case["yates"]["p"]))
    else:
        assert math.isnan(result.p)
        assert result.warning == "only defined for 2 x 2"


def test_linear_by_linear_against_coin(case):
    result = c.linear_by_linear(case["table"])
    expected = case["linear_by_linear"]
    assert (result.statistic, result.df, result.p) == closed((expected["statistic"], 1, expected["p"]))
    scored = case["scored"]
    result = c.linear_by_linear(case["table"], scored["row"], scored["column"])
    assert (result.statistic, result.p) == closed((scored["statistic"], scored["p"]))


def test_fisher_freeman_halton_against_r(case):
    result = c.fisher_freeman_halton(case["table"])
    assert result.p == iterated(case["fisher"])
    assert result.p == iterated(case["enumeration"]["probability"])


def test_exact_pearson_against_every_table_and_monte_carlo(case):
    result = c.exact_pearson(case["table"])
    assert case["enumeration"]["total"] == pytest.approx(1, rel=1e-9)
    assert result.p == iterated(case["enumeration"]["pearson"])
    assert (result.statistic, result.df) == closed((case["pearson"]["statistic"], case["pearson"]["df"]))
    draws = case["monte_carlo"]["draws"]
    error = math.sqrt(result.p * (1 - result.p) / draws)
    assert abs(result.p - case["monte_carlo"]["pearson"]) <= 4 * error + 2 / draws


def test_cochran_rule_against_r(case):
    assert c.cochran_rule(case["table"]) == closed((case["cochran"]["share"], case["cochran"]["smallest"]))


def test_pearson_warns_by_cochrans_rule():
    doubtful = c.pearson(CASES["miller_payne_change"]["table"]).warning
    assert doubtful.startswith("47% of the cells have an expected count below 5, the smallest is 0.17")
    assert c.pearson(CASES["recist_change"]["table"]).warning == ""
    assert "below 5" in c.likelihood_ratio(CASES["miller_payne_change"]["table"]).warning


def test_empty_rows_and_columns_are_named_and_change_nothing():
    full = [[12, 5], [6, 11]]
    gaps = [[12, 0, 5], [0, 0, 0], [6, 0, 11]]
    for test in EVERY_TEST:
        with_gaps = test(gaps)
        assert with_gaps.p == test(full).p
        assert with_gaps.warning == "empty row 2 left out; empty column 2 left out"
        assert with_gaps.method == test(full).method


def test_an_empty_category_keeps_its_score():
    gap = c.linear_by_linear([[5, 1, 2], [0, 0, 0], [1, 2, 6], [0, 3, 4]])
    assert gap.p == c.linear_by_linear([[5, 1, 2], [1, 2, 6], [0, 3, 4]], row_scores=[1, 3, 4]).p
    assert gap.p != c.linear_by_linear([[5, 1, 2], [1, 2, 6], [0, 3, 4]]).p


@pytest.mark.parametrize("table", [np.zeros((2, 2)), [[3, 4], [0, 0]], [[3, 0], [4, 0]], [[7]], np.zeros((0, 2))])
def test_nothing_to_test_gives_nan_and_a_reason(table):
    for test in EVERY_TEST:
        result = test(table)
        assert math.isnan(result.p)
        assert result.warning
    assert all(map(math.isnan, c.cochran_rule(table)))


def test_equal_scores_give_nan():
    result = c.linear_by_linear([[3, 1], [1, 3]], row_scores=[1, 1])
    assert math.isnan(result.p)
    assert result.warning == "the scores do not differ: no trend to test"


@pytest.mark.parametrize("table", [[[1, -1], [2, 3]], [[1.5, 1], [2, 3]], [[math.nan, 1], [2, 3]], [1, 2], "ab"])
def test_nonsense_is_refused(table):
    for test in [*EVERY_TEST, c.cochran_rule]:
        with pytest.raises(ValueError, match=r"counts of a table must"):
            test(table)
    with pytest.raises(ValueError, match="one row score for each row"):
        c.linear_by_linear([[1, 2], [3, 4]], row_scores=[1, 2, 3])


def test_method_of_a_two_by_two():
    assert c.fisher_freeman_halton([[3, 1], [1, 3]]).method == "Fisher exact, two-sided"
    assert c.fisher_freeman_halton([[3, 1], [1, 3], [2, 2]]).method == "Fisher-Freeman-Halton exact"


def test_too_large_a_table_is_refused_with_its_size():
    for test in (c.fisher_freeman_halton, c.exact_pearson):
        result = test(np.full((6, 6), 30))
        assert math.isnan(result.p)
        assert "e+09 partial tables, more than the " in result.warning
        assert "partial tables, more than the" in test(CASES["recist_change"]["table"], max_states=100).warning


TWO_BY_TWO = arrays(np.int64, (2, 2), elements=st.integers(0, 40))


@settings(max_examples=150, deadline=None)
@given(TWO_BY_TWO)
def test_fisher_equals_scipy(table):
    from scipy.stats import fisher_exact

    ours = c.fisher_freeman_halton(table).p
    if (table.sum(0) == 0).any() or (table.sum(1) == 0).any():
        assert math.isnan(ours)
    else:
        assert ours == pytest.approx(fisher_exact(table).pvalue, rel=1e-7)
