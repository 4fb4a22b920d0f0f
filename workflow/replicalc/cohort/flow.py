"""Flow: who is left out of a study, why, and how many (STROBE item 13), then who is calcified and of which subtype."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from replicalc.cohort.collapse import ALIKE
from replicalc.cohort.frame import everybody_of, read_cohort, read_text_table, typed, write_cohort
from replicalc.cohort.grouped import UNITS
from replicalc.cohort.large import limits
from replicalc.errors import ReplicalcError
from replicalc.job import job, write_text
from replicalc.records import load_checked, load_cohort, load_dictionary
from replicalc.table import to_csv

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = (
    "step",
    "criterion",
    "excluded_because",
    "n_before",
    "n_excluded",
    "n_after",
    "applied",
    "note",
    "cohort",
    "kind",
)
SPLIT_COLUMNS = ("calcified", "subtype", "n", "share_percent", "cohort", "kind")


@job
def select_patients(
    derived, study_file, cohort_file, dictionary_file, flow_out, cohort_out, everybody_out, *, cohort=None
):
    """Apply the study's criteria in their order; write the flow, the cohort, and everybody (before any exclusion).

    A criterion whose variable a cohort does not have at all cannot be applied: it excludes nobody and the flow says so.
    Where the cohort file says that identical rows are dropped, the first line counts them. ``cohort`` is the name where
    it is not that of the cohort file. Raises ReplicalcError if nobody is left.
    """
    study = load_checked(study_file, "study")
    config = load_cohort(cohort_file, cohort)
    whole = limits.pointed(derived)
    if whole:
        from replicalc.cohort.large.selecting import SelectLarge

        selected = SelectLarge(whole, study, config, apply_criteria, _dropped)
        selected.write_everybody(everybody_out)
        cleaned, rows, kept = selected.cleaned, selected.rows, selected.n_kept
    else:
        text = read_text_table(derived)
        everybody = everybody_of(typed(text, load_dictionary(dictionary_file)), study, config)
        write_cohort(everybody, everybody_out)
        cleaned = _identical(text)
        left, rows = apply_criteria(everybody.frame, study["criteria"], everybody.notes, start=1 + len(cleaned))
        kept = len(left)
    if not kept:
        told = "; ".join(f"{row[2]}: {row[4]}" for row in rows if row[4] != "0")
        raise ReplicalcError(
            f"cohort {config['cohort']}: nobody is left for study {study['study']} after its criteria ({told})"
        )
    if whole:
        selected.write_cohort(cohort_out)
    else:
        write_cohort(replace(everybody, frame=left), cohort_out)
    write_text(flow_out, to_csv([[*row, config["cohort"], config["kind"]] for row in [*cleaned, *rows]], COLUMNS))


def _identical(derived: pd.DataFrame) -> list[list[str]]:
    """The line of the flow for rows of the export that stood there twice or more; none where nothing is dropped."""
    if ALIKE not in derived:
        return []
    return [_dropped(int(derived[ALIKE].astype(int).sum()), len(derived))]


def _dropped(exported: int, left: int) -> list[str]:
    """The first line of a flow from which rows were dropped: ``exported`` of the export, of which these are left."""
    because = "the same row once more in the export"
    return ["1", ALIKE, because, str(exported), str(exported - left), str(left), "yes", ""]


def apply_criteria(
    frame: pd.DataFrame, criteria: list[dict], notes: dict[str, str], start: int = 1
) -> tuple[pd.DataFrame, list[list[str]]]:
    """Apply inclusion criteria one after the other; return who is left and one row of text a step.

    ``notes`` says, by variable, what means something else in this cohort; it stands beside the criterion. ``start`` is
    the number of the first step.
    """
    rows = []
    for number, criterion in enumerate(criteria, start=start):
        before = _size(frame)
        keep, lacking = keep_by(frame, criterion)
        note = ""
        if keep is None:
            note = f"not applied: this cohort has no {', '.join(lacking)}"
        else:
            if lacking:
                note = f"judged without {', '.join(lacking)}, which this cohort does not have"
            frame = frame[keep]
            used = [*criterion.get("keep", {}), *criterion.get("present", [])]
            note = "; ".join(filter(None, [note, *(f"{name} here: {notes[name]}" for name in used if name in notes)]))
        applied = "no" if keep is None else "yes"
        left = _size(frame)
        rows.append(
            [
                str(number),
                criterion["id"],
                criterion["excluded_because"],
                str(before),
                str(before - left),
                str(left),
                applied,
                note,
            ]
        )
    return frame, rows


def _size(frame: pd.DataFrame) -> int:
    """Count the units of a frame whose rows may stand for many."""
    return int(frame[UNITS].sum()) if UNITS in frame else len(frame)


def keep_by(frame: pd.DataFrame, criterion: dict) -> tuple[pd.Series | None, list[str]]:
    """Who fulfils a criterion (None: nobody can be judged), and which of its variables the cohort does not have."""
    names = list(criterion.get("keep", {})) + criterion.get("present", [])
    lacking = [name for name in names if name not in frame or frame[name].isna().all()]
    if len(lacking) == len(names):
        return None, lacking
    keep = frame.index == frame.index
    for name, codes in criterion.get("keep", {}).items():
        if name not in lacking:
            keep = keep & frame[name].isin([str(code) for code in codes])
    for name in criterion.get("present", []):
        if name not in lacking:
            keep = keep & frame[name].notna()
    return keep, lacking


@job
def split_cohort(everybody, out):
    """Count the cohort, before exclusions, by calcification and molecular subtype; unknown is a group of its own."""
    cohort = read_cohort(everybody, ["calcified", "subtype", "intrinsic_subtype"])
    frame, unknown = cohort.frame, "not recorded"

    def codes(name: str) -> pd.Series:
        if name not in frame:
            return frame.index.to_series().map(lambda _: unknown)
        return frame[name].astype("object").where(frame[name].notna(), unknown)

    subtype = "subtype" if not cohort.missing_variables("subtype") else "intrinsic_subtype"
    counts = frame.assign(units=cohort.units).groupby([codes("calcified"), codes(subtype)], sort=True)["units"].sum()
    rows = [
        [calcified, kind, str(n), repr(float(100 * n / cohort.size)), cohort.name, cohort.kind]
        for (calcified, kind), n in counts.items()
    ]
    write_text(out, to_csv(rows, SPLIT_COLUMNS))
