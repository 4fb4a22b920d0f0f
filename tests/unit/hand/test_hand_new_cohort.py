"""``replicalc new-cohort``: what it proposes rightly, what it asks, what it refuses, what it says the studies could do."""

from __future__ import annotations

import csv
import json
import subprocess

import pytest
from by_hand import run
from project import ROOT, STUDY, raw_file

from replicalc.cohort.profile import profile
from replicalc.cohort.profile_draft import draft
from replicalc.cohort.profile_words import Words
from replicalc.hand.new_cohort_studies import reaches, rules_made
from replicalc.records import load_claims, load_dictionary, load_yaml

STUDIES = sorted(path.parent.name for path in STUDY.parent.glob("*/claims.csv"))
VARIABLES = load_dictionary(ROOT / "data" / "dictionary.csv")
CBIS = [f"{kind}_case_description_{part}_set.csv" for kind in ("calc", "mass") for part in ("train", "test")]
ISPY1 = "I-SPY 1 All Patient Clinical and Outcome Data.xlsx"
# In ispy1, the times and the event of relapse are asked about ('RFS', 'rfs_ind'); 'survDtD2 (tx)' tells nobody what it is.
#: Public cohort: its files with the sheet, the variables proposed for certain, those that are asked about, those not found.
PUBLIC = {
    "ispy1": ([(ISPY1, "TCIA Patient Clinical Subset"), (ISPY1, "TCIA Outcomes Subset")], 9, 2, {"follow_up_days"}),
    # One column is three variables, of which one is asked about and one named in a comment; the ids tell the series.
    "cmmd": ([("CMMD_clinicaldata_revision.xlsx", None)], 5, 1, {"mass", "mg_lesion_type", "series"}),
    # The number of a lesion starts again in each breast: the column is asked about, since it does not tell rows apart.
    "cbis_ddsm": ([(name, None) for name in CBIS], 6, 2, {"mass", "worked_up"}),
}


@pytest.fixture(autouse=True)
def at_the_root(monkeypatch):
    monkeypatch.chdir(ROOT)


def held_against(config: dict, tables: list) -> tuple[set[str], set[str], set[str], set[str]]:
    """Variables of a finished mapping: proposed rightly for certain, asked about, not found; and wrong certainties."""
    found = draft("x", tables, [table.path.name for table in tables], VARIABLES, Words(ROOT / "data"))
    # Variables of a column or several; a rule is held against the rule.
    truth = {
        name: set(entry.get("columns", [entry["column"]] if "column" in entry else [])) or str(entry)
        for name, entry in config["variables"].items()
        if "constant" not in entry
    }
    # What two dates tell, and the mapping by hand does without, is no fault of the proposal.
    rules = {name: rule for name, rule in found.computed.items() if name in truth}
    certain = {each.variable: each.column.name for each in found.proposals if not each.question}
    asked = {each.variable for each in found.proposals if each.question}
    asked |= {name for name, rule in rules.items() if rule.open}
    right = {name for name in certain if truth.get(name) == {certain[name]}}
    certain |= {name: str(rule.entry) for name, rule in rules.items() if not rule.open}
    right |= {name for name in rules if name in certain and truth[name] == certain[name]}
    wrong = {f"{name}: {column}" for name, column in certain.items() if name not in right}
    for name in right:  # and every code, unit and form that is not a question
        theirs, mine = config["variables"][name], found.entries[name]
        known = {str(text): str(code) for text, code in theirs.get("codes", {}).items()}
        for text, code in mine.get("codes", {}).items():
            if not code.startswith("TODO") and text in known and known[text] != code:
                wrong.add(f"{name}: {text} is {known[text]}, not {code}")
        for key in ("unit", "format"):
            if key in mine and not mine[key].startswith("TODO") and mine[key] != theirs.get(key, mine[key]):
                wrong.add(f"{name}: {key} {mine[key]}")
    return right, asked & set(truth), set(truth) - set(certain) - asked, wrong


@pytest.fixture(scope="module")
def exports(tmp_path_factory):
    folder = tmp_path_factory.mktemp("exports")
    for study in STUDIES:
        code, _, error = run(["synthesise", "--study", study, "--out", str(folder / study)])
        assert code in (0, 1), error
    return folder


@pytest.mark.parametrize("study", STUDIES)
def test_synthetic_exports_are_proposed_rightly_and_nothing_wrongly(exports, study):
    config = load_yaml(ROOT / f"config/studies/{study}/synthetic.yaml")
    right, asked, missed, wrong = held_against(config, [profile(exports / study / "raw" / "export.csv")])
    assert wrong == set()
    # One column is two variables in us_mri, the second is named in a comment; 'Size (mm)' alone is asked about, and at
    # which date the age counts in women without neoadjuvant treatment.
    assert missed <= {"malignancy_type"} and asked <= {"tumour_diameter_mm"} | {"nact_bone": {"age_years"}}.get(
        study, set()
    )
    assert len(right) >= len(config["variables"]) - 3


@pytest.mark.parametrize("cohort", PUBLIC)
def test_public_cohorts_are_proposed_as_they_were_mapped_by_hand(cohort):
    files, n_right, n_asked, not_found = PUBLIC[cohort]
    tables = [profile(raw_file(cohort, name), sheet) for name, sheet in files]
    right, asked, missed, wrong = held_against(load_yaml(ROOT / f"config/cohorts/{cohort}.yaml"), tables)
    assert wrong == set()
    assert (len(right), len(asked), missed) == (n_right, n_asked, not_found)


@pytest.mark.parametrize(
    ("cohort", "study"),
    [("ispy1", "nat_residual"), ("cmmd", "nat_residual"), ("cmmd", "casting"), ("cbis_ddsm", "casting")],
)
def test_what_a_study_could_compute_is_what_a_run_computes(cohort, study, made):
    """Held against the finished comparison of the cohort, in which every claim has its verdict."""
    has = set(load_yaml(ROOT / f"config/cohorts/{cohort}.yaml")["variables"])
    result = {claim.claim_id: claim.result for claim in load_claims(STUDY.parent / study / "claims.csv")}
    golden = csv.DictReader((ROOT / f"tests/golden/{study}_{cohort}.csv").open(encoding="utf-8"))
    judged = {result[row["claim_id"]] for row in golden if row["verdict"] != "not_evaluable"}
    (reach,) = (r for r in reaches(ROOT, has, has, VARIABLES, made) if r.study == study)
    assert reach.answered == len(judged) and reach.certain == reach.answered < reach.results


def test_variables_named_as_missing_open_as_many_results_as_said(made):
    has = {"patient_id", "er_percent", "pr_percent", "her2_ihc"}
    for reach in reaches(ROOT, has, has, VARIABLES, made):
        for names, more in reach.opens:
            (then,) = (r for r in reaches(ROOT, has, has | set(names), VARIABLES, made) if r.study == reach.study)
            assert then.answered == reach.answered + more and more > 0


@pytest.fixture(scope="module")
def made():
    return rules_made(ROOT)


@pytest.fixture
def export(tmp_path):
    path = tmp_path / "My export 2024.csv"
    path.write_text(
        "Pat-ID;Alter;pCR;ER\n" + "".join(f"{i};{40 + i};{i % 2};pos\n" for i in range(9)), encoding="utf-8"
    )
    return path


def test_the_document_has_everything_and_no_patient(export, tmp_path):
    out = tmp_path / "my_export_2024.yaml"
    code, told, error = run(["new-cohort", str(export), "--out", str(out), "--json"])
    assert (code, error) == (0, "")
    document = json.loads(told)
    assert document["cohort"] == "my_export_2024" and document["records"] == 9
    assert {each["variable"]: each["certain"] for each in document["proposals"]} == {
        "patient_id": True, "age_years": True, "er_status": True, "pcr": True,
    }  # fmt: skip
    assert [each["key"] for each in document["open_points"]] == ["variables.pcr.codes.0", "variables.pcr.codes.1"]
    assert [each["study"] for each in document["studies"]] == STUDIES
    code, told, _ = run(["new-cohort", str(export), "--out", str(out), "--force"])
    assert (
        code == 0 and "with 2 open points" in told and f"Put the file into data/raw/ before the run: {export}" in told
    )


def test_headings_that_the_helper_does_not_know_can_be_said(export, tmp_path):
    """One argument with several of them, as ``make cohort IS=...`` gives it; a heading may hold '='."""
    export.write_text(export.read_text(encoding="utf-8").replace("pCR", "Z=1").replace("ER", "Y"), encoding="utf-8")
    words = ["new-cohort", str(export), "--out", str(tmp_path / "my_export_2024.yaml"), "--json"]
    _, told, _ = run(words)
    assert "pcr" not in told.partition('"studies"')[0]
    assert "IS='" in run([*words[:-1], "--force"])[1]
    code, told, error = run([*words, "--force", "--is", "Z=1=pcr; Y = er_status;"])
    assert (code, error) == (0, "")
    certain = {each["variable"]: each["column"] for each in json.loads(told)["proposals"] if each["certain"]}
    assert certain.items() >= {("pcr", "Z=1"), ("er_status", "Y")}


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("'{export}' --name x --is pCR", "--is: 'pCR' does not say which column is which variable"),
        ("'{export}' --name x --is 'pCR=' --force", "write HEADING=VARIABLE"),
        ("'{export}' --name x --is 'pCr=pcr'", "the export has no column 'pCr'. Did you mean 'pCR'?"),
        ("nowhere.csv", "owhere.csv: no such file, neither here nor in"),
        ("'{export}' --name Bad-Name", "--name: 'Bad-Name' is no name of a cohort"),
        ("'{export}' --name synthetic_2", "names that begin with 'synthetic' belong to the workflow"),
        ("'{export}' --name x --out '{folder}/y.yaml'", "should be called x.yaml"),
        ("'{export}' --name x --out '{folder}/x.txt'", "should end in .yaml"),
        ("'{export}' --name x --out '{folder}'", "is a folder"),
        ("'{folder}' --name x", "is a folder"),
        ("'{export}' --name x --sheet A", "--sheet is for workbooks"),
        ("'{export}' --name ispy1", "is there already"),
        ("''", "he name of the file is empty"),
    ],
)
def test_faults_are_told_in_a_sentence(export, tmp_path, words, sentence):
    code, told, error = run("new-cohort " + words.format(export=export, folder=tmp_path))
    assert code == 2 and told == "" and sentence in error and "Traceback" not in error


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "the file is empty"),
        (b"\n\n\n", "the file is empty"),
        (b"ID,ER\n", "no records below the header"),
        (b"PK\x03\x04not a csv", "this is not a text file"),
        (b"ID,ER\n1,pos,extra\n", "cells, but the header has"),
    ],
)
def test_unreadable_files_are_told_in_a_sentence(tmp_path, content, sentence):
    path = tmp_path / "bad.csv"
    path.write_bytes(content)
    code, _, error = run(["new-cohort", str(path), "--out", str(tmp_path / "bad.yaml")])
    assert code == 2 and sentence in error and not (tmp_path / "bad.yaml").exists()


def test_make_says_what_it_needs():
    done = subprocess.run(["make", "-n", "cohort"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0 and "new-cohort" in done.stdout


DICTIONARY = [
    ["Variable / Field Name", "Form Name", "Field Type", "Field Label", "Choices, Calculations, OR Slider Labels"],
    ["record_id", "base", "text", "Record ID", ""],
    ["v1", "base", "radio", "<b>Estrogen receptor</b>", "1, positive | 2, negative"],
    ["v2", "op", "text", "Date of surgery", ""],
]


def test_redcap_labels_are_used_and_events_are_asked_about(tmp_path):
    header = ["record_id", "redcap_event_name", "v1", "base_complete", "v2", "op_complete"]
    base = [[k, "base_arm_1", 1 + k % 2, 2, "", ""] for k in range(1, 30)]
    later = [[k, "op_arm_1", "", "", f"2015-04-{k:02d}", 2] for k in range(1, 30)]
    for name, rows in (("d.csv", DICTIONARY), ("e.csv", [header, *base, *later])):
        with (tmp_path / name).open("w", encoding="utf-8", newline="") as handle:
            csv.writer(handle).writerows(rows)
    out = tmp_path / "x.yaml"
    words = ["new-cohort", str(tmp_path / "e.csv"), "--name", "x", "--out", str(out)]
    code, told, error = run([*words, "--data-dictionary", str(tmp_path / "d.csv")])
    assert (code, error) == (0, "") and "1 open point." in told
    text = out.read_text(encoding="utf-8")
    assert (
        "data_dictionary: d.csv" in text
        and "redcap_event_name: \"TODO: which rows hold the patients: 'base_arm_1'" in text
    )
    assert '"1": positive' in text and '"2": negative' in text and "surgery_date" in text
    code, _, error = run([*words, "--force", "--data-dictionary", str(ROOT / "data" / "dictionary.csv")])
    assert code == 2 and "put the data dictionary into the folder of the export" in error
