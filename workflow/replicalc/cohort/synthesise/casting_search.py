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

STARTS, CLIMBS = 40, 4
TRIES = 4000
ROUNDS, NEIGHBOURS, PATIENCE = 200, 2000, 12
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

    ``followed()`` draws times that print the survivals. From the nearest of ``STARTS`` draws (up to ``CLIMBS``
    of them) grade and nodes together change places between patients of the same feature and size, which leaves all
    survivals as they are.
    """
    fit, place = QuickCox(model), model.names.index(column)
    code = model.codes(patients)

    def miss_of(times, codes):
        b, s = fit(times.days, times.event, codes)
        return float(ratio.miss(b[place], s[place])) + implausible(model, b)

    pairs = zip(patients["tumour_feature"], patients["tumour_size_class"], strict=True)
    stratum = np.unique([f"{feature} {size}" for feature, size in pairs], return_inverse=True)[1]
    members = [np.flatnonzero(stratum == k) for k in range(stratum.max() + 1)]
    def climbed(times):
        dead = np.flatnonzero(times.event)

        def neighbour(source, rng):
            i = dead[rng.integers(len(dead))] if rng.random() < 0.5 else rng.integers(len(code))
            like = members[stratum[i]]
            return _exchanged(source, i, like[rng.integers(len(like))])

        return climb(np.arange(len(code)), neighbour, lambda s: miss_of(times, code[s]), rng, TRIES)

    drawn = sorted((followed() for _ in range(STARTS)), key=lambda each: (len(each.unmet), miss_of(each, code)))
    best, source, miss = drawn[0], np.arange(len(code)), np.inf
    for times in drawn[:CLIMBS]:
        found, least = climbed(times)
        if least < miss:
            best, source, miss = times, found, least
        if miss == 0:
            break
    exchanged = {name: patients[name][source] for name in ("grade", "lymph_node_metastasis")}
    return {**patients, **exchanged}, best, miss


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
        miss = ratio.miss(*two_group_cox(days, event, exposed, ratio.log))
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
    """Neighbours in which up to three pairs of patients exchange their end, or how long they are followed, or one more or
    one fewer dies. The times as such stay, and with them their median."""
    all_days, events = np.repeat(days[None, :], m, axis=0), np.repeat(event[None, :], m, axis=0)
    row = np.arange(m)
    for move in range(3):
        i, j = rng.integers(len(days), size=(2, m))
        goes_on, kind = (rng.random(m) < 0.5) | (move == 0), rng.random(m)
        for values, these in ((events, goes_on & (kind < 0.6)), (all_days, goes_on & (kind > 0.5))):
            values[row[these], i[these]], values[row[these], j[these]] = (
                values[row[these], j[these]],
                values[row[these], i[these]],
            )
        other = goes_on & (kind > 0.9)
        events[row[other], i[other]] ^= True
    return all_days, events


def relapses_among(until: np.ndarray, must: np.ndarray, may: np.ndarray) -> Callable:
    """Return a function for neighbours in which up to three relapses fall on other days, or other patients relapse.

    until: (n,) days of follow-up. must: relapse is certain (death from breast cancer). may: relapse is possible.
    """
    free = np.flatnonzero(may)

    def neighbours(days, event, m, rng):
        all_days, events = np.repeat(days[None, :], m, axis=0), np.repeat(event[None, :], m, axis=0)
        for move in range(3):
            row = np.flatnonzero((rng.random(m) < 0.5) | (move == 0))
            i = free[rng.integers(len(free), size=len(row))]
            events[row, i] ^= ~must[i] & (rng.random(len(row)) < 0.4)
            all_days[row, i] = np.where(events[row, i], relapse_day(until[i], rng), until[i])
        return all_days, events

    return neighbours


def relapse_day(until: np.ndarray, rng) -> np.ndarray:
    """Draw days of relapse, at least a month before the end of follow-up; shape of ``until``."""
    return rng.integers(FIRST_DEATH // 2, until - 30)
