"""Paths that tests share. Tests run from anywhere; nothing is written into the project."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
STUDY = ROOT / "config" / "studies" / "nat_residual"


def copy_project(target: Path) -> Path:
    """Copy what a run needs (no results) to ``target``; public cohort files stay where they are."""
    target.mkdir(parents=True, exist_ok=True)
    for name in ("Snakefile", "environment.yml", "pyproject.toml"):
        shutil.copy(ROOT / name, target / name)
    for name in ("config", "workflow", "data", "profiles"):
        shutil.copytree(ROOT / name, target / name, ignore=shutil.ignore_patterns("__pycache__"))
    return target


def snakemake(folder: Path, *arguments: str, check: bool = True) -> subprocess.CompletedProcess:
    """Run Snakemake in ``folder`` with the package of that folder; return what it printed."""
    environment = {**os.environ, "PYTHONPATH": str(folder / "workflow")}
    done = subprocess.run(
        [sys.executable, "-m", "snakemake", "--cores", "2", *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=600,
    )
    if check and done.returncode:
        raise AssertionError(f"snakemake {' '.join(arguments)} failed:\n{done.stdout}\n{done.stderr}")
    return done


def raw_file(cohort: str, name: str) -> Path:
    """Find a public cohort file, or skip the test with the reason."""
    for folder in (ROOT / "data" / "raw", ROOT.parent / "shared" / "data"):
        for path in (folder / name, folder / cohort / name):
            if path.is_file():
                return path
    pytest.skip(f"the public file '{name}' is not here; data/README.md says where to get it")
