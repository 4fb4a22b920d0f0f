"""What follows from printed numbers for an item of a guideline: counted by hand on small records and on the papers."""

from __future__ import annotations

import pytest
from project import ROOT

from replicalc.errors import ReplicalcError
from replicalc.records import Claim, load_claims, load_dictionary
from replicalc.report.checklist_rules import RULES, Evidence, find

VARIABLES = frozenset(load_dictionary(ROOT / "data/dictionary.csv"))
NO_ROW = {"verdict": "exact", "solutions": "", "evidence": "", "method": ""}


def claim(name, stat, reported="1", variable="pcr=yes", group="all", result="s_r", kind="count") -> Claim:
    return Claim(
        f"s.{name}", result, "Abstract", kind, reported, reported, f"label of {name}", group, variable, stat, ""
    )


def record(*claims: Claim, **rows: dict) -> Evidence:
    known = {each.claim_id: NO_ROW | rows.get(each.claim_id.removeprefix("s."), {}) for each in claims}
    return Evidence("s", claims, known, VARIABLES)


def paper(study: str) -> Evidence:
    claims = load_claims(ROOT / "config/studies" / study / "claims.csv")
    return Evidence(study, tuple(claims), {each.claim_id: NO_ROW for each in claims}, VARIABLES)


def ratio(name, *, limits=2, variable="calcified=yes", model="multivariable", result="s_multivariable"):
    stats = ["or", "or_lo", "or_hi"][: 1 + limits]
    return [claim(f"{name}.{stat}", stat, "1.5", variable, f"model={model}", result, "or") for stat in stats]


def test_intervals_counts_estimates_with_both_limits():
    found = find("intervals", record(*ratio("a"), *ratio("b", limits=1, variable="stage=late")), {"stats": ["or"]})
    assert found.state == "partly"
    assert found.words.startswith("1 of 2 estimates stand with both limits")
    assert [each.claim_id for each in found.claims] == ["s.a.or", "s.a.or_lo", "s.a.or_hi", "s.b.or", "s.b.or_lo"]


def test_intervals_of_every_estimate_are_reported_and_of_none_partly():
    assert find("intervals", record(*ratio("a")), {"stats": ["or"]}).state == "reported"
    assert find("intervals", record(*ratio("a", limits=0)), {"stats": ["or"]}).state == "partly"
    assert find("intervals", record(*ratio("a")), {"stats": ["hr"]}).state == "nothing"


def test_limits_of_another_group_or_result_are_no_limits_of_an_estimate():
    alone = ratio("a", limits=0)
    for other in (ratio("b", model="univariable"), ratio("b", result="s_other"), ratio("b", variable="x=1")):
        assert find("intervals", record(*alone, *other[1:]), {"stats": ["or"]}).words.startswith("0 of 1 estimate ")


def test_a_number_printed_twice_counts_once_and_that_of_another_paper_never():
    twice = [
        *ratio("a"),
        claim("again", "or", "1.5", "calcified=yes", "model=multivariable", "s_multivariable", "crossref"),
    ]
    cited = claim("cited", "or", "2.0", "x=1", "all", "s_cited", "external")
    assert find("intervals", record(*twice, cited), {"stats": ["or"]}).words.startswith("1 of 1 estimate ")


def test_intervals_of_one_kind_of_model():
    both = record(*ratio("a"), *ratio("b", model="univariable", limits=0))
    assert find("intervals", both, {"stats": ["or"], "model": "multivariable"}).state == "reported"
    assert find("intervals", both, {"stats": ["or"], "model": "univariable"}).state == "partly"
    with pytest.raises(ReplicalcError, match="the model 'adjusted' is not known"):
        find("intervals", both, {"stats": ["or"], "model": "adjusted"})


def test_adjusted_estimates_are_held_against_the_unadjusted_ones():
    adjusted = [*ratio("a"), *ratio("b", variable="stage=late")]
    crude = ratio("c", model="univariable", result="s_univariable")
    one = find("both_models", record(*adjusted, *crude), {"stats": ["or"]})
    assert (one.state, one.words) == (
        "partly",
        "1 of 2 adjusted estimates stand beside the unadjusted one, 2 with all limits",
    )
    assert find("both_models", record(*ratio("a"), *crude), {"stats": ["or"]}).state == "reported"
    assert find("both_models", record(*ratio("a"), *crude[:1]), {"stats": ["or"]}).state == "partly"
    assert find("both_models", record(*crude), {"stats": ["or"]}).state == "partly"
    assert find("both_models", record(claim("n", "n")), {"stats": ["or"]}).state == "nothing"


def test_the_unadjusted_ratio_of_another_outcome_is_no_partner():
    other = ratio("c", model="univariable", result="s_death_univariable")
    found = find("both_models", record(*ratio("a"), *other), {"stats": ["or"]})
    assert found.words.startswith("0 of 1 adjusted estimate stands")


@pytest.mark.parametrize(
    ("stat", "variable", "state"),
    [
        ("count", "pcr=yes", "reported"),
        ("median", "pcr", "reported"),
        ("percent", "pcr=yes", "partly"),
        ("p", "pcr x subtype", "nothing"),
        ("count", "pcr_other=yes", "nothing"),
    ],
)
def test_percentages_alone_are_no_numbers(stat, variable, state):
    assert find("numbers_of", record(claim("a", stat, variable=variable)), {"variables": ["pcr"]}).state == state


def test_numbers_of_says_which_variables_lack_them():
    printed = record(claim("a", "count"), claim("b", "percent", variable="recist=cr"))
    found = find("numbers_of", printed, {"variables": ["pcr", "recist", "age_years"]})
    assert found.state == "partly"
    assert found.words.startswith("1 of 3 variables stand with counts")
    assert "percentages alone: recist; nothing in the record of age years" in found.words


def test_a_variable_that_the_dictionary_does_not_know():
    with pytest.raises(
        ReplicalcError, match=r"'age_year' is no variable of data/dictionary\.csv\. Did you mean 'age_years'"
    ):
        find("numbers_of", record(claim("a", "count")), {"variables": ["age_year"]})


def test_stages_of_the_flow():
    flow = record(claim("n", "n_included", "127"), claim("m", "n", "120"), claim("again", "n", "127"))
    some = find(
        "stages", flow, {"stages": {"analysed": ["m"], "included": ["n", "again"]}, "not_applicable": ["followed"]}
    )
    assert some.state == "partly"
    assert some.words == (
        "included: 127 (label of n); analysed: 120 (label of m); no number in the record: assessed, eligible"
    )
    every = {name: ["n"] for name in ("assessed", "eligible", "included", "analysed")}
    assert find("stages", flow, {"stages": every, "not_applicable": ["followed"]}).state == "reported"
    assert find("stages", flow, {"stages": every}).state == "partly"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"stages": {"enrolled": ["n"]}}, "the stage 'enrolled' is not known"),
        ({"stages": {"included": ["m"]}}, "no claim of s is called 'm'"),
        ({"stages": {"included": ["or"]}}, "needs counts; s.or is none"),
        ({"stages": {"included": ["n"]}, "not_applicable": ["included"]}, "has claims and is called not applicable"),
        ({"stages": {"included": "n"}}, "'stages' should be names with lists"),
        ({"stages": {}}, "'stages' should be names with lists"),
        ({}, "the rule 'stages' needs 'stages'"),
        ({"stages": {"included": ["n"]}, "steps": ["n"]}, "the rule 'stages' takes no 'steps'"),
    ],
)
def test_stages_that_do_not_fit(arguments, sentence):
    with pytest.raises(ReplicalcError, match=sentence):
        find("stages", record(claim("n", "n"), claim("or", "or", kind="or")), arguments)


def test_counts_that_add_up_leave_nobody_without_a_value():
    total = claim("n", "n_included", "10", variable="")
    yes, no = claim("y", "count", "4"), claim("o", "count", "6", variable="pcr=no")
    arguments = {"variables": ["pcr"], "total": "n"}
    found = find("adds_up", record(total, yes, no), arguments)
    assert found.state == "partly"
    assert "1 of 1 variable add up to 10" in found.words and "is not stated" in found.words
    again = claim("again", "count", "4")
    assert find("adds_up", record(total, yes, no, again), arguments).state == "partly"
    assert find("adds_up", record(total, yes), arguments).state == "nothing"
    other = claim("other", "count", "5")
    assert find("adds_up", record(total, yes, no, other), arguments).state == "nothing"
    subgroup = claim("o", "count", "6", variable="pcr=no", group="surgery=mastectomy")
    assert find("adds_up", record(total, yes, subgroup), arguments).state == "nothing"
    with pytest.raises(ReplicalcError, match="'about 4' is no whole number"):
        find("adds_up", record(total, claim("y", "count", "about 4"), no), arguments)


def measure(name, stat="sensitivity", group="all"):
    return claim(name, stat, "80", "mri=yes~pcr=no", group, kind="diag")


TABLE = {"solutions": "1", "evidence": "4 of 5; tp 4, fp 1, fn 1, tn 4", "method": "the only 2x2 table"}


def test_cross_table_printed_derived_or_neither():
    arguments = {"tests": {"MRI": ["se"]}}
    assert find("cross_table", record(measure("se")), arguments).state == "nothing"
    several = {"se": TABLE | {"solutions": "4"}}
    assert find("cross_table", record(measure("se"), **several), arguments).state == "nothing"
    one = find("cross_table", record(measure("se"), se=TABLE), arguments)
    assert one.state == "partly"
    assert one.words == "MRI: 0 of 4 cells are printed; one table alone gives the measures (tp 4, fp 1, fn 1, tn 4)"
    mended = {"se": TABLE | {"method": "the only 2x2 table after the smallest repair"}}
    assert "once one of them is changed" in find("cross_table", record(measure("se"), **mended), arguments).words
    cells = [measure(stat, stat) for stat in ("tp", "fp", "fn", "tn")]
    assert find("cross_table", record(measure("se"), *cells), arguments).state == "reported"
    assert find("cross_table", record(measure("se"), *cells[:3]), arguments).state == "partly"
    elsewhere = [measure(stat, stat, group="subtype=tn") for stat in ("tp", "fp", "fn", "tn")]
    assert find("cross_table", record(measure("se"), *elsewhere), arguments).state == "nothing"


def test_cross_tables_of_two_tests_are_reported_only_together():
    cells = [measure(stat, stat) for stat in ("tp", "fp", "fn", "tn")]
    other = claim("us", "sensitivity", "80", "us=yes~pcr=no", kind="diag")
    both = {"tests": {"MRI": ["se"], "ultrasound": ["us"]}}
    assert find("cross_table", record(measure("se"), *cells, other), both).state == "partly"
    with pytest.raises(ReplicalcError, match="the measures of MRI are not all of one test and group"):
        find("cross_table", record(measure("se"), other), {"tests": {"MRI": ["se", "us"]}})


def test_unknown_rules_and_arguments():
    with pytest.raises(ReplicalcError, match=r"there is no rule 'interval'\. Did you mean 'intervals'"):
        find("interval", record(claim("a", "count")), {})
    with pytest.raises(ReplicalcError, match="'stats' should be a list that is not empty"):
        find("intervals", record(claim("a", "count")), {"stats": "or"})
    with pytest.raises(ReplicalcError, match="'model' should be text"):
        find("intervals", record(claim("a", "count")), {"stats": ["or"], "model": ["univariable"]})


#: Counted by hand in the papers. Table 5 of nat_residual prints 15 ICC with limits, its Results 8 measures without.
#: us_mri prints 4 measures of each of ultrasound, MRI, masses and non-mass lesions; doppler 6 ratios and 5 measures.
@pytest.mark.parametrize(
    ("study", "rule", "arguments", "words"),
    [
        ("nat_residual", "intervals", {"stats": ["icc"]}, "15 of 15 estimates"),
        ("nat_residual", "intervals", {"stats": ["sensitivity", "specificity", "ppv", "npv"]}, "0 of 5 estimates"),
        ("us_mri", "intervals", {"stats": ["sensitivity", "specificity", "ppv", "npv"]}, "0 of 16 estimates"),
        ("doppler", "intervals", {"stats": ["or"]}, "6 of 6 estimates"),
        (
            "doppler",
            "intervals",
            {"stats": ["accuracy", "sensitivity", "specificity", "ppv", "npv"]},
            "5 of 5 estimates",
        ),
        ("nact_bone", "both_models", {"stats": ["or"]}, "2 of 3 adjusted estimates"),
        ("doppler", "both_models", {"stats": ["or"]}, "0 of 6 adjusted estimates"),
        ("casting", "intervals", {"stats": ["hr", "or"]}, "5 of 5 estimates"),
        ("nact_bone", "numbers_of", {"variables": ["pcr", "bone_metastasis"]}, "0 of 2 variables"),
    ],
)
def test_counts_of_the_papers(study, rule, arguments, words):
    assert find(rule, paper(study), arguments).words.startswith(words)


def test_every_rule_is_told_in_the_docs():
    text = (ROOT / "docs/methods/checklists.md").read_text(encoding="utf-8")
    for name in RULES:
        assert f"`{name}`" in text, name
