"""Columns of a chunk as codes of its different texts, and what several columns have in common.

Cells of a cohort repeat: what is done with a text (or with a combination of texts) is done once and goes to all rows.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from replicalc.cohort.doors.cells import tidied

if TYPE_CHECKING:
    import pyarrow as pa

#: Combinations up to so many are found by a table of all of them, otherwise by hashing.
TABLE = 1 << 22
#: The product of the numbers of codes must fit 64 bits.
WHOLE = 1 << 62
#: A text that may need tidying: blanks or other signs at an end, or a letter beyond ASCII.
UNTIDY = r"^[^\x21-\x7e]|[^\x21-\x7e]$|[^\x00-\x7f]"


class Coded:
    """A column: ``codes`` of shape (rows,) point into ``dictionary``, an array of texts ('' is missing)."""

    def __init__(self, codes: np.ndarray, dictionary: pa.Array):
        self.codes, self.dictionary = codes, dictionary

    @cached_property
    def texts(self) -> list[str]:
        """The different texts; one may stand twice."""
        return self.dictionary.to_pylist()

    def take(self, rows) -> Coded:
        """The same column with other rows: an index or a mask of shape (rows,)."""
        return Coded(self.codes[rows], self.dictionary)

    def at(self, row: int) -> str:
        return self.texts[self.codes[row]]

    def to_texts(self) -> list[str]:
        """The texts of all rows."""
        return [self.texts[code] for code in self.codes.tolist()]

    def has(self, text: str) -> np.ndarray:
        """Tell of each of ``texts`` whether it is this one, shape (texts,)."""
        import pyarrow.compute as pc

        return pc.equal(self.dictionary, text).to_numpy(zero_copy_only=False).astype(bool)

    def arrow(self) -> pa.DictionaryArray:
        import pyarrow as pa

        return pa.DictionaryArray.from_arrays(pa.array(self.codes, pa.int32()), self.dictionary)

    @classmethod
    def of(cls, texts: Sequence[str], codes: np.ndarray) -> Coded:
        """Make a column of texts, of which several may be equal, and the codes that point at them."""
        import pyarrow as pa

        places = {text: place for place, text in enumerate(dict.fromkeys(texts))}
        moved = np.fromiter((places[text] for text in texts), np.int32, len(texts))
        return cls(moved[codes] if len(texts) else codes, pa.array(list(places), pa.string()))


def joined(parts: Sequence[Coded]) -> Coded:
    """Put the parts of a column below each other. Texts become one only where they repeat, which identifiers do not."""
    import pyarrow as pa

    if len(parts) == 1:
        return parts[0]
    sizes = [len(each.dictionary) for each in parts]
    starts = np.cumsum([0, *sizes[:-1]])
    codes = np.concatenate([each.codes + start for each, start in zip(parts, starts, strict=True)]).astype(np.int32)
    dictionary = pa.concat_arrays([each.dictionary for each in parts])
    if len(dictionary) * 4 > len(codes):
        return Coded(codes, dictionary)
    once = dictionary.dictionary_encode()
    return Coded(np.asarray(once.indices)[codes], once.dictionary)


def as_they_are(texts: pa.Array) -> Coded:
    """Take texts that hardly repeat without looking for those that do."""
    import pyarrow as pa

    return Coded(np.arange(len(texts), dtype=np.int32), texts.cast(pa.string()).fill_null(""))


def coded(array: pa.Array, write: Callable[[pa.Array], list[str]] | None = None) -> Coded:
    """Make codes of an array. ``write`` gives the texts of a typed one; text is tidied as every door does."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if not pa.types.is_dictionary(array.type):
        try:
            array = array.dictionary_encode()
        except (pa.ArrowNotImplementedError, pa.ArrowInvalid):
            array, write = pa.array(write(array), pa.string()).dictionary_encode(), None
    dictionary, indices = array.dictionary, array.indices
    if write is not None and not _is_text(dictionary.type):
        dictionary = pa.array(write(dictionary), pa.string())
    dictionary = dictionary.cast(pa.string()).fill_null("")
    if indices.null_count:
        indices = pc.fill_null(indices, len(dictionary))
        dictionary = pa.concat_arrays([dictionary, pa.array([""])])
    return Coded(np.asarray(indices).astype(np.int32, copy=False), tidy(dictionary))


def _is_text(kind: pa.DataType) -> bool:
    import pyarrow as pa

    return pa.types.is_string(kind) or pa.types.is_large_string(kind)


def tidy(texts: pa.Array) -> pa.Array:
    """Tidy an array of texts as every door does."""
    import pyarrow as pa
    import pyarrow.compute as pc

    untidy = pc.match_substring_regex(texts, UNTIDY)
    if not pc.any(untidy).as_py():
        return texts
    changed = pa.array([tidied(text) for text in texts.filter(untidy).to_pylist()], pa.string())
    return pc.replace_with_mask(texts, untidy, changed)


def combined(columns: Sequence[Coded], rows: int) -> tuple[np.ndarray, np.ndarray]:
    """Find the different combinations of columns.

    Returns for each row the number of its combination, shape (rows,), and for each combination a row that has it,
    shape (combinations,). Without a column everybody is alike.
    """
    import pandas as pd

    if not columns or not rows:
        return np.zeros(rows, np.int32), np.zeros(min(rows, 1), np.int64)
    key, size = columns[0].codes, len(columns[0].dictionary)
    for column in columns[1:]:
        if size * len(column.dictionary) > WHOLE:
            key, different = pd.factorize(key)
            size = len(different)
        key = key.astype(np.int64) * len(column.dictionary) + column.codes
        size *= len(column.dictionary)
    if size > max(TABLE, rows):
        key, different = pd.factorize(key)
        size = len(different)
    some_row = np.full(size, -1, np.int64)
    some_row[key] = np.arange(rows)
    present = np.flatnonzero(some_row >= 0)
    number = np.empty(size, np.int32)
    number[present] = np.arange(len(present), dtype=np.int32)
    return number[key], some_row[present]
