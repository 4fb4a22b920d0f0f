"""Help teaches with examples that run; the documentation shows what the commands really print."""

import doctest
import re
import shlex
import subprocess
import sys

import pytest
from by_hand import answer, examples, parsers, run
from project import ROOT

BY_HAND = (ROOT / "docs" / "by-hand.md").read_text(encoding="utf-8")
SHOWN = re.findall(r"```\n\$ replicalc (.*?)\n(.*?)```", BY_HAND, re.S)
COMMANDS = dict(parsers())
KEYS = ["command", "input", "verdict", "n_solutions", "solutions", "checks", "method", "evidence", "repair"]
KEYS += ["notes", "sentence"]
VERDICTS = {"exact", "rounding", "unstated_method", "impossible", "underdetermined", "not_checkable"}


@pytest.fixture(autouse=True)
def at_the_root(monkeypatch):
    monkeypatch.chdir(ROOT)


def test_help_imports_no_statistics():
    heavy = ("numpy", "scipy", "pandas", "statsmodels", "cvxpy", "ortools", "yaml", "snakemake")
    code = (
        "import sys\nfrom replicalc.cli import main\nfor words in (['--help'], ['recover', 'two-by-two', '--help'], "
        "['certify', 'logistic', '--help']):\n    try:\n        main(words)\n    except SystemExit:\n        pass\n"
        f"print('loaded', [m for m in {heavy} if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.splitlines()[-1] == "loaded []", done.stderr


#: Commands that ask nothing about printed numbers; docs/new-cohort.md shows the second.
APART = {"summary", "new-cohort"}


@pytest.mark.parametrize("name", [name for name in COMMANDS if name not in APART])
def test_the_help_of_each_command_has_a_paragraph_and_an_example(name):
    code, out, _ = run(f"{name} --help")
    assert code == 0
    assert len(COMMANDS[name].description) > 150
    assert f"\nExample:\n  replicalc {name} " in out


def test_the_help_of_the_program_names_every_command():
    text = "".join(run("--help")[1].split())  # lines may be broken after a hyphen
    assert all(word in text for name in COMMANDS for word in name.split())


@pytest.mark.parametrize("line", examples())
def test_examples_in_help_run(line):
    assert run(line)[0] == 0
    document = answer(line)
    assert list(document) == KEYS
    assert document["verdict"] in VERDICTS
    assert document["sentence"].endswith(".") and document["method"] and document["evidence"]
    assert document["n_solutions"] >= len(document["solutions"])
    assert line.startswith(document["command"])


@pytest.mark.parametrize(("line", "printed"), SHOWN, ids=[line for line, _ in SHOWN])
def test_the_documentation_shows_what_is_printed(line, printed):
    code, out, err = run(shlex.split(line))
    # A command that was asked to make something has 1 where it could not make all of it.
    short = line.startswith("synthesise --table") and not out.startswith("verdict    exact")
    assert code == (2 if err else 1 if short else 0)
    # "..." stands for numbers of an iterative solver, whose last places may differ from one machine to the next.
    assert doctest.OutputChecker().check_output(
        printed.rstrip() + "\n", (out or err).rstrip() + "\n", doctest.ELLIPSIS
    ), out


def test_every_command_is_shown_in_the_documentation():
    assert {name for name in COMMANDS if name not in APART} == {
        name for name in COMMANDS for line, _ in SHOWN if line.startswith(name)
    }


def test_options_are_the_measures_and_counts_that_the_search_knows():
    from replicalc.hand.recover import MARGINS, MEASURES
    from replicalc.verify import fourfold

    assert set(MEASURES) == set(fourfold.MEASURES)
    assert set(MARGINS) == set(fourfold.MARGINS)


@pytest.mark.parametrize("name", ["answer", "arguments"])
def test_the_examples_in_the_docstrings_run(name):
    import importlib

    result = doctest.testmod(importlib.import_module(f"replicalc.hand.{name}"))
    assert result.attempted and not result.failed


def test_no_sentence_speaks_of_people():
    said = " ".join(out for _, out in SHOWN).lower()
    assert not re.search(r"\b(author|fraud|fabricat|falsif|mislead|dishonest|suspicio|cheat)\w*", said)
