import math

import numpy as np
import pytest
from scipy.special import expit, logit

from replicalc.stats.bivariate import bivariate

from .reference import iterated, load

MODELS = load("pooling")["models"]


@pytest.fixture(params=MODELS, ids=lambda m: f"{m['name']}-{m['method']}-{m['correction']}")
def model(request):
    return request.param


def fit(model, level=0.95):
    return bivariate(*np.transpose(model["table"]), level, method=model["method"], correction=model["correction"])


def test_against_the_likelihood_in_r(model):
    ours = fit(model)
    assert ours.converged
    assert ours.log_likelihood == iterated(model["log_likelihood"])
    assert ours.mu == iterated(tuple(model["mu"]))
    assert np.ravel(ours.cov) == iterated(np.ravel(model["cov"]))
    sds = [math.sqrt(ours.variance_sensitivity), math.sqrt(ours.variance_specificity)]
    assert sds == iterated(model["sd"])
    assert ours.correlation == pytest.approx(model["rho"], rel=1e-6)
    assert (ours.sensitivity, ours.specificity) == iterated(tuple(expit(model["mu"])))


def test_against_metafor_as_near_as_it_stops(model):
    ours, expected = fit(model), model["metafor"]
    assert ours.mu == pytest.approx(tuple(expected["mu"]), rel=1e-5)
    assert math.sqrt(ours.variance_sensitivity) == pytest.approx(expected["sd"][0], rel=1e-4)
    assert math.sqrt(ours.variance_specificity) == pytest.approx(expected["sd"][1], rel=1e-4)
    assert ours.correlation == pytest.approx(expected["rho"], rel=1e-4)


def test_a_correlation_on_its_bound_is_said(model):
    ours = fit(model)
    assert ("sits on its bound" in ours.warning) == (model["on_bound"] is True)
    if model["on_bound"]:
        assert f"bound of {model['rho']:.0f}:" in ours.warning


def test_limits_regions_and_curve_from_r_s_estimates():
    model = next(m for m in MODELS if m["name"] == "smooth")
    ours, mu, cov, (s1, s2) = fit(model, 0.9), model["mu"], np.array(model["cov"]), model["sd"]
    z, c = 1.6448536269514722, math.sqrt(4.605170185988092)  # qnorm(0.95), qchisq(0.9, 2)
    se = np.sqrt(np.diag(cov))
    assert (ours.sensitivity_interval.lo, ours.sensitivity_interval.hi) == iterated(
        tuple(expit(mu[0] + np.array([-z, z]) * se[0]))
    )
    assert (ours.specificity_interval.lo, ours.specificity_interval.hi) == iterated(
        tuple(expit(mu[1] + np.array([-z, z]) * se[1]))
    )
    joint = model["rho"] * s1 * s2
    between = np.array([[s1**2, joint], [joint, s2**2]])
    for region, spread in ((ours.confidence_region, cov), (ours.prediction_region, cov + between)):
        x, y = np.transpose(region)
        off = np.stack([logit(y), logit(1 - x)]) - np.array(mu)[:, None]
        assert np.einsum("ik,ij,jk->k", off, np.linalg.inv(spread), off) == pytest.approx(c**2, rel=1e-5)
        assert region[0] == pytest.approx(region[-1])
    sroc = ours.sroc
    assert sroc.shape == iterated(math.log(s2 / s1))
    assert (sroc.accuracy_variance, sroc.threshold_variance) == iterated((2 * (s1 * s2 + joint), (s1 * s2 - joint) / 2))
    # the curve passes through the summary point, with the slope sd sensitivity / sd specificity
    x, y = logit(np.transpose(sroc.curve))
    assert np.polyfit(x, y, 1) == iterated([s1 / s2, mu[0] + mu[1] * s1 / s2])


def test_the_order_of_studies_does_not_matter():
    table = np.array(MODELS[0]["table"])
    one, other = (bivariate(*t.T, 0.95, method="REML", correction="none") for t in (table, table[::-1]))
    assert one.mu == pytest.approx(other.mu, rel=1e-7)


def test_swapping_diseased_and_healthy_swaps_the_answers():
    tp, fp, fn, tn = np.transpose(MODELS[0]["table"])
    one = bivariate(tp, fp, fn, tn, 0.95, method="REML", correction="none")
    other = bivariate(tn, fn, fp, tp, 0.95, method="REML", correction="none")
    assert (one.sensitivity, one.specificity) == pytest.approx((other.specificity, other.sensitivity), rel=1e-7)
    assert one.correlation == pytest.approx(other.correlation, rel=1e-6)


def test_studies_that_do_not_differ_have_no_curve():
    alike = bivariate(
        [80, 81, 79, 80, 82, 78],
        [10, 11, 9, 10, 10, 11],
        [20, 19, 21, 20, 18, 22],
        [90, 89, 91, 90, 90, 89],
        0.95,
        method="ML",
        correction="none",
    )
    assert "the variance of sensitivity and specificity between studies is estimated as 0" in alike.warning
    assert math.isnan(alike.correlation) and math.isnan(alike.sroc.shape) and alike.sroc.curve == ()
    assert alike.sensitivity == pytest.approx(0.8, abs=1e-3)


def test_few_studies_and_empty_cells():
    three = next(m for m in MODELS if m["name"] == "three")
    assert fit(three).warning == "3 studies for the five parameters: the variances between studies are hardly known"
    zeros = np.transpose(next(m for m in MODELS if m["name"] == "zeros")["table"])
    none = bivariate(*zeros, 0.95, method="ML", correction="none")
    assert math.isnan(none.sensitivity) and none.warning == "1 of 7 studies have an empty cell and no correction"
    assert bivariate(*zeros, 0.95, method="ML", correction="single").warning.startswith(
        "0.5 added to the cells of 1 of 7"
    )
    one = bivariate([9], [2], [3], [8], 0.95, method="ML", correction="none")
    assert math.isnan(one.sroc.accuracy) and one.warning == "fewer than two studies: nothing to pool"
    healthy = bivariate([9, 0], [2, 3], [3, 0], [8, 9], 0.95, method="ML", correction="all")
    assert healthy.warning == "a study has no diseased or no healthy patient: leave it out"
    two = bivariate([9, 30], [2, 3], [3, 5], [8, 9], 0.95, method="REML", correction="none")
    assert "2 studies for the five parameters" in two.warning


def test_nonsense_is_refused():
    good = dict(method="REML", correction="none")
    with pytest.raises(ValueError, match="numbers of false positives must be whole"):
        bivariate([9, 8], [2, -3], [3, 4], [8, 9], 0.95, **good)
    with pytest.raises(ValueError, match="no missing"):
        bivariate([9, math.nan], [2, 3], [3, 4], [8, 9], 0.95, **good)
    with pytest.raises(ValueError, match="equally many"):
        bivariate([9, 8, 7], [2, 3], [3, 4], [8, 9], 0.95, **good)
    with pytest.raises(ValueError, match="the method must be one of"):
        bivariate([9, 8], [2, 3], [3, 4], [8, 9], 0.95, method="MM", correction="none")
    with pytest.raises(ValueError, match="the correction must be one of"):
        bivariate([9, 8], [2, 3], [3, 4], [8, 9], 0.95, method="ML", correction=0.5)
