"""Synthetic patients for ``nact_bone``, as two registers of a hospital would export them into one file.

The printed numbers are read from ``claims.csv``; this module knows the study's variables and what is assumed where the
abstract is silent. No count by microcalcification is printed: the percentages and the odds ratio with its limits are
solved for whole numbers, and both multivariable models are then reached by exchanges between patients.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from replicalc.cohort.synthesise import synonyms
from replicalc.cohort.synthesise.assumptions import COLUMNS
from replicalc.cohort.synthesise.exchanges import Exchange, Patients, fit_patients
from replicalc.cohort.synthesise.mess import write_export
from replicalc.cohort.synthesise.models import Ratio, fit, ratios
from replicalc.cohort.synthesise.nact_bone_assumptions import nact_bone_assumptions
from replicalc.cohort.synthesise.nact_bone_export import BIRTHS, export_rows
from replicalc.cohort.synthesise.nact_bone_factors import (
    CODES,
    COLUMN,
    WIDTH,
    factors,
    factors_of,
    loud_factors,
    model_rows,
)
from replicalc.cohort.synthesise.nact_bone_tables import Table, pearson_p, share_counts, tables_of
from replicalc.errors import ReplicalcError
from replicalc.job import job, write_text
from replicalc.records import Claim, load_claims
from replicalc.table import to_csv
from replicalc.verify.printed import Printed, parse, rounding_needed

CALCIFIED, NECROSIS = "calcified=yes", "mri_necrosis=yes"
ATTEMPTS = 12


@dataclass(frozen=True)
class Printouts:
    """The printed numbers by (group, variable, stat), and the odds ratios by result."""

    numbers: dict[tuple[str, str, str], Printed]
    claims: list[Claim]

    def share(self, variable: str) -> tuple[Printed, Printed]:
        """The percentages with and without microcalcification."""
        return tuple(self.numbers[f"calcified={code}", variable, "percent"] for code in ("yes", "no"))

    def ratio(self, result: str, model: str, name: str) -> Ratio:
        """The odds ratio of one term of one model."""
        found = [r for r in ratios(self.claims, result, f"model={model}") if r.name == name]
        if not found:
            raise ReplicalcError(f"nact_bone: claims.csv has no odds ratio of {name} in {result}")
        return found[0]


@job
def synthesise(claims_file, dictionary_file, export_out, assumptions_out, *, seed):
    """Write the synthetic export and the list of everything that was assumed to make it.

    ``dictionary_file`` is not needed for this study: the printed numbers name all codes.
    """
    claims = load_claims(claims_file)
    numbers = {(c.group, c.variable, c.stat): parse(c.reported) for c in claims if parse(c.reported)}
    printed = Printouts(numbers, claims)
    unmet: dict[str, str] = {}
    treated = _treated(printed, seed, unmet)
    followed = _followed(printed, seed, unmet)
    rows = export_rows(treated, followed, np.random.default_rng([seed, 2]), np.random.default_rng([seed, BIRTHS]))
    assumed = write_export(rows, synonyms.NACT_BONE, export_out, seed)
    write_text(assumptions_out, to_csv([*nact_bone_assumptions(treated, followed, unmet), *assumed], COLUMNS))


def _table(printed: Printouts, variable: str, ratio: Ratio, outcome_is_event: bool) -> Table:
    """The whole numbers behind two percentages and an odds ratio; the nearest where nothing fits all."""
    name = variable.split("=")[0]
    total = int(printed.numbers["all", name, "n"].value)
    found = tables_of(total, printed.share(variable), ratio, outcome_is_event)
    if not found:
        raise ReplicalcError(f"nact_bone: no whole numbers have the printed percentages of {variable}")
    return found[0]


def _check_p(printed: Printouts, variable: str, table: Table, unmet: dict[str, str]) -> None:
    """Name the printed P of a table's test, and what is printed of its odds ratio, if the table has another one."""
    for claim in printed.claims:
        if claim.stat != "p" or claim.variable != f"calcified x {variable}" or not parse(claim.reported):
            continue
        if rounding_needed(pearson_p(table), parse(claim.reported)) is None:
            unmet[claim.claim_id] = (
                f"{table.k1} of {table.n1} against {table.k2} of {table.n2} has P {pearson_p(table):.4f} by Pearson's "
                f"test, printed {claim.reported}"
            )


def _unmet_ratio(ratio: Ratio, table: Table, outcome_is_event: bool) -> dict[str, str]:
    """Name what is printed of a crude odds ratio and does not come out of the table (Woolf's limits)."""
    a, b, c, d = table.k1, table.n1 - table.k1, table.k2, table.n2 - table.k2
    log_ratio = np.log(a * d / (b * c)) * (1 if outcome_is_event else -1)
    return ratio.unmet(log_ratio, np.sqrt(1 / a + 1 / b + 1 / c + 1 / d))


def _treated(printed: Printouts, seed: int, unmet: dict[str, str]) -> dict[str, np.ndarray]:
    """Patients with neoadjuvant chemotherapy: response, necrosis on MRI where MRI was done, and the other factors."""
    crude = printed.ratio("nact_bone_a_nonpcr_univariable", "univariable", CALCIFIED)
    table = _table(printed, "pcr=yes", crude, False)
    _check_p(printed, "pcr", table, unmet)
    unmet |= _unmet_ratio(crude, table, False)
    result = "nact_bone_a_nonpcr_multivariable"
    wanted = {i: printed.ratio(result, "multivariable", name) for i, name in ((1, CALCIFIED), (2, NECROSIS))}
    calcified = np.arange(table.total) < table.n1
    outcome = np.ones(table.total)  # 1: no pCR, the event of the model
    outcome[: table.k1] = 0
    outcome[table.n1 : table.n1 + table.k2] = 0
    nearest, wider = None, np.array([1.1, 1.1])
    for attempt in range(ATTEMPTS):
        rng = np.random.default_rng([seed, 3, attempt])
        people = factors(calcified, rng)
        seen = _seen_on_mri(printed, table, wanted, wider)
        necrosis, known = np.zeros(table.total), np.zeros(table.total, dtype=bool)
        for group, n, k in ((True, seen.n1, seen.k1), (False, seen.n2, seen.k2)):
            members = rng.permutation(np.flatnonzero(calcified == group))
            known[members[:n]], necrosis[members[:k]] = True, 1.0
        # Within calcification the response goes at first with necrosis as the printed ratio says.
        y = _drawn_with(outcome, calcified, necrosis * known * wanted[2].coefficient, rng)
        start = Patients(y, model_rows(people, calcified, necrosis), known)
        exchanges = [
            Exchange(("outcome",), calcified),
            Exchange(("known", 2), calcified),
            # Ages change places on one side of menopause, so that it still goes with age.
            Exchange((COLUMN["age"],), calcified + 2 * people["menopause"]),
            Exchange((COLUMN["age"],), people["menopause"]),
            *(Exchange(tuple(range(c, c + WIDTH[name])), calcified) for name, c in COLUMN.items() if name in CODES),
            Exchange((COLUMN["mass"],), calcified),
        ]
        if start.fit() is None:  # somebody rare has one outcome only; draw the others anew
            continue
        found, away = fit_patients(start, wanted, exchanges, range(3, start.rows.shape[1]), seed + attempt)
        loud = loud_factors(found)
        if nearest is None or (len(loud), away) < nearest[0]:
            nearest = ((len(loud), away), found, seen)
        if not loud and away == 0:
            break
        wider = wider * found.fit().se[1:3] / [wanted[1].se, wanted[2].se]
    if nearest is None:
        raise ReplicalcError(
            "nact_bone: the model of the response has no finite odds ratios in any of the patients drawn"
        )
    (loud, _), found, seen = nearest
    _check_p(printed, "mri_necrosis", seen, unmet)
    if loud:
        unmet["nact_bone.added.others_ns"] = f"significant here: {', '.join(loud)}"
    _name_unmet(found, wanted, unmet)
    return {
        **factors_of(found.rows),
        "calcified": calcified,
        "pcr": found.outcome == 0,
        "necrosis": found.rows[:, 2] == 1,
        "mri": found.known,
    }


def _drawn_with(outcome: np.ndarray, calcified: np.ndarray, tendency: np.ndarray, rng) -> np.ndarray:
    """Hand out the outcomes of each group anew: the higher the tendency, the more likely an event."""
    out = np.zeros(len(outcome))
    for group in (True, False):
        members = np.flatnonzero(calcified == group)
        score = tendency[members] + rng.logistic(size=len(members))
        out[members[np.argsort(-score, kind="stable")[: int(outcome[members].sum())]]] = 1
    return out


def _seen_on_mri(printed: Printouts, table: Table, wanted: dict[int, Ratio], wider: np.ndarray) -> Table:
    """How many have an MRI and necrosis in each group: those whose model of the two has the printed limits, nearly.

    ``wider``, shape (2,), says by how much the other factors widen the standard errors of the two.
    """
    shares = printed.share("mri_necrosis=yes")
    groups = [share_counts(share, most) for share, most in zip(shares, (table.n1, table.n2), strict=True)]
    slopes = np.array([wanted[1].coefficient, wanted[2].coefficient])
    rows = np.array([[1.0, 1.0, 1.0], [1.0, 1.0, 0.0], [1.0, 0.0, 1.0], [1.0, 0.0, 0.0]])
    event = 1 - (table.k1 + table.k2) / table.total
    p = 1 / (1 + np.exp(-(np.log(event / (1 - event)) + (rows[:, 1:] - rows[:, 1:].mean(axis=0)) @ slopes)))
    best = None
    p_printed = printed.numbers.get(("all", "calcified x mri_necrosis", "p"))
    for n1, k1 in groups[0]:
        for n2, k2 in groups[1]:
            weight = np.array([k1, n1 - k1, k2, n2 - k2]) * p * (1 - p)
            if n1 + n2 < 60 or min(weight) <= 0:
                continue
            se = np.sqrt(np.diag(np.linalg.inv((rows.T * weight) @ rows)))[1:]
            off = np.abs(np.log(wider * se / [wanted[1].se, wanted[2].se])).sum() + 0.05 * abs(np.log(n1 / n2))
            # Those with the printed P come first, whatever their limits: exchanges can still move these.
            wrong_p = rounding_needed(pearson_p(Table(n1, k1, n2, k2)), p_printed) is None if p_printed else False
            if best is None or (wrong_p, off) < best[:2]:
                best = (wrong_p, off, Table(n1, k1, n2, k2))
    if best is None:
        raise ReplicalcError("nact_bone: no whole numbers have the printed percentages of necrosis on MRI")
    return best[2]


def _followed(printed: Printouts, seed: int, unmet: dict[str, str]) -> dict[str, np.ndarray]:
    """Patients followed for bone metastasis: who has it, of which type and extent, and the other factors."""
    ratio = printed.ratio("nact_bone_a_bone_univariable", "univariable", CALCIFIED)
    table = _table(printed, "bone_metastasis=yes", ratio, True)
    _check_p(printed, "bone_metastasis", table, unmet)
    unmet |= _unmet_ratio(ratio, table, True)
    wanted = {1: printed.ratio("nact_bone_a_bone_multivariable", "multivariable", CALCIFIED)}
    calcified = np.arange(table.total) < table.n1
    outcome = np.zeros(table.total)
    outcome[: table.k1] = 1
    outcome[table.n1 : table.n1 + table.k2] = 1
    nearest = None
    for attempt in range(ATTEMPTS):
        rng = np.random.default_rng([seed, 4, attempt])
        people = factors(calcified, rng)
        people["receptors"] = _recorded(people, calcified, outcome, ratio, wanted[1], rng)
        full = model_rows(people, calcified, None)
        start = Patients(outcome, full, people["receptors"])
        anybody = np.zeros(table.total)
        exchanges = [
            Exchange(("known",), calcified),
            Exchange(("known",), anybody),
            Exchange((COLUMN["age"] - 1,), people["menopause"]),
            Exchange(("outcome",), calcified),
        ]
        found, away = fit_patients(start, wanted, exchanges, (), seed + attempt, candidates=500)
        if nearest is None or away < nearest[0]:
            nearest = (away, found, people)
        if away == 0:
            break
    _, found, people = nearest
    _name_unmet(found, wanted, unmet)
    people["receptors"] = found.known
    people["age"] = found.rows[:, COLUMN["age"] - 1]
    return {
        **people,
        "calcified": calcified,
        "bone": found.outcome == 1,
        **_bones(printed, table, found, calcified, unmet, rng),
    }


def _recorded(people, calcified, outcome, alone: Ratio, together: Ratio, rng) -> np.ndarray:
    """Whose receptors are recorded: as many as the wider limits of the multivariable model need."""
    full = model_rows(people, calcified, None)
    found = fit(full, np.ones(len(full)), full.T @ outcome)
    if found is None:
        raise ReplicalcError("nact_bone: a factor of the bone model has too few patients of a kind")
    share = min(1.0, float((found.se[1] / together.se) ** 2))
    known = np.zeros(len(outcome), dtype=bool)
    for group in (0, 1):
        for event in (0, 1):
            members = rng.permutation(np.flatnonzero((calcified == group) & (outcome == event)))
            known[members[: int(np.rint(share * len(members)))]] = True
    return known


def _bones(printed: Printouts, table: Table, found: Patients, calcified, unmet: dict[str, str], rng) -> dict:
    """Type and extent of the metastases, not known in some; the widespread ones are more often mixed."""
    kind, extent = (np.full(table.total, "", dtype=object) for _ in range(2))
    lytic, widespread = (_known_of(printed, name, table, unmet) for name in ("osteolytic", "bone_whole_body"))
    for group, place in ((True, 0), (False, 1)):
        members = rng.permutation(np.flatnonzero((found.outcome == 1) & (calcified == group)))
        known, yes = ((widespread.n1, widespread.k1), (widespread.n2, widespread.k2))[place]
        extent[members[:yes]] = "whole body"
        rest = members[yes:known]
        # At least nine in ten of the others are axial.
        limbs = len(rest) // 10
        extent[rest[:limbs]], extent[rest[limbs:]] = "limbs", "axial"
        known, yes = ((lytic.n1, lytic.k1), (lytic.n2, lytic.k2))[place]
        typed = rng.permutation(members)[:known]
        score = rng.random(known) + 0.3 * (extent[typed] == "whole body")
        order = typed[np.argsort(score, kind="stable")]
        kind[order[:yes]] = "lytic"
        others = order[yes:]
        kind[others] = np.where(rng.random(len(others)) < 0.6, "mixed", "blastic")
    return {"bone_type": kind, "bone_extent": extent}


def _known_of(printed: Printouts, variable: str, table: Table, unmet: dict[str, str]) -> Table:
    """How many metastases are known, and how many are of the kind: as many known as the percentages and P allow."""
    claim_p = printed.numbers.get(("all", f"calcified x {variable}", "p"))
    shares = printed.share(f"{variable}=yes")
    groups = [share_counts(share, most) for share, most in zip(shares, (table.k1, table.k2), strict=True)]
    tables = [Table(n1, k1, n2, k2) for n1, k1 in groups[0] for n2, k2 in groups[1]]
    if not tables:
        raise ReplicalcError(
            f"nact_bone: no whole numbers of the metastases have the printed percentages of {variable}"
        )
    fitting = [each for each in tables if claim_p and rounding_needed(pearson_p(each), claim_p) is not None]
    chosen = max(fitting or tables, key=lambda each: each.total)
    _check_p(printed, variable, chosen, unmet)
    return chosen


def _name_unmet(found: Patients, wanted: dict[int, Ratio], unmet: dict[str, str]) -> None:
    fitted = found.fit()
    for column, ratio in wanted.items():
        unmet |= ratio.unmet(fitted.beta[column], fitted.se[column])
