"""Whom a rule is about and what the places of its table name, as conditions on patients."""

from __future__ import annotations

from dataclasses import dataclass

from replicalc.cohort.frame import NOT_RECORDED
from replicalc.disclosure.people import FLOW, INCLUDED, MISSING, Condition, Count, People, conjunction

#: A told set of patients: those of the first count without those of the second (if there is one).
Told = tuple[Count | None, Count | None]


@dataclass(frozen=True, slots=True)
class Telling:
    """What one number tells. ``kind``: 'count', 'made' (of the counts), 'moment', 'quantile', 'single', 'unclear', and
    'lesions' (how many patients are behind the rows), 'clustered' (made of the counts, and of the rows each patient
    of the first one has).

    A moment or quantile is one of the values of ``about`` in the patients of ``counts``.
    """

    kind: str
    counts: tuple[Told, ...] = ()
    about: str = ""


UNCLEAR, NOTHING = Telling("unclear"), Telling("made")


@dataclass(frozen=True, slots=True)
class Line:
    """The three numbers of a row."""

    value: Telling
    n: Telling = UNCLEAR
    n_missing: Telling = UNCLEAR


def count(*conditions) -> Told:
    """Tell the patients with all these conditions."""
    return conjunction(*conditions), None


def counted(told: Told) -> Telling:
    """A number that is this count."""
    return Telling("count", (told,))


def made(*told: Told) -> Telling:
    """A number that is made of these counts."""
    return Telling("made", told)


class Reader:
    """Reads the tables of one study: whom a rule is about, and what conditions its places name."""

    def __init__(self, people: People, study: str, params: dict, everybody: bool):
        self.people, self.study, self.params = people, study, params
        self.base: list[Condition] = [] if everybody else [(f"{FLOW}{study}", frozenset([INCLUDED]))]
        for name, wanted in (params.get("subset") or {}).items():
            axis, text = people.axis(study, name), str(wanted)
            codes = set(text.removesuffix(NOT_RECORDED).split("|"))
            if axis is None and not text.endswith(NOT_RECORDED):
                self.base.append(("", frozenset()))
            elif axis is not None:
                self.base.append((axis, frozenset(codes | {MISSING} if text.endswith(NOT_RECORDED) else codes)))

    def known(self, name: str) -> list[Condition]:
        """The condition that a variable is known; nobody where the cohort lacks it."""
        axis = self.people.axis(self.study, name)
        return [(axis, self.people.all_levels(axis) - {MISSING})] if axis else [("", frozenset())]

    def has(self, name: str) -> bool:
        told = conjunction(self.base, self.known(name))
        return told is not None and bool(self.people.mask(told))

    def coded(self, text: str) -> list[Condition]:
        """The conditions of a place: 'name=code', 'name=a|b', 'name=not recorded', several joined by ';'."""
        found: list[Condition] = []
        for part in text.split(";") if text not in ("", "all") else ():
            name, _, codes = part.partition("=")
            axis = self.people.axis(self.study, name)
            if axis is None:
                return [("", frozenset())]
            found.append((axis, frozenset([MISSING] if codes == "not recorded" else codes.split("|"))))
        return found

    def other(self, name: str, code: str) -> list[Condition]:
        """The condition that a variable is known and not this code."""
        ((axis, levels),) = self.known(name)
        return [(axis, levels - set(code.split("|")))]

    def line(self, value: Telling, whole: list[Condition], group: list[Condition] = ()) -> Line:
        """A row about ``whole``, its n; those of the group that are not in it are missing."""
        inside, around = conjunction(self.base, group, whole), conjunction(self.base, group)
        return Line(value, counted((inside, None)), counted((around, inside)))
