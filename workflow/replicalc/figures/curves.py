"""Survival by group: Kaplan-Meier curves with bands, numbers at risk, and the values that the paper prints."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

from replicalc.cohort.frame import NOT_RECORDED, Cohort, read_cohort
from replicalc.errors import ReplicalcError
from replicalc.figures.canvas import (
    BLUE,
    FAINT,
    GREEN,
    MARGIN,
    MUTED,
    ORANGE,
    PLAIN,
    PURPLE,
    SKY,
    SMALL,
    VERMILLION,
    WIDTH,
    About,
    every_reason,
    left_out,
    not_evaluable,
    say_missing,
    sheet,
)
from replicalc.figures.labels import code_label, number, p_text, variable_label, with_interval
from replicalc.figures.marks import PRINTED, Values, computed, handle, printed
from replicalc.figures.sizes import spread
from replicalc.job import job
from replicalc.results.common import missing_sentence
from replicalc.results.describe import in_unit
from replicalc.table import Lookup, Row, read_result

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from replicalc.stats.survival import KaplanMeier

#: Colour and line of a group, by its code: casting type has the same in every panel where it is one curve.
LOOKS = {
    "stellate": (BLUE, "-"),
    "circular": (SKY, (0, (6, 1.5))),
    "powdery": (GREEN, (0, (4, 1.5, 1, 1.5))),
    "crushed_stone": (ORANGE, (0, (3, 1.5))),
    "casting": (VERMILLION, "-"),
    "other": (PURPLE, (0, (1, 1.2))),
}
#: For groups of other variables, in their order.
IN_ORDER = ((BLUE, "-"), (VERMILLION, (0, (5, 1.5))), (GREEN, (0, (1, 1.2))), (PURPLE, (0, (4, 1.5, 1, 1.5))))
PLOT, PLOT_WIDTH, TALL, ROW = 1.62, 3.2, 2.05, 0.17
AFTER = 1.03  # the axis ends this much after the last time, so that a mark there is whole
DEATHS, VALUE, PAPER = 4.98, 5.55, 7.0  # inches: the columns of numbers


@dataclass(frozen=True, slots=True)
class Numbers:
    """Where the numbers of the figure stand: the result table, the paper, and the times (in ``unit``) of the result."""

    lookup: Lookup
    values: Values
    paper: Values
    times: list[float]
    time: str
    event: tuple[str, str]
    unit: str

    def printed(self, group: str) -> dict[float, float]:
        """Return the printed survival (percent) of a group, by time."""
        found = {moment: self.paper(group, f"time={moment:g}", "survival") for moment in self.times}
        return {moment: value for moment, value in found.items() if math.isfinite(value)}

    def shown(self, group: str) -> tuple[float, str, str]:
        """Return the time at which a group's survival is told, survival with limits there, and the printed value.

        It is the time that the paper prints; without one the last time at which survival is known.
        """
        theirs = self.printed(group)
        known = [t for t in self.times if math.isfinite(self.values(group, f"time={t:g}", "survival"))]
        moment = max(theirs or known or self.times)
        stats = ("survival", "survival_lo", "survival_hi")
        ours = with_interval(*(self.values(group, f"time={moment:g}", stat) for stat in stats), 1)
        return moment, ours, number(theirs[moment], 0) if theirs else "–"


@dataclass(frozen=True, slots=True)
class Curve:
    """One group: its name, look, curve (None where nobody is in it) and where it stands in the table."""

    group: str
    name: str
    look: tuple
    curve: KaplanMeier | None


@dataclass(frozen=True, slots=True)
class Panel:
    """The curves that are held against each other; ``reason`` says why there are none."""

    heading: str
    curves: list[Curve]
    test: Row | None
    told: str
    reason: str = ""


@job
def survival_curves(cohort, table, claims, svg, png, *, time, event, unit, subset, panels):
    """Draw survival by group with 95 % log-log bands, who is at risk, deaths, log-rank P and the printed values.

    ``time`` (days), ``event``, ``unit`` and ``subset`` are those of the result (``results.survival``); each of
    ``panels`` is (an entry of its ``by``, None or the group 'name=code' to which the panel is confined). The curves are
    computed from the cohort; every number beside them stands in ``table``. Raises ReplicalcError where both do not fit.
    """
    rows = read_result(table)
    about, lookup = About.of(svg, rows), Lookup(rows)
    title = "Breast-cancer survival by mammographic tumour feature"
    times = sorted({float(row.variable.removeprefix("time=")) for row in rows if row.variable.startswith("time=")})
    if lookup("all", time, "n") is None or not times:
        return not_evaluable(
            svg, png, title=title, about=about, reasons={"": every_reason(rows) or "nobody is observed"}
        )
    named = [name for by, _ in panels for name in by.split("+")]
    data = read_cohort(cohort, [time, event[0], *named, *(subset or {})]).subset(subset)
    numbers = Numbers(lookup, computed(rows), printed(claims, rows[0].result), times, time, tuple(event), unit)
    found = [_panel(data, numbers, *each) for each in panels]
    if not any(panel.curves for panel in found):
        reasons = {panel.heading: panel.reason for panel in found}
        return not_evaluable(svg, png, title=title, about=about, reasons=reasons)
    heights = [TALL + 0.94 + ROW * len(panel.curves) if panel.curves else 0.9 for panel in found]
    notes = _notes(numbers, subset)
    with sheet(svg, png, title=title, about=about, body=sum(heights), legend=True, notes=notes) as page:
        page.legend(_handles())
        top, said = 0.0, []
        low = _lowest([curve for panel in found for curve in panel.curves], numbers)
        for panel, height in zip(found, heights, strict=True):
            page.words(MARGIN, top + 0.12, panel.heading, fontsize=PLAIN, fontweight="bold")
            if panel.curves:
                page.words(WIDTH - MARGIN, top + 0.12, _tested(panel), ha="right", color=MUTED)
                _draw(page, top + 0.3, panel, low, numbers)
                for curve in panel.curves:
                    moment, ours, _ = numbers.shown(curve.group)
                    said.append(f"{curve.name} {ours} % at {moment:g} {unit}s")
            else:
                width = WIDTH - 2 * MARGIN
                say_missing(page.canvas(MARGIN, top + 0.3, width, 0.5), width, 0.5, panel.reason)
            top += height
        page.alt = "Survival: " + "; ".join(said) + "."
    return None


def _panel(data: Cohort, numbers: Numbers, by: str, only: str | None) -> Panel:
    """Compute the curves of one panel; groups without patients are kept where the paper prints a value for them."""
    names = by.split("+")
    fixed = dict([only.split("=")]) if only else {}
    free = [name for name in names if name not in fixed]
    kind = " and ".join(variable_label(name) for name in free)
    heading = ", ".join([*(code_label(*each).capitalize() for each in fixed.items()), f"by {kind}"])
    heading = heading[:1].upper() + heading[1:]
    lacking = data.missing_variables(*names)
    if lacking:
        return Panel(heading, [], None, "", missing_sentence(data, lacking))
    codes = [[fixed[name]] if name in fixed else list(data.frame[name].cat.categories) for name in names]
    curves: list[Curve] = []
    for chosen in product(*codes):
        group = ";".join(f"{name}={code}" for name, code in zip(names, chosen, strict=True))
        part = data.subset(dict(zip(names, chosen, strict=True)))
        n = numbers.values(group, numbers.time, "n")
        if not n > 0 and not numbers.printed(group):
            continue
        open_codes = [(name, code) for name, code in zip(names, chosen, strict=True) if name in free]
        look = LOOKS.get(open_codes[-1][1]) or IN_ORDER[len(curves) % len(IN_ORDER)]
        name = ", ".join(code_label(*each) for each in open_codes)
        curves.append(Curve(group, name, look, _curve(part, int(n) if n > 0 else 0, numbers)))
    test = numbers.lookup("all", f"{numbers.time} by {by}", "p")
    told = f"all groups of {' and '.join(variable_label(name) for name in names)}" if fixed else ""
    reason = "" if curves else "nobody in these groups has a known follow-up"
    return Panel(heading, curves, test, told, reason)


def _curve(part: Cohort, n: int, numbers: Numbers) -> KaplanMeier | None:
    from replicalc.stats.survival import kaplan_meier

    time, event = numbers.time, numbers.event
    known = part.known(time, event[0])
    frame = known.frame
    if known.size != n:
        raise ReplicalcError(
            f"the cohort has {known.size} patients with a known follow-up where the result table has {n}: "
            "cohort and table do not belong together"
        )
    if not n:
        return None
    seen = frame[event[0]].isin(event[1].split("|")).to_numpy(dtype=float)
    return kaplan_meier(in_unit(frame[time], "day", numbers.unit), seen, part.conf_level, weights=known.weights)


def _tested(panel: Panel) -> str:
    text = p_text(panel.test)
    return f"{text} ({panel.told})" if panel.told else text


def _notes(numbers: Numbers, subset) -> list[str]:
    stats = ("median_follow_up", "median_follow_up_lo", "median_follow_up_hi")
    follow_up = with_interval(*(numbers.values("all", numbers.time, stat) for stat in stats), 1)
    whole = numbers.lookup("all", numbers.time, "n")
    deaths = " or ".join(code.replace("_", " ") for code in numbers.event[1].split("|"))
    notes = [
        f"event: {deaths}; bands: 95 %, log-log limits; {int(whole.value)} patients, median follow-up (reverse "
        f"Kaplan-Meier) {follow_up} {numbers.unit}s"
    ]
    kept = []
    for name, codes in (subset or {}).items():
        text = str(codes)
        said = " or ".join(code_label(name, code) for code in text.removesuffix(NOT_RECORDED).split("|"))
        kept.append(f"{variable_label(name)} {said}" + (NOT_RECORDED if text.endswith(NOT_RECORDED) else ""))
    if kept:
        notes.append("patients: " + "; ".join(kept))
    return notes + left_out(whole)


def _handles() -> list:
    from matplotlib.patches import Patch

    band = Patch(label="95 % band", facecolor=MUTED, alpha=0.2, linewidth=0)
    return [band, handle("printed in the paper", PRINTED, line=False)]


def _lowest(curves: list[Curve], numbers: Numbers) -> float:
    """Return the lower end of the axis in percent, a multiple of 10 below every curve, band and printed value."""
    ends = [95.0]
    for each in curves:
        if each.curve is not None:
            ends += [100 * share for share in (*each.curve.survival, *each.curve.lo) if math.isfinite(share)]
        ends += numbers.printed(each.group).values()
    return max(0.0, 10.0 * math.floor(min(ends) / 10))


def _draw(page, top: float, panel: Panel, low: float, numbers: Numbers) -> None:
    ax = page.axes(PLOT, top, PLOT_WIDTH, TALL)
    end = numbers.times[-1]
    above = f" (axis from {low:.0f})" if low else ""
    ax.set(xlim=(0, end * AFTER), ylim=(low, 102), xticks=[0, *numbers.times], ylabel=f"survival, %{above}")
    ax.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
    ax.tick_params(length=3)
    ax.grid(axis="y", color=FAINT, linewidth=0.6)
    ax.set_axisbelow(True)
    ax.set_xlabel(f"{numbers.unit}s since diagnosis", labelpad=2)
    for order, each in enumerate(panel.curves):
        if each.curve is not None:
            _step(ax, each.curve, each.look, order)
        for moment, value in numbers.printed(each.group).items():
            look = PRINTED | {"markersize": 6.5, "markeredgecolor": each.look[0], "markeredgewidth": 1.6}
            ax.plot([moment], [value], linestyle="none", clip_on=False, zorder=9, **look)
    _name_ends(ax, panel.curves, end, gap=0.16 * (102 - low) / TALL)
    _table(page, top + TALL + 0.5, panel, numbers)


def _name_ends(ax: Axes, curves: list[Curve], end: float, gap: float) -> None:
    """Write the names of the curves beside their ends, from the best survival down, ``gap`` percent apart.

    A curve that ends long before the axis has no name there, where nothing is near it; all are named below.
    """
    ends = []
    for each in curves:
        if each.curve is not None and each.curve.times[-1] >= 0.75 * end:
            shares = [share for t, share in zip(each.curve.times, each.curve.survival, strict=True) if t <= end]
            ends.append((100 * (shares[-1] if shares else 1.0), each.name))
    ends.sort(key=lambda pair: -pair[0])
    top, last = ax.get_ylim()[1], len(ends) - 1
    for i, ((_, name), y) in enumerate(zip(ends, spread([share for share, _ in ends], gap), strict=True)):
        inside = min(max(y, ax.get_ylim()[0] + gap * (last - i)), top - gap * i)
        ax.text(1.02, inside, name, transform=ax.get_yaxis_transform(), va="center", fontsize=SMALL)


def _step(ax: Axes, curve: KaplanMeier, look: tuple, order: int) -> None:
    colour, line = look
    when, share = [0.0, *curve.times], [100.0, *(100 * value for value in curve.survival)]
    ax.step(when, share, where="post", color=colour, linestyle=line, linewidth=1.5, zorder=4 + order / 10)
    lo, hi = ([math.nan, *(100 * end for end in ends)] for ends in (curve.lo, curve.hi))
    ax.fill_between(when, lo, hi, step="post", color=colour, alpha=0.14, linewidth=0, zorder=2)


def _table(page, top: float, panel: Panel, numbers: Numbers) -> None:
    """Write below a panel who is at risk at each time, and beside that deaths, survival and the printed value."""
    values, tall = numbers.values, ROW * (len(panel.curves) + 1)
    page.words(MARGIN, top, "at risk", fontweight="bold")
    for left, name in ((DEATHS, "deaths"), (VALUE, "survival, % (95 %)"), (PAPER, "paper")):
        page.words(left, top, name, fontweight="bold")
    samples = page.canvas(MARGIN, top, 0.3, tall)
    for i, each in enumerate(panel.curves, start=1):
        middle, n = top + ROW * i, values(each.group, numbers.time, "n")
        samples.plot([0, 0.27], [ROW * i] * 2, color=each.look[0], linestyle=each.look[1], linewidth=1.8)
        page.words(MARGIN + 0.33, middle, each.name)
        for moment in (0.0, *numbers.times):
            at_risk = values(each.group, f"time={moment:g}", "at_risk") if moment else n
            left = PLOT + PLOT_WIDTH * moment / (numbers.times[-1] * AFTER)
            page.words(left, middle, number(at_risk, 0), ha="center")
        page.words(DEATHS, middle, f"{number(values(each.group, numbers.time, 'events'), 0)}/{number(n, 0)}")
        moment, ours, theirs = numbers.shown(each.group)
        page.words(VALUE, middle, f"{moment:g} y: {ours}" if n > 0 else "nobody")
        page.words(PAPER, middle, theirs)
