"""Forest plot of pooled ratios: each study with its weights, the pooled ratios, what a further study may show."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from replicalc.figures.canvas import (
    BLUE,
    FAINT,
    INK,
    LINE,
    MARGIN,
    MUTED,
    ORANGE,
    PLAIN,
    SMALL,
    About,
    sheet,
    wrapped,
)
from replicalc.figures.labels import number
from replicalc.job import job
from replicalc.records import load_claims
from replicalc.table import Lookup, Row, read_result

if TYPE_CHECKING:
    from matplotlib.axes import Axes

NAMES = 2.35  # inches: width of the column of names
PLOT, PLOT_WIDTH = 2.6, 2.35
ESTIMATE, FIXED, RANDOM = 5.1, 6.82, 7.35  # inches: left edge of the ratios, right edges of the two weights
STEPS = (*(mantissa * 10.0**power for power in range(-2, 3) for mantissa in (1, 2, 5)), 1000.0)  # ends of the axis
MODELS = {
    "fixed": "fixed effect",
    "dersimonian_laird": "random effects, DerSimonian-Laird",
    "reml_hartung_knapp": "random effects, REML, Hartung-Knapp",
}
WORDS = ("head", "part", "text")  # kinds of line that hold words alone
COLOURS = {"fixed": ORANGE, "dersimonian_laird": BLUE, "reml_hartung_knapp": BLUE}


@dataclass(slots=True)
class Line:
    """A line of the plot: what is drawn ('study', a model, 'predict' or one of WORDS), its words, where it stands."""

    kind: str
    name: str
    told: str = ""
    values: tuple[float, float, float] = (math.nan, math.nan, math.nan)
    weights: tuple[float, float] = (math.nan, math.nan)
    top: float = 0.0

    @property
    def words(self) -> list[str]:
        return wrapped(self.told, NAMES - 0.1) if self.told else []

    @property
    def height(self) -> float:
        if self.kind in WORDS:
            return 0.34 if self.kind == "head" else 0.27
        return 0.24 + LINE * len(self.words) + (0.06 if self.words else 0)


@job
def ratios(table, claims, svg, png, *, title):
    """Draw each pool: studies with weights, pooled ratios, prediction interval, heterogeneity; then parts of it."""
    rows = read_result(table)
    about, lookup = About.of(svg, rows), Lookup(rows)
    names = study_names(claims, about.study)
    pools = list(dict.fromkeys(row.group for row in rows if row.group.startswith("pool=") and ";" not in row.group))
    lines, notes = [], []
    for pool in pools:
        lines += _pool_lines(rows, lookup, pool, names)
        note = lookup(pool, "model=reml_hartung_knapp", "ratio")
        heading = pool.removeprefix("pool=").replace("_", " ")
        notes += [f"{heading}: {note.warning}"] if note and note.warning else []
    notes += list(dict.fromkeys(f"{_name(row, names)}: {row.warning}" for row in rows if _of_study(row)))
    limits = span(lines)
    top = 0.0
    for line in lines:
        line.top, top = top, top + line.height
    notes.append("an arrow: the interval goes beyond the axis. Squares: larger with more weight (REML)")
    head = 0.38
    with sheet(svg, png, title=title, about=about, body=head + top + 0.45, notes=notes) as page:
        page.words(ESTIMATE, 0.2, "ratio (95 % limits)", fontweight="bold")
        page.words(RANDOM, 0.06, "weight, %", fontweight="bold", ha="right")
        page.words(FIXED, 0.24, "fixed", color=MUTED, ha="right")
        page.words(RANDOM, 0.24, "random", color=MUTED, ha="right")
        ax = page.axes(PLOT, head, PLOT_WIDTH, top)
        _axis(ax, limits, top)
        for i, line in enumerate(lines):
            _write(page, head, line)
            if line.kind not in WORDS:
                _draw(ax, line, limits, i)
        page.alt = " ".join(_sentence(line) for line in lines if line.kind in MODELS and not line.told) or (
            "Nothing is pooled."
        )


def study_names(claims, study: str) -> dict[str, str]:
    """Give the name of each primary study as the labels of its claims begin with it; its key where they do not."""
    found: dict[str, str] = {}
    for claim in load_claims(claims):
        name, colon, _ = claim.label.partition(": ")
        key = claim.result.removeprefix(f"{study}_x_")
        if colon and key != claim.result:
            for end in range(1, key.count("_") + 2):
                found.setdefault("_".join(key.split("_")[:end]), name)
    return found


def _name(row: Row, names: dict[str, str]) -> str:
    key = row.variable.removeprefix("study=")
    name = names.get(key, key.replace("_", " "))
    return name[:1].upper() + name[1:]


def _of_study(row: Row) -> bool:
    return row.variable.startswith("study=") and row.stat in ("ratio", "middle_fits") and bool(row.warning)


def _pool_lines(rows: Sequence[Row], lookup: Lookup, pool: str, names: dict[str, str]) -> list[Line]:
    """Make the lines of one pool: heading, studies, models, heterogeneity, then the pool without some studies."""
    lines = [Line("head", pool.removeprefix("pool=").replace("_", " ").capitalize())]
    for row in rows:
        if row.group == pool and row.variable.startswith("study=") and row.stat == "ratio":
            weights = tuple(_value(lookup, pool, row.variable, f"weight_{model}") for model in ("fixed", "reml"))
            lines.append(Line("study", _name(row, names), row.method, _ratio(lookup, pool, row.variable), weights))
    if reason := lookup.reason(pool) if lookup(pool, "model=fixed", "ratio") is None else "":
        return [*lines, Line("text", reason)]
    lines += [Line(model, name, values=_ratio(lookup, pool, f"model={model}")) for model, name in MODELS.items()]
    place = pool, "model=reml_hartung_knapp"
    predict = tuple(_value(lookup, *place, f"predict_{side}") for side in ("lo", "hi"))
    if all(map(math.isfinite, predict)):
        lines.append(Line("predict", "prediction interval, REML", values=(math.nan, *predict)))
    q, df, p, tau2, i2 = (_value(lookup, *place, stat) for stat in ("q", "df", "p_q", "tau2", "i2"))
    text = f"Heterogeneity: Q = {number(q, 2)} on {number(df, 0)} df, P = {number(p, 3)}; "
    lines.append(Line("text", f"{text}I² = {number(i2, 0)} %; τ² = {number(tau2, 2)} (REML)"))
    seen: set[tuple] = set()
    for part in dict.fromkeys(row.group for row in rows if row.group.startswith(f"{pool};")):
        values = [_ratio(lookup, part, f"model={model}") for model in MODELS]
        if tuple(values) in seen:  # the same studies, chosen in another way
            continue
        seen.add(tuple(values))
        what, _, key = part.split(";")[1].partition("=")
        k = number(_value(lookup, part, "model=fixed", "k"), 0)
        head = "hazard ratios only" if what == "measure" else f"without {names.get(key, key)}"
        lines.append(Line("part", f"{head} ({k} studies)"))
        lines += [
            Line(m, MODELS[m], values=_ratio(lookup, part, f"model={m}")) for m in ("fixed", "reml_hartung_knapp")
        ]
    return lines


def _value(lookup: Lookup, group: str, variable: str, stat: str) -> float:
    row = lookup(group, variable, stat)
    return row.value if row else math.nan


def _ratio(lookup: Lookup, group: str, variable: str) -> tuple[float, float, float]:
    return tuple(_value(lookup, group, variable, stat) for stat in ("ratio", "ratio_lo", "ratio_hi"))


def span(lines: Sequence[Line]) -> tuple[float, float]:
    """Choose the axis: out to the next of 1, 2, 5 (0.01 to 1000 at most) of studies and pooled limits; 1 is in it.

    Hartung-Knapp limits of two studies and prediction intervals can be a million wide: they do not count, and get
    arrows.
    """
    drawn = [
        line
        for line, after in zip(lines, [*lines[1:], None], strict=False)
        if line.kind in ("study", "fixed", "dersimonian_laird")
        or (line.kind == "reml_hartung_knapp" and after is not None and after.kind == "predict")
    ]
    ends = [end for line in drawn for end in line.values if math.isfinite(end) and end > 0] + [1.0]
    low, high = max(min(ends), STEPS[0]), min(max(ends), STEPS[-1])
    low, high = max(step for step in STEPS if step <= low), min(step for step in STEPS if step >= high)
    return (low, high) if low < high else (0.5, 2.0)


def ratio_text(value: float, lo: float, hi: float) -> str:
    """Write a ratio with its limits to three digits; what is tiny or huge as '<0.01' and '>1000'.

    >>> ratio_text(6.14, 3.18, 12.17), ratio_text(float("nan"), 4.2e-5, 39630.0)
    ('6.14 (3.18 to 12.2)', '<0.01 to >1000')
    """
    limits = f"{_three(lo)} to {_three(hi)}"
    return f"{_three(value)} ({limits})" if math.isfinite(value) else limits


def _three(value: float) -> str:
    if not math.isfinite(value):
        return "–"
    if value < 0.01 or value > 1000:
        return "<0.01" if value < 1 else ">1000"
    return number(value, 2 if value < 9.995 else 1 if value < 99.95 else 0)


def _axis(ax: Axes, limits: tuple[float, float], height: float) -> None:
    ax.set(xscale="log", xlim=limits, ylim=(height, 0), yticks=[])
    ticks = [step for step in STEPS if limits[0] <= step <= limits[1]]
    if len(ticks) > 8:
        ticks = [step for step in ticks if math.isclose(math.log10(step), round(math.log10(step)))]
    ax.set_xticks(ticks, [f"{step:g}" for step in ticks])
    ax.minorticks_off()
    ax.tick_params(axis="x", length=3)
    ax.spines["left"].set_visible(False)
    ax.grid(axis="x", color=FAINT, linewidth=0.6, zorder=0)
    ax.axvline(1, color=MUTED, linewidth=1.0, zorder=1)
    ax.set_xlabel("ratio, logarithmic scale (above 1: more events)", labelpad=3)


def _write(page, head: float, line: Line) -> None:
    """Write the words of a line: its name, what it is a ratio of, the ratio and the weights."""
    middle = head + line.top + (0.22 if line.kind == "head" else 0.16)
    style = dict(fontsize=PLAIN if line.kind == "head" else SMALL)
    style |= {"fontweight": "bold"} if line.kind in ("head", "part", "study") else {}
    if line.kind == "text":  # it runs into the plot, whose grid would cross it
        style["bbox"] = dict(facecolor="white", edgecolor="none", pad=1.0)
    page.words(MARGIN + (0.1 if line.kind in MODELS or line.kind == "predict" else 0), middle, line.name, **style)
    for i, words in enumerate(line.words):
        page.words(MARGIN + 0.1, middle + LINE * (i + 1), words, color=MUTED)
    if line.kind in WORDS:
        return
    page.words(ESTIMATE, middle, ratio_text(*line.values))
    for right, weight in zip((FIXED, RANDOM), line.weights, strict=True):
        if math.isfinite(weight):
            page.words(right, middle, number(weight, 1), ha="right")


def _draw(ax: Axes, line: Line, limits: tuple[float, float], order: int) -> None:
    """Draw a study as a square, a pooled ratio as a diamond, a prediction interval as a bar; arrows beyond the axis."""
    from matplotlib.patches import Polygon

    y, (value, lo, hi) = line.top + 0.16, line.values
    colour = COLOURS.get(line.kind, INK)
    if not (math.isfinite(lo) and math.isfinite(hi)):
        return
    if line.kind in MODELS:
        corners = [(max(lo, 1e-12), y), (value, y - 0.075), (hi, y), (value, y + 0.075)]
        hatch = {"dersimonian_laird": "////"}.get(line.kind)
        style = dict(facecolor="white" if hatch else colour, edgecolor=colour, hatch=hatch, linewidth=0.9)
        ax.add_patch(Polygon(corners, **style, zorder=2 + order * 0.001))
    else:
        width = 3.2 if line.kind == "predict" else 1.3
        ax.plot([max(lo, limits[0]), min(hi, limits[1])], [y, y], color=colour, linewidth=width, solid_capstyle="butt")
    if line.kind == "study":
        weight = line.weights[1]
        side = 2.2 * math.sqrt(weight if math.isfinite(weight) else 9.0)
        ax.plot([value], [y], marker="s", markersize=max(3.5, min(side, 15)), color=BLUE, markeredgecolor="white",
                linestyle="none", zorder=3)  # fmt: skip
    for beyond, edge, arrow in ((lo < limits[0], limits[0], "<"), (hi > limits[1], limits[1], ">")):
        if beyond:
            ax.plot([edge], [y], marker=arrow, markersize=6, color=colour, clip_on=False, zorder=4)


def _sentence(line: Line) -> str:
    return f"{line.name}: {ratio_text(*line.values)}."
