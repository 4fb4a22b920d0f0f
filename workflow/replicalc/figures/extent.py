"""The extent of microcalcifications before and after treatment, patient by patient."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from replicalc.cohort.frame import Cohort, read_cohort
from replicalc.figures.canvas import (
    BLUE,
    FAINT,
    INK,
    MUTED,
    PLAIN,
    SMALL,
    VERMILLION,
    About,
    definition,
    not_evaluable,
    sheet,
    study_of,
)
from replicalc.figures.labels import code_label, number, p_text
from replicalc.figures.marks import computed
from replicalc.job import job
from replicalc.results.describe import in_unit
from replicalc.table import Lookup, read_result

if TYPE_CHECKING:
    import numpy as np
    from matplotlib.axes import Axes

BEFORE, AFTER = "calc_extent_pre_mm", "calc_extent_post_mm"
#: How the lines of each class look; each class has a panel of its own.
LOOKS = {
    "decrease": {"color": BLUE, "linestyle": "-", "marker": "v"},
    "no_change": {"color": MUTED, "linestyle": (0, (4, 2)), "marker": "o"},
    "increase": {"color": VERMILLION, "linestyle": "-", "marker": "^"},
}
ONE_CLASS = {"color": BLUE, "linestyle": "-", "marker": "o"}
TALL = 3.3


@job
def extent_before_after(cohort, table, study_file, svg, png):
    """Draw each patient's extent before and after by class of change, and median and quartiles of all."""
    data, rows = read_cohort(cohort, [BEFORE, AFTER, "calc_change"]), read_result(table)
    about = About(study_of(svg), data.name, data.kind)
    title = "Extent of the microcalcifications before and after treatment"
    lookup = Lookup(rows)
    panels, notes = _panels(data)
    if not panels:
        reasons = {"": lookup.reason() or "nobody has both measurements"}
        return not_evaluable(svg, png, title=title, about=about, reasons=reasons)
    highest = max([1.0, *(float(pairs.max()) for _, _, pairs, _ in panels if len(pairs))])
    test = lookup("all", f"{AFTER} - {BEFORE}", "p")
    if test:
        notes.insert(0, p_text(test))
    if len(panels) > 1:
        notes.append(definition(study_file, "change_of_extent"))
    with sheet(svg, png, title=title, about=about, body=TALL + 0.55, notes=notes) as page:
        n_panels = len(panels) + 1
        width = (7.5 - 0.6 - 0.15) / n_panels
        for i, (name, n, pairs, look) in enumerate(panels):
            ax = page.axes(0.6 + i * width, 0.24, width - 0.16, TALL)
            _frame(ax, highest, f"{name}, n = {n}", first=i == 0)
            _lines(ax, pairs, look)
        ax = page.axes(0.6 + (n_panels - 1) * width, 0.24, width - 0.16, TALL)
        _frame(ax, highest, "all: median, quartiles", first=False)
        _summary(ax, computed(rows))
        page.alt = "Lines from before to after: " + ", ".join(f"{name} {n}" for name, n, *_ in panels) + "."
    return None


def _panels(data: Cohort) -> tuple[list[tuple[str, int, np.ndarray, dict]], list[str]]:
    """Give each panel as (name, patients, pairs in cm, look), and what to say about patients who are in none.

    In a large cohort a pair that many patients have is one line.
    """
    if data.missing_variables(BEFORE, AFTER) or not data.size:
        return [], []
    known = data.known(BEFORE, AFTER)
    if not known.size:
        return [], []
    if data.missing_variables("calc_change"):
        return [("all patients", known.size, in_unit(known.frame[[BEFORE, AFTER]], "mm", "cm"), ONE_CLASS)], [
            f"not shown by class of change: variable calc_change not in cohort {data.name}"
        ]
    panels = []
    for code, look in LOOKS.items():
        mine = known.part(known.frame["calc_change"] == code)
        pairs = in_unit(mine.frame[[BEFORE, AFTER]], "mm", "cm")
        panels.append((code_label("calc_change", code), mine.size, pairs, look))
    without = known.count(known.frame["calc_change"].isna())
    return panels, [f"without class of change, not drawn: {without} patients"] if without else []


def _frame(ax: Axes, highest: float, title: str, *, first: bool) -> None:
    ax.set(xlim=(-0.3, 1.3), ylim=(-0.04 * highest, 1.05 * highest), xticks=[0, 1], xticklabels=["before", "after"])
    ax.set_title(title, fontsize=PLAIN, pad=5)
    ax.grid(axis="y", color=FAINT, linewidth=0.6)
    ax.set_axisbelow(True)
    ax.tick_params(axis="x", length=0)
    ax.tick_params(axis="y", length=3, labelleft=first)
    if first:
        ax.set_ylabel("largest extent, cm")


def _lines(ax: Axes, pairs: np.ndarray, look: dict) -> None:
    from matplotlib.collections import LineCollection

    style = {"color": look["color"], "alpha": 0.6, "clip_on": False}
    lines = [[(0, before), (1, after)] for before, after in pairs]
    ax.add_collection(LineCollection(lines, linewidths=0.8, linestyles=[look["linestyle"]], **style), autolim=False)
    marks = {"linestyle": "none", "marker": look["marker"], "markersize": 3, "markeredgewidth": 0}
    for x in (0, 1):
        ax.plot([x] * len(pairs), pairs[:, x], **marks, **style)
    if not len(pairs):
        ax.text(0.5, 0.5, "nobody", transform=ax.transAxes, ha="center", va="center", fontsize=SMALL, color=MUTED)


def _summary(ax: Axes, values) -> None:
    middles = []
    for x, name in enumerate((BEFORE, AFTER)):
        q1, median, q3 = (values("all", name, stat) for stat in ("q1", "median", "q3"))
        middles.append(median)
        if math.isfinite(q1) and math.isfinite(q3):
            ax.plot([x, x], [q1, q3], color="#B0B0B0", linewidth=7, solid_capstyle="butt", zorder=2)
        if math.isfinite(median):
            ax.plot([x], [median], linestyle="none", marker="D", markersize=6, color=INK, zorder=3)
            side = {"ha": "right", "xytext": (-7, 0)} if x == 0 else {"ha": "left", "xytext": (7, 0)}
            style = {"textcoords": "offset points", "va": "center", "fontsize": SMALL}
            ax.annotate(number(median, 1), (x, median), **side, **style)
    if all(math.isfinite(median) for median in middles):
        ax.plot([0, 1], middles, color=INK, linewidth=1, linestyle=(0, (2, 2)), zorder=1)
    ax.set_xlim(-0.6, 1.6)
