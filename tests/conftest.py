"""A finished run that several tests look at."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import settings
from project import copy_project, snakemake

# The same examples every time: a test that fails today also fails tomorrow. Look for new ones with
# --hypothesis-profile=default --hypothesis-seed=random. No test looks at the clock: a busy machine is slow, not wrong.
settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.load_profile("repeatable")


@pytest.fixture(scope="session")
def finished(tmp_path_factory) -> Path:
    """A copy of the project in which the default run (synthetic cohort) is finished."""
    folder = copy_project(tmp_path_factory.mktemp("run") / "project")
    snakemake(folder)
    return folder
