import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from replicalc.stats.proportion import ALL_METHODS, interval

from .reference import closed, iterated, load


@pytest.mark.parametrize("case", load("proportion"), ids=lambda c: f"{c['count']}/{c['n']}-{c['level']}")
def test_against_r(case):
    assert set(case["intervals"]) == set(ALL_METHODS)
    for method, limits in case["intervals"].items():
        ours = interval(case["count"], case["n"], method, case["level"])
        same = iterated if method in ("Clopper-Pearson", "Jeffreys") else closed
        assert [ours.lo, ours.hi] == same(limits)
        assert (ours.method, ours.level, ours.warning) == (method, case["level"], "")


@settings(max_examples=80, deadline=None)
@given(st.integers(1, 300), st.data(), st.sampled_from(ALL_METHODS))
def test_lies_within_0_and_1_and_mirrors(n, data, method):
    count = data.draw(st.integers(0, n))
    ours, mirror = interval(count, n, method, 0.95), interval(n - count, n, method, 0.95)
    assert 0 <= ours.lo <= ours.hi <= 1
    assert (ours.lo, ours.hi) == pytest.approx((1 - mirror.hi, 1 - mirror.lo), abs=1e-9)
    wider = interval(count, n, method, 0.99)
    assert wider.lo <= ours.lo and ours.hi <= wider.hi


@pytest.mark.parametrize("method", ALL_METHODS)
def test_no_patient_gives_nan(method):
    result = interval(0, 0, method, 0.95)
    assert math.isnan(result.lo) and math.isnan(result.hi)
    assert result.warning == "no patient: no interval"


@pytest.mark.parametrize(("count", "n"), [(-1, 5), (2.5, 5), (math.nan, 5), (6, 5), ("many", 5), (1, math.inf)])
def test_nonsense_is_refused(count, n):
    with pytest.raises(ValueError, match=r"must be|cannot exceed"):
        interval(count, n, "Wilson", 0.95)


def test_an_unknown_method_or_level_is_refused():
    with pytest.raises(ValueError, match="must be one of 'Wald', 'Wilson'"):
        interval(1, 5, "exact", 0.95)
    with pytest.raises(ValueError, match=r"0\.95 for 95 %"):
        interval(1, 5, "Wilson", 95)
