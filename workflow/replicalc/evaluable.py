"""Which cohort can speak to which study: at least one printed finding must be one that its variables can judge.

Decided before anything runs, from the cohort file, the derivations, the claims and the parameters of the rules.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from replicalc.cohort.derivations import DERIVATIONS
from replicalc.cohort.frame import NOT_RECORDED
from replicalc.compare import NULL, QUANTILES, SHARES
from replicalc.records import Claim

ESTIMATES = (*SHARES, *NULL, "mean", "sd", *QUANTILES)
#: Statistics of a claim that another cohort can confirm or contradict; the rest is about the paper's own patients.
FINDINGS = (*ESTIMATES, *(f"{name}_{side}" for name in ESTIMATES for side in ("lo", "hi")), "p", "holds")


@dataclass(frozen=True, slots=True)
class Made:
    """How a result is made: its rule's parameters, and the results that it is made from (for statements)."""

    params: Mapping[str, object]
    sources: tuple[str, ...] = ()


def available(cohort: dict, readings: Mapping[str, object]) -> tuple[set[str], set[str]]:
    """Name the variables that a cohort has for a study, given or derived; and those that are the same in everybody."""
    has = set(cohort["variables"])
    for derivation in DERIVATIONS:
        if has.issuperset(derivation.needs) and all(name in readings for name in derivation.readings):
            has.add(derivation.variable)
    return has, {name for name, entry in cohort["variables"].items() if "constant" in entry}


def place_variables(*texts: str) -> set[str]:
    """Name the variables in places such as 'a=x;b=y', 'a x b', 'a=x~b=y', 'time=5', 'a - b'."""
    names = set()
    for part in re.split(r";|~| x | - | by |\+", ";".join(texts)):
        name = part.partition("=")[0].strip()
        if re.fullmatch(r"[a-z][a-z0-9_]*", name):
            names.add(name)
    return names


def param_variables(params: Mapping[str, object]) -> set[str]:
    """Name the variables that the parameters of a rule use."""
    names: set[str] = set()
    for key in ("variables", "factors"):
        names |= set(params.get(key) or ())
    for key in ("rows", "columns", "by", "x", "y", "before", "after", "time", "described_by"):
        value = params.get(key) or ()
        for each in [value] if isinstance(value, str) else value:
            names |= set(each.split("+"))
    for key in ("index", "target", "first", "second", "outcome", "event"):
        if params.get(key):
            names.add(params[key][0])
    names |= {name for name, _ in params.get("steps") or ()}
    return names | subset_variables(params)


def subset_variables(params: Mapping[str, object]) -> set[str]:
    """Name the variables without which a subset cannot be made."""
    subset = params.get("subset") or {}
    return {name for name, codes in subset.items() if not str(codes).endswith(NOT_RECORDED)}


def needs(claim: Claim, made: Mapping[str, Made], known: Iterable[str]) -> set[str] | None:
    """Name the variables that a claim needs; None for a claim that no other cohort can judge."""
    if claim.kind == "external" or not (claim.stat in FINDINGS or (claim.stat == "count" and claim.of)):
        return None
    if claim.kind == "qualitative" and claim.stat not in ("holds", "p"):
        return None  # a fact of the paper's protocol, such as how many radiologists read
    if claim.result not in made:
        return None
    mine = made[claim.result]
    names = place_variables(claim.group, claim.variable) | subset_variables(mine.params)
    if claim.stat.startswith("survival"):
        names |= _outcome(mine.params)
    if claim.group.startswith("model="):
        names |= _of_model(claim.group, claim.variable, mine)
    if claim.stat == "holds":
        # A statement looks at other results; a result with ``holds`` at its own statistics.
        relations = [(mine, each) for each in mine.params.get("holds") or ()]
        sources = [made.get(name, Made({})) for name in mine.sources]
        for left, right in ((each[-3], each[-1]) for each in mine.params.get("relations") or ()):
            for side in (left, right):
                if isinstance(side, tuple | list):
                    relations.append((sources[0 if side[0] == "first" else -1], (tuple(side[1:]), "", 0)))
        for source, relation in relations:
            for side in (relation[-3], relation[-1]):
                if isinstance(side, tuple | list):
                    names |= place_variables(side[0], side[1]) | subset_variables(source.params)
                    names |= _of_model(side[0], side[1], source) if side[0].startswith("model=") else set()
    return names & set(known)


def _of_model(group: str, variable: str, made: Made) -> set[str]:
    """Name the variables of a regression: all its factors, or the one of a univariable model; and the outcome."""
    params = made.params
    outcome = _outcome(params)
    if group == "model=univariable":
        return outcome | place_variables(variable)
    return outcome | set(params.get("factors") or ())


def _outcome(params: Mapping[str, object]) -> set[str]:
    names = {pair[0] for pair in (params.get("outcome"), params.get("event")) if pair}
    return names | ({params["time"]} if "time" in params else set())


def nearest(claims: Iterable[Claim], made: Mapping[str, Made], known: Iterable[str], has: set[str]) -> list[str]:
    """Name the fewest variables that a cohort would need in addition to judge some claim."""
    lacking = [sorted(names - has) for names in (needs(claim, made, known) for claim in claims) if names]
    return min(filter(None, lacking), key=len, default=[])


def findings(
    claims: Iterable[Claim], made: Mapping[str, Made], known: Iterable[str], has: set[str], constant: set[str]
) -> int:
    """Count the claims that a cohort with these variables can judge.

    A variable that is the same in everybody tells nothing: a claim about nothing else is not counted.
    """
    found = 0
    for claim in claims:
        names = needs(claim, made, known)
        if names and names <= has and not names <= constant:
            found += 1
    return found
