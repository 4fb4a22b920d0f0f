"""Hold what came out of a cohort against what is printed: one row a claim (docs/methods/comparison.md)."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace
from pathlib import Path

from replicalc.cohort.frame import read_description
from replicalc.errors import ReplicalcError
from replicalc.job import job, write_text
from replicalc.records import Claim, load_checked, load_claims
from replicalc.table import Lookup, Row, read_result, safe_csv
from replicalc.verify.printed import Printed, as_printed, parse, printed_number, rounding_needed

COLUMNS = ("claim_id", "result", "reported", "replicated", "n", "verdict", "note", "cohort", "kind")
#: Measures that a coin would bring to 50 %, so that it is their natural middle.
TWO_OUTCOMES = ("sensitivity", "specificity", "accuracy", "false_positive_rate", "false_negative_rate")
SHARES = ("percent", "ppv", "npv", "prevalence", "survival", *TWO_OUTCOMES)
QUANTILES = ("median", "q1", "q3")
#: The value that says 'nothing there', of estimates that have one.
NULL = {"icc": 0.0, "or": 1.0, "hr": 1.0}
SIZES = ("n", "n_included", "n_assessed", "n_patients")


@dataclass(frozen=True, slots=True)
class Comparison:
    """The verdict on one claim; ``replicated`` is what came out, at the printed precision."""

    replicated: str
    n: int | None
    verdict: str
    note: str = ""


@job
def comparison(claims_file, study_file, cohort_file, result_files, verification_files, out):
    """Write ``comparison.csv``: every claim of the study, in its order, with its verdict on this cohort.

    ``verification_files`` holds the study's ``verification.csv`` for synthetic patients, and nothing for real ones.
    """
    claims = load_claims(claims_file)
    study = load_checked(study_file, "study")
    fractions = study["readings"].get("proportion_limits_printed_as") == "fraction"
    cohort = read_description(cohort_file)
    lookups = {Path(file).stem: Lookup(read_result(file)) for file in result_files}
    by_id = {claim.claim_id: claim for claim in claims}
    repaired = {claim_id: digit for file in verification_files for claim_id, digit in repaired_digits(file).items()}
    rows = []
    for claim in claims:
        found = compare(claim, lookups, by_id, study["alpha"], fractions)
        found = as_print_if_repaired(found, claim, repaired)
        note = _join(found.note, *_differences(claim, cohort.notes, lookups))
        n = "" if found.n is None else str(found.n)
        told = [claim.claim_id, claim.result, claim.reported, found.replicated, n, found.verdict, note]
        rows.append([*told, cohort.name, cohort.kind])
    write_text(out, safe_csv(rows, COLUMNS))


def repaired_digits(verification_file) -> dict[str, str]:
    """What a number should read that ``verification.csv`` calls ``rounding``, by claim.

    For such a number no patients give the printed digit; a synthetic cohort has the one that they can give.
    """
    import csv

    with open(verification_file, encoding="utf-8", newline="") as file:
        return {row["claim_id"]: row["repair"] for row in csv.DictReader(file) if row["verdict"] == "rounding"}


def as_print_if_repaired(found: Comparison, claim: Claim, repaired: dict[str, str]) -> Comparison:
    """Count the digit that ``repaired`` has for the claim as its print, and say so."""
    if found.verdict == "same_print" or not found.replicated or found.replicated != repaired.get(claim.claim_id):
        return found
    note = f"the repaired digit: the paper alone gives {found.replicated}, {claim.reported} is printed"
    return replace(found, verdict="same_print", note=_join(note, found.note))


def _differences(claim: Claim, notes: dict[str, str], lookups: dict[str, Lookup]) -> list[str]:
    """Say where a variable of the claim, or of the relations that judge it, means something else in this cohort."""
    names = {part.partition("=")[0].strip() for part in re.split(r"[;~]| x | - ", f"{claim.group};{claim.variable}")}
    if claim.stat == "holds":
        row = lookups[claim.result](claim.group, claim.variable, "holds")
        names |= set(re.findall(r"[a-z][a-z0-9_]*", row.method)) if row else set()
    return [f"{name} here: {notes[name]}" for name in sorted(names & set(notes))]


def compare(
    claim: Claim, lookups: dict[str, Lookup], claims: dict[str, Claim], alpha: float, fractions: bool = False
) -> Comparison:
    """Give the verdict on one claim from the statistics of its result.

    ``fractions``: the study prints limits of proportions as fractions (0.672), which results hold in percent.
    """
    lookup = lookups[claim.result]
    if claim.stat == "wording":
        row = lookup(claim.group, claim.variable, "holds")
        seen = (
            ""
            if row is None or math.isnan(row.value)
            else ("; it holds here" if row.value else "; it does not hold here")
        )
        return Comparison("", None, "not_evaluable", f"about the paper's wording, which no patients can confirm{seen}")
    row = lookup(claim.group, claim.variable, claim.stat)
    if row is None or math.isnan(row.value):
        why = (row.warning if row else "") or lookup.reason(claim.group, claim.variable)
        if not why:
            raise ReplicalcError(
                f"claim {claim.claim_id}: the result {claim.result} has no {claim.stat} of "
                f"'{claim.variable or 'everybody'}' for '{claim.group}'. Is its place in claims.csv right?"
            )
        return Comparison("", row.n if row else None, "not_evaluable", why)
    if claim.stat == "holds":
        holds = row.value == 1
        told = "holds" if holds else "does not hold"
        verdict = "same_conclusion" if holds else "conclusion_differs"
        number = printed_number(claim.reported)
        if holds and claim.kind == "p" and number is not None and number.sign != "=":
            verdict = "same_print"  # an inequality that is true comes out as it is printed
        elif holds and _prints_what_it_compares(claim, lookup):
            verdict = "same_print"
        return Comparison(told, row.n, verdict, _join(f"{told}: {row.method}", row.warning))
    printed = printed_number(claim.reported)
    if printed is None:
        raise ReplicalcError(f"claim {claim.claim_id}: '{claim.reported}' is not a number, but {claim.stat} is one")
    printed = replace(printed, decimals=_decimals(claim, printed, claims))
    if claim.stat in SIZES and not claim.of and row.kind == "real":
        why = "the size of this cohort; not a finding that another cohort can repeat"
        return Comparison(as_printed(row.value, printed), row.n, "not_evaluable", why)
    if fractions and _of_share(claim.stat):
        row = replace(row, value=row.value / 100)
    rounding = rounding_needed(row.value, printed)
    whole = _printed_whole(claim, claims)
    if whole is not None and whole != _whole_here(claim, row, lookups, claims):
        rounding = None  # the same count out of another number of patients is not the same finding
    shown = as_printed(row.value, printed, rounding)
    if claim.stat == "p" and printed.sign == "=" and row.value > 0 and not float(shown):
        shown = f"<{10.0**-printed.decimals:.{printed.decimals}f}"  # no P is 0
    ordinary = rounding in ("half-up", "inequality")
    other = _by_another_method(claim, printed, lookup) if row.kind == "synthetic" and not ordinary else None
    if other is not None:
        here = as_printed(row.value, printed)
        note = f"only by {_named(other)}; by {_named(row)}: {here}"
        return Comparison(as_printed(other.value, printed), other.n, "same_print", _join(note, row.warning))
    if rounding is not None:
        note = "" if ordinary else f"only by {rounding} of {row.value:.6g}"
        return Comparison(shown, row.n, "same_print", _join(note, row.warning))
    verdict, note = _nearest(claim, printed, row, lookups, claims, alpha, fractions)
    return Comparison(shown, row.n, verdict, _join(note, row.warning))


def _prints_what_it_compares(claim: Claim, lookup: Lookup) -> bool:
    """Tell whether a statement gives its numbers ('85.4 > 74.0') and what is compared here prints as them.

    Every number of the statement must be the print of a compared value, and every compared value must print as one.
    """
    said = [parse(text) for text in re.findall(r"(?<![\w.])\d+(?:\.\d+)?(?![\w.])", claim.reported)]
    values = [row.value for row in lookup.rows if row.stat in ("left", "right")]
    pairs = [[rounding_needed(value, number) == "half-up" for number in said] for value in values]
    return bool(said) and bool(values) and all(map(any, pairs)) and all(map(any, zip(*pairs, strict=True)))


def _decimals(claim: Claim, printed: Printed, claims: dict[str, Claim]) -> int:
    """Give a bare 0 the precision of its column: in a column of 0.8 and 1.5 it means 0.0."""
    if printed.value or claim.stat not in QUANTILES:
        return printed.decimals
    column = [
        parse(other.reported)
        for other in claims.values()
        if (other.result, other.variable) == (claim.result, claim.variable) and other.stat in QUANTILES
    ]
    return max(each.decimals for each in column if each is not None)


def _join(*notes: str) -> str:
    """Join sentences by semicolons, each once."""
    return "; ".join(dict.fromkeys(part for note in notes for part in note.split("; ") if part))


def _nearest(claim: Claim, printed: Printed, row: Row, lookups, claims, alpha, fractions) -> tuple[str, str]:
    """Judge a number that does not print the same."""
    value, lookup = float(printed.value), lookups[claim.result]
    if claim.stat == "p":
        same = _significant(value, printed.sign, alpha) == (row.value < alpha)
        side = "below" if row.value < alpha else "not below"
        if same and row.value < alpha and _reversed(claim, lookup, claims):
            return "conclusion_differs", f"P is below {alpha:g} here too, but the difference goes the other way"
        return "same_conclusion" if same else "conclusion_differs", f"P is {side} {alpha:g} here"
    estimate, _, side = claim.stat.rpartition("_")
    if estimate in NULL and side in ("lo", "hi"):
        return _by_null(claim, estimate, lookup, claims)
    if _of_share(claim.stat):
        return _by_partner(claim, estimate, lookup, claims, fractions)
    if claim.stat in SHARES:
        middle = 50.0 if claim.stat in TWO_OUTCOMES and 0 < value < 100 else None
        return _by_interval(value, lookup, claim, middle)
    if claim.stat in NULL:
        return _by_interval(value, lookup, claim, NULL[claim.stat])
    if claim.stat in ("mean", "sd", *QUANTILES):
        return _by_interval(value, lookup, claim, None)
    if claim.of:
        return _count_as_share(claim, value, row, lookups, claims)
    return (
        "not_evaluable",
        "a number of patients or a date of this cohort; not a finding that another cohort can repeat",
    )


def _reversed(claim: Claim, lookup: Lookup, claims: dict[str, Claim]) -> bool:
    """Tell whether the printed difference behind a P goes the other way here.

    Looked for: the odds or hazard ratio at the same place, against 1; for a cross-tabulation 'a x b', printed shares of
    one code of b in two groups of a.
    """
    mine = [each for each in claims.values() if each.result == claim.result]
    for other in mine:
        if other.stat in ("or", "hr") and (other.group, other.variable) == (claim.group, claim.variable):
            row, printed = lookup(other.group, other.variable, other.stat), printed_number(other.reported)
            return row is not None and printed is not None and (row.value - 1) * (float(printed.value) - 1) < 0
    a, cross, b = claim.variable.partition(" x ")
    if not cross:
        return False
    shares: dict[str, list[tuple[float, float]]] = {}
    for other in mine:
        if other.stat == "percent" and other.group.startswith(f"{a}=") and other.variable.startswith(f"{b}="):
            row, printed = lookup(other.group, other.variable, "percent"), printed_number(other.reported)
            if row is not None and printed is not None:
                shares.setdefault(other.variable, []).append((float(printed.value), row.value))
    pairs = [found for found in shares.values() if len(found) == 2]
    return any((one[0] - two[0]) * (one[1] - two[1]) < 0 for one, two in pairs)


def _significant(value: float, sign: str, alpha: float) -> bool:
    """Tell what a printed P says: '<0.05' is significant at 0.05, '0.05' and '>0.05' are not."""
    return value <= alpha if sign in ("<", "<=") else value < alpha


def _by_another_method(claim: Claim, printed: Printed, lookup: Lookup) -> Row | None:
    """Find the number by a method beside the one that the study's rule takes: another test, another model.

    For synthetic patients only: they are made so that the printed numbers come out, and the row says by which method.
    On a real cohort the method stays the one that the paper names; otherwise the best of many would be taken.
    """
    if printed.sign != "=":
        return None
    for row in lookup.rows:
        if claim.stat == "p":
            same = (row.group, row.variable, row.stat) == (claim.group, claim.variable, "p_alternative")
        else:
            models = claim.group.startswith("model=") and row.group.startswith("model=")
            same = models and (row.variable, row.stat) == (claim.variable, claim.stat) and row.group != claim.group
        if same and rounding_needed(row.value, printed) == "half-up":
            return row
    return None


def _named(row: Row) -> str:
    """Name how a statistic was made."""
    model = row.group.removeprefix("model=") if row.group.startswith("model=") else ""
    return f"the {model} model" if model else row.method


def _by_interval(value, lookup: Lookup, claim: Claim, middle: float | None) -> tuple[str, str]:
    lo, hi = (lookup(claim.group, claim.variable, f"{claim.stat}_{side}") for side in ("lo", "hi"))
    if lo is None or hi is None or math.isnan(lo.value) or math.isnan(hi.value):
        return "not_evaluable", "no interval can be given here"
    shown = f"{100 * (lo.conf_level or 0):g} % interval here {lo.value:.3g} to {hi.value:.3g}"
    if lo.value <= value <= hi.value:
        return "same_conclusion", f"the printed value lies in the {shown}"
    if middle is not None and all((value - middle) * (limit.value - middle) > 0 for limit in (lo, hi)):
        return "same_direction", f"outside the {shown}, which lies on the same side of {middle:g}"
    return "conclusion_differs", f"the printed value lies outside the {shown}"


def _by_null(claim: Claim, estimate: str, lookup: Lookup, claims: dict[str, Claim]) -> tuple[str, str]:
    """Judge a limit together with its partner: do the two intervals say the same about the null value?"""
    limits = {}
    for other in claims.values():
        if (other.result, other.group, other.variable) == (claim.result, claim.group, claim.variable):
            limits.setdefault(other.stat, printed_number(other.reported))
    pair = (f"{estimate}_lo", f"{estimate}_hi")
    printed = [limits.get(stat) for stat in pair]
    here = [lookup(claim.group, claim.variable, stat) for stat in pair]
    if None in printed or None in here:
        return "not_evaluable", "only one limit of the interval is there"
    said, found = (_about(NULL[estimate], *(float(v.value) for v in both)) for both in (printed, here))
    verdict = "same_conclusion" if said == found else "conclusion_differs"
    return verdict, f"the printed interval {said}, the interval here {found}"


def _of_share(stat: str) -> bool:
    """Tell whether a statistic is a limit of a share."""
    estimate, _, side = stat.rpartition("_")
    return estimate in SHARES and side in ("lo", "hi")


def _by_partner(claim: Claim, estimate: str, lookup: Lookup, claims, fractions: bool) -> tuple[str, str]:
    """Judge a limit of a share with its partner: does each interval hold the other one's estimate?"""
    printed = {
        other.stat: printed_number(other.reported)
        for other in claims.values()
        if (other.result, other.group, other.variable) == (claim.result, claim.group, claim.variable)
    }
    stats = (f"{estimate}_lo", estimate, f"{estimate}_hi")
    here = [lookup(claim.group, claim.variable, stat) for stat in stats]
    said = [printed.get(stat) for stat in stats]
    if None in here or None in said:
        return "not_evaluable", "the interval or its estimate is not there on both sides"
    lo, middle, hi = (row.value for row in here)
    scale = 100 if fractions else 1
    says_lo, says, says_hi = scale * float(said[0].value), float(said[1].value), scale * float(said[2].value)
    told = f"{says:g} ({says_lo:g} to {says_hi:g}) printed, {middle:.3g} ({lo:.3g} to {hi:.3g}) here"
    if lo <= says <= hi and says_lo <= middle <= says_hi:
        return "same_conclusion", f"each interval holds the other's estimate: {told}"
    if estimate in TWO_OUTCOMES and ((lo > 50 and says_lo > 50) or (hi < 50 and says_hi < 50)):
        return "same_direction", f"both intervals lie on the same side of 50: {told}"
    return "conclusion_differs", f"an interval leaves out the other's estimate: {told}"


def _about(null: float, lo: float, hi: float) -> str:
    where = "lies above" if lo > null else "lies below" if hi < null else "includes"
    return f"{where} {null:g}"


def _printed_whole(claim: Claim, claims: dict[str, Claim]) -> float | None:
    """The printed number of patients that a count is a part of."""
    whole = printed_number(claims[claim.of].reported) if claim.of else None
    return float(whole.value) if whole is not None else None


def _whole_here(claim: Claim, row: Row, lookups: dict[str, Lookup], claims: dict[str, Claim]) -> int | None:
    """The number of patients that the count is a part of in this cohort."""
    if claim.stat in ("tp", "fp", "fn", "tn"):  # the sentence decides which margin of the 2 x 2 table it is
        of = claims[claim.of]
        whole = lookups[of.result](of.group, of.variable, of.stat)
        return None if whole is None or math.isnan(whole.value) else int(whole.value)
    if claim.stat != "n":
        return row.n
    everybody = lookups[claim.result]("all", claim.variable, "n")
    return None if everybody is None or math.isnan(everybody.value) else int(everybody.value)


def _count_as_share(claim: Claim, value: float, row: Row, lookups, claims) -> tuple[str, str]:
    """Compare a count with the printed one as shares of their wholes."""
    from replicalc.stats.proportion import interval

    whole, here = _printed_whole(claim, claims), _whole_here(claim, row, lookups, claims)
    if not whole:
        return "not_evaluable", f"the whole of this count ({claim.of}) is not a number above 0"
    if not here:
        return "not_evaluable", f"nobody, or a number that is withheld, is the whole of this count here ({claim.of})"
    share, found = value / whole, row.value / here
    limits = interval(int(row.value), here, "Wilson", row.conf_level or 0.95)
    inside = f"{100 * limits.level:g} % interval {100 * limits.lo:.1f} to {100 * limits.hi:.1f}"
    shown = f"{100 * found:.1f} % here ({inside}), {100 * share:.1f} % printed"
    if limits.lo <= share <= limits.hi:
        return "same_conclusion", f"as shares: {shown}"
    return "conclusion_differs", f"as shares: {shown}"
