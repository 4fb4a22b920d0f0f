import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from replicalc.stats.pooling import from_interval, pool

from .reference import iterated, load

CASES = load("pooling")["pooled"]
FITS = ["fixed", "DerSimonian-Laird", "REML", "DerSimonian-Laird KH", "REML KH"]


@pytest.mark.parametrize("case", CASES, ids=str)
@pytest.mark.parametrize("fit", FITS)
def test_against_metafor(case, fit):
    case, expected = CASES[case], CASES[case]["fits"][fit]
    ours = pool(case["y"], case["se"], fit.removesuffix(" KH"), case["level"], knapp_hartung=fit.endswith("KH"))
    for field in ("value", "se", "lo", "hi", "statistic", "p", "i2", "q", "p_q"):
        assert getattr(ours, field) == pytest.approx(expected[field], rel=1e-6, abs=1e-9), field
    assert ours.tau2 == pytest.approx(expected["tau2"], rel=1e-6, abs=1e-10)
    assert list(ours.weights) == iterated(expected["weights"])
    if expected.get("predict"):
        assert [ours.predict_lo, ours.predict_hi] == iterated(expected["predict"])
    else:
        assert math.isnan(ours.predict_lo) and math.isnan(ours.predict_hi)


@settings(max_examples=60, deadline=None)
@given(st.floats(0.05, 20), st.floats(0.05, 2), st.floats(0.5, 0.999))
def test_from_interval_takes_back_what_makes_an_interval(ratio, se, level):
    from scipy.special import ndtri

    z = float(ndtri((1 + level) / 2))
    value, back = from_interval(ratio, ratio * math.exp(-z * se), ratio * math.exp(z * se), level)
    assert (value, back) == pytest.approx((math.log(ratio), se))


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.floats(-3, 3), st.floats(0.05, 2)), min_size=2, max_size=12),
    st.sampled_from(["fixed", "DerSimonian-Laird", "REML"]),
    st.floats(-5, 5),
)
def test_a_pooled_value_lies_among_the_studies_and_moves_with_them(studies, method, shift):
    y, se = map(np.array, zip(*studies, strict=True))
    ours, moved = pool(y, se, method, 0.95), pool(y + shift, se, method, 0.95)
    assert y.min() - 1e-9 <= ours.value <= y.max() + 1e-9
    assert ours.tau2 >= 0 and 0 <= ours.i2 <= 1 and sum(ours.weights) == pytest.approx(1)
    assert moved.value == pytest.approx(ours.value + shift, abs=1e-6)
    assert moved.tau2 == pytest.approx(ours.tau2, rel=1e-5, abs=1e-7)
    back = pool(y[::-1], se[::-1], method, 0.95)
    assert (back.value, back.q) == pytest.approx((ours.value, ours.q), rel=1e-9, abs=1e-9)


def test_equal_studies_have_no_heterogeneity():
    for method in ("fixed", "DerSimonian-Laird", "REML"):
        ours = pool([0.5, 0.5, 0.5], [0.2, 0.3, 0.4], method, 0.95)
        assert (ours.tau2, ours.i2, ours.q) == pytest.approx((0, 0, 0), abs=1e-12)
    flat = pool([0.5, 0.5, 0.5], [0.2, 0.3, 0.4], "REML", 0.95, knapp_hartung=True)
    assert "factor is below 1" in flat.warning and math.isnan(flat.p) == (flat.se == 0)


def test_few_studies():
    none = pool([], [], "REML", 0.95)
    assert math.isnan(none.value) and none.warning == "no study: nothing to pool"
    one = pool([0.7], [0.2], "REML", 0.95)
    assert (one.value, one.se) == pytest.approx((0.7, 0.2)) and math.isnan(one.tau2) and math.isnan(one.p_q)
    assert one.warning == "one study: heterogeneity is not known; fewer than three studies: no prediction interval"
    assert math.isnan(pool([0.7], [0.2], "REML", 0.95, knapp_hartung=True).lo)


def test_nonsense_is_refused():
    for lo, estimate, hi in ((0, 1, 2), (-1, 1, 2), (1.2, 1, 2), (1, 3, 2), (1, 1, 1)):
        with pytest.raises(ValueError, match="0 < lo <= estimate <= hi"):
            from_interval(estimate, lo, hi, 0.95)
    with pytest.raises(ValueError, match="no missing"):
        from_interval(1, math.nan, 2, 0.95)
    with pytest.raises(ValueError, match="above 0"):
        pool([1, 2], [0.1, 0], "fixed", 0.95)
    with pytest.raises(ValueError, match="one standard error for each"):
        pool([1, 2], [0.1], "fixed", 0.95)
    with pytest.raises(ValueError, match="must be one of 'fixed'"):
        pool([1, 2], [0.1, 0.2], "random", 0.95)
    with pytest.raises(ValueError, match="go with random effects"):
        pool([1, 2], [0.1, 0.2], "fixed", 0.95, knapp_hartung=True)
