"""A never-seen export, mapped with the helper, gives the results of the original cohort exactly."""

from __future__ import annotations

import csv
import math
import os
import subprocess
import sys
from pathlib import Path

import pytest
from disguise import DISGUISES, answer, disguised
from project import copy_project, snakemake

from replicalc.cohort.profile import profile
from replicalc.errors import ReplicalcError
from replicalc.records import load_checked, load_yaml


def new_cohort(folder: Path, *arguments: str, check: bool = True) -> subprocess.CompletedProcess:
    """Run ``replicalc new-cohort`` in ``folder``, as ``make cohort`` does."""
    done = subprocess.run(
        [sys.executable, "-m", "replicalc.cli", "new-cohort", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder / "workflow")},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert not check or not done.returncode, done.stderr
    return done


def rows(path: Path) -> list[dict]:
    return list(csv.DictReader(path.open(encoding="utf-8", newline="")))


#: Columns that say which cohort it is, and the number itself, which is compared as a number.
APART = ("cohort", "kind", "value")


def same_number(left: dict, right: dict) -> bool:
    """The same text; of a logistic model the same number but for its last bits, since it is solved by adding patients up.

    Adding them in another order, as the export has them, rounds otherwise; nothing that is printed can show it.
    """
    if left["value"] == right["value"]:
        return True
    return "ogistic" in left["method"] and math.isclose(float(left["value"]), float(right["value"]), rel_tol=1e-11)


def name_of(study: str) -> str:
    return f"unseen_{study}"


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Make the synthetic exports, disguise them, propose, answer, run. Returns the folder and what was said."""
    folder = copy_project(tmp_path_factory.mktemp("unseen") / "project")
    targets = [f"results/{study}/synthetic/comparison.csv" for study in DISGUISES]
    studies = f"studies=[{', '.join(DISGUISES)}]"
    snakemake(folder, *targets, "--config", studies)
    said = {}
    for study in DISGUISES:
        original = folder / f"results/{study}/synthetic/raw/export.csv"
        config = load_yaml(folder / f"config/studies/{study}/synthetic.yaml")
        path, meaning = disguised(study, original, config, folder / "data/raw")
        done = new_cohort(folder, f"data/raw/{path.name}", "--name", name_of(study))
        proposed = folder / f"config/cohorts/{name_of(study)}.yaml"
        text = proposed.read_text(encoding="utf-8")
        with pytest.raises(ReplicalcError) as refused:
            load_checked(proposed, "cohort")
        labels = {column.name: column.value_labels for column in profile(path).columns}
        points = answer(proposed, study, meaning, labels)
        said[study] = done.stdout, text, points, str(refused.value), path
    targets = [f"results/{study}/{name_of(study)}/comparison.csv" for study in DISGUISES]
    cohorts = " ".join(["synthetic", *map(name_of, DISGUISES)])
    snakemake(folder, *targets, "--config", studies, f"cohorts={cohorts}")
    return folder, said


@pytest.mark.parametrize("study", DISGUISES)
def test_the_results_equal_those_of_the_original_exactly(run, study):
    folder, _ = run
    files = sorted(path.name for path in (folder / f"results/{study}/synthetic").glob(f"{study}_*.csv"))
    assert len(files) == len({row["result"] for row in rows(folder / f"config/studies/{study}/claims.csv")})
    compared = 0
    for name in files:
        original, mine = (rows(folder / f"results/{study}/{cohort}/{name}") for cohort in ("synthetic", name_of(study)))
        assert len(mine) == len(original), name
        for left, right in zip(mine, original, strict=True):
            assert {k: v for k, v in left.items() if k not in APART} == {
                k: v for k, v in right.items() if k not in APART
            }, name
            assert same_number(left, right), (name, left, right)
        compared += len(mine)
    assert compared > 200
    # What is held against the paper is the same to the letter.
    original, mine = (
        rows(folder / f"results/{study}/{cohort}/comparison.csv") for cohort in ("synthetic", name_of(study))
    )
    told = ("claim_id", "reported", "replicated", "n")
    assert [[row[k] for k in told] for row in mine] == [[row[k] for k in told] for row in original]


@pytest.mark.parametrize("study", DISGUISES)
def test_every_open_point_is_refused_in_one_message(run, study):
    _, text, points, refused, _ = run[1][study]
    assert f"{len(points)} open points" in refused
    for line, key, question in points:
        assert f"line {line}, {key}: {question}" in refused
        assert "TODO" in text.splitlines()[line - 1]
    assert text.count('"TODO') >= len(points) > 0


@pytest.mark.parametrize("study", DISGUISES)
def test_nothing_is_shown_of_patients(run, study):
    told, text, _, _, path = run[1][study]
    for column in profile(path).columns:
        if len(column.texts) > 30:
            assert not [value for value in column.texts if len(value) > 4 and value in told + text], column.name


def test_the_answered_files_are_valid_and_say_which_schema(run):
    folder, said = run
    for study in DISGUISES:
        path = folder / f"config/cohorts/{name_of(study)}.yaml"
        assert load_checked(path, "cohort")["kind"] == "real"
        first = said[study][1].splitlines()[0]
        assert first == "# yaml-language-server: $schema=../../workflow/schemas/cohort.schema.json"
        assert (path.parent / first.partition("=")[2]).resolve().is_file()


def test_a_cohort_file_is_never_written_over(run):
    folder, _ = run
    path = folder / f"config/cohorts/{name_of('us_mri')}.yaml"
    before = path.read_bytes()
    done = new_cohort(folder, "data/raw/Läsionen.csv", "--name", name_of("us_mri"), check=False)
    assert done.returncode == 2 and "is there already" in done.stderr and "--force" in done.stderr
    assert path.read_bytes() == before
