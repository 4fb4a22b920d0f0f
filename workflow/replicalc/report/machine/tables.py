"""All results, claims, verdicts and assumptions of a run as six long tables, each as CSV, Parquet and JSON.

The same rows give the same bytes: no date is written, the compression is fixed, and rows keep the order of the studies,
cohorts and results of the run.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import math
from collections.abc import Iterable
from pathlib import Path

from replicalc.cohort.doors.inert import inert
from replicalc.errors import ReplicalcError, fail_with_all
from replicalc.job import job, whole_file, write_text
from replicalc.records import load_claims, read_csv
from replicalc.report.machine.dictionary import Column, Described, load_descriptions
from replicalc.report.machine.shareable import refuse_private
from replicalc.report.plain import seen
from replicalc.table import to_csv

TABLES = ("results", "claims", "verification", "comparison", "across", "assumptions")
FORMATS = ("csv", "parquet", "json")
#: These say the same words in thousands of rows; packed, they are a twentieth of the bytes. pandas and R read them so.
PACKED = {"json": TABLES, "csv": ("results", "across")}
#: What identifies a claim's row in the table of results.
PLACE = ("group", "variable", "stat")
Row = dict[str, str]


@job
def data_tables(files, out, *, cohorts):
    """Write every table in every format, and the dictionary as CSV and JSON.

    ``files`` has results, records (the studies' claims.csv), verifications, comparisons, across and assumptions (lists
    of paths, ``results/<study>/…``), and claims and dictionary (a path each). ``out`` has a path for each
    ``<table>_<format>`` and for dictionary_csv and dictionary_json. ``cohorts``: those of the run, in its order.

    Raises ReplicalcError where a file lies on a private side, a column is not described, or a described one is absent.
    """
    refuse_private([each for given in files.values() for each in ([given] if isinstance(given, str) else given)])
    described = load_descriptions(files["dictionary"], _seen(files["claims"], cohorts))
    rows = {
        "results": _with_study(files["results"]),
        "claims": _claims(files["claims"], files["records"]),
        "verification": _with_study(files["verifications"]),
        "comparison": _with_study(files["comparisons"]),
        "across": _with_study(files["across"]),
        "assumptions": _with_study(files["assumptions"], cohort=True),
    }
    tables = []
    for name in TABLES:
        checked = _checked(described[name], rows[name])
        written = {kind: out[f"{name}_{kind}"] for kind in FORMATS}
        _write(written["csv"], _as_csv(described[name], checked))
        _write_parquet(written["parquet"], described[name], checked)
        _write(written["json"], _as_json(described[name], checked))
        tables.append(_entry(described[name], len(checked), list(written.values())))
    _leave_nothing_old(out)
    write_text(out["dictionary_json"], json.dumps({"tables": tables}, indent=1, ensure_ascii=False) + "\n")
    lines = [
        [name, c.name, c.type, c.unit, c.meaning, "; ".join(f"{code}: {told}" for code, told in c.codes)]
        for name in TABLES
        for c in described[name].columns
    ]
    write_text(out["dictionary_csv"], to_csv(lines, ("table", "column", "type", "unit", "meaning", "codes")))


def _leave_nothing_old(out: dict[str, str]) -> None:
    """Remove what an earlier version of this job called otherwise: the archive takes the folder whole."""
    for path in map(Path, out.values()):
        table = path.name.partition(".")[0]
        for old in path.parent.glob(f"{table}.*"):
            if table in TABLES and old.is_file() and str(old) not in map(str, map(Path, out.values())):
                old.unlink()


def file_name(table: str, kind: str) -> str:
    """Name the file of a table in one of the formats.

    >>> file_name("claims", "csv"), file_name("claims", "json"), file_name("results", "csv")
    ('claims.csv', 'claims.json.gz', 'results.csv.gz')
    """
    return f"{table}.{kind}{'.gz' if table in PACKED.get(kind, ()) else ''}"


def _write(path: str, text: str) -> None:
    """Write a text, packed if its name says so; without a date, so that the same text gives the same bytes."""
    if not path.endswith(".gz"):
        return write_text(path, text)
    with whole_file(path) as temporary:
        Path(temporary).write_bytes(gzip.compress(text.encode(), 9, mtime=0))


def _seen(claims: str, cohorts: list[str]) -> list[str]:
    """The cohorts that have columns of their own in the table of claims."""
    row = next(iter(read_csv(claims)), {})
    return [cohort for cohort in cohorts if f"{cohort}_verdict" in row]


def _study(path: str) -> str:
    """Name the study of a file ``results/<study>/…``."""
    parts = Path(path).parts
    return parts[len(parts) - 1 - parts[::-1].index("results") + 1]


def _with_study(paths: Iterable[str], cohort: bool = False) -> list[Row]:
    found = []
    for path in paths:
        place = {"study": _study(path)} | ({"cohort": Path(path).parent.name} if cohort else {})
        found += [place | row for row in read_csv(path)]
    return found


def _claims(path: str, records: list[str]) -> list[Row]:
    """The gathered claims, each with its place in the table of results."""
    place = {
        claim.claim_id: {name: getattr(claim, name) for name in PLACE}
        for file in records
        for claim in load_claims(file)
    }
    found = []
    for row in read_csv(path):
        if row["claim_id"] not in place:
            raise ReplicalcError(
                f"{path}: {row['claim_id']} is no claim of the studies of this run; run the workflow again"
            )
        before = list(row)[: list(row).index("label") + 1]
        found.append({name: row[name] for name in before} | place[row["claim_id"]] | row)
    return found


def _checked(table: Described, rows: list[Row]) -> list[list[object]]:
    """Turn text into values of the columns' types, in the order of the dictionary.

    Raises ReplicalcError on a column that is on one side only, a code that is not listed, a number that is none.
    """
    names = [column.name for column in table.columns]
    have = set(rows[0]) if rows else set(names)
    problems = [f"the column '{name}' is not described" for name in sorted(have - set(names))]
    problems += [f"the column '{name}' is described, but absent" for name in names if name not in have]
    fail_with_all(f"workflow/report/dictionary.yaml, {table.name}:", problems)
    return [[_value(row[column.name], column, table.name) for column in table.columns] for row in rows]


def _value(text: str, column: Column, table: str) -> object:
    if column.type == "text":
        return seen(text) or None
    if not text:
        return None
    if column.type == "code":
        if text not in dict(column.codes):
            raise ReplicalcError(f"{table}, {column.name}: the code '{text}' is not described")
        return text
    try:
        return int(text) if column.type == "integer" else float(text)
    except ValueError:
        raise ReplicalcError(f"{table}, {column.name}: '{text}' is no {column.type}") from None


def _as_csv(table: Described, rows: list[list[object]]) -> str:
    """Numbers with all their digits; a text that a spreadsheet would run as a formula has an apostrophe before it."""

    def cell(value: object) -> str:
        if value is None:
            return ""
        if isinstance(value, float):
            return repr(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
        return inert(value) if isinstance(value, str) else str(value)

    return to_csv([[cell(value) for value in row] for row in rows], [column.name for column in table.columns])


def _as_json(table: Described, rows: list[list[object]]) -> str:
    """``{"columns": […], "data": [[…], …]}``, a row a line: pandas reads it with ``orient="split"``.

    JSON has no infinity; it is the text ``inf`` or ``-inf``.
    """

    def cell(value: object) -> object:
        return str(value) if isinstance(value, float) and math.isinf(value) else value

    lines = [
        json.dumps([cell(v) for v in row], ensure_ascii=False, allow_nan=False, separators=(",", ":")) for row in rows
    ]
    names = json.dumps([column.name for column in table.columns], ensure_ascii=False)
    return f'{{"columns": {names},\n"data": [\n' + ",\n".join(lines) + "\n]}\n"


def _write_parquet(path: str, table: Described, rows: list[list[object]]) -> None:
    import pyarrow as pa
    from pyarrow import parquet

    types = {"text": pa.string(), "code": pa.string(), "integer": pa.int64(), "number": pa.float64()}
    schema = pa.schema(
        [pa.field(c.name, types[c.type], metadata={"meaning": c.meaning, "unit": c.unit}) for c in table.columns]
    )
    columns = [[row[i] for row in rows] for i in range(len(table.columns))]
    arrays = [pa.array(values, field.type) for values, field in zip(columns, schema, strict=True)]
    with whole_file(path) as temporary:
        parquet.write_table(
            pa.Table.from_arrays(arrays, schema=schema),
            temporary,
            compression="zstd",
            compression_level=9,
            version="2.6",
            row_group_size=1 << 20,
        )


def _entry(table: Described, rows: int, files: list[str]) -> dict:
    return {
        "name": table.name,
        "title": table.title,
        "rows": rows,
        "files": [
            {
                "path": Path(file).name,
                "bytes": Path(file).stat().st_size,
                "sha256": hashlib.sha256(Path(file).read_bytes()).hexdigest(),
            }
            for file in files
        ],
        "columns": [column.as_dict() for column in table.columns],
    }
