"""Values that cannot be together, in chunks: each combination of texts is judged once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from replicalc.cohort.audit import Change, Listed, Problem
from replicalc.cohort.collapse import column_told
from replicalc.cohort.frame import typed
from replicalc.cohort.implausible import IMPLAUSIBLE, Implausible, treatment_of
from replicalc.cohort.large import limits
from replicalc.cohort.large.columns import Coded, combined
from replicalc.cohort.reading import Export
from replicalc.cohort.rule_checks import computed_from
from replicalc.cohort.source import ROW
from replicalc.records import Variable

if TYPE_CHECKING:
    import pandas as pd


def texts_of_rows(columns: dict[str, Coded], rows: np.ndarray) -> pd.DataFrame:
    """Lay out the texts of some rows, as ``mapped.csv`` would have them."""
    import pandas as pd

    table = {name: [each.texts[code] for code in each.codes[rows].tolist()] for name, each in columns.items()}
    return pd.DataFrame({ROW: ["0"] * len(rows), **table}, dtype=object)


def hits(each: Implausible, values: dict[str, Coded], variables: dict[str, Variable], n: int) -> np.ndarray:
    """Tell of each row whether a combination holds, shape (rows,)."""
    needed = {name: values[name] for name in each.needs}
    number, some_row = combined(list(needed.values()), n)
    found = each.holds(typed(texts_of_rows(needed, some_row), variables))
    return np.asarray(found, bool)[number]


class Emptied:
    """Empties the values of combinations that cannot be, where the cohort file says so. One of ``steps`` each."""

    def __init__(self, export: Export, variables: dict[str, Variable]):
        self.config, self.variables = export.config, variables
        mapped = export.config["variables"]
        there = [each for each in IMPLAUSIBLE if all(need in mapped for need in each.needs)]
        self.steps = [_Step(each) for each in there if treatment_of(each, self.config) == "set_missing"]

    def emptied(self, values: dict[str, Coded], rows: np.ndarray) -> dict[str, Coded]:
        """Return the values with what cannot be set missing; all combinations are judged before the first is."""
        found = [hits(step.each, values, self.variables, len(rows)) for step in self.steps]
        before, values = values, dict(values)
        for step, which in zip(self.steps, found, strict=True):
            if which.any():
                self._empty(step, np.flatnonzero(which), before, values, rows)
        return values

    def _empty(self, step: _Step, which: Sequence[int], before: dict, values: dict[str, Coded], rows) -> None:
        each, mapped = step.each, self.config["variables"]
        columns = " and ".join(f"{column_told(mapped[need])} ({need})" for need in each.needs)
        names = (*each.needs, *computed_from(each.needs, mapped))
        for row in which:
            shown = "; ".join(before[need].at(row) for need in each.needs)
            where = ("", str(rows[row]), columns, "+".join(each.needs), shown)
            step.problems.append(Problem(*where, each.name, each.told, each.right, "set_missing"))
            for name in names:
                if was := values[name].at(row):
                    told = ("", str(rows[row]), column_told(mapped[name]), name, was, "", "implausible_set_missing")
                    step.changes.append(Change(*told))
        for name in names:
            values[name] = _without(values[name], which)


def _without(column: Coded, which: Sequence[int]) -> Coded:
    codes = column.codes.copy()
    codes[which] = len(column.texts)
    return Coded.of([*column.texts, ""], codes)


class _Step:
    def __init__(self, each: Implausible):
        self.each, self.problems, self.changes = each, Listed(limits.LISTED), Listed(limits.LISTED)
