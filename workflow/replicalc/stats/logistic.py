"""Logistic regression by maximum likelihood and by Firth's penalised likelihood, and the odds ratio of a table.

Patients of one covariate pattern and one outcome are counted once, with their number as frequency weight: estimates,
standard errors and likelihood are those of the patients one by one, and the work is that of the patterns.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import exp, nan, sqrt

import numpy as np
from numpy.typing import ArrayLike, NDArray

from replicalc.stats.base import check_level, counted, grouped, join, numbers, whole_number
from replicalc.stats.binomial_likelihood import MOST_PATTERNS, Maximum, kind, supremum
from replicalc.stats.effect import Effect, normal, on_log_scale, undefined
from replicalc.stats.separation import Design, binary, design, listed

Floats = NDArray[np.float64]
INTERCEPT = "(intercept)"
_ML, _FIRTH = "Logistic regression, maximum likelihood", "Logistic regression, Firth penalised likelihood"


@dataclass(frozen=True, slots=True)
class Term:
    """One term: log odds ratio for one unit of the covariate, its limits as odds ratios, Wald and LR tests."""

    name: str
    coefficient: float
    se: float
    odds_ratio: float
    lo: float
    hi: float
    z: float
    p_wald: float
    p_lr: float


@dataclass(frozen=True, slots=True)
class LogisticFit:
    """A fitted model; ``terms[0]`` is the intercept. ``events`` counts the patients with y = 1."""

    method: str
    n: int
    events: int
    events_per_variable: float
    log_likelihood: float
    converged: bool
    separation: str
    terms: tuple[Term, ...]
    level: float
    warning: str = ""

    def term(self, name: str) -> Term:
        """The term called ``name``; ValueError if there is none."""
        for term in self.terms:
            if term.name == name:
                return term
        raise ValueError(f"no term is called {name!r}")


def logistic(
    y: ArrayLike, X: ArrayLike, names: Sequence[str], level: float = 0.95, *, weights: ArrayLike | None = None
) -> LogisticFit:
    """Logistic regression of a binary outcome by maximum likelihood (statsmodels, converged to 1e-12).

    y: shape (n,), 1 for an event and 0 otherwise. X: shape (n, p), the covariates without a constant.
    names: what the p covariates are called; the intercept is added and called "(intercept)".
    level: confidence level of Wald's limits, exp(coefficient -+ z se).
    weights: shape (n,), how many patients each row stands for; 1 each if None.

    ``p_wald`` tests z = coefficient / se; ``p_lr`` is the likelihood-ratio test of the model without the
    term, on 1 degree of freedom. ``events_per_variable`` is the rarer outcome over p, the intercept not
    counted (Peduzzi et al. 1996).

    The fit is the binomial generalised linear model of the covariate patterns, with their numbers as frequency
    weights; of more than ``MOST_PATTERNS`` it is made by Newton steps here. Separation is found by a linear programme
    before anything is fitted (of more patterns it is ruled out by the residuals, where they do). The terms it affects
    have no finite estimate: they are ``nan``, but for ``p_lr``, which compares suprema of the likelihood and stays
    defined. The other terms are those of the overlapping patients, to which the likelihood tends. An outcome without
    variation, a covariate without variation and dependent covariates give ``nan`` throughout and a warning.

    Raises ValueError for NaN, an outcome other than 0 and 1, wrong weights or another shape.
    References: Albert & Anderson 1984, doi:10.1093/biomet/71.1.1; Peduzzi et al. 1996,
    doi:10.1016/S0895-4356(96)00236-3.

    >>> y, x = [0, 0, 1, 0, 1, 1, 0, 1, 1, 0], [1, 2, 2, 3, 3, 4, 4, 5, 6, 5]
    >>> fit = logistic(y, [[value] for value in x], ["grade"])
    >>> [round(value, 3) for value in (fit.terms[1].odds_ratio, fit.terms[1].lo, fit.terms[1].hi)]
    [1.617, 0.639, 4.094]
    """
    check_level(level)
    y, w, d = _read(y, X, names, weights)
    if fault := d.fault or _one_sided(y):
        return _unfitted(_ML, y, w, names, level, fault)
    columns = np.column_stack([np.ones(y.size), _raw(d)])
    full = supremum(y, columns, w)
    bounded = not full.separation  # what no combination of all columns separates none of some of them does
    without = [
        supremum(y, np.delete(columns, j, 1), w, bounded=bounded, near=_near(full, j)) for j in range(columns.shape[1])
    ]
    p_lr = [_tail(2 * (full.value - each.value)) for each in without]
    scale = np.concatenate([[1.0], d.scale])
    beta, se = full.beta / scale, np.sqrt(np.diag(full.cov)) / scale
    separation = full.separation
    if separation:
        separation += f" separation: no finite estimate for {listed([INTERCEPT, *names], np.isnan(beta))}"
    converged = full.converged and all(each.converged for each in without)
    warning = join(separation, "" if converged else "the iteration did not converge")
    z_limit = normal(level)
    limits = [(b - z_limit * s, b + z_limit * s) for b, s in zip(beta, se, strict=True)]
    terms = _terms(names, beta, se, limits, p_lr)
    return _fitted(_ML, y, w, names, full.value, converged, separation, terms, level, warning)


def firth(
    y: ArrayLike, X: ArrayLike, names: Sequence[str], level: float = 0.95, *, weights: ArrayLike | None = None
) -> LogisticFit:
    """Logistic regression by Firth's penalised likelihood: finite estimates whatever the separation.

    Arguments as ``logistic``. The penalised log-likelihood is l(b) + log det(I(b)) / 2, with I the Fisher
    information; ``log_likelihood`` is that, and depends on the units of the covariates. ``se`` comes from
    the inverse of I at the estimate; ``lo`` and ``hi`` are profile penalised likelihood limits, and ``p_lr``
    the penalised likelihood-ratio test in which the term stays in the penalty, as R's logistf. ``p_wald`` is
    beside it for comparison only. ``separation`` says whether the unpenalised likelihood has no maximum. More than
    ``MOST_PATTERNS`` different patients give ``nan`` and a warning: the profiles take some hundred fits.

    Degenerate input as in ``logistic``. References: Firth 1993, doi:10.1093/biomet/80.1.27; Heinze & Schemper
    2002, doi:10.1002/sim.1047.

    >>> y, x = [0, 0, 0, 0, 1, 1, 1, 1], [0, 0, 0, 0, 0, 1, 1, 1]
    >>> term = firth(y, [[value] for value in x], ["calcified"]).terms[1]
    >>> [round(value, 3) for value in (term.odds_ratio, term.lo, term.hi, term.p_lr)]
    [21.0, 1.092, 3589.646, 0.043]
    """
    check_level(level)
    y, w, d = _read(y, X, names, weights)
    many = f"not computed: {y.size:,} covariate patterns, more than {MOST_PATTERNS:,}" if y.size > MOST_PATTERNS else ""
    if fault := d.fault or _one_sided(y) or many:
        return _unfitted(_FIRTH, y, w, names, level, fault)
    z = np.column_stack([np.ones(y.size), d.z])
    full = _penalised(y, z, w, np.zeros(z.shape[1]))
    back = np.diag(np.concatenate([[1.0], 1 / d.scale]))  # coefficients in the units of the data
    back[0, 1:] = -d.centre / d.scale
    at_raw, se = back @ full.beta, np.sqrt(np.einsum("ij,jk,ik->i", back, full.cov, back))
    half = _chi_squared(level) / 2
    p_lr, limits, fine = [], [], full.converged
    for j, contrast in enumerate(back):
        profile = _profile(y, z, w, full, contrast)
        null, ok = profile(0.0)
        p_lr.append(_tail(2 * (full.value - null)))
        step = normal(level) * float(se[j])
        low, low_ok = _crossing(profile, float(at_raw[j]), -step, full.value - half)
        high, high_ok = _crossing(profile, float(at_raw[j]), step, full.value - half)
        limits.append((low, high))
        fine = fine and ok and low_ok and high_ok
    parted = kind(binary(y, np.column_stack([np.ones(y.size), _raw(d)])))
    separation = f"{parted} separation: unpenalised, no finite estimate" if parted else ""
    terms = _terms(names, at_raw, se, limits, p_lr)
    value = full.value + float(np.log(d.scale).sum())
    warning = "" if fine else "the iteration did not converge"
    return _fitted(_FIRTH, y, w, names, value, fine, separation, terms, level, warning)


def odds_ratio(a: int, b: int, c: int, d: int, level: float = 0.95) -> Effect:
    """Odds ratio a d / (b c) of the table [[a, b], [c, d]] with Woolf's limits, exp(log OR -+ z se).

    a, b: patients with and without the outcome in the first group. c, d: the same in the second.
    se^2 = 1/a + 1/b + 1/c + 1/d. No 0.5 is ever added: without a b or c the ratio is ``nan``, without an a or
    d it is 0 and has no limits, with a warning.

    Raises ValueError for counts that are not whole or negative.
    Reference: Woolf 1955, doi:10.1111/j.1469-1809.1955.tb01348.x.

    >>> result = odds_ratio(12, 5, 6, 11)
    >>> [round(value, 3) for value in (result.value, result.lo, result.hi)]
    [4.4, 1.041, 18.599]
    """
    check_level(level)
    a, b, c, d = (whole_number(count, "a count of a table") for count in (a, b, c, d))
    method = "log method (Woolf)"
    if not b * c:
        return undefined(method, level, "not defined: an empty cell would be divided by")
    if not a * d:
        return undefined(method, level, "a ratio of 0 has no interval", 0.0)
    return on_log_scale(method, a * d / (b * c), sqrt(1 / a + 1 / b + 1 / c + 1 / d), level)


def _read(y: ArrayLike, X: ArrayLike, names: Sequence[str], weights: ArrayLike | None) -> tuple[Floats, Floats, Design]:
    """Check outcome and design; count the patients alike, and put them into the order of their values.

    Sums of rounded numbers depend on the order of what is added up: who is listed first must show in no bit, nor
    whether patients were counted before.
    """
    w, (y, X) = counted(weights, y, X)
    outcome, given = numbers(y, "the outcome"), numbers(X, "the covariates", ndim=2)
    if not np.isin(outcome, (0, 1)).all():
        raise ValueError("the outcome must be 0 or 1")
    if len(given) == outcome.size and outcome.size:
        (*columns, outcome), w = grouped((*given.T, outcome), w)
        given = np.stack(columns, axis=1) if columns else given[: outcome.size]
    return outcome, w, design(given, names, w)


def _one_sided(y: Floats) -> str:
    return "" if 0 < y.sum() < y.size else "all patients have the same outcome: nothing to fit"


def _raw(d: Design) -> Floats:
    """The covariates in their own zero, in units of their SD: without an intercept the zero matters."""
    return d.z + d.centre / d.scale


def _near(full: Maximum, j: int) -> Floats | None:
    """About where the maximum without term ``j`` lies: where the quadratic at the maximum with it puts the others."""
    beta = full.beta - full.cov[:, j] / full.cov[j, j] * full.beta[j]
    return np.delete(beta, j) if np.isfinite(beta).all() else None


def _penalised(y: Floats, z: Floats, w: Floats, start: Floats, fixed: int | None = None) -> Maximum:
    """Maximise Firth's penalised likelihood; one value may be fixed.

    A start so far from the data that every share is 0 or 1 leaves no information to step by: the free values then start
    at 0. Where there is none even so, the likelihood is minus infinity and nothing has converged.
    """
    held = np.where(np.arange(start.size) == fixed, start, 0.0)
    for beta in (start, held):
        try:
            return _steps(y, z, w, beta, fixed)
        except np.linalg.LinAlgError:
            continue
    return Maximum(held, np.full((held.size, held.size), nan), -np.inf, False)


def _steps(y: Floats, z: Floats, w: Floats, start: Floats, fixed: int | None) -> Maximum:
    """Newton steps on Firth's modified score, halved until the penalised likelihood rises."""
    from scipy.special import expit, log_expit

    free = np.arange(z.shape[1]) != fixed
    sign = np.where(y == 1, 1.0, -1.0)

    def value_at(beta: Floats) -> tuple[float, Floats, Floats]:
        p = expit(z @ beta)
        information = (z.T * (w * p * (1 - p))) @ z
        logdet = np.linalg.slogdet(information)
        value = float((w * log_expit(sign * (z @ beta))).sum() + logdet[1] / 2) if logdet[0] > 0 else -np.inf
        return value, p, information

    beta = start.copy()
    value, p, information = value_at(beta)
    for _ in range(1000):
        leverage = ((z @ np.linalg.inv(information)) * z).sum(1) * p * (1 - p)
        score = (z.T @ (w * (y - p + leverage * (0.5 - p))))[free]
        # the leverages stand for the penalty's own curvature: without them a saturated model swings for ever
        curvature = (z[:, free].T * (w * p * (1 - p) * (1 + leverage))) @ z[:, free]
        step = np.zeros_like(beta)
        step[free] = np.linalg.solve(curvature, score)
        step *= min(1.0, 5.0 / max(float(np.abs(step).max(initial=0)), 1e-300))
        if np.abs(step).max(initial=0) < 1e-11 * (1 + np.abs(beta).max()):
            return Maximum(beta, np.linalg.inv(information), value, True)
        for _ in range(40):
            after, p_after, information_after = value_at(beta + step)
            if after >= value - 1e-13 * abs(value):
                break
            step /= 2
        beta, value, p, information = beta + step, after, p_after, information_after
    return Maximum(beta, np.linalg.inv(information), value, False)


Profile = Callable[[float], tuple[float, bool]]


def _profile(y: Floats, z: Floats, w: Floats, at: Maximum, contrast: Floats) -> Profile:
    """Profile penalised likelihood of contrast @ beta, the others starting where the quadratic at ``at`` puts them.

    The axes are turned so that the contrast is the first coordinate: a zero far from the data does no harm.
    """
    size = float(np.linalg.norm(contrast))
    turn = np.linalg.qr(np.column_stack([contrast, np.eye(contrast.size)]))[0]
    turn = turn * np.where(np.arange(contrast.size) == 0, np.sign(turn[:, 0] @ contrast), 1.0)
    columns, beta, cov = z @ turn, turn.T @ at.beta, turn.T @ at.cov @ turn

    def profile(value: float) -> tuple[float, bool]:
        fit = _penalised(y, columns, w, beta + cov[:, 0] / cov[0, 0] * (value / size - beta[0]), 0)
        return fit.value, fit.converged

    return profile


def _crossing(profile: Profile, at: float, step: float, target: float) -> tuple[float, bool]:
    """Where the profile falls to ``target`` beyond ``at``, in the direction of ``step``."""
    from scipy.optimize import brentq

    far = step
    for _ in range(60):
        if profile(at + far)[0] < target:
            near = at + (far - step if abs(far) > abs(step) else 0.0)
            root = brentq(lambda v: profile(v)[0] - target, near, at + far, xtol=1e-13 * abs(step), rtol=1e-13)
            return float(root), profile(root)[1]
        far += step
    return nan, False


def _terms(
    names: Sequence[str], beta: Floats, se: Floats, limits: list[tuple[float, float]], p_lr: list[float]
) -> tuple[Term, ...]:
    from scipy.special import ndtr

    out = []
    for name, b, s, (lo, hi), p in zip(
        [INTERCEPT, *names], map(float, beta), map(float, se), limits, p_lr, strict=True
    ):
        z = b / s if s > 0 else nan
        out.append(Term(name, b, s, _exp(b), _exp(lo), _exp(hi), z, float(2 * ndtr(-abs(z))), p))
    return tuple(out)


def _exp(value: float) -> float:
    return exp(value) if not value > 709 else float("inf")


def _tail(statistic: float) -> float:
    from scipy.special import chdtrc

    return float(chdtrc(1, max(0.0, statistic)))


def _chi_squared(level: float) -> float:
    return normal(level) ** 2


def _fitted(method, y, w, names, value, converged, separation, terms, level, warning) -> LogisticFit:
    n, events = int(w.sum()), int((w * y).sum())
    per_variable = min(events, n - events) / len(names)
    return LogisticFit(method, n, events, per_variable, value, converged, separation, terms, level, warning)


def _unfitted(method: str, y: Floats, w: Floats, names: Sequence[str], level: float, why: str) -> LogisticFit:
    terms = tuple(Term(name, *[nan] * 8) for name in [INTERCEPT, *names])
    return _fitted(method, y, w, names, nan, False, "", terms, level, why)
