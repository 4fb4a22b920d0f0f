"""A tidy synthetic export becomes one as hospitals send it: synonyms, other units, blanks with a sign, repeated rows.

None of it changes an analysed number: a synonym means the same code in the study's mapping, a length in another unit
is the same length, a sign for 'not known' is written only where a cell was blank, and a repeated row is the same in
every column, so that cleaning drops it.
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
#: Share of the lengths that are written in cm, with the unit, in a column of millimetres.
IN_CM = 0.03
#: Share of the rows that stand twice.
TWICE = 0.01
#: How many rows stand twice, and lengths are in cm, at least: small cohorts would have none.
AT_LEAST = 2
#: The stream of random numbers, so that nobody's values depend on how untidy the export is.
STREAM = 77


def write_export(rows: list[dict], synonyms: Synonyms, path, seed: int, lengths: Sequence[str] = ()) -> list[list[str]]:
    """Write the rows of an export (column: cell) as CSV, untidied; return what was assumed, as rows of assumptions.csv.

    ``lengths`` names columns of whole millimetres in which some cells are written in cm. The same seed gives the same
    bytes. Raises ReplicalcError as ``untidy`` does.
    """
    text = [{name: str(cell) for name, cell in row.items()} for row in rows]
    untidied = untidy(text, synonyms, np.random.default_rng([seed, STREAM]), lengths)
    write_text(path, to_csv([list(row.values()) for row in untidied], list(untidied[0])))
    return mess_assumptions(len(untidied) - len(rows), lengths)


def untidy(
    rows: list[dict[str, str]], synonyms: Synonyms, rng: np.random.Generator, lengths: Sequence[str] = ()
) -> list[dict[str, str]]:
    """Return the rows with synonyms, mixed units and signs for 'not known', and some once more at a later place.

    A first row always stands before its repetition, so the order of the different rows is kept. Raises ReplicalcError
    naming each column of ``synonyms`` and ``lengths`` that the rows do not have.
    """
    absent = [f"the export has no column '{column}'" for column in [*synonyms, *lengths] if column not in rows[0]]
    fail_with_all("Synonyms and lengths that do not fit the synthetic export:", absent)
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
    for column in lengths:
        measured = [row for row in changed if row[column].isdecimal() and row[column] != "0"]
        for i in _some(IN_CM, len(measured), rng):
            whole, tenth = divmod(int(measured[i][column]), 10)
            measured[i][column] = f"{whole}.{tenth} cm"
    return _with_repetitions(changed, rng)


def _some(share: float, n: int, rng: np.random.Generator) -> list[int]:
    """Draw a share of the numbers below n, ``AT_LEAST`` of them; ascending."""
    return sorted(rng.choice(n, min(n, max(AT_LEAST, round(share * n))), replace=False).tolist())


def _with_repetitions(rows: list[dict[str, str]], rng: np.random.Generator) -> list[dict[str, str]]:
    n = len(rows)
    again = _some(TWICE, n, rng)
    # A repetition stands right below its row (typed twice) or anywhere further down (two extracts put together).
    place = [i if rng.random() < 0.5 else int(rng.integers(i, n)) for i in again]
    below: dict[int, list[int]] = {}
    for i, where in zip(again, place, strict=True):
        below.setdefault(where, []).append(i)
    return [dict(rows[i]) for where in range(n) for i in (where, *below.get(where, ()))]


def mess_assumptions(n_twice: int, lengths: Sequence[str] = ()) -> list[list[str]]:
    """Tell how the export was untidied, as rows of assumptions.csv (variable, assumed, why, source)."""
    if n_twice < 1:
        raise ReplicalcError("the synthetic export repeats no row, so nothing would be found by cleaning")
    own, why = "assumption of this project", "several people write an export; no printed number depends on it"
    twice = "an export is put together from several extracts; no printed number depends on it"
    found = [
        ["(columns with codes)", f"{100 * OTHERWISE:g} % of the cells in another spelling of the same code (synonym, "
         "capital letters); synthetic.yaml has the codes", why, own],
        ["(columns with codes)", f"{100 * SIGNED:g} % of the blank cells hold {' or '.join(map(repr, NOT_KNOWN))}", why,
         own],
        ["(rows)", f"{n_twice} rows stand in the export twice, alike in every column; steps/flow.csv counts and drops "
         "them", twice, own],
    ]  # fmt: skip
    if lengths:
        told = f"{100 * IN_CM:g} % of the cells in cm, with the unit, instead of mm"
        found.insert(1, [", ".join(lengths), told, why, own])
    return found
