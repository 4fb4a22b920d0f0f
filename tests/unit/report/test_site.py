"""Pages made from the worst texts: nothing runs, every link leads somewhere within the site, the same bytes each time."""

from __future__ import annotations

import pytest
from project import ROOT
from unit.report.made import HOSTILE, Page, faults, hostile_site, pages, write

from replicalc.report.site import environment


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    return write(tmp_path_factory.mktemp("site") / "report")


def test_hostile_texts_run_nowhere_and_every_link_resolves(site):
    found = pages(site)
    assert len(found) == 6
    assert faults(site, found) == []


def test_the_check_itself_sees_what_it_looks_for(site, tmp_path):
    page = tmp_path / "index.html"
    page.write_text(
        '<a href="javascript:x" onclick="x"></a><img src="//y"><script>1</script><p id=a><p id=a><a href="#b">'
    )
    said = " ".join(faults(tmp_path, pages(tmp_path)))
    for fault in (
        "no policy",
        "has onclick",
        "leads out",
        "element img",
        "script of its own",
        "a twice",
        "there is no b",
    ):
        assert fault in said


def test_hostile_texts_are_still_there_to_be_read(site):
    text = "".join("".join(page.text) for page in pages(site).values())
    assert HOSTILE[0] in text and HOSTILE[1] in text and HOSTILE[3] in text and HOSTILE[6] in text


def test_nothing_turns_the_line_around_or_hides(site):
    for file in site.rglob("*.html"):
        text = file.read_text(encoding="utf-8")
        assert not set(text) & {"\u202e", "\u2066", "\x00", "\x1b"}, file
    assert "[U+202E]" in (site / "index.html").read_text(encoding="utf-8") + (site / "claims.html").read_text(
        encoding="utf-8"
    )


def test_endless_texts_are_cut(site):
    for page in pages(site).values():
        assert max(map(len, page.text)) < 10_500  # listings stay whole, cells do not
    cells = "".join(Page(site / "claims.html").text)
    assert "(cut; 10,000 characters)" in cells and "x" * 2001 not in cells


def test_the_same_site_gives_the_same_bytes(site, tmp_path):
    again = write(tmp_path / "again", hostile_site())
    files = sorted(file.relative_to(site) for file in site.rglob("*") if file.is_file())
    assert files == sorted(file.relative_to(again) for file in again.rglob("*") if file.is_file())
    assert all((site / file).read_bytes() == (again / file).read_bytes() for file in files)


def test_what_others_put_beside_the_site_stays(tmp_path):
    folder = tmp_path / "report"
    (folder / "data").mkdir(parents=True)
    (folder / "data/kept.csv").write_text("a")
    (folder / "results").mkdir()
    (folder / "results/old.html").write_text("a")
    write(folder)
    assert (folder / "data/kept.csv").is_file() and not (folder / "results/old.html").exists()


def test_every_template_escapes_what_it_is_given():
    assert environment(ROOT / "workflow/report/templates").autoescape is True
    for file in (ROOT / "workflow/report/templates").glob("*.j2"):
        text = file.read_text(encoding="utf-8")
        assert "|safe" not in text.replace(" ", "") and "autoescape" not in text, file.name
