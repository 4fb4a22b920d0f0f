"""Measure what reading a cohort file of a million rows takes: seconds and memory, by kind of file.

Run ``python -m benchmarks.read_cohort [rows]`` from the project's folder; it prints a table in Markdown. The patients
are made up: identifiers with leading zeros, codes, sizes with one decimal, dates, gaps. Every file is read in a process
of its own, so that its peak memory is its own.
"""

from __future__ import annotations

import csv
import json
import subprocess
import sys
import tempfile
from pathlib import Path

COLUMNS, SEED = 20, 1
CHILD = """
import json, re, sys, time
from pathlib import Path
from replicalc.cohort.source import read_table
def most():  # the peak that getrusage gives is that of the parent, where this process has less
    return int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1])
before = most()
started = time.process_time()
table = read_table(Path(sys.argv[1]), {"file": "x"})
seconds = time.process_time() - started
print(json.dumps([len(table), len(table[0]) - 1, seconds, (most() - before) / 1024]))
"""


def rows_of(n: int):
    """Make ``n`` rows of text, the header first; the same ones each time."""
    import numpy as np

    yield ["ID", *(f"{('code', 'size', 'date')[place % 3]}{place}" for place in range(1, COLUMNS))]
    draw = np.random.default_rng(SEED)
    done = 0
    while done < n:
        part = min(50_000, n - done)
        whole = draw.integers(0, 3000, (part, COLUMNS)).tolist()
        for number, values in enumerate(whole, start=done):
            cells = [f"{number:08d}"]
            for place, value in enumerate(values[1:], start=1):
                kind = place % 3
                text = (
                    str(value % 5)
                    if kind == 0
                    else f"{value / 10}"
                    if kind == 1
                    else f"{1 + value % 28:02d}.0{1 + value % 9}.20{10 + value % 15}"
                )
                cells.append("" if value % 17 == 0 else text)
            yield cells
        done += part


def write_files(folder: Path, n: int) -> list[Path]:
    """Write the same table as CSV and Parquet, and its beginning as a workbook, which has fewer rows than a million."""
    import pandas as pd
    import xlsxwriter

    text = folder / "export.csv"
    with text.open("w", newline="", encoding="utf-8") as handle:
        csv.writer(handle, lineterminator="\n").writerows(rows_of(n))
    parquet = folder / "export.parquet"
    pd.read_csv(text, dtype=str, keep_default_na=False).to_parquet(parquet)
    book = folder / "export.xlsx"
    with xlsxwriter.Workbook(str(book), {"constant_memory": True, "strings_to_numbers": False}) as made:
        sheet = made.add_worksheet()
        for number, cells in enumerate(rows_of(n // 10)):
            sheet.write_row(number, 0, cells)
    return [text, parquet, book]


def main(n: int) -> None:
    print("| file | MB | rows | columns | seconds of one core | memory (MB) |")
    print("| --- | ---: | ---: | ---: | ---: | ---: |")
    with tempfile.TemporaryDirectory() as folder:
        for path in write_files(Path(folder), n):
            told = subprocess.run([sys.executable, "-c", CHILD, str(path)], capture_output=True, text=True, check=True)
            rows, columns, seconds, memory = json.loads(told.stdout)
            size = path.stat().st_size / 1e6
            print(f"| {path.suffix} | {size:.0f} | {rows} | {columns} | {seconds:.1f} | {memory:.0f} |")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
