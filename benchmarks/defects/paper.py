"""A made-up paper: its printed numbers as claims, how they belong together, and what stands behind them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any

import numpy as np
from benchmarks.defects.printing import HABITS, show, show_p

from replicalc.records import Claim

ALPHA, LEVEL = 0.05, 0.95
#: Places with what is printed there instead, and whether the print can tell (None: not decided).
Change = tuple[dict[str, str], bool | None]


@dataclass(frozen=True)
class Part:
    """A table, a sentence with its numbers, a model: claims, relations, and the unprinted truth behind them.

    ``name`` is unique in a paper; every id of claims and relations begins with it. needs: names of the parts whose
    claims its relations name, beside the size of the study.
    """

    name: str
    kind: str
    claims: tuple[Claim, ...]
    relations: tuple[dict[str, Any], ...]
    truth: Mapping[str, Any]
    needs: tuple[str, ...] = ()


@dataclass(frozen=True)
class Paper:
    """All parts of one paper. Claims are addressed by their id without the study's name."""

    study: str
    habit: str
    parts: tuple[Part, ...]

    @property
    def about(self) -> dict[str, Any]:
        relations = [relation for part in self.parts for relation in part.relations]
        return {"study": self.study, "alpha": ALPHA, "conf_level": LEVEL, "relations": relations}

    @property
    def claims(self) -> list[Claim]:
        return [claim for part in self.parts for claim in part.claims]

    @property
    def texts(self) -> dict[str, str]:
        return {claim.claim_id.partition(".")[2]: claim.reported for claim in self.claims}

    def part(self, name: str) -> Part:
        return next(part for part in self.parts if part.name == name)

    def only(self, name: str) -> Paper:
        """The paper with the study's size, this part and what it needs alone."""
        kept = ("size", name, *self.part(name).needs)
        return replace(self, parts=tuple(part for part in self.parts if part.name in kept))

    def changed(self, texts: Mapping[str, str]) -> Paper:
        """The same paper with other numbers printed at these places. Raises KeyError for an unknown place."""
        unknown = set(texts) - set(self.texts)
        if unknown:
            raise KeyError(f"no such claims: {', '.join(sorted(unknown))}")

        def new(claim: Claim) -> Claim:
            text = texts.get(claim.claim_id.partition(".")[2], claim.reported)
            return replace(claim, reported=text, second_entry=text)

        return replace(self, parts=tuple(replace(p, claims=tuple(map(new, p.claims))) for p in self.parts))

    def restated(self, relation: Mapping[str, Any]) -> Paper:
        """The same paper with this relation for the one with its id: a sentence that says something else."""

        def new(old: dict[str, Any]) -> dict[str, Any]:
            return dict(relation) if old["id"] == relation["id"] else old

        return replace(self, parts=tuple(replace(p, relations=tuple(map(new, p.relations))) for p in self.parts))


@dataclass
class Pen:
    """Writes parts with the habits of one paper: rounding and decimals.

    decimals: of percentages, P values, ratios and agreement.
    """

    study: str
    rng: np.random.Generator
    habit: str
    decimals: Mapping[str, int]
    claims: list[Claim] = field(default_factory=list)

    @classmethod
    def of(cls, study: str, rng: np.random.Generator) -> Pen:
        decimals = {
            "percent": int(rng.choice(3, p=[0.2, 0.6, 0.2])),
            "p": int(rng.integers(2, 5)),
            "ratio": int(rng.integers(2, 4)),
            "icc": int(rng.integers(2, 4)),
        }
        return cls(study, rng, str(rng.choice(HABITS, p=[0.6, 0.2, 0.2])), decimals)

    def write(
        self, place: str, text: str, kind: str, group: str, variable: str, stat: str, where: str = "Table"
    ) -> str:
        """Print ``text`` at ``place``; returns the place."""
        result = f"{self.study}_{'_'.join(place.split('.')[:2])}"
        label = f"{variable} {stat}, {group}"
        claim = Claim(f"{self.study}.{place}", result, where, kind, text, text, label, group, variable, stat, "")
        self.claims.append(claim)
        return place

    def number(self, value: float | Fraction, decimals: int) -> str:
        return show(value, decimals, self.habit)

    def percent(self, count: int, of: int, decimals: int | None = None) -> str:
        return self.number(Fraction(100 * count, of), self.decimals["percent"] if decimals is None else decimals)

    def p(self, value: float) -> str:
        return show_p(value, self.decimals["p"], self.habit)

    def chance(self, probability: float) -> bool:
        return bool(self.rng.random() < probability)

    def pick(self, choices: Iterable[Any]) -> Any:
        choices = list(choices)
        return choices[int(self.rng.integers(len(choices)))]

    def finish(self, name: str, kind: str, relations: Iterable[dict[str, Any]], **truth: Any) -> Part:
        """The part that holds everything written since the last one."""
        done, self.claims = tuple(self.claims), []
        return Part(name, kind, done, tuple(relations), truth)
