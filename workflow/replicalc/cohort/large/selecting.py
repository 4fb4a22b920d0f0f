"""Selection, the large way: who fulfils the criteria is decided once for all who are alike in what these look at."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from replicalc.cohort.frame import ATTRS, described, everybody_of
from replicalc.cohort.grouped import UNITS
from replicalc.cohort.large import limits
from replicalc.cohort.large.mapping import read_about
from replicalc.cohort.large.writing import parquet_writer
from replicalc.job import whole_file

if TYPE_CHECKING:
    import pandas as pd


class SelectLarge:
    """Everybody and the cohort of a study, from ``derived.parquet``; ``rows`` are the lines of the flow.

    ``judge`` is ``flow.apply_criteria``, ``dropped`` makes the line that counts identical rows.
    """

    def __init__(self, derived: Path, study: dict, config: dict, judge: Callable, dropped: Callable):
        import pandas as pd
        import pyarrow.parquet as pq

        self.derived = derived
        schema = pq.read_schema(derived)
        about = everybody_of(pd.DataFrame(), study, config)
        self.attrs = described(about).metadata[ATTRS]
        self.schema = schema.with_metadata({**schema.metadata, ATTRS: self.attrs})
        self.same = schema.metadata[ATTRS] == self.attrs
        exported, n = read_exported(derived)
        self.cleaned = [dropped(exported, n)] if "identical_rows" in config else []
        keep = {name for each in study["criteria"] for name in each.get("keep", {})}
        present = {name for each in study["criteria"] for name in each.get("present", [])}
        self.coded = [name for name in schema.names if name in keep]
        self.there = [name for name in schema.names if name in present - keep]
        alike = self._alike()
        kept, self.rows = judge(alike, study["criteria"], about.notes, start=1 + len(self.cleaned))
        self.n, self.n_kept = n, int(kept[UNITS].sum())
        self.keys = set(kept.index)

    def _alike(self) -> pd.DataFrame:
        """Everybody as counts of those alike in what the criteria look at; the index says in what."""
        import pandas as pd

        counts: dict[tuple, int] = {}
        codes: dict[str, list[str]] = {}
        for keys, number, _ in self._chunks(codes):
            for key, n in zip(keys, np.bincount(number, minlength=len(keys)).tolist(), strict=True):
                counts[key] = counts.get(key, 0) + n
        index = list(counts)
        frame = pd.DataFrame({UNITS: list(counts.values())}, index=pd.Index(index, tupleize_cols=False))
        for place, name in enumerate(self.coded):
            frame[name] = pd.Categorical.from_codes([key[place] for key in index], codes[name])
        for place, name in enumerate(self.there, start=len(self.coded)):
            frame[name] = [1.0 if key[place] else float("nan") for key in index]
        return frame

    def _chunks(self, codes: dict[str, list[str]], everything: bool = False) -> Iterator[tuple]:
        """Read in chunks: the different keys, the number of the key of each row, and the rows if they are asked for."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        names = [*self.coded, *self.there]
        with pq.ParquetFile(self.derived) as file:
            for batch in file.iter_batches(batch_size=limits.AT_ONCE, columns=None if everything else names):
                parts = []
                for name in self.coded:
                    column = batch.column(name)
                    codes[name] = column.dictionary.to_pylist()
                    parts.append(np.asarray(column.indices.cast(pa.int64()).fill_null(-1)))
                for name in self.there:
                    parts.append(np.asarray(batch.column(name).is_valid()).astype(np.int64))
                yield *_different(parts, batch.num_rows), batch

    def write_everybody(self, out: str | Path) -> None:
        if self.same:
            with whole_file(out) as temporary:
                shutil.copyfile(self.derived, temporary)
        else:
            self._write(out, everybody=True)

    def write_cohort(self, out: str | Path) -> None:
        if self.n_kept == self.n:
            self.write_everybody(out)
        else:
            self._write(out, everybody=False)

    def _write(self, out: str | Path, *, everybody: bool) -> None:
        import pyarrow as pa

        with parquet_writer(out, self.schema, lambda each: not pa.types.is_large_string(each.type)) as writer:
            for keys, number, batch in self._chunks({}, everything=True):
                if not everybody:
                    keep = np.fromiter((key in self.keys for key in keys), bool, len(keys))
                    batch = batch.filter(pa.array(keep[number]))
                table = pa.Table.from_batches([batch]).cast(self.schema)
                if len(table):
                    writer.write(table)


def _different(parts: list[np.ndarray], n: int) -> tuple[list[tuple[int, ...]], np.ndarray]:
    """Number the different combinations of whole numbers from -1 on; each part has shape (rows,)."""
    if not parts:
        return [()], np.zeros(n, np.int64)
    key = np.zeros(n, np.int64)
    for part in parts:
        key = key * (int(part.max(initial=-1)) + 2) + part + 1
    _, first, number = np.unique(key, return_index=True, return_inverse=True)
    return list(zip(*(part[first].tolist() for part in parts), strict=True)), number


def read_exported(derived: Path) -> tuple[int, int]:
    """How many rows the export had, and how many of them were left when those alike were dropped."""
    about = read_about(derived)
    return about.exported, about.rows
