"""Figures of us_mri and casting: what they say is in the tables; nothing is cut off, however ugly the cohort."""

from __future__ import annotations

import doctest
import functools
import math
import shutil
import xml.etree.ElementTree as ET

import pytest

from replicalc.cohort.frame import Cohort, typed, write_cohort
from replicalc.cohort.source import ROW
from replicalc.digest import digest
from replicalc.errors import ReplicalcError
from replicalc.figures import canvas, hazard, labels, marks, work_up
from replicalc.table import Lookup, read_result

from .lesions import EVERY, FIGURES, TABLES, claims
from .looks import assert_inside, assert_readable
from .prepared import ROOT, VARIABLES, write_flow

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="session")
def made_once(tmp_path_factory):
    """Write a cohort of ``lesions.py`` with its flow and its result tables; return the folder."""

    @functools.cache
    def go(name: str, kind: str, unit: str):
        import pandas as pd

        cells = EVERY[name]()
        folder, n = tmp_path_factory.mktemp(name), len(next(iter(cells.values())))
        frame = typed(pd.DataFrame({ROW: [str(i) for i in range(n)], **cells}), VARIABLES)
        write_cohort(Cohort(frame, "study", name, kind, unit, "none"), folder / "cohort.parquet")
        write_flow(folder / "flow.csv", n, name, kind)
        for result, (function, params) in TABLES.items():
            function(folder / "cohort.parquet", folder / f"{result}.csv", folder / "log", **params)
        return folder

    return go


@pytest.fixture
def folder_of(made_once, tmp_path):
    """Copy such a folder: the test may spoil it."""

    def go(name: str, kind: str = "synthetic", unit: str = "lesion"):
        return shutil.copytree(made_once(name, kind, unit), tmp_path / f"{name}_{kind}_{unit}")

    return go


@pytest.fixture
def show(render):
    """Draw a figure of such a folder."""

    def go(folder, figure: str, out: str = "out", write: bool = True):
        function, names, params = FIGURES[figure]
        files = [
            claims(figure.split("_fig_")[0]) if name == "claims" else folder / (name if "." in name else f"{name}.csv")
            for name in names
        ]
        return render(function, files, folder / out / figure, write, **params)

    return go


def found(folder, result: str) -> Lookup:
    return Lookup(read_result(folder / f"{result}.csv"))


def alt(drawn) -> str:
    return ET.parse(drawn.svg).getroot().find(f"{SVG}title").text


@pytest.mark.parametrize("figure", FIGURES)
@pytest.mark.parametrize("cohort", EVERY)
def test_nothing_overlaps_and_nothing_leaves_the_page(folder_of, show, cohort, figure):
    drawn = show(folder_of(cohort), figure, write=False)
    assert_readable(drawn)
    assert_inside(drawn, canvas.DPI)


@pytest.mark.parametrize("figure", FIGURES)
@pytest.mark.parametrize("cohort", ["ordinary", "bare"])
def test_the_same_bytes_when_drawn_again_with_cohort_and_kind(folder_of, show, cohort, figure):
    folder = folder_of(cohort, kind="real")
    drawn, again = show(folder, figure), show(folder, figure, out="again")
    assert drawn.svg.read_bytes() == again.svg.read_bytes()
    assert drawn.png.read_bytes() == again.png.read_bytes()
    study = figure.split("_fig_")[0]
    assert f"Study: {study}  ·  Cohort: {cohort}  ·  Kind: real" in drawn.words
    assert alt(drawn).endswith(f"Study {study}, cohort {cohort} (real).")
    assert canvas.SYNTHETIC_NOTE not in drawn.words


@pytest.mark.parametrize(
    ("figure", "needed"),
    [
        ("us_mri_fig_accuracy", ["us_assessment", "mri_assessment", "malignant", "birads_category"]),
        ("us_mri_fig_work_up", ["us_assessment", "mri_assessment", "malignant"]),
        ("casting_fig_survival", ["tumour_size_class"]),
        ("casting_fig_hazard", ["tumour_size_class"]),
        ("casting_fig_calc_type", ["calcified", "calc_type", "malignant"]),
    ],
)
def test_a_figure_that_cannot_be_drawn_names_what_is_missing(folder_of, show, figure, needed):
    drawn = show(folder_of("bare"), figure)
    words = " ".join(drawn.words.split())
    assert "not evaluable: variable" in words and all(name in words for name in needed)
    assert "Nothing is drawn" in alt(drawn)


def test_flow_counts_lesions_and_women(folder_of, show):
    folder = folder_of("ordinary")
    drawn = show(folder, "us_mri_fig_flow")
    assert "Flow of lesions" in drawn.words
    assert "included: 180 lesions\nof 135 patients" in drawn.words
    assert "180 included of 135 patients" in alt(drawn)


def test_flow_counts_women_only_where_it_is_known_whose_lesion_it_is(folder_of, show):
    unknown = show(folder_of("no_patient"), "us_mri_fig_flow").words
    assert "included: 120 lesions" in unknown and "patients" not in unknown.replace(canvas.SYNTHETIC_NOTE, "")
    plain = show(folder_of("ordinary", unit="patient"), "us_mri_fig_flow").words
    assert "included: 180 patients" in plain and "of 135 patients" not in plain


def test_accuracy_shows_both_intervals_and_the_printed_value(folder_of, show):
    folder = folder_of("ordinary")
    texts, clustered = [text for text, *_ in show(folder, "us_mri_fig_accuracy").texts], 0
    for test in ("us", "mri"):
        lookup = found(folder, f"us_mri_x_{test}_accuracy")
        for stat in ("sensitivity", "specificity", "ppv", "npv"):
            place = ("all", f"{test}_assessment=positive~malignant=yes")
            value, lo, hi = (lookup(*place, f"{stat}{end}").value for end in ("", "_lo", "_hi"))
            assert labels.with_interval(value, lo, hi, 1) in texts
            ends = [lookup(*place, f"{stat}_clustered_{side}") for side in ("lo", "hi")]
            if all(end and math.isfinite(end.value) for end in ends):
                assert " to ".join(labels.number(end.value, 1) for end in ends) in texts
                clustered += 1
    assert clustered >= 5
    ppv3 = found(folder, "us_mri_x_ppv3")("all", "malignant=yes", "count")
    assert f"{int(ppv3.value)}/{ppv3.n}" in texts
    for printed in ("85.4", "66.2", "61.2", "87.9", "70.1", "67.6", "38.4"):
        assert printed in texts
    assert texts.count("100.0") == 2


def test_accuracy_without_one_test_draws_the_others_and_says_why(folder_of, show):
    words = " ".join(show(folder_of("no_ultrasound"), "us_mri_fig_accuracy").words.split())
    assert "ultrasound is not evaluable: variable us_assessment not in cohort no_ultrasound" in words
    assert "Sensitivity" in words and "MRI" in words


def test_accuracy_says_how_the_clustered_interval_was_made(folder_of, show):
    words = show(folder_of("no_patient"), "us_mri_fig_accuracy").words
    assert "clustered: not given where nobody contributes more than one" in words
    place = ("all", "mri_assessment=positive~malignant=yes", "sensitivity_clustered_lo")
    row = found(folder_of("ordinary"), "us_mri_x_mri_accuracy")(*place)
    assert "counted once" in row.method
    words = " ".join(show(folder_of("ordinary", kind="real"), "us_mri_fig_accuracy").words.split())
    assert "where all lesions agree: Wilson with each patient counted once" in words


def test_the_tree_counts_each_branch_and_the_bars_each_rule(folder_of, show):
    folder = folder_of("ordinary")
    drawn = show(folder, "us_mri_fig_work_up")
    texts, lookup = [text for text, *_ in drawn.texts], found(folder, "us_mri_x_work_up")
    leaves = 0
    for first in ("positive", "negative"):
        for second in ("positive", "negative"):
            row = lookup(f"us_assessment={first};mri_assessment={second}", "malignant=yes", "count")
            assert f"{row.n} lesions, {int(row.value)} malignant" in texts
            leaves += row.n
    assert leaves == 180
    rules = [row.group for row in lookup.rows if row.stat == "missed"]
    assert len(rules) == 5
    cancers = int(lookup("all", "malignant=yes", "count").value)
    for rule in rules:
        biopsies, spared, missed = (
            int(lookup(rule, "malignant=yes", stat).value) for stat in ("biopsies", "biopsies_spared", "missed")
        )
        assert f"{biopsies}/180" in texts and f"{missed}/{cancers}" in texts
        assert f"{spared} ({labels.number(100 * spared / 180, 0)} %)" in texts
        assert f"{spared} spared, {missed} cancers missed" in alt(drawn)


def test_an_empty_branch_and_a_cohort_without_cancer(folder_of, show):
    assert show(folder_of("all_positive"), "us_mri_fig_work_up").words.count("nobody is on this branch") == 4
    assert "0/0" in show(folder_of("all_benign"), "us_mri_fig_work_up").words


def test_survival_draws_the_curves_of_the_table(folder_of, show):
    folder = folder_of("ordinary")
    drawn = show(folder, "casting_fig_survival")
    texts, lookup = [text for text, *_ in drawn.texts], found(folder, "casting_x_tabar2004_survival")
    for group, moment in (
        ("tumour_feature=stellate", 24),
        ("tumour_feature=casting;tumour_size_class=1_9", 20),
        ("tumour_feature=casting;tumour_size_class=10_14", 20),
    ):
        value, lo, hi = (lookup(group, f"time={moment}", f"survival{end}").value for end in ("", "_lo", "_hi"))
        assert f"{moment} y: {labels.with_interval(value, lo, hi, 1)}" in texts
        events, n = (lookup(group, "follow_up_days", stat).value for stat in ("events", "n"))
        assert f"{events:.0f}/{n:.0f}" in texts
        assert str(int(lookup(group, "time=10", "at_risk").value)) in texts
    assert {"95", "72", "52"} <= set(texts)
    assert labels.p_text(lookup("all", "follow_up_days by tumour_feature", "p")) in texts
    median = lookup("all", "follow_up_days", "median_follow_up").value
    assert f"median follow-up (reverse Kaplan-Meier) {labels.number(median, 1)}" in " ".join(drawn.words.split())


def test_survival_of_other_patients_than_the_tables_is_refused(folder_of, show):
    folder, other = folder_of("ordinary"), folder_of("gaps")
    shutil.copy(other / "cohort.parquet", folder / "cohort.parquet")
    with pytest.raises(ReplicalcError, match="cohort and table do not belong together"):
        show(folder, "casting_fig_survival")


def test_a_group_that_only_the_paper_has_keeps_its_printed_value(folder_of, show):
    texts = [text for text, *_ in show(folder_of("one_feature"), "casting_fig_survival").texts]
    assert texts.count("nobody") == 2 and {"95", "72", "52"} <= set(texts)


def test_survival_without_tumour_feature_says_so(folder_of, show):
    words = " ".join(show(folder_of("no_feature"), "casting_fig_survival").words.split())
    assert "variable tumour_feature not in cohort no_feature" in words


def test_hazard_ratios_stand_beside_the_printed_one(folder_of, show):
    folder = folder_of("ordinary")
    drawn = show(folder, "casting_fig_hazard")
    texts, lookup = [text for text, *_ in drawn.texts], found(folder, "casting_x_tabar2004_hazard")
    terms = [row for row in lookup.rows if row.stat == "hr"]
    assert len(terms) > 10
    for row in terms:
        limits = [lookup(row.group, row.variable, stat).value for stat in ("hr_lo", "hr_hi")]
        assert labels.with_interval(row.value, *limits, 2) in texts
        assert labels.p_value(lookup(row.group, row.variable, "p").value) in texts
        assert labels.p_value(lookup(row.group, row.variable, "p_proportional_hazards").value) in texts
    assert "9.19 (4.18 to 20.17)" in texts and texts.count("paper") == 1
    assert "the printed ratio is read as that of all factors together" in texts
    assert "against stellate" in texts and "against 1–9 mm" in texts


def test_a_hazard_without_bounds_is_told_and_keeps_to_the_axis(folder_of, show):
    words = " ".join(show(folder_of("separated"), "casting_fig_hazard").words.split())
    assert "9.19 (4.18 to 20.17)" in words
    lookup = found(folder_of("separated", kind="real"), "casting_x_tabar2004_hazard")
    why = lookup("model=univariable", "tumour_feature=casting", "hr")
    assert math.isnan(why.value) and f"–: {why.warning.split(':')[0]}" in words


def test_hazards_without_a_factor_are_drawn_alone(folder_of, show):
    words = " ".join(show(folder_of("no_grade"), "casting_fig_hazard").words.split())
    assert "the model of all together is not evaluable: the model needs grade, not in cohort no_grade" in words
    assert " together 1." not in words and " together 0." not in words


def test_types_of_calcification_add_up_to_their_class(folder_of, show):
    folder = folder_of("ordinary")
    texts = [text for text, *_ in show(folder, "casting_fig_calc_type").texts]
    lookup = found(folder, "casting_a_benign_malignant")
    for group in ("calc_type_class=suspicious", "calc_type_class=typically_benign", "calc_type=punctate"):
        count = lookup(group, "malignant=yes", "count")
        share = [lookup(group, "malignant=yes", stat).value for stat in ("percent", "percent_lo", "percent_hi")]
        assert f"{int(count.value)}/{count.n}" in texts and labels.with_interval(*share, 1) in texts
    assert (
        texts.index("Typically benign, all")
        < texts.index("vascular")
        < texts.index("Suspicious, all")
        < texts.index("fine linear")
    )
    assert "none" in texts  # eggshell: a type that the dictionary has and nobody here
    words = " ".join(show(folder, "casting_fig_calc_type").words.split())
    assert "worked up: yes or not recorded" in words


def test_a_real_cohort_says_what_to_mind(folder_of, show):
    """Lesions of one woman, and how the cohort was chosen, stand under the figure; synthetic patients need no such words."""
    folders = [folder_of("ordinary", kind="real"), folder_of("ordinary")]
    for name in ("casting_fig_calc_type", "us_mri_fig_accuracy"):
        real, made = (" ".join(show(folder, name).words.split()) for folder in folders)
        assert "this cohort: " in real and "contribute more than one, treated" in real
        assert "contribute more than one, treated" not in made


def test_an_interval_beyond_the_axis_ends_in_an_arrow_head():
    from matplotlib.figure import Figure

    def heads(*ratio):
        ax = Figure().add_subplot()
        ax.set(xscale="log", xlim=(0.1, 10))
        marks.bounded(ax, 0, *ratio, marks.COMPUTED, (0.1, 10))
        return [line.get_marker() for line in ax.lines if line.get_marker() not in ("None", "")], len(ax.lines)

    assert heads(1, 0.5, 2) == (["o"], 4)
    assert heads(5, 0.0, math.inf) == (["<", ">", "o"], 4)
    assert heads(50, 20, math.inf) == ([">"], 2)
    assert heads(math.nan, math.nan, math.nan) == ([], 0)
    assert heads(2, 1, math.nan) == (["o"], 1)


def test_the_examples_in_the_docstrings_run():
    for module in (hazard, labels, work_up):
        tested = doctest.testmod(module)
        assert tested.attempted and not tested.failed


def test_every_rule_names_its_function():
    text = (ROOT / "workflow" / "rules" / "figures.smk").read_text(encoding="utf-8")
    for figure, (function, *_) in FIGURES.items():
        rule = text.split(f"rule {figure}:")[1].split("\nrule ")[0]
        entry = rule.split('digest("')[1].split('"')[0]
        assert entry == f"{function.__module__.removeprefix('replicalc.')}:{function.__name__}"
        assert len(digest(entry)) == 16
