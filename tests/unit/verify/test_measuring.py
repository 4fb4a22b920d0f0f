"""Means, quantiles and intraclass correlations of made-up papers: by brute force, numpy and the F distribution."""

from __future__ import annotations

from itertools import combinations_with_replacement
from statistics import mean, stdev

import pytest
from scipy import stats
from toy import judged, one, rows, run

from replicalc.errors import ReplicalcError

MEAN = {"id": "m", "kind": "mean", "claims": ["m.*"], "n": "n", "whole_numbers": True}


def possible(text: str, n: int, top: int = 12) -> bool:
    """Whether whole numbers from 0 to ``top`` have this mean and SD."""
    m, sd = text.split()
    return any(
        f"{mean(v):.2f}" == m and f"{stdev(v):.2f}" == sd for v in combinations_with_replacement(range(top + 1), n)
    )


@pytest.mark.parametrize(
    ("numbers", "verdict"),
    [("3.20 1.48", "underdetermined"), ("3.21 1.48", ""), ("3.20 1.49", ""), ("3.20 1.55", "")],
)
def test_mean_and_sd_of_whole_numbers(numbers, verdict):
    m, sd = numbers.split()
    found = rows(run(f"n n 5\nm.m mean {m}\nm.sd sd {sd}", MEAN))
    assert possible(numbers, 5) == bool(verdict)
    if verdict:
        assert found["m.m"].verdict == found["m.sd"].verdict == verdict
    else:
        wrong = [name for name in ("m.m", "m.sd") if found[name].verdict in ("impossible", "rounding")]
        assert wrong == (["m.m"] if m == "3.21" else ["m.sd"])  # no five whole numbers have a mean of 3.21


@pytest.mark.parametrize(
    ("numbers", "n", "more", "wrong"),
    [
        ("3.00 1.07", 10, {}, {"m.sd"}),  # a mean of ten; 1.05 is the nearest SD, and no mean is as near
        ("3.01 1.05", 10, {}, {"m.m"}),  # GRIM excludes it
        ("2.3 2.08", 4, {}, {"m.m", "m.sd"}),  # two units away, either of them
        ("0.30 0.40", 50, {"binary": True, "whole_numbers": False}, {"m.sd"}),
        ("0.12 0.35", 50, {"binary": True, "whole_numbers": False}, {"m.m", "m.sd"}),
    ],
)
def test_of_mean_and_sd_the_one_is_told_whose_change_is_the_smallest(numbers, n, more, wrong):
    m, sd = numbers.split()
    found = rows(run(f"n n {n}\nm.m mean {m}\nm.sd sd {sd}", {**MEAN, **more}))
    assert {name for name, row in found.items() if row.verdict in ("impossible", "rounding")} == wrong
    for name, other in (("m.m", "standard deviation"), ("m.sd", "mean")):
        if name not in wrong:
            assert f"only if the {other} {found['m.sd' if other != 'mean' else 'm.m'].reported} is changed" in (
                found[name].note
            )
            assert found[name].verdict in ("exact", "underdetermined") and found[name].recomputed
        else:
            assert f"{'mean' if name == 'm.m' else 'standard deviation'} " in found[name].repair


@pytest.mark.parametrize("sd", [f"{x / 100:.2f}" for x in range(0, 300, 7)])
def test_the_repair_that_is_told_is_a_number_that_some_values_have(sd):
    """All samples of five values from 0 to 12, not the search behind it, say what may stand beside a mean of 3.20."""
    found = rows(run(f"n n 5\nm.m mean 3.20\nm.sd sd {sd}", {**MEAN, "scale": [0, 12]}))
    if found["m.sd"].verdict in ("impossible", "rounding") and found["m.m"].verdict not in ("impossible", "rounding"):
        nearest = found["m.sd"].repair.removeprefix("standard deviation ").split(" for ")[0].split(" or ")[0]
        assert not possible(f"3.20 {sd}", 5) and possible(f"3.20 {nearest}", 5)


def test_a_mean_alone_has_one_sum_or_none():
    """5.18 is 145 of 28, 5.19 nothing (Brown and Heathers, doi:10.1177/1948550616673876)."""
    right = one("n n 28\nm.m mean 5.18", "m.m", MEAN)
    assert (right.verdict, right.solutions, right.recomputed) == ("exact", "1", "5.18") and "145" in right.evidence
    wrong = one("n n 28\nm.m mean 5.19", "m.m", MEAN)
    assert wrong.verdict in ("rounding", "impossible") and "5.18" in wrong.repair


def test_items_and_scale():
    assert one("n n 20\nm.m mean 3.33", "m.m", {**MEAN, "whole_numbers": False, "items": 3}).verdict != "impossible"
    assert one("n n 20\nm.m mean 3.33", "m.m", MEAN).verdict in ("impossible", "rounding")
    row = one("n n 20\nm.m mean 3.30\nm.sd sd 2.50", "m.sd", {**MEAN, "scale": [1, 5]})
    assert row.verdict == "impossible"  # at most 2.03, half of them at each end


def test_zeros_and_ones():
    binary = {**MEAN, "whole_numbers": False, "binary": True}
    assert one("n n 50\nm.m mean 0.30\nm.sd sd 0.46", "m.sd", binary).verdict != "impossible"
    assert one("n n 50\nm.m mean 0.30\nm.sd sd 0.40", "m.sd", binary).verdict == "impossible"
    assert one("n n 50\nm.m mean 1.30\nm.sd sd 0.40", "m.m", binary).verdict == "impossible"


def test_a_mean_outside_of_its_range_is_impossible():
    text = "n n 20\nm.m mean 50.5\nm.sd sd {sd}\nm.min min {lo}\nm.max max 60"
    free = {**MEAN, "whole_numbers": False}
    assert one(text.format(sd="5.0", lo="30"), "m.m", free).verdict == "underdetermined"
    found = rows(run(text.format(sd="5.0", lo="52"), free))
    assert found["m.m"].verdict == found["m.min"].verdict == "impossible" and "not all can hold" in found["m.m"].note
    # 20 values from 30 to 60 around 50.5: an SD of at most sqrt(20.5 * 9.5 * 20 / 19) = 14.3
    assert one(text.format(sd="14.2", lo="30"), "m.sd", free).verdict == "underdetermined"
    assert one(text.format(sd="16.0", lo="30"), "m.sd", free).verdict == "impossible"
    assert one(text.format(sd="-1", lo="30"), "m.sd", free).verdict == "impossible"
    assert one(text.format(sd="5", lo="61"), "m.sd", free).verdict == "impossible"


@pytest.mark.parametrize("text", ["NS", "", "-", "<5", "12 (24%)"])
@pytest.mark.parametrize("stat", ["mean", "sd", "min", "median"])
def test_what_is_no_number_is_not_judged(text, stat):
    numbers = {"mean": "5.2", "sd": "2.2", "min": "1", "median": "5"} | {stat: text}
    found = rows(run("n n 20\n" + "\n".join(f"m.{k} {k} {v}" for k, v in numbers.items()), MEAN))
    assert found[f"m.{stat}"].verdict == "not_checkable" and "is no plain number" in found[f"m.{stat}"].note
    assert "impossible" not in {row.verdict for row in found.values()}


def test_a_mean_of_an_unknown_number_of_values():
    row = one("a.pct percent 20\nm.m mean 5.2", "m.m", {**MEAN, "n": "a.pct"})
    assert row.verdict == "not_checkable" and "number of values is not known" in row.note
    with pytest.raises(ReplicalcError, match="relation m: none of its claims has the stat mean"):
        run("n n 20\nm.sd sd 2", MEAN)


def test_too_many_values_for_the_search_are_no_proof():
    row = one("n n 900000\nm.m mean 5.21\nm.sd sd 2.2", "m.m", MEAN)
    assert row.verdict in ("not_checkable", "underdetermined")


QUANTILES = {
    "id": "q",
    "kind": "quantiles",
    "total": {"claims": ["t.*"], "n": "n"},
    "groups": [{"claims": ["a.*"], "n": "na", "name": "a"}, {"claims": ["b.*"], "n": "nb", "name": "b"}],
}
SIZES = "n n 40\nna n 20\nnb n 20\n"


@pytest.mark.parametrize(
    ("total", "a", "b", "verdict"),
    [
        ("15", "10", "20", "underdetermined"),
        ("25", "10", "20", "impossible"),  # half of the values of each group are at most 20
        ("5", "10", "20", "impossible"),
        ("10", "10", "10", "underdetermined"),
    ],
)
def test_a_median_lies_between_those_of_the_groups(total, a, b, verdict):
    found = rows(run(SIZES + f"t.m median {total}\na.m median {a}\nb.m median {b}", QUANTILES))
    assert {found[name].verdict for name in ("t.m", "a.m", "b.m")} == {verdict}
    assert verdict != "impossible" or "subgroup" in found["t.m"].note


def test_quantiles_out_of_order_are_impossible():
    text = SIZES + "t.q1 q1 30\nt.m median 15\na.m median 10\nb.m median 20"
    assert rows(run(text, QUANTILES))["t.m"].verdict == "impossible"


@pytest.mark.parametrize("fault", ["na n 19", "na n NS"])
def test_groups_that_do_not_make_up_the_total_say_nothing(fault):
    text = SIZES.replace("na n 20", fault) + "t.m median 25\na.m median 10\nb.m median 20"
    found = rows(run(text, QUANTILES))
    assert {found[name].verdict for name in ("t.m", "a.m", "b.m")} == {"not_checkable"} and found["t.m"].note


@pytest.mark.parametrize("text", ["NS", "", "-", "<5"])
def test_quantiles_that_are_no_numbers(text):
    found = rows(run(SIZES + f"t.m median 15\na.m median {text}\nb.m median 20", QUANTILES))
    assert {found[name].verdict for name in ("t.m", "a.m", "b.m")} == {"not_checkable"}


def test_zeros_fix_the_quantiles_that_they_reach():
    groups = [{**QUANTILES["groups"][0], "zeros": "z"}, QUANTILES["groups"][1]]
    text = SIZES + "z n 12\nt.m median 3\na.q1 q1 0\na.m median {}\nb.m median 8"
    found = rows(run(text.format("0"), {**QUANTILES, "groups": groups}))
    assert (found["a.m"].verdict, found["a.m"].recomputed, found["a.q1"].verdict) == ("exact", "0", "exact")
    found = rows(run(text.format("2"), {**QUANTILES, "groups": groups}))
    assert (found["a.m"].verdict, found["a.m"].repair) == ("impossible", "0")
    few = rows(run(text.replace("z n 12", "z n 3").format("0.0"), {**QUANTILES, "groups": groups}))
    assert few["a.m"].verdict == "unstated_method"  # the 10th value is above 0, if perhaps by little


ICC = {"id": "i", "kind": "icc", "claims": ["i.*"], "n": "n"}


def one_way(icc: float, n: int, k: int = 2) -> list[float]:
    """ICC(1,1) with its exact limits (Shrout and Fleiss, doi:10.1037/0033-2909.86.2.420)."""
    f = (1 + (k - 1) * icc) / (1 - icc)
    low, high = f / stats.f.ppf(0.975, n - 1, n * (k - 1)), f * stats.f.ppf(0.975, n * (k - 1), n - 1)
    return [(f - 1) / (f + k - 1) for f in (f, low, high)]


def consistency(icc: float, n: int, k: int = 2) -> list[float]:
    f = (1 + (k - 1) * icc) / (1 - icc)
    df = (n - 1) * (k - 1)
    low, high = f / stats.f.ppf(0.975, n - 1, df), f * stats.f.ppf(0.975, df, n - 1)
    return [(f - 1) / (f + k - 1) for f in (f, low, high)]


def icc(values, n: int = 40) -> str:
    return f"n n {n}\n" + "\n".join(
        f"i.{s} {s} {v:.3f}" for s, v in zip(("icc", "icc_lo", "icc_hi"), values, strict=True)
    )


@pytest.mark.parametrize(
    ("values", "n", "forms", "verdict", "method"),
    [
        (one_way(0.8, 40), 40, ["ICC(1,1)"], "exact", "ICC(1,1)"),
        (consistency(0.8, 40), 40, ["ICC(C,1)"], "exact", "ICC(C,1)"),
        (one_way(0.8, 8), 8, ["ICC(C,1)"], "unstated_method", "ICC(1,1)"),
        (one_way(0.8, 40), 40, [], "unstated_method", "ICC(1,1)"),
        (consistency(0.8, 25), 40, ["ICC(C,1)"], "unstated_method", "ICC(C,1) with n = 25"),
        ([0.8, 0.3, 0.82], 40, ["ICC(C,1)"], "impossible", "none of the forms named"),
        ([0.8, 0.3, 0.82], 40, [], "unstated_method", "none of six forms"),
        ([0.8, 0.9, 0.7], 40, [], "impossible", "numbers in order"),
        ([0.95, 0.6, 0.9], 40, [], "impossible", "numbers in order"),
    ],
)
def test_verdicts_on_an_icc(values, n, forms, verdict, method):
    found = rows(run(icc(values, n), {**ICC, "forms": forms}))
    for name in ("i.icc", "i.icc_lo", "i.icc_hi"):
        assert found[name].verdict == verdict, found[name]
        assert method in found[name].method
    assert forms or verdict == "impossible" or "names no form" in found["i.icc"].note or "none" in method


def test_a_limit_off_by_one_unit_is_rounding():
    """The value is rounded as well, so that limits one unit off may still belong to it; then comes rounding."""
    value, lo, hi = consistency(0.8, 200)
    found = [rows(run(icc((value, lo + step, hi), 200), {**ICC, "forms": ["ICC(C,1)"]})) for step in (0, 0.001, 0.002)]
    verdicts = [each["i.icc_lo"].verdict for each in found]
    assert verdicts[0] == "exact" and "rounding" in verdicts[1:]
    odd = found[verdicts.index("rounding")]["i.icc_lo"]
    assert abs(float(odd.repair) - float(odd.reported)) == pytest.approx(0.001)


@pytest.mark.parametrize("text", ["NS", "", "-", "<0.5"])
def test_an_icc_that_is_no_number(text):
    found = rows(run(f"n n 40\ni.i icc 0.8\ni.lo icc_lo {text}\ni.hi icc_hi 0.9", ICC))
    assert {found[name].verdict for name in ("i.i", "i.lo", "i.hi")} == {"not_checkable"}


def test_an_icc_of_one_is_a_rounded_one():
    found = rows(run("n n 40\ni.i icc 0.99\ni.lo icc_lo 0.98\ni.hi icc_hi 1.00", ICC))
    assert "impossible" not in {row.verdict for row in found.values()}


def test_faults_of_an_icc():
    with pytest.raises(ReplicalcError, match=r"relation i: there is no form 'ICC\(9,1\)'"):
        run(icc(one_way(0.8, 40)), {**ICC, "forms": ["ICC(9,1)"]})
    with pytest.raises(ReplicalcError, match="relation i: none of its claims has the stat icc_hi"):
        run("n n 40\ni.i icc 0.8\ni.lo icc_lo 0.7", ICC)


def test_the_evidence_of_an_icc_lists_all_forms():
    found = run(icc(one_way(0.8, 40)), ICC)
    table = judged(found, "i").tables[0]
    assert [row[0] for row in table.rows][:3] == ["ICC(1,1)", "ICC(A,1)", "ICC(C,1)"]
    assert "40" in next(row[2] for row in table.rows if row[0] == "ICC(1,1)")


def test_a_limit_of_an_icc_that_alone_can_be_changed_leaves_the_others():
    """Value and upper limit of one way fit each other; nothing but the lower limit can be changed to fit."""
    value, lo, hi = one_way(0.8, 40)
    found = rows(run(icc((value, lo - 0.05, hi)), {**ICC, "forms": ["ICC(1,1)"]}))
    assert found["i.icc_lo"].verdict == "impossible" and found["i.icc_lo"].repair.startswith(f"{lo:.3f}")
    for name in ("i.icc", "i.icc_hi"):
        assert found[name].verdict == "exact" and found[name].note.startswith("only if the lower limit is changed")


def test_quantiles_out_of_order_are_told_of_those_alone():
    text = """
    n n 40
    na n 20
    nb n 20
    t.q1 q1 12 | group=all
    t.m median 28 | group=all
    t.q3 q3 25 | group=all
    a.m median 15 | group=a
    b.m median 22 | group=b
    """
    groups = [{"claims": ["a.m"], "n": "na"}, {"claims": ["b.m"], "n": "nb"}]
    found = rows(run(text, {"kind": "quantiles", "total": {"claims": ["t.*"], "n": "n"}, "groups": groups}))
    assert {name for name, row in found.items() if row.verdict == "impossible"} == {"t.m", "t.q3"}
    assert "this or t.q3" in found["t.m"].note and "28 and 25 are not in order" in found["t.m"].evidence
    assert found["a.m"].verdict == "not_checkable" and "not compared" in found["a.m"].note
