"""Counts behind percentages and group sizes behind several of them."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from published import printed, whole

from replicalc.errors import ReplicalcError
from replicalc.verify.printed import ROUNDINGS, parse, rounding_needed
from replicalc.verify.recovery import MIXED, counts_from_percent, denominators, print_share, roundings_of, share_bounds

shares = st.integers(1, 3000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))
decimals = st.integers(0, 3)
rounding = st.sampled_from(sorted(ROUNDINGS))


@settings(max_examples=2000)
@given(shares, decimals, rounding)
def test_a_printed_count_is_recovered_and_its_rounding_named(share, places, name):
    k, n = share
    found = counts_from_percent(parse(print_share(k, n, places, name)), n)
    assert name in next(c.roundings for c in found.solutions if c.k == k)


@settings(max_examples=300)
@given(st.integers(1, 120), st.integers(0, 1000), st.sampled_from([0, 1]))
def test_all_counts_and_no_other(n, value, places):
    text = parse(f"{value / 10:.1f}" if places else str(value // 10))
    slow = [k for k in range(n + 1) if any(print_share(k, n, places, r) == text.text for r in ROUNDINGS)]
    found = counts_from_percent(text, n)
    assert [c.k for c in found.solutions] == slow
    assert bool(found.repair) == (not slow)


@settings(max_examples=1000)
@given(shares, decimals, st.integers(0, 100))
def test_exact_rounding_agrees_with_the_rounding_of_printed_numbers(share, places, nearby):
    k, n = share
    text = parse(print_share(k, n, places))
    other = parse(print_share(min(n, nearby), n, places, "truncation"))
    for number in (text, other):
        assert bool(roundings_of(k, n, number)) == (rounding_needed(100 * k / n, number) is not None)


@settings(max_examples=500)
@given(shares, decimals, rounding)
def test_more_digits_never_add_counts(share, places, name):
    k, n = share
    coarse, fine = (share_bounds(parse(print_share(k, n, d, name)), name).counts(n) for d in (places, places + 1))
    # Half-even may change direction at a tie that the finer print resolves; the others nest exactly.
    assert fine[1] - fine[0] <= coarse[1] - coarse[0]
    if name != "half-even":
        assert coarse[0] <= k <= coarse[1] and fine[0] <= k <= fine[1]


@settings(max_examples=300)
@given(shares, decimals)
def test_mixed_holds_whatever_the_rounding(share, places):
    k, n = share
    for name in ROUNDINGS:
        assert share_bounds(parse(print_share(k, n, places, name)), MIXED).holds(k, n)


def test_an_inequality_bounds_the_count():
    assert [c.k for c in counts_from_percent(parse("<5"), 100).solutions] == [0, 1, 2, 3, 4]
    assert [c.k for c in counts_from_percent(parse(">=98"), 100).solutions] == [98, 99, 100]


def test_the_smallest_repair_of_a_percentage_is_the_nearest_count():
    found = counts_from_percent(parse("62.6"), 51)
    assert found.solutions == () and found.repair == ("62.7",) and "32 of 51 is 62.75" in found.evidence


def test_published_percentages_of_one_group_leave_one_size():
    us_mri = printed("us_mri")
    parts = {name: us_mri[f"histology.{name}"] for name in ("dcis", "microinv", "invasive")}
    lesions = whole(us_mri["n_patients.lesions"])
    found = denominators(parts, 1, lesions, exhaustive=True)
    malignant = {c.k for c in counts_from_percent(us_mri["prevalence"], lesions).solutions}
    assert set(found.sizes) & malignant == {48}
    half_up = next(d for d in found.solutions if (d.n, d.rounding) == (48, "half-up"))
    assert {name: (lo, hi) for name, lo, hi in half_up.counts} == {
        "dcis": (25, 25),
        "microinv": (6, 6),
        "invasive": (17, 17),
    }
    assert found.sizes == denominators(dict(reversed(parts.items())), 1, 125, exhaustive=True).sizes


@settings(max_examples=300)
@given(st.lists(st.integers(0, 60), min_size=2, max_size=4).filter(any), st.integers(0, 2), rounding)
def test_the_size_of_a_real_group_is_always_among_those_recovered(counts, places, name):
    n = sum(counts)
    percents = {f"c{i}": parse(print_share(k, n, places, name)) for i, k in enumerate(counts)}
    found = denominators(percents, max(1, n - 20), n + 20, exhaustive=True)
    assert n in found.sizes
    ranges = {c: (lo, hi) for d in found.solutions if (d.n, d.rounding) == (n, name) for c, lo, hi in d.counts}
    assert all(ranges[f"c{i}"][0] <= k <= ranges[f"c{i}"][1] for i, k in enumerate(counts))


def test_percentages_that_share_no_size_name_the_one_to_change():
    found = denominators({"a": parse("50.0"), "b": parse("25.0"), "c": parse("33.4")}, 1, 10)
    assert found.solutions == () and found.repairs == (("c",),)


def test_known_counts_and_a_known_sum_narrow_the_size():
    percents = {"a": parse("20"), "b": parse("30")}
    found = denominators(percents, 1, 200, known={"a": 20})
    assert {d.n for d in found.solutions if d.rounding == "half-up"} == {98, 99, 100, 101, 102}
    assert denominators(percents, 1, 60, known_sum=10).sizes == (20,)


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: counts_from_percent(parse("101"), 10), "from 0 to 100"),
        (lambda: counts_from_percent(parse("10"), 0), "whole number from 1"),
        (lambda: denominators({"a": parse("10")}, 20, 10), "swapped"),
        (lambda: denominators({}, 1, 10), "at least one percentage"),
        (lambda: denominators({"a": parse("10")}, 1, 10, known={"b": 1}), "no percentage"),
    ],
)
def test_bad_input_is_told_in_a_sentence(call, sentence):
    with pytest.raises(ReplicalcError, match=sentence):
        call()
