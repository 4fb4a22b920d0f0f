"""The site of a finished run in Chromium, from disk: every page is silent, within its window and held against axe-core.

What the filters, keys and exports do is in tests/unit/report/test_in_browser.py, on pages that are worse than these.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from browser import DESK, NEEDED, PHONE, SCHEMES, opener, violations

#: One page of each type.
TYPES = [
    "index.html", "claims.html", "certificates.html", "studies/nat_residual.html",
    "results/nat_residual_t4_miller_payne.html", "cohorts/synthetic.html",
]  # fmt: skip
MEGABYTE = 1_000_000


@pytest.fixture(scope="module")
def site(finished) -> Path:
    return finished / "results/report"


@pytest.fixture(scope="module")
def browser(site):
    if not NEEDED.args[0]:
        with opener(site) as go:
            yield go


def test_the_report_is_small_enough_to_be_handed_over(site):
    """Of the synthetic cohort alone (6.8 MB); four are measured in benchmarks/report_site.md, and may take 10 MB."""
    sizes = {str(file.relative_to(site)): file.stat().st_size for file in site.rglob("*") if file.is_file()}
    assert len(sizes) > 100
    assert sum(sizes.values()) < 7.5 * MEGABYTE, sorted(sizes.items(), key=lambda each: -each[1])[:10]
    assert sizes["index.html"] + sizes["static/style.css"] + sizes["static/script.js"] < 0.15 * MEGABYTE
    assert sizes["claims.html"] < MEGABYTE
    assert sum(size for name, size in sizes.items() if name.startswith("data/")) < 2 * MEGABYTE


@NEEDED
@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("where", TYPES)
def test_axe_finds_no_serious_fault(browser, where, scheme):
    found = browser(where, scheme=scheme)
    found.page.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true; })")
    assert found.faults() == []
    assert violations(found.page) == []
    found.page.context.close()


@NEEDED
@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
def test_every_page_is_silent_and_within_its_window(browser, site, size):
    wrong, seen = [], 0
    found = browser("index.html", size=size)
    for file in sorted(site.rglob("*.html")):
        found.page.goto(file.resolve().as_uri())
        found.page.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true; })")
        wrong += [f"{file.name} is {found.too_wide} px too wide"] if found.too_wide > 0 else []
        seen += 1
    assert wrong + found.faults() == []
    assert seen > 110
    found.page.context.close()


#: Numbers that a line break divides: 0.0 and 9 read as another number.
BROKEN = r"""[...document.querySelectorAll('.number')].filter(each => {
  const range = document.createRange();
  range.selectNodeContents(each);
  return /^[\d.]+$/.test(each.textContent.trim()) && new Set([...range.getClientRects()].map(r => Math.round(r.top))).size > 1;
}).map(each => each.textContent)"""


@NEEDED
def test_on_paper_nothing_is_cut_off_and_no_number_is_broken(browser, site):
    """A4 within its margins is 688 px wide; what stands beyond is missing on paper."""
    wrong, seen = [], 0
    found = browser("index.html", size=(688, 1000))
    found.page.emulate_media(media="print")
    for file in sorted(site.rglob("*.html")):
        found.page.goto(file.resolve().as_uri())
        wrong += [f"{file.name} is {found.too_wide} px too wide"] if found.too_wide > 0 else []
        wrong += [f"{file.name} breaks {text}" for text in found.page.evaluate(BROKEN)]
        seen += found.page.evaluate("document.querySelectorAll('.number').length")
    assert wrong + found.faults() == []
    assert seen > 1000
    found.page.context.close()


@NEEDED
def test_a_printed_number_leads_to_its_result_and_its_trail(browser):
    """From the rebuilt table of the paper to rule, statistic and hash of the input: one click, and two to unfold."""
    found = browser("studies/nat_residual.html")
    page = found.page
    mark = page.locator("a.mark[href*='nat_residual_t4_recist.html']").first
    with page.expect_navigation():
        mark.click()
    row = page.evaluate("document.querySelector(':target').id")
    assert row.startswith("claim=nat_residual.t4.")
    text = page.locator("main").inner_text()
    assert "workflow/rules/nat_residual.smk" in text and "use rule" in text
    assert page.locator(".hash").first.inner_text().removeprefix("sha256 ").isalnum()
    assert found.faults() == []
    page.context.close()
