import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from replicalc.stats.paired import mcnemar, paired_difference

from .reference import closed, iterated, load

CASES = load("paired")
METHODS = ("Wald", "Newcombe", "Tango")
KINDS = ("exact", "asymptotic", "asymptotic with continuity", "mid-p")


@pytest.mark.parametrize("case", CASES, ids=lambda c: f"{c['table']}-{c['level']}")
def test_against_r(case):
    for method in METHODS:
        ours = paired_difference(case["table"], case["level"], method)
        same = iterated if method == "Tango" else closed
        assert [ours.value, ours.lo, ours.hi] == same([case["value"], *case[method]])
    for kind, p in case.get("mcnemar", {}).items():
        assert mcnemar(case["table"][0][1], case["table"][1][0], kind).p == closed(p)


def test_published_values():
    # Altman, Machin, Bryant & Gardner 2000, table 6.2; Newcombe 1998, table II; Fagerland et al. 2013
    ours = paired_difference([[14, 5], [0, 22]], 0.95, "Newcombe")
    assert (ours.lo, ours.hi) == pytest.approx((0.011, 0.226), abs=5e-4)
    ours = paired_difference([[36, 12], [2, 0]], 0.95, "Newcombe")
    assert (ours.lo, ours.hi) == pytest.approx((0.0569, 0.3404), abs=5e-5)
    assert mcnemar(1, 7, "mid-p").p == pytest.approx(0.0391, abs=5e-5)


@settings(max_examples=80, deadline=None)
@given(st.tuples(*[st.integers(0, 60)] * 4).filter(any), st.sampled_from(METHODS))
def test_the_limits_hold_the_difference_and_mirror(cells, method):
    a, b, c, d = cells
    ours = paired_difference([[a, b], [c, d]], 0.95, method)
    mirror = paired_difference([[a, c], [b, d]], 0.95, method)
    turned = paired_difference([[d, c], [b, a]], 0.95, method)
    assert -1 <= ours.lo <= ours.value <= ours.hi <= 1
    assert (ours.lo, ours.hi) == pytest.approx((-mirror.hi, -mirror.lo), abs=1e-9)
    assert (ours.lo, ours.hi) == pytest.approx((-turned.hi, -turned.lo), abs=1e-9)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 60), st.integers(0, 60), st.integers(0, 60))
def test_tangos_interval_agrees_with_mcnemars_test(b, c, rest):
    if b + c:
        p = mcnemar(b, c, "asymptotic").p
        # 1 - p keeps about 16 digits of 1, so below 1e-6 the level no longer tells what p was.
        if 1e-6 < p < 1 - 1e-6 and min(b, c, rest):
            ours = paired_difference([[rest, b], [c, 0]], 1 - p, "Tango")
            assert min(abs(ours.lo), abs(ours.hi)) < 1e-8


def test_degenerate_and_nonsense():
    for kind in KINDS:
        result = mcnemar(0, 0, kind)
        assert math.isnan(result.p) and result.warning == "no discordant pair: nothing to test"
        with pytest.raises(ValueError, match="whole number"):
            mcnemar(1.5, 2, kind)
    assert mcnemar(4, 4, "exact").p == 1
    assert mcnemar(4, 4, "asymptotic with continuity").statistic == 0
    assert "only 12 discordant pairs" in mcnemar(9, 3, "asymptotic").warning
    assert not mcnemar(9, 3, "mid-p").warning
    for method in METHODS:
        assert math.isnan(paired_difference([[0, 0], [0, 0]], 0.95, method).lo)
        with pytest.raises(ValueError, match="whole number"):
            paired_difference([[1, 2], [-3, 4]], 0.95, method)
        with pytest.raises(ValueError, match="2 x 2"):
            paired_difference([[1, 2, 3], [3, 4, 5]], 0.95, method)
    assert paired_difference([[5, 0], [0, 5]], 0.95, "Wald").warning.endswith("is a point")
    with pytest.raises(ValueError, match="must be one of"):
        paired_difference([[1, 2], [3, 4]], 0.95, "exact")
    with pytest.raises(ValueError, match="must be one of"):
        mcnemar(1, 2, "auto")
