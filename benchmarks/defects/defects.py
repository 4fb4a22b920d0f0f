"""One defect at a time in a clean paper: the classes, and what is known of each single defect.

A defect is *detectable* if no numbers at all can stand behind the changed print; ``possible`` decides that without the
engine. A change that leaves the print possible is not detectable, and where neither is known it is *not decided*.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from benchmarks.defects import change_counts, change_measurements, change_tests
from benchmarks.defects.paper import Paper


@dataclass(frozen=True)
class Defect:
    """A paper with one defect: the claims that were changed (place: before and after) and what can be known of it.

    detectable: True, False, or None if not decided. relation: the id of the relation that was changed, if a sentence
    says something else.
    """

    name: str
    paper: Paper
    changed: Mapping[str, tuple[str, str]]
    detectable: bool | None
    relation: str = ""


#: Class, kind of part, and the function; the first change printed numbers, the second sentences.
NUMBERS: tuple[tuple[str, str, Callable], ...] = (
    ("percentage: a digit", "shares", change_counts.percent_digit),
    ("percentage in a table: a digit", "table", change_counts.cell_percent_digit),
    ("count: one more or fewer", "shares", change_counts.count_by_one),
    ("cell of a table: one more or fewer", "table", change_counts.cell_by_one),
    ("count and percentage swapped", "shares", change_counts.swapped_row),
    ("total is not the sum", "table", change_counts.total_not_sum),
    ("parts are not the total", "quantiles", change_counts.parts_not_total),
    ("row of another denominator", "table", change_counts.other_denominator),
    ("repeat differs", "shares", change_counts.repeat_differs),
    ("P of another test (counts printed)", "table", change_tests.other_test),
    ("P of another test (counts not printed)", "two_groups", change_tests.other_test),
    ("P: a digit (counts printed)", "table", change_tests.p_digit),
    ("P: a digit (counts not printed)", "two_groups", change_tests.p_digit),
    ("P: ten times off", "table", change_tests.p_magnitude),
    ("intervals of another method (2 x 2)", "accuracy", change_tests.other_interval),
    ("interval of another method (n, %)", "interval", change_tests.other_interval),
    ("limit of a measure: a digit", "accuracy", change_tests.limit_digit),
    ("limit of a proportion: a digit", "interval", change_tests.limit_digit),
    ("sensitivity and PPV swapped", "accuracy", change_tests.measures_swapped),
    ("specificity: a digit", "accuracy", change_tests.measure_digit),
    ("2 x 2 of another n", "accuracy", change_tests.other_n),
    ("odds ratio outside its limits", "ratio", change_measurements.outside_limits),
    ("odds ratio: a limit's digit", "ratio", change_measurements.asymmetric_limits),
    ("odds ratio: P's digit", "ratio", change_measurements.foreign_p),
    ("crude ratios called adjusted", "model", change_measurements.crude_as_adjusted),
    ("model with intervals 10 to 30 % narrower", "model", change_measurements.narrow_model),
    ("ICC: a limit's digit", "icc", change_measurements.icc_limit_digit),
    ("ICC of another n", "icc", change_measurements.icc_other_n),
    ("mean of whole numbers: a digit", "mean", change_measurements.mean_digit),
    ("SD of whole numbers: a digit", "mean", change_measurements.sd_digit),
    ("median beyond its quartiles", "quantiles", change_measurements.median_beyond_quartiles),
    ("part's quantiles beyond the total's", "quantiles", change_measurements.part_beyond_total),
    ("total's median beyond the parts'", "quantiles", change_measurements.total_beyond_parts),
)
SENTENCES: tuple[tuple[str, str, Callable], ...] = (
    ("significance flipped (counts printed)", "table", change_counts.flipped_significance),
    ("significance flipped (counts not printed)", "two_groups", change_counts.flipped_significance),
    ("'more often' flipped", "two_groups", change_counts.flipped_order),
    ("another category called most frequent", "shares", change_counts.wrong_greatest),
)
CLASSES = tuple(name for name, _, _ in (*NUMBERS, *SENTENCES))


def inject(paper: Paper, name: str, rng: np.random.Generator) -> tuple[Paper, Defect] | None:
    """The part concerned of a clean paper, and the same with one defect; None where this paper has no place for it."""
    kind, change = next((kind, change) for this, kind, change in (*NUMBERS, *SENTENCES) if this == name)
    parts = [part for part in paper.parts if part.kind == kind and part.name != "size"]
    if not parts:
        return None
    part = parts[int(rng.integers(len(parts)))]
    clean = paper.only(part.name)
    texts = clean.texts
    if change in (entry[2] for entry in SENTENCES):
        found = change(clean, part, rng)
        if found is None:
            return None
        relation, detectable = found
        return clean, Defect(name, clean.restated(relation), {}, detectable, relation["id"])
    found = change(texts, part, rng)
    if found is None or all(texts[at] == text for at, text in found[0].items()):
        return None
    changed = {at: (texts[at], text) for at, text in found[0].items() if texts[at] != text}
    return clean, Defect(name, clean.changed({at: new for at, (_, new) in changed.items()}), changed, found[1])
