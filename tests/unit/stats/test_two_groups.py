import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from replicalc.stats import contingency
from replicalc.stats import two_groups as g
from replicalc.stats.proportion import interval

from .reference import closed, iterated, load

R = load("two_groups")
TESTS = [g.n_minus_1, g.fisher_mid_p, g.barnard, g.boschloo]


@pytest.mark.parametrize("case", R["proportions"], ids=lambda c: f"{c['case']}-{c['level']}")
def test_differences_and_ratios_against_r(case):
    for method in ("Wald", "Newcombe"):
        ours = g.risk_difference(*case["case"], case["level"], method)
        assert [ours.value, ours.lo, ours.hi] == closed([case["value"], *case[method]])
        assert (ours.method, ours.warning) == (method, "")
    if "ratio" in case:
        ours = g.risk_ratio(*case["case"], case["level"])
        assert [ours.value, ours.lo, ours.hi] == closed(case["ratio"])


def test_newcombes_own_examples():
    for case, limits in {
        (56, 70, 48, 80): (0.0524, 0.3339),
        (9, 10, 3, 10): (0.1705, 0.8090),
        (10, 10, 0, 20): (0.6791, 1),
    }.items():
        ours = g.risk_difference(*case, 0.95, "Newcombe")
        assert (ours.lo, ours.hi) == pytest.approx(limits, abs=5e-5)


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 200), st.integers(1, 200), st.data(), st.sampled_from(["Wald", "Newcombe"]))
def test_a_difference_lies_between_its_limits_and_mirrors(n1, n2, data, method):
    a, b = data.draw(st.integers(0, n1)), data.draw(st.integers(0, n2))
    ours, mirror = g.risk_difference(a, n1, b, n2, 0.95, method), g.risk_difference(b, n2, a, n1, 0.95, method)
    assert -1 <= ours.lo <= ours.value <= ours.hi <= 1
    assert (ours.lo, ours.hi) == pytest.approx((-mirror.hi, -mirror.lo), abs=1e-12)


def test_degenerate_proportions_give_nan_and_a_reason():
    assert math.isnan(g.risk_difference(0, 0, 1, 2, 0.95, "Newcombe").value)
    assert (
        g.risk_difference(3, 3, 0, 4, 0.95, "Wald").warning == "both proportions are 0 or 1: Wald's interval is a point"
    )
    assert g.risk_ratio(1, 2, 0, 3, 0.95).warning == "not defined: no event in the second group"
    zero = g.risk_ratio(0, 2, 1, 3, 0.95)
    assert zero.value == 0 and math.isnan(zero.hi)
    assert g.risk_ratio(0, 0, 1, 3, 0.95).warning == "a group has no patient: no ratio"
    sure = g.risk_ratio(2, 2, 3, 3, 0.95)
    assert (sure.lo, sure.hi, sure.warning) == (1, 1, "every patient has the event")


@pytest.mark.parametrize("sample", R["samples"])
def test_mann_whitney_against_r(sample):
    case = R["samples"][sample]
    for kind in ("two-sided", "greater", "less"):
        for continuity, key in ((False, "plain"), (True, "corrected")):
            ours = g.mann_whitney(case["x"], case["y"], continuity=continuity, method="asymptotic", alternative=kind)
            assert ours.p == closed(case[key][kind])
        exact = g.mann_whitney(case["x"], case["y"], continuity=False, method="exact", alternative=kind)
        if "exact" in case:
            assert (exact.p, exact.statistic) == closed((case["exact"][kind], case["U"]))
        else:
            assert math.isnan(exact.p) and exact.warning.endswith("needs readings without ties")
    z = g.mann_whitney(case["x"], case["y"], continuity=False, method="asymptotic").statistic
    assert z == closed(case["z"])


def test_mann_whitney_says_what_it_did():
    plain = g.mann_whitney([1, 2, 2], [2, 3], continuity=False, method="asymptotic")
    assert (plain.method, plain.warning) == (
        "Mann-Whitney, asymptotic, no continuity correction",
        "3 of 5 readings tied",
    )
    sided = g.mann_whitney([1, 2], [4, 3], continuity=True, method="exact", alternative="less")
    assert sided.method == "Mann-Whitney, exact, one-sided (less)"
    for x, y in (([], [1]), ([2, 2], [2])):
        result = g.mann_whitney(x, y, continuity=False, method="asymptotic")
        assert math.isnan(result.p) and result.warning.endswith("nothing to test")
    with pytest.raises(ValueError, match="no missing"):
        g.mann_whitney([math.nan], [1], continuity=False, method="exact")
    with pytest.raises(ValueError, match="method must be one of"):
        g.mann_whitney([1], [2], continuity=False, method="auto")


@pytest.mark.parametrize("case", R["tables"], ids=lambda c: str(c["table"]))
def test_two_by_two_tests_against_r(case):
    ours = g.n_minus_1(case["table"])
    assert (ours.statistic, ours.p) == closed((case["n_minus_1"]["statistic"], case["n_minus_1"]["p"]))
    assert g.fisher_mid_p(case["table"]).p == closed(case["mid_p"])
    assert g.barnard(case["table"]).p == iterated(case["barnard"])
    assert g.boschloo(case["table"]).p == iterated(case["boschloo"])


def test_barnard_and_boschloo_beside_scipy():
    from scipy.stats import barnard_exact, boschloo_exact

    for case in R["tables"]:
        columns = [list(column) for column in zip(*case["table"], strict=True)]
        assert g.boschloo(case["table"]).p == iterated(boschloo_exact(columns).pvalue)
        # scipy loses tables that tie with the observed one but for the last binary digit
        assert g.barnard(case["table"]).p >= barnard_exact(columns).pvalue * (1 - 1e-9)


@settings(max_examples=60, deadline=None)
@given(st.tuples(*[st.integers(0, 30)] * 4))
def test_n_minus_1_and_mid_p_beside_their_relatives(cells):
    table = [[cells[0], cells[1]], [cells[2], cells[3]]]
    trend, ours, mid = contingency.linear_by_linear(table), g.n_minus_1(table), g.fisher_mid_p(table)
    assert ours.p == pytest.approx(trend.p, rel=1e-9, nan_ok=True)
    if not math.isnan(mid.p):
        assert 0 < mid.p <= contingency.fisher_freeman_halton(table).p


@pytest.mark.parametrize("test", TESTS)
def test_empty_margins_and_nonsense(test):
    for table in ([[0, 0], [3, 4]], [[3, 0], [4, 0]]):
        result = test(table)
        assert math.isnan(result.p) and result.warning == "a row or column holds no patient: nothing to test"
    for table in ([[1.5, 2], [3, 4]], [[-1, 2], [3, 4]], [[math.nan, 2], [3, 4]], [[1, 2, 3], [3, 4, 5]], [1, 2]):
        with pytest.raises(ValueError, match="table must"):
            test(table)


def test_options_are_checked():
    with pytest.raises(ValueError, match="cannot exceed"):
        g.risk_ratio(3, 2, 1, 2, 0.95)
    with pytest.raises(ValueError, match="must be one of 'Wald', 'Newcombe'"):
        g.risk_difference(1, 2, 1, 2, 0.95, "score")
    assert "expected count is 0.94" in g.n_minus_1([[1, 1], [7, 8]]).warning
    assert interval(8, 10, "Wilson", 0.95).lo == closed(g.wilson(0.8, 10, 0.95)[0])
