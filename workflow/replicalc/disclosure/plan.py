"""Which numbers of a protected cohort are withheld, decided over all its studies at once."""

from __future__ import annotations

from pathlib import Path

from replicalc.disclosure.release import NUMBERS
from replicalc.job import job, write_text
from replicalc.table import read_result, to_csv

COLUMNS = ("study", "result", "line", "column", "shown", "rule")


@job
def plan(everybody, studies, results, out, *, threshold, round_to, recipes):
    """Withhold every number."""
    lines = []
    for file in results:
        study, name = Path(file).parents[1].name, Path(file).stem
        for number, row in enumerate(read_result(file)):
            for column in NUMBERS:
                value = getattr(row, column)
                if value is not None and value == value:
                    lines.append([study, name, str(number), column, "", "unclear"])
    write_text(out, to_csv(lines, COLUMNS))
