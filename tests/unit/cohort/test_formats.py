"""CSV, XLSX and SPSS file of one export give the same cohort through the same door; their bytes depend on the content only."""

from __future__ import annotations

import zipfile

import pytest
from project import ROOT

from replicalc.cohort import derivation, flow, mapping, validation
from replicalc.cohort.source import read_table
from replicalc.cohort.synthesise import formats, synonyms
from replicalc.cohort.synthesise.mess import untidy
from replicalc.errors import ReplicalcError
from replicalc.records import load_checked, load_dictionary, read_csv
from replicalc.table import to_csv

DICTIONARY = ROOT / "data" / "dictionary.csv"
HOW = ROOT / "config/studies/us_mri/synthetic.yaml"
CANONICAL = set(load_checked(HOW, "cohort")["variables"])
STUDY = ROOT / "config/studies/us_mri/study.yaml"


def lesions(n: int = 60) -> list[dict[str, str]]:
    """Rows of the export of us_mri, made by hand: dates, codes, gaps, numbers."""
    columns = ["Patient ID", "Lesion", "Side", "Date of birth", "Density", "MG date", "US date", "MRI date", "Biopsy date",
               "MG indication", "MG readers (n)", "MRI dynamic series (n)", "Radiologist", "MG calcification", "MG mass",
               "MG BI-RADS", "US finding", "US BI-RADS", "MRI enhancement", "MRI BI-RADS", "Histology"]  # fmt: skip
    rows = []
    for i in range(n):
        day, late = f"{1 + i % 28:02d}.03.2015", i % 9 == 0
        cells = [f"SYN-{i:04d}", "L1", "LR"[i % 2], f"{1 + i % 28:02d}.0{1 + i % 9}.19{40 + i % 40}", "ABCD"[i % 4], day, day,
                 day, day, ("screening", "diagnostic")[i % 2], str(1 + i % 2), "5", f"Dr {1 + i % 3}", "1", "0",
                 ("4A", "4B", "5")[i % 3], "dots in lesion", str(3 + i % 3), ("mass", "NME")[i % 2], str(2 + i % 4),
                 ("DCIS", "IDC", "fibroadenoma")[i % 3]]  # fmt: skip
        if late:  # also in the first row: a column of dates may begin with a gap
            cells[columns.index("Biopsy date")] = cells[columns.index("Histology")] = ""
        rows.append(dict(zip(columns, cells, strict=True)))
    return rows


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """An untidy export in three formats: the folder that holds them."""
    import numpy as np

    folder = tmp_path_factory.mktemp("export")
    rows = untidy(lesions(), synonyms.US_MRI, np.random.default_rng(4))
    (folder / "export.csv").write_text(to_csv([list(row.values()) for row in rows], list(rows[0])))
    formats.other_formats(
        folder / "export.csv", HOW, DICTIONARY, folder / "export.xlsx", folder / "export.sav", folder / "log"
    )
    return folder


def cohort_of(folder, kind: str) -> bytes:
    """Send one of the formats through the steps; only the name of the file (and of its columns) differs."""
    how = folder / f"{kind}.yaml"
    names = ", column_names: labels" if kind == "sav" else ""
    text = HOW.read_text()
    assert text.count("  - file: export.csv\n") == 1
    how.write_text(text.replace("  - file: export.csv\n", f"  - {{file: export.{kind}{names}}}\n"))
    f = {name: folder / f"{kind}_{name}" for name in ("mapped", "checks", "derived", "told", "flow", "cohort", "all")}
    log = folder / "log"
    mapping.map_export([folder / f"export.{kind}"], how, DICTIONARY, f["mapped"], log)
    validation.validate_cohort(f["mapped"], how, DICTIONARY, f["checks"], log)
    derivation.derive_cohort(f["mapped"], f["checks"], STUDY, how, DICTIONARY, f["derived"], f["told"], log)
    flow.select_patients(f["derived"], STUDY, how, DICTIONARY, f["flow"], f["cohort"], f["all"], log)
    assert read_csv(f["flow"])[0]["n_excluded"] == "2"
    return f["cohort"].read_bytes()


@pytest.mark.parametrize("kind", ["xlsx", "sav"])
def test_every_format_gives_the_same_cohort(made, kind):
    assert cohort_of(made, kind) == cohort_of(made, "csv")


def test_the_tidy_rows_give_the_same_patients_as_the_untidy_ones(made, tmp_path):
    rows = lesions()
    (tmp_path / "export.csv").write_text(to_csv([list(row.values()) for row in rows], list(rows[0])))
    found = []
    for folder in (made, tmp_path):
        mapping.map_export([folder / "export.csv"], HOW, DICTIONARY, tmp_path / "mapped", tmp_path / "log")
        found.append([{k: v for k, v in row.items() if k in CANONICAL} for row in read_csv(tmp_path / "mapped")])
    assert found[0] == found[1] and len(found[0]) == 60
    assert (made / "export.csv").read_text() != (tmp_path / "export.csv").read_text()


def test_in_the_workbook_dates_and_numbers_are_typed_and_texts_are_not(made):
    from python_calamine import CalamineWorkbook

    cells = CalamineWorkbook.from_path(str(made / "export.xlsx")).get_sheet_by_name("export").to_python()
    place = {name: number for number, name in enumerate(cells[0])}
    kinds = {name: {type(row[number]).__name__ for row in cells[1:]} - {"str"} for name, number in place.items()}
    assert kinds["Date of birth"] == {"date"} and kinds["MG readers (n)"] and kinds["Patient ID"] == set()
    column = [row[place["MG calcification"]] for row in cells[1:]]
    assert 1.0 in column and set(column) & set(synonyms.YES_NO["1"])


def test_the_spss_file_keeps_names_as_labels_and_codes_with_theirs(made):
    import pyreadstat

    _, about = pyreadstat.read_sav(made / "export.sav")
    labels = dict(zip(about.column_names, about.column_labels, strict=True))
    assert list(labels.values()) == list(lesions(1)[0])
    assert labels["MG_readers_n"] == "MG readers (n)" and labels["MG_BI_RADS"] == "MG BI-RADS"
    assert about.variable_value_labels["Density"]["A"] == "a"
    assert about.variable_value_labels["MRI_BI_RADS"][5.0] == "5"
    assert about.original_variable_types["Date_of_birth"] == "EDATE10"
    assert "nobody's data" in about.file_label


def test_the_bytes_do_not_tell_when_they_were_written(made, tmp_path):
    import time

    time.sleep(1.1)  # both formats keep whole seconds
    again = tmp_path / "export.xlsx", tmp_path / "export.sav"
    formats.other_formats(made / "export.csv", HOW, DICTIONARY, *again, tmp_path / "log")
    for path in again:
        assert path.read_bytes() == (made / path.name).read_bytes()
    with zipfile.ZipFile(again[0]) as archive:
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 31, 0, 0, 0)}
        assert b"1980-01-01T00:00:00Z" in archive.read("docProps/core.xml")
    assert again[1].read_bytes()[92:109] == b"01 Jan 8000:00:00"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["export.sav", "export.xlsx", "log"]


def test_names_are_legal_and_each_stands_once():
    names = ["ER (%)", "ER", "er?", "1st visit", "US L/T > 1", "with", "Größe", "x" * 80, "x" * 90, "%"]
    assert formats.spss_names(names) == [
        *("ER", "ER_2", "er_3", "v_1st_visit", "US_L_T_1", "v_with", "Gr_e"),
        *("x" * 64, f"{'x' * 62}_2", "v"),
    ]


@pytest.mark.parametrize("study", ["doppler", "nact_bone", "casting", "nat_residual"])
def test_every_study_says_which_columns_are_dates(study, tmp_path):
    """The cohort file of each study knows its columns: what is not a date, a number or a code stays text."""
    config = load_checked(ROOT / "config/studies" / study / "synthetic.yaml", "cohort")
    names = [entry["column"] for entry in config["variables"].values() if "column" in entry]
    cells = ["01.02.2003" if "format" in entry else "" for entry in config["variables"].values() if "column" in entry]
    (tmp_path / "export.csv").write_text(to_csv([cells, ["x", *[""] * (len(cells) - 1)]], names))
    found = formats.columns_of(tmp_path / "export.csv", config, load_dictionary(DICTIONARY))
    assert [c.name for c in found if c.kind == "date"] == [n for n, cell in zip(names, cells, strict=True) if cell]


# What real SPSS files hold.


@pytest.fixture
def read(tmp_path):
    def go(columns: dict, source: dict | None = None, **how):
        import pandas as pd
        import pyreadstat

        pyreadstat.write_sav(pd.DataFrame(columns), tmp_path / "a.sav", **how)
        return read_table(tmp_path / "a.sav", {"file": "a.sav", **(source or {})})

    go.folder = tmp_path
    return go


def test_codes_are_read_not_labels_and_what_the_file_calls_missing_is_missing(read):
    found = read(
        {"sex": [1.0, 2.0, 9.0], "size": [2.5, float("nan"), 0.1 + 0.2], "t": ["a", "", "ß"]},
        variable_value_labels={"sex": {1.0: "female", 2.0: "male", 9.0: "refused"}},
        missing_ranges={"sex": [9.0]},
        column_labels=["Sex of patient", None, "Text"],
    )
    assert found == [
        {"source_row": "2", "sex": "1", "size": "2.5", "t": "a"},
        {"source_row": "3", "sex": "2", "size": "", "t": ""},
        {"source_row": "4", "sex": "", "size": "0.3", "t": "ß"},
    ]


def test_columns_go_by_their_labels_where_the_cohort_file_says_so(read):
    found = read({"a": [1.0], "b": [2.0]}, {"column_names": "labels"}, column_labels=["First (cm)", None])
    assert found == [{"source_row": "2", "First (cm)": "1", "b": "2"}]


def test_times_of_day_do_not_make_a_date_unreadable(read):
    import datetime

    import pandas as pd

    found = read({"d": pd.to_datetime(["2015-02-01", "2016-03-04"])})
    assert [row["d"] for row in found] == ["2015-02-01", "2016-03-04"]
    assert read({"d": [datetime.date(2015, 2, 1), None], "x": [1.0, 2.0]})[1]["d"] == ""


@pytest.mark.parametrize("key", ["sheet", "header_row", "delimiter"])
def test_what_an_spss_file_does_not_have_is_refused(read, key):
    with pytest.raises(ReplicalcError, match=f"'{key}' is not for SPSS files"):
        read({"a": [1.0]}, {key: 1})


def test_labels_are_for_spss_files_only(tmp_path):
    (tmp_path / "a.csv").write_text("a\n1\n")
    with pytest.raises(ReplicalcError, match="'column_names' is for SPSS files"):
        read_table(tmp_path / "a.csv", {"column_names": "labels"})


@pytest.mark.parametrize("content", [b"", b"no SPSS file", b"$FL2@(#) SPSS DATA FILE" + bytes(200)])
def test_a_damaged_file_is_named(tmp_path, content):
    (tmp_path / "a.sav").write_bytes(content)
    with pytest.raises(ReplicalcError, match=r"a\.sav: not a readable SPSS file"):
        read_table(tmp_path / "a.sav", {"file": "a.sav"})
