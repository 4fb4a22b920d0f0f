"""Mapping, the large way: the export in chunks becomes ``mapped.parquet``, canonical variables as text.

What a spreadsheet would have in every row stands in the description of the file: how many rows the export has, how many
of them were alike, and how many units have a value in each variable.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from replicalc.cohort.audit import Change, Listed, change_log, sentences, write_problems
from replicalc.cohort.collapse import SEVERAL, columns_of
from replicalc.cohort.large import limits
from replicalc.cohort.large.chunks import Chunk, Source, Unfit, opened
from replicalc.cohort.large.columns import Coded, as_they_are, coded, combined
from replicalc.cohort.large.duplicates import repeated
from replicalc.cohort.large.implausible import Emptied
from replicalc.cohort.large.notes import LostZeros
from replicalc.cohort.large.reading import Variables
from replicalc.cohort.large.writing import Writer, parquet_writer
from replicalc.cohort.reading import Export
from replicalc.cohort.source import ROW, check_bytes, is_typed
from replicalc.errors import ReplicalcError, fail_with_all
from replicalc.records import Variable

if TYPE_CHECKING:
    import pyarrow as pa

#: Where ``mapped.parquet`` says what is known of all its rows.
ABOUT = b"replicalc"


@dataclass(slots=True)
class Mapped:
    """What is known of a mapped cohort: its rows, those of the export, rows kept for several alike, values there."""

    rows: int = 0
    exported: int = 0
    several_alike: int = 0
    known: dict[str, int] | None = None


def map_large(path, config: dict, variables: dict[str, Variable], out, unread_out, changes_out, check_columns) -> None:
    """Do what ``mapping.map_export`` does. ``check_columns`` holds the columns of the file against the cohort file."""
    path, entry = Path(path), config["sources"][0]
    if "sha256" in entry:
        check_bytes(path, entry["sha256"])
    source = opened(path, entry)
    check_columns(source.names)
    for by_row in (False, True):
        try:
            _map(source, by_row, config, variables, out, unread_out, changes_out)
            return
        except Unfit:  # pyarrow cannot read the text as the door does; what was made so far is thrown away
            continue


def _map(source: Source, by_row: bool, config, variables, out, unread_out, changes_out) -> None:
    export = Export([], dict.fromkeys(source.names, 0), [str(source.path)], [is_typed(source.path)], config, [{}])
    reading, emptied = Variables(export, variables), Emptied(export, variables)
    alike = _Alike(source, by_row, export) if "identical_rows" in config else None
    zeros = LostZeros(source.path) if is_typed(source.path) else None
    about, known = Mapped(), dict.fromkeys(config["variables"], 0)
    wide = any("split" in each for each in config["variables"].values())
    with _writer(limits.beside(out), config, variables, wide) as write:
        for chunk in source.chunks(source.own, by_row):
            about.exported += len(chunk.rows)
            if zeros:
                zeros.look(chunk)
            chunk = Chunk(chunk.rows, {name: chunk.columns[name] for name in source.names})
            if alike:
                chunk = alike.kept(chunk)
            values, several = reading.read(chunk)
            values = emptied.emptied(values, chunk.rows)
            for name in known:
                known[name] += int((~values[name].has(""))[values[name].codes].sum())
            about.rows += len(chunk.rows)
            write(chunk.rows, values, _noted(several, len(chunk.rows)) if wide else None)
        _check_records(source, about, config)
        about.known, about.several_alike = known, alike.several if alike else 0
        write.about(about)
        for note in (*source.notes, *(zeros.notes() if zeros else ())):
            _tell(note)
        problems = [each for step in [*reading.steps, *emptied.steps] for each in step.problems.all()]
        if not unread_out:
            stopping = [each for each in problems if each.stops]
            heading = f"cohort {config['cohort']}: values that the cohort file does not explain:"
            fail_with_all(heading, sentences(stopping))
        with change_log(changes_out, config) as log:
            for step in [*([alike] if alike else []), *reading.steps, *emptied.steps]:
                log.extend(step.changes.all())
    if unread_out:
        write_problems(unread_out, problems, config)
    limits.point(out, about.rows)


def _tell(note: str) -> None:
    import sys

    print(note, file=sys.stderr)


def _check_records(source: Source, about: Mapped, config: dict) -> None:
    if not about.exported:
        raise ReplicalcError(f"{source.path}: no records below the header in row {source.entry.get('header_row', 1)}")
    expected = source.entry.get("records")
    if expected is not None and expected != about.exported:
        raise ReplicalcError(
            f"{source.path}: {about.exported} records, but the published total of cohort {config['cohort']} is "
            f"{expected}"
        )


def _noted(several: dict[str, Coded], rows: int) -> Coded:
    """Say of each row in which variables a cell held several codes: 'birads=3|4;calc_type=punctate|amorphous'."""
    number, some_row = combined(list(several.values()), rows)
    told = [
        ";".join(f"{name}={text}" for name, column in several.items() if (text := column.at(row))) for row in some_row
    ]
    return Coded.of(told, number)


class _Alike:
    """Drops rows that are the same in every column as an earlier one; names each, and counts those that are kept."""

    def __init__(self, source: Source, by_row: bool, export: Export):
        self.changes, self.export = Listed(limits.LISTED), export
        config = export.config
        columns = [column for name in config["unit_id"] for column in columns_of(config["variables"][name])]
        self.columns = [column for column in dict.fromkeys(columns) if column in source.own] or source.own[:1]
        # Rows that are alike have the same identifier: only rows whose identifier stands twice are looked at.
        chunks = source.chunks(self.columns, by_row)
        self.twice = repeated(([chunk.columns[name] for name in self.columns] for chunk in chunks), len(self.columns))
        self.first: dict[bytes, list] = {}
        self.several = 0

    def kept(self, chunk: Chunk) -> Chunk:
        keep = np.ones(len(chunk.rows), bool)
        rows = np.flatnonzero(self.twice.among([chunk.columns[name] for name in self.columns]))
        parts = [[each.texts[code] for code in each.codes[rows].tolist()] for each in chunk.columns.values()]
        cells = zip(*parts, strict=True)
        for row, content in zip(rows.tolist(), cells, strict=True):
            number = int(chunk.rows[row])
            # 16 bytes of a hash stand for the row: of 10^7 rows two differ and share it with a chance of 10^-25.
            key = blake2b(repr(content).encode(), digest_size=16).digest()
            first = self.first.setdefault(key, [number, 0])
            if first[0] != number:
                keep[row] = False
                self.several += first[1] == 0
                first[1] += 1
                # One file: it has no name in changes.csv, and neither has the row that is kept.
                kept = f"dropped; row {first[0]} is kept"
                self.changes.append(Change("", str(number), "", "", "the whole row", kept, "identical_row_dropped"))
        return chunk if keep.all() else chunk.part(keep)


class _Writer:
    """Writes chunks of canonical texts; codes and numbers as dictionaries, identifiers as texts."""

    def __init__(self, writer: Writer, schema: pa.Schema):
        self.writer, self.schema = writer, schema

    def __call__(self, rows: np.ndarray, values: dict[str, Coded], several: Coded | None) -> None:
        import pyarrow as pa

        columns = {ROW: pa.array(rows), **({SEVERAL: several.arrow()} if several else {})}
        for name in self.schema.names:
            if name not in columns:
                found, kind = values[name].arrow(), self.schema.field(name).type
                columns[name] = found if pa.types.is_dictionary(kind) else found.dictionary_decode()
        table = pa.table([columns[name] for name in self.schema.names], schema=self.schema)
        self.writer.write(table)

    def about(self, known: Mapped) -> None:
        write_about(self.writer, known)


@contextmanager
def _writer(path: Path, config: dict, variables: dict[str, Variable], several: bool) -> Iterator[_Writer]:
    import pyarrow as pa

    text, some = pa.string(), pa.dictionary(pa.int32(), pa.string())
    kinds = {ROW: pa.int64(), **({SEVERAL: some} if several else {})}
    kinds |= {name: text if variables[name].type == "id" else some for name in config["variables"]}
    schema = pa.schema(list(kinds.items()))
    with parquet_writer(path, schema, lambda each: each.type == some) as writer:
        yield _Writer(writer, schema)


def write_about(writer: Writer, known: Mapped) -> None:
    """Put what is known of all rows into the description of a file that is being written."""
    told = {name: getattr(known, name) for name in Mapped.__slots__}
    writer.describe({ABOUT.decode(): json.dumps(told)})


def read_about(path: Path) -> Mapped:
    """Read what is known of all rows of a mapped cohort."""
    import pyarrow.parquet as pq

    return Mapped(**json.loads(pq.read_metadata(path).metadata[ABOUT]))


def read_mapped(path: Path, names: list[str] | None = None) -> Iterator[tuple[np.ndarray, dict[str, Coded]]]:
    """Read ``mapped.parquet`` in chunks: the numbers of the rows, and the columns as codes of their texts."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = pq.read_schema(path)
    texts = [each.name for each in schema if pa.types.is_dictionary(each.type)]
    wanted = names if names is not None else [name for name in schema.names if name != ROW]
    with pq.ParquetFile(path, read_dictionary=texts) as file:
        for batch in file.iter_batches(batch_size=limits.AT_ONCE, columns=[ROW, *wanted]):
            read = {name: coded if name in texts else as_they_are for name in wanted}
            yield np.asarray(batch.column(ROW)), {name: read[name](batch.column(name)) for name in wanted}
