"""What a study could have seen: power, the effect it had 33 % power to detect, and whether a new estimate is smaller.

An effect is given on a scale on which its estimate is about normal, with its standard error: the log of a ratio,
Cohen's h of shares, Fisher's z of an intraclass correlation. Tables of more than two groups have the effect size w and
the non-central chi-squared distribution instead.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import asin, atanh, isfinite, nan, sqrt

#: Simonsohn's convention: an effect that the original study had one chance in three to detect.
SMALL = 1 / 3
#: Wider than any detectable effect in standard errors: at 40 the power is 1 to the last digit at any usual alpha.
_FAR = 40.0
#: Noncentrality of a chi-squared variable from which its root is normal to eight digits.
_LARGE = 1e9


@dataclass(frozen=True, slots=True)
class Telescope:
    """How a new estimate stands to the effect ``detectable`` that the original had 33 % power to detect.

    ``p_smaller`` is the one-sided P of the hypothesis that the true effect is at least that large. ``power`` is the
    new study's, two-sided, for the published effect; ``power_to_dismiss`` is its chance to find the effect
    smaller than the detectable one if there is none at all. ``nan`` is what is not defined.
    """

    detectable: float
    p_smaller: float
    power: float
    power_to_dismiss: float


def cohen_h(p1: float, p2: float) -> float:
    """Cohen's h, 2 asin(sqrt(p1)) - 2 asin(sqrt(p2)), of two shares between 0 and 1. Raises ValueError beyond these.

    Its standard error is sqrt(1 / n1 + 1 / n2); against a fixed share it is 1 / sqrt(n1).
    Reference: Cohen 1988, Statistical Power Analysis for the Behavioral Sciences, chapter 6.

    >>> round(cohen_h(0.316, 0.206), 4)
    0.2517
    """
    for p in (p1, p2):
        if not 0 <= p <= 1:
            raise ValueError(f"a share must lie between 0 and 1, not at {p}")
    return 2 * asin(sqrt(p1)) - 2 * asin(sqrt(p2))


def fisher_z(icc: float, n: int) -> tuple[float, float]:
    """Fisher's z of an intraclass correlation of two readings of ``n`` subjects, and its standard error.

    z = atanh(icc), se = 1 / sqrt(n - 3/2): one-way model, two readings, about normal. For the two-way forms it is an
    approximation as well. Without variance (icc of 1) or with two subjects or fewer both are ``nan``.
    Reference: Fisher 1925, Statistical Methods for Research Workers, paragraph 39.

    >>> [round(x, 4) for x in fisher_z(0.6, 50)]
    [0.6931, 0.1436]
    """
    if not -1 < icc < 1 or n <= 2:
        return nan, nan
    return atanh(icc), 1 / sqrt(n - 1.5)


def power(effect: float, se: float, alpha: float) -> float:
    """Two-sided power of a normal test at level ``alpha`` for a true ``effect`` of standard error ``se``.

    Both tails count, as in R's ``pwr``.

    >>> round(power(0.2519, sqrt(1 / 155 + 1 / 158), 0.05), 4)
    0.6057
    """
    from scipy.special import ndtr, ndtri

    _check(se, alpha)
    z, shift = float(ndtri(1 - alpha / 2)), effect / se
    return float(ndtr(shift - z) + ndtr(-shift - z))


def detectable(se: float, alpha: float, share: float = SMALL) -> float:
    """The effect above 0 for which a study of standard error ``se`` has the power ``share`` (33 %).

    Raises ValueError for a power that is not above ``alpha``, which is reached with no effect at all.
    Reference: Simonsohn 2015, doi:10.1177/0956797614567341.

    >>> round(detectable(sqrt(1 / 155 + 1 / 158), 0.05), 4)
    0.1728
    """
    from scipy.optimize import brentq

    _check(se, alpha)
    if not alpha < share < 1:
        raise ValueError(f"a power must lie between alpha ({alpha}) and 1, not at {share}")
    return se * float(brentq(lambda shift: power(shift, 1.0, alpha) - share, 0.0, _FAR, xtol=1e-13, rtol=1e-14))


def telescope(published: float, se_published: float, new: float, se_new: float, alpha: float) -> Telescope:
    """Ask whether a new estimate is smaller than what the original could detect with 33 % power.

    Effects are signed, 0 being none; the sign of ``published`` says which way "smaller" looks. The test is one-sided at
    whatever level the caller compares ``p_smaller`` with; ``power_to_dismiss`` is at ``alpha``.

    Raises ValueError for standard errors that are not above 0.
    Reference: Simonsohn 2015, doi:10.1177/0956797614567341.

    >>> found = telescope(0.8545, 0.3494, 0.05, 0.15, 0.05)
    >>> round(found.detectable, 4), round(found.p_smaller, 4), round(found.power, 4)
    (0.5341, 0.0006, 0.9999)
    """
    from scipy.special import ndtr, ndtri

    small = detectable(se_published, alpha)
    _check(se_new, alpha)
    way = -1.0 if published < 0 else 1.0
    return Telescope(
        detectable=way * small,
        p_smaller=float(ndtr((way * new - small) / se_new)),
        power=power(published, se_new, alpha),
        power_to_dismiss=float(ndtr(small / se_new - float(ndtri(1 - alpha)))),
    )


def within(small: float, new: float, se_new: float) -> float:
    """P of the two one-sided tests that the true effect lies beyond -``small`` or +``small``: the larger of both.

    For an original that found nothing, there is no side on which to look. Reference: Schuirmann 1987,
    doi:10.1007/BF01068419.

    >>> round(within(0.5, 0.1, 0.2), 4)
    0.0228
    """
    from scipy.special import ndtr

    return max(float(ndtr((new - abs(small)) / se_new)), float(ndtr((-new - abs(small)) / se_new)))


def w_telescope(statistic: float, n: int, df: float, new: float, n_new: int, alpha: float) -> Telescope:
    """The same for a chi-squared test of ``df`` degrees of freedom; effects are w = sqrt(chi-squared / n).

    ``statistic`` and ``n`` are of the original, ``new`` and ``n_new`` of the new study. Such an effect has
    no direction.

    Raises ValueError for a size or df below 1, or a negative statistic.
    Reference: Simonsohn 2015, doi:10.1177/0956797614567341; Cohen 1988, chapter 7.

    >>> found = w_telescope(31.0, 120, 3, 29.3, 199, 0.05)
    >>> round(found.detectable, 3), round(found.p_smaller, 3)
    (0.176, 0.996)
    """
    from scipy.optimize import brentq
    from scipy.special import chdtri

    if min(n, n_new, df) < 1 or min(statistic, new) < 0:
        raise ValueError("a chi-squared test needs patients, at least 1 degree of freedom and a statistic above 0")
    limit = float(chdtri(df, alpha))

    def reach(noncentrality: float) -> float:
        return 1 - _chi_squared(limit, df, noncentrality)

    small = float(brentq(lambda each: reach(each) - SMALL, 1e-12, _FAR * (1 + df), xtol=1e-12, rtol=1e-14)) / n
    lowest = _chi_squared_below(df, n_new * small, alpha)
    return Telescope(
        detectable=sqrt(small),
        p_smaller=_chi_squared(new, df, n_new * small),
        power=reach(statistic / n * n_new),
        power_to_dismiss=_chi_squared(lowest, df, 0.0),
    )


def _chi_squared(x: float, df: float, noncentrality: float) -> float:
    """The non-central chi-squared distribution at ``x``.

    Of a noncentrality beyond ``_LARGE`` scipy's series fails. The root of such a variable is normal there, with
    variance 1 around sqrt(noncentrality) + (df - 1) / (2 sqrt(noncentrality)): the root of (Z + sqrt(noncentrality))^2
    plus a chi-squared variable of df - 1, to the first order. What is left out is of the order of df / noncentrality.
    """
    from scipy.special import chndtr, ndtr

    if noncentrality <= _LARGE:
        return float(chndtr(x, df, noncentrality))
    middle = sqrt(noncentrality)
    return float(ndtr((x - noncentrality) / (sqrt(x) + middle) - (df - 1) / (2 * middle)))


def _chi_squared_below(df: float, noncentrality: float, share: float) -> float:
    """The quantile of a non-central chi-squared distribution: where ``_chi_squared`` reaches ``share``."""
    from scipy.special import chndtrix, ndtri

    if noncentrality > _LARGE:
        middle = sqrt(noncentrality)
        return (middle + (df - 1) / (2 * middle) + float(ndtri(share))) ** 2
    found = float(chndtrix(share, df, noncentrality))
    return found if isfinite(found) else nan


def _check(se: float, alpha: float) -> None:
    if not (isfinite(se) and se > 0):
        raise ValueError(f"a standard error must be a number above 0, not {se}")
    if not 0 < alpha < 1:
        raise ValueError(f"alpha must lie between 0 and 1, not at {alpha}")
