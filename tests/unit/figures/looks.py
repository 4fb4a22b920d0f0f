"""What can be read off a drawn page: words that overlap, are cut off or too small, marks beyond the page."""

from __future__ import annotations

from itertools import combinations

PIXEL = 1.0


def assert_readable(drawn) -> None:
    """Check a drawn page: every word whole, large enough and clear of the others."""
    width, height = drawn.size
    for text, box, size in drawn.texts:
        assert box.x0 >= 0 and box.y0 >= 0 and box.x1 <= width and box.y1 <= height, f"{text!r} is cut off"
        assert size >= 8, f"{text!r} is set in {size} points"
    assert drawn.fonts == {"DejaVu Sans"}
    for (one, a, _), (other, b, _) in combinations(drawn.texts, 2):
        apart = min(a.x1, b.x1) - max(a.x0, b.x0) < PIXEL or min(a.y1, b.y1) - max(a.y0, b.y0) < PIXEL
        assert apart, f"{one!r} and {other!r} overlap"


def assert_inside(drawn, dpi: float) -> None:
    """Check that nothing at all is drawn beyond the page."""
    width, height = (pixels / dpi for pixels in drawn.size)
    box = drawn.reach
    assert box.x0 >= 0 and box.y0 >= 0 and box.x1 <= width and box.y1 <= height, f"drawn to {box}"
