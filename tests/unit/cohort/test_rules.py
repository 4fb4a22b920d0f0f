"""Declared rules at their edges, and every fault of a rule told before a file is read."""

from __future__ import annotations

import doctest
import importlib
from datetime import date

import pytest
from declared import run_declared, variables
from project import ROOT

from replicalc.cohort.rules import RULES
from replicalc.errors import ReplicalcError
from replicalc.records import load_dictionary

DICTIONARY = load_dictionary(ROOT / "data/dictionary.csv")
BORN = 'birth_date: {column: Born, format: "%Y-%m-%d"}'
OP = 'surgery_date: {column: Op, format: "%Y-%m-%d"}'
EXPORT = "ID,Born,Op,A,B\nx,1970-01-31,2020-02-29,1,2\n"


def refused(folder, entry: str, *words: str, export: str = EXPORT, more: str = "") -> str:
    with pytest.raises(ReplicalcError) as error:
        run_declared(folder, variables(BORN, OP, entry) + more, export)
    for word in words:
        assert word in str(error.value), str(error.value)
    assert not (folder / "validation.csv").exists()
    return str(error.value)


@pytest.mark.parametrize(
    "module", ["rules", "rule_checks", "cells", "units", "doors.inert", "doors.hints", "synthesise.births"]
)
def test_the_examples_in_the_docstrings_run(module):
    done = doctest.testmod(importlib.import_module(f"replicalc.cohort.{module}"))
    assert done.attempted and not done.failed


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ("age_years: {duration: {from: {variable: birth_date}, until: {variable: surgery_date}, in: year}}", ("either 'completed: true' or how many days each has ('year_days')",)),
        ("age_years: {duration: {from: {variable: birth_date}, until: {variable: surgery_date}, in: year, completed: true, year_days: 365.25}}", ("either 'completed: true'",)),
        ("age_years: {duration: {from: {variable: birth_date}, until: {variable: surgery_date}, in: day, completed: true}}", ("'completed' is for months and years",)),
        ("age_years: {duration: {from: {variable: birth_date}, until: {variable: surgery_date}, in: year, month_days: 30, completed: true}}", ("'month_days' is for months, but 'in' is year",)),
        ("follow_up_days: {duration: {from: {variable: birth_date}, until: {variable: surgery_date}, in: month, month_days: 30}}", ("counted in whole days; give 'in: day'",)),
        ("mri_pre_mm: {duration: {from: {variable: birth_date}, until: {variable: surgery_date}, in: day}}", ("days cannot be turned into mm",)),
        ("age_years: {duration: {from: {variable: birth_date}, until: {column: A, unit: year}, in: year, completed: true}}", ("a date needs its 'format'", "a date takes no 'unit'")),
        ("age_years: {duration: {from: {variable: birth_date}, until: {variable: surgery}, in: year, completed: true}}", ("'surgery' is not mapped", "Did you mean 'surgery_date'")),
        ("er_status: {duration: {from: {variable: birth_date}, until: {variable: surgery_date}, in: day}}", ("gives a number, but er_status is a category",)),
        ("mri_pre_mm: {sum: {of: [{column: A, unit: kg}, {column: B, unit: cm}]}}", ("sum.1: unit 'kg' cannot be turned into mm. Allowed: mm, cm, inch",)),
        ("mri_pre_mm: {sum: {of: [{column: A, unit: mm}, {column: B}]}}", ("sum.2: unit None cannot be turned into mm",)),
        ("mri_pre_mm: {sum: {of: [{column: A, unit: mm}, {variable: mri_pre_mm}]}}", ("cannot be computed from itself",)),
        ("mri_pre_mm: {sum: {of: [{column: A, unit: mm}, {variable: birth_date}]}}", ("birth_date is a date, but a number is needed",)),
        ("mri_pre_mm: {sum: {of: [{column: A, unit: mm}]}}", ("must not be empty",)),
        ("mri_pre_mm: {sum: {of: [{column: A, unit: mm}, {column: B, unit: mm}], missing: true}}", ("unknown key 'missing'", "Known keys: of, ignore_missing")),
        ("mri_pre_mm: {sum: {of: [{column: A, unit: mm}, {column: B, units: mm}]}}", ("unknown key 'units'. Did you mean 'unit'",)),
        ("mri_pre_mm: {sum: {of: [{column: A, unit: mm}, {column: B, unit: mm}]}, unit: mm}", ("'unit' belongs to the parts of the rule",)),
        ("mri_pre_mm: {column: A, unit: mm, sum: {of: [{column: A, unit: mm}, {column: B, unit: mm}]}}", ("either 'column' or 'constant' or one rule",)),
        ("mri_pre_mm: {sum: {of: [{column: A, unit: mm}, {column: C, unit: mm}]}}", ("column 'C' is missing",)),
        ("mri_pre_mm: {difference: {of: [{column: A, unit: mm}, {column: B, unit: mm}, {column: B, unit: mm}]}}", ("but there are 3",)),
        ("mri_pre_mm: {difference: {of: [{column: A, unit: mm}, {column: B, unit: mm}], ignore_missing: true}}", ("has no meaning",)),
        ("mri_lesion_count: {mean: {of: [{column: A}, {column: B}]}}", ("counted in whole numbers",)),
        ("grade: {coalesce: {of: [{column: A, codes: {1: 1}}, {column: B, codes: {2: 9}}]}}", ("coalesce.2: '9' is no code here. Allowed: 1, 2, 3",)),
        ("grade: {coalesce: {of: [{column: A, codes: {1: 1}}, {column: B}]}}", ("needs 'codes' or 'starts_with'",)),
        ("tumour_size_class: {cut: {of: {column: A, unit: mm}, in: mm, points: [15, 10], codes: ['1_9', '10_14', over_20], closed: left}}", ("the cut points must rise, each once: 15, 10",)),
        ("tumour_size_class: {cut: {of: {column: A, unit: mm}, in: mm, points: [10], codes: ['1_9', '10_14', over_20], closed: left}}", ("1 cut points make 2 classes, but there are 3 codes",)),
        ("tumour_size_class: {cut: {of: {column: A, unit: mm}, in: mm, points: [10], codes: ['1_9', huge], closed: left}}", ("'huge' is no code of tumour_size_class",)),
        ("tumour_size_class: {cut: {of: {column: A, unit: mm}, in: mm, points: [10], codes: ['1_9', over_20]}}", ("the key 'closed' is missing",)),
        ("tumour_size_class: {cut: {of: {column: A, unit: mm}, points: [10], codes: ['1_9', over_20], closed: left}}", ("unit 'mm' cannot be turned into a plain number",)),
        ("er_status: {threshold: {of: {column: A, unit: percent}, in: percent, then: positive, otherwise: negative}}", ("give 'at_least' or 'above'",)),
        ("er_status: {threshold: {of: {column: A, unit: percent}, in: percent, at_least: 1, above: 2, then: positive, otherwise: negative}}", ("or one of each",)),
        ("er_status: {threshold: {of: {column: A, unit: percent}, in: percent, above: 5, below: 5, then: positive, otherwise: negative}}", ("no value lies between 5 and 5",)),
        ("er_status: {threshold: {of: {column: A, unit: percent}, in: percent, at_least: 1, then: pos, otherwise: negative}}", ("'pos' is no code of er_status",)),
        ("er_status: {when: {of: {a: {column: A, codes: {1: x}}}, cases: [{if: {b: x}, then: positive}], otherwise: negative}}", ("case 1, 'b': is no part of 'of'", "no case asks for the part 'a'")),
        ("er_status: {when: {of: {a: {column: A, codes: {1: x}}}, cases: [{if: {a: y}, then: positive}], otherwise: negative}}", ("'y' is no code of it. Allowed: x",)),
        ("er_status: {when: {of: {a: {column: A, codes: {1: x}}}, cases: [{if: {a: {above: 1}}, then: positive}], otherwise: negative}}", ("a range is for numbers and dates",)),
        ("er_status: {when: {of: {a: {column: A, unit: mm}}, cases: [{if: {a: 3}, then: positive}], otherwise: negative}}", ("give a range such as",)),
        ("er_status: {when: {of: {a: {column: A, unit: mm}}, cases: [{if: {a: {missing: true}}, then: positive}], otherwise: negative}}", ("'missing: true' needs 'ignore_missing: true'",)),
        ("er_status: {when: {of: {a: {variable: surgery_date}}, cases: [{if: {a: {above: yesterday}}, then: positive}], otherwise: negative}}", ("should be dates such as 2015-12-31",)),
        ("er_status: {when: {of: {a: {column: A, unit: mm}}, cases: [{if: {a: {over: 3}}, then: positive}], otherwise: negative}}", ("unknown key 'over'",)),
        ("er_status: {any_yes: {of: [{column: A, codes: {1: 'yes'}}, {column: B, codes: {2: 'no'}}]}}", ("gives yes or no, but er_status has positive, negative",)),
        ("relapse: {any_yes: {of: [{column: A, codes: {1: 'yes'}}, {column: B, codes: {2: maybe}}]}}", ("'maybe' is no code here. Allowed: yes, no",)),
        ("age_years: {count_yes: {of: [{column: A, codes: {1: 'yes'}}, {column: B, codes: {2: 'no'}}]}}", ("gives a plain number, but age_years is in year",)),
        ("grade: {column: A, part: {from: 2, to: 1}, codes: {1: 1}}", ("begins at character 2 and ends before it",)),
        ("grade: {column: A, part: {from: 2, number: 1}, codes: {1: 1}}", ("either 'from' and 'to'",)),
        ("age_years: {column: A, unit: year, any_case: true}", ("it takes no codes",)),
        ("er_status: {column: A, codes: {POS: positive, Pos: negative}, any_case: true}", ("'POS' and 'Pos' are the same text, but mean positive and negative",)),
        ("relapse: {any_yes: {of: [{column: A, codes: {Y: 'yes', y: 'no'}, any_case: true}, {column: B, codes: {2: 'no'}}]}}", ("'Y' and 'y' are the same text",)),
    ],
)  # fmt: skip
def test_faults_of_a_rule_are_told_before_a_file_is_read(tmp_path, entry, words):
    refused(tmp_path, entry, *words, export="ID,Born,Op,A,B\nx,1970-01-31,2020-02-29,zzz,\n")


def test_a_circle_is_refused_and_named(tmp_path):
    with pytest.raises(
        ReplicalcError, match="calc_cc_pre_mm, calc_mlo_pre_mm are computed from each other in a circle"
    ):
        entries = [
            f"{a}: {{sum: {{of: [{{variable: {b}}}, {{column: A, unit: mm}}]}}}}"
            for a, b in (("calc_cc_pre_mm", "calc_mlo_pre_mm"), ("calc_mlo_pre_mm", "calc_cc_pre_mm"))
        ]
        run_declared(tmp_path, variables(*entries), "ID,A\nx,1\n")


def test_a_chain_of_variables_is_computed_in_its_order(tmp_path):
    entries = [
        "mri_post_mm: {difference: {of: [{variable: mri_pre_mm}, {column: B, unit: mm}]}}",
        "mri_pre_mm: {sum: {of: [{variable: tumour_diameter_mm}, {column: A, unit: cm}]}}",
        "tumour_diameter_mm: {column: A, unit: mm}",
    ]
    (row,) = run_declared(tmp_path, variables(*entries), "ID,A,B\nx,2,5\n")
    assert [row[name] for name in ("tumour_diameter_mm", "mri_pre_mm", "mri_post_mm")] == ["2", "22", "17"]


@pytest.mark.parametrize(
    ("closed", "expected"), [("left", ["1_9", "10_14", "10_14"]), ("right", ["1_9", "1_9", "10_14"])]
)
def test_a_cut_point_belongs_to_the_side_that_is_closed(tmp_path, closed, expected):
    entry = f"tumour_size_class: {{cut: {{of: {{column: A, unit: mm}}, in: mm, points: [10], codes: ['1_9', '10_14'], closed: {closed}}}}}"
    rows = run_declared(tmp_path, variables(entry), "ID,A\nx,9.99\ny,10\nz,10.01\n")
    assert [row["tumour_size_class"] for row in rows] == expected


def test_a_length_in_cm_meets_a_limit_in_mm_exactly(tmp_path):
    """0.3 cm times ten is 3 mm and not 3.0000000000000004."""
    entry = "lymph_node_metastasis: {threshold: {of: {column: A, unit: cm}, in: mm, above: 3, then: 'yes', otherwise: 'no'}}"
    rows = run_declared(tmp_path, variables(entry), "ID,A\nx,0.3\ny,0.31\n")
    assert [row["lymph_node_metastasis"] for row in rows] == ["no", "yes"]


def test_the_first_case_that_holds_counts_and_a_list_is_any_of_its_codes(tmp_path):
    entry = "stage: {when: {of: {t: {column: T, codes: {1: t1, 2: t2, 3: t3}}, size: {column: mm, unit: mm}, d: {column: D, format: '%Y-%m-%d'}}, cases: [{if: {t: [t1, t2], size: {at_least: 20, below: 50}}, then: II}, {if: {t: t1}, then: I}, {if: {d: {at_most: 2015-12-31}}, then: III}], otherwise: ''}}"
    export = "ID,T,mm,D\na,1,20,2016-01-01\nb,1,50,2016-01-01\nc,3,20,2015-12-31\nd,3,20,2016-01-01\ne,,20,2015-01-01\n"
    assert [row["stage"] for row in run_declared(tmp_path, variables(entry), export)] == ["II", "I", "III", "", ""]


def test_a_rule_may_be_collapsed_and_its_columns_count_as_used(tmp_path):
    more = variables("mri_pre_mm: {maximum: {of: [{column: A, unit: mm}, {column: B, unit: cm}]}}")
    rows = run_declared(tmp_path, more + "collapse: {mri_pre_mm: highest}\n", "ID,A,B\nx,10,2\nx,31,2\ny,1,1\n")
    assert [row["mri_pre_mm"] for row in rows] == ["31", "10"]


def test_every_rule_gives_some_variable_and_the_schema_knows_them_all():
    import json

    schema = json.loads((ROOT / "workflow/schemas/cohort.schema.json").read_text())
    keys = schema["properties"]["variables"]["additionalProperties"]["properties"]
    assert set(RULES) <= set(keys)
    for rule in RULES:
        assert keys[rule]["additionalProperties"] is False and keys[rule]["description"]


def test_leap_days_and_ends_of_months():
    from replicalc.cohort.rules import completed_months

    assert completed_months(date(2020, 1, 31), date(2020, 2, 29)) == 0
    assert completed_months(date(2020, 1, 31), date(2020, 3, 1)) == 1
    assert completed_months(date(2020, 2, 29), date(2024, 2, 29)) == 48


def test_a_duration_in_stated_months_and_years(tmp_path):
    weeks = "age_years: {duration: {from: {variable: birth_date}, until: {variable: surgery_date}, in: year, year_days: 365}}"
    export = "ID,Born,Op\nx,2000-01-01,2020-01-01\n"
    (row,) = run_declared(tmp_path, variables(BORN, OP, weeks), export)
    assert float(row["age_years"]) == pytest.approx(7305 / 365)
    months = weeks.replace("in: year, year_days: 365", "in: month, month_days: 30.4375")
    (row,) = run_declared(tmp_path, variables(BORN, OP, months), export)
    assert float(row["age_years"]) == pytest.approx(7305 / 365.25)


def template_examples() -> list[str]:
    """Every entry that stands in the template behind a '#', with the lines that belong to it."""
    found: list[list[str]] = []
    inside = False
    for line in (ROOT / "config/cohorts/TEMPLATE.yaml").read_text().splitlines():
        inside = line == "variables:" or (inside and not (line and line[0].isalpha()))
        text = line.removeprefix("  # ")
        if not inside or text == line:
            continue
        if text.partition(":")[0] in DICTIONARY and ":" in text:
            found.append([text])
        elif text.startswith("  ") and found:
            found[-1].append(text)
    return ["\n  ".join(lines) for lines in found]


@pytest.mark.parametrize("entry", template_examples(), ids=lambda entry: entry.partition(":")[0])
def test_every_example_of_the_template_is_a_right_one(tmp_path, entry):
    """An entry that is wrong stops with its own name before a file is read; a right one gets as far as the columns."""
    mapped = [each for each in (BORN, OP) if each.partition(":")[0] != entry.partition(":")[0]]
    with pytest.raises(ReplicalcError) as error:
        run_declared(tmp_path, variables(*mapped, entry), "Other\nx\n")
    assert "is missing. " in str(error.value) and "variables." not in str(error.value), str(error.value)


def test_the_template_shows_every_rule():
    shown = "\n".join(template_examples())
    assert [rule for rule in RULES if f"{rule}:" not in shown] == [
        "sum",
        "difference",
        "minimum",
        "mean",
        "all_yes",
        "count_yes",
    ]
