"""Small cohorts, written as the workflow writes them."""

from __future__ import annotations

import pytest
from project import ROOT

from replicalc.cohort.frame import Cohort, typed, write_cohort
from replicalc.cohort.source import ROW
from replicalc.records import load_dictionary
from replicalc.table import Lookup, read_result

VARIABLES = load_dictionary(ROOT / "data" / "dictionary.csv")


@pytest.fixture
def make(tmp_path):
    """Compute a result on a cohort given as columns of text; return its look-up."""

    def go(function, cells: dict[str, list[str]], unit_of_analysis="patient", **params) -> Lookup:
        import pandas as pd

        n = len(next(iter(cells.values())))
        frame = typed(pd.DataFrame({ROW: [str(i) for i in range(n)], **cells}), VARIABLES)
        write_cohort(Cohort(frame, "study", "tiny", "synthetic", unit_of_analysis, "none"), tmp_path / "c.parquet")
        out = tmp_path / "tiny_result.csv"
        out.unlink(missing_ok=True)
        function(tmp_path / "c.parquet", out, tmp_path / "log", **params)
        return Lookup(read_result(out))

    return go
