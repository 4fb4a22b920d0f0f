"""Whether any numbers at all can stand behind a print: decided by exhaustion, without the engine.

Each function answers True (some do), False (none does, which makes a defect detectable) or None (not decided here).
Every number may be rounded by a habit of its own, so what is called impossible is so by any rounding.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction
from math import ceil, floor, inf, log

import numpy as np
from benchmarks.defects import outside
from benchmarks.defects.printing import decimals_of, prints, span
from numpy.typing import NDArray
from scipy import stats

Ints = NDArray[np.int64]
_SMALL = 1e-9


def share(text: str, k: int, n: int) -> bool:
    """Whether k of n prints as this percentage."""
    return 0 <= k <= n and n > 0 and prints(Fraction(100 * k, n), text)


def same(first: str, second: str) -> bool:
    """Whether one value can print as both texts."""
    (a, b), (c, d) = span(first), span(second)
    return max(a, c) < min(b, d) + _SMALL


def _counts(text: str, n: int) -> list[int]:
    low, high = (Fraction(x).limit_denominator(10**6) * n / 100 for x in span(text))
    return [k for k in range(max(0, floor(low)), min(n, ceil(high)) + 1) if share(text, k, n)]


def _holds(text: str, k: Ints, n: Ints) -> NDArray[np.bool_]:
    """``share`` for many at once, in whole numbers."""
    unit = 10 ** decimals_of(text)
    value = int(Fraction(text) * unit)
    return (200 * unit * k >= (2 * value - 1) * n) & (100 * unit * k < (value + 1) * n) & (n > 0)


def tables(measures: Mapping[str, str], n: int) -> list[tuple[int, int, int, int]]:
    """Every (tp, fp, fn, tn) of n patients that prints sensitivity, specificity and what else is given."""
    found = []
    for diseased in range(1, n):
        tp, tn = np.meshgrid(
            _counts(measures["sensitivity"], diseased), _counts(measures["specificity"], n - diseased), indexing="ij"
        )
        tp, tn = tp.ravel().astype(np.int64), tn.ravel().astype(np.int64)
        fp, fn = n - diseased - tn, diseased - tp
        whole = {"ppv": (tp, tp + fp), "npv": (tn, tn + fn), "accuracy": (tp + tn, tp * 0 + n)}
        whole["prevalence"] = (tp + fn, tp * 0 + n)
        fits = np.ones(tp.size, dtype=bool)
        for name in whole.keys() & measures.keys():
            fits &= _holds(measures[name], *whole[name])
        found += list(zip(tp[fits].tolist(), fp[fits].tolist(), fn[fits].tolist(), tn[fits].tolist(), strict=True))
    return found


def share_of(name: str, table: tuple[int, int, int, int]) -> tuple[int, int]:
    """Numerator and denominator of a diagnostic measure."""
    tp, fp, fn, tn = table
    n = tp + fp + fn + tn
    return {
        "sensitivity": (tp, tp + fn),
        "specificity": (tn, fp + tn),
        "ppv": (tp, tp + fp),
        "npv": (tn, fn + tn),
        "accuracy": (tp + tn, n),
        "prevalence": (tp + fn, n),
    }[name]


def limits(lo: str, hi: str, shares: Iterable[tuple[int, int]], methods: Iterable[str], scale: int = 100) -> bool:
    """Whether one of the methods gives these limits for one of the shares, cut at 0 and 1 or as computed."""
    for k, n in set(shares):
        for method in methods:
            low, high = outside.interval(k, n, method)
            if prints(scale * low, lo) and prints(scale * high, hi):
                return True
            # what the formula of some methods gives beyond 0 and 1 is printed by some programs
            if (low in (0.0, 1.0) or high in (0.0, 1.0)) and method in ("Wald", "Agresti-Coull"):
                return True
    return False


def p_value(text: str, table: Ints, tests: Iterable) -> bool:
    """Whether one of the tests (functions of a table) prints this P."""
    return any(prints(test(table), text) for test in tests)


def splits(a: str, b: str, n: int, crude: tuple[str, str, str] | None) -> Iterator[Ints]:
    """Every fourfold table of two groups, n together, with these percentages and Woolf's ratio and limits."""
    z = stats.norm.ppf(0.975)
    for n_a in range(1, n):
        k_a, k_b = np.meshgrid(_counts(a, n_a), _counts(b, n - n_a), indexing="ij")
        t = np.stack([k_a, n_a - k_a, k_b, n - n_a - k_b]).reshape(4, -1).astype(float)
        if crude:
            t = t[:, (t > 0).all(0)]
            ratio, error = t[0] * t[3] / (t[1] * t[2]), np.sqrt((1 / t).sum(0))
            fits = np.ones(t.shape[1], dtype=bool)
            for text, value in zip(crude, (ratio, ratio * np.exp(-z * error), ratio * np.exp(z * error)), strict=True):
                low, high = span(text)
                fits &= (value >= low - _SMALL) & (value < high + _SMALL)
            t = t[:, fits]
        for column in t.T:
            yield column.astype(np.int64).reshape(2, 2)


def two_groups(a: str, b: str, n: int, p: str, crude: tuple[str, str, str] | None, tests: Iterable) -> bool:
    """Whether any two groups have these percentages, ratio, limits and P."""
    tests = list(tests)
    return any(p_value(p, table, tests) for table in splits(a, b, n, crude) if table.sum(0).all())


def _wald(ratio: str, lo: str, hi: str) -> list[tuple[float, float]]:
    """Corners of the (log ratio, standard error) that print the ratio and Wald's limits."""
    z = stats.norm.ppf(0.975)
    corners = [(-50.0, 0.0), (50.0, 0.0), (50.0, 50.0), (-50.0, 50.0)]
    for text, slope in ((ratio, 0.0), (lo, -z), (hi, z)):
        low, high = (log(x) if x > 0 else -inf for x in span(text))
        for sign, bound in ((1.0, low), (-1.0, high)):
            corners = _cut(corners, sign, sign * slope, sign * bound) if bound > -inf else corners
    return corners


def _cut(corners: list[tuple[float, float]], a: float, b: float, least: float) -> list[tuple[float, float]]:
    """The part of a convex polygon with a x + b y >= least."""
    kept: list[tuple[float, float]] = []
    for (x, y), (u, v) in zip(corners, corners[1:] + corners[:1], strict=True):
        here, there = a * x + b * y - least, a * u + b * v - least
        if here >= -_SMALL:
            kept.append((x, y))
        if (here >= -_SMALL) != (there >= -_SMALL):
            t = here / (here - there)
            kept.append((x + t * (u - x), y + t * (v - y)))
    return kept


def ratio(value: str, lo: str, hi: str, p: str | None = None) -> bool:
    """Whether an estimate with Wald's limits (and Wald's P) can print so."""
    corners = _wald(value, lo, hi)
    if not corners or p is None:
        return bool(corners)
    scores = [abs(x) / y if y > 0 else inf for x, y in corners]
    least = 0.0 if min(x for x, _ in corners) <= 0 <= max(x for x, _ in corners) else min(scores)
    low, high = span(p)
    return 2 * stats.norm.sf(max(scores)) <= high + _SMALL and 2 * stats.norm.sf(least) >= low - _SMALL


def icc(value: str, lo: str, hi: str, n: int, form: str, k: int = 2) -> bool | None:
    """Whether any ratings of n subjects have this coefficient and limits.

    One way and consistency: value and limits all rise with the ratio of mean squares, so three intervals of it meet or
    do not. Absolute agreement also depends on the raters' mean square: the smallest misfit over both is looked for.
    """
    low, high = span(value)
    if form.endswith("k)"):
        low, high = (x / (k - (k - 1) * x) for x in (low, high))
    wanted = [span(lo), span(hi)]
    if "A" not in form:
        df = n * (k - 1) if "1," in form else (n - 1) * (k - 1)
        f = np.linspace(*((1 + (k - 1) * x) / (1 - x) for x in (low, high)), 20001)
        ends = _stepped(outside.f_limits(f, n - 1, df, k), form, k)
        fits = np.logical_and.reduce(
            [(e >= a - 1e-6) & (e <= b + 1e-6) for e, (a, b) in zip(ends, wanted, strict=True)]
        )
        return bool(fits.any())

    def misfit(point: NDArray) -> NDArray:
        rho = low + (high - low) / (1 + np.exp(-point[0]))
        j = np.exp(point[1])
        f = (1 + (k - 1) * rho + rho * k * (j - 1) / n) / (1 - rho)
        ends = _stepped(outside.agreement_limits(rho, f, j, n, k), form, k)
        off = [np.maximum(a - e, e - b) / (b - a) for e, (a, b) in zip(ends, wanted, strict=True)]
        return np.nan_to_num(np.maximum(*off), nan=1e6, posinf=1e6)

    from scipy.optimize import minimize

    grid = np.meshgrid(np.linspace(-8, 8, 41), np.linspace(-9, log(50 * n), 400), indexing="ij")
    off = misfit(np.array([g.ravel() for g in grid]))
    if off.min() <= 0:
        return True
    for at in np.argsort(off)[:5]:
        start = np.array([g.ravel()[at] for g in grid])
        off_here = minimize(lambda x: float(misfit(x)), start, method="Nelder-Mead", options={"maxiter": 600}).fun
        if off_here <= 1e-3:
            return True
    return False


def _stepped(ends, form: str, k: int):
    return [k * e / (1 + (k - 1) * e) for e in ends] if form.endswith("k)") else list(ends)


def mean(text: str, n: int) -> list[int]:
    """Every sum of n whole numbers whose mean prints so."""
    low, high = span(text)
    return [s for s in range(floor(low * n) - 1, ceil(high * n) + 2) if prints(Fraction(s, n), text)]


def mean_sd(text: str, sd: str, n: int) -> bool | None:
    """Whether n whole numbers have this mean and standard deviation (over n - 1).

    No sum of squares of the right parity: none do. Otherwise values are looked for by moves that keep the sum; None if
    they are not found.
    """
    low, high = span(sd)
    fits = []
    for s in mean(text, n):
        ends = [Fraction(s * s, n) + Fraction(x).limit_denominator(10**6) ** 2 * (n - 1) for x in (max(0.0, low), high)]
        for q in range(max(0, floor(ends[0])), ceil(ends[1]) + 1):
            spread = Fraction(q * n - s * s, n * (n - 1))
            if (q - s) % 2 == 0 and spread >= 0 and prints(_root(spread), sd):
                fits.append((s, q))
    if not fits:
        return False
    return True if any(_values(s, q, n) for s, q in fits[:50]) else None


def _root(value: Fraction) -> Fraction:
    """The square root, exact where there is one, otherwise to 30 places."""
    from decimal import Decimal, getcontext

    getcontext().prec = 40
    return Fraction((Decimal(value.numerator) / Decimal(value.denominator)).sqrt())


def _values(s: int, q: int, n: int) -> bool:
    """Whether a walk finds n whole numbers with sum s and sum of squares q.

    Greatest and least move apart by 1 each, which keeps the sum and adds 2 (greatest - least + 1) to the squares.
    """
    x = [s // n + (i < s % n) for i in range(n)]
    missing = q - sum(v * v for v in x)
    for _ in range(4 * n + 200):
        if missing == 0:
            return True
        if missing < 0:
            return False
        # the pair of values whose parting uses up most of what is missing
        x.sort()
        best = (
            max(
                (2 * (x[j] - x[i] + 1), i, j)
                for i in range(n)
                for j in range(i + 1, n)
                if 2 * (x[j] - x[i] + 1) <= missing
            )
            if missing >= 2
            else None
        )
        if best is None:
            return False
        gain, i, j = best
        x[j] += 1
        x[i] -= 1
        missing -= gain
    return missing == 0


def accuracy(texts: Mapping[str, str], n: int, method: str | None, scale: int) -> bool | None:
    """Whether one table of n patients prints all measures and all limits; None if no method is named and none fits."""
    found = tables({name: text for name, text in texts.items() if "_" not in name}, n)
    if not found:
        return False
    measures = [name for name in texts if f"{name}_lo" in texts]
    for methods in [[method]] if method else [[name] for name in outside.INTERVALS]:
        for table in found:
            if all(limits(texts[f"{m}_lo"], texts[f"{m}_hi"], [share_of(m, table)], methods, scale) for m in measures):
                return True
    return False if method else None
