"""Many centres: how long the workflow takes to plan with N cohorts.

In a temporary copy of the project every centre gets a cohort file and an export of its own: 150 to 300 of the synthetic
patients of `nact_bone`, chosen by numpy.random.default_rng([seed, centre]), so that no two files are alike. For each
number of centres `snakemake --dry-run` is timed, and another under cProfile says whose the time is: the package's and
its rules', that of reading YAML and schemas, or Snakemake's. Prints a table; nothing here is a test.

    .venv/bin/python -m benchmarks.many_cohorts --centres 1 50 200 --repeats 3
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import os
import pstats
import re
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from benchmarks.run import copy_project

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
        (r"(?m)^kind: .*$", f"kind: real\nstudies: [{STUDY}]\ndisclosure: {{control: off, why: made up}}"),
        (r"(?m)^(\s*- )file: .*$", rf"\g<1>file: {export.name}\n    sha256: {digest}"),
    ):
        text, changed = re.subn(pattern, put, text, count=1)
        if not changed:
            sys.exit(f"config/studies/{STUDY}/synthetic.yaml has no line '{pattern}'")
    return text


def snakemake(folder: Path, *arguments: str, profile: Path | None = None) -> tuple[float, str]:
    """Run Snakemake in ``folder``, under cProfile if asked; return the wall seconds and what it printed."""
    environment = {**os.environ, "PYTHONPATH": str(folder / "workflow"), "OMP_NUM_THREADS": "1"}
    watched = ["-m", "cProfile", "-o", str(profile)] if profile else []
    command = [sys.executable, *watched, "-m", "snakemake", *arguments]
    started = time.perf_counter()
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    seconds = time.perf_counter() - started
    if done.returncode:
        sys.exit(f"{' '.join(command)[:300]} failed:\n{done.stdout[-2000:]}{done.stderr[-4000:]}")
    return seconds, done.stdout + done.stderr


def whose(profile: Path) -> dict[str, float]:
    """Share out the seconds of a profile, each function's own time to the owner of its file."""
    seconds = {"package and rules": 0.0, "YAML and schemas": 0.0, "Snakemake and the rest": 0.0}
    for (file, _, _), (_, _, own, _, _) in pstats.Stats(str(profile)).stats.items():
        if "/workflow/replicalc/" in file or file.endswith(".smk"):
            seconds["package and rules"] += own
        elif re.search(r"/(yaml|jsonschema|referencing)/", file):
            seconds["YAML and schemas"] += own
        else:
            seconds["Snakemake and the rest"] += own
    return seconds


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--centres", type=int, nargs="+", default=[1, 50, 200])
    arguments.add_argument("--repeats", type=int, default=3)
    given = arguments.parse_args()
    with tempfile.TemporaryDirectory() as parent:
        folder = Path(parent) / "project"
        names = prepare(folder, max(given.centres))
        print("| centres | jobs | plan, median (s) | least to most (s) | ms a job | shares under the profiler |")
        print("| ---: | ---: | ---: | ---: | ---: | --- |")
        for centres in given.centres:
            cohorts = ["--dry-run", "--quiet", "host", "--config", f"cohorts={' '.join(names[:centres])}"]
            runs = [snakemake(folder, *cohorts) for _ in range(given.repeats)]
            times = sorted(seconds for seconds, _ in runs)
            jobs = int(re.search(r"(?m)^total +(\d+)$", runs[0][1])[1])
            profile = Path(parent) / "profile"
            snakemake(folder, *cohorts, profile=profile)
            parts = whose(profile)
            shares = ", ".join(f"{name} {seconds / sum(parts.values()):.0%}" for name, seconds in parts.items())
            median = statistics.median(times)
            spread = f"{times[0]:.1f} to {times[-1]:.1f}"
            print(
                f"| {centres} | {jobs} | {median:.1f} | {spread} | {median / jobs * 1000:.1f} | {shares} |", flush=True
            )


if __name__ == "__main__":
    main()
