import itertools
import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from replicalc.stats import exact
from replicalc.stats.exact import tail

ORDERS = ("probability", "pearson")
SMALL = array_shapes(min_dims=2, max_dims=2, min_side=2, max_side=4).flatmap(
    lambda shape: arrays(np.int64, shape, elements=st.integers(0, 3))
)


def full(table):
    assume(table.any(0).all() and table.any(1).all())
    return table


def fillings(total, caps):
    if len(caps) == 1:
        return [(total,)] if total <= caps[0] else []
    return [(k, *rest) for k in range(min(total, caps[0]) + 1) for rest in fillings(total - k, caps[1:])]


def tables(rows, columns):
    """Every table with these margins, the plain way."""
    if len(rows) == 1:
        yield [tuple(columns)]
        return
    for row in fillings(rows[0], columns):
        for rest in tables(rows[1:], [c - k for c, k in zip(columns, row, strict=True)]):
            yield [row, *rest]


def brute_force(table, order):
    every = np.array(list(tables(table.sum(1).tolist(), table.sum(0).tolist())))
    factorial = np.array([math.factorial(k) for k in range(table.sum() + 1)], dtype=float)
    weight = 1 / factorial[every].prod((1, 2))
    expected = np.outer(table.sum(1), table.sum(0)) / table.sum()
    chi = ((every - expected) ** 2 / expected).sum((1, 2))
    here = (every == table).all((1, 2))
    if order == "probability":
        extreme = weight <= weight[here] * (1 + 1e-7)
    else:
        extreme = chi >= chi[here] * (1 - 1e-7) - 1e-12
    return weight[extreme].sum() / weight.sum()


@settings(max_examples=80, deadline=None)
@given(SMALL, st.sampled_from(ORDERS))
def test_equals_brute_force(table, order):
    table = full(table)
    assume(table.sum() <= 12)
    p, warning = tail(table, order)
    assert warning == ""
    assert p == pytest.approx(brute_force(table, order), rel=1e-9)


@settings(max_examples=80, deadline=None)
@given(SMALL, st.sampled_from(ORDERS), st.randoms(use_true_random=False))
def test_is_a_probability_and_knows_no_order_of_rows_and_columns(table, order, random):
    table = full(table)
    p, _ = tail(table, order)
    assert 0 < p <= 1
    rows, columns = list(range(table.shape[0])), list(range(table.shape[1]))
    random.shuffle(rows)
    random.shuffle(columns)
    shuffled = table[np.ix_(rows, columns)]
    assert tail(shuffled, order)[0] == pytest.approx(p, rel=1e-9)
    assert tail(shuffled.T, order)[0] == pytest.approx(p, rel=1e-9)


@pytest.mark.parametrize("order", ORDERS)
def test_two_by_two_is_a_hypergeometric_sum(order):
    from scipy.stats import hypergeom

    table = np.array([[30, 5], [12, 53]])
    x = np.arange(36)
    weight = hypergeom.pmf(x, 100, 42, 35)
    cells = (x - 35 * 42 / 100) ** 2  # chi-squared, but for a constant
    extreme = weight <= weight[30] * (1 + 1e-7) if order == "probability" else cells >= cells[30] * (1 - 1e-7)
    assert tail(table, order)[0] == pytest.approx(weight[extreme].sum(), rel=1e-10)


@pytest.mark.parametrize("order", ORDERS)
def test_tiny_p_values_keep_their_digits(order):
    n = 60
    exact = 2 / math.comb(2 * n, n)  # only the two diagonal tables are as extreme
    assert tail(np.array([[n, 0], [0, n]]), order)[0] == pytest.approx(exact, rel=1e-9)
    three = math.factorial(6) * math.factorial(20) ** 3 / math.factorial(60)
    assert tail(20 * np.eye(3, dtype=int), order)[0] == pytest.approx(three, rel=1e-9)


@pytest.mark.parametrize("order", ORDERS)
def test_the_least_extreme_table_has_p_one(order):
    assert tail(np.full((3, 3), 5), order)[0] == pytest.approx(1, abs=1e-12)
    assert tail(np.array([[1, 2], [50, 100], [30, 60]]), order)[0] == pytest.approx(1, abs=1e-12)


def test_nearly_equal_statistics_are_told_apart_for_a_small_chi_squared():
    table = np.array([[375, 374], [374, 376]])  # chi-squared of about 0.0006
    x = np.arange(750)
    from scipy.stats import hypergeom

    weight = hypergeom.pmf(x, 1499, 749, 749)
    distance = np.abs(x - 749 * 749 / 1499)
    expected = weight[distance >= distance[375] * (1 - 1e-7)].sum()
    assert tail(table, "pearson")[0] == pytest.approx(expected, rel=1e-8)


@pytest.mark.parametrize("order", ORDERS)
def test_the_bound_is_the_only_thing_that_stops_it(order):
    table = np.array([[2, 1, 4], [3, 3, 1], [5, 0, 2], [1, 4, 1]])
    p, warning = tail(table, order)
    bounds = [(bound, *tail(table, order, bound)) for bound in (1, 100, 1000, 10**6)]
    for _, limited, why in bounds:
        assert (limited == p and not why) or (math.isnan(limited) and "allowed" in why)
    assert math.isnan(bounds[0][1]) and bounds[-1][1] == p and warning == ""


@pytest.mark.parametrize("order", ORDERS)
def test_blocks_and_the_way_of_looking_up_change_nothing(monkeypatch, order):
    table = np.array([[6, 3, 1], [4, 5, 2], [1, 4, 6], [2, 2, 5]])
    expected = tail(table, order)[0]
    monkeypatch.setattr(exact, "_BLOCK", 7)  # fewer than the partial tables of one half: both loops have several steps
    assert tail(table, order)[0] == pytest.approx(expected, rel=1e-12)
    monkeypatch.setattr(exact, "_SHORT", 0)  # states looked up by bisection, as for column totals that pack widely
    assert tail(table, order)[0] == pytest.approx(expected, rel=1e-12)


def test_a_table_too_wide_to_pack_is_refused():
    p, warning = tail(np.full((20, 20), 5), "pearson")
    assert math.isnan(p)
    assert "20 columns" in warning


def test_rows_of_one_patient_each():
    table = np.eye(4, dtype=int)
    for order, permuted in itertools.product(ORDERS, itertools.permutations(range(4))):
        assert tail(table[list(permuted)], order)[0] == pytest.approx(1, abs=1e-12)
