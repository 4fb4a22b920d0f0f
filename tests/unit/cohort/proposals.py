"""What the tests of the helper share: an export of a few columns, and what is proposed for it."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from project import ROOT

from replicalc.cohort.profile import profile
from replicalc.cohort.profile_draft import draft
from replicalc.cohort.profile_words import Words
from replicalc.records import load_dictionary, load_yaml

WORDS, VARIABLES = Words(ROOT / "data"), load_dictionary(ROOT / "data" / "dictionary.csv")


def proposed(tmp_path: Path, header: list[str], rows: list[list[str]], name: str = "x", delimiter: str = ","):
    """Write a CSV file, propose its cohort file; return the draft, the file and what YAML reads from it."""
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter).writerows([header, *rows])
    export = tmp_path / "export.csv"
    export.write_text(text.getvalue(), encoding="utf-8", newline="")
    found = draft(name, [profile(export)], ["export.csv"], VARIABLES, WORDS)
    path = tmp_path / f"{name}.yaml"
    path.write_text(found.text, encoding="utf-8")
    return found, path, load_yaml(path)


def ids(n: int) -> list[str]:
    return [f"P{i:04d}" for i in range(n)]


def entry(tmp_path: Path, heading: str, cells: list[str], variable: str) -> dict:
    *_, config = proposed(tmp_path, ["ID", heading], [list(row) for row in zip(ids(len(cells)), cells, strict=True)])
    return config["variables"].get(variable, {})
