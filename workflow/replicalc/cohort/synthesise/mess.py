"""A tidy synthetic export becomes one as hospitals send it: synonyms, signs for 'not known', rows that are there twice.

None of it changes an analysed number: a synonym means the same code in the study's mapping, a sign for 'not known' is
written only where a cell was blank, and a row that stands twice is the same in every column, so that cleaning drops it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from replicalc.errors import ReplicalcError, fail_with_all
from replicalc.job import write_text
from replicalc.table import to_csv

#: Column of the export: text as it is usually written: the other ways in which it is written now and then.
Synonyms = Mapping[str, Mapping[str, Sequence[str]]]
#: What somebody types instead of leaving a cell blank; ``synthetic.yaml`` lists these under ``missing``.
NOT_KNOWN = ("n/a", "unknown")
#: Shares of cells written in another way, and of blank cells that get a sign, in columns with synonyms.
OTHERWISE, SIGNED = 0.04, 0.15
#: Rows that stand twice: this share of all, and how many at least.
TWICE, TWICE_AT_LEAST = 0.01, 2
#: The stream of random numbers, so that nobody's values depend on how untidy the export is.
STREAM = 77


def write_export(rows: list[dict], synonyms: Synonyms, path, seed: int) -> list[list[str]]:
    """Write the rows of an export (column: cell) as CSV, untidied; return what was assumed, as rows of assumptions.csv.

    The same seed gives the same bytes. Raises ReplicalcError as ``untidy`` does.
    """
    text = [{name: str(cell) for name, cell in row.items()} for row in rows]
    untidied = untidy(text, synonyms, np.random.default_rng([seed, STREAM]))
    write_text(path, to_csv([list(row.values()) for row in untidied], list(untidied[0])))
    return mess_assumptions(len(untidied) - len(rows))


def untidy(rows: list[dict[str, str]], synonyms: Synonyms, rng: np.random.Generator) -> list[dict[str, str]]:
    """Return the rows with synonyms and signs for 'not known', and some of them once more at a later place.

    A first row always stands before its repetition, so the order of the different rows is kept. Raises ReplicalcError
    naming each column of ``synonyms`` that the rows do not have.
    """
    absent = [f"the export has no column '{column}'" for column in synonyms if column not in rows[0]]
    fail_with_all("Synonyms that do not fit the synthetic export:", absent)
    changed = [dict(row) for row in rows]
    for column, ways in synonyms.items():
        draws = rng.random(len(rows))
        choice = rng.integers(0, 2**31, len(rows))
        for row, draw, number in zip(changed, draws, choice.tolist(), strict=True):
            if row[column] == "" and draw < SIGNED:
                row[column] = NOT_KNOWN[number % len(NOT_KNOWN)]
            elif row[column] in ways and draw < OTHERWISE:
                others = ways[row[column]]
                row[column] = others[number % len(others)]
    return _with_repetitions(changed, rng)


def _with_repetitions(rows: list[dict[str, str]], rng: np.random.Generator) -> list[dict[str, str]]:
    n = len(rows)
    again = sorted(rng.choice(n, min(n, max(TWICE_AT_LEAST, round(TWICE * n))), replace=False).tolist())
    # A repetition stands right below its row (typed twice) or anywhere further down (two extracts put together).
    place = [i if rng.random() < 0.5 else int(rng.integers(i, n)) for i in again]
    below: dict[int, list[int]] = {}
    for i, where in zip(again, place, strict=True):
        below.setdefault(where, []).append(i)
    return [dict(rows[i]) for where in range(n) for i in (where, *below.get(where, ()))]


def mess_assumptions(n_twice: int) -> list[list[str]]:
    """Tell how the export was untidied, as rows of assumptions.csv (variable, assumed, why, source)."""
    if n_twice < 1:
        raise ReplicalcError("the synthetic export repeats no row, so nothing would be found by cleaning")
    own = "assumption of this project"
    why = "exports of hospitals are written by several people and put together from several extracts"
    return [
        ["(columns with codes)", f"{100 * OTHERWISE:g} % of the cells in another spelling of the same code (synonym, "
         "capital letters); synthetic.yaml has the codes", f"{why}; no printed number depends on it", own],
        ["(columns with codes)", f"{100 * SIGNED:g} % of the blank cells hold {' or '.join(map(repr, NOT_KNOWN))}",
         f"{why}; no printed number depends on it", own],
        ["(rows)", f"{n_twice} rows stand in the export twice, alike in every column; steps/flow.csv counts and drops "
         "them", f"{why}; no printed number depends on it", own],
    ]  # fmt: skip
