"""Whole results against R: the jobs, with the parameters of their rules, on kept patients, against models fitted in R.

``tests/reference/studies.R`` codes every factor on its own; a wrong reference group or subset here would show there.
"""

from __future__ import annotations

import ast
import csv
import json
import re
from collections import defaultdict

import pytest
from project import ROOT

from replicalc import results
from replicalc.cohort.frame import Cohort, typed, write_cohort
from replicalc.cohort.source import ROW
from replicalc.records import load_dictionary
from replicalc.table import Lookup, read_result

REFERENCE = ROOT / "tests" / "reference"
EXPECTED = defaultdict(list)
for each in json.loads((REFERENCE / "studies.json").read_text())["rows"]:
    EXPECTED[each["study"], each["result"]].append(each)


def rule(study: str, result: str) -> tuple[str, dict]:
    """Read a rule's archetype and parameters from its file: everything in ``params`` is a literal."""
    text = (ROOT / f"workflow/rules/{study}.smk").read_text()
    block = re.search(rf"use rule (\w+) from {study} as {result} with:\n(.*?)\n\n\n", text, re.DOTALL)
    params = re.search(r"    params:\n(.*)", block[2], re.DOTALL)[1]
    call = ast.parse(f"dict({params.strip()})", mode="eval").body
    constants = {
        name: ast.literal_eval(value) for name, value in re.findall(r"^([A-Z_0-9]+) = (.+)$", text, re.MULTILINE)
    }
    found = {}
    for each in call.keywords:
        found[each.arg] = constants[each.value.id] if isinstance(each.value, ast.Name) else ast.literal_eval(each.value)
    return block[1], found


@pytest.fixture(scope="module")
def cohorts(tmp_path_factory):
    """The kept patients of each study as the workflow would hand them to a result."""
    import pandas as pd

    folder, variables = tmp_path_factory.mktemp("patients"), load_dictionary(ROOT / "data" / "dictionary.csv")
    for path in sorted((REFERENCE / "patients").glob("*.csv")):
        rows = list(csv.DictReader(path.open(encoding="utf-8", newline="")))
        frame = typed(pd.DataFrame([{ROW: str(i), **row} for i, row in enumerate(rows, 2)]), variables)
        unit = "lesion" if path.stem == "us_mri" else "patient"
        write_cohort(Cohort(frame, path.stem, "kept", "synthetic", unit, "none"), folder / f"{path.stem}.parquet")
    return folder


@pytest.mark.parametrize(("study", "result"), sorted(EXPECTED), ids=lambda name: name)
def test_a_result_is_what_r_makes_of_the_same_patients(cohorts, tmp_path, study, result):
    archetype, params = rule(study, result)
    out = tmp_path / f"{result}.csv"
    getattr(results, archetype)(cohorts / f"{study}.parquet", out, tmp_path / "log", **params)
    found = Lookup(read_result(out))
    for row in EXPECTED[study, result]:
        mine = found(row["group"], row["variable"], row["stat"])
        assert mine is not None, row
        assert mine.value == pytest.approx(row["value"], rel=1e-6, abs=1e-12), row


def test_r_saw_every_regression_and_every_curve():
    fitted = {result for _, result in EXPECTED}
    for study in ("doppler", "nact_bone", "us_mri", "casting"):
        text = (ROOT / f"workflow/rules/{study}.smk").read_text()
        models = re.findall(rf"use rule (?:logistic|hazard|two_tests) from {study} as (\w+) with", text)
        assert set(models) <= fitted
    assert "casting_x_tabar2004_survival" in fitted
