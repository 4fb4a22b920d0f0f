"""Find a cohort's files, check their bytes, read them as text. Nothing is interpreted here."""

from __future__ import annotations

import csv
import hashlib
import io
from pathlib import Path

from replicalc.errors import ReplicalcError, did_you_mean, fail_with_all
from replicalc.records import read_csv

#: Column that carries the row of every record, counted as a spreadsheet counts.
ROW = "source_row"
#: Which source a stacked record is from, as an index; no column of an export, since a header cannot hold it.
STACKED = f"{ROW}/stacked"


def locate(file: str, cohort: str, folders: list[str]) -> Path:
    """Find ``file`` in ``folders`` (or in a subfolder named after the cohort). Raises ReplicalcError with advice."""
    tried = [Path(folder) / part / file for folder in folders for part in ("", cohort)]
    for path in tried:
        if path.is_file():
            return path
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
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    if found != expected:
        raise ReplicalcError(
            f"{path}: its sha256 is {found}, but the cohort file has {expected}. "
            "This is another version of the file, or it was damaged or saved anew; download it again."
        )


def read_table(path: Path, source: dict) -> list[dict[str, str]]:
    """Read one source (a CSV file, a sheet of a workbook, an SPSS file) as text with the row number of each record.

    ``source`` is an entry of a cohort file's ``sources``: ``sheet``, ``header_row``, ``delimiter``, ``encoding``,
    ``column_names``; the columns carry the names that ``rename`` gives them, and those of ``constants`` are added.
    Raises ReplicalcError.
    """
    if is_spss(path):
        rows = _spss_rows(path, source)
    elif "column_names" in source:
        raise ReplicalcError(f"{path}: 'column_names' is for SPSS files (.sav), whose columns have names and labels")
    elif is_workbook(path):
        rows = _workbook_rows(path, source)
    elif path.suffix.lower() in (".csv", ".txt", ".tsv"):
        rows = _csv_rows(path, source)
    else:
        raise ReplicalcError(
            f"{path}: files of type '{path.suffix}' cannot be read; save it as CSV (UTF-8), XLSX or SAV"
        )
    start = source.get("header_row", 1)
    by_number = dict(rows)
    header = [name.strip() for name in by_number.get(start, [])]
    if not any(header):
        raise ReplicalcError(f"{path}: row {start} should hold the column names, but it is empty or missing")
    signs = [sign for sign in (";", "\t", "|", ",") if len(header) == 1 and sign in header[0]]
    if signs:
        raise ReplicalcError(
            f"{path}, row {start}: the whole header is one column, but contains {signs[0]!r}; is that the 'delimiter'?"
        )
    header = _renamed(header, source, path)
    doubled = sorted({name for name in header if name and header.count(name) > 1})
    if doubled:
        raise ReplicalcError(f"{path}, row {start}: the column {', '.join(map(repr, doubled))} stands twice")
    reserved = [name for name in header if name == ROW or name.startswith(f"{ROW}/")]
    if reserved:
        raise ReplicalcError(
            f"{path}, row {start}: a column cannot be called '{reserved[0]}', that is the number of the row; "
            "give it another name under 'rename'"
        )
    constants = {name: str(value) for name, value in source.get("constants", {}).items()}
    taken = [name for name in constants if name in header]
    if taken:
        raise ReplicalcError(f"{path}: the file has a column '{taken[0]}', so 'constants' cannot give it a value")
    text_file = not is_typed(path)
    records = []
    for number, cells in rows:
        if number <= start or not any(cell.strip() for cell in cells):
            continue
        if len(cells) > len(header) or (text_file and len(cells) < len(header)):
            raise ReplicalcError(f"{path}, row {number}: {len(cells)} cells, but the header has {len(header)} columns")
        cells = cells + [""] * (len(header) - len(cells))
        found = {name: cell.strip() for name, cell in zip(header, cells, strict=True) if name}
        records.append({ROW: str(number), **found, **constants})
    if not records:
        raise ReplicalcError(f"{path}: no records below the header in row {start}")
    return records


def _renamed(header: list[str], source: dict, path: Path) -> list[str]:
    """Give the columns of a file the names that ``rename`` has for them."""
    names = source.get("rename", {})
    for name in names:
        if name not in header:
            raise ReplicalcError(
                f"{path}: 'rename' names the column '{name}', which the file does not have."
                f"{did_you_mean(name, header)} Columns of the file: {', '.join(filter(None, header))}"
            )
    return [names.get(name, name) for name in header]


def own_name(column: str, source: dict) -> str:
    """Return what a column is called in the file itself, whatever ``rename`` calls it."""
    return next((own for own, new in source.get("rename", {}).items() if new == column), column)


def is_workbook(path: str | Path) -> bool:
    """Tell whether a file is a workbook."""
    return Path(path).suffix.lower() in (".xlsx", ".xls", ".ods")


def is_spss(path: str | Path) -> bool:
    """Tell whether a file is one of SPSS."""
    return Path(path).suffix.lower() in (".sav", ".zsav")


def is_typed(path: str | Path) -> bool:
    """Tell whether the dates and numbers of a file are typed already, so that no format or decimal sign is needed."""
    return is_workbook(path) or is_spss(path)


def _csv_rows(path: Path, source: dict) -> list[tuple[int, list[str]]]:
    encoding = source.get("encoding", "utf-8")
    if encoding.lower().replace("_", "-") in ("utf-8", "utf8"):
        encoding = "utf-8-sig"  # Excel's "CSV UTF-8" begins with a mark that is no text
    content = path.read_bytes()
    if content.startswith(b"PK") or b"\0" in content:
        raise ReplicalcError(f"{path}: this is not a text file; a workbook should end in .xlsx, .xls or .ods")
    try:
        text = content.decode(encoding)
    except LookupError as error:
        raise ReplicalcError(f"{path}: there is no encoding '{encoding}'; common ones are utf-8 and latin-1") from error
    except UnicodeDecodeError as error:
        raise ReplicalcError(
            f"{path}: byte {error.start} is not {source.get('encoding', 'utf-8')} text; "
            "give its 'encoding' in the cohort file, or save it as 'CSV UTF-8'"
        ) from error
    try:
        return list(
            enumerate(csv.reader(io.StringIO(text, newline=""), delimiter=source.get("delimiter", ","), strict=True), 1)
        )
    except csv.Error as error:
        raise ReplicalcError(f"{path}: not a well-formed CSV file: {error}") from error


def _workbook_rows(path: Path, source: dict) -> list[tuple[int, list[str]]]:
    from python_calamine import CalamineError, CalamineWorkbook

    try:
        workbook = CalamineWorkbook.from_path(str(path))
    except (CalamineError, OSError) as error:
        raise ReplicalcError(f"{path}: not a readable workbook ({error})") from error
    sheet = source.get("sheet", workbook.sheet_names[0])
    if sheet not in workbook.sheet_names:
        raise ReplicalcError(
            f"{path}: no sheet '{sheet}'.{did_you_mean(sheet, workbook.sheet_names)} "
            f"Sheets: {', '.join(workbook.sheet_names)}"
        )
    cells = workbook.get_sheet_by_name(sheet).to_python(skip_empty_area=False)
    return [(number, [_cell(value) for value in row]) for number, row in enumerate(cells, start=1)]


def _spss_rows(path: Path, source: dict) -> list[tuple[int, list[str]]]:
    """Read an SPSS file. Rows are counted as if it were saved as a sheet: the names in row 1, the first case in row 2.

    What the file itself declares missing (system and user missing) is empty. Codes are read, not their labels.
    """
    import pyreadstat

    unfit = [key for key in ("sheet", "header_row", "delimiter") if key in source]
    if unfit:
        raise ReplicalcError(f"{path}: '{unfit[0]}' is not for SPSS files, which have no such thing")
    try:
        columns, about = pyreadstat.read_sav(path, encoding=source.get("encoding"), output_format="dict")
    except (pyreadstat.ReadstatError, pyreadstat.PyreadstatError, UnicodeDecodeError, OverflowError) as error:
        raise ReplicalcError(f"{path}: not a readable SPSS file ({error})") from error
    names = list(about.column_names)
    if source.get("column_names") == "labels":
        names = [label or name for name, label in zip(names, about.column_labels, strict=True)]
    cases = zip(*columns.values(), strict=True)
    cells = ([_cell(value) for value in case] for case in cases)
    return list(enumerate([names, *cells], start=1))


def without_identical(records: list[dict[str, str]]) -> tuple[list[dict[str, str]], list[int]]:
    """Keep the first of the records that are the same in every column, wherever they stand.

    Returns those kept, in their order, and of how many alike each is the first.
    """
    count: dict[tuple[str, ...], int] = {}
    kept = []
    for record in records:
        content = tuple(cell for column, cell in record.items() if column not in (ROW, STACKED))
        if content not in count:
            kept.append(record)
        count[content] = count.get(content, 0) + 1
    return kept, list(count.values())


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        if value != value:
            return ""
        if value.is_integer() and abs(value) < 1e15:
            return str(int(value))
        # What follows the 15th decimal is the noise of binary arithmetic; a spreadsheet does not show it either.
        return repr(value) if len(repr(value).partition(".")[2]) <= 15 else f"{value:.15g}"
    if hasattr(value, "isoformat"):
        text = value.isoformat()
        return text.removesuffix("T00:00:00")
    return str(value)


def source_of(record: dict[str, str], column: str, origin: dict[str, int]) -> int:
    """Return the number of the source that a record has a column from."""
    return int(record[STACKED]) if STACKED in record else origin.get(column, 0)


def place_of(record: dict[str, str], column: str, origin: dict[str, int], names: list[str]) -> tuple[str, str]:
    """Name the file and the row that a joined or stacked record has a column from."""
    index = source_of(record, column, origin)
    return names[index], record[ROW if index == 0 or STACKED in record else f"{ROW}/{index}"]


def stack_sources(
    tables: list[list[dict[str, str]]], names: list[str], sources: list[dict]
) -> tuple[list[dict[str, str]], dict[str, int]]:
    """Put the records of several sources below each other; ``sources`` are the entries of the cohort file.

    Every source must have every column, or say under ``without`` that it has not: the cells are empty then. Returns
    the records and, for each column, the number of the first source that has it. Raises ReplicalcError with all faults.
    """
    origin: dict[str, int] = {}
    for index, table in enumerate(tables):
        for column in table[0]:
            if column != ROW:
                origin.setdefault(column, index)
    problems = []
    for table, name, source in zip(tables, names, sources, strict=True):
        lacks = source.get("without", [])
        for column in lacks:
            if column in table[0]:
                problems.append(f"{name}: the column '{column}' is listed under 'without', but the file has it")
            elif column not in origin:
                problems.append(
                    f"{name}: 'without' names the column '{column}', which no source has."
                    f"{did_you_mean(column, list(origin))}"
                )
        own = [column for column in table[0] if column != ROW]
        for column, first in origin.items():
            if column not in table[0] and column not in lacks:
                problems.append(
                    f"{name}: the column '{column}' of {names[first]} is missing.{did_you_mean(column, own)} "
                    "Say under 'rename' what it is called here, or list it under 'without' (its cells are empty then)"
                )
    fail_with_all("Sources that do not stack:", problems)
    return [
        {ROW: record[ROW], STACKED: str(index), **{column: record.get(column, "") for column in origin}}
        for index, table in enumerate(tables)
        for record in table
    ], origin


def join_sources(
    tables: list[list[dict[str, str]]], names: list[str], key: str | None
) -> tuple[list[dict[str, str]], dict[str, int]]:
    """Join several sources one to one on ``key``; every record must have exactly one partner in each source.

    Returns the records and, for each column, the number of the source that it comes from (the first that has it).
    """
    origin: dict[str, int] = {}
    for index, table in enumerate(tables):
        for column in table[0]:
            if column != ROW:
                origin.setdefault(column, index)
    if len(tables) == 1:
        return tables[0], origin
    if not key:
        raise ReplicalcError(f"{' and '.join(names)}: several sources need the key 'join_on' or 'stack'")
    joined: dict[str, dict[str, str]] = {}
    for index, (table, name) in enumerate(zip(tables, names, strict=True)):
        seen: set[str] = set()
        for record in table:
            if key not in record:
                raise ReplicalcError(f"{name}: no column '{key}' to join on.{did_you_mean(key, list(record))}")
            value = record[key]
            if value in seen:
                raise ReplicalcError(f"{name}, row {record[ROW]}, column '{key}': the value '{value}' stands twice")
            seen.add(value)
            if index == 0:
                joined[value] = dict(record)
            elif value not in joined:
                raise ReplicalcError(
                    f"{name}, row {record[ROW]}, column '{key}': '{value}' has no record in {names[0]}"
                )
            else:
                joined[value][f"{ROW}/{index}"] = record[ROW]
                for column, cell in record.items():
                    if column in (ROW, key):
                        continue
                    if joined[value].get(column, cell) != cell:
                        raise ReplicalcError(
                            f"{name}, row {record[ROW]}: '{column}' stands in two sources with different values"
                        )
                    joined[value][column] = cell
        lost = [value for value in joined if value not in seen]
        if lost:
            raise ReplicalcError(f"{name}: no record for {key} {', '.join(lost[:5])}, which {names[0]} has")
    return list(joined.values()), origin
