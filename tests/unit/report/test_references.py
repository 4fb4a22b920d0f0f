"""Which outside reference holds a statistic is read from the tests: what is there is found, what is not is said."""

from __future__ import annotations

import csv
import doctest
import json

import pytest
from project import ROOT
from unit.report.made import Page, hostile_site, write

from replicalc.report import by_hand, openness, references, words
from replicalc.report.rulebook import function_of

FILES = sorted(
    str(path)
    for path in [*(ROOT / "tests/reference").glob("*.*"), *(ROOT / "tests/unit").glob("*/test_*.py")]
    if path.suffix in (".R", ".json", ".md", ".py")
)


@pytest.fixture(scope="module")
def known():
    return references.references_in(FILES)


@pytest.mark.parametrize("module", [references, by_hand, openness, words])
def test_examples_in_docstrings(module):
    assert doctest.testmod(module).attempted and not doctest.testmod(module).failed


def test_every_script_that_stands_in_the_readme_is_known_with_what_it_computes_with(known):
    told = {family: with_what for family, _, with_what in known.scripts}
    assert "chisq.test" in told["contingency"] and "survfit" in told["survival"]
    assert all(told.values())


def test_a_module_is_held_by_the_script_whose_output_its_test_reads(known):
    rows = references.references_of("any", function_of("results.association:association").reaches, known)
    (row,) = [each for each in rows if each.module == "stats/contingency.py"]
    assert row.script.endswith("tests/reference/contingency.R") and "pearson" in row.functions
    (exact,) = [each for each in rows if each.module == "stats/exact.py"]
    assert not exact.functions and exact.through == ("tail",)


def test_nothing_reached_is_lost_and_nothing_is_told_twice(known):
    reaches = function_of("results.association:association").reaches
    rows = references.references_of("any", reaches, known)
    told = [(row.module, name) for row in rows for name in (*row.functions, *row.through)]
    wanted = {
        (f"{module.removeprefix('replicalc.').replace('.', '/')}.py", name)
        for module, _, name in (each.partition(":") for each in reaches)
        if module.startswith("replicalc.stats.") and module != references.NO_STATISTICS
    }
    assert sorted(told) == sorted(wanted)


def test_a_function_that_no_test_calls_has_no_reference():
    known = references.References(True, (), (), frozenset())
    (row,) = references.references_of("any", ["replicalc.stats.rank:sign_test"], known)
    assert (row.script, row.functions) == ("", ("sign_test",))


def test_a_test_that_reads_no_output_holds_nothing():
    text = "from replicalc.stats import rank as r\nC = load('rank')\ndef test_a():\n    r.sign_test(1)\ndef test_b():\n    C\n"
    assert references.held_by(text, frozenset({"rank"})) == {}


def test_a_fixture_leads_from_a_test_to_the_output_it_reads():
    text = (
        "from replicalc.stats import rank as r\nC = load('rank')\n"
        "@fixture(params=C)\ndef case(request):\n    return request\ndef test_a(case):\n    r.sign_test(case)\n"
    )
    assert references.held_by(text, frozenset({"rank"})) == {"rank": frozenset({"replicalc.stats.rank:sign_test"})}


def test_a_result_that_r_made_whole_says_so(known):
    expected = json.loads((ROOT / "tests/reference/studies.json").read_text())["rows"][0]["result"]
    first = references.references_of(expected, [], known)[0]
    assert first.module == "the whole result" and first.script.endswith("studies.R")


def test_without_the_tests_beside_it_a_page_says_so(tmp_path):
    assert references.references_in([]).there is False
    text = "".join(Page(next((write(tmp_path, hostile_site()) / "results").iterdir())).text)
    assert "do not lie beside this run" in text


def test_what_stays_open_comes_first_and_is_printed_short(tmp_path):
    file = tmp_path / "s" / "witnesses.csv"
    file.parent.mkdir()
    head = [
        "result", "group", "variable", "stat", "reported", "n_witnesses", "n_undefined", "least", "median", "most",
        "same_conclusion", "conclusion", "open", "why", "method",
    ]  # fmt: skip
    rows = [
        ["r", "all", "a", "p", "0.2", "3", "0", "0.2", "0.2", "0.2", "yes", "c", "no", "w", "m"],
        ["r", "all", "b", "p_alternative", "", "3", "0", "0.0123456", "0.1", "0.9", "no", "c", "yes", "w", "Fisher"],
        ["r", "all", "c", "p", "", "3", "3", "", "", "", "", "", "no", "w", "m"],
    ]
    with file.open("w", newline="") as out:
        csv.writer(out).writerows([head, *rows])
    found = openness.openness_of([str(file)])["s"]
    assert (found.cohorts, found.counted, found.differ, len(found.deciding.rows)) == (3, 2, 1, 1)
    first, second = found.by_result["r"].rows
    assert first == ("b", "p by Fisher", "", "0.01235", "0.1", "0.9", "yes", "c; w")
    assert second[:3] == ("a", "p", "0.2")
