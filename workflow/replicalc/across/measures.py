"""What kind of number a claim prints: which interval, which difference and which criterion make sense for it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from replicalc.compare import NULL, QUANTILES, SHARES, TWO_OUTCOMES
from replicalc.records import Claim

SHARE, COUNT, SURVIVAL, RATIO, ICC = "share", "count as share", "survival", "ratio", "icc"
MEAN, SD, QUANTILE, TEST = "mean", "standard deviation", "quantile", "test"
SENTENCE, SIZE, CITED, PART = "sentence", "size", "cited", "part"
RATIOS = ("or", "hr")
#: Measures whose estimate has an interval that can be drawn.
DRAWN = (SHARE, COUNT, SURVIVAL, RATIO, ICC, MEAN, SD, QUANTILE, TEST)
#: Why a claim is not judged at all.
NOT_JUDGED = {
    SIZE: "a size or a date of the paper's own cohort, not a finding that another cohort can repeat",
    CITED: "a number that the paper cites from elsewhere",
}
#: Why criteria 1 and 3 do not apply to an estimate: there is no effect that could be there or not.
NO_EFFECT = {
    SHARE: "a share alone has no value that means 'no effect'",
    COUNT: "a share alone has no value that means 'no effect'",
    SURVIVAL: "a share of survivors alone has no value that means 'no effect'",
    MEAN: "a mean alone has no value that means 'no effect'",
    SD: "a spread has no value that means 'no effect'",
    QUANTILE: "a quantile alone has no value that means 'no effect'",
}


@dataclass(slots=True)
class Printing:
    """The claims of a study, found by id and by place (result, group, variable, stat); the first at a place counts."""

    claims: list[Claim]
    by_id: dict[str, Claim] = field(init=False)
    _at: dict[tuple[str, str, str, str], Claim] = field(init=False)

    def __post_init__(self):
        self.by_id = {claim.claim_id: claim for claim in self.claims}
        self._at = {(c.result, c.group, c.variable, c.stat): c for c in reversed(self.claims)}

    def beside(self, claim: Claim, stat: str) -> Claim | None:
        """The claim of another statistic at the same place."""
        return self._at.get((claim.result, claim.group, claim.variable, stat))

    def at(self, result: str, group: str, variable: str, stat: str) -> Claim | None:
        return self._at.get((result, group, variable, stat))

    def estimate_of(self, claim: Claim) -> Claim | None:
        """The estimate that a printed limit, or the P of a ratio, belongs to; None for any other claim."""
        limit = re.fullmatch(r"(\w+)_(lo|hi)", claim.stat)
        if limit:
            return self.beside(claim, limit[1])
        if claim.stat == "p":
            return next(filter(None, (self.beside(claim, stat) for stat in RATIOS)), None)
        return None

    def first(self, claim: Claim) -> Claim:
        """The first claim of the same statistic: papers repeat themselves."""
        return self.beside(claim, claim.stat) or claim

    def two_groups(self, claim: Claim) -> tuple[Claim, Claim] | None:
        """The two printed shares that a P 'a x b' compares: one code of b in two groups of a."""
        a, cross, b = claim.variable.partition(" x ")
        if not cross:
            return None
        shares: dict[str, dict[str, Claim]] = {}
        for other in self.claims:
            mine = other.result == claim.result and other.stat == "percent"
            if mine and other.group.startswith(f"{a}=") and other.variable.startswith(f"{b}="):
                shares.setdefault(other.variable, {}).setdefault(other.group, other)
        pairs = [tuple(found.values()) for found in shares.values() if len(found) == 2]
        return pairs[0] if len(shares) == 1 and pairs else None


def measure_of(claim: Claim, printing: Printing) -> str:
    """Name the kind of a claim."""
    if claim.stat in ("holds", "wording"):
        return SENTENCE
    if claim.kind == "external":
        return CITED
    if printing.estimate_of(claim) is not None:
        return PART
    for kind, stats in ((SURVIVAL, ("survival",)), (SHARE, SHARES), (RATIO, RATIOS), (QUANTILE, QUANTILES)):
        if claim.stat in stats:
            return kind
    named = {"icc": ICC, "mean": MEAN, "sd": SD, "p": TEST}.get(claim.stat)
    return named or (COUNT if claim.of else SIZE)


def null_of(claim: Claim, measure: str) -> float | None:
    """The value that means 'no effect'; None where there is none. Shares are in percent.

    Sensitivity, specificity and accuracy have 50 %, which a coin gives; a difference of two groups has 0.
    """
    if measure == TEST:
        return 0.0
    if measure == SHARE and claim.stat in TWO_OUTCOMES:
        return 50.0
    return NULL.get(claim.stat) if measure in (RATIO, ICC) else None
