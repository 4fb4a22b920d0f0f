"""Which test gives a printed P value of a table of counts, and whether the choice of a test turns the conclusion."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import isnan

import numpy as np
from numpy.typing import NDArray

from replicalc.errors import ReplicalcError, did_you_mean
from replicalc.stats.base import TestResult
from replicalc.verify.printed import Printed, as_printed, rounding_needed

#: Partial tables that an exact test of an r x c table may visit; above it that test is left out, and says so.
MAX_STATES = 20_000_000
#: Tables with the given group sizes that an unconditional exact test may order; with more it takes seconds.
MANY_TABLES = 40_000
_SIDES = ("greater", "less")


@dataclass(frozen=True, slots=True)
class TestP:
    """One test of the table: its P value, unrounded and as it prints, and what it would make a reader conclude.

    rounding: by which rounding it prints as the paper has it; None if it does not. sided: "two-sided" or "one-sided";
    for a one-sided test the side is part of ``method``. uses_order: whether it uses the order of the categories.
    significant: P below alpha; None where P is not defined, for the reason in ``warning``.
    """

    __test__ = False  # not a test class, whatever its name tells pytest

    key: str
    method: str
    p: float
    prints: str
    rounding: str | None
    sided: str
    uses_order: bool
    significant: bool | None
    warning: str


@dataclass(frozen=True, slots=True)
class WhichTest:
    """Every test of one table against a printed P value.

    named: the keys of the tests that the paper names (any of them may stand behind the P value). repair: what the first
    of the named tests that is defined prints, where none of them prints the paper's P; units_off by how many units of
    its last printed place that is off.
    """

    printed: str
    alpha: float
    named: tuple[str, ...]
    tests: tuple[TestP, ...]
    method: str
    evidence: str
    repair: str
    units_off: int | None

    def test(self, key: str) -> TestP:
        """The test with this key; KeyError if it was not tried."""
        return {test.key: test for test in self.tests}[key]

    @property
    def prints(self) -> tuple[str, ...]:
        """Keys of all tests that print the paper's P, two-sided ones first."""
        found = [test for test in self.tests if test.rounding is not None]
        return tuple(test.key for test in sorted(found, key=lambda test: test.sided != "two-sided"))

    @property
    def named_prints(self) -> bool | None:
        """Whether one of the named tests prints the paper's P; None if no test is named."""
        return any(key in self.prints for key in self.named) if self.named else None

    @property
    def named_defined(self) -> bool:
        """Whether at least one named test has a P value for this table."""
        return any(not isnan(self.test(key).p) for key in self.named)

    @property
    def significant(self) -> tuple[str, ...]:
        """Keys of the two-sided tests with P below alpha."""
        return tuple(test.key for test in self.tests if test.significant and test.sided == "two-sided")

    @property
    def not_significant(self) -> tuple[str, ...]:
        """Keys of the two-sided tests with P of alpha or more."""
        return tuple(test.key for test in self.tests if test.significant is False and test.sided == "two-sided")

    @property
    def flips(self) -> bool:
        """Whether two-sided tests of association disagree at alpha.

        Trend and rank tests ask another question and do not count, unless one of them is named.
        """
        counted = [t for t in self.tests if t.sided == "two-sided" and (not t.uses_order or t.key in self.named)]
        return len({test.significant for test in counted} - {None}) == 2


def which_test(
    table: Sequence[Sequence[int]] | NDArray[np.integer],
    p: Printed,
    named: str | Sequence[str] | None = None,
    alpha: float = 0.05,
    *,
    ordered_rows: bool = True,
    ordered_columns: bool = True,
    max_states: int = MAX_STATES,
    many_tables: int = MANY_TABLES,
) -> WhichTest:
    """Run every test on a table of counts and find those that print ``p``.

    table: (r, c) counts of patients, rows and columns in the order of their codes; empty ones are left out. p: the
    printed P value; an inequality holds or does not. named: key of the test that the paper names (``tests_of`` lists
    them), or several where it names several. alpha: significant is a P below it. ordered_rows, ordered_columns: whether
    the codes have an order; trend and rank tests are run only where they can be (two categories are always in order).
    max_states, many_tables: bounds of the exact tests, above which they are left out with a warning.

    A P value that is printed by several tests does not tell which of them was used: all are listed.

    Raises ReplicalcError for counts that are not whole or negative, a table without two rows and two columns that hold
    patients, a printed P outside 0 to 1, an alpha outside 0 to 1, and an unknown test.

    >>> from replicalc.verify.printed import parse
    >>> found = which_test([[12, 5], [6, 11]], parse("0.086"), named="pearson")
    >>> found.prints, found.named_prints, found.repair, found.flips
    (('yates',), False, '0.039', True)
    """
    counts = _read(table)
    if p.sign == "=" and not p.decimals:
        raise ReplicalcError(f"a P value printed as {p.text}, without decimals, says nothing about a test")
    if not 0 <= p.value <= 1:
        raise ReplicalcError(f"a P value must lie between 0 and 1, not {p.text}")
    if not 0 < alpha < 1:
        raise ReplicalcError(f"alpha must lie between 0 and 1 (0.05 for 5 %), not {alpha}")
    keys = (named,) if isinstance(named, str) else tuple(named or ())
    known = tests_of(None)
    for key in keys:
        if key not in known:
            raise ReplicalcError(f"there is no test {key!r}.{did_you_mean(key, known)} Tests: {', '.join(known)}")
    kept = counts[np.ix_(counts.any(1), counts.any(0))]
    functions = _functions(kept.shape, max_states, many_tables)
    in_order = (ordered_rows or kept.shape[0] == 2, ordered_columns or kept.shape[1] == 2)
    tests = []
    for key, (function, needs) in functions.items():
        if key in keys or all(has or not need for has, need in zip(in_order, needs, strict=True)):
            # a score is the place of a category among all, so what uses scores sees the empty ones as well
            result = function(counts if needs == (True, True) else kept)
            tests.append(_judged(key, result, p, alpha, any(needs) and kept.shape != (2, 2)))
    for key in keys:
        if key not in functions:
            why = f"not a test of a {kept.shape[0]} x {kept.shape[1]} table"
            result = TestResult(key.replace("_", " "), float("nan"), warning=why)
            tests.append(_judged(key, result, p, alpha, False))
    return _concluded(p, alpha, keys, tuple(tests))


def tests_of(shape: tuple[int, int] | None) -> tuple[str, ...]:
    """Keys of the tests of a table of this shape; of any table for None.

    >>> "kruskal_wallis" in tests_of((3, 3)), "yates" in tests_of((3, 3))
    (True, False)
    """
    if shape is not None:
        return tuple(_functions(shape, MAX_STATES, MANY_TABLES))
    every = [_functions(shape, MAX_STATES, MANY_TABLES) for shape in ((2, 2), (2, 3), (3, 2), (3, 3))]
    return tuple(dict.fromkeys(key for functions in every for key in functions))


Test = Callable[[NDArray[np.int64]], TestResult]
Needs = tuple[bool, bool]  # whether the rows, and the columns, must be in order


def _functions(shape: tuple[int, int], max_states: int, many: int) -> dict[str, tuple[Test, Needs]]:
    """The tests of a table of this shape, with what each needs in order."""
    from replicalc.stats import contingency, ordered, two_by_two, two_groups

    none, rows, columns, both = (False, False), (True, False), (False, True), (True, True)
    tests: dict[str, tuple[Test, Needs]] = {
        "pearson": (contingency.pearson, none),
        "likelihood_ratio": (contingency.likelihood_ratio, none),
        "fisher": (lambda t: contingency.fisher_freeman_halton(t, max_states=max_states), none),
        "exact_pearson": (lambda t: contingency.exact_pearson(t, max_states=max_states), none),
    }
    if shape == (2, 2):
        tests |= {
            "yates": (contingency.yates, none),
            "n_minus_1": (two_groups.n_minus_1, none),
            "wald_log_odds": (two_by_two.wald_log_odds, none),
            "fisher_doubling": (lambda t: two_by_two.fisher(t, "doubling"), none),
            "fisher_blaker": (lambda t: two_by_two.fisher(t, "Blaker"), none),
            "fisher_mid_p": (lambda t: two_by_two.fisher(t, "point probability", mid_p=True), none),
            "fisher_doubling_mid_p": (lambda t: two_by_two.fisher(t, "doubling", mid_p=True), none),
            "barnard": (lambda t: _unconditional(two_groups.barnard, "rows", t, many), none),
            "boschloo": (lambda t: _unconditional(two_groups.boschloo, "rows", t, many), none),
            "barnard_columns": (lambda t: _unconditional(two_groups.barnard, "columns", t, many), none),
            "boschloo_columns": (lambda t: _unconditional(two_groups.boschloo, "columns", t, many), none),
            "mann_whitney_continuity": (lambda t: ordered.mann_whitney(t, continuity=True), none),
        }
        for side in _SIDES:
            tests[f"pearson_{side}"] = (lambda t, side=side: two_by_two.pearson_one_sided(t, side), none)
            tests[f"fisher_{side}"] = (lambda t, side=side: two_by_two.fisher(t, side), none)
            tests[f"fisher_mid_p_{side}"] = (lambda t, side=side: two_by_two.fisher(t, side, mid_p=True), none)
    tests["linear_by_linear"] = (contingency.linear_by_linear, both)
    if shape[0] == 2:
        tests["mann_whitney"] = (lambda t: ordered.mann_whitney(t, continuity=False), columns)
    if shape[0] == 2 and shape[1] > 2:
        tests["mann_whitney_continuity"] = (lambda t: ordered.mann_whitney(t, continuity=True), columns)
    if shape[1] == 2 and shape[0] > 2:
        tests["mann_whitney"] = (lambda t: ordered.mann_whitney(t.T, continuity=False), rows)
        tests["mann_whitney_continuity"] = (lambda t: ordered.mann_whitney(t.T, continuity=True), rows)
    if shape != (2, 2):
        tests["kruskal_wallis"] = (ordered.kruskal_wallis, columns)
        tests["kruskal_wallis_columns"] = (lambda t: _of_columns(ordered.kruskal_wallis(t.T)), rows)
        if 2 in shape:
            tests["cochran_armitage"] = (ordered.cochran_armitage, both)
    return tests


def _of_columns(result: TestResult) -> TestResult:
    """The same test with the columns as the groups, called so."""
    return TestResult(f"{result.method} (columns as groups)", result.p, result.statistic, result.df, result.warning)


def _unconditional(test: Test, fixed: str, counts: NDArray[np.int64], many: int) -> TestResult:
    """Barnard's or Boschloo's test with the totals of rows or columns as the sizes of the groups."""
    groups = counts if fixed == "rows" else counts.T
    tables = int((groups.sum(axis=1) + 1).prod())
    if tables > many:
        why = f"left out: {tables} tables with these group sizes, more than {many}"
        return TestResult(f"{test.__name__.title()} exact unconditional ({fixed} fixed)", float("nan"), warning=why)
    result = test(groups)
    return TestResult(f"{result.method} ({fixed} fixed)", result.p, result.statistic, result.df, result.warning)


def _read(table) -> NDArray[np.int64]:
    try:
        values = np.asarray(table, dtype=float)
    except (TypeError, ValueError):
        raise ReplicalcError("a table must hold numbers of patients, as many in each row") from None
    if values.ndim != 2:
        raise ReplicalcError("a table must have rows and columns of counts")
    if not np.isfinite(values).all() or (values < 0).any() or (values != np.rint(values)).any():
        raise ReplicalcError("the counts of a table must be whole numbers of at least 0")
    counts = values.astype(np.int64)
    kept = counts[np.ix_(counts.any(1), counts.any(0))]
    if min(kept.shape, default=0) < 2:
        raise ReplicalcError("fewer than two rows or columns of the table hold any patient: there is nothing to test")
    return counts


def _judged(key: str, result: TestResult, p: Printed, alpha: float, uses_order: bool) -> TestP:
    value = result.p
    if isnan(value):
        return TestP(key, result.method, value, "", None, "two-sided", uses_order, None, result.warning)
    rounding = rounding_needed(value, p)
    sided = "one-sided" if "one-sided" in result.method else "two-sided"
    shown = as_printed(value, p, rounding)
    return TestP(key, result.method, value, shown, rounding, sided, uses_order, value < alpha, result.warning)


def _concluded(p: Printed, alpha: float, named: tuple[str, ...], tests: tuple[TestP, ...]) -> WhichTest:
    by_key = {test.key: test for test in tests}
    claim = p.text.strip() if p.sign != "=" else f"P = {p.value}"
    fits = sorted((t for t in tests if t.rounding is not None), key=lambda t: t.sided != "two-sided")
    ours = [by_key[key] for key in named]
    right = [test for test in ours if test.rounding is not None]
    wrong = next((test for test in ours if not isnan(test.p)), None)
    repair, units = "", None
    if right:
        method = ", ".join(test.method for test in right)
        evidence = f"{claim} is the P value of the named test: {_listed(right)}"
    else:
        method = ", ".join(test.method for test in fits)
        evidence = f"{claim} is printed by {_listed(fits)}" if fits else f"no test of {len(tests)} prints {claim}"
        if wrong is not None:
            repair = wrong.prints
            units = None if p.sign != "=" else round(abs(float(repair) - float(p.value)) * 10**p.decimals)
            evidence += f"; the named test gives {_listed([wrong])}"
        elif ours:
            evidence += f"; the named test has no P value here ({ours[0].method}: {ours[0].warning})"
        elif not fits:
            defined = [test for test in tests if not isnan(test.p) and test.sided == "two-sided"]
            nearest = min(defined, key=lambda test: abs(test.p - float(p.value)))
            evidence += f"; nearest is {_listed([nearest])}"
    found = WhichTest(p.text, alpha, named, tests, method, evidence, repair, units)
    if not found.flips:
        return found
    sides = [[by_key[key] for key in keys] for keys in (found.significant, found.not_significant)]
    told = [_listed([t for t in side if not t.uses_order or t.key in named]) for side in sides]
    turn = f"the choice of the test turns the conclusion at {alpha:g}: below by {told[0]}; not below by {told[1]}"
    return WhichTest(p.text, alpha, named, tests, method, f"{evidence}; {turn}", repair, units)


def _listed(tests: Sequence[TestP]) -> str:
    """``Pearson chi-squared (0.0389), ...``; tests with one P value are told together."""
    groups: dict[str, list[str]] = {}
    for test in tests:
        names = groups.setdefault(f"{test.p:.4g}", [])
        if test.method not in names:
            names.append(test.method)
    return ", ".join(f"{' = '.join(names)} ({p})" for p, names in groups.items())
