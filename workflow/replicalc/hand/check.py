"""``replicalc check odds-ratio`` and ``hazard-ratio``: a ratio against its interval, its P value and its counts."""

from __future__ import annotations

import argparse
from math import isfinite
from typing import Any

from replicalc.errors import ReplicalcError
from replicalc.hand.answer import Answer, clause, listed, worst
from replicalc.hand.arguments import command, given, number, printed, share, whole

#: Above this chance that some table gives a ratio and interval nearby, a crude table says nothing.
TELLING = 0.05


def add(group: Any) -> None:
    """Add both commands to the group ``check``."""
    parser = command(
        group,
        "odds-ratio",
        "an odds ratio against its interval, P value, events and patients",
        """Whether the ratio is at the geometric mean of its limits, whether P belongs to the interval, and whether
        the interval is as wide as so many events need (for a yes/no factor). With --n and --events also every
        2x2 table that gives ratio and interval without any adjustment: say --crude if the paper calls the ratio
        unadjusted, --adjusted if it calls it adjusted.""",
        "replicalc check odds-ratio --or 2.625 --lo 1.039 --hi 6.631 --p 0.041 --n 78 --events 33 --adjusted",
        odds_ratio,
    )
    parser.add_argument("--or", dest="ratio", type=number, required=True, metavar="X", help="the printed ratio")
    _interval(parser)
    parser.add_argument("--exposed", type=whole("--exposed", 1), metavar="K", help="patients with the factor")
    called = parser.add_mutually_exclusive_group()
    called.add_argument("--adjusted", action="store_true", help="the paper calls the ratio adjusted")
    called.add_argument("--crude", action="store_true", help="the paper calls the ratio unadjusted")

    parser = command(
        group,
        "hazard-ratio",
        "a hazard ratio against its interval, P value and events",
        """Whether the ratio is at the geometric mean of its limits, whether P belongs to the interval, and whether
        the interval is as wide as so many events need (for a yes/no factor).""",
        "replicalc check hazard-ratio --hr 1.85 --lo 1.12 --hi 3.06 --p 0.016 --events 71",
        hazard_ratio,
    )
    parser.add_argument("--hr", dest="ratio", type=number, required=True, metavar="X", help="the printed ratio")
    _interval(parser)
    parser.set_defaults(exposed=None, adjusted=False, crude=False)


def _interval(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--lo", type=number, required=True, metavar="X", help="its printed lower limit")
    parser.add_argument("--hi", type=number, required=True, metavar="X", help="its printed upper limit")
    parser.add_argument("--p", type=printed, help="its printed P value; '<0.001' in quotes")
    parser.add_argument("--n", type=whole("--n", 1), help="patients in the analysis")
    parser.add_argument("--events", type=whole("--events", 1), metavar="K", help="events among them")
    parser.add_argument(
        "--measured", action="store_true", help="the factor is no yes/no factor: no check of the width, no tables"
    )
    parser.add_argument("--level", type=share, default=0.95, help="confidence level: %(default)s")


def odds_ratio(arguments: argparse.Namespace) -> Answer:
    return _ratio(arguments, "odds")


def hazard_ratio(arguments: argparse.Namespace) -> Answer:
    return _ratio(arguments, "hazard")


def _ratio(arguments: argparse.Namespace, kind: str) -> Answer:
    from replicalc.verify import ratios

    texts = arguments.ratio.text, arguments.lo.text, arguments.hi.text
    n, events, exposed = arguments.n, arguments.events, arguments.exposed
    if (arguments.adjusted or arguments.crude) and (n is None or events is None):
        raise ReplicalcError("to look for 2x2 tables both --n and --events are needed")
    if arguments.measured and (arguments.adjusted or arguments.crude):
        raise ReplicalcError("only a yes/no factor has 2x2 tables: leave out --adjusted and --crude, or --measured")
    if arguments.measured:
        n, events, exposed = None, None, None
    p = arguments.p.text if arguments.p is not None else None
    findings = _without_wald(ratios.check(*texts, p, events, n, arguments.level, kind, exposed))
    checks = [{"check": f.check, "verdict": _common(f.verdict), "evidence": f.evidence} for f in findings]
    verdict = worst(f.verdict for f in findings)
    repair = "; or ".join(f.repair for f in findings if f.repair)
    claim = f"{kind} ratio {texts[0]} ({texts[1]} to {texts[2]}" + (f", P {_equals(arguments.p)})" if p else ")")
    methods = [f.method for f in findings if f.verdict != "not_checkable"]
    bad = [f for f in findings if f.verdict in ("impossible", "unstated_method", "rounding")]
    said = [_said(f) for f in bad] or [_good(findings, p)]
    solutions, evidence, notes = [], " ".join(f.evidence for f in bad or findings), []
    # A printed 0 stands for a ratio too small to be told; it has no tables.
    searched = kind == "odds" and arguments.ratio.value > 0 and n is not None and events is not None
    if searched and events < n <= ratios_most():
        found = ratios.crude_tables(*texts, n, events, exposed, arguments.level)
        solutions = [
            {
                "exposed_events": t.exposed_events,
                "exposed_others": t.exposed_others,
                "unexposed_events": t.unexposed_events,
                "unexposed_others": t.unexposed_others,
                "rounding": t.rounding,
                "quantile": t.quantile,
            }
            for t in found.tables
        ]
        methods.append(found.method)
        evidence = f"{evidence} {found.evidence}"
        verdict, words, notes = _crude(arguments, found, verdict)
        said += words
    elif searched and events < n:
        notes = [f"2x2 tables of more than {ratios_most():,} patients are not looked for"]
    sentence = f"{claim[0].upper()}{claim[1:]}: {'; '.join(said)}."
    return Answer(
        arguments.name,
        given(arguments),
        verdict,
        "; ".join(methods),
        evidence,
        sentence,
        solutions,
        checks,
        repair=repair,
        notes=notes,
    )


def _without_wald(findings):
    """The standard error is read from the limits as Wald's: where they are not, it proves nothing about the width."""
    from dataclasses import replace

    if findings[0].verdict != "unstated_method":
        return findings
    return [replace(f, verdict="unstated_method") if f.verdict == "impossible" else f for f in findings]


def ratios_most() -> int:
    from replicalc.verify.crude import MOST_PATIENTS

    return MOST_PATIENTS


def _crude(arguments: argparse.Namespace, found, verdict: str) -> tuple[str, list[str], list[str]]:
    """The verdict with the tables that give the ratio without adjustment, clauses for the sentence, and notes."""
    from replicalc.verify.crude import percent

    many, chance = len(found.tables), found.chance
    tables = "one 2x2 table" if many == 1 else f"{many} 2x2 tables"
    told = f"{tables} of {arguments.n} with {arguments.events} events"
    if arguments.adjusted and many:
        by_chance = f" ({percent(chance)} of the numbers nearby would be met by some table)" if isfinite(chance) else ""
        clause = f"called adjusted, it also comes out without any adjustment, from {told}{by_chance}"
        weak = (
            [] if not chance >= TELLING else ["tables are so many that some would give almost any ratio and interval"]
        )
        return verdict, [clause], weak
    if arguments.adjusted:
        return verdict, ["no 2x2 table gives it without adjustment"], []
    if arguments.crude and not many:
        note = "only Woolf's limits were tried for the tables: other limits could give the numbers"
        return (
            worst([verdict, "unstated_method"]),
            [f"none of the tables of {arguments.n} gives it by Woolf's limits"],
            [note],
        )
    if arguments.crude and many > 1:
        return worst([verdict, "underdetermined"]), [f"{told} give it without adjustment"], []
    clause = f"{told} give{'s' if many == 1 else ''} it without adjustment" if many else ""
    return verdict, [clause] if clause else [], []


def _common(verdict: str) -> str:
    return "exact" if verdict == "consistent" else verdict


def _equals(p) -> str:
    return p.text if p.sign != "=" else f"= {p.text}"


def _said(finding) -> str:
    """The evidence as a clause, with what would have to be printed."""
    text = clause(finding.evidence)
    if finding.check == "width":
        text = f"for a yes/no factor, {text}"  # a measurement can have narrower limits
    return text + (f" ({finding.repair} would agree)" if finding.repair else "")


def _good(findings, p: str | None) -> str:
    agree = [f.check for f in findings if f.verdict == "consistent"]
    words = {"limits": "the ratio lies where its limits put it", "p": "P belongs to the interval"}
    words["width"] = "the interval is as wide as the events need for a yes/no factor"
    return listed([words[check] for check in agree])
