"""The figures of pooled results: they say what the tables hold, in words that do not overlap, in equal bytes."""

from __future__ import annotations

import doctest
import math
import re
import struct
import subprocess
import sys
import xml.etree.ElementTree as ET
from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from project import ROOT

from replicalc.digest import digest, reached_by
from replicalc.errors import ReplicalcError
from replicalc.figures import canvas, labels
from replicalc.figures import pooled as forest
from replicalc.figures import pooled_accuracy as plane
from replicalc.results import pooled, pooled_accuracy
from replicalc.stats.bivariate import bivariate
from replicalc.table import COLUMNS, Lookup, ResultTable, read_result

from .conftest import Drawn, _watching

CASTING, US_MRI = (ROOT / "config" / "studies" / name for name in ("casting", "us_mri"))
PLACE = (
    "model=multivariable",
    "tumour_feature=casting",
    "death from breast cancer",
    "stellate lesions without calcification",
)
TABAR, POPULATION = ((f"casting_x_{name}", *PLACE) for name in ("tabar2004_hazard", "population_death"))
PALKA, RELAPSE = (
    (f"casting_x_palka2008_{name}", "model=univariable", "tumour_feature=casting", name, "no casting type")
    for name in ("death", "relapse")
)
POOLS = {
    "whole": {"death": [TABAR, PALKA, POPULATION], "relapse": [RELAPSE]},
    "two": {"death": [TABAR, POPULATION]},
    "single": {"relapse": [RELAPSE]},
    "agreeing": {"death_or_relapse": [PALKA, POPULATION]},
}
INDEX = "mri_assessment=positive~malignant=yes"
MORE = "d2020,Dumitrescu 2020,x,MRI,200,10,50,900,\ne2021,E 2021,x,MRI,60,60,40,60,\nf2022,F 2022,x,MRI,9,4,1,8,\n"
ALIKE = "study,label,source,test,tp,fp,fn,tn,note\na2020,A 2020,x,MRI,47,23,1,54,\nb2020,B 2020,x,MRI,96,46,3,109,\n"


def comparators(name: str) -> str:
    kept = (US_MRI / "comparators.csv").read_text(encoding="utf-8")
    return {"kept": kept, "uncorrected": kept, "more": kept + MORE, "alike": ALIKE}[name]


@pytest.fixture
def draw(tmp_path, monkeypatch):
    """Make the table of a case and draw its figure; note every text that reaches the page."""

    def go(figure: str, case: str, out: str = "out", change=None) -> tuple[Drawn, Lookup]:
        stem = {"ratios": "casting_fig_pooled", "sroc": "us_mri_fig_sroc"}[figure]
        table, log = tmp_path / f"{stem}.csv", tmp_path / "log"
        drawn = Drawn(tmp_path / out / f"{stem}.svg", tmp_path / out / f"{stem}.png")
        if figure == "ratios":
            files = CASTING / "claims.csv", CASTING / "study.yaml"
            pooled.pooled_ratios(*files, table, log, pools=POOLS[case])
            second, draws, more = CASTING / "claims.csv", forest.ratios, {"title": "Casting type"}
        else:
            second, draws, more = tmp_path / "comparators.csv", plane.sroc, {}
            second.write_text(comparators(case), encoding="utf-8")
            pooled_accuracy.pooled_accuracy(
                US_MRI / "claims.csv", US_MRI / "study.yaml", second, table, log,
                n=("us_mri_m_flow", "all", "", "n_included"),
                prevalence=("us_mri_x_prevalence", "all", "malignant=yes", "percent"),
                accuracy=("us_mri_x_mri_accuracy", "all", INDEX), test="MRI",
                correction="none" if case == "uncorrected" else "all",
            )  # fmt: skip
        if change:
            rows = change(read_result(table))
            ResultTable(rows[0].result, "published", "published", rows).write(table)
        monkeypatch.setattr(canvas, "save", _watching(drawn, True))
        draws(table, second, drawn.svg, drawn.png, log, code="x", **more)
        monkeypatch.undo()
        return drawn, Lookup(read_result(table))

    return go


CASES = [("ratios", case) for case in POOLS] + [("sroc", case) for case in ("kept", "uncorrected", "more", "alike")]


@pytest.mark.parametrize(("figure", "case"), CASES)
def test_words_neither_overlap_nor_leave_the_page(draw, figure, case):
    check_words(draw(figure, case)[0])


def check_words(drawn: Drawn) -> None:
    width, height = drawn.size
    for text, box, size in drawn.texts:
        assert box.x0 >= 0 and box.y0 >= 0 and box.x1 <= width and box.y1 <= height, f"{text!r} is cut off"
        assert size >= 8, f"{text!r} is set in {size} points"
    for (one, a, _), (other, b, _) in combinations(drawn.texts, 2):
        apart = min(a.x1, b.x1) - max(a.x0, b.x0) < 1 or min(a.y1, b.y1) - max(a.y0, b.y0) < 1
        assert apart, f"{one!r} and {other!r} overlap"


@pytest.mark.parametrize(("figure", "case"), [("ratios", "whole"), ("sroc", "kept")])
def test_equal_bytes_each_time_without_a_date(draw, figure, case):
    (one, _), (other, _) = draw(figure, case), draw(figure, case, out="again")
    assert one.svg.read_bytes() == other.svg.read_bytes()
    assert one.png.read_bytes() == other.png.read_bytes()
    written = one.svg.read_text(encoding="utf-8")
    assert "dc:date" not in written and "Matplotlib" not in written and not re.search(r"20\d\d-\d\d-\d\d", written)
    header = one.png.read_bytes()
    assert struct.unpack(">I", header[16:20])[0] == round(canvas.WIDTH * canvas.DPI)
    assert b"tIME" not in header
    about = "casting" if figure == "ratios" else "us_mri"
    assert f"Study: {about}  ·  Cohort: published  ·  Kind: published" in one.words
    assert canvas.SYNTHETIC_NOTE not in one.words


def test_the_forest_plot_says_what_the_table_holds(draw):
    drawn, lookup = draw("ratios", "whole")
    texts = [text for text, *_ in drawn.texts]
    assert "9.19 (4.18 to 20.2)" in texts and "1.60 (0.50 to 5.80)" in texts
    for group in (
        "pool=death",
        "pool=death;measure=hr",
        "pool=death;without=tabar2004",
        "pool=death;without=palka2008",
    ):
        for model in ("fixed", "reml_hartung_knapp"):
            ends = [lookup(group, f"model={model}", f"ratio{end}").value for end in ("", "_lo", "_hi")]
            assert forest.ratio_text(*ends) in texts
    for study in ("tabar2004", "palka2008", "population"):
        for weight in ("weight_fixed", "weight_reml"):
            assert labels.number(lookup("pool=death", f"study={study}", weight).value, 1) in texts
    place = "pool=death", "model=reml_hartung_knapp"
    told = next(text for text in texts if text.startswith("Heterogeneity: "))
    for stat, decimals in (("q", 2), ("p_q", 3), ("i2", 0), ("tau2", 2)):
        assert f"= {labels.number(lookup(*place, stat).value, decimals)}" in told
    assert {"Tabar 2004", "Palka", "Population-based cohort", "hazard ratios only (2 studies)"} <= set(texts)
    # without the population-based cohort only hazard ratios are left: the same two studies are not shown twice
    assert "without Palka (2 studies)" in texts and not any("without population" in text for text in texts)
    words = " ".join(drawn.words.split())
    assert "death: the studies disagree by more than chance" in words and "one study: nothing to pool" in words
    title = ET.parse(drawn.svg).getroot().find("{http://www.w3.org/2000/svg}title").text
    pooled_ratio = lookup("pool=death", "model=fixed", "ratio").value
    assert f"fixed effect: {labels.number(pooled_ratio, 2)}" in title


def test_one_study_alone_is_shown_and_nothing_pooled(draw):
    drawn, _ = draw("ratios", "single")
    assert "3.05 (1.12 to 8.32)" in drawn.words and "fixed effect" not in drawn.words
    assert "Nothing is pooled." in ET.parse(drawn.svg).getroot().find("{http://www.w3.org/2000/svg}title").text


def test_the_plane_says_what_the_table_holds(draw):
    drawn, lookup = draw("sroc", "kept")
    texts = [text for text, *_ in drawn.texts]
    groups = ["study=us_mri", "study=bennani_baiti2017", "study=li2024", "all", "correction=single", "model=separate"]
    for group in groups:
        for stat in ("sensitivity", "specificity"):
            ends = [lookup(group, INDEX, f"{stat}{end}").value for end in ("", "_lo", "_hi")]
            assert labels.with_interval(*ends, 1) in texts
    for cell in ("tp", "fp", "fn", "tn"):
        assert str(int(lookup("study=li2024", INDEX, cell).value)) in texts
    assert {"A", "B", "C"} <= set(texts)
    words = " ".join(drawn.words.split())
    assert "sits on its bound of 1" in words and "the curve need not follow the studies" in words
    assert "95 % prediction region" in words and "summary ROC curve" in words


@pytest.mark.parametrize(
    ("case", "said"), [("uncorrected", "have an empty cell and no correction"), ("alike", "is estimated as 0")]
)
def test_what_cannot_be_drawn_is_said(draw, case, said):
    drawn, lookup = draw("sroc", case)
    assert said in " ".join(drawn.words.split())
    assert "summary ROC curve" not in drawn.words
    assert ("confidence region" in drawn.words) == math.isfinite(lookup("all", INDEX, "sensitivity").value)


@pytest.mark.parametrize("level", [0.95, 0.5])
def test_regions_and_curve_are_those_of_the_model(level):
    cells = (
        [47, 126, 19, 36, 130, 84],
        [101, 272, 12, 78, 211, 68],
        [9, 51, 10, 3, 19, 2],
        [738, 1543, 192, 276, 959, 89],
    )
    found = bivariate(*cells, level, method="REML", correction="none")
    joint = found.correlation * math.sqrt(found.variance_sensitivity * found.variance_specificity)
    between = np.array([[found.variance_sensitivity, joint], [joint, found.variance_specificity]])
    for spread, expected in (
        (found.cov, found.confidence_region),
        (np.array(found.cov) + between, found.prediction_region),
    ):
        assert np.transpose(plane.region(found.mu, spread, level)) == pytest.approx(np.array(expected), rel=1e-9)
    rates = [fp / (fp + tn) for fp, tn in zip(cells[1], cells[3], strict=True)]
    ours = np.transpose(plane.curve(found.sroc.accuracy, found.sroc.shape, rates))
    assert ours == pytest.approx(np.array(found.sroc.curve), rel=1e-9)


def test_the_axis_holds_the_studies_and_the_whole_pools(draw):
    lines = [
        forest.Line("study", "a", values=(2.0, 0.7, 6.0)),
        forest.Line("fixed", "f", values=(2.0, 0.3, 9.0)),
        forest.Line("reml_hartung_knapp", "h", values=(2.0, 0.25, 17.0)),
        forest.Line("predict", "p", values=(math.nan, 1e-9, 1e9)),
        forest.Line("reml_hartung_knapp", "of a part", values=(2.0, 1e-5, 1e5)),
    ]
    assert forest.span(lines) == (0.2, 20)
    assert forest.span([forest.Line("study", "a", values=(3.0, 2.0, 4.0))]) == (1, 5)
    assert forest.span([]) == (0.5, 2)
    wild = [forest.Line("study", "a", values=(3.0, 1e-6, 1e9))]
    assert forest.span(wild) == (0.01, 1000)


def huge(rows):
    scale = {"ratio": 1.0, "ratio_lo": 1e-7, "ratio_hi": 1e7}
    return [replace(row, value=row.value * scale.get(row.stat, 1.0)) for row in rows]


def test_limits_a_million_wide_stay_on_the_page(draw):
    drawn, _ = draw("ratios", "whole", change=huge)
    check_words(drawn)
    assert "9.19 (<0.01 to >1000)" in [text for text, *_ in drawn.texts]


def test_names_come_from_the_labels_of_the_claims():
    names = forest.study_names(CASTING / "claims.csv", "casting")
    assert (names["tabar2004"], names["palka2008"], names["population"]) == (
        "Tabar 2004",
        "Palka",
        "population-based cohort",
    )


def test_an_empty_table_is_refused_by_name(tmp_path):
    table = tmp_path / "t.csv"
    table.write_text(",".join(COLUMNS) + "\n", encoding="utf-8")
    for function, second, more in (
        (forest.ratios, CASTING / "claims.csv", {"title": "x"}),
        (plane.sroc, US_MRI / "comparators.csv", {}),
    ):
        with pytest.raises(ReplicalcError, match="the result table behind this figure has no rows"):
            function(table, second, tmp_path / "s_fig_x.svg", tmp_path / "s_fig_x.png", tmp_path / "log", **more)
        assert not list(tmp_path.glob("*.svg"))


def test_importing_them_loads_nothing_heavy():
    heavy = ("matplotlib", "numpy", "pandas", "scipy", "statsmodels")
    modules = "replicalc.figures.pooled, replicalc.figures.pooled_accuracy, replicalc.results.pooled_accuracy"
    code = f"import sys, {modules}; print([name for name in {heavy} if name in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "[]\n"


def test_every_rule_names_its_function_and_the_digest_follows_it():
    text = (ROOT / "workflow" / "rules" / "pooled.smk").read_text(encoding="utf-8")
    entries = re.findall(r'digest\("([^"]+)"\)', text)
    assert entries == ["results.pooled:pooled_ratios", "figures.pooled:ratios", "results.pooled_accuracy:pooled_accuracy",
                       "figures.pooled_accuracy:sroc"]  # fmt: skip
    assert all(len(digest(entry)) == 16 for entry in entries)
    assert {"replicalc.stats.pooling:pool", "replicalc.stats.pooling:_reml"} <= set(reached_by(entries[0]))
    assert "replicalc.stats.bivariate:bivariate" in reached_by(entries[2])
    assert all("replicalc.figures.canvas:save" in reached_by(entry) for entry in entries[1::2])


def test_the_examples_in_the_docstrings_run():
    for module in (forest, plane):
        tested = doctest.testmod(module)
        assert tested.attempted and not tested.failed
