"""Results of regressions: the odds of an outcome by several factors, each alone and all together."""

from __future__ import annotations

import math

from replicalc.job import job
from replicalc.results.common import absent, open_cohort, remark
from replicalc.table import ResultTable

#: The name under which a model's rows stand (``group``).
MODELS = ("model=univariable", "model=multivariable", "model=multivariable, Firth")


@job
def logistic(cohort, out, *, outcome, factors, subset=None):
    """Logistic regression of a yes/no outcome on yes/no factors, each alone and all together; Firth's beside it.

    ``outcome`` is (variable, code that counts as the event); ``factors`` maps each variable to the code that counts as
    exposed, in the order of the paper. Every model is fitted to the patients in whom all its variables are known. A
    factor that the cohort lacks is told, and the multivariable model is then not fitted: it would be another model.
    """
    from replicalc.stats import logistic as models

    data, table = open_cohort(cohort, subset, out)
    if absent(data, table, outcome[0]):
        return table.write(out)
    lacking = data.missing_variables(*factors)
    for name, code in factors.items():
        place = dict(group=MODELS[0], variable=f"{name}={code}")
        if name in lacking:
            table.not_evaluable(f"variable {name} not in cohort {data.name}", **place)
            continue
        _fit(table, data, outcome, {name: code}, models.logistic, MODELS[0])
    for model, fit in ((MODELS[1], models.logistic), (MODELS[2], models.firth)):
        if lacking:
            reason = f"the model needs {', '.join(lacking)}, not in cohort {data.name}"
            table.not_evaluable(reason, group=model)
        else:
            _fit(table, data, outcome, factors, fit, model)
    return table.write(out)


def _fit(table: ResultTable, data, outcome, factors, fit, group) -> None:
    import numpy as np

    known = data.frame.dropna(subset=[outcome[0], *factors])
    event = (known[outcome[0]] == outcome[1]).to_numpy(dtype=float)
    exposed = np.column_stack([(known[name] == code).to_numpy(dtype=float) for name, code in factors.items()])
    names = [f"{name}={code}" for name, code in factors.items()]
    place = dict(group=group, n=len(known), n_missing=len(data.frame) - len(known))
    if not len(known):
        table.not_evaluable("nobody has all the variables of the model", group=group)
        return
    found = fit(event, exposed, names, data.conf_level)
    note = "; ".join(filter(None, [found.warning, remark(data, known)]))
    # Univariable models share a group; what is said of the model itself then stands beside its factor.
    whole = names[0] if group == MODELS[0] else ""
    table.add("events", found.events, variable=whole, **place)
    per_variable = found.events_per_variable
    table.add("events_per_variable", per_variable, variable=whole, warning=note, **place)
    for name in names:
        term = found.term(name)
        more = dict(variable=name, method=found.method, **place)
        why = note if note or not math.isnan(term.odds_ratio) else "the odds ratio cannot be estimated"
        table.add("or", term.odds_ratio, warning=why, **more)
        for stat, value in (("or_lo", term.lo), ("or_hi", term.hi)):
            table.add(stat, value, conf_level=found.level, warning=why, **more)
        table.add("p", term.p_lr if "Firth" in group else term.p_wald, warning=why, **more)
        table.add("p_likelihood_ratio", term.p_lr, warning=why, **more)
