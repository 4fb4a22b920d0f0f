"""Papers about patients who exist: random patients, and numbers printed from them without any code of the package.

Each number is computed with NumPy and pingouin alone and printed half-up from exact fractions where it is one.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from fractions import Fraction

import numpy as np

CODES = ("a", "b", "c", "d")
MEASURES = ("sensitivity", "specificity", "ppv", "npv", "accuracy")

Patients = Mapping[str, np.ndarray]
Row = tuple[str, str, str, str]


def random_patients(rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Categories that hang together, a test with its target, ages in years and two sizes in tenths of a centimetre."""
    n = int(rng.integers(30, 200))
    hidden = rng.normal(size=n)
    patients: dict[str, np.ndarray] = {}
    for k in range(int(rng.integers(2, 5))):
        cuts = np.sort(rng.normal(size=int(rng.integers(1, 4))))
        level = np.searchsorted(cuts, hidden * rng.uniform(0, 1) + rng.normal(size=n))
        patients[f"factor{k}"] = np.array(CODES)[level]
    patients["disease"] = np.where(hidden + rng.normal(size=n) > 0, "yes", "no")
    agrees = rng.uniform(size=n) < rng.uniform(0.6, 0.95)
    patients["test"] = np.where((patients["disease"] == "yes") == agrees, "positive", "negative")
    patients["age"] = np.clip(np.rint(rng.normal(55, 11, n)), 20, 95)
    burden = rng.gamma(2.0, 1.0, n)
    for name, noise in (("mri", 0.4), ("path", 0.8)):
        patients[name] = np.round(np.maximum(0.2, burden + rng.normal(0, noise, n)), 1)
    return patients


def random_paper(patients: Patients, rng: np.random.Generator, *, sizes: bool = True) -> list[Row]:
    """What a paper prints of them: margins, cross-tables, a test, quartiles, means and agreements, in all and in groups."""
    n = len(patients["disease"])
    factors = [name for name in patients if name.startswith("factor")]
    rows: list[Row] = [("all", "", "n", str(n))]

    def add(group: str, variable: str, stat: str, decimals: int) -> None:
        text = printed(group, variable, stat, decimals, patients)
        if text is not None and all(row[:3] != (group, variable, stat) for row in rows):
            rows.append((group, variable, stat, text))

    for name in (*factors, "disease"):
        stat, decimals = ("count", 0) if rng.uniform() < 0.5 else ("percent", int(rng.integers(0, 3)))
        for code in sorted(set(patients[name])):
            add("all", f"{name}={code}", stat, decimals)
    for _ in range(int(rng.integers(1, 4))):
        a, b = rng.choice([*factors, "disease"], size=2, replace=False)
        decimals = int(rng.integers(0, 3))
        for code in sorted(set(patients[a])):
            add(f"{a}={code}", f"{b}={sorted(set(patients[b]))[0]}", "percent", decimals)
    for stat in rng.choice(MEASURES, size=3, replace=False):
        add("all", "test=positive~disease=yes", str(stat), 1)
    if sizes:
        by = str(rng.choice([*factors, "disease"]))
        groups = [g for g in (f"{by}={code}" for code in sorted(set(patients[by]))) if inside(g, patients).sum() >= 5]
        for group in ("all", *groups):
            if group != "all":
                add("all", group, "count", 0)
            add(group, "age", "mean", 1)
            add(group, "age", "sd", 1)
            for name in ("mri", "path"):
                for stat in ("q1", "median", "q3"):
                    add(group, name, stat, 1)
            # Of five patients hardly any values have three printed decimals at once; papers do not print such.
            for stat in ("icc", "icc_lo", "icc_hi") if inside(group, patients).sum() >= 8 else ():
                add(group, "mri~path", stat, 3)
        rows.append(("all", "age", "step", "1"))
        rows += [("all", name, "step", "0.1") for name in ("mri", "path")]
    return rows


def inside(group: str, patients: Patients) -> np.ndarray:
    mask = np.ones(len(patients["disease"]), dtype=bool)
    if group != "all":
        for part in group.split(";"):
            name, codes = part.split("=")
            mask &= np.isin(patients[name].astype(str), codes.split("|"))
    return mask


def exact_value(group: str, variable: str, stat: str, patients: Patients) -> Fraction | float | None:
    """The number itself: a fraction where it is one. None if it is not defined."""
    who = inside(group, patients)
    if stat == "n":
        return Fraction(int(who.sum()))
    if stat in ("count", "percent"):
        part = int((who & inside(variable, patients)).sum())
        return Fraction(part) if stat == "count" else Fraction(100 * part, int(who.sum())) if who.any() else None
    if stat in MEASURES:
        test, disease = (patients[name][who] for name in ("test", "disease"))
        right, sick, positive = (test == "positive") == (disease == "yes"), disease == "yes", test == "positive"
        among = {"sensitivity": sick, "specificity": ~sick, "ppv": positive, "npv": ~positive}.get(stat, sick | ~sick)
        return Fraction(100 * int((right & among).sum()), int(among.sum())) if among.any() else None
    if stat.startswith("icc"):
        import pandas as pd
        import pingouin

        x, y = (patients[name][who].astype(float) for name in variable.split("~"))
        long = pd.DataFrame({"who": np.tile(np.arange(len(x)), 2), "by": np.repeat([0, 1], len(x)), "cm": [*x, *y]})
        table = pingouin.intraclass_corr(long, targets="who", raters="by", ratings="cm").set_index("Type")
        value = float(table.loc["ICC(C,1)", "ICC"])
        if stat == "icc":
            return value
        from scipy.stats import f

        n = len(x)
        ratio = (1 + value) / (1 - value)  # mean square of subjects over that of error
        quantile = f.ppf(0.975, n - 1, n - 1)
        ratio = ratio / quantile if stat == "icc_lo" else ratio * quantile
        return float((ratio - 1) / (ratio + 1))
    x = patients[variable][who].astype(float)
    tenths = [Fraction(round(10 * value), 10) for value in np.sort(x)]
    if stat == "mean":
        return sum(tenths, Fraction(0)) / len(tenths) if tenths else None
    if stat == "sd":
        return float(np.std(x, ddof=1)) if len(x) > 1 else None
    q = {"min": 0.0, "q1": 0.25, "median": 0.5, "q3": 0.75, "max": 1.0}[stat]
    return Fraction(str(round(float(np.quantile(x, q, method="weibull")), 6))) if len(x) else None


def printed(group: str, variable: str, stat: str, decimals: int, patients: Patients) -> str | None:
    value = exact_value(group, variable, stat, patients)
    return None if value is None or math.isnan(value) else _rounded(value, decimals, ROUND_HALF_UP)


def _rounded(value: Fraction | float, decimals: int, rounding: str) -> str:
    number = Decimal(value.numerator) / Decimal(value.denominator) if isinstance(value, Fraction) else Decimal(value)
    return f"{number.quantize(Decimal(1).scaleb(-decimals), rounding):f}"


def comes_out(row: Row, patients: Patients) -> bool:
    """Whether the patients print the row, half-up or half-even."""
    group, variable, stat, text = row
    if stat in ("step", "codes"):
        return True
    value = exact_value(group, variable, stat, patients)
    decimals = len(text.partition(".")[2])
    if value is None:
        return False
    return any(Decimal(_rounded(value, decimals, r)) == Decimal(text) for r in (ROUND_HALF_UP, ROUND_HALF_EVEN))


def as_margins(rows):
    """Rows as the package reads them from a file."""
    from replicalc.cohort.synthesise.margins import margins_of, row_of

    return margins_of([row_of(line, *row) for line, row in enumerate(rows, start=2)])
