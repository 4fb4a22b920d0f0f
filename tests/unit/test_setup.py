"""What is installed by conda, by uv and by CI is the same, and the records agree."""

from __future__ import annotations

import re
import subprocess
import tomllib

from project import ROOT

CONDA_NAMES = {
    "matplotlib-base": "matplotlib",
    "ortools-python": "ortools",
    "python-duckdb": "duckdb",
    "snakemake-minimal": "snakemake",
}


def _lock() -> dict[str, str]:
    return {p["name"]: p["version"] for p in tomllib.loads((ROOT / "uv.lock").read_text())["package"]}


def test_conda_pins_are_the_locked_versions():
    pins = dict(re.findall(r"^  - ([a-z0-9-]+) =([0-9.]+)$", (ROOT / "environment.yml").read_text(), re.MULTILINE))
    lock = _lock()
    assert {CONDA_NAMES.get(name, name): version for name, version in pins.items()} == {
        CONDA_NAMES.get(name, name): lock[CONDA_NAMES.get(name, name)] for name in pins
    }
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    needed = {re.split(r"[><=]", requirement)[0] for requirement in declared}
    assert {CONDA_NAMES.get(name, name) for name in pins} == needed


def test_the_environment_of_scripts_has_the_same_pins():
    both = [(ROOT / name).read_text() for name in ("environment.yml", "workflow/envs/scripts.yml")]
    first, second = (re.findall(r"^  - (?!pip)(.+)$", text, re.MULTILINE) for text in both)
    assert first == second and len(first) > 10


def test_lock_comes_from_the_public_index_with_hashes():
    text = (ROOT / "uv.lock").read_text()
    assert set(re.findall(r"https?://([^/\"]+)", text)) <= {"pypi.org", "files.pythonhosted.org"}
    sources = re.findall(r"\{ url = \"[^\"]+\"(.*?)\}", text)
    assert sources and all("sha256:" in source for source in sources)


def test_ci_runs_lint_and_the_test_command_of_the_readme():
    run = (ROOT / ".ci" / "run").read_text()
    assert "make lint" in run and "make test" in run
    readme = (ROOT / "README.md").read_text()
    assert "make results" in readme and "make test" in readme


def test_no_patient_file_is_tracked():
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True).stdout.splitlines()
    assert not [
        name for name in tracked if re.search(r"case_description|CMMD_clinical|I-SPY|^results/|^data/raw/.+\.", name)
    ]
