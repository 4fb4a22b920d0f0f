"""Pooling of published ratios: inverse variance, random effects, heterogeneity. Two-dimensional: ``bivariate``."""

from __future__ import annotations

from dataclasses import dataclass
from math import log, nan, sqrt
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from replicalc.stats.base import check_choice, check_level, join, numbers
from replicalc.stats.effect import normal

Floats = NDArray[np.float64]
Method = Literal["fixed", "DerSimonian-Laird", "REML"]
_NAMES = {
    "fixed": "Fixed effect, inverse variance",
    "DerSimonian-Laird": "Random effects, DerSimonian-Laird",
    "REML": "Random effects, REML",
}


class LogEstimate(NamedTuple):
    """A ratio on the log scale with its standard error."""

    value: float
    se: float


@dataclass(frozen=True, slots=True)
class Pooled:
    """A pooled estimate on the scale of the estimates (the log scale, for ratios), and how the studies differ.

    ``weights`` are shares of 1. ``tau2`` is the variance between studies; ``i2`` its share, 0 to 1, of the
    variance of a typical study; ``q`` Cochran's statistic on ``df`` degrees of freedom.
    """

    method: str
    k: int
    value: float
    se: float
    lo: float
    hi: float
    statistic: float
    p: float
    tau2: float
    i2: float
    q: float
    df: float
    p_q: float
    predict_lo: float
    predict_hi: float
    weights: tuple[float, ...]
    level: float
    warning: str = ""


def from_interval(estimate: float, lo: float, hi: float, level: float) -> LogEstimate:
    """Log of a ratio, and its standard error (log hi - log lo) / (2 z), from the printed estimate and limits.

    Raises ValueError unless 0 < lo <= estimate <= hi, lo < hi. The printed digits bound the precision; that the
    estimate lies in the middle of its limits on the log scale is for the caller to check.
    Reference: Parmar, Torri & Stewart 1998,
    doi:10.1002/(SICI)1097-0258(19981230)17:24<2815::AID-SIM110>3.0.CO;2-8.

    >>> value, se = from_interval(2.30, 1.40, 3.77, 0.95)
    >>> round(value, 4), round(se, 4)
    (0.8329, 0.2527)
    """
    check_level(level)
    values = numbers([estimate, lo, hi], "the estimate and its limits")
    if not (0 < values[1] <= values[0] <= values[2] and values[1] < values[2]):
        raise ValueError(f"a ratio and its limits must be 0 < lo <= estimate <= hi, not {lo}, {estimate}, {hi}")
    return LogEstimate(log(estimate), (log(hi) - log(lo)) / (2 * normal(level)))


def pool(
    log_estimates: ArrayLike, ses: ArrayLike, method: Method, level: float, *, knapp_hartung: bool = False
) -> Pooled:
    """Pool estimates of one effect, given on a scale on which they are about normal (log ratios).

    log_estimates, ses: shape (k,), the estimates and their standard errors.
    method: "fixed"; "DerSimonian-Laird", the moment estimate of tau2; "REML", restricted maximum likelihood.
    knapp_hartung: limits from t on k - 1 degrees of freedom with the residual variance, as they are (never
        narrowed or widened to the normal ones); a factor below 1 is noted. Only with random effects.

    The limits are normal otherwise. ``i2`` is tau2 over tau2 plus the typical variance (Higgins & Thompson;
    with "fixed" (Q - df) / Q, at least 0). The prediction interval, for the effect in a further study, is
    value -+ t(k - 2) sqrt(tau2 + se^2), with the ``se`` of the limits; it needs three studies and random
    effects. One study is itself, and nothing is known of heterogeneity; none gives ``nan``.

    Raises ValueError for NaN, standard errors not above 0, or an option that does not fit.
    References: DerSimonian & Laird 1986, doi:10.1016/0197-2456(86)90046-2; Higgins & Thompson 2002,
    doi:10.1002/sim.1186; Knapp & Hartung 2003, doi:10.1002/sim.1482; Viechtbauer 2005,
    doi:10.3102/10769986030003261; Higgins, Thompson & Spiegelhalter 2009,
    doi:10.1111/j.1467-985X.2008.00552.x.

    >>> result = pool([0.8, 0.3, 1.2, 0.1], [0.25, 0.2, 0.4, 0.3], "REML", 0.95, knapp_hartung=True)
    >>> [round(value, 3) for value in (result.value, result.lo, result.hi, result.tau2, result.i2)]
    [0.547, -0.185, 1.279, 0.111, 0.599]
    """
    check_choice(method, tuple(_NAMES), "the method of pooling")
    check_level(level)
    y, s = numbers(log_estimates, "the estimates"), numbers(ses, "the standard errors")
    if y.size != s.size:
        raise ValueError(f"there must be one standard error for each estimate: {y.size}, not {s.size}")
    if (s <= 0).any():
        raise ValueError("the standard errors must be above 0")
    random = method != "fixed"
    if knapp_hartung and not random:
        raise ValueError("Knapp and Hartung's limits go with random effects, not with a fixed effect")
    name = _NAMES[method] + (", Knapp-Hartung" if knapp_hartung else "")
    k, v = y.size, s**2
    if not k:
        return Pooled(name, 0, *[nan] * 13, (), level, "no study: nothing to pool")
    from scipy.special import chdtrc, ndtr, stdtr, stdtrit

    w = 1 / v
    q = float(w @ (y - w @ y / w.sum()) ** 2)
    df = k - 1
    tau2 = 0.0
    if random and k > 1:
        tau2 = max(0.0, (q - df) / (w.sum() - (w**2).sum() / w.sum())) if method != "REML" else _reml(y, v)
    w = 1 / (v + tau2)
    value, se = float(w @ y / w.sum()), sqrt(1 / w.sum())
    notes = []
    if k == 1:
        notes.append("one study: heterogeneity is not known")
    quantile = normal(level)
    if knapp_hartung:
        factor = float(w @ (y - value) ** 2) / df if df else nan
        if factor < 1:
            notes.append("the Hartung-Knapp factor is below 1: the standard error is smaller than without it")
        se *= sqrt(factor) if df else nan
        quantile = float(stdtrit(df, (1 + level) / 2)) if df else nan
    statistic = value / se if se > 0 else nan
    p = float(2 * (stdtr(df, -abs(statistic)) if knapp_hartung and df else ndtr(-abs(statistic))))
    half = quantile * se
    predict = nan
    if random and k > 2:
        predict = float(stdtrit(k - 2, (1 + level) / 2)) * sqrt(tau2 + se**2)
    elif random:
        notes.append("fewer than three studies: no prediction interval")
    i2 = nan
    if k > 1:
        typical = df * (1 / v).sum() / ((1 / v).sum() ** 2 - (1 / v**2).sum())
        i2 = tau2 / (tau2 + typical) if random else max(0.0, (q - df) / q) if q > 0 else 0.0
    if k == 1:
        tau2, q, p_q = (nan if random else 0.0), nan, nan
    else:
        p_q = float(chdtrc(df, q))
    return Pooled(
        name, k, value, se, value - half, value + half, statistic, p, float(tau2), float(i2), q, float(df), p_q,
        value - predict, value + predict, tuple((w / w.sum()).tolist()), level, join(*notes),
    )  # fmt: skip


def _reml(y: Floats, v: Floats) -> float:
    """The tau2 that maximises the restricted likelihood: the best of a grid, then the root of its derivative."""
    from scipy.optimize import brentq

    def centred(tau2: float) -> tuple[Floats, Floats]:
        w = 1 / (v + tau2)
        return w, y - w @ y / w.sum()

    def deviance(tau2: float) -> float:
        w, r = centred(tau2)
        return float(-np.log(w).sum() + np.log(w.sum()) + w @ r**2)

    def slope(tau2: float) -> float:
        w, r = centred(tau2)
        return float(w.sum() - (w**2).sum() / w.sum() - w**2 @ r**2)

    top = 10 * (float(y.var()) + float(v.max()))
    grid = np.concatenate([[0.0], np.geomspace(1e-8 * top, top, 400)])
    best = int(np.argmin([deviance(value) for value in grid]))
    if best == 0 and slope(0.0) >= 0:
        return 0.0
    low, high = grid[max(0, best - 1)], grid[min(grid.size - 1, best + 1)]
    if slope(low) >= 0:
        return float(low)
    return float(brentq(slope, low, high, xtol=1e-16 * top, rtol=1e-14))
