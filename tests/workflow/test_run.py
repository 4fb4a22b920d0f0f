"""A finished run on the synthetic cohort: what it promises is there."""

from __future__ import annotations

import csv
import filecmp
import hashlib
import itertools
import json
import math
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from project import ROOT, STUDY, copy_project, snakemake
from unit.report.made import faults, pages

from replicalc.records import load_claims

RESULTS = Path("results/nat_residual/synthetic")
CLAIMS = load_claims(STUDY / "claims.csv")
STUDIES = sorted(path.parent.name for path in STUDY.parent.glob("*/claims.csv"))
RECORDS = {study: load_claims(STUDY.parent / study / "claims.csv") for study in STUDIES}
N_CLAIMS = sum(map(len, RECORDS.values()))
each_study = pytest.mark.parametrize("study", STUDIES)


def rows(path: Path) -> list[dict]:
    return list(csv.DictReader(path.open(encoding="utf-8", newline="")))


def test_every_count_and_share_of_tables_1_to_4_prints_the_same(finished):
    verdicts = {row["claim_id"]: row["verdict"] for row in rows(finished / RESULTS / "comparison.csv")}
    checked = [c for c in CLAIMS if c.kind in ("count", "percent") and re.match("Table [1-4]$", c.location)]
    assert len(checked) == 204
    assert [c.claim_id for c in checked if verdicts[c.claim_id] != "same_print"] == []


@each_study
def test_counts_and_shares_print_the_same_but_for_those_in_conflict(finished, study):
    """What no table of whole patients can meet together is found by the solver and named among the assumptions."""
    folder = finished / "results" / study / "synthetic"
    verdicts = {row["claim_id"]: row["verdict"] for row in rows(folder / "comparison.csv")}
    claims = [c for c in RECORDS[study] if c.kind in ("count", "percent", "diag", "survival")]
    wrong = [c.claim_id for c in claims if verdicts[c.claim_id] != "same_print"]
    unmet = [row["variable"] + row["assumed"] for row in rows(folder / "assumptions.csv")]
    assert claims and [name for name in wrong if not any(name in text for text in unmet)] == []
    assert len(wrong) <= 1


@each_study
def test_every_claim_has_a_verdict(finished, study):
    found = rows(finished / "results" / study / "synthetic/comparison.csv")
    assert [row["claim_id"] for row in found] == [c.claim_id for c in RECORDS[study]]
    assert {row["kind"] for row in found} == {"synthetic"}
    for row in found:
        assert row["verdict"] != "not_evaluable" or row["note"]


@each_study
def test_verdicts_are_those_last_looked_at(finished, study):
    golden = rows(ROOT / f"tests/golden/{study}_synthetic.csv")
    comparison = rows(finished / "results" / study / "synthetic/comparison.csv")
    found = [{name: row[name] for name in golden[0]} for row in comparison]
    assert [pair for pair in zip(golden, found, strict=True) if pair[0] != pair[1]] == []


@each_study
def test_verdicts_from_the_paper_alone_are_those_last_looked_at(finished, study):
    golden = rows(ROOT / f"tests/golden/{study}_paper.csv")
    found = [{name: row[name] for name in golden[0]} for row in rows(finished / "results" / study / "verification.csv")]
    assert [pair for pair in zip(golden, found, strict=True) if pair[0] != pair[1]] == []


@each_study
def test_every_claim_is_verified_with_method_and_evidence_or_a_reason(finished, study):
    from replicalc.verify.opinion import ORDER

    found = rows(finished / "results" / study / "verification.csv")
    assert [row["claim_id"] for row in found] == [c.claim_id for c in RECORDS[study]]
    for row in found:
        assert row["verdict"] in ORDER
        assert row["note"] if row["verdict"] == "not_checkable" else row["method"] and row["evidence"], row
    for row, claim in zip(found, RECORDS[study], strict=True):
        if claim.kind == "external":
            assert row["verdict"] == "not_checkable" and "another publication" in row["note"]
    page = (finished / "results" / study / "evidence.md").read_text()
    shown = json.loads((finished / "results" / study / "evidence.json").read_text())
    assert page.startswith(f"# Evidence: {study}") and len(shown["claims"]) == len(found)


def test_a_kept_certificate_adds_up_again(finished):
    """The proof is in the file: its boxes fill the range of the coefficients, and each step holds in exact numbers."""
    from replicalc.verify.weighing import proven

    page, *files = finished / "results/report/certificates.html", *(finished / "results").glob("*/certificates/*.json")
    assert files
    for file in files:
        kept = json.loads(file.read_text())
        assert kept["verdict"] == "impossible" and proven(kept) == pytest.approx(kept["inflation"]) and proven(kept) > 1
        command = ["results/report/static/check_proof.py", str(file.relative_to(finished))]
        assert f"<code>python3 {' '.join(command)}</code>" in page.read_text()
        done = subprocess.run([sys.executable, "-I", "-S", *command], cwd=finished, capture_output=True, text=True)
        assert done.returncode == 0 and "no patients have this model" in done.stdout, done.stderr


def test_wholes_of_counts_agree_with_the_paper(finished):
    printed = {c.claim_id: c.reported for c in CLAIMS}
    for row, claim in zip(rows(finished / RESULTS / "comparison.csv"), CLAIMS, strict=True):
        if claim.of and claim.stat not in ("n", "fn", "fp"):
            assert row["n"] == printed[claim.of], claim.claim_id


def test_the_summary_counts_the_claims(finished):
    summary = json.loads((finished / "results/summary.json").read_text())
    for study, claims in RECORDS.items():
        assert sum(summary["studies"][study]["cohorts"]["synthetic"].values()) == len(claims)
        assert sum(summary["studies"][study]["paper"].values()) == len(claims)
    assert len(rows(finished / "results/claims.csv")) == N_CLAIMS


def test_the_readme_shows_the_closing_lines(finished):
    from replicalc.report.summary import closing_line, study_lines

    summary = json.loads((finished / "results/summary.json").read_text())
    readme = (ROOT / "README.md").read_text()
    for line in [*study_lines(summary), closing_line(summary)]:
        assert line in readme


@each_study
def test_every_result_is_a_long_table_named_after_its_rule(finished, study):
    from replicalc.table import COLUMNS

    for name in {c.result for c in RECORDS[study]}:
        found = rows(finished / "results" / study / f"synthetic/{name}.csv")
        assert tuple(found[0]) == COLUMNS and {row["result"] for row in found} == {name}
        assert (finished / "logs" / study / f"synthetic/{name}.log").is_file()
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


@each_study
def test_synthetic_patients_look_synthetic(finished, study):
    export = rows(finished / "results" / study / "synthetic/raw/export.csv")
    first = next(iter(export[0]))
    assert all(row[first].startswith("SYN-") for row in export)
    assert any(not cell for row in export for cell in row.values()), "a hospital's file has gaps"


@each_study
def test_criteria_leave_somebody_out(finished, study):
    """The flow is exercised: criteria exclude patients (in nat_residual all but one: everybody there has cancer)."""
    steps = rows(finished / "results" / study / "synthetic/steps/flow.csv")
    nobody = [step["criterion"] for step in steps if step["n_excluded"] == "0"]
    assert nobody == (["breast_cancer"] if study == "nat_residual" else [])


@each_study
def test_rows_that_the_export_repeats_are_found_and_counted(finished, study):
    """Cleaning drops what stands there twice, and nothing else: every id is left once, and the flow says how many."""
    folder = finished / "results" / study / "synthetic"
    export = [tuple(row.values()) for row in rows(folder / "raw/export.csv")]
    first = rows(folder / "steps/flow.csv")[0]
    assert first["criterion"] == "identical_rows" and int(first["n_excluded"]) >= 2
    assert [int(first[name]) for name in ("n_before", "n_after")] == [len(export), len(set(export))]
    units = {row[:2] if study == "us_mri" else row[0] for row in export}
    assert len(units) == len(set(export)) == len(rows(folder / "steps/mapped.csv"))


@each_study
@pytest.mark.parametrize("kind", ["xlsx", "sav"])
def test_workbook_and_spss_file_give_the_same_cohort(finished, tmp_path, study, kind):
    """The door for hospitals' files: only the name of the file, and of the columns of an SPSS file, differs."""
    from replicalc.cohort import derivation, flow, mapping, validation

    folder, record = finished / "results" / study / "synthetic", ROOT / "config" / "studies" / study
    how, log, about = tmp_path / "how.yaml", tmp_path / "log", (record / "study.yaml", tmp_path / "how.yaml")
    mine = f"file: export.{kind}{', column_names: labels' if kind == 'sav' else ''}"
    how.write_text((record / "synthetic.yaml").read_text().replace("- file: export.csv", f"- {{{mine}}}"))
    dictionary = ROOT / "data/dictionary.csv"
    mapped, checks, derived, told, steps, cohort, everybody = (tmp_path / name for name in "abcdefg")
    mapping.map_export([folder / f"raw/export.{kind}"], how, dictionary, mapped, log)
    validation.validate_cohort(mapped, how, dictionary, checks, log)
    derivation.derive_cohort(mapped, checks, *about, dictionary, derived, told, log)
    flow.select_patients(derived, *about, dictionary, steps, cohort, everybody, log)
    assert cohort.read_bytes() == (folder / "cohort.parquet").read_bytes()
    assert steps.read_bytes() == (folder / "steps/flow.csv").read_bytes()


def test_nobody_is_exported_under_two_ids(finished):
    export = {tuple(row.items()): row for row in rows(finished / RESULTS / "raw/export.csv")}.values()
    assert len({(row["Date of birth"], row["Start of NAT"], row["Surgery"]) for row in export}) == len(export)
    found = rows(finished / RESULTS / "steps/validation.csv")
    contradictions = [
        row for row in found if "+" in row["variable"] and row["n_found"] != "0" and row["stops_the_run"] == "no"
    ]
    assert contradictions == []


def test_no_patient_reaches_a_result_or_the_report(finished):
    files = [*(finished / "results").glob("*/synthetic/*.csv"), *(finished / "results").glob("*/*.csv")]
    files += [finished / "results" / n for n in ("report.html", "claims.csv", "summary.json")]
    files += [file for file in (finished / "results/report").rglob("*") if file.is_file()]
    assert len(files) > 200
    for path in files:
        assert b"SYN-" not in path.read_bytes(), path  # a Parquet file is no text; its CSV beside it is


def test_the_report_is_inert_small_and_every_link_resolves(finished):
    folder = finished / "results/report"
    found = pages(folder)
    assert faults(folder, found) == []
    assert sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) < 10_000_000
    assert {f"{each}.html" for each in STUDIES} == {file.name for file in (folder / "studies").glob("*.html")}
    pointer = (finished / "results/report.html").read_text(encoding="utf-8")
    assert 'href="report/index.html"' in pointer


def test_every_claim_stands_in_the_table_and_on_the_page_of_its_result(finished):
    found = pages(finished / "results/report")
    claims = found[(finished / "results/report/claims.html").resolve()].ids
    for records in RECORDS.values():
        for claim in records:
            assert f"claim={claim.claim_id}" in claims
            assert (
                f"claim={claim.claim_id}"
                in found[(finished / f"results/report/results/{claim.result}.html").resolve()].ids
            )


def test_a_result_page_leads_to_rule_function_log_and_the_hash_of_its_input(finished):
    text = (finished / "results/report/results/nat_residual_t4_recist.html").read_text(encoding="utf-8")
    patients = (finished / RESULTS / "cohort.parquet").read_bytes()
    assert hashlib.sha256(patients).hexdigest() in text
    for word in (
        "use rule association from nat_residual",
        "def association(",
        "done in",
        "--force results/nat_residual/",
    ):
        assert word in text, word


def test_the_report_is_the_same_when_made_again(finished):
    folder = finished / "results/report"
    before = {file: file.read_bytes() for file in folder.rglob("*") if file.is_file()}
    snakemake(finished, "--force", "results/report.html")
    assert {file: file.read_bytes() for file in folder.rglob("*") if file.is_file()} == before


def test_a_second_run_has_nothing_to_do(finished):
    done = snakemake(finished)
    assert "Nothing to be done" in done.stdout + done.stderr


def test_list_reads_like_the_papers(finished):
    listed = snakemake(finished, "--list").stdout.splitlines()
    names = [line.split()[0] for line in listed]
    assert {c.result for claims in RECORDS.values() for c in claims} <= set(names)
    for line in listed:
        if line.startswith(("cohort_", *(f"{study}_" for study in STUDIES))):
            assert re.match(r"\w+ \(.+\)$", line), f"no docstring: {line}"
    for study, claims in RECORDS.items():
        text = (ROOT / f"workflow/rules/{study}.smk").read_text()
        made = re.findall(rf"^(?:use rule \w+ from {study} as|rule) (\w+)(?: with)?:$", text, re.MULTILINE)
        results = {c.result for c in claims}
        assert [n for n in names if n in results] == [n for n in made if n in results]
    firsts = [names.index(f"{study}_{part}") for study, part in (("doppler", "a_flow"), ("us_mri", "x_cited"))]
    assert firsts == sorted(firsts)


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
    _edit(folder, "results/association.py", '("n_equal", difference == 0)', '("n_equal", difference == 0.0)')
    users = {"nat_residual_t3_extent", "nat_residual_t3_mri_size"}
    planned = _planned(folder)
    assert users <= planned
    assert {name for name in planned if name in {c.result for c in CLAIMS}} == users
    figures = {name for name in planned if "_fig_" in name}
    # Every cross-tabulation lives in the same module, but a function's users are told apart.
    assert planned - users - figures <= {"comparison", "across", "gather", "report", "data"}


def test_one_core_without_the_profile_gives_the_same_bytes(finished, tmp_path):
    """Without the profile each light job starts a Python of its own: slower, and the same."""
    folder = copy_project(tmp_path / "plain")
    wanted = [f"{RESULTS}/nat_residual_{n}.csv" for n in ("t4_recist", "t5_icc_mri_pathology", "t3_extent")]
    wanted += [f"{RESULTS}/nat_residual_fig_agreement.{kind}" for kind in ("svg", "png")]
    done = snakemake(folder, "--cores", "1", "--workflow-profile", "none", *wanted)
    assert "profiles/default" not in done.stderr
    for name in [*wanted, f"{RESULTS}/raw/export.csv", f"{RESULTS}/cohort.parquet"]:
        assert filecmp.cmp(finished / name, folder / name, shallow=False), name


def test_forced_again_gives_the_same_bytes(finished, tmp_path):
    before = tmp_path / "before"
    shutil.copytree(finished / "results", before)
    snakemake(finished, "--forceall", "--cores", "4")
    after = finished / "results"
    files = sorted(p.relative_to(before) for p in before.rglob("*") if p.is_file())
    assert files == sorted(p.relative_to(after) for p in after.rglob("*") if p.is_file())
    differ = [f for f in files if not filecmp.cmp(before / f, after / f, shallow=False)]
    # The page of a result tells how long it took and shows its log, which tells it, too.
    pages = [f for f in differ if f.parts[:2] == ("report", "results")]
    assert [str(f) for f in differ if f not in pages] == []
    took = re.compile(r"(run time</dt><dd>|done in )[0-9.]+ s")
    assert [str(f) for f in pages if len({took.sub("", (side / f).read_text()) for side in (before, after)}) > 1] == []
    assert os.path.commonpath([after, finished]) == str(finished)


def test_a_run_of_one_file_does_not_repeat_old_verdicts(finished):
    done = snakemake(finished, "--force", f"{RESULTS}/nat_residual_t1_age.csv")
    assert f"{N_CLAIMS} claims" not in done.stdout + done.stderr
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
    small = ["--config", "studies=[nat_residual]"]
    environment = {**os.environ, "PYTHONPATH": str(folder / "workflow")}
    running = subprocess.Popen(
        [sys.executable, "-m", "snakemake", "--cores", "2", *small],
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
    snakemake(folder, "--unlock", *small)
    snakemake(folder, *small)
    names = [p.relative_to(finished) for p in (finished / RESULTS).glob("*.csv")]
    assert len(names) > 45
    assert [str(n) for n in names if not filecmp.cmp(finished / n, folder / n, shallow=False)] == []


def test_no_number_of_the_paper_stands_in_the_code():
    """The synthesiser reads what is printed; none of the telling numbers is typed into it."""
    for path in (ROOT / "workflow/replicalc").rglob("*.py"):
        text = path.read_text()
        for number in ("0.771", "0.883", "0.097", "40.9", "36.5", "127", "2.401", "5.376", "9.19", "3.048", "2.352"):
            assert not re.search(rf"(?<![\d.]){re.escape(number)}(?![\d.])", text), f"{path.name} has {number}"


@pytest.mark.parametrize("place", ["results", "logs"])
def test_nothing_half_written_is_left(finished, place):
    assert not list((finished / place).rglob("*.part"))
