"""Ways to put patients into withheld cells: several spreads, and two *fills* that bound every count."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

#: Nobody in any withheld cell, and all patients of withheld cells in each of them.
FEWEST, MOST = "fewest", "most"
#: Ways to spread the patients of withheld cells over them: numbers 1 to this many are the fills of a pooled cohort.
SPREADS = 6
FILLS = (FEWEST, MOST, *map(str, range(1, SPREADS + 1)))
_SEED = 8


@dataclass(frozen=True, slots=True)
class Fill:
    """How withheld counts are filled in; ``name`` is empty where no site withheld any."""

    name: str
    seed: tuple[int, ...] = ()

    def spread(self, patients: int, cells: int) -> np.ndarray:
        """Put patients into withheld cells: shape (cells,). ``FEWEST`` puts none, ``MOST`` all of them into each."""
        import numpy as np

        if self.name in (FEWEST, MOST):
            return np.full(cells, patients if self.name == MOST else 0)
        found = np.zeros(cells, dtype=int)
        if self.name in ("1", "2"):
            found[0 if self.name == "1" else -1] = patients
        elif self.name == "3":
            found[:] = patients // cells
            found[: patients % cells] += 1
        else:
            draw = np.random.default_rng([_SEED, int(self.name), *self.seed])
            found[:] = draw.multinomial(patients, draw.dirichlet(np.ones(cells)))
        return found
