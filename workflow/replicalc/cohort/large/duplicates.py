"""Which combinations of texts stand more than once, found out of core: identifiers of ten million rows."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from replicalc.cohort.grouped import connection
from replicalc.cohort.large.columns import Coded


class Repeated:
    """Combinations of texts that stand more than once."""

    def __init__(self, found: set[tuple[str, ...]]):
        self.found = found

    def among(self, columns: Sequence[Coded]) -> np.ndarray:
        """Tell of each row whether it has one of them, shape (rows,)."""
        import pyarrow as pa
        import pyarrow.compute as pc

        if not self.found:
            return np.zeros(len(columns[0].codes), bool)
        possible = np.ones(len(columns[0].codes), bool)
        for place, column in enumerate(columns):
            there = pc.is_in(column.dictionary, pa.array(list({each[place] for each in self.found}), pa.string()))
            possible &= np.asarray(there)[column.codes]
        if len(columns) > 1:
            for row in np.flatnonzero(possible):
                possible[row] = tuple(column.at(row) for column in columns) in self.found
        return possible


def repeated(chunks: Iterable[Sequence[Coded]], width: int) -> Repeated:
    """Find what stands more than once in ``width`` columns; chunk by chunk to disk, then counted by DuckDB."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = pa.schema([(f"c{place}", pa.string()) for place in range(width)])
    with tempfile.TemporaryDirectory(prefix="replicalc-") as folder:
        file = Path(folder) / "identifiers.parquet"
        with pq.ParquetWriter(file, schema, use_dictionary=False) as writer:
            for columns in chunks:
                writer.write_table(pa.table([each.arrow().dictionary_decode() for each in columns], schema=schema))
        with connection() as database:
            names = ", ".join(schema.names)
            database.read_parquet(str(file)).create_view("identifiers")
            query = f"SELECT {names} FROM identifiers GROUP BY ALL HAVING count(*) > 1"
            return Repeated(set(database.execute(query).fetchall()))
