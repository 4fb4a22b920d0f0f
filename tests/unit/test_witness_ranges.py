"""Statistics of several synthetic cohorts beside each other: what differs, what does not, and what that means."""

from __future__ import annotations

import csv
import math
from dataclasses import replace

import pytest
from project import ROOT

from replicalc.errors import ReplicalcError
from replicalc.records import Claim, load_checked, load_claims
from replicalc.table import COLUMNS as RESULT_COLUMNS
from replicalc.table import Row, as_text, to_csv
from replicalc.witnesses import COLUMNS, gather, witness_range

FACTOR = "stage=late"


def statistic(stat, value, group="all", variable=FACTOR, **more) -> Row:
    return Row("s_r", group, variable, stat, float(value), n=100, cohort="synthetic", kind="synthetic", **more)


def claim(stat, reported, group="all", variable=FACTOR, kind="effect") -> Claim:
    return Claim("s.c", "s_r", "Abstract", kind, reported, reported, "label", group, variable, stat, "")


def spread(*witnesses: list[Row], claims=(), stat=None, group=None):
    """Gather one result over witnesses; return the row of one statistic (the first one, if none is named)."""
    found = gather([{"s_r": list(rows)} for rows in witnesses], list(claims), alpha=0.05, fractions=False)
    mine = [each for each in found if stat in (None, each.stat) and group in (None, each.group)]
    assert mine, f"no {stat} among {[each.stat for each in found]}"
    return mine[0]


def ratio(value, lo, hi, p, group="all") -> list[Row]:
    named = zip(("or", "or_lo", "or_hi", "p"), (value, lo, hi, p), strict=True)
    return [statistic(stat, number, group) for stat, number in named]


def test_least_median_and_most_are_unrounded_and_over_witnesses():
    found = spread(*([statistic("mean", value, unit="mm")] for value in (12.345678901234567, 3.1, 7.7, 5.5)))
    assert (found.least, found.median, found.most) == (3.1, (5.5 + 7.7) / 2, 12.345678901234567)
    assert (found.n_witnesses, found.n_undefined, found.unit) == (4, 0, "mm")
    assert (found.open, found.why, found.same_conclusion) == ("yes", "the number differs", "")


def test_a_statistic_that_is_undefined_or_absent_is_counted_and_no_number_stands_in_for_it():
    absent: list[Row] = []
    found = spread([statistic("or", math.nan)], [statistic("or", 2.0)], absent, [statistic("or", 4.0)])
    assert (found.n_undefined, found.least, found.median, found.most) == (2, 2, 3, 4)
    alike = spread([statistic("or", math.nan)], [statistic("or", 2.0)])
    assert (alike.open, alike.why) == ("yes", "not defined in 1 of 2, the same in the others")
    never = spread([statistic("or", math.nan)], [statistic("or", math.nan)])
    assert math.isnan(never.least) and (never.open, never.why) == ("no", "not defined in any witness")


def test_the_last_digits_of_an_iteration_are_no_difference_but_a_small_p_is():
    assert spread([statistic("or", 2.5)], [statistic("or", 2.5 * (1 + 1e-9))]).open == "no"
    assert spread([statistic("or", 2.5)], [statistic("or", 2.5001)]).open == "yes"
    assert spread([statistic("p", 1e-21)], [statistic("p", 2e-21)]).open == "yes"
    assert spread([statistic("bias", 0)], [statistic("bias", 1e-17)]).open == "no"
    assert spread([statistic("or", math.inf)], [statistic("or", math.inf)]).open == "no"


@pytest.mark.parametrize(
    ("values", "same", "told"),
    [
        ((0.001, 0.049), "yes", "P below 0.05 in all"),
        ((0.001, 0.05), "no", "P below 0.05 in 1 of 2; P not below 0.05 in 1 of 2"),
        ((0.3, 0.9), "yes", "P not below 0.05 in all"),
    ],
)
def test_conclusion_of_a_p(values, same, told):
    found = spread(*([statistic("p", value)] for value in values))
    assert (found.same_conclusion, found.conclusion) == (same, told)
    assert found.why == (
        "the number differs, the conclusion does not" if same == "yes" else "number and conclusion differ"
    )


def test_two_significant_p_with_opposite_directions_are_different_conclusions():
    found = spread(ratio(2.0, 1.2, 3.0, 0.01), ratio(0.5, 0.3, 0.8, 0.01), stat="p")
    assert (found.same_conclusion, found.open) == ("no", "yes"), "the P itself is the same"
    assert "ratio above 1 in 1 of 2" in found.conclusion and "ratio below 1 in 1 of 2" in found.conclusion


@pytest.mark.parametrize("stat", ["or", "or_lo", "or_hi"])
def test_an_interval_that_takes_in_one_in_some_witnesses_only(stat):
    found = spread(ratio(2.0, 1.2, 3.0, 0.01), ratio(1.9, 0.9, 3.9, 0.08), ratio(2.1, 1.3, 3.1, 0.01), stat=stat)
    assert (found.same_conclusion, found.open) == ("no", "yes")
    assert found.conclusion == "interval above 1 in 2 of 3; interval includes 1 in 1 of 3"


def test_an_interval_of_a_difference_is_held_against_zero_by_its_own_method():
    def rows(wald, tango):
        names = ("difference", "difference_wald_lo", "difference_wald_hi", "difference_tango_lo", "difference_tango_hi")
        return [statistic(name, value) for name, value in zip(names, (5, *wald, *tango), strict=True)]

    pair = rows((1, 9), (-1, 10)), rows((2, 8), (0.5, 9))
    assert spread(*pair, stat="difference_wald_hi").conclusion == "interval above 0 in all"
    assert spread(*pair, stat="difference_tango_lo").same_conclusion == "no"


def test_other_methods_of_a_statistic_keep_apart():
    rows = [
        [statistic("p_alternative", p, method="Fisher"), statistic("p_alternative", 0.5, method="Yates")]
        for p in (0.1, 0.2)
    ]
    found = gather([{"s_r": each} for each in rows], [], alpha=0.05, fractions=False)
    assert [(each.method, each.least, each.most) for each in found] == [("Fisher", 0.1, 0.2), ("Yates", 0.5, 0.5)]


def test_what_is_printed_is_open_to_nobody_and_a_witness_that_misses_it_is_counted():
    printed = [claim("percent", "36.5")]
    reached = spread([statistic("percent", 36.49)], [statistic("percent", 36.53)], claims=printed)
    assert (reached.reported, reached.n_as_printed, reached.open) == ("36.5", 2, "no")
    missed = spread([statistic("percent", 36.49)], [statistic("percent", 36.7)], claims=printed, stat="percent")
    assert (missed.n_as_printed, missed.open, missed.why) == (1, "no", "printed; 1 of 2 witnesses have it")
    never = spread([statistic("percent", 36.71)], [statistic("percent", 36.72)], claims=printed, stat="percent")
    assert (never.n_as_printed, never.why) == (0, "not as printed; in every witness the same")


def test_a_number_that_comes_out_by_another_model_is_not_printed_by_its_own():
    """Printed at the multivariable model, 2.0 is the crude ratio: then the multivariable model is open."""
    witnesses = [
        [*ratio(adjusted, lo, 5.0, 0.01, "model=multivariable"), *ratio(2.0, 1.2, 3.3, 0.01, "model=univariable")]
        for adjusted, lo in ((1.7, 0.9), (2.3, 1.1))
    ]
    found = spread(
        *witnesses, claims=[claim("or", "2.0", "model=multivariable")], stat="or", group="model=multivariable"
    )
    assert (found.open, found.n_as_printed, found.same_conclusion) == ("yes", 0, "no")
    assert found.why == "the printed number comes out by another method; by this one number and conclusion differ"
    crude = spread(*witnesses, stat="or", group="model=univariable")
    assert (crude.open, crude.why) == ("no", "the same in every witness")


@pytest.mark.parametrize(
    ("values", "reached", "is_open", "told"),
    [
        ((1, 1, 0), 2, "yes", "a sentence that the printed numbers do not settle; it holds in 2 of 3 witnesses"),
        ((1, 1, 1), 3, "no", "a sentence; it holds in every witness"),
        ((0, 0, 0), 0, "no", "a sentence; it holds in no witness"),
        ((math.nan,) * 3, 0, "no", "a sentence that cannot be judged on these patients"),
    ],
)
def test_a_sentence_is_settled_or_it_is_not(values, reached, is_open, told):
    words = [claim("holds", "worse", variable="", kind="statement")]
    rows = ([statistic("holds", value, variable="", method="or > 1", warning="none")] for value in values)
    found = spread(*rows, claims=words)
    assert (found.n_as_printed, found.open, found.why) == (reached, is_open, told)


def test_the_page_has_what_is_open_first_and_counts_the_rest(tmp_path):
    from replicalc.witnesses_page import page

    witnesses = [
        {
            "s_r": ratio(value, lo, 3.0, p) + ratio(2.0, 1.1, 3.6, 0.02, "model=crude"),
            "s_q": [replace(row, result="s_q") for row in [*ratio(value, 1.1, 3.0, 0.01), statistic("percent", 36.7)]],
        }
        for value, lo, p in ((1.5, 0.9, 0.2), (1.9, 1.2, 0.01))
    ]
    said = [replace(claim("percent", "36.5"), result="s_q")]
    told = page(gather(witnesses, said, alpha=0.05, fractions=False), "s", {"synthetic": 7, "synthetic_2": 9}, 0.05)
    parts = told.split("\n## ")
    assert [part.splitlines()[0] for part in parts[1:]] == [
        "The conclusion is open",
        "The number is open, the conclusion is not",
        "Not printed, but the same in every witness",
    ]
    rows = [[line for line in part.splitlines() if line.startswith(("| r ", "| q "))] for part in parts[1:]]
    assert [len(each) for each in rows] == [1, 1, 1], "a P beside its ratio has no line of its own"
    assert rows[0][0] == (
        "| r | all | stage=late | odds ratio |  | 1.5 | 1.7 | 1.9 | 0.9 to 3 | 0.01 to 0.2 | "
        "interval includes 1 in 1 of 2; interval above 1 in 1 of 2 |"
    )
    assert "- q (stage=late), percent: printed 36.5, here 36.7; not as printed; in every witness the same" in told
    assert "Printed numbers: 1. In every witness 0 come out as printed, 0\n" in told


def test_sides_of_a_sentence_are_no_statistics_but_whether_it_holds_is():
    rows = [
        [statistic("left", value), statistic("holds", value > 3), statistic("not_evaluable", math.nan)]
        for value in (2, 4)
    ]
    found = gather([{"s_r": each} for each in rows], [], alpha=0.05, fractions=False)
    assert [(each.stat, each.conclusion) for each in found] == [("holds", "does not hold in 1 of 2; holds in 1 of 2")]


def test_one_cohort_and_a_missing_result_are_refused():
    rows = [statistic("or", 2)]
    with pytest.raises(ReplicalcError, match="from two synthetic cohorts on"):
        gather([{"s_r": rows}], [], alpha=0.05, fractions=False)
    with pytest.raises(ReplicalcError, match="the result s_q is not there for every synthetic cohort"):
        gather([{"s_r": rows}, {"s_r": rows, "s_q": rows}], [], alpha=0.05, fractions=False)


def test_the_job_reads_every_cohort_and_tells_what_is_open_in_words(tmp_path):
    """On a real study: the odds ratios of two cohorts, of which one would reverse what the abstract says."""
    study = ROOT / "config" / "studies" / "doppler"
    claims = load_claims(study / "claims.csv")
    files = []
    for cohort, scale in (("synthetic", 1.0), ("synthetic_2", 1.5)):
        for name in dict.fromkeys(each.result for each in claims):
            mine = [each for each in claims if each.result == name and each.stat != "wording"]
            rows = [Row(name, each.group, each.variable, each.stat, 0.9 * scale, kind="synthetic") for each in mine]
            rows += [Row(name, "all", "age_years", "odds_ratio", 0.9 * scale, kind="synthetic")]
            path = tmp_path / cohort / f"{name}.csv"
            path.parent.mkdir(exist_ok=True)
            unique = {(row.group, row.variable, row.stat): row for row in rows}
            cells = [[as_text(getattr(row, column)) for column in RESULT_COLUMNS] for row in unique.values()]
            path.write_text(to_csv(cells, RESULT_COLUMNS))
            files.append(path)
    out, told, log = tmp_path / "witnesses.csv", tmp_path / "witnesses.md", tmp_path / "log"
    seeds = {"synthetic": 1, "synthetic_2": 2}
    witness_range(study / "claims.csv", study / "study.yaml", files, out, told, log, seeds=seeds)
    table = list(csv.DictReader(out.open()))
    assert tuple(table[0]) == COLUMNS
    ratios = [row for row in table if row["stat"] == "odds_ratio"]
    assert {(row["least"], row["most"], row["open"], row["kind"]) for row in ratios} == {
        ("0.9", "1.35", "yes", "synthetic")
    }
    page = told.read_text()
    assert "`synthetic_2` (2)" in page and "| odds ratio of the 2 x 2 table |  | 0.9 |" in page
    assert f"alpha is {load_checked(study / 'study.yaml', 'study')['alpha']:g}" in page
