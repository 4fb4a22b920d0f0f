"""Synthetic patients for ``casting``: one export with the patients of the five primary studies behind the review.

The review has no patients of its own; ``primary_study`` tells the groups apart, and the printed numbers of a group come
out of its own patients. Printed numbers are read from ``claims.csv``. Counts and shares come out exactly (a joint table
of whole patients), survivals as printed (times drawn from the assumed model until they print), hazard and odds ratios
as near as a bounded search brings them. What does not print is named in the list of assumptions.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from replicalc.cohort.synthesise import casting_search as search
from replicalc.cohort.synthesise import casting_times as times
from replicalc.cohort.synthesise import synonyms
from replicalc.cohort.synthesise.assumptions import COLUMNS
from replicalc.cohort.synthesise.casting_assumptions import casting_assumptions
from replicalc.cohort.synthesise.casting_export import export_rows, undescribed_rows
from replicalc.cohort.synthesise.casting_fits import PrintedRatio, printed_ratio, two_group_cox
from replicalc.cohort.synthesise.casting_groups import GROUPS, Group, claims_of, solve_group
from replicalc.cohort.synthesise.mess import write_export
from replicalc.job import job, write_text
from replicalc.records import Claim, load_claims, load_dictionary
from replicalc.table import to_csv

DEAD, OTHER, ALIVE = search.DEAD, "dead_of_other_cause", "alive"
CASTING, CRUSHED = "tumour_feature=casting", "tumour_feature=crushed_stone"
#: Days of follow-up in Palka's group: fewest and most. Shares (least, most) that die, and that live with a relapse, at
#: the start of the search.
PALKA_DAYS = (200, 1780)
PALKA_DEATHS, PALKA_RELAPSES = (0.18, 0.28), (0.02, 0.2)
#: One death in so many is of another cause in that group, without a relapse.
PALKA_OTHER = 10
PALKA_ATTEMPTS = 5
#: Draws of a group from the beginning, as long as a claim is missed; and what the seed of its table grows by each time.
ATTEMPTS, TABLE_STEP = 4, 1_000


@job
def synthesise(claims_file, dictionary_file, export_out, assumptions_out, *, seed):
    """Write the synthetic export of all five groups and the list of everything that was assumed to make it."""
    claims = load_claims(claims_file)
    codes = {name: variable.code_list for name, variable in load_dictionary(dictionary_file).items()}
    rows, unmet = [], {}
    for number, (study, group) in enumerate(GROUPS.items()):
        own = claims_of(claims, study)
        patients, lost, rng = _patients_of(study, group, own, codes, seed, number)
        unmet |= lost
        mine = export_rows(study, patients, rng)
        rows += mine + undescribed_rows(mine, rng)
    order = np.random.default_rng([seed, 9]).permutation(len(rows))
    rows = [{"Patient ID": f"SYN-{number:04d}", **rows[i]} for number, i in enumerate(order, start=1)]
    assumed = write_export(rows, synonyms.CASTING, export_out, seed, synonyms.CASTING_LENGTHS)
    write_text(assumptions_out, to_csv([*casting_assumptions(unmet), *assumed], COLUMNS))


def _patients_of(study: str, group: Group, claims: list[Claim], codes: dict, seed: int, number: int):
    """Make the patients of one group; return (patients, what was reached of claims that do not come out, generator).

    Some tables of tumours leave no deaths that print. Then table and follow-up are drawn anew, up to ``ATTEMPTS``
    times; the first draw with the fewest claims missed is kept.
    """
    best = None
    for attempt in range(ATTEMPTS):
        rng = np.random.default_rng([seed, 10 + number, *([attempt] if attempt else [])])
        joint = solve_group(study, claims, seed + TABLE_STEP * attempt, number)
        patients, lost = FOLLOW.get(study, follow_by_status)(dict(joint.codes), group, claims, codes, rng)
        unmet = joint.reached | lost
        if best is None or len(unmet) < len(best[1]):
            best = patients, unmet, rng
        if not unmet:
            break
    return best


def ratio_of(claims: Iterable[Claim], result: str, variable: str) -> PrintedRatio:
    """Return what a result prints about the ratio of ``variable``."""
    return printed_ratio([claim for claim in claims if claim.result == result], variable)


def follow_tabar2004(
    patients: dict, group: Group, claims: list[Claim], codes: dict, rng
) -> tuple[dict, dict[str, str]]:
    """Follow all to one closing day; deaths print the survivals, exchanges print the adjusted hazard ratio."""
    n = len(patients["grade"])
    age, entry = times.ages(group, n, rng), times.entries(group, n, rng)
    limit = group.closing.toordinal() - entry
    leaves = np.minimum(times.other_deaths(age, rng), limit)
    printed = times.curves(claims)
    ratio = ratio_of(claims, "casting_x_tabar2004_hazard", CASTING)
    model = search.adjusted_model(patients, codes)

    def followed() -> times.Followed:
        return times.die_by_curves(patients, leaves, printed, rng)

    patients, found, unmet = search.hazard_by_exchange(patients, model, CASTING, ratio, followed, rng)
    died = (leaves < limit) & (rng.random(n) > times.MOVED)
    status = np.where(found.event, DEAD, np.where(died, OTHER, ALIVE))
    more = {"vital_status": status, "age": age, "entry": entry, "days": found.days}
    return {**patients, **more}, found.unmet | unmet


def follow_by_status(
    patients: dict, group: Group, claims: list[Claim], codes: dict, rng
) -> tuple[dict, dict[str, str]]:
    """Follow patients whose vital status the joint table tells; deaths come after a random part of follow-up."""
    n = len(patients["grade"])
    ratios = {name: ratio_of(claims, "casting_x_population_death", name) for name in (CASTING, CRUSHED)}
    unmet: dict[str, str] = {}
    if all(ratio.parts for ratio in ratios.values()):
        model = search.adjusted_model(patients, codes)
        casting = patients["tumour_feature"] == "casting"
        patients, unmet = search.odds_by_exchange(patients, model, ratios, casting, rng)
    status = patients["vital_status"]
    lost = rng.random(n) < times.LOST
    share = np.where((status != ALIVE) | lost, rng.uniform(*times.DEATH_SHARE, n), 1.0)
    printed = [(curve, curve.who(patients)) for curve in times.curves(claims)]
    entry = times.entries_reaching(group, share, printed, rng)
    closing = (
        group.closing.toordinal() if group.closing else times.closing_for_median(entry, share, group.median_months)
    )
    found = times.die_by_status(status == DEAD, closing - entry, share, printed, rng)
    more = {"age": times.ages(group, n, rng), "entry": entry, "days": found.days}
    return {**patients, **more}, unmet | found.unmet


def follow_palka2008(
    patients: dict, group: Group, claims: list[Claim], codes: dict, rng
) -> tuple[dict, dict[str, str]]:
    """Follow few patients: who dies when prints one hazard ratio, who relapses when prints the other.

    Some deaths leave no room for relapses that print; then both are drawn anew, up to ``PALKA_ATTEMPTS`` times.
    """
    n = len(patients["grade"])
    casting = patients["tumour_feature"] == "casting"
    weight = times.relative_hazard(patients)
    median = round(group.median_months * times.DAYS_A_MONTH)
    shorter = rng.choice(np.arange(PALKA_DAYS[0], median), n // 2, replace=False)
    longer = rng.choice(np.arange(median + 1, PALKA_DAYS[1]), n - 1 - n // 2, replace=False)
    lengths = np.concatenate([shorter, [median], longer])
    died, relapsed = (ratio_of(claims, f"casting_x_palka2008_{what}", CASTING) for what in ("death", "relapse"))
    best, least = {}, (np.inf, np.inf)
    for _ in range(PALKA_ATTEMPTS):
        found, misses = _palka_course(lengths, weight, casting, died, relapsed, rng)
        if sum(misses) < sum(least):
            best, least = found, misses
        if sum(least) == 0:
            break
    closing = group.last.toordinal()
    # Whoever lives is seen until the closing day; the others came at any time that leaves room for their follow-up.
    latest = closing - best["days"]
    entry = rng.integers(np.minimum(group.first.toordinal(), latest), latest + 1)
    entry = np.where(best["vital_status"] == ALIVE, latest, entry)
    dead, relapse = best["vital_status"] != ALIVE, best["relapse"] == "yes"
    unmet: dict[str, str] = {}
    for ratio, days, event in ((died, best["days"], dead), (relapsed, best["relapse_days"], relapse)):
        b, s = two_group_cox(days[None, :], event[None, :], casting)
        unmet |= ratio.unmet(b[0], s[0])
    return {**patients, **best, "age": times.ages(group, n, rng), "entry": entry}, unmet


def _palka_course(
    lengths: np.ndarray, weight: np.ndarray, casting: np.ndarray, died: PrintedRatio, relapsed: PrintedRatio, rng
) -> tuple[dict, tuple[float, float]]:
    """Search for deaths, then for relapses; return (course, misses of the two ratios).

    lengths: days of follow-up to hand out. weight: assumed hazard ratios. casting: who has casting type. Shapes (n,).
    """
    n, anybody = len(lengths), np.ones(len(lengths), dtype=bool)

    def deaths() -> tuple[np.ndarray, np.ndarray]:
        return rng.permutation(lengths), chosen(anybody, round(rng.uniform(*PALKA_DEATHS) * n), weight, rng)

    until, dead, miss_of_deaths = search.descend(deaths, search.deaths_among, died, casting, rng)
    other = chosen(dead, max(1, round(dead.sum() / PALKA_OTHER)), 1 / weight, rng)
    status = np.where(other, OTHER, np.where(dead, DEAD, ALIVE))
    must, may = status == DEAD, status != OTHER

    def relapses() -> tuple[np.ndarray, np.ndarray]:
        relapse = must | chosen(may & ~must, round(rng.uniform(*PALKA_RELAPSES) * n), weight, rng)
        return np.where(relapse, search.relapse_day(until, rng), until), relapse

    neighbours = search.relapses_among(until, must, may)
    days, relapse, miss = search.descend(relapses, neighbours, relapsed, casting, rng)
    course = {"vital_status": status, "days": until, "relapse": np.where(relapse, "yes", "no"), "relapse_days": days}
    return course, (miss_of_deaths, miss)


def chosen(among: np.ndarray, count: int, weight: np.ndarray, rng) -> np.ndarray:
    """Mark ``count`` patients among those marked, likelier where ``weight`` is large; all of shape (n,)."""
    candidates = np.flatnonzero(among)
    share = weight[candidates] / weight[candidates].sum()
    mark = np.zeros(len(among), dtype=bool)
    mark[rng.choice(candidates, min(count, len(candidates)), replace=False, p=share)] = True
    return mark


#: How the patients of a study are followed; the others by the vital status of the joint table.
FOLLOW = {"tabar2004": follow_tabar2004, "palka2008": follow_palka2008}
