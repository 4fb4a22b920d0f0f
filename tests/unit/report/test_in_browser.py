"""The site in Chromium, from disk: filter, search, sort, deep link, keyboard, export; no error, nothing leaves the page.

A step is a few lines of script put behind the site's own file, which the pages' policy allows; what it finds is read
from the page that Chromium prints. Skipped where there is no Chromium.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from html import unescape

import pytest
from unit.report.made import HOSTILE, hostile_site, write

from replicalc.report.plain import anchor

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
pytestmark = pytest.mark.skipif(BROWSER is None, reason="there is no Chromium here to open the pages in")
TELL = "const told = document.createElement('p'); told.id = 'told'; told.textContent = JSON.stringify(await (%s)); document.body.append(told);"
SEEN = "[...document.querySelectorAll('table#claims tbody tr')].filter((row) => !row.hidden)"


@pytest.fixture(scope="module")
def opened(tmp_path_factory):
    """Open a page of the hostile site, do something there, and give back what was found."""
    home = tmp_path_factory.mktemp("browser")
    source = write(home / "report")

    def go(page: str, steps: str, tell: str, *options: str):
        folder = home / f"copy{len(list(home.iterdir()))}"
        shutil.copytree(source, folder)
        script = folder / "static/script.js"
        script.write_text(
            f"{script.read_text()}\n(() => {{ {steps}\n setTimeout(async () => {{ {TELL % tell} }}, 50); }})();"
        )
        command = [
            BROWSER,
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--enable-logging=stderr",
            "--virtual-time-budget=3000",
        ]
        command += [f"--user-data-dir={home / 'profile'}", *options, "--dump-dom", f"{folder.as_uri()}/{page}"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120)
        faults = [line for line in done.stderr.splitlines() if "CONSOLE" in line]
        assert not faults, faults
        found = re.search(r'<p id="told">(.*?)</p>', done.stdout, re.DOTALL)
        assert found, done.stdout[-500:] + done.stderr[-2000:]
        return json.loads(unescape(found[1]))

    return go


def type_in(name: str, value: str) -> str:
    return (
        f"const field = document.querySelector('[name={name}]'); field.value = {json.dumps(value)};"
        "field.dispatchEvent(new Event('input', {bubbles: true}));"
    )


def test_all_claims_are_there_and_a_verdict_filters_them(opened):
    assert opened("claims.html", "", f"{SEEN}.length") == 13
    verdicts = opened("claims.html", type_in("verdict", "impossible"), f"{SEEN}.map((row) => row.dataset.verdict)")
    assert verdicts == ["impossible", "impossible"]


def test_a_search_finds_text_and_says_how_many(opened):
    told = opened(
        "claims.html", type_in("q", "CMD|'"), f"[{SEEN}.length, document.getElementById('shown').textContent]"
    )
    assert 0 < told[0] < 13 and told[1] == f"{told[0]} of 13 claims"


def test_filters_in_the_address_are_followed_and_strange_ones_ignored(opened):
    tell = f"[{SEEN}.length, document.querySelector('[name=verdict]').value]"
    assert opened("claims.html#verdict=rounding&study=%3Cscript%3E", "", tell) == [2, "rounding"]


def test_a_deep_link_leads_to_the_claim(opened):
    claim = hostile_site().studies[0].claims[4].claim_id
    told = opened(
        f"claims.html#claim={anchor(claim)}",
        "",
        "[document.activeElement.closest('tr').id, document.querySelectorAll('.here').length]",
    )
    assert told == [f"claim={anchor(claim)}", 1]


def test_a_column_sorts_both_ways(opened):
    ranks = "[...document.querySelectorAll('table#claims tbody tr')].map((row) => Number(row.cells[4].dataset.rank))"
    click = "const button = document.querySelectorAll('th button')[4]; button.click();"
    assert opened("claims.html", click, ranks) == sorted([0, 1, 2, 3, 4, 5] * 2 + [9])
    told = opened(
        "claims.html",
        click + "button.click();",
        f"[{ranks}, button_sort()]".replace(
            "button_sort()", "document.querySelector('[aria-sort]').getAttribute('aria-sort')"
        ),
    )
    assert told == [sorted([0, 1, 2, 3, 4, 5] * 2 + [9], reverse=True), "descending"]


def test_keys_lead_from_the_search_through_the_claims(opened):
    press = "for (const key of ['/', 'ArrowDown', 'ArrowDown', 'ArrowUp', 'ArrowDown']) document.activeElement.dispatchEvent(new KeyboardEvent('keydown', {key, bubbles: true}));"
    told = opened(
        "claims.html",
        press,
        "[...document.querySelectorAll('table#claims tbody tr')].indexOf(document.activeElement.closest('tr'))",
    )
    assert told == 1


def test_an_export_holds_what_is_seen_and_runs_in_no_spreadsheet(opened):
    catch = "let kept; URL.createObjectURL = (blob) => { kept = blob; return '#'; }; HTMLAnchorElement.prototype.click = () => {};"
    press = "document.getElementById('export').click();"
    lines = opened("claims.html", catch + press, "kept.text()").split("\r\n")
    assert lines[0].lstrip("\ufeff").startswith('"claim_id","study"') and len(lines) == 15
    cells = [cell for line in lines[1:-1] for cell in re.findall(r'"((?:[^"]|"")*)"', line)]
    assert any(cell.startswith("'=cmd|") for cell in cells)
    assert not [cell for cell in cells if cell[:1] in "=+@\t" and cell]


def test_hostile_pages_open_without_error_wide_and_narrow(opened):
    for page in ("index.html", "certificates.html", f"studies/{anchor(hostile_site().studies[0].name)}.html"):
        for width in (1280, 380):
            told = opened(page, "window.alert = () => { window.ran = true; };",
                          "[Boolean(window.ran), document.documentElement.scrollWidth - window.innerWidth]", f"--window-size={width},900")  # fmt: skip
            assert told[0] is False and told[1] <= 0, (page, width, told)
    assert HOSTILE


def test_a_sentence_can_be_copied(opened):
    told = opened(
        "index.html",
        "",
        "[document.querySelectorAll('.sentence .copybutton').length, document.querySelectorAll('.script[hidden]').length]",
    )
    assert told == [1, 0]
