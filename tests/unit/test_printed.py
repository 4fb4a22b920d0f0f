"""Printed numbers: what counts as the same print."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from replicalc.verify.printed import as_printed, format_as, parse, rounding_needed


@pytest.mark.parametrize(
    ("text", "value", "decimals", "sign"),
    [
        ("58.0", "58.0", 1, "="),
        ("58", "58", 0, "="),
        ("−0.078", "-0.078", 3, "="),
        ("<0.001", "0.001", 3, "<"),
        ("P>0.05", "0.05", 2, ">"),
        ("< 0.05", "0.05", 2, "<"),
        ("40 %", "40", 0, "="),
    ],
)
def test_parse(text, value, decimals, sign):
    printed = parse(text)
    assert (printed.value, printed.decimals, printed.sign) == (Decimal(value), decimals, sign)


@pytest.mark.parametrize("text", ["103/24", "target wording", "0.771 > 0.097", "", "max ICCb", "sens 92.0, PPV 81.2"])
def test_what_is_no_single_number(text):
    assert parse(text) is None


def test_precision_is_part_of_the_claim():
    assert rounding_needed(58.04, parse("58.0")) == "half-up"
    assert rounding_needed(58.4, parse("58.0")) is None
    assert rounding_needed(58.4, parse("58")) == "half-up"


def test_the_rounding_that_was_needed_is_named():
    assert rounding_needed(100 * 1 / 8, parse("12")) == "half-even"
    assert rounding_needed(100 * 1 / 8, parse("13")) == "half-up"
    assert rounding_needed(2 / 3, parse("0.66")) == "truncation"
    assert rounding_needed(2 / 3, parse("0.65")) is None


def test_a_tie_that_binary_arithmetic_misses_is_a_tie():
    assert format_as(1.005, 2) == "1.01"
    assert format_as(100 * 0.285, 1) == "28.5"
    assert format_as(-0.0004, 2) == "0.00"


def test_inequality():
    assert rounding_needed(0.0009, parse("<0.001")) == "inequality"
    assert rounding_needed(0.001, parse("<0.001")) is None
    assert as_printed(0.00001, parse("<0.001")) == "0.00001"


def test_nan_never_prints_the_same():
    assert rounding_needed(float("nan"), parse("0.5")) is None
    with pytest.raises(ValueError, match="finite"):
        format_as(float("inf"), 2)


@given(st.integers(0, 10**6), st.integers(0, 4))
def test_every_number_prints_as_its_own_text(number, decimals):
    text = f"{number / 10**decimals:.{decimals}f}"
    assert rounding_needed(number / 10**decimals, parse(text)) == "half-up"


@given(st.floats(-1e6, 1e6), st.integers(0, 5))
def test_half_up_is_nearest(value, decimals):
    assert abs(float(format_as(value, decimals)) - value) <= 0.5 * 10**-decimals * (1 + 1e-6)
