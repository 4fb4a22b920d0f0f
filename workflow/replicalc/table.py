"""The long table that every result is: one statistic a row, unrounded.

Columns: result, group, variable, stat, value, unit, n, n_missing, method, conf_level, warning, cohort, kind.
A place in it is (result, group, variable, stat); ``group`` and ``variable`` use ``name=code`` parts joined by ``;``,
and ``all`` is everybody.
"""

from __future__ import annotations

import csv
import io
import math
from dataclasses import dataclass, field, fields, replace
from pathlib import Path

from replicalc.cohort.doors.inert import inert
from replicalc.errors import ReplicalcError
from replicalc.job import write_text
from replicalc.records import read_csv

NOT_EVALUABLE = "not_evaluable"


@dataclass(frozen=True, slots=True)
class Row:
    """One statistic. ``value`` is a float (NaN where it could not be computed; ``warning`` says why)."""

    result: str
    group: str
    variable: str
    stat: str
    value: float = math.nan
    unit: str = ""
    n: int | None = None
    n_missing: int | None = None
    method: str = ""
    conf_level: float | None = None
    warning: str = ""
    cohort: str = ""
    kind: str = ""


COLUMNS = tuple(f.name for f in fields(Row))


@dataclass(slots=True)
class ResultTable:
    """Collects the rows of one result; the cohort's name and kind go into every row."""

    result: str
    cohort: str
    kind: str
    rows: list[Row] = field(default_factory=list)

    def add(self, stat: str, value: float = math.nan, *, group: str = "all", variable: str = "", **more) -> None:
        value = float(value)
        self.rows.append(Row(self.result, group, variable, stat, value, **more, cohort=self.cohort, kind=self.kind))

    def add_interval(self, stat: str, interval, *, scale: float = 1.0, **more) -> None:
        """Add ``<stat>_lo`` and ``<stat>_hi`` from an interval of ``replicalc.stats.base``."""
        for side, limit in (("lo", interval.lo), ("hi", interval.hi)):
            self.add(
                f"{stat}_{side}",
                limit * scale,
                method=interval.method,
                conf_level=interval.level,
                warning=interval.warning,
                **more,
            )

    def add_test(self, test, *, named: bool, **more) -> None:
        """Add a test: its P as ``p`` if the study names it, else as ``p_alternative``; statistic and df beside it."""
        suffix = "" if named else "_alternative"
        note = dict(method=test.method, warning=test.warning)
        if not math.isnan(test.statistic):
            self.add(f"statistic{suffix}", test.statistic, **more, **note)
        if not math.isnan(test.df):
            self.add(f"df{suffix}", test.df, **more, **note)
        self.add(f"p{suffix}", test.p, **more, **note)

    def not_evaluable(self, reason: str, *, group: str = "all", variable: str = "") -> None:
        if not any((r.stat, r.group, r.variable) == (NOT_EVALUABLE, group, variable) for r in self.rows):
            self.add(NOT_EVALUABLE, group=group, variable=variable, warning=reason)

    def explain(self, stat: str, more: str) -> None:
        """Add a sentence to the warning of a statistic that could not be computed."""
        self.rows = [
            replace(row, warning="; ".join(filter(None, [row.warning, more])))
            if row.stat == stat and math.isnan(row.value)
            else row
            for row in self.rows
        ]

    def write(self, path: str | Path) -> None:
        """Write the table; two rows for the same statistic at the same place are a fault of the program."""
        seen: set[tuple] = set()
        for row in self.rows:
            place = (
                row.group,
                row.variable,
                row.stat,
                row.method if row.stat.endswith("_alternative") else "",
            )
            if place in seen:
                raise ReplicalcError(f"{self.result}: the statistic {place} stands twice in the table")
            seen.add(place)
        write_text(path, safe_csv([[as_text(getattr(row, name)) for name in COLUMNS] for row in self.rows], COLUMNS))


def to_csv(rows: list[list[str]], columns: tuple[str, ...] | list[str]) -> str:
    """Format rows of text as CSV with Unix line ends."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    return buffer.getvalue()


def safe_csv(rows: list[list[str]], columns: tuple[str, ...] | list[str]) -> str:
    """Format rows as ``to_csv`` does; a text that a spreadsheet would run gets an apostrophe (``read_csv`` takes it).

    For whatever holds words of a cohort file or of a study's record. An export is written as it is, by ``to_csv``.
    """
    return to_csv([[inert(cell) for cell in row] for row in rows], columns)


def as_text(value: object) -> str:
    """Give the text of a cell: whole numbers without a point, others with all digits, nothing for None and NaN."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, float):
        return repr(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    return str(value)


def read_result(path: str | Path) -> list[Row]:
    """Read a result table back, exactly as written."""
    rows = read_csv(path)
    if rows and tuple(rows[0]) != COLUMNS:
        raise ReplicalcError(f"{path}: not a result table (its columns are {', '.join(rows[0])})")
    return [
        Row(
            **{
                **row,
                "value": float(row["value"]) if row["value"] else math.nan,
                "n": int(row["n"]) if row["n"] else None,
                "n_missing": int(row["n_missing"]) if row["n_missing"] else None,
                "conf_level": float(row["conf_level"]) if row["conf_level"] else None,
            }
        )
        for row in rows
    ]


class Lookup:
    """Find statistics by place: ``lookup(group, variable, stat)``."""

    def __init__(self, rows: list[Row]):
        self.rows = rows
        self._by_place = {(r.group, r.variable, r.stat): r for r in reversed(rows)}

    def __call__(self, group: str, variable: str, stat: str) -> Row | None:
        return self._by_place.get((group, variable, stat))

    def reason(self, group: str = "all", variable: str = "") -> str:
        """Return why something is not evaluable, or an empty text if nothing says so."""
        for row in self.rows:
            if row.stat != NOT_EVALUABLE:
                continue
            mine = row.variable in ("", variable, variable.partition("=")[0])
            if mine and (row.group in ("all", group) or group.startswith(f"{row.group}=")):
                return row.warning
        return ""
