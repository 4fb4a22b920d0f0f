"""What a reader with paper and a pocket calculator can check of an impossibility: the numbers of the decisive step."""

from __future__ import annotations

import math
from fractions import Fraction

from replicalc.report.model import Table
from replicalc.verify.printed import printed_number


def of_limit(seen: int, n: int, limit: float) -> tuple[str, ...]:
    """Put what was seen beside what a limit of a proportion would have: so many standard deviations away.

    ``seen`` of ``n`` patients; ``limit`` as a fraction between 0 and 1. The normal approximation to the binomial
    distribution; the script has the exact chance.

    >>> of_limit(300, 420, 0.845)[1][:66]
    'The 300 seen lie 54.9 patients, or 7.40 standard deviations, from '
    """
    expected, deviation = n * limit, math.sqrt(n * limit * (1 - limit))
    return (
        f"If the true share were {limit:g}, one would expect {n} × {limit:g} = {expected:.1f} patients with a standard "
        f"deviation of √({n} × {limit:g} × {1 - limit:.4g}) = {deviation:.2f}.",
        f"The {seen} seen lie {abs(seen - expected):.1f} patients, or {abs(seen - expected) / deviation:.2f} standard "
        "deviations, from that. A limit of a 95 % interval lies about 1.96 away (a continuity correction moves it by "
        f"half a patient, {0.5 / deviation:.2f} standard deviations).",
    )


def of_table(counts: Table, reported: str) -> tuple[str, ...]:
    """Compute Pearson's statistic of a table, and between which values it must lie for P to print as it does.

    ``counts``: a row for each group, its name first. Rows and columns of zeros have no part in the test.
    """
    from scipy.stats import chi2

    named = [(row[0], [int(cell) for cell in row[1:]]) for row in counts.rows if all(c.isdigit() for c in row[1:])]
    rows = [(name, cells) for name, cells in named if sum(cells)]
    columns = [j for j in range(len(counts.columns) - 1) if sum(cells[j] for _, cells in rows)]
    if len(rows) < 2 or len(columns) < 2:
        return ()
    down = {j: sum(cells[j] for _, cells in rows) for j in columns}
    total = sum(down.values())
    parts = [
        (cells[j] - sum(cells) * down[j] / total) ** 2 / (sum(cells) * down[j] / total)
        for _, cells in rows
        for j in columns
    ]
    statistic, freedom = sum(parts), (len(rows) - 1) * (len(columns) - 1)
    first, cells = rows[0]
    said = (
        f"Each cell is expected to hold its row's sum times its column's sum over all {total}: for {first}, "
        f"{counts.columns[columns[0] + 1]}, {sum(cells)} × {down[columns[0]]} / {total} = "
        f"{sum(cells) * down[columns[0]] / total:.2f}, where {cells[columns[0]]} are. Pearson's χ² adds (seen − "
        f"expected)² / expected over the cells: {' + '.join(f'{part:.2f}' for part in parts)} = {statistic:.2f}, with "
        f"({len(rows)} − 1) × ({len(columns)} − 1) = {freedom} degrees of freedom; "
        f"P = {chi2.sf(statistic, freedom):.3g}.",
    )
    printed = printed_number(reported)
    if printed is None or printed.sign != "=" or not 0 < printed.value < 1:
        return said
    half = 0.5 * 10**-printed.decimals
    below, above = float(printed.value) - half, float(printed.value) + half
    most = f"{chi2.isf(below, freedom):.2f}" if below > 0 else "infinity"
    return (
        *said,
        f"For P to print as {reported}, χ² would have to lie between {chi2.isf(above, freedom):.2f} and {most}.",
    )


def of_model(proof: dict) -> tuple[tuple[str, ...], tuple[Table, ...]]:
    """Show the tightest box of a proof against a model: both sides of its inequality, term by term.

    ``proof``: 'names', 'se', 'known' (each with 'lo' and 'hi'), 'pieces' (each with rows, prices, inflation), fractions
    as texts. That the prices bound every pattern is for the script; 2 to the power of the number of terms
    are too many for paper.
    """
    pieces = proof.get("pieces") or []
    if not pieces:
        return (), ()
    box = min(pieces, key=lambda each: each["inflation"])
    weights = [Fraction(row[j + 1]) for j, row in enumerate(box["rows"])]
    errors = [Fraction(each) for each in proof["se"]]
    squares = [(y / s) ** 2 for y, s in zip(weights, errors, strict=True)]
    prices = [Fraction(each) for each in box["prices"]]
    # A sum that is only known to lie within a range counts with the end that makes the bound weakest.
    totals = [known["hi"] if v > 0 else known["lo"] for known, v in zip(proof["known"], prices, strict=True)]
    right = sum(price * total for price, total in zip(prices, totals, strict=True))
    left = sum(squares)
    rows = [
        (name, f"{float(y):.0f}", f"{float(s):.4f}", f"{float(square):.5g}")
        for name, y, s, square in zip(proof["names"], weights, errors, squares, strict=True)
    ]
    sums = [
        (each["text"], f"{total}", f"{float(price):.6g}", f"{float(price * total):.6g}")
        for each, total, price in zip(proof["known"], totals, prices, strict=True)
    ]
    said = (
        f"Of the {len(pieces)} boxes this is the tightest one; every other gives more. The left side adds up to "
        f"{float(left):.5g}, the right one to {float(right):.5g}; t is at least "
        f"√({float(left):.5g} / {float(right):.5g}) = {math.sqrt(left / right):.4f}.",
        "The two tables have all that this needs. That v bounds every pattern of this box, and that the boxes leave no "
        "gap, is what the script adds up.",
    )
    return said, (
        Table("Left side of the tightest box", ("term", "yⱼⱼ", "Sⱼ", "(yⱼⱼ / Sⱼ)²"), tuple(rows)),
        Table("Right side of the tightest box", ("what is known", "Lₖ", "vₖ", "vₖ · Lₖ"), tuple(sums)),
    )
