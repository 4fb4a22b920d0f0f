"""Odds and hazard ratios: the ratio against its limits, the P against the interval, the width against the events.

For a ratio that a paper calls adjusted, ``crude_tables`` has every 2x2 table that gives it without adjustment.
Printed numbers come in as text. ``impossible`` is said only of what no method could give; what only excludes Wald's
limits or Wald's test is ``unstated_method``.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from math import ceil, erfc, exp, log, sqrt

from replicalc.errors import ReplicalcError
from replicalc.verify.crude import CrudeTables, Table, crude_tables, together
from replicalc.verify.finding import Finding
from replicalc.verify.printed import Printed, format_as, parse
from replicalc.verify.ratio_print import check_counts, prints_from, quantile, triple

__all__ = ["CrudeTables", "Finding", "Table", "check", "crude_tables", "together"]
_WALD = "Wald's limits, exp(log ratio -+ z se)"


def check(
    estimate: str,
    lo: str,
    hi: str,
    p: str | None = None,
    events: int | None = None,
    n: int | None = None,
    level: float = 0.95,
    kind: str = "odds",
    exposed: int | None = None,
) -> tuple[Finding, ...]:
    """Check an odds ratio (kind "odds") or hazard ratio ("hazard") of a yes/no factor against what is printed with it.

    estimate, lo, hi, p: as printed. events, n, exposed: events, patients and patients with the factor in the analysis,
    as far as known. Always three findings, called "limits", "p" and "width".

    The smallest standard error needs a yes/no factor. Odds: sqrt(1/a + 1/b + 1/c + 1/d) of the 2x2 table of the same
    patients, which adjustment for other covariates can only make larger (Robinson & Jewell 1991,
    doi:10.2307/1403444). Hazards: 2 / sqrt(events), since a yes/no factor varies by at most 1/4 among those at risk
    at each event (Schoenfeld 1983, doi:10.2307/2531021).

    Raises ReplicalcError for what is no number, a ratio or limit below 0, swapped limits, or impossible counts.

    >>> [f.verdict for f in check("2.00", "1.00", "3.00")]
    ['unstated_method', 'not_checkable', 'not_checkable']
    """
    ratio, low, high = triple(estimate, lo, hi)
    check_counts(events, n, exposed, kind)
    if not 0 < level < 1:
        raise ReplicalcError(f"the confidence level is a number between 0 and 1, not {level}")
    limits = _limits(ratio, low, high)
    width = _width(ratio, low, high, events, n, level, kind, exposed)
    if limits.verdict == "unstated_method" and width.verdict == "impossible":
        why = f"{width.evidence} But these are no Wald limits, and nothing else tells their standard error."
        width = Finding("width", "not_checkable", width.method, why)
    return limits, _p_value(ratio, low, high, p, level), width


def _limits(ratio: Printed, lo: Printed, hi: Printed) -> Finding:
    """The ratio against the geometric mean of its limits, in exact arithmetic on the squares."""
    if not prints_from(lo)[0] <= prints_from(ratio)[1] or not prints_from(ratio)[0] <= prints_from(hi)[1]:
        return Finding(
            "limits",
            "impossible",
            "any interval",
            f"The ratio {ratio.text} lies outside its own limits {lo.text} and {hi.text}.",
            _nearest(ratio, lo, hi),
        )
    for name, truncated in (("half-up or half-even", False), ("truncation", True)):
        if _symmetric(*(prints_from(x, truncated) for x in (ratio, lo, hi))):
            return Finding("limits", "consistent", f"{_WALD}; {name}", _between(ratio, lo, hi, truncated))
    moved = [
        f"{what} {_step(x, step)} for {x.text}"
        for what, x in (("ratio", ratio), ("lower limit", lo), ("upper limit", hi))
        for step in (-1, 1)
        if _symmetric(*(prints_from(_moved(y, step) if y is x else y, False) for y in (ratio, lo, hi)))
    ]
    if moved:
        return Finding("limits", "rounding", _WALD, _between(ratio, lo, hi, False), " or ".join(moved))
    return Finding(
        "limits",
        "unstated_method",
        "limits not symmetric on the log scale (exact, profile likelihood, bootstrap), or a misprint",
        _between(ratio, lo, hi, None).removesuffix(".") + ", so these are no Wald limits of it.",
        _nearest(ratio, lo, hi),
    )


def _between(ratio: Printed, lo: Printed, hi: Printed, truncated: bool | None) -> str:
    """The geometric mean of all limits that print so, by rounding, by truncation or (None) by either."""
    ends = [prints_from(x, truncated) for x in (lo, hi)]
    least, most = (format_as(sqrt(ends[0][i] * ends[1][i]), ratio.decimals + 2) for i in (0, 1))
    return (
        f"Wald's limits {lo.text} and {hi.text} have the ratio at their geometric mean, {least} to {most}; "
        f"{ratio.text} is printed."
    )


def _symmetric(ratio, lo, hi) -> bool:
    return lo[0] * hi[0] <= ratio[1] ** 2 and ratio[0] ** 2 <= lo[1] * hi[1]


def _moved(printed: Printed, step: int) -> Printed:
    parsed = parse(_step(printed, step))
    return parsed if parsed is not None and parsed.value >= 0 else printed


def _step(printed: Printed, step: int) -> str:
    return str(printed.value + step * printed.value.__class__(1).scaleb(-printed.decimals))


def _nearest(ratio: Printed, lo: Printed, hi: Printed) -> str:
    """What each of the three numbers would be, were the other two right."""
    r, a, b = (float(x.value) for x in (ratio, lo, hi))
    parts = []
    if a > 0:
        parts.append(f"ratio {format_as(sqrt(a * b), ratio.decimals)} for {ratio.text}")
    if 0 < r < b:
        parts.append(f"lower limit {format_as(r * r / b, lo.decimals)} for {lo.text}")
    if 0 < a < r:
        parts.append(f"upper limit {format_as(r * r / a, hi.decimals)} for {hi.text}")
    return " or ".join(parts)


def _p_value(ratio: Printed, lo: Printed, hi: Printed, p: str | None, level: float) -> Finding:
    """The P that Wald's test has with this interval, against the printed one."""
    method = "Wald's test, z = log ratio / se, se from the limits"
    if p is None:
        return Finding("p", "not_checkable", method, "No P is printed with the interval.")
    printed = parse(p)
    if printed is None or not 0 <= printed.value <= 1:
        raise ReplicalcError(f"P is a number from 0 to 1, perhaps with < or >, not {p!r}")
    if prints_from(lo)[0] <= 0:
        return Finding("p", "not_checkable", method, f"The lower limit {lo.text} cannot be told from 0.")
    if printed.sign == "=" and printed.decimals == 0:
        return Finding("p", "not_checkable", method, f"A P printed as {p}, without decimals, says nothing of a test.")
    least, most = _wald_p(ratio, lo, hi, quantile(level))
    shown = _short(least) if _short(least) == _short(most) else f"{_short(least)} to {_short(most)}"
    which = "P" if " to " not in shown else "P from"
    text = f"The interval {lo.text} to {hi.text} around {ratio.text} belongs to {which} {shown}; {p} is printed."
    if _p_holds(printed, least, most, 0):
        return Finding("p", "consistent", method, text)
    alpha = round(1 - level, 12)  # 1 - 0.95 is a little above 0.05 in binary arithmetic
    bounds = _p_range(printed)
    flips = (bounds[1] <= alpha < least) or (most < alpha <= bounds[0])
    say = " The interval and P disagree about significance." if flips else ""
    # A P that prints as 0 is no unit away from one that does not: 0.01 is no rounding of 1e-90.
    if _p_holds(printed, least, most, 1) and printed.sign == "=" and most * 2 >= 10.0**-printed.decimals:
        return Finding("p", "rounding", method, text + say, f"P {_short((least + most) / 2)} for {p}", flips)
    repair = f"P {_short(least)} for {p}" if _short(least) == _short(most) else f"P from {shown} for {p}"
    return Finding("p", "unstated_method", "a test other than Wald's, or a misprint", text + say, repair, flips)


def _wald_p(ratio: Printed, lo: Printed, hi: Printed, z: float) -> tuple[float, float]:
    """Least and greatest P over all log ratios and standard errors that print the three numbers.

    They form a polygon; |log ratio| / se is monotone along its sides, so its corners and 0 decide. Where nothing prints
    all three, the two limits alone are used.
    """
    ends = [
        tuple(log(v) for v in prints_from(x)) if prints_from(x)[0] > 0 else (-50.0, log(prints_from(x)[1]))
        for x in (ratio, lo, hi)
    ]
    corners = list(_corners([(0.0, *ends[0]), (-z, *ends[1]), (z, *ends[2])]))
    if not corners:
        corners = list(_corners([(-z, *ends[1]), (z, *ends[2])]))
    sizes = [beta / se for beta, se in corners if se > 0]
    smallest = 0.0 if min(sizes) <= 0 <= max(sizes) else min(abs(s) for s in sizes)
    largest = max(abs(s) for s in sizes)
    return erfc(largest / sqrt(2)), erfc(smallest / sqrt(2))


def _corners(strips: list[tuple[float, float, float]]) -> Iterator[tuple[float, float]]:
    """Corners (beta, se) of the polygon in which beta + slope se lies from lo to hi for each (slope, lo, hi)."""
    lines = [(slope, bound) for slope, lo, hi in strips for bound in (lo, hi)]
    for i, (s1, b1) in enumerate(lines):
        for s2, b2 in lines[:i]:
            if s1 == s2:
                continue
            se = (b1 - b2) / (s1 - s2)
            beta = b1 - s1 * se
            if all(lo - 1e-12 <= beta + s * se <= hi + 1e-12 for s, lo, hi in strips):
                yield beta, se


def _p_range(printed: Printed) -> tuple[float, float]:
    """Least and greatest P that the print allows."""
    value = float(printed.value)
    if printed.sign == "=":
        lo, hi = prints_from(printed)
        return float(lo), float(hi)
    return (0.0, value) if "<" in printed.sign else (value, 1.0)


def _p_holds(printed: Printed, least: float, most: float, units: int) -> bool:
    slack = units * 10.0**-printed.decimals
    if units and printed.sign == "=":
        half = 0.5 * 10.0**-printed.decimals
        return least <= float(printed.value) + slack + half and most >= float(printed.value) - slack - half
    lo, hi = _p_range(printed)
    if printed.sign in ("<", ">"):
        return least < hi if printed.sign == "<" else most > lo
    return least <= hi and most >= lo


def _short(p: float) -> str:
    return "<0.0001" if p < 0.0001 else f"{p:.2g}" if p < 0.001 else f"{p:.4f}"


def _width(ratio, lo, hi, events, n, level, kind, exposed) -> Finding:
    """The largest standard error that prints the limits against the smallest that so many events allow."""
    method = "smallest standard error of a yes/no factor, crude or adjusted"
    if events is None:
        return Finding("width", "not_checkable", method, "The number of events is not known.")
    if prints_from(lo)[0] <= 0:
        return Finding("width", "not_checkable", method, f"The lower limit {lo.text} cannot be told from 0.")
    z = quantile(level)
    least = _smallest_variance(events, n, kind, exposed)
    if least is None:
        return Finding("width", "impossible", method, "With these counts no 2x2 table has four numbers above 0.")
    most = log(prints_from(hi)[1] / prints_from(lo)[0]) / (2 * z)
    counts = f"{events} event{'s' if events > 1 else ''}" + (f" in {n} patients" if n is not None else "")
    counts += f" and {exposed} exposed" if exposed is not None and kind == "odds" else ""
    text = f"With {counts} the standard error is at least {sqrt(least):.4f}; the limits have at most {most:.4f}."
    # 1e-9 is far above the error of the logarithm and the quantile, and far below anything printed.
    if float(least) <= (most * (1 + 1e-9)) ** 2:
        return Finding("width", "consistent", method, text)
    r, half = sqrt(float(lo.value) * float(hi.value)), z * sqrt(least)
    wider = [format_as(r * exp(side * half), x.decimals) for side, x in ((-1, lo), (1, hi))]
    needed = ceil(events * float(least) / most**2 - 1e-9)
    repair = f"limits at least as wide as {wider[0]} to {wider[1]}, or at least {needed} events in the same shares"
    return Finding("width", "impossible", method, text, repair)


def _smallest_variance(events: int, n: int | None, kind: str, exposed: int | None) -> Fraction | None:
    """The least variance of the log ratio of a yes/no factor; None where no table has four numbers above 0."""
    if kind == "hazard":
        return Fraction(4, events)
    if exposed is not None and n is not None:
        others = n - events
        variances = [
            Fraction(1, a) + Fraction(1, events - a) + Fraction(1, exposed - a) + Fraction(1, others - exposed + a)
            for a in range(max(1, exposed - others + 1), min(events, exposed))
        ]
        return min(variances, default=None)
    total = Fraction(0)
    for size in (events, *(() if n is None else (n - events,))):
        if size < 2:
            return None
        total += Fraction(1, size // 2) + Fraction(1, size - size // 2)
    return total
