"""The other factors of the models of ``nact_bone``: age, menopause, density, mass, molecular and pathology type."""

from __future__ import annotations

import numpy as np

from replicalc.cohort.synthesise.exchanges import Patients

#: Codes with the reference first.
CODES = {
    "density": ("b", "a", "c", "d"),
    "subtype": ("hrpos_her2neg", "hrneg_her2pos", "hrpos_her2pos", "tn"),
    "histology": ("idc", "ilc", "idc_dcis", "other"),
}
#: Columns of the model of the response: constant, calcification, necrosis, then these. The bone model has no necrosis.
COLUMN = {"age": 3, "menopause": 4, "density": 5, "mass": 8, "subtype": 9, "histology": 12}
WIDTH = {"age": 1, "menopause": 1, "density": 3, "mass": 1, "subtype": 3, "histology": 3}


def factors(calcified: np.ndarray, rng) -> dict[str, np.ndarray]:
    """Draw the factors of each patient; density goes with age, menopause with age, mass and type with calcification."""
    n = len(calcified)
    age = np.clip(np.rint(rng.normal(50.5, 9.5, n)), 26, 79)
    past = after_menopause(age, rng)
    older = (age - 50) / 10
    density = _drawn(
        np.column_stack(
            [0.32 + 0 * older, 0.08 * np.exp(0.5 * older), 0.42 * np.exp(-0.2 * older), 0.18 * np.exp(-0.7 * older)]
        ),
        rng,
    )
    mass = rng.random(n) < np.where(calcified, 0.68, 0.92)
    with_her2 = np.where(calcified, 1.6, 1.0)
    subtype = _drawn(
        np.column_stack([0.5 + 0 * older, 0.13 * with_her2, 0.14 * with_her2, np.where(calcified, 0.1, 0.2)]), rng
    )
    histology = _drawn(
        np.column_stack(
            [0.7 + 0 * older, np.where(calcified, 0.05, 0.1), np.where(calcified, 0.24, 0.12), 0.08 + 0 * older]
        ),
        rng,
    )
    return {
        "age": age,
        "menopause": past,
        "density": np.array(CODES["density"])[density],
        "mass": mass,
        "subtype": np.array(CODES["subtype"])[subtype],
        "histology": np.array(CODES["histology"])[histology],
    }


def after_menopause(age: np.ndarray, rng) -> np.ndarray:
    """Draw who is past menopause, shape (n,), from ages in years: half at 50.5 years, rising with age."""
    return rng.random(len(age)) < 1 / (1 + np.exp(-(age - 50.5) / 1.8))


def _drawn(weights: np.ndarray, rng) -> np.ndarray:
    """Draw one column a row, in proportion to its weights."""
    edges = np.cumsum(weights / weights.sum(axis=1, keepdims=True), axis=1)
    return (rng.random(len(weights))[:, None] > edges).sum(axis=1).clip(0, weights.shape[1] - 1)


def model_rows(people: dict[str, np.ndarray], calcified: np.ndarray, necrosis: np.ndarray | None) -> np.ndarray:
    """Rows of the multivariable model, shape (n, 15) with necrosis and (n, 14) without, the constant first."""
    columns = [np.ones(len(calcified)), calcified]
    columns += [] if necrosis is None else [necrosis]
    columns += [people["age"], people["menopause"]]
    columns += [people["density"] == code for code in CODES["density"][1:]]
    columns += [people["mass"]]
    columns += [people[name] == code for name in ("subtype", "histology") for code in CODES[name][1:]]
    return np.column_stack(columns).astype(float)


def factors_of(rows: np.ndarray) -> dict[str, np.ndarray]:
    """Read the factors back from rows of the model with necrosis; the opposite of ``model_rows``."""
    people: dict[str, np.ndarray] = {"age": rows[:, COLUMN["age"]]}
    for name in ("menopause", "mass"):
        people[name] = rows[:, COLUMN[name]] == 1
    for name, codes in CODES.items():
        own = rows[:, COLUMN[name] : COLUMN[name] + WIDTH[name]]
        people[name] = np.array(codes)[np.where(own.any(axis=1), own.argmax(axis=1) + 1, 0)]
    return people


def loud_factors(patients: Patients, alpha: float = 0.05) -> list[str]:
    """Factors of the response that are significant, alone in all patients or beside the others in the complete ones.

    A factor of several codes is tested by the likelihood ratio of all of them.
    """
    from scipy.special import chdtrc

    loud = []
    y = patients.outcome
    for name, first in COLUMN.items():
        own = list(range(first, first + WIDTH[name]))
        everybody = np.ones(len(y), dtype=bool)
        for members, others in ((everybody, [0]), (patients.known, [0, *range(1, patients.rows.shape[1])])):
            without = [column for column in others if column not in own]
            gain = 2 * (_likelihood(patients, members, [*without, *own]) - _likelihood(patients, members, without))
            if not chdtrc(len(own), max(gain, 0.0)) >= alpha:
                loud.append(name)
                break
    return loud


def _likelihood(patients: Patients, members: np.ndarray, columns: list[int]) -> float:
    part = Patients(
        patients.outcome[members], patients.rows[np.ix_(members, columns)], np.ones(members.sum(), dtype=bool)
    )
    found = part.fit()
    if found is None:
        return np.nan
    y = part.outcome
    return float((y * np.log(found.shares) + (1 - y) * np.log1p(-found.shares)).sum())
