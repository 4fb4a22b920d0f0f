"""Many centres: how long the workflow takes to plan with N cohorts, and whether a job of a run costs more among many.

In a temporary copy of the project every centre gets a cohort file and an export of its own: 150 to 300 of the synthetic
patients of `nact_bone`, chosen by numpy.random.default_rng([seed, centre]), so that no two files are alike. For each
number of centres `snakemake --dry-run` is timed, and another under cProfile says whose the time is: the package's and
its rules', that of reading YAML and schemas, or Snakemake's. Then the same is run, from the exports to the report.
Writes benchmarks/many_cohorts/; nothing here is a test.

    .venv/bin/python -m benchmarks.many_cohorts --plan 1 50 200 --run 5 20 --repeats 3
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import pstats
import re
import shutil
import statistics
import sys
import tempfile
from pathlib import Path

import numpy as np

if __name__ == "__main__":  # as a file, not as a module of the package
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from benchmarks.measure import ROOT, copy_project, load, machine, snakemake, spread, timed, write_rows

OUT = ROOT / "benchmarks" / "many_cohorts"
STUDY = "nact_bone"
SEED = 20230811


def prepare(folder: Path, centres: int) -> list[str]:
    """Copy the project, make its synthetic patients once, write a cohort file and an export for each centre."""
    copy_project(folder)
    export = f"results/{STUDY}/synthetic/raw/export.csv"
    snakemake(folder, export, "--config", "cohorts=synthetic", "--cores", "2")  # and bytecode and digests are there
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


def only(folder: Path, names: list[str]) -> None:
    """Leave the cohort files of these centres alone in config/cohorts; the others wait beside it."""
    here, waiting = folder / "config/cohorts", folder / "config/waiting"
    waiting.mkdir(exist_ok=True)
    for path in [*here.glob("centre_*.yaml"), *waiting.glob("*.yaml")]:
        path.rename((here if path.stem in names else waiting) / path.name)


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


def plan(folder: Path, names: list[str], repeats: int) -> list[dict]:
    """Dry runs of these cohorts, timed; each row also has the shares of one more under the profiler."""
    only(folder, names)
    chosen = ["--dry-run", "--quiet", "host", "--config", f"cohorts={' '.join(names)}"]
    runs = [(snakemake(folder, *chosen), load()) for _ in range(repeats)]
    profile = folder.parent / "profile"
    timed([sys.executable, "-m", "cProfile", "-o", str(profile), "-m", "snakemake", *chosen], folder)
    parts = whose(profile)
    shares = {name: round(seconds / sum(parts.values()), 3) for name, seconds in parts.items()}
    jobs = int(re.search(r"(?m)^total +([0-9]+)$", runs[0][0].printed)[1])
    return [
        {"centres": len(names), "jobs": jobs, "repeat": number, "seconds": took.seconds, "cpu": took.cpu, "load": busy}
        | shares
        for number, (took, busy) in enumerate(runs, 1)
    ]


def run(folder: Path, names: list[str], repeat: int) -> dict:
    """Everything of these cohorts, from their exports to the report, timed."""
    only(folder, names)
    for made in ("results", "logs", ".snakemake"):
        shutil.rmtree(folder / made, ignore_errors=True)
    took = snakemake(folder, "--cores", "2", "--config", f"studies=[{STUDY}]", f"cohorts={' '.join(names)}")
    own = {path: _own(path) for path in (folder / "logs").rglob("*.log")}
    of_cohorts = [seconds for path, seconds in own.items() if "centre_" in str(path)]
    return {
        "centres": len(names),
        "jobs": len(own),
        "repeat": repeat,
        "seconds": took.seconds,
        "cpu": took.cpu,
        "jobs of cohorts": len(of_cohorts),
        "their own work": sum(of_cohorts),
        "own work of all": sum(own.values()),
        "load": load(),
    }


def _own(log: Path) -> float:
    return float(re.search(r"(?m)^done in ([0-9.]+) s$", log.read_text(encoding="utf-8"))[1])


def page(planned: list[dict], ran: list[dict]) -> str:
    """The two tables, with what they were measured on."""
    repeats, runs = (max(row["repeat"] for row in rows) for rows in (planned, ran))
    loads = [row["load"] for row in planned + ran]
    first, last = (_of(planned, end(_centres(planned))) for end in (min, max))
    further = (_cpu(last) - _cpu(first)) / max(1, last[0]["jobs"] - first[0]["jobs"]) * 1000
    return f"""\
# Many centres

Made by `python -m benchmarks.many_cohorts`. {machine("snakemake", "pyyaml")}.
{repeats} repeats of planning, {runs} of running, median (least to most); load of the machine {min(loads):.1f} to
{max(loads):.1f}, for others worked on it, so processor time says more than the clock. Every centre has a cohort file
and an export of its own, 150 to 300 patients of `{STUDY}`.

## Planning (`snakemake --dry-run`)

| centres | jobs | s | processor (s) | package and rules | YAML and schemas | Snakemake and the rest |
| ---: | ---: | ---: | ---: | ---: | ---: | ---: |
{_lines(_plan_row(_of(planned, centres)) for centres in _centres(planned))}

A further job costs {further:.1f} ms of processor time. The shares are those of a run under cProfile; reading the
standard library and Snakemake itself is among the rest. Aim: 200 centres, about 10,000 jobs, in 30 s.

## Running (two cores, `{STUDY}` alone, everything from the export to the report)

| centres | jobs | s | processor (s) | processor, a job (ms) | own work of a cohort's job (ms) |
| ---: | ---: | ---: | ---: | ---: | ---: |
{_lines(_run_row(_of(ran, centres)) for centres in _centres(ran))}

The own work is what the logs say; what is beside it is Snakemake's, starting it, and other people's.
"""


def _centres(rows: list[dict]) -> list[int]:
    return list(dict.fromkeys(row["centres"] for row in rows))


def _of(rows: list[dict], centres: int) -> list[dict]:
    return [row for row in rows if row["centres"] == centres]


def _cpu(rows: list[dict]) -> float:
    return statistics.median(row["cpu"] for row in rows)


def _plan_row(rows: list[dict]) -> str:
    shares = " | ".join(
        f"{rows[0][name]:.0%}" for name in ("package and rules", "YAML and schemas", "Snakemake and the rest")
    )
    clock, cpu = (spread([row[key] for row in rows]) for key in ("seconds", "cpu"))
    return f"| {rows[0]['centres']} | {rows[0]['jobs']} | {clock} | {cpu} | {shares} |"


def _run_row(rows: list[dict]) -> str:
    clock, cpu = (spread([row[key] for row in rows]) for key in ("seconds", "cpu"))
    each = spread([row["cpu"] / row["jobs"] * 1000 for row in rows], 0)
    own = spread([row["their own work"] / row["jobs of cohorts"] * 1000 for row in rows], 0)
    return f"| {rows[0]['centres']} | {rows[0]['jobs']} | {clock} | {cpu} | {each} | {own} |"


def _lines(given) -> str:
    return "\n".join(given)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--plan", type=int, nargs="+", default=[1, 10, 50, 100, 200, 400])
    arguments.add_argument("--run", type=int, nargs="+", default=[1, 5, 20, 50])
    arguments.add_argument("--repeats", type=int, default=3)
    arguments.add_argument("--run-repeats", type=int, default=2)
    given = arguments.parse_args()
    with tempfile.TemporaryDirectory() as parent:
        folder = Path(parent) / "project"
        names = prepare(folder, max(given.plan + given.run))
        planned = [row for centres in given.plan for row in plan(folder, names[:centres], given.repeats)]
        write_rows(OUT / "plan.csv", planned)
        ran = []
        for number in range(1, given.run_repeats + 1):  # in turn: a busy hour of the machine slows all sizes down
            ran += [run(folder, names[:centres], number) for centres in given.run]
            ran.sort(key=lambda row: (row["centres"], row["repeat"]))
            write_rows(OUT / "run.csv", ran)
            (OUT / "README.md").write_text(page(planned, ran), encoding="utf-8")


if __name__ == "__main__":
    main()
