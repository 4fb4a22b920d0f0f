"""The verification of one study as files: verification.csv, and the evidence that a reviewer opens."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import astuple, fields
from pathlib import Path

from replicalc.errors import ReplicalcError
from replicalc.job import job, write_text
from replicalc.records import load_checked, load_claims
from replicalc.table import safe_csv
from replicalc.verify import weighing
from replicalc.verify.engine import built, verify
from replicalc.verify.evidence import as_data, as_markdown
from replicalc.verify.paper import Paper
from replicalc.verify.rows import Row, coverage

#: Columns of verification.csv.
COLUMNS = tuple(field.name for field in fields(Row))


def models(about: dict) -> list[str]:
    """The ids of the multivariable models that a study declares: each has a certificate of its own."""
    return [relation["id"] for relation in about.get("relations") or () if relation["kind"] == "model"]


@job
def verification(claims, study, others, certificates, out, evidence, page):
    """Verify every claim of a study from the paper alone.

    claims, study: the files of the study. others: claims.csv of the other studies of the registry. certificates: the
    files of ``certificate``, one a model, named after it. out: verification.csv. evidence, page: the same evidence as
    JSON and as Markdown.

    Raises ReplicalcError for a relation that names what is not there.
    """
    about = load_checked(study, "study")
    known = {Path(file).stem: json.loads(Path(file).read_text(encoding="utf-8")) for file in certificates}
    elsewhere = {Path(file).parent.name: load_claims(file) for file in others}
    found = verify(about, load_claims(claims), elsewhere, lambda name, asked: _kept(known, name, asked))
    write_text(out, safe_csv([astuple(row) for row in found.rows], COLUMNS))
    data = as_data(about, found, coverage(found.rows))
    write_text(evidence, json.dumps(data, indent=1, ensure_ascii=False) + "\n")
    write_text(page, as_markdown(data))


def _kept(known: dict[str, dict], name: str, asked: dict) -> dict:
    if name not in known or known[name]["asked"] != json.loads(json.dumps(asked)):
        raise ReplicalcError(f"the certificate of {name} is missing or was asked about other numbers; make it again")
    return known[name]


@job
def certificate(claims, study, out, *, model):
    """Decide whether any patients give the printed model of a study, and keep the whole proof.

    ``out`` holds the question, the answer, and every step of the proof in exact fractions, which
    ``certificate_bound`` (or a few lines of anybody's) can add up again.

    Raises ReplicalcError for a model that the study does not declare.
    """
    about = load_checked(study, "study")
    if model not in models(about):
        raise ReplicalcError(f"{study}: there is no relation '{model}' of kind model")
    paper = Paper(about, load_claims(claims))
    ledger = built(paper)
    asked = weighing.model_input(paper, ledger, paper.relations[model])
    write_text(out, json.dumps(weighing.certify(asked), indent=1, ensure_ascii=False) + "\n")


__all__: Sequence[str] = ("COLUMNS", "certificate", "models", "verification")
