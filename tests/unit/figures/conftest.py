"""Small cohorts with their result tables, and a look at the words that a figure really draws."""

from __future__ import annotations

import functools
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from replicalc import figures
from replicalc.cohort.frame import Cohort, typed, write_cohort
from replicalc.cohort.source import ROW
from replicalc.figures import canvas

from .cohorts import EVERY
from .prepared import TABLES, VARIABLES, inputs, table, write_flow

_save = canvas.save


@dataclass
class Drawn:
    """A figure as written: both files, and every text that was drawn as (words, box in pixels, size).

    ``reach`` is the box in inches around everything that is drawn, marks and lines included.
    """

    svg: Path
    png: Path
    texts: list[tuple[str, object, float]] = field(default_factory=list)
    size: tuple[float, float] = (0, 0)
    fonts: set[str] = field(default_factory=set)
    reach: object = None

    @property
    def words(self) -> str:
        return "\n".join(text for text, *_ in self.texts)


@pytest.fixture
def prepare(prepared_once, tmp_path) -> Callable[..., Path]:
    """Copy a folder with a cohort, its flow and its result tables: the test may spoil it."""

    def go(name: str, cohort: str = "", kind: str = "synthetic", unit: str = "patient") -> Path:
        cohort = cohort or name
        return shutil.copytree(prepared_once(name, cohort, kind, unit), tmp_path / f"{cohort}_{kind}")

    return go


@pytest.fixture(scope="session")
def prepared_once(tmp_path_factory) -> Callable[..., Path]:
    """Write a cohort of ``cohorts.py`` with its flow and its result tables; return the folder."""

    @functools.cache
    def go(name: str, cohort: str, kind: str, unit: str) -> Path:
        import pandas as pd

        cells = EVERY[name]()
        folder = tmp_path_factory.mktemp(name)
        n = len(next(iter(cells.values())))
        frame = typed(pd.DataFrame({ROW: [str(i) for i in range(n)], **cells}), VARIABLES)
        write_cohort(Cohort(frame, "nat_residual", cohort, kind, unit, "none"), folder / "cohort.parquet")
        write_flow(folder / "flow.csv", n, cohort, kind)
        for result, (function, params) in TABLES.items():
            function(folder / "cohort.parquet", table(folder, result), folder / "log", **params)
        return folder

    return go


@pytest.fixture
def draw(render) -> Callable[..., Drawn]:
    """Draw a figure of a prepared folder, and note each text that reaches the page."""

    def go(folder: Path, figure: str, out: str = "out", write: bool = True) -> Drawn:
        target = folder / out / f"nat_residual_fig_{figure}"
        return render(getattr(figures, figure), inputs(folder, figure), target, write)

    return go


@pytest.fixture
def render(monkeypatch) -> Callable[..., Drawn]:
    """Call a figure's job with its input files and parameters; note each text, and how far the drawing reaches."""

    def go(function: Callable, files: list[Path], target: Path, write: bool = True, **params) -> Drawn:
        drawn = Drawn(target.with_suffix(".svg"), target.with_suffix(".png"))
        monkeypatch.setattr(canvas, "save", _watching(drawn, write))
        function(*files, drawn.svg, drawn.png, target.with_suffix(".log"), code="x", **params)
        monkeypatch.undo()
        return drawn

    return go


def _watching(drawn: Drawn, write: bool) -> Callable:
    """Return a ``save`` that first notes the texts as the renderer draws them (ticks out of view are not drawn)."""

    def save(figure, *rest):
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.text import Text

        plain, seen = Text.draw, []

        def noting(self, renderer, *args, **kwargs):
            if self.get_visible() and self.get_text().strip():
                seen.append(self)
            return plain(self, renderer, *args, **kwargs)

        Text.draw = noting
        try:
            page = FigureCanvasAgg(figure)
            page.draw()
            renderer = page.get_renderer()
            for text in dict.fromkeys(seen):
                box = Text.get_window_extent(text, renderer)
                drawn.texts.append((text.get_text(), box, text.get_fontsize()))
                drawn.fonts.add(text.get_fontname())
            drawn.size = tuple(figure.bbox.size)
            drawn.reach = figure.get_tightbbox(renderer)
        finally:
            Text.draw = plain
        if write:
            _save(figure, *rest)

    return save
