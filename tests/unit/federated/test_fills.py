"""Withheld patients put otherwise: what stands, what is bounded, and what the tables that a result needs are."""

from __future__ import annotations

import numpy as np
import pytest

from replicalc import results
from replicalc.errors import ReplicalcError
from replicalc.federated.asking import ARCHETYPES, archetype_of, tables_needed
from replicalc.federated.fills import FEWEST, FILLS, MOST, Fill, enough
from replicalc.federated.pool import _levels
from replicalc.federated.settle import _settled
from replicalc.table import Row


@pytest.mark.parametrize("cells", [1, 2, 7])
def test_every_spread_keeps_the_patients_and_repeats_itself(cells):
    for name in FILLS:
        found = Fill(name, (1, 2)).spread(11, cells)
        assert found.shape == (cells,) and (found >= 0).all()
        assert found.sum() == {FEWEST: 0, MOST: 11 * cells}.get(name, 11)
        assert (found == Fill(name, (1, 2)).spread(11, cells)).all()


@pytest.mark.parametrize(("patients", "cells"), [(9, 2), (9, 3), (9, 5), (1, 4), (2, 8), (3, 11)])
def test_a_number_of_some_of_the_withheld_cells_is_never_taken_for_a_known_one(patients, cells):
    """Of some cells and not of all: it comes out differently in two spreads at least, if there are patients enough."""
    assert enough(patients, cells)
    spreads = np.array([Fill(name, (0, 3)).spread(patients, cells) for name in FILLS if name not in (FEWEST, MOST)])
    for subset in range(1, 2**cells - 1):
        inside = [bool(subset >> k & 1) for k in range(cells)]
        assert len(set(spreads[:, inside].sum(axis=1))) > 1
    assert set(spreads.sum(axis=1)) == {patients}


def test_too_few_patients_for_many_cells_are_known_to_be_too_few():
    assert not enough(1, 5) and not enough(2, 9)


def row(value: float, stat: str = "count", **more) -> Row:
    return Row("tiny", "all", "pcr=yes", stat, value, **more)


def settled(values: list[float], stat: str, fewest: float = 3, most: float = 30) -> Row:
    place = ("all", "pcr=yes", stat, 0)
    spreads = [{place: row(value, stat, n=50)} for value in values]
    return _settled(place, spreads, {place: row(fewest, stat)}, {place: row(most, stat)}, "site_b")


def test_a_number_that_no_spread_changes_stands():
    assert settled([7.0] * 6, "count") == row(7.0, n=50)


def test_a_count_that_depends_on_withheld_cells_has_its_bounds():
    found = settled([7.0, 8.0, 7.0, 7.0, 7.0, 7.0], "count")
    assert np.isnan(found.value) and found.n == 50
    assert found.warning == "not known: it depends on counts that site_b withheld; from 3 to 30"


def test_a_number_that_is_no_count_has_none():
    found = settled([0.04, 0.2, 0.04, 0.04, 0.04, 0.04], "p")
    assert np.isnan(found.value) and "from" not in found.warning


def test_withheld_steps_of_a_flow_add_up_to_those_included():
    def line(before: str, out: str, after: str) -> dict:
        return {"n_before": before, "n_excluded": out, "n_after": after}

    assert _levels([line("100", "", ""), line("", "20", "70")], 70, "1") == [100, 90, 70]
    found = {fill: _levels([line("100", "", ""), line("", "", "70")], 70, fill) for fill in ("1", "6")}
    assert all(levels[0] == 100 and levels[2] == 70 for levels in found.values()) and found["1"] != found["6"]


def test_every_function_of_a_result_but_statements_says_what_it_needs():
    assert {entry.partition(":")[2] for entry in ARCHETYPES} == set(results.__all__) - {"statement"}


def test_a_result_names_the_variables_of_each_of_its_tables():
    params = {"rows": ["calcified"], "columns": ["pcr", "grade"], "test": "pearson", "subset": {"series": "unselected"}}
    needed = tables_needed("results.association:association", params)
    assert sorted(needed) == [["calcified", "grade", "series"], ["calcified", "pcr", "series"]]
    assert tables_needed("results.describe:patient_flow", {}) == [[]]


def test_univariable_models_need_each_factor_alone():
    params = {"outcome": ("pcr", "no"), "factors": {"calcified": "yes", "mass": "yes"}}
    one_by_one = tables_needed("results.regression:logistic", params | {"models": ["univariable"]})
    assert one_by_one == [["calcified", "pcr"], ["mass", "pcr"]]
    assert tables_needed("results.regression:logistic", params) == [["calcified", "mass", "pcr"]]


def test_a_rule_of_an_unknown_function_is_refused():
    with pytest.raises(ReplicalcError, match="rule tiny_result: made by no function"):
        archetype_of({"code": "0123"}, "tiny_result")
