"""Which numbers of a protected cohort are withheld, decided over all its studies at once (docs/disclosure.md)."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from replicalc.disclosure.few import few
from replicalc.disclosure.people import People
from replicalc.disclosure.protect import Protection
from replicalc.disclosure.reader import Line, Told
from replicalc.disclosure.release import NUMBERS, REASON
from replicalc.disclosure.tellings import read
from replicalc.job import job, write_text
from replicalc.records import load_checked
from replicalc.table import NOT_EVALUABLE, Row, as_text, read_result, to_csv

COLUMNS = ("study", "result", "line", "column", "shown", "rule")
#: Fewest patients by whom a model may exceed the number of its terms.
RESIDUAL = 10
#: Quantiles, and limits that count a patient's lesions together, are shown on this grid of their printed unit.
GRID = 1


@dataclass
class Table:
    """A result with what each of its numbers tells."""

    study: str
    result: str
    rows: list[Row]
    lines: list[Line] = field(default_factory=list)
    clear: bool = True


@job
def plan(everybody, studies, results, out, *, threshold, round_to, recipes, complementary=True):
    """Decide for every number of every table of a cohort whether it is shown, and write those that are not.

    ``everybody`` and ``studies`` are the patients and the ``study.yaml`` of each study of ``recipes``, in its order;
    ``results`` the unsuppressed tables. ``complementary`` is False only in tests that show what it is for.
    """
    people = People()
    told = {study: load_checked(file, "study")["criteria"] for study, file in zip(recipes, studies, strict=True)}
    for study, file in zip(recipes, everybody, strict=True):
        people.add_study(study, _patients(file), told[study])
    tables = [_table(people, file, recipes, told) for file in results]
    protection = Protection(people, threshold)
    for table in tables:
        for row, line in zip(table.rows, table.lines, strict=True):
            for column in NUMBERS if table.clear else ():
                if _is_number(getattr(row, column)):
                    protection.tell(getattr(line, column))
    withheld = protection.withheld(complementary)
    gone = few(people, [(t.study, t.result, line.value) for t in tables if t.clear for line in t.lines])
    lines = []
    for table in tables:
        for number, (row, line) in enumerate(zip(table.rows, table.lines, strict=True)):
            if not _is_number(row.value) and not _may_say_why(table, number, protection, withheld, gone):
                lines.append([table.study, table.result, str(number), "value", "", REASON])
            for column in NUMBERS:
                if _is_number(getattr(row, column)):
                    telling = getattr(line, column)
                    rule = "unclear" if not table.clear else _rule(people, telling, withheld, gone, threshold, table)
                    shown = "" if rule else _rounded(table, number, column, telling, round_to)
                    if rule or shown is not None:
                        where = [table.study, table.result, str(number), column]
                        lines.append(
                            [*where, *((shown, "rounded") if not rule and shown else ("", rule or "rounding"))]
                        )
    write_text(out, to_csv(lines, COLUMNS))


def _patients(file: str):
    import pandas as pd

    return pd.read_parquet(file).reset_index(drop=True)


def _is_number(value) -> bool:
    return value is not None and value == value


def _table(people: People, file: str, recipes: dict, criteria: dict[str, list[dict]]) -> Table:
    """Read a table and what it tells; unclear where a count is not the one that the patients give."""
    study, result = Path(file).parents[1].name, Path(file).stem
    params = recipes[study][result] or {"criteria": criteria[study]}
    table = Table(study, result, read_result(file))
    table.lines = read(people, study, params, table.rows, everybody=result.startswith("cohort_"))
    for row, line in zip(table.rows, table.lines, strict=True):
        for column in NUMBERS:
            telling = getattr(line, column)
            if telling.kind == "count" and _is_number(getattr(row, column)):
                table.clear &= size(people, telling.counts[0]) == getattr(row, column)
    return table


def size(people: People, told: Told) -> int:
    """Count the patients of a told set."""
    inside, without = (0 if each is None else people.mask(each) for each in told)
    return (inside & ~without).bit_count()


def _rule(people: People, telling, withheld: dict[Told, str], gone: dict, threshold: int, table: Table) -> str:
    """Name the rule by which a number is withheld; nothing if it is shown."""
    if telling.kind in ("unclear", "single", "lesions"):
        return telling.kind
    if telling.kind in ("moment", "quantile") and (table.study, table.result, telling) in gone:
        return "few"
    if telling.kind == "clustered" and people.several(people.mask(telling.counts[0][0] or frozenset())) < threshold:
        return "few"
    if telling.kind == "model":
        sizes = [size(people, each) for each in telling.counts]
        if any(0 < each < threshold for each in sizes) or sum(sizes[:2]) - len(sizes) // 2 < RESIDUAL:
            return "few"
        if telling.about == "":
            return ""
    rules = {withheld[each] for each in telling.counts if each in withheld}
    return "small" if "small" in rules else "linked" if rules else ""


def _may_say_why(table: Table, number: int, protection: Protection, withheld: dict, gone: set) -> bool:
    """Tell whether a row without a number may keep its sentence: 'no healthy patient is positive' tells a count, too.

    It may where every count behind it is shown somewhere; 'nobody' where the table itself shows that the n is 0. That
    the cohort lacks a variable, or that a number is another publication's, is no count.
    """
    row, telling = table.rows[number], table.lines[number].value

    def shown(told) -> bool:
        counts = [each for each in told.counts if each[0] is not None]
        return table.clear and all(each in protection.counts and each not in withheld for each in counts)

    if " not in cohort " in row.warning:
        return True
    if row.stat == NOT_EVALUABLE:
        place = (row.group, row.variable.partition("=")[0], "n")
        sizes = [
            line.value
            for each, line in zip(table.rows, table.lines, strict=True)
            if (each.group, each.variable, each.stat) == place and each.value == 0
        ]
        return not row.warning.startswith("nobody") or any(map(shown, sizes))
    if telling.kind not in ("count", "made", "moment") or not telling.counts:
        return False
    return shown(telling) and (table.study, table.result, telling) not in gone


def _rounded(table: Table, number: int, column: str, telling, round_to: int | None) -> str | None:
    """What is shown instead of a number that is not withheld: None for the number itself, nothing if it cannot be."""
    row, value = table.rows[number], getattr(table.rows[number], column)
    if round_to is None:
        return as_text(round(value, GRID)) if telling.kind in ("quantile", "clustered") else None
    if telling.kind == "count":
        return as_text(float(_nearest(value, round_to)))
    if row.stat == "percent" and row.n and len(telling.counts) == 2:
        whole = _nearest(row.n, round_to)
        return as_text(100.0 * _nearest(value * row.n / 100, round_to) / whole) if whole else ""
    return None if row.stat == "applied" else ""


def _nearest(value: float, base: int) -> int:
    return base * int(value / base + 0.5)
