"""Validation: ranges, duplicates, units and contradictions, before anything is derived or counted.

A value that cannot be right stops the run and is named, and so do dates in an impossible order. Other contradictions
between two variables are counted and told; they do not stop the run, because real charts contain them.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from replicalc.cohort.collapse import (
    ALIKE,
    BOOKKEEPING,
    DIFFERED,
    N_ROWS,
    PLACE,
    RANKED,
    SEVERAL,
    column_told,
    noted_variables,
)
from replicalc.cohort.frame import read_text_table, typed
from replicalc.cohort.mapping import TOTAL
from replicalc.cohort.source import ROW
from replicalc.errors import fail_with_all
from replicalc.job import job, write_text
from replicalc.records import Variable, load_cohort, load_dictionary
from replicalc.table import to_csv

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = ("variable", "check", "n_checked", "n_found", "stops_the_run", "note", "cohort", "kind")


@job
def validate_cohort(mapped, cohort_file, dictionary_file, out, *, cohort=None):
    """Check the mapped cohort and write one row a check. Raises ReplicalcError listing every impossible value.

    ``cohort`` is the name where it is not that of the cohort file.
    """
    config = load_cohort(cohort_file, cohort)
    variables = load_dictionary(dictionary_file)
    text = read_text_table(mapped)
    frame = typed(text[[name for name in text if name not in BOOKKEEPING]], variables)
    # Where each unit is from, in words: one row, several that were taken together, with the file if there are several.
    place = text[PLACE] if PLACE in text else "row " + text[ROW]
    rows: list[list[str]] = []
    problems: list[str] = []

    def record(variable: str, check: str, checked: int, found: int, stops: bool, note: str = "") -> None:
        stop = "yes" if stops else "no"
        rows.append([variable, check, str(checked), str(found), stop, note, config["cohort"], config["kind"]])

    for name in config["variables"]:
        missing = int(frame[name].isna().sum())
        record(name, "missing", len(frame), missing, False)
        suspicion = _wrong_unit(frame, variables[name], config)
        out_of_range = _out_of_range(frame, variables[name], place)
        if out_of_range is not None:
            record(name, "out of range", len(frame) - missing, len(out_of_range), True, _allowed(variables[name]))
            problems += [
                f"{where}, {_column(config, name)}: value {value} is impossible. Allowed: {_allowed(variables[name])}"
                for where, value in out_of_range
                if not suspicion
            ]
        if suspicion is not None:
            record(name, "unit", len(frame) - missing, int(bool(suspicion)), True, suspicion)
            problems += [suspicion] if suspicion else []
    problems += _units(frame, place, config, record)
    _count_choices(text, config, record)
    for name, expected in config.get("totals", {}).items():
        found = _total(frame, name)
        record(name, "published total", len(frame), found, True, f"published: {expected}")
        if found != expected:
            problems.append(f"published total '{name}' is {expected}, but the file has {found}")
    contradictions = 0
    for name, needs, contradiction, stops in CONTRADICTIONS:
        if all(need in frame for need in needs):
            rows_in_question = frame[contradiction(frame)]
            record("+".join(needs), name, len(frame), len(rows_in_question), stops)
            contradictions += len(rows_in_question)
            if stops:
                columns = " and ".join(_column(config, need) for need in needs)
                problems += [f"{where}, {columns}: {name}, which cannot be" for where in place[rows_in_question.index]]
    first = config["sources"][0]
    file = first["file"] + (f" [{first['sheet']}]" if "sheet" in first else "")
    of_file = "" if config.get("stack") else f" (rows of {file})"
    fail_with_all(f"cohort {config['cohort']}: values that cannot be right{of_file}:", problems)
    write_text(out, to_csv(rows, COLUMNS))
    if contradictions:
        print(
            f"cohort {config['cohort']}: {contradictions} contradictions between variables, see {out}", file=sys.stderr
        )


def _units(frame: pd.DataFrame, place: pd.Series, config: dict, record) -> list[str]:
    """Every unit of analysis stands once and has an identifier; messages never repeat an identifier."""
    unit_id, unit = config["unit_id"], config["unit_of_analysis"]
    columns = " and ".join(_column(config, name) for name in unit_id)
    empty = frame[unit_id].isna().any(axis=1)
    named = frame[~empty]
    problems = [f"{where}, {columns}: the {unit} has no identifier" for where in place[empty]]
    for _, part in named.groupby(unit_id, observed=True, sort=False):
        if len(part) > 1:
            where = " and ".join(place[part.index])
            if not config.get("stack"):
                where = "rows " + where.replace("row ", "")
            problems.append(f"{where}, {columns}: the same {unit} stands more than once; {_advice(part, config)}")
    record("+".join(unit_id), "duplicate or empty", len(frame), len(problems), True)
    folded = named[unit_id].astype(str).apply(lambda column: column.str.casefold())
    alike = int(folded.duplicated().sum() - named.duplicated(unit_id).sum())
    record("+".join(unit_id), "equal but for capital letters", len(frame), alike, False)
    return problems


def _advice(rows: pd.DataFrame, config: dict) -> str:
    """Say in which variables the rows of one unit differ (never the values), and what can be done about them."""
    values = rows[list(config["variables"])].astype("object")
    differ = [name for name in values if values[name].nunique(dropna=False) > 1]
    if differ:
        more = f" and {len(differ) - 5} more" if len(differ) > 5 else ""
        return (
            f"the rows differ in {', '.join(differ[:5])}{more}; give one row to each, or say under 'collapse' how its "
            "rows become one"
        )
    if "identical_rows" in config:
        return "the rows are alike in everything that is mapped, but not in every column; give one row to each"
    return (
        "the rows are alike in everything that is mapped; give one row to each, or say 'identical_rows: keep_first' if "
        "the same row may stand in the export twice"
    )


def _count_choices(text: pd.DataFrame, config: dict, record) -> None:
    """Record what was taken together: rows that became one unit, values that differed, cells with several codes."""
    unit = config["unit_of_analysis"]
    if N_ROWS in text:
        n_rows = text[N_ROWS].astype(int)
        several = int((n_rows > 1).sum())
        note = f"{n_rows.sum()} rows became {len(text)}, at most {n_rows.max()} each"
        record("+".join(config["unit_id"]), f"several rows of one {unit}", len(text), several, False, note)
        found = text[DIFFERED].map(noted_variables)
        for name, rule in config["collapse"].items():
            differ = int(found.map(lambda names, name=name: name in names).sum())
            note = f"rule: {rule}{_order_told(config, name, rule)}"
            record(name, f"rows of one {unit} differ", several, differ, False, note)
    if ALIKE in text:
        n_alike = text[ALIKE].astype(int)
        note = f"{n_alike.sum()} rows in the export, {len(text)} of them different; the first of each is kept"
        found = int((n_alike > 1).sum())
        record("+".join(config["unit_id"]), "identical rows", len(text), found, False, note)
    if SEVERAL in text:
        found = text[SEVERAL].map(noted_variables)
        for name, entry in config["variables"].items():
            if "split" in entry:
                held = int(found.map(lambda names, name=name: name in names).sum())
                note = f"rule: {entry['of_several']}{_order_told(config, name, entry['of_several'])}"
                record(name, "several codes in one cell", len(text), held, False, note)


def _order_told(config: dict, name: str, rule: str) -> str:
    entry = config["variables"][name]
    if rule not in RANKED or "order" not in entry:
        return ""
    return f" in the order {', '.join(map(str, entry['order']))}"


def _total(frame: pd.DataFrame, name: str) -> int:
    """Count 'variable=code', 'distinct variable' or 'distinct variable where variable=code'."""
    distinct, condition, at, variable, code = TOTAL.fullmatch(name).groups()
    if distinct is None:
        return int((frame[variable].astype("object") == code).sum())
    if condition:
        frame = frame[frame[condition].astype("object") == at]
    return int(frame[distinct].nunique())


def _column(config: dict, name: str) -> str:
    return f"{column_told(config['variables'][name])} ({name})"


def _allowed(variable: Variable) -> str:
    unit = f" {variable.unit}" if variable.unit else ""
    return f"{variable.min} to {variable.max}{unit}"


def _out_of_range(frame: pd.DataFrame, variable: Variable, place: pd.Series) -> list[tuple[str, str]] | None:
    if variable.type not in ("number", "integer", "date") or not (variable.min and variable.max):
        return None
    import pandas as pd

    lo, hi = (
        (pd.Timestamp(variable.min), pd.Timestamp(variable.max))
        if variable.type == "date"
        else (float(variable.min), float(variable.max))
    )
    values = frame[variable.variable]
    bad = frame[(values < lo) | (values > hi)]
    return [
        (where, f"{value:%Y-%m-%d}" if variable.type == "date" else f"{value:g} {variable.unit}".strip())
        for where, value in zip(place[bad.index], bad[variable.variable], strict=True)
    ]


def _wrong_unit(frame: pd.DataFrame, variable: Variable, config: dict) -> str | None:
    """A median outside what any cohort can have says that the unit in the cohort file is wrong."""
    if not (variable.median_min and variable.median_max):
        return None
    values = frame[variable.variable].dropna()
    positive = values[values > 0]
    if len(positive) < 5:
        return ""
    lo = float(variable.median_min) or 1.0
    median = float(positive.median())
    if lo <= median <= float(variable.median_max):
        return ""
    unit = config["variables"][variable.variable].get("unit", "")
    return (
        f"{_column(config, variable.variable)}: read as '{unit}', its median is {median:g} {variable.unit}; it should "
        f"lie within {lo:g} to {variable.median_max} {variable.unit}. Is the unit right?"
    )


def _after(later: str, earlier: str):
    return (f"{later} before {earlier}", (later, earlier), lambda frame: frame[later] < frame[earlier], True)


#: What cannot be together: name, variables, rule, and whether it stops the run.
CONTRADICTIONS = [
    _after("nat_start_date", "birth_date"),
    _after("mg_post_date", "mg_pre_date"),
    _after("mri_post_date", "mri_pre_date"),
    _after("surgery_date", "nat_start_date"),
    _after("surgery_date", "mg_post_date"),
    _after("surgery_date", "mri_post_date"),
    _after("diagnosis_date", "birth_date"),
    _after("last_contact_date", "diagnosis_date"),
    _after("relapse_date", "diagnosis_date"),
    _after("last_contact_date", "relapse_date"),
    _after("bone_metastasis_date", "diagnosis_date"),
    (
        "calcification measured although none is recorded",
        ("calcified", "calc_cc_pre_mm"),
        lambda f: (f["calcified"] == "no") & f["calc_cc_pre_mm"].notna(),
        False,
    ),
    (
        "Miller-Payne grade 5 with residual invasive carcinoma",
        ("miller_payne", "residual_invasive"),
        lambda f: (f["miller_payne"] == "5") & (f["residual_invasive"] == "yes"),
        False,
    ),
    (
        "size of residual invasive carcinoma without such carcinoma",
        ("path_invasive_mm", "residual_invasive"),
        lambda f: (f["path_invasive_mm"] > 0) & (f["residual_invasive"] == "no"),
        False,
    ),
    (
        "breast-conserving surgery judged not possible, yet done",
        ("surgery", "bcs_eligible"),
        lambda f: (f["surgery"] == "breast_conserving") & (f["bcs_eligible"] == "no"),
        False,
    ),
]
