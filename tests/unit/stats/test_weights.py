"""Rows with weights give what the same rows repeated give: descriptions, ranks, agreement, and the check of weights."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from replicalc.stats import describe, ordered, rank
from replicalc.stats.agreement import bland_altman, icc
from replicalc.stats.base import MOST_PATIENTS
from replicalc.stats.clustered import (
    clustered_difference,
    clustered_proportion,
    difference_of_clusters,
    proportion_of_clusters,
)
from replicalc.stats.two_groups import MOST_PAIRS, mann_whitney

from .weighting import CLOSED, LEVEL, assert_same, columns, fast, repeated

READINGS = st.integers(-4, 12).map(lambda value: value / 4 + 3)  # few distinct ones: ties, and sizes all alike
SIDES = st.sampled_from(["two-sided", "greater", "less"])


@fast
@given(
    columns(READINGS), st.sampled_from([0, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 1]), st.sampled_from(describe.DEFINITIONS)
)
def test_quantiles(rows, q, definition):
    x, w = rows
    if definition == "tukey hinges" and q not in (0.25, 0.5, 0.75):
        q = 0.25
    expected = describe.quantile(repeated(x, w), q, definition)
    assert describe.quantile(x, q, definition, weights=w) == expected  # to the bit


@fast
@given(columns(READINGS))
def test_mean_and_standard_deviation(rows):
    x, w = rows
    full = repeated(x, w)
    assert_same(describe.mean_sd(x, weights=w), describe.mean_sd(full), CLOSED)
    assert_same(describe.mean_interval(x, LEVEL, weights=w), describe.mean_interval(full, LEVEL), CLOSED)
    assert_same(describe.sd_interval(x, LEVEL, weights=w), describe.sd_interval(full, LEVEL), CLOSED)


@fast
@given(columns(READINGS, most=9), st.sampled_from([0.25, 0.5, 0.9]))
def test_interval_of_a_quantile(rows, q):
    x, w = rows
    found = describe.median_interval(x, LEVEL, q, weights=w)
    assert_same(found, describe.median_interval(repeated(x, w), LEVEL, q), CLOSED)


def test_ten_million_patients_in_four_rows():
    x, w = [1.0, 2.0, 3.0, 4.0], [2_500_000, 2_500_000, 2_500_000, 2_500_000]
    found = describe.mean_sd(x, weights=w)
    assert (found.n, found.mean) == (10_000_000, 2.5)
    assert found.sd == pytest.approx(np.sqrt(1.25 * 10_000_000 / 9_999_999), rel=1e-14)
    assert [describe.quantile(x, 0.5, each, weights=w).value for each in describe.DEFINITIONS] == [2.5] * 4
    assert describe.quantile(x, 0.75, "type 7", weights=w).value == 3.25  # between the 7,500,000th and the next
    median = describe.median_interval(x, LEVEL, weights=w)
    assert (median.lo, median.hi) == (2.0, 3.0)
    assert (
        "values 4996901 to 5003100 of 10000000" in median.method
    )  # R: qbinom(0.025, 1e7, 0.5), 1 + qbinom(0.975, 1e7, 0.5)


def test_a_distance_far_from_zero_keeps_its_digits():
    """Moments are taken around the mean: without that, 1e15 patients near 1e6 would have no variance left."""
    found = describe.mean_sd([1e6, 1e6 + 1], weights=[5e14, 5e14])
    assert found.sd == pytest.approx(0.5, rel=1e-12)


@pytest.mark.parametrize("zeros", ["wilcox", "pratt"])
@pytest.mark.parametrize("continuity", [True, False])
@fast
@given(rows=columns(READINGS, READINGS), side=SIDES)
def test_signed_ranks(rows, side, zeros, continuity):
    x, y, w = rows
    options = dict(zeros=zeros, continuity=continuity, method="asymptotic", alternative=side)
    found = rank.wilcoxon_signed_rank(x, y, **options, weights=w)
    assert_same(found, rank.wilcoxon_signed_rank(repeated(x, w), repeated(y, w), **options), CLOSED)


@fast
@given(columns(READINGS, READINGS, most=1), SIDES)
def test_exact_signed_ranks(rows, side):
    x, y, w = rows
    options = dict(zeros="wilcox", continuity=False, method="exact", alternative=side)
    found = rank.wilcoxon_signed_rank(x, y, **options, weights=w)
    assert found == rank.wilcoxon_signed_rank(repeated(x, w), repeated(y, w), **options)


@fast
@given(columns(READINGS, READINGS), SIDES)
def test_signs(rows, side):
    x, y, w = rows
    assert rank.sign_test(x, y, alternative=side, weights=w) == rank.sign_test(
        repeated(x, w), repeated(y, w), alternative=side
    )


@pytest.mark.parametrize("continuity", [True, False])
@fast
@given(one=columns(READINGS), two=columns(READINGS), side=SIDES)
def test_rank_sums(one, two, side, continuity):
    (x, v), (y, w) = one, two
    options = dict(continuity=continuity, method="asymptotic", alternative=side)
    found = mann_whitney(x, y, **options, x_weights=v, y_weights=w)
    assert_same(found, mann_whitney(repeated(x, v), repeated(y, w), **options), CLOSED)


def test_rank_sums_where_nearly_everybody_ties():
    """Subtracting the cubes of the tied from the cube of all would leave no digit."""
    few = mann_whitney(
        [0.0, 1.0], [0.0, 1.0], continuity=False, method="asymptotic", x_weights=[5e14, 9], y_weights=[5e14, 1]
    )
    assert few.statistic == pytest.approx(8 / np.sqrt(10), rel=1e-7)  # nine of ten rare readings on one side
    assert few.p == pytest.approx(0.0114120363860, rel=1e-6)  # R: 2 * pnorm(-8 / sqrt(10))


@fast
@given(columns(READINGS, READINGS, READINGS), st.sampled_from([2, 3]))
def test_intraclass_correlations(rows, raters):
    *readings, w = rows
    ratings = np.array(readings[:raters]).T.reshape(-1, raters)
    found, expected = icc(ratings, LEVEL, weights=w), icc(repeated(ratings, w), LEVEL)
    for one, other in zip(found, expected, strict=True):
        if abs(other.value) < 1e3:  # beyond, it divides by what is 0 but for rounding
            assert_same(one, other, CLOSED, 1e-10)
        assert (one.form, one.n, one.k, one.df2) == (other.form, other.n, other.k, other.df2)


@fast
@given(columns(READINGS, READINGS))
def test_limits_of_agreement(rows):
    x, y, w = rows
    assert_same(bland_altman(x, y, weights=w), bland_altman(repeated(x, w), repeated(y, w)), CLOSED)


@st.composite
def women(draw):
    """Lesions of some women by two tests, whose lesion each is, and how many women each woman stands for."""
    each = draw(
        st.lists(
            st.tuples(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=3), st.integers(0, 4)),
            max_size=6,
        )
    )
    first = [float(a) for lesions, _ in each for a, _ in lesions]
    second = [float(b) for lesions, _ in each for _, b in lesions]
    label = [("woman", i) for i, (lesions, _) in enumerate(each) for _ in lesions]
    w = [weight for lesions, weight in each for _ in lesions]
    full = [
        (a, b, (whose, copy))
        for a, b, whose, weight in zip(first, second, label, w, strict=True)
        for copy in range(weight)
    ]
    counts = [
        (sum(a for a, _ in lesions), sum(b for _, b in lesions), len(lesions), weight) for lesions, weight in each
    ]
    return (
        (first, second, label, w),
        tuple(zip(*full, strict=True)) or ((), (), ()),
        tuple(zip(*counts, strict=True)) or ((), (), (), ()),
    )


@fast
@given(women())
def test_lesions_of_women(drawn):
    (first, second, label, w), (one, two, whose), (x, y, size, patterns) = drawn
    expected = clustered_proportion(one, list(whose))
    assert_same(clustered_proportion(first, label, weights=w), expected, CLOSED)
    assert_same(proportion_of_clusters(x, size, weights=patterns), expected, CLOSED)
    expected = clustered_difference(one, two, list(whose))
    assert_same(clustered_difference(first, second, label, weights=w), expected, CLOSED)
    assert_same(difference_of_clusters(x, y, size, weights=patterns), expected, CLOSED)


def test_lesions_of_one_woman_with_two_weights_are_refused():
    with pytest.raises(ValueError, match="all lesions of one cluster must have the same weight"):
        clustered_proportion([1, 0, 1], ["a", "a", "b"], weights=[2, 1, 1])


@pytest.mark.parametrize(
    ("x", "sizes", "sentence"),
    [
        ([1], [0], "the sizes of the clusters must be whole numbers of at least 1"),
        ([3], [2], "the counts of the clusters must be whole numbers from 0 to the size"),
        ([0.5], [2], "the counts of the clusters must be whole numbers from 0 to the size"),
        ([1, 1], [2], "there must be one count for each size of a cluster: 1, not 2"),
    ],
)
def test_impossible_clusters_are_refused(x, sizes, sentence):
    with pytest.raises(ValueError, match=sentence):
        proportion_of_clusters(x, sizes)


def test_exact_distributions_that_are_too_large_say_so():
    x = np.arange(1.0, 1.0 + rank.MOST_EXACT + 1)
    found = rank.wilcoxon_signed_rank(x, 0 * x, zeros="wilcox", continuity=False, method="exact")
    assert np.isnan(found.p)
    assert found.warning == "exact P value not computed: 1,001 pairs, more than 1,000"
    side = int(MOST_PAIRS**0.5) + 1
    found = mann_whitney(np.arange(side), np.arange(side) + 0.5, continuity=False, method="exact")
    assert np.isnan(found.p)
    assert found.warning == "exact P value not computed: 40,401 pairs of readings, more than 40,000"


@fast
@given(st.lists(st.lists(st.integers(0, 6), min_size=4, max_size=4), min_size=2, max_size=4))
def test_ordered_tables_are_their_patients(table):
    groups = [np.repeat([1.0, 2.0, 3.0, 4.0], row) for row in table if any(row)]
    found = ordered.kruskal_wallis(table)
    if len(groups) > 1 and len(set(np.concatenate(groups))) > 1:
        from scipy.stats import kruskal

        expected = kruskal(*groups)
        assert found.statistic == pytest.approx(expected.statistic, rel=1e-8, abs=1e-10)  # scipy's subtracts 3 (n + 1)
    else:
        assert np.isnan(found.p)
    if len(groups) == 2:
        assert_same(
            ordered.mann_whitney(table, continuity=True),
            mann_whitney(*groups, continuity=True, method="asymptotic"),
            CLOSED,
        )


@pytest.mark.parametrize(
    ("weights", "sentence"),
    [
        ([1, 2], "there must be one weight for each row: 3, not 2"),
        ([1, 2, -1], "the weights must be whole numbers of at least 0 (how many patients a row stands for), not -1"),
        ([1, 0.5, 1], "the weights must be whole numbers of at least 0 (how many patients a row stands for), not 0.5"),
        ([1, float("nan"), 1], "the weights must have no missing or infinite value; drop or fill them first"),
        ([1, float("inf"), 1], "the weights must have no missing or infinite value; drop or fill them first"),
        (["a", "b", "c"], "the weights must be numbers"),
        ([[1], [1], [1]], "the weights must have 1 dimension, not 2"),
        ([MOST_PATIENTS - 1, 1, 1], "the weights add up to 9,007,199,254,740,992 patients or more: they cannot be counted exactly"),
    ],
)  # fmt: skip
def test_wrong_weights_are_refused_with_a_sentence(weights, sentence):
    with pytest.raises(ValueError) as refusal:
        describe.mean_sd([1.0, 2.0, 3.0], weights=weights)
    assert str(refusal.value) == sentence


def test_a_row_of_weight_zero_is_absent_whatever_stands_in_it():
    assert describe.mean_sd([1.0, float("nan"), 3.0], weights=[1, 0, 1]) == describe.mean_sd([1.0, 3.0])
    with pytest.raises(ValueError, match="the values must have no missing"):
        describe.mean_sd([1.0, float("nan"), 3.0], weights=[1, 1, 1])
