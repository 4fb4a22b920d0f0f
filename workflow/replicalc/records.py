"""Read what people write: YAML and CSV files under ``config/`` and ``data/``, each held against a schema.

An unknown key, a repeated key or id, a wrong type: one message that names the file, the place and what would be right.
"""

from __future__ import annotations

import csv
import json
import math
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from replicalc.cohort.doors.inert import original
from replicalc.errors import ReplicalcError, did_you_mean, fail_with_all

SCHEMAS = Path(__file__).resolve().parent.parent / "schemas"


@dataclass(frozen=True, slots=True)
class Claim:
    """One printed number: where it stands, what it says (as text) and which statistic of which result it is."""

    claim_id: str
    result: str
    location: str
    kind: str
    reported: str
    second_entry: str
    label: str
    group: str
    variable: str
    stat: str
    of: str


@dataclass(frozen=True, slots=True)
class Variable:
    """One canonical variable of ``data/dictionary.csv``."""

    variable: str
    type: str
    unit: str
    codes: str
    min: str
    max: str
    median_min: str
    median_max: str
    role: str
    definition: str
    source: str

    @property
    def code_list(self) -> list[str]:
        return self.codes.split("|") if self.codes else []


#: JSON Schema's words for what a YAML file can hold, in plain English.
PLAIN_TYPES = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list",
    "object": "keys with values",
}
TYPES = ("id", "category", "number", "integer", "date")
UNITS = ("mm", "year", "day", "percent")
ROLES = ("raw", "derived", "both")


def read_csv(path: str | Path) -> list[dict[str, str]]:
    """Read a UTF-8 CSV file as text, one dictionary a row. Raises ReplicalcError on a ragged or unreadable file."""
    return [row for _, row in read_lines(path)]


def read_lines(path: str | Path) -> list[tuple[int, dict[str, str]]]:
    """Read a CSV file as ``read_csv`` does, each row with the line of the file that it ends in; blank lines count.

    Texts are as they were before ``table.safe_csv`` put an apostrophe before them.
    """
    path = Path(path)
    if path.is_dir():
        raise ReplicalcError(f"{path} is a folder; a CSV file is needed")
    if not path.is_file():
        raise ReplicalcError(f"{path}: no such file")
    try:
        with path.open(encoding="utf-8-sig", newline="") as handle:
            reader = csv.DictReader(handle, strict=True)
            rows = []
            header = reader.fieldnames or []
            if len(header) == 1 and any(sign in header[0] for sign in (";", "\t")):
                sign = "semicolons" if ";" in header[0] else "tabs"
                raise ReplicalcError(f"{path}: its columns are parted by {sign}; save it with commas between them")
            for row in reader:
                if None in row or None in row.values():
                    raise ReplicalcError(
                        f"{path}, line {reader.line_num}: expected {len(reader.fieldnames or [])} fields, "
                        f"found {'more (a comma within a field needs quotes)' if None in row else 'fewer'}"
                    )
                rows.append((reader.line_num, {name: original(cell) for name, cell in row.items()}))
    except UnicodeDecodeError as error:
        raise ReplicalcError(f"{path}: not UTF-8 text{_first_other(path)}; save it as 'CSV UTF-8'") from error
    except csv.Error as error:
        raise ReplicalcError(f"{path}: not a well-formed CSV file: {error}") from error
    except OSError as error:
        raise ReplicalcError(f"{path} cannot be read: {error.strerror or error}") from error
    return rows


def _first_other(path: Path) -> str:
    """Where a file stops being UTF-8: the error itself counts from the last block that was read."""
    data = path.read_bytes()
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        return f" (line {data.count(bytes([10]), 0, error.start) + 1}, byte {error.start})"
    return ""


#: Numbers that are read as numbers: as everybody writes them. YAML 1.1 would also take 1_9 for 19, 012 for 10, 1:30 for
#: 90 and 0x1F for 31, and drop the last 0 of 1.50; such texts are codes.
PLAIN_INTEGER = r"-?(?:0|[1-9][0-9]*)"
PLAIN_DECIMAL = PLAIN_INTEGER + r"\.(?:0|[0-9]*[1-9])"


def load_yaml(path: str | Path) -> object:
    """Read YAML safely. A key given twice is an error.

    Keys are text as they are written, since codes of an export stand there. Of values, only ``true`` and ``false`` are
    booleans, only numbers in their plain form are numbers (12, -3, 0.05), only nothing at all is nothing (NULL is a
    code); everything else stays the text that it is.
    """
    import re

    import yaml

    class Strict(yaml.SafeLoader):
        pass

    def mapping(loader, node, deep=False):
        seen = set()
        for key_node, _ in node.value:
            where = f"{path}, line {key_node.start_mark.line + 1}"
            if not isinstance(key_node, yaml.ScalarNode):
                raise ReplicalcError(f"{where}: a key must be a word or a number")
            if key_node.value in seen:
                raise ReplicalcError(f"{where}: the key '{key_node.value}' is given twice")
            seen.add(key_node.value)
        loader.flatten_mapping(node)
        return {key.value: loader.construct_object(value, deep=True) for key, value in node.value}

    Strict.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, mapping)
    Strict.yaml_implicit_resolvers = {
        first: [(tag, regexp) for tag, regexp in resolvers if tag.endswith(":merge")]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }
    for tag, form, first in (
        ("null", "", [""]),
        ("bool", "true|false", "tf"),
        ("int", PLAIN_INTEGER, "-0123456789"),
        ("float", PLAIN_DECIMAL, "-0123456789"),
    ):
        Strict.add_implicit_resolver(f"tag:yaml.org,2002:{tag}", re.compile(f"^(?:{form})$"), list(first))
    path = Path(path)
    if not path.is_file():
        raise ReplicalcError(f"{path}: no such file")
    try:
        return yaml.load(path.read_text(encoding="utf-8"), Loader=Strict)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f", line {mark.line + 1}" if mark else ""
        raise ReplicalcError(f"{path}{where}: not valid YAML: {getattr(error, 'problem', error)}") from error
    except UnicodeDecodeError as error:
        raise ReplicalcError(f"{path}: not UTF-8 text (byte {error.start})") from error


def validate(data: object, schema: str, path: str | Path) -> None:
    """Hold ``data`` against ``workflow/schemas/<schema>.schema.json``; raise one error that lists every fault."""
    from jsonschema import Draft202012Validator

    validator = Draft202012Validator(json.loads((SCHEMAS / f"{schema}.schema.json").read_text(encoding="utf-8")))
    faults = sorted(validator.iter_errors(data), key=lambda fault: [str(p) for p in fault.absolute_path])
    fail_with_all(f"{path} does not fit its schema ({schema}):", [_sentence(fault) for fault in faults])


def _sentence(fault) -> str:
    path = list(fault.absolute_path)
    if path and isinstance(path[0], int):  # rows of a CSV file, counted as a spreadsheet counts
        path[0] = f"line {path[0] + 2}"
    place = ".".join(str(p) for p in path) or "top level"
    if fault.validator == "additionalProperties":
        known = list(fault.schema.get("properties", {}))
        unknown = [key for key in fault.instance if key not in known]
        hint = did_you_mean(unknown[0], known) if unknown else ""
        names = ", ".join(f"'{key}'" for key in unknown)
        return f"{place}: unknown key {names}.{hint} Known keys: {', '.join(known)}"
    if fault.validator == "required":
        missing = [key for key in fault.validator_value if key not in fault.instance]
        return f"{place}: the key {', '.join(repr(key) for key in missing)} is missing"
    if fault.validator == "enum":
        allowed = ", ".join(map(str, fault.validator_value))
        return f"{place}: {fault.instance!r} is not allowed. Allowed: {allowed}"
    if fault.validator == "type":
        wanted = fault.validator_value if isinstance(fault.validator_value, list) else [fault.validator_value]
        told = f"{place}: {fault.instance!r} should be {' or '.join(PLAIN_TYPES[name] for name in wanted)}"
        return told + _plainly(fault.instance, wanted)
    if fault.validator in ("minItems", "minProperties", "minLength"):
        return f"{place}: must not be empty"
    if fault.validator == "pattern":
        return f"{place}: {fault.instance!r} does not have the form {fault.validator_value}"
    return f"{place}: {fault.message}"


def _plainly(value: object, wanted: list[str]) -> str:
    """How a text is written as a number, where it is one in another form (012, +5, 0.50, 1e3) and one is wanted."""
    if not isinstance(value, str) or not {"number", "integer"} & set(wanted):
        return ""
    try:
        number = float(value)
    except ValueError:
        return ""
    if not math.isfinite(number):
        return ""
    return f"; write {number:.15g} (0 in front, at the end, underscores and '+' make it a text, as codes need it)"


def load_checked(path: str | Path, schema: str) -> dict:
    """Read a YAML file and hold it against its schema."""
    data = load_yaml(path)
    if not isinstance(data, dict):
        raise ReplicalcError(f"{path}: expected keys and values, found {type(data).__name__}")
    if schema == "cohort":  # what is still a question would only be a wrong type to the schema
        from replicalc.cohort.open_points import check_answered

        check_answered(path)
    # A pooled cohort is described by other keys: it has no export.
    validate(data, "pooled" if schema == "cohort" and data.get("kind") == "summary" else schema, path)
    return data


def load_cohort(path: str | Path, name: str | None = None) -> dict:
    """Read a cohort file. ``name`` is the cohort's own name where several synthetic cohorts share the file."""
    config = load_checked(path, "cohort")
    return {**config, "cohort": name} if name else config


def _records(path: str | Path, kind: type) -> list:
    rows = read_csv(path)
    names = [f.name for f in fields(kind)]
    found = list(rows[0]) if rows else []
    if not rows:
        raise ReplicalcError(f"{path}: no rows")
    if found != names:
        missing = [n for n in names if n not in found]
        extra = [n for n in found if n not in names]
        raise ReplicalcError(
            f"{path}: the columns should be {', '.join(names)}; missing: {', '.join(missing) or 'none'}; "
            f"not known: {', '.join(extra) or 'none'}" + ("" if missing or extra else "; the order differs")
        )
    return [kind(**row) for row in rows]


def load_claims(path: str | Path) -> list[Claim]:
    """Read a study's claims: ids unique, kinds known, both entries of the text equal, ``of`` an id of the file."""
    claims = _records(path, Claim)
    validate([asdict(claim) for claim in claims], "claims", path)
    ids: set[str] = {claim.claim_id for claim in claims}
    seen: set[str] = set()
    problems = []
    for line, claim in enumerate(claims, start=2):
        where = f"line {line}, {claim.claim_id}"
        if claim.claim_id in seen:
            problems.append(f"{where}: the id stands twice")
        seen.add(claim.claim_id)
        if claim.second_entry != claim.reported:
            problems.append(
                f"{where}: the two entries differ ('{claim.reported}' and '{claim.second_entry}'); read the paper again"
            )
        if claim.of and claim.of not in ids:
            problems.append(f"{where}: 'of' names '{claim.of}', which is no claim of this file")
    fail_with_all(f"{path}:", problems)
    return claims


def load_dictionary(path: str | Path) -> dict[str, Variable]:
    """Read the canonical variables; names unique, types and roles known, ranges numeric."""
    variables = _records(path, Variable)
    problems = []
    seen: set[str] = set()
    for line, v in enumerate(variables, start=2):
        where = f"line {line}, {v.variable}"
        if v.variable in seen:
            problems.append(f"{where}: the variable stands twice")
        seen.add(v.variable)
        if v.type not in TYPES:
            problems.append(f"{where}: type '{v.type}' is not known. Known: {', '.join(TYPES)}")
        if v.role not in ROLES:
            problems.append(f"{where}: role '{v.role}' is not known. Known: {', '.join(ROLES)}")
        for pair in ((v.min, v.max), (v.median_min, v.median_max)):
            problems += [f"{where}: {why}" for why in _faults_of_range(v.type, *pair)]
        if v.unit and v.unit not in UNITS:
            problems.append(f"{where}: unit '{v.unit}' is not known. Known: {', '.join(UNITS)}")
        if (v.type == "category") != bool(v.codes):
            problems.append(f"{where}: a category needs codes, and nothing else has them")
    fail_with_all(f"{path}:", problems)
    return {v.variable: v for v in variables}


def _faults_of_range(kind: str, lo: str, hi: str) -> list[str]:
    import datetime

    read = datetime.date.fromisoformat if kind == "date" else float
    limits, faults = [], []
    for bound in filter(None, (lo, hi)):
        try:
            limits.append(read(bound))
        except ValueError:
            faults.append(f"'{bound}' is not a {'date (YYYY-MM-DD)' if kind == 'date' else 'number'}")
    if bool(lo) != bool(hi):
        faults.append("a range needs both ends")
    if len(limits) == 2 and limits[0] > limits[1]:
        faults.append(f"the range {lo} to {hi} is empty")
    return faults
