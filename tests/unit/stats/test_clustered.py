import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from replicalc.stats.clustered import clustered_difference, clustered_proportion
from replicalc.stats.effect import wilson

from .reference import closed, load


@pytest.mark.parametrize("case", load("clustered"), ids=lambda c: f"{len(c['y'])}-{c['level']}")
def test_against_survey(case):
    ours = clustered_proportion(case["y"], case["id"], case["level"])
    for field in ("value", "se", "design_effect", "effective_n"):
        assert getattr(ours, field) == closed(case[field])
    assert [ours.lo, ours.hi] == closed(case["limits"])
    assert ("exceeds n" in ours.warning) == (ours.design_effect < 1)


@pytest.mark.parametrize("case", load("clustered_difference"), ids=lambda c: f"{len(c['id'])}-{c['level']}")
def test_difference_against_survey(case):
    ours = clustered_difference(case["first"], case["second"], case["id"], case["level"])
    assert ours.value == closed(case["value"])
    assert [ours.lo, ours.hi] == closed(case["limits"])


def test_differences_that_cannot_have_limits():
    assert "alike" in clustered_difference([1, 1], [0, 0], "ab").warning
    assert "fewer than two" in clustered_difference([1, 0], [0, 0], "aa").warning
    with pytest.raises(ValueError, match="one value of each"):
        clustered_difference([1, 0], [0], "ab")
    with pytest.raises(ValueError, match="missing label"):
        clustered_difference([1, 0], [0, 1], ["a", None])


@settings(max_examples=60, deadline=None)
@given(st.lists(st.booleans(), min_size=2, max_size=80))
def test_one_lesion_a_woman_is_wilson_for_one_patient_less(successes):
    n, x = len(successes), sum(successes)
    ours = clustered_proportion(successes, range(n))
    assert (ours.successes, ours.n, ours.clusters) == (x, n, n)
    if 0 < x < n:
        assert ours.design_effect == pytest.approx(n / (n - 1))
        assert (ours.lo, ours.hi) == pytest.approx(wilson(x / n, n - 1, 0.95))
    else:
        assert math.isnan(ours.lo) and ours.warning == "the proportion does not vary between clusters: no interval"


@settings(max_examples=40, deadline=None)
@given(st.lists(st.booleans(), min_size=2, max_size=40), st.integers(2, 4))
def test_repeating_every_lesion_adds_nothing(successes, times):
    once = clustered_proportion(successes, range(len(successes)))
    again = clustered_proportion(np.repeat(successes, times), np.repeat(np.arange(len(successes)), times))
    assert (again.lo, again.hi) == pytest.approx((once.lo, once.hi), nan_ok=True)


def test_labels_may_be_text_and_their_order_does_not_matter():
    y, who = [1, 0, 1, 1, 0], ["b", "a", "b", "c", "a"]
    assert clustered_proportion(y, who) == clustered_proportion(y[::-1], who[::-1])


def test_degenerate_and_nonsense():
    assert math.isnan(clustered_proportion([], []).value)
    one = clustered_proportion([1, 0], ["a", "a"])
    assert one.value == 0.5 and one.warning == "fewer than two clusters: no interval"
    assert math.isnan(clustered_proportion([1, 0, 1, 0], [1, 1, 2, 2]).lo)
    with pytest.raises(ValueError, match="must be 0 or 1"):
        clustered_proportion([1, 2], [1, 2])
    with pytest.raises(ValueError, match="one cluster for each value: 2, not 1"):
        clustered_proportion([1, 0], [1])
    for missing in (None, math.nan):
        with pytest.raises(ValueError, match="no missing label"):
            clustered_proportion([1, 0], [1, missing])


def test_the_order_of_the_lesions_shows_in_no_bit():
    rng = np.random.default_rng(5)
    cluster, y, other = rng.integers(0, 70, 200), rng.integers(0, 2, 200), rng.integers(0, 2, 200)
    share, apart = clustered_proportion(y, cluster), clustered_difference(y, other, cluster)
    for _ in range(8):
        order = rng.permutation(200)
        assert clustered_proportion(y[order], cluster[order]) == share
        assert clustered_difference(y[order], other[order], cluster[order]) == apart
