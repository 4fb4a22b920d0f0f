"""Rows taken together, texts split and files stacked: what holds for whatever is in them."""

from __future__ import annotations

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from project import ROOT

from replicalc.cohort.collapse import choose, noted_variables, place_told, split_codes
from replicalc.cohort.source import stack_sources
from replicalc.errors import ReplicalcError
from replicalc.records import load_dictionary

VARIABLES = load_dictionary(ROOT / "data" / "dictionary.csv")
codes = st.sampled_from(VARIABLES["birads"].code_list)


@given(st.lists(codes | st.just(""), min_size=1, max_size=6), st.randoms(use_true_random=False))
def test_what_counts_does_not_depend_on_the_order_of_rows(values, random):
    variable = VARIABLES["birads"]
    shuffled = random.sample(values, len(values))
    for rule in ("highest", "lowest"):
        chosen = choose(rule, values, variable, variable.code_list)
        assert chosen == choose(rule, shuffled, variable, variable.code_list)
        known = [variable.code_list.index(value) for value in values if value]
        assert chosen == (variable.code_list[(max if rule == "highest" else min)(known)] if known else "")


@given(st.lists(st.sampled_from(["yes", "no", ""]), min_size=1, max_size=5))
def test_any_yes_is_what_holds_however_the_gaps_are_filled(values):
    """Kleene's logic: known if every way to fill the empty cells gives the same answer."""
    filled = [[]]
    for value in values:
        filled = [[*row, each] for row in filled for each in ([value] if value else ["yes", "no"])]
    answers = {"yes" if "yes" in row else "no" for row in filled}
    assert choose("any_yes", values, VARIABLES["malignant"], []) == (answers.pop() if len(answers) == 1 else "")


@given(st.lists(st.dates(datetime.date(1990, 1, 1), datetime.date(2030, 1, 1)), min_size=1, max_size=5))
def test_the_latest_date_is_the_highest(dates):
    texts = [date.isoformat() for date in dates]
    assert choose("highest", texts, VARIABLES["surgery_date"], []) == max(dates).isoformat()


parts = {"A": "a", "B": "b", "A-B": "ab", "C": "c", "B-C-A": "bca"}


@given(st.lists(st.sampled_from(["A", "B", "C"]), min_size=1, max_size=6))
def test_splitting_takes_every_part_once_and_the_longest_known_text_whole(texts):
    found = split_codes("-".join(texts), parts, "-")
    assert len(set(found)) == len(found)
    # By another way: the longest known beginning, again and again.
    rest, expected = "-".join(texts), []
    while rest:
        begin = max((p for p in parts if f"{rest}-".startswith(f"{p}-")), key=len)
        expected.append(parts[begin])
        rest = rest[len(begin) + 1 :]
    assert found == list(dict.fromkeys(expected))


@given(st.text(alphabet="ABC-x", min_size=1, max_size=8))
def test_a_text_is_split_into_known_codes_or_refused(text):
    if set(text.split("-")) <= {"A", "B", "C"}:
        assert set(split_codes(text, parts, "-")) <= set(parts.values())
    else:
        with pytest.raises(ValueError, match="which is not a known code"):
            split_codes(text, parts, "-")


tables = st.lists(
    st.tuples(
        st.sets(st.sampled_from("abc")).map(sorted),
        st.lists(st.tuples(*[st.sampled_from(["", "1", "2"])] * 3), min_size=1, max_size=4),
    ),
    min_size=1,
    max_size=4,
)


@given(tables)
def test_stacking_loses_and_invents_nothing(drawn):
    read = [
        [
            {"source_row": str(number), "id": f"{index}.{number}", **{c: row["abc".index(c)] for c in columns}}
            for number, row in enumerate(rows, start=2)
        ]
        for index, (columns, rows) in enumerate(drawn)
    ]
    everything = sorted({column for columns, _ in drawn for column in columns})
    sources = [{"without": [c for c in everything if c not in columns]} for columns, _ in drawn]
    names = [f"file {index}" for index in range(len(drawn))]
    records, origin = stack_sources(read, names, sources)
    assert sorted(origin) == sorted([*everything, "id"])
    assert [(r["id"], r["source_row"]) for r in records] == [(r["id"], r["source_row"]) for t in read for r in t]
    for record, old in zip(records, [r for table in read for r in table], strict=True):
        assert {c: record[c] for c in everything} == {c: old.get(c, "") for c in everything}
    for index, source in enumerate(sources):
        if source["without"]:
            with pytest.raises(ReplicalcError, match=f"file {index}: the column '{source['without'][0]}'"):
                stack_sources(read, names, [{} if s is source else s for s in sources])


def test_places_and_notes_read_as_written():
    assert place_told([("", "2")]) == "row 2"
    assert place_told([("", "2"), ("", "5"), ("", "9")]) == "rows 2, 5 and 9"
    assert place_told([("a.csv", "2"), ("b.csv", "2"), ("b.csv", "3")]) == "a.csv, row 2 and b.csv, rows 2 and 3"
    assert noted_variables("birads=3|4;patient_id;calc_type=round|(empty)") == ["birads", "patient_id", "calc_type"]
    assert noted_variables("") == []
