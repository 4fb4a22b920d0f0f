"""Texts of patients in files that people open in a spreadsheet: a text that would run as a formula is made inert.

A cell such as ``=HYPERLINK(...)`` is a text in an export and stays one; a spreadsheet that opens our CSV would run it.
An apostrophe before it prevents that, and is taken away when we read the file back. (OWASP, "CSV Injection".)
"""

from __future__ import annotations

import re

#: What a spreadsheet runs: a text that begins so, and is no number and no sign alone. Apostrophes that the text itself
#: has before such a beginning are kept apart from ours by one more.
RUNS = re.compile(r"'*[=+\-@\t\r].", re.DOTALL)
NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?|[+-]inf")


def inert(text: str) -> str:
    """Put an apostrophe before a text that a spreadsheet would run.

    >>> [inert(text) for text in ("=1+1", "-2.5", "-", "@x", "A-1", "'=1")]
    ["'=1+1", '-2.5', '-', "'@x", 'A-1', "''=1"]
    """
    return f"'{text}" if RUNS.match(text) and not NUMBER.fullmatch(text) else text


def original(text: str) -> str:
    """Undo ``inert``.

    >>> [original(inert(text)) for text in ("=1+1", "'=1", "'x", "-2.5")]
    ['=1+1', "'=1", "'x", '-2.5']
    """
    return text[1:] if text.startswith("'") and RUNS.match(text) else text
