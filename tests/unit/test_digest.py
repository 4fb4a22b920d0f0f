"""The digest follows exactly the code that is used."""

from __future__ import annotations

import shutil
import subprocess
import sys

import pytest
from project import ROOT

from replicalc.digest import digest, reached_by
from replicalc.errors import ReplicalcError

PRINT = """
from replicalc.digest import digest
print(digest('results.association:association'), digest('results.agreement:agreement'))
"""


def _digests(folder) -> list[str]:
    out = subprocess.run([sys.executable, "-c", PRINT], env={"PYTHONPATH": str(folder)}, capture_output=True, text=True)
    assert out.returncode == 0, out.stderr
    return out.stdout.split()


@pytest.fixture
def package(tmp_path):
    shutil.copytree(
        ROOT / "workflow" / "replicalc", tmp_path / "replicalc", ignore=shutil.ignore_patterns("__pycache__")
    )
    return tmp_path


def _edit(package, module, old, new):
    path = package / "replicalc" / module
    text = path.read_text()
    assert old in text, f"{old!r} is not in {module}"
    path.write_text(text.replace(old, new, 1))


def test_an_edited_function_changes_its_users_and_nobody_else(package):
    before = _digests(package)
    _edit(package, "stats/contingency.py", "def pearson(", "NEW = 1\n\n\ndef pearson(")
    assert _digests(package) == before, "an unrelated definition must not matter"
    _edit(package, "stats/exact.py", "_TOLERANCE = 1e-7", "_TOLERANCE = 2e-7")
    association, agreement = _digests(package)
    assert association != before[0], "a constant that the exact tests use belongs to every association"
    assert agreement == before[1], "an ICC does not use the exact tests"


def test_comments_and_docstrings_do_not_matter(package):
    before = _digests(package)
    _edit(
        package,
        "results/common.py",
        '"""Say which variables a cohort lacks."""',
        '"""Another text."""  # and a comment',
    )
    assert _digests(package) == before


def test_code_two_modules_away_matters(package):
    before = _digests(package)
    _edit(package, "job.py", 'newline="\\n"', 'newline=""')
    after = _digests(package)
    assert after[0] != before[0] and after[1] != before[1]


def test_what_was_kept_gives_the_digests_of_a_first_reading(package):
    first = _digests(package)
    kept = list(package.rglob("__pycache__/*.digest.json"))
    assert any("association" in path.name for path in kept)
    assert _digests(package) == first
    for number, path in enumerate(kept):  # damaged in every way, or of another text
        text = path.read_text()
        path.write_text(("", "[]", "null", '{"a": 1}', text[:-9], text.replace(text[2:66], "0" * 64))[number % 6])
    assert _digests(package) == first


def test_a_folder_that_cannot_be_written_only_costs_time(package):
    first = _digests(package)
    for folder in package.rglob("__pycache__"):
        shutil.rmtree(folder)
        folder.write_text("no folder can be made here")
    assert _digests(package) == first


def test_reading_list_names_lazily_imported_functions():
    reached = reached_by("results.association:association")
    assert "replicalc.stats.exact:tail" in reached
    assert not [name for name in reached if "agreement" in name]


def test_unknown_entry():
    with pytest.raises(ReplicalcError, match="names no definition"):
        digest("results.association:nothing")


def test_a_module_used_as_a_whole_counts_as_a_whole(package):
    (package / "replicalc" / "whole.py").write_text(
        "def use(name):\n    from replicalc.stats import exact\n\n    return getattr(exact, name)\n"
    )
    code = "from replicalc.digest import reached_by; print(*reached_by('whole:use'))"
    out = subprocess.run([sys.executable, "-c", code], env={"PYTHONPATH": str(package)}, capture_output=True, text=True)
    assert "replicalc.stats.exact:_tails" in out.stdout.split(), out.stderr
