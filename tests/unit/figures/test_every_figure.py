"""What holds for each figure on each cohort, however ugly: files, bytes, words, room."""

from __future__ import annotations

import re
import struct
import subprocess
import sys
import xml.etree.ElementTree as ET

import pytest

from replicalc.errors import ReplicalcError
from replicalc.figures import canvas

from .cohorts import EVERY
from .looks import assert_readable
from .prepared import FIGURES, inputs, table

SVG = "{http://www.w3.org/2000/svg}"


@pytest.mark.parametrize("figure", FIGURES)
@pytest.mark.parametrize("cohort", EVERY)
def test_words_neither_overlap_nor_leave_the_page(prepare, draw, cohort, figure):
    assert_readable(draw(prepare(cohort), figure, write=False))


@pytest.mark.parametrize("figure", FIGURES)
@pytest.mark.parametrize("cohort", ["ordinary", "gaps", "bare"])
def test_both_files_are_whole_and_the_same_when_drawn_again(prepare, draw, cohort, figure):
    folder = prepare(cohort, kind="real")
    drawn, again = draw(folder, figure), draw(folder, figure, out="again")
    assert drawn.svg.read_bytes() == again.svg.read_bytes()
    assert drawn.png.read_bytes() == again.png.read_bytes()
    assert not list(drawn.svg.parent.glob("*.part"))
    root = ET.parse(drawn.svg).getroot()
    assert root.tag == f"{SVG}svg"
    title = root.find(f"{SVG}title").text
    assert title.endswith(f"Study nat_residual, cohort {cohort} (real).")
    written = drawn.svg.read_text(encoding="utf-8")
    assert "dc:date" not in written
    assert not re.search(r"20\d\d-\d\d-\d\d", written)
    assert str(folder) not in written
    assert "Matplotlib" not in written
    header = drawn.png.read_bytes()
    assert header[:8] == b"\x89PNG\r\n\x1a\n"
    assert struct.unpack(">I", header[16:20])[0] == round(canvas.WIDTH * canvas.DPI)
    assert b"Matplotlib" not in header and b"tIME" not in header


@pytest.mark.parametrize("figure", FIGURES)
def test_the_title_names_study_cohort_and_kind(prepare, draw, figure):
    drawn = draw(prepare("ordinary", cohort="clinic", kind="real"), figure)
    assert "Study: nat_residual  ·  Cohort: clinic  ·  Kind: real" in drawn.words
    assert canvas.SYNTHETIC_NOTE not in drawn.words
    synthetic = draw(prepare("ordinary", cohort="made_up", kind="synthetic"), figure)
    assert "Kind: synthetic" in synthetic.words
    assert canvas.SYNTHETIC_NOTE in synthetic.words


@pytest.mark.parametrize("figure", [name for name in FIGURES if name != "flow"])
def test_a_cohort_without_the_variables_gets_a_figure_that_names_them(prepare, draw, figure):
    drawn = draw(prepare("bare", kind="real"), figure)
    words = " ".join(drawn.words.split())
    assert "not evaluable: variable" in words
    assert "not in cohort bare" in words
    needed = {
        "pcr_by_subtype": ["pcr", "subtype"],
        "extent_before_after": ["calc_extent_pre_mm", "calc_extent_post_mm"],
        "change_by_response": ["calc_change", "recist", "miller_payne", "pcr", "residual_type"],
        "agreement": ["calc_extent_post_mm", "mri_post_mm", "residual_size_mm"],
        "icc_by_subtype": ["calc_extent_post_mm", "mri_post_mm", "residual_size_mm"],
        "confusion": ["mri_complete_response", "pcr"],
    }
    for variable in needed[figure]:
        assert variable in words
    assert "Nothing is drawn" in ET.parse(drawn.svg).getroot().find(f"{SVG}title").text


@pytest.mark.parametrize("figure", ["flow", "agreement", "change_by_response"])
def test_settings_of_others_are_neither_felt_nor_changed(prepare, draw, figure):
    import matplotlib

    folder = prepare("ordinary")
    plain = draw(folder, figure)
    with matplotlib.rc_context({"font.size": 31, "axes.facecolor": "red", "svg.hashsalt": "other"}):
        before = dict(matplotlib.rcParams)
        disturbed = draw(folder, figure, out="disturbed")
        assert dict(matplotlib.rcParams) == before
    assert plain.svg.read_bytes() == disturbed.svg.read_bytes()
    assert plain.png.read_bytes() == disturbed.png.read_bytes()


@pytest.mark.parametrize("figure", FIGURES)
def test_a_figure_that_fails_leaves_no_file_and_one_sentence(prepare, draw, figure):
    folder = prepare("ordinary")
    inputs(folder, figure)[0].unlink()
    with pytest.raises(ReplicalcError):
        draw(folder, figure)
    assert not list(folder.glob("out/*.svg")) and not list(folder.glob("out/*.png"))
    assert "Traceback" in (folder / "out" / f"nat_residual_fig_{figure}.log").read_text(encoding="utf-8")


def test_an_empty_table_is_refused_by_name(prepare, draw):
    folder = prepare("ordinary")
    path = table(folder, "x_mri_accuracy")
    path.write_text(path.read_text(encoding="utf-8").splitlines()[0] + "\n", encoding="utf-8")
    with pytest.raises(ReplicalcError, match=r"nat_residual_fig_confusion\.svg: the result table .* has no rows"):
        draw(folder, "confusion")


def test_importing_the_figures_loads_nothing_heavy():
    heavy = ("matplotlib", "numpy", "pandas", "scipy", "statsmodels")
    code = f"import sys, replicalc.figures; print([name for name in {heavy} if name in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "[]\n"


def test_no_figure_loads_pyplot(prepare, tmp_path):
    folder = prepare("ordinary")
    calls = "\n".join(
        f"figures.{figure}(*{[str(path) for path in inputs(folder, figure)]!r}, 'nat_residual_fig_{figure}.svg', "
        f"'nat_residual_fig_{figure}.png', 'nat_residual_fig_{figure}.log')"
        for figure in FIGURES
    )
    code = f"import sys\nfrom replicalc import figures\n{calls}\nprint('matplotlib.pyplot' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path)
    assert (done.stdout, done.stderr) == ("False\n", "")
    assert len(list(tmp_path.glob("nat_residual_fig_*.svg"))) == len(FIGURES)
