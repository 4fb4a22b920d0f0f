"""Check a certificate that no patients have a printed model, in exact arithmetic and in Python alone.

Usage: python check_proof.py results/<study>/certificates/<model>.json. What is printed (odds ratios, limits, patients,
events) is read under "asked"; hold it against the paper. The mathematics stand on the report's page of certificates.
"""

import json
import math
import sys
from decimal import Decimal
from fractions import Fraction
from itertools import combinations, product
from statistics import NormalDist

with open(sys.argv[1], encoding="utf-8") as file:
    kept = json.load(file)
asked, pieces = kept["asked"], kept["proof"]["pieces"]
names = [term[0] for term in asked["terms"]]
z = Fraction(NormalDist().inv_cdf((1 + asked["level"]) / 2)) - Fraction(1, 10**9)


def reads(text):
    """From and to: all that prints so, rounded or cut off."""
    unit = Fraction(1, 10 ** len(text.partition(".")[2]))
    return Fraction(text) - unit / 2, Fraction(text) + unit


def log(ratio):
    """The natural logarithm, not below the true one."""
    found = (Decimal(ratio.numerator) / Decimal(ratio.denominator)).ln()
    return Fraction(found) + Fraction(1, 10**20)


# The largest standard error of each ratio that still prints its limits.
errors, ratios = [], []
for _, odds, low, high in asked["terms"]:
    (r0, r1), (l0, _), (_, h1) = reads(odds), reads(low), reads(high)
    widths = [log(h1 / r0)] + ([log(r1 / l0), log(h1 / l0) / 2] if l0 > 0 else [])
    errors.append(min(widths) / z)
    ratios.append((r0, r1))

# Patterns of the factors, and the sums that are known: name, patients of each pattern, events of each, least, most.
apart = [[names.index(name) for name in group] for group in asked["exclusive"]]
patterns = [x for x in product((0, 1), repeat=len(names)) if all(sum(x[i] for i in group) < 2 for group in apart)]
zero, one = [0] * len(patterns), [1] * len(patterns)
sums = [(one, zero, *asked["n"]), (zero, one, *asked["events"])]
for where, *known in asked["margins"]:
    here = [int(all(x[names.index(name)] == value for name, value in where.items())) for x in patterns]
    sums += [(here, zero, *known[0])] if known[0] is not None else []
    sums += [(zero, here, *known[1])] if known[1] is not None else []

# Where the constant can lie: the share of events is between the smallest and the largest fitted probability.
(n0, n1), (e0, e1) = asked["n"], asked["events"]
first = [Fraction(e0, n1 - e0), Fraction(e1, n0 - e1)]
for low, high in ratios:
    first = [first[0] / max(high, 1), first[1] / min(low, 1)]
whole = [tuple(first), *ratios]

boxes = [[tuple(map(Fraction, side)) for side in piece["box"]] for piece in pieces]
# The boxes lie inside the whole, none overlaps another, and their volumes add up to it.
if not all(w[0] <= s[0] <= s[1] <= w[1] for box in boxes for s, w in zip(box, whole, strict=True)):
    sys.exit("a box lies outside the range of the coefficients: the proof does not hold")
for one_box, other in combinations(boxes, 2):
    if not any(s[1] <= t[0] or t[1] <= s[0] for s, t in zip(one_box, other, strict=True)):
        sys.exit("two boxes overlap: the proof does not hold")
long = [k for k, (low, high) in enumerate(whole) if high > low]
volumes = [math.prod(box[k][1] - box[k][0] for k in long) for box in [whole, *boxes]]
if sum(volumes[1:]) != volumes[0]:
    sys.exit("the boxes leave a gap: the proof does not hold")

# In each box: prices that bound every pattern, and with them how far the standard errors are exceeded.
least = math.inf
for number, (piece, box) in enumerate(zip(pieces, boxes, strict=True), start=1):
    prices = [Fraction(price) for price in piece["prices"]]
    for i, x in enumerate(patterns):
        sides = [box[0], *(side for side, has in zip(box[1:], x, strict=True) if has)]
        low, high = (math.prod(side[k] for side in sides) for k in (0, 1))
        low, high = low / (1 + low), high / (1 + high)
        g = sum((row[0] + sum(y for y, has in zip(row[1:], x, strict=True) if has)) ** 2 for row in piece["rows"])
        a = sum(v * known[0][i] for v, known in zip(prices, sums, strict=True))
        b = sum(v * known[1][i] for v, known in zip(prices, sums, strict=True))
        # g p (1 - p) - b p is largest at its vertex, or at the end of the range that is nearer to it.
        p = min(max((1 - b / g) / 2, low), high) if g else (low if b > 0 else high)
        if g * p * (1 - p) > a + b * p:
            sys.exit(f"the prices do not bound pattern {x} in box {number}: the proof does not hold")
    right = sum(max(v * known[2], v * known[3]) for v, known in zip(prices, sums, strict=True))
    left = sum((Fraction(row[j + 1]) / s) ** 2 for j, (row, s) in enumerate(zip(piece["rows"], errors, strict=True)))
    if right > 0:  # otherwise nobody can be in this box
        least = min(least, math.sqrt(left / right))
if least <= 1:
    sys.exit(f"the standard errors need to be only {least:.4f} times those printed: nothing is proven")
for name, odds, low, high in asked["terms"]:
    print(f"{name}: {odds} ({low} to {high})")
print(f"{n0} to {n1} patients, {e0} to {e1} events" if (n0, e0) != (n1, e1) else f"{n0} patients, {e0} events")
print(f"{len(boxes)} boxes without a gap; a standard error is at least {least:.4f} times the largest that prints so:")
print("no patients have this model.")
