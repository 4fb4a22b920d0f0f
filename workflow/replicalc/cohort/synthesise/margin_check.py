"""Every printed number computed again from the patients, by other means than those by which they were found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import nan

import numpy as np

from replicalc.cohort.synthesise.margins import AGREEMENTS, OF_MEASUREMENTS, Margins, Row
from replicalc.cohort.synthesise.restrictions import Conditions, place_conditions
from replicalc.verify.printed import rounding_needed

#: Roundings that count as printing the same; cut off instead of rounded does not.
ROUNDINGS = ("half-up", "half-even")


@dataclass(frozen=True, slots=True)
class Checked:
    """A row, the value that the patients give, and whether it prints as the row."""

    row: Row
    value: float
    prints: bool


def recomputed(row: Row, margins: Margins, columns: Mapping[str, np.ndarray], n: int) -> Checked:
    """Compute what a row says from the patients (columns of text, shape (n,) each)."""
    value = _value(row, margins, columns, n)
    return Checked(row, value, rounding_needed(value, row.printed) in ROUNDINGS)


def _value(row: Row, margins: Margins, columns: Mapping[str, np.ndarray], n: int) -> float:
    group = _inside(place_conditions(row.group), columns, n)
    if row.stat in OF_MEASUREMENTS:
        return _of_one(row.stat, columns[row.variable][group].astype(float))
    if row.stat in AGREEMENTS:
        x, y = (columns[name][group].astype(float) for name in row.variable.split("~"))
        return _agreement(row.stat, x, y)
    if row.stat == "n":
        return float(group.sum())
    if row.stat in ("count", "percent"):
        part = int((group & _inside(place_conditions(row.variable), columns, n)).sum())
        return float(part) if row.stat == "count" else _share(part, int(group.sum()))
    index, target = (_inside(place_conditions(side), columns, n) for side in row.variable.split("~"))
    tp, fp = int((group & index & target).sum()), int((group & index & ~target).sum())
    fn, tn = int((group & ~index & target).sum()), int((group & ~index & ~target).sum())
    return {
        "tp": float(tp),
        "fp": float(fp),
        "fn": float(fn),
        "tn": float(tn),
        "sensitivity": _share(tp, tp + fn),
        "false_negative_rate": _share(fn, tp + fn),
        "specificity": _share(tn, fp + tn),
        "false_positive_rate": _share(fp, fp + tn),
        "ppv": _share(tp, tp + fp),
        "npv": _share(tn, fn + tn),
        "accuracy": _share(tp + tn, tp + fp + fn + tn),
    }[row.stat]


def _inside(place: Conditions, columns: Mapping[str, np.ndarray], n: int) -> np.ndarray:
    inside = np.ones(n, dtype=bool)
    for name, codes in place.items():
        inside &= np.array([code in codes for code in columns[name]], dtype=bool)
    return inside


def _share(part: int, whole: int) -> float:
    return 100 * part / whole if whole else nan


def _of_one(stat: str, x: np.ndarray) -> float:
    if len(x) == 0 or (stat == "sd" and len(x) < 2):
        return nan
    if stat in ("mean", "sd"):
        return float(x.mean() if stat == "mean" else x.std(ddof=1))
    q = {"min": 0.0, "q1": 0.25, "median": 0.5, "q3": 0.75, "max": 1.0}[stat]
    return float(np.quantile(x, q, method="weibull"))


def _agreement(stat: str, x: np.ndarray, y: np.ndarray) -> float:
    from replicalc.stats.agreement import icc

    found = next(each for each in icc(np.column_stack([x, y])) if each.form == "ICC(C,1)")
    return {"icc": found.value, "icc_lo": found.lo, "icc_hi": found.hi}[stat]
