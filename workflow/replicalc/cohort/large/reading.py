"""Cleaning in chunks: every different text, or combination of texts, is read once by the steps of ``cohort.reading``.

Which value a text becomes depends on the text alone; where it stands matters only to who is told of it. So each
different one is read once to see what it gives and which problems and changes come with it, and is read again in its
place only for the rows that are listed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from replicalc.cohort.audit import Listed
from replicalc.cohort.cells import REMEMBERED
from replicalc.cohort.collapse import Unit
from replicalc.cohort.doors.hints import mangled
from replicalc.cohort.large import limits
from replicalc.cohort.large.chunks import Chunk
from replicalc.cohort.large.columns import Coded, combined
from replicalc.cohort.reading import Export, Found, Step, steps
from replicalc.cohort.rules import rule_of
from replicalc.cohort.source import ROW
from replicalc.records import Variable

#: Texts that may be what a spreadsheet made of an identifier, and perhaps more; ``hints.mangled`` decides.
DATE_LIKE = r"^\d{1,2}[-. ]|^[^\d]{3,11}[- ]\d{1,2}$|^\d{4}-\d\d-\d\d$|[^\x00-\x7f]"


class Variables:
    """Reads one variable after the other from chunk after chunk; keeps what each step found until the end."""

    def __init__(self, export: Export, variables: dict[str, Variable]):
        self.export = export
        self.steps = [_Step(step, export, variables) for step in steps(export, variables)]

    def read(self, chunk: Chunk) -> tuple[dict[str, Coded], dict[str, Coded]]:
        """Return the canonical texts of every variable, and for those read from several codes which these were.

        The second holds texts such as '3|4' ('' where there was one code), joined by '|' in their order.
        """
        values: dict[str, Coded] = {}
        several: dict[str, Coded] = {}
        for step in self.steps:
            values[step.name], more = step.read(chunk, values)
            if more is not None:
                several[step.name] = more
        return values, several


class _Step:
    """One variable, in chunks."""

    def __init__(self, step: Step, export: Export, variables: dict[str, Variable]):
        self.step, self.name = step, step.name
        self.problems, self.changes = Listed(limits.LISTED), Listed(limits.LISTED)
        self._remembered: dict[tuple[str, ...], tuple] = {}
        entry = export.config["variables"][step.name]
        # Every identifier is another text: they are taken as they are, but for those that the step looks at.
        plain = variables[step.name].type == "id" and "column" in entry and not rule_of(entry) and "part" not in entry
        self._as_it_is = plain
        self._typed = any(export.typed)
        self._missing = {str(code) for code in [*export.config.get("missing", [""]), *entry.get("missing", [])]} | {""}

    def read(self, chunk: Chunk, values: dict[str, Coded]) -> tuple[Coded, Coded | None]:
        inputs = [*(chunk.columns[name] for name in self.step.columns), *(values[name] for name in self.step.others)]
        if self._as_it_is and not self._to_look_at(inputs[0]):
            return self._identifiers(inputs[0]), None
        number, some_row = combined(inputs, len(chunk.rows))
        codes = [each.codes[some_row] for each in inputs]
        texts = [[each.texts[code] for code in part.tolist()] for each, part in zip(inputs, codes, strict=True)]
        keys = list(zip(*texts, strict=True)) if texts else [()] * len(some_row)
        read = [self._once(key) for key in keys]
        self._list([told for _, _, told in read], number, keys, chunk.rows)
        value = Coded.of([each[0] for each in read], number)
        several = Coded.of([each[1] for each in read], number) if any(each[1] for each in read) else None
        return value, several

    def _to_look_at(self, column: Coded) -> bool:
        import pyarrow.compute as pc

        if not self._typed:
            return False
        like = column.dictionary.filter(pc.match_substring_regex(column.dictionary, DATE_LIKE))
        return any(mangled(text) for text in like.to_pylist())

    def _identifiers(self, column: Coded) -> Coded:
        import pyarrow as pa
        import pyarrow.compute as pc

        missing = pc.is_in(column.dictionary, pa.array(sorted(self._missing)))
        return Coded(column.codes, pc.if_else(missing, "", column.dictionary))

    def _once(self, key: tuple[str, ...]) -> tuple[str, str, tuple]:
        """Read a combination of texts: its value, the codes of which one counts, and the kinds of what is told."""
        found = self._remembered.get(key)
        if found is None:
            unit, told = self._act(key, "0")
            kinds = (
                tuple(Counter(map(Listed.kind, told.problems)).items()),
                tuple(Counter(map(Listed.kind, told.changes)).items()),
            )
            found = unit.values[self.name], "|".join(unit.several.get(self.name, ())), kinds
            if len(self._remembered) < 10 * REMEMBERED:
                self._remembered[key] = found
        return found

    def _act(self, key: tuple[str, ...], row: str) -> tuple[Unit, Found]:
        n = len(self.step.columns)
        record = {ROW: row, **dict(zip(self.step.columns, key, strict=False))}
        unit = Unit(dict(zip(self.step.others, key[n:], strict=True)), (("", row),))
        found = Found([], [])  # the changes are a list here: they are counted before they are written
        self.step.act(record, unit, found)
        return unit, found

    def _list(self, told: Sequence[tuple], number: np.ndarray, keys: Sequence[tuple], rows: np.ndarray) -> None:
        """List the first rows of each kind in their order, as the step tells them; count the others."""
        alike: dict[tuple, list[int]] = {}
        for place, kinds in enumerate(told):
            if kinds != ((), ()):
                alike.setdefault(kinds, []).append(place)
        if not alike:
            return
        chosen, rest = [], []
        for kinds, places in alike.items():
            which = np.zeros(len(told), bool)
            which[places] = True
            here = np.flatnonzero(which[number])
            logs = [(log, kind, times) for log, part in zip(self._logs, kinds, strict=True) for kind, times in part]
            n = min(len(here), max(log.left(kind) for log, kind, _ in logs))
            chosen.append(here[:n])
            rest += [(log, kind, times * (len(here) - n)) for log, kind, times in logs]
        for row in np.sort(np.concatenate(chosen)):
            _, found = self._act(keys[number[row]], str(rows[row]))
            for log, part in zip(self._logs, (found.problems, found.changes), strict=True):
                for each in part:
                    log.append(each)
        for log, kind, more in rest:
            if more:
                log.add(kind, more)

    @property
    def _logs(self) -> tuple[Listed, Listed]:
        return self.problems, self.changes
