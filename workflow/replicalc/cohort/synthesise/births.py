"""Dates of birth for ages: exports give dates, and the age is derived from them."""

from __future__ import annotations

import datetime

import numpy as np

#: Days since the last birthday, at most: some are kept free, so that 29 February can be moved to the 28th.
LONGEST = 360


def born(day: datetime.date, years: int, rng: np.random.Generator) -> datetime.date:
    """Return a date of birth of somebody who has completed ``years`` on ``day``.

    >>> born(datetime.date(2018, 3, 31), 50, np.random.default_rng(1))
    datetime.date(1967, 10, 12)
    """
    return years_before(day - datetime.timedelta(days=int(rng.integers(0, LONGEST))), years)


def years_before(day: datetime.date, years: int) -> datetime.date:
    """Return the same day, or 28 instead of 29 February, ``years`` earlier."""
    leap = (day.month, day.day) == (2, 29)
    return day.replace(year=day.year - years, day=28 if leap else day.day)
