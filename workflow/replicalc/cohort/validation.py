"""Validation: ranges, codes, duplicates, units and implausible combinations, before anything is derived or counted.

Everything that is wrong is found first and told together: in words as far as a message goes, and value by value in
``problems.csv``, which stays with the patients. ``validation.csv`` holds counts only. Types, ranges and codes are held
against schemas that pandera builds from ``data/dictionary.csv`` (``schemas``); the rest is ours.
"""

from __future__ import annotations

import sys

from replicalc.cohort.audit import Problem, how_many, read_problems, sentences, write_problems
from replicalc.cohort.frame import read_text_table
from replicalc.cohort.large import limits
from replicalc.cohort.row_checks import RowChecks
from replicalc.errors import ReplicalcError
from replicalc.job import job, write_text
from replicalc.records import load_cohort, load_dictionary
from replicalc.table import to_csv

COLUMNS = ("variable", "check", "n_checked", "n_found", "stops_the_run", "note", "cohort", "kind")


#: How many different problems a message tells in words.
TOLD = 10


@job
def validate_cohort(mapped, cohort_file, dictionary_file, out, unread=None, *, cohort=None, problems=None):
    """Check the mapped cohort and write one row a check, with counts only.

    ``unread`` is what mapping could not read. Every problem is a row of ``problems`` (a path that is no output of the
    rule: Snakemake deletes what a failed job made, and this file is for whoever repairs the export). Raises one
    ReplicalcError where something stops the run: the first problems in words, how many there are, and where the file
    is. ``cohort`` is the name where it is not that of the cohort file.
    """
    config = load_cohort(cohort_file, cohort)
    variables = load_dictionary(dictionary_file)
    found = read_problems(unread) if unread else []
    whole = limits.pointed(mapped)
    if whole:
        from replicalc.cohort.large.checking import LargeChecks

        checks = LargeChecks(config, variables, found, whole)
    else:
        checks = RowChecks(config, variables, found, read_text_table(mapped))
    checks.run()
    if problems:
        write_problems(problems, checks.problems, config)
    stopping = checks.stopping()
    if stopping:
        raise ReplicalcError(_message(stopping, checks.problems, config, problems))
    write_text(out, to_csv(checks.rows, COLUMNS))
    if checks.problems:
        told = f"{sum(map(how_many, checks.problems))} problems that do not stop the run"
        print(f"cohort {config['cohort']}: {told}, see {problems or out}", file=sys.stderr)


def _message(stopping: list[Problem], every: list[Problem], config: dict, file: str | None) -> str:
    """Tell the first problems in words, how many there are, and where all of them stand."""
    told, limit = sentences(stopping), TOLD if file else 20
    lines = [f"cohort {config['cohort']}: values that cannot be right:"]
    lines += [f"  - {sentence}" for sentence in told[:limit]]
    if len(told) > limit:
        lines.append(f"  - and {len(told) - limit} more of this kind")
    if file:
        n = sum(how_many(each) for each in every if each.stops)
        which = "This problem" if n == 1 else f"In all {n} problems stop the run. Every one"
        lines.append(
            f"{which}, with row, column and value, is in {file}; that file holds patients' data and stays where the "
            "export is."
        )
    return "\n".join(lines)
