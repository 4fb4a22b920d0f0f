"""Which cohorts are protected, how strongly, and where their patient-level files lie. Imported when rules are read."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from replicalc.errors import ReplicalcError

#: What the folders of patient-level files and unsuppressed tables end in; no cohort's own name has a full stop.
PRIVATE = ".private"
#: Between the name of a pooled cohort and a way to put the patients of withheld counts (``federated.fills``).
FILL = ".fill_"
#: Counts from 1 to one less than this are withheld unless the cohort file says otherwise.
THRESHOLD = 5
#: Keys of a cohort file that change nothing in how the export is read.
KEYS = ("disclosure", "confidential")


@dataclass(frozen=True, slots=True)
class Settings:
    """How a cohort is protected: the smallest count that may be shown, what counts are rounded to, and why so."""

    threshold: int = THRESHOLD
    round_to: int | None = None
    why: str = ""
    confidential: bool = False


def settings_of(config: dict, path: str = "") -> Settings | None:
    """Read the protection of a cohort file; None where it needs none: synthetic patients, or public data that says why.

    Raises ReplicalcError where control is off without a reason, or a rounding base is below the threshold.

    >>> settings_of({"kind": "real"}).threshold
    5
    >>> settings_of({"kind": "synthetic"}) is None
    True
    """
    if config["kind"] == "synthetic":
        return None
    given = config.get("disclosure", {})
    if given.get("control") == "off":
        if not given.get("why", "").strip():
            raise ReplicalcError(
                f"{path}, disclosure: 'control: off' needs 'why': public data, and where it is published"
            )
        if config.get("confidential"):
            raise ReplicalcError(
                f"{path}: 'confidential: true' and 'disclosure: {{control: off}}' contradict each other"
            )
        return None
    threshold, round_to = given.get("threshold", THRESHOLD), given.get("round_to")
    if round_to is not None and round_to < threshold:
        raise ReplicalcError(
            f"{path}, disclosure: round_to is {round_to}, below the threshold {threshold}; rounded counts would show "
            "counts that are withheld. Take at least the threshold"
        )
    return Settings(threshold, round_to, given.get("why", ""), config.get("confidential", False))


def close_notes(closed: list[str], folder: str = ".snakemake") -> None:
    """Let only the owner into Snakemake's own folder where some cohort is protected.

    Its logs repeat sentences on single rows of an export; its checksums of unsuppressed tables would confirm a guess of
    what was withheld. Left alone where it is somebody else's.
    """
    with suppress(FileNotFoundError, PermissionError):
        if closed:
            Path(folder).chmod(0o700)


def refuse_archive(arguments: list[str], protected: list[str]) -> None:
    """Raise ReplicalcError where Snakemake is to pack up a run of a protected cohort: it would pack the export, too.

    >>> refuse_archive(["--archive", "all.tar.gz"], [])
    """
    words = [each.partition("=")[0] for each in arguments]
    if protected and any(len(each) > len("--a") and "--archive".startswith(each) for each in words):
        raise ReplicalcError(
            f"--archive: the archive would hold the export of {', '.join(protected)}, which is protected. Leave the "
            "cohort out: --config cohorts=synthetic"
        )


def private(cohort: str) -> str:
    """Name the private side of a protected cohort."""
    return f"{cohort}{PRIVATE}"


def shared(cohort: str) -> str:
    """Name a cohort as its file and its tables do, whichever side it is asked for.

    >>> shared("clinic_x.private"), shared("trial.fill_most"), shared("ispy1")
    ('clinic_x', 'trial', 'ispy1')
    """
    return cohort.removesuffix(PRIVATE).partition(FILL)[0]
