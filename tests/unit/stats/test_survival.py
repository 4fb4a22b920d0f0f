import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from replicalc.stats.survival import kaplan_meier, logrank, reverse_kaplan_meier_median, survival_at

from .reference import closed, load

CASES = load("survival")
nan = math.nan


@pytest.fixture(params=CASES, ids=str)
def case(request):
    return CASES[request.param]


def same(values):
    return pytest.approx([nan if v is None else v for v in values], rel=1e-8, abs=1e-12, nan_ok=True)


def test_kaplan_meier_against_survfit(case):
    ours, expected = kaplan_meier(case["time"], case["event"], case["level"]), case["curve"]
    for field in ("times", "at_risk", "events", "censored", "survival", "lo", "hi"):
        assert list(getattr(ours, field)) == same(expected[field]), field
    finite = [i for i, s in enumerate(expected["survival"]) if s > 0]  # at 0 survfit has no error, here it is 0
    assert [ours.se[i] for i in finite] == same([expected["se"][i] for i in finite])
    assert [ours.median.value, ours.median.lo, ours.median.hi] == same(expected["median"])
    assert (ours.n, ours.n_events) == (len(case["time"]), sum(case["event"]))


def test_survival_at_against_survfit(case):
    curve, expected = kaplan_meier(case["time"], case["event"], case["level"]), case["at"]
    points = survival_at(curve, expected["times"])
    for field in ("survival", "lo", "hi", "at_risk"):
        assert [getattr(p, field) for p in points] == same(expected[field]), field


def test_median_follow_up_against_survfit(case):
    ours = reverse_kaplan_meier_median(case["time"], case["event"], case["level"])
    assert [ours.value, ours.lo, ours.hi] == same(case["reverse"])


def test_logrank_against_survdiff(case):
    ours = logrank(case["time"], case["event"], case["group"])
    expected = case["logrank"]
    assert (ours.statistic, ours.df, ours.p) == closed((expected["statistic"], expected["df"], expected["p"]))


def test_the_median_lies_half_way_where_survival_stays_at_a_half():
    assert kaplan_meier([1, 2, 3, 4], [1, 1, 1, 1]).median.value == 2.5
    assert kaplan_meier([1, 2, 3, 4], [1, 1, 0, 0]).median.value == 3
    low = kaplan_meier([1, 2, 3, 4, 5], [1, 0, 0, 0, 0]).median
    assert math.isnan(low.value) and low.warning == "not reached: median, upper limit"


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 20), st.booleans()), min_size=1, max_size=40))
def test_a_curve_falls_within_its_limits_and_counts_everybody(patients):
    time, event = zip(*patients, strict=True)
    curve = kaplan_meier(time, event)
    assert sum(curve.events) + sum(curve.censored) == curve.n == len(patients)
    assert all(a >= b for a, b in zip((1.0, *curve.survival), curve.survival, strict=False))
    for s, lo, hi in zip(curve.survival, curve.lo, curve.hi, strict=True):
        assert math.isnan(lo) or 0 <= lo <= s <= hi <= 1
    points = survival_at(curve, curve.times)
    assert [(p.survival, p.at_risk) for p in points] == list(zip(curve.survival, curve.at_risk, strict=True))


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 20), st.booleans(), st.sampled_from("abc")), min_size=1, max_size=40))
def test_the_order_of_patients_and_the_names_of_groups_do_not_matter(patients):
    time, event, group = zip(*patients, strict=True)
    ours, back = (
        logrank(time, event, group),
        logrank(time[::-1], event[::-1], [{"a": 3, "b": 1, "c": 2}[g] for g in group[::-1]]),
    )
    assert ours.p == pytest.approx(back.p, rel=1e-7, abs=1e-9, nan_ok=True)
    assert math.isnan(ours.p) == bool(ours.warning)


def test_beyond_the_last_follow_up():
    open_end = survival_at(kaplan_meier([1, 2], [1, 0]), [0.5, 2, 3])
    assert [p.survival for p in open_end] == same([1, 0.5, None])
    assert open_end[2].warning == "beyond the last follow-up: not known"
    assert survival_at(kaplan_meier([1, 2], [1, 1]), [9])[0].survival == 0


def test_degenerate_data_give_nan_and_a_reason():
    assert kaplan_meier([], []).warning == "no patient: no curve"
    assert survival_at(kaplan_meier([], []), [1])[0].warning
    assert kaplan_meier([1, 2], [0, 0]).warning == "no event: survival stays at 1"
    for time, event, group in (
        ([1, 2], [1, 1], "aa"),
        ([1, 2], [0, 0], "ab"),
        ([1, 2, 3], [1, 1, 1], "abb"),
        ([], [], ""),
    ):
        result = logrank(time, event, list(group))
        assert math.isnan(result.p) == (group != "abb") and bool(result.warning) == (group != "abb")
    late = logrank([1, 5, 6], [0, 1, 1], list("abb"))
    assert late.warning == "a group is never at risk together with another: nothing to test"


@pytest.mark.parametrize(
    "function", [kaplan_meier, reverse_kaplan_meier_median, lambda t, d: logrank(t, d, np.zeros(len(t)))]
)
def test_nonsense_is_refused(function):
    for time, event, why in (
        ([1, nan], [1, 0], "no missing"),
        ([1, -2], [1, 0], "at least 0"),
        ([1, 2], [1, 2], "events must be 1"),
        ([1, 2], [1], "one event code for each time"),
    ):
        with pytest.raises(ValueError, match=why):
            function(time, event)
    with pytest.raises(ValueError, match="one group for each time"):
        logrank([1, 2], [1, 1], ["a"])
    with pytest.raises(ValueError, match="no missing label"):
        logrank([1, 2], [1, 1], ["a", None])
    with pytest.raises(ValueError, match="at least 0"):
        survival_at(kaplan_meier([1], [1]), [-1])
