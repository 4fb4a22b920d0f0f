"""The likelihood of a logistic regression on covariate patterns that stand for any number of patients, and its maximum.

Statsmodels finds it, of so many patterns as it takes in a second; beyond, Newton steps that hold nothing but sums.
"""

from __future__ import annotations

from math import nan, sqrt
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from replicalc.stats.separation import Separation, binary, overlapping

Floats = NDArray[np.float64]
#: Covariate patterns up to which the library fits, and Firth's profile likelihood is searched (some hundred fits a
#: covariate).
MOST_PATTERNS = 200_000


class Maximum(NamedTuple):
    """Estimates, shape (p,), their covariances, the log-likelihood there, and what separates the outcomes if anything.

    ``nan`` is what has no finite estimate.
    """

    beta: Floats
    cov: Floats
    value: float
    converged: bool
    separation: str = ""


def supremum(y: Floats, z: Floats, w: Floats, *, bounded: bool = False, near: Floats | None = None) -> Maximum:
    """Maximum of the likelihood, or what it tends to under separation; unbounded coefficients are ``nan``.

    y: (n,) outcomes, 0 or 1. z: (n, p) columns, the constant among them. w: (n,) patients of each row.
    bounded: whether it is known that nothing separates the outcomes. near: (p,) about where the maximum lies.
    """
    many = y.size > MOST_PATTERNS
    if many:
        fit, proved = _newton(y, z, w, near)
        if proved:
            return fit
    k = z.shape[1]
    beta, cov = np.full(k, nan), np.full((k, k), nan)
    everybody = Separation(np.ones(y.size, dtype=bool), np.zeros(k, dtype=bool), False)
    parted = everybody if bounded else binary(y, z)
    y, z, w = y[parted.overlap], z[parted.overlap], w[parted.overlap]
    if not z.any():
        return Maximum(beta, cov, float(-w.sum() * np.log(2)), True, kind(parted))
    keep = np.flatnonzero(_independent(z))  # the bounded coefficients are the same whichever others stay
    fit = _newton(y, z[:, keep], w)[0] if many else _by_library(y, z[:, keep], w)
    beta[keep], cov[np.ix_(keep, keep)] = fit.beta, fit.cov
    beta[parted.unbounded] = cov[parted.unbounded] = cov[:, parted.unbounded] = nan
    return fit._replace(beta=beta, cov=cov, separation=kind(parted))


def _by_library(y: Floats, z: Floats, w: Floats) -> Maximum:
    """Statsmodels' binomial generalised linear model, in orthogonal columns; nothing separates ``y``.

    Its steps are not halved, and shares nearer to 0 or 1 than 2e-16 are cut: where its estimate is not the maximum, as
    the score shows, ``_newton`` finds it. The log-likelihood is summed here for the same reason.
    """
    from scipy.special import expit, log_expit
    from statsmodels.genmod.families import Binomial
    from statsmodels.genmod.generalized_linear_model import GLM

    n = float(w.sum())
    back = np.linalg.inv(np.linalg.qr(np.sqrt(w)[:, None] * z, mode="r") / sqrt(n))
    q = z @ back
    model = GLM(y, q, family=Binomial(), freq_weights=w)
    zero = np.zeros(z.shape[1])  # its own start is at no coefficients: at a maximum of 0 it would end with wrong errors
    with np.errstate(all="ignore"):
        try:
            fit = model.fit(start_params=zero, tol=1e-12, rtol=1e-12, tol_criterion="params")
        except (ValueError, np.linalg.LinAlgError):  # weights of nan, where a step went far astray
            return _newton(y, z, w)[0]
        eta = q @ fit.params
        if not fit.converged or np.abs(q.T @ (w * (y - expit(eta)))).max() > 1e-10 * n:
            return _newton(y, z, w)[0]
    value = float((w * log_expit(np.where(y == 1, eta, -eta))).sum())
    return Maximum(back @ fit.params, back @ fit.cov_params() @ back.T, value, True)


def _newton(y: Floats, z: Floats, w: Floats, start: Floats | None = None) -> tuple[Maximum, bool]:
    """Newton steps in orthogonal columns, halved until the likelihood rises; and whether separation is ruled out."""
    from scipy.special import expit, log_expit

    n, k = float(w.sum()), z.shape[1]
    r = np.linalg.qr(np.sqrt(w)[:, None] * z, mode="r") / sqrt(n)
    failed = Maximum(np.full(k, nan), np.full((k, k), nan), nan, False), False
    if not k or len(r) < k or np.linalg.cond(r) > 1e12:
        return failed
    back = np.linalg.inv(r)
    q, sign, beta = z @ back, np.where(y == 1, 1.0, -1.0), np.zeros(k) if start is None else r @ start
    value, done = float((w * log_expit(sign * (q @ beta))).sum()), False
    for _ in range(60):
        p = expit(q @ beta)
        information = (q.T * (w * p * (1 - p))) @ q
        if np.linalg.eigvalsh(information)[0] < 1e-13 * n:  # on the way to infinity
            return failed
        if done:
            cov = back @ np.linalg.inv(information) @ back.T
            return Maximum(back @ beta, cov, value, True), overlapping(q, y - p, w)
        step = np.linalg.solve(information, q.T @ (w * (y - p)))
        done = bool(np.abs(step).max() < 1e-9 * (1 + np.abs(beta).max()))  # after it the error is that squared
        for _ in range(40):
            after = float((w * log_expit(sign * (q @ (beta + step)))).sum())
            if after >= value - 1e-13 * abs(value):
                break
            step /= 2
        beta, value = beta + step, after
    return failed


def kind(parted: Separation) -> str:
    return ("complete" if parted.complete else "quasi-complete") if parted.unbounded.any() else ""


def _independent(z: Floats) -> NDArray[np.bool_]:
    """Columns that add to those before them."""
    keep = np.zeros(z.shape[1], dtype=bool)
    r = np.linalg.qr(z, mode="r")  # its columns depend on each other as those of z do
    for j in range(z.shape[1]):
        keep[j] = True
        if np.linalg.matrix_rank(r[:, keep], tol=1e-9 * max(1.0, float(len(z)) ** 0.5)) < keep.sum():
            keep[j] = False
    return keep
