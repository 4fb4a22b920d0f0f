"""The job of a site: the tables of counts from which a centre computes the results, and nothing of a single patient."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path

from replicalc import __version__
from replicalc.cohort.collapse import ALIKE
from replicalc.cohort.frame import read_description, read_gaps
from replicalc.cohort.grouped import PATIENT_ID, PATIENTS, UNITS, grouped
from replicalc.cohort.source import ROW
from replicalc.errors import ReplicalcError
from replicalc.federated.asking import all_tables
from replicalc.federated.cells import EVERYBODY, INSIDE, base, cells, missing, shareable, steps
from replicalc.job import job, write_text
from replicalc.records import load_checked, read_csv
from replicalc.table import as_text, to_csv

MANIFEST, FORMAT = "manifest.json", 1
FLOW = ("criterion", "excluded_because", "n_before", "n_excluded", "n_after", "applied", "note")
COUNTS = ("n_before", "n_excluded", "n_after")


@dataclass
class Study:
    """A study of the site: its files, its criteria, the results asked for, and what the record of it hashes to."""

    name: str
    cohort: str
    everybody: str
    flow: str
    criteria: list[dict]
    recipes: dict
    prints: dict[str, str]
    tables: list[tuple[str, list[str]]] = field(default_factory=list)

    def file(self, of: str) -> str:
        return self.cohort if of == INSIDE else self.everybody


@job
def share(files, out, *, recipes, prints, control, dictionary):
    """Write into the folder ``out`` a manifest and, for each study, its flow and a table for each need of a result.

    Of the ``files``, ``cohorts``, ``everybody``, ``flows`` and ``studies`` (``study.yaml``) stand in the order of
    ``recipes``, which is (function, parameters) of each result by study. ``control`` is how the site is protected:
    ``threshold``, or why there is no disclosure control. With control ``results`` are the unsuppressed tables and
    ``plan`` says what of them is released. ``prints`` and ``dictionary`` are hashes by which a centre knows that all
    sites use the same studies.
    """
    mine = [
        Study(name, cohort, all_of_them, flow, load_checked(file, "study")["criteria"], recipes[name], prints[name])
        for name, cohort, all_of_them, flow, file in zip(
            recipes, *(files[each] for each in ("cohorts", "everybody", "flows", "studies")), strict=True
        )
    ]
    for study in mine:
        inside = {name: each for name, each in study.recipes.items() if not name.startswith("cohort_")}
        whole = {name: each for name, each in study.recipes.items() if name.startswith("cohort_")}
        study.tables = [(INSIDE, names) for names in all_tables(inside)]
        study.tables += [(EVERYBODY, names) for names in all_tables(whole)]
    folder = Path(out)
    told = _protected(mine, files["results"], files["plan"], control["threshold"]) if "threshold" in control else None
    about = read_description(mine[0].cohort)
    manifest = {
        "format": FORMAT,
        "version": __version__,
        "cohort": about.name,
        "kind": about.kind,
        "unit_of_analysis": about.unit_of_analysis,
        "clustering": about.clustering,
        "caveat": about.caveat,
        "notes": about.notes,
        "control": control,
        "dictionary": dictionary,
        "studies": {study.name: _write(folder, study, told) for study in mine},
    }
    write_text(folder / MANIFEST, json.dumps(manifest, indent=1, ensure_ascii=False) + "\n")


def _protected(studies: list[Study], results: list[str], plan: list[str], threshold: int):
    """Give the counts that may be shared: a function of the places of this module, to the cells with their counts."""
    from replicalc.disclosure import plan as planning
    from replicalc.disclosure.people import People

    people, criteria = People(), {study.name: study.criteria for study in studies}
    for study in studies:
        people.add_study(study.name, planning._patients(study.everybody), study.criteria)
    recipes = {
        study.name: {
            name: {key: value for key, value in params.items() if key not in ("code", "uses")}
            for name, (_, params) in study.recipes.items()
        }
        for study in studies
    }
    tables = [planning._table(people, file, recipes, criteria) for file in results]
    hidden = {tuple(line[key] for key in ("study", "result", "line", "column")) for line in read_csv(plan[0])}
    totals, margins, crossed = [], [], []
    found = {}
    for study in studies:
        for of in (INSIDE, EVERYBODY):
            totals.append(found.setdefault((study.name, of), (frozenset(base(study.name, of)), None)))
        for of, names in study.tables:
            found[study.name, of, *names] = cells(people, study.name, of, names)
            (crossed if len(names) > 1 else margins).extend(cell.told for cell in found[study.name, of, *names][0])
        for name in people.frames[study.name]:
            if name != ROW and (told := missing(people, study.name, name)) is not None:
                margins.append(found.setdefault((study.name, "missing", name), told))
        found[study.name, "steps"] = list(steps(study.name, study.criteria))
        margins += [told for three in found[study.name, "steps"] for told in three]
    allowed = shareable(people, tables, hidden, (totals, margins, crossed), threshold)

    def size(told) -> int | None:
        return planning.size(people, told) if told in allowed else None

    return found, size


def _variables(study: Study) -> list[str]:
    """The variables of which some table knows: what is missing of others concerns no result."""
    return sorted({name for _, names in study.tables for name in names} - {PATIENT_ID})


def _write(folder: Path, study: Study, told) -> dict:
    """Write the files of a study and describe them."""
    import pyarrow.parquet as pq

    here = folder / study.name
    has = pq.read_schema(study.cohort).names
    files: dict[str, str] = {}

    def write(name: str, text: str) -> str:
        write_text(here / name, text)
        files[name] = hashlib.sha256(text.encode()).hexdigest()
        return name

    n, lacking, patients = read_gaps(study.cohort)
    whole, _, _ = read_gaps(study.everybody)
    known = {name: number for name, number in sorted(lacking.items()) if name != ROW}
    sizes = {INSIDE: n, EVERYBODY: whole}
    rows = [{name: row[name] for name in FLOW} for row in read_csv(study.flow)]
    if told:
        found, size = told
        sizes = {of: size(found[study.name, of]) for of in sizes}
        known = {name: size(found[study.name, "missing", name]) for name in known}
        patients = sizes[INSIDE] if patients == n else None
        rows = [
            row for row in rows if row["criterion"] != ALIKE
        ]  # repeated rows are no patients, and no table knows them
        for row, three in zip(rows, found[study.name, "steps"], strict=True):
            row |= {name: as_text(size(each)) for name, each in zip(COUNTS, three, strict=True)}
    write("flow.csv", to_csv([[row[name] for name in FLOW] for row in rows], FLOW))
    tables = []
    for number, (of, names) in enumerate(study.tables, start=1):
        described = {"of": of, "variables": names, "file": "", "cells": 0, "withheld": 0, "why": ""}
        if told and sizes[of] is None:
            described["why"] = "the number of patients may not be shared"
        elif told:
            combinations, described["why"] = found[study.name, of, *names]
            counts = [(cell.codes, size(cell.told)) for cell in combinations]
            described["withheld"] = sum(count is None for _, count in counts)
            if counts and described["withheld"] == len(counts):
                described["why"] = "every count is withheld by disclosure control"
            text = to_csv([[*codes, as_text(count)] for codes, count in counts if count != 0], [*names, UNITS])
        else:
            text = _counted(study, of, names, has)
        if not described["why"]:
            described["file"] = write(f"{of}_{number:03d}.csv", text)
            described["cells"] = text.count("\n") - 1
        tables.append(described)
    return {
        "prints": study.prints,
        "n": sizes[INSIDE],
        "n_everybody": sizes[EVERYBODY],
        "patients": patients,
        "missing": known,
        "variables": sorted(set(has) & set(_variables(study))),
        "flow": "flow.csv",
        "tables": tables,
        "files": files,
    }


def _counted(study: Study, of: str, names: list[str], has: list[str]) -> str:
    """Count the rows of a cohort without disclosure control that are alike in some variables, as CSV."""
    present = [name for name in names if name in has]
    about = read_description(study.file(of))
    whose = bool(present) and about.unit_of_analysis != "patient" and PATIENT_ID in has
    if PATIENT_ID in names:
        raise ReplicalcError("a summary holds no identifiers, but a result asks for patient_id")
    frame = grouped(study.file(of), present, of_patients=whose)
    columns = [*names, *((PATIENT_ID, PATIENTS) if whose else ()), UNITS]
    for name in frame.select_dtypes("datetime"):
        frame[name] = frame[name].dt.strftime("%Y-%m-%d")
    texts = {
        name: [as_text(None if each != each else each) for each in frame[name].astype("object")]
        if name in frame
        else [""] * len(frame)
        for name in columns
    }
    return to_csv([list(row) for row in zip(*texts.values(), strict=True)], columns)
