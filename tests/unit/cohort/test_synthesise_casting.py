"""Synthetic patients of casting: through the ordinary pipeline the printed numbers of each group come out."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from project import ROOT
from synthetic_runs import as_exported, day

from replicalc.cohort import derivation, flow, mapping, validation
from replicalc.cohort.frame import read_cohort
from replicalc.cohort.synthesise import casting
from replicalc.cohort.synthesise import casting_fits as fits
from replicalc.cohort.synthesise.casting_export import UNDESCRIBED
from replicalc.cohort.synthesise.casting_groups import GROUPS, SUBSETS, WITHOUT_ID, study_of
from replicalc.cohort.synthesise.joint import Cells, solve
from replicalc.cohort.synthesise.restrictions import place_conditions
from replicalc.errors import ReplicalcError
from replicalc.records import load_claims
from replicalc.stats.cox import cox
from replicalc.stats.logistic import logistic
from replicalc.stats.survival import kaplan_meier, survival_at
from replicalc.verify.printed import parse, rounding_needed

STUDY, DICTIONARY = ROOT / "config" / "studies" / "casting", ROOT / "data" / "dictionary.csv"
CLAIMS = load_claims(STUDY / "claims.csv")
SEEDS = (5, 1)
DEAD = "dead_of_breast_cancer"
REFERENCES = {"tumour_feature": "stellate", "tumour_size_class": "1_9", "lymph_node_metastasis": "no", "grade": "1"}


@dataclass(frozen=True)
class Run:
    export: bytes
    assumptions: list[dict[str, str]]
    flow: list[dict[str, str]]
    groups: dict[str, pd.DataFrame]

    def unmet(self) -> set[str]:
        return {row["assumed"].split()[0] for row in self.assumptions if row["assumed"].endswith("does not come out")}


def synthesise(folder: Path, seed: int, claims: Path = STUDY / "claims.csv") -> Path:
    casting.synthesise(claims, DICTIONARY, folder / "export.csv", folder / "assumptions.csv", folder / "log", seed=seed)
    return folder / "export.csv"


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


@pytest.fixture(scope="module")
def runs(tmp_path_factory) -> dict[int, Run]:
    found = {}
    for seed in SEEDS:
        folder, how = tmp_path_factory.mktemp(f"seed{seed}"), STUDY / "synthetic.yaml"
        export = synthesise(folder, seed)
        mapped, checks, derived = folder / "mapped.csv", folder / "checks.csv", folder / "derived.csv"
        mapping.map_export([str(export)], how, DICTIONARY, mapped, folder / "log")
        validation.validate_cohort(mapped, how, DICTIONARY, checks, folder / "log")
        study = STUDY / "study.yaml"
        derivation.derive_cohort(mapped, checks, study, how, DICTIONARY, derived, folder / "how.csv", folder / "log")
        files = folder / "flow.csv", folder / "cohort.parquet", folder / "everybody.parquet"
        flow.select_patients(derived, study, how, DICTIONARY, *files, folder / "log")
        frame = read_cohort(files[1]).frame
        groups = {study: frame[frame["primary_study"] == study] for study in GROUPS}
        found[seed] = Run(export.read_bytes(), rows_of(folder / "assumptions.csv"), rows_of(files[0]), groups)
    return found


def marked(frame: pd.DataFrame, conditions: dict) -> pd.Series:
    return pd.Series(np.all([frame[name].isin(codes) for name, codes in conditions.items()], axis=0), frame.index)


def within(frame: pd.DataFrame, conditions: dict) -> pd.DataFrame:
    return frame[marked(frame, conditions)] if conditions else frame


def printed_as(claim, value: float) -> bool:
    return rounding_needed(value, parse(claim.reported)) is not None


@pytest.mark.parametrize("seed", SEEDS)
def test_every_count_and_share_prints(runs, seed):
    checked = 0
    for claim in CLAIMS:
        if claim.stat not in ("n", "count", "percent"):
            continue
        group = within(runs[seed].groups[study_of(claim)], SUBSETS.get(claim.result, {}))
        group = within(group, place_conditions(claim.group))
        part = within(group, place_conditions(claim.variable))
        value = 100 * len(part) / len(group) if claim.stat == "percent" else len(part)
        assert printed_as(claim, value), (claim.claim_id, value)
        checked += 1
    assert checked == sum(claim.kind in ("count", "percent") for claim in CLAIMS)


@pytest.mark.parametrize("seed", SEEDS)
def test_every_survival_prints(runs, seed):
    claims = [claim for claim in CLAIMS if claim.stat == "survival"]
    assert claims
    for claim in claims:
        group = within(runs[seed].groups[study_of(claim)], place_conditions(claim.group))
        curve = kaplan_meier(group["follow_up_days"] / 365.25, group["vital_status"] == DEAD)
        at = float(place_conditions(claim.variable)["time"][0])
        assert printed_as(claim, 100 * survival_at(curve, [at])[0].survival), claim.claim_id
        # Two weeks either way make no difference, so nothing hangs on how a year is counted.
        assert len({survival_at(curve, [at + shift])[0].survival for shift in (-14 / 365.25, 0, 14 / 365.25)}) == 1


def design(frame: pd.DataFrame, references: dict[str, str]) -> tuple[np.ndarray, list[str]]:
    columns = {
        f"{name}={code}": frame[name] == code
        for name, reference in references.items()
        for code in frame[name].cat.categories
        if code != reference and (frame[name] == code).any()
    }
    return np.column_stack(list(columns.values())).astype(float), list(columns)


def ratio_terms(groups: dict[str, pd.DataFrame]) -> dict[str, object]:
    """Fit each printed model with the package's own functions; the terms by result and covariate."""
    tabar, palka, population = (groups[name] for name in ("tabar2004", "palka2008", "population"))
    x, names = design(tabar, REFERENCES)
    found = {
        "casting_x_tabar2004_hazard": cox(tabar["follow_up_days"], tabar["vital_status"] == DEAD, x, names, "efron")
    }
    exposed, name = (palka["tumour_feature"] == "casting").to_numpy(float)[:, None], ["tumour_feature=casting"]
    relapse, death = palka["relapse"] == "yes", palka["vital_status"] != "alive"
    found["casting_x_palka2008_relapse"] = cox(palka["relapse_free_days"], relapse, exposed, name, "efron")
    found["casting_x_palka2008_death"] = cox(palka["follow_up_days"], death, exposed, name, "efron")
    x, names = design(population, REFERENCES)
    found["casting_x_population_death"] = logistic(population["vital_status"] == DEAD, x, names)
    return found


@pytest.mark.parametrize("seed", SEEDS)
def test_ratios_print_unless_the_list_of_assumptions_says_otherwise(runs, seed):
    models, unmet = ratio_terms(runs[seed].groups), runs[seed].unmet()
    claims = [claim for claim in CLAIMS if claim.result in models]
    for claim in claims:
        term = models[claim.result].term(claim.variable)
        ratio = getattr(term, "hazard_ratio", None) or getattr(term, "odds_ratio", None)
        value = {"lo": term.lo, "hi": term.hi, "p": term.p_wald}.get(claim.stat.rpartition("_")[2], ratio)
        assert printed_as(claim, value) == (claim.claim_id not in unmet), (claim.claim_id, value)
        assert value == pytest.approx(float(parse(claim.reported).value), rel=0.12), claim.claim_id
    assert len(unmet) <= len(claims) // 4


@pytest.mark.parametrize("seed", SEEDS)
def test_tumour_variables_have_their_assumed_direction(runs, seed):
    """Casting type goes with grade 3 and nodes; grade, nodes and size are never made protective to reach a ratio."""
    tabar = runs[seed].groups["tabar2004"]
    casting_type = tabar["tumour_feature"] == "casting"
    for name, code in (("grade", "3"), ("lymph_node_metastasis", "yes")):
        bad = tabar[name] == code
        assert bad[casting_type].mean() > bad[~casting_type].mean()
    for result in ("casting_x_tabar2004_hazard", "casting_x_population_death"):
        model = ratio_terms(runs[seed].groups)[result]
        for term in model.terms:
            if term.name.startswith(("grade", "lymph", "tumour_size")):
                assert term.coefficient > -0.5, term.name


@pytest.mark.parametrize("seed", SEEDS)
def test_courses_are_possible(runs, seed):
    for study, frame in runs[seed].groups.items():
        assert (frame["follow_up_days"] > 0).all(), study
        died = frame.loc[frame["vital_status"] == DEAD, "follow_up_days"]
        assert died.is_unique or study in ("population", "li2019")
    palka = runs[seed].groups["palka2008"]
    relapsed = palka["relapse"] == "yes"
    assert (palka.loc[relapsed, "relapse_free_days"] < palka.loc[relapsed, "follow_up_days"]).all()
    assert relapsed[palka["vital_status"] == DEAD].all()
    for study, group in GROUPS.items():
        if group.median_months:
            months = runs[seed].groups[study]["follow_up_days"].median() / (365.25 / 12)
            assert months == pytest.approx(group.median_months, abs=0.05)
    for study, stated in WITHOUT_ID.items():
        for name, conditions, n in stated:
            assert marked(runs[seed].groups[study], conditions).sum() == n, name


def test_the_criterion_leaves_out_whom_the_list_says(runs):
    run = runs[SEEDS[0]]
    assert [int(row["n_excluded"]) for row in run.flow[1:]] == [UNDESCRIBED * len(GROUPS)]
    assert any(row["assumed"].startswith(f"{UNDESCRIBED} in each group") for row in run.assumptions)


def test_nobody_is_seen_after_the_closing_day_of_the_group(runs):
    rows = as_exported(runs[SEEDS[0]].export)
    seen, left_out = day(rows["Last contact"]), rows["Mammographic feature"].isna()
    assert left_out.sum() == UNDESCRIBED * len(GROUPS)
    for study in GROUPS:
        mine = rows["Study"] == study
        assert seen[mine & left_out].max() <= seen[mine & ~left_out].max(), study
    assert (seen >= day(rows["Date of diagnosis"])).all()


def test_the_seed_decides(runs, tmp_path):
    assert synthesise(tmp_path, SEEDS[0]).read_bytes() == runs[SEEDS[0]].export
    assert runs[SEEDS[0]].export != runs[SEEDS[1]].export


def test_a_record_without_a_group_is_refused(tmp_path):
    text = (STUDY / "claims.csv").read_text(encoding="utf-8").splitlines(keepends=True)
    (tmp_path / "claims.csv").write_text("".join(line for line in text if "palka2008" not in line), encoding="utf-8")
    with pytest.raises(ReplicalcError, match="no claim of 'palka2008'"):
        synthesise(tmp_path, 1, tmp_path / "claims.csv")


def test_quick_fits_agree_with_the_package():
    rng = np.random.default_rng(3)
    codes = {"a": rng.choice(["x", "y", "z"], 200), "b": rng.choice(["no", "yes"], 200)}
    model = fits.Patterns({"a": ("x", ["y", "z"]), "b": ("no", ["yes"])})
    rows, code = model.rows, model.codes(codes)
    days, event = rng.permutation(200) + 1, rng.random(200) < 0.4
    b, s = fits.QuickCox(model)(days, event, code)
    terms = cox(days, event, rows[code], model.names, "efron").terms
    assert b == pytest.approx([t.coefficient for t in terms]) and s == pytest.approx([t.se for t in terms])
    b, s = fits.QuickLogistic(model)(event, code)
    terms = logistic(event, rows[code], model.names).terms[1:]
    assert b == pytest.approx([t.coefficient for t in terms]) and s == pytest.approx([t.se for t in terms])
    exposed = codes["b"] == "yes"
    b, s = fits.two_group_cox(days[None, :], event[None, :], exposed)
    (term,) = cox(days, event, exposed[:, None].astype(float), ["b"], "efron").terms
    assert (b[0], s[0]) == pytest.approx((term.coefficient, term.se))
    curve = kaplan_meier(days, event)
    assert fits.survival_percent(days, event, 150) == pytest.approx(100 * survival_at(curve, [150])[0].survival)
    with pytest.raises(ValueError, match="without a place"):
        model.codes({**codes, "b": np.full(200, "maybe")})


def test_no_finite_ratio_is_an_infinite_miss():
    """A feature without a death has no ratio; a search must never take that for a hit."""
    days, event, exposed = np.arange(1, 21), np.arange(20) % 2 == 0, np.arange(20) % 2 == 1
    ratio = fits.printed_ratio([c for c in CLAIMS if c.result == "casting_x_palka2008_death"], "tumour_feature=casting")
    assert ratio.miss(*fits.two_group_cox(days[None, :], event[None, :], exposed))[0] == np.inf
    assert list(ratio.unmet(float("nan"), float("nan"))) == [claim_id for claim_id, *_ in ratio.parts.values()]


def test_a_table_of_which_only_the_total_is_printed():
    cells = Cells({"a": ["x", "y"]}, lambda cell: True, {})
    found = solve(cells, [], np.ones(2), 30, 1)
    assert len(found.codes["a"]) == 30 and found.unmet == ()
