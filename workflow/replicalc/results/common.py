"""What the result functions share: open a cohort, name groups, say what is missing."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

from replicalc.cohort.frame import Cohort, read_cohort
from replicalc.table import ResultTable

#: Canonical unit to the unit in which a study prints.
SCALE = {("mm", "cm"): 0.1, ("mm", "mm"): 1.0, ("year", "year"): 1.0, ("", ""): 1.0}


def open_cohort(path: str, subset: dict[str, str] | None, out: str) -> tuple[Cohort, ResultTable]:
    """Read a cohort, cut to a subset, and start the table named after the output file.

    A subset by a variable that the cohort lacks gives an empty cohort; the table then says why.
    """
    from pathlib import Path

    cohort = read_cohort(path)
    table = ResultTable(Path(out).stem, cohort.name, cohort.kind)
    lacking = cohort.missing_variables(*(subset or {}))
    if lacking:
        table.not_evaluable(missing_sentence(cohort, lacking))
        return dataclasses.replace(cohort, frame=cohort.frame.iloc[:0]), table
    return cohort.subset(subset), table


def missing_sentence(cohort: Cohort, names: list[str]) -> str:
    """Say which variables a cohort lacks."""
    noun = "variable" if len(names) == 1 else "variables"
    return f"{noun} {', '.join(names)} not in cohort {cohort.name}"


def absent(cohort: Cohort, table: ResultTable, *names: str) -> bool:
    """Tell whether a variable is missing altogether, and put the reason into the table."""
    lacking = cohort.missing_variables(*names)
    if lacking:
        reason = missing_sentence(cohort, lacking)
        if not any(row.warning == reason for row in table.rows):
            table.not_evaluable(reason, variable=names[0] if table.rows else "")
    return bool(lacking)


def groups(cohort: Cohort, table: ResultTable, by: str | None) -> Iterator[tuple[str, Cohort]]:
    """Give everybody, then each group of ``by`` (in the order of the dictionary, empty ones included).

    Patients whose group is not recorded are a group of their own, so that the groups add up to everybody.
    """
    yield "all", cohort
    if by and cohort.missing_variables(by):
        table.not_evaluable(missing_sentence(cohort, [by]), group=by)
    elif by:
        group = cohort.frame[by]
        for code in group.cat.categories:
            yield f"{by}={code}", dataclasses.replace(cohort, frame=cohort.frame[group == code])
        if group.isna().any():
            yield f"{by}=not recorded", dataclasses.replace(cohort, frame=cohort.frame[group.isna()])


def remark(cohort: Cohort, analysed) -> str:
    """Say what a reader of a number on the ``analysed`` rows must know: clustering, and the cohort's caveat."""
    several = 0
    if cohort.unit_of_analysis != "patient" and "patient_id" in analysed:
        several = int((analysed.groupby("patient_id").size() > 1).sum())
    told = (
        f"unit is the {cohort.unit_of_analysis}; of the patients analysed {several} contribute more than one, "
        "treated as independent"
    )
    return "; ".join(filter(None, [told if several else "", cohort.caveat]))


def meanings(cohort: Cohort, *names: str) -> str:
    """Say which of the variables means something else in this cohort."""
    return "; ".join(f"{name} here: {cohort.notes[name]}" for name in names if name in cohort.notes)


def with_warning(found, more: str):
    """Add a sentence to the warning of a test or an interval."""
    return dataclasses.replace(found, warning="; ".join(filter(None, [found.warning, more]))) if more else found
