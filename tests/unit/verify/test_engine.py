"""From claims to rows: one row a claim, the heaviest opinion, one number at several places; the same each time."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from dataclasses import astuple
from pathlib import Path

import pytest
from toy import about, claims, judged, one, rows, run, verdicts

from replicalc.errors import ReplicalcError
from replicalc.verify.engine import verify
from replicalc.verify.opinion import ORDER, Opinion, heaviest
from replicalc.verify.rows import coverage

PAPER = """
n n 50
a.n count 12
a.pct percent 24.0
b.n count 30
c.n count 9
h holds yes
x.n n 400 | kind=external
"""
SHARES = {"kind": "shares", "claims": ["a.*", "b.n", "c.n"], "of": "n", "exhaustive": True}


def test_every_claim_has_one_row_in_its_order():
    found = run(PAPER, SHARES)
    assert [row.claim_id for row in found.rows] == [claim.claim_id for claim in claims(PAPER)]
    assert found.row("toy.h").note.startswith("a sentence without a number")
    assert found.row("toy.x.n").note.startswith("external: another publication's number")
    assert coverage(found.rows) == {
        "claims": 7, "checkable": 5, "impossible": 1, "rounding": 0, "unstated_method": 0,
        "exact": 3, "underdetermined": 1, "not_checkable": 2,
    }  # fmt: skip


def test_a_paper_without_claims_or_relations():
    assert run("").rows == () and verify({"study": "toy"}, []).rows == ()
    assert one("a mean 3", "a").note.startswith("no relation ties it to another number")


def test_the_heaviest_opinion_stands_and_the_others_are_named():
    opinions = [Opinion("c", verdict, relation=f"r{i}") for i, verdict in enumerate(reversed(ORDER))]
    assert heaviest(opinions).verdict == "impossible"
    assert heaviest(opinions).note == "also in r4, r3, r2, r1, r0"
    with pytest.raises(ValueError, match="no opinion"):
        heaviest([])


TABLE = "\n".join(f"k{g}{y}.n count {k} | group=g={g} | variable=y={y}" for g, y, k in (
    ("a", 1, 30), ("a", 0, 20), ("b", 1, 20), ("b", 0, 30)))  # fmt: skip
BLOCK = {"kind": "table", "claims": ["k*"], "rows": {"variable": "g", "codes": ["a", "b"]},
         "columns": {"variable": "y", "codes": [1, 0]}, "tests": ["pearson"]}  # fmt: skip


def test_a_number_repeated_elsewhere_has_the_verdict_of_the_place_where_it_is_checked():
    found = rows(
        run(f"{TABLE}\np p 0.046\nq p 0.046", {**BLOCK, "p": ["p"]}, {"kind": "repeats", "claims": ["p", "q"]})
    )
    assert found["p"].verdict == found["q"].verdict == "exact" and "the same number as p, q" in found["q"].note


def test_a_repeat_that_nothing_tells_is_left_open():
    found = rows(run("p p 0.046\nq p 0.046", {"kind": "repeats", "claims": ["p", "q"]}))
    assert {row.verdict for row in found.values()} == {"underdetermined"} and found["p"].evidence == "0.046 at 2 places"


@pytest.mark.parametrize("texts", [("0.03", "0.031"), ("0.03", "0.028", "0.0284"), ("12.5", "13"), ("58", "58.0")])
def test_prints_of_different_precision_are_one_number(texts):
    text = "\n".join(f"p{i} median {t}" for i, t in enumerate(texts))
    assert "impossible" not in verdicts(run(text, {"kind": "repeats", "claims": ["p*"]})).values()


def test_different_prints_of_one_number_cannot_both_be_right():
    repeats = {"kind": "repeats", "claims": ["p*"]}
    found = rows(run("p1 median 12\np2 median 14", repeats))
    assert {row.verdict for row in found.values()} == {"impossible"} and found["p1"].note.startswith("this or another")
    often = rows(run("p1 median 12\np2 median 14\np3 median 14", repeats))
    assert often["p1"].repair == "14" and often["p2"].verdict == "not_checkable"


def test_what_comes_out_stands_though_another_print_is_more_frequent():
    text = f"{TABLE}\np1 p 0.046\np2 p 0.07\np3 p 0.07"
    found = rows(run(text, {**BLOCK, "p": ["p1"]}, {"kind": "repeats", "claims": ["p1", "p2", "p3"]}))
    assert found["p1"].verdict == "exact"
    assert (found["p2"].verdict, found["p2"].repair) == ("impossible", "0.046")


@pytest.mark.parametrize(
    ("relation", "sentence"),
    [
        ({"id": "", "kind": "sum"}, "relation 1 has no id"),
        ({"id": "x", "kind": "share"}, "relation x: there is no kind 'share'. Did you mean 'shares'?"),
        ({"id": "x"}, "there is no kind 'None'"),
        ({"id": "x", "kind": "repeats", "claims": ["nowhere"]}, "no claim is called 'nowhere'"),
        ({"id": "x", "kind": "repeats"}, "a relation of kind repeats needs 'claims'"),
    ],
)
def test_faults_are_told_in_a_sentence(relation, sentence):
    with pytest.raises(ReplicalcError) as told:
        verify(about() | {"relations": [relation]}, claims(PAPER))
    assert sentence in str(told.value) and "\n" not in str(told.value)


def test_an_id_that_stands_twice():
    with pytest.raises(ReplicalcError, match="relation x: the id stands twice"):
        run(PAPER, {"id": "x", **SHARES}, {"id": "x", **SHARES})


def test_arithmetic_is_told_block_by_block():
    found = run(PAPER, {"id": "s", **SHARES})
    block = found.arithmetic[0]
    assert block["claims"] == ["a.n", "a.pct", "b.n", "c.n", "n"]
    assert "n = a.n + b.n + c.n" in block["sums"] and block["roundings"] == []
    assert ["8 instead of 9 (count of c.n)"] in block["repairs"]
    assert judged(found, "s").tables[0].rows[0] == ("a.n", "12", "12", "")


ORDERLY = """
import json, sys
sys.path.insert(0, {folder!r})
from dataclasses import astuple
from toy import run
found = run({text!r}, *{relations!r})
print(json.dumps([[astuple(row) for row in found.rows], found.arithmetic], default=str))
"""


def test_the_order_of_sets_changes_nothing():
    """Texts are hashed differently in each process: what is found must not depend on it."""
    text = PAPER + TABLE + "\np1 p 0.046\np2 p 0.07\nt.sens sensitivity 80\nt.spec specificity 61\nt.ppv ppv 52"
    relations = [SHARES | {"id": "s"}, {**BLOCK, "id": "b", "p": ["p1"]}, {"id": "r", "kind": "repeats", "claims": ["p*"]},
                 {"id": "acc", "kind": "accuracy", "claims": ["t.*"], "n": "n"}]  # fmt: skip
    code = ORDERLY.format(folder=str(Path(__file__).parent), text=text, relations=relations)
    found = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(found) == 1 and json.loads(found.pop())[0]


def test_the_order_of_relations_and_claims_changes_no_verdict():
    text = PAPER + TABLE + "\np1 p 0.046"
    relations = [SHARES | {"id": "s"}, {**BLOCK, "id": "b", "p": ["p1"]}]
    backwards = "\n".join(reversed(text.splitlines()))
    assert verdicts(run(text, *relations)) == verdicts(run(backwards, *reversed(relations)))


def test_a_second_verification_is_the_same():
    assert [astuple(row) for row in run(PAPER, SHARES).rows] == [astuple(row) for row in run(PAPER, SHARES).rows]


def test_many_claims_take_no_longer_than_their_number():
    """Blocks of n (%) tied to one total: eight times as many take less than some thirty times as long."""

    def seconds(blocks: int) -> float:
        text = ["n n 80"]
        for i in range(blocks):
            text += [f"b{i}.a{j}.n count {10 * j + 10}\nb{i}.a{j}.pct percent {12.5 * (j + 1):.1f}" for j in range(2)]
            text += [f"b{i}.rest.pct percent 62.5"]
        relations = [{"id": f"b{i}", "kind": "shares", "claims": [f"b{i}.*"], "of": "n", "exhaustive": True}
                     for i in range(blocks)]  # fmt: skip
        start = time.perf_counter()
        assert set(verdicts(run("\n".join(text), *relations)).values()) == {"exact"}
        return time.perf_counter() - start

    assert seconds(80) < 30 * seconds(10) + 1
