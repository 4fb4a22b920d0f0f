"""Counts, percentages and sums of made-up papers: each verdict, worked out by hand."""

from __future__ import annotations

import pytest
from toy import judged, one, rows, run, verdicts

from replicalc.errors import ReplicalcError

OF_N = {"kind": "shares", "claims": ["a.*", "b.*", "c.*"], "of": "n", "exhaustive": True}


def test_what_agrees_is_recomputed():
    found = rows(run("n n 50\na.n count 12\na.pct percent 24.0\nb.n count 30\nc.pct percent 16", OF_N))
    assert {name: row.verdict for name, row in found.items()} == dict.fromkeys(found, "exact")
    assert found["a.n"].method == "count with its percentage" and found["a.n"].recomputed == "12"
    assert found["n"].evidence == "12 + 8 + 30 = 50" and found["b.n"].evidence == "50 - 12 - 8 = 30"
    assert (found["c.pct"].recomputed, found["c.pct"].evidence) == ("16", "8 of 50")
    # 51 of the 101 percentages without decimals are that of a count of 50
    assert "50% of all percentages have one out of 50" in found["c.pct"].note


def test_a_percentage_that_is_off_by_one_unit_is_rounding():
    found = rows(run("n n 51\na.n count 32\na.pct percent 62.8\nb.n count 19", {**OF_N, "claims": ["a.*", "b.*"]}))
    assert (found["a.pct"].verdict, found["a.pct"].repair, found["a.pct"].recomputed) == ("rounding", "62.7", "62.7")
    assert found["a.n"].verdict == found["b.n"].verdict == found["n"].verdict == "exact"


def test_a_percentage_that_is_far_off_is_impossible():
    row = one("n n 51\na.n count 32\na.pct percent 72.8\nb.n count 19", "a.pct", {**OF_N, "claims": ["a.*", "b.*"]})
    assert (row.verdict, row.repair, row.solutions) == ("impossible", "62.7", "0")
    assert "a.n: 32 of 51 is 62.7, printed 72.8" in row.evidence


def test_several_equally_small_repairs_are_all_named_and_nothing_rests_on_one_of_them():
    found = rows(run("n n 50\na.n count 12\nb.n count 30\nc.n count 9", OF_N))
    for name, repair, others in (("n", "51", "a.n, c.n"), ("a.n", "11", "c.n, n"), ("c.n", "8", "a.n, n")):
        assert (found[name].verdict, found[name].repair, found[name].recomputed) == ("impossible", repair, "")
        assert f"this or {others}" in found[name].note
    # 29 instead of 30 would do as well, and takes two digits
    assert found["b.n"].verdict == "underdetermined" and "fewer digits" in found["b.n"].note


def test_a_percentage_decides_which_count_is_wrong():
    found = rows(run("n n 50\na.n count 12\na.pct percent 24.0\nb.n count 30\nb.pct percent 60.0\nc.n count 9", OF_N))
    assert (found["c.n"].verdict, found["c.n"].repair, found["c.n"].note) == ("impossible", "8", "evidence: arithmetic")
    assert found["a.n"].verdict == found["b.n"].verdict == "exact"


def test_a_count_printed_twice_differently():
    twice = {"kind": "repeats", "claims": ["a.n", "again.n"]}
    found = rows(run("a.n count 12\nagain.n count 13", twice))
    assert {row.verdict for row in found.values()} == {"impossible"}
    assert (found["a.n"].repair, found["again.n"].repair) == ("13", "12")
    assert "this or again.n" in found["a.n"].note
    settled = rows(run("n n 50\na.n count 12\na.pct percent 24.0\nagain.n count 13", twice,
                       {"kind": "shares", "claims": ["a.*"], "of": "n"}))  # fmt: skip
    assert (settled["again.n"].verdict, settled["again.n"].repair) == ("impossible", "12")
    assert settled["a.n"].verdict == settled["a.pct"].verdict == "exact"


def test_one_place_of_a_result_is_one_number_without_any_relation():
    found = rows(run("a.n count 12\nx.n count 12 | variable=a"))
    assert {row.verdict for row in found.values()} == {"exact"}
    assert "12 at each of a.n, x.n" in found["a.n"].evidence
    assert set(verdicts(run("a.n count 12\nx.n count 13 | variable=a")).values()) == {"impossible"}


def test_a_count_is_not_told_from_itself():
    """A rest, or a total that is not printed, is worked out from the count: it cannot bear it out."""
    rest = {"kind": "sum", "total": "n", "parts": ["a.n", {"total": "n", "without": ["a.n"]}]}
    assert set(verdicts(run("n n 50\na.n count 12", rest)).values()) == {"underdetermined"}
    block = {"kind": "table", "claims": ["*.n"], "rows": {"variable": "g", "codes": ["a", "b"]},
             "columns": {"variable": "y", "codes": ["1", "0"]}}  # fmt: skip
    cells = "\n".join(f"c{g}{y}.n count {k} | group=g={g} | variable=y={y}" for g, y, k in BLOCK)
    assert set(verdicts(run(cells, block)).values()) == {"underdetermined"}
    total = verdicts(run(cells + "\nn n 100", {**block, "of": "n", "claims": ["c*.n"]}))
    assert set(total.values()) == {"exact"}


BLOCK = (("a", "1", 30), ("a", "0", 20), ("b", "1", 21), ("b", "0", 29))


@pytest.mark.parametrize(
    "per, shown", [("row", ("60.0", "42.0")), ("column", ("58.8", "41.2")), ("total", ("30", "21"))]
)
def test_percentages_of_a_table_are_out_of_rows_columns_or_all(per, shown):
    cells = "\n".join(f"c{g}{y}.n count {k} | group=g={g} | variable=y={y}" for g, y, k in BLOCK)
    shares = "".join(f"\nc{g}.pct percent {p} | group=y=1 | variable=g={g}" for g, p in zip("ab", shown, strict=True))
    block = {"kind": "table", "claims": ["c*"], "rows": {"variable": "g", "codes": ["a", "b"]}, "of": 100,
             "columns": {"variable": "y", "codes": ["1", "0"], "totals": [51, 49]}}  # fmt: skip
    found = verdicts(run(cells + shares, {**block, "percent_of": per}))
    assert found["ca.pct"] == found["cb.pct"] == "exact"
    others = [other for other in ("row", "column", "total") if other != per]
    for other in others:
        assert "impossible" in verdicts(run(cells + shares, {**block, "percent_of": other})).values()


def test_one_number_cut_off_among_rounded_ones_is_that_one():
    """31 percentages rounded, one cut off: 34/51 = 66.667."""
    text = "n n 51\n" + "\n".join(f"p{k}.n count {k}\np{k}.pct percent {100 * k / 51:.1f}" for k in range(1, 32))
    found = rows(
        run(text + "\nq.n count 34\nq.pct percent 66.6", {"kind": "shares", "claims": ["p*", "q.*"], "of": "n"})
    )
    odd = found.pop("q.pct")  # 34/51 = 66.667
    assert (odd.verdict, odd.repair, odd.recomputed, odd.solutions) == ("rounding", "66.7", "66.7", "1")
    assert {row.verdict for name, row in found.items() if name not in ("n", "q.n")} == {"exact"}


def test_mixed_rounding_blames_a_percentage_and_no_count():
    """47/75 = 62.667 is rounded up, 1253/2000 = 62.65 not quite: cut off. 1252 would print 62.6 as well."""
    of = [{"kind": "shares", "claims": [f"{x}.*"], "of": f"n{x}"} for x in "abc"]
    text = "na n 75\na.n count 47\na.pct percent 62.7\nnb n 2000\nb.n count 1253\nb.pct percent 62.6"
    text += "\nnc n 75\nc.n count 26\nc.pct percent 34.7"  # 34.667
    tied = {"kind": "sum", "total": 5000, "parts": ["na", "nb", "nc"], "at_most": True}
    found = rows(run(text.replace("1253", "1254"), *of, tied))  # 62.7, printed 62.6: no rounding of any kind
    assert found["b.pct"].verdict in ("rounding", "impossible")
    # 1253.8 is no count; 62.66 of 5000 cut off to 62.6, while 62.65 and more is rounded to 62.7
    text = text.replace("2000", "5000").replace("1253", "3133")
    found = rows(run(text, *of, {**tied, "total": 9000}))
    assert (found["b.pct"].verdict, found["b.pct"].repair) == ("rounding", "62.7")
    assert found["b.n"].verdict == "underdetermined"  # five counts of 5,000 print 62.6 or 62.7


def test_two_that_are_rounded_differently_are_told_as_such():
    """20/29 = 68.966 cut off, 2/3 rounded up: by either habit the other is odd."""
    text = "na n 29\na.n count 20\na.pct percent 68.9\nnb n 3\nb.n count 2\nb.pct percent 66.7"
    tied = {"kind": "sum", "total": 50, "parts": ["na", "nb"], "at_most": True}
    found = rows(run(text, *[{"kind": "shares", "claims": [f"{x}.*"], "of": f"n{x}"} for x in "ab"], tied))
    assert {found[f"{x}.pct"].verdict for x in "ab"} == {"rounding"}
    assert (found["a.pct"].repair, found["b.pct"].repair) == ("69.0", "66.6")
    assert all("this, or another percentage" in found[f"{x}.pct"].note for x in "ab")


@pytest.mark.parametrize("first, second", [("12", "38"), ("13", "38"), ("12", "37"), ("13", "37")])
def test_ties_may_go_either_way(first, second):
    """1/8 = 12.5 and 3/8 = 37.5: up, to even, cut off, or each as binary arithmetic has it."""
    text = f"n n 8\na.n count 1\na.pct percent {first}\nb.n count 3\nb.pct percent {second}"
    found = verdicts(run(text, {"kind": "shares", "claims": ["a.*", "b.*"], "of": "n"}))
    assert found["a.pct"] == found["b.pct"] == "exact"


def test_a_total_with_parts_that_are_not_printed():
    exhaustive = {**OF_N, "claims": ["a.n", "b.n"], "exhaustive": False}
    found = rows(run("n n 50\na.n count 12\nb.n count 30", exhaustive))
    assert {row.verdict for row in found.values()} == {"underdetermined"}
    some = {"kind": "sum", "total": "n", "parts": ["a.n", "b.n"], "at_most": True}
    assert set(verdicts(run("n n 50\na.n count 12\nb.n count 30", some)).values()) == {"underdetermined"}
    assert "impossible" in verdicts(run("n n 40\na.n count 12\nb.n count 30", some)).values()


def test_a_percentage_with_several_counts_is_left_open():
    row = one("n n 1000\na.pct percent 24", "a.pct", {"kind": "shares", "claims": ["a.pct"], "of": "n"})
    # 235 to 244 are rounded to 24, up to 249 are cut off
    assert (row.verdict, row.solutions, row.evidence) == ("underdetermined", "15", "235 to 249 of 1000 print as 24")


def test_an_unprinted_whole_is_looked_for():
    shares = {"kind": "shares", "claims": ["*.pct"], "exhaustive": True, "at_most": "n"}
    found = rows(run("n n 95\na.pct percent 52.1\nb.pct percent 12.5\nc.pct percent 35.4", shares))
    # 25 + 6 + 17 of 48 is the only such group below 96
    assert [found[f"{x}.pct"].evidence for x in "abc"] == ["25 of 48", "6 of 48", "17 of 48"]
    tied = {"kind": "shares", "claims": ["a.pct"], "count": "k"}
    assert one("k n 12\na.pct percent 24.0", "a.pct", tied).evidence == "12 of 50"


def test_inequalities_hold_or_do_not():
    shares = {"kind": "shares", "claims": ["a.*"], "of": "n"}
    assert one("n n 500\na.n count 4\na.pct percent <1", "a.pct", shares).verdict == "exact"
    assert one("n n 500\na.n count 5\na.pct percent <1", "a.n", shares).verdict == "impossible"


def test_external_numbers_are_left_alone():
    found = rows(
        run("a.n count 12\na.pct percent 99 | kind=external\nn n 50", {"kind": "shares", "claims": ["a.n"], "of": "n"})
    )
    assert found["a.pct"].verdict == "not_checkable" and found["a.pct"].note.startswith("external")


@pytest.mark.parametrize(
    ("relation", "sentence"),
    [
        ({"kind": "shares", "claims": ["a.m"]}, "a.m is of stat mean, neither a count nor a percentage"),
        ({"kind": "shares", "claims": ["a.n"]}, "counts without a percentage need 'of'"),
        ({"kind": "shares", "claims": ["b.*"]}, "no claim is called 'b.*'"),
        ({"kind": "shares"}, "needs 'claims'"),
        ({"kind": "sum", "total": "n"}, "needs 'parts'"),
        (
            {"kind": "table", "claims": ["a.n"], "rows": ["x"], "columns": {}},
            "'rows' is several keys with their values",
        ),
        (
            {"kind": "table", "claims": ["a.n"], "rows": {"variable": "x"}, "columns": {}},
            "'rows' needs 'codes'",
        ),
        ({"kind": "two_groups", "a": "a.n", "b": "a.m"}, "is no percentage"),
        ({"kind": "accuracy", "claims": ["a.m"]}, "no measure of a 2x2 table"),
    ],
    ids=str,
)
def test_faults_of_a_relation_are_told_with_its_id(relation, sentence):
    with pytest.raises(ReplicalcError) as told:
        run("n n 50\na.n count 12\na.m mean 3.0", {"id": "mine", **relation})
    assert str(told.value).startswith("relation mine: ") and sentence in str(told.value)


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ({"percent_of": "rows"}, "percent_of is row, column or total"),
        ({"rows": {"variable": "g", "codes": ["a"]}}, "cb1.n stands at g=b, y=1, which is no cell"),
        ({"rows": {"variable": "g", "codes": ["a", "b"], "totals": [50]}}, "rows has 2 codes, 1 totals"),
    ],
)
def test_faults_of_a_table_are_told_with_its_id(more, sentence):
    cells = "\n".join(f"c{g}{y}.n count {k} | group=g={g} | variable=y={y}" for g, y, k in BLOCK)
    block = {"id": "mine", "kind": "table", "claims": ["c*"], "rows": {"variable": "g", "codes": ["a", "b"]},
             "columns": {"variable": "y", "codes": ["1", "0"]}}  # fmt: skip
    with pytest.raises(ReplicalcError, match=f"relation mine: .*{sentence}"):
        run(cells, block | more)


def test_the_evidence_of_shares_and_sums_lists_the_counts():
    found = run("n n 50\na.n count 12\nb.pct percent 24.0", {"id": "s", "kind": "shares", "claims": ["b.pct"], "of": "n"},
                {"id": "t", "kind": "sum", "total": "n", "parts": ["a.n", "b.pct"], "at_most": True})  # fmt: skip
    assert judged(found, "s").tables[0].rows == [("b.pct", "24.0", "12", "50")]
    assert judged(found, "t").tables[0].rows == [("n", "50"), ("a.n", "12"), ("b.pct", "12")]


def test_a_percentage_that_comes_out_if_rounded_twice_says_so():
    """32 of 51 is 62.745: 62.75, and from there 62.8."""
    row = one("n n 51\na.n count 32\na.pct percent 62.8", "a.pct", {"kind": "shares", "claims": ["a.*"], "of": "n"})
    assert (row.verdict, row.repair) == ("rounding", "62.7") and "half-up twice, by way of 62.75" in row.note
    row = one("n n 51\na.n count 32\na.pct percent 62.6", "a.pct", {"kind": "shares", "claims": ["a.*"], "of": "n"})
    assert row.verdict == "rounding" and "twice" not in row.note


def test_a_repair_with_several_numbers_behind_it_does_not_claim_all_between():
    shares = {"kind": "shares", "claims": ["a", "b", "c"], "of": "n", "exhaustive": True}
    row = one("n n 183\na percent 33\nb percent 35\nc percent 33", "n", shares)
    assert "(the numbers behind it that do lie from " in row.repair and row.repair.endswith(" on)")


def test_numbers_at_fault_by_themselves_are_no_alternatives_to_others():
    """Two conflicts in one block: the percentage must change whatever is done about the sum."""
    text = """
    n n 50
    a.n count 12
    b.n count 39
    x.n count 20
    x.pct percent 48.0
    """
    sum_ = {"id": "s", "kind": "sum", "total": "n", "parts": ["a.n", "b.n"]}
    found = rows(run(text, sum_, {"id": "x", "kind": "shares", "claims": ["x.*"], "of": "n"}))
    assert found["a.n"].note.startswith("one of several numbers") and "b.n" in found["a.n"].note
    assert "x.pct" not in found["a.n"].note and "x.n" not in found["a.n"].note
