"""One effect with its confidence interval: what the comparisons of proportions return."""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, nan

from replicalc.stats.base import whole_number


@dataclass(frozen=True, slots=True)
class Effect:
    """A difference or a ratio with its limits at confidence ``level``; ``nan`` is not defined, ``warning`` says why."""

    method: str
    value: float
    lo: float
    hi: float
    level: float
    warning: str = ""


def normal(level: float) -> float:
    """The two-sided normal quantile: 1.95996 for 0.95."""
    from scipy.special import ndtri

    return float(ndtri((1 + level) / 2))


def on_log_scale(method: str, ratio: float, se: float, level: float, warning: str = "") -> Effect:
    """A ratio above 0 with limits ratio exp(-+ z se), ``se`` being the standard error of its logarithm."""
    factor = exp(normal(level) * se)
    return Effect(method, ratio, ratio / factor, ratio * factor, level, warning)


def undefined(method: str, level: float, warning: str, value: float = nan) -> Effect:
    """An effect without limits, and without a value unless one is given."""
    return Effect(method, value, nan, nan, level, warning)


def count_of(count: int, total: int) -> tuple[int, int]:
    """Return a checked count and its total, or raise ValueError."""
    count, total = whole_number(count, "a count"), whole_number(total, "a total")
    if count > total:
        raise ValueError(f"a count of {count} cannot exceed its total of {total}")
    return count, total


def wilson(p: float, n: float, level: float) -> tuple[float, float]:
    """Wilson's limits for a proportion ``p`` of ``n``, which need not be whole (an effective sample size)."""
    z2 = normal(level) ** 2
    centre, half = p + z2 / (2 * n), (z2 * (p * (1 - p) / n + z2 / (4 * n * n))) ** 0.5
    lo, hi = (centre - half) / (1 + z2 / n), (centre + half) / (1 + z2 / n)
    return (0.0 if p == 0 else max(0.0, lo)), (1.0 if p == 1 else min(1.0, hi))
