"""Synthetic patients from printed numbers alone: tables, measurements, what was assumed, every number computed again.

What no printed number ties together is drawn independently (maximum entropy). Patients made so have the printed
numbers and nothing else of the real ones: they are no evidence about patients.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import prod

import numpy as np

from replicalc.cohort.synthesise.margin_check import Checked, recomputed
from replicalc.cohort.synthesise.margin_cliques import Clique, cliques_of, patients_of
from replicalc.cohort.synthesise.margin_histograms import MOST_COUNTS, Histogram, Measured, histogram_size
from replicalc.cohort.synthesise.margin_sizes import (
    NoValues,
    agreement_windows,
    draw,
    measured_of,
    reaches,
    tied_sets,
    wider,
)
from replicalc.cohort.synthesise.margin_tables import (
    WORK_OF_A_QUESTION,
    Conflict,
    Programme,
    Tables,
    smallest_conflict,
    solve_tables,
)
from replicalc.cohort.synthesise.margins import (
    AGREEMENTS,
    OF_MEASUREMENTS,
    Condition,
    Margins,
    Row,
    conditions_of,
    fewest_of,
)
from replicalc.cohort.synthesise.restrictions import Conditions, place_conditions
from replicalc.errors import ReplicalcError

#: Combinations of codes up to which all groups of one measurement are put into one table.
MOST_TIED = 2_000
#: Counts of one measurement (groups x values) up to which conflicting rows are tried farther away.
MOST_VALUES = 12_000
#: Tables that are tried where groups have no printed size and measurements do not fit the ones that were drawn.
TABLES = 5


@dataclass(frozen=True)
class Made:
    """columns: by variable, shape (n,), text as in the file. checks: each printed number computed from them again."""

    columns: dict[str, np.ndarray]
    checks: tuple[Checked, ...]
    assumptions: tuple[tuple[str, str, str, str], ...]

    @property
    def n(self) -> int:
        return len(next(iter(self.columns.values())))

    @property
    def missed(self) -> tuple[Checked, ...]:
        return tuple(each for each in self.checks if not each.prints)


def make_patients(margins: Margins, seed: int) -> Made:
    """Make patients from whom every printed number comes out.

    A number about measurements that the search does not reach is among ``missed``, with the value that came out.
    Raises Conflict, which names the fewest rows, if no patients can have all numbers; ReplicalcError if there is too
    much to search.
    """
    reach: dict[str, tuple[int, int]] = {}
    try:
        while True:
            try:
                return _make(margins, seed, reach)
            except _TooNarrow as narrow:
                reach |= narrow.reach
    except Conflict as conflict:
        named = {
            name
            for r in conflict.rows
            for place in (r.group, *r.variable.split("~"))
            for name in place_conditions(place)
        }
        closed = [
            f"taken for granted of {name}: {what}"
            for name, what, _ in margins.assumed
            if name in named and what.startswith("its codes")
        ]
        given = "".join(f"; {text}" for text in closed)
        raise Conflict(conflict.rows, minimal=conflict.minimal, given=conflict.given + given) from None


class _TooNarrow(Exception):
    """There are no values as far as they were looked for, but rows that conflict there hold if they may be farther."""

    def __init__(self, reach: Mapping[str, tuple[int, int]]):
        self.reach = dict(reach)


def _make(margins: Margins, seed: int, reach: Mapping[str, tuple[int, int]]) -> Made:
    conditions, measured = conditions_of(margins), measured_of(margins, reach)
    cliques = cliques_of(margins.codes, _ties(margins, conditions, measured))
    if not cliques and margins.n_row is None:
        raise ReplicalcError("no row says how many patients there are (all, n), and none has a count")
    if not cliques and not measured:
        raise ReplicalcError("no row names a variable, so that there is nothing to make but empty patients")
    if not margins.rows:
        raise ReplicalcError("no row has a printed number; 'codes' and 'step' only say what there can be")
    least = _fewest(margins)
    tables = (
        solve_tables(cliques, conditions, margins.n_row, _measured_groups(margins), seed, least)
        if cliques
        else Tables([], int(margins.n_row.printed.value))
    )
    tables, codes, steps = _with_sizes(margins, cliques, tables, conditions, measured, seed)
    columns = {name: codes[name] for name in margins.codes}
    columns |= {m.name: _as_text(steps[m.name], m.step) for m in measured}
    order = np.random.default_rng([seed, 13]).permutation(tables.total)
    columns = {name: column[order] for name, column in columns.items()}
    checks = tuple(recomputed(row, margins, columns, tables.total) for row in margins.rows)
    wrong = [c.row.name for c in checks if not c.prints and c.row.stat not in (*OF_MEASUREMENTS, *AGREEMENTS)]
    if wrong:
        raise ReplicalcError(f"the tables that were found do not have {wrong[0]}; this is a fault of the program")
    return Made(columns, checks, tuple(_assumptions(margins, cliques, measured, tables.total, seed)))


def _with_sizes(margins: Margins, cliques, tables: Tables, conditions, measured: Sequence[Measured], seed: int):
    """Patients by codes and their measurements; where these patients cannot have the values, others are looked for."""
    for again in range(TABLES):
        codes = patients_of(cliques, tables.counts, np.random.default_rng([seed, 14, again]))
        members = _members(margins, codes, tables.total)
        try:
            return tables, codes, _draw_all(margins, measured, members, seed, give_up=again == TABLES - 1)
        except NoValues as failed:
            both = _Together(margins, cliques, conditions, members, seed)
            if not both.takes(failed.measured):
                return tables, codes, _draw_all(margins, measured, members, seed, give_up=True)
            # Most contradictions are within one measurement, so that one is asked first.
            found = both.tables([failed.measured]) and both.tables([m for m in measured if m.rows and both.takes(m)])
            # None: groups of these sizes cannot have the values, and others may be possible.
            tables = found or solve_tables(
                cliques,
                conditions,
                margins.n_row,
                _measured_groups(margins),
                seed + 7919 * (again + 1),
                _fewest(margins),
            )
    raise AssertionError("the last round returns")


def _draw_all(margins: Margins, measured: Sequence[Measured], members, seed: int, *, give_up: bool = False):
    agreements = agreement_windows(margins.rows, members)
    steps: dict[str, np.ndarray] = {}
    for number, together in enumerate(tied_sets(measured, agreements)):
        names = {m.name for m in together}
        mine = [a for a in agreements if a.x in names]
        steps |= draw(together, mine, members, [seed, 30 + number], give_up=give_up)
    return steps


class _Together:
    """Tables and values of measurements in one programme, to find other patients or to prove that there are none."""

    def __init__(
        self, margins: Margins, cliques: Sequence[Clique], conditions: Sequence[Condition], members, seed: int
    ):
        self.margins, self.cliques, self.conditions, self.seed = margins, cliques, conditions, seed
        self.n = {g: int(mask.sum()) for g, mask in members.items()}

    def takes(self, m: Measured) -> bool:
        found = self._patterns(m)
        return found is not None and histogram_size(m, found[2]) <= MOST_COUNTS

    def _patterns(self, m: Measured):
        """The table that knows all groups of a measurement, and its cells told apart by them."""
        names = {name for g in m.groups for name in place_conditions(g)}
        if not names:
            return None, None, np.ones((1, len(m.groups)), dtype=bool)
        q = next((q for q, clique in enumerate(self.cliques) if names <= set(clique.names)), None)
        if q is None:
            return None
        inside = np.column_stack([self.cliques[q].mask([place_conditions(g)]) for g in m.groups])
        patterns, of = np.unique(inside, axis=0, return_inverse=True)
        return q, of.ravel(), patterns

    def tables(self, measured: Sequence[Measured]) -> Tables | None:
        """Tables of patients who can have the values; None if only groups of other sizes might.

        Raises Conflict if there are none.
        """
        programme = self._programme(measured, droppable=False)
        status, solver = programme.solve(self.seed)
        if status == "found":
            return programme.tables(solver, np.random.default_rng([self.seed, 15]))
        if status == "unknown":
            names = ", ".join(m.name for m in measured)
            raise ReplicalcError(
                f"whether patients can have the numbers of {names} could not be told in the work allowed"
            )
        if not self._settled(measured):
            return None
        by_group = [[r.line for r in m.rows if r.group == g] for m in measured for g in m.groups]
        guesses = [lines for lines in by_group if len(lines) > 1] + [[r.line for m in measured for r in m.rows]]
        rows, sure = smallest_conflict(self._programme(measured, droppable=True), self.seed, guesses)
        raise Conflict(rows, minimal=sure, given=self._given(rows, self._widest_without(rows, measured)))

    def _widest_without(self, rows: Sequence[Row], measured: Sequence[Measured]) -> list[Measured]:
        """The measurements of conflicting rows, as far as they were looked for in vain.

        What holds without one of the rows holds farther away too, so a smallest conflict stays a smallest one. Raises
        _TooNarrow if the rows can hold there.
        """
        lines = [r.line for r in rows]
        mine = [m for m in measured if any(r.line in lines for r in m.rows)]
        for below_0 in (False, True):
            now = [wider(m, MOST_VALUES // len(self._patterns(m)[2]), below_0=below_0) for m in mine]
            if now == mine:
                continue
            status, _ = self._programme(now, droppable=True).solve(self.seed, WORK_OF_A_QUESTION, hold=lines)
            if status == "found":
                raise _TooNarrow({m.name: (m.least, m.most) for m in now})
            if status == "unknown":
                break
            mine = now
        return mine

    def _settled(self, measured: Sequence[Measured]) -> bool:
        """Whether the printed counts leave the groups no other size."""
        for group in dict.fromkeys(g for m in measured for g in m.groups):
            place = place_conditions(group)
            programme = Programme(self.cliques, self.conditions, self.margins.n_row, [place])
            programme.model.add(programme.size_of(place) != self.n[group])
            if programme.solve(self.seed)[0] != "none":
                return False
        return True

    def _programme(self, measured: Sequence[Measured], *, droppable: bool) -> Programme:
        groups = [place_conditions(g) for m in measured for g in m.groups if g != "all"]
        programme = Programme(self.cliques, self.conditions, self.margins.n_row, groups, droppable=droppable)
        for group in dict.fromkeys(g for m in measured for g in m.groups):
            place = place_conditions(group)
            programme.model.add(programme.size_of(place) == self.n[group])
        for m in measured:
            q, of, patterns = self._patterns(m)
            sizes = (
                [programme.total] if q is None else [programme.sum_of_mask(q, of == s) for s in range(len(patterns))]
            )
            Histogram(programme.model, m, sizes, patterns, self.n, programme.add_between)
        return programme

    def _given(self, rows, measured: Sequence[Measured]) -> str:
        """What the proof took for granted besides the rows."""
        named = {r.variable for r in rows if r.stat in OF_MEASUREMENTS}
        looked = [reaches(m) for m in measured if m.name in named]
        groups = dict.fromkeys(r.group for r in rows if r.stat in OF_MEASUREMENTS)
        line = {r.group: f" (line {r.line})" for r in self.margins.rows if r.stat == "n"}
        texts = [f"{group} are {self.n[group]} patients{line.get(group, '')}" for group in groups]
        texts += [f"values of {', '.join(looked)} were looked for"] if looked else []
        return "; " + "; ".join(texts) if texts else ""


def _fewest(margins: Margins) -> int:
    """The fewest patients that the measurements printed of all take. Raises Conflict if fewer are printed."""
    rows = [r for r in margins.rows if r.group == "all" and r.stat in (*OF_MEASUREMENTS, *AGREEMENTS)]
    most = max(rows, key=lambda r: fewest_of(r.stat), default=None)
    least = 1 if most is None else fewest_of(most.stat)
    if margins.n_row is not None and margins.n_row.printed.value < least:
        raise Conflict([margins.n_row, most], minimal=True, given=f"; it takes {least} patients")
    return least


def _measured_groups(margins: Margins) -> list[Conditions]:
    """The groups, other than all, of which a measurement is printed."""
    groups = dict.fromkeys(r.group for r in margins.rows if r.stat in OF_MEASUREMENTS)
    return [place_conditions(g) for g in groups if g != "all"]


def _ties(margins: Margins, conditions: Sequence[Condition], measured: Sequence[Measured]) -> list[frozenset[str]]:
    """Variables that must share a table: those of one printed number, and those of all groups of a measurement."""
    ties = [frozenset(name for place in (*c.parts, c.whole or {}) for name in place) for c in conditions]
    for m in measured:
        names = frozenset(name for g in m.groups for name in place_conditions(g))
        if prod(len(margins.codes[name]) for name in names) <= MOST_TIED:
            ties.append(names)
    return [tie for tie in ties if len(tie) > 1]


def _members(margins: Margins, codes: dict[str, np.ndarray], n: int) -> dict[str, np.ndarray]:
    """Who belongs to each group of which something is printed, shape (n,) each."""
    return {
        g: in_place(place_conditions(g), codes, n) for g in dict.fromkeys(["all", *(r.group for r in margins.rows)])
    }


def in_place(place: Conditions, codes: dict[str, np.ndarray], n: int) -> np.ndarray:
    mask = np.ones(n, dtype=bool)
    for name, wanted in place.items():
        mask &= np.isin(codes[name].astype(str), wanted)
    return mask


def _as_text(steps: np.ndarray, step: Fraction) -> np.ndarray:
    """Grid steps as decimal numbers with the places of the step."""
    decimals = 0
    while (step * 10**decimals).denominator != 1:
        decimals += 1
    return np.array([f"{float(int(x) * step):.{decimals}f}" for x in steps], dtype=object)


def _assumptions(margins: Margins, cliques: Sequence[Clique], measured: Sequence[Measured], total: int, seed: int):
    own = "assumption of this program"
    yield (
        "(all)",
        f"one of many possible sets of patients, drawn with seed {seed}; no evidence about patients",
        "printed numbers leave most of the patients open",
        own,
    )
    if margins.n_row is None:
        yield "(all)", f"{total} patients, the fewest that can have the printed numbers", "no row (all, n)", own
    yield (
        "(all)",
        "variables that no row names together are independent, given those that rows name with both",
        "maximum entropy: nothing printed says otherwise",
        "Jaynes 1957, doi:10.1103/PhysRev.106.620",
    )
    for clique in cliques:
        if len(clique.names) > 1:
            yield (
                ", ".join(clique.names),
                "a random table around the one of maximum entropy, moved as little as possible to the printed numbers",
                "rows name them together",
                "Jaynes 1957, doi:10.1103/PhysRev.106.620",
            )
    for name, what, why in margins.assumed:
        yield name, what, why, own
    for m in measured:
        yield (
            m.name,
            "independent of everything within the groups of which something is printed"
            + ("" if m.rows else "; evenly from least to most"),
            "maximum entropy: nothing printed says otherwise",
            own,
        )
        yield (
            m.name,
            f"{reaches(m)} at the most; quantiles of type 6, as SPSS has them, SD with n - 1",
            "not printed",
            own,
        )
    if any(r.stat in AGREEMENTS for r in margins.rows):
        yield (
            "(agreement)",
            "ICC(C,1), two-way, consistency, single measurement, 95 % limits from F",
            "not printed",
            own,
        )
