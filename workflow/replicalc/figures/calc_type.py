"""Malignancy by type of calcification: the share of malignant lesions of each BI-RADS type, by class."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from replicalc.figures.canvas import MARGIN, MUTED, About, cautions, every_reason, left_out, not_evaluable, sheet
from replicalc.figures.forest import axis
from replicalc.figures.labels import code_label, number, p_text, variable_label, with_interval
from replicalc.figures.marks import CLUSTERED, COMPUTED, codes_of, computed, handle, interval
from replicalc.job import job
from replicalc.table import Lookup, Row, read_result

MALIGNANT = "malignant=yes"
ROW, GAP = 0.29, 0.12  # inches: a row, the room between the classes
PLOT, PLOT_WIDTH = 1.75, 2.05
COUNTS, NAIVE, GROUPED = 3.95, 4.75, 6.12  # inches: the columns of numbers


@dataclass(frozen=True, slots=True)
class Kind:
    """One type or class: how many lesions, how many malignant, their share in percent with both intervals."""

    name: str
    n: int
    malignant: int
    share: tuple[float, float, float]
    clustered: tuple[float, float]


@job
def malignancy_by_type(table, svg, png, *, subset):
    """Draw the share of malignant lesions by type of calcification (Wilson), typically benign types first.

    From the result that cross-tabulates class and type with malignancy; no number is printed for this statement.
    ``subset`` is that of the result; the figure says whom it is about.
    """
    from replicalc.cohort.definitions import BENIGN_TYPES, SUSPICIOUS_TYPES

    rows = read_result(table)
    about, lookup = About.of(svg, rows), Lookup(rows)
    title = "Malignant lesions by type of calcification"
    classes = {"typically_benign": BENIGN_TYPES, "suspicious": SUSPICIOUS_TYPES}
    occurring = set(codes_of(rows, "calc_type"))
    blocks = [
        (_kind(rows, "calc_type_class", name), [_kind(rows, "calc_type", code) for code in codes if code in occurring])
        for name, codes in classes.items()
    ]
    blocks = [(whole, [kind for kind in kinds if kind]) for whole, kinds in blocks if whole]
    if not any(kind.n for _, kinds in blocks for kind in kinds):
        reasons = {"": every_reason(rows) or "nobody has a type of calcification"}
        return not_evaluable(svg, png, title=title, about=about, reasons=reasons)
    test = lookup("all", "calc_type x malignant", "p")
    between = lookup("all", "calc_type_class x malignant", "p")
    kinds = [kind for whole, inside in blocks for kind in (whole, *inside)]
    notes = [f"malignancy by class, {p_text(between)}; by type, {p_text(test)}", *_remarks(kinds)]
    notes += left_out(test, "lesions")
    whom = "; ".join(f"{variable_label(name)}: {codes.replace('|', ' or ')}" for name, codes in subset.items())
    notes += [f"lesions: {whom}"] if subset else []
    notes += cautions([row for row in (test, between) if row])
    body = ROW * len(kinds) + GAP * (len(blocks) - 1) + 0.82
    with sheet(svg, png, title=title, about=about, body=body, legend=True, notes=notes) as page:
        page.legend(
            [handle("Wilson, 95 % interval", COMPUTED), handle("clustered by patient, 95 % interval", CLUSTERED)]
        )
        for left, name, below in (
            (COUNTS, "malignant", "of all"),
            (NAIVE, "share, %", "(95 %, Wilson)"),
            (GROUPED, "95 %, clustered", "by patient"),
        ):
            page.words(left, 0.08, name, fontweight="bold")
            page.words(left, 0.24, below, color=MUTED)
        top, said = 0.36, []
        for i, (whole, inside) in enumerate(blocks):
            last, shown = i == len(blocks) - 1, [whole, *inside]
            ax = page.axes(PLOT, top, PLOT_WIDTH, ROW * len(shown))
            name = "share of malignant lesions, %" if last else ""
            axis(ax, len(shown), (0, 100), range(0, 101, 25), name, numbers=last)
            for y, kind in enumerate(shown):
                _row(page, ax, top, y, kind, whole=y == 0)
            said.append(f"{whole.name} {whole.malignant} of {whole.n} malignant")
            top += ROW * len(shown) + GAP
        page.alt = (
            "; ".join([*said, *(f"{k.name} {k.malignant} of {k.n}" for _, inside in blocks for k in inside)]) + "."
        )
    return None


def _kind(rows: Sequence[Row], variable: str, code: str) -> Kind | None:
    """Read one type or class from the table; None where the table has no such row."""
    values, group = computed(rows), f"{variable}={code}"
    count = Lookup(list(rows))(group, MALIGNANT, "count")
    if count is None:
        return None
    share = tuple(values(group, MALIGNANT, stat) for stat in ("percent", "percent_lo", "percent_hi"))
    clustered = tuple(values(group, MALIGNANT, f"percent_clustered_{side}") for side in ("lo", "hi"))
    name = code_label(variable, code)
    return Kind(name, count.n or 0, int(count.value), share, clustered)


def _row(page, ax, top: float, y: int, kind: Kind, *, whole: bool) -> None:
    middle, style = top + ROW * (y + 0.5), {"fontweight": "bold"} if whole else {}
    name = f"{kind.name[:1].upper()}{kind.name[1:]}, all" if whole else kind.name
    page.words(MARGIN + (0 if whole else 0.12), middle, name, **style)
    page.words(COUNTS, middle, f"{kind.malignant}/{kind.n}", **style)
    page.words(
        NAIVE,
        middle,
        with_interval(*kind.share, 1) if kind.n else "none",
        **({} if kind.n else {"color": MUTED}),
    )
    lo, hi = kind.clustered
    page.words(GROUPED, middle, f"{number(lo, 1)} to {number(hi, 1)}" if math.isfinite(lo) else "–")
    value = kind.share[0] if kind.n else math.nan
    interval(ax, y - 0.14, value, *kind.share[1:], COMPUTED)
    interval(ax, y + 0.2, value if math.isfinite(lo) else math.nan, lo, hi, CLUSTERED)


def _remarks(kinds: list[Kind]) -> list[str]:
    if all(math.isfinite(kind.clustered[0]) for kind in kinds):
        return []
    return ["clustered, –: nobody contributes more than one lesion, all lesions agree, or they are of one patient"]
