"""Which method gives a printed confidence interval of a proportion, over the given counts or any other denominator."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import isfinite

import numpy as np
from numpy.typing import NDArray

from replicalc.errors import ReplicalcError, did_you_mean
from replicalc.stats.proportion import ALL_METHODS, CAN_LEAVE_0_TO_1, interval
from replicalc.verify.interval_bounds import may_print
from replicalc.verify.printed import Printed, as_printed, rounding_needed

#: Denominators up to which all are tried, unless the caller says otherwise, and the most that a caller may ask for.
MAX_N, LARGEST_N = 500, 3000
NOT_CUT = ", not cut at 0 and 1"
_BLOCK = 200_000  # pairs of count and total in hand at once; bounds the memory

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Limits:
    """One method over one count: its limits, as fractions and as they print, and the roundings that it takes.

    rounding_lo, rounding_hi: None where the limit does not print as the paper has it.
    """

    method: str
    count: int
    n: int
    lo: float
    hi: float
    prints_lo: str
    prints_hi: str
    rounding_lo: str | None
    rounding_hi: str | None

    @property
    def fits(self) -> bool:
        return self.rounding_lo is not None and self.rounding_hi is not None


@dataclass(frozen=True, slots=True)
class WhichInterval:
    """Every method over the given counts.

    named: the method that the paper names, if any. fits: those that print both limits; one_limit: those that print one
    of the two. repair: what the limits should read by the named method, or else by the nearest one, where nothing fits.
    """

    lo: str
    hi: str
    count: int
    n: int
    level: float
    named: str | None
    tried: tuple[Limits, ...]
    method: str
    evidence: str
    repair: str

    @property
    def fits(self) -> tuple[str, ...]:
        return tuple(each.method for each in self.tried if each.fits)

    @property
    def one_limit(self) -> tuple[str, ...]:
        return tuple(each.method for each in self.tried if (each.rounding_lo is None) != (each.rounding_hi is None))

    @property
    def named_fits(self) -> bool | None:
        """Whether the method that the paper names prints both limits; None if it names none."""
        return None if self.named is None else self.named in {m.removesuffix(NOT_CUT) for m in self.fits}


@dataclass(frozen=True, slots=True)
class AnyDenominator:
    """All (method, count, n) up to ``max_n`` that print both limits, and the estimate where it is given."""

    lo: str
    hi: str
    level: float
    min_n: int
    max_n: int
    solutions: tuple[Limits, ...]
    evidence: str

    @property
    def methods(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(each.method for each in self.solutions))

    @property
    def counts(self) -> tuple[tuple[int, int], ...]:
        """The distinct (count, n), by n."""
        return tuple(sorted({(each.count, each.n) for each in self.solutions}, key=lambda pair: pair[::-1]))


def which_interval(
    k: int, n: int, lo: Printed, hi: Printed, level: float = 0.95, *, scale: int | None = None, named: str | None = None
) -> WhichInterval:
    """Find the methods by which ``k`` of ``n`` have the printed limits ``lo`` and ``hi``.

    scale: 100 for limits in percent, 1 for fractions; without it percent is taken where the text has a % sign or the
        upper limit is above 1. level: of the interval. named: the method that the paper names.

    Every method of ``stats.proportion`` is tried; where a formula leaves [0, 1], both cut there and as it is. Each
    limit may be rounded half-up, half-even or cut off. That no method fits says that none of these gives the limits,
    which is no proof that no other can.

    Raises ReplicalcError for limits that are swapped, not below or above the scale's ends, counts out of range, an
    unknown method or a level outside 0 to 1.

    >>> from replicalc.verify.printed import parse
    >>> which_interval(8, 10, parse("49.0"), parse("94.3")).fits
    ('Wilson',)
    """
    scale = _check(lo, hi, level, scale)
    _check_counts(k, n)
    if named is not None and named not in ALL_METHODS:
        raise ReplicalcError(
            f"there is no interval method {named!r}; the methods are {', '.join(ALL_METHODS)}."
            + did_you_mean(named, ALL_METHODS)
        )
    tried = tuple(each for method in ALL_METHODS for each in _both_forms(k, n, method, lo, hi, level, scale))
    fits = [each for each in tried if each.fits]
    claim = f"{lo.text.strip()} to {hi.text.strip()}"
    if fits:
        method = ", ".join(each.method for each in fits)
        evidence = f"{k} of {n}: {claim} is the {100 * level:g} % interval by {method}"
        return WhichInterval(lo.text, hi.text, k, n, level, named, tried, method, evidence, "")
    nearest = min(
        (each for each in tried if isfinite(each.lo + each.hi) and named in (None, each.method)),
        key=lambda each: _distance(each, lo, hi, scale),
        default=None,
    )
    evidence = f"{k} of {n}: none of {len(ALL_METHODS)} methods gives {claim} at {100 * level:g} %"
    if nearest is None:
        return WhichInterval(lo.text, hi.text, k, n, level, named, tried, "", evidence, "")
    repair = f"{nearest.prints_lo} to {nearest.prints_hi}"
    evidence += f"; {'by' if named else 'nearest is'} {nearest.method} with {repair}"
    return WhichInterval(lo.text, hi.text, k, n, level, named, tried, "", evidence, repair)


def any_denominator(
    lo: Printed,
    hi: Printed,
    level: float = 0.95,
    *,
    value: Printed | None = None,
    min_n: int = 1,
    max_n: int = MAX_N,
    scale: int | None = None,
    methods: tuple[str, ...] = ALL_METHODS,
) -> AnyDenominator:
    """Find all counts k of n, ``min_n`` to ``max_n``, and methods that give the printed limits: proven by exhaustion.

    value: the printed proportion in the scale of the limits, if it is to agree as well. Every pair of k and n is looked
    at: limits rise with k, and whether one lies within the printed span is read from the method's own equation at the
    span's ends, so that no limit has to be computed but for the few pairs that remain.

    Raises ReplicalcError as ``which_interval``, and for bounds of n that are swapped or above ``LARGEST_N``.

    >>> from replicalc.verify.printed import parse
    >>> found = any_denominator(parse("49.0"), parse("94.3"), max_n=50, value=parse("80"))
    >>> [(each.method, each.count, each.n) for each in found.solutions]
    [('Wilson', 8, 10)]
    """
    scale = _check(lo, hi, level, scale)
    if not 1 <= min_n <= max_n:
        raise ReplicalcError(f"denominators are tried from 1 upwards, not from {min_n} to {max_n}")
    if max_n > LARGEST_N:
        raise ReplicalcError(f"denominators are tried up to {LARGEST_N}, not to {max_n}: give a smaller bound")
    if unknown := [method for method in methods if method not in ALL_METHODS]:
        raise ReplicalcError(f"there is no interval method {unknown[0]!r}; the methods are {', '.join(ALL_METHODS)}.")
    spans = _span(lo, scale), _span(hi, scale)
    solutions = []
    for k, n in _pairs(min_n, max_n):
        if value is not None:
            near = _within(k / n, _span(value, scale))
            k, n = k[near], n[near]
        for method in methods:
            for i in np.flatnonzero(may_print(method, k, n, *spans, level)):
                count, total = int(k[i]), int(n[i])
                if value is not None and rounding_needed(scale * count / total, value) is None:
                    continue
                forms = _both_forms(count, total, method, lo, hi, level, scale)
                solutions += [each for each in forms if each.fits]
    solutions.sort(key=lambda each: (ALL_METHODS.index(each.method.removesuffix(NOT_CUT)), each.n, each.count))
    found = AnyDenominator(lo.text, hi.text, level, min_n, max_n, tuple(solutions), "")
    claim = f"{lo.text.strip()} to {hi.text.strip()}" + (f" around {value.text.strip()}" if value else "")
    if not solutions:
        text = f"no count of any n from {min_n} to {max_n} has the {100 * level:g} % interval {claim} by any of"
        evidence = f"{text} {len(methods)} methods"
    else:
        shown = [f"{k} of {n}" for k, n in found.counts]
        more = f" and {len(shown) - 6} more" if len(shown) > 6 else ""
        evidence = f"{claim}: {', '.join(shown[:6])}{more} up to n = {max_n}, by {', '.join(found.methods)}"
    return AnyDenominator(lo.text, hi.text, level, min_n, max_n, tuple(solutions), evidence)


def _check(lo: Printed, hi: Printed, level: float, scale: int | None) -> int:
    if lo.sign != "=" or hi.sign != "=":
        raise ReplicalcError("the limits of an interval must be numbers, not inequalities")
    if not 0 < level < 1:
        raise ReplicalcError(f"the confidence level must lie between 0 and 1 (0.95 for 95 %), not {level}")
    if lo.value > hi.value:
        raise ReplicalcError(f"the lower limit {lo.text} is above the upper limit {hi.text}; are they swapped?")
    if scale is None:
        scale = 100 if "%" in lo.text + hi.text or hi.value > 1 else 1
    if scale not in (1, 100):
        raise ReplicalcError(f"the scale must be 100 (limits in percent) or 1 (fractions), not {scale}")
    if (lo.value >= scale or hi.value <= 0) and lo.value != hi.value:
        raise ReplicalcError(f"an interval from {lo.text} to {hi.text} holds no proportion")
    return scale


def _check_counts(k: int, n: int) -> None:
    if n != int(n) or k != int(k) or n < 1 or not 0 <= k <= n:
        raise ReplicalcError(f"there must be at least one patient and 0 to n with the finding, not {k} of {n}")


def _both_forms(k: int, n: int, method: str, lo: Printed, hi: Printed, level: float, scale: int) -> Iterator[Limits]:
    """The method's limits against the print; where they leave [0, 1], cut there and as they are."""
    for cut in (True, False):
        limits = interval(k, n, method, level, cut=cut)
        if not cut and (method not in CAN_LEAVE_0_TO_1 or (limits.lo >= 0 and limits.hi <= 1)):
            return
        low, high = scale * limits.lo, scale * limits.hi
        yield Limits(
            method if cut else method + NOT_CUT,
            k,
            n,
            limits.lo,
            limits.hi,
            as_printed(low, lo),
            as_printed(high, hi),
            rounding_needed(low, lo),
            rounding_needed(high, hi),
        )


def _distance(each: Limits, lo: Printed, hi: Printed, scale: int) -> float:
    """How many units of the last printed place the two limits are off together."""
    pairs = (each.lo, lo), (each.hi, hi)
    return sum(abs(scale * x - float(printed.value)) * 10**printed.decimals for x, printed in pairs)


Span = tuple[float, float]


def _span(printed: Printed, scale: int) -> Span:
    """Fractions that could print so by any rounding: one unit to either side, and a little for binary arithmetic."""
    unit = 10.0**-printed.decimals * (1 + 1e-6)
    return (float(printed.value) - unit) / scale, (float(printed.value) + unit) / scale


def _within(x: Floats, span: Span) -> NDArray[np.bool_]:
    return (x >= span[0]) & (x <= span[1])


def _pairs(min_n: int, max_n: int) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """All k of n, in blocks."""
    start = min_n
    while start <= max_n:
        stop = start
        while stop < max_n and (stop + 1 - start) * (stop + 2) < _BLOCK:
            stop += 1
        totals = np.arange(start, stop + 1)
        n = np.repeat(totals, totals + 1)
        yield np.arange(n.size) - np.repeat(np.cumsum(totals + 1) - (totals + 1), totals + 1), n
        start = stop + 1
