"""The whole workflow on faulty input: one clear sentence, exit code 1, nothing half-written, no traceback."""

from __future__ import annotations

import csv

import pytest
from project import copy_project, snakemake


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    return copy_project(tmp_path_factory.mktemp("faults") / "project")


def refused(project, *arguments) -> str:
    done = snakemake(project, *arguments, check=False)
    said = done.stdout + done.stderr
    assert done.returncode == 1, said
    for noise in ("Traceback", "RuleException", "ReplicalcError", '  File "', "CalledProcessError"):
        assert noise not in said, said
    return said


@pytest.fixture
def changed(project):
    """Change a file of the project for one test."""
    kept = {}

    def go(file, old, new):
        path = project / file
        kept.setdefault(path, path.read_text(encoding="utf-8"))
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new, 1), encoding="utf-8")

    yield go
    for path, text in kept.items():
        path.write_text(text, encoding="utf-8")


def test_unknown_cohort_and_key(project):
    assert "no cohort 'isp1'. Did you mean 'ispy1'" in refused(project, "--config", "cohorts=isp1")
    assert "unknown key 'cohort'. Did you mean 'cohorts'" in refused(project, "--config", "cohort=ispy1")
    assert "no study 'x'" in refused(project, "--config", "studies=[x]")


def test_missing_raw_file_says_where_to_get_it(project):
    said = refused(project, "--config", "cohorts=ispy1", "raw_folders=[data/raw]")
    assert "is not there" in said and "cancerimagingarchive" in said


def test_damaged_raw_file(project):
    name = "CMMD_clinicaldata_revision.xlsx"
    path = project / "data/raw" / name
    path.write_bytes(b"PK damaged")
    try:
        said = refused(project, "--config", "cohorts=cmmd", "raw_folders=[data/raw]")
    finally:
        path.unlink()
    assert f"{name}: its sha256 is" in said
    assert not (project / "results/nat_residual/cmmd/steps/mapped.csv").exists()


def test_a_claim_without_a_rule_stops_before_anything_runs(project, changed):
    changed("config/studies/nat_residual/claims.csv", "nat_residual_t1_age,", "nat_residual_t1_aged,")
    said = refused(project, "-n")
    assert "the result 'nat_residual_t1_aged' has no rule. Did you mean 'nat_residual_t1_age'" in said


def test_a_rule_without_a_claim_stops_before_anything_runs(project, changed):
    changed("workflow/rules/nat_residual.smk", "as nat_residual_t1_age with", "as nat_residual_t1_years with")
    said = refused(project, "-n")
    assert "rule nat_residual_t1_years: no claim of nat_residual belongs to it" in said
    assert "nat_residual_t1_age.csv' is not named after its rule" in said or "has no rule" in said


def test_unknown_key_in_the_study(project, changed):
    changed("config/studies/nat_residual/study.yaml", "alpha: 0.05", "alpha: 0.05\nalphas: 0.05")
    assert "unknown key 'alphas'. Did you mean 'alpha'" in refused(project, "-n")


def test_nobody_left(project, changed):
    changed(
        "config/studies/nat_residual/study.yaml", "keep: {image_quality: [adequate]}", "keep: {grade: [3], birads: [1]}"
    )
    said = refused(project, "results/nat_residual/synthetic/cohort.parquet")
    assert "nobody is left for study nat_residual" in said
    assert not (project / "results/nat_residual/synthetic/cohort.parquet").exists()


#: The codes of the right side in the cohort file.
RIGHT = "R: right, r: right, right: right, Right: right,"
STEPS = "results/nat_residual/synthetic/steps"


def test_unknown_code_in_the_export(project, changed):
    """One message, and a file with every such cell that outlives the failed job."""
    changed("config/studies/nat_residual/synthetic.yaml", RIGHT, "")
    said = refused(project, f"{STEPS}/flow.csv")
    assert "export.csv" in said and "column 'Side': value 'R' is not a known code. Allowed: L, l, left, Left" in said
    assert f"with row, column and value, is in {STEPS}/problems.csv; that file holds patients' data" in said
    assert not (project / STEPS / "validation.csv").exists() and not (project / STEPS / "flow.csv").exists()
    side = [row for row in csv_rows(project / STEPS / "problems.csv") if row["column"] == "column 'Side'"]
    export = csv_rows(project / "results/nat_residual/synthetic/raw/export.csv")
    unknown = {str(number) for number, row in enumerate(export, start=2) if row["Side"].upper().startswith("R")}
    first = {tuple(row.items()): str(number) for number, row in reversed(list(enumerate(export, start=2)))}
    assert {row["row"] for row in side} == unknown & set(first.values()) and len(side) > 50
    assert {row["stops_the_run"] for row in side} == {"yes"}


def csv_rows(path):
    with path.open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


def test_a_fault_names_its_log_once(project, changed):
    changed("config/studies/nat_residual/synthetic.yaml", RIGHT, "")
    said = refused(project, f"{STEPS}/flow.csv")
    assert said.count("value 'R' is not a known code") == 1
    assert "Details: logs/nat_residual/synthetic/steps/validate_cohort.log" in said
    log = (project / "logs/nat_residual/synthetic/steps/validate_cohort.log").read_text()
    assert "Traceback" in log
