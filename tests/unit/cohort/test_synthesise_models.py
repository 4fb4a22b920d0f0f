"""Searches for patients from whom a printed logistic model comes out: small problems of which the answer is known."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from replicalc.cohort.synthesise.design import RELEASED, spread
from replicalc.cohort.synthesise.exchanges import Exchange, Patients, fit_patients
from replicalc.cohort.synthesise.lattice import reduce_basis
from replicalc.cohort.synthesise.models import fit, fit_table, ratios, whole
from replicalc.cohort.synthesise.nact_bone_tables import share_counts
from replicalc.errors import ReplicalcError
from replicalc.records import Claim
from replicalc.stats.logistic import logistic
from replicalc.verify.printed import parse

ROWS = np.array([[1.0, *pattern] for pattern in product([0, 1], repeat=3)])


def claim(name, stat, value, decimals=2):
    text = f"{value:.{decimals}f}"
    return Claim(f"s.{name}.{stat}", "s_m", "T", "or", text, text, "l", "model=multivariable", name, stat, "")


def printed(found, names, decimals=2):
    """The ratios that a paper would print of a fitted model."""
    claims = []
    for name, beta, se in zip(names, found.beta[1:], found.se[1:], strict=True):
        for stat, sign in (("or", 0), ("or_lo", -1.96), ("or_hi", 1.96)):
            claims.append(claim(name, stat, np.exp(beta + sign * se), decimals))
    return ratios(claims, "s_m", "model=multivariable")


def patients_of(rng, n=300):
    factors = (rng.random((n, 3)) < [0.5, 0.4, 0.6]).astype(float)
    shares = 1 / (1 + np.exp(1.2 - factors @ [0.9, -0.7, 0.5]))
    return np.column_stack([np.ones(n), factors]), (rng.random(n) < shares).astype(float)


def test_newton_agrees_with_the_fit_of_the_workflow():
    x, y = patients_of(np.random.default_rng(3))
    found, reference = fit(x, np.ones(len(y)), x.T @ y), logistic(y, x[:, 1:], ["a", "b", "c"])
    assert found.beta == pytest.approx([t.coefficient for t in reference.terms], abs=1e-7)
    assert found.se == pytest.approx([t.se for t in reference.terms], abs=1e-7)


def test_separation_has_no_fit():
    rows = np.array([[1.0, 0.0], [1.0, 1.0]])
    assert fit(rows, np.array([10.0, 10.0]), np.array([10.0, 10.0])) is None


def test_a_ratio_and_limits_that_do_not_belong_together_are_refused():
    with pytest.raises(ReplicalcError, match="cannot have the limits"):
        ratios(
            [claim("a", "or", 2.0), claim("a", "or_lo", 1.5), claim("a", "or_hi", 9.0)], "s_m", "model=multivariable"
        )
    with pytest.raises(ReplicalcError, match="no printed or_hi"):
        ratios([claim("a", "or", 2.0), claim("a", "or_lo", 1.5)], "s_m", "model=multivariable")


def test_a_table_is_found_again_from_its_printed_model():
    """Patients are drawn, their model is printed, and the search finds whole patients with the same printout."""
    x, y = patients_of(np.random.default_rng(11))
    wanted = printed(fit(x, np.ones(len(y)), x.T @ y), "abc")
    total, events = len(y), int(y.sum())
    design = spread(ROWS, wanted, total, events, [], np.ones(8), 0.5)
    assert (design.weights == 1).all()
    table = fit_table(ROWS, whole(design.patients, total), events, wanted, np.ones((1, 8)), design.weights, seed=1)
    assert table.events.sum() == events and (table.events + table.others).sum() == total
    assert min(table.events.min(), table.others.min()) >= 0
    n = table.events + table.others
    found = fit(ROWS, n.astype(float), ROWS.T @ table.events)
    for j, ratio in enumerate(wanted, start=1):
        assert np.abs(ratio.misses(found.beta[j], found.se[j])).max() <= 1


def test_margins_are_kept():
    x, y = patients_of(np.random.default_rng(12))
    wanted = printed(fit(x, np.ones(len(y)), x.T @ y), "abc")
    start = whole(np.array([(x == row).all(axis=1).sum() for row in ROWS], dtype=float) + 0.5, 300)
    kept = np.array([np.ones(8), ROWS[:, 1]])
    table = fit_table(ROWS, start, int(y.sum()), wanted, kept, np.ones(3), seed=2, rounds=3)
    assert (kept @ (table.events + table.others) == kept @ start).all()


def test_limits_narrower_than_any_patients_allow_are_released():
    """Three hundred patients cannot give a standard error of 0.1: the smallest of a yes/no factor is 4 / sqrt(n)."""
    claims = [claim("a", s, np.exp(0.5 + k * 0.1), 4) for s, k in (("or", 0), ("or_lo", -1.96), ("or_hi", 1.96))]
    claims += [claim("b", s, np.exp(0.5 + k * 0.4), 4) for s, k in (("or", 0), ("or_lo", -1.96), ("or_hi", 1.96))]
    wanted = ratios(claims, "s_m", "model=multivariable")
    rows = np.array([[1.0, *pattern] for pattern in product([0, 1], repeat=2)])
    design = spread(rows, wanted, 300, 150, [], np.ones(4), 0.5)
    assert design.weights.tolist() == [RELEASED, 1.0]
    assert design.se[0] > 4 / np.sqrt(300) and design.se[1] == pytest.approx(0.4, rel=2e-3)


def test_numbers_that_no_patients_have_are_refused():
    wanted = ratios(
        [claim("a", "or", 2.0), claim("a", "or_lo", 1.0), claim("a", "or_hi", 4.0)], "s_m", "model=multivariable"
    )
    rows = np.array([[1.0, 0.0], [1.0, 1.0]])
    with pytest.raises(ReplicalcError, match="no numbers of patients"):
        spread(rows, wanted, 100, 30, [(rows[:, 1], 40), (rows[:, 1], 70)], np.ones(2), 0.5)


def test_exchanges_reach_a_model_and_keep_the_margins():
    rng = np.random.default_rng(5)
    x, y = patients_of(rng, 220)
    x = np.column_stack([x, rng.normal(50, 9, len(y))])
    wanted = {1: printed(fit(x, np.ones(len(y)), x.T @ y), "abcd", 3)[0]}
    shuffled = rng.permutation(y)
    start = Patients(shuffled, x, np.ones(len(y), dtype=bool))
    everybody = np.zeros(len(y))
    found, away = fit_patients(
        start, wanted, [Exchange(("outcome",), everybody), Exchange((4,), everybody)], [4], seed=1
    )
    assert away == 0
    fitted = found.fit()
    assert np.abs(wanted[1].misses(fitted.beta[1], fitted.se[1])).max() <= 1
    assert found.outcome.sum() == y.sum() and sorted(found.rows[:, 4]) == sorted(x[:, 4])
    assert (found.rows[:, :4] == x[:, :4]).all()
    assert abs(fitted.beta[4] / fitted.se[4]) < 1.4


def test_a_reduced_basis_spans_the_same_lattice_with_shorter_vectors():
    rng = np.random.default_rng(8)
    basis = np.hstack([np.eye(12), np.rint(rng.normal(0, 200, (12, 2)))])
    reduced = reduce_basis(basis)
    assert abs(round(np.linalg.det(reduced.basis[:, :12]))) == 1  # the identity's part is the change of basis
    assert reduced.basis[:, :12] @ basis == pytest.approx(reduced.basis)
    assert np.linalg.norm(reduced.basis, axis=1).max() < np.linalg.norm(basis, axis=1).min()
    target = rng.normal(0, 300, 14)
    rest = reduced.remainder(target)
    assert np.linalg.norm(rest) < np.linalg.norm(target)
    with pytest.raises(ReplicalcError, match="independent"):
        reduce_basis(np.array([[1.0, 2.0], [2.0, 4.0]]))


def test_shares_name_exactly_the_whole_numbers_that_print():
    found = share_counts(parse("53.0"), 120)
    assert found == [(n, k) for n in range(1, 121) for k in range(n + 1) if round(100 * k / n + 1e-12, 1) == 53.0]
    assert found
