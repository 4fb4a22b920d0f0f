"""Derivation: classes from raw measurements, by the definitions and readings of a study.

Each derivation names what it needs, what it gives and the reading it follows (``study.yaml``, key ``readings``,
explained in ``NOTES.md``); ``derivations`` lists them, ``definitions`` holds the functions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from replicalc.cohort.audit import Change, change_log
from replicalc.cohort.collapse import ALIKE, PLACE, column_told
from replicalc.cohort.derivations import DERIVATIONS
from replicalc.cohort.frame import categorical, read_text_table, typed, write_step
from replicalc.cohort.source import ROW
from replicalc.job import job, write_text
from replicalc.records import load_checked, load_cohort, load_dictionary
from replicalc.table import as_text, to_csv

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = (
    "variable",
    "derived_from",
    "rule",
    "n",
    "n_derived",
    "n_given",
    "n_missing",
    "n_contradict",
    "note",
    "cohort",
    "kind",
)


@job
def derive_cohort(
    mapped,
    validation,
    study_file,
    cohort_file,
    dictionary_file,
    out,
    log_out,
    changes_in=None,
    changes_out=None,
    *,
    cohort=None,
):
    """Add the derived variables to the mapped cohort, and write which came from what.

    A patient's value is derived where the raw values are there; where they are not, the value that the cohort gives is
    taken. Both are counted, and so is how often they contradict each other. Where a study does not say how a class is
    defined (it has no such reading), the class is not derived, and the table says so. ``validation`` is read only so
    that nothing is derived from a cohort that was not validated. ``changes_out`` gets the changes of the mapping
    (``changes_in``) and every given value that a derived one replaced. ``cohort`` is the name where it is not that
    of the cohort file.
    """
    import pandas as pd

    study = load_checked(study_file, "study")
    config = load_cohort(cohort_file, cohort)
    variables = load_dictionary(dictionary_file)
    text = read_text_table(mapped)
    frame = typed(text, variables)
    readings = study["readings"]
    rows: list[list[str]] = []
    changes: list[Change] = []
    for derivation in DERIVATIONS:
        name = derivation.variable
        given = frame[name] if name in frame else pd.Series(float("nan"), index=frame.index, dtype="object")
        lacking = [need for need in derivation.needs if need not in frame]
        lacking += [
            n for n in derivation.needs if n in frame and n not in derivation.optional and frame[n].isna().all()
        ]
        undefined = [reading for reading in derivation.readings if reading not in readings]
        note = config["variables"].get(name, {}).get("note", "")
        derived = given.where(given.isna()) if lacking or undefined else derivation.function(frame, readings)
        if lacking or undefined:
            how = "as the cohort gives it; not derived" if name in frame else "not derived"
            why = f"the cohort has no {', '.join(lacking)}" if lacking else f"{study['study']} does not define it"
            note = "; ".join(filter(None, [note, f"{how}: {why}"]))
        both = derived.notna() & given.notna()
        replaced = both & (derived.astype(str) != given.astype(str))
        contradict = int(replaced.sum())
        if name in config["variables"]:
            changes += _replaced(name, given, derived, text.loc[replaced], config)
        if not (lacking or undefined) or name in frame:
            values = derived.astype("object").where(derived.notna(), given.astype("object"))
            categories = variables[name].type == "category"
            frame[name] = categorical(values, variables[name]) if categories else values.astype("float64")
        counts = [len(frame), derived.notna().sum(), (derived.isna() & given.notna()).sum()]
        counts += [(derived.isna() & given.isna()).sum(), contradict]
        told = [name, "+".join(derivation.needs), derivation.rule, *map(str, map(int, counts)), note]
        rows.append([*told, config["cohort"], config["kind"]])
    if ALIKE in text:  # what was dropped before is told by the flow
        frame[ALIKE] = text[ALIKE]
    write_step(frame, out)
    write_text(log_out, to_csv(rows, COLUMNS))
    with change_log(changes_out, config, changes_in) as log:
        log.extend(changes)


def _replaced(name: str, given: pd.Series, derived: pd.Series, rows: pd.DataFrame, config: dict) -> list[Change]:
    """Name every value of the cohort that the derived one takes the place of."""
    column = column_told(config["variables"][name])
    place = rows[PLACE] if PLACE in rows else rows[ROW]
    return [
        Change("", where, column, name, *(as_text(values[row]) for values in (given, derived)), "derived_over_given")
        for row, where in place.items()
    ]
