"""Synthetic patients of ``nat_residual``: sizes and operations that a clinician would believe, beside what prints."""

from __future__ import annotations

import numpy as np
import pytest
from synthetic_runs import prints, run

from replicalc.cohort.synthesise.nat_residual_sizes import BEFORE, LARGEST_CM, LEAST_CM

SEEDS = (20230811, 7)
LEFT = ["calc_extent_post_mm", "mri_post_mm", "residual_size_mm"]


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    return {seed: run("nat_residual", tmp_path_factory.mktemp("nat_residual"), seed) for seed in SEEDS}


@pytest.fixture(params=SEEDS)
def made(runs, request):
    return runs[request.param]


def test_sizes_keep_to_the_stated_ones(made):
    for name, largest in LARGEST_CM.items():
        size = made.frame[name][made.frame[name] > 0]
        assert size.min() >= 10 * LEAST_CM[name] - 1e-6, name
        assert size.max() <= 10 * largest + 1e-6, name
    assert (made.frame[list(BEFORE)] > 0).all().all()


def test_what_is_left_in_the_specimen_was_seen_before_where_the_class_allows(made):
    smaller = made.frame["mri_pre_mm"] < made.frame["residual_size_mm"]
    assert set(made.frame.loc[smaller, "recist"]) <= {"sd"}


def test_small_lesions_are_conserved(made):
    frame = made.frame
    conserved = frame["surgery"] == "breast_conserving"
    assert (frame.loc[conserved, "bcs_eligible"] == "yes").all()
    largest = frame[LEFT].max(axis=1)
    assert largest[conserved].median() < largest[~conserved].median()
    ineligible = frame["bcs_eligible"] == "no"
    assert largest[conserved].max() < np.percentile(largest[ineligible], 75)


def group_of(frame, place):
    name, _, code = place.partition("=")
    return frame[frame[name] == code] if code else frame


def test_quantiles_print(made):
    """A bare 0 among them has the one decimal of its column, so all are compared at 0.1 cm."""
    claims = [c for c in made.claims if c.stat in ("q1", "median", "q3") and c.variable in LARGEST_CM]
    assert len(claims) > 50
    for claim in claims:
        cm = group_of(made.frame, claim.group)[claim.variable] / 10
        value = np.percentile(cm, {"q1": 25, "median": 50, "q3": 75}[claim.stat], method="weibull")
        assert np.floor(10 * value + 0.5 + 1e-9) / 10 == pytest.approx(float(claim.reported)), claim.claim_id


def test_operations_print(made):
    claims = [c for c in made.claims if c.stat == "percent" and "surgery" in c.variable + c.group]
    claims = [c for c in claims if c.claim_id not in made.unmet]
    assert len(claims) >= 6
    for claim in claims:
        name, code = claim.variable.split("=")
        assert prints(claim, 100 * (group_of(made.frame, claim.group)[name] == code).mean()), claim.claim_id
