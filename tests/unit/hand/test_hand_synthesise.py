"""``replicalc synthesise``: a study's export is the workflow's own; what cannot be done is one sentence."""

import importlib.util
import json

import pytest
from by_hand import run
from project import ROOT

from replicalc.cohort.synthesise import us_mri

STUDY = "synthesise --study us_mri"


@pytest.fixture(autouse=True)
def at_the_root(monkeypatch):
    monkeypatch.chdir(ROOT)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A study made by the command, and what the command printed."""
    folder = tmp_path_factory.mktemp("study") / "witness"
    code, out, err = run(f"{STUDY} --seed 5 --out {folder} --json")
    assert (code, err) == (0, "")
    return folder, json.loads(out)


def test_a_study_is_made_as_the_workflow_makes_it(made, tmp_path):
    folder, answer = made
    claims, dictionary = ROOT / "config/studies/us_mri/claims.csv", ROOT / "data/dictionary.csv"
    us_mri.synthesise(claims, dictionary, tmp_path / "e.csv", tmp_path / "a.csv", tmp_path / "log", seed=5)
    assert (folder / "raw" / "export.csv").read_bytes() == (tmp_path / "e.csv").read_bytes()
    assert (folder / "assumptions.csv").read_bytes() == (tmp_path / "a.csv").read_bytes()
    assert {row["file"] for row in answer["solutions"]} == {
        str(folder / "raw" / "export.csv"),
        str(folder / "assumptions.csv"),
    }
    log = (folder / "synthesise.log").read_text()
    assert log.startswith("replicalc.cohort.synthesise.us_mri:synthesise") and "done in" in log


def test_what_does_not_come_out_is_named(made):
    folder, answer = made
    text = (folder / "assumptions.csv").read_text()
    assert len(answer["checks"]) == text.count("does not come out")
    assert all(row["does not come out"] in text for row in answer["checks"])


def test_a_folder_with_something_in_it_is_left_alone(made):
    folder, _ = made
    before = (folder / "raw" / "export.csv").read_bytes()
    code, out, err = run(f"{STUDY} --seed 6 --out {folder}")
    assert (code, out) == (2, "") and "is not empty" in err and "--force" in err
    assert (folder / "raw" / "export.csv").read_bytes() == before


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("synthesise", "--study --table is required"),
        ("synthesise --study us_mr", "Did you mean 'us_mri'? Studies: casting, doppler"),
        ("synthesise --study ../us_mri", "there is no study '../us_mri'"),
        (f"{STUDY} --table x.csv", "not allowed with argument"),
        (f"{STUDY} --seed x", "--seed: 'x' is no whole number"),
        (f"{STUDY} --seed -1", "--seed: -1 is not a whole number from 0"),
        (f"{STUDY} --n 0", "--n: 0 is not a whole number from 1"),
        (f"{STUDY} --n 10 --copies 2", "not allowed with argument"),
        (f"{STUDY} --anyway", "--anyway belongs to --table"),
        (f"{STUDY} --out ''", "--out needs the name of a folder"),
        (f"{STUDY} --out README.md", "README.md is a file"),
        ("synthesise --table x.csv --n 10", "a table says itself how many patients"),
    ],
)
def test_faults_are_one_sentence(line, says):
    code, out, err = run(line)
    assert (code, out) == (2, "") and err.count("\n") == 1
    assert says.lower() in err.lower(), err


@pytest.mark.skipif(
    importlib.util.find_spec("replicalc.cohort.synthesise.scale") is None,
    reason="replicalc.cohort.synthesise.scale is not part of this version yet",
)
def test_a_cohort_is_scaled(tmp_path):
    import pyarrow.parquet as pq

    code, out, err = run(f"{STUDY} --copies 3 --out {tmp_path / 'w'} --json")
    assert (code, err) == (0, ""), err
    export = (tmp_path / "w" / "raw" / "export.csv").read_text().count("\n") - 1
    assert pq.read_metadata(tmp_path / "w" / "scaled.parquet").num_rows == 3 * export
    assert any(row["file"].endswith("scaled.parquet") for row in json.loads(out)["solutions"])
