"""Derivation: classes from raw measurements, by the definitions and readings of a study.

Each derivation names what it needs, what it gives and the reading it follows (``study.yaml``, key ``readings``,
explained in ``NOTES.md``). Lengths are compared as whole hundredths of a millimetre: exactly 30 % is exactly 30 %.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from replicalc.cohort.frame import categorical, read_text_table, typed, write_step
from replicalc.errors import ReplicalcError
from replicalc.job import job, write_text
from replicalc.records import load_checked, load_dictionary
from replicalc.table import to_csv

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = (
    "variable",
    "derived_from",
    "rule",
    "n",
    "n_derived",
    "n_given",
    "n_missing",
    "n_contradict",
    "note",
    "cohort",
    "kind",
)


@dataclass(frozen=True, slots=True)
class Derivation:
    """One derived variable: the alternatives of inputs it can be derived from are tried in order."""

    variable: str
    needs: tuple[str, ...]
    rule: str
    function: Callable[[pd.DataFrame, dict], pd.Series]


@job
def derive_cohort(mapped, validation, study_file, cohort_file, dictionary_file, out, log_out):
    """Add the derived variables to the mapped cohort, and write which came from what.

    A patient's value is derived where the raw values are there; where they are not, the value that the cohort gives is
    taken. Both are counted, and so is how often they contradict each other. ``validation`` is read only so that nothing
    is derived from a cohort that was not validated.
    """
    import pandas as pd

    study = load_checked(study_file, "study")
    config = load_checked(cohort_file, "cohort")
    variables = load_dictionary(dictionary_file)
    frame = typed(read_text_table(mapped), variables)
    readings = Readings(study["readings"])
    rows = []
    for derivation in DERIVATIONS:
        name = derivation.variable
        given = frame[name] if name in frame else pd.Series(float("nan"), index=frame.index, dtype="object")
        lacking = [need for need in derivation.needs if need not in frame or frame[need].isna().all()]
        note = config["variables"].get(name, {}).get("note", "")
        derived = given.where(given.isna()) if lacking else derivation.function(frame, readings)
        if lacking:
            how = "as the cohort gives it; not derived" if name in frame else "not derived"
            note = "; ".join(filter(None, [note, f"{how}: the cohort has no {', '.join(lacking)}"]))
        both = derived.notna() & given.notna()
        contradict = int((derived[both].astype(str) != given[both].astype(str)).sum())
        if not lacking or name in frame:
            values = derived.astype("object").where(derived.notna(), given.astype("object"))
            categories = variables[name].type == "category"
            frame[name] = categorical(values, variables[name]) if categories else values.astype("float64")
        counts = [len(frame), derived.notna().sum(), (derived.isna() & given.notna()).sum()]
        counts += [(derived.isna() & given.isna()).sum(), contradict]
        told = [name, "+".join(derivation.needs), derivation.rule, *map(str, map(int, counts)), note]
        rows.append([*told, config["cohort"], config["kind"]])
    write_step(frame, out)
    write_text(log_out, to_csv(rows, COLUMNS))


class Readings(dict):
    """The study's readings; one that is missing is told by its name."""

    def __missing__(self, name: str):
        raise ReplicalcError(f"study.yaml, readings: '{name}' is missing, and a derivation needs it")


def _choose(pairs: list[tuple[pd.Series, str]], like: pd.Series) -> pd.Series:
    """Give each row the code of the first condition that holds; none: missing."""
    import pandas as pd

    result = pd.Series(pd.NA, index=like.index, dtype="object")
    for condition, code in reversed(pairs):
        result = result.mask(condition.fillna(False).astype(bool), code)
    return result


def _hundredths(lengths: pd.Series) -> pd.Series:
    return (lengths * 100).round()


def _age(frame, readings):
    """Completed years at the start of treatment: the birthday itself counts."""
    start, birth = frame["nat_start_date"].dt, frame["birth_date"].dt
    before_birthday = (start.month * 100 + start.day) < (birth.month * 100 + birth.day)
    return (start.year - birth.year - before_birthday.astype("float64")).astype("float64")


def _receptor(percent: str):
    def derive(frame, readings):
        values, cut = frame[percent], readings["receptor_positive_from_percent"]
        return _choose([(values >= cut, "positive"), (values < cut, "negative")], values)

    return derive


def _her2(frame, readings):
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


def _hr(frame, readings):
    er, pr = frame["er_status"], frame["pr_status"]
    return _choose(
        [
            ((er == "positive") | (pr == "positive"), "positive"),
            ((er == "negative") & (pr == "negative"), "negative"),
        ],
        er,
    )


def _subtype(frame, readings):
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


def _larger_view(cc: str, mlo: str):
    def derive(frame, readings):
        return frame[[cc, mlo]].max(axis=1, skipna=False)

    return derive


def _calc_change(frame, readings):
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


def _recist(frame, readings):
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


def _mri_complete(frame, readings):
    before, after = frame["mri_pre_mm"], frame["mri_post_mm"]
    known = (before > 0) & after.notna()
    return _choose([(known & (after == 0), "yes"), (known, "no")], before)


def _pcr(frame, readings):
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


def _residual_type(frame, readings):
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


def _residual_size(frame, readings):
    """Invasive extent; without invasive carcinoma the size is 0 (DCIS does not count, see NOTES.md)."""
    return frame["path_invasive_mm"].mask(frame["residual_invasive"] == "no", 0.0)


def _regimen(frame, readings):
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


def _lesion_number(frame, readings):
    count = frame["mri_lesion_count"]
    return _choose([(count == 1, "single"), (count > 1, "multiple")], count)


def _pair_change(before: str, after: str, named: list[tuple[str, str]]):
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


def _any_change(change: str):
    def derive(frame, readings):
        return _choose([(frame[change] == "none", "no"), (frame[change].notna(), "yes")], frame[change])

    return derive


def _surgery_year(frame, readings):
    return frame["surgery_date"].dt.year.astype("float64")


#: In the order in which they can use each other.
DERIVATIONS = (
    Derivation("age_years", ("birth_date", "nat_start_date"), "completed years", _age),
    Derivation("surgery_year", ("surgery_date",), "calendar year", _surgery_year),
    Derivation("er_status", ("er_percent",), "positive from the percentage in study.yaml on", _receptor("er_percent")),
    Derivation("pr_status", ("pr_percent",), "positive from the percentage in study.yaml on", _receptor("pr_percent")),
    Derivation("her2_status", ("her2_ihc", "her2_ish"), "3+; 2+ or no score: by in situ hybridisation", _her2),
    Derivation("hr_status", ("er_status", "pr_status"), "ER or PR positive", _hr),
    Derivation("subtype", ("hr_status", "her2_status"), "HR by HER2", _subtype),
    Derivation("regimen", ("chemotherapy", "targeted_therapy", "endocrine_therapy"), "combination given", _regimen),
    Derivation(
        "calc_extent_pre_mm",
        ("calc_cc_pre_mm", "calc_mlo_pre_mm"),
        "larger of the two views",
        _larger_view("calc_cc_pre_mm", "calc_mlo_pre_mm"),
    ),
    Derivation(
        "calc_extent_post_mm",
        ("calc_cc_post_mm", "calc_mlo_post_mm"),
        "larger of the two views",
        _larger_view("calc_cc_post_mm", "calc_mlo_post_mm"),
    ),
    Derivation(
        "calc_change",
        ("calc_extent_pre_mm", "calc_extent_post_mm"),
        "relative change of extent",
        _calc_change,
    ),
    Derivation(
        "calc_shape_change",
        ("calc_shape_pre", "calc_shape_post"),
        "before against after",
        _pair_change(
            "calc_shape_pre",
            "calc_shape_post",
            [("fine_pleomorphic", "coarse_heterogeneous"), ("coarse_heterogeneous", "amorphous")],
        ),
    ),
    Derivation(
        "calc_distribution_change",
        ("calc_distribution_pre", "calc_distribution_post"),
        "before against after",
        _pair_change("calc_distribution_pre", "calc_distribution_post", [("grouped", "diffuse")]),
    ),
    Derivation("calc_shape_changed", ("calc_shape_change",), "any change", _any_change("calc_shape_change")),
    Derivation(
        "calc_distribution_changed",
        ("calc_distribution_change",),
        "any change",
        _any_change("calc_distribution_change"),
    ),
    Derivation("lesion_number", ("mri_lesion_count",), "one or more", _lesion_number),
    Derivation("mri_complete_response", ("mri_pre_mm", "mri_post_mm"), "no residual enhancement", _mri_complete),
    Derivation("recist", ("mri_pre_mm", "mri_post_mm"), "RECIST 1.1 on the longest diameter", _recist),
    Derivation("residual_type", ("residual_invasive", "residual_dcis"), "invasive by DCIS", _residual_type),
    Derivation("residual_size_mm", ("path_invasive_mm", "residual_invasive"), "invasive extent", _residual_size),
    Derivation(
        "pcr",
        ("miller_payne", "residual_invasive", "residual_dcis"),
        "Miller-Payne grade 5, DCIS allowed as in study.yaml",
        _pcr,
    ),
)
