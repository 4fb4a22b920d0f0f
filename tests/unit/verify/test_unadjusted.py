"""Odds ratios called unadjusted against counts: tables drawn and printed by each method, and faults put into them."""

from __future__ import annotations

from math import isfinite

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.stats import contingency
from toy import judged, rows, run

from replicalc.errors import ReplicalcError
from replicalc.records import validate
from replicalc.stats.odds_ratio import ALL_METHODS, interval
from replicalc.verify.printed import format_as, parse
from replicalc.verify.which_ratio import which_ratio

TABLE = (30, 20, 21, 29)
KEYS = {"n": "n", "events": "e", "exposed": "x", "exposed_events": "xe"}
RATIO = {"id": "o", "kind": "ratio", "claims": ["o.*"], "measure": "odds", "adjusted": False}
FULL = RATIO | KEYS


def paper(table, triple, p=None) -> str:
    a, b, c, d = table
    text = f"n n {a + b + c + d}\ne n {a + c}\nx n {a + b}\nxe n {a}\n"
    text += "".join(f"o.{s} {s} {v}\n" for s, v in zip(("or", "or_lo", "or_hi"), triple, strict=True))
    return text + (f"o.p p {p}" if p else "")


def prints(table, method="Woolf", decimals=3, **more) -> list[str]:
    found = interval(*table, method, **more)
    return [format_as(value, decimals) for value in (found.value, found.lo, found.hi)]


def verdicts(text: str, relation) -> list[str]:
    found = rows(run(text, relation))
    return [found[f"o.{s}"].verdict for s in ("or", "or_lo", "or_hi")]


CELLS = st.tuples(*[st.integers(1, 60)] * 4)


@settings(max_examples=60, deadline=None)
@given(CELLS, st.sampled_from(ALL_METHODS), st.integers(2, 3), st.sampled_from(["half-up", "half-even", "truncation"]))
def test_what_a_method_prints_of_a_table_comes_out(cells, method, decimals, rounding):
    found = interval(*cells, method)
    triple = [format_as(v, decimals, rounding) for v in (found.value, found.lo, found.hi)]
    assume(all(float(text) > 0 for text in triple))
    text = paper(cells, triple)
    assert verdicts(text, {**FULL, "methods": [method]}) == ["exact"] * 3
    plain = verdicts(text, FULL)
    assert set(plain) <= ({"exact"} if method == "Woolf" else {"exact", "unstated_method"})


@settings(max_examples=60, deadline=None)
@given(CELLS, st.sampled_from(range(3)), st.integers(2, 40), st.sampled_from((-1, 1)))
def test_a_number_that_is_changed_is_seen_and_repaired(cells, which, units, side):
    right = prints(cells)
    wrong = list(right)
    wrong[which] = f"{float(right[which]) + side * units / 1000:.3f}"
    assume(float(wrong[which]) > 0 and float(wrong[1]) < float(wrong[2]))
    assume(not any(all(x.fits) for x in which_ratio(cells, *map(parse, wrong))))
    # Within a few units another method may lie nearer than Woolf's; then the changed number may come out by that one.
    assume(not any(x.fits[which] for x in which_ratio(cells, *map(parse, wrong))))
    found = rows(run(paper(cells, wrong), {**FULL, "methods": ["Woolf"]}))
    bad = found[("o.or", "o.or_lo", "o.or_hi")[which]]
    assert (bad.verdict, bad.repair) == ("impossible", f"{right[which]} (Woolf)")
    others = [found[name].verdict for i, name in enumerate(("o.or", "o.or_lo", "o.or_hi")) if i != which]
    assert others == ["exact", "exact"]


def test_one_unit_is_rounding_and_says_what_it_should_read():
    ratio, lo, hi = prints(TABLE, decimals=2)
    found = rows(run(paper(TABLE, (ratio, f"{float(lo) + 0.01:.2f}", hi)), FULL))
    assert (found["o.or_lo"].verdict, found["o.or_lo"].repair) == ("rounding", lo)
    assert found["o.or"].verdict == found["o.or_hi"].verdict == "exact"


def test_exact_limits_are_those_of_scipy_as_well():
    """An independent search for the same limits (scipy.stats.contingency.odds_ratio)."""
    theirs = contingency.odds_ratio([[30, 20], [21, 29]], kind="conditional")
    limits = theirs.confidence_interval(0.95)
    triple = [format_as(float(v), 3) for v in (theirs.statistic, limits.low, limits.high)]
    found = rows(run(paper(TABLE, triple), FULL))
    for name in ("o.or", "o.or_lo", "o.or_hi"):
        assert found[name].verdict == "unstated_method" and "exact conditional" in found[name].method
        assert "names no method" in found[name].note and found[name].repair in prints(TABLE)
    # The sample odds ratio beside exact limits: the ratio is right, the limits are of a method that is not named.
    assert verdicts(paper(TABLE, (prints(TABLE)[0], *triple[1:])), FULL) == ["exact", *["unstated_method"] * 2]


@pytest.mark.parametrize(
    ("methods", "limits", "verdict"),
    [
        ([], ("0.70", "6.10"), "unstated_method"),  # of no method, but not so far away that none could be
        (["exact conditional"], ("0.70", "6.10"), "impossible"),
        ([], ("0.07", "61.00"), "impossible"),  # the exact tail there is below a millionth
        (["mid-P"], ("0.93", "4.60"), "unstated_method"),  # Woolf's, and the paper names another one
    ],
)
def test_limits_without_a_method(methods, limits, verdict):
    relation = {**FULL, "methods": methods} if methods else FULL
    assert verdicts(paper(TABLE, ("2.07", *limits)), relation) == ["exact", verdict, verdict]


def test_a_ratio_of_other_counts_is_impossible_and_the_counts_that_would_do_are_told():
    other = prints((31, 19, 20, 30))
    found = rows(run(paper(TABLE, other), FULL))
    assert found["o.or"].verdict == "impossible" and found["o.or"].repair.startswith(prints(TABLE)[0])
    told = "all three come out with 31 for 30 exposed with the event or 49 for 51 patients with the event"
    assert told in found["o.or"].note  # 30, 20, 19, 31 has the same ratio and limits


def test_a_ratio_turned_round_is_told_as_such():
    found = rows(run(paper(TABLE, prints((21, 29, 30, 20))), FULL))
    assert {found[f"o.{s}"].verdict for s in ("or", "or_lo", "or_hi")} == {"unstated_method"}
    assert "of the unexposed against the exposed" in found["o.or"].method and found["o.or"].repair == prints(TABLE)[0]


@pytest.mark.parametrize(
    ("p", "methods", "verdict", "repair"),
    [
        ("0.073", [], "exact", ""),  # Wald 0.0734
        ("0.109", [], "unstated_method", "0.073"),  # Fisher
        ("0.109", ["exact conditional"], "exact", ""),
        ("0.071", ["Cornfield"], "exact", ""),  # Pearson 0.0713
        ("0.400", [], "unstated_method", "0.073"),
        ("0.400", ["Woolf"], "impossible", "0.073"),
        ("<0.05", ["Woolf"], "unstated_method", ""),
        ("1.4", [], "impossible", ""),
    ],
)
def test_p_of_a_known_table(p, methods, verdict, repair):
    relation = {**FULL, "methods": methods} if methods else FULL
    row = rows(run(paper(TABLE, prints(TABLE), p), relation))["o.p"]
    assert row.verdict == verdict, row
    assert row.repair.startswith(repair)


def test_an_empty_cell_has_no_woolf_limits_but_others():
    zero = (12, 8, 0, 20)
    triple = prints(zero, "Woolf with 0.5", decimals=2)
    found = rows(run(paper(zero, triple, "0.001"), FULL))
    assert {found[f"o.{s}"].verdict for s in ("or", "or_lo", "or_hi")} == {"unstated_method"}
    assert "Woolf with 0.5" in found["o.or"].method and not isfinite(interval(*zero, "Woolf").value)


@pytest.mark.parametrize(
    "known", [("n", "events"), ("n", "exposed", "exposed_events"), ("n", "events", "exposed_events")]
)
def test_the_only_table_of_some_margins_is_told(known):
    relation = RATIO | {key: KEYS[key] for key in known}
    found = rows(run(paper(TABLE, prints(TABLE), "0.109"), relation))
    for name in ("o.or", "o.or_lo", "o.or_hi"):
        assert (found[name].verdict, found[name].solutions) == ("exact", "1")
        assert "30 of 50 exposed and 21 of 50 unexposed" in found[name].evidence
        assert "the only 2x2 table" in found[name].evidence
    assert found["o.p"].verdict == "unstated_method" and "Fisher" in found["o.p"].method


def test_several_tables_leave_the_counts_open():
    relation = RATIO | {"n": "n", "events": "e"}
    row = rows(run(paper(TABLE, prints(TABLE, decimals=1)), relation))["o.or"]
    assert row.verdict == "exact" and int(row.solutions) > 1 and "left open" in row.note


def test_no_table_of_the_margins_is_a_proof_where_woolf_is_named_and_weaker_where_not():
    triple = ("2.071", "0.913", "4.698")  # symmetric on the log scale, of no 50 and 50 patients
    margins = RATIO | {"n": "n", "events": "e", "exposed": "x"}
    named = rows(run(paper(TABLE, triple), {**margins, "methods": ["Woolf"]}))["o.or"]
    assert named.verdict == "impossible" and "no 2x2 table of 100 patients, 51 events, 50 exposed" in named.evidence
    assert rows(run(paper(TABLE, triple), margins))["o.or"].verdict == "unstated_method"
    both = {**margins, "methods": ["Woolf", "exact conditional"]}
    assert rows(run(paper(TABLE, triple), both))["o.or"].verdict == "unstated_method"
    other = {**margins, "methods": ["mid-P"]}
    assert rows(run(paper(TABLE, triple), other))["o.or"].verdict == "exact"  # nothing but that they agree
    fewer = {**margins, "methods": ["Woolf"], "at_most": "n"}
    assert rows(run(paper(TABLE, triple), fewer))["o.or"].verdict == "exact"


def test_a_limit_one_unit_from_a_table_of_the_margins_is_rounding():
    ratio, lo, hi = prints(TABLE, decimals=2)
    relation = RATIO | {"n": "n", "events": "e", "exposed": "x", "methods": ["Woolf"]}
    found = rows(run(paper(TABLE, (ratio, f"{float(lo) + 0.01:.2f}", hi)), relation))
    assert (found["o.or_lo"].verdict, found["o.or_lo"].repair) == ("rounding", lo)
    assert found["o.or"].verdict == found["o.or_hi"].verdict == "exact"


@settings(max_examples=40, deadline=None)
@given(st.tuples(*[st.integers(1, 30)] * 4), st.integers(1, 3), st.sets(st.sampled_from(list(KEYS)), min_size=2))
def test_a_table_s_own_print_is_never_flagged_whatever_is_known(cells, decimals, known):
    triple = prints(cells, decimals=decimals)
    assume(float(triple[0]) > 0 and float(triple[1]) < float(triple[2]))
    relation = RATIO | {key: KEYS[key] for key in {"n", *known}} | {"methods": ["Woolf"]}
    assert set(verdicts(paper(cells, triple), relation)) == {"exact"}


def test_a_ratio_without_a_word_on_adjustment_is_judged_as_before():
    wrong = paper(TABLE, prints((31, 19, 20, 30)))
    silent = {key: value for key, value in RATIO.items() if key != "adjusted"} | {"n": "n", "events": "e"}
    assert verdicts(wrong, silent) == ["exact"] * 3


def test_counts_that_rest_on_a_repair_prove_nothing():
    """20 and 29 are not the 50 exposed: of what is left of them nobody can be sure."""
    text = paper(TABLE, prints((44, 6, 7, 43))).replace("xe n 30\n", "y.n count 20\nz.n count {}\n")
    relation = {**FULL, "methods": ["Woolf"], "exposed_events": {"total": "x", "without": ["y.n"]}}
    parts = {"id": "s", "kind": "sum", "total": "x", "parts": ["y.n", "z.n"]}
    found = rows(run(text.format(29), parts, relation))
    assert {found[f"o.{s}"].verdict for s in ("or", "or_lo", "or_hi")} == {"underdetermined"}
    assert "some printed counts exclude each other" in found["o.or"].note
    sure = rows(run(text.format(30), parts, relation))
    assert {sure[f"o.{s}"].verdict for s in ("or", "or_lo", "or_hi")} == {"impossible"}


def test_counts_that_exclude_each_other_leave_the_ratio_alone():
    text = paper(TABLE, prints(TABLE)).replace("xe n 30", "xe n 60")
    found = rows(run(text, FULL))
    assert found["o.or"].verdict in ("not_checkable", "exact", "underdetermined")
    assert found["xe"].verdict == "impossible" or found["x"].verdict == "impossible"


def test_all_methods_are_shown():
    found = judged(run(paper(TABLE, prints(TABLE)), FULL), "o")
    table = next(t for t in found.tables if t.title.startswith("Odds ratio and limits"))
    assert {row[0].partition(",")[0] for row in table.rows} == set(ALL_METHODS)


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ({"methods": ["Wolf"]}, "there is no interval method 'Wolf'"),
        ({"adjusted": True}, "'exposed_events' is for odds ratios that the paper calls unadjusted"),
        ({"exposed_events": "o.or"}, "has no count"),
    ],
)
def test_faults(more, sentence):
    with pytest.raises(ReplicalcError, match=f"relation o: .*{sentence}"):
        run(paper(TABLE, prints(TABLE)), FULL | more)
    with pytest.raises(ReplicalcError, match="no odds ratio of the table"):
        which_ratio((1, 2, 3, -4), *map(parse, ("1.0", "0.5", "2.0")))


def test_the_schema_knows_the_keys_and_where_they_may_stand():
    from toy import about

    study = {"study": "toy", "relations": [{**FULL, "methods": ["Woolf"]}]}
    base = {key: value for key, value in about(FULL).items() if key != "relations"}

    def told(relation) -> str:
        try:
            validate({**base, **study, "relations": [relation]}, "study", "study.yaml")
        except ReplicalcError as error:
            return str(error)
        return ""

    without = told({key: value for key, value in FULL.items() if key != "exposed_events"})
    assert told({**FULL, "methods": ["Woolf"]}) == without
    assert told({**FULL, "adjusted": True}) != without
    assert told({**FULL, "method": "Woolf"}) != without
