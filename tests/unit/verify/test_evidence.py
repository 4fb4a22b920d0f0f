"""The evidence as a page of text: complete, and no print becomes markup."""

from __future__ import annotations

import json
import re

import pytest
from toy import about, run

from replicalc.verify.evidence import as_data, as_markdown
from replicalc.verify.rows import coverage

ODD = "3|4 <script>alert(1)</script> *bold* _x_ `code` [a](b) # ~ \\ &amp;"


def page(text: str, *relations, **more) -> tuple[dict, str]:
    found = run(text, *relations)
    data = as_data(about(*relations, **more), found, coverage(found.rows))
    return data, as_markdown(data)


@pytest.fixture
def odd() -> str:
    shares = {"kind": "shares", "claims": ["a.pct"], "of": "n", "note": f"# a heading?\n{ODD}"}
    return page(f"n n 50\na.pct percent 24.0\nb mean {ODD.replace('|', '/')}", shares, title=ODD)[1]


def test_no_print_becomes_markup(odd):
    assert "<script" not in odd and "&lt;script&gt;" in odd
    assert "\\*bold\\*" in odd and "\\_x\\_" in odd and "\\`code\\`" in odd and "\\[a\\](b)" in odd
    assert "3\\|4" in odd and "&amp;amp;" in odd and "\\\\" in odd
    assert "\n# a heading" not in odd and "\\# a heading? 3" in odd


def test_tables_have_as_many_cells_as_their_head(odd):
    cells = 0
    for line in odd.splitlines():
        if line.startswith("| "):
            count = len(re.findall(r"(?<!\\)\|", line))
            cells = cells or count
            assert count == cells, line
        elif not line.startswith("|"):
            cells = 0


def test_the_page_tells_what_is_not_exact_with_its_repair():
    shares = {"id": "s", "kind": "shares", "claims": ["a.*"], "of": "n"}
    data, text = page("n n 51\na.n count 32\na.pct percent 62.8\nh holds yes", shares)
    assert "4 printed numbers and sentences" in text and "### rounding: off by one unit" in text
    assert "| a.pct | 62.8 | 62.7 |" in text and "### not\\_checkable" not in text and "### not_checkable" in text
    assert "62.7 instead of 62.8 (percent of a.n)" in text
    assert json.loads(json.dumps(data)) == data
    assert [claim["claim_id"] for claim in data["claims"]] == [f"toy.{x}" for x in ("n", "a.n", "a.pct", "h")]


def test_a_long_list_says_how_many_there_are():
    groups = {"id": "g", "kind": "two_groups", "a": "a.pct", "b": "b.pct", "total": 400}
    data, text = page("a.pct percent 20\nb.pct percent 40", groups)
    table = data["relations"][0]["tables"][0]
    assert len(table["rows"]) == 60 < table["total"] and f"(60 of {table['total']} shown)" in text


def test_every_relation_has_its_section():
    relations = [
        {"id": "s", "kind": "shares", "claims": ["a.*"], "of": "n", "note": "Table 1"},
        {"id": "said", "kind": "statement", "claim": "h", "greater": ["n", "a.n"]},
    ]
    _, text = page("n n 51\na.n count 32\nh holds yes", *relations)
    assert "### s (shares)\n\nTable 1\n" in text and "### said (statement)" in text
    assert "n 51 against a.n 32." in text
