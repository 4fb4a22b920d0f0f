"""Claims and rules are tied both ways; configuration faults are told in a sentence."""

from __future__ import annotations

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
    folder = "{study}/{{cohort}}/{name}"
    return [
        (
            name,
            [f"results/{folder.format(study='nat_residual', name=name)}.csv"],
            [f"logs/{folder.format(study='nat_residual', name=name)}.log"],
        )
        for name in registry.results["nat_residual"]
    ]


def test_the_real_claims_fit(registry):
    registry.check(rules(registry))
    assert len(registry.results["nat_residual"]) == 45


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
    made[3] = (made[3][0], ["results/nat_residual/{cohort}/other.csv"], made[3][2])
    with pytest.raises(ReplicalcError, match=rf"rule {made[3][0]}: the file .*other\.csv' is not named after its rule"):
        registry.check(made)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"cohorts": "synthetic isp1"}, "no cohort 'isp1'. Did you mean 'ispy1'"),
        ({"studies": ["nat_residul"]}, "no study 'nat_residul'. Did you mean 'nat_residual'"),
        ({"cohorts": "synthetic synthetic"}, "the cohort 'synthetic' is named twice"),
        ({"cohorts": ""}, "cohorts"),
        ({"seed": "seven"}, "seed: 'seven' should be of type integer"),
        ({"sead": 1}, "unknown key 'sead'. Did you mean 'seed'"),
        ({"cohorts": "../etc"}, "cohorts"),
    ],
)
def test_faults_in_the_configuration(monkeypatch, changes, told):
    monkeypatch.chdir(ROOT)
    with pytest.raises(ReplicalcError) as error:
        Registry.load({**load_yaml("config/config.yaml"), **changes})
    assert told in str(error.value)
