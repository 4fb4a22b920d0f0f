"""Typed data frames of canonical variables, and what every result needs to know about its cohort."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING

from replicalc.cohort.collapse import BOOKKEEPING
from replicalc.cohort.doors.inert import inert, original
from replicalc.cohort.source import ROW
from replicalc.errors import ReplicalcError
from replicalc.job import whole_file
from replicalc.records import Variable

if TYPE_CHECKING:
    import pandas as pd


#: Ends a condition of a subset that also keeps who has no value.
NOT_RECORDED = " or not recorded"


@dataclass(frozen=True, slots=True)
class Cohort:
    """A cohort as results see it: one row a unit of analysis, categories with all their codes.

    ``caveat`` is what a reader of any number must know; ``notes`` says, by variable, what means something else here.
    """

    frame: pd.DataFrame
    study: str
    name: str
    kind: str
    unit_of_analysis: str
    clustering: str
    conf_level: float = 0.95
    caveat: str = ""
    notes: dict[str, str] = field(default_factory=dict)

    def missing_variables(self, *names: str) -> list[str]:
        """Name the variables that this cohort lacks: no such column, or no value in it at all."""
        return [n for n in names if n not in self.frame or (len(self.frame) and self.frame[n].isna().all())]

    def subset(self, conditions: dict[str, str] | None) -> Cohort:
        """Keep the rows where every variable has a given code ('a', or 'a|b' for either).

        'a or not recorded' also keeps who has no value, and everybody where the cohort has no such variable: it tells
        patients made for one of several studies apart and leaves other cohorts whole. Unknown variable or code:
        ReplicalcError.
        """
        frame = self.frame
        for name, wanted in (conditions or {}).items():
            text = str(wanted)
            codes = text.removesuffix(NOT_RECORDED).split("|")
            if name not in frame:
                if text.endswith(NOT_RECORDED):
                    continue
                raise ReplicalcError(f"subset: cohort {self.name} has no variable '{name}'")
            for code in codes:
                if code not in list(frame[name].cat.categories):
                    raise ReplicalcError(f"subset: '{code}' is no code of '{name}'")
            inside = frame[name].isin(codes)
            frame = frame[inside | frame[name].isna() if text.endswith(NOT_RECORDED) else inside]
        return replace(self, frame=frame)


def categorical(values, variable: Variable) -> pd.Categorical:
    """Make a categorical with all codes of the dictionary; a value that is none of them is an error, not a gap."""
    import pandas as pd

    strange = sorted({str(value) for value in pd.Series(values).dropna()} - set(variable.code_list))
    if strange:
        raise ReplicalcError(
            f"data/dictionary.csv: {variable.variable} has the codes {', '.join(variable.code_list)}, "
            f"but the workflow made {', '.join(strange)}"
        )
    return pd.Categorical(values, categories=variable.code_list)


def typed(rows: pd.DataFrame, variables: dict[str, Variable]) -> pd.DataFrame:
    """Turn a frame of canonical text into typed columns; empty text is missing."""
    import pandas as pd

    frame = pd.DataFrame({ROW: pd.to_numeric(rows[ROW])}, index=rows.index)
    for name in rows.columns:
        if name == ROW or name in BOOKKEEPING:
            continue
        variable = variables[name]
        column = rows[name].where(rows[name] != "")
        if variable.type == "category":
            frame[name] = categorical(column, variable)
        elif variable.type in ("number", "integer"):
            frame[name] = pd.to_numeric(column).astype("float64")
        elif variable.type == "date":
            frame[name] = pd.to_datetime(column, format="%Y-%m-%d")
        else:
            frame[name] = column
    return frame


def read_text_table(path: str | Path) -> pd.DataFrame:
    """Read a step's CSV file as text; nothing is turned into a missing value, and what was made inert is as it was."""
    import pandas as pd

    frame = pd.read_csv(path, dtype=str, keep_default_na=False)
    return frame.apply(lambda column: column.map(original))


def write_step(frame: pd.DataFrame, path: str | Path) -> None:
    """Write a typed frame as a CSV file that a reviewer can open; dates as YYYY-MM-DD, texts that would run inert."""
    texts = frame.select_dtypes(["object", "str"]).columns
    frame = frame.assign(**{name: frame[name].map(inert, na_action="ignore") for name in texts})
    with whole_file(path) as temporary:
        frame.to_csv(temporary, index=False, lineterminator="\n", date_format="%Y-%m-%d")


def write_cohort(cohort: Cohort, path: str | Path) -> None:
    """Write a cohort as Parquet with its description in the file."""
    frame = cohort.frame.reset_index(drop=True)
    frame.attrs = {each.name: getattr(cohort, each.name) for each in fields(Cohort) if each.name != "frame"}
    with whole_file(path) as temporary:
        frame.to_parquet(temporary, index=False)


def read_cohort(path: str | Path) -> Cohort:
    """Read what ``write_cohort`` wrote."""
    import pandas as pd

    frame = pd.read_parquet(path)
    return Cohort(frame, **frame.attrs)
