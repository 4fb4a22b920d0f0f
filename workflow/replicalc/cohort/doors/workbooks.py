"""The door for workbooks: XLSX, XLSM, XLS and ODS, one sheet of it, by python-calamine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from replicalc.cohort.doors.cells import Opened, cell_text, suffix
from replicalc.cohort.doors.oldexcel import inside_xls
from replicalc.cohort.doors.packages import check_archive, check_kind, inside_ods, inside_xlsx
from replicalc.errors import ReplicalcError, did_you_mean


def open_workbook(path: Path, source: dict) -> Opened:
    """Open one sheet. Dates and numbers are read as the workbook has them. Raises ReplicalcError."""
    check_kind(path)
    if suffix(path) != ".xls":
        check_archive(path)
    opened = Opened(())
    if suffix(path) == ".ods":
        inside = inside_ods(path, source.get("sheet"))
        opened.faults, opened.merged = inside.faults, inside.merged
    book = _book(path)
    names = book.sheet_names
    if not names:
        raise ReplicalcError(f"{path}: the workbook has no sheet")
    sheet = source.get("sheet", names[0])
    if sheet not in names:
        raise ReplicalcError(f"{path}: no sheet '{sheet}'.{did_you_mean(sheet, names)} Sheets: {', '.join(names)}")
    if suffix(path) in (".xlsx", ".xlsm"):
        opened.faults = inside_xlsx(path, sheet).faults
    elif suffix(path) == ".xls":
        opened.faults = inside_xls(path, sheet)
    with_areas = _guarded(path, lambda: book.get_sheet_by_name(sheet))
    for (top, left), (bottom, right) in with_areas.merged_cell_ranges or ():
        opened.merged.append((top + 1, left, bottom + 1, right))
    others = len(names) - 1
    if "sheet" not in source and others:
        opened.notes.append(
            f"{path}: the first of {len(names)} sheets is read, '{sheet}'; 'sheet' chooses another: "
            f"{', '.join(names[1:])}"
        )
    opened.rows = _rows(path, with_areas)
    return opened


def sheet_names(path: Path) -> list[str]:
    """Name the sheets of a workbook in their order."""
    check_kind(path)
    if suffix(path) != ".xls":
        check_archive(path)
    return _book(path).sheet_names


def _book(path: Path):
    from python_calamine import CalamineWorkbook

    return _guarded(path, lambda: CalamineWorkbook.from_path(str(path)))


def _guarded(path: Path, read):
    """Call the reader; also where it gives up by a panic, which Python does not count among exceptions."""
    from python_calamine import CalamineError, PasswordError

    try:
        return read()
    except PasswordError as error:
        raise ReplicalcError(
            f"{path}: not a readable workbook; it is protected by a password. Save it without one"
        ) from error
    except (CalamineError, OSError, ValueError, OverflowError) as error:
        raise ReplicalcError(f"{path}: not a readable workbook ({error})") from error
    except BaseException as error:
        if type(error).__name__ != "PanicException":
            raise
        raise ReplicalcError(f"{path}: not a readable workbook; it is damaged ({error})") from error


def _rows(path: Path, sheet) -> Iterator[tuple[int, list[str]]]:
    """Read the rows from A1 on; the reader itself begins with the first filled column."""
    if sheet.start is None:
        return
    before = [""] * sheet.start[1]
    rows = enumerate(_guarded(path, sheet.iter_rows), start=1)
    while (found := _guarded(path, lambda: next(rows, None))) is not None:
        number, cells = found
        yield number, [*before, *map(cell_text, cells)]
