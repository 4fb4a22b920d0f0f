"""A never-seen export, mapped with the helper, gives the results of the original cohort exactly."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from pathlib import Path

import pytest
from disguise import DISGUISES, answer, disguised
from project import copy_project, snakemake

from replicalc.cli import main
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


#: Columns that say which cohort it is.
APART = ("cohort", "kind")
#: The endings of the folders of a real cohort: what is released of it, and everything.
SIDES = ("", ".private")


def name_of(study: str) -> str:
    return f"unseen_{study}"


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Make the synthetic exports, disguise them, propose, answer, run both as real cohorts; return folder and words."""
    folder = copy_project(tmp_path_factory.mktemp("unseen") / "project")
    said = {}
    for study in DISGUISES:
        code = main(["synthesise", "--study", study, "--out", str(folder / "made" / study)])
        assert code in (0, 1)
        export = folder / "data/raw" / f"{study}.csv"
        (folder / "made" / study / "raw" / "export.csv").rename(export)
        text = (folder / f"config/studies/{study}/synthetic.yaml").read_text(encoding="utf-8")
        text = text.replace("cohort: synthetic", f"cohort: original_{study}").replace("kind: synthetic", "kind: real")
        text = text.replace("file: export.csv", f"file: {study}.csv") + f"studies: [{study}]\n"
        (folder / f"config/cohorts/original_{study}.yaml").write_text(text, encoding="utf-8")
        path, meaning = disguised(
            study, export, load_yaml(folder / f"config/cohorts/original_{study}.yaml"), folder / "data/raw"
        )
        done = new_cohort(folder, f"data/raw/{path.name}", "--name", name_of(study))
        proposed = folder / f"config/cohorts/{name_of(study)}.yaml"
        text = proposed.read_text(encoding="utf-8")
        with pytest.raises(ReplicalcError) as refused:
            load_checked(proposed, "cohort")
        labels = {column.name: column.value_labels for column in profile(path).columns}
        points = answer(proposed, study, meaning, labels)
        said[study] = done.stdout, text, points, str(refused.value), path
    cohorts = [name for study in DISGUISES for name in (f"original_{study}", name_of(study))]
    sides = [f"{name}{side}" for name in cohorts for side in SIDES]
    targets = [f"results/{name.split('_', 1)[1].removesuffix('.private')}/{name}/comparison.csv" for name in sides]
    snakemake(folder, *targets, "--config", f"studies=[{', '.join(DISGUISES)}]", f"cohorts={' '.join(cohorts)}")
    return folder, said


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("study", DISGUISES)
def test_the_results_equal_those_of_the_original_exactly(run, study, side):
    """What may be shared, and what stays in the hospital."""
    folder, _ = run
    both = [folder / f"results/{study}/{cohort}{side}" for cohort in (f"original_{study}", name_of(study))]
    files = sorted(path.name for path in both[0].glob(f"{study}_*.csv"))
    assert len(files) == len({row["result"] for row in rows(folder / f"config/studies/{study}/claims.csv")})
    compared = 0
    for name in files:
        original, mine = (rows(each / name) for each in both)
        assert len(mine) == len(original), name
        for left, right in zip(mine, original, strict=True):
            kept = [{k: v for k, v in row.items() if k not in APART} for row in (left, right)]
            assert kept[0] == kept[1], name  # the numbers to the last bit, though the rows are in another order
        compared += len(mine)
    assert compared > 200
    # What is held against the paper is the same to the letter.
    original, mine = ((each / "comparison.csv").read_text(encoding="utf-8") for each in both)
    assert mine.replace(name_of(study), f"original_{study}") == original


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
