"""What one relation says about one claim, and the one verdict that a claim ends with."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

#: The heaviest first. A number that comes out by one relation and is left open by another has come out.
ORDER = ("impossible", "rounding", "unstated_method", "exact", "underdetermined", "not_checkable")
#: Verdicts that a reader should see first.
FINDINGS = ("impossible", "unstated_method", "rounding")


@dataclass(frozen=True, slots=True)
class Opinion:
    """One row of verification.csv, as far as one relation knows it. ``solutions``: how many, as text."""

    claim_id: str
    verdict: str
    recomputed: str = ""
    method: str = ""
    solutions: str = ""
    evidence: str = ""
    repair: str = ""
    note: str = ""
    relation: str = ""


def heaviest(opinions: Iterable[Opinion]) -> Opinion:
    """The heaviest of several opinions about one claim, the first of equals; the others are named in its note.

    Raises ValueError if there is none.
    """
    ranked = sorted(opinions, key=lambda each: ORDER.index(each.verdict))
    if not ranked:
        raise ValueError("no opinion")
    chosen = ranked[0]
    others = [each.relation for each in ranked[1:] if each.relation and each.relation != chosen.relation]
    also = f"also in {', '.join(dict.fromkeys(others))}" if others else ""
    return replace(chosen, note=joined(chosen.note, also))


def joined(*texts: str) -> str:
    """Several notes as one; empty ones are left out."""
    return "; ".join(text for text in texts if text)
