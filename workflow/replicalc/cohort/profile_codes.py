"""What the codes of a column mean: by their words, by the names that a statistics program has for them, or not at all.

Numbers that are no codes of the variable (0 and 1 above all) are never interpreted; they are asked about.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from replicalc.cohort.open_points import TODO
from replicalc.cohort.profile import Column, shown
from replicalc.cohort.profile_words import Words, code_key
from replicalc.records import Variable

#: Signs and letters that mean a code only beside their partner, and where no word says the same: 'o' is oui beside n,
#: and may be 'ohne' otherwise; '-' is negative beside +, and may be 'not done' otherwise.
PAIRED = {"o": {"n", "non"}, "s": {"n", "no"}, "p": {"n"}, "-": {"+"}, "+": {"-"}, "n": {"y", "j", "o", "s", "p"}}


@dataclass(frozen=True, slots=True)
class Coded:
    """Codes of a column. ``codes``: text of the export: canonical code, or a question that begins with TODO.

    ``split``: the sign between several codes in one cell, '' where there is none. ``by_words``, ``identical`` (the same
    number as the canonical code) and ``strange`` (words that are not known) are shares of the rows with a value.
    """

    codes: dict[str, str]
    by_words: float
    identical: float
    strange: float
    split: str = ""

    @property
    def open(self) -> list[str]:
        """The texts whose meaning is not known."""
        return [text for text, code in self.codes.items() if code.startswith(TODO)]


def code_column(column: Column, variable: Variable, words: Words, *, positive: bool = False) -> Coded:
    """Propose a canonical code for every text of a column. ``positive``: the heading asks 'positive?', so yes is it."""
    known = words.code_words(variable.variable, variable.code_list)
    if positive and set(variable.code_list) == {"positive", "negative"}:
        known |= {word: {"yes": "positive", "no": "negative"}[code] for word, code in words.codes["yes|no"].items()
                  if word not in known}  # fmt: skip
    keys = {code_key(text) for text in column.texts}
    for sign, partners in PAIRED.items():
        longer = any(len(key) > 1 and known.get(key) == known.get(sign) for key in keys)
        if longer or not partners & keys:
            known.pop(sign, None)
    numbers = {text for text in column.texts if re.fullmatch(r"-?\d+(\.0+)?", text)}
    scored = variable.variable == "her2_ihc" and numbers <= {"0", "1", "2", "3"} and numbers & {"2", "3"}
    split = _separator(column, known)
    codes: dict[str, str] = {}
    share = {"words": 0, "identical": 0, "strange": 0, "number": 0}
    n = 0
    for text in column.texts:
        for part in _parts(text, split, known):
            how, code = _code(part, column.value_labels.get(part, ""), variable, known, bool(scored))
            codes[part] = code or _question(part, column.value_labels.get(part, ""), variable, known)
            share[how] += column.counts[text]
            n += column.counts[text]
    n = max(n, 1)
    return Coded(codes, share["words"] / n, share["identical"] / n, share["strange"] / n, split)


def _separator(column: Column, known: dict[str, str]) -> str:
    """The sign between several codes in a cell, where most of what it parts are known words; '' where there is none."""
    for sign in ("-", ";", "/", ",", "+"):
        parts = {
            part for text in column.texts if sign in text and code_key(text) not in known for part in text.split(sign)
        }
        if len(parts) > 1 and sum(code_key(part) in known for part in parts) >= 0.6 * len(parts):
            return sign
    return ""


def _parts(text: str, split: str, known: dict[str, str]) -> list[str]:
    """The codes in a cell; a text that is a known word is one code, whatever signs it holds."""
    if not split or split not in text or code_key(text) in known:
        return [text]
    return [part for part in text.split(split) if part]


def _code(text: str, label: str, variable: Variable, known: dict[str, str], scored: bool) -> tuple[str, str]:
    if label:
        code = known.get(code_key(label), "")
        return ("words" if code else "strange"), code
    if re.fullmatch(r"-?\d+(\.0+)?", text):
        plain = text.partition(".")[0]
        if plain in variable.code_list:
            return "identical", plain
        if variable.variable == "stage" and known.get(plain):
            return "identical", known[plain]
        if scored:
            return "identical", f"{plain}+"
        return "number", ""
    code = known.get(code_key(text), "")
    return ("words" if code else "strange"), code


def _question(text: str, label: str, variable: Variable, known: dict[str, str]) -> str:
    from difflib import get_close_matches

    near = get_close_matches(code_key(label or text), list(known), n=1, cutoff=0.75)
    told = f"'{shown(text)}'" + (f" ({shown(label)})" if label else "")
    options = variable.code_list
    listed = " or ".join(options) if len(options) <= 3 else f"{', '.join(options[:-1])} or {options[-1]}"
    guess = f" It looks like {known[near[0]]}." if near and not re.fullmatch(r"-?\d+", text) else ""
    return f"{TODO}: is {told} {listed}?{guess} If it means missing, move it to 'missing'."
