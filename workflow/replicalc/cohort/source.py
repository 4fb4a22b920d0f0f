"""Find a cohort's files, check their bytes, read them as text. Nothing is interpreted here.

Each kind of file has its door in ``doors``; what is common to them is here: the header, the rows that a source takes,
the names of columns.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

from replicalc.cohort.doors.cells import ROW, STACKED, Opened, Record, Table, letters, suffix, tidied
from replicalc.cohort.doors.joining import join_sources, place_of, source_of, stack_sources, without_identical
from replicalc.cohort.doors.sharing import shared
from replicalc.cohort.doors.statistics import PARQUET, PROGRAMS, open_statistics
from replicalc.cohort.doors.texts import open_text
from replicalc.cohort.doors.workbooks import open_workbook
from replicalc.errors import ReplicalcError, did_you_mean, fail_with_all
from replicalc.records import read_csv

__all__ = [
    "ROW",
    "STACKED",
    "Table",
    "check_bytes",
    "is_spss",
    "is_typed",
    "is_workbook",
    "join_sources",
    "locate",
    "own_name",
    "place_of",
    "read_table",
    "source_of",
    "stack_sources",
    "without_identical",
]

TEXTS = (".csv", ".tsv", ".txt")
WORKBOOKS = (".xlsx", ".xlsm", ".xls", ".ods")
SPSS = (".sav", ".zsav")
#: Files whose columns have names and labels.
LABELLED = tuple(PROGRAMS)


def locate(file: str, cohort: str, folders: list[str]) -> Path:
    """Find ``file`` in ``folders`` (or in a subfolder named after the cohort). Raises ReplicalcError with advice."""
    tried = [Path(folder) / part / file for folder in folders for part in ("", cohort)]
    for path in tried:
        if path.is_file():
            return path
        if path.is_dir() and path.name == Path(file).name != cohort:
            raise ReplicalcError(
                f"cohort {cohort}: {path} is a folder, not a file; name the file in it under 'sources'"
            )
    raise ReplicalcError(
        f"cohort {cohort}: the file '{file}' is not there. Looked for {', '.join(str(path) for path in tried)}. "
        f"{_where_to_get(cohort, file)}"
    )


def _where_to_get(cohort: str, file: str) -> str:
    for row in read_csv("data/sources.csv") if Path("data/sources.csv").is_file() else []:
        if (row["cohort"], row["file"]) == (cohort, file):
            return f"It can be downloaded from {row['download']} ({row['licence']}); put it into data/raw/."
    return "Put it into data/raw/."


def check_bytes(path: Path, expected: str) -> None:
    """Compare the file's sha256 with the one on record. Raises ReplicalcError with both."""
    check_readable(path)
    with path.open("rb") as handle:
        found = hashlib.file_digest(handle, "sha256").hexdigest()
    if found != expected:
        raise ReplicalcError(
            f"{path}: its sha256 is {found}, but the cohort file has {expected}. "
            "This is another version of the file, or it was damaged or saved anew; download it again."
        )


def check_readable(path: Path) -> None:
    """Raise ReplicalcError where there is no file, or none that may be read."""
    if path.is_dir():
        raise ReplicalcError(f"{path}: this is a folder, not a file; name the file in it")
    try:
        with path.open("rb"):
            pass
    except FileNotFoundError as error:
        raise ReplicalcError(f"{path}: no such file") from error
    except OSError as error:
        raise ReplicalcError(
            f"{path}: the file cannot be opened ({error.strerror}). Is it yours to read, and closed in other programs?"
        ) from error


def is_workbook(path: str | Path) -> bool:
    """Tell whether a file is a workbook."""
    return suffix(path) in WORKBOOKS


def is_spss(path: str | Path) -> bool:
    """Tell whether a file is one of SPSS."""
    return suffix(path) in SPSS


def is_typed(path: str | Path) -> bool:
    """Tell whether the dates and numbers of a file are typed already, so that no format or decimal sign is needed."""
    return suffix(path) in (*WORKBOOKS, *PROGRAMS, *PARQUET)


def read_table(path: Path, source: dict, missing: Collection[str] = ()) -> Table:
    """Read one source (a text file, a sheet of a workbook, a file of a statistics program) as text, with row numbers.

    ``source`` is an entry of a cohort file's ``sources``; its keys are explained in ``config/cohorts/TEMPLATE.yaml``.
    The columns carry the names that ``rename`` gives them, ``only`` and ``where`` choose columns and rows, those of
    ``constants`` are added. ``missing`` are codes that the cohort file declares missing; they need not be choices of a
    data dictionary. What was left out by a declared rule is counted in ``left_out`` and told. Raises ReplicalcError.
    """
    path = Path(path)
    check_readable(path)
    opened = open_source(path, source)
    table, own = _records(path, source, opened)
    table.labels = {column: opened.labels[name] for column, name in own.items() if name in opened.labels}
    if is_typed(path):
        opened.notes += _lost_zeros(table, path)
    if not table:
        raise ReplicalcError(f"{path}: no records below the header in row {source.get('header_row', 1)}")
    if "data_dictionary" in source:
        from replicalc.cohort.doors.redcap import check_export, read_project

        project = read_project(path.parent / source["data_dictionary"])
        table.labels |= check_export(table, own, project, path, missing)
    table = _chosen(table, own, source, path)
    table.notes = opened.notes
    for note in (*table.notes, *(f"{path}: {count} rows left out ({rule})" for rule, count in table.left_out)):
        print(note, file=sys.stderr)
    return table


def open_source(path: Path, source: dict) -> Opened:
    """Open the door for a kind of file, which is told by the ending of its name."""
    if "column_names" in source and suffix(path) not in LABELLED:
        raise ReplicalcError(
            f"{path}: 'column_names' is for SPSS files (.sav), Stata and SAS files, whose columns have names and labels"
        )
    if "format_catalog" in source and suffix(path) not in PROGRAMS:
        raise ReplicalcError(f"{path}: 'format_catalog' is for SAS files (.sas7bdat)")
    if suffix(path) in (*PROGRAMS, *PARQUET):
        return open_statistics(path, source)
    if is_workbook(path):
        unfit = [key for key in ("delimiter", "encoding") if key in source]
        if unfit:
            raise ReplicalcError(f"{path}: '{unfit[0]}' is not for workbooks, which have no such thing")
        return open_workbook(path, source)
    if suffix(path) in TEXTS:
        if "sheet" in source:
            raise ReplicalcError(f"{path}: 'sheet' is for workbooks; a text file has no sheets")
        return open_text(path, source)
    raise ReplicalcError(
        f"{path}: files of type '{suffix(path)}' cannot be read; save it as CSV (UTF-8), XLSX, ODS, Parquet, SAV "
        "(SPSS), DTA (Stata), SAS7BDAT or XPT (SAS)"
    )


def _records(path: Path, source: dict, opened: Opened) -> tuple[Table, dict[str, str]]:
    """Read the header and all rows below it. Returns the records and, for each column, its name in the file."""
    rows = iter(opened.rows)
    header, above = read_header(path, source, opened, rows)
    start, constants = len(above), constants_of(path, source, header)
    places = {name: place for place, name in enumerate([ROW, *header, *constants])}
    share = shared(len(header))
    after = tuple(constants.values())
    table = Table(name=str(path), source=source)
    filled: set[int] = set()
    unnamed = [place for place, name in enumerate(above[-1]) if not name]
    for number, cells in rows:
        cells = share(cells)
        if not any(cells):
            continue
        if len(cells) != len(header):
            if len(cells) > len(header) or opened.exact:
                raise ragged(path, number, cells, header, source, last=next(rows, None) is None)
            cells += [""] * (len(header) - len(cells))
        filled.update(place for place in unnamed if cells[place])
        table.append(Record(places, (str(number), *cells, *after)))
    for place in unnamed:  # all records share the places, so that a column leaves all of them at once
        if place not in filled:
            del places[header[place]]
        else:
            opened.notes.append(f"{path}, row {start}: column {letters(place)} is filled but has no name")
    _check_cells(path, start, header, opened, source)
    given = source.get("rename", {})
    back = {new: old for old, new in given.items()}
    return table, {name: back.get(name, name) for name in places if name != ROW and name not in constants}


def read_header(
    path: Path, source: dict, opened: Opened, rows: Iterator[tuple[int, list[str]]]
) -> tuple[list[str], list[list[str]]]:
    """Take the rows down to the header; return the names of the columns, and these rows as they stand in the file."""
    start = source.get("header_row", 1)
    above: list[list[str]] = []
    for _, cells in rows:
        above.append([tidied(cell) for cell in cells])
        if len(above) == start:
            break
    if len(above) < start or not any(above[-1]):
        beyond = f"; the file has {len(above)} rows" if len(above) < start else ""
        raise ReplicalcError(f"{path}: row {start} should hold the column names, but it is empty or missing{beyond}")
    return _header(path, above, opened, source), above


def constants_of(path: Path, source: dict, header: list[str]) -> dict[str, str]:
    """Return what the cohort file says under 'constants'; no column of the file may be called so."""
    constants = {name: str(value) for name, value in source.get("constants", {}).items()}
    taken = [name for name in constants if name in header]
    if taken:
        raise ReplicalcError(f"{path}: the file has a column '{taken[0]}', so 'constants' cannot give it a value")
    return constants


def _header(path: Path, above: list[list[str]], opened: Opened, source: dict) -> list[str]:
    """Give the columns their names: each has one, each stands once. Raises ReplicalcError."""
    start, header = len(above), list(above[-1])
    for top, left, bottom, right in opened.merged:
        if bottom == start and left == right and top < start:
            # A name that is merged over several rows stands in the uppermost.
            header[left] = header[left] or above[top - 1][left]
        elif top <= start <= bottom and right > left:
            raise ReplicalcError(
                f"{path}, row {start}: the cells {letters(left)}{top} to {letters(right)}{bottom} are merged, so that "
                f"column {letters(left + 1)} has no name of its own. Unmerge them and give each column a name, or set "
                "'header_row' to the row that has one for each"
            )
    above[-1] = list(header)
    if len(header) == 1 and header[0].lower().startswith("sep="):
        raise ReplicalcError(
            f"{path}, row {start}: '{header[0]}' is a note for Excel, not a column. Write header_row: {start + 1} and "
            f'delimiter: "{header[0][4:]}"'
        )
    signs = [sign for sign in (";", "\t", "|", ",") if len(header) == 1 and sign in header[0]]
    if signs:
        raise ReplicalcError(
            f"{path}, row {start}: the whole header is one column, but contains {signs[0]!r}; is that the 'delimiter'?"
        )
    header = [name or f"(column {letters(place)})" for place, name in enumerate(header)]
    names = source.get("rename", {})
    for name in names:
        if name not in header:
            raise ReplicalcError(
                f"{path}: 'rename' names the column '{name}', which the file does not have."
                f"{did_you_mean(name, header)} Columns of the file: {', '.join(header)}"
            )
    header = [names.get(name, name) for name in header]
    doubled = sorted({name for name in header if header.count(name) > 1})
    if doubled:
        where = " and ".join(letters(place) for place, name in enumerate(header) if name == doubled[0])
        raise ReplicalcError(
            f"{path}, row {start}: the column {', '.join(map(repr, doubled))} stands twice (columns {where}); each "
            "needs a name of its own"
        )
    reserved = [name for name in header if name == ROW or name.startswith(f"{ROW}/")]
    if reserved:
        raise ReplicalcError(
            f"{path}, row {start}: a column cannot be called '{reserved[0]}', that is the number of the row; "
            "give it another name under 'rename'"
        )
    return header


def ragged(path: Path, number: int, cells: list[str], header: list[str], source: dict, last: bool) -> ReplicalcError:
    if len(cells) > len(header):
        advice = "A cell that holds the delimiter must stand in quotation marks; a decimal comma is one as well"
    elif last:
        advice = "It is the last row: the file was cut off. Export it again"
    else:
        advice = "A line break within a cell must stand in quotation marks; is this row a title or a sum?"
    return ReplicalcError(
        f"{path}, row {number}: {len(cells)} cells, but the header has {len(header)} columns. {advice}"
    )


def _check_cells(path: Path, start: int, header: list[str], opened: Opened, source: dict) -> None:
    """Tell the cells of the table that would be read as empty and are not: errors, formulas, merged cells."""
    only = {*source.get("only", header), *source.get("where", {})}

    def used(place: int) -> bool:
        return place < len(header) and header[place] in only

    problems = [
        f"in a cell of the sheet (the file does not say which): {told}" for row, _, told in opened.faults if not row
    ]
    problems += [
        f"row {row}, column {letters(place)} ('{header[place]}'): {told}"
        for row, place, told in opened.faults
        if row > start and used(place)
    ]
    problems += [
        f"row {max(top, start)}: the cells {letters(left)}{top} to {letters(right)}{bottom} are merged; only the "
        "first of them has a value. Unmerge them and fill in the others"
        for top, left, bottom, right in opened.merged
        if bottom > start and any(used(place) for place in range(left, right + 1))
    ]
    fail_with_all(f"{path}:", problems)


def _lost_zeros(table: Table, path: Path) -> list[str]:
    """Say which columns of numbers may be identifiers that lost their leading zeros, which typed files cannot keep."""
    notes = []
    for column in list(table[0])[1:] if table else []:
        cells = _whole_numbers(table, column)
        numbers, sizes = set(map(int, cells)), {len(cell) for cell in cells}
        if numbers and len(numbers) == len(cells):
            notes += lost_zeros_told(path, column, sizes, min(numbers), max(numbers), len(numbers))
    return notes


def lost_zeros_told(path: Path, column: str, sizes: set[int], least: int, most: int, n: int) -> list[str]:
    """Say so if ``n`` different numbers of these numbers of digits may be identifiers that began with zeros."""
    if len(sizes) < 2 or max(sizes) < 4 or most - least + 1 == n:  # 1, 2, 3, ... are no identifiers of a centre
        return []
    return [
        f"{path}, column '{column}': numbers, all different, of {min(sizes)} to {max(sizes)} digits. If they "
        "are identifiers that began with zeros, this file has lost them; a CSV export keeps them"
    ]


def _whole_numbers(table: Table, column: str) -> list[str]:
    """Give the cells of a column that holds nothing but whole numbers, else an empty list."""
    cells = []
    for record in table:
        cell = record[column]
        if cell and (not cell.isdecimal() or cell.startswith("0")):
            return []
        if cell:
            cells.append(cell)
    return cells


def check_chosen(path: Path, source: dict, own: list[str]) -> None:
    """Hold 'where' and 'only' against the columns that a file has."""
    for key in ("where", "only"):
        for name in source.get(key, []):
            if name not in own:
                raise ReplicalcError(
                    f"{path}: '{key}' names the column '{name}', which the file does not have."
                    f"{did_you_mean(name, own)} Columns of the file: {', '.join(own)}"
                )


def _chosen(table: Table, own: Mapping[str, str], source: dict, path: Path) -> Table:
    """Keep the rows that ``where`` asks for and the columns that ``only`` names; count the rows left out."""
    from replicalc.cohort.doors.redcap import check_rows_chosen

    where = {name: _texts(wanted) for name, wanted in source.get("where", {}).items()}
    check_chosen(path, source, list(own))
    kept = Table(table, table.name, source)
    kept.labels = table.labels
    for name, wanted in where.items():
        found = {record[name] for record in kept}
        absent = [value for value in wanted if value not in found]
        if absent:
            there = f" There are: {', '.join(map(repr, sorted(found)))}" if len(found) <= 10 else ""
            raise ReplicalcError(
                f"{path}, column '{name}': 'where' asks for '{absent[0]}', which no row has."
                f"{did_you_mean(absent[0], sorted(found))}{there}"
            )
        before = len(kept)
        kept[:] = [record for record in kept if record[name] in wanted]
        told = " or ".join(f"'{value}'" for value in wanted)
        if before > len(kept):
            kept.left_out.append((f"{name} is not {told}", before - len(kept)))
    check_rows_chosen(kept, own, where, path)
    if "only" in source:
        names = [ROW, *source["only"], *source.get("constants", {})]
        places = {name: place for place, name in enumerate(names)}
        kept[:] = [Record(places, tuple(record[name] for name in names)) for record in kept]
    return kept


def _texts(wanted: object) -> list[str]:
    return [str(each) for each in wanted] if isinstance(wanted, list) else [str(wanted)]


def own_name(column: str, source: dict) -> str:
    """Return what a column is called in the file itself, whatever ``rename`` calls it."""
    return next((own for own, new in source.get("rename", {}).items() if new == column), column)
