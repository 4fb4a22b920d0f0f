"""Patients from whom a printed logistic model comes out: odds ratios and limits as targets, and two searches.

``spread`` (module ``design``) says how many patients of each pattern of factors a model needs; ``fit_table`` then finds
whole numbers of them. ``fit_patients`` exchanges values between patients one pair at a time, for models with continuous
covariates. Both are bounded, deterministic, keep what they are told to keep, and say how near they came.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from replicalc.cohort.synthesise.lattice import Reduced, reduce_basis
from replicalc.errors import ReplicalcError
from replicalc.records import Claim
from replicalc.verify.printed import Printed, parse, rounding_needed

Z = NormalDist().inv_cdf(0.975)
#: How much a patient more counts against a target missed, in turn: few changes keep what is linear linear.
STIFFNESS = (4.0, 8.0, 2.5, 6.0)
#: How far the constant, which no paper prints, may move in one step.
CONSTANT = 0.03


@dataclass(frozen=True)
class Ratio:
    """A printed odds ratio with its limits: what coefficient and standard error print all three.

    ``printed`` and ``widths`` are (ratio, lower limit, upper limit); a width is half a unit of the last printed place
    over the number, which is a half-width on the log scale.
    """

    name: str
    claim_ids: tuple[str, ...]
    printed: tuple[Printed, ...]
    coefficient: float
    se: float

    @property
    def widths(self) -> np.ndarray:
        return np.array([_half(p) / float(p.value) for p in self.printed])

    def misses(self, coefficient: float, se: float) -> np.ndarray:
        """Distance of ratio, lower and upper limit from the printed ones in half units of the last place."""
        found = np.exp(coefficient + Z * se * np.array([0.0, -1.0, 1.0]))
        return np.array([(v - float(p.value)) / _half(p) for v, p in zip(found, self.printed, strict=True)])

    def unmet(self, coefficient: float, se: float) -> dict[str, str]:
        """Name the claims that do not print so under any rounding that the comparison accepts, with what came out."""
        found = np.exp(coefficient + Z * se * np.array([0.0, -1.0, 1.0]))
        pairs = zip(self.claim_ids, self.printed, found, strict=True)
        return {
            claim: f"{value:.6g} came out, printed {printed.text}"
            for claim, printed, value in pairs
            if rounding_needed(float(value), printed) is None
        }


def _half(printed: Printed) -> float:
    return 0.5 * 10.0**-printed.decimals


def ratios(claims: Iterable[Claim], result: str, model: str) -> list[Ratio]:
    """Read the odds ratios of one model (``model=multivariable``, say) of a result, in the order of the paper.

    Raises ReplicalcError if a limit is missing, or if no coefficient and standard error print all three numbers.
    """
    found: dict[str, dict[str, Claim]] = {}
    for claim in claims:
        if claim.result == result and claim.group == model and claim.stat in ("or", "or_lo", "or_hi"):
            found.setdefault(claim.variable, {})[claim.stat] = claim
    out = []
    for name, by_stat in found.items():
        lacking = [
            stat for stat in ("or", "or_lo", "or_hi") if stat not in by_stat or not parse(by_stat[stat].reported)
        ]
        if lacking:
            raise ReplicalcError(f"{result}: {name} has no printed {', '.join(lacking)}; a search needs all three")
        three = [by_stat[stat] for stat in ("or", "or_lo", "or_hi")]
        printed = tuple(parse(claim.reported) for claim in three)
        centre = _centre(printed)
        if centre is None:
            raise ReplicalcError(
                f"{result}: the odds ratio {printed[0].text} of {name} cannot have the limits "
                f"{printed[1].text} and {printed[2].text}, which would lie evenly around it on the log scale"
            )
        out.append(Ratio(name, tuple(claim.claim_id for claim in three), printed, *centre))
    return out


def _centre(printed: Sequence[Printed]) -> tuple[float, float] | None:
    """Coefficient and SE in the middle of all that print the three numbers; None if nothing does."""
    from scipy.optimize import linprog

    rows, bounds = [], []
    for p, sign in zip(printed, (0.0, -Z, Z), strict=True):
        value, half = float(p.value), _half(p)
        if value - half <= 0:
            return None
        lo, hi = np.log(value - half), np.log(value + half)
        rows += [[1.0, sign, (hi - lo) / 2], [-1.0, -sign, (hi - lo) / 2]]
        bounds += [hi, -lo]
    found = linprog([0, 0, -1], A_ub=rows, b_ub=bounds, bounds=[(None, None), (0, None), (0, None)])
    return (float(found.x[0]), float(found.x[1])) if found.success else None


def whole(expected: np.ndarray, total: int) -> np.ndarray:
    """Round expected numbers, in proportion, to whole ones with the given sum (largest remainders first).

    >>> whole(np.array([0.5, 0.3, 0.2]), 4).tolist()
    [2, 1, 1]
    """
    share = expected / expected.sum() * total
    out = np.floor(share).astype(int)
    out[np.argsort(-(share - out), kind="stable")[: total - out.sum()]] += 1
    return out


@dataclass(frozen=True)
class Fit:
    """A fitted model: coefficients, shape (k,), their covariance, shape (k, k), and the fitted shares, shape (m,)."""

    beta: np.ndarray
    cov: np.ndarray
    shares: np.ndarray

    @property
    def se(self) -> np.ndarray:
        return np.sqrt(np.diag(self.cov))


def fit(rows: np.ndarray, n: np.ndarray, sums: np.ndarray, start: np.ndarray | None = None) -> Fit | None:
    """Maximum likelihood by Newton's steps; None where there is no finite maximum (separation, a constant column).

    rows: shape (m, k), patterns of covariates with the constant. n: shape (m,), patients of each. sums: shape (k,), the
    columns of ``rows`` summed over the patients with the outcome; a logistic model needs to know no more of them.

    >>> found = fit(np.array([[1.0, 1.0], [1.0, 0.0]]), np.array([17.0, 17.0]), np.array([18.0, 12.0]))
    >>> [round(float(np.exp(found.beta[1])), 3), round(float(found.se[1]), 4)]
    [4.4, 0.7355]
    """
    beta = np.zeros(rows.shape[1]) if start is None else start.copy()
    for _ in range(40):
        p = 1 / (1 + np.exp(-np.clip(rows @ beta, -30, 30)))
        information = (rows.T * (n * p * (1 - p))) @ rows
        try:
            step = np.linalg.solve(information, sums - rows.T @ (n * p))
        except np.linalg.LinAlgError:
            return None
        size = float(np.abs(step).max())
        if not np.isfinite(size):
            return None
        beta = beta + step * min(1.0, 3.0 / max(size, 1e-300))
        if size < 1e-9:
            cov = np.linalg.inv(information)
            return Fit(beta, cov, p) if np.abs(beta).max() < 15 and np.diag(cov).min() > 0 else None
    return None


def nearness(wanted: Sequence[Ratio], found: Fit, columns: Sequence[int], weights: np.ndarray | None = None) -> float:
    """Sum of squares of the misses in half units (beyond 0.9 of one), each limit times the weight of its ratio."""
    total = 0.0
    for number, (ratio, column) in enumerate(zip(wanted, columns, strict=True)):
        miss = np.maximum(np.abs(ratio.misses(found.beta[column], found.se[column])) - 0.9, 0.0) ** 2
        total += miss[0] + (1.0 if weights is None else weights[number]) * (miss[1] + miss[2])
    return float(total)


@dataclass(frozen=True)
class Table:
    """Whole patients of each pattern with and without the outcome, shape (m,), and how far the search stayed away."""

    events: np.ndarray
    others: np.ndarray
    nearness: float


def fit_table(
    rows: np.ndarray,
    patients: np.ndarray,
    events: int,
    wanted: Sequence[Ratio],
    kept: np.ndarray,
    weights: np.ndarray,
    seed: int,
    rounds: int = 30,
    looks: int = 5,
) -> Table:
    """Move whole patients between patterns until the model prints the wanted ratios and limits.

    rows: shape (m, k), patterns of zeros and ones with the constant first; column 1 + j belongs to ``wanted[j]``.
    patients: shape (m,), whole numbers to start from, such as ``spread`` gives. events: patients with the outcome.
    kept: shape (c, m), conditions on the patients whose sums must stay (their total, for instance). weights: shape
    (k - 1,), 1 where the limits are wanted, less where they are known to be out of reach.

    A logistic model sees the patients of each pattern and, of those with the outcome, only how many have each factor.
    At the wanted coefficients the score is linear in both, and the standard errors nearly linear in the first: each of
    ``rounds`` makes short changes in whole numbers by lattice reduction, and each of its ``looks`` tries thousands of
    sums of them and goes on from the best. Patients with the outcome are then handed out to the patterns as near as
    possible to what the model expects.
    Raises ReplicalcError if the start cannot be fitted or the outcome cannot be handed out.
    """
    rng = np.random.default_rng([seed, 5])
    columns = range(1, rows.shape[1])
    judged = np.where(weights < 1, 1e-6, 1.0)  # limits out of reach only decide between equals

    def judge(n: np.ndarray, sums: np.ndarray) -> tuple[float, Fit | None]:
        found = fit(rows, n.astype(float), sums.astype(float), start)
        return (np.inf, None) if found is None else (nearness(wanted, found, columns, judged), found)

    start = np.array([np.log(events / (patients.sum() - events)), *(ratio.coefficient for ratio in wanted)])
    n, sums = patients.astype(int), _expected_sums(rows, patients, events, start)
    best, found = judge(n, sums)
    if found is None:
        raise ReplicalcError(
            "the table to start from has no finite odds ratios; more patients or fewer factors are needed"
        )

    def effects_on(free: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        by_patient, by_sum, missing = _effects(rows, n, sums, wanted, found, weights)
        by_kept = np.vstack([kept.T[free], np.zeros((len(by_sum), len(kept)))])
        effects = np.hstack([1e3 * by_kept, np.vstack([by_patient[free], by_sum])])
        return effects, np.concatenate([np.zeros(len(kept)), -missing])

    for number in range(rounds * looks):
        if _printed_enough(wanted, found, columns, weights):
            break
        if number % looks == 0:
            # Patterns without a patient stay empty; others sit out at random, so that no two rounds are the same.
            free = np.flatnonzero((n > 0) & ((rng.random(len(n)) < 0.9) | (number == 0)))
            stiffness = STIFFNESS[number // looks % len(STIFFNESS)]
            # Sums of those with the outcome may move freely: they change no standard error.
            scale = stiffness * np.concatenate([1 / np.sqrt(n[free]), np.full(len(wanted), 0.05)])
            # Rounded, so that the last bit of a processor's arithmetic decides nothing.
            reduced = reduce_basis(np.round(np.hstack([np.diag(scale), effects_on(free)[0]]), 6))
        effects, target = effects_on(free)
        changes = _steps(reduced, scale, target, rng)
        left = np.maximum(np.abs(changes @ effects - target) - 1.8, 0.0)
        changes = changes[np.argsort((left**2).sum(axis=1), kind="stable")[:2500]].astype(int)
        n_now, sums_now = np.tile(n, (len(changes), 1)), np.tile(sums, (len(changes), 1))
        n_now[:, free] += changes[:, : len(free)]
        sums_now[:, 1:] += changes[:, len(free) :]
        possible = (n_now >= 0).all(axis=1) & (n_now @ kept.T == kept @ n).all(axis=1)
        possible &= (sums_now >= 0).all(axis=1) & (sums_now <= n_now @ rows).all(axis=1)
        n_now, sums_now = n_now[possible], sums_now[possible]
        promised = _foresee(rows, n_now, sums_now, wanted, found.beta[0], judged)
        for i in np.argsort(promised, kind="stable")[:5]:
            now, fitted = judge(n_now[i], sums_now[i])
            if now < best:
                best, n, sums, found = now, n_now[i], sums_now[i], fitted
    chosen = _hand_out(rows, n, sums, n * found.shares)
    return Table(chosen, n - chosen, best)


def _steps(reduced: Reduced, scale: np.ndarray, target: np.ndarray, rng, jumps: int = 10) -> np.ndarray:
    """Whole-number changes worth trying, one a row: sums of short vectors, and nearest planes from random places.

    Short vectors move a table that is nearly right by very little; the nearest plane jumps.
    """
    d = len(scale)
    short = np.rint(reduced.basis[:, :d] / scale)
    signed = np.vstack([np.zeros((1, d)), short, -short])
    first, second = np.triu_indices(len(signed), 1)
    pairs = signed[first] + signed[second]
    draw = rng.integers(0, len(signed), (4, 2 * len(pairs)))
    more = signed[draw[0]] + signed[draw[1]] + signed[draw[2]]
    more[::2] += signed[draw[3, ::2]]
    planes = []
    for attempt in range(jumps):
        aside = scale * rng.normal(0, 0.5 if attempt else 0.0, d)
        rest = reduced.remainder(np.concatenate([aside, target]))
        planes.append(np.rint((aside - rest[:d]) / scale))
    return np.vstack([planes, pairs, more])


def _foresee(rows, n, sums, wanted, constant: float, weights) -> np.ndarray:
    """Nearness of many tables at once, two Newton steps from the wanted coefficients; n: (t, m), sums: (t, k)."""
    beta = np.tile([constant, *(r.coefficient for r in wanted)], (len(n), 1))
    products = np.einsum("ij,ik->ijk", rows, rows).reshape(len(rows), -1)
    for last in (False, False, True):
        p = 1 / (1 + np.exp(-np.clip(beta @ rows.T, -30, 30)))
        information = ((n * p * (1 - p)) @ products).reshape(len(n), rows.shape[1], -1)
        cov = np.linalg.inv(information + 1e-9 * np.eye(rows.shape[1]))
        if not last:
            beta = beta + np.einsum("tij,tj->ti", cov, sums - (n * p) @ rows)
    se = np.sqrt(np.maximum(np.einsum("tii->ti", cov), 0.0))
    total = np.zeros(len(n))
    for j, (ratio, weight) in enumerate(zip(wanted, weights, strict=True), start=1):
        for place, (sign, share) in enumerate(((0.0, 1.0), (-Z, weight), (Z, weight))):
            value, half = float(ratio.printed[place].value), _half(ratio.printed[place])
            found = np.exp(np.clip(beta[:, j] + sign * se[:, j], -20, 20))
            total += share * np.maximum(np.abs(found - value) / half - 0.9, 0.0) ** 2
    return total


def _expected_sums(rows: np.ndarray, patients: np.ndarray, events: int, beta: np.ndarray) -> np.ndarray:
    """How many of those with the outcome have each factor at the wanted coefficients, in whole patients."""
    from scipy.optimize import brentq

    def shares(constant: float) -> np.ndarray:
        return 1 / (1 + np.exp(-(constant + rows[:, 1:] @ beta[1:])))

    constant = brentq(lambda a: patients @ shares(a) - events, -30, 30)
    return np.rint(rows.T @ (patients * shares(constant))).astype(int)


def _printed_enough(wanted, found: Fit, columns, weights) -> bool:
    misses = [
        r.misses(found.beta[c], found.se[c])[: 3 if w == 1 else 1]
        for r, c, w in zip(wanted, columns, weights, strict=True)
    ]
    return max(np.abs(miss).max() for miss in misses) <= 0.95


def _effects(rows, n, sums, wanted, found: Fit, weights) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """How one patient more of each pattern, and one more with the outcome and a factor, changes each target.

    And what is still missing of each. Everything in half-widths, at the wanted coefficients and the fitted constant.
    """
    beta = np.array([found.beta[0], *(r.coefficient for r in wanted)])
    p = 1 / (1 + np.exp(-rows @ beta))
    cov = np.linalg.inv((rows.T * (n * p * (1 - p))) @ rows)
    se = np.sqrt(np.diag(cov))[1:]
    beta_now = cov @ (sums - rows.T @ (n * p))
    projected = rows @ cov
    beta_by = np.vstack([-projected * p[:, None], cov[1:]])
    se_by = np.vstack([-0.5 * projected[:, 1:] ** 2 * (p * (1 - p))[:, None] / se, np.zeros((len(se), len(se)))])
    missing, effects = [beta_now[0] / CONSTANT], [beta_by[:, 0] / CONSTANT]
    for j, (ratio, weight) in enumerate(zip(wanted, weights, strict=True)):
        error = se[j] - ratio.se
        if weight < 1:  # the ratio itself is wanted, its limits only stay about where they are
            missing += [beta_now[j + 1] / (0.5 * ratio.widths[0]), 0.0]
            effects += [beta_by[:, j + 1] / (0.5 * ratio.widths[0]), se_by[:, j] / (0.1 * se[j])]
            continue
        for sign, width in ((-Z, ratio.widths[1]), (Z, ratio.widths[2])):
            missing.append((beta_now[j + 1] + sign * error) / (0.5 * width))
            effects.append((beta_by[:, j + 1] + sign * se_by[:, j]) / (0.5 * width))
    effects = np.column_stack(effects)
    return effects[: len(n)], effects[len(n) :], np.array(missing)


def _hand_out(rows: np.ndarray, n: np.ndarray, sums: np.ndarray, expected: np.ndarray) -> np.ndarray:
    """Whole patients with the outcome of each pattern, as near as possible to ``expected``, with the given sums."""
    from ortools.sat.python import cp_model

    model = cp_model.CpModel()
    chosen = [model.new_int_var(0, int(most), f"n{i}") for i, most in enumerate(n)]
    away = [model.new_int_var(0, 1000 * int(n.max() + 1), f"away{i}") for i in range(len(n))]
    for each, distance, wish in zip(chosen, away, np.rint(1000 * expected).astype(int), strict=True):
        model.add(distance >= 1000 * each - int(wish))
        model.add(distance >= int(wish) - 1000 * each)
    for column, total in zip(rows.T, sums, strict=True):
        model.add(sum(chosen[i] for i in np.flatnonzero(column)) == int(total))
    model.minimize(sum(away))
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.max_deterministic_time = 2.0
    if solver.solve(model) not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        raise ReplicalcError("the patients with the outcome cannot be handed out to the patterns that the model needs")
    return np.array([solver.value(each) for each in chosen])
