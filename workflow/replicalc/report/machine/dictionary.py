"""The data dictionary: which columns the tables have, of which type and unit, and what each means."""

from __future__ import annotations

from dataclasses import dataclass

from replicalc.errors import ReplicalcError, fail_with_all
from replicalc.records import load_yaml

TYPES = ("text", "code", "integer", "number")
COHORT = "{cohort}"


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table: name, type, unit, meaning, and the meaning of each code where the text is one."""

    name: str
    type: str
    meaning: str
    unit: str = ""
    codes: tuple[tuple[str, str], ...] = ()

    def as_dict(self) -> dict:
        return {
            "name": self.name,
            "type": self.type,
            "unit": self.unit,
            "meaning": self.meaning,
            "codes": dict(self.codes),
        }


@dataclass(frozen=True, slots=True)
class Described:
    """A table as the dictionary has it."""

    name: str
    title: str
    columns: tuple[Column, ...]


def load_descriptions(path: str, cohorts: list[str]) -> dict[str, Described]:
    """Read ``workflow/report/dictionary.yaml``; columns of ``{cohort}`` stand once for each cohort.

    Raises ReplicalcError, with all faults, on a column without type or meaning, or of a type that is not known.
    """
    found, problems = {}, []
    given = load_yaml(path)
    if not isinstance(given, dict):
        raise ReplicalcError(f"{path}: expected tables with their columns")
    for table, about in given.items():
        columns: list[Column] = []
        wide = {name: entry for name, entry in about["columns"].items() if COHORT in name}
        for name, entry in about["columns"].items():
            problems += _faults(f"{table}.{name}", entry)
            if name not in wide:
                columns.append(_column(name, entry, ""))
        columns += [_column(name, entry, cohort) for cohort in cohorts for name, entry in wide.items()]
        found[table] = Described(table, about["title"], tuple(columns))
    fail_with_all(f"{path}:", problems)
    return found


def _faults(where: str, entry: dict) -> list[str]:
    unknown = sorted(set(entry) - {"type", "unit", "meaning", "codes"})
    faults = [f"{where}: unknown key '{key}'" for key in unknown]
    if entry.get("type") not in TYPES:
        faults.append(f"{where}: type '{entry.get('type')}' is not known. Known: {', '.join(TYPES)}")
    if not entry.get("meaning"):
        faults.append(f"{where}: has no meaning")
    if (entry.get("type") == "code") != bool(entry.get("codes")):
        faults.append(f"{where}: a code needs codes, and nothing else has them")
    return faults


def _column(name: str, entry: dict, cohort: str) -> Column:
    return Column(
        name.replace(COHORT, cohort),
        str(entry.get("type")),
        str(entry.get("meaning", "")).replace(COHORT, cohort),
        str(entry.get("unit", "")),
        tuple((str(code), str(meaning)) for code, meaning in entry.get("codes", {}).items()),
    )
