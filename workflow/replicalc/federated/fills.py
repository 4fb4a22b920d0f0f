"""Ways to put patients into withheld cells: several spreads, and two *fills* that bound every count."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

#: Nobody in any withheld cell, and all patients of withheld cells in each of them.
FEWEST, MOST = "fewest", "most"
#: Ways to spread the patients of withheld cells over them: numbers 1 to this many are the fills of a pooled cohort.
ENDS, CLASSES = 2, 4
SPREADS = ENDS + CLASSES
FILLS = (FEWEST, MOST, *map(str, range(1, SPREADS + 1)))
_SEED = 8


@dataclass(frozen=True, slots=True)
class Fill:
    """How withheld counts are filled in; ``name`` is empty where no site withheld any."""

    name: str
    seed: tuple[int, ...] = ()

    def spread(self, patients: int, cells: int) -> np.ndarray:
        """Put patients into withheld cells: shape (cells,). ``FEWEST`` puts none, ``MOST`` all of them into each.

        The spreads put all into one cell, all into another, and evenly into each of ``CLASSES`` parts of the cells.
        With patients for every cell of a part (``enough``), a number of patients that is the same in all spreads is
        that of all these cells or of none: any other leaves out one of the two cells, or a cell of some part.
        """
        import numpy as np

        if self.name in (FEWEST, MOST):
            return np.full(cells, patients if self.name == MOST else 0)
        found = np.zeros(cells, dtype=int)
        order = np.random.default_rng([_SEED, *self.seed]).permutation(cells)
        number = int(self.name)
        if number <= ENDS:
            found[order[0 if number == 1 else -1]] = patients
            return found
        part = order[(number - 1 - ENDS) % min(CLASSES, cells) :: CLASSES]
        found[part] = patients // len(part)
        found[part[: patients % len(part)]] += 1
        return found


def enough(patients: int, cells: int) -> bool:
    """Tell whether there are patients enough that the spreads tell the cells apart."""
    return patients * CLASSES >= cells
