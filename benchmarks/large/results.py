"""Seconds and memory of each archetype on cohorts of 10^4 to 10^7 rows; figures, never a test.

    python -m benchmarks.large.results                          # needs a finished run: make results
    python -m benchmarks.large.results --sizes 10000 10000000 --only survival logistic

The cohorts are a study's synthetic patients many times over (``cohort/synthesise/scale.py``). A result is computed as
the run computed it, with the function, files and parameters of its log, in a process of its own; its seconds are from
before the function is called (imports of statistics and DuckDB count) to its end, its memory the peak of the process.
Writes ``results.csv`` and ``results.svg`` beside this file.
"""

from __future__ import annotations

import argparse
import csv
import importlib
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).parent
#: One result of each archetype, by the study on whose patients it is computed.
RESULTS = {
    "distribution": ("casting", "casting_x_li2019_features"),
    "numeric": ("nat_residual", "nat_residual_t5_mg_size"),
    "association": ("nat_residual", "nat_residual_t4_recist"),
    "before_after": ("nat_residual", "nat_residual_t3_extent"),
    "agreement": ("nat_residual", "nat_residual_t5_icc_mg_mri"),
    "accuracy": ("us_mri", "us_mri_x_us_accuracy"),
    "misses": ("nat_residual", "nat_residual_x_mri_misses"),
    "two_tests": ("us_mri", "us_mri_x_us_against_mri"),
    "predictive_values": ("us_mri", "us_mri_x_ppv_improved"),
    "work_up": ("us_mri", "us_mri_x_work_up"),
    "logistic": ("casting", "casting_x_population_death"),
    "hazard": ("casting", "casting_a_independent_marker"),
    "survival": ("casting", "casting_x_tabar2000_survival"),
    "patient_flow": ("us_mri", "us_mri_m_flow"),
}
COLUMNS = ("archetype", "result", "rows", "seconds", "peak_mb")


def one(log: Path, cohort: Path) -> None:
    """Compute one result in this process, on another cohort than its log names; print seconds and peak MB."""
    from benchmarks.run import recorded

    name, files, params = recorded(log)
    module, function = name.split(":")
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / Path(files[-1]).name
        files = [str(cohort if Path(file).name == "cohort.parquet" else ROOT / file) for file in files[:-1]]
        started = time.perf_counter()
        getattr(importlib.import_module(module), function)(*files, str(out), str(out.with_suffix(".log")), **params)
        seconds = time.perf_counter() - started
    print(json.dumps([seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024]))


def measured(archetype: str, rows: int, cohorts: Path) -> dict[str, object]:
    """Compute an archetype's result on a cohort of ``rows`` rows in a process of its own."""
    study, result = RESULTS[archetype]
    cohort = cohorts / f"{study}_{rows}.parquet"
    if not cohort.exists():
        from replicalc.cohort.synthesise.scale import scaled

        scaled(ROOT / "results" / study / "synthetic" / "cohort.parquet", cohort, n=rows, seed=1)
    log = ROOT / "logs" / study / "synthetic" / f"{result}.log"
    command = [sys.executable, "-m", "benchmarks.large.results", "--one", str(log), str(cohort)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{result} on {rows} rows failed:\n{done.stderr}")
    seconds, memory = json.loads(done.stdout.splitlines()[-1])
    return dict(zip(COLUMNS, (archetype, result, rows, round(seconds, 2), round(memory)), strict=True))


def plot(rows: list[dict], out: Path) -> None:
    """Draw seconds and peak memory by number of rows, one line an archetype, named in a legend beside the plots."""
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10, 4.2), layout="constrained")
    FigureCanvasSVG(figure)
    left, right = figure.subplots(1, 2)
    marks = "osD^vPX"
    for i, archetype in enumerate(dict.fromkeys(row["archetype"] for row in rows)):
        mine = sorted((row for row in rows if row["archetype"] == archetype), key=lambda row: int(row["rows"]))
        sizes, look = (
            [int(row["rows"]) for row in mine],
            {"color": f"C{i % 10}", "marker": marks[i % 7], "markersize": 4},
        )
        left.plot(sizes, [float(row["seconds"]) for row in mine], label=archetype, **look)
        right.plot(sizes, [float(row["peak_mb"]) for row in mine], **look)
    sizes = sorted({int(row["rows"]) for row in rows})
    least = min(float(row["seconds"]) for row in rows)
    ends = [sizes[0], sizes[-1]]
    left.plot(ends, [least, least * ends[1] / ends[0]], color="#888888", linestyle=":", label="linear growth")
    left.set(xscale="log", yscale="log", xlabel="rows of cohort.parquet", ylabel="seconds")
    right.set(xscale="log", xlabel="rows of cohort.parquet", ylabel="peak memory, MB", ylim=(0, None))
    for ax in (left, right):
        ax.grid(color="#DDDDDD", linewidth=0.6)
    figure.legend(*left.get_legend_handles_labels(), loc="outside right center", frameon=False, fontsize=8)
    figure.savefig(out, metadata={"Date": None})


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--sizes", type=int, nargs="+", default=[10**4, 10**5, 10**6, 10**7])
    arguments.add_argument("--only", nargs="+", choices=RESULTS, default=list(RESULTS))
    arguments.add_argument("--cohorts", type=Path, help="a folder that keeps the large cohorts for the next time")
    arguments.add_argument("--one", type=Path, nargs=2, help=argparse.SUPPRESS)
    given = arguments.parse_args()
    if given.one:
        one(*given.one)
        return
    if not (ROOT / "results" / "casting" / "synthetic" / "cohort.parquet").exists():
        sys.exit("there is no finished run here; make results first")
    table = HERE / "results.csv"
    known = list(csv.DictReader(table.open(encoding="utf-8"))) if table.exists() else []
    found = {(row["archetype"], int(row["rows"])): row for row in known}
    with tempfile.TemporaryDirectory() as folder:
        cohorts = given.cohorts or Path(folder)
        for rows in given.sizes:
            for archetype in given.only:
                found[archetype, rows] = measured(archetype, rows, cohorts)
                print(*found[archetype, rows].values(), flush=True)
                order = sorted(found, key=lambda key: (list(RESULTS).index(key[0]), key[1]))
                with table.open("w", encoding="utf-8", newline="") as file:
                    writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
                    writer.writeheader()
                    writer.writerows(found[key] for key in order)
    plot([found[key] for key in order], HERE / "results.svg")


if __name__ == "__main__":
    main()
