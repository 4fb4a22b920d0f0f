"""Run a small cohort file through mapping and validation as the workflow does, with the files that both leave."""

from __future__ import annotations

from pathlib import Path

from project import ROOT

from replicalc.cohort.mapping import map_export
from replicalc.cohort.validation import validate_cohort
from replicalc.records import read_csv

HEAD = """cohort: mini
kind: real
title: a few patients
unit_of_analysis: patient
clustering: none
sources: [{file: export.csv}]
unit_id: [patient_id]
"""
DICTIONARY = ROOT / "data" / "dictionary.csv"


def run_declared(folder: Path, more: str, export: str) -> list[dict[str, str]]:
    """Return the rows of mapped.csv. ``more`` holds 'variables' and whatever else the cohort file should say."""
    (folder / "export.csv").write_text(export, encoding="utf-8")
    how = folder / "mini.yaml"
    how.write_text(HEAD + more, encoding="utf-8")
    mapped, unread, changes = (folder / f"{name}.csv" for name in ("mapped", "unread", "changes"))
    map_export([folder / "export.csv"], how, DICTIONARY, mapped, unread, changes, folder / "log")
    problems = str(folder / "problems.csv")
    validate_cohort(mapped, how, DICTIONARY, folder / "validation.csv", unread, folder / "log2", problems=problems)
    return read_csv(mapped)


def variables(*entries: str) -> str:
    """Put entries (and the patient's identifier) under 'variables'."""
    return "variables:\n" + "".join(f"  {entry}\n" for entry in ("patient_id: {column: ID}", *entries))
