"""Draw results.csv: seconds and peak memory by the number of rows, steps, results and what others need."""

from __future__ import annotations

import csv
from pathlib import Path

#: Marks and lines, so that the curves can be told apart without colours.
MARKS = "osD^vPX<>p"
#: From the export to the analysis file.
STEPS = 4
#: The memory that nothing should exceed, in MB.
MOST_MB = 4000


def plot(table: Path, out: Path) -> None:
    """Draw the table as SVG, and as PNG beside it."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    with table.open(encoding="utf-8", newline="") as handle:
        rows = [row for row in csv.DictReader(handle) if row["seconds"]]
    figure = Figure(figsize=(13, 7.5), layout="constrained")
    FigureCanvasAgg(figure)
    panels = figure.subplots(2, 3)
    titles = (
        "export to analysis file: all four steps",
        "results, each with its imports",
        "the same analysis by others",
    )
    for place, lines in enumerate((_ways(rows), _results(rows), _beside(rows))):
        above, below = panels[0][place], panels[1][place]
        for number, (name, points) in enumerate(lines.items()):
            points = sorted(points)
            look = {"marker": MARKS[number % 10], "color": f"C{number % 10}", "markersize": 4, "linewidth": 1.1}
            look["linestyle"] = "--" if "processor" in name else "-"
            above.plot([n for n, *_ in points], [s for _, s, _ in points], label=name, **look)
            below.plot([n for n, *_ in points], [m for *_, m in points], **look)
        sizes = sorted({n for points in lines.values() for n, *_ in points})
        if len(sizes) > 1:
            # From the largest size back: what grows slower than its rows lies above this line on the left.
            most = max(s for points in lines.values() for n, s, _ in points if n == sizes[-1])
            above.plot(
                [sizes[0], sizes[-1]], [most * sizes[0] / sizes[-1], most], ":", color="#777777", label="linear growth"
            )
        above.set(xscale="log", yscale="log", ylabel="seconds", title=titles[place])
        below.set(xscale="log", xlabel="rows of the export", ylabel="peak memory, MB", ylim=(0, MOST_MB * 1.05))
        below.axhline(MOST_MB, color="#777777", linestyle="--", linewidth=0.8)
        above.legend(fontsize=7, frameon=False, ncols=2 if len(lines) > 8 else 1)
        for panel in (above, below):
            panel.grid(color="#DDDDDD", linewidth=0.6)
            panel.set_axisbelow(True)
    figure.savefig(out, metadata={"Date": None})
    figure.savefig(out.with_suffix(".png"), dpi=90, metadata={"Software": None})


def _ways(rows: list[dict]) -> dict[str, list]:
    """Per study, the four steps together: sum of their seconds, by the clock and of processor time, largest peak."""
    found: dict[str, dict[int, list[dict]]] = {}
    for row in rows:
        if row["what"] == "step" and "(" not in row["name"]:
            found.setdefault(row["study"], {}).setdefault(int(row["rows"]), []).append(row)
    lines: dict[str, list] = {}
    for study, by_size in found.items():
        for told, name in (("", "seconds"), (", processor time", "cpu_seconds")):
            lines[study + told] = [
                (n, sum(float(each[name]) for each in steps), max(float(each["peak_mb"]) for each in steps))
                for n, steps in by_size.items()
                if len(steps) == STEPS
            ]
    return lines


def _results(rows: list[dict]) -> dict[str, list]:
    return _grouped(rows, "result", lambda row: row["name"])


def _beside(rows: list[dict]) -> dict[str, list]:
    return _grouped(rows, "beside", lambda row: f"{row['name']}: {row['engine']}")


def _grouped(rows: list[dict], what: str, name) -> dict[str, list]:
    found: dict[str, list] = {}
    for row in rows:
        if row["what"] == what:
            found.setdefault(name(row), []).append((int(row["rows"]), float(row["seconds"]), float(row["peak_mb"])))
    return found
