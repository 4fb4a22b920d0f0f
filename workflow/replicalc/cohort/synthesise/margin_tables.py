"""Whole patients in all tables at once: printed counts and shares as one integer programme, and smallest conflicts.

CP-SAT with one worker and a fixed seed. Every row of printed numbers is a set of inequalities between whole numbers
(shares as exact fractions), so 'no patients' is proven, not merely not found. A conflict is cut down until every row in
it is needed: without any one of them the others can hold.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from replicalc.cohort.synthesise.margin_cliques import Clique
from replicalc.cohort.synthesise.margins import MOST_PATIENTS, Condition, Row
from replicalc.cohort.synthesise.restrictions import Conditions
from replicalc.errors import ReplicalcError

#: Work that one search may take, in CP-SAT's own seconds, which are the same on every machine.
MOST_WORK, WORK_OF_A_QUESTION, WORK_OF_A_GUESS = 30.0, 10.0, 2.0
RAKINGS = 200


class Conflict(ReplicalcError):
    """Rows that no patients can have together. minimal: without any one of them the others can hold."""

    def __init__(self, rows: Sequence[Row], *, minimal: bool, given: str = ""):
        self.rows, self.minimal, self.given = tuple(rows), minimal, given
        super().__init__("no patients have all of " + "; ".join(row.name for row in rows) + given)


@dataclass(frozen=True)
class Tables:
    """The tables of all cliques, counts by cell; exact only in what was asked."""

    counts: list[np.ndarray]
    total: int


class Programme:
    """The integer programme of all tables. Cells that nothing tells apart are one variable (an atom).

    total: how many patients there are, None if no row says so. droppable: each row holds only if its literal does.
    """

    def __init__(
        self,
        cliques: Sequence[Clique],
        conditions: Sequence[Condition],
        n_row: Row | None,
        groups: Iterable[Conditions] = (),
        *,
        droppable: bool = False,
    ):
        from ortools.sat.python import cp_model

        self.cp, self.model, self.cliques = cp_model, cp_model.CpModel(), cliques
        self.conditions = conditions
        self._where = [self.place([*c.parts, c.whole or {}]) for c in conditions]
        masks: list[list[np.ndarray]] = [[np.ones(clique.size, dtype=bool)] for clique in cliques]
        for condition, q in zip(conditions, self._where, strict=True):
            masks[q].append(cliques[q].mask(condition.parts))
            if condition.whole is not None:
                masks[q].append(cliques[q].mask([condition.whole]))
        for group in groups:
            q = self.place([group], or_none=True)
            if q is not None:
                masks[q].append(cliques[q].mask([group]))
        for q, clique in enumerate(cliques):
            for place in clique.places_shared():
                masks[q].append(clique.mask([place]))
                masks[clique.parent].append(cliques[clique.parent].mask([place]))
        self.first, self.atom = [], []
        for q in range(len(cliques)):
            _, first, atom = np.unique(np.array(masks[q]), axis=1, return_index=True, return_inverse=True)
            self.first.append(first)
            self.atom.append(atom.ravel())
        most = int(n_row.printed.value) if n_row is not None and not droppable else MOST_PATIENTS
        self._most = most
        self.counts = [
            [self.model.new_int_var(0, most, f"n{q}_{a}") for a in range(len(first))]
            for q, first in enumerate(self.first)
        ]
        self.total = self.model.new_int_var(1, most, "total")
        self.literal: dict[int, object] = {}
        self.rows: dict[int, Row] = {}
        self._made: dict[tuple[int, bytes], object] = {}
        self._droppable = droppable
        for counts in self.counts:
            self.model.add(sum(counts) == self.total)
        for q, clique in enumerate(cliques):
            for place in clique.places_shared():
                self.model.add(self.sum_of(q, [place]) == self.sum_of(clique.parent, [place]))
        if n_row is not None:
            self.add(n_row, self.total == int(n_row.printed.value))
        for condition, q in zip(conditions, self._where, strict=True):
            for relation in self._relations(condition, q):
                self.add(condition.row, relation)

    def place(self, places: Sequence[Conditions], *, or_none: bool = False) -> int | None:
        """The clique that knows all variables of the places."""
        names = {name for place in places for name in place}
        for q, clique in enumerate(self.cliques):
            if names <= set(clique.names):
                return q
        if or_none:
            return None
        raise ReplicalcError(f"no table holds {', '.join(sorted(names))} together")

    def add(self, row: Row, relation) -> None:
        """Add a relation of a row, or (expression, domain); it can be let go of where rows are droppable."""
        in_domain = isinstance(relation, tuple)
        added = self.model.add_linear_expression_in_domain(*relation) if in_domain else self.model.add(relation)
        if self._droppable:
            added.only_enforce_if(self._literal(row))

    def add_between(self, row: Row, expression, lo: int, hi: int) -> None:
        """Add lo <= expression <= hi as a relation of a row."""
        add_between(self.model, expression, lo, hi, self._literal(row) if self._droppable else None)

    def _literal(self, row: Row):
        if row.line not in self.literal:
            self.literal[row.line] = self.model.new_bool_var(f"line{row.line}")
            self.rows[row.line] = row
        return self.literal[row.line]

    def size_of(self, place: Conditions):
        """How many are in a place."""
        return self.sum_of(self.place([place]), [place]) if place else self.total

    def sum_of(self, q: int, places: Sequence[Conditions]):
        """How many are in any of the places, as a variable made once."""
        return self.sum_of_mask(q, self.cliques[q].mask(places))

    def sum_of_mask(self, q: int, mask: np.ndarray):
        key = q, mask.tobytes()
        if key not in self._made:
            if mask.all():
                self._made[key] = self.total
            else:
                made = self.model.new_int_var(0, MOST_PATIENTS, f"sum{len(self._made)}")
                inside = mask[self.first[q]]
                self.model.add(made == sum(self.counts[q][a] for a in np.flatnonzero(inside)))
                self._made[key] = made
        return self._made[key]

    def _relations(self, condition: Condition, q: int) -> list:
        part = self.sum_of(q, condition.parts)
        lo, hi = condition.lo, condition.hi
        if condition.whole is None:
            return [part >= -(-lo.numerator // lo.denominator), part <= hi.numerator // hi.denominator]
        whole = self.sum_of(q, [condition.whole])  # a share of nobody is never printed
        # Which numbers of patients have such a share at all: what settles most conflicts at once.
        possible = self.cp.Domain.from_intervals(wholes_with_share(lo, hi, self._most))
        return [
            (whole, possible),
            lo.denominator * part >= lo.numerator * whole,
            hi.denominator * part <= hi.numerator * whole,
        ]

    def solve(self, seed: int, work: float = MOST_WORK, hold: Iterable[int] | None = None):
        """Search. ``hold``: the lines of the rows that hold, of droppable ones.

        Returns status ('found', 'none', 'unknown') and the solver.
        """
        if hold is not None:
            held = set(hold)
            for line, literal in self.literal.items():
                value = int(line in held)
                domain = self.model.proto.variables[literal.index].domain
                domain[0], domain[1] = value, value
        solver = self.cp.CpSolver()
        solver.parameters.num_workers = 1
        solver.parameters.random_seed = seed % 2**31
        solver.parameters.max_deterministic_time = work
        status = solver.solve(self.model)
        if status in (self.cp.OPTIMAL, self.cp.FEASIBLE):
            return "found", solver
        return ("none" if status == self.cp.INFEASIBLE else "unknown"), solver

    def near(self, expected: Sequence[np.ndarray], drawn: Sequence[np.ndarray]) -> list:
        """The price of moving away from the drawn counts by atom; adding to a rare atom costs more."""
        terms = []
        for counts, expects, start in zip(self.counts, expected, drawn, strict=True):
            price = np.round(100 - 20 * np.log(np.clip(expects, 1e-9, 1.0))).astype(int)
            for count, cost, x in zip(counts, price, start, strict=True):
                more = self.model.new_int_var(0, MOST_PATIENTS, "")
                fewer = self.model.new_int_var(0, int(x), "")
                self.model.add(count == int(x) + more - fewer)
                terms.append(int(cost) * more + 100 * fewer)
        return terms

    def expected(self, total: int) -> list[np.ndarray]:
        """Counts of maximum entropy by atom: every cell alike, raked to the middle of what is printed."""
        out = []
        for q, first in enumerate(self.first):
            weight = np.bincount(self.atom[q], minlength=len(first)).astype(float)
            x = weight / weight.sum() * total
            mine = [c for c, where in zip(self.conditions, self._where, strict=True) if where == q]
            mine = [c for c in mine if c.whole is not None or c.lo == c.hi]  # not the bare need of somebody
            whole = [
                np.ones(len(first), bool) if c.whole is None else self.cliques[q].mask([c.whole])[first] for c in mine
            ]
            part = [self.cliques[q].mask(c.parts)[first] & w for c, w in zip(mine, whole, strict=True)]
            share = [float((c.lo + c.hi) / 2) / (total if c.whole is None else 1) for c in mine]
            for _ in range(RAKINGS):
                before = x.copy()
                for p, w, s in zip(part, whole, share, strict=True):
                    inside, everybody, wanted = x[p].sum(), x[w].sum(), min(max(s, 0.0), 1.0)
                    if 0 < inside < everybody:
                        x[p] *= wanted * everybody / inside
                        x[w & ~p] *= (1 - wanted) * everybody / (everybody - inside)
                x *= total / max(x.sum(), 1e-12)
                if np.abs(x - before).max() < 1e-6:
                    break
            out.append(np.maximum(x, 1e-9))
        return out

    def tables(self, solver, rng: np.random.Generator) -> Tables:
        """Counts by cell; cells of one atom share its patients at random."""
        made = []
        for q, clique in enumerate(self.cliques):
            table = np.zeros(clique.size, dtype=int)
            order = np.argsort(self.atom[q], kind="stable")
            ends = np.cumsum(np.bincount(self.atom[q], minlength=len(self.first[q])))
            for count, cells in zip(self.counts[q], np.split(order, ends[:-1]), strict=True):
                many = int(solver.value(count))
                table[cells] = rng.multinomial(many, np.full(len(cells), 1 / len(cells))) if many else 0
            made.append(table)
        return Tables(made, int(solver.value(self.total)))


def add_between(model, expression, lo: int, hi: int, literal=None) -> None:
    """Add lo <= expression <= hi to a model; the expression may be a number, and lo above hi (then it cannot hold)."""
    known = isinstance(expression, (int, np.integer))
    if lo > hi or (known and not lo <= expression <= hi):
        model.add_bool_or([] if literal is None else [~literal])
    elif not known:
        added = model.add_linear_constraint(expression, lo, hi)
        if literal is not None:
            added.only_enforce_if(literal)


def wholes_with_share(lo: Fraction, hi: Fraction, most: int) -> list[list[int]]:
    """Numbers of patients from 1 to ``most`` of whom some number is a share from lo to hi, as intervals.

    >>> wholes_with_share(Fraction("0.6335"), Fraction("0.6345"), 80)
    [[41, 41], [71, 71]]
    """
    enough = min(most, -(-1 // (hi - lo)))  # from here on some whole number always lies between
    n = np.arange(1, enough + 1, dtype=np.int64)
    least = np.maximum(-(-lo.numerator * n // lo.denominator), 0)
    possible = n[least <= np.minimum(hi.numerator * n // hi.denominator, n)].tolist()
    if lo > 1 or hi < 0:
        return []
    cuts = [i for i in range(1, len(possible)) if possible[i] != possible[i - 1] + 1]
    runs = [[possible[a], possible[b - 1]] for a, b in zip([0, *cuts], [*cuts, len(possible)], strict=True) if b > a]
    if enough < most:
        if runs and runs[-1][1] == enough:
            runs[-1][1] = most
        else:
            runs.append([enough + 1, most])
    return runs


def smallest_conflict(programme: Programme, seed: int, guesses: Iterable[Sequence[int]] = ()) -> tuple[list[Row], bool]:
    """Cut the rows of a droppable programme down to a conflict in which each is needed, and say whether that is sure.

    Rows are left out if the rest still conflicts, first many at a time, at last one by one (deletion filter, Chinneck &
    Dravnieks 1991, doi:10.1287/ijoc.3.2.157). Literals are fixed, not assumed: then presolve sees plain inequalities.
    guesses: lines that may already contradict each other; the first that do are where it begins.
    """
    kept = list(programme.literal)
    likely = next((list(g) for g in guesses if programme.solve(seed, WORK_OF_A_GUESS, hold=g)[0] == "none"), None)
    if likely is not None:
        kept = likely
    elif programme.solve(seed, hold=kept)[0] != "none":
        raise ReplicalcError("the rows contradict each other, but which of them could not be told in the work allowed")
    size, sure = max(len(kept) // 2, 1), True
    while size:
        sure = True
        for start in range((len(kept) - 1) // size * size, -1, -size):
            rest = kept[:start] + kept[start + size :]
            status, _ = programme.solve(seed, WORK_OF_A_QUESTION, hold=rest)
            if status == "none":
                kept = rest
            sure = sure and status != "unknown"
        size = min(size // 2, len(kept) // 2) if size > 1 else 0
    return [programme.rows[line] for line in sorted(kept)], sure


def solve_tables(
    cliques: Sequence[Clique],
    conditions: Sequence[Condition],
    n_row: Row | None,
    groups: Sequence[Conditions],
    seed: int,
    least: int = 1,
) -> Tables:
    """Draw tables at random and move them as little as possible until every row holds, of ``least`` patients or more.

    Raises Conflict if no patients have all rows, ReplicalcError if that could not be told.
    """
    programme = Programme(cliques, conditions, n_row, groups)
    if n_row is None:  # as few patients as can have these numbers
        programme.model.add(programme.total >= least)
        programme.model.minimize(programme.total)
    status, solver = programme.solve(seed)
    if status == "none":
        rows, sure = smallest_conflict(Programme(cliques, conditions, n_row, droppable=True), seed)
        raise Conflict(rows, minimal=sure)
    if status == "unknown":
        raise ReplicalcError("whether patients have these counts could not be told within the work allowed")
    total = int(solver.value(programme.total))
    if n_row is None:
        programme.model.add(programme.total == total)
        programme.model.clear_objective()
    rng = np.random.default_rng([seed, 11])
    expected = programme.expected(total)
    drawn = [rng.poisson(np.minimum(x, total)) for x in expected]
    programme.model.minimize(sum(programme.near(expected, drawn)))
    for counts in programme.counts:  # begin with patients who have every number
        for count in counts:
            programme.model.add_hint(count, int(solver.value(count)))
    status, better = programme.solve(seed)
    if status != "found":
        raise ReplicalcError("the tables could not be drawn within the work allowed")
    return programme.tables(better, np.random.default_rng([seed, 12]))
