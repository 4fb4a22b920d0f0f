"""In place of a figure that would show single patients: a sheet that says so, and of a flow what is released of it."""

from __future__ import annotations

import math
from pathlib import Path

from replicalc.job import job
from replicalc.records import load_checked
from replicalc.table import Row, read_result

SENTENCE = "Withheld by disclosure control: this figure is drawn from single patients."


@job
def withheld_figure(flow, study_file, svg, png, *, cohort):
    """Write the sheet; ``flow`` holds the released table of the flow where the figure is one, otherwise nothing."""
    from replicalc.figures.canvas import LINE, MARGIN, SMALL, WIDTH, About, frame, sheet, study_of, wrapped

    rows = [row for file in flow for row in read_result(file)]
    sentences = _flow(rows, load_checked(study_file, "study")["criteria"]) if rows else [SENTENCE]
    lines = [wrapped(sentence, WIDTH - 2 * MARGIN - 0.5) for sentence in sentences]
    body = 0.3 + sum(LINE * len(part) + 0.06 for part in lines)
    title = "Flow, as released" if rows else Path(svg).stem.split("_fig_")[-1].replace("_", " ").capitalize()
    with sheet(svg, png, title=title, about=About(study_of(svg), cohort, "real"), body=body) as page:
        ax = page.canvas(MARGIN, 0, WIDTH - 2 * MARGIN, body)
        frame(ax, 0, 0.02, WIDTH - 2 * MARGIN, body - 0.04)
        y = 0.18
        for part in lines:
            ax.text(0.25, y, "\n".join(part), va="top", fontsize=SMALL, linespacing=1.35)
            y += LINE * len(part) + 0.06
        page.alt = " ".join(sentences)


def _flow(rows: list[Row], criteria: list[dict]) -> list[str]:
    """Tell the released flow, a sentence a step."""
    because = {each["id"]: each["excluded_because"] for each in criteria}
    ends = {row.stat: _told(row) for row in rows if row.stat in ("n_assessed", "n_included")}
    applied = {row.variable for row in rows if row.stat == "applied" and row.value == 1}
    steps = [
        f"Excluded, {because.get(row.variable, row.variable)}: {_told(row)}."
        for row in rows
        if row.stat == "n_excluded" and row.variable in applied
    ]
    return [f"Assessed: {ends.get('n_assessed', '')}.", *steps, f"Included: {ends.get('n_included', '')}."]


def _told(row: Row) -> str:
    return "withheld by disclosure control" if math.isnan(row.value) else f"{row.value:g}"
