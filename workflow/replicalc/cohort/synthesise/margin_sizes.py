"""Measurements from printed ranges, quantiles, means, SDs and agreements, in all patients and in groups.

Values are drawn around what is printed, brought to the printed numbers by the random search of ``measurements``, and
where that misses one, by the integer programme of ``margin_histograms``, which also tells where there are none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from math import ceil, floor

import numpy as np

from replicalc.cohort.synthesise.margin_histograms import (
    MOST_COUNTS,
    QUANTILES,
    Histogram,
    Measured,
    histogram_size,
    strata,
)
from replicalc.cohort.synthesise.margin_tables import MOST_WORK, Conflict, add_between
from replicalc.cohort.synthesise.margins import AGREEMENTS, OF_MEASUREMENTS, Margins, Row
from replicalc.cohort.synthesise.measurement_targets import EDGE
from replicalc.cohort.synthesise.measurements import Agreement, Fitted, Moment, Quantile, Target, fit_measurements

LEVEL = 0.95  # of the limits of an agreement
#: Of the values of an agreement that print: how far from their ends one is looked for; all programs then round alike.
AGREEMENT_EDGE = 1e-3
#: Changes tried in a round of the random search, rounds, and starts where the first did not reach everything.
STEPS, ROUNDS, STARTS = 30_000, 4, 3


class NoValues(Exception):
    """These patients cannot have the printed values; others, with the same margins, perhaps can."""

    def __init__(self, measured: Measured):
        self.measured = measured


def measured_of(margins: Margins, reach: Mapping[str, tuple[int, int]] | None = None) -> list[Measured]:
    """The measurements, each with the rows about it alone and the values that any patient may have.

    reach: by name, least and most in steps, where they are to be looked for farther than at first.
    """
    found = []
    for name, step in margins.steps.items():
        rows = tuple(r for r in margins.rows if r.variable == name and r.stat in OF_MEASUREMENTS)
        found.append(Measured(name, rows, step, *((reach or {}).get(name) or _reach(rows, step))))
    return found


def wider(m: Measured, most_values: int, *, below_0: bool) -> Measured:
    """The measurement with values looked for farther away, or itself if that changes nothing.

    Only means and SDs depend on how far the farthest values lie. ``most_values`` are looked for at the most.
    """
    if not any(r.stat in ("mean", "sd") for r in m.rows):
        return m
    least, most = _reach(m.rows, m.step, far=True, below_0=below_0)
    room = max(most_values - (m.most - m.least + 1), 0)
    down = min(max(m.least - least, 0), room)
    up = min(max(most - m.most, 0), room - down)
    return Measured(m.name, m.rows, m.step, m.least - down, m.most + up) if down + up else m


def _reach(rows: Sequence[Row], step: Fraction, *, far: bool = False, below_0: bool = False) -> tuple[int, int]:
    """Values, in steps, beyond which nobody is looked for: five spreads around all that is printed, 0 where it may.

    far: fifteen, as skewed values need. below_0: as for changes of a value, of which all that is printed is positive.
    """
    places = [v / step for r in rows if r.stat != "sd" for v in r.interval]
    if not places:
        return 0, 100
    spreads = [r.interval[1] / step for r in rows if r.stat == "sd"]
    for group in {r.group for r in rows}:
        mine = {r.stat: Fraction(r.printed.value) / step for r in rows if r.group == group}
        spreads += [abs(mine["q3"] - mine["q1"]) * 3 / 4] if {"q1", "q3"} <= set(mine) else []
        spreads += [abs(mine["max"] - mine["min"]) / 5] if {"min", "max"} <= set(mine) else []
    spread = max([*spreads, Fraction(2)]) if spreads else max(max(abs(p) for p in places) / 4, Fraction(5))
    if far:
        spread = 3 * max(spread, max(places) - min(places))
    least, most = floor(min(places) - 5 * spread), ceil(max(places) + 5 * spread)
    if not below_0 and min(v for r in rows if r.stat != "sd" for v in (r.printed.value,)) >= 0:
        least = max(least, 0)
    return least, most


def reaches(measured: Measured) -> str:
    """The values looked for, for a reader."""
    lo, hi = (float(value * measured.step) for value in (measured.least, measured.most))
    return f"{measured.name} from {lo:g} to {hi:g}"


def agreement_windows(rows: Sequence[Row], members: Mapping[str, np.ndarray]) -> list[Agreement]:
    """The values of ICC(C,1) with which value and limits print as they stand, one target for each pair and group.

    Limits come from F (McGraw & Wong 1996, doi:10.1037/1082-989X.1.1.30) and follow from value and patients alone.
    Raises Conflict where no value has all of them.
    """
    from scipy.stats import f as f_distribution

    found = []
    for place in dict.fromkeys((r.group, r.variable) for r in rows if r.stat in AGREEMENTS):
        mine = [r for r in rows if (r.group, r.variable) == place and r.stat in AGREEMENTS]
        n = int(members[place[0]].sum())
        quantile = float(f_distribution.ppf((1 + LEVEL) / 2, n - 1, n - 1))
        windows = {}
        for row in mine:
            lo, hi = (float(value) for value in row.interval)
            if lo > 1 or hi < -1:
                raise Conflict([row], minimal=True, given="; an intraclass correlation of two lies from -1 to 1")
            factor = {"icc": 1.0, "icc_lo": quantile, "icc_hi": 1 / quantile}[row.stat]
            windows[row.line] = tuple(_shifted(max(-1.0, min(1.0, value)), factor) for value in (lo, hi))
        lo_line = max(windows, key=lambda line: windows[line][0])
        hi_line = min(windows, key=lambda line: windows[line][1])
        lo, hi = windows[lo_line][0], windows[hi_line][1]
        if lo > hi:
            pair = [r for r in mine if r.line in (lo_line, hi_line)]
            raise Conflict(pair, minimal=True, given=f"; no ICC(C,1) of {n} patients has both")
        edge = AGREEMENT_EDGE * (hi - lo)
        x, y = place[1].split("~")
        found.append(Agreement(str(mine[0].line), place[0], x, y, lo + edge, hi - edge))
    return found


def _shifted(value: float, factor: float) -> float:
    """The agreement whose limit is ``value``: its ratio of mean squares is ``factor`` times that of the limit."""
    if value >= 1:
        return 1.0
    ratio = (1 + value) / (1 - value) * factor
    return (ratio - 1) / (ratio + 1)


def targets_of(measured: Measured) -> list[Target]:
    """Rows as targets of the random search, in grid steps; a little inside, so that all programs round alike."""
    found: list[Target] = []
    for row in measured.rows:
        lo, hi = (float(value) for value in measured.steps(row))
        edge = EDGE * (hi - lo)
        if row.stat in QUANTILES:
            q = float(QUANTILES[row.stat])
            found.append(Quantile(str(row.line), row.group, measured.name, q, lo + edge, hi - edge))
        else:
            found.append(Moment(str(row.line), row.group, measured.name, row.stat, lo + edge, hi - edge))
    return found


def draw(
    together: Sequence[Measured],
    agreements: Sequence[Agreement],
    members: Mapping[str, np.ndarray],
    seed: Sequence[int],
    give_up: bool = False,
) -> dict[str, np.ndarray]:
    """Draw measurements that agreements tie together, or one alone.

    Raises NoValues if these patients cannot have the values of one of them; with ``give_up`` the nearest are returned.
    Returns by name, shape (n,), whole grid steps.
    """
    rng = np.random.default_rng([*seed, 21])
    groups = {g: members[g] for m in together for g in (*m.groups, "all")} | {
        a.group: members[a.group] for a in agreements
    }
    begin = _start(together, agreements, members, rng)
    least, most = {}, {}
    for m in together:
        least[m.name], most[m.name] = _bounds(m, members)
        if (least[m.name] > most[m.name]).any():
            if not give_up:
                raise NoValues(m)
            least[m.name], most[m.name] = np.full_like(least[m.name], m.least), np.full_like(most[m.name], m.most)
        begin[m.name] = np.clip(begin[m.name], least[m.name], most[m.name])
    targets = [t for m in together for t in targets_of(m)]
    wanted = [*targets, *agreements]
    rounds = ROUNDS if agreements else 1  # what is missed without agreements, the integer programme settles
    fitted = fit_measurements(begin, least, most, groups, wanted, seed, steps=STEPS, rounds=rounds, starts=1)
    if not fitted.missed:
        return fitted.values
    begin, short = _mended(fitted, together, members, seed[0], give_up=give_up)
    if not agreements:
        return begin
    # Where the integer programme gave the values, what is left is to pair them; else another start may do better.
    again = fit_measurements(
        begin, least, most, groups, wanted, [*seed, 2], steps=STEPS, rounds=2 * ROUNDS, starts=0 if short else STARTS
    )
    # An agreement that is out of reach is not to draw quantiles and means with it.
    return _mended(again, together, members, seed[0], give_up=give_up)[0]


def _mended(fitted: Fitted, together: Sequence[Measured], members, seed: int, *, give_up: bool):
    """Values with which every row but agreements comes out, and the names of the measurements that lacked one."""
    short = {each.target.variable for each in fitted.missed if not isinstance(each.target, Agreement)}
    values = dict(fitted.values)
    for m in together:
        if m.name in short:
            try:
                values[m.name] = exact_values(m, members, values[m.name], seed)
            except NoValues:
                if not give_up:
                    raise
    return values, short


def exact_values(measured: Measured, members: Mapping[str, np.ndarray], start: np.ndarray, seed: int) -> np.ndarray:
    """Values that print every row about one measurement, as near to ``start`` as the search brings them, in its order.

    Raises NoValues if these patients cannot have them; returns ``start`` if that could not be told.
    """
    from ortools.sat.python import cp_model

    if not measured.rows:
        return start
    of, patterns = strata(measured.groups, members)
    if histogram_size(measured, patterns) > MOST_COUNTS:
        return start
    model = cp_model.CpModel()
    n = {g: int(members[g].sum()) for g in measured.groups}
    sizes = np.bincount(of, minlength=len(patterns)).tolist()
    made = Histogram(model, measured, sizes, patterns, n, lambda row, *between: add_between(model, *between))
    solver = _solver(seed)
    status = solver.solve(model)
    if status == cp_model.INFEASIBLE:
        raise NoValues(measured)
    if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return start
    span = np.arange(measured.least, measured.most + 2)
    begin = np.array([np.histogram(start[of == s], bins=span)[0] for s in range(len(patterns))])
    for counts in made.counts:
        for count in counts:
            model.add_hint(count, solver.value(count))
    model.minimize(sum(made.near(begin)))
    nearer = _solver(seed)
    nearer.parameters.max_deterministic_time = MOST_WORK / 10
    if nearer.solve(model) in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        solver = nearer
    return in_order(made.found(solver), of, start)


def in_order(values: Sequence[np.ndarray], of: np.ndarray, start: np.ndarray) -> np.ndarray:
    """Hand the values of each stratum to its patients in the order of ``start``."""
    out = np.array(start)
    for s, each in enumerate(values):
        who = np.flatnonzero(of == s)
        out[who[np.argsort(start[who], kind="stable")]] = each
    return out


def _solver(seed: int):
    from ortools.sat.python import cp_model

    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.random_seed = seed % 2**31
    solver.parameters.max_deterministic_time = MOST_WORK
    return solver


def _bounds(measured: Measured, members: Mapping[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """What each patient's value may be by the printed ranges of the groups, shapes (n,)."""
    n = len(members["all"])
    least, most = np.full(n, measured.least), np.full(n, measured.most)
    for row in measured.rows:
        lo, hi = measured.steps(row)
        mine = members[row.group]
        if row.stat == "min":
            least[mine] = np.maximum(least[mine], ceil(lo))
        elif row.stat == "max":
            most[mine] = np.minimum(most[mine], floor(hi))
    return least, most


def _start(together, agreements, members, rng) -> dict[str, np.ndarray]:
    """Values drawn around what is printed of the smallest group that a patient is in; in agreement where it is high."""
    n = len(members["all"])
    common = rng.normal(size=n)
    found = {}
    for m in together:
        mine = [(a.lo + a.hi) / 2 for a in agreements if m.name in (a.x, a.y)]
        tied = min(max([0.0, *mine]), 0.95)
        score = np.sqrt(tied) * common + np.sqrt(1 - tied) * rng.normal(size=n)
        x = np.zeros(n, dtype=int)
        by_size = sorted(m.groups, key=lambda g: (int(members[g].sum()), g))
        of, patterns = strata(m.groups, members) if m.groups else (np.zeros(n, dtype=int), np.zeros((1, 0), bool))
        for s, pattern in enumerate(patterns):
            who = np.flatnonzero(of == s)
            told = [g for g in by_size if pattern[m.groups.index(g)]]
            rank = np.empty(len(who))
            rank[np.argsort(score[who], kind="stable")] = (np.arange(len(who)) + 0.5) / max(len(who), 1)
            x[who] = np.rint(_quantiles_of(m, told, rank))
        found[m.name] = np.clip(x, m.least, m.most)
    return found


def _quantiles_of(m: Measured, groups: Sequence[str], p: np.ndarray) -> np.ndarray:
    """Values at shares ``p`` of a distribution with the printed quantiles, or a normal one with mean and SD."""
    from scipy.special import ndtri

    for group in groups:
        told = {r.stat: float(Fraction(r.printed.value) / m.step) for r in m.rows if r.group == group}
        knots = sorted((float(q), told[stat]) for stat, q in QUANTILES.items() if stat in told)
        if "median" in told and len(knots) > 1:
            spread = max(abs(knots[-1][1] - knots[0][1]), 1.0)
            knots = ([] if "min" in told else [(0.0, max(m.least, knots[0][1] - spread))]) + knots
            knots += [] if "max" in told else [(1.0, min(m.most, knots[-1][1] + spread))]
            return np.interp(p, [a for a, _ in knots], np.maximum.accumulate([v for _, v in knots]))
        if "mean" in told or "median" in told:
            middle = told.get("mean", told.get("median", 0.0))
            return middle + told.get("sd", max((m.most - m.least) / 10, 1.0)) * ndtri(p)
    return m.least + p * (m.most - m.least)


def tied_sets(together: Sequence[Measured], agreements: Sequence[Agreement]) -> list[list[Measured]]:
    """Measurements that agreements tie together, directly or by way of others."""
    label = {m.name: i for i, m in enumerate(together)}
    for a in agreements:
        old, new = label[a.y], label[a.x]
        label = {name: new if each == old else each for name, each in label.items()}
    return [[m for m in together if label[m.name] == each] for each in dict.fromkeys(label.values())]
