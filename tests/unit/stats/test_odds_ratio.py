import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from replicalc.stats.logistic import odds_ratio
from replicalc.stats.odds_ratio import ALL_METHODS, ESTIMATES, estimate, interval

from .reference import closed, iterated, load

CASES = load("odds_ratio")
CELLS = st.tuples(*[st.integers(1, 40)] * 4)


@pytest.mark.parametrize("case", CASES, ids=lambda c: f"{c['table']} {c['level']}")
@pytest.mark.parametrize("method", ALL_METHODS)
def test_limits_against_r(case, method):
    found = interval(*case["table"], method, case["level"])
    if method not in case:
        assert method == "Woolf" and 0 in case["table"] and math.isnan(found.lo) and "empty cell" in found.warning
        return
    wanted = case[method]
    same = closed if method.startswith("Woolf") else iterated
    assert found.lo == same(wanted["lo"])
    assert found.hi == (same(wanted["hi"]) if wanted["hi"] is not None else math.inf)
    if "value" in wanted:
        assert found.value == same(wanted["value"])


@pytest.mark.parametrize("case", CASES, ids=lambda c: f"{c['table']} {c['level']}")
def test_fisher_test_of_r_has_the_exact_limits_as_far_as_it_seeks_them(case):
    """Its search ends within about 1e-4 of the ratio, or of 1 over it."""
    found, wanted = interval(*case["table"], "exact conditional", case["level"]), case["fisher_test"]
    for mine, theirs in ((found.value, wanted["value"]), (found.lo, wanted["lo"]), (found.hi, wanted["hi"])):
        if isinstance(theirs, (int, float)) and mine > 1:
            assert 1 / mine == pytest.approx(1 / theirs, abs=2e-4)
        elif isinstance(theirs, (int, float)):
            assert mine == pytest.approx(theirs, abs=2e-4)
        else:
            assert mine == math.inf
    if "conditional" in case:
        assert estimate(*case["table"], "conditional") == iterated(case["conditional"])
        assert estimate(*case["table"], "median-unbiased") == iterated(case["median"])


@settings(max_examples=80, deadline=None)
@given(CELLS, st.sampled_from(ALL_METHODS))
def test_limits_enclose_and_turn_with_the_table(cells, method):
    a, b, c, d = cells
    found, turned = interval(a, b, c, d, method), interval(c, d, a, b, method)
    assert found.lo < found.value < found.hi
    assert found.lo < a * d / (b * c) < found.hi
    assert (turned.lo * found.hi, turned.hi * found.lo, turned.value * found.value) == pytest.approx((1, 1, 1))
    across = interval(a, c, b, d, method)
    assert (across.lo, across.hi) == pytest.approx((found.lo, found.hi))
    wider = interval(a, b, c, d, method, 0.99)
    assert wider.lo < found.lo and found.hi < wider.hi


@settings(max_examples=50, deadline=None)
@given(CELLS)
def test_methods_stand_in_order(cells):
    """The exact interval holds the mid-P one, and Miettinen and Nurminen's holds Cornfield's."""
    by = {method: interval(*cells, method) for method in ALL_METHODS}
    for outer, inner in (("exact conditional", "mid-P"), ("Miettinen-Nurminen", "Cornfield")):
        assert by[outer].lo < by[inner].lo and by[inner].hi < by[outer].hi
    woolf = odds_ratio(*cells)
    assert (by["Woolf"].value, by["Woolf"].lo, by["Woolf"].hi) == pytest.approx((woolf.value, woolf.lo, woolf.hi))


def test_rows_and_columns_without_patients_and_large_tables():
    for method in ALL_METHODS:
        assert math.isnan(interval(0, 0, 3, 4, method).lo)
        large = interval(4000, 6000, 3000, 7000, method)
        assert (large.lo, large.hi) == pytest.approx((1.466, 1.650), abs=0.003)
    assert [math.isnan(estimate(0, 3, 0, 4, which)) for which in ESTIMATES] == [True] * 4
    assert estimate(0, 5, 4, 6, "conditional") == 0.0 and estimate(5, 0, 4, 6, "conditional") == math.inf


@pytest.mark.parametrize(
    "call",
    [
        lambda: interval(1, 2, 3, 4, "Wilson"),
        lambda: interval(1, 2, 3, -4, "Woolf"),
        lambda: interval(1, 2, 3, 4.5, "Woolf"),
        lambda: interval(1, 2, 3, 4, "Woolf", 95),
        lambda: estimate(1, 2, 3, 4, "mean"),
    ],
)
def test_bad_input_is_refused(call):
    with pytest.raises(ValueError):
        call()
