"""The reporting guidelines as part of the workflow: planned with everything else, made from the verification."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest
from project import ROOT, copy_project, snakemake

from replicalc.report.checklists import as_page, checklists

STUDIES = sorted(path.parent.name for path in ROOT.glob("config/studies/*/checklists.yaml"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return copy_project(tmp_path_factory.mktemp("checklists") / "project")


def test_a_plan_of_everything_has_the_guidelines_of_each_study(folder):
    plan = snakemake(folder, "--dry-run", "--forceall", "--workflow-profile", "none").stdout
    assert re.search(rf"^checklists\s+{len(STUDIES)}$", plan, re.MULTILINE), plan[-3000:]


def test_a_study_without_answers_is_left_out(folder):
    answers = folder / "config/studies/casting/checklists.yaml"
    kept = answers.read_text(encoding="utf-8")
    answers.unlink()
    try:
        plan = snakemake(folder, "--dry-run", "--forceall", "--workflow-profile", "none").stdout
    finally:
        answers.write_text(kept, encoding="utf-8")
    assert re.search(rf"^checklists\s+{len(STUDIES) - 1}$", plan, re.MULTILINE), plan[-3000:]


def test_the_cross_tables_come_from_the_verification(folder):
    """48 of 125 lesions are malignant: the printed measures of ultrasound and of MRI leave one table each."""
    target = "results/us_mri/checklists.csv"
    snakemake(folder, target)
    made = folder / target
    with made.open(encoding="utf-8", newline="") as handle:
        rows = {(row["checklist"], row["item"]): row for row in csv.DictReader(handle)}
    sentence = rows["stard", "23"]["sentence"]
    cells = [tuple(map(int, found)) for found in re.findall(r"tp (\d+), fp (\d+), fn (\d+), tn (\d+)", sentence)]
    assert len(cells) == 2
    for tp, fp, fn, tn in cells:
        assert (tp + fn, tp + fp + fn + tn) == (48, 125)
    assert made.with_suffix(".md").read_text(encoding="utf-8") == as_page(checklists("us_mri", folder))
    before = made.read_bytes()
    snakemake(folder, "--force", target)
    assert made.read_bytes() == before


def test_an_answer_that_does_not_fit_stops_with_its_sentence(folder):
    answers = folder / "config/studies/us_mri/checklists.yaml"
    kept = answers.read_text(encoding="utf-8")
    assert "{state: absent}" in kept
    answers.write_text(kept.replace("{state: absent}", "{state: partly, place: Methods}", 1), encoding="utf-8")
    try:
        done = snakemake(folder, "results/us_mri/checklists.csv", check=False)
    finally:
        answers.write_text(kept, encoding="utf-8")
    assert done.returncode
    assert "an item that is 'partly' needs 'missing'" in done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr
