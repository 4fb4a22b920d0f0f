"""Files beside each other: whatever the declared way, the rows are those of the plain definition of a join."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from replicalc.cohort.doors.cells import ROW, Table
from replicalc.cohort.doors.joining import JOINS
from replicalc.cohort.source import join_sources, place_of, stack_sources
from replicalc.errors import ReplicalcError


def table(keys, column: str, how: str = "one_to_one", name: str = "id") -> Table:
    rows = [{ROW: str(i), name: key, column: f"{column}{i}"} for i, key in enumerate(keys, start=2)]
    return Table(rows, column, {} if how == "one_to_one" else {"join": how})


keys = st.lists(st.sampled_from("abcd"), min_size=1, max_size=6)


@given(left=keys, right=keys, how=st.sampled_from(JOINS))
def test_every_way_of_joining_is_the_plain_definition(left, right, how):
    mine, theirs = table(left, "x"), table(right, "y", how)
    fits = (
        (how.endswith("many_to_one") or len(set(left)) == len(left))
        and (how.endswith("one_to_many") or len(set(right)) == len(right))
        and (how.startswith("left") or set(left) == set(right))
    )
    if not fits:
        with pytest.raises(ReplicalcError, match="do not join on 'id'"):
            join_sources([mine, theirs], ["L", "R"], "id")
        return
    found, origin = join_sources([mine, theirs], ["L", "R"], "id")
    expected = [(a["x"], b["y"]) for a in mine for b in theirs if a["id"] == b["id"]]
    expected += [(a["x"], "") for a in mine if a["id"] not in right]
    assert Counter((record["x"], record["y"]) for record in found) == Counter(expected)
    assert [record["x"] for record in found] == sorted((record["x"] for record in found), key=lambda x: int(x[1:]))
    assert all(place_of(record, "y", origin, ["L", "R"]) == ("R", record["y"][1:]) for record in found if record["y"])
    left_out = sum(key not in left for key in right)
    assert theirs.left_out == ([("no partner in L", left_out)] if left_out else [])


def test_what_a_left_join_leaves_empty_or_out_is_told(capsys):
    join_sources([table("abc", "x"), table("ad", "y", "left")], ["L", "R"], "id")
    said = capsys.readouterr().err
    assert "R: 2 records of L have no partner here (their cells are empty)" in said
    assert "1 records of this file have none there (they are left out)" in said


def test_several_columns_may_be_the_key():
    first = [{ROW: "2", "id": "1", "side": "L", "a": "x"}, {ROW: "3", "id": "1", "side": "R", "a": "y"}]
    second = [{ROW: "2", "id": "1", "side": "R", "b": "p"}, {ROW: "3", "id": "1", "side": "L", "b": "q"}]
    joined, _ = join_sources([first, second], ["L", "R"], ["id", "side"])
    assert [(record["a"], record["b"]) for record in joined] == [("x", "q"), ("y", "p")]
    with pytest.raises(ReplicalcError, match=r"L, row 3, column 'id': the value '1' stands twice.*join: many_to_one"):
        join_sources([first, second], ["L", "R"], "id")


def test_three_files_one_after_the_other():
    joined, origin = join_sources(
        [table("ab", "x"), table("ba", "y"), table("aab", "z", "one_to_many")], ["A", "B", "C"], "id"
    )
    assert [(record["x"], record["y"], record["z"]) for record in joined] == [
        ("x2", "y3", "z2"),
        ("x2", "y3", "z3"),
        ("x3", "y2", "z4"),
    ]
    assert place_of(joined[1], "z", origin, ["A", "B", "C"]) == ("C", "3")


@pytest.mark.parametrize(
    ("left", "right", "words"),
    [
        (["007"], ["7"], "there is '007', so zeros at the beginning or capital letters were changed"),
        (["p1"], ["P1"], "'P1' has no record in L; there is 'p1'"),
        (["a"], ["a", ""], "R, row 3, column 'id': has no value to join on"),
        (["a", ""], ["a"], "L, row 3, column 'id': has no value to join on"),
        (["a", "b"], ["a"], "R: no record for id b, which L has. If partners may be missing, write join: left"),
        (["a"], ["a", "a"], "R, row 3, column 'id': the value 'a' stands twice. If a record has several partners"),
        ([*"abcdefgh"], ["a"], "no record for id b, c, d, e, f and 2 more"),
    ],
)
def test_what_does_not_join_is_told(left, right, words):
    with pytest.raises(ReplicalcError) as error:
        join_sources([table(left, "x"), table(right, "y")], ["L", "R"], "id")
    assert words in str(error.value)


def test_a_key_that_is_not_there():
    with pytest.raises(ReplicalcError, match=r"R: no column 'id' to join on. Did you mean 'ids'\? 'rename' gives"):
        join_sources([table("a", "x"), table("a", "y", name="ids")], ["L", "R"], "id")
    with pytest.raises(ReplicalcError, match="need the key 'join_on' or 'stack'"):
        join_sources([table("a", "x"), table("a", "y")], ["L", "R"], None)


def test_a_column_of_both_files_must_say_the_same():
    with pytest.raises(ReplicalcError, match=r"R, row 2: 'x' stands in two sources.*here 'x9' and 'x2'.*'only'"):
        join_sources([table("a", "x"), [{ROW: "2", "id": "a", "x": "x9"}]], ["L", "R"], "id")
    joined, _ = join_sources([table("a", "x"), [{ROW: "2", "id": "a", "x": "x2"}]], ["L", "R"], "id")
    assert joined == [{ROW: "2", "id": "a", "x": "x2", f"{ROW}/1": "2"}]


def test_the_first_source_and_stacked_ones_are_joined_to_nothing():
    with pytest.raises(ReplicalcError, match="L: 'join' says how a source is joined to those before it"):
        join_sources([table("a", "x", "left")], ["L"], None)
    with pytest.raises(ReplicalcError, match="R: 'join' is for sources beside each other"):
        stack_sources([table("a", "x"), table("a", "x")], ["L", "R"], [{}, {"join": "left"}])
