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


def p_text(row: Row | None) -> str:
    """Name a test with its P value, to three places.

    >>> p_text(Row("r", "all", "a x b", "p", 0.0004, method="Pearson chi-squared"))
    'Pearson chi-squared: P < 0.001'
    """
    if row is None:
        return "no test"
    if not math.isfinite(row.value):
        return f"{row.method}: no P value" if row.method else "no P value"
    rounded = number(row.value, 3)
    p = {"0.000": "P < 0.001", "1.000": "P > 0.999" if row.value < 1 else "P = 1"}.get(rounded, f"P = {rounded}")
    return f"{row.method}: {p}" if row.method else p
