"""Random papers that can be have a witness from which all comes out; one changed number is refused, and named."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from random_papers import as_margins, comes_out, exact_value, inside, random_paper, random_patients

from replicalc.cohort.synthesise.margin_patients import make_patients
from replicalc.cohort.synthesise.margin_tables import Conflict
from replicalc.cohort.synthesise.margins import OF_MEASUREMENTS


def paper(seed: int, *, sizes: bool):
    rng = np.random.default_rng([seed, 99])
    patients = random_patients(rng)
    return patients, random_paper(patients, rng, sizes=sizes), rng


def refused(margins, seed: int) -> Conflict:
    with pytest.raises(Conflict) as caught:
        make_patients(margins, seed)
    return caught.value


def conflict_is_smallest(margins, conflict: Conflict, changed: int, seed: int) -> None:
    """The rows that are named contradict each other, any of them left out they do not, and without the changed one
    (the paper was about patients who exist) the whole paper can be."""
    named = {row.line for row in conflict.rows}
    assert conflict.minimal and changed in named
    # A contradiction between measurements is one in groups of the printed sizes, so that these stay.
    measured = any(row.stat in OF_MEASUREMENTS for row in conflict.rows)
    sizes = [row for row in margins.rows if measured and row.stat in ("n", "count") and row.line not in named]
    alone = sorted([*conflict.rows, *sizes], key=lambda row: row.line)
    assert {row.line for row in refused(replace(margins, rows=tuple(alone)), seed).rows} == named
    for row in conflict.rows if len(conflict.rows) > 1 else ():
        assert make_patients(replace(margins, rows=tuple(r for r in alone if r is not row)), seed).missed == ()
    rest = tuple(row for row in margins.rows if row.line != changed)
    assert make_patients(replace(margins, rows=rest), seed).missed == ()


def with_text(rows, place, text):
    """The rows with another text at a place, and the line of that row in a file."""
    number = next(i for i, row in enumerate(rows) if row[:3] == place)
    return [*rows[:number], (*place, text), *rows[number + 1 :]], number + 2


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6))
def test_counts_shares_and_measures_of_a_random_paper_come_out(seed):
    _, rows, _ = paper(seed, sizes=False)
    made = make_patients(as_margins(rows), seed)
    assert [row for row in rows if not comes_out(row, made.columns)] == []
    assert made.missed == ()


@pytest.mark.parametrize("seed", (100, 101, 102, 104))
def test_quartiles_moments_and_agreements_of_a_random_paper_come_out(seed):
    _, rows, _ = paper(seed, sizes=True)
    assert {"median", "sd", "icc", "icc_lo"} <= {row[2] for row in rows}
    made = make_patients(as_margins(rows), seed)
    assert [row for row in rows if not comes_out(row, made.columns)] == []


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 10**6))
def test_a_total_that_is_not_the_sum_of_its_parts_is_refused(seed):
    patients, _, rng = paper(seed, sizes=False)
    n = len(patients["disease"])
    codes = sorted(set(patients["factor0"]))
    rows = [("all", "", "n", str(n)), ("all", "factor0", "codes", "|".join(codes))]
    rows += [("all", f"factor0={c}", "count", str(int((patients["factor0"] == c).sum()))) for c in codes]
    rows += [row for row in random_paper(patients, rng, sizes=False) if "factor0" not in row[0] + row[1]][1:]
    if len(codes) < 2:
        return
    place = ("all", f"factor0={codes[-1]}", "count")
    count = int((patients["factor0"] == codes[-1]).sum())
    changed, line = with_text(rows, place, str(count + int(rng.choice([-1, 1, 2]))))
    margins = as_margins(changed)
    conflict = refused(margins, seed)
    assert {row.stat for row in conflict.rows} == {"n", "count"} and len(conflict.rows) == len(codes) + 1
    conflict_is_smallest(margins, conflict, line, seed)


@settings(max_examples=4, deadline=None)
@given(st.integers(0, 10**6))
def test_a_percentage_that_no_count_gives_is_refused(seed):
    patients, rows, rng = paper(seed, sizes=False)
    n = len(patients["disease"])
    place = ("all", "disease=yes", "percent")
    rows = [row for row in rows if row[:2] != place[:2]]
    possible = {f"{100 * k / n:.2f}" for k in range(n + 1)} | {f"{100 * k / n - 1e-9:.2f}" for k in range(n + 1)}
    texts = [f"{v / 100:.2f}" for v in range(10_000) if f"{v / 100:.2f}" not in possible]
    rows.append((*place, str(rng.choice(texts))))
    margins = as_margins(rows)
    conflict = refused(margins, seed)
    conflict_is_smallest(margins, conflict, len(rows) + 1, seed)


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 10**6))
def test_a_part_larger_than_its_group_is_refused(seed):
    patients, rows, _ = paper(seed, sizes=False)
    n = len(patients["disease"])
    code = sorted(set(patients["factor0"]))[0]
    inside_group = int((patients["factor0"] == code).sum())
    if inside_group >= n:
        return
    rows = [row for row in rows if row[:2] != ("all", f"factor0={code}")]
    rows.append(("all", f"factor0={code}", "count", str(inside_group)))
    rows.append((f"factor0={code}", "disease=yes", "count", str(inside_group + 1)))
    margins = as_margins(rows)
    conflict = refused(margins, seed)
    conflict_is_smallest(margins, conflict, len(rows) + 1, seed)


@pytest.mark.parametrize("seed", range(2))
def test_quartiles_out_of_order_are_refused(seed):
    patients, rows, _ = paper(seed, sizes=True)
    q3 = float(exact_value("all", "mri", "q3", patients))
    rows = [row for row in rows if "~" not in row[1]]
    changed, line = with_text(rows, ("all", "mri", "median"), f"{q3 + 0.4:.1f}")
    margins = as_margins(changed)
    conflict = refused(margins, seed)
    assert {row.variable for row in conflict.rows if row.stat in ("q1", "median", "q3")} == {"mri"}
    conflict_is_smallest(margins, conflict, line, seed)


@pytest.mark.parametrize("seed", range(3))
def test_quartiles_of_groups_that_the_total_cannot_have_are_refused(seed):
    """The median of all lies between the least and the largest median of groups that make up all."""
    patients, _, _ = paper(seed, sizes=True)
    n = len(patients["disease"])
    rows = [("all", "", "n", str(n)), ("all", "mri", "step", "0.1")]
    for code in ("yes", "no"):
        rows.append(("all", f"disease={code}", "count", str(int(inside(f"disease={code}", patients).sum()))))
    medians = []
    for code in ("yes", "no"):
        medians.append(float(exact_value(f"disease={code}", "mri", "median", patients)))
        rows.append((f"disease={code}", "mri", "median", f"{medians[-1]:.1f}"))
    rows.append(("all", "mri", "median", f"{max(medians) + 0.6:.1f}"))
    margins = as_margins(rows)
    conflict = refused(margins, seed)
    assert {row.stat for row in conflict.rows} >= {"median"}
    conflict_is_smallest(margins, conflict, len(rows) + 1, seed)


@pytest.mark.parametrize("seed", range(3))
def test_a_mean_outside_of_its_range_is_refused(seed):
    patients, _, _ = paper(seed, sizes=True)
    rows = [("all", "", "n", str(len(patients["disease"]))), ("all", "age", "step", "1")]
    rows += [("all", "age", stat, f"{float(exact_value('all', 'age', stat, patients)):.0f}") for stat in ("min", "max")]
    rows.append(("all", "age", "mean", f"{patients['age'].max() + 1:.1f}"))
    margins = as_margins(rows)
    conflict = refused(margins, seed)
    assert {row.stat for row in conflict.rows} == {"max", "mean"}
    conflict_is_smallest(margins, conflict, len(rows) + 1, seed)


def test_limits_that_no_agreement_has_are_refused():
    patients, rows, _ = paper(1, sizes=True)
    lo = float(exact_value("all", "mri~path", "icc_lo", patients))
    changed, line = with_text(rows, ("all", "mri~path", "icc_lo"), f"{lo - 0.05:.3f}")
    conflict = refused(as_margins(changed), 1)
    assert line in {row.line for row in conflict.rows}
    assert {row.stat for row in conflict.rows} <= {"icc", "icc_lo", "icc_hi"} and len(conflict.rows) == 2


def test_the_same_seed_gives_the_same_patients_and_another_seed_others():
    _, rows, _ = paper(3, sizes=True)
    first, second, other = (make_patients(as_margins(rows), seed).columns for seed in (4, 4, 5))
    assert all((first[name] == second[name]).all() for name in first)
    assert any((first[name] != other[name]).any() for name in first)
