"""Drawings made fit to stand inside a page: known elements and attributes alone, ids of their own, few bytes.

An SVG file is a document that may hold scripts, styles and references. Under the pages' Content-Security-Policy a
``style`` attribute does nothing, so each becomes attributes of its own; whatever is not on the lists below is dropped.
"""

from __future__ import annotations

import hashlib
import re
import xml.etree.ElementTree as ET
from html import escape, unescape
from itertools import pairwise

from replicalc.errors import ReplicalcError
from replicalc.report.plain import shown

_SPACE = "{http://www.w3.org/2000/svg}"
_LINK = "{http://www.w3.org/1999/xlink}href"


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


ELEMENTS = _names("svg g path rect line circle ellipse polyline polygon text tspan defs use clipPath marker symbol")
PLACES = _names(
    "d x y x1 y1 x2 y2 cx cy r rx ry width height points viewBox transform dx dy preserveAspectRatio clipPathUnits "
    "refX refY markerWidth markerHeight orient"
)
LOOKS = _names(
    "fill fill-opacity fill-rule stroke stroke-width stroke-opacity stroke-dasharray stroke-dashoffset stroke-linecap "
    "stroke-linejoin stroke-miterlimit opacity clip-path clip-rule font-size font-family font-weight font-style "
    "text-anchor dominant-baseline"
)
_NUMBER = re.compile(r"-?\d*\.\d{3,}(?:e-?\d+)?")
_OWN = re.compile(r"url\(#([^)\s\"']+)\)\Z")
_TEXT = re.compile(r"(translate\([-\d. ]+\) ?(?:rotate\([-\d.]+\) ?)?)scale\(([\d.]+) -[\d.]+\)")
#: What the font draws as one sign.
_LIGATURE = re.compile(r"ff[il]|f[fil]|.", re.DOTALL)
_MOVE = re.compile(r"translate\(([-\d.]+)(?: 0)?\)")
_VALUE = re.compile(r"[\w\s.,#%()+\-\"']*\Z")


def inline(text: str, name: str, title: str = "", words: str = "") -> str:
    """Return the drawing as markup for a page; ids follow from ``name``.

    ``title`` and ``words`` are those of the drawing itself if not given.

    Raises ReplicalcError where the text is no SVG, or declares entities of its own (which could grow without end).
    """
    if "<!ENTITY" in text:
        raise ReplicalcError(f"{name}: the drawing declares entities of its own, and is not shown")
    try:
        root = ET.fromstring(text, ET.XMLParser(target=ET.TreeBuilder(insert_comments=True)))
    except ET.ParseError as error:
        raise ReplicalcError(f"{name}: not a well-formed drawing: {error}") from error
    if root.tag != f"{_SPACE}svg":
        raise ReplicalcError(f"{name}: not an SVG drawing")
    own = " ".join((root.findtext(f"{_SPACE}title") or "").split())
    first, _, rest = own.partition(". ")
    title = title or first or name
    words = words or " ".join((root.findtext(f"{_SPACE}desc") or rest or own or name).split())
    # Glyphs are referred to thousands of times: ids are as short as they can be and still differ between drawings.
    prefix = f"s{hashlib.sha256(name.encode()).hexdigest()[:5]}"
    lettered(root)
    used = {own: f"{prefix}{number:x}" for number, own in enumerate(sorted(_used(root)))}
    box = root.get("viewBox") or f"0 0 {_plain(root.get('width'))} {_plain(root.get('height'))}"
    inside = "".join(_element(child, used) for child in root)
    title, words = escape(str(shown(title))), escape(str(shown(words)))
    return (
        f'<svg viewBox="{escape(box)}" role="img" aria-labelledby="{prefix}-t {prefix}-d" '
        'stroke-linejoin="round" font-family="DejaVu Sans, Verdana, Arial, sans-serif">'
        f'<title id="{prefix}-t">{title}</title><desc id="{prefix}-d">{words}</desc>{inside}</svg>'
    )


def lettered(root: ET.Element) -> None:
    """Turn texts that matplotlib drew as outlines back into letters, each at its place; in place, all of them or none.

    Matplotlib writes the text as a comment before the group of its outlines. As letters a figure is searched, read
    aloud and copied, at a fifth of the bytes. Where any text has another number of outlines than letters (formulas)
    all stay.
    """
    found = []
    for parent in root.iter():
        children = list(parent)
        for comment, group in pairwise(children):
            if comment.tag is ET.Comment and group.tag == f"{_SPACE}g":
                found.append((parent, group, _letters(unescape((comment.text or "")[1:-1]), group)))
    if all(text is not None for _, _, text in found):
        for parent, group, text in found:
            parent[list(parent).index(group)] = text


def _letters(words: str, group: ET.Element) -> ET.Element | None:
    outlines = group.findall(f"{_SPACE}use")
    place = _TEXT.fullmatch(group.get("transform", ""))
    moves = [_MOVE.fullmatch(outline.get("transform", "translate(0 0)")) for outline in outlines]
    drawn = list(words) if len(outlines) == len(words) else _LIGATURE.findall(words)
    if len(outlines) != len(drawn) or not place or not all(moves):
        return None
    size = float(place[2])
    starts = [float(move[1]) * size for move in moves]
    places = []
    for letters, start, following in zip(drawn, starts, [*starts[1:], None], strict=False):
        wide = (following - start) / len(letters) if following is not None else 30 * size
        places += [start + wide * number for number in range(len(letters))]
    text = ET.Element(f"{_SPACE}text", {"transform": place[1].strip(), "font-size": f"{100 * size:.4g}"})
    text.set("x", " ".join(f"{each:.1f}".removesuffix(".0") for each in places))
    text.set("style", group.get("style", ""))
    for look, value in (("Bold", "font-weight:bold"), ("Oblique", "font-style:italic")):
        if outlines and look in outlines[0].get(_LINK, ""):
            text.set("style", f"{text.get('style')};{value}")
    # Blanks beside blanks would fall together, and every later letter would take the place of another.
    text.text = re.sub(r"^ | $| (?= )|(?<= ) ", "\u00a0", words)
    return text


def _plain(length: str | None) -> str:
    found = re.match(r"[\d.]+", length or "")
    return found[0] if found else "100"


def _used(root: ET.Element) -> set[str]:
    """The ids that something within the drawing refers to; all others are dropped."""
    used = set()
    for element in root.iter():
        for key, value in element.attrib.items():
            if key in ("href", _LINK) and value.startswith("#"):
                used.add(value[1:])
            used.update(re.findall(r"url\(#([^)]+)\)", value))
    return used


def _element(element: ET.Element, used: dict[str, str]) -> str:
    tag = element.tag.removeprefix(_SPACE) if isinstance(element.tag, str) else ""
    if tag not in ELEMENTS:
        return ""
    given = dict(element.attrib)
    for part in given.pop("style", "").split(";"):
        key, _, value = part.partition(":")
        given.setdefault(key.strip(), value.strip())
    kept = []
    for key, value in given.items():
        if key in PLACES:
            value = _NUMBER.sub(_rounded, " ".join(value.split()))
            value = re.sub(r" ?([MLCQZzHVS]) ?", r"\1", value) if key == "d" else value
        elif key in LOOKS:
            own = _OWN.match(value)
            if own:
                value = f"url(#{used[own[1]]})"
            elif "url" in value.lower() or not _VALUE.match(value):
                continue
            else:
                value = _NUMBER.sub(_rounded, value)
        elif key == "id" and value in used:
            value = used[value]
        elif key in ("href", _LINK) and value.startswith("#"):
            key, value = "href", f"#{used[value[1:]]}"
        else:
            continue
        kept.append(f' {key}="{escape(value)}"')
    inside = "".join(_element(child, used) for child in element)
    if tag in ("text", "tspan"):
        inside = escape(str(shown(element.text or ""))) + "".join(
            _element(child, used) + escape(str(shown(child.tail or ""))) for child in element
        )
    if tag == "g" and not inside:
        return ""
    if tag == "g" and not kept:
        return inside
    return f"<{tag}{''.join(kept)}>{inside}</{tag}>" if inside else f"<{tag}{''.join(kept)}/>"


def _rounded(found: re.Match) -> str:
    value = float(found[0])
    # Glyphs are drawn 64 times larger and scaled down by a factor of about 0.01, which keeps its figures.
    text = f"{value:.4g}" if abs(value) < 0.1 else f"{value:.2f}".rstrip("0").rstrip(".")
    return text or "0"
