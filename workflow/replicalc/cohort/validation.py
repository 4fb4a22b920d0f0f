"""Validation: ranges, codes, duplicates, units and implausible combinations, before anything is derived or counted.

Everything that is wrong is found first and told together: in words as far as a message goes, and value by value in
``problems.csv``, which stays with the patients. ``validation.csv`` holds counts only. Types, ranges and codes are held
against schemas that pandera builds from ``data/dictionary.csv`` (``schemas``); the rest is ours.
"""

from __future__ import annotations

import sys
from collections import Counter
from typing import TYPE_CHECKING

from replicalc.cohort.audit import CellError, Problem, read_problems, sentences, write_problems
from replicalc.cohort.collapse import (
    ALIKE,
    BOOKKEEPING,
    DIFFERED,
    N_ROWS,
    PLACE,
    RANKED,
    ROWS_DIFFER,
    SEVERAL,
    column_told,
    noted_variables,
)
from replicalc.cohort.frame import categorical, read_text_table, typed
from replicalc.cohort.implausible import applicable, treatment_of
from replicalc.cohort.mapping_checks import TOTAL
from replicalc.cohort.reading import impossible, told_name
from replicalc.cohort.rules import rule_of
from replicalc.cohort.schemas import failures
from replicalc.cohort.source import ROW
from replicalc.errors import ReplicalcError
from replicalc.job import job, write_text
from replicalc.records import Variable, load_cohort, load_dictionary
from replicalc.table import to_csv

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = ("variable", "check", "n_checked", "n_found", "stops_the_run", "note", "cohort", "kind")


#: What a check of single cells is called in validation.csv, and the types of variables that it looks at.
CELLS = {
    "unparsable": ("unreadable", ("number", "integer", "date")),
    "unknown_code": ("unknown code", ("category",)),
    "out_of_range": ("out of range", ("number", "integer", "date")),
    "negative_duration": ("duration below zero", ("number", "integer")),
}
#: How many different problems a message tells in words.
TOLD = 10


@job
def validate_cohort(mapped, cohort_file, dictionary_file, out, unread=None, *, cohort=None, problems=None):
    """Check the mapped cohort and write one row a check, with counts only.

    ``unread`` is what mapping could not read. Every problem is a row of ``problems`` (a path that is no output of the
    rule: Snakemake deletes what a failed job made, and this file is for whoever repairs the export). Raises one
    ReplicalcError where something stops the run: the first problems in words, how many there are, and where the file
    is. ``cohort`` is the name where it is not that of the cohort file.
    """
    config = load_cohort(cohort_file, cohort)
    variables = load_dictionary(dictionary_file)
    checks = _Checks(config, variables, read_text_table(mapped), read_problems(unread) if unread else [])
    checks.run()
    if problems:
        write_problems(problems, checks.problems, config)
    stopping = checks.stopping()
    if stopping:
        raise ReplicalcError(_message(stopping, checks.problems, config, problems))
    write_text(out, to_csv(checks.rows, COLUMNS))
    if checks.problems:
        told = f"{len(checks.problems)} problems that do not stop the run"
        print(f"cohort {config['cohort']}: {told}, see {problems or out}", file=sys.stderr)


def _message(stopping: list[Problem], every: list[Problem], config: dict, file: str | None) -> str:
    """Tell the first problems in words, how many there are, and where all of them stand."""
    told, limit = sentences(stopping), TOLD if file else 20
    lines = [f"cohort {config['cohort']}: values that cannot be right:"]
    lines += [f"  - {sentence}" for sentence in told[:limit]]
    if len(told) > limit:
        lines.append(f"  - and {len(told) - limit} more of this kind")
    if file:
        n = sum(each.stops for each in every)
        which = "This problem" if n == 1 else f"In all {n} problems stop the run. Every one"
        lines.append(
            f"{which}, with row, column and value, is in {file}; that file holds patients' data and stays where the "
            "export is."
        )
    return "\n".join(lines)


class _Checks:
    """All checks of one cohort: ``rows`` for validation.csv, ``problems`` value by value."""

    def __init__(self, config: dict, variables: dict[str, Variable], text: pd.DataFrame, unread: list[Problem]):
        self.config, self.variables, self.text = config, variables, text
        self.values = text[[name for name in text if name not in BOOKKEEPING]]
        self.frame, self.bad = _against_dictionary(self.values, variables)
        # Where each unit is from: its row, or in words where several were taken together or there are several files.
        self.place = text[PLACE] if PLACE in text else text[ROW]
        self.file = "" if config.get("stack") else told_name(config["sources"][0])
        self.left_out = [each for each in unread if each.check == "rows_left_out"]
        unread = [each for each in unread if each.check != "rows_left_out"]
        self.unread = Counter((each.variable, each.check) for each in unread)
        self.rows: list[list[str]] = []
        self.problems: list[Problem] = list(unread)
        #: Variables that are read in a wrong unit: their values need not be told one by one.
        self.suspicious: set[str] = set()

    def run(self) -> None:
        """Make all checks, those of single values first."""
        for each in self.left_out:
            rows = int(each.value)
            self._record("", "rows left out", rows, rows, False, each.problem)
        for name in self.config["variables"]:
            self._cells(name)
        self._units()
        _count_choices(self.text, self.config, self._record)
        self._differing()
        for name, expected in self.config.get("totals", {}).items():
            found = _total(self.frame, name)
            self._record(name, "published total", len(self.frame), found, True, f"published: {expected}")
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

    def _where(self, row: int) -> tuple[str, str]:
        """Name file and row of a unit; one that was put together from several rows names them in words."""
        file, said, number = str(self.place[row]).rpartition("row ")
        if not said or not number.isdecimal() or " and " in file:
            return self.file, str(self.place[row])
        return file.removesuffix(", ") or self.file, number

    def _cells(self, name: str) -> None:
        """Count the values of a variable and what is wrong with single ones."""
        variable, treatments = self.variables[name], self.config.get("on_problem", {})
        missing = int(self.frame[name].isna().sum())
        there = len(self.frame) - missing
        self._record(name, "values", len(self.frame), there, False)
        self._record(name, "missing", len(self.frame), missing, False)
        for check, (told, types) in CELLS.items():
            lacks = check == "out_of_range" and not (variable.min and variable.max)
            other = check == "negative_duration" and rule_of(self.config["variables"][name]) != "duration"
            if variable.type not in types or lacks or other:
                continue
            here = [row for bad, row, failed in self.bad if (bad, failed) == (name, check)]
            found, treatment = self.unread[name, check] + len(here), treatments.get(check, "stop")
            note = _allowed(variable) if check == "out_of_range" else ""
            if treatment == "set_missing":
                note = "; ".join(filter(None, [note, "set missing (on_problem)"]))
            cells = there + self.unread[name, check]
            self._record(name, told, cells, found, treatment == "stop", note)
            for row in here:
                self._add_value(name, row, check)
        suspicion = _wrong_unit(self.frame, variable, self.config)
        if suspicion is not None:
            self._record(name, "unit", there, int(bool(suspicion)), True, suspicion)
        if suspicion:
            self.suspicious.add(name)
            told = suspicion.removeprefix(f"{_column(self.config, name)}: ")
            self.problems.append(Problem("", "", _column(self.config, name), name, "", "unit", told, "", "stop"))

    def _add_value(self, name: str, row: int, check: str) -> None:
        """Add the problem of a single value that the dictionary does not allow."""
        variable, value = self.variables[name], self.values.at[row, name]
        if check == "out_of_range":
            error = impossible(value, variable)
        else:
            error = CellError(check, f"value '{value}' is no code", f"Allowed: {', '.join(variable.code_list)}")
        where = (*self._where(row), _column(self.config, name), name, value)
        self.problems.append(Problem(*where, check, str(error), error.right, "stop"))

    def _units(self) -> None:
        """Every unit of analysis stands once and has an identifier; nothing ever repeats an identifier."""
        config, frame, place = self.config, self.frame, self.place
        unit_id, unit = config["unit_id"], config["unit_of_analysis"]
        columns, name = " and ".join(_column(config, each) for each in unit_id), "+".join(unit_id)
        empty = frame[unit_id].isna().any(axis=1)
        named = frame[~empty]
        before = len(self.problems)
        for row in frame.index[empty]:
            told, right = f"the {unit} has no identifier", "Allowed: one for each"
            self.problems.append(Problem(*self._where(row), columns, name, "", "no_identifier", told, right, "stop"))
        repeated = named[named.duplicated(unit_id, keep=False)]
        for _, part in repeated.groupby(unit_id, observed=True, sort=False):
            where = ("" if PLACE in self.text else "rows ") + " and ".join(place[part.index])
            told = f"the same {unit} stands more than once; {_advice(part, config)}"
            self.problems.append(Problem(self.file, where, columns, name, "", "duplicate", told, "", "stop"))
        self._record(name, "duplicate or empty", len(frame), len(self.problems) - before, True)
        folded = named[unit_id].astype(str).apply(lambda column: column.str.casefold())
        alike = int(folded.duplicated().sum() - named.duplicated(unit_id).sum())
        self._record(name, "equal but for capital letters", len(frame), alike, False)

    def _differing(self) -> None:
        """Count the units whose rows could not be taken together."""
        if "collapse" not in self.config:
            return
        found = sum(count for (_, check), count in self.unread.items() if check == ROWS_DIFFER)
        told = "rows that cannot be taken together"
        self._record("+".join(self.config["unit_id"]), told, len(self.frame), found, True)

    def _combinations(self) -> None:
        """Look for values that cannot be together."""
        for each in applicable(self.frame):
            treatment = treatment_of(each, self.config)
            rows = self.frame.index[each.holds(self.frame)]
            found = len(rows) + self.unread["+".join(each.needs), each.name]
            stops = treatment == "stop"
            note = f"on_problem: {{{each.name}: {treatment}}}"
            self._record("+".join(each.needs), each.told, len(self.frame), found, stops, note)
            columns = " and ".join(_column(self.config, need) for need in each.needs)
            told = f"{each.told}, which cannot be" if stops else each.told
            for row in rows:
                shown = "; ".join(self.values.at[row, need] for need in each.needs)
                where = (*self._where(row), columns, "+".join(each.needs), shown)
                self.problems.append(Problem(*where, each.name, told, each.right, treatment))


def _against_dictionary(
    values: pd.DataFrame, variables: dict[str, Variable]
) -> tuple[pd.DataFrame, list[tuple[str, int, str]]]:
    """Type the values, and name those that the dictionary does not allow; a code that is none becomes missing."""
    categories = [name for name in values if name in variables and variables[name].type == "category"]
    frame = typed(values.drop(columns=categories), variables)
    for name in categories:
        frame[name] = values[name].where(values[name] != "")
    bad = failures(frame, variables)
    for name in categories:
        strange = [row for other, row, _ in bad if other == name]
        frame.loc[strange, name] = None
        frame[name] = categorical(frame[name], variables[name])
    return frame[[ROW, *(name for name in values if name != ROW)]], bad


def _advice(rows: pd.DataFrame, config: dict) -> str:
    """Say in which variables the rows of one unit differ (never the values), and what can be done about them."""
    values = rows[list(config["variables"])].astype("object")
    differ = [name for name in values if values[name].nunique(dropna=False) > 1]
    if differ:
        more = f" and {len(differ) - 5} more" if len(differ) > 5 else ""
        return (
            f"the rows differ in {', '.join(differ[:5])}{more}; give one row to each, or say under 'collapse' how its "
            "rows become one"
        )
    if "identical_rows" in config:
        return "the rows are alike in everything that is mapped, but not in every column; give one row to each"
    return (
        "the rows are alike in everything that is mapped; give one row to each, or say 'identical_rows: keep_first' if "
        "the same row may stand in the export twice"
    )


def _count_choices(text: pd.DataFrame, config: dict, record) -> None:
    """Record what was taken together: rows that became one unit, values that differed, cells with several codes."""
    unit = config["unit_of_analysis"]
    if N_ROWS in text:
        n_rows = text[N_ROWS].astype(int)
        several = int((n_rows > 1).sum())
        note = f"{n_rows.sum()} rows became {len(text)}, at most {n_rows.max()} each"
        record("+".join(config["unit_id"]), f"several rows of one {unit}", len(text), several, False, note)
        found = text[DIFFERED].map(noted_variables)
        for name, rule in config["collapse"].items():
            differ = int(found.map(lambda names, name=name: name in names).sum())
            note = f"rule: {rule}{_order_told(config, name, rule)}"
            record(name, f"rows of one {unit} differ", several, differ, False, note)
    if ALIKE in text:
        n_alike = text[ALIKE].astype(int)
        note = f"{n_alike.sum()} rows in the export, {len(text)} of them different; the first of each is kept"
        found = int((n_alike > 1).sum())
        record("+".join(config["unit_id"]), "identical rows", len(text), found, False, note)
    if SEVERAL in text:
        found = text[SEVERAL].map(noted_variables)
        for name, entry in config["variables"].items():
            if "split" in entry:
                held = int(found.map(lambda names, name=name: name in names).sum())
                note = f"rule: {entry['of_several']}{_order_told(config, name, entry['of_several'])}"
                record(name, "several codes in one cell", len(text), held, False, note)


def _order_told(config: dict, name: str, rule: str) -> str:
    entry = config["variables"][name]
    if rule not in RANKED or "order" not in entry:
        return ""
    return f" in the order {', '.join(map(str, entry['order']))}"


def _total(frame: pd.DataFrame, name: str) -> int:
    """Count 'variable=code', 'distinct variable' or 'distinct variable where variable=code'."""
    distinct, condition, at, variable, code = TOTAL.fullmatch(name).groups()
    if distinct is None:
        return int((frame[variable].astype("object") == code).sum())
    if condition:
        frame = frame[frame[condition].astype("object") == at]
    return int(frame[distinct].nunique())


def _column(config: dict, name: str) -> str:
    return f"{column_told(config['variables'][name])} ({name})"


def _allowed(variable: Variable) -> str:
    unit = f" {variable.unit}" if variable.unit else ""
    return f"{variable.min} to {variable.max}{unit}"


def _wrong_unit(frame: pd.DataFrame, variable: Variable, config: dict) -> str | None:
    """A median outside what any cohort can have says that the unit in the cohort file is wrong."""
    if not (variable.median_min and variable.median_max):
        return None
    values = frame[variable.variable].dropna()
    positive = values[values > 0]
    if len(positive) < 5:
        return ""
    lo = float(variable.median_min) or 1.0
    median = float(positive.median())
    if lo <= median <= float(variable.median_max):
        return ""
    entry = config["variables"][variable.variable]
    how = f"computed by '{rule_of(entry)}'" if rule_of(entry) else f"read as '{entry.get('unit', '')}'"
    return (
        f"{_column(config, variable.variable)}: {how}, its median is {median:g} {variable.unit}; it should "
        f"lie within {lo:g} to {variable.median_max} {variable.unit}. Is the unit right?"
    )
