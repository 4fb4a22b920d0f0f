"""The one exception that a user is meant to read."""

from __future__ import annotations

from collections.abc import Sequence


class ReplicalcError(Exception):
    """A fault in the input, told in plain English: which file, row, column and value, and what would be right."""


def fail_with_all(heading: str, problems: Sequence[str], limit: int = 20) -> None:
    """Raise one error that lists every problem (the first ``limit`` in full), or do nothing if there is none."""
    if not problems:
        return
    shown = [f"  - {problem}" for problem in problems[:limit]]
    if len(problems) > limit:
        shown.append(f"  - and {len(problems) - limit} more of this kind")
    raise ReplicalcError("\n".join([heading, *shown]))


def did_you_mean(word: str, known: Sequence[str]) -> str:
    """Return ' Did you mean ...?' for a near miss, else an empty text."""
    from difflib import get_close_matches

    near = get_close_matches(str(word), [str(k) for k in known], n=1, cutoff=0.7)
    return f" Did you mean '{near[0]}'?" if near else ""
