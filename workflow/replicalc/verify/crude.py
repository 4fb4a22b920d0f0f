"""Crude or adjusted? Every 2x2 table that gives a printed odds ratio and interval without any adjustment."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, exp, floor, isfinite, log, prod, sqrt

from replicalc.errors import ReplicalcError
from replicalc.verify.printed import ROUNDINGS, Printed, format_as
from replicalc.verify.ratio_print import BY_HAND, check_counts, prints_from, quantile, triple

#: The widest search for crude tables.
MOST_PATIENTS = 20_000
#: How far from the print chance hits are counted (log ratio; standard error in proportion), and points each way.
NEARBY, POINTS = 0.1, 101


@dataclass(frozen=True, slots=True)
class Table:
    """A 2x2 table: exposed with and without the event, unexposed with and without it, and how it prints the triple."""

    exposed_events: int
    exposed_others: int
    unexposed_events: int
    unexposed_others: int
    rounding: str
    quantile: str


@dataclass(frozen=True, slots=True)
class CrudeTables:
    """All tables that print a ratio and its limits crudely, and how many would do so by chance.

    chance: the share of ratios and standard errors nearby (log ratio within 0.1, standard error within 10 %) whose
    print some table gives. expected: how many tables a print nearby has on average.
    """

    tables: tuple[Table, ...]
    chance: float
    expected: float
    method: str
    evidence: str


def crude_tables(
    odds_ratio: str, lo: str, hi: str, n: int, events: int, exposed: int | None = None, level: float = 0.95
) -> CrudeTables:
    """All 2x2 tables with ``events`` among ``n`` patients whose crude odds ratio and Woolf limits print exactly so.

    exposed: patients with the factor, if known. Every table whose odds ratio prints so is looked at (its range follows
    from the printed ratio in exact arithmetic). One rounding has to print all three numbers; the normal quantile is
    taken as it is and, for 95 %, also as 1.96.

    Raises ReplicalcError as ``check``, and for more than 20,000 patients.
    Reference: Woolf 1955, doi:10.1111/j.1469-1809.1955.tb01348.x.

    >>> found = crude_tables("2.625", "1.039", "6.631", 78, 33)
    >>> [(t.exposed_events, t.exposed_others) for t in found.tables]
    [(21, 18)]
    """
    printed = triple(odds_ratio, lo, hi)
    check_counts(events, n, exposed, "odds")
    if n > MOST_PATIENTS:
        raise ReplicalcError(f"tables of more than {MOST_PATIENTS} patients are not searched; there are {n}")
    found = tables_of(printed, n, events, exposed, level)
    chance, expected = _by_chance(printed, n, events, exposed, level)
    many = f"{len(found)} table{'s' if len(found) != 1 else ''}"
    margins = f"{n} patients, {events} events" + (f" and {exposed} exposed" if exposed is not None else "")
    gives = f"{many} give{'' if len(found) != 1 else 's'} {odds_ratio} ({lo} to {hi})"
    nearby = (
        f"; of the ratios and intervals nearby, {percent(chance)} are given by some table "
        f"({expected:.2g} tables each on average)"
    )
    evidence = f"With {margins}, {gives} without any adjustment{nearby if isfinite(chance) else ''}."
    return CrudeTables(tuple(found), chance, expected, "crude odds ratio with Woolf's limits", evidence)


def tables_of(printed: Sequence[Printed | None], n: int, events: int, exposed: int | None, level: float) -> list[Table]:
    """Every table that gives ratio and limits crudely; a number of the three that is None is left open.

    printed: ratio, lower and upper limit, of which at least two are given. The rest as in ``crude_tables``.
    """
    found = []
    for a, b in _candidates(printed, n, events, exposed, level):
        c, d = events - a, n - events - b
        beta, se = log(a * d / (b * c)), sqrt(1 / a + 1 / b + 1 / c + 1 / d)
        for name, z in quantiles(level).items():
            values = (a * d / (b * c), exp(beta - z * se), exp(beta + z * se))
            rounding = _one_rounding(values, printed)
            if rounding:
                found.append(Table(a, b, c, d, rounding, name))
                break
    return found


def percent(chance: float) -> str:
    """A share of 1 as a percentage with two digits that count.

    >>> percent(1.0), percent(0.000098)
    ('100 %', '0.0098 %')
    """
    return f"{100 * chance:.0f} %" if chance >= 0.095 else f"{100 * chance:.2g} %"


def together(found: Sequence[CrudeTables]) -> tuple[float, str]:
    """How likely all of several ratios of one model would have a crude table by chance, and a sentence.

    The product of the single chances: nearby prints are hit or not independently, as the ratios are different numbers.

    Raises ReplicalcError if there is no ratio.
    """
    if not found:
        raise ReplicalcError("no ratio was given")
    hits = sum(bool(f.tables) for f in found)
    chance = prod(f.chance for f in found)
    if hits < len(found):
        return 1.0, f"{hits} of {len(found)} ratios and intervals come from some 2x2 table without adjustment."
    return chance, (
        f"All {len(found)} ratios and intervals come from 2x2 tables without adjustment; by chance this would happen "
        f"to {chance:.1g} of such sets of numbers."
    )


def quantiles(level: float) -> dict[str, float]:
    exact = {"normal quantile": quantile(level)}
    return {**exact, "1.96": BY_HAND} if abs(level - 0.95) < 1e-12 else exact


def _candidates(
    printed: Sequence[Printed | None], n: int, events: int, exposed: int | None, level: float
) -> Iterator[tuple[int, int]]:
    """All (a, b), exposed with and without the event, whose odds ratio a d / (b c) and limits can print as told.

    The range of b is exact; the limits are held against their prints with room for the error of floats, so that no
    table is lost and few are left to be printed digit by digit.
    """
    import numpy as np

    inner = [prints_from(p) if p is not None else (Fraction(0), None) for p in printed]
    (least, most), *outer = inner
    if most is None:  # the ratio lies between its limits
        least, most = outer[0][0], outer[1][1]
    ends = [(float(lo), float("inf") if hi is None else float(hi)) for lo, hi in outer]
    others = n - events
    for a in range(1, events):
        c = events - a
        # a d / (b c) falls as b grows: b = a others / (a + ratio c), so the ends of the ratio bound b.
        first = ceil(Fraction(a * others) / (a + most * c))
        last = floor(Fraction(a * others) / (a + least * c))
        if exposed is not None:
            first, last = max(first, exposed - a), min(last, exposed - a)
        b = np.arange(max(first, 1), min(last, others - 1) + 1, dtype=float)
        beta, se = np.log(a * (others - b) / (b * c)), np.sqrt(1 / a + 1 / b + 1 / c + 1 / (others - b))
        near = np.zeros(b.size, dtype=bool)
        for z in quantiles(level).values():
            limits = [(np.exp(beta + side * z * se), lo, hi) for side, (lo, hi) in zip((-1, 1), ends, strict=True)]
            near |= np.all([(x >= lo * (1 - 1e-9)) & (x <= hi * (1 + 1e-9)) for x, lo, hi in limits], axis=0)
        yield from ((a, int(one)) for one in b[near])


def _one_rounding(values: tuple[float, ...], printed: Sequence[Printed | None]) -> str | None:
    """The rounding that prints all of the values as told, or None."""
    for name in ROUNDINGS:
        if all(
            p is None or format_as(v, p.decimals, name) == format_as(float(p.value), p.decimals)
            for v, p in zip(values, printed, strict=True)
        ):
            return name
    return None


def _by_chance(printed, n: int, events: int, exposed: int | None, level: float) -> tuple[float, float]:
    """The share of prints nearby that some table gives, and the mean number of tables of a print nearby.

    Ratios and standard errors on a regular grid around the printed ones are printed half-up, as are all tables nearby.
    """
    import numpy as np

    z, others = quantile(level), n - events
    units = np.array([10.0**p.decimals for p in printed])
    ends = [float(v) for v in (printed[1].value, printed[2].value)]
    if ends[0] <= 0 or printed[0].value <= 0:
        return float("nan"), float("nan")
    beta, se = log(float(printed[0].value)), log(ends[1] / ends[0]) / (2 * z)

    def prints(b, s):
        """Each print as one whole number; prints that differ share one hardly ever (2^63 wraps around)."""
        values = np.exp(b[:, None] + s[:, None] * z * np.array([0.0, -1.0, 1.0]))
        digits = np.floor(values * units + 0.5).astype(np.int64)
        return (digits[:, 0] * 1_000_003 + digits[:, 1]) * 1_000_003 + digits[:, 2]

    keys = [np.empty(0, np.int64)]
    for a in range(1, events):
        c = events - a
        b = np.arange(1, others) if exposed is None else np.array([exposed - a])
        b = b[(b >= 1) & (b < others)].astype(float)
        here, spread = np.log(a * (others - b) / (b * c)), np.sqrt(1 / a + 1 / b + 1 / c + 1 / (others - b))
        near = (np.abs(here - beta) < 1.5 * NEARBY) & (np.abs(spread / se - 1) < 1.5 * NEARBY)
        if near.any():
            keys.append(prints(here[near], spread[near]))
    tables = np.sort(np.concatenate(keys))
    steps = np.linspace(-NEARBY, NEARBY, POINTS)
    grid = np.meshgrid(beta + steps, se * (1 + steps))
    wanted = prints(grid[0].ravel(), grid[1].ravel())
    hits = np.searchsorted(tables, wanted, "right") - np.searchsorted(tables, wanted, "left")
    return float((hits > 0).mean()), float(hits.mean())
