"""Forest plot of hazard ratios: each factor alone and all together, beside the printed ones, on a logarithmic axis."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from replicalc.figures.canvas import (
    FAINT,
    MARGIN,
    MUTED,
    PLAIN,
    About,
    every_reason,
    missing_text,
    not_evaluable,
    sheet,
)
from replicalc.figures.labels import code_label, number, p_value, variable_label
from replicalc.figures.marks import (
    COMPUTED,
    PRINTED,
    SECOND,
    Values,
    bounded,
    computed,
    handle,
    printed,
)
from replicalc.job import job
from replicalc.records import load_claims
from replicalc.table import Lookup, Row, read_result

ALONE, TOGETHER = "model=univariable", "model=multivariable"
STATS = ("hr", "hr_lo", "hr_hi")
#: The axis never leaves these bounds; what lies beyond ends in an arrow head, and its number stands beside the plot.
WIDEST = (0.01, 100.0)
TICKS = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0)
LINE, PAD, HEAD = 0.16, 0.1, 0.27  # inches: a line of a term, the room around its lines, the heading of a factor
PLOT, PLOT_WIDTH = 1.45, 2.15
MODEL, RATIO, P, PROPORTIONAL = 3.75, 4.42, 6.02, 6.72  # inches: the columns of words and numbers


@dataclass(frozen=True, slots=True)
class Line:
    """One model's ratio for one term, with its limits, P and the P of the test of proportional hazards."""

    model: str
    ratio: tuple[float, float, float]
    p: float
    proportional: float
    look: dict


@job
def hazard_ratios(table, claims, svg, png):
    """Draw the hazard ratio of every term alone and adjusted, and as printed, with the test of proportional hazards."""
    rows = read_result(table)
    about, lookup = About.of(svg, rows), Lookup(rows)
    title = "Hazard of breast-cancer death: each factor alone, and all together"
    paper = printed(claims, rows[0].result)
    factors = _factors(rows, claims)
    drawn = {name: [(term, _lines(lookup, paper, term)) for term in terms] for name, (terms, _) in factors.items()}
    if not any(row.stat == "hr" for row in rows):
        reasons = {"": every_reason(rows) or "no model could be fitted"}
        return not_evaluable(svg, png, title=title, about=about, reasons=reasons)
    limits = _limits([line.ratio for terms in drawn.values() for _, lines in terms for line in lines])
    heights = {name: [PAD + LINE * max(1, len(lines)) for _, lines in terms] for name, terms in drawn.items()}
    body = sum(HEAD + sum(each) for each in heights.values()) + 0.9
    notes = _notes(
        rows, lookup, claims, [line for terms in drawn.values() for _, lines in terms for line in lines], limits
    )
    with sheet(svg, png, title=title, about=about, body=body, legend=True, notes=notes) as page:
        alone, together = handle("alone, 95 % interval", COMPUTED), handle("all together, 95 % interval", SECOND)
        page.legend([alone, together, handle("printed in the paper, 95 % interval", PRINTED)])
        for left, name, below in (
            (MODEL, "model", ""),
            (RATIO, "hazard ratio (95 %)", ""),
            (P, "P (Wald)", ""),
            (PROPORTIONAL, "P, prop.", "hazards"),
        ):
            page.words(left, 0.1, name, fontweight="bold")
            page.words(left, 0.25, below, fontweight="bold")
        top, said = 0.36, []
        for i, (name, terms) in enumerate(drawn.items()):
            heading = variable_label(name)
            page.words(MARGIN, top + 0.14, heading[:1].upper() + heading[1:], fontsize=PLAIN, fontweight="bold")
            page.words(MODEL, top + 0.14, factors[name][1], color=MUTED)
            top += HEAD
            tall, last = sum(heights[name]), i == len(drawn) - 1
            ax = page.axes(PLOT, top, PLOT_WIDTH, tall)
            _axis(ax, limits, tall, last=last)
            y = 0.0
            for (term, lines), height in zip(terms, heights[name], strict=True):
                _term(page, ax, top + y, y, term, lines, height, limits)
                said += [f"{_name(term)} {line.model} {_ratio(line.ratio)}" for line in lines]
                y += height
            top += tall
        page.alt = "Hazard ratios: " + "; ".join(said) + "."
    return None


def _factors(rows: Sequence[Row], claims) -> dict[str, tuple[list[str], str]]:
    """Give each factor with its terms, in the order of the table, and what they are held against.

    A term that only the paper has a ratio for is kept: its place in the plot says that this cohort has none.
    """
    found: dict[str, tuple[list[str], str]] = {}
    told = {row.variable: row.method.rpartition("; ")[2] for row in rows if row.stat == "hr"}
    printed_terms = [
        each.variable for each in load_claims(claims) if each.result == rows[0].result and each.stat == "hr"
    ]
    for term in dict.fromkeys([*told, *printed_terms]):
        name = term.partition("=")[0]
        found.setdefault(name, ([], _against(name, told.get(term, ""))))[0].append(term)
    return found


def _against(name: str, told: str) -> str:
    """Say the reference of a factor in plain words; nothing where the table does not say it.

    >>> _against("tumour_size_class", "against 1_9"), _against("age_years", "per year")
    ('against 1–9 mm', 'per year')
    """
    word, _, codes = told.partition(" ")
    if word != "against" or codes == "all others":
        return told
    return "against " + " or ".join(code_label(name, code) for code in codes.split(" or "))


def _lines(lookup: Lookup, paper: Values, term: str) -> list[Line]:
    values = computed(lookup.rows)
    found = []
    for group, model, look in ((ALONE, "alone", COMPUTED), (TOGETHER, "together", SECOND)):
        if lookup(group, term, "hr"):
            ratio = tuple(values(group, term, stat) for stat in STATS)
            found.append(
                Line(model, ratio, values(group, term, "p"), values(group, term, "p_proportional_hazards"), look)
            )
    for group in (ALONE, TOGETHER):
        ratio = tuple(paper(group, term, stat) for stat in STATS)
        if math.isfinite(ratio[0]):
            found.append(Line("paper", ratio, paper(group, term, "p"), math.nan, PRINTED))
    return found


def _limits(ratios: list[tuple[float, float, float]]) -> tuple[float, float]:
    """Return the ends of the axis: the ticks around every number, within the widest axis; 1 is always inside."""
    known = [end for ratio in ratios for end in ratio if math.isfinite(end) and end > 0]
    low, high = (min([0.7, *known]), max([1.5, *known]))
    return max([tick for tick in TICKS if tick <= low] or [WIDEST[0]]), min(
        [t for t in TICKS if t >= high] or [WIDEST[1]]
    )


def _axis(ax, limits: tuple[float, float], tall: float, *, last: bool) -> None:
    ax.set_xscale("log")
    ax.set(xlim=limits, ylim=(tall, 0), yticks=[])
    ax.set_xticks([tick for tick in TICKS if limits[0] <= tick <= limits[1]])
    ax.minorticks_off()
    ax.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
    ax.spines["left"].set_visible(False)
    ax.spines["bottom"].set_visible(last)
    ax.tick_params(axis="x", length=3 if last else 0, labelbottom=last)
    ax.grid(axis="x", color=FAINT, linewidth=0.6)
    ax.axvline(1, color=MUTED, linewidth=0.9, zorder=1)
    ax.set_axisbelow(True)
    if last:
        ax.set_xlabel("hazard ratio, logarithmic axis", labelpad=3)


def _term(page, ax, top: float, y: float, term: str, lines: list[Line], height: float, limits) -> None:
    page.words(MARGIN + 0.1, top + height / 2, _name(term))
    for i, line in enumerate(lines):
        place = PAD / 2 + LINE * (i + 0.5)
        bounded(ax, y + place, *line.ratio, line.look, limits, cap=0.035)
        page.words(MODEL, top + place, line.model, color=MUTED)
        page.words(RATIO, top + place, _ratio(line.ratio))
        page.words(P, top + place, p_value(line.p))
        page.words(PROPORTIONAL, top + place, p_value(line.proportional))


def _name(term: str) -> str:
    name, _, codes = term.partition("=")
    return " or ".join(code_label(name, code) for code in codes.split("|")) if codes else variable_label(name)


def _ratio(ratio: tuple[float, float, float]) -> str:
    """Write a ratio with its limits: two decimals, none from 100 on, and no number beyond what can be meant.

    >>> _ratio((6.14, 3.18, 12.17)), _ratio((2.5e8, 0.0, float("inf")))
    ('6.14 (3.18 to 12.17)', '> 9999 (0.00 to ∞)')
    """
    value, lo, hi = map(_size, ratio)
    return value if "–" in (lo, hi) else f"{value} ({lo} to {hi})"


def _size(value: float) -> str:
    if value == math.inf:
        return "∞"
    if value > 9999:
        return "> 9999"
    return number(value, 2 if value < 100 else 0)


def _notes(rows: Sequence[Row], lookup: Lookup, claims, lines: list[Line], limits: tuple[float, float]) -> list[str]:
    """Say what was fitted to whom, whether hazards are proportional on the whole, and what could not be computed."""
    notes = []
    events, per = (lookup(TOGETHER, "", stat) for stat in ("events", "events_per_variable"))
    whole = lookup(TOGETHER, "", "p_proportional_hazards")
    if events:
        method = next(row.method for row in rows if row.group == TOGETHER and row.stat == "hr").rpartition("; ")[0]
        notes.append(
            f"{method}; all together: {events.n} patients, {number(events.value, 0)} events, "
            f"{number(per.value, 1)} for each term; proportional hazards of all terms: P {_p(whole)}"
        )
    if lookup.reason(TOGETHER):
        notes.append(missing_text(lookup.reason(TOGETHER), "the model of all together"))
    if events and events.n_missing:
        notes.append(f"left out of the model of all together, a value missing: {events.n_missing} patients")
    told = [part for row in rows if row.stat == "hr" and math.isnan(row.value) for part in row.warning.split("; ")]
    if told:
        notes.append(f"–: {'; '.join(dict.fromkeys(told))}")
    read_as = {each.group for each in load_claims(claims) if each.result == rows[0].result and each.stat == "hr"}
    models = {ALONE: "each factor alone", TOGETHER: "all factors together"}
    if read_as & set(models):
        named = " or ".join(name for group, name in models.items() if group in read_as)
        notes.append(f"the printed ratio is read as that of {named}")
    ends = [end for line in lines for end in line.ratio if not math.isnan(end)]
    if any(end < limits[0] or end > limits[1] for end in ends):
        notes.append("arrow head: the interval goes on beyond the axis")
    return notes


def _p(row: Row | None) -> str:
    text = p_value(row.value) if row else "–"
    return text if text[0] in "<>–" else f"= {text}"
