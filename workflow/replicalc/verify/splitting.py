"""Two groups of which percentages are printed, with their P and crude odds ratio: every split of the patients."""

from __future__ import annotations

from collections.abc import Sequence
from math import isnan, log

from replicalc.errors import ReplicalcError
from replicalc.records import Claim
from replicalc.verify.comparing import RELATIVE, judge_p, named_tests, p_claims
from replicalc.verify.judged import Judged
from replicalc.verify.ledger import Ledger
from replicalc.verify.paper import Paper, Relation
from replicalc.verify.printed import as_printed, rounding_needed
from replicalc.verify.recovery import MIXED, roundings_of
from replicalc.verify.tying import groups_of

#: Splits of a comparison that are kept; with more it says nothing.
MOST_SPLITS = 200_000


def judge_groups(paper: Paper, ledger: Ledger, relation: Relation) -> Judged:
    """Two percentages, their P and their crude odds ratio: every split of the patients that gives all of them."""
    judged = Judged(relation.id, relation.kind)
    a, b = groups_of(ledger, relation)
    crude = paper.by_stat(paper.many(relation["crude"], relation), relation) if relation.get("crude") else {}
    claims = p_claims(paper, relation)
    named = named_tests(relation)
    about = [a, b, *(crude[s] for s in ("or", "or_lo", "or_hi") if s in crude)]
    held = {claim.claim_id for *_, claim in ledger.shares}
    if not {a.claim_id, b.claim_id} <= held:
        judged.say(claims, "not_checkable", note="a percentage of the comparison is none")
        return judged
    if any(
        p is None or p.sign != "=" or p.value <= 0 for s, c in crude.items() if s != "p" for p in [paper.printed(c)]
    ):
        crude = {stat: claim for stat, claim in crude.items() if stat == "p"}  # "not reached", say
        judged.line("The odds ratio and its limits are no plain numbers; the splits are those of the percentages.")
    found = _splits(paper, ledger, relation, a, b, crude)
    if isinstance(found, str):
        judged.line(found)
        judged.say([*about, *claims], "underdetermined", solutions="many", evidence=found)
        return judged
    splits, recovery = found
    if not splits:
        judged.line(recovery.evidence if recovery else "No split of the patients has these percentages.")
        printed = _printed_split(paper, ledger, a, b)
        if printed is not None and "or" in crude:
            _say_other_ratio(judged, paper, crude, printed, claims, named)
            return judged
        if recovery is not None:
            _say_repairs(judged, paper, recovery, a, b, crude)
        why = "no split of the patients gives the other numbers of the comparison"
        judged.say([*claims, *crude.values()], "not_checkable", note=why)
        return judged
    judged.facts = {"splits": splits, "named": named}
    if len(splits) == 1 and tells_sizes(relation) and {"or", "or_lo", "or_hi"} <= set(crude):
        k1, n1, k2, n2 = splits[0]
        for claim, k, n in ((a, k1, n1), (b, k2, n2)):
            ledger.learn(ledger.node(claim), k)
            ledger.learn(ledger.whole(claim), n)
    if len(splits) > 1 and claims:
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


def tells_sizes(relation: Relation) -> bool:
    """Whether other relations may take the only split as known: a crude ratio tells it, and no reading is in it.

    A P value is not enough: which test has made it is a guess.
    """
    return relation.kind == "two_groups" and bool(relation.get("crude")) and not relation.get("reading")


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
    """All (k1, n1, k2, n2), and the recovery with its repairs; a sentence where the search is too wide."""
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
    found: dict[Counts, tuple[str, ...]] = {}
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
        found |= {s.counts: s.roundings for s in recovery.splits}
        if len(found) > MOST_SPLITS:
            return f"More than {MOST_SPLITS:,} splits of the patients fit."
    return _as_rounded(paper, found), recovery if total[0] == total[1] else None


def _as_rounded(paper: Paper, found: dict[Counts, tuple[str, ...]]) -> list[Counts]:
    """Of splits of any total those that one rounding gives, if there are; cut off only in a paper that cuts off."""
    common = {counts: roundings for counts, roundings in found.items() if roundings != (MIXED,)}
    rounded = [counts for counts, roundings in common.items() if paper.cuts or roundings != ("truncation",)]
    return rounded or list(common) or list(found)


def _narrowed(
    judged: Judged, paper: Paper, splits: list[Counts], claims: Sequence[Claim], named: tuple[str, ...]
) -> list[Counts]:
    """The splits that give every printed P by a test that the paper names (or by any, if it names none)."""
    from replicalc.verify.fast_p import p_values
    from replicalc.verify.split import METHODS, QUICK

    quick = [key for key in named if key in QUICK]
    keys = quick or list(QUICK)
    tried = len(quick) == len(named) > 0  # all that the paper names, in every split
    tables = [(k1, n1 - k1, k2, n2 - k2) for k1, n1, k2, n2 in splits]
    values = {key: p_values(tables, key) for key in QUICK}
    kept = list(range(len(splits)))
    for text in dict.fromkeys(claim.reported for claim in claims):
        mine = [claim for claim in claims if claim.reported == text]
        printed = paper.printed(mine[0])
        if printed is None or not 0 <= printed.value <= 1:
            verdict, why = ("not_checkable", "is no number") if printed is None else ("impossible", "is no P value")
            judged.say(mine, verdict, method="P value", evidence=f"'{text}' {why}", note=f"'{text}' {why}")
            continue
        fits = {
            key: [
                i
                for i in range(len(splits))
                if not isnan(values[key][i]) and _is_printed(paper, float(values[key][i]), printed)
            ]
            for key in QUICK
        }
        right = sorted({i for key in keys for i in fits[key]})
        span = ", ".join(
            f"{METHODS[key]} {min(v):.3g} to {max(v):.3g}"
            for key in keys
            if len(v := [float(x) for x in values[key] if not isnan(x)])
        )
        by = ", ".join(METHODS[key] for key in keys)
        told = (
            f"{len(right)} of {len(splits)} splits give P {text} by {by if len(keys) == 1 else 'one of these'} ({span})"
        )
        judged.line(told + ".")
        if not right:
            others = [key for key in QUICK if fits[key]]
            if others:
                judged.say(
                    mine,
                    "unstated_method",
                    method=", ".join(METHODS[key] for key in others),
                    solutions=str(max(len(fits[k]) for k in others)),
                    evidence=told,
                )
            else:
                judged.say(
                    mine,
                    "impossible" if tried else "unstated_method",
                    method=f"none of {len(QUICK)} tests",
                    solutions="0",
                    evidence=told,
                    note=RELATIVE,
                )
        elif len(right) == len(splits):
            named_or_all = bool(quick) or all(len(fits[key]) == len(splits) for key in QUICK)
            judged.say(
                mine,
                "exact" if named_or_all else "unstated_method",
                method=by,
                solutions=str(len(right)),
                evidence=told,
            )
        else:
            judged.say(
                mine,
                "underdetermined",
                recomputed=text,
                method=by,
                solutions=str(len(right)),
                evidence=told,
            )
            kept = [i for i in kept if i in set(right)]
    return [splits[i] for i in kept] or splits


def _is_printed(paper: Paper, value: float, printed) -> bool:
    """Whether a value prints so; cut off only in a paper whose percentages allow it."""
    rounding = rounding_needed(value, printed)
    return rounding is not None and (paper.cuts or rounding != "truncation")


def _say_crude(judged: Judged, paper: Paper, crude: dict[str, Claim], table: list[list[int]]) -> None:
    """The crude odds ratio of the only table: ratio and limits print (they chose it), P by Wald or another test."""
    if not crude:
        return
    from replicalc.stats.logistic import odds_ratio

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
    # The P of a univariable logistic model is Wald's unless it is said otherwise.
    theirs = Judged(judged.relation, judged.kind)
    judge_p(theirs, paper, table, [crude["p"]], ("wald_log_odds",))
    judged.opinions += theirs.opinions
    judged.lines += theirs.lines


def _printed_split(paper: Paper, ledger: Ledger, a: Claim, b: Claim) -> Counts | None:
    """The counts of both groups where they are printed, agree with the percentages and are in no dispute."""
    found: list[int] = []
    for claim in (a, b):
        part, whole = next((part, whole) for part, whole, _, other in ledger.shares if other is claim)
        k, n = ledger.value(part), ledger.value(whole)
        sure = ledger.counted(part) and not ledger.disputed(part) and not ledger.disputed(whole)
        if not sure or k is None or not n or not 0 < k < n or not roundings_of(k, n, paper.printed(claim)):
            return None
        found += [k, n]
    return tuple(found)


def _say_other_ratio(
    judged: Judged,
    paper: Paper,
    crude: dict[str, Claim],
    split: Counts,
    claims: Sequence[Claim],
    named: tuple[str, ...],
) -> None:
    """An odds ratio that is not that of the counts which are printed: the counts stand, the ratio cannot be theirs."""
    from replicalc.stats.logistic import odds_ratio

    k1, n1, k2, n2 = split
    table = [[k1, n1 - k1], [k2, n2 - k2]]
    cells = [(k1, n1 - k1, k2, n2 - k2), (k2, n2 - k2, k1, n1 - k1)]
    ratio = float(paper.printed(crude["or"]).value)
    effect = min((odds_ratio(*c, level=paper.level) for c in cells), key=lambda e: abs(log(e.value / ratio)))
    told = f"{k1} of {n1} and {k2} of {n2}"
    wrong = rounding_needed(effect.value, paper.printed(crude["or"])) is None
    for stat, value in (("or", effect.value), ("or_lo", effect.lo), ("or_hi", effect.hi)):
        if stat not in crude:
            continue
        printed = paper.printed(crude[stat])
        rounding = rounding_needed(value, printed)
        reads = as_printed(value, printed, rounding)
        off = round(abs(float(reads) - float(printed.value)) * 10**printed.decimals)
        verdict = "exact" if rounding else "rounding" if off == 1 else "impossible" if wrong else "unstated_method"
        judged.say(
            crude[stat],
            verdict,
            recomputed=reads,
            method="crude odds ratio with Woolf's limits",
            solutions="1" if rounding else "0",
            evidence=f"{told}, whose counts are printed, give {reads}",
            repair="" if rounding else reads,
        )
    judged.line(f"The counts are printed ({told}); it is the odds ratio or its limits that are not theirs.")
    judge_p(judged, paper, table, claims, named)
    judged.facts |= {"splits": [split], "named": named, "table": table}
    if "p" in crude:
        theirs = Judged(judged.relation, judged.kind)
        judge_p(theirs, paper, table, [crude["p"]], ("wald_log_odds",))
        judged.opinions += theirs.opinions
        judged.lines += theirs.lines


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
