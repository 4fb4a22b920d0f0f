"""Which form of the intraclass correlation, and which number of subjects, give a printed interval.

The limits of every form come from F and follow from the value, the subjects n and the raters k alone (one way and
consistency), or from these and one number more, the mean square of the raters over that of error (absolute agreement).
A printed value is any value that rounds to it, and so are its limits; value and limits must have been rounded alike.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, isnan, nan, sqrt

import numpy as np
from numpy.typing import NDArray

from replicalc.errors import ReplicalcError
from replicalc.stats.agreement import limits_of
from replicalc.verify.printed import Printed, format_as

FORMS = ("ICC(1,1)", "ICC(A,1)", "ICC(C,1)", "ICC(1,k)", "ICC(A,k)", "ICC(C,k)")
MEANING = {
    "ICC(1,1)": "one-way random, single rating: differences between raters count as error",
    "ICC(A,1)": "two-way, absolute agreement, single rating: a systematic difference between raters counts",
    "ICC(C,1)": "two-way, consistency, single rating: a systematic difference between raters is ignored",
    "ICC(1,k)": "one-way random, mean of the raters: it describes the mean of several ratings, not one",
    "ICC(A,k)": "two-way, absolute agreement, mean of the raters: it describes the mean of several ratings, not one",
    "ICC(C,k)": "two-way, consistency, mean of the raters: a systematic difference between raters is ignored, and it "
    "describes the mean of several ratings, not one",
}
#: Subjects up to which all n are tried, unless the caller says otherwise, and the most that a caller may ask for.
MAX_N, LARGEST_N = 1000, 20_000
_MARGIN = 1e-9  # of a printed unit: far above the error of the F quantiles, far below anything printed
_LARGEST_LOG = 14.0  # a ratio of mean squares of over a million: beyond it the limits no longer change
_STEPS, _PIECES, _DIVISIONS = 56, 6, 5  # steps of log(1 + ratio); how finely, and how often, one is divided


@dataclass(frozen=True, slots=True)
class IccFit:
    """A form and a number of subjects with which value and limits all print as they stand.

    value_lo, value_hi: the unrounded values that do it. rater_ratio: for absolute agreement, mean square of the raters
    over that of error in one solution; ``nan`` for the other forms.
    """

    form: str
    n: int
    rounding: str
    value_lo: float
    value_hi: float
    rater_ratio: float = nan


@dataclass(frozen=True, slots=True)
class IccRepair:
    """One printed number that, changed to ``reading``, would let a form fit with ``n`` subjects.

    units: by how many units of its last printed place it would change.
    """

    form: str
    n: int
    number: str
    printed: str
    reading: str
    units: int


@dataclass(frozen=True, slots=True)
class WhichIcc:
    """What a printed intraclass correlation with its interval can be.

    fits: for the given n, or for every n up to ``max_n`` where none is given. elsewhere: for another n than the
    given one. repairs: where nothing fits, the changes of a single printed number that would do, smallest first; with
    no n given, of each form only the smallest. possible: whether any form fits (with the given n).
    """

    value: str
    lo: str
    hi: str
    n: int | None
    k: int
    level: float
    max_n: int
    fits: tuple[IccFit, ...]
    elsewhere: tuple[IccFit, ...]
    repairs: tuple[IccRepair, ...]
    method: str
    evidence: str

    @property
    def possible(self) -> bool:
        return bool(self.fits)

    @property
    def forms(self) -> tuple[str, ...]:
        """The forms that fit, in the usual order."""
        return tuple(form for form in FORMS if any(fit.form == form for fit in self.fits))

    def sizes(self, form: str) -> tuple[int, ...]:
        """Every number of subjects with which ``form`` fits."""
        return tuple(sorted({fit.n for fit in (*self.fits, *self.elsewhere) if fit.form == form}))


def which_icc(
    value: Printed,
    lo: Printed,
    hi: Printed,
    n: int | None = None,
    k: int = 2,
    level: float = 0.95,
    *,
    forms: tuple[str, ...] = FORMS,
    max_n: int = MAX_N,
) -> WhichIcc:
    """Find the forms of the intraclass correlation, and the numbers of subjects, that print ``value (lo to hi)``.

    value, lo, hi: printed coefficient and limits. n: subjects, if the paper gives them; otherwise, and beside it, every
    n from 2 to ``max_n``. k: raters. level: of the interval. forms: of McGraw and Wong, the ones to try.

    For one way and consistency the answer is exhaustive: value and limits are monotone in F, so the values of F that
    print each of the three form an interval, and the three intervals meet or they do not. For absolute agreement the
    raters' mean square is searched on a grid that is refined where a fit is near; a fit is real, while no fit means
    that none was found. All three numbers must be rounded alike: half-up (or half-even, which a continuous number
    cannot tell apart) and, where that gives nothing, truncation.

    Raises ReplicalcError for an inequality, limits that are swapped or do not hold the value, a coefficient of 1 or
    more, an unknown form, and n, k, ``max_n`` or level out of range.
    Reference: McGraw & Wong 1996, doi:10.1037/1082-989X.1.1.30.

    >>> from replicalc.verify.printed import parse
    >>> found = which_icc(parse("0.715"), parse("0.342"), parse("0.946"), n=6, k=4)
    >>> found.forms, found.sizes("ICC(C,1)")
    (('ICC(A,1)', 'ICC(C,1)'), (6,))
    """
    _check(value, lo, hi, n, k, level, forms, max_n)
    printed = (value, lo, hi)
    sizes = np.arange(2, max(max_n, n or 0) + 1)
    found: list[IccFit] = []
    fits: tuple[IccFit, ...] = ()
    for rounding in ("half-up", "truncation"):
        if not fits:
            found += [fit for form in forms for fit in _fits(form, printed, rounding, sizes, k, level)]
            fits = tuple(fit for fit in found if n is None or fit.n == n)
    elsewhere = tuple(fit for fit in found if n is not None and fit.n != n)
    repairs = () if fits else _repairs(forms, printed, sizes if n is None else np.array([n]), k, level)
    texts = [p.text.strip() for p in printed]
    claim = f"{texts[0]} ({texts[1]} to {texts[2]})"
    evidence = _evidence(claim, fits, elsewhere, repairs, n, k, int(sizes[-1]))
    method = ", ".join(dict.fromkeys(fit.form for fit in fits))
    return WhichIcc(*texts, n, k, level, int(sizes[-1]), fits, elsewhere, repairs, method, evidence)


def _check(value, lo, hi, n, k, level, forms, max_n) -> None:
    if any(p.sign != "=" for p in (value, lo, hi)):
        raise ReplicalcError("an intraclass correlation and its limits must be numbers, not inequalities")
    if lo.value > hi.value:
        raise ReplicalcError(f"the lower limit {lo.text} is above the upper limit {hi.text}; are they swapped?")
    if not lo.value <= value.value <= hi.value:
        raise ReplicalcError(f"{value.text} does not lie between its limits {lo.text} and {hi.text}")
    if hi.value > 1 or value.value >= 1:
        raise ReplicalcError(f"an intraclass correlation of {value.text} ({hi.text}) is not below 1: nothing to check")
    if n is not None and (n < 2 or n != int(n)):
        raise ReplicalcError(f"an intraclass correlation needs at least two subjects, not {n}")
    if k < 2 or k != int(k):
        raise ReplicalcError(f"an intraclass correlation needs at least two raters, not {k}")
    if not 0 < level < 1:
        raise ReplicalcError(f"the confidence level must lie between 0 and 1 (0.95 for 95 %), not {level}")
    if max(max_n, n or 0) > LARGEST_N or max_n < 2:
        raise ReplicalcError(f"numbers of subjects are tried from 2 to at most {LARGEST_N}, not to {max_n}")
    if unknown := [form for form in forms if form not in FORMS]:
        raise ReplicalcError(f"there is no form {unknown[0]!r}; the forms are {', '.join(FORMS)}")


Span = tuple[float, float]


def _span(printed: Printed, rounding: str) -> Span:
    """The unrounded numbers that print as ``printed``, ends included."""
    unit, value = 10.0**-printed.decimals, float(printed.value)
    margin = _MARGIN * unit
    if rounding == "half-up":
        return value - unit / 2 - margin, value + unit / 2 + margin
    below, above = unit * (value <= 0), unit * (value >= 0)
    return value - below - margin, value + above + margin


def _single(span: Span, form: str, k: int) -> Span:
    """Values of the mean of k ratings as values of a single one; those of a single rating as they are."""
    if not form.endswith("k)"):
        return span[0], min(span[1], 1.0)
    return tuple(x / (k - (k - 1) * x) for x in (span[0], min(span[1], 1.0)))  # type: ignore[return-value]


def _stepped(single: float, form: str, k: int) -> float:
    return k * single / (1 + (k - 1) * single) if form.endswith("k)") else single


def _fits(form: str, printed, rounding: str, sizes: NDArray, k: int, level: float) -> list[IccFit]:
    """One fit for each n that has any."""
    spans = [_single(_span(p, rounding), form, k) for p in printed]
    solve = _agreement(spans, sizes, k, level) if "A" in form else _f(form, spans, sizes, k, level)
    return [
        IccFit(form, n, rounding, _stepped(low, form, k), _stepped(high, form, k), ratio)
        for n, low, high, ratio in solve
    ]


def _f_of(single: float, k: int) -> float:
    return inf if single >= 1 else max(0.0, (1 + (k - 1) * single) / (1 - single))


def _f_spans(form: str, spans: list[Span], n: NDArray, k: int, level: float) -> list[tuple[NDArray, NDArray]]:
    """The values of F that print each of value, lower and upper limit, for every n: ends of shape (m,) each."""
    from scipy.special import fdtri

    df1, df2 = n - 1.0, (n * (k - 1.0) if "(1" in form else (n - 1.0) * (k - 1))
    upper = (1 + level) / 2
    factors = np.ones(n.size), fdtri(df1, df2, upper), 1 / fdtri(df2, df1, upper)
    return [(_f_of(a, k) * x, _f_of(b, k) * x) for (a, b), x in zip(spans, factors, strict=True)]


def _f(form: str, spans: list[Span], n: NDArray, k: int, level: float) -> list[tuple[int, float, float, float]]:
    ends = _f_spans(form, spans, n, k, level)
    low = np.max([a for a, _ in ends], axis=0)
    high = np.min([b for _, b in ends], axis=0)
    back = [(int(n[i]), *((f - 1) / (f + k - 1) for f in (low[i], high[i])), nan) for i in np.flatnonzero(low <= high)]
    return [(size, float(a), float(b), ratio) for size, a, b, ratio in back]


def _agreement(spans: list[Span], n: NDArray, k: int, level: float) -> list[tuple[int, float, float, float]]:
    """Absolute agreement: for each n, a ratio of the raters' mean square to that of error that prints all three.

    n and log(1 + ratio) are cut into cells, in which the limits are smooth. A cell is divided if both printed limits
    lie within what the limits take at its corners, widened by half as much again on either side.
    """
    (v0, v1), *limits = spans
    v0, v1 = max(v0, -1 / (k - 1) + 1e-12), min(v1, 1 - 1e-12)
    if v0 >= v1 or not n.size:
        return []

    def ends(size: NDArray, u: NDArray) -> NDArray:
        """Lower and upper limit at both ends of the value's span: shape (2 limits, 2 ends, ...)."""
        at = [limits_of("ICC(A,1)", v, size, k, level, np.expm1(u)) for v in (v0, v1)]
        return np.array([[at[j][i] for j in (0, 1)] for i in (0, 1)])

    nodes = np.unique(np.geomspace(n[0], n[-1], 2 + int(12 * np.log(n[-1] / n[0]))).round())
    u = np.linspace(0, _LARGEST_LOG, _STEPS + 1)
    grid = ends(nodes[:, None], u[None, :])
    if nodes.size == 1:
        nodes, grid = np.r_[nodes, nodes], np.repeat(grid, 2, axis=2)
    corners = [grid[:, :, i : i - 1 or None, j : j - 1 or None] for i in (0, 1) for j in (0, 1)]
    owner, left = [], []
    for block, step in zip(*np.nonzero(_near(corners, limits)), strict=True):
        inside = n[(n >= nodes[block]) & ((n < nodes[block + 1]) | (n == nodes[-1]))]
        owner.append(inside)
        left.append(np.full(inside.size, u[step]))
    owner, left = (np.concatenate(a) if a else np.zeros(0) for a in (owner, left))
    width = u[1]
    found: dict[int, tuple[int, float, float, float]] = {}
    for _ in range(_DIVISIONS):
        if not owner.size:
            break
        u = left[:, None] + width * np.linspace(0, 1, _PIECES + 1)
        at = ends(owner[:, None], u)
        first, last = _crossings(at, limits)
        start, end = np.maximum(first.max(axis=0), 0), np.minimum(last.min(axis=0), 1)  # nan, unknown, is no fit
        rows, columns = np.nonzero(start <= end)
        for size, one in zip(*np.unique(owner[rows], return_index=True), strict=True):
            i, j = rows[one], columns[one]
            span = (float(v0 + (v1 - v0) * x[i, j]) for x in (start, end))
            found.setdefault(int(size), (int(size), *span, float(np.expm1(u[i, j]))))
        keep = (
            _near([at[..., :-1], at[..., 1:]], limits) & _may_meet(first, last) & ~np.isin(owner, list(found))[:, None]
        )
        i, j = np.nonzero(keep)
        owner, left, width = owner[i], u[i, j], width / _PIECES
    return [found[size] for size in sorted(found)]


def _near(corners: list[NDArray], limits: list[Span]) -> NDArray:
    """Whether a cell may hold both printed limits; corners: arrays of shape (2 limits, 2 ends, ...)."""
    at = np.concatenate(corners, axis=1)
    known = np.isfinite(at)
    low = np.where(known, at, inf).min(axis=1)
    high = np.where(known, at, -inf).max(axis=1)
    with np.errstate(all="ignore"):
        more = np.where(known.any(axis=1), (high - low) / 2, 0.0)
    meets = [(a <= high[i] + more[i]) & (b >= low[i] - more[i]) for i, (a, b) in enumerate(limits)]
    return meets[0] & meets[1]


def _crossings(at: NDArray, limits: list[Span]) -> tuple[NDArray, NDArray]:
    """Which part of the printed value's span, taken as 0 to 1, prints each limit: ends of shape (2 limits, ...).

    at: limits at both ends of that span, shape (2 limits, 2 ends, ...). Between them, over so narrow a span, the
    limits are taken as straight lines.
    """
    low, high = (np.array(x).reshape(2, *[1] * (at.ndim - 2)) for x in zip(*limits, strict=True))
    with np.errstate(all="ignore"):
        rise = at[:, 1] - at[:, 0]
        return tuple(np.sort([(low - at[:, 0]) / rise, (high - at[:, 0]) / rise], axis=0))  # type: ignore[return-value]


def _may_meet(first: NDArray, last: NDArray) -> NDArray:
    """Whether, in the steps between the points of the last axis, both limits could be printed by one value.

    What prints each is taken over the step's ends, widened by as much as it moves on either side.
    """
    with np.errstate(all="ignore"):
        moved = np.maximum(np.abs(np.diff(first)), np.abs(np.diff(last)))
        low = (np.minimum(first[..., :-1], first[..., 1:]) - moved).max(axis=0)
        high = (np.maximum(last[..., :-1], last[..., 1:]) + moved).min(axis=0)
    unknown = np.isnan(low) | np.isnan(high)
    return unknown | (np.maximum(low, 0) <= np.minimum(high, 1))


def _repairs(forms, printed: tuple[Printed, ...], sizes: NDArray, k: int, level: float) -> tuple[IccRepair, ...]:
    """Change one number, keep the other two: for one way and consistency, half-up, where the answer is exact."""
    out: list[IccRepair] = []
    names = "value", "lower limit", "upper limit"
    for form in forms:
        if "A" in form:
            continue
        spans = [_single(_span(p, "half-up"), form, k) for p in printed]
        ends = _f_spans(form, spans, sizes, k, level)
        factors = _f_spans(form, [(0.0, 0.0)] * 3, sizes, k, level)  # F is 1 at 0: what each is multiplied by
        options = []
        for i, name in enumerate(names):
            kept = [ends[j] for j in range(3) if j != i]
            low, high = np.maximum(kept[0][0], kept[1][0]), np.minimum(kept[0][1], kept[1][1])
            for m in np.flatnonzero(low <= high):
                if not np.isfinite(high[m]):
                    continue
                f = np.array([low[m], high[m]]) / factors[i][0][m]
                a, b = (_stepped(float(x), form, k) for x in (f - 1) / (f + k - 1))
                options.append(_reading(form, int(sizes[m]), name, printed[i], a, b))
        options.sort(key=lambda r: (r.units, r.n))
        out += options if sizes.size == 1 else options[:1]
    return tuple(sorted(out, key=lambda r: r.units))


def _reading(form: str, n: int, name: str, printed: Printed, low: float, high: float) -> IccRepair:
    """The reading nearest to the print among those that the values from ``low`` to ``high`` have."""
    value = float(printed.value)
    reading = format_as(min(max(value, low), high), printed.decimals)
    units = round(abs(float(reading) - value) * 10**printed.decimals)
    return IccRepair(form, n, name, printed.text.strip(), reading, units)


def _evidence(claim, fits, elsewhere, repairs, n, k, max_n) -> str:
    if fits:
        parts = []
        for form in dict.fromkeys(fit.form for fit in fits):
            parts.append(f"{form} ({MEANING[form]}) with {_ranges([f.n for f in fits if f.form == form])}")
            ratio = next(f.rater_ratio for f in fits if f.form == form)
            if not isnan(ratio) and k == 2:
                size = next(f.n for f in fits if f.form == form)
                parts[-1] += (
                    f", for n = {size} if the raters differ by {sqrt(ratio / size):.2g} SD of their differences"
                )
        rounding = "" if any(f.rounding == "half-up" for f in fits) else ", cut off instead of rounded"
        return f"{claim} is {'; or '.join(parts)}{rounding}"
    where = f"with n = {n}" if n is not None else f"with any n from 2 to {max_n}"
    text = f"no form of the intraclass correlation prints {claim} {where} and {k} raters"
    text += " (one way and consistency: proven; absolute agreement: none found)"
    if elsewhere:
        forms = dict.fromkeys(fit.form for fit in elsewhere)
        text += "; other n: " + ", ".join(f"{x} {_ranges([f.n for f in elsewhere if f.form == x])}" for x in forms)
    if repairs:
        r = repairs[0]
        text += f"; {r.form} with n = {r.n} would print {r.reading} for the {r.number} {r.printed}"
    return text


def _ranges(sizes: list[int]) -> str:
    """``n = 24, 30 to 33``."""
    runs: list[list[int]] = []
    for size in sorted(set(sizes)):
        if runs and size == runs[-1][1] + 1:
            runs[-1][1] = size
        else:
            runs.append([size, size])
    return "n = " + ", ".join(f"{a}" if a == b else f"{a} to {b}" for a, b in runs)
