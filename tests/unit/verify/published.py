"""The published record, read for known answers; nothing is typed in twice."""

from __future__ import annotations

import csv

from project import ROOT

from replicalc.verify.printed import Printed, parse


def printed(study: str) -> dict[str, Printed | None]:
    """Every printed number of a study by claim id without the study's name."""
    with (ROOT / "config" / "studies" / study / "claims.csv").open(encoding="utf-8") as file:
        return {row["claim_id"].removeprefix(f"{study}."): parse(row["reported"]) for row in csv.DictReader(file)}


def whole(number: Printed) -> int:
    """A printed count."""
    return int(number.value)
