"""What a reader should know of a typed export: columns of numbers that may be identifiers without their zeros."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from replicalc.cohort.large.chunks import Chunk
from replicalc.cohort.source import lost_zeros_told


class LostZeros:
    """Follows the columns that hold nothing but whole numbers, all different, for as long as they do."""

    def __init__(self, path: Path):
        self.path = path
        self.numbers: dict[str, list[np.ndarray]] = {}
        self.sizes: dict[str, set[int]] = {}
        self.out: set[str] = set()

    def look(self, chunk: Chunk) -> None:
        for name, column in chunk.columns.items():
            if name in self.out:
                continue
            # Most columns are out by their first rows; the others are looked at as a whole.
            first = column.take(slice(0, 100))
            if not all(_number(first.at(row)) for row in range(len(first.codes))):
                self._drop(name)
                continue
            used = np.bincount(column.codes, minlength=len(column.dictionary))
            cells = [text for text, n in zip(column.texts, used, strict=True) if n and text]
            if len(cells) < used[~column.has("")].sum() or not all(map(_number, cells)):
                self._drop(name)
                continue
            # Python's own numbers where 64 bits do not hold them.
            kind = np.int64 if max(map(len, cells), default=0) < 19 else object
            self.numbers.setdefault(name, []).append(np.array(list(map(int, cells)), kind))
            self.sizes.setdefault(name, set()).update(map(len, cells))

    def _drop(self, name: str) -> None:
        self.out.add(name)
        self.numbers.pop(name, None)

    def notes(self) -> list[str]:
        told = []
        for name, parts in self.numbers.items():
            numbers = np.concatenate(parts)
            if len(numbers) and len(np.unique(numbers)) == len(numbers):
                ends = int(numbers.min()), int(numbers.max())
                told += lost_zeros_told(self.path, name, self.sizes[name], *ends, len(numbers))
        return told


def _number(text: str) -> bool:
    """Tell whether a cell is empty or a whole number that does not begin with a zero."""
    return not text or (text.isdecimal() and text[0] != "0")
