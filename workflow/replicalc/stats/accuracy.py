"""Diagnostic accuracy of a binary test against a binary reference standard."""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, nan, sqrt

from replicalc.stats.base import Interval, check_level, whole_number


@dataclass(frozen=True, slots=True)
class Measure:
    """One measure of accuracy; a proportion knows its numerator and denominator, a ratio its interval.

    An interval for a proportion is the caller's choice: see ``replicalc.stats.proportion``.
    """

    name: str
    numerator: int | None
    denominator: int | None
    value: float
    interval: Interval | None = None
    warning: str = ""


def accuracy(tp: int, fp: int, fn: int, tn: int, level: float = 0.95) -> dict[str, Measure]:
    """All measures of accuracy of a 2 x 2 table, by name.

    tp, fp, fn, tn: patients (or lesions) that are true positive, false positive, false negative, true
        negative.
    level: confidence level of the intervals, given for the likelihood ratios and the odds ratio by the log
        method.

    Proportions: sensitivity, specificity, ppv, npv, accuracy, false_positive_rate (1 - specificity),
    false_negative_rate (1 - sensitivity), prevalence. Others: youden (sensitivity + specificity - 1),
    lr_positive,
    lr_negative, diagnostic_odds_ratio. No 0.5 is ever added: what divides by 0 is ``nan`` with a warning, and
    a ratio of 0 has no interval.

    Raises ValueError for counts that are not whole or negative.
    References: likelihood ratios, Simel, Samsa & Matchar 1991, doi:10.1016/0895-4356(91)90128-V; odds ratio,
    Glas et al. 2003, doi:10.1016/S0895-4356(03)00177-X; Youden 1950,
    doi:10.1002/1097-0142(1950)3:1<32::AID-CNCR2820030106>3.0.CO;2-3.

    >>> measures = accuracy(tp=40, fp=10, fn=5, tn=45)
    >>> measures["sensitivity"].numerator, measures["sensitivity"].denominator
    (40, 45)
    >>> round(measures["lr_positive"].value, 3), round(measures["lr_positive"].interval.lo, 3)
    (4.889, 2.765)
    """
    check_level(level)
    names = ("true positives", "false positives", "false negatives", "true negatives")
    tp, fp, fn, tn = (whole_number(v, f"the number of {c}") for v, c in zip((tp, fp, fn, tn), names, strict=True))
    diseased, healthy, n = tp + fn, fp + tn, tp + fp + fn + tn
    proportions = {
        "sensitivity": (tp, diseased, "diseased"),
        "specificity": (tn, healthy, "healthy"),
        "ppv": (tp, tp + fp, "positive"),
        "npv": (tn, tn + fn, "negative"),
        "accuracy": (tp + tn, n, "counted"),
        "false_positive_rate": (fp, healthy, "healthy"),
        "false_negative_rate": (fn, diseased, "diseased"),
        "prevalence": (diseased, n, "counted"),
    }
    measures = [_proportion(name, *parts) for name, parts in proportions.items()]
    youden = _over(tp, diseased) + _over(tn, healthy) - 1
    measures.append(Measure("youden", None, None, youden, None, _lacking(diseased, healthy)))
    measures.append(_likelihood_ratio("lr_positive", tp, diseased, fp, healthy, level))
    measures.append(_likelihood_ratio("lr_negative", fn, diseased, tn, healthy, level))
    measures.append(_odds_ratio(tp, fp, fn, tn, level))
    return {measure.name: measure for measure in measures}


def _over(numerator: float, denominator: float) -> float:
    return numerator / denominator if denominator else nan


def _lacking(diseased: int, healthy: int) -> str:
    if diseased and healthy:
        return ""
    return "not defined: no patient is " + " or ".join(
        name for name, number in (("diseased", diseased), ("healthy", healthy)) if not number
    )


def _proportion(name: str, numerator: int, denominator: int, of: str) -> Measure:
    warning = "" if denominator else f"not defined: no patient is {of}"
    return Measure(name, numerator, denominator, _over(numerator, denominator), None, warning)


def _likelihood_ratio(name: str, a: int, diseased: int, b: int, healthy: int, level: float) -> Measure:
    """Share a / diseased over share b / healthy."""
    if not (diseased and healthy and b):
        why = _lacking(diseased, healthy) or f"not defined: no healthy patient is {_RESULT[name]}"
        return Measure(name, None, None, nan, None, why)
    ratio = (a / diseased) / (b / healthy)
    if not a:
        return Measure(name, None, None, ratio, None, "a ratio of 0 has no interval")
    error = sqrt(max(0.0, 1 / a - 1 / diseased + 1 / b - 1 / healthy))
    return Measure(name, None, None, ratio, _log_interval("log method (Simel 1991)", ratio, error, level))


def _odds_ratio(tp: int, fp: int, fn: int, tn: int, level: float) -> Measure:
    name = "diagnostic_odds_ratio"
    if not fp * fn:
        return Measure(name, None, None, nan, None, "not defined: no false positive or no false negative")
    ratio = tp * tn / (fp * fn)
    if not ratio:
        return Measure(name, None, None, ratio, None, "a ratio of 0 has no interval")
    error = sqrt(1 / tp + 1 / fp + 1 / fn + 1 / tn)
    return Measure(name, None, None, ratio, _log_interval("log method (Woolf)", ratio, error, level))


def _log_interval(method: str, ratio: float, error: float, level: float) -> Interval:
    from scipy.special import ndtri

    factor = exp(float(ndtri((1 + level) / 2)) * error)
    return Interval(method, ratio / factor, ratio * factor, level)


_RESULT = {"lr_positive": "positive", "lr_negative": "negative"}
