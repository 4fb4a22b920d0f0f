"""A logarithmic axis for ratios: its ends, its ticks, marks whose interval may leave it, and numbers of any size."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from replicalc.figures.canvas import FAINT, MUTED
from replicalc.figures.labels import number

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: However wide an interval is, the axis stays within these ends: ratios near 1 must remain readable.
SMALLEST, LARGEST = 0.01, 100.0
STEPS = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0]
MOST_TICKS = 7
ARROW_NOTE = "arrow: the interval (or the ratio itself) lies beyond the axis; the number tells how far"


@dataclass(frozen=True, slots=True)
class Span:
    """The two ends of the axis."""

    low: float
    high: float

    @property
    def ticks(self) -> list[float]:
        steps = [step for step in STEPS if self.low <= step <= self.high]
        if len(steps) <= MOST_TICKS:
            return steps
        return [step for step in steps if math.log10(step).is_integer()]

    def leaves(self, *values: float) -> bool:
        """Tell whether a ratio or a limit lies beyond the axis."""
        return any(value < self.low or value > self.high for value in values)

    def prepare(self, ax: Axes, height: float, name: str) -> None:
        """Make ``ax`` this axis; its vertical data are inches from the top, ``height`` in all."""
        ax.set_xscale("log")
        ax.set(xlim=(self.low, self.high), ylim=(height, 0), yticks=[])
        ax.set_xticks(self.ticks, [f"{tick:g}" for tick in self.ticks])
        ax.set_xticks([], minor=True)
        ax.spines["left"].set_visible(False)
        ax.patch.set_alpha(0)
        ax.grid(axis="x", color=FAINT, linewidth=0.6, zorder=0)
        ax.set_axisbelow(True)
        ax.axvline(1, color=MUTED, linewidth=0.9, linestyle=(0, (4, 3)), zorder=1)
        ax.tick_params(axis="x", length=3)
        ax.set_xlabel(name, labelpad=3)


def span_of(values: Iterable[float]) -> Span:
    """Choose an axis that holds the ratios and limits as far as ``SMALLEST`` and ``LARGEST``, and 0.5 to 2 in any case.

    >>> span_of([0.16, 13.7, float("nan")]), span_of([0.0, float("inf")])
    (Span(low=0.1, high=20.0), Span(low=0.01, high=100.0))
    """
    known = [value for value in values if not math.isnan(value)]
    low, high = min([0.5, *known]), max([2.0, *known])
    return Span(
        max((step for step in STEPS if step <= low), default=SMALLEST),
        min((step for step in STEPS if step >= high), default=LARGEST),
    )


def ratio_text(value: float, lo: float, hi: float) -> str:
    """Write a ratio with its interval; says so where there is no finite estimate.

    >>> ratio_text(1.2512, 0.805, 2.216), ratio_text(21.0, 1.092, float("inf"))
    ('1.251 (0.805 to 2.216)', '21.000 (1.092 to ∞)')
    >>> ratio_text(float("nan"), float("nan"), float("nan")), ratio_text(0.0, float("nan"), float("nan"))
    ('no estimate', '0')
    """
    if math.isnan(value):
        return "no estimate"
    if math.isnan(lo) and math.isnan(hi):
        return _one(value)
    return f"{_one(value)} ({_one(lo)} to {_one(hi)})"


def _one(value: float) -> str:
    """Three places up to 100, fewer beyond; what is too small or too large to print so is told as such."""
    if math.isinf(value) or not value:
        return "∞" if value else "0"
    if value > 9999:
        return "> 9999"
    return "< 0.001" if value < 0.0005 else number(value, 3 if value < 100 else 0)
