import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from replicalc.stats import contingency, ordered, two_by_two, two_groups

from .reference import closed, iterated, load

CASES = load("two_by_two")
CELLS = st.lists(st.integers(1, 30), min_size=4, max_size=4).map(lambda c: [c[:2], c[2:]])


@pytest.mark.parametrize("case", CASES["two_by_two"], ids=lambda c: str(c["table"]))
def test_two_by_two_against_r(case):
    table = case["table"]
    assert set(case["fisher"]) == set(two_by_two.CONVENTIONS)
    for convention, p in case["fisher"].items():
        assert two_by_two.fisher(table, convention).p == iterated(p)
    for convention, p in case["mid_p"].items():
        assert two_by_two.fisher(table, convention, mid_p=True).p == iterated(p)
    for alternative, p in case["one_sided"].items():
        assert two_by_two.pearson_one_sided(table, alternative).p == closed(p)
    wald = two_by_two.wald_log_odds(table)
    if "wald" in case:
        assert wald.p == iterated(case["wald"])
    else:
        assert math.isnan(wald.p) and "infinite" in wald.warning


@pytest.mark.parametrize("case", CASES["ordered"], ids=lambda c: str(c["table"]))
def test_ordered_tables_against_r(case):
    table = case["table"]
    ours = ordered.kruskal_wallis(table)
    assert {"statistic": ours.statistic, "df": ours.df, "p": ours.p} == closed(case["kruskal"])
    if "mann_whitney" in case:
        for name, continuity in (("plain", False), ("corrected", True)):
            assert ordered.mann_whitney(table, continuity=continuity).p == closed(case["mann_whitney"][name])
    trend = ordered.cochran_armitage(table)
    if "trend" in case:
        assert {"statistic": trend.statistic, "p": trend.p} == closed(case["trend"])
    else:
        assert math.isnan(trend.p)


@settings(max_examples=100, deadline=None)
@given(CELLS)
def test_the_conventions_stand_in_order_and_do_not_care_which_group_comes_first(cells):
    p = {c: two_by_two.fisher(cells, c).p for c in two_by_two.CONVENTIONS}
    assert min(p["greater"], p["less"]) <= p["Blaker"] <= p["doubling"] * (1 + 1e-9)
    assert p["point probability"] == pytest.approx(contingency.fisher_freeman_halton(cells).p, rel=1e-6)
    assert two_by_two.fisher(cells, "point probability", mid_p=True).p == pytest.approx(
        two_groups.fisher_mid_p(cells).p
    )
    turned = [row[::-1] for row in cells]
    assert two_by_two.fisher(turned, "less").p == pytest.approx(p["greater"], rel=1e-9)
    assert two_by_two.fisher(turned, "Blaker").p == pytest.approx(p["Blaker"], rel=1e-9)
    sides = [two_by_two.pearson_one_sided(cells, side).p for side in ("greater", "less")]
    assert 2 * min(sides) == pytest.approx(contingency.pearson(cells).p, rel=1e-8)


@settings(max_examples=60, deadline=None)
@given(CELLS)
def test_ranks_of_two_codes_are_the_n_minus_1_test(cells):
    expected = pytest.approx(two_groups.n_minus_1(cells).p, rel=1e-8)
    assert ordered.kruskal_wallis(cells).p == expected
    assert ordered.mann_whitney(cells, continuity=False).p == expected
    assert ordered.cochran_armitage(cells).p == pytest.approx(contingency.pearson(cells).p, rel=1e-8)


def test_nothing_to_test_and_nonsense():
    for empty in ([[3, 4], [0, 0]], [[3, 0], [4, 0]]):
        results = [two_by_two.fisher(empty, "doubling"), two_by_two.wald_log_odds(empty), ordered.kruskal_wallis(empty)]
        results += [two_by_two.pearson_one_sided(empty, "less"), ordered.mann_whitney(empty, continuity=False)]
        results.append(ordered.cochran_armitage(empty))
        assert all(math.isnan(r.p) and r.warning for r in results)
    for bad in ([[1, -1], [2, 3]], [[1.5, 1], [2, 3]]):
        for test in (two_by_two.wald_log_odds, ordered.kruskal_wallis, ordered.cochran_armitage):
            with pytest.raises(ValueError, match="counts of a table must"):
                test(bad)
    with pytest.raises(ValueError, match="2 x 2, not 3 x 2"):
        two_by_two.wald_log_odds(np.ones((3, 2)))
    with pytest.raises(ValueError, match="mid-P is not defined"):
        two_by_two.fisher([[3, 1], [1, 3]], "Blaker", mid_p=True)
