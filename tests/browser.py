"""A browser that is already here, driven by Playwright: nothing is downloaded, and nothing a page does goes unseen.

``opener`` gives a function that opens a page of a site from disk. Whatever the page says on its console, throws, asks a
person, or fetches is kept, and ``faults`` says what of it should not have been.
"""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

PROGRAM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
NEEDED = pytest.mark.skipif(PROGRAM is None, reason="there is no Chromium here to open the pages in")
PHONE, DESK = (390, 844), (1280, 900)
SCHEMES = ("light", "dark")


@dataclass
class Watched:
    """An open page, ``page`` (of Playwright), and what it did."""

    page: object
    site: Path
    said: list[str] = field(default_factory=list)
    fetched: list[str] = field(default_factory=list)

    def faults(self) -> list[str]:
        """Say what a page that is opened from disk should not do: errors, questions, requests out of its own folder."""
        own = self.site.resolve().as_uri() + "/"
        return self.said + [f"asked for {url[:200]}" for url in self.fetched if not url.startswith((own, "blob:null/"))]

    @property
    def too_wide(self) -> int:
        """By how many pixels the page itself, not a table within it, is wider than the window."""
        return self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")


@contextlib.contextmanager
def opener(site: Path) -> Iterator[Callable[..., Watched]]:
    """Start a browser, and give back a function that opens a page of ``site``; the caller looks at its faults."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=PROGRAM)
        try:

            def go(where: str = "index.html", size=DESK, scheme="light", folder: Path = site, **options) -> Watched:
                width, height = size
                context = browser.new_context(
                    viewport={"width": width, "height": height}, color_scheme=scheme, **options
                )
                context.set_default_timeout(20_000)
                page = context.new_page()
                found = Watched(page, folder)
                page.on("console", lambda m: found.said.append(f"{m.type}: {m.text}") if m.type != "log" else None)
                page.on("pageerror", lambda error: found.said.append(f"threw {error}"))
                page.on("dialog", lambda dialog: (found.said.append(f"asks {dialog.message}"), dialog.dismiss()))
                page.on("popup", lambda other: found.said.append(f"opens {other.url}"))
                context.on("request", lambda request: found.fetched.append(request.url))
                page.goto(f"{folder.resolve().as_uri()}/{where}")
                return found

            yield go
        finally:
            browser.close()


def violations(page) -> list[str]:
    """Hold a page against axe-core: the serious and critical faults, each with the first elements that have it."""
    from axe_playwright_python.sync_playwright import Axe

    # Preloading would fetch the style sheet by script, which the pages' policy forbids; no rule of serious faults needs it.
    found = Axe().run(page, options={"resultTypes": ["violations"], "preload": False}).response
    assert found["testEngine"]["name"] == "axe-core" and found["url"] == page.url
    return [
        f"{each['id']} ({each['impact']}): {each['help']}: {[node['html'][:160] for node in each['nodes'][:3]]}"
        for each in found["violations"]
        if each["impact"] in ("serious", "critical")
    ]
