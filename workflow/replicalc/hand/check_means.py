"""``replicalc check means`` and ``check sums``: means of whole numbers, and n (%) cells with their totals."""

from __future__ import annotations

import argparse
import csv
import io
from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from math import ceil, sqrt
from typing import Any

from replicalc.errors import ReplicalcError, did_you_mean
from replicalc.hand.answer import Answer, by_roundings, clause, first_words, listed, one_unit, worst
from replicalc.hand.arguments import command, given, number, printed, read_text, whole

_COLUMNS = ("name", "count", "percent", "of", "total")
#: Sizes beyond which a search for the values themselves is not offered.
MOST_VALUES = 100_000
#: Pairs of a sum and a sum of squares that print so; with more, GRIMMER takes minutes and excludes nothing.
MOST_PAIRS = 50_000


def add(group: Any) -> None:
    """Add both commands to the group ``check``."""
    parser = command(
        group,
        "means",
        "a mean and standard deviation of whole numbers against n, scale, range and median",
        """Whether n whole numbers (ages in years, scores, counts) can have the printed mean (GRIM) and standard
        deviation (GRIMMER, with values that do), zeros and ones with --binary (DEBIT); and whether range and
        median leave room for them. --items: each value is the mean of so many whole numbers. --measured: the
        values are no whole numbers (centimetres, say), so that only range and median are compared.""",
        "replicalc check means --mean 5.19 --sd 1.34 --n 28 --scale 1 7",
        means,
    )
    parser.add_argument("--mean", type=number, required=True, help="the printed mean")
    parser.add_argument("--sd", type=number, help="the printed standard deviation")
    parser.add_argument("--n", type=whole("--n", 1, MOST_VALUES), required=True, help="number of values")
    parser.add_argument("--items", type=whole("--items", 1, 1000), default=1, help="whole numbers a value: %(default)s")
    kind = parser.add_mutually_exclusive_group()
    kind.add_argument(
        "--scale", type=whole("--scale", None), nargs=2, metavar=("LOW", "HIGH"), help="ends of the scale of one item"
    )
    kind.add_argument("--binary", action="store_true", help="the values are 0 and 1")
    kind.add_argument("--measured", action="store_true", help="the values are no whole numbers")
    parser.add_argument("--min", type=number, metavar="X", help="the printed least value")
    parser.add_argument("--max", type=number, metavar="X", help="the printed greatest value")
    parser.add_argument("--median", type=number, metavar="X", help="the printed median")

    parser = command(
        group,
        "sums",
        "counts and percentages of a table against their totals",
        """Whether all counts and percentages of a table can hold together, and if not, the fewest that must
        change. The file has a row for each cell: name; count; percent; of (the cell that the percentage is of);
        total (the cell that this one is a part of; several parted by ';'). What is not printed stays empty.""",
        "replicalc check sums --file docs/examples/sums.csv",
        sums,
    )
    parser.add_argument("--file", required=True, metavar="CSV", help=f"columns {', '.join(_COLUMNS)}")
    parser.add_argument("--fraction", action="store_true", help="the shares are fractions of 1, not percentages")


def means(arguments: argparse.Namespace) -> Answer:
    from replicalc.verify import moments, spread

    mean, sd, n = arguments.mean.text, arguments.sd.text if arguments.sd else None, arguments.n
    if (arguments.binary or arguments.scale) and sd is None:
        raise ReplicalcError("--binary and --scale are used with a standard deviation: give --sd")
    if arguments.binary and arguments.items > 1:
        raise ReplicalcError("zeros and ones have no items: leave out --items")
    ends = [x.text if x else None for x in (arguments.min, arguments.max, arguments.median)]
    if any(ends) and sd is None:
        raise ReplicalcError("range and median are compared with mean and standard deviation: give --sd")
    checks: list[dict[str, Any]] = []
    solutions: list[dict[str, Any]] = []
    checks += _beyond_the_scale(arguments)
    if not arguments.measured and not checks:
        found, check, verdict = _whole_numbers(moments, arguments, mean, sd)
        total = n * arguments.items
        solutions = [{"sum": s, "over": total} for s in found.sums]
        if found.values and solutions:
            solutions[0]["for_example"] = [float(v) for v in found.values]
        checks.append(_row(found, check, verdict))
    if any(ends):
        checks += [_row(f, f.check, f.verdict) for f in spread.within_range(mean, sd, n, *ends)]
    if not checks:
        checks.append(_nothing("values that are no whole numbers have no such check; range and median are not given"))
    return _of_means(arguments, checks, solutions, mean, sd)


def _nothing(why: str) -> dict[str, Any]:
    return {"check": "none", "verdict": "not_checkable", "method": "none", "evidence": first_words(why), "repair": ""}


def _whole_numbers(moments, arguments: argparse.Namespace, mean: str, sd: str | None):
    """The finding of GRIM, GRIMMER or DEBIT, its name and its verdict."""
    n, items = arguments.n, arguments.items
    if sd is None or (not arguments.binary and _pairs(arguments) > MOST_PAIRS):
        found = moments.grim(mean, n, items)
        # Neighbouring means are at most one unit apart where values are so many: every printed mean comes out.
        dense = sd is not None or n * items >= 10**arguments.mean.decimals
        if found.verdict == "consistent" and dense:
            return found, "GRIM", "not_checkable"
        return _as_found(found, "GRIM")
    if arguments.binary:
        return _as_found(moments.debit(mean, sd, n), "DEBIT")
    found = moments.grimmer(mean, sd, n, items, *(arguments.scale or (None, None)))
    if found.sums and not found.values:
        return found, "GRIMMER", "underdetermined"  # the search for values ended undecided
    return _as_found(found, "GRIMMER")


def _as_found(found, check: str):
    """A finding that takes a divisor or a rounding which nobody expects says so; what is cut off is not rounded."""
    ways = []
    if found.verdict == "unstated_method":
        ways.append("if the standard deviation divides by n instead of n - 1")
    if found.rounding == "truncation":
        ways.append("if cut off instead of rounded")
    if not ways:
        return found, check, "exact" if found.verdict == "consistent" else found.verdict
    evidence = f"{found.evidence.rstrip('.')}, but only {' and '.join(ways)}."
    return replace(found, evidence=evidence), check, "unstated_method"


def _pairs(arguments: argparse.Namespace) -> float:
    """About how many pairs of a sum and a sum of squares print the mean and the standard deviation."""
    values = arguments.n * arguments.items
    sums = values * 10.0**-arguments.mean.decimals + 1
    sd, unit = float(arguments.sd.value), 10.0**-arguments.sd.decimals
    return sums * (abs(sd) + unit) * unit * values * arguments.items


def _beyond_the_scale(arguments: argparse.Namespace) -> list[dict[str, Any]]:
    """A mean off the scale, or the largest standard deviation that the scale allows, where the print is beyond it.

    It is told at once and with its bound, where a search for values would only find none. What is within a unit and a
    half of the last place is left to that search.
    """
    if not arguments.scale or arguments.n < 2:
        return []
    low, high = arguments.scale
    if low >= high:
        raise ReplicalcError(f"the ends of the scale, {low} and {high}, are swapped or equal")
    n, mean, sd = arguments.n, arguments.mean, arguments.sd
    unit = Fraction(1, 10**mean.decimals)
    least, most = Fraction(mean.value) - unit, Fraction(mean.value) + unit
    row = {"verdict": "impossible", "method": "ends of the scale", "repair": ""}
    if most < low or least > high:
        evidence = f"The mean {mean.text} does not lie on the scale from {low} to {high}."
        return [row | {"check": "mean on the scale", "evidence": evidence}]
    centre = max(low, min(high, max(least, min(most, Fraction(low + high, 2)))))
    square = n * (high - centre) * (centre - low) / (n - 1)
    tenth = Fraction(1, 10 ** (sd.decimals + 1))
    if Fraction(sd.value) <= 15 * tenth or (Fraction(sd.value) - 15 * tenth) ** 2 <= square:
        return []
    bound = f"{ceil(sqrt(square) / tenth) * float(tenth):.{sd.decimals + 1}f}"
    evidence = (
        f"{n} values from {low} to {high} with mean {mean.text} have an SD of at most {bound}; {sd.text} is printed."
    )
    repair = f"standard deviation at most {bound} for {sd.text}"
    return [row | {"check": "largest sd on the scale", "evidence": evidence, "repair": repair}]


def _row(finding, check: str, verdict: str) -> dict[str, Any]:
    shown = "exact" if verdict == "consistent" else verdict
    row = {"check": check, "verdict": "" if check == "normal" else shown}  # normality describes; it judges nothing
    return row | {"method": finding.method, "evidence": finding.evidence, "repair": finding.repair}


def _of_means(arguments, checks, solutions, mean: str, sd: str | None) -> Answer:
    verdict = worst(c["verdict"] for c in checks)
    bad = [c for c in checks if c["verdict"] in ("impossible", "rounding", "unstated_method")]
    claim = f"mean {mean}" + (f" and standard deviation {sd}" if sd else "")
    claim += f" of {arguments.n} value{'s' if arguments.n > 1 else ''}"
    if bad:
        told = [clause(c["evidence"]) + (f" ({c['repair']} would agree)" if c["repair"] else "") for c in bad]
        sentence = f"{claim}: {'; '.join(told)}."
    elif verdict == "not_checkable" and not arguments.measured:
        sentence = f"{claim} cannot be checked: of so many values, nearly every number of so few decimals is possible."
    elif verdict == "not_checkable":
        sentence = f"{claim} cannot be checked: {checks[0]['evidence'][0].lower()}{checks[0]['evidence'][1:]}"
    elif verdict == "underdetermined":
        sentence = f"{claim} are not excluded; no values were found that have them, nor a proof that there are none."
    else:
        what = listed([c["check"] for c in checks if c["verdict"] == "exact"])
        kind = "measured values" if arguments.measured else "zeros and ones" if arguments.binary else "whole numbers"
        sentence = f"{claim} {'are' if sd else 'is'} possible for {kind} (checked: {what})."
    methods = "; ".join(dict.fromkeys(c["method"] for c in checks))
    evidence = " ".join(c["evidence"] for c in bad or checks[:1])
    shown = [{k: c[k] for k in ("check", "verdict", "evidence")} for c in checks]
    notes = [] if arguments.measured else ["this holds if the values are whole numbers; --measured if they are not"]
    notes += [c["evidence"] for c in checks if c["check"] == "normal"]  # a description, which no verdict follows from
    return Answer(
        arguments.name,
        given(arguments),
        verdict,
        methods,
        evidence,
        first_words(sentence),
        solutions,
        shown,
        repair="; or ".join(c["repair"] for c in bad if c["repair"]),
        notes=notes,
    )


def sums(arguments: argparse.Namespace) -> Answer:
    cells, parts = _cells(arguments.file)
    from replicalc.verify import sums as engine

    table = {
        name: engine.Cell(_printed(row, "count", arguments.file), _printed(row, "percent", arguments.file), row["of"])
        for name, row in cells.items()
    }
    totals = [engine.Sum(total, tuple(names)) for total, names in parts.items()]
    found = engine.check_sums(table, totals, scale=1 if arguments.fraction else 100)
    repairs = [
        " and ".join(f"{c.reads} instead of {c.printed} ({c.kind} of {c.cell})" for c in r.changes)
        for r in found.repairs
    ]
    printed_numbers = sum((c.count is not None) + (c.percent is not None) for c in table.values())
    if found.roundings:
        verdict = by_roundings(found.roundings)
        own = (
            "if each has a rounding of its own" if found.roundings == ("mixed",) else "if they are cut off, not rounded"
        )
        how = f" (the percentages only {own})" if verdict != "exact" else ""
        sentence = f"All {printed_numbers} counts and percentages of the table can hold together{how}."
    else:
        verdict = "rounding" if any(_by_one_unit(r, table) for r in found.repairs) else "impossible"
        also = f" ({len(repairs) - 1} other changes as small would do as well)" if len(repairs) > 1 else ""
        sentence = (
            f"The {printed_numbers} counts and percentages of the table cannot all hold together; "
            f"at the least it takes {repairs[0]}{also}."
        )
    checks = [{"repair": i, "change": text} for i, text in enumerate(repairs, start=1)]
    return Answer(
        arguments.name,
        given(arguments),
        verdict,
        found.method,
        first_words(found.evidence),
        sentence,
        [{"roundings": list(found.roundings)}] if found.roundings else [],
        checks,
        repair=" or ".join(repairs[:3]),
    )


def _cells(path: str) -> tuple[dict[str, dict[str, str]], dict[str, list[str]]]:
    """Rows of the file by name, and the parts of each total."""
    try:
        reader = csv.DictReader(io.StringIO(read_text(path)), restkey="", strict=True)
        columns, rows = list(reader.fieldnames or ()), list(reader)
    except csv.Error as error:
        raise ReplicalcError(f"{path} is no table of comma-separated values: {error}") from None
    for column in columns:
        if column not in _COLUMNS:
            hint = did_you_mean(column, _COLUMNS) or f" Columns: {', '.join(_COLUMNS)}"
            raise ReplicalcError(f"{path}: there is no column '{column}'.{hint}")
    if "name" not in columns or not rows:
        raise ReplicalcError(f"{path}: a table needs rows and the column 'name'")
    cells: dict[str, dict[str, str]] = {}
    parts: dict[str, list[str]] = {}
    for line, row in enumerate(rows, start=2):
        if "" in row:
            raise ReplicalcError(f"{path}, line {line}: more cells than columns")
        filled = {c: (row.get(c) or "").strip() for c in _COLUMNS}
        name = filled["name"]
        if not name or name in cells:
            raise ReplicalcError(f"{path}, line {line}: " + (f"'{name}' stands there twice" if name else "no name"))
        cells[name] = filled
        for total in filter(None, (t.strip() for t in filled["total"].split(";"))):
            parts.setdefault(total, []).append(name)
    return cells, parts


def _printed(row: Mapping[str, str], column: str, path: str):
    if not row[column]:
        return None
    try:
        return printed(row[column])
    except argparse.ArgumentTypeError as error:
        raise ReplicalcError(f"{path}, {row['name']}: {error}") from None


def _by_one_unit(repair, table: Mapping[str, Any]) -> bool:
    """Whether one percentage alone, one unit of its last place higher or lower, would do."""
    if len(repair.changes) > 1 or repair.changes[0].kind != "percent":
        return False
    claim = table[repair.changes[0].cell].percent
    return one_unit(repair.changes[0].reads, claim.value, claim.decimals)
