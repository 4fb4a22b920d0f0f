"""Forest plots of odds ratios: each factor alone, all together and by Firth's method, beside what the paper prints.

Every estimate has a line of its own, with its number and its P, so that nothing is told by colour alone. The axis is
logarithmic; an interval that goes on beyond it ends in an arrow, and the number beside it is the whole truth.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from replicalc.figures.canvas import (
    GREEN,
    INK,
    LINE,
    MARGIN,
    MUTED,
    PLAIN,
    WIDTH,
    About,
    missing_text,
    not_evaluable,
    sheet,
    wrapped,
)
from replicalc.figures.labels import code_label, number, p_value, term_label
from replicalc.figures.log_axis import ARROW_NOTE, Span, ratio_text, span_of
from replicalc.figures.marks import COMPUTED, PRINTED, SECOND, bounded, handle, printed, printed_texts
from replicalc.job import job
from replicalc.results.regression import ALONE, FIRTH, TOGETHER
from replicalc.table import Lookup, read_result

if TYPE_CHECKING:
    from replicalc.figures.canvas import Sheet
    from replicalc.figures.marks import Texts, Values

MODELS = {
    ALONE: ("univariable", COMPUTED),
    TOGETHER: ("multivariable", SECOND),
    FIRTH: ("Firth", COMPUTED | {"marker": "^", "color": GREEN, "markerfacecolor": GREEN}),
}
NAMES, MODEL, PLOT, PLOT_WIDTH = 1.95, 2.05, 3.1, 1.95  # inches: width of the names; where the columns begin
NUMBERS, P = 5.17, 6.8
INDENT = 0.12  # inches: of a category under its factor
CAP = 0.045  # inches: half the height of the ends of an interval
AIR = 0.07  # inches: between the lines of two terms


@dataclass(frozen=True, slots=True)
class Estimate:
    """One line: a model's odds ratio of a term with its interval and P, or the one that the paper prints."""

    name: str
    mark: dict
    values: tuple[float, float, float]
    text: str
    p: str


@dataclass(frozen=True, slots=True)
class Block:
    """A term with its estimates, the heading of a factor with several terms, or the reason why there is none."""

    name: str
    told: str = ""
    estimates: tuple[Estimate, ...] = ()
    heading: bool = False
    indent: bool = False
    reason: str = ""

    @property
    def label(self) -> list[tuple[str, bool]]:
        """The lines of the name, and whether each is muted."""
        if self.heading:
            return [(self.name, False)]
        lines = [(line, False) for line in wrapped(self.name, NAMES - MARGIN)]
        return lines + [(line, True) for line in (wrapped(self.told, NAMES - MARGIN) if self.told else [])]

    @property
    def words(self) -> list[str]:
        """The reason, in lines that fit beside the name."""
        return wrapped(missing_text(self.reason), WIDTH - MODEL - MARGIN) if self.reason else []

    @property
    def height(self) -> float:
        return LINE * max(len(self.label), len(self.estimates), len(self.words)) + AIR


@job
def odds_of_poor_prognosis(table, claims, svg, png):
    """Draw the odds ratios of a poor prognosis: six factors, each alone, together and by Firth's method."""
    _draw(svg, png, "Factors of a poor prognosis: odds ratios", [table], claims)


@job
def odds_of_no_pcr(univariable, multivariable, claims, svg, png):
    """Draw the odds ratios of no pCR: every factor and category, alone, together and by Firth's method."""
    _draw(svg, png, "Factors of no pathologic complete response: odds ratios", [univariable, multivariable], claims)


@job
def odds_of_bone_metastasis(univariable, multivariable, claims, svg, png):
    """Draw the odds ratios of bone metastasis: every factor and category, alone, together and by Firth's method."""
    _draw(svg, png, "Factors of bone metastasis: odds ratios", [univariable, multivariable], claims)


def _draw(svg: str, png: str, title: str, files: list[str], claims: str) -> None:
    tables = [read_result(file) for file in files]
    about, *_ = (About.of(svg, rows) for rows in tables)
    rows = [row for table in tables for row in table]
    results = list(dict.fromkeys(row.result for row in rows))
    models = {group: Lookup([row for row in rows if row.group in (group, "all")]) for group in MODELS}
    blocks = _blocks(models, [(printed(claims, each), printed_texts(claims, each)) for each in results])
    if not any(estimate.mark is not PRINTED for block in blocks for estimate in block.estimates):
        reason = Lookup(rows).reason()
        lacking = {block.name: block.reason for block in blocks if block.reason}
        return not_evaluable(
            svg, png, title=title, about=about, reasons={"": reason} if reason else lacking or {"": ""}
        )
    span = span_of([value for block in blocks for each in block.estimates for value in each.values])
    notes = _notes(models)
    if any(span.leaves(*each.values) for block in blocks for each in block.estimates):
        notes.append(ARROW_NOTE)
    height = sum(block.height for block in blocks)
    with sheet(svg, png, title=title, about=about, body=height + 0.66, legend=True, notes=notes) as page:
        page.legend(_handles(blocks), handlelength=1.8)
        for left, name in ((NUMBERS, "odds ratio (95 %)"), (P, "P")):
            page.words(left, 0.1, name, fontweight="bold")
        _rows(page, blocks, span, 0.22, height)
        page.alt = _sentence(blocks)
    return None


def _blocks(models: dict[str, Lookup], papers: list[tuple[Values, Texts]]) -> list[Block]:
    """List the terms in the order of the tables, a heading before the categories of a factor."""
    order: dict[str, list[str]] = {}
    for lookup in models.values():
        for row in lookup.rows:
            if row.variable and row.stat in ("or", "not_evaluable"):
                terms = order.setdefault(row.variable.partition("=")[0], [])
                if row.stat == "or" and row.variable not in terms:
                    terms.append(row.variable)
    blocks = []
    for factor, terms in order.items():
        if not terms:
            reasons = [lookup.reason(group, factor) for group, lookup in models.items()]
            blocks.append(Block(term_label(factor)[0], reason=next(filter(None, reasons), "")))
            continue
        whole = [(MODELS[group][0], row) for group, lookup in models.items() if (row := lookup(group, factor, "p"))]
        several = len(terms) > 1 and any("categories" in row.method for _, row in whole)
        if several:
            together = "; ".join(f"{name} {p_value(row.value)}" for name, row in whole)
            against = {term_label(terms[0], row.method.split(", ")[-1])[1] for _, row in whole}
            heading = f"{term_label(factor)[0]}, {' or '.join(against)}"
            blocks.append(Block(heading, f"P, all categories: {together}", heading=True))
        for term in terms:
            block = _block(models, term, papers)
            blocks.append(replace(block, name=_category(term), told="", indent=True) if several else block)
    return blocks


def _category(term: str) -> str:
    name, _, code = term.partition("=")
    return code_label(name, code)


def _block(models: dict[str, Lookup], term: str, papers: list[tuple[Values, Texts]]) -> Block:
    found, told = [], ""
    for group, lookup in models.items():
        name, mark = MODELS[group]
        if row := lookup(group, term, "or"):
            told = row.method.partition("; ")[2]
            values = tuple(
                each.value if (each := lookup(group, term, stat)) else math.nan for stat in ("or", "or_lo", "or_hi")
            )
            p = lookup(group, term, "p")
            found.append(Estimate(name, mark, values, ratio_text(*values), p_value(p.value if p else math.nan)))
        paper = [each for source in papers if (each := _paper(group, term, *source))]
        if paper and not row:  # what is printed stands below the name of its model, also where that was not fitted
            found.append(Estimate(name, mark, (math.nan,) * 3, "not evaluable", "–"))
        found += paper
    return Block(*term_label(term, told), tuple(found))


def _paper(group: str, term: str, values: Values, texts: Texts) -> Estimate | None:
    value, lo, hi = (texts(group, term, stat) for stat in ("or", "or_lo", "or_hi"))
    if not value:
        return None
    text = f"{value} ({lo} to {hi})" if lo and hi else value
    numbers = tuple(values(group, term, stat) for stat in ("or", "or_lo", "or_hi"))
    return Estimate("  printed", PRINTED, numbers, text, texts(group, term, "p"))


def _notes(models: dict[str, Lookup]) -> list[str]:
    """Say on how many patients and events each model rests, whether it is separated, and why one is not there."""
    notes = ["P: Wald; for Firth's method penalised likelihood ratio, with profile likelihood intervals"]
    said: dict[str, list[str]] = {}
    for group, lookup in models.items():
        said.setdefault(_model_note(group, lookup), []).append(MODELS[group][0])
    return notes + [f"{' and '.join(names)}: {note}" for note, names in said.items() if note]


def _model_note(group: str, lookup: Lookup) -> str:
    mine = {stat: [row for row in lookup.rows if (row.group, row.stat) == (group, stat)]
            for stat in ("events", "events_per_variable")}  # fmt: skip
    events = mine["events"]
    if not events:
        why = lookup.reason(group)
        return missing_text(why) if why else ""
    told = [f"{_range([row.n for row in events])} patients, {_range([row.value for row in events])} events"]
    if group == ALONE:
        told.append("each factor in a model of its own")
    else:
        told.append(f"{number(mine['events_per_variable'][0].value, 1)} events of the rarer outcome per variable")
    told.append("; ".join(_faults(group, lookup)) or "no separation")
    lost = [row.n_missing or 0 for row in events]
    told += [f"left out, value missing or in none of the groups compared: {_range(lost)}"] if any(lost) else []
    return "; ".join(told)


def _faults(group: str, lookup: Lookup) -> list[str]:
    """Say which models are separated, and why an odds ratio that is not there could not be estimated otherwise."""
    parted = [row.method for row in lookup.rows if (row.group, row.stat) == (group, "separated") and row.value]
    gone = [row for row in lookup.rows if (row.group, row.stat) == (group, "or") and math.isnan(row.value)]
    others = [row.warning for row in gone if not any(text in row.warning for text in parted)]
    return list(dict.fromkeys(_plain(text, lookup) for text in parted + others if text))


def _range(values: list) -> str:
    values = [value for value in values if value is not None]
    if not values:
        return "not told"
    low, high = (number(end, 0) for end in (min(values), max(values)))
    return low if low == high else f"{low} to {high}"


def _plain(text: str, lookup: Lookup) -> str:
    """Put plain names in the place of terms."""
    for term in sorted({row.variable for row in lookup.rows if row.stat == "or"}, key=len, reverse=True):
        text = text.replace(term, term_label(term)[0])
    return text.replace("(intercept)", "the intercept")


def _handles(blocks: list[Block]) -> list:
    drawn = [each for block in blocks for each in block.estimates if not math.isnan(each.values[0])]
    marks = {each.name.strip(): each.mark for each in drawn}
    order = [name for name, _ in MODELS.values() if name in marks] + ["printed"] * ("printed" in marks)
    told = {"printed": "printed in the paper"}
    return [handle(told.get(name, name), marks[name]) for name in order]


def _rows(page: Sheet, blocks: list[Block], span: Span, top: float, height: float) -> None:
    ax = page.axes(PLOT, top, PLOT_WIDTH, height)
    back = page.axes(0, top, WIDTH, height)
    back.set(xlim=(0, WIDTH), ylim=(height, 0), zorder=-1)
    back.set_axis_off()
    span.prepare(ax, height, "odds ratio, logarithmic axis")
    at = 0.0
    for i, block in enumerate(blocks):
        shade = "white" if i % 2 else "#F6F6F6"
        back.axhspan(at, at + block.height, color=shade, linewidth=0)
        first = at + AIR / 2 + LINE / 2
        for j, (line, muted) in enumerate(block.label):
            style = {"fontweight": "bold", "fontsize": PLAIN} if block.heading else {"color": MUTED if muted else INK}
            page.words(MARGIN + INDENT * block.indent, top + first + LINE * j, line, **style)
        if block.heading:
            page.words(WIDTH - MARGIN, top + first, block.told, ha="right", color=MUTED)
        for j, line in enumerate(block.words):
            box = {"facecolor": shade, "edgecolor": "none", "pad": 1.5}  # the grid must not run through the words
            page.words(MODEL, top + first + LINE * j, line, color=MUTED, bbox=box)
        for j, each in enumerate(block.estimates):
            y = first + LINE * j
            bounded(ax, y, *each.values, each.mark | {"markersize": 4.2}, (span.low, span.high), cap=CAP)
            page.words(MODEL, top + y, each.name, color=MUTED)
            page.words(NUMBERS, top + y, each.text)
            page.words(P, top + y, each.p)
        at += block.height


def _sentence(blocks: list[Block]) -> str:
    said = []
    for block in blocks:
        estimates = ", ".join(f"{each.name.strip()} {each.text}" for each in block.estimates)
        if estimates or block.reason:
            said.append(f"{block.name}: {estimates or missing_text(block.reason)}")
    return "Odds ratios with 95 % intervals. " + "; ".join(said) + "."
