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
#: So many numbers are told in a sentence, and so many places.
NUMBERS, PLACES = 3, 3
#: The method of a number that is printed at several places, and not alike.
REPEATED = "one number at several places"
_LIMIT = re.compile(r"(.*), (lower|upper) limit(?: \((.*)\))?")
_PLACED = re.compile(r" \([^()]*\)\Z")


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
    found = []
    told: set[str] = set()
    swapped = _exchanged(claims)
    for order in FIRST:
        for (verdict, study, _), mine in joined.items():
            if verdict != order or mine[0].claim_id in told:
                continue
            other = swapped.get(mine[0].claim_id)
            if other is not None and len(mine) == 1:
                mine = [mine[0], other]
                text = _exchange(*mine, places)
            else:
                text = sentence(mine, places, text_read(copies.get(study, "")))
            told.update(claim.claim_id for claim in mine)
            found.append(Finding(study, verdict, tuple(mine), text))
    return found


def _exchanged(claims: Iterable[ClaimRow]) -> dict[str, ClaimRow]:
    """Pairs at one place, each printed there as the other is elsewhere: by id, the other one.

    One slip of the pen explains both, so they are one finding. A number that two others could have been exchanged with
    is left by itself.
    """
    apart = [claim for claim in claims if claim.method == REPEATED and claim.repair and claim.repair != claim.reported]
    pairs: dict[str, list[ClaimRow]] = {}
    for one in apart:
        for other in apart:
            same = (one.study, one.location, one.kind) == (other.study, other.location, other.kind)
            if same and one.repair == other.reported and one.reported == other.repair:
                pairs.setdefault(one.claim_id, []).append(other)
    return {own: others[0] for own, others in pairs.items() if len(others) == 1 and len(pairs[others[0].claim_id]) == 1}


def _exchange(one: ClaimRow, other: ClaimRow, places: Mapping[tuple[str, str], str]) -> str:
    elsewhere = [
        _listed(
            places.get((claim.study, short), short)
            for number, short in re.findall(r"(\S+) \(([\w.]+)\)", claim.evidence)
            if number == claim.repair
        )
        for claim in (one, other)
    ]
    return (
        f"{one.location}, printed {one.reported} ({one.label}) and {other.reported} ({other.label}): these two look "
        f"exchanged, for the first is printed as {one.repair} elsewhere ({elsewhere[0]}) and the second as "
        f"{other.repair} ({elsewhere[1]})."
    )


def sentence(claims: list[ClaimRow], places: Mapping[tuple[str, str], str], read: str) -> str:
    """Say what the numbers say, as one sentence for a review; nothing about how they came to be so.

    The claims share a verdict and its evidence. ``places``: where each number stands, by study and short id; a
    reader of the review knows places, not ids. ``read``: what the text is called that the numbers were taken from.
    What the evidence does not prove stays in the sentence, since it is pasted without its page.
    """
    first = claims[0]
    where, printed, several = _numbers(claims)
    they, do, are, them = ("they", "do", "are", "them") if several else ("it", "does", "is", "it")
    evidence = re.sub(
        r"\(([\w.]+)\)", lambda found: f"({places.get((first.study, found[1]), found[1])})", told(first.evidence)
    )
    # The name of a relation or model means nothing in a review.
    evidence = re.sub(r"\([a-z0-9]+(?:_[a-z0-9]+)+: ", "(", evidence)
    start = f"{where}, printed {printed}: "
    if first.method == REPEATED:
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
        text = f"{start}{they} come{'' if several else 's'} out by a method that {read} does not name for "
        text += f"{them} ({first.method}); {evidence}"
    return (text.rstrip(". ") + _reach(first)).rstrip(". ") + "."


def _numbers(claims: list[ClaimRow]) -> tuple[str, str, bool]:
    """Where the numbers stand, the numbers with what they are, and whether there are several.

    An estimate and its limits are told together, and a number that stands at several places once.
    """
    parts: dict[tuple[str, ...], dict[str, list[ClaimRow]]] = {}
    names: dict[tuple[str, ...], str] = {}
    for claim in claims:
        limit = _LIMIT.fullmatch(claim.label)
        what = "; ".join(filter(None, limit.group(1, 3))) if limit else claim.label
        side = limit[2] if limit else ""
        key: tuple[str, ...] = (_PLACED.sub("", limit[1] if limit else claim.label),)
        known = parts.get(key, {}).get(side, ())
        here = (claim.location, claim.label)
        if any(each.reported != claim.reported or (each.location, each.label) == here for each in known):
            key = (*key, claim.claim_id)  # another number of the same name
        parts.setdefault(key, {}).setdefault(side, []).append(claim)
        # Labels say with a word in brackets where else a number stands; once told, it stands at all of them.
        names[key] = key[0] if len(parts[key][side]) > 1 else names.get(key, what)
    said = []
    for key, sides in parts.items():
        value, low, high = (sides[side][0].reported if side in sides else "" for side in ("", "lower", "upper"))
        limits = f"limits {low} to {high}" if low and high else f"lower limit {low}" if low else f"upper limit {high}"
        number = " with ".join(filter(None, [value, limits if low or high else ""]))
        said.append(f"{number} ({names[key]})")
    more = f" and {len(said) - NUMBERS} more" if len(said) > NUMBERS else ""
    places = list(dict.fromkeys(claim.location for claim in claims))
    where = _listed(places) if len(places) <= PLACES else f"{places[0]} and {len(places) - 1} other places"
    return where, " and ".join(said[:NUMBERS]) + more, sum(len(sides) for sides in parts.values()) > 1


def _listed(names: Iterable[str]) -> str:
    """Different names as a list in words.

    >>> _listed(["a", "b", "a", "c"])
    'a, b and c'
    """
    *first, last = dict.fromkeys(names) or [""]
    return f"{', '.join(first)} and {last}" if first else last


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
