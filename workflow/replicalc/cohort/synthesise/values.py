"""Measurements on a grid: samples with printed quartiles, values within bounds, whole numbers with moments."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

#: How fast sizes grow above the third quartile: with this power of the rank.
TAIL = 3


def sample_with_quartiles(
    n: int, zeros: int, quartiles: Sequence[float], largest: float, least: float, step: float = 0.1
) -> np.ndarray:
    """Return n ascending grid values, ``zeros`` of them 0, whose type 6 quartiles are near the wanted ones.

    Values run linearly between the quartiles' positions (n + 1) q, and above the last one rise with the cube of the
    rank, because large sizes are rare; both neighbours of a position between two ranks get the quartile itself where
    they are free.
    """
    ranks = np.arange(1, n + 1)
    positions = [(n + 1) * q for q in (0.25, 0.5, 0.75)]
    anchors = [(float(zeros), 0.0 if zeros else least)]
    anchors += [(h, q) for h, q in zip(positions, quartiles, strict=True) if h > zeros and q > 0]
    anchors.append((n + 0.5, largest))
    (start, above), (end, _) = anchors[-2:]
    x = np.interp(ranks, [a for a, _ in anchors], [v for _, v in anchors])
    tail = ranks > start
    x[tail] = above + (largest - above) * ((ranks[tail] - start) / (end - start)) ** TAIL
    for h, q in zip(positions, quartiles, strict=True):
        below, above = int(np.floor(h)), int(np.ceil(h))
        if not 1 <= below <= above <= n or above <= zeros:
            continue
        if below > zeros:
            x[below - 1] = x[above - 1] = q
        elif above > below:
            x[above - 1] = q / (h - below)
    x = np.maximum.accumulate(np.round(np.maximum(x, least) / step) * step)
    x[:zeros] = 0.0
    return np.round(x, 6)


def pair_by_rank(values: np.ndarray, score: np.ndarray) -> np.ndarray:
    """Hand out ascending ``values`` in the order of ``score``: the highest score gets the highest value."""
    out = np.empty(len(values))
    out[np.argsort(score, kind="stable")] = np.sort(values)
    return out


def within_bounds(
    provisional: np.ndarray, lo: np.ndarray, hi: np.ndarray, target: np.ndarray, step: float = 0.1
) -> np.ndarray:
    """Give each patient the target value of its rank, moved into its own bounds, on the grid.

    Bounds are inclusive and must hold a grid value each.
    """
    out = pair_by_rank(target, provisional)
    low, high = np.ceil(lo / step - 1e-9), np.floor(hi / step + 1e-9)
    return np.round(np.clip(np.round(out / step), low, high) * step, 6)


def integers_with_moments(n: int, mean: float, sd: float, lo: int, hi: int, rng: np.random.Generator) -> np.ndarray:
    """Return n whole numbers between lo and hi whose mean and SD (n - 1) are as near as single steps bring them."""
    x = np.clip(np.round(rng.normal(mean, sd, n)), lo, hi)

    def miss(values: np.ndarray) -> float:
        return abs(values.mean() - mean) + abs(values.std(ddof=1) - sd)

    best = miss(x)
    for _ in range(4000):
        i, d = int(rng.integers(n)), int(rng.choice([-1, 1]))
        if not lo <= x[i] + d <= hi:
            continue
        x[i] += d
        now = miss(x)
        if now < best:
            best = now
        else:
            x[i] -= d
    return x.astype(int)
