"""What each number of a result table tells of the patients: which counts it is, or is made of.

One reader for each family of analysis. It is told the parameters of the rule and the rows of the table, and answers,
row by row, with the counts behind ``value``, ``n`` and ``n_missing``. What no reader knows is unclear, and withheld.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from replicalc.disclosure.people import FLOW, INCLUDED, MISSING, Condition, People, conjunction
from replicalc.disclosure.reader import (
    NOTHING,
    UNCLEAR,
    Line,
    Reader,
    Telling,
    Told,
    count,
    counted,
    made,
)
from replicalc.table import NOT_EVALUABLE, Row

QUANTILES = ("median", "q1", "q3")


def _shares(reader: Reader, row: Row, group: list[Condition], whole: list[Condition]) -> Line:
    """A row of a category: its count, or a percentage or limit made of the count and its whole."""
    cell, all_of_it = count(reader.base, group, whole, reader.coded(row.variable)), count(reader.base, group, whole)
    value = counted(cell) if row.stat == "count" else made(cell, all_of_it)
    return reader.line(value, whole, group)


def distribution(reader: Reader, row: Row) -> Line:
    name = row.variable.partition("=")[0]
    whole = reader.known(name)
    if row.stat == "n":
        return reader.line(counted(count(reader.base, whole)), whole)
    if "=" not in row.variable:
        return reader.line(made(*_cells(reader, [name])), whole)
    return _shares(reader, row, [], whole)


def _cells(reader: Reader, names: list[str], more: list[Condition] = ()) -> list[Told]:
    """Every cell of a cross-tabulation of the variables."""
    found: list[list[Condition]] = [list(more)]
    for name in names:
        ((axis, levels),) = reader.known(name)
        found = [[*each, (axis, frozenset([level]))] for each in found for level in sorted(levels)]
    return [count(reader.base, each) for each in found]


def association(reader: Reader, row: Row) -> Line:
    sides = [[each] if isinstance(each, str) else list(each) for each in map(reader.params.get, ("rows", "columns"))]
    if " x " in row.variable:
        one, two = row.variable.split(" x ")
        return reader.line(made(*_cells(reader, [one, two])), [*reader.known(one), *reader.known(two)])
    name = row.variable.partition("=")[0]
    if row.group == "all":
        partner = sides[1][0] if name in sides[0] else sides[0][0]
        whole = [each for one in (name, partner) if reader.has(one) for each in reader.known(one)]
        return _shares(reader, row, [], whole)
    group, whole = reader.coded(row.group), reader.known(name)
    if row.stat == "n":
        return reader.line(counted(count(reader.base, group, whole)), whole, group)
    return _shares(reader, row, group, whole)


def _number(reader: Reader, row: Row, group: list[Condition], whole: list[Condition], about: str) -> Line:
    """A row of location or spread of the values that ``whole`` has."""
    told = count(reader.base, group, whole)
    if row.stat == "n":
        value = counted(told)
    elif row.stat in QUANTILES:
        value = Telling("quantile", (told,), about)
    elif row.stat.startswith((*QUANTILES, "min", "max")):
        value = Telling("single", (told,), about)
    else:
        value = Telling("moment", (told,), about)
    return reader.line(value, whole, group)


def numeric(reader: Reader, row: Row) -> Line:
    return _number(reader, row, reader.coded(row.group), reader.known(row.variable), row.variable)


def before_after(reader: Reader, row: Row) -> Line:
    if " - " not in row.variable:
        return numeric(reader, row)
    after, before = row.variable.split(" - ")
    whole = [*reader.known(before), *reader.known(after)]
    axis = _direction(reader, before, after)
    signs = {f"n_{sign}": count(reader.base, [(axis, frozenset([sign]))]) for sign in ("decrease", "increase", "equal")}
    if row.stat in signs:
        return reader.line(counted(signs[row.stat]), whole)
    if row.stat.startswith(("p", "statistic", "df")):
        found = _number(reader, row, [], whole, row.variable)
        return replace(found, value=replace(found.value, counts=(*found.value.counts, *signs.values())))
    return _number(reader, row, [], whole, row.variable)


def _direction(reader: Reader, before: str, after: str) -> str:
    """The axis of the direction of a change, in the unit in which it is printed."""
    from replicalc.results.describe import in_unit

    frame, units = reader.people.frames[reader.study], (reader.params["canonical"], reader.params["unit"])
    changes = (in_unit(frame[after], *units) - in_unit(frame[before], *units)).round(6)
    words = [MISSING if x != x else "decrease" if x < 0 else "increase" if x > 0 else "equal" for x in changes]
    return reader.people.add_sign(reader.study, f"{after} - {before}", words, (before, after))


def agreement(reader: Reader, row: Row) -> Line:
    x, y = reader.params["x"], reader.params["y"]
    return _number(reader, row, reader.coded(row.group), [*reader.known(x), *reader.known(y)], f"{x}~{y}")


#: Which margin of the 2 x 2 table a measure of accuracy is a share of: conditions on (test, condition).
MARGINS = {
    "sensitivity": (None, True),
    "false_negative_rate": (None, True),
    "specificity": (None, False),
    "false_positive_rate": (None, False),
    "ppv": (True, None),
    "npv": (False, None),
}
CELLS = {"tp": (True, True), "fp": (True, False), "fn": (False, True), "tn": (False, False)}


def accuracy(reader: Reader, row: Row) -> Line:
    if "~" not in row.variable:
        return Line(UNCLEAR)
    pairs = [part.split("=") for part in row.variable.split("~")]
    signs = [
        {True: reader.coded("=".join(pair)), False: reader.other(*pair), None: reader.known(pair[0])} for pair in pairs
    ]
    group = reader.coded(row.group)

    def told(test: bool | None, condition: bool | None) -> Told:
        return count(reader.base, group, signs[0][test], signs[1][condition])

    whole = [*signs[0][None], *signs[1][None]]
    if row.stat in CELLS:
        return reader.line(counted(told(*CELLS[row.stat])), whole, group)
    margin = next((found for name, found in MARGINS.items() if row.stat.startswith(name)), (None, None))
    found = reader.line(made(*(told(*cell) for cell in CELLS.values())), whole, group)
    return replace(found, n=counted(told(*margin)))


def misses(reader: Reader, row: Row) -> Line:
    (index, positive), (target, code) = reader.params["index"], reader.params["target"]
    wrong = {
        "error=false_negative": [*reader.other(index, positive), *reader.coded(f"{target}={code}")],
        "error=false_positive": [*reader.coded(f"{index}={positive}"), *reader.other(target, code)],
    }.get(row.group)
    if wrong is None:
        return Line(UNCLEAR)
    if row.stat == "n":
        return reader.line(counted(count(reader.base, wrong)), [*reader.known(index), *reader.known(target)])
    name = row.variable.partition("=")[0]
    return _shares(reader, row, wrong, reader.known(name)) if "=" in row.variable else Line(UNCLEAR)


def two_tests(reader: Reader, row: Row) -> Line:
    first, second, target = (reader.params[key] for key in ("first", "second", "target"))
    sign = {"measure=sensitivity": True, "measure=specificity": False}.get(row.group)
    if sign is None:
        return Line(UNCLEAR)
    right, wrong = (
        [
            reader.coded(f"{name}={code}") if sign == called else reader.other(name, code)
            for name, code in (first, second)
        ]
        for called in (True, False)
    )
    part = reader.coded(f"{target[0]}={target[1]}") if sign else reader.other(*target)
    cells = {
        "both_right": count(reader.base, part, right[0], right[1]),
        "only_first_right": count(reader.base, part, right[0], wrong[1]),
        "only_second_right": count(reader.base, part, wrong[0], right[1]),
        "neither_right": count(reader.base, part, wrong[0], wrong[1]),
    }
    everybody = [each for name, _ in (first, second, target) for each in reader.known(name)]
    value = counted(cells[row.stat]) if row.stat in cells else made(*cells.values())
    whole = conjunction(reader.base, part, everybody)
    return Line(value, counted((whole, None)), counted((conjunction(reader.base), conjunction(reader.base, everybody))))


def predictive_values(reader: Reader, row: Row) -> Line:
    tests = [reader.params[key] for key in ("first", "second") if reader.params[key]]
    target, code = reader.params["target"]
    called, condition = reader.params["measure"] == "ppv", {True: reader.coded(f"{target}={code}")}
    condition[False] = reader.other(target, code)
    whole = [each for name, _ in (*tests, (target, code)) for each in reader.known(name)]
    if " - " in row.variable:
        cells = _cells(reader, list(dict.fromkeys([*(name for name, _ in tests), target])))
        return reader.line(made(*cells), whole)
    name, _, positive = row.variable.partition("~")[0].partition("=")
    sign = [] if not positive else reader.coded(f"{name}={positive}") if called else reader.other(name, positive)
    cells = {right: count(reader.base, whole, sign, condition[right]) for right in (True, False)}
    if row.stat in CELLS:
        return reader.line(counted(cells[CELLS[row.stat][1]]), whole)
    return replace(reader.line(made(*cells.values()), whole), n=counted(count(reader.base, whole, sign)))


def _strategy(reader: Reader, row: Row) -> Line:
    """A rule for a biopsy: whom it spares and misses; by one test, by any positive one, or only by all."""
    told, (target, code) = row.group.partition("=")[2], reader.params["target"]
    steps = {f"biopsy if {name} is {positive}": [(name, positive)] for name, positive in reader.params["steps"]}
    steps |= {"biopsy all": [], "biopsy if any is positive": reader.params["steps"]}
    steps["biopsy if all are positive"] = reader.params["steps"]
    whole = [each for name, _ in (*steps[told], (target, code)) for each in reader.known(name)]
    cancer = reader.coded(f"{target}={code}")
    if told == "biopsy if all are positive":
        done = [each for name, positive in steps[told] for each in reader.coded(f"{name}={positive}")]
    else:  # whoever is negative by every test is spared; with no test, nobody
        done = None
        spared = [each for name, positive in steps[told] for each in reader.other(name, positive)] or [
            ("", frozenset())
        ]

    def split(more: list[Condition]) -> tuple[Told, Told]:
        """Of those with ``more``: who has a biopsy, and who is spared it."""
        part, around = (
            conjunction(reader.base, whole, more, spared if done is None else done),
            conjunction(reader.base, whole, more),
        )
        return ((around, part), (part, None)) if done is None else ((part, None), (around, part))

    (biopsies, kept), (found, missed) = split([]), split(cancer)
    counts = {"biopsies": biopsies, "biopsies_spared": kept, "found": found, "missed": missed}
    if row.stat in counts:
        return reader.line(counted(counts[row.stat]), whole)
    return replace(reader.line(made(kept, missed), whole), n=counted(kept))


def work_up(reader: Reader, row: Row) -> Line:
    if row.group.startswith("strategy="):
        return _strategy(reader, row)
    target = reader.params["target"][0]
    whole = [each for name, _ in (*reader.params["steps"], reader.params["target"]) for each in reader.known(name)]
    group = reader.coded(row.group)
    inside = conjunction(reader.base, group, whole)
    missing = counted((conjunction(reader.base), conjunction(reader.base, whole)))
    if row.stat == "n" and row.variable == target:
        return Line(counted((inside, None)), counted((inside, None)), missing)
    return replace(_shares(reader, row, group, whole), n_missing=missing)


def patient_flow(reader: Reader, row: Row) -> Line:
    axis = f"{FLOW}{reader.study}"
    if row.stat == "applied":
        return Line(NOTHING)
    if row.stat == "n_assessed":
        return Line(counted((frozenset(), None)))
    if row.stat == "n_patients" and row.method:
        return Line(UNCLEAR)  # patients behind the lesions: no count of rows
    if row.stat in ("n_included", "n_patients"):
        told = counted((conjunction(reader.base), None))
        return Line(told, counted((frozenset(), None)) if row.stat == "n_included" else UNCLEAR)
    if row.stat == "n_value_missing":
        found = reader.people.axis(reader.study, row.variable)
        told = count(reader.base, [(found, frozenset([MISSING]))])
        return Line(counted(told), counted((conjunction(reader.base), None)), counted(told))
    steps = [each["id"] for each in reader.params["criteria"]]
    if row.variable not in steps:
        return Line(UNCLEAR)
    at = steps.index(row.variable)
    before, after = (count([(axis, frozenset([*steps[place:], INCLUDED]))]) for place in (at, at + 1))
    value = counted(after) if row.stat == "n_left" else counted(count([(axis, frozenset([row.variable]))]))
    return Line(value, counted(before))


def logistic(reader: Reader, row: Row) -> Line:
    name, codes = reader.params["outcome"]
    factors = reader.params["factors"]
    alone = row.group == "model=univariable"
    chosen = [row.variable.partition("=")[0]] if alone else list(factors)
    if any(each not in factors for each in chosen):
        return Line(UNCLEAR)
    whole = [
        *reader.known(name),
        *(condition for each in chosen for condition in _compared(reader, each, factors[each])),
    ]
    event, none = reader.coded(f"{name}={codes}"), reader.other(name, codes)
    counts = [count(reader.base, whole, side) for side in (event, none)]
    if row.stat == "events":
        return reader.line(counted(counts[0]), whole)
    if row.stat == "events_per_variable":  # the events again, divided by the number of terms
        return reader.line(made(counts[0]), whole)
    cells = list(counts)
    for each in chosen:
        ((axis, levels),) = _compared(reader, each, factors[each])
        cells += [
            count(reader.base, whole, side, [(axis, frozenset([code]))])
            for code in sorted(levels)
            for side in (event, none)
        ]
    about = row.variable if alone else ""
    return reader.line(Telling("model", tuple(cells), about), whole)


def _compared(reader: Reader, name: str, spec: str) -> list[Condition]:
    """Who has a code that a factor of a model compares."""
    known = reader.known(name)
    if " against " in spec and not spec.startswith("each "):
        codes = frozenset(code for side in spec.split(" against ") for code in side.split("|"))
        return [(known[0][0], known[0][1] & codes)]
    return known


#: The reader of a rule, by the parameter that only its family has; the first that fits.
READERS: tuple[tuple[str, Callable[[Reader, Row], Line]], ...] = (
    ("criteria", patient_flow),
    ("time", lambda reader, row: Line(UNCLEAR)),
    ("outcome", logistic),
    ("steps", work_up),
    ("described_by", misses),
    ("measure", predictive_values),
    ("first", two_tests),
    ("index", accuracy),
    ("x", agreement),
    ("before", before_after),
    ("rows", association),
)


def reader_of(params: dict) -> Callable[[Reader, Row], Line]:
    """Find the reader of a rule by its parameters; one that knows nothing where there is none."""
    for key, found in READERS:
        if key in params:
            return found
    variables = params.get("variables")
    if variables is None:
        return lambda reader, row: Line(UNCLEAR)
    return numeric if isinstance(variables, dict) else distribution


def read(people: People, study: str, params: dict, rows: list[Row], everybody: bool = False) -> list[Line]:
    """Say of every row of a table what its numbers tell."""
    reader, family = Reader(people, study, params, everybody), reader_of(params)
    found: list[Line] = []
    judged = [side for each in params.get("holds") or () for side in (each[-3], each[-1])]
    places = [tuple(side) for side in judged if isinstance(side, tuple | list)]
    by_place = {(row.group, row.variable, row.stat): row for row in rows}
    used = [by_place[place] for place in places if place in by_place]
    for row in rows:
        if row.stat in ("left", "right", "holds"):
            mine = used if row.stat == "holds" else [each for each in used if row.variable.endswith(_name(each))]
            tellings = [family(reader, each).value for each in mine]
            found.append(Line(NOTHING if _is_constant(row) else _together(tellings)))
        elif row.stat == NOT_EVALUABLE or row.group.startswith("study="):
            found.append(Line(NOTHING if row.stat == NOT_EVALUABLE else UNCLEAR))
        else:
            found.append(_of_clusters(row, family(reader, row)))
    return found


def _of_clusters(row: Row, line: Line) -> Line:
    """Tell what a number on the lesions of a patient tells besides: how many patients there are, who has several.

    A design effect times known counts is a whole number for the true number of patients alone; so are limits that count
    each patient once.
    """
    if row.stat.endswith("_design_effect") or ("_clustered_" in row.stat and "counted once" in row.method):
        return replace(line, value=Telling("lesions", line.value.counts))
    if "_clustered_" in row.stat and line.value.kind == "made":
        return replace(line, value=Telling("clustered", (*line.n.counts, *line.value.counts)))
    return line


def _is_constant(row: Row) -> bool:
    """Tell whether a side of a relation is a number of the rule, such as the 0.05 of a test."""
    try:
        float(row.variable.partition(": ")[2])
    except ValueError:
        return False
    return row.stat in ("left", "right")


def _name(row: Row) -> str:
    return f"{row.stat}({row.variable}; {row.group})"


def _together(tellings: list[Telling]) -> Telling:
    """What a number made of several others tells; a single patient's value or an unclear one makes it unclear."""
    if not tellings or any(each.kind not in ("count", "made") for each in tellings):
        return UNCLEAR
    return made(*(told for each in tellings for told in each.counts))
