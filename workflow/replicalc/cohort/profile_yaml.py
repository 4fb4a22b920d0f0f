"""Write texts of an export into YAML so that they are read back as they are, whatever signs they hold."""

from __future__ import annotations

import re
import textwrap

from replicalc.cohort.profile import shown

#: Words that a YAML program takes for something else than text.
_TAKEN = frozenset(("yes", "no", "true", "false", "null", "on", "off", "y", "n", "nan", "inf"))
_PLAIN = re.compile(r"[A-Za-z_](?:[A-Za-z0-9_()%./+-]|[ ](?=[A-Za-z0-9_(%+]))*")
_SHORT = {"\n": "\\n", "\t": "\\t", "\r": "\\r", '"': '\\"', "\\": "\\\\", "\0": "\\0"}


def scalar(text: str) -> str:
    """A text as a YAML value: plain where nothing can be mistaken, otherwise in quotation marks with escapes.

    >>> [scalar(text) for text in ("MRI LD (mm)", "no", "a: b", "1", "x\\ny")]
    ['MRI LD (mm)', '"no"', '"a: b"', '"1"', '"x\\\\ny"']
    """
    if len(text) <= 80 and _PLAIN.fullmatch(text) and text.casefold() not in _TAKEN:
        return text
    return '"' + "".join(_escaped(c) for c in text) + '"'


def _escaped(c: str) -> str:
    if c in _SHORT:
        return _SHORT[c]
    if c.isprintable() and c not in "\u2028\u2029\ufeff":
        return c
    number = ord(c)
    return f"\\x{number:02x}" if number < 256 else f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"


def key(text: str) -> str:
    """The beginning of a line with a key: long ones need YAML's explicit form."""
    written = scalar(text)
    return f"{written}:" if len(written) <= 120 else f"? {written}\n:"


def remark(text: str, indent: str = "") -> list[str]:
    """Lines of a comment; a line break or control character of the text cannot end it."""
    width = 118 - len(indent)
    lines = textwrap.wrap(shown(text, 1000), width, break_long_words=True, break_on_hyphens=False)
    return [f"{indent}# {line}" for line in lines]


def mapping(entry: dict, indent: str) -> list[str]:
    """Lines of keys with values; a value is a text, a whole number, true or false, a list or keys with values."""
    lines: list[str] = []
    for name, value in entry.items():
        start = "\n".join(indent + part for part in key(name).split("\n"))
        if isinstance(value, dict):
            lines += [start, *mapping(value, indent + "  ")]
        elif isinstance(value, list):
            lines += [start, *(f"{indent}  - {scalar(str(each))}" for each in value)]
        elif isinstance(value, bool):
            lines.append(f"{start} {str(value).lower()}")
        else:
            lines.append(f"{start} {value if isinstance(value, int) else scalar(value)}")
    return lines
