"""The guidelines and the answers of every study: complete, tied to the paper, and refused where they do not fit."""

from __future__ import annotations

import csv
import io
import re
import shutil
from pathlib import Path

import pytest
import yaml
from project import ROOT

from replicalc.errors import ReplicalcError
from replicalc.records import load_claims
from replicalc.report.checklists import (
    COLUMNS,
    FOLDER,
    LISTS,
    STATES,
    as_page,
    as_rows,
    checklists,
    judge,
    load_list,
    write_checklists,
)

STUDIES = sorted(path.parent.name for path in ROOT.glob("config/studies/*/study.yaml"))
#: Items and parts of items: STROBE has 22 with parts of 1, 6, 12, 13, 14 and 16; STARD 30 with parts of 10, 12, 13 and 21.
ROWS = {"strobe": 34, "stard": 34, "remark": 20}
#: The texts of the papers, by the number at the start of their names; they are no part of the project.
TEXTS = {"doppler": "000", "nact_bone": "001", "casting": "002", "us_mri": "003", "nat_residual": "004"}


@pytest.fixture
def project(tmp_path) -> Path:
    """A copy of what the guidelines are read from, with the verdicts on record in place of a run."""
    for study in STUDIES:
        shutil.copytree(ROOT / "config/studies" / study, tmp_path / "config/studies" / study)
        with (ROOT / f"tests/golden/{study}_paper.csv").open(encoding="utf-8", newline="") as handle:
            rows = [{**row, "evidence": ""} for row in csv.DictReader(handle)]
        path = tmp_path / "results" / study / "verification.csv"
        path.parent.mkdir(parents=True)
        with path.open("w", encoding="utf-8", newline="") as handle:
            writer = csv.DictWriter(handle, list(rows[0]), lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
    shutil.copytree(ROOT / FOLDER, tmp_path / FOLDER)
    (tmp_path / "data").mkdir()
    shutil.copy(ROOT / "data/dictionary.csv", tmp_path / "data/dictionary.csv")
    return tmp_path


def change(project: Path, study: str, edit) -> None:
    path = project / "config/studies" / study / "checklists.yaml"
    data = yaml.safe_load(path.read_text(encoding="utf-8"))
    edit(data)
    path.write_text(yaml.safe_dump(data, allow_unicode=True), encoding="utf-8")


@pytest.mark.parametrize("name", LISTS)
def test_a_guideline_has_all_its_items(name):
    guideline = load_list(ROOT / FOLDER / f"{name}.yaml")
    assert len(guideline.items) == ROWS[name]
    assert [item.item for item in guideline.items] == sorted(
        (item.item for item in guideline.items), key=lambda item: (int(item.rstrip("abcde")), item)
    )


@pytest.mark.parametrize("study", STUDIES)
def test_every_item_of_every_guideline_has_one_answer(project, study):
    made = checklists(study, project)
    told = [each.checklist.checklist for each in made.applied] + [about.checklist for about, _ in made.not_applied]
    assert sorted(told) == sorted(LISTS)
    ids = {claim.claim_id for claim in load_claims(project / "config/studies" / study / "claims.csv")}
    for applied in made.applied:
        assert [answer.item for answer in applied.answers] == list(applied.checklist.items)
        assert sum(applied.counts().values()) == ROWS[applied.checklist.checklist]
        for answer in applied.answers:
            assert answer.state in STATES
            assert set(answer.claims) <= ids
            assert sum(n for _, n in answer.verdicts) == len(answer.claims)
            assert answer.sentence.endswith(".") and ".." not in answer.sentence


@pytest.mark.parametrize("study", STUDIES)
def test_nothing_is_called_absent_that_the_copy_does_not_hold(project, study):
    holds = yaml.safe_load((project / "config/studies" / study / "checklists.yaml").read_text())["copy"]["holds"]
    for applied in checklists(study, project).applied:
        for answer in applied.answers:
            if answer.state == "absent":
                assert set(answer.item.where) <= set(holds), answer


@pytest.mark.parametrize("study", STUDIES)
def test_every_quote_stands_in_the_text(project, study):
    found = list((ROOT.parent / "shared" / "seeds").glob(f"{TEXTS[study]}_*.txt"))
    if not found:
        pytest.skip("the texts of the papers are not here; they are no part of the project")
    text = re.sub(r"- ?\n\s*", "", found[0].read_text(encoding="utf-8"))  # words parted at the end of a line
    text = " ".join(text.split())
    quotes = [answer.quote for applied in checklists(study, project).applied for answer in applied.answers]
    assert any(quotes)
    assert [quote for quote in quotes if quote not in text] == []


def test_a_finding_goes_with_the_claims_and_not_with_the_file(project):
    """Without its limits in the record, an estimate is no longer reported with precision, and nobody edits an answer."""

    def state(item):
        (remark,) = [each for each in checklists("doppler", project).applied if each.checklist.checklist == "remark"]
        return next(answer for answer in remark.answers if answer.item.item == item)

    assert state("16").state == "reported"
    assert state("15").state == "cannot_tell"
    path = project / "config/studies/doppler/claims.csv"
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    path.write_text("".join(line for line in lines if ",or_hi," not in line), encoding="utf-8")
    assert state("16").state == "partly"
    assert "0 of 6 estimates" in state("16").sentence


def test_a_rule_that_finds_nothing_says_absent_only_of_a_whole_part(project):
    def only_abstract(data):
        data["copy"]["holds"] = ["abstract"]
        for answers in (each["answers"] for each in data["applied"].values()):
            for item, given in answers.items():
                if given.get("state") == "absent":
                    answers[item] = {"state": "cannot_tell"}

    def no_estimate(data):
        data["applied"]["stard"]["answers"]["24"] = {"derived": "intervals", "with": {"stats": ["hr"]}}

    def state():
        return next(row for row in as_rows(checklists("nat_residual", project)) if row[1:3] == ["stard", "24"])

    change(project, "nat_residual", lambda data: rekey(data))
    change(project, "nat_residual", no_estimate)
    assert state()[5] == "absent"
    change(project, "nat_residual", only_abstract)
    assert state()[5] == "cannot_tell"
    assert "captions alone" in state()[9]


def rekey(data) -> None:
    """PyYAML reads a bare 24 as a number; the project's reader takes all keys as text."""
    for each in data["applied"].values():
        each["answers"] = {str(item): given for item, given in each["answers"].items()}


def answer_of(item, **given):
    def edit(data):
        rekey(data)
        data["applied"]["strobe"]["answers"][item] = given

    return edit


def without(item):
    def edit(data):
        rekey(data)
        del data["applied"]["strobe"]["answers"][item]

    return edit


def at_top(**given):
    return lambda data: data.update(given)


@pytest.mark.parametrize(
    ("edit", "sentence"),
    [
        (without("12c"), "strobe, item 12c: no answer"),
        (answer_of("12f", state="cannot_tell"), "strobe has no item 12f"),
        (answer_of("2", state="missing"), "'missing' is not allowed. Allowed: reported, partly"),
        (answer_of("2", state="reported"), "item 2: an item that is 'reported' needs 'place'"),
        (answer_of("2", state="partly", place="Abstract"), "needs 'missing'"),
        (answer_of("2", state="not_applicable"), "needs 'reason'"),
        (answer_of("2", state="absent"), "cannot be called absent: the copy does not hold introduction"),
        (answer_of("1b", state="cannot_tell"), "the copy holds abstract; say with 'lost' what is not in it"),
        (answer_of("2", state="cannot_tell", place="Abstract"), "an item that is 'cannot_tell' has no 'place'"),
        (answer_of("2", state="reported", place="Abstracts"), "neither a location of claims.csv .* mean 'Abstract'"),
        (
            answer_of("2", state="reported", place="Abstract", claims=["n_totall"]),
            "is called 'n_totall'. Did you mean 'n_total",
        ),
        (answer_of("2", place="Abstract"), "either 'state' or 'derived' is needed"),
        (answer_of("2", state="absent", derived="stages"), "either 'state' or 'derived' is needed"),
        (answer_of("2", derived="intervals", **{"with": {"stats": ["or"]}}), "'place' is needed"),
        (answer_of("2", derived="intervals", quote="x", **{"with": {"stats": ["or"]}}), "a quote needs its 'place'"),
        (answer_of("2", derived="interval", place="Abstract"), "there is no rule 'interval'"),
        (answer_of("2", state="reported", place="Abstract", page=3), "unknown key 'page'"),
        (answer_of("2", state="reported", place="Abstract", quote="=cmd|' /C calc'!A0"), "does not have the form"),
        (answer_of("2", state="reported", place="Abstract", note="left \u202e right"), "does not have the form"),
        (at_top(not_applied={"strobe": "why"}), "strobe is both applied and not applied"),
        (at_top(not_applied={"prisma": "why"}), "no guideline is called 'prisma'"),
        (lambda data: data["applied"].pop("stard"), "stard is neither applied nor excused"),
        (at_top(study="casting"), "is about casting; .* has doppler"),
    ],
)
def test_answers_that_do_not_fit(project, edit, sentence):
    change(project, "doppler", edit)
    with pytest.raises(ReplicalcError, match=sentence):
        checklists("doppler", project)


def test_all_faults_are_told_at_once(project):
    change(project, "doppler", without("12c"))
    change(project, "doppler", answer_of("2", state="absent"))
    with pytest.raises(ReplicalcError) as caught:
        checklists("doppler", project)
    assert "item 12c" in str(caught.value) and "item 2:" in str(caught.value)


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ('item: "1b"', 'item: "1a"', "item 1a stands 2 times"),
        ('item: "22"', 'item: "23"', "numbered 1 to 22 without a gap"),
        ("checklist: strobe", "checklist: strob", "is called 'strob' and the file is not"),
        ("where: [other]", "where: [elsewhere]", "'elsewhere' is not allowed"),
        ("n_items: 22", "n_items: many", "'many' should be a whole number"),
    ],
)
def test_guidelines_that_do_not_fit(project, old, new, sentence):
    path = project / FOLDER / "strobe.yaml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ReplicalcError, match=sentence):
        load_list(path)


def test_a_verification_without_a_claim_is_out_of_date(project):
    path = project / "results/doppler/verification.csv"
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    path.write_text("".join(lines[:-1]), encoding="utf-8")
    with pytest.raises(ReplicalcError, match=r"has no row for doppler.* run the workflow again"):
        checklists("doppler", project)


def files(project: Path, study: str) -> tuple:
    folder = project / "config/studies" / study
    return (
        folder / "checklists.yaml",
        folder / "claims.csv",
        project / "results" / study / "verification.csv",
        project / "data/dictionary.csv",
        [project / FOLDER / f"{name}.yaml" for name in LISTS],
    )


def test_table_and_page_say_the_same(project, tmp_path):
    table, page, log = (tmp_path / name for name in ("checklists.csv", "checklists.md", "job.log"))
    write_checklists(*files(project, "us_mri"), table, page, log, code="x")
    made = judge(*files(project, "us_mri"))
    text = table.read_text(encoding="utf-8")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert tuple(rows[0]) == COLUMNS
    assert len(rows) == ROWS["stard"]
    shown = page.read_text(encoding="utf-8")
    assert shown == as_page(made)
    assert len(re.findall(r"^\| [1-9]", shown, re.MULTILINE)) == len(rows)
    (counts,) = re.findall(r"^Of 34 items and parts of items: (.*)\.$", shown, re.MULTILINE)
    told = {words: int(n) for n, words in (part.split(" ", 1) for part in counts.split(", "))}
    assert told == {
        STATES[state]: sum(row["state"] == state for row in rows)
        for state in STATES
        if any(row["state"] == state for row in rows)
    }
    assert "The text at hand is the running text" in shown
    assert "done in" in log.read_text(encoding="utf-8")


def test_text_of_the_files_is_inert_on_the_page(project):
    hostile = "a | b <script>alert(1)</script> [x](javascript:1) `c` *d*"
    change(project, "doppler", answer_of("2", state="reported", place="Abstract", note=hostile))
    page = as_page(checklists("doppler", project))
    (line,) = [line for line in page.splitlines() if "script" in line]
    assert "<script" not in line
    assert re.search(r"(?<!\\)[\]`*]", line) is None
    assert len(re.findall(r"(?<!\\)\|", line)) == 6
