"""How many patients of each pattern of factors a printed model needs, before they are whole patients.

A printed ratio with limits fixes a coefficient and a standard error. At fixed coefficients the information matrix is
linear in the numbers of patients, so that the wanted standard errors are a smooth problem in these numbers. Where no
numbers of patients whatever give all of them, the limits that stand in the way are named.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from replicalc.cohort.synthesise.models import Ratio
from replicalc.errors import ReplicalcError

#: How much the limits of a released ratio still count.
RELEASED = 0.02


@dataclass(frozen=True)
class Design:
    """Expected patients of each pattern, shape (m,), the share of them with the outcome, and ratios out of reach.

    ``weights`` has one entry a ratio: 1 where its limits are reached, ``RELEASED`` where they cannot be.
    """

    patients: np.ndarray
    shares: np.ndarray
    weights: np.ndarray
    se: np.ndarray


def spread(
    rows: np.ndarray,
    wanted: Sequence[Ratio],
    total: int,
    events: int,
    margins: Sequence[tuple[np.ndarray, float]],
    prior: np.ndarray,
    strength: float,
) -> Design:
    """Find expected numbers of patients whose model has the wanted ratios and standard errors.

    rows: shape (m, k), patterns with the constant first; column 1 + j belongs to ``wanted[j]``. total: patients.
    events: patients with the outcome. margins: pairs of a 0/1 vector of shape (m,) and the patients in it. prior: shape
    (m,), how likely each pattern is; ``strength`` says how much it counts where the limits leave a choice.

    First without the prior: as long as the standard errors of the ratios cannot all be reached, the one that stays
    farthest away is released. The names are found one after the other; they are not proven to be fewest.
    Raises ReplicalcError if not even the numbers of patients and events can be reached.
    """
    weights = np.ones(len(wanted))
    while True:
        found = _solve(rows, wanted, total, events, margins, np.ones(len(rows)), 0.05, weights, 500)
        gap = np.abs(np.log(found.se / [r.se for r in wanted])) * (weights == 1)
        # The limits' half-widths are on the log scale; a standard error may be off by one of them over z and itself.
        allowed = np.array([max(r.widths[1:]) / (1.96 * r.se) for r in wanted]) + 2e-4
        if (gap <= allowed).all():
            break
        weights[np.argmax(gap)] = RELEASED
    return _solve(rows, wanted, total, events, margins, prior, strength, weights, 1200)


def _solve(rows, wanted, total, events, margins, prior, strength, weights, most_steps) -> Design:
    from scipy.optimize import minimize

    wanted_se = np.array([r.se for r in wanted])
    slopes = np.array([r.coefficient for r in wanted])
    log_prior = np.log(prior / prior.sum())

    def parts(v):
        q = np.exp(v[1:] - v[1:].max())
        q /= q.sum()
        n = total * q
        p = 1 / (1 + np.exp(-(v[0] + rows[:, 1:] @ slopes)))
        cov = np.linalg.inv((rows.T * (n * p * (1 - p))) @ rows + 1e-9 * np.eye(rows.shape[1]))
        return q, n, p, cov

    def loss(v, stiff, smooth):
        q, n, p, cov = parts(v)
        w, variance = p * (1 - p), np.diag(cov)[1:]
        gap = 500 * np.log(variance / wanted_se**2)  # thousandths of the standard error
        size = np.sqrt(gap**2 + smooth**2)
        value, slope = (weights * size).sum(), weights * gap / size * 500 / variance
        by_information = -np.einsum("ij,jk,ik->i", rows, (cov[:, 1:] * slope) @ cov[1:, :], rows)
        by_n, by_constant = by_information * w, (by_information * n * w * (1 - 2 * p)).sum()
        for vector, target in ((p, events), *margins):
            off = stiff * (n @ vector - target)
            value += off**2
            by_n = by_n + 2 * stiff * off * vector
        by_constant += 2 * stiff**2 * (n @ p - events) * (n * w).sum()
        surprise = np.log(q + 1e-300) - log_prior
        value += strength * (q * surprise).sum()
        by_q = total * by_n + strength * (surprise + 1)
        return value, np.concatenate([[by_constant], q * (by_q - q @ by_q)])

    v = np.concatenate([[np.log(events / (total - events))], log_prior])
    for stiff, smooth in ((1, 5.0), (5, 1.0), (30, 0.3)):
        options = dict(maxiter=most_steps, maxfun=2 * most_steps, ftol=1e-12, gtol=1e-6)
        v = minimize(loss, v, args=(stiff, smooth), jac=True, method="L-BFGS-B", options=options).x
    _, n, p, cov = parts(v)
    off = max(abs(n @ p - events), *(abs(n @ vector - target) for vector, target in margins), 0.0)
    if not off < 0.5:
        raise ReplicalcError(
            f"no numbers of patients have the printed odds ratios, {events} of {total} with the outcome and the "
            f"printed margins (nearest: off by {off:.1f} patients)"
        )
    return Design(n, p, weights.copy(), np.sqrt(np.diag(cov))[1:])
