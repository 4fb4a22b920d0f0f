"""One side of a comparison: what is printed of a claim, or what a cohort gives for it, in the same units."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from replicalc.across.measures import COUNT, ICC, MEAN, RATIO, RATIOS, SENTENCE, SHARE, SURVIVAL, TEST, Printing
from replicalc.records import Claim
from replicalc.table import Lookup, Row
from replicalc.verify.printed import printed_number, rounding_needed

PUBLISHED = "published"
#: Where a number of patients behind a printed number comes from.
PRINTED, RECOVERED = "printed", "synthetic patients"
NEWCOMBE = "Newcombe, from Wilson's limits of the two shares"
PEARSON = "Pearson chi-squared"


@dataclass(frozen=True, slots=True)
class Group:
    """A share (0 to 1) of ``n`` patients, one of the two that a test compares."""

    share: float
    n: int


@dataclass(frozen=True, slots=True)
class Side:
    """An estimate with its limits (percent for shares); ``nan`` and None are what is not known, ``why`` says why.

    ``n_effective`` counts patients with several lesions as one where the cohort's limits do. ``p`` with its ``sign``
    is the P of a test or ratio. ``statistic`` and ``df`` are Pearson's chi-squared of a table; ``holds`` is of
    sentences.
    """

    source: str
    kind: str
    value: float = math.nan
    lo: float = math.nan
    hi: float = math.nan
    level: float = math.nan
    method: str = ""
    shown: str = ""
    unit: str = ""
    n: int | None = None
    n_from: str = ""
    n_effective: float = math.nan
    sd: float = math.nan
    p: float = math.nan
    sign: str = "="
    groups: tuple[Group, ...] = ()
    statistic: float = math.nan
    df: float = math.nan
    holds: bool | None = None
    note: str = ""
    why: str = ""

    @property
    def has_interval(self) -> bool:
        return not (math.isnan(self.lo) or math.isnan(self.hi))


def _number(claim: Claim | None) -> float:
    """The printed number of a claim; ``nan`` if there is none."""
    printed = printed_number(claim.reported) if claim else None
    return math.nan if printed is None else float(printed.value)


def _wilson(share: float, n: float, level: float) -> tuple[float, float]:
    from replicalc.stats.effect import wilson

    return wilson(share, n, level) if n and 0 <= share <= 1 else (math.nan, math.nan)


def _difference(groups: tuple[Group, ...], level: float) -> dict:
    """The difference of two shares in percentage points, with Newcombe's limits."""
    from replicalc.stats.two_estimates import by_limits

    one, two = ((each.share, *_wilson(each.share, each.n, level)) for each in groups)
    found = by_limits(one, two, level, NEWCOMBE)
    return dict(value=100 * found.value, lo=100 * found.lo, hi=100 * found.hi, method=NEWCOMBE)


class Published:
    """What a paper prints. Numbers of patients that it does not print come from the synthetic patients, where these
    print the same share; ``n_from`` says so."""

    def __init__(self, printing: Printing, synthetic: dict[str, Lookup], level: float, fractions: bool):
        self.printing, self.synthetic, self.level, self.fractions = printing, synthetic, level, fractions

    def __call__(self, claim: Claim, measure: str) -> Side:
        """Return the printed side of a claim."""
        side = Side(PUBLISHED, PUBLISHED, level=self.level, shown=claim.reported)
        printed = printed_number(claim.reported)
        if printed is None or measure == SENTENCE:
            return replace(side, level=math.nan)
        value = float(printed.value)
        if measure == TEST:
            return self._test(claim, replace(side, p=value, sign=printed.sign))
        n, n_from = self._size(claim)
        side = replace(side, value=value, n=n, n_from=n_from, n_effective=math.nan if n is None else float(n))
        if measure == COUNT:
            return self._count(claim, side)
        if measure in (SHARE, SURVIVAL):
            return self._share(claim, side, measure)
        lo, hi = (_number(self.printing.beside(claim, f"{claim.stat}_{end}")) for end in ("lo", "hi"))
        if measure in (RATIO, ICC):
            p = self.printing.beside(claim, "p")
            told = printed_number(p.reported) if p else None
            beside = dict(p=_number(p), sign=told.sign if told else "=")
            return replace(side, lo=lo, hi=hi, method="" if math.isnan(lo) else "as printed", **beside)
        if measure == MEAN:
            return self._mean(claim, side)
        return side

    def _size(self, claim: Claim) -> tuple[int | None, str]:
        """Number of patients behind a claim, and where that comes from."""
        count = self.printing.beside(claim, "count")
        of = claim.of or (count.of if count else "")
        base = self.printing.at(claim.result, claim.group, claim.variable.partition("=")[0], "n")
        for each in (self.printing.by_id.get(of), base):
            number = _number(each)
            if number > 0 and number.is_integer():
                return int(number), PRINTED
        row, printed = self._row(claim, claim.stat), printed_number(claim.reported)
        if row is None or printed is None or not row.n:
            return None, ""
        return (row.n, RECOVERED) if rounding_needed(row.value, printed) else (None, "")

    def _row(self, claim: Claim, stat: str) -> Row | None:
        lookup = self.synthetic.get(claim.result)
        row = lookup(claim.group, claim.variable, stat) if lookup else None
        return None if row is None or math.isnan(row.value) else row

    def _count(self, claim: Claim, side: Side) -> Side:
        whole = _number(self.printing.by_id[claim.of])
        if not whole > 0:
            return replace(side, value=math.nan, why="the whole of this count is not printed as a number")
        share = side.value / whole
        lo, hi = _wilson(share, whole, self.level)
        told = dict(lo=100 * lo, hi=100 * hi, method="Wilson, from the printed counts", n=int(whole), n_from=PRINTED)
        return replace(side, value=100 * share, n_effective=whole, **told)

    def _share(self, claim: Claim, side: Side, measure: str) -> Side:
        lo, hi = (_number(self.printing.beside(claim, f"{claim.stat}_{end}")) for end in ("lo", "hi"))
        if not math.isnan(lo + hi):
            scale = 100 if self.fractions else 1
            return replace(side, lo=scale * lo, hi=scale * hi, method="as printed")
        if measure == SURVIVAL or side.n is None:  # who was censored is not printed, so no limits of a survival
            return replace(side, n_effective=math.nan if measure == SURVIVAL else side.n_effective)
        lo, hi = _wilson(side.value / 100, side.n, self.level)
        return replace(side, lo=100 * lo, hi=100 * hi, method=f"Wilson, n {side.n_from}")

    def _mean(self, claim: Claim, side: Side) -> Side:
        sd = _number(self.printing.beside(claim, "sd"))
        if math.isnan(sd) or not side.n or side.n < 2:
            return side
        from scipy.special import stdtrit

        half = float(stdtrit(side.n - 1, (1 + self.level) / 2)) * sd / math.sqrt(side.n)
        told = f"Student t, from the printed SD, n {side.n_from}"
        return replace(side, sd=sd, lo=side.value - half, hi=side.value + half, method=told)

    def _test(self, claim: Claim, side: Side) -> Side:
        pair = self.printing.two_groups(claim)
        if pair:
            sized = [self._size(each) for each in pair]
            if all(n for n, _ in sized):
                groups = tuple(Group(_number(c) / 100, n) for c, (n, _) in zip(pair, sized, strict=True))
                origin = RECOVERED if any(told == RECOVERED for _, told in sized) else PRINTED
                total = sum(each.n for each in groups)
                return replace(side, groups=groups, n=total, n_from=origin, **_difference(groups, self.level))
            return replace(side, value=_number(pair[0]) - _number(pair[1]))
        found = chi_squared(self.synthetic.get(claim.result), claim)
        if found is None:
            return side
        statistic, df, n = found
        return replace(side, statistic=statistic, df=df, n=n, n_from=RECOVERED)


class Here:
    """What a cohort gives for a claim."""

    def __init__(self, printing: Printing, source: str, kind: str, lookups: dict[str, Lookup], level: float):
        self.printing, self.source, self.kind, self.lookups, self.level = printing, source, kind, lookups, level

    def __call__(self, claim: Claim, measure: str) -> Side:
        """Return the cohort's side of a claim; ``why`` says why there is none."""
        lookup = self.lookups[claim.result]
        row = lookup(claim.group, claim.variable, "holds" if measure == SENTENCE else claim.stat)
        side = Side(self.source, self.kind, n=row.n if row else None)
        if row is None or math.isnan(row.value):
            why = (row.warning if row else "") or lookup.reason(claim.group, claim.variable)
            return replace(side, why=why or f"the result {claim.result} has no such number")
        side = replace(side, note=row.warning, unit=row.unit, n_effective=float(row.n or math.nan))
        if measure == SENTENCE:
            return replace(side, holds=row.value == 1, shown="holds" if row.value == 1 else "does not hold")
        if measure == TEST:
            return self._test(claim, replace(side, p=row.value, method=row.method), lookup)
        if measure == COUNT:
            return self._count(claim, side, row)
        lo, hi = (lookup(claim.group, claim.variable, f"{claim.stat}_{end}") for end in ("lo", "hi"))
        side = _with_limits(replace(side, value=row.value), lo, hi)
        if measure == SHARE:
            side = self._clustered(claim, side, lookup)
        for name in RATIOS:
            p = lookup(claim.group, claim.variable, "p") if claim.stat == name else None
            side = replace(side, p=p.value) if p else side
        sd = lookup(claim.group, claim.variable, "sd") if measure == MEAN else None
        return replace(side, sd=sd.value) if sd else side

    def _clustered(self, claim: Claim, side: Side, lookup: Lookup) -> Side:
        """Take the limits that count a patient's lesions together, where the result has them."""
        lo, hi = (lookup(claim.group, claim.variable, f"{claim.stat}_clustered_{end}") for end in ("lo", "hi"))
        if lo is None or hi is None or math.isnan(lo.value) or math.isnan(hi.value) or not side.has_interval:
            return side
        from replicalc.stats.two_estimates import angle

        plain, wide = (angle(b / 100) - angle(a / 100) for a, b in ((side.lo, side.hi), (lo.value, hi.value)))
        factor = min(1.0, (plain / wide) ** 2) if wide > 0 else 1.0
        return replace(_with_limits(side, lo, hi), n_effective=side.n_effective * factor)

    def _count(self, claim: Claim, side: Side, row: Row) -> Side:
        whole, why = self._whole(claim, row)
        if whole is None:
            return replace(side, why=why)
        if not whole or row.value > whole:
            return replace(side, why=f"the whole of this count is {whole} here")
        share = row.value / whole
        lo, hi = _wilson(share, whole, self.level)
        told = dict(lo=100 * lo, hi=100 * hi, level=self.level, method="Wilson", n=whole, n_effective=float(whole))
        return replace(side, value=100 * share, shown=f"{row.value:g} of {whole}", **told)

    def _whole(self, claim: Claim, row: Row) -> tuple[int | None, str]:
        """The number of patients that a count is a part of; for a cell of a 2 x 2 table the sentence decides.

        Without one, why: its row says so (withheld, say), and a row whose own ``n`` is empty has it withheld.
        """
        if claim.stat in ("tp", "fp", "fn", "tn"):
            of = self.printing.by_id[claim.of]
            whole = self.lookups[of.result](of.group, of.variable, of.stat)
        elif claim.stat == "n":
            whole = self.lookups[claim.result]("all", claim.variable, "n")
        else:
            return row.n, "the whole of this count is withheld or not given here"
        if whole is None or math.isnan(whole.value):
            why = whole.warning if whole else ""
            return None, f"no whole of this count here: {why or 'the results have no such number'}"
        return int(whole.value), ""

    def _test(self, claim: Claim, side: Side, lookup: Lookup) -> Side:
        found = chi_squared(lookup, claim)
        if found is not None:
            side = replace(side, statistic=found[0], df=found[1])
        pair = self.printing.two_groups(claim)
        rows = [lookup(each.group, each.variable, each.stat) for each in pair or ()]
        if not rows or any(row is None or math.isnan(row.value) or not row.n for row in rows):
            return side
        groups = tuple(Group(row.value / 100, row.n) for row in rows)
        return replace(side, groups=groups, level=self.level, **_difference(groups, self.level))


def _with_limits(side: Side, lo: Row | None, hi: Row | None) -> Side:
    if lo is None or hi is None or math.isnan(lo.value) or math.isnan(hi.value):
        return side
    level = lo.conf_level if lo.conf_level is not None else math.nan
    return replace(side, lo=lo.value, hi=hi.value, level=level, method=lo.method)


def chi_squared(lookup: Lookup | None, claim: Claim) -> tuple[float, float, int] | None:
    """Pearson's statistic, its df and the patients of a cross-tabulation, whichever test the study takes."""
    found: dict[str, Row] = {}
    for row in lookup.rows if lookup else ():
        if (row.group, row.variable, row.method) == (claim.group, claim.variable, PEARSON):
            found.setdefault(row.stat.removesuffix("_alternative"), row)
    if not {"statistic", "df"} <= set(found) or math.isnan(found["statistic"].value) or not found["statistic"].n:
        return None
    return found["statistic"].value, found["df"].value, found["statistic"].n
