"""The whole numbers behind cells and sums as a constraint model (CP-SAT), and the fewest prints that must change."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from replicalc.errors import ReplicalcError
from replicalc.verify.printed import Printed
from replicalc.verify.recovery import print_share, share_bounds

#: Smallest repairs that are listed, largest count, and the solver's work limit (deterministic units, about seconds).
MAX_REPAIRS, MAX_COUNT, MAX_WORK = 100, 1_000_000, 10.0
#: The greatest number that a cell may have. The solver needs a bound; no study has so many patients.
LARGEST = 10 * MAX_COUNT
#: Numbers that may have to change together until the search is given up, and solutions that one search may ask for.
MAX_CHANGES, MAX_SOLVES = 12, 400
#: The solver's work limit for one candidate set; a set that is not settled by then is left out, and that is told.
MAX_TRIAL = 2.0


@dataclass(frozen=True, slots=True)
class Cell:
    """A printed count, a printed percentage of the cell ``of``, or both; neither for a number that is not printed."""

    count: Printed | None = None
    percent: Printed | None = None
    of: str = ""


@dataclass(frozen=True, slots=True)
class Sum:
    """The cells ``parts`` make up the cell ``total``, each patient in exactly one of them."""

    total: str
    parts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """One printed number that must change. lo, hi: the counts that its cell may have, all other numbers standing."""

    cell: str
    kind: str
    printed: str
    reads: str
    lo: int
    hi: int


@dataclass(frozen=True, slots=True)
class SumRepair:
    """Printed numbers that must change together; ``rounding``: that of the percentages that stand.

    digits: how many printed digits change at least, together.
    """

    changes: tuple[Change, ...]
    rounding: str

    @property
    def digits(self) -> int:
        return sum(_digits(change.printed, change.reads) for change in self.changes)


def _digits(printed: str, reads: str) -> int:
    """How many characters differ, counted from the decimal point to either side."""
    a, b = (text.lstrip("<>=≤≥ ").partition(".") for text in (printed, reads))
    width, places = max(len(a[0]), len(b[0])), max(len(a[2]), len(b[2]))
    texts = (x[0].rjust(width) + x[2].ljust(places) for x in (a, b))
    return max(1, sum(x != y for x, y in zip(*texts, strict=True)))  # 1 instead of <1 is a change as well


class Number(NamedTuple):
    """One printed number of a cell; ``kind`` is "count" or "percent"."""

    cell: str
    kind: str
    printed: Printed


class GivenUp(Exception):
    """A question to the solver was not settled within its bounds."""


class SumModel:
    """The constraint model of one rounding; each printed number has a switch that says whether it stands."""

    def __init__(self, cells: Mapping[str, Cell], sums: Sequence[Sum], rounding: str, scale: int) -> None:
        from ortools.sat.python import cp_model

        self.cells, self.sums, self.rounding, self.scale = cells, sums, rounding, scale
        self.model = cp_model.CpModel()
        self.x = {name: self.model.new_int_var(0, LARGEST, name) for name in sorted(cells)}
        self.stands = {}
        for name in sorted(cells):
            cell = cells[name]
            if cell.percent is not None:
                self.model.add(self.x[name] <= self.x[cell.of])
            for kind, printed in (("count", cell.count), ("percent", cell.percent)):
                if printed is None:
                    continue
                claim = Number(name, kind, printed)
                stands = self.stands[claim] = self.model.new_bool_var(f"{name} {kind}")
                if kind == "count":
                    self.model.add(self.x[name] == int(printed.value)).only_enforce_if(stands)
                    continue
                share = share_bounds(printed, rounding, scale)
                part, whole = self.x[name], self.x[cell.of]
                self.model.add(share.unit * part - share.lower * whole >= int(not share.lower_closed)).only_enforce_if(
                    stands
                )
                self.model.add(share.upper * whole - share.unit * part >= int(not share.upper_closed)).only_enforce_if(
                    stands
                )
                self.model.add(whole >= 1).only_enforce_if(stands)
        for total in sums:
            self.model.add(sum(self.x[name] for name in total.parts) == self.x[total.total])
        self.conflicts: list[frozenset[Number]] = []
        self.solves, self.complete = 0, True
        #: The kinds of numbers that may change.
        self.kinds: tuple[str, ...] = ("count", "percent")

    def of_size(self, size: int) -> list[tuple[Number, ...]]:
        """All sets of ``size`` printed numbers without which the rest holds together, if no smaller set does.

        Any such set hits every conflict, numbers that cannot hold together. Conflicts are collected one by one:
        the smallest sets that hit all known ones either do, or bring up another conflict (Reiter 1987,
        doi:10.1016/0004-3702(87)90062-2). At most MAX_REPAIRS sets are given.
        """
        if not size and self.agrees():
            return [()]
        found: dict[frozenset[Number], None] = {}
        fresh = True
        while fresh:
            fresh = False
            for out in self._hitting(size):
                if out in found:
                    continue
                try:
                    core = self._conflict(out)
                except GivenUp:
                    self.complete = False
                    if self.solves > MAX_SOLVES:
                        break
                    continue
                if core is not None:
                    self.conflicts.append(core)
                    fresh = True
                    break
                found[out] = None
                if len(found) >= MAX_REPAIRS:
                    break
        place = {claim: i for i, claim in enumerate(self.stands)}
        sets = [tuple(sorted(out, key=place.__getitem__)) for out in found]
        return sorted(sets, key=lambda out: [place[claim] for claim in out])

    def agrees(self) -> bool:
        """Whether all numbers hold together: asked without switches, for that is far quicker in a large block.

        False also where it is not settled; ``complete`` is then False.
        """
        from ortools.sat.python import cp_model

        whole = SumModel(self.cells, self.sums, self.rounding, self.scale)
        whole.model.add_bool_and(list(whole.stands.values()))
        status = self._solver().solve(whole.model)
        if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE, cp_model.INFEASIBLE):
            self.complete = False
        return status in (cp_model.OPTIMAL, cp_model.FEASIBLE)

    def _hitting(self, size: int) -> Iterator[frozenset[Number]]:
        """Sets of at most ``size`` numbers that hit every known conflict, those of exactly that size, each once."""
        seen: set[frozenset[Number]] = set()

        def grow(out: frozenset[Number]) -> Iterator[frozenset[Number]]:
            missed = next((core for core in self.conflicts if not core & out), None)
            if missed is None:
                if len(out) == size:
                    yield out
                return
            if len(out) < size:
                for claim in sorted(missed, key=lambda c: (c.cell, c.kind)):
                    if claim.kind not in self.kinds:
                        continue
                    more = out | {claim}
                    if more not in seen:
                        seen.add(more)
                        yield from grow(more)

        yield from grow(frozenset())

    def _conflict(self, out: frozenset[Number]) -> frozenset[Number] | None:
        """A smallest conflict among the numbers that stand; None if they hold together without those in ``out``.

        Raises GivenUp where that is not settled within the bounds.
        """
        core = self._core([claim for claim in self.stands if claim not in out], MAX_TRIAL if out else MAX_WORK)
        if core is None:
            return None
        for claim in sorted(core, key=lambda c: (c.cell, c.kind)):
            if claim not in core:
                continue
            try:
                rest = self._core([other for other in core if other != claim])
            except GivenUp:
                continue  # a conflict that is larger than it need be is still one
            if rest is not None:
                core = [other for other in core if other != claim and other in rest]
        return frozenset(core)

    def _core(self, standing: Sequence[Number], work: float = MAX_TRIAL) -> list[Number] | None:
        """Some of the numbers that cannot hold together, or None if all of them can."""
        from ortools.sat.python import cp_model

        self.solves += 1
        if self.solves > MAX_SOLVES:
            raise GivenUp
        self.model.clear_assumptions()
        self.model.add_assumptions([self.stands[claim] for claim in standing])
        solver = self._solver(work)
        status = solver.solve(self.model)
        if status in (cp_model.OPTIMAL, cp_model.FEASIBLE):
            return None
        if status != cp_model.INFEASIBLE:
            raise GivenUp
        index = {stands.index: claim for claim, stands in self.stands.items()}
        return [index[i] for i in solver.sufficient_assumptions_for_infeasibility()]

    def repair(self, out: tuple[Number, ...]) -> tuple[int, SumRepair]:
        """What the numbers of a set read in the solution nearest to the printed counts, and their possible range."""
        fresh = SumModel(self.cells, self.sums, self.rounding, self.scale)
        for claim, stands in fresh.stands.items():
            fresh.model.add(stands == int(claim not in out))
        away = []
        for claim in out:
            if claim.kind == "count":
                off = fresh.model.new_int_var(0, 20 * MAX_COUNT, f"off {claim.cell}")
                fresh.model.add_abs_equality(off, fresh.x[claim.cell] - int(claim.printed.value))
                away.append(off)
        fresh.model.minimize(sum(away))
        nearest = fresh.solve()
        value = {name: nearest.value(x) for name, x in fresh.x.items()}
        changes = []
        for claim in out:
            ends = []
            for aim in (fresh.model.minimize, fresh.model.maximize):
                aim(fresh.x[claim.cell])
                ends.append(round(fresh.solve().objective_value))
            reads = str(value[claim.cell])
            if claim.kind == "percent":
                whole, decimals = value[self.cells[claim.cell].of], claim.printed.decimals
                reads = print_share(value[claim.cell], whole, decimals, self.rounding, self.scale) or "nothing"
            changes.append(Change(claim.cell, claim.kind, claim.printed.text, reads, *ends))
        total = sum(nearest.value(off) for off in away)
        return total, SumRepair(tuple(changes), self.rounding)

    @staticmethod
    def _solver(work: float = MAX_WORK):
        from ortools.sat.python import cp_model

        solver = cp_model.CpSolver()
        solver.parameters.num_workers = 1
        solver.parameters.random_seed = 1
        solver.parameters.max_deterministic_time = work
        return solver

    def solve(self, work: float = MAX_WORK):
        """Solve the model with its objective. Raises ReplicalcError where that is not settled within the work."""
        from ortools.sat.python import cp_model

        solver = self._solver(work)
        status = solver.solve(self.model)
        if status == cp_model.OPTIMAL or (status == cp_model.FEASIBLE and not self.model.has_objective()):
            return solver
        raise ReplicalcError("the sums are too many to settle by search; check them in smaller blocks.")
