"""The joint table of a study's patients as whole numbers: every printed count at once.

Cells are the possible combinations of codes. The printed counts and shares are linear conditions on the cells' counts.
The starting point is the table of maximum entropy with the printed margins (iterative proportional fitting from a
stated prior); a table drawn at random around it is moved as little as possible until it fulfils the printed numbers, by
CP-SAT with one worker and a fixed seed. A claim that cannot be met together with the others is named, not hidden.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import product

import numpy as np

from replicalc.cohort.synthesise.restrictions import Conditions, Restriction
from replicalc.errors import ReplicalcError


@dataclass(frozen=True)
class Joint:
    """The solved table: the codes of each factor, one array entry a patient; and the claims that could not be met.

    ``reached`` says of each of these, in words, what the table has instead.
    """

    codes: dict[str, np.ndarray]
    unmet: tuple[str, ...]
    n_claims: int
    reached: dict[str, str] = field(default_factory=dict)


class Cells:
    """All admissible combinations of codes, with derived codes beside them."""

    def __init__(self, factors: dict[str, list[str]], allowed: Callable[[dict], bool], derived: dict[str, Callable]):
        cells = [dict(zip(factors, combination, strict=True)) for combination in product(*factors.values())]
        cells = [{**cell, **{name: f(cell) for name, f in derived.items()}} for cell in cells]
        self.cells = [cell for cell in cells if allowed(cell)]
        names = [*factors, *derived]
        self.codes = {name: np.array([cell[name] for cell in self.cells]) for name in names}

    def knows(self, conditions: Conditions | tuple[Conditions, ...]) -> bool:
        parts = conditions if isinstance(conditions, tuple) else (conditions,)
        return all(name in self.codes for part in parts for name in part)

    def mask(self, conditions: Conditions | tuple[Conditions, ...]) -> np.ndarray:
        """Tell which cells fulfil all conditions, or any of several sets of them."""
        if isinstance(conditions, tuple):
            return np.any([self.mask(part) for part in conditions], axis=0)
        mask = np.ones(len(self.cells), dtype=bool)
        for name, codes in conditions.items():
            mask &= np.isin(self.codes[name], codes)
        return mask


def maximum_entropy(cells: Cells, conditions: list[Restriction], prior: np.ndarray, total: int) -> np.ndarray:
    """Fit expected counts to the exact conditions by iterative proportional fitting from ``prior``."""
    expected = prior / prior.sum() * total
    masks = [(cells.mask(c.part), c.lo) for c in conditions if c.whole is None and c.lo == c.hi]
    for _ in range(300):
        before = expected.copy()
        for mask, target in masks:
            inside = expected[mask].sum()
            outside = total - inside
            if inside > 0:
                expected[mask] *= target / inside
            if outside > 0:
                expected[~mask] *= (total - target) / outside
        if np.abs(expected - before).max() < 1e-6:
            break
    return np.maximum(expected, 1e-9)


def rake(cells: Cells, conditions: Iterable[Restriction], prior: np.ndarray, total: int) -> np.ndarray:
    """Fit ``prior`` (one weight a cell) to printed shares by iterative proportional fitting; they sum to ``total``.

    Within the whole of each share the part is moved to the middle of its rounding interval, in turn, until nothing
    changes. Shares that contradict each other leave a compromise; ``solve`` is what names them.
    """
    expected = prior / prior.sum() * total
    shares = [c for c in conditions if c.whole is not None and cells.knows(c.part) and cells.knows(c.whole)]
    parts = [(cells.mask(c.part), cells.mask(c.whole), min(1.0, max(0.0, (c.lo + c.hi) / 2))) for c in shares]
    for _ in range(300):
        before = expected.copy()
        for part, whole, share in parts:
            inside, everybody = expected[part & whole].sum(), expected[whole].sum()
            if 0 < inside < everybody:
                expected[part & whole] *= share * everybody / inside
                expected[whole & ~part] *= (1 - share) * everybody / (everybody - inside)
        expected *= total / expected.sum()
        if np.abs(expected - before).max() < 1e-6:
            break
    return expected


def solve(cells: Cells, conditions: list[Restriction], prior: np.ndarray, total: int, seed: int) -> Joint:
    """Draw a table at random and move it as little as possible, so that it fulfils the conditions.

    The draw is Poisson around the table of maximum entropy; a patient who has to be added costs the more, the less
    likely the cell. Conditions that cannot hold together are found first (a linear programme with the least total
    slack, in patients); they are left out and named in ``unmet``. Raises ReplicalcError if CP-SAT then finds no table.
    """
    usable = [c for c in conditions if cells.knows(c.part) and (c.whole is None or cells.knows(c.whole))]
    unmet = conflicting(cells, usable, total)
    kept = [c for c in usable if c.claim_id not in unmet]
    expected = maximum_entropy(cells, kept, prior, total)
    drawn = np.random.default_rng([seed, 1]).poisson(expected)
    found = _nearest_table(cells, kept, drawn, expected, total, seed)
    if found is None:  # fractions of patients could fulfil them, whole patients cannot
        lost = _fewest_unmet(cells, kept, total, seed)
        unmet = tuple(c.claim_id for c in usable if c.claim_id in {*unmet, *lost})
        kept = [c for c in kept if c.claim_id not in lost]
        found = _nearest_table(cells, kept, drawn, expected, total, seed)
    if found is None:
        raise ReplicalcError(f"no table of {total} patients with all the printed numbers was found")
    codes = {name: np.repeat(values, found) for name, values in cells.codes.items()}
    reached = {c.claim_id: _reached(cells, c, found) for c in usable if c.claim_id in unmet}
    return Joint(codes, unmet, len(usable), reached)


def _reached(cells: Cells, condition: Restriction, found: np.ndarray) -> str:
    """Say what a table (counts, one a cell) has in place of a printed number."""
    part = int(found[cells.mask(condition.part)].sum())
    if condition.whole is None:
        return f"{part} here; {condition.lo:g} to {condition.hi:g} would print so"
    whole = int(found[cells.mask(condition.whole)].sum())
    share = f"{100 * part / whole:.3f} %" if whole else "no share"
    return f"{part} of {whole} here, {share}; {100 * condition.lo:.6g} to {100 * condition.hi:.6g} % would print so"


class _Sums:
    """Sums of counts in a CP-SAT model, each made once."""

    def __init__(self, model, cells: Cells, counts: list, total: int):
        self._model, self._cells, self._counts, self._total = model, cells, counts, total
        self._made: dict[bytes, object] = {}

    def __call__(self, of):
        mask = self._cells.mask(of)
        key = mask.tobytes()
        if key not in self._made:
            self._made[key] = self._model.new_int_var(0, self._total, f"sum{len(self._made)}")
            self._model.add(self._made[key] == sum(self._counts[i] for i in np.flatnonzero(mask)))
        return self._made[key]

    def relations(self, condition: Restriction) -> tuple:
        """Turn a condition into two inequalities between whole numbers."""
        part = self(condition.part)
        if condition.whole is None:
            return part >= int(np.ceil(condition.lo)), part <= int(np.floor(condition.hi))
        whole, scale = self(condition.whole), 10**6
        return scale * part >= round(condition.lo * scale) * whole, scale * part <= round(condition.hi * scale) * whole


def _nearest_table(cells: Cells, kept, drawn, expected, total: int, seed: int) -> np.ndarray | None:
    """Move the drawn table as little as possible; None if no table fulfils the conditions."""
    from ortools.sat.python import cp_model

    model = cp_model.CpModel()
    more = [model.new_int_var(0, total, f"more{i}") for i in range(len(drawn))]
    fewer = [model.new_int_var(0, int(x), f"fewer{i}") for i, x in enumerate(drawn)]
    counts = [int(x) + m - f for x, m, f in zip(drawn, more, fewer, strict=True)]
    model.add(sum(counts) == total)
    sums = _Sums(model, cells, counts, total)
    for condition in kept:
        for relation in sums.relations(condition):
            model.add(relation)
    price = np.round(100 - 20 * np.log(np.minimum(expected, 1.0))).astype(int)
    model.minimize(sum(int(cost) * m for cost, m in zip(price, more, strict=True)) + 100 * sum(fewer))
    solver = _solver(seed)
    if solver.solve(model) not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return None
    return drawn + [solver.value(m) - solver.value(f) for m, f in zip(more, fewer, strict=True)]


def _fewest_unmet(cells: Cells, conditions: list[Restriction], total: int, seed: int) -> set[str]:
    """Name a smallest set of conditions without which a table of whole patients exists; exact counts weigh double.

    A single share is looked for first, from the last one printed backwards, because later shares tell details of
    groups whose sizes stand before them. Each such question takes moments, where weighing all sets against each other
    can take minutes.
    """
    for suspect in reversed([c for c in conditions if c.whole is not None]):
        if _most_met(cells, [c for c in conditions if c is not suspect], total, seed, all_of_them=True) is not None:
            return {suspect.claim_id}
    met = _most_met(cells, conditions, total, seed, all_of_them=False)
    if met is None:
        raise ReplicalcError("the printed counts could not be examined for conflicts within the time allowed")
    return {c.claim_id for c in conditions if c.claim_id not in met}


def _most_met(cells: Cells, conditions, total: int, seed: int, *, all_of_them: bool) -> set[str] | None:
    """Name the conditions that a table of whole patients can meet, as many as possible; None if no table is found."""
    from ortools.sat.python import cp_model

    model = cp_model.CpModel()
    # Cells that no condition tells apart are one here: whether a table exists does not depend on how they share it out.
    masks = [cells.mask(of) for c in conditions for of in (c.part, c.whole) if of is not None]
    _, first = np.unique(np.array(masks), axis=1, return_index=True)
    counts: list = [0] * len(cells.cells)
    for cell in first:
        counts[cell] = model.new_int_var(0, total, f"n{cell}")
    model.add(sum(counts) == total)
    sums = _Sums(model, cells, counts, total)
    met = []
    for number, condition in enumerate(conditions):
        met.append(model.new_bool_var(f"met{number}"))
        for relation in sums.relations(condition):
            model.add(relation).only_enforce_if(met[-1])
    if all_of_them:
        model.add_bool_and(met)
    else:
        model.maximize(sum((2 if c.whole is None else 1) * each for c, each in zip(conditions, met, strict=True)))
    solver = _solver(seed)
    if solver.solve(model) not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return None
    return {c.claim_id for c, each in zip(conditions, met, strict=True) if solver.value(each)}


def conflicting(cells: Cells, conditions: list[Restriction], total: int) -> tuple[str, ...]:
    """Name conditions that stand in the way of the others: those with slack where the total slack is least."""
    if not conditions:
        return ()  # nothing is printed but the number of patients
    from scipy.optimize import linprog
    from scipy.sparse import csr_matrix

    rows, bounds, owner = [], [], []
    for number, condition in enumerate(conditions):
        part = cells.mask(condition.part).astype(float)
        whole = cells.mask(condition.whole).astype(float) if condition.whole is not None else None
        for sign, limit in ((1.0, condition.hi), (-1.0, condition.lo)):
            rows.append(sign * part if whole is None else sign * (part - limit * whole))
            bounds.append(sign * limit if whole is None else 1e-9)
            owner.append(number)
    slack = np.zeros((len(rows), len(conditions)))
    slack[np.arange(len(rows)), owner] = -1.0
    left = csr_matrix(np.hstack([np.array(rows), slack]))
    # A share is a rounded way of telling a count: where the two cannot both hold, the share gives way.
    weight = np.array([2.0 if condition.whole is None else 1.0 for condition in conditions])
    cost = np.concatenate([np.zeros(len(cells.cells)), weight])
    everybody = np.concatenate([np.ones(len(cells.cells)), np.zeros(len(conditions))])[None, :]
    found = linprog(cost, A_ub=left, b_ub=bounds, A_eq=everybody, b_eq=[total], method="highs-ds")
    if not found.success:
        raise ReplicalcError(f"the printed counts could not be examined for conflicts: {found.message}")
    excess = found.x[len(cells.cells) :]
    return tuple(c.claim_id for c, extra in zip(conditions, excess, strict=True) if extra > 1e-6)


def _solver(seed: int):
    from ortools.sat.python import cp_model

    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.random_seed = seed % 2**31
    solver.parameters.max_deterministic_time = 20.0
    return solver


def assign_margin(counts: dict[str, int], weights: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Give each patient a code so that every code occurs exactly as often as printed.

    ``weights`` is (patients, codes): how likely each patient is to have each code; 0 forbids it. A random draw given
    the margins (perturb and assign). Codes come back in the order of the patients.

    Raises ReplicalcError if no draw exists.
    """
    from scipy.optimize import linear_sum_assignment

    codes = [code for code, count in counts.items() for _ in range(count)]
    columns = np.repeat(np.arange(len(counts)), list(counts.values()))
    if len(codes) != len(weights):
        raise ReplicalcError(
            f"the printed counts of {', '.join(counts)} sum to {len(codes)}, not to {len(weights)} patients"
        )
    with np.errstate(divide="ignore"):
        score = np.log(weights)[:, columns] + rng.gumbel(size=(len(weights), len(codes)))
    cost = np.where(np.isfinite(score), -score, 1e9)
    rows, chosen = linear_sum_assignment(cost)
    if cost[rows, chosen].max() >= 1e9:
        raise ReplicalcError(f"no patient may have one of {', '.join(counts)} under the stated assumptions")
    return np.array(codes, dtype=object)[chosen[np.argsort(rows)]]
