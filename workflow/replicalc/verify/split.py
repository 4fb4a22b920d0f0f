"""Two groups of unknown sizes from two percentages, with an odds ratio, its interval and a P value where printed.

The percentages and the odds ratio are compared in whole numbers. Limits and P values are irrational: they are computed
in floating point and compared with the tolerance of ``printed`` (1e-9 of a unit of the last place counts as a tie),
which is far above their error, so that no fitting split is lost.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from replicalc.errors import ReplicalcError, did_you_mean
from replicalc.verify.fast_p import p_values
from replicalc.verify.printed import ROUNDINGS, Printed, as_printed, rounding_needed
from replicalc.verify.recovery import MIXED, check_share, check_size, print_share, roundings_of, share_bounds

Counts = tuple[int, int, int, int]

#: Tests that are tried unless others are asked for, under the keys of ``which_test``, and how they are called there.
METHODS = {
    "pearson": "Pearson chi-squared",
    "yates": "Pearson chi-squared with Yates correction",
    "n_minus_1": '"N - 1" chi-squared',
    "likelihood_ratio": "Likelihood-ratio chi-squared",
    "fisher": "Fisher exact, two-sided",
    "fisher_mid_p": "Fisher exact with mid-P, two-sided",
    "wald_log_odds": "Wald test of the log odds ratio",
}
QUICK = tuple(METHODS)
#: All tests by name; the unconditional ones take long in large groups.
TESTS = (*QUICK, "barnard", "boschloo")
#: Largest total, how many pairs of counts one search may visit, and how many that fit percentages and ratio it keeps.
MAX_TOTAL, MAX_PAIRS, MAX_SPLITS = 10_000, 300_000_000, 50_000
#: What a ratio compares: the odds of the outcome in a against b, or the other way round (of b against a, or of not
#: having the outcome in a against b, which is the same number).
DIRECTIONS = ("a/b", "b/a")


@dataclass(frozen=True, slots=True)
class Split:
    """k1 of n1 and k2 of n2 with the outcome.

    roundings: those by which both percentages print. direction: of the odds ratio, empty if none is printed.
    tests: those that give the printed P, empty if none is printed.
    """

    k1: int
    n1: int
    k2: int
    n2: int
    roundings: tuple[str, ...]
    direction: str = ""
    tests: tuple[str, ...] = ()

    @property
    def counts(self) -> Counts:
        return self.k1, self.n1, self.k2, self.n2

    def __str__(self) -> str:
        return f"{self.k1}/{self.n1} and {self.k2}/{self.n2}"


@dataclass(frozen=True, slots=True)
class SplitRepair:
    """Numbers that must change together, and what each reads in the first of the splits that fit all the others.

    A P value is read by every test that was tried: its reading is "pearson 0.031, fisher 0.042, ...". change: how far
    the first split moves the numbers, in units of their last place, summed; P by the test that comes closest.
    """

    names: tuple[str, ...]
    splits: tuple[Split, ...]
    readings: tuple[tuple[str, str], ...]
    change: float


@dataclass(frozen=True, slots=True)
class SplitRecovery:
    """All splits that fit every printed number; ``repairs``: the smallest sets that must change, if none does.

    ``passed_over``: sets of at most that size that leave too many splits to search; they may be repairs too.
    """

    splits: tuple[Split, ...]
    method: str
    evidence: str
    repairs: tuple[SplitRepair, ...] = ()
    passed_over: tuple[tuple[str, ...], ...] = ()

    @property
    def unique(self) -> bool:
        """Whether all that fit are one and the same split of counts."""
        return len({s.counts for s in self.splits}) == 1


def split(
    percent_a: Printed,
    percent_b: Printed,
    n_total: int,
    p: Printed | None = None,
    odds_ratio: Printed | None = None,
    limits: tuple[Printed, Printed] | None = None,
    *,
    n_a: tuple[int, int] | None = None,
    events: int | None = None,
    level: float = 0.95,
    tests: tuple[str, ...] = QUICK,
    scale: int = 100,
) -> SplitRecovery:
    """All (k1, n1, k2, n2) with n1 + n2 = ``n_total`` that print both percentages and what else is given.

    p: fits if at least one of ``tests`` gives it; those that do are named. odds_ratio: exact, in either direction.
    limits: Woolf's, at ``level``, in the direction of the ratio (either one if no ratio is given).
    n_a: smallest and largest size of group a, where known. events: k1 + k2, where known.
    Both groups hold at least one patient. A table with an empty cell has no odds ratio, and fits none.
    One rounding holds for both percentages; a rounding of its own for each is tried if nothing fits with one.

    Raises ReplicalcError for shares outside 0 to 100, swapped limits, unknown tests, or more splits than MAX_SPLITS.

    >>> from replicalc.verify.printed import parse
    >>> found = split(parse("21.4"), parse("33.6"), 243, odds_ratio=parse("1.854"))
    >>> [str(s) for s in found.splits]
    ['24/112 and 44/131']
    """
    check_size(n_total, "n", MAX_TOTAL)
    claims: dict[str, Printed] = {"percent_a": percent_a, "percent_b": percent_b}
    for name, printed in claims.items():
        check_share(printed, scale, name)
    claims |= _optional(p, odds_ratio, limits)
    if not 0 < level < 1:
        raise ReplicalcError(f"the confidence level must lie between 0 and 1 (0.95 for 95 %), not {level}.")
    for test in tests:
        if test not in TESTS:
            raise ReplicalcError(f"'{test}' is no known test.{did_you_mean(test, TESTS)}")
    lo, hi = n_a or (1, n_total - 1)
    if lo > hi and n_a:
        raise ReplicalcError(f"the smallest size of group a, {lo}, is above the largest, {hi}: are they swapped?")
    problem = _Problem(claims, n_total, max(1, lo), min(n_total - 1, hi), events, level, tests, scale)
    found = problem.fitting(tuple(claims))
    method = f"every split of {n_total} into two groups" + (f"; P by {', '.join(tests)}" if p else "")
    if found:
        some = "; ".join(map(str, dict.fromkeys(map(str, found[:5]))))
        return SplitRecovery(found, method, f"{len(found)} fit: {some}" if len(found) > 1 else f"only {some} fits")
    printed = ", ".join(f"{name} {claim.text}" for name, claim in claims.items())
    repairs, passed = problem.repairs()
    advice = "".join(
        f"; it takes {' and '.join(f'{name} {new} instead of {claims[name].text}' for name, new in r.readings)}"
        f" ({r.splits[0]}{f', and {len(r.splits) - 1} more' if len(r.splits) > 1 else ''})"
        for r in repairs[:3]
    )
    return SplitRecovery((), method, f"no split of {n_total} has {printed}{advice}", repairs, passed)


def _optional(
    p: Printed | None, odds_ratio: Printed | None, limits: tuple[Printed, Printed] | None
) -> dict[str, Printed]:
    claims = {}
    if odds_ratio is not None:
        claims["odds_ratio"] = odds_ratio
    if limits is not None:
        claims["lower"], claims["upper"] = limits
        if limits[0].value > limits[1].value:
            raise ReplicalcError(
                f"the lower limit, {limits[0].text}, is above the upper, {limits[1].text}: are they swapped?"
            )
    for name, printed in claims.items():
        if printed.value <= 0:
            raise ReplicalcError(f"{name}: an odds ratio and its limits are above 0, not {printed.text}.")
    if p is not None:
        if not 0 <= p.value <= 1:
            raise ReplicalcError(f"a P value lies from 0 to 1, not {p.text}.")
        claims["p"] = p
    return claims


@dataclass(frozen=True, slots=True)
class _Problem:
    claims: Mapping[str, Printed]
    n: int
    lo: int
    hi: int
    events: int | None
    level: float
    tests: tuple[str, ...]
    scale: int

    def fitting(self, names: tuple[str, ...]) -> tuple[Split, ...]:
        """Splits that fit the named claims by a common rounding; those of mixed rounding if there is none."""
        counts = self._candidates(names)
        directions = [self._directions(c, names) for c in counts]
        counts = [c for c, d in zip(counts, directions, strict=True) if d]
        directions = [d for d in directions if d]
        tests: list[tuple[str, ...]] = [()] * len(counts)
        if "p" in names and counts:
            fits = {t: _fitting_p(self._p(counts, t), self.claims["p"]) for t in self.tests}
            tests = [tuple(t for t in self.tests if fits[t][i]) for i in range(len(counts))]
        common, mixed = [], []
        for c, sides, which in zip(counts, directions, tests, strict=True):
            if "p" in names and not which:
                continue
            roundings = self._roundings(c, names)
            (common if roundings else mixed).extend(Split(*c, roundings or (MIXED,), side, which) for side in sides)
        return tuple(common or mixed)

    def repairs(self) -> tuple[tuple[SplitRepair, ...], tuple[tuple[str, ...], ...]]:
        """All smallest sets of claims without which a split fits the rest, and those too wide to search."""
        names = tuple(self.claims)
        passed: list[tuple[str, ...]] = []
        for size in range(1, len(names)):
            found = []
            for out in combinations(names, size):
                try:
                    splits = self.fitting(tuple(name for name in names if name not in out))
                except ReplicalcError:
                    passed.append(out)
                    continue
                if splits:
                    off = dict(zip(splits, self._off(splits, out), strict=True))
                    ordered = tuple(sorted(splits, key=lambda s: (off[s], s.n1)))
                    readings = tuple((name, self._reading(ordered[0], name)) for name in out)
                    found.append(SplitRepair(out, ordered, readings, off[ordered[0]]))
            if found:
                return tuple(sorted(found, key=lambda r: (r.change, r.names))), tuple(passed)
        return (), tuple(passed)

    def _candidates(self, names: tuple[str, ...]) -> list[Counts]:
        """(k1, n1, k2, n2) that fit the percentages and the exact odds ratio, in order."""
        import numpy as np

        shares = {
            name: share_bounds(self.claims[name], MIXED, self.scale)
            for name in ("percent_a", "percent_b")
            if name in names
        }
        found: list[Counts] = []
        visited = 0
        for n1 in range(self.lo, self.hi + 1):
            n2 = self.n - n1
            low1, high1 = shares["percent_a"].counts(n1) if "percent_a" in shares else (0, n1)
            low2, high2 = shares["percent_b"].counts(n2) if "percent_b" in shares else (0, n2)
            if low1 > high1 or low2 > high2:
                continue
            visited += (high1 - low1 + 1) * (high2 - low2 + 1)
            if visited > MAX_PAIRS:
                raise ReplicalcError(f"more than {MAX_PAIRS:,} pairs of counts to try; give the size of a group.")
            k1, k2 = (k.ravel() for k in np.mgrid[low1 : high1 + 1, low2 : high2 + 1])
            keep = np.ones(k1.size, dtype=bool) if self.events is None else k1 + k2 == self.events
            if "odds_ratio" in names:
                over, under = k1 * (n2 - k2), (n1 - k1) * k2
                printed = self.claims["odds_ratio"]
                keep &= (over * under > 0) & (_prints(over, under, printed) | _prints(under, over, printed))
            found += ((a, n1, b, n2) for a, b in zip(k1[keep].tolist(), k2[keep].tolist(), strict=True))
            if len(found) > MAX_SPLITS:
                raise ReplicalcError(
                    f"more than {MAX_SPLITS:,} splits fit the percentages and the ratio; give the size of a group."
                )
        return found

    def _ratio(self, counts: Counts) -> tuple[str, ...]:
        """Directions in which the odds ratio prints as it should, in whole numbers; none with an empty cell."""
        k1, n1, k2, n2 = counts
        over, under = k1 * (n2 - k2), (n1 - k1) * k2
        if not over * under:
            return ()
        printed = self.claims["odds_ratio"]
        sides = (over, under), (under, over)
        return tuple(d for d, (a, b) in zip(DIRECTIONS, sides, strict=True) if _prints(a, b, printed))

    def _roundings(self, counts: Counts, names: tuple[str, ...]) -> tuple[str, ...]:
        k1, n1, k2, n2 = counts
        common = set(ROUNDINGS)
        for name, k, n in (("percent_a", k1, n1), ("percent_b", k2, n2)):
            if name in names and self.claims[name].sign == "=":
                common &= set(roundings_of(k, n, self.claims[name], self.scale))
        return tuple(r for r in ROUNDINGS if r in common)

    def _directions(self, counts: Counts, names: tuple[str, ...]) -> tuple[str, ...]:
        """Directions in which ratio and limits fit; one empty word if neither is asked for."""
        sides = [(name, part) for name, part in (("lower", "lo"), ("upper", "hi")) if name in names]
        if "odds_ratio" not in names and not sides:
            return ("",)
        directions = self._ratio(counts) if "odds_ratio" in names else DIRECTIONS
        if not sides:
            return directions
        effects = {d: self._effect(counts, d) for d in directions}
        return tuple(
            d
            for d in directions
            if all(rounding_needed(getattr(effects[d], part), self.claims[n]) for n, part in sides)
        )

    def _effect(self, counts: Counts, direction: str):
        from replicalc.stats.logistic import odds_ratio

        k1, n1, k2, n2 = counts
        cells = (k1, n1 - k1, k2, n2 - k2) if direction != "b/a" else (k2, n2 - k2, k1, n1 - k1)
        return odds_ratio(*cells, level=self.level)

    def _p(self, counts: Sequence[Counts], test: str) -> Sequence[float]:
        return p_values([(k1, n1 - k1, k2, n2 - k2) for k1, n1, k2, n2 in counts], test)

    def _value(self, split: Split, name: str) -> float:
        effect = self._effect(split.counts, split.direction)
        return {"odds_ratio": effect.value, "lower": effect.lo, "upper": effect.hi}[name]

    def _reading(self, split: Split, name: str) -> str:
        """What a claim reads in a split."""
        printed = self.claims[name]
        if name == "p":
            return ", ".join(f"{test} {as_printed(self._p([split.counts], test)[0], printed)}" for test in self.tests)
        if name.startswith("percent"):
            k, n = split.counts[:2] if name == "percent_a" else split.counts[2:]
            return print_share(k, n, printed.decimals, split.roundings[0], self.scale)
        return as_printed(self._value(split, name), printed) or "not defined"

    def _off(self, splits: Sequence[Split], names: tuple[str, ...]) -> list[float]:
        """How far each split is from the prints of the named claims, in units of the last place, summed."""
        from math import inf, isfinite

        total = [0.0] * len(splits)
        for name in names:
            printed = self.claims[name]
            if name == "p":
                values = list(zip(*(self._p([s.counts for s in splits], test) for test in self.tests), strict=True))
            elif name.startswith("percent"):
                place = 0 if name == "percent_a" else 2
                values = [(self.scale * s.counts[place] / s.counts[place + 1],) for s in splits]
            else:
                values = [(self._value(s, name),) for s in splits]
            for i, readings in enumerate(values):
                off = [abs(v - float(printed.value)) * 10**printed.decimals for v in readings if isfinite(v)]
                total[i] += min(off, default=inf)
        return total


def _fitting_p(values: Sequence[float], printed: Printed) -> list[bool]:
    return [rounding_needed(float(value), printed) is not None for value in values]


def _prints(over, under, printed: Printed):
    """Whether over / under (whole numbers, or arrays of them) prints as ``printed``, by any rounding."""
    value, unit = int(printed.value.scaleb(printed.decimals)), 10**printed.decimals
    scaled = 2 * over * unit
    if printed.sign == "=":
        return ((2 * value - 1) * under <= scaled) & (scaled < (2 * value + 2) * under)
    above = scaled - 2 * value * under
    return {"<": above < 0, "<=": above <= 0, ">": above > 0, ">=": above >= 0}[printed.sign]
