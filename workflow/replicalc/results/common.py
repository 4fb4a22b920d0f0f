"""What the result functions share: open a cohort, name groups, say what is missing."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Sequence

from replicalc.cohort.counted import NOT_SHARED, Answered, Asking
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


def open_cohort(
    path: str, subset: dict[str, str] | None, out: str, needs: Iterable[str | None]
) -> tuple[Cohort, ResultTable]:
    """Read a cohort, cut to a subset, and start the table named after the output file.

    ``needs`` names every variable that the result looks at (None and those of the subset may stand there or not): a
    large cohort comes with these only, its rows grouped by them (``read_cohort``). A subset by a variable that the
    cohort lacks gives an empty cohort; the table then says why.
    """
    cohorts, table = open_each(path, subset, out, [needs])
    return next(cohorts), table


def open_each(
    path: str, subset: dict[str, str] | None, out: str, needs: Sequence[Iterable[str | None]]
) -> tuple[Iterator[Cohort], ResultTable]:
    """Open a cohort as ``open_cohort`` does, once for each entry of ``needs``, one after the other.

    For results that look at many variables, but at few together: a large cohort grouped by all of them at once would
    have as many rows as there are combinations. A small cohort is read once.
    """
    from pathlib import Path

    from replicalc.cohort.frame import read_description

    if isinstance(path, Asking):
        raise Answered([name for name in (*names, *(subset or {})) if name is not None] for names in needs)
    described = read_description(path)
    table = ResultTable(Path(out).stem, described.name, described.kind)
    needed = [name for name, codes in (subset or {}).items() if not str(codes).endswith(NOT_RECORDED)]

    def each() -> Iterator[Cohort]:
        cohort = None
        for names in needs:
            if cohort is None or cohort.is_grouped:
                cohort = read_cohort(path, [name for name in (*names, *(subset or {})) if name is not None])
            lacking = cohort.missing_variables(*needed)
            if lacking:
                table.not_evaluable(missing_sentence(cohort, lacking))
                yield cohort.nobody()
            else:
                yield cohort.subset(subset)

    return each(), table


def missing_sentence(cohort: Cohort, names: list[str]) -> str:
    """Say which variables a cohort lacks."""
    noun = "variable" if len(names) == 1 else "variables"
    told = [cohort.notes[name] for name in names if cohort.notes.get(name, "").startswith(NOT_SHARED)]
    return f"{noun} {', '.join(names)} not in cohort {cohort.name}" + (f": {told[0]}" if told else "")


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
            yield f"{by}={code}", cohort.part(group == code)
        if group.isna().any():
            yield f"{by}=not recorded", cohort.part(group.isna())


def remark(analysed: Cohort) -> str:
    """Say what a reader of a number on those ``analysed`` must know: clustering, and the cohort's caveat."""
    unit, told = analysed.unit_of_analysis, ""
    if unit != "patient" and not analysed.patients_known:
        told = f"unit is the {unit}; which of them belong to one patient is not known, treated as independent"
    elif unit != "patient":
        several = patients_with_several(analysed)
        if several:
            told = f"unit is the {unit}; of the patients analysed {several} contribute more than one, "
            told += "treated as independent"
    return "; ".join(filter(None, [told, analysed.caveat]))


def add_clustered(table: ResultTable, part: Cohort, success, stat: str, note: str, place: dict) -> None:
    """Add an interval of a share that respects several lesions of one patient, beside the naive one.

    Only where rows are not patients and somebody contributes more than one: ``<stat>_clustered_lo`` and ``_hi`` in
    percent, and the design effect. ``part`` holds those of the share, ``success`` is True in the rows that count.
    """
    if not clustered(part):
        return
    from replicalc.stats.clustered import proportion_of_clusters

    (successes,), sizes, alike = part.per_patient(success)
    found = proportion_of_clusters(successes, sizes, part.conf_level, weights=alike)
    if found.lo != found.lo and found.clusters and found.value in (0.0, 1.0):
        found = _as_few_as_women(found)
    warning = "; ".join(filter(None, [found.warning, part.caveat]))
    table.add(f"{stat}_design_effect", found.design_effect, method=found.method, warning=warning, **place)
    limits = dict(unit="percent", method=found.method, conf_level=found.level, warning=warning, **place)
    table.add(f"{stat}_clustered_lo", 100 * found.lo, **limits)
    table.add(f"{stat}_clustered_hi", 100 * found.hi, **limits)


def clustered(part: Cohort) -> bool:
    """Tell whether units are not patients, some belong to one patient, and it is known which.

    Who has no identifier may share a patient with anybody; ``remark`` says so.
    """
    return part.unit_of_analysis != "patient" and part.patients_known and patients_with_several(part) > 0


def patients_with_several(part: Cohort) -> int:
    """Count the patients to whom more than one unit belongs; every unit must say whose it is."""
    _, sizes, alike = part.per_patient()
    return int(alike[sizes > 1].sum())


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
