"""One zip to upload: what is in it, that it checks, and that no patient of a real cohort is, by whatever way."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import zipfile
from pathlib import Path

import pytest
import yaml
from crates import faults
from project import ROOT

from replicalc.errors import ReplicalcError
from replicalc.report.machine import archive as module
from replicalc.report.machine.archive import archive
from replicalc.report.machine.shareable import SMALL, may_leave
from replicalc.table import ResultTable

#: Stands for whatever of a patient must not leave.
CANARY = "canary7391"
PAIRS = [("nat_residual", "synthetic"), ("nat_residual", "ispy1"), ("nat_residual", "clinic")]
RESULT = "nat_residual_t1_age"
#: What the profiles recommend and a crate does not have: docs/archive.md says why.
KNOWN_FAULTS = (
    "SHOULD have an endTime",
    "SHOULD have an agent",
    "`publisher` property",
    "The Application SHOULD have a url",
    "The SoftwareApplication id SHOULD be an absolute URI",
    "The organization SHOULD have a URL",
)


def result(path: Path, cohort: str, kind: str, note: str = "") -> None:
    table = ResultTable(RESULT, cohort, kind)
    table.add("mean", 49.9, variable="age_years", n=127, warning=note)
    table.write(path)


def patients(path: Path) -> None:
    """Write a Parquet file in whose bytes the canary cannot be found, for they are compressed."""
    import pandas as pd

    path.parent.mkdir(parents=True, exist_ok=True)
    pd.DataFrame({"patient_id": [f"{CANARY}-{i:05d}" for i in range(500)]}).to_parquet(
        path, compression="gzip", write_statistics=False
    )


def write(path: Path, text: str) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return str(path)


@pytest.fixture(scope="module")
def project(tmp_path_factory) -> Path:
    """A project after a run on synthetic patients, a public cohort and a protected one, 'clinic', with canaries."""
    folder = tmp_path_factory.mktemp("archive") / "project"
    folder.mkdir()
    for name in ("Snakefile", "Makefile", "CITATION.cff", "LICENSE", "README.md", "pyproject.toml", "uv.lock"):
        shutil.copy(ROOT / name, folder)
    for name in ("config", "workflow", "data", "profiles"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    results, logs = folder / "results/nat_residual", folder / "logs/nat_residual"
    for _, cohort in PAIRS:
        kind = "synthetic" if cohort == "synthetic" else "real"
        result(results / cohort / f"{RESULT}.csv", cohort, kind)
        write(results / cohort / "comparison.csv", "claim_id,verdict\n")
        write(results / cohort / "nat_residual_fig_flow.svg", "<svg/>")
        write(logs / cohort / f"{RESULT}.log", "results\ndone in 0.10 s\n")
    write(results / "synthetic/raw/export.csv", "Patient ID\n1\n")
    write(results / "synthetic/assumptions.csv", "variable\n")
    write(results / "verification.csv", "claim_id\n")
    write(folder / "results/claims.csv", "study\n")
    write(folder / "results/report/data/results.csv", "study\n")
    write(folder / "results/report/index.html", "<html></html>")
    # What must stay: on the private side, of the public cohort's patients, and where somebody put it by mistake.
    for place in (
        "results/nat_residual/clinic.private",
        "results/disclosure/clinic.private",
        "results/report/clinic.private",
    ):
        result(folder / place / f"{RESULT}.csv", "clinic", "real", CANARY)
        patients(folder / place / "cohort.parquet")
    for place in ("clinic/steps", "ispy1/steps", "ispy1/raw"):
        write(results / place / "mapped.csv", CANARY)
    for cohort in ("clinic", "ispy1"):
        patients(results / cohort / "cohort.parquet")
    write(logs / "clinic.private" / f"{RESULT}.log", f"{CANARY}\ndone in 0.10 s\n")
    write(logs / "ispy1/steps/map_export.log", f"{CANARY}\ndone in 0.10 s\n")
    write(logs / "clinic/nat_residual_fig_flow.log", f"Traceback: {CANARY}\n")
    write(folder / "config/cohorts/clinic.yaml", f"cohort: clinic\ntitle: {CANARY}\n")
    write(folder / "config/cohorts/other.yaml", f"cohort: other\ntitle: {CANARY}\n")
    write(folder / "data/raw/clinic.csv", CANARY)
    write(folder / "workflow/patients.xlsx", CANARY)
    (folder / "results/report/shown.csv").symlink_to(results / "clinic.private" / f"{RESULT}.csv")
    (folder / "results/report/folder").symlink_to(results / "clinic.private")
    return folder


def made(project: Path, monkeypatch, **changed) -> Path:
    monkeypatch.chdir(project)
    monkeypatch.setattr(module, "software", lambda: {"python": "3.11.0", "snakemake": "9.27.1"})
    of_cohorts = [
        f"results/{study}/{cohort}/{name}"
        for study, cohort in PAIRS
        for name in (f"{RESULT}.csv", "comparison.csv", "nat_residual_fig_flow.svg")
    ]
    files = {
        "results": [*of_cohorts, "results/nat_residual/synthetic/assumptions.csv"],
        "study_results": ["results/nat_residual/verification.csv"],
        "overview": ["results/claims.csv"],
        "report": ["results/report/data/results.csv"],
        "synthetic": ["results/nat_residual/synthetic/raw/export.csv"],
    }
    given = {"pairs": PAIRS, "protected": ["clinic"], "settings": {"seed": 1}, "docs": {RESULT: "Table 1: age."}}
    given |= {"date": "2026-01-31"} | changed
    archive(files | given.pop("files", {}), "results/archive.zip", "logs/archive.log", **given)
    return project / "results/archive.zip"


def everything(data: bytes) -> bytes:
    """All that can be read from bytes: they themselves, members of zips, cells of Parquet files."""
    found = [data]
    if zipfile.is_zipfile(io.BytesIO(data)):
        with zipfile.ZipFile(io.BytesIO(data)) as nested:
            found += [info.filename.encode() + everything(nested.read(info)) for info in nested.infolist()]
    if data[:4] == b"PAR1":
        import pyarrow.parquet as parquet

        table = parquet.read_table(io.BytesIO(data))
        found += [str(table.schema).encode(), str(table.to_pylist()).encode()]
    return b"\n".join(found)


def test_no_patient_leaves(project, monkeypatch):
    """The search is one that finds: on the private side it does, also where the bytes are compressed."""
    hidden = (project / "results/nat_residual/clinic.private/cohort.parquet").read_bytes()
    assert CANARY.encode() not in hidden and CANARY.encode() in everything(hidden)
    found = everything(made(project, monkeypatch).read_bytes())
    assert CANARY.encode() not in found
    assert b"results/nat_residual/clinic/nat_residual_t1_age.csv" in found


def test_it_says_what_was_left_out(project, monkeypatch):
    with zipfile.ZipFile(made(project, monkeypatch)) as zipped:
        names, told = zipped.namelist(), zipped.read("ARCHIVE.md").decode()
    for what in (
        "cohort clinic: patients, unsuppressed tables",
        "cohort ispy1: steps/",
        "results/report/clinic.private: private side",
        "results/report/shown.csv: a link",
        "logs/nat_residual/clinic/nat_residual_fig_flow.log: the log of a job that did not end well",
    ):
        assert what in told
    wanted = {"config/cohorts/ispy1.yaml", "config/studies/nat_residual/claims.csv", "workflow/rules/nat_residual.smk"}
    wanted |= {
        "results/report/index.html",
        "logs/nat_residual/ispy1/nat_residual_t1_age.log",
        "Snakefile",
        "codecheck.yml",
    }
    wanted |= {"results/nat_residual/synthetic/raw/export.csv", "results/nat_residual/clinic/comparison.csv"}
    assert wanted <= set(names)
    assert not [name for name in names if "private" in name or "/steps/" in name or name.endswith("cohort.parquet")]


def test_asking_for_patients_stops_it(project, monkeypatch):
    private = f"results/nat_residual/clinic.private/{RESULT}.csv"
    with pytest.raises(ReplicalcError, match="private side"):
        made(project, monkeypatch, files={"overview": [private]})
    with pytest.raises(ReplicalcError, match="not synthetic"):
        made(project, monkeypatch, files={"synthetic": ["results/nat_residual/ispy1/raw/mapped.csv"]})
    with pytest.raises(ReplicalcError, match="not synthetic"):
        made(project, monkeypatch, protected=["clinic", "synthetic"])


def test_large_synthetic_patients_are_left_out(project, monkeypatch):
    export = project / "results/nat_residual/synthetic/raw/export.csv"
    before = export.read_text()
    export.write_text("x" * (SMALL + 1))
    try:
        with zipfile.ZipFile(made(project, monkeypatch)) as zipped:
            assert "raw/export.csv: synthetic patients, but more than" in zipped.read("ARCHIVE.md").decode()
            assert "results/nat_residual/synthetic/raw/export.csv" not in zipped.namelist()
    finally:
        export.write_text(before)


def test_the_same_project_gives_the_same_bytes(project, monkeypatch):
    first = made(project, monkeypatch).read_bytes()
    (project / "results/claims.csv").touch()
    assert made(project, monkeypatch).read_bytes() == first
    with zipfile.ZipFile(io.BytesIO(first)) as zipped:
        infos = zipped.infolist()
    assert [info.filename for info in infos] == sorted(info.filename for info in infos)
    assert {(info.date_time, info.external_attr >> 16, info.create_system) for info in infos} == {
        ((1980, 1, 1, 0, 0, 0), 0o100644, 3)
    }


def test_unpacked_elsewhere_its_hashes_check(project, monkeypatch, tmp_path):
    with zipfile.ZipFile(made(project, monkeypatch)) as zipped:
        zipped.extractall(tmp_path)
    listed = dict(line.split("  ", 1)[::-1] for line in (tmp_path / "SHA256SUMS").read_text().splitlines())
    there = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()}
    assert set(listed) == there - {"SHA256SUMS"}
    assert all(hashlib.sha256((tmp_path / name).read_bytes()).hexdigest() == given for name, given in listed.items())
    graph = json.loads((tmp_path / "ro-crate-metadata.json").read_text())["@graph"]
    files = {each["@id"]: each for each in graph if "File" in each["@type"]}
    assert set(files) == there - {"SHA256SUMS", "ro-crate-metadata.json"}
    assert all(each["sha256"] == listed[name] for name, each in files.items())
    # CODECHECK 1.0: three dashes, a manifest of relative paths that exist, authors with names.
    text = (tmp_path / "codecheck.yml").read_text()
    assert text.startswith("%YAML 1.1\n---\n")
    check = yaml.safe_load(text)
    assert check["version"] == "https://codecheck.org.uk/spec/config/1.0/"
    assert {each["file"]: listed[each["file"]] for each in check["manifest"]} == check["replicalc"]["sha256"]
    said = {each["file"]: each["comment"] for each in check["manifest"]}
    assert said[f"results/nat_residual/ispy1/{RESULT}.csv"] == "nat_residual, cohort ispy1: Table 1: age."
    assert check["paper"]["authors"] == [{"name": "The replicalc maintainers"}]
    assert "codechecker" not in check and "10.21037/qims-22-1170" in check["source"]


def test_the_crate_is_a_provenance_run_crate(project, monkeypatch, tmp_path):
    """All that the profile demands; of what it recommends, what is absent is listed in docs/archive.md."""
    with zipfile.ZipFile(made(project, monkeypatch)) as zipped:
        zipped.extractall(tmp_path)
    assert faults(tmp_path, monkeypatch) == []
    words = {sentence for _, sentence in faults(tmp_path, monkeypatch, recommended=True)}
    known = KNOWN_FAULTS
    assert sorted(word for word in words if not any(part in word for part in known)) == []
    path = tmp_path / "ro-crate-metadata.json"
    broken = json.loads(path.read_text())
    broken["@graph"] = [each for each in broken["@graph"] if each["@type"] != "HowToStep"]
    path.write_text(json.dumps(broken))
    assert faults(tmp_path, monkeypatch)


def test_the_crate_says_what_was_run(project, monkeypatch):
    with zipfile.ZipFile(made(project, monkeypatch)) as zipped:
        graph = {each["@id"]: each for each in json.loads(zipped.read("ro-crate-metadata.json"))["@graph"]}
    assert graph["./"]["datePublished"] == "2026-01-31"
    assert graph["https://pypi.org/project/snakemake/9.27.1/"]["softwareVersion"] == "9.27.1"
    runs = {each["name"]: each for each in graph.values() if each["@type"] == "CreateAction"}
    run = runs["nat_residual on the cohort ispy1: nat_residual"]
    assert run["instrument"] == {"@id": "workflow/rules/nat_residual.smk"}
    assert {"@id": "#export-ispy1-1"} in run["object"] and {"@id": "config/cohorts/ispy1.yaml"} in run["object"]
    assert len(graph["#export-ispy1-1"]["sha256"]) == 64
    assert "sha256" not in graph["#export-clinic"]
    assert runs["nat_residual on the cohort clinic: disclosure"]["instrument"] == {
        "@id": "workflow/rules/disclosure.smk"
    }


def test_a_date_is_needed_and_never_today(project, monkeypatch):
    with pytest.raises(ReplicalcError, match="make archive DATE=2026-01-31"):
        made(project, monkeypatch, date="")
    with pytest.raises(ReplicalcError, match="is no date"):
        made(project, monkeypatch, date="31.1.2026")


@pytest.mark.parametrize(
    "path, why",
    [
        ("results/us_mri/clinic.PRIVATE/x.csv", "private side"),
        ("results/report/x.private.csv", "private side"),
        ("/etc/passwd", "not a file of the project"),
        ("results/../../x.csv", "not a file of the project"),
        ("data/raw/x.csv", "patients"),
        ("results/us_mri/cmmd/cohort.parquet", "patients"),
        ("logs/us_mri/cmmd/steps/map_export.log", "patients"),
    ],
)
def test_paths_that_must_not_leave(path, why):
    assert why in may_leave(path)


def test_marks_of_snakemake_are_no_outputs_to_be_made_again(tmp_path):
    from replicalc.report.machine.shareable import files_below

    for name in ("a.html", ".snakemake_timestamp"):
        (tmp_path / name).write_text("")
    assert files_below(tmp_path) == [str(tmp_path / "a.html")]


def test_a_folder_beside_the_cohorts_is_not_told_as_one():
    from replicalc.report.machine.archive import _comment

    assert _comment("results/s/certificates/m.json", {}).startswith("s: what was asked of a model")
    assert _comment("results/s/clinic/r.csv", {"r": "Table 1."}) == "s, cohort clinic: Table 1."
