"""Whole numbers that bring several sums near wanted values at once: lattice reduction and the nearest plane.

Adding or taking away a patient changes each target by a known amount. Which whole numbers of patients change all
targets by exactly what is still missing is a question about a lattice; a reduced basis answers it within a second where
trying one change after another would take ages.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from replicalc.errors import ReplicalcError


@dataclass(frozen=True)
class Reduced:
    """A reduced basis, shape (d, m), one vector a row, with its orthogonal vectors and their squared lengths."""

    basis: np.ndarray
    orthogonal: np.ndarray
    squared: np.ndarray

    def remainder(self, target: np.ndarray) -> np.ndarray:
        """Return ``target``, shape (m,), less the lattice vector that Babai's nearest plane finds for it.

        Reference: Babai 1986, doi:10.1007/BF02579403.
        """
        rest = target.astype(float)
        for row, orthogonal, squared in zip(self.basis[::-1], self.orthogonal[::-1], self.squared[::-1], strict=True):
            rest = rest - np.rint(orthogonal @ rest / squared) * row
        return rest


def reduce_basis(basis: np.ndarray, delta: float = 0.99, most_steps: int = 100_000) -> Reduced:
    """Make the rows of ``basis``, shape (d, m) with d <= m, short and nearly orthogonal; they span the same lattice.

    Lenstra, Lenstra & Lovász 1982, doi:10.1007/BF01457454, in floating point. ``delta`` between 0.25 and 1 says how
    thoroughly. Raises ReplicalcError if the rows depend on each other or ``most_steps`` do not suffice.

    >>> reduce_basis(np.array([[1.0, 0.0, 101.0], [0.0, 1.0, 100.0]])).basis.tolist()
    [[-1.0, 1.0, -1.0], [-33.0, 34.0, 67.0]]
    """
    b = np.array(basis, dtype=float)
    d = len(b)
    g, mu, squared = np.zeros_like(b), np.zeros((d, d)), np.zeros(d)
    for k in range(d):
        mu[k, :k] = g[:k] @ b[k] / squared[:k]
        g[k] = b[k] - mu[k, :k] @ g[:k]
        squared[k] = g[k] @ g[k]
        if squared[k] <= 1e-12 * (b[k] @ b[k]):
            raise ReplicalcError("the rows of a lattice basis must be independent of each other")
    k = 1
    for _ in range(most_steps):
        if k >= d:
            break
        for j in range(k - 1, -1, -1):
            q = np.rint(mu[k, j])
            if q:
                b[k] -= q * b[j]
                mu[k, :j] -= q * mu[j, :j]
                mu[k, j] -= q
        if squared[k] >= (delta - mu[k, k - 1] ** 2) * squared[k - 1]:
            k += 1
        else:
            _swap(b, g, mu, squared, k)
            k = max(k - 1, 1)
    else:
        raise ReplicalcError(f"a lattice basis of {d} vectors was not reduced within {most_steps} steps")
    return Reduced(b, g, squared)


def _swap(b, g, mu, squared, k: int) -> None:
    """Exchange the vectors k - 1 and k and bring the orthogonal ones up to date."""
    m, first = mu[k, k - 1], g[k - 1].copy()
    both = squared[k] + m * m * squared[k - 1]
    b[[k - 1, k]] = b[[k, k - 1]]
    mu[[k - 1, k], : k - 1] = mu[[k, k - 1], : k - 1]
    g[k - 1] = g[k] + m * first
    mu[k, k - 1] = m * squared[k - 1] / both
    g[k] = first - mu[k, k - 1] * g[k - 1]
    squared[k], squared[k - 1] = squared[k] * squared[k - 1] / both, both
    above = mu[k + 1 :, k].copy()
    mu[k + 1 :, k] = mu[k + 1 :, k - 1] - m * above
    mu[k + 1 :, k - 1] = above + mu[k, k - 1] * mu[k + 1 :, k]
