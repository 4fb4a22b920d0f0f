"""Under a reading of ours nothing is impossible, and what comes out says that it does so if read so."""

from __future__ import annotations

import pytest
from toy import judged, rows, run

READING = {"reading": "the two are all there are"}
WRONG = "n n 120\na.n count 71\na.pct percent 59.2\nb.pct percent 41.8"
SHARES = {"id": "s", "kind": "shares", "claims": ["a.*", "b.pct"], "of": "n", "exhaustive": True}


def test_counts_that_exclude_each_other_only_under_a_reading_are_left_open():
    plain, read = (rows(run(WRONG, {**SHARES, **more})) for more in ({}, READING))
    assert (plain["b.pct"].verdict, plain["b.pct"].repair) == ("impossible", "40.8")
    assert (read["b.pct"].verdict, read["b.pct"].repair) == ("underdetermined", "40.8")
    assert read["b.pct"].note.startswith("impossible only if read so: the two are all there are")
    assert read["b.pct"].solutions == ""


def test_counts_that_exclude_each_other_without_it_stay_impossible():
    text = WRONG + "\nc.n count 30\nc.pct percent 90.0"
    shares = {"kind": "shares", "claims": ["c.*"], "of": "n"}
    found = rows(run(text, {**SHARES, **READING}, shares))
    assert found["b.pct"].verdict == "underdetermined"
    assert found["c.pct"].verdict == "impossible" and found["c.pct"].repair == "25.0"
    assert "read so" not in found["c.pct"].note


def test_what_comes_out_under_a_reading_says_so_and_what_needs_none_does_not():
    text = WRONG.replace("41.8", "40.8") + "\nc.n count 30\nc.pct percent 25.0"
    shares = {"kind": "shares", "claims": ["c.*"], "of": "n"}
    found = rows(run(text, {**SHARES, **READING}, shares))
    assert {row.verdict for row in found.values()} == {"exact"}
    assert "if read so: the two are all there are" in found["b.pct"].note
    assert "read so" not in found["c.pct"].note + found["c.n"].note


def test_a_sentence_that_holds_under_a_reading_says_so():
    text = "n n 71\na.n count 24\nw holds mainly"
    share = {"count": {"total": "n", "without": ["a.n"]}, "of": "n"}
    says = {"id": "w", "kind": "statement", "claim": "w", "wording": "majority", "share": share}
    found = run(text, {**says, "reading": "the others are"})
    assert (rows(found)["w"].verdict, rows(found)["w"].evidence) == ("exact", "47 of 71 is 66.2 %")
    assert rows(found)["w"].note == "if read so: the others are; evidence: w"
    assert "Reading: the others are." in judged(found, "w").lines
    assert rows(run(text, says))["w"].note == "evidence: w"


@pytest.mark.parametrize("read", [False, True])
def test_two_prints_that_are_one_number_by_a_reading(read):
    text = "a mean 3.1\nb mean 3.1\nc mean 3.4"
    repeats = {"kind": "repeats", "claims": ["a", "b", "c"], **(READING if read else {})}
    row = rows(run(text, repeats))["c"]
    assert row.verdict == ("underdetermined" if read else "impossible") and row.repair == "3.1"
    assert ("impossible only if read so" in row.note) is read and (row.solutions == "0") is not read
