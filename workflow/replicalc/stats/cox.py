"""The Cox proportional-hazards model and the check of its assumption. Times and events as in ``survival``.

Patients alike in time, event and covariates are counted once, with their number as frequency weight.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, nan
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from replicalc.stats.base import TestResult, check_choice, check_level, counted, grouped, join, numbers
from replicalc.stats.effect import normal
from replicalc.stats.partial_likelihood import Maximum, RiskSets, by_library, maximise, pieces, risk_sets
from replicalc.stats.separation import design, listed, monotone
from replicalc.stats.survival import kaplan_meier, read

Floats = NDArray[np.float64]
Ties = Literal["efron", "breslow"]
Transform = Literal["km", "identity"]
#: Numbers kept for the distinct event times, p^2 for each of p covariates: 160 MB, and ten such arrays on the way.
MOST_NUMBERS = 20_000_000
#: Patients up to which statsmodels is asked; it takes no weights, and some seconds for so many different times.
MOST_PATIENTS = 10_000


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
    *,
    weights: ArrayLike | None = None,
) -> CoxFit:
    """Cox regression by maximum partial likelihood (statsmodels, converged to 1e-10).

    time, event: shape (n,). X: shape (n, p), the covariates. names: what they are called.
    weights: shape (n,), how many patients each row stands for; 1 each if None. Ties are handled as those of the
        patients one by one (R's ``coxph(weights = )`` handles Efron's otherwise: they are case weights there).
    ties: "efron" (as R) or "breslow" (as SPSS and SAS by default).
    level: confidence level of Wald's limits, exp(coefficient -+ z se).

    Statsmodels' estimate is brought to full precision by Newton steps; of more than ``MOST_PATIENTS`` patients these
    steps alone find it, on rows that are counted once.

    The global tests compare the model with none: likelihood ratio, score (log-rank) and Wald, on p degrees of
    freedom. ``events_per_variable`` is events / p. Where a hazard ratio has no finite estimate (monotone
    likelihood, found by a linear programme; of more patients it is asked where the steps do not converge) all terms are
    ``nan`` and the warning names the covariates; so with no event, and with covariates without variation or linearly
    dependent. Where the reason is a category in which nobody has the event, its own term alone is ``nan`` and the
    others are their limits.

    So many distinct event times that their risk sets do not fit into memory give ``nan`` too, and a warning.

    Raises ValueError for NaN, negative times, other event codes, wrong weights, another shape or an unknown option.
    References: Cox 1972, doi:10.1111/j.2517-6161.1972.tb00899.x; Efron 1977,
    doi:10.1080/01621459.1977.10480613.

    >>> time, event = [2, 3, 3, 5, 8, 9, 12, 14], [1, 1, 0, 1, 0, 1, 0, 1]
    >>> term = cox(time, event, [[1], [0], [1], [1], [0], [1], [0], [0]], ["casting"], "efron").terms[0]
    >>> round(term.hazard_ratio, 3), round(term.lo, 3), round(term.hi, 3)
    (4.308, 0.442, 41.961)
    """
    check_choice(ties, ("efron", "breslow"), "ties")
    check_level(level)
    data = _read(time, event, X, names, weights)
    n, events, k = int(data.w.sum()), int((data.w * data.d).sum()), len(names)
    sets, found, fault = _fitted(data, names, ties)
    if fault or not (sets and found):
        return _at_the_limit(data, names, ties, level) or _unfitted(ties, n, events, names, level, fault)
    beta, full, null = found.beta, found.at, pieces(np.zeros(k), ties, sets)
    from scipy.special import ndtr

    cov = np.linalg.inv(full.information.sum(0))
    u = null.score.sum(0)
    tests = (
        _test("Likelihood ratio", 2 * (full.value - null.value), k),
        _test("Score", float(u @ np.linalg.solve(null.information.sum(0), u)), k),
        _test("Wald", float(beta @ full.information.sum(0) @ beta), k),
    )
    limit, terms = normal(level), []
    for name, b, s in zip(names, beta / data.scale, np.sqrt(np.diag(cov)) / data.scale, strict=True):
        b, s = float(b), float(s)
        limits = exp(b - limit * s), exp(b + limit * s)
        terms.append(HazardTerm(name, b, s, exp(b), *limits, b / s, float(2 * ndtr(-abs(b / s)))))
    warning = "" if found.converged else "the iteration did not converge"
    return CoxFit(
        f"Cox, {ties.title()} ties", n, events, events / k, null.value, full.value, *tests, found.converged,
        tuple(terms), level, warning,
    )  # fmt: skip


def _at_the_limit(data: _Data, names: Sequence[str], ties: Ties, level: float) -> CoxFit | None:
    """Fit what is left where nobody of one category of a yes/no covariate has the event.

    As that hazard ratio tends to 0 its patients leave the risk sets: the others' terms are those of a model without
    them, and the log-likelihood tends to that model's. Its own term is ``nan``, with a warning. None if no covariate is
    of this kind.
    """
    t, d, x, w = data.t, data.d, data.x, data.w
    if _too_many(data):
        return None
    for j, name in enumerate(names):
        inside = x[:, j] == 1
        if set(np.unique(x[:, j])) == {0.0, 1.0} and not d[inside].any() and d.any() and len(names) > 1:
            rest = [i for i in range(len(names)) if i != j]
            others = [names[i] for i in rest]
            part = cox(t[~inside], d[~inside], x[~inside][:, rest], others, ties, level, weights=w[~inside])
            if all(term.hazard_ratio != term.hazard_ratio for term in part.terms):
                return None
            null = pieces(np.zeros(len(names)), ties, risk_sets(t, d, data.z, w)).value
            terms = list(part.terms)
            terms.insert(j, HazardTerm(name, *[nan] * 7))
            warning = join(f"nobody with {name} has the event: no finite hazard ratio", part.warning)
            k, events = len(names), int((w * d).sum())
            unknown = TestResult("Score", nan, warning=warning), TestResult("Wald", nan, warning=warning)
            return CoxFit(
                part.method, int(w.sum()), events, events / k, null, part.log_likelihood,
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
    *,
    weights: ArrayLike | None = None,
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
    data = _read(time, event, X, names, weights)
    method = f"Proportional hazards, score test with g(t) = {'1 - KM' if transform == 'km' else 't'}"
    moments = np.unique(data.t[data.d == 1])
    _, found, fault = _fitted(data, names, ties)
    fault = fault or ("fewer than two event times: nothing to test" if moments.size < 2 else "")
    if fault or not found:
        empty = TestResult(method, nan, warning=fault)
        return ProportionalHazards(dict.fromkeys(names, empty), empty, fault)
    at = found.at
    g = moments if transform == "identity" else _before(data, moments)
    g = (g - g.mean()) / g.std()
    u = g @ at.score
    first, mixed, second = (np.tensordot(weight, at.information, 1) for weight in (np.ones_like(g), g, g * g))
    spread = second - mixed @ np.linalg.solve(first, mixed)  # of the score of x g(t), the fit allowed for
    warning = "" if found.converged else "the iteration did not converge"
    size = np.sqrt(np.diag(second))
    if np.linalg.eigvalsh(spread / np.outer(size, size))[0] < 1e-9:
        warning = join(warning, "too few risk sets in which the covariates differ: nothing to test")
        empty = TestResult(method, nan, warning=warning)
        return ProportionalHazards(dict.fromkeys(names, empty), empty, warning)
    terms = {name: _test(method, float(u[j] ** 2 / spread[j, j]), 1) for j, name in enumerate(names)}
    mine = [j for j, name in enumerate(names) if together is None or name in together]
    u, spread = u[mine], spread[np.ix_(mine, mine)]
    return ProportionalHazards(terms, _test(method, float(u @ np.linalg.solve(spread, u)), len(mine)), warning)


class _Data(NamedTuple):
    """Patients sorted by time, those alike counted once: times, events, covariates, standardised ones, how many."""

    t: Floats
    d: Floats
    x: Floats
    z: Floats
    scale: Floats
    w: Floats
    fault: str


def _read(time: ArrayLike, event: ArrayLike, X: ArrayLike, names: Sequence[str], weights: ArrayLike | None) -> _Data:
    w, (time, event, X) = counted(weights, time, event, X)
    t, d = read(time, event)
    x = numbers(X, "the covariates", ndim=2)
    if len(x) == t.size and t.size:
        (*columns, d, t), w = grouped((*x.T, d, t), w)
        x = np.stack(columns, axis=1) if columns else x[: t.size]
    made = design(x, names, w)
    return _Data(t, d, x, made.z, made.scale, w, made.fault)


def _fitted(data: _Data, names: Sequence[str], ties: str) -> tuple[RiskSets | None, Maximum | None, str]:
    """The risk sets and the maximum on them, or in words why there is none."""
    if fault := data.fault or ("" if data.d.any() else "no event: nothing to fit") or _too_many(data):
        return None, None, fault
    sets = risk_sets(data.t, data.d, data.z, data.w)
    few = data.w.sum() <= MOST_PATIENTS
    found = None if few else maximise(ties, sets)
    if found is None or not found.converged:
        unbounded = monotone(data.z, data.d, sets.first, sets.events[sets.at])
        if unbounded.any():
            return None, None, f"monotone likelihood: no finite hazard ratio for {listed(names, unbounded)}"
    if found is None:
        found = maximise(ties, sets, by_library(data.t, data.d, ties, sets))
    return sets, found, ""


def _too_many(data: _Data) -> str:
    k, p = np.unique(data.t[data.d == 1]).size, data.x.shape[1]
    what = f"not computed: {k:,} distinct event times of {p} covariates do not fit into memory; round the times"
    return what if k * p * p > MOST_NUMBERS else ""


def _before(data: _Data, moments: Floats) -> Floats:
    """1 - S(t-): the share that had the event before each event time."""
    curve = kaplan_meier(data.t, data.d, weights=data.w)
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
