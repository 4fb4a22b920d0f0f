"""Sentences of made-up papers: each assertion true, false, left open and unknown."""

from __future__ import annotations

import pytest
from scipy import stats
from toy import claims, one, run

from replicalc.errors import ReplicalcError

PAPER = """
h holds yes
n n 100
a.n count 30
b.n count 40
m1 median 5
m2 median 5
m3 median 7.5
m4 median NS
p1 p 0.03
p2 p 0.05
p3 p 0.2
p4 p <0.05
p5 p >0.05
p6 p NS
p7 p 0.049
p8 p 0.051
w.r or 2.00
w.lo or_lo 1.00
w.hi or_hi 4.00
u.r or 2.50
u.lo or_lo 1.25
u.hi or_hi 5.00
v.r or 1.0
v.lo or_lo 0.5
v.hi or_hi 2.0
y.r or not reached
y.lo or_lo 0.5
y.hi or_hi 2.0
i.pct percent 30.0
i.lo percent_lo 20.0
i.hi percent_hi 40.0
"""
RATIOS = [{"id": x, "kind": "ratio", "claims": [f"{x}.*"], "measure": "odds"} for x in "wuvy"]
INTERVAL = {"id": "iv", "kind": "interval", "estimate": "i.pct", "limits": ["i.lo", "i.hi"], "n": "n"}
WHOLE = {"id": "sh", "kind": "shares", "claims": ["i.pct"], "of": "n"}
TRUE, FALSE, OPEN, UNKNOWN = "exact", "impossible", "underdetermined", "not_checkable"


def said(**assertion) -> str:
    sentence = {"id": "s", "kind": "statement", "claim": "h", **assertion}
    row = one(PAPER, "h", *RATIOS, INTERVAL, WHOLE, sentence)
    assert row.evidence or row.note
    return row.verdict


@pytest.mark.parametrize(
    ("key", "given", "verdict"),
    [
        ("greater", ["b.n", "a.n"], TRUE),
        ("greater", ["a.n", "b.n"], FALSE),
        ("greater", ["a.n", "a.n"], FALSE),
        ("greater", ["m3", "m1"], TRUE),
        ("greater", ["m1", "m2"], OPEN),  # 5.9 cut off and 4.5 rounded both print 5
        ("greater", ["m1", "m4"], UNKNOWN),
        ("greater", ["b.n", "a.n", "m3", "m1"], TRUE),
        ("equal", [["a.n", "a.n"]], TRUE),
        ("equal", [["a.n", "i.pct"]], TRUE),
        ("equal", [["a.n", "b.n"]], FALSE),
        ("equal", [["m1", "m2"]], OPEN),
        ("equal", [["m1", "m4"]], UNKNOWN),
        ("significant", ["p1"], TRUE),
        ("significant", ["p3"], FALSE),
        ("significant", ["p2"], OPEN),  # 0.05 may have been 0.048
        ("significant", ["p7"], TRUE),
        ("significant", ["p8"], FALSE),
        ("significant", ["p4"], TRUE),
        ("significant", ["p5"], FALSE),
        ("significant", ["p6"], UNKNOWN),
        ("significant", "p1", TRUE),
        ("significant", ["p1", "p3"], FALSE),
        ("not_significant", ["p3"], TRUE),
        ("not_significant", ["p1"], FALSE),
        ("not_significant", ["p2"], OPEN),
        ("significant", ["u"], TRUE),
        ("significant", ["v"], FALSE),
        ("significant", ["w"], OPEN),  # a limit of 1.00 may be above 1
        ("significant", ["y"], UNKNOWN),
        ("above_one", ["w", "u"], TRUE),
        ("above_one", ["v"], OPEN),
        ("above_one", ["y"], UNKNOWN),
        ("below_one", ["u"], FALSE),
        ("below_one", ["v"], OPEN),
        ("includes", {"interval": "v", "value": 1}, TRUE),
        ("includes", {"interval": "u", "value": 1}, FALSE),
        ("includes", {"interval": "iv", "value": 30}, TRUE),
        ("includes", {"interval": "w", "value": 0.999}, OPEN),
        ("excludes", {"interval": "u", "value": 1}, TRUE),
        ("excludes", {"interval": "v", "value": 1}, FALSE),
        ("excludes", {"interval": "w", "value": 1}, OPEN),
        ("none", "a.n", FALSE),
        ("none", {"total": "n", "without": ["a.n", "b.n"]}, FALSE),
        ("none", {"total": "n", "without": ["n"]}, TRUE),
    ],
    ids=str,
)
def test_assertions(key, given, verdict):
    if given == {"total": "n", "without": ["n"]}:
        given = {"total": "n", "without": [100]}
    assert said(**{key: given}) == verdict


@pytest.mark.parametrize(
    ("key", "name", "verdict"),
    [("greatest", "b.n", TRUE), ("greatest", "toy.b.n", TRUE), ("greatest", "a.n", FALSE), ("smallest", "m1", OPEN)],
)
def test_extremes(key, name, verdict):
    among = ["a.n", "b.n"] if name != "m1" else ["m1", "m2"]
    assert said(**{key: name, "among": among}) == verdict


@pytest.mark.parametrize(
    ("word", "number", "verdict"),
    [
        ("nearly", "32", TRUE),
        ("nearly", "40", FALSE),
        ("nearly", "30", FALSE),
        ("about", "28", TRUE),
        ("about", "30·0 %", TRUE),
        ("about", "50", FALSE),
        ("more_than", "29", TRUE),
        ("more_than", "30", FALSE),
        ("less_than", "1/3", None),
        ("less_than", "33,3", TRUE),
        ("less_than", "a.n", FALSE),
        ("majority", None, FALSE),
    ],
)
def test_wording(word, number, verdict):
    given = {"wording": word, "share": {"count": "a.n", "of": "n"}} | ({"number": number} if number else {})
    if verdict is None:
        with pytest.raises(ReplicalcError, match="relation s: '1/3' is no number"):
            said(**given)
    else:
        assert said(**given) == verdict


def test_wording_of_an_unknown_share():
    assert said(wording="majority", share={"count": {"whole_of": "i.pct"}, "of": 150}) == TRUE
    text = PAPER + "k.pct percent 20"
    row = one(
        text, "h", {"kind": "statement", "claim": "h", "wording": "majority", "share": {"count": "k.pct", "of": "n"}}
    )
    assert row.verdict == UNKNOWN


@pytest.mark.parametrize(
    ("a", "b", "verdict"),
    [
        (["a.n", "n"], ["b.n", "n"], OPEN),  # 30 and 40 of 100: 0.138 by Pearson; 0.02 by none
        ([10, "n"], ["b.n", "n"], TRUE),
        (["a.n", "n"], [31, "n"], FALSE),
        (["a.n", {"whole_of": "q.pct"}], ["b.n", "n"], UNKNOWN),
    ],
    ids=str,
)
def test_shares_that_differ(a, b, verdict):
    text = PAPER + "q.pct percent 20"
    expected = {TRUE: FALSE, FALSE: TRUE}
    if verdict == OPEN:
        pearson = stats.chi2_contingency([[30, 70], [40, 60]], correction=False).pvalue
        verdict = FALSE if pearson > 0.1 else OPEN
    for key, wanted in (("differ", verdict), ("not_differ", expected.get(verdict, verdict))):
        assert one(text, "h", {"kind": "statement", "claim": "h", key: {"a": a, "b": b}}).verdict == wanted


@pytest.mark.parametrize(
    ("a", "b", "of", "verdict"),
    [
        (48, 28, 48, TRUE),  # 20 against none
        (30, 28, 48, FALSE),
        (28, 30, 48, FALSE),
        (10, 5, 10, OPEN),  # 5 against none: 0.0625 exact, 0.025 asymptotic
        (20, 10, 40, OPEN),  # 10 against none, or 20 against 10
        (10, 10, 10, FALSE),
    ],
)
def test_paired(a, b, of, verdict):
    text = f"h holds yes\nn n {of}\na.n count {a}\nb.n count {b}"
    row = one(text, "h", {"kind": "statement", "claim": "h", "paired": {"a": "a.n", "b": "b.n", "of": "n"}})
    assert row.verdict == verdict
    if (a, b) == (48, 28):
        assert f"{stats.binomtest(0, 20).pvalue:.4g}" in row.evidence


@pytest.mark.parametrize(
    ("k1", "n1", "verdict"), [(45, 50, TRUE), (26, 50, FALSE), (20, 50, FALSE), (60, 50, UNKNOWN), (5, 95, FALSE)]
)
def test_nested_share(k1, n1, verdict):
    """50 of 100 have it; among n1 of them, k1."""
    text = f"h holds yes\nn n 100\nn1 n {n1}\nb.n count 50\nb.pct percent 50.0\na.n count {k1}\na.pct percent {100 * k1 / n1:.1f}"
    whole = [{"kind": "shares", "claims": [f"{x}.*"], "of": of} for x, of in (("a", "n1"), ("b", "n"))]
    row = one(text, "h", *whole, {"kind": "statement", "claim": "h", "nested_share": {"a": "a.pct", "b": "b.pct"}})
    assert row.verdict == verdict or (k1 == 60 and row.verdict in (UNKNOWN, FALSE))


ACCURACY = {"id": "acc", "kind": "accuracy", "claims": ["t.*"], "n": "n", "condition": "ill", "opposite": "well"}
TABLE = "h holds yes\nn n 125\nt.sens sensitivity 100\nt.spec specificity 70.1\nt.ppv ppv 67.6"


@pytest.mark.parametrize(
    ("named", "verdict"), [(["ill"], TRUE), (["well"], FALSE), (["ill", "well"], "unstated_method")]
)
def test_target(named, verdict):
    sentence = {"kind": "statement", "claim": "h", "target": {"of": "acc", "named": named}}
    assert one(TABLE, "h", ACCURACY, sentence).verdict == verdict
    assert one(TABLE.replace("n n 125", "n n NS"), "h", ACCURACY, sentence).verdict == UNKNOWN


def model(verdict):
    return lambda *_: {"verdict": verdict, "method": "m", "evidence": "told", "repair": "", "cells": []}


@pytest.mark.parametrize(
    ("given", "answer", "verdict"),
    [
        ({"one_model": "m"}, "impossible", FALSE),
        ({"one_model": "m"}, "feasible", OPEN),
        ({"independent": {"ratio": "u", "model": "m"}}, "impossible", OPEN),
        ({"independent": {"ratio": "u", "model": "m"}}, "feasible", TRUE),
        ({"independent": {"ratio": "v", "model": "m"}}, "feasible", FALSE),
    ],
    ids=str,
)
def test_models(given, answer, verdict):
    relations = [*RATIOS[:3], {"id": "m", "kind": "model", "ratios": ["u", "w"], "n": "n", "events": "a.n"}]
    sentence = {"kind": "statement", "claim": "h", **given}
    assert one(PAPER, "h", *relations, sentence, certificate=model(answer)).verdict == verdict


def test_p_of_a_table_and_of_a_comparison():
    cells = "\n".join(f"c{g}{y}.n count {k} | group=g={g} | variable=y={y}" for g, y, k in (
        ("a", 1, 40), ("a", 0, 10), ("b", 1, 20), ("b", 0, 30)))  # fmt: skip
    table = {"id": "t", "kind": "table", "claims": ["c*"], "rows": {"variable": "g", "codes": ["a", "b"]},
             "columns": {"variable": "y", "codes": [1, 0]}}  # fmt: skip
    groups = {"id": "g", "kind": "two_groups", "a": "x.pct", "b": "y.pct", "total": 60}
    text = "h holds yes\nx.pct percent 20\ny.pct percent 40\n" + cells
    for asserted, verdict in (
        ({"significant": ["t"]}, TRUE),
        ({"not_significant": ["t"]}, FALSE),
        ({"significant": ["g"]}, FALSE),
        ({"not_significant": ["g"]}, TRUE),
    ):
        assert one(text, "h", table, groups, {"kind": "statement", "claim": "h", **asserted}).verdict == verdict


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({}, "nothing is asserted"),
        ({"significant": []}, "nothing is asserted by 'significant'"),
        ({"greatr": ["a.n", "b.n"]}, "'greatr' is no assertion. Did you mean 'greater'"),
        ({"greater": ["a.n", "x"]}, "there is no claim 'x'"),
        ({"significant": ["x"]}, "there is no relation 'x'"),
        ({"above_one": ["x"]}, "there is no relation 'x'"),
        ({"one_model": "x"}, "there is no relation 'x'"),
        ({"independent": {"ratio": "u", "model": "x"}}, "there is no relation 'x'"),
        ({"includes": {"interval": "x", "value": 1}}, "there is no relation 'x'"),
        ({"target": {"of": "u", "named": ["a"]}}, "there is no accuracy relation 'u'"),
        ({"wording": "hardly", "number": "3", "share": {"count": "a.n", "of": "n"}}, "the wording 'hardly' is not"),
        ({"wording": "nearly", "share": {"count": "a.n", "of": "n"}}, "'yes' is no number"),
    ],
    ids=str,
)
def test_faults_of_a_statement(given, sentence):
    with pytest.raises(ReplicalcError) as told:
        said(**given)
    assert str(told.value).startswith("relation s: ") and sentence in str(told.value)


@pytest.mark.parametrize(
    ("ours", "theirs", "verdict"),
    [
        ("percent 12.5", "percent 12.5", TRUE),
        ("percent 13", "percent 12.5", TRUE),
        ("percent 12", "percent 12.5", TRUE),
        ("percent 12.5", "percent 13", TRUE),
        ("percent 14", "percent 12.5", FALSE),
        ("n three", "n 3", TRUE),
        ("p <0.05", "p 0.03", TRUE),
        ("p <0.05", "p 0.3", FALSE),
        ("p 0.0005", "p <0.001", UNKNOWN),
        ("n 1980-1990", "n 1980–1990", UNKNOWN),
        ("n NS", "n NS", TRUE),
    ],
)
def test_cited_numbers(ours, theirs, verdict):
    elsewhere = {"other": claims(f"x {theirs}", "other")}
    cited = {"id": "c", "kind": "cited", "claim": "mine", "study": "other", "number": "x"}
    row = one(f"mine {ours} | kind=external", "mine", cited, elsewhere=elsewhere)
    assert row.verdict == verdict and f"other prints {theirs.split()[1]} (other.x" in row.evidence
    assert (row.repair != "") == (verdict == FALSE)


def test_cited_studies_that_are_not_there():
    cited = {"id": "c", "kind": "cited", "claim": "mine", "study": "other", "number": "x"}
    row = one("mine n 3 | kind=external", "mine", cited)
    assert row.verdict == UNKNOWN and "not in the registry" in row.note
    with pytest.raises(ReplicalcError, match="relation c: the study other has no claim 'x'"):
        run("mine n 3", cited, elsewhere={"other": claims("y n 3", "other")})


def test_only_a_p_or_a_relation_is_significant():
    text = "m mean 3.1\ns holds yes"
    with pytest.raises(
        ReplicalcError, match=r"relation r1: 'm' is of stat mean; only a P or a relation is significant"
    ):
        run(text, {"kind": "statement", "claim": "s", "significant": ["m"]})


@pytest.mark.parametrize("word", ["significant", "not_significant"])
def test_an_interval_and_its_p_that_disagree_leave_the_sentence_open(word):
    text = "o.r or 2.2\no.lo or_lo 0.9\no.hi or_hi 5.4\no.p p 0.01\ns holds yes"
    ratio = {"id": "o", "kind": "ratio", "claims": ["o.*"], "measure": "odds"}
    row = one(text, "s", ratio, {"kind": "statement", "claim": "s", word: ["o"]})
    assert row.verdict == "underdetermined" and "its P, 0.01, disagree" in row.evidence
