"""Validation: ranges, duplicates, units and contradictions, before anything is derived or counted.

A value that cannot be right stops the run and is named, and so do dates in an impossible order. Other contradictions
between two variables are counted and told; they do not stop the run, because real charts contain them.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from replicalc.cohort.frame import read_text_table, typed
from replicalc.cohort.source import ROW
from replicalc.errors import fail_with_all
from replicalc.job import job, write_text
from replicalc.records import Variable, load_checked, load_dictionary
from replicalc.table import to_csv

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = ("variable", "check", "n_checked", "n_found", "stops_the_run", "note", "cohort", "kind")


@job
def validate_cohort(mapped, cohort_file, dictionary_file, out):
    """Check the mapped cohort and write one row a check. Raises ReplicalcError listing every impossible value."""
    config = load_checked(cohort_file, "cohort")
    variables = load_dictionary(dictionary_file)
    frame = typed(read_text_table(mapped), variables)
    rows: list[list[str]] = []
    problems: list[str] = []

    def record(variable: str, check: str, checked: int, found: int, stops: bool, note: str = "") -> None:
        stop = "yes" if stops else "no"
        rows.append([variable, check, str(checked), str(found), stop, note, config["cohort"], config["kind"]])

    for name in config["variables"]:
        missing = int(frame[name].isna().sum())
        record(name, "missing", len(frame), missing, False)
        suspicion = _wrong_unit(frame, variables[name], config)
        out_of_range = _out_of_range(frame, variables[name])
        if out_of_range is not None:
            record(name, "out of range", len(frame) - missing, len(out_of_range), True, _allowed(variables[name]))
            problems += [
                f"row {row}, {_column(config, name)}: value {value} is impossible. Allowed: {_allowed(variables[name])}"
                for row, value in out_of_range
                if not suspicion
            ]
        if suspicion is not None:
            record(name, "unit", len(frame) - missing, int(bool(suspicion)), True, suspicion)
            problems += [suspicion] if suspicion else []
    problems += _units(frame, config, record)
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
                problems += [f"row {row}, {columns}: {name}, which cannot be" for row in rows_in_question[ROW]]
    first = config["sources"][0]
    where = first["file"] + (f" [{first['sheet']}]" if "sheet" in first else "")
    fail_with_all(f"cohort {config['cohort']}: values that cannot be right (rows of {where}):", problems)
    write_text(out, to_csv(rows, COLUMNS))
    if contradictions:
        print(
            f"cohort {config['cohort']}: {contradictions} contradictions between variables, see {out}", file=sys.stderr
        )


def _units(frame: pd.DataFrame, config: dict, record) -> list[str]:
    """Every unit of analysis stands once and has an identifier; messages never repeat an identifier."""
    unit_id, unit = config["unit_id"], config["unit_of_analysis"]
    columns = " and ".join(_column(config, name) for name in unit_id)
    empty = frame[unit_id].isna().any(axis=1)
    named = frame[~empty]
    problems = [f"row {row}, {columns}: the {unit} has no identifier" for row in frame[empty][ROW]]
    for _, part in named.groupby(unit_id, observed=True, sort=False):
        if len(part) > 1:
            rows = " and ".join(map(str, part[ROW]))
            problems.append(f"rows {rows}, {columns}: the same {unit} stands more than once; give one row to each")
    record("+".join(unit_id), "duplicate or empty", len(frame), len(problems), True)
    folded = named[unit_id].astype(str).apply(lambda column: column.str.casefold())
    alike = int(folded.duplicated().sum() - named.duplicated(unit_id).sum())
    record("+".join(unit_id), "equal but for capital letters", len(frame), alike, False)
    return problems


def _total(frame: pd.DataFrame, name: str) -> int:
    """Count 'variable=code' or 'distinct variable'."""
    if name.startswith("distinct "):
        return int(frame[name.removeprefix("distinct ")].nunique())
    variable, _, code = name.partition("=")
    return int((frame[variable].astype("object") == code).sum())


def _column(config: dict, name: str) -> str:
    entry = config["variables"][name]
    return f"column '{entry['column']}' ({name})" if "column" in entry else f"constant {name}"


def _allowed(variable: Variable) -> str:
    unit = f" {variable.unit}" if variable.unit else ""
    return f"{variable.min} to {variable.max}{unit}"


def _out_of_range(frame: pd.DataFrame, variable: Variable) -> list[tuple[int, str]] | None:
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
        (int(row), f"{value:%Y-%m-%d}" if variable.type == "date" else f"{value:g} {variable.unit}".strip())
        for row, value in zip(bad[ROW], bad[variable.variable], strict=True)
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
