"""Which method gives a printed odds ratio with its limits, over a known 2x2 table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from math import exp, isfinite, log, sqrt

from replicalc.errors import ReplicalcError
from replicalc.verify.printed import ROUNDINGS, Printed, as_printed, format_as
from replicalc.verify.ratio_print import BY_HAND

#: Estimates beside its own that a method's limits are printed with.
BESIDE = {"exact conditional": ("sample",), "mid-P": ("sample", "median-unbiased")}


@dataclass(frozen=True, slots=True)
class Tried:
    """One method over the table: its odds ratio and limits, as they are and as they print.

    prints: rounded half-up. rounding: the one that gives most of the three printed numbers; fits: which of the three it
    gives. off: by how many units of its last place each, rounded half-up, is off the print (infinite: not defined).
    """

    method: str
    estimate: str
    values: tuple[float, float, float]
    prints: tuple[str, str, str]
    rounding: str
    fits: tuple[bool, bool, bool]
    off: tuple[float, float, float]

    @property
    def name(self) -> str:
        """The method, with the estimate where it is not the sample odds ratio, and how it is cut off."""
        of = "" if self.estimate in ("sample", "with 0.5") else f", {self.estimate} estimate"
        return f"{self.method}{of}{', cut off' if self.rounding == 'truncation' else ''}"


def which_ratio(
    table: Sequence[int], ratio: Printed, lo: Printed, hi: Printed, level: float = 0.95
) -> tuple[Tried, ...]:
    """What every method of ``stats.odds_ratio`` gives for the table a, b (exposed with and without the event), c, d.

    One rounding has to print all numbers of a method; that which prints most of them is told. Woolf's limits are tried
    with the normal quantile and, for 95 %, with 1.96. Exact and mid-P limits are printed beside the sample odds ratio
    as well as beside their own estimate. That no method gives the numbers is no proof that no other can.

    Raises ReplicalcError for a table without four whole counts from 0 upward, or a level outside 0 to 1.

    >>> from replicalc.verify.printed import parse
    >>> found = which_ratio((12, 5, 6, 11), parse("4.20"), parse("0.86"), parse("23.87"))
    >>> [each.name for each in found if all(each.fits)]
    ['exact conditional, conditional estimate']
    """
    from replicalc.stats.odds_ratio import ALL_METHODS, OWN_ESTIMATE, estimate, interval

    printed = (ratio, lo, hi)
    try:
        found = [(method, interval(*table, method, level)) for method in ALL_METHODS]
    except (TypeError, ValueError) as error:
        raise ReplicalcError(f"no odds ratio of the table {list(table)}: {error}") from None
    tried = []
    for method, effect in found:
        own = OWN_ESTIMATE.get(method, "sample")
        tried.append(_tried(method, own, (effect.value, effect.lo, effect.hi), printed))
        if method == "Woolf" and isfinite(effect.lo) and abs(level - 0.95) < 1e-12:
            beta, half = log(effect.value), BY_HAND * sqrt(sum(1 / x for x in table))
            by_hand = _tried(method, own, (effect.value, exp(beta - half), exp(beta + half)), printed)
            if sum(by_hand.fits) > sum(tried[-1].fits):
                tried[-1] = by_hand
        for which in BESIDE.get(method, ()):
            tried.append(_tried(method, which, (estimate(*table, which), effect.lo, effect.hi), printed))
    return tuple(tried)


def _tried(method: str, estimate: str, values: tuple[float, ...], printed: Sequence[Printed]) -> Tried:
    def fits(rounding: str) -> tuple[bool, ...]:
        pairs = zip(values, printed, strict=True)
        return tuple(isfinite(v) and Decimal(format_as(v, p.decimals, rounding)) == p.value for v, p in pairs)

    rounding = max(ROUNDINGS, key=lambda name: sum(fits(name)))  # the first of equals: half-up
    if rounding == "truncation" and not all(fits(rounding)):
        rounding = "half-up"  # a single number that is cut off is one that is wrong
    prints = tuple(as_printed(v, p) for v, p in zip(values, printed, strict=True))
    off = tuple(
        float(round(abs(Decimal(text) - p.value).scaleb(p.decimals))) if text else float("inf")
        for text, p in zip(prints, printed, strict=True)
    )
    return Tried(method, estimate, values, prints, rounding, fits(rounding), off)
