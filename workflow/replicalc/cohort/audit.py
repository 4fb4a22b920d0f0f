"""What cleaning leaves for an auditor: every changed value (``changes.csv``), every problem (``problems.csv``).

Both hold values of single patients and stay beside the patients. Identifiers stand in neither: a row is named by its
place in the export.
"""

from __future__ import annotations

import csv
import re
import shutil
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import astuple, dataclass, fields, replace
from pathlib import Path
from typing import TextIO

from replicalc.cohort.doors.inert import inert, original
from replicalc.job import whole_file, write_text
from replicalc.records import read_csv
from replicalc.table import to_csv

#: The names of the rules by which a value is changed; they do not change from one release to the next.
RULES = {
    "missing_code": "a text that the cohort file declares missing (key 'missing')",
    "spelling": "a code with other capital letters or blanks than declared (key 'any_case')",
    "unit_in_cell": "a number that carries its unit, converted (key 'units_in_cells')",
    "decimal_comma": "a number with a decimal comma (key 'decimal')",
    "several_codes": "several codes in a cell, of which one counts (keys 'split' and 'of_several')",
    "rows_collapsed": "rows of one unit that differed, of which one value counts (key 'collapse')",
    "identical_row_dropped": "a row that stands in the export once more (key 'identical_rows')",
    "unparsable_set_missing": "not a number or date, set missing (key 'on_problem')",
    "unknown_code_set_missing": "a code that nobody declared, set missing (key 'on_problem')",
    "out_of_range_set_missing": "outside the range of the dictionary, set missing (key 'on_problem')",
    "negative_duration_set_missing": "a duration whose end lies before its beginning, set missing (key 'on_problem')",
    "implausible_set_missing": "values that cannot be together, all set missing (key 'on_problem')",
    "derived_over_given": "a class that the cohort gives, replaced by the one derived from its raw values",
}
#: Several rules may have acted on one value.
JOINT = "+"


class CellError(ValueError):
    """What is wrong with a cell (``str``), by which check it was found, and what would be right."""

    def __init__(self, check: str, problem: str, right: str = ""):
        super().__init__(problem)
        self.check, self.right = check, right


@dataclass(frozen=True, slots=True)
class Change:
    """One value that cleaning changed. ``file`` is '' where there is one export; ``row`` is as a spreadsheet counts."""

    file: str
    row: str
    column: str
    variable: str
    before: str
    after: str
    rule: str


@dataclass(frozen=True, slots=True)
class Problem:
    """One value, or one combination of values, that is not as it should be.

    ``problem`` and ``right`` are the two halves of a sentence: what is wrong, and what would be right. ``treatment`` is
    what the cohort file says about it: 'stop', 'set_missing' or 'keep'.
    """

    file: str
    row: str
    column: str
    variable: str
    value: str
    check: str
    problem: str
    right: str
    treatment: str

    @property
    def stops(self) -> bool:
        return self.treatment == "stop"


#: Headers of the two files: plain words where the fields are short.
CHANGE_COLUMNS = ("file", "row", "column", "variable", "from", "to", "rule", "cohort", "kind")
PROBLEM_COLUMNS = (
    *("file", "row", "column", "variable", "value", "check", "problem", "what_would_be_right", "stops_the_run"),
    *("treatment", "cohort", "kind"),
)


class ChangeLog:
    """Writes changes.csv row by row: an export of a million rows may have as many decimal commas."""

    def __init__(self, handle: TextIO | None, config: dict):
        self._writer = csv.writer(handle, lineterminator="\n") if handle else None
        self._told = (config["cohort"], config["kind"])

    def append(self, change: Change) -> None:
        if self._writer:
            cells = (change.file, change.row, change.column, change.variable, change.before, change.after, change.rule)
            self._writer.writerow([*map(inert, cells), *self._told])

    def extend(self, changes: Iterable[Change]) -> None:
        for change in changes:
            self.append(change)


@contextmanager
def change_log(path: str | Path | None, config: dict, before: str | Path | None = None) -> Iterator[ChangeLog]:
    """Open changes.csv, written whole or not at all; the rows of the file ``before`` (an earlier step) come first.

    Without a path, nothing is written.
    """
    if path is None:
        yield ChangeLog(None, config)
        return
    with whole_file(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as handle:
        if before:
            with Path(before).open(encoding="utf-8", newline="") as earlier:
                shutil.copyfileobj(earlier, handle)
        else:
            csv.writer(handle, lineterminator="\n").writerow(CHANGE_COLUMNS)
        yield ChangeLog(handle, config)


def write_problems(path: str | Path, problems: Sequence[Problem], config: dict) -> None:
    """Write every problem, those that stop the run and those that do not."""
    rows = []
    for each in problems:
        *cells, treatment = astuple(each)
        told = [inert(cell) for cell in cells]
        rows.append([*told, "yes" if each.stops else "no", treatment, config["cohort"], config["kind"]])
    write_text(path, to_csv(rows, PROBLEM_COLUMNS))


def read_problems(path: str | Path) -> list[Problem]:
    """Read back what ``write_problems`` wrote."""
    names = dict(zip((f.name for f in fields(Problem)), (*PROBLEM_COLUMNS[:8], "treatment"), strict=True))
    return [Problem(**{name: original(row[column]) for name, column in names.items()}) for row in read_csv(path)]


#: What stands in the place of the row where a large cohort has more of a kind than are listed.
MORE = re.compile(r"and (\d+) more rows?")


def how_many(each: Problem) -> int:
    """Count the rows that an entry stands for: one, or as many as it says that are not listed.

    >>> how_many(Problem("", "7", "", "grade", "9", "unknown_code", "", "", "stop"))
    1
    """
    more = MORE.fullmatch(each.row)
    return int(more[1]) if more else 1


class Listed:
    """Problems or changes of one step of cleaning: the first ``most`` of each kind in their order, the others counted.

    A kind is a variable with a check (of problems) or with a rule (of changes). Without ``most`` all are listed.
    """

    def __init__(self, most: int | None = None):
        self.entries: list[Problem | Change] = []
        self._most = most
        self._listed: Counter[tuple[str, str]] = Counter()
        self._more: Counter[tuple[str, str]] = Counter()

    @staticmethod
    def kind(each: Problem | Change) -> tuple[str, str]:
        return each.variable, each.check if isinstance(each, Problem) else each.rule

    def append(self, each: Problem | Change) -> None:
        if self.left(kind := self.kind(each)):
            self.entries.append(each)
            self._listed[kind] += 1
        else:
            self._more[kind] += 1

    def left(self, kind: tuple[str, str]) -> int:
        """Return how many more of a kind would be listed."""
        return sys.maxsize if self._most is None else self._most - self._listed[kind]

    def add(self, kind: tuple[str, str], more: int) -> None:
        """Count ``more`` of a kind of which as many are listed as may be."""
        self._more[kind] += more

    def all(self) -> Iterator[Problem | Change]:
        """Give what is listed, then for each kind how many more rows there are."""
        yield from self.entries
        last = {self.kind(each): each for each in self.entries}
        for kind, more in self._more.items():
            yield more_of(last[kind], more)


def more_of(last: Problem | Change, more: int) -> Problem | Change:
    """Say that there are ``more`` rows of the kind of the last one that is listed."""
    row = f"and {more} more row{'s' * (more > 1)}"
    if isinstance(last, Change):
        return replace(last, row=row, before="", after="")
    told = "the same check found more than is listed one by one"
    return replace(last, row=row, value="", problem=told, right="")


def rows_told(rows: Sequence, at_least: bool = False) -> str:
    """Name up to five rows, and count the rest; ``at_least``: there are more than are known one by one."""
    noun = "row" if len(rows) == 1 else "rows"
    more = f" and {'at least ' * at_least}{len(rows) - 5} more" if len(rows) > 5 else ""
    return f"{noun} {', '.join(map(str, rows[:5]))}{more}"


def sentences(problems: Sequence[Problem]) -> list[str]:
    """Tell problems in words, the same one in several rows once: 'f.csv, rows 2, 7, column 'ER': value '2' is ...'."""
    alike: dict[tuple[str, ...], list[Problem]] = {}
    capped = {Listed.kind(each) for each in problems if MORE.fullmatch(each.row)}
    for each in problems:
        if MORE.fullmatch(each.row):
            continue
        rows = each.row.isdecimal()  # a unit that was put together names its rows itself: 'rows 2 and 3'
        alike.setdefault((each.file, each.column, each.problem, each.right, str(rows)), []).append(each)
    told = []
    for (file, column, problem, right, single), where in alike.items():
        if single == "True":
            rows = rows_told(list(dict.fromkeys(each.row for each in where)), Listed.kind(where[0]) in capped)
            place = ", ".join(filter(None, [file, rows, column]))
            told.append(f"{place}: {problem}{f'. {right}' if right else ''}")
            continue
        units = [
            each.row + (f" ({each.value})" if each.check == "rows_differ" and each.value else "") for each in where
        ]
        units = list(dict.fromkeys(units))
        listed = "; ".join(units[:3]) + (f"; and {len(units) - 3} more" if len(units) > 3 else "")
        place = ", ".join(filter(None, [file, listed, column]))
        if where[0].check == "rows_differ":
            told.append(f"{problem}: {listed}")
        else:
            told.append(f"{place}: {problem}{f'. {right}' if right else ''}")
    return told
