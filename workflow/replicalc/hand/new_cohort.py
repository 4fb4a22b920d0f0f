"""``replicalc new-cohort``: profile an export, propose its cohort file, each doubt as a TODO; say what it opens."""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from replicalc.errors import ReplicalcError

EXAMPLE = "make cohort FILE=data/raw/export.xlsx NAME=centre_x"


@dataclass(frozen=True, slots=True)
class Proposed:
    """What the command says; like ``Answer`` a text for the eye and a document for a program."""

    lines: Sequence[str]
    document: dict[str, Any]
    exit_code: int = 0

    def as_text(self, show: int) -> str:
        return "\n".join(self.lines)

    def as_json(self) -> str:
        return json.dumps(self.document, indent=2, ensure_ascii=False)


def add(commands: Any) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "new-cohort",
        help="propose the cohort file of a hospital's export",
        description="""Profiles an export and writes config/cohorts/NAME.yaml: a column for each variable with the
reason, its unit, codes, form of dates. What the export does not settle stands there as a TODO with a question;
the file is refused until every TODO is answered. Then says what each study could compute with it. Shows no
value of a patient: identifiers, codes and numbers stay in the files.""",
        epilog=f"Example:\n  {EXAMPLE}",
    )
    parser.add_argument("files", nargs="+", metavar="FILE", help="the export; several files are joined or stacked")
    parser.add_argument("--name", metavar="NAME", help="small letters, digits, _ (default: from the name of the file)")
    parser.add_argument("--sheet", action="append", default=[], help="of a workbook; given twice, two are joined")
    parser.add_argument("--data-dictionary", metavar="CSV", help="of a raw REDCap export, in the same folder")
    parser.add_argument(
        "--is",
        dest="said_so",
        action="append",
        default=[],
        metavar="HEADING=VARIABLE",
        help="what a column is, where the helper does not see it; several behind each other with ';' between",
    )
    parser.add_argument("--out", metavar="PATH", help="default: config/cohorts/NAME.yaml")
    parser.add_argument("--force", action="store_true", help="write over a cohort file that is there")
    parser.add_argument("--json", action="store_true", help="print one JSON document with everything")
    parser.set_defaults(run=new_cohort, show=0)


def new_cohort(arguments: argparse.Namespace) -> Proposed:
    """Answer the command. Raises ReplicalcError where a file cannot be read or would be written over."""
    from replicalc.cohort.open_points import open_points
    from replicalc.cohort.profile import profile
    from replicalc.cohort.profile_draft import draft, schema_line
    from replicalc.cohort.profile_words import Words
    from replicalc.hand.new_cohort_studies import reaches, rules_made
    from replicalc.hand.synthesise import _project
    from replicalc.job import write_text
    from replicalc.records import load_dictionary

    root = _project()
    folders = _raw_folders(root)
    paths = [_find(file, folders) for file in arguments.files]
    name = _name(arguments.name, Path(arguments.out) if arguments.out else paths[0])
    out = Path(arguments.out) if arguments.out else root / "config" / "cohorts" / f"{name}.yaml"
    _free(out, name, force=arguments.force)
    variables = load_dictionary(root / "data" / "dictionary.csv")
    if arguments.sheet and len(paths) > 1:
        raise ReplicalcError("--sheet is for one workbook; propose a file for each of several workbooks alone")
    dictionary = _find(arguments.data_dictionary, folders) if arguments.data_dictionary else None
    if dictionary is not None and len(paths) > 1:
        raise ReplicalcError("--data-dictionary is for one export; propose a file for each of several exports alone")
    tables = [profile(path, sheet, dictionary) for path in paths for sheet in (arguments.sheet or [None])]
    files = [_below(table.path, folders) for table in tables]
    found = draft(name, tables, files, variables, Words(root / "data"), _said_so(arguments.said_so))
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        write_text(out, schema_line(out, root) + found.text)
    except OSError as error:
        raise ReplicalcError(f"{out} cannot be written: {error.strerror or error}") from None
    points = open_points(out)
    certain = {each.variable for each in found.proposals if not each.question}
    certain |= {name for name, rule in found.computed.items() if not rule.open}
    answered = {each.variable for each in found.proposals} | set(found.computed)
    reached = reaches(root, certain, answered, variables, rules_made(root))
    outside = [path for path in dict.fromkeys(paths) if not _is_below(path, folders)]
    return Proposed(
        _lines(found, points, reached, out, name, outside, root), _document(found, points, reached, out, name)
    )


def _lines(found, points, reached, out: Path, name: str, outside: list[Path], root: Path) -> list[str]:
    from replicalc.cohort.profile import shown
    from replicalc.hand.new_cohort_studies import told

    of = {each.column.name: each for each in found.proposals}
    lines = [f"{found.n_records} records, {len(found.columns)} columns:"]
    wide = min(max((len(shown(column.name, 40)) for column in found.columns), default=0), 40)
    for column in found.columns[:MOST_COLUMNS]:
        each = of.get(column.name)
        meant = f"{each.variable}{'?' if each.question else ''} ({each.fit.score:.2f})" if each else "-"
        if column.name in found.unfit:
            meant = f"- not read as {found.unfit[column.name]}"
        lines.append(f"  {shown(column.name, 40).ljust(wide)}  {meant.ljust(32)} {column.told()}")
    if len(found.columns) > MOST_COLUMNS:
        lines.append(f"  and {len(found.columns) - MOST_COLUMNS} more columns, see {out}")
    lines += [f"  {name}{'?' if rule.open else ''}: {rule.why}" for name, rule in found.computed.items()]
    if any(column.name not in of for column in found.columns):
        lines.append(
            "  If a column with '-' is a variable of data/dictionary.csv, say so and run it again, for example"
        )
        lines.append("  make cohort FILE=... NAME=... FORCE=1 IS='Istotipo=histology; Mx=birads' (docs/new-cohort.md)")
    lines += ["", "What the studies could compute once every TODO is answered:"]
    lines += [f"  {line}" for reach in reached for line in told(reach)]
    n = len(points)
    lines += ["", f"Written: {out}, with {n} open point{'s' if n != 1 else ''}."]
    lines += [f"Put the file into data/raw/ before the run: {path}" for path in outside]
    answer = "Answer each TODO in the file, then run" if points else "Look it through, then run"
    lines.append(f"{answer}: make results COHORTS={name}")
    return lines


#: Columns listed on the terminal; the file has all.
MOST_COLUMNS = 200


def _document(found, points, reached, out: Path, name: str) -> dict[str, Any]:
    return {
        "command": "new-cohort",
        "cohort": name,
        "file": str(out),
        "records": found.n_records,
        "columns": [
            {"column": column.name, "holds": column.told()}
            | ({"unfit_for": found.unfit[column.name]} if column.name in found.unfit else {})
            for column in found.columns
        ],
        "proposals": [
            {
                "variable": each.variable,
                "column": each.column.name,
                "confidence": each.fit.score,
                "certain": not each.question,
                "reasons": [reason for reason in each.fit.reasons if reason],
                "question": each.question,
            }
            for each in found.proposals
        ],
        "computed": [
            {"variable": name, "certain": not rule.open, "reason": rule.why} for name, rule in found.computed.items()
        ],
        "open_points": [{"line": line, "key": key, "question": question} for line, key, question in points],
        "studies": [
            {
                "study": reach.study,
                "results": reach.results,
                "certain": reach.certain,
                "answered": reach.answered,
                "opens": [{"variables": list(names), "results": more} for names, more in reach.opens],
            }
            for reach in reached
        ],
    }


def _raw_folders(root: Path) -> list[Path]:
    from replicalc.records import load_checked

    return [
        (root / folder).resolve() for folder in load_checked(root / "config" / "config.yaml", "config")["raw_folders"]
    ]


def _find(file: str, folders: list[Path]) -> Path:
    """The file as given, or in one of the folders for raw files. Raises ReplicalcError."""
    if not file.strip():
        raise ReplicalcError(f"the name of the file is empty; for example: {EXAMPLE}")
    for path in (Path(file), *(folder / file for folder in folders)):
        try:
            if path.is_file():
                return path
            if path.is_dir():
                raise ReplicalcError(f"{path} is a folder; the file of the export is needed")
        except (OSError, ValueError) as error:
            raise ReplicalcError(f"'{file[:80]}' is no name of a file: {error}") from None
    raise ReplicalcError(f"{file}: no such file, neither here nor in {' or '.join(map(str, folders))}")


def _is_below(path: Path, folders: list[Path]) -> bool:
    return any(path.resolve().is_relative_to(folder) for folder in folders)


def _below(path: Path, folders: list[Path]) -> str:
    """The file as a cohort file names it: below its raw folder, or by its name alone."""
    for folder in folders:
        if path.resolve().is_relative_to(folder):
            return path.resolve().relative_to(folder).as_posix()
    return path.name


def _name(given: str | None, path: Path) -> str:
    from replicalc.cohort.profile_words import folded

    name = given if given is not None else re.sub(r"[^a-z0-9]+", "_", folded(path.stem)).strip("_")
    if given is None and name and not name[0].isalpha():
        name = f"cohort_{name}"
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,60}", name):
        raise ReplicalcError(
            f"--name: '{name[:80]}' is no name of a cohort; small letters, digits and _, a letter first"
        )
    if name.startswith("synthetic"):
        raise ReplicalcError(
            f"--name: '{name}' cannot be used; names that begin with 'synthetic' belong to the workflow. Give another "
            "with --name (with make: NAME=...)"
        )
    return name


def _said_so(texts: Sequence[str]) -> list[tuple[str, str]]:
    """Headings with their variables, from 'Istotipo=histology; CT=chemotherapy'; a heading may hold '=' itself."""
    found = []
    for part in (part.strip() for text in texts for part in text.split(";")):
        heading, sign, variable = (each.strip() for each in part.rpartition("="))
        if part and not (heading and sign and variable):
            raise ReplicalcError(
                f"--is: '{part[:80]}' does not say which column is which variable; write HEADING=VARIABLE, such as "
                "'Istotipo=histology'"
            )
        found += [(heading, variable)] if part else []
    return found


def _free(out: Path, name: str, *, force: bool) -> None:
    try:
        if out.is_dir():
            raise ReplicalcError(f"--out: {out} is a folder; the name of a .yaml file is needed")
        there = out.exists()
    except (OSError, ValueError) as error:
        raise ReplicalcError(f"--out: '{str(out)[:80]}' is no name of a file: {error}") from None
    if out.suffix != ".yaml":
        raise ReplicalcError(f"--out: {out} should end in .yaml")
    if out.stem != name:
        raise ReplicalcError(f"--out: the file should be called {name}.yaml, as the cohort is")
    if there and not force:
        raise ReplicalcError(
            f"{out} is there already, and what you wrote in it would be lost. Take another name (--name; with make "
            "NAME=...), or write over it with --force (with make: FORCE=1)"
        )
