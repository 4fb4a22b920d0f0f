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
ROUNDS, NEIGHBOURS, PATIENCE = 100, 2000, 8
MOVES, BEAM = 5, 25
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
    far = 0.0 if np.isfinite(b).all() else np.inf
    for name, found in zip(model.names, b, strict=True):
        variable, code = name.split("=")
        if variable != "tumour_feature":
            far += max(abs(found - np.log(HAZARD[variable].get(code, 1.0))) - SLACK, 0.0)
    return float(far)


def hazard_by_exchange(patients: dict, model: Patterns, column: str, ratio: PrintedRatio, followed: Callable, rng):
    """Bring the adjusted hazard ratio of ``column`` to the printed one; return (patients, times, claims not met).

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
    b, s = fit(best.days, best.event, code[source])
    return {**patients, **exchanged}, best, ratio.unmet(b[place], s[place])


def odds_by_exchange(patients: dict, model: Patterns, ratios: dict[str, PrintedRatio], fixed: np.ndarray, rng):
    """Bring adjusted odds ratios of death from breast cancer to the printed ones; return (patients, claims not met).

    Vital statuses change places between patients with the same mark in ``fixed`` (n,), so that printed deaths stay.
    Size, grade and nodes together change places between any two patients: printed limits may be narrower than the
    assumed association of these with the feature allows.
    """
    fit, places = QuickLogistic(model), [model.names.index(name) for name in ratios]
    status = patients["vital_status"]
    tumour = ("tumour_size_class", "grade", "lymph_node_metastasis")
    by_feature = model.codes({**patients, **{name: np.full(len(status), model.factors[name][0]) for name in tumour}})
    by_tumour = model.codes(patients) - by_feature

    def miss_of(state):
        b, s = fit(status[state[0]] == DEAD, by_feature + by_tumour[state[1]])
        missed = sum(ratio.miss(b[k], s[k]) for ratio, k in zip(ratios.values(), places, strict=True))
        return float(missed) + implausible(model, b)

    def neighbour(state, rng):
        died = status[state[0]] == DEAD
        other = state.copy()
        if rng.random() < 0.6:
            dead = np.flatnonzero(died)
            i = dead[rng.integers(len(dead))]
            others = np.flatnonzero(~died & (fixed == fixed[i]))
            other[0] = _exchanged(state[0], i, others[rng.integers(len(others))])
        else:
            marked = np.flatnonzero(fixed | died)
            other[1] = _exchanged(state[1], marked[rng.integers(len(marked))], rng.integers(len(died)))
        return other

    found, miss = None, np.inf
    for _ in range(CLIMBS):
        state, least = climb(np.tile(np.arange(len(status)), (2, 1)), neighbour, miss_of, rng, TRIES)
        if found is None or least < miss:
            found, miss = state, least
        if miss == 0:
            break
    of_status, of_tumour = found
    b, s = fit(status[of_status] == DEAD, by_feature + by_tumour[of_tumour])
    unmet: dict[str, str] = {}
    for ratio, k in zip(ratios.values(), places, strict=True):
        unmet |= ratio.unmet(b[k], s[k])
    exchanged = {name: patients[name][of_tumour] for name in tumour}
    return {**patients, **exchanged, "vital_status": status[of_status]}, unmet


def _exchanged(source: np.ndarray, i: int, j: int) -> np.ndarray:
    other = source.copy()
    other[i], other[j] = source[j], source[i]
    return other


def descend(start: Callable, neighbours: Callable, ratio: PrintedRatio, exposed: np.ndarray, rng):
    """Look among many neighbours of the nearest states, round after round; return (days, event, miss).

    ``start()`` draws (days, event), shape (n,). ``neighbours(days, event, rng)`` makes a neighbour of each row of its
    arguments, shape (m, n). The ``BEAM`` nearest of a round are where the next one begins (a beam search); after
    ``PATIENCE`` rounds that find nothing nearer it starts anew.
    """
    best, least, lowest, waited, beam = start(), np.inf, np.inf, PATIENCE, None
    for _ in range(ROUNDS):
        if waited == PATIENCE:
            beam, lowest, waited = tuple(each[None, :] for each in start()), np.inf, 0
        parents = np.resize(np.arange(len(beam[0])), NEIGHBOURS)
        days, event = neighbours(beam[0][parents], beam[1][parents], rng)
        miss = ratio.miss(*two_group_cox(days, event, exposed, ratio.log))
        tied = (np.diff(np.sort(days, axis=1), axis=1) == 0).any(axis=1)
        miss = np.where(tied, np.inf, miss)
        nearest = np.unique(miss, return_index=True)[1][:BEAM]  # ascending; one of those that miss by the same
        beam, waited = (days[nearest], event[nearest]), waited + 1
        if miss[nearest[0]] < lowest:
            lowest, waited = miss[nearest[0]], 0
        if lowest < least:
            best, least = (beam[0][0], beam[1][0]), float(lowest)
        if least == 0:
            break
    return *best, least


def deaths_among(days: np.ndarray, event: np.ndarray, rng) -> tuple[np.ndarray, np.ndarray]:
    """Neighbours in which a few pairs of patients exchange their end, or how long they are followed (often for about as
    long), or one more or one fewer dies. The times as such stay, and with them their median. Shapes (m, n)."""
    days, event = days.copy(), event.copy()
    m, n = days.shape
    row, order = np.arange(m), np.argsort(days, axis=1)
    for move in range(MOVES):
        first, second = rng.integers(n, size=(2, m))
        near = (first + rng.integers(1, 4, m)) % n
        i, j = order[row, first], order[row, np.where(rng.random(m) < 0.6, near, second)]
        goes_on, kind = (rng.random(m) < 0.6) | (move == 0), rng.random(m)
        for values, these in ((event, goes_on & (kind < 0.5)), (days, goes_on & (kind > 0.4))):
            r, a, b = row[these], i[these], j[these]
            values[r, a], values[r, b] = values[r, b], values[r, a]
        other = goes_on & (kind > 0.95)
        event[row[other], i[other]] ^= True
    return days, event


def relapses_among(until: np.ndarray, must: np.ndarray, may: np.ndarray) -> Callable:
    """Return a function for neighbours in which a few relapses fall on other days, or other patients relapse.

    until: (n,) days of follow-up. must: relapse is certain (death from breast cancer). may: relapse is possible.
    """
    free = np.flatnonzero(may)

    def neighbours(days, event, rng):
        days, event = days.copy(), event.copy()
        m = len(days)
        for move in range(MOVES):
            row = np.flatnonzero((rng.random(m) < 0.6) | (move == 0))
            i = free[rng.integers(len(free), size=len(row))]
            changes = ~must[i] & (rng.random(len(row)) < 0.25)
            event[row, i] ^= changes
            near = np.clip(days[row, i] + rng.integers(-90, 91, len(row)), FIRST_DEATH // 2, until[i] - 31)
            day = np.where(changes | (rng.random(len(row)) < 0.3), relapse_day(until[i], rng), near)
            days[row, i] = np.where(event[row, i], day, until[i])
        return days, event

    return neighbours


def relapse_day(until: np.ndarray, rng) -> np.ndarray:
    """Draw days of relapse, at least a month before the end of follow-up; shape of ``until``."""
    return rng.integers(FIRST_DEATH // 2, until - 30)
