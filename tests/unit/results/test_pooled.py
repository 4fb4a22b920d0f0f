"""Published results pooled: against R, from the claims as they are printed, and what is refused."""

from __future__ import annotations

import doctest
import json
import math
import re
from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from project import ROOT
from scipy.special import expit

from replicalc.errors import ReplicalcError
from replicalc.results import pooled, pooled_accuracy
from replicalc.table import Lookup, read_result
from replicalc.verify.printed import format_as, parse
from replicalc.verify.two_by_two import two_by_two

REFERENCE = json.loads((ROOT / "tests" / "reference" / "pooling.json").read_text(encoding="utf-8"))
CASTING, US_MRI = (ROOT / "config" / "studies" / name for name in ("casting", "us_mri"))
PLACE = ("model=multivariable", "tumour_feature=casting", "death from breast cancer", "stellate")
CRUDE = ("model=univariable", "tumour_feature=casting", "death from any cause", "no casting type")
TABAR, POPULATION = ((f"casting_x_{name}", *PLACE) for name in ("tabar2004_hazard", "population_death"))
PALKA, RELAPSE = ((f"casting_x_palka2008_{name}", *CRUDE) for name in ("death", "relapse"))
DEATH = {"death": [TABAR, PALKA, POPULATION]}
INDEX = "mri_assessment=positive~malignant=yes"
PLACES = dict(
    n=("us_mri_m_flow", "all", "", "n_included"),
    prevalence=("us_mri_x_prevalence", "all", "malignant=yes", "percent"),
    accuracy=("us_mri_x_mri_accuracy", "all", INDEX),
    test="MRI",
)
FITS = {
    "fixed": "fixed",
    "dersimonian_laird": "DerSimonian-Laird",
    "reml": "REML",
    "reml_hartung_knapp": "REML KH",
}
HEAD = "study,label,source,test,tp,fp,fn,tn,note\n"


def near(expected):
    return pytest.approx(expected, rel=1e-6, abs=1e-9)


@pytest.fixture
def ratios(tmp_path):
    """Pool ratios of the claims of casting, with printed texts changed; return the look-up."""

    def go(pools=DEATH, changed: dict[str, str] | None = None):
        text = (CASTING / "claims.csv").read_text(encoding="utf-8")
        for claim, reported in (changed or {}).items():
            text, n = re.subn(
                rf"(?m)^({re.escape(claim)},(?:[^,\n]*,){{3}})[^,\n]*,[^,\n]*,", rf"\g<1>{reported},{reported},", text
            )
            assert n == 1, claim
        (tmp_path / "claims.csv").write_text(text, encoding="utf-8")
        out = tmp_path / "casting_pooled_hazard_ratios.csv"
        pooled.pooled_ratios(tmp_path / "claims.csv", CASTING / "study.yaml", out, tmp_path / "log", pools=pools)
        return Lookup(read_result(out))

    return go


@pytest.fixture
def accuracy(tmp_path):
    """Pool the accuracy of us_mri with the kept comparators or others; return the look-up."""

    def go(comparators: str = "", correction="all", **places):
        file = US_MRI / "comparators.csv"
        if comparators:
            file = tmp_path / "comparators.csv"
            file.write_text(comparators, encoding="utf-8")
        out = tmp_path / "us_mri_pooled_mri_accuracy.csv"
        files = US_MRI / "claims.csv", US_MRI / "study.yaml", file, out, tmp_path / "log"
        pooled_accuracy.pooled_accuracy(*files, correction=correction, **(PLACES | places))
        return Lookup(read_result(out))

    return go


@pytest.mark.parametrize("model", FITS)
def test_the_printed_ratios_pool_as_in_metafor(ratios, model):
    found, expected = ratios(), REFERENCE["pooled"]["published"]["fits"][FITS[model]]
    place = "pool=death", f"model={model}"
    for stat, field in (("ratio", "value"), ("ratio_lo", "lo"), ("ratio_hi", "hi")):
        assert found(*place, stat).value == near(math.exp(expected[field])), stat
    for stat, field in (("se", "se"), ("p", "p"), ("q", "q"), ("p_q", "p_q")):
        assert found(*place, stat).value == near(expected[field]), stat
    assert found(*place, "i2").value == near(100 * expected["i2"])
    assert (found(*place, "k").value, found(*place, "df").value) == (3, 2)
    if model != "fixed":
        assert found(*place, "tau2").value == near(expected["tau2"])
        limits = [found(*place, f"predict_{side}").value for side in ("lo", "hi")]
        assert limits == near([math.exp(end) for end in expected["predict"]])
    if model != "reml_hartung_knapp":
        studies = [f"study={name}" for name in ("tabar2004", "palka2008", "population")]
        weights = [found("pool=death", study, f"weight_{model}").value for study in studies]
        assert weights == near([100 * weight for weight in expected["weights"]])


def test_without_each_study_in_turn_and_without_the_odds_ratio_as_in_metafor(ratios):
    found = ratios()
    for left, expected in zip(("tabar2004", "palka2008", "population"), REFERENCE["left_out"], strict=True):
        groups = [f"pool=death;without={left}"] + (["pool=death;measure=hr"] if left == "population" else [])
        for group in groups:
            for model in ("fixed", "reml_hartung_knapp"):
                for stat, field in (("ratio", "value"), ("ratio_lo", "lo"), ("ratio_hi", "hi")):
                    row = found(group, f"model={model}", stat)
                    assert row.value == near(math.exp(expected[FITS[model]][field]))
            assert math.isnan(found(group, "model=reml", "predict_hi").value)


def test_a_study_stands_as_printed_with_what_its_digits_leave_open(ratios):
    found = ratios()
    for claim, stat in (("9.19", "ratio"), ("4.18", "ratio_lo"), ("20.17", "ratio_hi")):
        assert found("pool=death", "study=tabar2004", stat).value == float(claim)
    for study in ("tabar2004", "palka2008", "population"):
        least, se, most = (
            found("pool=death", f"study={study}", stat).value for stat in ("se_least", "se", "se_greatest")
        )
        assert 0 < least < se < most
        assert found("pool=death", f"study={study}", "middle_fits").value == 1
    # limits 0.45 to 0.55 and 5.75 to 5.85 print as 0.5 and 5.8
    z = 1.959963984540054
    least, most = (found("pool=death", "study=population", f"se_{end}").value for end in ("least", "greatest"))
    assert (least, most) == near((math.log(5.75 / 0.55) / 2 / z, math.log(5.85 / 0.45) / 2 / z))
    assert {(row.cohort, row.kind, row.result) for row in found.rows} == {
        ("published", "published", "casting_pooled_hazard_ratios")
    }


def test_disagreement_and_differences_are_said_plainly(ratios):
    found = ratios()
    said = found("pool=death", "model=reml_hartung_knapp", "ratio").warning
    assert "the studies disagree by more than chance" in said and "P = 0.051" in said
    for what in ("hazard ratio / odds ratio", "multivariable / univariable", "any cause", "stellate / no casting type"):
        assert what in said
    assert "3 studies: the variance between them is hardly known" in said
    assert found("pool=death", "model=fixed", "ratio").warning.startswith("one ratio common to all is assumed, but")
    assert "taken for a hazard ratio" in found("pool=death", "study=population", "ratio").warning
    assert not found("pool=death", "study=tabar2004", "ratio").warning
    alike = found("pool=death;without=tabar2004", "model=reml", "ratio").warning
    assert "agree as well as chance" in alike and "estimated as 0, its lower bound" in alike


def test_a_ratio_off_the_middle_of_its_limits_is_said(ratios):
    found = ratios(changed={"casting.tabar2004.hr": "9.91"})
    row = found("pool=death", "study=tabar2004", "middle_fits")
    assert row.value == 0 and "not in the middle of its limits" in row.warning
    assert row.method == "geometric mean of the limits, 9.175 to 9.189 by their digits, against 9.91"
    assert found("pool=death", "study=palka2008", "middle_fits").value == 1


@settings(max_examples=60, deadline=None)
@given(st.floats(0.2, 9), st.floats(0.1, 0.8), st.integers(1, 3), st.sampled_from(["half-up", "truncation"]))
def test_limits_made_from_a_ratio_always_fit_it(ratio, se, decimals, rounding):
    ends = [ratio, ratio * math.exp(-1.96 * se), ratio * math.exp(1.96 * se)]
    texts = [format_as(end, decimals, rounding) for end in ends]
    assert pooled.fits_middle([parse(text) for text in texts])


def test_the_same_patients_do_not_enter_a_pool_twice(ratios):
    with pytest.raises(ReplicalcError, match="'palka2008' enters the pool 'harm' twice"):
        ratios({"harm": [TABAR, PALKA, RELAPSE]})
    found = ratios({"death": [TABAR, PALKA], "relapse": [RELAPSE]})
    assert found("pool=relapse", "study=palka2008", "ratio").value == 3.048
    assert found.reason("pool=relapse") == "one study: nothing to pool"
    assert found("pool=relapse", "model=fixed", "ratio") is None
    assert found("pool=relapse", "study=palka2008", "weight_fixed") is None
    assert found("pool=death;measure=hr", "model=fixed", "ratio") is None  # no odds ratio to leave out


def test_the_order_of_studies_does_not_matter(ratios):
    values = [
        [ratios({"death": list(order)})("pool=death", f"model={model}", "ratio").value for model in FITS]
        for order in permutations(DEATH["death"])
    ]
    assert all(each == near(values[0]) for each in values)


@pytest.mark.parametrize(
    ("pools", "changed", "message"),
    [
        ({"d": [("casting_x_tabar2004_hazrd", *PLACE)]}, {}, r"'hr' .* is not printed. Did you mean 'casting_x_tabar2004_hazard'"),
        ({"d": [("casting_x_tabar2004_hazard", "all", *PLACE[1:])]}, {}, "for 'all' in casting_x_tabar2004_hazard is not printed"),
        ({"d": [("casting_x_nobody_death", *PLACE)]}, {}, "names no study of 'cited' in study.yaml. Known: tabar2004"),
        ({"d": [TABAR[:3]]}, {}, r"a line of a pool is \(result, group, variable, event, against\)"),
        (DEATH, {"casting.tabar2004.hr.ci_lo": "9.50"}, "0 < lo <= estimate <= hi"),
        (DEATH, {"casting.tabar2004.hr.ci_lo": "0"}, "0 < lo <= estimate <= hi"),
        (DEATH, {"casting.tabar2004.hr": ">9.19"}, "is printed as '>9.19'; one plain number is needed"),
    ],
)  # fmt: skip
def test_what_cannot_be_pooled_is_refused(ratios, pools, changed, message):
    with pytest.raises(ReplicalcError, match=message):
        ratios(pools, changed)


def test_equal_bytes_each_time(ratios, accuracy, tmp_path):
    for make, name in ((ratios, "casting_pooled_hazard_ratios.csv"), (accuracy, "us_mri_pooled_mri_accuracy.csv")):
        make()
        first = (tmp_path / name).read_bytes()
        make()
        assert (tmp_path / name).read_bytes() == first


def test_the_fourfold_table_of_the_study_is_recovered(accuracy):
    found = accuracy()
    assert [found("study=us_mri", INDEX, cell).value for cell in ("tp", "fp", "fn", "tn", "n")] == [48, 23, 0, 54, 125]
    row = found("study=us_mri", INDEX, "specificity")
    assert (row.value, row.n) == (near(100 * 54 / 77), 77)
    assert row.method.startswith("the only table of 125 that prints as sensitivity 100, specificity 70.1")
    other = found("study=bennani_baiti2017", INDEX, "sensitivity")
    assert (other.value, other.n) == (near(100 * 103 / 107), 107)
    limits = [found("study=bennani_baiti2017", INDEX, f"sensitivity_{side}").value for side in ("lo", "hi")]
    assert limits == pytest.approx([90.78, 98.54], abs=0.01)  # prop.test(103, 107, correct = FALSE)


@pytest.mark.parametrize("correction", ["all", "single"])
def test_the_bivariate_model_is_that_of_r(accuracy, correction):
    found = accuracy(correction=correction)
    for case in REFERENCE["models"]:
        if (case["name"], case["method"]) != ("microcalcification", "REML"):
            continue
        group = "all" if case["correction"] == correction else f"correction={case['correction']}"
        value = {row.stat: row.value for row in found.rows if row.group == group}
        assert [value["mu_sensitivity"], value["mu_specificity"]] == near(case["mu"])
        assert [value["sensitivity"], value["specificity"]] == near((100 * expit(case["mu"])).tolist())
        cov = [value["mu_variance_sensitivity"], value["mu_covariance"], value["mu_variance_specificity"]]
        assert cov == near([case["cov"][0][0], case["cov"][0][1], case["cov"][1][1]])
        sds = [math.sqrt(value[f"variance_{stat}"]) for stat in pooled_accuracy.MEASURES]
        assert sds == near(case["sd"])
        assert value["correlation"] == near(case["rho"]) and value["log_likelihood"] == near(case["log_likelihood"])
        for i, stat in enumerate(pooled_accuracy.MEASURES):
            half = 1.959963984540054 * math.sqrt(case["cov"][i][i])
            limits = [100 * expit(case["mu"][i] + side * half) for side in (-1, 1)]
            assert [value[f"{stat}_lo"], value[f"{stat}_hi"]] == near(limits)
        assert found(group, INDEX, "sensitivity").warning.startswith("0.5 added to the cells of ")
        assert "sits on its bound of 1" in found(group, INDEX, "correlation").warning
    for stat in pooled_accuracy.MEASURES:
        expected = REFERENCE["separate"][correction][stat]
        row = [found("model=separate", INDEX, f"{stat}{end}").value for end in ("", "_lo", "_hi")]
        assert row == near([100 * float(expit(expected[field])) for field in ("value", "lo", "hi")])
        assert found("model=separate", INDEX, f"{stat}_tau2").value == near(expected["tau2"])


def test_few_studies_and_their_differences_are_said(accuracy):
    said = accuracy()("all", INDEX, "specificity").warning
    assert "3 studies for the five parameters" in said
    assert "malignant in the studies: 18 to 43 %" in said


def test_without_a_correction_an_empty_cell_leaves_nothing_to_pool(accuracy):
    found = accuracy(correction="none")
    row = found("all", INDEX, "sensitivity")
    assert math.isnan(row.value) and "1 of 3 studies have an empty cell and no correction" in row.warning
    assert math.isfinite(found("correction=single", INDEX, "sensitivity").value)
    assert found.reason("model=separate", INDEX) == "an empty cell and no correction"


def test_a_table_that_is_not_known_is_told_and_nothing_is_pooled(accuracy):
    many = {stat: parse(text) for stat, text in {"sensitivity": "50", "specificity": "50"}.items()}
    several = two_by_two(many, 20, repair=False)
    told = pooled_accuracy.not_one(several, 20, many, "here")
    assert f"here: {len(several.tables)} fourfold tables of 20" in told and "which it was is not known" in told
    # With no measure of the test but the prevalence, any of 0 to 48 malignant and of 0 to 77 benign lesions are positive.
    unknown = accuracy(accuracy=(PLACES["accuracy"][0], "all", "nothing"))
    assert f"us_mri: {49 * 78} fourfold tables of 125 would print as prevalence" in unknown.reason("all", "nothing")
    found = accuracy(prevalence=("us_mri_x_ppv3", "birads_category=5", "malignant=yes", "percent"))
    assert "us_mri: no fourfold table of 125" in found.reason("all", PLACES["accuracy"][2])
    assert found("all", PLACES["accuracy"][2], "sensitivity") is None


def test_a_place_that_is_no_count_is_refused(accuracy):
    with pytest.raises(ReplicalcError, match=r"is 38\.4, not a count"):
        accuracy(n=PLACES["prevalence"])


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (HEAD.replace("note", "remark") + "a,A 2000,x,MRI,1,1,1,1,\n", "unknown key 'remark'"),
        (HEAD.replace(",note", "") + "a,A 2000,x,MRI,1,1,1,1\n", "'note' is missing"),
        (HEAD + "a,A 2000,x,MRI,1,-1,1,1,\n", r"line 2.fp: '-1'"),
        (HEAD + "a,A 2000,x,MRI,1,1,1.5,1,\n", r"line 2.fn: '1.5'"),
        (HEAD + "a,A 2000,x,MRI,,1,1,1,\n", r"line 2.tp: ''"),
        (HEAD + "a,A 2000,,MRI,1,1,1,1,\n", "line 2.source: must not be empty"),
        (HEAD + "A b,A 2000,x,MRI,1,1,1,1,\n", "line 2.study: 'A b'"),
        (HEAD + "a,A 2000,x,MRI,1,1,1,1,\na,A 2000,y,MRI,1,1,1,1,\n", "'a' stands twice for MRI"),
        (HEAD + "us_mri,A 2000,x,MRI,1,1,1,1,\n", "'us_mri' is the study itself"),
        (HEAD + "a,A 2000,x,MRI,0,1,0,1,\n", "'a' has no malignant or no benign lesion"),
        (HEAD + "a,A 2000,x,MR,1,1,1,1,\n", "no row has the test 'MRI'. Did you mean 'MR'"),
        (HEAD, "must not be empty"),
    ],
)  # fmt: skip
def test_a_bad_table_of_other_studies_is_refused(accuracy, rows, message):
    with pytest.raises(ReplicalcError, match=message):
        accuracy(rows)


def test_another_study_is_one_more_row(accuracy):
    kept = (US_MRI / "comparators.csv").read_text(encoding="utf-8")
    found = accuracy(kept + "other,Other 2020,x,MRI,40,20,3,70,\nus,Other 2020,x,ultrasound,1,1,1,1,\n")
    assert found("all", INDEX, "k").value == 4
    assert found("study=us", INDEX, "tp") is None


def test_the_kept_counts_print_what_their_abstracts_print():
    for row in pooled_accuracy.load_comparators(US_MRI / "comparators.csv", "MRI"):
        tp, fp, fn, tn = (int(row[cell]) for cell in pooled_accuracy.CELLS)
        for name, part, whole in (
            ("sens", tp, tp + fn),
            ("spec", tn, tn + fp),
            ("PPV", tp, tp + fp),
            ("NPV", tn, tn + fn),
        ):
            printed = re.search(rf"{name} ([\d.]+)", row["note"])[1]
            assert format_as(100 * part / whole, 1) == printed, (row["study"], name)


def test_the_notes_quote_what_comes_out(ratios, accuracy):
    found, notes = ratios(), " ".join((CASTING / "NOTES.md").read_text(encoding="utf-8").split())
    whole, part = (
        found(group, "model=fixed", "ratio").value for group in ("pool=death", "pool=death;without=tabar2004")
    )
    high = found("pool=death", "model=reml_hartung_knapp", "ratio_hi").value
    least, most = (found("pool=death", "study=population", f"se_{end}").value for end in ("least", "greatest"))
    assert f"falls from {whole:.2f} to {part:.2f}" in notes
    assert f"goes from below 1 to {high:.0f}" in notes and f"open between {least:.2f} and {most:.2f}" in notes
    found, notes = accuracy(), " ".join((US_MRI / "NOTES.md").read_text(encoding="utf-8").split())
    tp, fp, fn, tn = (int(found("study=us_mri", INDEX, cell).value) for cell in pooled_accuracy.CELLS)
    assert f"{tp} true and {fp} false positives, {fn} false and {tn} true negatives" in notes
    shares = [found(f"study={name}", INDEX, "prevalence").value for name in ("us_mri", "bennani_baiti2017", "li2024")]
    assert "{:.0f}, {:.0f} and {:.0f} % malignant".format(*shares) in notes
    first, other = (found(group, INDEX, "sensitivity").value for group in ("all", "correction=single"))
    assert 0.5 < other - first < 1.5  # "a point higher"
    wide = [
        found("model=separate", INDEX, f"{stat}_hi").value - found("model=separate", INDEX, f"{stat}_lo").value
        for stat in pooled_accuracy.MEASURES
    ]
    narrow = [
        found("all", INDEX, f"{stat}_hi").value - found("all", INDEX, f"{stat}_lo").value
        for stat in pooled_accuracy.MEASURES
    ]
    assert all(2 <= a / b <= 3.2 for a, b in zip(wide, narrow, strict=True))  # "two to three times as wide"


def test_the_examples_in_the_docstrings_run():
    tested = doctest.testmod(pooled)
    assert tested.attempted and not tested.failed
