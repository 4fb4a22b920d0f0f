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
#: A second estimate of a model; it stands in the table and is not repeated on the page.
PENALISED = ", Firth"
HEAD = (
    "| result | group | variable | statistic | printed | least | median | most | limits | P | in the witnesses |",
    "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |",
)
Places = dict[tuple[str, str, str, str], "Spread"]


def page(spreads: list[Spread], study: str, seeds: dict[str, int], alpha: float) -> str:
    """Write the page (Markdown): counts, printed numbers that are missed, then effects that are open and settled."""
    told = ", ".join(f"`{cohort}` ({seed})" for cohort, seed in seeds.items())
    places = {(each.result, each.group, each.variable, each.stat): each for each in spreads}
    effects = [each for each in spreads if _is_shown(each, places)]
    conclusion = [each for each in effects if "no" in _conclusions(each, places)]
    others = [each for each in effects if each not in conclusion]
    number = [each for each in others if _conclusions(each, places)]
    settled = [each for each in others if each not in number and each.n_as_printed is None]
    return "\n".join(
        [
            f"# {study}: what the paper leaves open",
            "",
            f"{len(seeds)} synthetic cohorts (with their seeds): {told}. Each is made so that the printed numbers come",
            "out; they differ in what the paper does not print. A range below is the range over these cohorts. The",
            "paper leaves open at least as much: with more cohorts, or under other assumptions than those of",
            "`<cohort>/assumptions.csv`, a range can only become wider, and what is the same in all cohorts may still",
            "differ in patients that were not tried. Nothing here is about real patients. Every statistic stands in",
            "`witnesses.csv`.",
            "",
            *_counts(spreads, study),
            "",
            f"Below stand {', '.join(EFFECTS.values())}. Limits: the least lower and the greatest upper one.",
            f"P: the least and the most; alpha is {alpha:g}. A number under 'printed' comes out by another method.",
            "",
            *_section("The conclusion is open", conclusion, places, study),
            *_section("The number is open, the conclusion is not", number, places, study),
            *_section("Not printed, but the same in every witness", settled, places, study),
        ]
    )


def _is_shown(each: Spread, places: Places) -> bool:
    """Tell whether a statistic has a line: an effect that is defined, or a P without an effect beside it."""
    if each.stat not in EFFECTS or each.n_undefined == each.n_witnesses or each.group.endswith(PENALISED):
        return False
    beside = (_beside(each, places, stat) for stat in EFFECTS if stat != "p")
    return each.stat != "p" or not any(other and other.n_undefined < other.n_witnesses for other in beside)


def _beside(each: Spread, places: Places, stat: str) -> Spread | None:
    return places.get((each.result, each.group, each.variable, stat))


def _conclusions(each: Spread, places: Places) -> list[str]:
    """Whether the conclusions of an effect and of its P are the same in all witnesses; of what is open alone."""
    p = _beside(each, places, "p")
    return [other.same_conclusion for other in (each, p) if other is not None and other.open == "yes"]


def _counts(spreads: list[Spread], study: str) -> list[str]:
    """Count the statistics by what the witnesses say of them; name the printed ones that do not come out."""
    printed = [each for each in spreads if each.n_as_printed is not None and each.stat != "holds"]
    sentences = [each for each in spreads if each.n_as_printed is not None and each.stat == "holds"]
    silent = [each for each in spreads if each.n_as_printed is None and each.n_undefined < each.n_witnesses]
    own = [each for each in printed if each.n_as_printed == each.n_witnesses]
    anyhow = [each for each in printed if each.n_as_printed + each.n_by_another_method == each.n_witnesses]
    missed = [each for each in printed if each not in anyhow]
    differ = [each for each in silent if each.open == "yes"]
    concluding = [each for each in differ if each.same_conclusion == "no"]
    holding = [each for each in sentences if each.n_as_printed == each.n_witnesses]
    lines = [
        f"- Printed numbers: {len(printed)}. In every witness {len(own)} come out as printed, {len(anyhow) - len(own)}",
        f"  by another method than the study's rule takes; {len(missed)} are missed by a witness or by all"
        f"{':' if missed else '.'}",
        *(
            f"  - {_place(each, study)}, {each.stat}: printed {each.reported}, here {each.prints}; {each.why}"
            for each in missed
        ),
        f"- Sentences: {len(sentences)}. {len(holding)} hold in every witness"
        f"{'; the others:' if holding != sentences else '.'}",
        *(f"  - {_place(each, study)}: {each.reported}; {each.why}" for each in sentences if each not in holding),
        f"- Statistics that are not printed: {len(silent)}. {len(silent) - len(differ)} are the same in every witness,",
        f"  {len(differ)} differ, {len(concluding)} of these with their conclusion.",
    ]
    return lines


def _section(title: str, effects: list[Spread], places: Places, study: str) -> list[str]:
    lines = [*HEAD, *(_line(each, places, study) for each in effects)] if effects else ["None."]
    return [f"## {title}", "", *lines, ""]


def _line(each: Spread, places: Places, study: str) -> str:
    lo, hi = (_beside(each, places, f"{each.stat}_{side}") for side in ("lo", "hi"))
    p = _beside(each, places, "p") if each.stat != "p" else None
    told = [each.conclusion] if each.conclusion else []
    if p is not None and (not told or p.same_conclusion != each.same_conclusion):
        told.append(p.conclusion)
    cells = [
        each.result.removeprefix(f"{study}_"),
        each.group,
        each.variable,
        EFFECTS[each.stat],
        each.reported,
        _number(each.least),
        _number(each.median),
        _number(each.most),
        f"{_number(lo.least)} to {_number(hi.most)}" if lo and hi else "",
        f"{_number(p.least)} to {_number(p.most)}" if p else "",
        "; ".join(told),
    ]
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _place(each: Spread, study: str) -> str:
    where = ", ".join(part for part in (each.group, each.variable) if part and part != "all")
    return each.result.removeprefix(f"{study}_") + (f" ({where})" if where else "")


def _number(value: float) -> str:
    """Give three digits; the table has all of them.

    >>> _number(0.000123456), _number(123.45), _number(float("inf"))
    ('0.000123', '123', 'inf')
    """
    return "" if math.isnan(value) else f"{value:.3g}"
