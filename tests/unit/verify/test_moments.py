"""GRIM, GRIMMER and DEBIT against every sample there is, and against the examples of those who proposed them."""

from __future__ import annotations

from fractions import Fraction
from itertools import combinations_with_replacement
from math import sqrt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from replicalc.errors import ReplicalcError
from replicalc.verify.moments import _reached, _squares, debit, grim, grimmer
from replicalc.verify.printed import format_as, parse

ROUNDINGS = ("half-up", "half-even", "truncation")


def _sd(values, ddof=1):
    m = Fraction(sum(values), len(values))
    return sqrt(sum((v - m) ** 2 for v in values) / (len(values) - ddof))


@pytest.mark.parametrize("n", [2, 3, 4])
def test_consistent_is_what_some_sample_prints_and_nothing_else(n):
    """All samples of n values from 0 to 5: every mean and SD with two decimals is called possible just where one is."""
    printed = set()
    for values in combinations_with_replacement(range(6), n):
        for rounding in ROUNDINGS:
            printed.add((format_as(sum(values) / n, 2, rounding), format_as(_sd(values), 2, rounding)))
    means = {mean for mean, _ in printed} | {"1.10", "2.34"}
    for mean in sorted(means):
        for sd in [f"{i / 100:.2f}" for i in range(0, 360, 3)] + sorted({s for m, s in printed if m == mean}):
            found = grimmer(mean, sd, n, lowest=0, highest=5, repairs=False).verdict == "consistent"
            assert found == ((mean, sd) in printed), (mean, sd)


@settings(max_examples=1500, deadline=None)
@given(
    st.lists(st.integers(-30, 90), min_size=2, max_size=60),
    st.integers(0, 3),
    st.integers(0, 3),
    st.sampled_from(ROUNDINGS),
)
def test_a_real_sample_is_never_impossible_and_the_witness_prints_the_same(values, mean_decimals, decimals, rounding):
    n = len(values)
    mean, sd = format_as(sum(values) / n, mean_decimals, rounding), format_as(_sd(values), decimals, rounding)
    assert sum(values) in grim(mean, n).sums or grim(mean, n).rounding != rounding
    found = grimmer(mean, sd, n)
    assert found.verdict == "consistent"
    if found.values:
        assert len(found.values) == n and all(v.denominator == 1 for v in found.values)
        assert found.rounding in (*ROUNDINGS, "half-down")
        name = "half-even" if found.rounding == "half-down" else found.rounding
        unit = Fraction(1, 10**mean_decimals)
        again = Fraction(format_as(float(sum(found.values) / n), mean_decimals, name))
        assert abs(again - Fraction(mean)) <= (unit if found.rounding == "half-down" else 0)
        assert abs(_sd(found.values) - float(sd)) <= 10.0**-decimals * (1 + 1e-9)
    low, high = min(values), max(values) + 1
    assert grimmer(mean, sd, n, lowest=low, highest=high).verdict == "consistent"


@settings(max_examples=300, deadline=None)
@given(st.lists(st.integers(1, 7), min_size=3, max_size=20), st.integers(2, 4))
def test_means_of_several_items(first, items):
    """Each value is the mean of some items from 1 to 7; its sums are whole, its mean need not be."""
    values = [Fraction(v + (v + i) % 7 + 1 + (items - 2) * 3, items) for i, v in enumerate(first)]
    n = len(values)
    mean, sd = format_as(float(sum(values) / n), 2), format_as(_sd(values), 2)
    assert grim(mean, n, items).verdict == "consistent"
    assert grimmer(mean, sd, n, items).verdict == "consistent"


@settings(max_examples=300, deadline=None)
@given(st.integers(2, 300), st.data(), st.integers(1, 3), st.sampled_from(ROUNDINGS))
def test_zeros_and_ones_are_found(n, data, decimals, rounding):
    ones = data.draw(st.integers(0, n))
    values = [1] * ones + [0] * (n - ones)
    mean, sd = format_as(ones / n, decimals, rounding), format_as(_sd(values), decimals, rounding)
    found = debit(mean, sd, n)
    assert found.verdict == "consistent" and (ones in found.sums or found.rounding != rounding)
    assert grimmer(mean, sd, n, lowest=0, highest=1).verdict == "consistent"
    over_n = debit(mean, format_as(_sd(values, 0), decimals, rounding), n)
    assert over_n.verdict in ("consistent", "unstated_method")


@settings(max_examples=200, deadline=None)
@given(st.integers(1, 80), st.integers(0, 9999))
def test_digits_never_add_sums(n, size):
    fine = f"{size / 1000:.3f}"
    coarse = format_as(size / 1000, 2, "truncation")
    assert grim(fine, n).verdict != "consistent" or grim(coarse, n).verdict == "consistent" or fine[-1] in "56789"


def test_grim_example_of_its_paper():
    """Brown & Heathers: 28 whole numbers have a mean of 5.18 or 5.21, but not of 5.19."""
    found = grim("5.19", 28)
    assert found.verdict == "rounding" and not found.sums
    assert "5.18 for 5.19" in found.repair and "145/28 = 5.1786" in found.evidence
    assert grim("5.18", 28).sums == (145,) and grim("5.21", 28).sums == (146,)
    assert grim("5.19", 28, items=3).verdict == "consistent"


@pytest.mark.parametrize(
    ("mean", "sd", "n", "possible"),
    [("7.3", "2.51", 12, False), ("5.21", "1.60", 28, True), ("7.2", "2.89", 25, True), ("3.6", "3.11", 25, True), ("9.2", "7.13", 25, True), ("10.4", "2.53", 25, True), ("7.3", "3.14", 25, True)],
)  # fmt: skip
def test_grimmer_examples_of_the_scrutiny_package(mean, sd, n, possible):
    """The examples of scrutiny's GRIMMER vignette, but for two that its authors name as false alarms (issue 80)."""
    assert (grimmer(mean, sd, n).verdict == "consistent") == possible


def test_a_false_alarm_of_the_parity_test_has_a_witness():
    """8.9 (2.81) of 25 fails scrutiny's third test; these 25 values print it."""
    found = grimmer("8.9", "2.81", 25)
    assert found.verdict == "consistent" and found.rounding == "half-up"
    assert format_as(float(sum(found.values) / 25), 1) == "8.9" and format_as(_sd(found.values), 2) == "2.81"


@pytest.mark.parametrize(
    ("mean", "sd", "possible"),
    [("0.53", "0.50", True), ("0.44", "0.50", True), ("0.77", "0.42", True), ("0.19", "0.35", False), ("0.34", "0.47", True), ("0.93", "0.25", True), ("0.12", "0.33", True)],
)  # fmt: skip
def test_debit_examples_of_the_scrutiny_package(mean, sd, possible):
    assert (debit(mean, sd, 1683).verdict == "consistent") == possible


def test_parity_and_few_values():
    """Two values have a mean of 2 and an SD of 0 or 1.41, nothing between; their sum of squares is 8 + 2 k^2."""
    found = grimmer("2.00", "0.71", 2)
    assert found.verdict == "impossible"
    assert grimmer("2.00", "0.00", 2).values == (2, 2) and grimmer("2.00", "1.41", 2).values == (1, 3)
    over_n = grimmer("2.00", "1.00", 2)
    assert over_n.verdict == "unstated_method" and "over n" in over_n.method and over_n.values == (1, 3)


def test_the_scale_can_exclude():
    """Ten values of 1 to 5 with mean 3 have an SD of at most sqrt(10 * 2 * 2 / 9) = 2.11."""
    assert grimmer("3.00", "2.11", 10, lowest=1, highest=5).verdict == "consistent"
    beyond = grimmer("3.00", "2.40", 10, lowest=1, highest=5)
    assert beyond.verdict == "impossible" and beyond.repair
    assert grimmer("3.00", "2.40", 10).verdict == "consistent"


def test_repairs_hold():
    for mean, sd, n in [("7.3", "2.51", 12), ("5.19", "1.00", 28), ("5.19", "1.28", 28), ("2.00", "0.71", 2)]:
        first = grimmer(mean, sd, n).repair.split(" or n ")[0].split(" for ")[0]
        what, new = first.rsplit(" ", 1) if " or " not in first else first.split(" or ")[0].rsplit(" ", 1)
        changed = grimmer(new, sd, n) if what == "mean" else grimmer(mean, new, n)
        assert changed.verdict == "consistent"


@pytest.mark.parametrize(
    ("mean", "sd", "n", "scale"),
    [("49.9", "9.3", 3000, (None, None)), ("3.00", "1.40", 3000, (1, 5)), ("3.01", "1.95", 2000, (1, 5))],
)
def test_large_samples_have_a_witness(mean, sd, n, scale):
    found = grimmer(mean, sd, n, lowest=scale[0], highest=scale[1])
    assert found.verdict == "consistent" and len(found.values) == n
    assert format_as(float(sum(found.values) / n), len(mean.split(".")[1])) == mean
    assert format_as(_sd(found.values), len(sd.split(".")[1])) == sd


def test_a_search_that_is_not_finished_excludes_nothing():
    """2,500 values from 1 to 9 with a mean near one end are too deep to place one by one: no verdict against them."""
    values = [1] * 1800 + [9] * 300 + [2] * 400
    mean, sd = format_as(sum(values) / 2500, 2), format_as(_sd(values), 2)
    assert grimmer(mean, sd, 2500, lowest=1, highest=9).verdict == "consistent"


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: grim("five", 20), "no single number"),
        (lambda: grim("<5", 20), "no single number"),
        (lambda: grim("5.0", 0), "from 1 to"),
        (lambda: grim("5.0", 10**6), "from 1 to"),
        (lambda: grimmer("5.0", "-1.0", 20), "not below 0"),
        (lambda: grimmer("5.0", "1.0", 1), "from 2 to"),
        (lambda: grimmer("5.0", "1.0", 20, lowest=7, highest=1), "swapped"),
        (lambda: debit("5.0", "1.0", 20), "from 0 to 1"),
    ],
)
def test_bad_input_gets_a_sentence(call, message):
    with pytest.raises(ReplicalcError, match=message):
        call()


def _enumerated(n: int, low: int, high: int) -> set[tuple[int, int]]:
    """Sums and sums of squares that n whole numbers of a scale can have."""
    return {(sum(v), sum(x * x for x in v)) for v in combinations_with_replacement(range(low, high + 1), n)}


def test_sums_and_squares_beyond_the_scale_are_left_out_and_no_others():
    """What no values of the scale reach need not be searched; what some reach stays."""
    n, low, high = 5, 2, 6
    possible = _enumerated(n, low, high)
    for total in range(n * low - 3, n * high + 4):
        inside = _reached(total, n, (low, high))
        assert inside == any(s == total for s, _ in possible)
        base = total * total / n
        for square in {q for s, q in possible if s == total}:
            sd = format_as(sqrt((square - base) / (n - 1)), 2)
            assert square in list(_squares(total, parse(sd), n, 1, n - 1, "half-up", (low, high)))
    largest = max(q for s, q in possible if s == 20)
    wide = list(_squares(20, parse("9.00"), n, 1, n - 1, "half-up"))
    assert wide and min(wide) > largest and not list(_squares(20, parse("9.00"), n, 1, n - 1, "half-up", (low, high)))


def test_a_mean_outside_its_scale_is_told_as_such():
    found = grimmer("91.2", "10.3", 183, lowest=31, highest=84)
    assert found.verdict == "impossible" and "it lies outside the scale of 31 to 84" in found.evidence
