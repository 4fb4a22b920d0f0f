"""Which tables of counts a result needs: its own function is asked, so that no list can fall behind it."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Mapping

from replicalc.cohort.counted import Answered, Asking
from replicalc.digest import digest
from replicalc.errors import ReplicalcError

#: Every function that makes a result of a cohort.
ARCHETYPES = (
    "results.agreement:accuracy",
    "results.agreement:agreement",
    "results.agreement:misses",
    "results.association:association",
    "results.association:before_after",
    "results.describe:cited",
    "results.describe:distribution",
    "results.describe:numeric",
    "results.describe:patient_flow",
    "results.evidence:evidence",
    "results.paired:two_tests",
    "results.predictive:predictive_values",
    "results.regression:hazard",
    "results.regression:logistic",
    "results.survival:survival",
    "results.work_up:work_up",
)


def archetype_of(params: Mapping[str, object], result: str = "") -> str:
    """Name the function behind a rule, from the digest of its code. Raises ReplicalcError where it is none of them."""
    found = next((entry for entry in ARCHETYPES if digest(entry) == params.get("code")), None)
    if found is None:
        raise ReplicalcError(f"rule {result}: made by no function that can be computed from tables of counts")
    return found


def tables_needed(entry: str, params: Mapping[str, object]) -> list[list[str]]:
    """Ask an archetype with the parameters of a rule for its tables: the variables of each, sorted."""
    module, _, name = entry.partition(":")
    function = getattr(importlib.import_module(f"replicalc.{module}"), name).__wrapped__
    files = [
        each.name
        for each in inspect.signature(function).parameters.values()
        if each.kind is inspect.Parameter.POSITIONAL_OR_KEYWORD
    ]
    asked = {file: Asking("asked") if file == "cohort" else "asked" for file in files}
    try:
        function(**asked, **{key: value for key, value in params.items() if key not in ("code", "uses")})
    except Answered as answer:
        return [list(names) for names in answer.tables]
    raise ReplicalcError(f"{entry} did not say which variables it needs")


def all_tables(recipes: Mapping[str, tuple[str, Mapping[str, object]]]) -> list[list[str]]:
    """Every table that some of the results (name: function, parameters) need, each once, in a fixed order."""
    found = {tuple(names) for entry, params in recipes.values() for names in tables_needed(entry, params)}
    return [list(names) for names in sorted(found)]
