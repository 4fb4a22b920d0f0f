"""Printed numbers as conditions on counts of patients: what a claim says about itself, and nothing else."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from replicalc.errors import ReplicalcError
from replicalc.records import Claim
from replicalc.verify.printed import parse

Conditions = dict[str, tuple[str, ...]]


@dataclass(frozen=True)
class Restriction:
    """A printed number as a condition on counts: lo x whole <= part <= hi x whole, or lo <= part <= hi.

    Several conditions as ``part`` are taken together (any of them).
    """

    claim_id: str
    part: Conditions | tuple[Conditions, ...]
    whole: Conditions | None
    lo: float
    hi: float


def place_conditions(text: str) -> Conditions:
    """Read a place such as 'pcr=yes;subtype=tn|hrneg_her2pos' as conditions; 'all' and a bare name have none."""
    conditions: Conditions = {}
    for part in text.split(";"):
        name, sign, codes = part.partition("=")
        if sign:
            conditions[name] = tuple(codes.split("|"))
    return conditions


def restrictions(claims: Iterable[Claim], total: int) -> list[Restriction]:
    """Turn the claims of a study into conditions on counts: counts, shares and the measures of a 2 x 2 table.

    Uses only what a claim says about itself (its place, statistic and printed text).
    """
    found = []
    for claim in claims:
        printed = parse(claim.reported)
        if printed is None or claim.kind == "external":
            continue
        value, half = float(printed.value), 0.5 * 10.0**-printed.decimals
        group, variable = place_conditions(claim.group), place_conditions(claim.variable)
        if "error" in group:
            continue
        if claim.stat == "count":
            found.append(Restriction(claim.claim_id, {**group, **variable}, None, value, value))
        elif claim.stat == "n" and group:
            found.append(Restriction(claim.claim_id, group, None, value, value))
        elif claim.stat == "percent":
            found.append(
                Restriction(claim.claim_id, {**group, **variable}, group, (value - half) / 100, (value + half) / 100)
            )
        elif "~" in claim.variable and claim.stat in MEASURES:
            index, target = (place_conditions(side) for side in claim.variable.split("~"))
            for_part, for_whole = MEASURES[claim.stat]
            part = {**group, **_cell(index, target, for_part)}
            if claim.stat == "accuracy":
                part = (part, {**group, **_cell(index, target, (False, False))})
            whole = {**group, **_cell(index, target, for_whole)} if for_whole is not None else None
            if whole is None:
                found.append(Restriction(claim.claim_id, part, None, value, value))
            else:
                found.append(Restriction(claim.claim_id, part, whole, (value - half) / 100, (value + half) / 100))
    return found


#: Part and whole of each measure: (index positive?, target positive?); None means either.
MEASURES = {
    "tp": ((True, True), None),
    "fp": ((True, False), None),
    "fn": ((False, True), None),
    "tn": ((False, False), None),
    "sensitivity": ((True, True), (None, True)),
    "false_negative_rate": ((False, True), (None, True)),
    "specificity": ((False, False), (None, False)),
    "false_positive_rate": ((True, False), (None, False)),
    "ppv": ((True, True), (True, None)),
    "npv": ((False, False), (False, None)),
    "accuracy": ((True, True), (None, None)),  # and the true negatives
}


def _cell(index: Conditions, target: Conditions, signs: tuple[bool | None, bool | None]) -> Conditions:
    cell: Conditions = {}
    for conditions, sign in ((index, signs[0]), (target, signs[1])):
        for name, codes in conditions.items():
            if sign is not None:
                cell[name] = codes if sign else tuple(_opposite(code) for code in codes)
    return cell


OPPOSITE = {"yes": "no", "no": "yes", "positive": "negative", "negative": "positive"}


def _opposite(code: str) -> str:
    if code not in OPPOSITE:
        raise ReplicalcError(f"a measure of accuracy needs variables of two codes to synthesise from, not '{code}'")
    return OPPOSITE[code]


def among_recorded(conditions: Iterable[Restriction], recorded: dict[str, tuple[str, ...]]) -> list[Restriction]:
    """Make shares of a variable shares of those in whom it is recorded.

    ``recorded`` holds, by variable, the codes that stand in an export; a cell with another code has a gap there, and
    the ordinary results count a share among those without a gap.
    """
    found = []
    for condition in conditions:
        if condition.whole is not None and isinstance(condition.part, dict):
            gaps = {name: codes for name, codes in recorded.items() if name in condition.part}
            condition = replace(condition, whole={**gaps, **condition.whole})
        found.append(condition)
    return found


def denominators(conditions: Iterable[Restriction], total: int) -> list[Restriction]:
    """Give the conditions that every share has somebody in its denominator: a share of nobody is never printed."""
    wholes = {repr(sorted(c.whole.items())): c.whole for c in conditions if c.whole}
    return [Restriction(f"somebody has {place}", whole, None, 1, total) for place, whole in wholes.items()]
