"""Whole numbers with a given sum and sum of squares: the witness of a printed mean and standard deviation."""

from __future__ import annotations

from math import isqrt

#: Steps of one search.
MOST_STEPS = 20_000
#: Up to so many values a search prefers an unremarkable sample to a quick one.
MOST_USUAL = 300
#: Values placed one by one; two calls of a function each.
DEEPEST = 400


def values_with(n: int, total: int, square: int, ends) -> tuple[int, ...] | None:
    """n whole numbers between the ends with this sum and sum of squares; () if not decided, None if there are none.

    Each value is not farther from the middle than the one before; a branch ends where even equal values have a larger
    sum of squares (Cauchy-Schwarz, sharp for whole numbers), or the farthest ones allowed a smaller one.
    """
    middle = total // n
    low = None if ends[0] is None else ends[0] - middle
    high = None if ends[1] is None else ends[1] - middle
    steps, depth = [MOST_STEPS], [0]
    dead: set[tuple[int, int, int, int]] = set()

    def place(k: int, s: int, q: int, far: int) -> list[int] | None:
        whole, rest = divmod(s, k)
        least = (k - rest) * whole * whole + rest * (whole + 1) * (whole + 1)
        if q < least or q > k * far * far or (k, s, q, far) in dead:
            return None
        if (low is not None and s < k * low) or (high is not None and s > k * high):
            return None
        if low is not None and high is not None and q > (low + high) * s - k * low * high:
            return None  # (x - low)(high - x) is not below 0 for any value
        if q == least:
            out = [whole] * (k - rest) + [whole + 1] * rest
            return out if all(_within(v, low, high) and abs(v) <= far for v in out) else None
        if k == 1 or steps[0] <= 0:
            return None
        if k > MOST_USUAL and _within(far, low, high) and _within(-far, low, high):
            # Of many values, pairs at both sides of the middle leave the sum as it is; some slack is left for the rest.
            pairs = min((q - least) // (2 * far * far) - 3, k // 2 - MOST_USUAL // 3)
            if pairs > 0:
                found = deeper(k - 2 * pairs, s, q - 2 * pairs * far * far, far)
                if found is not None:
                    return [far, -far] * pairs + found
        # Values of about twice the usual distance first make unremarkable samples; with many, few far ones are quick.
        smallest = isqrt((q - 1) // k) + 1
        sizes = range(min(far, isqrt(q)), smallest - 1, -1)
        if n <= MOST_USUAL:
            sizes = sorted(sizes, key=lambda size: abs(size - 2 * smallest))
        for size in sizes:
            for value in sorted((size, -size), key=lambda v: abs(s - v)):
                if not _within(value, low, high):
                    continue
                steps[0] -= 1
                found = deeper(k - 1, s - value, q - value * value, size)
                if found is not None:
                    return [value, *found]
        dead.add((k, s, q, far))
        return None

    def deeper(k: int, s: int, q: int, far: int) -> list[int] | None:
        if depth[0] >= DEEPEST:
            steps[0] = 0  # not decided, rather than deeper than Python goes
            return None
        depth[0] += 1
        found = place(k, s, q, far)
        depth[0] -= 1
        return found

    s, q = total - n * middle, square - 2 * middle * total + n * middle * middle
    found = place(n, s, q, isqrt(max(q, 0)))
    if found is not None:
        return tuple(sorted(v + middle for v in found))
    return () if steps[0] <= 0 else None


def _within(value: int, low: int | None, high: int | None) -> bool:
    return (low is None or value >= low) and (high is None or value <= high)
