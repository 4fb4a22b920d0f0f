"""Synthetic patients: the joint table is exact, conflicts are named, samples have their quartiles."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from replicalc.cohort.synthesise.joint import Cells, assign_margin, conflicting, solve
from replicalc.cohort.synthesise.restrictions import Restriction, place_conditions, restrictions
from replicalc.cohort.synthesise.values import (
    integers_with_moments,
    sample_with_quartiles,
    within_bounds,
)
from replicalc.errors import ReplicalcError
from replicalc.records import Claim


def claim(cid, stat, reported, group="all", variable=""):
    return Claim(f"s.{cid}", "s_r", "T", "count", reported, reported, "l", group, variable, stat, "")


CELLS = Cells(
    {"a": ["x", "y"], "b": ["yes", "no"], "c": ["yes", "no"]},
    lambda cell: True,
    {"d": lambda cell: "yes" if cell["a"] == "x" else "no"},
)


def test_places():
    assert place_conditions("all") == {}
    assert place_conditions("a=x;b=yes|no") == {"a": ("x",), "b": ("yes", "no")}


def test_claims_become_conditions():
    found = restrictions(
        [
            claim(1, "count", "7", "a=x", "b=yes"),
            claim(2, "percent", "36.5", "a=x", "b=yes"),
            claim(3, "sensitivity", "92.0", "all", "b=no~c=no"),
            claim(4, "fn", "6", "all", "b=no~c=no"),
            claim(5, "p", "0.04", "all", "a x b"),
        ],
        100,
    )
    assert [(c.claim_id, c.part, c.whole) for c in found] == [
        ("s.1", {"a": ("x",), "b": ("yes",)}, None),
        ("s.2", {"a": ("x",), "b": ("yes",)}, {"a": ("x",)}),
        ("s.3", {"b": ("no",), "c": ("no",)}, {"c": ("no",)}),
        ("s.4", {"b": ("yes",), "c": ("no",)}, None),
    ]
    assert (found[1].lo, found[1].hi) == pytest.approx((0.3645, 0.3655))


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(0, 12), min_size=8, max_size=8).filter(lambda v: sum(v) > 0), st.integers(0, 5))
def test_any_consistent_margins_are_met(counts, seed):
    """Counts of real tables, given as margins and pairs, always have a solution, and it fulfils each of them."""
    counts = np.array(counts)
    total = int(counts.sum())
    conditions = []
    for number, conditions_of in enumerate(
        [{"a": ("x",)}, {"b": ("yes",)}, {"c": ("yes",)}, {"a": ("x",), "b": ("yes",)}, {"d": ("no",), "c": ("no",)}]
    ):
        value = float(counts[CELLS.mask(conditions_of)].sum())
        conditions.append(Restriction(f"s.{number}", conditions_of, None, value, value))
    found = solve(CELLS, conditions, np.ones(8), total, seed)
    assert found.unmet == ()
    assert len(found.codes["a"]) == total
    for condition in conditions:
        met = np.ones(total, dtype=bool)
        for name, codes in condition.part.items():
            met &= np.isin(found.codes[name], codes)
        assert met.sum() == condition.lo


def test_a_conflict_is_named_and_the_rest_is_met():
    part = {"a": ("x",)}
    conditions = [
        Restriction("s.n", part, None, 40, 40),
        Restriction("s.pct", {**part, "b": ("yes",)}, part, 0.395, 0.405),
        Restriction("s.k", {**part, "b": ("yes",)}, None, 17, 17),
    ]
    assert conflicting(CELLS, conditions, 100) == ("s.pct",)
    found = solve(CELLS, conditions, np.ones(8), 100, 1)
    assert found.unmet == ("s.pct",)
    assert ((found.codes["a"] == "x") & (found.codes["b"] == "yes")).sum() == 17


def test_the_same_seed_gives_the_same_patients():
    conditions = [Restriction("s.n", {"a": ("x",)}, None, 40, 40)]
    first, second, other = (solve(CELLS, conditions, np.ones(8), 100, seed).codes["c"].tolist() for seed in (3, 3, 4))
    assert first == second
    assert first != other


def test_margins_are_assigned_exactly_and_forbidden_codes_never():
    rng = np.random.default_rng(1)
    weights = np.ones((30, 2))
    weights[:10, 1] = 0
    codes = assign_margin({"p": 12, "q": 18}, weights, rng)
    assert (codes == "q").sum() == 18 and (codes[:10] == "p").all()
    with pytest.raises(ReplicalcError, match="no patient may have"):
        assign_margin({"p": 5, "q": 25}, weights, rng)
    with pytest.raises(ReplicalcError, match="sum to 31, not to 30"):
        assign_margin({"p": 13, "q": 18}, weights, rng)


@settings(max_examples=60, deadline=None)
@given(st.integers(8, 200), st.lists(st.integers(1, 60), min_size=3, max_size=3).map(sorted))
def test_samples_have_their_quartiles(n, tenths):
    quartiles = [t / 10 for t in tenths]
    x = sample_with_quartiles(n, 0, quartiles, quartiles[2] + 3, 0.1)
    assert (np.diff(x) >= 0).all() and len(x) == n
    for q, wanted in zip((0.25, 0.5, 0.75), quartiles, strict=True):
        assert np.quantile(x, q, method="weibull") == pytest.approx(wanted, abs=0.051)


def test_values_stay_within_their_bounds_on_the_grid():
    lo, hi = np.array([1.05, 0.2, 3.0]), np.array([1.2, 0.2, 9.0])
    out = within_bounds(np.array([1, 2, 3]), lo, hi, np.array([0.5, 5.0, 20.0]))
    assert out.tolist() == [1.1, 0.2, 9.0]


def test_ages_have_the_printed_moments():
    x = integers_with_moments(127, 49.9, 9.3, 25, 75, np.random.default_rng(2))
    assert x.mean() == pytest.approx(49.9, abs=0.05) and x.std(ddof=1) == pytest.approx(9.3, abs=0.05)


def test_what_a_table_has_in_place_of_a_printed_number_is_said():
    """7 of 20 cannot be 36 %; the table says what it has, so that the distance can be read off."""
    cells = Cells({"a": ["x", "y"]}, lambda cell: True, {})
    conditions = [
        Restriction("s.n", {"a": ("x",)}, None, 7, 7),
        Restriction("s.pct", {"a": ("x",)}, {}, 0.355, 0.365),
        Restriction("s.other", {"a": ("y",)}, None, 13, 13),
    ]
    found = solve(cells, conditions, np.ones(2), 20, 1)
    assert found.unmet == ("s.pct",)
    assert found.reached == {"s.pct": "7 of 20 here, 35.000 %; 35.5 to 36.5 % would print so"}
