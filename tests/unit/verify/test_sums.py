"""Cells of n (%) and their totals: consistent tables are never accused, a single defect is found and put right."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from replicalc.errors import ReplicalcError
from replicalc.verify.printed import ROUNDINGS, parse
from replicalc.verify.recovery import print_share
from replicalc.verify.sums import Cell, Sum, check_sums

rounding = st.sampled_from(sorted(ROUNDINGS))


def table(counts: list[list[int]], places: int, name: str, percents: bool = True):
    """An r x c table with row, column and grand totals; percentages are of the column totals."""
    rows, columns = range(len(counts)), range(len(counts[0]))
    column_sums = [sum(row[j] for row in counts) for j in columns]

    def cell(k: int, n: int, of: str) -> Cell:
        share = parse(print_share(k, n, places, name)) if n and percents else None
        return Cell(parse(str(k)), share, of if share else "")

    cells = {f"{i}{j}": cell(counts[i][j], column_sums[j], f"c{j}") for i, j in product(rows, columns)}
    cells |= {f"c{j}": Cell(parse(str(column_sums[j]))) for j in columns}
    cells |= {f"r{i}": Cell(parse(str(sum(counts[i])))) for i in rows}
    cells["all"] = Cell(parse(str(sum(column_sums))))
    sums = [Sum(f"c{j}", tuple(f"{i}{j}" for i in rows)) for j in columns]
    sums += [Sum(f"r{i}", tuple(f"{i}{j}" for j in columns)) for i in rows]
    sums += [Sum("all", tuple(f"c{j}" for j in columns)), Sum("all", tuple(f"r{i}" for i in rows))]
    return cells, sums


tables = st.lists(st.tuples(st.integers(0, 90), st.integers(0, 90)).map(list), min_size=2, max_size=4)


@settings(max_examples=150, deadline=None)
@given(tables, st.integers(0, 2), rounding)
def test_a_real_table_is_never_accused(counts, places, name):
    cells, sums = table(counts, places, name)
    found = check_sums(cells, sums)
    assert name in found.roundings and found.repairs == ()


@settings(max_examples=80, deadline=None)
@given(tables, rounding, st.data())
def test_one_wrong_count_is_found_and_read_back(counts, name, data):
    """Every cell is checked by its row and its column, so a single wrong cell has one smallest repair."""
    cells, sums = table(counts, 1, name, percents=False)
    wrong = data.draw(st.sampled_from([f"{i}{j}" for i in range(len(counts)) for j in range(2)]))
    true = cells[wrong].count.text
    cells[wrong] = Cell(parse(str(int(true) + data.draw(st.integers(1, 40)))))
    found = check_sums(cells, sums)
    assert found.cannot_be == ((wrong, "count"),)
    (change,) = found.repairs[0].changes
    assert (change.reads, change.lo, change.hi) == (true, int(true), int(true))


@settings(max_examples=60, deadline=None)
@given(tables, st.data())
def test_one_wrong_percentage_is_found_and_read_back(counts, data):
    cells, sums = table(counts, 1, "half-up")
    shares = [name for name, cell in cells.items() if cell.percent is not None]
    assume(shares)
    wrong = data.draw(st.sampled_from(shares))
    cell = cells[wrong]
    moved = cell.percent.value + data.draw(st.integers(2, 90))
    assume(moved <= 100)
    cells[wrong] = Cell(cell.count, parse(str(moved)), cell.of)
    found = check_sums(cells, sums)
    assert (wrong, "percent") in found.cannot_be
    assert found.repairs[0].changes[0].reads == cell.percent.text


def test_every_smallest_repair_is_listed():
    cells = {name: Cell(parse(text)) for name, text in {"a": "12", "b": "30", "c": "9", "all": "50"}.items()}
    found = check_sums(cells, [Sum("all", ("a", "b", "c"))])
    assert {(r.changes[0].cell, r.changes[0].reads) for r in found.repairs} == {
        ("a", "11"),
        ("b", "29"),
        ("c", "8"),
        ("all", "51"),
    }
    assert found.cannot_be == () and "12 + 30 + 9 = 51, printed 50 (all)" in found.evidence


def test_a_percentage_decides_between_the_repairs():
    cells = {
        "a": Cell(parse("12"), parse("24.0"), "all"),
        "b": Cell(parse("30"), parse("60.0"), "all"),
        "c": Cell(parse("9"), parse("16.0"), "all"),
        "all": Cell(parse("50")),
    }
    backwards = dict(reversed(cells.items()))
    for given_cells in (cells, backwards):
        found = check_sums(given_cells, [Sum("all", ("c", "b", "a"))])
        assert found.cannot_be == (("c", "count"),)
        assert found.repairs[0].changes[0].reads == "8"


def test_counts_that_are_not_printed_are_found_from_percentages_and_sum():
    cells = {name: Cell(None, parse(text), "all") for name, text in {"a": "52.1", "b": "12.5", "c": "35.4"}.items()}
    sums = [Sum("all", ("a", "b", "c"))]
    assert "half-up" in check_sums({**cells, "all": Cell(parse("48"))}, sums).roundings
    wrong = check_sums({**cells, "all": Cell(parse("47"))}, sums)
    assert wrong.cannot_be == (("all", "count"),) and wrong.repairs[0].changes[0].reads == "48"


@pytest.mark.parametrize(
    ("cells", "sums", "sentence"),
    [
        ({"a": Cell(parse("3.5"))}, [], "whole number"),
        ({"a": Cell(parse("3"), parse("130"), "a")}, [], "from 0 to 100"),
        ({"a": Cell(parse("3"), parse("30"))}, [], "needs its whole"),
        ({"a": Cell(parse("3"))}, [Sum("a", ("b",))], "is no cell"),
        ({"a": Cell(parse("3"))}, [Sum("a", ("a",))], "other than itself"),
    ],
)
def test_bad_input_is_told_in_a_sentence(cells, sums, sentence):
    with pytest.raises(ReplicalcError, match=sentence):
        check_sums(cells, sums)


def test_a_percentage_of_nobody_is_no_percentage():
    # 0 / 0 satisfies every inequality that is closed at 0, as half-even's is for 0.0.
    found = check_sums({"a": Cell(parse("0"), parse("0.0"), "all"), "all": Cell(parse("0"))}, [])
    assert found.roundings == () and {c.kind for r in found.repairs for c in r.changes} == {"count", "percent"}
