"""The five papers through the engine: each claim one row with a verdict and a reason, none from the study's own file."""

from __future__ import annotations

import time
from dataclasses import astuple

import pytest
from project import ROOT

from replicalc.records import load_checked, load_claims
from replicalc.verify.engine import verify
from replicalc.verify.opinion import ORDER

FOLDER = ROOT / "config" / "studies"
CLAIMS = {path.parent.name: load_claims(path) for path in sorted(FOLDER.glob("*/claims.csv"))}


def answer(*_) -> dict:
    """A certificate that says nothing: the proof itself takes half a minute and is tested elsewhere."""
    return {"verdict": "feasible", "method": "not asked", "evidence": "not asked", "repair": "", "cells": []}


@pytest.fixture(scope="module")
def found() -> dict:
    start = time.perf_counter()
    verified = {
        name: verify(load_checked(FOLDER / name / "study.yaml", "study"), claims,
                     {other: theirs for other, theirs in CLAIMS.items() if other != name}, answer)
        for name, claims in CLAIMS.items()
    }  # fmt: skip
    print(f"five studies verified in {time.perf_counter() - start:.1f} s")
    return verified


@pytest.mark.parametrize("name", CLAIMS)
def test_each_claim_has_one_row_with_a_verdict_and_a_reason(found, name):
    rows = found[name].rows
    assert [row.claim_id for row in rows] == [claim.claim_id for claim in CLAIMS[name]]
    assert {row.verdict for row in rows} <= set(ORDER)
    assert [row.claim_id for row in rows if not (row.evidence or row.note)] == []
    assert [row.claim_id for row in rows if not (row.method or row.note)] == []


@pytest.mark.parametrize("name", CLAIMS)
def test_what_is_impossible_or_rounding_says_why_and_external_numbers_say_so(found, name):
    claims = {claim.claim_id: claim for claim in CLAIMS[name]}
    for row in found[name].rows:
        if row.verdict in ("impossible", "rounding"):
            assert row.evidence and row.method, row
        if row.verdict == "not_checkable" and claims[row.claim_id].kind == "external":
            assert "external" in row.note or "registry" in row.note or "known" in row.note, row


@pytest.mark.parametrize("name", CLAIMS)
def test_no_relation_holds_a_verdict(name):
    words = [*ORDER, "not checkable", "unstated method"]
    relations = str(load_checked(FOLDER / name / "study.yaml", "study")["relations"]).lower()
    assert [word for word in words if word in relations] == []


def test_a_second_verification_is_the_same(found):
    claims = CLAIMS["casting"]
    others = {name: theirs for name, theirs in CLAIMS.items() if name != "casting"}
    again = verify(load_checked(FOLDER / "casting" / "study.yaml", "study"), claims, others, answer)
    assert [astuple(row) for row in again.rows] == [astuple(row) for row in found["casting"].rows]
