"""Equal cells become one text, so that a million rows of codes do not fill the memory."""

from __future__ import annotations

from collections.abc import Callable

from replicalc.cohort.doors.cells import MOST_SHARED, tidied


def shared(width: int) -> Callable[[list[str]], list[str]]:
    """Make the function that tidies the cells of a row of ``width`` columns and shares their texts.

    A column with more than ``MOST_SHARED`` different cells, such as an identifier, is no longer shared.
    """
    known: dict[str, str] = {}
    new = [0] * width
    loose: list[int] = []

    def share(cells: list[str]) -> list[str]:
        if len(cells) != width:
            return [tidied(cell) for cell in cells]
        found = list(map(known.get, cells))
        for place in loose:
            found[place] = tidied(cells[place])
        if None in found:
            for place, text in enumerate(found):
                if text is None:
                    cell = cells[place]
                    found[place] = known[cell] = tidied(cell)
                    new[place] += 1
                    if new[place] == MOST_SHARED:
                        loose.append(place)
        return found

    return share
