"""Which column is which variable: a score for each pair from heading and values, then one assignment of all.

A pair is certain only if the heading says everything that the variable needs and little else, the values fit, and no
other column or variable comes near. Whatever is not certain becomes a question; nothing is decided by a draw.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from statistics import median

from replicalc.cohort.doors.redcap import COMPLETE
from replicalc.cohort.profile import Column, shown
from replicalc.cohort.profile_codes import Coded, code_column
from replicalc.cohort.profile_words import Heading, Pattern, Words, folded
from replicalc.cohort.units import FACTORS
from replicalc.errors import ReplicalcError, did_you_mean
from replicalc.records import Variable

#: From this score on a proposal is certain; from the lower one on it is asked about.
CERTAIN, WORTH_ASKING = 0.8, 0.55
#: A column in use is named for a further variable if the words of this share of its rows are codes of it.
ALSO = 0.15
#: Scores closer than this are taken as equal.
TIE = 0.08
#: What each concept, word and guess beyond a pattern leaves of the score. Chosen so that one foreign concept, or one
#: unknown word, is never certain.
FOREIGN, VAGUE, UNKNOWN, GUESSED = 0.75, 0.92, 0.79, 0.97
#: Concepts that say little about what a column is.
VAGUE_CONCEPTS = frozenset({"STATUS", "TYPE", "PATIENT"})
#: Texts that stand for 'missing' in many exports, and for themselves in others.
SENTINELS = frozenset(("9", "88", "99", "888", "999", "8888", "9999", "-1", "-9", "-88", "-99", "-999"))


@dataclass(frozen=True, slots=True)
class Fit:
    """How well a column fits a variable, 0 to 1, and why. ``told`` by its values' own words; ``full`` heading."""

    score: float
    reasons: tuple[str, ...] = ()
    full: bool = False
    worded: bool = False
    unit: str = ""
    coded: Coded | None = None


@dataclass(slots=True)
class Proposal:
    """A column proposed for a variable. ``question`` is empty where it is certain.

    ``rivals``: other columns that come close; ``also``: other variables that the column could be.
    """

    variable: str
    column: Column
    fit: Fit
    question: str = ""
    rivals: list[str] = field(default_factory=list)
    also: list[str] = field(default_factory=list)


def propose(
    columns: list[Column], variables: dict[str, Variable], words: Words, said_so: Sequence[tuple[str, str]] = ()
) -> tuple[list[Proposal], dict[str, list[str]]]:
    """Propose a column for every variable that one fits, in the order of the dictionary; each column once.

    ``said_so`` are headings with their variables as the person who knows the export says; they are not asked about.
    Returns the proposals, and for columns in use the further variables that they could answer as well.
    """
    import numpy as np
    from scipy.optimize import linear_sum_assignment

    wanted = [v for v in variables.values() if v.role != "derived"]
    by_variable: dict[str, list[Pattern]] = {}
    for pattern in words.patterns:
        by_variable.setdefault(pattern.variable, []).append(pattern)
    said = [_headings(column, words) for column in columns]
    told = dict(_told(columns, variables, words, said_so))
    busy = {column.name for column, _ in told.values()}
    fits = {
        (v.variable, j): fit
        for j, column in enumerate(columns)
        if column.kind != "empty" and column.name not in busy
        for v in wanted
        if v.variable not in told
        if (fit := _fit(column, said[j], v, by_variable.get(v.variable, []), words)).score >= WORTH_ASKING
    }
    score = np.zeros((len(wanted), len(columns)))
    row = {v.variable: i for i, v in enumerate(wanted)}
    for (name, j), fit in fits.items():
        score[row[name], j] = fit.score
    taken = {wanted[i].variable: int(j) for i, j in zip(*linear_sum_assignment(-score), strict=True) if score[i, j] > 0}
    proposals = [
        Proposal(v.variable, *told[v.variable])
        if v.variable in told
        else Proposal(v.variable, columns[taken[v.variable]], fits[v.variable, taken[v.variable]])
        for v in wanted
        if v.variable in taken or v.variable in told
    ]
    for each in proposals:
        if each.variable not in told:
            _ask(each, columns, fits, taken)
    again: dict[str, list[str]] = {}
    asked = {(_moment_apart(each.variable), each.column.name) for each in proposals if each.also}
    used = {j: name for name, j in taken.items()}
    for (name, j), fit in fits.items():
        if name in taken or j not in used or (_moment_apart(name), columns[j].name) in asked:
            continue
        if fit.coded and fit.coded.by_words >= ALSO:
            again.setdefault(columns[j].name, []).append(name)
    return proposals, again


def _told(
    columns: list[Column], variables: dict[str, Variable], words: Words, said_so: Sequence[tuple[str, str]]
) -> Iterator[tuple[str, tuple[Column, Fit]]]:
    """What the person says that columns are, by variable; raises ReplicalcError where that cannot be."""
    known = [name for name, each in variables.items() if each.role != "derived"]
    seen: dict[str, str] = {}
    for heading, name in said_so:
        column = next((each for each in columns if each.name == heading), None)
        if column is None:
            alike = [each.name for each in columns if folded(each.name) == folded(heading)]
            hint = f" Did you mean '{shown(alike[0])}'?" if alike else did_you_mean(heading, [c.name for c in columns])
            raise ReplicalcError(f"--is: the export has no column '{shown(heading)}'.{hint}")
        if name not in known:
            raise ReplicalcError(
                f"--is: '{shown(name)}' is no variable that an export can give.{did_you_mean(name, known)} "
                "data/dictionary.csv lists them"
            )
        if name in seen:
            raise ReplicalcError(f"--is: {name} is said of two columns, '{shown(seen[name])}' and '{shown(heading)}'")
        seen[name] = heading
        variable, said = variables[name], _headings(column, words)
        if variable.type == "category" and column.is_coded and column.kind != "date":
            coded = code_column(column, variable, words)
            reason = f"{len(coded.codes) - len(coded.open)} of {len(coded.codes)} codes are known"
            yield name, (column, Fit(1.0, ("you said so", reason), True, True, "", coded))
            continue
        unit = next((each.unit for _, each in said if each.unit), "")
        values = None if variable.type == "category" else _of_values(column, said, variable, unit, words)
        if values is None:
            needed = {"category": "a few codes", "id": "a text in every row", "date": "dates of one form"}
            raise ReplicalcError(
                f"--is: the column '{shown(heading)}' cannot be {name}: it holds {column.told()}, and "
                f"{needed.get(variable.type, 'numbers')} {'are' if variable.type != 'id' else 'is'} needed"
            )
        yield name, (column, Fit(1.0, ("you said so", values[1]), True, True, unit, None))


def unfitting(
    columns: list[Column], proposals: list[Proposal], variables: dict[str, Variable], words: Words
) -> dict[str, str]:
    """Columns that nothing is proposed for although their heading says a variable in full: their values do not fit."""
    named = {name for each in proposals for name in (each.column.name, *each.rivals)}
    there = {each.variable for each in proposals}
    found = {}
    for column in columns:
        if column.name in named or column.kind == "empty" or column.value_labels == COMPLETE:
            continue
        said = _headings(column, words)
        best = {
            pattern.variable: score
            for pattern in words.patterns
            if pattern.variable in variables and pattern.variable not in there
            for score, full in [max(_of_heading(heading, pattern, set()) for _, heading in said)]
            if full and score >= 0.75
        }
        if best:
            found[column.name] = " or ".join(name for name in best if best[name] == max(best.values()))
    return found


def _moment_apart(name: str) -> str:
    """A variable without the moment: of before and after the question speaks already."""
    return re.sub(r"_(pre|post)(?=_|$)", "", name)


def _ask(each: Proposal, columns: list[Column], fits: dict, taken: dict[str, int]) -> None:
    """Turn a proposal that is not certain into a question, with what comes close to it."""
    mine, at = each.fit.score, taken[each.variable]
    owner = {j: name for name, j in taken.items()}

    def own(j: int) -> float:  # how well a column fits what it was given to
        return fits[owner[j], j].score if j in owner else 0.0

    each.rivals = [
        columns[j].name
        for (name, j), fit in fits.items()
        if name == each.variable and j != at and fit.score > mine - TIE and own(j) < fit.score + TIE
    ]
    others = [
        name
        for (name, j), fit in fits.items()
        if j == at
        and name != each.variable
        and fit.score > mine - TIE
        and (name not in taken or fits[name, taken[name]].score < fit.score + TIE)
    ]
    each.also = others
    if each.rivals:
        each.question = "several columns are equally likely"
    elif others:
        each.question = "it may as well be " + " or ".join(others)
    elif mine < CERTAIN or not each.fit.full:
        each.question = "the heading or the values do not settle it"


def _headings(column: Column, words: Words) -> list[tuple[str, Heading]]:
    texts = [("heading", column.name)] + ([("label", column.label)] if column.label else [])
    return [(kind, words.heading(text)) for kind, text in texts]


def _fit(
    column: Column, said: list[tuple[str, Heading]], variable: Variable, patterns: list[Pattern], words: Words
) -> Fit:
    if column.value_labels == COMPLETE:
        return Fit(0)  # whether a form of REDCap is complete
    implied = {"DATE"} if column.kind == "date" else set()
    if variable.unit == "percent" and column.numbers and 12 < max(column.numbers.values()) <= 100:
        implied.add("PERCENT")
    best, how = (0.0, False), ""
    for kind, heading in said:
        for pattern in patterns:
            found = _of_heading(heading, pattern, implied)
            if found > best:
                best, how = found, f"{kind}: {' + '.join(sorted(c.lower() for c in pattern.required))}"
                weak = pattern.weight < 1
    if best[0] < WORTH_ASKING:
        return Fit(0)
    unit = next((heading.unit for _, heading in said if heading.unit), "")
    values = _of_values(column, said, variable, unit, words)
    if values is None:
        return Fit(0)
    factor, reason, coded, worded = values
    # A heading that could mean something else needs the word of the values.
    sure = best[1] and not (weak and variable.type == "category" and not worded)
    return Fit(round(best[0] * factor, 3), (how, reason), sure, worded, unit, coded)


def _of_heading(heading: Heading, pattern: Pattern, implied: set[str]) -> tuple[float, bool]:
    if not pattern.required & heading.concepts:
        return 0.0, False
    hit = len(pattern.required & (heading.concepts | implied)) / len(pattern.required)
    extra = heading.concepts - pattern.required - pattern.optional - implied
    vague = len(extra & VAGUE_CONCEPTS)
    left = FOREIGN ** (len(extra) - vague) * VAGUE**vague * UNKNOWN**heading.unknown * GUESSED**heading.guessed
    return pattern.weight * hit * left, hit == 1


def _of_values(
    column: Column, said: list[tuple[str, Heading]], variable: Variable, unit: str, words: Words
) -> tuple[float, str, Coded | None, bool] | None:
    """How far the values can be those of the variable (a factor), why, the codes, and whether their words say so."""
    if variable.type == "id":
        if column.kind == "date" or column.n_values < column.n_rows:
            return None
        if variable.variable == "lesion_id":
            short = all(len(text) <= 3 or re.search(r"\d", text) for text in column.texts)
            return (1.0 if short else 0.7, "every row has one", None, True)
        share = len(column.texts) / column.n_rows
        told = "different in every row" if column.is_unique else "in every row, some more than once"
        return (1.0 if column.is_unique else 0.95 if share > 0.3 else 0.6, told, None, True)
    if variable.type == "date":
        return (1.0, "dates", None, True) if column.kind == "date" else None
    if column.kind == "date":
        return None
    if variable.type in ("number", "integer"):
        if column.kind != "number" or (variable.type == "integer" and any(v % 1 for v in column.numbers.values())):
            return None
        if len(column.numbers) <= 2 and column.n_values > 20 and variable.type == "number":
            return None  # 0 and 1 are no measurements
        if column.value_labels and set(column.numbers) <= set(column.value_labels):
            return None  # codes with names are no measurements
        fitting = plausible_units(column, variable, unit)
        if fitting:
            return 1.0, f"numbers within the allowed range{_in(fitting, variable)}", None, True
        return 0.85, "numbers, but not within the allowed range in any unit", None, True
    if not column.is_coded:
        return None
    positive = any("POSITIVE" in heading.concepts for _, heading in said)
    coded = code_column(column, variable, words, positive=positive)
    many = len(variable.code_list) + 3
    numeric = sum(text not in SENTINELS and text.lstrip("-").replace(".", "").isdigit() for text in coded.open)
    if numeric > many or (len(coded.open) > many and coded.strange > 0.5):
        return None
    worded = coded.by_words + coded.identical >= 0.5
    told = f"{len(coded.codes) - len(coded.open)} of {len(coded.codes)} codes are known"
    told += f", several of them in a cell with '{coded.split}' between" if coded.split else ""
    # Names of machines and of readers are the centre's own: that they are not known says nothing.
    known = coded.strange <= 0.2 or all(re.search(r"_\d$", code) for code in variable.code_list)
    return (1.0 if known else 0.9 if coded.strange <= 0.5 else 0.7), told, coded, worded


def _in(units: list[str], variable: Variable) -> str:
    return f" in {' or '.join(units)}" if variable.unit else ""


def plausible_units(column: Column, variable: Variable, heading_unit: str) -> list[str]:
    """The units in which the numbers are possible: nearly all within the range, the middle one where middles are.

    Inches only where the heading says so: whatever can be centimetres can be inches.
    """
    options = [given for given, target in FACTORS if target == variable.unit]
    if heading_unit != "inch":
        options = [unit for unit in options if unit != "inch"]
    values = [value for value, text in _by_text(column) if text not in SENTINELS] or column.values()
    return [unit for unit in options if _possible(values, float(FACTORS[unit, variable.unit]), variable)]


def _by_text(column: Column) -> list[tuple[float, str]]:
    return [(value, text) for text, value in column.numbers.items() for _ in range(column.counts[text])]


def _possible(values: list[float], factor: float, variable: Variable) -> bool:
    scaled = [value * factor for value in values]
    if variable.min:
        lo, hi = float(variable.min), float(variable.max)
        if sum(not lo <= value <= hi for value in scaled) > 0.05 * len(scaled):
            return False
    if variable.median_min:
        return float(variable.median_min) <= median(scaled) <= float(variable.median_max)
    return True
