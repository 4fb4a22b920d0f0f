import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from replicalc.stats import telescope as t
from replicalc.stats import two_estimates as two
from replicalc.stats.pooling import from_interval
from replicalc.stats.proportion import interval
from replicalc.stats.two_groups import risk_difference

from .reference import closed, iterated, load

R = load("telescope")


@pytest.mark.parametrize("case", R["two_shares"] + R["one_share"])
def test_power_of_shares_against_pwr(case):
    se = math.sqrt(1 / case["n1"] + 1 / case["n2"]) if "n1" in case else 1 / math.sqrt(case["n"])
    assert t.power(case["h"], se, case["alpha"]) == closed(case["power"])
    assert t.detectable(se, case["alpha"]) == closed(case["small"])


@pytest.mark.parametrize("case", R["ratios"])
def test_ratios_against_r(case):
    here = from_interval(case["new"], case["new_lo"], case["new_hi"], 0.95)
    said = from_interval(case["or"], case["lo"], case["hi"], 0.95)
    found = t.telescope(*said, *here, case["alpha"])
    assert (found.detectable, found.power) == (closed(case["small"]), closed(case["power"]))
    assert (found.p_smaller, found.power_to_dismiss) == (iterated(case["p_smaller"]), iterated(case["dismiss"]))


@pytest.mark.parametrize("case", R["chi_squared"])
def test_chi_squared_against_pwr(case):
    found = t.w_telescope(case["x"], case["n"], case["df"], case["new"], case["n_new"], case["alpha"])
    assert (found.detectable, found.power) == (iterated(case["small"]), iterated(case["power"]))
    assert (found.p_smaller, found.power_to_dismiss) == (iterated(case["p_smaller"]), iterated(case["dismiss"]))


@pytest.mark.parametrize("df", [1, 2, 3, 12])
@pytest.mark.parametrize("distance", [-4.0, -1.5, 0.0, 0.3, 2.0])
def test_a_large_noncentrality_is_met_where_scipy_still_has_it(monkeypatch, df, distance):
    noncentrality = 0.99e9
    x = noncentrality + 2 * distance * math.sqrt(noncentrality)
    by_scipy = t._chi_squared(x, df, noncentrality), t._chi_squared_below(df, noncentrality, 0.05)
    monkeypatch.setattr(t, "_LARGE", 0.9e9)
    own = t._chi_squared(x, df, noncentrality), t._chi_squared_below(df, noncentrality, 0.05)
    assert own == pytest.approx(by_scipy, rel=1e-7)
    assert own != by_scipy  # the other way was taken


def test_a_new_study_of_very_many_patients_has_numbers_throughout():
    """33 % of power of 120 patients is a statistic of 3e13 in 1e15: the new one lies below, at and above it."""
    small = t.w_telescope(31.0, 120, 3, 1.0, 199, 0.05).detectable ** 2
    for n in (10**12, 10**15):
        here = 2 * math.sqrt(n * small)  # a standard deviation of the statistic
        found = [t.w_telescope(31.0, 120, 3, n * small + k * here, n, 0.05) for k in (-1, 0, 1)]
        assert [each.p_smaller for each in found] == pytest.approx([0.1587, 0.5, 0.8413], abs=1e-4)
        assert {(each.power, each.power_to_dismiss) for each in found} == {(1.0, 1.0)}
        assert t.w_telescope(31.0, 120, 3, 29.3, n, 0.05).p_smaller == 0


@pytest.mark.parametrize("case", R["welch"])
def test_welch_from_summaries_against_t_test(case):
    found = two.welch((*case["a"][:2], int(case["a"][2])), (*case["b"][:2], int(case["b"][2])), case["level"])
    assert [found.lo, found.hi] == closed(case["limits"])


@pytest.mark.parametrize("case", R["fisher_z"])
def test_fishers_z(case):
    assert t.fisher_z(case["icc"], case["n"]) == closed((case["z"], case["se"]))


@settings(deadline=None)
@given(st.integers(1, 90), st.integers(1, 90), st.integers(0, 90), st.integers(0, 90))
def test_by_limits_is_newcombe_where_the_limits_are_wilsons(n1, n2, a, b):
    a, b = min(a, n1), min(b, n2)
    sides = [
        (k / n, limits.lo, limits.hi) for k, n in ((a, n1), (b, n2)) for limits in [interval(k, n, "Wilson", 0.95)]
    ]
    ours, theirs = two.by_limits(*sides, 0.95, "Newcombe"), risk_difference(a, n1, b, n2, 0.95, "Newcombe")
    assert (ours.value, ours.lo, ours.hi) == pytest.approx((theirs.value, theirs.lo, theirs.hi), abs=1e-9)


@settings(deadline=None)
@given(st.floats(0.05, 3), st.floats(0.05, 3), st.floats(-4, 4), st.floats(-4, 4))
def test_a_telescope_does_not_depend_on_the_coding_of_the_effect(se, se_new, published, new):
    if abs(published) < 1e-9:
        return
    one, other = t.telescope(published, se, new, se_new, 0.05), t.telescope(-published, se, -new, se_new, 0.05)
    assert one.detectable == -other.detectable
    assert (one.p_smaller, one.power) == pytest.approx((other.p_smaller, other.power))
    # With no effect at all, the rule p_smaller < alpha rejects as often as power_to_dismiss says.
    edge = abs(one.detectable) - 1.6448536269514722 * se_new
    at_edge = t.telescope(abs(published), se, edge, se_new, 0.05)
    assert at_edge.p_smaller == pytest.approx(0.05)


def test_a_study_of_two_and_a_half_times_the_size_can_dismiss_with_80_percent_power():
    """Simonsohn's rule of thumb for the size of a replication."""
    found = t.telescope(1.0, 0.3, 0.0, 0.3 / math.sqrt(2.5), 0.05)
    assert found.power_to_dismiss == pytest.approx(0.80, abs=0.025)


def test_what_is_not_defined_says_so():
    assert all(map(math.isnan, t.fisher_z(1.0, 20)))
    assert all(map(math.isnan, t.fisher_z(0.4, 2)))
    with pytest.raises(ValueError, match="standard error"):
        t.power(1, 0, 0.05)
    with pytest.raises(ValueError, match="between alpha"):
        t.detectable(1, 0.05, 0.04)
    with pytest.raises(ValueError, match="share must lie"):
        t.cohen_h(1.2, 0.5)
    with pytest.raises(ValueError, match="alpha must"):
        t.power(1, 1, 1)
    with pytest.raises(ValueError, match="patients"):
        t.w_telescope(3, 0, 1, 2, 10, 0.05)
    no_limits = two.by_limits((0.5, 0.4, 0.6), (0.2, math.nan, 0.3), 0.95, "Newcombe")
    assert no_limits.value == pytest.approx(0.3) and math.isnan(no_limits.lo) and no_limits.warning
    assert two.welch((1, 0, 5), (2, 0, 5), 0.95).warning
    assert two.share_of(two.angle(0.3) + 9) == pytest.approx(1) and two.share_of(-1) == 0
