"""A cohort that gives for every claim of a study what is printed, or something else where a test says so."""

from __future__ import annotations

import csv
from pathlib import Path

from project import ROOT

from replicalc.across.table import across
from replicalc.records import Claim, load_claims
from replicalc.table import COLUMNS, Row, as_text, to_csv
from replicalc.verify.printed import printed_number

STUDIES = sorted(path.parent.name for path in (ROOT / "config/studies").glob("*/claims.csv"))


def claims_of(study: str) -> list[Claim]:
    return load_claims(ROOT / f"config/studies/{study}/claims.csv")


def as_is(study: str, kind: str = "real", n: int = 400) -> dict[tuple[str, str, str, str], Row]:
    """Rows by place: each printed number as it is, a sentence as true. ``n`` patients wherever a row counts them."""
    rows = {}
    for claim in claims_of(study):
        stat = "holds" if claim.stat == "wording" else claim.stat
        printed = printed_number(claim.reported)
        value = 1.0 if stat == "holds" else float(printed.value)
        if stat == "p" and printed.sign != "=":
            value = value / 2 if printed.sign == "<" else value + 0.1
        place = (claim.result, claim.group, claim.variable, stat)
        rows.setdefault(place, Row(*place, value, n=n, conf_level=0.95, cohort=kind, kind=kind))
    return rows


def compared(folder: Path, study: str, **cohorts: dict) -> list[dict[str, str]]:
    """Write the results of the cohorts, run the job, and return its table."""
    files = []
    for cohort, rows in cohorts.items():
        for result in dict.fromkeys(claim.result for claim in claims_of(study)):
            path = folder / cohort / f"{result}.csv"
            path.parent.mkdir(exist_ok=True)
            mine = [row for row in rows.values() if row.result == result]
            path.write_text(to_csv([[as_text(getattr(row, name)) for name in COLUMNS] for row in mine], COLUMNS))
            files.append(str(path))
    about = ROOT / f"config/studies/{study}"
    across(
        str(about / "claims.csv"),
        str(about / "study.yaml"),
        files,
        str(folder / "across.csv"),
        str(folder / "log"),
        cohorts=list(cohorts),
    )
    return list(csv.DictReader((folder / "across.csv").open(encoding="utf-8", newline="")))


def row_of(table: list[dict[str, str]], claim_id: str, source: str) -> dict[str, str]:
    (found,) = [row for row in table if (row["claim_id"], row["source"]) == (claim_id, source)]
    return found
