"""Several synthetic cohorts of a study: planned only when asked for, each with its own patients, gathered in one table."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest
from project import ROOT, copy_project, snakemake

from replicalc.records import load_claims, load_yaml
from replicalc.registry import SEED_STEP
from replicalc.table import read_result

TWO = ("--config", "studies=[doppler]", "witnesses=2")
COHORTS = ("synthetic", "synthetic_2")


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """A copy of the project in which the two witnesses of one study are made."""
    folder = copy_project(tmp_path_factory.mktemp("witnesses") / "project")
    snakemake(folder, "witnesses", *TWO)
    return folder


def plan(folder: Path, *arguments: str) -> dict[str, int]:
    """Jobs by rule of a dry run of everything."""
    said = snakemake(folder, "--dry-run", "--forceall", "--workflow-profile", "none", *arguments).stdout
    return {found[1]: int(found[2]) for found in re.finditer(r"^(\w+)\s+(\d+)$", said, re.MULTILINE)}


def text(folder: Path, name: str, cohort: str) -> str:
    return (folder / "results" / "doppler" / cohort / name).read_text(encoding="utf-8")


def table(folder: Path) -> list[dict[str, str]]:
    return list(csv.DictReader((folder / "results/doppler/witnesses.csv").open(encoding="utf-8", newline="")))


def test_one_synthetic_cohort_plans_no_witnesses_and_two_plan_each_result_twice(folder):
    one, two = plan(folder, "--config", "studies=[doppler]"), plan(folder, *TWO)
    assert "witness_range" not in one and one["doppler_synthesise"] == 1
    assert two["witness_range"] == 1 and two["doppler_synthesise"] == two["doppler_a_multivariable"] == 2
    assert two["doppler_fig_forest"] == two["comparison"] == 1, "figures and verdicts are those of the first cohort"


def test_asked_for_with_one_cohort_it_says_what_to_do(folder):
    for target in ("witnesses", "results/doppler/witnesses.csv"):
        done = snakemake(folder, "--forceall", target, check=False)
        assert done.returncode and "'witnesses' is 1" in done.stderr and "make witnesses K=5" in done.stderr
        assert "Traceback" not in done.stdout + done.stderr


def test_each_witness_has_its_own_seed_and_patients_and_is_told_apart(folder):
    seed = load_yaml(ROOT / "config" / "config.yaml")["seed"]
    for cohort, own in zip(COHORTS, (seed, seed + SEED_STEP), strict=True):
        log = (folder / "logs" / "doppler" / cohort / "synthesise.log").read_text()
        assert f"param  seed = {own}\n" in log
        for result in sorted((folder / "results" / "doppler" / cohort).glob("doppler_a_*.csv")):
            assert {(row.cohort, row.kind) for row in read_result(result)} == {(cohort, "synthetic")}
        for step in ("steps/flow.csv", "steps/validation.csv", "steps/derivations.csv"):
            assert {row["cohort"] for row in csv.DictReader(text(folder, step, cohort).splitlines())} == {cohort}
    assert text(folder, "raw/export.csv", COHORTS[0]) != text(folder, "raw/export.csv", COHORTS[1])


def test_every_statistic_of_both_cohorts_is_in_the_table(folder):
    rows = {(row["result"], row["group"], row["variable"], row["stat"], row["unit"]): row for row in table(folder)}
    files = list((folder / "results" / "doppler" / COHORTS[0]).glob("doppler_a_*.csv"))
    assert len(files) == len({claim.result for claim in load_claims(ROOT / "config/studies/doppler/claims.csv")})
    for file in files:
        both = [read_result(file.parents[1] / cohort / file.name) for cohort in COHORTS]
        values = [{(r.group, r.variable, r.stat): r.value for r in found} for found in both]
        for row in both[0]:
            if row.stat in ("left", "right", "not_evaluable") or row.stat.endswith("_alternative"):
                continue
            pair = sorted(each[row.group, row.variable, row.stat] for each in values)
            found = rows[row.result, row.group, row.variable, row.stat, row.unit]
            assert [float(found["least"]), float(found["most"])] == pair, (row.result, row.stat)
            assert found["n_witnesses"] == "2" and found["n_undefined"] == "0"


def test_what_is_printed_does_not_differ_and_the_model_that_is_not_does(folder):
    printed = [row for row in table(folder) if row["reported"]]
    own = [row for row in printed if row["n_by_another_method"] == "0"]
    assert len(own) > 10 and all(len(row["prints"].split("; ")) == 1 for row in own)
    adjusted = [
        row
        for row in table(folder)
        if row["group"] == "model=multivariable" and row["stat"] == "or" and row["variable"]
    ]
    assert len(adjusted) == 6
    assert all(row["open"] == "yes" and float(row["least"]) < float(row["most"]) for row in adjusted)
    crude = [row for row in table(folder) if row["group"] == "model=univariable" and row["stat"] == "or"]
    assert {row["why"] for row in crude} == {"the same in every witness"}
    page = (folder / "results" / "doppler" / "witnesses.md").read_text(encoding="utf-8")
    assert all(f"{float(row['least']):.3g} | " in page for row in adjusted)


def test_no_patient_is_in_what_is_gathered_and_a_second_run_has_nothing_to_do(folder):
    for name in ("witnesses.csv", "witnesses.md"):
        assert not re.search(r"SYN-\d", (folder / "results" / "doppler" / name).read_text(encoding="utf-8"))
    done = snakemake(folder, "witnesses", *TWO)
    assert "Nothing to be done" in done.stdout + done.stderr
