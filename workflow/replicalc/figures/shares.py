"""Shares with and without calcification on mammography: outcomes, and the pattern of bone metastases."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from replicalc.figures.canvas import (
    LINE,
    MARGIN,
    MUTED,
    PLAIN,
    WIDTH,
    About,
    every_reason,
    missing_text,
    not_evaluable,
    say_missing,
    sheet,
    wrapped,
)
from replicalc.figures.forest import axis
from replicalc.figures.labels import code_label, number, p_text, with_interval
from replicalc.figures.marks import COMPUTED, PRINTED, handles, interval, printed, printed_texts
from replicalc.job import job
from replicalc.table import Lookup, Row, read_result

if TYPE_CHECKING:
    from replicalc.figures.canvas import Sheet

GROUPS = ("calcified=yes", "calcified=no")
ROW, HEADING = 0.3, 0.28  # inches: height of a row and of the heading of a block
PLOT, PLOT_WIDTH = 2.2, 1.65
COUNTS, SHARES, PAPER = 4.05, 4.8, 6.35  # inches: where the columns of numbers begin


@dataclass(frozen=True, slots=True)
class Part:
    """One row: its label, its place in the result table, and the row found there."""

    label: str
    group: str
    variable: str
    row: Row


@dataclass(frozen=True, slots=True)
class Block:
    """The rows of one outcome with its test; without rows ``reason`` says why."""

    heading: str
    variable: str
    lookup: Lookup
    claims: str
    parts: list[Part]
    reason: str

    @property
    def result(self) -> str:
        return self.lookup.rows[0].result

    @property
    def test(self) -> Row | None:
        return self.lookup("all", f"calcified x {self.variable}", "p")


@job
def outcomes_by_calcification(pcr, necrosis, bone, claims, svg, png):
    """Draw pCR, necrosis on MRI and bone metastasis with and without calcification, beside the printed shares."""
    blocks = [
        _block(pcr, claims, "Pathologic complete response (pCR)", "pcr", ["yes"]),
        _block(necrosis, claims, "Necrosis on MRI, among those with a known response", "mri_necrosis", ["yes"]),
        _block(bone, claims, "Bone metastasis", "bone_metastasis", ["yes"]),
    ]
    _draw(svg, png, "Response, necrosis and bone metastasis by calcification", blocks)


@job
def metastasis_by_calcification(osteolytic, skeleton, whole_body, claims, svg, png):
    """Draw type and place of bone metastases with and without calcification, beside the printed shares."""
    blocks = [
        _block(osteolytic, claims, "Osteolytic type", "osteolytic", ["yes"]),
        _block(skeleton, claims, "Part of the skeleton, three classes", "bone_extent", ["axial", "appendicular"]),
        _block(whole_body, claims, "Whole body, against the other two classes", "bone_whole_body", ["yes"]),
    ]
    _draw(svg, png, "Pattern of bone metastases by calcification, among those who have them", blocks)


def _block(file: str, claims: str, heading: str, variable: str, codes: list[str]) -> Block:
    lookup = Lookup(read_result(file))
    parts = []
    for code in codes:
        for group in GROUPS:
            row = lookup(group, f"{variable}={code}", "percent")
            if row:
                name = code_label(*group.split("="))
                label = name if len(codes) == 1 else f"{code_label(variable, code)}, {name}"
                parts.append(Part(label, group, f"{variable}={code}", row))
    reason = every_reason(lookup.rows)
    drawn = len(parts) == len(codes) * len(GROUPS) and (not reason or any(part.row.n for part in parts))
    return Block(heading, variable, lookup, claims, parts if drawn else [], reason)


def _draw(svg: str, png: str, title: str, blocks: list[Block]) -> None:
    about, *_ = (About.of(svg, block.lookup.rows) for block in blocks)
    if not any(block.parts for block in blocks):
        reasons = {block.heading: block.reason for block in blocks}
        return not_evaluable(svg, png, title=title, about=about, reasons=reasons)
    width = WIDTH - PLOT - MARGIN
    heights = [_height(block, width) for block in blocks]
    last = max(i for i, block in enumerate(blocks) if block.parts)
    body = 0.3 + sum(heights) + (HEADING + 0.14) * len(blocks) + 0.36
    lost = [
        f"{block.heading} {block.test.n_missing}"
        for block in blocks
        if block.parts and block.test and block.test.n_missing
    ]
    notes = ["Wilson intervals; counts: patients with the outcome / all in the group"]
    notes += [f"patients left out, value missing: {'; '.join(lost)}"] if lost else []
    with sheet(svg, png, title=title, about=about, body=body, legend=True, notes=notes) as page:
        page.legend(handles(paper_intervals=False))
        for left, name in ((COUNTS, "count"), (SHARES, "% (95 % interval)"), (PAPER, "printed, %")):
            page.words(left, 0.12, name, fontweight="bold")
        top, said = 0.3, []
        for i, (block, height) in enumerate(zip(blocks, heights, strict=True)):
            page.words(MARGIN, top + 0.13, block.heading, fontsize=PLAIN, fontweight="bold")
            top += HEADING
            if block.parts:
                page.words(WIDTH - MARGIN, top - HEADING + 0.13, _tests(block), ha="right", color=MUTED)
                said.append(f"{block.heading}: " + _rows(page, block, top, height, numbers=i == last))
            else:
                say_missing(page.canvas(PLOT, top, width, height), width, height, block.reason)
            top += height + 0.14 + (0.36 if i == last else 0)
        page.alt = "; ".join(said) + "."
    return None


def _height(block: Block, width: float) -> float:
    if block.parts:
        return ROW * len(block.parts)
    return LINE * len(wrapped(missing_text(block.reason), width - 0.3)) + 0.25


def _tests(block: Block) -> str:
    paper = printed_texts(block.claims, block.result)("all", f"calcified x {block.variable}", "p")
    if paper:
        paper = f"; printed: P {paper}" if paper[0] in "<>" else f"; printed: P = {paper}"
    return p_text(block.test) + paper


def _rows(page: Sheet, block: Block, top: float, height: float, *, numbers: bool) -> str:
    """Draw the rows of a block; return them as a sentence."""
    theirs, texts = printed(block.claims, block.result), printed_texts(block.claims, block.result)
    ax = page.axes(PLOT, top, PLOT_WIDTH, height)
    name = "share of the group, %" if numbers else ""
    axis(ax, len(block.parts), (0, 100), range(0, 101, 25), name, numbers=numbers)
    said = []
    for y, part in enumerate(block.parts):
        middle = top + ROW * (y + 0.5)
        count, value, lo, hi = (
            row.value if (row := block.lookup(part.group, part.variable, stat)) else math.nan
            for stat in ("count", "percent", "percent_lo", "percent_hi")
        )
        page.words(MARGIN, middle, part.label)
        counted = f"{number(count, 0)}/{'–' if part.row.n is None else part.row.n}"
        page.words(COUNTS, middle, counted)
        page.words(
            SHARES,
            middle,
            with_interval(value, lo, hi, 1) if math.isfinite(value) else "nobody" if part.row.n == 0 else "–",
        )
        interval(ax, y - 0.1, value, lo, hi, COMPUTED)
        place = (part.group, part.variable, "percent")
        interval(ax, y + 0.24, theirs(*place), math.nan, math.nan, PRINTED)
        page.words(PAPER, middle, texts(*place) or "–", color=MUTED)
        said.append(f"{part.label} {counted}")
    return ", ".join(said)
