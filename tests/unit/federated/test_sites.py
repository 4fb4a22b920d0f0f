"""What a centre refuses to pool: each fault of a summary is named with its folder and what would be right."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from replicalc.errors import ReplicalcError
from replicalc.federated.sites import check_study, load_sites

TABLES = [("cohort", ["calcified"])]
PRINTS = {"readings": "r", "criteria": "c"}


def summary(folder: Path, name: str, count: int = 20, **changed) -> Path:
    """Write the summary of a site with one table of one variable."""
    (folder / "tiny").mkdir(parents=True)
    files = {"cohort_001.csv": f"calcified,_units\nyes,{count}\n", "flow.csv": f"criterion\n{name}\n"}
    for file, text in files.items():
        (folder / "tiny" / file).write_text(text)
    study = {
        "prints": PRINTS, "n": count, "n_everybody": count, "patients": count, "missing": {"calcified": 0},
        "variables": ["calcified"], "flow": "flow.csv",
        "tables": [{"of": "cohort", "variables": ["calcified"], "file": "cohort_001.csv", "cells": 1, "withheld": 0,
                    "why": ""}],
        "files": {file: hashlib.sha256(text.encode()).hexdigest() for file, text in files.items()},
    }  # fmt: skip
    told = {
        "format": 1, "version": "0", "cohort": name, "kind": "real", "unit_of_analysis": "patient", "clustering": "none",
        "caveat": "", "notes": {}, "control": {"threshold": 5}, "dictionary": "d", "studies": {"tiny": study},
    }  # fmt: skip
    (folder / "manifest.json").write_text(json.dumps(told | changed))
    return folder


def load(*folders: Path, dictionary: str = "d"):
    return load_sites("pooled.yaml", {"sites": [str(folder) for folder in folders]}, dictionary)


def test_good_summaries_are_taken(tmp_path):
    sites = load(summary(tmp_path / "a", "site_a"), summary(tmp_path / "b", "site_b"))
    check_study(sites, "tiny", PRINTS, TABLES)
    assert [site.name for site in sites] == ["site_a", "site_b"] and all(site.is_protected for site in sites)


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"dictionary": "other"}, "made with other variables"),
        ({"unit_of_analysis": "lesion"}, "different units of analysis: lesion, patient"),
        ({"kind": "synthetic"}, "different kinds: real, synthetic"),
        ({"control": {"threshold": 10}}, "different thresholds (5, 10)"),
        ({"cohort": "site_a"}, "two sites call their cohort 'site_a'"),
        ({"format": 2}, "format"),
        ({"patients_by_name": 1}, "unknown key 'patients_by_name'"),
    ],
)
def test_sites_that_do_not_fit_together_are_refused(tmp_path, changed, told):
    a, b = summary(tmp_path / "a", "site_a"), summary(tmp_path / "b", "site_b", **changed)
    with pytest.raises(ReplicalcError) as error:
        load(a, b)
    assert told in str(error.value)


def test_a_site_counts_once(tmp_path):
    a = summary(tmp_path / "a", "site_a")
    with pytest.raises(ReplicalcError, match=r"the same patients as .*; a site counts once"):
        load(a, a)
    copy = summary(tmp_path / "b", "site_b")
    for file in a.rglob("*"):
        if file.is_file():
            (copy / file.relative_to(a)).write_bytes(file.read_bytes())
    with pytest.raises(ReplicalcError, match="a site counts once"):
        load(a, copy)


def test_a_folder_without_a_manifest_is_named(tmp_path):
    with pytest.raises(ReplicalcError, match=r"nowhere: there is no manifest\.json"):
        load(summary(tmp_path / "a", "site_a"), tmp_path / "nowhere")


def test_a_manifest_that_is_no_json_is_named(tmp_path):
    a, b = summary(tmp_path / "a", "site_a"), summary(tmp_path / "b", "site_b")
    (b / "manifest.json").write_text("{")
    with pytest.raises(ReplicalcError, match=r"b/manifest\.json: cannot be read as JSON"):
        load(a, b)


@pytest.mark.parametrize(
    ("do", "prints", "tables", "told"),
    [
        (
            lambda f: f.write_text("calcified,_units\nyes,21\n"),
            PRINTS,
            TABLES,
            "is not the file that the manifest names",
        ),
        (lambda f: f.unlink(), PRINTS, TABLES, "it was not sent"),
        (lambda f: None, PRINTS | {"criteria": "new"}, TABLES, "has other criteria there than here"),
        (lambda f: None, PRINTS, [("cohort", ["calcified", "pcr"])], "need a table of calcified, pcr"),
    ],
)
def test_files_and_studies_that_differ_are_refused(tmp_path, do, prints, tables, told):
    sites = load(summary(tmp_path / "a", "site_a"), summary(tmp_path / "b", "site_b"))
    do(tmp_path / "b/tiny/cohort_001.csv")
    with pytest.raises(ReplicalcError) as error:
        check_study(sites, "tiny", prints, tables)
    assert told in str(error.value) and str(tmp_path / "b") in str(error.value)
