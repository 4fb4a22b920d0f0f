"""Counts behind printed shares: which k of n prints as 67.6 %, and which n several percentages of one group allow.

All arithmetic is on whole numbers, so a tie is a tie and "no count" is a proof. A printed share stands for an
interval of true shares that depends on how it was rounded; ``share_bounds`` gives it, all else follows from it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations

from replicalc.errors import ReplicalcError
from replicalc.verify.printed import ROUNDINGS, Printed

#: Each number rounded by a habit of its own. Tried last: it proves "impossible" by whatever rounding.
MIXED = "mixed"
#: Ties go up or down, as binary arithmetic has it (12.5 as 12, 37.5 as 38): what R, C and Python print.
NEAREST = "nearest"
#: Largest group that is searched; far above any clinical study, and the products below stay exact in 64 bits.
MAX_N = 1_000_000
#: Decimals of a percentage beyond which the exact products would leave 64 bits.
MAX_DECIMALS = 6


@dataclass(frozen=True, slots=True)
class Bounds:
    """The true shares that print as one number: from ``lower`` / ``unit`` to ``upper`` / ``unit``."""

    lower: int
    upper: int
    unit: int
    lower_closed: bool = True
    upper_closed: bool = True

    def holds(self, k: int, n: int) -> bool:
        """Whether k / n lies between the bounds; never for n = 0, where there is no share.

        >>> Bounds(135, 145, 200, upper_closed=False).holds(29, 40)
        False
        """
        if n < 1:
            return False
        below, above = k * self.unit - self.lower * n, self.upper * n - k * self.unit
        return below >= (not self.lower_closed) and above >= (not self.upper_closed)

    def counts(self, n: int) -> tuple[int, int]:
        """Smallest and largest k of 0 to n whose share lies between the bounds; smallest > largest if none does.

        >>> Bounds(135, 145, 200, upper_closed=False).counts(40)
        (27, 28)
        """
        low, high = self.lower * n, self.upper * n
        smallest = -(-low // self.unit) if self.lower_closed else low // self.unit + 1
        largest = high // self.unit if self.upper_closed else -(-high // self.unit) - 1
        return max(0, smallest), min(n, largest)


@dataclass(frozen=True, slots=True)
class Count:
    """k of n, and the roundings by which it prints as the paper does."""

    k: int
    n: int
    roundings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CountRecovery:
    """All counts behind one percentage. ``repair``: what the neighbouring counts would print; only if there is none."""

    solutions: tuple[Count, ...]
    method: str
    evidence: str
    repair: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Denominator:
    """A size of the group by which every percentage has counts; ``counts``: name, smallest and largest count."""

    n: int
    rounding: str
    counts: tuple[tuple[str, int, int], ...]


@dataclass(frozen=True, slots=True)
class DenominatorRecovery:
    """All sizes of a group. ``repairs``: the smallest sets of percentages without which there is a size."""

    solutions: tuple[Denominator, ...]
    method: str
    evidence: str
    repairs: tuple[tuple[str, ...], ...] = ()

    @property
    def sizes(self) -> tuple[int, ...]:
        """The sizes by any rounding, in order."""
        return tuple(sorted({d.n for d in self.solutions}))


def check_share(printed: Printed, scale: int, name: str = "the printed number") -> None:
    """Raise ReplicalcError unless ``printed`` can be a share printed out of ``scale`` (100 for a percentage, 1)."""
    kind = "percentage" if scale == 100 else f"share of {scale}"
    if not 0 <= printed.value <= scale:
        raise ReplicalcError(f"{name}: {printed.text} cannot be a {kind}; it must lie from 0 to {scale}.")
    if printed.decimals > MAX_DECIMALS:
        raise ReplicalcError(f"{name}: {printed.text} has more than {MAX_DECIMALS} decimals, too many for a count.")


def check_size(n: int, name: str = "n", most: int = MAX_N) -> None:
    """Raise ReplicalcError unless n is a whole number from 1 to ``most``."""
    if isinstance(n, bool) or not isinstance(n, int) or not 1 <= n <= most:
        raise ReplicalcError(f"{name} must be a whole number from 1 to {most:,}, not {n}.")


def share_bounds(printed: Printed, rounding: str, scale: int = 100, widen: int = 0) -> Bounds:
    """The true shares that print as ``printed`` by ``rounding`` ('mixed': by any of them; 'nearest': ties either way).

    scale: 100 for a percentage, 1 for a fraction. widen: how many units of the last place the number may be off besides
        (0: as printed); with it, the two ends belong to the interval.

    Raises ReplicalcError for what is no share, KeyError for an unknown rounding.

    >>> from replicalc.verify.printed import parse
    >>> share_bounds(parse("12"), "half-even")
    Bounds(lower=23, upper=25, unit=200, lower_closed=True, upper_closed=True)
    """
    check_share(printed, scale)
    unit = 2 * scale * 10**printed.decimals
    value = int(printed.value.scaleb(printed.decimals))
    if printed.sign != "=":
        below, closed = printed.sign in ("<", "<="), "=" in printed.sign
        if below:
            return Bounds(0, 2 * (value + widen), unit, True, closed or widen > 0)
        return Bounds(2 * (value - widen), unit, unit, closed or widen > 0, True)
    if widen:
        return Bounds(2 * (value - widen), 2 * (value + widen), unit)
    even = value % 2 == 0
    lower, upper, lower_closed, upper_closed = {
        "half-up": (2 * value - 1, 2 * value + 1, True, False),
        "half-even": (2 * value - 1, 2 * value + 1, even, even),
        "truncation": (2 * value, 2 * value + 2, True, False),
        NEAREST: (2 * value - 1, 2 * value + 1, True, True),
        MIXED: (2 * value - 1, 2 * value + 2, True, False),
    }[rounding]
    return Bounds(lower, upper, unit, lower_closed, upper_closed)


def print_share(k: int, n: int, decimals: int, rounding: str = "half-up", scale: int = 100) -> str:
    """Print k / n out of ``scale`` with exact ties ('mixed' as half-up); empty for n = 0.

    >>> print_share(1, 8, 0), print_share(1, 8, 0, "half-even"), print_share(32, 51, 1)
    ('13', '12', '62.7')
    """
    if n < 1:
        return ""
    whole, rest = divmod(scale * 10**decimals * k, n)
    if rounding == "half-even":
        whole += 2 * rest > n or (2 * rest == n and whole % 2)
    elif rounding != "truncation":
        whole += 2 * rest >= n
    digits = str(int(whole)).rjust(decimals + 1, "0")
    return f"{digits[:-decimals]}.{digits[-decimals:]}" if decimals else digits


def roundings_of(k: int, n: int, printed: Printed, scale: int = 100) -> tuple[str, ...]:
    """The roundings by which k / n prints as ``printed``; ('inequality',) where an inequality holds."""
    if printed.sign != "=":
        return ("inequality",) if share_bounds(printed, "half-up", scale).holds(k, n) else ()
    return tuple(r for r in ROUNDINGS if share_bounds(printed, r, scale).holds(k, n))


def counts_from_percent(percent: Printed, n: int, scale: int = 100) -> CountRecovery:
    """All counts k of n that print as ``percent``, by half-up, half-even or truncation.

    Raises ReplicalcError for a percentage outside 0 to 100 or an n outside 1 to MAX_N.

    >>> from replicalc.verify.printed import parse
    >>> [(c.k, c.n) for c in counts_from_percent(parse("20.6"), 155).solutions]
    [(32, 155)]
    """
    check_size(n)
    check_share(percent, scale)
    low, high = share_bounds(percent, MIXED, scale).counts(n)
    found = [Count(k, n, names) for k in range(low, high + 1) if (names := roundings_of(k, n, percent, scale))]
    method = f"every count from 0 to {n} against {percent.text}, by half-up, half-even and truncation"
    if found:
        some = ", ".join(str(c.k) for c in found[:5]) + (", ..." if len(found) > 5 else "")
        evidence = f"{some} of {n} {'prints' if len(found) == 1 else 'print'} as {percent.text}"
        return CountRecovery(tuple(found), method, evidence)
    # Shares grow with k: the neighbours of the printed value are the proof that nothing lies between them.
    just_below = min(n, int(percent.value * n // scale))
    around = [k for k in (just_below, just_below + 1) if 0 <= k <= n]
    shown = [f"{k} of {n} is {print_share(k, n, percent.decimals + 1, scale=scale)}" for k in around]
    off = {k: abs(Fraction(percent.value) - Fraction(scale * k, n)) for k in around}
    nearest = [k for k in around if off[k] == min(off.values())]
    repair = tuple(dict.fromkeys(print_share(k, n, percent.decimals, scale=scale) for k in nearest))
    return CountRecovery((), method, f"no count of {n} prints as {percent.text}: {' and '.join(shown)}", repair)


def denominators(
    percents: Mapping[str, Printed],
    lo: int,
    hi: int,
    *,
    exhaustive: bool = False,
    known: Mapping[str, int] | None = None,
    known_sum: int | None = None,
    scale: int = 100,
) -> DenominatorRecovery:
    """All group sizes n from ``lo`` to ``hi`` for which every percentage has a count, one rounding for all of them.

    percents: name and printed share of one and the same group.
    exhaustive: the percentages are all categories of the group, so that their counts add up to n.
    known: counts that are printed beside their percentage, by name. known_sum: the counts add up to this number.
    A rounding of its own for each number is tried where no common one gives a size. Counts come as ranges, narrowed by
    the sum; every number of a range occurs.

    Raises ReplicalcError for bad percentages, limits that are swapped, or a known count without a percentage.

    >>> from replicalc.verify.printed import parse
    >>> group = {"dcis": parse("52.1"), "micro": parse("12.5"), "invasive": parse("35.4")}
    >>> denominators(group, 1, 95, exhaustive=True).sizes
    (48,)
    """
    known = dict(known or {})
    if not percents:
        raise ReplicalcError("at least one percentage is needed to look for the size of its group.")
    check_size(lo, "the smallest n")
    check_size(hi, "the largest n")
    if lo > hi:
        raise ReplicalcError(f"the smallest n, {lo}, is above the largest, {hi}: are they swapped?")
    if strange := sorted(set(known) - set(percents)):
        raise ReplicalcError(f"a count is given for {', '.join(strange)}, but no percentage.")
    for name, printed in percents.items():
        check_share(printed, scale, name)

    def sizes(names: tuple[str, ...], rounding: str) -> list[Denominator]:
        bounds = {name: share_bounds(percents[name], rounding, scale) for name in names}
        every = len(names) == len(percents)
        found = []
        for n in range(lo, hi + 1):
            target = n if exhaustive else known_sum
            if exhaustive and known_sum is not None and known_sum != n:
                continue
            ranges = _ranges(n, bounds, known, target if every else None)
            # What is left out may have any count, but none below 0: the others cannot exceed the sum.
            if ranges is not None and (target is None or sum(low for _, low, _ in ranges) <= target):
                found.append(Denominator(n, rounding, ranges))
        return found

    names = tuple(sorted(percents))
    found = [d for rounding in ROUNDINGS for d in sizes(names, rounding)] or sizes(names, MIXED)
    together = " whose counts add up" if exhaustive or known_sum is not None else ""
    method = f"every n from {lo} to {hi}, by half-up, half-even and truncation, one rounding for all percentages"
    if found:
        ns = sorted({d.n for d in found})
        some = ", ".join(map(str, ns[:5])) + (", ..." if len(ns) > 5 else "")
        own = "; only if each number has a rounding of its own" if found[0].rounding == MIXED else ""
        return DenominatorRecovery(tuple(found), method, f"{some}: every percentage has a count{together}{own}")
    repairs: list[tuple[str, ...]] = []
    for size in range(1, len(names)):
        rests = [(out, tuple(n for n in names if n not in out)) for out in combinations(names, size)]
        repairs = [out for out, rest in rests if any(sizes(rest, rounding) for rounding in (*ROUNDINGS, MIXED))]
        if repairs:
            break
    printed = ", ".join(f"{name} {percents[name].text}" for name in names)
    evidence = f"no n from {lo} to {hi} has counts for {printed}{' that add up' if together else ''}"
    return DenominatorRecovery((), method, evidence, tuple(repairs))


def _ranges(
    n: int, bounds: Mapping[str, Bounds], known: Mapping[str, int], target: int | None
) -> tuple[tuple[str, int, int], ...] | None:
    """The counts of each percentage in a group of n, narrowed so that they can add up to ``target``; None if none."""
    ranges = []
    for name, share in bounds.items():
        low, high = share.counts(n)
        if name in known:
            low, high = max(low, known[name]), min(high, known[name])
        if low > high:
            return None
        ranges.append((name, low, high))
    if target is None:
        return tuple(ranges)
    least, most = sum(low for _, low, _ in ranges), sum(high for _, _, high in ranges)
    if not least <= target <= most:
        return None
    return tuple((name, max(low, target - most + high), min(high, target - least + low)) for name, low, high in ranges)
