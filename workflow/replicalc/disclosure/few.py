"""Means, spreads and quantiles of too few patients, and those from which one of too few would follow."""

from __future__ import annotations

from itertools import combinations

from replicalc.disclosure.people import People
from replicalc.disclosure.reader import Telling

#: Fewest patients of a mean, a spread or an agreement, and of what is left between two of them.
MOMENT = 10
#: Fewest patients of a quantile: it is one patient's value, or lies between two.
QUANTILE = 20


def few(people: People, tellings: list[tuple[str, str, Telling]]) -> set[tuple[str, str, Telling]]:
    """Name the moments and quantiles (study, result, telling) that are withheld.

    Withheld: those of fewer than ``MOMENT`` (``QUANTILE``) patients; the smaller of two of the same values whose
    patients differ by fewer than that, since sums can be subtracted; and where the groups of a table are withheld,
    further ones until at least two are, of at least ``MOMENT`` patients together.
    """
    numbers = [each for each in dict.fromkeys(tellings) if each[2].kind in ("moment", "quantile")]
    masks = {each: people.mask(each[2].counts[0][0]) if each[2].counts[0][0] is not None else 0 for each in numbers}
    gone = {each for each in numbers if masks[each].bit_count() < (QUANTILE if each[2].kind == "quantile" else MOMENT)}
    abouts: dict[str, list] = {}
    for each in numbers:
        if each[2].kind == "moment":
            abouts.setdefault(each[2].about, []).append(each)
    for mine in abouts.values():
        for one, other in combinations(sorted(mine, key=lambda each: masks[each].bit_count()), 2):
            if masks[one] & ~masks[other] == 0 and 0 < (masks[other] & ~masks[one]).bit_count() < MOMENT:
                gone.add(one)
        for place in {(study, result) for study, result, _ in mine}:
            _complement([each for each in mine if each[:2] == place], masks, gone)
    return gone


def _complement(mine: list, masks: dict, gone: set) -> None:
    """Withhold further groups of a table until what is withheld cannot be had by subtraction from the whole."""
    whole = max(mine, key=lambda each: masks[each].bit_count())
    groups = sorted((each for each in mine if each != whole), key=lambda each: (masks[each].bit_count(), str(each)))
    while whole not in gone:
        hidden = [each for each in groups if each in gone and masks[each]]
        together = 0
        for each in hidden:
            together |= masks[each]
        shown = [each for each in groups if each not in gone]
        if not hidden or not shown or (len(hidden) > 1 and together.bit_count() >= MOMENT):
            return
        gone.add(shown[0])
