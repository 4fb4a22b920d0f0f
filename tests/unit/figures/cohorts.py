"""Made-up cohorts, as columns of text: an ordinary one and the ugly ones."""

from __future__ import annotations

SUBTYPES = ("hrneg_her2pos", "hrpos_her2pos", "hrpos_her2neg", "tn")
CHANGES = ("decrease", "no_change", "increase")
KINDS = ("none", "invasive", "idc_dcis", "dcis")


def ordinary(n: int = 24) -> dict[str, list[str]]:
    """All variables, every subtype and class, some patients with nothing left."""
    before = [20 + 7 * (i % 9) for i in range(n)]
    factor = {"decrease": 0.5, "no_change": 1.0, "increase": 1.6}
    change = [CHANGES[i * 5 % 7 % 3] for i in range(n)]
    pathology = [0 if i % 3 == 0 else 4 + 3 * (i % 8) for i in range(n)]
    mri = [0 if i % 4 == 0 else size + (i % 5) for i, size in enumerate(pathology)]
    return {
        "subtype": [SUBTYPES[i % 4] for i in range(n)],
        "pcr": ["yes" if size == 0 else "no" for size in pathology],
        "calc_extent_pre_mm": [str(b) for b in before],
        "calc_extent_post_mm": [str(round(b * factor[c])) for b, c in zip(before, change, strict=True)],
        "calc_change": change,
        "recist": [("cr", "pr", "sd", "pd")[i * 3 % 5 % 4] for i in range(n)],
        "miller_payne": [str(i % 5 + 1) for i in range(n)],
        "residual_type": [KINDS[i * 7 % 11 % 4] for i in range(n)],
        "residual_size_mm": [str(size) for size in pathology],
        "mri_post_mm": [str(size) for size in mri],
        "mri_complete_response": ["yes" if size == 0 else "no" for size in mri],
    }


def one_patient() -> dict[str, list[str]]:
    """A cohort of one."""
    return {name: column[:1] for name, column in ordinary().items()}


def all_zero() -> dict[str, list[str]]:
    """Nothing measurable in anybody: every size 0, every answer the same."""
    cells = {name: [column[0]] * 6 for name, column in ordinary().items()}
    sizes = ("calc_extent_pre_mm", "calc_extent_post_mm", "residual_size_mm", "mri_post_mm")
    return cells | {name: ["0"] * 6 for name in sizes} | {"calc_change": ["no_change"] * 6}


def gaps() -> dict[str, list[str]]:
    """Missing values everywhere, in patterns that differ from variable to variable."""
    return {
        name: ["" if (i + k) % 5 == 0 else cell for i, cell in enumerate(column)]
        for k, (name, column) in enumerate(ordinary(60).items())
    }


def one_subtype() -> dict[str, list[str]]:
    """Three of four subtypes empty, and a single patient in the fourth class of everything."""
    return ordinary(7) | {"subtype": ["tn"] * 7}


def big() -> dict[str, list[str]]:
    """Thousands of patients: the widest numbers that the figures must have room for."""
    return ordinary(5200)


def bare() -> dict[str, list[str]]:
    """A cohort with hardly a variable, as a mammography collection has."""
    return {"laterality": ["left", "right", "left"]}


def without(*names: str) -> dict[str, list[str]]:
    """The ordinary cohort without some variables."""
    return {name: column for name, column in ordinary().items() if name not in names}


EVERY = {
    "ordinary": ordinary,
    "one_patient": one_patient,
    "all_zero": all_zero,
    "gaps": gaps,
    "one_subtype": one_subtype,
    "big": big,
    "bare": bare,
    "no_mammography": lambda: without("calc_extent_pre_mm", "calc_extent_post_mm", "calc_change"),
    "no_pathology": lambda: without("residual_size_mm", "residual_type", "miller_payne", "pcr"),
    "no_subtype": lambda: without("subtype"),
    "no_grade": lambda: without("miller_payne"),
    "no_classes": lambda: without("calc_change", "miller_payne"),
}
