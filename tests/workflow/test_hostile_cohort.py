"""A cohort and a study whose every free text is an attack, from the export to the pages: all of it is shown, none of it works.

What an attacker can write is a column's name, a cell, a code, and the words of a cohort file or a study's record. The run
is the real one; the pages are opened in a browser where one is.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import re
from pathlib import Path

import pytest
import yaml
from browser import DESK, NEEDED, PHONE, opener
from project import copy_project, snakemake
from unit.report.made import faults, pages

from replicalc.cohort.doors.inert import NUMBER

STUDY, COHORT = "nact_bone", "hostile"
SCRIPT = "<script>alert('ran')</script>"
IMAGE = "\"><img src=x onerror=alert('ran')>"
FORMULA = "=cmd|' /C calc'!A0"
TURNED = "abc\u202egnp.exe"
LONG = "long" * 2500
CLOSED = "</pre></table></main><iframe src=//example.org></iframe>"
SUMS = ("+1+cmd|' /C calc'!A0", "-1+cmd|' /C calc'!A0", "@SUM(1+1)*cmd|' /C calc'!A0")
ALL = (SCRIPT, IMAGE, FORMULA, TURNED, LONG, CLOSED, *SUMS)
#: Columns of the study's export and what they are called here.
COLUMNS = {
    "Side": SCRIPT, "Diagnosis": IMAGE, "Mammography calcification": FORMULA, "Menopause": TURNED, "Pathology": LONG,
    "HER2 FISH": CLOSED, "Bone type": SUMS[0], "Bone extent": SUMS[1], "Density": SUMS[2],
}  # fmt: skip
#: Codes of the export and what is written instead.
CODES = {
    "left": SCRIPT,
    "right": IMAGE,
    "breast cancer": FORMULA,
    "IDC": LONG,
    "ILC": TURNED,
    "pre": CLOSED,
    "lytic": SUMS[2],
}


def hostile_mapping(text: str) -> dict:
    """The study's own cohort file, its columns, codes and words replaced by attacks."""
    config = yaml.safe_load(text)
    config |= {
        "cohort": COHORT, "kind": "real", "title": f"{SCRIPT} {TURNED} {IMAGE}", "caveat": f"{FORMULA} {SCRIPT} {TURNED}",
        "clustering": CLOSED, "studies": [STUDY], "sources": [{"file": "hostile.csv"}],
        "disclosure": {"control": "off", "why": f"{FORMULA} {LONG}"}, "unused_columns": [" ".join(ALL[:4]), SUMS[0] * 2],
    }  # fmt: skip
    for rule in config["variables"].values():
        if "column" in rule:
            rule["column"] = COLUMNS.get(rule["column"], rule["column"])
        if "codes" in rule:
            rule["codes"] = {CODES.get(code, code): told for code, told in rule["codes"].items()}
    config["variables"]["pr_percent"]["note"] = f"{SUMS[1]} {IMAGE} {LONG}"
    return config


def hostile_export(text: str) -> str:
    """The study's own export with the columns and codes of the mapping, and free texts in two columns that are not used."""
    rows = list(csv.reader(io.StringIO(text)))
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([*(COLUMNS.get(name, name) for name in rows[0]), " ".join(ALL[:4]), SUMS[0] * 2])
    patient = rows[0].index("Patient ID")
    for number, row in enumerate(rows[1:]):
        cells = [CODES.get(cell, cell) for cell in row]
        cells[patient] = f"{ALL[number % len(ALL)][:60]}{row[patient]}"
        writer.writerow([*cells, ALL[number % len(ALL)], ALL[(number + 1) % len(ALL)]])
    return out.getvalue()


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> Path:
    """The finished run of one study on the hostile cohort, its record being hostile, too."""
    folder = copy_project(tmp_path_factory.mktemp("hostile") / "project")
    export = f"results/{STUDY}/synthetic/raw/export.csv"
    snakemake(folder, export, "--config", f"studies=[{STUDY}]")
    (folder / "data/raw/hostile.csv").write_text(
        hostile_export((folder / export).read_text(encoding="utf-8")), encoding="utf-8"
    )
    record = folder / "config/studies" / STUDY
    mapping = hostile_mapping((record / "synthetic.yaml").read_text(encoding="utf-8"))
    (folder / f"config/cohorts/{COHORT}.yaml").write_text(
        yaml.safe_dump(mapping, allow_unicode=False), encoding="utf-8"
    )
    study = yaml.safe_load((record / "study.yaml").read_text(encoding="utf-8"))
    study["title"] = f"{SCRIPT} {LONG}"
    study["citation"]["authors"] = f"{IMAGE} {TURNED}"
    (record / "study.yaml").write_text(yaml.safe_dump(study, allow_unicode=False, sort_keys=False), encoding="utf-8")
    claims = list(csv.reader((record / "claims.csv").open(encoding="utf-8", newline="")))
    at = claims[0].index("label")
    for number, claim in enumerate(claims[1:]):
        claim[at] = ALL[number % len(ALL)]
    with (record / "claims.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(claims)
    with (record / "NOTES.md").open("a", encoding="utf-8") as file:
        file.write("\n" + "\n".join(ALL) + "\n")
    snakemake(folder, "--config", f"studies=[{STUDY}]", f"cohorts=synthetic {COHORT}")
    return folder


@pytest.fixture(scope="module")
def site(run) -> Path:
    return run / "results/report"


def test_nothing_on_a_page_would_run_or_lead_out(site):
    found = pages(site)
    assert len(found) > 15
    assert faults(site, found) == []


def test_every_attack_is_there_to_be_read(site):
    found = {str(file.relative_to(site.resolve())): "".join(page.text) for file, page in pages(site).items()}
    for attack in (SCRIPT, IMAGE, FORMULA, CLOSED, *SUMS):
        assert attack in found["cohorts/hostile.html"], attack
        assert attack in found["claims.html"], attack
    assert "(cut; 10,0" in found["cohorts/hostile.html"] and "abc[U+202E]gnp.exe" in found["claims.html"]
    for text in found.values():
        assert not set(text) & {"\u202e", "\u2066", "\x00"}


@NEEDED
def test_in_a_browser_nothing_runs_nothing_loads_and_the_pages_hold_their_shape(site):
    with opener(site) as go:
        for size in (DESK, PHONE):
            found = go("index.html", size=size)
            for file in sorted(site.rglob("*.html")):
                found.page.goto(file.resolve().as_uri())
                found.page.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true; })")
                assert found.too_wide <= 0, file.name
                assert found.page.locator("footer").is_visible() and found.page.locator("h1").count() == 1
                assert found.page.evaluate("getComputedStyle(document.querySelector('main')).direction") == "ltr"
            assert found.faults() == []
        found = go("claims.html")
        with found.page.expect_download() as caught:
            found.page.get_by_role("button", name="Export CSV").click()
        text = Path(caught.value.path()).read_text(encoding="utf-8").removeprefix("\ufeff")
        rows = list(csv.reader(io.StringIO(text, newline="")))
        assert len(rows) == 43 and runs(rows) == []
        assert sum(cell.startswith("'=cmd|") for row in rows for cell in row) > 2
        assert found.faults() == []


def runs(rows: list[list[str]]) -> list[str]:
    """The cells that a spreadsheet would run; a number, or a sign alone, is none."""
    return [
        cell
        for row in rows
        for cell in row
        if re.match(r"[=+\-@\t\r].", cell, re.DOTALL) and not NUMBER.fullmatch(cell)
    ]


def test_no_cell_of_a_table_that_is_handed_out_runs_in_a_spreadsheet(run):
    seen = guarded = 0
    for file in sorted([*run.glob("results/**/*.csv"), *run.glob("results/report/data/*.csv.gz")]):
        if file.parent.name == "raw":
            continue  # an export is what the hospital wrote, to the byte
        data = file.read_bytes()
        text = (gzip.decompress(data) if file.suffix == ".gz" else data).decode()
        rows = list(csv.reader(io.StringIO(text, newline="")))
        assert runs(rows) == [], file
        seen += 1
        guarded += sum(cell.startswith(("'=", "'+", "'-", "'@")) for row in rows for cell in row)
    assert seen > 40 and guarded > 100


def test_the_tables_for_programs_turn_no_line_around_and_agree(site):
    import pyarrow.parquet as parquet

    for name in ("results", "claims", "comparison", "across"):
        rows = parquet.read_table(site / f"data/{name}.parquet").to_pylist()
        packed = json.loads(gzip.decompress((site / f"data/{name}.json.gz").read_bytes()))
        assert len(rows) == len(packed["data"])
        texts = [cell for row in rows for cell in row.values() if isinstance(cell, str)]
        assert not [cell for cell in texts if "\u202e" in cell]
        assert [cell for cell in texts if "[U+202E]" in cell], name
        assert texts == [cell for row in packed["data"] for cell in row if isinstance(cell, str)]
