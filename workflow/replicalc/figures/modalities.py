"""Mammography, ultrasound and MRI against histology: the same measures side by side, with both kinds of interval."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from replicalc.figures.canvas import (
    MARGIN,
    MUTED,
    PLAIN,
    About,
    cautions,
    every_reason,
    missing_text,
    not_evaluable,
    sheet,
)
from replicalc.figures.diagnostic import MEASURES
from replicalc.figures.forest import axis
from replicalc.figures.labels import number, variable_label, with_interval
from replicalc.figures.marks import CLUSTERED, COMPUTED, PRINTED, computed, handle, interval, printed
from replicalc.job import job
from replicalc.table import Lookup, Row, read_result

SHOWN = ("sensitivity", "specificity", "ppv", "npv")
#: Biopsied lesions alone are in the study, so the predictive value of a positive test is the PPV3 of BI-RADS; a cohort
#: that does not record biopsies comes near one, and says so.
NAMES = MEASURES | {"ppv": "Positive predictive value (PPV3)"}
#: Mammography was positive in all: its only measure is the share of malignant lesions.
MAMMOGRAPHY = ("all", "malignant=yes", "percent")
ROW, HEAD = 0.44, 0.27  # inches: a row of the plot, the heading of a measure
PLOT, PLOT_WIDTH = 1.25, 1.85
COUNTS, NAIVE, GROUPED, PAPER = 3.28, 3.98, 5.4, 6.85  # inches: the columns of numbers


@dataclass(frozen=True, slots=True)
class Share:
    """One measure of one test: value and both intervals in percent (NaN where there is none), and the printed value."""

    name: str
    value: float
    naive: tuple[float, float]
    clustered: tuple[float, float]
    printed: float
    n: int
    why: str
    why_not_clustered: str


@job
def accuracy_by_test(us, mri, ppv3, claims, svg, png):
    """Draw sensitivity, specificity, PPV3 and NPV of ultrasound and MRI, and the PPV3 of mammography.

    From three result tables: Wilson intervals, beside them those that respect several lesions of one patient, and the
    values that the paper prints.
    """
    tables = {name: read_result(file) for name, file in (("us", us), ("mri", mri), ("mammography", ppv3))}
    about, *_ = [About.of(svg, rows) for rows in tables.values()]
    title = "Accuracy of mammography, ultrasound and MRI against histology"
    blocks, reasons = _blocks(tables, claims)
    if not blocks:
        return not_evaluable(svg, png, title=title, about=about, reasons=reasons)
    shares = [share for _, found in blocks for share in found]
    notes = [missing_text(reason, part) for part, reason in reasons.items()]
    notes += _remarks(shares, tables)
    tall = sum(HEAD + ROW * len(found) for _, found in blocks)
    with sheet(svg, png, title=title, about=about, body=tall + 0.82, legend=True, notes=notes) as page:
        entries = [handle("Wilson, 95 %", COMPUTED), handle("clustered by patient, 95 %", CLUSTERED)]
        page.legend([*entries, handle("printed in the paper", PRINTED, line=False)])
        for left, name, below in (
            (COUNTS, "count", ""),
            (NAIVE, "this cohort, %", "(95 %, Wilson)"),
            (GROUPED, "95 %, clustered", "by patient"),
            (PAPER, "paper", "%"),
        ):
            page.words(left, 0.1, name, fontweight="bold")
            page.words(left, 0.26, below, color=MUTED)
        top, said = 0.36, []
        for i, (stat, found) in enumerate(blocks):
            last = i == len(blocks) - 1
            page.words(MARGIN, top + 0.14, NAMES[stat], fontsize=PLAIN, fontweight="bold")
            top += HEAD
            ax = page.axes(PLOT, top, PLOT_WIDTH, ROW * len(found))
            axis(ax, len(found), (0, 100), range(0, 101, 25), "%" if last else "", numbers=last)
            for y, share in enumerate(found):
                _row(page, ax, top, y, share)
            said.append(f"{NAMES[stat]}: " + ", ".join(f"{share.name} {number(share.value, 1)} %" for share in found))
            top += ROW * len(found)
        page.alt = "; ".join(said) + "."
    return None


def _blocks(tables: dict[str, list[Row]], claims) -> tuple[list[tuple[str, list[Share]]], dict[str, str]]:
    """Give the shares by measure, and why a test is not among them."""
    places: dict[str, dict[str, tuple[str, str, str]]] = {"mammography": {"ppv": MAMMOGRAPHY}}
    for name in ("us", "mri"):
        found = {row.variable for row in tables[name] if row.group == "all" and row.stat in SHOWN}
        places[name] = {stat: ("all", variable, stat) for variable in found for stat in SHOWN}
    titles = {name: variable_label(f"{name}_assessment") for name in ("us", "mri")} | {"mammography": "mammography"}
    blocks, reasons = [], {}
    for stat in SHOWN:
        found = []
        for name in ("mammography", "us", "mri"):
            place = places[name].get(stat)
            row = Lookup(tables[name])(*place) if place else None
            if row is not None:
                found.append(_share(titles[name], row, tables[name], claims))
        if found:
            blocks.append((stat, found))
    for name, rows in tables.items():
        if not any(share.name == titles[name] for _, found in blocks for share in found):
            reasons[titles[name]] = every_reason(rows)
    return blocks, reasons


def _share(name: str, row: Row, rows: Sequence[Row], claims) -> Share:
    lookup, values = Lookup(list(rows)), computed(rows)
    place = (row.group, row.variable)
    ends = [tuple(values(*place, f"{row.stat}{kind}_{side}") for side in ("lo", "hi")) for kind in ("", "_clustered")]
    second = lookup(*place, f"{row.stat}_clustered_lo")
    paper = printed(claims, row.result)(*place, row.stat)
    why = ""
    if second and math.isnan(second.value):
        why = f"clustered, –: {second.warning}"
    elif second and "counted once" in second.method:
        why = "clustered, where all lesions agree: Wilson with each patient counted once"
    return Share(name, row.value, ends[0], ends[1], paper, row.n or 0, row.warning, why)


def _remarks(shares: list[Share], tables: dict[str, list[Row]]) -> list[str]:
    """Say why an interval is not there, and who was left out."""
    notes = []
    if not any(math.isfinite(end) for share in shares for end in share.clustered):
        notes.append("clustered: not given where nobody contributes more than one, or where it cannot be computed")
    for why in dict.fromkeys(share.why_not_clustered for share in shares if share.why_not_clustered):
        notes.append(why)
    missing = {name: max([0, *(row.n_missing or 0 for row in rows)]) for name, rows in tables.items()}
    told = ", ".join(
        f"{name} {n}" for name, n in zip(("ultrasound", "MRI", "mammography"), missing.values(), strict=True) if n
    )
    drawn = [row for rows in tables.values() for row in rows if row.group == "all" and row.stat in (*NAMES, "percent")]
    return [*notes, *([f"left out, value missing: {told}"] if told else []), *cautions(drawn)]


def _row(page, ax, top: float, y: int, share: Share) -> None:
    middle = top + ROW * (y + 0.5)
    page.words(MARGIN + 0.1, middle, share.name)
    page.words(
        COUNTS,
        middle,
        f"{round(share.value * share.n / 100)}/{share.n}"
        if math.isfinite(share.value)
        else f"–/{share.n}"
        if share.n
        else "–",
    )
    page.words(NAIVE, middle, with_interval(share.value, *share.naive, 1))
    lo, hi = share.clustered
    page.words(GROUPED, middle, f"{number(lo, 1)} to {number(hi, 1)}" if math.isfinite(lo) else "–")
    page.words(PAPER, middle, number(share.printed, 1))
    interval(ax, y - 0.26, share.value, *share.naive, COMPUTED)
    interval(ax, y + 0.03, math.nan, *share.clustered, CLUSTERED)
    if math.isfinite(lo):
        interval(ax, y + 0.03, share.value, math.nan, math.nan, CLUSTERED)
    interval(ax, y + 0.31, share.printed, math.nan, math.nan, PRINTED)
