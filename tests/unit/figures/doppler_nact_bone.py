"""Made-up cohorts of doppler and nact_bone, as columns of text: an ordinary one each, and the ugly ones."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from project import ROOT

from replicalc import figures, results
from replicalc.cohort.frame import Cohort, typed, write_cohort
from replicalc.cohort.source import ROW
from replicalc.results.regression import MODELS

from .prepared import VARIABLES, write_flow

Cells = dict[str, list[str]]
FACTORS = {
    "doppler": {
        "tumour_size_class": "over_20",
        "lymph_node_metastasis": "yes",
        "path_calcification": "yes",
        "stage": "I|II against III|IV",
        "adjuvant_radiotherapy": "yes",
        "adjuvant_chemotherapy": "yes",
    },
    "nact_bone": {
        "calcified": "yes",
        "mri_necrosis": "yes",
        "age_years": "per year",
        "menopausal_status": "postmenopausal",
        "breast_density": "each against b",
        "mass": "yes",
        "subtype": "each against hrpos_her2neg",
        "histology": "each against idc",
    },
}
WITHOUT_NECROSIS = {name: spec for name, spec in FACTORS["nact_bone"].items() if name != "mri_necrosis"}
TOGETHER = [name for name in MODELS if name != "univariable"]


def _logistic(outcome, factors, models):
    return results.logistic, {"outcome": outcome, "factors": factors, "models": models}


def _cross(columns, **subset):
    return results.association, {
        "rows": "calcified",
        "columns": columns,
        "test": "pearson",
        **({"subset": subset} if subset else {}),
    }


TABLES = {
    "doppler_a_prognosis": (results.distribution, {"variables": ["prognosis"]}),
    "doppler_a_accuracy": (
        results.accuracy,
        {"index": ("us_calcification", "yes"), "target": ("path_calcification", "yes")},
    ),
    "doppler_a_multivariable": _logistic(("prognosis", "poor"), FACTORS["doppler"], list(MODELS)),
    "nact_bone_a_pcr": _cross("pcr"),
    "nact_bone_a_necrosis": _cross("mri_necrosis", pcr="yes|no"),
    "nact_bone_a_bone": _cross("bone_metastasis"),
    "nact_bone_a_nonpcr_univariable": _logistic(("pcr", "no"), FACTORS["nact_bone"], ["univariable"]),
    "nact_bone_a_nonpcr_multivariable": _logistic(("pcr", "no"), FACTORS["nact_bone"], TOGETHER),
    "nact_bone_a_bone_univariable": _logistic(("bone_metastasis", "yes"), WITHOUT_NECROSIS, ["univariable"]),
    "nact_bone_a_bone_multivariable": _logistic(("bone_metastasis", "yes"), WITHOUT_NECROSIS, TOGETHER),
    "nact_bone_a_osteolytic": _cross("osteolytic", bone_metastasis="yes"),
    "nact_bone_a_axial": _cross("bone_extent", bone_metastasis="yes"),
    "nact_bone_a_whole_body": _cross("bone_whole_body", bone_metastasis="yes"),
}
#: Figure to (function, inputs); a name without a dot is a result table.
FIGURES: dict[str, tuple[Callable, tuple[str, ...]]] = {
    "doppler_fig_flow": (
        figures.flow_to_prognosis,
        ("flow.csv", "cohort.parquet", "doppler_a_prognosis", "claims.csv"),
    ),
    "doppler_fig_accuracy": (figures.interval_methods, ("doppler_a_accuracy", "claims.csv", "study.yaml")),
    "doppler_fig_forest": (figures.odds_of_poor_prognosis, ("doppler_a_multivariable", "claims.csv")),
    "nact_bone_fig_outcomes": (
        figures.outcomes_by_calcification,
        ("nact_bone_a_pcr", "nact_bone_a_necrosis", "nact_bone_a_bone", "claims.csv"),
    ),
    "nact_bone_fig_forest_nonpcr": (
        figures.odds_of_no_pcr,
        ("nact_bone_a_nonpcr_univariable", "nact_bone_a_nonpcr_multivariable", "claims.csv"),
    ),
    "nact_bone_fig_forest_bone": (
        figures.odds_of_bone_metastasis,
        ("nact_bone_a_bone_univariable", "nact_bone_a_bone_multivariable", "claims.csv"),
    ),
    "nact_bone_fig_metastasis": (
        figures.metastasis_by_calcification,
        ("nact_bone_a_osteolytic", "nact_bone_a_axial", "nact_bone_a_whole_body", "claims.csv"),
    ),
}
#: Parameters that rules give beside the files.
PARAMS = {"doppler_fig_flow": {"grouping": ["us_calcification", "path_calcification"]}}


def study_of(figure: str) -> str:
    return figure.split("_fig_")[0]


def ordinary(n: int = 150) -> Cells:
    """Every variable of both studies, every category, outcomes that depend on some of the factors."""
    import numpy as np

    rng = np.random.default_rng([20230811, n])

    def yes(share) -> list[str]:
        return ["yes" if hit else "no" for hit in rng.random(n) < share]

    def pick(*codes: str) -> list[str]:
        return [str(code) for code in rng.choice(codes, n)]

    calcified = yes(0.5)
    bone = yes(np.where(np.array(calcified) == "yes", 0.5, 0.25))
    extent = pick("axial", "appendicular", "whole_body")
    path = yes(0.7)
    return {
        "prognosis": ["poor" if hit else "good" for hit in rng.random(n) < np.where(np.array(path) == "yes", 0.35, 0.15)],
        "us_calcification": [("yes" if hit else "no") for hit in rng.random(n) < np.where(np.array(path) == "yes", 0.74, 0.37)],
        "path_calcification": path,
        "tumour_size_class": pick("1_9", "10_14", "15_20", "over_20", "over_20"),
        "lymph_node_metastasis": yes(0.4),
        "stage": pick("0", "I", "II", "II", "III", "IV"),
        "adjuvant_radiotherapy": yes(0.5),
        "adjuvant_chemotherapy": yes(0.6),
        "calcified": calcified,
        "pcr": yes(np.where(np.array(calcified) == "yes", 0.2, 0.4)),
        "mri_necrosis": yes(0.4),
        "age_years": [str(age) for age in rng.integers(28, 80, n)],
        "menopausal_status": pick("premenopausal", "postmenopausal"),
        "breast_density": pick("a", "b", "c", "d"),
        "mass": yes(0.6),
        "subtype": pick("hrneg_her2pos", "hrpos_her2pos", "hrpos_her2neg", "tn"),
        "histology": pick("idc", "idc", "ilc", "idc_dcis", "other"),
        "bone_metastasis": bone,
        "osteolytic": [cell if b == "yes" else "" for cell, b in zip(yes(0.7), bone, strict=True)],
        "bone_extent": [cell if b == "yes" else "" for cell, b in zip(extent, bone, strict=True)],
        "bone_whole_body": [
            ("yes" if cell == "whole_body" else "no") if b == "yes" else "" for cell, b in zip(extent, bone, strict=True)
        ],
    }  # fmt: skip


def separated() -> Cells:
    """Factors that foretell the outcome without exception: no finite odds ratio, and very wide limits."""
    cells = ordinary(60)
    return cells | {
        "lymph_node_metastasis": ["yes" if cell == "poor" else "no" for cell in cells["prognosis"]],
        "mri_necrosis": ["yes" if cell == "no" else "no" for cell in cells["pcr"]],
        "mass": ["yes", *["no"] * 59],
        "histology": [("other" if cell == "yes" else "idc") for cell in cells["bone_metastasis"]],
    }


def gaps() -> Cells:
    """Missing values everywhere, in patterns that differ from variable to variable."""
    return {
        name: ["" if (3 * i + 5 * k) % 17 == 0 else cell for i, cell in enumerate(column)]
        for k, (name, column) in enumerate(ordinary(200).items())
    }


def one_patient() -> Cells:
    return {name: column[:1] for name, column in ordinary().items()}


def alike() -> Cells:
    """Everybody the same: groups of nobody, factors with a reference category only."""
    return {name: [column[0]] * 12 for name, column in ordinary().items()} | {"calcified": ["no"] * 12}


def big() -> Cells:
    """Thousands of patients: the widest counts that the figures must have room for."""
    return ordinary(5200)


def bare() -> Cells:
    """A cohort with hardly a variable."""
    return {"laterality": ["left", "right", "left"]}


def without(*names: str) -> Callable[[], Cells]:
    return lambda: {name: column for name, column in ordinary().items() if name not in names}


EVERY: dict[str, Callable[[], Cells]] = {
    "ordinary": ordinary,
    "separated": separated,
    "gaps": gaps,
    "one_patient": one_patient,
    "alike": alike,
    "big": big,
    "bare": bare,
    "no_factors": without("stage", "subtype", "mri_necrosis", "osteolytic"),
    "no_outcome": without("prognosis", "pcr", "path_calcification", "bone_extent", "bone_whole_body"),
    "no_metastasis": without("bone_metastasis", "calcified"),
}


def write_folder(folder: Path, name: str, figures_wanted, kind: str = "synthetic") -> None:
    """Write a cohort, its flow and the result tables that some figures need."""
    import pandas as pd

    cells = EVERY[name]()
    n = len(next(iter(cells.values())))
    frame = typed(pd.DataFrame({ROW: [str(i) for i in range(n)], **cells}), VARIABLES)
    write_cohort(Cohort(frame, "tiny", name, kind, "patient", "none"), folder / "cohort.parquet")
    write_flow(folder / "flow.csv", n, name, kind)
    wanted = {part for figure in figures_wanted for part in FIGURES[figure][1]}
    for result, (function, params) in TABLES.items():
        if result in wanted:
            function(folder / "cohort.parquet", folder / f"{result}.csv", folder / "log", **params)


def inputs(folder: Path, figure: str) -> list[Path]:
    """Return the input files of a figure in a prepared folder."""
    record = ROOT / "config" / "studies" / study_of(figure)
    return [
        record / name if name in ("claims.csv", "study.yaml") else folder / (name if "." in name else f"{name}.csv")
        for name in FIGURES[figure][1]
    ]
