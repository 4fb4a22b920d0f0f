"""What may leave the place where a run was made: a list of what may, and a look at every path all the same.

Files are listed one by one, from what the workflow makes of cohorts on their shared side. Nothing is taken because it
happens to lie in a folder of results; only the report's own folder is taken whole. No private side is opened.
"""

from __future__ import annotations

from pathlib import Path

from replicalc.disclosure.settings import PRIVATE
from replicalc.errors import ReplicalcError

#: Names of folders that hold patients, and of files that do.
PATIENT_FOLDERS = ("steps", "raw")
PATIENT_FILES = ("cohort.parquet",)
#: What Snakemake leaves in a folder that is an output; it has another date at each run and says nothing.
MARK = ".snakemake_timestamp"
#: Bytes up to which the synthetic patients of a study are small enough to be sent along.
SMALL = 1_000_000


def refuse_private(paths: list[str]) -> None:
    """Raise ReplicalcError where a path, or what it leads to by a link, lies on the private side of a cohort."""
    for path in paths:
        for each in (Path(path), Path(path).resolve()):
            if any(PRIVATE in part.casefold() for part in each.parts):
                raise ReplicalcError(f"{path} lies on the private side of a cohort; nothing of it may be shared")


def may_leave(path: str | Path, synthetic_patients: frozenset[str] = frozenset()) -> str:
    """Say why a file must not leave; an empty text if it may.

    ``synthetic_patients``: the files of patients, as paths, of which the caller knows that nobody stands behind them.
    Links are refused whatever they lead to, for what a name promises is not what would be copied.

    >>> may_leave("results/us_mri/clinic.private/comparison.csv")
    'private side of a protected cohort'
    >>> may_leave("results/us_mri/cmmd/steps/mapped.csv")
    'patients'
    >>> may_leave("results/us_mri/cmmd/comparison.csv")
    ''
    """
    path = Path(path)
    if path.is_absolute() or ".." in path.parts:
        return "not a file of the project"
    if any(PRIVATE in part.casefold() for part in path.parts):
        return "private side of a protected cohort"
    if any(each.is_symlink() for each in (path, *path.parents)):
        return "a link"
    is_patients = path.name in PATIENT_FILES or any(
        folder in PATIENT_FOLDERS for folder in path.parts[:-1] if path.parts[0] in ("results", "logs", "data")
    )
    if is_patients and str(path) not in synthetic_patients:
        return "patients"
    return ""


def files_below(folder: str | Path) -> list[str]:
    """Every file below a folder but Snakemake's marks, sorted; no links followed. An absent one has none."""
    folder = Path(folder)
    return sorted(
        str(path) for path in folder.rglob("*") if (path.is_file() or path.is_symlink()) and path.name != MARK
    )
