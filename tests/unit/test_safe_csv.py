"""Words of a cohort file or a record in the tables of a run: nothing runs in a spreadsheet, and nothing is lost."""

from __future__ import annotations

import csv
import io

import pytest

from replicalc.records import read_csv
from replicalc.table import ResultTable, read_result, safe_csv, to_csv

LEFT_ALONE = ("-2.5", "-", "plain", "1e-5", "-inf")
ATTACKS = ("=cmd|' /C calc'!A0", "'=kept", "''=kept", "+1+1", "@x", "-1+1", "\t=1")


@pytest.mark.parametrize("text", [*LEFT_ALONE, *ATTACKS, "'plain"])
def test_a_text_is_guarded_in_the_file_and_read_as_it_was(tmp_path, text):
    file = tmp_path / "table.csv"
    file.write_text(safe_csv([[text, "1"]], ("label", "n")), encoding="utf-8")
    (raw,) = list(csv.reader(io.StringIO(file.read_text(encoding="utf-8"), newline="")))[1:]
    assert raw == [f"'{text}" if text in ATTACKS else text, "1"]
    assert read_csv(file) == [{"label": text, "n": "1"}]


def test_a_result_keeps_its_warning_to_the_letter(tmp_path):
    table = ResultTable("r", "hostile", "real")
    table.add("mean", -2.5, variable="age", warning=ATTACKS[0])
    table.write(tmp_path / "r.csv")
    assert ",'=cmd|" in (tmp_path / "r.csv").read_text(encoding="utf-8")
    (row,) = read_result(tmp_path / "r.csv")
    assert (row.value, row.warning) == (-2.5, ATTACKS[0])


def test_an_export_is_written_as_it_is():
    assert to_csv([["+++"]], ["HER2"]) == "HER2\n+++\n"
