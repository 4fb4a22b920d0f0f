"""How a class follows from raw measurements: one function a definition. What uses which stands in ``derivations``.

Lengths are compared as whole hundredths of a millimetre: exactly 30 % is exactly 30 %.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd


def _choose(pairs: list[tuple[pd.Series, str]], like: pd.Series) -> pd.Series:
    """Give each row the code of the first condition that holds; none: missing."""
    import pandas as pd

    result = pd.Series(pd.NA, index=like.index, dtype="object")
    for condition, code in reversed(pairs):
        result = result.mask(condition.fillna(False).astype(bool), code)
    return result


def _hundredths(lengths: pd.Series) -> pd.Series:
    return (lengths * 100).round()


def age(frame, readings):
    """Completed years at the start of treatment: the birthday itself counts."""
    start, birth = frame["nat_start_date"].dt, frame["birth_date"].dt
    before_birthday = (start.month * 100 + start.day) < (birth.month * 100 + birth.day)
    return (start.year - birth.year - before_birthday.astype("float64")).astype("float64")


def receptor(percent: str):
    def derive(frame, readings):
        values, cut = frame[percent], readings["receptor_positive_from_percent"]
        return _choose([(values >= cut, "positive"), (values < cut, "negative")], values)

    return derive


def her2(frame, readings):
    score, ish = frame["her2_ihc"], frame["her2_ish"]
    decided_by_ish = (score == "2+") | score.isna()
    return _choose(
        [
            (score == "3+", "positive"),
            (score.isin(["0", "1+"]), "negative"),
            (decided_by_ish & (ish == "amplified"), "positive"),
            (decided_by_ish & (ish == "not_amplified"), "negative"),
        ],
        score,
    )


def hr(frame, readings):
    er, pr = frame["er_status"], frame["pr_status"]
    return _choose(
        [
            ((er == "positive") | (pr == "positive"), "positive"),
            ((er == "negative") & (pr == "negative"), "negative"),
        ],
        er,
    )


def subtype(frame, readings):
    hr, her2 = frame["hr_status"], frame["her2_status"]
    return _choose(
        [
            ((hr == "negative") & (her2 == "positive"), "hrneg_her2pos"),
            ((hr == "positive") & (her2 == "positive"), "hrpos_her2pos"),
            ((hr == "positive") & (her2 == "negative"), "hrpos_her2neg"),
            ((hr == "negative") & (her2 == "negative"), "tn"),
        ],
        hr,
    )


def larger_view(cc: str, mlo: str):
    def derive(frame, readings):
        return frame[[cc, mlo]].max(axis=1, skipna=False)

    return derive


def calc_change(frame, readings):
    before, after = _hundredths(frame["calc_extent_pre_mm"]), _hundredths(frame["calc_extent_post_mm"])
    percent, known = readings["extent_change_from_percent"], (before > 0) & after.notna()
    difference = 100 * (after - before)
    return _choose(
        [
            (known & (difference >= percent * before), "increase"),
            (known & (difference <= -percent * before), "decrease"),
            (known, "no_change"),
        ],
        before,
    )


def recist(frame, readings):
    before, after = _hundredths(frame["mri_pre_mm"]), _hundredths(frame["mri_post_mm"])
    known = (before > 0) & after.notna()
    decrease, increase = 100 * (before - after), 100 * (after - before)
    partial, progress = readings["recist_partial_from_percent"], readings["recist_progression_from_percent"]
    return _choose(
        [
            (known & (after == 0), "cr"),
            (known & (decrease >= partial * before), "pr"),
            (known & (increase >= progress * before), "pd"),
            (known, "sd"),
        ],
        before,
    )


def mri_complete(frame, readings):
    before, after = frame["mri_pre_mm"], frame["mri_post_mm"]
    known = (before > 0) & after.notna()
    return _choose([(known & (after == 0), "yes"), (known, "no")], before)


def pcr(frame, readings):
    grade, invasive, dcis = frame["miller_payne"], frame["residual_invasive"], frame["residual_dcis"]
    only_dcis = (invasive == "no") & (dcis == "yes")
    complete = grade == "5"
    if readings["dcis_only"] == "pcr":
        complete = complete | only_dcis
    else:
        complete = complete & ~only_dcis
    contradictory = (grade == "5") & (invasive == "yes")  # no class; validation.csv counts these
    known = grade.notna() & ~contradictory
    return _choose([(known & complete, "yes"), (known, "no")], grade)


def residual_type(frame, readings):
    invasive, dcis = frame["residual_invasive"], frame["residual_dcis"]
    return _choose(
        [
            ((invasive == "yes") & (dcis == "yes"), "idc_dcis"),
            ((invasive == "yes") & (dcis == "no"), "invasive"),
            ((invasive == "no") & (dcis == "yes"), "dcis"),
            ((invasive == "no") & (dcis == "no"), "none"),
        ],
        invasive,
    )


def residual_size(frame, readings):
    """Invasive extent; without invasive carcinoma the size is 0 (DCIS does not count, see NOTES.md)."""
    return frame["path_invasive_mm"].mask(frame["residual_invasive"] == "no", 0.0)


def regimen(frame, readings):
    chemo, targeted, endocrine = (frame[n] == "yes" for n in ("chemotherapy", "targeted_therapy", "endocrine_therapy"))
    known = frame[["chemotherapy", "targeted_therapy", "endocrine_therapy"]].notna().all(axis=1)
    return _choose(
        [
            (known & chemo & ~targeted & ~endocrine, "chemotherapy"),
            (known & chemo & targeted & ~endocrine, "chemotherapy_targeted"),
            (known & chemo & ~targeted & endocrine, "chemotherapy_endocrine"),
            (known & ~chemo & targeted & endocrine, "endocrine_targeted"),
            (known, "other"),
        ],
        chemo,
    )


def lesion_number(frame, readings):
    count = frame["mri_lesion_count"]
    return _choose([(count == 1, "single"), (count > 1, "multiple")], count)


def pair_change(before: str, after: str, named: list[tuple[str, str]]):
    def derive(frame, readings):
        first, last = frame[before].astype("object"), frame[after].astype("object")
        known = first.notna() & last.notna()
        return _choose(
            [
                (known & (first == last), "none"),
                *((known & (first == a) & (last == b), f"{a}_to_{b}") for a, b in named),
                (known, "other"),
            ],
            first,
        )

    return derive


def any_change(change: str):
    def derive(frame, readings):
        return _choose([(frame[change] == "none", "no"), (frame[change].notna(), "yes")], frame[change])

    return derive


def surgery_year(frame, readings):
    return frame["surgery_date"].dt.year.astype("float64")


def recoded(source: str, groups: dict[str, tuple[str, ...]]):
    """Give each row the group that its code of ``source`` belongs to; a code of no group stays without one."""

    def derive(frame, readings):
        values = frame[source].astype("object")
        return _choose([(values.isin(codes), group) for group, codes in groups.items()], values)

    return derive


def days(later: str, earlier: str):
    def derive(frame, readings):
        return (frame[later] - frame[earlier]).dt.days.astype("float64")

    return derive


def relapse_free_days(frame, readings):
    until = frame["relapse_date"].where(frame["relapse"] == "yes", frame["last_contact_date"])
    return (until - frame["diagnosis_date"]).dt.days.where(frame["relapse"].notna()).astype("float64")


def size_class(frame, readings):
    """Whole millimetres (half upwards), so that nothing lies between 9 and 10."""
    size = (frame["tumour_diameter_mm"] + 0.5) // 1
    above = frame["tumour_diameter_mm"] > 20  # 20.4 mm is above 2 cm, although it rounds to 20
    return _choose(
        [
            (above, "over_20"),
            (size.between(1, 9), "1_9"),
            (size.between(10, 14), "10_14"),
            (size.between(15, 20), "15_20"),
        ],
        size,
    )


def osteolytic(frame, readings):
    kind = frame["bone_lesion_type"]
    lytic = ["osteolytic", "mixed"] if readings["osteolytic_includes_mixed"] else ["osteolytic"]
    return _choose([(kind.isin(lytic), "yes"), (kind.notna(), "no")], kind)


def assessment(birads: str, invisible: str | None = None):
    """Positive from a category on; where ``invisible`` says that nothing was seen, as the study reads that."""

    def derive(frame, readings):
        category = frame[birads].astype("object")
        number = category.astype("float64")
        cut = readings["test_positive_from_birads"]
        # Category 0 is no assessment.
        steps = [(number >= cut, "positive"), ((number > 0) & (number < cut), "negative")]
        if invisible and "not_visible_counts_as" in readings:
            steps.insert(0, (frame[invisible] == "invisible", readings["not_visible_counts_as"]))
        return _choose(steps, category)

    return derive


def agrees(assessment: str, positive: str):
    def derive(frame, readings):
        known = frame[assessment].notna() & frame["malignant"].notna()
        same = (frame[assessment] == positive) == (frame["malignant"] == "yes")
        return _choose([(known & same, "yes"), (known, "no")], frame[assessment])

    return derive


SUSPICIOUS_TYPES = ("amorphous", "coarse_heterogeneous", "fine_pleomorphic", "fine_linear")
BENIGN_TYPES = (
    *("skin", "vascular", "coarse", "large_rodlike", "round"),
    *("punctate", "eggshell", "lucent_centered", "milk_of_calcium", "dystrophic"),
)
TUMOUR_FEATURES = {
    "no_calcification": ("stellate", "circular"),
    "other_calcification": ("powdery", "crushed_stone"),
    "casting": ("casting",),
}
MAJOR_CATEGORIES = {**{code: (code,) for code in "0123"}, "4": ("4", "4A", "4B", "4C"), "5": ("5",), "6": ("6",)}
