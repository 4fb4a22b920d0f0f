"""What a relation comes to: opinions on claims, and the section of the evidence that a reviewer reads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from replicalc.records import Claim
from replicalc.verify.opinion import Opinion

#: Rows of a list that the evidence shows; how many there are is told beside it.
SHOWN = 60


@dataclass(slots=True)
class Shown:
    """A table of the evidence: its head, its rows as text, and how many there are if not all are shown."""

    title: str
    columns: tuple[str, ...]
    rows: list[tuple[str, ...]]
    total: int


@dataclass(slots=True)
class Judged:
    """Opinions and evidence of one relation."""

    relation: str
    kind: str
    opinions: list[Opinion] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    tables: list[Shown] = field(default_factory=list)
    #: What statements ask for: P values by test (key -> P), significance, or what else a judge wants to hand on.
    facts: dict = field(default_factory=dict)

    def say(self, claims: Claim | Sequence[Claim], verdict: str, **more: str) -> None:
        """Add one opinion on each of the claims."""
        for claim in [claims] if isinstance(claims, Claim) else claims:
            self.opinions.append(Opinion(claim.claim_id, verdict, relation=self.relation, **more))

    def show(self, title: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
        text = [tuple(str(each) for each in row) for row in rows[:SHOWN]]
        self.tables.append(Shown(title, tuple(columns), text, len(rows)))

    def line(self, text: str) -> None:
        if text and text not in self.lines:
            self.lines.append(text)
