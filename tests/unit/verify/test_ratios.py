"""Ratios: what real tables print is consistent and recovered; contradictions are named, and repairs repair."""

from __future__ import annotations

import json
from math import exp, log, sqrt

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from project import ROOT

from replicalc.errors import ReplicalcError
from replicalc.verify.printed import format_as
from replicalc.verify.ratios import check, crude_tables, together

Z = 1.959963984540054
REFERENCE = json.loads((ROOT / "tests/reference/crude_tables.json").read_text())


def _print(beta, se, decimals, rounding="half-up"):
    return [format_as(exp(beta + side * Z * se), decimals, rounding) for side in (0, -1, 1)]


def _erfc(beta, se):
    from scipy.stats import norm

    return 2 * norm.sf(abs(beta) / se)


counts = st.tuples(*[st.integers(1, 60)] * 4)


@settings(max_examples=600, deadline=None)
@given(counts, st.integers(1, 4), st.sampled_from(["half-up", "half-even", "truncation"]))
def test_a_real_table_is_consistent_and_found(table, decimals, rounding):
    a, b, c, d = table
    beta, se = log(a * d / (b * c)), sqrt(1 / a + 1 / b + 1 / c + 1 / d)
    three = _print(beta, se, decimals, rounding)
    assume(three[1] != three[2] and float(three[0]) > 0)
    p = format_as(_erfc(beta, se), 3, rounding)
    findings = check(*three, p, a + c, sum(table), exposed=a + b)
    assert {f.verdict for f in findings} <= {"consistent", "not_checkable"}
    assert {f.verdict for f in check(*three, p, a + c, sum(table))} <= {"consistent", "not_checkable"}
    found = crude_tables(*three, sum(table), a + c)
    rows = {(t.exposed_events, t.exposed_others) for t in found.tables}
    assert (a, b) in rows
    held = crude_tables(*three, sum(table), a + c, exposed=a + b)
    assert (a, b) in {(t.exposed_events, t.exposed_others) for t in held.tables}
    assert len(held.tables) <= len(found.tables)


@settings(max_examples=150, deadline=None)
@given(counts, st.integers(1, 3))
def test_digits_never_add_tables(table, decimals):
    a, b, c, d = table
    beta, se = log(a * d / (b * c)), sqrt(1 / a + 1 / b + 1 / c + 1 / d)
    coarse, fine = (_print(beta, se, k, "truncation") for k in (decimals, decimals + 1))
    assume(coarse[1] != coarse[2] and float(coarse[0]) > 0)
    few = {
        (t.exposed_events, t.exposed_others)
        for t in crude_tables(*fine, sum(table), a + c).tables
        if t.rounding == "truncation"
    }
    many = {(t.exposed_events, t.exposed_others) for t in crude_tables(*coarse, sum(table), a + c).tables}
    assert few <= many


@pytest.mark.parametrize("case", REFERENCE, ids=lambda c: f"{c['n']}_{c['printed'][0]}")
def test_against_all_tables_in_r(case):
    found = crude_tables(*case["printed"], case["n"], case["events"])
    ours = {
        (t.exposed_events, t.exposed_others, t.unexposed_events, t.unexposed_others)
        for t in found.tables
        if t.rounding == "half-up" and t.quantile == "normal quantile"
    }
    assert ours == {tuple(row) for row in case["tables"]}


def test_the_reference_has_hits_and_misses():
    assert {bool(case["tables"]) for case in REFERENCE} == {True, False}


def test_swapping_exposed_and_unexposed_swaps_the_tables():
    """1/OR has the limits the other way round, and the same tables with the rows exchanged."""
    a, b, c, d = 31, 252, 43, 94
    beta, se = log(a * d / (b * c)), sqrt(1 / a + 1 / b + 1 / c + 1 / d)
    one, other = (crude_tables(*_print(sign * beta, se, 4), 420, 74) for sign in (1, -1))
    assert (31, 252) in {(t.exposed_events, t.exposed_others) for t in one.tables}
    assert (31, 252) in {(t.unexposed_events, t.unexposed_others) for t in other.tables}


def test_chance_is_the_share_of_made_up_ratios_that_are_hit():
    """Ratios that come from no table are hit about as often as told; more digits make chance hits rarer."""
    import numpy as np

    rng = np.random.default_rng([3, 1])
    told = crude_tables("0.27", "0.16", "0.45", 420, 74)
    centre, se = log(0.27), log(0.45 / 0.16) / (2 * Z)
    tries = [
        bool(crude_tables(*_print(centre + rng.uniform(-0.1, 0.1), se * rng.uniform(0.9, 1.1), 3), 420, 74).tables)
        for _ in range(150)
    ]
    fine = crude_tables("0.269", "0.160", "0.452", 420, 74)
    # Chance counts half-up prints only, the search all three roundings: up to about twice as many.
    assert 0.5 * fine.chance < sum(tries) / len(tries) < 3 * fine.chance
    assert told.chance > 5 * fine.chance


def test_together_multiplies_only_where_all_are_crude():
    hit = crude_tables("0.269", "0.160", "0.452", 420, 74)
    miss = crude_tables("0.269", "0.161", "0.449", 420, 74)
    assert hit.tables and not miss.tables
    assert together([hit, hit])[0] == pytest.approx(hit.chance**2)
    assert together([hit, miss])[0] == 1.0 and "1 of 2" in together([hit, miss])[1]
    with pytest.raises(ReplicalcError):
        together([])


def test_a_ratio_outside_its_limits_is_impossible_and_the_repairs_repair():
    limits = check("3.50", "1.00", "3.00")[0]
    assert limits.verdict == "impossible"
    assert limits.repair.startswith("ratio 1.73 for 3.50")
    assert check("1.73", "1.00", "3.00")[0].verdict == "consistent"


def test_limits_that_are_not_walds_are_no_impossibility():
    """The exact limits of a small table lie unevenly around the ratio (R's fisher.test: 1.06 to 27.0 around 4.75)."""
    limits = check("4.75", "1.06", "27.0")[0]
    assert limits.verdict == "unstated_method" and "profile likelihood" in limits.method
    assert "5.35" in limits.repair


def test_one_unit_of_the_last_place_is_rounding():
    limits = check("1.75", "1.00", "3.00")[0]
    assert limits.verdict == "rounding"
    assert "ratio 1.74 for 1.75" in limits.repair


def test_the_middle_that_is_told_is_that_of_the_rounding_that_is_named():
    rounded = [sqrt(lo * hi) for lo, hi in ((0.75, 4.85), (0.85, 4.95))]  # 0.8 and 4.9, rounded
    limits = check("2.0", "0.8", "4.9")[0]
    assert limits.method.endswith("half-up or half-even")
    assert f"{rounded[0]:.3f} to {rounded[1]:.3f}" in limits.evidence
    cut = [sqrt(lo * hi) for lo, hi in ((2.0, 4.8), (2.1, 4.9))]  # 3.16 is too high for what rounds so: 3.153
    limits = check("3.16", "2.0", "4.8")[0]
    assert limits.method.endswith("truncation") and f"{cut[0]:.4f} to {cut[1]:.4f}" in limits.evidence


def test_p_against_the_interval():
    """OR 2.00 (1.00 to 4.00) has P 0.05 exactly; other tests could give another P, the disagreement is told."""
    assert check("2.000", "1.000", "4.000", "0.050")[1].verdict == "consistent"
    assert check("2.000", "1.000", "4.000", "0.051")[1].verdict == "rounding"
    wrong = check("2.000", "1.100", "3.636", "0.400")[1]
    assert wrong.verdict == "unstated_method" and wrong.flips and "0.02" in wrong.repair
    assert check("2.000", "1.100", "3.636", "<0.05")[1].verdict == "consistent"
    assert check("2.000", "0.900", "4.444", "<0.05")[1].flips
    assert not check("2.000", "1.100", "3.636", "0.030")[1].flips


def test_the_width_needs_events():
    """20 events of 100: 1/10 + 1/10 + 1/40 + 1/40 = 0.25, so the standard error is at least 0.5."""
    width = check("2.00", "1.41", "2.83", None, 20, 100)[2]
    assert width.verdict == "impossible" and "0.5000" in width.evidence
    lo, hi = width.repair.split("as wide as ")[1].split(",")[0].split(" to ")
    assert check("2.00", lo, hi, None, 20, 100)[2].verdict == "consistent"
    # 40 exposed: 1/10 + 1/10 + 1/30 + 1/50 = 0.2533 is the least; 9 events among them give 0.2547, 11 give 0.2561.
    held = check("2.00", "1.41", "2.83", None, 20, 100, exposed=40)[2]
    assert f"{sqrt(1 / 10 + 1 / 10 + 1 / 30 + 1 / 50):.4f}" in held.evidence
    hazard = check("1.52", "1.10", "2.10", None, 20, kind="hazard")[2]
    assert hazard.verdict == "impossible" and f"{2 / sqrt(20):.4f}" in hazard.evidence
    assert check("1.52", "0.60", "3.85", None, 20, kind="hazard")[2].verdict == "consistent"


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6))
def test_adjustment_never_beats_the_smallest_standard_error(seed):
    """Logistic models with a second covariate: the standard error printed is never called too small."""
    import numpy as np

    rng = np.random.default_rng([seed, 4])
    n = int(rng.integers(30, 200))
    rows = np.column_stack([np.ones(n), rng.random(n) < 0.5, rng.normal(size=n)]).astype(float)
    y = rng.random(n) < 1 / (1 + np.exp(-rows @ [-0.5, 0.7, 1.0]))
    beta = np.zeros(3)
    for _ in range(30):
        p = 1 / (1 + np.exp(-rows @ beta))
        information = (rows.T * (p * (1 - p))) @ rows
        beta = beta + np.linalg.solve(information, rows.T @ (y - p))
    assume(np.abs(beta).max() < 8)
    three = _print(beta[1], sqrt(np.linalg.inv(information)[1, 1]), 3)
    assume(float(three[1]) > 0)
    for exposed in (None, int(rows[:, 1].sum())):
        assert check(*three, None, int(y.sum()), n, exposed=exposed)[2].verdict == "consistent"


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: check("2.0", "3.0", "1.0"), "swapped"),
        (lambda: check("two", "1.0", "3.0"), "no number"),
        (lambda: check("2.0", "1.0", "3.0", "1.5"), "from 0 to 1"),
        (lambda: check("2.0", "1.0", "3.0", None, 30, 20), "events"),
        (lambda: check("2.0", "1.0", "3.0", None, 3, 0), "at least 1"),
        (lambda: check("2.0", "1.0", "3.0", level=95), "confidence level"),
        (lambda: check("2.0", "1.0", "3.0", kind="risk"), "odds"),
        (lambda: crude_tables("2.0", "1.0", "3.0", 10**6, 10), "not searched"),
        (lambda: crude_tables("2.0", "1.0", "3.0", 100, 10, exposed=100), "exposed"),
    ],
)
def test_bad_input_gets_a_sentence(call, message):
    with pytest.raises(ReplicalcError, match=message):
        call()
