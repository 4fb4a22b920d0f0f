import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from replicalc.stats.accuracy import accuracy

from .reference import closed, load

RATIOS = ("lr_positive", "lr_negative", "diagnostic_odds_ratio")


@pytest.mark.parametrize("case", load("accuracy"), ids=lambda c: f"{c['tp']}-{c['level']}")
def test_against_epir(case):
    ours = accuracy(case["tp"], case["fp"], case["fn"], case["tn"], case["level"])
    assert set(ours) == set(case["measures"])
    for name, expected in case["measures"].items():
        assert ours[name].value == closed(expected["est"])
        assert ours[name].name == name and ours[name].warning == ""
        if name in RATIOS:
            interval = ours[name].interval
            assert (interval.lo, interval.hi) == closed((expected["lower"], expected["upper"]))
            assert interval.level == case["level"]
        else:
            assert ours[name].interval is None


@settings(max_examples=100, deadline=None)
@given(*[st.integers(0, 30)] * 4)
def test_every_measure_is_a_fraction_or_says_why_not(tp, fp, fn, tn):
    ours = accuracy(tp, fp, fn, tn)
    for measure in ours.values():
        if math.isnan(measure.value):
            assert measure.warning.startswith("not defined: no")
            assert measure.interval is None
        if measure.denominator:
            assert measure.value == measure.numerator / measure.denominator
    if tp + fn:
        sum_of_rates = ours["sensitivity"].value + ours["false_negative_rate"].value
        assert sum_of_rates == pytest.approx(1)
    if all((tp, fp, fn, tn)):
        ratio = ours["lr_positive"].value / ours["lr_negative"].value
        assert ours["diagnostic_odds_ratio"].value == pytest.approx(ratio)


def test_what_divides_by_zero_is_not_defined():
    nobody = accuracy(0, 0, 0, 0)
    assert all(math.isnan(measure.value) for measure in nobody.values())
    assert nobody["ppv"].warning == "not defined: no patient is positive"
    assert nobody["youden"].warning == "not defined: no patient is diseased or healthy"
    perfect = accuracy(20, 0, 0, 30)
    assert math.isnan(perfect["lr_positive"].value)
    assert perfect["lr_positive"].warning == "not defined: no healthy patient is positive"
    assert perfect["lr_negative"].value == 0
    assert perfect["lr_negative"].warning == "a ratio of 0 has no interval"
    assert math.isnan(perfect["diagnostic_odds_ratio"].value)
    assert accuracy(0, 3, 4, 5)["diagnostic_odds_ratio"].warning == "a ratio of 0 has no interval"


def test_no_spread_in_either_share_gives_a_point():
    interval = accuracy(5, 6, 0, 0)["lr_positive"].interval  # everybody is positive: 1 over 1
    assert (interval.lo, interval.hi) == (1, 1)


@pytest.mark.parametrize("bad", [-1, 1.5, math.nan, None])
def test_nonsense_is_refused(bad):
    with pytest.raises(ValueError, match="the number of false positives must be"):
        accuracy(1, bad, 3, 4)
