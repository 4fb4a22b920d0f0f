"""Figures of doppler and nact_bone: what they say is in the tables and the claims, whatever the cohort looks like."""

from __future__ import annotations

import doctest
import functools
import math
import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st
from project import ROOT

from replicalc.digest import digest
from replicalc.errors import ReplicalcError
from replicalc.figures import canvas, labels, log_axis
from replicalc.records import load_claims
from replicalc.table import Lookup, read_result

from .conftest import Drawn
from .doppler_nact_bone import EVERY, FIGURES, PARAMS, inputs, study_of, write_folder
from .looks import assert_inside, assert_readable

FORESTS = [figure for figure in FIGURES if "_fig_forest" in figure]
#: Thousands of patients show in counts only; regressions on them take minutes.
DRAWN = [(cohort, figure) for cohort in EVERY for figure in FIGURES if cohort != "big" or figure not in FORESTS]


@pytest.fixture(scope="session")
def once(tmp_path_factory):
    """Write a cohort with its tables once for all tests; return the folder."""

    @functools.cache
    def go(name: str, kind: str = "synthetic"):
        folder = tmp_path_factory.mktemp(name)
        wanted = [figure for made, figure in DRAWN if made == name]
        write_folder(folder, name, wanted, kind)
        return folder

    return go


@pytest.fixture
def draw(once, tmp_path, render):
    """Draw a figure of a made-up cohort; ``spoil`` may edit a copy of its input files before."""

    def go(name, figure, *, out="out", spoil=None, kind="synthetic", write=True) -> Drawn:
        folder = once(name, kind)
        if spoil:
            folder = shutil.copytree(folder, tmp_path / "spoilt")
        files = inputs(folder, figure)
        if spoil:
            files = spoil(files) or files
        return render(FIGURES[figure][0], files, tmp_path / out / figure, write, **PARAMS.get(figure, {}))

    return go


def rows_of(folder, figure):
    tables = [file for file in inputs(folder, figure) if file.suffix == ".csv" and "_a_" in file.name]
    return [row for table in tables for row in read_result(table)]


def claims_of(figure):
    return load_claims(ROOT / "config" / "studies" / study_of(figure) / "claims.csv")


def alt(drawn) -> str:
    return ET.parse(drawn.svg).getroot().find("{http://www.w3.org/2000/svg}title").text


def texts_of(drawn) -> list[str]:
    return [text for text, *_ in drawn.texts]


def plain(drawn) -> str:
    """Give all words from top to bottom, so that a note of several lines reads as one sentence."""
    texts = sorted(drawn.texts, key=lambda found: -found[1].y1)
    return " ".join(" ".join(text for text, *_ in texts).split())


@pytest.mark.parametrize(("cohort", "figure"), DRAWN)
def test_words_do_not_overlap_and_nothing_leaves_the_page(draw, cohort, figure):
    drawn = draw(cohort, figure, write=False)
    assert_readable(drawn)
    assert_inside(drawn, canvas.DPI)


@pytest.mark.parametrize("figure", FIGURES)
@pytest.mark.parametrize("cohort", ["ordinary", "bare"])
def test_the_same_input_gives_the_same_bytes(draw, cohort, figure):
    drawn, again = draw(cohort, figure, kind="real"), draw(cohort, figure, kind="real", out="again")
    assert drawn.svg.read_bytes() == again.svg.read_bytes()
    assert drawn.png.read_bytes() == again.png.read_bytes()
    assert alt(drawn).endswith(f"Study {study_of(figure)}, cohort {cohort} (real).")
    assert not re.search(r"20\d\d-\d\d-\d\d|Matplotlib", drawn.svg.read_text(encoding="utf-8"))


@pytest.mark.parametrize("figure", FIGURES)
def test_the_title_names_study_cohort_and_kind(draw, figure):
    drawn = draw("ordinary", figure, kind="real", write=False)
    assert f"Study: {study_of(figure)}  ·  Cohort: ordinary  ·  Kind: real" in drawn.words
    assert canvas.SYNTHETIC_NOTE not in drawn.words
    assert canvas.SYNTHETIC_NOTE in draw("ordinary", figure, write=False).words


@pytest.mark.parametrize(
    ("figure", "variables"),
    [
        ("doppler_fig_flow", ["prognosis"]),
        ("doppler_fig_accuracy", ["us_calcification", "path_calcification"]),
        ("doppler_fig_forest", ["prognosis"]),
        ("nact_bone_fig_outcomes", ["calcified", "pcr", "mri_necrosis", "bone_metastasis"]),
        ("nact_bone_fig_forest_nonpcr", ["pcr"]),
        ("nact_bone_fig_forest_bone", ["bone_metastasis"]),
        ("nact_bone_fig_metastasis", ["bone_metastasis"]),
    ],
)
def test_a_cohort_without_the_variables_gets_a_figure_that_names_them(draw, figure, variables):
    words = plain(draw("bare", figure))
    assert "not evaluable: variable" in words and "not in cohort bare" in words
    assert all(name in words for name in variables)


@pytest.mark.parametrize("figure", FIGURES)
def test_a_figure_that_fails_leaves_no_file_and_one_sentence(draw, figure, tmp_path):
    with pytest.raises(ReplicalcError):
        draw("ordinary", figure, spoil=lambda files: files[0].unlink())
    assert not list(tmp_path.glob("out/*.svg")) and not list(tmp_path.glob("out/*.png"))


def test_flow_ends_with_the_prognosis_beside_the_printed_counts(draw, once):
    drawn = draw("gaps", "doppler_fig_flow")
    lookup = Lookup(rows_of(once("gaps"), "doppler_fig_flow"))
    printed = {claim.variable: claim.reported for claim in claims_of("doppler_fig_flow") if claim.stat == "count"}
    for code in ("good", "poor"):
        count, share = (lookup("all", f"prognosis={code}", stat).value for stat in ("count", "percent"))
        box = f"{code} prognosis\nn = {count:.0f} ({share:.1f} %)\nprinted: {printed[f'prognosis={code}']}"
        assert box in texts_of(drawn)
        assert " ".join(box.split()) in alt(drawn)
    assert f"Prognosis not known\nn = {lookup('all', 'prognosis', 'n').n_missing}" in texts_of(drawn)
    assert "us_calcification 12, path_calcification 12" in plain(drawn)


def test_flow_of_a_cohort_without_prognosis_still_counts_patients(draw):
    words = plain(draw("bare", "doppler_fig_flow"))
    assert "included: 3 patients" in words
    assert "Prognosis is not evaluable: variable prognosis not in cohort bare" in words


def test_accuracy_shows_every_interval_of_the_table(draw, once):
    drawn = draw("ordinary", "doppler_fig_accuracy")
    texts, lookup = texts_of(drawn), Lookup(rows_of(once("ordinary"), "doppler_fig_accuracy"))
    place = ("all", "us_calcification=yes~path_calcification=yes")
    for stat in ("accuracy", "sensitivity", "specificity", "ppv", "npv"):
        row = lookup(*place, stat)
        assert any(text.startswith(f"{labels.number(row.value, 1)} % (") for text in texts)
        for method in ("", "_clopper_pearson", "_wald", "_agresti_coull", "_jeffreys"):
            lo, hi = (lookup(*place, f"{stat}{method}_{side}").value for side in ("lo", "hi"))
            assert f"{labels.number(lo, 1)} to {labels.number(hi, 1)}" in texts
    for cell in ("tp", "fp", "fn", "tn"):
        assert str(int(lookup(*place, cell).value)) in texts
    assert [texts.count(name) for name in ("Wilson", "Jeffreys", "printed", "clustered")] == [5, 5, 5, 0]


def test_accuracy_shows_the_printed_intervals_in_percent(draw):
    texts = texts_of(draw("ordinary", "doppler_fig_accuracy"))
    printed = {
        claim.stat: float(claim.reported) for claim in claims_of("doppler_fig_accuracy") if "acc" in claim.result
    }
    for stat in ("accuracy", "sensitivity", "specificity", "ppv", "npv"):
        assert f"{100 * printed[f'{stat}_lo']:.1f} to {100 * printed[f'{stat}_hi']:.1f}" in texts
        assert any(text.endswith(f", printed {printed[stat]:.1f} %") for text in texts)


def test_limits_are_only_taken_for_fractions_where_the_study_says_so(draw, tmp_path):
    def other_reading(files):
        study = tmp_path / "study.yaml"
        text = files[2].read_text(encoding="utf-8")
        study.write_text(text.replace("  proportion_limits_printed_as: fraction\n", ""), encoding="utf-8")
        return [*files[:2], study]

    drawn = draw("ordinary", "doppler_fig_accuracy", spoil=other_reading)
    assert "0.7 to 0.8" in texts_of(drawn) and "as fractions" not in plain(drawn)


def test_accuracy_without_a_condition_has_no_share(draw):
    assert sum(text.startswith("– (0/0)") for text in texts_of(draw("alike", "doppler_fig_accuracy"))) == 2


@pytest.mark.parametrize("figure", FORESTS)
@pytest.mark.parametrize("cohort", ["ordinary", "gaps", "separated"])
def test_forest_shows_every_odds_ratio_of_the_tables(draw, once, figure, cohort):
    texts = texts_of(draw(cohort, figure))
    rows = rows_of(once(cohort), figure)
    lookup = Lookup(rows)
    terms = [row for row in rows if row.stat == "or"]
    assert len(terms) >= 18
    for row in terms:
        values = [lookup(row.group, row.variable, stat).value for stat in ("or", "or_lo", "or_hi")]
        assert log_axis.ratio_text(*values) in texts
        assert labels.p_value(lookup(row.group, row.variable, "p").value) in texts
    for name, group in (("univariable", "univariable"), ("multivariable", "multivariable"), ("Firth", "Firth")):
        expected = sum(row.group.removeprefix("model=").endswith(group) for row in terms)
        in_legend = any(not math.isnan(row.value) for row in terms if row.group.endswith(group))
        assert texts.count(name) == expected + in_legend


@pytest.mark.parametrize("figure", FORESTS)
def test_forest_shows_what_is_printed_letter_by_letter(draw, figure):
    texts = texts_of(draw("ordinary", figure))
    results = {file.stem for file in inputs(ROOT, figure)}
    claims = {(claim.group, claim.variable, claim.stat): claim.reported for claim in claims_of(figure)
              if claim.result in results}  # fmt: skip
    ratios = [place for place in claims if place[2] == "or"]
    assert ratios and texts.count("  printed") == len(ratios)
    for group, variable, _ in ratios:
        value, lo, hi = (claims[group, variable, stat] for stat in ("or", "or_lo", "or_hi"))
        assert f"{value} ({lo} to {hi})" in texts
        assert claims.get((group, variable, "p"), "  printed") in texts


@pytest.mark.parametrize("figure", FORESTS)
def test_forest_says_on_how_many_events_a_model_rests(draw, once, figure):
    lookup, words = Lookup(rows_of(once("ordinary"), figure)), plain(draw("ordinary", figure))
    events, per = (lookup("model=multivariable", "", stat) for stat in ("events", "events_per_variable"))
    told = f"{events.n} patients, {events.value:.0f} events; {labels.number(per.value, 1)} events of the rarer outcome"
    assert f"multivariable and Firth: {told} per variable; no separation" in words


def test_forest_names_what_is_separated_and_what_leaves_the_axis(draw):
    words = plain(draw("separated", "doppler_fig_forest"))
    assert "complete separation: no finite estimate for the intercept, Lymph-node metastasis" in words
    assert log_axis.ARROW_NOTE in words
    assert log_axis.ARROW_NOTE not in plain(draw("ordinary", "doppler_fig_forest"))


def test_forest_tests_the_categories_of_a_factor_together(draw, once):
    figure = "nact_bone_fig_forest_nonpcr"
    lookup, texts = Lookup(rows_of(once("ordinary"), figure)), texts_of(draw("ordinary", figure))
    for name, heading in (
        ("subtype", "Molecular subtype, against HR+/HER2−"),
        ("breast_density", "Breast density, against b"),
    ):
        alone, together = (lookup(f"model={model}", name, "p").value for model in ("univariable", "multivariable"))
        assert heading in texts
        told = f"univariable {labels.p_value(alone)}; multivariable {labels.p_value(together)}"
        assert f"P, all categories: {told}" in texts


def test_forest_says_which_factor_and_which_model_are_not_there(draw):
    drawn = draw("no_factors", "nact_bone_fig_forest_nonpcr")
    words = plain(drawn)
    assert "not evaluable: variable subtype not in cohort no_factors" in words
    assert "multivariable and Firth: not evaluable: the model needs mri_necrosis, subtype" in words
    assert "not evaluable" in texts_of(drawn)  # the line above the printed multivariable ratio of calcification
    assert "does not vary" in plain(draw("alike", "nact_bone_fig_forest_nonpcr"))


@pytest.mark.parametrize("limit", ["inf", "", "0", "1e300"])
def test_a_limit_of_any_size_is_drawn_or_left_out(draw, limit):
    def edit(files):
        lines = files[0].read_text(encoding="utf-8").splitlines()
        for i, line in enumerate(lines):
            cells = line.split(",")
            if cells[3] == ("or_lo" if limit == "0" else "or_hi"):
                lines[i] = ",".join([*cells[:4], limit, *cells[5:]])
        files[0].write_text("\n".join(lines) + "\n", encoding="utf-8")

    drawn = draw("no_factors", "nact_bone_fig_forest_nonpcr", spoil=edit)
    assert_readable(drawn)
    assert_inside(drawn, canvas.DPI)
    sign = {"inf": "to ∞)", "": "to –)", "0": "(0 to", "1e300": "to > 9999)"}[limit]
    assert any(sign in text for text in texts_of(drawn))


@pytest.mark.parametrize(
    ("figure", "variables"),
    [
        ("nact_bone_fig_outcomes", ["pcr=yes", "mri_necrosis=yes", "bone_metastasis=yes"]),
        (
            "nact_bone_fig_metastasis",
            ["osteolytic=yes", "bone_extent=axial", "bone_extent=appendicular", "bone_whole_body=yes"],
        ),
    ],
)
@pytest.mark.parametrize("cohort", ["ordinary", "gaps"])
def test_shares_are_those_of_the_tables_and_of_the_paper(draw, once, figure, variables, cohort):
    texts, lookup = texts_of(draw(cohort, figure)), Lookup(rows_of(once(cohort), figure))
    printed = {(claim.group, claim.variable, claim.stat): claim for claim in claims_of(figure)
               if claim.kind != "qualitative"}  # fmt: skip
    for variable in variables:
        for group in ("calcified=yes", "calcified=no"):
            count = lookup(group, variable, "count")
            assert f"{count.value:.0f}/{count.n}" in texts
            values = [lookup(group, variable, stat).value for stat in ("percent", "percent_lo", "percent_hi")]
            assert labels.with_interval(*values, 1) in texts
            if claim := printed.get((group, variable, "percent")):
                assert claim.reported in texts
        crossed = f"calcified x {variable.partition('=')[0]}"
        test = lookup("all", crossed, "p")
        paper = printed.get(("all", crossed, "p"))
        told = f"; printed: P {'' if paper.reported[0] == '<' else '= '}{paper.reported}" if paper else ""
        assert labels.p_text(test) + told in texts


def test_shares_count_those_left_out(draw, once):
    lost = Lookup(rows_of(once("gaps"), "nact_bone_fig_outcomes"))("all", "calcified x pcr", "p").n_missing
    assert lost > 0
    words = plain(draw("gaps", "nact_bone_fig_outcomes"))
    assert f"patients left out, value missing: Pathologic complete response (pCR) {lost};" in words


def test_a_block_that_can_be_drawn_is_drawn(draw):
    words = plain(draw("no_outcome", "nact_bone_fig_metastasis"))
    assert "not evaluable: variable bone_extent not in cohort no_outcome" in words
    assert "share of the group, %" in words and "0 25 50 75 100" in words


def test_groups_of_nobody_have_no_share(draw):
    texts = texts_of(draw("alike", "nact_bone_fig_metastasis"))
    assert texts.count("0/0") == texts.count("nobody") == 8


@given(st.lists(st.floats(min_value=0) | st.just(math.nan), max_size=5))
def test_the_axis_of_ratios_is_ordered_and_holds_1(values):
    span = log_axis.span_of(values)
    assert log_axis.SMALLEST <= span.low < 1 < span.high <= log_axis.LARGEST
    assert 1 in span.ticks and len(span.ticks) <= log_axis.MOST_TICKS
    inside = [value for value in values if log_axis.SMALLEST <= value <= log_axis.LARGEST]
    assert not span.leaves(*inside)


def test_the_examples_in_the_docstrings_run():
    tested = doctest.testmod(log_axis)
    assert tested.attempted and not tested.failed


@pytest.mark.parametrize("figure", FIGURES)
def test_every_rule_calls_its_function_and_carries_its_digest(figure):
    text = (ROOT / "workflow" / "rules" / "figures.smk").read_text(encoding="utf-8")
    (rule,) = re.findall(rf"^rule {figure}:\n(.*?)(?=^rule |^# |\Z)", text, re.MULTILINE | re.DOTALL)
    function = FIGURES[figure][0].__name__
    module = FIGURES[figure][0].__module__.removeprefix("replicalc.")
    assert f"figures.{function}(*input, output.svg, output.png, log[0], **params)" in rule
    assert f'digest("{module}:{function}")' in rule and len(digest(f"{module}:{function}")) == 16
    files = re.findall(r'^ {8}\w+="(.*)",$', rule.split("    output:")[0], re.MULTILINE)
    assert [re.sub(r".*/", "", file) for file in files] == [path.name for path in inputs(ROOT, figure)]


def test_no_figure_loads_pyplot(once, tmp_path):
    folder = once("ordinary")
    calls = "\n".join(
        f"figures.{function.__name__}(*{[str(path) for path in inputs(folder, figure)]!r}, '{figure}.svg', "
        f"'{figure}.png', '{figure}.log', **{PARAMS.get(figure, {})!r})"
        for figure, (function, _) in FIGURES.items()
    )
    code = f"import sys\nfrom replicalc import figures\n{calls}\nprint('matplotlib.pyplot' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path)
    assert (done.stdout, done.stderr) == ("False\n", "")
