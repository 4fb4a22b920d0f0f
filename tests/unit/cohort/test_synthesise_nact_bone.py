"""Synthetic patients of ``nact_bone`` through the ordinary pipeline: two groups, three tables, two models."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.special import chdtrc
from synthetic_runs import as_exported, day, export, fitted, is_code, of_term, prints, run

from replicalc.stats.contingency import pearson

SEED, OTHER = 20230811, 7
OUTCOME = {"nonpcr": ("pcr", "no"), "bone": ("bone_metastasis", "yes")}


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    return {seed: run("nact_bone", tmp_path_factory.mktemp("nact_bone"), seed) for seed in (SEED, OTHER)}


@pytest.fixture(params=[SEED, OTHER])
def made(runs, request):
    return runs[request.param]


def columns(frame, *, necrosis: bool):
    codes = {
        "breast_density": ("a", "c", "d"),
        "subtype": ("hrneg_her2pos", "hrpos_her2pos", "tn"),
        "histology": ("ilc", "idc_dcis", "other"),
    }
    found = {"calcified": {"calcified=yes": is_code(frame, "calcified", "yes")}}
    if necrosis:
        found["necrosis"] = {"mri_necrosis=yes": is_code(frame, "mri_necrosis", "yes")}
    found["age"] = {"age_years": frame["age_years"]}
    found["menopause"] = {"menopause": is_code(frame, "menopausal_status", "postmenopausal")}
    found["mass"] = {"mass": is_code(frame, "mass", "yes")}
    for name in codes:
        found[name] = {f"{name}={code}": is_code(frame, name, code) for code in codes[name]}
    return found


def together(found):
    return {name: values for part in found.values() for name, values in part.items()}


def test_percentages_and_numbers_print(made):
    checked = 0
    for claim in made.claims:
        if claim.stat == "percent":
            name, code = claim.variable.split("=")
            part = made.frame[(made.frame["calcified"] == claim.group.split("=")[1]) & made.frame[name].notna()]
            value = 100 * (part[name] == code).mean()
        elif claim.stat == "n":
            value = made.frame[claim.variable].notna().sum()
        else:
            continue
        checked += 1
        assert prints(claim, value), claim.claim_id
    assert checked == 13


def test_p_values_of_tables_print_unless_they_are_named(made):
    tables = [claim for claim in made.claims if claim.stat == "p" and " x " in claim.variable]
    for claim in tables:
        rows, name = claim.variable.split(" x ")
        p = pearson(pd.crosstab(made.frame[rows], made.frame[name]).to_numpy()[:2, :2]).p
        if claim.kind == "p":
            assert prints(claim, p) == (claim.claim_id not in made.unmet), claim.claim_id
        else:
            assert p > 0.05
    assert len(tables) == 6


@pytest.mark.parametrize("which", ["nonpcr", "bone"])
def test_both_models_print(made, which):
    everything = columns(made.frame, necrosis=which == "nonpcr")
    fits = {
        "univariable": fitted(made.frame, OUTCOME[which], everything["calcified"]),
        "multivariable": fitted(made.frame, OUTCOME[which], together(everything)),
    }
    assert fits["multivariable"].n < fits["univariable"].n
    checked = 0
    for claim in made.claims:
        if claim.result.startswith(f"nact_bone_a_{which}_") and claim.group.startswith("model="):
            value = of_term(fits[claim.group.removeprefix("model=")], claim.variable, claim.stat)
            checked += 1
            assert prints(claim, value), (claim.claim_id, value)
    assert checked == (12 if which == "nonpcr" else 8)
    assert not {name for name in made.unmet if "or_" in name}


def test_the_other_factors_are_not_significant(made):
    outcome = OUTCOME["nonpcr"]
    treated = made.frame[made.frame["pcr"].notna()]
    everything = columns(treated, necrosis=True)
    whole = pd.DataFrame(together(everything)).notna().all(axis=1)
    full = fitted(treated[whole], outcome, {name: v[whole] for name, v in together(everything).items()})
    share = (treated["pcr"] == "no").mean()
    null = len(treated) * (share * np.log(share) + (1 - share) * np.log(1 - share))
    for name in ("age", "menopause", "mass", "breast_density", "subtype", "histology"):
        own = everything[name]
        others = {k: v[whole] for part in everything if part != name for k, v in everything[part].items()}
        gain = 2 * (full.log_likelihood - fitted(treated[whole], outcome, others).log_likelihood)
        assert chdtrc(len(own), gain) >= 0.05, f"{name}, multivariable"
        alone = 2 * (fitted(treated, outcome, own).log_likelihood - null)
        assert chdtrc(len(own), alone) >= 0.05, f"{name}, univariable"


def test_nobody_is_in_both_groups_and_what_a_group_lacks_is_blank(made):
    frame = made.frame
    treated, followed = frame["pcr"].notna(), frame["bone_metastasis"].notna()
    assert not (treated & followed).any() and (treated | followed).all()
    assert frame.loc[followed, ["mri_necrosis", "miller_payne", "nat_start_date"]].isna().all().all()
    assert frame.loc[treated, ["bone_lesion_type", "bone_extent"]].isna().all().all()
    assert frame["age_years"].notna().all()
    assert frame.loc[frame["bone_metastasis"] == "no", ["bone_lesion_type", "bone_extent"]].isna().all().all()


def test_ages_are_in_years_completed_at_the_date_that_counts(made):
    frame = made.frame
    treated = frame["pcr"].notna()
    assert (frame["nat_start_date"].notna() == treated).all() and (frame["diagnosis_date"].notna() == ~treated).all()
    birth, counts = frame["birth_date"].dt, frame["nat_start_date"].fillna(frame["diagnosis_date"]).dt
    before = (counts.month * 100 + counts.day) < (birth.month * 100 + birth.day)
    assert (frame["age_years"] == counts.year - birth.year - before).all()
    assert "Age at diagnosis" not in made.export.decode().splitlines()[0]


def test_metastases_of_calcified_cancer_are_mainly_axial(made):
    extent = made.frame.loc[made.frame["calcified"] == "yes", "bone_extent"].dropna()
    assert (extent == "axial").mean() > 0.5


def test_each_criterion_leaves_somebody_out(made):
    assert [row["criterion"] for row in made.flow[1:] if int(row["n_excluded"]) > 0] == ["breast_cancer", "mammography"]
    assert int(made.flow[-1]["n_after"]) == len(made.frame)


def test_age_birthday_and_menopause_go_together_in_everybody(made):
    rows = as_exported(made.export)
    born, start = day(rows["Date of birth"]), day(rows["Start of chemotherapy"])
    assert ((born.dt.day == start.dt.day) & (born.dt.month == start.dt.month)).mean() < 0.02
    assert (born.dt.day > 28).any()
    left_out = rows["Mammography calcification"].isna() | (rows["Diagnosis"].str.lower() == "benign")
    age = (start.fillna(day(rows["Date of diagnosis"])) - born).dt.days / 365.25
    past = rows["Menopause"].str.lower().str.startswith("post")
    for part in (left_out, ~left_out):
        assert part.any() and age[part & past].min() > 38 and age[part & ~past].max() < 63


def test_same_seed_same_bytes_other_seed_other_patients(runs, tmp_path):
    assert export("nact_bone", tmp_path, OTHER).read_bytes() == runs[OTHER].export
    assert runs[SEED].export != runs[OTHER].export
