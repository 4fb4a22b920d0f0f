"""Quantiles of subgroups and means against ranges: real data are never impossible, the textbook contradictions are."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from replicalc.errors import ReplicalcError
from replicalc.verify.printed import format_as
from replicalc.verify.spread import Group, subgroups, within_range

#: numpy's names of the nine definitions of Hyndman & Fan; the first, third and fourth have a median of their own.
DEFINITIONS = ["averaged_inverted_cdf", "hazen", "weibull", "linear", "median_unbiased", "normal_unbiased"]
OWN_MEDIAN = ["inverted_cdf", "closest_observation", "interpolated_inverted_cdf"]
QUARTILES = (0.25, 0.5, 0.75)


def _group(name, values, at, definition, decimals, rounding):
    return Group(
        name,
        len(values),
        {p: format_as(float(np.quantile(values, p, method=definition)), decimals, rounding) for p in at},
    )


@settings(max_examples=300, deadline=None)
@given(
    st.integers(0, 10**9),
    st.sampled_from(DEFINITIONS + OWN_MEDIAN),
    st.integers(0, 2),
    st.sampled_from(["half-up", "half-even", "truncation"]),
    st.booleans(),
)
def test_real_groups_never_contradict_their_total(seed, definition, decimals, rounding, with_ends):
    rng = np.random.default_rng([seed, 1])
    groups = [
        np.round(rng.normal(rng.uniform(-3, 9), rng.uniform(0.1, 9), rng.integers(1, 25)), int(rng.integers(0, 3)))
        for _ in range(rng.integers(1, 5))
    ]
    at = [p for p in ((0, *QUARTILES, 1) if with_ends else QUARTILES) if p != 0.5 or definition in DEFINITIONS]
    printed = [_group(f"g{i}", g, at, definition, decimals, rounding) for i, g in enumerate(groups)]
    total = _group("all", np.concatenate(groups), at, definition, decimals, rounding)
    assert {f.verdict for f in subgroups(total, printed)} == {"consistent"}
    assert [f.verdict for f in subgroups(total, printed[::-1])] == ["consistent"] * len(at)


def test_tukeys_hinges_are_allowed():
    """Halves with and without the median value: 1 to 9 have hinges 3 and 7, or 2.5 and 7.5."""
    for q1, q3 in (("3.0", "7.0"), ("2.5", "7.5")):
        whole = Group("all", 9, {0.25: q1, 0.5: "5.0", 0.75: q3})
        assert {f.verdict for f in subgroups(whole, [whole])} == {"consistent"}


def test_the_median_lies_between_the_medians():
    groups = [Group("calcified", 30, {0.5: "20"}), Group("others", 41, {0.5: "40"})]
    found = subgroups(Group("all", 71, {0.5: "45"}), groups)[0]
    assert found.verdict == "impossible" and found.repair == "41.0 or less for 45"
    assert subgroups(Group("all", 71, {0.5: "42"}), groups)[0].verdict == "rounding"
    assert subgroups(Group("all", 71, {0.5: "33"}), groups)[0].verdict == "consistent"
    assert subgroups(Group("all", 71, {0.5: "15"}), groups)[0].verdict == "impossible"


def test_quartiles_of_a_large_group_hold_the_total():
    """90 of 100 patients have a first quartile of 30: 22 values at most lie below, so no median below 30 is left."""
    groups = [Group("large", 90, {0.25: "30.0", 0.5: "40.0", 0.75: "50.0"}), Group("small", 10, {0.5: "2.0"})]
    found = subgroups(Group("all", 100, {0.5: "25.0"}), groups)[0]
    assert (found.verdict == "impossible" and found.repair.startswith("29.9")) or found.repair.startswith("30.0")
    assert subgroups(Group("all", 100, {0.5: "38.0"}), groups)[0].verdict == "consistent"


def test_the_ends_are_those_of_the_groups():
    groups = [Group("a", 12, {0: "3", 1: "20"}), Group("b", 15, {0: "5", 1: "31"})]
    found = subgroups(Group("all", 27, {0: "9", 1: "31"}), groups)
    assert [f.verdict for f in found] == ["impossible", "consistent"]


@settings(max_examples=500, deadline=None)
@given(
    st.lists(st.integers(-50, 300), min_size=2, max_size=40),
    st.integers(0, 2),
    st.sampled_from(["half-up", "truncation"]),
)
def test_real_values_are_within_their_own_range(values, decimals, rounding):
    x = np.array(values) / 7

    def shown(v):
        return format_as(float(v), decimals, rounding)

    found = within_range(
        shown(x.mean()), shown(x.std(ddof=1)), len(x), shown(x.min()), shown(x.max()), shown(np.median(x))
    )
    assert {f.verdict for f in found} <= {"consistent", "not_checkable"}


def test_what_no_values_can_have():
    def verdicts(*args):
        return {f.check: f.verdict for f in within_range(*args)}

    assert verdicts("12.0", "1.0", 10, "0.0", "10.0")["mean"] == "impossible"
    # Ten values from 0 to 10 with mean 5: at most sqrt(10 * 25 / 9) = 5.27, at least sqrt(50 / 9) = 2.36.
    assert verdicts("5.00", "5.27", 10, "0.00", "10.00")["largest sd"] == "consistent"
    assert verdicts("5.00", "5.30", 10, "0.00", "10.00")["largest sd"] == "impossible"
    assert verdicts("5.00", "2.36", 10, "0.00", "10.00")["smallest sd"] == "consistent"
    assert verdicts("5.00", "2.30", 10, "0.00", "10.00")["smallest sd"] == "impossible"
    assert verdicts("5.00", "1.00", 10, None, None, "7.00")["median"] == "impossible"
    assert verdicts("5.00", "2.20", 10, None, None, "7.00")["median"] == "consistent"


def test_a_skewed_mean_and_sd_is_told():
    """Extents from 0 with mean 20 and SD 18: 200 normal values would hardly all stay above 0."""
    found = {f.check: f for f in within_range("20", "18", 200, "0")}
    assert "skewed" in found["normal"].evidence and found["normal"].verdict == "consistent"
    assert "skewed" not in {f.check: f for f in within_range("49.9", "9.3", 100, "20", "82")}["normal"].evidence


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: subgroups(Group("all", 10, {0.5: "5"}), [Group("a", 9, {0.5: "5"})]), "all has 10"),
        (lambda: subgroups(Group("all", 10, {0.5: "5"}), []), "no values"),
        (lambda: subgroups(Group("all", 9, {1.5: "5"}), [Group("a", 9, {0.5: "5"})]), "from 0 to 1"),
        (lambda: subgroups(Group("all", 9, {0.25: "5", 0.5: "4"}), [Group("a", 9, {0.5: "5"})]), "not in order"),
        (lambda: subgroups(Group("all", 9, {0.5: "about 5"}), [Group("a", 9, {0.5: "5 to 6"})]), "no single number"),
        (lambda: within_range("5", "1", 1, "0"), "at least 2"),
        (lambda: within_range("5", "-1", 9, "0"), "not below 0"),
        (lambda: within_range("5", "1", 9, "9", "3"), "swapped"),
    ],
)
def test_bad_input_gets_a_sentence(call, message):
    with pytest.raises(ReplicalcError, match=message):
        call()
