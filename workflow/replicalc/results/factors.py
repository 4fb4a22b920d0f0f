"""Factors of a regression as rules write them: which code is exposed, against what, or which unit counts.

- ``"yes"``: this code against every other known code; one term, called ``name=yes``.
- ``"I|II against III|IV"``: these codes together against those; who has another code is not in the model.
- ``"each against stellate"``: one term for each other code that occurs; the factor is tested as a whole. Where nobody
  has the reference, the first code that occurs takes its place, and the table says so.
- ``"per year"``, ``"per 10 mm"``: a number, for one (or ten) of its unit.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from replicalc.errors import ReplicalcError

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from replicalc.cohort.frame import Cohort

PER_UNIT = re.compile(r"per (?:(?P<many>\d+(?:\.\d+)?) )?(?P<unit>[a-z]+)")


@dataclass(frozen=True, slots=True)
class Factor:
    """One factor: its name, the terms it gives (as they stand in the column ``variable``) and what they compare.

    ``absent`` are terms that nobody has; ``several`` says that the factor is tested as a whole.
    """

    name: str
    terms: tuple[str, ...]
    columns: tuple[np.ndarray, ...]
    told: str
    absent: tuple[str, ...] = ()
    several: bool = False

    @property
    def whole(self) -> str:
        """Where the statistics of the factor as a whole stand."""
        return self.name if self.several else self.terms[0]


def known(cohort: Cohort, outcome: list[str], factors: dict[str, str]) -> Cohort:
    """Keep those in whom the outcome and every factor are known and comparable."""
    cohort = cohort.known(*outcome, *factors)
    for name, spec in factors.items():
        if " against " in spec and not spec.startswith("each "):
            exposed, reference = (side.split("|") for side in spec.split(" against "))
            cohort = cohort.part(cohort.frame[name].isin(exposed + reference))
    return cohort


def factor(frame: pd.DataFrame, name: str, spec: str, result: str) -> Factor:
    """Make the columns of one factor from rows in which it is known.

    Raises ReplicalcError where a code is none of the variable's, or the text is none of the forms above.
    """
    import numpy as np

    values = frame[name]
    per = PER_UNIT.fullmatch(spec)
    if per:
        if values.dtype.kind != "f":
            raise ReplicalcError(f"{result}: '{spec}' is for numbers, but {name} is a category")
        return Factor(name, (name,), (values.to_numpy(dtype=float) / float(per["many"] or 1),), spec)
    if values.dtype.kind == "f":
        raise ReplicalcError(f"{result}: {name} is a number; say 'per <unit>' instead of '{spec}'")
    codes = list(values.cat.categories)
    first, against, reference = spec.partition(" against ")
    named = (reference if first == "each" else f"{first}|{reference}" if against else first).split("|")
    for code in named:
        if code not in codes:
            raise ReplicalcError(f"{result}: '{code}' is no code of {name}. Its codes: {', '.join(codes)}")
    if first == "each":
        if len(named) != 1:
            raise ReplicalcError(f"{result}: 'each against' needs one code, not '{reference}'")
        occurring = [code for code in codes if (values == code).any()]
        instead = reference not in occurring and bool(occurring)
        wanted, reference = reference, occurring[0] if instead else reference
        exposed = [[code] for code in occurring if code != reference]
        absent = tuple(f"{name}={code}" for code in codes if code not in occurring and code != wanted)
        absent += (f"{name}={reference}",) if instead else ()
    else:
        exposed, absent, instead = [first.split("|")], (), False
    columns = [values.isin(group).to_numpy(dtype=float) for group in exposed]
    told = f"against {reference.replace('|', ' or ')}" if against else "against all others"
    told += f" (nobody has {wanted})" if instead else ""
    terms = tuple(f"{name}={'|'.join(group)}" for group in exposed)
    return Factor(name, terms, tuple(map(np.asarray, columns)), told, absent, first == "each")


def design(factors: list[Factor]) -> tuple[np.ndarray, list[str]]:
    """Put the columns of several factors beside each other: shape (n, terms), and the names of the terms."""
    import numpy as np

    return np.column_stack([column for each in factors for column in each.columns]), [
        term for each in factors for term in each.terms
    ]
