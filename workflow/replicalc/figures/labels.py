"""Plain words for the codes of the dictionary, and numbers as read in print: real minus signs, P values."""

from __future__ import annotations

import math

from replicalc.table import Row
from replicalc.verify.printed import format_as

VARIABLES = {
    "calc_extent_post_mm": "mammography",
    "mri_post_mm": "MRI",
    "residual_size_mm": "pathology",
    "recist": "RECIST 1.1 response on MRI",
    "miller_payne": "Miller-Payne grade",
    "pcr": "Pathologic complete response (pCR)",
    "residual_type": "Residual tumour in the specimen",
    "us_assessment": "ultrasound",
    "mri_assessment": "MRI",
    "tumour_feature": "mammographic tumour feature",
    "casting_group": "calcification",
    "tumour_size_class": "tumour size",
    "prognosis": "Prognosis",
    "lymph_node_metastasis": "Lymph-node metastasis",
    "path_calcification": "Microcalcification in the specimen",
    "stage": "Stage",
    "adjuvant_radiotherapy": "Radiotherapy after surgery",
    "adjuvant_chemotherapy": "Chemotherapy after surgery",
    "calcified": "Calcification on mammography",
    "mri_necrosis": "Necrosis on MRI",
    "age_years": "Age",
    "menopausal_status": "Menopausal status",
    "breast_density": "Breast density",
    "mass": "Mass on mammography",
    "subtype": "Molecular subtype",
    "histology": "Histological type",
    "bone_metastasis": "Bone metastasis",
}

CODES = {
    "subtype": {
        "hrneg_her2pos": "HR−/HER2+",
        "hrpos_her2pos": "HR+/HER2+",
        "hrpos_her2neg": "HR+/HER2−",
        "tn": "HR−/HER2− (TN)",
    },
    "calc_change": {"decrease": "decrease", "no_change": "no change", "increase": "increase"},
    "recist": {
        "cr": "complete response",
        "pr": "partial response",
        "sd": "stable disease",
        "pd": "progressive disease",
    },
    "miller_payne": {grade: f"grade {grade}" for grade in "12345"},
    "pcr": {"yes": "pCR", "no": "no pCR"},
    "residual_type": {
        "none": "none",
        "invasive": "invasive",
        "idc_dcis": "invasive and DCIS",
        "dcis": "DCIS only",
    },
    "us_assessment": {"positive": "positive", "negative": "negative"},
    "mri_assessment": {"positive": "positive", "negative": "negative"},
    "tumour_feature": {
        "stellate": "stellate",
        "circular": "circular",
        "powdery": "powdery",
        "crushed_stone": "crushed stone",
        "casting": "casting type",
        "other": "other",
    },
    "casting_group": {
        "no_calcification": "no calcification",
        "other_calcification": "other calcification",
        "casting": "casting type",
    },
    "tumour_size_class": {"1_9": "1–9 mm", "10_14": "10–14 mm", "15_20": "15–20 mm", "over_20": "over 20 mm"},
    "grade": {grade: f"grade {grade}" for grade in "123"},
    "calc_type": {
        "skin": "skin",
        "vascular": "vascular",
        "coarse": "coarse (popcorn)",
        "large_rodlike": "large rod-like",
        "round": "round",
        "punctate": "punctate",
        "eggshell": "eggshell (rim)",
        "lucent_centered": "lucent-centred",
        "milk_of_calcium": "milk of calcium",
        "dystrophic": "dystrophic",
        "amorphous": "amorphous",
        "coarse_heterogeneous": "coarse heterogeneous",
        "fine_pleomorphic": "fine pleomorphic",
        "fine_linear": "fine linear",
    },
    "calc_type_class": {"typically_benign": "typically benign", "suspicious": "suspicious"},
    "prognosis": {"good": "good prognosis", "poor": "poor prognosis"},
    "calcified": {"yes": "with calcification", "no": "without calcification"},
    "histology": {"idc": "ductal", "ilc": "lobular", "idc_dcis": "ductal with DCIS", "other": "other"},
}


def variable_label(name: str) -> str:
    """Return the plain name of a variable; an unknown one keeps its name, without underscores."""
    return VARIABLES.get(name, name.replace("_", " "))


def code_label(variable: str, code: str) -> str:
    """Return the plain name of a category; an unknown one keeps its code, without underscores.

    >>> code_label("subtype", "hrneg_her2pos"), code_label("histology", "not_known")
    ('HR−/HER2+', 'not known')
    """
    return CODES.get(variable, {}).get(code, code.replace("_", " "))


def term_label(term: str, told: str = "") -> tuple[str, str]:
    """Return the plain name of a term of a regression, and what it is held against or counted in.

    ``term`` is the term as result tables name it, ``told`` what they say of it (``results.factors``).

    >>> term_label("stage=I|II", "against III or IV"), term_label("age_years", "per year")
    (('Stage: I or II', 'against III or IV'), ('Age, per year', ''))
    >>> term_label("mri_necrosis=yes", "against all others")
    ('Necrosis on MRI', '')
    """
    name, _, codes = term.partition("=")
    label = variable_label(name)
    label = label[:1].upper() + label[1:]
    if not codes:
        return f"{label}, {told}".removesuffix(", "), ""
    if codes == "yes":
        return label, "" if told == "against all others" else told
    against, _, reference = told.partition(" ")
    if against == "against" and reference != "all others":
        told = "against " + " or ".join(code_label(name, code) for code in reference.split(" or "))
    return f"{label}: {' or '.join(code_label(name, code) for code in codes.split('|'))}", told


def number(value: float, decimals: int) -> str:
    """Round half up, with a real minus sign; an en dash where there is no number.

    >>> number(-0.078, 2), number(float("nan"), 2)
    ('−0.08', '–')
    """
    return format_as(value, decimals).replace("-", "−") if math.isfinite(value) else "–"


def with_interval(value: float, lo: float, hi: float, decimals: int) -> str:
    """Write a value with its interval; the value alone where there is no interval.

    >>> with_interval(0.119, -0.056, 0.287, 2)
    '0.12 (−0.06 to 0.29)'
    """
    text = number(value, decimals)
    if math.isfinite(lo) and math.isfinite(hi):
        text += f" ({number(lo, decimals)} to {number(hi, decimals)})"
    return text


def p_value(p: float) -> str:
    """Write a P value to three places, never as zero; an en dash where there is none.

    What lies below 0.001 is told so and not rounded up to it: papers print '< 0.001', and 0.0009 agrees with that.

    >>> p_value(0.0009), p_value(0.25), p_value(float("nan"))
    ('< 0.001', '0.250', '–')
    """
    if p < 0.001:
        return "< 0.001"
    rounded = number(p, 3)
    return "1" if p == 1 else "> 0.999" if rounded == "1.000" else rounded


def units(unit_of_analysis: str) -> str:
    """Name what is counted, in the plural.

    >>> units("breast"), units("lesion")
    ('breasts', 'lesions')
    """
    return f"{unit_of_analysis}s"


def p_text(row: Row | None) -> str:
    """Name a test with its P value, to three places.

    >>> p_text(Row("r", "all", "a x b", "p", 0.0004, method="Pearson chi-squared"))
    'Pearson chi-squared: P < 0.001'
    """
    if row is None:
        return "no test"
    if not math.isfinite(row.value):
        return f"{row.method}: no P value" if row.method else "no P value"
    p = p_value(row.value)
    p = f"P {p}" if p[0] in "<>" else f"P = {p}"
    return f"{row.method}: {p}" if row.method else p
