"""docs/mapping.md is true: every example gives what it says, every list is the one in the code."""

from __future__ import annotations

import re

import pytest
import yaml
from declared import run_declared
from project import ROOT

from replicalc.cohort.audit import RULES as CHANGE_RULES
from replicalc.cohort.implausible import IMPLAUSIBLE
from replicalc.cohort.rules import RULES
from replicalc.errors import ReplicalcError
from replicalc.records import read_csv

PAGE = (ROOT / "docs/mapping.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\S+) ?(\S*)\n(.*?)^```$", PAGE, flags=re.M | re.S)


def examples() -> list[tuple[str, str, str, str]]:
    """The entry of a cohort file, an export, and what becomes of it ('result') or what is told ('stops')."""
    found, entry, export = [], "", ""
    for kind, told, text in BLOCKS:
        if kind == "yaml":
            entry = text
        elif (kind, told) == ("csv", "export"):
            export = text
        else:
            found.append((entry, export, told, text))
    return found


@pytest.mark.parametrize(("entry", "export", "kind", "text"), examples())
def test_an_example_gives_what_the_page_says(tmp_path, entry, export, kind, text):
    read = yaml.safe_load(entry)
    more = entry if "variables" in read else "variables:\n" + "".join(f"  {line}\n" for line in entry.splitlines())
    more = more.replace("variables:\n", "variables:\n  patient_id: {column: ID}\n")
    if kind == "stops":
        with pytest.raises(ReplicalcError) as error:
            run_declared(tmp_path, more, export)
        for sentence in text.splitlines():
            assert sentence in str(error.value)
        problems = read_csv(tmp_path / "problems.csv")
        assert len({(p["row"], p["column"], p["problem"]) for p in problems}) == len(text.splitlines())
        return
    header, *lines = (line.split(",") for line in text.splitlines())
    found = run_declared(tmp_path, more, export)
    assert [[row[name] for name in header] for row in found] == lines


def test_every_rule_has_a_result_and_a_refusal():
    for rule in RULES:
        kinds = {kind for entry, _, kind, _ in examples() if re.search(rf"\b{rule}:", entry)}
        assert kinds == {"result", "stops"}, rule


def combinations() -> str:
    lines = ["| name for `on_problem` | what it finds | unless said otherwise |", "|---|---|---|"]
    lines += [f"| `{each.name}` | {each.told} | {'stop' if each.stops else 'keep'} |" for each in IMPLAUSIBLE]
    return "\n".join(lines)


def rules() -> str:
    lines = ["| rule | what was changed |", "|---|---|"]
    return "\n".join([*lines, *(f"| `{name}` | {told} |" for name, told in CHANGE_RULES.items())])


@pytest.mark.parametrize("make", [combinations, rules])
def test_the_lists_are_those_of_the_code(make):
    shown = re.search(rf"<!-- {make.__name__} -->\n(.*?)\n<!-- end -->", PAGE, flags=re.S)
    assert shown and shown[1] == make()
