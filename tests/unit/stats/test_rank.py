import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from replicalc.stats.rank import sign_test, wilcoxon_signed_rank

from .reference import closed, iterated, load

CASES = load("rank")
ALTERNATIVES = ("two-sided", "greater", "less")
SPSS = {"zeros": "wilcox", "continuity": False, "method": "asymptotic"}


@pytest.fixture(params=itertools.product(CASES, ALTERNATIVES), ids="-".join)
def case(request):
    name, alternative = request.param
    return CASES[name]["x"], CASES[name]["y"], alternative, CASES[name][alternative]


def test_asymptotic_against_r_and_coin(case):
    x, y, alternative, expected = case
    plain = wilcoxon_signed_rank(x, y, **SPSS, alternative=alternative)
    assert plain.p == closed(expected["wilcox_plain"])
    assert (plain.statistic, plain.p) == closed(tuple(expected["coin_wilcoxon"].values()))
    corrected = wilcoxon_signed_rank(x, y, **SPSS | {"continuity": True}, alternative=alternative)
    assert corrected.p == closed(expected["wilcox_corrected"])


def test_pratt_against_coin(case):
    x, y, alternative, expected = case
    pratt = wilcoxon_signed_rank(x, y, **SPSS | {"zeros": "pratt"}, alternative=alternative)
    assert (pratt.statistic, pratt.p) == closed(tuple(expected["coin_pratt"].values()))


def test_exact_against_r_and_refused_with_ties_or_zeros(case):
    x, y, alternative, expected = case
    exact = wilcoxon_signed_rank(x, y, **SPSS | {"method": "exact"}, alternative=alternative)
    if "exact" in expected:
        assert (exact.statistic, exact.p) == iterated((expected["exact"]["v"], expected["exact"]["p"]))
        assert exact.warning == ""
    else:
        assert math.isnan(exact.p)
        assert exact.warning.endswith("the exact distribution needs pairs without zeros and ties")


def test_sign_test_against_r(case):
    x, y, alternative, expected = case
    result = sign_test(x, y, alternative=alternative)
    assert result.p == iterated(expected["sign"])
    assert result.statistic == sum(a > b for a, b in zip(x, y, strict=True))


def test_exact_against_all_sign_changes():
    d = np.array([1.0, -2, 3, 4, -5, 6, 7])
    ranks = np.arange(1, 8)
    sums = np.array([np.dot(ranks, s) for s in itertools.product((0, 1), repeat=7)])
    observed = ranks[d > 0].sum()
    result = wilcoxon_signed_rank(d, 0 * d, **SPSS | {"method": "exact"}, alternative="greater")
    assert result.p == closed((sums >= observed).mean())


def test_zeros_and_ties_are_reported():
    case = CASES["zeros_and_ties"]
    result = wilcoxon_signed_rank(case["x"], case["y"], **SPSS)
    assert result.warning == "3 of 12 pairs without difference; 5 differences tied in size"
    assert result.method == "Wilcoxon signed-rank, asymptotic, zeros dropped, no continuity correction"
    pratt = wilcoxon_signed_rank(case["x"], case["y"], zeros="pratt", continuity=True, method="asymptotic")
    assert pratt.method == "Wilcoxon signed-rank, asymptotic, zeros ranked (Pratt), with continuity correction"


def test_binary_fractions_do_not_break_ties():
    millimetres = [53, 22, 71, 34, 60], [51, 20, 74, 31, 60]
    centimetres = [[v / 10 for v in values] for values in millimetres]
    in_mm, in_cm = (wilcoxon_signed_rank(*pairs, **SPSS) for pairs in (millimetres, centimetres))
    assert in_cm == in_mm
    assert "4 differences tied" in in_mm.warning


@pytest.mark.parametrize("values", [[], [3.0], [2.0, 2, 2], [0.0, 0.0]])
@pytest.mark.parametrize("method", ["asymptotic", "exact"])
@pytest.mark.parametrize("zeros", ["wilcox", "pratt"])
def test_no_difference_at_all_gives_nan(values, method, zeros):
    result = wilcoxon_signed_rank(values, values, zeros=zeros, continuity=True, method=method)
    assert math.isnan(result.p) and math.isnan(result.statistic)
    assert result.warning.endswith("no difference to test")
    assert math.isnan(sign_test(values, values).p)


def test_nonsense_is_refused():
    with pytest.raises(ValueError, match="no missing or infinite value"):
        wilcoxon_signed_rank([1, math.nan], [1, 2], **SPSS)
    with pytest.raises(ValueError, match="equally many, not 2 and 3"):
        sign_test([1, 2], [1, 2, 3])
    with pytest.raises(ValueError, match="zeros must be one of 'wilcox', 'pratt', not 'zsplit'"):
        wilcoxon_signed_rank([1], [2], zeros="zsplit", continuity=False, method="asymptotic")
    with pytest.raises(ValueError, match="alternative must be one of"):
        sign_test([1], [2], alternative="both")
    with pytest.raises(TypeError):
        wilcoxon_signed_rank([1, 2], [2, 1])  # no silent choice of a variant


READINGS = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=1, max_size=25)


@settings(max_examples=60, deadline=None)
@given(READINGS, st.sampled_from(["wilcox", "pratt"]), st.booleans())
def test_swapping_the_readings_turns_the_sign(pairs, zeros, continuity):
    x, y = map(list, zip(*pairs, strict=True))
    kind = {"zeros": zeros, "continuity": continuity, "method": "asymptotic"}
    one, other = wilcoxon_signed_rank(x, y, **kind), wilcoxon_signed_rank(y, x, **kind)
    if math.isnan(one.p):
        assert math.isnan(other.p)
        return
    assert one.statistic == closed(-other.statistic)
    assert one.p == closed(other.p)
    assert 0 <= one.p <= 1
    less = wilcoxon_signed_rank(x, y, **kind, alternative="less").p
    assert less == closed(wilcoxon_signed_rank(y, x, **kind, alternative="greater").p)
    assert sign_test(x, y).p == closed(sign_test(y, x).p)
