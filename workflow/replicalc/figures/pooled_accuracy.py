"""Pooled accuracy of a test: the summary ROC plane with its regions, and each study's two measures below."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from replicalc.figures.canvas import (
    BLUE,
    FAINT,
    INK,
    LINE,
    MARGIN,
    MUTED,
    ORANGE,
    VERMILLION,
    About,
    every_reason,
    not_evaluable,
    sheet,
    wrapped,
)
from replicalc.figures.labels import number, with_interval
from replicalc.figures.marks import COMPUTED, interval, stripes
from replicalc.job import job
from replicalc.records import read_csv
from replicalc.table import Lookup, Row, read_result

if TYPE_CHECKING:
    from matplotlib.axes import Axes

PLANE, SIDE = 0.65, 3.7  # inches: left edge and side of the plane
KEY = 4.6  # inches: left edge of the key
ROW = 0.3
COUNTS = (1.98, 2.34, 2.66, 3.0)  # inches: right edges of the four counts
FORESTS = {"sensitivity": (3.2, 0.8, 4.13), "specificity": (5.42, 0.78, 6.26)}  # inches: left, width; words
FIRST = "sensitivity"
SEPARATE = "each measure alone, Hartung-Knapp"
POOLED = {"all": "", "correction=all": "", "correction=single": "", "model=separate": SEPARATE}
SUMMARY = {"marker": "D", "color": INK, "markerfacecolor": ORANGE, "markersize": 5.5, "linewidth": 1.2}


@job
def sroc(table, comparators, svg, png):
    """Draw studies, summary point, regions and curve in the ROC plane; below, both measures with their limits."""
    rows = read_result(table)
    about, lookup = About.of(svg, rows), Lookup(rows)
    title = "Accuracy of MRI in microcalcifications: studies pooled"
    if not lookup("all", rows[0].variable, FIRST):
        return not_evaluable(svg, png, title=title, about=about, reasons={"": every_reason(rows)})
    labels = {row["study"]: row["label"] for row in read_csv(comparators)} | {about.study: f"{about.study}, this study"}
    studies = [row.group for row in rows if row.group.startswith("study=") and row.stat == "n"]
    pooled = [group for group in POOLED if lookup(group, rows[0].variable, FIRST)]
    values = _values(lookup, rows[0].variable)
    level = next(row.conf_level for row in rows if row.conf_level)
    said = (
        (what, lookup("all", rows[0].variable, stat)) for what, stat in (("pooled", FIRST), ("curve", "sroc_shape"))
    )
    notes = [
        *(f"{what}: {row.warning}" for what, row in said if row and row.warning),
        "studies: as counted, nothing added, Wilson limits; regions: chi-squared on 2 degrees of freedom, which is too "
        "narrow with few studies; the axes of the plane are cut",
    ]
    top = SIDE + 0.62
    height = ROW * (len(studies) + len(pooled))
    with sheet(svg, png, title=title, about=about, body=top + 0.3 + height + 0.28, notes=notes) as page:
        ax = page.axes(PLANE, 0.1, SIDE, SIDE)
        shapes = _plane(ax, values, studies, level)
        _key(page, ax, shapes, values, [labels.get(_key_of(group), _key_of(group)) for group in studies])
        _forest(page, top, height, values, studies, pooled, labels, rows)
        said = [with_interval(*values("all", stat, "limits"), 1) for stat in FORESTS]
        page.alt = f"Pooled sensitivity {said[0]} %, specificity {said[1]} %, from {len(studies)} studies."


def _key_of(group: str) -> str:
    return group.partition("=")[2]


def _values(lookup: Lookup, variable: str):
    """Give the value of a statistic of a group, or with ``limits`` the value and its two limits; NaN if not there."""

    def go(group: str, stat: str, what: str = ""):
        found = [lookup(group, variable, f"{stat}{end}") for end in ("", "_lo", "_hi")]
        numbers = tuple(row.value if row else math.nan for row in found)
        return numbers if what else numbers[0]

    return go


def region(mu: Sequence[float], cov: Sequence[Sequence[float]], level: float, points: int = 181):
    """Give the closed line that holds ``level`` of a normal pair of logits, as (false positive rate, sensitivity).

    mu: the logits of sensitivity and specificity; cov: shape (2, 2), their covariance. Returns two arrays, 0 to 1.
    """
    import numpy as np
    from scipy.special import expit

    size, axes = np.linalg.eigh(np.asarray(cov, dtype=float))
    angle = np.linspace(0, 2 * np.pi, points)
    radius = math.sqrt(-2 * math.log(1 - level))  # chi-squared on 2 degrees of freedom
    circle = np.stack([np.cos(angle), np.sin(angle)])
    sensitivity, specificity = np.asarray(mu)[:, None] + radius * (axes * np.sqrt(np.maximum(size, 0))) @ circle
    return expit(-specificity), expit(sensitivity)


def curve(accuracy: float, shape: float, rates: Sequence[float], points: int = 101):
    """Give the summary ROC curve over the span of false positive rates, as two arrays of shares.

    logit(sensitivity) = accuracy exp(-shape / 2) + exp(-shape) logit(rate): Harbord et al. 2007,
    doi:10.1093/biostatistics/kxl004.
    """
    import numpy as np
    from scipy.special import expit, logit

    x = np.linspace(logit(min(rates)), logit(max(rates)), points)
    return expit(x), expit(accuracy * math.exp(-shape / 2) + math.exp(-shape) * x)


def _plane(ax: Axes, values, studies: list[str], level: float) -> list:
    """Draw the ROC plane; return what the key explains."""
    import numpy as np

    points = [(100 - values(group, "specificity"), values(group, "sensitivity")) for group in studies]
    shapes, xs, ys = [], [x for x, _ in points], [y for _, y in points]
    for group, (x, y) in zip(studies, points, strict=True):
        _, low, high = values(group, "specificity", "limits")
        ax.plot([100 - high, 100 - low], [y, y], color=BLUE, linewidth=0.9, zorder=2, clip_on=False)
        ax.plot([x, x], values(group, "sensitivity", "limits")[1:], color=BLUE, linewidth=0.9, zorder=2)
        xs, ys = [*xs, 100 - high, 100 - low], [*ys, *values(group, "sensitivity", "limits")[1:]]
    mu = [values("all", f"mu_{stat}") for stat in FORESTS]
    if all(map(math.isfinite, mu)):
        joint = values("all", "mu_covariance")
        cov = np.array(
            [[values("all", "mu_variance_sensitivity"), joint], [joint, values("all", "mu_variance_specificity")]]
        )
        sds = np.sqrt([values("all", f"variance_{stat}") for stat in FORESTS])
        rho = values("all", "correlation")
        between = np.outer(sds, sds) * np.array([[1, rho], [rho, 1]] if math.isfinite(rho) else np.eye(2))
        for name, spread, style in (
            ("confidence region", cov, dict(color=INK, linewidth=1.2)),
            ("prediction region", cov + between, dict(color=MUTED, linewidth=1.2, linestyle=(0, (4, 2.5)))),
        ):
            x, y = (100 * each for each in region(mu, spread, level))
            shapes += ax.plot(x, y, label=f"{100 * level:g} % {name}", zorder=3, **style)
            xs, ys = [*xs, x.min(), x.max()], [*ys, y.min(), y.max()]
        accuracy, shape = values("all", "sroc_accuracy"), values("all", "sroc_shape")
        rates = [x / 100 for x, _ in points if 0 < x < 100]
        if math.isfinite(accuracy) and len(rates) > 1:
            x, y = curve(accuracy, shape, rates)
            style = dict(color=VERMILLION, linewidth=1.4, linestyle=(0, (7, 2, 1.5, 2)), zorder=4)
            shapes += ax.plot(
                100 * x, 100 * y, label="summary ROC curve, over the\nobserved range of specificity", **style
            )
        summary = 100 - values("all", "specificity"), values("all", "sensitivity")
        shapes += ax.plot(*[[each] for each in summary], marker="D", color=ORANGE, markeredgecolor=INK, markersize=7,
                          linestyle="none", zorder=6, label="summary point")  # fmt: skip
    for letter, group, (x, y) in zip(letters(len(studies)), studies, points, strict=True):
        size = 0.95 * math.sqrt(values(group, "n"))
        ax.plot([x], [y], marker="o", markersize=min(max(size, 9), 20), color=BLUE, markeredgecolor="white", zorder=5,
                linestyle="none", clip_on=False)  # fmt: skip
        ax.text(x, y, letter, color="white", fontsize=8, fontweight="bold", ha="center", va="center", zorder=7)
    right = min(100, 10 * math.ceil(max(xs) / 10 + 0.2))
    low = max(0, 10 * math.floor(min(ys) / 10))
    ax.set(xlim=(0, right), ylim=(low, 100 + 0.025 * (100 - low)))
    ax.set_yticks(range(low, 101, 5 if 100 - low <= 40 else 20))
    ax.set_xticks(range(0, right + 1, 10 if right <= 60 else 20))
    ax.grid(color=FAINT, linewidth=0.6, zorder=0)
    ax.set_axisbelow(True)
    ax.set_xlabel("100 − specificity (false positives), %", labelpad=3)
    ax.set_ylabel("sensitivity, %")
    return shapes


def letters(n: int) -> list[str]:
    """Give a mark to each of ``n`` studies: A to Z, then A2, B2, ...

    >>> letters(2), letters(27)[-1]
    (['A', 'B'], 'A2')
    """
    return [chr(65 + i % 26) + (str(i // 26 + 1) if i > 25 else "") for i in range(n)]


def _key(page, ax: Axes, shapes: list, values, names: list[str]) -> None:
    """Explain the marks beside the plane, and tell the parameters of the model."""
    from matplotlib.lines import Line2D

    study = Line2D([], [], marker="o", color=BLUE, markeredgecolor="white", markersize=11, linewidth=0.9,
                   label="study, with its 95 % limits;\nlarger with more lesions")  # fmt: skip
    ax.legend(handles=[study, *shapes[::-1]], loc="upper left", bbox_to_anchor=(1.03, 1.0), frameon=False,
              borderaxespad=0, labelspacing=0.9, handlelength=2.6)  # fmt: skip
    told = [f"{letter}  {name}" for letter, name in zip(letters(len(names)), names, strict=True)]
    model = [("variance between studies (logits):", "")]
    model += [(f"   {stat}", number(values("all", f"variance_{stat}"), 3)) for stat in FORESTS]
    model.append(("   their correlation", number(values("all", "correlation"), 2)))
    lines = [*told, "", *[f"{name}  {value}".rstrip() for name, value in model]]
    first = 0.1 + SIDE - LINE * len(lines)
    for i, line in enumerate(lines):
        page.words(KEY, first + LINE * i, line, color=INK if i < len(told) else MUTED)


def _forest(page, top: float, height: float, values, studies, pooled, labels, rows: Sequence[Row]) -> None:
    """Draw both measures of each study and of each model, with the counts."""
    method = {row.group: row.method for row in rows if row.stat == "sensitivity"}
    names = [f"{letter}  {labels.get(_key_of(group), _key_of(group))}"
             for letter, group in zip(letters(len(studies)), studies, strict=True)]  # fmt: skip
    names += [
        POOLED[group] or "bivariate" + method[group].partition(";")[2].replace(" 0.5", ", 0.5") for group in pooled
    ]
    groups = [*studies, *pooled]
    for right, name in zip(COUNTS, ("TP", "FP", "FN", "TN"), strict=True):
        page.words(right, top + 0.14, name, color=MUTED, ha="right")
    page.words(MARGIN, top + 0.14, "study", fontweight="bold")
    ends = [end for group in groups for stat in FORESTS for end in values(group, stat, "limits") if math.isfinite(end)]
    low = 25 * math.floor(min([*ends, 75]) / 25)
    for stat, (left, width, words) in FORESTS.items():
        ax = page.axes(left, top + 0.3, width, height)
        ax.set(xlim=(low, 100), ylim=(len(groups) - 0.5, -0.5), yticks=[], xticks=range(low, 101, 25 if low else 50))
        ax.xaxis.set_major_formatter(lambda value, _: number(value, 0))
        ax.tick_params(axis="x", length=3)
        ax.spines["left"].set_visible(False)
        ax.grid(axis="x", color=FAINT, linewidth=0.6, zorder=0)
        ax.axhline(len(studies) - 0.5, color=MUTED, linewidth=0.8)
        stripes(ax, len(groups))
        page.words(left, top + 0.14, f"{stat}, % (95 % limits)", fontweight="bold")
        for y, group in enumerate(groups):
            found = values(group, stat, "limits")
            interval(ax, y, *found, COMPUTED if group in studies else SUMMARY)
            page.words(words, top + 0.3 + ROW * (y + 0.5), with_interval(*found, 1))
    for y, (name, group) in enumerate(zip(names, groups, strict=True)):
        middle = top + 0.3 + ROW * (y + 0.5)
        lines = wrapped(name, (1.6 if group in studies else 2.95) - 0.05)
        page.words(MARGIN, middle, "\n".join(lines))
        for right, cell in zip(COUNTS, ("tp", "fp", "fn", "tn"), strict=True):
            if group in studies:
                page.words(right, middle, number(values(group, cell), 0), ha="right")
