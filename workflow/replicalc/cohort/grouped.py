"""A large cohort as counts: rows alike in what a result needs are one row that says how many units it stands for.

DuckDB groups them straight from Parquet and puts aside on disk what does not fit its memory. (Measured beside Polars:
benchmarks/large/README.md.) The order of the rows is that of their values, so that the same file gives the same bytes
on any number of cores.

Where a row is not a patient, limits depend on which rows belong to one woman, but only through what her rows look like.
Women with the same rows are therefore counted once: ``patient_id`` is then the number of a kind of woman, ``PATIENTS``
how many there are of it, and ``UNITS`` over ``PATIENTS`` how many such rows each of them has.
"""

from __future__ import annotations

import glob
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb
    import pandas as pd

#: The column that says how many units of analysis a row stands for, and the one that says how many patients are alike.
UNITS, PATIENTS = "_units", "_patients"
PATIENT_ID = "patient_id"
#: What DuckDB may hold in memory before it uses the disk, and how many threads it may start.
MEMORY, THREADS = "2GB", 2
_KIND = "_kind"


def grouped(path: str | Path, names: Sequence[str], *, of_patients: bool) -> pd.DataFrame:
    """Group the rows of a Parquet file by the columns ``names``, which it has, and count them in ``UNITS``.

    ``of_patients``: keep apart whose rows they are, in ``patient_id`` and ``PATIENTS``; rows without an identifier have
    neither. Categories keep all their codes in their order, numbers their values, and what is missing is a group.
    """
    named = [quoted(name) for name in names]
    columns, typed = ", ".join(named), ", ".join(_typed(path, names))
    with connection() as database:
        rows = database.read_parquet(glob.escape(str(path)))
        rows.create_view("units")
        if of_patients:
            query = _of_patients(columns, typed, named)
        elif names:
            counted = f"SELECT {columns}, count(*) AS {UNITS} FROM units GROUP BY ALL"
            query = f"SELECT {typed}, {UNITS} FROM ({counted}) ORDER BY ALL"
        else:
            query = f"SELECT count(*) AS {UNITS} FROM units"
        frame = database.execute(query).df()
    for name in frame.select_dtypes("category"):
        frame[name] = frame[name].cat.as_unordered()
    return frame


def gaps(path: str | Path, names: Sequence[str], distinct: str | None) -> tuple[int, dict[str, int], int]:
    """Count the rows of a Parquet file, those without a value in each of ``names``, and the values of ``distinct``."""
    values = f"count(DISTINCT {quoted(distinct)})" if distinct in names else "0"
    known = [f"count({quoted(name)})" for name in names]
    with connection() as database:
        database.read_parquet(glob.escape(str(path))).create_view("units")
        told = database.execute(f"SELECT {', '.join(['count(*)', values, *known])} FROM units")
        n, different, *there = told.fetchone()
    return n, {name: n - some for name, some in zip(names, there, strict=True)}, different


def _of_patients(columns: str, typed: str, named: list[str]) -> str:
    """The query for women alike: each woman as the sorted list of the kinds of her rows, and the lists counted."""
    same = " AND ".join(f"units.{name} IS NOT DISTINCT FROM kinds.{name}" for name in named)
    return f"""
        WITH kinds AS (
            SELECT row_number() OVER (ORDER BY {columns}) AS {_KIND}, * FROM (SELECT DISTINCT {columns} FROM units)
        ), coded AS (
            SELECT units.{PATIENT_ID} AS woman, kinds.{_KIND} AS kind FROM units JOIN kinds ON {same}
        ), women AS (
            SELECT list(kind ORDER BY kind) AS rows FROM coded WHERE woman IS NOT NULL GROUP BY woman
        ), alike AS (
            SELECT row_number() OVER (ORDER BY rows) AS {PATIENT_ID}, rows, count(*) AS {PATIENTS}
            FROM women GROUP BY rows
        ), counted AS (
            SELECT {PATIENT_ID}, kind, any_value({PATIENTS}) AS {PATIENTS}, count(*) * any_value({PATIENTS}) AS {UNITS}
            FROM (SELECT {PATIENT_ID}, {PATIENTS}, unnest(rows) AS kind FROM alike) GROUP BY {PATIENT_ID}, kind
            UNION ALL
            SELECT NULL, kind, NULL, count(*) FROM coded WHERE woman IS NULL GROUP BY kind
        )
        SELECT {PATIENT_ID}, {typed}, {PATIENTS}, {UNITS}
        FROM counted JOIN kinds ON counted.kind = kinds.{_KIND} ORDER BY {PATIENT_ID}, kind
    """


def _typed(path: str | Path, names: Sequence[str]) -> Iterator[str]:
    """Each column as it is selected: a category with all its codes in their order, anything else as it is."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    with pq.ParquetFile(path) as file:
        kinds = {field.name: field.type for field in file.schema_arrow}
        coded = [name for name in names if pa.types.is_dictionary(kinds[name])]
        first = next(file.iter_batches(batch_size=1, columns=coded)) if coded else None
    for name in names:
        if name in coded:
            codes = ", ".join("'" + code.replace("'", "''") + "'" for code in first[name].dictionary.to_pylist())
            yield f"{quoted(name)}::ENUM({codes}) AS {quoted(name)}"
        else:
            yield quoted(name)


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


@contextmanager
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    """A database in memory of its own, which may use the disk, and loads nothing from elsewhere."""
    import duckdb

    with tempfile.TemporaryDirectory(prefix="replicalc-") as folder:
        settings = {
            "threads": THREADS,
            "memory_limit": MEMORY,
            "temp_directory": folder,
            "preserve_insertion_order": False,
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
        }
        database = duckdb.connect(config=settings)
        try:
            yield database
        finally:
            database.close()
