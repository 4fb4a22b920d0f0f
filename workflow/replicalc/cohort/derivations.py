"""Which variable is derived from what, by which rule, following which reading of the study."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from replicalc.cohort import definitions as by

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class Derivation:
    """One derived variable: what it is derived from, and the study's readings that it follows."""

    variable: str
    needs: tuple[str, ...]
    rule: str
    function: Callable[[pd.DataFrame, dict], pd.Series]
    readings: tuple[str, ...] = ()
    #: Of ``needs``: what may be missing in everybody, such as the date of something that happened to nobody.
    optional: tuple[str, ...] = ()


#: In the order in which they can use each other.
DERIVATIONS = (
    Derivation("age_years", ("birth_date", "nat_start_date"), "completed years", by.age),
    Derivation("surgery_year", ("surgery_date",), "calendar year", by.surgery_year),
    Derivation(
        "er_status",
        ("er_percent",),
        "positive from the percentage in study.yaml on",
        by.receptor("er_percent"),
        ("receptor_positive_from_percent",),
    ),
    Derivation(
        "pr_status",
        ("pr_percent",),
        "positive from the percentage in study.yaml on",
        by.receptor("pr_percent"),
        ("receptor_positive_from_percent",),
    ),
    Derivation("her2_status", ("her2_ihc", "her2_ish"), "3+; 2+ or no score: by in situ hybridisation", by.her2),
    Derivation("hr_status", ("er_status", "pr_status"), "ER or PR positive", by.hr),
    Derivation("subtype", ("hr_status", "her2_status"), "HR by HER2", by.subtype),
    Derivation("regimen", ("chemotherapy", "targeted_therapy", "endocrine_therapy"), "combination given", by.regimen),
    Derivation(
        "calc_extent_pre_mm",
        ("calc_cc_pre_mm", "calc_mlo_pre_mm"),
        "larger of the two views",
        by.larger_view("calc_cc_pre_mm", "calc_mlo_pre_mm"),
    ),
    Derivation(
        "calc_extent_post_mm",
        ("calc_cc_post_mm", "calc_mlo_post_mm"),
        "larger of the two views",
        by.larger_view("calc_cc_post_mm", "calc_mlo_post_mm"),
    ),
    Derivation(
        "calc_change",
        ("calc_extent_pre_mm", "calc_extent_post_mm"),
        "relative change of extent",
        by.calc_change,
        ("extent_change_from_percent",),
    ),
    Derivation(
        "calc_shape_change",
        ("calc_shape_pre", "calc_shape_post"),
        "before against after",
        by.pair_change(
            "calc_shape_pre",
            "calc_shape_post",
            [("fine_pleomorphic", "coarse_heterogeneous"), ("coarse_heterogeneous", "amorphous")],
        ),
    ),
    Derivation(
        "calc_distribution_change",
        ("calc_distribution_pre", "calc_distribution_post"),
        "before against after",
        by.pair_change("calc_distribution_pre", "calc_distribution_post", [("grouped", "diffuse")]),
    ),
    Derivation("calc_shape_changed", ("calc_shape_change",), "any change", by.any_change("calc_shape_change")),
    Derivation(
        "calc_distribution_changed",
        ("calc_distribution_change",),
        "any change",
        by.any_change("calc_distribution_change"),
    ),
    Derivation("lesion_number", ("mri_lesion_count",), "one or more", by.lesion_number),
    Derivation("mri_complete_response", ("mri_pre_mm", "mri_post_mm"), "no residual enhancement", by.mri_complete),
    Derivation(
        "recist",
        ("mri_pre_mm", "mri_post_mm"),
        "RECIST 1.1 on the longest diameter",
        by.recist,
        ("recist_partial_from_percent", "recist_progression_from_percent"),
    ),
    Derivation("residual_type", ("residual_invasive", "residual_dcis"), "invasive by DCIS", by.residual_type),
    Derivation("residual_size_mm", ("path_invasive_mm", "residual_invasive"), "invasive extent", by.residual_size),
    Derivation(
        "pcr",
        ("miller_payne", "residual_invasive", "residual_dcis"),
        "Miller-Payne grade 5, DCIS allowed as in study.yaml",
        by.pcr,
        ("dcis_only",),
    ),
    Derivation("birads_category", ("birads",), "4A to 4C are 4", by.recoded("birads", by.MAJOR_CATEGORIES)),
    Derivation("tumour_size_class", ("tumour_diameter_mm",), "whole millimetres; above 20 is above 20", by.size_class),
    Derivation(
        "follow_up_days",
        ("diagnosis_date", "last_contact_date"),
        "difference",
        by.days("last_contact_date", "diagnosis_date"),
    ),
    Derivation(
        "relapse_free_days",
        ("diagnosis_date", "relapse", "relapse_date", "last_contact_date"),
        "to the relapse, otherwise to the last contact",
        by.relapse_free_days,
        optional=("relapse_date",),
    ),
    Derivation(
        "osteolytic", ("bone_lesion_type",), "mixed as in study.yaml", by.osteolytic, ("osteolytic_includes_mixed",)
    ),
    Derivation(
        "bone_whole_body",
        ("bone_extent",),
        "whole body or not",
        by.recoded("bone_extent", {"yes": ("whole_body",), "no": ("axial", "appendicular")}),
    ),
    Derivation(
        "us_visible",
        ("us_finding",),
        "any change",
        by.recoded("us_finding", {"yes": ("dots_in_lesion", "isolated_dots", "other_change"), "no": ("invisible",)}),
    ),
    Derivation(
        "us_assessment",
        ("us_birads", "us_finding"),
        "BI-RADS from the category in study.yaml on; invisible as in study.yaml",
        by.assessment("us_birads", "us_finding"),
        ("test_positive_from_birads",),
    ),
    Derivation(
        "mri_assessment",
        ("mri_birads",),
        "BI-RADS from the category in study.yaml on",
        by.assessment("mri_birads"),
        ("test_positive_from_birads",),
    ),
    Derivation(
        "mri_correct",
        ("mri_assessment", "malignant"),
        "positive and malignant, or neither",
        by.agrees("mri_assessment", "positive"),
    ),
    Derivation(
        "casting_group",
        ("tumour_feature",),
        "calcification of the feature",
        by.recoded("tumour_feature", by.TUMOUR_FEATURES),
    ),
    Derivation(
        "calc_type_class",
        ("calc_type",),
        "suspicious morphology by BI-RADS",
        by.recoded("calc_type", {"suspicious": by.SUSPICIOUS_TYPES, "typically_benign": by.BENIGN_TYPES}),
    ),
    Derivation(
        "calc_type_correct",
        ("calc_type_class", "malignant"),
        "suspicious and malignant, or neither",
        by.agrees("calc_type_class", "suspicious"),
    ),
    Derivation(
        "luminal",
        ("intrinsic_subtype",),
        "luminal A or B",
        by.recoded(
            "intrinsic_subtype", {"yes": ("luminal_a", "luminal_b"), "no": ("her2_enriched", "triple_negative")}
        ),
    ),
    Derivation(
        "luminal",
        ("hr_status",),
        "hormone receptor positive, where no intrinsic subtype is recorded",
        by.recoded("hr_status", {"yes": ("positive",), "no": ("negative",)}),
    ),
)

#: Readings that no derivation follows; a rule's parameters or the comparison do, or they say how a sentence is read.
OTHER_READINGS = (
    "proportion_limits_printed_as",
    "microcalcification_in_models",
    "long_term_years",
    "not_visible_counts_as",
)
READINGS = {reading for derivation in DERIVATIONS for reading in derivation.readings} | set(OTHER_READINGS)
