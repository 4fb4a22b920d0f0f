"""The verification of a study as files: what goes in, what comes out, the same bytes each time."""

from __future__ import annotations

import csv
import json

import pytest
from project import ROOT

from replicalc.errors import ReplicalcError
from replicalc.records import load_claims
from replicalc.verify import study as files

FOLDER = ROOT / "config" / "studies"


def verify(folder, name: str, certificates=()):
    folder.mkdir(exist_ok=True)
    out = [folder / part for part in ("verification.csv", "evidence.json", "evidence.md")]
    others = [FOLDER / other / "claims.csv" for other in ("casting", "us_mri") if other != name]
    paper = FOLDER / name
    files.verification(paper / "claims.csv", paper / "study.yaml", others, certificates, *out, folder / "log")
    return out


def test_files_of_a_study(tmp_path):
    table, evidence, page = verify(tmp_path / "one", "casting")
    rows = list(csv.DictReader(table.open(encoding="utf-8")))
    assert tuple(rows[0]) == files.COLUMNS
    assert [row["claim_id"] for row in rows] == [c.claim_id for c in load_claims(FOLDER / "casting" / "claims.csv")]
    assert all(row["method"] or row["note"] for row in rows)
    data = json.loads(evidence.read_text(encoding="utf-8"))
    assert data["coverage"]["claims"] == len(rows) and page.read_text(encoding="utf-8").startswith(
        "# Evidence: casting"
    )
    again = verify(tmp_path / "two", "casting")
    assert [path.read_bytes() for path in again] == [path.read_bytes() for path in (table, evidence, page)]


def test_a_model_without_its_certificate_is_told(tmp_path):
    _, evidence, _ = verify(tmp_path / "one", "doppler")
    model = next(r for r in json.loads(evidence.read_text())["relations"] if r["kind"] == "model")
    assert "missing or was asked about other numbers" in model["lines"][0]


def test_a_certificate_of_other_numbers_is_not_believed(tmp_path):
    kept = tmp_path / "six_factors.json"
    kept.write_text(json.dumps({"asked": {"terms": []}, "verdict": "impossible"}), encoding="utf-8")
    _, evidence, _ = verify(tmp_path / "one", "doppler", [kept])
    assert "asked about other numbers" in evidence.read_text(encoding="utf-8")


def test_the_certificate_of_a_study_is_asked_what_its_verification_asks(tmp_path, monkeypatch):
    """One asks, the other reads: the question is the same, so that the answer is believed."""
    answer = {"verdict": "impossible", "method": "a search", "evidence": "told", "repair": "", "cells": []}
    monkeypatch.setattr("replicalc.verify.weighing.certify", lambda asked: {"asked": asked, **answer})
    paper, kept = FOLDER / "doppler", tmp_path / "six_factors.json"
    files.certificate(paper / "claims.csv", paper / "study.yaml", kept, tmp_path / "log", model="six_factors")
    table, *_ = verify(tmp_path / "one", "doppler", [kept])
    rows = {row["claim_id"]: row for row in csv.DictReader(table.open(encoding="utf-8"))}
    assert rows["doppler.multivariate_label"]["evidence"].startswith("told")
    with pytest.raises(ReplicalcError, match="no relation 'seven' of kind model"):
        files.certificate(paper / "claims.csv", paper / "study.yaml", kept, tmp_path / "log", model="seven")


def test_models_of_a_study():
    assert files.models({"relations": [{"id": "m", "kind": "model"}, {"id": "s", "kind": "sum"}]}) == ["m"]
    assert files.models({}) == []
