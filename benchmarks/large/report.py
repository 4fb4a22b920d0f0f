"""Write README.md from results.csv, engines.csv and machine.txt: every figure in it comes from these."""

from __future__ import annotations

import csv
import itertools
from pathlib import Path

STEPS = ("map", "validate", "derive", "select")
#: The sizes that a whole run measures.
SIZES = (10**4, 10**5, 10**6, 10**7)
#: What is aimed at for each result from the export on, at the largest size.
MOST_SECONDS, MOST_MB = 60, 4000


def report(folder: Path, out: Path) -> None:
    """Write the page beside the tables that it tells of."""
    rows = _read(folder / "results.csv")
    sizes = sorted({int(row["rows"]) for row in rows})
    parts = [_head(folder, rows), _goal(rows, sizes), _steps(rows, sizes), _results(rows, sizes), _beside(rows, sizes)]
    if (folder / "engines.csv").exists():
        parts.append(_engines(_read(folder / "engines.csv")))
    out.write_text("\n\n".join(parts) + "\n", encoding="utf-8")


def _read(path: Path) -> list[dict]:
    with path.open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


def _head(folder: Path, rows: list[dict]) -> str:
    repeats = {}
    for row in rows:
        if row["repeats"]:
            repeats[int(row["rows"])] = row["repeats"]
    told = ", ".join(f"{repeats[size]} at {_rows(size)}" for size in sorted(repeats))
    # A run that was stopped has fewer figures at some sizes; the page says so.
    figures = {size: sum(int(row["rows"]) == size for row in rows) for size in SIZES}
    part = [f"{figures[size]} of {max(figures.values())} at {_rows(size)}" for size in SIZES]
    unfinished = "" if len(set(figures.values())) == 1 else f" Not all is measured: {', '.join(part)} rows."
    return f"""# Large cohorts: from the export to each result

Made by `python -m benchmarks.large.run` after `make results` (part of `make bench`), this page too; figures of one
machine on one day.
Machine: {(folder / "machine.txt").read_text(encoding="utf-8").strip()}.
Repeats: {told} rows; medians, and the least and the most seconds in
[results.csv](results.csv). Where the machine had other work, seconds by the clock are more than seconds of processor
time (in brackets).{unfinished}

The exports are the synthetic patients of three studies many times over, as Parquet with every cell as text and the rows
in random order within groups: `casting` 13 columns, `nat_residual` 43, `us_mri` 21. Each step and each result is a
process of its own, imports included. Copies have few different texts; an export with as many different texts as rows in
many columns takes longer.

![Seconds and memory by rows](results.svg)"""


def _goal(rows: list[dict], sizes: list[int]) -> str:
    most = sizes[-1]
    lines = [
        f"## From the export to a result, {_rows(most)} rows",
        f"The four steps and the result together, against {MOST_SECONDS} s and {MOST_MB} MB.",
        "",
        "| result | study | seconds | of processor time | peak, MB | within |",
        "| --- | --- | ---: | ---: | ---: | --- |",
    ]
    for row in rows:
        steps = [each for each in rows if _is_step(each, row["study"], most)]
        if row["what"] != "result" or int(row["rows"]) != most or len(steps) < len(STEPS):
            continue
        together = [*steps, row]
        seconds, cpu = (sum(float(each[name]) for each in together) for name in ("seconds", "cpu_seconds"))
        peak = max(float(each["peak_mb"]) for each in together)
        within = [told for told, holds in (("s", seconds <= MOST_SECONDS), ("MB", peak <= MOST_MB)) if holds]
        told = (
            row["name"],
            row["study"],
            f"{seconds:.0f}",
            f"{cpu:.0f}",
            f"{peak:.0f}",
            ", ".join(within) or "neither",
        )
        lines.append(f"| {' | '.join(told)} |")
    return "\n".join(lines)


def _is_step(row: dict, study: str, size: int) -> bool:
    return row["what"] == "step" and row["name"] in STEPS and row["study"] == study and int(row["rows"]) == size


def _table(rows: list[dict], sizes: list[int], what: str, first: tuple[str, ...]) -> list[str]:
    """One line for each of ``first``, one column for each size: seconds, of processor time in brackets, peak memory."""
    lines = [
        f"| {' | '.join(first)} | {' | '.join(map(_rows, sizes))} |",
        f"|{' --- |' * len(first)}{' ---: |' * len(sizes)}",
    ]
    found: dict[tuple, dict[int, dict]] = {}
    for row in rows:
        if row["what"] == what:
            found.setdefault(tuple(row[name] for name in first), {})[int(row["rows"])] = row
    for key, by_size in found.items():
        cells = [_cell(by_size.get(size)) for size in sizes]
        lines.append(f"| {' | '.join(key)} | {' | '.join(cells)} |")
    return lines


def _cell(row: dict | None) -> str:
    if row is None:
        return ""
    if not row["seconds"]:
        return "did not fit"
    return f"{float(row['seconds']):.1f} s ({float(row['cpu_seconds']):.1f}), {row['peak_mb']} MB"


def _steps(rows: list[dict], sizes: list[int]) -> str:
    lines = _table(rows, sizes, "step", ("study", "name"))
    growth = []
    for study in dict.fromkeys(row["study"] for row in rows):
        cpu = {}
        for size in sizes:
            steps = [float(row["cpu_seconds"]) for row in rows if _is_step(row, study, size)]
            if len(steps) == len(STEPS):
                cpu[size] = sum(steps)
        pairs = list(itertools.pairwise(sorted(cpu)))
        told = ", ".join(f"{cpu[b] / cpu[a]:.1f} from {_rows(a)} to {_rows(b)}" for a, b in pairs)
        growth += [f"{study}: {told}."] if told else []
    told = "How many times the processor time of the four steps, from one size to the next (linear: 10). " + " ".join(
        growth
    )
    return "\n".join(["## Steps: from the export to the analysis file", "", *lines, "", told])


def _results(rows: list[dict], sizes: list[int]) -> str:
    return "\n".join(["## Results, from the analysis file", "", *_table(rows, sizes, "result", ("name", "study"))])


def _beside(rows: list[dict], sizes: list[int]) -> str:
    most = max((float(row["difference"]) for row in rows if row["difference"]), default=0.0)
    told = (
        "A table with Pearson's test and the logistic model of `casting_x_population_death`, from the analysis file, "
        "by us (rows grouped by DuckDB), by pandas and statsmodels on rows, and by R (`table`, `chisq.test`, `glm`; it "
        "reads the columns that it needs as CSV). The statistics and odds ratios differ from ours by at most "
        f"{most:.0e} of their size."
    )
    return "\n".join(["## The same by others", "", told, "", *_table(rows, sizes, "beside", ("name", "engine"))])


def _engines(rows: list[dict]) -> str:
    lines = ["| file | grouping | engine | seconds | peak, MB | groups |", "| --- | --- | --- | ---: | ---: | ---: |"]
    lines += [f"| {' | '.join(row.values())} |" for row in rows]
    told = (
        "Grouping alone, as results need it, in processes of their own (two threads each): DuckDB, which the product "
        "uses, beside Polars, streaming. DuckDB has a stated memory limit (2 GB) and puts what exceeds it on disk."
    )
    return "\n".join(["## DuckDB or Polars", "", told, "", *lines])


def _rows(n: int) -> str:
    power = len(str(n)) - 1
    return f"10^{power}" if n == 10**power else f"{n:,}"
