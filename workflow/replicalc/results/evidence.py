"""A sentence of a review, held against a cohort, with what another study of the project shows beside it."""

from __future__ import annotations

from pathlib import Path

from replicalc.job import job
from replicalc.results.association import cross
from replicalc.results.common import open_cohort
from replicalc.results.statement import judge
from replicalc.table import read_result

COPIED = ("count", "percent", "percent_lo", "percent_hi")


@job
def evidence(cohort, elsewhere, out, *, rows, columns, test, holds, no_judgement):
    """Cross-tabulate two variables of the cohort, judge the sentence, and list the shares of other studies' results.

    ``elsewhere`` holds result files of other studies (none where they cannot be evaluated); their counts and shares
    stand under groups 'study=<study>;<group>'. Where the cohort itself cannot judge the sentence, ``no_judgement`` says
    why the other studies cannot either.
    """
    data, table = open_cohort(cohort, None, out, [rows, columns])
    cross(table, data, rows, columns, test, None)
    judge(table, holds)
    for file in elsewhere:
        study = Path(file).parents[1].name
        for row in read_result(file):
            if row.stat in COPIED:
                more = dict(
                    unit=row.unit, n=row.n, n_missing=row.n_missing, conf_level=row.conf_level, warning=row.warning
                )
                group = f"study={study}" + (f";{row.group}" if row.group != "all" else "")
                method = f"{row.method}; " if row.method else ""
                method += f"from {row.result}"
                table.add(row.stat, row.value, group=group, variable=row.variable, method=method, **more)
    if elsewhere:
        table.explain("holds", no_judgement)
    table.write(out)
