"""A forest plot as SVG text: a line of words and a line with the mark for each source, so that nothing overlaps.

Written by hand and not by matplotlib, for a study can have hundreds: one takes well under a millisecond. Words stay
words (they can be searched, read aloud and scaled), and the same table gives the same bytes.
"""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

WIDTH, EDGE = 420, 16  # narrow enough for a telephone; lengths are in pixels
TITLE, WORDS, TICKS = 14, 12.5, 11
TITLE_LETTERS, LINE_LETTERS = 44, 58  # letters that surely fit into a line
LINE, MARK, GAP = 16, 20, 7
INK, MUTED, BLUE, FAINT = "#1A1A1A", "#595959", "#0072B2", "#C8C8C8"
#: Ratios beyond this factor from no effect are cut there, with an arrow.
FURTHEST = 1000.0


@dataclass(frozen=True, slots=True)
class Entry:
    """One source: its words, and its estimate with limits where there are any (``nan`` otherwise)."""

    words: str
    kind: str
    value: float = math.nan
    lo: float = math.nan
    hi: float = math.nan


@dataclass(frozen=True, slots=True)
class Axis:
    """The scale that all sources share. ``low`` and ``high`` fix its ends where the measure has ends."""

    label: str
    log: bool = False
    null: float | None = None
    low: float | None = None
    high: float | None = None


def forest(title: str, about: str, entries: Sequence[Entry], axis: Axis) -> str:
    """Draw the sources one below the other; ``about`` says whose claim it is. All text is escaped."""
    place, ticks = _scale(entries, axis)
    words = [textwrap.wrap(title, TITLE_LETTERS), textwrap.wrap(about, LINE_LETTERS)]
    parts, y = [], EDGE + 2
    for lines, size, weight, colour in ((words[0], TITLE, "bold", INK), (words[1], TICKS, "normal", MUTED)):
        for line in lines:
            y += LINE if weight == "normal" else LINE + 2
            parts.append(_text(EDGE, y - 6, line, size, colour=colour, weight=weight))
    published = next((e.value for e in entries if e.kind == "published" and math.isfinite(e.value)), None)
    guides = [(axis.null, MUTED, ' stroke-dasharray="4 3"')] if axis.null is not None else []
    guides += [(published, FAINT, "")] if published is not None else []
    rows, y = _rows(entries, place, y + GAP, guides)
    foot = _foot(axis, ticks, place, y)
    height = y + 22 + LINE * len(textwrap.wrap(axis.label, LINE_LETTERS)) + 8
    told = ". ".join([about, *(entry.words for entry in entries), axis.label]) + "."
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:.0f}" width="{WIDTH}" '
            f'height="{height:.0f}" style="max-width:100%;height:auto" role="img" '
            'font-family="DejaVu Sans, Verdana, Arial, sans-serif">',
            f"<title>{escape(title)}</title>",
            f"<desc>{escape(told)}</desc>",
            f'<rect width="{WIDTH}" height="{height:.0f}" fill="#FFFFFF"/>',
            *parts,
            *rows,
            *foot,
            "</svg>\n",
        ]
    )


def _rows(entries: Sequence[Entry], place, y: float, guides) -> tuple[list[str], float]:
    """The words of each source, and its mark below them where it has an estimate, with the guides behind the mark."""
    parts = []
    for entry in entries:
        for line in textwrap.wrap(entry.words, LINE_LETTERS):
            y += LINE
            parts.append(_text(EDGE, y - 4, line, WORDS, colour=INK))
        if math.isfinite(entry.value):
            parts += [_line(place(at), y - 1, place(at), y + MARK - 3, colour, more) for at, colour, more in guides]
            parts += _mark(entry, place, y + MARK / 2 - 2)
            y += MARK
        y += GAP
    return parts, y


def _mark(entry: Entry, place, y: float) -> list[str]:
    """An interval with its estimate: a black diamond is the paper, a hollow circle synthetic, a blue square real."""
    colour = {"published": INK, "synthetic": MUTED}.get(entry.kind, BLUE)
    dash = ' stroke-dasharray="3 2"' if entry.kind == "synthetic" else ""
    parts = []
    if math.isfinite(entry.lo) and math.isfinite(entry.hi):
        parts.append(_line(place(entry.lo), y, place(entry.hi), y, colour, dash + ' stroke-width="2"'))
        for limit, way in ((entry.lo, -1), (entry.hi, 1)):
            parts.append(_end(place(limit), y, way, colour, cut=place.cut(limit)))
    x = place(entry.value)
    if entry.kind == "published":
        parts.append(f'<path d="M{x - 6:.1f} {y:.1f}l6 -6l6 6l-6 6z" fill="{colour}"/>')
    elif entry.kind == "synthetic":
        parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4.5" fill="#FFFFFF" stroke="{colour}" stroke-width="2"/>')
    else:
        parts.append(f'<rect x="{x - 5:.1f}" y="{y - 5:.1f}" width="10" height="10" fill="{colour}"/>')
    return parts


def _end(x: float, y: float, way: int, colour: str, cut: bool) -> str:
    if cut:  # the interval goes on beyond the axis
        return f'<path d="M{x:.1f} {y - 5:.1f}l{6 * way} 5l{-6 * way} 5z" fill="{colour}"/>'
    return _line(x, y - 4, x, y + 4, colour, ' stroke-width="2"')


def _foot(axis: Axis, ticks: list[float], place, y: float) -> list[str]:
    parts = [_line(EDGE, y, WIDTH - EDGE, y, MUTED, "")]
    for tick in ticks:
        x = place(tick)
        parts.append(_line(x, y, x, y + 4, MUTED, ""))
        anchor = "start" if x < EDGE + 8 else "end" if x > WIDTH - EDGE - 8 else "middle"
        parts.append(_text(x, y + 16, f"{tick:g}".replace("-", "\N{MINUS SIGN}"), TICKS, colour=MUTED, anchor=anchor))
    for number, line in enumerate(textwrap.wrap(axis.label, LINE_LETTERS)):
        parts.append(_text(WIDTH / 2, y + 32 + LINE * number, line, TICKS, colour=INK, anchor="middle"))
    return parts


class _Place:
    """From a value to its x; what lies beyond the ends is put at the end."""

    def __init__(self, low: float, high: float, log: bool):
        self.low, self.high, self.log = low, high, log
        self._from, self._to = (math.log(low), math.log(high)) if log else (low, high)

    def __call__(self, value: float) -> float:
        value = min(max(value, self.low), self.high)
        share = ((math.log(value) if self.log else value) - self._from) / (self._to - self._from)
        return EDGE + 6 + share * (WIDTH - 2 * EDGE - 12)

    def cut(self, value: float) -> bool:
        """Whether a value lies beyond the ends."""
        return value < self.low or value > self.high


def _scale(entries: Sequence[Entry], axis: Axis) -> tuple[_Place, list[float]]:
    """Ends and ticks that hold every estimate, its limits and the value of no effect."""
    shown = [v for e in entries for v in (e.value, e.lo, e.hi) if math.isfinite(v)]
    shown += [axis.null] if axis.null is not None else []
    if axis.log:
        kept = [min(max(v, 1 / FURTHEST), FURTHEST) for v in shown]
        low, high, ticks = _log_ticks(min(kept), max(kept))
    else:
        low = min(shown) if axis.low is None else axis.low
        high = max(shown) if axis.high is None else axis.high
        low, high, ticks = _ticks(low, high)
    return _Place(low, high, axis.log), ticks


def _ticks(low: float, high: float) -> tuple[float, float, list[float]]:
    """Round ends, and ticks 1, 2 or 5 times a power of ten apart, six at most."""
    if not high > low:
        low, high = low - 1, high + 1
    raw = (high - low) / 5
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= raw * (1 - 1e-9))
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return first * step, last * step, [round(each * step, 12) for each in range(first, last + 1)]


def _log_ticks(low: float, high: float) -> tuple[float, float, list[float]]:
    """Ends and ticks among 1, 2 and 5 times the powers of ten; over three powers or more, the powers alone."""
    powers = range(math.floor(math.log10(low)) - 1, math.ceil(math.log10(high)) + 2)
    every = [float(f"{factor}e{power}") for power in powers for factor in (1, 2, 5)]
    start = max(each for each in every if each <= low * (1 + 1e-9))
    end = min(each for each in every if each >= high * (1 - 1e-9) and each > start)
    ticks = [each for each in every if start <= each <= end]
    if end / start >= FURTHEST:
        ticks = [each for each in ticks if f"{each:e}".startswith("1.0")]
    return start, end, ticks


def _line(x1: float, y1: float, x2: float, y2: float, colour: str, more: str) -> str:
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}"{more}/>'


def _text(x: float, y: float, words: str, size: float, *, colour: str, weight="normal", anchor="start") -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" font-weight="{weight}" text-anchor="{anchor}" '
        f'fill="{colour}">{escape(words)}</text>'
    )
