"""What the benchmarks share: a fresh copy of the project, a timed command, and what a figure has to say of itself."""

from __future__ import annotations

import csv
import importlib.metadata
import os
import platform
import resource
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
PARTS = ("Snakefile", "environment.yml", "pyproject.toml", "config", "workflow", "data", "profiles", "tests")


def copy_project(target: Path) -> Path:
    """Copy what a run needs, no results and no bytecode, to ``target``. The report names the tests, and reads them."""
    target.mkdir(parents=True)
    for name in PARTS:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, target / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, target / name)
    return target


def environment(folder: Path) -> dict[str, str]:
    """The package of that folder, one thread of linear algebra, and bytecode kept as on anybody's machine."""
    mine = {**os.environ, "PYTHONPATH": str(folder / "workflow"), "OMP_NUM_THREADS": "1"}
    return {name: value for name, value in mine.items() if name != "PYTHONDONTWRITEBYTECODE"}


class Took(NamedTuple):
    """Wall seconds, processor seconds of the command and of all that it started, and what it printed."""

    seconds: float
    cpu: float
    printed: str


def timed(command: Sequence[str], folder: Path) -> Took:
    """Run a command in ``folder``, measured. Ends the program if it fails."""
    started, before = time.perf_counter(), _cpu_of_children()
    done = subprocess.run(command, cwd=folder, env=environment(folder), capture_output=True, text=True)
    seconds, cpu = time.perf_counter() - started, _cpu_of_children() - before
    if done.returncode:
        sys.exit(f"{' '.join(command)[:300]} failed:\n{done.stdout[-2000:]}{done.stderr[-4000:]}")
    return Took(seconds, cpu, done.stdout + done.stderr)


def _cpu_of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def snakemake(folder: Path, *arguments: str) -> Took:
    return timed([sys.executable, "-m", "snakemake", *arguments], folder)


def warm(folder: Path) -> None:
    """Plan once, untimed: bytecode and digests of the package are there, as from the second run on."""
    snakemake(folder, "--dry-run", "--quiet", "all")


def peak_memory() -> int:
    """Peak memory in MB of the largest process that was run until now."""
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024


def spread(values: Sequence[float], digits: int = 1) -> str:
    """Median (least to most)."""
    return f"{statistics.median(values):.{digits}f} ({min(values):.{digits}f} to {max(values):.{digits}f})"


def machine(*packages: str) -> str:
    """One sentence: which machine, which versions."""
    model = "unknown processor"
    if (info := Path("/proc/cpuinfo")).exists():
        named = [line.split(":")[1].strip() for line in info.read_text().splitlines() if line.startswith("model name")]
        model = named[0] if named else model
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in packages)
    return (
        f"{os.cpu_count()} cores ({model}, {platform.machine()}, {memory:.0f} GB), Python {platform.python_version()}, "
        f"{versions}"
    )


def load() -> float:
    """How many processes want to run, mean of the last minute: other people's work slows a figure down."""
    return os.getloadavg()[0]


def write_rows(path: Path, rows: Iterable[dict]) -> None:
    """Write rows of the same keys as CSV."""
    rows = list(rows)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
