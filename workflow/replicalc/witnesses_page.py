"""The page beside ``witnesses.csv``: what a reader of the paper may conclude where it prints nothing."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from replicalc.witnesses import Spread

#: Statistics that a reader looks for, by the words that they have on the page.
EFFECTS = {
    "or": "odds ratio",
    "odds_ratio": "odds ratio of the 2 x 2 table",
    "hr": "hazard ratio",
    "risk_difference": "risk difference",
    "difference": "difference",
    "icc": "ICC",
    "p": "P",
}
HEAD = (
    "| result | group | variable | statistic | printed | least | median | most | limits, from ... to | conclusion |",
    "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |",
)


def page(spreads: list[Spread], study: str, seeds: dict[str, int], alpha: float) -> str:
    """Write the page (Markdown): counts, printed numbers that are missed, then effects that are open and settled."""
    told = ", ".join(f"`{cohort}` (seed {seed})" for cohort, seed in seeds.items())
    limits = {(each.result, each.group, each.variable, each.stat): each for each in spreads}
    effects = [each for each in spreads if each.stat in EFFECTS and each.n_undefined < each.n_witnesses]
    conclusion = [each for each in effects if each.open == "yes" and each.same_conclusion == "no"]
    number = [each for each in effects if each.open == "yes" and each.same_conclusion != "no"]
    settled = [each for each in effects if each.open == "no" and each.n_as_printed is None]
    lines = [
        f"# {study}: what the paper leaves open",
        "",
        f"{len(seeds)} synthetic cohorts, each made so that the printed numbers come out: {told}. They differ in what",
        "the paper does not print. A range below is the range over these cohorts: it leaves open at least as much.",
        "With more cohorts, or under other assumptions than those of `<cohort>/assumptions.csv`, it can only be wider,",
        "and what is the same in all of them may still differ in patients that were not tried. Nothing here says",
        "anything about patients. Every statistic: `witnesses.csv`.",
        "",
        *_counts(spreads),
        "",
        *_section(
            "The conclusion is open",
            f"Not printed, or printed by another method; alpha is {alpha:g}. A reader may not conclude either way.",
            [_line(each, limits) for each in conclusion],
        ),
        *_section(
            "The number is open, the conclusion is not",
            "",
            [_line(each, limits) for each in number],
        ),
        *_section(
            "Not printed, but the same in every witness",
            "",
            [_line(each, limits) for each in settled],
        ),
    ]
    return "\n".join(lines).rstrip() + "\n"


def _counts(spreads: list[Spread]) -> list[str]:
    """Count the statistics by what the witnesses say of them; name the printed ones that do not come out."""
    printed = [each for each in spreads if each.n_as_printed is not None]
    silent = [each for each in spreads if each.n_as_printed is None and each.n_undefined < each.n_witnesses]
    reached = [each for each in printed if each.n_as_printed == each.n_witnesses]
    other = [each for each in printed if each not in reached and each.why.startswith("the printed number comes out by")]
    same = [each for each in printed if each.why.startswith("printed otherwise")]
    varying = [each for each in printed if each not in reached and each not in other and each not in same]
    differ = [each for each in silent if each.open == "yes"]
    concluding = [each for each in differ if each.same_conclusion == "no"]
    lines = [
        f"- **{len(printed)} printed statistics**: {len(reached)} print so in every witness, {len(other)} come out by "
        f"another method than the study's rule takes, {len(same)} print otherwise, always the same, {len(varying)} are "
        "not reached by every witness.",
        f"- **{len(silent)} statistics that are not printed**: {len(silent) - len(differ)} are the same in every "
        f"witness, {len(differ)} differ, {len(concluding)} of these with their conclusion.",
    ]
    lines += [
        f"- Not reached by every witness: {_place(each)}, {each.stat}: printed {each.reported}, "
        f"{each.n_as_printed} of {each.n_witnesses} print so; {_number(each.least)} to {_number(each.most)}."
        for each in varying
    ]
    return lines


def _section(title: str, words: str, lines: list[str]) -> list[str]:
    told = [words, ""] if words else []
    return [f"## {title}", "", *told, *([*HEAD, *lines] if lines else ["None."]), ""]


def _line(each: Spread, limits: dict[tuple[str, str, str, str], Spread]) -> str:
    """One statistic; limits are the least lower and the greatest upper limit over the witnesses."""
    lo, hi = (limits.get((each.result, each.group, each.variable, f"{each.stat}_{side}")) for side in ("lo", "hi"))
    span = f"{_number(lo.least)} to {_number(hi.most)}" if lo and hi else ""
    cells = [
        each.result,
        each.group,
        each.variable,
        EFFECTS[each.stat],
        each.reported,
        _number(each.least),
        _number(each.median),
        _number(each.most),
        span,
        each.conclusion,
    ]
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _place(each: Spread) -> str:
    return f"{each.result} ({', '.join(filter(None, [each.group, each.variable]))})"


def _number(value: float) -> str:
    """Three digits; the table has all of them.

    >>> _number(0.000123456), _number(1234.5), _number(float("inf"))
    ('0.000123', '1.23e+03', 'inf')
    """
    return "" if math.isnan(value) else f"{value:.3g}"
