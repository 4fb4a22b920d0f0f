"""What matters first: claims that cannot be, that come out only by a method not named, or that are off by rounding."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from replicalc.report.model import ClaimRow, Finding
from replicalc.report.words import text_read

#: In this order they are told.
FIRST = ("impossible", "unstated_method", "rounding")
#: Evidence longer than this is told by its first clauses; the result's page has all of it.
LONG = 240


def findings_of(claims: Iterable[ClaimRow], copies: Mapping[str, str] | None = None) -> list[Finding]:
    """Join the claims that one piece of evidence speaks about, and say each in one sentence.

    Within a verdict the order is that of the registry, which is the order of the papers. ``copies``: by study, what was
    read of the paper (article, extract, abstract), for a sentence may say no more than that.
    """
    claims = list(claims)
    copies = copies or {}
    places = {(claim.study, claim.short): claim.location for claim in claims}
    joined: dict[tuple[str, str, str], list[ClaimRow]] = {}
    for claim in claims:
        if claim.verdict in FIRST:
            joined.setdefault((claim.verdict, claim.study, claim.evidence), []).append(claim)
    return [
        Finding(study, verdict, tuple(mine), sentence(mine, places, text_read(copies.get(study, ""))))
        for order in FIRST
        for (verdict, study, _), mine in joined.items()
        if verdict == order
    ]


def sentence(claims: list[ClaimRow], places: dict[tuple[str, str], str], read: str) -> str:
    """Say what the numbers say, as one sentence for a review; nothing about how they came to be so.

    The claims share a verdict and its evidence. ``places``: where each number stands, by study and short id; a
    reader of the review knows places, not ids. ``read``: what the text is called that the numbers were taken from.
    What the evidence does not prove stays in the sentence, since it is pasted without its page.
    """
    first = claims[0]
    where = first.location
    printed = " and ".join(f"{claim.reported} ({claim.label})" for claim in claims[:3])
    if len(claims) > 3:
        printed += f" and {len(claims) - 3} more"
    they, do, are, them = ("they", "do", "are", "them") if len(claims) > 1 else ("it", "does", "is", "it")
    evidence = re.sub(
        r"\(([\w.]+)\)", lambda found: f"({places.get((first.study, found[1]), found[1])})", told(first.evidence)
    )
    # The name of a relation or model means nothing in a review.
    evidence = re.sub(r"\([a-z0-9]+(?:_[a-z0-9]+)+: ", "(", evidence)
    start = f"{where}, printed {printed}: "
    if first.method == "one number at several places":
        why = first.note.split(";")[0] if "is taken as right" in first.note else ""
        text = f"{start}at least one place cannot be right, for {evidence}" + (f" ({why})" if why else "")
    elif first.verdict == "impossible" and first.kind == "qualitative":
        text = f"{where}, {printed}: this does not hold; {evidence[:1].lower()}{evidence[1:]}"
    elif first.verdict == "impossible":
        text = f"{start}{they} cannot come out; {evidence}"
        text += "" if "nearest is" in evidence else _instead(claims, "nearest")
    elif first.verdict == "rounding":
        # Which of several numbers is the wrong one is not proven: it is the smallest change that makes them agree.
        text = f"{start}beside the others as printed {they} {are} off by one unit of the last place; {evidence}"
        text += _instead(claims, "would agree")
    elif first.method.startswith("none"):
        text = f"{start}{they} {do} not come out by any of the methods tried; {evidence}"
    elif first.method.startswith("sentence held against"):
        text = f"{start}the wording does not say which is meant; {evidence}"
    else:
        text = f"{start}{they} come{'' if len(claims) > 1 else 's'} out by a method that {read} does not name for "
        text += f"{them} ({first.method}); {evidence}"
    return (text.rstrip(". ") + _reach(first)).rstrip(". ") + "."


def told(evidence: str) -> str:
    """The evidence itself, or where it is long its first clause and as many more as are not too long together.

    >>> told("a; b; " + "c" * 300)
    'a; b'
    """
    if len(evidence) <= LONG:
        return evidence
    clauses = re.split(r";\s", evidence)
    kept = clauses[0]
    for clause in clauses[1:]:
        if len(kept) + len(clause) + 2 > LONG:
            break
        kept += f"; {clause}"
    return kept if len(kept) <= 2 * LONG else f"{kept[: 2 * LONG].rsplit(' ', 1)[0]} …"


def _reach(claim: ClaimRow) -> str:
    """What the proof behind a claim is for and what not, where its evidence or note says so.

    >>> from types import SimpleNamespace
    >>> _reach(SimpleNamespace(evidence="None. A proof for these alone, by X; not for others.", note="evidence: r"))
    ' (a proof for these alone, by X; not for others)'
    """
    for text in (claim.note, claim.evidence):
        found = re.search(r"\b[Aa] (proof for [^;.]*(?:;? not for [^;.]*)?)", text)
        if found:
            return f" (a {found[1].strip()})"
    return ""


def _instead(claims: list[ClaimRow], word: str) -> str:
    repairs = [claim.repair for claim in claims if claim.repair]
    return f" ({word}: {', '.join(dict.fromkeys(repairs))})" if repairs else ""
