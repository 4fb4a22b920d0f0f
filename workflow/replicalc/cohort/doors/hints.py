"""What a spreadsheet may have done to a cell, told beside a value that the cohort file does not explain."""

from __future__ import annotations

import re

#: The first three letters of the months in English and German; Excel writes them in the language of the computer.
MONTHS = {
    name: number
    for names in (
        ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"),
        ("jan", "feb", "mär", "apr", "mai", "jun", "jul", "aug", "sep", "okt", "nov", "dez"),
    )
    for number, name in enumerate(names, start=1)
}
DAY_MONTH = re.compile(r"(\d{1,2})[-. ]{1,2}([^\W\d]{3,9})\.?")
MONTH_DAY = re.compile(r"([^\W\d]{3,9})\.?[- ](\d{1,2})")
ISO = re.compile(r"\d{4}-(\d{2})-(\d{2})")


def mangled(text: str) -> str:
    """Return a sentence if a text looks like a date that a spreadsheet made of a code such as 3-1, else an empty text.

    >>> mangled("3-Jan")
    "; a spreadsheet may have made a date of the code '3-1' or '1-3'. Format the column as text and enter it again"
    >>> mangled("3-X")
    ''
    """
    first = second = 0
    if match := DAY_MONTH.fullmatch(text):
        first, second = int(match[1]), MONTHS.get(match[2][:3].lower(), 0)
    elif match := MONTH_DAY.fullmatch(text):
        first, second = MONTHS.get(match[1][:3].lower(), 0), int(match[2])
    elif match := ISO.fullmatch(text):
        first, second = int(match[2]), int(match[1])
    if not (first and second):
        return ""
    return (
        f"; a spreadsheet may have made a date of the code '{first}-{second}' or '{second}-{first}'. Format the "
        "column as text and enter it again"
    )


def with_label(text: str, labels: dict[str, str]) -> str:
    """Give a value as messages show it: with the label that the file itself has for the code.

    >>> with_label("9", {"9": "not asked"}), with_label("8", {})
    ("'9' (not asked)", "'8'")
    """
    return f"'{text}' ({labels[text]})" if labels.get(text) else f"'{text}'"
