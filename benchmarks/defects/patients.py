"""Simulated patients of one made-up study: everything that a paper of the benchmark prints is computed from them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Patients:
    """n patients, each array in the same order.

    categories: by name, codes 0, 1, ...; ``ordered`` names those with an order. factors: (n, p) yes/no covariates,
    ``outcome`` the event that depends on them. disease, test: reference standard and test result. age: whole years.
    size: mm. group: part of the study to which the patient belongs.
    """

    n: int
    categories: dict[str, Ints]
    ordered: tuple[str, ...]
    factors: Ints
    outcome: Ints
    disease: Ints
    test: Ints
    age: Ints
    size: Floats
    group: Ints


def simulate(rng: np.random.Generator, n: int) -> Patients:
    """n patients with a common severity behind stage, grade, factors, outcome, disease and size."""
    severity = rng.normal(0, 1, n)
    categories: dict[str, Ints] = {}
    for name, levels, weight in (("stage", int(rng.integers(3, 5)), 0.7), ("grade", 3, 0.5), ("subtype", 4, 0.0)):
        cuts = np.sort(rng.normal(0, 0.8, levels - 1))
        categories[name] = np.searchsorted(cuts, weight * severity + rng.normal(0, 1, n)).astype(np.int64)
    p = int(rng.integers(2, 5))
    load = rng.uniform(0, 0.7, p)
    factors = (severity[:, None] * load + rng.normal(0, 1, (n, p)) > rng.normal(0, 0.6, p)).astype(np.int64)
    risk = rng.uniform(-1.2, 0.6) + (factors - 0.4) @ rng.normal(0, 0.8, p)
    outcome = (rng.random(n) < 1 / (1 + np.exp(-risk))).astype(np.int64)
    disease = (severity + rng.normal(0, 0.6, n) > rng.uniform(-0.6, 0.8)).astype(np.int64)
    right = np.where(disease == 1, rng.uniform(0.6, 0.97), rng.uniform(0.5, 0.97))
    test = np.where(rng.random(n) < right, disease, 1 - disease)
    group = rng.choice(int(rng.integers(2, 4)), n)
    age = np.clip(np.rint(rng.normal(rng.uniform(48, 66), rng.uniform(7, 14), n)), 18, 95).astype(np.int64)
    size = np.exp(rng.normal(3, 0.5, n) + 0.2 * severity + 0.15 * group)
    size = np.rint(size) if rng.random() < 0.5 else np.round(size, 1)
    return Patients(n, categories, ("stage", "grade"), factors, outcome, disease, test, age, size, group)


def readings(rng: np.random.Generator, n: int) -> Floats:
    """n lesions measured by two raters in mm, one of whom may read more than the other; shape (n, 2)."""
    lesion = rng.normal(25, rng.choice([3.0, 6.0, 10.0]), n)[:, None]
    return lesion + rng.normal(0, rng.uniform(2, 6), (n, 2)) + np.array([0.0, rng.uniform(0, 5)])
