"""``replicalc recover two-by-two`` and ``recover counts``: the counts behind printed percentages."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from typing import Any

from replicalc.errors import ReplicalcError
from replicalc.hand.answer import Answer, by_roundings, first_words, listed, one_unit
from replicalc.hand.arguments import command, given, named_count, named_number, number, printed, whole
from replicalc.verify.printed import Printed
from replicalc.verify.recovery import print_share

#: Options of ``two-by-two``; a test holds them to the names that the search knows (which needs numpy to be asked).
MEASURES = {
    "sensitivity": "tp of tp + fn",
    "specificity": "tn of fp + tn",
    "ppv": "positive predictive value, tp of tp + fp",
    "npv": "negative predictive value, tn of fn + tn",
    "accuracy": "tp + tn of all",
    "prevalence": "tp + fn of all",
    "positive_rate": "tp + fp of all",
    "fpr": "false-positive rate, fp of fp + tn",
    "fnr": "false-negative rate, fn of tp + fn",
    "fdr": "false discovery rate, fp of tp + fp",
    "for": "false omission rate, fn of fn + tn",
}
MARGINS = {
    "tp": "true positive",
    "fp": "false positive",
    "fn": "false negative",
    "tn": "true negative",
    "diseased": "tp + fn",
    "healthy": "fp + tn",
    "positive": "tp + fp",
    "negative": "fn + tn",
    "correct": "tp + tn",
    "wrong": "fp + fn",
}
#: Sizes of a group that are tried unless others are asked for.
LARGEST_GROUP = 500
#: How many sizes one search may try; a second of work.
MOST_SIZES = 50_000
#: Sizes of a 2x2 table with which the tables nearest to the print are looked for too; with more it takes a minute.
MOST_SIZES_NEAREST = 500
_ONLY = {
    "unstated_method": " (only with percentages cut off instead of rounded, or each rounded its own way)",
    "exact": "",
}


def add(group: Any) -> None:
    """Add both commands to the group ``recover``."""
    parser = command(
        group,
        "two-by-two",
        "all 2x2 tables behind diagnostic measures",
        """All tables of true and false positives and negatives that print the given measures, proven by
        exhaustion: one (the counts are known), several (they are not), or none. If there is none, the fewest
        printed numbers that must change, and to what. Give every measure and every count that the paper prints
        for the same patients. n may be unknown: give a range by --n-min and --n-max.""",
        "replicalc recover two-by-two --n 200 --sensitivity 85.2 --specificity 77.7 --ppv 62.7",
        two_by_two,
    )
    parser.add_argument("--n", type=whole("--n", 1), help="patients (or lesions) in the table")
    parser.add_argument("--n-min", type=whole("--n-min", 1), metavar="N", help="the fewest, if n is not printed")
    parser.add_argument("--n-max", type=whole("--n-max", 1), metavar="N", help="the most, if n is not printed")
    parser.add_argument("--fraction", action="store_true", help="the measures are fractions of 1, not percentages")
    measures = parser.add_argument_group("measures, as printed")
    for name, text in MEASURES.items():
        measures.add_argument(f"--{name.replace('_', '-')}", dest=name, type=printed, metavar="X", help=text)
    counts = parser.add_argument_group("counts that are printed too")
    for name, text in MARGINS.items():
        counts.add_argument(f"--{name}", type=whole(f"--{name}"), metavar="K", help=text)

    parser = command(
        group,
        "counts",
        "counts behind a percentage, or the size of a group behind several",
        f"""With --n and one percentage: every count that prints so. Without --n, or with several percentages of one and
        the same group: every size of the group for which each percentage has a count, with the counts. Sizes are tried
        up to {LARGEST_GROUP} unless --n-max says otherwise. --exhaustive says that the percentages are all categories
        of the group, so that their counts add up to its size.""",
        "replicalc recover counts --percent low=52.1 --percent middle=12.5 --percent high=35.4 --n-max 95 --exhaustive",
        counts_of,
    )
    parser.add_argument(
        "--percent", type=named_number, action="append", required=True, metavar="[NAME=]X", help="may be repeated"
    )
    parser.add_argument("--n", type=whole("--n", 1), help="size of the group, if printed")
    parser.add_argument("--n-min", type=whole("--n-min", 1), metavar="N", help="smallest size tried: 1")
    parser.add_argument("--n-max", type=whole("--n-max", 1), metavar="N", help=f"largest size tried: {LARGEST_GROUP}")
    parser.add_argument("--exhaustive", action="store_true", help="the categories are all there are, without overlap")
    parser.add_argument("--known", type=named_count, action="append", default=[], metavar="NAME=K", help="its count")
    parser.add_argument("--known-sum", type=whole("--known-sum"), metavar="K", help="what the counts add up to")
    parser.add_argument("--fraction", action="store_true", help="the numbers are fractions of 1, not percentages")


def sizes_of(n: int | None, lo: int | None, hi: int | None, most: int) -> tuple[int, int]:
    """The sizes to try: n alone, or from ``lo`` (1) to ``hi`` (``most``)."""
    if n is not None:
        if lo is not None or hi is not None:
            raise ReplicalcError("give either --n or a range by --n-min and --n-max, not both")
        return n, n
    if hi is None and (lo or 1) > most:
        raise ReplicalcError(f"without --n-max sizes are tried up to {most:,} only, not from {lo:,}: give --n-max too")
    return lo or 1, hi or most


def two_by_two(arguments: argparse.Namespace) -> Answer:
    from replicalc.verify import two_by_two as engine

    typed = vars(arguments)
    measures = {name: typed[name] for name in MEASURES if typed[name] is not None}
    known = {name: typed[name] for name in MARGINS if typed[name] is not None}
    if not measures:
        raise ReplicalcError("at least one measure is needed, such as --sensitivity 81.3")
    sizes = sizes_of(arguments.n, arguments.n_min, arguments.n_max, engine.MAX_UNKNOWN)
    found, unsearched = _with_repairs(engine, measures, sizes, known, 1 if arguments.fraction else 100)
    solutions = [
        {"tp": t.tp, "fp": t.fp, "fn": t.fn, "tn": t.tn, "n": t.n, "roundings": list(t.roundings)} for t in found.tables
    ]
    texts = {**{k: v.text for k, v in measures.items()}, **{k: str(v) for k, v in known.items()}}
    claim = listed([f"{name.replace('_', ' ')} {text}" for name, text in texts.items()])
    span = f"{sizes[0]}" if sizes[0] == sizes[1] else f"any n from {sizes[0]} to {sizes[1]}"
    notes = _notes_on_repairs(found) + unsearched
    common: dict[str, Any] = dict(
        command=arguments.name,
        input=given(arguments),
        method=found.method,
        evidence=found.evidence,
        solutions=solutions,
        notes=notes,
    )
    if not found.tables:
        repairs = found.repairs or _every_measure(engine, found, measures, known, 1 if arguments.fraction else 100)
        repair = " or ".join(_change(r, texts) for r in repairs[:3])
        verdict = "rounding" if any(_by_one_unit(r, measures) for r in repairs) else "impossible"
        verdict = _if_bounded(arguments, verdict, notes, sizes[1])
        needed = f"; at the least it takes {_change(repairs[0], texts)}" if repairs else ""
        sentence = f"No 2x2 table of {span} has {claim} (all were tried){needed}."
        return Answer(verdict=verdict, repair=repair, sentence=sentence, **common)
    if found.unique:
        verdict = by_roundings(found.tables[0].roundings)
        if arguments.n is None and arguments.n_max is None:
            notes.append(_larger(sizes[1], not known))
            verdict = "underdetermined"
        table = f"{found.tables[0]} (n = {found.tables[0].n})"
        sentence = f"Of all 2x2 tables of {span}, exactly one has {claim}: {table}{_ONLY.get(verdict, '')}."
        return Answer(verdict=verdict, sentence=sentence, **common)
    many = max(len(found.tables), *(count for _, count in found.counts))
    least = "" if found.complete else "at least "
    sentence = f"{least}{many:,} different 2x2 tables of {span} have {claim}, so these numbers do not fix the counts."
    return Answer(verdict="underdetermined", sentence=first_words(sentence), n_solutions=many, **common)


def _with_repairs(engine, measures, sizes, known, scale: int):
    """What is found, with the repairs and, where that does not take too long, the nearest tables; and a note."""
    n = sizes[0] if sizes[0] == sizes[1] else sizes
    found = engine.two_by_two(measures, n, known, scale=scale, repair=False)
    if found.tables:
        return found, []
    try:
        if sizes[1] - sizes[0] < MOST_SIZES_NEAREST:
            return engine.two_by_two(measures, n, known, scale=scale), []
        return replace(found, repairs=engine.smallest_repair(measures, n, known, scale=scale)), []
    except ReplicalcError:  # the input is sound, as the first search has shown: only the second one is too long
        return found, ["what would have to change was not searched for, too many possibilities: give n, or a count"]


def _every_measure(engine, found, measures: Mapping[str, Printed], known, scale: int) -> list:
    """Where no number can stand, all have to change: to what they read in the tables that come nearest."""
    if known or not found.nearest:
        return []
    best: dict[tuple, Any] = {}
    for table in found.nearest:
        reads = {m: print_share(*table.share(m), p.decimals, scale=scale) for m, p in measures.items()}
        changes = tuple((name, (text,)) for name, text in reads.items())
        best.setdefault(changes, engine.Repair(tuple(reads), (table,), changes, 1, Fraction(0)))
    return list(best.values())


def _larger(most: int, multiples: bool) -> str:
    twice = "; all counts doubled print the same" if multiples else ""
    return f"sizes above {most} were not tried{twice}: give --n, or --n-max if there is a bound"


def _if_bounded(arguments: argparse.Namespace, verdict: str, notes: list[str], most: int) -> str:
    """The verdict where nothing was found, unless only this program's own bound ended the search."""
    if arguments.n is not None or arguments.n_max is not None:
        return verdict
    notes.append(f"sizes above {most} were not tried, so this proves nothing: give --n, or --n-max if there is a bound")
    return "not_checkable"


def _notes_on_repairs(found) -> list[str]:
    if found.tables or not found.nearest:
        return []
    table = found.nearest[0]
    return [f"the table that comes nearest to all measures at once is {table} (n = {table.n})"]


def _change(repair, texts: Mapping[str, str]) -> str:
    return listed([f"{name.replace('_', ' ')} {new[0]} instead of {texts[name]}" for name, new in repair.changes])


def _by_one_unit(repair, measures: Mapping[str, Printed]) -> bool:
    """Whether one measure alone, changed by one unit of its last place, would do."""
    name = repair.names[0]
    if len(repair.names) > 1 or name not in measures or measures[name].sign != "=":
        return False
    readings = dict(repair.changes)[name]
    return any(one_unit(new, measures[name].value, measures[name].decimals) for new in readings)


def counts_of(arguments: argparse.Namespace) -> Answer:
    scale = 1 if arguments.fraction else 100
    one = arguments.percent[0][1]
    plain = not (arguments.exhaustive or arguments.known or arguments.known_sum is not None)
    if len(arguments.percent) == 1 and arguments.n is not None and plain:
        sizes_of(arguments.n, arguments.n_min, arguments.n_max, LARGEST_GROUP)
        return _one_percentage(arguments, one, arguments.n, scale)
    return _group(arguments, scale)


def _one_percentage(arguments: argparse.Namespace, percent: Printed, n: int, scale: int) -> Answer:
    from replicalc.verify.recovery import counts_from_percent

    found = counts_from_percent(percent, n, scale)
    solutions = [{"count": c.k, "n": c.n, "roundings": list(c.roundings)} for c in found.solutions]
    repair = f"{' or '.join(found.repair)} instead of {percent.text}" if found.repair else ""
    unit = "" if arguments.fraction else " %"
    claim = f"{percent.text.removesuffix('%').strip()}{unit}"
    if not solutions:
        near = percent.sign == "=" and any(one_unit(r, percent.value, percent.decimals) for r in found.repair)
        verdict = "rounding" if near else "impossible"
        shown = found.evidence.partition(": ")[2]
        sentence = f"No count of {n} prints as {claim}: {shown}."
    elif len(solutions) == 1:
        verdict = by_roundings(found.solutions[0].roundings)
        sentence = f"{claim} of {n} is {solutions[0]['count']}{_ONLY[verdict]}; no other count prints so."
    else:
        verdict = "underdetermined"
        counts = [s["count"] for s in solutions]
        sentence = f"{claim} of {n} can be any of {len(counts)} counts from {counts[0]} to {counts[-1]}."
    return Answer(
        arguments.name, given(arguments), verdict, found.method, found.evidence, sentence, solutions, repair=repair
    )


def _group(arguments: argparse.Namespace, scale: int) -> Answer:
    from replicalc.verify.recovery import denominators

    percents = _named(arguments.percent)
    lo, hi = sizes_of(arguments.n, arguments.n_min, arguments.n_max, LARGEST_GROUP)
    if hi - lo >= MOST_SIZES:
        raise ReplicalcError(f"at most {MOST_SIZES:,} sizes of a group are tried; give a smaller --n-max")
    known: dict[str, int] = {}
    for name, count in arguments.known:
        if name in known:
            raise ReplicalcError(f"--known: a count of '{name}' is given twice")
        known[name] = count
    options: dict[str, Any] = dict(
        exhaustive=arguments.exhaustive, known=known, known_sum=arguments.known_sum, scale=scale
    )
    found = denominators(percents, lo, hi, **options)
    merged: dict[tuple, list[str]] = {}
    for d in found.solutions:
        merged.setdefault((d.n, d.counts), []).append(d.rounding)
    solutions = [
        {"n": n, "counts": {k: a if a == b else f"{a} to {b}" for k, a, b in counts}, "roundings": roundings}
        for (n, counts), roundings in sorted(merged.items())
    ]
    unit = "" if arguments.fraction else " %"
    shares = {name: f"{p.text.removesuffix('%').strip()}{unit}" for name, p in percents.items()}
    claim = listed([f"{name} {text}" if name in dict(arguments.percent) else text for name, text in shares.items()])
    if known:
        claim += f" ({listed([f'{k} {name}' for name, k in known.items()])})"
    span = f"{lo}" if lo == hi else f"{lo} to {hi}"
    together = " whose counts add up" if arguments.exhaustive or arguments.known_sum is not None else ""
    together += f" to {arguments.known_sum}" if arguments.known_sum is not None else ""
    common = dict(command=arguments.name, input=given(arguments), method=found.method, evidence=found.evidence)
    if not solutions:
        repairs = _one_unit_off(percents, lo, hi, options)
        others = "without " + " or without ".join(listed(r) for r in found.repairs) if found.repairs else ""
        repair = " or ".join(repairs) or (f"{others} there is a size" if others else "")
        more = f"; {repairs[0]} would do" if repairs else ""
        sentence = f"No group of {span} has {claim}{together} (every size was tried){more}."
        notes: list[str] = []
        verdict = _if_bounded(arguments, "rounding" if repairs else "impossible", notes, hi)
        return Answer(verdict=verdict, repair=repair, sentence=sentence, notes=notes, **common)
    fixed = len(solutions) == 1 and all(isinstance(k, int) for k in solutions[0]["counts"].values())
    if fixed:
        verdict = by_roundings(solutions[0]["roundings"])
        counts = listed([f"{name} {k}" if len(percents) > 1 else f"{k}" for name, k in solutions[0]["counts"].items()])
        is_ = "counts are" if len(percents) > 1 else "count is"
        only = "A group" if lo == hi else "Only a group"
        notes = []
        if arguments.n is None and arguments.n_max is None and not _binding(percents, known, scale, hi):
            notes.append(_larger(hi, not known and arguments.known_sum is None))
            only = f"Of the groups of {lo} to {hi}, only one"
        size = solutions[0]["n"]
        sentence = f"{only} of {size} has {claim}{together}{_ONLY[verdict]}; the {is_} {counts}."
        verdict = "underdetermined" if notes else verdict
        return Answer(verdict=verdict, sentence=sentence, solutions=solutions, notes=notes, **common)
    ns = found.sizes
    of = f" (of those from {lo} to {hi})" if lo != hi else ""
    several = f"{len(ns)} sizes from {ns[0]} to {ns[-1]}{of} have" if len(ns) > 1 else f"a group of {ns[0]} has"
    what = "the size of the group" if len(ns) > 1 else "the counts"
    sentence = first_words(f"{several} {claim}{together}, so the percentages do not fix {what}")
    return Answer(verdict="underdetermined", sentence=sentence, solutions=solutions, **common)


def _binding(percents: Mapping[str, Printed], known: Mapping[str, int], scale: int, hi: int) -> bool:
    """Whether a known count and its percentage leave no size above the largest that was tried."""
    for name, count in known.items():
        least = percents[name].value - percents[name].value.__class__(1).scaleb(-percents[name].decimals)
        if count and least > 0 and "<" not in percents[name].sign and count * scale < (hi + 1) * least:
            return True
    return False


def _named(percents: list[tuple[str, Printed]]) -> dict[str, Printed]:
    out: dict[str, Printed] = {}
    for i, (name, value) in enumerate(percents, start=1):
        key = name or (f"percentage {i}" if len(percents) > 1 else "percentage")
        if key in out:
            raise ReplicalcError(f"--percent: '{key}' is given twice; categories of one group have different names")
        out[key] = value
    return out


def _one_unit_off(percents: Mapping[str, Printed], lo: int, hi: int, options: Mapping[str, Any]) -> list[str]:
    """Single percentages that, one unit of the last place higher or lower, would leave a size of the group."""
    from replicalc.verify.recovery import denominators

    out = []
    for name, p in percents.items():
        if p.sign != "=":
            continue
        for step in (-1, 1):
            new = p.value + step * p.value.__class__(1).scaleb(-p.decimals)
            if 0 <= new <= options["scale"]:
                changed = {**percents, name: number(f"{new:f}")}
                if denominators(changed, lo, hi, **options).solutions:
                    out.append(f"{name} {new:f} instead of {p.text}")
    return out
