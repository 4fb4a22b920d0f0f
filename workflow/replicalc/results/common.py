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
    if lacking and not table.rows:
        table.not_evaluable(missing_sentence(cohort, lacking))
    return bool(lacking)


def groups(cohort: Cohort, by: str | None) -> Iterator[tuple[str, Cohort]]:
    """Give everybody, then each group of ``by`` (in the order of the dictionary, empty ones included)."""
    yield "all", cohort
    if by and not cohort.missing_variables(by):
        for code in cohort.frame[by].cat.categories:
            yield f"{by}={code}", dataclasses.replace(cohort, frame=cohort.frame[cohort.frame[by] == code])


def clustered(cohort: Cohort) -> str:
    """Return the warning that an analysis treats several units of one patient as independent, if so."""
    if cohort.unit_of_analysis == "patient" or "patient_id" not in cohort.frame:
        return ""
    several = int((cohort.frame.groupby("patient_id").size() > 1).sum())
    if not several:
        return ""
    return (
        f"unit is the {cohort.unit_of_analysis}; {several} patients contribute more than one, "
        "and the analysis treats them as independent"
    )


def with_warning(test, more: str):
    """Add a sentence to a test's warning."""
    return dataclasses.replace(test, warning="; ".join(filter(None, [test.warning, more]))) if more else test
