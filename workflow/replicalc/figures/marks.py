"""Marks with an interval, the same in every figure: filled for this cohort, hollow for the paper."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from replicalc.figures.canvas import BLUE, INK, ORANGE, VERMILLION
from replicalc.records import load_claims
from replicalc.verify.printed import parse

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from replicalc.table import Row

#: Gives the number at a place (group, variable, stat) of a table or of the paper; NaN where there is none.
Values = Callable[[str, str, str], float]
#: Gives what the paper prints at a place, letter by letter; '' where it prints nothing.
Texts = Callable[[str, str, str], str]

COMPUTED = {"marker": "o", "color": BLUE, "markerfacecolor": BLUE, "markersize": 5.5, "linewidth": 1.6}
#: The same share with an interval for several lesions of one patient; a second model beside the first.
CLUSTERED = {"marker": "s", "color": ORANGE, "markerfacecolor": ORANGE, "markersize": 4.5, "linewidth": 1.6}
SECOND = {"marker": "s", "color": VERMILLION, "markerfacecolor": VERMILLION, "markersize": 4.8, "linewidth": 1.6}
PRINTED = {"marker": "D", "color": INK, "markerfacecolor": "white", "markersize": 5, "linewidth": 0.9}


def interval(ax: Axes, y: float, value: float, lo: float, hi: float, mark: dict) -> None:
    """Draw a mark with its interval in row ``y``; whatever is NaN is left out."""
    if math.isfinite(lo) and math.isfinite(hi):
        ax.plot(
            [lo, hi],
            [y, y],
            color=mark["color"],
            linewidth=mark["linewidth"],
            solid_capstyle="butt",
            zorder=2,
        )
        for end in (lo, hi):
            size = 0.09
            ax.plot([end, end], [y - size, y + size], color=mark["color"], linewidth=mark["linewidth"], zorder=2)
    if math.isfinite(value):
        ax.plot(
            [value],
            [y],
            linestyle="none",
            marker=mark["marker"],
            markersize=mark["markersize"],
            markerfacecolor=mark["markerfacecolor"],
            markeredgecolor=mark["color"],
            markeredgewidth=1.1,
            zorder=3,
            clip_on=False,
        )


def bounded(
    ax: Axes,
    y: float,
    value: float,
    lo: float,
    hi: float,
    mark: dict,
    limits: tuple[float, float],
    cap: float = 0.09,
) -> None:
    """Draw a mark with its interval on an axis that may end before it: an arrow head says that it goes on.

    ``limits`` are the ends of the axis, in its units; ``lo`` and ``hi`` may be infinite, on a logarithmic axis also 0.
    Whatever is NaN is left out, and so is a mark beyond the axis: its number stands beside the plot. ``cap`` is half
    the length of the strokes that end an interval, in units of the vertical axis.
    """
    low, high = limits
    inside = value if low <= value <= high else math.nan
    if math.isnan(lo) or math.isnan(hi):
        return interval(ax, y, inside, math.nan, math.nan, mark)
    left, right = min(max(lo, low), high), max(min(hi, high), low)
    ax.plot([left, right], [y, y], color=mark["color"], linewidth=mark["linewidth"], solid_capstyle="butt", zorder=2)
    heads = {low: "<"} if lo < low else {}
    heads |= {high: ">"} if hi > high else {}
    for end in (lo, hi):
        if low <= end <= high:
            ax.plot([end, end], [y - cap, y + cap], color=mark["color"], linewidth=mark["linewidth"], zorder=2)
    for end, head in heads.items():
        style = {"linestyle": "none", "marker": head, "markersize": 5, "color": mark["color"]}
        ax.plot([end], [y], clip_on=False, zorder=3, **style)
    return interval(ax, y, inside, math.nan, math.nan, mark)


def handle(label: str, mark: dict, *, line: bool = True):
    """Make one entry of a legend from a mark; ``line`` says whether an interval goes with it."""
    from matplotlib.lines import Line2D

    return Line2D([], [], label=label, markeredgewidth=1.1, **(mark if line else mark | {"linestyle": "none"}))


def handles(*, paper_intervals: bool) -> list:
    """Make the legend of the two marks."""
    from matplotlib.lines import Line2D

    paper = PRINTED if paper_intervals else PRINTED | {"linestyle": "none"}
    text = "printed in the paper, 95 % interval" if paper_intervals else "printed in the paper"
    return [
        Line2D([], [], label="this cohort, 95 % interval", **COMPUTED),
        Line2D([], [], label=text, markeredgewidth=1.1, **paper),
    ]


def computed(rows: Sequence[Row]) -> Values:
    """Give the numbers of a result table."""
    places = {(row.group, row.variable, row.stat): row.value for row in reversed(rows)}
    return lambda *place: places.get(place, math.nan)


def printed(claims: str | Path, result: str) -> Values:
    """Give the numbers that the paper prints for a result; an inequality is no number."""
    places: dict[tuple[str, str, str], float] = {}
    for claim in load_claims(claims):
        found = parse(claim.reported) if claim.result == result else None
        if found and found.sign == "=":
            places.setdefault((claim.group, claim.variable, claim.stat), float(found.value))
    return lambda *place: places.get(place, math.nan)


def printed_texts(claims: str | Path, result: str) -> Texts:
    """Give what the paper prints for a result, letter by letter: inequalities too; '' where it prints nothing."""
    places: dict[tuple[str, str, str], str] = {}
    for claim in load_claims(claims):
        if claim.result == result and claim.kind != "qualitative":
            places.setdefault((claim.group, claim.variable, claim.stat), claim.reported)
    return lambda *place: places.get(place, "")


def codes_of(rows: Sequence[Row], variable: str) -> list[str]:
    """List the categories of a variable, in the order of a result table."""
    head = f"{variable}="
    names = [part for row in rows for part in (row.group, row.variable) if part.startswith(head)]
    return list(dict.fromkeys(name.removeprefix(head) for name in names if ";" not in name and "~" not in name))


def stripes(ax: Axes, rows: int) -> None:
    """Shade every other row of a forest plot, so that the eye keeps to its line."""
    for y in range(0, rows, 2):
        ax.axhspan(y - 0.5, y + 0.5, color="#F6F6F6", zorder=0, linewidth=0)
