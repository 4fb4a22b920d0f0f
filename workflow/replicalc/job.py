"""What every job shares: one lock inside Snakemake's process, a complete log, files written whole or not at all.

Light jobs run as threads of Snakemake's own process. NumPy's, pandas' and matplotlib's global settings belong to all of
them, so a light job holds one lock while it works: results never depend on which job happened to run beside it.
"""

from __future__ import annotations

import functools
import os
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from replicalc.disclosure.settings import PRIVATE
from replicalc.errors import ReplicalcError

_LOCK = threading.RLock()


@contextmanager
def whole_file(path: str | Path) -> Iterator[Path]:
    """Give a temporary neighbour of ``path`` to write to; it takes the place of ``path`` only if all went well."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    kept_private = close_folders(path)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}.part")
    try:
        yield temporary
        if kept_private:
            temporary.chmod(0o600)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def close_folders(path: Path) -> bool:
    """Let only the owner into the folders of ``path`` from a private one downwards; tell whether there is one."""
    folders = [path.parent, *path.parent.parents]
    outermost = max((i for i, folder in enumerate(folders) if folder.name.endswith(PRIVATE)), default=None)
    for folder in folders[: outermost + 1] if outermost is not None else ():
        folder.chmod(0o700)
    return outermost is not None


def write_text(path: str | Path, text: str) -> None:
    """Write ``text`` as UTF-8 with Unix line ends, whole or not at all."""
    with whole_file(path) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")


def job(function: Callable) -> Callable:
    """Turn ``function(*files, **params)`` into a job ``function(*files, log, **params)``.

    Files are paths, lists of paths, or dictionaries of these. The last positional argument is the log file. The log
    holds what was called with what, and the traceback if it failed; the caller sees one plain sentence. The digests of
    the code (``code``) and of what is used of shared files (``uses``) are for Snakemake alone and are dropped.
    """

    @functools.wraps(function)
    def run(*files_and_log, code: str | None = None, uses: list[str] | None = None, **params):
        *files, log = map(_plain, files_and_log)
        lines = [f"{function.__module__}:{function.__qualname__}"]
        lines += [f"  file   {file!r}" for file in files]
        lines += [f"  param  {name} = {value!r}" for name, value in params.items()]
        with _LOCK:
            started = time.perf_counter()  # what it waited for others is not its own work
            try:
                function(*files, **params)
            except ReplicalcError as error:
                _log(log, [*lines, traceback.format_exc(), str(error)])
                raise ReplicalcError(f"{error}\nDetails: {log}") from None
            except Exception as error:
                message = f"{Path(log).stem} failed with {type(error).__name__}: {error}. The traceback is in {log}"
                _log(log, [*lines, traceback.format_exc(), message])
                raise ReplicalcError(message) from error
        _log(log, [*lines, f"done in {time.perf_counter() - started:.2f} s"])

    return run


def _plain(value: object) -> object:
    """Turn Snakemake's own list and text types into Python's, so that the log can be read back."""
    if isinstance(value, dict):
        return {str(name): _plain(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return str(value)


def _log(log: str | Path, lines: list[str]) -> None:
    write_text(log, "\n".join(lines) + "\n")
