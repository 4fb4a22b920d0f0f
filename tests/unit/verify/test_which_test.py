"""Which test gives a printed P value: the one that was used is always among those found."""

import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from replicalc.errors import ReplicalcError
from replicalc.verify import which_test as module
from replicalc.verify.printed import format_as, parse
from replicalc.verify.which_test import which_test

TWO_BY_TWO = arrays(np.int64, (2, 2), elements=st.integers(0, 30))
LARGER = st.tuples(st.integers(2, 4), st.integers(2, 3)).flatmap(
    lambda shape: arrays(np.int64, shape, elements=st.integers(0, 9))
)


def has_two_of_each(table):
    return min(table.any(0).sum(), table.any(1).sum()) >= 2


@settings(max_examples=150, deadline=None)
@given(TWO_BY_TWO | LARGER, st.data(), st.integers(2, 4), st.sampled_from(["half-up", "half-even", "truncation"]))
def test_the_test_behind_a_print_is_found(table, data, decimals, rounding):
    assume(has_two_of_each(table))
    every = [t for t in which_test(table, parse("0.5"), many_tables=0).tests if not math.isnan(t.p)]
    used = data.draw(st.sampled_from([t for t in every if t.p < 0.98] or every[:1]))
    assume(used.p < 0.98)
    printed = parse(format_as(used.p, decimals, rounding))
    found = which_test(table, printed, used.key, many_tables=0)
    assert used.key in found.prints and found.named_prints is True and found.repair == ""
    finer = which_test(table, parse(printed.text + "4"), many_tables=0)
    assert set(finer.prints) <= set(found.prints)
    limit = parse(f"<{format_as(min(1, used.p + 0.01), 3)}")
    assert used.key in which_test(table, limit, many_tables=0).prints


@settings(max_examples=60, deadline=None)
@given(LARGER)
def test_a_turned_table_has_the_same_tests(table):
    assume(has_two_of_each(table))
    one, other = (which_test(t, parse("0.05"), many_tables=0) for t in (table, table.T))
    renamed = {"kruskal_wallis": "kruskal_wallis_columns", "kruskal_wallis_columns": "kruskal_wallis"}
    renamed |= {
        f"{test}{end}": f"{test}{'' if end else '_columns'}"
        for test in ("barnard", "boschloo")
        for end in ("", "_columns")
    }
    assert {renamed.get(t.key, t.key) for t in one.tests} == {t.key for t in other.tests}
    for test in one.tests:
        assert test.p == pytest.approx(other.test(renamed.get(test.key, test.key)).p, rel=1e-6, nan_ok=True)
    assert one.flips == other.flips or any(abs(t.p - 0.05) < 1e-7 for t in one.tests)


@settings(max_examples=40, deadline=None)
@given(LARGER)
def test_tests_of_the_order_do_not_care_which_end_comes_first_and_the_others_not_about_order(table):
    assume(has_two_of_each(table))
    one, other = (which_test(t, parse("0.05"), many_tables=0) for t in (table, table[::-1]))
    shuffled = which_test(np.roll(table, 1, axis=0), parse("0.05"), many_tables=0)
    for test in one.tests:
        if test.sided == "two-sided":
            assert test.p == pytest.approx(other.test(test.key).p, rel=1e-6, nan_ok=True)
        if test.sided == "two-sided" and not test.uses_order:
            assert test.p == pytest.approx(shuffled.test(test.key).p, rel=1e-6, nan_ok=True)


def test_the_named_test_is_held_to_its_name():
    found = which_test([[12, 5], [6, 11]], parse("0.039"), "pearson")
    assert found.named_prints and "named test: Pearson chi-squared (0.03925" in found.evidence
    found = which_test([[12, 5], [6, 11]], parse("0.086"), "pearson")
    assert found.named_prints is False and (found.repair, found.units_off) == ("0.039", 47)
    assert "yates" in found.prints and "the named test gives Pearson chi-squared (0.03925" in found.evidence
    either = which_test([[12, 5], [6, 11]], parse("0.086"), ["pearson", "yates"])
    assert either.named_prints and either.method == "Pearson chi-squared with Yates correction"
    wald = which_test([[0, 5], [7, 3]], parse("0.03"), "wald_log_odds")
    assert not wald.named_defined and "the log odds ratio is infinite" in wald.evidence
    assert "not a test of a 3 x 2 table" in which_test([[3, 5], [7, 3], [4, 4]], parse("0.9"), "yates").evidence


def test_a_one_sided_test_is_told_as_such_and_comes_last():
    found = which_test([[12, 5], [6, 11]], parse("0.0196"))
    assert found.prints == ("pearson_greater",) and found.test("pearson_greater").sided == "one-sided"
    assert "one-sided (greater)" in found.method
    assert "pearson_greater" not in found.significant


def test_the_choice_of_a_test_can_turn_the_conclusion():
    found = which_test([[12, 5], [6, 11]], parse("0.039"), "pearson")
    assert found.flips and "pearson" in found.significant and "fisher" in found.not_significant
    assert "turns the conclusion at 0.05" in found.evidence
    assert not which_test([[12, 5], [6, 11]], parse("0.039"), alpha=0.2).flips
    trend = [[10, 10, 10], [6, 8, 16]]  # only the tests that use the order are near 0.05
    plain, by_rank = (
        which_test(trend, parse("0.1"), alpha=0.15),
        which_test(trend, parse("0.1"), "mann_whitney", alpha=0.15),
    )
    assert plain.test("mann_whitney").significant and not plain.test("pearson").significant
    assert not plain.flips and by_rank.flips


def test_categories_without_an_order_have_no_trend():
    table = [[10, 10, 10], [6, 8, 16], [5, 9, 9]]
    assert "linear_by_linear" not in {t.key for t in which_test(table, parse("0.5"), ordered_rows=False).tests}
    nominal = {t.key for t in which_test(table, parse("0.5"), ordered_rows=False, ordered_columns=False).tests}
    assert nominal == {"pearson", "likelihood_ratio", "fisher", "exact_pearson"}
    assert "linear_by_linear" in {
        t.key for t in which_test(table, parse("0.5"), "linear_by_linear", ordered_rows=False).tests
    }


def test_empty_categories_are_left_out_but_keep_their_score():
    full = which_test([[12, 5], [6, 11]], parse("0.039"))
    gaps = which_test([[12, 0, 5], [0, 0, 0], [6, 0, 11]], parse("0.039"))
    assert {t.key: pytest.approx(t.p, rel=1e-9) for t in full.tests} == {t.key: t.p for t in gaps.tests}
    gap, none = (
        which_test(t, parse("0.5")).test("linear_by_linear").p
        for t in ([[5, 1, 0, 2], [1, 2, 0, 6], [0, 3, 0, 4]], [[5, 1, 2], [1, 2, 6], [0, 3, 4]])
    )
    assert gap != pytest.approx(none, rel=1e-3)


def test_r_s_own_p_values_are_recognised():
    # R: fisher.test, chisq.test and chisq.test(correct = FALSE) on Fisher's tea
    tea = [[3, 1], [1, 3]]
    assert which_test(tea, parse("0.4857"), "fisher").named_prints
    assert which_test(tea, parse("0.4795"), "yates").named_prints
    assert which_test(tea, parse("0.1573"), "pearson").named_prints
    assert set(which_test(tea, parse("0.2429")).prints) == {"fisher_greater"}


def test_an_exact_test_that_is_too_large_is_left_out_with_a_reason():
    found = which_test(np.full((2, 2), 300), parse("1.0"))
    assert math.isnan(found.test("barnard").p) and "left out" in found.test("barnard").warning
    large = which_test(np.full((5, 5), 30), parse("1.0"), max_states=1000)
    assert math.isnan(large.test("fisher").p) and "partial tables" in large.test("fisher").warning
    assert "pearson" in large.prints


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (dict(table=[[1, -1], [2, 3]]), "whole numbers"),
        (dict(table=[[1.5, 1], [2, 3]]), "whole numbers"),
        (dict(table=[[1, 1], [2]]), "as many in each row"),
        (dict(table=[3, 4]), "rows and columns"),
        (dict(table=[[3, 4], [0, 0]]), "nothing to test"),
        (dict(p=parse("1.2")), "between 0 and 1"),
        (dict(alpha=5), "alpha must lie"),
        (dict(named="pearsons"), "Did you mean 'pearson'"),
    ],
)
def test_nonsense_gets_a_sentence(change, message):
    with pytest.raises(ReplicalcError, match=message):
        which_test(**{"table": [[12, 5], [6, 11]], "p": parse("0.039"), **change})


def test_every_key_can_be_named():
    for key in module.tests_of(None):
        named = which_test([[12, 5], [6, 11]], parse("0.5"), key, many_tables=0)
        assert named.named == (key,) and named.test(key).method


def test_the_unconditional_tests_fix_rows_or_columns():
    found = which_test([[7, 3], [1, 8]], parse("0.01"))
    turned = which_test([[7, 1], [3, 8]], parse("0.01"))
    for test in ("barnard", "boschloo"):
        assert found.test(test).p == pytest.approx(turned.test(f"{test}_columns").p, rel=1e-6)
        assert found.test(test).method.endswith("(rows fixed)")
        assert 0 < found.test(test).p <= found.test("fisher_doubling").p
