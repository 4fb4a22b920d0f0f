"""A finished run that several tests look at."""

from __future__ import annotations

from pathlib import Path

import pytest
from project import copy_project, snakemake


@pytest.fixture(scope="session")
def finished(tmp_path_factory) -> Path:
    """A copy of the project in which the default run (synthetic cohort) is finished."""
    folder = copy_project(tmp_path_factory.mktemp("run") / "project")
    snakemake(folder)
    return folder
