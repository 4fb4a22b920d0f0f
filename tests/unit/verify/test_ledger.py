"""Counts tied to each other: ranges and smallest repairs as a search through all small tables finds them."""

from __future__ import annotations

import random
from itertools import combinations, product

import pytest
from toy import ledger, one, rows, run, verdicts

from replicalc.errors import ReplicalcError
from replicalc.verify.printed import ROUNDINGS, parse
from replicalc.verify.recovery import MIXED, NEAREST, share_bounds
from replicalc.verify.sums import LARGEST, Cell, Sum, check_sums, ranges
from replicalc.verify.sums_model import SumModel

#: Prints are counts up to 4 and quarters: no smallest repair needs a part above 16.
COUNT, PART = 4, 16


def system(seed: int) -> tuple[dict[str, Cell], list[Sum]]:
    """Four or five cells, one or two sums, with prints that may contradict each other."""
    draw = random.Random(seed)
    deep = draw.random() < 0.5
    sums = [Sum("c0", ("c1", "c2")), Sum("c1", ("c3", "c4"))] if deep else [Sum("c0", ("c1", "c2"))]
    cells = {}
    for name in ("c0", "c1", "c2", "c3", "c4")[: 5 if deep else 4]:
        count = parse(str(draw.randint(0, COUNT))) if draw.random() < (0.9 if name == "c0" else 0.5) else None
        quarter = f"{25 * draw.randint(0, 4):.{draw.choice((0, 1))}f}"
        given = name != "c0" and draw.random() < 0.5
        cells[name] = Cell(count, parse(quarter) if given else None, "c0" if given else "")
    return cells, sums


def worlds(cells, sums):
    """Every assignment of small whole numbers that keeps the sums and the wholes."""
    if len(sums) == 2:
        for two, three, four in product(range(PART + 1), repeat=3):
            yield {"c0": two + three + four, "c1": three + four, "c2": two, "c3": three, "c4": four}
        return
    for first, two in product(range(PART + 1), repeat=2):
        for three in range(first + two + 1 if cells["c3"].of else COUNT + 1):
            yield {"c0": first + two, "c1": first, "c2": two, "c3": three}


def broken(cells, x, rounding) -> frozenset:
    """The printed numbers that do not hold in a world."""
    out = {(n, "count") for n, c in cells.items() if c.count is not None and x[n] != int(c.count.value)}
    out |= {
        (n, "percent")
        for n, c in cells.items()
        if c.percent is not None and not share_bounds(c.percent, rounding).holds(x[n], x[c.of])
    }
    return frozenset(out)


@pytest.mark.parametrize("seed", range(24))
def test_the_smallest_repairs_are_exactly_those_of_a_search_through_all_worlds(seed):
    cells, sums = system(seed)
    every = list(worlds(cells, sums))
    for rounding in (*ROUNDINGS, NEAREST, MIXED):
        sets = {broken(cells, x, rounding) for x in every}
        least = min(map(len, sets))
        model = SumModel(cells, sums, rounding, 100)
        for size in range(least):
            assert model.of_size(size) == []
        found = {frozenset((c.cell, c.kind) for c in out) for out in model.of_size(least)}
        # a smallest set may need a number above those that were searched; none of those searched may be missing
        assert {s for s in sets if len(s) == least} <= found
        for out in found:
            assert all(not out > s for s in sets)
            free = {n: _kept(c, n, out) for n, c in cells.items()}
            assert SumModel(free, sums, rounding, 100).of_size(0) == [()]


def _kept(cell: Cell, name: str, out) -> Cell:
    percent = None if (name, "percent") in out else cell.percent
    return Cell(None if (name, "count") in out else cell.count, percent, cell.of if percent else "")


@pytest.mark.parametrize("seed", range(40, 64))
def test_ranges_are_those_of_a_search_through_all_worlds(seed):
    cells, sums = system(seed)
    cells["c0"] = Cell(parse("12"))  # bounds what stands in a percentage or sum of it
    check = check_sums(cells, sums)
    every = list(worlds(cells, sums))
    for rounding in check.roundings:
        fits = [x for x in every if not broken(cells, x, rounding)]
        assert fits
        for name in cells:
            if cells[name].of or len(sums) == 2 or name != "c3":
                ends = min(x[name] for x in fits), max(x[name] for x in fits)
                assert ranges(cells, sums, [name], [rounding])[name] == ends


def test_some_of_these_systems_agree_and_some_do_not():
    kinds = [bool(check_sums(*system(seed)).roundings) for seed in range(24)]
    assert 3 < sum(kinds) < 21


@pytest.mark.parametrize(("percent", "n"), [("0.1", 12000), ("0.0", 30000), ("0.3", 4000), ("<0.1", 13000)])
def test_few_patients_that_are_a_small_share_are_not_accused(percent, n):
    text = f"a.n count 12\na.pct percent {percent}"
    found = verdicts(run(text, {"kind": "shares", "claims": ["a.*"]}))
    assert found == {"a.n": "not_checkable", "a.pct": "underdetermined"}
    assert n < LARGEST


def test_a_small_share_of_a_small_share_is_not_accused():
    text = "a.n count 30\na.pct percent 0.2\nb.pct percent 0.4"
    chain = ({"kind": "shares", "claims": ["a.*"], "of": "b.pct"},)
    assert "impossible" not in verdicts(run(text, *chain)).values()


def test_what_nothing_bounds_has_no_greatest_number():
    """Also a share of it has none, though the search has a limit."""
    _, book = ledger("a.n count 12\na.pct percent 24.0\nb.pct percent 30", {"kind": "shares", "claims": ["*.pct"]})
    assert book.range("# toy.a.pct") == (12, 12) and book.range("% toy.a.pct") == (50, 50)
    _, book = ledger("a.pct percent 24.0\nb.pct percent 30", {"kind": "shares", "claims": ["*.pct"]})
    assert [book.range(f"{sign} toy.a.pct")[1] for sign in "#%"] == [None, None]


PAPER = """
n n 60
yes.n count 20
no.pct percent 66.7
d.n count 15
"""
SHARES = {"kind": "shares", "claims": ["yes.n", "no.pct"], "of": "n", "exhaustive": True}
ACCURACY = {"id": "acc", "kind": "accuracy", "claims": ["t.*"], "n": "n", "diseased": "d.n"}


@pytest.mark.parametrize(
    ("given", "value"),
    [
        ("yes.n", 20),
        ("no.pct", 40),
        ("toy.yes.n", 20),
        ({"whole_of": "no.pct"}, 60),
        ("acc.tp", 12),
        ("acc.healthy", 45),
        ({"total": "n", "without": ["yes.n", "d.n"]}, 25),
        ({"sum": ["yes.n", "d.n"]}, 35),
        (7, 7),
    ],
    ids=str,
)
def test_a_count_can_be_written_in_six_ways(given, value):
    asked = {"id": "asked", "kind": "mean", "claims": ["m.mean"], "n": given}
    paper, book = ledger(PAPER + "t.sens sensitivity 80.0\nm.mean mean 3.5", SHARES, ACCURACY, asked)
    assert book.value(book.ref(given, paper.relations["asked"])) == value


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        (True, "names no count"),
        ({"whole": "n"}, "a count is a claim"),
        ({"total": "n"}, "a count is a claim"),
        ("nowhere", "there is no claim 'nowhere'"),
        ("acc.middle", "there is no claim"),
        ("m.mean", "is of stat mean and has no count"),
    ],
    ids=str,
)
def test_what_is_no_count_is_told_with_the_relation(given, sentence):
    asked = {"id": "asked", "kind": "mean", "claims": ["m.mean"], "n": given}
    with pytest.raises(ReplicalcError, match=f"relation asked: .*{sentence}"):
        ledger(PAPER + "t.sens sensitivity 80.0\nm.mean mean 3.5", SHARES, ACCURACY, asked)


def test_a_sum_that_names_a_count_twice_is_refused():
    with pytest.raises(ReplicalcError, match="names one count twice"):
        run("n n 10\na.n count 5", {"kind": "sum", "total": "n", "parts": ["a.n", "a.n"]})


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ("130", "impossible"),
        ("-3.0", "impossible"),
        ("NS", "not_checkable"),
        ("", "not_checkable"),
        ("12.12345678", "not_checkable"),
        ("<30", "underdetermined"),
    ],
)
def test_percentages_that_are_none(text, verdict):
    row = one(f"n n 50\na.pct percent {text}", "a.pct", {"kind": "shares", "claims": ["a.pct"], "of": "n"})
    assert row.verdict == verdict
    assert ("is no percentage" in row.evidence) == (verdict == "impossible")


@pytest.mark.parametrize(
    ("text", "verdict"),
    [("12.5", "impossible"), ("-4", "impossible"), ("<5", "not_checkable"), ("-", "not_checkable"), ("12 (24%)", "")],
)
def test_counts_that_are_none(text, verdict):
    row = one(f"n n 50\na.n count {text}", "a.n", {"kind": "shares", "claims": ["a.n"], "of": "n"})
    assert row.verdict == (verdict or "not_checkable")


@pytest.mark.parametrize("above", ["n n 50 | kind=external", "n mean 50", "n n 50"])
def test_a_count_may_be_said_to_be_of_anything(above):
    """Of another publication's patients, or of what is no number of patients, nothing is told."""
    found = verdicts(run(f"{above}\na.n count 12 | of=n"))
    assert found["a.n"] in ("not_checkable", "underdetermined")


@pytest.mark.parametrize("width", ["n n 50\na.n count 62 | of=n"])
def test_more_than_its_whole_is_impossible(width):
    found = rows(run(width))
    assert {row.verdict for row in found.values()} == {"impossible"}
    assert "this or n" in found["a.n"].note


def test_without_says_what_follows_from_the_others():
    text = "n n 50\na.n count 20\nb.n count 30"
    _, book = ledger(text, {"kind": "shares", "claims": ["a.n", "b.n"], "of": "n", "exhaustive": True})
    assert [book.without(f"# toy.{name}")(f"# toy.{name}") for name in ("n", "a.n", "b.n")] == [50, 20, 30]
    _, book = ledger(text, {"kind": "shares", "claims": ["a.n", "b.n"], "of": "n"})
    assert [book.without(f"# toy.{name}")(f"# toy.{name}") for name in ("n", "a.n", "b.n")] == [None] * 3


def test_smallest_sets_are_each_of_the_size_and_without_a_smaller_one():
    cells = {"a": Cell(parse("1")), "b": Cell(parse("2")), "c": Cell(parse("9")), "d": Cell(parse("9"))}
    model = SumModel(cells, [Sum("c", ("a", "b")), Sum("d", ("a", "b"))], "half-up", 100)
    sizes = [model.of_size(size) for size in range(3)]
    assert sizes[:2] == [[], [tuple(k for k in model.stands if k.cell == name) for name in "ab"]]
    assert all(len(set(pair)) == 2 for pair in combinations(sizes[1], 2))
