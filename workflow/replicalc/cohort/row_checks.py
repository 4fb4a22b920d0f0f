"""The checks of a cohort that is a table of texts in memory, as ``mapped.csv`` has it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from replicalc.cohort.audit import Problem
from replicalc.cohort.checks import Checks, Identified, Seen, count_alike, count_several, order_told
from replicalc.cohort.collapse import ALIKE, BOOKKEEPING, DIFFERED, N_ROWS, PLACE, SEVERAL, noted_variables
from replicalc.cohort.frame import categorical, typed
from replicalc.cohort.implausible import Implausible
from replicalc.cohort.mapping_checks import TOTAL
from replicalc.cohort.schemas import failures
from replicalc.cohort.source import ROW
from replicalc.records import Variable

if TYPE_CHECKING:
    import pandas as pd


class RowChecks(Checks):
    """The checks of a cohort that is a table of texts in memory, as ``mapped.csv`` has it."""

    def __init__(self, config: dict, variables: dict[str, Variable], unread: list[Problem], text: pd.DataFrame):
        super().__init__(config, variables, unread, len(text))
        self.text = text
        self.values = text[[name for name in text if name not in BOOKKEEPING]]
        self.frame, self.wrong = against_dictionary(self.values, variables)
        # Where each unit is from: its row, or in words where several were taken together or there are several files.
        self.place = text[PLACE] if PLACE in text else text[ROW]

    def missing(self, name: str) -> int:
        return int(self.frame[name].isna().sum())

    def bad(self, name: str, check: str) -> Seen:
        rows = [row for bad, row, failed in self.wrong if (bad, failed) == (name, check)]
        return Seen(len(rows), [(*self._where(row), self.values.at[row, name]) for row in rows])

    def positive(self, name: str) -> tuple[int, float]:
        values = self.frame[name].dropna()
        positive = values[values > 0]
        return len(positive), float(positive.median()) if len(positive) else float("nan")

    def identified(self) -> Identified:
        unit_id, frame = self.config["unit_id"], self.frame
        empty = frame[unit_id].isna().any(axis=1)
        named = frame[~empty]
        nobody = [(*self._where(row), "") for row in frame.index[empty]]
        folded = named[unit_id].astype(str).apply(lambda column: column.str.casefold())
        alike = int(folded.duplicated().sum() - named.duplicated(unit_id).sum())
        groups = list(repeated_units(named, self.place, self.config, in_words=PLACE in self.text))
        return Identified(Seen(len(nobody), nobody), groups, len(groups), alike)

    def choices(self, record: Callable) -> None:
        _count_choices(self.text, self.config, record)

    def total(self, name: str) -> int:
        return _total(self.frame, name)

    def together(self, each: Implausible) -> Seen:
        rows = self.frame.index[each.holds(self.frame)]
        shown = ["; ".join(self.values.at[row, need] for need in each.needs) for row in rows]
        return Seen(len(rows), [(*self._where(row), told) for row, told in zip(rows, shown, strict=True)])

    def _where(self, row: int) -> tuple[str, str]:
        """Name file and row of a unit; one that was put together from several rows names them in words."""
        file, said, number = str(self.place[row]).rpartition("row ")
        if not said or not number.isdecimal() or " and " in file:
            return self.file, str(self.place[row])
        return file.removesuffix(", ") or self.file, number


def repeated_units(named: pd.DataFrame, place: pd.Series, config: dict, *, in_words: bool) -> Iterator[tuple[str, str]]:
    """Say of each identifier that stands more than once in which rows, and what can be done about it."""
    unit_id = config["unit_id"]
    repeated = named[named.duplicated(unit_id, keep=False)]
    for _, part in repeated.groupby(unit_id, observed=True, sort=False):
        yield ("" if in_words else "rows ") + " and ".join(place[part.index]), _advice(part, config)


def against_dictionary(
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
            note = f"rule: {rule}{order_told(config, name, rule)}"
            record(name, f"rows of one {unit} differ", several, differ, False, note)
    if ALIKE in text:
        n_alike = text[ALIKE].astype(int)
        count_alike(config, int(n_alike.sum()), len(text), int((n_alike > 1).sum()), record)
    if SEVERAL in text:
        held = Counter(name for told in text[SEVERAL] for name in noted_variables(told))
        count_several(config, len(text), held, record)


def _total(frame: pd.DataFrame, name: str) -> int:
    """Count 'variable=code', 'distinct variable' or 'distinct variable where variable=code'."""
    distinct, condition, at, variable, code = TOTAL.fullmatch(name).groups()
    if distinct is None:
        return int((frame[variable].astype("object") == code).sum())
    if condition:
        frame = frame[frame[condition].astype("object") == at]
    return int(frame[distinct].nunique())
