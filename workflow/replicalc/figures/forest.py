"""Forest plots by molecular subtype, beside what the paper prints: share with pCR, agreement of sizes."""

from __future__ import annotations

import math

from replicalc.figures.canvas import (
    FAINT,
    MARGIN,
    MUTED,
    PLAIN,
    WIDTH,
    About,
    left_out,
    missing_text,
    not_evaluable,
    say_missing,
    sheet,
)
from replicalc.figures.labels import code_label, number, p_text, variable_label, with_interval
from replicalc.figures.marks import COMPUTED, PRINTED, codes_of, computed, handles, interval, printed, stripes
from replicalc.job import job
from replicalc.table import Lookup, read_result

ROW = 0.36  # height of a row of a forest plot, in inches
PLOT, PLOT_WIDTH = 1.9, 1.95
OURS, THEIRS = 4.1, 5.8  # inches: where the two columns of numbers begin
SHARES = 0.72  # inches: from the counts to the shares


@job
def pcr_by_subtype(table, claims, svg, png):
    """Draw the share with pCR by subtype, with Wilson intervals, beside the counts of the paper."""
    from replicalc.stats.proportion import interval as proportion_interval

    rows = read_result(table)
    about = About.of(svg, rows)
    lookup, ours, theirs = Lookup(rows), computed(rows), printed(claims, rows[0].result)
    title = "Pathologic complete response (pCR) by molecular subtype"
    places = [(code_label("subtype", code), _cells(f"subtype={code}")) for code in codes_of(rows, "subtype")]
    places = [(name, cells) for name, cells in places if _share(ours, cells)]
    everybody = (("all", "pcr=yes", "count"), ("all", "pcr=no", "count"))
    if _share(ours, everybody):
        places.append(("all patients", everybody))
    if not places:
        return not_evaluable(svg, png, title=title, about=about, reasons={"": lookup.reason()})
    notes = [missing_text(lookup.reason(), "the share by subtype")] if len(places) == 1 else []
    test = lookup("all", "pcr x subtype", "p")
    if test:
        notes.append(f"pCR by subtype, {p_text(test)}")
    notes += left_out(lookup("all", "pcr=yes", "count"))
    height = ROW * len(places)
    with sheet(svg, png, title=title, about=about, body=height + 0.92, legend=True, notes=notes) as page:
        page.legend(handles(paper_intervals=False))
        top = 0.4
        ax = page.axes(PLOT, top, PLOT_WIDTH, height)
        axis(ax, len(places), (0, 100), range(0, 101, 25), "share with pCR, %")
        for left, name, share in ((OURS, "this cohort", "% (95 % interval)"), (THEIRS + 0.2, "paper", "%")):
            page.words(left, 0.1, name, fontweight="bold")
            page.words(left, 0.28, "pCR/all", color=MUTED)
            page.words(left + SHARES, 0.28, share, color=MUTED)
        said = []
        for y, (name, cells) in enumerate(places):
            middle = top + ROW * (y + 0.5)
            page.words(MARGIN, middle, name, fontsize=PLAIN)
            count, n = _share(ours, cells)
            limits = proportion_interval(count, n, "Wilson", 0.95)
            share = 100 * count / n if n else math.nan
            interval(ax, y - 0.1, share, 100 * limits.lo, 100 * limits.hi, COMPUTED)
            text = with_interval(share, 100 * limits.lo, 100 * limits.hi, 0) if n else "nobody"
            page.words(OURS, middle, f"{count}/{n}")
            page.words(OURS + SHARES, middle, text)
            said.append(f"{name} {count} of {n}")
            if found := _share(theirs, cells):
                count, n = found
                share = 100 * count / n if n else math.nan
                interval(ax, y + 0.2, share, math.nan, math.nan, PRINTED)
                page.words(THEIRS + 0.2, middle, f"{count}/{n}")
                page.words(THEIRS + 0.2 + SHARES, middle, number(share, 0))
        page.alt = "With pCR: " + ", ".join(said) + "."
    return None


def _cells(subtype: str) -> tuple:
    return tuple((f"pcr={code}", subtype, "count") for code in ("yes", "no"))


def _share(values, cells) -> tuple[int, int] | None:
    yes, no = (values(*place) for place in cells)
    return (int(yes), int(yes + no)) if math.isfinite(yes + no) else None


@job
def icc_by_subtype(mg_pathology, mri_pathology, mg_mri, claims, svg, png):
    """Draw the intraclass correlation of the three pairs of sizes by subtype, beside those of the paper."""
    tables = [read_result(file) for file in (mg_pathology, mri_pathology, mg_mri)]
    about, *_ = (About.of(svg, rows) for rows in tables)
    title = "Agreement of sizes after treatment: intraclass correlation (ICC) by molecular subtype"
    pairs = (
        "calc_extent_post_mm~residual_size_mm",
        "mri_post_mm~residual_size_mm",
        "calc_extent_post_mm~mri_post_mm",
    )
    blocks = [_block(rows, pair, claims) for rows, pair in zip(tables, pairs, strict=True)]
    if not any(ours for _, ours, _, _ in blocks):
        reasons = {heading: reason for heading, _, _, reason in blocks}
        return not_evaluable(svg, png, title=title, about=about, reasons=reasons)
    ends = [
        end for _, ours, theirs, _ in blocks for *_, values in ours + theirs for end in values if math.isfinite(end)
    ]
    low = max(-1.0, math.floor(min([0.0, *ends]) * 4) / 4)
    heights = [ROW * (len(ours) or 2) for _, ours, _, _ in blocks]
    body = sum(heights) + 0.42 * len(blocks) + 0.6
    methods = sorted({row.method for rows in tables for row in rows if row.stat == "icc"})
    last_drawn = max(i for i, (_, ours, _, _) in enumerate(blocks) if ours)
    notes = [f"this cohort: {'; '.join(methods)}; the text read names no form"]
    with sheet(svg, png, title=title, about=about, body=body, legend=True, notes=notes) as page:
        page.legend(handles(paper_intervals=True))
        page.words(OURS, 0.12, "this cohort: ICC (95 %)", fontweight="bold")
        page.words(THEIRS, 0.12, "paper: ICC (95 %)", fontweight="bold")
        top, said = 0.2, []
        for i, ((heading, ours, theirs, reason), height) in enumerate(zip(blocks, heights, strict=True)):
            page.words(MARGIN, top + 0.12, heading, fontsize=PLAIN, fontweight="bold")
            top += 0.28
            if ours:
                ax, last = page.axes(PLOT, top, PLOT_WIDTH, height), i == last_drawn
                axis(ax, len(ours), (low, 1), _ticks(low), "ICC" if last else "", numbers=last)
                ax.axvline(0, color=MUTED, linewidth=0.8, linestyle=(0, (4, 3)), zorder=1)
                _block_rows(page, ax, top, ours, {name: values for name, _, values in theirs})
                said.append(f"{heading} {number(ours[-1][2][0], 3)}")
            else:
                width = WIDTH - PLOT - MARGIN
                say_missing(page.canvas(PLOT, top, width, height), width, height, reason)
            top += height + (0.4 if i == last_drawn else 0.14)
        page.alt = "ICC of all patients: " + ", ".join(said) + "."
    return None


def _block(rows, pair: str, claims) -> tuple[str, list, list, str]:
    """Give a heading, the rows of cohort and paper as (name, n, (icc, lo, hi)), and why there are none."""
    heading = " and ".join(variable_label(name) for name in pair.split("~"))
    lookup, stats = Lookup(rows), ("icc", "icc_lo", "icc_hi")
    groups = [(f"subtype={code}", code_label("subtype", code)) for code in codes_of(rows, "subtype")]
    groups.append(("all", "all patients"))
    ours, theirs = [], []
    for values, found in ((computed(rows), ours), (printed(claims, rows[0].result), theirs)):
        for group, name in groups:
            row = lookup(group, pair, "icc")
            found.append((name, row.n if row else None, tuple(values(group, pair, stat) for stat in stats)))
    drawn = any(n is not None for _, n, _ in ours)
    return heading[:1].upper() + heading[1:], ours if drawn else [], theirs if drawn else [], lookup.reason()


def _block_rows(page, ax, top: float, ours: list, theirs: dict) -> None:
    for y, (name, n, values) in enumerate(ours):
        middle = top + ROW * (y + 0.5)
        page.words(MARGIN, middle, name + (f", n = {n}" if n is not None else ""), fontsize=8)
        interval(ax, y - 0.16, *values, COMPUTED)
        page.words(OURS, middle, with_interval(*values, 3) if n is not None else "not evaluable")
        interval(ax, y + 0.2, *theirs[name], PRINTED)
        page.words(THEIRS, middle, with_interval(*theirs[name], 3))


def _ticks(low: float) -> list[float]:
    return [tick / 2 for tick in range(-2, 3) if tick / 2 >= low]


def axis(ax, rows: int, limits: tuple, ticks, name: str, *, numbers: bool = True) -> None:
    """Prepare the axis of a forest plot of so many rows; ``numbers`` says whether its ticks are labelled."""
    ax.set(xlim=limits, ylim=(rows - 0.5, -0.5), yticks=[], xticks=list(ticks))
    ax.spines["left"].set_visible(False)
    ax.grid(axis="x", color=FAINT, linewidth=0.6, zorder=0)
    ax.set_axisbelow(True)
    ax.set_xlabel(name, labelpad=3)
    ax.xaxis.set_major_formatter(lambda value, _: number(value, 0 if limits[1] > 1 else 1))
    ax.tick_params(axis="x", labelbottom=numbers, length=3)
    stripes(ax, rows)
