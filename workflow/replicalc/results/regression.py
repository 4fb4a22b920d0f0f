"""Results of regressions: odds or hazards by several factors, each alone and all together."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

from replicalc.errors import ReplicalcError
from replicalc.job import job
from replicalc.results.common import absent, missing_sentence, open_cohort, open_each, remark
from replicalc.results.describe import in_unit
from replicalc.results.factors import Factor, design, factor, known
from replicalc.results.statement import judge
from replicalc.table import ResultTable

if TYPE_CHECKING:
    from replicalc.cohort.frame import Cohort

ALONE, TOGETHER, FIRTH = "model=univariable", "model=multivariable", "model=multivariable, Firth"
#: The name under which a model's rows stand (``group``), by the word that a rule gives.
MODELS = {"univariable": ALONE, "multivariable": TOGETHER, "firth": FIRTH}


@job
def logistic(cohort, out, *, outcome, factors, models=tuple(MODELS), subset=None, holds=None):
    """Logistic regression of an outcome on factors, each alone and all together; Firth's beside it.

    ``outcome`` is (variable, code that counts as the event, or several: 'a|b'); ``factors`` says how each variable
    enters (``results.factors``), in the order of the paper. Wald intervals and P; likelihood-ratio P beside them, and
    for a factor of several terms as a whole. Every model is fitted to the patients in whom all its variables are known.
    A factor that the cohort lacks is told, and the multivariable model is then not fitted: it would be another model.
    ``holds``: relations that a sentence of the paper asserts (``statement.judge``).
    """
    from replicalc.stats import logistic as fits

    # Factors that are looked at one by one need no table of all of them together.
    apart = [{name: spec} for name, spec in factors.items()] if list(models) == ["univariable"] else [factors]
    cohorts, table = open_each(cohort, subset, out, [[outcome[0], *chosen] for chosen in apart])

    def fit(data: Cohort, part: Cohort, terms: list[Factor], group: str) -> None:
        event = part.frame[outcome[0]].isin(outcome[1].split("|")).to_numpy(dtype=float)
        columns, names = design(terms)
        function = fits.firth if group == FIRTH else fits.logistic
        _logistic_rows(table, data, part, function, event, columns, names, terms, group)

    for chosen, data in zip(apart, cohorts, strict=True):
        _models(table, data, [outcome[0]], chosen, models, fit)
    if holds:
        judge(table, holds)
    return table.write(out)


@job
def hazard(
    cohort,
    out,
    *,
    time,
    event,
    factors,
    unit,
    ties="efron",
    models=("univariable", "multivariable"),
    subset=None,
    holds=None,
):
    """Cox regression of the time to an event on factors, each alone and all together.

    ``time`` is a variable in days, analysed in ``unit``; ``event`` is (variable, code or codes 'a|b' that count; all
    others are censored). The other parameters are those of ``logistic``. Each model has the test of proportional
    hazards (``p_proportional_hazards``: score test, g(t) = 1 - KM), for each term and for all.
    """
    from replicalc.stats import cox as fits

    data, table = open_cohort(cohort, subset, out, [time, event[0], *factors])

    def fit(data: Cohort, part: Cohort, terms: list[Factor], group: str) -> None:
        length = in_unit(part.frame[time], "day", unit)
        seen = part.frame[event[0]].isin(event[1].split("|")).to_numpy(dtype=float)
        columns, names = design(terms)
        _hazard_rows(table, data, part, fits, (length, seen, columns, names, ties), terms, group)

    _models(table, data, [time, event[0]], factors, models, fit)
    if holds:
        judge(table, holds)
    return table.write(out)


def _models(table: ResultTable, data, outcome: list[str], factors: dict[str, str], models, fit: Callable) -> None:
    """Fit each factor alone and all together, as far as the cohort has them."""
    strange = [name for name in models if name not in MODELS]
    if strange:
        raise ReplicalcError(f"{table.result}: there is no model '{strange[0]}'. Models: {', '.join(MODELS)}")
    if absent(data, table, *outcome):
        return
    lacking = data.missing_variables(*factors)

    def run(chosen: dict[str, str], group: str, place: str) -> None:
        part = known(data, outcome, chosen)
        terms = [factor(part.frame, name, spec, table.result) for name, spec in chosen.items()]
        empty = [each.name for each in terms if not each.terms]
        if not part.size or empty:
            why = f"only one category of {', '.join(empty)} occurs" if empty and part.size else ""
            table.not_evaluable(why or "nobody has all the variables of the model", group=group, variable=place)
            return
        fit(data, part, terms, group)
        for missing in [name for each in terms for name in each.absent]:
            name, _, code = missing.partition("=")
            told = next(each.told for each in terms if each.name == name)
            why = f"it is the reference here: {told}" if f"against {code} (" in told else f"nobody has {missing}"
            table.not_evaluable(why, group=group, variable=missing)

    for name, spec in factors.items() if "univariable" in models else ():
        if name in lacking:
            table.not_evaluable(missing_sentence(data, [name]), group=ALONE, variable=name)
        else:
            run({name: spec}, ALONE, name)
    for model in [each for each in models if each != "univariable"]:
        if lacking:
            reason = f"the model needs {', '.join(lacking)}, not in cohort {data.name}"
            table.not_evaluable(reason, group=MODELS[model])
        else:
            run(factors, MODELS[model], "")


def _place(data: Cohort, part: Cohort, terms: list[Factor], group: str) -> tuple[dict, str]:
    """Say where a model's rows stand; univariable models share a group, so what is said of one stands by its factor."""
    place = dict(group=group, n=part.size, n_missing=data.size - part.size)
    return place, terms[0].whole if group == ALONE else ""


def _few(events_per_variable: float) -> str:
    """Say so where a model has fewer events for each term than the usual ten (doi:10.1016/S0895-4356(96)00236-3)."""
    return "fewer than 10 events for each term: ratios may be biased" if events_per_variable < 10 else ""


def _logistic_rows(table: ResultTable, data, part, function, event, columns, names, terms, group) -> None:
    counted = dict(weights=part.weights)
    found = function(event, columns, names, data.conf_level, **counted)
    place, whole = _place(data, part, terms, group)
    note = "; ".join(filter(None, [found.warning, remark(part)]))
    table.add("events", found.events, variable=whole, **place)
    few = "; ".join(filter(None, [_few(found.events_per_variable), note]))
    table.add("events_per_variable", found.events_per_variable, variable=whole, warning=few, **place)
    table.add(
        "separated", float(bool(found.separation)), variable=whole, method=found.separation or "no separation", **place
    )
    for each in terms:
        for name in each.terms:
            term = found.term(name)
            more = dict(variable=name, method=f"{found.method}; {each.told}", **place)
            why = note if note or not math.isnan(term.odds_ratio) else "the odds ratio cannot be estimated"
            table.add("or", term.odds_ratio, warning=why, **more)
            for stat, value in (("or_lo", term.lo), ("or_hi", term.hi)):
                table.add(stat, value, conf_level=found.level, warning=why, **more)
            table.add("p", term.p_lr if group == FIRTH else term.p_wald, warning=why, **more)
            table.add("p_likelihood_ratio", term.p_lr, warning=why, **more)
        if each.several and group != FIRTH:
            others = [i for i, name in enumerate(names) if name not in each.terms]
            if others:
                rest = columns[:, others], [names[i] for i in others]
                without = function(event, *rest, data.conf_level, **counted).log_likelihood
            else:
                without = _without_factors(part.count(event == 1), part.size)
            _whole_factor(table, each, found.log_likelihood - without, note, place)


def _without_factors(events: int, n: int) -> float:
    """Log-likelihood of a model with the intercept alone."""
    import numpy as np

    share = events / n
    return sum(np.log(p) * k for k, p in ((events, share), (n - events, 1 - share)) if k)


def _whole_factor(table: ResultTable, each: Factor, gain: float, note: str, place: dict) -> None:
    """Test a factor as a whole: likelihood ratio of the models with and without it, ``gain`` apart."""
    from scipy.special import chdtrc

    df = len(each.terms)
    p = math.nan if math.isnan(gain) else float(chdtrc(df, max(0.0, 2 * gain)))
    method = f"likelihood ratio, {df} {'category' if df == 1 else 'categories'} of {each.name} together, {each.told}"
    why = note if note or not math.isnan(p) else "the models with and without it cannot both be fitted"
    table.add("p", p, variable=each.name, method=method, warning=why, **place)


def _hazard_rows(table: ResultTable, data, part, fits, arguments, terms, group) -> None:
    counted = dict(weights=part.weights)
    found = fits.cox(*arguments, data.conf_level, **counted)
    proportional = fits.schoenfeld_test(*arguments, "km", **counted)
    place, whole = _place(data, part, terms, group)
    note = "; ".join(filter(None, [found.warning, remark(part)]))
    table.add("events", found.events, variable=whole, **place)
    few = "; ".join(filter(None, [_few(found.events_per_variable), note]))
    table.add("events_per_variable", found.events_per_variable, variable=whole, warning=few, **place)
    for test in (found.likelihood_ratio, found.score, found.wald):
        more = dict(method=f"{found.method}: {test.method}", warning=test.warning or note)
        stat = "p_model_" + test.method.lower().replace(" ", "_")
        table.add(stat, test.p, variable=whole, **more, **place)
    overall = dict(method=proportional.overall.method, warning=proportional.overall.warning or note)
    name = "p_proportional_hazards"
    if whole not in {name for each in terms for name in (each.name, *each.terms)}:
        table.add(name, proportional.overall.p, variable=whole, **overall, **place)
    for each in terms:
        for name in each.terms:
            term = found.term(name)
            more = dict(variable=name, **place)
            why = note if note or not math.isnan(term.hazard_ratio) else "the hazard ratio cannot be estimated"
            method = f"{found.method}; {each.told}"
            table.add("hr", term.hazard_ratio, method=method, warning=why, **more)
            for stat, value in (("hr_lo", term.lo), ("hr_hi", term.hi)):
                table.add(stat, value, method=method, conf_level=found.level, warning=why, **more)
            table.add("p", term.p_wald, method=f"{method}; Wald", warning=why, **more)
            test = proportional.terms[name]
            table.add("p_proportional_hazards", test.p, method=test.method, warning=test.warning or note, **more)
        if each.several:
            time, event, columns, names, ties = arguments
            others = [i for i, name in enumerate(names) if name not in each.terms]
            without = found.log_likelihood_null
            if others:
                model = (time, event, columns[:, others], [names[i] for i in others], ties)
                without = fits.cox(*model, data.conf_level, **counted).log_likelihood
            _whole_factor(table, each, found.log_likelihood - without, note, place)
            test = fits.schoenfeld_test(*arguments, "km", each.terms, **counted).overall
            more = dict(method=f"{test.method}, {len(each.terms)} terms together", warning=test.warning or note)
            name = "p_proportional_hazards"
            table.add(name, test.p, variable=each.name, **more, **place)
