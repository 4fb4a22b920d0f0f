"""Which form and which n give a printed intraclass correlation: nothing that comes from data is ever lost."""

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from replicalc.errors import ReplicalcError
from replicalc.stats.agreement import icc, limits_of
from replicalc.verify.printed import format_as, parse
from replicalc.verify.which_icc import FORMS, which_icc

pytestmark = pytest.mark.filterwarnings("ignore:The inplace keyword")  # pingouin 0.7 under pandas 3
ROOT = Path(__file__).parents[3]
EXACT = tuple(form for form in FORMS if "A" not in form)


def prints(value, lo, hi, decimals, rounding="half-up"):
    return tuple(parse(format_as(x, decimals, rounding)) for x in (value, lo, hi))


def readings(seed, n, k):
    """n lesions by k readers of unlike precision, one of whom reads 0 to 2 SD more."""
    rng = np.random.default_rng([seed, 1])
    lesions = rng.normal(0, rng.choice([0.5, 1, 3]), n)[:, None]
    return lesions + rng.normal(0, 1, (n, k)) + np.linspace(0, rng.uniform(0, 2), k)


def from_value(form, x):
    """Value and limits of one form, by the formulas of the mean squares."""
    n, k = x.shape
    between = k * x.mean(1).var(ddof=1)
    raters = n * x.mean(0).var(ddof=1)
    error = ((x - x.mean(0) - x.mean(1, keepdims=True) + x.mean()) ** 2).sum() / ((n - 1) * (k - 1))
    within = ((x - x.mean(1, keepdims=True)) ** 2).sum() / (n * (k - 1))
    value = {
        "ICC(1,1)": (between - within) / (between + (k - 1) * within),
        "ICC(A,1)": (between - error) / (between + (k - 1) * error + k * (raters - error) / n),
        "ICC(C,1)": (between - error) / (between + (k - 1) * error),
    }[form.replace("k", "1")]
    value = k * value / (1 + (k - 1) * value) if form.endswith("k)") else value
    lo, hi = limits_of(form, value, n, k, 0.95, raters / error)
    return float(value), float(lo), float(hi)


@settings(max_examples=400, deadline=None)
@given(
    st.sampled_from(FORMS), st.integers(0, 10**6), st.integers(5, 150), st.sampled_from([2, 2, 3, 4]), st.integers(2, 3)
)
def test_what_was_computed_from_readings_is_found(form, seed, n, k, decimals):
    x = readings(seed, n, k)
    assume(np.corrcoef(x.T).min() > 0)  # otherwise the average forms divide by what may be negative
    value, lo, hi = from_value(form, x)
    assume(lo > -1.5 and hi < 0.9999 and value > -0.9)
    for rounding in ("half-up", "truncation"):
        found = which_icc(*prints(value, lo, hi, decimals, rounding), n=n, k=k, forms=(form,), max_n=n)
        assert found.possible, found.evidence
        assert found.forms == (form,)


@pytest.mark.parametrize("seed", range(6))
def test_the_six_forms_of_the_statistics_are_found(seed):
    for result in icc(readings(seed, 24, 2)):
        found = which_icc(*prints(result.value, result.lo, result.hi, 3), n=24, max_n=60)
        assert result.form in found.forms


@settings(max_examples=80, deadline=None)
@given(st.sampled_from(FORMS), st.floats(0.05, 0.95), st.integers(5, 60), st.floats(0, 3))
def test_a_fit_prints_what_was_printed(form, value, n, ratio):
    lo, hi = (float(x) for x in limits_of(form, value, n, 2, 0.95, ratio))
    assume(lo > -2)
    claim = prints(value, lo, hi, 3)
    for fit in which_icc(*claim, n=n, max_n=40).fits:
        middle = (fit.value_lo + fit.value_hi) / 2
        again = limits_of(fit.form, middle, fit.n, 2, 0.95, fit.rater_ratio if "A" in fit.form else 1.0)
        for x, printed in zip((middle, *again), claim, strict=True):
            unit = {"half-up": 0.5e-3, "truncation": 1e-3}[fit.rounding]
            assert abs(float(x) - float(printed.value)) <= unit * (1 + 1e-3)


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(EXACT), st.floats(0.05, 0.95), st.integers(5, 60))
def test_more_digits_never_add_a_solution(form, value, n):
    limits = [float(x) for x in limits_of(form, value, n, 2, 0.95)]
    assume(limits[0] > -2)
    fine, coarse = (prints(value, *limits, decimals) for decimals in (4, 3))
    assume(all(p.value * 10**4 % 10 != 5 for p in fine))  # what ends in 5 may round otherwise a second time
    sizes = [
        {(f.form, f.n) for f in which_icc(*p, max_n=100, forms=EXACT).fits if f.rounding == "half-up"}
        for p in (fine, coarse)
    ]
    assert (form, n) in sizes[0] <= sizes[1]


def test_the_limits_of_shrout_and_fleiss_name_their_form():
    found = which_icc(parse("0.71"), parse("0.34"), parse("0.95"), n=6, k=4)
    assert (
        "ICC(C,1)" in found.forms
        and "ICC(1,1)" not in found.forms
        and "systematic difference between raters is ignored" in found.evidence
    )
    found = which_icc(parse("0.29"), parse("0.02"), parse("0.76"), n=6, k=4)
    assert "ICC(A,1)" in found.forms
    ratio = next(fit.rater_ratio for fit in found.fits if fit.form == "ICC(A,1)")
    assert ratio > 3  # four judges of very unlike severity: 32.486 / 1.019 in their analysis of variance


def test_a_changed_limit_is_impossible_and_told_what_it_should_read():
    lo, hi = (float(x) for x in limits_of("ICC(C,1)", 0.771, 127, 2, 0.95))
    right = prints(0.771, lo, hi, 3)
    wrong = parse(format_as(hi + 0.02, 3))
    found = which_icc(right[0], right[1], wrong, n=127, forms=EXACT)
    assert not found.possible
    best = found.repairs[0]
    assert (best.number, best.form in ("ICC(C,1)", "ICC(1,1)"), best.n) == ("upper limit", True, 127)
    assert abs(best.units - 20) <= 1 and best.reading in found.evidence
    repaired = which_icc(right[0], right[1], parse(best.reading), n=127, forms=(best.form,))
    assert repaired.possible


def test_another_n_than_the_stated_one_is_named():
    claim = prints(0.6, *(float(x) for x in limits_of("ICC(C,1)", 0.6, 40, 2, 0.95)), 3)
    found = which_icc(*claim, n=55, forms=EXACT)
    assert not found.possible and 40 in found.sizes("ICC(C,1)")
    assert "n = 40" in found.evidence


def test_the_published_intervals_of_a_size_table_all_have_an_n():
    path = ROOT / "config/studies/nat_residual/claims.csv"
    reported = {row["claim_id"]: row["reported"] for row in csv.DictReader(path.open())}
    claims = [c for c in reported if c + ".lo" in reported and ".icc_" in c]
    assert len(claims) == 15
    for claim in claims[:4]:
        found = which_icc(*(parse(reported[claim + end]) for end in ("", ".lo", ".hi")), max_n=200)
        assert all(1 < n <= 200 for form in found.forms for n in found.sizes(form))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (dict(lo=parse("0.9"), hi=parse("0.3")), "swapped"),
        (dict(value=parse("0.1")), "does not lie between"),
        (dict(value=parse(">0.6")), "not inequalities"),
        (dict(n=1), "two subjects"),
        (dict(k=1), "two raters"),
        (dict(level=95), "between 0 and 1"),
        (dict(forms=("ICC(2,1)",)), "there is no form 'ICC"),
        (dict(max_n=10**6), "at most"),
        (dict(hi=parse("1.2")), "not below 1"),
    ],
)
def test_nonsense_gets_a_sentence(change, message):
    with pytest.raises(ReplicalcError, match=message):
        which_icc(**{"value": parse("0.6"), "lo": parse("0.5"), "hi": parse("0.7"), **change})


def test_the_answer_is_frozen_and_the_same_each_time():
    one, two = (which_icc(parse("0.771"), parse("0.689"), parse("0.833"), max_n=150) for _ in range(2))
    assert one == two == replace(one)
