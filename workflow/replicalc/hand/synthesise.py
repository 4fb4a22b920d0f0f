"""``replicalc synthesise``: synthetic patients of a configured study, or from the printed numbers of any paper."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from replicalc.errors import ReplicalcError, did_you_mean
from replicalc.hand.answer import Answer, listed
from replicalc.hand.arguments import command, given, whole

#: The most patients that a witness is scaled to.
MOST_SCALED = 100_000_000
MOST_COPIES = 1_000_000


def add(commands: Any) -> None:
    """Add the command."""
    parser = command(
        commands,
        "synthesise",
        "synthetic patients of a study, or from a table of printed numbers",
        """With --table: patients from whom every printed number of a CSV file comes out (counts, shares, measures of
        a 2 x 2 table, quantiles, means, agreements, in all patients and in groups), or the fewest rows that
        contradict each other. Without --out nothing is written. With --study: the synthetic export of a configured
        study, with the list of what was assumed. Exit code 1: not every number could be given. Synthetic patients
        are no evidence about patients.""",
        "replicalc synthesise --table docs/examples/margins.csv --seed 7",
        synthesise,
    )
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--study", metavar="ID", help="a study of config/studies")
    what.add_argument("--table", metavar="FILE", help="printed numbers: group, variable, stat, value (docs/margins.md)")
    parser.add_argument(
        "--out",
        metavar="PATH",
        help="of a study, a folder (default: ID-synthetic); of a table, a .csv file (default: nothing is written)",
    )
    parser.add_argument(
        "--seed", type=whole("--seed", 0, 2**31 - 1), metavar="S", help="default: config/config.yaml; for a table 1"
    )
    parser.add_argument("--force", action="store_true", help="write over what is there")
    parser.add_argument(
        "--anyway", action="store_true", help="of a table: write the patients also where a number was not reached"
    )
    size = parser.add_mutually_exclusive_group()
    size.add_argument(
        "--n", type=whole("--n", 1, MOST_SCALED), metavar="N", help="of a study: scale the cohort to N patients"
    )
    size.add_argument(
        "--copies", type=whole("--copies", 1, MOST_COPIES), metavar="K", help="of a study: scale it to K copies"
    )


def synthesise(arguments: argparse.Namespace) -> Answer:
    """Answer the command by what it was asked for."""
    if arguments.table is not None:
        if arguments.n is not None or arguments.copies is not None:
            raise ReplicalcError("--n and --copies scale the cohort of a study; a table says itself how many patients")
        from replicalc.hand.synthesise_table import from_table

        return from_table(arguments)
    if arguments.anyway:
        raise ReplicalcError("--anyway belongs to --table: a study is always written, with what does not come out")
    return _of_study(arguments)


def _of_study(arguments: argparse.Namespace) -> Answer:
    if arguments.out == "":
        raise ReplicalcError("--out needs the name of a folder")
    root = _project()
    study = _known_study(root, arguments.study)
    seed = arguments.seed if arguments.seed is not None else _configured_seed(root)
    folder = Path(arguments.out or f"{study}-synthetic")
    _free(folder, force=arguments.force)

    from importlib import import_module

    module = import_module(f"replicalc.cohort.synthesise.{study}")
    export, assumed = folder / "raw" / "export.csv", folder / "assumptions.csv"
    claims = root / "config" / "studies" / study / "claims.csv"
    scaler = _scaler() if arguments.n or arguments.copies else None
    try:
        module.synthesise(
            claims, root / "data" / "dictionary.csv", export, assumed, folder / "synthesise.log", seed=seed
        )
    except OSError as error:
        raise ReplicalcError(f"{folder} cannot be written: {error.strerror or error}") from None
    written = [export, assumed]
    if scaler is not None:
        written.append(folder / "scaled.parquet")
        scaler(export, written[-1], n=arguments.n, n_copies=arguments.copies, seed=seed)
    return _answer_of_study(arguments, seed, written)


def _answer_of_study(arguments: argparse.Namespace, seed: int, written: list[Path]) -> Answer:
    from replicalc.records import read_csv

    rows = read_csv(written[0])
    assumed = read_csv(written[1])
    missing = [row for row in assumed if row["assumed"].endswith("does not come out")]
    named = [row["assumed"].split()[0] for row in missing]
    # What is met is told by the comparison of a run, which sends the export through the ordinary rules.
    numbers = f"{len(named)} printed number{'s' if len(named) > 1 else ''}"
    short = f"{numbers} of the paper cannot or did not come out" if named else "no printed number is named as left out"
    return Answer(
        arguments.name,
        given(arguments) | {"seed": seed},
        "not_checkable",
        f"replicalc.cohort.synthesise.{arguments.study}:synthesise, as the workflow runs it",
        f"{len(rows)} rows were written; {len(assumed)} assumptions are listed; {short}.",
        f"A synthetic export of {arguments.study} with {len(rows)} rows was made with seed {seed}; it was made from "
        "the printed numbers and is no evidence about patients.",
        [{"file": str(path), "bytes": path.stat().st_size} for path in written],
        [{"does not come out": name, "why": row["why"]} for name, row in zip(named, missing, strict=True)],
        notes=["whether every number comes out again is told by comparison.csv of a run (make results)"],
        says="the patients were made; comparing them with the paper is the workflow's part",
    )


def _project() -> Path:
    """The folder with config/studies: the current one, or the project that this package lies in."""
    for folder in (Path.cwd(), Path(__file__).resolve().parents[3]):
        if (folder / "config" / "studies").is_dir() and (folder / "data" / "dictionary.csv").is_file():
            return folder
    raise ReplicalcError("there is no config/studies here; run this in the folder of the project")


def _known_study(root: Path, wanted: str) -> str:
    makers = Path(__file__).resolve().parents[1] / "cohort" / "synthesise"
    known = sorted(
        path.parent.name
        for path in (root / "config" / "studies").glob("*/claims.csv")
        if (makers / f"{path.parent.name}.py").is_file()
    )
    if wanted not in known:
        raise ReplicalcError(
            f"there is no study '{wanted}'.{did_you_mean(wanted, known)} Studies: {listed(known) or 'none'}"
        )
    return wanted


def _configured_seed(root: Path) -> int:
    from replicalc.records import load_yaml

    path = root / "config" / "config.yaml"
    config = load_yaml(path)
    seed = config.get("seed") if isinstance(config, dict) else None
    if not isinstance(seed, int):
        raise ReplicalcError(f"{path} has no seed; give one with --seed")
    return seed


def _free(folder: Path, *, force: bool) -> None:
    """Refuse to write into a folder that has something in it, unless that is wanted."""
    try:
        if folder.exists() and not folder.is_dir():
            raise ReplicalcError(f"--out: {folder} is a file; a folder is needed for a study")
        if not force and folder.is_dir() and any(folder.iterdir()):
            raise ReplicalcError(f"--out: {folder} is not empty; name another folder, or write over it with --force")
    except (OSError, ValueError) as error:
        raise ReplicalcError(f"--out: '{folder}' is no folder that can be written: {error}") from None


def _scaler():
    """The function that scales a cohort; one sentence where this installation has none."""
    try:
        from replicalc.cohort.synthesise.scale import scaled
    except ModuleNotFoundError:
        raise ReplicalcError(
            "--n and --copies need replicalc.cohort.synthesise.scale, which is not installed"
        ) from None
    return scaled
