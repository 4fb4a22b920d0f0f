"""Forest plots: what is drawn, what it says to those who cannot see it, and what text cannot do to it."""

import csv
import math
import re
import xml.etree.ElementTree as ET

import pytest

from replicalc.across.forests import draw_forests, words_of
from replicalc.across.svg import EDGE, WIDTH, Axis, Entry, forest

from .cohorts import STUDIES, as_is, compared

SVG = "{http://www.w3.org/2000/svg}"
ENTRIES = [
    Entry("Published: 2.4 (1.2 to 4.7)", "published", 2.4, 1.2, 4.7),
    Entry("Synthetic: 2.4", "synthetic", 2.4, 1.1, 4.8),
    Entry("here (real): 1.1", "real", 1.1, 0.4, 1e9),
    Entry("there (real): not evaluable: variable pcr not in cohort", "real"),
]


def drawn(entries=ENTRIES, axis=None, title="Odds ratio", about="study: claim"):
    return ET.fromstring(forest(title, about, entries, axis or Axis("ratio", log=True, null=1.0)))


def test_title_and_description_say_what_the_picture_shows():
    root = drawn()
    assert root.get("role") == "img" and root.find(f"{SVG}title").text == "Odds ratio"
    for entry in ENTRIES:
        assert entry.words in root.find(f"{SVG}desc").text


def test_each_source_has_a_mark_of_its_own_shape_and_nothing_is_drawn_without_an_estimate():
    root = drawn()
    assert len(root.findall(f"{SVG}circle")) == 1  # synthetic
    assert len(root.findall(f"{SVG}rect")) == 2  # the sheet, and one real cohort
    assert sum("z" in path.get("d") for path in root.findall(f"{SVG}path")) == 2  # the paper, and an arrow


def test_everything_lies_on_the_sheet_and_words_never_share_a_line():
    root = drawn(title="A very long label " * 8, axis=Axis("percent " * 20, low=0.0, high=100.0))
    height = float(root.get("viewBox").split()[3])
    for line in root.findall(f"{SVG}line"):
        assert all(0 <= float(line.get(name)) <= WIDTH for name in ("x1", "x2"))
        assert all(0 <= float(line.get(name)) <= height for name in ("y1", "y2"))
    texts = root.findall(f"{SVG}text")
    left = [float(text.get("y")) for text in texts if float(text.get("x")) == EDGE and text.get("font-size") != "11"]
    assert len(left) == len(set(left)) and max(float(text.get("y")) for text in texts) < height


@pytest.mark.parametrize("bad", ["<script>alert(1)</script>", '=HYPERLINK("http://x","y")', "a & b < c ]]> \"'"])
def test_text_stays_text(bad):
    root = drawn([Entry(f"Published: {bad}", "published", 1.0, 0.5, 2.0)], title=bad, about=bad)
    assert root.find(f"{SVG}title").text == bad and not root.findall(f".//{SVG}script")


@pytest.mark.parametrize(
    ("axis", "values"),
    [
        (Axis("percent", low=0.0, high=100.0), (0.0, 0.0, 3.0)),
        (Axis("ICC", null=0.0), (-0.018, -0.545, 0.519)),
        (Axis("ratio", log=True, null=1.0), (0.269, 0.16, 0.452)),
        (Axis("ratio", log=True, null=1.0), (1.0, 1.0, 1.0)),
        (Axis("ratio", log=True, null=1.0), (5e8, 0.0, math.inf)),
        (Axis("cm"), (0.0, 0.0, 0.0)),
        (Axis("year"), (2015.0, math.nan, math.nan)),
    ],
)
def test_the_axis_holds_the_estimate_and_has_ticks(axis, values):
    root = drawn([Entry("Published", "published", *values)], axis)
    ticks = [t.text for t in root.findall(f"{SVG}text") if t.get("font-size") == "11"]
    numbers = [float(t.replace("\N{MINUS SIGN}", "-")) for t in ticks if re.fullmatch("[\N{MINUS SIGN}\\d.e+]+", t)]
    assert len(numbers) >= 2 and numbers == sorted(numbers)
    if math.isfinite(values[0]) and values[0] < 1e6:
        assert numbers[0] <= values[0] <= numbers[-1]


@pytest.mark.parametrize("study", STUDIES)
def test_every_estimate_with_an_interval_is_drawn_once_and_the_page_shows_all_claims(tmp_path, study):
    table = compared(tmp_path, study, synthetic=as_is(study, "synthetic"), here=as_is(study))
    page, folder = tmp_path / "across.html", tmp_path / "forests"
    for _ in range(2):
        draw_forests(str(tmp_path / "across.csv"), str(page), str(folder), str(tmp_path / "log"), study=study)
    files = {path.stem: path.read_text(encoding="utf-8") for path in folder.iterdir()}
    due = {
        row["drawn_as"]
        for row in table
        if row["value"] and row["lo"] and row["hi"] and row["measure"] not in ("part", "size", "cited", "sentence")
    }
    assert set(files) == due and due
    for name, text in files.items():
        assert ET.fromstring(text).find(f"{SVG}desc").text.startswith(f"{study}: {name}")
        assert text in page.read_text(encoding="utf-8")
    shown = page.read_text(encoding="utf-8")
    assert all(f"<section id='{row['claim_id']}'>" in shown for row in table)


def test_the_page_of_a_cohort_that_cannot_speak_says_why(tmp_path):
    rows = as_is("nact_bone")
    for place, row in list(rows.items()):
        rows[place] = type(row)(*place, math.nan, warning="withheld: <b>few</b>", cohort="here", kind="real")
    compared(tmp_path, "nact_bone", here=rows)
    draw_forests(
        str(tmp_path / "across.csv"), str(tmp_path / "p.html"), str(tmp_path / "f"), str(tmp_path / "l"), study="x"
    )
    text = (tmp_path / "p.html").read_text(encoding="utf-8")
    assert "withheld: &lt;b&gt;few&lt;/b&gt;" in text and "<b>" not in text


def test_words_tell_what_is_not_printed(tmp_path):
    synthetic = as_is("nact_bone", "synthetic", n=155)
    table = compared(tmp_path, "nact_bone", synthetic=synthetic)
    (row,) = [r for r in table if (r["claim_id"], r["source"]) == ("nact_bone.pcr.calc", "published")]
    assert words_of(row) == "Published: 20.6 % (15.0 to 27.6), n 155 (not printed)"
    assert csv.DictReader((tmp_path / "across.csv").open()).fieldnames[0] == "claim_id"
