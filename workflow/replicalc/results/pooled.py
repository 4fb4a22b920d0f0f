"""Printed ratios of several papers pooled. The accuracy of a test: ``pooled_accuracy``.

No patients are needed, so there is one table for a study and none for each cohort; ``cohort`` and ``kind`` read
``published``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import exp, log, sqrt
from pathlib import Path

from replicalc.errors import ReplicalcError, did_you_mean
from replicalc.job import job
from replicalc.records import load_checked, load_claims
from replicalc.table import ResultTable
from replicalc.verify.printed import Printed, parse

PUBLISHED = "published"
RATIOS = {"hr": "hazard ratio", "or": "odds ratio"}
#: The models in the order of the table: name in the table, method of ``stats.pooling``, Hartung-Knapp limits or not.
MODELS = (
    ("fixed", "fixed", False),
    ("dersimonian_laird", "DerSimonian-Laird", False),
    ("reml", "REML", False),
    ("reml_hartung_knapp", "REML", True),
)
_FEW = 5  # studies; with fewer the variance between them is hardly known


class PrintedNumbers:
    """The printed numbers of a claims file, found by place (result, group, variable, stat)."""

    def __init__(self, path: str | Path):
        self.path = path
        self._at: dict[tuple[str, ...], dict[str, None]] = {}
        for claim in load_claims(path):
            place = (claim.result, claim.group, claim.variable, claim.stat)
            self._at.setdefault(place, {})[claim.reported] = None

    def __contains__(self, place: tuple[str, ...]) -> bool:
        return tuple(place) in self._at

    def at(self, *place: str) -> Printed:
        """Give the number printed at a place. Raises ReplicalcError if there is none, or two that differ."""
        found = list(self._at.get(tuple(place), ()))
        where = f"{self.path}: '{place[3]}' of '{place[2]}' for '{place[1]}' in {place[0]}"
        if not found:
            hint = did_you_mean(place[0], sorted({result for result, *_ in self._at}))
            raise ReplicalcError(f"{where} is not printed.{hint}")
        number = parse(found[0])
        if len(found) > 1 or number is None or number.sign != "=":
            raise ReplicalcError(f"{where} is printed as {' and '.join(map(repr, found))}; one plain number is needed")
        return number

    def whole(self, *place: str) -> int:
        """Give a printed count. Raises ReplicalcError if it is none."""
        found = self.at(*place)
        if found.decimals or found.value < 0:
            raise ReplicalcError(f"{self.path}: '{place[3]}' in {place[0]} is {found.text}, not a count")
        return int(found.value)


@dataclass(frozen=True, slots=True)
class Ratio:
    """A printed ratio with its limits: whose patients, of which event, against whom; logarithm and standard error."""

    study: str
    measure: str
    adjustment: str
    event: str
    against: str
    printed: tuple[Printed, Printed, Printed]  # estimate, lower and upper limit
    log: float
    se: float

    @property
    def told(self) -> str:
        return f"{RATIOS[self.measure]}, {self.adjustment}; {self.event}; against {self.against}"


@job
def pooled_ratios(claims, study, out, *, pools):
    """Pool printed ratios on the log scale: fixed effect, and random effects by DerSimonian-Laird and REML.

    ``pools`` names for each pool what enters it, one (result, group, variable, event, against) a study: the first three
    are the place of a printed ``hr`` or ``or`` with its limits, the last two say of which event and against whom. The
    study is read from the result's name and is a key of ``cited`` in ``study``. One study cannot enter a pool twice:
    the same patients are not independent of themselves.

    The standard error is the length of the printed limits (Parmar 1998); how far the printed digits leave it open
    stands beside it (``se_least``, ``se_greatest``), and whether the ratio is in the middle of its limits on the log
    scale (``middle_fits``). A pool that mixes ratios is given without its odds ratios too, and every pool of three or
    more without each study in turn. One study is shown and not pooled.

    Raises ReplicalcError for a number that is not printed, limits that are none, or a study that enters twice.
    Source: Parmar, Torri & Stewart 1998, doi:10.1002/(SICI)1097-0258(19981230)17:24<2815::AID-SIM110>3.0.CO;2-8;
    the models: ``replicalc.stats.pooling``.
    """
    about = load_checked(study, "study")
    level, numbers = about["conf_level"], PrintedNumbers(claims)
    table = ResultTable(Path(out).stem, PUBLISHED, PUBLISHED)
    for name, places in pools.items():
        entries = [_ratio(numbers, about, level, place) for place in places]
        names = [entry.study for entry in entries]
        for twice in sorted({each for each in names if names.count(each) > 1}):
            raise ReplicalcError(
                f"{table.result}: the study '{twice}' enters the pool '{name}' twice. Two results of the same patients "
                "are not independent; name one of them"
            )
        group = f"pool={name}"
        _add_studies(table, group, entries, level)
        if len(entries) < 2:
            table.not_evaluable("one study: nothing to pool" if entries else "no study: nothing to pool", group=group)
            continue
        _add_pool(table, group, entries, level)
        hazards = [entry for entry in entries if entry.measure == "hr"]
        if 1 < len(hazards) < len(entries):
            _add_pool(table, f"{group};measure=hr", hazards, level)
        for left in entries if len(entries) > 2 else ():
            _add_pool(table, f"{group};without={left.study}", [e for e in entries if e is not left], level)
    table.write(out)


def _ratio(numbers: PrintedNumbers, about: dict, level: float, place: Sequence[str]) -> Ratio:
    from replicalc.stats.pooling import from_interval

    if len(place) != 5:
        raise ReplicalcError(f"a line of a pool is (result, group, variable, event, against), not {tuple(place)}")
    result, group, variable, event, against = place
    known = list(about.get("cited", {}))
    studies = [name for name in known if result.startswith(f"{about['study']}_x_{name}_")]
    if len(studies) != 1:
        raise ReplicalcError(f"'{result}' names no study of 'cited' in study.yaml. Known: {', '.join(known)}")
    kinds = [kind for kind in RATIOS if (result, group, variable, kind) in numbers]
    kind = kinds[0] if kinds else "hr"  # without either, the look-up says what is missing
    printed = tuple(numbers.at(result, group, variable, f"{kind}{end}") for end in ("", "_lo", "_hi"))
    try:
        value, se = from_interval(*(float(each.value) for each in printed), level)
    except ValueError as error:
        raise ReplicalcError(f"{numbers.path}, {result}: {error}") from error
    return Ratio(studies[0], kind, group.removeprefix("model="), event, against, printed, value, se)


def digits(printed: Printed, below: float = 0.5, above: float = 0.5) -> tuple[float, float]:
    """Give the least and greatest value that print so; ``below``, ``above`` in units of the last place.

    >>> [round(end, 3) for end in digits(parse("0.5"))], digits(parse("5.80"), 0, 1)[0]
    ([0.45, 0.55], 5.8)
    """
    unit = 10.0**-printed.decimals
    return float(printed.value) - below * unit, float(printed.value) + above * unit


def middle(lo: Printed, hi: Printed, below: float = 0.5, above: float = 0.5) -> tuple[float, float]:
    """Give the least and greatest geometric mean of two limits, as far as their digits leave it open."""
    (a, b), (c, d) = digits(lo, below, above), digits(hi, below, above)
    return sqrt(max(a, 0.0) * c), sqrt(b * d)


def fits_middle(printed: Sequence[Printed]) -> str:
    """Tell by which rounding a ratio is the geometric mean of its limits; an empty text if by none.

    >>> fits_middle([parse(text) for text in ("1.6", "0.5", "5.8")])
    'rounded to the nearest'
    >>> fits_middle([parse(text) for text in ("2.6", "0.5", "5.8")])
    ''
    """
    for how, below, above in (("rounded to the nearest", 0.5, 0.5), ("truncated", 0.0, 1.0)):
        (least, most), (a, b) = middle(*printed[1:], below, above), digits(printed[0], below, above)
        if a <= most and least <= b:
            return how
    return ""


def _add_studies(table: ResultTable, group: str, entries: list[Ratio], level: float) -> None:
    from replicalc.stats.effect import normal
    from replicalc.stats.pooling import pool

    for entry in entries:
        place = dict(group=group, variable=f"study={entry.study}")
        as_hazard = "an odds ratio, taken for a hazard ratio: near it only where the event is rare"
        note = as_hazard if entry.measure == "or" else ""
        for stat, printed in zip(("ratio", "ratio_lo", "ratio_hi"), entry.printed, strict=True):
            limit = level if stat != "ratio" else None
            table.add(stat, float(printed.value), method=entry.told, conf_level=limit, warning=note, **place)
        table.add("log_ratio", entry.log, method="natural logarithm of the printed ratio", **place)
        (a, b), (c, d) = (digits(each) for each in entry.printed[1:])
        how = "distance of the logarithms of the printed limits over twice the normal quantile"
        table.add("se", entry.se, method=how, **place)
        if a > 0:
            for stat, lo, hi in (("se_least", b, c), ("se_greatest", a, d)):
                open_to = "the same, as far as the printed digits leave it open"
                table.add(stat, max(0.0, log(hi / lo)) / (2 * normal(level)), method=open_to, **place)
        fits = fits_middle(entry.printed)
        least, most = middle(*entry.printed[1:])
        told = (
            f"geometric mean of the limits, {least:.4g} to {most:.4g} by their digits, against {entry.printed[0].text}"
        )
        odd = "the printed ratio is not in the middle of its limits on the log scale, however the digits were rounded"
        table.add(
            "middle_fits",
            float(bool(fits)),
            method=told + (f"; {fits}" if fits else ""),
            warning="" if fits else odd,
            **place,
        )
    for name, method, hartung_knapp in MODELS if len(entries) > 1 else ():
        if not hartung_knapp:  # the limits change, the weights do not
            found = pool([e.log for e in entries], [e.se for e in entries], method, level)
            for entry, weight in zip(entries, found.weights, strict=True):
                variable = f"study={entry.study}"
                told = dict(unit="percent", method=found.method)
                table.add(f"weight_{name}", 100 * weight, group=group, variable=variable, **told)


def _add_pool(table: ResultTable, group: str, entries: list[Ratio], level: float) -> None:
    from replicalc.stats.base import join
    from replicalc.stats.pooling import pool

    values = [entry.log for entry in entries], [entry.se for entry in entries]
    differ, k = differences(entries), len(entries)
    for name, method, hartung_knapp in MODELS:
        found = pool(*values, method, level, knapp_hartung=hartung_knapp)
        spread = f"Q = {found.q:.2f} on {found.df:.0f} df (P = {found.p_q:.3f}), I2 {100 * found.i2:.0f} %"
        if found.q > found.df:
            told = f"the studies disagree by more than chance alone would bring on average: {spread}"
            if method == "fixed":
                told = f"one ratio common to all is assumed, but {told}"
        else:
            told = f"the studies agree as well as chance would let them: {spread}"
        if method != "fixed" and not found.tau2:
            told = join(told, "the variance between the studies is estimated as 0, its lower bound")
        few = f"{k} studies: the variance between them is hardly known" if k < _FEW and method != "fixed" else ""
        note = join(told, differ, few, found.warning)
        place = dict(group=group, variable=f"model={name}", method=found.method)
        table.add("k", k, **place)
        table.add("ratio", exp(found.value), warning=note, **place)
        for side in ("lo", "hi"):
            table.add(f"ratio_{side}", exp(getattr(found, side)), conf_level=level, warning=note, **place)
        table.add("p", found.p, warning=note, **place)
        for stat in ("value", "se"):
            table.add("log_ratio" if stat == "value" else stat, getattr(found, stat), **place)
        if method != "fixed":
            table.add("tau2", found.tau2, warning=few, **place)
            for side in ("lo", "hi"):
                limit = exp(getattr(found, f"predict_{side}")) if k > 2 else float("nan")
                why = join(few, found.warning)
                table.add(f"predict_{side}", limit, conf_level=level, warning=why, **place)
        table.add("i2", 100 * found.i2, unit="percent", warning=few, **place)
        table.add("q", found.q, **place)
        table.add("df", found.df, **place)
        table.add("p_q", found.p_q, **place)


def differences(entries: Iterable[Ratio]) -> str:
    """Say in what the pooled ratios are not ratios of the same thing; an empty text if in nothing."""
    entries, told = list(entries), []
    for what, values in (
        ("ratio", [RATIOS[entry.measure] for entry in entries]),
        ("model", [entry.adjustment for entry in entries]),
        ("event", [entry.event for entry in entries]),
        ("reference", [entry.against for entry in entries]),
    ):
        distinct = dict.fromkeys(values)
        if len(distinct) > 1:
            told.append(f"{what} ({' / '.join(distinct)})")
    return f"the studies differ in {', '.join(told)}" if told else ""
