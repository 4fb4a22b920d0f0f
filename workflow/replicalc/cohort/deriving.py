"""One derivation: whether it can be made in a cohort, its values, what they replace, and the line that tells of it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from replicalc.cohort.audit import Change
from replicalc.cohort.collapse import PLACE, column_told
from replicalc.cohort.derivations import Derivation
from replicalc.cohort.frame import categorical
from replicalc.cohort.source import ROW
from replicalc.records import Variable
from replicalc.table import as_text

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class Plan:
    """A derivation in a cohort: made or not, and why not; ``given`` says that the cohort gives the variable itself."""

    derivation: Derivation
    made: bool
    why_not: str
    given: bool

    @property
    def kept(self) -> bool:
        """Tell whether the cohort has the variable afterwards."""
        return self.made or self.given


@dataclass(frozen=True, slots=True)
class Derived:
    """The values of a derivation, row by row: as the cohort gives them, as derived, which of them count.

    ``replaced`` marks the rows in which a derived value takes the place of another one.
    """

    given: pd.Series
    derived: pd.Series
    values: pd.Series
    replaced: pd.Series

    def counts(self, weights=None) -> list[int]:
        """Count rows, derived, given only, missing and replaced ones; a row stands for ``weights`` units."""
        derived, given = self.derived.notna(), self.given.notna()
        parts = [derived | True, derived, ~derived & given, ~derived & ~given, self.replaced]
        return [int(part.sum() if weights is None else weights[part.to_numpy(bool)].sum()) for part in parts]


def plan_of(derivation: Derivation, names: Collection[str], empty: Collection[str], study: dict) -> Plan:
    """Say whether a derivation is made: it has all that it needs, and the study defines it.

    ``names`` are the variables of the cohort, ``empty`` those of them without any value.
    """
    lacking = [need for need in derivation.needs if need not in names]
    lacking += [n for n in derivation.needs if n in names and n not in derivation.optional and n in empty]
    undefined = [reading for reading in derivation.readings if reading not in study["readings"]]
    why = ""
    if lacking or undefined:
        why = f"the cohort has no {', '.join(lacking)}" if lacking else f"{study['study']} does not define it"
    return Plan(derivation, not (lacking or undefined), why, derivation.variable in names)


def derived_values(plan: Plan, frame: pd.DataFrame, readings: dict, variables: dict[str, Variable]) -> Derived:
    """Derive a variable where it can be derived; elsewhere the value that the cohort gives counts."""
    import pandas as pd

    name = plan.derivation.variable
    given = frame[name] if plan.given else pd.Series(float("nan"), index=frame.index, dtype="object")
    derived = plan.derivation.function(frame, readings) if plan.made else given.where(given.isna())
    both = derived.notna() & given.notna()
    replaced = both & (derived.astype(str) != given.astype(str))
    values = derived.astype("object").where(derived.notna(), given.astype("object"))
    if variables[name].type == "category":
        values = pd.Series(categorical(values, variables[name]), index=frame.index)
    elif plan.kept:
        values = values.astype("float64")
    return Derived(given, derived, values, replaced)


def line_of(plan: Plan, counts: Sequence[int], config: dict) -> list[str]:
    """Tell of a derivation in ``derivations.csv``."""
    derivation, name = plan.derivation, plan.derivation.variable
    note = config["variables"].get(name, {}).get("note", "")
    if not plan.made:
        how = "as the cohort gives it; not derived" if plan.given else "not derived"
        note = "; ".join(filter(None, [note, f"{how}: {plan.why_not}"]))
    told = [name, "+".join(derivation.needs), derivation.rule, *map(str, counts), note]
    return [*told, config["cohort"], config["kind"]]


def replaced_values(name: str, found: Derived, rows: pd.DataFrame, config: dict) -> list[Change]:
    """Name every value of the cohort that the derived one takes the place of; ``rows`` are theirs."""
    column = column_told(config["variables"][name])
    place = rows[PLACE] if PLACE in rows else rows[ROW]
    return [
        Change("", where, column, name, *(as_text(values[row]) for values in (found.given, found.derived)), RULE)
        for row, where in place.items()
    ]


RULE = "derived_over_given"
