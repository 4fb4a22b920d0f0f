"""Odds and hazard ratios with their limits, P and counts; several of them as one multivariable model."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import isfinite

from replicalc.errors import ReplicalcError
from replicalc.records import Claim
from replicalc.verify.crudely import seek_crude
from replicalc.verify.judged import Judged
from replicalc.verify.ledger import Ledger
from replicalc.verify.paper import Paper, Relation
from replicalc.verify.unadjusted import judge_unadjusted, named_methods

#: What the agreement of a ratio with its limits and P does not tell.
LEFT_OPEN = "the numbers agree with each other; the patients behind them are left open"
#: What a refuted model proves.
THESE_ALONE = "a proof for these factors alone, by maximum likelihood, with Wald's limits; not for a model with others"


def parts(paper: Paper, relation: Relation) -> dict[str, Claim]:
    """The claims of a ratio: ratio, lo, hi, p. Raises ReplicalcError where the ratio or a limit is missing."""
    claims = paper.many(relation["claims"], relation)
    kind = "hr" if relation.get("measure", "odds") == "hazard" else "or"
    found = paper.by_stat(claims, relation, kind, f"{kind}_lo", f"{kind}_hi")
    names = {kind: "ratio", f"{kind}_lo": "lo", f"{kind}_hi": "hi", "p": "p"}
    return {names[stat]: claim for stat, claim in found.items() if stat in names}


def _value(ledger: Ledger, relation: Relation, key: str) -> int | None:
    given = relation.get(key)
    return ledger.value(ledger.ref(given, relation)) if given is not None else None


def judge_ratio(paper: Paper, ledger: Ledger, relation: Relation) -> Judged:
    """A ratio against its limits, its P against the interval, the width against the events; crude or not."""
    from replicalc.verify.ratios import check

    judged = Judged(relation.id, relation.kind)
    claims = parts(paper, relation)
    measure = relation.get("measure", "odds")
    if measure not in ("odds", "hazard"):
        raise ReplicalcError(f"relation {relation.id}: measure is odds or hazard, not '{measure}'")
    named_methods(relation)  # says what is wrong with them, whatever the numbers are
    triple = [claims[name] for name in ("ratio", "lo", "hi")]
    texts = [claim.reported for claim in triple]
    odd = [claim for claim in triple if not _plain(paper, claim)]
    if odd:
        why = f"'{odd[0].reported}' is no plain number"
        judged.line(why + ".")
        judged.say([*triple, *([claims["p"]] if "p" in claims else [])], "not_checkable", note=why)
        return judged
    n, events, exposed = (_value(ledger, relation, key) for key in ("n", "events", "exposed"))
    try:
        findings = check(
            *texts,
            _p_text(judged, paper, claims.get("p")),
            events,
            n,
            paper.level,
            measure,
            exposed if measure == "odds" and n and relation.get("at_most") != "n" else None,
        )
    except ReplicalcError as error:
        judged.line(f"{error}.")
        value, low, high = (paper.printed(claim) for claim in triple)
        if low.value > high.value:
            # Limits that hold the ratio if they change places have done so; otherwise one may be a misprint.
            turned = high.value <= value.value <= low.value
            for claim, other in ((triple[1], triple[2]), (triple[2], triple[1])):
                repair = other.reported if turned else ""
                judged.say(
                    claim, "impossible", method="any interval", solutions="0", evidence=str(error), repair=repair
                )
            told = triple[:1] + ([claims["p"]] if "p" in claims else [])
            judged.say(told, "not_checkable", evidence=str(error), note=f"not held against the interval: {error}")
        elif not judge_unadjusted(judged, paper, ledger, relation, claims, wald=False):
            # 1.00 to 1.00, say, or a factor that everybody has: nothing that a ratio could be held against
            told = triple + ([claims["p"]] if "p" in claims else [])
            judged.say(told, "not_checkable", evidence=str(error), note=str(error))
        return judged
    judged.show(
        "Checks",
        ("check", "verdict", "method", "evidence", "repair"),
        [(f.check, f.verdict.replace("_", " "), f.method, f.evidence, f.repair) for f in findings],
    )
    judged.facts = {"findings": findings, "texts": texts, "p": claims.get("p")}
    wald = findings[0].verdict == "consistent"
    if not judge_unadjusted(judged, paper, ledger, relation, claims, wald):
        _say_findings(judged, triple, claims.get("p"), findings)
    for line in (f.evidence for f in findings):
        judged.line(line)
    fewer = relation.get("at_most") == "n"  # complete cases may be fewer, and a table of all patients tells nothing
    if measure == "odds" and relation.get("adjusted") and n and events and not fewer:
        seek_crude(judged, paper, relation, texts, n, events, exposed)
    return judged


def _p_text(judged: Judged, paper: Paper, claim: Claim | None) -> str | None:
    """The P printed with a ratio; None if there is none, or if it is no P value, which is then said."""
    if claim is None:
        return None
    printed = paper.printed(claim)
    if printed is not None and 0 <= printed.value <= 1:
        return claim.reported
    verdict, why = ("not_checkable", "no number") if printed is None else ("impossible", "no P value")
    told = f"'{claim.reported}' is {why}"
    judged.say(claim, verdict, method="P value", evidence=told, note=told)
    return None


def _say_findings(judged: Judged, triple: Sequence[Claim], p: Claim | None, findings) -> None:
    """Opinions on a ratio, its two limits and its P from the three checks."""
    limits, p_value, width = findings
    verdict = {"consistent": "exact"}.get(limits.verdict, limits.verdict)
    for claim in triple:
        judged.say(
            claim,
            verdict,
            recomputed=claim.reported if verdict == "exact" else "",
            method=limits.method,
            solutions="many" if verdict == "exact" else "",
            evidence=limits.evidence,
            repair=limits.repair,
            note=LEFT_OPEN if verdict == "exact" else "",
        )
    if width.verdict == "impossible":
        judged.say(
            triple[1:], "impossible", method=width.method, solutions="0", evidence=width.evidence, repair=width.repair
        )
    if p is None or p_value.verdict == "not_checkable":
        return
    verdict = {"consistent": "exact"}.get(p_value.verdict, p_value.verdict)
    judged.say(
        p,
        verdict,
        recomputed=p.reported if verdict == "exact" else "",
        method=p_value.method,
        evidence=p_value.evidence,
        repair=p_value.repair,
        note="P and the interval disagree about significance"
        if p_value.flips
        else LEFT_OPEN
        if verdict == "exact"
        else "",
    )


def _plain(paper: Paper, claim: Claim) -> bool:
    printed = paper.printed(claim)
    return printed is not None and printed.sign == "=" and printed.value >= 0


def model_input(paper: Paper, ledger: Ledger, relation: Relation) -> dict:
    """What ``certificate.logistic`` is asked about a model, as plain data.

    Raises ReplicalcError where the number of patients or of events is not known.
    """
    terms, margins = [], []
    n, events = (_range(ledger, relation, key) for key in ("n", "events"))
    for name in relation["ratios"]:
        ratio = paper.relations.get(name)
        if ratio is None or ratio.kind != "ratio":
            raise ReplicalcError(f"relation {relation.id}: there is no relation '{name}' of kind ratio")
        claims = parts(paper, ratio)
        terms.append([name, *(claims[key].reported for key in ("ratio", "lo", "hi"))])
        exposed = _value(ledger, ratio, "exposed")
        # Only a number that the paper prints is known of the patients; one that is itself recovered is a reading.
        if exposed is not None and ledger.printed(ledger.ref(ratio["exposed"], ratio)) and ratio.get("at_most") != "n":
            margins.append([{name: 1}, [exposed, exposed], None])
    return {
        "terms": terms,
        "n": n,
        "events": events,
        "margins": margins,
        "exclusive": [list(group) for group in relation.get("exclusive") or ()],
        "level": paper.level,
    }


def _range(ledger: Ledger, relation: Relation, key: str) -> list[int]:
    found = ledger.range(ledger.ref(relation[key], relation))
    if found is None or found[1] is None:
        raise ReplicalcError(f"relation {relation.id}: '{key}' is not known, and nothing bounds it")
    return [max(1, found[0]), found[1]]


def certify(asked: Mapping) -> dict:
    """Run ``certificate.logistic`` on what ``model_input`` has; plain data, ready for JSON."""
    from replicalc.verify.certificate import logistic

    found = logistic(*_question(asked))
    cells = [{"pattern": list(c.pattern), "patients": c.patients, "events": c.events} for c in found.cells]
    return {
        "asked": dict(asked),
        "verdict": found.verdict,
        # JSON has no infinity: null where no patients were found, or where the sums contradict each other.
        "inflation": found.inflation if isfinite(found.inflation) else None,
        "nearest": found.nearest if isfinite(found.nearest) else None,
        "needed": list(found.needed),
        "cells": cells,
        "odds_ratios": list(found.odds_ratios),
        "method": found.method,
        "evidence": found.evidence,
        "repair": found.repair,
        "proof": _proof(found),
    }


def _question(asked: Mapping) -> tuple:
    """The arguments of ``certificate.logistic`` from plain data."""
    from replicalc.verify.certificate import Margin, Term

    return (
        [Term(*term) for term in asked["terms"]],
        tuple(asked["n"]),
        tuple(asked["events"]),
        [Margin(where, tuple(p) if p else None, tuple(e) if e else None) for where, p, e in asked["margins"]],
        [tuple(group) for group in asked["exclusive"]],
        asked["level"],
    )


def _proof(found) -> dict:
    """Every step of the proof in exact numbers; a fraction is the text "numerator/denominator"."""
    return {
        "names": list(found.model.names),
        "patterns": [list(pattern) for pattern in found.model.patterns],
        "se": [str(value) for value in found.model.se],
        "known": [
            {"text": k.text, "patients": list(k.patients), "events": list(k.events), "lo": k.lo, "hi": k.hi}
            for k in found.model.known
        ],
        "whole": _box(found.whole),
        "pieces": [
            {
                "box": _box(p.box),
                "rows": [list(row) for row in p.rows],
                "prices": [str(v) for v in p.prices],
                "inflation": p.inflation if isfinite(p.inflation) else None,
            }
            for p in found.pieces
        ],
    }


def _box(box) -> list[list[str]]:
    """The odds of the reference pattern and the odds ratios, each from a lower to an upper fraction."""
    return [[str(end) for end in ends] for ends in (box.baseline, *box.ratios)]


def proven(certificate: Mapping) -> float:
    """Add a kept proof up again in exact arithmetic: the inflation of the standard errors that it proves.

    The model and the range of its coefficients are made anew from what was asked, so that the proof is one of the
    printed numbers.

    Raises ReplicalcError where the proof is of another model, or its boxes do not fill the range of the coefficients.
    """
    from fractions import Fraction

    from replicalc.verify.certificate import read
    from replicalc.verify.certificate_bound import Box, Known, Model, covers, piece

    proof = certificate["proof"]

    def box(sides) -> Box:
        first, *ratios = (tuple(Fraction(end) for end in ends) for ends in sides)
        return Box(first, tuple(ratios))

    known = tuple(Known(k["text"], tuple(k["patients"]), tuple(k["events"]), k["lo"], k["hi"]) for k in proof["known"])
    patterns = tuple(tuple(pattern) for pattern in proof["patterns"])
    model = Model(tuple(proof["names"]), patterns, tuple(Fraction(se) for se in proof["se"]), known)
    asked = _question(certificate["asked"])
    wanted, whole, _ = read(*asked)
    if model != wanted or box(proof["whole"]) != whole:
        raise ReplicalcError("the proof is not one of the model that was asked about")
    pieces = [
        piece(model, box(p["box"]), p["rows"], [Fraction(price) for price in p["prices"]]) for p in proof["pieces"]
    ]
    if not covers(pieces, box(proof["whole"])):
        raise ReplicalcError("the boxes of the proof do not fill the range of the coefficients")
    return min(p.inflation for p in pieces)


def judge_model(
    paper: Paper,
    ledger: Ledger,
    relation: Relation,
    ratios: Mapping[str, Judged],
    certificate: Callable[[str, dict], dict],
) -> Judged:
    """Whether any patients give the ratios as one model, and whether they come out crudely instead."""
    from replicalc.verify.ratios import together

    judged = Judged(relation.id, relation.kind)
    asked = model_input(paper, ledger, relation)
    try:
        found = certificate(relation.id, asked)
    except ReplicalcError as error:
        judged.line(f"Not certified: {error}.")
        return judged
    judged.line(found["method"] + ".")
    judged.line(found["evidence"])
    if found["repair"]:
        judged.line(f"It would take {found['repair']}.")
    crude = {name: ratios[name].facts.get("crude") for name in relation["ratios"] if name in ratios}
    all_crude = bool(crude) and all(each is not None and each.tables for each in crude.values())
    if crude and all(each is not None for each in crude.values()):
        chance, sentence = together([each for each in crude.values() if each is not None])
        judged.line(sentence)
        judged.facts["chance"] = chance
    judged.facts |= {
        "verdict": found["verdict"],
        "evidence": found["evidence"],
        "repair": found["repair"],
        "crude": all_crude,
        "proven for": THESE_ALONE,
    }
    if found["cells"]:
        names = [term[0] for term in asked["terms"]]
        judged.show(
            "Patients whose model is nearest (real numbers)",
            (*names, "patients", "events"),
            [(*c["pattern"], f"{c['patients']:.2f}", f"{c['events']:.2f}") for c in found["cells"]],
        )
    if found["verdict"] != "impossible":
        return judged
    uneven = no_wald_limits(asked["terms"])
    if uneven:
        # The standard errors are read from the limits as Wald's: of other limits they prove nothing.
        whose = " and ".join(uneven)
        told = f"not refuted: the limits of {whose} are no Wald limits of the ratio, and only those are judged"
        judged.facts |= {"verdict": "undecided", "evidence": f"the model is {told}"}
        judged.line(f"The model is {told}; were they Wald's, no patients could give it.")
        for name in relation["ratios"]:
            judged.say(_triple(paper, name), "not_checkable", method=found["method"], note=f"{relation.id} is {told}")
        return judged
    alone = f"no patients give all as one model ({relation.id}: {_short(found)})"
    for name, triple in ((name, _triple(paper, name)) for name in relation["ratios"]):
        if crude.get(name) is not None and crude[name].tables:
            tables = crude[name].tables
            t = tables[0]
            sizes = t.exposed_events + t.exposed_others, t.unexposed_events + t.unexposed_others
            among = f" (one of {len(tables)} such tables)" if len(tables) > 1 else ""
            table = f"{t.exposed_events} of {sizes[0]} against {t.unexposed_events} of {sizes[1]}{among}"
            for claim in triple:
                judged.say(
                    claim,
                    "unstated_method",
                    recomputed=claim.reported,
                    method="crude odds ratio with Woolf's limits, not adjusted",
                    solutions=str(len(tables)),
                    evidence=f"{table} give it crudely; {alone}",
                    repair=found["repair"],
                    note=THESE_ALONE,
                )
        else:
            judged.say(
                triple,
                "impossible",
                method=found["method"],
                solutions="0",
                evidence=found["evidence"],
                repair=found["repair"],
                note=f"one of the ratios of one model, of which not all can hold; {THESE_ALONE}",
            )
    return judged


def no_wald_limits(terms: Sequence[Sequence[str]]) -> list[str]:
    """The names of terms (name, ratio, limits) whose ratio is not the middle of its limits, within a unit of each."""
    from replicalc.verify.ratios import check

    found = []
    for name, *texts in terms:
        try:
            even = check(*texts)[0].verdict in ("consistent", "rounding")
        except ReplicalcError:  # swapped limits, say
            even = False
        found += [] if even else [name]
    return found


def _short(found: Mapping) -> str:
    """The certificate in a few words."""
    from replicalc.verify.certificate_told import percent_above

    inflation = found.get("inflation")
    if inflation is None:
        return "the sums exclude each other"
    return f"at least one standard error is {percent_above(inflation)} % or more above the print"


def _triple(paper: Paper, name: str) -> Sequence[Claim]:
    claims = parts(paper, paper.relations[name])
    return [claims[key] for key in ("ratio", "lo", "hi")]
