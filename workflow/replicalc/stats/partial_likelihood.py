"""The partial likelihood of the Cox model on rows that stand for any number of patients, and its maximum.

Everything is summed by distinct event time, so that the work grows with the rows and the times, not with the patients:
where D patients have the event at one time, Efron's D terms are summed in closed form but for the last few.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
_ONE_BY_ONE = 256  # so many of Efron's terms are added up; further from the singularity a series has them to 1e-15
_UNDERFLOW = 1e-280  # a risk set that weighs less beside the heaviest has lost its digits: no step leads there
_ASTRAY = 50  # standard deviations of a covariate: no estimate is that far from 0
_FLAT = 1e-13  # information that fell to this share of that at 0 is rounding: the likelihood has no maximum there


class RiskSets(NamedTuple):
    """Rows sorted by time, and for each of K event times where they lie.

    z: (n, p) standardised covariates. weights: (n,) patients of each row. first: (K,) row at which the risk set
    begins. events: rows that stand for events. at: (K,) place in ``events`` at which those of each time begin.
    """

    z: Floats
    weights: Floats
    first: Ints
    events: Ints
    at: Ints


class Pieces(NamedTuple):
    """Log partial likelihood, and score (K, p) and information (K, p, p) of each event time."""

    value: float
    score: Floats
    information: Floats


def risk_sets(t: Floats, d: Floats, z: Floats, weights: Floats) -> RiskSets:
    """Find the risk sets of rows that are sorted by time ``t``; ``d`` is 1 where a row stands for events."""
    events = np.flatnonzero(d == 1)
    moments, at = np.unique(t[events], return_index=True)
    return RiskSets(z, weights, np.searchsorted(t, moments), events, at)


def pieces(beta: Floats, ties: str, sets: RiskSets) -> Pieces:
    """Evaluate the partial likelihood at ``beta``; ties "efron" or "breslow"."""
    z, p = sets.z, sets.z.shape[1]
    eta = z @ beta
    eta = eta - eta[sets.first[0] :].max()
    weight = np.where(np.arange(len(z)) < sets.first[0], 0.0, sets.weights * np.exp(np.minimum(eta, 0.0)))
    own, counts = weight[sets.events], sets.weights[sets.events]
    chosen = z[sets.events]

    def at_risk(values: Floats) -> Floats:
        return np.cumsum(np.add.reduceat(values, sets.first)[::-1])[::-1]

    def with_event(values: Floats) -> Floats:
        return np.add.reduceat(values, sets.at)

    died = with_event(counts)
    r0, e0 = at_risk(weight), with_event(own)
    if r0.min() < _UNDERFLOW:
        nothing = np.zeros((died.size, p, p))
        return Pieces(-np.inf, nothing[:, 0], nothing)
    r0 = np.maximum(r0, e0)  # of two sums of the same numbers in two orders, where everybody left has the event
    alone = e0 <= 1e-14 * r0  # the events weigh nothing in their risk set: Efron's terms are Breslow's
    e0 = np.where(alone, r0, e0)
    sums = _breslow(died, r0)
    if ties == "efron":
        sums = _Sums(*(np.where(alone, one, two) for one, two in zip(sums, _efron(died, r0, e0), strict=True)))
    r1, e1 = (np.empty((died.size, p)) for _ in range(2))
    for j in range(p):
        r1[:, j], e1[:, j] = at_risk(weight * z[:, j]) / r0, with_event(own * chosen[:, j]) / e0
    score = np.stack([with_event(counts * chosen[:, j]) for j in range(p)], axis=1)
    score -= r1 * sums.f0[:, None] - e1 * sums.f1[:, None]
    information = np.empty((died.size, p, p))
    for j in range(p):
        for k in range(j + 1):
            r2, e2 = at_risk(weight * z[:, j] * z[:, k]) / r0, with_event(own * chosen[:, j] * chosen[:, k]) / e0
            mixed = r1[:, j] * e1[:, k] + e1[:, j] * r1[:, k]
            spread = r1[:, j] * r1[:, k] * sums.g0 - mixed * sums.g1 + e1[:, j] * e1[:, k] * sums.g2
            information[:, j, k] = information[:, k, j] = r2 * sums.f0 - e2 * sums.f1 - spread
    return Pieces(float((counts * eta[sets.events]).sum() - sums.log.sum()), score, information)


class _Sums(NamedTuple):
    """By event time, over its D terms with s = r0 - f e0: sums of log s, r0/s, f e0/s and of the products of the two.

    r0 and e0 are the weights of the risk set and of those in it who have the event.
    """

    log: Floats
    f0: Floats
    f1: Floats
    g0: Floats
    g1: Floats
    g2: Floats


def _breslow(died: Floats, r0: Floats) -> _Sums:
    none = np.zeros(died.size)
    return _Sums(died * np.log(r0), died, none, died, none, none)


def _efron(died: Floats, r0: Floats, e0: Floats) -> _Sums:
    """Sums over f = l / D, l = 0 ... D - 1, in which s = (e0 / D) (x - l) with x = D r0 / e0.

    The terms nearest to x are added up one by one; the others, a distance u = x - l of 256 and more away, by the
    Euler-Maclaurin formula from mid-point to mid-point (DLMF 2.10.1 at half steps).
    """
    x = died * (r0 / e0)
    near = np.minimum(died, _ONE_BY_ONE)
    far = died - near
    code = np.repeat(np.arange(died.size), near.astype(np.int64))
    steps = np.arange(code.size) - np.repeat(np.cumsum(near) - near, near.astype(np.int64))
    u = (x - died)[code] + 1 + steps
    log, t1, t2 = (np.bincount(code, part, died.size) for part in (np.log(u), 1 / u, 1 / u**2))
    top, low = x + 0.5, x - far + 0.5
    ratio = -np.log1p(-far / top)
    log += far * np.log(top) + low * ratio - far - (1 / top - 1 / low) / 24 + (top**-3 - low**-3) * 7 / 2880
    t1 += ratio - (low**-2 - top**-2) / 24 + (low**-4 - top**-4) * 7 / 960
    t2 += far / (top * low) - (low**-3 - top**-3) / 12 + (low**-5 - top**-5) * 7 / 240
    return _Sums(
        log - died * np.log(died / e0),
        x * t1,
        x * t1 - died,
        x * x * t2,
        x * (x * t2 - t1),
        x * x * t2 - 2 * x * t1 + died,
    )


class Maximum(NamedTuple):
    """Where the steps ended, what is there, and whether they converged."""

    beta: Floats
    at: Pieces
    converged: bool


def by_library(t: Floats, d: Floats, ties: str, sets: RiskSets) -> Floats:
    """Statsmodels' estimate, shape (p,), of the patients one by one, as it takes no weights; 0 where it went astray.

    It gets a few steps only: it stops at a precision that takes it some fifty, which ``maximise`` passes in three or
    four from there. There must be a maximum.
    """
    from statsmodels.duration.hazard_regression import PHReg

    times, z, events = (np.repeat(each, sets.weights.astype(np.int64), axis=0) for each in (t, sets.z, d))
    zero = np.zeros(z.shape[1])
    with np.errstate(all="ignore"):
        try:
            found = PHReg(times, z, events, ties=ties).fit(method="newton", disp=0, maxiter=6, warn_convergence=False)
        except np.linalg.LinAlgError:  # its steps went where the information vanishes
            return zero
    return found.params if np.abs(np.nan_to_num(found.params, nan=1e9)).max() < _ASTRAY else zero


def maximise(ties: str, sets: RiskSets, start: Floats | None = None) -> Maximum:
    """Newton steps, halved until the partial likelihood rises; it is concave, so they lead to its maximum.

    start: (p,) where to begin, if it is higher there than at 0. Where there is no maximum the steps do not converge:
    the information vanishes on the way.
    """
    beta = np.zeros(sets.z.shape[1])
    at = pieces(beta, ties, sets)
    begun = at.information.sum(0)
    size = np.sqrt(np.maximum(np.diag(begun), np.finfo(float).tiny))
    if np.linalg.eigvalsh(begun / np.outer(size, size))[0] < 1e-12:
        return Maximum(beta, at, False)
    turn = np.linalg.inv(np.linalg.cholesky(begun))  # in these coordinates the information at 0 is the unit matrix
    if start is not None and (there := pieces(start, ties, sets)).value > at.value:
        at, beta = there, start
    for _ in range(100):
        information = turn @ at.information.sum(0) @ turn.T
        if np.linalg.eigvalsh(information)[0] < _FLAT:
            break
        step = turn.T @ np.linalg.solve(information, turn @ at.score.sum(0))
        step *= min(1.0, 5.0 / max(float(np.abs(step).max()), 5.0))
        near = np.abs(step).max() < 1e-9 * (1 + np.abs(beta).max())  # the error left after it is that squared
        for _ in range(30):
            after = pieces(beta + step, ties, sets)
            if after.value >= at.value - 1e-12 * abs(at.value):
                break
            step /= 2
        at, beta = after, beta + step
        if near:
            return Maximum(beta, at, True)
    return Maximum(beta, at, False)
