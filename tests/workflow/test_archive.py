"""The archive and Snakemake's own report of a finished run; and of a hospital's run, without its patients."""

from __future__ import annotations

import csv
import gzip
import io
import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from crates import faults
from project import ROOT, copy_project, snakemake

CANARY = "canary7391"
ARCHIVE = "results/replicalc-archive.zip"


def with_date(monkeypatch) -> None:
    """There is no git history in a copy."""
    monkeypatch.setenv("DATE", "2026-01-31")


def complete(folder: Path) -> Path:
    """Add the files that only an archive needs."""
    for name in ("CITATION.cff", "LICENSE", "README.md", "Makefile", "uv.lock"):
        shutil.copy(ROOT / name, folder)
    return folder


def report_of(folder: Path, *arguments: str) -> dict[str, bytes]:
    """Snakemake's own report, made where no proxy and no server answers; its members."""
    closed = {"http_proxy": "http://127.0.0.1:9", "https_proxy": "http://127.0.0.1:9"}
    environment = {**os.environ, **closed, "PYTHONPATH": str(folder / "workflow")}
    command = [sys.executable, "-m", "snakemake", "--report", "report.zip", *arguments]
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=600, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    with zipfile.ZipFile(folder / "report.zip") as zipped:
        return {name: zipped.read(name) for name in zipped.namelist()}


def everything(data: bytes) -> bytes:
    """All that can be read from bytes: they themselves, members of zips, what is packed, cells of Parquet files."""
    found = [data]
    if zipfile.is_zipfile(io.BytesIO(data)):
        with zipfile.ZipFile(io.BytesIO(data)) as nested:
            found += [info.filename.encode() + everything(nested.read(info)) for info in nested.infolist()]
    if data[:2] == b"\x1f\x8b":
        found.append(gzip.decompress(data))
    if data[:4] == b"PAR1":
        import pyarrow.parquet as parquet

        found.append(str(parquet.read_table(io.BytesIO(data)).to_pylist()).encode())
    return b"\n".join(found)


def test_the_archive_of_the_default_run_validates_elsewhere(finished, monkeypatch, tmp_path):
    with_date(monkeypatch)
    folder = complete(finished)
    snakemake(folder, "archive")
    first = (folder / ARCHIVE).read_bytes()
    snakemake(folder, "archive", "--force")
    assert (folder / ARCHIVE).read_bytes() == first
    with zipfile.ZipFile(folder / ARCHIVE) as zipped:
        zipped.extractall(tmp_path)
    assert len(first) < 10_000_000
    done = subprocess.run(
        ["sha256sum", "--check", "--quiet", "SHA256SUMS"], cwd=tmp_path, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stdout
    assert faults(tmp_path, monkeypatch) == []
    graph = json.loads((tmp_path / "ro-crate-metadata.json").read_text())["@graph"]
    packages = {each["name"] for each in graph if each["@type"] == "SoftwareApplication"}
    assert {"python", "snakemake", "scipy", "statsmodels"} <= packages
    written = {each["@id"] for run in graph if run["@id"] == "#run" for each in run["result"]}
    for study in ("doppler", "nact_bone", "casting", "us_mri", "nat_residual"):
        assert f"results/{study}/verification.csv" in written
        assert f"results/{study}/synthetic/comparison.csv" in written
    # What is unpacked is a project: its workflow still knows all its rules.
    assert snakemake(tmp_path, "--list").stdout.count("nat_residual_t4_recist") == 1


def test_data_tables_of_the_default_run_hold_every_claim_and_result(finished):
    folder = finished / "results/report/data"
    rows = {table["name"]: table["rows"] for table in json.loads((folder / "dictionary.json").read_text())["tables"]}
    claims = sum(
        len((file / "claims.csv").read_text().splitlines()) - 1 for file in (ROOT / "config/studies").iterdir()
    )
    assert rows["claims"] == rows["verification"] == rows["comparison"] == claims
    with gzip.open(folder / "results.csv.gz", "rt", encoding="utf-8", newline="") as file:
        results = {(row["study"], row["cohort"], row["result"]) for row in csv.DictReader(file)}
    tables = [
        path for path in finished.glob("results/*/synthetic/*.csv") if path.stem not in ("comparison", "assumptions")
    ]
    assert {(path.parts[-3], "synthetic", path.stem) for path in tables} <= results


def test_snakemakes_own_report_of_the_default_run(finished):
    found = report_of(finished)
    page = next(text.decode() for name, text in found.items() if name.endswith("report.html"))
    figures = {path.name for path in finished.glob("results/*/synthetic/*_fig_*.svg")}
    assert len(figures) > 15 and figures <= {Path(name).name for name in found}
    assert {"verification.csv", "across.csv", "claims.csv"} <= {Path(name).name for name in found}
    for words in ("held against data", "is by construction, and replicates nothing", "each criterion of the study in"):
        assert words in page
    for study in ("doppler", "nact_bone", "casting", "us_mri", "nat_residual", "all studies"):
        assert f'"{study}"' in page
    assert '"what": "pcr by subtype"' in page.replace("&#34;", '"')
    assert not re.findall(r"<(?:script|link|img)[^>]+(?:src|href)=[\"']?https?:", page)


@pytest.fixture(scope="module")
def hospital(tmp_path_factory) -> Path:
    """A project in which the lesions of us_mri are a protected cohort, 'clinic', whose ids are canaries."""
    folder = complete(copy_project(tmp_path_factory.mktemp("hospital") / "project"))
    export = "results/us_mri/synthetic/raw/export.csv"
    snakemake(folder, export)
    with (folder / export).open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    with (folder / "data/raw/clinic.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(row | {"Patient ID": f"{CANARY}{row['Patient ID']}"} for row in rows)
    text = (folder / "config/studies/us_mri/synthetic.yaml").read_text()
    for old, new in (
        ("cohort: synthetic", "cohort: clinic\nconfidential: true\nstudies: [us_mri]"),
        ("kind: synthetic", "kind: real"),
        ("export.csv", "clinic.csv"),
    ):
        assert old in text
        text = text.replace(old, new, 1)
    (folder / "config/cohorts/clinic.yaml").write_text(f"# {CANARY}: what the hospital's file is called\n{text}")
    return folder


def test_a_hospitals_archive_and_report_hold_no_patient(hospital, monkeypatch):
    """Every byte is searched, also inside Parquet files and zips; on the private side the same search finds the patients."""
    with_date(monkeypatch)
    run = ("--config", "cohorts=clinic", "studies=[us_mri]")
    snakemake(hospital, "archive", *run)
    private = hospital / "results/us_mri/clinic.private/cohort.parquet"
    assert CANARY.encode() in everything(private.read_bytes())
    archive = (hospital / ARCHIVE).read_bytes()
    assert CANARY.encode() not in everything(archive)
    with zipfile.ZipFile(io.BytesIO(archive)) as zipped:
        names = zipped.namelist()
        told = zipped.read("ARCHIVE.md").decode()
        rows = list(
            csv.DictReader(io.StringIO(gzip.decompress(zipped.read("results/report/data/results.csv.gz")).decode()))
        )
    assert "results/us_mri/clinic/us_mri_t3_lesion_type.csv" in names
    assert "cohort clinic: patients, unsuppressed tables" in told
    assert not [name for name in names if "private" in name or "/steps/" in name or "clinic.yaml" in name]
    # The table for programs has what was released, with its gaps, and nothing else.
    withheld = [row for row in rows if row["warning"].startswith("withheld")]
    assert withheld and not any(row["value"] for row in withheld)
    for path in sorted(hospital.glob("results/us_mri/clinic/us_mri_*.csv")):
        with path.open(encoding="utf-8", newline="") as file:
            released = [(row["stat"], row["value"], row["n"], row["n_missing"]) for row in csv.DictReader(file)]
        mine = [row for row in rows if (row["result"], row["cohort"]) == (path.stem, "clinic")]
        assert [(row["stat"], row["value"], row["n"], row["n_missing"]) for row in mine] == released
    shown = report_of(hospital, *run)
    assert CANARY.encode() not in b"".join(everything(data) for data in shown.values())
    assert any(name.endswith("us_mri_fig_flow.svg") for name in shown)
