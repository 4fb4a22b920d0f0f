"""Verdicts on claims, one kind of number at a time."""

from __future__ import annotations

from dataclasses import replace

import pytest
from project import STUDY

from replicalc.compare import as_print_if_repaired, compare, repaired_digits
from replicalc.errors import ReplicalcError
from replicalc.records import Claim, load_claims
from replicalc.table import Lookup, Row


def claim(stat, reported, variable="v", group="all", of="", kind="count") -> Claim:
    return Claim("s.c", "s_r", "Table", kind, reported, reported, "label", group, variable, stat, of)


def judge(stat, reported, value, n=100, extra=(), of="", whole="127", variable="v=a", codes="ab", kind="real", **row):
    rows = [Row("s_r", "all", variable, stat, value, n=n, kind=kind, **row)]
    rows += [Row("s_r", "all", variable, name, limit, conf_level=0.95) for name, limit in extra]
    rows += [Row("s_r", "all", f"v={code}", "percent", 1.0) for code in codes if stat != "percent" or code != "a"]
    mine = claim(stat, reported, of=of, variable=variable)
    claims = {"s.c": mine, "s.n": claim("n_included", whole)}
    return compare(mine, {"s_r": Lookup(rows)}, claims, alpha=0.05)


@pytest.mark.parametrize(
    ("reported", "value", "verdict"),
    [
        ("0.09", 0.0867, "same_print"),
        ("0.09", 0.2, "same_conclusion"),
        ("0.09", 0.03, "conclusion_differs"),
        ("<0.001", 0.0004, "same_print"),
        ("<0.001", 0.03, "same_conclusion"),
        ("<0.001", 0.3, "conclusion_differs"),
        ("P>0.05", 0.3, "same_print"),
        ("P>0.05", 0.01, "conclusion_differs"),
        ("< 0.05", 0.06, "conclusion_differs"),
        ("0.05", 0.3, "same_conclusion"),
    ],
)
def test_p_values(reported, value, verdict):
    assert judge("p", reported, value).verdict == verdict


@pytest.mark.parametrize(
    ("reported", "value", "limits", "verdict"),
    [
        ("36.5", 36.5384, (24.8, 50.1), "same_print"),
        ("36.5", 30.8, (19.9, 44.3), "same_conclusion"),
        ("36.5", 14.6, (10.3, 20.1), "conclusion_differs"),
        ("36.5", 70.0, (60.0, 80.0), "conclusion_differs"),
    ],
)
def test_shares(reported, value, limits, verdict):
    extra = [("percent_lo", limits[0]), ("percent_hi", limits[1])]
    assert judge("percent", reported, value, extra=extra).verdict == verdict


@pytest.mark.parametrize(
    ("reported", "value", "limits", "verdict"),
    [
        ("92.0", 87.3, (81.1, 91.7), "same_direction"),
        ("92.0", 52.0, (45.0, 60.0), "conclusion_differs"),
        ("100", 84.0, (71.2, 92.3), "conclusion_differs"),
        ("0", 16.0, (7.7, 28.8), "conclusion_differs"),
        ("50", 10.0, (5.0, 15.0), "conclusion_differs"),
        ("8.0", 12.7, (8.3, 18.9), "same_direction"),
    ],
)
def test_only_measures_that_a_coin_brings_to_half_have_a_direction(reported, value, limits, verdict):
    extra = [("sensitivity_lo", limits[0]), ("sensitivity_hi", limits[1])]
    assert judge("sensitivity", reported, value, extra=extra).verdict == verdict
    ppv = judge("ppv", reported, value, extra=[("ppv_lo", limits[0]), ("ppv_hi", limits[1])])
    assert ppv.verdict == "conclusion_differs"


def test_icc_and_its_limits():
    extra = [("icc_lo", 0.1), ("icc_hi", 0.5)]
    assert judge("icc", "0.771", 0.3, extra=extra).verdict == "same_direction"
    assert judge("icc", "0.450", 0.3, extra=extra).verdict == "same_conclusion"
    assert judge("icc", "−0.018", 0.3, extra=extra).verdict == "conclusion_differs"


@pytest.mark.parametrize(
    ("printed", "here", "verdict"),
    [
        (("−0.078", "0.266"), (-0.2, 0.4), "same_conclusion"),
        (("−0.078", "0.266"), (0.02, 0.4), "conclusion_differs"),
        (("0.689", "0.833"), (0.1, 0.4), "same_conclusion"),
        (("0.689", "0.833"), (-0.4, -0.1), "conclusion_differs"),
    ],
)
def test_a_limit_is_judged_with_its_partner(printed, here, verdict):
    pair = {stat: claim(stat, text) for stat, text in zip(("icc_lo", "icc_hi"), printed, strict=True)}
    rows = [Row("s_r", "all", "v", stat, value) for stat, value in zip(pair, here, strict=True)]
    for each in pair.values():
        assert compare(each, {"s_r": Lookup(rows)}, pair, 0.05).verdict == verdict


def test_ratios_have_their_null_at_one():
    extra = [("or_lo", 1.1), ("or_hi", 2.0)]
    assert judge("or", "1.780", 1.5, extra=extra).verdict == "same_conclusion"
    assert judge("or", "2.352", 1.5, extra=extra).verdict == "same_direction"
    assert judge("or", "0.310", 1.5, extra=extra).verdict == "conclusion_differs"
    pair = {stat: claim(stat, text) for stat, text in (("hr_lo", "1.116"), ("hr_hi", "8.323"))}
    rows = [Row("s_r", "all", "v", "hr_lo", 0.9), Row("s_r", "all", "v", "hr_hi", 3.0)]
    found = compare(pair["hr_lo"], {"s_r": Lookup(rows)}, pair, 0.05)
    assert found.verdict == "conclusion_differs"
    assert found.note == "the printed interval lies above 1, the interval here includes 1"


def test_a_bare_zero_has_the_precision_of_its_column():
    q1, median = claim("q1", "0"), claim("median", "0.8")
    rows = [
        Row("s_r", "all", "v", "q1", 0.4),
        Row("s_r", "all", "v", "q1_lo", 0.0),
        Row("s_r", "all", "v", "q1_hi", 0.9),
    ]
    found = compare(q1, {"s_r": Lookup(rows)}, {"a": q1, "b": median}, 0.05)
    assert (found.verdict, found.replicated) == ("same_conclusion", "0.4")


def test_on_synthetic_patients_a_number_may_come_out_by_another_test_which_is_named():
    mine = claim("p", "0.14")
    rows = [
        Row("s_r", "all", "v", "p", 0.0977, method="Fisher", kind="synthetic"),
        Row("s_r", "all", "v", "p_alternative", 0.1413, method="exact Pearson"),
        Row("s_r", "all", "v", "p_alternative", 0.2, method="Pearson"),
    ]
    found = compare(mine, {"s_r": Lookup(rows)}, {}, 0.05)
    assert (found.verdict, found.replicated) == ("same_print", "0.14")
    assert found.note == "only by exact Pearson; by Fisher: 0.10"
    rows[0] = replace(rows[0], kind="real")  # on other patients that would be the best of many tests
    found = compare(mine, {"s_r": Lookup(rows)}, {}, 0.05)
    assert (found.verdict, found.replicated) == ("same_conclusion", "0.10")
    assert found.note == "P is not below 0.05 here"


def test_on_synthetic_patients_a_ratio_may_come_out_by_another_model_which_is_named():
    mine = replace(claim("or_hi", "5.216"), group="model=multivariable")
    rows = [
        Row("s_r", "model=univariable", "v", "or_hi", 5.2161, kind="synthetic"),
        Row("s_r", "model=multivariable", "v", "or_hi", 5.41, kind="synthetic"),
    ]
    found = compare(mine, {"s_r": Lookup(rows)}, {}, 0.05)
    assert (found.verdict, found.replicated) == ("same_print", "5.216")
    assert found.note == "only by the univariable model; by the multivariable model: 5.410"
    rows[1] = replace(rows[1], value=5.2164)
    assert compare(mine, {"s_r": Lookup(rows)}, {}, 0.05).note == ""
    rows[1] = replace(rows[1], value=5.2168)  # the usual rounding of another model before the cutting off of this one
    assert compare(mine, {"s_r": Lookup(rows)}, {}, 0.05).note.startswith("only by the univariable model")
    rows[:] = [replace(row, kind="real", value=row.value + 0.1) for row in rows]
    assert compare(mine, {"s_r": Lookup(rows)}, {}, 0.05).verdict == "not_evaluable"


def test_truncation_shows_what_it_truncated():
    found = judge("p", "0.09", 0.0977)
    assert (found.verdict, found.replicated, found.note) == ("same_print", "0.09", "only by truncation of 0.0977")


def test_a_cell_of_a_2x2_is_out_of_the_margin_that_the_sentence_names():
    fn, negatives = claim("fn", "6", of="s.neg"), claim("count", "42", variable="cr=yes")
    rows = [Row("s_r", "all", "v", "fn", 19, n=204), Row("s_r", "all", "cr=yes", "count", 46, n=204)]
    found = compare(fn, {"s_r": Lookup(rows)}, {"s.c": fn, "s.neg": negatives}, 0.05)
    assert found.verdict == "conclusion_differs" and "41.3 % here" in found.note and "14.3 % printed" in found.note


def test_wording_is_not_for_patients_to_confirm():
    found = compare(
        claim("wording", "target wording", variable=""),
        {"s_r": Lookup([Row("s_r", "all", "", "holds", 1.0)])},
        {},
        0.05,
    )
    assert found.verdict == "not_evaluable" and found.note.endswith("it holds here")


def test_medians_have_no_direction():
    extra = [("median_lo", 2.0), ("median_hi", 3.0)]
    assert judge("median", "2.9", 2.5, extra=extra).verdict == "same_conclusion"
    assert judge("median", "3.9", 2.5, extra=extra).verdict == "conclusion_differs"


def test_counts_are_compared_as_shares_of_their_whole():
    assert judge("count", "52", 52, n=127, of="s.n").verdict == "same_print"
    other = judge("count", "52", 52, n=221, of="s.n")
    assert other.verdict == "conclusion_differs" and "40.9 % printed" in other.note
    assert judge("count", "52", 90, n=221, of="s.n").verdict == "same_conclusion"
    assert judge("count", "52", 200, n=221, of="s.n").verdict == "conclusion_differs"


def test_the_size_of_a_cohort_is_not_a_finding():
    for size in (204, 127):
        found = judge("n_included", "127", size, n=221)
        assert found.verdict == "not_evaluable" and "not a finding" in found.note
    assert judge("n_included", "127", 127, n=168, kind="synthetic").verdict == "same_print"


def test_what_is_not_there_is_named():
    rows = [Row("s_r", "all", "", "not_evaluable", warning="variable surgery not in cohort x")]
    found = compare(claim("count", "5"), {"s_r": Lookup(rows)}, {}, 0.05)
    assert (found.verdict, found.note, found.replicated) == ("not_evaluable", "variable surgery not in cohort x", "")


@pytest.mark.parametrize(("stat", "reported"), [("q", "5"), ("count", "0.o9")])
def test_a_typo_in_the_claims_is_told_and_not_taken_for_a_gap(stat, reported):
    rows = [Row("s_r", "all", "v", "count", 5.0, n=9)]
    with pytest.raises(ReplicalcError, match=r"claim s\.c: "):
        compare(claim(stat, reported), {"s_r": Lookup(rows)}, {}, 0.05)


def test_rounding_other_than_half_up_is_named():
    assert judge("percent", "12", 12.5).note == "only by half-even of 12.5"


def test_number_words_and_statements():
    assert judge("n_levels", "two", 2).verdict == "same_print"
    holds = compare(
        claim("holds", "max ICCb", variable=""),
        {"s_r": Lookup([Row("r", "all", "", "holds", 0.0, method="a > b")])},
        {},
        0.05,
    )
    assert (holds.verdict, holds.replicated, holds.note) == (
        "conclusion_differs",
        "does not hold",
        "does not hold: a > b",
    )


def test_warnings_of_the_statistic_reach_the_note():
    assert judge("percent", "36.5", 36.5, warning="unit is the breast").note == "unit is the breast"


def test_every_count_claim_of_the_study_knows_its_whole():
    for each in load_claims(STUDY / "claims.csv"):
        if each.stat == "count":
            assert each.of, f"{each.claim_id} has no whole"


def limits(printed, here, stat="sensitivity", fractions=True, which="lo"):
    """Judge one limit of a share: ``printed`` and ``here`` are (lower, estimate, upper)."""
    names = (f"{stat}_lo", stat, f"{stat}_hi")
    claims = {name: claim(name, text, kind="ci") for name, text in zip(names, printed, strict=True)}
    rows = [Row("s_r", "all", "v", name, value, n=100, kind="real") for name, value in zip(names, here, strict=True)]
    mine = claims[f"{stat}_{which}"]
    return compare(mine, {"s_r": Lookup(rows)}, claims, 0.05, fractions)


@pytest.mark.parametrize(
    ("printed", "here", "verdict"),
    [
        (("0.703", "74.2", "0.871"), (70.34, 74.2, 80.0), "same_print"),
        (("0.703", "74.2", "0.871"), (69.1, 74.2, 78.7), "same_conclusion"),
        (("0.703", "74.2", "0.871"), (52.0, 60.0, 68.0), "same_direction"),
        (("0.703", "74.2", "0.871"), (30.0, 40.0, 49.0), "conclusion_differs"),
    ],
)
def test_limits_printed_as_fractions(printed, here, verdict):
    assert limits(printed, here).verdict == verdict


def test_limits_of_predictive_values_have_no_middle():
    assert limits(("80.0", "85.0", "90.0"), (60.0, 65.0, 70.0), "ppv", False).verdict == "conclusion_differs"
    assert limits(("80.0", "85.0", "90.0"), (79.98, 85.0, 95.0), "ppv", False).verdict == "same_print"


def test_a_statement_that_cannot_be_judged_says_why():
    rows = [Row("s_r", "all", "", "holds", float("nan"), warning="variable grade not in cohort c")]
    mine = claim("holds", "worse", variable="", kind="qualitative")
    found = compare(mine, {"s_r": Lookup(rows)}, {"s.c": mine}, 0.05)
    assert (found.verdict, found.note) == ("not_evaluable", "variable grade not in cohort c")


def test_survival_is_a_share():
    extra = [("survival_lo", 60.0), ("survival_hi", 80.0)]
    assert judge("survival", "72", 70.0, extra=extra).verdict == "same_conclusion"
    assert judge("survival", "95", 70.0, extra=extra).verdict == "conclusion_differs"


def significant(printed, here, reported="0.029", p=0.001):
    """A cross-tabulation whose printed shares are of two groups."""
    claims = {"s.p": claim("p", reported, "calcified x pcr", kind="p")}
    rows = [Row("s_r", "all", "calcified x pcr", "p", p, kind="real")]
    for code, text, share in zip(("yes", "no"), printed, here, strict=True):
        claims[f"s.{code}"] = claim("percent", text, "pcr=yes", f"calcified={code}")
        rows.append(Row("s_r", f"calcified={code}", "pcr=yes", "percent", share, kind="real"))
    return compare(claims["s.p"], {"s_r": Lookup(rows)}, claims, 0.05)


def test_a_significant_difference_the_other_way_is_no_same_conclusion():
    assert significant(("20.6", "31.6"), (21.0, 40.0)).verdict == "same_conclusion"
    found = significant(("20.6", "31.6"), (51.5, 19.0))
    assert found.verdict == "conclusion_differs" and "other way" in found.note
    assert significant(("20.6", "31.6"), (51.5, 19.0), "0.29", 0.3).verdict == "same_conclusion"


def test_a_ratio_on_the_other_side_of_1_turns_its_p():
    claims = {"p": claim("p", "0.028", "calcified=yes"), "or": claim("or", "1.780", "calcified=yes")}
    for value, verdict in ((2.5, "same_conclusion"), (0.22, "conclusion_differs")):
        rows = [Row("s_r", "all", "calcified=yes", stat, x) for stat, x in (("p", 0.0001), ("or", value))]
        assert compare(claims["p"], {"s_r": Lookup(rows)}, claims, 0.05).verdict == verdict


def test_no_p_is_shown_as_0():
    assert judge("p", "0.029", 1e-9).replicated == "<0.001"
    assert judge("p", "0.029", 0.0291).replicated == "0.029"


def test_an_inequality_about_several_p_values_comes_out_as_printed():
    mine = replace(claim("holds", "< 0.05"), kind="p")
    rows = [Row("s_r", "all", "v", "holds", 1.0, method="p(a) < 0.05 and p(b) < 0.05")]
    assert compare(mine, {"s_r": Lookup(rows)}, {}, 0.05).verdict == "same_print"
    assert compare(replace(mine, kind="qualitative"), {"s_r": Lookup(rows)}, {}, 0.05).verdict == "same_conclusion"
    rows[0] = replace(rows[0], value=0.0)
    assert compare(mine, {"s_r": Lookup(rows)}, {}, 0.05).verdict == "conclusion_differs"


@pytest.mark.parametrize(
    ("reported", "values", "verdict"),
    [
        ("85.4 > 74.0", (85.41, 74.02), "same_print"),
        ("85.4 > 74.0", (85.41, 74.12), "same_conclusion"),  # the second number is another
        ("85.4 > 74.0", (85.41, 85.41), "same_conclusion"),  # nothing prints as 74.0
        ("103/24", (103, 103, 24, 24), "same_print"),
        ("mainly", (60.0, 40.0), "same_conclusion"),  # a statement without numbers has no print
    ],
)
def test_a_statement_that_gives_its_numbers_comes_out_with_them(reported, values, verdict):
    rows = [Row("s_r", "all", f"{i}", ("left", "right")[i % 2], value) for i, value in enumerate(values)]
    rows.append(Row("s_r", "all", "v", "holds", 1.0, method="a > b"))
    mine = replace(claim("holds", reported), kind="qualitative")
    assert compare(mine, {"s_r": Lookup(rows)}, {}, 0.05).verdict == verdict
    rows[-1] = replace(rows[-1], value=0.0)
    assert compare(mine, {"s_r": Lookup(rows)}, {}, 0.05).verdict == "conclusion_differs"


@pytest.mark.parametrize(
    ("verdict", "repair", "expected"),
    [("rounding", "36.6", True), ("rounding", "36.7", False), ("impossible", "36.6", False)],
)
def test_only_the_repaired_digit_of_a_misprint_counts_as_its_print(tmp_path, verdict, repair, expected):
    table = tmp_path / "verification.csv"
    table.write_text(f"claim_id,verdict,repair\ns.c,{verdict},{repair}\n")
    found = judge("percent", "36.5", 36.61, extra=[("percent_lo", 30.0), ("percent_hi", 40.0)])
    assert found.verdict == "same_conclusion"
    counted = as_print_if_repaired(found, claim("percent", "36.5"), repaired_digits(table))
    assert (counted.verdict == "same_print") is expected
    assert ("the repaired digit: the paper alone gives 36.6, 36.5 is printed" in counted.note) is expected
