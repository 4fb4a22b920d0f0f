"""Who made the workflow, under which licence, of which date, with which software: what crate and CODECHECK file say."""

from __future__ import annotations

import datetime
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from replicalc.errors import ReplicalcError
from replicalc.records import load_yaml

ORCID = re.compile(r"(?:https?://orcid\.org/)?(\d{4}-\d{4}-\d{4}-\d{3}[\dX])")


@dataclass(frozen=True, slots=True)
class Author:
    """An author of CITATION.cff; ``person`` is false for a body that has a name and nothing else."""

    name: str
    person: bool
    orcid: str = ""


@dataclass(frozen=True, slots=True)
class About:
    """Title, version, licence (SPDX identifier), authors and date of what is archived; ``dated``: whose date it is."""

    title: str
    version: str
    licence: str
    authors: tuple[Author, ...]
    date: str
    dated: str
    repository: str = ""


def load_about(citation: str | Path, date: str = "") -> About:
    """Read CITATION.cff. The date is, in this order: ``date``; 'date-released'; that of the last commit.

    Never today: the same project gives the same archive. Raises ReplicalcError where there is none of the three.
    """
    given = load_yaml(citation)
    if not isinstance(given, dict) or not given.get("authors") or not given.get("title"):
        raise ReplicalcError(f"{citation}: has no title or no authors")
    if date:
        dated = "given with make archive DATE=…"
    elif given.get("date-released"):
        date, dated = str(given["date-released"]), "date-released in CITATION.cff"
    else:
        date, dated = _last_commit(Path(citation).parent), "the day of the last commit of the workflow"
    if not date:
        raise ReplicalcError("The archive needs a date, and here is no git history: make archive DATE=2026-01-31")
    try:
        datetime.date.fromisoformat(date)
    except ValueError:
        raise ReplicalcError(f"DATE={date} is no date; write it as 2026-01-31") from None
    return About(
        str(given["title"]),
        str(given.get("version", "")),
        str(given.get("license", "")),
        tuple(map(_author, given["authors"])),
        date,
        dated,
        str(given.get("repository-code", "")),
    )


def _author(given: dict) -> Author:
    names = [
        str(given[key]) for key in ("given-names", "name-particle", "family-names", "name-suffix") if given.get(key)
    ]
    orcid = ORCID.fullmatch(str(given.get("orcid", "")))
    name = " ".join(names) or str(given.get("name", ""))
    return Author(name, bool(names), orcid[1] if orcid else "")


def _last_commit(folder: Path) -> str:
    try:
        done = subprocess.run(
            ["git", "log", "-1", "--format=%cs"], cwd=folder, capture_output=True, text=True, timeout=30, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def software() -> dict[str, str]:
    """Name and version of Python and of each package that the project needs, as installed where this runs."""
    import platform
    from importlib import metadata

    found = {"python": platform.python_version()}
    for requirement in metadata.requires("replicalc") or []:
        if "extra ==" in requirement:
            continue
        name = re.split(r"[><=!~;\[ (]", requirement)[0]
        found[name] = metadata.version(name)
    return found
