"""Made-up cohorts of lesions (us_mri) and of tumours followed up (casting): ordinary ones and ugly ones.

How each result and figure is made stands here too, as in ``prepared.py`` for the other study.
"""

from __future__ import annotations

from project import ROOT

from replicalc import figures, results

YEAR = 365.25
MALIGNANT = ("malignant", "yes")
WORK_UP = {"steps": [("us_assessment", "positive"), ("mri_assessment", "positive")], "target": MALIGNANT}
OUTCOME = {"time": "follow_up_days", "event": ("vital_status", "dead_of_breast_cancer"), "unit": "year"}
SUBSET = {"primary_study": "tabar2004 or not recorded", "tumour_size_class": "1_9|10_14"}
FACTORS = {
    "tumour_feature": "each against stellate",
    "tumour_size_class": "each against 1_9",
    "lymph_node_metastasis": "yes",
    "grade": "each against 1",
}
PANELS = [("tumour_feature", None), ("tumour_feature+tumour_size_class", "tumour_feature=casting")]
LESIONS = {"calcified": "yes", "worked_up": "yes or not recorded"}
TABLES = {
    "us_mri_x_us_accuracy": (results.accuracy, {"index": ("us_assessment", "positive"), "target": MALIGNANT}),
    "us_mri_x_mri_accuracy": (results.accuracy, {"index": ("mri_assessment", "positive"), "target": MALIGNANT}),
    "us_mri_x_ppv3": (results.association, {"rows": "birads_category", "columns": "malignant", "test": "fisher"}),
    "us_mri_x_work_up": (results.work_up, WORK_UP),
    "casting_a_benign_malignant": (
        results.association,
        {
            "rows": ["calc_type_class", "calc_type"],
            "columns": "malignant",
            "test": "pearson",
            "subset": LESIONS,
        },
    ),
    "casting_x_tabar2004_survival": (
        results.survival,
        {
            **OUTCOME,
            "times": [5, 10, 15, 20, 24],
            "by": ["tumour_feature", "casting_group", "tumour_feature+tumour_size_class"],
            "subset": SUBSET,
        },
    ),
    "casting_x_tabar2004_hazard": (results.hazard, {**OUTCOME, "factors": FACTORS, "subset": SUBSET}),
}
#: Each figure: its job, the files it reads, its parameters. 'claims' is the study's record of printed numbers.
FIGURES = {
    "us_mri_fig_flow": (figures.flow, ["flow.csv", "cohort.parquet"], {"grouping": ["malignant", "mri_assessment"]}),
    "us_mri_fig_accuracy": (
        figures.accuracy_by_test,
        ["us_mri_x_us_accuracy", "us_mri_x_mri_accuracy", "us_mri_x_ppv3", "claims"],
        {},
    ),
    "us_mri_fig_work_up": (figures.work_up_tree, ["cohort.parquet", "us_mri_x_work_up"], {}),
    "casting_fig_survival": (
        figures.survival_curves,
        ["cohort.parquet", "casting_x_tabar2004_survival", "claims"],
        {**OUTCOME, "subset": SUBSET, "panels": PANELS},
    ),
    "casting_fig_hazard": (figures.hazard_ratios, ["casting_x_tabar2004_hazard", "claims"], {}),
    "casting_fig_calc_type": (figures.malignancy_by_type, ["casting_a_benign_malignant"], {"subset": LESIONS}),
}
TYPES = ("vascular", "round", "punctate", "amorphous", "fine_pleomorphic", "fine_linear")


def claims(study: str):
    """Return the path of a study's printed numbers."""
    return ROOT / "config" / "studies" / study / "claims.csv"


def lesions(n: int = 60) -> dict[str, list[str]]:
    """Lesions with every test known; every fourth woman has two."""
    malignant = [i % 5 in (0, 1) for i in range(n)]
    return {
        "patient_id": [f"w{i - (i % 4 == 1)}" for i in range(n)],
        "malignant": ["yes" if bad else "no" for bad in malignant],
        "us_assessment": ["positive" if bad != (i % 7 == 0) else "negative" for i, bad in enumerate(malignant)],
        "mri_assessment": ["positive" if bad or i % 3 == 0 else "negative" for i, bad in enumerate(malignant)],
        "birads_category": ["5" if bad and i % 2 else "4" for i, bad in enumerate(malignant)],
        "calcified": ["yes"] * n,
        "calc_type": [TYPES[3 + i % 3] if bad and i % 6 else TYPES[i % 4] for i, bad in enumerate(malignant)],
        "calc_type_class": [
            "suspicious" if (bad and i % 6) or i % 4 == 3 else "typically_benign" for i, bad in enumerate(malignant)
        ],
    }


FEATURES = ("stellate", "circular", "powdery", "crushed_stone", "casting", "other")


def tumours(n: int = 180, longest: float = 26) -> dict[str, list[str]]:
    """Tumours followed up for up to ``longest`` years; casting type dies more often and sooner."""
    feature = [FEATURES[(i * i + i // 7) % 6] for i in range(n)]
    died = [(i * 7 % 11 < (6 if kind == "casting" else 2)) for i, kind in enumerate(feature)]
    years = [longest * (0.15 + 0.85 * ((i * 37) % 101) / 101) * (0.6 if bad else 1) for i, bad in enumerate(died)]
    size = [5 + (i * 5) % 10 for i in range(n)]
    return {
        "follow_up_days": [str(round(year * YEAR)) for year in years],
        "vital_status": ["dead_of_breast_cancer" if bad else "alive" for bad in died],
        "tumour_feature": feature,
        "casting_group": [
            "casting" if k == "casting" else "other_calcification" if k in FEATURES[2:4] else "no_calcification"
            for k in feature
        ],
        "tumour_size_class": ["1_9" if mm < 10 else "10_14" for mm in size],
        "lymph_node_metastasis": ["yes" if i % 4 == 0 else "no" for i in range(n)],
        "grade": [str(1 + (i * 5 + i // 3) % 3) for i in range(n)],
    }


def both(n: int) -> dict[str, list[str]]:
    return lesions(n) | tumours(n)


def with_gaps() -> dict[str, list[str]]:
    """Missing values everywhere but in whose lesion it is, in patterns that differ from variable to variable."""
    cells = both(150)
    return {
        name: column
        if name == "patient_id"
        else ["" if (i + 2 * k) % 9 == 0 else cell for i, cell in enumerate(column)]
        for k, (name, column) in enumerate(cells.items())
    }


def all_of(**codes: str) -> dict[str, list[str]]:
    """The ordinary cohort with the same code in everybody for some variables."""
    cells = both(60)
    return cells | {name: [code] * 60 for name, code in codes.items()}


def without(*names: str) -> dict[str, list[str]]:
    return {name: column for name, column in both(120).items() if name not in names}


def separated() -> dict[str, list[str]]:
    """All of casting type die at once and nobody else does: no finite hazard ratio."""
    cells = tumours(90)
    dies = [kind == "casting" for kind in cells["tumour_feature"]]
    cells["vital_status"] = ["dead_of_breast_cancer" if bad else "alive" for bad in dies]
    cells["follow_up_days"] = [str(200 + 3 * i) if bad else str(6000 + 20 * i) for i, bad in enumerate(dies)]
    return lesions(90) | cells


EVERY = {
    "ordinary": lambda: both(180),
    "one": lambda: {name: column[:1] for name, column in both(12).items()},
    "seven": lambda: both(7),
    "gaps": with_gaps,
    "big": lambda: both(5200),
    "all_benign": lambda: all_of(malignant="no", vital_status="alive"),
    "all_positive": lambda: all_of(
        us_assessment="positive", mri_assessment="positive", vital_status="dead_of_breast_cancer"
    ),
    "one_feature": lambda: all_of(tumour_feature="stellate", calc_type="vascular", calc_type_class="typically_benign"),
    "separated": separated,
    "short": lambda: lesions(90) | tumours(90, longest=3),
    "bare": lambda: {"laterality": ["left", "right", "left"]},
    "no_ultrasound": lambda: without("us_assessment"),
    "no_mammography": lambda: without("birads_category"),
    "no_feature": lambda: without("tumour_feature", "casting_group"),
    "no_grade": lambda: without("grade"),
    "no_patient": lambda: without("patient_id"),
}
