"""Untrusted text made harmless to read: nothing that turns the line around, no invisible signs, no endless cells.

Markup is the template engine's business (autoescape). What it lets through and a reader is still misled by is here:
bidirectional overrides (Unicode TR 36), control characters, and texts so long that the page is unusable.
"""

from __future__ import annotations

import hashlib
import re

#: Longer texts are cut, with their length told; no label, note or evidence of a study comes near it.
LIMIT = 2000
_UNSEEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"
)
_NUMERIC = re.compile(r"[<>]?[-+\u2212]?\d[\d.,]*(?:e[-+]?\d+)?(?: ?%)?", re.IGNORECASE)


class Listing(str):
    """A text that is shown whole: the source of a rule or a function, a log."""

    __slots__ = ()


def seen(text: str) -> str:
    """Put the code point in place of every sign that is not seen or that turns the line around.

    >>> seen("a\\u202eb")
    'a[U+202E]b'
    """
    return _UNSEEN.sub(lambda found: f"[U+{ord(found[0]):04X}]", text)


def shown(value: object) -> object:
    """Make a value fit to be shown: unseen signs by their code point, long texts cut. Markup passes as it is.

    >>> shown("a\\u202eb")
    'a[U+202E]b'
    >>> len(shown("x" * 10_000)) < 2100
    True
    """
    if value is None:
        return ""
    if not isinstance(value, str) or hasattr(value, "__html__"):
        return value
    text = seen(value)
    if len(text) > LIMIT and not isinstance(value, Listing):
        return f"{text[:LIMIT]} … (cut; {len(value):,} characters)"
    return text


def numeric(value: object) -> bool:
    """Whether a cell is one number, so that no line is broken within it.

    >>> numeric("0.0867"), numeric("−3.1e-05"), numeric("12.5 %"), numeric("3 of 4"), numeric("")
    (True, True, True, False, False)
    """
    return _NUMERIC.fullmatch(str(value)) is not None


def anchor(text: str) -> str:
    """Make a text fit for an id and the address that leads to it; one that already fits stays as it is.

    >>> anchor("nat_residual.t4.recist.p"), anchor('"><x')
    ('nat_residual.t4.recist.p', '-22-3e-3cx')
    """
    made = re.sub(r"[^A-Za-z0-9_.]", lambda found: f"-{ord(found[0]):x}", text)
    # A file of this name must be possible everywhere.
    return made if len(made) <= 120 else f"{made[:80]}-{hashlib.sha256(text.encode()).hexdigest()[:16]}"


def words(name: str) -> str:
    """Read a name of the registry as words: 'recist=cr' as 'recist: cr', underscores as blanks.

    >>> words("pcr=yes;subtype=hrneg_her2pos")
    'pcr: yes, subtype: hrneg her2pos'
    """
    return name.replace("=", ": ").replace(";", ", ").replace("~", " against ").replace("_", " ")
