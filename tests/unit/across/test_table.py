"""The table across cohorts, from the printed record of the studies and cohorts made for the purpose."""

import math
from dataclasses import replace

import pytest

from replicalc.across.measures import COUNT, PART, Printing, measure_of
from replicalc.disclosure.release import WITHHELD
from replicalc.errors import ReplicalcError
from replicalc.stats.pooling import from_interval
from replicalc.stats.telescope import power
from replicalc.stats.two_groups import risk_difference
from replicalc.table import Row

from .cohorts import STUDIES, as_is, claims_of, compared, row_of


@pytest.mark.parametrize("study", STUDIES)
def test_every_claim_has_a_kind_and_a_part_leads_to_its_estimate(study):
    printing = Printing(claims_of(study))
    for claim in printing.claims:
        if measure_of(claim, printing) == PART:
            assert measure_of(printing.estimate_of(claim), printing) in ("ratio", "icc", "share")
        first = printing.first(claim)
        assert (first.result, first.group, first.variable, first.stat) == (
            (claim.result, claim.group, claim.variable, claim.stat)
        )


@pytest.mark.parametrize("study", STUDIES)
def test_each_claim_has_a_row_of_the_paper_and_of_each_cohort_and_synthetic_patients_replicate_nothing(tmp_path, study):
    table = compared(tmp_path, study, synthetic=as_is(study, "synthetic"), here=as_is(study))
    ids = [claim.claim_id for claim in claims_of(study)]
    assert [(row["claim_id"], row["source"]) for row in table] == [
        (each, source) for each in ids for source in ("published", "synthetic", "here")
    ]
    for row in table:
        if row["kind"] == "synthetic":
            assert row["verdict"] == "synthetic" and row["direction"], row["claim_id"]
        if row["kind"] == "real":
            assert row["verdict"] and row["verdict"] != "synthetic", row["claim_id"]
            for name in ("direction", "published_in_new", "new_in_published", "new_in_prediction", "telescopes"):
                answer = row[name].partition(":")[0]
                known = ("yes", "no", "not applicable", "not evaluable", "too small to tell", "undecided")
                assert answer in known, (row["claim_id"], row[name])
                assert answer in ("yes", "no") or row[name] != answer, "every 'not' says why"


def with_ratio(study, claim_id, value, se, **more):
    """The printed cohort with another estimate of one ratio."""
    rows = as_is(study)
    claim = next(each for each in claims_of(study) if each.claim_id == claim_id)
    z = 1.959963984540054
    p = math.erfc(abs(math.log(value)) / se / math.sqrt(2))
    numbers = {"": value, "_lo": value * math.exp(-z * se), "_hi": value * math.exp(z * se)}
    for end, number in numbers.items():
        place = (claim.result, claim.group, claim.variable, claim.stat + end)
        rows[place] = replace(rows[place], value=number, **more)
    place = (claim.result, claim.group, claim.variable, "p")
    if place in rows:
        rows[place] = replace(rows[place], value=p)
    return rows


OR = "nact_bone.or_multi_calc.or"  # 2.352 (1.186 to 4.667)


@pytest.mark.parametrize(
    ("value", "se", "verdict"),
    [
        (2.2, 0.2, "direction and significance yes; interval yes; small telescopes yes"),
        (1.02, 0.1, "direction and significance no; interval no; small telescopes no"),
        (0.5, 0.1, "direction and significance no; interval no; small telescopes no"),
        (1.3, 0.1, "direction and significance yes; interval no; small telescopes no"),
        (1.5, 0.28, "direction and significance no; interval yes; small telescopes undecided"),
    ],
)
def test_a_ratio_by_three_criteria(tmp_path, value, se, verdict):
    row = row_of(compared(tmp_path, "nact_bone", here=with_ratio("nact_bone", OR, value, se)), OR, "here")
    assert row["verdict"] == verdict
    published, own = from_interval(2.352, 1.186, 4.667, 0.95)
    assert float(row["power_published"]) == pytest.approx(power(published, se, 0.05))
    assert float(row["difference"]) == pytest.approx(value / 2.352)
    half = 1.959963984540054 * math.hypot(own, se)
    assert float(row["difference_hi"]) == pytest.approx(value / 2.352 * math.exp(half))
    assert float(row["prediction_lo"]) == pytest.approx(2.352 * math.exp(-half), rel=1e-6)


def test_a_small_cohort_cannot_tell_and_says_with_what_power(tmp_path):
    row = row_of(compared(tmp_path, "nact_bone", here=with_ratio("nact_bone", OR, 1.4, 0.9)), OR, "here")
    expected = 100 * power(math.log(2.352), 0.9, 0.05)
    assert row["verdict"] == f"too small to tell (power {expected:.0f} % for the published effect)"
    assert row["direction"].startswith("too small to tell") and row["published_in_new"] == "yes"


def test_the_other_direction_is_told_as_such(tmp_path):
    row = row_of(compared(tmp_path, "nact_bone", here=with_ratio("nact_bone", OR, 0.5, 0.1)), OR, "here")
    assert row["direction"] == "no: significant here, in the other direction"
    assert row["telescopes"].startswith("no: the effect goes the other way")


NULL = "casting.population.or"  # 1.6 (0.5 to 5.8): the paper shows no effect


@pytest.mark.parametrize(
    ("value", "se", "first", "third"),
    [
        (1.05, 0.1, "yes: significant in neither", "yes: any effect here is smaller"),
        (1.1, 0.9, "too small to tell: significant in neither", "too small to tell: an effect that the paper"),
        (6.0, 0.2, "no: significant here, not in the paper", "no: an effect that the paper could have detected"),
        (1.3, 0.1, "no: significant here, not in the paper", "yes: any effect here is smaller"),
    ],
)
def test_where_the_paper_shows_no_effect(tmp_path, value, se, first, third):
    row = row_of(compared(tmp_path, "casting", here=with_ratio("casting", NULL, value, se)), NULL, "here")
    assert row["direction"].startswith(first) and row["telescopes"].startswith(third)
    if "too small" in first:
        assert "to exclude an effect that the paper could have detected" in row["verdict"]


def shares(rows, one, n1, two, n2):
    """pCR with and without microcalcification in nact_bone, and its P left as it is."""
    for code, count, n in (("yes", one, n1), ("no", two, n2)):
        place = ("nact_bone_a_pcr", f"calcified={code}", "pcr=yes", "percent")
        rows[place] = replace(rows[place], value=100 * count / n, n=n)
    return rows


def test_a_p_of_two_groups_is_judged_by_the_difference_of_their_shares(tmp_path):
    here = shares(as_is("nact_bone"), 40, 150, 60, 160)
    made = shares(as_is("nact_bone", "synthetic"), 32, 155, 50, 158)
    row = row_of(compared(tmp_path, "nact_bone", synthetic=made, here=here), "nact_bone.pcr.p", "here")
    expected = risk_difference(40, 150, 60, 160, 0.95, "Newcombe")
    assert [float(row[name]) / 100 for name in ("value", "lo", "hi")] == pytest.approx(
        [expected.value, expected.lo, expected.hi]
    )
    assert row["unit"] == "percentage points" and row["detectable_unit"] == "Cohen's h"


def test_without_synthetic_patients_a_number_that_is_not_printed_is_not_known(tmp_path):
    here = shares(as_is("nact_bone"), 40, 150, 60, 160)
    table = compared(tmp_path, "nact_bone", here=here)
    said, row = (row_of(table, "nact_bone.pcr.p", source) for source in ("published", "here"))
    assert said["n"] == "" and row["telescopes"].startswith("not evaluable: what the paper could have detected")
    share = row_of(table, "nact_bone.pcr.calc", "here")
    assert share["new_in_published"].startswith("not evaluable: no interval is printed")


def test_a_share_of_a_printed_count_has_newcombes_interval(tmp_path):
    """54 of 204 with pCR, against the printed 52 of 127."""
    rows = as_is("nat_residual")
    for stat, value in (("count", 54.0), ("percent", 100 * 54 / 204), ("percent_lo", 20.9), ("percent_hi", 32.9)):
        place = ("nat_residual_t1_pcr", "all", "pcr=yes", stat)
        rows[place] = replace(rows["nat_residual_t1_pcr", "all", "pcr=yes", "count"], stat=stat, value=value, n=204)
    table = compared(tmp_path, "nat_residual", here=rows)
    row = row_of(table, "nat_residual.t1.pcr.yes.n", "here")
    expected = risk_difference(54, 204, 52, 127, 0.95, "Newcombe")
    found = [float(row[name]) / 100 for name in ("difference", "difference_lo", "difference_hi")]
    assert found == pytest.approx([expected.value, expected.lo, expected.hi], abs=1e-9)
    assert row["difference_method"] == "Newcombe" and row["verdict"].startswith("interval no (the only criterion")
    assert row["direction"].startswith("not applicable: a share alone")


def test_patients_with_several_lesions_widen_the_interval(tmp_path):
    place = ("us_mri_x_mri_accuracy", "all", "mri_assessment=positive~malignant=yes")
    rows = as_is("us_mri", n=100)
    for stat, value in (("lo", 60.0), ("hi", 80.0), ("clustered_lo", 50.0), ("clustered_hi", 88.0)):
        name = f"specificity_{stat}"
        rows[(*place, name)] = replace(rows[(*place, "specificity")], stat=name, value=value, method=f"method {stat}")
    row = row_of(compared(tmp_path, "us_mri", here=rows), "us_mri.mri.spec", "here")
    assert (float(row["lo"]), float(row["hi"]), row["method"]) == (50, 88, "method clustered_lo")


def test_a_withheld_number_is_not_evaluable_for_that_reason(tmp_path):
    why = "withheld: fewer than 5 patients"
    rows = {
        place: replace(row, value=math.nan, n=None, warning=why) if row.result == "nact_bone_a_pcr" else row
        for place, row in as_is("nact_bone").items()
    }
    table = compared(tmp_path, "nact_bone", here=rows)
    for claim in ("nact_bone.pcr.calc", "nact_bone.pcr.p"):
        row = row_of(table, claim, "here")
        assert (row["verdict"], row["why"], row["value"]) == ("not_evaluable", why, "")


def test_sizes_and_citations_are_not_judged(tmp_path):
    table = compared(tmp_path, "us_mri", here=as_is("us_mri"))
    for claim, told in (
        ("us_mri.n_patients.n", "a size or a date"),
        ("us_mri.intro.npv_eusobi", "cites from elsewhere"),
    ):
        row = row_of(table, claim, "here")
        assert row["verdict"] == "no criterion applies" and told in row["why"]


def test_a_missing_result_stops_with_its_name(tmp_path):
    with pytest.raises(ReplicalcError, match="the cohort 'here' has no result"):
        compared(tmp_path, "nact_bone", here={})


@pytest.mark.parametrize(
    ("lost", "told"),
    [
        (WITHHELD, f"no whole of this count here: {WITHHELD}"),
        ("", "the whole of this count is withheld or not given here"),
    ],
)
def test_a_count_without_its_whole_says_that_the_whole_is_withheld(tmp_path, lost, told):
    """Not that it would be 0: a reader of a protected cohort must know why there is no comparison."""
    found = 0
    for name in STUDIES:
        rows, printing = as_is(name), Printing(claims_of(name))
        counts = [claim for claim in printing.claims if measure_of(claim, printing) == COUNT]
        if lost:
            wholes = [printing.by_id[claim.of] for claim in counts if claim.stat in ("tp", "fp", "fn", "tn")]
            gone = [(of.result, of.group, of.variable, of.stat) for of in wholes]
            gone += [(claim.result, "all", claim.variable, "n") for claim in counts if claim.stat == "n"]
            places = {place: Row(*place, math.nan, n=None, warning=lost, cohort="real", kind="real") for place in gone}
        else:
            places = {place: replace(row, n=None) for place, row in rows.items()}
        rows |= places
        (tmp_path / name).mkdir()
        table = compared(tmp_path / name, name, here=rows)
        for claim in counts:
            row = row_of(table, claim.claim_id, "here")
            found += told in row["why"]
            assert "not a number above 0" not in row["why"]
    assert found
