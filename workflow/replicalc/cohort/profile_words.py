"""What headings and codes mean in the languages of breast units: read from tables of words, not from code.

``data/heading_words.csv``      concept: its words (English, German, French, Spanish, Italian, Dutch, abbreviations)
``data/heading_variables.csv``  canonical variable: the concepts that its heading must have, and those that it may have
``data/code_words.csv``         canonical variable (or its set of codes) and code: the words for it
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from replicalc.records import read_csv

#: Words that say nothing about what a column is.
STOP = frozenset(
    (
        "a", "al", "am", "an", "at", "aus", "bei", "beim", "by", "d", "da", "das", "de", "dei", "del",
        "della", "delle", "dem", "den", "der", "des", "di", "die", "do", "du", "e", "el", "en", "et", "for",
        "fur", "from", "i", "il", "im", "in", "is", "la", "las", "le", "les", "lo", "los", "of", "on", "or",
        "ou", "par", "per", "por", "pour", "s", "segun", "the", "to", "u", "un", "und", "une", "v", "van",
        "von", "y", "zu", "zum", "zur", "with", "mit", "and", "code", "codes", "value", "wert", "var",
        "variable", "v1", "v2", "breast", "brust", "mamma", "sein", "mama", "seno", "borst", "first",
        "completed", "raw", "old", "new", "total",
        "au", "aux", "mammaire", "mammaires", "mammaria", "mammario",
    )
)  # fmt: skip
#: Units as headings have them: text behind a number, canonical unit of a cohort file.
UNIT_WORDS = {
    "mm": "mm", "millimeter": "mm", "millimetre": "mm", "millimetres": "mm", "cm": "cm", "centimeter": "cm",
    "zentimeter": "cm", "centimetre": "cm", "inch": "inch", "inches": "inch", "zoll": "inch", "%": "percent",
    "percent": "percent", "prozent": "percent", "pct": "percent", "fraction": "fraction", "years": "year",
    "yrs": "year", "year": "year", "jahre": "year", "jahren": "year", "ans": "year", "anos": "year", "anni": "year",
    "jaar": "year", "months": "month", "monate": "month", "monaten": "month", "mois": "month", "meses": "month",
    "mesi": "month", "maanden": "month", "month": "month", "days": "day", "day": "day", "tage": "day",
    "tagen": "day", "jours": "day", "dias": "day", "giorni": "day", "dagen": "day",
}  # fmt: skip
#: What the shape of the values, or a unit in the heading, says without a word.
OF_UNIT = {"mm": "SIZE", "cm": "SIZE", "inch": "SIZE", "percent": "PERCENT", "day": "TIME", "month": "TIME"}
_UNIT_AT_END = re.compile(
    r"(?:(?<=[_\s.,/-])(mm|cm|inch|days|months|years|jahre|monate|tage|mois|jours|percent|pct|prozent)|(%))\s*$",
    re.IGNORECASE,
)
_SIGNS = re.compile(r"[^0-9a-z%+]+")


def folded(text: str) -> str:
    """Small letters without accents, every sign but ``%`` and ``+`` a blank.

    >>> folded("Größter Ø (cm)"), folded("récepteurs-œstrogènes"), folded("N° de dossier")
    ('grosster o cm', 'recepteurs oestrogenes', 'nr de dossier')
    """
    text = re.sub("n[°º]|№", " nr ", text.casefold()).replace("œ", "oe").replace("ø", "o").replace("æ", "ae")
    plain = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    return _SIGNS.sub(" ", plain).strip()


def variants(word: str) -> set[str]:
    """A word folded, with umlauts as one letter and as two."""
    two = word.casefold()
    for umlaut, letters in (("ä", "ae"), ("ö", "oe"), ("ü", "ue")):
        two = two.replace(umlaut, letters)
    return {folded(word), folded(two)}


def code_key(text: str) -> str:
    """A code as it is compared: small letters, no accents, one blank, none around ``+``; ``++`` and ``-`` stay.

    >>> [code_key(text) for text in ("calc + mass", "Non-Mass", "2 +", "ÉTOILÉ", "-", "irreg.")]
    ['calc+mass', 'non mass', '2+', 'etoile', '-', 'irreg']
    """
    text = text.casefold().replace("œ", "oe").strip()
    plain = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    if not re.search(r"[0-9a-z]", plain):
        return re.sub(r"\s+", "", plain)
    plain = re.sub(r"(?<=[a-z0-9])-$", "-", plain)
    ends = "-" if re.fullmatch(r"n-", plain) else ""
    plain = re.sub(r"[^0-9a-z+]+", " ", plain).strip() + ends
    return re.sub(r"\s*\+\s*", "+", plain)


@dataclass(frozen=True, slots=True)
class Heading:
    """What a heading says: concepts, how many words are not known, how many are only begun ('histol'), its unit."""

    concepts: frozenset[str]
    unknown: int
    guessed: int
    unit: str


@dataclass(frozen=True, slots=True)
class Pattern:
    """Concepts that the heading of a variable must have, and may have; ``weight``: how telling they are."""

    variable: str
    required: frozenset[str]
    optional: frozenset[str]
    weight: float


class Words:
    """The tables of words, read from a folder (``data`` of the project)."""

    def __init__(self, folder: str | Path) -> None:
        folder = Path(folder)
        self.concept: dict[str, str] = {}
        for row in read_csv(folder / "heading_words.csv"):
            for word in row["words"].split("|"):
                for each in variants(word):
                    self.concept.setdefault(each, row["concept"])
        self.longest = max(len(word.split()) for word in self.concept)
        self.patterns = [
            Pattern(
                row["variable"],
                frozenset(row["required"].split()),
                frozenset(row["optional"].split()),
                float(row["weight"]),
            )
            for row in read_csv(folder / "heading_variables.csv")
        ]
        self.codes: dict[str, dict[str, str]] = {}
        for row in read_csv(folder / "code_words.csv"):
            of = self.codes.setdefault(row["variable"], {})
            for word in row["words"].split("|"):
                of.setdefault(code_key(word), row["code"])
                for each in variants(word):
                    of.setdefault(code_key(each), row["code"])
        self._single = {word for word in self.concept if " " not in word}

    def code_words(self, variable: str, codes: list[str]) -> dict[str, str]:
        """The words for the codes of a variable: its own, then those of its set of codes, then the codes themselves."""
        found = dict(self.codes.get(variable, {}))
        stem = re.sub(r"_(pre|post)$", "", variable)
        for key in (stem, "yes|no", "positive|negative"):
            if key == stem or set(key.split("|")) == set(codes):
                for word, code in self.codes.get(key, {}).items():
                    found.setdefault(word, code)
        for code in codes:
            found.setdefault(code_key(code), code)
            found.setdefault(code_key(code.replace("_", " ")), code)
        return {word: code for word, code in found.items() if code in codes}

    def heading(self, text: str) -> Heading:
        """What a heading says. Of its readings with and without capitals as borders, the one with fewer riddles."""
        text = text[:300]  # longer ones are no headings
        split = re.sub(r"(?<=[a-zà-ÿ])(?=[A-ZÀ-Þ])", " ", text)
        return min((self._heading(each) for each in (text, split)), key=lambda h: h.unknown + 0.5 * h.guessed)

    def _heading(self, text: str) -> Heading:
        text, unit = _without_unit(text)
        tokens = folded(text).split()
        concepts: set[str] = set()
        unknown = guessed = start = 0
        while start < len(tokens):
            for length in range(min(self.longest, len(tokens) - start), 0, -1):
                phrase = " ".join(tokens[start : start + length])
                if phrase in self.concept:
                    concepts.add(self.concept[phrase])
                    start += length
                    break
            else:
                token = tokens[start]
                start += 1
                if token in STOP or token.isdigit() or token in "%+":
                    continue
                parts = self._parts(token)
                begun = self._begun(token) if not parts else None
                if parts:
                    concepts |= parts
                elif begun:
                    concepts.add(begun)
                    guessed += 1
                else:
                    unknown += 1
        if unit in OF_UNIT:
            concepts.add(OF_UNIT[unit])
        return Heading(frozenset(concepts), unknown, guessed, unit)

    def _parts(self, token: str) -> frozenset[str]:
        """The concepts of a word that is made of known words: 'operationsdatum', 'mrtvor', 'her2ihc'."""
        if not 4 <= len(token) <= 40:
            return frozenset()
        best: dict[int, tuple[int, frozenset[str]]] = {0: (0, frozenset())}
        for end in range(2, len(token) + 1):
            for start in range(max(0, end - 25), end - 1):
                if start not in best:
                    continue
                piece = token[start:end]
                for linked in ("", "s", "n", "en", "es"):
                    word = piece.removesuffix(linked) if linked and piece.endswith(linked) else piece
                    if (linked and (word == piece or len(word) < 4)) or word not in self._single or len(word) < 2:
                        continue
                    pieces = best[start][0] + 1
                    if end not in best or pieces < best[end][0]:
                        best[end] = pieces, best[start][1] | {self.concept[word]}
                    break
            if end < len(token) and token[:end].isdigit():
                best.setdefault(end, (0, frozenset()))
        whole = best.get(len(token))
        # Two letters stand for many things: a word of nothing but such pieces is not taken apart.
        return whole[1] if whole and whole[0] <= max(2, len(token) // 3) else frozenset()

    def _begun(self, token: str) -> str | None:
        """The one concept of which a word begins so: 'histol', 'mammogr'."""
        if len(token) < 4:
            return None
        found = {self.concept[word] for word in self._single if word.startswith(token)}
        return found.pop() if len(found) == 1 else None


def _without_unit(text: str) -> tuple[str, str]:
    """A heading without its unit, and the unit: from brackets, or as its last word."""
    for match in re.finditer(r"[(\[{]\s*(?:in\s+)?([^)\]}]{1,14})\s*[)\]}]", text):
        unit = UNIT_WORDS.get(match[1].strip() if match[1].strip() == "%" else folded(match[1]))
        if unit:
            return text[: match.start()] + " " + text[match.end() :], unit
    match = _UNIT_AT_END.search(text)
    if match:
        return text[: match.start()], UNIT_WORDS[folded(match[0]) if match[1] else "%"]
    return text, ""


@cache
def _missing_words() -> frozenset[str]:
    rows = read_csv(data_folder() / "code_words.csv")
    texts = [word for row in rows if row["variable"] == "missing" for word in row["words"].split("|")]
    return frozenset(word.casefold() for word in texts)


def is_missing_word(text: str) -> bool:
    """Whether a text says in words that nothing is known. Numbers such as 9 or 99 never do: they are asked about."""
    return len(text) < 40 and text.casefold().strip() in _missing_words()


def data_folder() -> Path:
    """The folder of the tables of words: that of the project which this package lies in."""
    return Path(__file__).resolve().parents[3] / "data"
