"""Synthetic patients for ``nat_residual``, as a hospital would export them: every printed count comes out jointly.

The printed numbers are read from ``claims.csv``; this module knows the study's variables and what is assumed where the
paper is silent, and nothing of what any number should be. Sizes follow the printed quartiles and agreements as near as
a bounded search brings them.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable

import numpy as np

from replicalc.cohort.synthesise import synonyms
from replicalc.cohort.synthesise.assumptions import COLUMNS, nat_residual_assumptions
from replicalc.cohort.synthesise.joint import Cells, Joint, assign_margin, solve
from replicalc.cohort.synthesise.mess import write_export
from replicalc.cohort.synthesise.nat_residual_export import LEFT_OUT, excluded_rows, export_rows
from replicalc.cohort.synthesise.nat_residual_sizes import LARGEST_CM, LEAST_CM, draw_sizes
from replicalc.cohort.synthesise.restrictions import restrictions
from replicalc.cohort.synthesise.values import integers_with_moments
from replicalc.errors import ReplicalcError
from replicalc.job import job, write_text
from replicalc.records import Claim, load_claims, load_dictionary
from replicalc.table import to_csv
from replicalc.verify.printed import parse

#: Codes of the joint table; what follows from them is derived beside.
FACTORS = {
    "subtype": ["hrneg_her2pos", "hrpos_her2pos", "hrpos_her2neg", "tn"],
    "er_status": ["positive", "negative"],
    "miller_payne": ["1", "2", "3", "4", "5"],
    "residual_type": ["none", "invasive", "idc_dcis", "dcis"],
    "calc_change": ["no_change", "decrease", "increase"],
    "recist": ["cr", "pr", "sd", "pd"],
    "surgery": ["breast_conserving", "mastectomy"],
    "bcs_eligible": ["yes", "no"],
}
DERIVED = {
    "pcr": lambda cell: "yes" if cell["miller_payne"] == "5" else "no",
    "mri_complete_response": lambda cell: "yes" if cell["recist"] == "cr" else "no",
}


def _allowed(cell: dict) -> bool:
    hr_positive = cell["subtype"].startswith("hrpos")
    complete = cell["residual_type"] in ("none", "dcis")
    return (
        (hr_positive or cell["er_status"] == "negative")
        and (cell["miller_payne"] == "5") == complete
        and (cell["surgery"] == "mastectomy" or cell["bcs_eligible"] == "yes")
    )


@job
def synthesise(claims_file, dictionary_file, export_out, assumptions_out, *, seed):
    """Write the synthetic export and the list of everything that was assumed to make it."""
    claims = load_claims(claims_file)
    printed = {(c.group, c.variable, c.stat): float(parse(c.reported).value) for c in claims if parse(c.reported)}
    total = int(printed["all", "", "n_included"])
    rng = np.random.default_rng([seed, 2])
    joint = solve_joint(claims, printed, total, seed)
    patients: dict[str, np.ndarray] = dict(joint.codes)
    load = load_dictionary(dictionary_file)
    _margins(patients, printed, {name: v.code_list for name, v in load.items()}, rng)
    sizes = draw_sizes(patients, claims, seed, rng)
    patients.update(sizes.cm)
    _operations(patients, np.random.default_rng([seed, 5]))
    _people(patients, printed, rng)
    included = export_rows(patients, rng)
    others: dict[str, np.ndarray] = {"subtype": np.zeros(sum(count for count, *_ in LEFT_OUT))}
    _people(others, printed, rng)
    rows = included + excluded_rows(included, others, rng)
    order = rng.permutation(len(rows))
    rows = [{"Patient ID": f"SYN-{number:04d}", **rows[i]} for number, i in enumerate(order, start=1)]
    assumed = write_export(rows, synonyms.NAT_RESIDUAL, export_out, seed, synonyms.NAT_RESIDUAL_LENGTHS)
    write_text(
        assumptions_out,
        to_csv([*nat_residual_assumptions(joint, LARGEST_CM, LEAST_CM, sizes.missed), *assumed], COLUMNS),
    )


def solve_joint(claims: Iterable[Claim], printed: dict, total: int, seed: int) -> Joint:
    """Solve the cross-tables of the paper jointly; zeros of the sizes are part of it because they are classes."""
    cells = Cells(FACTORS, _allowed, DERIVED)
    conditions = restrictions(claims, total)
    conditions += list(_zeros(printed, "mri_post_mm", "mri_complete_response", "yes"))
    conditions += list(_zeros(printed, "residual_size_mm", "pcr", "yes"))
    prior = np.ones(len(cells.cells))
    hr_positive = np.char.startswith(cells.codes["subtype"].astype(str), "hrpos")
    er_positive = cells.codes["er_status"] == "positive"
    prior *= np.where(hr_positive, np.where(er_positive, 0.93, 0.07), 1.0)
    prior *= np.where(cells.codes["bcs_eligible"] == "yes", 0.8, 0.2)
    prior *= np.where((cells.codes["pcr"] == "yes") == (cells.codes["mri_complete_response"] == "yes"), 3.0, 1.0)
    for name in ("hrneg_her2pos", "tn"):  # the paper: the misses are ER-positive
        miss = (cells.codes["mri_complete_response"] == "yes") & (cells.codes["pcr"] == "no")
        prior *= np.where(miss & (cells.codes["subtype"] == name), 1e-3, 1.0)
    misses = printed.get(("error=false_negative", "er_status=positive", "count"))
    if misses is not None:
        from replicalc.cohort.synthesise.restrictions import Restriction

        part = {"er_status": ("positive",), "mri_complete_response": ("yes",), "pcr": ("no",)}
        conditions.append(Restriction("misses that are ER-positive", part, None, misses, misses))
    return solve(cells, conditions, prior, total, seed)


def _zeros(printed: dict, variable: str, factor: str, code: str):
    """Turn printed quartiles of a size into bounds on how many patients of a subtype have size 0."""
    from replicalc.cohort.synthesise.restrictions import Restriction

    for subtype in FACTORS["subtype"]:
        group = f"subtype={subtype}"
        n = printed["all", group, "count"]
        lo, hi = 0.0, n
        for stat, q in (("q1", 0.25), ("median", 0.5), ("q3", 0.75)):
            position = (n + 1) * q
            if printed[group, variable, stat] == 0:
                lo = max(lo, np.ceil(position))
            else:
                hi = min(hi, np.ceil(position) - 1)
        part = {"subtype": (subtype,), factor: (code,)}
        yield Restriction(f"quartiles of {variable}, {subtype}", part, None, lo, hi)


def _margins(patients: dict, printed: dict, codes: dict[str, list[str]], rng) -> None:
    """Add the variables of which only the distribution is printed, with stated associations."""
    n = len(patients["subtype"])
    subtype = patients["subtype"]
    her2 = np.isin(subtype, ["hrneg_her2pos", "hrpos_her2pos"])
    hr = np.isin(subtype, ["hrpos_her2pos", "hrpos_her2neg"])
    sensible = np.isin(subtype, ["hrneg_her2pos", "tn"])

    def counts(name: str) -> dict[str, int]:
        found = {
            c: int(printed["all", f"{name}={c}", "count"])
            for c in codes[name]
            if ("all", f"{name}={c}", "count") in printed
        }
        if sum(found.values()) != n:
            raise ReplicalcError(f"the printed counts of {name} sum to {sum(found.values())}, not to {n}")
        return found

    def weights(name: str, **by_code) -> np.ndarray:
        return np.column_stack([np.broadcast_to(by_code.get(f"c_{c}", 1.0), n) for c in counts(name)]).astype(float)

    plan = {
        "regimen": dict(
            c_chemotherapy=np.where(her2, 0.1, 1.0),
            c_chemotherapy_targeted=np.where(her2, 1.0, 0.0),
            c_chemotherapy_endocrine=np.where(hr & ~her2, 1.0, 0.0),
            c_endocrine_targeted=np.where(hr & her2, 1.0, 0.0),
        ),
        "grade": dict(c_1=np.where(sensible, 0.2, 1.0), c_3=np.where(sensible, 2.5, 1.0)),
        "histology": dict(
            c_ilc=np.where(hr & ~her2, 1.0, 0.1),
            c_idc_dcis=np.where(np.isin(patients["residual_type"], ["dcis", "idc_dcis"]), 3.0, 1.0),
        ),
        "mg_lesion_type": {},
        "calc_shape_pre": dict(c_fine_linear=np.where(her2, 1.8, 1.0)),
        "calc_distribution_pre": dict(c_segmental=np.where(her2, 1.5, 1.0)),
        "mri_lesion_type": {},
        "lesion_number": {},
    }
    for name, by_code in plan.items():
        patients[name] = assign_margin(counts(name), weights(name, **by_code), rng)
    for name in ("calc_shape", "calc_distribution"):
        after = patients[f"{name}_pre"].copy()
        for (group, place, stat), count in printed.items():
            if group == "all" and stat == "count" and place.startswith(f"{name}_change=") and "_to_" in place:
                first, last = place.split("=")[1].split("_to_")
                chosen = rng.choice(
                    np.flatnonzero((patients[f"{name}_pre"] == first) & (after == first)),
                    int(count),
                    replace=False,
                )
                after[chosen] = last
        patients[f"{name}_post"] = after


def _operations(patients: dict, rng) -> None:
    """Let operations change places among patients with the same response, so that small lesions are conserved.

    The printed counts of operations look at the response and at nothing else. Eligible are those with the smallest
    lesions, given some noise of the surgeon's; conserved are the smallest of these, given the patient's wish.
    """
    largest = np.max([patients[name] for name in ("calc_extent_post_mm", "mri_post_mm", "residual_size_mm")], axis=0)
    judged = largest + rng.normal(0, 0.8, len(largest))
    wished = judged + rng.normal(0, 2.0, len(largest))
    for code in np.unique(patients["pcr"]):
        mine = np.flatnonzero(patients["pcr"] == code)
        eligible = mine[np.argsort(judged[mine], kind="stable")][: int((patients["bcs_eligible"][mine] == "yes").sum())]
        conserved = int((patients["surgery"][mine] == "breast_conserving").sum())
        conserved_ones = eligible[np.argsort(wished[eligible], kind="stable")][:conserved]
        for name, chosen, (yes, no) in (
            ("bcs_eligible", eligible, ("yes", "no")),
            ("surgery", conserved_ones, ("breast_conserving", "mastectomy")),
        ):
            patients[name][mine] = no
            patients[name][chosen] = yes


def _people(patients: dict, printed: dict, rng) -> None:
    """Add ages and dates. Every patient is treated within the printed period."""
    n = len(patients["subtype"])
    mean, sd = printed["all", "age_years", "mean"], printed["all", "age_years", "sd"]
    patients["age"] = integers_with_moments(n, mean, sd, 25, 75, rng)
    first = datetime.date(int(printed["all", "surgery_year", "min"]), 1, 4)
    last = datetime.date(int(printed["all", "surgery_year", "max"]), 1, 31)
    days = rng.integers(130, 200, n)
    operated = first.toordinal() + 200 + rng.integers(0, (last - first).days - 200, n)
    operated[np.argmin(operated)], operated[np.argmax(operated)] = (
        first.toordinal() + 210,
        last.toordinal() - 3,
    )
    start = operated - days
    patients["surgery_date"], patients["start_date"] = operated, start
    patients["mg_pre_date"], patients["mri_pre_date"] = (
        start - rng.integers(5, 25, n),
        start - rng.integers(2, 20, n),
    )
    patients["mg_post_date"], patients["mri_post_date"] = (
        operated - rng.integers(3, 20, n),
        operated - rng.integers(2, 18, n),
    )
    since_birthday = rng.integers(0, 364, n)
    patients["birth_date"] = np.array(
        [
            _years_before(int(s) - int(d), int(age))
            for s, d, age in zip(start, since_birthday, patients["age"], strict=True)
        ]
    )


def _years_before(ordinal: int, years: int) -> int:
    day = datetime.date.fromordinal(ordinal)
    leap = (day.month, day.day) == (2, 29)
    return day.replace(year=day.year - years, day=28 if leap else day.day).toordinal()
