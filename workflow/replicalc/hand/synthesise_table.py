"""``replicalc synthesise --table``: patients from printed numbers, or the rows that contradict each other."""

from __future__ import annotations

import argparse
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from replicalc.errors import ReplicalcError
from replicalc.hand.answer import Answer, listed
from replicalc.hand.arguments import given

SEED = 1
#: Seconds of search after which a line says that it goes on.
PATIENCE = 10.0
METHOD = (
    "tables of categories as an integer programme (CP-SAT), measurements by random search and CP-SAT; every number "
    "computed from the patients again"
)


def from_table(arguments: argparse.Namespace) -> Answer:
    """Answer ``--table``. Writes the patients and, beside them, what was assumed, if --out is given."""
    seed = SEED if arguments.seed is None else arguments.seed
    out = _out(arguments)

    from replicalc.cohort.synthesise.margin_patients import make_patients
    from replicalc.cohort.synthesise.margin_tables import Conflict
    from replicalc.cohort.synthesise.margins import read_margins

    margins = read_margins(arguments.table)
    try:
        with _told_if_long():
            made = make_patients(margins, seed)
    except Conflict as conflict:
        return _refused(arguments, seed, conflict)
    written = []
    if out is not None and (not made.missed or arguments.anyway):
        written = _write(made, out)
    return _made(arguments, seed, made, written)


@contextmanager
def _told_if_long(seconds: float = PATIENCE) -> Iterator[None]:
    """Say on stderr that the search goes on, should it take longer than ``seconds``."""
    told = "still searching; tables with many means and SDs, or with a contradiction among them, can take minutes"
    timer = threading.Timer(seconds, lambda: print(told, file=sys.stderr, flush=True))
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _out(arguments: argparse.Namespace) -> Path | None:
    if arguments.out is None:
        return None
    out = Path(arguments.out)
    if out.suffix.lower() != ".csv" or "\0" in arguments.out:
        raise ReplicalcError(f"--out: of a table a file that ends in .csv is needed, not '{arguments.out}'")
    try:
        for path in (out, _beside(out)):
            if path.is_dir():
                raise ReplicalcError(f"--out: {path} is a folder")
            if path.exists() and os.path.exists(arguments.table) and path.samefile(arguments.table):
                raise ReplicalcError(f"--out: {path} is the table itself; name another file")
            if path.exists() and not arguments.force:
                raise ReplicalcError(
                    f"--out: {path} is there already; name another file, or write over it with --force"
                )
        # Told before the search, which may take a while.
        there = next(folder for folder in out.absolute().parents if folder.exists())
        if not there.is_dir() or not os.access(there, os.W_OK):
            raise ReplicalcError(f"--out: {out} cannot be written, {there} is no folder that one may write to")
    except OSError as error:
        raise ReplicalcError(f"--out: {arguments.out} cannot be written: {error.strerror or error}") from None
    return out


def _beside(out: Path) -> Path:
    return out.with_name(f"{out.stem}.assumptions.csv")


def _write(made, out: Path) -> list[Path]:
    from replicalc.cohort.synthesise.assumptions import COLUMNS
    from replicalc.job import write_text
    from replicalc.table import to_csv

    width = max(4, len(str(made.n)))
    ids = [f"SYN-{i:0{width}d}" for i in range(1, made.n + 1)]
    rows = [list(row) for row in zip(ids, *made.columns.values(), strict=True)]
    missed = [
        [
            each.row.variable,
            f"{each.row.name} does not come out",
            f"the search came to {each.value:.6g}",
            "random search",
        ]
        for each in made.missed
    ]
    try:
        write_text(out, to_csv(rows, ["patient_id", *made.columns]))
        write_text(_beside(out), to_csv([*map(list, made.assumptions), *missed], COLUMNS))
    except OSError as error:
        raise ReplicalcError(f"{out} cannot be written: {error.strerror or error}") from None
    return [out, _beside(out)]


def _made(arguments: argparse.Namespace, seed: int, made, written: list[Path]) -> Answer:
    checks = [
        {
            "line": c.row.line,
            "group": c.row.group,
            "variable": c.row.variable,
            "stat": c.row.stat,
            "printed": c.row.text,
            "computed": round(c.value, 6),
            "prints": c.prints,
        }
        for c in made.checks
    ]
    solution = {"patients": made.n, "variables": len(made.columns)}
    if written:
        solution |= {"file": str(written[0]), "assumptions": str(written[1])}
    notes = [] if written else ["nothing was written" + ("" if arguments.out else "; --out names a file")]
    missed = made.missed
    if not missed:
        return Answer(
            arguments.name,
            given(arguments) | {"seed": seed},
            "exact",
            METHOD,
            f"all {len(checks)} printed numbers come out of {made.n} patients; these are one set of many",
            f"There are patients from whom all {len(checks)} printed numbers come out ({made.n} were made with seed "
            f"{seed}); they are synthetic and no evidence about patients.",
            [solution],
            checks,
            notes=notes,
        )
    told = [f"{c.row.name} comes to {c.value:.6g}" for c in missed]
    if arguments.out and not written:
        notes = ["nothing was written; --anyway writes the patients with what was not reached"]
    return Answer(
        arguments.name,
        given(arguments) | {"seed": seed},
        "underdetermined",
        METHOD,
        f"{len(checks) - len(missed)} of {len(checks)} printed numbers come out of {made.n} patients; "
        + "; ".join(told),
        f"Patients from whom all {len(checks)} printed numbers come out were not found, nor a proof that there are "
        f"none; not reached: {listed([c.row.name for c in missed])}.",
        [solution] if written else [],
        checks,
        notes=notes,
        says="not every number was reached, and nothing proves that it cannot be",
        exit_code=1,
    )


def _refused(arguments: argparse.Namespace, seed: int, conflict) -> Answer:
    rows = conflict.rows
    names = listed([row.name for row in rows])
    if len(rows) == 1:
        least = "it cannot hold alone"
    elif conflict.minimal:
        least = "without any one of them the others can hold"
    else:
        least = "fewer of them may already contradict each other"
    checks = [
        {"line": r.line, "group": r.group, "variable": r.variable, "stat": r.stat, "printed": r.text} for r in rows
    ]
    return Answer(
        arguments.name,
        given(arguments) | {"seed": seed},
        "impossible",
        "whole patients in all tables and groups at once, proven by a constraint solver; deletion filter for the "
        "fewest rows",
        f"no patients have {'all of ' if len(rows) > 1 else ''}{names}; {least}{conflict.given}",
        f"No patients can have all of the printed numbers: {names} contradict each other{conflict.given}."
        if len(rows) > 1
        else f"No patients can have the printed number of {names}{conflict.given}.",
        checks=checks,
        notes=["nothing was written"],
        exit_code=1,
    )
