"""Results on small cohorts counted by hand, and on cohorts that lack something."""

from __future__ import annotations

import math

import pytest

from replicalc import results
from replicalc.errors import ReplicalcError


def test_distribution_counts_known_values_and_every_code(make):
    found = make(results.distribution, {"grade": ["1", "2", "2", ""]}, variables=["grade"])
    assert (found("all", "grade=2", "count").value, found("all", "grade=2", "count").n) == (2, 3)
    assert found("all", "grade=2", "percent").value == pytest.approx(200 / 3)
    assert found("all", "grade=3", "count").value == 0
    assert found("all", "grade", "n").n_missing == 1
    assert found("all", "grade=3", "percent_hi").value > 0
    assert found.rows[0].cohort == "tiny" and found.rows[0].kind == "synthetic"


def test_a_missing_variable_is_named(make):
    for columns in ({"grade": ["1"]}, {"grade": ["1"], "surgery": [""]}):
        found = make(results.distribution, columns, variables=["surgery"])
        assert found.reason() == "variable surgery not in cohort tiny"
        assert len(found.rows) == 1


def test_association_names_one_test_and_shows_the_others(make):
    columns = {"pcr": ["yes"] * 6 + ["no"] * 6, "subtype": ["tn"] * 5 + ["hrpos_her2neg"] * 6 + ["tn"]}
    found = make(results.association, columns, rows="pcr", columns="subtype", test="fisher")
    named = [r for r in found.rows if r.stat == "p"]
    assert [r.method for r in named] == ["Fisher exact, two-sided"]
    others = {r.method for r in found.rows if r.stat == "p_alternative"}
    assert {
        "Pearson chi-squared",
        "Pearson chi-squared with Yates correction",
        "Likelihood-ratio chi-squared",
    } <= others
    assert "Linear-by-linear association" not in others
    assert named[0].value == pytest.approx(0.0800865800865801)
    assert found("pcr=yes", "subtype=tn", "count").value == 5
    assert found("pcr=yes", "subtype=tn", "percent").n == 6


def test_linear_by_linear_needs_an_order(make):
    columns = {
        "recist": ["cr", "pr", "sd", "pd"] * 3,
        "calc_change": ["decrease", "no_change", "increase", "increase"] * 3,
    }
    order = {"recist": ["cr", "pr", "sd", "pd"], "calc_change": ["decrease", "no_change", "increase"]}
    found = make(results.association, columns, rows="recist", columns="calc_change", test="pearson", order=order)
    trend = [r for r in found.rows if r.method == "Linear-by-linear association" and r.stat == "statistic_alternative"]
    # M2 = (N - 1) r2 with scores 1..4 and 1, 2, 3, 3.
    x, y = [1, 2, 3, 4] * 3, [1, 2, 3, 3] * 3
    mx, my = sum(x) / 12, sum(y) / 12
    r2 = sum((a - mx) * (b - my) for a, b in zip(x, y, strict=True)) ** 2
    r2 /= sum((a - mx) ** 2 for a in x) * sum((b - my) ** 2 for b in y)
    assert trend[0].value == pytest.approx(11 * r2)
    with pytest.raises(ReplicalcError, match="leaves out codes that occur"):
        make(
            results.association,
            columns,
            rows="recist",
            columns="calc_change",
            test="pearson",
            order={**order, "recist": ["cr"]},
        )


def test_an_empty_category_keeps_the_scores_of_the_others(make):
    columns = {
        "recist": ["cr", "cr", "sd", "pd"] * 3,
        "calc_change": ["decrease", "no_change", "increase", "increase"] * 3,
    }
    order = {"recist": ["cr", "pr", "sd", "pd"], "calc_change": ["decrease", "no_change", "increase"]}
    found = make(results.association, columns, rows="recist", columns="calc_change", test="pearson", order=order)
    (trend,) = [
        r for r in found.rows if r.method == "Linear-by-linear association" and r.stat == "statistic_alternative"
    ]
    import numpy as np

    assert trend.value == pytest.approx(11 * np.corrcoef([1, 1, 3, 4] * 3, [1, 2, 3, 3] * 3)[0, 1] ** 2)
    assert found("all", "recist x calc_change", "p").warning.endswith("nobody has recist=pr")
    assert found("all", "recist x calc_change", "df").value == 4


def test_one_variable_is_still_described_when_the_other_is_missing(make):
    found = make(
        results.association, {"recist": ["cr", "pr", "pr"]}, rows="recist", columns="calc_change", test="pearson"
    )
    assert found("all", "recist=pr", "count").value == 2
    assert found.reason("recist=pr", "calc_change=decrease") == "variable calc_change not in cohort tiny"
    assert found("all", "recist x calc_change", "p") is None


def test_unknown_test(make):
    columns = {"recist": ["cr"], "pcr": ["yes"]}
    with pytest.raises(ReplicalcError, match="there is no test 'chi'"):
        make(results.association, columns, rows="recist", columns="pcr", test="chi")


def test_one_level_factor_gives_no_p_and_says_why(make):
    found = make(
        results.association,
        {"pcr": ["yes"] * 4, "grade": ["1", "2", "3", "1"]},
        rows="pcr",
        columns="grade",
        test="pearson",
    )
    row = found("all", "pcr x grade", "p")
    assert math.isnan(row.value) and row.warning


def test_clustered_units_are_told(make):
    columns = {"patient_id": ["a", "a", "b"], "calcified": ["yes", "no", "no"], "malignant": ["yes", "no", "yes"]}
    found = make(
        results.association, columns, unit_of_analysis="breast", rows="calcified", columns="malignant", test="pearson"
    )
    assert "of the patients analysed 1 contribute more than one" in found("all", "calcified x malignant", "p").warning


def test_numeric_follows_spss_quantiles(make):
    sizes = ["10", "20", "30", "40", "100", ""]
    found = make(results.numeric, {"mri_post_mm": sizes}, variables={"mri_post_mm": "mm"}, unit="cm")
    assert found("all", "mri_post_mm", "median").value == 3.0
    assert found("all", "mri_post_mm", "q3").value == 7.0  # position 0.75 x 6 = 4.5 between 4 and 10
    assert found("all", "mri_post_mm", "q3").method == "type 6"
    assert [r.value for r in found.rows if r.stat == "q3_alternative" and r.method == "type 7"] == [4.0]
    assert found("all", "mri_post_mm", "n").n_missing == 1
    assert found("all", "mri_post_mm", "min") is None


def test_numeric_by_group_with_an_empty_one(make):
    columns = {"mri_post_mm": ["10", "20"], "subtype": ["tn", "tn"]}
    found = make(results.numeric, columns, variables={"mri_post_mm": "mm"}, unit="cm", by="subtype")
    assert found("subtype=tn", "mri_post_mm", "mean").value == 1.5
    assert found.reason("subtype=hrpos_her2pos", "mri_post_mm") == "nobody in this group has a value"


ACCURACY = {
    "mri_complete_response": ["no", "no", "no", "yes", "yes", "no", "yes"],
    "pcr": ["no", "no", "yes", "no", "yes", "no", ""],
    "subtype": ["tn", "tn", "tn", "hrpos_her2pos", "tn", "hrpos_her2pos", "tn"],
}
MRI = dict(index=("mri_complete_response", "no"), target=("pcr", "no"))
PLACE = "mri_complete_response=no~pcr=no"


def test_accuracy_for_both_targets_and_pooled_groups(make):
    found = make(results.accuracy, ACCURACY, **MRI, by="subtype", pooled=[["tn", "hrpos_her2pos"]], both_targets=True)
    assert [found("all", PLACE, cell).value for cell in ("tp", "fp", "fn", "tn")] == [3, 1, 1, 1]
    assert found("all", PLACE, "sensitivity").value == 75
    assert found("all", PLACE, "specificity").value == 50
    flipped = "mri_complete_response=yes~pcr=yes"
    assert found("all", flipped, "sensitivity").value == 50
    assert found("subtype=tn", PLACE, "sensitivity").value == 100
    assert found("subtype=tn|hrpos_her2pos", PLACE, "tp").value == 3
    assert found("all", PLACE, "tp").n_missing == 1
    assert found.reason("subtype=hrpos_her2neg", PLACE) == "nobody in this group has both variables"
    assert found("all", PLACE, "sensitivity_lo").method == "Wilson"
    assert found("all", PLACE, "sensitivity_clopper_pearson_hi").value > 75


def test_misses_are_described(make):
    found = make(results.misses, ACCURACY, **MRI, described_by=["subtype", "er_status"])
    assert found("error=false_negative", "subtype=hrpos_her2pos", "count").value == 1
    assert found("error=false_positive", "subtype=tn", "count").value == 1
    assert found.reason("error=false_negative", "er_status") == "variable er_status not in cohort tiny"


def test_agreement_gives_six_forms_and_names_one(make):
    columns = {"mri_post_mm": ["10", "20", "35", "0"], "residual_size_mm": ["12", "18", "30", "5"]}
    found = make(
        results.agreement, columns, x="mri_post_mm", y="residual_size_mm", unit="cm", canonical="mm", form="ICC(C,1)"
    )
    place = "mri_post_mm~residual_size_mm"
    named = found("all", place, "icc")
    x, y = [1, 2, 3.5, 0], [1.2, 1.8, 3.0, 0.5]
    mx, my = sum(x) / 4, sum(y) / 4
    cov = sum((a - mx) * (b - my) for a, b in zip(x, y, strict=True))
    expected = 2 * cov / (sum((a - mx) ** 2 for a in x) + sum((b - my) ** 2 for b in y))
    assert named.value == pytest.approx(expected)
    assert named.method.startswith("ICC(C,1): ")
    assert len([r for r in found.rows if r.stat == "icc_alternative"]) == 5
    assert found("all", place, "bias").value == pytest.approx(0.0)


def test_agreement_of_one_patient(make):
    columns = {"mri_post_mm": ["10"], "residual_size_mm": ["12"]}
    found = make(
        results.agreement, columns, x="mri_post_mm", y="residual_size_mm", unit="cm", canonical="mm", form="ICC(C,1)"
    )
    assert found.reason() == "an ICC needs at least 2 patients with both sizes; here 1"


def test_agreement_of_two_patients_says_why_there_is_none(make):
    columns = {"mri_post_mm": ["10", "20"], "residual_size_mm": ["12", "25"]}
    found = make(
        results.agreement, columns, x="mri_post_mm", y="residual_size_mm", unit="cm", canonical="mm", form="ICC(C,1)"
    )
    row = found("all", "mri_post_mm~residual_size_mm", "icc")
    assert math.isnan(row.value) and row.warning.endswith("fewer than five ratings")


def test_before_after(make):
    columns = {"mri_pre_mm": ["20", "30", "40", "50"], "mri_post_mm": ["10", "30", "50", ""]}
    found = make(results.before_after, columns, before="mri_pre_mm", after="mri_post_mm", unit="cm", canonical="mm")
    place = "mri_post_mm - mri_pre_mm"
    assert [found("all", place, s).value for s in ("n_decrease", "n_increase", "n_equal")] == [1, 1, 1]
    assert found("all", place, "p").n == 3
    assert found("all", "mri_pre_mm", "median").value == 3.5
    assert len([r for r in found.rows if r.stat == "p_alternative"]) == 4


def test_statement(make, tmp_path):
    make(results.distribution, {"surgery": ["mastectomy", "mastectomy", "breast_conserving"]}, variables=["surgery"])
    file, out = tmp_path / "tiny_result.csv", tmp_path / "s.csv"
    more = (
        ("first", "all", "surgery=mastectomy", "count"),
        ">",
        ("second", "all", "surgery=breast_conserving", "count"),
    )
    from replicalc.table import Lookup, read_result

    for relations, expected in (([more], 1), ([more, (more[0], "<=", 1)], 0)):
        results.statement(file, file, out, tmp_path / "log", relations=relations)
        assert Lookup(read_result(out))("all", "", "holds").value == expected
    results.statement(file, file, out, tmp_path / "log", relations=[(("first", "all", "grade=1", "count"), ">", 0)])
    assert "no count of grade=1" in Lookup(read_result(out))("all", "", "holds").warning
    with pytest.raises(ReplicalcError, match="is no relation"):
        results.statement(file, file, out, tmp_path / "log", relations=[(more[0], "~", 1)])


def test_a_failing_job_leaves_no_file_and_a_full_log(make, tmp_path):
    with pytest.raises(ReplicalcError, match="there is no test"):
        make(results.association, {"grade": ["1"], "pcr": ["yes"]}, rows="grade", columns="pcr", test="x")
    assert not (tmp_path / "tiny_result.csv").exists()
    assert not list(tmp_path.glob("*.part")) and not list(tmp_path.glob(".*part"))
    log = (tmp_path / "log").read_text()
    assert "Traceback" in log and "param  test = 'x'" in log
    assert log.strip().splitlines()[-1].startswith("tiny_result: there is no test 'x'")


def test_groups_add_up_to_everybody_and_missing_values_are_counted_where_they_are(make):
    columns = {
        "pcr": ["yes", "yes", "no", "no", "no"],
        "subtype": ["tn", "", "tn", "", ""],
        "mri_post_mm": ["1", "2", "3", "", "5"],
    }
    found = make(results.association, columns, rows="pcr", columns="subtype", test="pearson")
    assert [found(f"pcr={c}", "subtype", "n").n_missing for c in ("yes", "no")] == [1, 2]
    assert found("pcr=no", "subtype=tn", "count").n_missing == 2
    found = make(results.numeric, columns, variables={"mri_post_mm": "mm"}, unit="cm", by="subtype")
    sizes = [r.n for r in found.rows if r.stat == "n" and r.group != "all"]
    assert sum(sizes) == found("all", "mri_post_mm", "n").n == 4
    assert found("subtype=not recorded", "mri_post_mm", "n").n_missing == 1


def test_second_variable_that_is_missing_is_named(make):
    found = make(results.distribution, {"grade": ["1", "2"]}, variables=["grade", "surgery"])
    assert found.reason("all", "surgery") == "variable surgery not in cohort tiny"


def test_bland_altman_limits_have_intervals(make):
    columns = {"mri_post_mm": ["10", "20", "35", "0"], "residual_size_mm": ["12", "18", "30", "5"]}
    found = make(
        results.agreement, columns, x="mri_post_mm", y="residual_size_mm", unit="cm", canonical="mm", form="ICC(C,1)"
    )
    row = found("all", "mri_post_mm~residual_size_mm", "loa_hi_lo")
    assert row.conf_level == 0.95 and row.value < found("all", "mri_post_mm~residual_size_mm", "loa_hi").value


def test_groups_by_a_variable_that_is_missing_say_so(make):
    found = make(
        results.numeric, {"mri_post_mm": ["10", "20"]}, variables={"mri_post_mm": "mm"}, unit="cm", by="subtype"
    )
    assert found("all", "mri_post_mm", "mean").value == 1.5
    assert found.reason("subtype=tn", "mri_post_mm") == "variable subtype not in cohort tiny"
    assert found.reason("pcr=yes", "mri_post_mm") == ""


def test_two_by_two_effects_name_their_groups(make):
    columns = {
        "pcr": ["yes"] * 4 + ["no"] * 6,
        "surgery": ["mastectomy"] * 3 + ["breast_conserving"] * 3 + ["mastectomy"] * 4,
    }
    found = make(results.association, columns, rows="surgery", columns="pcr", test="pearson")
    row = found("all", "surgery x pcr", "odds_ratio")
    # breast conserving: 1 pCR, 2 not; mastectomy: 3 pCR, 4 not.
    assert row.value == pytest.approx((1 * 4) / (2 * 3))
    assert row.method.endswith("surgery=breast_conserving against mastectomy, event pcr=yes")
    assert found("all", "surgery x pcr", "risk_difference").value == pytest.approx(100 * (1 / 3 - 3 / 7))
    assert found("all", "surgery x pcr", "risk_difference_lo").conf_level == 0.95
    others = {r.method for r in found.rows if r.stat == "p_alternative"}
    assert {'"N - 1" chi-squared', "Fisher exact with mid-P, two-sided"} <= others


LOGISTIC = {
    "pcr": ["no"] * 10 + ["yes"] * 10 + ["no"],
    "calcified": (["yes"] * 7 + ["no"] * 3) + (["yes"] * 3 + ["no"] * 7) + [""],
    "surgery": ["mastectomy", "breast_conserving"] * 10 + ["mastectomy"],
}


def test_logistic_alone_is_the_cross_product_ratio_and_models_use_complete_patients(make):
    factors = {"calcified": "yes", "surgery": "mastectomy"}
    found = make(results.logistic, LOGISTIC, outcome=("pcr", "no"), factors=factors)
    alone = found("model=univariable", "calcified=yes", "or")
    assert alone.value == pytest.approx(49 / 9) and (alone.n, alone.n_missing) == (20, 1)
    se = math.sqrt(2 / 7 + 2 / 3)
    assert found("model=univariable", "calcified=yes", "or_hi").value == pytest.approx(
        49 / 9 * math.exp(1.959963984540054 * se)
    )
    assert found("model=univariable", "surgery=mastectomy", "or").n == 21
    assert found("model=multivariable", "surgery=mastectomy", "or").n == 20
    assert found("model=multivariable", "", "events").value == 10
    assert found("model=multivariable", "", "events_per_variable").value == 5
    firth = found("model=multivariable, Firth", "calcified=yes", "or")
    assert 1 < firth.value < found("model=multivariable", "calcified=yes", "or").value


def test_logistic_says_what_the_cohort_lacks_and_fits_no_other_model(make):
    columns = {name: LOGISTIC[name] for name in ("pcr", "calcified")}
    found = make(
        results.logistic, columns, outcome=("pcr", "no"), factors={"calcified": "yes", "surgery": "mastectomy"}
    )
    assert found("model=univariable", "calcified=yes", "or").value == pytest.approx(49 / 9)
    assert found.reason("model=univariable", "surgery=mastectomy") == "variable surgery not in cohort tiny"
    assert found.reason("model=multivariable", "calcified=yes") == "the model needs surgery, not in cohort tiny"


def test_logistic_with_separation_warns_and_firth_is_finite(make):
    columns = {"pcr": ["no"] * 6 + ["yes"] * 6, "calcified": ["yes"] * 6 + ["no"] * 6}
    found = make(results.logistic, columns, outcome=("pcr", "no"), factors={"calcified": "yes"})
    row = found("model=univariable", "calcified=yes", "or")
    assert math.isnan(row.value) and "separation" in row.warning
    assert math.isfinite(found("model=multivariable, Firth", "calcified=yes", "or").value)


def test_two_tests_on_the_same_patients(make):
    columns = {
        "mri_complete_response": ["no"] * 9 + ["yes"] * 3 + ["yes"] * 5 + ["no"] * 3 + ["no"],
        "calc_shape_changed": ["yes"] * 4 + ["no"] * 5 + ["yes"] * 1 + ["no"] * 2 + ["no"] * 6 + ["yes"] * 2 + ["yes"],
        "pcr": ["no"] * 12 + ["yes"] * 8 + [""],
    }
    pair = dict(first=("mri_complete_response", "no"), second=("calc_shape_changed", "yes"), target=("pcr", "no"))
    found = make(results.two_tests, columns, **pair)
    place = ("measure=sensitivity", "mri_complete_response=no - calc_shape_changed=yes")
    cells = [found(*place, s).value for s in ("both_right", "only_first_right", "only_second_right", "neither_right")]
    assert cells == [4, 5, 1, 2]
    assert found(*place, "difference").value == pytest.approx(100 * (9 - 5) / 12)
    assert found(*place, "p").value == pytest.approx(0.21875)  # exact binomial, 1 of 6 discordant pairs
    assert found(*place, "p").method.startswith("McNemar") and found(*place, "p").n_missing == 1
    assert len([r for r in found.rows if r.group == place[0] and r.stat == "p_alternative"]) == 3
    assert found("measure=specificity", place[1], "difference").value == pytest.approx(100 * (5 - 6) / 8)


def test_two_by_two_has_every_two_group_test_beside_the_named_one(make):
    columns = {"pcr": ["yes"] * 8 + ["no"] * 12, "calcified": (["yes"] * 2 + ["no"] * 6) + (["yes"] * 9 + ["no"] * 3)}
    found = make(results.association, columns, rows="calcified", columns="pcr", test="pearson")
    beside = {row.method: row.value for row in found.rows if row.stat == "p_alternative"}
    for word in ("Yates", "Fisher exact", "mid-P", "N - 1", "Mann-Whitney", "Barnard", "Boschloo", "Likelihood"):
        assert any(word in method for method in beside), (word, list(beside))
    ranks = next(p for method, p in beside.items() if "Mann-Whitney" in method)
    corrected = next(p for method, p in beside.items() if "N - 1" in method)
    assert ranks == pytest.approx(corrected)  # on a 2 x 2 table the two are the same test


def test_unconditional_tests_are_left_out_of_very_large_tables_and_say_so(make):
    columns = {"pcr": ["yes", "no"] * 300, "calcified": ["yes"] * 250 + ["no"] * 350}
    columns = {name: codes * 3 for name, codes in columns.items()}
    found = make(results.association, columns, rows="calcified", columns="pcr", test="pearson")
    for name in ("Barnard", "Boschloo"):
        (row,) = [r for r in found.rows if r.stat == "p_alternative" and name in r.method]
        assert math.isnan(row.value) and "789301 tables" in row.warning
