"""pandera schemas from ``data/dictionary.csv``: the type, range and codes of every canonical variable.

pandera (MIT) is imported inside the functions: it takes a quarter of a second of processor time in a process that has
pandas already, once, and nothing in a dry run.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from replicalc.errors import ReplicalcError
from replicalc.records import Variable

if TYPE_CHECKING:
    import pandas as pd
    from pandera.pandas import DataFrameSchema

#: What a failed check is called in ``problems.csv``.
RANGE, CODES = "out_of_range", "unknown_code"


def schema_of(names: Sequence[str], variables: Mapping[str, Variable]) -> DataFrameSchema:
    """Build the schema of a frame with these columns: numbers and dates typed, codes as text, all may be missing."""
    import pandas as pd
    import pandera.pandas as pandera

    columns = {}
    for name in names:
        variable = variables[name]
        checks = []
        if variable.type == "category":
            checks = [pandera.Check.isin(variable.code_list, error=CODES)]
        elif variable.min and variable.max:
            read = pd.Timestamp if variable.type == "date" else float
            checks = [pandera.Check.in_range(read(variable.min), read(variable.max), error=RANGE)]
        # Of dates the unit (days, microseconds) is pandas' own choice; their range is held against a date anyway.
        kind = float if variable.type in ("number", "integer") else None
        columns[name] = pandera.Column(kind, checks, nullable=True)
    return pandera.DataFrameSchema(columns)


def failures(frame: pd.DataFrame, variables: Mapping[str, Variable]) -> list[tuple[str, int, str]]:
    """Name every value that the dictionary does not allow: variable, label of its row, and the check that failed.

    In the order of the columns, then of the rows. Raises ReplicalcError where a column is of another type altogether.
    """
    from pandera.errors import SchemaErrors

    names = [name for name in frame if name in variables]
    try:
        schema_of(names, variables).validate(frame, lazy=True)
    except SchemaErrors as errors:
        cases = errors.failure_cases
        strange = cases[~cases["check"].isin([RANGE, CODES])]
        if len(strange):
            first = strange.iloc[0]
            raise ReplicalcError(
                f"{first['column']}: the column does not hold what it should ({first['check']})"
            ) from None
        order = {name: number for number, name in enumerate(names)}
        found = zip(cases["column"], cases["index"], cases["check"], strict=True)
        return sorted(
            ((name, int(row), check) for name, row, check in found), key=lambda each: (order[each[0]], each[1])
        )
    return []
