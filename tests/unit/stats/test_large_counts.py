"""Every statistic of counts answers for ten million patients, and for 1e15, or says why not.

The expected values are scaled from small tables where the statistic scales, or worked out in whole numbers.
"""

from fractions import Fraction
from math import comb, isnan, log, sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from replicalc.stats import contingency, exact, hypergeometric, odds_ratio, ordered, paired, predictive, proportion
from replicalc.stats.base import binomial_at_most, deviance
from replicalc.stats.describe import median_interval
from replicalc.stats.two_by_two import CONVENTIONS, fisher
from replicalc.stats.two_groups import barnard, boschloo, fisher_mid_p, n_minus_1

from .weighting import fast

SCALES = pytest.mark.parametrize("scale", [1e5, 1e9, 1e13])
TABLE = np.array([[31.0, 19.0], [24.0, 26.0]])


@SCALES
def test_chi_squared_grows_with_the_table(scale):
    small, large = TABLE, TABLE * scale
    for test in (contingency.pearson, contingency.likelihood_ratio):
        assert test(large).statistic == pytest.approx(test(small).statistic * scale, rel=1e-10)
    n = TABLE.sum() * scale
    assert n_minus_1(large).statistic == pytest.approx(
        contingency.pearson(small).statistic * scale * (1 - 1 / n), rel=1e-10
    )
    expected = contingency.linear_by_linear(small).statistic * scale * (n - 1) / n * 100 / 99
    assert contingency.linear_by_linear(large).statistic == pytest.approx(expected, rel=1e-10)
    assert ordered.kruskal_wallis(large).statistic == pytest.approx(expected, rel=1e-10)
    assert contingency.cochran_rule(large) == (0.0, 22.5 * scale)


@pytest.mark.parametrize("rest", [1e5, 1e9, 1e13])
def test_rare_events_among_any_number_of_patients_are_poisson(rest):
    """3 events against 1, among 4 and 6 shares of the rest: in the limit only the events count, 3 of 4 with chance 0.4."""
    table = [[3, 4 * rest], [1, 6 * rest]]
    g = 2 * (3 * log(3 / 1.6) + log(1 / 2.4))
    assert contingency.likelihood_ratio(table).statistic == pytest.approx(g, rel=20 / rest + 1e-9)
    limit = 4 * 0.4**3 * 0.6 + 0.4**4
    for found in (fisher(table, "greater").p, odds_ratio.tail(*map(int, np.ravel(table)), 1.0, "at least")):
        assert found == pytest.approx(limit, rel=20 / rest + 1e-9)
    small = odds_ratio.interval(3, 400_000, 1, 600_000, "profile likelihood")
    large = odds_ratio.interval(3, int(4 * rest), 1, int(6 * rest), "profile likelihood")
    assert (large.lo, large.hi) == pytest.approx((small.lo, small.hi), rel=2e-4)


def hypergeometric_tails(a, b, c, d):
    """P of at least and of at most ``a``, in whole numbers."""
    row, column, n = a + b, a + c, a + b + c + d
    ways = {x: comb(row, x) * comb(n - row, column - x) for x in range(max(0, a - d), min(row, column) + 1)}
    total = sum(ways.values())
    return [float(Fraction(sum(w for x, w in ways.items() if keep(x)), total)) for keep in (a.__le__, a.__ge__)]


@pytest.mark.parametrize(
    "cells", [(30, 4_000_000, 17, 6_000_000), (300, 60_000, 260, 59_500), (0, 200_000, 9, 300_000)]
)
def test_fisher_in_whole_numbers(cells):
    a, b, c, d = cells
    assert sum(cells) > hypergeometric.SMALL
    upper, lower = hypergeometric_tails(*cells)
    table = [[a, b], [c, d]]
    assert fisher(table, "greater").p == pytest.approx(upper, rel=1e-10)
    assert fisher(table, "less").p == pytest.approx(lower, rel=1e-10)
    assert odds_ratio.tail(*cells, 1.0, "at least") == pytest.approx(upper, rel=1e-10)
    assert odds_ratio.tail(*cells, 1.0, "at most") == pytest.approx(lower, rel=1e-10)


@fast
@given(
    st.lists(st.integers(0, 40), min_size=4, max_size=4).filter(
        lambda t: min(t[0] + t[1], t[2] + t[3], t[0] + t[2], t[1] + t[3])
    )
)
def test_the_way_of_large_tables_is_that_of_small_ones(cells):
    """The same table by both ways."""
    with pytest.MonkeyPatch.context() as patch:
        small = [fisher([cells[:2], cells[2:]], convention).p for convention in CONVENTIONS]
        small += [odds_ratio.interval(*cells, method).hi for method in ("exact conditional", "mid-P")]
        small.append(contingency.exact_pearson([cells[:2], cells[2:]]).p)
        patch.setattr(hypergeometric, "SMALL", 0)
        large = [fisher([cells[:2], cells[2:]], convention).p for convention in CONVENTIONS]
        large += [odds_ratio.interval(*cells, method).hi for method in ("exact conditional", "mid-P")]
        large.append(contingency.exact_pearson([cells[:2], cells[2:]]).p)
    assert large == pytest.approx(small, rel=1e-9, nan_ok=True)


def test_a_table_far_from_independence_has_probability_0_and_its_odds_ratio_limits():
    a, b, c, d = 3_100_000, 1_900_000, 2_400_000, 2_600_000
    assert [fisher([[a, b], [c, d]], convention).p for convention in CONVENTIONS] == [0, 0, 0, 0, 1]
    assert fisher_mid_p([[a, b], [c, d]]).p == 0
    assert (odds_ratio.tail(a, b, c, d, 1.0, "at least"), odds_ratio.tail(a, b, c, d, 1.0, "at most")) == (0, 1)
    exact_, woolf = (odds_ratio.interval(a, b, c, d, method) for method in ("exact conditional", "Woolf"))
    assert (exact_.lo, exact_.hi) == pytest.approx((woolf.lo, woolf.hi), rel=2e-6)
    assert exact_.lo < woolf.lo < woolf.hi < exact_.hi


def test_what_cannot_be_computed_says_so():
    half = 5_000_000
    table = [[half, half], [half, half]]
    for test in (barnard, boschloo):
        found = test(table)
        assert (
            isnan(found.p)
            and found.warning == "exact P value not computed: 1e+14 tables, more than the 500,000 allowed"
        )
    three = [[half, half, half], [half, half, half]]
    for test in (contingency.fisher_freeman_halton, contingency.exact_pearson):
        found = test(three)
        why = f"30,000,000 patients, more than the {exact.MOST_PATIENTS:,} whose tables can be told apart"
        assert isnan(found.p) and found.warning == f"exact P value not computed: {why}"
    vast = [[10**14, 10**14], [10**14, 10**14]]
    for test in (
        contingency.fisher_freeman_halton,
        contingency.exact_pearson,
        fisher_mid_p,
        lambda t: fisher(t, "Blaker"),
    ):
        found = test(vast)
        assert isnan(found.p) and found.warning == hypergeometric.TOO_LARGE
    found = odds_ratio.interval(*np.ravel(vast).tolist(), "mid-P")
    assert isnan(found.lo) and found.warning == hypergeometric.TOO_LARGE
    for method in ("mid-P", "Blaker", "likelihood ratio"):
        found = proportion.interval(10**8, 10**9, method, 0.95)
        assert isnan(found.lo) and found.warning == "not computed for 1,000,000,000 patients, more than 100,000,000"


@pytest.mark.parametrize("method", proportion.ALL_METHODS)
def test_intervals_of_a_share_of_ten_million(method):
    """All close in on Wald's, and a rare event has the limits that it has among a tenth of the patients, divided by ten."""
    found = proportion.interval(6_200_000, 10_000_000, method, 0.95)
    half = 1.959963984540054 * sqrt(0.62 * 0.38 / 1e7)
    assert (found.lo, found.hi) == pytest.approx((0.62 - half, 0.62 + half), rel=3e-7)
    rare, tenth = (proportion.interval(4, n, method, 0.95) for n in (10_000_000, 1_000_000))
    assert (rare.lo, rare.hi) == pytest.approx((tenth.lo / 10, tenth.hi / 10), rel=2e-5, abs=1e-6 * tenth.hi)


@SCALES
def test_paired_tests_grow_with_the_table(scale):
    b, c = int(9 * scale), int(3 * scale)
    assert paired.mcnemar(b, c, "asymptotic").statistic == pytest.approx(3 * scale, rel=1e-12)
    for method in ("Wald", "Newcombe", "Tango"):
        found = paired.paired_difference([[14 * scale, b], [c, 22 * scale]], 0.95, method)
        half = 1.959963984540054 * sqrt((12 / 48 - 1 / 64) / (48 * scale))
        assert (found.lo, found.hi) == pytest.approx((0.125 - half, 0.125 + half), abs=half * 1e-2)
    diseased, healthy = np.array([[319, 78], [22, 32]]), np.array([[31, 53], [22, 155]])
    small = predictive.weighted_generalised_score(diseased, healthy, "ppv").statistic
    large = predictive.weighted_generalised_score(diseased * int(scale), healthy * int(scale), "ppv").statistic
    assert large == pytest.approx(small * scale, rel=1e-9)


@pytest.mark.parametrize("n", [10_000_000, 10**12])
def test_order_statistics_of_more_patients_than_32_bits_count(n):
    found = median_interval([1.0, 2.0], 0.95, weights=[n // 2, n // 2])
    assert (found.lo, found.hi) == (1.0, 2.0)
    assert found.method.endswith(f"of {n}, coverage 95.00 %")
    below, above = (binomial_at_most(n / 2 + side * sqrt(n) / 2 * 1.959963984540054, n, 0.5) for side in (-1, 1))
    assert (below, above) == pytest.approx((0.025, 0.975), rel=1e-3)


@fast
@given(st.lists(st.tuples(st.integers(0, 1000), st.integers(1, 1000)), min_size=2, max_size=6))
def test_deviance_is_what_the_logarithms_sum_to(cells):
    observed, shares = np.array(cells, dtype=float).T
    expected = shares / shares.sum() * observed.sum()
    if observed.sum():
        plain = 2 * sum(o * log(o / e) if o else 0.0 for o, e in zip(observed, expected, strict=True))
        assert deviance(observed, expected) == pytest.approx(plain, rel=1e-9, abs=1e-9)
