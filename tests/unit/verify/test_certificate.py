"""Regression certificates: what real patients give is never called impossible, and what is called so has a proof."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from math import inf, isfinite, sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from replicalc.errors import ReplicalcError
from replicalc.verify.certificate import Margin, Term, logistic
from replicalc.verify.certificate_bound import Box, Known, Model, covers, piece, probabilities
from replicalc.verify.certificate_told import percent_above

Z = 1.959963984540054
#: The six odds ratios of a published abstract: 420 patients, 74 with the outcome.
SIX = [
    Term("diameter", "2.401", "1.105", "5.216"),
    Term("nodes", "2.583", "1.494", "4.466"),
    Term("microcalcification", "5.376", "2.105", "13.729"),
    Term("stage", "0.269", "0.160", "0.452"),
    Term("radiotherapy", "0.345", "0.202", "0.590"),
    Term("chemotherapy", "0.310", "0.179", "0.537"),
]


@pytest.fixture(scope="module")
def six():
    return logistic(SIX, 420, 74)


def _fit(rows, n, sums):
    """Coefficients and standard errors of a logistic model by Newton's steps; None where there is no finite maximum."""
    beta = np.zeros(rows.shape[1])
    for _ in range(30):
        p = 1 / (1 + np.exp(-np.clip(rows @ beta, -30, 30)))
        try:
            step = np.linalg.solve((rows.T * (n * p * (1 - p))) @ rows, sums - rows.T @ (n * p))
        except np.linalg.LinAlgError:
            return None
        beta = beta + step * min(1, 2 / max(1e-300, np.abs(step).max()))
    if np.abs(beta).max() > 8 or not np.abs(step).max() < 1e-8:
        return None
    p = 1 / (1 + np.exp(-rows @ beta))
    return beta, np.sqrt(np.diag(np.linalg.inv((rows.T * (n * p * (1 - p))) @ rows)))


def _study(seed):
    """A simulated study as it would be printed: terms, patients, events; None where the model has no finite estimate."""
    rng = np.random.default_rng([seed, 5])
    k, n, decimals = int(rng.integers(1, 7)), int(rng.integers(50, 600)), int(rng.integers(1, 4))
    x = (rng.random((n, k)) < rng.uniform(0.15, 0.85, k)).astype(float)
    y = rng.random(n) < 1 / (1 + np.exp(-(rng.normal(-0.8, 0.6) + x @ rng.normal(0, 0.8, k))))
    rows = np.column_stack([np.ones(n), x])
    found = _fit(rows, np.ones(n), rows.T @ y)
    if found is None:
        return None
    beta, se = found
    printed = [[f"{np.exp(beta[j] + side * Z * se[j]):.{decimals}f}" for side in (0, -1, 1)] for j in range(1, k + 1)]
    if any(float(a) == 0 or lo == hi for a, lo, hi in printed):
        return None
    terms = [Term(f"x{j}", *three) for j, three in enumerate(printed)]
    margins = [Margin({f"x{j}": 1}, (int(x[:, j].sum()),) * 2, (int(x[y, j].sum()),) * 2) for j in range(k)]
    return terms, n, int(y.sum()), margins


def test_simulated_studies_are_never_impossible():
    studies = [study for study in map(_study, range(60)) if study is not None]
    assert len(studies) > 45
    for terms, n, events, _ in studies:
        assert logistic(terms, n, events, repairs=False).verdict == "possible"


def test_simulated_studies_with_their_margins_are_never_impossible():
    """With one covariate the margins fix everything, and patients exist for no other coefficients: undecided."""
    studies = [study for study in map(_study, range(20)) if study is not None]
    found = [logistic(*study, repairs=False).verdict for study in studies if len(study[0]) > 2]
    assert len(found) > 8 and "impossible" not in found and found.count("possible") > 7


@settings(max_examples=300, deadline=None)
@given(st.integers(0, 10**9))
def test_no_rows_and_prices_prove_anything_false(seed):
    """For patients who exist, the bound stays at or below 1 whatever is proposed, best rows included."""
    rng = np.random.default_rng([seed, 6])
    k = int(rng.integers(1, 5))
    patterns = tuple(tuple(int(b) for b in f"{i:0{k}b}") for i in range(2**k))
    rows = np.array([(1, *x) for x in patterns], float)
    n = rng.integers(0, 40, len(patterns)) + 1
    beta = rng.normal(0, 1, k + 1)
    p = 1 / (1 + np.exp(-rows @ beta))
    inverse = np.linalg.inv((rows.T * (n * p * (1 - p))) @ rows)
    se = np.sqrt(np.diag(inverse))[1:]
    events, of_first = float(n @ p), float(n @ (p * rows[:, 1]))
    first = tuple(int(v) for v in rows[:, 1])
    zeros, ones = (0,) * len(patterns), (1,) * len(patterns)
    known = (
        Known("patients", ones, zeros, int(n.sum()), int(n.sum())),
        Known("events", zeros, ones, int(np.floor(events)), int(np.ceil(events))),
        Known("patients with x0", first, zeros, int(n @ rows[:, 1]), int(n @ rows[:, 1])),
        Known("events with x0", zeros, first, int(np.floor(of_first)), int(np.ceil(of_first))),
    )
    model = Model(tuple(f"x{j}" for j in range(k)), patterns, tuple(Fraction(s) for s in se), known)
    wide = 1 + float(rng.choice([1e-9, 1e-3, 0.05]))
    sides = [(Fraction(float(o / wide)), Fraction(float(o * wide))) for o in np.exp(beta)]
    box = Box(sides[0], tuple(sides[1:]))
    y = inverse[:, 1:].T / se[:, None] ** 2 * rng.uniform(0.9, 1.1, (k, 1))
    y = np.rint(y / np.abs(y).max() * 2**20).astype(int) + rng.integers(-50, 50, y.shape)
    best_price = float(rng.normal(0, 1)) * float((y.astype(float) ** 2).max())
    prices = [Fraction(0), Fraction(best_price), Fraction(float(rng.normal()) * best_price), Fraction(0)]
    found = piece(model, box, y.tolist(), prices)
    assert found.inflation <= 1 + 1e-9


def test_one_covariate_has_the_smallest_standard_error_of_a_two_by_two_table():
    """With one covariate the best patients are a 2x2 table: Woolf's standard error at its smallest, found by a scan."""
    found = logistic([Term("x", "2.500", "1.900", "3.289")], 300, 80, repairs=False)
    a = np.linspace(1, 79, 200001)
    # a of 80 with the event and c of 220 without it have the factor; the odds a / (80 - a) are OR times c / (220 - c).
    odds = a / (80 - a) / found.odds_ratios[0]
    c = 220 * odds / (1 + odds)
    smallest = np.sqrt(1 / a + 1 / (80 - a) + 1 / c + 1 / (220 - c)).min()
    assert smallest <= found.nearest * float(found.model.se[0]) * (1 + 1e-9)
    assert found.nearest * float(found.model.se[0]) == pytest.approx(smallest, rel=1e-3)
    assert found.verdict == "impossible"
    assert found.nearest * 0.99 < found.inflation <= found.nearest


def test_the_proof_of_six_ratios_adds_up(six):
    """Every piece computed again from its rows and prices alone, and the boxes fill all coefficients that print so."""
    assert six.verdict == "impossible"
    assert covers(six.pieces, six.whole)
    again = [piece(six.model, p.box, p.rows, p.prices) for p in six.pieces]
    assert [p.inflation for p in again] == [p.inflation for p in six.pieces]
    assert 1 < six.inflation == min(p.inflation for p in again) <= six.nearest < six.inflation * 1.01
    assert not covers(six.pieces[1:], six.whole)


def test_the_proof_holds_for_patients_that_no_solver_has_seen(six):
    rng = np.random.default_rng([1, 7])
    rows = np.array([(1, *x) for x in six.model.patterns], float)
    se = np.array([float(s) for s in six.model.se])
    start = np.zeros(len(rows))
    for cell in six.cells:
        start[six.model.patterns.index(cell.pattern)] = cell.patients
    for spread in (0.0, 0.02, 0.2, 1.0, 5.0):
        for _ in range(40):
            n = start * np.exp(spread * rng.normal(size=len(rows))) + spread * rng.dirichlet(np.full(len(rows), 0.2))
            n *= 420 / n.sum()
            slopes = np.log([float(lo + (hi - lo) * Fraction(rng.random())) for lo, hi in six.whole.ratios])
            low, high = -15.0, 15.0
            for _ in range(60):
                middle = (low + high) / 2
                p = 1 / (1 + np.exp(-(middle + rows[:, 1:] @ slopes)))
                low, high = (low, middle) if n @ p > 74 else (middle, high)
            variance = np.diag(np.linalg.inv((rows.T * (n * p * (1 - p))) @ rows))[1:]
            assert np.sqrt(variance / se**2).max() >= six.inflation


def test_the_best_patients_have_the_printed_ratios(six):
    """The cells that are handed over, fitted by statsmodels: the ratios print so, the standard errors are as told."""
    from statsmodels.genmod.families import Binomial
    from statsmodels.genmod.generalized_linear_model import GLM

    rows = np.array([(1, *cell.pattern) for cell in six.cells], float)
    n, events = (np.array([getattr(cell, name) for cell in six.cells]) for name in ("patients", "events"))
    outcome, weights = np.repeat([1.0, 0.0], len(rows)), np.concatenate([events, n - events])
    fitted = GLM(outcome, np.vstack([rows, rows]), family=Binomial(), freq_weights=weights).fit()
    beta, se = fitted.params, fitted.bse
    assert n.sum() == pytest.approx(420, abs=1e-3) and events.sum() == pytest.approx(74, abs=1e-3)
    assert [f"{value:.3f}" for value in np.exp(beta[1:])] == [term.odds_ratio for term in SIX]
    assert se[1:] / [float(s) for s in six.model.se] == pytest.approx(six.needed, rel=1e-4)


def test_the_repairs_of_six_ratios_are_enough(six):
    """What the repair says, printed instead, is possible: more patients, or one pair of limits."""
    more = sqrt(1.002) * six.nearest
    assert logistic(SIX, int(420 * more**2) + 1, round(74 * more**2), repairs=False).verdict == "possible"
    name, new = six.repair.split("wider limits of ")[1].split(" (")
    lo, hi = new.split(" instead of ")[0].split(" to ")
    changed = [replace(t, lo=lo, hi=hi) if t.name == name else t for t in SIX]
    assert logistic(changed, 420, 74, repairs=False).verdict == "possible"


def test_digits_never_make_a_model_possible():
    """Coarser print allows more: what is impossible with two decimals is so with three, and nothing is nearer."""
    bounds = []
    for decimals in (3, 2):
        terms = [Term(t.name, *(f"{float(v):.{decimals}f}" for v in (t.odds_ratio, t.lo, t.hi))) for t in SIX[3:]]
        bounds.append(logistic(terms, 200, 36, repairs=False))
    fine, coarse = bounds
    assert coarse.verdict == fine.verdict == "impossible"
    assert coarse.inflation < fine.inflation and coarse.nearest < fine.nearest


def test_the_order_of_terms_does_not_matter():
    terms = [SIX[i] for i in (5, 3, 4)]
    one, other = (logistic(t, 250, 44, repairs=False) for t in (terms, terms[::-1]))
    assert one.verdict == other.verdict
    assert one.nearest == pytest.approx(other.nearest, rel=0.02)


def test_margins_can_only_make_it_harder():
    free = logistic(SIX[3:], 300, 60, repairs=False)
    held = logistic(SIX[3:], 300, 60, [Margin({"stage": 1}, (290, 290))], repairs=False)
    assert held.nearest > free.nearest
    assert held.verdict == "impossible" and isfinite(held.inflation)


def test_margins_that_contradict_the_ratio_are_a_contradiction():
    """70 of 80 exposed and 10 of 220 unexposed have the outcome: no odds ratio of 2 with one covariate."""
    margins = [Margin({"x": 1}, (80, 80), (70, 70)), Margin({"x": 0}, (220, 220), (10, 10))]
    found = logistic([Term("x", "2.00", "1.10", "3.64")], 300, 80, margins)
    assert found.verdict == "impossible" and found.inflation == inf
    assert "no limits" in found.repair


def test_levels_of_one_factor_exclude_each_other():
    terms = [Term("II", "1.50", "0.91", "2.47"), Term("III", "2.00", "1.21", "3.30")]
    free = logistic(terms, 300, 100, repairs=False)
    held = logistic(terms, 300, 100, exclusive=[("II", "III")], repairs=False)
    assert all(sum(cell.pattern) <= 1 for cell in held.cells)
    assert held.nearest > free.nearest


def test_probabilities_enclose_the_box():
    model = Model(("x",), ((0,), (1,)), (Fraction(1),), ())
    box = Box((Fraction(1, 3), Fraction(1, 2)), ((Fraction(2), Fraction(3)),))
    (low, high), (low_x, high_x) = probabilities(model, box)
    assert low <= Fraction(1, 4) and high >= Fraction(1, 3) and high - low < Fraction(1, 11)
    assert low_x <= Fraction(2, 5) and high_x >= Fraction(3, 5)


@pytest.mark.parametrize(
    ("terms", "n", "events", "margins", "message"),
    [
        ([Term("x", "2.0", "3.0", "1.0")], 100, 30, [], "swapped"),
        ([Term("x", "2.0", "1.0", "<4")], 100, 30, [], "no odds ratio"),
        ([Term("x", "0", "0", "1")], 100, 30, [], "too few decimals"),
        ([Term("x", "2.0", "1.0", "4.0")], 100, 130, [], "fewer events"),
        ([Term("x", "2.0", "1.0", "4.0")], 100, (30, 20), [], "least, most"),
        ([Term("x", "2.0", "1.0", "4.0")], 100, 30, [Margin({"y": 1}, (3, 3))], "no term is called y"),
        ([Term(f"x{i}", "2.0", "1.0", "4.0") for i in range(9)], 100, 30, [], "1 to 8 terms"),
    ],
)
def test_bad_input_gets_a_sentence(terms, n, events, margins, message):
    with pytest.raises(ReplicalcError, match=message):
        logistic(terms, n, events, margins)


def test_a_proven_excess_is_never_told_as_none_nor_as_more_than_it_is():
    for inflation in (1.5, 1.1586, 1.0995, 1.00049, 1.000047, 1 + 1e-9):
        told = float(percent_above(inflation)) / 100
        assert 0 < told <= inflation - 1 + 1e-15
