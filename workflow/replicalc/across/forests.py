"""A forest plot for each claim, drawn from the table alone, and the page that shows them with the three criteria."""

from __future__ import annotations

import math
from html import escape
from itertools import groupby
from pathlib import Path

from replicalc.across.measures import DRAWN, ICC, RATIO, SHARE, SURVIVAL, TEST
from replicalc.across.svg import Axis, Entry, forest
from replicalc.job import job, write_text
from replicalc.records import read_csv

SYNTHETIC = (
    "Synthetic patients are made from the printed numbers: they show that the machinery works and replicate nothing."
)
#: Columns of the page: heading, column of the table.
SHOWN = (
    ("verdict", "verdict"),
    ("difference to the paper", "difference"),
    ("1 direction and significance", "direction"),
    ("2 printed value in the interval here", "published_in_new"),
    ("2 value here in the printed interval", "new_in_published"),
    ("2 value here in the prediction interval", "new_in_prediction"),
    ("3 small telescopes", "telescopes"),
    ("power for the published effect", "power"),
)
STYLE = """body{font:16px/1.45 system-ui,sans-serif;max-width:75rem;margin:1rem auto;padding:0 1rem;color:#1a1a1a}
figure{margin:0}section{border-top:1px solid #c8c8c8;padding:.5rem 0}h2{font-size:1rem;overflow-wrap:anywhere}
table{border-collapse:collapse;font-size:.85rem}
th,td{text-align:left;vertical-align:top;padding:.2rem .5rem;border-top:1px solid #ddd}
.wide{overflow-x:auto}td{min-width:7rem}"""


@job
def draw_forests(table, page, folder, *, study):
    """Write ``<claim_id>.svg`` into ``folder`` for every claim with an estimate that has an interval on any side.

    A claim that the paper repeats is drawn once, under the id of the first. ``page`` shows every claim, drawn or not.
    """
    rows = read_csv(table)
    Path(folder).mkdir(parents=True, exist_ok=True)
    claims = [list(each) for _, each in groupby(rows, key=lambda row: row["claim_id"])]
    drawings = {}
    for claim in claims:
        if claim[0]["drawn_as"] == claim[0]["claim_id"] and has_forest(claim):
            drawings[claim[0]["claim_id"]] = draw(claim, study)
    for name, text in drawings.items():
        write_text(Path(folder) / f"{name}.svg", text)
    write_text(page, page_of(claims, drawings, study))


def has_forest(rows: list[dict[str, str]]) -> bool:
    """Whether a claim is an estimate, and any side has its interval."""
    return rows[0]["measure"] in DRAWN and any(row["value"] and row["lo"] and row["hi"] for row in rows)


def draw(rows: list[dict[str, str]], study: str) -> str:
    """Draw the rows of one claim."""
    first = rows[0]
    entries = [
        Entry(words_of(row), row["kind"], *(_number(row[name]) for name in ("value", "lo", "hi"))) for row in rows
    ]
    return forest(_upper(first["label"]), f"{study}: {first['claim_id']}", entries, axis_of(first))


def axis_of(row: dict[str, str]) -> Axis:
    """The scale of a measure: logarithmic for ratios, 0 to 100 for shares."""
    measure, unit = row["measure"], row["unit"]
    if measure == RATIO:
        return Axis("ratio, logarithmic scale; broken line: no effect", log=True, null=1.0)
    if measure == ICC:
        return Axis("intraclass correlation; broken line: no agreement", null=0.0)
    if measure == TEST:
        return Axis("difference of the shares, percentage points; broken line: no difference", null=0.0)
    if unit == "percent":
        coin = measure == SHARE and bool(row["null"])
        return Axis(
            "percent; broken line: what a coin gives" if coin else "percent",
            null=float(row["null"]) if coin else None,
            low=0.0,
            high=100.0,
        )
    return Axis(unit or "value")


def words_of(row: dict[str, str]) -> str:
    """One line on a source: its estimate, limits and number of patients, or why there is none."""
    source = _upper(row["source"])
    if row["kind"] != row["source"]:
        source = f"{row['source']} ({row['kind']})"
    value, lo, hi = (_number(row[name]) for name in ("value", "lo", "hi"))
    if math.isnan(value):
        why = row["why"] or (f"P {row['reported']}" if row["measure"] == TEST else "no estimate")
        return f"{source}: {'not evaluable: ' if row['why'] else ''}{why}"
    percent = row["measure"] in (SHARE, SURVIVAL) or row["unit"] == "percent"
    show = (lambda each: f"{each:.1f}") if percent or row["measure"] == TEST else (lambda each: f"{each:.3g}")
    as_is = row["kind"] == "published" and row["measure"] not in (TEST, "count as share")
    told = row["reported"] if as_is else show(value)
    limits = f" ({show(lo)} to {show(hi)})" if not (math.isnan(lo) or math.isnan(hi)) else ", no interval"
    patients = f", n {row['n']}" if row["n"] else ""
    origin = " (not printed)" if row["kind"] == "published" and row["n"] and row["n_from"] != "printed" else ""
    numbers = f"{told}{' %' if percent else ''}{limits}".replace("-", "\N{MINUS SIGN}")
    return f"{source}: {numbers}{patients}{origin}"


def page_of(claims: list[list[dict[str, str]]], drawings: dict[str, str], study: str) -> str:
    """The page: each claim with its plot and, for every cohort, the difference and what each criterion says."""
    parts = [
        f"<!DOCTYPE html>\n<html lang='en'><head><meta charset='utf-8'><title>{escape(study)}: across cohorts</title>",
        f"<meta name='viewport' content='width=device-width'><style>{STYLE}</style></head><body>",
        f"<h1>{escape(study)}: the paper against every cohort</h1>",
        f"<p>{SYNTHETIC} Three criteria, each by itself; what they mean: docs/methods/across.md. "
        "Nothing is corrected for multiplicity: of many criteria, some fail by chance.</p>",
    ]
    for rows in claims:
        first = rows[0]
        parts.append(f"<section id='{escape(first['claim_id'])}'><h2>{escape(first['claim_id'])}</h2>")
        name = first["drawn_as"]
        if name in drawings and name == first["claim_id"]:
            parts.append(f"<figure>{drawings[name]}</figure>")
        else:
            parts.append(f"<p>{escape(_upper(first['label']))}: {escape(first['reported'])} is printed.</p>")
            if name in drawings:
                parts.append(f"<p>Drawn at <a href='#{escape(name)}'>{escape(name)}</a>.</p>")
        parts += [_criteria(rows[1:]), "</section>"]
    return "\n".join([*parts, "</body></html>\n"])


def _criteria(rows: list[dict[str, str]]) -> str:
    """A table of the cohorts; one line where nothing applies to any of them."""
    told = {row["why"] for row in rows}
    if (
        len(told) == 1
        and "" not in told
        and all(row["verdict"] in ("no criterion applies", "synthetic") for row in rows)
    ):
        return f"<p>No criterion applies: {escape(told.pop())}.</p>"
    head = "".join(f"<th scope='col'>{escape(name)}</th>" for name, _ in SHOWN)
    body = []
    for row in rows:
        power = _number(row["power_published"])
        told = {"difference": difference_of(row), "power": "" if math.isnan(power) else f"{100 * power:.0f} %"}
        shown = row | told
        if row["verdict"] == "not_evaluable":
            cells = f"<td colspan='{len(SHOWN)}'>not evaluable: {escape(row['why'])}</td>"
        else:
            cells = "".join(f"<td>{escape(shown[name])}</td>" for _, name in SHOWN)
        source = row["source"] if row["source"] == row["kind"] else f"{row['source']} ({row['kind']})"
        body.append(f"<tr><th scope='row'>{escape(source)}</th>{cells}</tr>")
        if row["note"]:
            body.append(f"<tr><td></td><td colspan='{len(SHOWN)}'>{escape(row['note'])}</td></tr>")
    return f"<div class='wide'><table><tr><th scope='col'>cohort</th>{head}</tr>{''.join(body)}</table></div>"


def difference_of(row: dict[str, str]) -> str:
    """The difference to the paper with its interval, in words."""
    value, lo, hi = (_number(row[name]) for name in ("difference", "difference_lo", "difference_hi"))
    if math.isnan(value):
        return "none can be given"
    limits = f" ({lo:.3g} to {hi:.3g})" if not math.isnan(lo + hi) else ", no interval"
    return f"{value:.3g}{limits} {row['difference_unit']}"


def _number(text: str) -> float:
    return float(text) if text else math.nan


def _upper(text: str) -> str:
    """Begin with a capital, but leave names such as pCR alone."""
    return text if any(letter.isupper() for letter in text.split(" ")[0]) else text[:1].upper() + text[1:]
