"""``replicalc recover split``: two groups of unknown sizes behind two percentages, an odds ratio and a P value."""

from __future__ import annotations

import argparse
from typing import Any

from replicalc.errors import ReplicalcError
from replicalc.hand.answer import Answer, by_roundings, listed, one_unit
from replicalc.hand.arguments import choose, command, given, number, printed, share, span, whole

_NAMES = {
    "percent_a": "percentage of a",
    "percent_b": "percentage of b",
    "odds_ratio": "odds ratio",
    "lower": "lower limit",
    "upper": "upper limit",
    "p": "P",
}


def add(group: Any) -> None:
    """Add the command to the group ``recover``."""
    parser = command(
        group,
        "split",
        "two groups of unknown sizes behind two percentages",
        """All ways to split n patients into two groups, a and b, such that an outcome has the printed percentage in
        each; and, where printed for the same patients, the crude odds ratio (of a against b or of b against a), its
        limits (Woolf's) and a P value (by any of the tests tried). If there is none, the fewest printed numbers that
        must change.""",
        "replicalc recover split --a 21.4 --b 33.6 --n 243 --or 1.854 --lo 1.039 --hi 3.309 --p 0.035",
        split,
    )
    parser.add_argument("--a", type=number, required=True, metavar="X", help="percentage with the outcome in group a")
    parser.add_argument("--b", type=number, required=True, metavar="X", help="percentage with the outcome in group b")
    parser.add_argument("--n", type=whole("--n", 2), required=True, help="patients of both groups together")
    parser.add_argument("--p", type=printed, help="P value of the difference, as printed")
    parser.add_argument("--or", dest="or", type=printed, metavar="X", help="odds ratio without adjustment")
    parser.add_argument("--lo", type=number, metavar="X", help="its lower limit")
    parser.add_argument("--hi", type=number, metavar="X", help="its upper limit")
    parser.add_argument(
        "--events", type=whole("--events"), metavar="K", help="with the outcome in both groups together"
    )
    parser.add_argument("--n-a", type=span, metavar="N[-N]", help="size of group a, or a range of it, if printed")
    parser.add_argument("--level", type=share, default=0.95, help="confidence level: %(default)s")
    parser.add_argument("--test", action="append", metavar="NAME", help="a test to try for P; the usual seven if none")
    parser.add_argument("--fraction", action="store_true", help="the shares are fractions of 1, not percentages")


def split(arguments: argparse.Namespace) -> Answer:
    from replicalc.verify import split as engine

    ratio, p = getattr(arguments, "or"), arguments.p
    if (arguments.lo is None) != (arguments.hi is None):
        raise ReplicalcError("an interval has two limits: give both --lo and --hi")
    limits = None if arguments.lo is None else (arguments.lo, arguments.hi)
    tests = engine.QUICK
    if arguments.test:
        tests = tuple(dict.fromkeys(choose(test, engine.TESTS, "test") for test in arguments.test))
    if arguments.events is not None and arguments.events > arguments.n:
        raise ReplicalcError(f"--events {arguments.events} is more than --n {arguments.n}")
    if arguments.n_a is not None and arguments.n_a[0] >= arguments.n:
        raise ReplicalcError(f"--n-a {arguments.n_a[0]} leaves nobody of --n {arguments.n} for group b")
    options: dict[str, Any] = dict(
        n_a=arguments.n_a, events=arguments.events, level=arguments.level, scale=1 if arguments.fraction else 100
    )
    found = engine.split(arguments.a, arguments.b, arguments.n, p, ratio, limits, tests=tests, **options)
    solutions = [
        {
            "events_a": s.k1,
            "n_a": s.n1,
            "events_b": s.k2,
            "n_b": s.n2,
            "odds_ratio": s.direction,
            "p_by": list(s.tests),
            "roundings": list(s.roundings),
        }
        for s in found.splits
    ]
    claims = {"percent_a": arguments.a, "percent_b": arguments.b, "odds_ratio": ratio}
    claims |= {"lower": arguments.lo, "upper": arguments.hi, "p": p}
    claims = {name: value for name, value in claims.items() if value is not None}
    beside = [f"{arguments.events} events"] if arguments.events is not None else []
    if arguments.n_a is not None:
        beside.append(f"a group a of {' to '.join(map(str, dict.fromkeys(arguments.n_a)))}")
    claim = listed([*(f"{_NAMES[name]} {value.text}" for name, value in claims.items()), *beside])
    common: dict[str, Any] = dict(
        command=arguments.name, input=given(arguments), method=found.method, solutions=solutions
    )
    if found.splits:
        different = len({s.counts for s in found.splits})
        if found.unique:
            verdict = by_roundings(r for s in found.splits for r in s.roundings)
            by = f" (P by {listed(found.splits[0].tests, 'or')})" if p is not None else ""
            sentence = f"Only one split of {arguments.n} has {claim}: {found.splits[0]}{by}."
        else:
            verdict = "underdetermined"
            sentence = f"{different:,} splits of {arguments.n} have {claim}, so the sizes of the groups are not fixed."
        return Answer(verdict=verdict, evidence=found.evidence, sentence=sentence, **common)
    repair = " or ".join(_readings(r, claims) for r in found.repairs[:3])
    proven = _proven(engine, arguments, ratio, options) if p is not None or limits else True
    verdict = "impossible" if proven else "unstated_method"
    if any(_one_unit_off(r, claims) for r in found.repairs):
        verdict = "rounding"
    tried = [
        *(["Woolf's limits"] if limits else []),
        *(
            [f"the {len(tests)} tests tried" if len(tests) > 1 else f"{tests[0]}, the test tried"]
            if p is not None
            else []
        ),
    ]
    how = " (every split was tried)" if proven else f" by {listed(tried)} (every split was tried)"
    needed = f"; at the least it takes {_readings(found.repairs[0], claims)}" if found.repairs else ""
    notes = [] if proven else ["another method of interval or test could give the numbers: this is no proof"]
    if found.passed_over:
        notes.append(
            f"not searched for a repair, too many splits: {listed([listed(s) for s in found.passed_over], 'or')}"
        )
    sentence = f"No split of {arguments.n} into two groups has {claim}{how}{needed}."
    return Answer(verdict=verdict, evidence=found.evidence, sentence=sentence, repair=repair, notes=notes, **common)


def _proven(engine, arguments: argparse.Namespace, ratio, options: dict[str, Any]) -> bool:
    """Whether percentages and odds ratio alone, which are whole numbers compared, exclude every split."""
    try:
        return not engine.split(arguments.a, arguments.b, arguments.n, odds_ratio=ratio, **options).splits
    except ReplicalcError:  # too many splits to list: there are some
        return False


def _readings(repair, claims: dict[str, Any]) -> str:
    parts = []
    for name, new in repair.readings:
        reads = f"one of {new}" if name == "p" and "," in new else new
        parts.append(f"{_NAMES[name]} {reads} instead of {claims[name].text}")
    return listed(parts)


def _one_unit_off(repair, claims: dict[str, Any]) -> bool:
    """Whether one number alone, one unit of its last place higher or lower, would do (P: by the first test named)."""
    if len(repair.readings) != 1:
        return False
    name, new = repair.readings[0]
    claim = claims[name]
    if claim.sign != "=":
        return False
    values = [part.rsplit(" ", 1)[-1] for part in new.split(", ")] if name == "p" else [new]
    return any(one_unit(value, claim.value, claim.decimals) for value in values)
