"""Dates that were codes: recognised as Excel writes them, in English and German; anything else is left alone."""

import doctest

import pytest
from hypothesis import given
from hypothesis import strategies as st

from replicalc.cohort.doors import cells, hints, inert


@pytest.mark.parametrize(
    ("text", "code"),
    [("3-Jan", "3-1"), ("03. Jan", "3-1"), ("Jan-03", "1-3"), ("1-Mär", "1-3"), ("02.Feb", "2-2"), ("2015-01-03", "3-1"), ("4 December", "4-12")],
)  # fmt: skip
def test_what_was_a_code(text, code):
    assert f"the code '{code}'" in hints.mangled(text)


@pytest.mark.parametrize("text", ["", "3-1", "3-X", "BI-RADS 4", "4a", "Jan", "2015", "12-34", "mass-3", "2015-01"])
def test_what_is_no_date(text):
    assert hints.mangled(text) == ""


@pytest.mark.parametrize("module", [cells, hints, inert])
def test_the_examples_in_the_docstrings(module):
    assert doctest.testmod(module).failed == 0 < doctest.testmod(module).attempted


@given(st.text(alphabet="'=+-@1a.\t\r\n", max_size=6))
def test_what_is_made_inert_comes_back_and_nothing_runs(text):
    written = inert.inert(text)
    assert inert.original(written) == text
    assert written[:1] not in tuple("=+-@\t\r") or len(written) == 1 or inert.NUMBER.fullmatch(written)
