"""The verification engine: from printed numbers and their relations to one verdict a claim, without any patient.

It knows no study. Counts come first (``ledger``), then what rests on them: P values, intervals, ratios, models,
measurements; then sentences; each claim keeps the heaviest opinion (``opinion``).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from replicalc.records import Claim
from replicalc.verify import (
    citing,
    comparing,
    diagnosing,
    limits,
    measuring,
    quantiles,
    rating,
    sentences,
    splitting,
    tying,
    weighing,
)
from replicalc.verify.judged import Judged
from replicalc.verify.ledger import Ledger
from replicalc.verify.paper import COUNTS, SHARES, Paper, Relation
from replicalc.verify.readings import as_counted, as_read
from replicalc.verify.rows import Row, rows_of

#: What judges a relation by itself; models, sentences and citations come after.
JUDGES: dict[str, Callable[[Paper, Ledger, Relation], Judged]] = {
    "table": comparing.judge_table,
    "two_groups": splitting.judge_groups,
    "accuracy": diagnosing.judge_accuracy,
    "interval": limits.judge_interval,
    "ratio": weighing.judge_ratio,
    "mean": measuring.judge_mean,
    "quantiles": quantiles.judge_quantiles,
    "icc": rating.judge_icc,
}


@dataclass(frozen=True, slots=True)
class Verification:
    """All verdicts of a study in the order of its claims, and the evidence by relation."""

    rows: tuple[Row, ...]
    judged: tuple[Judged, ...]
    arithmetic: tuple[Mapping, ...]

    def row(self, claim_id: str) -> Row:
        return next(row for row in self.rows if row.claim_id == claim_id)


def verify(
    about: Mapping,
    claims: Sequence[Claim],
    elsewhere: Mapping[str, Sequence[Claim]] | None = None,
    certificate: Callable[[str, dict], dict] | None = None,
) -> Verification:
    """Give every claim its verdict.

    about: study.yaml (study, alpha, conf_level, relations). elsewhere: claims of the other studies of the registry, by
    study. certificate: from the id of a model and what is asked of it to what ``weighing.certify`` answers (default:
    that function, which takes up to a minute a model).

    Raises ReplicalcError for a relation that names what is not there, or does not fit its claims.
    """
    paper = Paper(about, claims)
    ledger = built(paper)
    paper.cuts = ledger.cuts
    judged: dict[str, Judged] = {}
    opinions = as_counted(paper, ledger, lambda aside: built(paper, aside))
    # Groups whose sizes an odds ratio tells come first: they are known to all that is judged later.
    for relation in sorted(paper.of_kind(*JUDGES), key=lambda each: not splitting.tells_sizes(each)):
        judged[relation.id] = JUDGES[relation.kind](paper, ledger, relation)
    ask = certificate or (lambda _, asked: weighing.certify(asked))
    for relation in paper.of_kind("model"):
        judged[relation.id] = weighing.judge_model(paper, ledger, relation, judged, ask)
    for relation in paper.of_kind("statement"):
        judged[relation.id] = sentences.judge_statement(paper, ledger, relation, judged)
    for relation in paper.of_kind("cited"):
        judged[relation.id] = citing.judge_cited(paper, relation, elsewhere or {})
    for relation in paper.of_kind("shares", "sum", "repeats"):
        judged[relation.id] = _arithmetic(paper, ledger, relation)
    ordered = [as_read(paper.relations[name], judged[name]) for name in paper.relations]
    every = [each for one in ordered for each in one.opinions] + opinions
    rows = rows_of(paper, every, JUDGES)
    return Verification(rows, tuple(ordered), tuple(_components(paper, ledger)))


def built(paper: Paper, aside: Collection[str] = ()) -> Ledger:
    """The ledger with everything that the relations say of counts, but for those ``aside`` (ids).

    Measures of a 2x2 table are many percentages of few counts, and a conflict among them is found sooner by the search
    for tables. So a ledger without them comes first; the measures that no table has are left out of the second.
    """
    relations = paper.of_kind("accuracy")
    measured = {c.claim_id for r in relations for c in paper.many(r["claims"], r) if SHARES.get(c.stat)}
    first = _tied(paper, measured, aside)
    released = [name for relation in relations for name in diagnosing.without_table(paper, first, relation)]
    return first if not measured else _tied(paper, released, aside)


def _tied(paper: Paper, released: Collection[str], aside: Collection[str]) -> Ledger:
    ledger = Ledger(paper, released)
    for relation in paper.relations.values():
        if relation.id not in aside:
            tying.tie(ledger, relation)
        name_counts(ledger, relation)
    return ledger


def name_counts(ledger: Ledger, relation: Relation) -> None:
    """Make the ledger know the counts that a relation will ask for, before it is settled."""
    for key in ("n", "events", "exposed", "exposed_events", "count", "of"):
        given = relation.get(key)
        if given is not None and relation.kind not in ("shares", "table", "statement"):
            ledger.ref(given, relation)
    parts = [relation.get("total")] if relation.kind == "quantiles" else []
    for given in [*parts, *(relation.get("groups") or ())]:
        for key in ("n", "zeros"):
            if given and given.get(key) is not None:
                ledger.ref(given[key], relation)
    for key in ("share", "paired"):
        for name, given in (relation.get(key) or {}).items():
            if name in ("count", "of", "a", "b"):
                ledger.ref(given, relation)
    for key in ("differ", "not_differ"):
        for pair in (relation.get(key) or {}).values():
            for given in pair:
                ledger.ref(given, relation)
    if relation.kind == "statement" and relation.get("none") is not None:
        ledger.ref(relation["none"], relation)


def _arithmetic(paper: Paper, ledger: Ledger, relation: Relation) -> Judged:
    """The evidence of what is arithmetic alone: the counts behind the claims."""
    judged = Judged(relation.id, relation.kind)
    if relation.kind == "sum":
        total = ledger.ref(relation["total"], relation)
        parts = [ledger.ref(part, relation) for part in relation["parts"]]
        rows = [(ledger.name(node), _told(ledger.range(node))) for node in (total, *parts)]
        judged.show("Counts (the first is the total)", ("number", "count"), rows)
        return judged
    claims = paper.many(relation["claims"], relation)
    rows = []
    for claim in claims:
        k = ledger.range(ledger.node(claim)) if claim.stat in COUNTS or claim.stat in SHARES else None
        n = ledger.range(ledger.whole(claim)) if claim.stat in SHARES else None
        rows.append((paper.short(claim.claim_id), claim.reported, _told(k), _told(n)))
    judged.show("Counts behind the numbers", ("claim", "printed", "count", "out of"), rows)
    return judged


def _told(found: tuple[int, int | None] | None) -> str:
    if found is None:
        return ""
    if found[1] is None:
        return f"{found[0]} or more"
    return str(found[0]) if found[0] == found[1] else f"{found[0]} to {found[1]}"


def _components(paper: Paper, ledger: Ledger):
    """Where printed numbers agree, and by which rounding; where they do not, all smallest repairs."""
    for component in ledger.settle():
        if not component.prints:  # a whole number of a relation that no claim is tied to
            continue
        check = component.check
        yield {
            "claims": sorted(paper.short(c.claim_id) for claims in component.prints.values() for c in claims),
            # A count with several prints has a cell for each; that they are equal needs no telling.
            "sums": [
                f"{s.total} = {' + '.join(s.parts)}"
                for s in component.sums
                if not (len(s.parts) == 1 and s.parts[0].startswith(f"{s.total} ("))
            ],
            "roundings": list(check.roundings),
            "evidence": check.evidence,
            "repairs": [
                [f"{x.reads} instead of {x.printed} ({x.kind} of {x.cell})" for x in r.changes]
                for r in (check.nearest or check.uncommon)
            ],
        }
