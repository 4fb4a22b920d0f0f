"""Means and standard deviations of whole numbers: GRIM, GRIMMER and DEBIT, in exact arithmetic and with witnesses.

A mean of n whole numbers is a whole sum over n (GRIM: Brown & Heathers 2017, doi:10.1177/1948550616673876). Its
standard deviation needs a whole sum of squares of the same parity as the sum (GRIMMER: Anaya 2016,
doi:10.7287/peerj.preprints.2400v1; Allard 2018) that n whole numbers really have, which for few values is rarer: here
the values themselves are looked for. For values of 0 and 1 only the mean fixes the standard deviation (DEBIT: Heathers
& Brown 2019). Half-up, half-even and truncation are tried in turn, and the one needed is named.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor

from replicalc.errors import ReplicalcError
from replicalc.verify.printed import Printed, parse
from replicalc.verify.sample import values_with

#: In the order in which they are tried; one has to print all numbers of a sample.
ROUNDINGS = ("half-up", "half-even", "half-down", "truncation")
#: What a repair reads: the nearest number, not one that is nearer only because it is cut off.
ROUNDED = ROUNDINGS[:3]
#: The largest sample, and the most pairs of sums that are looked at.
MOST_VALUES, MOST_PAIRS = 100_000, 2_000_000
#: How many units of the last place (or values more or fewer) a repair is looked for.
FARTHEST = 60
#: Conditions under which a rounding prints a size: (least, whether it counts, greatest, whether it counts).
_Ends = tuple[Fraction, bool, Fraction, bool]


@dataclass(frozen=True, slots=True)
class Moments:
    """What was found for a printed mean, with or without a standard deviation.

    verdict: "consistent", "rounding" (one unit of one last place), "unstated_method", "impossible", "not_checkable".
    sums: every sum of the values (times ``items``) whose mean prints so and, with a standard deviation, from which it
    follows. values: values that print so (for a mean alone none are made). rounding: the first of ``ROUNDINGS`` that
    prints all numbers. alone: which of the printed numbers ("mean", "standard deviation") would do alone at the nearest
    change; with both no change of one is smaller than that of the other.
    """

    verdict: str
    method: str
    sums: tuple[int, ...]
    values: tuple[Fraction, ...]
    rounding: str
    evidence: str
    repair: str = ""
    alone: tuple[str, ...] = ()


def grim(mean: str, n: int, items: int = 1) -> Moments:
    """Whether n whole numbers (or means of ``items`` whole numbers each) can have the printed mean.

    Raises ReplicalcError for what is no number, fewer than 1 value or item, or more than 100,000 values.

    >>> grim("5.19", 28).verdict, grim("5.19", 28).repair
    ('rounding', 'mean 5.18 for 5.19 or n 26 or 27 for 28')
    """
    printed = _number(mean, "mean")
    _check(n, items, 1)
    method = "GRIM: a whole sum over the number of values"
    rounding, sums = _any_sums(printed, n * items)
    if sums:
        return Moments("consistent", method, sums, (), rounding, f"{_list(sums)} over {n * items} prints {mean}.")
    below = floor(Fraction(printed.value) * n * items)
    text = f"No whole number over {n * items} prints {mean}: {_near(below, n * items, printed)}."
    repair, distance, alone = _repair(
        {"mean": printed}, n, lambda p, k: bool(_any_sums(p["mean"], k * items, ROUNDED)[1])
    )
    return Moments("rounding" if distance == 1 else "impossible", method, (), (), "", text, repair, alone)


def grimmer(
    mean: str,
    sd: str,
    n: int,
    items: int = 1,
    lowest: int | None = None,
    highest: int | None = None,
    repairs: bool = True,
) -> Moments:
    """Whether n whole numbers (or means of ``items`` whole numbers) can have the printed mean and standard deviation.

    lowest, highest: the ends of the scale of one item, if it has any. repairs: whether to look for the nearest numbers
    that are possible. The standard deviation divides by n - 1; by n is
    tried next and named. Values are searched for each whole sum and sum of squares that print so; a search that is not
    finished in its steps counts as possible, so nothing is called impossible that is not.

    Raises ReplicalcError as ``grim``, for fewer than 2 values, a negative standard deviation, or swapped ends.

    >>> grimmer("2.00", "1.20", 2).verdict, [int(v) for v in grimmer("2.00", "1.41", 2).values]
    ('impossible', [1, 3])
    """
    printed, spread = _number(mean, "mean"), _number(sd, "standard deviation")
    _check(n, items, 2)
    if spread.value < 0:
        raise ReplicalcError(f"a standard deviation is not below 0, as {sd} is")
    if lowest is not None and highest is not None and lowest >= highest:
        raise ReplicalcError(f"the ends of the scale, {lowest} and {highest}, are swapped or equal")
    ends = (None if lowest is None else lowest * items, None if highest is None else highest * items)
    for divisor, verdict, name in ((n - 1, "consistent", "n - 1"), (n, "unstated_method", "n")):
        found = _values(printed, spread, n, items, divisor, ends)
        if found is None:
            continue
        rounding, sums, values = found
        method = f"GRIMMER: whole sums and sums of squares; standard deviation over {name}"
        shown = tuple(Fraction(v, items) for v in values)
        text = f"Values that print {mean} and {sd}: {_brief(shown)}." if values else "No search was long enough."
        return Moments(verdict, method, sums, shown, rounding, text)
    text = f"No {n} whole numbers print a mean of {mean} and a standard deviation of {sd}. " + _why(
        printed, spread, n, items, ends
    )
    repair, distance, alone = "", 0, ()
    if repairs:
        repair, distance, alone = _repair(
            {"mean": printed, "standard deviation": spread},
            n,
            lambda p, k: k > 1 and _values(*p.values(), k, items, k - 1, ends, ROUNDED) is not None,
        )
    verdict = "rounding" if distance == 1 else "impossible"
    return Moments(verdict, "GRIMMER: whole sums and sums of squares", (), (), "", text, repair, alone)


def debit(mean: str, sd: str, n: int) -> Moments:
    """Whether n values of 0 and 1 can have the printed mean and standard deviation; all numbers of ones are tried.

    Raises ReplicalcError as ``grimmer``, and for a mean outside 0 to 1.

    >>> debit("0.35", "0.18", 20).verdict, debit("0.50", "0.51", 20).sums
    ('impossible', (10,))
    """
    printed, spread = _number(mean, "mean"), _number(sd, "standard deviation")
    _check(n, 1, 2)
    if not 0 <= printed.value <= 1 or spread.value < 0:
        raise ReplicalcError(f"the mean of zeros and ones is from 0 to 1 and its spread not below 0: {mean}, {sd}")

    def ones(p: dict[str, Printed], k: int, divisor: int, roundings=ROUNDINGS) -> tuple[str, tuple[int, ...]]:
        for rounding in roundings:
            found = tuple(
                one
                for one in _sums(p["mean"], k, rounding)
                if 0 <= one <= k and _root_is(Fraction(one * (k - one), k * divisor), p["standard deviation"], rounding)
            )
            if found:
                return rounding, found
        return "", ()

    both = {"mean": printed, "standard deviation": spread}
    for divisor, verdict, name in ((n - 1, "consistent", "n - 1"), (n, "unstated_method", "n")):
        rounding, found = ones(both, n, divisor)
        if found:
            values = tuple(Fraction(int(i < found[0])) for i in range(n))
            text = f"{_list(found)} ones among {n} print {mean} and {sd}."
            return Moments(verdict, f"DEBIT: zeros and ones; over {name}", found, values, rounding, text)
    possible = [one for one in _any_sums(printed, n)[1] if 0 <= one <= n]
    spreads = sorted({f"{(one * (n - one) / (n * (n - 1))) ** 0.5:.{spread.decimals + 2}f}" for one in possible})
    text = (
        f"The mean {mean} of {n} zeros and ones needs a standard deviation of {' or '.join(_ends_of(spreads))}; "
        f"{sd} is printed."
        if possible
        else f"No number of ones among {n} prints {mean}."
    )
    repair, distance, alone = _repair(
        both, n, lambda p, k: k > 1 and 0 <= p["mean"].value <= 1 and bool(ones(p, k, k - 1, ROUNDED)[1])
    )
    verdict = "rounding" if distance == 1 else "impossible"
    return Moments(verdict, "DEBIT: zeros and ones", (), (), "", text, repair, alone)


def _number(text: str, what: str) -> Printed:
    printed = parse(text)
    if printed is None or printed.sign != "=":
        raise ReplicalcError(f"the {what} {text!r} is no single number")
    return printed


def _check(n: int, items: int, least: int) -> None:
    if not (isinstance(n, int) and isinstance(items, int)) or n < least or items < 1 or n * items > MOST_VALUES:
        raise ReplicalcError(
            f"this needs from {least} to {MOST_VALUES} values (times items) and at least 1 item, not {n} and {items}"
        )


def _ends(printed: Printed) -> Iterator[tuple[str, _Ends]]:
    """For each rounding, the sizes (without sign) that it prints as the size of ``printed``.

    Half-down is no convention, but what binary arithmetic makes of some ties (0.575 is a little less in it).
    """
    unit, size = Fraction(1, 10**printed.decimals), abs(Fraction(printed.value))
    even = (size / unit) % 2 == 0
    least, low, high = size < unit / 2, max(size - unit / 2, Fraction(0)), size + unit / 2
    yield "half-up", (low, True, high, False)
    yield "half-even", (low, even or least, high, even)
    yield "half-down", (low, least, high, True)
    yield "truncation", (size, True, size + unit, False)


def _is(value: Fraction, printed: Printed, rounding: str) -> bool:
    """Whether the rounding prints an exact value as told."""
    return value * Fraction(printed.value) >= 0 and _inside(abs(value), dict(_ends(printed))[rounding])


def _root_is(square: Fraction, printed: Printed, rounding: str) -> bool:
    """Whether the rounding prints the square root of an exact value as told; compared as squares."""
    lo, with_lo, hi, with_hi = dict(_ends(printed))[rounding]
    return _inside(square, (lo * lo, with_lo, hi * hi, with_hi))


def _inside(value: Fraction, ends: _Ends) -> bool:
    lo, with_lo, hi, with_hi = ends
    return (lo < value or (with_lo and lo == value)) and (value < hi or (with_hi and value == hi))


def _sums(printed: Printed, total: int, rounding: str) -> Iterator[int]:
    """Every whole number that over ``total`` prints so, in order."""
    unit, value = Fraction(1, 10**printed.decimals), Fraction(printed.value)
    for s in range(floor((value - unit) * total), ceil((value + unit) * total) + 1):
        if _is(Fraction(s, total), printed, rounding):
            yield s


def _any_sums(printed: Printed, total: int, roundings=ROUNDINGS) -> tuple[str, tuple[int, ...]]:
    """The first rounding by which some sum prints so, and all sums that it prints so; ("", ()) if there is none."""
    for rounding in roundings:
        sums = tuple(_sums(printed, total, rounding))
        if sums:
            return rounding, sums
    return "", ()


def _squares(total: int, spread: Printed, n: int, items: int, divisor: int, rounding: str, ends=None) -> Iterator[int]:
    """Every sum of squares, of the parity of the sum, that prints the standard deviation.

    ends: those of the scale. As (x - least)(greatest - x) is not below 0 for any value, larger ones are left out.
    """
    unit, size = Fraction(1, 10**spread.decimals), Fraction(spread.value)
    base = Fraction(total * total, n)
    first = ceil(max(size - unit / 2, Fraction(0)) ** 2 * divisor * items**2 + base)
    last = floor((size + unit) ** 2 * divisor * items**2 + base)
    if ends is not None and None not in ends:
        last = min(last, floor(sum(ends) * total - n * ends[0] * ends[1]))
    for square in range(first + (first - total) % 2, last + 1, 2):
        if _root_is((square - base) / divisor / items**2, spread, rounding):
            yield square


def _values(
    printed, spread, n, items, divisor, ends, roundings=ROUNDINGS
) -> tuple[str, tuple[int, ...], tuple[int, ...]] | None:
    """(Rounding, the sums from which both follow, values); no values where a search ran out of steps.

    None if no values whatever print so.
    """
    pairs = 0
    for rounding in roundings:
        sums, first = [], ()
        for total in _sums(printed, n * items, rounding):
            if not _reached(total, n, ends):
                continue
            for square in _squares(total, spread, n, items, divisor, rounding, ends):
                pairs += 1
                if pairs > MOST_PAIRS:
                    raise ReplicalcError(
                        f"{spread.text} has too few decimals: over {MOST_PAIRS} sums of squares print so"
                    )
                values = values_with(n, total, square, ends)
                if values is not None:
                    sums.append(total)
                    first = first or values
                    break
        if sums:
            return rounding, tuple(sums), first
    return None


def _reached(total: int, n: int, ends) -> bool:
    """Whether n values between the ends can add up to this."""
    return (ends[0] is None or total >= n * ends[0]) and (ends[1] is None or total <= n * ends[1])


def _why(printed, spread, n, items, ends) -> str:
    """The sums of squares that stand in the way, for a reader to check."""
    rounding, sums = _any_sums(printed, n * items)
    if not sums:
        return f"Not even the mean: {_near(floor(Fraction(printed.value) * n * items), n * items, printed)}."
    inside = [total for total in sums if _reached(total, n, ends)]
    if not inside:
        scale = " to ".join("..." if end is None else f"{end / items:g}" for end in ends)
        return f"Not even the mean: it lies outside the scale of {scale}."
    total = inside[0]
    squares = list(_squares(total, spread, n, items, n - 1, rounding))
    if not squares:
        base = Fraction(total * total, n)
        return (
            f"For example the sum {total}: no sum of squares above {float(base):.2f} of the same parity as {total} "
            f"prints {spread.text}."
        )
    return (
        f"For example the sum {total} needs a sum of squares of {_list(squares)}, which no {n} whole numbers"
        + (f" from {ends[0]} to {ends[1]}" if ends != (None, None) else "")
        + " have."
    )


def _repair(printed: dict[str, Printed], n: int, holds) -> tuple[str, int, tuple[str, ...]]:
    """The nearest single changes that make it hold, how many units away (0: none), and of which numbers they are."""
    for step in range(1, FARTHEST + 1):
        options, alone = [], []
        for what, number in printed.items():
            changed = [
                str(number.value + sign * number.value.__class__(step).scaleb(-number.decimals)) for sign in (-1, 1)
            ]
            good = [t for t in changed if (what == "mean" or t[0] != "-") and holds({**printed, what: parse(t)}, n)]
            if good:
                options.append(f"{what} {' or '.join(good)} for {number.text}")
                alone.append(what)
        if options:
            sizes = [str(k) for k in sorted(range(max(1, n - 2), n + 3)) if k != n and holds(printed, k)]
            text = " or ".join([*options, *([f"n {' or '.join(sizes)} for {n}"] if sizes else [])])
            return text, step, tuple(alone)
    return "", 0, ()


def _near(below: int, total: int, printed: Printed) -> str:
    return " and ".join(f"{s}/{total} = {s / total:.{printed.decimals + 2}f}" for s in (below, below + 1))


def _ends_of(texts: list[str]) -> list[str]:
    return texts if len(texts) < 4 else [texts[0], "...", texts[-1]]


def _list(numbers) -> str:
    numbers = list(numbers)
    return (
        ", ".join(map(str, numbers)) if len(numbers) <= 6 else f"{numbers[0]} to {numbers[-1]} ({len(numbers)} of them)"
    )


def _brief(values: tuple[Fraction, ...]) -> str:
    """Values with how often they occur, such as 1, 2 (3 times)."""
    counted = {v: values.count(v) for v in dict.fromkeys(values)}
    parts = [f"{float(v):g}" + (f" ({c} times)" if c > 1 else "") for v, c in counted.items()]
    return ", ".join(parts if len(parts) <= 12 else [*parts[:11], f"and {len(parts) - 11} more values"])
