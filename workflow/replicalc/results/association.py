"""Results that compare: two categorical variables with every test side by side, and one variable before and after."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product

from replicalc.errors import ReplicalcError
from replicalc.job import job
from replicalc.results.common import absent, meanings, open_cohort, open_each, remark, with_warning
from replicalc.results.describe import add_number, add_shares, in_unit
from replicalc.results.statement import judge
from replicalc.table import ResultTable


def tests_by_name() -> dict[str, Callable]:
    """The names that a rule can give for ``test``."""
    from replicalc.stats import contingency, two_groups

    return {
        "pearson": contingency.pearson,
        "yates": contingency.yates,
        "likelihood_ratio": contingency.likelihood_ratio,
        "fisher": contingency.fisher_freeman_halton,
        "exact_pearson": contingency.exact_pearson,
        "linear_by_linear": contingency.linear_by_linear,
        "n_minus_1": two_groups.n_minus_1,
        "fisher_mid_p": two_groups.fisher_mid_p,
        "mann_whitney": _mann_whitney,
        "barnard": lambda counts: _unconditional(two_groups.barnard, "Barnard exact unconditional, pooled z", counts),
        "boschloo": lambda counts: _unconditional(two_groups.boschloo, "Boschloo exact unconditional", counts),
    }


#: Tests of a 2 x 2 table only.
TWO_BY_TWO = ("yates", "n_minus_1", "fisher_mid_p", "mann_whitney", "barnard", "boschloo")
#: Unconditional exact tests order all tables with the two group sizes; with more than these it takes seconds.
MANY_TABLES = 400_000


def _mann_whitney(counts):
    """Mann-Whitney on the columns coded 0 and 1, as SPSS does it (asymptotic, ties corrected, no continuity)."""
    from replicalc.stats.two_groups import mann_whitney

    codes, (first, second) = [0.0, 1.0], counts
    return mann_whitney(codes, codes, continuity=False, method="asymptotic", x_weights=first, y_weights=second)


def _unconditional(test: Callable, method: str, counts):
    """Run an unconditional exact test unless it has too many tables to order; then say so."""
    from replicalc.stats.base import TestResult

    tables = int((counts.sum(axis=1) + 1).prod())
    if tables <= MANY_TABLES:
        return test(counts)
    why = f"left out: {tables} tables with these group sizes, more than {MANY_TABLES}"
    return TestResult(method, float("nan"), warning=why)


@job
def association(cohort, out, *, rows, columns, test, order=None, subset=None, holds=None):
    """Cross-tabulate two variables and test their association.

    Counts and row percentages with Wilson intervals for every cell and margin; then the test that the study uses
    (``test``) as ``p`` and all the others as ``p_alternative``. Linear-by-linear only where ``order`` gives the codes
    of both variables from least to most (scores 1, 2, ...). Patients with either variable missing are left out and
    counted. If one variable is not there at all, the other is still described. ``rows`` and ``columns`` may be several
    variables each; every one is held against every other. ``holds``: relations that a sentence of the paper asserts
    (``statement.judge``).
    """
    sides = ([side] if isinstance(side, str) else side for side in (rows, columns))
    pairs = list(product(*sides))
    cohorts, table = open_each(cohort, subset, out, pairs)
    for (row, column), data in zip(pairs, cohorts, strict=True):
        cross(table, data, row, column, test, order)
    if holds:
        judge(table, holds)
    table.write(out)


def cross(table: ResultTable, data, rows: str, columns: str, test: str, order) -> None:
    """Add the cross-tabulation of two variables with its tests to a table; see ``association``."""
    lacking = data.missing_variables(rows, columns)
    absent(data, table, rows, columns)
    present = [name for name in (rows, columns) if name not in lacking]
    known = data.known(*present) if present else data.nobody()
    missing = data.size - known.size
    for name in present:
        if not any(row.variable.partition("=")[0] == name for row in table.rows if row.group == "all"):
            add_shares(table, known, name, missing)
    if not lacking:
        for code, n in data.counts(rows).items():
            group = f"{rows}={code}"
            part = known.part(known.frame[rows] == code)
            table.add("n", part.size, group=group, variable=columns, n=part.size, n_missing=n - part.size)
            add_shares(table, part, columns, n - part.size, group=group)
        note = "; ".join(filter(None, [remark(known), meanings(data, rows, columns)]))
        _tests(table, known, rows, columns, missing, test, order, note)


def _tests(table: ResultTable, known, rows, columns, missing, named, order, note) -> None:
    import numpy as np

    from replicalc.stats import contingency

    frame, n, level = known.frame, known.size, known.conf_level
    codes = [(order or {}).get(name) or list(frame[name].cat.categories) for name in (rows, columns)]
    places = [
        frame[name].cat.set_categories(c).cat.codes.to_numpy() for name, c in zip((rows, columns), codes, strict=True)
    ]
    if any((place < 0).any() for place in places):
        raise ReplicalcError(f"{table.result}: 'order' leaves out codes that occur; give all of them")
    counts = np.zeros([len(c) for c in codes], dtype=int)
    np.add.at(counts, tuple(places), known.units)
    empty = [f"{rows}={code}" for code, some in zip(codes[0], counts.sum(axis=1), strict=True) if not some]
    empty += [f"{columns}={code}" for code, some in zip(codes[1], counts.sum(axis=0), strict=True) if not some]
    if empty and n:
        note = "; ".join(filter(None, [f"nobody has {', '.join(empty)}", note]))
    kept = np.flatnonzero(counts.sum(axis=1)), np.flatnonzero(counts.sum(axis=0))
    counts = counts[np.ix_(*kept)]
    ordered = order is not None and rows in order and columns in order
    place = dict(variable=f"{rows} x {columns}", n=n, n_missing=missing)
    small, least = contingency.cochran_rule(counts)
    why = "" if least == least else "no table to test: one variable has a single category, or nobody is left"
    table.add("expected_below_5_percent", 100 * small, unit="percent", warning=why, **place)
    table.add("expected_smallest", least, warning=why, **place)
    two_by_two = counts.shape == (2, 2)
    tests = tests_by_name()
    if named not in tests:
        raise ReplicalcError(f"{table.result}: there is no test '{named}'. Tests: {', '.join(tests)}")
    for name, function in tests.items():
        if name != named and ((name in TWO_BY_TWO and not two_by_two) or (name == "linear_by_linear" and not ordered)):
            continue
        scores = {"row_scores": kept[0] + 1, "col_scores": kept[1] + 1} if name == "linear_by_linear" else {}
        result = with_warning(function(counts, **scores), note)
        table.add_test(result, named=name == named, **place)
    if two_by_two:
        left = [[c for k, c in enumerate(all_codes) if k in kept[side]] for side, all_codes in enumerate(codes)]
        _effects(table, counts, (rows, *left[0]), (columns, left[1][0]), level, note, place)


def _effects(table: ResultTable, counts, groups, event, level, note, place) -> None:
    """Add odds ratio, risk ratio and risk difference of the first row against the second; event: the first column."""
    from replicalc.stats.logistic import odds_ratio
    from replicalc.stats.two_groups import risk_difference, risk_ratio

    (a, b), (c, d) = counts.tolist()
    told = f"{groups[0]}={groups[1]} against {groups[2]}, event {event[0]}={event[1]}"
    for stat, effect, scale in (
        ("odds_ratio", odds_ratio(a, b, c, d, level), 1),
        ("risk_ratio", risk_ratio(a, a + b, c, c + d, level), 1),
        ("risk_difference", risk_difference(a, a + b, c, c + d, level, "Newcombe"), 100),
    ):
        more = dict(unit="percent" if scale == 100 else "", method=f"{effect.method}; {told}", **place)
        warning = "; ".join(filter(None, [effect.warning, note]))
        table.add(stat, scale * effect.value, warning=warning, **more)
        for side in ("lo", "hi"):
            limit = scale * getattr(effect, side)
            table.add(f"{stat}_{side}", limit, conf_level=effect.level, warning=warning, **more)


@job
def before_after(cohort, out, *, before, after, unit, canonical, subset=None, quantiles="type 6"):
    """Describe a measurement before and after treatment, and test the change within patients: Wilcoxon signed-rank.

    Named: as SPSS computes it (asymptotic, zeros dropped, ties corrected, no continuity correction). Beside it: with
    continuity correction, zeros by Pratt, exact where there are no ties, and the sign test.
    """
    import numpy as np

    from replicalc.stats import describe, rank

    data, table = open_cohort(cohort, subset, out, [before, after])
    lacking = data.missing_variables(before, after)
    absent(data, table, before, after)
    for name in (before, after):
        if name not in lacking:
            add_number(table, data, name, canonical, unit, quantiles=quantiles)
    pairs = data.known(before, after) if not lacking else data.nobody()
    if not pairs.size:
        if not lacking:
            table.not_evaluable("nobody has both measurements", variable=f"{after} - {before}")
        return table.write(out)
    x, y = (in_unit(pairs.frame[name], canonical, unit) for name in (before, after))
    difference = np.round(y - x, 6)
    place = dict(variable=f"{after} - {before}", n=pairs.size, n_missing=data.size - pairs.size)
    counted = dict(weights=pairs.weights)
    median = describe.quantile(difference, 0.5, quantiles, **counted)
    table.add("median", median, unit=unit, method=quantiles, **place)
    note = remark(pairs)
    limits = with_warning(describe.median_interval(difference, data.conf_level, **counted), note)
    table.add_interval("median", limits, unit=unit, **place)
    for stat, which in (("n_decrease", difference < 0), ("n_increase", difference > 0), ("n_equal", difference == 0)):
        table.add(stat, pairs.count(which), **place)
    as_spss = dict(zeros="wilcox", continuity=False, method="asymptotic", **counted)
    named = rank.wilcoxon_signed_rank(y, x, **as_spss)
    table.add_test(with_warning(named, note), named=True, **place)
    for other in ({"continuity": True}, {"zeros": "pratt"}, {"method": "exact"}):
        test = rank.wilcoxon_signed_rank(y, x, **{**as_spss, **other})
        table.add_test(with_warning(test, note), named=False, **place)
    table.add_test(with_warning(rank.sign_test(y, x, **counted), note), named=False, **place)
    return table.write(out)
