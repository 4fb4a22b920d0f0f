"""Quick fits for the searches of ``casting``: how near a set of patients is to a printed ratio with limits and P.

The searches ask for many thousands of fits of nearly the same patients. These fits take the patients by pattern of
covariates, and start from the last estimate; what they find is held against ``stats.cox`` and ``stats.logistic`` by
the tests. Event times must be distinct: without ties Efron's and Breslow's likelihood are the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from replicalc.records import Claim
from replicalc.stats.effect import normal
from replicalc.verify.printed import parse

#: The share of the rounding interval that a search aims for: a ratio at its very edge may print the other way.
INNER = 0.95
LEVEL = 0.95


@dataclass(frozen=True, slots=True)
class PrintedRatio:
    """A printed ratio: for the ratio, its limits and its P value (claim, value, half a unit of the last place)."""

    parts: dict[str, tuple[str, float, float]]

    @property
    def log(self) -> float:
        """The logarithm of the printed ratio."""
        return float(np.log(self.parts[""][1]))

    def values(self, b, s) -> dict:
        """Return each printed part from log ratio ``b`` and its standard error ``s`` (numbers or arrays)."""
        from scipy.special import ndtr

        z = normal(LEVEL)
        with np.errstate(over="ignore"):
            every = {"": np.exp(b), "lo": np.exp(b - z * s), "hi": np.exp(b + z * s), "p": 2 * ndtr(-np.abs(b / s))}
        return {name: every[name] for name in self.parts}

    def miss(self, b, s):
        """Return how far the parts lie outside their rounding intervals, relative to their size, summed; 0: all print.

        Relative distances, because a limit of 8.323 is printed much more closely than one of 1.116; counted in units
        of the last place it would drown the others. Where there is no finite estimate the miss is infinite.
        """
        found = self.values(b, s)
        gaps = [(np.abs(found[name] - v) - INNER * half) / v for name, (_, v, half) in self.parts.items()]
        return np.nan_to_num(np.maximum(gaps, 0.0).sum(0), nan=np.inf, posinf=np.inf)

    def unmet(self, b: float, s: float) -> dict[str, str]:
        """Name the claims that do not print from log ratio ``b`` and its standard error ``s``, with what came out."""
        found = self.values(b, s)
        return {
            cid: f"{found[name]:.6g} came out, printed {v:g}"
            for name, (cid, v, half) in self.parts.items()
            if not abs(found[name] - v) < half
        }


def printed_ratio(claims: Iterable[Claim], variable: str) -> PrintedRatio:
    """Gather the claims of one result about the ratio of ``variable``: hr or or, _lo, _hi, p."""
    parts = {}
    for claim in claims:
        name = {"hr": "", "or": ""}.get(claim.stat, claim.stat.removeprefix("hr_").removeprefix("or_"))
        if claim.variable == variable and name in ("", "lo", "hi", "p"):
            printed = parse(claim.reported)
            parts[name] = (claim.claim_id, float(printed.value), 0.5 * 10.0**-printed.decimals)
    return PrintedRatio(parts)


def climb(state, neighbour: Callable, miss: Callable, rng, tries: int):
    """Walk from ``state`` to neighbours that are nearer, at first also to slightly worse ones; return (best, miss).

    Threshold accepting with a threshold that falls to 0 in the course of ``tries`` steps (Dueck & Scheuer 1990,
    doi:10.1016/0021-9991(90)90201-B). Stops where nothing is missing. ``neighbour`` must not change its argument.
    """
    now = best_miss = miss(state)
    best = state
    for step in range(tries):
        if best_miss == 0:
            break
        other = neighbour(state, rng)
        found = miss(other)
        if found <= now * (1 + 0.2 * (1 - step / tries)):
            state, now = other, found
            if now < best_miss:
                best, best_miss = state, now
    return best, best_miss


class Patterns:
    """The covariate patterns of a model: every combination of codes, and its row of dummy variables.

    ``factors`` maps a variable to (reference, other codes); columns are named 'variable=code'.
    """

    def __init__(self, factors: dict[str, tuple[str, list[str]]]):
        self.factors = factors
        self.names = [f"{name}={code}" for name, (_, others) in factors.items() for code in others]
        self._levels = {name: [reference, *others] for name, (reference, others) in factors.items()}
        sizes = [len(levels) for levels in self._levels.values()]
        self._strides = [int(np.prod(sizes[i + 1 :])) for i in range(len(sizes))]
        grid = np.indices(sizes).reshape(len(sizes), -1)
        columns = [grid[i] == level for i, size in enumerate(sizes) for level in range(1, size)]
        self.rows = np.array(columns, dtype=float).T

    def codes(self, patients: dict[str, np.ndarray]) -> np.ndarray:
        """Return the number of each patient's pattern; a code that is no level raises ValueError."""
        found = 0
        for (name, levels), stride in zip(self._levels.items(), self._strides, strict=True):
            place = {level: i for i, level in enumerate(levels)}
            unknown = sorted(set(patients[name]) - set(place))
            if unknown:
                raise ValueError(f"{name} has codes without a place in the model: {', '.join(unknown)}")
            found = found + stride * np.array([place[code] for code in patients[name]])
        return found


class QuickCox:
    """Cox regression on patterns with distinct event times: log hazard ratios and SEs of all columns."""

    def __init__(self, patterns: Patterns):
        self._z = patterns.rows
        self._beta = np.zeros(self._z.shape[1])

    def __call__(self, days: np.ndarray, event: np.ndarray, code: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return log ratios and SEs, shape (p,); nan where there is no finite maximum. Arguments have shape (n,)."""
        z, k = self._z, len(self._z)
        moments = np.sort(days[event])
        last = np.searchsorted(moments, days, side="right")  # at risk at this many of the event times
        counts = np.bincount(last * k + code, minlength=(len(moments) + 1) * k).reshape(-1, k)
        at_risk = np.cumsum(counts[::-1], axis=0)[::-1][1:].astype(float)
        observed = z[code[event]].sum(0)

        def pieces(beta):
            weight = np.exp(z @ beta)
            s0 = at_risk @ weight
            mean = (at_risk @ (weight[:, None] * z)) / s0[:, None]
            expected = weight * ((1 / s0) @ at_risk)
            return observed - mean.sum(0), (z * expected[:, None]).T @ z - mean.T @ mean

        self._beta, b, s = _newton(self._beta, pieces)
        return b, s


class QuickLogistic:
    """Logistic regression on patterns: log odds ratios and SEs of all columns but the intercept."""

    def __init__(self, patterns: Patterns):
        self._z = np.column_stack([patterns.rows, np.ones(len(patterns.rows))])
        self._beta = np.zeros(self._z.shape[1])

    def __call__(self, event: np.ndarray, code: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return log ratios and SEs, shape (p,); nan where there is no finite maximum. Arguments have shape (n,)."""
        z, k = self._z, len(self._z)
        n, y = np.bincount(code, minlength=k).astype(float), np.bincount(code[event], minlength=k).astype(float)

        def pieces(beta):
            p = 1 / (1 + np.exp(-z @ beta))
            return z.T @ (y - n * p), (z * (n * p * (1 - p))[:, None]).T @ z

        self._beta, b, s = _newton(self._beta, pieces)
        return b[:-1], s[:-1]


def _newton(last: np.ndarray, pieces: Callable) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Maximise by Newton's steps from the last estimate, then from 0; return (where to begin next, estimate, SEs)."""
    for beta in (last, np.zeros_like(last)):
        for _ in range(25):
            score, information = pieces(beta)
            try:
                step = np.linalg.solve(information, score)
            except np.linalg.LinAlgError:  # a column without variation among those at risk
                break
            beta = beta + np.clip(step, -2, 2)
            if not np.abs(beta).max() < 12:  # no finite maximum
                break
            if np.abs(step).max() < 1e-5:  # the error is now of the order of its square
                return beta, beta, np.sqrt(np.diag(np.linalg.inv(information)))
    nothing = np.full(len(last), np.nan)
    return np.zeros_like(last), nothing, nothing


def two_group_cox(
    days: np.ndarray, event: np.ndarray, exposed: np.ndarray, near: float = 0.0
) -> tuple[np.ndarray, np.ndarray]:
    """Fit many univariable Cox models at once: log hazard ratio and SE of ``exposed``, each of shape (m,).

    days, event: shape (m, n), one data set a row, days distinct within a row. exposed: shape (n,). near: log ratio from
    which the iteration starts. Where it does not converge, or the ratio has no finite estimate, the result is nan.
    """
    order = np.argsort(days, axis=1, kind="stable")
    x = exposed[order].astype(float)
    d = np.take_along_axis(event, order, axis=1).astype(float)
    with_it = np.cumsum(x[:, ::-1], axis=1)[:, ::-1]
    without = np.cumsum(1 - x[:, ::-1], axis=1)[:, ::-1]
    observed = (d * x).sum(1)
    b, step = np.full(len(days), near), np.zeros(len(days))
    with np.errstate(all="ignore"):
        for _ in range(9):
            ratio = np.exp(b)[:, None]
            p = with_it * ratio / (with_it * ratio + without)
            information = (d * p * (1 - p)).sum(1)
            step = np.clip((observed - (d * p).sum(1)) / information, -1, 1)
            b = b + step
        s = 1 / np.sqrt(information)
    finite = (np.abs(step) < 1e-8) & (np.abs(b) < 8) & np.isfinite(s)
    return np.where(finite, b, np.nan), np.where(finite, s, np.nan)


def survival_percent(days: np.ndarray, event: np.ndarray, horizon: float) -> float:
    """Return Kaplan-Meier survival at ``horizon`` in per cent, event days distinct; nan beyond the last follow-up."""
    if days.max() < horizon:
        return float("nan")
    moments = days[event & (days <= horizon)]
    at_risk = (days[None, :] >= moments[:, None]).sum(1)
    return float(100 * np.prod(1 - 1 / at_risk)) if len(moments) else 100.0
