"""DuckDB beside Polars: the grouping that a large cohort needs, in a process of its own each; figures, never a test.

    uv run --with polars python -m benchmarks.large.engines cohort.parquet [more.parquet ...]

Prints, for each file and engine, seconds (imports included), peak memory and how many groups there are; the files are
what ``benchmarks.large.results --cohorts`` leaves of the study casting. Polars is no part of the product.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time

#: What results of the study casting group by: few categories, a model, and a time in days.
NEEDS = {
    "table": ["tumour_feature", "vital_status"],
    "model": ["vital_status", "grade", "tumour_size_class", "lymph_node_metastasis", "casting_group"],
    "survival": ["follow_up_days", "vital_status", "tumour_feature", "tumour_size_class", "primary_study"],
}


def duckdb(path: str, names: list[str]) -> int:
    from replicalc.cohort.grouped import grouped

    return len(grouped(path, names, of_patients=False))


def polars(path: str, names: list[str]) -> int:
    import polars as pl

    rows = pl.scan_parquet(path).group_by(names).len().sort(names)
    return len(rows.collect(engine="streaming").to_pandas())


def main() -> None:
    if sys.argv[1] == "--one":
        started = time.perf_counter()
        n = {"duckdb": duckdb, "polars": polars}[sys.argv[2]](sys.argv[3], NEEDS[sys.argv[4]])
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        print(json.dumps([round(time.perf_counter() - started, 2), memory, n]))
        return
    print("file,grouping,engine,seconds,peak_mb,groups")
    for path in sys.argv[1:]:
        for need in NEEDS:
            for engine in ("duckdb", "polars"):
                command = [sys.executable, "-m", "benchmarks.large.engines", "--one", engine, path, need]
                environment = {**os.environ, "POLARS_MAX_THREADS": "2"}
                done = subprocess.run(command, capture_output=True, text=True, env=environment)
                if done.returncode:
                    sys.exit(f"{engine} on {path} failed:\n{done.stderr}")
                print(os.path.basename(path), need, engine, *json.loads(done.stdout), sep=",", flush=True)


if __name__ == "__main__":
    main()
