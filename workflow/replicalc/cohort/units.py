"""Units that a cohort file may name, and what one of them is in another.

Days, weeks, months and years are converted by a month of 30.4375 and a year of 365.25 days (a twelfth is exactly a
month). Where a duration lies between two dates, no such length is needed: see ``duration`` in ``rules``.
"""

from __future__ import annotations

from fractions import Fraction

#: By dimension: what one unit is in the first of them.
DIMENSIONS = (
    {"mm": "1", "cm": "10", "inch": "25.4"},
    {"day": "1", "week": "7", "month": "30.4375", "year": "365.25"},
    {"percent": "1", "fraction": "100"},
    {"": "1"},
)
#: (given unit, wanted unit): how many of the wanted one given unit is.
FACTORS = {
    (given, wanted): Fraction(size) / Fraction(whole)
    for units in DIMENSIONS
    for given, size in units.items()
    for wanted, whole in units.items()
}


def convertible(wanted: str) -> list[str]:
    """Name the units that can be turned into ``wanted``; none for a unit that is not known.

    >>> convertible("mm")
    ['mm', 'cm', 'inch']
    """
    return [given for given, target in FACTORS if target == wanted]


def number_text(number: Fraction) -> str:
    """Write a number as ``mapped.csv`` has it: whole numbers without a point, others with all digits of a double.

    >>> number_text(Fraction(27)), number_text(Fraction(1, 8))
    ('27', '0.125')
    """
    return str(number.numerator) if number.denominator == 1 else repr(float(number))
