"""Run a command in a process of its own and read what it cost from the system; and what machine this is."""

from __future__ import annotations

import os
import platform
import resource
import statistics
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds by the clock from start to end of a process, seconds of processor time, peak memory in MB, its output."""

    seconds: float
    cpu: float
    peak_mb: float
    out: str


class Failed(Exception):
    """The process did not do it: its last line says why."""


def cost(command: list[str], most_mb: int | None = None, most_seconds: float = 3600) -> Cost:
    """Run a command; ``most_mb`` is the memory that it may ask for. Raises Failed."""

    def limited() -> None:
        if most_mb:
            resource.setrlimit(resource.RLIMIT_AS, (most_mb << 20, most_mb << 20))

    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as wrong:
        started = time.perf_counter()
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            stdout=out,
            stderr=wrong,
            preexec_fn=limited,
            env={**os.environ, "OMP_NUM_THREADS": "2", "PYTHONPATH": str(ROOT / "workflow")},
        )
        clock = threading.Timer(most_seconds, process.kill)
        clock.start()
        _, status, used = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        clock.cancel()
        out.seek(0)
        wrong.seek(0)
        if process.returncode:
            told = wrong.read().decode(errors="replace").strip().splitlines()
            raise Failed(told[-1] if told else f"ended with {process.returncode}")
        return Cost(seconds, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, out.read().decode())


def repeated(run: Callable[[], Cost], times: int) -> dict[str, object]:
    """Run it several times; return medians, the least and the most seconds, and the largest peak."""
    costs = [run() for _ in range(times)]
    seconds = [each.seconds for each in costs]
    return {
        "repeats": times,
        "seconds": round(statistics.median(seconds), 2),
        "seconds_min": round(min(seconds), 2),
        "seconds_max": round(max(seconds), 2),
        "cpu_seconds": round(statistics.median(each.cpu for each in costs), 2),
        "peak_mb": round(max(each.peak_mb for each in costs)),
    }


def machine() -> str:
    """Name the machine and what it runs, in a sentence."""
    about = Path("/proc/cpuinfo").read_text() if Path("/proc/cpuinfo").exists() else ""
    model = next((line.partition(": ")[2] for line in about.splitlines() if line.startswith("model name")), "")
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") >> 30
    packages = ("duckdb", "pyarrow", "pandas", "numpy", "statsmodels")
    parts = [
        f"{os.cpu_count()} cores ({model or platform.machine()}), {memory} GB",
        f"Python {platform.python_version()}",
    ]
    parts += [f"{name} {version(name)}" for name in packages]
    try:
        told = subprocess.run(["Rscript", "--version"], capture_output=True, text=True, check=False)
        parts.append((told.stdout or told.stderr).strip().replace("Rscript (R) version", "R").partition(" (")[0])
    except FileNotFoundError:
        parts.append("no R")
    return "; ".join(parts)
