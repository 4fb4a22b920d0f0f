"""Synthetic women of us_mri: through the ordinary pipeline, the printed numbers come out as printed."""

from __future__ import annotations

import re
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from project import ROOT

from replicalc.cohort import derivation, flow, mapping, validation
from replicalc.cohort.frame import read_cohort
from replicalc.cohort.synthesise import us_mri
from replicalc.cohort.synthesise.joint import Cells, rake, solve
from replicalc.cohort.synthesise.restrictions import Restriction, among_recorded, denominators
from replicalc.errors import ReplicalcError
from replicalc.records import load_claims, load_yaml, read_csv
from replicalc.stats.contingency import pearson
from replicalc.stats.paired import mcnemar
from replicalc.stats.predictive import weighted_generalised_score
from replicalc.verify.printed import parse, rounding_needed

STUDY = ROOT / "config" / "studies" / "us_mri"
DICTIONARY = ROOT / "data" / "dictionary.csv"
CLAIMS = load_claims(STUDY / "claims.csv")
RECORD = load_yaml(STUDY / "study.yaml")
SEEDS = (load_yaml(ROOT / "config" / "config.yaml")["seed"], 7)
NUMBERS = [c for c in CLAIMS if parse(c.reported) and c.kind not in ("external", "qualitative")]
BY_ID = {c.claim_id: c for c in CLAIMS}


def synthesise(folder, seed):
    folder.mkdir()
    us_mri.synthesise(
        STUDY / "claims.csv", DICTIONARY, folder / "export.csv", folder / "assumptions.csv", folder / "log", seed=seed
    )


def through_the_pipeline(f, seed):
    """Make one cohort and take it through mapping, validation, derivation and the criteria."""
    synthesise(f, seed)
    how, study, log = STUDY / "synthetic.yaml", STUDY / "study.yaml", f / "log"
    mapping.map_export([f / "export.csv"], how, DICTIONARY, f / "mapped.csv", log)
    validation.validate_cohort(f / "mapped.csv", how, DICTIONARY, f / "checks.csv", log)
    derivation.derive_cohort(
        f / "mapped.csv", f / "checks.csv", study, how, DICTIONARY, f / "derived.csv", f / "how.csv", log
    )
    flow.select_patients(
        f / "derived.csv", study, how, DICTIONARY, f / "flow.csv", f / "c.parquet", f / "all.parquet", log
    )
    assumptions = read_csv(f / "assumptions.csv")
    unmet = {row["assumed"].split()[0] for row in assumptions if row["assumed"].endswith("does not come out")}
    return SimpleNamespace(
        seed=seed,
        folder=f,
        frame=read_cohort(f / "c.parquet").frame,
        everybody=read_cohort(f / "all.parquet").frame,
        flow=read_csv(f / "flow.csv"),
        assumptions=assumptions,
        unmet=unmet,
    )


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("us_mri")
    return {seed: through_the_pipeline(folder / str(seed), seed) for seed in SEEDS}


@pytest.fixture(params=SEEDS)
def run(request, runs):
    return runs[request.param]


def has(frame, place):
    """Tell which rows have every code of a place such as 'a=x;b=y'."""
    found = np.ones(len(frame), dtype=bool)
    for part in place.split(";") if "=" in place else ():
        name, code = part.split("=")
        found &= (frame[name] == code).to_numpy()
    return found


def recomputed(frame, claim):
    """Count the number that a claim prints, from the rows of the cohort."""
    if claim.stat == "n_included":
        return len(frame)
    if claim.stat == "n_patients":
        return frame["patient_id"].nunique()
    frame = frame[has(frame, claim.group)]
    if claim.stat == "percent":
        frame = frame[frame[claim.variable.split("=")[0]].notna()]
        return 100 * has(frame, claim.variable).mean()
    index, target = (has(frame, side) for side in claim.variable.split("~"))
    right, of = {
        "sensitivity": (index, target),
        "specificity": (~index, ~target),
        "ppv": (target, index),
        "npv": (~target, ~index),
    }[claim.stat]
    return 100 * right[of].mean()


def test_every_printed_number_comes_out_as_printed(run):
    wrong = {c.claim_id for c in NUMBERS if not rounding_needed(float(recomputed(run.frame, c)), parse(c.reported))}
    assert wrong == run.unmet
    assert len(NUMBERS) - len(wrong) >= 30


def test_what_is_named_unmet_has_no_solution(run):
    """The predictive value of non-mass lesions: every table that has the numbers beside it is gone through."""
    kind = "us_mri.lesiontype.nonmass"
    share, malignant, specificity, ppv = (
        parse(BY_ID[name].reported)
        for name in ("us_mri.nonmass.share", "us_mri.lesiontype.malignant.nonmass", f"{kind}.spec", f"{kind}.ppv")
    )
    total = len(run.frame)
    tables = [
        (m, false)
        for n in range(1, total + 1)
        if rounding_needed(100 * n / total, share)
        for m in range(n)
        if rounding_needed(100 * m / n, malignant)
        for false in range(n - m + 1)
        if rounding_needed(100 * (n - m - false) / (n - m), specificity)
    ]
    assert tables
    assert {BY_ID[f"{kind}.ppv"].claim_id} == run.unmet
    assert not any(rounding_needed(100 * m / (m + false), ppv) for m, false in tables)


def test_facts_about_the_protocol(run):
    frame = run.frame
    assert set(frame["mri_dynamic_phases"]) == {5}
    assert frame["image_reader"].nunique() == 3
    assert set(frame.loc[frame["mg_indication"] == "screening", "mg_reader_count"]) == {2}
    assert set(frame.loc[frame["mg_indication"] == "diagnostic", "mg_reader_count"]) == {1}
    assert set(frame["calcified"]) == {"yes"} and set(frame["mass"]) == {"no"}


def counts(frame, rows, columns):
    import pandas as pd

    table = pd.crosstab(frame[rows].astype(str), frame[columns].astype(str))
    return table.to_numpy()


def test_what_the_paper_says_without_a_number(run):
    frame, alpha = run.frame, RECORD["alpha"]
    isolated = frame[frame["us_finding"] == "isolated_dots"]
    assert len(isolated) and set(isolated["malignant"]) == {"no"}
    malignant = frame["malignant"] == "yes"
    assert frame.loc[malignant, "us_finding"].mode()[0] == "dots_in_lesion"
    assert (
        malignant[frame["mri_enhancement"] == "mass"].mean() > malignant[frame["mri_enhancement"] == "non_mass"].mean()
    )
    assert pearson(counts(frame, "us_finding", "malignant")).p < alpha
    assert pearson(counts(frame, "mri_enhancement", "malignant")).p < alpha
    types = frame[frame["mri_enhancement"].isin(["mass", "non_mass"])]
    assert pearson(counts(types, "mri_enhancement", "mri_correct")).p > alpha
    mri, us = frame["mri_assessment"] == "positive", frame["us_assessment"] == "positive"
    called = [[[int((mri & part).sum()), 0], [int((~mri & part).sum()), 0]] for part in (malignant, ~malignant)]
    assert weighted_generalised_score(*called, "ppv").p < alpha
    assert mcnemar(int((malignant & mri & ~us).sum()), int((malignant & ~mri & us).sum()), "exact").p < alpha


def test_lesions_follow_from_what_is_seen(run):
    """Categories go with findings, and the two examinations with each other: nothing is drawn column by column."""
    frame = run.frame
    benign = frame[frame["malignant"] == "no"]
    assert pearson(counts(frame, "birads", "malignant")).p < 0.01
    (neg_neg, neg_pos), (pos_neg, pos_pos) = counts(benign, "us_assessment", "mri_assessment")
    assert neg_neg * pos_pos > neg_pos * pos_neg
    invisible = frame["us_finding"] == "invisible"
    assert set(frame.loc[invisible, "us_assessment"]) == {"negative"}
    assert frame.loc[invisible, "us_birads"].isna().any() and frame.loc[~invisible, "us_birads"].notna().all()
    assert set(frame.loc[frame["mri_enhancement"] == "none", "mri_assessment"]) <= {"negative"}
    assert not (frame["malignancy_type"].notna() & (frame["malignant"] == "no")).any()


def test_lesions_of_one_woman_are_alike(run):
    women = run.frame.groupby("patient_id")
    sizes = women.size().value_counts()
    told = next(r["assumed"] for r in run.assumptions if r["variable"] == "lesions of a woman")
    assert told == ", ".join(f"{n} women with {size}" for size, n in sorted(sizes.items()))
    for name in ("birth_date", "breast_density", "mg_indication", "mg_reader_count", "image_reader", "diagnosis_date"):
        assert (women[name].nunique() <= 1).all(), name
    sick = (run.frame["malignant"] == "yes").astype(float)
    of_her = sick.groupby(run.frame["patient_id"])
    within = ((sick - of_her.transform("mean")) ** 2).sum() / (len(sick) - len(sizes.index.repeat(sizes)))
    between = (of_her.size() * (of_her.mean() - sick.mean()) ** 2).sum() / (sizes.sum() - 1)
    assert between > within  # the one-way analysis of variance estimates a positive correlation


def test_criteria_leave_out_what_the_assumptions_say(run):
    told = next(r["assumed"] for r in run.assumptions if r["variable"] == "excluded lesions")
    total, *each = map(int, re.findall(r"(?:^| )(\d+)(?=[:,;]| \()", re.sub(r"BI-RADS 3", "category", told)))
    assert [int(row["n_excluded"]) for row in run.flow[1:]] == each
    assert all(each) and sum(each) == total
    assert len(run.everybody) == total + len(run.frame)
    of_the_study = set(run.frame["patient_id"])
    left_out = run.everybody[run.everybody["birads"] == "3"]
    assert left_out["patient_id"].isin(of_the_study).sum() == 2


def test_nobody_sees_dots_where_there_is_no_microcalcification(run):
    without = run.everybody[run.everybody["calcified"] == "no"]
    assert len(without) and without["us_finding"].isin(["other_change", "invisible"]).all()


def test_the_same_seed_gives_the_same_bytes_and_another_one_other_women(runs, tmp_path):
    first, other = (runs[seed].folder for seed in SEEDS)
    synthesise(tmp_path / "again", SEEDS[0])
    for name in ("export.csv", "assumptions.csv"):
        assert (tmp_path / "again" / name).read_bytes() == (first / name).read_bytes()
    findings = [runs[seed].frame[["us_finding", "us_birads", "mri_birads", "birads"]].value_counts() for seed in SEEDS]
    assert (first / "export.csv").read_bytes() != (other / "export.csv").read_bytes()
    assert not findings[0].equals(findings[1])


def test_the_export_is_what_a_hospital_sends(run):
    rows = read_csv(run.folder / "export.csv")
    ids = [(row["Patient ID"], row["Lesion"]) for row in rows]
    assert all(re.fullmatch(r"SYN-\d{4}", patient) for patient, _ in ids) and len(set(ids)) == len(
        {tuple(row.values()) for row in rows}
    )
    dates = [row[name] for row in rows for name in ("Date of birth", "MG date", "US date", "MRI date", "Biopsy date")]
    assert all(re.fullmatch(r"(\d\d\.\d\d\.\d{4})?", date) for date in dates)
    assert any(not row["Density"] for row in rows)
    # Those left out stand among the others, not at the end.
    in_study = [row["MG BI-RADS"] != "3" and bool(row["MRI BI-RADS"]) for row in rows]
    assert not all(in_study[:60])


CODES = {
    "malignant": np.array(["yes"] * 20 + ["no"] * 30),
    "malignancy_type": np.array(["dcis"] * 12 + ["invasive"] * 8 + ["none"] * 30),
    "mg_indication": np.array(["screening", "diagnostic"] * 25),
}


@pytest.mark.parametrize(("n_women", "sizes"), [(50, [1] * 50), (49, [2]), (48, [2, 2]), (45, [3, 2, 2, 2])])
def test_women_are_made_of_all_lesions(n_women, sizes):
    women = us_mri.gather(CODES, n_women, np.random.default_rng(1))
    assert sorted(lesion for woman in women for lesion in woman) == list(range(50))
    assert sorted(map(len, women), reverse=True) == (sizes + [1] * 50)[:n_women]
    assert all(len({CODES["mg_indication"][lesion] for lesion in woman}) == 1 for woman in women)


def test_further_lesions_are_alike_more_often_than_by_chance():
    alike = [
        CODES["malignant"][woman[0]] == CODES["malignant"][lesion]
        for seed in range(40)
        for woman in us_mri.gather(CODES, 45, np.random.default_rng(seed))
        for lesion in woman[1:]
    ]
    assert np.mean(alike) > 0.7  # by chance 0.51


def test_women_cannot_be_more_than_lesions_or_too_few():
    for n_women in (51, 24):
        with pytest.raises(ReplicalcError, match="cannot be shared out"):
            us_mri.gather(CODES, n_women, np.random.default_rng(1))


def test_a_number_that_is_not_printed_is_named(tmp_path):
    lines = (STUDY / "claims.csv").read_text().splitlines(keepends=True)
    (tmp_path / "claims.csv").write_text("".join(line for line in lines if ",n_patients," not in line))
    with pytest.raises(ReplicalcError, match="need one printed number with stat 'n_patients'"):
        us_mri.synthesise(
            tmp_path / "claims.csv", DICTIONARY, tmp_path / "e.csv", tmp_path / "a.csv", tmp_path / "log", seed=1
        )


CELLS = Cells({"a": ["x", "y", "gap"], "b": ["yes", "no"]}, lambda cell: True, {})


def test_a_share_is_counted_among_those_recorded_and_never_of_nobody():
    conditions = [
        Restriction("s.share", {"a": ("x",)}, {}, 0.395, 0.405),
        Restriction("s.of_y", {"a": ("y",), "b": ("yes",)}, {"a": ("y",)}, 0.495, 0.505),
        Restriction("s.gaps", {"a": ("gap",)}, None, 10, 10),
    ]
    recorded = among_recorded(conditions, {"a": ("x", "y")})
    assert [c.whole for c in recorded] == [{"a": ("x", "y")}, {"a": ("y",)}, None]
    assert [(c.part, c.lo) for c in denominators(recorded, 60)] == [({"a": ("x", "y")}, 1), ({"a": ("y",)}, 1)]
    found = solve(CELLS, [*recorded, *denominators(recorded, 60)], np.ones(6), 60, 1)
    assert found.unmet == ()
    assert [int((found.codes["a"] == code).sum()) for code in ("x", "y", "gap")] == [20, 30, 10]
    assert int(((found.codes["a"] == "y") & (found.codes["b"] == "yes")).sum()) == 15


def test_a_share_that_would_hold_of_nobody_is_a_conflict():
    """No count out of 10 prints as 33.3 %; an empty group would make the share hold trivially."""
    conditions = [
        Restriction("s.n", {"a": ("x",)}, {}, 0.0995, 0.1005),
        Restriction("s.third", {"a": ("x",), "b": ("yes",)}, {"a": ("x",)}, 0.3325, 0.3335),
    ]
    assert solve(CELLS, [*conditions, *denominators(conditions, 100)], np.ones(6), 100, 1).unmet == ("s.third",)


def test_a_share_that_is_printed_twice_gives_way_twice():
    third = {"part": {"a": ("x",), "b": ("yes",)}, "whole": {"a": ("x",)}, "lo": 0.3325, "hi": 0.3335}
    conditions = [
        Restriction("s.n", {"a": ("x",)}, None, 10, 10),
        Restriction("s.third", **third),
        Restriction("s.half", {"b": ("yes",)}, {}, 0.495, 0.505),
        Restriction("s.repeated", **third),
    ]
    found = solve(CELLS, conditions, np.ones(6), 100, 1)
    assert found.unmet == ("s.third", "s.repeated")
    assert (int((found.codes["a"] == "x").sum()), int((found.codes["b"] == "yes").sum())) == (10, 50)


def test_raking_brings_the_prior_to_the_shares_and_keeps_its_odds_ratio():
    prior = np.array([6.0, 1.0, 2.0, 3.0, 0.0, 0.0])  # x yes, x no, y yes, y no
    conditions = [
        Restriction("s.a", {"a": ("x",)}, {}, 0.295, 0.305),
        Restriction("s.b", {"b": ("yes",)}, {}, 0.595, 0.605),
    ]
    table = rake(CELLS, conditions, prior, 80)
    assert table.sum() == pytest.approx(80)
    assert table[:2].sum() == pytest.approx(24, abs=1e-3) and table[[0, 2]].sum() == pytest.approx(48, abs=1e-3)
    assert table[0] * table[3] / (table[1] * table[2]) == pytest.approx(9)


def test_another_printed_share_gives_another_table():
    """One benign lesion fewer is visible, in all the places where the paper says so; nothing else is touched."""
    changed = {"74.0": "72.7", "78.4": "77.6"}  # 57 and 56 of 77, 98 and 97 of 125
    claims = [replace(c, reported=changed.get(c.reported, c.reported)) for c in CLAIMS]
    assert sum(c.reported in changed.values() for c in claims) == 3
    codes = us_mri.solve_joint(claims, 125, SEEDS[0]).codes
    visible = codes["us_visible"] == "yes"
    assert (int(visible.sum()), int((visible & (codes["malignant"] == "no")).sum())) == (97, 56)
