"""The door for files of statistics programs and for Parquet: SPSS, Stata, SAS by pyreadstat, Parquet by pyarrow.

Codes are read, not their labels; what the file itself calls missing (system and user missing) is empty. Rows are
counted as if the file were saved as a sheet: the names in row 1, the first case in row 2.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from replicalc.cohort.doors.cells import Opened, cell_text, single_precision, suffix
from replicalc.errors import ReplicalcError

#: Ending of the name: what such a file is called, and the reader of pyreadstat.
PROGRAMS = {
    ".sav": ("SPSS", "read_sav"),
    ".zsav": ("SPSS", "read_sav"),
    ".dta": ("Stata", "read_dta"),
    ".sas7bdat": ("SAS", "read_sas7bdat"),
    ".xpt": ("SAS transport", "read_xport"),
}
PARQUET = (".parquet", ".pq")
#: Formats that show a number with zeros before it, as identifiers are: N8 (SPSS), Z8. (SAS), %08.0f (Stata).
PADDED = re.compile(r"(?:N(\d+)(?:\.0)?|Z(\d+)(?:\.0?)?|%0(\d+)(?:\.0)?[fg])")
#: Records of a SAS transport file have this many bytes; there is no count of rows in it (SAS TS-140).
TRANSPORT_RECORD = 80


def open_statistics(path: Path, source: dict) -> Opened:
    """Open an SPSS, Stata, SAS or Parquet file. Raises ReplicalcError."""
    program = "Parquet" if suffix(path) in PARQUET else PROGRAMS[suffix(path)][0]
    unfit = [key for key in ("sheet", "header_row", "delimiter") if key in source]
    if unfit:
        raise ReplicalcError(f"{path}: '{unfit[0]}' is not for {program} files, which have no such thing")
    if "format_catalog" in source and suffix(path) != ".sas7bdat":
        raise ReplicalcError(f"{path}: 'format_catalog' is for SAS files (.sas7bdat)")
    return _parquet(path, source) if program == "Parquet" else _by_pyreadstat(path, source, program)


def _by_pyreadstat(path: Path, source: dict, program: str) -> Opened:
    import pyreadstat

    with path.open("rb") as handle:
        start = handle.read(64)
    if b"ENCRYPTED" in start:
        raise ReplicalcError(
            f"{path}: not a readable {program} file; it is protected by a password. Save it without one"
        )
    size = path.stat().st_size
    if suffix(path) == ".xpt" and size % TRANSPORT_RECORD:
        raise ReplicalcError(
            f"{path}: not a readable {program} file; it ends within a record ({size} bytes are no multiple of "
            f"{TRANSPORT_RECORD}), so it was cut off. Export it again"
        )
    _try_elsewhere(path, source, program)
    read = getattr(pyreadstat, PROGRAMS[suffix(path)][1])
    columns, about = _guarded(
        path, program, lambda: read(path, encoding=source.get("encoding"), output_format="dict"), start
    )
    names = list(about.column_names)
    labels = {name: _labels(found) for name, found in about.variable_value_labels.items()}
    if "format_catalog" in source:
        labels |= _from_catalog(path, source, about)
    if source.get("column_names") == "labels":
        called = [label or name for name, label in zip(names, about.column_labels, strict=True)]
    else:
        called = names
    writers = [_writer(about, name) for name in names]
    cases = zip(*columns.values(), strict=True)
    return Opened(
        _rows(called, writers, cases),
        labels={new: labels[name] for name, new in zip(names, called, strict=True) if labels.get(name)},
    )


#: Reads a file and says nothing; what counts is whether the process survives.
TRIAL = """
import sys, pyreadstat
getattr(pyreadstat, sys.argv[1])(sys.argv[2], encoding=sys.argv[3] or None, output_format="dict")
"""


def _try_elsewhere(path: Path, source: dict, program: str) -> None:
    """Read the file once in a process of its own: the C library can crash on a damaged file, and the whole run with it.

    A crash (1.3.7 has one in the dictionary of SPSS files) becomes a sentence; an error is told when the file is read.
    """
    reader, encoding = PROGRAMS[suffix(path)][1], source.get("encoding") or ""
    trial = subprocess.run(
        [sys.executable, "-I", "-c", TRIAL, reader, str(path), encoding], capture_output=True, check=False
    )
    if trial.returncode not in (0, 1):
        raise ReplicalcError(
            f"{path}: not a readable {program} file (it is damaged, so that its reader crashes). Export it again"
        )


def _guarded(path: Path, program: str, read: Callable, start: bytes):
    import pyreadstat

    try:
        return read()
    except (pyreadstat.ReadstatError, pyreadstat.PyreadstatError, UnicodeDecodeError) as error:
        why = "it is empty (0 bytes)" if not start else _in_words(error)
        raise ReplicalcError(f"{path}: not a readable {program} file ({why})") from error
    except (OverflowError, ValueError) as error:
        raise ReplicalcError(
            f"{path}: not a readable {program} file (a date or a time in it lies outside the years 1 to 9999: {error})"
        ) from error


def _in_words(error: Exception) -> str:
    text = str(error)
    if "expected number of rows" in text or "Unable to read from file" in text:
        return f"{text}: it was cut off. Export it again"
    if "allocate memory" in text:
        return f"{text}: a length in it cannot be right, so it is damaged. Export it again"
    if "convert" in text or isinstance(error, UnicodeDecodeError):
        return f"{text}: it does not say its encoding rightly; give it under 'encoding', such as cp1252"
    return text


def _from_catalog(path: Path, source: dict, about) -> dict[str, dict[str, str]]:
    """Read the labels of a SAS file, which lie in a catalog of their own beside it, by the name of the format."""
    import pyreadstat

    catalog = path.parent / source["format_catalog"]
    if not catalog.is_file():
        raise ReplicalcError(
            f"{path}: its format catalog '{catalog.name}' is not beside it. Put it there, or leave 'format_catalog' out"
        )
    with catalog.open("rb") as handle:
        start = handle.read(64)
    _, formats = _guarded(
        catalog, "SAS catalog", lambda: pyreadstat.read_sas7bcat(catalog, encoding=source.get("encoding")), start
    )
    found = {}
    for name, given in about.original_variable_types.items():
        plain = re.sub(r"[\d.]*$", "", str(given or ""))
        known = next((key for key in formats.value_labels if key.upper() in (plain.upper(), str(given).upper())), None)
        if known is not None:
            found[name] = _labels(formats.value_labels[known])
    return found


def _labels(given: dict) -> dict[str, str]:
    return {cell_text(code): str(label).strip() for code, label in given.items()}


def _writer(about, name: str) -> Callable[[object], str]:
    """Choose how the numbers of a column become text: as typed, and with the zeros that its format shows."""
    given = str((about.original_variable_types or {}).get(name) or "")
    padded = PADDED.fullmatch(given)
    if padded:
        width = int(next(filter(None, padded.groups())))
        return lambda value: text.zfill(width) if (text := cell_text(value)).isdecimal() else text
    if (about.readstat_variable_types or {}).get(name) == "float":
        return lambda value: single_precision(value) if isinstance(value, float) else cell_text(value)
    return cell_text


def _rows(names: list[str], writers: list[Callable], cases) -> Iterator[tuple[int, list[str]]]:
    yield 1, names
    for number, case in enumerate(cases, start=2):
        yield number, [write(value) for write, value in zip(writers, case, strict=True)]


def _parquet(path: Path, source: dict) -> Opened:
    import pyarrow as pa
    import pyarrow.parquet as pq

    for key in ("encoding", "column_names"):
        if key in source:
            raise ReplicalcError(f"{path}: '{key}' is not for Parquet files, which have no such thing")
    with path.open("rb") as handle:
        start = handle.read(4)
    if start == b"PARE":
        raise ReplicalcError(f"{path}: not a readable Parquet file (it is encrypted; save it without a key)")
    try:
        file = pq.ParquetFile(path)
        schema = file.schema_arrow
    except (pa.ArrowException, OSError, ValueError) as error:
        why = "it is empty (0 bytes)" if not start else f"it is cut off or damaged: {str(error).splitlines()[0]}"
        raise ReplicalcError(f"{path}: not a readable Parquet file ({why})") from error
    strange = [each.name for each in schema if pa.types.is_nested(each.type) or pa.types.is_binary(each.type)]
    if strange:
        raise ReplicalcError(
            f"{path}, column '{strange[0]}': holds {schema.field(strange[0]).type} in its cells, which are no texts, "
            "numbers or dates"
        )
    return Opened(_parquet_rows(path, file, [texts_of(each.type) for each in schema]))


def texts_of(kind) -> Callable[[object], list[str]]:
    """Choose how a column of Parquet becomes texts, a whole column at a time."""
    import pyarrow as pa

    if pa.types.is_dictionary(kind):
        inner = texts_of(kind.value_type)
        return lambda column: inner(column.dictionary_decode())
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return lambda column: column.fill_null("").to_pylist()
    if pa.types.is_float32(kind) or pa.types.is_float16(kind):
        write = single_precision
    elif pa.types.is_decimal(kind):
        write = lambda value: "" if value is None else format(value, "f")  # noqa: E731
    else:
        write = cell_text
    return lambda column: list(map(write, column.to_pylist()))


def _parquet_rows(path: Path, file, writers: list[Callable]) -> Iterator[tuple[int, list[str]]]:
    """Read group by group, so that memory holds one group at a time."""
    import pyarrow as pa

    number = 1
    yield number, list(file.schema_arrow.names)
    try:
        for batch in file.iter_batches(batch_size=20_000):
            columns = [write(column) for write, column in zip(writers, batch.columns, strict=True)]
            for cells in zip(*columns, strict=True):
                number += 1
                yield number, list(cells)
    except (pa.ArrowException, OSError, ValueError) as error:
        raise damaged(path, error) from error


def damaged(path: Path, error: Exception) -> ReplicalcError:
    """Say that a Parquet file cannot be read to its end."""
    return ReplicalcError(
        f"{path}: not a readable Parquet file (it is cut off or damaged: {str(error).splitlines()[0]})"
    )
