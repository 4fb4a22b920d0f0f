"""The site in Chromium, from disk, every text of it hostile: filter, search, sort, deep link, keyboard, export, policy.

Each test also asks for silence: no error, no question, no request out of the folder. Skipped where there is no Chromium.
"""

from __future__ import annotations

import csv
import io
import re
import shutil
import threading
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from browser import DESK, NEEDED, PHONE, SCHEMES, opener, violations
from unit.report.made import hostile_site, write

from replicalc.cohort.doors.inert import NUMBER, inert
from replicalc.report.plain import anchor, shown
from replicalc.report.summary import PAPER_VERDICTS, VERDICTS

pytestmark = NEEDED
ROWS = "table#claims tbody tr:visible"


def two_studies():
    """Two studies, each with a cohort of its own, so that every filter has something to leave out."""
    one, other = hostile_site(), hostile_site(('t"><i>', "q'<u>&", 'd"onx=2'))
    (study,) = other.studies
    claims = tuple(replace(each, kind="icc") if n % 2 else each for n, each in enumerate(study.claims))
    other = replace(other, studies=(replace(study, results=(replace(study.results[0], claims=claims),)),))
    both = ("studies", "cohorts", "findings", "certificates", "left_out")
    joined = {name: getattr(one, name) + getattr(other, name) for name in both}
    return replace(one, **joined, kinds=one.kinds | other.kinds, withheld=one.withheld | other.withheld)


SITE = two_studies()
CLAIMS = [claim for study in SITE.studies for claim in study.claims]
STUDY, OTHER = (study.name for study in SITE.studies)
COHORT, ELSEWHERE = (cohort.name for cohort in SITE.cohorts)
PAGES = [
    "index.html",
    "claims.html",
    "certificates.html",
    f"studies/{anchor(STUDY)}.html",
    f"results/{anchor(SITE.studies[0].results[0].name)}.html",
    f"cohorts/{anchor(COHORT)}.html",
]


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    return write(tmp_path_factory.mktemp("browser") / "report", SITE)


@pytest.fixture(scope="module")
def browser(site):
    with opener(site) as go:
        yield go


@pytest.fixture
def opened(browser):
    """Open a page; when the test is over nothing may have gone wrong on it, and it is closed."""
    seen = []

    def go(*arguments, **options):
        seen.append(browser(*arguments, **options))
        return seen[-1].page

    yield go
    faults = [fault for each in seen for fault in each.faults()]
    for each in seen:
        each.page.context.close()
    assert faults == []


def settled(locator):
    """Wait until something is so. (A page's own policy forbids Playwright's ``wait_for_function``, which evaluates text.)"""
    from playwright.sync_api import expect

    return expect(locator)


def told(page) -> str:
    return page.locator("#shown").inner_text()


def ids(page) -> list[str]:
    return [row.get_attribute("id") for row in page.locator(ROWS).all()]


def wanted(*which) -> list[str]:
    return [f"claim={anchor(claim.claim_id)}" for claim in which]


FILTERS = {
    "study": (anchor(STUDY), lambda c: c.study == STUDY),
    "verdict": ("impossible", lambda c: c.verdict == "impossible"),
    "kind": ("icc", lambda c: c.kind == "icc"),
    "cohort": (anchor(ELSEWHERE), lambda c: c.cohorts[0].cohort == ELSEWHERE),
}


@pytest.mark.parametrize("name", FILTERS)
def test_a_filter_leaves_what_it_says_and_counts_it(opened, name):
    page, (value, fits) = opened("claims.html"), FILTERS[name]
    assert told(page) == f"{len(CLAIMS)} claims" and ids(page) == wanted(*CLAIMS)
    page.locator(f"[name={name}]").select_option(value)
    left = [claim for claim in CLAIMS if fits(claim)]
    assert ids(page) == wanted(*left) and 0 < len(left) < len(CLAIMS)
    assert told(page) == f"{len(left)} of {len(CLAIMS)} claims"
    assert page.url.endswith(f"#{name}={value}")
    page.get_by_role("button", name="Clear").click()
    settled(page.locator("table#claims tbody tr[hidden]")).to_have_count(0)
    assert told(page) == f"{len(CLAIMS)} claims"


def test_filters_work_together_and_a_cohort_shows_its_own_column(opened):
    page = opened("claims.html")
    page.locator("[name=cohort]").select_option(anchor(COHORT))
    page.locator("[name=verdict]").select_option("same_print")
    left = [c for c in CLAIMS if (c.cohorts[0].cohort, c.cohorts[0].verdict) == (COHORT, "same_print")]
    assert ids(page) == wanted(*left)
    heads = page.locator("table#claims th[data-cohort]:visible").all_inner_texts()
    assert len(heads) == 1 and heads[0].startswith(COHORT)


def test_a_search_takes_words_in_any_order_as_text(opened):
    page = opened("claims.html")
    page.locator("[name=q]").fill("CALC'!A0 =cmd|'")
    found = ids(page)
    assert 0 < len(found) < len(CLAIMS)
    assert all("=cmd|' /C calc'!A0" in page.locator(f"[id='{each}']").inner_text() for each in found)
    page.locator("[name=q]").fill("no such words")
    assert ids(page) == [] and told(page) == f"0 of {len(CLAIMS)} claims"


def test_filters_in_the_address_are_followed_and_strange_ones_ignored(opened):
    page = opened("claims.html#verdict=rounding&study=%3Cscript%3E&q=")
    left = wanted(*(claim for claim in CLAIMS if claim.verdict == "rounding"))
    assert ids(page) == left and page.locator("[name=study]").input_value() == ""
    page.evaluate("location.hash = '#verdict=exact'")
    settled(page.locator("[name=verdict]")).to_have_value("exact")
    assert ids(page) == wanted(*(claim for claim in CLAIMS if claim.verdict == "exact"))


def test_a_deep_link_leads_to_the_claim_and_marks_it(opened):
    (name,) = wanted(CLAIMS[-2])
    page = opened(f"claims.html#{name}")
    assert page.evaluate("document.activeElement.closest('tr').id") == name
    assert page.locator("tr.here").count() == 1
    top = page.locator(f"[id='{name}']").bounding_box()["y"]
    assert 0 <= top < 900 and page.evaluate("scrollY") > 0


def test_a_deep_link_on_a_result_opens_what_it_is_in(opened):
    (name,) = wanted(CLAIMS[1])
    page = opened(f"{PAGES[4]}#{name}")
    assert page.locator(f"[id='{name}']").is_visible()
    assert page.evaluate("document.querySelector(':target').id") == name


def keys(page, place: int) -> list:
    cells = page.locator(f"table#claims tbody tr > :nth-child({place + 1})")
    return cells.evaluate_all("all => all.map(each => [each.textContent.trim().toLowerCase(), each.dataset.rank])")


@pytest.mark.parametrize("place", range(7))
def test_a_column_sorts_both_ways(opened, place):
    page = opened("claims.html")
    before = keys(page, place)

    def key(each):
        if place >= 4:
            return int(each[1])
        number = re.search(r"[-−]?\d+(\.\d+)?", each[0])
        return each[0] if place != 3 else float(number[0].replace("−", "-")) if number else float("inf")

    head = page.locator("table#claims thead th").nth(place)
    head.get_by_role("button").click()
    assert [key(each) for each in keys(page, place)] == sorted(map(key, before))
    assert head.get_attribute("aria-sort") == "ascending"
    head.get_by_role("button").click()
    assert [key(each) for each in keys(page, place)] == sorted(map(key, before), reverse=True)
    assert head.get_attribute("aria-sort") == "descending"
    assert page.locator("[aria-sort]").count() == 1


def exported(page, how) -> list[dict[str, str]]:
    with page.expect_download() as caught:
        how()
    assert caught.value.suggested_filename == "claims.csv"
    with open(caught.value.path(), encoding="utf-8", newline="") as file:
        text = file.read()
    assert text.startswith("\ufeff")  # by which a spreadsheet knows that the text is UTF-8
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline="")))


def cell(text: str) -> str:
    return inert(" ".join(str(shown(text)).split()))


def test_an_export_holds_what_is_seen_and_runs_in_no_spreadsheet(opened):
    page = opened("claims.html")
    page.locator("[name=study]").select_option(anchor(STUDY))
    rows = exported(page, page.get_by_role("button", name="Export CSV").click)
    mine = [claim for claim in CLAIMS if claim.study == STUDY]
    assert len(rows) == len(mine) == 13
    for row, claim in zip(rows, mine, strict=True):
        assert row["claim_id"] == anchor(claim.claim_id)
        for name in ("location", "label", "reported"):
            assert row[name] == cell(getattr(claim, name)), name
        assert row["paper_recomputed"] == cell(claim.recomputed)
        assert row[f"{anchor(COHORT)}_replicated"] == cell(claim.cohorts[0].replicated)
        assert row[f"{anchor(ELSEWHERE)}_replicated"] == ""
    cells = [each for row in rows for each in row.values()]
    assert any(each.startswith("'=cmd|") for each in cells)
    assert [each for each in cells if re.match(r"[=+\-@\t\r].", each) and not NUMBER.fullmatch(each)] == []


def press(page, *names: str) -> None:
    for name in names:
        page.keyboard.press(name)


def focus(page) -> str:
    return page.evaluate("(document.activeElement.closest('tr') || document.activeElement).id")


def test_keys_lead_from_the_search_through_the_claims_to_a_result(opened):
    page = opened("claims.html")
    press(page, "/")
    page.keyboard.type("impossible")
    left = wanted(*(claim for claim in CLAIMS if claim.verdict == "impossible"))
    assert ids(page) == left
    press(page, "ArrowDown", "ArrowDown")
    assert focus(page) == left[1]
    press(page, "ArrowUp")
    assert focus(page) == left[0]
    press(page, "ArrowUp")
    assert page.evaluate("document.activeElement.name") == "q"
    press(page, "ArrowDown")
    with page.expect_navigation():
        press(page, "Enter")
    assert page.url.endswith(f"#{left[0]}") and "/results/" in page.url


def test_everything_on_the_claims_page_is_done_by_keys_alone(opened):
    page = opened("claims.html")
    press(page, "Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    assert page.locator(".skip").bounding_box()["x"] >= 0
    todo = page.evaluate(
        "[...document.querySelectorAll('a, button, input, select')].filter(each => each.checkVisibility()).length"
    )
    reached, unseen = set(), []
    for _ in range(todo + 5):
        number, outline, name = page.evaluate(
            """() => {
                const at = document.activeElement;
                const all = [...document.querySelectorAll('a, button, input, select')];
                return [all.indexOf(at), getComputedStyle(at).outlineStyle, at.outerHTML.slice(0, 80)];
            }"""
        )
        if number >= 0:
            reached.add(number)
            unseen += [name] if outline == "none" else []
        press(page, "Tab")
    assert len(reached) == todo > 40
    assert unseen == []
    page.locator("[name=verdict]").focus()
    page.keyboard.type("≈")
    press(page, "Tab")
    page.locator("table#claims thead button").first.focus()
    press(page, "Enter")
    assert page.locator("[aria-sort]").count() == 1
    page.locator("#export").focus()
    assert len(exported(page, lambda: press(page, "Space"))) == len(ids(page))


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
@pytest.mark.parametrize("where", PAGES)
def test_a_page_is_no_wider_than_its_window(browser, where, size):
    found = browser(where, size=size)
    for folded in found.page.locator("details:not([open]) > summary").all():
        if folded.is_visible():
            folded.click()
    assert found.too_wide <= 0 and found.faults() == []
    found.page.context.close()


def brightness(colour: str) -> float:
    red, green, blue = map(float, re.findall(r"[\d.]+", colour)[:3])
    return (0.2126 * red + 0.7152 * green + 0.0722 * blue) / 255


def test_a_page_is_dark_where_the_reader_wants_it_dark(opened):
    seen = {}
    for scheme in SCHEMES:
        page = opened("index.html", scheme=scheme)
        look = "getComputedStyle(document.body)"
        seen[scheme] = [brightness(page.evaluate(f"{look}.{each}")) for each in ("backgroundColor", "color")]
    assert seen["light"][0] > 0.9 > 0.3 > seen["light"][1]
    assert seen["dark"][0] < 0.15 < 0.8 < seen["dark"][1]


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("where", PAGES)
def test_axe_finds_no_serious_fault(opened, where, scheme):
    page = opened(where, scheme=scheme)
    page.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true; })")
    assert violations(page) == []


def test_a_sentence_can_be_copied(opened):
    page = opened("index.html", permissions=["clipboard-read", "clipboard-write"])
    button = page.locator(".sentence .copybutton").first
    button.click()
    settled(button).to_have_text("Copied")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == shown(SITE.findings[0].sentence)


def test_without_script_all_claims_are_there_and_nothing_pretends(opened):
    page = opened("claims.html", java_script_enabled=False)
    assert page.locator(ROWS).count() == len(CLAIMS)
    assert not page.locator("#filters").is_visible() and not page.locator("#export").is_visible()


ATTACK = (
    "<script>document.title = 'ran'</script><img src='{0}x.png' onerror=\"document.title = 'ran'\">"
    "<style>body {{ display: none }}</style><iframe src='{0}frame'></iframe><link rel='stylesheet' href='{0}style.css'>"
    "<script src='{0}script.js'></script><form action='{0}form'><button id='send'>send</button></form>"
)


@pytest.fixture
def abroad():
    """A server of this machine that writes down what it is asked for: its address, and what was asked."""
    asked = []

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            self.send_error(404)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/", asked
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("protected", [True, False])
def test_the_policy_stops_what_no_escaping_stopped(browser, site, tmp_path, abroad, protected):
    """Markup of an attacker is put into a page as it is. Without the policy it runs, so the test does see it."""
    where, asked = abroad
    folder = tmp_path / "report"
    shutil.copytree(site, folder)
    text = (folder / "index.html").read_text(encoding="utf-8")
    policy = re.search(r'<meta http-equiv="Content-Security-Policy"[^>]*>', text)[0]
    text = text.replace('<main id="main">', f'<main id="main">{ATTACK.format(where)}')
    (folder / "index.html").write_text(text if protected else text.replace(policy, ""), encoding="utf-8")
    found = browser("index.html", folder=folder)
    found.page.wait_for_load_state("load")
    ran = found.page.title() == "ran"
    hidden = not found.page.locator("h1").is_visible()
    if protected:
        found.page.locator("#send").click(no_wait_after=True)
    else:
        found.page.evaluate("document.forms[0].submit()")
        found.page.wait_for_url(f"{where}form**")
    told = " ".join(found.said)
    assert found.faults()  # whichever way, the watch has seen it
    found.page.context.close()
    assert (ran, hidden) == ((False, False) if protected else (True, True))
    everything = {"/x.png", "/frame", "/style.css", "/script.js", "/form?"}
    assert set(asked) - {"/favicon.ico"} == (set() if protected else everything)
    assert ("Content Security Policy" in told) is protected


def test_the_verdicts_of_the_site_are_those_that_can_be_asked_for(opened):
    page = opened("claims.html")
    values = page.locator("[name=verdict] option").evaluate_all("all => all.map(each => each.value)")
    assert values == ["", *PAPER_VERDICTS, *VERDICTS]
