"""Equal cells of a column become one text, so that a million rows of codes do not fill the memory."""

from __future__ import annotations

from collections.abc import Callable

from replicalc.cohort.doors.cells import MOST_SHARED, tidied


def shared(width: int) -> Callable[[list[str]], list[str]]:
    """Make the function that tidies the cells of a row of ``width`` columns and shares their texts.

    A column with more than ``MOST_SHARED`` different cells, such as an identifier, is no longer shared.
    """
    known: list[dict[str, str] | None] = [{} for _ in range(width)]

    def share(cells: list[str]) -> list[str]:
        if len(cells) != width:
            return [tidied(cell) for cell in cells]
        found = []
        for place, cell in enumerate(cells):
            texts = known[place]
            if texts is None:
                found.append(tidied(cell))
                continue
            text = texts.get(cell)
            if text is None:
                text = texts[cell] = tidied(cell)
                if len(texts) > MOST_SHARED:
                    known[place] = None
            found.append(text)
        return found

    return share
