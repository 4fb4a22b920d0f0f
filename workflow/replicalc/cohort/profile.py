"""Profile an export: what each column holds, counted, so that a mapping can be proposed. Nothing is mapped here.

A profile stays with the data. What may be shown of it is told by ``told``: headings, kinds and counts, never an
identifier, never a value that stands in fewer than ``FEWEST`` rows or in a column with many different ones.
"""

from __future__ import annotations

import datetime
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from replicalc.cohort import profile_redcap as redcap
from replicalc.cohort.doors.cells import suffix
from replicalc.cohort.doors.statistics import PROGRAMS
from replicalc.cohort.doors.workbooks import open_workbook, sheet_names
from replicalc.cohort.open_points import TODO
from replicalc.cohort.profile_words import is_missing_word
from replicalc.cohort.sniff import sniff
from replicalc.cohort.source import ROW, check_readable, is_typed, is_workbook, own_name, read_table
from replicalc.errors import ReplicalcError

#: A value in fewer rows is not shown outside of the cohort file.
FEWEST = 5
#: A column with more different texts than this holds no codes.
MOST_CODES = 60
#: A text longer than this is no code but writing.
LONGEST_CODE = 60
#: A column is of numbers (or dates) if at least this share of its texts are.
SHARE = 0.8
#: Forms of dates that are tried. A year of two digits is not among them: nothing says its century.
FORMATS = (
    "%Y-%m-%d",
    "%d.%m.%Y",
    "%m.%d.%Y",
    "%d/%m/%Y",
    "%m/%d/%Y",
    "%d-%m-%Y",
    "%m-%d-%Y",
    "%Y/%m/%d",
    "%Y.%m.%d",
    "%Y%m%d",
    "%d%m%Y",
    "%m%d%Y",
    "%d-%b-%Y",
    "%d%b%Y",
    "%d %b %Y",
    "%d %B %Y",
    "%b %d, %Y",
    "%Y-%m-%d %H:%M:%S",
    "%Y-%m-%dT%H:%M:%S",
    "%d.%m.%Y %H:%M",
    "%d/%m/%Y %H:%M",
    "%m/%d/%Y %H:%M",
)
#: Numbers as they are written with a point and with a comma, a unit behind them or not.
NUMBER = re.compile(r"([+-]?(?:\d{1,15}(?:[.,]\d{0,15})?|[.,]\d{1,15})(?:[eE][+-]?\d{1,2})?)\s*(mm|cm|%|inch)?")


@dataclass(frozen=True, slots=True)
class Column:
    """One column of an export.

    ``counts``: how often each text stands there, empty cells left out. ``label``: what SPSS, Stata or SAS call the
    column; ``value_labels``: what they call its codes. ``missing``: texts that say in words that nothing is known.
    ``formats``: the forms of date that every text has (most of them, where ``odd`` is not empty). ``numbers``: the
    texts that are numbers. ``odd``: texts of a column of numbers or dates that are none. ``units``: units behind them.
    ``event``: of a longitudinal REDCap export, the one in whose rows the column was looked at; '' where there is none.
    """

    name: str
    n_rows: int
    counts: Counter
    label: str = ""
    value_labels: dict[str, str] = field(default_factory=dict)
    missing: tuple[str, ...] = ()
    formats: tuple[str, ...] = ()
    numbers: dict[str, float] = field(default_factory=dict)
    odd: tuple[str, ...] = ()
    units: tuple[str, ...] = ()
    event: str = ""

    @property
    def n_values(self) -> int:
        """How many rows hold something that is not a word for missing."""
        return sum(n for text, n in self.counts.items() if text not in self.missing)

    @property
    def texts(self) -> list[str]:
        """The different texts, words for missing left out, in the order of the file."""
        return [text for text in self.counts if text not in self.missing]

    @property
    def kind(self) -> str:
        """'empty', 'date', 'number', 'category' (few different texts), or 'text' (identifiers and free text)."""
        if not self.n_values:
            return "empty"
        if self.formats:
            return "date"
        if self.numbers:
            return "number"
        return "category" if self.is_coded else "text"

    @property
    def is_coded(self) -> bool:
        """Whether its texts can be codes: few, short, and repeated (or few rows altogether)."""
        texts = self.texts
        few = len(texts) <= MOST_CODES and max(map(len, texts), default=0) <= LONGEST_CODE
        return few and (len(texts) <= 12 or len(texts) <= 0.5 * self.n_values)

    @property
    def is_unique(self) -> bool:
        """Whether no two rows hold the same."""
        return len(self.texts) == self.n_values == self.n_rows

    @property
    def comma(self) -> tuple[int, int]:
        """How many numbers are written with a point and with a comma, as many rows as hold them."""
        point = sum(n for text, n in self.counts.items() if text in self.numbers and "." in text)
        return point, sum(n for text, n in self.counts.items() if text in self.numbers and "," in text)

    def values(self) -> list[float]:
        """The numbers, as often as they stand there, sorted."""
        return sorted(value for text, value in self.numbers.items() for _ in range(self.counts[text]))

    def told(self) -> str:
        """What may be shown of the column: its kind and counts that identify nobody."""
        missing = self.n_rows - self.n_values
        few = self.kind == "category" or (self.kind == "number" and len(self.texts) <= 12)
        parts = [f"{len(self.texts)} different value{'s' if len(self.texts) > 1 else ''}" if few else self.kind]
        if 0 < missing < FEWEST or 0 < self.n_values < FEWEST:
            # The other of the two would tell it by subtraction, so neither is shown.
            parts.append("nearly all filled" if missing < self.n_values else "nearly all missing")
        else:
            parts.append(f"{self.n_values} values")
            parts += [f"{missing} missing"] if missing else []
        if self.kind == "date" and len(self.formats) > 1:
            parts.append("day and month can be either way round")
        return ", ".join(parts)


@dataclass(frozen=True, slots=True)
class Table:
    """A file (or a sheet) as it was read: the entry for ``sources``, its records as text, its columns.

    ``main`` are the records that tell what a row is: all of them, or those of the largest event.
    """

    path: Path
    source: dict
    records: Sequence[Mapping[str, str]]
    columns: list[Column]
    decimal: str | None
    typed: bool
    main: Sequence[Mapping[str, str]]


def profile(path: str | Path, sheet: str | None = None, data_dictionary: str | Path | None = None) -> Table:
    """Read a file as the workflow would and profile its columns.

    ``sheet`` is one of a workbook; ``data_dictionary`` is that of a REDCap project, in the folder of the export. Of an
    export with several events, each column is profiled in the event in which it has most values. Raises
    ReplicalcError where the file cannot be read.
    """
    path = Path(path)
    source = _source(path, sheet)
    asked = redcap.rows_apart(path, source) if not is_typed(path) else {}
    records = read_table(path, source | ({"where": asked} if asked else {}))
    # A heading that begins as an open point does would be taken for one wherever it stands as a value.
    questions = {name: f"column {name}" for name in records[0] if name.startswith(TODO)}
    if questions:
        source["rename"] = questions
        records = read_table(path, source | ({"where": asked} if asked else {}))
    names = [name for name in records[0] if name != ROW]
    own = {name: own_name(name, source) for name in names}
    labels, value_labels = _column_labels(path), records.labels
    if data_dictionary is not None:
        labels, value_labels = redcap.labels_of(path, Path(data_dictionary), records, own)
        source["data_dictionary"] = Path(data_dictionary).name
    events = redcap.events_of(records, asked)
    columns = []
    for name in names:
        event = redcap.fullest(events, name)
        cells = [record[name] for record in (events[event] if events else records)]
        column = describe(name, cells, labels.get(own[name], ""), value_labels.get(name, {}))
        columns.append(replace(column, event=event))
    if asked:
        source["where"] = redcap.questions(events, asked, columns)
    typed = is_typed(path)
    main = max(events.values(), key=len) if events else records
    return Table(path, source, records, columns, "." if typed else decimal_sign(columns), typed, main)


def _source(path: Path, sheet: str | None) -> dict:
    """The entry for ``sources``, without the file, as far as the file itself tells it. Raises ReplicalcError."""
    check_readable(path)
    if sheet is not None and not is_workbook(path):
        raise ReplicalcError(f"{path}: --sheet is for workbooks (.xlsx, .xls, .ods)")
    if is_workbook(path) and sheet is None:
        filled = [name for name in sheet_names(path) if _is_filled(path, name)]
        if not filled:
            raise ReplicalcError(f"{path}: every sheet of the workbook is empty")
        if len(filled) > 1:
            told = ", ".join(f"'{shown(name)}'" for name in filled)
            raise ReplicalcError(
                f"{path}: the workbook has {len(filled)} sheets: {told}. Say with --sheet which one holds the "
                "patients; twice for two sheets side by side"
            )
        sheet = filled[0]
    source = sniff(path, sheet).source(path.name, sheet)
    del source["file"]
    return source


def _is_filled(path: Path, sheet: str) -> bool:
    return any(any(cells) for _, cells in open_workbook(path, {"sheet": sheet}).rows)


def describe(name: str, cells, label: str = "", value_labels: dict[str, str] | None = None) -> Column:
    """Profile one column; ``cells`` are its texts, '' is empty."""
    counts = Counter(cells)
    n_rows = counts.total()
    counts.pop("", None)
    value_labels = value_labels or {}
    missing = tuple(text for text in counts if is_missing_word(value_labels.get(text, text)))
    rest = [text for text in counts if text not in missing]
    column = Column(name, n_rows, counts, label, value_labels, missing)
    if not rest:
        return column
    formats, odd = _date_formats(rest, counts)
    if formats:
        return Column(name, n_rows, counts, label, value_labels, missing, formats, odd=odd)
    found = {text: match for text in rest if (match := NUMBER.fullmatch(text))}
    n = sum(counts[text] for text in rest)
    if sum(counts[text] for text in found) < SHARE * n:
        return column
    numbers = {text: float(match[1].replace(",", ".")) for text, match in found.items()}
    odd = tuple(text for text in rest if text not in found)
    units = tuple(dict.fromkeys(match[2] for match in found.values() if match[2]))
    return Column(name, n_rows, counts, label, value_labels, missing, numbers=numbers, odd=odd, units=units)


def _date_formats(texts: list[str], counts: Counter) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The forms of date that most texts have, and the texts that have not the form that fits best."""
    dated = [text for text in texts if re.search(r"\d", text) and 6 <= len(text) <= 20]
    total = sum(counts[text] for text in texts)
    if sum(counts[text] for text in dated) < SHARE * total:
        return (), ()
    # Most forms fall at a glance; only what is left is tried on a long column.
    glance = dated[:: max(1, len(dated) // 500)]
    forms = [f for f in FORMATS if sum(_is_date(text, f) for text in glance) >= 0.5 * len(glance)]
    if not forms:
        return (), ()
    failing = {form: [text for text in texts if not _is_date(text, form)] for form in forms}
    missed = {form: sum(counts[text] for text in bad) for form, bad in failing.items()}
    fewest = min(missed.values())
    if fewest > (1 - SHARE) * total:
        return (), ()
    best = [form for form in forms if missed[form] == fewest]
    return tuple(best), tuple(failing[best[0]])


def _is_date(text: str, form: str) -> bool:
    if len(text) != 8 and form in ("%Y%m%d", "%d%m%Y", "%m%d%Y"):
        return False  # strptime would take fewer digits
    try:
        return 1850 <= datetime.datetime.strptime(text, form).year <= 2100
    except ValueError:
        return False


def decimal_sign(columns: list[Column], *, typed: bool = False) -> str | None:
    """The decimal sign of a file; None where both are used, or '1,234' (or '1.234') may as well be a thousand.

    In a ``typed`` file (a workbook) numbers have a point whatever was seen on the screen; a comma stands in cells that
    are text, which are then read with it.
    """
    points = [] if typed else [text for column in columns if column.comma[0] for text in column.numbers if "." in text]
    commas = [text for column in columns if column.comma[1] for text in column.numbers if "," in text]
    written = points or commas
    if (points and commas) or (written and all(re.fullmatch(r"[+-]?[1-9]\d{0,2}[.,]\d{3}", text) for text in written)):
        return None
    if not commas:
        return "."
    return ","


def _column_labels(path: Path) -> dict[str, str]:
    """What a statistics program calls the columns of a file; nothing for other files."""
    if suffix(path) not in PROGRAMS:
        return {}
    import pyreadstat

    _, about = getattr(pyreadstat, PROGRAMS[suffix(path)][1])(str(path), metadataonly=True)
    return {name: label for name, label in zip(about.column_names, about.column_labels, strict=True) if label}


def shown(text: str, most: int = 60) -> str:
    """A heading or code as it can stand in a line: no line breaks, no control characters, cut where it is long."""
    clean = "".join(c if c.isprintable() else " " for c in text)
    clean = re.sub(r"\s+", " ", clean).strip()
    return clean if len(clean) <= most else clean[: most - 3] + "..."
