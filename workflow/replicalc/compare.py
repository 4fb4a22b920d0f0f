"""Hold what came out of a cohort against what is printed: one row a claim (docs/methods/comparison.md)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

from replicalc.cohort.frame import read_cohort
from replicalc.job import job, write_text
from replicalc.records import Claim, load_checked, load_claims
from replicalc.table import Lookup, Row, read_result, to_csv
from replicalc.verify.printed import Printed, as_printed, parse, rounding_needed

COLUMNS = ("claim_id", "result", "reported", "replicated", "n", "verdict", "note", "cohort", "kind")
VERDICTS = ("same_print", "same_conclusion", "same_direction", "conclusion_differs", "not_evaluable")
#: Statistics that are percentages of a known number of patients, so that 50 % is a natural midpoint.
SHARES = [
    "percent",
    "sensitivity",
    "specificity",
    "ppv",
    "npv",
    "accuracy",
    "false_positive_rate",
    "false_negative_rate",
    "prevalence",
]
#: Limits of an interval whose null value is 0.
LIMITS_AROUND_ZERO = ("icc_lo", "icc_hi")
WORDS = dict(one=1, two=2, three=3, four=4, five=5, six=6, seven=7, eight=8, nine=9, ten=10)


@dataclass(frozen=True, slots=True)
class Comparison:
    """The verdict on one claim; ``replicated`` is what came out, at the printed precision."""

    replicated: str
    n: int | None
    verdict: str
    note: str = ""


@job
def comparison(claims_file, study_file, cohort_file, result_files, out):
    """Write ``comparison.csv``: every claim of the study, in its order, with its verdict on this cohort."""
    claims = load_claims(claims_file)
    alpha = load_checked(study_file, "study")["alpha"]
    cohort = read_cohort(cohort_file)
    lookups = {Path(file).stem: Lookup(read_result(file)) for file in result_files}
    by_id = {claim.claim_id: claim for claim in claims}
    rows = []
    for claim in claims:
        found = compare(claim, lookups[claim.result], by_id, alpha)
        n = "" if found.n is None else str(found.n)
        rows.append(
            [
                claim.claim_id,
                claim.result,
                claim.reported,
                found.replicated,
                n,
                found.verdict,
                found.note,
                cohort.name,
                cohort.kind,
            ]
        )
    write_text(out, to_csv(rows, COLUMNS))


def compare(claim: Claim, lookup: Lookup, claims: dict[str, Claim], alpha: float) -> Comparison:
    """Give the verdict on one claim from the statistics of its result."""
    row = lookup(claim.group, claim.variable, claim.stat)
    if row is None or math.isnan(row.value):
        why = (row.warning if row else "") or lookup.reason(claim.group, claim.variable)
        why = why or f"the result has no {claim.stat} of {claim.variable or 'everybody'} for {claim.group}"
        return Comparison("", row.n if row else None, "not_evaluable", why)
    if claim.stat == "holds":
        holds = row.value == 1
        note = f"{'holds' if holds else 'does not hold'}: {row.method}"
        return Comparison(
            "holds" if holds else "does not hold",
            row.n,
            "same_conclusion" if holds else "conclusion_differs",
            note,
        )
    printed = printed_number(claim.reported)
    if printed is None:
        return Comparison(f"{row.value:g}", row.n, "not_evaluable", f"'{claim.reported}' is not a number")
    shown = as_printed(row.value, printed)
    rounding = rounding_needed(row.value, printed)
    whole = _printed_whole(claim, claims)
    if whole is not None and whole != _whole_here(claim, row, lookup):
        rounding = None  # the same count out of another number of patients is not the same finding
    if rounding is not None:
        note = "" if rounding in ("half-up", "inequality") else f"by {rounding}"
        return Comparison(shown, row.n, "same_print", _join(note, row.warning))
    verdict, note = _nearest(claim, printed, row, lookup, claims, alpha)
    return Comparison(shown, row.n, verdict, _join(note, row.warning))


def printed_number(text: str) -> Printed | None:
    """Read a printed number; number words up to ten count as numbers."""
    word = WORDS.get(text.strip().lower())
    return parse(str(word)) if word is not None else parse(text)


def _join(*notes: str) -> str:
    return "; ".join(note for note in notes if note)


def _nearest(claim: Claim, printed: Printed, row: Row, lookup: Lookup, claims, alpha) -> tuple[str, str]:
    """Judge a number that does not print the same."""
    value = float(printed.value)
    if claim.stat == "p":
        same = _significant(value, printed.sign, alpha) == (row.value < alpha)
        side = "below" if row.value < alpha else "not below"
        return ("same_conclusion" if same else "conclusion_differs"), f"P is {side} {alpha:g} here"
    if claim.stat in LIMITS_AROUND_ZERO:
        same = (value > 0) == (row.value > 0)
        return ("same_conclusion" if same else "conclusion_differs"), "judged by the side of 0 on which the limit lies"
    if claim.stat in SHARES:
        return _by_interval(value, row.value, lookup, claim, 50.0)
    if claim.stat == "icc":
        return _by_interval(value, row.value, lookup, claim, 0.0)
    if claim.stat in ("mean", "sd", "median", "q1", "q3"):
        return _by_interval(value, row.value, lookup, claim, None)
    if claim.of:
        return _count_as_share(claim, value, row, lookup, claims)
    return (
        "not_evaluable",
        "a number of patients or a date of this cohort; not a finding that another cohort can repeat",
    )


def _significant(value: float, sign: str, alpha: float) -> bool:
    """Tell what a printed P says: '<0.05' is significant at 0.05, '0.05' and '>0.05' are not."""
    return value <= alpha if sign in ("<", "<=") else value < alpha


def _by_interval(value, found, lookup: Lookup, claim: Claim, middle: float | None) -> tuple[str, str]:
    lo, hi = (lookup(claim.group, claim.variable, f"{claim.stat}_{side}") for side in ("lo", "hi"))
    if lo is None or hi is None or math.isnan(lo.value) or math.isnan(hi.value):
        return "not_evaluable", "no interval can be given here"
    shown = f"{100 * (lo.conf_level or 0):g} % interval here {lo.value:.3g} to {hi.value:.3g}"
    if lo.value <= value <= hi.value:
        return "same_conclusion", f"the printed value lies in the {shown}"
    if middle is not None and (value > middle) == (found > middle) and found != middle:
        return "same_direction", f"outside the {shown}, on the same side of {middle:g}"
    return "conclusion_differs", f"the printed value lies outside the {shown}"


def _printed_whole(claim: Claim, claims: dict[str, Claim]) -> float | None:
    """The printed number of patients that a count is a part of."""
    whole = printed_number(claims[claim.of].reported) if claim.of else None
    return float(whole.value) if whole is not None else None


def _whole_here(claim: Claim, row: Row, lookup: Lookup) -> int | None:
    """The number of patients that the count is a part of in this cohort; for the size of a group, everybody's."""
    if claim.stat != "n":
        return row.n
    everybody = lookup("all", claim.variable, "n")
    return None if everybody is None else int(everybody.value)


def _count_as_share(claim: Claim, value: float, row: Row, lookup: Lookup, claims) -> tuple[str, str]:
    """Compare a count with the printed one as shares of their wholes."""
    from replicalc.stats.proportion import interval

    whole, here = _printed_whole(claim, claims), _whole_here(claim, row, lookup)
    if not whole or not here:
        return "not_evaluable", f"the whole of this count ({claim.of}) is not a number above 0"
    share, found = value / whole, row.value / here
    limits = interval(int(row.value), here, "Wilson", 0.95)
    inside = f"95 % interval {100 * limits.lo:.1f} to {100 * limits.hi:.1f}"
    shown = f"{100 * found:.1f} % here ({inside}), {100 * share:.1f} % printed"
    if limits.lo <= share <= limits.hi:
        return "same_conclusion", f"as shares: {shown}"
    if (share > 0.5) == (found > 0.5):
        return "same_direction", f"as shares: {shown}"
    return "conclusion_differs", f"as shares: {shown}"
