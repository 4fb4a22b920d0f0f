"""Means and SDs of subgroups against the total's: samples drawn and printed, and means shifted in them."""

from __future__ import annotations

from statistics import mean, pstdev, stdev

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from toy import rows, run

from replicalc.errors import ReplicalcError
from replicalc.verify.pooled_means import Sample, pooled
from replicalc.verify.printed import format_as

ROUNDINGS = ("half-up", "half-even", "truncation")
GROUP = st.lists(st.integers(-400, 900).map(lambda v: v / 8), min_size=1, max_size=12)


def sample(name, values, decimals, rounding="half-up", sds=True, spread=stdev) -> Sample:
    sd = format_as(spread(values), decimals, rounding) if sds and len(values) > 1 else None
    return Sample(name, len(values), format_as(mean(values), decimals, rounding), sd)


@settings(max_examples=300, deadline=None)
@given(st.lists(GROUP, min_size=1, max_size=4), st.integers(0, 3), st.sampled_from(ROUNDINGS), st.booleans())
def test_real_data_are_never_flagged(groups, decimals, rounding, sds):
    every = [v for g in groups for v in g]
    found = pooled(
        sample("all", every, decimals, rounding, sds),
        [sample(f"g{i}", g, decimals, rounding, sds) for i, g in enumerate(groups)],
    )
    assert found.verdict == "consistent", found


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.lists(st.integers(0, 800).map(lambda v: v / 8), min_size=4, max_size=12), min_size=2, max_size=4),
    st.data(),
    st.integers(1, 2),
    st.booleans(),
)
def test_a_shifted_mean_of_a_group_is_flagged_where_it_can_be_and_repaired(groups, data, decimals, sds):
    which, units = data.draw(st.integers(0, len(groups) - 1)), data.draw(st.sampled_from([-90, -40, 40, 90]))
    every = [v for g in groups for v in g]
    total, parts = (
        sample("all", every, decimals, sds=sds),
        [sample(f"g{i}", g, decimals, sds=sds) for i, g in enumerate(groups)],
    )
    old = parts[which]
    new = f"{float(old.mean) + units / 10**decimals:.{decimals}f}"
    parts[which] = Sample(old.name, old.n, new, old.sd)
    found = pooled(total, parts)
    # The weighted mean moves by the shift's share; half a unit on either side is all that rounding can hide.
    if abs(units) * old.n / len(every) > 2.01:
        assert found.verdict == "impossible"
        reads, away = found.repairs[which + 1, "mean"]
        ends = [float(text) for text in reads.split(" to ")]
        assert min(ends) - 1e-9 <= float(old.mean) <= max(ends) + 1e-9
        assert away <= abs(units)
    # Whatever is told as a repair makes the numbers possible.
    for (place, stat), (reads, _) in found.repairs.items():
        changed = [total, *parts]
        one, text = changed[place], reads.split(" ")[0]
        changed[place] = Sample(one.name, one.n, *((text, one.sd) if stat == "mean" else (one.mean, text)))
        assert pooled(changed[0], changed[1:]).verdict == "consistent"


@settings(max_examples=100, deadline=None)
@given(st.lists(st.lists(st.integers(0, 80), min_size=3, max_size=9), min_size=2, max_size=3))
def test_sds_over_n_are_told_as_such(groups):
    every = [v for g in groups for v in g]
    total, parts = (sample("all", every, 3, spread=pstdev), [sample("g", g, 3, spread=pstdev) for g in groups])
    verdict = pooled(total, parts).verdict
    assert verdict in ("unstated_method", "consistent")
    assume(len({round(mean(g), 1) for g in groups}) == len(groups))
    assert pooled(sample("all", every, 3), [sample("g", g, 3) for g in groups]).verdict == "consistent"


MEAN = {"id": "m", "kind": "mean", "claims": ["t.*"], "n": "n",
        "groups": [{"claims": ["a.*"], "n": "na"}, {"claims": ["b.*"], "n": "nb", "name": "b"}]}  # fmt: skip
TEXT = "n n 40\nna n 20\nnb n 20\nt.m mean {}\nt.s sd {}\na.m mean {}\na.s sd 2.0\nb.m mean {}\nb.s sd 2.0"


@pytest.mark.parametrize(
    ("numbers", "verdict", "wrong"),
    [
        (("12.0", "2.8", "10.0", "14.0"), "", set()),
        (("12.0", "2.8", "10.0", "15.0"), "impossible", {"b.m"}),  # a total of 12.5 needs an SD of 3.2
        (("12.0", "4.8", "10.0", "14.0"), "impossible", {"t.s", "a.s", "b.s"}),
        (("12.2", "2.8", "10.0", "14.0"), "rounding", {"t.m"}),
        (("17.0", "9.8", "10.0", "14.0"), "impossible", {"t.m", "t.s", "a.m", "a.s", "b.m", "b.s"}),  # two at least
    ],
)
def test_verdicts(numbers, verdict, wrong):
    found = rows(run(TEXT.format(*numbers), MEAN))
    flagged = {name for name, row in found.items() if row.verdict in ("impossible", "rounding")}
    assert flagged == wrong, {name: found[name] for name in flagged ^ wrong}
    assert {found[name].verdict for name in flagged} <= {verdict}
    if wrong == {"b.m"}:
        assert found["b.m"].repair == "13.8 to 14.2"  # 40 times 11.95 to 12.05, less 20 times 9.95 to 10.05
        assert "only if another" in found["a.m"].note


def test_sizes_that_do_not_add_up_and_missing_means_say_nothing_of_the_total():
    text = TEXT.format("12.0", "2.8", "10.0", "19.0")
    for fault in (text.replace("nb n 20", "nb n 19"), text.replace("b.m mean 19.0", "b.m mean NS")):
        found = rows(run(fault, MEAN))
        assert found["a.m"].verdict == "not_checkable" and found["a.m"].note
        assert found["t.m"].verdict == "underdetermined"


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: pooled(Sample("all", 3, "1.0"), []), "have 0 values"),
        (lambda: pooled(Sample("all", 3, "1.0"), [Sample("a", 2, "1.0")]), "have 2 values and all has 3"),
        (lambda: pooled(Sample("all", 2, "x"), [Sample("a", 2, "1.0")]), "all: 'x' is no mean"),
        (lambda: pooled(Sample("all", 2, "1.0", "-1.0"), [Sample("a", 2, "1.0")]), "no standard deviation"),
    ],
)
def test_bad_input_gets_a_sentence(call, message):
    with pytest.raises(ReplicalcError, match=message):
        call()
