"""Whether a relation has the shape that the engine reads, for callers who give relations that no schema has seen."""

from __future__ import annotations

from collections.abc import Mapping
from numbers import Real

from replicalc.errors import ReplicalcError

#: Keys that hold a list, and how many entries it has, if that is fixed. A single text stands for a list of one.
_LISTS = {
    "limits": 2, "scale": 2, "parts": None, "ratios": None, "exclusive": None, "greater": None, "equal": None,
    "among": None,
}  # fmt: skip
_TEXTS = ("claims", "p", "crude", "tests", "methods", "intervals", "forms", "significant", "not_significant",
          "above_one", "below_one")  # fmt: skip
#: Keys of a mapping, by the kinds in which they are one.
_MAPPINGS = {
    "rows": ("table",), "columns": ("table",), "total": ("quantiles",), "share": ("statement",),
    "paired": ("statement",), "differ": ("statement",), "not_differ": ("statement",), "target": ("statement",),
    "includes": ("statement",), "excludes": ("statement",), "independent": ("statement",),
    "nested_share": ("statement",),
}  # fmt: skip
#: Keys of a count in every kind.
_COUNTS = ("of", "n", "n_a", "n_b", "n_a_at_most", "n_b_at_most", "events", "exposed", "exposed_events", "diseased",
           "healthy", "positive", "negative", "tp", "fp", "fn", "tn", "zeros", "at_most", "count")  # fmt: skip
#: What these mappings need.
_NEEDED = {
    "share": ("count", "of"), "paired": ("a", "b", "of"), "differ": ("a", "b"), "not_differ": ("a", "b"),
    "includes": ("interval", "value"), "excludes": ("interval", "value"), "independent": ("ratio", "model"),
    "nested_share": ("a", "b"), "target": ("of", "named"), "rows": ("variable", "codes"),
    "columns": ("variable", "codes"), "total": ("claims", "n"),
}  # fmt: skip
_WHOLE = {"items": 1, "raters": 2}
_COUNT_KEYS = ({"whole_of"}, {"sum"}, {"total", "without"})


def check_shape(name: str, kind: str, given: Mapping) -> None:
    """Look at the types and lengths of what a relation holds; what it names is looked up later.

    Raises ReplicalcError, with the relation's id, for the first thing that cannot be read.
    """

    def wrong(key: str, expected: str) -> ReplicalcError:
        return ReplicalcError(f"relation {name}: '{key}' is {expected}, not {given[key]!r}")

    for key, length in _LISTS.items():
        if key in given and (not _is_list(given[key]) or not given[key] or length not in (None, len(given[key]))):
            raise wrong(key, f"a list of {length}" if length else "a list")
    for key in _TEXTS:
        value = given.get(key)
        if value is not None and not (isinstance(value, str) or (_is_list(value) and all(map(_is_text, value)))):
            raise wrong(key, "a name or a list of names")
    for key, kinds in _MAPPINGS.items():
        if kind in kinds and key in given and not isinstance(given[key], Mapping):
            raise wrong(key, "several keys with their values")
        missing = [each for each in _NEEDED[key] if kind in kinds and key in given and each not in given[key]]
        if missing:
            raise ReplicalcError(f"relation {name}: '{key}' needs '{missing[0]}'")
    for pair in _as_list(given.get("equal")):
        if not _is_list(pair) or len(pair) != 2:
            raise wrong("equal", "a list of pairs")
    if "scale" in given and not all(isinstance(v, Real) and not isinstance(v, bool) for v in given["scale"]):
        raise wrong("scale", "two numbers")
    for key, least in _WHOLE.items():
        if key in given and (not _is_whole(given[key]) or given[key] < least):
            raise wrong(key, f"a whole number from {least} upward")
    for key in _COUNTS:
        if kind != "cited" and given.get(key) is not None and not isinstance(given[key], bool):
            _check_count(name, key, given[key])
    for key in ("total", "without", "parts") if kind == "sum" else ():
        for each in _as_list(given.get(key)):
            _check_count(name, key, each)
    if kind == "sum":
        _check_once(name, "parts", [given.get("total"), *_as_list(given.get("parts"))])
    for number, group in enumerate(_as_list(given.get("groups")), start=1):
        if not isinstance(group, Mapping):
            raise ReplicalcError(f"relation {name}: group {number} needs 'claims' and 'n', and is {group!r}")
        if "claims" not in group:
            raise ReplicalcError(f"relation {name}: group {number} needs 'claims'")
        if group.get("n") is not None:
            _check_count(name, f"n of group {number}", group["n"])


def _check_count(name: str, key: str, given: object) -> None:
    """A count: a name, a whole number from 0 upward, or a mapping of counts."""
    if isinstance(given, str) or (_is_whole(given) and given >= 0):
        return
    if isinstance(given, Mapping) and set(given) in _COUNT_KEYS:
        if "whole_of" in given:
            return
        for inner in ("sum", "without"):
            parts = given.get(inner)
            if parts is not None and (not _is_list(parts) or not parts):
                raise ReplicalcError(f"relation {name}: '{inner}' in '{key}' is a list of counts, not {parts!r}")
            for each in _as_list(parts):
                _check_count(name, f"{inner} in {key}", each)
            _check_once(name, f"{inner} in {key}", _as_list(parts))
        if "total" in given:
            _check_count(name, f"total in {key}", given["total"])
        return
    raise ReplicalcError(
        f"relation {name}: a count is a claim, a cell, a whole number from 0 upward, whole_of, sum, or total with "
        f"without; '{key}' is {given!r}"
    )


def _check_once(name: str, key: str, counts: list) -> None:
    """Nobody is counted twice: each count stands once in a sum. Of equal whole numbers their sum can be written."""
    named = [str(each) for each in counts]
    twice = next((each for each in named if named.count(each) > 1), None)
    if twice is not None:
        raise ReplicalcError(f"relation {name}: '{key}' names one count twice ('{twice}')")


def _is_list(value: object) -> bool:
    return isinstance(value, (list, tuple))


def _as_list(value: object) -> list:
    return list(value) if _is_list(value) else [] if value is None else [value]


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
