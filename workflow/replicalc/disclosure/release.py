"""The jobs that write what may be shared: a result without its withheld numbers, and how much was withheld."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from pathlib import Path

from replicalc.job import job, write_text
from replicalc.records import load_checked, read_csv
from replicalc.table import COLUMNS, Row, as_text, read_result, safe_csv, to_csv

#: The same words whatever the rule was: a reader must not learn which of two withheld counts is the small one.
WITHHELD = "withheld by disclosure control"
NUMBERS = ("value", "n", "n_missing")
SUMMARY = ("study", "cohort", "rule", "numbers", "meaning")
#: The rule of a row that has no number, but a sentence that would tell one; it is not counted among the numbers.
REASON = "reason"
#: What the summary counts together: how many of the withheld numbers are small ones would help to tell which.
COUNTS = ("small", "linked", "few")
#: Rules as the summary has them, and what each means; the order is that of the table.
RULES = {
    "counts": "a small count, one from which a small count would follow, or a number made of these or of few patients",
    "single": "the value of a single patient, or a limit that is one",
    "lesions": "a number from which it follows how many patients are behind the lesions",
    "unclear": "survival (always withheld whole, since each step is one event), or made of what the rules do not know",
    "rounding": "cannot be rounded as counts are, and would tell them exactly",
    "rounded": "shown, but rounded",
}
#: Sentences with digits that are about a method and not about these patients.
GENERAL = (
    r"fewer than 10 events for each term: ratios may be biased",
    r"expected counts? below 5.*",
    r"no limits where all or none survive",
    r"nobody has [^;]*",
    r"variables? [\w, ]+ not in cohort \w+",
    r"the model needs [\w, ]+ not in cohort \w+",
    r"a number of another publication \([^)]*\)",
    r"\w+ here: .*",
)
#: A number of rows, patients, tables or events in a sentence on the method, where other digits name methods.
TELLING = re.compile(
    r"\b(?:here|several|analysed|out:|each of|only|all|of) \d"
    r"|\d+ (?:of|patients|rows|tables|events|pairs|lesions|breasts|women|values|differences|readings)\b"
)

#: What a reader must know of rows that are lesions; how many patients it is about is left out.
SEVERAL = re.compile(r"of the patients analysed \d+ contribute more than one")


@job
def release(result, plan, cohort_file, out, *, study):
    """Write a result as the plan allows: a withheld number is empty, its row says so, and texts tell no counts."""
    caveat = load_checked(cohort_file, "cohort").get("caveat", "")
    name = Path(result).stem
    changes: dict[tuple[int, str], str] = {
        (int(line["line"]), line["column"]): line["shown"]
        for line in read_csv(plan)
        if (line["study"], line["result"]) == (study, name)
    }
    rows = [
        _shown(row, {column: changes[number, column] for column in NUMBERS if (number, column) in changes}, caveat)
        for number, row in enumerate(read_result(result))
    ]
    write_text(out, safe_csv([[as_text(getattr(row, column)) for column in COLUMNS] for row in rows], COLUMNS))


def _shown(row: Row, changes: dict[str, str], caveat: str) -> Row:
    """Apply the plan to a row; a text that tells a number of patients loses that part."""
    warning = SEVERAL.sub("some patients contribute more than one", row.warning)
    texts = {
        "warning": _without_counts(warning, caveat, re.compile(r"\d")),
        "method": _without_counts(row.method, caveat),
    }
    if row.warning and not texts["warning"] and math.isnan(row.value):
        texts["warning"] = WITHHELD
    if changes.get("value") == "":
        texts = {"warning": WITHHELD, "method": ""}
    values = {column: _number(text, column) for column, text in changes.items()}
    return replace(row, **texts, **values)


def _number(text: str, column: str) -> float | int | None:
    if column == "value":
        return float(text or "nan")
    return int(text) if text else None


def _without_counts(text: str, caveat: str, telling: re.Pattern = TELLING) -> str:
    """Drop the parts of a text in which a number of patients may stand; of a warning, every part with a digit.

    A part that only says which codes nobody has, which variable is lacking, or what the caveat of the cohort file
    says, stays.

    >>> _without_counts("nobody has grade=1; of the patients analysed 3 contribute more than one", "")
    'nobody has grade=1'
    >>> _without_counts("5 differences tied in size; nobody has grade=1", "", re.compile(r"\\d"))
    'nobody has grade=1'
    """
    told, parts = (re.split(r"; (?![^()]*\))", each) for each in (caveat, text))  # not within 'n(age_years; all)'
    return "; ".join(part for part in parts if part in told or not _tells(part, telling))


def _tells(part: str, telling: re.Pattern) -> bool:
    """Tell whether a number of patients may stand in a text: any number of rows, patients, tables or events."""
    if any(re.fullmatch(general, part) for general in GENERAL):
        return False
    return telling.search(part) is not None


@job
def summary(plan, results, out, *, study, cohort, threshold):
    """Count what was withheld of a study, by rule, out of all its numbers."""
    numbers = 0
    for file in results:
        for row in read_result(file):
            numbers += (row.value == row.value) + (row.n is not None) + (row.n_missing is not None)
    mine = [
        "counts" if line["rule"] in COUNTS else line["rule"]
        for line in read_csv(plan)
        if line["study"] == study and line["rule"] != REASON
    ]
    withheld = sum(rule != "rounded" for rule in mine)
    rows = [[study, cohort, "all", str(numbers), "every number of the unsuppressed tables"]]
    rows.append([study, cohort, "withheld", str(withheld), f"empty in the released tables (threshold {threshold})"])
    rows += [[study, cohort, rule, str(mine.count(rule)), told] for rule, told in RULES.items() if rule in mine]
    write_text(out, to_csv(rows, SUMMARY))


@job
def readme(out, *, cohort, confidential):
    """Say in the folder itself what it holds and where what may be shared lies."""
    told = (
        f"Patient-level files and unsuppressed tables of the cohort '{cohort}'.\n"
        "They must not leave the place where the patients' data may be. What may be shared, after disclosure "
        f"control, lies in the folder '{cohort}' beside this one (docs/disclosure.md).\n"
        "Only the owner of these files can read them (folders 700, files 600).\n"
    )
    if confidential:
        told += (
            "The cohort file declares them confidential: no archive and no report may contain a file of this folder.\n"
        )
    write_text(out, told)
