"""Bivariate random-effects pooling of sensitivity and specificity (Reitsma), with the SROC curve (Harbord)."""

from __future__ import annotations

from dataclasses import dataclass
from math import log, nan, sqrt
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from replicalc.stats.base import Interval, check_choice, check_level, join, numbers
from replicalc.stats.effect import normal

Floats = NDArray[np.float64]
Points = tuple[tuple[float, float], ...]
_BOUND = 1e-5  # a correlation this near -1 or 1, or a variance this near 0 of the other, sits on its bound
_FEW = 6  # the model has five parameters: with fewer studies than this they are hardly identified


@dataclass(frozen=True, slots=True)
class SROC:
    """Rutter and Gatsonis's parameters, and the curve as points (false positive rate, sensitivity)."""

    accuracy: float
    threshold: float
    shape: float
    accuracy_variance: float
    threshold_variance: float
    curve: Points
    warning: str = ""


@dataclass(frozen=True, slots=True)
class Bivariate:
    """Summary sensitivity and specificity; ``mu``, ``cov`` and the variances are of their logits.

    The regions are closed lines of points (false positive rate, sensitivity).
    """

    method: str
    k: int
    sensitivity: float
    sensitivity_interval: Interval
    specificity: float
    specificity_interval: Interval
    mu: tuple[float, float]
    cov: tuple[tuple[float, float], tuple[float, float]]
    variance_sensitivity: float
    variance_specificity: float
    correlation: float
    log_likelihood: float
    confidence_region: Points
    prediction_region: Points
    sroc: SROC
    converged: bool
    level: float
    warning: str = ""


def bivariate(
    tp: ArrayLike,
    fp: ArrayLike,
    fn: ArrayLike,
    tn: ArrayLike,
    level: float,
    *,
    method: Literal["REML", "ML"],
    correction: Literal["all", "single", "none"],
) -> Bivariate:
    """Reitsma's bivariate normal model of logit sensitivity and logit specificity across ``k`` studies.

    tp, fp, fn, tn: shape (k,), the tables of the studies.
    method: "REML" or "ML" for the variances between studies. The restricted ``log_likelihood`` is without
        metafor's constant log det(X'X) / 2, which is log k here.
    correction: where any cell is 0, 0.5 is added to the four cells of every study ("all", as R's mada), of the
        studies that have an empty cell ("single"), or not at all ("none": an empty cell then gives ``nan``).

    Within a study the logits are independent with variances 1/tp + 1/fn and 1/tn + 1/fp. Limits are normal on
    the logit scale. The confidence region holds the summary point, the prediction region a further study's
    true values; both are ellipses of chi-squared on 2 degrees of freedom on the logit scale, as in mada (Stata's
    metandi takes F on 2 and k - 2, wider for few studies). The SROC curve is logit(sensitivity) =
    accuracy exp(-shape / 2) + exp(-shape) logit(false positive rate), drawn over the rates of the studies;
    ``shape`` = log(sd specificity / sd sensitivity), and where a variance is 0 it is not defined.

    The warning says when the between-study correlation sits on its bound of -1 or 1, when a variance is 0 (the
    correlation is then ``nan``), and when there are fewer than 6 studies for the five parameters. Fewer than
    two studies, or a study without diseased or without healthy patients, give ``nan``.

    Raises ValueError for counts that are not whole or negative, unequal lengths or an unknown option.
    References: Reitsma et al. 2005, doi:10.1016/j.jclinepi.2005.02.022; Harbord et al. 2007,
    doi:10.1093/biostatistics/kxl004; Rutter & Gatsonis 2001, doi:10.1002/sim.942.

    >>> tp, fn = [47, 126, 19, 36, 130, 84], [9, 51, 10, 3, 19, 2]
    >>> tn, fp = [738, 1543, 192, 276, 959, 89], [101, 272, 12, 78, 211, 68]
    >>> result = bivariate(tp, fp, fn, tn, 0.95, method="REML", correction="none")
    >>> round(result.sensitivity, 3), round(result.specificity, 3), result.warning
    (0.856, 0.826, '')
    """
    check_choice(method, ("REML", "ML"), "the method")
    check_choice(correction, ("all", "single", "none"), "the correction")
    check_level(level)
    cells = np.array([_counts(*given) for given in zip((tp, fp, fn, tn), _CELLS, strict=True)], dtype=object)
    if len({column.size for column in cells}) > 1:
        raise ValueError("the four counts must be equally many: one of each for every study")
    table = np.stack([np.asarray(column, dtype=float) for column in cells], axis=1)
    name, k = f"Bivariate normal model (Reitsma 2005), {method}", len(table)
    if k < 2:
        return _undefined(name, k, level, "fewer than two studies: nothing to pool")
    if not ((table[:, 0] + table[:, 2]).all() and (table[:, 1] + table[:, 3]).all()):
        return _undefined(name, k, level, "a study has no diseased or no healthy patient: leave it out")
    empty = (table == 0).any(1)
    note = ""
    if empty.any():
        if correction == "none":
            return _undefined(name, k, level, f"{empty.sum()} of {k} studies have an empty cell and no correction")
        which = np.ones(k, dtype=bool) if correction == "all" else empty
        table = table + 0.5 * which[:, None]
        note = f"0.5 added to the cells of {which.sum()} of {k} studies"
    a, b, c, d = table.T
    y = np.stack([np.log(a / c), np.log(d / b)], axis=1)
    within = np.zeros((k, 2, 2))
    within[:, 0, 0], within[:, 1, 1] = 1 / a + 1 / c, 1 / d + 1 / b
    between, value, converged = _between(y, within, method == "REML")
    mu, cov = _mean(y, within, between)[:2]
    s1, s2 = sqrt(between[0, 0]), sqrt(between[1, 1])
    floor = _BOUND * (sqrt(float(within[:, 0, 0].min())) + sqrt(float(within[:, 1, 1].min())))
    zero = [what for what, sd in (("sensitivity", s1), ("specificity", s2)) if sd < floor]
    rho = float(np.clip(between[0, 1] / (s1 * s2), -1, 1)) if not zero else nan
    notes = [note]
    if zero:
        notes.append(f"the variance of {' and '.join(zero)} between studies is estimated as 0: no correlation")
    elif abs(rho) > 1 - _BOUND:
        notes.append(f"the correlation between studies sits on its bound of {round(rho)}: it is not identified")
    if k < _FEW:
        notes.append(f"{k} studies for the five parameters: the variances between studies are hardly known")
    notes.append("" if converged else "the iteration did not converge")
    limits = [(m - normal(level) * sqrt(v), m + normal(level) * sqrt(v)) for m, v in zip(mu, np.diag(cov), strict=True)]
    intervals = [Interval("normal on the logit scale", *map(_expit, pair), level) for pair in limits]
    return Bivariate(
        name, k, _expit(mu[0]), intervals[0], _expit(mu[1]), intervals[1], (float(mu[0]), float(mu[1])),
        tuple(tuple(row) for row in cov.tolist()), float(between[0, 0]), float(between[1, 1]), rho, value,
        _ellipse(mu, cov, level), _ellipse(mu, cov + between, level), _sroc(mu, between, bool(zero), b / (b + d)),
        converged, level, join(*notes),
    )  # fmt: skip


_CELLS = ("true positives", "false positives", "false negatives", "true negatives")


def _counts(values: ArrayLike, what: str) -> Floats:
    counts = numbers(values, f"the numbers of {what}")
    if (counts < 0).any() or (counts != np.rint(counts)).any():
        raise ValueError(f"the numbers of {what} must be whole numbers of at least 0")
    return counts


def _mean(y: Floats, within: Floats, between: Floats) -> tuple[Floats, Floats, Floats]:
    """Weighted mean of the studies, its covariance, and the weights (the inverse variances)."""
    w = np.linalg.inv(within + between)
    cov = np.linalg.inv(w.sum(0))
    return cov @ np.einsum("kij,kj->i", w, y), cov, w


def _between(y: Floats, within: Floats, restricted: bool) -> tuple[Floats, float, bool]:
    """Covariance between studies that maximises the (restricted) likelihood, in terms of its Cholesky factor."""
    from scipy.optimize import minimize

    lower = np.tril_indices(2)

    def loss(x: Floats) -> tuple[float, Floats]:
        factor = np.zeros((2, 2))
        factor[lower] = x
        mu, cov, w = _mean(y, within, factor @ factor.T)
        r = y - mu
        wr = np.einsum("kij,kj->ki", w, r)
        value = -np.linalg.slogdet(w)[1].sum() + (wr * r).sum() + (len(y) * 2 - 2 * restricted) * log(2 * np.pi)
        slope = w.sum(0) - wr.T @ wr
        if restricted:
            value += np.linalg.slogdet(w.sum(0))[1]
            slope = slope - np.einsum("kij,jl,klm->im", w, cov, w)
        return value / 2, (slope @ factor)[lower]

    spread = np.sqrt(np.maximum(y.var(0), 1e-4))
    starts = [np.array([spread[0] * s, spread[1] * s * r, spread[1] * s * sqrt(1 - r * r)])
              for s in (0.3, 1.0) for r in (-0.8, 0.0, 0.8)]  # fmt: skip
    fits = [minimize(loss, start, jac=True, method="BFGS", options={"gtol": 1e-9, "maxiter": 2000}) for start in starts]
    best = min(fits, key=lambda fit: fit.fun)
    x = _polished(loss, best.x)
    value, slope = loss(x)
    factor = np.zeros((2, 2))
    factor[lower] = x
    return factor @ factor.T, -float(value), bool(np.abs(slope).max() < 1e-6)


def _polished(loss, x: Floats) -> Floats:
    """A few Newton steps with the Hessian from differences of the gradient, kept while they make it smaller."""
    for _ in range(20):
        slope = loss(x)[1]
        size = 1e-5 * np.maximum(1e-2, np.abs(x))
        hessian = np.array([(loss(x + h)[1] - loss(x - h)[1]) / (2 * h.max()) for h in np.diag(size)])
        step = np.linalg.lstsq((hessian + hessian.T) / 2, slope, rcond=1e-10)[0]
        after = loss(x - step)
        if np.abs(after[1]).max() >= np.abs(slope).max() or after[0] > loss(x)[0] + 1e-10:
            return x
        x = x - step
    return x


def _expit(value: float) -> float:
    from scipy.special import expit

    return float(expit(value))


def _ellipse(mu: Floats, cov: Floats, level: float, n: int = 180) -> Points:
    from scipy.special import expit

    angle = np.linspace(0, 2 * np.pi, n + 1)
    size, axes = np.linalg.eigh(cov)
    radius = sqrt(-2 * log(1 - level))  # chi-squared on 2 degrees of freedom
    line = mu[:, None] + radius * (axes * np.sqrt(np.maximum(size, 0))) @ np.stack([np.cos(angle), np.sin(angle)])
    return tuple(zip(expit(-line[1]).tolist(), expit(line[0]).tolist(), strict=True))


def _sroc(mu: Floats, between: Floats, zero: bool, rates: Floats) -> SROC:
    if zero:
        return SROC(nan, nan, nan, nan, nan, (), "a variance between studies is 0: no SROC curve")
    from scipy.special import expit, logit

    s1, s2, joint = sqrt(between[0, 0]), sqrt(between[1, 1]), float(between[0, 1])
    root = sqrt(s2 / s1)
    accuracy, threshold = root * mu[0] + mu[1] / root, (root * mu[0] - mu[1] / root) / 2
    x = np.linspace(logit(rates.min()), logit(rates.max()), 101)
    curve = zip(expit(x).tolist(), expit(accuracy / root + x / root**2).tolist(), strict=True)
    variances = 2 * (s1 * s2 + joint), (s1 * s2 - joint) / 2
    note = "" if joint <= 0 else "the correlation is positive: the curve need not follow the studies"
    return SROC(float(accuracy), float(threshold), log(s2 / s1), *variances, tuple(curve), note)


def _undefined(name: str, k: int, level: float, why: str) -> Bivariate:
    none = Interval("normal on the logit scale", nan, nan, level, why)
    sroc = SROC(nan, nan, nan, nan, nan, (), why)
    hole = ((nan, nan), (nan, nan))
    return Bivariate(
        name, k, nan, none, nan, none, (nan, nan), hole, nan, nan, nan, nan, (), (), sroc, False, level, why
    )
