"""What the codes of a column mean: by their words, by the names that a statistics program has for them, or not at all.

Numbers that are no codes of the variable (0 and 1 above all) are never interpreted; they are asked about.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from replicalc.cohort.profile import Column, shown
from replicalc.cohort.profile_words import Words, code_key
from replicalc.records import Variable

#: A text that stands for a code not known yet, in a cohort file.
TODO = "TODO"


@dataclass(frozen=True, slots=True)
class Coded:
    """Codes of a column. ``codes``: text of the export: canonical code, or a question that begins with TODO.

    ``by_words``, ``identical`` (the same number as the canonical code) and ``strange`` (words that are not known) are
    shares of the rows with a value.
    """

    codes: dict[str, str]
    by_words: float
    identical: float
    strange: float

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
    numbers = {text for text in column.texts if re.fullmatch(r"-?\d+(\.0+)?", text)}
    scored = variable.variable == "her2_ihc" and numbers <= {"0", "1", "2", "3"} and numbers & {"2", "3"}
    codes: dict[str, str] = {}
    share = {"words": 0, "identical": 0, "strange": 0, "number": 0}
    for text in column.texts:
        how, code = _code(text, column.value_labels.get(text, ""), variable, known, bool(scored))
        codes[text] = code or _question(text, column.value_labels.get(text, ""), variable, known)
        share[how] += column.counts[text]
    n = max(column.n_values, 1)
    return Coded(codes, share["words"] / n, share["identical"] / n, share["strange"] / n)


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
