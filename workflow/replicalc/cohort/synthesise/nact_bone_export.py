"""The synthetic patients of ``nact_bone`` in a hospital's own columns, codes and units; both groups in one file."""

from __future__ import annotations

import datetime

import numpy as np

from replicalc.cohort.synthesise.births import born
from replicalc.cohort.synthesise.nact_bone_factors import after_menopause

FIRST_START, LAST_START = datetime.date(2012, 1, 9), datetime.date(2020, 12, 18)
#: The stream of random numbers for dates of those who were followed, so that nothing else depends on them.
BIRTHS = 78
#: Patients whom each criterion leaves out.
NO_CANCER, NO_MAMMOGRAPHY = 17, 21


def export_rows(treated: dict, followed: dict, rng, dates) -> list[dict[str, str]]:
    """Write both groups in random order, with patients whom the criteria leave out, and a few gaps.

    ``dates`` draws dates of diagnosis and birth of those who were followed.
    """
    rows = [_treated_row(treated, i, rng) for i in range(len(treated["age"]))]
    rows += [_followed_row(followed, i, rng) for i in range(len(followed["age"]))]
    rows = [_dated(row, dates) for row in rows + _left_out(rows, rng)]
    order = rng.permutation(len(rows))
    return [{"Patient ID": f"SYN-{number:04d}", **rows[i]} for number, i in enumerate(order, start=1)]


BLANK = (
    *(
        "Date of birth",
        "Start of chemotherapy",
        "Age at diagnosis",
        "Miller-Payne",
        "Residual invasive",
        "Residual DCIS",
    ),
    *("MRI necrosis", "Bone metastasis", "Bone type", "Bone extent"),
)


def _common(p: dict, i: int, receptors_known: bool, rng) -> dict[str, str]:
    return {
        **dict.fromkeys(BLANK, ""),
        "Side": "" if rng.random() < 0.02 else str(rng.choice(["L", "R"])),
        "Diagnosis": "breast cancer",
        "Mammography calcification": "1" if p["calcified"][i] else "0",
        "Mammography mass": "1" if p["mass"][i] else "0",
        "Density": str(p["density"][i]).upper(),
        "Menopause": "post" if p["menopause"][i] else "pre",
        "Pathology": {"idc": "IDC", "ilc": "ILC", "idc_dcis": "IDC+DCIS", "other": "other"}[str(p["histology"][i])],
        **_receptors(str(p["subtype"][i]), receptors_known, rng),
    }


def _receptors(subtype: str, known: bool, rng) -> dict[str, str]:
    """Percentages, score and in situ hybridisation from which the subtype follows."""
    hormone, her2 = subtype.startswith("hrpos"), subtype.endswith("her2pos")
    er = int(rng.integers(10, 100)) if hormone and rng.random() < 0.94 else 0
    pr = int(rng.integers(5, 95)) if hormone and (er == 0 or rng.random() < 0.8) else 0
    equivocal = rng.random() < 0.25
    score = "2+" if equivocal else "3+" if her2 else str(rng.choice(["0", "1+"]))
    ish = ("amp" if her2 else "not amp") if equivocal else ""
    cells = {"ER (%)": str(er), "PR (%)": str(pr), "HER2 IHC": score, "HER2 FISH": ish}
    return cells if known else dict.fromkeys(cells, "")


def _treated_row(p: dict, i: int, rng) -> dict[str, str]:
    start = datetime.date.fromordinal(int(rng.integers(FIRST_START.toordinal(), LAST_START.toordinal())))
    birth = born(start, int(p["age"][i]), rng)
    only_dcis = p["pcr"][i] and rng.random() < 0.25
    # In situ carcinoma without invasive carcinoma counts as a complete response and has grade 5.
    grade = "5" if p["pcr"][i] else str(rng.choice(["1", "2", "3", "4"], p=[0.08, 0.22, 0.45, 0.25]))
    return {
        **_common(p, i, True, rng),
        "Date of birth": birth.strftime("%d.%m.%Y"),
        "Start of chemotherapy": start.strftime("%d.%m.%Y"),
        "Miller-Payne": grade,
        "Residual invasive": "0" if p["pcr"][i] else "1",
        "Residual DCIS": "1" if only_dcis or (not p["pcr"][i] and rng.random() < 0.45) else "0",
        "MRI necrosis": ("1" if p["necrosis"][i] else "0") if p["mri"][i] else "",
    }


def _followed_row(p: dict, i: int, rng) -> dict[str, str]:
    return {
        **_common(p, i, bool(p["receptors"][i]), rng),
        "Age at diagnosis": f"{p['age'][i]:.0f}",
        "Bone metastasis": "1" if p["bone"][i] else "0",
        "Bone type": p["bone_type"][i],
        "Bone extent": p["bone_extent"][i],
    }


def _left_out(included: list[dict], rng) -> list[dict]:
    """Add patients whom each criterion leaves out; mammography and the rest come from two different patients.

    Their age is their own, so that nobody is in the export twice, and with it whether they are past menopause.
    """
    rows = []
    for count, changes, blank in (
        (
            NO_CANCER,
            {"Diagnosis": "benign"},
            ("ER ", "PR ", "HER2 ", "Pathology", "Bone ", "Miller", "Residual", "Start", "Date"),
        ),
        (NO_MAMMOGRAPHY, {}, ("Mammography ", "Density")),
    ):
        for _ in range(count):
            rest, breast = (included[i] for i in rng.choice(len(included), 2, replace=False))
            row = {**rest, **{name: breast[name] for name in breast if name.startswith(("Mammography ", "Density"))}}
            row.update(dict.fromkeys([name for name in row if name.startswith(blank)], ""))
            age = int(np.clip(rng.normal(51, 10), 26, 79))
            if row["Date of birth"]:
                start = datetime.datetime.strptime(row["Start of chemotherapy"], "%d.%m.%Y").date()
                row["Date of birth"] = born(start, age, rng).strftime("%d.%m.%Y")
            else:
                row["Age at diagnosis"] = str(age)
            row["Menopause"] = "post" if after_menopause(np.array([age]), rng)[0] else "pre"
            rows.append({**row, **changes})
    return rows


def _dated(row: dict[str, str], dates) -> dict[str, str]:
    """Give dates of diagnosis and birth for the age at diagnosis, in those who have one."""
    told = dict.fromkeys(("Date of birth", "Date of diagnosis"), "")
    if row["Age at diagnosis"]:
        day = datetime.date.fromordinal(int(dates.integers(FIRST_START.toordinal(), LAST_START.toordinal())))
        birth = born(day, int(row["Age at diagnosis"]), dates)
        told = {"Date of birth": birth.strftime("%d.%m.%Y"), "Date of diagnosis": day.strftime("%d.%m.%Y")}
    else:
        told["Date of birth"] = row["Date of birth"]
    renamed = {"Date of diagnosis" if name == "Age at diagnosis" else name: cell for name, cell in row.items()}
    return {**renamed, **told}
