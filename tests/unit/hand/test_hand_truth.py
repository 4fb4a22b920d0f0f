"""What the sentence for a review asserts holds: no claim is left out of it, and nothing in it goes beyond the search."""

import itertools
from fractions import Fraction

import pytest
from by_hand import answer, run


def test_a_size_that_is_unique_only_up_to_this_programs_own_bound_is_not_called_the_only_one():
    """10 of 493 is 2.02840 %, and so is 20 of 986, which lies above the 500 that are tried unasked."""
    free = answer("recover counts --percent 2.02840")
    assert [s["n"] for s in free["solutions"]] == [493] and Fraction(10, 493) == Fraction(20, 986)
    assert free["verdict"] == "underdetermined"
    assert "Of the groups of 1 to 500, only one of 493" in free["sentence"] and "doubled" in free["notes"][0]
    assert answer("recover counts --percent 2.02840 --n-max 500")["verdict"] == "exact"
    # a printed count leaves no room for larger groups, whoever gave the bound
    assert answer("recover counts --percent a=2.02840 --known a=10")["verdict"] == "exact"


def test_a_table_that_is_unique_only_up_to_this_programs_own_bound_is_not_called_the_only_one():
    line = "recover two-by-two --sensitivity 99.8753 --specificity 99.8770 --ppv 99.8753"
    free, bounded = answer(line), answer(f"{line} --n-max 2000")
    assert [free["n_solutions"], bounded["n_solutions"]] == [1, 1]
    assert (free["verdict"], bounded["verdict"]) == ("underdetermined", "exact")
    assert "2000 were not tried" in free["notes"][0]


@pytest.mark.parametrize("line", ["counts --percent 33.3 --n-min 900", "two-by-two --sensitivity 80 --n-min 2500"])
def test_a_smallest_size_above_all_that_are_tried_is_no_single_size(line):
    code, _, err = run(f"recover {line}")
    assert code == 2 and "give --n-max too" in err


def test_what_is_known_beside_the_percentages_stands_in_the_sentence():
    """Of 500 sizes, 250 have 50 %; only the count makes it one."""
    assert "(5 a)" in answer("recover counts --percent a=50 --known a=5 --n-max 90")["sentence"]
    assert "add up to 5;" in answer("recover counts --percent a=50 --known-sum 5 --n-max 90")["sentence"]


def test_where_no_measure_can_stand_each_is_told_with_what_it_would_read():
    """All counts of 8 over 8 are tried by hand: none prints 0.5, and 0 of 8 comes nearest."""
    assert all(round(100 * k / 8, 1) != 0.5 for k in range(9))
    assert answer("recover two-by-two --n 8 --prevalence 0.5")["repair"] == "prevalence 0.0 instead of 0.5"
    both = answer("recover two-by-two --n 13 --fnr 16.5 --ppv 83,1")
    shares = {f"{100 * a / b:.1f}" for a, b in itertools.product(range(14), range(1, 14)) if a <= b}
    assert not shares & {"16.5", "83.1"} and {"16.7", "83.3"} <= shares
    assert "ppv 83.3 instead of 83,1 and fnr 16.7 instead of 16.5" in both["repair"]


def test_a_range_of_many_sizes_keeps_its_proof_and_its_repair():
    """The proof takes a second; the search for the nearest tables would have to visit more than is allowed."""
    line = "recover two-by-two --n-max 2000 --sensitivity 85.2 --specificity 77.7 --ppv 62.7 --npv 12.3"
    found = answer(line)
    assert found["verdict"] == "impossible" and " instead of " in found["repair"]


# Which method -----------------------------------------------------------------------------------------------------


def test_a_named_method_is_not_taken_for_one_whose_name_begins_alike():
    """44.2 to 96.5 is Wilson's with continuity correction for 8 of 10; Wilson's own is 49.0 to 94.3 (R, prop.test)."""
    named = answer("which-interval --lo 44.2 --hi 96.5 --any-n 20 --named Wilson")
    assert all(s["method"] != "Wilson" for s in named["solutions"]) and named["verdict"] != "exact"
    assert "none by Wilson, which is named" in named["sentence"]
    assert answer("which-interval --lo 49.0 --hi 94.3 --any-n 20 --named Wilson")["verdict"] == "exact"


def test_the_proportion_that_was_asked_for_stands_in_the_sentence():
    """8 of 10 has these limits, so without the proportion the sentence would be false."""
    found = answer("which-interval --lo 49.0 --hi 94.3 --any-n 20 --value 70")
    assert found["solutions"] == [] and "has the proportion 70 and the limits 49.0 to 94.3" in found["sentence"]
    code, _, err = run("which-interval --lo 49.0 --hi 94.3 --any-n 20 --value 999")
    assert code == 2 and "999 is no proportion" in err


@pytest.mark.parametrize(
    ("rounded", "cut_off"),
    [
        # Yates 0.08580, Clopper-Pearson 44.39 to 97.48 (R, chisq.test and binom.test)
        ("which-test --table '12 5; 6 11' --p 0.0858 --named yates", "0.085"),
        ("which-interval --count 8 --n 10 --lo 44.39 --hi 97.48 --named clopper-pearson", "44.3"),
        ("which-interval --any-n 20 --lo 44.39 --hi 97.48 --named clopper-pearson", "44.3"),
        ("check means --n 28 --mean 5.18", "5.17"),  # 145 / 28 is 5.1786
    ],
)
def test_what_comes_out_only_if_cut_off_is_not_called_exact(rounded, cut_off):
    words = rounded.replace("0.0858", cut_off).replace("44.39", cut_off).replace("5.18", cut_off)
    assert answer(rounded)["verdict"] == "exact"
    found = answer(words)
    assert found["verdict"] == "unstated_method" and "only if cut off instead of rounded" in found["sentence"]


def test_a_sentence_names_few_methods_and_how_many_more():
    found = answer("which-test --table '60 5; 6 61' --p 0.000")
    assert found["n_solutions"] == 21 and "and 16 other methods" in found["sentence"]


def test_forms_of_the_intraclass_correlation_by_either_name():
    """ICC(2,1) is agreement and ICC(3,1) consistency; the nearest spelling would be the wrong form."""
    for theirs, ours in (("ICC(2,1)", "ICC(A,1)"), ("icc(3, 1)", "ICC(C,1)"), ("ICC(3,k)", "ICC(C,k)")):
        found = answer(["which-icc", "--icc", ".85", "--lo", ".70", "--hi", ".93", "--named", theirs])
        assert f"is {ours}, the named form" in found["sentence"]


def test_all_numbers_of_subjects_that_fit_are_counted_in_the_sentence():
    found = answer("which-icc --icc .85 --lo .70 --hi .93 --n 20")
    sizes = next(c["fits_with_n"] for c in found["checks"] if c["form"] == "ICC(1,1)")
    assert f"ICC(1,1) fits {len(sizes)} numbers of subjects from {sizes[0]} to {sizes[-1]}" in found["sentence"]


# Means ------------------------------------------------------------------------------------------------------------


def test_a_repair_is_what_the_nearest_number_rounds_to():
    """145 / 28 is 5.1786 and 144 / 28 is 5.1429; 7 ones of 20 have an SD of 0.4894. Cut off they were nearer."""
    assert answer("check means --mean 5.16 --n 28")["repair"] == "mean 5.14 or 5.18 for 5.16"
    assert answer("check means --mean 5.16 --n 28")["verdict"] == "impossible"
    assert answer("check means --mean 0.35 --sd 0.18 --n 20 --binary")["repair"] == "standard deviation 0.49 for 0.18"


def test_a_standard_deviation_over_n_is_told():
    """0 and 1, five times each: 0.50 over n, 0.53 over n - 1."""
    assert answer("check means --mean 0.50 --sd 0.53 --n 10")["verdict"] == "exact"
    found = answer("check means --mean 0.500 --sd 0.500 --n 10 --binary")
    assert found["verdict"] == "unstated_method" and "divides by n instead of n - 1" in found["sentence"]


def test_the_ends_of_a_scale_are_exact():
    """Ten ones and ten fives have the largest SD of 20 values from 1 to 5: 2 sqrt(20 / 19) = 2.05196."""
    found = answer("check means --mean 3.0 --sd 9.00 --n 20 --scale 1 5")
    assert found["repair"] == "standard deviation at most 2.052 for 9.00"
    assert answer("check means --mean 3.0 --sd 2.05 --n 20 --scale 1 5")["verdict"] == "exact"
    off = answer("check means --mean 6.0 --sd 1.0 --n 20 --scale 1 5")
    assert off["verdict"] == "impossible" and "does not lie on the scale from 1 to 5" in off["sentence"]


def test_a_mean_outside_of_its_range_says_no_more_than_that():
    found = answer("check means --mean 3.33 --sd 1.12 --n 21 --measured --min 5 --max 9")
    assert found["verdict"] == "impossible" and found["repair"] == ""
    assert found["sentence"].endswith("the mean 3.33 does not lie from 5 to 9.")


def test_a_mean_alone_is_and_a_mean_with_its_spread_are():
    assert "5.18 of 28 values is possible" in answer("check means --mean 5.18 --n 28")["sentence"]
    assert "1.41 of 2 values are possible" in answer("check means --mean 2.00 --sd 1.41 --n 2")["sentence"]


# Ratios -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("p", ["0.1", "0.01", "0.001"])
def test_a_p_that_prints_as_0_is_no_unit_away_from_one_that_does_not(p):
    """50.0 (45.0 to 55.6) has z = 3.91 / 0.054 = 72: no rounding makes such a P 0.1, or not significant."""
    found = answer(f"check odds-ratio --or 50.0 --lo 45.0 --hi 55.6 --p {p}")
    assert found["verdict"] == "unstated_method"
    assert ("disagree about significance" in found["sentence"]) == (p == "0.1")
    assert answer("check odds-ratio --or 50.0 --lo 45.0 --hi 55.6 --p 0.000")["verdict"] == "exact"


def test_a_p_one_unit_off_across_the_level_says_so():
    """0.99 to 3.96 around 1.98 has P from 0.0500 to 0.0552."""
    found = answer("check odds-ratio --or 1.98 --lo 0.99 --hi 3.96 --p 0.04")
    assert found["verdict"] == "rounding" and "disagree about significance" in found["sentence"]


@pytest.mark.parametrize("p", ["0", "1"])
def test_a_p_without_decimals_is_held_against_nothing(p):
    found = answer(f"check odds-ratio --or 2.00 --lo 1.20 --hi 3.33 --p {p}")
    assert [c["verdict"] for c in found["checks"] if c["check"] == "p"] == ["not_checkable"]
    assert "P belongs to the interval" not in found["sentence"]


def test_every_crude_table_of_a_coarse_ratio_is_found():
    """All tables of 90 with 30 events, whose ratio and Woolf limits print as 2 (1 to 4), one by one."""
    from math import exp, log, sqrt

    def prints(a, b):
        c, d = 30 - a, 60 - b
        beta, se = log(a * d / (b * c)), sqrt(1 / a + 1 / b + 1 / c + 1 / d)
        values = [exp(beta + side * 1.959964 * se) for side in (0, -1, 1)]
        return any([int(v + half) for v in values] == [2, 1, 4] for half in (0.5, 0))

    expected = {(a, b) for a in range(1, 30) for b in range(1, 60) if prints(a, b)}
    found = answer("check odds-ratio --or 2 --lo 1 --hi 4 --n 90 --events 30 --adjusted")
    assert len(expected) > 20
    assert {(t["exposed_events"], t["exposed_others"]) for t in found["solutions"]} == expected
    assert "e+0" not in found["sentence"]


def test_a_lower_limit_of_0_leaves_no_chance_to_tell():
    found = answer("check odds-ratio --or 0.1 --lo 0.0 --hi 0.8 --n 60 --events 20 --adjusted")
    assert found["n_solutions"] > 0 and "nan" not in found["sentence"] + found["evidence"] + "".join(found["notes"])


def test_exposed_need_the_patients_that_they_are_among():
    code, _, err = run("check odds-ratio --or 2.00 --lo 1.00 --hi 4.00 --exposed 50")
    assert code == 2 and "the number of patients is needed too" in err


# Splits and models ------------------------------------------------------------------------------------------------


def test_what_is_known_of_a_split_stands_in_the_sentence():
    """Five splits of 243 have these percentages; only with 68 events, or 112 in group a, is there one."""
    line = "recover split --a 21.4 --b 33.6 --n 243"
    assert answer(line)["n_solutions"] == 5
    assert "33.6 and 68 events: 24/112 and 44/131" in answer(f"{line} --events 68")["sentence"]
    assert "33.6 and a group a of 112: 24/112 and 44/131" in answer(f"{line} --n-a 112")["sentence"]
    assert "and 60 events (every split was tried)" in answer(f"{line} --events 60")["sentence"]
    assert "P 0.035 by fisher, the test tried (" in answer(f"{line} --p 0.035 --test fisher")["sentence"]
    code, _, err = run(f"{line} --n-a 243")
    assert code == 2 and "leaves nobody" in err


@pytest.mark.parametrize(
    ("hi", "verdict", "n"), [("3.64", "underdetermined", 1000), ("3.00", "unstated_method", 1000), ("3.00", None, 50)]
)
def test_a_model_whose_limits_are_no_wald_limits_is_neither_possible_nor_impossible(hi, verdict, n):
    """2.00 * 2.00 / 1.10 is 3.64: with 3.00 no standard error gives both limits, and none can be read from them."""
    found = answer(
        ["certify", "logistic", "--n", f"{n}", "--events", f"{n * 3 // 10}", "--term", f"node 2.00 1.10 {hi}"]
    )
    assert found["verdict"] == (verdict or "unstated_method")
    uneven = "The limits of node are no Wald limits of its ratio" in found["sentence"]
    assert uneven == (hi == "3.00") and ("were they Wald's" in found["sentence"]) == (n == 50)


def test_a_term_may_be_typed_as_it_is_printed():
    for text in ("age 50-60 2.00 (0.80-5.00)", "age 50-60 2.00 (0.80–5.00)", "age 50-60 2.00 (0.80 to 5.00)"):
        found = answer(["certify", "logistic", "--n", "100", "--events", "30", "--term", text])
        assert found["input"]["terms"] == [["age 50-60", "2.00", "0.80", "5.00"]]


def test_no_sentence_lists_names_as_a_program_does():
    line = "certify logistic --n 100 --events 30 --term 'a 2.00 0.80 5.00'"
    for more in ("--exclusive a,b", "--term 'a 2.00 0.80 5.00'"):
        code, _, err = run(f"{line} {more}")
        assert code == 2 and not set("[]'(") & set(err)


def test_a_fault_prints_its_sentence_and_no_document_also_with_json():
    code, out, err = run("recover counts --percent 101 --n 71 --json")
    assert (code, out) == (2, "") and err.count("\n") == 1
