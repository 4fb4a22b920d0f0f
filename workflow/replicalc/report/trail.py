"""How a result came about on a cohort: its command, its files with their hashes, its log, its statistics."""

from __future__ import annotations

import ast
import functools
import hashlib
import math
import re
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from replicalc.disclosure.settings import PRIVATE
from replicalc.records import read_csv
from replicalc.report import words as said
from replicalc.report.model import Run, Source, TestRow
from replicalc.report.plain import Listing
from replicalc.verify.printed import as_printed, parse, rounding_needed

#: So much of a log is shown: the calls come first, a traceback last.
LOG_LIMIT = 6000
#: So many statistics of a result are shown; the file has all.
ROWS = 400
COLUMNS = ("group", "variable", "stat", "value", "unit", "n", "n_missing", "method", "conf_level", "warning")


def is_private(file: str | Path) -> bool:
    """Whether a file lies on the private side of a protected cohort; nothing of it may be read for the report."""
    return any(part.endswith(PRIVATE) for part in Path(file).parts)


@functools.lru_cache(maxsize=4096)
def _hash(file: str, _size: int, _time: int) -> str:
    return hashlib.sha256(Path(file).read_bytes()).hexdigest()


def source(file: str) -> Source:
    """Name a file with its sha256. A private file, or one that is not there, is named without."""
    path = Path(file)
    if is_private(file) or not path.is_file():
        return Source(file, "")
    about = path.stat()
    return Source(file, _hash(file, about.st_size, about.st_mtime_ns))


def run_of(study: str, cohort: str, kind: str, result: str, records: list[str]) -> Run:
    """Gather the trail of a result; ``records`` are the files of the published record that it was compared with."""
    file = f"results/{study}/{cohort}/{result}.csv" if cohort else f"results/{study}/{result}.csv"
    log_file = f"logs/{study}/{cohort}/{result}.log" if cohort else f"logs/{study}/{result}.log"
    log = Path(log_file).read_text(encoding="utf-8", errors="replace") if Path(log_file).is_file() else ""
    done = re.search(r"^done in ([\d.]+) s$", log, re.MULTILINE)
    inputs = [each for each in files_in(log) if each != file]
    rows = read_csv(file)
    return Run(
        cohort,
        kind,
        file,
        f".venv/bin/snakemake --cores 1 --force {file}",
        log_file,
        Listing(log if len(log) <= LOG_LIMIT else f"{log[: LOG_LIMIT // 2]}\n[…]\n{log[-LOG_LIMIT // 2 :]}"),
        done[1] if done else "",
        tuple(source(each) for each in dict.fromkeys([*inputs, *records])),
        source(file).sha256,
        COLUMNS,
        tuple(tuple(row.get(name, "") for name in COLUMNS) for row in rows),
    )


def files_in(log: str) -> list[str]:
    """Read the files that a job was called with from its log; whatever is no plain text of Python's is left out."""
    found: list[str] = []
    for line in re.findall(r"^  file   (.*)$", log, re.MULTILINE):
        try:
            value = ast.literal_eval(line)
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            continue
        for each in value.values() if isinstance(value, dict) else [value]:
            found += [one for one in (each if isinstance(each, list) else [each]) if isinstance(one, str)]
    return found


def tests_of(runs: list[Run], printed: Mapping[tuple[str, str], str] = MappingProxyType({})) -> list[TestRow]:
    """List the P values of a result on every cohort, in the order of the file.

    Where there are others for the same numbers, the test that the study is read to use is ``named``; the P values of a
    model, each of which stands alone, are not. ``printed``: the P of the paper by group and variable.
    """
    found = []
    for run in runs:
        told = [dict(zip(run.columns, row, strict=True)) for row in run.rows]
        others = {(row["group"], row["variable"]) for row in told if row["stat"] == "p_alternative"}
        for row in told:
            if row["stat"] in ("p", "p_alternative"):
                whom = [each for each in (row["group"], row["variable"]) if each and each != "all"]
                place = " · ".join(map(said.named, whom))
                named = row["stat"] == "p" and (row["group"], row["variable"]) in others
                reported = printed.get((row["group"], row["variable"]), "")
                prints = _prints(row["value"], reported)
                found.append(
                    TestRow(run.cohort, place, row["method"], row["value"], named, row["warning"], reported, *prints)
                )
    return found


def _prints(value: str, reported: str) -> tuple[str, bool]:
    """Print a P value as the paper prints its own, and say whether it is the same; nothing where there is nothing."""
    target = parse(reported) if reported else None
    try:
        p = float(value)
    except ValueError:
        p = math.nan
    if target is None or not math.isfinite(p):
        return "", False
    how = rounding_needed(p, target)
    return as_printed(p, target, how), how is not None


def software(root: Path) -> list[tuple[str, str]]:
    """List the versions of Python and of the packages that the project asks for, as installed here."""
    import importlib.metadata
    import platform
    import tomllib

    found = [("Python", platform.python_version())]
    asked = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]["dependencies"]
    for line in asked:
        name = re.match(r"[\w.-]+", line)[0]
        try:
            found.append((name, importlib.metadata.version(name)))
        except importlib.metadata.PackageNotFoundError:
            found.append((name, "not installed"))
    return found
