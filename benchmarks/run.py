"""The whole run against one process that computes the same results and figures, side by side.

Both work in fresh copies of the project, in turn, several times. The one process replays what the logs of the run
recorded: the same functions with the same files and parameters, one after the other, in one Python. Its files must be
the same, byte for byte. Writes benchmarks/README.md; nothing here is a test.
"""

from __future__ import annotations

import argparse
import ast
import filecmp
import importlib
import importlib.metadata
import os
import platform
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PARTS = ("Snakefile", "environment.yml", "config", "workflow", "data", "profiles")


def copy_project(target: Path) -> Path:
    target.mkdir(parents=True)
    for name in PARTS:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, target / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, target / name)
    return target


def timed(command: list[str], folder: Path) -> tuple[float, int]:
    """Run a command; return wall seconds and peak memory of the largest process in MB."""
    environment = {**os.environ, "PYTHONPATH": str(folder / "workflow")}
    started = time.perf_counter()
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    seconds = time.perf_counter() - started
    if done.returncode:
        sys.exit(f"{' '.join(command)} failed:\n{done.stdout}{done.stderr}")
    return seconds, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024


def recorded(log: Path) -> tuple[str, list, dict]:
    """Read a log back: the function, its files and its parameters."""
    head, *lines = log.read_text(encoding="utf-8").splitlines()
    files = [ast.literal_eval(line.split(maxsplit=1)[1]) for line in lines if line.startswith("  file ")]
    named = [line.split(maxsplit=1)[1].split(" = ", 1) for line in lines if line.startswith("  param ")]
    return head, files, {name: ast.literal_eval(value) for name, value in named}


def replay(folder: Path) -> None:
    """Compute in this process what the logs of ``folder`` recorded, in the order in which it was done."""
    os.chdir(folder)
    for log in sorted(folder.glob("logs/**/*.log"), key=lambda path: path.stat().st_mtime_ns):
        name, files, params = recorded(log)
        module, function = name.split(":")
        getattr(importlib.import_module(module), function)(*files, str(folder / "replay.log"), **params)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--repeats", type=int, default=5)
    arguments.add_argument("--replay", type=Path, help=argparse.SUPPRESS)
    given = arguments.parse_args()
    if given.replay:
        replay(given.replay)
        return
    whole, single, unchanged = [], [], []
    memory = 0
    with tempfile.TemporaryDirectory() as parent:
        for number in range(given.repeats):
            folder = copy_project(Path(parent) / f"run{number}")
            seconds, memory = timed([sys.executable, "-m", "snakemake", "--cores", "2"], folder)
            whole.append(seconds)
            unchanged.append(timed([sys.executable, "-m", "snakemake", "--cores", "2"], folder)[0])
            kept = folder / "kept"
            shutil.move(folder / "results", kept)
            single.append(timed([sys.executable, __file__, "--replay", str(folder)], folder)[0])
            different = _differences(filecmp.dircmp(kept, folder / "results"))
            if different:
                sys.exit(f"one process and the workflow differ: {different[:5]}")
            jobs = len(list(folder.glob("logs/**/*.log")))
            print(
                f"{number + 1} of {given.repeats}: workflow {whole[-1]:.1f} s, one process {single[-1]:.1f} s",
                flush=True,
            )
    write(whole, single, unchanged, jobs, memory)


def _differences(found: filecmp.dircmp) -> list[str]:
    _, unequal, unreadable = filecmp.cmpfiles(found.left, found.right, found.common_files, shallow=False)
    mine = [*found.left_only, *found.right_only, *unequal, *unreadable]
    return mine + [name for below in found.subdirs.values() for name in _differences(below)]


def write(whole: list[float], single: list[float], unchanged: list[float], jobs: int, memory: int) -> None:
    ratios = [a / b for a, b in zip(whole, single, strict=True)]
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in ("snakemake", "pandas", "pingouin"))
    rows = [
        ("whole run, `snakemake --cores 2`", whole),
        ("one process, same files", single),
        ("run with nothing to do", unchanged),
    ]
    lines = [
        "# Benchmarks",
        "",
        "Made by `make bench`; figures of one machine on one day, to be compared with each other and not with yours.",
        "",
        f"{jobs} jobs of the default run (all studies, synthetic cohorts). {os.cpu_count()} cores, "
        f"{platform.machine()}, Python {platform.python_version()}, {versions}. "
        f"{len(whole)} repeats, in turn, each in a fresh copy.",
        "",
        "| what | median (s) | least to most (s) |",
        "| --- | ---: | ---: |",
        *(f"| {name} | {statistics.median(v):.1f} | {min(v):.1f} to {max(v):.1f} |" for name, v in rows),
        "",
        f"Whole run against one process: **{statistics.median(ratios):.2f} x** (median of the pairs; "
        f"{min(ratios):.2f} to {max(ratios):.2f}). Aim: at most 2.5 x. The files of both are the same, byte for byte.",
        f"Peak memory of the largest process: {memory} MB.",
        "",
        "What the verification engine finds in made-up papers with and without a defect: [defects](defects/README.md).",
        "",
    ]
    (ROOT / "benchmarks" / "README.md").write_text("\n".join(lines), encoding="utf-8")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
