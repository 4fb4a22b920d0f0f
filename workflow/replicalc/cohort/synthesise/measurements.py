"""Measurements on a grid that have printed quantiles, means and agreements in several groups at once.

A bounded random search (simulated annealing, Kirkpatrick et al. 1983, doi:10.1126/science.220.4598.671) over whole
numbers of grid steps. It goes in two stages, because the agreement of all patients follows from the agreements within
their groups and from how the groups differ: first the values of each variable are found, with every within-group
covariance taken as the printed agreement implies it; then the values change places between patients of one stratum
until the covariances are there. What is not reached is named, with the value that came out.
"""

from __future__ import annotations

import math
import random
from bisect import bisect_left, insort
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from replicalc.errors import ReplicalcError

STATS = ("mean", "sd")


@dataclass(frozen=True, slots=True)
class Quantile:
    """The ``q`` quantile (type 6, as SPSS has it) of a variable in a group is to lie in lo to hi, in grid steps."""

    name: str
    group: str
    variable: str
    q: float
    lo: float
    hi: float


@dataclass(frozen=True, slots=True)
class Moment:
    """The mean or the SD (n - 1) of a variable in a group is to lie in lo to hi, in grid steps."""

    name: str
    group: str
    variable: str
    stat: str
    lo: float
    hi: float


@dataclass(frozen=True, slots=True)
class Agreement:
    """ICC(C,1) of two variables in a group is to lie in lo to hi."""

    name: str
    group: str
    x: str
    y: str
    lo: float
    hi: float


Target = Quantile | Moment | Agreement


@dataclass(frozen=True, slots=True)
class Missed:
    """A target that was not reached, and the value that came out."""

    target: Target
    value: float


@dataclass(frozen=True)
class Fitted:
    """values: by variable, shape (n,), whole grid steps."""

    values: dict[str, np.ndarray]
    missed: tuple[Missed, ...]


def fit_measurements(
    values: Mapping[str, np.ndarray],
    least: Mapping[str, np.ndarray],
    most: Mapping[str, np.ndarray],
    groups: Mapping[str, np.ndarray],
    targets: Sequence[Target],
    seed: Sequence[int],
    steps: int = 60_000,
    rounds: int = 12,
    starts: int = 4,
) -> Fitted:
    """Change ``values`` until every target is met, or the search is over.

    values: by variable, shape (n,), whole grid steps, where to start. least, most: the same shape, what each patient's
    value may be (equal: it is fixed). groups: by name, shape (n,), who belongs to it. steps: changes tried in a round;
    rounds: of the second stage, and starts: of the whole, at most; with no starts the values are good but for the
    agreements, and only the second stage is run.

    Raises ReplicalcError if a target names a group or variable that is not there, or a start is out of its bounds.
    """
    _check(values, least, most, groups, targets)
    rng = random.Random(int(np.random.default_rng([*seed, 7]).integers(2**63)))
    free = {v: [int(i) for i in np.flatnonzero(least[v] < most[v])] for v in values}
    if not any(free.values()):
        return Fitted({v: np.array(x) for v, x in values.items()}, _missed(values, groups, targets))
    partners = _partners(groups, free)
    kept, energy = {v: [int(a) for a in x] for v, x in values.items()}, math.inf
    alone, energy_alone = kept, math.inf
    for start in range(max(starts, 1)):
        state = _State(values, least, most, groups, targets, implied=True)
        good = not starts
        for hot in (5.0, 1.0) if starts else ():
            good = good or _anneal(state, free, partners, rng, 2 * steps, (hot, 0.02), swaps=0.0)
        if not good and start < starts - 1:
            if state.energy() < energy_alone:
                alone, energy_alone = {v: list(x) for v, x in state.x.items()}, state.energy()
            continue  # another start is sooner there than pairing values that lack a quantile
        if not good and state.energy() > energy_alone:
            state = _State(alone, least, most, groups, targets, implied=True)
        state = _State(state.x, least, most, groups, targets, implied=False)
        mine, nearest = {v: list(x) for v, x in state.x.items()}, state.energy()
        for round_ in range(rounds):
            if nearest < DONE:
                break
            if round_ == 0:
                # Values that are good are only paired: what changes places within a stratum leaves every quantile.
                here, heat, swaps = free, (10.0 if starts else 0.5, 0.03), 1.0 if good else 0.9
            elif round_ % 3 == 2:  # shake what still misses something, the smallest group first
                here, heat, swaps = _within(free, state, groups), (3.0, 0.03), 0.5
            else:
                here, heat, swaps = free, (0.5, 0.03), 0.5
            _anneal(state, here, partners, rng, steps, heat, swaps=swaps)
            if state.energy() < nearest:
                mine, nearest = {v: list(x) for v, x in state.x.items()}, state.energy()
            elif round_ % 3 == 2:
                state = _State(mine, least, most, groups, targets, implied=False)
        if nearest < energy:
            kept, energy = mine, nearest
        if energy < DONE:
            break
    found = {v: np.array(x) for v, x in kept.items()}
    return Fitted(found, _missed(found, groups, targets))


def _within(free: Mapping[str, list[int]], state: _State, groups: Mapping[str, np.ndarray]) -> dict[str, list[int]]:
    """Leave only the patients of the smallest group that still misses something, if they have anything to change."""
    missing = {g for (g, _), cost in state.own_cost.items() if cost > 0} | {
        g for g, c in state.joint_cost.items() if c > 0
    }
    if not missing:
        return dict(free)
    there = groups[min(missing, key=lambda g: (int(groups[g].sum()), g))]
    inside = {v: [i for i in who if there[i]] for v, who in free.items()}
    return inside if any(inside.values()) else dict(free)


def _check(values, least, most, groups, targets: Iterable[Target]) -> None:
    for target in targets:
        names = (target.x, target.y) if isinstance(target, Agreement) else (target.variable,)
        for what, known in ((target.group, groups), *((name, values) for name in names)):
            if what not in known:
                raise ReplicalcError(f"{target.name} asks for '{what}', which is not among {', '.join(known)}")
        if not groups[target.group].any():
            raise ReplicalcError(f"{target.name} is printed for '{target.group}', in which there is nobody")
        if isinstance(target, Moment) and target.stat not in STATS:
            raise ReplicalcError(f"{target.name}: a moment is one of {', '.join(STATS)}, not '{target.stat}'")
    for v, x in values.items():
        out = np.flatnonzero((x < least[v]) | (x > most[v]))
        if len(out):
            i = int(out[0])
            raise ReplicalcError(f"{v} of patient {i + 1} starts at {x[i]}, outside of {least[v][i]} to {most[v][i]}")


def _partners(groups: Mapping[str, np.ndarray], free: Mapping[str, list[int]]) -> dict[str, dict[int, list[int]]]:
    """Say for each free value of each variable whose values it may change places with: the same groups, free too."""
    found: dict[str, dict[int, list[int]]] = {}
    for v, who in free.items():
        strata: dict[tuple, list[int]] = {}
        for i in who:
            strata.setdefault(tuple(bool(mask[i]) for mask in groups.values()), []).append(i)
        found[v] = {i: stratum for stratum in strata.values() for i in stratum}
    return found


#: What one grid step beyond a quantile, and one thousandth beyond an agreement, cost.
STEP_COST, THOUSANDTH_COST = 20.0, 1.0
DONE = 1e-9  # nothing is missing but for the rounding of sums


class _State:
    """Values with their sums, and how far each group is from its targets.

    With ``implied``, the covariance of two variables in a group with a printed agreement is the one that makes it come
    out, whatever the values are paired like; only what then follows for larger groups counts.
    """

    def __init__(self, values, least, most, groups, targets: Sequence[Target], *, implied: bool):
        self.x = {v: [int(a) for a in x] for v, x in values.items()}
        self.least, self.most = least, most
        self.members = {g: [int(i) for i in np.flatnonzero(mask)] for g, mask in groups.items()}
        self.groups_of = [[g for g, mask in groups.items() if mask[i]] for i in range(len(next(iter(values.values()))))]
        self.own: dict[tuple[str, str], list[tuple]] = {}
        self.joint: dict[str, list[Agreement]] = {}
        for t in targets:
            if isinstance(t, Agreement):
                self.joint.setdefault(t.group, []).append(t)
            elif isinstance(t, Moment):
                self.own.setdefault((t.group, t.variable), []).append((t.stat, 0, 0.0, t.lo, t.hi))
            else:
                k, fraction = position(len(self.members[t.group]), t.q)
                self.own.setdefault((t.group, t.variable), []).append(("quantile", k, fraction, t.lo, t.hi))
        self.parts = _compositions(groups, self.joint) if implied else {}
        self.implied = implied
        self.ordered = {
            key: sorted(self.x[key[1]][i] for i in self.members[key[0]])
            for key, terms in self.own.items()
            if any(term[0] == "quantile" for term in terms)
        }
        self.sum = {(g, v): sum(x[i] for i in who) for g, who in self.members.items() for v, x in self.x.items()}
        self.cross: dict[tuple[str, str, str], int] = {}
        for g, who in self.members.items():
            for v, x in self.x.items():
                for w, y in self.x.items():
                    self.cross[g, v, w] = sum(x[i] * y[i] for i in who)
        self.paired = {
            (g, v): sorted({w for t in self.joint.get(g, []) for w in (t.x, t.y) if v in (t.x, t.y)} - {v})
            for g in groups
            for v in self.x
        }
        self.own_cost = {key: self.cost_of_own(*key) for key in self.own}
        self.joint_cost = {g: self.cost_of_joint(g) for g in self.joint}

    def energy(self) -> float:
        return sum(self.own_cost.values()) + sum(self.joint_cost.values())

    def cost_of_own(self, g: str, v: str) -> float:
        """Price what quantiles and moments of one variable in one group lack."""
        cost, n = 0.0, len(self.members[g])
        for stat, k, fraction, lo, hi in self.own[g, v]:
            if stat == "quantile":
                x = self.ordered[g, v]
                value = x[k] + fraction * (x[k + 1] - x[k]) if fraction else x[k]
            elif stat == "mean":
                value = self.sum[g, v] / n
            else:
                s = self.sum[g, v]
                value = math.sqrt(max(self.cross[g, v, v] - s * s / n, 0.0) / (n - 1)) if n > 1 else 0.0
            excess = lo - value if value < lo else value - hi
            if excess > 0:  # half a step at once: a quantile that lies just outside is outside all the same
                cost += (excess + 0.5) * STEP_COST
        return cost

    def cost_of_joint(self, g: str) -> float:
        """Price what the agreements in one group lack; without pairing, only those that follow from others count."""
        cost, n = 0.0, len(self.members[g])
        for t in self.joint[g]:
            product, lo, hi = self.cross[g, t.x, t.y], t.lo, t.hi
            if self.implied:
                parts = self.parts.get((g, t.x, t.y))
                if parts is None:
                    continue
                product = 0.0
                for part in parts:
                    m, sx, sy = len(self.members[part.group]), self.sum[part.group, t.x], self.sum[part.group, t.y]
                    product += (part.lo + part.hi) / 4 * self._spread(part.group, t.x, t.y) + sx * sy / m
                lo, hi = lo + (hi - lo) / 4, hi - (hi - lo) / 4  # the parts will not hit their middles
            spread = self._spread(g, t.x, t.y)
            value = 2 * (product - self.sum[g, t.x] * self.sum[g, t.y] / n) / spread if spread > 0 else 0.0
            excess = lo - value if value < lo else value - hi
            if excess > 0:
                cost += excess * 1000 * THOUSANDTH_COST
        return cost

    def _spread(self, g: str, x: str, y: str) -> float:
        n, sx, sy = len(self.members[g]), self.sum[g, x], self.sum[g, y]
        return self.cross[g, x, x] + self.cross[g, y, y] - (sx * sx + sy * sy) / n

    def put(self, v: str, i: int, new: int) -> None:
        x = self.x[v]
        old = x[i]
        x[i], change = new, new - old
        for g in self.groups_of[i]:
            self.sum[g, v] += change
            self.cross[g, v, v] += new * new - old * old
            for w in self.paired[g, v]:
                more = change * self.x[w][i]
                self.cross[g, v, w] += more
                self.cross[g, w, v] += more
            ordered = self.ordered.get((g, v))
            if ordered is not None:
                del ordered[bisect_left(ordered, old)]
                insort(ordered, new)


def position(n: int, q: float) -> tuple[int, float]:
    """Index (from 0) and fraction of the ``q`` quantile of type 6 among n ordered values: position (n + 1) q.

    >>> position(7, 0.25), position(8, 0.5), position(1, 0.75)
    ((1, 0.0), (3, 0.5), (0, 0.0))
    """
    h = min(max((n + 1) * q, 1.0), float(n))
    k = int(h)
    return k - 1, round(h - k, 9)


def _compositions(groups: Mapping[str, np.ndarray], joint: Mapping[str, list[Agreement]]) -> dict:
    """Find the agreements that follow from others: their group is made up of groups with the same agreement."""
    found = {}
    for g, agreements in joint.items():
        for whole in agreements:
            others = [t for h, ts in joint.items() if h != g for t in ts if (t.x, t.y) == (whole.x, whole.y)]
            inside = [t for t in others if not (groups[t.group] & ~groups[g]).any()]
            if inside and (sum(groups[t.group].astype(int) for t in inside) == groups[g].astype(int)).all():
                found[g, whole.x, whole.y] = inside
    return found


def _anneal(state: _State, free, partners, rng, steps: int, heat: tuple[float, float], swaps: float) -> bool:
    """Try ``steps`` changes, cooling from the first to the second heat; True once every target is met."""
    names = [v for v, who in free.items() if who]
    x, own, joint = state.x, state.own_cost, state.joint_cost
    cooling = (heat[1] / heat[0]) ** (1 / steps)
    now, temperature, draw = state.energy(), heat[0], rng.random
    for _ in range(steps):
        if now < DONE:
            return True
        temperature *= cooling
        v = names[int(draw() * len(names))]
        i = free[v][int(draw() * len(free[v]))]
        old = x[v][i]
        if draw() < swaps:
            others = partners[v][i]
            j = others[int(draw() * len(others))]
            new = x[v][j]
            changes: tuple = ((i, old, new), (j, new, old))
            if new > state.most[v][i] or new < state.least[v][i] or old > state.most[v][j] or old < state.least[v][j]:
                continue
        else:
            r = draw()
            new = old + (1 if r < 0.3 else -1 if r < 0.6 else int((r - 0.8) * 100))
            changes = ((i, old, new),)
            if not state.least[v][i] <= new <= state.most[v][i]:
                continue
        if new == old:
            continue
        touched = state.groups_of[i]
        before = sum(joint.get(g, 0.0) + own.get((g, v), 0.0) for g in touched)
        limit = before - temperature * math.log(1 - draw())
        for k, _, value in changes:
            state.put(v, k, value)
        alone = len(changes) == 1
        mine = {g: state.cost_of_own(g, v) if alone else own[g, v] for g in touched if (g, v) in own}
        after = sum(mine.values())
        if after <= limit:
            both = {g: state.cost_of_joint(g) for g in touched if g in joint}
            after += sum(both.values())
            if after <= limit:
                now += after - before
                joint.update(both)
                own.update(((g, v), cost) for g, cost in mine.items())
                continue
        for k, value, _ in reversed(changes):
            state.put(v, k, value)
    return state.energy() < DONE


def _missed(values, groups, targets: Sequence[Target]) -> tuple[Missed, ...]:
    """Name the targets that are not met, each computed afresh from the values."""
    found = []
    for t in targets:
        who = groups[t.group]
        if isinstance(t, Agreement):
            value = _consistency(np.asarray(values[t.x])[who].astype(float), np.asarray(values[t.y])[who].astype(float))
        else:
            x = np.sort(np.asarray(values[t.variable])[who].astype(float))
            if isinstance(t, Quantile):
                k, fraction = position(len(x), t.q)
                value = float(x[k] + fraction * (x[min(k + 1, len(x) - 1)] - x[k]))
            else:
                value = float(x.mean() if t.stat == "mean" else x.std(ddof=1) if len(x) > 1 else 0.0)
        if not t.lo - 1e-9 <= value <= t.hi + 1e-9:
            found.append(Missed(t, value))
    return tuple(found)


def _consistency(x: np.ndarray, y: np.ndarray) -> float:
    """ICC(C,1) of two raters: twice the covariance over the sum of the variances (doi:10.1037/1082-989X.1.1.30)."""
    if len(x) < 2:
        return math.nan
    covariance = np.cov(x, y)
    spread = covariance[0, 0] + covariance[1, 1]
    return float(2 * covariance[0, 1] / spread) if spread > 0 else math.nan
