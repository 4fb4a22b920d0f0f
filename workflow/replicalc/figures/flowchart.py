"""The flow of patients: assessed, left out by each criterion, included."""

from __future__ import annotations

from typing import TYPE_CHECKING

from replicalc.cohort.collapse import ALIKE
from replicalc.cohort.frame import read_description, read_gaps
from replicalc.figures.canvas import (
    BLUE,
    INK,
    LINE,
    MARGIN,
    MUTED,
    SMALL,
    WIDTH,
    About,
    frame,
    missing_text,
    not_evaluable,
    sheet,
    study_of,
    wrapped,
)
from replicalc.figures.labels import code_label, number, units, variable_label
from replicalc.figures.marks import codes_of, printed_texts
from replicalc.job import job
from replicalc.records import read_csv
from replicalc.table import Lookup, read_result

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SPINE, MAIN, SIDE, SIDE_WIDTH = (
    1.15,
    2.3,
    2.9,
    4.3,
)  # inches: middle and width of the main boxes, the boxes beside
BOX, GAP = 0.3, 0.14
#: Variables by which results group their patients; who lacks one is told under the diagram.
GROUPING = ("subtype", "pcr", "recist", "calc_change", "residual_type", "surgery")


@job
def flow(flow, cohort, svg, png, *, grouping=GROUPING):
    """Draw who was assessed, excluded for each reason and included; criteria not applied are grey.

    Where a row is not a patient, the patients of those included are counted too. ``grouping`` names variables by which
    results group; of how many included each is not known stands under the diagram.
    """
    _draw(flow, cohort, svg, png, grouping)


@job
def flow_to_prognosis(flow, cohort, prognosis, claims, svg, png, *, grouping):
    """Draw the flow as ``flow`` does, and how those included divide by prognosis, beside the printed counts."""
    _draw(flow, cohort, svg, png, grouping, _classes(prognosis, claims, "prognosis"))


def _classes(table: str, claims: str, variable: str) -> list[list[str]]:
    """Give the words of the box of each category of a variable, those without a value too, or of the reason."""
    rows = read_result(table)
    lookup, paper = Lookup(rows), printed_texts(claims, rows[0].result if rows else "")
    known = lookup("all", variable, "n")
    if known is None or not known.n:
        reason = lookup.reason("all", variable) or f"{variable_label(variable)} is not known of anybody"
        return [wrapped(missing_text(reason, variable_label(variable)), SIDE + SIDE_WIDTH - 0.3)]
    found = []
    for code in codes_of(rows, variable):
        count, share = (lookup("all", f"{variable}={code}", stat) for stat in ("count", "percent"))
        words = [code_label(variable, code), f"n = {number(count.value, 0)} ({number(share.value, 1)} %)"]
        told = paper("all", f"{variable}={code}", "count")
        found.append([*words, f"printed: {told}"] if told else words)
    if known.n_missing:
        found.append([f"{variable_label(variable)} not known", f"n = {known.n_missing}"])
    return found


def _draw(flow: str, cohort: str, svg: str, png: str, grouping, classes: list[list[str]] | None = None) -> None:
    steps = read_csv(flow)
    data = read_description(cohort)
    about = About(study_of(svg), data.name, data.kind)
    unit = units(data.unit_of_analysis)
    title = f"Flow of {unit}"
    if not steps:
        return not_evaluable(svg, png, title=title, about=about, reasons={"": "the study names no criteria"})
    n, missing, patients = read_gaps(cohort)
    whose = f" of {patients} patients" if patients and data.unit_of_analysis != "patient" else ""
    # Rows of the export that stand there twice are nobody assessed; the box below them says who is.
    repeated = steps[0]["criterion"] == ALIKE
    assessed = steps[0]["n_after" if repeated else "n_before"]
    texts = [_side_text(step) for step in steps]
    heights = [LINE * len(lines) + 0.13 for lines in texts]
    kept = [step["applied"] == "yes" for step in steps]
    body = 2 * BOX + GAP + sum(height + GAP + (BOX if keep else 0) for height, keep in zip(heights, kept, strict=True))
    if kept[-1]:
        body -= BOX  # the last box is the one of those included
    body += LINE if whose else 0
    tail = LINE * max(map(len, classes)) + 0.13 + 2 * GAP if classes else 0.0
    notes = ["grey, dashed: criterion not applied, because the cohort lacks the variable"] if not all(kept) else []
    gaps = {name: missing.get(name, n) for name in grouping}
    lacking = ", ".join(f"{name} {count}" for name, count in gaps.items() if 0 < count < n)
    if lacking:
        notes.append(f"included, but left out where the variable is needed, because it is not known: {lacking}")
    with sheet(svg, png, title=title, about=about, body=body + tail + 0.05, notes=notes) as page:
        ax = page.canvas(MARGIN, 0, WIDTH - 2 * MARGIN, body + tail + 0.05)
        first = f"in the export: {steps[0]['n_before']} rows" if repeated else f"assessed: {assessed} {unit}"
        y = _main_box(ax, 0, first, bold=not repeated)
        for i, (step, lines, height) in enumerate(zip(steps, texts, heights, strict=True)):
            end = y + height + GAP
            middle = y + GAP / 2 + height / 2
            last = i == len(steps) - 1
            box_follows = kept[i] or last
            _arrow(ax, (SPINE, y), (SPINE, end), head=box_follows)
            _side_box(ax, middle, height, lines, applied=kept[i])
            if last:
                included = [f"included: {step['n_after']} {unit}", *([whose.strip()] if whose else [])]
                y = _main_box(ax, end, "\n".join(included), bold=True)
            else:
                after = f"assessed: {assessed} {unit}" if repeated and i == 0 else f"n = {step['n_after']}"
                y = _main_box(ax, end, after, bold=repeated and i == 0) if box_follows else end
        if classes:
            _divide(ax, y, tail - 2 * GAP, classes)
        page.alt = (
            (f"{steps[0]['n_before']} rows in the export, of which different: " if repeated else "")
            + f"{assessed} {unit} assessed, "
            + ", ".join(
                f"{step['n_excluded']} excluded ({step['excluded_because']})"
                for step in steps
                if step["applied"] == "yes" and step["criterion"] != ALIKE
            )
            + f", {steps[-1]['n_after']} included{whose}; {kept.count(False)} of {len(steps)} criteria not applied."
        )
        if classes:
            page.alt += " Of those included: " + "; ".join(" ".join(words) for words in classes) + "."
    return None


def _divide(ax: Axes, top: float, height: float, classes: list[list[str]]) -> None:
    """Draw a row of boxes below the last main box; a single one is the reason why there are no classes."""
    fork, end = top + GAP, top + 2 * GAP
    if len(classes) == 1:
        _arrow(ax, (SPINE, top), (SPINE, end), head=False, muted=True)
        frame(ax, 0, end, SIDE + SIDE_WIDTH, height)
        ax.text(
            0.12, end + height / 2, "\n".join(classes[0]), va="center", fontsize=SMALL, linespacing=1.3, color=MUTED
        )
        return
    room = (SIDE + SIDE_WIDTH - MAIN) / max(2, len(classes) - 1)
    middles = [SPINE + room * i for i in range(len(classes))]
    _arrow(ax, (SPINE, top), (SPINE, fork), head=False)
    _arrow(ax, (SPINE, fork), (middles[-1], fork), head=False)
    for middle, words in zip(middles, classes, strict=True):
        _arrow(ax, (middle, fork), (middle, end))
        width = min(MAIN, room - 0.12)
        frame(ax, middle - width / 2, end, width, height, facecolor="white", edgecolor=INK, linestyle="-")
        ax.text(middle, end + height / 2, "\n".join(words), ha="center", va="center", fontsize=SMALL, linespacing=1.3)


def _side_text(step: dict[str, str]) -> list[str]:
    reason = step["excluded_because"]
    if step["applied"] == "yes":
        second = f"excluded: n = {step['n_excluded']}"
    else:
        second = step["note"] or "not applied"
    return [*wrapped(reason[:1].upper() + reason[1:], SIDE_WIDTH - 0.3), *wrapped(second, SIDE_WIDTH - 0.3)]


def _main_box(ax: Axes, top: float, text: str, bold: bool = False) -> float:
    style = {
        "facecolor": "#E4EFF7" if bold else "white",
        "edgecolor": BLUE if bold else INK,
        "linestyle": "-",
    }
    height = BOX + LINE * text.count("\n")
    frame(ax, SPINE - MAIN / 2, top, MAIN, height, **style)
    weight = "bold" if bold else "normal"
    place = "center" if "\n" in text else "center_baseline"
    ax.text(SPINE, top + height / 2, text, ha="center", va=place, fontsize=SMALL, fontweight=weight)
    return top + height


def _side_box(ax: Axes, middle: float, height: float, lines: list[str], *, applied: bool) -> None:
    _arrow(ax, (SPINE, middle), (SIDE, middle), head=applied, muted=not applied)
    style = {"facecolor": "white", "edgecolor": INK, "linestyle": "-"} if applied else {}
    frame(ax, SIDE, middle - height / 2, SIDE_WIDTH, height, **style)
    ax.text(SIDE + 0.12, middle, "\n".join(lines), va="center", fontsize=SMALL, linespacing=1.3,
            color=INK if applied else MUTED)  # fmt: skip


def _arrow(ax: Axes, start: tuple, end: tuple, *, head: bool = True, muted: bool = False) -> None:
    look = {
        "arrowstyle": "-|>,head_width=0.18,head_length=0.35" if head else "-",
        "color": MUTED if muted else INK,
        "linewidth": 0.9,
        "linestyle": (0, (4, 3)) if muted else "-",
        "shrinkA": 0,
        "shrinkB": 0,
    }
    ax.annotate("", xy=end, xytext=start, arrowprops=look)
