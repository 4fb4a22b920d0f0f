"""Ultrasound against pathology as yes and no: the fourfold table, and each measure with every interval method.

A paper that names no interval method can be held against all of them at once.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from replicalc.figures.canvas import (
    FAINT,
    INK,
    LINE,
    MARGIN,
    MUTED,
    PLAIN,
    About,
    left_out,
    not_evaluable,
    sheet,
)
from replicalc.figures.diagnostic import Fourfold, fourfold
from replicalc.figures.labels import number
from replicalc.figures.marks import COMPUTED, PRINTED, bounded, computed, handles, printed
from replicalc.job import job
from replicalc.records import load_checked
from replicalc.table import Lookup, read_result

if TYPE_CHECKING:
    from replicalc.figures.canvas import Sheet
    from replicalc.figures.marks import Values

PLACE = ("all", "us_calcification=yes~path_calcification=yes")
WORDS = Fourfold("ultrasound", "micro-\ncalcifica-\ntion", "none", "pathology", "micro-\ncalcification", "none")
MEASURES = {
    "accuracy": "Accuracy",
    "sensitivity": "Sensitivity",
    "specificity": "Specificity",
    "ppv": "Positive predictive value",
    "npv": "Negative predictive value",
}
#: How the limits of each method are called in a result table, after the name of the measure.
METHODS = {
    "": "Wilson",
    "_clopper_pearson": "Clopper-Pearson",
    "_wald": "Wald",
    "_agresti_coull": "Agresti-Coull",
    "_jeffreys": "Jeffreys",
    "_clustered": "clustered",
}
COLUMN = 3.85  # inches: where the second column of panels begins
NAMES, PLOT, NUMBERS = 1.05, 1.3, 2.45  # inches: width of the methods' names and of the plot; where the limits stand
HEAD, AXIS, TABLE = 0.4, 0.34, 2.75  # inches: above the first row, below the last row, height of the fourfold table
CAP = 0.2  # half the height of the ends of an interval, in rows


@job
def interval_methods(table, claims, study_file, svg, png):
    """Draw ultrasound against pathology: fourfold table, and five measures by every interval method and as printed."""
    rows = read_result(table)
    about = About.of(svg, rows)
    title = "Microcalcification on colour Doppler ultrasound against pathology"
    lookup, ours = Lookup(rows), computed(rows)
    cells = {stat: ours(*PLACE, stat) for stat in ("tp", "fp", "fn", "tn")}
    if not all(math.isfinite(count) for count in cells.values()) or not sum(cells.values()):
        return not_evaluable(svg, png, title=title, about=about, reasons={"": lookup.reason(*PLACE)})
    counts = {stat: int(count) for stat, count in cells.items()}
    fractions = load_checked(study_file, "study")["readings"].get("proportion_limits_printed_as") == "fraction"
    theirs = _printed_percent(printed(claims, rows[0].result), fractions)
    methods = {end: name for end, name in METHODS.items() if any(_limits(ours, stat, end) for stat in MEASURES)}
    notes = [
        "positive test: microcalcification on ultrasound; condition: microcalcification in the specimen",
        *(["the paper prints the limits as fractions; here they stand in percent"] if fractions else []),
        *left_out(lookup(*PLACE, "tp")),
    ]
    panel = HEAD + LINE * (len(methods) + 1) + AXIS
    body = max(TABLE, panel + 0.3) + 2 * panel + 0.16
    with sheet(svg, png, title=title, about=about, body=body, legend=True, notes=notes) as page:
        page.legend(handles(paper_intervals=True))
        fourfold(page, counts, WORDS)
        span = _span([end for stat in MEASURES for end in _ends(ours, theirs, stat, methods)])
        for i, stat in enumerate(MEASURES):
            column, row = (i + 1) % 2, (i + 1) // 2
            left = MARGIN + (COLUMN - MARGIN) * column
            top = max(TABLE, panel + 0.3) + (panel + 0.08) * (row - 1) if row else 0.3
            _panel(page, left, top, stat, lookup, theirs, methods, span)
        page.alt = (
            f"Microcalcification on ultrasound: {counts['tp']} with and {counts['fp']} without microcalcification in "
            f"the specimen. None on ultrasound: {counts['fn']} with and {counts['tn']} without. "
            + ", ".join(f"{name} {number(ours(*PLACE, stat), 1)} %" for stat, name in MEASURES.items())
            + f"; each with {len(methods)} interval methods."
        )
    return None


def _printed_percent(theirs: Values, fractions: bool) -> Values:
    """Give the printed numbers in percent, the limits too where the paper prints those as fractions."""

    def value(group: str, variable: str, stat: str) -> float:
        return theirs(group, variable, stat) * (100 if fractions and stat.endswith(("_lo", "_hi")) else 1)

    return value


def _limits(values: Values, stat: str, end: str = "") -> tuple[float, float] | None:
    lo, hi = (values(*PLACE, f"{stat}{end}_{side}") for side in ("lo", "hi"))
    return (lo, hi) if math.isfinite(lo) and math.isfinite(hi) else None


def _ends(ours: Values, theirs: Values, stat: str, methods: dict[str, str]) -> list[float]:
    pairs = [_limits(ours, stat, end) for end in methods] + [_limits(theirs, stat)]
    found = [end for pair in pairs if pair for end in pair] + [ours(*PLACE, stat), theirs(*PLACE, stat)]
    return [end for end in found if math.isfinite(end)]


def _span(ends: list[float]) -> tuple[int, int]:
    """Choose the two ends of one axis for all panels, in percent: whole twenties that hold everything."""
    low = min(80, 20 * math.floor(min(ends, default=0) / 20))
    return max(0, low), min(100, max(low + 20, 20 * math.ceil(max(ends, default=100) / 20)))


def _panel(page: Sheet, left: float, top: float, stat: str, lookup: Lookup, theirs: Values, methods, span) -> None:
    row = lookup(*PLACE, stat)
    value = row.value if row else math.nan
    of = row.n if row and row.n else 0
    counted = f"{number(value, 1)} % ({round(value * of / 100)}/{of})" if math.isfinite(value) else f"– (0/{of})"
    paper, limits = theirs(*PLACE, stat), _limits(theirs, stat)
    page.words(left, top + 0.06, MEASURES[stat], fontsize=PLAIN, fontweight="bold")
    page.words(left, top + 0.23, counted + (f", printed {number(paper, 1)} %" if math.isfinite(paper) else ""))
    rows = len(methods) + 1
    ax = page.axes(left + NAMES, top + HEAD, PLOT, LINE * rows)
    low, high = span
    ax.set(xlim=(low, high), ylim=(rows - 0.5, -0.5), yticks=[], xticks=range(low, high + 1, 20))
    ax.spines["left"].set_visible(False)
    ax.grid(axis="x", color=FAINT, linewidth=0.6, zorder=0)
    ax.set_axisbelow(True)
    ax.tick_params(axis="x", length=3, pad=2)
    ours = computed(lookup.rows)
    for y, (name, mark, centre, pair) in enumerate(
        [(name, COMPUTED, value, _limits(ours, stat, end)) for end, name in methods.items()]
        + [("printed", PRINTED, paper, limits)]
    ):
        middle = top + HEAD + LINE * (y + 0.5)
        lo, hi = pair or (math.nan, math.nan)
        page.words(left, middle, name, color=MUTED if mark is COMPUTED else INK)
        bounded(ax, y, centre, lo, hi, mark | {"markersize": 4}, span, cap=CAP)
        page.words(left + NUMBERS, middle, f"{number(lo, 1)} to {number(hi, 1)}" if pair else "–")
    page.words(left + NUMBERS + 0.15, top + HEAD + LINE * rows + 0.14, "%", color=MUTED)
