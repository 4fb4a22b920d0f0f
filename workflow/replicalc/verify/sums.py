"""Cells of n (%) with row, column and block totals: can all of them be, and if not, what is the smallest change?

Every cell is an unknown whole number. A printed count fixes it, a printed percentage bounds it against its whole, a sum
ties cells together. A constraint solver (CP-SAT, whole numbers only) finds the fewest printed numbers that must go, all
sets of that size, and what they would read; "fewest" is its proof of optimality.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from replicalc.errors import ReplicalcError
from replicalc.verify.printed import ROUNDINGS, Printed
from replicalc.verify.recovery import MIXED, NEAREST, check_share, print_share, roundings_of, share_bounds

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


@dataclass(frozen=True, slots=True)
class SumCheck:
    """``roundings``: those by which all numbers agree; empty if none.

    'nearest': ties are rounded up here and down there; 'mixed': only if each number has a rounding of its own, and then
    ``uncommon`` has the smallest sets of percentages that do not follow the rounding of the others.
    ``repairs``: all smallest sets of numbers that must change, those that change the fewest digits first; empty where
    more than MAX_CHANGES would have to. ``conflict``: (cell, "count" or "percent") of numbers that exclude each other.
    ``complete``: whether every set of that size was settled.
    """

    roundings: tuple[str, ...]
    method: str
    evidence: str
    repairs: tuple[SumRepair, ...] = ()
    uncommon: tuple[SumRepair, ...] = ()
    conflict: tuple[tuple[str, str], ...] = ()
    complete: bool = True

    @property
    def nearest(self) -> tuple[SumRepair, ...]:
        """Of the smallest sets, those that change the fewest printed digits."""
        least = min((repair.digits for repair in self.repairs), default=0)
        return tuple(repair for repair in self.repairs if repair.digits == least)

    @property
    def cannot_be(self) -> tuple[tuple[str, str], ...]:
        """(cell, "count" or "percent") of the numbers that every smallest repair changes."""
        sets = [{(c.cell, c.kind) for c in repair.changes} for repair in self.repairs]
        return tuple(sorted(set.intersection(*sets))) if sets else ()


def check_sums(cells: Mapping[str, Cell], sums: Sequence[Sum], *, scale: int = 100) -> SumCheck:
    """Whether all printed counts and percentages can hold together, and if not, all smallest repairs.

    cells: name and what is printed for it. sums: which cells make up which. Percentages share one rounding; a rounding
    of its own for each is tried if none does.

    Raises ReplicalcError for an unknown cell, a percentage without its whole, or a count that is no whole number.

    >>> from replicalc.verify.printed import parse
    >>> table = {"yes": Cell(parse("12"), parse("25.0"), "all"), "no": Cell(parse("38")), "all": Cell(parse("50"))}
    >>> check_sums(table, [Sum("all", ("yes", "no"))]).evidence
    'yes: 12 of 50 is 24.0, printed 25.0; it takes 24.0 instead of 25.0 (percent of yes)'
    """
    _check(cells, sums, scale)
    models = {rounding: _Model(cells, sums, rounding, scale) for rounding in (*ROUNDINGS, NEAREST, MIXED)}
    agree = tuple(rounding for rounding in ROUNDINGS if models[rounding].of_size(0))
    method = (
        "whole numbers behind all cells and sums, by half-up, half-even and truncation, proven by a constraint solver"
    )
    if agree:
        return SumCheck(agree, method, f"all {_number(cells)} printed numbers agree")
    if models[NEAREST].of_size(0):
        return SumCheck((NEAREST,), method, "all numbers agree, with some ties rounded up and others down")
    own = bool(models[MIXED].of_size(0))
    if not own and not models[MIXED].conflicts:  # neither whole numbers nor a conflict: nothing is said
        raise ReplicalcError("the sums are too many to settle by search; check them in smaller blocks.")
    if own and not all(models[rounding].complete for rounding in (*ROUNDINGS, NEAREST)):
        return SumCheck((MIXED,), method, "all numbers agree; by which rounding was not settled")
    ordered = _fewest(models, (*ROUNDINGS, NEAREST) if own else (*ROUNDINGS, NEAREST, MIXED))
    if own:
        listed = " or ".join(_sentence(repair) for repair in ordered[:4])
        by = f"by {ordered[0].rounding} it takes {listed}" if ordered else "many would have to change"
        evidence = f"all numbers agree, but only if not all are rounded alike: {by}"
        return SumCheck((MIXED,), method, evidence, (), ordered)
    by_hand = _by_hand(cells, sums, scale) or ["no whole numbers fit all of them"]
    conflict = tuple(sorted({(c.cell, c.kind) for core in models[MIXED].conflicts for c in core}))
    if not ordered:
        given_up = any(not model.complete for model in models.values())
        advice = (
            "the search for the fewest was given up" if given_up else f"more than {MAX_CHANGES} would have to change"
        )
        return SumCheck((), method, "; ".join([*by_hand, advice]), (), (), conflict)
    best = [repair for repair in ordered if repair.digits == ordered[0].digits]
    advice = " or ".join(_sentence(repair) for repair in best[:4]) + (" or ..." if len(best) > 4 else "")
    complete = all(model.complete for model in models.values())
    evidence = "; ".join([*by_hand, f"it takes {advice}", *([] if complete else ["other sets were not settled"])])
    return SumCheck((), method, evidence, ordered, (), conflict, complete)


def _fewest(models: Mapping[str, _Model], roundings: Sequence[str]) -> tuple[SumRepair, ...]:
    """All smallest sets of numbers whose change makes the rest agree, by the first rounding that has each set.

    Those that change the fewest digits come first. Empty if more than MAX_CHANGES numbers would have to change.
    """
    for size in range(1, MAX_CHANGES + 1):
        found = {rounding: models[rounding].of_size(size) for rounding in roundings if rounding != MIXED}
        if MIXED in roundings and not any(found.values()):
            found = {MIXED: models[MIXED].of_size(size)}
        repairs: dict[tuple[tuple[str, str], ...], tuple[int, SumRepair]] = {}
        for rounding, sets in found.items():
            for out in sets:
                key = tuple((claim.cell, claim.kind) for claim in out)
                if key not in repairs:
                    repairs[key] = models[rounding].repair(out)
        if repairs:
            in_order = sorted(repairs.items(), key=lambda item: (item[1][1].digits, item[1][0], item[0]))
            return tuple(repair for _, (_, repair) in in_order)
    return ()


def ranges(
    cells: Mapping[str, Cell], sums: Sequence[Sum], names: Sequence[str], roundings: Sequence[str], *, scale: int = 100
) -> dict[str, tuple[int, int]]:
    """The least and the greatest whole number that each named cell can have, over all of the roundings.

    The printed numbers must agree by each of these roundings (``SumCheck.roundings``). A cell that nothing bounds from
    above has the greatest number of the search, which means nothing.

    >>> from replicalc.verify.printed import parse
    >>> table = {"yes": Cell(None, parse("40.9"), "all"), "all": Cell(parse("127"))}
    >>> ranges(table, [], ["yes"], ["half-up"])
    {'yes': (52, 52)}
    """
    found: dict[str, tuple[int, int]] = {}
    for rounding in roundings:
        for name in names:
            model = _Model(cells, sums, rounding, scale)
            model.model.add_bool_and(list(model.stands.values()))
            ends = []
            for aim in (model.model.minimize, model.model.maximize):
                aim(model.x[name])
                ends.append(round(model._solve().objective_value))
            before = found.get(name, (ends[0], ends[1]))
            found[name] = min(before[0], ends[0]), max(before[1], ends[1])
    return found


def _check(cells: Mapping[str, Cell], sums: Sequence[Sum], scale: int) -> None:
    for name, cell in cells.items():
        if cell.percent is not None:
            check_share(cell.percent, scale, name)
            if cell.of not in cells:
                raise ReplicalcError(f"{name}: the percentage {cell.percent.text} needs its whole, not '{cell.of}'.")
        if cell.count is not None:
            count = cell.count
            if count.sign != "=" or count.decimals or not 0 <= count.value <= MAX_COUNT:
                raise ReplicalcError(f"{name}: a count is a whole number from 0 to {MAX_COUNT:,}, not {count.text}.")
    for total in sums:
        if not total.parts or len(set(total.parts)) < len(total.parts) or total.total in total.parts:
            raise ReplicalcError(f"the parts of {total.total} must be cells other than itself, each named once.")
        if unknown := [name for name in (total.total, *total.parts) if name not in cells]:
            raise ReplicalcError(f"the sum to {total.total} names {', '.join(unknown)}, which is no cell.")


def _number(cells: Mapping[str, Cell]) -> int:
    return sum((cell.count is not None) + (cell.percent is not None) for cell in cells.values())


def _by_hand(cells: Mapping[str, Cell], sums: Sequence[Sum], scale: int) -> list[str]:
    """The contradictions that a reader sees at once: a sum of printed counts, a percentage of printed counts."""
    seen = []
    counts = {name: int(cell.count.value) for name, cell in cells.items() if cell.count is not None}
    for total in sums:
        if all(name in counts for name in (total.total, *total.parts)):
            added = sum(counts[name] for name in total.parts)
            if added != counts[total.total]:
                parts = " + ".join(str(counts[name]) for name in total.parts)
                seen.append(f"{parts} = {added}, printed {counts[total.total]} ({total.total})")
    for name, cell in cells.items():
        if cell.percent is not None and name in counts and cell.of in counts:
            k, n = counts[name], counts[cell.of]
            if n < k:
                seen.append(f"{name}: {k} is more than its whole of {n}")
            elif not roundings_of(k, n, cell.percent, scale):
                share = print_share(k, n, cell.percent.decimals, scale=scale) or "not defined"
                seen.append(f"{name}: {k} of {n} is {share}, printed {cell.percent.text}")
    return seen


def _digits(printed: str, reads: str) -> int:
    """How many characters differ, counted from the decimal point to either side."""
    a, b = (text.lstrip("<>=≤≥ ").partition(".") for text in (printed, reads))
    width, places = max(len(a[0]), len(b[0])), max(len(a[2]), len(b[2]))
    texts = (x[0].rjust(width) + x[2].ljust(places) for x in (a, b))
    return sum(x != y for x, y in zip(*texts, strict=True))


def _sentence(repair: SumRepair) -> str:
    return " and ".join(f"{c.reads} instead of {c.printed} ({c.kind} of {c.cell})" for c in repair.changes)


class _Claim(NamedTuple):
    cell: str
    kind: str
    printed: Printed


class _GivenUp(Exception):
    """A question to the solver was not settled within its bounds."""


class _Model:
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
                claim = _Claim(name, kind, printed)
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
        self.conflicts: list[frozenset[_Claim]] = []
        self.solves, self.complete = 0, True

    def of_size(self, size: int) -> list[tuple[_Claim, ...]]:
        """All sets of ``size`` printed numbers without which the rest holds together, if no smaller set does.

        Any such set hits every conflict, numbers that cannot hold together. Conflicts are collected one by one:
        the smallest sets that hit all known ones either do, or bring up another conflict (Reiter 1987,
        doi:10.1016/0004-3702(87)90062-2). At most MAX_REPAIRS sets are given.
        """
        found: dict[frozenset[_Claim], None] = {}
        fresh = True
        while fresh:
            fresh = False
            for out in self._hitting(size):
                if out in found:
                    continue
                try:
                    core = self._conflict(out)
                except _GivenUp:
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

    def _hitting(self, size: int) -> Iterator[frozenset[_Claim]]:
        """Sets of at most ``size`` numbers that hit every known conflict, those of exactly that size, each once."""
        seen: set[frozenset[_Claim]] = set()

        def grow(out: frozenset[_Claim]) -> Iterator[frozenset[_Claim]]:
            missed = next((core for core in self.conflicts if not core & out), None)
            if missed is None:
                if len(out) == size:
                    yield out
                return
            if len(out) < size:
                for claim in sorted(missed, key=lambda c: (c.cell, c.kind)):
                    more = out | {claim}
                    if more not in seen:
                        seen.add(more)
                        yield from grow(more)

        yield from grow(frozenset())

    def _conflict(self, out: frozenset[_Claim]) -> frozenset[_Claim] | None:
        """A smallest conflict among the numbers that stand; None if they hold together without those in ``out``.

        Raises _GivenUp where that is not settled within the bounds.
        """
        core = self._core([claim for claim in self.stands if claim not in out], MAX_TRIAL if out else MAX_WORK)
        if core is None:
            return None
        for claim in sorted(core, key=lambda c: (c.cell, c.kind)):
            if claim not in core:
                continue
            try:
                rest = self._core([other for other in core if other != claim])
            except _GivenUp:
                continue  # a conflict that is larger than it need be is still one
            if rest is not None:
                core = [other for other in core if other != claim and other in rest]
        return frozenset(core)

    def _core(self, standing: Sequence[_Claim], work: float = MAX_TRIAL) -> list[_Claim] | None:
        """Some of the numbers that cannot hold together, or None if all of them can."""
        from ortools.sat.python import cp_model

        self.solves += 1
        if self.solves > MAX_SOLVES:
            raise _GivenUp
        self.model.clear_assumptions()
        self.model.add_assumptions([self.stands[claim] for claim in standing])
        solver = self._solver(work)
        status = solver.solve(self.model)
        if status in (cp_model.OPTIMAL, cp_model.FEASIBLE):
            return None
        if status != cp_model.INFEASIBLE:
            raise _GivenUp
        index = {stands.index: claim for claim, stands in self.stands.items()}
        return [index[i] for i in solver.sufficient_assumptions_for_infeasibility()]

    def repair(self, out: tuple[_Claim, ...]) -> tuple[int, SumRepair]:
        """What the numbers of a set read in the solution nearest to the printed counts, and their possible range."""
        fresh = _Model(self.cells, self.sums, self.rounding, self.scale)
        for claim, stands in fresh.stands.items():
            fresh.model.add(stands == int(claim not in out))
        away = []
        for claim in out:
            if claim.kind == "count":
                off = fresh.model.new_int_var(0, 20 * MAX_COUNT, f"off {claim.cell}")
                fresh.model.add_abs_equality(off, fresh.x[claim.cell] - int(claim.printed.value))
                away.append(off)
        fresh.model.minimize(sum(away))
        nearest = fresh._solve()
        value = {name: nearest.value(x) for name, x in fresh.x.items()}
        changes = []
        for claim in out:
            ends = []
            for aim in (fresh.model.minimize, fresh.model.maximize):
                aim(fresh.x[claim.cell])
                ends.append(round(fresh._solve().objective_value))
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

    def _solve(self):
        from ortools.sat.python import cp_model

        solver = self._solver()
        status = solver.solve(self.model)
        if status == cp_model.OPTIMAL or (status == cp_model.FEASIBLE and not self.model.has_objective()):
            return solver
        raise ReplicalcError("the sums are too many to settle by search; check them in smaller blocks.")
