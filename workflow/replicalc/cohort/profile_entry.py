"""The entry of a variable in a cohort file, from the column proposed for it; what is not known is a question."""

from __future__ import annotations

from collections.abc import Iterable

from replicalc.cohort.audit import rows_told
from replicalc.cohort.profile import Column, shown
from replicalc.cohort.profile_match import SENTINELS, Proposal, plausible_units
from replicalc.cohort.source import ROW
from replicalc.cohort.units import FACTORS
from replicalc.records import Variable

#: Odd texts of a column of numbers or dates that are named one by one; a longer one is writing and is told by its row.
MOST_ODD, LONGEST_ODD = 8, 20


def entry_of(
    each: Proposal, variable: Variable, records: list[dict[str, str]], typed: bool, general: set[str]
) -> tuple[dict, list[str]]:
    """The keys of a variable and the reasons for them. ``general``: texts that mean 'missing' in every column."""
    column = each.column
    why = [reason for reason in each.fit.reasons if reason]
    entry: dict = {"column": _which(each) if each.question else column.name}
    missing = [text for text in column.missing if text not in general]
    if variable.type == "category":
        coded = each.fit.coded
        entry["codes"] = dict(sorted(coded.codes.items()))
        if coded.split:
            entry["split"] = coded.split
            entry["of_several"] = (
                "TODO: some cells hold several codes: which counts, the highest or the lowest? The order is that of "
                "data/dictionary.csv, or give it as 'order'."
            )
    elif variable.type == "date":
        entry["format"] = _format(column, typed)
        missing += _odd(column, records, "a date of this form")
    elif variable.type in ("number", "integer"):
        if variable.unit:
            entry["unit"], reason = _unit(column, variable, each.fit.unit)
            why.append(reason)
        told = [unit for unit in column.units if (unit, variable.unit) in FACTORS]
        if told:
            entry["units_in_cells"] = told
            why.append("some cells carry their unit")
        missing += _sentinels(column, variable, entry.get("unit", ""))
        missing += _odd(column, records, "a number")
    if missing:
        entry["missing"] = missing
    return entry, why


def _which(each: Proposal) -> str:
    """The question which column it is; the answer is a heading."""
    name = shown(each.column.name)
    if each.rivals:
        others = " or ".join(f"'{shown(rival)}'" for rival in each.rivals[:4])
        return f"TODO: is it '{name}' or {others}? Write the right one here and list what is left under unused_columns."
    if each.also:
        return (
            f"TODO: write '{name}' if that column is {each.variable}. If it is {' or '.join(each.also)}, rename this "
            "block; if neither, delete the block and list the column under unused_columns."
        )
    return (
        f"TODO: write '{name}' if that column is {each.variable}; otherwise delete this block and list the column "
        "under unused_columns."
    )


def _format(column: Column, typed: bool) -> str:
    if typed and "%Y-%m-%d" in column.formats:
        return "%Y-%m-%d"
    if len(column.formats) == 1:
        return column.formats[0]
    forms = " or ".join(column.formats)
    return f"TODO: which form have these dates: {forms}? Every one of the column can be read in both ways."


def _unit(column: Column, variable: Variable, heading: str) -> tuple[str, str]:
    """The unit, or a question; and how it is known."""
    options = [given for given, target in FACTORS if target == variable.unit]
    fitting = plausible_units(column, variable, heading)
    if "%" in column.units:
        return "TODO: some cells carry '%', which cannot be read; take it out of the export and write percent.", ""
    if heading in options and heading in fitting:
        if variable.unit == "percent" and max(column.numbers.values()) <= 1:
            return "TODO: percent or fraction? The heading says percent, but no number is above 1.", ""
        return heading, f"unit {heading} from the heading"
    if heading in options:
        other = f", but would be possible in {' or '.join(fitting)}" if fitting else ""
        return f"TODO: the heading says {heading}, in which the numbers are not plausible{other}. Which unit is it?", ""
    if variable.unit == "percent" and max(column.numbers.values()) <= 12:
        return (
            "TODO: percent or fraction? No number is above 12: it may also be a score, which is not a percentage.",
            "",
        )
    if len(fitting) == 1:
        return fitting[0], f"unit {fitting[0]} by the range: no other is possible"
    if fitting:
        return f"TODO: {' or '.join(fitting)}? The numbers are possible in each of them.", ""
    return f"TODO: {' or '.join(options)}? The numbers are outside of {variable.min} to {variable.max} in each.", ""


def _sentinels(column: Column, variable: Variable, unit: str) -> list[str]:
    """Questions about numbers such as 99 that may mean 'missing': out of range, or last and far from the others."""
    factor = float(FACTORS.get((unit, variable.unit), 1))
    usual = [value for text, value in column.numbers.items() if text not in SENTINELS]
    found = []
    for text, value in column.numbers.items():
        if text not in SENTINELS:
            continue
        outside = bool(variable.min) and not float(variable.min) <= value * factor <= float(variable.max)
        apart = bool(usual) and column.counts[text] > 1 and value > 9 and value > 1.3 * max(usual)
        if outside or apart:
            found.append(
                f"TODO: does '{shown(text)}' mean missing? Then write {shown(text)} here in quotation marks; otherwise "
                "delete this line."
            )
    return found


def _odd(column: Column, records: Iterable[dict[str, str]], wanted: str) -> list[str]:
    """Questions about texts of a column that are not what the others are; writing is named by its rows alone."""
    short = [text for text in column.odd if len(text) <= LONGEST_ODD]
    named = short if len(short) == len(column.odd) <= MOST_ODD else []
    questions = [
        f"TODO: '{shown(text)}' is not {wanted}; if it means missing write it here, otherwise correct it in the export."
        for text in named
    ]
    if column.odd and not named:
        odd = set(column.odd)
        rows = [record[ROW] for record in records if record[column.name] in odd]
        questions.append(
            f"TODO: {rows_told(rows)} hold something that is not {wanted}; correct the export, or write here the texts "
            "that mean missing."
        )
    return questions
