"""What a paper leaves open: every statistic over several synthetic cohorts that all have the printed numbers.

Each cohort is a witness: one way in which the patients may have been. A statistic that is the same in all of them is
settled by what is printed, as far as these witnesses show; one that differs is open, at least as far as they differ.
What is written says nothing about a single patient.
"""

from __future__ import annotations

import math
import re
import statistics
from collections import Counter
from dataclasses import dataclass, fields, replace
from pathlib import Path

from replicalc.compare import compare
from replicalc.errors import ReplicalcError
from replicalc.job import job, write_text
from replicalc.records import Claim, load_checked, load_claims
from replicalc.table import NOT_EVALUABLE, Lookup, Row, as_text, read_result, to_csv
from replicalc.witnesses_page import page

#: Rows of a result that are no statistics of their own: why there is none, and the sides of a sentence's relations.
NO_STATISTIC = (NOT_EVALUABLE, "left", "right")
#: The value of an estimate at which there is no effect. A limit by another method ('difference_tango_lo') has its null.
NULLS = {"or": 1, "hr": 1, "odds_ratio": 1, "risk_ratio": 1, "diagnostic_odds_ratio": 1, "icc": 0, "bias": 0}
NULLS |= {"risk_difference": 0, "difference": 0}
RATIOS = ("or", "hr", "odds_ratio")
#: Values closer than this, relative to the larger, are the same: iterated estimates differ in their last digits.
SAME = 1e-6
#: How the reason begins where the printed number is that of another test or model.
BY_ANOTHER = "the printed number comes out by another method"
_P = re.compile(r"(icc_)?p(_\w+)?")
_LIMIT = re.compile(r"(?P<estimate>\w+?)_(?P<side>lo|hi)(?P<other>_alternative)?")


@dataclass(frozen=True, slots=True)
class Spread:
    """One statistic over all witnesses. ``least``, ``median`` and ``most`` are of those in which it is defined.

    ``n_as_printed`` counts the witnesses in which this statistic prints as ``reported`` (a sentence: holds), and
    ``n_by_another_method`` those in which only another test or model gives the printed number; None where nothing is
    printed at its place. ``prints`` is what the witnesses print there. ``conclusion`` is '' where a statistic asserts
    nothing; ``same_conclusion`` 'yes', 'no' or ''.
    """

    result: str
    group: str
    variable: str
    stat: str
    unit: str
    method: str
    reported: str
    prints: str
    n_witnesses: int
    n_undefined: int
    least: float
    median: float
    most: float
    n_as_printed: int | None
    n_by_another_method: int | None
    same_conclusion: str
    conclusion: str
    open: str
    why: str
    kind: str = "synthetic"


COLUMNS = tuple(each.name for each in fields(Spread))


@job
def witness_range(claims_file, study_file, result_files, table_out, page_out, *, seeds):
    """Write the table of all statistics over the witnesses, and a page with those that matter to a reader.

    ``result_files`` are ``.../<cohort>/<result>.csv`` of every cohort in ``seeds`` (name: seed, in their order). Raises
    ReplicalcError where a cohort lacks a result that another one has, or where there are fewer than two cohorts.
    """
    study = load_checked(study_file, "study")
    claims = load_claims(claims_file)
    tables: dict[str, dict[str, list[Row]]] = {cohort: {} for cohort in seeds}
    for file in map(Path, result_files):
        tables[file.parent.name][file.stem] = read_result(file)
    fractions = study["readings"].get("proportion_limits_printed_as") == "fraction"
    found = gather(list(tables.values()), claims, study["alpha"], fractions)
    write_text(table_out, to_csv([[as_text(getattr(each, name)) for name in COLUMNS] for each in found], COLUMNS))
    write_text(page_out, page(found, study["study"], seeds, study["alpha"]))


def gather(witnesses: list[dict[str, list[Row]]], claims: list[Claim], alpha: float, fractions: bool) -> list[Spread]:
    """Put each statistic of the results (one dictionary a witness: result, its rows) beside itself in all witnesses.

    ``fractions``: the study prints limits of proportions as fractions, which results hold in percent.
    """
    if len(witnesses) < 2:
        raise ReplicalcError("what a paper leaves open shows from two synthetic cohorts on; here is only one")
    names = list(dict.fromkeys(name for each in witnesses for name in each))
    lacking = [name for name in names for each in witnesses if name not in each]
    if lacking:
        raise ReplicalcError(f"the result {lacking[0]} is not there for every synthetic cohort")
    printed = _Printed(witnesses, claims, alpha, fractions)
    spreads = []
    for name in names:
        lookups = [_Places(each[name]) for each in witnesses]
        for place in dict.fromkeys(place for lookup in lookups for place in lookup.rows):
            rows = [lookup.rows.get(place) for lookup in lookups]
            said = [_conclusion(row, lookup, alpha) for row, lookup in zip(rows, lookups, strict=True)]
            spreads.append(_spread(rows, said, printed(name, place)))
    return spreads


class _Places:
    """The statistics of one result in one witness; several methods of a statistic are told apart by their names."""

    def __init__(self, rows: list[Row]):
        self.rows = {self.place(row): row for row in rows if row.stat not in NO_STATISTIC}

    @staticmethod
    def place(row: Row) -> tuple[str, str, str, str]:
        return row.group, row.variable, row.stat, row.method if row.stat.endswith("_alternative") else ""

    def value(self, row: Row, stat: str, method: str = "") -> float:
        """Return another statistic at the place of a row; NaN if there is none."""
        beside = self.rows.get((row.group, row.variable, stat, method))
        return math.nan if beside is None else beside.value


@dataclass(frozen=True, slots=True)
class _Print:
    """What is printed at a place, and how each witness prints there by itself and by any method."""

    reported: str
    shown: list[str]
    as_printed: list[bool]
    by_another: list[bool]


class _Printed:
    """Finds what is printed at a place of a result, and compares it with every witness."""

    def __init__(self, witnesses, claims: list[Claim], alpha: float, fractions: bool):
        # Without a kind the comparison looks at the statistic itself and at no other method that may give the number.
        self._plain = [
            {name: Lookup([replace(row, kind="") for row in rows]) for name, rows in each.items()} for each in witnesses
        ]
        self._any = [{name: Lookup(rows) for name, rows in each.items()} for each in witnesses]
        self._claims = {claim.claim_id: claim for claim in claims}
        self._how = alpha, fractions
        self._at: dict[tuple[str, str, str, str], list[Claim]] = {}
        for claim in claims:
            self._at.setdefault((claim.result, claim.group, claim.variable, claim.stat), []).append(claim)

    def __call__(self, result: str, place: tuple[str, str, str, str]) -> _Print | None:
        claims = self._at.get((result, *place[:3]))
        if not claims:
            return None
        plain, either = (
            [[compare(claim, lookups, self._claims, *self._how) for claim in claims] for lookups in where]
            for where in (self._plain, self._any)
        )
        reached = ("same_print", "same_conclusion") if place[2] == "holds" else ("same_print",)
        as_printed, anyhow = (
            [all(each.verdict in reached for each in found) for found in where] for where in (plain, either)
        )
        by_another = [found and not own for own, found in zip(as_printed, anyhow, strict=True)]
        reported = dict.fromkeys(claim.reported for claim in claims)
        return _Print("; ".join(reported), [found[0].replicated for found in plain], as_printed, by_another)


def _spread(rows: list[Row | None], said: list[str], printed: _Print | None) -> Spread:
    """Sum up one statistic: a row (or None) and a conclusion for each witness."""
    values = [row.value for row in rows if row is not None and not math.isnan(row.value)]
    first = next(row for row in rows if row is not None)
    undefined = len(rows) - len(values)
    told = Counter(each for each in said if each)
    same = "" if not told else "yes" if len(told) == 1 else "no"
    is_open, why = _openness(first.stat, values, undefined, same, printed)
    return Spread(
        first.result,
        first.group,
        first.variable,
        first.stat,
        first.unit,
        "; ".join(dict.fromkeys(row.method for row in rows if row is not None and row.method)),
        printed.reported if printed else "",
        "; ".join(dict.fromkeys(printed.shown)) if printed else "",
        len(rows),
        undefined,
        min(values, default=math.nan),
        statistics.median(values) if values else math.nan,
        max(values, default=math.nan),
        sum(printed.as_printed) if printed else None,
        sum(printed.by_another) if printed else None,
        same,
        "; ".join(f"{words} in {'all' if n == len(rows) else f'{n} of {len(rows)}'}" for words, n in told.items()),
        is_open,
        why,
    )


def _openness(stat: str, values: list[float], undefined: int, same: str, printed: _Print | None) -> tuple[str, str]:
    """Say whether the paper leaves a statistic open, as far as the witnesses show, and in what way."""
    witnesses, other = len(values) + undefined, ""
    if printed is not None:
        if stat == "holds":
            return _of_sentence(sum(printed.as_printed), witnesses, bool(values))
        if all(printed.as_printed):
            return "no", "printed, and so in every witness"
        reached = [own or another for own, another in zip(printed.as_printed, printed.by_another, strict=True)]
        if not all(reached):
            if len(set(printed.shown)) == 1:
                return "no", "not as printed; in every witness the same"
            return "no", f"printed; {sum(reached)} of {witnesses} witnesses have it"
        other = f"{BY_ANOTHER}; by this one "
    if not values:
        return "no", "not defined in any witness"
    if same == "no":
        return "yes", f"{other}number and conclusion differ"
    if not _all_the_same(stat, values):
        return "yes", f"{other}the number differs{', the conclusion does not' if same else ''}"
    if undefined:
        return "yes", f"{other}not defined in {undefined} of {witnesses}, the same in the others"
    return "no", f"{other}the same in every witness"


def _of_sentence(holding: int, witnesses: int, judged: bool) -> tuple[str, str]:
    """Say whether the printed numbers settle a sentence of the paper."""
    if not judged:
        return "no", "a sentence that cannot be judged on these patients"
    if holding in (0, witnesses):
        return "no", f"a sentence; it holds in {'every' if holding else 'no'} witness"
    return "yes", f"a sentence that the printed numbers do not settle; it holds in {holding} of {witnesses} witnesses"


def _all_the_same(stat: str, values: list[float]) -> bool:
    """Tell whether values agree but for the last digits; near 0 too, save for a P."""
    near = 0.0 if _P.fullmatch(stat) else 1e-12
    return all(value == values[0] or math.isclose(value, values[0], rel_tol=SAME, abs_tol=near) for value in values)


def _conclusion(row: Row | None, places: _Places, alpha: float) -> str:
    """Say what a statistic asserts: a sentence holds, a P is below alpha, an interval leaves out 'no effect'."""
    if row is None or math.isnan(row.value):
        return ""
    if row.stat == "holds":
        return "holds" if row.value else "does not hold"
    if _P.fullmatch(row.stat):
        return _of_p(row, places, alpha)
    limit = _LIMIT.fullmatch(row.stat)
    estimate, other = (limit["estimate"], limit["other"] or "") if limit else (row.stat, "")
    if not limit and estimate.endswith("_alternative"):
        estimate, other = estimate.removesuffix("_alternative"), "_alternative"
    null = next((NULLS[name] for name in NULLS if estimate == name or estimate.startswith(f"{name}_")), None)
    lo, hi = (places.value(row, f"{estimate}_{side}{other}", row.method if other else "") for side in ("lo", "hi"))
    if null is None or math.isnan(lo) or math.isnan(hi):
        return ""
    return f"interval {'above' if lo > null else 'below' if hi < null else 'includes'} {null}"


def _of_p(row: Row, places: _Places, alpha: float) -> str:
    """What a P says; with the direction, where the ratio that it belongs to stands beside it."""
    if row.value >= alpha:
        return f"P not below {alpha:g}"
    beside = (places.value(row, name) for name in RATIOS)
    ratio = next((value for value in beside if not math.isnan(value)), math.nan)
    way = "" if math.isnan(ratio) else f", ratio {'above' if ratio > 1 else 'below'} 1"
    return f"P below {alpha:g}{way}"
