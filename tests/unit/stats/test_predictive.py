import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from replicalc.stats.predictive import predictive_difference, weighted_generalised_score

from .reference import closed, load

CASES = load("predictive")
COUNTS = st.lists(st.integers(0, 40), min_size=8, max_size=8).map(
    lambda n: ([[n[0], n[1]], [n[2], n[3]]], [[n[4], n[5]], [n[6], n[7]]])
)


@pytest.mark.parametrize("case", CASES, ids=lambda c: f"{c['diseased']}-{c['healthy']}-{c['measure']}-{c['level']}")
def test_against_r(case):
    tables = case["diseased"], case["healthy"], case["measure"]
    difference = predictive_difference(*tables, case["level"])
    assert [difference.value, difference.lo, difference.hi] == closed([case["value"], *case["limits"]])
    test = weighted_generalised_score(*tables)
    assert [test.statistic, test.p] == closed([case["statistic"], case["p"]])


def test_published_values():
    # The worked example that the R package DTComPair prints for its data set Paired1 (pv.wgs).
    tables = [[319, 78], [22, 32]], [[31, 53], [22, 155]]
    ppv, npv = (weighted_generalised_score(*tables, measure) for measure in ("ppv", "npv"))
    assert (ppv.statistic, ppv.p) == pytest.approx((5.465887, 0.0193912), rel=1e-6)
    assert (npv.statistic, npv.p) == pytest.approx((16.5354, 4.775012e-05), rel=1e-6)


@settings(max_examples=80, deadline=None)
@given(COUNTS, st.sampled_from(["ppv", "npv"]))
def test_the_order_of_the_tests_and_the_side_that_is_positive_do_not_matter(tables, measure):
    swapped = [[[a, c], [b, d]] for (a, b), (c, d) in tables]
    # Calling positive negative, and sick healthy, makes the PPV the NPV.
    turned = [[[d, c], [b, a]] for (a, b), (c, d) in reversed(tables)]
    other = "npv" if measure == "ppv" else "ppv"
    ours, mirror = (predictive_difference(*each, measure, 0.95) for each in (tables, swapped))
    same = predictive_difference(*turned, other, 0.95)
    assert [ours.lo, ours.hi] == pytest.approx([-mirror.hi, -mirror.lo], abs=1e-12, nan_ok=True)
    assert [ours.lo, ours.hi] == pytest.approx([same.lo, same.hi], abs=1e-12, nan_ok=True)
    p = [
        weighted_generalised_score(*each, which).p
        for each, which in ((tables, measure), (swapped, measure), (turned, other))
    ]
    assert p == pytest.approx([p[0]] * 3, abs=1e-12, nan_ok=True)


@settings(max_examples=80, deadline=None)
@given(COUNTS)
def test_subjects_whom_neither_test_calls_positive_tell_nothing_about_the_ppv(tables):
    more = [[[a, b], [c, d + 7]] for (a, b), (c, d) in tables]
    ours, same = (predictive_difference(*each, "ppv", 0.95) for each in (tables, more))
    assert [ours.value, ours.lo, ours.hi] == pytest.approx([same.value, same.lo, same.hi], abs=1e-12, nan_ok=True)
    p = [weighted_generalised_score(*each, "ppv").p for each in (tables, more)]
    assert p[0] == pytest.approx(p[1], abs=1e-12, nan_ok=True)


def test_tests_that_never_meet_are_independent_samples():
    from replicalc.stats.contingency import pearson

    test = weighted_generalised_score([[0, 30], [18, 5]], [[0, 11], [16, 20]], "ppv")
    assert test.statistic == pytest.approx(pearson([[30, 11], [18, 16]]).statistic, rel=1e-12)


def test_degenerate_and_nonsense():
    def told(diseased, healthy, measure="ppv"):
        test = weighted_generalised_score(diseased, healthy, measure)
        assert math.isnan(test.p) and math.isnan(test.statistic)
        return test.warning

    everybody = [[48, 0], [0, 0]], [[23, 0], [54, 0]]
    assert told(*everybody, "npv") == "the second test is never negative: it has no NPV"
    undefined = predictive_difference(*everybody, "npv", 0.95)
    assert math.isnan(undefined.value) and undefined.warning == "the second test is never negative: it has no NPV"
    assert told([[0, 0], [5, 2]], [[0, 0], [3, 4]]) == "the first test is never positive: it has no PPV"
    assert told([[0, 0], [0, 2]], [[0, 0], [0, 4]]) == "neither test is ever positive: there is no PPV"
    assert told([[9, 0], [0, 3]], [[4, 0], [0, 2]]).startswith("both tests call the same subjects")
    assert told([[9, 4], [2, 3]], [[0, 0], [0, 2]]) == "every call is right: nothing to test"
    assert told([[0, 0], [0, 3]], [[4, 1], [0, 2]]) == "every call is wrong: nothing to test"
    point = predictive_difference([[9, 4], [2, 3]], [[0, 0], [0, 2]], "ppv", 0.95)
    assert (point.lo, point.value, point.hi) == (0, 0, 0) and point.warning.endswith("is a point")
    assert "only 4 calls of one kind" in weighted_generalised_score([[6, 3], [9, 0]], [[2, 2], [9, 0]], "ppv").warning
    for function in (weighted_generalised_score, lambda *args: predictive_difference(*args, 0.95)):
        with pytest.raises(ValueError, match="must be one of"):
            function([[1, 2], [3, 4]], [[1, 2], [3, 4]], "sensitivity")
        with pytest.raises(ValueError, match="2 x 2"):
            function([[1, 2, 3], [3, 4, 5]], [[1, 2], [3, 4]], "ppv")
        with pytest.raises(ValueError, match="whole number"):
            function([[1, 2], [3, 4]], [[1, 2], [-3, 4]], "ppv")
