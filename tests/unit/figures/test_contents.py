"""What single figures say: numbers from the tables, panels that can be drawn, reasons for those that cannot."""

from __future__ import annotations

import doctest
import itertools
import math
import xml.etree.ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from replicalc.digest import digest, reached_by
from replicalc.errors import ReplicalcError
from replicalc.figures import canvas, labels, marks, response, sizes
from replicalc.records import load_claims, load_dictionary
from replicalc.table import Lookup, Row, read_result

from .prepared import CLAIMS, FIGURES, ROOT, STUDY_FILE, table, write_flow


def alt(drawn) -> str:
    return ET.parse(drawn.svg).getroot().find("{http://www.w3.org/2000/svg}title").text


def test_flow_counts_everybody_and_greys_what_was_not_applied(prepare, draw):
    drawn = draw(prepare("ordinary"), "flow")
    for text in ("assessed: 36 patients", "n = 27", "included: 24 patients", "excluded: n = 9", "excluded: n = 3"):
        assert text in drawn.words
    words = " ".join(drawn.words.split())
    assert "not applied: this cohort has no calc_extent_pre_mm, calc_extent_post_mm" in words
    assert "excluded: n = 0" not in words
    assert "1 of 3 criteria not applied" in alt(drawn)


def test_flow_names_the_unit_of_analysis(prepare, draw):
    assert "included: 3 breasts" in draw(prepare("bare", unit="breast"), "flow").words


@pytest.mark.parametrize("excluded", [0, 40])
def test_flow_of_one_criterion(prepare, draw, excluded):
    folder = prepare("ordinary")
    write_flow(folder / "flow.csv", 0, "tiny", "real", [("a reason", excluded, "yes", "")])
    words = draw(folder, "flow").words
    assert f"assessed: {excluded} patients" in words and "included: 0 patients" in words


def test_rows_that_the_export_repeats_are_nobody_assessed(prepare, draw):
    folder = prepare("ordinary")
    steps = [("the same row once more in the export", 5, "yes", ""), ("a reason", 7, "yes", "")]
    write_flow(folder / "flow.csv", 24, "tiny", "real", steps)
    flow = folder / "flow.csv"
    flow.write_text(flow.read_text().replace("criterion_1", "identical_rows"))
    words = draw(folder, "flow").words
    assert "in the export: 36 rows" in words and "assessed: 31 patients" in words and "included: 24 patients" in words
    assert "assessed: 36" not in words


def test_flow_without_criteria_says_so(prepare, draw):
    folder = prepare("ordinary")
    write_flow(folder / "flow.csv", 24, "tiny", "real", [])
    assert "the study names no criteria" in draw(folder, "flow").words


def test_pcr_shares_are_those_of_the_table_and_of_the_paper(prepare, draw):
    folder = prepare("ordinary")
    drawn = draw(folder, "pcr_by_subtype")
    lookup = Lookup(read_result(table(folder, "t2")))
    yes, no = (int(lookup(f"pcr={code}", "subtype=tn", "count").value) for code in ("yes", "no"))
    texts = [text for text, *_ in drawn.texts]
    assert f"{yes}/{yes + no}" in texts
    assert "33 (10 to 70)" in texts  # Wilson, 2 of 6: 0.0968 to 0.7000
    for printed in ("19/25", "21/42", "8/47", "4/13", "52/127"):
        assert printed in texts
    assert "HR−/HER2+" in texts and "HR−/HER2− (TN)" in texts


def test_pcr_without_subtype_is_drawn_for_all(prepare, draw):
    words = draw(prepare("no_subtype"), "pcr_by_subtype").words
    assert "all patients" in words and "8/24" in words
    assert "the share by subtype is not evaluable: variable subtype not in cohort no_subtype" in words


def test_pcr_of_an_empty_group_has_no_share(prepare, draw):
    texts = [text for text, *_ in draw(prepare("one_subtype"), "pcr_by_subtype").texts]
    assert texts.count("nobody") == 3 and texts.count("0/0") == 3


def test_those_left_out_are_counted(prepare, draw):
    folder = prepare("gaps")
    missing = Lookup(read_result(table(folder, "t2")))("all", "pcr=yes", "count").n_missing
    assert missing > 0
    assert f"left out, value missing: {missing} patients" in draw(folder, "pcr_by_subtype").words


def test_extent_draws_everybody_once(prepare, draw):
    folder = prepare("gaps")
    drawn = draw(folder, "extent_before_after")
    panels = [text for text, *_ in drawn.texts if ", n = " in text]
    n = sum(int(text.split("n = ")[1]) for text in panels)
    (without,) = (text for text, *_ in drawn.texts if text.startswith("without class"))
    known = Lookup(read_result(table(folder, "t3_extent")))(
        "all", "calc_extent_post_mm - calc_extent_pre_mm", "n_equal"
    )
    assert n + int(without.split(": ")[1].split()[0]) == known.n
    assert "at least 10 % more is an increase" in drawn.words


def test_extent_without_classes_is_one_panel(prepare, draw):
    words = draw(prepare("no_classes"), "extent_before_after").words
    assert "all patients, n = 24" in words
    assert "not shown by class of change: variable calc_change not in cohort no_classes" in words


def test_change_bars_name_the_test_of_each_panel(prepare, draw):
    folder = prepare("ordinary")
    drawn = draw(folder, "change_by_response")
    for name, method in (("recist", "Pearson chi-squared"), ("miller_payne", "Fisher-Freeman-Halton exact")):
        row = Lookup(read_result(table(folder, f"t4_{name}")))("all", f"{name} x calc_change", "p")
        assert f"{method}: P = {row.value:.3f}" in drawn.words
    assert "grade 5, n = 4" in drawn.words


def test_change_bars_are_drawn_where_they_can_be(prepare, draw):
    words = " ".join(draw(prepare("no_grade"), "change_by_response").words.split())
    assert "not evaluable: variable miller_payne not in cohort no_grade" in words
    assert "complete response, n = " in words and "100" in words


def test_segments_are_told_apart_in_grey():
    def lightness(color: str) -> float:
        red, green, blue = (int(color[i : i + 2], 16) / 255 for i in (1, 3, 5))
        return 0.2126 * red**2.2 + 0.7152 * green**2.2 + 0.0722 * blue**2.2

    found = sorted(lightness(look["facecolor"]) for look in response.LOOKS.values())
    assert all(upper - lower > 0.2 for lower, upper in itertools.pairwise(found))


def test_agreement_shows_the_limits_of_the_table(prepare, draw):
    folder = prepare("ordinary")
    drawn = draw(folder, "agreement")
    lookup = Lookup(read_result(table(folder, "t5_icc_mri_pathology")))
    for word, stat in (("upper", "loa_hi"), ("bias", "bias"), ("lower", "loa_lo")):
        value = lookup("all", "mri_post_mm~residual_size_mm", stat).value
        assert f"{word} {labels.number(value, 2)}" in drawn.words


def test_agreement_draws_the_column_that_it_can(prepare, draw):
    drawn = draw(prepare("no_mammography"), "agreement")
    words = " ".join(drawn.words.split())
    assert "not evaluable: variable calc_extent_post_mm not in cohort no_mammography" in words
    assert "MRI and pathology, n = 24" in words


def test_icc_stands_beside_the_printed_one(prepare, draw):
    folder = prepare("ordinary")
    drawn = draw(folder, "icc_by_subtype")
    texts = [text for text, *_ in drawn.texts]
    row = Lookup(read_result(table(folder, "t5_icc_mri_pathology")))("all", "mri_post_mm~residual_size_mm", "icc")
    assert any(text.startswith(f"{row.value:.3f} (") for text in texts)
    for printed in ("0.771 (0.689 to 0.833)", "−0.018 (−0.545 to 0.519)", "0.140 (−0.035 to 0.306)"):
        assert printed in texts


def test_icc_keeps_the_axis_where_the_last_block_is_missing(prepare, draw):
    texts = [text for text, *_ in draw(prepare("no_mammography"), "icc_by_subtype").texts]
    assert "ICC" in texts and "0.5" in texts
    assert sum("not evaluable" in text for text in texts) == 2


def test_confusion_shows_counts_and_measures(prepare, draw):
    folder = prepare("ordinary")
    drawn = draw(folder, "confusion")
    lookup = Lookup(read_result(table(folder, "x_mri_accuracy")))
    place = ("all", "mri_complete_response=no~pcr=no")
    texts = [text for text, *_ in drawn.texts]
    counts = [int(lookup(*place, stat).value) for stat in ("tp", "fp", "fn", "tn")]
    assert all(str(count) in texts for count in counts) and str(sum(counts)) in texts
    assert f"{counts[0]}/{counts[0] + counts[2]}" in texts
    value, lo, hi = (lookup(*place, f"sensitivity{end}").value for end in ("", "_lo", "_hi"))
    assert labels.with_interval(value, lo, hi, 1) in texts
    assert "paper: 92.0" in texts and "paper: 69.2" in texts


def test_confusion_without_a_condition_has_no_rate(prepare, draw):
    texts = [text for text, *_ in draw(prepare("all_zero"), "confusion").texts]
    assert "–/0" in texts and "–" in texts


def test_every_code_that_is_drawn_has_a_label():
    variables = load_dictionary(ROOT / "data" / "dictionary.csv")
    for name, words in labels.CODES.items():
        assert set(words) == set(variables[name].code_list)
    assert all(name in variables for name in labels.VARIABLES)


def test_printed_numbers_are_found_at_their_place():
    values = marks.printed(CLAIMS, "nat_residual_t5_icc_mg_pathology")
    assert values("subtype=tn", "calc_extent_post_mm~residual_size_mm", "icc") == -0.018
    assert math.isnan(values("all", "nothing", "icc"))
    inequality = next(claim for claim in load_claims(CLAIMS) if claim.reported.startswith("<"))
    found = marks.printed(CLAIMS, inequality.result)
    assert math.isnan(found(inequality.group, inequality.variable, inequality.stat))


def test_a_definition_that_is_missing_is_said_to_be_missing():
    assert canvas.definition(STUDY_FILE, "no_such_thing") == "no such thing: not defined by the study"


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0004, "P < 0.001"), (0.00099, "P < 0.001"), (0.001, "P = 0.001"), (0.9999, "P > 0.999"), (1.0, "P = 1")],
)
def test_p_values_are_never_printed_as_zero(value, text):
    assert labels.p_text(Row("r", "all", "a x b", "p", value)) == text


def test_a_p_value_that_is_not_there_is_not_made_up():
    assert labels.p_text(None) == "no test"
    assert labels.p_text(Row("r", "all", "a x b", "p", math.nan, method="Fisher")) == "Fisher: no P value"


@given(st.lists(st.floats(-20, 20), min_size=1, max_size=6), st.floats(0.01, 5))
def test_labels_are_spread_and_stay_in_order(values, gap):
    values = sorted(values, reverse=True)
    found = sizes.spread(values, gap)
    assert all(upper - lower >= gap - 1e-6 for upper, lower in itertools.pairwise(found))
    assert math.isclose(sum(found), sum(values), abs_tol=1e-6)


@given(st.text(st.characters(codec="ascii", categories=["L", "Zs"]), max_size=80), st.floats(0.3, 6))
def test_wrapped_lines_keep_the_words_and_the_width(text, inches):
    lines = canvas.wrapped(text, inches)
    assert " ".join(lines).split() == text.split()
    for line in lines:
        if " " in line:
            assert canvas.wrapped(line, inches) == [line]


def test_the_examples_in_the_docstrings_run():
    for module in (labels, sizes):
        tested = doctest.testmod(module)
        assert tested.attempted and not tested.failed


def test_every_rule_names_its_function_and_the_digest_follows_it():
    text = (ROOT / "workflow" / "rules" / "figures.smk").read_text(encoding="utf-8")
    for figure in FIGURES:
        (entry,) = {
            part.split('"')[0] for part in text.split('digest("')[1:] if part.split('"')[0].endswith(f":{figure}")
        }
        assert len(digest(entry)) == 16
        assert {"replicalc.figures.canvas:save", "replicalc.figures.canvas:SETTINGS"} <= set(reached_by(entry))
    with pytest.raises(ReplicalcError):
        digest("figures.flowchart:no_such_figure")
