"""What each study could compute with a proposed mapping, and which variables would open how many more results."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from replicalc.errors import ReplicalcError
from replicalc.evaluable import Made, available, needs
from replicalc.records import Claim, Variable, load_checked, load_claims

#: Variables (or sets of them) that are named for each study, and variables in a set.
MOST_NAMED, MOST_TOGETHER = 4, 4


@dataclass(frozen=True, slots=True)
class Reach:
    """Of a study's results that any cohort can judge: how many with the certain proposals, how many once every TODO is
    answered, and for variables not found how many more each would open (alone, or in a set of which none suffices)."""

    study: str
    results: int
    certain: int
    answered: int
    opens: tuple[tuple[tuple[str, ...], int], ...]


def rules_made(root: Path) -> dict[str, Made]:
    """How every result is made, as the workflow of the project says it. Raises ReplicalcError with its words."""
    done = subprocess.run(
        [sys.executable, str(root / "workflow" / "scripts" / "rules_made.py")],
        cwd=root,
        capture_output=True,
        text=True,
    )
    if done.returncode or not done.stdout.strip():
        words = (done.stderr.strip().splitlines() or ["no reason was given"])[-1]
        raise ReplicalcError(f"the rules of the workflow cannot be read: {words}")
    told = json.loads(done.stdout.strip().splitlines()[-1])
    return {name: Made(each["params"], tuple(each["sources"])) for name, each in told.items()}


def reaches(
    root: Path, certain: set[str], answered: set[str], variables: dict[str, Variable], made: Mapping[str, Made]
) -> list[Reach]:
    """What each study could compute with the variables that are certain, and with those that are asked about too."""
    found = []
    for path in sorted((root / "config" / "studies").glob("*/study.yaml")):
        about = load_checked(path, "study")
        found.append(
            _reach(
                path.parent.name,
                about["readings"],
                load_claims(path.parent / "claims.csv"),
                certain,
                answered,
                variables,
                made,
            )
        )
    return found


def _reach(
    study: str,
    readings: dict,
    claims: list[Claim],
    certain: set[str],
    answered: set[str],
    variables: dict[str, Variable],
    made: Mapping[str, Made],
) -> Reach:
    wanted = [(claim.result, names) for claim in claims if (names := needs(claim, made, variables))]

    def judged(mapped: set[str]) -> set[str]:
        has, constant = available({"variables": {name: {} for name in mapped}}, readings)
        return {result for result, names in wanted if names <= has and not names <= constant}

    open_now = judged(answered)
    mappable = [name for name, v in variables.items() if v.role != "derived" and name not in answered]
    opens: dict[tuple[str, ...], int] = {}
    for name in mappable:
        more = len(judged(answered | {name}) - open_now)
        if more:
            opens[(name,)] = more
    has, _ = available({"variables": {name: {} for name in answered}}, readings)
    for lacking in {tuple(sorted(names - has)) for _, names in wanted if names - has}:
        raw = tuple(name for name in lacking if variables[name].role != "derived")
        if 1 < len(raw) == len(lacking) <= MOST_TOGETHER:
            more = len(judged(answered | set(raw)) - open_now)
            if more > sum(opens.get((name,), 0) for name in raw):
                opens[raw] = more
    best = sorted(opens.items(), key=lambda item: (-item[1] / len(item[0]), item[0]))[:MOST_NAMED]
    return Reach(study, len({result for result, _ in wanted}), len(judged(certain)), len(open_now), tuple(best))


def told(reach: Reach) -> list[str]:
    """Lines for a reader."""
    first = f"{reach.study}: {reach.answered} of {reach.results} results could be computed"
    if reach.certain < reach.answered:
        first += f" ({reach.certain} without the open columns)"
    lines = [first + "."]
    if reach.opens:
        named = "; ".join(f"{' + '.join(names)} would open {more} more" for names, more in reach.opens)
        lines.append(f"  not in the file: {named}")
    return lines
