"""The comparison across cohorts in the workflow: always the table, forest plots only where there is a real cohort."""

from __future__ import annotations

import pytest
from project import copy_project, raw_file, snakemake


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return copy_project(tmp_path_factory.mktemp("across") / "project")


def jobs(folder, *cohorts: str) -> dict[str, int]:
    """Count the jobs that a run would have, by rule, from Snakemake's own table."""
    done = snakemake(
        folder, "-n", "--quiet", "reason", "--config", f"cohorts={' '.join(cohorts)}", "raw_folders=[data/raw]"
    )
    lines = [line.split() for line in done.stdout.splitlines() + done.stderr.splitlines()]
    return {line[0]: int(line[1]) for line in lines if len(line) == 2 and line[1].isdigit()}


def test_synthetic_patients_alone_give_the_table_and_no_forests(folder):
    found = jobs(folder, "synthetic")
    assert found["across"] == 5 and "forests" not in found


def test_a_real_cohort_gives_one_job_of_forests_for_each_study_that_it_speaks_to(folder):
    path = raw_file("ispy1", "I-SPY 1 All Patient Clinical and Outcome Data.xlsx")
    (folder / "data/raw" / path.name).symlink_to(path)
    found = jobs(folder, "synthetic", "ispy1")
    assert (found["across"], found["forests"]) == (5, 1)
    assert (jobs(folder, "ispy1")["across"], jobs(folder, "ispy1")["forests"]) == (1, 1)
