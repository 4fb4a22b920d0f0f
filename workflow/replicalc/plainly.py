"""What a person sees of a run: a fault of the input as its sentence, and no lines about scheduling."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from replicalc.errors import ReplicalcError


@contextmanager
def plainly() -> Iterator[None]:
    """Show a fault of the input as its sentence alone, and stop with exit code 1."""
    try:
        yield
    except ReplicalcError as error:
        print(f"\n{error}\n", file=sys.stderr)
        raise SystemExit(1) from None


def plain_words(record) -> bool:
    """Filter Snakemake's log: drop its lines about scheduling, and cut a fault of the input down to its sentence."""
    text = str(record.msg)
    fault = re.search(r"ReplicalcError in file [^\n]*\n(.*?)(?:\n  File .*)?\Z", text, re.DOTALL)
    if fault:
        record.msg = f"\n{fault[1]}\n"
    chatter = (
        "Select jobs to execute",
        "Execute ",
        "Shutting down",
        "Exiting because",
        "Using shell:",
        "Conda environ",
    )
    return not text.startswith(chatter)
