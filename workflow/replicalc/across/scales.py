"""The scale on which an estimate is about normal: its standard error there, and the way back to what a reader knows.

Ratios: the logarithm. Intraclass correlations: Fisher's z. Shares and differences of two shares: the angle
2 asin(sqrt(share)), so a difference is Cohen's h. Means: themselves. Every effect is measured from 'no effect'.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from replicalc.across.measures import COUNT, ICC, MEAN, RATIO, SHARE, TEST
from replicalc.across.sides import Side

#: What the unit of an effect is called when it has come back from its scale.
UNIT = {RATIO: "ratio", ICC: "ICC", SHARE: "percent", COUNT: "percent", MEAN: "unit of the mean", TEST: "Cohen's h"}
#: What the difference of two estimates is given in.
DIFFERENCE = {RATIO: "ratio of ratios", SHARE: "percentage points", COUNT: "percentage points"} | {
    TEST: "percentage points, difference of the two differences",
    ICC: "ICC",
    MEAN: "unit of the mean",
}


class OnScale(NamedTuple):
    """An effect from its null value on (or the estimate itself where there is none), with its standard error."""

    value: float
    se: float


def on_scale(side: Side, measure: str, null: float | None) -> OnScale | None:
    """Put a side on its scale; None where an interval, a number of patients or a finite estimate is missing."""
    from replicalc.stats.two_estimates import angle

    found = None
    if measure == RATIO:
        found = _log(side)
    elif measure == ICC and side.n is not None:
        from replicalc.stats.telescope import fisher_z

        found = OnScale(*fisher_z(side.value, side.n))
    elif measure in (SHARE, COUNT) and side.n_effective > 0:
        middle = 0.0 if null is None else angle(null / 100)
        found = OnScale(angle(side.value / 100) - middle, 1 / math.sqrt(side.n_effective))
    elif measure == MEAN and side.n and side.sd > 0:
        found = OnScale(side.value, side.sd / math.sqrt(side.n))
    elif measure == TEST and len(side.groups) == 2:
        one, two = side.groups
        found = OnScale(angle(one.share) - angle(two.share), math.sqrt(1 / one.n + 1 / two.n))
    ok = found is not None and math.isfinite(found.value) and math.isfinite(found.se) and found.se > 0
    return found if ok else None


def _log(side: Side) -> OnScale | None:
    from replicalc.stats.effect import normal

    limits = (side.lo, side.value, side.hi)
    if not all(math.isfinite(each) and each > 0 for each in limits) or not side.hi > side.lo:
        return None
    return OnScale(math.log(side.value), math.log(side.hi / side.lo) / (2 * normal(side.level)))


def back(value: float, measure: str, null: float | None) -> float:
    """Turn a value of the scale into the reader's unit (percent for shares); a difference of two shares stays an h."""
    from replicalc.stats.two_estimates import angle, share_of

    if measure == RATIO:
        return math.exp(value)
    if measure == ICC:
        return math.tanh(value)
    if measure in (SHARE, COUNT):
        return 100 * share_of(value + (0.0 if null is None else angle(null / 100)))
    return value
