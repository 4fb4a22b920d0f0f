"""A synthetic export as three sites and as one: what a federated run is held against."""

from __future__ import annotations

import csv
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
