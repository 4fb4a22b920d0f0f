"""A finished run on the synthetic cohort: what it promises is there."""

from __future__ import annotations

import csv
import filecmp
import itertools
import json
import math
import os
import re
import shutil
from pathlib import Path

import pytest
from project import ROOT, STUDY, copy_project, snakemake

from replicalc.records import load_claims

RESULTS = Path("results/nat_residual/synthetic")
CLAIMS = load_claims(STUDY / "claims.csv")


def rows(path: Path) -> list[dict]:
    return list(csv.DictReader(path.open(encoding="utf-8", newline="")))


def test_every_count_and_share_of_tables_1_to_4_prints_the_same(finished):
    verdicts = {row["claim_id"]: row["verdict"] for row in rows(finished / RESULTS / "comparison.csv")}
    checked = [c for c in CLAIMS if c.kind in ("count", "percent") and re.match("Table [1-4]$", c.location)]
    assert len(checked) == 204
    assert [c.claim_id for c in checked if verdicts[c.claim_id] != "same_print"] == []


def test_counts_of_the_text_print_the_same_but_for_the_one_in_conflict(finished):
    verdicts = {row["claim_id"]: row["verdict"] for row in rows(finished / RESULTS / "comparison.csv")}
    wrong = [
        c.claim_id for c in CLAIMS if c.kind in ("count", "percent", "diag") and verdicts[c.claim_id] != "same_print"
    ]
    unmet = [row["variable"] + row["assumed"] for row in rows(finished / RESULTS / "assumptions.csv")]
    assert all(any(name in text for text in unmet) for name in wrong), wrong
    assert len(wrong) <= 1


def test_every_claim_has_a_verdict(finished):
    found = rows(finished / RESULTS / "comparison.csv")
    assert [row["claim_id"] for row in found] == [c.claim_id for c in CLAIMS]
    assert {row["kind"] for row in found} == {"synthetic"}
    for row in found:
        assert row["verdict"] != "not_evaluable" or row["note"]
    assert len(rows(finished / "results/claims.csv")) == 435


def test_verdicts_are_those_last_looked_at(finished):
    golden = rows(ROOT / "tests/golden/nat_residual_synthetic.csv")
    found = [{name: row[name] for name in golden[0]} for row in rows(finished / RESULTS / "comparison.csv")]
    assert [pair for pair in zip(golden, found, strict=True) if pair[0] != pair[1]] == []


def test_wholes_of_counts_agree_with_the_paper(finished):
    printed = {c.claim_id: c.reported for c in CLAIMS}
    for row, claim in zip(rows(finished / RESULTS / "comparison.csv"), CLAIMS, strict=True):
        if claim.of and claim.stat not in ("n", "fn", "fp"):
            assert row["n"] == printed[claim.of], claim.claim_id


def test_the_summary_counts_the_claims(finished):
    summary = json.loads((finished / "results/summary.json").read_text())
    assert sum(summary["studies"]["nat_residual"]["cohorts"]["synthetic"].values()) == 435


def test_the_readme_shows_the_closing_line(finished):
    from replicalc.report.summary import closing_line

    line = closing_line(json.loads((finished / "results/summary.json").read_text()))
    assert line in (ROOT / "README.md").read_text()


def test_every_result_is_a_long_table_named_after_its_rule(finished):
    from replicalc.table import COLUMNS

    results = {c.result for c in CLAIMS}
    for name in results:
        found = rows(finished / RESULTS / f"{name}.csv")
        assert tuple(found[0]) == COLUMNS and {row["result"] for row in found} == {name}
        assert (finished / "logs/nat_residual/synthetic" / f"{name}.log").is_file()
        for row in found:
            assert row["value"] or row["warning"], f"{name}: an empty value without a reason: {row}"
            assert not row["value"] or math.isfinite(float(row["value"]))


def test_the_flow_counts_every_excluded_patient(finished):
    flow = rows(finished / RESULTS / "steps/flow.csv")
    exported = len(rows(finished / RESULTS / "raw/export.csv"))
    assert int(flow[0]["n_before"]) == exported
    assert exported - sum(int(row["n_excluded"]) for row in flow) == 127 == int(flow[-1]["n_after"])
    for earlier, later in itertools.pairwise(flow):
        assert earlier["n_after"] == later["n_before"]


def test_synthetic_patients_look_synthetic(finished):
    export = rows(finished / RESULTS / "raw/export.csv")
    assert all(row["Patient ID"].startswith("SYN-") for row in export)
    assert len({row["Patient ID"] for row in export}) == len(export)
    assert any(not row["PR (%)"] for row in export), "a hospital's file has gaps"


def test_nobody_is_exported_twice(finished):
    export = rows(finished / RESULTS / "raw/export.csv")
    assert len({(row["Date of birth"], row["Start of NAT"], row["Surgery"]) for row in export}) == len(export)
    found = rows(finished / RESULTS / "steps/validation.csv")
    contradictions = [
        row for row in found if "+" in row["variable"] and row["n_found"] != "0" and row["stops_the_run"] == "no"
    ]
    assert contradictions == []


def test_no_patient_reaches_a_result_or_the_report(finished):
    files = list((finished / RESULTS).glob("*.csv")) + [
        finished / "results" / n for n in ("report.html", "claims.csv", "summary.json")
    ]
    assert len(files) > 45
    for path in files:
        assert "SYN-" not in path.read_text(encoding="utf-8"), path


def test_the_report_links_to_things_that_exist(finished):
    page = (finished / "results/report.html").read_text(encoding="utf-8")
    assert page.count('id="nat_residual.') == 435
    for link in set(re.findall(r'(?:href|src)="([^"#]+)"', page)):
        assert (finished / "results" / link).resolve().is_file(), link
    anchors = set(re.findall(r'id="([^"]+)"', page))
    for link in re.findall(r'href="#([^"]+)"', page):
        assert link in anchors, link


def test_a_second_run_has_nothing_to_do(finished):
    done = snakemake(finished)
    assert "Nothing to be done" in done.stdout + done.stderr


def test_list_reads_like_the_paper(finished):
    listed = snakemake(finished, "--list").stdout
    names = [line.split()[0] for line in listed.splitlines() if line.startswith("nat_residual_")]
    assert {c.result for c in CLAIMS} <= set(names)
    for line in listed.splitlines():
        if line.startswith(("nat_residual_", "cohort_")):
            assert re.match(r"\w+ \(.+\)$", line), f"no docstring: {line}"
    order = [
        names.index(f"nat_residual_{n}")
        for n in ("m_period", "t1_age", "t2_subtype_pcr", "t3_extent", "t4_recist", "t5_mg_size")
    ]
    assert order == sorted(order)


def _edit(folder: Path, file: str, old: str, new: str) -> None:
    path = folder / "workflow/replicalc" / file
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def _planned(folder: Path) -> set[str]:
    out = snakemake(folder, "-n", "--quiet", "host", "reason").stdout
    return {line.split()[0] for line in out.splitlines() if re.match(r"\w+ +\d+$", line)} - {"total", "all", "job"}


def test_an_edited_function_reruns_its_users_and_no_others(finished, tmp_path):
    folder = tmp_path / "edited"
    shutil.copytree(finished, folder, symlinks=True)
    assert _planned(folder) == set()
    _edit(folder, "stats/rank.py", "def sign_test(", "UNUSED = 0\n\n\ndef sign_test(")
    assert _planned(folder) == set()
    path = folder / "workflow/replicalc/results/association.py"
    path.write_text(
        path.read_text().replace('("n_equal", (difference == 0).sum()),', '("n_equal", (difference == 0.0).sum()),')
    )
    users = {"nat_residual_t3_extent", "nat_residual_t3_mri_size"}
    planned = _planned(folder)
    assert users <= planned
    assert {name for name in planned if re.match(r"nat_residual_[mtxf]\w+$", name) and "_fig_" not in name} == users
    assert planned - users <= {"comparison", "gather", "report"} | {n for n in planned if "_fig_" in n}


def test_one_core_without_the_profile_gives_the_same_bytes(finished, tmp_path):
    """Without the profile each light job starts a Python of its own: slower, and the same."""
    folder = copy_project(tmp_path / "plain")
    wanted = [f"{RESULTS}/nat_residual_{n}.csv" for n in ("t4_recist", "t5_icc_mri_pathology", "t3_extent")]
    snakemake(folder, "--cores", "1", "--workflow-profile", "none", *wanted)
    for name in [*wanted, f"{RESULTS}/raw/export.csv", f"{RESULTS}/cohort.parquet"]:
        assert filecmp.cmp(finished / name, folder / name, shallow=False), name


def test_forced_again_gives_the_same_bytes(finished, tmp_path):
    before = tmp_path / "before"
    shutil.copytree(finished / "results", before)
    snakemake(finished, "--forceall", "--cores", "4")
    after = finished / "results"
    files = sorted(p.relative_to(before) for p in before.rglob("*") if p.is_file())
    assert files == sorted(p.relative_to(after) for p in after.rglob("*") if p.is_file())
    assert [str(f) for f in files if not filecmp.cmp(before / f, after / f, shallow=False)] == []
    assert os.path.commonpath([after, finished]) == str(finished)


def test_a_run_of_one_file_does_not_repeat_old_verdicts(finished):
    done = snakemake(finished, "--force", f"{RESULTS}/nat_residual_t1_age.csv")
    assert "435 claims" not in done.stdout + done.stderr
    snakemake(finished)


def test_one_thread_of_linear_algebra_gives_the_same_bytes(finished, tmp_path, monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "1")
    folder = copy_project(tmp_path / "one")
    wanted = [
        f"{RESULTS}/nat_residual_{n}.csv" for n in ("t4_recist", "t4_miller_payne", "t4_residual_type", "t5_icc_mg_mri")
    ]
    snakemake(folder, *wanted)
    for name in [*wanted, f"{RESULTS}/raw/export.csv"]:
        assert filecmp.cmp(finished / name, folder / name, shallow=False), name


def test_a_killed_run_can_be_finished(finished, tmp_path):
    """Killed without a chance to clean up: unlocked, the next run makes the rest, and the bytes are the same."""
    import subprocess
    import sys
    import time

    folder = copy_project(tmp_path / "killed")
    environment = {**os.environ, "PYTHONPATH": str(folder / "workflow")}
    running = subprocess.Popen(
        [sys.executable, "-m", "snakemake", "--cores", "2"],
        cwd=folder,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    some = folder / RESULTS / "nat_residual_t1_grade.csv"
    for _ in range(600):
        if some.exists() or running.poll() is not None:
            break
        time.sleep(0.05)
    running.kill()
    running.wait()
    snakemake(folder, "--unlock")
    snakemake(folder)
    names = [p.relative_to(finished) for p in (finished / RESULTS).glob("*.csv")]
    assert len(names) > 45
    assert [str(n) for n in names if not filecmp.cmp(finished / n, folder / n, shallow=False)] == []


def test_no_number_of_the_paper_stands_in_the_code():
    """The synthesiser reads what is printed; none of the telling numbers is typed into it."""
    for path in (ROOT / "workflow/replicalc").rglob("*.py"):
        text = path.read_text()
        for number in ("0.771", "0.883", "0.097", "40.9", "36.5", "127"):
            assert not re.search(rf"(?<![\d.]){re.escape(number)}(?![\d.])", text), f"{path.name} has {number}"


@pytest.mark.parametrize("place", ["results/nat_residual/synthetic", "logs/nat_residual/synthetic"])
def test_nothing_half_written_is_left(finished, place):
    assert not list((finished / place).rglob("*.part"))
