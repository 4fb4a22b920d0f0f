"""Two independent estimates of the same thing, printed and new: their difference, and what was to be expected."""

from __future__ import annotations

from math import asin, isfinite, sin, sqrt

from replicalc.stats.base import Interval, check_level
from replicalc.stats.effect import Effect, normal, undefined


def by_limits(a: tuple[float, float, float], b: tuple[float, float, float], level: float, method: str) -> Effect:
    """Difference of two estimates (value, lo, hi): the distances to their limits, squared and added.

    With Wilson's limits of two shares this is Newcombe's method 10. ``method`` is the name that it gets. Limits that
    are missing give a difference without limits.

    Reference: Zou & Donner 2008, doi:10.1002/sim.3095; Newcombe 1998,
    doi:10.1002/(SICI)1097-0258(19980430)17:8<873::AID-SIM779>3.0.CO;2-I.

    >>> found = by_limits((0.8, 0.6923, 0.8777), (0.6, 0.4904, 0.7004), 0.95, "Newcombe")
    >>> round(found.value, 4), round(found.lo, 4), round(found.hi, 4)
    (0.2, 0.0528, 0.3343)
    """
    check_level(level)
    d = a[0] - b[0]
    if not all(map(isfinite, (*a, *b))):
        return undefined(method, level, "an estimate has no interval: the difference has none", d)
    lo = d - sqrt((a[0] - a[1]) ** 2 + (b[2] - b[0]) ** 2)
    hi = d + sqrt((a[2] - a[0]) ** 2 + (b[0] - b[1]) ** 2)
    return Effect(method, d, lo, hi, level)


def welch(a: tuple[float, float, int], b: tuple[float, float, int], level: float) -> Effect:
    """Difference of two means, each given as (mean, SD, n), with Welch's limits.

    Fewer than two values, or no spread at all, give no limits. Reference: Welch 1947, doi:10.1093/biomet/34.1-2.28.

    >>> found = welch((48.1, 9.0, 200), (50.2, 9.5, 120), 0.95)
    >>> round(found.value, 2), round(found.lo, 3), round(found.hi, 3)
    (-2.1, -4.219, 0.019)
    """
    from scipy.special import stdtrit

    check_level(level)
    (mean_a, sd_a, n_a), (mean_b, sd_b, n_b) = a, b
    d = mean_a - mean_b
    if min(n_a, n_b) < 2 or not sd_a + sd_b > 0:
        return undefined("Welch", level, "a mean without spread or of fewer than two values: no interval", d)
    v_a, v_b = sd_a**2 / n_a, sd_b**2 / n_b
    df = (v_a + v_b) ** 2 / (v_a**2 / (n_a - 1) + v_b**2 / (n_b - 1))
    half = float(stdtrit(df, (1 + level) / 2)) * sqrt(v_a + v_b)
    return Effect("Welch", d, d - half, d + half, level)


def prediction(published: float, se_published: float, se_new: float, level: float) -> Interval:
    """Where a new estimate is to be expected if both studies look at the same truth.

    On the scale on which both are about normal: published -+ z sqrt(se_published^2 + se_new^2).
    Reference: Patil, Peng & Leek 2016, doi:10.1177/1745691616646366.

    >>> found = prediction(0.8545, 0.3494, 0.15, 0.95)
    >>> round(found.lo, 4), round(found.hi, 4)
    (0.1092, 1.5998)
    """
    check_level(level)
    half = normal(level) * sqrt(se_published**2 + se_new**2)
    return Interval("prediction interval", published - half, published + half, level)


def angle(share: float) -> float:
    """A share between 0 and 1 as the angle 2 asin(sqrt(share)), on which the standard error is 1 / sqrt(n).

    >>> round(angle(0.5), 4)
    1.5708
    """
    return 2 * asin(sqrt(min(1.0, max(0.0, share))))


def share_of(value: float) -> float:
    """The share of an angle; an angle beyond those of 0 and 1 is cut there.

    >>> round(share_of(angle(0.206)), 4)
    0.206
    """
    from math import pi

    return sin(min(pi, max(0.0, value)) / 2) ** 2
