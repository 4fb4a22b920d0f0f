"""Ratios with their limits, and models: worked out from 2x2 tables and small regressions."""

from __future__ import annotations

import copy
from math import exp, log, sqrt

import pytest
from scipy import stats
from toy import about, claims, judged, ledger, one, rows, run

from replicalc.errors import ReplicalcError
from replicalc.verify.ratios import crude_tables
from replicalc.verify.weighing import certify, model_input, proven

Z = stats.norm.ppf(0.975)
RATIO = {"id": "o", "kind": "ratio", "claims": ["o.*"], "measure": "odds"}


def woolf(a, b, c, d) -> tuple[float, float, float, float]:
    se = sqrt(1 / a + 1 / b + 1 / c + 1 / d)
    ratio = a * d / (b * c)
    return ratio, ratio * exp(-Z * se), ratio * exp(Z * se), 2 * stats.norm.sf(abs(log(ratio)) / se)


def printed(ratio, lo, hi, p=None, stat="or", name="o") -> str:
    text = f"{name}.r {stat} {ratio}\n{name}.lo {stat}_lo {lo}\n{name}.hi {stat}_hi {hi}"
    return text + (f"\n{name}.p p {p}" if p is not None else "")


TABLE = (30, 20, 21, 29)
OR, LO, HI, P = (f"{x:.3f}" for x in woolf(*TABLE))


@pytest.mark.parametrize(
    ("given", "verdicts", "repair"),
    [
        ((OR, LO, HI, P), ("exact", "exact"), ""),
        ((OR, LO, HI, "<0.1"), ("exact", "exact"), ""),
        ((OR, LO, HI, "0.5"), ("exact", "unstated_method"), ""),
        ((f"{float(OR) + 0.005:.3f}", LO, HI, P), ("unstated_method", "exact"), "ratio"),
        (("1.96", "1.10", "3.45", None), ("rounding", ""), "ratio 1.95"),
        (("9.0", LO, HI, None), ("impossible", ""), "ratio"),
        ((OR, LO, HI, "NS"), ("exact", "not_checkable"), ""),
        ((OR, LO, HI, "1.4"), ("exact", "impossible"), ""),
    ],
)
def test_verdicts_on_a_ratio(given, verdicts, repair):
    found = rows(run(printed(*given), RATIO))
    assert found["o.r"].verdict == found["o.lo"].verdict == found["o.hi"].verdict == verdicts[0], found["o.r"]
    assert found["o.r"].repair.startswith(repair)
    if verdicts[1]:
        assert found["o.p"].verdict == verdicts[1], found["o.p"]


def test_swapped_limits_are_told_of_the_limits_alone():
    found = rows(run(printed(OR, HI, LO, P), RATIO))
    assert (found["o.lo"].verdict, found["o.lo"].repair) == ("impossible", LO)
    assert (found["o.hi"].verdict, found["o.hi"].repair) == ("impossible", HI)
    for name in ("o.r", "o.p"):
        assert found[name].verdict == "not_checkable" and "swapped" in found[name].note
    apart = rows(run(printed("9.0", HI, LO), RATIO))  # no order of the limits has the ratio between them
    assert apart["o.lo"].verdict == "impossible" and apart["o.lo"].repair == ""


@pytest.mark.parametrize("text", ["NS", "", "-", "not reached", "<5", "12 (24%)"])
@pytest.mark.parametrize("place", range(3))
def test_what_is_no_number_is_not_judged(text, place):
    numbers = [OR, LO, HI]
    numbers[place] = text
    assert {row.verdict for row in rows(run(printed(*numbers, P), RATIO)).values()} == {"not_checkable"}


def test_equal_limits_are_those_of_a_narrow_interval():
    """1.00 (1.00 to 1.00) is what a large study prints of an odds ratio by year."""
    assert {r.verdict for r in rows(run(printed("1.00", "1.00", "1.00"), RATIO)).values()} == {"not_checkable"}


def test_raised_points_are_read():
    found = rows(run(printed("1·50", "1·00", "2·25"), RATIO))
    assert {row.verdict for row in found.values()} == {"exact"}


def test_an_interval_narrower_than_its_patients_allow_is_impossible():
    """Of 100 patients, 51 with the event and 50 exposed, no odds ratio has limits as close as these."""
    text = "n n 100\ne n 51\n" + printed("2.00", "1.80", "2.22")
    found = rows(run(text, {**RATIO, "n": "n", "events": "e", "exposed": 50}))
    assert found["o.r"].verdict == "exact" and {found["o.lo"].verdict, found["o.hi"].verdict} == {"impossible"}
    wide = rows(run("n n 100\ne n 51\n" + printed(OR, LO, HI), {**RATIO, "n": "n", "events": "e", "exposed": 50}))
    assert wide["o.lo"].verdict == "exact"


def test_a_hazard_ratio():
    found = rows(run(printed("2.00", "1.00", "4.00", stat="hr"), {**RATIO, "measure": "hazard"}))
    assert found["o.r"].verdict == "exact"
    text = "n n 100\ne n 10\n" + printed("2.00", "1.80", "2.22", stat="hr")
    found = rows(run(text, {**RATIO, "measure": "hazard", "n": "n", "events": "e"}))
    assert found["o.lo"].verdict == "impossible"  # 2 / sqrt(10) is the least standard error


def test_an_adjusted_ratio_that_comes_out_crudely():
    text = "n n 100\ne n 51\n" + printed(OR, LO, HI)
    found = run(text, {**RATIO, "n": "n", "events": "e", "exposed": 50, "adjusted": True})
    crude = judged(found, "o").facts["crude"]
    assert TABLE in {(t.exposed_events, t.exposed_others, t.unexposed_events, t.unexposed_others) for t in crude.tables}
    fewer = run(text, {**RATIO, "n": "n", "events": "e", "exposed": 50, "adjusted": True, "at_most": "n"})
    assert "crude" not in judged(fewer, "o").facts


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ({"measure": "risk"}, "measure is odds or hazard"),
        ({"claims": ["o.r", "o.lo"]}, "none of its claims has the stat or_hi"),
        ({"measure": "hazard"}, "none of its claims has the stat hr"),
        ({"events": "o.r"}, "has no count"),
    ],
)
def test_faults_of_a_ratio(more, sentence):
    with pytest.raises(ReplicalcError, match=f"relation o: .*{sentence}"):
        run(printed(OR, LO, HI), RATIO | more)


TWO = [{**RATIO, "id": x, "claims": [f"{x}.*"], "n": "n", "events": "e"} for x in ("o", "q")]
MODEL = {"id": "m", "kind": "model", "ratios": ["o", "q"], "n": "n", "events": "e"}
PAIR = "n n 100\ne n 51\n" + printed(OR, LO, HI) + "\n" + printed("1.50", "0.60", "3.75", name="q")


def answer(verdict: str, **more):
    return {"verdict": verdict, "method": "a search", "evidence": "told", "repair": "", "cells": [], **more}


@pytest.mark.parametrize("verdict", ["impossible", "underdetermined"])
def test_a_certificate_that_is_handed_in(verdict):
    asked = {}

    def certificate(name, question):
        asked[name] = question
        return answer(verdict, repair="more patients")

    found = run(PAIR, *TWO, MODEL, certificate=certificate)
    assert asked == {
        "m": {"terms": [["o", OR, LO, HI], ["q", "1.50", "0.60", "3.75"]], "n": [100, 100], "events": [51, 51],
              "margins": [], "exclusive": [], "level": 0.95}
    }  # fmt: skip
    verdicts = {row.verdict for name, row in rows(found).items() if name[0] in "oq"}
    assert verdicts == ({"impossible"} if verdict == "impossible" else {"exact"})
    assert judged(found, "m").facts["verdict"] == verdict
    if verdict == "impossible":
        assert rows(found)["o.r"].repair == "more patients" and "not all can hold" in rows(found)["q.hi"].note


def test_ratios_that_come_out_crudely_are_told_as_such():
    adjusted = [{**TWO[0], "adjusted": True, "exposed": 50}, TWO[1]]
    found = rows(run(PAIR, *adjusted, MODEL, certificate=lambda *_: answer("impossible")))
    assert found["o.r"].verdict == "unstated_method" and "crudely" in found["o.r"].evidence
    assert found["q.r"].verdict == "impossible"


def test_of_several_crude_tables_one_is_told_as_one_of_them():
    adjusted = [{**each, "adjusted": True} for each in TWO]
    coarse = [f"{x:.1f}" for x in woolf(28, 22, 23, 27)[:3]]
    text = PAIR.partition("q.r")[0] + printed(*coarse, name="q")
    found = rows(run(text, *adjusted, MODEL, certificate=lambda *_: answer("impossible")))
    many = len(crude_tables(*coarse, 100, 51).tables)
    assert many > 1 and found["q.r"].solutions == str(many)
    assert f"(one of {many} such tables) give it crudely" in found["q.r"].evidence


def test_the_excess_of_a_standard_error_is_rounded_down_as_only_so_much_is_proven():
    adjusted = [{**TWO[0], "adjusted": True, "exposed": 50}, TWO[1]]
    found = rows(run(PAIR, *adjusted, MODEL, certificate=lambda *_: answer("impossible", inflation=1.0378)))
    assert "at least one standard error is 3.7 % or more above the print" in found["o.r"].evidence


def test_a_model_is_not_refuted_by_limits_that_are_not_wald_s():
    """Exact or profile limits of the same patients tell no standard error; nor do those of a misprint."""
    uneven = PAIR.replace("q.hi or_hi 3.75", "q.hi or_hi 3.35")
    found = run(uneven, *TWO, MODEL, certificate=lambda *_: answer("impossible"))
    assert rows(found)["o.r"].verdict == "exact" and "also in m" in rows(found)["o.r"].note
    assert rows(found)["q.r"].verdict == "unstated_method"
    assert "the limits of q are no Wald limits" in " ".join(judged(found, "m").lines)
    assert judged(found, "m").facts["verdict"] == "undecided"
    words = "w holds one model"
    said = {"kind": "statement", "claim": "w", "one_model": "m"}
    sentence = rows(run(f"{uneven}\n{words}", *TWO, MODEL, said, certificate=lambda *_: answer("impossible")))["w"]
    assert sentence.verdict == "underdetermined"
    even = rows(run(f"{PAIR}\n{words}", *TWO, MODEL, said, certificate=lambda *_: answer("impossible")))
    assert even["w"].verdict == even["q.r"].verdict == "impossible"
    # One unit of a last place is a rounding, and the standard error is as sure as the print.
    near = PAIR.replace("q.hi or_hi 3.75", "q.hi or_hi 3.76")
    assert rows(run(near, *TWO, MODEL, certificate=lambda *_: answer("impossible")))["q.r"].verdict == "impossible"


def test_a_certificate_that_fails_leaves_the_ratios_alone():
    def fails(*_):
        raise ReplicalcError("too many factors")

    found = run(PAIR, *TWO, MODEL, certificate=fails)
    assert rows(found)["o.r"].verdict == "exact" and "Not certified: too many factors." in judged(found, "m").lines


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ({"ratios": ["o", "x"]}, "there is no relation 'x' of kind ratio"),
        ({"ratios": ["o", "m"]}, "there is no relation 'm' of kind ratio"),
        ({"n": "o.n"}, "there is no claim 'o.n'"),
    ],
)
def test_faults_of_a_model(more, sentence):
    with pytest.raises(ReplicalcError, match=f"relation m: {sentence}"):
        run(PAIR, *TWO, MODEL | more, certificate=lambda *_: answer("impossible"))


def question(text: str, *relations) -> dict:
    paper, book = ledger(text, *relations)
    return model_input(paper, book, paper.relations["m"])


ALONE = {**MODEL, "ratios": ["o"]}


def test_the_certificate_itself_on_one_term():
    """A crude odds ratio is its own model: patients exist. Limits too narrow for 20 patients have none."""
    right = "n n 100\ne n 51\n" + printed(OR, LO, HI)
    assert certify(question(right, TWO[0], ALONE))["verdict"] != "impossible"
    narrow = "n n 20\ne n 10\n" + printed("2.00", "1.80", "2.22")
    wrong = certify(question(narrow, TWO[0], ALONE))
    assert wrong["verdict"] == "impossible"
    assert proven(wrong) > 1


def test_a_kept_proof_is_added_up_again_and_a_forged_one_is_not_believed():
    kept = certify(question("n n 20\ne n 10\n" + printed("2.00", "1.80", "2.22"), TWO[0], ALONE))
    forged = copy.deepcopy(kept)
    forged["proof"]["pieces"] = forged["proof"]["pieces"][1:]
    with pytest.raises(ReplicalcError, match="do not fill the range"):
        proven(forged)
    assert proven(kept) == pytest.approx(kept["inflation"], rel=1e-6)


def test_verify_asks_for_the_certificate_itself_by_default():
    text = "n n 20\ne n 10\n" + printed("2.00", "1.80", "2.22")
    row = one(text, "o.r", {**TWO[0], "at_most": "n"}, ALONE)
    assert row.verdict == "impossible"
    assert about(RATIO)["relations"][0]["id"] == "o" and claims(text)[0].claim_id == "toy.n"
