"""Two groups behind two percentages: published answers, brute force, and real prints that are never lost."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from published import printed, whole

from replicalc.errors import ReplicalcError
from replicalc.stats import contingency, two_groups
from replicalc.stats.logistic import odds_ratio
from replicalc.verify.fast_p import p_values
from replicalc.verify.printed import ROUNDINGS, format_as, parse
from replicalc.verify.recovery import print_share
from replicalc.verify.split import QUICK, split

rounding = st.sampled_from(sorted(ROUNDINGS))
groups = st.tuples(*[st.integers(1, 60)] * 4)


@settings(max_examples=300, deadline=None)
@given(groups, st.integers(1, 2), rounding, st.sampled_from(QUICK))
def test_a_printed_split_is_always_recovered(cells, places, name, test):
    a, b, c, d = cells
    effect = odds_ratio(a, b, c, d)
    shown = [parse(format_as(v, 3, name)) for v in (effect.value, effect.lo, effect.hi)]
    p = parse(format_as(p_values(np.array([cells]), test)[0], 4, name))
    percents = (parse(print_share(k, n, places, name)) for k, n in ((a, a + b), (c, c + d)))
    limits = (shown[1], shown[2]) if shown[1].value > 0 else None
    found = split(*percents, sum(cells), p=p, odds_ratio=shown[0] if shown[0].value else None, limits=limits)
    mine = [s for s in found.splits if s.counts == (a, a + b, c, c + d)]
    assert any(test in s.tests and name in s.roundings for s in mine)


@settings(max_examples=60, deadline=None)
@given(st.tuples(*[st.integers(0, 8)] * 4).filter(lambda t: t[0] + t[1] and t[2] + t[3]), st.integers(0, 1))
def test_exactly_the_splits_of_brute_force(cells, places):
    a, b, c, d = cells
    n = sum(cells)
    one, two = print_share(a, a + b, places), print_share(c, c + d, places)
    slow = set()
    for n1 in range(1, n):
        for k1, k2 in product(range(n1 + 1), range(n - n1 + 1)):
            if any(
                (print_share(k1, n1, places, r), print_share(k2, n - n1, places, r)) == (one, two) for r in ROUNDINGS
            ):
                slow.add((k1, n1, k2, n - n1))
    assert {s.counts for s in split(parse(one), parse(two), n).splits} == slow
    mirrored = {s.counts for s in split(parse(two), parse(one), n).splits}
    assert {(k2, n2, k1, n1) for k1, n1, k2, n2 in mirrored} == slow


@pytest.mark.parametrize(
    ("percents", "total", "ratio", "p", "counts", "direction"),
    [
        ("pcr", "n_nact", "or_uni", "pcr.p", (32, 155, 50, 158), "b/a"),
        ("bone", "n_bone", "or_bone_uni", "bone.p", (71, 611, 28, 571), "a/b"),
    ],
)
def test_nact_bone_groups_are_unique(percents, total, ratio, p, counts, direction):
    claims = printed("nact_bone")
    found = split(
        claims[f"{percents}.calc"],
        claims[f"{percents}.noncalc"],
        whole(claims[total]),
        p=claims[p],
        odds_ratio=claims[f"{ratio}.or"],
        limits=(claims[f"{ratio}.ci_lo"], claims[f"{ratio}.ci_hi"]),
    )
    assert found.unique and found.splits[0].counts == counts
    assert found.splits[0].direction == direction
    without_p = split(
        claims[f"{percents}.calc"],
        claims[f"{percents}.noncalc"],
        whole(claims[total]),
        odds_ratio=claims[f"{ratio}.or"],
    )
    assert found.splits[0].counts in {s.counts for s in without_p.splits}


def test_a_changed_percentage_is_the_repair():
    claims = printed("nact_bone")
    limits = (claims["or_bone_uni.ci_lo"], claims["or_bone_uni.ci_hi"])
    found = split(claims["bone.calc"], parse("4.8"), 1182, odds_ratio=claims["or_bone_uni.or"], limits=limits)
    assert found.splits == ()
    repair = next(r for r in found.repairs if r.names == ("percent_b",))
    assert repair.splits[0].counts == (71, 611, 28, 571) and repair.readings == (("percent_b", "4.9"),)
    assert all(len(r.names) == 1 for r in found.repairs)


def test_known_sizes_and_events_narrow_the_split():
    claims = printed("nact_bone")
    found = split(claims["wholebody.calc"], claims["wholebody.noncalc"], 99, n_a=(71, 71), events=27)
    assert [s.counts for s in found.splits] == [(24, 71, 3, 28)]


def test_fast_p_values_are_those_of_the_statistics():
    tables = np.random.default_rng([4, 1]).integers(0, 30, (300, 4))
    tables = tables[(tables[:, :2].sum(1) > 0) & (tables[:, 2:].sum(1) > 0)]
    slow = {
        "pearson": contingency.pearson,
        "yates": contingency.yates,
        "likelihood_ratio": contingency.likelihood_ratio,
        "fisher": contingency.fisher_freeman_halton,
        "n_minus_1": two_groups.n_minus_1,
        "fisher_mid_p": two_groups.fisher_mid_p,
    }
    for name, function in slow.items():
        expected = [function([row[:2], row[2:]]).p for row in tables.tolist()]
        np.testing.assert_allclose(p_values(tables, name), expected, rtol=1e-8, atol=1e-14, err_msg=name)


def test_wald_p_is_that_of_the_interval():
    # At the level where the P value says that the interval just reaches 1, it does.
    for row in ([12, 5, 6, 11], [32, 123, 50, 108], [3, 40, 9, 22]):
        p = p_values(np.array([row]), "wald_log_odds")[0]
        effect = odds_ratio(*row, level=1 - p)
        assert min(abs(effect.lo - 1), abs(effect.hi - 1)) < 1e-9


@pytest.mark.parametrize(
    ("arguments", "more", "sentence"),
    [
        (("120", "30", 100), {}, "from 0 to 100"),
        (("20", "30", 0), {}, "whole number from 1"),
        (("20", "30", 100), {"limits": ("3.0", "1.2")}, "swapped"),
        (("20", "30", 100), {"odds_ratio": "-1"}, "above 0"),
        (("20", "30", 100), {"p": "1.2"}, "from 0 to 1"),
        (("20", "30", 10_000), {}, "more than 50,000 splits"),
    ],
)
def test_bad_input_is_told_in_a_sentence(arguments, more, sentence):
    a, b, n = arguments
    read = {k: tuple(map(parse, v)) if isinstance(v, tuple) else parse(v) for k, v in more.items()}
    with pytest.raises(ReplicalcError, match=sentence):
        split(parse(a), parse(b), n, **read)


def test_an_unknown_test_is_told():
    with pytest.raises(ReplicalcError, match="Did you mean 'pearson'"):
        split(parse("20"), parse("30"), 50, p=parse("0.05"), tests=("pearsons",))
