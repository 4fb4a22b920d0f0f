"""Patients in whom every crude table holds: the ratios of the tables print, and the model of all factors is near."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm

from replicalc.cohort.synthesise.crudely import patients_of, tables_of
from replicalc.cohort.synthesise.models import ratios
from replicalc.records import Claim

N = 240


def real_patients(seed=4):
    """Three yes/no factors, nearly independent, and an outcome that hangs on them."""
    rng = np.random.default_rng(seed)
    factors = {name: rng.uniform(size=N) < share for name, share in (("node", 0.4), ("grade", 0.5), ("size", 0.3))}
    score = -1.3 + 1.0 * factors["node"] + 0.8 * factors["grade"] + 0.9 * factors["size"]
    return factors, rng.uniform(size=N) < 1 / (1 + np.exp(-score))


def counts(factor, outcome):
    return tuple(int((f & o).sum()) for f in (factor, ~factor) for o in (outcome, ~outcome))


def crude(a, b, c, d):
    """Odds ratio with Woolf's limits, as printed to three places."""
    log, se = np.log(a * d / (b * c)), np.sqrt(1 / a + 1 / b + 1 / c + 1 / d)
    return tuple(f"{np.exp(log + z * se):.3f}" for z in (0, -1.959963984540054, 1.959963984540054))


def printed(factors, outcome):
    claims = []
    for name, factor in factors.items():
        for stat, text in zip(("or", "or_lo", "or_hi"), crude(*counts(factor, outcome)), strict=True):
            claims.append(Claim(f"{name}.{stat}", "r", "T", "or", text, text, "l", "model=all", name, stat, ""))
    return ratios(claims, "r", "model=all")


@pytest.fixture(scope="module")
def made():
    factors, outcome = real_patients()
    wanted = printed(factors, outcome)
    tables = tables_of(wanted, N, int(outcome.sum()), {name: int(f.sum()) for name, f in factors.items()}, seed=1)
    return factors, outcome, wanted, tables, patients_of(tables, wanted, lambda cell: 1.0, seed=1)


def test_all_tables_hold_at_once(made):
    _, outcome, wanted, tables, (rows, found, _) = made
    assert rows.shape == (N, 3) and int(found.sum()) == int(outcome.sum())
    for j, ratio in enumerate(wanted):
        mine = counts(rows[:, j] == 1, found == 1)
        table = tables[ratio.name]
        assert mine == (
            table.exposed_events,
            table.exposed_others,
            table.unexposed_events,
            table.unexposed_others,
        )
        assert crude(*mine) == tuple(each.text for each in ratio.printed)


def test_the_model_of_all_factors_is_near_the_printed_ratios(made):
    """An independent fit: each coefficient lies within a quarter of its printed standard error."""
    _, _, wanted, _, (rows, found, _) = made
    fit = sm.Logit(found, sm.add_constant(rows)).fit(disp=False)
    for coefficient, ratio in zip(fit.params[1:], wanted, strict=True):
        assert abs(coefficient - np.log(float(ratio.printed[0].value))) < ratio.se / 4


def test_exchanges_bring_the_model_nearer_and_leave_the_tables(made):
    _, _, wanted, tables, (rows, found, near) = made
    start, outcome, far = patients_of(tables, wanted, lambda cell: 1.0, seed=1, rounds=0)
    assert near < far
    assert (outcome == found).all() and (start != rows).any()
    for event in (0, 1):
        assert (start[outcome == event].sum(axis=0) == rows[found == event].sum(axis=0)).all()


def test_the_same_seed_gives_the_same_patients(made):
    _, _, wanted, tables, (rows, found, near) = made
    again = patients_of(tables, wanted, lambda cell: 1.0, seed=1)
    assert (again[0] == rows).all() and (again[1] == found).all() and again[2] == near
    other = patients_of(tables, wanted, lambda cell: 1.0, seed=2)
    assert (other[0] != rows).any() or (other[1] != found).any()


def test_a_ratio_that_no_table_has_leaves_none():
    factors, outcome = real_patients()
    claims = [
        Claim(f"node.{stat}", "r", "T", "or", text, text, "l", "model=all", "node", stat, "")
        for stat, text in (("or", "2.000"), ("or_lo", "1.951"), ("or_hi", "2.050"))  # far too narrow for 240 patients
    ]
    wanted = ratios(claims, "r", "model=all")
    assert tables_of(wanted, N, int(outcome.sum()), {}, seed=1) is None
    assert tables_of(printed(factors, outcome), N, int(outcome.sum()), {}, seed=1) is not None
