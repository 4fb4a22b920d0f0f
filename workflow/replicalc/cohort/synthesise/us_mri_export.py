"""The synthetic women of ``us_mri`` in a hospital's own columns, codes and dates: one row a lesion."""

from __future__ import annotations

import datetime
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Protocol:
    """What the paper says about how the examinations were made and read."""

    phases: int
    screening_readers: int
    radiologists: list[str]


US_FINDINGS = {
    "dots_in_lesion": "dots in lesion",
    "isolated_dots": "isolated dots",
    "other_change": "other",
    "invisible": "not seen",
}
ENHANCEMENT = {"mass": "mass", "non_mass": "NME", "focus": "focus", "none": "none"}
#: Histology as the pathologist writes it, with how often within its class.
HISTOLOGY = {
    "none": {"fibrocystic": 0.45, "sclerosing adenosis": 0.2, "fibroadenoma": 0.2, "ADH": 0.1, "papilloma": 0.05},
    "dcis": {"DCIS": 1.0},
    "microinvasive": {"DCIS-MI": 1.0},
    "invasive": {"IDC": 0.88, "ILC": 0.12},
}
#: Shares of gaps in columns that no printed number needs.
NO_DENSITY, NO_SIDE, NO_US_CATEGORY_IF_INVISIBLE = 0.04, 0.02, 0.4
FIRST_MAMMOGRAM, DAYS_OF_RECRUITMENT = datetime.date(2013, 1, 7), 3 * 365
#: Mean age of women without and with a malignant lesion.
AGE_MEAN, AGE_SD, YOUNGEST, OLDEST = {"no": 53.0, "yes": 57.0}, 9.0, 35, 79
#: Breast density of women below and from 50 years.
MENOPAUSE = 50
DENSITIES = (
    {"A": 0.04, "B": 0.26, "C": 0.48, "D": 0.22},
    {"A": 0.11, "B": 0.42, "C": 0.38, "D": 0.09},
)
SAME_SIDE, OWN_CATEGORY_3 = 0.8, 2

ULTRASOUND = ("US ",)
MRI = ("MRI ",)
BIOPSY = ("Biopsy", "Histology")
#: What ultrasound finds where there is no microcalcification.
WITHOUT_DOTS = ("other", "not seen")
#: Lesions that a criterion leaves out: how many, what is written instead, and which columns are blank. In the order of
#: the criteria.
LEFT_OUT = [
    (5, {"MG calcification": "0", "MG mass": "1", "MG BI-RADS": "4B"}, MRI),
    (9, {"MG BI-RADS": "3"}, (*ULTRASOUND, *MRI, *BIOPSY)),
    (7, {"MG mass": "1"}, MRI),
    (3, {}, (*ULTRASOUND, *MRI)),
    (8, {}, MRI),
    (4, {}, BIOPSY),
]


def export_rows(codes: dict[str, np.ndarray], women: list[list[int]], protocol: Protocol, rng) -> list[dict]:
    """Write every lesion, those of the study and those left out, with ids given in shuffled order.

    codes: one array entry a lesion of the study. women: the lesions of each. Two of the lesions of category 3 are
    further lesions of women of the study; the other lesions left out are of women of their own.
    """
    n_out = sum(count for count, *_ in LEFT_OUT)
    sick = ["yes" if "yes" in codes["malignant"][numbers] else "no" for numbers in women]
    people = [_woman(malignant, rng) for malignant in [*sick, *["no"] * n_out]]
    readers = np.array(protocol.radiologists)[rng.permutation(len(people)) % len(protocol.radiologists)]
    lesions: list[list[dict]] = []
    for person, reader, numbers in zip(people, readers, women, strict=False):
        indication = codes["mg_indication"][numbers[0]]
        person.update(_reading(indication, reader, protocol))
        lesions.append([{**person, **_lesion(codes, number, rng)} for number in numbers])
    included = [row for rows in lesions for row in rows]
    hosts = [int(i) for i in rng.choice(np.arange(len(women)), OWN_CATEGORY_3, replace=False)]
    spare = zip(people[len(women) :], readers[len(women) :], strict=True)
    for count, changes, blank in LEFT_OUT:
        for _ in range(count):
            person, reader = next(spare)
            person.update(_reading(rng.choice(["screening", "diagnostic"], p=[0.7, 0.3]), reader, protocol))
            # Nobody sees dots on ultrasound where there is no microcalcification.
            dots = changes.get("MG calcification") != "0"
            alike = included if dots else [row for row in included if row["US finding"] in WITHOUT_DOTS]
            breast, rest = (rows[int(rng.integers(len(rows)))] for rows in (included, alike))
            findings = {name: cell for name, cell in rest.items() if name not in person}
            findings["MG BI-RADS"] = breast["MG BI-RADS"]
            if changes.get("MG BI-RADS") == "3" and hosts:
                host = lesions[hosts.pop()]
                row = {**{name: host[0][name] for name in person}, **findings}
                host.append(_left_out(row, changes, blank))
            else:
                lesions.append([_left_out({**person, **findings}, changes, blank)])
    rows = []
    for woman, i in enumerate(rng.permutation(len(lesions)), start=1):
        side = rng.choice(["L", "R"])
        for number, j in enumerate(rng.permutation(len(lesions[i])), start=1):
            other = {"L": "R", "R": "L"}[side]
            written = side if number == 1 or rng.random() < SAME_SIDE else other
            told = {"Side": "" if rng.random() < NO_SIDE else written}
            rows.append({"Patient ID": f"SYN-{woman:04d}", "Lesion": f"L{number}", **told, **lesions[i][j]})
    return rows


def _woman(malignant: str, rng) -> dict:
    """Give a woman her dates and her breast density: the same for all her lesions."""
    age = float(np.clip(rng.normal(AGE_MEAN[malignant], AGE_SD), YOUNGEST, OLDEST))
    mammogram = FIRST_MAMMOGRAM.toordinal() + int(rng.integers(0, DAYS_OF_RECRUITMENT))
    ultrasound = mammogram + int(rng.integers(1, 15))
    mri = ultrasound + int(rng.integers(3, 22))
    densities = DENSITIES[age >= MENOPAUSE]
    density = rng.choice(list(densities), p=list(densities.values()))
    return {
        "Date of birth": _day(mammogram - round(365.25 * age)),
        "Density": "" if rng.random() < NO_DENSITY else density,
        "MG date": _day(mammogram),
        "US date": _day(ultrasound),
        "MRI date": _day(mri),
        "Biopsy date": _day(mri + int(rng.integers(2, 22))),
    }


def _reading(indication: str, reader: str, protocol: Protocol) -> dict:
    """Say why the mammogram was made and who read the images of a woman."""
    screening = indication == "screening"
    return {
        "MG indication": indication,
        "MG readers (n)": protocol.screening_readers if screening else 1,
        "MRI dynamic series (n)": protocol.phases,
        "Radiologist": reader.replace("reader_", "Dr "),
    }


def _lesion(codes: dict[str, np.ndarray], i: int, rng) -> dict:
    """Write one lesion of the study as the hospital does."""
    finding, histology = codes["us_finding"][i], HISTOLOGY[codes["malignancy_type"][i]]
    invisible = finding == "invisible"
    blank = rng.random() < NO_US_CATEGORY_IF_INVISIBLE and invisible
    return {
        "MG calcification": "1",
        "MG mass": "0",
        "MG BI-RADS": codes["birads"][i],
        "US finding": US_FINDINGS[finding],
        "US BI-RADS": "" if blank else codes["us_birads"][i],
        "MRI enhancement": ENHANCEMENT[codes["mri_enhancement"][i]],
        "MRI BI-RADS": codes["mri_birads"][i],
        "Histology": rng.choice(list(histology), p=list(histology.values())),
    }


def _left_out(row: dict, changes: dict, blank: tuple[str, ...]) -> dict:
    empty = dict.fromkeys([name for name in row if name.startswith(blank)], "")
    return {**row, **empty, **changes}


def _day(ordinal: int) -> str:
    return datetime.date.fromordinal(ordinal).strftime("%d.%m.%Y")
