"""An attacker who knows all released counts: how narrow can each protected number be told, and by which of them?

Every protected number must lie in an interval at least as wide as the threshold t: then the released counts tell
neither the number nor even that it is below t (an interval of width t that begins at 0 or above reaches t).
"""

from __future__ import annotations

from dataclasses import dataclass, field

from replicalc.disclosure.model import Model
from replicalc.errors import ReplicalcError

#: How near to whole numbers a solution in floating point must be to count as one.
WHOLE = 1e-6
#: A sum of columns, as sorted pairs of column and factor.
Sum = tuple[tuple[int, float], ...]
#: Linear programmes and searches before the attacker gives up and everything is withheld, whatever the machine.
MOST_PROGRAMMES = 4_000
SEARCH_UNITS = 5.0
#: As how many programmes a search for whole patients counts.
SEARCH_COST = 20


@dataclass
class Attack:
    """What is released, and what is known by now of how far each protected number can be from the truth.

    ``released`` and ``protected``: sums over the columns of the model, with their true value.
    """

    model: Model
    released: dict[Sum, int]
    protected: dict[Sum, int]
    threshold: int
    programmes: int = 0
    #: Possible whole patients: what they have of every protected number, and of every count.
    pool: list = field(default_factory=list)
    withheld: list[Sum] = field(default_factory=list)

    def __post_init__(self) -> None:
        import numpy as np
        from scipy.sparse import csr_matrix

        def matrix(sums):
            rows = [row for row, each in enumerate(sums) for _ in each]
            columns = [column for each in sums for column, _ in each]
            values = [value for each in sums for _, value in each]
            return csr_matrix((values, (rows, columns)), shape=(len(sums), self.model.columns))

        self.order = sorted(self.released)
        self.counts = matrix(self.order)
        self.values = np.array([self.released[each] for each in self.order], dtype=float)
        self.on = np.ones(len(self.order), dtype=bool)
        self.fixed = matrix([tuple(zip(*each, strict=True)) for each in self.model.equations])
        self.goals = sorted(self.protected)
        self.aims = matrix(self.goals)
        self.truth = np.array([self.protected[each] for each in self.goals], dtype=float)
        # How far each can lie: with parts of patients, and with whole ones.
        self.lo, self.hi, self.low, self.high = (self.truth.copy() for _ in range(4))

    def solve(self, aim: int, sign: float):
        """Find the possible patients (parts of patients allowed) with the most (sign 1) or fewest (-1) of an aim."""
        import numpy as np
        from scipy.optimize import linprog
        from scipy.sparse import vstack

        self.programmes += 1
        if self.programmes > MOST_PROGRAMMES:
            raise ReplicalcError("disclosure control: too many linear programmes")
        goal = -sign * self.aims[aim].toarray().ravel()
        rows = vstack([self.counts[self.on], self.fixed], format="csr")
        right = np.concatenate([self.values[self.on], np.zeros(self.fixed.shape[0])])
        found = linprog(goal, A_eq=rows, b_eq=right, bounds=(0, None), method="highs-ds")
        if found.status == 3:  # without limit
            return None
        if found.x is None:
            raise ReplicalcError(f"disclosure control: {found.message}")
        return found

    def widen(self, x) -> None:
        """Learn from possible patients how far every protected number can lie."""
        import numpy as np

        values = self.aims @ x
        np.minimum(self.lo, values, out=self.lo)
        np.maximum(self.hi, values, out=self.hi)
        if np.abs(x - np.round(x)).max() < WHOLE:
            self.learn(np.round(x))

    def learn(self, x) -> None:
        """Keep possible whole patients: the value of every protected number and of every count."""
        import numpy as np

        self.pool.append((np.round(self.aims @ x), np.round(self.counts @ x)))
        np.minimum(self.low, self.pool[-1][0], out=self.low)
        np.maximum(self.high, self.pool[-1][0], out=self.high)

    def safe(self, aim: int) -> bool:
        return self.hi[aim] - self.lo[aim] >= self.threshold - 1e-6

    def is_open(self, aim: int) -> bool:
        """Tell whether the released counts leave a protected number far enough, before anything more is withheld."""
        import numpy as np

        for sign in (1.0, -1.0):
            if not self.safe(aim):
                found = self.solve(aim, sign)
                if found is None:
                    self.lo[aim], self.hi[aim] = -np.inf, np.inf
                else:
                    self.widen(found.x)
        return self.safe(aim)

    def protect(self, cost: dict[Sum, tuple]) -> None:
        """Withhold further counts, the cheapest first, until every protected number can lie far enough.

        ``cost`` orders the counts; those that fix a number are told by the dual of its linear programme.
        """
        import numpy as np

        for aim in sorted(range(len(self.truth)), key=lambda k: (self.truth[k], k)):
            while not self.safe(aim):
                fixing = np.zeros(len(self.order))
                for sign in (1.0, -1.0):
                    found = self.solve(aim, sign)
                    if found is None:
                        self.lo[aim], self.hi[aim] = -np.inf, np.inf
                        break
                    self.widen(found.x)
                    fixing[self.on] += np.abs(found.eqlin.marginals[: int(self.on.sum())])
                    if self.safe(aim):
                        break
                if self.safe(aim):
                    break
                choice = [self.order[k] for k in np.flatnonzero(self.on & (fixing > 1e-7))]
                if not choice:
                    raise ReplicalcError("disclosure control: a number is told by something that no table holds")
                self.withhold(min(choice, key=cost.__getitem__))

    def confirm(self, cost: dict[Sum, tuple]) -> None:
        """Find whole patients for what ``protect`` found with parts of patients; withhold more where there are none.

        The true patients are one end of the interval or lie between: whole patients are looked for with so many more
        that the interval from the truth alone is wide enough, then with so many fewer.
        """
        low, high = self.low, self.high
        for aim in sorted(range(len(self.truth)), key=lambda k: (self.truth[k], k)):
            while high[aim] - low[aim] < self.threshold - 1e-6:
                for sign in (1, -1):
                    values = self.search(self.goals[aim], int(self.truth[aim]), sign)
                    if values is not None:
                        self.learn(values)
                    if high[aim] - low[aim] >= self.threshold - 1e-6:
                        break
                else:
                    near = set(self.aims[aim].indices)
                    choice = [
                        told for k, told in enumerate(self.order) if self.on[k] and near & set(self.counts[k].indices)
                    ]
                    if not choice:
                        raise ReplicalcError("disclosure control: no whole patients, and nothing left to withhold")
                    self.withhold(min(choice, key=cost.__getitem__))

    def settle(self, cost: dict[Sum, tuple]) -> None:
        """Show again what is withheld for nothing: what need not be withheld, and what follows from the rest anyhow.

        A count is shown again where the whole patients found so far that agree with it are enough for every protected
        number, or where no whole patients have another value of it. What stays withheld can have at least two values.
        """
        import numpy as np

        before = len(self.withheld) + 1
        while len(self.withheld) < before:  # what is shown again may fix what is left
            before = len(self.withheld)
            for each in sorted(self.withheld, key=cost.__getitem__, reverse=True):
                k = self.order.index(each)
                if self._enough(k) or not self._varies(k):
                    self.on[k] = True
                    self.withheld.remove(each)
                    self.pool = [found for found in self.pool if found[1][k] == self.values[k]]
        self.low = np.minimum.reduce([self.truth, *(aims for aims, _ in self.pool)])
        self.high = np.maximum.reduce([self.truth, *(aims for aims, _ in self.pool)])

    def _enough(self, k: int) -> bool:
        """Tell whether the whole patients that agree with a count leave every protected number wide enough."""
        import numpy as np

        agree = [self.truth, *(aims for aims, counts in self.pool if counts[k] == self.values[k])]
        return bool((np.maximum.reduce(agree) - np.minimum.reduce(agree) >= self.threshold).all())

    def _varies(self, k: int) -> bool:
        """Tell whether some possible whole patients have another value of a count."""
        if any(counts[k] != self.values[k] for _, counts in self.pool):
            return True
        for sign in (1, -1):
            found = self.search(self.order[k], int(self.values[k]), sign)
            if found is not None and round(float((self.counts[k] @ found)[0])) != self.values[k]:
                self.learn(found)
                return True
        return False

    def search(self, goal_sum: Sum, truth: int, sign: int):
        """Search whole patients with a sum as far from the truth as the threshold asks; None if none are found."""
        import numpy as np
        from ortools.sat.python import cp_model

        self.programmes += SEARCH_COST
        if self.programmes > MOST_PROGRAMMES:
            raise ReplicalcError("disclosure control: too many programmes")
        model = cp_model.CpModel()
        most = self.model.people.size
        x = [model.new_int_var(0, most, "") for _ in range(self.model.columns)]

        def total(each: Sum):
            return cp_model.LinearExpr.weighted_sum(
                [x[column] for column, _ in each], [int(value) for _, value in each]
            )

        for k in np.flatnonzero(self.on):
            model.add(total(self.order[k]) == int(self.values[k]))
        for columns, values in self.model.equations:
            model.add(total(tuple(zip(columns, values, strict=True))) == 0)
        goal = total(goal_sum)
        model.add(sign * goal <= sign * truth + self.threshold)
        model.maximize(sign * goal)
        solver = cp_model.CpSolver()
        solver.parameters.num_workers = 1
        solver.parameters.random_seed = 1
        solver.parameters.max_deterministic_time = SEARCH_UNITS
        if solver.solve(model) not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
            return None
        return np.array([solver.value(each) for each in x], dtype=float)

    def withhold(self, told: Sum) -> None:
        self.on[self.order.index(told)] = False
        self.withheld.append(told)
