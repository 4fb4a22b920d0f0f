"""Exact tests of r x c tables, given both margins, by meeting in the middle.

Given its margins, a table is distributed as multinomial rows with one common profile, conditioned on the
column totals. Both statistics offered here are sums of a *cost* over the rows, and the more a table costs the
more extreme it is, so the tail can be summed without visiting every table:

1. the rows are split into two halves of about equally many partial tables;
2. each half is enumerated row by row; partial tables of one *state* (column sums so far) and one cost are
   merged, and a cost is capped at the observed one, beyond which a table is extreme whatever follows;
3. each partial table of the first half needs, from the second half, the column totals still missing and at
   least the
   cost still missing: one look-up in a list sorted by state and cost that carries the tail sums of the
      probabilities.

Only positive numbers are ever added, so small P values keep their digits.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import lgamma
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

MAX_STATES = 100_000_000
"""Partial tables that one step may visit, by default: well under a minute of work and about 2 GB at worst."""

MOST_PATIENTS = 1_000_000
"""Beyond it the logarithms of factorials are no longer exact enough to tell tables that are equally extreme."""

_TOLERANCE = 1e-7  # as R's fisher.test: a table this close to the observed one counts as equally extreme
_GRID = 1e-9  # costs are rounded to this, so that equal costs merge; far below the tolerance
_KEPT = 5  # a half that must be kept and sorted may have this many times fewer than one merely visited
_SHORT = 1 << 22  # packed column sums up to which a list by state is kept, 32 MB
_LISTED = 20_000  # patients up to which the factorials are listed one by one
_BLOCK = 1_000_000  # partial tables in hand at once; bounds the memory

Order = Literal["probability", "pearson"]
Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


class _Partial(NamedTuple):
    """Partial tables: packed column sums, cost in steps of the grid, probability; each of shape (m,)."""

    state: Ints
    cost: Ints
    weight: Floats


class _TooLarge(Exception):
    """More partial tables than allowed; carries how many."""


def tail(table: NDArray[np.integer], order: Order, max_states: int = MAX_STATES) -> tuple[float, str]:
    """Exact conditional P value of a table, and a warning that is empty unless the table is too large.

    table: (r, c) counts with r, c >= 2 and no empty row or column (see ``contingency`` for checked input).
    order: which tables are as extreme as the observed one. "probability": those at most as probable (Fisher,
        Freeman and Halton); "pearson": those with at least its chi-squared. Tables within a relative 1e-7
        count as equal.
    max_states: how many partial tables one step may visit, or five times as many as it may have to keep. Each
        step is counted before it is taken; above the bound P is ``nan`` and the warning names the count.

    References: Freeman & Halton 1951, doi:10.2307/2332323; merging partial tables by their column sums:
    Mehta & Patel 1983, doi:10.1080/01621459.1983.10477989.

    >>> p, warning = tail(np.array([[3, 1], [1, 3]]), "probability")
    >>> round(p, 12), warning
    (0.485714285714, '')
    """
    table = np.asarray(table, dtype=np.int64)
    if table.sum() > MOST_PATIENTS:
        why = f"{table.sum():,} patients, more than the {MOST_PATIENTS:,} whose tables can be told apart"
        return float("nan"), f"exact P value not computed: {why}"
    table = table if table.shape[0] >= table.shape[1] else table.T  # few columns, few states
    columns = table.sum(0)
    try:
        packing = _Packing(columns)
        sizes = [_count_fillings(total, columns) for total in table.sum(1)]
        _allow(max(sizes), max_states // (_KEPT * columns.size))
        fillings = [_fillings(total, columns) for total in table.sum(1)]
        rows, limit = _price(table, fillings, packing, order)
        smaller, larger = _split(sizes)
        second = _tails(_enumerate([rows[i] for i in smaller], packing, limit, max_states // _KEPT), packing)
        first = _enumerate([rows[i] for i in larger[:-1]], packing, limit, max_states // _KEPT)
        extreme = 0.0
        _allow(first.state.size * rows[larger[-1]].state.size, max_states)
        for part in _add_row(first, rows[larger[-1]], packing, limit):
            found = _look_up(second, packing.full - part.state, limit - part.cost)
            extreme += float(
                np.multiply(part.weight, found).sum()
            )  # not a BLAS product: its digits depend on the cores
    except _TooLarge as size:
        return float("nan"), f"exact P value not computed: {size}"
    return min(1.0, extreme / np.exp(_log_multinomial(columns, columns)).item()), ""


class _Packing:
    """Column sums packed into one integer, each with a spare bit that shows an exceeded column total."""

    def __init__(self, columns: Ints) -> None:
        widths = [int(c).bit_length() + 1 for c in columns]
        shifts = np.cumsum([0, *widths[:-1]])
        if sum(widths) > 62:
            raise _TooLarge(f"{len(widths)} columns of these totals make over 1e18 partial tables")
        self.unit = np.left_shift(1, shifts, dtype=np.int64)
        top = self.unit << (np.array(widths) - 1)
        self.spare = int(top.sum())
        self.full = int(columns @ self.unit)
        self.offset = int((top - self.unit).sum()) - self.full

    def fits(self, state: Ints) -> NDArray[np.bool_]:
        """Whether no column sum exceeds its total."""
        return ((state + self.offset) & self.spare) == 0


def _allow(size: float, max_states: int) -> None:
    if size > max_states:
        raise _TooLarge(f"{size:.3g} partial tables, more than the {max_states:,} allowed")


def _count_fillings(total: int, columns: Ints) -> float:
    """How many ways there are to fill a row of this total below the column totals."""
    ways = np.zeros(total + 1)
    ways[0] = 1
    for cap in np.minimum(columns, total):
        upto = np.cumsum(ways)  # ways with one column more: of all that leave it 0 to cap
        ways = upto.copy()
        ways[cap + 1 :] -= upto[: total - cap]
    return round(float(ways[total]), 0)


def _fillings(total: int, columns: Ints) -> Ints:
    """All (m, c) ways to fill a row of this total below the column totals."""
    rows, left = np.zeros((1, 0), dtype=np.int64), np.array([total])
    for j, cap in enumerate(columns):
        low, high = np.maximum(0, left - columns[j + 1 :].sum()), np.minimum(left, cap)
        ways = high - low + 1
        parent = np.repeat(np.arange(left.size), ways)
        value = np.arange(parent.size) - (np.cumsum(ways) - ways - low)[parent]
        rows, left = np.column_stack([rows[parent], value]), left[parent] - value
    return rows


def _log_multinomial(counts: Ints, columns: Ints) -> Floats:
    """Log probability of each row of (..., c) counts, given its total, under the common profile."""
    total = int(columns.sum())
    if total <= _LISTED:
        log_factorial = np.array([lgamma(k + 1) for k in range(total + 1)])
    else:
        from scipy.special import gammaln

        log_factorial = gammaln(np.arange(1.0, total + 2))
    profile = np.log(columns / total)
    return log_factorial[counts.sum(-1)] + (counts * profile - log_factorial[counts]).sum(-1)


def _cost(counts: Ints, columns: Ints, order: Order) -> Floats:
    """What each row of (..., c) counts adds to the statistic; a larger sum over the rows is more extreme."""
    if order == "probability":
        return -_log_multinomial(counts, columns)
    expected = counts.sum(-1, keepdims=True) * (columns / columns.sum())
    return ((counts - expected) ** 2 / expected).sum(-1)


def _price(table: Ints, fillings: list[Ints], packing: _Packing, order: Order) -> tuple[list[_Partial], int]:
    """Turn the fillings of every row into partial tables, and give the cost from which a table is extreme."""
    columns = table.sum(0)
    observed = _cost(table, columns, order)
    costs = [_cost(ways, columns, order) for ways in fillings]
    least = np.array([cost.min() for cost in costs])
    scale = 1.0 if order == "probability" else max(observed.sum(), 1e-9)
    step = scale * _GRID
    limit = int(np.floor(((observed - least).sum() - _TOLERANCE * scale) / step))
    return [
        _Partial(
            ways @ packing.unit,
            np.rint(np.minimum((cost - low) / step, max(limit, 0))).astype(np.int64),
            np.exp(_log_multinomial(ways, columns)),
        )
        for ways, cost, low in zip(fillings, costs, least, strict=True)
    ], limit


def _split(sizes: list[float]) -> tuple[list[int], list[int]]:
    """Deal the rows, largest first, to the half with fewer partial tables so far; return smaller, larger."""
    halves: list[list[int]] = [[], []]
    weight = [0.0, 0.0]
    for i in np.argsort(sizes)[::-1]:
        lighter = int(weight[1] < weight[0])
        halves[lighter].append(int(i))
        weight[lighter] += np.log(sizes[i])
    order = np.argsort(weight, kind="stable")
    return halves[order[0]], halves[order[1]]


def _add_row(partial: _Partial, row: _Partial, packing: _Packing, limit: int) -> Iterator[_Partial]:
    """Extend every partial table by every filling of a row that fits, a block at a time.

    One filling after the other, so that what is looked up for sorted partial tables lies close together in memory;
    with the loops the other way round the search takes twice as long.
    """
    for first in range(0, partial.state.size, _BLOCK):
        some = _Partial(*(a[first : first + _BLOCK] for a in partial))
        step = max(1, _BLOCK // some.state.size)
        for start in range(0, row.state.size, step):
            filling = _Partial(*(a[start : start + step, None] for a in row))
            state = filling.state + some.state
            i, j = np.nonzero(packing.fits(state))
            if not i.size:
                continue  # a block of full columns, into which none of these fillings fits
            cost = np.minimum(filling.cost[i, 0] + some.cost[j], max(limit, 0))
            yield _Partial(state[i, j], cost, filling.weight[i, 0] * some.weight[j])


def _enumerate(rows: list[_Partial], packing: _Packing, limit: int, max_states: int) -> _Partial:
    """All partial tables of some rows, merged by state and cost and sorted by both."""
    done = _Partial(np.zeros(1, np.int64), np.zeros(1, np.int64), np.ones(1))
    for row in rows:
        _allow(done.state.size * row.state.size, max_states)
        done = _merge([_merge([part]) for part in _add_row(done, row, packing, limit)])
    return done


def _merge(parts: list[_Partial]) -> _Partial:
    """Sort by state and cost, and add up the probabilities where both agree."""
    state, cost, weight = parts[0] if len(parts) == 1 else map(np.concatenate, zip(*parts, strict=True))
    order = np.lexsort((cost, state))
    state, cost = state[order], cost[order]
    first = np.flatnonzero(np.r_[True, (np.diff(state) != 0) | (np.diff(cost) != 0)])
    return _Partial(state[first], cost[first], np.add.reduceat(weight[order], first))


class _Tails(NamedTuple):
    """Merged partial tables with, for each, the probability of its state at this cost or more."""

    states: Ints  # the distinct states, ascending
    place: Ints | None  # by state, its number among them, if all possible states fit into a short list
    key: Ints  # number of the state times ``width``, plus the cost; ascending
    tail: Floats
    width: int


def _tails(partial: _Partial, packing: _Packing) -> _Tails:
    starts = np.flatnonzero(np.r_[True, np.diff(partial.state) != 0])
    sums = np.empty(partial.weight.size)
    for a, b in zip(starts, [*starts[1:], sums.size], strict=True):  # one by one: no differences of sums
        sums[a:b] = np.cumsum(partial.weight[a:b][::-1])[::-1]
    width = int(partial.cost.max()) + 2  # a state's last value stands for "more than any cost"
    number = np.repeat(np.arange(starts.size), np.diff(np.r_[starts, sums.size]))
    states, place = partial.state[starts], None
    if packing.full < _SHORT:
        place = np.zeros(packing.full + 1, dtype=np.int64)
        place[states] = np.arange(states.size)
    return _Tails(states, place, number * width + partial.cost, sums, width)


def _look_up(tails: _Tails, state: Ints, cost: Ints) -> Floats:
    """Probability, among the partial tables of each state, of at least this cost."""
    number = np.searchsorted(tails.states, state) if tails.place is None else tails.place[state]
    wanted = number * tails.width + np.clip(cost, 0, tails.width - 1)
    at = np.minimum(np.searchsorted(tails.key, wanted), tails.key.size - 1)
    found = (tails.key[at] >= wanted) & (tails.key[at] < (number + 1) * tails.width)
    return np.where(found, tails.tail[at], 0.0)
