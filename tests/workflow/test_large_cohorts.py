"""Every result of every study, on its synthetic patients: from rows and from counts the same, once and fifty times over."""

from __future__ import annotations

import ast
import importlib
from pathlib import Path

import pandas as pd
import pytest
from both_ways import CLOSED, ITERATIVE, compute, differences
from cleaning import TEXTS, cleaned, large, table
from project import STUDY, copy_project, snakemake

from replicalc.cohort.frame import Cohort, read_cohort, read_description, write_cohort
from replicalc.cohort.grouped import PATIENTS, UNITS
from replicalc.cohort.large import limits
from replicalc.cohort.synthesise.scale import scaled
from replicalc.records import read_csv
from replicalc.table import read_result

COPIES, NEVER = 50, 10**9
STUDIES = sorted(path.parent.name for path in STUDY.parent.glob("*/claims.csv"))


def recorded(folder: Path, study: str):
    """Give each result of a study that reads the cohort: its name, function, files in their order, and parameters."""
    for log in sorted((folder / "logs" / study / "synthetic").glob("*.log")):
        head, *lines = log.read_text(encoding="utf-8").splitlines()
        module, _, function = head.partition(":")
        files = [ast.literal_eval(line.split(maxsplit=1)[1]) for line in lines if line.startswith("  file ")]
        named = [line.split(maxsplit=1)[1].split(" = ", 1) for line in lines if line.startswith("  param ")]
        if module.startswith("replicalc.results") and any(str(file).endswith("cohort.parquet") for file in files):
            params = {name: ast.literal_eval(value) for name, value in named}
            yield log.stem, getattr(importlib.import_module(module), function), files[:-1], params


@pytest.fixture(scope="module", params=STUDIES)
def study(request):
    return request.param


@pytest.fixture(scope="module")
def jobs(finished, study):
    """The results of a study as functions of a cohort file and of how many rows are grouped."""
    found = {}
    for name, function, files, params in recorded(finished, study):

        def job(cohort, out, most_rows, function=function, files=files, params=params):
            def run(_, out, log, **more):
                return function(*(_swapped(finished, file, cohort) for file in files), str(out), str(log), **more)

            return compute(run, cohort, out, params, most_rows=most_rows)

        found[name] = job, ITERATIVE if function.__name__ in ("logistic", "hazard") else CLOSED
    assert len(found) > 5
    return found


def _swapped(finished: Path, file, cohort: Path):
    if isinstance(file, list):
        return [str(finished / each) for each in file]
    return str(cohort if file.endswith("cohort.parquet") else finished / file)


def test_the_synthetic_cohort(jobs, study, finished, tmp_path):
    cohort = finished / "results" / study / "synthetic" / "cohort.parquet"
    for name, (job, tolerance) in jobs.items():
        by_row = job(cohort, tmp_path / f"{name}.csv", NEVER)
        written = (finished / "results" / study / "synthetic" / f"{name}.csv").read_bytes()
        assert (tmp_path / f"{name}.csv").read_bytes() == written, name
        assert differences(by_row, job(cohort, tmp_path / f"{name}.csv", 0), tolerance) == [], name


def test_fifty_times_the_synthetic_cohort(jobs, study, finished, tmp_path):
    witness = finished / "results" / study / "synthetic" / "cohort.parquet"
    many, counted = tmp_path / "many.parquet", tmp_path / "counted.parquet"
    scaled(witness, many, n_copies=COPIES, seed=1)
    about, once = read_description(many), read_cohort(witness).frame
    write_cohort(
        Cohort(once.assign(**{UNITS: COPIES, PATIENTS: COPIES}), **{n: getattr(about, n) for n in _DESCRIBED}), counted
    )
    for name, (job, tolerance) in jobs.items():
        by_row = job(many, tmp_path / f"{name}.csv", NEVER)
        assert differences(by_row, job(many, tmp_path / f"{name}.csv", 0), tolerance) == [], name
        assert differences(by_row, job(counted, tmp_path / f"{name}.csv", 0), tolerance) == [], name


_DESCRIBED = [name for name in Cohort.__slots__ if name != "frame"]


@pytest.mark.parametrize("study", STUDIES)
def test_every_file_on_the_way_is_the_same_in_chunks(finished, study, tmp_path, monkeypatch):
    monkeypatch.chdir(finished)
    steps = Path("results", study, "synthetic", "steps")
    files = [Path("results", study, "synthetic", "raw", "export.csv"), Path("config/studies", study, "synthetic.yaml")]
    with large(at_once=100):
        left = cleaned(
            tmp_path / "steps", *files, Path("config/studies", study, "study.yaml"), Path("data/dictionary.csv")
        )
    assert left["stopped"] == ""
    for name in TEXTS:
        assert left[name] == (steps / f"{name}.csv").read_bytes(), name
    for name, whole in (("everybody", steps), ("cohort", steps.parent)):
        by_row = pd.read_parquet(whole / f"{name}.parquet")
        pd.testing.assert_frame_equal(by_row, left[name], check_exact=True)
        assert by_row.attrs == left[name].attrs
    pd.testing.assert_frame_equal(table(str(steps / "mapped.csv")), left["mapped"])


def test_a_large_export_through_the_workflow(finished, tmp_path):
    """From a Parquet export of more rows than go row by row to a result, and what an auditor finds beside it."""
    study, result, rows = "casting", "casting_x_population_death", limits.MOST_ROWS + 5000
    folder = copy_project(tmp_path / "project")
    witness = finished / "results" / study / "synthetic"
    (folder / "data/raw").mkdir(exist_ok=True)
    scaled(witness / "raw/export.csv", folder / "data/raw/big.parquet", n=rows, seed=1)
    cohort = (folder / "config/studies" / study / "synthetic.yaml").read_text(encoding="utf-8")
    for old, new in (
        ("cohort: synthetic", "cohort: big"),
        ("kind: synthetic", "kind: real"),
        ("export.csv", "big.parquet"),
    ):
        cohort = cohort.replace(old, new)
    public = 'disclosure: {control: off, why: "synthetic patients"}\n'
    (folder / "config/cohorts/big.yaml").write_text(cohort + public, encoding="utf-8")
    made = f"results/{study}/big/{result}.csv"
    snakemake(folder, made, f"results/{study}/big/steps/split.csv", "--config", "cohorts=big", f"studies=[{study}]")
    steps = folder / "results" / study / "big" / "steps"
    with (steps / "mapped.csv").open(encoding="utf-8") as file:
        assert file.readline() == "patients_are_in,rows\n"
    flow = read_csv(steps / "flow.csv")
    assert flow[0]["n_before"] == str(rows)
    about = read_description(folder / "results" / study / "big" / "cohort.parquet")
    assert (about.name, about.kind) == ("big", "real")
    odds = [row.value for row in read_result(folder / made) if row.stat == "or"]
    assert len(odds) > 5 and all(value > 0 for value in odds)
