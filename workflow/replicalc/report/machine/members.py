"""The members of an archive: which file of the project each is, what it is, and how it was made."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path

#: Kinds of file by ending; text is UTF-8.
FORMATS = {
    ".csv": "text/csv",
    ".json": "application/json",
    ".parquet": "application/vnd.apache.parquet",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".html": "text/html",
    ".md": "text/markdown",
    ".yaml": "application/yaml",
    ".yml": "application/yaml",
    ".py": "text/x-python",
    ".css": "text/css",
    ".js": "text/javascript",
    ".gz": "application/gzip",
    ".toml": "application/toml",
}


@dataclass(frozen=True, slots=True)
class Member:
    """A file of the archive under its path there, with its bytes."""

    path: str
    data: bytes = field(repr=False)

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.data).hexdigest()

    @property
    def format(self) -> str:
        return FORMATS.get(Path(self.path).suffix, "text/plain")


@dataclass(frozen=True, slots=True)
class Step:
    """What made files of the archive: a file of rules (the tool), and one run of it with what it read and wrote.

    ``name`` is a part of a sentence ('nat_residual on the cohort synthetic'). ``inputs`` and ``outputs`` are paths of
    members; what is not in the archive is not named. ``sources`` are exports that stay where they are.
    """

    name: str
    tool: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    sources: tuple[str, ...] = ()
