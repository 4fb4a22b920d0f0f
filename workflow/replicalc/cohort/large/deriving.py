"""Derivation, the large way: each combination of the values that a class is derived from is derived once in a chunk."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from replicalc.cohort.audit import Change, Listed
from replicalc.cohort.collapse import BOOKKEEPING, column_told
from replicalc.cohort.derivations import DERIVATIONS
from replicalc.cohort.deriving import RULE, Derived, Plan, derived_values, line_of, plan_of
from replicalc.cohort.frame import described, everybody_of, typed
from replicalc.cohort.large import limits
from replicalc.cohort.large.columns import combined
from replicalc.cohort.large.mapping import read_about, read_mapped, write_about
from replicalc.cohort.large.writing import parquet_writer
from replicalc.cohort.source import ROW
from replicalc.records import Variable
from replicalc.table import as_text

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa


@dataclass(frozen=True, slots=True)
class Column:
    """A typed column of a chunk: ``codes`` of shape (rows,) point into ``values``, of which several may be equal."""

    codes: np.ndarray
    values: pd.Series

    @property
    def dictionary(self) -> pd.Series:
        return self.values


def derive_large(
    mapped: Path, study: dict, config: dict, variables: dict[str, Variable], out: str | Path
) -> tuple[list[list[str]], list[Listed]]:
    """Write ``derived.parquet``; return the lines of derivations.csv and, by derivation, the values replaced.

    Whether a derivation is made depends on whether what it needs has any value in the whole cohort. Of derived
    variables that is known only afterwards; where one turns out to be empty, the work is done again with that known.
    Each time at least one more of the derivations is right, so it ends.
    """
    known = read_about(mapped).known
    plans = _plans(study, list(known), {name for name, n in known.items() if not n}, {})
    while True:
        run = _Run(plans, study, config, variables)
        run.write(mapped, limits.beside(out))
        again = _plans(study, list(known), {name for name, n in known.items() if not n}, run.empty)
        if [each.made for each in again] == [each.made for each in plans]:
            break
        plans = again
    limits.point(out, run.n)
    return [line_of(plan, counts, config) for plan, counts in zip(plans, run.counts, strict=True)], run.changes


def _plans(study: dict, names: list[str], empty: set[str], found_empty: dict[int, bool]) -> list[Plan]:
    """Plan all derivations. ``found_empty`` says of those made before, by number, whether they gave no value at all."""
    names, empty, plans = list(names), set(empty), []
    for number, derivation in enumerate(DERIVATIONS):
        plan = plan_of(derivation, names, empty, study)
        plans.append(plan)
        name = derivation.variable
        if plan.kept:
            names += [name] * (name not in names)
            if plan.made:
                (empty.add if found_empty.get(number, False) else empty.discard)(name)
    return plans


class _Run:
    """One pass over the mapped cohort with the derivations as planned."""

    def __init__(self, plans: list[Plan], study: dict, config: dict, variables: dict[str, Variable]):
        self.plans, self.study, self.config, self.variables = plans, study, config, variables
        self.n = 0
        self.counts = [[0] * 5 for _ in plans]
        self.changes = [Listed(limits.LISTED) for _ in plans]
        #: Of each derivation, whether nobody had a value of its variable after it.
        self.empty = dict.fromkeys(range(len(plans)), True)

    def write(self, mapped: Path, out: Path) -> None:
        schema = self._schema(read_about(mapped).known)
        with parquet_writer(out, schema, lambda each: _repeats(self.variables.get(each.name))) as writer:
            for rows, texts in read_mapped(mapped):
                columns = {name: self._typed(name, each) for name, each in texts.items() if name not in BOOKKEEPING}
                for number in range(len(self.plans)):
                    self._derive(number, columns, rows)
                self.n += len(rows)
                writer.write(_table(rows, columns, schema))
            write_about(writer, read_about(mapped))

    def _schema(self, known: dict[str, int]) -> pa.Schema:
        """The columns of the file as pandas would describe them, with what results know of the cohort.

        ``known`` counts values: dates that nobody has are of another unit to pandas than dates that somebody has.
        """
        import pandas as pd

        mapped = list(self.config["variables"])
        names = list(dict.fromkeys([*mapped, *(plan.derivation.variable for plan in self.plans if plan.kept)]))
        examples = {"date": "2000-01-31", "number": "1", "integer": "1", "id": "x"}
        texts = {name: [examples.get(self.variables[name].type, "") if known.get(name, 1) else ""] for name in names}
        frame = typed(pd.DataFrame({ROW: ["1"], **texts}, dtype=str), self.variables)
        return described(everybody_of(frame, self.study, self.config))

    def _typed(self, name: str, texts) -> Column:
        """Type the different texts of a variable; an identifier stays as it is."""
        import pandas as pd

        if self.variables[name].type == "id":
            return Column(texts.codes, texts.dictionary)
        table = pd.DataFrame({ROW: ["0"] * len(texts.texts), name: texts.texts}, dtype=str)
        return Column(texts.codes, typed(table, self.variables)[name])

    def _derive(self, number: int, columns: dict[str, Column], rows: np.ndarray) -> None:
        import pandas as pd

        plan = self.plans[number]
        name = plan.derivation.variable
        inputs = [each for each in dict.fromkeys((*plan.derivation.needs, name)) if each in columns]
        if not plan.made:  # what the cohort gives stays as it is
            inputs = [name] if plan.given else []
        combination, some_row = combined([columns[each] for each in inputs], len(rows))
        frame = pd.DataFrame(
            {each: columns[each].values.take(columns[each].codes[some_row]).reset_index(drop=True) for each in inputs},
            index=range(len(some_row)),
        )
        found = derived_values(plan, frame, self.study["readings"], self.variables)
        weights = np.bincount(combination, minlength=len(some_row))
        self.counts[number] = [a + b for a, b in zip(self.counts[number], found.counts(weights), strict=True)]
        if plan.kept:
            self.empty[number] &= bool(found.values.isna().all())
            columns[name] = Column(combination, found.values) if plan.made else columns[name]
        if name in self.config["variables"] and found.replaced.any():
            self._list(number, found, combination, rows)

    def _list(self, number: int, found: Derived, combination: np.ndarray, rows: np.ndarray) -> None:
        """List the first values that were replaced; count the others."""
        name, log = self.plans[number].derivation.variable, self.changes[number]
        column, kind = column_told(self.config["variables"][name]), (name, RULE)
        which = np.flatnonzero(found.replaced.to_numpy(bool)[combination])
        n = min(len(which), log.left(kind))
        for row in which[:n]:
            place = combination[row]
            told = (as_text(values[place]) for values in (found.given, found.derived))
            log.append(Change("", str(rows[row]), column, name, *told, RULE))
        if len(which) > n:
            log.add(kind, len(which) - n)


def _repeats(variable: Variable | None) -> bool:
    return variable is not None and variable.type != "id"


def _table(rows: np.ndarray, columns: dict[str, Column], schema: pa.Schema) -> pa.Table:
    import pyarrow as pa

    arrays = []
    for each in schema:
        if each.name == ROW:
            arrays.append(pa.array(rows, each.type))
            continue
        column = columns[each.name]
        if isinstance(column.values, pa.Array):
            import pyarrow.compute as pc

            texts = pc.if_else(pc.equal(column.values, ""), None, column.values)
            arrays.append(texts.take(pa.array(column.codes)).cast(each.type))
        elif pa.types.is_dictionary(each.type):
            codes = column.values.cat.codes.to_numpy()[column.codes]
            arrays.append(
                pa.DictionaryArray.from_arrays(
                    pa.array(codes, pa.int8() if each.type.index_type == pa.int8() else pa.int16(), mask=codes < 0),
                    pa.array(list(column.values.cat.categories)).cast(each.type.value_type),
                )
            )
        else:
            # Few different values: their Arrow array is made once, missing ones as gaps, and taken by the codes.
            arrays.append(pa.Array.from_pandas(column.values, type=each.type).take(pa.array(column.codes)))
    return pa.table(arrays, schema=schema)
