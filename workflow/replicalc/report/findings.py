"""What matters first: claims that cannot be, that come out only by a method not named, or that are off by rounding."""

from __future__ import annotations

import re
from collections.abc import Iterable

from replicalc.report.model import ClaimRow, Finding

#: In this order they are told.
FIRST = ("impossible", "unstated_method", "rounding")
#: Evidence longer than this is told by its first clause; the result's page has all of it.
LONG = 240


def findings_of(claims: Iterable[ClaimRow]) -> list[Finding]:
    """Join the claims that one piece of evidence speaks about, and say each in one sentence.

    Within a verdict the order is that of the registry, which is the order of the papers.
    """
    claims = list(claims)
    places = {(claim.study, claim.short): claim.location for claim in claims}
    joined: dict[tuple[str, str, str], list[ClaimRow]] = {}
    for claim in claims:
        if claim.verdict in FIRST:
            joined.setdefault((claim.verdict, claim.study, claim.evidence), []).append(claim)
    return [
        Finding(study, verdict, tuple(mine), sentence(mine, places))
        for order in FIRST
        for (verdict, study, _), mine in joined.items()
        if verdict == order
    ]


def sentence(claims: list[ClaimRow], places: dict[tuple[str, str], str]) -> str:
    """Say what the numbers say, as one sentence for a review; nothing about how they came to be so.

    The claims share a verdict and its evidence. ``places``: where each number stands, by study and short id; a
    reader of the review knows places, not ids.
    """
    first = claims[0]
    where = first.location
    printed = " and ".join(f"{claim.reported} ({claim.label})" for claim in claims[:3])
    if len(claims) > 3:
        printed += f" and {len(claims) - 3} more"
    they, do = ("they", "do") if len(claims) > 1 else ("it", "does")
    evidence = re.sub(
        r"\(([\w.]+)\)", lambda found: f"({places.get((first.study, found[1]), found[1])})", told(first.evidence)
    )
    if first.verdict == "impossible" and first.kind == "qualitative":
        text = f"{where}, {printed}: this does not hold; {evidence[:1].lower()}{evidence[1:]}"
    elif first.verdict == "impossible":
        text = f"{where}, printed {printed}: {they} cannot come out; {evidence}"
        text += _instead(claims, "nearest")
    elif first.verdict == "rounding":
        text = f"{where}, printed {printed}: one unit of the last place off; {evidence}"
        text += _instead(claims, "should read")
    elif first.method.startswith("none"):
        text = f"{where}, printed {printed}: {they} {do} not come out by any of the methods tried; {evidence}"
    else:
        text = f"{where}, printed {printed}: {they} come{'' if len(claims) > 1 else 's'} out by {first.method}, "
        text += f"which the paper does not name; {evidence}"
    return text.rstrip(". ") + "."


def told(evidence: str) -> str:
    """The evidence itself, or its first clause where it is long.

    >>> told("a; " + "b" * 300)
    'a'
    """
    if len(evidence) <= LONG:
        return evidence
    clause = re.split(r";\s", evidence)[0]
    return clause if len(clause) <= 2 * LONG else f"{clause[: 2 * LONG].rsplit(' ', 1)[0]} …"


def _instead(claims: list[ClaimRow], word: str) -> str:
    repairs = [claim.repair for claim in claims if claim.repair]
    return f" ({word}: {', '.join(dict.fromkeys(repairs))})" if repairs else ""
