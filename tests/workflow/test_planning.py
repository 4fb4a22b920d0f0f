"""What makes the start quick changes nothing about what is planned."""

from __future__ import annotations

import json
import re
import subprocess
import sys

import pytest
from project import copy_project


def rules_made(folder) -> dict:
    """The parameters and sources of every rule, as Snakemake has them after reading all files."""
    done = subprocess.run(
        [sys.executable, "workflow/scripts/rules_made.py"], cwd=folder, capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    """The project, and the project as Snakemake alone would read it."""
    quick, plain = (copy_project(tmp_path_factory.mktemp("planning") / name) for name in ("quick", "plain"))
    path = plain / "workflow/rules/common.smk"
    line = "    snakemake.workflow.parse = parsed_once(snakemake.workflow.parse)\n"
    text = path.read_text(encoding="utf-8")
    assert text.count(line) == 1
    path.write_text(text.replace(line, "    pass\n"), encoding="utf-8")
    return quick, plain


def test_archetypes_parsed_once_give_the_rules_of_parsing_them_for_each_heir(both):
    made, plain = map(rules_made, both)
    assert len([name for name in made if re.match(r"nat_residual_[tx]", name)]) > 40
    assert made == plain


def test_a_fault_in_an_archetype_is_told_as_ever(both):
    """Line numbers come from the one parsing, too."""
    said = []
    for folder in both:
        path = folder / "workflow/rules/archetypes.smk"
        text = path.read_text(encoding="utf-8")
        before, found, after = text.partition('digest("results.association:association")')
        assert found
        path.write_text(before + "unknown_name" + after, encoding="utf-8")
        done = subprocess.run([sys.executable, "-m", "snakemake", "-n"], cwd=folder, capture_output=True, text=True)
        path.write_text(text, encoding="utf-8")
        assert done.returncode
        said.append((done.stdout + done.stderr).replace(str(folder), ""))
    assert said[0] == said[1]
    assert "unknown_name" in said[0] and f"line {before.count(chr(10)) + 1}" in said[0]
