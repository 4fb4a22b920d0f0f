"""What a person is told about the public cohorts agrees with what the workflow checks."""

import csv
import re

import pytest
from project import ROOT

from replicalc.records import load_checked, load_dictionary

PUBLIC = ("ispy1", "cmmd", "cbis_ddsm")
SOURCES = list(csv.DictReader((ROOT / "data/sources.csv").open(encoding="utf-8", newline="")))


@pytest.mark.parametrize("cohort", PUBLIC)
def test_every_file_has_its_place_licence_and_digest(cohort):
    about = load_checked(ROOT / f"config/cohorts/{cohort}.yaml", "cohort")
    wanted = {(each["file"], each["sha256"]) for each in about["sources"]}
    told = {(row["file"], row["sha256"]) for row in SOURCES if row["cohort"] == cohort}
    assert wanted == told and all(each["records"] > 0 for each in about["sources"]) and about["totals"]
    readme = (ROOT / "data/README.md").read_text(encoding="utf-8")
    for row in SOURCES:
        assert row["file"] in readme and row["doi"] in readme.lower() and row["licence"] in readme
        assert row["download"].startswith("https://")


@pytest.mark.parametrize("cohort", PUBLIC)
def test_every_column_that_is_not_used_says_why(cohort):
    text = (ROOT / f"config/cohorts/{cohort}.yaml").read_text(encoding="utf-8")
    block = re.search(r"^unused_columns:\n((?:  .*\n)+)", text, re.MULTILINE)[1]
    columns = [line for line in block.splitlines() if line.strip().startswith("- ")]
    assert columns and all(re.search(r" # \w", line) for line in columns), columns


@pytest.mark.parametrize("cohort", PUBLIC)
def test_a_column_that_has_the_name_of_a_canonical_variable_is_not_left_out(cohort):
    about = load_checked(ROOT / f"config/cohorts/{cohort}.yaml", "cohort")
    known = load_dictionary(ROOT / "data/dictionary.csv")
    plain = {re.sub(r"\W+", "_", str(name).lower()) for name in about["unused_columns"]}
    assert not plain & (set(known) - set(about["variables"]))
