"""Whether patients can give a printed logistic model, by a convex program that shares no code with the engine."""

from __future__ import annotations

from itertools import product
from math import inf

import numpy as np

#: The answer is for the printed coefficients, not for all that print so: within this of 1 nothing is decided.
UNSURE = 0.02
#: Intercepts tried at first, and again around the best of them.
STEPS = 9


def model(b: list[float], errors: list[float], n: int, events: int, exposed: list[int]) -> bool | None:
    """Whether n patients, so many with the event and with each factor, give coefficients b with such standard errors.

    b: log odds ratios; errors: standard errors that are printed. Events in proportion to the model's risk in every
    pattern of factors solve the score equations, so the numbers of patients by pattern are all that is looked for, and
    they need not be whole. With the intercept fixed the smallest factor by which all standard errors exceed the printed
    ones is convex.
    """
    x = np.array(list(product((0, 1), repeat=len(b))), dtype=float)
    low, high = _intercepts(x, b, n, events, exposed)
    best = inf
    for _ in range(3):
        tried = np.linspace(low, high, STEPS)
        found = [_inflation(x, b, errors, n, events, exposed, c) for c in tried]
        best = min(best, *found)
        if best <= 1:
            return True
        at, step = int(np.argmin(found)), tried[1] - tried[0]
        low, high = max(low, tried[at] - step), min(high, tried[at] + step)
    return None if best < 1 + UNSURE or best == inf else False


def _risk(x, b, constant: float):
    return 1 / (1 + np.exp(-(constant + x @ np.asarray(b))))


def _intercepts(x, b, n: int, events: int, exposed) -> tuple[float, float]:
    """All intercepts with which some patients have so many events: the number rises with the intercept."""
    from scipy.optimize import brentq, linprog

    equal, right = np.column_stack([np.ones(len(x)), x]).T, np.array([n, *exposed]) / n

    def off(constant: float, sign: int) -> float:
        return sign * linprog(sign * _risk(x, b, constant), A_eq=equal, b_eq=right).fun - events / n

    reach = 12 + float(np.abs(b).sum())
    return tuple(float(brentq(off, -reach, reach, args=(sign,))) for sign in (-1, 1))


def _inflation(x, b, errors, n: int, events: int, exposed, constant: float) -> float:
    import cvxpy as cp

    z, risk = np.column_stack([np.ones(len(x)), x]), _risk(x, b, constant)
    patients = cp.Variable(len(x), nonneg=True)  # as shares of n, which keeps the program well scaled
    factor = cp.Variable(nonneg=True)
    information = z.T @ cp.diag(cp.multiply(patients, risk * (1 - risk))) @ z
    rules = [cp.sum(patients) == 1, x.T @ patients == np.asarray(exposed) / n, patients @ risk == events / n]
    for j, error in enumerate(errors):
        unit = np.zeros(len(b) + 1)
        unit[j + 1] = 1 / (error * np.sqrt(n))
        rules.append(cp.matrix_frac(unit, information) <= factor)
    problem = cp.Problem(cp.Minimize(factor), rules)
    try:
        problem.solve(solver="CLARABEL")
    except cp.SolverError:
        return inf
    return float(np.sqrt(problem.value)) if problem.status == "optimal" else inf
