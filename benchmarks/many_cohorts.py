"""Many centres: how long the workflow takes to plan with N cohorts, and each job of a run.

In a temporary copy of the project every centre gets a cohort file and an export of its own: the synthetic patients of
`nact_bone`, in the order and number that a generator of its own gives (numpy.random.default_rng([seed, centre])), so that no
two files are alike. Measured in turn: `snakemake --dry-run` for each number of cohorts, and how much of it is
Snakemake's own (cProfile: everything outside the package and the rule files). With --run the jobs of a few centres are
run too, and the time a job takes is set beside their number. Writes benchmarks/many_cohorts.md; nothing here is a test.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import importlib.metadata
import os
import platform
import re
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from benchmarks.run import copy_project

ROOT = Path(__file__).resolve().parents[1]
STUDY = "nact_bone"
SEED = 20230811


def prepare(folder: Path, centres: int) -> list[str]:
    """Copy the project, make its synthetic patients once, write a cohort file and an export for each centre."""
    copy_project(folder)
    export = f"results/{STUDY}/synthetic/raw/export.csv"
    snakemake(folder, export, "--config", "cohorts=synthetic", "--cores", "2")
    with (folder / export).open(encoding="utf-8", newline="") as file:
        header, *patients = csv.reader(file)
    mapping = (folder / "config/studies" / STUDY / "synthetic.yaml").read_text(encoding="utf-8")
    names = []
    for number in range(1, centres + 1):
        name = f"centre_{number:04d}"
        generator = np.random.default_rng([SEED, number])
        chosen = generator.permutation(len(patients))[: int(generator.integers(150, 301))]
        path = folder / "data/raw" / f"{name}.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file, lineterminator="\n").writerows([header, *(patients[row] for row in chosen)])
        (folder / "config/cohorts" / f"{name}.yaml").write_text(cohort_file(mapping, name, path), encoding="utf-8")
        names.append(name)
    return names


def cohort_file(mapping: str, name: str, export: Path) -> str:
    """The synthetic cohort's own mapping, under the name of a centre and with its export."""
    digest = hashlib.sha256(export.read_bytes()).hexdigest()
    text = re.sub(r"(?m)^(totals|records):.*\n(?:[ ].*\n)*", "", mapping)
    for pattern, put in (
        (r"(?m)^cohort: .*$", f"cohort: {name}"),
        (r"(?m)^kind: .*$", "kind: real\ndisclosure: {control: off, why: made up}"),
        (r"(?m)^(\s*- )file: .*$", rf"\g<1>file: {export.name}\n    sha256: {digest}"),
    ):
        text, changed = re.subn(pattern, put, text, count=1)
        if not changed:
            sys.exit(f"config/studies/{STUDY}/synthetic.yaml has no line '{pattern}'")
    return text


def snakemake(folder: Path, *arguments: str) -> tuple[float, str]:
    """Run Snakemake in ``folder``; return the wall seconds and what it printed."""
    environment = {**os.environ, "PYTHONPATH": str(folder / "workflow"), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "snakemake", *arguments]
    started = time.perf_counter()
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    seconds = time.perf_counter() - started
    if done.returncode:
        sys.exit(f"{' '.join(command)[:300]} failed:\n{done.stdout[-2000:]}{done.stderr[-4000:]}")
    return seconds, done.stdout + done.stderr
