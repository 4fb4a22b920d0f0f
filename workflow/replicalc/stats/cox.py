"""The Cox proportional-hazards model and the check of its assumption. Times and events as in ``survival``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, nan
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from replicalc.stats.base import TestResult, check_choice, check_level, join
from replicalc.stats.effect import normal
from replicalc.stats.separation import Design, design, listed, monotone
from replicalc.stats.survival import kaplan_meier, read

Floats = NDArray[np.float64]
Ties = Literal["efron", "breslow"]
Transform = Literal["km", "identity"]


@dataclass(frozen=True, slots=True)
class HazardTerm:
    """One covariate: log hazard ratio for one unit, hazard ratio with Wald's limits, Wald test."""

    name: str
    coefficient: float
    se: float
    hazard_ratio: float
    lo: float
    hi: float
    z: float
    p_wald: float


@dataclass(frozen=True, slots=True)
class CoxFit:
    """A fitted model with its three global tests; log-likelihoods are partial ones."""

    method: str
    n: int
    events: int
    events_per_variable: float
    log_likelihood_null: float
    log_likelihood: float
    likelihood_ratio: TestResult
    score: TestResult
    wald: TestResult
    converged: bool
    terms: tuple[HazardTerm, ...]
    level: float
    warning: str = ""

    def term(self, name: str) -> HazardTerm:
        """The term called ``name``; ValueError if there is none."""
        for term in self.terms:
            if term.name == name:
                return term
        raise ValueError(f"no term is called {name!r}")


@dataclass(frozen=True, slots=True)
class ProportionalHazards:
    """The test of proportional hazards for each covariate by name, and for all together."""

    terms: dict[str, TestResult]
    overall: TestResult
    warning: str = ""


def cox(
    time: ArrayLike,
    event: ArrayLike,
    X: ArrayLike,
    names: Sequence[str],
    ties: Ties,
    level: float = 0.95,
) -> CoxFit:
    """Cox regression by maximum partial likelihood (statsmodels, converged to 1e-10).

    time, event: shape (n,). X: shape (n, p), the covariates. names: what they are called.
    ties: "efron" (as R) or "breslow" (as SPSS and SAS by default).
    level: confidence level of Wald's limits, exp(coefficient -+ z se).

    The global tests compare the model with none: likelihood ratio, score (log-rank) and Wald, on p degrees of
    freedom. ``events_per_variable`` is events / p. Where a hazard ratio has no finite estimate (monotone
    likelihood, found by a linear programme) all terms are ``nan`` and the warning names the covariates; so with
    no event, and with covariates without variation or linearly dependent. Where the reason is a category in which
    nobody has the event, its own term alone is ``nan`` and the others are their limits.

    Raises ValueError for NaN, negative times, other event codes, another shape or an unknown option.
    References: Cox 1972, doi:10.1111/j.2517-6161.1972.tb00899.x; Efron 1977,
    doi:10.1080/01621459.1977.10480613.

    >>> time, event = [2, 3, 3, 5, 8, 9, 12, 14], [1, 1, 0, 1, 0, 1, 0, 1]
    >>> term = cox(time, event, [[1], [0], [1], [1], [0], [1], [0], [0]], ["casting"], "efron").terms[0]
    >>> round(term.hazard_ratio, 3), round(term.lo, 3), round(term.hi, 3)
    (4.308, 0.442, 41.961)
    """
    check_choice(ties, ("efron", "breslow"), "ties")
    check_level(level)
    t, d, z = _sorted(time, event, X, names)
    n, events, k = t.size, int(d.sum()), len(names)
    fault = _fault(t, d, z, names)
    if fault:
        return _at_the_limit(time, event, X, names, ties, level) or _unfitted(ties, n, events, names, level, fault)
    sets = _risk_sets(t, d)
    beta, converged = _maximum(t, d, z.z, ties, sets)
    null, full = _pieces(z.z, np.zeros(k), ties, sets), _pieces(z.z, beta, ties, sets)
    from scipy.special import ndtr

    cov = np.linalg.inv(full.information.sum(0))
    u = null.score.sum(0)
    tests = (
        _test("Likelihood ratio", 2 * (full.value - null.value), k),
        _test("Score", float(u @ np.linalg.solve(null.information.sum(0), u)), k),
        _test("Wald", float(beta @ full.information.sum(0) @ beta), k),
    )
    limit, terms = normal(level), []
    for name, b, s in zip(names, beta / z.scale, np.sqrt(np.diag(cov)) / z.scale, strict=True):
        b, s = float(b), float(s)
        limits = exp(b - limit * s), exp(b + limit * s)
        terms.append(HazardTerm(name, b, s, exp(b), *limits, b / s, float(2 * ndtr(-abs(b / s)))))
    warning = "" if converged else "the iteration did not converge"
    return CoxFit(
        f"Cox, {ties.title()} ties", n, events, events / k, null.value, full.value, *tests, converged, tuple(terms),
        level, warning,
    )  # fmt: skip


def _at_the_limit(time, event, X, names: Sequence[str], ties: Ties, level: float) -> CoxFit | None:
    """Fit what is left where nobody of one category of a yes/no covariate has the event.

    As that hazard ratio tends to 0 its patients leave the risk sets: the others' terms are those of a model without
    them, and the log-likelihood tends to that model's. Its own term is ``nan``, with a warning. None if no covariate is
    of this kind.
    """
    t, d = read(time, event)
    x = np.asarray(X, dtype=float)
    for j, name in enumerate(names):
        inside = x[:, j] == 1
        if set(np.unique(x[:, j])) == {0.0, 1.0} and not d[inside].any() and d.any() and len(names) > 1:
            rest = [i for i in range(len(names)) if i != j]
            part = cox(t[~inside], d[~inside], x[~inside][:, rest], [names[i] for i in rest], ties, level)
            if all(term.hazard_ratio != term.hazard_ratio for term in part.terms):
                return None
            times, events, z = _sorted(t, d, x, names)
            null = _pieces(z.z, np.zeros(len(names)), ties, _risk_sets(times, events)).value
            terms = list(part.terms)
            terms.insert(j, HazardTerm(name, *[nan] * 7))
            warning = join(f"nobody with {name} has the event: no finite hazard ratio", part.warning)
            k = len(names)
            unknown = TestResult("Score", nan, warning=warning), TestResult("Wald", nan, warning=warning)
            return CoxFit(
                part.method, t.size, int(d.sum()), int(d.sum()) / k, null, part.log_likelihood,
                _test("Likelihood ratio", 2 * (part.log_likelihood - null), k), *unknown, part.converged, tuple(terms),
                level, warning,
            )  # fmt: skip
    return None


def schoenfeld_test(
    time: ArrayLike,
    event: ArrayLike,
    X: ArrayLike,
    names: Sequence[str],
    ties: Ties,
    transform: Transform,
    together: Sequence[str] | None = None,
) -> ProportionalHazards:
    """Test of proportional hazards from the Schoenfeld residuals, for each covariate and for all.

    together: names of the covariates that ``overall`` is about, such as the terms of one factor; all if None.

    transform: the function of time with which a coefficient may change: "km", 1 - S(t-) by Kaplan-Meier (R's
    default), or "identity", time itself. The other arguments are those of ``cox``.

    The test is the score test of adding x g(t) to the fitted model, on 1 degree of freedom a term and p
    overall, as R's ``cox.zph`` since survival 3.0; earlier versions approximated it. A model that cannot be
    fitted, or fewer than two distinct event times, give ``nan`` with a warning.

    Raises ValueError as ``cox``. Reference: Grambsch & Therneau 1994, doi:10.1093/biomet/81.3.515.

    >>> time, event = [2, 3, 3, 5, 8, 9, 12, 14], [1, 1, 0, 1, 0, 1, 0, 1]
    >>> x = [[1], [0], [1], [1], [0], [1], [0], [0]]
    >>> round(schoenfeld_test(time, event, x, ["casting"], "efron", "km").terms["casting"].p, 3)
    0.451
    """
    check_choice(ties, ("efron", "breslow"), "ties")
    check_choice(transform, ("km", "identity"), "transform")
    t, d, z = _sorted(time, event, X, names)
    method = f"Proportional hazards, score test with g(t) = {'1 - KM' if transform == 'km' else 't'}"
    moments = np.unique(t[d == 1])
    fault = _fault(t, d, z, names) or ("fewer than two event times: nothing to test" if moments.size < 2 else "")
    if fault:
        empty = TestResult(method, nan, warning=fault)
        return ProportionalHazards(dict.fromkeys(names, empty), empty, fault)
    sets = _risk_sets(t, d)
    beta, converged = _maximum(t, d, z.z, ties, sets)
    at = _pieces(z.z, beta, ties, sets)
    g = moments if transform == "identity" else _before(t, d, moments)
    g = (g - g.mean()) / g.std()
    u = g @ at.score
    first, mixed, second = (np.tensordot(weight, at.information, 1) for weight in (np.ones_like(g), g, g * g))
    spread = second - mixed @ np.linalg.solve(first, mixed)  # of the score of x g(t), the fit allowed for
    warning = "" if converged else "the iteration did not converge"
    size = np.sqrt(np.diag(second))
    if np.linalg.eigvalsh(spread / np.outer(size, size))[0] < 1e-9:
        warning = join(warning, "too few risk sets in which the covariates differ: nothing to test")
        empty = TestResult(method, nan, warning=warning)
        return ProportionalHazards(dict.fromkeys(names, empty), empty, warning)
    terms = {name: _test(method, float(u[j] ** 2 / spread[j, j]), 1) for j, name in enumerate(names)}
    mine = [j for j, name in enumerate(names) if together is None or name in together]
    u, spread = u[mine], spread[np.ix_(mine, mine)]
    return ProportionalHazards(terms, _test(method, float(u @ np.linalg.solve(spread, u)), len(mine)), warning)


class _RiskSets(NamedTuple):
    """For each event time: the first row at risk (rows sorted by time) and the rows with the event."""

    first: NDArray[np.int64]
    events: list[NDArray[np.int64]]


class _Pieces(NamedTuple):
    """Log partial likelihood, and score (K, p) and information (K, p, p) of each event time."""

    value: float
    score: Floats
    information: Floats


def _sorted(time: ArrayLike, event: ArrayLike, X: ArrayLike, names: Sequence[str]) -> tuple[Floats, Floats, Design]:
    t, d = read(time, event)
    z = design(X, names, np.ones(t.size))
    order = np.argsort(t, kind="stable")
    return t[order], d[order], z._replace(z=z.z[order])


def _risk_sets(t: Floats, d: Floats) -> _RiskSets:
    moments = np.unique(t[d == 1])
    return _RiskSets(np.searchsorted(t, moments), [np.flatnonzero((t == m) & (d == 1)) for m in moments])


def _fault(t: Floats, d: Floats, z: Design, names: Sequence[str]) -> str:
    if z.fault:
        return z.fault
    if not d.any():
        return "no event: nothing to fit"
    sets = _risk_sets(t, d)
    unbounded = monotone(z.z, sets.first, sets.events)
    if unbounded.any():
        return f"monotone likelihood: no finite hazard ratio for {listed(names, unbounded)}"
    return ""


def _pieces(z: Floats, beta: Floats, ties: str, sets: _RiskSets) -> _Pieces:
    eta = z @ beta
    weight = np.exp(eta - eta.max())

    def later(values: Floats) -> Floats:
        return np.cumsum(values[::-1], axis=0)[::-1]

    r0, r1 = later(weight), later(weight[:, None] * z)
    r2 = later(weight[:, None, None] * z[:, :, None] * z[:, None, :])
    value, scores, information = 0.0, [], []
    for first, who in zip(sets.first, sets.events, strict=True):
        own = weight[who]
        e0, e1, e2 = own.sum(), own @ z[who], (z[who].T * own) @ z[who]
        score, spread = z[who].sum(0), np.zeros((z.shape[1],) * 2)
        value += float((eta[who] - eta.max()).sum())
        for step in range(who.size):
            part = step / who.size if ties == "efron" else 0.0
            s0, s1, s2 = r0[first] - part * e0, r1[first] - part * e1, r2[first] - part * e2
            value -= float(np.log(s0))
            score = score - s1 / s0
            spread += s2 / s0 - np.outer(s1, s1) / s0**2
        scores.append(score)
        information.append(spread)
    return _Pieces(value, np.array(scores), np.array(information))


def _maximum(t: Floats, d: Floats, z: Floats, ties: str, sets: _RiskSets) -> tuple[Floats, bool]:
    """Statsmodels' estimate, brought to full precision by Newton steps; from 0 where its own steps went astray.

    Statsmodels gets a few steps only: it stops at a precision that takes it some fifty, which the steps here pass in
    three or four.
    """
    from statsmodels.duration.hazard_regression import PHReg

    zero = np.zeros(z.shape[1])
    with np.errstate(all="ignore"):
        try:
            start = PHReg(t, z, d, ties=ties).fit(method="newton", disp=0, maxiter=6, warn_convergence=False).params
        except np.linalg.LinAlgError:  # its steps went where the information vanishes; there is a maximum all the same
            start = zero
    at, beta = _pieces(z, zero, ties, sets), zero
    if np.abs(np.nan_to_num(start, nan=1e9)).max() < 50:  # in standard deviations of the covariates
        begun = _pieces(z, np.asarray(start), ties, sets)
        if begun.value > at.value:
            at, beta = begun, np.asarray(start)
    for _ in range(100):
        step = np.linalg.lstsq(at.information.sum(0), at.score.sum(0), rcond=1e-14)[0]
        step *= min(1.0, 5.0 / max(float(np.abs(step).max()), 5.0))
        for _ in range(30):
            after = _pieces(z, beta + step, ties, sets)
            if after.value >= at.value - 1e-12 * abs(at.value):
                break
            step /= 2
        at, beta = after, beta + step
        if np.abs(step).max() < 1e-11 * (1 + np.abs(beta).max()):
            return beta, True
    return beta, False


def _before(t: Floats, d: Floats, moments: Floats) -> Floats:
    """1 - S(t-): the share that had the event before each event time."""
    curve = kaplan_meier(t, d)
    survival = np.concatenate([[1.0], curve.survival])
    return 1 - survival[np.searchsorted(np.array(curve.times), moments, side="left")]


def _test(method: str, statistic: float, df: int) -> TestResult:
    from scipy.special import chdtrc

    return TestResult(method, float(chdtrc(df, max(0.0, statistic))), statistic, float(df))


def _unfitted(ties: str, n: int, events: int, names: Sequence[str], level: float, why: str) -> CoxFit:
    tests = (TestResult(name, nan, warning=why) for name in ("Likelihood ratio", "Score", "Wald"))
    terms = tuple(HazardTerm(name, *[nan] * 7) for name in names)
    return CoxFit(
        f"Cox, {ties.title()} ties", n, events, events / len(names), nan, nan, *tests, False, terms, level, why
    )
