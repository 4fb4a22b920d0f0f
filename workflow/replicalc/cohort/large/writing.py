"""Write one chunk while the next one is made: compressing and writing take as long as reading, and need no Python."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from replicalc.cohort.large import limits
from replicalc.job import whole_file

if TYPE_CHECKING:
    import pyarrow as pa


class Writer:
    """Takes the chunks of a Parquet file in their order; at most one waits to be written."""

    def __init__(self, parquet, pool: ThreadPoolExecutor):
        self._parquet, self._pool = parquet, pool
        self._last: Future | None = None

    def write(self, table: pa.Table) -> None:
        self.finish()
        self._last = self._pool.submit(self._parquet.write_table, table, row_group_size=limits.AT_ONCE)

    def finish(self) -> None:
        """Wait for the chunk that is being written; a fault of it is raised here."""
        if self._last is not None:
            self._last.result()
            self._last = None

    def describe(self, about: dict[str, str]) -> None:
        """Add to the description of the file, which stands at its end."""
        self.finish()
        self._parquet.add_key_value_metadata(about)


@contextmanager
def parquet_writer(path: str | Path, schema: pa.Schema, repeats: Callable[[pa.Field], bool]) -> Iterator[Writer]:
    """Open a Parquet file that is written whole or not at all. ``repeats`` says which columns have few values."""
    import pyarrow.parquet as pq

    coded = [each.name for each in schema if repeats(each)]
    with (
        whole_file(path) as temporary,
        pq.ParquetWriter(temporary, schema, use_dictionary=coded) as parquet,
        ThreadPoolExecutor(1) as pool,
    ):
        writer = Writer(parquet, pool)
        yield writer
        writer.finish()
