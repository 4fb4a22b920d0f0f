"""Which cohort can speak to which study follows from variables, rules and claims, and from nothing else."""

from __future__ import annotations

from replicalc.evaluable import Made, available, findings, needs, param_variables, place_variables
from replicalc.records import Claim

KNOWN = {"calcified", "pcr", "malignant", "us_birads", "grade", "surgery", "age_years", "subtype", "er_status", "mass"}


def claim(stat, group="all", variable="", kind="percent", result="s_r", of=""):
    return Claim("s.c", result, "T", kind, "1", "1", "l", group, variable, stat, of)


def test_variables_of_places():
    assert place_variables("a=x;b=y|z", "c=1~d=2") == {"a", "b", "c", "d"}
    assert place_variables("all", "a x b") == {"all", "a", "b"}
    assert place_variables("model=multivariable, Firth", "a - b") == {"model", "a", "b"}


def test_variables_of_parameters():
    params = {
        "outcome": ("pcr", "no"),
        "factors": {"calcified": "yes", "mass": "yes"},
        "subset": {"grade": "1|2", "subtype": "tn or not recorded"},
    }
    assert param_variables(params) == {"pcr", "calcified", "mass", "grade"}
    assert param_variables({"rows": ["a", "b"], "columns": "c", "by": "d+e", "time": "t"}) == {
        "a",
        "b",
        "c",
        "d",
        "e",
        "t",
    }
    # A code that happens to be the name of a variable is no variable.
    assert param_variables({"variables": ["grade"], "subset": {"surgery": "mass"}}) == {"grade", "surgery"}


def test_what_a_claim_needs():
    made = {"s_r": Made({"rows": "calcified", "columns": "pcr", "subset": {"malignant": "yes"}})}
    assert needs(claim("percent", "calcified=yes", "pcr=yes"), made, KNOWN) == {"calcified", "pcr", "malignant"}
    assert needs(claim("n_included"), made, KNOWN) is None
    assert needs(claim("wording"), made, KNOWN) is None
    assert needs(claim("percent", variable="pcr=yes", kind="external"), made, KNOWN) is None
    assert needs(claim("count", variable="pcr=yes"), made, KNOWN) is None
    assert needs(claim("count", variable="pcr=yes", of="s.n"), made, KNOWN) == {"pcr", "malignant"}


def test_a_multivariable_ratio_needs_all_factors_and_a_univariable_one_its_own():
    made = {
        "s_r": Made({"outcome": ("pcr", "no"), "factors": {"calcified": "yes", "grade": "3", "age_years": "per year"}})
    }
    assert needs(claim("or", "model=univariable", "calcified=yes"), made, KNOWN) == {"pcr", "calcified"}
    everything = {"pcr", "calcified", "grade", "age_years"}
    assert needs(claim("or_lo", "model=multivariable", "calcified=yes"), made, KNOWN) == everything
    judged = {
        "s_s": Made({"relations": [(("first", "model=multivariable", "calcified=yes", "or"), ">", 1)]}, ("s_r", "s_r")),
        **made,
    }
    assert needs(claim("holds", result="s_s"), judged, KNOWN) == everything


def test_a_cohort_has_what_is_given_and_what_follows_from_it():
    cohort = {
        "variables": {"er_percent": {"column": "ER"}, "malignant": {"constant": "yes"}, "birads": {"column": "B"}}
    }
    has, constant = available(cohort, {})
    assert has == {"er_percent", "malignant", "birads", "birads_category"} and constant == {"malignant"}
    has, _ = available(cohort, {"receptor_positive_from_percent": 1})
    assert "er_status" in has  # only a study that defines it


def test_a_finding_about_what_is_the_same_in_everybody_is_none():
    made = {"s_r": Made({"variables": ["malignant"]})}
    claims = [claim("percent", variable="malignant=yes")]
    assert findings(claims, made, KNOWN, {"malignant"}, {"malignant"}) == 0
    assert findings(claims, made, KNOWN, {"malignant"}, set()) == 1
    assert findings(claims, made, KNOWN, set(), set()) == 0


def test_facts_of_a_protocol_are_no_findings():
    made = {"s_r": Made({"variables": {"age_years": "year"}})}
    assert needs(claim("median", variable="age_years", kind="qualitative"), made, KNOWN) is None
    assert needs(claim("median", variable="age_years", kind="quantile"), made, KNOWN) == {"age_years"}


def test_what_is_lacking_is_told_by_the_nearest_finding():
    from replicalc.evaluable import nearest

    made = {"s_r": Made({"rows": "calcified", "columns": "pcr"})}
    claims = [claim("percent", "calcified=yes", "pcr=yes"), claim("percent", variable="pcr=yes")]
    assert nearest(claims, made, KNOWN, {"calcified"}) == ["pcr"]
    assert nearest(claims, made, KNOWN, set()) == ["pcr"]
