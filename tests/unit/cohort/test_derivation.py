"""Derivations at their boundaries: what the paper leaves open follows the recorded reading."""

from __future__ import annotations

import pytest
from project import ROOT

from replicalc.cohort import derivation
from replicalc.cohort.frame import typed
from replicalc.cohort.source import ROW
from replicalc.records import load_dictionary, load_yaml

VARIABLES = load_dictionary(ROOT / "data" / "dictionary.csv")
READINGS = load_yaml(ROOT / "config/studies/nat_residual/study.yaml")["readings"]


def derive(variable: str, readings=READINGS, **columns):
    """Run the derivations up to ``variable`` on columns of text; return its values."""
    import pandas as pd

    n = len(next(iter(columns.values())))
    frame = typed(pd.DataFrame({ROW: [str(i) for i in range(n)], **columns}), VARIABLES)
    for each in derivation.DERIVATIONS:
        if all(need in frame for need in each.needs):
            values = each.function(frame, readings)
            if VARIABLES[each.variable].type == "category":
                values = pd.Categorical(values, categories=VARIABLES[each.variable].code_list)
            frame[each.variable] = values
        if each.variable == variable:
            break
    return [None if pd.isna(v) else v for v in frame[variable]]


def test_extent_change_exactly_ten_percent_is_a_change():
    pre = dict(calc_cc_pre_mm=["30"] * 6 + ["0", "3"], calc_mlo_pre_mm=["20"] * 8)
    pre["calc_mlo_pre_mm"][6:] = ["0", "3"]
    post = ["33", "32.9", "27", "27.1", "30", "0", "5", ""]
    assert derive("calc_change", **pre, calc_cc_post_mm=post, calc_mlo_post_mm=["0"] * 8) == [
        "increase",
        "no_change",
        "decrease",
        "no_change",
        "no_change",
        "decrease",
        None,
        None,
    ]


@pytest.mark.parametrize("unit", [1, 3, 7, 11, 13])
def test_exact_percentages_survive_binary_fractions(unit):
    pre = f"{unit / 10}"
    for factor, expected in ((1.1, "increase"), (0.9, "decrease")):
        post = f"{unit * factor / 10:.3f}"
        got = derive(
            "calc_change", calc_cc_pre_mm=[pre], calc_mlo_pre_mm=[pre], calc_cc_post_mm=[post], calc_mlo_post_mm=[post]
        )
        assert got == [expected]


def test_the_larger_view_counts_and_both_are_needed():
    assert derive("calc_extent_pre_mm", calc_cc_pre_mm=["12", "30", ""], calc_mlo_pre_mm=["20", "10", "15"]) == [
        20,
        30,
        None,
    ]


def test_recist_at_its_limits():
    pre = ["100"] * 8 + ["0", ""]
    post = ["0", "70", "70.1", "100", "119.9", "120", "130", "30", "10", "5"]
    assert derive("recist", mri_pre_mm=pre, mri_post_mm=post) == [
        "cr",
        "pr",
        "sd",
        "sd",
        "sd",
        "pd",
        "pd",
        "pr",
        None,
        None,
    ]


def test_complete_response_needs_a_lesion_before():
    got = derive("mri_complete_response", mri_pre_mm=["20", "20", "0", "20"], mri_post_mm=["0", "1", "0", ""])
    assert got == ["yes", "no", None, None]


def test_subtype_from_receptors():
    got = derive(
        "subtype",
        er_percent=["0", "90", "1", "0", "0", "", "50"],
        pr_percent=["0", "0", "0", "0", "", "0", ""],
        her2_ihc=["3+", "3+", "1+", "0", "3+", "3+", "2+"],
        her2_ish=["", "", "", "", "", "", "not_amplified"],
    )
    assert got == ["hrneg_her2pos", "hrpos_her2pos", "hrpos_her2neg", "tn", None, None, "hrpos_her2neg"]


def test_equivocal_her2_without_in_situ_hybridisation_is_unknown():
    assert derive(
        "her2_status", her2_ihc=["2+", "2+", "0", "", ""], her2_ish=["", "amplified", "", "amplified", ""]
    ) == [
        None,
        "positive",
        "negative",
        "positive",
        None,
    ]


@pytest.mark.parametrize(
    ("reading", "expected"), [("pcr", ["yes", "yes", "no", None]), ("no_pcr", ["yes", "no", "no", None])]
)
def test_dcis_only_follows_the_reading(reading, expected):
    got = derive(
        "pcr",
        readings={**READINGS, "dcis_only": reading},
        miller_payne=["5", "5", "4", ""],
        residual_invasive=["no", "no", "yes", "no"],
        residual_dcis=["no", "yes", "no", "yes"],
    )
    assert got == expected


def test_a_contradictory_patient_has_no_class():
    got = derive("pcr", miller_payne=["5", "5"], residual_invasive=["yes", "no"], residual_dcis=["no", "no"])
    assert got == [None, "yes"]


def test_size_of_a_tumour_that_is_gone_is_zero():
    got = derive(
        "residual_size_mm",
        path_invasive_mm=["", "12", ""],
        residual_invasive=["no", "yes", "yes"],
        residual_dcis=["yes"] * 3,
    )
    assert got == [0, 12, None]


def test_age_is_in_completed_years():
    got = derive(
        "age_years",
        birth_date=["1970-03-15", "1970-03-15", "1970-03-15", "1972-02-29", ""],
        nat_start_date=["2015-03-14", "2015-03-15", "2015-03-16", "2015-02-28", "2015-01-01"],
    )
    assert got == [44, 45, 45, 42, None]


def test_regimen_and_unknown_combination():
    got = derive(
        "regimen",
        chemotherapy=["yes", "yes", "no", "no", "yes"],
        targeted_therapy=["no", "yes", "yes", "no", ""],
        endocrine_therapy=["no", "no", "yes", "yes", "no"],
    )
    assert got == ["chemotherapy", "chemotherapy_targeted", "endocrine_targeted", "other", None]


def test_changes_of_shape():
    got = derive(
        "calc_shape_change",
        calc_shape_pre=["amorphous", "fine_pleomorphic", "amorphous", ""],
        calc_shape_post=["amorphous", "coarse_heterogeneous", "fine_linear", "amorphous"],
    )
    assert got == ["none", "fine_pleomorphic_to_coarse_heterogeneous", "other", None]


def test_every_derived_variable_has_a_rule_and_a_dictionary_entry():
    derived = {each.variable for each in derivation.DERIVATIONS}
    assert derived == {name for name, v in VARIABLES.items() if v.role in ("derived", "both")}
    for each in derivation.DERIVATIONS:
        assert set(each.needs) <= set(VARIABLES)


def _run(tmp_path, columns: dict[str, list[str]], study: str = "nat_residual", more: list = ()):
    """Run the derivation step on a mapped cohort with these columns; return the derived rows and the record."""
    import csv

    from replicalc.records import read_csv

    names = ["source_row", "patient_id", *columns]
    n = len(next(iter(columns.values())))
    with (tmp_path / "mapped.csv").open("w", newline="") as handle:
        writer = csv.writer(handle)
        writer.writerow(names)
        writer.writerows([str(i + 2), f"p{i}", *(values[i] for values in columns.values())] for i in range(n))
    lines = "".join(f"  {name}: {{column: {name}}}\n" for name in ["patient_id", *columns])
    (tmp_path / "c.yaml").write_text(
        "cohort: c\nkind: real\ntitle: t\nunit_of_analysis: patient\nclustering: none\nsources: [{file: x.csv}]\n"
        f"unit_id: [patient_id]\nvariables:\n{lines}"
    )
    files = [
        tmp_path / "mapped.csv",
        tmp_path / "none",
        ROOT / f"config/studies/{study}/study.yaml",
        tmp_path / "c.yaml",
    ]
    files += [
        ROOT / "data/dictionary.csv",
        tmp_path / "derived.csv",
        tmp_path / "derivations.csv",
        *more,
        tmp_path / "log",
    ]
    derivation.derive_cohort(*files)
    return read_csv(tmp_path / "derived.csv"), {r["variable"]: r for r in read_csv(tmp_path / "derivations.csv")}


def test_a_given_class_is_taken_patient_by_patient_where_there_is_nothing_to_derive_it_from(tmp_path):
    rows, record = _run(
        tmp_path,
        {
            "er_percent": ["90", "", "0", ""],
            "er_status": ["negative", "positive", "negative", ""],
            "age_years": ["50", "", "61", "40"],
        },
    )
    assert [row["er_status"] for row in rows] == ["positive", "positive", "negative", ""]
    er = record["er_status"]
    assert [er[name] for name in ("n_derived", "n_given", "n_missing", "n_contradict")] == ["2", "1", "1", "1"]
    assert [row["age_years"] for row in rows] == ["50.0", "", "61.0", "40.0"]
    assert record["age_years"]["n_given"] == "3" and "as the cohort gives it" in record["age_years"]["note"]


def test_what_a_derived_class_took_the_place_of_is_on_record(tmp_path):
    from replicalc.records import read_csv

    earlier = tmp_path / "mapping_changes.csv"
    header = "file,row,column,variable,from,to,rule,cohort,kind"
    earlier.write_text(f"{header}\n,9,column 'x',er_percent,n/a,,missing_code,c,real\n")
    columns = {"er_percent": ["90", "", "0"], "er_status": ["negative", "positive", "negative"]}
    _run(tmp_path, columns, more=[earlier, tmp_path / "changes.csv"])
    first, second = read_csv(tmp_path / "changes.csv")
    assert (first["row"], first["rule"]) == ("9", "missing_code")
    assert (second["row"], second["variable"], second["from"], second["to"], second["rule"]) == (
        *("2", "er_status", "negative", "positive", "derived_over_given"),
    )


def test_a_complete_response_on_mri_may_be_given_where_there_are_no_diameters(tmp_path):
    columns = {"mri_pre_mm": ["20", ""], "mri_post_mm": ["0", ""], "mri_complete_response": ["no", "yes"]}
    rows, record = _run(tmp_path, columns)
    assert [row["mri_complete_response"] for row in rows] == ["yes", "yes"]
    assert record["mri_complete_response"]["n_contradict"] == "1"


def test_a_raw_column_without_any_value_is_no_column(tmp_path):
    rows, record = _run(tmp_path, {"er_percent": ["", ""], "er_status": ["positive", "negative"]})
    assert [row["er_status"] for row in rows] == ["positive", "negative"]
    assert "the cohort has no er_percent" in record["er_status"]["note"]


def test_a_code_that_the_dictionary_lacks_is_an_error_and_not_a_gap():
    from dataclasses import replace

    from replicalc.cohort.frame import categorical
    from replicalc.errors import ReplicalcError

    variable = replace(VARIABLES["calc_change"], codes="no_change|decrease|increased")
    with pytest.raises(ReplicalcError, match=r"calc_change has the codes .*increased, but the workflow made increase"):
        categorical(["increase", None, "decrease"], variable)


def test_what_a_study_does_not_define_is_not_derived_and_the_record_says_so(tmp_path):
    columns = {
        "mri_pre_mm": ["10", "20"],
        "mri_post_mm": ["5", "0"],
        "er_percent": ["90", "0"],
        "er_status": ["", "positive"],
    }
    rows, record = _run(tmp_path, columns, study="doppler")
    assert "recist" not in rows[0] and rows[1]["mri_complete_response"] == "yes"
    assert record["recist"]["note"] == "not derived: doppler does not define it"
    assert [row["er_status"] for row in rows] == ["", "positive"]
    assert record["er_status"]["note"] == "as the cohort gives it; not derived: doppler does not define it"


def test_classes_of_the_other_studies():
    assert derive("tumour_size_class", tumour_diameter_mm=["9.4", "9.5", "14.5", "20", "20.4", "0.4", ""]) == [
        *("1_9", "10_14", "15_20", "15_20", "over_20", None, None)
    ]
    assert derive("birads_category", birads=["4A", "4C", "4", "5", "0", ""]) == ["4", "4", "4", "5", "0", None]
    readings = {"test_positive_from_birads": 4, "not_visible_counts_as": "negative"}
    seen = dict(
        us_birads=["4", "3", "", "5", ""], us_finding=["isolated_dots"] * 2 + ["invisible"] * 2 + ["other_change"]
    )
    assert derive("us_assessment", readings, **seen) == ["positive", "negative", "negative", "negative", None]
    mri = dict(mri_birads=["5", "3", "4", "1", ""], malignant=["yes", "yes", "no", "no", "no"])
    assert derive("mri_correct", readings, **mri) == ["yes", "no", "no", "yes", None]
    days = dict(
        diagnosis_date=["2001-01-01"] * 3,
        last_contact_date=["2001-01-11"] * 3,
        relapse=["yes", "no", ""],
        relapse_date=["2001-01-05", "", ""],
    )
    assert derive("relapse_free_days", **days) == [4, 10, None]
    lytic = dict(bone_lesion_type=["osteolytic", "mixed", "osteoblastic", ""])
    assert derive("osteolytic", {"osteolytic_includes_mixed": False}, **lytic) == ["yes", "no", "no", None]
    assert derive("osteolytic", {"osteolytic_includes_mixed": True}, **lytic) == ["yes", "yes", "no", None]
    assert derive("casting_group", tumour_feature=["stellate", "powdery", "casting", "other"]) == [
        *("no_calcification", "other_calcification", "casting", None)
    ]
