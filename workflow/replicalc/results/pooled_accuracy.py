"""Sensitivity and specificity of one test pooled over studies, from printed numbers alone (no patients are needed)."""

from __future__ import annotations

from math import log, sqrt
from pathlib import Path
from typing import TYPE_CHECKING

from replicalc.errors import ReplicalcError, did_you_mean
from replicalc.job import job
from replicalc.records import load_checked, read_csv, validate
from replicalc.results.pooled import PUBLISHED, PrintedNumbers
from replicalc.table import ResultTable
from replicalc.verify.printed import Printed

if TYPE_CHECKING:  # two_by_two loads numpy, which a dry run does not need
    from replicalc.verify.two_by_two import TableRecovery

MEASURES = ("sensitivity", "specificity")
CELLS = ("tp", "fp", "fn", "tn")


@job
def pooled_accuracy(claims, study, comparators, out, *, n, prevalence, accuracy, test, correction):
    """Pool sensitivity and specificity of one test over studies: Reitsma's bivariate model by REML.

    The study's own fourfold table is recovered from what it prints: ``n`` and ``prevalence`` are places (result, group,
    variable, stat), ``accuracy`` is (result, group, variable) of sensitivity, specificity, PPV and NPV. Only a table
    that is the only one to print so is taken (``verify.two_by_two``: one rounding for all its measures, or one for each
    if there is no such table). The other studies are the rows of ``comparators`` with this ``test``.

    Each study has its counts and Wilson's limits. ``all`` holds the model with the named ``correction`` of empty cells
    (0.5 added to "all" studies, as R's mada, or to the "single" study that has one), ``correction=...`` the other one,
    and ``model=separate`` each measure pooled alone (REML on logits, Hartung-Knapp limits): what Takwoingi and others
    advise where the correlation cannot be estimated. Logits, variances and the curve's parameters are not in percent.

    Where no table or several print so, nothing is pooled and the table says why. Raises ReplicalcError if
    ``comparators`` does not fit its schema, and as ``two_by_two`` does: for what is no percentage, or too large an n.
    Sources: Reitsma et al. 2005, doi:10.1016/j.jclinepi.2005.02.022; Takwoingi et al. 2017,
    doi:10.1177/0962280215592269.
    """
    from replicalc.stats.bivariate import bivariate
    from replicalc.verify.two_by_two import two_by_two

    about = load_checked(study, "study")
    level, name, numbers = about["conf_level"], about["study"], PrintedNumbers(claims)
    printed = {
        stat: numbers.at(*accuracy, stat)
        for stat in ("sensitivity", "specificity", "ppv", "npv")
        if (*accuracy, stat) in numbers
    } | {"prevalence": numbers.at(*prevalence)}
    size = numbers.whole(*n)
    told = f"the only table of {size} that prints as {', '.join(f'{k} {v.text}' for k, v in printed.items())}"
    table = ResultTable(Path(out).stem, PUBLISHED, PUBLISHED)
    recovered = two_by_two(printed, size, repair=False)
    if not recovered.unique:  # a finding about the paper, and no reason to stop a run
        table.not_evaluable(not_one(recovered, size, printed, name), variable=accuracy[2])
        return table.write(out)
    studies = {name: (tuple(getattr(recovered.tables[0], cell) for cell in CELLS), told)}
    for row in load_comparators(comparators, test):
        if row["study"] in studies:
            raise ReplicalcError(f"{comparators}: '{row['study']}' is the study itself")
        studies[row["study"]] = tuple(int(row[cell]) for cell in CELLS), row["source"]
    shares = _add_tables(table, accuracy[2], studies, level)
    cells = list(zip(*(counts for counts, _ in studies.values()), strict=True))
    spectrum = f"malignant in the studies: {min(shares):.0f} to {max(shares):.0f} %; they differ in whom they examined"
    empty = any(0 in counts for counts, _ in studies.values())
    for how in (correction, *(each for each in ("all", "single") if empty and each != correction)):
        found = bivariate(*cells, level, method="REML", correction=how)
        group = "all" if how == correction else f"correction={how}"
        added = {"all": "0.5 added to every study", "single": "0.5 added to studies with an empty cell"}.get(how, "")
        _add_model(table, group, accuracy[2], found, f"; {added}" if empty and added else "", spectrum)
    _add_separate(table, accuracy[2], cells, level, correction, spectrum)
    return table.write(out)


def load_comparators(path: str | Path, test: str) -> list[dict[str, str]]:
    """Read the fourfold tables of other studies, as text; those of one test.

    Raises ReplicalcError for an unknown or missing column, a count that is none, a study named twice, a study without
    diseased or without healthy lesions, or if no row has the test.
    """
    rows = read_csv(path)
    validate(rows, "comparators", path)
    mine = [row for row in rows if row["test"] == test]
    if not mine:
        raise ReplicalcError(f"{path}: no row has the test '{test}'.{did_you_mean(test, [r['test'] for r in rows])}")
    names = [row["study"] for row in mine]
    for row in mine:
        if names.count(row["study"]) > 1:
            raise ReplicalcError(f"{path}: the study '{row['study']}' stands twice for {test}")
        if not (int(row["tp"]) + int(row["fn"]) and int(row["fp"]) + int(row["tn"])):
            raise ReplicalcError(f"{path}: '{row['study']}' has no malignant or no benign lesion")
    return mine


def not_one(recovered: TableRecovery, n: int, printed: dict[str, Printed], study: str) -> str:
    """Say that no fourfold table prints so, or that several do."""
    told = ", ".join(f"{stat} {each.text}" for stat, each in printed.items())
    found = len(recovered.tables)
    many = f"{'' if recovered.complete else 'at least '}{found} fourfold tables" if found else "no fourfold table"
    what = "is not known and cannot be pooled" if found else "cannot be as printed"
    return f"{study}: {many} of {n} would print as {told}; which it was {what}"


def _add_tables(table: ResultTable, variable: str, studies: dict, level: float) -> list[float]:
    """Add the counts of each study, its two measures with Wilson's limits, and its share of malignant lesions."""
    from replicalc.stats.proportion import interval

    shares = []
    for name, ((tp, fp, fn, tn), source) in studies.items():
        place = dict(group=f"study={name}", variable=variable)
        n = tp + fp + fn + tn
        for stat, count in (("tp", tp), ("fp", fp), ("fn", fn), ("tn", tn), ("n", n)):
            table.add(stat, count, n=n, method=source, **place)
        for stat, count, of in (("sensitivity", tp, tp + fn), ("specificity", tn, tn + fp)):
            table.add(stat, 100 * count / of, unit="percent", n=of, method=source, **place)
            table.add_interval(stat, interval(count, of, "Wilson", level), scale=100, unit="percent", n=of, **place)
        shares.append(100 * (tp + fn) / n)
        table.add("prevalence", shares[-1], unit="percent", n=n, method=source, **place)
    return shares


def _add_model(table: ResultTable, group: str, variable: str, found, added: str, spectrum: str) -> None:
    from replicalc.stats.base import join

    place = dict(group=group, variable=variable, method=found.method + added)
    note = join(found.warning, spectrum)
    table.add("k", found.k, **place)
    for stat in MEASURES:
        limits = getattr(found, f"{stat}_interval")
        table.add(stat, 100 * getattr(found, stat), unit="percent", warning=note, **place)
        for side in ("lo", "hi"):
            more = dict(unit="percent", conf_level=found.level, warning=note)
            table.add(f"{stat}_{side}", 100 * getattr(limits, side), **more, **place)
    for i, stat in enumerate(MEASURES):
        table.add(f"mu_{stat}", found.mu[i], unit="logit", **place)
        table.add(f"mu_variance_{stat}", found.cov[i][i], unit="logit", **place)
    table.add("mu_covariance", found.cov[0][1], unit="logit", **place)
    for stat in (*(f"variance_{each}" for each in MEASURES), "correlation"):
        unit = "" if stat == "correlation" else "logit"
        table.add(stat, getattr(found, stat), unit=unit, warning=found.warning, **place)
    table.add("log_likelihood", found.log_likelihood, **place)
    for stat in ("accuracy", "threshold", "shape"):
        table.add(f"sroc_{stat}", getattr(found.sroc, stat), unit="logit", warning=found.sroc.warning, **place)


def _add_separate(table: ResultTable, variable: str, cells, level: float, correction: str, spectrum: str) -> None:
    """Add each measure pooled alone, on the logit scale, with the correction of the named model."""
    from scipy.special import expit

    from replicalc.stats.base import join
    from replicalc.stats.pooling import pool

    empty = [0 in study for study in zip(*cells, strict=True)]
    if correction == "none" and any(empty):
        return table.not_evaluable("an empty cell and no correction", group="model=separate", variable=variable)
    plus = [0.5 * (any(empty) if correction == "all" else each) for each in empty]
    tp, fp, fn, tn = ([count + more for count, more in zip(cell, plus, strict=True)] for cell in cells)
    for stat, hits, others in (("sensitivity", tp, fn), ("specificity", tn, fp)):
        pairs = list(zip(hits, others, strict=True))
        values, errors = [log(a / b) for a, b in pairs], [sqrt(1 / a + 1 / b) for a, b in pairs]
        found = pool(values, errors, "REML", level, knapp_hartung=True)
        place = dict(group="model=separate", variable=variable, method=f"{found.method}, of logits, each measure alone")
        note = join(found.warning, spectrum)
        table.add(stat, 100 * expit(found.value), unit="percent", warning=note, **place)
        for side in ("lo", "hi"):
            more = dict(unit="percent", conf_level=level, warning=note)
            table.add(f"{stat}_{side}", 100 * expit(getattr(found, side)), **more, **place)
        for name, value, unit in (("tau2", found.tau2, "logit"), ("i2", 100 * found.i2, "percent"),
                                  ("q", found.q, ""), ("p_q", found.p_q, "")):  # fmt: skip
            table.add(f"{stat}_{name}", value, unit=unit, **place)
    return None
