"""Seconds and memory from the export to each archetype's result, for 10^4 to 10^7 rows; figures, never a test.

    python -m benchmarks.large.run                     # needs a finished run: make results
    python -m benchmarks.large.run --sizes 10000 --repeats 1 --out large-figures

The exports are the synthetic ones of three studies many times over (``cohort/synthesise/scale.py``), as Parquet, their
rows in random order within groups. Every step, result and comparison is a process of its own, imports included, one
after the other; its costs are those that the system says (``measuring``). Beside it, in the same run, on the analysis
file that the steps made: pandas with statsmodels, and R. Writes results.csv, engines.csv, machine.txt, results.svg,
results.png and README.md beside this file, or into ``--out``.
"""

from __future__ import annotations

import argparse
import csv
import json
import shutil
import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path

from benchmarks.large.jobs import columns_of_both
from benchmarks.large.measuring import ROOT, Failed, cost, machine, repeated

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
STUDIES = ("casting", "nat_residual", "us_mri")
STEPS = ("map", "validate", "derive", "select")
COSTS = ("repeats", "seconds", "seconds_min", "seconds_max", "cpu_seconds", "peak_mb")
COLUMNS = ("what", "name", "study", "engine", "rows", *COSTS, "difference", "note")
#: What pandas and R may ask for; beyond, they are said not to fit.
MOST_MB, MOST_SECONDS = 8000, 600
JOB = [sys.executable, "-m", "benchmarks.large.jobs"]


def export_of(study: str, rows: int, folder: Path) -> Path:
    """Make the export: a witness scaled up, its rows in another order in each group, so that no copies lie together."""
    import numpy as np
    import pyarrow.parquet as pq

    from replicalc.cohort.synthesise.scale import scaled

    ordered, export = folder / "ordered.parquet", folder / "export.parquet"
    scaled(ROOT / "results" / study / "synthetic/raw/export.csv", ordered, n=rows, seed=1)
    with pq.ParquetFile(ordered) as file, pq.ParquetWriter(export, file.schema_arrow) as writer:
        for group in range(file.num_row_groups):
            table = file.read_row_group(group)
            writer.write_table(table.take(np.random.default_rng([1, group]).permutation(len(table))))
    ordered.unlink()
    return export


class Bench:
    """Measures and writes down; after each figure the table is on disk."""

    def __init__(self, out: Path, repeats: int, at_most: int):
        self.out, self.repeats, self.at_most = out, repeats, at_most
        self.rows: list[dict] = []

    def times(self, rows: int) -> int:
        """Repeats: fewer where a size takes long."""
        return self.repeats if rows <= 10**6 else min(self.repeats, self.at_most)

    def add(self, what: str, name: str, study: str, engine: str, rows: int, run, **more) -> None:
        values: list[list[float]] = []

        def once():
            found = run()
            values.append(json.loads(found.out) if found.out.strip().startswith("[") else [])
            return found

        row = {"what": what, "name": name, "study": study, "engine": engine, "rows": rows}
        try:
            row |= repeated(once, self.times(rows))
            row["values"] = values[-1]
        except Failed as why:
            if engine == "replicalc":
                sys.exit(f"{name} of {study} on {rows} rows failed: {why}")
            row |= {"note": f"did not do it within {MOST_MB} MB and {MOST_SECONDS} s: {why}"}
        self.rows.append({**row, **more})
        self.write()
        print(*(self.rows[-1].get(column, "") for column in COLUMNS), flush=True)

    def write(self) -> None:
        with (self.out / "results.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, COLUMNS, lineterminator="\n", restval="", extrasaction="ignore")
            writer.writeheader()
            writer.writerows(sorted(self.rows, key=_order))

    def study(self, study: str, rows: int, folder: Path) -> None:
        """Measure the way to the analysis file of a study, the results on it, and what others need for two of them."""
        export = export_of(study, rows, folder)
        cohort_file = folder / "cohort.yaml"
        told = (ROOT / "config/studies" / study / "synthetic.yaml").read_text(encoding="utf-8")
        cohort_file.write_text(told.replace("file: export.csv", "file: export.parquet"), encoding="utf-8")
        step = [*JOB, "step"]
        for name in STEPS:
            command = [*step, name, study, str(export), str(cohort_file), str(folder)]
            self.add("step", name, study, "replicalc", rows, partial(cost, command))
        cohort = folder / "cohort.parquet"
        for archetype, (of, result) in RESULTS.items():
            if of == study:
                log = ROOT / "logs" / study / "synthetic" / f"{result}.log"
                command = [*JOB, "result", str(log), str(cohort)]
                self.add("result", archetype, study, "replicalc", rows, partial(cost, command))
        if study == "casting":
            self.csv_door(export, cohort_file, rows, folder)
            self.beside(cohort, rows, folder)

    def csv_door(self, export: Path, cohort_file: Path, rows: int, folder: Path) -> None:
        """The first step once more, from the same export as CSV."""
        text, cohort = folder / "export.csv", folder / "csv.yaml"
        _copy(export, text)
        cohort.write_text(cohort_file.read_text().replace("export.parquet", "export.csv"), encoding="utf-8")
        (folder / "csv").mkdir(exist_ok=True)
        command = [*JOB, "step", "map", "casting", str(text), str(cohort), str(folder / "csv")]
        self.add("step", "map (CSV)", "casting", "replicalc", rows, partial(cost, command))
        text.unlink()

    def beside(self, cohort: Path, rows: int, folder: Path) -> None:
        """A table and a model by replicalc, by pandas and statsmodels, and by R; and how far their figures differ."""
        text = folder / "cohort.csv"
        _copy(cohort, text, columns_of_both())
        limits = {"most_mb": MOST_MB, "most_seconds": MOST_SECONDS}
        for analysis in ("table", "model"):
            start = len(self.rows)
            self.add(
                "beside",
                analysis,
                "casting",
                "replicalc",
                rows,
                partial(cost, [*JOB, analysis, "replicalc", str(cohort)]),
            )
            command = [*JOB, analysis, "pandas", str(cohort)]
            self.add("beside", analysis, "casting", "pandas, statsmodels", rows, partial(cost, command, **limits))
            if shutil.which("Rscript"):
                command = ["Rscript", "--vanilla", str(HERE / "compared.R"), analysis, str(text)]
                self.add("beside", analysis, "casting", "R", rows, partial(cost, command, **limits))
            ours = self.rows[start]["values"]
            for row in self.rows[start + 1 :]:
                if row.get("values"):
                    pairs = zip(ours, row["values"], strict=True)
                    row["difference"] = f"{max(abs(a - b) / abs(b) for a, b in pairs):.1e}"
        self.write()
        text.unlink()


def _order(row: dict) -> tuple:
    names = [*STEPS, "map (CSV)", *RESULTS, "table", "model"]
    return ("step", "result", "beside").index(row["what"]), row["study"], names.index(row["name"]), row["rows"]


def _copy(parquet: Path, text: Path, columns: list[str] | None = None) -> None:
    """Write columns of a Parquet file (all if none are named) as CSV, what is missing as an empty cell."""
    import duckdb
    import pyarrow.parquet as pq

    quoted = [f'"{name}"' for name in columns or pq.read_schema(parquet).names]
    cells = ", ".join(f"nullif({name}::VARCHAR, '') AS {name}" for name in quoted)
    with duckdb.connect() as database:
        database.execute(f"COPY (SELECT {cells} FROM read_parquet('{parquet}')) TO '{text}' (HEADER)")


def engines(cohorts: list[Path], out: Path) -> None:
    """Let ``engines`` measure DuckDB beside Polars, which is no part of the product and comes for this run only."""
    if not cohorts:
        return
    command = [str(Path(sys.executable).with_name("uv")), "run", "--with", "polars", "python", "-m"]
    done = subprocess.run(
        [*command, "benchmarks.large.engines", *map(str, cohorts)], cwd=ROOT, capture_output=True, text=True
    )
    if done.returncode:
        print(f"engines.csv is as it was: Polars could not be had ({done.stderr.strip().splitlines()[-1]})")
        return
    (out / "engines.csv").write_text(done.stdout, encoding="utf-8")


def main() -> None:
    from benchmarks.large.plot import plot
    from benchmarks.large.report import report

    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--sizes", type=int, nargs="+", default=[10**4, 10**5, 10**6, 10**7])
    arguments.add_argument("--repeats", type=int, default=3, help="repeats up to 10^6 rows")
    arguments.add_argument("--at-most", type=int, default=1, help="repeats beyond 10^6 rows")
    arguments.add_argument("--out", type=Path, default=HERE)
    arguments.add_argument("--folder", type=Path, help="where exports and cohorts are kept meanwhile (about 1 GB)")
    given = arguments.parse_args()
    if not (ROOT / "logs/casting/synthetic/casting_x_population_death.log").exists():
        sys.exit("there is no finished run here; make results first")
    given.out.mkdir(parents=True, exist_ok=True)
    (given.out / "machine.txt").write_text(f"{machine()}\n", encoding="utf-8")
    bench, kept = Bench(given.out, given.repeats, given.at_most), []
    with tempfile.TemporaryDirectory(dir=given.folder) as folder:
        for rows in given.sizes:
            for study in STUDIES:
                place = Path(folder) / study
                place.mkdir()
                bench.study(study, rows, place)
                if study == "casting" and rows >= 10**6:
                    kept.append((place / "cohort.parquet").rename(Path(folder) / f"casting_{rows}.parquet"))
                shutil.rmtree(place)
        plot(given.out / "results.csv", given.out / "results.svg")
        engines(kept, given.out)
    report(given.out, given.out / "README.md")


if __name__ == "__main__":
    main()
