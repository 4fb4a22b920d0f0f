"""``replicalc which-test``, ``which-interval`` and ``which-icc``: the method behind a printed number."""

from __future__ import annotations

import argparse
import re
from decimal import Decimal
from math import isnan
from typing import Any

from replicalc.errors import ReplicalcError
from replicalc.hand.answer import Answer, by_roundings, first_words, listed, one_unit
from replicalc.hand.arguments import choose, command, given, number, printed, read_text, share, table, whole

#: Methods that a sentence names; a reader of more is told how many there are.
MOST_METHODS = 6
_CUT_OFF = {"exact": "", "unstated_method": ", but only if cut off instead of rounded"}
#: Names of Shrout and Fleiss (doi:10.1037/0033-2909.86.2.420), which papers use more than those of McGraw and Wong.
_SHROUT_FLEISS = {"(2,1)": "(A,1)", "(2,k)": "(A,k)", "(3,1)": "(C,1)", "(3,k)": "(C,k)"}
#: A table with more patients keeps exact tests busy for minutes.
MOST_PATIENTS = 20_000


def add(commands: Any) -> None:
    """Add the three commands."""
    parser = command(
        commands,
        "which-test",
        "which test gives a printed P value of a table of counts",
        """Runs every test of this project on a table of counts (Pearson, Yates, Fisher, mid-P, Barnard, Boschloo,
        trend and rank tests, exact tests of r x c tables) and lists those that print the P value, whether the
        test that the paper names is among them, and whether the choice of a test turns the conclusion. Trend
        and rank tests take rows and columns in the order given; --unordered leaves out those that need an order
        that is not there.""",
        'replicalc which-test --table "12 5; 6 11" --p 0.086 --named pearson',
        which_test,
    )
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--table", type=table, metavar="COUNTS", help="rows parted by ';', as '12 5; 6 11'")
    source.add_argument("--file", metavar="CSV", help="the same from a file: one row a line, counts only")
    parser.add_argument("--p", type=printed, required=True, help="the printed P value; '<0.001' in quotes")
    parser.add_argument(
        "--named",
        action="append",
        nargs="+",
        metavar="TEST",
        help="tests that the paper names; an unknown name lists all",
    )
    parser.add_argument("--alpha", type=share, default=0.05, help="significant is a P below it: %(default)s")
    parser.add_argument(
        "--unordered", action="append", choices=("rows", "columns"), default=[], help="categories without an order"
    )

    parser = command(
        commands,
        "which-interval",
        "which method gives a printed interval of a proportion",
        """Computes the confidence interval of count of n by every method (Wald, Wilson, Clopper-Pearson and
        others) and lists those that print both limits. Limits above 1 are taken as percentages. With --any-n,
        every count of every n up to that number is tried as well (or instead), which finds an interval that
        belongs to another denominator.""",
        "replicalc which-interval --count 8 --n 10 --lo 49.0 --hi 94.3 --named Wilson",
        which_interval,
    )
    parser.add_argument("--count", type=whole("--count"), help="with the finding")
    parser.add_argument("--n", type=whole("--n", 1), help="of so many")
    parser.add_argument("--lo", type=number, required=True, help="the printed lower limit")
    parser.add_argument("--hi", type=number, required=True, help="the printed upper limit")
    parser.add_argument("--named", metavar="METHOD", help="method that the paper names; an unknown name lists all")
    parser.add_argument("--any-n", type=whole("--any-n", 1), metavar="MAX", help="try every count of every n up to MAX")
    parser.add_argument("--value", type=number, metavar="X", help="with --any-n: the printed proportion, to agree too")
    parser.add_argument("--level", type=share, default=0.95, help="confidence level: %(default)s")
    scale = parser.add_mutually_exclusive_group()
    scale.add_argument("--fraction", action="store_true", help="the limits are fractions of 1")
    scale.add_argument("--percentage", action="store_true", help="the limits are percentages, even if below 1")

    parser = command(
        commands,
        "which-icc",
        "which form of the intraclass correlation, and which n, gives a printed interval",
        """Finds the forms of the intraclass correlation (McGraw and Wong: one way, absolute agreement,
        consistency; single rating or mean) and the numbers of subjects that print coefficient and limits. For
        one way and consistency the answer is exhaustive; for absolute agreement no fit means that none was
        found. Without --n every n is tried.""",
        "replicalc which-icc --icc 0.715 --lo 0.342 --hi 0.946 --n 6 --raters 4",
        which_icc,
    )
    parser.add_argument("--icc", type=number, required=True, help="the printed coefficient")
    parser.add_argument("--lo", type=number, required=True, help="its printed lower limit (may be below 0)")
    parser.add_argument("--hi", type=number, required=True, help="its printed upper limit")
    parser.add_argument("--n", type=whole("--n", 2, 20_000), help="subjects, if printed")
    parser.add_argument("--raters", type=whole("--raters", 2, 1000), default=2, help="raters: %(default)s")
    parser.add_argument("--max-n", type=whole("--max-n", 2, 20_000), default=1000, help="largest n tried: %(default)s")
    parser.add_argument("--named", metavar="FORM", help="form that the paper names, as ICC(C,1) or ICC(3,1)")
    parser.add_argument("--level", type=share, default=0.95, help="confidence level: %(default)s")


def which_test(arguments: argparse.Namespace) -> Answer:
    counts = arguments.table if arguments.table is not None else _table_file(arguments.file)
    if sum(map(sum, counts)) > MOST_PATIENTS:
        raise ReplicalcError(f"tables of more than {MOST_PATIENTS:,} patients are not tested here")
    from replicalc.verify import which_test as engine

    known = engine.tests_of(None)
    named = tuple(dict.fromkeys(choose(w, known, "test") for words in arguments.named or () for w in words))
    found = engine.which_test(
        counts,
        arguments.p,
        named or None,
        arguments.alpha,
        ordered_rows="rows" not in arguments.unordered,
        ordered_columns="columns" not in arguments.unordered,
    )
    rows = [
        {
            "test": t.key,
            "p": t.p,
            "prints": t.prints,
            "sided": t.sided,
            "rounding": t.rounding,
            "significant": t.significant,
            "method": t.method,
            "warning": t.warning,
        }
        for t in found.tests
    ]
    fits = [{k: v for k, v in row.items() if k not in ("warning", "significant")} for row in rows if row["rounding"]]
    fits.sort(key=lambda row: row["sided"] != "two-sided")
    checks = [{k: row[k] for k in ("test", "p", "significant", "sided", "warning")} for row in rows]
    defined = sum(not isnan(t.p) for t in found.tests)
    claim = arguments.p.text if arguments.p.sign != "=" else f"= {arguments.p.text}"
    size = f"{len(counts)} x {len(counts[0])} table"
    methods = _some(list(dict.fromkeys(row["method"] for row in fits)))
    ours = ", ".join(
        f"{t.method} gives {t.prints}" for t in (found.test(key) for key in named) if not isnan(t.p) and not t.rounding
    )
    if found.named_prints:
        printing = [found.test(key) for key in named if key in found.prints]
        verdict = by_roundings(t.rounding for t in printing)
        right = listed([t.method for t in printing], "or")
        sentence = f"On the printed {size}, P {claim} is what the named test gives ({right}){_CUT_OFF[verdict]}."
    elif named and not found.named_defined and not fits:
        verdict = "not_checkable"
        sentence = f"P {claim} cannot be checked: the named test has no P value on the printed {size}."
    else:
        # A named test that gives another P on a known table is proof enough; without a name another test may exist.
        near = "rounding" if found.units_off == 1 else "impossible" if ours else "unstated_method"
        verdict = "unstated_method" if fits else near
        tail = f"P {claim} is given by {methods}" if fits else f"none of the {defined} tests tried gives P {claim}"
        sentence = f"On the printed {size}, {ours}; {tail}." if ours else f"On the printed {size}, {tail}."
    if found.flips:
        sentence = f"{sentence[:-1]}; the choice of the test decides whether P is below {arguments.alpha:g}."
    repair = f"P {found.repair} by the named test" if found.repair else ""
    method = f"{defined} tests of the table: {', '.join(t.key for t in found.tests if not isnan(t.p))}"
    return Answer(
        arguments.name, given(arguments), verdict, method, found.evidence, sentence, fits, checks, repair=repair
    )


def _table_file(path: str) -> list[list[int]]:
    try:
        return table(read_text(path).replace(";", ","))
    except argparse.ArgumentTypeError as error:
        raise ReplicalcError(f"{path}: {error}") from None


def which_interval(arguments: argparse.Namespace) -> Answer:
    if (arguments.count is None) != (arguments.n is None):
        raise ReplicalcError("a proportion needs both --count and --n")
    if arguments.count is None and arguments.any_n is None:
        raise ReplicalcError("give --count and --n, or --any-n to try every count of every n")
    if arguments.value is not None and arguments.any_n is None:
        raise ReplicalcError("--value is used with --any-n only")
    if arguments.n is not None and arguments.count > arguments.n:
        raise ReplicalcError(f"--count {arguments.count} is more than --n {arguments.n}")
    from replicalc.verify import which_interval as engine

    named = choose(arguments.named, engine.ALL_METHODS, "interval method") if arguments.named else None
    scale = 1 if arguments.fraction else 100 if arguments.percentage else None
    lo, hi, level, many = arguments.lo, arguments.hi, arguments.level, len(engine.ALL_METHODS)
    claim = f"{lo.text} to {hi.text}"
    if arguments.value is not None and not 0 <= arguments.value.value <= (scale or _usual_scale(lo, hi)):
        raise ReplicalcError(f"--value {arguments.value.text} is no proportion such as the limits {claim} hold")
    elsewhere = None
    if arguments.any_n is not None:
        elsewhere = engine.any_denominator(lo, hi, level, value=arguments.value, max_n=arguments.any_n, scale=scale)
    common: dict[str, Any] = dict(command=arguments.name, input=given(arguments))
    if arguments.count is None:
        beside = f"the proportion {arguments.value.text} and " if arguments.value is not None else ""
        return _any_n(elsewhere, named, f"{beside}the limits {claim}", many, common)
    found = engine.which_interval(arguments.count, arguments.n, lo, hi, level, scale=scale, named=named)
    of = f"{arguments.count} of {arguments.n}"
    methods = listed(found.fits, "or")
    repair = f"{found.repair} instead of {claim}" if found.repair else ""
    if found.named_fits:
        by_name = [each for each in found.tried if each.fits and _base(each.method) == named]
        verdict = _by_limits(by_name)
        how = _CUT_OFF[verdict]
        sentence = f"The limits {claim} are the {100 * level:g} % interval of {of} by the named method, {named}{how}."
    elif found.fits:
        verdict = "unstated_method"
        instead = ""
        if named is not None:
            own = next(each for each in found.tried if each.method == named)
            its = f"{own.prints_lo} to {own.prints_hi}" if own.prints_lo else "no limits for these counts"
            instead = f", not by the named method ({named}: {its})"
        sentence = f"For {of}, the limits {claim} come out by {methods}{instead}."
    else:
        far = "impossible" if named else "unstated_method"
        verdict = "rounding" if _limit_off_by_one(found.repair, lo, hi) else far
        nearest = f"; {'it' if named else 'the nearest'} gives {found.repair}" if found.repair else ""
        who = f"Neither {named}, which is named, nor any other of" if named else "None of"
        sentence = f"{who} the {many} methods tried gives the limits {claim} for {of}{nearest}."
        sentence = sentence.replace("; it gives", f"; {named} gives")
    evidence, solutions = found.evidence, [_limits(each) for each in found.tried if each.fits]
    if elsewhere is not None:
        others = [s for s in elsewhere.solutions if (s.count, s.n) != (arguments.count, arguments.n)]
        solutions += [_limits(each) for each in others]
        evidence += f"; other denominators: {elsewhere.evidence}"
        if not found.fits and others:
            s = others[0]
            pairs = len(elsewhere.counts)
            more = f" and {pairs - 1} other counts" if pairs > 1 else ""
            sentence = sentence.removesuffix(".") + f"; {s.count} of {s.n}{more} would have them."
    checks = [
        {
            "method": t.method,
            "lo": t.prints_lo,
            "hi": t.prints_hi,
            "lo_fits": bool(t.rounding_lo),
            "hi_fits": bool(t.rounding_hi),
        }
        for t in found.tried
    ]
    method = f"{many} interval methods over {of}" + (f", and every n up to {arguments.any_n}" if elsewhere else "")
    return Answer(
        verdict=verdict,
        method=method,
        evidence=evidence,
        sentence=sentence,
        solutions=solutions,
        checks=checks,
        repair=repair,
        **common,
    )


def _any_n(found, named: str | None, claim: str, many: int, common: dict[str, Any]) -> Answer:
    """The answer where no count is given: every count of every n."""
    by_name = [s for s in found.solutions if _base(s.method) == named]
    pairs = sorted({(s.count, s.n) for s in by_name or found.solutions}, key=lambda pair: pair[::-1])
    method = f"{many} interval methods over every count of every n from {found.min_n} to {found.max_n}"
    by = f" by the named method, {named}" if by_name else f" by {_some(list(found.methods))}"
    by += f", none by {named}, which is named" if named and not by_name else ""
    if not pairs:
        verdict = "unstated_method"
        sentence = f"No count of any n up to {found.max_n} has {claim} by any of the {many} methods tried."
    elif len(pairs) == 1:
        verdict = _by_limits(by_name) if by_name else "unstated_method"
        by += _CUT_OFF[verdict] if by_name else ""
        sentence = f"Up to n = {found.max_n}, only {pairs[0][0]} of {pairs[0][1]} has {claim}{by}."
    else:
        verdict = "underdetermined"
        sentence = f"Up to n = {found.max_n}, {len(pairs):,} different counts have {claim}{by}."
    return Answer(
        verdict=verdict,
        method=method,
        evidence=found.evidence,
        sentence=sentence,
        solutions=[_limits(each) for each in found.solutions],
        **common,
    )


def _usual_scale(lo, hi) -> int:
    return 100 if "%" in lo.text + hi.text or hi.value > 1 else 1


def _base(method: str) -> str:
    """The method of a form that is not cut at 0 and 1."""
    return method.partition(", not cut")[0]


def _by_limits(forms) -> str:
    """``exact`` where some form of a method has both limits by a usual rounding, else ``unstated_method``."""
    exact = any(by_roundings([each.rounding_lo]) == by_roundings([each.rounding_hi]) == "exact" for each in forms)
    return "exact" if exact else "unstated_method"


def _some(methods: list[str]) -> str:
    """``a, b or c``; of many methods the first and how many more there are."""
    if len(methods) <= MOST_METHODS:
        return listed(methods, "or")
    return f"{', '.join(methods[: MOST_METHODS - 1])} and {len(methods) - MOST_METHODS + 1} other methods"


def _limits(each) -> dict[str, Any]:
    roundings = list(dict.fromkeys(r for r in (each.rounding_lo, each.rounding_hi) if r))
    return {
        "method": each.method,
        "count": each.count,
        "n": each.n,
        "lo": each.prints_lo,
        "hi": each.prints_hi,
        "lo_fraction": each.lo,
        "hi_fraction": each.hi,
        "roundings": roundings,
    }


def _limit_off_by_one(repair: str, lo, hi) -> bool:
    """Whether one of the two limits is off by one unit of its last place and the other one stands."""
    if not repair:
        return False
    low, high = repair.split(" to ")
    stands = [Decimal(low) == lo.value, Decimal(high) == hi.value]
    off = [one_unit(low, lo.value, lo.decimals), one_unit(high, hi.value, hi.decimals)]
    return (stands[0] and off[1]) or (stands[1] and off[0])


def which_icc(arguments: argparse.Namespace) -> Answer:
    from replicalc.verify import which_icc as engine

    n, k = arguments.n, arguments.raters
    named = None
    if arguments.named:
        word = re.sub(r"\s", "", arguments.named)
        word = next(
            (word[: -len(old)] + new for old, new in _SHROUT_FLEISS.items() if word.lower().endswith(old)), word
        )
        named = choose(word, engine.FORMS, "form of the intraclass correlation")
    found = engine.which_icc(arguments.icc, arguments.lo, arguments.hi, n, k, arguments.level, max_n=arguments.max_n)
    solutions = [
        {"form": f.form, "n": f.n, "rounding": f.rounding, "meaning": engine.MEANING[f.form]} for f in found.fits
    ]
    checks = [{"form": form, "fits_with_n": list(found.sizes(form))} for form in engine.FORMS]
    claim = f"{arguments.icc.text} ({arguments.lo.text} to {arguments.hi.text})"
    span = f"n = {n}" if n is not None else f"any n from 2 to {found.max_n}"
    repairs = found.repairs[:3]
    repair = " or ".join(f"{r.number} {r.reading} instead of {r.printed} ({r.form}, n = {r.n})" for r in repairs)
    if not found.fits:
        verdict = "rounding" if repairs and repairs[0].units == 1 else "unstated_method"
        notes = ["another form, or a model of the variances, could give it: this is no proof"]
        if named is not None and "A" not in named:
            verdict = verdict if verdict == "rounding" else "impossible"
            notes = [f"for {named}, the named form, the search is exhaustive and proves it"]
        elsewhere = {f.form: found.sizes(f.form) for f in found.elsewhere}
        other = "; ".join(f"{form} fits {_sizes(list(ns)).removeprefix('one of ')}" for form, ns in elsewhere.items())
        sentence = f"With {k} raters and {span}, none of the six forms tried gives {claim}" + (
            f"; {other}." if other else "."
        )
        return Answer(
            arguments.name,
            given(arguments),
            verdict,
            "all six forms of the intraclass correlation",
            found.evidence,
            sentence,
            solutions,
            checks,
            repair=repair,
            notes=notes,
        )
    sizes = sorted({f.n for f in found.fits if named in (None, f.form)})
    by_name = named in found.forms
    cut_off = all(f.rounding == "truncation" for f in found.fits if named in (None, f.form))
    if by_name:
        verdict = "underdetermined" if len(sizes) > 1 else "unstated_method" if cut_off else "exact"
    else:
        verdict = "unstated_method" if named or (len(found.forms) == 1 and len(found.fits) == 1) else "underdetermined"
    which = f"{named}, the named form" if by_name else listed(found.forms, "or")
    with_n = f"n = {n}" if n is not None else _sizes(sizes or sorted({f.n for f in found.fits}))
    instead = f", not {named}, which is named" if named and not by_name else ""
    meaning = ""
    if by_name or len(found.forms) == 1:
        form = named if by_name else found.forms[0]
        meaning = f" ({engine.MEANING[form]})"
    how = _CUT_OFF["unstated_method"] if cut_off else ""
    sentence = f"With {k} raters and {with_n}, {claim} is {which}{meaning}{instead}{how}."
    return Answer(
        arguments.name,
        given(arguments),
        verdict,
        "all six forms of the intraclass correlation",
        found.evidence,
        first_words(sentence),
        solutions,
        checks,
    )


def _sizes(sizes: list[int]) -> str:
    if len(sizes) == 1:
        return f"n = {sizes[0]}"
    return f"one of {len(sizes)} numbers of subjects from {sizes[0]} to {sizes[-1]}"
