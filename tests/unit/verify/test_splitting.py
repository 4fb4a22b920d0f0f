"""Two groups of which percentages are printed: the splits, counted through by brute force, and what is said of them."""

from __future__ import annotations

from math import exp, log, sqrt

import pytest
from scipy import stats
from toy import judged, one, rows, run

from replicalc.errors import ReplicalcError
from replicalc.verify.recovery import print_share

GROUPS = {"id": "g", "kind": "two_groups", "a": "a.pct", "b": "b.pct", "total": "n", "p": ["p"]}


def splits(a: str, b: str, n: int) -> list[tuple[int, int, int, int]]:
    """All splits whose percentages print so, by one of the three roundings."""
    found = []
    for na in range(1, n):
        for rounding in ("half-up", "half-even", "truncation"):
            ka, kb = (
                [k for k in range(size + 1) if print_share(k, size, len(text.partition(".")[2]), rounding) == text]
                for text, size in ((a, na), (b, n - na))
            )
            found += [(x, na, y, n - na) for x in ka for y in kb]
    return sorted(set(found))


def woolf(k1, n1, k2, n2):
    ratio = k1 * (n2 - k2) / ((n1 - k1) * k2)
    se = sqrt(1 / k1 + 1 / (n1 - k1) + 1 / k2 + 1 / (n2 - k2))
    z = stats.norm.ppf(0.975)
    return ratio, ratio * exp(-z * se), ratio * exp(z * se), 2 * stats.norm.sf(abs(log(ratio)) / se)


def pearson(k1, n1, k2, n2) -> float:
    return float(stats.chi2_contingency([[k1, n1 - k1], [k2, n2 - k2]], correction=False).pvalue)


def test_all_splits_are_listed():
    every = splits("20", "40", 60)
    assert len(every) > 1
    found = run("n n 60\na.pct percent 20\nb.pct percent 40", {**GROUPS, "p": None})
    assert rows(found)["a.pct"].solutions == str(len(every)) == rows(found)["b.pct"].solutions
    listed = {tuple(map(int, f"{x}/{y}".split("/"))) for x, y in judged(found, "g").tables[0].rows}
    assert listed == set(every)
    assert rows(found)["a.pct"].verdict == "underdetermined"


def test_sizes_that_are_printed_leave_one_split():
    text = "na n 20\nnb n 40\na.pct percent 20.0\nb.pct percent 42.5"
    found = rows(run(text, {**GROUPS, "total": None, "p": None, "n_a": "na", "n_b": "nb"}))
    assert {found[name].verdict for name in ("a.pct", "b.pct", "na", "nb")} == {"exact"}
    assert found["a.pct"].evidence == "4 of 20 and 17 of 40"


def test_the_number_of_events_narrows_them():
    every = [s for s in splits("20.6", "31.6", 313) if s[0] + s[2] == 82]
    assert every == [(32, 155, 50, 158)]
    found = rows(run("n n 313\na.pct percent 20.6\nb.pct percent 31.6", {**GROUPS, "p": None, "events": 82}))
    assert found["a.pct"].evidence == "32 of 155 and 50 of 158" and found["b.pct"].solutions == "1"


CRUDE = {**GROUPS, "crude": ["o.*"]}
SPLIT = (32, 155, 50, 158)


@pytest.mark.parametrize("turned", [False, True])
def test_a_crude_ratio_with_its_limits_and_p(turned):
    k1, n1, k2, n2 = SPLIT
    ratio, lo, hi, p = woolf(k2, n2, k1, n1) if turned else woolf(*SPLIT)
    text = f"n n 313\na.pct percent 20.6\nb.pct percent 31.6\np p {pearson(*SPLIT):.3f}\n"
    text += f"o.or or {ratio:.3f}\no.lo or_lo {lo:.3f}\no.hi or_hi {hi:.3f}\no.p p {p:.3f}"
    found = rows(run(text, {**CRUDE, "tests": ["pearson"]}))
    assert {row.verdict for row in found.values()} == {"exact"}
    assert found["o.or"].recomputed == f"{ratio:.3f}" and found["o.p"].recomputed == f"{p:.3f}"
    assert found["p"].recomputed == f"{pearson(*SPLIT):.3f}"
    # Wald's P is what a univariable model prints: another one is told
    wrong = rows(run(text.replace(f"o.p p {p:.3f}", "o.p p 0.300"), {**CRUDE, "tests": ["pearson"]}))
    assert wrong["o.p"].verdict == "impossible" and wrong["o.p"].repair == f"{p:.3f}"


def test_a_ratio_that_no_split_has_is_repaired():
    ratio, lo, hi, _ = woolf(*SPLIT)
    text = f"na n 155\nnb n 158\na.pct percent 20.6\nb.pct percent 31.6\no.or or {ratio + 0.2:.2f}\n"
    text += f"o.lo or_lo {lo:.2f}\no.hi or_hi {hi:.2f}"
    found = rows(run(text, {**CRUDE, "total": 313, "n_a": "na", "n_b": "nb", "p": None}))
    assert (found["o.or"].verdict, found["o.or"].repair) == ("impossible", f"{ratio:.2f}")
    close = text.replace(f"{ratio + 0.2:.2f}", f"{ratio + 0.01:.2f}")
    near = rows(run(close, {**CRUDE, "total": 313, "n_a": "na", "n_b": "nb", "p": None}))
    assert (near["o.or"].verdict, near["o.or"].repair) == ("rounding", f"{ratio:.2f}")


@pytest.mark.parametrize("ratio", ["NS", "", "-", "not reached", ">5"])
def test_a_ratio_that_is_no_number_is_left_out(ratio):
    text = f"n n 60\na.pct percent 20\nb.pct percent 40\no.or or {ratio}\no.lo or_lo 0.1\no.hi or_hi 2"
    found = rows(run(text, {**CRUDE, "p": None}))
    assert found["a.pct"].solutions == str(len(splits("20", "40", 60)))
    assert "impossible" not in {row.verdict for row in found.values()}


P_OF = {s: pearson(*s) for s in splits("20", "40", 60)}


@pytest.mark.parametrize(
    ("p", "tests", "verdict"),
    [
        (f"{max(P_OF.values()):.3f}", ["pearson"], "exact"),  # one split gives it
        ("<0.5", ["pearson"], "exact"),  # all do
        ("<0.001", ["pearson"], "impossible"),
        ("<0.001", [], "unstated_method"),
        ("NS", ["pearson"], "not_checkable"),
        ("", [], "not_checkable"),
        ("2", ["pearson"], "impossible"),
        ("<0.001", ["barnard"], "unstated_method"),  # it was not run over all splits: no proof
        ("<0.9", ["barnard"], "exact"),  # every quick test gives it in every split
    ],
)
def test_verdicts_on_p_over_several_splits(p, tests, verdict):
    assert len(P_OF) > 3 and sum(abs(x - max(P_OF.values())) < 0.002 for x in P_OF.values()) == 1
    row = one(f"n n 60\na.pct percent 20\nb.pct percent 40\np p {p}", "p", {**GROUPS, "tests": tests})
    assert row.verdict == verdict, row


def test_p_keeps_the_splits_that_give_it():
    fits = [s for s, p in P_OF.items() if p < 0.15]
    assert 1 < len(fits) < len(P_OF)
    found = rows(run("n n 60\na.pct percent 20\nb.pct percent 40\np p <0.15", {**GROUPS, "tests": ["pearson"]}))
    assert found["a.pct"].solutions == str(len(fits)) and found["p"].verdict == "underdetermined"


def test_a_total_that_is_not_printed():
    bounded = {**GROUPS, "total": None, "at_most": "n", "p": None}
    found = rows(run("n n 30\na.pct percent 20\nb.pct percent 40", bounded))
    every = {s for n in range(2, 31) for s in splits("20", "40", n)}
    assert found["a.pct"].solutions == str(len(every))
    found = rows(run("a.pct percent 20\nb.pct percent 40", {**GROUPS, "total": None, "p": None}))
    assert found["a.pct"].verdict == "underdetermined"


@pytest.mark.parametrize("share", ["NS", "", "-", "130", "12 (24%)"])
def test_a_percentage_that_is_none_ends_the_comparison(share):
    row = one(f"n n 60\na.pct percent {share}\nb.pct percent 40\np p 0.1", "p", GROUPS)
    assert row.verdict == "not_checkable" and "a percentage of the comparison is none" in row.note


def test_the_sides_must_be_percentages():
    with pytest.raises(ReplicalcError, match="relation g: n is no percentage"):
        run("n mean 60\nb.pct percent 40\np p 0.1", {**GROUPS, "a": "n", "total": 60})
