"""What one check of printed numbers found."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """One check: what was held against what, the verdict, a sentence, and what would have to be printed instead.

    verdict: "consistent", "rounding" (one unit of one last place), "unstated_method", "impossible", "not_checkable".
    flips: whether what is printed and what was recomputed lie on different sides of the significance level.
    """

    check: str
    verdict: str
    method: str
    evidence: str
    repair: str = ""
    flips: bool = False
