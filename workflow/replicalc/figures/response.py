"""Change of the extent of microcalcifications by response: bars that add up to 100 %."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from replicalc.disclosure.release import WITHHELD
from replicalc.figures.canvas import (
    BLUE,
    FAINT,
    INK,
    MARGIN,
    MUTED,
    ORANGE,
    PLAIN,
    SMALL,
    WIDTH,
    About,
    definition,
    not_evaluable,
    say_missing,
    sheet,
)
from replicalc.figures.labels import code_label, p_text, variable_label
from replicalc.figures.marks import codes_of
from replicalc.job import job
from replicalc.table import Lookup, Row, read_result

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: How each class of change looks: also told apart by lightness and hatch.
LOOKS = {
    "decrease": {"facecolor": BLUE, "hatch": None, "ink": "white"},
    "no_change": {"facecolor": "#E3E3E3", "hatch": None, "ink": INK},
    "increase": {"facecolor": ORANGE, "hatch": "////", "ink": INK},
}
BAR, LEFT, BAR_WIDTH = 0.25, 1.95, 5.25
ROOM = 5.0  # a segment narrower than this share (percent) has no room for its count


@job
def change_by_response(recist, miller_payne, pcr, residual_type, study_file, svg, png):
    """Draw decrease, no change, increase of the extent by RECIST, Miller-Payne, pCR and residual tumour."""
    files = {"recist": recist, "miller_payne": miller_payne, "pcr": pcr, "residual_type": residual_type}
    tables = {name: read_result(file) for name, file in files.items()}
    about = About.of(svg, tables["recist"])
    title = "Change of the extent of microcalcifications by response"
    counts = {name: _counts(rows, name) for name, rows in tables.items()}
    if not any(counts.values()):
        reasons = {variable_label(name): Lookup(rows).reason() for name, rows in tables.items()}
        return not_evaluable(svg, png, title=title, about=about, reasons=reasons)
    last_drawn = max(i for i, found in enumerate(counts.values()) if found)
    heights = {name: BAR * (len(found) or 2) for name, found in counts.items()}
    body = sum(heights.values()) + 0.46 * len(counts) + 0.36
    cells = [cell for found in counts.values() for cell in found.values()]
    narrow = any(0 < 100 * count < ROOM * sum(cell.values()) for cell in cells for count in cell.values())
    notes = [
        definition(study_file, "change_of_extent"),
        "numbers in the bars: patients" + ("; a count without room in its segment is left out" if narrow else ""),
    ]
    missing = {
        name: row.n_missing
        for name, rows in tables.items()
        if counts[name] and (row := Lookup(rows)("all", f"{name} x calc_change", "p")) and row.n_missing
    }
    if missing:
        said = ", ".join(f"{variable_label(name)} {n}" for name, n in missing.items())
        notes.append(f"patients left out, value missing: {said}")
    with sheet(svg, png, title=title, about=about, body=body, legend=True, notes=notes) as page:
        page.legend(_handles())
        top, said = 0.0, []
        for i, (name, found) in enumerate(counts.items()):
            page.words(MARGIN, top + 0.12, variable_label(name), fontsize=PLAIN, fontweight="bold")
            test = Lookup(tables[name])("all", f"{name} x calc_change", "p")
            if found:
                page.words(WIDTH - MARGIN, top + 0.12, p_text(test), ha="right", color=MUTED)
                _bars(
                    page.axes(LEFT, top + 0.26, BAR_WIDTH, heights[name]),
                    found,
                    name,
                    last=i == last_drawn,
                )
                said.append(f"{variable_label(name)}: {p_text(test)}")
            else:
                width = WIDTH - MARGIN - LEFT
                ax = page.canvas(LEFT, top + 0.26, width, heights[name])
                say_missing(ax, width, heights[name], Lookup(tables[name]).reason())
            top += heights[name] + (0.82 if i == last_drawn else 0.46)
        page.alt = "Stacked bars of decrease, no change and increase. " + "; ".join(said) + "."
    return None


def _counts(rows: list[Row], name: str) -> dict[str, dict[str, int]]:
    """Give the number of patients in each class of change, for each category of a variable; none where one is withheld.

    Bars of the classes that are left would show shares that nobody has.
    """
    lookup = Lookup(rows)
    found = {}
    for code in codes_of(rows, name):
        cells = {change: lookup(f"{name}={code}", f"calc_change={change}", "count") for change in LOOKS}
        if all(cells.values()):
            known = all(math.isfinite(row.value) for row in cells.values())
            found[code] = {change: int(row.value) for change, row in cells.items()} if known else {}
    return found


def _handles() -> list:
    from matplotlib.patches import Patch

    return [
        Patch(label=code_label("calc_change", change), facecolor=look["facecolor"], hatch=look["hatch"],
              edgecolor=INK, linewidth=0.6)
        for change, look in LOOKS.items()
    ]  # fmt: skip


def _bars(ax: Axes, counts: dict[str, dict[str, int]], name: str, *, last: bool) -> None:
    for y, cells in enumerate(counts.values()):
        n, left = sum(cells.values()), 0.0
        if not n:
            why = "nobody in this group" if cells else WITHHELD
            ax.text(1, y, why, va="center_baseline", fontsize=SMALL, color=MUTED)
            continue
        for change, count in cells.items():
            look, share = LOOKS[change], 100 * count / n
            if not count:
                continue
            ax.barh(y, share, left=left, height=0.74, facecolor=look["facecolor"], hatch=look["hatch"],
                    edgecolor=INK, linewidth=0.6)  # fmt: skip
            if share >= ROOM:
                back = {"facecolor": look["facecolor"], "edgecolor": "none", "pad": 1.2} if look["hatch"] else None
                ax.text(left + share / 2, y, str(count), ha="center", va="center_baseline", fontsize=SMALL,
                        color=look["ink"], bbox=back)  # fmt: skip
            left += share
    texts = [
        code_label(name, code) + (f", n = {sum(cells.values())}" if cells else "") for code, cells in counts.items()
    ]
    ax.set(xlim=(0, 100), ylim=(len(counts) - 0.5, -0.5), yticks=range(len(counts)), yticklabels=texts)
    ax.set_xticks(range(0, 101, 25))
    ax.tick_params(axis="y", length=0, pad=4)
    ax.tick_params(axis="x", length=3, labelbottom=last)
    ax.spines["left"].set_color(FAINT)
    if last:
        ax.set_xlabel("share of the group, %", labelpad=3)
