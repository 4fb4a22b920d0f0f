"""Small made-up papers: claims from a few lines of text, and what the engine says of them.

A line is ``id stat print``, then, if needed, ``| group=... | variable=... | of=... | kind=... | result=...``. Without
them the group is ``all`` and the variable is the id without its last part, so that ``a.n`` and ``a.pct`` are one number.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from replicalc.records import Claim
from replicalc.verify.engine import Verification, verify
from replicalc.verify.ledger import Ledger
from replicalc.verify.paper import Paper


def claims(text: str, study: str = "toy") -> list[Claim]:
    """The claims of a paper, one a line."""
    found = []
    for line in filter(None, (line.strip() for line in text.splitlines())):
        first, *more = (part.strip() for part in line.split("|"))
        name, stat, *printed = first.split(maxsplit=2)
        given = {"group": "all", "variable": name.rpartition(".")[0] or name, "of": "", "kind": "count", "result": "r"}
        given |= {key: value for key, _, value in (part.partition("=") for part in more)}
        reported = printed[0] if printed else ""
        found.append(
            Claim(
                f"{study}.{name}",
                f"{study}_{given['result']}",
                "Table 1",
                given["kind"],
                reported,
                reported,
                name,
                given["group"],
                given["variable"],
                stat,
                f"{study}.{given['of']}" if given["of"] else "",
            )
        )
    return found


def about(*relations: Mapping, **more) -> dict:
    """study.yaml; a relation without an id is called by its number."""
    named = [{"id": f"r{number}", **relation} for number, relation in enumerate(relations, start=1)]
    return {"study": "toy", "title": "A made-up paper", "alpha": 0.05, "conf_level": 0.95, "relations": named, **more}


def run(text: str, *relations: Mapping, elsewhere=None, certificate=None, **more) -> Verification:
    """Verify a made-up paper."""
    return verify(about(*relations, **more), claims(text), elsewhere, certificate)


def rows(found: Verification) -> dict:
    """Rows by the short id of their claim."""
    return {row.claim_id.removeprefix("toy."): row for row in found.rows}


def verdicts(found: Verification) -> dict[str, str]:
    return {name: row.verdict for name, row in rows(found).items()}


def one(text: str, claim: str, *relations: Mapping, **more):
    """The row of one claim."""
    return rows(run(text, *relations, **more))[claim]


def ledger(text: str, *relations: Mapping) -> tuple[Paper, Ledger]:
    """The counts of a made-up paper, all relations tied."""
    from replicalc.verify.engine import name_counts
    from replicalc.verify.tying import tie

    paper = Paper(about(*relations), claims(text))
    book = Ledger(paper)
    for relation in paper.relations.values():
        tie(book, relation)
        name_counts(book, relation)
    return paper, book


def judged(found: Verification, relation: str):
    return next(each for each in found.judged if each.relation == relation)


__all__: Sequence[str] = ("about", "claims", "judged", "ledger", "one", "rows", "run", "verdicts")
