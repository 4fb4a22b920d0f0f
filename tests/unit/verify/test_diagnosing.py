"""2x2 tables of made-up diagnostic studies: counted through by brute force; limits by scipy."""

from __future__ import annotations

from itertools import product

import pytest
from scipy import stats
from toy import judged, one, rows, run

from replicalc.errors import ReplicalcError
from replicalc.verify.recovery import print_share

TRUE = (48, 23, 0, 54)  # tp, fp, fn, tn: 100, 70.1, 67.6, 100 %
MEASURES = "t.sens sensitivity 100\nt.spec specificity 70.1\nt.ppv ppv 67.6"
ACCURACY = {"id": "acc", "kind": "accuracy", "claims": ["t.*"], "n": "n"}


def tables(n: int, sens: str, spec: str, ppv: str) -> list[tuple[int, int, int, int]]:
    places = [len(text.partition(".")[2]) for text in (sens, spec, ppv)]
    found = set()
    for tp, fn, fp in product(range(n + 1), repeat=3):
        tn = n - tp - fn - fp
        if tn < 0:
            continue
        shares = ((tp, tp + fn), (tn, tn + fp), (tp, tp + fp))
        for rounding in ("half-up", "half-even", "truncation"):
            if [print_share(*s, d, rounding) for s, d in zip(shares, places, strict=True)] == [sens, spec, ppv]:
                found.add((tp, fp, fn, tn))
    return sorted(found)


def test_the_only_table_is_recovered():
    found = rows(run("n n 125\n" + MEASURES, ACCURACY))
    assert {found[name].verdict for name in ("t.sens", "t.spec", "t.ppv")} == {"exact"}
    assert found["t.spec"].evidence.startswith("54 of 77;") and found["t.ppv"].recomputed == "67.6"


def test_several_tables_are_left_open_and_counted():
    every = tables(20, "80", "80", "57")
    found = run("n n 20\nt.sens sensitivity 80\nt.spec specificity 80\nt.ppv ppv 57", ACCURACY)
    assert len(every) > 0
    row = rows(found)["t.sens"]
    assert row.verdict == ("exact" if len(every) == 1 else "underdetermined") and row.solutions == str(len(every))
    assert {tuple(map(int, r[:4])) for r in judged(found, "acc").tables[0].rows} == set(every)


def test_one_measure_off_by_a_unit_is_rounding_and_the_others_follow():
    found = rows(run("n n 125\ndis n 48\n" + MEASURES.replace("70.1", "70.2"), {**ACCURACY, "diseased": "dis"}))
    assert (found["t.spec"].verdict, found["t.spec"].repair) == ("rounding", "70.1")
    assert found["t.sens"].verdict == "exact"


def test_one_measure_far_off_is_impossible():
    found = rows(run("n n 125\ndis n 48\n" + MEASURES.replace("70.1", "75.2"), {**ACCURACY, "diseased": "dis"}))
    assert (found["t.spec"].verdict, found["t.spec"].repair) == ("impossible", "70.1")


def test_what_holds_only_after_a_repair_says_so():
    """The accuracy fits no table with the others; sensitivity is that of the only table then."""
    text = "n n 125\n" + MEASURES + "\nt.npv npv 100\nt.acc accuracy 91.6"
    found = rows(run(text, ACCURACY))
    assert (found["t.acc"].verdict, found["t.acc"].repair) == ("impossible", "81.6")
    assert "only if accuracy is changed" in found["t.sens"].note or "arithmetic" in found["t.sens"].note


@pytest.mark.parametrize("bound", [{}, {"at_most": "n"}])
def test_without_a_bound_on_n_nothing_is_proven(bound):
    """Measures of 6,131 patients with two decimals: no table of up to 2,000 has them."""
    tp, fp, fn, tn = 811, 417, 186, 4717
    shares = (tp / (tp + fn), tn / (tn + fp), tp / (tp + fp), tn / (tn + fn))
    text = "n n 9000\n" + "\n".join(
        f"t.{stat} {stat} {100 * x:.2f}"
        for stat, x in zip(("sensitivity", "specificity", "ppv", "npv"), shares, strict=True)
    )
    found = rows(run(text, {**ACCURACY, "n": None, **bound}))
    verdicts = {found[f"t.{stat}"].verdict for stat in ("sensitivity", "specificity", "ppv", "npv")}
    assert verdicts == {"underdetermined"}


def test_a_measure_without_n_is_left_open():
    found = rows(run("t.sens sensitivity 80.0", {**ACCURACY, "n": None}))
    assert found["t.sens"].verdict == "underdetermined"


def wilson(k, n):
    p, z = k / n, stats.norm.ppf(0.975)
    mid, half = p + z * z / (2 * n), z * (p * (1 - p) / n + z * z / (4 * n * n)) ** 0.5
    return [100 * (mid + sign * half) / (1 + z * z / n) for sign in (-1, 1)]


def clopper(k, n):
    found = stats.binomtest(k, n).proportion_ci(method="exact")
    return [100 * found.low, 100 * found.high]


LIMITS = "\nt.lo specificity_lo {0:.1f}\nt.hi specificity_hi {1:.1f}"


@pytest.mark.parametrize(
    ("limits", "named", "verdict", "method"),
    [
        (wilson(54, 77), ["Wilson"], "exact", "Wilson"),
        (wilson(54, 77), [], "unstated_method", "Wilson"),
        (clopper(54, 77), ["Wilson"], "unstated_method", "Clopper-Pearson"),
        (clopper(54, 77), ["Clopper-Pearson"], "exact", "Clopper-Pearson"),
        ([40.0, 95.0], ["Wilson"], "impossible", "none of 13"),
        ([40.0, 95.0], [], "impossible", "none of 13"),  # no interval of this level is so wide
        ([57.4, 81.3], [], "unstated_method", "none of 13"),
        ([81.0, 60.0], [], "impossible", "any interval"),
    ],
    ids=str,
)
def test_limits_of_a_measure(limits, named, verdict, method):
    found = rows(run("n n 125\n" + MEASURES + LIMITS.format(*limits), {**ACCURACY, "intervals": named}))
    for name in ("t.lo", "t.hi"):
        assert found[name].verdict == verdict, found[name]
        assert method in found[name].method


@pytest.mark.parametrize("step", [(0, 0.1), (-0.1, 0), (-0.1, -0.1), (0.1, 0.1)])
def test_limits_one_unit_off_the_named_method_are_rounding(step):
    """Both cut off, say, where everything else is rounded: no proof of anything."""
    right = [float(f"{x:.1f}") for x in wilson(54, 77)]
    limits = [x + s for x, s in zip(right, step, strict=True)]
    rounded = "\nx.n count 2\nx.pct percent 66.7\nnx n 3"
    text = "n n 125\n" + MEASURES + LIMITS.format(*limits) + rounded
    found = rows(run(text, {**ACCURACY, "intervals": ["Wilson"]}, {"kind": "shares", "claims": ["x.*"], "of": "nx"}))
    for name, moved, value in zip(("t.lo", "t.hi"), step, right, strict=True):
        assert found[name].verdict in (("rounding", "unstated_method") if moved else ("exact", "unstated_method"))
        assert not moved or found[name].repair in (f"{value:.1f}", "")


def test_a_limit_that_another_method_gives_than_the_nearest_comes_out_alone():
    k, n = 30, 80
    share, half = k / n, stats.norm.ppf(0.975) * (k / n * (1 - k / n) / n) ** 0.5
    upper = f"{100 * (share + half + 1 / (2 * n)):.1f}"
    interval = {"kind": "interval", "estimate": "e", "limits": ["lo", "hi"], "count": k, "n": n}
    text = f"e percent 37.5\nlo percent_lo 31.0\nhi percent_hi {upper}"
    found = rows(run(text, interval))
    assert (found["hi"].verdict, found["hi"].method) == ("unstated_method", "Wald with continuity correction")
    assert found["hi"].recomputed == upper and "the other limit does not come out" in found["hi"].note
    assert (found["lo"].verdict, found["lo"].method) == ("unstated_method", "none of 13 interval methods")
    # each by another method is a pair that comes from none
    lower = f"{100 * stats.beta.ppf(0.025, k + 0.5, n - k + 0.5):.1f}"  # Jeffreys; the logit interval is nearer to both
    both = rows(run(text.replace("31.0", lower), interval))
    assert {both[name].method for name in ("lo", "hi")} == {"none of 13 interval methods"}
    assert {both[name].solutions for name in ("lo", "hi")} == {"0"}
    # where the paper names a method, another one does not help
    assert rows(run(text, {**interval, "methods": ["Wilson"]}))["hi"].method == "none of 13 interval methods"


def test_limits_as_fractions():
    text = (
        "n n 125\n"
        + MEASURES
        + "\nt.lo specificity_lo {:.3f}\nt.hi specificity_hi {:.3f}".format(*(x / 100 for x in wilson(54, 77)))
    )
    row = one(text, "t.lo", {**ACCURACY, "limits_as": "fraction", "intervals": ["Wilson"]})
    assert (row.verdict, row.method) == ("exact", "Wilson")


def test_limits_over_counts_that_are_not_sure_are_not_impossible():
    """The table is the nearest one to measures that no table has."""
    text = "n n 125\nt.sens sensitivity 97.3\nt.spec specificity 75.2\nt.ppv ppv 61.6" + LIMITS.format(40, 95)
    found = rows(run(text, {**ACCURACY, "intervals": ["Wilson"]}))
    assert "impossible" in {found[f"t.{name}"].verdict for name in ("sens", "spec", "ppv")}
    assert found["t.lo"].verdict != "impossible" and "nothing is proven" in found["t.lo"].note


@pytest.mark.parametrize("text", ["NS", "", "-", "12 (24%)", ">40"])
def test_limits_that_are_no_numbers(text):
    found = rows(run("n n 125\n" + MEASURES + f"\nt.lo specificity_lo {text}\nt.hi specificity_hi 80", ACCURACY))
    assert {found["t.lo"].verdict, found["t.hi"].verdict} == {"not_checkable"}


INTERVAL = {"id": "i", "kind": "interval", "estimate": "s.pct", "limits": ["s.lo", "s.hi"], "n": "n"}


@pytest.mark.parametrize(
    ("more", "verdict"),
    [
        ({"methods": ["Wilson"]}, "exact"),
        ({}, "unstated_method"),
        ({"count": "k", "methods": ["Wilson"]}, "exact"),
        ({"n": None}, "underdetermined"),
    ],
)
def test_a_proportion_outside_of_a_table(more, verdict):
    lo, hi = wilson(12, 40)
    text = f"n n 40\nk n 12\ns.pct percent 30.0\ns.lo percent_lo {lo:.1f}\ns.hi percent_hi {hi:.1f}"
    shares = {} if more.get("n", 1) is None else {"kind": "shares", "claims": ["s.pct"], "of": "n"}
    found = rows(run(text, INTERVAL | more, *([shares] if shares else [])))
    assert found["s.lo"].verdict == found["s.hi"].verdict == verdict


def test_the_printed_counts_of_the_table_are_used():
    text = "n n 125\nt.tp tp 48\nt.fp fp 23\nt.fn fn 0\nt.spec specificity 70.1"
    found = rows(run(text, ACCURACY))
    assert found["t.spec"].verdict == "exact" and found["t.spec"].evidence.startswith("54 of 77")


def test_faults_are_told_with_the_relation():
    text = "n n 125\n" + MEASURES + LIMITS.format(60, 80)
    with pytest.raises(ReplicalcError, match=r"relation acc: there is no interval method 'Wilsn'\. Did you mean 'Wils"):
        run(text, {**ACCURACY, "intervals": ["Wilsn"]})


def test_measures_that_no_table_has_are_impossible_also_without_a_repair():
    """Of two measures both of which no 70 patients can have, no change of one makes the other possible."""
    found = rows(run("n n 70\nt.sens sensitivity 83.31\nt.spec specificity 75.13", ACCURACY))
    for name, number in (("t.sens", 83.31), ("t.spec", 75.13)):
        prints = {f"{100 * k / m:.2f}" for m in range(1, 70) for k in range(m + 1)}
        assert f"{number:.2f}" not in prints
        assert found[name].verdict == "impossible" and "no table of n = 70" in found[name].evidence
        assert found[name].repair.split()[0] in prints


def test_measures_printed_as_fractions_are_told():
    found = rows(run("n n 70\nt.sens sensitivity 0.83\nt.spec specificity 0.75", ACCURACY))
    assert found["t.sens"].verdict == "not_checkable" and "read as percentages" in found["t.sens"].note


def test_limits_over_counts_in_dispute_are_not_called_impossible():
    """59 of 62 have Wilson's limits 86.7 and 98.3. A number of diseased of 63 may be wrong itself, and proves nothing."""
    text = """
    n n 183
    d.n count 63
    d.pct percent 34.4
    t.tp tp 59
    t.fp fp 24
    t.fn fn 3
    t.tn tn 97
    t.sens sensitivity 95.2
    t.lo sensitivity_lo 86.7
    t.hi sensitivity_hi 98.3
    """
    shares = {"id": "d", "kind": "shares", "claims": ["d.*"], "of": "n"}
    found = rows(run(text, shares, {**ACCURACY, "diseased": "d.n", "intervals": ["Wilson"]}))
    assert {found["t.lo"].verdict, found["t.hi"].verdict}.isdisjoint({"impossible", "rounding"})


def test_a_limit_beyond_the_other_one_is_repaired_by_the_named_method():
    lo, hi = stats.beta.ppf(0.025, 48, 1), 1.0
    text = f"n n 125\n{MEASURES}\nt.lo sensitivity_lo 100.5\nt.hi sensitivity_hi {100 * hi:.1f}"
    found = rows(run(text, {**ACCURACY, "intervals": ["Clopper-Pearson"]}))
    assert found["t.lo"].verdict == "impossible" and found["t.lo"].repair == f"{100 * lo:.1f} (Clopper-Pearson)"
    assert found["t.hi"].verdict == "exact" and "only if 100.5 is changed" in found["t.hi"].note
