"""Cells of n (%) with row, column and block totals: can all of them be, and if not, what is the smallest change?

Every cell is an unknown whole number. A printed count fixes it, a printed percentage bounds it against its whole, a sum
ties cells together. A constraint solver (CP-SAT, whole numbers only) finds the fewest printed numbers that must go, all
sets of that size, and what they would read; "fewest" is its proof of optimality.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from replicalc.errors import ReplicalcError
from replicalc.verify.printed import ROUNDINGS
from replicalc.verify.recovery import MIXED, NEAREST, check_share, print_share, roundings_of
from replicalc.verify.sums_model import (
    LARGEST,
    MAX_CHANGES,
    MAX_COUNT,
    MAX_WORK,
    Cell,
    Change,
    Sum,
    SumModel,
    SumRepair,
)

__all__ = ["LARGEST", "MAX_COUNT", "MAX_WORK", "Cell", "Change", "Sum", "SumCheck", "SumRepair", "check_sums", "ranges"]


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
    models = {rounding: SumModel(cells, sums, rounding, scale) for rounding in (*ROUNDINGS, NEAREST, MIXED)}
    agree = tuple(rounding for rounding in ROUNDINGS if models[rounding].agrees())
    method = (
        "whole numbers behind all cells and sums, by half-up, half-even and truncation, proven by a constraint solver"
    )
    if agree:
        return SumCheck(agree, method, f"all {_number(cells)} printed numbers agree")
    if models[NEAREST].agrees():
        return SumCheck((NEAREST,), method, "all numbers agree, with some ties rounded up and others down")
    own = models[MIXED].agrees()
    # Neither whole numbers nor a conflict: nothing is said.
    if not own and not models[MIXED].of_size(0) and not models[MIXED].conflicts:
        raise ReplicalcError("the sums are too many to settle by search; check them in smaller blocks.")
    if own and not all(models[rounding].complete for rounding in (*ROUNDINGS, NEAREST)):
        return SumCheck((MIXED,), method, "all numbers agree; by which rounding was not settled")
    if own:  # the counts hold, whatever the rounding: only percentages can be rounded otherwise than the rest
        for model in models.values():
            model.kinds = ("percent",)
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


def _fewest(models: Mapping[str, SumModel], roundings: Sequence[str]) -> tuple[SumRepair, ...]:
    """All smallest sets of numbers whose change makes the rest agree, by the first rounding that has each set.

    Those that change the fewest digits come first. Empty if more than MAX_CHANGES numbers would have to change.
    """
    for size in range(MAX_CHANGES + 1):  # from 0 on: each size builds on the conflicts that the one before has found
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
    cells: Mapping[str, Cell],
    sums: Sequence[Sum],
    names: Sequence[str],
    roundings: Sequence[str],
    *,
    scale: int = 100,
    work: float = MAX_WORK,
) -> dict[str, tuple[int, int | None]]:
    """The least and the greatest whole number that each named cell can have, over all of the roundings.

    The printed numbers must agree by each of these roundings (``SumCheck.roundings``). None for the greatest where
    nothing bounds the cell from above. work: the solver's limit for each end.

    Raises ReplicalcError where an end is not settled within it.

    >>> from replicalc.verify.printed import parse
    >>> table = {"yes": Cell(None, parse("67.6"), "all"), "all": Cell(parse("71"))}
    >>> ranges(table, [], ["yes"], ["half-up"])
    {'yes': (48, 48)}
    """
    found: dict[str, tuple[int, int | None]] = {}
    for rounding in roundings:
        for name in names:
            model = SumModel(cells, sums, rounding, scale)
            model.model.add_bool_and(list(model.stands.values()))
            ends = []
            for aim in (model.model.minimize, model.model.maximize):
                aim(model.x[name])
                ends.append(round(model.solve(work).objective_value))
            # Beyond any count: part of what nothing bounds.
            top = ends[1] if ends[1] <= MAX_COUNT else None
            least, most = found.get(name, (ends[0], top))
            found[name] = min(least, ends[0]), None if top is None or most is None else max(most, top)
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


def _sentence(repair: SumRepair) -> str:
    return " and ".join(f"{c.reads} instead of {c.printed} ({c.kind} of {c.cell})" for c in repair.changes)
