"""How long the patients of ``casting`` are followed, and how they end: dates, deaths, printed survival.

Days are whole. Deaths from breast cancer fall on distinct days within a group, and none within two weeks of a year at
which survival is printed, so that no number depends on how ties are broken.
"""

from __future__ import annotations

import datetime
import functools
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from replicalc.cohort.synthesise.casting_fits import INNER, survival_percent
from replicalc.cohort.synthesise.casting_groups import Group, hazard_ratio
from replicalc.cohort.synthesise.restrictions import place_conditions
from replicalc.records import Claim
from replicalc.verify.printed import parse

DAYS_A_YEAR = 365.25
DAYS_A_MONTH = DAYS_A_YEAR / 12
#: No death from breast cancer before this day: such a patient would have had metastases at diagnosis.
FIRST_DEATH = 180
#: Days around a year of printed survival without a death.
QUIET = 15
CURVE_TRIES, ENTRY_TRIES = 6000, 200
#: Gompertz hazard of death from other causes a year: level and growth with age.
OTHER_CAUSES = (4e-5, 0.09)
#: Shares of patients who move away: of all who live, and of those who would have died of another cause.
LOST, MOVED = 0.03, 0.15
#: Part of the time from diagnosis to the closing day after which a patient dies (earliest, latest), where it is drawn.
DEATH_SHARE = (0.06, 0.97)


@dataclass(frozen=True, slots=True)
class Curve:
    """Printed survival: whose, after how many days, and how many per cent (value and half a unit)."""

    claim_id: str
    place: dict[str, tuple[str, ...]]
    horizon: float
    value: float
    half: float

    def who(self, patients: dict[str, np.ndarray]) -> np.ndarray:
        """Mark the patients of the curve, shape (n,)."""
        return np.all([np.isin(patients[name], codes) for name, codes in self.place.items()], axis=0)

    def miss(self, days: np.ndarray, event: np.ndarray) -> float:
        """Return how far survival is outside what prints, in half units (0: prints; inf: not fit to be read)."""
        if (np.abs(days[event] - self.horizon) < QUIET).any():
            return float("inf")
        gap = abs(survival_percent(days, event, self.horizon) - self.value) / self.half - INNER
        return max(gap, 0.0) if gap == gap else float("inf")

    def unmet(self, days: np.ndarray, event: np.ndarray) -> dict[str, str]:
        """Name the claim of a curve that was not reached, with what came out."""
        found = survival_percent(days, event, self.horizon)
        return {self.claim_id: f"{found:.5g} % came out, printed {self.value:g} %"}


@dataclass(frozen=True, slots=True)
class Followed:
    """Days of follow-up and who died of breast cancer, shape (n,); and the survivals that do not print."""

    days: np.ndarray
    event: np.ndarray
    unmet: dict[str, str]


def curves(claims: list[Claim]) -> list[Curve]:
    """Read the printed survivals among the claims of a group."""
    found = []
    for claim in claims:
        if claim.stat == "survival":
            printed = parse(claim.reported)
            years = float(place_conditions(claim.variable)["time"][0])
            place = place_conditions(claim.group)
            half = 0.5 * 10.0**-printed.decimals
            found.append(Curve(claim.claim_id, place, years * DAYS_A_YEAR, float(printed.value), half))
    return found


def ages(group: Group, n: int, rng) -> np.ndarray:
    """Draw ages at diagnosis in days, shape (n,): normal, 38 to 76 years."""
    years = np.clip(rng.normal(group.mean_age, 9.0, n), 38, 76)
    return np.round(years * DAYS_A_YEAR).astype(int)


def entries(group: Group, n: int, rng) -> np.ndarray:
    """Draw days of diagnosis as ordinals, evenly over the period, shape (n,)."""
    return rng.integers(group.first.toordinal(), group.last.toordinal() + 1, n)


def entries_reaching(group: Group, share: np.ndarray, printed: list[tuple[Curve, np.ndarray]], rng) -> np.ndarray:
    """Draw days of diagnosis so that of each curve a few patients are followed beyond its year; shape (n,).

    share: (n,) part of the time to the closing day during which a patient is followed. Without a curve the first draw.
    """
    for _ in range(ENTRY_TRIES):
        entry = entries(group, len(share), rng)
        if all((share * (group.closing.toordinal() - entry) > curve.horizon)[who].sum() > 2 for curve, who in printed):
            break
    return entry


def other_deaths(age: np.ndarray, rng) -> np.ndarray:
    """Draw days from diagnosis to death from another cause, by age in days, shape (n,)."""
    level, growth = OTHER_CAUSES
    hazard = level * np.exp(growth * age / DAYS_A_YEAR)
    years = np.log1p(growth * rng.exponential(size=len(age)) / hazard) / growth
    return np.maximum(np.ceil(years * DAYS_A_YEAR), 30).astype(int)


def distinct(days: np.ndarray, event: np.ndarray) -> np.ndarray:
    """Move events that share a day with an earlier one in the list to free days before; other days stay."""
    days, taken = days.copy(), set()
    for i in np.flatnonzero(event):
        while int(days[i]) in taken:
            days[i] -= 1
        taken.add(int(days[i]))
    return days


def relative_hazard(patients: dict[str, np.ndarray]) -> np.ndarray:
    """Return the assumed hazard ratio of each patient, shape (n,)."""
    names = ("tumour_feature", "tumour_size_class", "grade", "lymph_node_metastasis")
    rows = zip(*(patients[name] for name in names), strict=True)
    return np.array([hazard_ratio(dict(zip(names, row, strict=True))) for row in rows])


def draw_until(curve: Curve | None, draw: Callable, fit: Callable = lambda days, event: True):
    """Draw (days, event) until the curve prints and ``fit`` holds; return the nearest draw and its miss.

    This is sampling from the assumed model given the printed survival; at most ``CURVE_TRIES`` draws.
    """
    best, least = None, float("inf")
    for _ in range(CURVE_TRIES):
        days, event = draw()
        found = (curve.miss(days, event) if curve else 0.0) if fit(days, event) else float("inf")
        if best is None or found < least:
            best, least = (days, event), found
        if least == 0:
            break
    return *best, least


def draw_deaths(rate: float, hazard: np.ndarray, leaves: np.ndarray, rng) -> tuple[np.ndarray, np.ndarray]:
    """Draw exponential times to death from breast cancer, cut by the day on which a patient leaves.

    rate: deaths a day at hazard ratio 1. hazard, leaves: shape (n,). Returns days and events, shape (n,).
    """
    death = FIRST_DEATH + np.ceil(rng.exponential(size=len(hazard)) / (rate * hazard)).astype(int)
    event = death < leaves
    return np.where(event, death, leaves), event


def die_by_curves(patients: dict, leaves: np.ndarray, printed: list[Curve], rng) -> Followed:
    """Let patients die of breast cancer so that each printed survival prints; the rest by the same hazard.

    leaves: (n,) days until the patient leaves otherwise. Whoever is in no curve dies at the rate of the largest group
    that is in one; every feature has at least two deaths, without which its hazard ratio has no estimate.
    """
    n = len(leaves)
    days, event, unmet = np.zeros(n, dtype=int), np.zeros(n, dtype=bool), {}
    hazard, rest, base = relative_hazard(patients), np.ones(n, dtype=bool), (0, 0.0)
    for curve in printed:
        who = curve.who(patients)
        rest &= ~who
        rate = -np.log(curve.value / 100) / (curve.horizon - FIRST_DEATH) / hazard[who].mean()
        base = max(base, (int(who.sum()), rate))
        draw = functools.partial(draw_deaths, rate, hazard[who], leaves[who], rng)
        days[who], event[who], miss = draw_until(curve, draw)
        unmet |= curve.unmet(days[who], event[who]) if miss > 0 else {}
    features = patients["tumour_feature"][rest]

    def enough(_, dead: np.ndarray) -> bool:
        return all(dead[features == code].sum() >= 2 for code in set(features))

    draw = functools.partial(draw_deaths, base[1], hazard[rest], leaves[rest], rng)
    days[rest], event[rest], _ = draw_until(None, draw, enough)
    return Followed(distinct(days, event), event, unmet)


def die_by_status(
    event: np.ndarray, limit: np.ndarray, share: np.ndarray, printed: list[tuple[Curve, np.ndarray]], rng
):
    """Draw the days of given deaths until each printed survival prints; return ``Followed``.

    event: (n,) who dies of breast cancer. limit: (n,) days to the closing day. share: (n,) part of it during which a
    patient is followed. printed: curves, each with the mark of its patients.
    """
    days, unmet = np.maximum(np.ceil(share * limit), 30).astype(int), {}
    for curve, who in printed:
        own = np.flatnonzero(who)

        def draw(own=own):
            latest = rng.uniform(0.6, DEATH_SHARE[1])  # earlier deaths, with more patients at risk, weigh less
            part = np.where(event[own], rng.uniform(DEATH_SHARE[0], latest, len(own)), share[own])
            return distinct(np.maximum(np.ceil(part * limit[own]), 30).astype(int), event[own]), event[own]

        days[own], _, miss = draw_until(curve, draw)
        unmet |= curve.unmet(days[own], event[own]) if miss > 0 else {}
    return Followed(days, event, unmet)


def closing_for_median(entry: np.ndarray, share: np.ndarray, months: float) -> int:
    """Return the last day of follow-up (ordinal) with the wanted median follow-up.

    entry: (n,) ordinals. share: (n,) part of the time from diagnosis to the closing day during which a patient is
    followed, 1 for whoever lives. The median grows by at most a day with each day, so it comes within a day.
    """
    low, high = int(entry.max()) + 1, int(entry.max()) + 365 * 60
    while low < high:
        middle = (low + high) // 2
        if np.median(np.ceil(share * (middle - entry))) < months * DAYS_A_MONTH:
            low = middle + 1
        else:
            high = middle
    return low


def date(ordinal: int) -> str:
    """Write a day as a hospital does: dd.mm.YYYY."""
    return datetime.date.fromordinal(int(ordinal)).strftime("%d.%m.%Y")
