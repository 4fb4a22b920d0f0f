"""A paper as the engine sees it: printed numbers, and the relations that its study.yaml declares between them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from replicalc.errors import ReplicalcError, did_you_mean
from replicalc.records import Claim
from replicalc.verify.printed import Printed, printed_number
from replicalc.verify.shape import check_shape

#: Kind of the claims that say what another publication found.
EXTERNAL = "external"
#: Stats that print a number of patients, and stats that print a share of some in per cent.
COUNTS = ("count", "n", "n_included", "n_patients", "tp", "fp", "fn", "tn", "events")
SHARES = {
    "percent": "",
    "sensitivity": "tp diseased",
    "specificity": "tn healthy",
    "ppv": "tp positive",
    "npv": "tn negative",
    "accuracy": "correct n",
    "prevalence": "diseased n",
    "positive_rate": "positive n",
    "false_positive_rate": "fp healthy",
    "false_negative_rate": "fn diseased",
}
#: Margins of a 2x2 table and the cells that make them up.
MARGINS = {
    "diseased": ("tp", "fn"),
    "healthy": ("fp", "tn"),
    "positive": ("tp", "fp"),
    "negative": ("fn", "tn"),
    "correct": ("tp", "tn"),
    "wrong": ("fp", "fn"),
    "n": ("diseased", "healthy"),
}
PARTS = ("tp", "fp", "fn", "tn", *MARGINS)
#: Kinds of relations.
KINDS = (
    "shares",
    "sum",
    "repeats",
    "table",
    "two_groups",
    "accuracy",
    "interval",
    "ratio",
    "model",
    "mean",
    "quantiles",
    "icc",
    "statement",
    "cited",
)


@dataclass(frozen=True, slots=True)
class Relation:
    """One entry of ``relations``: its id, its kind and its other keys as they stand in the file."""

    id: str
    kind: str
    given: Mapping

    def __getitem__(self, key: str):
        try:
            return self.given[key]
        except KeyError:
            raise ReplicalcError(f"relation {self.id}: a relation of kind {self.kind} needs '{key}'") from None

    def get(self, key: str, default=None):
        return self.given.get(key, default)

    def named(self, key: str, known: Sequence[str], what: str) -> tuple[str, ...]:
        """The names that the relation gives under ``key``, one or several, of the ``known`` ones.

        what: the words of the fault, with {} for the name. Raises ReplicalcError for another name.
        """
        given = self.get(key) or ()
        names = (given,) if isinstance(given, str) else tuple(given)
        unknown = [name for name in names if name not in known]
        if unknown:
            raise ReplicalcError(
                f"relation {self.id}: there is no {what.format(repr(str(unknown[0])))}."
                f"{did_you_mean(str(unknown[0]), known)} Methods: {', '.join(known)}"
            )
        return names


class Paper:
    """The claims and relations of one study.

    Raises ReplicalcError for a relation without an id, with an unknown kind, or with an id that stands twice.
    """

    def __init__(self, about: Mapping, claims: Sequence[Claim]) -> None:
        self.study: str = about["study"]
        self.alpha: float = about.get("alpha", 0.05)
        self.level: float = about.get("conf_level", 0.95)
        self.claims = {claim.claim_id: claim for claim in claims}
        self._named = [(claim.claim_id, self.short(claim.claim_id), claim) for claim in claims]
        #: Whether numbers may have been cut off instead of rounded: not where the percentages of the paper exclude it.
        self.cuts = True
        self.relations: dict[str, Relation] = {}
        for number, given in enumerate(about.get("relations") or (), start=1):
            if not isinstance(given, Mapping):
                raise ReplicalcError(f"{self.study}: relation {number} is {given!r}, not keys with values")
            name, kind = given.get("id"), given.get("kind")
            if not name:
                raise ReplicalcError(f"{self.study}: relation {number} has no id")
            if kind not in KINDS:
                hint = did_you_mean(str(kind), KINDS)
                raise ReplicalcError(f"relation {name}: there is no kind '{kind}'.{hint} Kinds: {', '.join(KINDS)}")
            if name in self.relations:
                raise ReplicalcError(f"relation {name}: the id stands twice")
            check_shape(name, kind, given)
            self.relations[name] = Relation(name, kind, {k: v for k, v in given.items() if k not in ("id", "kind")})

    def short(self, claim_id: str) -> str:
        """The id without the prefix of the study."""
        return claim_id.removeprefix(f"{self.study}.")

    def of_kind(self, *kinds: str) -> list[Relation]:
        return [relation for relation in self.relations.values() if relation.kind in kinds]

    def find(self, text: object) -> Claim | None:
        """The claim of this id, with or without the prefix of the study; None if there is none."""
        return self.claims.get(str(text)) or self.claims.get(f"{self.study}.{text}")

    def one(self, text: object, relation: Relation) -> Claim:
        """The claim of this id. Raises ReplicalcError, with the relation's id, if there is none."""
        claim = self.find(text)
        if claim is None:
            hint = did_you_mean(str(text), [self.short(name) for name in self.claims])
            raise ReplicalcError(f"relation {relation.id}: there is no claim '{text}'.{hint}")
        return claim

    def many(self, patterns: str | Sequence[str], relation: Relation) -> list[Claim]:
        """The claims that fit any of the patterns, in their order. Raises ReplicalcError if one fits none."""
        wanted = [patterns] if isinstance(patterns, str) else list(patterns)
        found: dict[str, Claim] = {}
        for pattern in wanted:
            start = re.split(r"[*?\[]", pattern)[0]  # most names differ from the pattern before its first *
            fits = [
                claim
                for name, short, claim in self._named
                if (name.startswith(start) and fnmatchcase(name, pattern))
                or (short.startswith(start) and fnmatchcase(short, pattern))
            ]
            if not fits:
                hint = did_you_mean(pattern, [self.short(name) for name in self.claims])
                raise ReplicalcError(f"relation {relation.id}: no claim is called '{pattern}'.{hint}")
            found |= {claim.claim_id: claim for claim in fits}
        return [claim for name, claim in self.claims.items() if name in found]

    def printed(self, claim: Claim) -> Printed | None:
        return printed_number(claim.reported)

    def by_stat(self, claims: Sequence[Claim], relation: Relation, *needed: str) -> dict[str, Claim]:
        """Claims by their stat, the first of each. Raises ReplicalcError where a needed one is missing."""
        found: dict[str, Claim] = {}
        for claim in claims:
            found.setdefault(claim.stat, claim)
        missing = [stat for stat in needed if stat not in found]
        if missing:
            raise ReplicalcError(f"relation {relation.id}: none of its claims has the stat {', '.join(missing)}")
        return found
