"""The way from an export to the analysis file, row by row or in chunks, and what it leaves; for comparing both ways."""

from __future__ import annotations

import shutil
from contextlib import contextmanager
from pathlib import Path
from unittest.mock import patch

import pandas as pd

from replicalc.cohort import derivation, flow, mapping, validation
from replicalc.cohort.collapse import ALIKE
from replicalc.cohort.frame import read_text_table
from replicalc.cohort.large import chunks, limits
from replicalc.cohort.large.mapping import read_mapped
from replicalc.cohort.source import ROW
from replicalc.errors import ReplicalcError

#: Files of text that both ways leave, and files of patients.
TEXTS = ("unread", "validation", "problems", "mapping_changes", "changes", "derivations", "flow")
PATIENTS = ("everybody", "cohort")
NEVER = 10**9


@contextmanager
def large(at_once: int = 3, listed: int = NEVER):
    """Send every cohort the large way, in chunks of so many rows, with so many problems of a kind listed."""
    with (
        patch.multiple(limits, MOST_ROWS=0, AT_ONCE=at_once, LISTED=listed),
        patch.multiple(chunks, BY_ROW=at_once, BLOCK=1 << 12),
    ):
        yield


def cleaned(out: Path, export: Path, cohort: Path, study: Path, dictionary: Path) -> dict[str, object]:
    """Run all steps; return what each left (texts as bytes, patients as frames) and what stopped them, if anything did."""
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    at = {name: str(out / f"{name}.csv") for name in (*TEXTS, "mapped", "derived")}
    cohorts = {name: str(out / f"{name}.parquet") for name in PATIENTS}
    export, cohort, study, dictionary, log = (str(each) for each in (export, cohort, study, dictionary, out / "log"))
    stopped = ""
    try:
        mapping.map_export([export], cohort, dictionary, at["mapped"], at["unread"], at["mapping_changes"], log)
        validation.validate_cohort(
            *(at["mapped"], cohort, dictionary, at["validation"], at["unread"], log), problems=at["problems"]
        )
        derivation.derive_cohort(
            *(at["mapped"], at["validation"], study, cohort, dictionary, at["derived"], at["derivations"]),
            *(at["mapping_changes"], at["changes"], log),
        )
        flow.select_patients(
            *(at["derived"], study, cohort, dictionary, at["flow"], cohorts["cohort"], cohorts["everybody"], log)
        )
    except ReplicalcError as error:
        stopped = str(error).replace(str(out), "OUT").partition("\nDetails: ")[0]
    left = {name: Path(at[name]).read_bytes() for name in TEXTS if Path(at[name]).exists()}
    left |= {name: pd.read_parquet(file) for name, file in cohorts.items() if Path(file).exists()}
    if Path(at["mapped"]).exists():
        left["mapped"] = table(at["mapped"])
    return {**left, "stopped": stopped}


def table(mapped: str) -> pd.DataFrame:
    """The canonical texts of a mapped cohort, wherever they stand."""
    whole = limits.pointed(mapped)
    if whole is None:
        return read_text_table(mapped).drop(columns=ALIKE, errors="ignore").astype(object)
    parts = [
        pd.DataFrame({ROW: rows.astype(str), **{name: each.to_texts() for name, each in columns.items()}}, dtype=object)
        for rows, columns in read_mapped(whole)
    ]
    return pd.concat(parts, ignore_index=True)


def same(first: dict[str, object], second: dict[str, object]) -> None:
    """Both ways left the same files with the same content, and stopped with the same words."""
    assert first["stopped"] == second["stopped"]
    assert set(first) == set(second)
    for name, left in first.items():
        if isinstance(left, pd.DataFrame):
            pd.testing.assert_frame_equal(left, second[name], check_exact=True, obj=name)
            assert left.attrs == second[name].attrs
        else:
            assert left == second[name], name
