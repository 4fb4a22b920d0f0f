"""The proof behind a regression certificate, in whole and rational numbers that anybody can add up again.

Take a logistic model of p yes/no covariates. Patients of pattern x (row z = (1, x)) number n_x and have the fitted
probability p_x, so the information matrix is I = sum n_x p_x (1 - p_x) z z'. For any row of numbers y, Cauchy-Schwarz
gives y_j^2 <= (I^-1)_jj * y' I y. With one row y_j for each covariate j, and standard errors at most t S_j:

    sum_j (y_jj / S_j)^2  <=  t^2 * sum_x n_x p_x (1 - p_x) g_x,      g_x = sum_j (y_j . z_x)^2.

What is known of the patients (their number, the events, margins) are sums L_k = sum_x n_x (a_kx + b_kx p_x). Numbers
v_k with  p_x (1 - p_x) g_x <= sum_k v_k (a_kx + b_kx p_x)  for every x bound the right side by t^2 * sum_k v_k L_k.
So t is at least the root of the quotient. Only the p_x depend on the coefficients; the inequality is checked for all
p_x that a box of coefficients allows (a parabola in p_x), hence the bound holds for every value that prints the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import inf, prod

#: Probabilities are widened outward to multiples of this, so that the fractions stay short.
GRID = 1 << 44


@dataclass(frozen=True, slots=True)
class Known:
    """A sum over patients known to lie from ``lo`` to ``hi``: sum of n_x (patients[x] + events[x] p_x).

    ``patients`` and ``events`` have one 0/1 entry for each pattern; what is counted is told by ``text``.
    """

    text: str
    patients: tuple[int, ...]
    events: tuple[int, ...]
    lo: int
    hi: int


@dataclass(frozen=True, slots=True)
class Model:
    """What a paper prints of a model: ``patterns`` of p covariates, the largest SE of each that prints the same, sums.

    ``known[0]`` is the number of patients. ``se`` holds one Fraction for each covariate.
    """

    names: tuple[str, ...]
    patterns: tuple[tuple[int, ...], ...]
    se: tuple[Fraction, ...]
    known: tuple[Known, ...]


@dataclass(frozen=True, slots=True)
class Box:
    """Odds of the reference pattern and odds ratios, each from a lower to an upper Fraction."""

    baseline: tuple[Fraction, Fraction]
    ratios: tuple[tuple[Fraction, Fraction], ...]


@dataclass(frozen=True, slots=True)
class Piece:
    """One step of the proof: a box, the rows y (whole numbers, shape (p, p + 1)) and the numbers v, one a known sum.

    ``inflation`` is the factor that the standard errors exceed at least, a float rounded down; infinite where the known
    sums contradict each other in this box.
    """

    box: Box
    rows: tuple[tuple[int, ...], ...]
    prices: tuple[Fraction, ...]
    inflation: float


def probabilities(model: Model, box: Box) -> list[tuple[Fraction, Fraction]]:
    """Smallest and largest fitted probability of each pattern in the box, widened outward by less than 2^-43."""
    found = []
    for pattern in model.patterns:
        lo, hi = box.baseline
        for present, (low, high) in zip(pattern, box.ratios, strict=True):
            if present:
                lo, hi = lo * low, hi * high
        lo, hi = lo / (1 + lo), hi / (1 + hi)
        below = lo.numerator * GRID // lo.denominator
        above = -(-hi.numerator * GRID // hi.denominator)
        found.append((Fraction(below, GRID), Fraction(above, GRID)))
    return found


def piece(model: Model, box: Box, rows: Sequence[Sequence[int]], prices: Sequence[Fraction]) -> Piece:
    """The bound that any rows and prices prove for a box, exactly; poor ones give a poor bound, never a wrong one.

    rows: one row of p + 1 whole numbers for each covariate, the constant first. prices: one for each known sum; the
    first, for the number of patients, is replaced by the smallest that makes the inequality hold for every pattern.
    """
    needed = None
    for index, (pattern, (lo, hi)) in enumerate(zip(model.patterns, probabilities(model, box), strict=True)):
        weight = sum((row[0] + sum(y for y, x in zip(row[1:], pattern, strict=True) if x)) ** 2 for row in rows)
        constant = slope = Fraction(0)
        for price, known in zip(prices[1:], model.known[1:], strict=True):
            constant += price * known.patients[index]
            slope += price * known.events[index]
        here = _top(weight, slope, lo, hi) - constant
        needed = here if needed is None or here > needed else needed
    final = (needed, *prices[1:])
    above = sum(max(v * k.lo, v * k.hi) for v, k in zip(final, model.known, strict=True))
    gained = sum((Fraction(row[j + 1]) / s) ** 2 for j, (row, s) in enumerate(zip(rows, model.se, strict=True)))
    if above < 0 or (above == 0 and gained > 0):
        inflation = inf
    elif above == 0:
        inflation = 0.0
    else:
        inflation = _root_below(gained / above)
    return Piece(box, tuple(tuple(int(y) for y in row) for row in rows), final, inflation)


def covers(pieces: Sequence[Piece], whole: Box) -> bool:
    """Whether the boxes of the pieces together fill the whole box, by their exact volumes and no overlap.

    Boxes come from halving, so they fill it if each lies inside, no two overlap and the volumes add up.
    """
    sides = [[p.box.baseline, *p.box.ratios] for p in pieces]
    outer = [whole.baseline, *whole.ratios]
    inside = all(o[0] <= s[0] and s[1] <= o[1] for box in sides for s, o in zip(box, outer, strict=True))
    apart = all(
        any(a[1] <= b[0] or b[1] <= a[0] for a, b in zip(one, two, strict=True))
        for i, one in enumerate(sides)
        for two in sides[:i]
    )
    long = [k for k, (lo, hi) in enumerate(outer) if hi > lo]  # an odds ratio known exactly has no length
    return inside and apart and sum(_volume(box, long) for box in sides) == _volume(outer, long)


def _volume(sides: Sequence[tuple[Fraction, Fraction]], long: Sequence[int]) -> Fraction:
    """The product of the sides ``long``."""
    return prod((sides[k][1] - sides[k][0] for k in long), start=Fraction(1))


def _top(weight: int, slope: Fraction, lo: Fraction, hi: Fraction) -> Fraction:
    """Largest value of weight p (1 - p) - slope p for p from lo to hi."""
    if weight == 0:
        return -slope * (lo if slope >= 0 else hi)
    best = (1 - slope / weight) / 2
    p = min(max(best, lo), hi)
    return weight * p * (1 - p) - slope * p


def _root_below(square: Fraction) -> float:
    """The square root of a fraction as a float that is not above it."""
    from math import nextafter, sqrt

    root = sqrt(float(square))
    while Fraction(root) ** 2 > square:
        root = nextafter(root, 0.0)
    return root
