"""Several sources become one table: beside each other on a key, or below each other."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Mapping, Sequence

from replicalc.cohort.doors.cells import ROW, STACKED, Record
from replicalc.errors import ReplicalcError, did_you_mean, fail_with_all

#: How a source is joined to what stands before it in the cohort file. 'left': records before it without a partner here
#: keep empty cells, and records here without a partner are left out; both are counted. 'one_to_many': a record may have
#: several partners here. 'many_to_one': several records may share a partner here.
JOINS = ("one_to_one", "one_to_many", "many_to_one", "left", "left_one_to_many", "left_many_to_one")
#: How many records a message names.
SHOWN = 5


def without_identical(records: Sequence[Mapping[str, str]]) -> tuple[list[Mapping[str, str]], list[int]]:
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


def source_of(record: Mapping[str, str], column: str, origin: dict[str, int]) -> int:
    """Return the number of the source that a record has a column from."""
    return int(record[STACKED]) if STACKED in record else origin.get(column, 0)


def place_of(record: Mapping[str, str], column: str, origin: dict[str, int], names: list[str]) -> tuple[str, str]:
    """Name the file and the row that a joined or stacked record has a column from."""
    index = source_of(record, column, origin)
    return names[index], record[ROW if index == 0 or STACKED in record else f"{ROW}/{index}"]


def _origin(tables: Sequence[Sequence[Mapping[str, str]]]) -> dict[str, int]:
    """Map each column to the number of the first source that has it."""
    origin: dict[str, int] = {}
    for index, table in enumerate(tables):
        for column in table[0]:
            if column != ROW:
                origin.setdefault(column, index)
    return origin


def stack_sources(
    tables: list[list[Mapping[str, str]]], names: list[str], sources: list[dict]
) -> tuple[list[Mapping[str, str]], dict[str, int]]:
    """Put the records of several sources below each other; ``sources`` are the entries of the cohort file.

    Every source must have every column, or say under ``without`` that it has not: the cells are empty then. Returns
    the records and, for each column, the number of the first source that has it. Raises ReplicalcError with all faults.
    """
    origin = _origin(tables)
    problems = [
        f"{name}: 'join' is for sources beside each other ('join_on'), but these are stacked"
        for name, source in zip(names, sources, strict=True)
        if "join" in source
    ]
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
    places = {name: place for place, name in enumerate([ROW, STACKED, *origin])}
    return [
        Record(places, (record[ROW], str(index), *(record.get(column, "") for column in origin)))
        for index, table in enumerate(tables)
        for record in table
    ], origin


def join_sources(
    tables: list[list[Mapping[str, str]]], names: list[str], key: str | Sequence[str] | None
) -> tuple[list[Mapping[str, str]], dict[str, int]]:
    """Join several sources on one or several key columns, each to all that stand before it.

    Every record must have exactly one partner in each source, unless the source says otherwise under ``join`` (see
    ``JOINS``). What 'left' leaves empty or out is counted and told. Returns the records and, for each column, the
    number of the source that it comes from (the first that has it). Raises ReplicalcError with all faults of a source.
    """
    origin = _origin(tables)
    if "join" in getattr(tables[0], "source", {}):
        raise ReplicalcError(
            f"{names[0]}: 'join' says how a source is joined to those before it, and this is the first; move it to "
            "another"
        )
    if len(tables) == 1:
        return tables[0], origin
    if not key:
        raise ReplicalcError(f"{' and '.join(names)}: several sources need the key 'join_on' or 'stack'")
    keys = [key] if isinstance(key, str) else list(key)
    for table, name in zip(tables, names, strict=True):
        for column in keys:
            if column not in table[0]:
                own = [each for each in table[0] if each != ROW]
                raise ReplicalcError(
                    f"{name}: no column '{column}' to join on.{did_you_mean(column, own)} "
                    "'rename' gives a column of this file the name of the key"
                )
    joined: list[Mapping[str, str]] = list(tables[0])
    for index in range(1, len(tables)):
        how = getattr(tables[index], "source", {}).get("join", "one_to_one")
        joined = _beside(joined, tables[index], index, names, keys, how)
    return joined, origin


def _beside(
    joined: list[Mapping[str, str]],
    table: list[Mapping[str, str]],
    index: int,
    names: list[str],
    keys: list[str],
    how: str,
) -> list[Mapping[str, str]]:
    """Put one more source beside the records so far."""
    first, name = names[0], names[index]
    columns = " + ".join(f"'{column}'" for column in keys)
    noun = "column" if len(keys) == 1 else "columns"
    problems: list[str] = []

    def place(record: Mapping[str, str], file: str) -> str:
        return f"{file}, row {record[ROW]}, {noun} {columns}"

    partners: dict[tuple[str, ...], list[Mapping[str, str]]] = {}
    for record in table:
        value = _value(record, keys)
        if "" in value:
            problems.append(f"{place(record, name)}: has no value to join on")
        elif value in partners and not how.endswith("one_to_many"):
            problems.append(
                f"{place(record, name)}: the value {_told(value)} stands twice. If a record has several partners in "
                f"this file, write join: one_to_many for it"
            )
        partners.setdefault(value, []).append(record)
    seen: Counter[tuple[str, ...]] = Counter()
    alone = []
    for record in joined:
        value = _value(record, keys)
        if "" in value:
            problems.append(f"{place(record, first)}: has no value to join on")
            continue
        seen[value] += 1
        if seen[value] == 2 and not how.endswith("many_to_one"):
            problems.append(
                f"{place(record, first)}: the value {_told(value)} stands twice. If several records share a partner in "
                f"{name}, write join: many_to_one for that file"
            )
        if value not in partners:
            alone.append(value)
    strange = [(value, record) for value, records in partners.items() for record in records if value not in seen]
    if how.startswith("left"):
        if alone or strange:
            print(
                f"{name}: {len(alone)} records of {first} have no partner here (their cells are empty), and "
                f"{len(strange)} records of this file have none there (they are left out)",
                file=sys.stderr,
            )
        if hasattr(table, "left_out") and strange:
            table.left_out.append((f"no partner in {first}", len(strange)))
    else:
        problems += [
            f"{place(record, name)}: {_told(value)} has no record in {first}{_near(value, seen)}"
            for value, record in strange
            if "" not in value
        ]
        if alone:
            told = ", ".join(_told(value, bare=True) for value in alone[:SHOWN])
            more = f" and {len(alone) - SHOWN} more" if len(alone) > SHOWN else ""
            problems.append(
                f"{name}: no record for {' + '.join(keys)} {told}{more}, which {first} "
                f"has{_near(alone[0], partners)}. If partners may be missing, write join: left for this file"
            )
    common = [column for column in table[0] if column in joined[0] and column not in (ROW, *keys)]
    new = [column for column in table[0] if column not in joined[0]]
    old = list(joined[0])
    places = {column: number for number, column in enumerate([*old, f"{ROW}/{index}", *new])}
    found = []
    for record in joined:
        cells = tuple(record[column] for column in old)
        for partner in partners.get(_value(record, keys), [None]):
            if partner is None:
                found.append(Record(places, (*cells, "", *("" for _ in new))))
                continue
            problems += [
                f"{name}, row {partner[ROW]}: '{column}' stands in two sources with different values, here "
                f"'{partner[column]}' and '{record[column]}' in an earlier one. 'rename' it, or leave it out with "
                "'only'"
                for column in common
                if partner[column] != record[column]
            ]
            found.append(Record(places, (*cells, partner[ROW], *(partner[column] for column in new))))
    fail_with_all(f"Sources that do not join on {columns}:", problems)
    return found


def _value(record: Mapping[str, str], keys: list[str]) -> tuple[str, ...]:
    return tuple(record[column] for column in keys)


def _told(value: tuple[str, ...], bare: bool = False) -> str:
    text = " / ".join(value)
    return text if bare else f"'{text}'"


def _near(value: tuple[str, ...], known) -> str:
    """Say that a partner is there but for capital letters or zeros at the beginning, which programs change."""

    def plain(each: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(part.casefold().lstrip("0") for part in each)

    near = next((each for each in known if plain(each) == plain(value)), None)
    if near is None:
        return ""
    return f"; there is {_told(near)}, so zeros at the beginning or capital letters were changed in one of the files"
