"""Derivation: classes from raw measurements, by the definitions and readings of a study.

Each derivation names what it needs, what it gives and the reading it follows (``study.yaml``, key ``readings``,
explained in ``NOTES.md``); ``derivations`` lists them, ``definitions`` holds the functions.
"""

from __future__ import annotations

from replicalc.cohort.audit import Change, change_log
from replicalc.cohort.collapse import ALIKE
from replicalc.cohort.derivations import DERIVATIONS
from replicalc.cohort.deriving import derived_values, line_of, plan_of, replaced_values
from replicalc.cohort.frame import read_text_table, typed, write_step
from replicalc.cohort.large import limits
from replicalc.job import job, write_text
from replicalc.records import load_checked, load_cohort, load_dictionary
from replicalc.table import to_csv

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

    study = load_checked(study_file, "study")
    config = load_cohort(cohort_file, cohort)
    variables = load_dictionary(dictionary_file)
    whole = limits.pointed(mapped)
    if whole:
        from replicalc.cohort.large.deriving import derive_large

        rows, steps = derive_large(whole, study, config, variables, out)
        write_text(log_out, to_csv(rows, COLUMNS))
        with change_log(changes_out, config, changes_in) as log:
            for each in steps:
                log.extend(each.all())
        return
    limits.forget(out)
    text = read_text_table(mapped)
    frame = typed(text, variables)
    rows: list[list[str]] = []
    changes: list[Change] = []
    for derivation in DERIVATIONS:
        name = derivation.variable
        empty = [need for need in derivation.needs if need in frame and frame[need].isna().all()]
        plan = plan_of(derivation, list(frame), empty, study)
        found = derived_values(plan, frame, study["readings"], variables)
        if name in config["variables"]:
            changes += replaced_values(name, found, text.loc[found.replaced], config)
        if plan.kept:
            frame[name] = found.values
        rows.append(line_of(plan, found.counts(), config))
    if ALIKE in text:  # what was dropped before is told by the flow
        frame[ALIKE] = text[ALIKE]
    write_step(frame, out)
    write_text(log_out, to_csv(rows, COLUMNS))
    with change_log(changes_out, config, changes_in) as log:
        log.extend(changes)
