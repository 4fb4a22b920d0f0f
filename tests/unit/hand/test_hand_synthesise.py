"""``replicalc synthesise``: a study's export is the workflow's own; what cannot be done is one sentence."""

import importlib.util
import json
import time

import pytest
from by_hand import run
from project import ROOT

from replicalc.cohort.synthesise import us_mri
from replicalc.hand import synthesise_table

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


TABLE = "group,variable,stat,value\nall,,n,60\nall,a=yes,percent,35.0\na=yes,x_cm,median,2.4\nall,x_cm,median,1.9\n"


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "margins.csv"
    path.write_text(TABLE)
    return path


def test_patients_of_a_table_are_written_with_what_was_assumed(table, tmp_path):
    out = tmp_path / "patients.csv"
    code, printed, err = run(f"synthesise --table {table} --out {out} --seed 3 --json")
    assert (code, err) == (0, "")
    answer = json.loads(printed)
    assert answer["verdict"] == "exact" and all(row["prints"] for row in answer["checks"])
    rows = [line.split(",") for line in out.read_text().splitlines()]
    assert rows[0] == ["patient_id", "a", "x_cm"] and len(rows) == 61 and rows[1][0] == "SYN-0001"
    assert sum(row[1] == "yes" for row in rows) == 21
    values = sorted(float(row[2]) for row in rows[1:] if row[1] == "yes")
    assert values[10] == 2.4
    assumed = (tmp_path / "patients.assumptions.csv").read_text()
    assert assumed.startswith("variable,assumed,why,source\n") and "maximum entropy" in assumed

    before = out.read_bytes()
    code, printed, err = run(f"synthesise --table {table} --out {out} --seed 4")
    assert (code, printed) == (2, "") and "is there already" in err and out.read_bytes() == before
    assert run(f"synthesise --table {table} --out {out} --seed 4 --force")[0] == 0 and out.read_bytes() != before
    assert run(f"synthesise --table {table} --out {out} --seed 3 --force")[0] == 0 and out.read_bytes() == before


def test_numbers_that_contradict_each_other_are_refused_with_exit_code_1(table, tmp_path):
    table.write_text(TABLE + "all,a=yes,count,28\n")
    code, printed, err = run(f"synthesise --table {table} --out {tmp_path / 'p.csv'} --anyway --json")
    answer = json.loads(printed)
    assert (code, err, answer["verdict"]) == (1, "", "impossible")
    assert [row["line"] for row in answer["checks"]] == [2, 3, 6]
    assert "without any one of them the others can hold" in answer["evidence"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["margins.csv"]


def test_what_is_not_reached_is_named_and_written_only_if_asked(tmp_path):
    path, out = tmp_path / "m.csv", tmp_path / "p.csv"
    lines = [
        "all,,n,10",
        "all,x,min,1",
        "all,x,max,2",
        "all,y,min,1",
        "all,y,max,2",
        "all,x,mean,1.1",
        "all,y,mean,1.9",
    ]
    lines += ["all,x~y,icc,0.50", "all,x,step,1", "all,y,step,1"]
    path.write_text("group,variable,stat,value\n" + "\n".join(lines) + "\n")
    code, printed, _ = run(f"synthesise --table {path} --out {out} --json")
    answer = json.loads(printed)
    assert (code, answer["verdict"]) == (1, "underdetermined") and not out.exists()
    missed = [row for row in answer["checks"] if not row["prints"]]
    assert [row["stat"] for row in missed] == ["icc"] and f"{missed[0]['computed']:.4g}"[:4] in answer["evidence"]
    code, printed, _ = run(f"synthesise --table {path} --out {out} --anyway")
    assert code == 1 and out.exists()
    assert "does not come out" in (tmp_path / "p.assumptions.csv").read_text()


def test_the_table_itself_is_never_written_over(table):
    before = table.read_bytes()
    code, out, err = run(f"synthesise --table {table} --out {table} --force")
    assert (code, out) == (2, "") and "is the table itself" in err and table.read_bytes() == before


def test_where_nothing_can_be_written_is_told_before_the_search(table, monkeypatch):
    monkeypatch.setattr("replicalc.cohort.synthesise.margin_patients.make_patients", None)  # a search would fail
    for out, says in ((f"{table}/p.csv", "is no folder that one may write to"), ("p" * 300 + ".csv", "too long")):
        code, printed, err = run(f"synthesise --table {table} --out {out}")
        assert (code, printed) == (2, "") and says in err and err.count("\n") == 1


def test_a_file_keeps_its_name_in_the_message(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert run("synthesise --table nowhere.csv")[2] == "nowhere.csv: no such file.\n"


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ("--out patients.txt", "a file that ends in .csv is needed"),
        ("--out ''", "a file that ends in .csv is needed"),
        ("--seed 99999999999", "--seed"),
    ],
)
def test_faults_of_a_table_are_one_sentence(table, more, says):
    code, out, err = run(f"synthesise --table {table} {more}")
    assert (code, out) == (2, "") and says in err and err.count("\n") == 1
    code, _, err = run("synthesise --table nowhere.csv")
    assert code == 2 and "no such file" in err


def test_a_long_search_says_that_it_goes_on_and_a_short_one_says_nothing(capsys):
    with synthesise_table._told_if_long(0.0):
        deadline = time.monotonic() + 30  # the line comes from another thread
        said = ""
        while not said and time.monotonic() < deadline:
            said = capsys.readouterr().err
    assert "still searching" in said
    with synthesise_table._told_if_long(60.0):
        pass
    assert capsys.readouterr().err == ""
