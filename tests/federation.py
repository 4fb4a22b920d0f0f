"""A synthetic export as three sites and as one: what a federated run is held against.

``make federated`` runs it as an example (docs/federated.md): ``python tests/federation.py FOLDER STUDY off|THRESHOLD``.
"""

from __future__ import annotations

import csv
import math
import sys
import zlib
from pathlib import Path

from project import copy_project, snakemake

SITES = ("site_a", "site_b", "site_c")
OFF = "disclosure: {control: 'off', why: patients made up for a test}"


def federation(target: Path, study: str, control: str, *, rows: bool = False) -> Path:
    """Copy the project to ``target`` with the export of a study's synthetic patients split over three sites.

    All rows of a woman are at one site, and rows that the export repeats too. With ``rows`` there is a cohort 'rows' of
    all of them as well. ``control`` is what the sites' cohort files say of disclosure control. The cohort 'pooled'
    names the three summaries, which are not made yet.
    """
    folder = copy_project(target)
    snakemake(folder, f"results/{study}/synthetic/raw/export.csv")
    text = (folder / f"results/{study}/synthetic/raw/export.csv").read_text(encoding="utf-8")
    header, *lines = csv.reader(text.splitlines())
    parts = {name: [] for name in SITES}
    for line in lines:
        parts[SITES[zlib.crc32(line[0].strip().encode()) % len(SITES)]].append(line)
    if rows:
        parts["rows"] = [line for name in SITES for line in parts[name]]
    mapping = (folder / f"config/studies/{study}/synthetic.yaml").read_text(encoding="utf-8")
    for name, mine in parts.items():
        with (folder / f"data/raw/{name}.csv").open("w", encoding="utf-8", newline="") as file:
            csv.writer(file, lineterminator="\n").writerows([header, *mine])
        found = mapping
        for old, new in (
            ("cohort: synthetic", f"cohort: {name}\nstudies: [{study}]\n{OFF if name == 'rows' else control}"),
            ("kind: synthetic", "kind: real"),
            ("export.csv", f"{name}.csv"),
        ):
            assert old in found
            found = found.replace(old, new, 1)
        (folder / f"config/cohorts/{name}.yaml").write_text(found, encoding="utf-8")
    pooled = ["cohort: pooled", "kind: summary", "title: Three sites, pooled from their summaries", "sites:"]
    pooled += [f"  - results/summary/{name}" for name in SITES]
    (folder / "config/cohorts/pooled.yaml").write_text("\n".join(pooled) + "\n", encoding="utf-8")
    return folder


def share(folder: Path, *sites: str) -> None:
    """Make the summaries as a site does: ``make summary COHORT=...``."""
    for site in sites or SITES:
        snakemake(folder, "summary", "--config", f"cohorts={site}")


def computed(folder: Path, study: str, *cohorts: str) -> None:
    """Compute every result of a study on these cohorts, and hold them against the paper."""
    wanted = [f"results/{study}/{cohort}/comparison.csv" for cohort in cohorts]
    wanted += [f"results/{study}/{cohort}/cohort_calcified_subtype.csv" for cohort in cohorts]
    snakemake(folder, *wanted, "--config", f"cohorts={' '.join(cohorts)}", f"studies=[{study}]")


def main(folder: str, study: str, threshold: str) -> None:
    """Make three sites, their summaries and the pooled cohort in ``folder``, and say how its numbers compare."""
    from replicalc.table import read_result

    control = OFF if threshold == "off" else f"disclosure: {{threshold: {int(threshold)}}}"
    project = federation(Path(folder), study, control, rows=True)
    share(project)
    computed(project, study, "rows", "pooled")
    equal = other = empty = 0
    for file in sorted((project / "results" / study / "pooled").glob("*.csv")):
        if file.stem != "comparison":
            place = {}
            for row in read_result(project / f"results/{study}/rows/{file.name}"):
                place[row.group, row.variable, row.stat, row.method] = row.value
            for row in read_result(file):
                true = place.get((row.group, row.variable, row.stat, row.method), math.nan)
                same = math.isclose(row.value, true, rel_tol=1e-10, abs_tol=1e-13)
                equal, other, empty = (
                    equal + same,
                    other + (not same and row.value == row.value),
                    empty + (math.isnan(row.value) and not math.isnan(true)),
                )
    print(
        f"{study} in {folder}: {equal} numbers from summaries are those from rows, {other} are not, {empty} are empty"
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
