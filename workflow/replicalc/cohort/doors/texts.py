"""The door for text files: any delimiter, any declared encoding, quoted line breaks, every kind of line end.

A file is read twice, piece by piece, so that memory does not grow with it: first its bytes are held against the
declared encoding, then its cells are read.
"""

from __future__ import annotations

import codecs
import csv
import re
from collections.abc import Iterator
from pathlib import Path

from replicalc.cohort.doors.cells import Opened, suffix
from replicalc.errors import ReplicalcError

PIECE = 1 << 20
#: How a file begins that is something else, and what it is.
BEGINNINGS = (
    (b"PK\x03\x04", "a workbook or a ZIP archive"),
    (b"PK", "a workbook or a ZIP archive"),
    (b"\xd0\xcf\x11\xe0", "an old Excel file or a password-protected workbook"),
    (b"PAR1", "a Parquet file"),
    (b"$FL2", "an SPSS file"),
    (b"$FL3", "an SPSS file"),
    (b"<stata_dta>", "a Stata file"),
    (b"\x1f\x8b", "a compressed file; unpack it"),
    (b"%PDF", "a PDF"),
)
#: Marks of wide encodings at the beginning of a text; the longer ones first, since they begin alike.
MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
    (codecs.BOM_UTF8, "utf-8"),
)
#: Ways of writing names and string constants that Python counts among encodings.
NO_TABLES = ("idna", "punycode", "unicode_escape", "unicode-escape", "raw_unicode_escape", "raw-unicode-escape")
COMMON = "common ones are utf-8, cp1252 (Windows) and latin-1"


def open_text(path: Path, source: dict) -> Opened:
    """Open a CSV, TSV or TXT file. Raises ReplicalcError where it is something else or in another encoding."""
    encoding = declared(path, source)
    notes = check_encoding(path, encoding)
    delimiter = source.get("delimiter", "\t" if suffix(path) == ".tsv" else ",")
    return Opened(_rows(path, encoding, delimiter), notes=notes, exact=True)


def declared(path: Path, source: dict) -> str:
    """Give Python's name of the encoding that the cohort file declares; UTF-8 may begin with a mark."""
    encoding = source.get("encoding", "utf-8")
    try:
        info = codecs.lookup(encoding)
    except (LookupError, ValueError):  # a name with a NUL in it is a ValueError
        info = None
    odd = info is not None and (not getattr(info, "_is_text_encoding", True) or info.name in NO_TABLES)
    if info is None or odd:
        raise ReplicalcError(f"{path}: there is no encoding '{encoding}'; {COMMON}")
    return "utf-8-sig" if info.name in ("utf-8", "utf-8-sig") else info.name


def check_encoding(path: Path, encoding: str) -> list[str]:
    """Hold all bytes against an encoding, piece by piece; return what a reader should know.

    Raises ReplicalcError naming the line and what would be right: another encoding, another kind of file.
    """
    wide = encoding.startswith(("utf-16", "utf-32"))
    said = encoding.removesuffix("-sig")
    decoder, other = codecs.getincrementaldecoder(encoding)(), codecs.getincrementaldecoder("utf-8")()
    other_fits, foreign = not encoding.startswith("utf"), ""
    at, line, notes = 0, 1, []
    with path.open("rb") as handle:
        while True:
            piece = handle.read(PIECE)
            if at == 0:
                _check_beginning(path, piece, said)
            if b"\0" in piece and not wide:
                place = at + piece.index(b"\0")
                many = piece[:1000].count(b"\0") * 4 > len(piece[:1000])
                why = "it looks like UTF-16; write encoding: utf-16-le" if many else "the file is damaged"
                raise ReplicalcError(f"{path}: byte {place} is zero, so this is not a text file in {said}: {why}")
            waiting = len(decoder.getstate()[0])
            try:
                text = decoder.decode(piece, final=not piece)
            except UnicodeDecodeError as error:
                raise _not_in(path, said, piece, error, at - waiting, line, waiting) from error
            if said in ("iso8859-1", "latin-1") and (strange := re.search("[\x80-\x9f]", text)):
                shown = strange[0].encode("latin-1").decode("cp1252", "replace")
                raise ReplicalcError(
                    f"{path}, line {line + _breaks(text[: strange.start()])}: a sign that latin-1 does not have; "
                    f"in cp1252 it is '{shown}'. Write encoding: cp1252"
                )
            if "\ufffd" in text and not notes:
                where = line + _breaks(text[: text.index("\ufffd")])
                notes.append(
                    f"{path}, line {where}: the sign \ufffd stands where a letter was lost when the file was saved"
                )
            if other_fits:
                try:
                    found = other.decode(piece, final=not piece)
                    if not foreign:
                        foreign = next((sign for sign in found if not sign.isascii()), "")
                except UnicodeDecodeError:
                    other_fits = False
            line += _breaks(text)
            at += len(piece)
            if not piece:
                break
    if other_fits and foreign:
        wrong = foreign.encode().decode(encoding, "replace")
        raise ReplicalcError(
            f"{path}: the file is in UTF-8, but 'encoding' says {said}: '{foreign}' would be read as '{wrong}'. "
            "Write encoding: utf-8"
        )
    return notes


def _check_beginning(path: Path, piece: bytes, said: str) -> None:
    if not piece:
        raise ReplicalcError(
            f"{path}: the file is empty (0 bytes); its first row should hold the column names. Export it again"
        )
    for beginning, what in BEGINNINGS:
        if piece.startswith(beginning):
            raise ReplicalcError(
                f"{path}: this is not a text file but {what}; a file must end as what it is: .xlsx, .xls, .ods, .sav, "
                ".dta, .parquet"
            )
    for mark, encoding in MARKS:
        if piece.startswith(mark):
            if not said.startswith(encoding):
                raise ReplicalcError(
                    f"{path}: the file is in {encoding.upper()}, not in {said}. Write encoding: {encoding}"
                )
            break
    else:
        if said in ("utf-16", "utf-32"):
            raise ReplicalcError(
                f"{path}: the file does not begin as {said.upper()} does; {COMMON}, and {said}-le is {said.upper()} "
                "without the mark at the beginning"
            )


def _not_in(
    path: Path, said: str, piece: bytes, error: UnicodeDecodeError, start: int, line: int, waiting: int
) -> ReplicalcError:
    """Say at which byte and line a text leaves its encoding, and what the sign would be in the usual other one."""
    before = error.object[: error.start]
    where = line + max(before.count(b"\n"), before.count(b"\r"))
    if not piece and waiting:
        return ReplicalcError(f"{path}, line {where}: the file ends within a letter; it was cut off. Export it again")
    sign = error.object[error.start : error.start + 1].decode("cp1252", "replace")
    hint = f"in cp1252 (Windows) it would be '{sign}'" if sign.isprintable() and sign != "\ufffd" else COMMON
    return ReplicalcError(
        f"{path}, line {where}: byte {start + error.start} is not {said} text; {hint}. "
        "Give the 'encoding' in the cohort file, or save the file as 'CSV UTF-8'"
    )


def _breaks(text: str) -> int:
    return max(text.count("\n"), text.count("\r"))


def _rows(path: Path, encoding: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Read the rows. A quotation mark that is never closed is a fault of the row in which it stands."""
    number = 0
    with path.open(encoding=encoding, newline="") as handle:
        try:
            for cells in csv.reader(handle, delimiter=delimiter, strict=True):
                number += 1
                yield number, cells
        except csv.Error as error:
            where = f"{path}, row {number + 1}"
            if "unexpected end of data" in str(error):
                told = (
                    "a cell begins with a quotation mark that is never closed. The file was cut off, or a quotation "
                    "mark within a cell is not doubled"
                )
            elif "field limit" in str(error):
                told = (
                    "a cell of more than 131072 signs. A quotation mark is opened and never closed, or this is no table"
                )
            elif "expected after" in str(error):
                told = (
                    f"after a closing quotation mark there should be the delimiter '{delimiter}' or the end of the "
                    "row. Is the delimiter right? A quotation mark within a cell must be doubled"
                )
            else:
                told = str(error)
            raise ReplicalcError(f"{where}: not a well-formed CSV file: {told}") from error
