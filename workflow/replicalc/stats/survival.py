"""Survival: Kaplan-Meier curves, follow-up, and the log-rank test. The Cox model is in ``replicalc.stats.cox``.

Times are above or equal to 0 in one unit, which the results keep; ``event`` is 1 where the event was seen and 0
where follow-up ended without it. An event and a censoring at the same time count in that order. NaN, negative
times and other codes raise ``ValueError``.

``weights``, shape (n,), says how many patients each row stands for; None is one each. Wrong weights raise
``ValueError`` (``base.counted``).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import nan
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from replicalc.stats.base import TestResult, check_level, counted, numbers
from replicalc.stats.effect import Effect, normal

Floats = NDArray[np.float64]
_HALF = 1e-9  # a survival this near 0.5 is 0.5: the product of the steps is not exact


@dataclass(frozen=True, slots=True)
class KaplanMeier:
    """A curve: one entry for each distinct time, the survival being that from this time on.

    ``at_risk`` counts the patients still under observation just before the time, ``se`` is Greenwood's.
    """

    method: str
    n: int
    n_events: int
    times: tuple[float, ...]
    at_risk: tuple[int, ...]
    events: tuple[int, ...]
    censored: tuple[int, ...]
    survival: tuple[float, ...]
    se: tuple[float, ...]
    lo: tuple[float, ...]
    hi: tuple[float, ...]
    median: Effect
    level: float
    warning: str = ""


@dataclass(frozen=True, slots=True)
class SurvivalAt:
    """The curve read at one time."""

    time: float
    survival: float
    lo: float
    hi: float
    at_risk: int
    warning: str = ""


def kaplan_meier(
    time: ArrayLike, event: ArrayLike, level: float = 0.95, *, weights: ArrayLike | None = None
) -> KaplanMeier:
    """Kaplan-Meier estimate of survival with log-log limits, and the median with its interval.

    time, event: shape (n,). The limits are S^exp(-+ z s / log S), with s^2 = sum d / (r (r - d)) (Greenwood),
    as R's ``survfit(conf.type = "log-log")``; they are ``nan`` where S is 1 or 0. The median is the first time
    with S at or below 0.5, or half-way to the next event (or the last time) where S is 0.5 itself, as R;
    its limits are read off the limits of the curve in the same way (Brookmeyer & Crowley). What is not reached
    is ``nan`` with a warning.

    Raises ValueError as the module says. References: Kaplan & Meier 1958, doi:10.1080/01621459.1958.10501452;
    Brookmeyer & Crowley 1982, doi:10.2307/2530286.

    >>> curve = kaplan_meier([2, 3, 3, 5, 8, 9, 12], [1, 1, 0, 1, 0, 1, 0])
    >>> [round(s, 3) for s in curve.survival], curve.at_risk
    ([0.857, 0.714, 0.536, 0.536, 0.268, 0.268], (7, 6, 4, 3, 2, 1))
    >>> curve.median.value, curve.median.lo, curve.median.warning
    (9.0, 2.0, 'not reached: upper limit')
    """
    check_level(level)
    w, (time, event) = counted(weights, time, event)
    t, d = read(time, event)
    method = "Kaplan-Meier, log-log limits"
    if not t.size:
        why = "no patient: no curve"
        median = Effect("Kaplan-Meier median", nan, nan, nan, level, why)
        return KaplanMeier(method, 0, 0, *[()] * 8, median, level, why)
    times, code = np.unique(t, return_inverse=True)
    events, leaving = np.bincount(code, d * w).astype(np.int64), np.bincount(code, w).astype(np.int64)
    n = int(w.sum())
    at_risk = n - np.concatenate([[0], np.cumsum(leaving)[:-1]])
    survival = np.cumprod(1 - events / at_risk)
    left = at_risk - events
    greenwood = np.cumsum(np.divide(events, at_risk * left.astype(float), out=np.zeros(times.size), where=left > 0))
    s = np.sqrt(greenwood)
    lo, hi = np.full(times.size, nan), np.full(times.size, nan)
    inner = (survival > 0) & (survival < 1)
    log = np.log(survival[inner])
    factor = np.exp(normal(level) * s[inner] / -log)
    lo[inner], hi[inner] = np.exp(log * factor), np.exp(log / factor)
    median = Effect(
        "Kaplan-Meier median, Brookmeyer-Crowley",
        *(_first_half(times, curve) for curve in (survival, lo, hi)),
        level,
    )
    reached = [name for name, v in zip(("median", "lower limit", "upper limit"), _three(median), strict=True) if v != v]
    why = f"not reached: {', '.join(reached)}" if reached else ""
    median = Effect(median.method, *_three(median), level, why)
    warning = "" if d.any() else "no event: survival stays at 1"
    columns = (times, at_risk, events, leaving - events, survival, np.where(survival > 0, s * survival, 0.0), lo, hi)
    return KaplanMeier(method, n, int(events.sum()), *(tuple(c.tolist()) for c in columns), median, level, warning)


def survival_at(curve: KaplanMeier, times: ArrayLike) -> tuple[SurvivalAt, ...]:
    """Read a Kaplan-Meier curve at ``times``: survival, limits, and how many are still under observation.

    Before the first event survival is 1 and has no limits. Beyond the last patient's time it is ``nan`` with a
    warning, unless the curve has reached 0.

    Raises ValueError for NaN or negative times.

    >>> curve = kaplan_meier([2, 3, 3, 5, 8, 9, 12], [1, 1, 0, 1, 0, 1, 0])
    >>> [(point.time, round(point.survival, 3), point.at_risk) for point in survival_at(curve, [0, 5, 10])]
    [(0.0, 1.0, 7), (5.0, 0.536, 4), (10.0, 0.268, 1)]
    """
    wanted = numbers(times, "the times")
    if (wanted < 0).any():
        raise ValueError("the times must be at least 0")
    known = np.array(curve.times)
    out = []
    for moment in map(float, wanted):
        i = int(np.searchsorted(known, moment, side="right")) - 1
        j = int(np.searchsorted(known, moment, side="left"))
        at_risk = curve.at_risk[j] if j < known.size else 0
        if not known.size or (j == known.size and curve.survival[-1] > 0):
            out.append(SurvivalAt(moment, nan, nan, nan, at_risk, "beyond the last follow-up: not known"))
        elif i < 0:
            out.append(SurvivalAt(moment, 1.0, nan, nan, at_risk))
        else:
            out.append(SurvivalAt(moment, curve.survival[i], curve.lo[i], curve.hi[i], at_risk))
    return tuple(out)


def reverse_kaplan_meier_median(
    time: ArrayLike, event: ArrayLike, level: float = 0.95, *, weights: ArrayLike | None = None
) -> Effect:
    """Median follow-up: the Kaplan-Meier median with censoring as the event and the event as censoring.

    In the unit of ``time``, with limits as in ``kaplan_meier``. Reference: Schemper & Smith 1996,
    doi:10.1016/0197-2456(96)00075-X.

    >>> reverse_kaplan_meier_median([2, 3, 3, 5, 8, 9, 12], [1, 1, 0, 1, 0, 1, 0]).value
    12.0
    """
    w, (time, event) = counted(weights, time, event)
    t, d = read(time, event)
    median = kaplan_meier(t, 1 - d, level, weights=w).median
    return Effect("Median follow-up, reverse Kaplan-Meier", *_three(median), level, median.warning)


def logrank(time: ArrayLike, event: ArrayLike, group: ArrayLike, *, weights: ArrayLike | None = None) -> TestResult:
    """Log-rank test of k groups on k - 1 degrees of freedom, unweighted (Mantel-Cox), as R's ``survdiff``.

    group: shape (n,), one label a patient, of any type that can be sorted. The variance is hypergeometric.
    Fewer than two groups, no event, or groups that are never at risk together give ``nan`` and a warning.

    Raises ValueError as the module says, and for another number of labels.
    Reference: Peto & Peto 1972, doi:10.2307/2344317.

    >>> result = logrank([2, 3, 3, 5, 8, 9, 12, 14], [1, 1, 0, 1, 0, 1, 0, 1], list("aabbabab"))
    >>> round(result.statistic, 4), result.df
    (0.1194, 1.0)
    """
    w, (time, event, group) = counted(weights, time, event, group)
    t, d = read(time, event)
    labels, code = _labels(group, t.size)
    method = "Log-rank"
    k = len(labels)
    if k < 2:
        return TestResult(method, nan, warning="fewer than two groups: nothing to test")
    if not d.any():
        return TestResult(method, nan, warning="no event: nothing to test")
    moments = np.unique(t[d == 1])
    since = np.searchsorted(moments, t, side="right")  # how many event times the patient is at risk at
    risk, died = np.zeros((moments.size + 1, k)), np.zeros((moments.size + 1, k))
    np.add.at(risk, (since, code), w)
    np.add.at(died, (since, code), w * d)
    risk, died = np.cumsum(risk[::-1], axis=0)[::-1][1:], died[1:]
    r, e = risk.sum(1), died.sum(1)
    excess = (died - risk * (e / r)[:, None]).sum(0)
    weight = e * (r - e) / np.maximum(r - 1, 1)
    share = risk / r[:, None]
    variance = np.diag(weight @ share) - (share * weight[:, None]).T @ share
    u, v = excess[1:], variance[1:, 1:]
    if np.linalg.matrix_rank(v, tol=1e-10 * max(1.0, float(np.abs(v).max()))) < k - 1:
        return TestResult(method, nan, warning="a group is never at risk together with another: nothing to test")
    from scipy.special import chdtrc

    statistic = float(u @ np.linalg.solve(v, u))
    return TestResult(method, float(chdtrc(k - 1, statistic)), statistic, k - 1.0)


def read(time: ArrayLike, event: ArrayLike) -> tuple[Floats, Floats]:
    """Return checked times and events of one length, or raise ValueError."""
    t, d = numbers(time, "the times"), numbers(event, "the events")
    if t.size != d.size:
        raise ValueError(f"there must be one event code for each time: {t.size}, not {d.size}")
    if (t < 0).any():
        raise ValueError("the times must be at least 0")
    if not np.isin(d, (0, 1)).all():
        raise ValueError("the events must be 1 where the event was seen and 0 where not")
    return t, d


def _labels(group: ArrayLike, n: int) -> tuple[list[Any], NDArray[np.int64]]:
    given = np.asarray(group).tolist()
    if len(given) != n:
        raise ValueError(f"there must be one group for each time: {n}, not {len(given)}")
    if any(label is None or label != label for label in given):
        raise ValueError("the groups must have no missing label")
    labels = sorted(set(given))
    place = {label: i for i, label in enumerate(labels)}
    return labels, np.fromiter(map(place.__getitem__, given), np.int64, n)


def _first_half(times: Floats, curve: Floats) -> float:
    """First time at which a curve is at or below 0.5, or the middle of the time that it stays at 0.5."""
    known = np.flatnonzero(np.nan_to_num(curve, nan=1.0) <= 0.5 + _HALF)
    known = known[~np.isnan(curve[known])]
    if not known.size:
        return nan
    first = int(known[0])
    if abs(curve[first] - 0.5) > _HALF:
        return float(times[first])
    below = np.flatnonzero(curve < 0.5 - _HALF)
    return float((times[first] + times[below[0] if below.size else -1]) / 2)


def _three(effect: Effect) -> tuple[float, float, float]:
    return effect.value, effect.lo, effect.hi
