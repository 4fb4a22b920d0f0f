"""A printed ratio with its limits: read, and what prints so."""

from __future__ import annotations

from fractions import Fraction

from replicalc.errors import ReplicalcError
from replicalc.verify.printed import Printed, parse

#: Printed limits made by hand have 1.96 for the normal quantile of 95 %.
BY_HAND = 1.96


def triple(estimate: str, lo: str, hi: str) -> tuple[Printed, Printed, Printed]:
    read = []
    for what, text in (("ratio", estimate), ("lower limit", lo), ("upper limit", hi)):
        printed = parse(text)
        if printed is None or printed.sign != "=" or printed.value < 0:
            raise ReplicalcError(f"the {what} {text!r} is no number from 0 upward")
        read.append(printed)
    if read[1].value >= read[2].value:
        raise ReplicalcError(f"the limits {lo} and {hi} are swapped or equal")
    if read[0].value == 0 or read[2].value == 0:
        raise ReplicalcError(
            f"a ratio printed as {estimate} has too few decimals to be held against its limits {lo} and {hi}"
        )
    return read[0], read[1], read[2]


def check_counts(events: int | None, n: int | None, exposed: int | None, kind: str) -> None:
    if kind not in ("odds", "hazard"):
        raise ReplicalcError(f"kind is 'odds' or 'hazard', not {kind!r}")
    if n is not None and n < 1:
        raise ReplicalcError(f"the number of patients is at least 1, not {n}")
    most = n if n is not None else events
    if events is not None and not 0 < events <= most:
        raise ReplicalcError(f"the events are from 1 to the number of patients, not {events}")
    if exposed is not None and (n is None or not 0 < exposed < n):
        if n is None:
            raise ReplicalcError("the exposed are counted among the patients: the number of patients is needed too")
        raise ReplicalcError(f"the exposed are from 1 to one less than the patients, not {exposed} of {n}")


def prints_from(printed: Printed, truncated: bool | None = None) -> tuple[Fraction, Fraction]:
    """Least and greatest value that prints so: by rounding (False), by truncation (True), by either (None)."""
    value, unit = Fraction(printed.value), Fraction(1, 10**printed.decimals)
    lo = value if truncated else value - unit / 2
    hi = value + unit / 2 if truncated is False else value + unit
    return max(lo, Fraction(0)), hi


def quantile(level: float) -> float:
    from statistics import NormalDist

    return NormalDist().inv_cdf((1 + level) / 2)
