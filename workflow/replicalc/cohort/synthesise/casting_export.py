"""The synthetic patients of ``casting`` in a registry's own columns, codes and units."""

from __future__ import annotations

import datetime

import numpy as np

from replicalc.cohort.synthesise.casting_times import date

#: Whole millimetres of each size class: (smallest, largest). The population-based study ends at 15 mm.
MILLIMETRES = {"1_9": (3, 9), "10_14": (10, 14), "15_20": (15, 20), "over_20": (21, 55)}
LARGEST = {"population": 15}
STATUS = {"alive": "A", "dead_of_breast_cancer": "DBC", "dead_of_other_cause": "DOC"}
TUMOUR = ("Mammographic feature", "Size (mm)", "Axillary nodes", "NHG", "Side")
#: Where no printed number looks: the study, the column, and the share of cells left blank.
GAPS = {
    "tabar2000": {"NHG": 0.04, "Axillary nodes": 0.02},
    "palka2008": {"NHG": 0.04, "Size (mm)": 0.02},
    "li2019": {"NHG": 0.05, "Axillary nodes": 0.02, "Size (mm)": 0.02},
}
#: How many patients a group has whose mammographic feature nobody described.
UNDESCRIBED = 3


def export_rows(study: str, patients: dict[str, np.ndarray], rng) -> list[dict[str, str]]:
    """Write the patients of one group as rows of the export, with gaps where no printed number looks."""
    rows = []
    for i in range(len(patients["grade"])):
        p = {name: values[i] for name, values in patients.items()}
        relapsed = p.get("relapse")
        row = {
            "Study": study,
            "Date of birth": date(p["entry"] - p["age"]),
            "Side": "" if rng.random() < 0.02 else str(rng.choice(["L", "R"])),
            "Mammographic feature": p["tumour_feature"].replace("_", " "),
            "Size (mm)": str(_millimetres(study, p["tumour_size_class"], rng)),
            "Axillary nodes": {"yes": "pos", "no": "neg"}[p["lymph_node_metastasis"]],
            "NHG": p["grade"],
            "Date of diagnosis": date(p["entry"]),
            "Last contact": date(p["entry"] + p["days"]),
            "Status": STATUS[p["vital_status"]],
            "Relapse": {"yes": "1", "no": "0", None: ""}[relapsed],
            "Date of relapse": date(p["entry"] + p["relapse_days"]) if relapsed == "yes" else "",
        }
        for column, share in GAPS.get(study, {}).items():
            if rng.random() < share:
                row[column] = ""
        rows.append(row)
    return rows


def _millimetres(study: str, size_class: str, rng) -> int:
    least, most = MILLIMETRES[size_class]
    most = min(most, LARGEST.get(study, most))
    # Large values are likelier within 1-9 mm (few cancers of 3 mm are seen), small ones among the largest.
    share = rng.beta(1, 2.5) if size_class == "over_20" else rng.beta(1.6, 1)
    return min(most, least + int(share * (most - least + 1)))


def undescribed_rows(included: list[dict[str, str]], rng) -> list[dict[str, str]]:
    """Add patients of a group whose mammographic feature is not described, so that the criterion leaves somebody out.

    Tumour and course come from two different patients, and everything happens some days later, so that nobody is in the
    export twice; but nobody is seen after the day on which the group was last looked at.
    """
    closing = max(_parsed(row["Last contact"]) for row in included)
    rows = []
    for _ in range(UNDESCRIBED):
        tumour, course = (included[i] for i in rng.choice(len(included), 2, replace=False))
        row = {**course, **{name: tumour[name] for name in TUMOUR}, "Mammographic feature": ""}
        later = datetime.timedelta(days=int(rng.integers(5, 60)))
        for name in row:
            if row[name] and (name.startswith("Date") or name == "Last contact"):
                row[name] = date(min(_parsed(row[name]) + later, closing).toordinal())
        rows.append(row)
    return rows


def _parsed(day: str) -> datetime.date:
    return datetime.datetime.strptime(day, "%d.%m.%Y").date()
