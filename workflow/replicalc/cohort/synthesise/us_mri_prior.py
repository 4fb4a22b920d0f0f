"""How likely each combination of findings is in ``us_mri`` where the paper is silent: assumptions, no printed number.

The printed shares are imposed on this afterwards; what stays of it is how findings go together within them.
"""

from __future__ import annotations

import numpy as np

BENIGN = "none"
#: Codes of the joint table; what follows from them is derived beside, as in ``cohort/derivations.py``.
FACTORS = {
    "malignancy_type": [BENIGN, "dcis", "microinvasive", "invasive"],
    "birads": ["4A", "4B", "4C", "5"],
    "us_finding": ["dots_in_lesion", "isolated_dots", "other_change", "invisible"],
    "us_birads": ["1", "2", "3", "4", "5"],
    "mri_enhancement": ["mass", "non_mass", "focus", "none"],
    "mri_birads": ["1", "2", "3", "4", "5"],
    "mg_indication": ["screening", "diagnostic"],
}
#: BI-RADS 4 and 5 are positive (reading ``test_positive_from_birads`` of the study).
POSITIVE = ("4", "5")
DERIVED = {
    "malignant": lambda cell: "no" if cell["malignancy_type"] == BENIGN else "yes",
    "birads_category": lambda cell: cell["birads"][0],
    "us_visible": lambda cell: "no" if cell["us_finding"] == "invisible" else "yes",
    "us_assessment": lambda cell: "positive" if cell["us_birads"] in POSITIVE else "negative",
    "mri_assessment": lambda cell: "positive" if cell["mri_birads"] in POSITIVE else "negative",
}

#: By histology, in the order of the codes above.
BIRADS = {
    BENIGN: (0.52, 0.32, 0.15, 0.01),
    "dcis": (0.15, 0.30, 0.37, 0.18),
    "microinvasive": (0.10, 0.25, 0.40, 0.25),
    "invasive": (0.08, 0.22, 0.42, 0.28),
}
US_FINDING = {
    BENIGN: (0.30, 0.17, 0.27, 0.26),
    "dcis": (0.62, 0.02, 0.18, 0.18),
    "microinvasive": (0.70, 0.02, 0.14, 0.14),
    "invasive": (0.78, 0.02, 0.11, 0.09),
}
MRI_ENHANCEMENT = {
    BENIGN: (0.10, 0.53, 0.12, 0.25),
    "dcis": (0.22, 0.76, 0.01, 0.01),
    "microinvasive": (0.32, 0.66, 0.01, 0.01),
    "invasive": (0.52, 0.46, 0.01, 0.01),
}
SCREENING = {BENIGN: 0.70, "dcis": 0.70, "microinvasive": 0.62, "invasive": 0.55}
#: Category by finding, benign and malignant; a category that is not named does not occur with the finding.
US_BIRADS = {
    "dots_in_lesion": ({"3": 0.45, "4": 0.50, "5": 0.05}, {"3": 0.05, "4": 0.60, "5": 0.35}),
    "isolated_dots": ({"2": 0.35, "3": 0.50, "4": 0.15}, {"3": 0.20, "4": 0.80}),
    "other_change": ({"2": 0.20, "3": 0.50, "4": 0.30}, {"3": 0.10, "4": 0.90}),
    "invisible": ({"1": 1.0}, {"1": 1.0}),
}
MRI_BIRADS = {
    "mass": ({"2": 0.20, "3": 0.35, "4": 0.42, "5": 0.03}, {"3": 0.02, "4": 0.50, "5": 0.48}),
    "non_mass": ({"2": 0.25, "3": 0.35, "4": 0.38, "5": 0.02}, {"3": 0.04, "4": 0.66, "5": 0.30}),
    "focus": ({"2": 0.45, "3": 0.45, "4": 0.10}, {"3": 0.20, "4": 0.80}),
    "none": ({"1": 0.80, "2": 0.20}, {"1": 0.80, "2": 0.20}),
}
#: How much likelier a benign lesion is to be judged alike by ultrasound and MRI, and to be suspicious on either of them
#: where mammography put it into category 4C or 5.
ALIKE, SUSPICIOUS = 2.0, 1.5


def allowed(cell: dict) -> bool:
    """Tell whether the categories occur with the findings at all."""
    malignant = cell["malignancy_type"] != BENIGN
    return (
        cell["us_birads"] in US_BIRADS[cell["us_finding"]][malignant]
        and cell["mri_birads"] in MRI_BIRADS[cell["mri_enhancement"]][malignant]
    )


def weights(cells: list[dict]) -> np.ndarray:
    """Return one weight a cell; only their ratios matter."""
    return np.array([_weight(cell) for cell in cells])


def _weight(cell: dict) -> float:
    kind = cell["malignancy_type"]
    malignant = kind != BENIGN
    weight = 1.0
    for name, table in (("birads", BIRADS), ("us_finding", US_FINDING), ("mri_enhancement", MRI_ENHANCEMENT)):
        weight *= table[kind][FACTORS[name].index(cell[name])]
    weight *= SCREENING[kind] if cell["mg_indication"] == "screening" else 1 - SCREENING[kind]
    weight *= US_BIRADS[cell["us_finding"]][malignant][cell["us_birads"]]
    weight *= MRI_BIRADS[cell["mri_enhancement"]][malignant][cell["mri_birads"]]
    if not malignant:
        seen = [cell[name] in POSITIVE for name in ("us_birads", "mri_birads")]
        weight *= ALIKE if seen[0] == seen[1] else 1.0
        weight *= SUSPICIOUS ** sum(seen) if cell["birads"] in ("4C", "5") else 1.0
    return weight
