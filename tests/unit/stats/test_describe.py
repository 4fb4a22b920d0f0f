import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from replicalc.stats.describe import (
    DEFINITIONS,
    mean_interval,
    mean_sd,
    median_interval,
    quantile,
    sd_interval,
)

from .reference import closed, load

CASES = load("describe")
VALUES = st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=30)


@pytest.fixture(params=CASES, ids=str)
def case(request):
    return CASES[request.param]


@pytest.mark.parametrize("definition", ["type 6", "type 7", "type 2"])
def test_quantiles_against_r(case, definition):
    ours = [quantile(case["x"], q, definition).value for q in case["probabilities"]]
    assert ours == closed(case[definition.replace(" ", "")])


def test_hinges_against_r_fivenum(case):
    ours = [quantile(case["x"], q, "tukey hinges").value for q in (0.25, 0.5, 0.75)]
    assert ours == closed(case["hinges"])


def test_mean_sd_and_intervals_against_r(case):
    result = mean_sd(case["x"])
    assert (result.n, result.mean, result.sd) == closed((len(case["x"]), case["mean"], case["sd"]))
    for expected in case["intervals"]:
        for function, limits in ((mean_interval, expected["mean"]), (sd_interval, expected["sd"])):
            interval = function(case["x"], expected["level"])
            assert [interval.lo, interval.hi] == closed(limits)
            assert interval.level == expected["level"]


def test_order_statistic_intervals_against_r(case):
    n = len(case["x"])
    for expected in case["order_statistics"]:
        interval = median_interval(case["x"], expected["level"], expected["q"])
        lower, upper = expected["ranks"]
        for ours, theirs in zip((interval.lo, interval.hi), expected["values"], strict=True):
            assert math.isnan(ours) if theirs is None else ours == theirs
        if lower >= 1 and upper <= n:
            assert interval.method.endswith(
                f"values {lower} to {upper} of {n}, coverage {100 * expected['coverage']:.2f} %"
            )
            assert expected["coverage"] >= expected["level"]
            assert interval.warning == ""
        else:
            assert interval.warning == f"{n} values are too few for a limit on either side"


def test_order_statistic_interval_covers_as_it_says():
    draws = np.sort(np.random.default_rng(5).random((4000, 25)), axis=1)
    first = median_interval(draws[0], 0.9, 0.3)
    lower, upper = (int(np.flatnonzero(draws[0] == limit)[0]) for limit in (first.lo, first.hi))
    covered = ((draws[:, lower] <= 0.3) & (draws[:, upper] >= 0.3)).mean()
    stated = float(first.method.split("coverage ")[1].removesuffix(" %")) / 100
    assert covered == pytest.approx(stated, abs=4 * math.sqrt(stated * (1 - stated) / 4000))


@settings(max_examples=80, deadline=None)
@given(VALUES, st.floats(0, 1), st.sampled_from(["type 6", "type 7"]))
def test_quantiles_equal_numpy(values, q, definition):
    method = {"type 6": "weibull", "type 7": "linear"}[definition]
    assert quantile(values, q, definition).value == pytest.approx(np.quantile(values, q, method=method), abs=1e-8)


@settings(max_examples=80, deadline=None)
@given(VALUES, st.sampled_from(DEFINITIONS))
def test_quantiles_rise_and_stay_within_the_values(values, definition):
    low, middle, high = (quantile(values, q, definition).value for q in (0.25, 0.5, 0.75))
    assert min(values) <= low <= middle <= high <= max(values)
    assert middle == pytest.approx(float(np.median(values)), abs=1e-9)


def test_an_estimate_is_a_number_and_knows_its_method():
    result = quantile([1, 2, 4], 0.5, "type 6")
    assert float(result) == 2.0
    assert (result.n, result.method) == (3, "quantile 0.5, type 6")


def test_too_few_values_give_nan_and_a_reason():
    assert math.isnan(quantile([], 0.5, "type 7").value)
    assert quantile([], 0.5, "tukey hinges").warning == "no value"
    assert quantile([7], 0.9, "type 6").value == 7
    assert math.isnan(mean_sd([]).mean)
    assert mean_sd([7]).mean == 7 and math.isnan(mean_sd([7]).sd)
    for function in (mean_interval, sd_interval, median_interval):
        for values in ([], [7]):
            interval = function(values, 0.95)
            assert math.isnan(interval.lo) and math.isnan(interval.hi)
            assert "few" in interval.warning


def test_equal_values_say_so():
    result = mean_sd([0.1] * 3)
    assert (result.mean, result.sd, result.warning) == (0.1, 0.0, "all values are equal")
    assert mean_interval([0.1] * 3, 0.95).warning == sd_interval([0.1] * 3, 0.95).warning == "all values are equal"


def test_nonsense_is_refused():
    for function in (mean_sd, lambda x: quantile(x, 0.5, "type 7"), lambda x: median_interval(x, 0.95)):
        with pytest.raises(ValueError, match="no missing or infinite value"):
            function([1, math.nan])
        with pytest.raises(ValueError, match="1 dimension, not 2"):
            function([[1, 2]])
    with pytest.raises(ValueError, match="must be one of 'type 6'"):
        quantile([1, 2], 0.5, "type 9")
    with pytest.raises(ValueError, match="between 0 and 1"):
        quantile([1, 2], 25, "type 7")
    with pytest.raises(ValueError, match="hinges are defined for"):
        quantile([1, 2], 0.9, "tukey hinges")
    with pytest.raises(ValueError, match="confidence level"):
        mean_interval([1, 2], 95)
    with pytest.raises(ValueError, match="between 0 and 1"):
        median_interval([1, 2], 0.95, 1)
