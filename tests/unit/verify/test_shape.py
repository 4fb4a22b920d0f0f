"""Relations that no schema has seen: what cannot be read gets a sentence with the relation's id."""

from __future__ import annotations

import pytest
from toy import run, verdicts

from replicalc.errors import ReplicalcError

TEXT = """
n n 60
a.n count 20
a.pct percent 33.3
b.n count 40
m.m mean 3.20
m.sd sd 1.48
i.lo or_lo 20
i.hi or_hi 50
"""
SHARES = {"kind": "shares", "claims": ["a.*"], "of": "n"}
SUM = {"kind": "sum", "total": "n", "parts": ["a.n", "b.n"]}
MEAN = {"kind": "mean", "claims": ["m.*"], "n": 5, "whole_numbers": True}
INTERVAL = {"kind": "interval", "estimate": "a.pct", "limits": ["i.lo", "i.hi"]}
QUANTILES = {"kind": "quantiles", "total": {"claims": ["m.m"], "n": 5}, "groups": [{"claims": ["m.m"], "n": 5}]}
SENTENCE = {"kind": "statement", "claim": "a.pct"}
TABLE = {"kind": "table", "claims": ["a.*"], "rows": {"variable": "x", "codes": ["y"]},
         "columns": {"variable": "z", "codes": ["y"]}}  # fmt: skip


@pytest.mark.parametrize("relation", [SHARES, SUM, MEAN, INTERVAL])
def test_what_the_faults_are_made_of_is_read(relation):
    assert set(verdicts(run(TEXT, {"id": "r", **relation}))) == {line.split()[0] for line in TEXT.split("\n") if line}


@pytest.mark.parametrize(
    ("relation", "more", "sentence"),
    [
        (INTERVAL, {"limits": ["i.lo"]}, "'limits' is a list of 2"),
        (INTERVAL, {"limits": "i.lo"}, "'limits' is a list of 2"),
        (MEAN, {"scale": [60]}, "'scale' is a list of 2"),
        (MEAN, {"scale": ["low", "high"]}, "'scale' is two numbers"),
        (MEAN, {"items": 0}, "'items' is a whole number from 1"),
        (MEAN, {"items": "three"}, "'items' is a whole number"),
        (MEAN, {"n": [5]}, "a count is a claim, a cell, a whole number from 0 upward.*'n' is"),
        (MEAN, {"n": 5.5}, "a count is a claim, a cell, a whole number from 0 upward.*'n' is"),
        (SHARES, {"of": -5}, "a count is a claim.*'of' is -5"),
        (SHARES, {"of": {"sum": "a.n"}}, "'sum' in 'of' is a list"),
        (SHARES, {"of": {"sum": ["a.n", -2]}}, "a count is a claim.*'sum in of' is -2"),
        (SHARES, {"of": {"sum": ["a.n", "a.n"]}}, "'sum in of' names one count twice .'a.n'"),
        (SHARES, {"of": {"total": "n"}}, "a count is a claim.*'of' is"),
        (SHARES, {"claims": 7}, "'claims' is a name or a list"),
        (SUM, {"parts": ["a.n", "a.n"]}, "'parts' names one count twice .'a.n'"),
        (SUM, {"parts": ["a.n", "n"]}, "'parts' names one count twice .'n'"),
        (SUM, {"parts": []}, "'parts' is a list"),
        (SUM, {"parts": ["a.n", -3]}, "a count is a claim.*'parts' is -3"),
        (QUANTILES, {"total": "n"}, "'total' is several keys"),
        (QUANTILES, {"total": {"n": 5}}, "'total' needs 'claims'"),
        (QUANTILES, {"groups": [{"claims": ["m.m"], "n": -5}]}, "a count is a claim.*'n of group 1' is -5"),
        (SHARES, {"at_most": -5}, "a count is a claim.*'at_most' is -5"),
        (INTERVAL, {"count": -5}, "a count is a claim.*'count' is -5"),
        (SENTENCE, {"share": {"count": "a.n"}}, "'share' needs 'of'"),
        (SENTENCE, {"equal": ["a.n"]}, "'equal' is a list of pairs"),
        (QUANTILES, {"groups": ["a"]}, "group 1 needs 'claims'"),
        (QUANTILES, {"groups": [{"n": 5}]}, "group 1 needs 'claims'"),
        (TABLE, {"rows": ["x"]}, "'rows' is several keys"),
    ],
)
def test_what_cannot_be_read_is_told_with_the_relation(relation, more, sentence):
    with pytest.raises(ReplicalcError, match=f"relation odd_one: .*{sentence}"):
        run(TEXT, {"id": "odd_one", **relation, **more})


def test_a_relation_that_is_no_mapping():
    from toy import about, claims

    from replicalc.verify.engine import verify

    with pytest.raises(ReplicalcError, match="toy: relation 1 is 'shares'"):
        verify({**about(), "relations": ["shares"]}, claims(TEXT))


def test_one_count_under_two_names_is_told_with_the_relation():
    """Both percentages are of one number of patients, as another relation says: a sum of the two counts it twice."""
    text = "n n 60\na.n n 30\nb.n n 30\n"
    same = {"id": "one", "kind": "repeats", "claims": ["a.n", "b.n"]}
    added = {"id": "odd_one", "kind": "sum", "total": "n", "parts": ["a.n", "b.n"]}
    with pytest.raises(ReplicalcError, match=r"relation odd_one: .*names one count twice"):
        run(text, same, added)
