"""Parts of a made-up paper about measurements and models: agreement, ages, sizes, logistic regression."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from math import sqrt
from typing import Any

import numpy as np
from benchmarks.defects import outside
from benchmarks.defects.paper import ALPHA, Part, Pen
from benchmarks.defects.patients import Floats, Patients

#: Definitions of a quantile in the papers: R's and numpy's default, and that of SPSS.
QUANTILES = ("linear", "weibull")
#: A coefficient or standard error beyond these is a model that no paper would print.
LARGEST_COEFFICIENT, LARGEST_ERROR = 3.0, 1.2
#: Patients with and without the event, with and without each factor, below which no model is fitted.
FEWEST = 3


def agreement(pen: Pen, ratings: Floats) -> Part:
    """An intraclass correlation of two raters with limits and the number of lesions."""
    part, form, named = "icc", pen.pick(outside.FORMS), pen.chance(0.8)
    printed = outside.icc(ratings, form)
    places = [
        pen.write(f"{part}.{stat}", pen.number(v, pen.decimals["icc"]), "icc", "all", "rater1~rater2", stat)
        for stat, v in zip(("icc", "icc_lo", "icc_hi"), printed, strict=True)
    ]
    n = pen.write(f"{part}.n", str(len(ratings)), "count", "all", "rater1~rater2", "n")
    relation: dict[str, Any] = {"id": part, "kind": "icc", "claims": places, "n": n, "raters": 2}
    relation |= {"forms": [form]} if named else {}
    truth = {"places": places, "size": n, "form": form, "named": named, "n": len(ratings), "values": printed}
    return pen.finish(part, "icc", [relation], **truth)


def ages(pen: Pen, people: Patients) -> Part:
    """Ages in years of some patients."""
    return _whole_numbers(pen, "age", "age_years", people.age[: int(pen.rng.integers(8, min(people.n, 80)))])


def nodes(pen: Pen) -> Part:
    """Positive lymph nodes of the few patients who had them counted."""
    counted = pen.rng.negative_binomial(3, 0.5, int(pen.rng.integers(5, 26)))
    return _whole_numbers(pen, "nodes", "n_nodes", np.append(counted, pen.rng.integers(2, 9)))


def _whole_numbers(pen: Pen, part: str, variable: str, values) -> Part:
    """Mean and standard deviation of whole numbers and how many they are, at times with the range and median."""
    n = len(values)
    decimals = (int(pen.rng.integers(1, 3)), int(pen.rng.integers(1, 3)))
    mean = Fraction(int(values.sum()), n)
    variance = Fraction(int((values * values).sum()) * n - int(values.sum()) ** 2, n * (n - 1))
    places = {"n": pen.write(f"{part}.n", str(n), "count", "all", variable, "n")}
    shown = {"mean": pen.number(mean, decimals[0]), "sd": pen.number(sqrt(variance), decimals[1])}
    if pen.chance(0.4):
        shown |= {"min": str(values.min()), "max": str(values.max())}
    if pen.chance(0.3):
        shown |= {"median": pen.number(Fraction(float(np.median(values))), 1)}
    for stat, text in shown.items():
        places[stat] = pen.write(
            f"{part}.{stat}", text, "quantile" if stat == "median" else "mean", "all", variable, stat
        )
    claims = [place for stat, place in places.items() if stat != "n"]
    relation = {"id": part, "kind": "mean", "claims": claims, "n": places["n"], "whole_numbers": True}
    return pen.finish(part, "mean", [relation], places=places, values=values, n=n)


def sizes(pen: Pen, people: Patients) -> Part | None:
    """Median and quartiles of size, of all patients and of the parts of the study that make them up."""
    part = "mm"
    members = [np.flatnonzero(people.group == g) for g in range(int(people.group.max()) + 1)]
    if min(map(len, members)) < 5:
        return None
    rule, ends, decimals = pen.pick(QUANTILES), pen.chance(0.5), int(pen.rng.integers(0, 2))
    places: dict[str, dict[str, str]] = {}
    counted = {"all": "size.n"}
    for name, who in (("all", np.arange(people.n)), *((f"g{g}", who) for g, who in enumerate(members))):
        values = people.size[who]
        group = "all" if name == "all" else f"part=c{name[1:]}"
        shown = {
            s: float(np.quantile(values, q, method=rule)) for s, q in (("q1", 0.25), ("median", 0.5), ("q3", 0.75))
        }
        shown |= {"min": float(values.min()), "max": float(values.max())} if ends else {}
        places[name] = {
            s: pen.write(f"{part}.{name}.{s}", pen.number(v, decimals), "quantile", group, "size_mm", s)
            for s, v in shown.items()
        }
        if name != "all":
            counted[name] = pen.write(f"{part}.{name}.n", str(len(who)), "count", group, "size_mm", "n")
    relations: list[dict[str, Any]] = [
        {
            "id": part,
            "kind": "quantiles",
            "total": {"claims": list(places["all"].values()), "n": "size.n"},
            "groups": [{"claims": list(places[g].values()), "n": counted[g]} for g in counted if g != "all"],
        },
        {"id": f"{part}_sum", "kind": "sum", "total": "size.n", "parts": [counted[g] for g in counted if g != "all"]},
    ]
    numbers = {"all": people.n} | {f"g{g}": len(who) for g, who in enumerate(members)}
    return pen.finish(part, "quantiles", relations, places=places, counted=counted, numbers=numbers)


def fit(y, x) -> tuple[Floats, Floats, Floats, Floats] | None:
    """Coefficients, standard errors, Wald's z and P of a logistic model with an intercept; None if none settles."""
    import statsmodels.api as sm

    if min(int(((x == a).T & (y == b)).sum(1).min()) for a in (0, 1) for b in (0, 1)) < FEWEST:
        return None
    try:
        found = sm.Logit(y, sm.add_constant(x, has_constant="add")).fit(disp=0, maxiter=100, tol=1e-12)
    except np.linalg.LinAlgError:
        return None
    b, se = np.asarray(found.params)[1:], np.asarray(found.bse)[1:]
    settled = found.mle_retvals["converged"] and np.abs(b).max() < LARGEST_COEFFICIENT and se.max() < LARGEST_ERROR
    return (b, se, np.asarray(found.tvalues)[1:], np.asarray(found.pvalues)[1:]) if settled else None


def ratios(pen: Pen, people: Patients) -> Part | None:
    """Events, n (%) of yes/no factors, and the odds ratio of each factor alone with limits and P."""
    part, p = "alone", people.factors.shape[1]
    fits = [fit(people.outcome, people.factors[:, [j]]) for j in range(p)]
    if None in fits:
        return None
    events, exposed = int(people.outcome.sum()), people.factors.sum(0)
    at_events = pen.write(f"{part}_events.n", str(events), "count", "all", "event=yes", "count")
    rows = []
    for j in range(p):
        name, k = f"factor{j}", int(exposed[j])
        rows.append(pen.write(f"{part}_rows.{name}.n", str(k), "count", "all", f"{name}=yes", "count"))
        pen.write(f"{part}_rows.{name}.pct", pen.percent(k, people.n), "percent", "all", f"{name}=yes", "percent")
    relations: list[dict[str, Any]] = [
        {"id": f"{part}_rows", "kind": "shares", "claims": [f"{part}_rows.*"], "of": "size.n"}
    ]
    places, values = {}, {}
    for j in range(p):
        b, se, _, probability = (v[0] for v in fits[j])
        name = f"{part}.factor{j}"
        places[name] = _ratio(pen, name, "model=univariable", b, se, probability)
        values[name] = (float(b), float(se))
        relation = {"id": f"{part}_factor{j}", "kind": "ratio", "claims": list(places[name].values())}
        relations.append(relation | {"measure": "odds", "n": "size.n", "events": at_events, "exposed": rows[j]})
    return pen.finish(part, "ratio", relations, ratios=places, values=values, rows=rows, events=at_events)


def model(pen: Pen, people: Patients, alone: Part) -> Part | None:
    """The same factors in one multivariable model, with a sentence on the strongest of them."""
    part, p = "model", people.factors.shape[1]
    found = fit(people.outcome, people.factors)
    if found is None:
        return None
    places, values, relations, rows = {}, {}, [], alone.truth["rows"]
    for j in range(p):
        b, se, _, probability = (v[j] for v in found)
        name = f"{part}.factor{j}"
        places[name] = _ratio(pen, name, "model=multivariable", b, se, probability)
        values[name] = (float(b), float(se))
        relation = {"id": f"{part}_factor{j}", "kind": "ratio", "claims": list(places[name].values())}
        relation |= {"measure": "odds", "n": "size.n", "events": alone.truth["events"], "exposed": rows[j]}
        relations.append(relation | {"adjusted": True})
    names = [relation["id"] for relation in relations]
    relations.append({"id": part, "kind": "model", "ratios": names, "n": "size.n", "events": alone.truth["events"]})
    strongest = int(np.argmin(found[3]))
    if found[3][strongest] < ALPHA:
        said = pen.write(f"{part}_said.p", "independent predictor", "qualitative", "all", part, "holds", "Discussion")
        side = "above_one" if found[0][strongest] > 0 else "below_one"
        statement = {"claim": said, "significant": [names[strongest]], side: [names[strongest]]}
        relations.append({"id": f"{part}_said", "kind": "statement", **statement})
    crude = {name: alone.truth["ratios"][name.replace(part, alone.name)] for name in places}
    numbers = {"x": people.factors, "y": people.outcome, "n": people.n, "events": int(people.outcome.sum())}
    made = pen.finish(part, "model", relations, ratios=places, values=values, crude=crude, **numbers)
    return replace(made, needs=(alone.name,))


def _ratio(pen: Pen, name: str, group: str, b: float, se: float, p: float) -> dict[str, str]:
    """Prints one odds ratio with Wald's limits and P; places by stat."""
    half, decimals = 1.959963984540054 * se, pen.decimals["ratio"]
    shown = zip(("or", "or_lo", "or_hi"), np.exp([b, b - half, b + half]), strict=True)
    texts = {stat: pen.number(float(v), decimals) for stat, v in shown} | {"p": pen.p(p)}
    variable = f"{name.partition('.')[2]}=yes"
    return {
        stat: pen.write(f"{name}.{stat}", text, "p" if stat == "p" else "or", group, variable, stat)
        for stat, text in texts.items()
    }
