"""The same result from rows and from counts: what must agree, and how closely."""

from __future__ import annotations

import dataclasses
import math
from pathlib import Path

from replicalc.cohort import frame
from replicalc.table import Row, read_result

#: What models find step by step agrees to this, all else to the other; what is 0 but for rounding is 0.
ITERATIVE, CLOSED, ZERO = 1e-8, 1e-10, 1e-13


def compute(function, cohort: Path, out: Path, params: dict, *, most_rows: int, files=()) -> list[Row]:
    """Compute a result where a cohort of more than ``most_rows`` rows is grouped; ``files`` stand before the cohort."""
    before = frame.MOST_ROWS
    frame.MOST_ROWS = most_rows
    try:
        function(*files, cohort, out, out.with_suffix(".log"), **params)
    finally:
        frame.MOST_ROWS = before
    return read_result(out)


def differences(first: list[Row], second: list[Row], tolerance: float) -> list[str]:
    """Say where two tables differ: any text or count at all, a value by more than ``tolerance`` of itself."""
    if len(first) != len(second):
        return [f"{len(first)} rows, {len(second)} rows"]
    told = []
    for one, two in zip(first, second, strict=True):
        same = math.isclose(one.value, two.value, rel_tol=tolerance, abs_tol=ZERO)
        both_nan = math.isnan(one.value) and math.isnan(two.value)
        if not (same or both_nan) or dataclasses.replace(one, value=0.0) != dataclasses.replace(two, value=0.0):
            told.append(f"{one}\n{two}")
    return told
