"""A witness in any size: the same synthetic patients many times over, written as a stream.

Whole copies keep the joint distribution of all variables exactly, and with it every share, mean and coefficient of a
model (not an SD by n - 1 or a quartile by (n + 1) q, which know n). What is left to a given number of rows is drawn
from the witness without replacement. It is made for measuring speed: limits and P values shrink with the number of
copies and are those of no study.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from replicalc.cohort.source import ROW, is_spss, read_table
from replicalc.errors import ReplicalcError
from replicalc.job import whole_file

if TYPE_CHECKING:
    import pyarrow as pa

#: Every synthetic identifier begins so; nothing else is multiplied.
PREFIX = "SYN-"
#: Rows held in memory and written at once: as many whole copies as fit, at least one.
ROWS_AT_ONCE = 131_072
#: Where pandas keeps what ``write_cohort`` says about a cohort.
ATTRS = b"PANDAS_ATTRS"


@dataclass(frozen=True, slots=True)
class Scaled:
    """What was written: rows, whole copies of the witness, and rows drawn beyond these."""

    n: int
    n_copies: int
    n_drawn: int


def scaled(
    cohort_file: str | Path, out: str | Path, n: int | None = None, n_copies: int | None = None, *, seed: int
) -> Scaled:
    """Write a witness ``n_copies`` times, or as often as ``n`` rows need, as Parquet.

    cohort_file: a synthetic ``cohort.parquet`` (its description is kept, with a caveat), or a synthetic export (CSV,
    XLSX, SAV), of which all cells stay text. ``n`` counts rows (units of analysis). What is left over after whole
    copies is drawn without replacement, all rows of a patient together as long as that fits.

    An identifier ``SYN-0012`` becomes ``SYN-<copy>-0012``, so that each copy of a patient is a patient. The rows stand
    in the order of the copies; memory does not grow with their number. The same seed gives the same bytes.

    Raises ReplicalcError unless one of ``n`` and ``n_copies`` is given and positive, the patients are synthetic, and
    ``out`` ends in ``.parquet``.
    """
    import pyarrow.parquet as pq

    if (n is None) == (n_copies is None):
        raise ReplicalcError("give either the number of rows (n) or the number of copies (n_copies)")
    wanted, name = (n, "n") if n_copies is None else (n_copies, "n_copies")
    if isinstance(wanted, bool) or not isinstance(wanted, int | np.integer) or wanted < 1:
        raise ReplicalcError(f"{name} should be a whole number of 1 or more, not {wanted!r}")
    if Path(out).suffix != ".parquet":
        raise ReplicalcError(f"{out}: what is written here is Parquet; end the name in .parquet")
    witness = _read(Path(cohort_file))
    ids = _id_columns(witness, cohort_file)
    copies, rest = divmod(int(wanted), witness.num_rows) if n_copies is None else (int(wanted), 0)
    written = Scaled(copies * witness.num_rows + rest, copies, rest)
    chosen = _drawn(witness.column(ids[0]).to_pylist(), rest, seed)
    witness = witness.replace_schema_metadata(_described(witness, written))
    dictionary = [column for column in witness.column_names if column not in ids]
    # Identifiers differ in every row: a dictionary of them would only fill memory; neighbours share their beginning.
    encoding = dict.fromkeys(ids, "DELTA_BYTE_ARRAY")
    with (
        whole_file(out) as temporary,
        pq.ParquetWriter(temporary, witness.schema, use_dictionary=dictionary, column_encoding=encoding) as writer,
    ):
        for table in _groups(witness, ids, copies, chosen):
            writer.write_table(table, row_group_size=table.num_rows)
    return written


def _read(path: Path) -> pa.Table:
    """Read the witness; of an export every cell as text."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    if not path.is_file():
        raise ReplicalcError(f"{path}: no such file")
    if path.suffix != ".parquet":
        records = read_table(path, {"file": path.name, **({"column_names": "labels"} if is_spss(path) else {})})
        columns = [column for column in records[0] if column != ROW]
        return pa.table({column: pa.array([record[column] for record in records]) for column in columns})
    try:
        table = pq.read_table(path)
    except pa.ArrowInvalid as error:
        raise ReplicalcError(f"{path}: not a readable Parquet file ({error})") from error
    if not table.num_rows:
        raise ReplicalcError(f"{path}: has no rows")
    return table


def _id_columns(witness: pa.Table, path: str | Path) -> list[str]:
    """Name the columns in which every cell begins with the sign of synthetic patients; none: ReplicalcError."""
    import pyarrow as pa
    import pyarrow.compute as pc

    kind = json.loads((witness.schema.metadata or {}).get(ATTRS, b"{}")).get("kind", "synthetic")
    found = [
        field.name
        for field in witness.schema
        if (pa.types.is_string(field.type) or pa.types.is_large_string(field.type))
        and pc.all(pc.fill_null(pc.starts_with(witness.column(field.name), PREFIX), False)).as_py()
    ]
    if kind != "synthetic" or not found:
        raise ReplicalcError(
            f"{path}: only synthetic patients are multiplied, and these are not: "
            + (f"the cohort is '{kind}'" if kind != "synthetic" else f"no column has identifiers like {PREFIX}0001")
        )
    return found


def _drawn(patients: list[str], rest: int, seed: int) -> np.ndarray:
    """Draw ``rest`` rows without replacement, patient by patient; return their numbers, ascending.

    A patient with more rows than are still wanted is passed over; if nobody fits, the last one is taken in part.
    """
    rows: dict[str, list[int]] = {}
    for number, patient in enumerate(patients):
        rows.setdefault(patient, []).append(number)
    groups = list(rows.values())
    chosen: list[int] = []
    passed: list[list[int]] = []
    for place in np.random.default_rng([seed, 0]).permutation(len(groups)):
        fits = len(groups[place]) <= rest - len(chosen)
        (chosen if fits else passed).extend(groups[place] if fits else [groups[place]])
        if len(chosen) == rest:
            break
    for group in passed:
        chosen.extend(group[: rest - len(chosen)])
    return np.sort(np.array(chosen, dtype=np.int64))


def _groups(witness: pa.Table, ids: list[str], copies: int, chosen: np.ndarray) -> Iterator[pa.Table]:
    """Yield tables of whole copies, then the rows drawn; every copy with identifiers of its own."""
    import pyarrow as pa

    width = len(str(copies + bool(len(chosen))))
    at_once = max(1, min(copies, ROWS_AT_ONCE // witness.num_rows))
    block = pa.concat_tables([witness] * at_once).combine_chunks() if copies else witness
    for first in range(0, copies, at_once):
        size = min(at_once, copies - first)
        part = block.slice(0, size * witness.num_rows)
        yield _renamed(part, ids, np.repeat(np.arange(first, first + size), witness.num_rows), width)
    if len(chosen):
        yield _renamed(witness.take(chosen), ids, np.full(len(chosen), copies), width)


def _renamed(part: pa.Table, ids: list[str], copy: np.ndarray, width: int) -> pa.Table:
    """Put the number of the copy (from 1) into the identifiers. ``copy``: shape (rows,), from 0."""
    import pyarrow as pa
    import pyarrow.compute as pc

    first = int(copy[0])
    texts = pa.array([f"{PREFIX}{number + 1:0{width}d}-" for number in range(first, int(copy[-1]) + 1)])
    numbers = texts.take(pa.array(copy - first))
    for name in ids:
        own = part.column(name).combine_chunks().cast(pa.string())
        renamed = pc.binary_join_element_wise(numbers, pc.utf8_slice_codeunits(own, len(PREFIX)), "")
        place = part.schema.get_field_index(name)
        part = part.set_column(place, part.schema.field(place), renamed.cast(part.schema.field(place).type))
    return part


def _described(witness: pa.Table, written: Scaled) -> dict[bytes, bytes]:
    """Return the description of the witness, with the caveat that the rows are copies."""
    kept = dict(witness.schema.metadata or {})
    if ATTRS in kept:
        about = json.loads(kept[ATTRS])
        caveat = (
            f"{written.n} rows made of {witness.num_rows} synthetic ones ({written.n_copies} copies, {written.n_drawn} "
            "rows drawn): limits and P values are those of no study"
        )
        about["caveat"] = "; ".join(filter(None, [about.get("caveat", ""), caveat]))
        kept[ATTRS] = json.dumps(about).encode()
    return kept
