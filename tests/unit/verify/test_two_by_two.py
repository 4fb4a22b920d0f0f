"""Fourfold tables behind diagnostic measures: published answers, brute force, and tables that must never be lost."""

from __future__ import annotations

from decimal import Decimal
from itertools import product

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from published import printed, whole

from replicalc.errors import ReplicalcError
from replicalc.verify import two_by_two as module
from replicalc.verify.fourfold import MARGINS, MEASURES, Table
from replicalc.verify.printed import ROUNDINGS, parse
from replicalc.verify.recovery import print_share, roundings_of
from replicalc.verify.two_by_two import smallest_repair, two_by_two

cells = st.tuples(*[st.integers(0, 90)] * 4).filter(any)
names = st.sets(st.sampled_from(sorted(MEASURES)), min_size=1)
rounding = st.sampled_from(sorted(ROUNDINGS))


def prints(table: Table, measures, places: int, name: str):
    """The measures of a table as a paper would print them; those without a denominator are left out."""
    return {m: parse(print_share(*table.share(m), places, name)) for m in measures if table.share(m)[1]}


def counts(table) -> tuple[int, int, int, int]:
    return table.tp, table.fp, table.fn, table.tn


@settings(max_examples=600, deadline=None)
@given(cells, names, st.integers(0, 2), rounding)
def test_a_printed_table_is_always_recovered(drawn, measures, places, name):
    table = Table(*drawn)
    shown = prints(table, measures, places, name)
    assume(shown)
    found = two_by_two(shown, table.n, repair=False)
    assert dict(found.counts)[name] > 0
    if found.complete:
        assert name in next(t for t in found.tables if counts(t) == drawn).roundings


@settings(max_examples=150, deadline=None)
@given(st.tuples(*[st.integers(0, 6)] * 4).filter(any), names, st.integers(0, 1), st.integers(-3, 3))
def test_exactly_the_tables_of_brute_force(drawn, measures, places, shift):
    table = Table(*drawn)
    shown = prints(table, measures, places, "half-up")
    assume(shown)
    # One measure is moved by a few units, so that also prints without any table are compared.
    first = sorted(shown)[0]
    moved = shown[first].value + Decimal(shift).scaleb(-places)
    if 0 <= moved <= 100:
        shown[first] = parse(str(moved))
    slow = {}
    for a, b, c in product(range(table.n + 1), repeat=3):
        if a + b + c <= table.n:
            t = Table(a, b, c, table.n - a - b - c)
            fits = [r for r in ROUNDINGS if all(r in roundings_of(*t.share(m), p) for m, p in shown.items())]
            if fits:
                slow[counts(t)] = tuple(fits)
    found = two_by_two(shown, table.n, repair=False)
    assert {counts(t): t.roundings for t in found.tables if t.roundings != ("mixed",)} == slow


@settings(max_examples=100, deadline=None)
@given(cells, st.sets(st.sampled_from(sorted(MEASURES)), min_size=3), rounding)
def test_more_digits_never_add_tables_and_order_does_not_matter(drawn, measures, name):
    table = Table(*drawn)
    coarse, fine = (prints(table, measures, places, name) for places in (1, 2))
    assume(coarse)
    one, two = two_by_two(coarse, table.n), two_by_two(fine, table.n)
    if name == "truncation":  # truncated prints nest exactly
        assert dict(two.counts)[name] <= dict(one.counts)[name]
    assert two_by_two(dict(reversed(coarse.items())), table.n) == one


@settings(max_examples=40, deadline=None)
@given(st.tuples(*[st.integers(1, 40)] * 4), rounding)
def test_an_unknown_size_is_recovered_with_its_table(drawn, name):
    table = Table(*drawn)
    shown = prints(table, ("sensitivity", "specificity", "ppv", "npv", "accuracy"), 1, name)
    found = two_by_two(shown, (1, 200), repair=False)
    assert not found.complete or drawn in {counts(t) for t in found.tables}


@settings(max_examples=100, deadline=None)
@given(cells, st.sets(st.sampled_from(sorted(MARGINS)), min_size=1, max_size=3))
def test_known_margins_keep_the_true_table_and_nothing_that_breaks_them(drawn, margins):
    table = Table(*drawn)
    known = {m: sum(getattr(table, c) for c in MARGINS[m].split()) for m in margins}
    shown = prints(table, ("sensitivity", "accuracy"), 1, "half-up")
    found = two_by_two(shown, table.n, known)
    assert dict(found.counts)["half-up"] > 0
    for t in found.tables:
        assert {m: sum(getattr(t, c) for c in MARGINS[m].split()) for m in margins} == known


def test_doppler_has_no_table_and_one_smallest_repair():
    doppler = printed("doppler")
    stats = {"accuracy": "acc", "sensitivity": "sens", "specificity": "spec", "ppv": "ppv", "npv": "npv"}
    measures = {name: doppler[f"{short}.pct"] for name, short in stats.items()}
    found = two_by_two(measures, whole(doppler["n_total"]))
    assert found.tables == ()
    assert [(r.names, dict(r.changes), r.n_tables) for r in found.repairs] == [
        (("specificity",), {"specificity": ("62.7",)}, 1)
    ]
    assert [counts(t) for t in found.nearest] == [(236, 38, 82, 64)]
    assert "specificity 62.7 instead of 62.8" in found.evidence
    # The conflict is a conflict, and none of its parts is one.
    conflict = {name: measures[name] for name in found.conflict}
    assert not two_by_two(conflict, 420, repair=False).tables
    for name in conflict:
        rest = {k: v for k, v in conflict.items() if k != name}
        assert dict(two_by_two(rest, 420, repair=False).counts)["half-up"] > 0


@pytest.mark.parametrize(("test", "table"), [("us", (41, 26, 7, 51)), ("mri", (48, 23, 0, 54))])
def test_us_mri_tables_are_unique(test, table):
    us_mri = printed("us_mri")
    stats = {"sensitivity": "sens", "specificity": "spec", "ppv": "ppv", "npv": "npv"}
    measures = {name: us_mri[f"{test}.{short}"] for name, short in stats.items()}
    found = two_by_two(measures, whole(us_mri["n_patients.lesions"]))
    assert found.unique and counts(found.tables[0]) == table


def test_us_mri_non_mass_lesions_have_no_table():
    us_mri = printed("us_mri")
    stats = {"sensitivity": "sens", "specificity": "spec", "ppv": "ppv", "npv": "npv"}
    measures = {name: us_mri[f"lesiontype.nonmass.{short}"] for name, short in stats.items()}
    measures["prevalence"] = us_mri["lesiontype.malignant.nonmass"]
    found = two_by_two(measures, 73)
    assert found.tables == ()
    assert [(r.names, dict(r.changes)) for r in found.repairs] == [(("ppv",), {"ppv": ("62.7",)})]


@settings(max_examples=40, deadline=None)
@given(cells, st.integers(0, 4), st.integers(2, 30))
def test_a_repair_makes_the_print_possible_and_a_single_defect_needs_no_more_than_one(drawn, which, shift):
    table = Table(*drawn)
    shown = prints(table, ("sensitivity", "specificity", "ppv", "npv", "accuracy"), 1, "half-up")
    assume(len(shown) == 5)
    name = sorted(shown)[which]
    moved = shown[name].value + Decimal(shift).scaleb(-1)
    assume(moved <= 100)
    broken = {**shown, name: parse(str(moved))}
    for repair in smallest_repair(broken, table.n):
        assert len(repair.names) == 1
        repaired = {**broken, **{n: parse(new[0]) for n, new in repair.changes}}
        assert two_by_two(repaired, table.n, repair=False).tables


def test_a_known_count_can_be_what_must_change():
    us_mri = printed("us_mri")
    measures = {
        "sensitivity": us_mri["us.sens"],
        "specificity": us_mri["us.spec"],
        "ppv": us_mri["us.ppv"],
        "npv": us_mri["us.npv"],
    }
    found = two_by_two(measures, 125, {"diseased": 49})
    assert (("diseased",), (("diseased", ("48",)),)) in [(r.names, r.changes) for r in found.repairs]


def test_large_sizes_are_searched_and_too_many_tables_counted():
    table = Table(2345, 1200, 655, 5800)
    shown = prints(table, ("sensitivity", "specificity", "ppv", "npv"), 1, "half-up")
    found = two_by_two(shown, table.n)
    assert found.complete and counts(table) in {counts(t) for t in found.tables}
    many = two_by_two({"accuracy": parse("80.0")}, 400)
    exact = sum((k + 1) * (400 - k + 1) for k in range(401) if 2 * 1000 * k >= 400 * 1599 and 2 * 1000 * k < 400 * 1601)
    assert not many.complete and dict(many.counts)["half-up"] == exact


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: two_by_two({"sensitvity": parse("80")}, 10), "Did you mean 'sensitivity'"),
        (lambda: two_by_two({"ppv": parse("120")}, 10), "from 0 to 100"),
        (lambda: two_by_two({"ppv": parse("80")}, 0), "whole number from 1"),
        (lambda: two_by_two({"ppv": parse("80")}, (20, 10)), "swapped"),
        (lambda: two_by_two({"ppv": parse("80")}, 10, {"sick": 3}), "no count of a fourfold table"),
        (lambda: two_by_two({"ppv": parse("80")}, module.MAX_KNOWN + 1), "whole number from 1"),
        (lambda: two_by_two({}, 10), "at least one measure"),
    ],
)
def test_bad_input_is_told_in_a_sentence(call, sentence):
    with pytest.raises(ReplicalcError, match=sentence):
        call()
