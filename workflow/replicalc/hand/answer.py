"""What a command answers: one form for the eye, one for a program."""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from math import isfinite
from typing import Any

#: The verdicts of ``verification.csv`` and what they say of the numbers that were typed in.
VERDICTS = {
    "exact": "it comes out as printed",
    "rounding": "one printed number is off by one unit of its last place",
    "unstated_method": "it takes a method that was not named, or a misprint",
    "impossible": "no counts or data can give it",
    "underdetermined": "several reconstructions fit",
    "not_checkable": "there is nothing to check it against",
}
WIDTH = 100
#: Entries of a list within one cell that are shown.
MOST_ENTRIES = 12
#: What was looked at is shown whole, up to so many rows; solutions can be thousands and are cut earlier.
MOST_CHECKS = 40
#: Roundings that a reader takes for granted. Cut off instead of rounded, or each number its own way, is not.
USUAL_ROUNDINGS = frozenset({"half-up", "half-even", "inequality"})


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer.

    solutions: everything that gives the printed numbers, one row each. n_solutions: how many there are, where more were
    counted than kept. checks: everything that was tried or compared, one row each, where that is not the same.
    repair: what would have to be printed instead; empty if nothing. sentence: for a review. says: what the verdict
    means here, where that is not what it means of printed numbers. exit_code: 0 where the question was answered; a
    command that was asked to make something has another where it could not.
    """

    command: str
    input: Mapping[str, Any]
    verdict: str
    method: str
    evidence: str
    sentence: str
    solutions: Sequence[Mapping[str, Any]] = ()
    checks: Sequence[Mapping[str, Any]] = ()
    repair: str = ""
    n_solutions: int | None = None
    notes: Sequence[str] = field(default=())
    says: str = ""
    exit_code: int = 0

    @property
    def number(self) -> int:
        return len(self.solutions) if self.n_solutions is None else self.n_solutions

    def as_json(self) -> str:
        """One JSON document; the keys are the same for every command."""
        document = {
            "command": self.command,
            "input": self.input,
            "verdict": self.verdict,
            "n_solutions": self.number,
            "solutions": self.solutions,
            "checks": self.checks,
            "method": self.method,
            "evidence": self.evidence,
            "repair": self.repair,
            "notes": self.notes,
            "sentence": self.sentence,
        }
        return json.dumps(_plain(document), indent=2, ensure_ascii=False, allow_nan=False)

    def as_text(self, show: int) -> str:
        """For a reader; of each list ``show`` rows."""
        lines = [f"verdict    {self.verdict}: {self.says or VERDICTS[self.verdict]}"]
        if self.solutions:
            lines += [f"solutions  {self.number:,}", *_rows(self.solutions, show, self.number)]
        else:
            lines.append("solutions  none")
        if self.checks:
            lines += ["looked at", *_rows(self.checks, max(show, MOST_CHECKS), len(self.checks))]
        named = [("method", self.method), ("evidence", self.evidence), ("repair", self.repair)]
        for name, text in (*named, *(("note", note) for note in self.notes)):
            lines += _wrapped(name, text) if text else []
        return "\n".join([*lines, "", *_wrapped("For the review:", self.sentence, "  ")])


def first_words(text: str) -> str:
    """Begin with a capital and end with a stop, so that a clause reads as a sentence; a file keeps its name.

    >>> first_words("no n from 1 to 9 has counts"), first_words("margins.csv: no such file")
    ('No n from 1 to 9 has counts.', 'margins.csv: no such file.')
    """
    text = " ".join(text.split())
    word = text.partition(" ")[0]
    is_name = word.endswith(":") or any(mark in word.rstrip(".") for mark in "./\\_")
    start = text[:1].upper() if not is_name and (text[1:2].islower() or text[1:2] == " ") else text[:1]
    return start + text[1:] + ("" if text.endswith((".", "?", "!")) else ".")


def clause(text: str) -> str:
    """Sentences as one clause, to stand within a sentence; names and P keep their capital.

    >>> clause("No sum prints so. Not even the mean: 145/28 = 5.18.")
    'no sum prints so; not even the mean: 145/28 = 5.18'
    """

    def small(word: re.Match[str]) -> str:
        return word[0] if word[0].startswith(("Wald", "Woolf")) else word[0].lower()

    joined = re.sub(r"\. (?=[A-Z])", "; ", text.strip().rstrip("."))
    return re.sub(r"(?:^|(?<=; ))[A-Z][a-z ]\w*", small, joined)


def by_roundings(roundings: Iterable[str]) -> str:
    """``exact`` where a usual rounding prints the number, else ``unstated_method``."""
    return "exact" if USUAL_ROUNDINGS & set(roundings) else "unstated_method"


def one_unit(reading: str, value: Decimal, decimals: int) -> bool:
    """Whether a reading is one unit of the last printed place from a value."""
    try:
        return abs(Decimal(reading) - value) == Decimal(1).scaleb(-decimals)
    except ArithmeticError:
        return False


def worst(verdicts: Iterable[str]) -> str:
    """The verdict on numbers that were checked in several ways; what could not be checked decides only alone."""
    order = ("impossible", "unstated_method", "rounding", "underdetermined", "exact", "not_checkable")
    found = {"exact" if v == "consistent" else v for v in verdicts}
    return next((v for v in order if v in found), "not_checkable")


def listed(words: Sequence[str], last: str = "and") -> str:
    """``a, b and c``."""
    words = list(words)
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} {last} {words[-1]}" if words else ""


def _plain(value: Any) -> Any:
    """The value as JSON has it; what is no finite number is null."""
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_plain(v) for v in value]
    if value is None or isinstance(value, (str, bool, int)):
        return value
    number = float(value)
    return number if isfinite(number) else None


def _cell(value: Any) -> str:
    if value is None or value == "":
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.4g}" if isfinite(value) else "-"
    if isinstance(value, Mapping):
        return ", ".join(f"{k} {_cell(v)}" for k, v in value.items())
    if isinstance(value, (list, tuple)):
        shown = [_cell(v) for v in value[:MOST_ENTRIES]]
        return ", ".join(shown) + (f", ... ({len(value)} in all)" if len(value) > MOST_ENTRIES else "")
    return str(value)


def _rows(rows: Sequence[Mapping[str, Any]], show: int, number: int) -> list[str]:
    """An aligned list, numbers to the right; a last column of long texts is wrapped."""
    shown = [{k: _cell(v) for k, v in row.items()} for row in rows[:show]]
    keys = list(dict.fromkeys(k for row in shown for k in row))
    keys = [k for k in keys if any(row.get(k) for row in shown)]
    numeric = {k: all(_is_number(row.get(k)) for row in rows[:show]) for k in keys}
    widths = {k: max(len(k), *(len(row.get(k, "")) for row in shown)) for k in keys}

    def line(cells: Mapping[str, str]) -> list[str]:
        *front, last = keys
        parts = [cells.get(k, "").rjust(widths[k]) if numeric[k] else cells.get(k, "").ljust(widths[k]) for k in front]
        start = "  " + "".join(f"{part}  " for part in parts)
        end = cells.get(last, "").rjust(widths[last]) if numeric[last] else cells.get(last, "")
        if len(start) + len(end) <= WIDTH or len(start) > WIDTH // 2:
            return [(start + end).rstrip()]
        wrapped = textwrap.wrap(end, WIDTH - len(start), break_long_words=False, break_on_hyphens=False)
        return [start + wrapped[0], *(" " * len(start) + rest for rest in wrapped[1:])]

    lines = [text for cells in ({k: k.replace("_", " ") for k in keys}, *shown) for text in line(cells)]
    hidden = number - len(shown)
    return lines + ([f"  and {hidden:,} more (--show or --json for more of them)"] if hidden > 0 else [])


def _is_number(value: Any) -> bool:
    return value is None or (isinstance(value, (int, float)) and not isinstance(value, bool))


def _wrapped(name: str, text: str, indent: str = " " * 11) -> list[str]:
    """A text under its name: beside it where the name is short, else below."""
    lines = textwrap.wrap(text, WIDTH - len(indent), break_long_words=False, break_on_hyphens=False)
    if len(name) >= len(indent):
        return [name, *(indent + line for line in lines)]
    return [name.ljust(len(indent)) + lines[0], *(indent + line for line in lines[1:])]
