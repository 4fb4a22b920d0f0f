"""A pooled result of which some counts are withheld: what does not depend on them stands, of the rest what is known."""

from __future__ import annotations

import math
from dataclasses import replace

from replicalc.federated.fills import FEWEST, FILLS, MOST
from replicalc.federated.sites import load_sites
from replicalc.job import job, write_text
from replicalc.records import load_checked
from replicalc.table import COLUMNS, NOT_EVALUABLE, Row, as_text, read_result, safe_csv

#: Counts of patients: sums of cells, so that more patients in a cell never make them smaller.
COUNTS = ("count", "n", "tp", "fp", "fn", "tn", "events", "both_right", "only_first_right", "only_second_right",
          "neither_right", "biopsies", "biopsies_spared", "found", "missed")  # fmt: skip
#: Two numbers are one if they differ by no more than the last digits of a sum.
SAME = 1e-9


@job
def settle(fills, cohort_file, out):
    """Write a result of a pooled cohort from the same result of each fill (``fills``, in the order of ``FILLS``).

    A number that all spreads of the withheld patients leave as it is stands. Any other is empty; of a count the warning
    says between which numbers it lies.
    """
    sites = load_sites(cohort_file, load_checked(cohort_file, "cohort"))
    hidden = ", ".join(site.name for site in sites if site.is_protected)
    tables = {name: _by_place(read_result(file)) for name, file in zip(FILLS, fills, strict=True)}
    spreads = [tables[name] for name in FILLS if name not in (FEWEST, MOST)]
    places = dict.fromkeys(place for table in spreads for place in table)
    rows = [_settled(place, spreads, tables[FEWEST], tables[MOST], hidden) for place in places]
    write_text(out, safe_csv([[as_text(getattr(row, name)) for name in COLUMNS] for row in rows], COLUMNS))


def _by_place(rows: list[Row]) -> dict[tuple, Row]:
    """Find rows by place; tests that stand side by side there, by their number."""
    found: dict[tuple, Row] = {}
    for row in rows:
        number = 0
        while (place := (row.group, row.variable, row.stat, number)) in found:
            number += 1
        found[place] = row
    return found


def _settled(place: tuple, spreads: list[dict], fewest: dict, most: dict, hidden: str) -> Row:
    there = [table[place] for table in spreads if place in table]
    first = there[0]
    whole = len(there) == len(spreads)
    if whole and all(_same(first.value, row.value) and _texts(first) == _texts(row) for row in there):
        sizes = {name: _one([getattr(row, name) for row in there]) for name in ("n", "n_missing")}
        return replace(first, **sizes)
    told = f"not known: it depends on counts that {hidden} withheld"
    if first.stat in COUNTS:
        low, high = (table[place].value if place in table else math.nan for table in (fewest, most))
        low = 0.0 if math.isnan(low) else low
        told += "" if math.isnan(high) else f"; from {as_text(low)} to {as_text(high)}"
    elif first.stat == NOT_EVALUABLE:
        told = f"{first.warning} (as far as the counts that {hidden} withheld allow)" if whole else told
    sizes = {name: _one([getattr(row, name) for row in there]) for name in ("n", "n_missing")}
    return replace(first, value=math.nan, method="", warning=told, **sizes)


def _same(one: float, other: float) -> bool:
    return (math.isnan(one) and math.isnan(other)) or math.isclose(one, other, rel_tol=SAME, abs_tol=1e-13)


def _texts(row: Row) -> tuple[str, str]:
    return row.method, row.warning


def _one(values: list):
    """The value that all have; None where they differ."""
    return values[0] if len(set(values)) == 1 else None
