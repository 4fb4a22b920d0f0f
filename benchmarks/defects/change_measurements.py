"""Defects of odds ratios, models, agreement, means and quantiles.

Each function takes what is printed (place: text), the part and a generator, and gives the change; None where this part
has no place for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import exp, log

import numpy as np
from benchmarks.defects import outside, possible
from benchmarks.defects.paper import Change, Part
from benchmarks.defects.possible_model import model as model_possible
from benchmarks.defects.printing import another_digit, decimals_of, show, show_p, span

Rng = np.random.Generator
#: Half the width of a 95 % interval on the log scale, in standard errors.
Z = 1.959963984540054


def _ratio(part: Part, rng: Rng) -> dict[str, str]:
    return part.truth["ratios"][str(rng.choice(sorted(part.truth["ratios"])))]


def _ratio_possible(texts, row: Mapping[str, str], new: Mapping[str, str]) -> bool:
    return possible.ratio(*(new.get(row[stat], texts[row[stat]]) for stat in ("or", "or_lo", "or_hi", "p")))


def outside_limits(texts, part: Part, rng: Rng) -> Change:
    """An odds ratio outside its limits: the lower one in the place of the ratio, the ratio in that of the lower one."""
    row = _ratio(part, rng)
    new = {row["or"]: texts[row["or_lo"]], row["or_lo"]: texts[row["or"]]}
    return new, not _ratio_possible(texts, row, new)


def asymmetric_limits(texts, part: Part, rng: Rng) -> Change | None:
    """One digit of one limit of an odds ratio, which still encloses the ratio."""
    row = _ratio(part, rng)
    stat = str(rng.choice(["or_lo", "or_hi"]))
    new = {row[stat]: another_digit(rng, texts[row[stat]])}
    lo, hi = (float(new.get(row[s], texts[row[s]])) for s in ("or_lo", "or_hi"))
    if not 0 < lo <= float(texts[row["or"]]) <= hi:
        return None
    return new, not _ratio_possible(texts, row, new)


def foreign_p(texts, part: Part, rng: Rng) -> Change | None:
    """P of an odds ratio with one digit changed."""
    row = _ratio(part, rng)
    if texts[row["p"]].startswith("<"):
        return None
    new = {row["p"]: another_digit(rng, texts[row["p"]], 1)}
    return new, not _ratio_possible(texts, row, new)


def model_fits(part: Part, texts: Mapping[str, str]) -> bool | None:
    """By the widest intervals that print so."""
    b, errors = [], []
    for row in part.truth["ratios"].values():
        (lo, _), (_, hi) = span(texts[row["or_lo"]]), span(texts[row["or_hi"]])
        if lo <= 0:
            return None
        b.append(log(float(texts[row["or"]])))
        errors.append(log(hi / lo) / (2 * Z))
    exposed = part.truth["x"].sum(0).tolist()
    return model_possible(b, errors, part.truth["n"], part.truth["events"], exposed)


def narrow_model(texts, part: Part, rng: Rng) -> Change:
    """All intervals of a multivariable model narrower by 10 to 30 %, with the P values that belong to them."""
    from scipy.stats import norm

    factor, new = float(rng.uniform(0.7, 0.9)), {}
    for name, row in part.truth["ratios"].items():
        b, se = part.truth["values"][name]
        se, decimals = se * factor, decimals_of(texts[row["or"]])
        for stat, value in (("or_lo", exp(b - Z * se)), ("or_hi", exp(b + Z * se))):
            new[row[stat]] = show(value, decimals, "half-up")
        new[row["p"]] = show_p(2 * float(norm.sf(abs(b) / se)), max(3, decimals_of(texts[row["p"]])), "half-up")
    fits = model_fits(part, {**texts, **new})
    return new, None if fits is None else not fits


def crude_as_adjusted(texts, part: Part, rng: Rng) -> Change | None:
    """The univariable ratios, limits and P printed as those of the multivariable model."""
    new = {}
    for name, row in part.truth["ratios"].items():
        new |= {at: texts[part.truth["crude"][name][stat]] for stat, at in row.items()}
    if all(texts[at] == text for at, text in new.items()):
        return None
    fits = model_fits(part, {**texts, **new})
    return new, None if fits is None else not fits


def _icc(texts, part: Part, new: dict[str, str], n: int) -> Change | None:
    value, lo, hi = (new.get(at, texts[at]) for at in part.truth["places"])
    if not -1 < float(lo) <= float(value) <= float(hi) < 1 or float(value) < 0.05:
        return None
    forms = [part.truth["form"]] if part.truth["named"] else outside.FORMS
    fits = any(possible.icc(value, lo, hi, n, form) for form in forms)
    return new, not fits


def icc_limit_digit(texts, part: Part, rng: Rng) -> Change | None:
    """One digit of a limit of an intraclass correlation."""
    at = part.truth["places"][int(rng.integers(1, 3))]
    return _icc(texts, part, {at: another_digit(rng, texts[at], 1)}, part.truth["n"])


def icc_other_n(texts, part: Part, rng: Rng) -> Change | None:
    """An intraclass correlation with another number of lesions."""
    n = part.truth["n"]
    n = max(5, n + int(rng.integers(1, max(3, n // 3))) * int(rng.choice([-1, 1])))
    return _icc(texts, part, {part.truth["size"]: str(n)}, n) if n != part.truth["n"] else None


def mean_digit(texts, part: Part, rng: Rng) -> Change | None:
    """The last digits of a mean of whole numbers."""
    at = part.truth["places"]["mean"]
    new = another_digit(rng, texts[at], 2)
    return {at: new}, not possible.mean(new, part.truth["n"]) or _moments_gone(new, texts, part)


def _moments_gone(new: str, texts, part: Part, sd: str | None = None) -> bool | None:
    fits = possible.mean_sd(new, sd or texts[part.truth["places"]["sd"]], part.truth["n"])
    return None if fits is None else not fits


def sd_digit(texts, part: Part, rng: Rng) -> Change:
    """The last digits of a standard deviation of whole numbers."""
    places = part.truth["places"]
    new = another_digit(rng, texts[places["sd"]], max(1, sum(c.isdigit() for c in texts[places["sd"]]) - 2))
    return {places["sd"]: new}, _moments_gone(texts[places["mean"]], texts, part, new)


def median_beyond_quartiles(texts, part: Part, rng: Rng) -> Change:
    """The median of one part of the study above its own third quartile."""
    row = part.truth["places"][str(rng.choice([g for g in sorted(part.truth["places"]) if g != "all"]))]
    decimals = decimals_of(texts[row["median"]])
    new = show(float(texts[row["q3"]]) + int(rng.integers(2, 9)), decimals, "half-up")
    return {row["median"]: new}, True


def part_beyond_total(texts, part: Part, rng: Rng) -> Change | None:
    """Quantiles of one part of the study so great that its median lies above the third quartile of all."""
    groups = [g for g in sorted(part.truth["places"]) if g != "all"]
    name = str(rng.choice(groups))
    row, all_rows = part.truth["places"][name], part.truth["places"]["all"]
    top = all_rows.get("max", all_rows["q3"])
    up = float(texts[top]) - float(texts[row["median"]]) + int(rng.integers(2, 9))
    new = {at: show(float(texts[at]) + up, decimals_of(texts[at]), "half-up") for at in row.values()}
    n, here = part.truth["numbers"]["all"], part.truth["numbers"][name]
    # at least half of the part lies above what at most n - floor(3 n / 4 - 1/2) of all lie above, by any definition
    above = 0 if top == all_rows.get("max") else n - int(0.75 * n - 0.5) + 1
    return new, True if here / 2 > above else None


def total_beyond_parts(texts, part: Part, rng: Rng) -> Change | None:
    """The median of all above the median of every part."""
    rows = part.truth["places"]
    highest = max((texts[row["median"]] for g, row in rows.items() if g != "all"), key=float)
    at = rows["all"]["median"]
    new = show(span(highest)[1] + 2 * 10.0 ** -decimals_of(highest), decimals_of(highest), "half-up")
    return ({at: new}, True) if float(new) <= float(texts[rows["all"]["q3"]]) else None
