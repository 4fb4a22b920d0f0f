"""Variables that no column holds but two dates tell: a declared rule is proposed, its open end is asked about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from replicalc.cohort.open_points import TODO
from replicalc.cohort.profile import Column
from replicalc.cohort.profile_match import Proposal

#: Where an age can count if the start of neoadjuvant treatment is not known, the likelier first.
OTHER_STARTS = ("surgery_date", "diagnosis_date")


@dataclass(frozen=True, slots=True)
class Computed:
    """A rule for a variable: its entry in a cohort file, why, and whether a date of it is asked about."""

    entry: dict
    why: str
    open: bool


def computed(
    proposals: Sequence[Proposal],
    columns: Sequence[Column],
    unfit: Mapping[str, str],
    records: Sequence[Mapping[str, str]],
) -> dict[str, Computed]:
    """Propose rules for variables without a column, from dates whose columns are certain.

    What the studies derive themselves (an age at ``nat_start_date``, times from ``diagnosis_date``) needs no rule.
    """
    named = {each.variable for each in proposals}
    used = {name for each in proposals for name in (each.column.name, *each.rivals)}
    strange = any(each.kind == "date" and each.name not in used for each in columns)
    strange |= any("_date" in name for name in unfit.values())  # a date of treatment that cannot be read
    column = {each.variable: each.column.name for each in proposals if not each.question}
    found = {"age_years": _age(column, named, strange, records), "follow_up_days": _follow_up(column, named)}
    return {name: rule for name, rule in found.items() if rule is not None and name not in named}


def _age(
    column: Mapping[str, str], named: set[str], strange: bool, records: Sequence[Mapping[str, str]]
) -> Computed | None:
    """``strange``: the file has dates of which nobody knows what they are; one may be the first day of treatment."""
    starts = [name for name in OTHER_STARTS if name in column]
    if "birth_date" not in column or not starts:
        return None
    told = " or ".join(starts)
    if "nat_start_date" in column:
        birth, start = column["birth_date"], column["nat_start_date"]
        if not any(record[birth] and not record[start] for record in records):
            return None  # the studies derive it
        until = (
            f"{TODO}: the age counts at nat_start_date; at which date where that is missing: {told}? Delete this block "
            "if the age shall be missing there."
        )
        return Computed(_duration("birth_date", until, "year"), "computed where nat_start_date is missing", True)
    if not strange and named & {"nat_start_date", *OTHER_STARTS} == {told}:
        why = f"computed: no column holds an age, and {told} is the only date of a diagnosis or a treatment"
        return Computed(_duration("birth_date", told, "year"), why, False)
    until = (
        f"{TODO}: which is the first day of treatment, at which the age counts: {told}, or another date of this file?"
    )
    return Computed(_duration("birth_date", until, "year"), "computed: no column holds an age", True)


def _follow_up(column: Mapping[str, str], named: set[str]) -> Computed | None:
    starts = [name for name in ("nat_start_date", "surgery_date") if name in column]
    if "last_contact_date" not in column or "diagnosis_date" in named or not starts:
        return None
    start = (
        f"{TODO}: follow-up counts from the diagnosis, whose date is not in the file. Write {' or '.join(starts)} here "
        "if it may count from there, and say so under 'note'; otherwise delete this block."
    )
    return Computed(_duration(start, "last_contact_date", "day"), "computed from two dates", True)


def _duration(start: str, end: str, unit: str) -> dict:
    rule: dict = {"from": {"variable": start}, "until": {"variable": end}, "in": unit}
    return {"duration": rule | ({"completed": True} if unit == "year" else {})}
