"""Claims and rules are tied both ways; configuration faults are told in a sentence."""

from __future__ import annotations

from pathlib import Path

import pytest
from project import ROOT

from replicalc.errors import ReplicalcError
from replicalc.records import load_yaml
from replicalc.registry import Registry


@pytest.fixture
def registry(monkeypatch):
    monkeypatch.chdir(ROOT)
    return Registry.load(load_yaml("config/config.yaml"))


def rules(registry) -> list[tuple]:
    return [
        (name, [f"results/{study}/{{cohort}}/{name}.csv"], [f"logs/{study}/{{cohort}}/{name}.log"])
        for study in registry.studies
        for name in registry.results[study]
    ]


def test_the_real_claims_fit(registry):
    registry.check(rules(registry))
    assert len(registry.results["nat_residual"]) == 45
    assert registry.pairs == [(study, "synthetic") for study in registry.studies]


def load(**changes) -> Registry:
    return Registry.load({**load_yaml("config/config.yaml"), **changes})


def test_one_synthetic_cohort_is_no_witness_of_what_is_open(registry):
    assert registry.witnesses == ["synthetic"]
    with pytest.raises(ReplicalcError, match=r"'witnesses' is 1, .* make witnesses K=5"):
        registry.need_witnesses()


def test_further_synthetic_cohorts_share_their_mapping_and_have_seeds_of_their_own(monkeypatch):
    monkeypatch.chdir(ROOT)
    several = load(witnesses=12, cohorts="synthetic_2 synthetic")
    several.need_witnesses()
    assert several.witnesses == ["synthetic", *(f"synthetic_{number}" for number in range(2, 13))]
    assert several.seed_of("synthetic") == several.seed
    seeds = [several.seed_of(cohort) for cohort in several.witnesses]
    assert len(set(seeds)) == 12 and min(seeds) == several.seed
    assert several.seed_of("synthetic_12") == load(witnesses=1).seed_of("synthetic_12"), "not a matter of how many"
    assert several.cohort_file("doppler", "synthetic_12") == several.cohort_file("doppler", "synthetic")
    assert several.export_files("doppler", "synthetic_12") == ["results/doppler/synthetic_12/raw/export.csv"]
    assert several.titles == {"synthetic_2": "", "synthetic": ""}
    several.check(rules(several), {})
    assert several.pairs[:2] == [("doppler", "synthetic_2"), ("doppler", "synthetic")]


def clinic(*changes: tuple[str, str]) -> Path:
    """Write the mapping of a study, with changes, as the file of a real cohort with one patient's export."""
    text = Path("config/studies/nat_residual/synthetic.yaml").read_text()
    for old, new in [("cohort: synthetic", "cohort: clinic"), ("export.csv", "clinic.csv"), *changes]:
        assert old in text
        text = text.replace(old, new, 1)
    Path("config/cohorts/clinic.yaml").write_text(text)
    Path("data/raw").mkdir(exist_ok=True)
    Path("data/raw/clinic.csv").write_text("Patient ID\n1\n")
    return Path("results/nat_residual/clinic")


def test_a_protected_cohort_is_closed_also_in_a_run_of_others(elsewhere):
    clinic(("kind: synthetic", "kind: real"))
    assert "clinic" in load().closed, "nothing may be made of its rows by the path of a file"
    clinic(("kind: synthetic", "kind: real\ndisclosure: {control: off, why: published at doi:10.1/2}"))
    assert "clinic" not in load().closed
    Path("config/cohorts/clinic.yaml").write_text("kind: [")
    assert "clinic" in load().closed, "a file that cannot be read does not open it"


def test_nobody_escapes_protection_by_calling_patients_synthetic(elsewhere):
    clinic()
    assert "clinic" in load().closed
    with pytest.raises(ReplicalcError, match="'kind: synthetic' is for the cohorts that the workflow makes"):
        load(cohorts=["clinic"])


@pytest.mark.parametrize("left", ["cohort.parquet", "steps/mapped.csv"])
def test_files_of_an_open_run_stop_a_protected_one(elsewhere, left):
    folder = clinic(("kind: synthetic", "kind: real"))
    assert load(cohorts=["clinic"]).protected
    (folder / left).parent.mkdir(parents=True)
    (folder / left).touch()
    with pytest.raises(ReplicalcError, match=r"results/nat_residual/clinic: patient-level files .* Delete the folder"):
        load(cohorts=["clinic"])


@pytest.mark.parametrize("name", ["synthetic", "synthetic_2", "synthetic_17"])
def test_a_real_cohort_cannot_have_the_name_of_a_synthetic_one(elsewhere, name):
    from pathlib import Path

    text = Path("config/cohorts/cmmd.yaml").read_text().replace("cohort: cmmd", f"cohort: {name}")
    Path(f"config/cohorts/{name}.yaml").write_text(text)
    with pytest.raises(ReplicalcError, match=rf"{name}.yaml: a real cohort cannot be called '{name}'"):
        load()


def test_a_rule_for_a_whole_study_needs_no_claim_but_its_name(registry):
    pooled = ("casting_pooled", ["results/casting/casting_pooled.csv"], ["logs/casting/casting_pooled.log"])
    registry.check([*rules(registry), pooled])
    assert registry.study_files["casting"] == ["results/casting/casting_pooled.csv"]
    wrong = (pooled[0], ["results/casting/other.csv"], pooled[2])
    with pytest.raises(
        ReplicalcError, match=r"rule casting_pooled: the file .*other\.csv' is not named after its rule"
    ):
        registry.check([*rules(registry), wrong])


def test_a_claim_without_a_rule(registry):
    made = [rule for rule in rules(registry) if rule[0] != "nat_residual_t4_recist"]
    with pytest.raises(ReplicalcError, match="the result 'nat_residual_t4_recist' has no rule"):
        registry.check(made)


def test_a_rule_without_a_claim(registry):
    extra = ("nat_residual_t9", ["results/nat_residual/{cohort}/nat_residual_t9.csv"], ["logs/nat_residual_t9.log"])
    with pytest.raises(ReplicalcError, match="rule nat_residual_t9: no claim of nat_residual belongs to it"):
        registry.check([*rules(registry), extra])


def test_a_file_not_named_after_its_rule(registry):
    made = rules(registry)
    made[3] = (made[3][0], ["results/doppler/{cohort}/other.csv"], made[3][2])
    with pytest.raises(ReplicalcError, match=rf"rule {made[3][0]}: the file .*other\.csv' is not named after its rule"):
        registry.check(made)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"cohorts": "synthetic isp1"}, "no cohort 'isp1'. Did you mean 'ispy1'"),
        ({"studies": ["nat_residul"]}, "no study 'nat_residul'. Did you mean 'nat_residual'"),
        ({"cohorts": "synthetic synthetic"}, "the cohort 'synthetic' is named twice"),
        ({"cohorts": ""}, "cohorts"),
        ({"seed": "seven"}, "seed: 'seven' should be a whole number"),
        ({"cohorts": []}, "cohorts: must not be empty"),
        ({"sead": 1}, "unknown key 'sead'. Did you mean 'seed'"),
        ({"cohorts": "../etc"}, "cohorts"),
        ({"witnesses": 0}, "witnesses: 0 is less than the minimum of 1"),
        ({"witnesses": "two"}, "witnesses: 'two' should be a whole number"),
        ({"cohorts": "synthetic_3", "witnesses": 2}, "no cohort 'synthetic_3'. Did you mean 'synthetic_2'"),
    ],
)
def test_faults_in_the_configuration(monkeypatch, changes, told):
    monkeypatch.chdir(ROOT)
    with pytest.raises(ReplicalcError) as error:
        Registry.load({**load_yaml("config/config.yaml"), **changes})
    assert told in str(error.value)


@pytest.fixture
def elsewhere(tmp_path, monkeypatch):
    """A copy of the configuration in which one text can be changed before it is loaded."""
    import shutil

    for name in ("config", "data"):
        shutil.copytree(ROOT / name, tmp_path / name)
    monkeypatch.chdir(tmp_path)

    def go(file, old, new):
        path = tmp_path / file
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new, 1))
        return Registry.load(load_yaml("config/config.yaml"))

    return go


@pytest.mark.parametrize(
    ("file", "old", "new", "told"),
    [
        (
            "config/studies/nat_residual/study.yaml",
            "present: [pcr]",
            "present: [pcrx]",
            "no variable 'pcrx'. Did you mean 'pcr'",
        ),
        ("config/studies/nat_residual/study.yaml", '"4C", "4"', '"4C", "4x"', "'4x' is no code of birads"),
        ("config/studies/nat_residual/study.yaml", "id: pathology", "id: suspicious", "the id stands twice"),
        ("config/studies/nat_residual/study.yaml", "n_reported: 127", "n_reported: 128", "n_reported is 128"),
        (
            "config/studies/nat_residual/study.yaml",
            "nat_residual_t4_pcr\n",
            "nat_residual_t4_pcrs\n",
            "no result 'nat_residual_t4_pcrs'",
        ),
        ("config/studies/nat_residual/claims.csv", "recist=cr", "recist=crx", "'crx' is no code of recist"),
        (
            "config/studies/nat_residual/claims.csv",
            "surgery=mastectomy",
            "surgry=mastectomy",
            "there is no variable 'surgry'",
        ),
        ("data/dictionary.csv", "0,250,5,120", "250,0,5,120", "the range 250 to 0 is empty"),
        ("data/dictionary.csv", "0,250,5,120", "0,,5,120", "a range needs both ends"),
        ("data/dictionary.csv", "mm,,0,250", "ells,,0,250", "unit 'ells' is not known"),
        ("config/studies/nat_residual/synthetic.yaml", "unit: cm", "unit: ell", "unit 'ell' cannot be turned into mm"),
    ],
)
def test_faults_in_the_record_stop_before_anything_runs(elsewhere, file, old, new, told):
    with pytest.raises(ReplicalcError) as error:
        elsewhere(file, old, new)
    assert told in str(error.value)


def test_an_edit_changes_only_the_prints_of_what_uses_it(elsewhere):
    kinds = [("printed", ""), ("readings", ""), ("criteria", ""), ("mapping", "synthetic"), ("variables", "")]

    def prints(made):
        return [made.print_of(kind, "nat_residual", cohort) for kind, cohort in kinds]

    before = prints(Registry.load(load_yaml("config/config.yaml")))
    study = "config/studies/nat_residual/study.yaml"
    changed = elsewhere(study, "design: retrospective", "design: a retrospective")
    assert prints(changed) == before
    changed = elsewhere(study, "extent_change_from_percent: 10", "extent_change_from_percent: 20")
    assert [a != b for a, b in zip(before, prints(changed), strict=True)] == [False, True, False, False, False]
    changed = elsewhere("config/studies/nat_residual/claims.csv", "patients included", "women included")
    assert prints(changed)[0] == before[0]
