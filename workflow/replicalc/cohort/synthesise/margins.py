"""Printed numbers of any paper in a small CSV file: what each row says, and which codes and measurements there are.

Columns: group, variable, stat, value (as text, as printed) and, if wanted, note. Places are written as in
``claims.csv``: 'all', 'grade=3', 'grade=2|3;node=positive'. docs/margins.md explains the format to its users.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from replicalc.cohort.synthesise.restrictions import MEASURES, OPPOSITE, Conditions, place_conditions
from replicalc.errors import ReplicalcError, did_you_mean, fail_with_all
from replicalc.records import read_lines
from replicalc.verify.printed import Printed, parse

COUNTS = ("n", "count", "percent", *MEASURES)
OF_MEASUREMENTS = ("min", "q1", "median", "q3", "max", "mean", "sd")
AGREEMENTS = ("icc", "icc_lo", "icc_hi")
DECLARED = ("codes", "step")
STATS = (*COUNTS, *OF_MEASUREMENTS, *AGREEMENTS, *DECLARED)
COLUMNS, MORE = ("group", "variable", "stat", "value"), ("note",)
#: The code of those who have none of the codes that a paper names.
OTHER = "(other)"
MOST_PATIENTS, MOST_ROWS, LONGEST_VALUE = 100_000, 2_000, 40
#: The first column of the patients.
PATIENT_ID = "patient_id"


@dataclass(frozen=True, slots=True)
class Row:
    """One printed number. line: where it stands in the file; printed: None for what is declared (codes, step)."""

    line: int
    group: str
    variable: str
    stat: str
    text: str
    printed: Printed | None

    @property
    def name(self) -> str:
        place = ", ".join(part for part in (self.group, self.variable) if part)
        return f"line {self.line} ({place}: {self.stat} {self.text})"

    @property
    def interval(self) -> tuple[Fraction, Fraction]:
        """The values that print so by rounding half-up or half-even, ends included."""
        assert self.printed is not None
        value, half = Fraction(self.printed.value), Fraction(1, 2 * 10**self.printed.decimals)
        return value - half, value + half


@dataclass(frozen=True)
class Margins:
    """All rows; the codes of each category; the measurements with their grid step; what was taken for granted."""

    rows: tuple[Row, ...]
    codes: dict[str, tuple[str, ...]]
    steps: dict[str, Fraction]
    assumed: tuple[tuple[str, str, str], ...]

    @property
    def n_row(self) -> Row | None:
        """The row that says how many patients there are in all."""
        return next((r for r in self.rows if (r.group, r.variable, r.stat) == ("all", "", "n")), None)


@dataclass(frozen=True, slots=True)
class Condition:
    """lo x whole <= part <= hi x whole as exact fractions, or lo <= part <= hi; a part is any of several places."""

    row: Row
    parts: tuple[Conditions, ...]
    whole: Conditions | None
    lo: Fraction
    hi: Fraction


def read_margins(path: str | Path) -> Margins:
    """Read a file of printed numbers. Raises ReplicalcError with every fault of form and its line."""
    raw = read_lines(path)
    if not raw:
        raise ReplicalcError(f"{path} has no rows; its columns are {', '.join(COLUMNS)}")
    header = list(raw[0][1])
    for name in header:
        if name not in (*COLUMNS, *MORE):
            hint = did_you_mean(name, (*COLUMNS, *MORE))
            wrong = f"there is no column '{name}'" if name else "a column has no name"
            raise ReplicalcError(f"{path}: {wrong}.{hint} Columns are {', '.join((*COLUMNS, *MORE))}")
    missing = [name for name in COLUMNS if name not in header]
    if missing:
        raise ReplicalcError(f"{path}: the column '{missing[0]}' is missing; columns are {', '.join(COLUMNS)}")
    if len(raw) > MOST_ROWS:
        raise ReplicalcError(f"{path} has {len(raw):,} rows; at most {MOST_ROWS:,} are taken")
    rows, problems = [], []
    for line, fields in raw:
        if not any(text.strip() for text in fields.values()):
            continue  # spreadsheets leave rows of nothing but commas
        try:
            rows.append(row_of(line, *(fields[name].strip() for name in COLUMNS)))
        except ReplicalcError as problem:
            problems.append(str(problem))
    if not rows and not problems:
        raise ReplicalcError(f"{path} has no rows that say something; its columns are {', '.join(COLUMNS)}")
    if len(problems) == 1:
        raise ReplicalcError(f"{path}, {problems[0]}")
    fail_with_all(f"{path}:", problems)
    try:
        return margins_of(rows)
    except ReplicalcError as problem:
        raise ReplicalcError(f"{path}: {problem}") from None


def margins_of(rows: Sequence[Row]) -> Margins:
    """Find the codes and measurements of the rows. Raises ReplicalcError where rows do not belong together."""
    _once_each(rows)
    named = _named_codes(rows)
    measured = _measured(rows)
    for name, line in measured.items():
        if name in named:
            raise ReplicalcError(f"'{name}' is a measurement in line {line}, elsewhere a category with codes")
    total = next((r for r in rows if (r.group, r.variable, r.stat) == ("all", "", "n")), None)
    codes, assumed = {}, []
    for name in named:
        codes[name], why = _all_codes(name, named[name], rows, total)
        if why:
            assumed.append((name, why, "the table names no other"))
    for row in rows:
        for side in row.variable.split("~") if row.stat in MEASURES else ():
            (name, positive), *_ = place_conditions(side).items()
            if not set(codes[name]) - set(positive):
                raise ReplicalcError(f"{row.name}: '{name}' has no other code than those that count as positive")
    steps = {}
    for name in measured:
        steps[name], why = _step(name, rows)
        if why:
            assumed.append((name, why, "no row 'step' says otherwise"))
    return Margins(tuple(r for r in rows if r.printed is not None), codes, steps, tuple(assumed))


def row_of(line: int, group: str, variable: str, stat: str, text: str) -> Row:
    """Read one row. Raises ReplicalcError with what is wrong with its form."""
    found = _row(line, group, variable, stat, text)
    if isinstance(found, Row):
        return found
    raise ReplicalcError(f"line {line}: {found}")


def _row(line: int, group: str, variable: str, stat: str, text: str) -> Row | str:
    """A row, or what is wrong with it."""
    stat = stat.lower()  # SD, Median
    if stat not in STATS:
        return f"there is no stat '{stat}'." + (did_you_mean(stat, STATS) or " Known: " + ", ".join(STATS))
    if len(text) > LONGEST_VALUE and stat != "codes":
        return f"'{text[:20]}...' is too long for a printed number"
    for place in (group, *variable.split("~")):
        wrong = _wrong_place(place)
        if wrong:
            return wrong
    if group in ("", "all"):
        group = "all"
    elif not place_conditions(group):
        return f"the group '{group}' is neither 'all' nor codes such as grade=3"
    sides = [place_conditions(side) for side in variable.split("~")]
    fault = {
        "n": variable != "",
        "count": len(sides) != 1 or not sides[0],
        "percent": len(sides) != 1 or not sides[0],
        **dict.fromkeys(MEASURES, len(sides) != 2 or any(len(side) != 1 for side in sides)),
        **dict.fromkeys(AGREEMENTS, len(sides) != 2 or any(sides) or len(set(variable.split("~"))) != 2),
        **dict.fromkeys((*OF_MEASUREMENTS, *DECLARED), len(sides) != 1 or bool(sides[0]) or not variable),
    }
    needs = {
        "n": "no variable",
        "count": "a code such as node=positive",
        "percent": "a code such as node=positive",
        **dict.fromkeys(MEASURES, "index and target, such as test=positive~disease=yes"),
        **dict.fromkeys(AGREEMENTS, "two measurements, such as mri_cm~path_cm"),
        **dict.fromkeys(OF_MEASUREMENTS, "the name of a measurement"),
        **dict.fromkeys(DECLARED, "the name of a variable"),
    }
    if fault[stat]:
        return f"a row of '{stat}' needs {needs[stat]}, not '{variable}'"
    if stat in DECLARED:
        return _declared(line, group, variable, stat, text)
    printed = parse(text)
    if printed is None or printed.sign != "=":
        return f"'{text}' is no printed number such as 12 or 34.5"
    if printed.decimals > 6:
        return f"'{text}' has more than 6 decimals"
    whole = stat in ("n", "count", "tp", "fp", "fn", "tn")
    if whole and not printed.decimals and printed.value > MOST_PATIENTS:
        return f"'{text}' is more than the {MOST_PATIENTS:,} patients that can be made"
    if whole and (printed.decimals or not 0 <= printed.value <= MOST_PATIENTS):
        return f"'{text}' is no whole number from 0 to {MOST_PATIENTS:,}"
    if stat == "n" and group == "all" and printed.value < 1:
        return "there has to be somebody in the study"
    if abs(printed.value) > 1_000_000:
        return f"'{text}' is too large"
    return Row(line, _canonical(group), variable, stat, text, printed)


def _declared(line: int, group: str, variable: str, stat: str, text: str) -> Row | str:
    if group != "all":
        return f"'{stat}' is said of all patients, not of '{group}'"
    if stat == "codes":
        codes = [code.strip() for code in text.split("|")]
        if len(codes) < 2 or "" in codes or len(set(codes)) < len(codes):
            return f"'{text}' is no list of codes such as 1|2|3"
        return Row(line, "all", variable, stat, "|".join(codes), None)
    step = parse(text)
    if step is None or step.sign != "=" or step.value <= 0:
        return f"'{text}' is no step between two measurements, such as 0.1"
    if step.decimals > 6:
        return f"'{text}' has more than 6 decimals"
    return Row(line, "all", variable, stat, text, None)


def _wrong_place(place: str) -> str:
    if place in ("", "all"):
        return ""
    seen = set()
    for part in place.split(";"):
        name, sign, codes = part.partition("=")
        if (
            not name.strip()
            or name != name.strip()
            or (sign and not all(c and c == c.strip() for c in codes.split("|")))
        ):
            return f"'{place}' is no place such as grade=3;node=positive"
        if name == PATIENT_ID:
            return f"'{PATIENT_ID}' is the column of the patients' numbers; name the variable otherwise"
        if not part.isprintable():
            return f"{place!r} has a sign that cannot be printed"
        if name in seen:
            return f"'{place}' names '{name}' twice; several codes of one variable are written grade=2|3"
        if not sign and ";" in place:
            return f"'{part}' in '{place}' has no code"
        seen.add(name)
    return ""


def _canonical(group: str) -> str:
    return ";".join(sorted(group.split(";")))


def _once_each(rows: Sequence[Row]) -> None:
    seen: dict[tuple, Row] = {}
    for row in rows:
        place = row.group, row.variable, row.stat
        if place in seen:
            raise ReplicalcError(f"line {row.line} says again what line {seen[place].line} says: {row.name}")
        seen[place] = row


def _named_codes(rows: Sequence[Row]) -> dict[str, list[str]]:
    """The codes that are named, by category, in the order of the file."""
    found: dict[str, list[str]] = {}
    for row in rows:
        if row.stat == "codes":
            found.setdefault(row.variable, []).extend(row.text.split("|"))
        for place in (row.group, *row.variable.split("~")):
            for name, codes in place_conditions(place).items():
                found.setdefault(name, []).extend(codes)
    return {name: list(dict.fromkeys(codes)) for name, codes in found.items()}


def _measured(rows: Sequence[Row]) -> dict[str, int]:
    """The measurements, each with the line that names it first."""
    found: dict[str, int] = {}
    for row in rows:
        if row.stat in (*OF_MEASUREMENTS, *AGREEMENTS, "step"):
            for name in row.variable.split("~"):
                found.setdefault(name, row.line)
    return found


def _all_codes(name: str, named: list[str], rows: Sequence[Row], total: Row | None) -> tuple[tuple[str, ...], str]:
    """All codes of a category, and what was assumed to know them."""
    declared = next((r for r in rows if r.stat == "codes" and r.variable == name), None)
    if declared is not None:
        known = declared.text.split("|")
        for code in named:
            if code not in known:
                raise ReplicalcError(f"'{name}={code}' is not among the codes of line {declared.line}: {declared.text}")
        return tuple(known), ""
    if len(named) == 1 and named[0] in OPPOSITE:
        return (named[0], OPPOSITE[named[0]]), f"its codes are {named[0]} and {OPPOSITE[named[0]]}"
    most = Fraction(0)
    for code in named:
        found = [
            r for r in rows if r.group == "all" and r.variable == f"{name}={code}" and r.stat in ("count", "percent")
        ]
        if not found or total is None:
            most = Fraction(1) if len(named) > 1 else Fraction(0)
            break
        shares = [
            r.interval[1] / 100 if r.stat == "percent" else Fraction(r.printed.value) / Fraction(total.printed.value)
            for r in found
        ]
        most += max(shares)
    if most >= 1 and len(named) > 1:
        return tuple(named), f"its codes are {', '.join(named)}, and nobody has another"
    if OTHER in named:
        raise ReplicalcError(f"'{OTHER}' cannot be a code of '{name}'")
    return (*named, OTHER), f"who has none of {', '.join(named)} has the code {OTHER}"


def _step(name: str, rows: Sequence[Row]) -> tuple[Fraction, str]:
    declared = next((r for r in rows if r.stat == "step" and r.variable == name), None)
    if declared is not None:
        return Fraction(parse(declared.text).value), ""
    mine = [r for r in rows if r.variable == name and r.printed is not None]
    by_order = [r for r in mine if r.stat not in ("mean", "sd")] or mine
    decimals = max((r.printed.decimals for r in by_order), default=0)
    return Fraction(1, 10**decimals), f"is measured in steps of {float(Fraction(1, 10**decimals)):g}, as printed"


def conditions_of(margins: Margins) -> list[Condition]:
    """Turn the rows about counts into exact conditions; the number of all patients is none of them.

    Of a group with a printed measurement there are at least as many patients as it takes.
    """
    found = []
    for row in margins.rows:
        if row.stat in (*OF_MEASUREMENTS, *AGREEMENTS) and row.group != "all":
            least = Fraction(fewest_of(row.stat))
            found.append(Condition(row, (place_conditions(row.group),), None, least, Fraction(MOST_PATIENTS)))
        if row.stat not in COUNTS or row is margins.n_row:
            continue
        group = place_conditions(row.group)
        lo, hi = row.interval
        value = Fraction(row.printed.value)
        if row.stat in ("n", "count"):
            parts = ({**group, **_within(group, place_conditions(row.variable))},)
            found.append(Condition(row, parts, None, value, value))
        elif row.stat == "percent":
            parts = ({**group, **_within(group, place_conditions(row.variable))},)
            found.append(Condition(row, parts, group, lo / 100, hi / 100))
        else:
            cells, whole = _measure(row, margins)
            parts = tuple({**group, **_within(group, cell)} for cell in cells)
            if whole is None:
                found.append(Condition(row, parts, None, value, value))
            else:
                found.append(Condition(row, parts, {**group, **_within(group, whole)}, lo / 100, hi / 100))
    return found


def fewest_of(stat: str) -> int:
    """How many patients a number about measurements takes: an SD two, an agreement with its error variance three."""
    return 3 if stat in AGREEMENTS else 2 if stat == "sd" else 1


def _within(group: Conditions, place: Conditions) -> Conditions:
    """The codes of a place that its group allows; a share of grade 3 among grades 2 and 3 is looked for there."""
    return {name: tuple(c for c in codes if c in group.get(name, codes)) for name, codes in place.items()}


def _measure(row: Row, margins: Margins) -> tuple[list[Conditions], Conditions | None]:
    """Part and whole of a measure of a 2 x 2 table."""
    sides = [next(iter(place_conditions(side).items())) for side in row.variable.split("~")]

    def cell(signs) -> Conditions:
        made = {}
        for (name, positive), sign in zip(sides, signs, strict=True):
            if sign is not None:
                made[name] = positive if sign else tuple(c for c in margins.codes[name] if c not in positive)
        return made

    part, whole = MEASURES[row.stat]
    cells = [cell(part)] + ([cell((False, False))] if row.stat == "accuracy" else [])
    return cells, cell(whole) if whole is not None else None
