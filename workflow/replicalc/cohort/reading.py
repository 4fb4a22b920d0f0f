"""Every cell of an export becomes a canonical value; what could not be read and what was changed is noted."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from replicalc.cohort.audit import JOINT, CellError, Change, ChangeLog, Problem
from replicalc.cohort.cells import Read, cell_reader, out_of_range
from replicalc.cohort.collapse import Unit, column_told
from replicalc.cohort.doors.hints import mangled, with_label
from replicalc.cohort.rule_checks import in_order
from replicalc.cohort.rules import Part, Value, compile_rule, parts_of, rule_of, value_of
from replicalc.cohort.source import ROW, STACKED, own_name, place_of, source_of
from replicalc.records import Variable


@dataclass(frozen=True, slots=True)
class Export:
    """The records of an export, side by side or below each other, and where each of their columns is from.

    ``origin`` maps a column to the number of its source; ``names`` are the files, ``typed`` whether their dates and
    numbers are typed already, ``labels`` what they say themselves about the codes of their columns. ``left_out`` are
    rows that a declared rule left out: file, rule in words, how many.
    """

    records: Sequence[dict[str, str]]
    origin: dict[str, int]
    names: Sequence[str]
    typed: Sequence[bool]
    config: dict
    labels: Sequence[dict[str, dict[str, str]]] = ()
    left_out: Sequence[tuple[str, str, int]] = ()

    def place(self, record: dict[str, str], column: str) -> tuple[str, str, str]:
        """Name file, row and column (as the file itself calls it) of a cell."""
        file, row = place_of(record, column, self.origin, self.names)
        return file, row, f"column '{own_name(column, self.source(record, column))}'"

    def changed_place(self, record: dict[str, str], column: str) -> tuple[str, str, str]:
        """Name file (as the cohort file does, '' where there is one), row and column of a cell that is changed."""
        _, row, told = self.place(record, column)
        return (told_name(self.source(record, column)) if len(self.names) > 1 else ""), row, told

    def source(self, record: dict[str, str], column: str) -> dict:
        return self.config["sources"][source_of(record, column, self.origin)]

    def label(self, record: dict[str, str], column: str, text: str) -> str:
        """Show a value, with the label that its file has for it."""
        number = source_of(record, column, self.origin)
        return with_label(text, self.labels[number].get(column, {}) if self.labels else {})

    def is_typed(self, record: dict[str, str], column: str) -> bool:
        return self.typed[source_of(record, column, self.origin)]


def told_name(source: dict) -> str:
    """Name a source as the cohort file does: the file, with its sheet if one is given."""
    return source["file"] + (f" [{source['sheet']}]" if "sheet" in source else "")


@dataclass(slots=True)
class Found:
    """What reading an export gave: its units, what could not be read, and what was changed."""

    units: list[Unit]
    changes: ChangeLog
    problems: list[Problem] = field(default_factory=list)


def read_units(export: Export, variables: dict[str, Variable], changes: ChangeLog) -> Found:
    """Turn each record into a unit of its own, variables in the order in which they are computed from each other.

    A cell that cannot be read is a problem and leaves the value missing; ``on_problem`` says whether the run goes on.
    A value out of range is a problem only where the cohort file says that it is set missing; otherwise validation finds
    it.
    """
    found = Found([Unit({}, (_own_place(record, export.config),)) for record in export.records], changes)
    for step in steps(export, variables):
        for record, unit in zip(export.records, found.units, strict=True):
            step.act(record, unit, found)
    return found


@dataclass(frozen=True, slots=True)
class Step:
    """How one variable is read: of which columns of the export and other variables, and what is done with a record.

    ``act`` takes a record, its unit and what was found so far; it sets the value of the unit, and looks at nothing but
    these columns and variables: the same texts give the same value (``large`` relies on it).
    """

    name: str
    columns: tuple[str, ...]
    others: tuple[str, ...]
    act: Callable[[Mapping[str, str], Unit, Found], None]


def steps(export: Export, variables: dict[str, Variable]) -> Iterator[Step]:
    """Say how each variable is read, in the order in which they are computed from each other."""
    for name in in_order(export.config["variables"])[0]:
        entry = export.config["variables"][name]
        if "constant" in entry:
            yield Step(name, (), (), _constant(name, str(entry["constant"])))
        elif rule_of(entry):
            parts = parts_of(variables[name], entry, variables)
            columns = tuple(dict.fromkeys(part.entry["column"] for part in parts if not part.variable))
            others = tuple(dict.fromkeys(part.variable for part in parts if part.variable))
            yield Step(name, columns, others, _compute(name, entry, export, variables))
        elif "columns" in entry:
            yield Step(name, tuple(entry["columns"]), (), _join(name, entry, export))
        else:
            column = Column(name, entry["column"], entry, variables[name], export)
            yield Step(name, (entry["column"],), (), _read(column))


def _constant(name: str, value: str) -> Callable:
    def act(record, unit, found):
        unit.values[name] = value

    return act


def _read(column: Column) -> Callable:
    def act(record, unit, found):
        read = column.read(record, found)
        unit.values[column.name] = column.within_range(read.value, record, found)
        if read.several:
            unit.several[column.name] = read.several

    return act


def _own_place(record: dict[str, str], config: dict) -> tuple[str, str]:
    """Say where a record is from. The file is named only where sources are stacked."""
    if STACKED not in record:
        return "", record[ROW]
    return told_name(config["sources"][int(record[STACKED])]), record[ROW]


class Column:
    """One column of the export, read as one variable (or as one part of it)."""

    def __init__(self, name: str, column: str, entry: dict, kind: Variable, export: Export):
        config = export.config
        missing = {str(code) for code in [*config.get("missing", [""]), *entry.get("missing", [])]} | {""}
        decimal = config.get("decimal", ".")
        self.name, self.column, self.kind, self.export = name, column, kind, export
        self.treatments = config.get("on_problem", {})
        self.readers = {typed: cell_reader(kind, entry, missing, decimal, typed) for typed in set(export.typed)}

    def read(self, record: dict[str, str], found: Found) -> Read:
        """Read the cell of a record; note what is wrong with it, or by which rule it was changed."""
        text = record[self.column]
        try:
            read = self.readers[self.export.is_typed(record, self.column)](text)
        except CellError as error:
            self._wrong(record, text, error, found)
            return Read("")
        if read.rules:
            self._changed(record, text, read.value, JOINT.join(read.rules), found)
        return read

    def within_range(self, value: str, record: dict[str, str], found: Found) -> str:
        """Return the value, or '' where it is out of range and the cohort file says that it is set missing."""
        if self.treatments.get("out_of_range") != "set_missing" or not out_of_range(value, self.kind):
            return value
        self._wrong(record, record[self.column], impossible(value, self.kind), found)
        return ""

    def _wrong(self, record: dict[str, str], text: str, error: CellError, found: Found) -> None:
        treatment = self.treatments.get(error.check, "stop")
        shown = "" if self.kind.type == "id" else text
        told, hint = self.export.label(record, self.column, shown), mangled(shown)
        problem = f"value {told} {error}{'' if error.right else hint}" if shown else str(error)
        if error.check == "out_of_range":
            problem = str(error)
        where, right = self.export.place(record, self.column), f"{error.right}{hint}" if error.right else ""
        found.problems.append(Problem(*where, self.name, shown, error.check, problem, right, treatment))
        if treatment == "set_missing":
            self._changed(record, text, "", f"{error.check}_set_missing", found)

    def _changed(self, record: dict[str, str], before: str, after: str, rule: str, found: Found) -> None:
        if self.kind.type != "id":
            where = self.export.changed_place(record, self.column)
            found.changes.append(Change(*where, self.name, before, after, rule))


def impossible(value: str, variable: Variable) -> CellError:
    """Say that a canonical value lies outside the range of the dictionary."""
    unit = f" {variable.unit}" if variable.unit else ""
    told = value if variable.type == "date" else f"{float(value):g}{unit}"
    return CellError("out_of_range", f"value {told} is impossible", f"Allowed: {variable.min} to {variable.max}{unit}")


def _join(name: str, entry: dict, export: Export) -> Callable:
    """Put an identifier together so that no two combinations of parts give the same one."""
    missing = {str(code) for code in [*export.config.get("missing", [""]), *entry.get("missing", [])]} | {""}

    def act(record, unit, found):
        texts = [record[column] for column in entry["columns"]]
        unit.values[name] = "" if missing.intersection(texts) else "/".join(texts)
        if unit.values[name] and any("/" in text for text in texts):
            file, row, _ = export.place(record, entry["columns"][0])
            told = "a part of the identifier contains '/', which would join the parts"
            found.problems.append(Problem(file, row, column_told(entry), name, "", "unparsable", told, "", "stop"))

    return act


def _compute(name: str, entry: dict, export: Export, variables: dict[str, Variable]) -> Callable:
    """Compute a variable from its parts, record by record."""
    target = variables[name]
    parts = parts_of(target, entry, variables)
    columns = {
        part.name: Column(name, part.entry["column"], part.entry, part.kind, export)
        for part in parts
        if not part.variable
    }
    rule = compile_rule(target, entry, variables)
    treatments = export.config.get("on_problem", {})

    def act(record, unit, found):
        values = {part.name: _value(part, record, unit, columns, variables, found) for part in parts}
        try:
            text = rule(values)
            if treatments.get("out_of_range") == "set_missing" and out_of_range(text, target):
                raise impossible(text, target)
        except CellError as error:
            treatment = treatments.get(error.check, "stop")
            told = _told(parts, record, unit)
            first = next((part.entry["column"] for part in parts if not part.variable), next(iter(export.origin)))
            file, row, _ = export.place(record, first)
            where = (file, row, f"{column_told(entry)} ({name})")
            found.problems.append(Problem(*where, name, told, error.check, str(error), error.right, treatment))
            if treatment == "set_missing":
                file, row, _ = export.changed_place(record, first)
                changed = Change(file, row, where[2], name, told, "", f"{error.check}_set_missing")
                found.changes.append(changed)
            text = ""
        unit.values[name] = text

    return act


def _value(part: Part, record: dict[str, str], unit: Unit, columns, variables, found: Found) -> Value:
    if not part.variable:
        return value_of(columns[part.name].read(record, found).value, part.kind)
    return value_of(unit.values[part.variable], part.kind, variables[part.variable].unit)


def _told(parts: Sequence[Part], record: dict[str, str], unit: Unit) -> str:
    """Show what a rule was given, as the export has it."""
    return "; ".join(unit.values[part.variable] if part.variable else record[part.entry["column"]] for part in parts)
