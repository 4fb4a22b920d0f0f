"""What all figures share: a sheet with title, legend and notes; the palette; files equal byte for byte.

Everything is laid out in inches, from the top left corner of the body of the sheet. matplotlib is used by its
objects only, and its settings hold inside one ``rc_context``: no figure feels or changes those of another.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from replicalc.errors import ReplicalcError
from replicalc.job import whole_file
from replicalc.records import load_checked
from replicalc.table import NOT_EVALUABLE

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from replicalc.table import Row

# Okabe-Ito, for readers with any colour vision; shape, hatch or lightness are added for print in grey.
BLUE, ORANGE, VERMILLION = "#0072B2", "#E69F00", "#D55E00"
SKY, GREEN, PURPLE = "#56B4E9", "#009E73", "#CC79A7"
INK, MUTED, FAINT, PAPER = "#1A1A1A", "#595959", "#C8C8C8", "#F2F2F2"

WIDTH, DPI = 7.5, 160
MARGIN = 0.15
TITLE, PLAIN, SMALL = 11, 8.5, 8
LINE = 0.155  # height of a line of small text, in inches

SETTINGS = {
    "font.family": "DejaVu Sans",
    "font.size": PLAIN,
    "axes.labelsize": PLAIN,
    "axes.titlesize": PLAIN,
    "xtick.labelsize": SMALL,
    "ytick.labelsize": SMALL,
    "legend.fontsize": PLAIN,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": MUTED,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "hatch.linewidth": 0.7,
    "svg.fonttype": "path",
    "text.parse_math": False,
}

SYNTHETIC_NOTE = "synthetic patients: shows that the machinery works, nothing about patients"


@dataclass(frozen=True, slots=True)
class About:
    """Whose figure it is; stands under every title."""

    study: str
    cohort: str
    kind: str

    @classmethod
    def of(cls, svg: str | Path, rows: Sequence[Row]) -> About:
        """Read the study from the figure's name, cohort and kind from a result table."""
        if not rows:
            raise ReplicalcError(f"{svg}: the result table behind this figure has no rows")
        return cls(study_of(svg), rows[0].cohort, rows[0].kind)


def study_of(svg: str | Path) -> str:
    """Return the study from a figure's file name, ``<study>_fig_<name>``."""
    return Path(svg).stem.split("_fig_")[0]


def left_out(row: Row | None, unit: str = "patients") -> list[str]:
    """Return the note on those left out because a value is missing; no note if there are none."""
    return [f"left out, value missing: {row.n_missing} {unit}"] if row and row.n_missing else []


def definition(study_file: str | Path, name: str) -> str:
    """Return a definition of the study as a note, for example what counts as an increase."""
    text = load_checked(study_file, "study")["definitions"].get(name, "")
    return f"{name.replace('_', ' ')}: {text or 'not defined by the study'}"


@dataclass(slots=True)
class Sheet:
    """A figure in the making. ``alt`` is the sentence that stands for it where it cannot be seen."""

    figure: Figure
    head: float
    body: float
    alt: str = ""

    @property
    def height(self) -> float:
        return float(self.figure.get_figheight())

    def axes(self, left: float, top: float, width: float, height: float) -> Axes:
        """Add axes; ``left`` from the left edge of the sheet, ``top`` from the top of the body, in inches."""
        bottom = self.height - self.head - top - height
        place = (left / WIDTH, bottom / self.height, width / WIDTH, height / self.height)
        return self.figure.add_axes(place)

    def canvas(self, left: float, top: float, width: float, height: float) -> Axes:
        """Add axes without frame whose data are inches, y downwards: for boxes and words."""
        ax = self.axes(left, top, width, height)
        ax.set(xlim=(0, width), ylim=(height, 0))
        ax.set_axis_off()
        return ax

    def words(self, left: float, top: float, text: str, **style) -> None:
        """Write text at a place of the body, in inches."""
        style = {"va": "center", "fontsize": SMALL} | style
        self.figure.text(left / WIDTH, 1 - (self.head + top) / self.height, text, **style)

    def legend(self, handles: Sequence, **more) -> None:
        """Put the legend under the title, in one line."""
        more = {"ncols": len(handles), "handlelength": 2.2, "columnspacing": 1.8} | more
        self.figure.legend(
            handles=handles,
            loc="upper left",
            bbox_to_anchor=(MARGIN / WIDTH, 1 - 0.56 / self.height),
            frameon=False,
            borderpad=0,
            borderaxespad=0,
            **more,
        )


@contextmanager
def sheet(
    svg: str | Path,
    png: str | Path,
    *,
    title: str,
    about: About,
    body: float,
    legend: bool = False,
    notes: Iterable[str] = (),
) -> Iterator[Sheet]:
    """Open a sheet with a body of so many inches; both files are written when the block ends well."""
    import matplotlib
    from matplotlib.figure import Figure

    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(SETTINGS | {"svg.hashsalt": f"{Path(svg).stem} {about.cohort}"})
        notes = [*notes, *([SYNTHETIC_NOTE] if about.kind == "synthetic" else [])]
        lines = [line for note in notes for line in wrapped(note, WIDTH - 2 * MARGIN)]
        head = 0.9 if legend else 0.62
        foot = 0.14 + LINE * len(lines) if lines else 0.1
        height = head + body + foot
        found = Sheet(Figure(figsize=(WIDTH, height), dpi=DPI, facecolor="white"), head, body)
        left = MARGIN / WIDTH
        found.figure.text(left, 1 - 0.11 / height, title, fontsize=TITLE, fontweight="bold", va="top")
        found.figure.text(
            left,
            1 - 0.335 / height,
            f"Study: {about.study}  ·  Cohort: {about.cohort}  ·  Kind: {about.kind}",
            fontsize=PLAIN,
            color=MUTED,
            va="top",
        )
        for i, line in enumerate(reversed(lines)):
            y = (0.07 + LINE * i) / height
            found.figure.text(left, y, line, fontsize=SMALL, color=MUTED, va="bottom")
        yield found
        whose = f"Study {about.study}, cohort {about.cohort} ({about.kind})."
        save(found.figure, svg, png, f"{title}. {found.alt} {whose}")


def save(figure: Figure, svg: str | Path, png: str | Path, alt: str) -> None:
    """Write both files, without date and program version, so that equal figures are equal bytes."""
    with whole_file(svg) as file:
        figure.savefig(file, format="svg", metadata={"Title": alt, "Date": None, "Creator": "replicalc"})
    with whole_file(png) as file:
        figure.savefig(file, format="png", dpi=DPI, metadata={"Title": alt, "Software": None})


def not_evaluable(svg: str | Path, png: str | Path, *, title: str, about: About, reasons: dict[str, str]) -> None:
    """Write the figure that cannot be drawn: what would have been shown, and which variable is missing.

    ``reasons`` gives the reason for each part of the figure (the part may be an empty text).
    """
    sentences = [missing_text(reason, part) for part, reason in reasons.items()]
    lines = [wrapped(sentence, WIDTH - 2 * MARGIN - 0.5) for sentence in dict.fromkeys(sentences)]
    body = 0.3 + sum(LINE * len(part) + 0.06 for part in lines)
    with sheet(svg, png, title=title, about=about, body=body) as page:
        ax = page.canvas(MARGIN, 0, WIDTH - 2 * MARGIN, body)
        frame(ax, 0, 0.02, WIDTH - 2 * MARGIN, body - 0.04)
        y = 0.18
        for part in lines:
            ax.text(0.25, y, "\n".join(part), va="top", fontsize=SMALL, linespacing=1.35)
            y += LINE * len(part) + 0.06
        page.alt = "Nothing is drawn: " + "; ".join(dict.fromkeys(sentences)) + "."


def every_reason(rows: Sequence[Row]) -> str:
    """Join all that a result table says about what cannot be evaluated; an empty text if it says nothing."""
    return "; ".join(dict.fromkeys(row.warning for row in rows if row.stat == NOT_EVALUABLE))


def cautions(rows: Sequence[Row]) -> list[str]:
    """Say once what the rows of a real cohort warn of: clustering, how the cohort was chosen."""
    if not rows or rows[0].kind != "real":
        return []
    said = dict.fromkeys(part for row in rows for part in row.warning.split("; ") if part and row.stat != NOT_EVALUABLE)
    return [f"this cohort: {'; '.join(said)}"] if said else []


def missing_text(reason: str, part: str = "") -> str:
    """Say that something is not evaluable, and why."""
    sentence = f"not evaluable: {reason or 'the result table gives no value; its rows say so where it is withheld'}"
    return f"{part} is {sentence}" if part else sentence


def say_missing(ax: Axes, width: float, height: float, reason: str) -> None:
    """Fill a panel that cannot be drawn (a ``canvas``) with the reason."""
    frame(ax, 0, 0, width, height)
    text = "\n".join(wrapped(missing_text(reason), width - 0.3))
    ax.text(width / 2, height / 2, text, ha="center", va="center", fontsize=SMALL, linespacing=1.35)


def frame(ax: Axes, left: float, top: float, width: float, height: float, **style) -> None:
    """Draw a box; without a style a dashed grey one, the sign for 'nothing here'."""
    from matplotlib.patches import Rectangle

    style = {"facecolor": PAPER, "edgecolor": MUTED, "linestyle": (0, (4, 3)), "linewidth": 0.8} | style
    ax.add_patch(Rectangle((left, top), width, height, **style, clip_on=False))


def wrapped(text: str, inches: float, size: float = SMALL) -> list[str]:
    """Break text into lines no wider than ``inches``, by the width of its letters; a word is never broken."""
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import text_to_path

    font = FontProperties(family="DejaVu Sans", size=size)
    lines: list[str] = []
    for word in text.split():
        longer = f"{lines[-1]} {word}" if lines else word
        width = text_to_path.get_text_width_height_descent(longer, font, ismath=False)[0] / 72
        if lines and width <= inches:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines or [""]
