"""The convex problem behind a regression certificate: the patients whose standard errors come nearest to the print.

It proposes patients (the primal solution) and a proof (the dual one); what is claimed rests on ``certificate_bound``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import sqrt

from replicalc.verify.certificate_bound import Box, Model, probabilities

#: How exactly a proposal is asked for: patients to a millionth of all of them.
TOLERANCE = {"tol_gap_abs": 1e-7, "tol_gap_rel": 1e-7, "tol_feas": 1e-8}


@dataclass(frozen=True, slots=True)
class Cell:
    """Expected patients of one pattern of covariates, and events among them: real numbers, not yet whole."""

    pattern: tuple[int, ...]
    patients: float
    events: float


@dataclass(frozen=True, slots=True)
class Middle:
    """The best patients at the middle of a box, what the solver says of the dual, and how far they are off."""

    inflation: float
    needed: tuple[float, ...]
    ratios: tuple[float, ...]
    cells: tuple[Cell, ...]
    inverse: object
    weights: tuple[float, ...]


class Search:
    """One convex problem, compiled once; the coefficients are its parameters."""

    def __init__(self, model: Model):
        import cvxpy as cp
        import numpy as np

        self.model = model
        self.rows = np.array([(1, *pattern) for pattern in model.patterns], float)
        self.se = np.array([float(s) for s in model.se])
        k, m = len(model.names), len(model.patterns)
        # In units of the wanted standard errors and of one patient in n the numbers stay near 1.
        self.size = float(model.known[0].hi)
        scaled = self.rows * np.array([1.0, *self.se]) * sqrt(self.size)
        self.share = cp.Variable(m, nonneg=True)
        self.square = cp.Variable()
        self.p, self.w = cp.Parameter(m, nonneg=True), cp.Parameter(m, nonneg=True)
        self.free = cp.Parameter(k, nonneg=True)
        information = scaled.T @ cp.diag(cp.multiply(self.share, self.w)) @ scaled
        unit = np.eye(k + 1)
        self.fractions = [
            cp.matrix_frac(unit[j + 1], information) <= 1 - self.free[j] + self.free[j] * self.square for j in range(k)
        ]
        sums = []
        for known in model.known:
            total = self.share @ np.array(known.patients, float)
            if any(known.events):
                total = total + self.share @ cp.multiply(self.p, np.array(known.events, float))
            lo, hi = known.lo / self.size, known.hi / self.size
            sums += [total == lo] if lo == hi else [total >= lo, total <= hi]
        self.problem = cp.Problem(cp.Minimize(self.square), self.fractions + sums)

    def at(self, log_baseline: float, slopes, free: Sequence[int] | None = None) -> Middle | None:
        """The patients who need the smallest inflation of the free terms (all, if None); None where there are none.

        With ``free`` given, the standard errors of the other terms are at most the printed ones.
        """
        import cvxpy as cp
        import numpy as np

        p = 1 / (1 + np.exp(-(log_baseline + self.rows[:, 1:] @ slopes)))
        self.p.value, self.w.value = p, p * (1 - p)
        self.free.value = np.array([float(free is None or j in free) for j in range(len(self.se))])
        # The steps of ``Problem.solve`` one by one: it would warn of last digits, which matter for no claim (what is
        # claimed is checked in exact arithmetic, and the sums of the patients below).
        data, chain, inverse_data = self.problem.get_problem_data(cp.CLARABEL, solver_opts=dict(TOLERANCE))
        try:
            raw = chain.solve_via_data(self.problem, data, solver_opts=dict(TOLERANCE))
        except cp.SolverError:
            return None
        solution = chain.invert(raw, inverse_data)
        if solution.status not in ("optimal", "optimal_inaccurate"):
            return None
        self.problem.unpack(solution)
        n = np.maximum(self.share.value, 0) * self.size
        if not self._sums_hold(n, p):
            return None
        information = (self.rows.T * (n * p * (1 - p))) @ self.rows
        try:
            inverse = np.linalg.inv(information)
        except np.linalg.LinAlgError:
            return None
        variance = np.diag(inverse)[1:]
        if not (variance > 0).all():
            return None
        needed = np.sqrt(variance) / self.se
        weights = np.maximum([float(np.ravel(c.dual_value)[0]) for c in self.fractions], 0)
        cells = tuple(
            Cell(pattern, float(a), float(a * b))
            for pattern, a, b in zip(self.model.patterns, n, p, strict=True)
            if a > 1e-6 * self.size
        )
        chosen = needed if free is None else needed[list(free)]
        return Middle(
            float(chosen.max()), tuple(map(float, needed)), tuple(map(float, np.exp(slopes))), cells, inverse, weights
        )

    def _sums_hold(self, n, p) -> bool:
        """Whether the known sums are met to a ten-thousandth of a patient in each hundred."""
        import numpy as np

        slack = 1e-6 * self.size
        totals = [float(np.dot(n, np.array(k.patients) + np.array(k.events) * p)) for k in self.model.known]
        return all(k.lo - slack <= total <= k.hi + slack for k, total in zip(self.model.known, totals, strict=True))

    def rows_of(self, middle: Middle) -> list[list[int]]:
        """The rows y that the dual proposes, as whole numbers of about six digits."""
        import numpy as np

        y = (middle.inverse[:, 1:] * np.sqrt(np.asarray(middle.weights) / self.se**2)).T
        largest = np.abs(y).max()
        return np.rint(y / largest * 2**20).astype(int).tolist() if largest > 0 else self.no_rows()

    def no_rows(self) -> list[list[int]]:
        return [[0] * (len(self.se) + 1) for _ in self.se]

    def prices(self, rows, box: Box) -> list[Fraction]:
        """Prices of the known sums that make the bound large over the whole box, by a linear programme.

        The inequality is asked for at both ends and the middle of each probability; the exact check does the rest.
        Rows of zeros ask for a contradiction between the known sums, which shows as a negative total.
        """
        import numpy as np
        from scipy.optimize import linprog

        z = np.array(rows, float) / 2**20
        weight = ((self.rows @ z.T) ** 2).sum(axis=1)
        ends = np.array([[float(lo), float(hi)] for lo, hi in probabilities(self.model, box)])
        patients = np.array([k.patients for k in self.model.known], float).T
        counted = np.array([k.events for k in self.model.known], float).T
        a_ub, b_ub = [], []
        for p in (ends[:, 0], ends.mean(axis=1), ends[:, 1]):
            both = patients + counted * p[:, None]
            a_ub.append(np.hstack([-both, both]))
            b_ub.append(-weight * p * (1 - p))
        # A price above zero is paid at the most patients the sum can have, one below zero at the fewest.
        cost = np.array([*(k.hi for k in self.model.known), *(-k.lo for k in self.model.known)], float) / self.size
        top = None if weight.any() else 1.0
        solved = linprog(cost, A_ub=np.vstack(a_ub), b_ub=np.hstack(b_ub), bounds=(0, top), method="highs")
        if solved.status != 0:
            return [Fraction(0)] * len(self.model.known)
        k = len(self.model.known)
        return [Fraction(round(float(v) * 2**60), 2**20) for v in solved.x[:k] - solved.x[k:]]
