"""Defects of P values, intervals of proportions and diagnostic measures.

Each function takes what is printed (place: text), the part and a generator, and gives the change; None where this part
has no place for it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from benchmarks.defects import outside, possible
from benchmarks.defects.paper import Change, Part
from benchmarks.defects.papers import exact
from benchmarks.defects.printing import another_digit, decimals_of, show, show_p

Rng = np.random.Generator


def _tests(part: Part) -> dict[str, Callable]:
    table = part.truth["table"]
    found = outside.tests_of(table.shape, part.truth.get("ordered", False))
    return found | ({"fisher": exact} if part.truth["key"] == "fisher" and table.shape != (2, 2) else {})


def _p_possible(texts, part: Part, new: str) -> bool | None:
    tests = _tests(part)
    tried = [tests[part.truth["key"]]] if part.truth["named"] else list(tests.values())
    if part.kind == "table":
        fits = possible.p_value(new, part.truth["table"], tried)
    else:
        a, b = (texts[at] for at in part.truth["places"])
        fits = possible.two_groups(a, b, part.truth["n"], new, tuple(texts[at] for at in part.truth["crude"]), tried)
    return fits if fits or part.truth["named"] else None


def _new_p(texts, part: Part, new: str) -> Change | None:
    if new == texts[part.truth["p"][0]]:
        return None
    fits = _p_possible(texts, part, new)
    return dict.fromkeys(part.truth["p"], new), None if fits is None else not fits


def other_test(texts, part: Part, rng: Rng) -> Change | None:
    """P of another test than the one that is named, at both places."""
    if not part.truth["named"]:
        return None
    others = [key for key in sorted(_tests(part)) if key != part.truth["key"]]
    p = _tests(part)[str(rng.choice(others))](part.truth["table"])
    old = texts[part.truth["p"][0]]
    return _new_p(texts, part, show_p(p, max(2, decimals_of(old)), "half-up"))


def p_digit(texts, part: Part, rng: Rng) -> Change | None:
    """One digit of P."""
    old = texts[part.truth["p"][0]]
    return None if old.startswith("<") else _new_p(texts, part, another_digit(rng, old, 1))


def p_magnitude(texts, part: Part, rng: Rng) -> Change | None:
    """P ten times smaller or greater."""
    old = texts[part.truth["p"][0]]
    if old.startswith("<"):
        return _new_p(texts, part, "0.05")
    value = float(old) * (10 if float(old) < 0.1 else 0.1)
    return _new_p(texts, part, show_p(value, max(3, decimals_of(old)), "half-up"))


def _accuracy_possible(texts, part: Part, n: int, new: Mapping[str, str]) -> bool | None:
    now = {name: new.get(at, texts[at]) for name, at in part.truth["places"].items()}
    method = part.truth["method"] if part.truth["named"] else None
    return possible.accuracy(now, n, method, 1 if part.truth["fraction"] else 100)


def _accuracy(texts, part: Part, new: dict[str, str]) -> Change | None:
    if all(texts[at] == text for at, text in new.items()) or any(float(text) > 100 for text in new.values()):
        return None
    fits = _accuracy_possible(texts, part, part.truth["n"], new)
    return new, None if fits is None else not fits


def measure_digit(texts, part: Part, rng: Rng) -> Change | None:
    """One digit of the specificity; its limits stay."""
    at = part.truth["places"]["specificity"]
    return _accuracy(texts, part, {at: another_digit(rng, texts[at])})


def measures_swapped(texts, part: Part, rng: Rng) -> Change | None:
    """Sensitivity and positive predictive value, with their limits, in each other's row."""
    places = part.truth["places"]
    if "ppv" not in places:
        return None
    new = {}
    for end in ("", "_lo", "_hi"):
        a, b = places[f"sensitivity{end}"], places[f"ppv{end}"]
        new |= {a: texts[b], b: texts[a]}
    return _accuracy(texts, part, new)


def other_n(texts, part: Part, rng: Rng) -> Change:
    """The measures of a study of another size."""
    n = part.truth["n"] + int(rng.integers(1, max(2, part.truth["n"] // 5))) * int(rng.choice([-1, 1]))
    fits = _accuracy_possible(texts, part, n, {})
    return {"size.n": str(n), "size_again.n": str(n)}, None if fits is None else not fits


def other_interval(texts, part: Part, rng: Rng) -> Change | None:
    """All intervals by another method than the one that is named."""
    if not part.truth["named"]:
        return None
    method = str(rng.choice([m for m in outside.INTERVALS if m != part.truth["method"]]))
    if part.kind == "interval":
        limits = outside.interval(part.truth["k"], part.truth["n"], method)
        decimals = decimals_of(texts[part.truth["limits"][0]])
        new = {at: show(100 * v, decimals, "half-up") for at, v in zip(part.truth["limits"], limits, strict=True)}
        return _one_interval(texts, part, new)
    new, scale = {}, 1 if part.truth["fraction"] else 100
    for name, at in part.truth["places"].items():
        if name.endswith("_lo"):
            ends = outside.interval(*possible.share_of(name[:-3], part.truth["table"]), method)
            for place, v in zip((at, part.truth["places"][f"{name[:-3]}_hi"]), ends, strict=True):
                new[place] = show(scale * v, decimals_of(texts[place]), "half-up")
    return _accuracy(texts, part, new)


def _one_interval(texts, part: Part, new: dict[str, str]) -> Change | None:
    lo, hi = (new.get(at, texts[at]) for at in part.truth["limits"])
    if all(texts[at] == text for at, text in new.items()) or not 0 <= float(lo) <= float(hi) <= 100:
        return None
    methods = [part.truth["method"]] if part.truth["named"] else outside.INTERVALS
    fits = possible.limits(lo, hi, [(part.truth["k"], part.truth["n"])], methods)
    return new, not fits if part.truth["named"] or fits else None


def limit_digit(texts, part: Part, rng: Rng) -> Change | None:
    """One digit of one limit of a proportion."""
    if part.kind == "interval":
        at = str(rng.choice(part.truth["limits"]))
        return _one_interval(texts, part, {at: another_digit(rng, texts[at])})
    name = str(rng.choice(sorted(n for n in part.truth["places"] if n[-3:] in ("_lo", "_hi"))))
    places, at = part.truth["places"], part.truth["places"][name]
    new = another_digit(rng, texts[at], 1)
    ends = [new if f"{name[:-3]}{end}" == name else texts[places[f"{name[:-3]}{end}"]] for end in ("_lo", "_hi")]
    if not 0 <= float(ends[0]) <= float(ends[1]) <= (1 if part.truth["fraction"] else 100):
        return None
    return _accuracy(texts, part, {at: new})
