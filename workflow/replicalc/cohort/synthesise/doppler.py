"""Synthetic patients for ``doppler``, as a hospital would export them.

The printed numbers are read from ``claims.csv``; this module knows the study's variables and what is assumed where the
abstract is silent, and nothing of what any number should be. Ultrasound against pathology is solved as whole numbers;
the multivariable model then says how many patients have which factors (``design``, ``models``).
"""

from __future__ import annotations

import datetime
from itertools import product

import numpy as np

from replicalc.cohort.synthesise import synonyms
from replicalc.cohort.synthesise.assumptions import COLUMNS
from replicalc.cohort.synthesise.births import born
from replicalc.cohort.synthesise.crudely import patients_of, tables_of
from replicalc.cohort.synthesise.design import spread
from replicalc.cohort.synthesise.doppler_assumptions import doppler_assumptions
from replicalc.cohort.synthesise.joint import Cells, Joint, assign_margin, solve
from replicalc.cohort.synthesise.mess import write_export
from replicalc.cohort.synthesise.models import Ratio, fit, fit_table, ratios, whole
from replicalc.cohort.synthesise.restrictions import restrictions
from replicalc.errors import ReplicalcError
from replicalc.job import job, write_text
from replicalc.records import Claim, load_claims
from replicalc.table import to_csv
from replicalc.verify.printed import parse

MODEL = ("doppler_a_multivariable", "model=multivariable")
SIZE, NODES, CALCIFIED, EARLY, RADIO, CHEMO = (
    "tumour_size_class=over_20",
    "lymph_node_metastasis=yes",
    "path_calcification=yes",
    "stage=I|II",
    "adjuvant_radiotherapy=yes",
    "adjuvant_chemotherapy=yes",
)
#: How likely a late stage is without node metastasis, and with a tumour up to 2 cm, against otherwise the same.
LATE_WITHOUT_NODES, LATE_AND_SMALL = 0.15, 0.3
#: How much these count where the printed limits leave a choice.
STRENGTH = 3.0
PERIOD = (datetime.date(2017, 6, 1), datetime.date(2018, 6, 30))
#: Searches from other random numbers, until what is not released misses its last place by nothing to speak of.
ATTEMPTS, PRINTED = 2, 1e-2
#: The stream of random numbers for dates of birth, so that nothing else depends on them.
BIRTHS = 78
#: Patients whom each criterion leaves out.
NO_CANCER, NO_SURGERY = 14, 9


@job
def synthesise(claims_file, dictionary_file, export_out, assumptions_out, *, seed):
    """Write the synthetic export and the list of everything that was assumed to make it.

    ``dictionary_file`` is not needed for this study: the printed numbers name all codes.
    """
    claims = load_claims(claims_file)
    joint, poor = solve_ultrasound(claims, seed)
    wanted = ratios(claims, *MODEL)
    patients, unmet, crude = _patients(joint, wanted, poor, seed)
    rng = np.random.default_rng([seed, 2])
    _ultrasound(patients, joint, rng)
    _course(patients, rng)
    rows = [_row(patients, i) for i in range(len(patients["poor"]))]
    rows += _left_out(rows, rng)
    rows = _with_births(rows, np.random.default_rng([seed, BIRTHS]))
    order = rng.permutation(len(rows))
    rows = [{"Patient ID": f"SYN-{number:04d}", **rows[i]} for number, i in enumerate(order, start=1)]
    assumed = write_export(rows, synonyms.DOPPLER, export_out, seed, synonyms.DOPPLER_LENGTHS)
    assumed = [*doppler_assumptions(joint.reached, unmet, crude, NO_CANCER, NO_SURGERY), *assumed]
    write_text(assumptions_out, to_csv(assumed, COLUMNS))


def solve_ultrasound(claims: list[Claim], seed: int) -> tuple[Joint, int]:
    """Solve ultrasound, pathology and prognosis jointly; return the table and the patients with a poor prognosis."""
    printed = {(c.group, c.variable, c.stat): parse(c.reported) for c in claims}
    total = int(printed["all", "", "n_included"].value)
    codes = {"us_calcification": ["yes", "no"], "path_calcification": ["yes", "no"], "prognosis": ["good", "poor"]}
    cells = Cells(codes, lambda cell: True, {})
    joint = solve(cells, restrictions(claims, total), np.ones(len(cells.cells)), total, seed)
    return joint, int((joint.codes["prognosis"] == "poor").sum())


def _patients(joint: Joint, wanted: list[Ratio], poor: int, seed: int) -> tuple[dict, dict[str, str], bool]:
    """Give each patient the six factors and the prognosis, so that the ratios come out.

    Crudely, if each of them is the ratio of a 2x2 table with the margins recovered; as one model otherwise. Returns
    the patients, the limits that do not come out, and whether the ratios are crude ones.
    """
    names = [ratio.name for ratio in wanted]
    if sorted(names) != sorted([SIZE, NODES, CALCIFIED, EARLY, RADIO, CHEMO]):
        raise ReplicalcError(
            f"doppler: the model in claims.csv has the factors {', '.join(names)}, which are not known"
        )
    total, with_calcification = len(joint.codes["prognosis"]), int((joint.codes["path_calcification"] == "yes").sum())
    tables = tables_of(wanted, total, poor, {CALCIFIED: with_calcification}, seed)
    if tables is None:
        return (*_one_model(joint, wanted, poor, with_calcification, seed), False)
    everyone = list(range(1, len(wanted) + 1))
    factors, outcome, _ = patients_of(tables, wanted, _plausible, seed, loud=everyone)
    patients: dict[str, np.ndarray] = {name: factors[:, j] == 1 for j, name in enumerate(names)}
    return {**patients, "poor": outcome == 1}, {}, True


def _plausible(has: dict[str, str]) -> float:
    """How likely a combination of factors is, beside what the printed numbers say."""
    late = has[EARLY] == "no"
    weight = LATE_WITHOUT_NODES if late and has[NODES] == "no" else 1.0
    return weight * (LATE_AND_SMALL if late and has[SIZE] == "no" else 1.0)


def _one_model(joint: Joint, wanted: list[Ratio], poor: int, with_calcification: int, seed: int):
    """Find patients whose model has the printed ratios and limits, as near as can be; name those that do not print."""
    names = [ratio.name for ratio in wanted]
    factors = np.array(list(product([0.0, 1.0], repeat=len(names))))
    rows = np.column_stack([np.ones(len(factors)), factors])
    has = {name: factors[:, j] == 1 for j, name in enumerate(names)}
    prior = np.array([_plausible({name: "yes" if has[name][i] else "no" for name in names}) for i in range(len(rows))])
    calcified, total = has[CALCIFIED].astype(float), len(joint.codes["prognosis"])
    design = spread(rows, wanted, total, poor, [(calcified, with_calcification)], prior, STRENGTH)
    start = np.zeros(len(rows), dtype=int)
    for mask, patients in ((has[CALCIFIED], with_calcification), (~has[CALCIFIED], total - with_calcification)):
        start[mask] = whole(design.patients[mask], patients)
    kept = np.array([np.ones(len(rows)), calcified])
    table = None
    for attempt in range(ATTEMPTS):
        found = fit_table(rows, start, poor, wanted, kept, design.weights, seed + 1_000_003 * attempt)
        if table is None or found.nearness < table.nearness:
            table = found
        if table.nearness < PRINTED:
            break
    counts = np.concatenate([table.events, table.others])
    pattern = np.repeat(np.concatenate([np.arange(len(rows))] * 2), counts)
    patients: dict[str, np.ndarray] = {name: has[name][pattern] for name in names}
    patients["poor"] = np.arange(total) < table.events.sum()
    n = table.events + table.others
    found = fit(rows, n.astype(float), rows.T @ table.events)
    unmet: dict[str, str] = {}
    for j, ratio in enumerate(wanted, start=1):
        unmet |= ratio.unmet(found.beta[j], found.se[j])
    return patients, unmet


def _ultrasound(patients: dict, joint: Joint, rng) -> None:
    """Add what ultrasound showed: calcification as solved, more often seen in large tumours; the rest goes with it."""
    n = len(patients["poor"])
    seen = np.zeros(n, dtype=bool)
    on_ultrasound, in_pathology = joint.codes["us_calcification"] == "yes", joint.codes["path_calcification"] == "yes"
    for calcified in (True, False):
        mine = np.flatnonzero(patients[CALCIFIED] == calcified)
        counts = {"yes": int((on_ultrasound & (in_pathology == calcified)).sum())}
        counts["no"] = len(mine) - counts["yes"]
        weights = np.column_stack([np.where(patients[SIZE][mine], 1.6, 1.0), np.ones(len(mine))])
        seen[mine] = assign_margin(counts, weights, rng) == "yes"
    patients["seen"] = seen
    shown = np.flatnonzero(seen)
    counts = dict(
        zip(("within_mass", "around_mass", "along_ducts"), whole(np.array([0.5, 0.28, 0.22]), len(shown)), strict=True)
    )
    poor = patients["poor"][shown]
    weights = np.column_stack([np.ones(len(shown)), np.ones(len(shown)), np.where(poor, 0.25, 1.0)])
    patients["location"] = np.full(n, "", dtype=object)
    patients["location"][shown] = assign_margin({c: int(k) for c, k in counts.items()}, weights, rng)
    # One tendency to look malignant lies behind all four features.
    malignant_look = rng.normal(size=n) + 0.4 * patients[NODES] + 0.4 * seen + 0.3 * patients[SIZE]
    for name, share in (("ill_defined", 0.75), ("irregular", 0.72), ("spiculated", 0.64), ("taller", 0.3)):
        score = malignant_look + rng.normal(0, 0.8, n)
        patients[name] = score > np.quantile(score, 1 - share)


def _course(patients: dict, rng) -> None:
    """Add size, stage, operation, age and dates."""
    n = len(patients["poor"])
    large, nodes, early = patients[SIZE], patients[NODES], patients[EARLY]
    grown = np.rint(np.exp(rng.normal(np.log(31), 0.28, n)))
    # Above 5 cm a tumour with node metastasis is stage III, and one without is seldom operated at once.
    most = np.where(early, 50, 95)
    patients["diameter"] = np.where(large, np.clip(grown, 21, most), np.clip(np.rint(rng.normal(15, 3.2, n)), 6, 20))
    fourth = ~early & (rng.random(n) < np.where(patients["poor"], 0.5, np.where(nodes, 0.03, 0.08)))
    patients["stage"] = np.select([early & ~large & ~nodes, early, fourth], ["I", "II", "IV"], "III")
    conserving = rng.random(n) < np.where(large, 0.2, 0.5) * np.where(patients[RADIO], 1.0, 0.25)
    patients["operation"] = np.where(conserving, "BCS", "mastectomy")
    patients["age"] = np.clip(np.rint(rng.normal(51, 10, n)), 26, 84).astype(int)
    patients["age_known"] = rng.random(n) >= 0.02
    patients["side"] = np.where(rng.random(n) < 0.02, "", rng.choice(["L", "R"], n))
    first, last = (day.toordinal() for day in PERIOD)
    patients["day"] = rng.integers(first, last + 1, n)


def _row(p: dict, i: int) -> dict[str, str]:
    def sign(name: str) -> str:
        return "1" if p[name][i] else "0"

    return {
        "Age": str(p["age"][i]) if p["age_known"][i] else "",
        "Side": p["side"][i],
        "Histology": "carcinoma",
        "Date of surgery": datetime.date.fromordinal(int(p["day"][i])).strftime("%d.%m.%Y"),
        "Operation": p["operation"][i],
        "Largest diameter (mm)": f"{p['diameter'][i]:.0f}",
        "pN": "N+" if p[NODES][i] else "N0",
        "Stage": p["stage"][i],
        "Calcification in specimen": sign(CALCIFIED),
        "US calcification": sign("seen"),
        "US calcification site": p["location"][i].replace("_", " "),
        "US margin": "ill-defined" if p["ill_defined"][i] else "well-defined",
        "US shape": "irregular" if p["irregular"][i] else "regular",
        "US spiculation": sign("spiculated"),
        "US L/T > 1": sign("taller"),
        "Radiotherapy after surgery": sign(RADIO),
        "Chemotherapy after surgery": sign(CHEMO),
        "Prognosis": "poor" if p["poor"][i] else "good",
    }


#: What is blank for somebody without cancer, and without an operation.
AFTER_DIAGNOSIS = ("pN", "Stage", "Radiotherapy after surgery", "Chemotherapy after surgery", "Prognosis")
AFTER_SURGERY = (
    *("Date of surgery", "Operation", "pN", "Calcification in specimen"),
    *("Radiotherapy after surgery", "Chemotherapy after surgery"),
)


def _left_out(included: list[dict], rng) -> list[dict]:
    """Add patients whom each criterion leaves out; ultrasound and the rest come from two different patients."""
    rows = []
    for count, changes, blank in (
        (NO_CANCER, {"Histology": "benign", "Operation": "BCS"}, AFTER_DIAGNOSIS),
        (NO_SURGERY, {}, AFTER_SURGERY),
    ):
        for _ in range(count):
            rest, seen = (included[i] for i in rng.choice(len(included), 2, replace=False))
            row = {**rest, **{name: cell for name, cell in seen.items() if name.startswith("US ")}}
            row["Age"] = str(int(np.clip(np.rint(rng.normal(52, 12)), 22, 88)))
            rows.append({**row, **dict.fromkeys(blank, ""), **changes})
    return rows


def _with_births(rows: list[dict], rng) -> list[dict]:
    """Give a date of birth for the age, which counts at surgery (at an unknown day of the period without one)."""
    dated = []
    for row in rows:
        surgery, by_chance = row["Date of surgery"], rng.integers(PERIOD[0].toordinal(), PERIOD[1].toordinal() + 1)
        day = datetime.date.fromordinal(int(by_chance))
        if surgery:
            day = datetime.datetime.strptime(surgery, "%d.%m.%Y").date()
        birth = born(day, int(row["Age"]), rng).strftime("%d.%m.%Y") if row["Age"] else ""
        dated.append({"Date of birth" if name == "Age" else name: birth if name == "Age" else cell
                      for name, cell in row.items()})  # fmt: skip
    return dated
