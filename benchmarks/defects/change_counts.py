"""Defects of counts, percentages and the sentences about them.

Each function takes what is printed (place: text), the part and a generator, and gives the change; None where this part
has no place for it.
"""

from __future__ import annotations

import numpy as np
from benchmarks.defects import possible
from benchmarks.defects.paper import ALPHA, Change, Paper, Part
from benchmarks.defects.printing import another_digit, decimals_of, show, span

Rng = np.random.Generator


def percent_digit(texts, part: Part, rng: Rng) -> Change:
    """One digit of a percentage in a list of categories."""
    code = rng.choice(sorted(part.truth["rows"]))
    at = part.truth["rows"][code][1]
    new = another_digit(rng, texts[at])
    fits = float(new) <= 100 and possible.share(new, part.truth["counts"][code], part.truth["n"])
    again_code, again = part.truth["again"]
    fits = fits and (code != again_code or possible.same(new, texts[again]))
    return {at: new}, not fits


def cell_percent_digit(texts, part: Part, rng: Rng) -> Change:
    """One digit of a percentage in a table."""
    at, k, n = _cell(part, rng)
    new = another_digit(rng, texts[at[1]])
    return {at[1]: new}, not (float(new) <= 100 and possible.share(new, k, n))


def _cell(part: Part, rng: Rng) -> tuple[tuple[str, str], int, int]:
    table = part.truth["table"]
    i, j = (int(rng.integers(size)) for size in table.shape)
    whole = table[i].sum() if part.truth["percent_of"] == "row" else table[:, j].sum()
    return part.truth["cells"][i, j], int(table[i, j]), int(whole)


def count_by_one(texts, part: Part, rng: Rng) -> Change:
    """One count of all categories, one patient more or fewer: they no longer add up."""
    at = part.truth["rows"][rng.choice(sorted(part.truth["rows"]))][0]
    step = 1 if texts[at] == "0" else int(rng.choice([-1, 1]))
    return {at: str(int(texts[at]) + step)}, True


def cell_by_one(texts, part: Part, rng: Rng) -> Change:
    """One cell of a table with its totals, one patient more or fewer."""
    at = _cell(part, rng)[0][0]
    step = 1 if texts[at] == "0" else int(rng.choice([-1, 1]))
    return {at: str(int(texts[at]) + step)}, True


def swapped_row(texts, part: Part, rng: Rng) -> Change:
    """Count and percentage of one category in each other's place."""
    count, percent = part.truth["rows"][rng.choice(sorted(part.truth["rows"]))]
    return {count: texts[percent], percent: texts[count]}, float(texts[count]) != float(texts[percent])


def total_not_sum(texts, part: Part, rng: Rng) -> Change:
    """A row's or column's total that is not the sum of its cells."""
    at = rng.choice(sorted(part.truth["totals"].values()))
    step = int(rng.integers(1, 6)) * (1 if int(texts[at]) < 6 else int(rng.choice([-1, 1])))
    return {str(at): str(int(texts[at]) + step)}, True


def other_denominator(texts, part: Part, rng: Rng) -> Change | None:
    """One row of a table with percentages of the columns where the others have them of the rows, or the reverse."""
    table, by_row = part.truth["table"], part.truth["percent_of"] == "row"
    line = int(rng.integers(table.shape[0]))
    new, fits = {}, True
    for j, k in enumerate(table[line].tolist()):
        at = part.truth["cells"][line, j][1]
        whole, printed = (table[:, j].sum(), table[line].sum()) if by_row else (table[line].sum(), table[:, j].sum())
        new[at] = show(100 * k / int(whole), decimals_of(texts[at]), "half-up")
        fits &= possible.share(new[at], k, int(printed))
    return new, not fits


def repeat_differs(texts, part: Part, rng: Rng) -> Change:
    """A percentage that stands twice, changed in one place."""
    code, at = part.truth["again"]
    new = another_digit(rng, texts[at])
    return {at: new}, not (float(new) <= 100 and possible.same(new, texts[part.truth["rows"][code][1]]))


def parts_not_total(texts, part: Part, rng: Rng) -> Change:
    """The size of one part of the study, one patient more or fewer: the parts are no longer the whole."""
    at = part.truth["counted"][rng.choice([g for g in sorted(part.truth["counted"]) if g != "all"])]
    return {at: str(int(texts[at]) + int(rng.choice([-1, 1])))}, True


def _statement(paper: Paper, part: Part, suffix: str) -> dict | None:
    return next((dict(r) for r in part.relations if r["id"] == f"{part.name}_{suffix}"), None)


def flipped_significance(paper: Paper, part: Part, rng: Rng) -> tuple[dict, bool | None]:
    """A sentence says that a difference is significant where P is not below alpha, or the reverse."""
    said = _statement(paper, part, "said")
    keys = ("significant", "not_significant")
    old = next(key for key in keys if key in said)
    said[keys[old == keys[0]]] = said.pop(old)
    low, high = span(paper.texts[part.truth["p"][0]])
    clear = high <= ALPHA or low >= ALPHA or (part.kind == "table" and part.truth["named"])
    return said, True if clear else None


def flipped_order(paper: Paper, part: Part, rng: Rng) -> tuple[dict, bool | None] | None:
    """A sentence says that the smaller of two percentages is greater."""
    said = _statement(paper, part, "more")
    if said is None:
        return None
    first, second = said["greater"]
    said["greater"] = [second, first]
    apart = span(paper.texts[first])[0] >= span(paper.texts[second])[1]
    return said, True if apart else None


def wrong_greatest(paper: Paper, part: Part, rng: Rng) -> tuple[dict, bool | None] | None:
    """A sentence calls another category than the most frequent one the most frequent."""
    said = _statement(paper, part, "said")
    if said is None:
        return None
    said["greatest"] = str(rng.choice([at for at in said["among"] if at != said["greatest"]]))
    return said, True  # the counts are printed
