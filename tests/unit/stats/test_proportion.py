import math

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from replicalc.stats.proportion import ALL_METHODS, interval

from .reference import closed, iterated, load

ITERATED = ("Clopper-Pearson", "Jeffreys", "mid-P", "Blaker", "likelihood ratio", "Wilson with continuity correction")


@pytest.mark.parametrize("case", load("proportion"), ids=lambda c: f"{c['count']}/{c['n']}-{c['level']}")
def test_against_r(case):
    undefined = {"logit"} if case["count"] in (0, case["n"]) else set()
    assert set(case["intervals"]) == set(ALL_METHODS) - undefined
    for method, limits in case["intervals"].items():
        ours = interval(case["count"], case["n"], method, case["level"])
        same = iterated if method in ITERATED else closed
        assert [ours.lo, ours.hi] == same(limits)
        assert (ours.method, ours.level, ours.warning) == (method, case["level"], "")


@settings(max_examples=80, deadline=None)
@given(st.integers(1, 300), st.data(), st.sampled_from(ALL_METHODS))
def test_lies_within_0_and_1_and_mirrors(n, data, method):
    count = data.draw(st.integers(0, n))
    assume(not (method == "logit" and count in (0, n)))
    ours, mirror = interval(count, n, method, 0.95), interval(n - count, n, method, 0.95)
    assert 0 <= ours.lo <= ours.hi <= 1
    assert (ours.lo, ours.hi) == pytest.approx((1 - mirror.hi, 1 - mirror.lo), abs=1e-9)
    wider = interval(count, n, method, 0.99)
    assert wider.lo <= ours.lo and ours.hi <= wider.hi


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 150), st.data())
def test_blaker_lies_within_clopper_pearson_and_accepts_what_it_holds(n, data):
    from scipy.stats import binom

    count = data.draw(st.integers(0, n))
    blaker, exact = interval(count, n, "Blaker", 0.95), interval(count, n, "Clopper-Pearson", 0.95)
    assert exact.lo - 1e-12 <= blaker.lo <= blaker.hi <= exact.hi + 1e-12

    def accepted(p):
        tail = [min(binom.cdf(x, n, p), binom.sf(x - 1, n, p)) for x in range(n + 1)]
        own = tail[count] * (1 + 1e-9)
        return sum(binom.pmf(x, n, p) for x in range(n + 1) if tail[x] <= own) >= 0.05

    if blaker.lo > 0:
        assert accepted(blaker.lo * (1 + 1e-9))
        assert not any(accepted(blaker.lo * share) for share in (1 - 1e-6, 0.999, 0.99, 0.9))


def test_limits_beyond_0_and_1_are_cut_unless_asked():
    assert interval(1, 10, "Wald", 0.95).lo == 0
    assert interval(1, 10, "Wald", 0.95, cut=False).lo == pytest.approx(0.1 - 1.959964 * math.sqrt(0.009), abs=1e-6)
    assert interval(0, 10, "Agresti-Coull", 0.95, cut=False).lo < 0
    assert interval(0, 10, "Wilson", 0.95, cut=False).lo == 0


def test_the_log_odds_of_none_have_no_interval():
    result = interval(0, 10, "logit", 0.95)
    assert math.isnan(result.lo) and result.warning == "none or all: the log odds are infinite"


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
    with pytest.raises(ValueError, match="must be one of 'Wald', 'Wald with"):
        interval(1, 5, "exact", 0.95)
    with pytest.raises(ValueError, match=r"0\.95 for 95 %"):
        interval(1, 5, "Wilson", 95)
