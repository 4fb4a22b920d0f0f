"""What a change costs: one parameter of one rule, one value of one patient, in a finished run of everything.

After each change `snakemake --cores 2` runs, and then one process does the very jobs that ran: that is the work
itself, imports of libraries included, and the rest is the price of the workflow. Writes changes.csv and changes.md in
benchmarks/small_cohorts; nothing here is a test.
"""

from __future__ import annotations

import argparse
import csv
import statistics
import sys
import tempfile
import time
from pathlib import Path

if __name__ == "__main__":  # as a file, not as a module of the package
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from benchmarks.measure import copy_project, load, machine, snakemake, spread, warm, write_rows
from benchmarks.run import OUT, RUN, in_one_process, jobs_of

#: One value of one patient: the size of the first patient's residual tumour, one millimetre more each time.
ROW = ("results/nat_residual/synthetic/raw/export.csv", "Invasive size (mm)")
#: One parameter of one rule, there and back.
PARAM = ("workflow/rules/nat_residual.smk", "nat_residual_t2_subtype_pcr", ('test="pearson"', 'test="fisher"'))


def change_row(folder: Path, number: int) -> None:
    path, column = folder / ROW[0], ROW[1]
    with path.open(encoding="utf-8", newline="") as file:
        header, *patients = csv.reader(file)
    place = header.index(column)
    first = next(patient for patient in patients if patient[place] not in ("", "0"))
    for patient in patients:  # an export repeats some rows
        if patient[0] == first[0]:
            patient[place] = str(int(patient[place]) + 1)
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([header, *patients])


def change_param(folder: Path, number: int) -> None:
    name, rule, tests = PARAM
    old, new = tests[:: 1 if number % 2 else -1]
    path = folder / name
    before, found, after = path.read_text(encoding="utf-8").partition(f" as {rule} with:")
    if not found or old not in after:
        sys.exit(f"{name}: no rule '{rule}' with {old}")
    path.write_text(before + found + after.replace(old, new, 1), encoding="utf-8")


def nothing(folder: Path, number: int) -> None:
    """Change nothing."""


CHANGES = {"nothing": nothing, "one parameter of one rule": change_param, "one value of one patient": change_row}


def once(folder: Path, what: str, number: int) -> dict:
    """Change something, run it, and do the same jobs again in one process."""
    CHANGES[what](folder, number)
    started = time.time()
    run = snakemake(folder, *RUN)
    jobs = len(jobs_of(folder, since=started))
    own = in_one_process(folder, since=started) if jobs else None
    return {
        "change": what,
        "repeat": number,
        "jobs": jobs,
        "seconds": run.seconds,
        "cpu": run.cpu,
        "own seconds": own.seconds if own else 0.0,
        "own cpu": own.cpu if own else 0.0,
        "load": load(),
    }


def page(rows: list[dict]) -> str:
    loads = [row["load"] for row in rows]
    lines, price = [], {}
    for what in CHANGES:
        mine = [row for row in rows if row["change"] == what]
        figures = [[row[key] for row in mine] for key in ("seconds", "cpu", "own seconds", "own cpu")]
        beside = [[a - b for a, b in zip(figures[n], figures[n + 2], strict=True)] for n in range(2)]
        price[what] = statistics.median(beside[1]), mine[0]["jobs"]
        lines.append(f"| {what} | {mine[0]['jobs']} | " + " | ".join(map(spread, figures + beside)) + " |")
    table = "\n".join(lines)
    (few, few_jobs), (many, many_jobs) = (price[what] for what in list(CHANGES)[1:])
    further = (many - few) / (many_jobs - few_jobs) * 1000
    return f"""\
# What a change costs

Made by `python benchmarks/changes.py`. {machine("snakemake", "pandas")}.
{rows[-1]["repeat"]} repeats, median (least to most); load of the machine {min(loads):.1f} to {max(loads):.1f}, for
others worked on it, so processor time says more than the clock. In a finished run of all studies (synthetic cohorts,
report) something is changed, `snakemake --cores 2` runs, and one process of its own does the same jobs again, start of
Python and imports of libraries included. Aim: 3 s beside the work itself.

| change | jobs that ran | s | processor | the same in one process: s | processor | beside it: s | processor |
| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |
{table}

Beside the work there is the start of Snakemake with its plan, as with nothing changed, and from {few_jobs} to
{many_jobs} jobs {further:.0f} ms of processor time for each further one: its bookkeeping, with the hashes of inputs.

The parameter: `{PARAM[2][0]}` and `{PARAM[2][1]}` in turn, in `{PARAM[1]}`. The value: '{ROW[1]}' of one patient of
`nat_residual`, on which everything of that study depends, and the tables and the report of all studies.
"""


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--repeats", type=int, default=5)
    given = arguments.parse_args()
    rows = []
    with tempfile.TemporaryDirectory() as parent:
        folder = copy_project(Path(parent) / "project")
        warm(folder)
        snakemake(folder, *RUN)
        for number in range(1, given.repeats + 1):
            for what in CHANGES:
                rows.append(once(folder, what, number))
                print(rows[-1], flush=True)
    write_rows(OUT / "changes.csv", rows)
    (OUT / "changes.md").write_text(page(rows), encoding="utf-8")


if __name__ == "__main__":
    main()
