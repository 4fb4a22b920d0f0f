"""Typed data frames of canonical variables, and what every result needs to know about its cohort."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING

from replicalc.cohort.collapse import BOOKKEEPING
from replicalc.cohort.counted import read_table, tables_of
from replicalc.cohort.doors.inert import inert, original
from replicalc.cohort.grouped import PATIENT_ID, PATIENTS, UNITS, gaps, grouped
from replicalc.cohort.source import ROW
from replicalc.errors import ReplicalcError
from replicalc.job import whole_file
from replicalc.records import Variable

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    import pyarrow as pa


#: With more rows than this a cohort is grouped by what a result needs before anything is computed; see ``grouped``.
MOST_ROWS = 100_000
#: Where pandas keeps in a Parquet file what ``write_cohort`` says about a cohort.
ATTRS = b"PANDAS_ATTRS"
#: Ends a condition of a subset that also keeps who has no value.
NOT_RECORDED = " or not recorded"


@dataclass(frozen=True, slots=True)
class Cohort:
    """A cohort as results see it: one row a unit of analysis, categories with all their codes.

    A large cohort has one row for all units that are alike in what a result needs, and says in the column ``UNITS`` how
    many these are; without it each row is one. Patients are therefore counted by ``size`` and ``count``, never by rows.
    Where units are not patients, ``PATIENTS`` says how many patients are like the one of the row (``grouped``).

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

    @property
    def is_grouped(self) -> bool:
        """Tell whether a row stands for all units alike in some variables (``UNITS``)."""
        return UNITS in self.frame

    @property
    def units(self) -> np.ndarray:
        """How many units each row stands for: whole numbers, shape (rows,)."""
        import numpy as np

        return self.frame[UNITS].to_numpy() if UNITS in self.frame else np.ones(len(self.frame), dtype=int)

    @property
    def weights(self) -> np.ndarray | None:
        """``units`` as the statistics take them; None where each row stands for one."""
        return self.units if UNITS in self.frame else None

    @property
    def size(self) -> int:
        """How many units of analysis there are."""
        return int(self.units.sum())

    def count(self, which) -> int:
        """Count the units in the rows where ``which`` (shape (rows,)) is True."""
        return int(self.units[which].sum())

    def counts(self, name: str) -> dict[str, int]:
        """Count the units with each code of a variable, in the order of the dictionary, those with none of them too."""
        values = self.frame[name]
        return {code: self.count((values == code).to_numpy()) for code in values.cat.categories}

    def part(self, which) -> Cohort:
        """Keep the rows where ``which`` (shape (rows,)) is True."""
        return replace(self, frame=self.frame[which])

    def known(self, *names: str) -> Cohort:
        """Keep the rows in which every one of these variables has a value."""
        return replace(self, frame=self.frame.dropna(subset=list(names)))

    def nobody(self) -> Cohort:
        """The same cohort without a row."""
        return replace(self, frame=self.frame.iloc[:0])

    @property
    def patients_known(self) -> bool:
        """Tell whether it is known of every row to which patient it belongs."""
        return PATIENT_ID in self.frame and bool(self.frame[PATIENT_ID].notna().all())

    def per_patient(self, *hits) -> tuple[list[np.ndarray], np.ndarray, np.ndarray]:
        """Give what the patients amount to, each kind of patient once, in the order in which they stand in the rows.

        hits: columns of True and False, shape (rows,) each. Returns how many units of each patient are a hit, shape
        (kinds,) for each column; how many units she has; and how many patients are of this kind. Every row must say
        whose it is (``patients_known``).
        """
        import numpy as np
        import pandas as pd

        whose, _ = pd.factorize(self.frame[PATIENT_ID])
        units, alike = self.units, self.frame[PATIENTS].to_numpy() if PATIENTS in self.frame else np.ones(len(whose))
        kinds = whose.max(initial=-1) + 1
        patients = np.zeros(kinds)
        patients[whose] = alike
        sums = [np.bincount(whose, np.where(hit, units / alike, 0.0), kinds) for hit in hits]
        return sums, np.bincount(whose, units / alike, kinds), patients

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


def everybody_of(frame: pd.DataFrame, study: dict, config: dict) -> Cohort:
    """Describe the patients of a cohort file as a study sees them."""
    return Cohort(
        frame,
        study=study["study"],
        name=config["cohort"],
        kind=config["kind"],
        unit_of_analysis=config["unit_of_analysis"],
        clustering=config["clustering"],
        conf_level=study["conf_level"],
        caveat=config.get("caveat", ""),
        notes={name: entry["note"] for name, entry in config["variables"].items() if "note" in entry},
    )


def write_cohort(cohort: Cohort, path: str | Path) -> None:
    """Write a cohort as Parquet with its description in the file."""
    with whole_file(path) as temporary:
        _described(cohort).to_parquet(temporary, index=False)


def described(cohort: Cohort) -> pa.Schema:
    """Give the columns and the description that ``write_cohort`` would give a file of such patients."""
    import pyarrow as pa

    frame = _described(cohort)
    schema = pa.Schema.from_pandas(frame, preserve_index=False)
    return schema.with_metadata({**schema.metadata, ATTRS: json.dumps(frame.attrs).encode()})


def _described(cohort: Cohort) -> pd.DataFrame:
    frame = cohort.frame.reset_index(drop=True)
    frame.attrs = {each.name: getattr(cohort, each.name) for each in fields(Cohort) if each.name != "frame"}
    return frame


def read_cohort(path: str | Path, needs: Iterable[str] | None = None) -> Cohort:
    """Read what ``write_cohort`` wrote.

    needs: the variables that are asked for; those that the cohort lacks do no harm. With them a cohort of more than
    ``MOST_ROWS`` rows comes grouped (``UNITS``), with these variables only. All rows and variables if None. A cohort of
    which only tables of counts are known (``counted``) has the one of these variables, or no column and a note why.
    """
    import pandas as pd

    if (told := tables_of(path)) is not None:
        wanted = list(dict.fromkeys(needs or ()))
        frame, why = read_table(path, told, wanted)
        described = read_description(path)
        if why:
            frame = pd.DataFrame({UNITS: pd.Series(dtype=int)})
        return replace(described, frame=frame, notes=described.notes | dict.fromkeys(wanted if why else (), why))
    columns = _columns_if_large(path) if needs is not None else ()
    if not columns:
        frame = pd.read_parquet(path)
        return Cohort(frame, **frame.attrs)
    described = read_description(path)
    wanted = [name for name in dict.fromkeys(needs) if name in columns and name != PATIENT_ID]
    whose = bool(wanted) and described.unit_of_analysis != "patient" and PATIENT_ID in columns
    return replace(described, frame=grouped(path, wanted, of_patients=whose))


def _columns_if_large(path: str | Path) -> tuple[str, ...]:
    """Name the columns of a cohort that is to be grouped; none of one that is small, or grouped in the file."""
    import pyarrow.parquet as pq

    about = pq.read_metadata(path)
    columns = tuple(about.schema.to_arrow_schema().names) if about.num_rows > MOST_ROWS else ()
    return () if UNITS in columns else columns


def read_gaps(path: str | Path) -> tuple[int, dict[str, int], int | None]:
    """Count the units of a cohort, those without a value in each variable, and its patients.

    The patients are None where units are not patients and it is not known of each whose it is.
    """
    if (told := tables_of(path)) is not None:
        return told["n"], told["missing"], told["patients"]
    columns = _columns_if_large(path)
    if columns:
        each_is_one = read_description(path).unit_of_analysis == "patient"
        n, missing, patients = gaps(path, columns, None if each_is_one else PATIENT_ID)
        known = each_is_one or missing.get(PATIENT_ID) == 0
        return n, missing, (n if each_is_one else patients) if known else None
    cohort = read_cohort(path)
    names = [name for name in cohort.frame if name not in (UNITS, PATIENTS)]
    missing = {name: cohort.size - cohort.known(name).size for name in names}
    if cohort.unit_of_analysis == "patient":
        return cohort.size, missing, cohort.size
    return cohort.size, missing, int(cohort.per_patient()[2].sum()) if cohort.patients_known else None


def read_description(path: str | Path) -> Cohort:
    """Read what ``write_cohort`` wrote but for the patients: the frame is empty, however large the file."""
    import pandas as pd
    import pyarrow.parquet as pq

    return Cohort(pd.DataFrame(), **json.loads(pq.read_schema(path).metadata[ATTRS]))
