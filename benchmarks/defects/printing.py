"""How the benchmark's papers print numbers, and which values a printed number may stand for.

Written without the package's own reading of printed numbers, so that the two can be held against each other.
"""

from __future__ import annotations

from fractions import Fraction
from math import floor

import numpy as np

HABITS = ("half-up", "half-even", "truncation")


def show(value: float | Fraction, decimals: int, habit: str) -> str:
    """``value`` with so many decimals; half-up and half-even by size (away from 0), truncation towards 0.

    >>> show(Fraction(125, 10), 0, "half-up"), show(Fraction(125, 10), 0, "half-even"), show(-0.19, 1, "truncation")
    ('13', '12', '-0.1')
    """
    scaled = abs(Fraction(value)) * 10**decimals
    whole = floor(scaled)
    rest = scaled - whole
    up = rest > Fraction(1, 2) or (rest == Fraction(1, 2) and (habit == "half-up" or whole % 2 == 1))
    whole += up and habit != "truncation"
    digits = str(whole).rjust(decimals + 1, "0")
    text = f"{digits[:-decimals]}.{digits[-decimals:]}" if decimals else digits
    return f"-{text}" if value < 0 and whole else text


def show_p(p: float, decimals: int, habit: str) -> str:
    """A P value; below 0.001, and where only zeros would be left, as an inequality.

    >>> show_p(0.0004, 3, "half-up"), show_p(0.003, 2, "half-up"), show_p(0.041, 2, "half-up")
    ('<0.001', '<0.01', '0.04')
    """
    if p < 0.001:
        return "<0.001"
    text = show(p, decimals, habit)
    return text if float(text) else f"<{Fraction(1, 10**decimals).numerator / 10**decimals:.{decimals}f}"


def decimals_of(text: str) -> int:
    return len(text.partition(".")[2])


def prints(value: float | Fraction, text: str) -> bool:
    """Whether ``value`` prints as ``text`` by any of the three habits; an inequality holds or does not."""
    if text.startswith("<"):
        return value < Fraction(text[1:])
    return any(Fraction(show(value, decimals_of(text), habit)) == Fraction(text) for habit in HABITS)


def span(text: str) -> tuple[float, float]:
    """Least and greatest value that print as ``text`` by any habit (the closure, so rather one value too many).

    >>> span("1.5"), span("-0.2"), span("<0.001")
    ((1.45, 1.6), (-0.3, -0.15), (0.0, 0.001))
    """
    if text.startswith("<"):
        return 0.0, float(text[1:])
    value, unit = Fraction(text), Fraction(1, 10 ** decimals_of(text))
    if value > 0:
        return float(value - unit / 2), float(value + unit)
    if value < 0:
        return float(value - unit), float(value + unit / 2)
    return float(-unit), float(unit)


def next_digit(text: str, place: int, step: int) -> str:
    """``text`` with its digit number ``place`` (from the left, points and signs not counted) changed by ``step``.

    >>> next_digit("12.5", 1, 3), next_digit("-0.19", 2, 1)
    ('15.5', '-0.10')
    """
    at = [i for i, letter in enumerate(text) if letter.isdigit()][place]
    return f"{text[:at]}{(int(text[at]) + step) % 10}{text[at + 1 :]}"


def another_digit(rng: np.random.Generator, text: str, least: int = 0) -> str:
    """``text`` with one digit changed at random, none before number ``least`` if there is one."""
    digits = sum(letter.isdigit() for letter in text)
    return next_digit(text, int(rng.integers(min(least, digits - 1), digits)), int(rng.integers(1, 10)))
