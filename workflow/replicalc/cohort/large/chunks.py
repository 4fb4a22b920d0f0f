"""An export in chunks: the numbers of its rows and its columns as codes, with the doors' own checks and words.

Parquet is read by columns. A text file without quotation marks is read by pyarrow; one with them, or with anything that
pyarrow does not take, by the door that reads it row by row, so that its faults are told as ever.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from replicalc.cohort.doors.cells import letters, suffix
from replicalc.cohort.doors.statistics import PARQUET, damaged, texts_of
from replicalc.cohort.doors.texts import declared
from replicalc.cohort.large import limits
from replicalc.cohort.large.columns import Coded, coded, joined
from replicalc.cohort.source import check_chosen, check_readable, constants_of, open_source, ragged, read_header

#: The longest cell that the door for text takes.
LONGEST = 131_072
#: Rows that the door for text gives at a time.
BY_ROW = 100_000
BLOCK = 1 << 25


class Unfit(Exception):
    """pyarrow does not read this text file as the door would; the door has to."""


@dataclass(slots=True)
class Chunk:
    """Some rows of the export: their numbers as a spreadsheet counts, shape (rows,), and the columns by name."""

    rows: np.ndarray
    columns: dict[str, Coded]

    def part(self, which: np.ndarray) -> Chunk:
        """Keep the rows where ``which`` (shape (rows,)) is True."""
        return Chunk(self.rows[which], {name: column.take(which) for name, column in self.columns.items()})


@dataclass(slots=True)
class Source:
    """An export that is open: the names of its columns as the cohort file calls them, constants among them."""

    path: Path
    entry: dict
    own: list[str]
    constants: dict[str, str]
    by_row: bool
    notes: list[str] = field(default_factory=list)
    empty: set[str] = field(default_factory=set)

    @property
    def names(self) -> list[str]:
        """The columns that are taken: those of the file (or of 'only'), then the constants."""
        own = [name for name in self.own if name not in self.empty]
        return [*self.entry.get("only", own), *self.constants]

    def leave_out_unnamed(self, above: list[str]) -> None:
        """A column without name and cells is none; one with cells is told of. ``above`` is the header as it stands."""
        unnamed = {name: place for place, name in enumerate(self.own) if not above[place]}
        if not unnamed:
            return
        filled = set()
        for chunk in self.chunks(list(unnamed), by_row=True):
            filled |= {name for name in unnamed if not chunk.columns[name].has("")[chunk.columns[name].codes].all()}
        self.empty = set(unnamed) - filled
        start = self.entry.get("header_row", 1)
        self.notes += [
            f"{self.path}, row {start}: column {letters(unnamed[name])} is filled but has no name"
            for name in unnamed
            if name in filled
        ]

    def chunks(self, names: Sequence[str], by_row: bool = False) -> Iterator[Chunk]:
        """Read these columns in chunks of at most ``limits.AT_ONCE`` rows; rows without any cell are no records.

        Only where all columns of the file are asked for, a row is known to be without a cell.
        """
        wanted = [name for name in self.own if name in names]
        if suffix(self.path) in PARQUET:
            found = _parquet(self.path, self.own, wanted)
        elif by_row or self.by_row:
            found = _by_row(self.path, self.entry, self.own, wanted)
        else:
            found = _text(self.path, self.entry, self.own, wanted)
        for chunk in _whole(found):
            for name, value in self.constants.items():
                chunk.columns[name] = Coded.of([value], np.zeros(len(chunk.rows), np.int32))
            yield chunk


def _whole(chunks: Iterator[Chunk]) -> Iterator[Chunk]:
    """Put small chunks together until there are as many rows as may be in memory."""
    waiting: list[Chunk] = []
    for chunk in chunks:
        if len(chunk.rows):
            waiting.append(chunk)
        if sum(len(each.rows) for each in waiting) >= limits.AT_ONCE:
            yield _one(waiting)
            waiting = []
    if waiting:
        yield _one(waiting)


def _one(parts: list[Chunk]) -> Chunk:
    names = list(parts[0].columns)
    columns = {name: joined([each.columns[name] for each in parts]) for name in names}
    return Chunk(np.concatenate([each.rows for each in parts]), columns)


def opened(path: Path, entry: dict) -> Source:
    """Open an export with the checks of its door and of its header. Raises ReplicalcError."""
    check_readable(path)
    door = open_source(path, entry)
    header, above = read_header(path, entry, door, iter(door.rows))
    constants = constants_of(path, entry, header)
    by_row = suffix(path) not in PARQUET and not _plain(path, entry)
    source = Source(path, entry, header, constants, by_row, list(door.notes))
    source.leave_out_unnamed(above[-1])
    check_chosen(path, entry, [name for name in header if name not in source.empty])
    return source


def _plain(path: Path, entry: dict) -> bool:
    """Tell whether pyarrow reads a text file as the door would: no quotation marks, no odd line ends, plain UTF-8."""
    if declared(path, entry) not in ("utf-8-sig", "ascii") or entry.get("header_row", 1) != 1:
        return False
    with path.open("rb") as handle:
        after_return = False
        while piece := handle.read(limits.PIECE):
            starts = piece.startswith(b"\n")
            alone = piece.count(b"\r") - piece.count(b"\r\n") - piece.endswith(b"\r")
            if b'"' in piece or alone or (after_return and not starts):
                return False
            after_return = piece.endswith(b"\r")
    return not after_return


def _kept(rows: np.ndarray, columns: dict[str, Coded], everything: Sequence[Coded]) -> Chunk:
    """Drop the rows in which no column of the file has a cell."""
    chunk = Chunk(rows, columns)
    filled = np.zeros(len(rows), bool)
    for column in everything:
        there = ~column.has("")
        if there.all():
            return chunk
        filled |= there[column.codes]
        if filled.all():
            return chunk
    return chunk.part(filled)


def _parquet(path: Path, header: list[str], wanted: list[str]) -> Iterator[Chunk]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = pq.read_schema(path)
    texts = [each.name for each in schema if pa.types.is_string(each.type)]
    texts = [name for name in texts if _has_dictionary(path, schema.names.index(name))]
    kinds = [each.type.value_type if pa.types.is_dictionary(each.type) else each.type for each in schema]
    places = [header.index(name) for name in wanted]
    at = 2
    try:
        with pq.ParquetFile(path, read_dictionary=texts) as file:
            writers = [texts_of(kinds[place]) for place in places]
            own = [schema.names[place] for place in places]
            for batch in file.iter_batches(batch_size=limits.AT_ONCE, columns=own):
                columns = {
                    name: coded(array, write) for name, array, write in zip(wanted, batch.columns, writers, strict=True)
                }
                rows = np.arange(at, at + batch.num_rows)
                yield _kept(rows, columns, list(columns.values()))
                at += batch.num_rows
    except (pa.ArrowException, OSError, ValueError) as error:
        raise damaged(path, error) from error


def _has_dictionary(path: Path, place: int) -> bool:
    """Tell whether a column lies in the file as codes already; then pyarrow gives them without looking at a text."""
    import pyarrow.parquet as pq

    about = pq.read_metadata(path)
    groups = (about.row_group(number).column(place).encodings for number in range(about.num_row_groups))
    return all(any("DICTIONARY" in each for each in found) for found in groups)


def _text(path: Path, entry: dict, header: list[str], wanted: list[str]) -> Iterator[Chunk]:
    import pyarrow as pa
    import pyarrow.compute as pc
    from pyarrow import csv

    names = [str(place) for place in range(len(header))]
    delimiter = entry.get("delimiter", "\t" if suffix(path) == ".tsv" else ",")
    at = 2
    try:
        reader = csv.open_csv(
            path,
            csv.ReadOptions(block_size=BLOCK, column_names=names, skip_rows=1),
            csv.ParseOptions(delimiter=delimiter, quote_char=False, ignore_empty_lines=False),
            csv.ConvertOptions(column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False),
        )
        for batch in reader:
            columns = [coded(array) for array in batch.columns]
            if any((pc.max(pc.binary_length(each.dictionary)).as_py() or 0) > LONGEST for each in columns):
                raise Unfit
            yield _kept(np.arange(at, at + batch.num_rows), {n: columns[header.index(n)] for n in wanted}, columns)
            at += batch.num_rows
    except pa.ArrowException as error:
        raise Unfit from error


def _by_row(path: Path, entry: dict, header: list[str], wanted: list[str]) -> Iterator[Chunk]:
    """Let the door read, some rows at a time; a row of another length is the fault that it is everywhere."""
    import pyarrow as pa

    door = open_source(path, entry)
    rows = iter(door.rows)
    read_header(path, entry, door, rows)
    while some := list(itertools.islice(rows, BY_ROW)):
        filled = [(number, cells) for number, cells in some if any(cell.strip() for cell in cells)]
        for place, (number, cells) in enumerate(filled):
            if len(cells) != len(header):
                last = place + 1 == len(filled) and next(rows, None) is None
                raise ragged(path, number, cells, header, entry, last=last)
        if filled:
            columns = list(zip(*(cells for _, cells in filled), strict=True))
            numbers = np.array([number for number, _ in filled])
            yield Chunk(numbers, {n: coded(pa.array(columns[header.index(n)], pa.string())) for n in wanted})
