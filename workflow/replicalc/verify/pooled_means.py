"""Means and SDs of subgroups against those of the total: the weighted mean, and the sum of squares in two parts.

Of all values the sum of squares about their mean is what it is within the groups and what lies between their means:
(N - 1) SD^2 = sum (n_i - 1) sd_i^2 + sum n_i (m_i - M)^2, with M = sum n_i m_i / N. Everything is held against what
prints so, in exact arithmetic; where a bound is not sharp it errs in favour of the print.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

from replicalc.errors import ReplicalcError
from replicalc.verify.printed import Printed, parse

#: How far, in units of its last place, a number is changed in the search for repairs.
FARTHEST = 2_000
Span = tuple[Fraction, Fraction]


@dataclass(frozen=True, slots=True)
class Sample:
    """A group of n values (1 or more) with its mean and, if it is printed, its SD (over n - 1), as texts."""

    name: str
    n: int
    mean: str
    sd: str | None = None


@dataclass(frozen=True, slots=True)
class Pooled:
    """verdict: "consistent", "rounding" (one unit of one number), "unstated_method" (SDs over n) or "impossible".

    repairs: for each number that alone could be changed, (place, stat) -> what it would read and how many units away
    that is; place 0 is the total, then the groups in order, and stat is "mean" or "sd". Only changes of one unit are
    kept where one unit does.
    """

    verdict: str
    method: str
    evidence: str
    repairs: dict[tuple[int, str], tuple[str, int]]


def pooled(total: Sample, groups: Sequence[Sample]) -> Pooled:
    """Whether groups that make up the total, without overlap, can have means and SDs that print as told.

    One way of rounding has to do for all numbers: to the nearest (half-up or half-even), or cut off.

    Raises ReplicalcError for no groups, sizes that do not add up, what is no number, or an SD below 0.

    >>> of = pooled(Sample("all", 40, "12.0", "2.8"), [Sample("a", 20, "10.0", "2.0"), Sample("b", 20, "15.0", "2.0")])
    >>> of.verdict, of.repairs[2, "mean"]
    ('impossible', ('13.8 to 14.2', 8))
    """
    if not groups or any(g.n < 1 for g in groups) or sum(g.n for g in groups) != total.n:
        raise ReplicalcError(f"the groups have {sum(g.n for g in groups)} values and {total.name} has {total.n}")
    sizes = [total.n, *(g.n for g in groups)]
    printed = {(i, "mean"): _number(s.mean, s.name) for i, s in enumerate((total, *groups))}
    printed |= {(i, "sd"): _number(s.sd, s.name, 0) for i, s in enumerate((total, *groups)) if s.sd is not None}
    means = ", ".join(f"{g.mean} of {g.n}" for g in groups)
    method = "means and sums of squares of subgroups against the total's"
    text = f"The groups' means ({means}) have a weighted mean {_weighted(sizes, printed)}; {total.mean} is printed"
    spread = _spread(sizes, printed)
    text += f", and with their SDs they leave an SD {spread}; {total.sd} is printed." if spread else "."
    if any(_possible(sizes, printed, cut, 1) for cut in (False, True)):
        return Pooled("consistent", method, text, {})
    if any(_possible(sizes, printed, cut, 0) for cut in (False, True)):
        return Pooled("unstated_method", f"{method}; SDs over n", text, {})
    repairs = {place: found for place in printed if (found := _repair(sizes, printed, place))}
    least = min((units for _, units in repairs.values()), default=0)
    if least == 1:
        repairs = {place: found for place, found in repairs.items() if found[1] == 1}
    return Pooled("rounding" if least == 1 else "impossible", method, text, repairs)


def _number(text: str, name: str, least: int | None = None) -> Printed:
    printed = parse(text)
    if printed is None or printed.sign != "=" or (least is not None and printed.value < least):
        raise ReplicalcError(f"{name}: {text!r} is no {'mean' if least is None else 'standard deviation'}")
    return printed


def _span(printed: Printed, cut: bool) -> Span:
    """Least and greatest value that prints so, ends included."""
    value, unit = Fraction(printed.value), Fraction(1, 10**printed.decimals)
    if not cut:
        return value - unit / 2, value + unit / 2
    return (value - unit if value <= 0 else value), (value + unit if value >= 0 else value)


def _possible(sizes, printed, cut: bool, less: int) -> bool:
    """Whether any values print all numbers; SDs are over n - ``less``."""
    found = _squares(sizes, printed, cut, less)
    if found is None:
        return False
    (low, high), of_total = found
    return of_total is None or (low <= of_total[1] and (high is None or of_total[0] <= high))


def _squares(sizes, printed, cut: bool, less: int):
    """The sum of squares that the groups leave, and that of the total; None where the means exclude each other."""
    spans = [_span(printed[i, "mean"], cut) for i in range(len(sizes))]
    total, ends = sizes[0], [sum(n * s[j] for n, s in zip(sizes[1:], spans[1:], strict=True)) for j in (0, 1)]
    low, high = max(ends[0] / total, spans[0][0]), min(ends[1] / total, spans[0][1])
    if low > high:
        return None
    least, most = _between(sizes[1:], spans[1:], low, high)
    for i, n in enumerate(sizes[1:], start=1):
        if n - less == 0:
            continue  # a single value has no spread, whatever is printed
        if (i, "sd") not in printed:
            most = None
            continue
        squares = _squared(_span(printed[i, "sd"], cut), n - less)
        least, most = least + squares[0], None if most is None else most + squares[1]
    own = _squared(_span(printed[0, "sd"], cut), total - less) if (0, "sd") in printed and total > less else None
    return (least, most), own


def _squared(span: Span, divisor: int) -> Span:
    return max(span[0], Fraction(0)) ** 2 * divisor, max(span[1], Fraction(0)) ** 2 * divisor


def _between(sizes: Sequence[int], spans: Sequence[Span], low: Fraction, high: Fraction) -> Span:
    """Bounds of sum n_i (m_i - M)^2 over means in their spans and a weighted mean M from low to high.

    M is taken as free of the means, which makes both bounds wider than what is possible, never narrower. Both sums are
    convex in M: the greater is largest at an end; the smaller is least at an end, or where its slope is 0.
    """

    def least(m: Fraction) -> Fraction:
        return sum((n * max(a - m, m - b, 0) ** 2 for n, (a, b) in zip(sizes, spans, strict=True)), Fraction(0))

    def most(m: Fraction) -> Fraction:
        return sum((n * max(abs(a - m), abs(b - m)) ** 2 for n, (a, b) in zip(sizes, spans, strict=True)), Fraction(0))

    marks = sorted({low, high, *(end for span in spans for end in span if low < end < high)})
    tried = list(marks)
    for one, other in pairwise(marks):
        middle = (one + other) / 2  # which groups lie below and above M is the same all along a piece
        nearest = [(n, b if b < middle else a) for n, (a, b) in zip(sizes, spans, strict=True) if not a <= middle <= b]
        weight = sum(n for n, _ in nearest)
        if weight:
            tried.append(min(max(sum(n * v for n, v in nearest) / weight, one), other))
    return min(map(least, tried)), max(most(low), most(high))


def _repair(sizes, printed, place: tuple[int, str]) -> tuple[str, int] | None:
    """What one number would read alone, nearest to what it reads, and how many units away; None if nothing does."""
    number = printed[place]
    step = number.value.__class__(1).scaleb(-number.decimals)

    def reads(units: int) -> Printed:
        value = number.value + units * step
        return Printed(f"{value:f}", value, number.decimals)

    def holds(units: int) -> bool:
        changed = reads(units)
        return (place[1] == "mean" or changed.value >= 0) and _possible(sizes, {**printed, place: changed}, False, 1)

    middle = _start(sizes, printed, place, float(step))
    tried = sorted(range(-FARTHEST, FARTHEST + 1), key=abs) if middle is None else _around(middle)
    found = next((units for units in tried if holds(units)), None)
    if found is None:
        return None
    side = 1 if found > 0 else -1
    while abs(found) > 1 and holds(found - side):  # the start may lie beyond the nearest
        found -= side
    last = found
    while holds(last + side) and abs(last - found) < FARTHEST:
        last += side
    if abs(last - found) >= FARTHEST:
        return f"{reads(found).text} or {'more' if side > 0 else 'less'}", abs(found)
    texts = [reads(units).text for units in sorted((found, last))]
    return (texts[0] if found == last else f"{texts[0]} to {texts[1]}"), abs(found)


def _around(middle: int) -> list[int]:
    return [units for k in range(50) for units in dict.fromkeys((middle - k, middle + k)) if units]


def _start(sizes, printed, place: tuple[int, str], step: float) -> int | None:
    """By how many units a number is off if all others are as printed: where the search for its repair begins."""
    (i, stat), value = place, {key: float(p.value) for key, p in printed.items()}
    others = sum(n * value[j, "mean"] for j, n in enumerate(sizes) if j and j != i)
    if stat == "mean":
        wanted = others / sizes[0] if i == 0 else (sizes[0] * value[0, "mean"] - others) / sizes[i]
        return round((wanted - value[place]) / step)
    if any((j, "sd") not in value for j, n in enumerate(sizes) if n > 1):
        return None
    centre = sum(n * value[j, "mean"] for j, n in enumerate(sizes) if j) / sizes[0]
    between = sum(n * (value[j, "mean"] - centre) ** 2 for j, n in enumerate(sizes) if j)
    within = {j: (n - 1) * value[j, "sd"] ** 2 for j, n in enumerate(sizes) if n > 1}
    if i == 0:
        squares = between + sum(w for j, w in within.items() if j)
    else:
        squares = within[0] - between - sum(w for j, w in within.items() if j not in (0, i))
    if sizes[i] < 2:
        return None
    return round((max(squares, 0.0) ** 0.5 / (sizes[i] - 1) ** 0.5 - value[place]) / step)


def _weighted(sizes, printed) -> str:
    ends = [sum(n * _span(printed[i, "mean"], False)[j] for i, n in enumerate(sizes) if i) / sizes[0] for j in (0, 1)]
    decimals = printed[0, "mean"].decimals + 1
    return f"from {float(ends[0]):.{decimals}f} to {float(ends[1]):.{decimals}f}"


def _spread(sizes, printed) -> str:
    """The total's SD that the groups leave, in words; empty where it is not printed, or no means can be told."""
    found = _squares(sizes, printed, False, 1)
    if found is None or found[1] is None:
        return ""
    (low, high), decimals = found[0], printed[0, "sd"].decimals + 1
    ends = [f"{(float(x) / (sizes[0] - 1)) ** 0.5:.{decimals}f}" for x in (low, high) if x is not None]
    return f"from {ends[0]} to {ends[1]}" if len(ends) == 2 else f"of at least {ends[0]}"
