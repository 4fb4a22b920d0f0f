"""Quantiles of subgroups against the total's, and a mean and SD against the range and the median.

Everything holds for every data set and every usual definition of a quantile; numbers are compared with all that
half-up, half-even and truncation print so, in exact arithmetic.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from math import ceil, erf, floor, inf, sqrt

from replicalc.errors import ReplicalcError
from replicalc.verify.finding import Finding
from replicalc.verify.printed import Printed, format_as, parse

#: A normal sample this unlikely to stay within the printed range is told as such.
RARE = 0.001


@dataclass(frozen=True, slots=True)
class Group:
    """A group of n values: its printed quantiles by probability, 0 the least, 0.5 the median, 1 the greatest value."""

    name: str
    n: int
    quantiles: Mapping[float, str]


def subgroups(total: Group, groups: Sequence[Group]) -> tuple[Finding, ...]:
    """Each printed quantile of the total against what the subgroups' quantiles leave possible, one finding each.

    The groups are all of the total, without overlap. Whatever the definition (Hyndman & Fan 1996,
    doi:10.2307/2684934, types 1 to 9, and Tukey's hinges), the quantile p of n values lies between the values number
    floor(n p - 1/2) and ceil(n p + 1) in order; the median is the middle value, or the mean of the two in the middle.
    So a printed quantile tells how many values at least, and at most, lie below it; these add up over the groups.
    Also, the total's median lies between the least and the greatest median of the groups.

    Raises ReplicalcError for no groups, numbers that do not add up to the total's, a probability outside 0 to 1,
    quantiles that are no numbers or not in order.

    >>> total = Group("all", 60, {0.5: "50"})
    >>> [f.verdict for f in subgroups(total, [Group("a", 30, {0.5: "20"}), Group("b", 30, {0.5: "40"})])]
    ['impossible']
    """
    if not groups or sum(g.n for g in groups) != total.n:
        raise ReplicalcError(
            f"the groups have {' + '.join(str(g.n) for g in groups) or 'no'} values and {total.name} has {total.n}"
        )
    read = {id(g): _read(g) for g in (total, *groups)}
    findings = []
    for p, printed in read[id(total)]:
        first, last = places(total.n, p)
        lo, hi = _prints(printed)
        # The total's quantile is at least v if fewer than ``first`` values can lie below v.
        ends = [v for g in groups for _, q in read[id(g)] for v in _prints(q)]
        low = max((v for v in ends if sum(_most_below(g.n, read[id(g)], v) for g in groups) < first), default=None)
        high = min((v for v in ends if sum(_least_up_to(g.n, read[id(g)], v) for g in groups) >= last), default=None)
        if p in (0, 0.5, 1) and all(p in g.quantiles for g in groups):
            own = [_prints(q) for g in groups for at, q in read[id(g)] if at == p]
            pick = (max, max) if p == 1 else (min, min) if p == 0 else (min, max)
            low = max(pick[0](a for a, _ in own), low if low is not None else -inf)
            high = min(pick[1](b for _, b in own), high if high is not None else inf)
        between = f"from {_text(low, printed)} to {_text(high, printed)}"
        what = f"quantile {p:g} of {total.name}"
        names = ", ".join(g.name for g in groups)
        text = f"The quantiles of {names} leave {between} for the {what}; {printed.text} is printed."
        method = "numbers of values below each quantile, added up over the groups"
        if (low is None or hi >= low) and (high is None or lo <= high):
            findings.append(Finding(what, "consistent", method, text))
            continue
        unit = Fraction(1, 10**printed.decimals)
        near = (low is None or hi + unit >= low) and (high is None or lo - unit <= high)
        end = low if low is not None and hi < low else high
        # All that prints so reaches a little beyond; the printed end itself is what the number may be at the nearest.
        repair = f"{_text(end, printed)} or {'more' if end == low else 'less'} for {printed.text}"
        findings.append(Finding(what, "rounding" if near else "impossible", method, text, repair))
    return tuple(findings)


def within_range(
    mean: str, sd: str, n: int, least: str | None = None, greatest: str | None = None, median: str | None = None
) -> tuple[Finding, ...]:
    """A printed mean and SD (over n - 1) against the least and greatest value and the median, as far as printed.

    Findings: "mean" (within the range), "largest sd" (Bhatia & Davis 2000, doi:10.2307/2589180: the sum of squares is
    at most n (greatest - mean)(mean - least)), "smallest sd" (two values alone are as far from the mean as the ends
    are), "median" (at most one SD, over n, from the mean: Hotelling & Solomons 1932, doi:10.1214/aoms/1177732911) and
    "normal" (how likely n normal values with this mean and SD stay within the printed range; never impossible).

    Raises ReplicalcError for what is no number, fewer than 2 values, a negative SD or swapped ends.

    >>> {f.check: f.verdict for f in within_range("5.0", "6.0", 10, "0.0", "10.0")}["largest sd"]
    'impossible'
    """
    if n < 2:
        raise ReplicalcError(f"a standard deviation needs at least 2 values, not {n}")
    named = {"mean": mean, "standard deviation": sd, "least value": least, "greatest value": greatest, "median": median}
    read = {what: _number(text, what) for what, text in named.items() if text is not None}
    if read["standard deviation"].value < 0:
        raise ReplicalcError(f"a standard deviation is not below 0, as {sd} is")
    ends = {what: _prints(printed) for what, printed in read.items()}
    m, s = ends["mean"], (max(ends["standard deviation"][0], Fraction(0)), ends["standard deviation"][1])
    low, high = ends.get("least value"), ends.get("greatest value")
    if low and high and read["least value"].value > read["greatest value"].value:
        raise ReplicalcError(f"the least value {least} and the greatest {greatest} are swapped")
    findings = []
    if low or high:
        inside = (not low or m[1] >= low[0]) and (not high or m[0] <= high[1])
        text = (
            f"The mean {mean} "
            + ("lies" if inside else "does not lie")
            + f" from {least or '...'} to {greatest or '...'}."
        )
        findings.append(Finding("mean", "consistent" if inside else "impossible", "a mean lies within the range", text))
        if low and high and inside:  # values whose mean lies elsewhere have no spread to speak of
            findings += _against_ends(m, s, n, low, high, read)
    if median is not None:
        findings.append(_median(m, s, n, ends["median"], read))
    if low or high:
        findings.append(_normal(read, n))
    return tuple(findings)


def _read(group: Group) -> list[tuple[float, Printed]]:
    if group.n < 1 or not group.quantiles:
        raise ReplicalcError(f"{group.name} needs at least one value and one quantile")
    out = []
    for p, text in sorted(group.quantiles.items()):
        if not 0 <= p <= 1:
            raise ReplicalcError(f"{group.name}: a quantile is at a probability from 0 to 1, not {p}")
        out.append((p, _number(text, f"quantile {p:g} of {group.name}")))
    for (_, one), (_, other) in pairwise(out):
        if other.value < one.value:
            raise ReplicalcError(f"{group.name}: the quantiles {one.text} and {other.text} are not in order")
    return out


def _number(text: str, what: str) -> Printed:
    printed = parse(text)
    if printed is None or printed.sign != "=":
        raise ReplicalcError(f"the {what} {text!r} is no single number")
    return printed


def _prints(printed: Printed) -> tuple[Fraction, Fraction]:
    """Least and greatest value that rounding or truncation (toward 0) prints so."""
    value, unit = Fraction(printed.value), Fraction(1, 10**printed.decimals)
    down, up = (unit if value <= 0 else unit / 2), (unit if value >= 0 else unit / 2)
    return value - down, value + up


def places(n: int, p: float) -> tuple[int, int]:
    """The quantile p of n values is at least the value number ``first`` in order and at most number ``last``."""
    if p in (0, 1):
        place = 1 if p == 0 else n
        return place, place
    if p == 0.5:
        return (n + 1) // 2, n // 2 + 1
    at = Fraction(p).limit_denominator(10_000) * n
    return max(1, floor(at - Fraction(1, 2))), min(n, ceil(at + 1))


def _most_below(n: int, quantiles: list[tuple[float, Printed]], v: Fraction) -> int:
    """The most of n values that can lie below v."""
    return min((places(n, p)[1] - 1 for p, printed in quantiles if v <= _prints(printed)[0]), default=n)


def _least_up_to(n: int, quantiles: list[tuple[float, Printed]], v: Fraction) -> int:
    """The fewest of n values that are v or less."""
    return max((places(n, p)[0] for p, printed in quantiles if v >= _prints(printed)[1]), default=0)


def _text(value: Fraction | None, printed: Printed) -> str:
    return "any value" if value is None else format_as(float(value), printed.decimals + 1)


def _against_ends(m, s, n: int, low, high, read) -> list[Finding]:
    """The standard deviation against the largest and the smallest that the mean and the range allow."""
    # Everything in favour of the print: the widest range for the largest, the narrowest for the smallest.
    centre = min(max((low[0] + high[1]) / 2, m[0]), m[1])
    most = max(n * (high[1] - centre) * (centre - low[0]) / (n - 1), Fraction(0))
    apart = max(high[0] - low[1], Fraction(0))
    below, above = max(m[0] - low[1], Fraction(0)), max(high[0] - m[1], Fraction(0))
    fewest = max(apart**2 / 2, below**2 + above**2) / (n - 1)
    mean, sd = read["mean"].text, read["standard deviation"]
    ends = f"{read['least value'].text} to {read['greatest value'].text}"
    out = []
    for check, bound, holds, word in (
        ("largest sd", most, s[0] ** 2 <= most, "at most"),
        ("smallest sd", fewest, s[1] ** 2 >= fewest, "at least"),
    ):
        value = format_as(sqrt(bound), sd.decimals + 1)
        text = f"{n} values with mean {mean} that reach from {ends} have an SD of {word} {value}; {sd.text} is printed."
        repair = "" if holds else f"standard deviation {word} {value} for {sd.text}"
        out.append(
            Finding(check, "consistent" if holds else "impossible", "sum of squares given the range", text, repair)
        )
    return out


def _median(m, s, n: int, median, read) -> Finding:
    """The median is at most one standard deviation (over n) from the mean."""
    apart = max(median[0] - m[1], m[0] - median[1], Fraction(0))
    holds = apart**2 * n <= s[1] ** 2 * (n - 1)
    text = (
        f"Mean {read['mean'].text} and median {read['median'].text} are at least {format_as(float(apart), 3)} apart; "
        f"an SD of {read['standard deviation'].text} allows {format_as(float(s[1]) * sqrt((n - 1) / n), 3)}."
    )
    return Finding("median", "consistent" if holds else "impossible", "the median is within one SD of the mean", text)


def _normal(read, n: int) -> Finding:
    """How likely n normal values with this mean and standard deviation stay within the printed range."""
    mean, sd = float(read["mean"].value), float(read["standard deviation"].value)
    if sd == 0:
        return Finding("normal", "not_checkable", "normal distribution", "With an SD of 0 all values are equal.")
    ends = [
        (float(_prints(read[what])[i]) - mean) / sd if what in read else (2 * i - 1) * inf
        for i, what in enumerate(("least value", "greatest value"))
    ]
    inside = 0.5 * (erf(ends[1] / sqrt(2)) - erf(ends[0] / sqrt(2)))
    chance = inside**n
    say = (
        f"so the values are skewed, and mean and SD describe them poorly (chance {chance:.1g})"
        if chance < RARE
        else f"which normal values do with a chance of {chance:.2g}"
    )
    reach = ", ".join(f"{abs(z):.2f} SD {'below' if i == 0 else 'above'}" for i, z in enumerate(ends) if abs(z) < inf)
    return Finding(
        "normal",
        "consistent",
        "normal distribution",
        f"All {n} values end {reach} the mean {read['mean'].text}, {say}.",
    )
