"""Whole numbers behind percentages of which no numerator or denominator is printed."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, floor, log, sqrt

import numpy as np

from replicalc.cohort.synthesise.models import Ratio
from replicalc.verify.printed import Printed


@dataclass(frozen=True)
class Table:
    """k1 of n1 patients with microcalcification and k2 of n2 without it."""

    n1: int
    k1: int
    n2: int
    k2: int

    @property
    def total(self) -> int:
        return self.n1 + self.n2


def share_counts(share: Printed, most: int) -> list[tuple[int, int]]:
    """All (n, k) with n up to ``most`` of which k of n prints as the given percentage (rounded half up or to even)."""
    half = 0.5 * 10.0**-share.decimals
    lo, hi = (float(share.value) + sign * half for sign in (-1, 1))
    return [
        (n, k)
        for n in range(1, most + 1)
        for k in range(max(0, ceil(lo * n / 100 - 1e-9)), min(n, floor(hi * n / 100 + 1e-9)) + 1)
        if 100 * k < hi * n - 1e-9 * n
    ]


def tables_of(total: int, shares: tuple[Printed, Printed], ratio: Ratio, outcome_is_event: bool) -> list[Table]:
    """All tables of ``total`` patients with the two percentages, the one nearest to the odds ratio and limits first.

    ``outcome_is_event``: whether the percentages are of the event of the odds ratio or of its opposite.
    """
    by_size: tuple[dict[int, list[int]], ...] = ({}, {})
    for place, share in enumerate(shares):
        for n, k in share_counts(share, total - 1):
            by_size[place].setdefault(n, []).append(k)
    found = []
    for n1, first in by_size[0].items():
        for k1 in first:
            for k2 in by_size[1].get(total - n1, []):
                table = Table(n1, k1, total - n1, k2)
                away = _away(table, ratio, outcome_is_event)
                if np.isfinite(away):
                    found.append((away, n1, k1, table))
    return [each[-1] for each in sorted(found, key=lambda each: each[:3])]


def _away(table: Table, ratio: Ratio, outcome_is_event: bool) -> float:
    a, b, c, d = table.k1, table.n1 - table.k1, table.k2, table.n2 - table.k2
    if not min(a, b, c, d):
        return np.inf
    coefficient, se = log(a * d / (b * c)), sqrt(1 / a + 1 / b + 1 / c + 1 / d)
    return float(np.abs(ratio.misses(coefficient if outcome_is_event else -coefficient, se)).max())


def pearson_p(table: Table) -> float:
    """P of Pearson's chi-squared test without correction, the study's reading of its tests."""
    from replicalc.stats.contingency import pearson

    return pearson([[table.k1, table.n1 - table.k1], [table.k2, table.n2 - table.k2]]).p
