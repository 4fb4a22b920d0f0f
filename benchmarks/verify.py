"""How long the heaviest steps of the verification take: exact tests of 5 x 3 tables and a regression certificate.

Run it with `OMP_NUM_THREADS=1 .venv/bin/python benchmarks/verify.py`. It prints a table, times what is computed and
judges nothing; what comes out is tested elsewhere. The numbers are read from the published record of the studies.
"""

from __future__ import annotations

import argparse
import csv
import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from replicalc.stats.contingency import exact_pearson, fisher_freeman_halton
from replicalc.verify.certificate import Term, logistic

STUDIES = Path(__file__).resolve().parents[1] / "config" / "studies"
#: Row totals as unlike and as like as can be: the more even the margins, the more tables there are.
MARGINS = {
    "even margins": ((26, 26, 25, 25, 25), (43, 42, 42)),
    "two large columns": ((26, 26, 25, 25, 25), (60, 60, 7)),
    "no two margins alike": ((33, 29, 25, 22, 18), (51, 42, 34)),
    "two large rows": ((50, 46, 16, 9, 6), (56, 49, 22)),
}
#: How much of the rows' first categories is moved, so that P is large, medium and small.
TILT = {"P large": 0.0, "P medium": 0.35, "P small": 0.8, "P tiny": 1.3}


def published(study: str) -> dict[str, str]:
    """The printed numbers of a study by claim, without the prefix of the study."""
    with open(STUDIES / study / "claims.csv", newline="", encoding="utf-8") as file:
        return {row["claim_id"].partition(".")[2]: row["reported"] for row in csv.DictReader(file)}


def miller_payne() -> list[list[int]]:
    """Table 4 of nat_residual: Miller-Payne grade by change of the calcification's extent."""
    claims = published("nat_residual")
    return [[int(claims[f"t4.mp.{i}.{j}.n"]) for j in ("nochange", "decrease", "increase")] for i in range(1, 6)]


def doppler_terms() -> tuple[list[Term], int, int]:
    """The printed ratios of doppler with their limits, the patients and the deaths."""
    claims = published("doppler")
    names = [name.split(".")[1] for name in claims if name.startswith("or.") and name.endswith(".or")]
    terms = [Term(name, *(claims[f"or.{name}.{part}"] for part in ("or", "ci_lo", "ci_hi"))) for name in names]
    return terms, int(claims["n_total"]), int(claims["n_poor"])


def table_of(rows: Sequence[int], columns: Sequence[int], tilt: float) -> np.ndarray:
    """Whole numbers with these margins, near the expected counts of a trend: upper rows more to the left."""
    place = np.linspace(-1, 1, len(rows))[:, None] * np.linspace(-1, 1, len(columns))
    share = np.exp(2 * tilt * place) * np.array(columns)
    for _ in range(200):  # iterative proportional fitting
        share *= np.array(rows)[:, None] / share.sum(1, keepdims=True)
        share *= np.array(columns) / share.sum(0)
    table, rest = np.floor(share).astype(int), share - np.floor(share)
    while (missing := np.array(rows) - table.sum(1)).any():
        open_cells = np.where((missing[:, None] > 0) & (np.array(columns) - table.sum(0) > 0), rest, -1)
        i, j = np.unravel_index(np.argmax(open_cells), table.shape)
        table[i, j] += 1
        rest[i, j] -= 1
    return table


def seconds(work: Callable[[], object], repeats: int) -> tuple[object, str]:
    """What comes out, and its times as cells of the table: median and longest by the clock, least of the processor."""
    clock, processor = [], []
    for _ in range(repeats):
        started, used = time.perf_counter(), time.process_time()
        found = work()
        clock.append(time.perf_counter() - started)
        processor.append(time.process_time() - used)
    return found, f"{statistics.median(clock):.2f} | {max(clock):.2f} | {min(processor):.2f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=3, help="how often each is timed (default 3)")
    repeats = parser.parse_args().repeats
    exact_pearson([[1, 2], [2, 1]])  # loads scipy once, outside the times
    print("| what | result | median (s) | longest (s) | processor (s) |\n| --- | --- | ---: | ---: | ---: |")
    tables = {"Miller-Payne by change of extent": np.array(miller_payne())}
    for name, margins in MARGINS.items():
        tables |= {f"{name}, {told}": table_of(*margins, tilt) for told, tilt in TILT.items()}
    for name, table in tables.items():
        for test in (fisher_freeman_halton, exact_pearson):
            found, times = seconds(lambda test=test, table=table: test(table), repeats)
            shape = f"{table.shape[0]} x {table.shape[1]}, n = {table.sum()}"
            told = f"P = {found.p:.4g}" + (f" ({found.warning})" if found.p != found.p else "")
            print(f"| {test.__name__}, {shape}: {name} | {told} | {times} |", flush=True)
    terms, n, events = doppler_terms()
    for repairs in (False, True):
        found, times = seconds(lambda on=repairs: logistic(terms, n, events, repairs=on), repeats)
        told = f"{found.verdict}, inflation {found.inflation:.3f}, {len(found.pieces)} pieces"
        what = f"certificate of {len(terms)} ratios, {'with' if repairs else 'without'} repairs"
        print(f"| {what} | {told} | {times} |", flush=True)


if __name__ == "__main__":
    main()
