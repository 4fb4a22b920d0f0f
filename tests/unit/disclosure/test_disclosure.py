"""Each rule of disclosure control by itself, and random tables whose margins are known."""

from __future__ import annotations

import itertools

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import settings as effort
from hypothesis import strategies as st
from ortools.sat.python import cp_model

from replicalc.disclosure.few import few
from replicalc.disclosure.people import People, conjunction
from replicalc.disclosure.protect import Protection
from replicalc.disclosure.reader import Telling
from replicalc.disclosure.release import WITHHELD, _shown, _without_counts
from replicalc.disclosure.settings import settings_of
from replicalc.disclosure.tellings import read
from replicalc.errors import ReplicalcError
from replicalc.table import ResultTable, Row


def people(columns: dict[str, list], criteria: list[dict] = ()) -> People:
    """Patients with categories of the dictionary's kind; None is missing."""
    size = len(next(iter(columns.values())))
    frame = pd.DataFrame({"source_row": range(size)})
    for name, values in columns.items():
        numeric = all(value is None or isinstance(value, float) for value in values)
        frame[name] = pd.Series(values, dtype=float) if numeric else pd.Categorical(values)
    found = People()
    found.add_study("s", frame, list(criteria))
    return found


def crossed(one: str, two: str, counts: dict[tuple[str, str], int]) -> dict[str, list]:
    pairs = [pair for pair, count in counts.items() for _ in range(count)]
    return {one: [pair[0] for pair in pairs], two: [pair[1] for pair in pairs]}


def table(found: People, one: str, two: str) -> list[Row]:
    """The rows of a cross-tabulation as ``association`` writes them, counts only."""
    frame, rows = found.frames["s"], []
    for name in (one, two):
        for code in frame[name].cat.categories:
            rows.append(Row("r", "all", f"{name}={code}", "count", int((frame[name] == code).sum()), n=len(frame)))
    for first, second in itertools.product(frame[one].cat.categories, frame[two].cat.categories):
        both = int(((frame[one] == first) & (frame[two] == second)).sum())
        rows.append(Row("r", f"{one}={first}", f"{two}={second}", "count", both, n=int((frame[one] == first).sum())))
    return rows


def decide(found: People, rows: list[Row], complementary: bool = True):
    """The rows with their values, None where withheld."""
    protection = Protection(found, 5)
    lines = read(
        found, "s", {"rows": rows[0].variable.partition("=")[0], "columns": rows[-1].variable.partition("=")[0]}, rows
    )
    for line in lines:
        for telling in (line.value, line.n):
            protection.tell(telling)
    gone = protection.withheld(complementary)
    return [
        (row, None if line.value.counts[0] in gone else row.value, None if line.n.counts[0] in gone else row.n)
        for row, line in zip(rows, lines, strict=True)
    ]


def interval(shown: list[tuple], row: Row, one: str, two: str) -> tuple[int, int]:
    """How small and how large a count can be, by whoever sees what is shown: cells of the table as whole numbers."""
    rows = [row for row, _, _ in shown]
    cells = {(r.group, r.variable): None for r in rows if r.group != "all"}
    total = next(r.n for r in rows if r.group == "all")
    model = cp_model.CpModel()
    x = {place: model.new_int_var(0, 10 * total, str(place)) for place in cells}

    def parts(r: Row) -> list:
        if r.group != "all":
            return [x[r.group, r.variable]]
        return [cell for (group, variable), cell in x.items() if r.variable in (group, variable)]

    for r, value, n in shown:
        if value is not None:
            model.add(sum(parts(r)) == int(value))
        if n is not None:
            model.add(sum(x.values() if r.group == "all" else [c for (g, _), c in x.items() if g == r.group]) == n)
    ends = []
    for sign in (1, -1):
        solver = cp_model.CpSolver()
        solver.parameters.num_workers = 1
        model.minimize(sign * sum(parts(row)))
        assert solver.solve(model) == cp_model.OPTIMAL
        ends.append(round(sign * solver.objective_value))
    return ends[0], ends[1]


def test_a_small_count_is_withheld_and_so_is_what_gives_it_away():
    counts = {("a", "no"): 20, ("a", "yes"): 3, ("b", "no"): 30, ("b", "yes"): 25}
    found = people(crossed("g", "h", counts))
    rows = table(found, "g", "h")
    alone = {(row.group, row.variable): value for row, value, _ in decide(found, rows, complementary=False)}
    assert alone["g=a", "h=yes"] is None and alone["g=a", "h=no"] == 20
    shown = decide(found, rows)
    small = next(row for row in rows if (row.group, row.variable) == ("g=a", "h=yes"))
    low, high = interval(shown, small, "g", "h")
    assert low <= 3 <= high and high - low >= 5
    before = interval(decide(found, rows, complementary=False), small, "g", "h")
    assert before == (3, 3)  # without it, subtraction tells the count
    assert any(value is not None for _, value, _ in shown)


@effort(max_examples=25, deadline=None)
@given(st.lists(st.integers(0, 14), min_size=6, max_size=6).filter(sum))
def test_no_small_cell_of_a_random_table_with_margins_can_be_told(sizes):
    counts = dict(zip(itertools.product("ab", "xyz"), sizes, strict=True))
    found = people(crossed("g", "h", counts))
    rows = table(found, "g", "h")
    shown = decide(found, rows)
    for row, value, _ in shown:
        if 0 < row.value < 5:
            assert value is None
            low, high = interval(shown, row, "g", "h")
            assert high - low >= 5, (row, low, high)


def test_a_difference_between_all_and_those_included_is_a_small_count_too():
    columns = {"g": ["a"] * 30 + ["b"] * 12, "ok": ["yes"] * 39 + ["no"] * 3}
    found = people(columns, [{"id": "fit", "keep": {"ok": ["yes"]}}])
    rows = [Row("r", "all", f"g={code}", "count", count, n=42) for code, count in (("a", 30), ("b", 12))]
    inside = [Row("r", "all", f"g={code}", "count", count, n=39) for code, count in (("a", 30), ("b", 9))]
    protection = Protection(found, 5)
    lines = [
        *read(found, "s", {"variables": ["g"]}, rows, everybody=True),
        *read(found, "s", {"variables": ["g"]}, inside),
    ]
    for line in lines:
        protection.tell(line.value)
        protection.tell(line.n)
    gone = protection.withheld()
    b_all, b_inside = lines[1].value.counts[0], lines[3].value.counts[0]
    assert b_all in gone or b_inside in gone
    assert lines[0].n.counts[0] in gone or lines[2].n.counts[0] in gone


def test_all_patients_of_a_small_group_having_the_same_is_withheld():
    found = people(crossed("g", "h", {("a", "yes"): 7, ("b", "yes"): 30, ("b", "no"): 30}))
    shown = {(row.group, row.variable): value for row, value, _ in decide(found, table(found, "g", "h"))}
    assert shown["g=a", "h=yes"] is None


def test_everything_is_withheld_where_the_attack_does_not_come_to_an_end(monkeypatch):
    counts = {("a", "no"): 20, ("a", "yes"): 3, ("b", "no"): 30, ("b", "yes"): 25}
    found = people(crossed("g", "h", counts))
    monkeypatch.setattr("replicalc.disclosure.attack.MOST_PROGRAMMES", 1)
    assert {value for _, value, _ in decide(found, table(found, "g", "h"))} == {None}


def test_a_table_whose_counts_are_not_those_of_the_patients_is_unclear(tmp_path):
    from replicalc.disclosure.plan import _table

    found = people({"g": ["a"] * 30 + ["b"] * 12})
    path = tmp_path / "s" / "x" / "cohort_r.csv"
    for count, clear in ((30, True), (29, False)):
        told = ResultTable("cohort_r", "x", "real")
        told.add("count", count, variable="g=a", n=42, n_missing=0)
        told.write(path)
        assert _table(found, path, {"s": {"cohort_r": {"variables": ["g"]}}}, {"s": []}).clear is clear


def moment(found: People, result: str, code: str | None = None, about: str = "x") -> tuple[str, str, Telling]:
    place = [("g", frozenset([code]))] if code else []
    return "s", result, Telling("moment", ((conjunction(place), None),), about)


def test_a_mean_of_few_goes_and_takes_a_second_group_with_it():
    found = people({"g": ["a"] * 6 + ["b"] * 15 + ["c"] * 40})
    assert found.axis("s", "g") == "g"
    whole, *groups = (moment(found, "r", code) for code in (None, "a", "b", "c"))
    assert few(found, [whole, *groups]) == {groups[0], groups[1]}
    assert few(found, [groups[1], groups[2]]) == set()


def test_means_of_two_nested_groups_that_differ_by_few_are_not_both_shown():
    found = people({"g": ["a"] * 40 + ["b"] * 3})
    found.axis("s", "g")
    assert few(found, [moment(found, "one"), moment(found, "two", "a")]) == {moment(found, "two", "a")}


def test_a_quantile_needs_twenty_patients():
    found = people({"g": ["a"] * 19 + ["b"] * 20})
    found.axis("s", "g")
    pair = [("s", "r", Telling("quantile", moment(found, "r", code)[2].counts, "x")) for code in "ab"]
    assert few(found, pair) == {pair[0]}


def test_single_patients_values_are_never_shown():
    found = people({"x": [1.0, 2.0, 5.0] * 20})
    rows = [
        Row("r", "all", "x", stat, 1.0, n=60, n_missing=0)
        for stat in ("min", "max", "median_lo", "q1_alternative", "mean")
    ]
    kinds = [line.value.kind for line in read(found, "s", {"variables": {"x": ""}}, rows)]
    assert kinds == ["single"] * 4 + ["moment"]


def test_a_withheld_row_says_so_and_texts_tell_no_patients():
    row = Row("r", "all", "g=a", "percent", 12.5, n=8, warning="of the patients analysed 3 contribute more than one")
    shown = _shown(row, {"value": "", "n": ""}, "")
    assert (shown.value != shown.value, shown.n, shown.warning) == (True, None, WITHHELD)
    assert _without_counts("an ICC needs at least 2 patients with both sizes; here 3", "") == ""
    assert _without_counts("tumours of at least 3 patients; nobody has g=a", "tumours of at least 3 patients") != ""
    assert _without_counts("only one category of g occurs", "") == "only one category of g occurs"


def test_what_a_cohort_file_may_say():
    assert settings_of({"kind": "real", "disclosure": {"control": "off", "why": "published"}}) is None
    with pytest.raises(ReplicalcError, match="needs 'why'"):
        settings_of({"kind": "real", "disclosure": {"control": "off"}}, "x.yaml")
    with pytest.raises(ReplicalcError, match="round_to is 3, below the threshold 5"):
        settings_of({"kind": "real", "disclosure": {"round_to": 3}}, "x.yaml")
    with pytest.raises(ReplicalcError, match="contradict"):
        settings_of({"kind": "real", "confidential": True, "disclosure": {"control": "off", "why": "x"}}, "x.yaml")
