"""What a paper leaves open, where the run has several synthetic cohorts: the table of ``witnesses``, made readable."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from replicalc.records import read_csv
from replicalc.report.model import Table
from replicalc.report.words import measure, named

#: What a reader sees of witnesses.csv.
COLUMNS = ("of what", "statistic", "printed", "least", "median", "most", "open", "what the cohorts say")


@dataclass(frozen=True, slots=True)
class Openness:
    """The statistics of one study over its synthetic cohorts: by result, and those whose conclusion is open."""

    cohorts: int
    counted: int
    differ: int
    by_result: dict[str, Table]
    deciding: Table


def openness_of(files: Iterable[str]) -> dict[str, Openness]:
    """Read ``results/<study>/witnesses.csv`` of each study; a run with one synthetic cohort has none of them."""
    return {Path(file).parent.name: _read(read_csv(file)) for file in files}


def _read(rows: list[dict[str, str]]) -> Openness:
    """Statistics that no witness has are left out; those that differ come first, the conclusions before the numbers."""
    defined = [row for row in rows if row["n_undefined"] != row["n_witnesses"]]
    defined.sort(key=lambda row: (row["open"] != "yes", row["same_conclusion"] != "no", not row["reported"]))
    named: dict[str, list[dict[str, str]]] = {}
    for row in defined:
        named.setdefault(row["result"], []).append(row)
    deciding = [row for row in defined if row["open"] == "yes" and row["same_conclusion"] == "no"]
    return Openness(
        max((int(row["n_witnesses"]) for row in rows), default=0),
        len(defined),
        sum(row["open"] == "yes" for row in defined),
        {result: Table("", COLUMNS, tuple(map(_cells, mine))) for result, mine in named.items()},
        Table("", ("result", *COLUMNS), tuple((row["result"], *_cells(row)) for row in deciding)),
    )


def _cells(row: dict[str, str]) -> tuple[str, ...]:
    whom = [named(each) for each in (row["group"], row["variable"]) if each and each != "all"]
    stat = measure(row["stat"])
    if row["stat"].endswith("_alternative"):
        stat = f"{stat.removesuffix(' alternative')} by {row['method']}"
    said = "; ".join(each for each in (row["conclusion"], row["why"]) if each)
    return (
        " · ".join(whom),
        stat,
        row["reported"],
        *map(_short, (row["least"], row["median"], row["most"])),
        row["open"],
        said,
    )


def _short(value: str) -> str:
    """Print a number to four figures; a value that is none is left as it is.

    >>> _short("0.123456"), _short("")
    ('0.1235', '')
    """
    try:
        return f"{float(value):.4g}"
    except ValueError:
        return value
