"""A cohort of which only tables of counts are known: for each set of variables that a result needs, one table.

``cohort.parquet`` then holds all tables one below the other, told apart by ``TABLE``, and says in its own description
which variables each has. Results read it as they read rows (``frame.read_cohort``).
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

#: The column that tells the tables apart, and where the file describes them.
TABLE = "_table"
_ABOUT, _ATTRIBUTES = b"REPLICALC_TABLES", b"PANDAS_ATTRS"
#: Begins the note of a variable whose table some site keeps to itself.
NOT_SHARED = "not shared"


class Answered(Exception):
    """An archetype said which variables it needs, one set for each table of counts."""

    def __init__(self, needs: Iterable[Iterable[str]]):
        super().__init__()
        self.tables = [tuple(sorted(set(names))) for names in needs]


class Asking(str):
    """In place of the path of a cohort: an archetype that is given it says what it needs (``Answered``) and stops."""


def write_tables(frame: pd.DataFrame, described: dict, about: dict, path: str | Path) -> None:
    """Write the tables of a cohort. ``described`` is the cohort's description without patients.

    ``about`` holds ``tables``, by number: ``variables``, ``columns`` of the frame, and ``why`` one is not there; and
    what ``frame.read_gaps`` answers: ``n``, ``missing`` by variable, ``patients``.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    from replicalc.job import whole_file

    table = pa.Table.from_pandas(frame, preserve_index=False)
    texts = {_ABOUT: json.dumps(about), _ATTRIBUTES: json.dumps(described)}
    with whole_file(path) as temporary:
        pq.write_table(table.replace_schema_metadata({**(table.schema.metadata or {}), **texts}), temporary)


def tables_of(path: str | Path) -> dict | None:
    """Read what a file says of its tables; None where it holds rows."""
    import pyarrow.parquet as pq

    about = (pq.read_schema(path).metadata or {}).get(_ABOUT)
    return json.loads(about) if about else None


def read_table(path: str | Path, about: dict, needs: Iterable[str]) -> tuple[pd.DataFrame, str]:
    """Read the table of exactly these variables; an empty frame without a column, and why, where there is none."""
    import pandas as pd

    key = sorted(set(needs))
    number = next((at for at, each in enumerate(about["tables"]) if each["variables"] == key), None)
    if number is None:
        return pd.DataFrame(), f"{NOT_SHARED}: no summary has these variables together"
    told = about["tables"][number]
    if told["why"]:
        return pd.DataFrame(), f"{NOT_SHARED}: {told['why']}"
    frame = pd.read_parquet(path, columns=[TABLE, *told["columns"]], filters=[(TABLE, "==", number)])
    return frame.drop(columns=TABLE).reset_index(drop=True), ""
