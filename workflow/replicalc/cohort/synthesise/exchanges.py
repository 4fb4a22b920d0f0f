"""Exchange values between patients, one pair after the other, until a printed logistic model comes out.

For models with continuous covariates, where every exchange changes the model by another small amount. An exchange keeps
every margin within its strata: a printed table stays as it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from replicalc.cohort.synthesise.models import Fit, Ratio, fit, nearness
from replicalc.errors import ReplicalcError


@dataclass(frozen=True)
class Patients:
    """outcome: shape (n,), 0 or 1. rows: shape (n, k), the constant first. known: shape (n,), who is in the model."""

    outcome: np.ndarray
    rows: np.ndarray
    known: np.ndarray

    def exchanged(self, what: Sequence[str | int], a: int, b: int) -> Patients:
        """Exchange 'outcome', 'known' or columns of ``rows`` between two patients."""
        out = replace(self, outcome=self.outcome.copy(), rows=self.rows.copy(), known=self.known.copy())
        for name in what:
            column = getattr(out, name) if isinstance(name, str) else out.rows[:, name]
            column[[a, b]] = column[[b, a]]
        return out

    def fit(self, start: np.ndarray | None = None) -> Fit | None:
        """Fit the model to the patients in it."""
        rows = self.rows[self.known]
        return fit(rows, np.ones(len(rows)), rows.T @ self.outcome[self.known], start)


@dataclass(frozen=True)
class Exchange:
    """What two patients of the same stratum may exchange together; ``within`` has one label a patient."""

    what: tuple[str | int, ...]
    within: np.ndarray


def fit_patients(
    patients: Patients,
    wanted: dict[int, Ratio],
    exchanges: Sequence[Exchange],
    quiet: Sequence[int],
    seed: int,
    rounds: int = 40,
    patience: int = 8,
    candidates: int = 700,
    loud: Sequence[int] = (),
) -> tuple[Patients, float]:
    """Exchange values until the columns of ``wanted`` have their printed ratios and limits; say how near it came.

    quiet: columns whose Wald statistic should stay within 1.3, because the paper calls them not significant; loud:
    those whose statistic should stay beyond 2.05, because it calls them significant.
    Each round foresees ``candidates`` random exchanges to first order, looks for the one or the two that together bring
    what is missing, and keeps what a full fit confirms, until ``patience`` rounds in a row brought nothing. The
    nearness is 0 when everything prints as printed.
    Raises ReplicalcError if the start cannot be fitted.
    """
    rng = np.random.default_rng([seed, 6])
    columns, ratios = list(wanted), list(wanted.values())

    def judge(p: Patients, start=None) -> tuple[float, Fit | None]:
        found = p.fit(start)
        if found is None:
            return np.inf, None
        z = np.abs(found.beta / found.se)
        over, under = np.maximum(z[list(quiet)] - 1.3, 0.0), np.maximum(2.05 - z[list(loud)], 0.0)
        return nearness(ratios, found, columns) + float(1e4 * (over**2).sum() + 1e8 * (under**2).sum()), found

    best, found = judge(patients)
    if found is None:
        raise ReplicalcError(
            "the patients to start from have no finite odds ratios; a factor may have too few of a kind"
        )
    idle = 0
    for _ in range(rounds):
        if best == 0 or idle == patience:
            break
        idle += 1
        tried, effects = _foresee(patients, found, exchanges, ratios, columns, (quiet, loud), candidates, rng)
        here = _position(ratios, columns, (quiet, loud), found.beta, found.se)
        origin, fitted = patients, found
        for moves in _promising(effects, here, tried):
            now_at = origin
            for what, a, b in moves:
                now_at = now_at.exchanged(what, a, b)
            now, refitted = judge(now_at, fitted.beta)
            if now < best:
                best, patients, found, idle = now, now_at, refitted, 0
    return patients, best


def _position(ratios, columns, told, beta: np.ndarray, se: np.ndarray) -> np.ndarray:
    """Distance from the wanted limits in their half-widths, and from quiet statistics; shape (..., targets)."""
    parts = []
    for ratio, column in zip(ratios, columns, strict=True):
        for sign, width in ((-1.96, ratio.widths[1]), (1.96, ratio.widths[2])):
            off = beta[..., column] - ratio.coefficient + sign * (se[..., column] - ratio.se)
            parts.append(off / width)
    quiet, loud = told
    for column in quiet:
        z = beta[..., column] / se[..., column]
        parts.append(100 * np.sign(z) * np.maximum(np.abs(z) - 1.2, 0.0))
    for column in loud:
        parts.append(1e4 * np.maximum(2.1 - np.abs(beta[..., column] / se[..., column]), 0.0))
    return np.stack(parts, axis=-1)


def _foresee(patients: Patients, found: Fit, exchanges, ratios, columns, told, candidates: int, rng):
    """Draw exchanges that change something and say to first order what each does to the position."""
    k = patients.rows.shape[1]
    p = 1 / (1 + np.exp(-patients.rows @ found.beta))
    w = p * (1 - p) * patients.known
    information = (patients.rows.T * w) @ patients.rows
    skew = np.einsum("i,ij,ik,il->jkl", w * (1 - 2 * p), *[patients.rows] * 3, optimize=True)
    tried: list[tuple] = []
    score, change = np.zeros((0, k)), np.zeros((0, k, k))
    for exchange in exchanges:
        a, b = _partners(patients, exchange, candidates // len(exchanges), rng)
        two = np.stack([a, b], axis=1)
        outcome, rows, known = patients.outcome[two], patients.rows[two], patients.known[two].astype(float)
        u = (known * (outcome - p[two]))[:, :, None] * rows
        i = np.einsum("cs,csj,csk->cjk", known * (p * (1 - p))[two], rows, rows)
        for name in exchange.what:
            if name == "outcome":
                outcome = outcome[:, ::-1]
            elif name == "known":
                known = known[:, ::-1]
            else:
                rows[:, :, name] = rows[:, ::-1, name].copy()
        q = 1 / (1 + np.exp(-rows @ found.beta))
        tried += [(exchange.what, int(first), int(second)) for first, second in zip(a, b, strict=True)]
        score = np.vstack([score, ((known * (outcome - q))[:, :, None] * rows - u).sum(axis=1)])
        change = np.concatenate([change, np.einsum("cs,csj,csk->cjk", known * q * (1 - q), rows, rows) - i])
    step = np.linalg.solve(information + change, score[:, :, None])[:, :, 0]
    moved = information + change + np.tensordot(step, skew, axes=1)
    good = np.linalg.eigvalsh(moved)[:, 0] > 0
    moved[~good] = information
    variance = np.einsum("tii->ti", np.linalg.inv(moved))
    position = _position(ratios, columns, told, found.beta + step, np.sqrt(np.maximum(variance, 1e-12)))
    position[~good] = np.inf
    return tried, position - _position(ratios, columns, told, found.beta, found.se)


def _partners(patients: Patients, exchange: Exchange, how_many: int, rng) -> tuple[np.ndarray, np.ndarray]:
    """Draw pairs of the same stratum in whom the exchange changes the model."""
    n = len(patients.outcome)
    order = np.argsort(exchange.within, kind="stable")
    labels, first, size = np.unique(exchange.within[order], return_index=True, return_counts=True)
    a = rng.integers(0, n, 12 * how_many)
    stratum = np.searchsorted(labels, exchange.within[a])
    b = order[first[stratum] + (rng.random(len(a)) * size[stratum]).astype(int)]
    differ = np.zeros(len(a), dtype=bool)
    for name in exchange.what:
        column = getattr(patients, name) if isinstance(name, str) else patients.rows[:, name]
        differ |= column[a] != column[b]
    differ &= patients.known[a] | patients.known[b]
    return a[differ][:how_many], b[differ][:how_many]


def _promising(effects: np.ndarray, here: np.ndarray, tried: list, singles: int = 6, pairs: int = 24):
    """The exchanges, alone and in pairs of different patients, that should bring the position nearest to 0."""
    fine = np.flatnonzero(np.isfinite(effects).all(axis=1) & (np.abs(effects).max(axis=1) > 1e-9))
    alone = (np.maximum(np.abs(effects[fine] + here) - 0.5, 0) ** 2).sum(axis=1)
    for i in fine[np.argsort(alone, kind="stable")[:singles]]:
        yield (tried[i],)
    both = np.zeros((len(fine), len(fine)))
    for t in range(effects.shape[1]):  # one target after the other keeps the memory small
        both += np.maximum(np.abs(effects[fine, t][:, None] + effects[fine, t][None, :] + here[t]) - 0.5, 0) ** 2
    both[np.tril_indices(len(fine))] = np.inf
    found = 0
    for flat in _least(both, 4 * pairs):
        i, j = fine[flat // len(fine)], fine[flat % len(fine)]
        if not {tried[i][1], tried[i][2]} & {tried[j][1], tried[j][2]}:
            yield (tried[i], tried[j])
            found += 1
            if found == pairs:
                return


def _least(values: np.ndarray, how_many: int) -> np.ndarray:
    flat = values.ravel()
    how_many = min(how_many, len(flat))
    first = np.argpartition(flat, how_many - 1)[:how_many]
    return first[np.lexsort((first, flat[first]))]
