"""Which cohorts go the large way, how much of them is in memory at a time, and where their patients stand.

The large way reads, cleans, checks and derives in chunks of rows, and each text (or combination of texts) of a chunk
once. It is taken by one text file or Parquet file of more than ``MOST_ROWS`` rows, one record a unit. Joined, stacked
and collapsed sources and those with 'where' or a data dictionary go row by row, however many rows they have.

The patients of such a cohort stand in Parquet files beside the steps' CSV files; a CSV of ten million rows opens in no
spreadsheet. The CSV file then says where they are.
"""

from __future__ import annotations

from pathlib import Path

from replicalc.cohort.doors.cells import suffix
from replicalc.cohort.doors.statistics import PARQUET
from replicalc.errors import ReplicalcError
from replicalc.job import write_text
from replicalc.records import read_csv
from replicalc.table import to_csv

#: More rows than this go the large way. (From as many on, results group the rows; see ``cohort.frame``.)
MOST_ROWS = 100_000
#: How many rows are in memory at a time.
AT_ONCE = 1 << 20
#: How many problems and changes of each variable and kind are listed one by one; the others are counted.
LISTED = 1000
TEXTS = (".csv", ".tsv", ".txt")
POINTER = ("patients_are_in", "rows")
PIECE = 1 << 20


def goes_large(exports: list[str] | tuple[str, ...], config: dict) -> bool:
    """Tell whether the export of a cohort goes the large way."""
    if len(exports) != 1 or len(config["sources"]) != 1 or {"collapse", "collapse_over"} & set(config):
        return False
    source, path = config["sources"][0], Path(exports[0])
    if config.get("stack") or {"where", "data_dictionary"} & set(source) or not path.is_file():
        return False
    if suffix(path) in PARQUET:
        return _parquet_rows(path) > MOST_ROWS
    return suffix(path) in TEXTS and _more_lines_than(path, MOST_ROWS)


def _parquet_rows(path: Path) -> int:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return pq.read_metadata(path).num_rows
    except (pa.ArrowException, OSError, ValueError):
        return 0  # the door says what is wrong with it


def _more_lines_than(path: Path, limit: int) -> bool:
    found = 0
    try:
        with path.open("rb") as handle:
            while found <= limit and (piece := handle.read(PIECE)):
                found += max(piece.count(b"\n"), piece.count(b"\r"))
    except OSError:
        return False  # the door says why it cannot be opened
    return found > limit


def beside(step: str | Path) -> Path:
    """Where the patients of a step of the large way stand: ``mapped.csv`` says that they are in ``mapped.parquet``."""
    return Path(step).with_suffix(".parquet")


def point(step: str | Path, rows: int) -> None:
    """Let the CSV file of a step say where its rows are."""
    write_text(step, to_csv([[beside(step).name, str(rows)]], POINTER))


def pointed(step: str | Path) -> Path | None:
    """Return where the patients of a step are if the step went the large way, else None.

    Raises ReplicalcError if they are not there, or are not those that the step wrote.
    """
    with Path(step).open("rb") as handle:
        if not handle.read(len(POINTER[0]) + 1).startswith(f"{POINTER[0]},".encode()):
            return None
    ((row),) = read_csv(step)
    whole = beside(step)
    if not whole.is_file() or _parquet_rows(whole) != int(row[POINTER[1]]):
        raise ReplicalcError(
            f"{step}: its {row[POINTER[1]]} rows should be in {whole}, which is not there or was made by another run; "
            f"delete {step} and start the run again"
        )
    return whole


def forget(step: str | Path) -> None:
    """Remove what an earlier, larger state of the cohort left beside a step."""
    beside(step).unlink(missing_ok=True)
