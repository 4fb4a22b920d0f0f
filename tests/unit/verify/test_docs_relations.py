"""The worked example of docs/relations.md: what it shows as input gives what it shows as the answer."""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import fields

import pytest
import yaml
from project import ROOT

from replicalc.records import SCHEMAS, Claim, load_checked, validate
from replicalc.verify.engine import verify
from replicalc.verify.paper import KINDS

REFERENCE, EXAMPLE = (ROOT / "docs" / "relations.md").read_text(encoding="utf-8").split("\n## A worked example\n")
SCHEMA = json.loads((SCHEMAS / "study.schema.json").read_text(encoding="utf-8"))["$defs"]
#: Columns of verification.csv under the headings of the table that the documentation shows.
SHOWN = {
    "claim": "claim_id",
    "printed": "reported",
    "verdict": "verdict",
    "recomputed": "recomputed",
    "method": "method",
    "evidence": "evidence",
    "repair": "repair",
}


def block(language: str) -> str:
    """The only block of the example in this language."""
    (text,) = re.findall(rf"```{language}\n(.*?)```", EXAMPLE, re.S)
    return text


@pytest.fixture(scope="module")
def relations() -> list[dict]:
    return yaml.safe_load(block("yaml"))


@pytest.fixture(scope="module")
def claims() -> list[Claim]:
    empty = {field.name: "" for field in fields(Claim)}
    return [Claim(**(empty | row)) for row in csv.DictReader(io.StringIO(block("csv")))]


@pytest.fixture(scope="module")
def found(relations, claims):
    return verify({"study": "example", "alpha": 0.05, "conf_level": 0.95, "relations": relations}, claims)


def test_the_relations_fit_the_schema(relations):
    study = load_checked(ROOT / "config/studies/doppler/study.yaml", "study")
    validate(study | {"relations": relations}, "study", "docs/relations.md")


def test_every_answer_is_the_one_that_is_shown(found):
    lines = [line for line in EXAMPLE.splitlines() if line.startswith("|")]
    head, _, *body = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    assert head == list(SHOWN)
    assert body == [[getattr(row, column) for column in SHOWN.values()] for row in found.rows]


def test_every_number_of_the_abstract_is_a_claim(claims):
    abstract = " ".join(re.search(r'A made-up abstract: "(.*?)"', EXAMPLE, re.S)[1].split())
    printed = sorted(re.findall(r"\d+(?:\.\d+)?", abstract))
    assert printed == sorted(claim.reported for claim in claims if claim.reported[0].isdigit())
    assert any(claim.reported in abstract for claim in claims if claim.stat == "holds")


@pytest.mark.parametrize("kind", KINDS)
def test_every_key_of_the_schema_is_explained(kind):
    """Each key stands between backticks, or at the beginning of a line of an example, behind the kind's first word."""
    start = REFERENCE.index(f"\n`{kind}`: ")
    rest = [at for other in KINDS if other != kind and (at := REFERENCE.index(f"\n`{other}`: ")) > start]
    section = REFERENCE[start : min(rest, default=None)]
    code = " ".join(re.findall(r"`([^`]+)`", section) + re.findall(r"^ {4,}\S.*$", section, re.M))
    keys = set(SCHEMA[kind]["properties"]) - {"id", "kind", "note", "reading"}
    assert [key for key in sorted(keys) if not re.search(rf"\b{key}\b", code)] == []
