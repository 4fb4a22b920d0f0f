"""Which values of quantiles, means and agreements print as the paper has them: targets of ``measurements``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from replicalc.cohort.synthesise.measurements import Agreement, Moment, Quantile, Target
from replicalc.records import Claim
from replicalc.verify.printed import Printed, printed_number
from replicalc.verify.which_icc import which_icc

QUANTILES = {"q1": 0.25, "median": 0.5, "q3": 0.75}
#: Of a printed unit: how far from the edge of its rounding interval a value must lie, so that all programs round alike.
EDGE = 0.02

Printing = dict[tuple[str, str, str], tuple[str, Printed]]


def printing(claims: Iterable[Claim]) -> Printing:
    """Gather the printed numbers by place (group, variable, stat), each once, with the first claim that prints it.

    A bare 0 has the decimals of the other numbers of its variable and kind.
    """
    found: Printing = {}
    for claim in claims:
        number = printed_number(claim.reported) if claim.stat else None
        if number is not None and number.sign == "=":
            found.setdefault((claim.group, claim.variable, claim.stat), (claim.claim_id, number))
    return found


def targets(found: Printing, steps_per_unit: Mapping[str, float], sizes: Mapping[str, int]) -> list[Target]:
    """Make targets of what is printed about measurements.

    steps_per_unit: by variable, how many grid steps one printed unit has (10 for tenths of a centimetre printed in
    centimetres). sizes: by group, how many patients are in it; others are left out. The agreement is ICC(C,1): where
    value and limits are printed by this form for that many patients, the values that print all three, otherwise those
    that print the value.
    """
    made: list[Target] = []
    for (group, variable, stat), (claim_id, number) in found.items():
        if group not in sizes:
            continue
        if stat == "icc":
            x, _, y = variable.partition("~")
            if x in steps_per_unit and y in steps_per_unit:
                lo, hi, _ = agreement_window(found, group, variable, sizes[group])
                made.append(Agreement(claim_id, group, x, y, lo, hi))
        elif variable in steps_per_unit and (stat in QUANTILES or stat in ("mean", "sd")):
            scale, half = steps_per_unit[variable], 0.5 * 10.0 ** -_decimals(found, variable, stat, number)
            lo, hi = (scale * (float(number.value) + sign * half * (1 - 2 * EDGE)) for sign in (-1, 1))
            if stat in QUANTILES:
                made.append(Quantile(claim_id, group, variable, QUANTILES[stat], lo, hi))
            else:
                made.append(Moment(claim_id, group, variable, stat, lo, hi))
    return made


def agreement_window(found: Printing, group: str, variable: str, n: int) -> tuple[float, float, bool]:
    """Return the values of ICC(C,1) that print, and whether they print the limits too."""
    value, lo, hi = (found.get((group, variable, stat)) for stat in ("icc", "icc_lo", "icc_hi"))
    assert value is not None
    if lo is not None and hi is not None:
        fits = which_icc(value[1], lo[1], hi[1], n, forms=("ICC(C,1)",), max_n=2).fits
        ordinary = [fit for fit in fits if fit.rounding == "half-up"]
        if ordinary:
            least, most = ordinary[0].value_lo, ordinary[0].value_hi
            edge = EDGE * (most - least)
            return least + edge, most - edge, True
    half = 0.5 * 10.0 ** -value[1].decimals * (1 - 2 * EDGE)
    return float(value[1].value) - half, float(value[1].value) + half, lo is None and hi is None


def _decimals(found: Printing, variable: str, stat: str, number: Printed) -> int:
    if number.value or stat not in QUANTILES:
        return number.decimals
    return max(other.decimals for (_, v, s), (_, other) in found.items() if v == variable and s in QUANTILES)
