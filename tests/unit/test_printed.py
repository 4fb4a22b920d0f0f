"""Printed numbers: what counts as the same print."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from replicalc.verify.printed import as_printed, double_rounding, format_as, parse, rounding_needed


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
        ("20.6%", "20.6", 1, "="),
        ("P = .03", "0.03", 2, "="),
        (".771", "0.771", 3, "="),
        ("< .001", "0.001", 3, "<"),
        ("p<0.05", "0.05", 2, "<"),
        ("P value ⩽ 0.05", "0.05", 2, "<="),
        ("p-value=0.04", "0.04", 2, "="),
        ("OR 1.78", "1.78", 2, "="),
        ("0.03*", "0.03", 2, "="),
        ("+0.3", "0.3", 1, "="),
        ("–.07", "-0.07", 2, "="),
        ("58·3", "58.3", 1, "="),
        ("4·5%", "4.5", 1, "="),
    ],
)
def test_parse(text, value, decimals, sign):
    printed = parse(text)
    assert (printed.value, printed.decimals, printed.sign) == (Decimal(value), decimals, sign)


@pytest.mark.parametrize(
    ("text", "value", "decimals"),
    [
        # Three digits behind, one to three in front that do not begin with 0: parted thousands.
        ("1,182", "1182", 0),
        ("n = 1,182", "1182", 0),
        ("12,345,678", "12345678", 0),
        ("1,182.5", "1182.5", 1),
        ("1 182", "1182", 0),
        ("1\u202f182", "1182", 0),
        ("1’182", "1182", 0),
        ("1 182,50", "1182.50", 2),
        # No thousands can be parted so: a decimal comma.
        ("0,771", "0.771", 3),
        (",771", "0.771", 3),
        ("58,3", "58.3", 1),
        ("1,1825", "1.1825", 4),
        ("1182,500", "1182.500", 3),
    ],
)
def test_thousands_and_decimal_commas(text, value, decimals):
    printed = parse(text)
    assert (str(printed.value), printed.decimals) == (value, decimals)


@pytest.mark.parametrize(
    "text", ["1.2e-5", "1.2E-05", "1.2×10−5", "1.2 × 10⁻⁵", "1.2x10^-5", "1.2·10^−5", "1,2*10^-5", "0.12e-4", ".012e-3"]
)
def test_powers_of_ten_count_by_their_last_digit(text):
    printed = parse(text)
    assert (printed.value, printed.decimals) == (Decimal("0.000012"), 6)
    assert rounding_needed(0.0000124, printed) == "half-up" and rounding_needed(0.0000131, printed) is None


def test_a_power_alone_and_one_that_ends_at_the_units():
    assert (parse("P<10⁻⁴").value, parse("P<10^-4").decimals, parse("<10^-4").sign) == (Decimal("0.0001"), 4, "<")
    assert (parse("1.25e2").value, parse("1.25×10²").decimals) == (Decimal("125"), 0)


@pytest.mark.parametrize(
    "text",
    ["103/24", "target wording", "0.771 > 0.097", "", "max ICCb", "sens 92.0, PPV 81.2", "NS", "n.s.", "~0.5", "5."],
)
def test_what_is_no_single_number(text):
    assert parse(text) is None


@pytest.mark.parametrize(
    "text",
    # A stage; a product or a power that lost its mark; a range; places above the units; thousands parted amiss.
    [
        "T2",
        "P-0.03",
        "1.2×105",
        "10−5",
        "5·10−3",
        "20-30",
        "1.2e5",
        "12×10^3",
        "12,34,567",
        "1.182,5",
        "5 18",
        "0 182",
        "1,18.5",
    ],
)
def test_what_can_be_read_in_two_ways_is_not_read(text):
    assert parse(text) is None


@given(st.integers(0, 10**9), st.integers(0, 6), st.booleans())
def test_the_separators_change_nothing(number, decimals, minus):
    plain = f"{Decimal(number).scaleb(-decimals) * (-1 if minus else 1):.{decimals}f}"
    whole, point, rest = plain.partition(".")
    grouped = f"{int(whole):,}" if int(whole) else whole
    raised = plain.replace(".", "·").replace("-", "−")
    texts = [grouped + point + rest, raised, grouped.replace(",", " ") + point + rest]
    if decimals != 3 or not 0 < int(number / 10**decimals) < 1000:  # 5,182 would be more than five thousand
        texts.append(f"{grouped.replace(',', ' ')}{point.replace('.', ',')}{rest}")
    for text in texts:
        read = parse(text)
        assert (read.value, read.decimals) == (parse(plain).value, decimals), text
    power = parse(f"{whole}{rest}e-{decimals}")
    assert (power.value, power.decimals) == (parse(plain).value, decimals)


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


def test_very_small_and_very_large_numbers_are_written_out():
    assert format_as(1.23e-7, 8) == "0.00000012" and format_as(0, 7) == "0.0000000"
    assert format_as(1e30, 1) == "1" + 30 * "0" + ".0"


@pytest.mark.parametrize(
    ("value", "text", "told"),
    [
        (62.745, "62.8", "half-up twice, by way of 62.75"),
        (62.7496, "62.8", "half-up twice, by way of 62.750"),
        (0.04999951, "0.1", "half-up twice, by way of 0.0500"),
        (-62.745, "-62.8", "half-up twice, by way of -62.75"),
        (62.651, "62.6", None),  # half-even twice reads as truncation
        (62.745, "62.7", None),  # once is enough
        (62.744, "62.8", None),
        (62.745, "62.9", None),
        (0.0496, "<0.05", None),
        (float("nan"), "0.1", None),
    ],
)
def test_rounding_twice_is_named_only_where_once_does_not_do(value, text, told):
    assert double_rounding(value, parse(text)) == told


def test_rounding_twice_is_none_of_the_usual_roundings():
    assert rounding_needed(62.745, parse("62.8")) is None


@settings(max_examples=1000)
@given(st.integers(-(10**9), 10**9), st.integers(0, 3), st.integers(1, 3), st.sampled_from(["half-up", "half-even"]))
def test_what_was_rounded_twice_is_found_and_is_one_unit_off_at_most(number, decimals, more, name):
    value = number / 10**7
    between = format_as(value, decimals + more, name)
    printed = parse(format_as(float(between), decimals, name))
    once = Decimal(format_as(value, decimals))
    unit = Decimal(1).scaleb(-decimals)
    told = double_rounding(value, printed)
    assert (told is None) == (rounding_needed(value, printed) is not None)
    assert abs(printed.value - once) <= unit
    if told:
        # The number that is named lies half a unit of its own last place from the value at most, and is a tie.
        by_way_of = parse(told.rpartition(" ")[2])
        assert abs(Decimal(number).scaleb(-7) - by_way_of.value) <= Decimal(1).scaleb(-by_way_of.decimals) / 2
        assert abs(by_way_of.value - printed.value) == unit / 2 and name == "half-up"
        assert abs(printed.value - once) == unit


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
