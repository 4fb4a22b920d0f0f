"""The evidence of a verification, as data and as a page of text: what was held against what, and all that fits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import astuple
from typing import Any

from replicalc.verify.engine import Verification
from replicalc.verify.opinion import FINDINGS, ORDER
from replicalc.verify.rows import Row

WORDS = {
    "exact": "recomputed, it prints the same",
    "rounding": "off by one unit of the last printed place",
    "unstated_method": "only by a method that the text read does not name: the one told, or none of those tried",
    "impossible": "no counts and no data can give it (or none by the test or method that is named)",
    "underdetermined": "several reconstructions fit, so it is neither confirmed nor excluded",
    "not_checkable": "nothing to hold it against",
}


def as_data(about: Mapping, found: Verification, counts: Mapping[str, int]) -> dict[str, Any]:
    """Everything that was found, as plain data for JSON: coverage, claims, relations, arithmetic."""
    kinds = {relation["id"]: relation for relation in about.get("relations") or ()}
    claims = [dict(zip(Row.__dataclass_fields__, astuple(row), strict=True)) for row in found.rows]
    return {
        "study": about["study"],
        "title": about.get("title", ""),
        "coverage": dict(counts),
        "claims": claims,
        "relations": [
            {
                "id": one.relation,
                "kind": one.kind,
                "note": kinds.get(one.relation, {}).get("note", ""),
                "lines": one.lines,
                "tables": [
                    {"title": t.title, "columns": list(t.columns), "rows": [list(r) for r in t.rows], "total": t.total}
                    for t in one.tables
                ],
                "opinions": [
                    {"claim_id": o.claim_id, "verdict": o.verdict, "method": o.method, "evidence": o.evidence}
                    for o in one.opinions
                ],
            }
            for one in found.judged
        ],
        "arithmetic": [dict(each) for each in found.arithmetic],
    }


def as_markdown(data: Mapping) -> str:
    """The same for reading. Every text from the paper is escaped, so that no print becomes markup."""
    study = data["study"]
    out = [f"# Evidence: {study}", "", _plain(data["title"]), ""]
    told = data["coverage"]
    counted = ", ".join(f"{told[verdict]} {verdict}" for verdict in ORDER if told[verdict])
    out += [
        f"{told['claims']} printed numbers and sentences, {told['checkable']} of them held against something: "
        f"{counted}. Made from the paper alone, without any patient. It tells what the numbers say, and nothing about "
        "anybody's intent.",
        "",
    ]
    out += _table(("verdict", "means"), [(verdict, WORDS[verdict]) for verdict in ORDER])
    out += ["## What is not exact", ""]
    heading = ("claim", "printed", "recomputed", "method", "evidence", "repair", "note")
    for verdict in (*FINDINGS, "underdetermined", "not_checkable"):
        rows = [claim for claim in data["claims"] if claim["verdict"] == verdict]
        if rows:
            out += [f"### {verdict}: {WORDS[verdict]}", ""]
            out += _table(
                heading,
                [
                    (
                        claim["claim_id"].removeprefix(f"{study}."),
                        claim["reported"],
                        *(claim[key] for key in heading[2:]),
                    )
                    for claim in rows
                ],
            )
    out += ["## Relations", ""]
    for relation in data["relations"]:
        out += [f"### {relation['id']} ({relation['kind'].replace('_', ' ')})", ""]
        if relation["note"]:
            out += [_plain(relation["note"]), ""]
        for line in relation["lines"]:
            out += [_plain(line), ""]
        for table in relation["tables"]:
            more = f" ({len(table['rows'])} of {table['total']} shown)" if table["total"] > len(table["rows"]) else ""
            out += [f"{_plain(table['title'])}{more}", ""]
            out += _table(table["columns"], table["rows"])
        said: dict[tuple[str, str, str], list[str]] = {}
        for opinion in relation["opinions"]:
            key = (opinion["verdict"], opinion["method"], opinion["evidence"])
            said.setdefault(key, []).append(opinion["claim_id"].removeprefix(f"{study}."))
        if said:
            rows = [(k[0], ", ".join(v), *k[1:]) for k, v in said.items()]
            out += _table(("verdict", "claims", "method", "evidence"), rows)
    out += ["## Counts that are tied to each other", ""]
    for number, component in enumerate(data["arithmetic"], start=1):
        by = ", ".join(component["roundings"]) or "no rounding: they exclude each other"
        out += [
            f"### Block {number}",
            "",
            f"{len(component['claims'])} numbers: {_plain(', '.join(component['claims']))}.",
            "",
        ]
        out += [f"They agree by: {by}. {_plain(component['evidence'])}.", ""]
        if component["sums"]:
            out += [*(f"- {_plain(each)}" for each in component["sums"]), ""]
        if component["repairs"]:
            out += ["Smallest changes that would do:", ""]
            out += [*(f"- {_plain(' and '.join(each))}" for each in component["repairs"]), ""]
    return "\n".join(out).rstrip() + "\n"


def _table(columns, rows) -> list[str]:
    head = "| " + " | ".join(_plain(str(c)) or " " for c in columns) + " |"
    body = ["| " + " | ".join(_plain(str(cell)) or " " for cell in row) + " |" for row in rows]
    return [head, "|" + "---|" * len(columns), *body, ""]


def _plain(text: str) -> str:
    """Text as text: characters that Markdown or HTML would read are escaped, line ends become spaces."""
    out = " ".join(text.split())
    out = out.replace("&", "&amp;")
    for sign in ("\\", "|", "*", "_", "`", "[", "]", "<", ">", "#", "~"):
        out = out.replace(sign, {"<": "&lt;", ">": "&gt;"}.get(sign, "\\" + sign))
    return out
