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


def test_wald_is_run_on_every_split_where_it_is_named():
    # a relation names it as tables do, and then P below all that it can be is one that the named test does not give
    values = {s: woolf(*s)[3] for s in P_OF}
    text = "n n 60\na.pct percent 20\nb.pct percent 40\np p "
    named = {**GROUPS, "tests": ["wald_log_odds"]}
    assert one(f"{text}{max(values.values()):.3f}", "p", named).method == "Wald test of the log odds ratio"
    assert one(f"{text}<{min(values.values()) / 2:.4f}", "p", named).verdict == "impossible"


def test_the_quick_tests_are_called_as_the_others():
    from replicalc.verify.printed import parse
    from replicalc.verify.split import METHODS
    from replicalc.verify.which_test import which_test

    known = {test.key: test.method for test in which_test([[12, 5], [6, 11]], parse("0.04")).tests}
    assert {key: known[key] for key in METHODS} == METHODS


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


def rounded(a: str, b: str, n: int) -> list[tuple[int, int, int, int]]:
    """All splits whose percentages are printed half-up."""
    found = []
    for na in range(1, n):
        ka, kb = (
            [k for k in range(size + 1) if print_share(k, size, len(text.partition(".")[2]), "half-up") == text]
            for text, size in ((a, na), (b, n - na))
        )
        found += [(x, na, y, n - na) for x in ka for y in kb]
    return found


#: Of the two groups of SPLIT some have a second finding: 41 of 118 (34.746 %) and 22 of 97 (22.680 %).
SECOND = {"id": "s", "kind": "two_groups", "a": "c.pct", "b": "d.pct", "at_most": "n", "n_a_at_most": {"whole_of": "a.pct"},
          "n_b_at_most": {"whole_of": "b.pct"}}  # fmt: skip


def two_findings(ratio: str) -> str:
    return f"n n 313\na.pct percent 20.6\nb.pct percent 31.6\n{ratio}\nc.pct percent 34.7\nd.pct percent 22.7"


@pytest.fixture(scope="module")
def inside() -> set:
    """Splits of the second finding within 155 and 158, by rounding alone."""
    every = {s for n in range(2, 314) for s in rounded("34.7", "22.7", n)}
    return {s for s in every if s[1] <= 155 and s[3] <= 158}


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_sizes_that_a_ratio_tells_are_known_to_what_else_is_printed_of_the_groups(inside, order):
    ratio, lo, hi, _ = woolf(*SPLIT)
    crude = f"o.or or {ratio:.3f}\no.lo or_lo {lo:.3f}\no.hi or_hi {hi:.3f}\nz percent 78.9\nm n 71"  # 56 of 71: not cut off
    of_m = {"id": "m", "kind": "shares", "claims": ["z"], "of": "m"}
    relations = [{**CRUDE, "p": None}, SECOND]
    found = rows(run(two_findings(crude), *(relations[i] for i in order), of_m))
    assert found["a.pct"].evidence == "32 of 155 and 50 of 158"
    assert found["c.pct"].solutions == str(len(inside)) == found["d.pct"].solutions
    # without limits the ratio is too little to build on, and a reading is never built on
    for text, first in ((crude.replace(f"o.lo or_lo {lo:.3f}\no.hi or_hi {hi:.3f}\n", ""), relations[0]),
                        (crude, {**relations[0], "reading": "the same patients"})):  # fmt: skip
        assert int(rows(run(two_findings(text), first, SECOND, of_m))["c.pct"].solutions) > len(inside)


def test_a_ratio_is_held_against_events_that_another_ratio_has_told():
    ratio, lo, hi, _ = woolf(*SPLIT)
    text = f"n n 313\na.pct percent 20.6\nb.pct percent 31.6\no.or or {ratio:.3f}\no.lo or_lo {lo:.3f}\no.hi or_hi {hi:.3f}\n"
    text += "q.or or 1.50\nq.lo or_lo 1.40\nq.hi or_hi 1.61"
    events = {"sum": ["a.pct", "b.pct"]}
    other = {
        "id": "q",
        "kind": "ratio",
        "claims": ["q.*"],
        "measure": "odds",
        "adjusted": True,
        "n": "n",
        "events": events,
    }
    found = run(text, other, {**CRUDE, "p": None})
    assert (
        rows(found)["q.lo"].verdict == "impossible" and "With 82 events in 313 patients" in rows(found)["q.lo"].evidence
    )


def test_an_odds_ratio_without_a_split_says_why_it_is_left():
    """No split with both shares has an odds ratio of 9.24; what is printed with it is not tied to nothing."""
    text = "n n 183\na.pct percent 45.1\nb.pct percent 26.8\np p 0.01\no.r or 9.24\no.p p 0.02"
    found = rows(run(text, {**GROUPS, "crude": ["o.*"]}))
    odds = [k1 * (n2 - k2) / (k2 * (n1 - k1)) for k1, n1, k2, n2 in splits("45.1", "26.8", 183)]
    assert odds and all(f"{x:.2f}" != "9.24" and f"{1 / x:.2f}" != "9.24" for x in odds)
    for name in ("p", "o.p"):
        assert found[name].verdict == "not_checkable" and "no split of the patients" in found[name].note


def test_printed_counts_stand_against_the_odds_ratio_of_another_table():
    """Ratio, limits and P of another factor fit each other, but not the counts that stand beside the percentages."""
    ours, other = (24, 62, 38, 121), (32, 71, 30, 112)
    ratio, lo, hi = woolf(*other)[:3]
    text = f"""
    n n 183
    a.n count {ours[0]}
    a.pct percent {100 * ours[0] / ours[1]:.1f}
    b.n count {ours[2]}
    b.pct percent {100 * ours[2] / ours[3]:.1f}
    na n {ours[1]}
    o.r or {ratio:.2f}
    o.lo or_lo {lo:.2f}
    o.hi or_hi {hi:.2f}
    p p {stats.chi2_contingency([[24, 38], [38, 83]], correction=False).pvalue:.3f}
    """
    relation = {**GROUPS, "n_a": "na", "crude": ["o.*"], "tests": ["pearson"]}
    found = rows(run(text, relation))
    right = dict(zip(("o.r", "o.lo", "o.hi"), woolf(*ours)[:3], strict=True))
    for name, value in right.items():
        assert (found[name].verdict, found[name].repair) == ("impossible", f"{value:.2f}"), found[name]
    for name in ("a.n", "a.pct", "b.n", "b.pct", "p"):
        assert found[name].verdict == "exact", found[name]
