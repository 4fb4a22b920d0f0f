"""The patients of a cohort as disclosure control sees them: who has which category, and who is in which study.

An *axis* is anything by which tables divide patients: a category, whether a number is known, the step at which a study
leaves somebody out. A *condition* is (axis, levels); a *count* is a conjunction of conditions, written ``frozenset``.
A level is a code, ``known`` for a number, or the empty text for what is missing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from replicalc.cohort.derivations import DERIVATIONS
from replicalc.cohort.flow import keep_by
from replicalc.errors import ReplicalcError

if TYPE_CHECKING:
    import pandas as pd

Condition = tuple[str, frozenset[str]]
Count = frozenset[Condition]
MISSING, KNOWN, INCLUDED = "", "known", "included"
FLOW = "flow:"


@dataclass
class People:
    """All patients of a cohort, before any study leaves anybody out; the studies see the same rows in the same order.

    ``levels``: of each axis, every patient's level. ``raw``: what an axis is derived from; axes with a common source
    cannot vary apart from each other.
    """

    size: int = 0
    levels: dict[str, list[str]] = field(default_factory=dict)
    raw: dict[str, frozenset[str]] = field(default_factory=dict)
    criteria: dict[str, frozenset[str]] = field(default_factory=dict)
    names: dict[tuple[str, str], str] = field(default_factory=dict)
    frames: dict[str, pd.DataFrame] = field(default_factory=dict)
    _bits: dict[tuple[str, str], int] = field(default_factory=dict)

    def add_study(self, study: str, frame: pd.DataFrame, criteria: list[dict]) -> None:
        """Add the patients as a study defines them. Raises ReplicalcError if they are other patients."""
        from replicalc.cohort.source import ROW

        for other in self.frames.values():
            if list(other[ROW]) != list(frame[ROW]):
                raise ReplicalcError("disclosure control: the studies do not see the same rows of the export")
        self.size = len(frame)
        self.frames[study] = frame
        flow = ["" for _ in range(len(frame))]
        left = frame
        for criterion in criteria:
            keep, _ = keep_by(left, criterion)
            if keep is not None:
                for row in left.index[~keep]:
                    flow[row] = criterion["id"]
                left = left[keep]
        axis = f"{FLOW}{study}"
        self.levels[axis] = [step or INCLUDED for step in flow]
        used = {name for each in criteria for name in [*each.get("keep", {}), *each.get("present", [])]}
        self.raw[axis] = frozenset().union(*(sources(name) for name in used)) if used else frozenset()
        self.names[study, axis] = axis

    def axis(self, study: str, name: str) -> str | None:
        """Name the axis of a variable in a study; None where nobody has a value. Equal columns are one axis."""
        if (study, name) not in self.names:
            frame = self.frames[study]
            if name not in frame:
                return None
            column = frame[name]
            if column.dtype.kind in "fM":
                levels = [KNOWN if known else MISSING for known in column.notna()]
            else:
                levels = [MISSING if value != value or value is None else str(value) for value in column.astype(object)]
            self.names[study, name] = self._add(name, study, levels, sources(name))
        return self.names[study, name]

    def add_sign(self, study: str, name: str, levels: list[str], of: Iterable[str]) -> str:
        """Add an axis that no variable is, such as the direction of a change; ``of`` are the variables behind it."""
        self.names[study, name] = self._add(name, study, levels, frozenset().union(*map(sources, of)))
        return self.names[study, name]

    def _add(self, name: str, study: str, levels: list[str], raw: frozenset[str]) -> str:
        axis = name if self.levels.get(name, levels) == levels else f"{name} of {study}"
        self.levels[axis], self.raw[axis] = levels, raw
        return axis

    def mask(self, count: Count) -> int:
        """Give the patients of a count, a bit each."""
        import numpy as np

        found = (1 << self.size) - 1
        for axis, levels in count:
            inside = 0
            for level in levels:
                if (axis, level) not in self._bits:
                    column = np.array([each == level for each in self.levels[axis]], dtype=bool)
                    packed = np.packbits(column, bitorder="little").tobytes()
                    self._bits[axis, level] = int.from_bytes(packed, "little")
                inside |= self._bits[axis, level]
            found &= inside
        return found

    def persons(self, mask: int, most: int) -> int:
        """Count the patients behind rows, up to ``most``; where rows are lesions a patient may have several."""
        ids = self._patients()
        found: set = set()
        while mask and len(found) < most:
            row = (mask & -mask).bit_length() - 1
            found.add(ids[row] if ids else row)
            mask &= mask - 1
        return len(found)

    def several(self, mask: int) -> int:
        """Count the patients who have more than one of these rows."""
        ids = self._patients()
        rows = Counter(ids[row] for row in range(len(ids)) if mask >> row & 1)
        return sum(number > 1 for number in rows.values())

    def _patients(self) -> list:
        """Whose each row is; nothing where that is not known of every row."""
        for frame in self.frames.values():
            if "patient_id" in frame and frame["patient_id"].notna().all():
                return frame["patient_id"].tolist()
        return []

    def all_levels(self, axis: str) -> frozenset[str]:
        """Every level of an axis that some patient has."""
        return frozenset(self.levels[axis])


def sources(name: str) -> frozenset[str]:
    """Name what a variable is derived from in the end, itself included where it can also be recorded as such."""
    found = {name}
    for derivation in DERIVATIONS:
        if derivation.variable == name:
            for need in derivation.needs:
                found |= sources(need)
    return frozenset(found)


def conjunction(*parts: Iterable[Condition]) -> Count | None:
    """Join conditions; two on one axis are cut to what they share. None where nothing is left of an axis."""
    levels: dict[str, frozenset[str]] = {}
    for axis, allowed in (each for part in parts for each in part):
        levels[axis] = levels[axis] & allowed if axis in levels else allowed
    if not all(levels.values()):
        return None
    return frozenset(levels.items())
