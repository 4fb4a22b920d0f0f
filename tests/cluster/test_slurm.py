"""The same bytes come out of Slurm's jobs as out of one process. Slow (minutes) and for root alone: run by `make cluster-test`."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
import yaml
from cluster.slurm import PARTITION, slurm, why_not
from project import ROOT, copy_project, snakemake

#: One study with everything that a cluster's run has: witness, steps, results, figures, verification, report.
STUDY = "nact_bone"


def set_study(folder: Path) -> None:
    config = folder / "config" / "config.yaml"
    text, changed = re.subn(r"(?m)^studies: .*$", f"studies: [{STUDY}]", config.read_text(encoding="utf-8"))
    assert changed == 1
    config.write_text(text, encoding="utf-8")


#: What a result's page says of its run time: two runs on one machine differ in it too. Nothing else is left out.
RUN_TIME = re.compile(rb"(?<=<dt>run time</dt><dd>)[0-9.]+ s(?=</dd>)|(?m:^done in [0-9.]+ s$)")


def content(path: Path) -> bytes:
    """The bytes of a file; of the site's pages of single results, without their run times."""
    given = path.read_bytes()
    return RUN_TIME.sub(b"", given) if path.match("results/report/results/*.html") else given


def hashes(folder: Path) -> dict[str, str]:
    """Every file of the results with its SHA-256."""
    found = sorted(path for path in (folder / "results").rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(content(path)).hexdigest() for path in found}


def through_slurm(folder: Path) -> str:
    """Run the workflow with the profile; what a site sets for itself is set for a cluster that is this machine."""
    site = ["--latency-wait", "5", "--retries", "0"]
    resources = ["mem_mb=1500", "runtime=5", "process=1", f"slurm_partition={PARTITION}"]
    done = subprocess.run(
        [sys.executable, "-m", "snakemake", "--workflow-profile", "profiles/slurm", *site, "--default-resources", *resources],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder / "workflow")},
        capture_output=True,
        text=True,
        timeout=1800,
    )  # fmt: skip
    logs = [path.read_text(errors="replace")[-3000:] for path in folder.glob(".snakemake/slurm_logs/**/*.log")]
    assert done.returncode == 0, "\n".join([done.stdout, done.stderr, *logs])
    return done.stdout + done.stderr


def test_profile_is_what_snakemake_knows():
    """Every key of the profile is an option of Snakemake or of the plugin; what is grouped is what the rules call so."""
    profile = yaml.safe_load((ROOT / "profiles" / "slurm" / "config.yaml").read_text(encoding="utf-8"))
    rules = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "workflow" / "rules").glob("*.smk"))
    assert all(re.search(rf"(?m)^rule {name}:", rules) for name in profile["set-resources"])
    grouped = (ROOT / "workflow" / "rules" / "cluster.smk").read_text(encoding="utf-8")
    names = [each.split("=")[0] for each in profile["group-components"]]
    assert names and all(f'"{name}"' in grouped for name in names)
    assert profile["executor"] == "slurm"
    if find_spec("snakemake_executor_plugin_slurm") is None:
        pytest.skip("the extra 'cluster' is not installed: uv sync --extra cluster")
    shown = subprocess.run([sys.executable, "-m", "snakemake", "--help"], capture_output=True, text=True, check=True)
    assert [key for key in profile if f"--{key}" not in shown.stdout] == []


@pytest.mark.skipif("REPLICALC_SLURM" not in os.environ, reason="starts a Slurm on this machine: make cluster-test")
def test_slurm_gives_the_bytes_of_a_local_run(tmp_path):
    if find_spec("snakemake_executor_plugin_slurm") is None:
        pytest.skip("the extra 'cluster' is not installed: uv sync --extra cluster")
    if reason := why_not():
        pytest.skip(reason)
    here, there = (copy_project(tmp_path / name) for name in ("here", "there"))
    for folder in (here, there):
        set_study(folder)
    snakemake(here)
    with slurm():
        printed = through_slurm(there)
    expected, found = hashes(here), hashes(there)
    made = {"verification.csv", "synthetic/cohort.parquet", "synthetic/comparison.csv", "across.csv"}
    assert {f"results/{STUDY}/{name}" for name in made} | {"results/report/index.html"} <= set(expected)
    assert set(found) == set(expected)
    assert [name for name in expected if found[name] != expected[name]] == []
    # Jobs were Slurm's, and few: a group for the cohort and one for the overview, and the verification of the paper.
    submitted = re.findall(r"submitted with SLURM jobid (\d+)", printed)
    assert 3 <= len(set(submitted)) <= 5, printed
