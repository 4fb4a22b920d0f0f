"""REDCap exports: held against the data dictionary; events and repeats are chosen by a declared rule, never silently."""

from __future__ import annotations

import pytest

from replicalc.cohort.source import join_sources, read_table
from replicalc.errors import ReplicalcError
from replicalc.table import to_csv

WEB = ["Variable / Field Name", "Form Name", "Section Header", "Field Type", "Field Label", "Choices, Calculations, OR Slider Labels"]  # fmt: skip
API = ["field_name", "form_name", "section_header", "field_type", "field_label", "select_choices_or_calculations"]
FIELDS = [
    ["record_id", "base", "", "text", "Record", ""],
    ["side", "base", "", "radio", "Side", "1, Left | 2, Right, as seen by her"],
    ["hello", "base", "", "descriptive", "Hello", ""],
    ["imaging", "base", "", "checkbox", "Imaging", "MG, Mammography | -9, none"],
    ["pcr", "surgery", "", "yesno", "pCR", ""],
    ["size", "mri", "", "text", "Size (mm)", ""],
]
COLUMNS = ["record_id", "side", "imaging___mg", "imaging____9", "base_complete", "pcr", "size"]
ROWS = [["007", "1", "1", "0", "2", "", "12"], ["008", "2", "0", "1", "2", "1", ""]]


@pytest.fixture
def read(tmp_path):
    def go(rows=ROWS, columns=COLUMNS, fields=FIELDS, headings=WEB, source=None, missing=()):
        (tmp_path / "export.csv").write_text(to_csv(rows, columns))
        (tmp_path / "project.csv").write_text(to_csv(fields, headings))
        return read_table(
            tmp_path / "export.csv", {"file": "export.csv", "data_dictionary": "project.csv", **(source or {})}, missing
        )

    go.folder = tmp_path
    return go


@pytest.mark.parametrize("headings", [WEB, API])
def test_a_raw_export_with_its_data_dictionary(read, headings):
    found = read(headings=headings, source={"rename": {"side": "Side"}})
    assert found[0] == {"source_row": "2", **dict(zip(["record_id", "Side", *COLUMNS[2:]], ROWS[0], strict=True))}
    assert found.labels == {
        "Side": {"1": "Left", "2": "Right, as seen by her"},
        "imaging___mg": {"0": "not: Mammography", "1": "Mammography"},
        "imaging____9": {"0": "not: none", "1": "none"},
        "base_complete": {"0": "Incomplete", "1": "Unverified", "2": "Complete"},
        "pcr": {"1": "Yes", "0": "No"},
    }


def refused(read, *words, **how):
    with pytest.raises(ReplicalcError) as error:
        read(**how)
    for word in words:
        assert word in str(error.value), str(error.value)


def row(place: int, cell: str) -> list[list[str]]:
    changed = list(ROWS[1])
    changed[place] = cell
    return [ROWS[0], changed]


def test_values_that_are_no_choice(read):
    refused(
        read,
        "row 3, column 'side': value '3' is no choice",
        "Allowed: 1 (Left), 2 (Right, as seen by her)",
        rows=row(1, "3"),
    )
    refused(
        read,
        "value 'Right, as seen by her'",
        "Export the raw data, not the labels",
        rows=row(1, "Right, as seen by her"),
    )
    refused(read, "'imaging___mg': value 'Unchecked'", "Export the raw data", rows=row(2, "Unchecked"))
    refused(read, "row 2 and 1 more, column 'pcr': value '7'", rows=[[*cells[:5], "7", ""] for cells in ROWS])
    assert read(rows=row(1, "-99"), missing={"-99"})[1]["side"] == "-99"


def test_columns_of_another_project(read):
    refused(
        read,
        "'sides' is no field of the data dictionary. Did you mean 'side'?",
        columns=["record_id", "sides", *COLUMNS[2:]],
    )


@pytest.mark.parametrize(
    ("fields", "headings", "words"),
    [
        (FIELDS, ["a", "b", "c", "d", "e", "f"], "no column 'Variable / Field Name', so this is no data dictionary"),
        ([], WEB, "has no fields"),
        ([*FIELDS, FIELDS[1]], WEB, "row 8: the field 'side' stands twice"),
        ([["side", "base", "", "radio", "Side", "1 Left"]], WEB, "row 2, field 'side': the choice '1 Left' should be a code, a comma and a label"),
        ([["side", "base", "", "dropdown", "Side", ""]], WEB, "has no choices"),
        ([["side", "base", "", "radio", "Side", "1, L | 1, R"]], WEB, "the code '1' stands twice"),
        ([["side", "base"]], WEB, "row 2: 2 cells, but the header has 6 columns"),
    ],
)  # fmt: skip
def test_a_data_dictionary_that_is_none(read, fields, headings, words):
    refused(read, "project.csv", words, fields=fields, headings=headings)


def test_a_data_dictionary_that_is_not_there(read):
    refused(
        read,
        "elsewhere.csv: the data dictionary is not there. Put it beside the export",
        source={"data_dictionary": "elsewhere.csv"},
    )


LONG = ["record_id", "redcap_event_name", "redcap_repeat_instrument", "redcap_repeat_instance", "side", "size", "pcr"]
VISITS = [
    ["007", "baseline_arm_1", "", "", "1", "", ""],
    ["007", "baseline_arm_1", "mri", "1", "", "12", ""],
    ["007", "baseline_arm_1", "mri", "2", "", "8", ""],
    ["007", "surgery_arm_1", "", "", "", "", "1"],
    ["008", "baseline_arm_1", "", "", "2", "", ""],
    ["008", "baseline_arm_1", "mri", "1", "", "30", ""],
]


def test_events_and_repeats_must_be_chosen(read):
    several = {"rows": VISITS, "columns": LONG}
    refused(
        read,
        "rows of several events: 'baseline_arm_1' (5 rows), 'surgery_arm_1' (1 rows)",
        'where: {redcap_event_name: "baseline_arm_1"}',
        **several,
    )
    event = {"redcap_event_name": "baseline_arm_1"}
    refused(read, "several repeating instruments: '' (2 rows), 'mri' (3 rows)", source={"where": event}, **several)
    found = read(**several, source={"where": {**event, "redcap_repeat_instrument": ""}})
    assert [record["side"] for record in found] == ["1", "2"]
    assert found.left_out == [
        ("redcap_event_name is not 'baseline_arm_1'", 1),
        ("redcap_repeat_instrument is not ''", 3),
    ]
    first = read(**several, source={"where": {**event, "redcap_repeat_instance": 1}})
    assert [record["size"] for record in first] == ["12", "30"]


def test_two_events_of_one_export_become_one_row_a_patient(read):
    several = {"rows": VISITS, "columns": LONG}
    how = [
        {
            "where": {"redcap_event_name": "baseline_arm_1", "redcap_repeat_instrument": ""},
            "only": ["record_id", "side"],
        },
        {"where": {"redcap_event_name": "baseline_arm_1", "redcap_repeat_instance": 1}, "only": ["record_id", "size"]},
        {
            "where": {"redcap_event_name": "surgery_arm_1", "redcap_repeat_instrument": ""},
            "only": ["record_id", "pcr"],
            "join": "left",
        },
    ]
    tables = [read(**several, source=source) for source in how]
    joined, _ = join_sources(tables, ["base", "mri", "surgery"], "record_id")
    assert [[record[name] for name in ("record_id", "side", "size", "pcr")] for record in joined] == [
        ["007", "1", "12", "1"],
        ["008", "2", "30", ""],
    ]
