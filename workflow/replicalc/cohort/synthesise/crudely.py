"""Patients in whom every printed odds ratio of a model comes out without adjustment.

Where each ratio with its limits is that of a 2x2 table, patients exist in whom all of these tables stand at once, also
where none exist in whom the ratios are those of one model. Among such patients those are looked for whose model is
near the printed one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from replicalc.cohort.synthesise.exchanges import Exchange, Patients, fit_patients
from replicalc.cohort.synthesise.joint import Cells, solve
from replicalc.cohort.synthesise.models import Ratio
from replicalc.cohort.synthesise.restrictions import Restriction
from replicalc.verify.crude import Table, crude_tables


def tables_of(
    wanted: Sequence[Ratio], n: int, events: int, exposed: Mapping[str, int], seed: int
) -> dict[str, Table] | None:
    """Give each ratio a 2x2 table that prints it and its limits; None if one of them has no such table.

    exposed: by name of a ratio, how many have the factor, where it is known. Of several tables one is drawn,
    of those that print by ordinary rounding if there are any.
    """
    rng, chosen = np.random.default_rng([seed, 8]), {}
    for ratio in wanted:
        texts = [printed.text for printed in ratio.printed]
        tables = crude_tables(*texts, n=n, events=events, exposed=exposed.get(ratio.name)).tables
        if not tables:
            return None
        ordinary = [table for table in tables if table.rounding == "half-up"] or list(tables)
        chosen[ratio.name] = ordinary[int(rng.integers(len(ordinary)))]
    return chosen


def patients_of(
    tables: Mapping[str, Table],
    wanted: Sequence[Ratio],
    prior: Callable[[dict[str, str]], float],
    seed: int,
    loud: Sequence[int] = (),
    rounds: int = 40,
) -> tuple[np.ndarray, np.ndarray, float]:
    """Put patients together in whom all tables hold; near the printed model, as exchanges within the outcome bring it.

    prior: how likely a combination of factors ('yes' or 'no' by name) is where the tables leave it open. loud: ratios
    (from 1) that should be significant in the model of all factors.
    Returns the factors, shape (n, k) of 0 and 1 in the order of ``wanted``, the outcome, shape (n,), and the nearness
    of the model of all factors (0: it prints as printed).
    """
    names = [ratio.name for ratio in wanted]
    codes = {**{name: ["yes", "no"] for name in names}, "(outcome)": ["yes", "no"]}
    cells = Cells(codes, lambda cell: True, {})
    first = tables[names[0]]
    total = first.exposed_events + first.exposed_others + first.unexposed_events + first.unexposed_others
    conditions = []
    for name in names:
        table = tables[name]
        for outcome, count in (("yes", table.exposed_events), ("no", table.exposed_others)):
            part = {name: ("yes",), "(outcome)": (outcome,)}
            conditions.append(Restriction(f"{name}, outcome {outcome}", part, None, count, count))
    events = first.exposed_events + first.unexposed_events
    conditions.append(Restriction("outcome", {"(outcome)": ("yes",)}, None, events, events))
    weights = np.array([prior({k: v for k, v in cell.items() if k != "(outcome)"}) for cell in cells.cells])
    joint = solve(cells, conditions, weights, total, seed)
    factors = np.column_stack([(joint.codes[name] == "yes").astype(float) for name in names])
    outcome = (joint.codes["(outcome)"] == "yes").astype(float)
    start = Patients(outcome, np.column_stack([np.ones(total), factors]), np.ones(total, dtype=bool))
    columns = dict(enumerate(wanted, start=1))
    exchanges = [Exchange((j,), outcome.astype(int)) for j in columns]
    near, nearness = fit_patients(start, columns, exchanges, [], seed, rounds=rounds, loud=loud)
    return near.rows[:, 1:], near.outcome, nearness
