"""Declared rules against plain Python on drawn values: numbers with units, dates, missing parts, cut points."""

from __future__ import annotations

import datetime
from bisect import bisect_left, bisect_right
from decimal import Decimal
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st
from project import ROOT

from replicalc.cohort.rules import compile_rule, completed_months
from replicalc.cohort.units import DIMENSIONS, FACTORS
from replicalc.records import load_dictionary

VARIABLES = load_dictionary(ROOT / "data/dictionary.csv")
NUMBERS = st.one_of(st.none(), st.decimals(0, 200, places=3).map(lambda number: Fraction(str(number))))
DATES = st.dates(datetime.date(1900, 1, 1), datetime.date(2035, 12, 31))
YES_NO = st.lists(st.sampled_from(["yes", "no", None]), min_size=2, max_size=5)


def compute(variable: str, entry: dict, values: dict) -> str:
    return compile_rule(VARIABLES[variable], entry, VARIABLES)(values)


def listed(rule: str, values: list, ignore: bool) -> tuple[dict, dict]:
    names = [str(number) for number in range(1, len(values) + 1)]
    entry = {rule: {"of": [{"column": name, "unit": "mm"} for name in names], "ignore_missing": ignore}}
    return entry, dict(zip(names, values, strict=True))


@given(st.sampled_from(["sum", "mean", "maximum", "minimum"]), st.lists(NUMBERS, min_size=2, max_size=5), st.booleans())
def test_numbers(rule, values, ignore):
    text = compute("tumour_diameter_mm", *listed(rule, values, ignore))
    known = [value for value in values if value is not None]
    if not known or (len(known) < len(values) and not ignore):
        assert text == ""
        return
    expected = {"sum": sum(known), "mean": sum(known) / len(known), "maximum": max(known), "minimum": min(known)}[rule]
    assert float(text) == float(expected)


@given(YES_NO, st.booleans())
def test_yes_and_no(values, ignore):
    known = [value for value in values if value is not None]
    decided = len(known) == len(values) or (ignore and known)
    entry, named = listed("any_yes", values, ignore)
    assert compute("relapse", entry, named) == ("yes" if "yes" in known else "no" if decided else "")
    entry, named = listed("all_yes", values, ignore)
    opposite = {"yes": "no", "no": "yes", None: None}
    flipped = compute("relapse", *listed("any_yes", [opposite[value] for value in values], ignore))
    assert compute("relapse", entry, named) == (opposite[flipped] if flipped else "")  # De Morgan
    counted = compute("mri_lesion_count", *listed("count_yes", values, ignore))
    assert counted == (str(known.count("yes")) if decided else "")


@given(st.lists(NUMBERS, min_size=2, max_size=5))
def test_the_first_that_is_there(values):
    entry, named = listed("coalesce", values, False)
    text = compute("tumour_diameter_mm", entry, named)
    first = next((value for value in values if value is not None), None)
    assert (text == "") == (first is None) and (first is None or float(text) == float(first))


@given(DATES, DATES)
def test_completed_years_are_birthdays_passed(start, end):
    start, end = min(start, end), max(start, end)

    def birthday(year):
        try:
            return start.replace(year=year)
        except ValueError:  # 29 February
            return datetime.date(year, 3, 1)

    passed = sum(birthday(year) <= end for year in range(start.year + 1, end.year + 1))
    entry = {"duration": {"from": {}, "until": {}, "in": "year", "completed": True}}
    assert compute("age_years", entry, {"from": start, "until": end}) == str(passed)
    assert completed_months(start, end) // 12 == passed


@given(DATES, DATES)
def test_days_between_dates(start, end):
    start, end = min(start, end), max(start, end)
    entry = {"duration": {"from": {}, "until": {}, "in": "day"}}
    assert compute("follow_up_days", entry, {"from": start, "until": end}) == str((end - start).days)


@given(
    st.lists(st.integers(1, 100), min_size=1, max_size=3, unique=True).map(sorted),
    st.decimals(0, 110, places=1),
    st.sampled_from(["left", "right"]),
)
def test_cut_points(points, value, closed):
    codes = ["1_9", "10_14", "15_20", "over_20"][: len(points) + 1]
    entry = {"cut": {"of": {}, "in": "mm", "points": points, "codes": codes, "closed": closed}}
    found = compute("tumour_size_class", entry, {"of": Fraction(str(value))})
    side = bisect_right if closed == "left" else bisect_left
    assert found == codes[side([Decimal(point) for point in points], value)]


@given(st.data())
def test_units_there_and_back_are_exact(data):
    units = data.draw(st.sampled_from(DIMENSIONS))
    given_unit, wanted = data.draw(st.sampled_from(list(units))), data.draw(st.sampled_from(list(units)))
    assert FACTORS[given_unit, wanted] * FACTORS[wanted, given_unit] == 1
    assert {other for first, other in FACTORS if first == given_unit} == set(units)
