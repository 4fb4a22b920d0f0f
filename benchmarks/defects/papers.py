"""A generator of internally consistent papers: every printed number is computed from the same simulated patients.

``paper(seed, k)`` is number k. Counts, tables, diagnostic measures and proportions are written here, ratios, models and
measurements in ``measurements``. The outside libraries of ``outside`` compute, the package does not.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
from benchmarks.defects import measurements, outside
from benchmarks.defects.paper import ALPHA, Paper, Part, Pen
from benchmarks.defects.patients import Patients, readings, simulate
from benchmarks.defects.printing import show

#: A P value of such a table is computed exactly; larger ones are left to the other tests.
MOST_EXACT = 150


def paper(seed: int, k: int, model: bool = True) -> Paper:
    """Paper number k of this seed. model: with its multivariable model, whose check takes longest."""
    rng = np.random.default_rng([seed, k])
    pen = Pen.of(f"made{k}", rng)
    people = simulate(rng, int(rng.integers(40, 601)))
    parts = [size(pen, people)]
    parts += [shares(pen, people, name) for name in ("stage", "grade", "subtype")]
    parts += [cross_table(pen, people, "one"), cross_table(pen, people, "two")]
    parts += [two_groups(pen, people), accuracy(pen, people), proportion(pen, people)]
    ratings = readings(rng, int(rng.integers(12, 80)))
    parts += [measurements.agreement(pen, ratings), measurements.ages(pen, people), measurements.nodes(pen)]
    parts += [measurements.sizes(pen, people), measurements.ratios(pen, people)]
    if model and parts[-1]:
        parts.append(measurements.model(pen, people, parts[-1]))
    kept = tuple(part for part in parts if part)
    return Paper(pen.study, pen.habit, kept)


def size(pen: Pen, people: Patients) -> Part:
    """The number of patients, in the abstract and again in the discussion."""
    places = [
        pen.write(place, str(people.n), "count", "all", "", "n_included", where)
        for place, where in (("size.n", "Abstract"), ("size_again.n", "Discussion"))
    ]
    return pen.finish("size", "repeats", [{"id": "size", "kind": "repeats", "claims": places}], n=people.n)


def shares(pen: Pen, people: Patients, name: str) -> Part:
    """n (%) of the categories of one variable; the share of one of them again in the abstract."""
    part = f"share_{name}"
    counts = np.bincount(people.categories[name])
    codes = np.flatnonzero(counts)
    rows = {}
    for code in codes:
        at, variable, k = f"{part}.c{code}", f"{name}=c{code}", int(counts[code])
        rows[f"c{code}"] = (
            pen.write(f"{at}.n", str(k), "count", "all", variable, "count"),
            pen.write(f"{at}.pct", pen.percent(k, people.n), "percent", "all", variable, "percent"),
        )
    relations: list[dict[str, Any]] = [
        {"id": part, "kind": "shares", "claims": [f"{part}.*"], "of": "size.n", "exhaustive": True}
    ]
    most = int(np.argmax(counts))
    fewer = max(0, pen.decimals["percent"] - int(pen.chance(0.5)))
    text = pen.percent(int(counts[most]), people.n, fewer)
    again = pen.write(f"{part}_again.pct", text, "crossref", "all", f"{name}=c{most}", "percent", "Discussion")
    relations.append({"id": f"{part}_again", "kind": "repeats", "claims": [rows[f"c{most}"][1], again]})
    if np.sort(counts)[-1] > np.sort(counts)[-2]:
        said = pen.write(f"{part}_said.most", "most frequent", "qualitative", "all", name, "holds", "Discussion")
        percents = [places[1] for places in rows.values()]
        statement = {"claim": said, "greatest": rows[f"c{most}"][1], "among": percents}
        relations.append({"id": f"{part}_said", "kind": "statement", **statement})
    truth = {"rows": rows, "counts": {f"c{c}": int(counts[c]) for c in codes}, "again": (f"c{most}", again)}
    return pen.finish(part, "shares", relations, n=people.n, **truth)


def cross_table(pen: Pen, people: Patients, which: str) -> Part:
    """A table of rows by columns with n, percentages, all totals and P, and a sentence on its significance."""
    part = f"table_{which}"
    choices = {**people.categories, "part": people.group, "event": people.outcome, "test": people.test}
    row, column = (str(name) for name in pen.rng.choice(sorted(choices), 2, replace=False))
    table = np.zeros((choices[row].max() + 1, choices[column].max() + 1), dtype=np.int64)
    np.add.at(table, (choices[row], choices[column]), 1)
    table = table[np.ix_(table.any(1), table.any(0))]
    percent_of = pen.pick(["row", "column"])
    whole = table.sum(1, keepdims=True) if percent_of == "row" else table.sum(0, keepdims=True)
    whole = np.broadcast_to(whole, table.shape)
    cells, margins = {}, {}
    for (i, j), k in np.ndenumerate(table):
        at, group, variable = f"{part}.r{i}c{j}", f"{row}=c{i}", f"{column}=c{j}"
        cells[i, j] = (
            pen.write(f"{at}.n", str(k), "count", group, variable, "count"),
            pen.write(f"{at}.pct", pen.percent(int(k), int(whole[i, j])), "percent", group, variable, "percent"),
        )
    for name, totals in ((row, table.sum(1)), (column, table.sum(0))):
        for code, k in enumerate(totals):
            at = f"{part}.{'r' if name == row else 'c'}{code}.n"
            margins[at] = pen.write(at, str(k), "count", "all", f"{name}=c{code}", "count")
    ordered = {row, column} <= {*people.ordered, "event", "test"}
    tests = outside.tests_of(table.shape, ordered)
    if table.shape != (2, 2) and people.n <= MOST_EXACT:
        tests = tests | {"fisher": exact}
    key = pen.pick(sorted(tests))
    p = tests[key](table)
    value = pen.p(p)
    places = [pen.write(f"{part}.p", value, "p", "all", f"{row} x {column}", "p")]
    if pen.chance(0.5):
        places.append(pen.write(f"{part}_again.p", value, "p", "all", f"{row} x {column}", "p", "Abstract"))
    named = pen.chance(0.7)
    relation: dict[str, Any] = {
        "id": part,
        "kind": "table",
        "claims": [f"{part}.*"],
        "rows": {"variable": row, "codes": [f"c{i}" for i in range(table.shape[0])]},
        "columns": {"variable": column, "codes": [f"c{j}" for j in range(table.shape[1])]},
        "of": "size.n",
        "percent_of": percent_of,
        "p": places,
    }
    if named:
        relation["tests"] = [key]
    if ordered:
        relation["ordered"] = ["rows", "columns"]
    said, statement = _significance(pen, part, part, p)
    truth = {"table": table, "cells": cells, "totals": margins, "p": places, "value": p, "said": said}
    truth |= {"key": key, "named": named, "percent_of": percent_of, "ordered": ordered, "n": people.n}
    return pen.finish(part, "table", [relation, statement], **truth)


def exact(table) -> float:
    """No outside library has Freeman and Halton's test; the package's is held against R elsewhere."""
    from replicalc.stats.contingency import fisher_freeman_halton

    return fisher_freeman_halton(table).p


def _significance(pen: Pen, part: str, of: str, p: float) -> tuple[str, dict[str, Any]]:
    words, key = ("significant", "significant") if p < ALPHA else ("not significant", "not_significant")
    said = pen.write(f"{part}_said.p", words, "qualitative", "all", part, "holds", "Discussion")
    return said, {"id": f"{part}_said", "kind": "statement", "claim": said, key: [of]}


def two_groups(pen: Pen, people: Patients) -> Part | None:
    """Two percentages, P and a crude odds ratio; of the counts only the number of all patients is printed."""
    exposed, event = people.factors[:, 0] == 1, people.outcome == 1
    table = np.array([[(g & event).sum(), (g & ~event).sum()] for g in (exposed, ~exposed)], dtype=np.int64)
    if table.min() < 2:
        return None
    part = "pair"
    (a, b), (n_a, n_b) = table[:, 0].tolist(), table.sum(1).tolist()
    places = [
        pen.write(f"{part}.{name}", pen.percent(k, n), "percent", f"factor0={code}", "event=yes", "percent", "Results")
        for name, code, k, n in (("a", "yes", a, n_a), ("b", "no", b, n_b))
    ]
    key = pen.pick(sorted(outside.FOURFOLD))
    p = outside.FOURFOLD[key](table)
    at_p = pen.write(f"{part}.p", pen.p(p), "p", "all", "factor0 x event", "p", "Results")
    printed = zip(("or", "or_lo", "or_hi"), outside.woolf(table), strict=True)
    crude = [
        pen.write(f"{part}_crude.{s}", pen.number(v, pen.decimals["ratio"]), "or", "all", "factor0=yes", s, "Results")
        for s, v in printed
    ]
    named = pen.chance(0.7)
    relation = {"id": part, "kind": "two_groups", "a": places[0], "b": places[1], "total": "size.n", "p": [at_p]}
    relation |= {"crude": crude} | ({"tests": [key]} if named else {})
    said, statement = _significance(pen, part, part, p)
    more = pen.write(f"{part}_more.said", "more often", "qualitative", "all", "factor0", "holds", "Discussion")
    first, second = places if Fraction(a, n_a) >= Fraction(b, n_b) else places[::-1]
    relations = [relation, statement]
    if a * n_b != b * n_a:
        relations.append({"id": f"{part}_more", "kind": "statement", "claim": more, "greater": [first, second]})
    else:
        pen.claims = [claim for claim in pen.claims if not claim.claim_id.endswith(more)]
    truth = {"table": table, "places": places, "p": [at_p], "crude": crude, "key": key, "named": named, "said": said}
    return pen.finish(part, "two_groups", relations, value=p, n=people.n, **truth)


def accuracy(pen: Pen, people: Patients) -> Part | None:
    """A test against the reference standard: measures and their limits, the number of patients, no counts."""
    tp, fp, fn, tn = (
        int(((people.test == t) & (people.disease == d)).sum()) for t, d in ((1, 1), (1, 0), (0, 1), (0, 0))
    )
    if min(tp + fp, fn + tn, tp + fn, fp + tn) < 2:
        return None
    part, n = "test", people.n
    shown = {"sensitivity": (tp, tp + fn), "specificity": (tn, fp + tn)}
    shown |= {"ppv": (tp, tp + fp), "npv": (tn, fn + tn)} if pen.chance(0.85) else {}
    shown |= {"accuracy": (tp + tn, n)} if pen.chance(0.7) else {}
    shown |= {"prevalence": (tp + fn, n)} if pen.chance(0.5) else {}
    method, named = pen.pick(outside.INTERVALS), pen.chance(0.7)
    fraction = pen.chance(0.2)
    places: dict[str, str] = {}
    for name, (k, of) in shown.items():
        variable = "test=yes~disease=yes"
        places[name] = pen.write(f"{part}.{name}", pen.percent(k, of), "percent", "all", variable, name, "Results")
        if name == "prevalence":
            continue
        for end, limit in zip(("lo", "hi"), outside.interval(k, of, method), strict=True):
            text = pen.number(limit, 3) if fraction else pen.number(100 * limit, pen.decimals["percent"])
            at = f"{part}.{name}_{end}"
            places[f"{name}_{end}"] = pen.write(at, text, "ci", "all", variable, f"{name}_{end}", "Results")
    relation: dict[str, Any] = {"id": part, "kind": "accuracy", "claims": [f"{part}.*"], "n": "size.n"}
    relation |= ({"limits_as": "fraction"} if fraction else {}) | ({"intervals": [method]} if named else {})
    relation |= {"condition": "disease", "opposite": "no disease"}
    truth = {"table": (tp, fp, fn, tn), "places": places, "method": method, "named": named, "fraction": fraction}
    return pen.finish(part, "accuracy", [relation], n=n, **truth)


def proportion(pen: Pen, people: Patients) -> Part:
    """A count with its percentage and interval."""
    part, k, n = "rate", int(people.outcome.sum()), people.n
    method, named = pen.pick(outside.INTERVALS), pen.chance(0.7)
    count = pen.write(f"{part}.n", str(k), "count", "all", "event=yes", "count", "Results")
    estimate = pen.write(f"{part}.pct", pen.percent(k, n), "percent", "all", "event=yes", "percent", "Results")
    limits = [
        pen.write(
            f"{part}.{end}",
            show(100 * v, pen.decimals["percent"], pen.habit),
            "ci",
            "all",
            "event=yes",
            f"percent_{end}",
        )
        for end, v in zip(("lo", "hi"), outside.interval(k, n, method), strict=True)
    ]
    relation = {"id": part, "kind": "interval", "estimate": estimate, "limits": limits, "count": count, "n": "size.n"}
    relation |= {"methods": [method]} if named else {}
    truth = {"count": count, "estimate": estimate, "limits": limits, "method": method, "named": named, "k": k, "n": n}
    return pen.finish(part, "interval", [relation], **truth)
