"""P values of a block of counts: which test prints them, and whether it is one that the paper names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import isnan

from replicalc.errors import ReplicalcError
from replicalc.records import Claim
from replicalc.verify.judged import Judged
from replicalc.verify.ledger import Ledger
from replicalc.verify.opinion import Opinion, joined
from replicalc.verify.paper import Paper, Relation
from replicalc.verify.printed import Printed, as_printed, double_rounding, parse
from replicalc.verify.tying import block

#: What is told beside a P where counts of its table are not printed and rest on numbers that exclude each other.
REPAIRED = "some printed counts exclude each other, and the table is that after the smallest repair"
#: What a P that no test prints proves.
RELATIVE = "a proof for the tests listed in the evidence, not for tests that were not tried"


def named_tests(relation: Relation) -> tuple[str, ...]:
    """Keys of the tests that the paper names. Raises ReplicalcError for one that is not known."""
    from replicalc.verify.which_test import tests_of

    given = relation.get("tests") or ()
    names = (given,) if isinstance(given, str) else tuple(given)
    known = tests_of(None)
    for name in names:
        if name not in known:
            from replicalc.errors import did_you_mean

            hint = did_you_mean(name, known)
            raise ReplicalcError(f"relation {relation.id}: there is no test '{name}'.{hint} Tests: {', '.join(known)}")
    return names


def p_claims(paper: Paper, relation: Relation) -> list[Claim]:
    return paper.many(relation["p"], relation) if relation.get("p") else []


def judge_table(paper: Paper, ledger: Ledger, relation: Relation) -> Judged:
    """The printed P values of a block of counts, by every test."""
    judged = Judged(relation.id, relation.kind)
    nodes = block(ledger, relation)
    values = [[ledger.value(node) for node in row] for row in nodes]
    rows, columns = relation["rows"]["codes"], relation["columns"]["codes"]
    shown = [["?" if v is None else v for v in row] for row in values]
    judged.show("Counts", ["", *columns], [[code, *row] for code, row in zip(rows, shown, strict=True)])
    claims = p_claims(paper, relation)
    named = named_tests(relation)
    if any(v is None for row in values for v in row):
        unknown = sum(v is None for row in values for v in row)
        told = f"{unknown} of the table's counts do not follow from what is printed"
        judged.line(told + ".")
        judged.say(claims, "not_checkable", note=told)
        return judged
    ordered = relation.get("ordered") or ()
    judge_p(judged, paper, values, claims, named, "rows" in ordered, "columns" in ordered)
    if any(ledger.shaken(node) for row in nodes for node in row):
        judged.line(REPAIRED[0].upper() + REPAIRED[1:] + ".")
        judged.opinions = [_unsure(each) for each in judged.opinions]
    return judged


def _unsure(opinion: Opinion) -> Opinion:
    """What P comes to over a table that rests on a repair: no proof that it is impossible."""
    note = joined(opinion.note, REPAIRED)
    verdict = "underdetermined" if opinion.verdict == "impossible" else opinion.verdict
    return replace(opinion, verdict=verdict, note=note)


def judge_p(
    judged: Judged,
    paper: Paper,
    values: Sequence[Sequence[int]],
    claims: Sequence[Claim],
    named: tuple[str, ...],
    ordered_rows: bool = False,
    ordered_columns: bool = False,
) -> None:
    """Opinions on P claims of a known table, and its P by every test as facts."""
    from replicalc.verify.which_test import which_test

    if sum(any(row) for row in values) < 2 or sum(any(column) for column in zip(*values, strict=True)) < 2:
        judged.line("Fewer than two rows or columns hold any patient: there is nothing to test.")
        judged.say(
            claims, "impossible", method="no test", solutions="0", evidence="there is nothing to test in the table"
        )
        return
    for text in dict.fromkeys([claim.reported for claim in claims] or ["<0.05"]):
        mine = [claim for claim in claims if claim.reported == text]
        printed = paper.printed(mine[0]) if mine else parse(text)
        if printed is None:
            judged.say(mine, "not_checkable", note=f"'{text}' is no number")
            continue
        if printed.sign == "=" and not printed.decimals and 0 <= printed.value <= 1:
            judged.say(mine, "not_checkable", note=f"a P value printed as {text}, without decimals, says nothing")
            continue
        if not 0 <= printed.value <= 1:
            judged.say(mine, "impossible", method="P value", solutions="0", evidence=f"{text} is no P value")
            continue
        found = which_test(
            values, printed, named, paper.alpha, ordered_rows=ordered_rows, ordered_columns=ordered_columns
        )
        if not judged.facts:
            asked = f"prints {text}" if mine else ""
            rows = [
                (
                    test.method,
                    f"{test.p:.5g}" if not isnan(test.p) else f"none: {test.warning}",
                    test.prints if mine else "",
                    "named" if test.key in named else "",
                    "yes" if mine and test.rounding else "",
                )
                for test in found.tests
            ]
            judged.show("P by each test", ("test", "P", "prints", "named", asked), rows)
            tests = {t.key: t.p for t in found.tests}
            judged.facts = {"tests": tests, "named": named, "found": found, "printed": bool(mine)}
        if mine:
            _say_p(judged, paper, mine, found, printed)


def _say_p(judged: Judged, paper: Paper, claims: list[Claim], found, printed: Printed) -> None:
    """One verdict on a printed P value.

    A test that prints it only if P is cut off does not count where the paper's percentages are rounded.
    """
    fits = [found.test(key) for key in found.prints]
    fits = [test for test in fits if paper.cuts or test.rounding != "truncation"]
    right = next((test for test in fits if test.key in found.named), None)
    first = next((found.test(key) for key in found.named if not isnan(found.test(key).p)), None)
    flips = f"the choice of the test turns the conclusion at {found.alpha:g}" if found.flips else ""

    claim = f"P = {printed.value}" if printed.sign == "=" else f"P {printed.text.strip().removeprefix('P').lstrip()}"
    told = [f"by {_listed(fits)}" if fits else f"by none of {len(found.tests)} tests"]
    ours = [found.test(key) for key in found.named if not isnan(found.test(key).p) and found.test(key) not in fits]
    if ours:
        told.append(f"the named {'tests give' if len(ours) > 1 else 'test gives'} {_listed(ours)}")
    evidence = f"{claim} is printed {'; '.join(told)}"

    judged.line(evidence + ".")

    def say(verdict: str, recomputed: str, method: str, solutions: str = "1", repair: str = "", note: str = "") -> None:
        notes = joined(note, flips)
        judged.say(claims, verdict, recomputed=recomputed, method=method, solutions=solutions,
                   evidence=evidence, repair=repair, note=notes)  # fmt: skip

    if right is not None:
        how = ", cut off" if right.rounding == "truncation" else ""
        say("exact", right.prints, right.method + how)
        return
    if fits and printed.sign != "=" and not found.named and not _dissent(found):
        say("exact", fits[0].prints, "every two-sided test")
        return
    near = [found.test(key) for key in found.named if _one_off(found.test(key), printed)]
    if fits and not (near and all(test.sided != "two-sided" or test.uses_order for test in fits)):
        said = "" if found.named else "the text read names no test for it"
        names = ", ".join(test.method for test in fits)
        say(
            "unstated_method",
            _half_up(first, printed) if first else fits[0].prints,
            names,
            repair=_half_up(first, printed) if first else "",
            note=said,
        )
        return
    if near:
        reads = _half_up(near[0], printed)
        twice = double_rounding(near[0].p, printed)
        say("rounding", reads, near[0].method, repair=reads, note=f"as if rounded {twice}" if twice else "")
        return
    defined = [t for t in found.tests if not isnan(t.p) and t.sided == "two-sided"]
    nearest = min(defined, key=lambda t: abs(t.p - float(printed.value)), default=None)
    repair = (
        _half_up(first, printed) if first else f"{_half_up(nearest, printed)} ({nearest.method})" if nearest else ""
    )
    left = [found.test(key) for key in found.named if isnan(found.test(key).p)]
    missing = f"the named {left[0].method} has no P here ({left[0].warning})" if left else ""
    say(
        "impossible" if first and not left else "unstated_method",
        _half_up(first, printed) if first else "",
        f"none of {len(found.tests)} tests",
        "0",
        repair,
        joined(RELATIVE, missing),
    )


def _listed(tests) -> str:
    """Methods with their P, those of one P together."""
    groups: dict[str, list[str]] = {}
    for test in tests:
        groups.setdefault(f"{test.p:.4g}", []).append(test.method)
    return ", ".join(f"{' = '.join(dict.fromkeys(names))} ({p})" for p, names in groups.items())


def _half_up(test, printed: Printed) -> str:
    """P as it prints when rounded, at the precision of the printed one."""
    return as_printed(test.p, printed)


def _one_off(test, printed: Printed) -> bool:
    """Whether P, rounded, is one unit of the last place away from the print."""
    if printed.sign != "=" or isnan(test.p):
        return False
    return round(abs(float(_half_up(test, printed)) - float(printed.value)) * 10**printed.decimals) == 1


def _dissent(found) -> bool:
    """Whether a two-sided test of association does not agree with a printed inequality."""
    counted = [t for t in found.tests if t.sided == "two-sided" and not t.uses_order and not isnan(t.p)]
    return any(t.rounding is None for t in counted)
