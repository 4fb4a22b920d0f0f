"""A study's record, read and held against the dictionary, its own claims and what the package can follow."""

from __future__ import annotations

import re
from pathlib import Path

from replicalc.cohort.derivations import DERIVATIONS, READINGS
from replicalc.errors import ReplicalcError, did_you_mean, fail_with_all
from replicalc.evaluable import place_variables
from replicalc.records import Claim, Variable, load_checked, load_claims

#: Groups of a result that are no variable of patients.
PSEUDO_GROUPS = ("error", "measure", "model", "strategy", "study", "time")


def load_study(folder: Path, variables: dict[str, Variable]) -> tuple[dict, list[Claim]]:
    """Read ``study.yaml`` and ``claims.csv`` in a study's folder. Raises ReplicalcError naming what does not fit."""
    about = load_checked(folder / "study.yaml", "study")
    if about["study"] != folder.name:
        raise ReplicalcError(
            f"{folder / 'study.yaml'}: 'study' is '{about['study']}', but the folder is '{folder.name}'"
        )
    claims = load_claims(folder / "claims.csv")
    _check_criteria(about["criteria"], variables, folder / "study.yaml")
    _check_readings(about, claims, folder / "study.yaml")
    _check_places(claims, variables, folder / "claims.csv")
    known = {claim.result for claim in claims}
    strange = [name for test in about["tests"] for name in test.get("results", []) if name not in known]
    fail_with_all(f"{folder / 'study.yaml'}, tests:", [f"there is no result '{name}'" for name in strange])
    printed = {c.reported for c in claims if c.stat == "n_included"}
    if printed and str(about["n_reported"]) not in printed:
        raise ReplicalcError(f"{folder / 'study.yaml'}: n_reported is {about['n_reported']}, claims.csv has {printed}")
    return about, claims


def _check_criteria(criteria: list[dict], variables: dict[str, Variable], path: Path) -> None:
    """Criteria name variables and codes of the dictionary, each criterion once."""
    problems = []
    for number, criterion in enumerate(criteria):
        here = f"criteria, '{criterion['id']}'"
        if criterion["id"] in [c["id"] for c in criteria[:number]]:
            problems.append(f"{here}: the id stands twice")
        for name in [*criterion.get("keep", {}), *criterion.get("present", [])]:
            if name not in variables:
                problems.append(f"{here}: there is no variable '{name}'.{did_you_mean(name, list(variables))}")
        for name, codes in criterion.get("keep", {}).items():
            allowed = variables[name].code_list if name in variables else []
            problems += [
                f"{here}: '{code}' is no code of {name}. Allowed: {', '.join(allowed)}"
                for code in map(str, codes)
                if allowed and code not in allowed
            ]
    fail_with_all(f"{path}:", problems)


def _check_readings(about: dict, claims: list[Claim], path: Path) -> None:
    """Every reading is one that something follows, and every class that the study uses is defined."""
    problems = [
        f"readings: nothing follows '{name}'.{did_you_mean(name, sorted(READINGS))}"
        for name in about["readings"]
        if name not in READINGS
    ]
    used = {name for claim in claims for name in place_variables(claim.group, claim.variable)}
    for criterion in about["criteria"]:
        used |= {*criterion.get("keep", {}), *criterion.get("present", [])}
    for derivation in reversed(DERIVATIONS):  # what a derived variable is derived from stands before it
        if derivation.variable in used:
            used |= set(derivation.needs)
            problems += [
                f"readings: '{name}' is missing; {derivation.variable} cannot be derived without it"
                for name in derivation.readings
                if name not in about["readings"]
            ]
    fail_with_all(f"{path}:", problems)


def _check_places(claims: list[Claim], variables: dict[str, Variable], path: Path) -> None:
    """Every variable=code in the place of a claim is one of the dictionary."""
    problems = []
    for line, claim in enumerate(claims, start=2):
        for name, codes in re.findall(r"([a-z][a-z0-9_]*)=([^;~]+)", f"{claim.group};{claim.variable}"):
            if name in PSEUDO_GROUPS:
                continue
            allowed = variables[name].code_list if name in variables else []
            strange = [code for code in codes.split("|") if code not in allowed]
            if strange:
                why = f"'{strange[0]}' is no code of {name}" if allowed else f"there is no variable '{name}'"
                problems.append(f"line {line}, {claim.claim_id}: {why}.{did_you_mean(name, list(variables))}")
    fail_with_all(f"{path}:", problems)
