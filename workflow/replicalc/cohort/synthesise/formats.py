"""A synthetic export as a workbook and as an SPSS file, same content: the door for real files is tried on them.

The bytes depend on the content alone: neither file carries the time at which it was written.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from replicalc.cohort.source import ROW, read_table
from replicalc.job import job, whole_file
from replicalc.records import load_checked, load_dictionary

#: When the files say that they were made: the first day that a ZIP archive can name.
MADE = datetime.datetime(1980, 1, 1)
SPSS_MADE = b"01 Jan 8000:00:00"
#: SPSS counts the seconds since the first day of the Gregorian calendar.
SPSS_DAY_0 = datetime.date(1582, 10, 14)
#: A number as a person types it; a text such as 007 is an id.
NUMBER = re.compile(r"-?(0|[1-9]\d*)(\.\d+)?")
SHEET, TOLD = "export", "synthetic patients, made from published numbers; nobody's data"
#: Words that SPSS does not take as the name of a variable.
RESERVED = ("ALL", "AND", "BY", "EQ", "GE", "GT", "LE", "LT", "NE", "NOT", "OR", "TO", "WITH")
LONGEST_NAME = 64


@dataclass(frozen=True)
class Column:
    """A column of the export: its cells as text, and what they are.

    ``kind`` is 'date', 'number' or 'text'. ``form`` is how dates are written. ``labels`` maps a text to what it means.
    """

    name: str
    cells: list[str]
    kind: str
    form: str
    labels: dict[str, str]

    @property
    def decimals(self) -> int:
        return max((len(cell.partition(".")[2]) for cell in self.cells), default=0)

    def dates(self) -> list[datetime.date | None]:
        return [datetime.datetime.strptime(cell, self.form).date() if cell else None for cell in self.cells]


@job
def other_formats(export, cohort_file, dictionary_file, xlsx_out, sav_out):
    """Write a CSV export also as XLSX and as SPSS file; its cohort file says which columns hold dates and codes.

    A cell is a number or a date in the workbook where it is one in the export. In the SPSS file a column is numeric
    where all its cells are numbers; the names of the export are the labels of its variables, and the codes have the
    labels that the cohort file gives them.
    """
    found = columns_of(export, load_checked(cohort_file, "cohort"), load_dictionary(dictionary_file))
    _write_xlsx(found, xlsx_out)
    _write_sav(found, sav_out)


def columns_of(export: str | Path, config: dict, variables: dict) -> list[Column]:
    """Read the CSV export and tell dates, numbers and texts apart."""
    records = read_table(Path(export), config["sources"][0])
    readers: dict[str, tuple[str, dict]] = {}
    for name, entry in config["variables"].items():
        if "column" in entry:
            readers.setdefault(entry["column"], (name, entry))
    found = []
    for column in (name for name in records[0] if name != ROW):
        cells = [record[column] for record in records]
        name, entry = readers.get(column, ("", {}))
        dated = bool(name) and variables[name].type == "date"
        numeric = any(cells) and all(NUMBER.fullmatch(cell) for cell in cells if cell)
        labels = {str(text): str(code) for text, code in entry.get("codes", {}).items() if str(text) in set(cells)}
        kind = "date" if dated else "number" if numeric else "text"
        found.append(Column(column, cells, kind, entry.get("format", ""), labels))
    return found


def _write_xlsx(columns: Sequence[Column], path) -> None:
    import xlsxwriter

    with whole_file(path) as temporary, xlsxwriter.Workbook(str(temporary)) as book:
        book.set_properties({"title": TOLD, "created": MADE})
        sheet = book.add_worksheet(SHEET)
        bold, day = book.add_format({"bold": True}), book.add_format({"num_format": "dd.mm.yyyy"})
        numbers = {n: book.add_format({"num_format": f"0.{'0' * n}" if n else "0"}) for n in range(16)}
        sheet.freeze_panes(1, 0)
        for place, column in enumerate(columns):
            sheet.write_string(0, place, column.name, bold)
            days = column.dates() if column.kind == "date" else []
            for row, cell in enumerate(column.cells, start=1):
                if cell and column.kind == "date":
                    sheet.write_datetime(row, place, datetime.datetime.combine(days[row - 1], datetime.time()), day)
                elif NUMBER.fullmatch(cell):
                    sheet.write_number(row, place, float(cell), numbers[len(cell.partition(".")[2])])
                elif cell:
                    sheet.write_string(row, place, cell)


def _write_sav(columns: Sequence[Column], path) -> None:
    import pandas as pd
    import pyreadstat

    names = spss_names([column.name for column in columns])
    data, formats, measures, labels = {}, {}, {}, {}
    for name, column in zip(names, columns, strict=True):
        if column.kind == "date":
            # The library takes a column of Python dates that begins with a gap for text; a date of SPSS is a number.
            seconds = [None if day is None else (day - SPSS_DAY_0).days * 86400.0 for day in column.dates()]
            data[name] = pd.Series(seconds, dtype="float64")
            formats[name], measures[name] = "EDATE10", "scale"
        elif column.kind == "number":
            data[name] = pd.Series([float(cell) if cell else None for cell in column.cells], dtype="float64")
            formats[name] = f"F8.{column.decimals}"
            measures[name] = "nominal" if column.labels else "scale"
            labels[name] = {float(text): meaning for text, meaning in column.labels.items()}
        else:
            data[name] = pd.Series(column.cells, dtype="str")
            measures[name] = "nominal"
            labels[name] = column.labels
    with whole_file(path) as temporary:
        # The library goes by the ending of the name.
        spss = temporary.with_suffix(".sav")
        try:
            pyreadstat.write_sav(
                pd.DataFrame(data),
                str(spss),
                file_label=TOLD[:64],
                column_labels=[column.name for column in columns],
                variable_value_labels={name: found for name, found in labels.items() if found},
                variable_format=formats,
                variable_measure=measures,
            )
            temporary.write_bytes(_undated(spss.read_bytes()))
        finally:
            spss.unlink(missing_ok=True)


def _undated(content: bytes) -> bytes:
    """Put ``SPSS_MADE`` in the place of the time of writing, bytes 92 to 108 of the header (date and time).

    The layout is that of the GNU PSPP manual, "System File Format", file header record.
    """
    return content[:92] + SPSS_MADE + content[92 + len(SPSS_MADE) :]


def spss_names(names: Sequence[str]) -> list[str]:
    """Make names that SPSS takes: a letter first, then letters, digits and _, no reserved word, each once.

    Case does not tell names apart in SPSS; a name that is there already gets a number.
    """
    found: list[str] = []
    for name in names:
        word = re.sub(r"[^A-Za-z0-9]+", "_", name).strip("_")
        if not re.match(r"[A-Za-z]", word) or word.upper() in RESERVED:
            word = f"v_{word}".rstrip("_")
        word, number = word[:LONGEST_NAME].rstrip("_"), 1
        base = word
        while word.upper() in (each.upper() for each in found):
            number += 1
            word = f"{base[: LONGEST_NAME - len(str(number)) - 1]}_{number}"
        found.append(word)
    return found
