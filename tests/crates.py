"""Validate a run crate with roc-validator, offline: the one document that it wants from the network lies beside the references."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from project import ROOT

CONTEXT = "https://w3id.org/ro/crate/1.1/context"
#: As published (CC0); roc-validator has the profiles with it, but not this.
KEPT = ROOT / "tests/reference/ro-crate-1.1-context.jsonld"


class Answer:
    """As much of a response of ``requests`` as the validator looks at."""

    status_code = 200
    ok = True

    def __init__(self, text: str):
        self.text = text
        self.headers = {"Content-Type": "application/ld+json"}
        self.links: dict = {}

    def json(self) -> object:
        return json.loads(self.text)

    def raise_for_status(self) -> None:
        pass


def faults(folder: Path, monkeypatch, *, recommended: bool = False) -> list[tuple[str, str]]:
    """Every fault that roc-validator finds in a crate against Provenance Run Crate 0.5: (check, sentence)."""
    services = pytest.importorskip("rocrate_validator.services", reason="roc-validator is not installed")
    from rocrate_validator.models import Severity
    from rocrate_validator.utils.http import HttpRequester

    def get(self, url: str, *_, **__) -> Answer:
        if url != CONTEXT:
            raise AssertionError(f"the validator wants {url} from the network")
        return Answer(KEPT.read_text(encoding="utf-8"))

    monkeypatch.setattr(HttpRequester, "get", get, raising=False)
    severity = Severity.RECOMMENDED if recommended else Severity.REQUIRED
    settings = services.ValidationSettings(
        rocrate_uri=str(folder), profile_identifier="provenance-run-crate", requirement_severity=severity
    )
    return [(issue.check.identifier, str(issue.message)) for issue in services.validate(settings).get_issues()]
