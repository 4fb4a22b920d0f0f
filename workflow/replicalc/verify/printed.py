"""Printed numbers: text with a precision, compared as a reader would compare them.

``58.0`` and ``58`` are different claims; ``<0.001`` is an inequality. Rounding half-up, half-even and truncation are
all tried, and the one that was needed is named.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal, InvalidOperation

ROUNDINGS = {"half-up": ROUND_HALF_UP, "half-even": ROUND_HALF_EVEN, "truncation": ROUND_DOWN}
#: A computed value this close (relative to one unit of the last printed place) to a tie is taken as the tie.
TIE = Decimal("1e-9")
#: Number words that papers print.
WORDS = dict(one=1, two=2, three=3, four=4, five=5, six=6, seven=7, eight=8, nine=9, ten=10)

_NUMBER = re.compile(r"^\s*(?:[A-Za-z]+\s*)?(?P<op><=|>=|<|>|≤|≥)?\s*(?P<number>[-−–]?\d+(?:[.,]\d+)?)\s*%?\s*$")


@dataclass(frozen=True, slots=True)
class Printed:
    """A printed number: its value, its decimals and, for an inequality, its sign (otherwise '=')."""

    text: str
    value: Decimal
    decimals: int
    sign: str = "="


def parse(text: str) -> Printed | None:
    """Read a printed number, or return None where the text is not a single number.

    >>> parse("−0.078").value, parse("40.0").decimals, parse("<0.001").sign
    (Decimal('-0.078'), 1, '<')
    """
    match = _NUMBER.match(text)
    if not match:
        return None
    number = match["number"].replace("−", "-").replace("–", "-").replace(",", ".")
    try:
        value = Decimal(number)
    except InvalidOperation:
        return None
    sign = {"≤": "<=", "≥": ">=", None: "="}.get(match["op"], match["op"])
    return Printed(text, value, -min(value.as_tuple().exponent, 0), sign)


def printed_number(text: str) -> Printed | None:
    """Read a printed number; number words up to ten count as numbers.

    >>> printed_number("three").value, printed_number("P>0.05").sign
    (Decimal('3'), '>')
    """
    word = WORDS.get(text.strip().lower())
    return parse(str(word)) if word is not None else parse(text)


def format_as(value: float, decimals: int, rounding: str = "half-up") -> str:
    """Round ``value`` to ``decimals`` places as a text. Raises ValueError for NaN or infinity.

    >>> format_as(100 * 1 / 8, 0), format_as(100 * 1 / 8, 0, "half-even")
    ('13', '12')
    """
    if not math.isfinite(value):
        raise ValueError("only a finite number can be printed")
    unit = Decimal(1).scaleb(-decimals)
    exact = Decimal(repr(float(value)))
    nearest = (exact / unit * 2).quantize(Decimal(1), ROUND_HALF_EVEN)
    if abs(exact / unit * 2 - nearest) < TIE:
        exact = nearest * unit / 2
    rounded = exact.quantize(unit, ROUNDINGS[rounding])
    return str(abs(rounded) if rounded == 0 else rounded)


def rounding_needed(value: float, printed: Printed) -> str | None:
    """Name the rounding by which ``value`` prints as ``printed``; None if it does not.

    For an inequality the answer is 'inequality' when it holds.
    """
    if not math.isfinite(value):
        return None
    if printed.sign != "=":
        bound = float(printed.value)
        holds = {"<": value < bound, "<=": value <= bound, ">": value > bound, ">=": value >= bound}[printed.sign]
        return "inequality" if holds else None
    for name in ROUNDINGS:
        if Decimal(format_as(value, printed.decimals, name)) == printed.value:
            return name
    return None


def as_printed(value: float, printed: Printed, rounding: str | None = None) -> str:
    """Show ``value`` at the precision of ``printed``, rounded as it was needed (half-up where nothing was).

    For an inequality two more places than its bound are shown; what rounds to 0 there is told as '<'.
    """
    if not math.isfinite(value):
        return ""
    if printed.sign == "=":
        return format_as(value, printed.decimals, rounding if rounding in ROUNDINGS else "half-up")
    shown = format_as(value, printed.decimals + 2)
    return shown if Decimal(shown) or not value else f"<{Decimal(1).scaleb(-printed.decimals - 2):f}"
