"""Reading what was typed: printed numbers as text, whole numbers, ranges, tables; one sentence for what is wrong."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable, Sequence
from typing import Any

from replicalc.errors import ReplicalcError, did_you_mean
from replicalc.verify.printed import Printed, parse

#: Printed numbers have few digits; more would be typing errors, and leave exact arithmetic slow.
MOST_CHARACTERS, MOST_DECIMALS = 16, 8
#: The largest whole number that any command takes; each search has smaller bounds of its own and names them.
MOST = 1_000_000
_MINUS = str.maketrans({"−": "-", "–": "-", "\u00a0": " ", "\u202f": " "})
_WHOLE = re.compile(r"[+-]?[0-9]+")
_NEGATIVE = re.compile(r"-(?:\d+|\d*\.\d+)")


class Parser(argparse.ArgumentParser):
    """A parser that tells a fault in one sentence and takes values that begin with a minus sign."""

    def __init__(self, *args: Any, **named: Any) -> None:
        named.setdefault("formatter_class", argparse.RawDescriptionHelpFormatter)
        super().__init__(*args, allow_abbrev=False, **named)
        self._given: list[str] = []

    def parse_known_args(self, args=None, namespace=None):
        self._given = self._joined(list(args or []))
        found, left = super().parse_known_args(self._given, namespace)
        if left:
            self.error(f"'{left[0]}' is not expected here")
        self._once()
        return found, left

    def _once(self) -> None:
        """Raise ReplicalcError for an option given twice: of two printed numbers one would be dropped unseen."""
        actions = [self._option_string_actions.get(word.split("=", 1)[0]) for word in self._given]
        for action in actions:
            if isinstance(action, argparse._StoreAction) and actions.count(action) > 1:
                raise ReplicalcError(f"{action.option_strings[0]} is given twice")

    def error(self, message: str):
        """Raise ReplicalcError instead of printing the usage and leaving the program."""
        message = re.sub(r"^argument (\S+?)(?:/\S+)?: ", r"\1: ", message)
        unknown = self._unknown_option()
        if unknown:
            message = f"there is no option {unknown}.{did_you_mean(unknown, tuple(self._option_string_actions))}"
        elif "invalid choice" in message:
            found, known = re.search(r"(?:^(--\S+): )?invalid choice: '?(.*?)'? \(", message), self._commands()
            option, word = (found[1], found[2]) if found else (None, "")
            if option:
                known = tuple(map(str, self._option_string_actions[option].choices or ()))
            what, many = (f"choice '{word}' of {option}", "Choices") if option else (f"command '{word}'", "Commands")
            message = f"there is no {what}." + (did_you_mean(word, known) or f" {many}: {', '.join(known)}")
        elif message.startswith("the following arguments are required: "):
            missing = message.split(": ", 1)[1]
            known = self._commands()
            message = f"a command is missing: {', '.join(known)}" if known else f"this needs {missing}"
        raise ReplicalcError(message)

    def _commands(self) -> tuple[str, ...]:
        groups = [action for action in self._actions if isinstance(action, argparse._SubParsersAction)]
        return tuple(name for group in groups for name in group.choices)

    def _unknown_option(self) -> str:
        """The first word that looks like an option and is none of this command's."""
        given = self._given[:1] if self._commands() else self._given
        names = [word.split("=", 1)[0] for word in given if re.match(r"--?[A-Za-z]", word)]
        return next((name for name in names if name not in self._option_string_actions), "")

    def _joined(self, words: list[str]) -> list[str]:
        """Put an option and a value such as -inf or -0.5% together: alone, argparse takes the value for an option."""
        out: list[str] = []
        for word in words:
            action = self._option_string_actions.get(out[-1]) if out else None
            value = word.startswith("-") and not word.startswith("--") and word not in self._option_string_actions
            if action is not None and action.nargs is None and value and not _NEGATIVE.fullmatch(word):
                out[-1] = f"{out[-1]}={word}"
            else:
                out.append(word)
        return out


Group = Any  # argparse's own type of a group of commands is private


def command(group: Group, name: str, about: str, text: str, example: str, run: Callable) -> Parser:
    """Add a command: a line for the list, a paragraph, an example that runs, and the function that answers."""
    parser = group.add_parser(name, help=about, description=_paragraph(text), epilog=f"Example:\n  {example}")
    parser.add_argument("--json", action="store_true", help="print one JSON document with everything")
    parser.add_argument(
        "--show", type=whole("--show", 1), default=12, metavar="ROWS", help="rows of a list: %(default)s"
    )
    parser.set_defaults(run=run, name=parser.prog.removeprefix("replicalc "))
    return parser


def given(arguments: argparse.Namespace) -> dict[str, Any]:
    """What was typed, by option, for the answer to repeat."""
    out = {}
    for name, value in vars(arguments).items():
        if name in ("json", "show", "run", "name", "command", "task", "term"):
            continue
        if value is None or value is False or value == []:
            continue
        if isinstance(value, Printed):
            value = value.text
        elif isinstance(value, list) and all(isinstance(v, tuple) and isinstance(v[-1], Printed) for v in value):
            value = [f"{k}={p.text}" if k else p.text for k, p in value]
        elif isinstance(value, list) and all(isinstance(v, tuple) for v in value):
            value = ["=".join(map(str, v)) for v in value]
        elif name == "named" and isinstance(value, list):
            value = [word for words in value for word in words]
        out[name] = value
    return out


def _wrong(message: str) -> argparse.ArgumentTypeError:
    return argparse.ArgumentTypeError(message)


def printed(text: str) -> Printed:
    """A printed number, or an inequality such as <0.001; its digits stay as they were typed."""
    cleaned = re.sub(r"^\s*[Pp]\s*=?\s*(?=[\d<>≤≥.])", "", text.translate(_MINUS)).strip()
    found = parse(cleaned) if not re.match(r"[A-Za-z]", cleaned) else None
    if found is None:
        raise _wrong(f"'{text}' is no printed number such as 12.5 or <0.001")
    if len(cleaned) > MOST_CHARACTERS or found.decimals > MOST_DECIMALS:
        raise _wrong(f"'{text}' has more digits than a printed number ({MOST_DECIMALS} decimals at most)")
    return found


def number(text: str) -> Printed:
    """A printed number that is no inequality."""
    found = printed(text)
    if found.sign != "=":
        raise _wrong(f"'{text}' is an inequality; a single number such as 12.5 is needed")
    return found


def whole(name: str = "", least: int | None = 0, most: int = MOST) -> Callable[[str], int]:
    """A reader of whole numbers from ``least`` to ``most``."""

    def read(text: str) -> int:
        cleaned = text.translate(_MINUS).strip()
        if not _WHOLE.fullmatch(cleaned):
            raise _wrong(f"'{text}' is no whole number")
        if len(cleaned) > MOST_CHARACTERS:
            raise _wrong(f"'{text}' is too large; whole numbers are taken up to {most:,}")
        value = int(cleaned)
        if value > most or (least is not None and value < least) or value < -most:
            low = -most if least is None else least
            raise _wrong(f"{value} is not a whole number from {low:,} to {most:,}")
        return value

    read.__name__ = name or "whole number"
    return read


def share(text: str) -> float:
    """A number between 0 and 1, as a confidence level or a significance level."""
    cleaned = text.translate(_MINUS).replace(",", ".").strip()
    if not re.fullmatch(r"[+-]?\d{0,9}\.?\d{1,9}", cleaned):
        raise _wrong(f"'{text}' is no number between 0 and 1 such as 0.95")
    value = float(cleaned)
    if not 0 < value < 1:
        raise _wrong(f"{text} does not lie between 0 and 1 (0.95 for 95 %)")
    return value


def span(text: str) -> tuple[int, int]:
    """A whole number or a range of them: 120 or 110-120."""
    parts = re.fullmatch(r"\s*(\d+)\s*(?:(?:-|to)\s*(\d+)\s*)?", text.translate(_MINUS))
    if parts is None:
        raise _wrong(f"'{text}' is no whole number and no range such as 110-120")
    read = whole(least=1)
    lo, hi = read(parts[1]), read(parts[2] or parts[1])
    if lo > hi:
        raise _wrong(f"the smallest number, {lo}, is above the largest, {hi}: are they swapped?")
    return lo, hi


def named_number(text: str) -> tuple[str, Printed]:
    """``name=52.1``, or a number alone (its name is then empty)."""
    name, _, value = text.rpartition("=")
    return name.strip(), printed(value)


def named_count(text: str) -> tuple[str, int]:
    """``name=25``."""
    name, sign, value = text.rpartition("=")
    if not sign or not name.strip():
        raise _wrong(f"'{text}' is no name with a count, such as dcis=25")
    return name.strip(), whole()(value)


def table(text: str) -> list[list[int]]:
    """Counts of a table: rows parted by a semicolon or a new line, cells by blanks or commas."""
    rows = [re.split(r"[\s,]+", row.strip(" \t,")) for row in re.split(r"[;\n]", text.strip("; \n")) if row.strip()]
    counts = [[whole()(cell) for cell in row] for row in rows]
    if not counts:
        raise _wrong("the table is empty; it is written as '12 5; 6 11'")
    for i, row in enumerate(counts, start=1):
        if len(row) != len(counts[0]):
            raise _wrong(f"row 1 of the table has {len(counts[0])} cells and row {i} has {len(row)}")
    return counts


def choose(word: str, known: Sequence[str], what: str) -> str:
    """The known name that was meant, whatever its capitals, blanks and hyphens.

    Raises ReplicalcError for a name that is none of them.

    >>> choose("clopper pearson", ["Wilson", "Clopper-Pearson"], "method")
    'Clopper-Pearson'
    """

    def bare(name: str) -> str:
        return re.sub(r"[^a-z0-9]", "", name.lower())

    for name in known:
        if bare(name) == bare(word):
            return name
    near = did_you_mean(word, known) or did_you_mean(word.lower(), [name.lower() for name in known])
    raise ReplicalcError(f"there is no {what} '{word}'." + (near or f" Known: {', '.join(known)}"))


def read_text(path: str) -> str:
    """The text of a file. Raises ReplicalcError where there is none, or it is no text."""
    from pathlib import Path

    if not path.strip():
        raise ReplicalcError("the name of the file is empty")
    try:
        return Path(path).read_text(encoding="utf-8-sig")
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else "it is no text in UTF-8"
        raise ReplicalcError(f"{path} cannot be read: {reason}") from None


def _paragraph(text: str) -> str:
    import textwrap

    return textwrap.fill(" ".join(text.split()), 96)
