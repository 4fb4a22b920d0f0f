"""How large the report of a run is, and how long its pages take in Chromium, opened from disk.

Run ``python -m benchmarks.report_site [folder]`` from the project's folder after a run; the folder is results/report if
not given. It prints tables in Markdown. Each page is opened several times, each in a fresh context of the browser: from
the start of the navigation to DOMContentLoaded (the script has run, filters work) and to the first painted text, and on
the page of all claims from a choice of a verdict to the frame that shows the rows that are left.
"""

from __future__ import annotations

import shutil
import statistics
import sys
from collections import Counter
from pathlib import Path

REPEATS = 7
PAGES = (
    "index.html",
    "claims.html",
    "studies/nat_residual.html",
    "results/nat_residual_t4_recist.html",
    "cohorts/synthetic.html",
)
TIMES = """async () => {
  while (!performance.getEntriesByName("first-contentful-paint").length) await new Promise((on) => setTimeout(on, 20));
  const page = performance.getEntriesByType("navigation")[0];
  const paint = performance.getEntriesByName("first-contentful-paint")[0];
  return [page.domContentLoadedEventEnd, paint.startTime];
}"""
FILTER = """() => new Promise((done) => {
  const field = document.querySelector("[name=verdict]");
  const before = performance.now();
  field.value = "impossible";
  field.dispatchEvent(new Event("input", { bubbles: true }));
  requestAnimationFrame(() => setTimeout(() => done(performance.now() - before)));
})"""


def sizes(folder: Path) -> list[tuple[str, int, int]]:
    """Give each part of a report with its number of files and its bytes, the largest first, the whole last."""
    files, total = Counter(), Counter()
    for file in folder.rglob("*"):
        if file.is_file():
            part = file.relative_to(folder).parts[0]
            for each in (part, "all"):
                files[each] += 1
                total[each] += file.stat().st_size
    parts = sorted((each for each in total if each != "all"), key=lambda each: -total[each])
    return [(each, files[each], total[each]) for each in [*parts, "all"]]


def times(folder: Path) -> dict[str, list[list[float]]]:
    """Measure each page: a list of [DOMContentLoaded, first paint, filter] in ms, one of each repeat, in turn."""
    from playwright.sync_api import sync_playwright

    found = {page: [] for page in PAGES if (folder / page).is_file()}
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=shutil.which("chromium") or shutil.which("google-chrome"))
        for _ in range(REPEATS):
            for where, seen in found.items():
                page = browser.new_context().new_page()
                page.goto((folder / where).resolve().as_uri())
                measured = page.evaluate(TIMES)
                seen.append([*measured, page.evaluate(FILTER) if where == "claims.html" else float("nan")])
                page.context.close()
        browser.close()
    return found


def main(folder: Path) -> None:
    print("| part of the report | files | MB |\n| --- | ---: | ---: |")
    for part, files, size in sizes(folder):
        print(f"| {part} | {files} | {size / 1e6:.2f} |")
    print("\n| page | kB | DOMContentLoaded (ms) | first text painted (ms) | filter (ms) |")
    print("| --- | ---: | ---: | ---: | ---: |")
    for page, seen in times(folder).items():
        cells = []
        for column in zip(*seen, strict=True):
            middle = statistics.median(column)
            cells.append("" if middle != middle else f"{middle:.0f} ({min(column):.0f} to {max(column):.0f})")
        print(f"| {page} | {(folder / page).stat().st_size / 1e3:.0f} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "results/report"))
