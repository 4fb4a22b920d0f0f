"""What the result functions share: open a cohort, name groups, say what is missing."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

from replicalc.cohort.frame import NOT_RECORDED, Cohort, read_cohort
from replicalc.table import ResultTable

#: Canonical unit to the unit in which a study prints.
SCALE = {
    ("mm", "cm"): 0.1,
    ("mm", "mm"): 1.0,
    ("year", "year"): 1.0,
    ("day", "year"): 1 / 365.25,
    ("day", "month"): 12 / 365.25,
    ("", ""): 1.0,
}


def open_cohort(path: str, subset: dict[str, str] | None, out: str) -> tuple[Cohort, ResultTable]:
    """Read a cohort, cut to a subset, and start the table named after the output file.

    A subset by a variable that the cohort lacks gives an empty cohort; the table then says why.
    """
    from pathlib import Path

    cohort = read_cohort(path)
    table = ResultTable(Path(out).stem, cohort.name, cohort.kind)
    needed = [name for name, codes in (subset or {}).items() if not str(codes).endswith(NOT_RECORDED)]
    lacking = cohort.missing_variables(*needed)
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
    unit, told = cohort.unit_of_analysis, ""
    if unit != "patient" and ("patient_id" not in analysed or analysed["patient_id"].isna().any()):
        told = f"unit is the {unit}; which of them belong to one patient is not known, treated as independent"
    elif unit != "patient":
        several = int((analysed.groupby("patient_id").size() > 1).sum())
        if several:
            told = f"unit is the {unit}; of the patients analysed {several} contribute more than one, "
            told += "treated as independent"
    return "; ".join(filter(None, [told, cohort.caveat]))


def add_clustered(table: ResultTable, cohort: Cohort, part, success, stat: str, note: str, place: dict) -> None:
    """Add an interval of a share that respects several lesions of one patient, beside the naive one.

    Only where rows are not patients and somebody contributes more than one: ``<stat>_clustered_lo`` and ``_hi`` in
    percent, and the design effect. ``part`` holds the rows of the share, ``success`` is True for those that count.
    """
    if cohort.unit_of_analysis == "patient" or not known_patients(part):
        return
    from replicalc.stats.clustered import clustered_proportion

    found = clustered_proportion(success.to_numpy(dtype=float), list(part["patient_id"]), cohort.conf_level)
    if found.lo != found.lo and found.clusters and found.value in (0.0, 1.0):
        found = _as_few_as_women(found)
    warning = "; ".join(filter(None, [found.warning, cohort.caveat]))
    table.add(f"{stat}_design_effect", found.design_effect, method=found.method, warning=warning, **place)
    limits = dict(unit="percent", method=found.method, conf_level=found.level, warning=warning, **place)
    table.add(f"{stat}_clustered_lo", 100 * found.lo, **limits)
    table.add(f"{stat}_clustered_hi", 100 * found.hi, **limits)


def known_patients(part) -> bool:
    """Tell whether some rows belong to one patient, and it is known which.

    Who has no identifier may share a patient with anybody; ``remark`` says so.
    """
    return "patient_id" in part and part["patient_id"].notna().all() and part["patient_id"].duplicated().any()


def _as_few_as_women(found):
    """Where all lesions agree, nothing can be said on how alike those of a woman are: count each woman once."""
    from replicalc.stats.effect import wilson

    lo, hi = wilson(found.value, found.clusters, found.level)
    method = f"Wilson with each of {found.clusters} patients counted once"
    return dataclasses.replace(found, lo=lo, hi=hi, method=method, warning="all agree: the cautious limits")


def meanings(cohort: Cohort, *names: str) -> str:
    """Say which of the variables means something else in this cohort."""
    return "; ".join(f"{name} here: {cohort.notes[name]}" for name in names if name in cohort.notes)


def with_warning(found, more: str):
    """Add a sentence to the warning of a test or an interval."""
    return dataclasses.replace(found, warning="; ".join(filter(None, [found.warning, more]))) if more else found
