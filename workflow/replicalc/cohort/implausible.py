"""Values that cannot be together in one patient: one table, each with its severity.

``stops`` says whether the run stops where a cohort file says nothing else under ``on_problem``. Dates in an impossible
order stop it, because durations are computed from them. The others are counted and told, because real charts contain
them and two columns may mean slightly different things.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class Implausible:
    """A combination of values: its name for ``on_problem``, what it looks at, when it holds, and its severity.

    ``holds`` takes a typed frame with all of ``needs`` and returns one boolean a row, False where a value is missing.
    ``told`` says what was found.
    """

    name: str
    needs: tuple[str, ...]
    told: str
    holds: Callable[[pd.DataFrame], pd.Series]
    stops: bool = False

    @property
    def right(self) -> str:
        """What would be right: nobody but the hospital knows which of the values is wrong."""
        return f"Allowed: values of {', '.join(self.needs)} that fit together; look them up in the chart"


def _before(later: str, earlier: str, stops: bool = True) -> Implausible:
    """``later`` must not lie before ``earlier``."""
    name = f"{later.removesuffix('_date')}_before_{earlier.removesuffix('_date')}"
    told = f"{later} before {earlier}"
    return Implausible(name, (later, earlier), told, lambda frame: frame[later] < frame[earlier], stops)


def _both(name: str, told: str, *pairs: tuple[str, str]) -> Implausible:
    """Codes that exclude each other: each pair is a variable and its code, or several as 'a|b'."""

    def holds(frame):
        found = frame.index == frame.index
        for variable, codes in pairs:
            found = found & frame[variable].isin(codes.split("|"))
        return found

    return Implausible(name, tuple(variable for variable, _ in pairs), told, holds)


def _described(variable: str, flag: str, told: str, no: str = "no") -> Implausible:
    """Something is described although ``flag`` says that it is not there."""
    return Implausible(
        f"{variable}_without_{flag}",
        (variable, flag),
        told,
        lambda frame: (frame[flag] == no) & frame[variable].notna(),
    )


def _number(name: str, told: str, size: str, test: Callable, variable: str, codes: str) -> Implausible:
    """A number that a code excludes."""
    return Implausible(
        name,
        (size, variable),
        told,
        lambda frame: test(frame[size]).fillna(False).astype(bool) & frame[variable].isin(codes.split("|")),
    )


def _age(date: str, years: int) -> Implausible:
    """The age and the dates are more than ``years`` apart; a year is left for an age that counts at another date."""

    def holds(frame):
        between = (frame[date] - frame["birth_date"]).dt.days / 365.25
        known = frame["age_years"].notna() & between.notna()
        return known & ((frame["age_years"] > between + years) | (frame["age_years"] < between - 1 - years))

    needs = ("age_years", "birth_date", date)
    told = f"age_years is not the age between birth_date and {date}, by more than {years} year{'s' * (years > 1)}"
    return Implausible(f"age_against_{date.removesuffix('_date')}", needs, told, holds)


def _follow_up(frame):
    return ((frame["last_contact_date"] - frame["diagnosis_date"]).dt.days - frame["follow_up_days"]).abs() > 1


CALCIFICATION = ("calc_cc_pre_mm", "calc_mlo_pre_mm", "calc_shape_pre", "calc_distribution_pre", "calc_type")
BONE = ("bone_lesion_type", "bone_extent", "bone_metastasis_date")

IMPLAUSIBLE = (
    # Dates in an impossible order.
    *(
        _before(date, "birth_date")
        for date in ("nat_start_date", "diagnosis_date", "surgery_date", "mg_pre_date", "mri_pre_date")
    ),
    _before("mg_post_date", "mg_pre_date"),
    _before("mri_post_date", "mri_pre_date"),
    _before("mg_post_date", "nat_start_date"),
    _before("mri_post_date", "nat_start_date"),
    _before("surgery_date", "nat_start_date"),
    _before("surgery_date", "mg_post_date"),
    _before("surgery_date", "mri_post_date"),
    _before("last_contact_date", "diagnosis_date"),
    _before("last_contact_date", "surgery_date"),
    _before("last_contact_date", "relapse_date"),
    _before("last_contact_date", "bone_metastasis_date"),
    _before("relapse_date", "diagnosis_date"),
    _before("bone_metastasis_date", "diagnosis_date"),
    # Dates that are out of order, but may be so: the examination was repeated, the diagnosis confirmed later.
    _before("nat_start_date", "mg_pre_date", stops=False),
    _before("nat_start_date", "mri_pre_date", stops=False),
    _before("nat_start_date", "diagnosis_date", stops=False),
    _before("surgery_date", "diagnosis_date", stops=False),
    # Ages and durations against dates.
    _age("nat_start_date", 1),
    _age("diagnosis_date", 1),
    _age("surgery_date", 2),
    Implausible(
        "follow_up_against_dates",
        ("follow_up_days", "diagnosis_date", "last_contact_date"),
        "follow_up_days is not the time between diagnosis_date and last_contact_date",
        _follow_up,
    ),
    Implausible(
        "relapse_free_longer_than_follow_up",
        ("relapse_free_days", "follow_up_days"),
        "free of relapse for longer than followed",
        lambda frame: frame["relapse_free_days"] > frame["follow_up_days"],
    ),
    _number(
        "premenopausal_above_65",
        "premenopausal above the age of 65",
        "age_years",
        lambda age: age > 65,
        "menopausal_status",
        "premenopausal",
    ),
    # MRI.
    _number(
        "mri_complete_response_with_residual",
        "complete response on MRI, yet residual enhancement is measured",
        "mri_post_mm",
        lambda size: size > 0,
        "mri_complete_response",
        "yes",
    ),
    _number(
        "mri_residual_without_size",
        "no complete response on MRI, yet the residual enhancement measures 0",
        "mri_post_mm",
        lambda size: size == 0,
        "mri_complete_response",
        "no",
    ),
    Implausible(
        "mri_residual_without_lesion",
        ("mri_pre_mm", "mri_post_mm"),
        "residual enhancement on MRI, yet nothing was measured before treatment",
        lambda frame: (frame["mri_pre_mm"] == 0) & (frame["mri_post_mm"] > 0),
    ),
    # The surgical specimen.
    _both(
        "pcr_with_residual_invasive",
        "pathologic complete response with residual invasive carcinoma",
        ("pcr", "yes"),
        ("residual_invasive", "yes"),
    ),
    _number(
        "pcr_with_invasive_size",
        "pathologic complete response, yet residual invasive carcinoma is measured",
        "path_invasive_mm",
        lambda size: size > 0,
        "pcr",
        "yes",
    ),
    _both(
        "miller_payne_5_with_residual_invasive",
        "Miller-Payne grade 5 with residual invasive carcinoma",
        ("miller_payne", "5"),
        ("residual_invasive", "yes"),
    ),
    _both(
        "miller_payne_below_5_without_residual",
        "Miller-Payne grade below 5, yet no carcinoma was left",
        ("miller_payne", "1|2|3|4"),
        ("residual_invasive", "no"),
        ("residual_dcis", "no"),
    ),
    _number(
        "invasive_size_without_residual_invasive",
        "size of residual invasive carcinoma without such carcinoma",
        "path_invasive_mm",
        lambda size: size > 0,
        "residual_invasive",
        "no",
    ),
    _number(
        "residual_invasive_of_size_0",
        "residual invasive carcinoma whose size is 0",
        "path_invasive_mm",
        lambda size: size == 0,
        "residual_invasive",
        "yes",
    ),
    _both(
        "breast_conserved_though_not_eligible",
        "breast-conserving surgery judged not possible, yet done",
        ("surgery", "breast_conserving"),
        ("bcs_eligible", "no"),
    ),
    # What is described, and is said not to be there.
    *(_described(each, "calcified", "calcification described although none is recorded") for each in CALCIFICATION),
    _described("us_calc_location", "us_calcification", "calcification on ultrasound placed, yet none was seen"),
    *(_described(each, "bone_metastasis", "bone metastasis described without bone metastasis") for each in BONE),
    _described("relapse_date", "relapse", "date of a relapse without relapse"),
    _described("malignancy_type", "malignant", "type of a malignancy without malignancy"),
    _both(
        "calcification_and_mass_without_mass",
        "calcification and mass on mammography, yet no mass is recorded",
        ("mg_lesion_type", "calcification_and_mass"),
        ("mass", "no"),
    ),
    _both(
        "tumour_feature_without_calcified",
        "a tumour feature that is calcification, yet none is recorded",
        ("tumour_feature", "powdery|crushed_stone|casting"),
        ("calcified", "no"),
    ),
    _both(
        "us_finding_not_visible",
        "a change on ultrasound, yet recorded as not visible",
        ("us_finding", "dots_in_lesion|isolated_dots|other_change"),
        ("us_visible", "no"),
    ),
    # Receptors and subtypes.
    *(
        _number(
            f"{name}_negative_with_stained_cells",
            f"{name.upper()} negative with 10 % stained cells or more",
            f"{name}_percent",
            lambda share: share >= 10,
            f"{name}_status",
            "negative",
        )
        for name in ("er", "pr")
    ),
    *(
        _number(
            f"{name}_positive_without_stained_cells",
            f"{name.upper()} positive without a stained cell",
            f"{name}_percent",
            lambda share: share == 0,
            f"{name}_status",
            "positive",
        )
        for name in ("er", "pr")
    ),
    _both("her2_positive_with_low_score", "HER2 positive with a score of 0 or 1+ and no gene amplification",
          ("her2_status", "positive"), ("her2_ihc", "0|1+"), ("her2_ish", "not_amplified")),
    _both("her2_negative_with_score_3", "HER2 negative with a score of 3+",
          ("her2_status", "negative"), ("her2_ihc", "3+")),
    _both("triple_negative_with_er", "triple negative with a positive oestrogen receptor",
          ("intrinsic_subtype", "triple_negative"), ("er_status", "positive")),
    _both("luminal_without_receptor", "luminal without a positive hormone receptor",
          ("intrinsic_subtype", "luminal_a|luminal_b"), ("er_status", "negative"), ("pr_status", "negative")),
    # Stage and spread.
    _both("metastasis_below_stage_iv", "distant metastasis at diagnosis below stage IV",
          ("distant_metastasis", "yes"), ("stage", "0|I|II|III")),
    _both("stage_iv_without_metastasis", "stage IV without distant metastasis at diagnosis",
          ("stage", "IV"), ("distant_metastasis", "no")),
    _both("stage_0_with_nodes", "stage 0 with lymph node metastasis",
          ("stage", "0"), ("lymph_node_metastasis", "yes")),
    _both("malignant_without_work_up", "malignant by histology without further work-up",
          ("malignant", "yes"), ("worked_up", "no")),
)  # fmt: skip


def applicable(frame: pd.DataFrame) -> list[Implausible]:
    """Return the combinations whose variables a cohort has."""
    return [each for each in IMPLAUSIBLE if all(need in frame for need in each.needs)]


def treatment_of(each: Implausible, config: dict) -> str:
    """Say what happens where a combination is found: 'stop', 'set_missing' or 'keep'."""
    return config.get("on_problem", {}).get(each.name, "stop" if each.stops else "keep")
