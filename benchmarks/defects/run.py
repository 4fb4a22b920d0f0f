"""What the verification engine makes of papers that are right, and of papers with one defect.

python -m benchmarks.defects.run [--papers 1000] [--defects 200] [--models 1000] [--quick] [--seed 1] [--processes 2]

Clean papers: a claim with the verdict impossible or rounding is a false alarm, and unstated_method is one where the
paper names the method that was used. Defects: each class is put into the first papers, the part concerned alone; a
defect counts as found if a claim has such a verdict that it does not have in the clean paper. The same seed gives the
same papers and defects on any number of processes. Prints one table; a whole run also writes results.csv and README.md.
"""

from __future__ import annotations

import argparse
import csv
import signal
import sys
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import NamedTuple

import numpy as np
from benchmarks.defects import defects
from benchmarks.defects.paper import Paper
from benchmarks.defects.papers import paper

HERE = Path(__file__).resolve().parent
ALARMS = ("impossible", "rounding", "unstated_method")
#: How a claim is told by its place, where the part holds more than one relation.
KINDS = {
    "size_again": "repeats",
    "alone_rows": "shares",
    "alone_events": "shares",
    "pair_crude": "two_groups",
}
ABOUT = """# Seeded defects

Made by `python -m benchmarks.defects.run`. Papers are computed from simulated patients by scipy, statsmodels and
published formulas, printed with several rounding habits, and given to the verification engine: as they are, and with
one defect.

*Detectable*: no numbers at all can stand behind the changed print. This is decided without the engine (`possible.py`,
`possible_model.py`): by exhaustion of the counts, tables, splits or sums, for each printed number by half-up, half-
even or truncation. *Possible*: a change that leaves numbers that print so, which nobody can find from the paper. *Not
decided*: no test or method is named and none that was tried fits, or the answer lies within the precision of the
convex program. A "found" among the possible is no false alarm as such: the print is possible only if its numbers are
rounded by different habits, or by another reading.
"""
COLUMNS = ("what", "class", "n", "detectable", "not_detectable", "not_decided", "found", "share", "lo", "hi")
EXTRA = ("found_not_detectable", "found_not_decided", "failed")


def kind_of(made: Paper, place: str) -> str:
    """The relation that a claim is judged by: its part's, but for sentences, repeats and the rows of a model."""
    head = place.partition(".")[0]
    if head in KINDS:
        return KINDS[head]
    if head.endswith(("_said", "_more")):
        return "statement"
    if head.endswith("_again"):
        return "repeats"
    return next(part.kind for part in made.parts if part.name == head)


def alarms(made: Paper) -> dict[str, str]:
    """Place and verdict of every claim that the engine objects to.

    A method that had to be found, since the paper names none, is no objection; that none gives the number is one.

    Raises RuntimeError if a claim has no verdict, or two.
    """
    from replicalc.verify.engine import verify

    rows = {row.claim_id: row for row in verify(made.about, made.claims).rows}
    if sorted(rows) != sorted(claim.claim_id for claim in made.claims):
        raise RuntimeError("not every claim has exactly one verdict")
    unnamed = {c.claim_id for part in made.parts if part.truth.get("named") is False for c in part.claims}
    return {
        name.partition(".")[2]: row.verdict
        for name, row in rows.items()
        if row.verdict in ALARMS and not (row.verdict == "unstated_method" and row.solutions != "0" and name in unnamed)
    }


class TooLong(Exception):
    """The engine took longer than the benchmark waits."""


def limited(made: Paper, seconds: int) -> dict[str, str]:
    """``alarms``, given up after so many seconds (0: never)."""

    def stop(*_) -> None:
        raise TooLong(f"more than {seconds} s")

    signal.signal(signal.SIGALRM, stop)
    signal.alarm(seconds)
    try:
        return alarms(made)
    finally:
        signal.alarm(0)


class Task(NamedTuple):
    """One paper: its number, and what is done with it. classes: only those whose name holds this text."""

    seed: int
    k: int
    clean: bool
    injected: bool
    model: bool
    seconds: int
    classes: str


def one_paper(task: Task) -> tuple[Counter, list[str]]:
    """Counts of one paper, and a line for each thing that went wrong."""
    seed, k, clean, injected, model, seconds, classes = task
    made, counts, lines = paper(seed, k, model=model), Counter(), []
    if clean:
        try:
            found = limited(made, seconds)
        except Exception as error:  # one paper that fails must not end the benchmark; it is counted and told
            counts["clean", "whole paper", "failed"] += 1
            lines.append(f"paper {k}: {type(error).__name__}: {error}")
        else:
            counts["clean", "whole paper", "n"] += 1
            counts["clean", "whole paper", "found"] += bool(found)
            for place in made.texts:
                kind = kind_of(made, place)
                counts["clean", kind, "n"] += 1
                counts["clean", kind, "found"] += place in found
            lines += [f"paper {k}: {place} {made.texts[place]}: {verdict}" for place, verdict in found.items()]
    quiet: dict[str, dict[str, str]] = {}
    for i, name in enumerate(defects.CLASSES if injected else ()):
        if classes not in name:
            continue
        pair = defects.inject(made, name, np.random.default_rng([seed, k, i + 1]))
        if pair is None:
            continue
        before, defect = pair
        key = {True: "detectable", False: "not_detectable", None: "not_decided"}[defect.detectable]
        counts["defect", name, "n"] += 1
        counts["defect", name, key] += 1
        part = before.parts[-1].name
        try:
            if part not in quiet:
                quiet[part] = limited(before, seconds)
            found = set(limited(defect.paper, seconds)) - set(quiet[part])
        except Exception as error:
            counts["defect", name, "failed"] += 1
            lines.append(f"paper {k}, {name}: {type(error).__name__}: {error}")
            found = set()
        suffix = "" if key == "detectable" else f"_{key}"
        counts["defect", name, f"found{suffix}"] += bool(found)
        if bool(found) != bool(defect.detectable) and defect.detectable is not None:
            lines.append(
                f"paper {k}, {name}, {key}, {'found' if found else 'missed'}: {defect.changed or defect.relation}"
            )
    return counts, lines


def rows_of(counts: Counter) -> list[dict[str, object]]:
    """The table: false alarms by kind of relation, then each class of defects."""
    from replicalc.stats.proportion import interval

    kinds = sorted({kind for what, kind, _ in counts if what == "clean"} - {"whole paper"})
    rows = []
    for what, names in (("clean", ["whole paper", *kinds]), ("defect", [*defects.CLASSES])):
        for name in names:
            row: dict[str, object] = {"what": what, "class": name}
            row |= {c: counts[what, name, c] for c in (*COLUMNS[2:7], *EXTRA)}
            of = counts[what, name, "n" if what == "clean" else "detectable"]
            limits = interval(counts[what, name, "found"], of, "Wilson", 0.95)
            row["share"] = f"{counts[what, name, 'found'] / of:.4f}" if of else ""
            row |= {"lo": f"{limits.lo:.4f}", "hi": f"{limits.hi:.4f}"} if of else {"lo": "", "hi": ""}
            rows.append(row)
    total = {c: sum(int(r[c]) for r in rows if r["what"] == "defect") for c in (*COLUMNS[2:7], *EXTRA)}
    of = total["detectable"]
    limits = interval(total["found"], of, "Wilson", 0.95)
    share = {"share": f"{total['found'] / of:.4f}", "lo": f"{limits.lo:.4f}", "hi": f"{limits.hi:.4f}"} if of else {}
    return [*rows, {"what": "defect", "class": "all classes", "share": "", "lo": "", "hi": "", **total, **share}]


def table(rows: list[dict[str, object]]) -> str:
    """The rows as Markdown."""

    def percent(row: dict[str, object]) -> str:
        shown = [f"{100 * float(str(row[c])):.1f}" for c in ("share", "lo", "hi")] if row["share"] else []
        return f"{shown[0]} ({shown[1]} to {shown[2]})" if shown else "none detectable"

    done = {what: [r for r in rows if r["what"] == what and r["n"]] for what in ("clean", "defect")}
    lines = [
        "| clean papers: kind of relation | claims | false alarms | % (95 % interval) |",
        "| --- | ---: | ---: | ---: |",
    ]
    lines += [f"| {r['class']} | {r['n']} | {r['found']} | {percent(r)} |" for r in done["clean"]]
    lines += [
        "",
        "| defect | injected | detectable | found | recall, % (95 % interval) | possible: found | not decided: found |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    lines += [
        f"| {r['class']} | {r['n']} | {r['detectable']} | {r['found']} | {percent(r)} "
        f"| {r['not_detectable']}: {r['found_not_detectable']} | {r['not_decided']}: {r['found_not_decided']} |"
        for r in done["defect"]
    ]
    return "\n".join(lines)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--papers", type=int, default=1000, help="clean papers")
    arguments.add_argument("--defects", type=int, default=200, help="papers into which each class of defects is put")
    arguments.add_argument("--models", type=int, default=1000, help="papers that have a multivariable model")
    arguments.add_argument("--quick", action="store_true", help="60 papers, 20 also with defects; writes no file")
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--processes", type=int, default=2)
    arguments.add_argument("--first", type=int, default=0, help="number of the first paper")
    arguments.add_argument("--seconds", type=int, default=0, help="give up a paper after so many; counted as failed")
    arguments.add_argument("--classes", default="", help="only the classes of defects whose name holds this text")
    given = arguments.parse_args()
    papers, injected, models = (60, 20, 60) if given.quick else (given.papers, given.defects, given.models)
    numbers = range(given.first, given.first + max(papers, injected))
    wanted = (given.seconds, given.classes)
    tasks = [Task(given.seed, k, i < papers, i < injected, i < models, *wanted) for i, k in enumerate(numbers)]
    counts: Counter = Counter()
    started = time.perf_counter()
    with ProcessPoolExecutor(given.processes) as pool:
        for done, (found, lines) in enumerate(pool.map(one_paper, tasks), start=1):
            counts.update(found)
            print(*lines, sep="\n", end="\n" if lines else "", file=sys.stderr, flush=True)
            if done % 10 == 0:
                print(f"{done} of {len(tasks)} papers", file=sys.stderr, flush=True)
    rows = rows_of(counts)
    failed = sum(int(str(row["failed"])) for row in rows[:-1])
    size = f"{papers} clean papers, defects in {injected}, seed {given.seed}"
    told = f"{table(rows)}\n\n{size}; {failed} failed."
    print(f"{told} {time.perf_counter() - started:.0f} s.")
    if not (given.quick or given.classes or given.first):
        write(rows, told)


def write(rows: list[dict[str, object]], told: str) -> None:
    """results.csv, and the table with what it says in README.md."""
    with (HERE / "results.csv").open("w", encoding="utf-8", newline="") as handle:
        writer = csv.DictWriter(handle, [*COLUMNS, *EXTRA], lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    (HERE / "README.md").write_text(f"{ABOUT}\n{told}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
