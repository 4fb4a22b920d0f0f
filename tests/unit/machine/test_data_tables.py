"""Tables for programs: three formats with the same rows, described column by column, the same bytes each time."""

from __future__ import annotations

import csv
import gzip
import io
import json
import shutil
from pathlib import Path

import pytest
from project import ROOT, STUDY

from replicalc.cohort.doors.inert import original
from replicalc.errors import ReplicalcError
from replicalc.report.machine.dictionary import load_descriptions
from replicalc.report.machine.tables import FORMATS, TABLES, data_tables, file_name
from replicalc.table import COLUMNS, ResultTable

DICTIONARY = str(ROOT / "workflow/report/dictionary.yaml")
CLAIM = "nat_residual.abs.period.n"


def write(path: Path, rows: list[dict]) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    return str(path)


@pytest.fixture
def run(tmp_path) -> dict[str, object]:
    """The files of a small run: one study, a synthetic and a real cohort, whose texts are not to be trusted."""
    study = tmp_path / "results/nat_residual"
    files: dict[str, object] = {"dictionary": DICTIONARY}
    files["records"] = [shutil.copy(STUDY / "claims.csv", tmp_path / "claims.csv")]
    made = []
    for cohort, kind in (("synthetic", "synthetic"), ("ispy1", "real")):
        table = ResultTable("nat_residual_t1_age", cohort, kind)
        table.add("mean", 1 / 3, variable="age_years", unit="year", n=127, n_missing=0)
        table.add("or_hi", float("inf"), variable="age_years", conf_level=0.95, warning="=cmd|' /C calc'!A0")
        table.add("p", variable="age_years", method='fine "quotes", commas\nand a <script>', warning="‮not known")
        table.write(study / cohort / "nat_residual_t1_age.csv")
        made.append(str(study / cohort / "nat_residual_t1_age.csv"))
    files["results"] = made
    claim = {"study": "nat_residual", "claim_id": CLAIM, "result": "nat_residual_f1_flow", "location": "Abstract"}
    claim |= {"kind": "count", "reported": "127", "label": "patients"}
    paper = {"recomputed": "127", "verdict": "exact", "method": "sum", "solutions": "1"}
    paper |= {"evidence": "=1+1", "repair": "", "note": ""}
    verdict = {"replicated": "127", "n": "127", "verdict": "same_print", "note": ""}
    row = claim | {f"paper_{name}": text for name, text in paper.items()}
    row |= {f"{cohort}_{name}": text for cohort in ("synthetic", "ispy1") for name, text in verdict.items()}
    files["claims"] = write(tmp_path / "results/claims.csv", [row])
    short = {name: claim[name] for name in ("claim_id", "result", "reported")}
    files["verifications"] = [write(study / "verification.csv", [short | paper])]
    files["comparisons"] = [
        write(study / cohort / "comparison.csv", [short | verdict | {"cohort": cohort, "kind": kind}])
        for cohort, kind in (("synthetic", "synthetic"), ("ispy1", "real"))
    ]
    names = [column.name for column in load_descriptions(DICTIONARY, [])["across"].columns if column.name != "study"]
    row = dict.fromkeys(names, "") | short | {"kind": "published", "source": "published", "value": "127"}
    files["across"] = [write(study / "across.csv", [row])]
    told = {"variable": "er_status", "assumed": "93 %", "why": "silent", "source": "here"}
    files["assumptions"] = [write(study / "synthetic/assumptions.csv", [told])]
    return files


def made(run: dict, folder: Path) -> Path:
    out = {f"{table}_{kind}": str(folder / file_name(table, kind)) for table in TABLES for kind in FORMATS}
    out |= {f"dictionary_{kind}": str(folder / f"dictionary.{kind}") for kind in ("csv", "json")}
    data_tables(run, out, str(folder / "log"), cohorts=["synthetic", "ispy1"])
    return folder


def text_of(path: Path) -> str:
    data = path.read_bytes()
    return (gzip.decompress(data) if path.suffix == ".gz" else data).decode()


def read_csv(path: Path) -> list[dict]:
    return list(csv.DictReader(io.StringIO(text_of(path), newline="")))


def test_every_column_is_described_and_every_description_has_its_column(run, tmp_path):
    import pyarrow.parquet as parquet

    folder = made(run, tmp_path / "data")
    told = json.loads((folder / "dictionary.json").read_text())["tables"]
    lines = read_csv(folder / "dictionary.csv")
    assert [table["name"] for table in told] == list(TABLES)
    for table in told:
        names = [column["name"] for column in table["columns"]]
        assert names == [line["column"] for line in lines if line["table"] == table["name"]]
        assert names == list(read_csv(folder / file_name(table["name"], "csv"))[0])
        assert names == parquet.read_schema(folder / f"{table['name']}.parquet").names
        assert names == json.loads(text_of(folder / file_name(table["name"], "json")))["columns"]
        assert all(column["meaning"] and "{" not in column["name"] + column["meaning"] for column in table["columns"])
    assert {"synthetic_verdict", "ispy1_verdict"} <= {line["column"] for line in lines}
    assert set(COLUMNS) | {"study"} == {line["column"] for line in lines if line["table"] == "results"}


def test_the_three_formats_hold_the_same_rows(run, tmp_path):
    import pyarrow.parquet as parquet

    folder = made(run, tmp_path / "data")
    types = {"text": str, "code": str, "integer": int, "number": float}
    for table in json.loads((folder / "dictionary.json").read_text())["tables"]:
        rows = parquet.read_table(folder / f"{table['name']}.parquet").to_pylist()
        given = json.loads(text_of(folder / file_name(table["name"], "json")))
        assert len(rows) == table["rows"] == len(given["data"]) > 0
        for row, values, texts in zip(
            rows, given["data"], read_csv(folder / file_name(table["name"], "csv")), strict=True
        ):
            for column, value in zip(table["columns"], values, strict=True):
                there = row[column["name"]]
                assert there is None or isinstance(there, types[column["type"]])
                assert value == (str(there) if there == float("inf") else there)
                text = original(texts[column["name"]])
                assert (types[column["type"]](text) if text else None) == there


def test_numbers_keep_all_their_digits_and_no_text_runs_in_a_spreadsheet(run, tmp_path):
    rows = read_csv(made(run, tmp_path / "data") / "results.csv.gz")
    assert float(rows[0]["value"]) == 1 / 3
    assert rows[1]["warning"].startswith("'=cmd") and rows[1]["value"] == "inf"
    assert rows[2]["method"] == 'fine "quotes", commas\nand a <script>' and rows[2]["value"] == ""


def test_the_same_run_gives_the_same_bytes(run, tmp_path):
    first, second = (made(run, tmp_path / name) for name in ("one", "two"))
    names = sorted(path.name for path in first.iterdir() if path.name != "log")
    assert len(names) == len(TABLES) * len(FORMATS) + 2
    assert all((first / name).read_bytes() == (second / name).read_bytes() for name in names)


def test_a_column_or_code_that_is_not_described_stops_it(run, tmp_path):
    path = Path(run["comparisons"][0])
    good = path.read_text()
    path.write_text(good.replace("verdict,note", "verdict,remark"))
    with pytest.raises(ReplicalcError, match=r"'remark' is not described(.|\n)*'note' is described, but absent"):
        made(run, tmp_path / "data")
    path.write_text(good.replace("same_print", "fine"))
    with pytest.raises(ReplicalcError, match="the code 'fine' is not described"):
        made(run, tmp_path / "data")
    path.write_text(good.replace("127,127,same_print", "127,many,same_print"))
    with pytest.raises(ReplicalcError, match="'many' is no integer"):
        made(run, tmp_path / "data")


def test_nothing_of_a_private_side_is_read(run, tmp_path):
    private = tmp_path / "results/nat_residual/clinic.private/nat_residual_t1_age.csv"
    private.parent.mkdir()
    shutil.copy(run["results"][0], private)
    with pytest.raises(ReplicalcError, match="private side"):
        made(run | {"results": [*run["results"], str(private)]}, tmp_path / "data")
    link = tmp_path / "results/nat_residual/ispy1/link.csv"
    link.symlink_to(private)
    with pytest.raises(ReplicalcError, match="private side"):
        made(run | {"results": [*run["results"], str(link)]}, tmp_path / "data")


def test_faults_of_the_dictionary_are_told_together(tmp_path):
    path = tmp_path / "dictionary.yaml"
    path.write_text(
        "t:\n  title: x\n  columns:\n    a: {type: word, meaning: b}\n    c: {type: code, meaning: d}\n    e: {type: text, meaning: ''}\n"
    )
    with pytest.raises(ReplicalcError, match=r"'word' is not known(.|\n)*a code needs codes(.|\n)*has no meaning"):
        load_descriptions(str(path), [])


def test_a_table_under_an_earlier_name_does_not_stay(run, tmp_path):
    folder = made(run, tmp_path / "data")
    for name in ("results.csv", "results_of_another.csv"):
        (folder / name).write_text("old")
    made(run, folder)
    assert not (folder / "results.csv").exists() and (folder / "results.csv.gz").exists()
    assert (folder / "results_of_another.csv").read_text() == "old"
