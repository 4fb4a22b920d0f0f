"""The checks of a mapped cohort: what is held against what, and what is told. How rows are looked at is another matter.

``Checks`` makes all of them from counts and from the rows that are told; ``row_checks`` gets these from a table in
memory, ``large.checking`` from a file in chunks.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from replicalc.cohort.audit import CellError, Problem, how_many, more_of
from replicalc.cohort.collapse import (
    RANKED,
    ROWS_DIFFER,
    column_told,
)
from replicalc.cohort.implausible import IMPLAUSIBLE, Implausible, treatment_of
from replicalc.cohort.reading import impossible, told_name
from replicalc.cohort.rules import rule_of
from replicalc.records import Variable

if TYPE_CHECKING:
    pass

#: What a check of single cells is called in validation.csv, and the types of variables that it looks at.
CELLS = {
    "unparsable": ("unreadable", ("number", "integer", "date")),
    "unknown_code": ("unknown code", ("category",)),
    "out_of_range": ("out of range", ("number", "integer", "date")),
    "negative_duration": ("duration below zero", ("number", "integer")),
}


@dataclass(frozen=True, slots=True)
class Seen:
    """How many units a check found, and where those told stand: (file, row, value as ``mapped.csv`` has it)."""

    n: int
    told: list[tuple[str, str, str]]


@dataclass(frozen=True, slots=True)
class Identified:
    """What the identifiers of the units say.

    ``empty`` are units without one; ``groups`` units that have the same one, each as (rows in words, advice), of
    ``n_groups`` in all; ``alike`` counts identifiers that differ only in capital letters.
    """

    empty: Seen
    groups: list[tuple[str, str]]
    n_groups: int
    alike: int


class Checks(ABC):
    """All checks of one cohort: ``rows`` for validation.csv, ``problems`` value by value."""

    def __init__(self, config: dict, variables: dict[str, Variable], unread: list[Problem], n: int):
        self.config, self.variables, self.n = config, variables, n
        self.file = "" if config.get("stack") else told_name(config["sources"][0])
        self.left_out = [each for each in unread if each.check == "rows_left_out"]
        unread = [each for each in unread if each.check != "rows_left_out"]
        self.unread: Counter[tuple[str, str]] = Counter()
        for each in unread:
            self.unread[each.variable, each.check] += how_many(each)
        self.rows: list[list[str]] = []
        self.problems: list[Problem] = list(unread)
        #: Variables that are read in a wrong unit: their values need not be told one by one.
        self.suspicious: set[str] = set()

    @abstractmethod
    def missing(self, name: str) -> int:
        """Count the units without a value."""

    @abstractmethod
    def bad(self, name: str, check: str) -> Seen:
        """Find the values that the dictionary does not allow: 'unknown_code' or 'out_of_range'."""

    @abstractmethod
    def positive(self, name: str) -> tuple[int, float]:
        """Count the values above zero, and give their median."""

    @abstractmethod
    def identified(self) -> Identified:
        """Hold the identifiers of the units against each other."""

    @abstractmethod
    def choices(self, record: Callable) -> None:
        """Record what was taken together; see ``row_checks``."""

    @abstractmethod
    def total(self, name: str) -> int:
        """Count what a published total counts."""

    @abstractmethod
    def together(self, each: Implausible) -> Seen:
        """Find the units in which a combination of values holds."""

    def run(self) -> None:
        """Make all checks, those of single values first."""
        for each in self.left_out:
            rows = int(each.value)
            self._record("", "rows left out", rows, rows, False, each.problem)
        for name in self.config["variables"]:
            self._cells(name)
        self._units()
        self.choices(self._record)
        self._differing()
        for name, expected in self.config.get("totals", {}).items():
            found = self.total(name)
            self._record(name, "published total", self.n, found, True, f"published: {expected}")
            if found != expected:
                told = f"published total '{name}' is {expected}, but the file has {found}"
                self.problems.append(Problem("", "", "", name, str(found), "published_total", told, "", "stop"))
        self._combinations()

    def stopping(self) -> list[Problem]:
        """Return what stops the run and is worth telling."""
        return [
            each
            for each in self.problems
            if each.stops and not (each.check == "out_of_range" and each.variable in self.suspicious)
        ]

    def _record(self, variable: str, check: str, checked: int, found: int, stops: bool, note: str = "") -> None:
        told = [variable, check, str(checked), str(found), "yes" if stops else "no", note]
        self.rows.append([*told, self.config["cohort"], self.config["kind"]])

    def _add(self, told: list[Problem], n: int) -> None:
        """Add the problems that are told one by one, and say how many more there are."""
        self.problems += told
        if n > len(told):
            self.problems.append(more_of(told[-1], n - len(told)))

    def _cells(self, name: str) -> None:
        """Count the values of a variable and what is wrong with single ones."""
        variable, treatments = self.variables[name], self.config.get("on_problem", {})
        missing = self.missing(name)
        there = self.n - missing
        self._record(name, "values", self.n, there, False)
        self._record(name, "missing", self.n, missing, False)
        for check, (told, types) in CELLS.items():
            lacks = check == "out_of_range" and not (variable.min and variable.max)
            other = check == "negative_duration" and rule_of(self.config["variables"][name]) != "duration"
            if variable.type not in types or lacks or other:
                continue
            here = self.bad(name, check)
            found, treatment = self.unread[name, check] + here.n, treatments.get(check, "stop")
            note = _allowed(variable) if check == "out_of_range" else ""
            if treatment == "set_missing":
                note = "; ".join(filter(None, [note, "set missing (on_problem)"]))
            cells = there + self.unread[name, check]
            self._record(name, told, cells, found, treatment == "stop", note)
            self._add([self._value(name, *each, check) for each in here.told], here.n)
        suspicion = self._wrong_unit(variable)
        if suspicion is not None:
            self._record(name, "unit", there, int(bool(suspicion)), True, suspicion)
        if suspicion:
            self.suspicious.add(name)
            told = suspicion.removeprefix(f"{_column(self.config, name)}: ")
            self.problems.append(Problem("", "", _column(self.config, name), name, "", "unit", told, "", "stop"))

    def _value(self, name: str, file: str, row: str, value: str, check: str) -> Problem:
        """Tell of a single value that the dictionary does not allow."""
        variable = self.variables[name]
        if check == "out_of_range":
            error = impossible(value, variable)
        else:
            error = CellError(check, f"value '{value}' is no code", f"Allowed: {', '.join(variable.code_list)}")
        where = (file, row, _column(self.config, name), name, value)
        return Problem(*where, check, str(error), error.right, "stop")

    def _wrong_unit(self, variable: Variable) -> str | None:
        """A median outside what any cohort can have says that the unit in the cohort file is wrong."""
        if not (variable.median_min and variable.median_max):
            return None
        n, median = self.positive(variable.variable)
        if n < 5:
            return ""
        lo = float(variable.median_min) or 1.0
        if lo <= median <= float(variable.median_max):
            return ""
        entry = self.config["variables"][variable.variable]
        how = f"computed by '{rule_of(entry)}'" if rule_of(entry) else f"read as '{entry.get('unit', '')}'"
        return (
            f"{_column(self.config, variable.variable)}: {how}, its median is {median:g} {variable.unit}; it should "
            f"lie within {lo:g} to {variable.median_max} {variable.unit}. Is the unit right?"
        )

    def _units(self) -> None:
        """Every unit of analysis stands once and has an identifier; nothing ever repeats an identifier."""
        config = self.config
        unit_id, unit = config["unit_id"], config["unit_of_analysis"]
        columns, name = " and ".join(_column(config, each) for each in unit_id), "+".join(unit_id)
        found = self.identified()
        told, right = f"the {unit} has no identifier", "Allowed: one for each"
        empty = [
            Problem(file, row, columns, name, "", "no_identifier", told, right, "stop")
            for file, row, _ in found.empty.told
        ]
        self._add(empty, found.empty.n)
        groups = [
            Problem(
                self.file,
                where,
                columns,
                name,
                "",
                "duplicate",
                f"the same {unit} stands more than once; {advice}",
                "",
                "stop",
            )
            for where, advice in found.groups
        ]
        self._add(groups, found.n_groups)
        self._record(name, "duplicate or empty", self.n, found.empty.n + found.n_groups, True)
        self._record(name, "equal but for capital letters", self.n, found.alike, False)

    def _differing(self) -> None:
        """Count the units whose rows could not be taken together."""
        if "collapse" not in self.config:
            return
        found = sum(count for (_, check), count in self.unread.items() if check == ROWS_DIFFER)
        self._record("+".join(self.config["unit_id"]), "rows that cannot be taken together", self.n, found, True)

    def _combinations(self) -> None:
        """Look for values that cannot be together."""
        for each in IMPLAUSIBLE:
            if not all(need in self.config["variables"] for need in each.needs):
                continue
            treatment = treatment_of(each, self.config)
            seen = self.together(each)
            found = seen.n + self.unread["+".join(each.needs), each.name]
            stops = treatment == "stop"
            note = f"on_problem: {{{each.name}: {treatment}}}"
            self._record("+".join(each.needs), each.told, self.n, found, stops, note)
            columns = " and ".join(_column(self.config, need) for need in each.needs)
            told = f"{each.told}, which cannot be" if stops else each.told
            problems = [
                Problem(file, row, columns, "+".join(each.needs), shown, each.name, told, each.right, treatment)
                for file, row, shown in seen.told
            ]
            self._add(problems, seen.n)


def count_alike(config: dict, exported: int, kept: int, several: int, record: Callable) -> None:
    """Record how many rows of the export were alike; ``several`` units stand for more than one."""
    note = f"{exported} rows in the export, {kept} of them different; the first of each is kept"
    record("+".join(config["unit_id"]), "identical rows", kept, several, False, note)


def count_several(config: dict, n: int, held: dict[str, int], record: Callable) -> None:
    """Record of each variable how many cells held several codes."""
    for name, entry in config["variables"].items():
        if "split" in entry:
            note = f"rule: {entry['of_several']}{order_told(config, name, entry['of_several'])}"
            record(name, "several codes in one cell", n, held[name], False, note)


def order_told(config: dict, name: str, rule: str) -> str:
    entry = config["variables"][name]
    if rule not in RANKED or "order" not in entry:
        return ""
    return f" in the order {', '.join(map(str, entry['order']))}"


def _column(config: dict, name: str) -> str:
    return f"{column_told(config['variables'][name])} ({name})"


def _allowed(variable: Variable) -> str:
    unit = f" {variable.unit}" if variable.unit else ""
    return f"{variable.min} to {variable.max}{unit}"
