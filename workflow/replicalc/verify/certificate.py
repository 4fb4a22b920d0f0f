"""Whether any patients at all can give a printed multivariable logistic model.

With the coefficients fixed, the score equations and the information matrix are linear in the numbers of patients of the
2^p patterns of p yes/no covariates. The smallest factor by which all standard errors exceed the printed ones is then a
convex problem (matrix-fractional; Boyd & Vandenberghe 2004, section 3.1.7, doi:10.1017/CBO9780511804441), solved by
Clarabel. Its dual solution is turned into whole numbers and checked in exact arithmetic (``certificate_bound``), for
all values of the coefficients that print the same; boxes of coefficients are halved until the proof covers them.
The solver only proposes: what it gets wrong costs strength, never truth.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise, product
from math import ceil, inf, log, sqrt

from replicalc.errors import ReplicalcError
from replicalc.verify.certificate_bound import Box, Known, Model, Piece, piece
from replicalc.verify.certificate_search import Cell, Middle, Search
from replicalc.verify.certificate_told import evidence_of, repair_of
from replicalc.verify.printed import Printed, parse

#: The widest model: 2^8 patterns. Beyond, the search is refused.
MOST_COVARIATES = 8
#: Boxes looked at until the answer stands as undecided, and until a proof is no longer sharpened.
MOST_BOXES, SHARP_BOXES = 1500, 120
#: A proof is sharp enough when it comes this near to the best patients found.
NEAR = 0.005


@dataclass(frozen=True, slots=True)
class Term:
    """One printed yes/no covariate: name, odds ratio and limits as printed text."""

    name: str
    odds_ratio: str
    lo: str
    hi: str


@dataclass(frozen=True, slots=True)
class Margin:
    """Patients, or events among them, with the given covariates: {"stage": 1} counts those with stage = 1.

    ``patients`` and ``events`` are (least, most) or None where not known.
    """

    where: Mapping[str, int]
    patients: tuple[int, int] | None = None
    events: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Certificate:
    """What was found: ``verdict`` is "impossible", "possible" or "undecided".

    inflation: proven; all standard errors cannot be below this multiple of the largest that print the same. Above 1 it
    is a proof that no patients give the model; infinite where the margins contradict each other. nearest: the
    inflation of the patients in ``cells``, the best that were found (at most 1: the model is possible in real numbers;
    inf where there are none). needed: the standard error of each term in ``cells``, over the largest that prints so.
    pieces: the steps of the proof, with ``model`` and ``whole`` all that ``certificate_bound`` needs to check it again.
    """

    verdict: str
    inflation: float
    nearest: float
    needed: tuple[float, ...]
    cells: tuple[Cell, ...]
    odds_ratios: tuple[float, ...]
    model: Model
    whole: Box
    pieces: tuple[Piece, ...]
    method: str
    evidence: str
    repair: str


def logistic(
    terms: Sequence[Term],
    n: int | tuple[int, int],
    events: int | tuple[int, int],
    margins: Sequence[Margin] = (),
    exclusive: Sequence[Sequence[str]] = (),
    level: float = 0.95,
    repairs: bool = True,
) -> Certificate:
    """Decide whether any patients give the printed model: maximum likelihood, an intercept, these terms, Wald's limits.

    n, events: patients and events in the model, a number or (least, most). margins: what else is known of the patients.
    exclusive: groups of terms of which a patient has at most one (levels of one factor). level: of the limits.
    repairs: whether to look for the fewest terms whose limits would have to be wider.

    Half-up, half-even and truncation are all allowed for every printed number at once. "possible" is said of real
    numbers of patients whose standard errors are at most the printed ones; whole patients are left to a search.

    Raises ReplicalcError for more than 8 terms, what is no number, limits that are swapped or do not enclose the ratio,
    more events than patients, or a margin or exclusive group with an unknown name.

    >>> found = logistic([Term("node", "2.00", "1.90", "2.11")], 100, 30, repairs=False)
    >>> found.verdict, found.inflation > 8
    ('impossible', True)
    """
    model, whole, z = read(terms, n, events, margins, exclusive, level)
    search = Search(model)
    pieces, best = _cover(search, whole)
    nearest = best.inflation if best else inf
    inflation = min(p.inflation for p in pieces)
    verdict = "possible" if nearest <= 1 else "impossible" if inflation > 1 else "undecided"
    return Certificate(
        verdict,
        inflation,
        nearest,
        best.needed if best else (),
        best.cells if best else (),
        best.ratios if best else (),
        model,
        whole,
        pieces,
        "Convex bound on the standard errors of any data set (Cauchy-Schwarz, checked in exact arithmetic)",
        evidence_of(verdict, model, inflation, best, len(pieces)),
        repair_of(search, terms, z, inflation, best, repairs) if verdict == "impossible" else "",
    )


def _cover(search: Search, whole: Box) -> tuple[tuple[Piece, ...], Middle | None]:
    """Pieces that fill the whole box, the weakest halved again and again, and the best patients found on the way.

    Ends with patients whose standard errors are at most the printed ones, a proof that is sharp enough, or at the
    bound on the number of boxes. A box not yet looked at has an inflation of 0 in what is returned.
    """
    todo: list[tuple[Box, Piece | None]] = [(box, None) for box in _first(whole)]
    heap, best, looked = [], None, 0
    while todo:
        box, parent = todo.pop()
        bound, found, middle = _look(search, box, best, parent)
        looked += 1
        heapq.heappush(heap, (bound, looked, found))
        if middle is not None and (best is None or middle.inflation < best.inflation):
            best = middle
        nearest = best.inflation if best else inf
        weakest = heap[0][0]
        enough = weakest > 1 and (weakest >= nearest * (1 - NEAR) or looked >= SHARP_BOXES)
        if nearest <= 1 or (not todo and (enough or looked >= MOST_BOXES)):
            break
        if not todo:
            weak = heapq.heappop(heap)[2]
            todo = [(half, weak) for half in _halves(weak.box)]
    unseen = [Piece(box, (), (), 0.0) for box, _ in todo]
    return tuple(sorted([*(entry[2] for entry in heap), *unseen], key=lambda p: p.box.baseline)), best


def _look(
    search: Search, box: Box, best_so_far: Middle | None, parent: Piece | None
) -> tuple[float, Piece, Middle | None]:
    """Bound one box: the inflation proven, the piece that proves it, the best patients at its middle.

    At the edge of what the known sums allow, a box may hold patients though its middle does not: there it is bounded by
    the rows of the box that it is a half of, of a corner that holds patients, or of the best patients elsewhere.
    """
    import numpy as np

    slopes = np.array([log(lo * hi) / 2 for lo, hi in box.ratios])
    middle = search.at(log(box.baseline[0] * box.baseline[1]) / 2, slopes)
    if middle is not None:
        proposals = iter([search.rows_of(middle), search.no_rows()])
    else:
        proposals = _rows_at_the_edge(search, box, best_so_far, parent)
    best = None
    for rows in proposals:
        if best is not None and (len(search.model.known) == 2 or best.inflation > 1):
            break  # without margins, patients and events alone cannot contradict each other inside the range
        found = piece(search.model, box, rows, search.prices(rows, box))
        best = found if best is None or found.inflation > best.inflation else best
    return best.inflation, best, middle


def _rows_at_the_edge(
    search: Search, box: Box, best_so_far: Middle | None, parent: Piece | None
) -> Iterator[list[list[int]]]:
    """Rows for a box whose middle holds no patients, the likeliest first."""
    import numpy as np

    yield search.no_rows()
    if parent is not None and any(any(row) for row in parent.rows):
        yield [list(row) for row in parent.rows]
    ends = [[log(lo), log(hi)] for lo, hi in (box.baseline, *box.ratios)]
    middle = [sum(pair) / 2 for pair in ends]
    corners = product(*ends) if len(ends) <= 5 else ((end, *middle[1:]) for end in ends[0])
    for point in corners:
        found = search.at(point[0], np.array(point[1:]))
        if found is not None:
            yield search.rows_of(found)
            break
    if best_so_far is not None:
        yield search.rows_of(best_so_far)


def _first(whole: Box, parts: int = 8) -> list[Box]:
    """The whole range of the constant in equal parts on the log scale, those in the middle last (looked at first)."""
    lo, hi = whole.baseline
    step = (float(hi) / float(lo)) ** (1 / parts)
    cuts = [lo, *(Fraction(float(lo) * step**i) for i in range(1, parts)), hi]
    if any(b <= a for a, b in pairwise(cuts)):
        return [whole]
    boxes = [Box(ends, whole.ratios) for ends in pairwise(cuts)]
    return sorted(boxes, key=lambda box: -abs(boxes.index(box) - (parts - 1) / 2))


def _halves(box: Box) -> tuple[Box, Box]:
    """The box halved where it is widest on the log scale."""
    sides = [box.baseline, *box.ratios]
    widest = max(range(len(sides)), key=lambda i: sides[i][1] / sides[i][0])
    lo, hi = sides[widest]
    middle = Fraction(sqrt(lo * hi))
    if not lo < middle < hi:
        middle = (lo + hi) / 2
    out = []
    for part in ((lo, middle), (middle, hi)):
        now = [*sides[:widest], part, *sides[widest + 1 :]]
        out.append(Box(now[0], tuple(now[1:])))
    return out[0], out[1]


def read(terms, n, events, margins, exclusive, level) -> tuple[Model, Box, float]:
    """Check what was given and turn it into the exact problem, the whole box and the normal quantile of the limits."""
    from statistics import NormalDist

    names = tuple(term.name for term in terms)
    if not 1 <= len(terms) <= MOST_COVARIATES or len(set(names)) < len(names):
        raise ReplicalcError(
            f"a model needs 1 to {MOST_COVARIATES} terms with different names, not {', '.join(names) or 'none'}"
        )
    if not 0 < level < 1:
        raise ReplicalcError(f"the confidence level is a number between 0 and 1, not {level}")
    patients, cases = _range(n, "patients"), _range(events, "events")
    if not cases[0] > 0 or not cases[1] < patients[0]:
        raise ReplicalcError(
            f"a model needs at least one event and fewer events than patients, not {_told(events)} of {_told(n)}"
        )
    known_names = {name for group in exclusive for name in group} | {name for m in margins for name in m.where}
    if not known_names <= set(names):
        raise ReplicalcError(
            f"no term is called {', '.join(sorted(known_names - set(names)))}; there are: {', '.join(names)}"
        )
    together = [[names.index(name) for name in group] for group in exclusive]
    patterns = tuple(
        x for x in product((0, 1), repeat=len(names)) if all(sum(x[i] for i in group) <= 1 for group in together)
    )
    z = NormalDist().inv_cdf((1 + level) / 2)
    ratios, se = zip(*(_term(term, z) for term in terms), strict=True)
    none, every = (0,) * len(patterns), (1,) * len(patterns)
    known = [Known("patients", every, none, *patients), Known("events", none, every, *cases)]
    for margin in margins:
        here = tuple(int(all(x[names.index(k)] == v for k, v in margin.where.items())) for x in patterns)
        text = ", ".join(f"{name} = {value}" for name, value in margin.where.items())
        if margin.patients is not None:
            known.append(Known(f"patients with {text}", here, none, *_range(margin.patients, "patients")))
        if margin.events is not None:
            known.append(Known(f"events with {text}", none, here, *_range(margin.events, "events")))
    lowest, highest = Fraction(cases[0], patients[1] - cases[0]), Fraction(cases[1], patients[0] - cases[1])
    for lo, hi in ratios:
        lowest, highest = lowest / max(hi, 1), highest / min(lo, 1)
    # The share of events lies between the smallest and the largest fitted probability, which bounds the constant.
    return Model(names, patterns, tuple(se), tuple(known)), Box((lowest, highest), tuple(ratios)), z


def _told(value: int | tuple[int, int]) -> str:
    lo, hi = (value, value) if isinstance(value, int) else value
    return f"{lo}" if lo == hi else f"{lo} to {hi}"


def _range(value: int | tuple[int, int], what: str) -> tuple[int, int]:
    lo, hi = (value, value) if isinstance(value, int) else value
    if not (isinstance(lo, int) and isinstance(hi, int) and 0 <= lo <= hi):
        raise ReplicalcError(f"the number of {what} is a whole number or (least, most), not {value}")
    return lo, hi


def _term(term: Term, z: float) -> tuple[tuple[Fraction, Fraction], Fraction]:
    """All odds ratios that print as the term's, and a standard error that no triple printing the same exceeds."""
    read: list[Printed] = []
    for text in (term.odds_ratio, term.lo, term.hi):
        printed = parse(text)
        if printed is None or printed.sign != "=" or printed.value < 0:
            raise ReplicalcError(f"{term.name}: {text!r} is no odds ratio or limit")
        read.append(printed)
    ratio, lo, hi = read
    if not lo.value <= ratio.value <= hi.value or lo.value == hi.value:
        raise ReplicalcError(
            f"{term.name}: the limits {term.lo} and {term.hi} are swapped or do not enclose {term.odds_ratio}"
        )
    ends = [_prints(p) for p in read]
    if ends[0][0] <= 0:
        raise ReplicalcError(f"{term.name}: {term.odds_ratio} has too few decimals to tell it from 0")
    widths = [_log_above(ends[2][1] / ends[0][0])]
    if ends[1][0] > 0:
        widths += [_log_above(ends[0][1] / ends[1][0]), _log_above(ends[2][1] / ends[1][0]) / 2]
    # A quantile slightly too small, and so a standard error slightly too large, covers limits made with 1.96.
    return ends[0], min(widths) / Fraction(z - 1e-9)


def _prints(printed: Printed) -> tuple[Fraction, Fraction]:
    """Everything that half-up, half-even or truncation prints so: half a unit below to one unit above."""
    unit, value = Fraction(1, 10**printed.decimals), Fraction(printed.value)
    return value - unit / 2, value + unit


def _log_above(ratio: Fraction) -> Fraction:
    """A fraction above the natural logarithm of a ratio, by less than 1e-12 (Decimal.ln is correctly rounded)."""
    from decimal import ROUND_CEILING, Context, Decimal

    up = Context(prec=40, rounding=ROUND_CEILING)
    top = up.ln(up.divide(Decimal(ratio.numerator), Decimal(ratio.denominator)))
    return Fraction(ceil(top * 2**44) + 1, 2**44)
