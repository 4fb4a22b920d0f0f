"""Measurements by random search: targets are met and judged by NumPy, bounds hold, what is not reached is named."""

from __future__ import annotations

import doctest

import numpy as np
import pytest

from replicalc.cohort.synthesise import measurements
from replicalc.cohort.synthesise.measurements import Agreement, Moment, Quantile, fit_measurements, position
from replicalc.errors import ReplicalcError


def patients(n=60, seed=1):
    """Two measurements of real, correlated patients on a grid, two groups and all, and where a search may begin."""
    rng = np.random.default_rng(seed)
    burden = rng.gamma(2.0, 12.0, n)
    real = {v: np.clip(np.rint(burden + rng.normal(0, s, n)), 1, 120).astype(int) for v, s in (("x", 4), ("y", 9))}
    groups = {"all": np.ones(n, dtype=bool), "a": np.arange(n) < n // 3, "b": np.arange(n) >= n // 3}
    start = {v: np.clip(np.rint(rng.gamma(2.0, 12.0, n)), 1, 120).astype(int) for v in real}
    return real, groups, start


def consistency(x, y):
    c = np.cov(x, y)
    return 2 * c[0, 1] / (c[0, 0] + c[1, 1])


def targets_of(real, groups):
    """What could be printed of the real patients: within half a step, the SD within 0.05, agreements to 3 decimals."""
    found = []
    for g, mask in groups.items():
        for v in real:
            x = real[v][mask]
            for q in (0.25, 0.5, 0.75):
                value = np.quantile(x, q, method="weibull")
                found.append(Quantile(f"{g} {v} {q}", g, v, q, value - 0.5, value + 0.5))
            found.append(Moment(f"{g} {v} mean", g, v, "mean", x.mean() - 0.5, x.mean() + 0.5))
            found.append(Moment(f"{g} {v} sd", g, v, "sd", x.std(ddof=1) - 0.5, x.std(ddof=1) + 0.5))
        value = consistency(real["x"][mask], real["y"][mask])
        found.append(Agreement(f"{g} icc", g, "x", "y", value - 5e-4, value + 5e-4))
    return found


def value_of(target, values, groups):
    mask = groups[target.group]
    if isinstance(target, Agreement):
        return consistency(values[target.x][mask], values[target.y][mask])
    x = values[target.variable][mask]
    if isinstance(target, Quantile):
        return np.quantile(x, target.q, method="weibull")
    return x.mean() if target.stat == "mean" else x.std(ddof=1)


def bounds(start, least=1, most=120):
    return {v: np.full(len(x), least) for v, x in start.items()}, {v: np.full(len(x), most) for v, x in start.items()}


@pytest.mark.parametrize("seed", range(4))
def test_every_target_of_real_patients_is_met_by_others(seed):
    real, groups, start = patients(seed=seed)
    targets = targets_of(real, groups)
    found = fit_measurements(start, *bounds(start), groups, targets, [seed, 1])
    assert found.missed == ()
    for target in targets:
        assert target.lo - 1e-9 <= value_of(target, found.values, groups) <= target.hi + 1e-9
    assert any((found.values[v] != real[v]).any() for v in real)


@pytest.mark.parametrize("n", [1, 2, 3, 4, 7, 8, 30, 31])
@pytest.mark.parametrize("q", [0.25, 0.5, 0.75])
def test_quantiles_are_those_of_numpy(n, q):
    x = np.sort(np.random.default_rng(n).integers(0, 50, n)).astype(float)
    k, fraction = position(n, q)
    mine = x[k] + fraction * (x[min(k + 1, n - 1)] - x[k])
    assert mine == pytest.approx(np.quantile(x, q, method="weibull"))


def test_bounds_hold_and_fixed_values_stay():
    real, groups, start = patients()
    least, most = bounds(start)
    fixed = np.arange(60) % 4 == 0
    for v in start:
        start[v] = np.where(fixed, real[v], np.clip(start[v], 5, 90))
        least[v], most[v] = np.where(fixed, start[v], 5), np.where(fixed, start[v], 90)
    found = fit_measurements(start, least, most, groups, targets_of(real, groups), [3], steps=5_000, rounds=2, starts=1)
    for v in start:
        assert (found.values[v] >= least[v]).all() and (found.values[v] <= most[v]).all()
        assert (found.values[v][fixed] == start[v][fixed]).all()
        assert (found.values[v] != start[v]).any()


def test_the_start_is_left_as_it_was():
    real, groups, start = patients()
    before = {v: x.copy() for v, x in start.items()}
    fit_measurements(start, *bounds(start), groups, targets_of(real, groups), [3], steps=500, rounds=1, starts=1)
    assert all((start[v] == before[v]).all() for v in start)


def test_nobody_free_leaves_everything_and_names_what_is_missed():
    real, groups, start = patients()
    found = fit_measurements(start, start, start, groups, targets_of(real, groups), [3])
    assert all((found.values[v] == start[v]).all() for v in start)
    for each in found.missed:
        assert each.value == pytest.approx(value_of(each.target, start, groups))
    wrong = [t.name for t in targets_of(real, groups) if not t.lo <= value_of(t, start, groups) <= t.hi]
    assert [each.target.name for each in found.missed] == wrong and wrong


def test_the_same_seed_gives_the_same_values_and_another_seed_others():
    real, groups, start = patients()
    targets = targets_of(real, groups)
    first, second, other = (fit_measurements(start, *bounds(start), groups, targets, [s]).values for s in (5, 5, 6))
    assert all((first[v] == second[v]).all() for v in first)
    assert any((first[v] != other[v]).any() for v in first)


def test_what_cannot_be_reached_is_named_with_what_came_out():
    real, groups, start = patients()
    targets = [t for t in targets_of(real, groups) if isinstance(t, Quantile)]
    beyond = Quantile("beyond", "a", "x", 0.5, 300.0, 301.0)
    targets = [t for t in targets if (t.group, t.variable) != ("a", "x")] + [beyond]
    found = fit_measurements(start, *bounds(start), groups, targets, [1], steps=5_000, rounds=2, starts=1)
    missed = {each.target.name: each.value for each in found.missed}
    assert "beyond" in missed
    assert missed["beyond"] == pytest.approx(np.quantile(found.values["x"][groups["a"]], 0.5, method="weibull"))
    assert missed["beyond"] <= 120


def test_values_that_only_have_to_be_paired_are_paired():
    """Without a start only the second stage runs, from values that are good but for the agreement."""
    real, groups, _ = patients()
    shuffled = {"x": real["x"], "y": real["y"].copy()}
    rng = np.random.default_rng(4)
    for g in ("a", "b"):
        who = np.flatnonzero(groups[g])
        shuffled["y"][who] = rng.permutation(real["y"][who])
    targets = targets_of(real, groups)
    found = fit_measurements(shuffled, *bounds(real), groups, targets, [2], starts=0)
    assert found.missed == ()


@pytest.mark.parametrize(
    ("target", "says"),
    [
        (Quantile("t", "nowhere", "x", 0.5, 1, 2), "t asks for 'nowhere', which is not among all, a, b"),
        (Quantile("t", "a", "z", 0.5, 1, 2), "t asks for 'z', which is not among x, y"),
        (Agreement("t", "a", "x", "z", 0, 1), "t asks for 'z'"),
        (Moment("t", "a", "x", "variance", 1, 2), "a moment is one of mean, sd, not 'variance'"),
        (Quantile("t", "empty", "x", 0.5, 1, 2), "in which there is nobody"),
    ],
)
def test_wrong_names_are_refused(target, says):
    _, groups, start = patients()
    known = groups | ({"empty": np.zeros(60, dtype=bool)} if target.group == "empty" else {})
    with pytest.raises(ReplicalcError, match=says):
        fit_measurements(start, *bounds(start), known, [target], [1])


def test_a_start_outside_of_its_bounds_is_refused():
    _, groups, start = patients()
    least, most = bounds(start)
    start["x"][7] = 500
    with pytest.raises(ReplicalcError, match="x of patient 8 starts at 500, outside of 1 to 120"):
        fit_measurements(start, least, most, groups, [], [1])


def test_the_examples_in_the_docstrings_run():
    found = doctest.testmod(measurements)
    assert found.attempted and not found.failed
