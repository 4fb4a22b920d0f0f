"""What the certificate of a printed model says in words: its evidence, and what would have to be printed instead."""

from __future__ import annotations

from itertools import combinations
from math import ceil, exp, floor, isinf, log

from replicalc.verify.certificate_bound import Model
from replicalc.verify.certificate_search import Middle, Search
from replicalc.verify.printed import format_as, parse

#: Steps of the constant tried in the search for a repair.
STEPS = 9


def percent_above(inflation: float) -> str:
    """By how many per cent a standard error is too large at least: cut off, since it is a bound; never 0.

    >>> percent_above(1.1586), percent_above(1.000047)
    ('15.8', '0.004')
    """
    percent = 100 * (inflation - 1)
    places = 1
    while places < 12 and floor(percent * 10**places) == 0:
        places += 1
    return f"{floor(percent * 10**places) / 10**places:.{places}f}"


def evidence_of(verdict: str, model: Model, inflation: float, best: Middle | None, pieces: int) -> str:
    """Say in one sentence what was proven or found."""
    sums = ", ".join(f"{k.lo}{f' to {k.hi}' if k.hi > k.lo else ''} {k.text}" for k in model.known)
    if isinf(inflation):
        return f"No patients have these odds ratios and these sums at once, whatever the limits ({sums})."
    shown = (
        ", ".join(f"{name} {value:.3f}" for name, value in zip(model.names, best.needed, strict=True)) if best else ""
    )
    if verdict == "impossible":
        return (
            f"In any data set with {sums} and odds ratios that print so, at least one standard error is "
            f"{percent_above(inflation)} % or more above the largest that prints the limits; {pieces} boxes of "
            "coefficients, each with rows y and prices v for which sum (y_jj/S_j)^2 / sum v_k L_k exceeds 1. Standard "
            f"errors of the nearest patients found, over the largest that print so: {shown}."
        )
    if verdict == "possible":
        return (
            f"With {sums}, {len(best.cells)} patterns of patients (real numbers) have odds ratios that print so and "
            f"standard errors at most the printed ones (over the largest that prints so: {shown})."
        )
    return (
        f"Neither patients nor a proof: with {sums} the standard errors are at least {max(inflation, 0):.3f} times "
        "the printed ones, which does not exclude the model."
    )


def repair_of(search: Search, terms, z: float, inflation: float, best: Middle | None, fewest: bool) -> str:
    """What would have to be printed instead: wider limits everywhere, more patients, or the fewest terms released."""
    if isinf(inflation) or best is None:
        return "a number of patients or events, or an odds ratio; no limits whatever would do"
    least = search.model.known[0].hi
    texts = [
        f"all limits wider by the factor {best.inflation:.3f} on the log scale",
        f"at least {ceil(least * inflation**2 - 1e-9)} patients instead of {least} in the same shares",
    ]
    found = _fewest(search, best) if fewest else None
    if found is not None:
        wider = []
        for j, factor in found:
            centre, spread = log(best.ratios[j]), z * float(search.model.se[j]) * factor
            lo, hi = (
                format_as(exp(centre + sign * spread), parse(text).decimals)
                for sign, text in ((-1, terms[j].lo), (1, terms[j].hi))
            )
            wider.append(f"{terms[j].name} ({lo} to {hi} instead of {terms[j].lo} to {terms[j].hi})")
        texts.append("wider limits of " + " and ".join(wider) + " alone")
    return "; or ".join(texts)


def _fewest(search: Search, best: Middle) -> list[tuple[int, float]] | None:
    """Terms whose wider limits suffice, as few as the search finds (at most two), with the smallest factor needed."""
    import numpy as np

    slopes = np.log(best.ratios)
    # The constant of the best patients, from the fitted share of any of their patterns.
    cell = max(best.cells, key=lambda c: c.patients)
    constant = log(cell.events / (cell.patients - cell.events)) - float(np.dot(cell.pattern, slopes))
    steps = np.linspace(-1.5, 1.5, STEPS)
    for size in (1, 2):
        options = []
        for free in combinations(range(len(search.model.names)), size):
            at = [m for m in (search.at(constant + step, slopes, free) for step in steps) if m is not None]
            at = [m for m in at if max((v for j, v in enumerate(m.needed) if j not in free), default=0) <= 1 + 1e-6]
            if at:
                chosen = min(at, key=lambda m: m.inflation)
                options.append((chosen.inflation, [(j, chosen.needed[j]) for j in free]))
        if options:
            return min(options)[1]
    return None
