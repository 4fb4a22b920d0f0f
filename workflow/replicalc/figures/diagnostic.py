"""MRI against pathology as yes and no: the fourfold table, and the measures of accuracy with intervals."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from replicalc.figures.canvas import (
    INK,
    MARGIN,
    MUTED,
    PLAIN,
    SMALL,
    About,
    frame,
    left_out,
    not_evaluable,
    sheet,
)
from replicalc.figures.labels import number, with_interval
from replicalc.figures.marks import COMPUTED, PRINTED, computed, handles, interval, printed, stripes
from replicalc.job import job
from replicalc.table import Lookup, read_result

if TYPE_CHECKING:
    from replicalc.figures.canvas import Sheet


@dataclass(frozen=True, slots=True)
class Fourfold:
    """The words of a fourfold table; each may have several lines."""

    index: str
    positive: str
    negative: str
    reference: str
    present: str
    absent: str


MRI_WORDS = Fourfold("MRI", "residual\nenhance-\nment", "complete\nresponse", "pathology", "residual\ndisease", "pCR")
#: Residual enhancement is the positive test, residual disease the condition (see the study's notes).
PLACE = ("all", "mri_complete_response=no~pcr=no")
MEASURES = {
    "sensitivity": "Sensitivity",
    "specificity": "Specificity",
    "ppv": "Positive predictive value",
    "npv": "Negative predictive value",
    "false_positive_rate": "False-positive rate",
    "false_negative_rate": "False-negative rate",
}
CELL, LABELS, TOTALS = 0.86, 0.95, 0.5  # inches
NAMES = 3.48  # inches: where the names of the measures begin
PLOT, PLOT_WIDTH, NUMBERS = 5.1, 1.0, 6.2
ROW, TOP = 0.42, 0.32


@job
def confusion(table, claims, svg, png):
    """Draw complete response on MRI against pCR: fourfold table, six measures with Wilson intervals."""
    rows = read_result(table)
    about = About.of(svg, rows)
    title = "Complete response on MRI against pCR"
    lookup, ours, theirs = Lookup(rows), computed(rows), printed(claims, rows[0].result)
    cells = {stat: ours(*PLACE, stat) for stat in ("tp", "fp", "fn", "tn")}
    if not all(math.isfinite(count) for count in cells.values()) or not sum(cells.values()):
        reason = lookup.reason(*PLACE)
        return not_evaluable(svg, png, title=title, about=about, reasons={"": reason})
    counts = {stat: int(count) for stat, count in cells.items()}
    notes = [
        "positive test: residual enhancement on MRI; condition: residual disease (no pCR); Wilson intervals",
        *left_out(lookup(*PLACE, "tp")),
    ]
    body = TOP + ROW * len(MEASURES) + 0.55
    with sheet(svg, png, title=title, about=about, body=body, legend=True, notes=notes) as page:
        page.legend(handles(paper_intervals=False))
        fourfold(page, counts, MRI_WORDS)
        _measures(page, lookup, ours, theirs)
        page.alt = (
            f"Residual enhancement: {counts['tp']} with residual disease, {counts['fp']} with pCR. "
            f"Complete response on MRI: {counts['fn']} with residual disease, {counts['tn']} with pCR. "
            f"Sensitivity {number(ours(*PLACE, 'sensitivity'), 1)} %, "
            f"specificity {number(ours(*PLACE, 'specificity'), 1)} %."
        )
    return None


def fourfold(page: Sheet, counts: dict[str, int], words: Fourfold) -> None:
    """Draw the table of an index test against a reference standard, at the top left of the body.

    ``counts``: tp, fp, fn, tn. It takes ``LABELS + 2 * CELL + TOTALS`` inches of width and 2.65 of height.
    """
    ax = page.canvas(MARGIN, 0, LABELS + 2 * CELL + TOTALS, page.body)
    top, left = 0.62, LABELS
    ax.text(left + CELL, 0.1, words.reference, ha="center", va="center", fontweight="bold", fontsize=PLAIN)
    for i, text in enumerate((words.present, words.absent, "total")):
        x = left + CELL * (i + 0.5) if i < 2 else left + 2 * CELL + TOTALS / 2
        ax.text(x, top - 0.22, text, ha="center", va="center", fontsize=SMALL, color=INK if i < 2 else MUTED)
    ax.text(0, top - 0.22, words.index, va="center", fontweight="bold", fontsize=PLAIN)
    table = ((words.positive, "tp", "fp"), (words.negative, "fn", "tn"))
    names = {"tp": "true pos.", "fp": "false pos.", "fn": "false neg.", "tn": "true neg."}
    for j, (text, *stats) in enumerate(table):
        y = top + CELL * j
        ax.text(0, y + CELL / 2, text, va="center", fontsize=SMALL)
        for i, stat in enumerate(stats):
            right = stat in ("tp", "tn")
            frame(ax, left + CELL * i, y, CELL, CELL, linestyle="-", edgecolor=INK,
                  facecolor="#CFE4F2" if right else "white")  # fmt: skip
            x = left + CELL * (i + 0.5)
            ax.text(x, y + 0.36, str(counts[stat]), ha="center", va="center", fontsize=15, fontweight="bold")
            ax.text(x, y + 0.67, names[stat], ha="center", va="center", fontsize=SMALL, color=MUTED)
        total = str(sum(counts[stat] for stat in stats))
        ax.text(left + 2 * CELL + TOTALS / 2, y + CELL / 2, total, ha="center", va="center", color=MUTED)
    y = top + 2 * CELL + 0.17
    ax.text(0, y, "total", va="center", fontsize=SMALL, color=MUTED)
    for i, stats in enumerate((("tp", "fn"), ("fp", "tn"), tuple(counts))):
        x = left + CELL * (i + 0.5) if i < 2 else left + 2 * CELL + TOTALS / 2
        ax.text(x, y, str(sum(counts[stat] for stat in stats)), ha="center", va="center", color=MUTED)


def _measures(page, lookup: Lookup, ours, theirs) -> None:
    ax = page.axes(PLOT, TOP, PLOT_WIDTH, ROW * len(MEASURES))
    ax.set(xlim=(0, 100), ylim=(len(MEASURES) - 0.5, -0.5), yticks=[], xticks=[0, 50, 100])
    ax.spines["left"].set_visible(False)
    ax.tick_params(axis="x", length=3)
    ax.set_xlabel("%", labelpad=2)
    stripes(ax, len(MEASURES))
    page.words(NUMBERS, TOP - 0.14, "% (95 % interval)", fontweight="bold")
    for y, (stat, name) in enumerate(MEASURES.items()):
        middle = TOP + ROW * (y + 0.5)
        row = lookup(*PLACE, stat)
        value, lo, hi = (ours(*PLACE, place) for place in (stat, f"{stat}_lo", f"{stat}_hi"))
        of = row.n if row and row.n else 0
        share = f"{round(value * of / 100)}/{of}" if math.isfinite(value) else f"–/{of}"
        page.words(NAMES, middle - 0.08, name)
        page.words(NAMES, middle + 0.08, share, color=MUTED)
        interval(ax, y - 0.1, value, lo, hi, COMPUTED)
        page.words(NUMBERS, middle - 0.08, with_interval(value, lo, hi, 1))
        paper = theirs(*PLACE, stat)
        interval(ax, y + 0.22, paper, math.nan, math.nan, PRINTED)
        if math.isfinite(paper):
            page.words(NUMBERS, middle + 0.08, f"paper: {number(paper, 1)}", color=MUTED)
