"""What each command answers, held against counts by brute force, formulas by hand and data made up here."""

import itertools
import json
import math
import statistics
from fractions import Fraction

import numpy as np
import pytest
from by_hand import answer, run
from scipy import stats

from replicalc.verify.recovery import print_share


def half_up(x, decimals):
    """Round a fraction half-up, in whole numbers."""
    scaled = Fraction(x) * 10**decimals
    return f"{Fraction(math.floor(scaled + Fraction(1, 2)), 10**decimals).__float__():.{decimals}f}"


# Counts -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("k", range(15))
def test_tables_behind_measures_are_those_of_brute_force(k):
    tp, fp, fn, tn = (int(x) for x in np.random.default_rng([20, k]).integers(1, 12, 4))
    n = tp + fp + fn + tn
    texts = [half_up(Fraction(100 * a, a + b), 0) for a, b in ((tp, fn), (tn, fp), (tp, fp))]
    found = answer(f"recover two-by-two --n {n} --sensitivity {texts[0]} --specificity {texts[1]} --ppv {texts[2]}")
    cells = ((a, b, c, n - a - b - c) for a, b, c in itertools.product(range(n + 1), repeat=3) if a + b + c <= n)
    expected = {
        (a, b, c, d)
        for a, b, c, d in cells
        if min(a + c, b + d, a + b) > 0
        and any(
            [print_share(x, y, 0, how) for x, y in ((a, a + c), (d, b + d), (a, a + b))] == texts
            for how in ("half-up", "half-even", "truncation")
        )
    }
    assert {tuple(s[c] for c in ("tp", "fp", "fn", "tn")) for s in found["solutions"]} == expected
    assert found["verdict"] in (("exact", "unstated_method") if len(expected) == 1 else ("underdetermined",))
    assert (tp, fp, fn, tn) in expected


@pytest.mark.parametrize(
    ("line", "verdict", "part"),
    [
        ("--percent 67.6 --n 71", "exact", "67.6 % of 71 is 48"),
        ("--percent 67,6 --n 71", "exact", "of 71 is 48"),
        ("--percent 67.6% --n 71", "exact", "67.6 % of 71 is 48"),
        ("--percent 0.676 --n 71 --fraction", "exact", "0.676 of 71 is 48"),
        ("--percent 66.6 --n 3", "unstated_method", "cut off instead of rounded"),
        ("--percent 67.7 --n 71", "rounding", "No count of 71 prints as 67.7 %"),
        ("--percent 70.0 --n 71", "impossible", "No count of 71 prints as 70.0 %: 49 of 71 is 69.01 and 50 of 71"),
        ("--percent 50 --n 1000", "underdetermined", "any of 15 counts from 495 to 509"),
        (
            "--percent a=33 --percent b=33 --percent c=33 --n-max 9 --exhaustive",
            "underdetermined",
            "3 sizes from 3 to 9",
        ),
        ("--percent a=25.0 --percent b=70.0 --n-max 19 --exhaustive", "impossible", "No group of 1 to 19"),
        ("--percent a=52.1 --known a=25 --n-min 40 --n-max 60", "exact", "Only a group of 48"),
        ("--percent 33.3 --percent 66.6 --n 3", "unstated_method", "A group of 3 has"),
    ],
)
def test_counts_behind_percentages(line, verdict, part):
    found = answer(f"recover counts {line}")
    assert found["verdict"] == verdict
    assert part in found["sentence"]


def test_a_percentage_one_unit_off_is_named_with_what_it_should_read():
    found = answer("recover counts --percent a=52.1 --percent b=12.5 --percent c=35.5 --n-max 95 --exhaustive")
    assert found["verdict"] == "rounding"
    assert "c 35.4 instead of 35.5" in found["repair"]


def test_a_measure_one_unit_off_and_one_far_off():
    line = "recover two-by-two --n 200 --sensitivity 85.2 --specificity 77.7 --ppv"
    assert answer(f"{line} 62.7")["verdict"] == "exact"
    near, far = answer(f"{line} 62.8"), answer(f"{line} 26.7")
    assert near["verdict"] == "rounding" and "ppv 62.7 instead of 62.8" in near["repair"]
    assert far["verdict"] == "impossible" and far["n_solutions"] == 0


def test_a_bound_that_nobody_gave_proves_nothing():
    for line in (
        "two-by-two --sensitivity 81.33333 --specificity 77.12121 --ppv 12.12131",
        "counts --percent a=9.99955",
    ):
        free = answer(f"recover {line}")
        assert free["verdict"] == "not_checkable" and free["solutions"] == []
        assert "were not tried" in " ".join(free["notes"])
        assert answer(f"recover {line} --n-max 300")["verdict"] == "impossible"


def test_a_split_is_found_from_its_own_print():
    found = answer("recover split --a 21.4 --b 33.6 --n 243 --or 1.854 --lo 1.039 --hi 3.309")
    assert found["verdict"] == "exact"
    assert [found["solutions"][0][k] for k in ("events_a", "n_a", "events_b", "n_b")] == [24, 112, 44, 131]
    several = answer("recover split --a 21.4 --b 33.6 --n 243")
    assert several["verdict"] == "underdetermined" and several["n_solutions"] > 1


def test_only_whole_numbers_prove_a_split_impossible():
    """Percentages and ratio are compared in whole numbers; P and limits only by the methods tried."""
    assert answer("recover split --a 21.4 --b 33.6 --n 7")["verdict"] == "impossible"
    by_p = answer("recover split --a 21.4 --b 33.6 --n 243 --or 1.854 --p 0.5")
    assert by_p["verdict"] == "unstated_method"
    assert "by the 7 tests tried" in by_p["sentence"] and "no proof" in " ".join(by_p["notes"])


# Methods ----------------------------------------------------------------------------------------------------------


def test_the_test_behind_a_p_value():
    table = [[12, 5], [6, 11]]
    pearson = stats.chi2_contingency(table, correction=False).pvalue
    yates = stats.chi2_contingency(table, correction=True).pvalue
    line = 'which-test --table "12 5; 6 11" --p '
    named = answer(f"{line}{pearson:.3f} --named Pearson")
    assert named["verdict"] == "exact" and named["input"]["named"] == ["Pearson"]
    other = answer(f"{line}{yates:.3f} --named pearson")
    assert other["verdict"] == "unstated_method" and f"{pearson:.3f}" in other["repair"]
    assert "yates" in [s["test"] for s in other["solutions"]]
    assert "choice of the test decides whether P is below 0.05" in other["sentence"]
    one_off = answer(f"{line}{pearson + 0.001:.3f} --named pearson")
    assert one_off["verdict"] == "rounding"
    none = answer(f"{line}0.777")
    assert none["verdict"] == "unstated_method" and none["solutions"] == []
    assert "none of the" in none["sentence"] and "impossible" not in none["sentence"]
    p = {check["test"]: check["p"] for check in none["checks"]}
    assert p["pearson"] == pytest.approx(pearson) and p["fisher"] == pytest.approx(stats.fisher_exact(table).pvalue)


def test_a_table_from_a_file_and_a_test_that_was_left_out(tmp_path):
    (tmp_path / "table.csv").write_text("300,200\n150,400\n")
    found = answer(["which-test", "--file", str(tmp_path / "table.csv"), "--p", "<0.001"])
    assert found["verdict"] == "unstated_method"
    assert {check["test"]: check["p"] for check in found["checks"]}["barnard"] is None  # not a number is null
    typed = answer(["which-test", "--table", "300 200; 150 400", "--p", "<0.001"])
    assert typed["checks"] == found["checks"]


def test_tests_that_need_an_order_are_left_out_where_there_is_none():
    line = 'which-test --table "3 9; 8 7; 9 2" --p 0.02'
    assert "kruskal_wallis_columns" in {c["test"] for c in answer(line)["checks"]}
    assert "kruskal_wallis_columns" not in {c["test"] for c in answer(f"{line} --unordered rows")["checks"]}


def test_the_method_behind_an_interval():
    k, n, z = 23, 61, statistics.NormalDist().inv_cdf(0.975)
    p = k / n
    middle, half = (
        (p + z * z / 2 / n) / (1 + z * z / n),
        z * math.sqrt(p * (1 - p) / n + z * z / 4 / n / n) / (1 + z * z / n),
    )
    lo, hi = f"{100 * (middle - half):.2f}", f"{100 * (middle + half):.2f}"
    line = f"which-interval --count {k} --n {n} --lo {lo} --hi"
    assert answer(f"{line} {hi} --named wilson")["verdict"] == "exact"
    assert answer(f"{line} {hi}")["verdict"] == "unstated_method"
    wald = answer(f"{line} {hi} --named Wald")
    assert wald["verdict"] == "unstated_method" and [s["method"] for s in wald["solutions"]] == ["Wilson"]
    off = answer(f"{line} {float(hi) + 0.01:.2f} --named Wilson")
    assert off["verdict"] == "rounding" and off["repair"] == f"{lo} to {hi} instead of {lo} to {float(hi) + 0.01:.2f}"
    none = answer(f"{line} 99.99 --named Wilson")
    assert none["verdict"] == "impossible" and "the 13 methods tried" in none["sentence"]
    assert answer(f"{line} 99.99")["verdict"] == "unstated_method"  # without a name another method may exist
    anywhere = answer(f"which-interval --lo {lo} --hi {hi} --any-n 80")
    assert {"method": "Wilson", "count": k, "n": n}.items() <= anywhere["solutions"][0].items()
    elsewhere = answer(f"which-interval --count 3 --n 9 --lo {lo} --hi {hi} --any-n 80")
    assert f"{k} of {n}" in elsewhere["sentence"]


def test_a_count_of_0_is_kept():
    found = answer("which-interval --count 0 --n 10 --lo 0.0 --hi 30.8 --named clopper-pearson")
    assert found["verdict"] == "exact" and found["input"]["count"] == 0


def test_the_form_of_an_intraclass_correlation():
    line = "which-icc --icc 0.715 --lo 0.342 --hi 0.946 --raters 4 --n"
    assert answer(f"{line} 6")["verdict"] == "underdetermined"
    assert answer(f"{line} 6 --named ICC(C,1)")["verdict"] == "exact"
    assert answer(f"{line} 6 --named ICC(1,1)")["verdict"] == "unstated_method"
    proven = answer(f"{line} 40 --named ICC(C,1)")
    assert proven["verdict"] == "impossible" and "exhaustive" in " ".join(proven["notes"])
    assert answer(f"{line} 40 --named ICC(A,1)")["verdict"] == "unstated_method"  # searched, not proven


@pytest.mark.parametrize("minus", ["--lo -0.078", "--lo=-0.078", "--lo −0.078", "--lo –0.078"])
def test_a_limit_below_0_may_be_typed_with_any_minus(minus):
    found = answer(f"which-icc --icc 0.14 {minus} --hi 0.35 --n 80")
    assert "0.14 (-0.078 to 0.35)" in found["sentence"]


# Checks -----------------------------------------------------------------------------------------------------------


def printed_odds_ratio(a, b, c, d):
    beta, se = math.log(a * d / b / c), math.sqrt(1 / a + 1 / b + 1 / c + 1 / d)
    z = statistics.NormalDist().inv_cdf(0.975)
    p = 2 * (1 - statistics.NormalDist().cdf(abs(beta) / se))
    return f"--or {math.exp(beta):.3f} --lo {math.exp(beta - z * se):.3f} --hi {math.exp(beta + z * se):.3f}", p


def test_a_crude_odds_ratio_is_recognised_where_it_is_called_adjusted():
    ratio, p = printed_odds_ratio(19, 24, 11, 40)
    line = f"check odds-ratio {ratio} --p {p:.3f} --n 94 --events 30"
    called = answer(f"{line} --adjusted")
    table = dict(exposed_events=19, exposed_others=24, unexposed_events=11, unexposed_others=40)
    assert any(table.items() <= s.items() for s in called["solutions"])
    assert called["verdict"] == "exact" and "also comes out without any adjustment" in called["sentence"]
    assert "Woolf" in called["method"]
    other = answer(f"check odds-ratio {ratio} --n 93 --events 29 --crude")
    assert other["verdict"] == "unstated_method" and other["solutions"] == []


def test_a_p_value_and_limits_that_do_not_belong_to_the_ratio():
    found = answer("check hazard-ratio --hr 1.85 --lo 1.12 --hi 3.06 --p 0.08 --events 71")
    assert {c["check"]: c["verdict"] for c in found["checks"]} == dict(
        limits="exact", p="unstated_method", width="exact"
    )
    assert found["verdict"] == "unstated_method" and "0.08" in found["sentence"]
    narrow = answer("check hazard-ratio --hr 1.85 --lo 1.62 --hi 2.11 --events 20")
    assert narrow["verdict"] == "impossible" and "for a yes/no factor" in narrow["sentence"]
    no_wald = answer("check odds-ratio --or 2.5 --lo 1.1 --hi 3.9 --n 90 --events 30")
    assert no_wald["verdict"] == "unstated_method"  # the width is then no standard error, and proves nothing
    per_year = answer("check hazard-ratio --hr 1.85 --lo 1.62 --hi 2.11 --events 20 --measured")
    assert per_year["verdict"] == "exact" and "width" not in per_year["sentence"]
    assert answer("check odds-ratio --or 2.00 --lo 1.00 --hi 3.90")["verdict"] == "unstated_method"


def test_values_that_are_offered_have_the_printed_mean_and_standard_deviation():
    values = np.random.default_rng([21, 0]).integers(1, 8, 27)
    mean, sd = half_up(Fraction(int(values.sum()), 27), 2), f"{statistics.stdev(values.tolist()):.2f}"
    found = answer(f"check means --mean {mean} --sd {sd} --n 27 --scale 1 7")
    shown = found["solutions"][0]["for_example"]
    assert found["verdict"] == "exact" and len(shown) == 27 and set(shown) <= set(range(1, 8))
    assert f"{statistics.fmean(shown):.2f}" == mean and f"{statistics.stdev(shown):.2f}" == sd


@pytest.mark.parametrize(
    ("line", "verdict"),
    [
        ("--mean 5.19 --n 28", "rounding"),  # the example of Brown & Heathers 2017
        ("--mean 5.18 --n 28", "exact"),
        ("--mean 3.44 --n 127", "not_checkable"),  # over 100 values every mean of two decimals is possible
        ("--mean 2.00 --sd 1.20 --n 2", "impossible"),
        ("--mean 0.35 --sd 0.18 --n 20 --binary", "impossible"),
        ("--mean 0.50 --sd 0.51 --n 20 --binary", "exact"),
        ("--mean 4.0 --sd 9.3 --n 60 --scale 1 7", "impossible"),
        ("--mean 5.19 --sd 1.1 --n 28 --measured", "not_checkable"),
        ("--mean 3.2 --sd 4.9 --n 40 --measured --min 0.4 --max 9.8", "impossible"),
        ("--mean 3.2 --sd 2.9 --n 40 --measured --min 0.4 --max 9.8", "exact"),
        ("--mean −1.50 --sd 0.71 --n 2 --scale -3 3", "exact"),
        ("--mean 5 --sd 1 --n 20000", "not_checkable"),
    ],
)
def test_means(line, verdict):
    assert answer(f"check means {line}")["verdict"] == verdict


def test_sums_that_cannot_hold_together(tmp_path):
    file = tmp_path / "sums.csv"
    rows = "name,count,percent,of,total\nall,120,,,\na,18,15.0,all,all\nb,{},50.8,all,all\nc,41,{},all,all\n"
    verdicts = {}
    for b, c in ((61, "34.2"), (63, "34.2"), (61, "34.1"), (61, "34.3")):
        file.write_text(rows.format(b, c))
        verdicts[b, c] = answer(["check", "sums", "--file", str(file)])
    # 41 of 120 is 34.1667: cut off it reads 34.1, and then 15.0 and 50.8 must be cut off too, which they can
    assert [v["verdict"] for v in verdicts.values()] == ["exact", "impossible", "unstated_method", "rounding"]
    assert verdicts[63, "34.2"]["repair"] == "61 instead of 63 (count of b)"
    assert "34.2 instead of 34.3" in verdicts[61, "34.3"]["repair"]


def test_models(tmp_path):
    impossible = answer("certify logistic --n 100 --events 30 --term 'node 2.00 1.90 2.11'")
    assert impossible["verdict"] == "impossible" and "No data set of 100 patients" in impossible["sentence"]
    both = answer("certify logistic --n 100 --events 30 --term 'node 2.00 1.90 2.11' --term 'grade 1.50 1.42 1.58'")
    assert both["verdict"] == "impossible" and "wider by the factor" in both["repair"]
    typed = answer("certify logistic --n 100 --events 30 --term 'node 2.00 0.84 4.76'")
    assert typed["verdict"] == "underdetermined"
    assert sum(s["patients"] for s in typed["solutions"]) == pytest.approx(100, abs=0.01)
    file = tmp_path / "model.yaml"
    file.write_text("n: 100\nevents: 30\nterms: [{name: node, odds_ratio: 2.00, lo: 0.84, hi: 4.76}]\n")
    read = answer(["certify", "logistic", "--model", str(file)])
    assert read["input"]["terms"] == typed["input"]["terms"] == [["node", "2.00", "0.84", "4.76"]]  # 2.00 is not 2.0
    assert read["evidence"] == typed["evidence"]


# The form of an answer --------------------------------------------------------------------------------------------


def test_long_lists_are_cut_and_their_length_is_told():
    line = "recover two-by-two --n 60 --sensitivity 80"
    number = answer(line)["n_solutions"]
    out = run(f"{line} --show 3")[1]
    rows = out.split("solutions")[1].split("method")[0].strip().splitlines()
    assert number > 100 and rows[0] == f"{number:,}" and len(rows) == 1 + 1 + 3 + 1
    assert f"and {number - 3:,} more" in rows[-1]
    assert len(json.loads(run(f"{line} --json")[1])["solutions"]) == number


def test_a_review_gets_one_sentence():
    for line in (
        "check means --mean 5.19 --sd 1.34 --n 28 --scale 1 7",
        "check hazard-ratio --hr 1.85 --lo 1.12 --hi 3.06 --p 0.08 --events 71",
        "which-test --table '12 5; 6 11' --p 0.777 --named fisher",
    ):
        sentence = answer(line)["sentence"]
        assert sentence.endswith(".") and ". " not in sentence


def test_text_and_json_say_the_same():
    line = "check means --mean 5.19 --sd 1.34 --n 28 --scale 1 7"
    found, out = answer(line), run(line)[1]
    words = " ".join(out.split())
    assert found["sentence"] in words and found["verdict"] in words and found["method"] in words


def test_no_line_is_wider_than_a_screen():
    for line in ('which-test --table "12 5; 6 11" --p 0.086', "check odds-ratio --or 2 --lo 1 --hi 3.9 --p 0.5"):
        assert max(map(len, run(line)[1].splitlines())) <= 100
