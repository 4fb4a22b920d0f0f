import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from replicalc.stats import agreement
from replicalc.stats.agreement import bland_altman, icc, limits_of

from .reference import closed, iterated, load
from .weighting import assert_same, repeated, weights_of

pytestmark = pytest.mark.filterwarnings("ignore:The inplace keyword")  # pingouin 0.7 under pandas 3
CASES = load("agreement")
FORMS = ("ICC(1,1)", "ICC(A,1)", "ICC(C,1)", "ICC(1,k)", "ICC(A,k)", "ICC(C,k)")
RATINGS = st.tuples(st.integers(3, 9), st.integers(2, 4)).flatmap(
    lambda shape: arrays(float, shape, elements=st.integers(0, 20).map(float))
)


@pytest.mark.parametrize("name", CASES["icc"])
def test_icc_against_psych(name):
    case = CASES["icc"][name]
    for expected in case["levels"]:
        ours = icc(case["ratings"], expected["level"])
        assert [r.form for r in ours] == expected["form"] == list(FORMS)
        sizes = (expected["level"], len(case["ratings"]), len(case["ratings"][0]))
        assert {(r.level, r.n, r.k) for r in ours} == {sizes}
        for i, r in enumerate(ours):
            assert (r.f, r.df1, r.df2) == closed(tuple(expected[field][i] for field in ("f", "df1", "df2")))
            assert r.p == iterated(expected["p"][i])
            if (name, r.form) == ("opposed", "ICC(A,k)"):  # psych divides by a negative variance
                assert expected["value"][i] > 6 and math.isnan(r.value)
                continue
            assert r.warning == ""
            assert r.value == closed(expected["value"][i])
            assert (r.lo, r.hi) == iterated((expected["lo"][i], expected["hi"][i]))


def test_icc_values_of_shrout_and_fleiss_as_printed():
    ours = {r.form: round(r.value, 2) for r in icc(CASES["icc"]["shrout_fleiss"]["ratings"])}
    assert list(ours.values()) == [0.17, 0.29, 0.71, 0.44, 0.62, 0.91]


def by_mean_squares(x, weights=None):
    """The coefficients as they are computed of more subjects than pingouin is asked about."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(agreement, "MOST_SUBJECTS", 0)
        return icc(x, weights=weights)


@settings(max_examples=25, deadline=None)
@given(RATINGS.flatmap(lambda x: st.tuples(st.just(x), weights_of(len(x)))))
def test_the_mean_squares_give_what_pingouin_gives(rows):
    ratings, w = rows
    for theirs, ours in (
        (icc(ratings), by_mean_squares(ratings)),
        (icc(ratings, weights=w), by_mean_squares(ratings, w)),
        (icc(repeated(ratings, w)), by_mean_squares(ratings, w)),
    ):
        for one, other in zip(ours, theirs, strict=True):
            near_0 = ("not defined", "no limits")  # what is divided by is 0 but for rounding, in either
            if not (one.warning.startswith(near_0) or other.warning.startswith(near_0)):
                assert_same(one, other, 1e-10, 1e-10)


def test_degrees_of_freedom_that_vanish_leave_no_limits():
    found = icc([[3, 0], [1, 2], [4, 0]])[1]
    assert found.value == pytest.approx(-0.625) and math.isnan(found.lo) and math.isnan(found.hi)
    assert found.warning == (
        "no limits: subjects differ so little beside the error that their degrees of freedom vanish"
    )


@pytest.mark.parametrize("extra", [0, 1])
def test_pingouin_computes_them_up_to_the_stated_number_of_subjects(monkeypatch, extra):
    import pingouin

    asked, library = [], pingouin.intraclass_corr
    monkeypatch.setattr(
        pingouin, "intraclass_corr", lambda data, **how: asked.append(len(data)) or library(data, **how)
    )
    x, w = [[9, 2, 5], [6, 1, 3], [8, 4, 6], [7, 1, 2]], np.array([40_000, 30_000, 20_000, 10_000])
    w[0] += extra
    found = icc(x, weights=w)
    assert w.sum() == agreement.MOST_SUBJECTS + extra and asked == ([] if extra else [300_000])
    assert_same(found, by_mean_squares(x, w), 1e-10)


def test_limits_round_to_those_pingouin_prints():
    import pandas as pd
    import pingouin

    x = np.array(CASES["icc"]["three_readers"]["ratings"])
    long = pd.DataFrame(x).reset_index().melt("index", var_name="rater")
    table = pingouin.intraclass_corr(long, targets="index", raters="rater", ratings="value")
    ours = [[round(r.lo, 2), round(r.hi, 2)] for r in icc(x)]
    assert ours == [pytest.approx(list(limits)) for limits in table["CI95"]]


def test_names_of_spss():
    names = {r.form: r.spss_name for r in icc(CASES["icc"]["shrout_fleiss"]["ratings"])}
    assert names["ICC(A,1)"] == "Two-way random, absolute agreement, single measures"
    assert names["ICC(C,k)"] == "Two-way mixed, consistency, average measures"


@settings(max_examples=15, deadline=None)
@given(RATINGS, st.integers(1, 9))
def test_consistency_ignores_a_shift_of_one_rater(ratings, shift):
    ours = {r.form: r for r in icc(ratings)}
    shifted = ratings.copy()
    shifted[:, 0] += shift
    then = {r.form: r for r in icc(shifted)}
    assume(not any(r.warning for r in [*ours.values(), *then.values()]))
    for form in ("ICC(C,1)", "ICC(C,k)"):
        assert (then[form].value, then[form].lo) == pytest.approx((ours[form].value, ours[form].lo), rel=1e-6)


@settings(max_examples=15, deadline=None)
@given(RATINGS)
def test_unit_order_and_spearman_brown(ratings):
    ours = icc(ratings)
    assume(not any(r.warning for r in ours))
    rescaled = icc(3.0 * ratings[::-1, ::-1] + 7)
    for one, other in zip(ours, rescaled, strict=True):
        assert (one.value, one.lo) == pytest.approx((other.value, other.lo), rel=1e-6, abs=1e-9)
        assert one.lo <= one.value <= one.hi
    k = ratings.shape[1]
    for single, average in zip(ours[:3], ours[3:], strict=True):
        stepped_up = k * single.value / (1 + (k - 1) * single.value)
        assert average.value == pytest.approx(stepped_up, rel=1e-6, abs=1e-9)


def test_less_variance_than_none_leaves_no_lower_limit():
    average = icc([[0, 0], [0, 0], [1, 0], [0, 1]])[4]
    assert average.lo == -math.inf and average.hi == pytest.approx(0.8995928986)
    assert average.warning == "raters and subjects differ so little that there is no lower limit"
    cancelled = icc([[0, 0], [1, 0], [0, 1]])[4]
    assert math.isnan(cancelled.value)
    assert cancelled.warning == "not defined: the variance it divides by is not estimated as positive"


def test_absolute_agreement_sees_a_shift_and_consistency_does_not():
    lesions = np.array([12.0, 18, 25, 31, 44, 60])
    ours = {r.form: r for r in icc(np.column_stack([lesions, lesions + 5]))}
    assert ours["ICC(C,1)"].value == pytest.approx(1)
    assert ours["ICC(A,1)"].value < 0.97
    assert math.isnan(ours["ICC(C,1)"].lo)
    assert ours["ICC(C,1)"].warning == "no error variance: F is infinite and there are no limits"
    assert ours["ICC(1,1)"].warning == "" and ours["ICC(1,1)"].lo < ours["ICC(1,1)"].value


def test_perfect_agreement_is_one_without_limits():
    for scale in (1, 0.1, 1e6):
        for r in icc(np.outer([3, 1, 7, 2], [1, 1, 1]) * scale):
            assert r.value == pytest.approx(1)
            assert math.isnan(r.p) and math.isnan(r.lo) and r.warning


@pytest.mark.parametrize(
    "ratings",
    [[[1, 2]], [[1], [2]], np.zeros((0, 2)), np.full((5, 3), 0.1), np.tile([1.0, 2.7, 0.3], (5, 1))],
    ids=["one subject", "one rater", "nobody", "all equal", "constant raters"],
)
def test_degenerate_ratings_give_nan_and_a_reason(ratings):
    ours = icc(ratings)
    assert [r.form for r in ours] == list(FORMS)
    for r in ours:
        assert math.isnan(r.value) and math.isnan(r.p) and math.isnan(r.lo)
        assert r.warning in (
            "fewer than two subjects or two raters",
            "the mean ratings of the subjects do not differ",
        )


def test_nonsense_is_refused():
    with pytest.raises(ValueError, match="no missing or infinite value"):
        icc([[1, 2], [math.nan, 3]])
    with pytest.raises(ValueError, match="2 dimensions, not 1"):
        icc([1, 2, 3])
    with pytest.raises(ValueError, match="confidence level"):
        icc([[1, 2], [2, 3]], level=95)
    with pytest.raises(ValueError, match="equally many"):
        bland_altman([1, 2], [1, 2, 3])


@pytest.mark.parametrize("case", CASES["bland_altman"], ids=["mm", "scores"])
def test_bland_altman_against_r(case):
    ours = bland_altman(case["x"], case["y"], case["level"])
    assert (ours.bias, ours.sd) == closed((case["bias"], case["sd"]))
    assert [ours.loa_lo, ours.loa_hi] == closed(case["limits"])
    for interval, expected in (
        (ours.bias_interval, case["bias_interval"]),
        (ours.loa_lo_interval, case["lower_interval"]),
        (ours.loa_hi_interval, case["upper_interval"]),
    ):
        assert [interval.lo, interval.hi] == closed(expected)
    assert ours.n == len(case["x"])


def test_bland_altman_of_too_little():
    one = bland_altman([3], [1])
    assert one.bias == 2 and math.isnan(one.loa_lo) and math.isnan(one.bias_interval.lo)
    assert one.warning == "fewer than two pairs: no limits of agreement"
    assert math.isnan(bland_altman([], []).bias)
    same = bland_altman([3, 4, 5], [1, 2, 3])
    assert (same.loa_lo, same.loa_hi, same.warning) == (2, 2, "all differences are equal")


@pytest.mark.parametrize("name", CASES["icc"])
def test_limits_from_the_value_alone_are_those_of_psych(name):
    case = CASES["icc"][name]
    x = np.array(case["ratings"])
    n, k = x.shape
    raters = n * ((x.mean(0) - x.mean()) ** 2).sum() / (k - 1)
    error = ((x - x.mean(0) - x.mean(1, keepdims=True) + x.mean()) ** 2).sum() / ((n - 1) * (k - 1))
    for expected in case["levels"]:
        for i, form in enumerate(FORMS):
            if (name, form) == ("opposed", "ICC(A,k)"):  # psych divides by a negative variance
                continue
            lo, hi = limits_of(form, expected["value"][i], n, k, expected["level"], raters / error)
            assert (float(lo), float(hi)) == iterated((expected["lo"][i], expected["hi"][i]))


def test_a_value_that_no_data_can_give_has_no_limits():
    lo, hi = limits_of("ICC(C,1)", [-0.6, 0.4], 20, 3, 0.95)
    assert math.isnan(lo[0]) and math.isnan(hi[0]) and lo[1] < 0.4 < hi[1]
    for bad in (dict(value=1.0), dict(n=1), dict(k=1), dict(rater_ratio=-1)):
        with pytest.raises(ValueError, match="an interval needs"):
            limits_of("ICC(A,1)", **{"value": 0.5, "n": 20, "k": 2, "level": 0.95, **bad})
    with pytest.raises(ValueError, match="form of an intraclass"):
        limits_of("ICC(2,1)", 0.5, 20, 2, 0.95)
