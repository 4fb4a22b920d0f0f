"""Small cohorts: the whole run against one process that computes the same results and figures, side by side.

Both work in fresh copies of the project, in turn, several times. The one process replays what the logs of the run
recorded: the same functions with the same files and parameters, one after the other, in one Python. Its files must be
the same, byte for byte. Writes benchmarks/README.md and benchmarks/small_cohorts; what a change costs is measured by
benchmarks/changes.py. Nothing here is a test.
"""

from __future__ import annotations

import argparse
import ast
import builtins
import filecmp
import importlib
import json
import os
import re
import shutil
import statistics
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path

if __name__ == "__main__":  # as a file, not as a module of the package
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from benchmarks.measure import (
    ROOT,
    Took,
    copy_project,
    load,
    machine,
    peak_memory,
    snakemake,
    spread,
    timed,
    warm,
    write_rows,
)

OUT = ROOT / "benchmarks" / "small_cohorts"
RUN = ("--cores", "2")
#: Work in processes of their own, beside the light jobs.
HEAVY = "replicalc.verify.study:"


def recorded(log: Path) -> tuple[str, list, dict]:
    """Read a log back: the function, its files and its parameters."""
    head, *lines = log.read_text(encoding="utf-8").splitlines()
    files = [ast.literal_eval(line.split(maxsplit=1)[1]) for line in lines if line.startswith("  file ")]
    named = [line.split(maxsplit=1)[1].split(" = ", 1) for line in lines if line.startswith("  param ")]
    return head, files, {name: ast.literal_eval(value) for name, value in named}


def jobs_of(folder: Path, since: float = 0.0) -> list[dict]:
    """What the logs say of each job: its function, when it ended, how many seconds were its own work."""
    found = []
    for path in folder.glob("logs/**/*.log"):
        text, ended = path.read_text(encoding="utf-8"), path.stat().st_mtime
        done = re.search(r"(?m)^done in ([0-9.]+) s$", text)
        if ended >= since and done:
            function = text.partition("\n")[0]
            found.append(
                {"job": str(path.relative_to(folder)), "function": function, "end": ended, "own": float(done[1])}
            )
    return sorted(found, key=lambda job: job["end"])


def replay(folder: Path, since: float = 0.0) -> None:
    """Compute in this process what the logs of ``folder`` recorded since then, in the order in which it was done.

    Writes ``replay.json``: seconds of each job, and how many of them went into importing libraries.
    """
    os.chdir(folder)
    importing = _imports_timed()
    seconds = {}
    for job in jobs_of(folder, since):
        name, files, params = recorded(folder / job["job"])
        module, function = name.split(":")
        started, before = time.perf_counter(), importing[0]
        getattr(importlib.import_module(module), function)(*files, str(folder / "replay.log"), **params)
        seconds[job["job"]] = [time.perf_counter() - started, importing[0] - before]
    (folder / "replay.json").write_text(json.dumps(seconds), encoding="utf-8")


def in_one_process(folder: Path, since: float = 0.0) -> Took:
    """Do what the logs recorded since then in a process of its own, timed."""
    return timed(
        [sys.executable, str(Path(__file__).resolve()), "--replay", str(folder), "--since", str(since)], folder
    )


def _imports_timed() -> list[float]:
    """Count from now on the seconds spent in outermost imports, in the first place of the list."""
    plain, total, depth = builtins.__import__, [0.0], [0]

    def counted(*given, **named):
        depth[0] += 1
        started = time.perf_counter()
        try:
            return plain(*given, **named)
        finally:
            depth[0] -= 1
            if not depth[0]:
                total[0] += time.perf_counter() - started

    builtins.__import__ = counted
    return total


def where(jobs: list[dict], started: float, ended: float) -> dict[str, float]:
    """Share out the wall seconds of a run: before the first job, light jobs, only heavy ones, nobody, the end."""
    light = [(job["end"] - job["own"], job["end"]) for job in jobs if not job["function"].startswith(HEAVY)]
    every = [(job["end"] - job["own"], job["end"]) for job in jobs]
    first, last = min(a for a, _ in every), max(b for _, b in every)
    return {
        "start and planning": first - started,
        "light jobs at work": _covered(light),
        "heavy jobs at work alone": _covered(every) - _covered(light),
        "Snakemake between the jobs": (last - first) - _covered(every),
        "end": ended - last,
    }


def _covered(spans: list[tuple[float, float]]) -> float:
    total, reached = 0.0, 0.0
    for a, b in sorted(spans):
        total += max(0.0, b - max(a, reached))
        reached = max(reached, b)
    return total


def once(folder: Path) -> tuple[dict, dict, list[dict]]:
    """One repeat: the run, the one process, and a run with nothing to do."""
    copy_project(folder)
    warm(folder)
    started = time.time()
    whole = snakemake(folder, *RUN)
    jobs = jobs_of(folder)
    shares = where(jobs, started, started + whole.seconds)
    kept = folder / "kept"
    shutil.move(folder / "results", kept)
    single = in_one_process(folder)
    different = differences(filecmp.dircmp(kept, folder / "results"))
    if different:
        sys.exit(f"one process and the workflow differ: {different[:5]}")
    shutil.rmtree(folder / "results")
    shutil.move(kept, folder / "results")
    alone = json.loads((folder / "replay.json").read_text(encoding="utf-8"))
    for job in jobs:
        job["alone"], job["imports"] = alone[job["job"]]
    unchanged = snakemake(folder, *RUN)
    run = {"load": load()}
    for name, took in (("whole", whole), ("single", single), ("unchanged", unchanged)):
        run |= {name: took.seconds, f"{name}_cpu": took.cpu}
    return run, shares, jobs


def differences(found: filecmp.dircmp) -> list[str]:
    _, unequal, unreadable = filecmp.cmpfiles(found.left, found.right, found.common_files, shallow=False)
    mine = [*found.left_only, *found.right_only, *unequal, *unreadable]
    mine = [name for name in mine if name != ".snakemake_timestamp"]  # how Snakemake marks a folder that it made
    return mine + [name for below in found.subdirs.values() for name in differences(below)]


def by_function(repeats: list[list[dict]]) -> list[dict]:
    """Per function, which is per rule of the archetypes: jobs, and seconds of all its jobs, median of the repeats."""
    table = defaultdict(lambda: [defaultdict(float) for _ in repeats])
    for number, jobs in enumerate(repeats):
        for job in jobs:
            row = table[job["function"].removeprefix("replicalc.")][number]
            row["jobs"] += 1
            for name in ("own", "alone", "imports"):
                row[name] += job[name]
    rows = [
        {
            "function": name,
            "jobs": int(each[0]["jobs"]),
            **{key: round(statistics.median(row[key] for row in each), 3) for key in ("own", "alone", "imports")},
        }
        for name, each in table.items()
    ]
    return sorted(rows, key=lambda row: -row["own"])


def write(repeats: list[tuple]) -> None:
    runs, shares, jobs = (list(each) for each in zip(*repeats, strict=True))
    functions = by_function(jobs)
    write_rows(
        OUT / "runs.csv",
        [{"repeat": n, **run, **share} for n, (run, share) in enumerate(zip(runs, shares, strict=True), 1)],
    )
    write_rows(OUT / "rules.csv", functions)
    write_rows(OUT / "jobs.csv", _jobs(jobs))
    (ROOT / "benchmarks" / "README.md").write_text(page(runs, shares, functions, len(jobs[0])), encoding="utf-8")


def _jobs(repeats: list[list[dict]]) -> list[dict]:
    """Every job with its seconds, median of the repeats."""
    found = defaultdict(list)
    for job in (job for jobs in repeats for job in jobs):
        found[job["job"]].append(job)
    return [
        {"job": name, "function": each[0]["function"]}
        | {key: round(statistics.median(job[key] for job in each), 3) for key in ("own", "alone", "imports")}
        for name, each in sorted(found.items())
    ]


def page(runs: list[dict], shares: list[dict], functions: list[dict], jobs: int) -> str:
    def ratio(suffix=""):
        return spread([run[f"whole{suffix}"] / run[f"single{suffix}"] for run in runs], 2)

    def row(name, key):
        return f"| {name} | {spread([run[key] for run in runs])} | {spread([run[f'{key}_cpu'] for run in runs])} |"

    def cells(row):
        return f"{row['jobs']} | {row['own']:.2f} | {row['alone']:.2f} | {row['imports']:.2f} |"

    def total(rows):
        return {key: sum(row[key] for row in rows) for key in ("jobs", "own", "alone", "imports")}

    top, rest = functions[:20], functions[20:]
    repeats = f"{len(runs)} repeat{'s' * (len(runs) > 1)}"
    loads = [run["load"] for run in runs]
    return f"""\
# Benchmarks

Made by `make bench`; figures of one machine on one day, to be compared with each other and not with yours.

- small cohorts: this page, from `benchmarks/run.py`; every figure in [small_cohorts](small_cohorts)
- what a change of one patient or one parameter costs: [changes](small_cohorts/changes.md)
- many centres, how long planning and running take: [many_cohorts](many_cohorts/README.md)
- what the verification engine finds in made-up papers with and without a defect: [defects](defects/README.md)
- the report, its size and what its pages take: [report_site](report_site.md)

## Small cohorts

{jobs} jobs of the default run (all studies, synthetic cohorts, report).
{machine("snakemake", "pandas", "scipy", "statsmodels")}.
{repeats}, in turn, each in a fresh copy after one dry run; load {min(loads):.1f} to {max(loads):.1f}, for
others worked on it, so processor time says more than the clock. Median (least to most).

| what | s | processor (s) |
| --- | ---: | ---: |
{row("whole run, `snakemake --cores 2`", "whole")}
{row("one process that makes the same files", "single")}
{row("run with nothing to do", "unchanged")}

Whole run against one process, pair by pair: **{ratio()} x**; by processor time {ratio("_cpu")} x. Aim: at most 2 x. The
files of both are the same, byte for byte. Peak memory of the largest process: {peak_memory()} MB.

Where the time of the whole run goes:

| part | s |
| --- | ---: |
{_lines(f"| {name} | {spread([share[name] for share in shares])} |" for name in shares[0])}

### Per rule

By the function that the rules call; seconds of all its jobs together, medians: in the workflow, and in the one
process, with how much of the latter is importing libraries (whoever needs one first pays for it). Job by job:
`small_cohorts/jobs.csv`.

| function | jobs | workflow (s) | one process (s) | of that imports (s) |
| --- | ---: | ---: | ---: | ---: |
{_lines(f"| {each['function']} | {cells(each)}" for each in top)}
| {len(rest)} others | {cells(total(rest))}
| all | {cells(total(functions))}
"""


def _lines(given) -> str:
    return "\n".join(given)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--repeats", type=int, default=3)
    arguments.add_argument("--replay", type=Path, help=argparse.SUPPRESS)
    arguments.add_argument("--since", type=float, default=0.0, help=argparse.SUPPRESS)
    given = arguments.parse_args()
    if given.replay:
        replay(given.replay, given.since)
        return
    repeats = []
    with tempfile.TemporaryDirectory() as parent:
        for number in range(1, given.repeats + 1):
            repeats.append(once(Path(parent) / f"run{number}"))
            run, shares, _ = repeats[-1]
            print(f"{number} of {given.repeats}:", *(f"{k} {v:.1f}" for k, v in (run | shares).items()), flush=True)
            shutil.rmtree(Path(parent) / f"run{number}")
            write(repeats)


if __name__ == "__main__":
    main()
