"""Agreement of sizes with pathology: differences against means, and one size against the other."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
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
    not_evaluable,
    say_missing,
    sheet,
    study_of,
)
from replicalc.figures.labels import number, variable_label
from replicalc.figures.marks import computed
from replicalc.job import job
from replicalc.results.common import missing_sentence
from replicalc.results.describe import in_unit
from replicalc.table import Lookup, read_result

if TYPE_CHECKING:
    import numpy as np
    from matplotlib.axes import Axes

REFERENCE = "residual_size_mm"
WIDE, TALL = 2.3, 2.2
COLUMNS = (0.65, 4.35)  # inches: left edge of the plots
AREA, SMALLEST, LARGEST = 7.0, 1.5, 260.0  # square points: mark of one patient, and the bounds in a big cohort


@dataclass(frozen=True, slots=True)
class Column:
    """One measurement against pathology: ``pairs`` in cm (None if there are none), limits, and why not.

    ``units`` says how many patients have each pair.
    """

    name: str
    pairs: np.ndarray | None
    units: np.ndarray | None
    limits: tuple[float, ...]
    reason: str
    look: dict

    @property
    def heading(self) -> str:
        words = f"{variable_label(self.name)} and {variable_label(REFERENCE)}"
        return words[:1].upper() + words[1:]


@job
def agreement(cohort, mg_pathology, mri_pathology, svg, png):
    """Draw mammography and MRI against pathology: Bland-Altman (limits from the tables) and scatter."""
    data = read_cohort(cohort, ["calc_extent_post_mm", "mri_post_mm", REFERENCE])
    about = About(study_of(svg), data.name, data.kind)
    title = "Size after treatment on mammography and MRI against pathology"
    columns = [
        _column(data, "calc_extent_post_mm", mg_pathology, {"color": VERMILLION, "marker": "s"}),
        _column(data, "mri_post_mm", mri_pathology, {"color": BLUE, "marker": "o"}),
    ]
    drawn = [column for column in columns if column.pairs is not None]
    if not drawn:
        reasons = {column.heading: column.reason for column in columns}
        return not_evaluable(svg, png, title=title, about=about, reasons=reasons)
    highest = max([1.0, *(float(column.pairs.max()) for column in drawn)])
    most = max(int(_places(column.pairs, column.units)[1].max()) for column in drawn)
    area = min(AREA, LARGEST / most)
    notes = ["area of a mark: patients at the same place; upper, lower: 95 % limits of agreement (Bland-Altman)"]
    with sheet(svg, png, title=title, about=about, body=2 * TALL + 1.55, legend=True, notes=notes) as page:
        page.legend(_handles(most, area), handletextpad=0.6)
        for left, column in zip(COLUMNS, columns, strict=True):
            if column.pairs is None:
                page.words(left, 0.1, column.heading, fontsize=PLAIN, fontweight="bold")
                width, height = WIDE + 0.5, 2 * TALL + 0.66
                say_missing(page.canvas(left, 0.26, width, height), width, height, column.reason)
                continue
            text = f"{column.heading}, n = {column.units.sum()}"
            page.words(left, 0.1, text, fontsize=PLAIN, fontweight="bold")
            _bland_altman(page.axes(left, 0.26, WIDE, TALL), column, area, _top(columns))
            _scatter(page.axes(left, TALL + 0.92, WIDE, TALL), column, area, highest)
            upper, bias, lower = (number(limit, 2) for limit in column.limits)
            page.alt += f"{column.heading}: bias {bias} cm, limits {lower} to {upper} cm. "
        page.alt = page.alt.strip()
    return None


def _column(data: Cohort, name: str, table, look: dict) -> Column:
    rows = read_result(table)
    values = computed(rows)
    limits = tuple(values("all", f"{name}~{REFERENCE}", stat) for stat in ("loa_hi", "bias", "loa_lo"))
    lacking = data.missing_variables(name, REFERENCE)
    known = data.nobody() if lacking else data.known(name, REFERENCE)
    if known.size:
        return Column(name, in_unit(known.frame[[name, REFERENCE]], "mm", "cm"), known.units, limits, "", look)
    reason = Lookup(rows).reason() or (missing_sentence(data, lacking) if lacking else "nobody has both sizes")
    return Column(name, None, None, limits, reason, look)


def _top(columns: Sequence[Column]) -> float:
    """Return the common half-height of the plots of differences."""
    ends = [1.0]
    for column in columns:
        if column.pairs is not None:
            ends.append(float(abs(column.pairs[:, 0] - column.pairs[:, 1]).max()))
            ends += [abs(limit) for limit in column.limits]
    return 1.08 * max(end for end in ends if math.isfinite(end))


def _handles(most: int, area: float) -> list:
    from matplotlib.lines import Line2D

    style = {"linestyle": "none", "marker": "o", "color": MUTED, "alpha": 0.6, "markeredgewidth": 0}
    numbers = sorted({1, max(1, most // 4), most})
    return [
        Line2D(
            [], [], markersize=math.sqrt(max(SMALLEST, area * n)), label=f"{n} patient{'s' if n > 1 else ''}", **style
        )
        for n in numbers
    ]


def _places(points: np.ndarray, units: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Give the distinct points, and how many patients are at each."""
    import numpy as np

    places, which = np.unique(np.round(points, 6), axis=0, return_inverse=True)
    return places, np.bincount(which, units)


def _points(ax: Axes, points: np.ndarray, units: np.ndarray, look: dict, area: float) -> None:
    """Draw one mark for each place, its area by the number of patients there."""
    places, n = _places(points, units)
    ax.scatter(*places.T, s=(area * n).clip(min=SMALLEST), alpha=0.55, linewidths=0, clip_on=False, zorder=3, **look)


def _bland_altman(ax: Axes, column: Column, area: float, top: float) -> None:
    import numpy as np

    mean, difference = column.pairs.mean(axis=1), column.pairs[:, 0] - column.pairs[:, 1]
    _points(ax, np.column_stack([mean, difference]), column.units, column.look, area)
    ax.set(ylim=(-top, top), xlim=_from_zero(max(1.0, float(mean.max()))))
    ax.set_xlabel("mean of the two sizes, cm", labelpad=3)
    ax.set_ylabel(f"{variable_label(column.name)} − pathology, cm", labelpad=2)
    ax.axhline(0, color=FAINT, linewidth=0.8, zorder=1)
    looks = (("upper", ":"), ("bias", "--"), ("lower", ":"))
    known = [(limit, *look) for limit, look in zip(column.limits, looks, strict=True) if math.isfinite(limit)]
    heights = spread([limit for limit, *_ in known], gap=0.16 * 2 * top / TALL)
    style = {"transform": ax.get_yaxis_transform(), "va": "center", "fontsize": SMALL}
    for (limit, word, line), y in zip(known, heights, strict=True):
        ax.axhline(limit, color=INK, linewidth=1, linestyle=line, zorder=2)
        ax.text(1.02, y, f"{word} {number(limit, 2)}", **style)
    if not known:
        ax.text(1.02, 0, "no limits", color=MUTED, **style)
    _ticks(ax)


def _scatter(ax: Axes, column: Column, area: float, highest: float) -> None:
    ax.plot([0, highest], [0, highest], color=MUTED, linewidth=0.9, linestyle=(0, (5, 2)), zorder=1)
    _points(ax, column.pairs[:, ::-1], column.units, column.look, area)
    ax.set(xlim=_from_zero(highest), ylim=_from_zero(highest))
    ax.set_xlabel("pathology, cm", labelpad=3)
    ax.set_ylabel(f"{variable_label(column.name)}, cm", labelpad=2)
    _ticks(ax)


def _from_zero(highest: float) -> tuple[float, float]:
    """Return the ends of an axis that leave room around a big mark at 0."""
    return -0.07 * highest, 1.05 * highest


def _ticks(ax: Axes) -> None:
    ax.tick_params(length=3)
    ax.locator_params(axis="both", nbins=6)


def spread(values: Sequence[float], gap: float) -> list[float]:
    """Move labels (in falling order) apart until neighbours are ``gap`` away from each other.

    >>> spread([1.0, 1.0, 0.0], gap=0.5)
    [1.25, 0.75, 0.0]
    """
    groups: list[list[float]] = []  # each: sum of values, number
    for value in values:
        groups.append([value, 1])
        while len(groups) > 1:
            (s1, n1), (s2, n2) = groups[-2:]
            if s1 / n1 - gap * (n1 - 1) / 2 - gap >= s2 / n2 + gap * (n2 - 1) / 2 - 1e-12:
                break
            groups[-2:] = [[s1 + s2, n1 + n2]]
    return [total / n + gap * ((n - 1) / 2 - i) for total, n in groups for i in range(int(n))]
