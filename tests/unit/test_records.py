"""Claims, dictionaries and YAML files with faults."""

from __future__ import annotations

import csv
import json
import re

import pytest
from project import ROOT, STUDY

from replicalc.errors import ReplicalcError
from replicalc.records import load_checked, load_claims, load_dictionary, load_yaml, read_csv


@pytest.fixture
def claims(tmp_path):
    """Copy the study's claims, change one cell (line counted as in a spreadsheet) and load them."""

    def go(line=None, column=None, value=None, drop=None):
        rows = list(csv.DictReader((STUDY / "claims.csv").open(encoding="utf-8", newline="")))
        if line:
            rows[line - 2][column] = value
        names = [name for name in rows[0] if name != drop]
        path = tmp_path / "claims.csv"
        with path.open("w", encoding="utf-8", newline="") as handle:
            writer = csv.DictWriter(handle, names, extrasaction="ignore")
            writer.writeheader()
            writer.writerows(rows)
        return load_claims(path)

    return go


def test_all_claims_of_the_study_are_there(claims):
    found = claims()
    assert len(found) == 435
    shared = ROOT.parent / "shared" / "claims" / "nat_residual.csv"
    if not shared.is_file():
        pytest.skip("the list of printed numbers is not beside the project")
    listed = {row["claim_id"]: (row["kind"], row["reported"]) for row in read_csv(shared)}
    assert {c.claim_id: (c.kind, c.reported) for c in found} == listed


@pytest.mark.parametrize("study", sorted(path.parent.name for path in STUDY.parent.glob("*/study.yaml")))
def test_every_published_record_is_sound_and_complete(study):
    """Also of studies that no rule computes yet: ids, kinds and texts of the list, places and criteria of the dictionary."""
    from replicalc.study_checks import _check_criteria, _check_places

    folder = STUDY.parent / study
    variables = load_dictionary(ROOT / "data" / "dictionary.csv")
    about, found = load_checked(folder / "study.yaml", "study"), load_claims(folder / "claims.csv")
    _check_criteria(about["criteria"], variables, folder)
    _check_places(found, variables, folder)
    results = {claim.result for claim in found}
    assert {name for test in about["tests"] for name in test.get("results", [])} <= results
    assert all(name.startswith(f"{study}_") for name in results)
    assert {c.variable for c in found if c.kind == "external"} <= set(about["cited"])
    shared = ROOT.parent / "shared" / "claims" / f"{study}.csv"
    if not shared.is_file():
        pytest.skip("the list of printed numbers is not beside the project")
    listed = {row["claim_id"]: (row["kind"], row["reported"]) for row in read_csv(shared)}
    # Sentences of a paper that the list passes over are ours to add; their ids say so, and none is a number.
    added = [c for c in found if c.claim_id.startswith(f"{study}.added.")]
    assert all(c.kind == "qualitative" for c in added)
    assert {c.claim_id: (c.kind, c.reported) for c in found if c not in added} == listed


def test_repeated_id(claims):
    with pytest.raises(ReplicalcError, match=r"line 3, nat_residual\.abs\.period\.n: the id stands twice"):
        claims(3, "claim_id", "nat_residual.abs.period.n")


def test_second_entry_must_agree(claims):
    with pytest.raises(ReplicalcError, match=r"the two entries differ \('127' and '128'\)"):
        claims(2, "second_entry", "128")


@pytest.mark.parametrize(
    ("column", "value", "told"),
    [
        ("kind", "number", r"line 2\.kind: 'number' is not allowed\. Allowed: count, percent"),
        ("reported", "", "line 2"),
        ("result", "Table 1", "does not have the form"),
        ("of", "nat_residual.nothing", "which is no claim of this file"),
    ],
)
def test_faults_in_a_row(claims, column, value, told):
    with pytest.raises(ReplicalcError, match=told):
        claims(2, column, value)


def test_missing_column(claims):
    with pytest.raises(ReplicalcError, match="missing: stat"):
        claims(drop="stat")


def test_dictionary_faults(tmp_path):
    text = (ROOT / "data" / "dictionary.csv").read_text()
    for old, new, told in (
        ("patient_id,id", "patient_id,ident", "type 'ident' is not known"),
        ("age_years,number,year,,15", "age_years,number,year,,young", "'young' is not a number"),
        ("laterality,", "patient_id,", "stands twice"),
    ):
        assert old in text
        (tmp_path / "d.csv").write_text(text.replace(old, new, 1))
        with pytest.raises(ReplicalcError, match=told):
            load_dictionary(tmp_path / "d.csv")


def test_yaml_keeps_words_and_dates_as_text(tmp_path):
    (tmp_path / "a.yaml").write_text("a: yes\nb: 2020-01-31\nc: true\nd: {1: no}\n")
    assert load_yaml(tmp_path / "a.yaml") == {"a": "yes", "b": "2020-01-31", "c": True, "d": {"1": "no"}}


@pytest.mark.parametrize(
    "code",
    [
        "1_9", "012", "007", "1:30", "0x1F", "0b11", "+1", "1.50", "1_0.5", "1e3", ".5", "5.", ".inf", "NULL", "null",
        "~", "yes", "No", "on", "Off", "y", "N", "TRUE", "False", "True", "2020-01-31", "=", "4A",
    ],
)  # fmt: skip
def test_a_code_is_read_as_it_is_written(tmp_path, code):
    """YAML 1.1 makes 19 of 1_9, 10 of 012, 90 of 1:30, false of No, nothing of NULL: these are codes of an export."""
    (tmp_path / "a.yaml").write_text(f"codes: {{{code}: {code}}}\nlist: [{code}]\nblock:\n  {code}: {code}\n")
    assert load_yaml(tmp_path / "a.yaml") == {"codes": {code: code}, "list": [code], "block": {code: code}}


@pytest.mark.parametrize("key", ["true", "false", "1", "-1", "4.10", "10.0"])
def test_a_key_is_text_as_it_is_written(tmp_path, key):
    (tmp_path / "a.yaml").write_text(f"codes: {{{key}: positive}}\n")
    assert load_yaml(tmp_path / "a.yaml") == {"codes": {key: "positive"}}


def test_plain_numbers_are_numbers_and_nothing_is_nothing(tmp_path):
    (tmp_path / "a.yaml").write_text("a: [0, 12, -3, 0.05, 10.0, 365.25, true, false]\nb:\n")
    found = load_yaml(tmp_path / "a.yaml")
    assert found == {"a": [0, 12, -3, 0.05, 10.0, 365.25, True, False], "b": None}
    assert [type(each) for each in found["a"]] == [int] * 3 + [float] * 3 + [bool] * 2


def test_keys_that_are_merged_may_be_overridden(tmp_path):
    (tmp_path / "a.yaml").write_text("a: &x {p: 1, q: 2}\nb:\n  <<: *x\n  q: 3\n")
    assert load_yaml(tmp_path / "a.yaml")["b"] == {"p": 1, "q": 3}


@pytest.mark.parametrize(("written", "told"), [("05", "write 5"), ("+5", "write 5"), ("5_0", "write 50")])
def test_a_number_in_another_form_is_told_how_to_write_it(tmp_path, written, told):
    text = (ROOT / "config/cohorts/ispy1.yaml").read_text(encoding="utf-8")
    text = re.sub("(?m)^disclosure: .*", f"disclosure: {{threshold: {written}}}", text)
    (tmp_path / "a.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(ReplicalcError) as refused:
        load_checked(tmp_path / "a.yaml", "cohort")
    assert f"disclosure.threshold: '{written}' should be a whole number; {told}" in str(refused.value)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("? [1, 2]\n: 3\n", "line 1: a key must be a word or a number"),
        ("a: {1_9: x, 19: y, 1_9: z}\n", "line 1: the key '1_9' is given twice"),
        ("a: 1\na: 2\n", "line 2: the key 'a' is given twice"),
        ("a: [1\n", "not valid YAML"),
        ("a: !!python/object/apply:os.system ['true']\n", "not valid YAML"),
    ],
)
def test_yaml_faults(tmp_path, text, told):
    (tmp_path / "a.yaml").write_text(text)
    with pytest.raises(ReplicalcError, match=told):
        load_yaml(tmp_path / "a.yaml")


def test_text_of_another_encoding_is_named_with_its_line(tmp_path):
    """Also far behind the block of bytes that was read last."""
    (tmp_path / "a.csv").write_bytes(b"a,b\n" + b"1,2\n" * 9_000 + "größe,3\n".encode("cp1252"))
    with pytest.raises(ReplicalcError, match=r"not UTF-8 text \(line 9002, byte 36006\); save it as 'CSV UTF-8'"):
        read_csv(tmp_path / "a.csv")


def test_a_folder_or_a_file_that_cannot_be_read_is_told(tmp_path):
    with pytest.raises(ReplicalcError, match="is a folder; a CSV file is needed"):
        read_csv(tmp_path)


def test_ragged_csv(tmp_path):
    (tmp_path / "a.csv").write_text("a,b\n1,2,3\n")
    with pytest.raises(ReplicalcError, match="line 2: expected 2 fields, found more"):
        read_csv(tmp_path / "a.csv")


@pytest.mark.parametrize(
    "file", ["config/config.yaml", *(str(p.relative_to(ROOT)) for p in ROOT.glob("config/cohorts/*.yaml"))]
)
def test_shipped_configuration_fits_its_schema(file):
    load_checked(ROOT / file, "config" if file == "config/config.yaml" else "cohort")


def test_every_file_in_config_has_a_schema():
    schemas = {path.name.removesuffix(".schema.json") for path in (ROOT / "workflow" / "schemas").glob("*.json")}
    paper, run = (
        {"study", "claims", "comparators", "checklist", "checklists"},
        {"config", "cohort", "pooled", "summary"},
    )
    assert schemas == paper | run
    for path in (ROOT / "workflow" / "schemas").glob("*.json"):
        assert json.loads(path.read_text())["$schema"].endswith("2020-12/schema")
