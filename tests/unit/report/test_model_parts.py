"""The parts that pages are made from: texts, drawings, rebuilt tables, sentences, proofs, the way to rule and function."""

from __future__ import annotations

import doctest
import io
import json
import xml.etree.ElementTree as ET
from contextlib import redirect_stdout

import pytest
from project import ROOT
from unit.report.made import DRAWING, HOSTILE

from replicalc.errors import ReplicalcError
from replicalc.report import findings, plain, proofs
from replicalc.report.drawings import inline
from replicalc.report.model import ClaimRow, Relation, Table
from replicalc.report.rulebook import results_drawn, rules_of
from replicalc.report.tables import rebuild
from replicalc.report.trail import files_in, is_private, source


def claim(
    name="t1.x", group="all", variable="a=x", stat="count", reported="19", location="Table 1", **more
) -> ClaimRow:
    given = dict(
        study="s", claim_id=f"s.{name}", result="s_r", location=location, kind=more.pop("kind", "count"), reported=reported,
        label=more.pop("label", "patients"), group=group, variable=variable, stat=stat, recomputed=reported, verdict="exact",
        method="", solutions="", evidence="", repair="", note="", cohorts=(),
    )  # fmt: skip
    return ClaimRow(**(given | more))


@pytest.mark.parametrize("module", [plain, findings])
def test_examples_in_docstrings(module):
    assert doctest.testmod(module).failed == 0


@pytest.mark.parametrize("text", HOSTILE)
def test_an_anchor_is_an_address_and_a_file_name(text):
    made = plain.anchor(text)
    assert (
        made
        and len(made) <= 120
        and not set(made) - set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-")
    )


def test_different_endless_names_have_different_anchors():
    assert plain.anchor("x" * 500) != plain.anchor("x" * 501)


def test_a_drawing_keeps_what_is_drawn_and_nothing_else():
    made = inline(DRAWING.format("A &lt; B"), "d")
    root = ET.fromstring(made)
    assert {each.tag for each in root.iter()} == {"svg", "title", "desc", "rect", "text", "use"}
    assert root.find("rect").attrib == {"width": "1", "height": "1", "fill": "#123456"}
    assert "example.org" not in made and "alert" not in made and root.find("text").text == "A < B"
    assert root.get("aria-labelledby").split() == [root.find("title").get("id"), root.find("desc").get("id")]


def test_ids_of_drawings_differ_and_references_follow():
    text = '<svg xmlns="http://www.w3.org/2000/svg" width="9pt" height="9pt"><clipPath id="c"/><g clip-path="url(#c)"><path d="M0 0"/></g></svg>'
    first, second = (ET.fromstring(inline(text, name)) for name in ("one", "two"))
    assert first.find("g").get("clip-path") == f"url(#{first.find('clipPath').get('id')})"
    assert first.find("clipPath").get("id") != second.find("clipPath").get("id")
    assert first.get("viewBox") == "0 0 9 9"


@pytest.mark.parametrize(
    ("letters", "uses"), [("ab", 2), ("specific", 7), ("ef", 1)], ids=["plain", "ligature", "not the same number"]
)
def test_outlines_become_letters_only_where_each_has_its_place(letters, uses):
    outlines = "".join(f'<use href="#g" transform="translate({60 * n} 0)"/>' for n in range(uses))
    made = inline(
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><defs><path id="g" d="M0 0"/></defs><g>'
        f'<!-- {letters} --><g transform="translate(5 6) scale(0.1 -0.1)">{outlines}</g></g></svg>',
        "d",
    )
    text = ET.fromstring(made).find("text")
    if letters == "ef":
        assert text is None and "<use" in made
    else:
        assert text.text == letters and len(text.get("x").split()) == len(letters)
        assert text.get("font-size") == "10" and text.get("transform") == "translate(5 6)"


@pytest.mark.parametrize("text", ["no drawing", "<svg/>", '<!DOCTYPE svg [<!ENTITY a "b">]><svg/>'])
def test_what_is_no_drawing_is_refused(text):
    with pytest.raises(ReplicalcError):
        inline(text, "d")


def test_a_cross_table_is_made_again():
    claims = [
        claim("n", "all", "r=yes", reported="52"),
        claim("a", "r=yes", "c=x", reported="19"),
        claim("b", "r=yes", "c=x", "percent", "36.5"),
        claim("c", "r=no", "c=y", reported="7"),
        claim("h", "all", "c=x", reported="25"),
        claim("p", "all", "r x c", "p", "<0.001", kind="p"),
        claim("elsewhere", "all", "r=yes", location="Results"),
    ]
    (table,) = rebuild(claims)
    assert table.columns == ("all", "x", "y") and [head for head, _ in table.rows] == ["all", "yes", "no"]
    cells = {
        (head, column): "".join(mark.before + mark.claim.reported + mark.after for mark in cell)
        for head, row in table.rows
        for column, cell in zip(table.columns, row, strict=True)
    }
    assert cells["yes", "x"] == "19 (36.5\u202f%)" and cells["yes", "all"] == "52" and cells["all", "x"] == "25"
    assert cells["no", "x"] == "" and [mark.claim.short for mark in table.below] == ["p"]


def test_no_number_of_a_table_is_lost():
    import csv

    for study in ("nat_residual", "us_mri", "doppler"):
        with (ROOT / f"config/studies/{study}/claims.csv").open(encoding="utf-8") as file:
            claims = [claim(row["claim_id"], row["group"], row["variable"], row["stat"], row["reported"], row["location"], kind=row["kind"])
                      for row in csv.DictReader(file)]  # fmt: skip
        shown = [
            m.claim
            for t in rebuild(claims)
            for m in (*t.below, *(m for _, row in t.rows for cell in row for m in cell))
        ]
        expected = [each for each in claims if "table" in each.location.lower()]
        assert sorted(map(id, shown)) == sorted(map(id, expected)), study


def test_a_sentence_says_where_what_and_instead():
    one = claim("a", reported="62.8", verdict="rounding", evidence="no table has 62.8 (b)", repair="62.7")
    other = claim("b", reported="9", location="Table 9", verdict="exact")
    (found,) = findings.findings_of([one, other])
    assert found.sentence == (
        "Table 1, printed 62.8 (patients): beside the others as printed it is off by one unit of the last place; "
        "no table has 62.8 (Table 9) (would agree: 62.7)."
    )


@pytest.mark.parametrize(
    ("copy", "said"), [("abstract", "the abstract does"), ("article", "the paper does"), ("", "the text at hand does")]
)
def test_a_sentence_says_no_more_than_the_text_that_was_read(copy, said):
    """Where only the abstract was read, nobody knows what the Methods name."""
    one = claim("a", verdict="unstated_method", method="Fisher exact", evidence="P = 0.029 is printed by Fisher exact")
    (found,) = findings.findings_of([one], {"s": copy})
    assert f"{said} not name" in found.sentence


def test_a_sentence_keeps_what_its_proof_does_not_cover():
    """It is pasted without its page; the limits of a proof must not stay behind."""
    hedged = "a proof for the 13 methods tried, not for other methods; evidence: r"
    one = claim("a", verdict="impossible", evidence="x" * 200 + "; " + "y" * 200, method="none of 13", note=hedged)
    model = claim("b", verdict="impossible", kind="qualitative", evidence="z" * 300 + ". A proof for these factors alone; not for a model with others.")  # fmt: skip
    told = [found.sentence for found in findings.findings_of([one, model])]
    assert told[0].endswith("(a proof for the 13 methods tried, not for other methods).")
    assert "these factors alone; not for a model with others" in told[1]


def test_a_number_printed_twice_unlike_is_not_said_to_be_the_wrong_one():
    one = claim("a", verdict="impossible", method="one number at several places", evidence="one number is printed as 1 (a), 2 (b)", note="1 is taken as right because it comes out; evidence: repeats")  # fmt: skip
    (found,) = findings.findings_of([one])
    assert "at least one place cannot be right" in found.sentence and "taken as right because" in found.sentence
    assert "cannot come out" not in found.sentence


def test_an_estimate_its_limits_and_its_other_places_are_one_number():
    shared = dict(verdict="unstated_method", method="none of 7 tests", evidence="e")
    told = [
        claim("a", reported="2.0", label="ratio, mass", **shared),
        claim("b", reported="2.0", label="ratio, mass (text)", location="Results", **shared),
        claim("c", reported="1.1", label="ratio, mass, lower limit (as a fraction)", **shared),
        claim("d", reported="3.0", label="ratio, mass, upper limit (as a fraction)", **shared),
        claim("e", reported="2.1", label="ratio, mass (figure)", location="Figure 1", **shared),
        claim("f", reported="0.9", label="share, upper limit", location="Figure 2", **shared),
    ]
    (found,) = findings.findings_of(told)
    assert found.sentence.startswith(
        "Table 1 and 3 other places, printed 2.0 with limits 1.1 to 3.0 (ratio, mass) and 2.1 (ratio, mass (figure)) "
        "and upper limit 0.9 (share): they do not come out"
    )
    (alone,) = findings.findings_of([told[0], told[1]])
    assert alone.sentence.startswith("Table 1 and Results, printed 2.0 (ratio, mass): it does not come out")
    (limit,) = findings.findings_of([told[2], told[3]])
    assert limit.sentence.startswith("Table 1, printed limits 1.1 to 3.0 (ratio, mass; as a fraction): they do not")


def unlike(name: str, here: str, elsewhere: str, **more):
    evidence = f"one number is printed as {elsewhere} (t.{name}), {here} ({name})"
    return claim(name, reported=here, repair=elsewhere, verdict="impossible", evidence=evidence, location="Discussion",
                 method=findings.REPEATED, note=f"{elsewhere} is taken as right; evidence: repeats", **more)  # fmt: skip


def test_two_numbers_each_printed_as_the_other_are_one_exchange():
    places = [claim(f"t.{name}", location="Table 4", verdict="exact") for name in "xy"]
    found = findings.findings_of([unlike("x", "0.09", "0.14"), *places, unlike("y", "0.14", "0.09")])
    assert [[each.short for each in one.claims] for one in found] == [["x", "y"]]
    assert "these two look exchanged, for the first is printed as 0.14 elsewhere (Table 4)" in found[0].sentence
    assert "the second as 0.09 (Table 4)." in found[0].sentence


@pytest.mark.parametrize(
    "others",
    [
        [unlike("y", "0.14", "0.10")],  # the other one would need another number
        [unlike("y", "0.14", "0.09", kind="percent")],  # what is no P is not exchanged with one
        [unlike("y", "0.14", "0.09"), unlike("z", "0.14", "0.09")],  # either of two: nobody can say which
    ],
)
def test_what_may_be_something_else_is_not_called_an_exchange(others):
    found = findings.findings_of([unlike("x", "0.09", "0.14"), *others])
    assert len(found) == 1 + len(others) and not any("exchanged" in each.sentence for each in found)


def test_findings_that_share_a_reason_are_told_once_and_the_impossible_first():
    shared = [claim(str(n), verdict="unstated_method", method="none of 7 tests", evidence="e") for n in range(5)]
    found = findings.findings_of([*shared, claim("z", verdict="impossible", evidence="f")])
    assert [(each.verdict, len(each.claims)) for each in found] == [("impossible", 1), ("unstated_method", 5)]
    assert "and 2 more" in found[1].sentence and "do not come out by any" in found[1].sentence


def run(script: str) -> str:
    told = io.StringIO()
    with redirect_stdout(told):
        exec(compile(script, "proof.py", "exec"), {})
    return told.getvalue()


def test_the_script_for_a_table_computes_the_tests():
    counts = Table(
        "Counts", ("", "b", "c", "d"), (("x", "15", "22", "0"), ("y", "32", "26", "0"), ("z", "0", "0", "0")), 3
    )
    relation = Relation("r", "table", "", (), (counts,), ("s.a",))
    (made,) = proofs.proofs_of([claim("a", verdict="impossible", evidence="P = 0.9")], {"s": [relation]}, [])
    told = run(made.script)
    assert "Pearson: 0.16" in told and "Fisher exact: 0.20" in told


def test_the_script_for_a_large_table_says_the_same_at_each_run():
    """Nearly 0.077656 (R, fisher.test of this table), told as drawn, and not another number for each reader."""
    counts = Table(
        "Counts", ("", "b", "c", "d"), (("cr", "15", "22", "5"), ("pr", "32", "26", "12"), ("sd", "2", "8", "5")), 3
    )
    relation = Relation("r", "table", "", (), (counts,), ("s.a",))
    (made,) = proofs.proofs_of([claim("a", verdict="impossible", evidence="P = 0.14")], {"s": [relation]}, [])
    told = run(made.script)
    assert told == run(made.script) and "by 99 999 random tables" in told
    assert float(told.rsplit(": ", 1)[1]) == pytest.approx(0.0777, abs=0.003)


def test_the_script_for_a_limit_gives_its_tail():
    bad = claim("a", reported="0.845", verdict="impossible", evidence="300 of 420: none of 13 methods gives it")
    (made,) = proofs.proofs_of([bad], {}, [])
    tail = float(run(made.script).split("so few at the limit: ")[1].split()[0])
    assert 1e-12 < tail < 1e-10


@pytest.mark.parametrize("text", HOSTILE[:5])
def test_no_text_becomes_code_of_a_script(text):
    bad = claim(f'{text}"); raise SystemExit("ran")#', reported=text, verdict="impossible", evidence=text)
    (made,) = proofs.proofs_of([bad], {}, [])
    constants = compile(made.script, "proof.py", "exec").co_consts
    assert not any(isinstance(each, str) and each == "ran" for each in constants)


def test_every_result_leads_to_its_rule_and_function():
    import csv

    general = ("archetypes", "cohort", "figures", "pooled")
    studies = [path.parent.name for path in sorted((ROOT / "config/studies").glob("*/study.yaml"))]
    rules = rules_of([str(ROOT / f"workflow/rules/{name}.smk") for name in (*general, *studies)])
    for study in studies:
        with (ROOT / f"config/studies/{study}/claims.csv").open(encoding="utf-8") as file:
            for name in {row["result"] for row in csv.DictReader(file)}:
                rule = rules[name]
                assert rule.doc and name in rule.text.splitlines()[0]
                assert rule.function and (ROOT / rule.function.file).is_file(), name
                assert f"def {rule.function.name.rsplit('.')[-1]}(" in rule.function.text
    assert results_drawn(rules["nat_residual_fig_pcr_by_subtype"]) == ("nat_residual_t2_subtype_pcr",)


def test_nothing_private_is_opened(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for folder in ("results/s/x.private", "results/s/x"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "cohort.parquet").write_bytes(b"a")
    assert (
        is_private("results/s/x.private/cohort.parquet") and source("results/s/x.private/cohort.parquet").sha256 == ""
    )
    assert source("results/s/x/cohort.parquet").sha256.startswith("ca978112ca1b")


def test_files_of_a_log_are_read_as_texts_and_nothing_runs():
    log = "m:f\n  file   'a.csv'\n  file   {'x': 'b.csv', 'y': ['c.csv']}\n  file   __import__('os').abort()\n  param  file = 'd'\n"
    assert files_in(log) == ["a.csv", "b.csv", "c.csv"]
    assert json.dumps(files_in("no log")) == "[]"


def test_unlike_statistics_of_one_place_have_columns_of_their_own():
    claims = [
        claim(f"{group}.{stat}", f"g={group}", "test~truth", stat, reported)
        for group in ("a", "b")
        for stat, reported in (("sensitivity", "100"), ("sensitivity_lo", "90"), ("specificity", "50"))
    ]
    (table,) = rebuild(claims)
    assert table.columns == ("sensitivity (test against truth)", "specificity (test against truth)")
    assert [[mark.claim.reported for mark in cell] for cell in table.rows[0][1]] == [["100", "90"], ["50"]]
