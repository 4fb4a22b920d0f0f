"""P values of made-up tables, held against scipy."""

from __future__ import annotations

import pytest
from scipy import stats
from toy import judged, one, rows, run

from replicalc.errors import ReplicalcError

COUNTS = ((30, 20), (21, 29))
#: 2 x 2: 0.0714 (Pearson), 0.108 (Yates), 0.1078 (Fisher)
PEARSON = stats.chi2_contingency(COUNTS, correction=False).pvalue
FISHER = stats.fisher_exact(COUNTS).pvalue


def paper(p: str, counts=COUNTS, **more):
    cells = [
        f"c{i}{j}.n count {k} | group=g={i} | variable=y={j}" for i, row in enumerate(counts) for j, k in enumerate(row)
    ]
    block = {"id": "t", "kind": "table", "claims": ["c*"], "p": ["p"], "of": "n"}
    block |= {"rows": {"variable": "g", "codes": [str(i) for i in range(len(counts))]}}
    block |= {"columns": {"variable": "y", "codes": [str(j) for j in range(len(counts[0]))]}}
    total = sum(map(sum, counts))
    return "\n".join([f"n n {total}", *cells, f"p p {p}"]), block | more


@pytest.mark.parametrize(
    ("p", "tests", "verdict", "method", "repair"),
    [
        (f"{PEARSON:.3f}", ["pearson"], "exact", "Pearson", ""),
        (f"{PEARSON:.3f}", ["fisher", "pearson"], "exact", "Pearson", ""),
        (f"{FISHER:.3f}", ["pearson"], "unstated_method", "Fisher", f"{PEARSON:.3f}"),
        (f"{PEARSON:.3f}", [], "unstated_method", "Pearson", ""),
        (f"{PEARSON + 0.0001:.4f}", ["pearson"], "rounding", "Pearson", f"{PEARSON:.4f}"),
        ("0.012", ["pearson"], "impossible", "none of", f"{PEARSON:.3f}"),
        ("0.012", [], "unstated_method", "none of", ""),
        ("<0.05", ["pearson"], "unstated_method", "Pearson", ""),
        ("<0.001", ["pearson"], "impossible", "none of", ""),
        (">0.05", ["pearson"], "exact", "Pearson", ""),
        (">0.05", [], "exact", "every two-sided test", ""),
        ("<0.1", [], "unstated_method", "Pearson", ""),
        ("NS", ["pearson"], "not_checkable", "", ""),
        ("", ["pearson"], "not_checkable", "", ""),
        ("-", [], "not_checkable", "", ""),
        ("1.2", ["pearson"], "impossible", "P value", ""),
    ],
)
def test_verdicts_on_a_printed_p(p, tests, verdict, method, repair):
    text, block = paper(p, tests=tests)
    row = one(text, "p", block)
    assert (row.verdict, row.method[: len(method)]) == (verdict, method)
    assert row.repair.startswith(repair) and bool(row.repair) >= bool(repair)


def test_p_by_each_test_is_in_the_evidence():
    text, block = paper("0.07", tests=["pearson"])
    shown = next(t for t in judged(run(text, block), "t").tables if t.title == "P by each test")
    by = {row[0]: float(row[1]) for row in shown.rows if not row[1].startswith("none")}
    assert next(p for name, p in by.items() if name.startswith("Pearson")) == pytest.approx(PEARSON, rel=1e-4)
    assert next(p for name, p in by.items() if "Fisher" in name) == pytest.approx(FISHER, rel=1e-4)
    chi2 = stats.chi2_contingency(COUNTS).pvalue
    assert next(p for name, p in by.items() if "Yates" in name) == pytest.approx(chi2, rel=1e-4)


def test_a_conclusion_that_the_test_turns_is_told():
    counts = ((14, 6), (7, 13))
    pearson, fisher = stats.chi2_contingency(counts, correction=False).pvalue, stats.fisher_exact(counts).pvalue
    assert pearson < 0.05 < fisher
    text, block = paper(f"{pearson:.3f}", counts, tests=["pearson"])
    assert "the choice of the test turns the conclusion at 0.05" in one(text, "p", block).note


def test_a_trend_is_tried_only_where_the_codes_are_in_order():
    counts = ((5, 10, 20), (20, 10, 5))
    whole = stats.chi2_contingency(counts).pvalue
    text, block = paper(f"{whole:.2g}", counts, tests=["pearson"])
    tests = lambda **more: {r[0] for t in judged(run(text, block | more), "t").tables[1:] for r in t.rows}  # noqa: E731
    assert len(tests(ordered=["rows", "columns"])) > len(tests())
    assert one(text, "p", block).verdict == "exact"


def test_a_named_test_without_a_p_here_is_no_proof():
    """Yates is for 2 x 2 only: that nothing prints 0.5 says nothing about what was done."""
    text, block = paper("0.5", ((10, 20, 30), (30, 20, 11)), tests=["yates"])
    assert one(text, "p", block).verdict == "unstated_method"
    text, block = paper("0.5", ((10, 20, 30), (30, 20, 11)), tests=["pearson", "yates"])
    row = one(text, "p", block)
    assert row.verdict == "unstated_method" and "has no P here" in row.note


def test_a_table_with_unknown_counts_is_not_judged():
    text, block = paper("0.07", tests=["pearson"])
    text = "\n".join(line for line in text.splitlines() if not line.startswith(("c00", "c11")))
    row = one(text, "p", block)
    assert row.verdict == "not_checkable" and "2 of the table's counts do not follow" in row.note


def test_a_cell_that_is_not_printed_follows_from_its_total():
    text, block = paper(f"{PEARSON:.3f}", tests=["pearson"])
    text = "\n".join(line for line in text.splitlines() if not line.startswith("c00"))
    assert one(text, "p", block).verdict == "exact"


def test_p_of_a_repaired_table_is_never_called_impossible():
    """A cell follows from a total that must change: the table is not sure."""
    text, block = paper("0.012", tests=["pearson"])
    text = "\n".join(line for line in text.splitlines() if not line.startswith("c00"))
    assert one(text, "p", block).verdict == "impossible"
    text += "\nm.n count 60\nm.pct percent 60.0\nk.n count 40\nk.pct percent 40.0"
    shares = {"kind": "shares", "claims": ["m.*", "k.*"], "of": "n", "exhaustive": True}
    assert one(text, "p", block, shares).verdict == "impossible"
    found = rows(run(text.replace("n n 100", "n n 99"), block, shares))
    assert (found["n"].verdict, found["n"].repair) == ("impossible", "100")
    assert found["p"].verdict == "underdetermined" and "after the smallest repair" in found["p"].note


def test_one_row_that_holds_all_patients_has_no_test():
    text, block = paper("0.3", ((10, 20), (0, 0)), tests=["pearson"])
    row = one(text, "p", block)
    assert (row.verdict, row.method) == ("impossible", "no test")


def test_several_prints_of_one_p_are_each_judged():
    text, block = paper(f"{PEARSON:.3f}", tests=["pearson"])
    found = rows(run(text + "\nq p 0.25", {**block, "p": ["p", "q"]}))
    assert (found["p"].verdict, found["q"].verdict) == ("exact", "impossible")


def test_a_p_that_is_cut_off_counts_where_percentages_are_not_rounded():
    counts = ((30, 20), (20, 30))  # Pearson 0.0455
    assert stats.chi2_contingency(counts, correction=False).pvalue == pytest.approx(0.0455, abs=1e-5)
    text, block = paper("0.045", counts, tests=["pearson"])
    assert one(text, "p", block).method.endswith("cut off")
    rounded = "\nx.n count 2\nx.pct percent 66.7\nnx n 3"
    row = one(text + rounded, "p", block, {"kind": "shares", "claims": ["x.*"], "of": "nx"})
    assert row.verdict in ("rounding", "unstated_method") and row.repair == "0.046"


def test_an_unknown_test_is_told():
    text, block = paper("0.07", tests=["pearsn"])
    with pytest.raises(ReplicalcError, match=r"relation t: there is no test 'pearsn'\. Did you mean 'pearson'"):
        run(text, block)


def test_a_p_that_is_printed_with_its_letter_is_told_once():
    text, block = paper("P<0.05", tests=["pearson"])
    assert one(text, "p", block).evidence.startswith("P <0.05 is printed by Pearson")
