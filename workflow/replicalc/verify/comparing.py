"""P values: of a printed block of counts, and of two groups of which only percentages are printed."""

from __future__ import annotations

from collections.abc import Sequence
from math import isnan

from replicalc.errors import ReplicalcError
from replicalc.records import Claim
from replicalc.verify.counting import block, groups_of
from replicalc.verify.judged import Judged
from replicalc.verify.ledger import Ledger
from replicalc.verify.paper import Paper, Relation
from replicalc.verify.printed import Printed, as_printed, rounding_needed

#: Splits of two groups for which every test is run; beyond, only the quick ones are.
FEW_SPLITS = 12
#: Tables by which several reconstructions are told.
_RELATIVE = "a proof for the tests listed in the evidence, not for tests that were not tried"


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
    conflict = ledger.of(nodes[0][0])
    if (
        conflict is not None
        and conflict.check.repairs
        and any(conflict.firm[c] is not conflict.cells[c] for c in conflict.cells)
    ):
        judged.line(
            "Some printed numbers exclude each other; the P values are those of the table after the smallest repair of all."
        )
    ordered = relation.get("ordered") or ()
    judge_p(judged, paper, values, claims, named, "rows" in ordered, "columns" in ordered)
    return judged


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
        printed = paper.printed(mine[0]) if mine else Printed(text, __import__("decimal").Decimal("0.05"), 2, "<")
        if printed is None or not 0 <= printed.value <= 1:
            judged.say(mine, "impossible", method="P value", solutions="0", evidence=f"{text} is no P value")
            continue
        found = which_test(
            values, printed, named, paper.alpha, ordered_rows=ordered_rows, ordered_columns=ordered_columns
        )
        if not judged.facts:
            rows = [
                (
                    t.method,
                    f"{t.p:.5g}" if not isnan(t.p) else f"none: {t.warning}",
                    t.prints,
                    "named" if t.key in named else "",
                    "yes" if t.rounding else "",
                )
                for t in found.tests
            ]
            judged.show("P by each test", ("test", "P", "prints", "named by the paper", f"prints {text}"), rows)
            judged.facts = {"tests": {t.key: t.p for t in found.tests}, "named": named, "found": found}
        judged.line(found.evidence + ".")
        if mine:
            _say_p(judged, mine, found, printed)


def _say_p(judged: Judged, claims: list[Claim], found, printed: Printed) -> None:
    """One verdict on a printed P value."""
    note = ""
    if found.flips:
        note = f"the choice of the test turns the conclusion at {found.alpha:g}"
    first = next((found.test(key) for key in found.named if not isnan(found.test(key).p)), None)
    recomputed = first.prints if first else ""
    if found.named_prints:
        right = next(found.test(key) for key in found.named if key in found.prints)
        how = "" if right.rounding in ("half-up", "inequality") else f", by {right.rounding}"
        judged.say(
            claims,
            "exact",
            recomputed=right.prints,
            method=right.method + how,
            solutions="1",
            evidence=found.evidence,
            note=note,
        )
    elif found.prints:
        every = printed.sign != "=" and not found.named and not _dissent(found)
        test = found.test(found.prints[0])
        names = ", ".join(found.test(key).method for key in found.prints)
        if every:
            judged.say(
                claims,
                "exact",
                recomputed=test.prints,
                method="every two-sided test",
                solutions="1",
                evidence=found.evidence,
                note=note,
            )
        else:
            said = "the paper names no test for it" if not found.named else ""
            judged.say(
                claims,
                "unstated_method",
                recomputed=recomputed or test.prints,
                method=names,
                solutions="1",
                evidence=found.evidence,
                repair=found.repair if found.named else "",
                note="; ".join(text for text in (said, note) if text),
            )
    elif found.units_off == 1:
        judged.say(
            claims,
            "rounding",
            recomputed=recomputed,
            method=first.method,
            solutions="1",
            evidence=found.evidence,
            repair=found.repair,
            note=note,
        )
    else:
        defined = [t for t in found.tests if not isnan(t.p) and t.sided == "two-sided"]
        nearest = min(defined, key=lambda t: abs(t.p - float(printed.value)), default=None)
        repair = found.repair or (f"{nearest.prints} ({nearest.method})" if nearest else "")
        judged.say(
            claims,
            "impossible",
            recomputed=recomputed,
            method=f"none of {len(found.tests)} tests",
            solutions="0",
            evidence=found.evidence,
            repair=repair,
            note="; ".join(text for text in (_RELATIVE, note) if text),
        )


def _dissent(found) -> bool:
    """Whether a two-sided test of association does not agree with a printed inequality."""
    counted = [t for t in found.tests if t.sided == "two-sided" and not t.uses_order and not isnan(t.p)]
    return any(t.rounding is None for t in counted)


def judge_groups(paper: Paper, ledger: Ledger, relation: Relation) -> Judged:
    """Two percentages, their P and their crude odds ratio: every split of the patients that gives all of them."""
    judged = Judged(relation.id, relation.kind)
    a, b = groups_of(ledger, relation)
    crude = paper.by_stat(paper.many(relation["crude"], relation), relation) if relation.get("crude") else {}
    claims = p_claims(paper, relation)
    named = named_tests(relation)
    about = [a, b, *(crude[s] for s in ("or", "or_lo", "or_hi") if s in crude)]
    if any(c.claim_id in ledger.absurd for c in (a, b)):
        judged.say(claims, "not_checkable", note="a percentage of the comparison is none")
        return judged
    found = _splits(paper, ledger, relation, a, b, crude)
    if isinstance(found, str):
        judged.line(found)
        judged.say([*about, *claims], "underdetermined", solutions="many", evidence=found)
        return judged
    splits, recovery = found
    if not splits:
        judged.line(recovery.evidence if recovery else "No split of the patients has these percentages.")
        if recovery is not None:
            _say_repairs(judged, paper, recovery, a, b, crude)
        judged.say(claims, "not_checkable", note="no split of the patients gives the other numbers of the comparison")
        return judged
    judged.facts = {"splits": splits, "named": named}
    if len(splits) > 1 and any(paper.printed(c) is not None for c in claims):
        splits = _narrowed(judged, paper, splits, claims, named)
    judged.show(
        "Splits that fit", ("first group", "second group"), [(f"{k1}/{n1}", f"{k2}/{n2}") for k1, n1, k2, n2 in splits]
    )
    if len(splits) == 1:
        k1, n1, k2, n2 = splits[0]
        table = [[k1, n1 - k1], [k2, n2 - k2]]
        text = f"{k1} of {n1} and {k2} of {n2}"
        judged.facts["table"] = table
        for claim, k, n in ((a, k1, n1), (b, k2, n2)):
            printed = paper.printed(claim)
            judged.say(
                claim,
                "exact",
                recomputed=as_printed(100 * k / n, printed, rounding_needed(100 * k / n, printed)),
                method="the only split that gives all numbers of the comparison",
                solutions="1",
                evidence=text,
            )
        facts = dict(judged.facts)
        judged.facts = {}
        judge_p(judged, paper, table, claims, named)
        judged.facts |= facts
        _say_wholes(judged, paper, relation, splits[0])
        _say_crude(judged, paper, crude, table)
        return judged
    many = str(len(splits))
    text = f"{many} splits fit, from {splits[0][0]}/{splits[0][1]} and {splits[0][2]}/{splits[0][3]}"
    judged.line(text + ".")
    for claim in about:
        judged.say(
            claim,
            "underdetermined",
            recomputed=claim.reported,
            method="splits of the patients",
            solutions=many,
            evidence=text,
        )
    return judged


def _say_wholes(judged: Judged, paper: Paper, relation: Relation, split: Counts) -> None:
    """The printed sizes that the only split has used."""
    k1, n1, k2, n2 = split
    for key, value in (("total", n1 + n2), ("n_a", n1), ("n_b", n2), ("events", k1 + k2)):
        claim = paper.find(relation.get(key)) if isinstance(relation.get(key), str) else None
        if claim is not None and claim.reported == str(value):
            judged.say(
                claim,
                "exact",
                recomputed=str(value),
                method="the only split that gives all numbers of the comparison",
                solutions="1",
                evidence=f"{k1} of {n1} and {k2} of {n2}",
            )


Counts = tuple[int, int, int, int]


def _splits(paper: Paper, ledger: Ledger, relation: Relation, a: Claim, b: Claim, crude: dict[str, Claim]):
    """All (k1, n1, k2, n2) and the recovery with its repairs if there are none; a sentence where the search is too wide."""
    from replicalc.verify.split import MAX_TOTAL, split

    total = ledger.range(ledger.cell_node(relation.id, "total"))
    sizes = [ledger.range(ledger.whole(claim)) for claim in (a, b)]
    events = None
    if relation.get("events") is not None:
        events = ledger.value(ledger.ref(relation["events"], relation))
    if total is None or total[1] is None or total[1] > MAX_TOTAL:
        return "The number of patients is not printed and nothing bounds it."
    lows = [max(1, size[0]) for size in sizes]
    highs = [size[1] if size[1] is not None else total[1] for size in sizes]
    ratio = paper.printed(crude["or"]) if "or" in crude else None
    limits = tuple(paper.printed(crude[s]) for s in ("or_lo", "or_hi")) if {"or_lo", "or_hi"} <= set(crude) else None
    if limits and limits[0].value > limits[1].value:
        limits = None
    found: dict[Counts, None] = {}
    recovery = None
    for n in range(max(2, total[0], sum(lows)), min(total[1], sum(highs)) + 1):
        try:
            recovery = split(
                paper.printed(a),
                paper.printed(b),
                n,
                odds_ratio=ratio,
                limits=limits,
                n_a=(max(lows[0], n - highs[1]), min(highs[0], n - lows[1])),
                events=events,
                level=paper.level,
            )
        except ReplicalcError as error:
            return f"The search is too wide: {error}"
        found |= {s.counts: None for s in recovery.splits}
        if len(found) > 200_000:
            return "More than 200,000 splits of the patients fit."
    return list(found), recovery if total[0] == total[1] else None


def _narrowed(
    judged: Judged, paper: Paper, splits: list[Counts], claims: Sequence[Claim], named: tuple[str, ...]
) -> list[Counts]:
    """The splits that give every printed P by a test that the paper names (or by any, if it names none)."""
    from replicalc.verify.fast_p import p_values
    from replicalc.verify.split import QUICK

    keys = [key for key in named if key in QUICK] or list(QUICK)
    tables = [(k1, n1 - k1, k2, n2 - k2) for k1, n1, k2, n2 in splits]
    values = {key: p_values(tables, key) for key in QUICK}
    kept = list(range(len(splits)))
    for text in dict.fromkeys(claim.reported for claim in claims):
        mine = [claim for claim in claims if claim.reported == text]
        printed = paper.printed(mine[0])
        if printed is None:
            continue
        fits = {
            key: [
                i
                for i in range(len(splits))
                if not isnan(values[key][i]) and rounding_needed(float(values[key][i]), printed)
            ]
            for key in QUICK
        }
        right = sorted({i for key in keys for i in fits[key]})
        span = ", ".join(
            f"{key} {min(v):.3g} to {max(v):.3g}"
            for key in keys
            if len(v := [float(x) for x in values[key] if not isnan(x)])
        )
        told = f"{len(right)} of {len(splits)} splits give P {text} by {', '.join(keys)} ({span})"
        judged.line(told + ".")
        if not right:
            others = [key for key in QUICK if fits[key]]
            if others:
                judged.say(
                    mine,
                    "unstated_method",
                    method=", ".join(others),
                    solutions=str(max(len(fits[k]) for k in others)),
                    evidence=told,
                )
            else:
                judged.say(
                    mine,
                    "impossible",
                    method=f"none of {len(QUICK)} tests",
                    solutions="0",
                    evidence=told,
                    note=_RELATIVE,
                )
        elif len(right) == len(splits):
            named_or_all = bool(named) or all(len(fits[key]) == len(splits) for key in QUICK)
            judged.say(
                mine,
                "exact" if named_or_all else "unstated_method",
                method=", ".join(keys),
                solutions=str(len(right)),
                evidence=told,
            )
        else:
            judged.say(
                mine,
                "underdetermined",
                recomputed=text,
                method=", ".join(keys),
                solutions=str(len(right)),
                evidence=told,
            )
            kept = [i for i in kept if i in set(right)]
    return [splits[i] for i in kept] or splits


def _say_crude(judged: Judged, paper: Paper, crude: dict[str, Claim], table: list[list[int]]) -> None:
    """The crude odds ratio of the only table: ratio and limits print (they chose it), P by Wald or another test."""
    if not crude:
        return
    from replicalc.stats.logistic import odds_ratio
    from replicalc.verify.fast_p import p_values

    (k1, m1), (k2, m2) = table
    cells = (k1, m1, k2, m2)
    effect = odds_ratio(*cells, level=paper.level)
    if "or" in crude and rounding_needed(effect.value, paper.printed(crude["or"])) is None:
        cells = (k2, m2, k1, m1)
        effect = odds_ratio(*cells, level=paper.level)
    for stat, value in (("or", effect.value), ("or_lo", effect.lo), ("or_hi", effect.hi)):
        if stat in crude:
            printed = paper.printed(crude[stat])
            judged.say(
                crude[stat],
                "exact",
                recomputed=as_printed(value, printed, rounding_needed(value, printed)),
                method="crude odds ratio with Woolf's limits",
                solutions="1",
                evidence=str(table),
            )
    if "p" not in crude:
        return
    printed = paper.printed(crude["p"])
    values = {
        "Wald": float(p_values([cells], "wald")[0]),
        "likelihood ratio": float(p_values([cells], "likelihood_ratio")[0]),
        "score": float(p_values([cells], "pearson")[0]),
    }
    fits = [name for name, value in values.items() if rounding_needed(value, printed)]
    told = ", ".join(f"{name} {value:.5g}" for name, value in values.items())
    wald = as_printed(values["Wald"], printed)
    if "Wald" in fits:
        judged.say(
            crude["p"],
            "exact",
            recomputed=wald,
            method="Wald's test of the log odds ratio",
            solutions="1",
            evidence=told,
        )
    elif fits:
        judged.say(
            crude["p"], "unstated_method", recomputed=wald, method=fits[0], solutions="1", evidence=told, repair=wald
        )
    else:
        units = abs(float(wald) - float(printed.value)) * 10**printed.decimals if printed.sign == "=" else 9
        judged.say(
            crude["p"],
            "rounding" if round(units) == 1 else "impossible",
            recomputed=wald,
            method="Wald, likelihood ratio and score test",
            solutions="0",
            evidence=told,
            repair=wald,
            note=_RELATIVE,
        )


def _say_repairs(judged: Judged, paper: Paper, recovery, a: Claim, b: Claim, crude: dict[str, Claim]) -> None:
    """Which printed numbers of the comparison must change."""
    where = {
        "percent_a": a,
        "percent_b": b,
        "odds_ratio": crude.get("or"),
        "lower": crude.get("or_lo"),
        "upper": crude.get("or_hi"),
    }
    always = set.intersection(*(set(r.names) for r in recovery.repairs)) if recovery.repairs else set()
    for name, claim in where.items():
        mine = [r for r in recovery.repairs if name in r.names]
        if claim is None or not mine:
            continue
        repair = mine[0]
        reading = dict(repair.readings)[name]
        only = name in always
        judged.say(
            claim,
            "rounding" if only and len(repair.names) == 1 and repair.change <= 1.5 else "impossible",
            recomputed=reading,
            method="splits of the patients",
            solutions="0",
            evidence=recovery.evidence,
            repair=reading,
            note="" if only else "one of several numbers, of which not all can hold",
        )
