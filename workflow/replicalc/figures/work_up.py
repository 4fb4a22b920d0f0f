"""The sequential work-up as a tree of decisions with counts, and what each rule for a biopsy spares and misses."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from replicalc.cohort.frame import read_description
from replicalc.figures.canvas import (
    BLUE,
    INK,
    LINE,
    MARGIN,
    MUTED,
    PAPER,
    PLAIN,
    SMALL,
    VERMILLION,
    WIDTH,
    About,
    every_reason,
    frame,
    left_out,
    not_evaluable,
    sheet,
)
from replicalc.figures.labels import code_label, number, units, variable_label, with_interval
from replicalc.figures.marks import computed
from replicalc.job import job
from replicalc.table import Lookup, read_result

if TYPE_CHECKING:
    from matplotlib.axes import Axes

BOX, TALL, GAP, STEP = 2.02, 0.66, 0.14, 0.56  # inches: width and height of a box, room between rows and columns
BAR, BAR_LEFT, BAR_WIDTH = 0.3, 1.98, 2.92
BIOPSIES, SPARED, MISSED = 5.0, 5.78, 6.62  # inches: the columns of numbers
RULE = "strategy="
#: What becomes of a lesion under a rule: told apart by lightness and hatch, too.
LOOKS = {
    "cancer found": {"facecolor": BLUE},
    "benign, biopsied": {"facecolor": "#C9C9C9"},
    "benign, spared": {"facecolor": "white"},
    "cancer missed": {"facecolor": VERMILLION, "hatch": "////"},
}


@job
def work_up_tree(cohort, table, svg, png):
    """Draw each branch of the work-up with its lesions and malignant ones, then the rules for a biopsy as bars.

    From the result of ``results.work_up``; the cohort only says what a row is (a lesion, a breast, a patient).
    """
    rows = read_result(table)
    about = About.of(svg, rows)
    title = "Sequential work-up: mammography, ultrasound, MRI"
    lookup = Lookup(rows)
    target = next((row.variable for row in rows if row.group == "all" and row.stat == "count"), "")
    total = lookup("all", target, "count")
    if total is None or not total.n:
        reason = every_reason(rows) or "nobody has every test and a histology"
        return not_evaluable(svg, png, title=title, about=about, reasons={"": reason})
    unit = units(read_description(cohort).unit_of_analysis)
    branches = list(dict.fromkeys(row.group for row in rows if row.variable == target and row.stat == "count"))
    levels = [
        [group for group in branches if _depth(group) == depth] for depth in range(max(map(_depth, branches)) + 1)
    ]
    rules = list(dict.fromkeys(row.group for row in rows if row.group.startswith(RULE)))
    tree = len(levels[-1]) * (TALL + GAP)
    body = 0.3 + tree + 0.52 + BAR * len(rules)
    notes = [
        f"every one of the {unit} was biopsied: mammography alone indicated it; in a box: the share malignant "
        "with Wilson's 95 % interval, also as a strip"
    ]
    notes += left_out(total, unit)
    with sheet(svg, png, title=title, about=about, body=body, legend=True, notes=notes) as page:
        page.legend(_handles(), handlelength=1.5)
        ax = page.canvas(MARGIN, 0, WIDTH - 2 * MARGIN, 0.3 + tree)
        _tree(ax, levels, lookup, target, unit)
        _strategies(page, 0.3 + tree, rules, computed(rows), target, unit)
        page.alt = _told(levels, rules, computed(rows), target, unit)
    return None


def _depth(group: str) -> int:
    return 0 if group == "all" else group.count(";") + 1


def _plain(part: str) -> tuple[str, str]:
    name, _, code = part.partition("=")
    return variable_label(name), code_label(name, code)


def _tree(ax: Axes, levels: list[list[str]], lookup: Lookup, target: str, unit: str) -> None:
    middles: dict[str, float] = {}
    for depth in reversed(range(len(levels))):
        for i, group in enumerate(levels[depth]):
            below = [y for other, y in middles.items() if _depth(other) == depth + 1 and _parent(other) == group]
            middles[group] = sum(below) / len(below) if below else 0.3 + (TALL + GAP) * (i + 0.5)
    for depth, groups in enumerate(levels):
        left = depth * (BOX + STEP)
        heading = "mammography" if not depth else _plain(groups[0].rpartition(";")[2])[0]
        ax.text(left, 0.12, heading, va="center", fontsize=PLAIN, fontweight="bold")
        for group in groups:
            y = middles[group]
            if depth:
                _branch(ax, (left - STEP, middles[_parent(group)]), (left, y), bool(lookup(group, target, "count").n))
            _box(ax, left, y, group, lookup, target, unit)


def _parent(group: str) -> str:
    return group.rpartition(";")[0] or "all"


def _branch(ax: Axes, start: tuple[float, float], end: tuple[float, float], taken: bool) -> None:
    half = (start[0] + end[0]) / 2
    x, y = [start[0], half, half, end[0]], [start[1], start[1], end[1], end[1]]
    look = {"color": INK, "zorder": 2} if taken else {"color": MUTED, "linestyle": (0, (4, 3)), "zorder": 1}
    ax.plot(x, y, linewidth=0.9, solid_joinstyle="miter", **look)


def _box(ax: Axes, left: float, middle: float, group: str, lookup: Lookup, target: str, unit: str) -> None:
    """Draw a branch: what it is, how many, how many of them malignant; the strip below is their share."""
    count = lookup(group, target, "count")
    name = "all biopsied" if group == "all" else " ".join(_plain(group.rpartition(";")[2]))
    top, n = middle - TALL / 2, count.n or 0
    solid = {"facecolor": "white", "edgecolor": INK, "linestyle": "-"}
    frame(ax, left, top, BOX, TALL, **(solid if n else {}))
    if n:
        share = computed([row for row in lookup.rows if (row.group, row.variable) == (group, target)])
        values = [share(group, target, stat) for stat in ("percent", "percent_lo", "percent_hi")]
        lines = [f"{n} {unit}, {int(count.value)} malignant", f"{with_interval(*values, 1)} %"]
        strip = {"linestyle": "-", "linewidth": 0}
        frame(ax, left, top + TALL - 0.07, BOX, 0.07, facecolor=PAPER, edgecolor="none", **strip)
        frame(ax, left, top + TALL - 0.07, BOX * values[0] / 100, 0.07, facecolor=BLUE, edgecolor="none", **strip)
        frame(ax, left, top, BOX, TALL, **solid | {"facecolor": "none"})
    else:
        lines = ["nobody is on this branch"]
    ax.text(left + 0.09, top + 0.13, name, va="center", fontsize=SMALL, fontweight="bold")
    for i, line in enumerate(lines):
        ax.text(left + 0.09, top + 0.13 + LINE * (i + 1), line, va="center", fontsize=SMALL, color=INK if n else MUTED)


def _handles() -> list:
    from matplotlib.patches import Patch

    return [Patch(label=name, edgecolor=INK, linewidth=0.6, **look) for name, look in LOOKS.items()]


def _rule_name(group: str) -> str:
    """Say a rule in plain words.

    >>> _rule_name("strategy=biopsy if us_assessment is positive"), _rule_name("strategy=biopsy all")
    ('if ultrasound is positive', 'all')
    """
    words = group.removeprefix(RULE).removeprefix("biopsy ").split()
    return " ".join(variable_label(word) if "_" in word else word for word in words)


def _fates(values, group: str, target: str) -> dict[str, int]:
    biopsies, spared, found, missed = (
        int(values(group, target, stat)) for stat in ("biopsies", "biopsies_spared", "found", "missed")
    )
    numbers = (found, biopsies - found, spared - missed, missed)
    return dict(zip(LOOKS, numbers, strict=True))


def _strategies(page, top: float, rules: list[str], values, target: str, unit: str) -> None:
    page.words(MARGIN, top + 0.2, "Rule for a biopsy", fontsize=PLAIN, fontweight="bold")
    for left, name, below in (
        (BIOPSIES, "biopsies", "of all"),
        (SPARED, "spared", "(share)"),
        (MISSED, "missed", "of cancers"),
    ):
        page.words(left, top + 0.14, name, fontweight="bold")
        page.words(left, top + 0.14 + LINE, below, color=MUTED)
    top += 0.44
    ax = page.axes(BAR_LEFT, top, BAR_WIDTH, BAR * len(rules))
    for y, group in enumerate(rules):
        fates = _fates(values, group, target)
        found, benign, spared, missed = fates.values()
        left, n = 0, sum(fates.values())
        for name, number_of in fates.items():
            if number_of:
                ax.barh(y, number_of, left=left, height=0.7, edgecolor=INK, linewidth=0.6, clip_on=False, **LOOKS[name])
                left += number_of
        middle = top + BAR * (y + 0.5)
        page.words(MARGIN, middle, _rule_name(group))
        page.words(BIOPSIES, middle, f"{found + benign}/{n}")
        page.words(SPARED, middle, f"{spared + missed} ({number(100 * (spared + missed) / n, 0)} %)")
        page.words(MISSED, middle, f"{missed}/{found + missed}", fontweight="bold" if missed else "normal")
    ax.set(xlim=(0, n), ylim=(len(rules) - 0.5, -0.5), yticks=[], xticks=[])
    for side in ("left", "bottom"):
        ax.spines[side].set_visible(False)


def _told(levels: list[list[str]], rules: list[str], values, target: str, unit: str) -> str:
    parts = []
    for group in (each for groups in levels for each in groups):
        name = "all" if group == "all" else ", ".join(" ".join(_plain(part)) for part in group.split(";"))
        n = values(group, target.partition("=")[0], "n")
        parts.append(
            f"{name}: {int(n) if math.isfinite(n) else 0} {unit}, {int(values(group, target, 'count'))} malignant"
        )
    for group in rules:
        fates = _fates(values, group, target)
        spared = fates["benign, spared"] + fates["cancer missed"]
        parts.append(f"biopsy {_rule_name(group)}: {spared} spared, {fates['cancer missed']} cancers missed")
    return "; ".join(parts) + "."
