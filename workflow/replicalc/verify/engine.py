"""The verification engine: from printed numbers and their relations to one verdict a claim, without any patient.

It knows no study. Counts come first (``ledger``), then what rests on them: P values, intervals, ratios, models,
measurements; then sentences; each claim keeps the heaviest opinion (``opinion``).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from replicalc.errors import ReplicalcError
from replicalc.records import Claim
from replicalc.verify import (
    citing,
    comparing,
    counting,
    diagnosing,
    limits,
    measuring,
    sentences,
    splitting,
    tying,
    weighing,
)
from replicalc.verify.judged import Judged
from replicalc.verify.ledger import Ledger
from replicalc.verify.opinion import Opinion, heaviest
from replicalc.verify.paper import COUNTS, EXTERNAL, SHARES, Paper, Relation
from replicalc.verify.printed import Printed, printed_number, rounding_needed

#: What judges a relation by itself; models, sentences and citations come after.
JUDGES: dict[str, Callable[[Paper, Ledger, Relation], Judged]] = {
    "table": comparing.judge_table,
    "two_groups": splitting.judge_groups,
    "accuracy": diagnosing.judge_accuracy,
    "interval": limits.judge_interval,
    "ratio": weighing.judge_ratio,
    "mean": measuring.judge_mean,
    "quantiles": measuring.judge_quantiles,
    "icc": measuring.judge_icc,
}


@dataclass(frozen=True, slots=True)
class Row:
    """One row of verification.csv."""

    claim_id: str
    result: str
    reported: str
    recomputed: str
    verdict: str
    method: str
    solutions: str
    evidence: str
    repair: str
    note: str


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
    opinions = list(counting.opinions(paper, ledger))
    for relation in paper.of_kind(*JUDGES):
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
    ordered = [_as_read(paper.relations[name], judged[name]) for name in paper.relations]
    every = [each for one in ordered for each in one.opinions] + opinions
    rows = _rows(paper, every)
    return Verification(rows, tuple(ordered), tuple(_components(paper, ledger)))


def _as_read(relation: Relation, judged: Judged) -> Judged:
    """Under a reading of ours, where the paper leaves another open, nothing is impossible: it is left open."""
    reading = relation.get("reading")
    if reading:
        judged.line(f"Reading: {reading}.")
        judged.opinions = [
            replace(
                each,
                verdict="underdetermined",
                solutions="",
                note=_join(f"impossible only if read so: {reading}", each.note),
            )
            if each.verdict == "impossible"
            else each
            for each in judged.opinions
        ]
    return judged


def built(paper: Paper) -> Ledger:
    """The ledger with everything that the relations say of counts.

    Measures of a 2x2 table are many percentages of few counts, and a conflict among them is found sooner by the search
    for tables. So a ledger without them comes first; the measures that no table has are left out of the second.
    """
    relations = paper.of_kind("accuracy")
    measured = {c.claim_id for r in relations for c in paper.many(r["claims"], r) if SHARES.get(c.stat)}
    first = _tied(paper, measured)
    released = [name for relation in relations for name in diagnosing.without_table(paper, first, relation)]
    return first if not measured else _tied(paper, released)


def _tied(paper: Paper, released: Collection[str]) -> Ledger:
    ledger = Ledger(paper, released)
    for relation in paper.relations.values():
        tying.tie(ledger, relation)
        name_counts(ledger, relation)
    return ledger


def name_counts(ledger: Ledger, relation: Relation) -> None:
    """Make the ledger know the counts that a relation will ask for, before it is settled."""
    for key in ("n", "events", "exposed", "count", "of"):
        given = relation.get(key)
        if given is not None and relation.kind not in ("shares", "table", "statement"):
            ledger.ref(given, relation)
    for given in [relation.get("total"), *(relation.get("groups") or ())] if relation.kind == "quantiles" else []:
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


def _rows(paper: Paper, opinions: Sequence[Opinion]) -> tuple[Row, ...]:
    by_claim: dict[str, list[Opinion]] = {}
    for opinion in opinions:
        by_claim.setdefault(opinion.claim_id, []).append(opinion)
    chosen = {name: heaviest(mine) for name, mine in by_claim.items()}
    for group in _repeated(paper, _owners(paper, by_claim)):
        _spread(paper, group, chosen)
    return tuple(
        Row(
            claim.claim_id,
            claim.result,
            claim.reported,
            o.recomputed,
            o.verdict,
            o.method,
            o.solutions,
            o.evidence,
            o.repair,
            "; ".join(text for text in (o.note, f"evidence: {o.relation}" if o.relation else "") if text),
        )
        for claim in paper.claims.values()
        for o in [chosen.get(claim.claim_id) or _nothing(claim)]
    )


def _owners(paper: Paper, by_claim: Mapping[str, Sequence[Opinion]]) -> dict[str, frozenset[str]]:
    """The relations that judge each claim by more than arithmetic."""
    own = {relation.id for relation in paper.relations.values() if relation.kind in JUDGES}
    return {name: frozenset(o.relation for o in mine) & own for name, mine in by_claim.items()}


def _repeated(paper: Paper, owners: Mapping[str, frozenset[str]]) -> list[list[Claim]]:
    """Claims that are one number printed at several places: the same place of one result, or a relation says so.

    At one place may also stand two numbers, P by two tests or a crude and an adjusted ratio: where different relations
    own them, they are two.
    """
    places: dict[tuple[str, ...], list[Claim]] = {}
    for claim in paper.claims.values():
        if claim.stat not in ("holds", "wording"):
            places.setdefault((claim.result, claim.group, claim.variable, claim.stat), []).append(claim)
    groups = []
    for mine in places.values():
        apart: dict[frozenset[str], list[Claim]] = {}
        for claim in mine:
            apart.setdefault(owners.get(claim.claim_id, frozenset()), []).append(claim)
        owned = [claims for owner, claims in apart.items() if owner]
        groups += [mine] if len(owned) < 2 else owned
    groups += [paper.many(relation["claims"], relation) for relation in paper.of_kind("repeats")]
    parent: dict[str, str] = {}

    def find(name: str) -> str:
        while parent.get(name, name) != name:
            name = parent[name]
        return name

    for group in groups:
        for claim in group[1:]:
            a, b = find(group[0].claim_id), find(claim.claim_id)
            parent[max(a, b)] = min(a, b)
    together: dict[str, list[Claim]] = {}
    for claim in paper.claims.values():
        together.setdefault(find(claim.claim_id), []).append(claim)
    return [group for group in together.values() if len(group) > 1]


def _spread(paper: Paper, group: Sequence[Claim], chosen: dict[str, Opinion]) -> None:
    """One number at several places has one verdict where the print is the same; where it differs, both prints stand.

    Two different prints of one number (counts and percentages apart, which the ledger compares) cannot both be right.
    """
    texts = dict.fromkeys(claim.reported for claim in group)
    counted = any(c.stat in COUNTS or c.stat in SHARES for c in group)
    for text in texts:
        mine = [claim for claim in group if claim.reported == text]
        known = [chosen[c.claim_id] for c in mine if c.claim_id in chosen]
        if known and len(mine) > 1:
            best = heaviest(known)
            places = ", ".join(paper.short(c.claim_id) for c in mine)
            for claim in mine:
                own = chosen.get(claim.claim_id)
                if own is None or own.verdict != best.verdict:
                    note = f"the same number as {places}"
                    chosen[claim.claim_id] = replace(best, claim_id=claim.claim_id, note=_join(best.note, note))
        elif len(mine) > 1 and len(texts) == 1 and mine[0].kind != EXTERNAL:
            for claim in mine:
                chosen[claim.claim_id] = Opinion(
                    claim.claim_id,
                    "underdetermined",
                    text,
                    "printed at several places",
                    "many",
                    f"{text} at {len(mine)} places",
                    "",
                    "the number itself cannot be recomputed",
                    "repeats",
                )
    prints = {t: p for t in texts if (p := printed_number(t)) is not None and p.sign == "="}
    plain = list(prints)
    if len(plain) < 2 or counted or _one_value(list(prints.values())):
        return
    every = ", ".join(f"{c.reported} ({paper.short(c.claim_id)})" for c in group if c.reported in plain)
    sure = {c.reported for c in group if c.claim_id in chosen and chosen[c.claim_id].verdict == "exact"} & set(plain)
    often = {text: sum(c.reported == text for c in group) for text in plain}
    most = [text for text in plain if often[text] == max(often.values())]
    # What comes out stands, however often the other is printed; if nothing does, what is printed most often.
    right = next(iter(sure)) if len(sure) == 1 else most[0] if len(most) == 1 and not sure else ""
    for claim in group:
        if claim.reported in plain and claim.reported != right:
            chosen[claim.claim_id] = Opinion(
                claim.claim_id,
                "impossible",
                right,
                "one number at several places",
                "0",
                f"one number is printed as {every}",
                right,
                _why(right, sure) if right else "this or another print of it",
                "repeats",
            )


def _why(right: str, sure: Collection[str]) -> str:
    """Why one of several prints of a number is taken as the right one."""
    return f"{right} is taken as right because it {'comes out' if right in sure else 'is printed most often'}"


def _one_value(prints: Sequence[Printed]) -> bool:
    """Whether one value can print as all of these: 0.03 and 0.031, say."""
    finest = max(prints, key=lambda each: each.decimals)
    return all(rounding_needed(float(finest.value), each) is not None for each in prints)


def _join(*texts: str) -> str:
    return "; ".join(text for text in texts if text)


def _nothing(claim: Claim) -> Opinion:
    if claim.kind == EXTERNAL:
        note = "external: another publication's number; that publication is not among the studies of the registry"
    elif claim.stat in ("holds", "wording"):
        note = "a sentence without a number that could be held against it"
    else:
        note = "no relation ties it to another number: a count, a share or a test of the same patients would be needed"
    return Opinion(claim.claim_id, "not_checkable", note=note)


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


def coverage(rows: Sequence[Row]) -> dict[str, int]:
    """How many claims there are, how many could be held against something, and how many of each verdict."""
    from replicalc.verify.opinion import ORDER

    counts = {verdict: sum(row.verdict == verdict for row in rows) for verdict in ORDER}
    return {"claims": len(rows), "checkable": len(rows) - counts["not_checkable"], **counts}


__all__ = ["ReplicalcError", "Row", "Verification", "coverage", "verify"]
