"""The printed hazard and odds ratios of ``casting``: bounded searches among plausible patients.

Each search only exchanges what leaves every printed count and survival as it is, or moves what is not printed; it stops
when ratio, limits and P print, or when its tries are used up, with the nearest patients found. Nothing is random but
for the given generator.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from replicalc.cohort.synthesise.casting_fits import (
    Patterns,
    PrintedRatio,
    QuickCox,
    QuickLogistic,
    climb,
    two_group_cox,
)
from replicalc.cohort.synthesise.casting_groups import HAZARD
from replicalc.cohort.synthesise.casting_times import FIRST_DEATH

STARTS = 40
TRIES = 6000
ROUNDS, NEIGHBOURS, PATIENCE = 250, 300, 12
#: How far a log ratio that is not printed may be from the assumed one before a search has to mind.
SLACK = 0.5
DEAD = "dead_of_breast_cancer"


def adjusted_model(patients: dict[str, np.ndarray], codes: dict[str, list[str]]) -> Patterns:
    """The covariates of the adjusted models: feature against stellate, size against 1_9, nodes, grade against 1.

    ``codes`` gives the order of the codes (the dictionary's); codes that nobody has are left out.
    """
    references = {"tumour_feature": "stellate", "tumour_size_class": "1_9", "lymph_node_metastasis": "no", "grade": "1"}
    present = {name: set(patients[name].tolist()) for name in references}
    return Patterns(
        {
            name: (reference, [code for code in codes[name] if code in present[name] and code != reference])
            for name, reference in references.items()
        }
    )


def implausible(model: Patterns, b: np.ndarray) -> float:
    """Return by how much log ratios of the tumour (size, nodes, grade) lie further than ``SLACK`` from what is assumed.

    A search is free to use chance, not to make grade 3 harmless.
    """
    far = 0.0
    for name, found in zip(model.names, b, strict=True):
        variable, code = name.split("=")
        if variable != "tumour_feature":
            far += max(abs(found - np.log(HAZARD[variable].get(code, 1.0))) - SLACK, 0.0)
    return far


def hazard_by_exchange(patients: dict, model: Patterns, column: str, ratio: PrintedRatio, followed: Callable, rng):
    """Bring the adjusted hazard ratio of ``column`` to the printed one; return (patients, times, miss).

    ``followed()`` draws times that print the survivals. The nearest of ``STARTS`` draws is kept; then grade and
    nodes together change places between patients of the same feature and size, which leaves all survivals as they are.
    """
    fit, place = QuickCox(model), model.names.index(column)
    code = model.codes(patients)

    def miss_of(times, codes):
        b, s = fit(times.days, times.event, codes)
        return float(ratio.miss(b[place], s[place])) + implausible(model, b)

    drawn = [followed() for _ in range(STARTS)]
    times = min(drawn, key=lambda each: (len(each.unmet), miss_of(each, code)))
    pairs = zip(patients["tumour_feature"], patients["tumour_size_class"], strict=True)
    stratum = np.unique([f"{feature} {size}" for feature, size in pairs], return_inverse=True)[1]
    members = [np.flatnonzero(stratum == k) for k in range(stratum.max() + 1)]
    dead = np.flatnonzero(times.event)

    def neighbour(source, rng):
        i = dead[rng.integers(len(dead))] if rng.random() < 0.5 else rng.integers(len(code))
        like = members[stratum[i]]
        return _exchanged(source, i, like[rng.integers(len(like))])

    source, miss = climb(np.arange(len(code)), neighbour, lambda s: miss_of(times, code[s]), rng, TRIES)
    exchanged = {name: patients[name][source] for name in ("grade", "lymph_node_metastasis")}
    return {**patients, **exchanged}, times, miss


def odds_by_exchange(patients: dict, model: Patterns, ratios: dict[str, PrintedRatio], fixed: np.ndarray, rng):
    """Bring adjusted odds ratios of death from breast cancer to the printed ones; return (vital status, miss).

    Vital statuses change places between patients with the same mark in ``fixed`` (n,), so that printed deaths stay.
    """
    fit, places = QuickLogistic(model), [model.names.index(name) for name in ratios]
    code, status = model.codes(patients), patients["vital_status"]

    def miss_of(source):
        b, s = fit(status[source] == DEAD, code)
        missed = sum(ratio.miss(b[k], s[k]) for ratio, k in zip(ratios.values(), places, strict=True))
        return float(missed) + implausible(model, b)

    def neighbour(source, rng):
        died = status[source] == DEAD
        dead = np.flatnonzero(died)
        i = dead[rng.integers(len(dead))]
        others = np.flatnonzero(~died & (fixed == fixed[i]))
        return _exchanged(source, i, others[rng.integers(len(others))])

    source, miss = climb(np.arange(len(code)), neighbour, miss_of, rng, TRIES)
    return status[source], miss


def _exchanged(source: np.ndarray, i: int, j: int) -> np.ndarray:
    other = source.copy()
    other[i], other[j] = source[j], source[i]
    return other


def descend(start: Callable, neighbours: Callable, ratio: PrintedRatio, exposed: np.ndarray, rng):
    """Go to the nearest of many neighbours, round after round; return (days, event, miss).

    ``start()`` draws (days, event), shape (n,). ``neighbours(days, event, m, rng)`` gives m neighbours, shape (m, n).
    After ``PATIENCE`` rounds that find nothing nearer it starts anew.
    """
    now = best = start()
    least, lowest, waited = float("inf"), float("inf"), 0
    for _ in range(ROUNDS):
        days, event = neighbours(*now, NEIGHBOURS, rng)
        miss = ratio.miss(*two_group_cox(days, event, exposed))
        tied = (np.diff(np.sort(days, axis=1), axis=1) == 0).any(axis=1)
        miss = np.where(tied, np.inf, miss)
        k = int(np.argmin(miss))
        if miss[k] < lowest:
            now, lowest, waited = (days[k], event[k]), float(miss[k]), 0
        else:
            waited += 1
        if lowest < least:
            best, least = now, lowest
        if least == 0:
            break
        if waited == PATIENCE:
            now, lowest, waited = start(), float("inf"), 0
    return *best, least


def deaths_among(days: np.ndarray, event: np.ndarray, m: int, rng) -> tuple[np.ndarray, np.ndarray]:
    """Neighbours in which one to three patients die instead of others, or one more or one fewer dies; days stay."""
    events = np.repeat(event[None, :], m, axis=0)
    for row, moves, kind in zip(events, rng.integers(1, 4, m), rng.random(m), strict=True):
        for move in range(moves):
            dead, alive = np.flatnonzero(row), np.flatnonzero(~row)
            if kind < 0.9 or move:
                row[dead[rng.integers(len(dead))]] = False
            if kind > 0.1 or move:
                row[alive[rng.integers(len(alive))]] = True
    return np.repeat(days[None, :], m, axis=0), events


def relapses_among(until: np.ndarray, must: np.ndarray, may: np.ndarray) -> Callable:
    """Return a function for neighbours in which relapses fall on other days, or other patients relapse.

    until: (n,) days of follow-up. must: relapse is certain (death from breast cancer). may: relapse is possible.
    """
    free = np.flatnonzero(may)

    def neighbours(days, event, m, rng):
        all_days, events = np.repeat(days[None, :], m, axis=0), np.repeat(event[None, :], m, axis=0)
        for day, relapsed, moves in zip(all_days, events, rng.integers(1, 4, m), strict=True):
            for i in free[rng.integers(len(free), size=moves)]:
                if not must[i] and rng.random() < 0.4:
                    relapsed[i] = not relapsed[i]
                day[i] = relapse_day(until[i], rng) if relapsed[i] else until[i]
        return all_days, events

    return neighbours


def relapse_day(until: int, rng) -> int:
    """Draw the day of a relapse: at least a month before the end of follow-up."""
    return int(rng.integers(FIRST_DEATH // 2, until - 30))
