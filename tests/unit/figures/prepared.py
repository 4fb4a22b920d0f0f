"""What a prepared folder holds: which tables there are, how each is computed, which files each figure reads."""

from __future__ import annotations

from pathlib import Path

from project import ROOT, STUDY

from replicalc import results
from replicalc.cohort.flow import COLUMNS
from replicalc.records import load_dictionary
from replicalc.table import to_csv

VARIABLES = load_dictionary(ROOT / "data" / "dictionary.csv")
CLAIMS, STUDY_FILE = STUDY / "claims.csv", STUDY / "study.yaml"
ICC = {"unit": "cm", "canonical": "mm", "form": "ICC(C,1)", "by": "subtype"}
MG, MRI, PATHOLOGY = "calc_extent_post_mm", "mri_post_mm", "residual_size_mm"
TABLES = {
    "t2": (results.association, {"rows": "pcr", "columns": "subtype", "test": "pearson"}),
    "t3_extent": (
        results.before_after,
        {"before": "calc_extent_pre_mm", "after": MG, "canonical": "mm", "unit": "cm"},
    ),
    "t4_recist": (results.association, {"rows": "recist", "columns": "calc_change", "test": "pearson"}),
    "t4_miller_payne": (results.association, {"rows": "miller_payne", "columns": "calc_change", "test": "fisher"}),
    "t4_pcr": (results.association, {"rows": "pcr", "columns": "calc_change", "test": "pearson"}),
    "t4_residual_type": (results.association, {"rows": "residual_type", "columns": "calc_change", "test": "fisher"}),
    "t5_icc_mg_pathology": (results.agreement, {"x": MG, "y": PATHOLOGY, **ICC}),
    "t5_icc_mri_pathology": (results.agreement, {"x": MRI, "y": PATHOLOGY, **ICC}),
    "t5_icc_mg_mri": (results.agreement, {"x": MG, "y": MRI, **ICC}),
    "x_mri_accuracy": (
        results.accuracy,
        {"index": ("mri_complete_response", "no"), "target": ("pcr", "no"), "both_targets": True},
    ),
}
#: The claims of a result are found by its name.
NAMES = {"t2": "t2_subtype_pcr"}
FIGURES = {
    "flow": ("flow.csv", "cohort.parquet"),
    "pcr_by_subtype": ("t2", CLAIMS),
    "extent_before_after": ("cohort.parquet", "t3_extent", STUDY_FILE),
    "change_by_response": ("t4_recist", "t4_miller_payne", "t4_pcr", "t4_residual_type", STUDY_FILE),
    "agreement": ("cohort.parquet", "t5_icc_mg_pathology", "t5_icc_mri_pathology"),
    "icc_by_subtype": ("t5_icc_mg_pathology", "t5_icc_mri_pathology", "t5_icc_mg_mri", CLAIMS),
    "confusion": ("x_mri_accuracy", CLAIMS),
}
STEPS = (
    ("no microcalcification on mammography before treatment", 9, "yes", ""),
    ("no mammography before or after treatment", 0, "no", f"not applied: this cohort has no calc_extent_pre_mm, {MG}"),
    ("poor image quality", 3, "yes", ""),
)


def write_flow(path: Path, included: int, cohort: str, kind: str, steps=STEPS) -> None:
    """Write a flow of patients that ends with ``included``."""
    n, rows = included + sum(step[1] for step in steps), []
    for i, (because, excluded, applied, note) in enumerate(steps, start=1):
        rows.append(
            [str(i), f"criterion_{i}", because, str(n), str(excluded), str(n - excluded), applied, note, cohort, kind]
        )
        n -= excluded
    path.write_text(to_csv(rows, COLUMNS), encoding="utf-8")


def table(folder: Path, name: str) -> Path:
    """Return the path of a result table in a prepared folder."""
    return folder / f"nat_residual_{NAMES.get(name, name)}.csv"


def inputs(folder: Path, figure: str) -> list[Path]:
    """Return the input files of a figure in a prepared folder."""
    found = []
    for name in FIGURES[figure]:
        if isinstance(name, Path):
            found.append(name)
        else:
            found.append(folder / name if "." in name else table(folder, name))
    return found
