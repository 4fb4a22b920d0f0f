"""The verification as part of the workflow: planned with everything else, complete, the same bytes each time."""

from __future__ import annotations

import csv
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from project import ROOT, copy_project, snakemake

from replicalc.records import load_claims

STUDIES = sorted(path.parent.name for path in ROOT.glob("config/studies/*/claims.csv"))
PARTS = ("verification.csv", "evidence.json", "evidence.md")


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return copy_project(tmp_path_factory.mktemp("verify") / "project")


def test_a_plan_of_everything_has_the_verification_of_each_study(folder):
    plan = snakemake(folder, "--dry-run", "--forceall", "--workflow-profile", "none").stdout
    assert re.search(rf"^verification\s+{len(STUDIES)}$", plan, re.MULTILINE), plan[-3000:]
    assert re.search(r"^certificate\s+1$", plan, re.MULTILINE)


def run(folder: Path, *targets: str, seed: str) -> None:
    """Run Snakemake with a given order of hashes; the targets are made anew."""
    environment = {**os.environ, "PYTHONPATH": str(folder / "workflow"), "PYTHONHASHSEED": seed}
    command = [sys.executable, "-m", "snakemake", "--cores", "2", "--force", *targets]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=300)
    assert not done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize("study", ["casting"])
def test_one_study_alone_gives_a_row_for_each_claim_and_the_same_bytes_again(folder, study):
    made = [folder / "results" / study / part for part in PARTS]
    bytes_of = []
    for seed in ("1", "2"):
        run(folder, f"results/{study}/verification.csv", seed=seed)
        bytes_of.append([path.read_bytes() for path in made])
    assert bytes_of[0] == bytes_of[1]
    rows = list(csv.DictReader(made[0].open(encoding="utf-8", newline="")))
    claims = load_claims(ROOT / "config" / "studies" / study / "claims.csv")
    assert [row["claim_id"] for row in rows] == [claim.claim_id for claim in claims]
    assert all(row["verdict"] and (row["method"] or row["note"]) and (row["evidence"] or row["note"]) for row in rows)
    assert (folder / "logs" / study / "verification.log").is_file()


def test_a_relation_that_names_nothing_stops_with_a_sentence(folder):
    file = folder / "config" / "studies" / "casting" / "study.yaml"
    text = file.read_text(encoding="utf-8")
    try:
        file.write_text(text.replace("of: tabar2004.n}", "of: tabar2004.nn}", 1), encoding="utf-8")
        done = snakemake(folder, "--force", "results/casting/verification.csv", check=False)
    finally:
        file.write_text(text, encoding="utf-8")
    told = done.stdout + done.stderr
    assert done.returncode and re.search(r"relation tabar2004_features: there is no claim 'tabar2004\.nn'", told)
    log = (folder / "logs" / "casting" / "verification.log").read_text(encoding="utf-8")
    assert "tabar2004.nn" in log
