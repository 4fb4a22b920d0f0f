"""Which method gives a printed interval: every interval is found again, and nothing is found that does not print it."""

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from replicalc.errors import ReplicalcError
from replicalc.stats.proportion import ALL_METHODS, CAN_LEAVE_0_TO_1, interval
from replicalc.verify.printed import format_as, parse, rounding_needed
from replicalc.verify.which_interval import NOT_CUT, any_denominator, which_interval


def printed(limits, scale, decimals, rounding="half-up"):
    return tuple(parse(format_as(scale * x, decimals, rounding)) for x in (limits.lo, limits.hi))


COUNTS = st.integers(1, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@settings(max_examples=600, deadline=None)
@given(
    COUNTS,
    st.sampled_from(ALL_METHODS),
    st.sampled_from([0.9, 0.95, 0.99]),
    st.sampled_from([(100, 0), (100, 1), (1, 2), (1, 3)]),
    st.sampled_from(["half-up", "half-even", "truncation"]),
    st.booleans(),
)
def test_the_method_behind_a_print_is_found(counts, method, level, form, rounding, cut):
    k, n = counts
    assume(not (method == "logit" and k in (0, n)))
    limits = interval(k, n, method, level, cut=cut)
    lo, hi = printed(limits, *form, rounding)
    assume(lo.value < form[0] and hi.value > 0)
    found = which_interval(k, n, lo, hi, level, scale=form[0])
    assert method in {name.removesuffix(NOT_CUT) for name in found.fits}, found.evidence


@settings(max_examples=250, deadline=None)
@given(
    st.integers(1, 60).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))),
    st.sampled_from(ALL_METHODS),
    st.sampled_from([0.9, 0.95]),
    st.integers(0, 2),
    st.booleans(),
)
def test_over_any_denominator_it_is_found_as_well(counts, method, level, decimals, cut):
    k, n = counts
    assume(not (method == "logit" and k in (0, n)))
    lo, hi = printed(interval(k, n, method, level, cut=cut), 100, decimals)
    assume(lo.value < 100 and hi.value > 0)
    found = any_denominator(lo, hi, level, min_n=max(1, n - 2), max_n=n + 2, scale=100, methods=(method,))
    assert (k, n) in found.counts


@settings(max_examples=25, deadline=None)
@given(
    st.integers(1, 14).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))),
    st.sampled_from(ALL_METHODS),
    st.integers(0, 1),
)
def test_the_list_of_solutions_is_that_of_a_plain_enumeration(counts, method, decimals):
    k, n = counts
    assume(not (method == "logit" and k in (0, n)))
    lo, hi = printed(interval(k, n, method, 0.95), 100, decimals)
    assume(lo.value < 100 and hi.value > 0)
    plain = set()
    for total in range(1, 15):
        for count in range(total + 1):
            for name in ALL_METHODS:
                for cut in (True, False) if name in CAN_LEAVE_0_TO_1 else (True,):
                    limits = interval(count, total, name, 0.95, cut=cut)
                    if rounding_needed(100 * limits.lo, lo) and rounding_needed(100 * limits.hi, hi):
                        plain.add((name, count, total))
    found = any_denominator(lo, hi, max_n=14, scale=100)
    assert {(each.method.removesuffix(NOT_CUT), each.count, each.n) for each in found.solutions} == plain


@settings(max_examples=60, deadline=None)
@given(
    st.integers(2, 80).flatmap(lambda n: st.tuples(st.integers(1, n - 1), st.just(n))),
    st.sampled_from(ALL_METHODS),
    st.integers(0, 9),
    st.integers(0, 9),
)
def test_more_digits_never_add_a_solution(counts, method, first, second):
    limits = interval(*counts, method, 0.95)
    coarse = printed(limits, 100, 1)
    assume(coarse[0].value < 100 and coarse[1].value > 0)
    fine = tuple(parse(p.text + str(d)) for p, d in zip(coarse, (first, second), strict=True))
    few, many = (
        {(s.method, s.count, s.n) for s in any_denominator(*pair, max_n=80, scale=100).solutions}
        for pair in (fine, coarse)
    )
    assert few <= many
    assert (method, *counts) in {(m.removesuffix(NOT_CUT), k, n) for m, k, n in many}


def test_known_intervals_name_their_method():
    # Newcombe 1998, table I: 81 of 263 by his methods 1 to 6
    table = {
        "Wald": ("0.2522", "0.3638"),
        "Wald with continuity correction": ("0.2503", "0.3657"),
        "Wilson": ("0.2553", "0.3662"),
        "Wilson with continuity correction": ("0.2535", "0.3682"),
        "Clopper-Pearson": ("0.2527", "0.3676"),
        "mid-P": ("0.2544", "0.3658"),
    }
    for method, limits in table.items():
        assert which_interval(81, 263, *map(parse, limits)).fits == (method,)


def test_limits_below_zero_are_recognised_as_not_cut():
    found = which_interval(1, 10, parse("-8.6%"), parse("28.6%"))
    assert found.fits == ("Wald" + NOT_CUT,)
    assert any_denominator(parse("-8.6%"), parse("28.6%"), max_n=20).counts == ((1, 10),)


def test_a_wrong_limit_is_told_with_what_it_should_read():
    found = which_interval(8, 10, parse("49.0"), parse("94.8"), named="Wilson")
    assert not found.fits and found.named_fits is False
    assert found.one_limit == ("Wilson",) and found.repair == "49.0 to 94.3"
    assert "by Wilson with 49.0 to 94.3" in found.evidence
    assert which_interval(8, 10, parse("49.0"), parse("94.3"), named="Wilson").named_fits is True
    assert which_interval(8, 10, parse("49.0"), parse("94.3"), named="Wald").named_fits is False


def test_the_estimate_narrows_the_denominators():
    lo, hi = parse("55.5"), parse("99.7")
    everything = any_denominator(lo, hi, max_n=120)
    with_estimate = any_denominator(lo, hi, max_n=120, value=parse("90"))
    assert ("Clopper-Pearson", 9, 10) in {(s.method, s.count, s.n) for s in with_estimate.solutions}
    assert set(with_estimate.counts) <= set(everything.counts)
    assert any_denominator(lo, hi, max_n=120, value=parse("70")).counts == ()
    assert "no count of any n from 1 to 120" in any_denominator(lo, hi, max_n=120, value=parse("70")).evidence


def test_percent_and_fraction_are_told_apart():
    assert which_interval(8, 10, parse("0.490"), parse("0.943")).fits == ("Wilson",)
    assert which_interval(8, 10, parse("49.0%"), parse("94.3%")).fits == ("Wilson",)
    assert which_interval(8, 10, parse("0.490"), parse("0.943"), scale=100).fits == ()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (dict(lo=parse("94.3"), hi=parse("49.0")), "swapped"),
        (dict(lo=parse("<49")), "not inequalities"),
        (dict(level=95), "between 0 and 1"),
        (dict(k=11), "not 11 of 10"),
        (dict(n=0, k=0), "not 0 of 0"),
        (dict(scale=10), "scale must be"),
        (dict(named="Wilsen"), "Did you mean 'Wilson'"),
        (dict(lo=parse("120"), hi=parse("130")), "holds no proportion"),
    ],
)
def test_nonsense_gets_a_sentence(change, message):
    with pytest.raises(ReplicalcError, match=message):
        which_interval(**{"k": 8, "n": 10, "lo": parse("49.0"), "hi": parse("94.3"), **change})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (dict(min_n=0), "from 1 upwards"),
        (dict(max_n=10**6), "up to 3000"),
        (dict(methods=("t",)), "no interval method"),
    ],
)
def test_an_endless_search_is_refused(change, message):
    with pytest.raises(ReplicalcError, match=message):
        any_denominator(parse("49.0"), parse("94.3"), **change)
